"""Which seconds of a file a trial takes: none twice, none that is marked as bad."""

import shutil
from pathlib import Path

import mne
import numpy as np
import pytest
from scipy.io import savemat
from synthetic import noise, write_brainvision, write_edf, write_table

from emolib.errors import DataError
from emolib.recordings import files
from emolib.recordings.settings import RecordingSettings

NAMES = ["Fz", "Cz", "Pz", "Oz"]


def row(trial, onset, duration=2.0, **changes):
    about = {"onset_seconds": onset, "duration_seconds": duration, "valence": trial}
    return {"subject": "1", "file": "a.edf", "trial": trial} | about | changes


def write(folder, rows, *names):
    for seed, name in enumerate(("a.edf", *names)):
        write_edf(folder / name, noise(4, 12, 128, seed), NAMES, 128)
    write_table(folder / "trials.csv", rows)


# Trials that share samples


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [row(1, 1), row(2, 2.5)],
            r"trials 1 and 2 of sub-01 share 0\.5 s of a\.edf: 2\.5 to 3 s\.",
        ),
        ([row(2, 1), row(5, 1)], r"trials 2 and 5 of sub-01 share 2 s of a\.edf: 1 to 3 s\."),
        ([row(1, 1, 8), row(2, 3, 1), row(3, 9)], r"trials 1 and 2 of .* share 1 s .* 3 to 4 s\."),
        ([row(1, 6), row(2, 1), row(3, 7)], r"trials 1 and 3 .* share 1 s of a\.edf: 7 to 8 s\."),
        ([row(1, 1), row(2, 2, file="./a.edf")], r"trials 1 and 2 .* share 1 s of a\.edf"),
        (
            [row(1, 2, baseline_seconds=1.5), row(2, 5, baseline_seconds=1.5)],
            r".* 3\.5 to 4 s, in the baseline of trial 2\. Give all trials at most 1 'base",
        ),
        (
            [row(1, 2, baseline_seconds=1), row(2, 4, baseline_seconds=1)],
            r".* in the baseline of trial 2\. .*take 'baseline_seconds'",
        ),
    ],
)
def test_trials_that_share_samples_are_refused(tmp_path, rows, message):
    write(tmp_path, rows)
    with pytest.raises(DataError, match=rf"trials\.csv: {message}"):
        files.read(tmp_path, "sub-01")


def test_trials_may_touch_and_miss_by_a_samples_rounding(tmp_path):
    rows = [row(1, 1), row(2, 3.5), row(3, 6 - 1 / 128)]
    write(tmp_path, [of_trial | {"baseline_seconds": 0.5} for of_trial in rows])
    assert files.read(tmp_path, "sub-01").sizes["trial"] == 3


def test_the_same_seconds_of_two_files_are_not_shared(tmp_path):
    write(tmp_path, [row(1, 1), row(2, 1, file="b.edf")], "b.edf")
    assert files.read(tmp_path, "sub-01").sizes["trial"] == 2


def test_a_copy_of_a_file_is_refused(tmp_path):
    write(tmp_path, [row(1, 1), row(2, 5, file="b.edf")])
    shutil.copy(tmp_path / "a.edf", tmp_path / "b.edf")
    with pytest.raises(DataError, match=r"b\.edf: holds the same samples as a\.edf"):
        files.read(tmp_path, "sub-01")


def test_two_headers_of_the_same_samples_are_refused(tmp_path):
    for name in ("a.vhdr", "b.vhdr"):
        write_brainvision(tmp_path, name=name)
    rows = [row(1, 0, file="a.vhdr"), row(2, 3, file="b.vhdr")]
    write_table(tmp_path / "trials.csv", rows)
    with pytest.raises(DataError, match=r"b\.vhdr: holds the same samples as a\.vhdr"):
        files.read(tmp_path, "sub-01")


def test_a_part_of_a_split_file_is_none_of_its_own(tmp_path):
    raw = mne.io.RawArray(noise(20, 240, 128) * 1e-6, mne.create_info(20, 128.0, "eeg"))
    raw.rename_channels(dict(zip(raw.ch_names, NAMES, strict=False)))
    parts = raw.save(tmp_path / "a_raw.fif", split_size="2MB", buffer_size_sec=1, overwrite=True)
    first, second, *_ = (Path(part).name for part in parts)
    rows = [row(1, 0, file=first), row(2, 3, file=second)]
    write_table(tmp_path / "trials.csv", rows)
    with pytest.raises(DataError, match=f"{second}: holds the same samples as {first}"):
        files.read(tmp_path, "sub-01")


# Annotations


def write_annotated(folder, *annotations, first=0):
    """A FIF file of 12 s, of which trials 1 to 4 are seconds 1-3, 4-6, 6-8 and 9-11."""
    info = mne.create_info(NAMES, 128.0, "eeg")
    raw = mne.io.RawArray(noise(4, 12, 128) * 1e-6, info, first_samp=first, verbose="error")
    onsets, durations, names = zip(*annotations, strict=True)
    raw.set_annotations(mne.Annotations(onsets, durations, names))
    raw.save(folder / "a_raw.fif", verbose="error")
    onsets = {1: 1, 2: 4, 3: 6, 4: 9}
    rows = [row(k, at, file="a_raw.fif", baseline_seconds=0.25) for k, at in onsets.items()]
    rows[2]["onset_seconds"] = 6.25
    write_table(folder / "trials.csv", rows)


@pytest.mark.parametrize(
    ("annotation", "left_out"),
    [
        ((4.5, 0, "boundary"), [2]),
        ((4.5, 7, "boundary"), [2]),  # EEGLAB says how long what was cut out had been
        ((8.8, 0, "EDGE boundary"), [4]),  # in the baseline
        ((2.0, 1 / 128, "New Segment/"), [1]),
        ((0, 1 / 128, "New Segment/"), []),
        ((5.0, 0, "Comment/boundary"), [2]),
        ((5.0, 0, "boundary_left"), []),
        ((3.75, 0, "boundary"), []),  # where the baseline begins: a piece of its own
        ((6.0, 0, "boundary"), []),
        ((5.5, 0.7, "BAD_movement"), [2, 3]),
        ((5.5, 0.7, "bad"), [2, 3]),
        ((3.0, 0.75, "BAD_ACQ_SKIP"), []),  # it touches two trials
        ((10.0, 0, "Comment/BAD blink"), [4]),
        ((5.5, 0.7, "not bad"), []),
    ],
)
@pytest.mark.parametrize("first", [0, 640])
def test_trials_in_which_an_annotation_forbids_to_compute_are_left_out(
    tmp_path, annotation, left_out, first
):
    write_annotated(tmp_path, annotation, first=first)
    recording = files.read(tmp_path, "sub-01")
    others = [trial for trial in (1, 2, 3, 4) if trial not in left_out]
    assert recording["trial"].values.tolist() == others
    assert recording["rating"].values.ravel().tolist() == others
    notes = [note for note in recording.attrs["notes"] if "is left out" in note]
    place = f"is left out: {annotation[2].rstrip('/')!r} at {annotation[0]:g} s of a_raw.fif"
    assert notes == [f"trial {trial} {place}" for trial in left_out]


def test_boundaries_of_eeglab_lie_between_samples(tmp_path):
    """EEGLAB counts from 1: a latency of 512.5 is between second 4 and the sample before it."""
    places = np.array([(name,) for name in NAMES], [("labels", "O")])
    fields = [("latency", "O"), ("type", "O"), ("duration", "O")]
    events = np.array([(512.5, "boundary", 300.0), (900.5, "boundary", np.nan)], fields)
    about = {"nbchan": 4.0, "pnts": 1536.0, "srate": 128.0, "trials": 1, "xmin": 0.0, "xmax": 12.0}
    given = about | {"data": noise(4, 12, 128), "chanlocs": places, "event": events}
    savemat(tmp_path / "a.set", {"EEG": given | {"epoch": []}})
    trials = [row(1, 2, file="a.set"), row(2, 4, file="a.set"), row(3, 6.25, file="a.set")]
    write_table(tmp_path / "trials.csv", trials)
    recording = files.read(tmp_path, "sub-01")
    assert recording["trial"].values.tolist() == [1, 2]
    assert "trial 3 is left out: 'boundary' at 7.02734 s of a.set" in recording.attrs["notes"]


def test_annotations_may_be_kept(tmp_path):
    write_annotated(tmp_path, (4.5, 1, "BAD"))
    kept = files.read(tmp_path, "sub-01", settings=RecordingSettings(annotations="keep"))
    assert kept["trial"].values.tolist() == [1, 2, 3, 4]


def test_a_subject_of_whom_no_trial_is_left_is_refused(tmp_path):
    write_annotated(tmp_path, (0, 12, "BAD_all"))
    message = r"no trial of sub-01 is left: trial 1 is left out: 'BAD_all'.*annotations: keep"
    with pytest.raises(DataError, match=message):
        files.read(tmp_path, "sub-01")


def test_a_trial_that_is_left_out_shares_nothing(tmp_path):
    write_annotated(tmp_path, (4.5, 0, "boundary"))
    rows = [row(k, at, file="a_raw.fif") for k, at in ((1, 1), (2, 4), (3, 5))]
    write_table(tmp_path / "trials.csv", rows)
    np.testing.assert_array_equal(files.read(tmp_path, "sub-01")["trial"], [1, 3])


def test_a_file_in_another_format_is_a_copy_too(tmp_path):
    write(tmp_path, [row(1, 1), row(2, 1, file="a_raw.fif")])
    raw = mne.io.read_raw_edf(tmp_path / "a.edf", preload=True, verbose="error")
    raw.save(tmp_path / "a_raw.fif", fmt="single", verbose="error")
    with pytest.raises(DataError, match=r"a_raw\.fif: holds the same samples as a\.edf"):
        files.read(tmp_path, "sub-01")
