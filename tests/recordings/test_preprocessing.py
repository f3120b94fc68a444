"""What the settings of a study do to a recording, against MNE called by hand on a real one."""

import os
from pathlib import Path

import mne
import numpy as np
import pandas as pd
import pytest
from synthetic import noise, write_edf

from emolib.errors import DataError
from emolib.grid import MONTAGE, canonical_name
from emolib.recordings import files
from emolib.recordings.preprocessing import find_bad_channels
from emolib.recordings.settings import RecordingSettings

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"
ONSETS, SECONDS = (10, 40), 4


def read(file, settings, *, onsets=ONSETS, seconds=SECONDS):
    """Two trials of a file, as a study with these settings reads them."""
    trials = range(1, len(onsets) + 1)
    table = pd.DataFrame({"trial": trials, "onset_seconds": [float(each) for each in onsets]})
    table = table.assign(subject="sub-01", file=str(file), duration_seconds=seconds, state="x")
    settings = RecordingSettings(**settings)
    return files.cut_trials(table, where="trials.csv", dataset="files", settings=settings)


def without_mean(pieces):
    return pieces - pieces.mean(axis=-1, keepdims=True)


# Against MNE by hand


@pytest.fixture(scope="module")
def real():
    """A minute of EEG of 19 channels, 500 Hz."""
    file = Path(os.environ.get("EMOLIB_DATA", BESIDE)) / "eegmat" / "Subject00_2.edf"
    if not file.is_file():
        pytest.skip(f"the real recording is not there: {file}")
    return file


@pytest.fixture
def raw(real):
    raw = mne.io.read_raw_edf(real, preload=True, verbose="error")
    raw.pick(raw.ch_names[:19]).rename_channels(canonical_name)
    return raw.set_montage(MONTAGE, match_case=False, match_alias=True, verbose="error")


def average(raw):
    return raw.set_eeg_reference("average", verbose="error")


def filtered(raw):
    return average(raw.filter(1, 30, verbose="error"))


def notched(raw):
    return average(raw.notch_filter([50, 100], verbose="error"))


def resampled(raw):
    return average(raw.resample(250, verbose="error"))


def referred(raw):
    return raw.set_eeg_reference(["T7", "T8"], verbose="error").drop_channels(["T7", "T8"])


def as_recorded(raw):
    return raw


def interpolated(raw):
    raw.info["bads"] = ["C3"]
    return average(raw.interpolate_bads(verbose="error"))


def interpolated_on_another_head(raw):
    return interpolated(raw.set_montage("biosemi64", on_missing="ignore", verbose="error"))


def without_bads(raw):
    return average(raw.drop_channels(["C3"]))


def regressed(raw):
    raw.set_channel_types({"Fp1": "eog", "Fp2": "eog"}, verbose="error")
    raw = average(raw)
    clean, _ = mne.preprocessing.regress_artifact(raw, picks="eeg", picks_artifact="eog")
    return average(clean.pick("eeg"))


def unmixed(raw):
    raw = average(raw)
    fast = raw.copy().filter(1, None, verbose="error")
    ica = mne.preprocessing.ICA(random_state=0, max_iter="auto", verbose="error").fit(fast)
    eyes, _ = ica.find_bads_eog(fast, ch_name=["Fp1", "Fp2"], verbose="error")
    muscle, _ = ica.find_bads_muscle(fast, verbose="error")
    assert eyes
    return average(ica.apply(raw, exclude=[*eyes, *muscle], verbose="error"))


FRONT = {"eog_channels": ("Fp1", "EEG Fp2")}


@pytest.mark.parametrize(
    ("settings", "by_hand", "note"),
    [
        ({"l_freq": 1, "h_freq": 30}, filtered, "high-pass 1 Hz, low-pass 30 Hz"),
        ({"notch_freq": (50, 100)}, notched, "notch filter at 50, 100 Hz"),
        ({"raw_resample_sfreq": 250}, resampled, "resampled from 500 to 250 Hz"),
        ({"eeg_reference": ("T3", "T8")}, referred, "re-referenced to the mean of T7 and T8"),
        ({"eeg_reference": "recorded"}, as_recorded, ""),
        ({"bads": ("C3",), "bad_channels": "interpolate"}, interpolated, "splines: C3"),
        (
            {"bads": ("C3",), "bad_channels": "interpolate", "eeg_template_montage": "biosemi64"},
            interpolated_on_another_head,
            "splines: C3",
        ),
        ({"bads": ("EEG C3",)}, without_bads, "C3"),
        (
            FRONT | {"regress_artifact": {"picks_artifact": ["eog"]}},
            regressed,
            "regressed out: Fp1, Fp2",
        ),
        (FRONT | {"ica": ("find_bads_eog", "find_bads_muscle")}, unmixed, "independent components"),
    ],
)
@pytest.mark.filterwarnings("ignore")  # of MNE by hand; the package keeps them as notes
def test_a_setting_does_what_mne_does_by_hand(real, raw, settings, by_hand, note):
    recording, raw = read(real, settings), by_hand(raw)
    sfreq = raw.info["sfreq"]
    assert recording.attrs["sfreq"] == sfreq
    assert recording["channel"].to_numpy().tolist() == raw.ch_names
    signals = 1e6 * raw.get_data()
    expected = [signals[:, int(at * sfreq) : int((at + SECONDS) * sfreq)] for at in ONSETS]
    found = without_mean(recording["eeg"].to_numpy().astype(float))
    np.testing.assert_allclose(found, without_mean(np.stack(expected)), atol=1e-3)  # microvolts
    assert any(note in each for each in recording.attrs["notes"])


def test_trials_are_rejected_as_by_mne(real, raw):
    raw, limit = average(raw), 100e-6
    onsets = range(2, 56, 6)
    events = np.array([[round(at * 500), 0, 1] for at in onsets])
    about = {"tmin": 0, "tmax": SECONDS - 1 / 500, "baseline": None, "reject": {"eeg": limit}}
    epochs = mne.Epochs(raw, events, preload=True, verbose="error", **about)
    assert 0 < len(epochs) < len(onsets)
    recording = read(real, {"reject": {"eeg": limit}}, onsets=onsets)
    assert recording["trial"].to_numpy().tolist() == (epochs.selection + 1).tolist()
    (note,) = [each for each in recording.attrs["notes"] if "peak to peak" in each]
    assert note.count("trial") == len(onsets) - len(epochs)


# On made-up signals


NAMES = ["Fp1", "Fp2", "F3", "F4", "C3", "C4", "P3", "P4", "O1", "O2", "HEOG"]
LENGTH = 20  # seconds


def write(folder, signals=None):
    """Ten electrodes that have half of their variance in common, and an EOG channel."""
    if signals is None:
        signals = noise(11, LENGTH, 128) + noise(1, LENGTH, 128, seed=1)
    return write_edf(folder / "a.edf", signals, NAMES, 128)


def mixed():
    """Four sources that all electrodes see, each in its own way, and a little noise."""
    sees = np.random.default_rng(3).normal(size=(11, 4))
    return sees @ noise(4, LENGTH, 128, seed=1) / 2 + 0.2 * noise(11, LENGTH, 128)


def short(file, settings):
    return read(file, settings, onsets=(2, 8, 14), seconds=2)


def test_channels_are_renamed_before_anything_else(tmp_path):
    names = {"HEOG": "Fz", "Fp1": "C3", "C3": "Fp1"}
    settings = {"rename_channels": names, "drop_channels": ("F3",), "eeg_reference": "recorded"}
    recording = short(write(tmp_path), settings)
    expected = ["C3", "Fp2", "F4", "Fp1", "C4", "P3", "P4", "O1", "O2", "Fz"]
    assert recording["channel"].to_numpy().tolist() == expected
    assert "a.edf: renamed: HEOG to Fz, Fp1 to C3, C3 to Fp1" in recording.attrs["notes"]
    plain = short(tmp_path / "a.edf", {"eeg_reference": "recorded"})
    np.testing.assert_array_equal(recording["eeg"].sel(channel="Fp1"), plain["eeg"][:, 4])


def test_an_eog_channel_of_its_own_is_regressed_out(tmp_path):
    signals = noise(11, LENGTH, 128)
    blinks = 40 * (noise(1, LENGTH, 128, seed=2) > 20)
    signals[10] = 0.1 * signals[10] + blinks[0]
    seen = signals + np.linspace(2, 0, 11)[:, None] * blinks * (np.arange(11) < 10)[:, None]
    settings = {"eeg_reference": "recorded", "eog_channels": ("HEOG",), "regress_artifact": {}}
    recording = short(write(tmp_path, seen), settings)
    assert recording["channel"].to_numpy().tolist() == NAMES[:10]
    left = recording["eeg"].to_numpy() - np.stack(
        [signals[:10, at * 128 :][:, :256] for at in (2, 8, 14)]
    )
    assert np.abs(without_mean(left)).max() < 0.2 * seen.max()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda x: 0 * x, r"flat"),
        (lambda x: 8 * x, r"times as large"),
        (lambda x: noise(1, LENGTH, 128, seed=9)[0], r"like no other channel"),
    ],
)
def test_bad_channels_are_found_and_interpolated(tmp_path, spoil, why):
    signals = mixed()
    signals[4] = spoil(signals[4])
    recording = short(write(tmp_path, signals), {"bad_channels": "auto"})
    assert recording["channel"].to_numpy().tolist() == NAMES[:10]
    notes = " ".join(recording.attrs["notes"])
    assert "found bad: C3, " in notes and why in notes
    assert notes.count("found bad") == 1 and "splines: C3" in notes


def test_real_channels_are_not_found_bad(real):
    raw = mne.io.read_raw_edf(real, preload=True, verbose="error").pick(range(19))
    assert find_bad_channels(raw) == {}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"h_freq": 64}, r"a\.edf: has 128 Hz, which hold nothing from 64 Hz on"),
        ({"notch_freq": 100}, r"work at 100 Hz"),
        ({"bads": ("F33",)}, r"no channel 'F33', which `bads` names\. Did you mean 'F3'"),
        ({"drop_channels": ("ECG",)}, r"no channel 'ECG', which `drop_channels` names"),
        ({"rename_channels": {"X1": "Fz"}}, r"no channel 'X1', which `rename_channels` names"),
        ({"rename_channels": {"F3": "F4"}}, r"more than one channel the name F4"),
        ({"eeg_reference": ("Cz",)}, r"no channel 'Cz', which `eeg_reference` names"),
        ({"ica": ("find_bads_eog",)}, r"no EOG channel, which `ica` needs.*`eog_channels`"),
        ({"regress_artifact": {}}, r"no EOG channel, which `regress_artifact` needs"),
        ({"reject": {"eeg": 1e-6}}, r"no trial stays below 1 uV.*Raise `reject`"),
        (
            {"bads": tuple(NAMES[:7]), "bad_channels": "interpolate"},
            r"7 of 10 channels are bad: too few are left",
        ),
        (
            {"bads": ("F3",), "bad_channels": "interpolate", "eeg_template_montage": "EGI_256"},
            r"have no place in the montage.*`eeg_template_montage`",
        ),
    ],
)
def test_what_a_file_does_not_allow_is_refused(tmp_path, settings, message):
    with pytest.raises(DataError, match=message):
        short(write(tmp_path), settings)


def test_a_recording_of_mostly_bad_channels_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"10 of 10 channels look bad: Fp1 \(like no other"):
        short(write(tmp_path, noise(11, LENGTH, 128)), {"bad_channels": "auto"})


def test_an_electrode_that_is_not_there_need_not_be_dropped(tmp_path):
    recording = short(write(tmp_path), {"drop_channels": ("Cz",), "bads": ("Pz",)})
    assert recording.sizes["channel"] == 10
    assert "a.edf: not in the file: Cz, Pz" in recording.attrs["notes"]


def test_channels_off_the_grid_may_be_the_reference(tmp_path):
    signals = mixed()
    recording = short(write(tmp_path, signals), {"eeg_reference": ("HEOG",)})
    assert recording["channel"].to_numpy().tolist() == NAMES[:10]
    expected = without_mean((signals[:10] - signals[10])[:, 256:512])
    np.testing.assert_allclose(without_mean(recording["eeg"][0].to_numpy()), expected, atol=0.05)


def test_nothing_is_loaded_unless_it_is_asked_for(tmp_path):
    opened, _, _ = files.open_eeg(write(tmp_path), RecordingSettings(drop_channels=("F3",)))
    assert not opened.preload


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ({}, [*NAMES[:4], *NAMES[5:10]]),
        ({"bad_channels": "keep"}, NAMES[:10]),
        ({"rename_channels": {"C3": "C5"}}, [*NAMES[:4], *NAMES[5:10]]),
    ],
)
def test_a_table_of_channels_marks_bad_ones(tmp_path, settings, left):
    (tmp_path / "a_channels.tsv").write_text("name\ttype\tstatus\nC3\tEEG\tbad\nC4\tEEG\tgood\n")
    recording = short(write(tmp_path), settings)
    assert recording["channel"].to_numpy().tolist() == left


@pytest.mark.parametrize("spelled", ["c3", "EEG C3", " C3-REF"])
def test_a_table_of_channels_may_spell_them_otherwise(tmp_path, spelled):
    (tmp_path / "a_channels.tsv").write_text(f"name\tstatus\n{spelled}\tbad\nXY\tbad\n")
    recording = short(write(tmp_path), {})
    assert recording["channel"].to_numpy().tolist() == [*NAMES[:4], *NAMES[5:10]]
    assert "a.edf: not in the file: XY" in recording.attrs["notes"]


def test_files_of_different_rates_are_resampled_to_one(tmp_path):
    file = write(tmp_path)
    other = write_edf(tmp_path / "b.edf", noise(11, LENGTH, 256, seed=3), NAMES, 256)
    table = pd.DataFrame({"trial": [1, 2], "file": [str(file), str(other)], "state": "x"})
    table = table.assign(subject="sub-01", onset_seconds=2.0, duration_seconds=2)
    about = {"where": "trials.csv", "dataset": "files"}
    with pytest.raises(DataError, match="set `recordings: raw_resample_sfreq`"):
        files.cut_trials(table, **about)
    settings = RecordingSettings(raw_resample_sfreq=128)
    recording = files.cut_trials(table, settings=settings, **about)
    assert recording["eeg"].shape == (2, 10, 256) and recording.attrs["sfreq"] == 128
