"""One's own recordings: any file that MNE reads, and a table of trials."""

from functools import partial

import mne
import numpy as np
import pytest
from synthetic import centred, check_each, cut_short, noise, write_edf, write_table

from emolib.errors import DataError
from emolib.features import FeatureSettings, extract_features
from emolib.recordings import files
from emolib.recordings.recording import OFFSETS
from emolib.recordings.settings import RecordingSettings

NAMES = ["EEG Fp1", "F3", "EEG T3-REF", "oz", "ECG"]
PLACES = ["Fp1", "F3", "T7", "Oz"]
AS_RECORDED = RecordingSettings(eeg_reference="recorded")
TWICE = ((1, 2), (2, 8))  # trials and their onsets
STEP_UV = 1000 / 65535  # one step of the converter that `write_edf` writes down


def row(trial=1, **changes):
    """A row of the table: trial k is the k-th second after a second of rest."""
    return {
        "subject": "1",
        "file": "a.edf",
        "trial": trial,
        "onset_seconds": trial,
        "duration_seconds": 1.0,
        "valence": 2 * trial,
    } | changes


def write_study(folder, rows=None, *, signals=None, names=NAMES, sfreq=128, file="a.edf"):
    """One EDF file of 6 s and its table; the signals are returned."""
    signals = noise(len(names), 6, sfreq) if signals is None else signals
    write_edf(folder / file, signals, names, sfreq)
    write_table(folder / "trials.csv", rows or [row(1), row(2), row(3)])
    return signals


# What the file holds is what the recording holds


def write_fif(folder, signals, names, rows, sfreq=128.0):
    """One FIF file of signals in microvolts, and its table."""
    raw = mne.io.RawArray(signals * 1e-6, mne.create_info(names, sfreq, "eeg"), verbose="error")
    raw.save(folder / "a_raw.fif", verbose="error")
    write_table(folder / "trials.csv", [one | {"file": "a_raw.fif"} for one in rows])


@pytest.mark.parametrize("reference", ["average", "recorded"])
def test_offsets_of_electrodes_change_no_feature(tmp_path, reference):
    """On an offset of 20 mV a filter that starts from rest rings through the first windows."""
    names = ["Fp1", "F3", "T7", "Oz"]
    signals, offsets = noise(4, 12, 128), np.array([[20e3], [-13e3], [3e5], [0.5]])
    rows = [row(k, onset_seconds=at, duration_seconds=3, baseline_seconds=2) for k, at in TWICE]
    found = []
    for name, one in (("without", signals), ("with", signals + offsets)):
        (tmp_path / name).mkdir()
        write_fif(tmp_path / name, one, names, rows)
        settings = RecordingSettings(eeg_reference=reference)
        recording = files.read(tmp_path / name, "sub-01", settings=settings)
        found.append(extract_features(recording, FeatureSettings(("de",), normalise="none")))
    difference = abs(found[0]["feature"] - found[1]["feature"])
    assert difference.sizes["window"] == 12 and float(difference.max()) < 0.01
    assert OFFSETS in recording.attrs["notes"]


@pytest.mark.parametrize("ending", ["edf", "bdf"])
def test_trials_are_cut_where_the_table_says_in_microvolts(tmp_path, ending):
    rows = [row(k, file=f"a.{ending}", stimulus=f"film{k}") for k in (2, 1, 3)]
    signals = write_study(tmp_path, rows, file=f"a.{ending}")
    recording = files.read(tmp_path, "sub-01", settings=AS_RECORDED)
    assert recording["channel"].values.tolist() == PLACES
    assert recording["trial"].values.tolist() == [1, 2, 3]
    assert recording["stimulus"].values.tolist() == ["film1", "film2", "film3"]
    assert recording["rating"].sel(scale="valence").values.tolist() == [2.0, 4.0, 6.0]
    assert recording["eeg"].dtype == np.float32 and recording["eeg"].shape == (3, 4, 128)
    for k in (1, 2, 3):
        np.testing.assert_allclose(
            recording["eeg"].sel(trial=k),
            centred(signals[:4, 128 * k : 128 * (k + 1)]),
            atol=STEP_UV,
        )
    assert recording.attrs["sfreq"] == 128.0 and recording.attrs["subject"] == "sub-01"
    assert "baseline" not in recording and "trial_samples" not in recording.coords


def test_fif_files_are_read_and_channels_marked_bad_are_left_out(tmp_path):
    signals = noise(5, 6, 128)
    info = mne.create_info(["Fz", "Cz", "Pz", "Oz", "STI 014"], 128.0, ["eeg"] * 4 + ["stim"])
    info["bads"] = ["Pz"]
    raw = mne.io.RawArray(signals * 1e-6, info, verbose="error")
    raw.save(tmp_path / "a_raw.fif", verbose="error")
    write_table(tmp_path / "trials.csv", [row(1, file="a_raw.fif")])
    recording = files.read(tmp_path, "sub-01", settings=AS_RECORDED)
    assert recording["channel"].values.tolist() == ["Fz", "Cz", "Oz"]
    expected = centred(signals[[0, 1, 3], 128:256])
    np.testing.assert_allclose(recording["eeg"][0], expected, atol=1e-4)
    assert "a_raw.fif: left out: Pz (marked bad), STI 014 (stim)" in recording.attrs["notes"]


def test_the_baseline_ends_where_the_trial_begins(tmp_path):
    rows = [row(1, baseline_seconds=0.5), row(2, baseline_seconds=0.5, onset_seconds=3)]
    signals = write_study(tmp_path, rows)
    recording = files.read(tmp_path, "sub-01", settings=AS_RECORDED)
    assert recording["baseline"].shape == (2, 4, 64)
    np.testing.assert_allclose(
        recording["baseline"][1], centred(signals[:4, 320:384]), atol=STEP_UV
    )
    np.testing.assert_allclose(recording["eeg"][1], centred(signals[:4, 384:512]), atol=STEP_UV)
    assert recording["baseline_time"].values[-1] == -1 / 128


def test_the_common_average_is_taken_by_default(tmp_path):
    signals = write_study(tmp_path, [row(1, baseline_seconds=1)])
    recording = files.read(tmp_path, "sub-01")
    expected = signals[:4] - signals[:4].mean(axis=0)
    np.testing.assert_allclose(recording["eeg"][0], centred(expected[:, 128:256]), atol=2 * STEP_UV)
    np.testing.assert_allclose(
        recording["baseline"][0], centred(expected[:, :128]), atol=2 * STEP_UV
    )
    np.testing.assert_allclose(recording["eeg"].mean("channel"), 0, atol=1e-5)
    assert recording["eeg"].attrs["units"] == "uV"
    assert "re-referenced to the common average of the 4 channels" in recording.attrs["notes"]


def test_fewer_than_four_channels_keep_the_reference_that_they_have(tmp_path):
    signals = write_study(tmp_path, names=["Fp1", "F3", "T7", "TP9", "ECG"])
    recording = files.read(tmp_path, "sub-01")
    np.testing.assert_allclose(recording["eeg"][0], centred(signals[:3, 128:256]), atol=STEP_UV)
    assert any(
        "an average of 3 channels is no common average" in n for n in recording.attrs["notes"]
    )


def test_a_single_channel_is_refused_with_a_remedy(tmp_path):
    write_study(tmp_path, names=["Fp1", "TP9", "TP10", "Ear", "ECG"])
    with pytest.raises(DataError, match=r"has one channel on the grid, Fp1; .*rename_channels"):
        files.read(tmp_path, "sub-01")


def test_what_the_filters_of_the_header_left_is_known(tmp_path):
    signals = noise(4, 6, 128) * 1e-6
    raw = mne.io.RawArray(signals, mne.create_info(4, 128.0, "eeg"), verbose="error")
    raw.rename_channels(dict(zip(raw.ch_names, PLACES, strict=True)))
    raw.filter(4, 45, verbose="error").save(tmp_path / "a_raw.fif", verbose="error")
    write_table(tmp_path / "trials.csv", [row(1, file="a_raw.fif")])
    assert files.read(tmp_path, "sub-01").attrs["held_hz"] == [4.0, 45.0]


def test_trials_of_different_length_are_padded(tmp_path):
    signals = write_study(tmp_path, [row(1, duration_seconds=0.5), row(2, duration_seconds=1.5)])
    recording = files.read(tmp_path, "sub-01")
    assert recording["trial_samples"].values.tolist() == [64, 192]
    assert recording["eeg"].shape == (2, 4, 192)
    assert np.isnan(recording["eeg"][0, :, 64:]).all()
    assert np.isfinite(recording["eeg"][0, :, :64]).all() and np.isfinite(recording["eeg"][1]).all()
    expected = centred(signals[:4, 128:192] - signals[:4, 128:192].mean(axis=0))
    np.testing.assert_allclose(recording["eeg"][0, :, :64], expected, atol=2 * STEP_UV)


def test_numbers_are_ratings_and_words_are_classes(tmp_path):
    rows = [
        row(1, valence="", condition="rest", site="A"),
        row(2, valence="4.9", condition="task", site=""),
    ]
    write_study(tmp_path, rows)
    recording = files.read(tmp_path, "sub-01")
    np.testing.assert_array_equal(recording["rating"], [[np.nan], [4.9]])
    assert recording["task"].values.tolist() == ["condition", "site"]
    assert recording["class"].values.tolist() == [["rest", "A"], ["task", ""]]
    assert "1 of 2 ratings are missing: trial 1 valence" in recording.attrs["notes"]
    assert "1 classes are missing: trial 2 site" in recording.attrs["notes"]


def test_what_is_dropped_is_noted(tmp_path):
    write_study(tmp_path)
    settings = RecordingSettings(drop_channels=("fp1",))
    notes = files.read(tmp_path, "sub-01", settings=settings).attrs["notes"]
    assert "a.edf: left out: EEG Fp1 (as the settings ask), ECG (not on the grid)" in notes
    assert "no column 'stimulus': a trial's number stands for its stimulus" in notes


def test_a_fast_channel_that_is_no_eeg_does_not_change_the_rate(tmp_path):
    signals = [*noise(4, 6, 128), noise(1, 6, 512)[0]]
    write_study(tmp_path, signals=signals, sfreq=[128, 128, 128, 128, 512])
    recording = files.read(tmp_path, "sub-01", settings=AS_RECORDED)
    assert recording.attrs["sfreq"] == 128.0
    np.testing.assert_allclose(recording["eeg"][0, 1], centred(signals[1][128:256]), atol=STEP_UV)


def test_nor_do_two_of_the_same_name(tmp_path):
    signals = [*noise(4, 6, 128), *noise(2, 6, 512)]
    names = [*NAMES[:4], "ECG", "ECG"]
    write_study(tmp_path, signals=signals, names=names, sfreq=[128] * 4 + [512] * 2)
    recording = files.read(tmp_path, "sub-01", settings=AS_RECORDED)
    assert recording.attrs["sfreq"] == 128.0
    np.testing.assert_allclose(recording["eeg"][0, 1], centred(signals[1][128:256]), atol=STEP_UV)


def test_numbers_of_a_cap_are_electrodes_in_every_file_whatever_their_order(tmp_path):
    numbers = [f"A{i}" for i in range(1, 33)]
    signals = write_study(
        tmp_path, [row(1, file="a.bdf"), row(2)], names=numbers, signals=noise(32, 6, 128)
    )
    order = np.random.default_rng(0).permutation(32)
    write_edf(tmp_path / "a.bdf", -signals[order], [numbers[i] for i in order], 128)
    recording = files.read(tmp_path, "sub-01", settings=AS_RECORDED)
    for k, sign in ((1, -1), (2, 1)):
        found = recording["eeg"].sel(trial=k, channel=["Fp1", "Cz", "O1"])
        expected = sign * signals[[0, 31, 14], 128 * k : 128 * (k + 1)]
        np.testing.assert_allclose(found, centred(expected), atol=STEP_UV)


def test_eeg_at_two_rates_is_refused(tmp_path):
    signals = [*noise(4, 6, 128), noise(1, 6, 256)[0]]
    names = ["Fp1", "F3", "Fz", "Oz", "Cz"]
    write_study(tmp_path, signals=signals, names=names, sfreq=[128, 128, 128, 128, 256])
    with pytest.raises(DataError, match=r"a\.edf: samples .* mixed sampling frequencies"):
        files.read(tmp_path, "sub-01")


def test_several_files_of_a_subject_are_joined_by_channel_name(tmp_path):
    signals = write_study(tmp_path, [row(1), row(2, file="b.edf")])
    write_edf(tmp_path / "b.edf", -signals[::-1], NAMES[::-1], 128)
    recording = files.read(tmp_path, "sub-01", settings=AS_RECORDED)
    np.testing.assert_allclose(recording["eeg"][1], centred(-signals[:4, 256:384]), atol=STEP_UV)


# Subjects and sources


def test_subjects_are_named_and_sorted_by_number(tmp_path):
    names = ["10", "2", "sub-01", "anna", "02"]
    rows = [row(k, subject=name) for k, name in enumerate(names, start=1)]
    table = write_table(tmp_path / "trials.tsv", rows)
    for stranger in (".DS_Store", "notes.txt"):
        (tmp_path / stranger).touch()
    assert files.subjects(tmp_path) == ["sub-01", "sub-02", "sub-10", "sub-anna"]
    assert files.subjects(table) == files.subjects(tmp_path)


def test_check_names_the_broken_subject(tmp_path):
    people = [row(1), row(1, subject="2", file="b.edf"), row(1, subject="3", file="c.edf")]
    write_study(tmp_path, people)
    write_edf(tmp_path / "b.edf", noise(5, 6, 128), NAMES, 128)
    cut_short(tmp_path / "b.edf")
    write_edf(tmp_path / "c.edf", noise(5, 6, 128), NAMES, 128)
    found = check_each(files.subjects(tmp_path), partial(files.read, tmp_path))
    assert found["sub-01"] is None and found["sub-03"] is None
    assert found["sub-02"].source == str(tmp_path / "b.edf")


def test_a_subject_that_does_not_exist_is_named(tmp_path):
    write_study(tmp_path)
    with pytest.raises(DataError, match=r"no subject 'sub-1'.*Did you mean 'sub-01'"):
        files.read(tmp_path, "sub-1")


# Tables that cannot be used


def test_a_folder_without_a_table_shows_what_was_found(tmp_path):
    (tmp_path / "anna.edf").touch()
    with pytest.raises(DataError, match=r"no table of trials but anna.edf; expected"):
        files.subjects(tmp_path)


@pytest.mark.parametrize("name", ["nothing", "nothing/trials.csv"])
def test_a_missing_folder_or_table_is_named(tmp_path, name):
    with pytest.raises(DataError, match="does not exist"):
        files.subjects(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no table"),
        (b"\xff\xfe\x00\x01", "is no table"),
        (b"subject,file,trial\n1,a.edf,3,4\n", "line 2: has 4 cells, and 3 columns have a name"),
        (b"subject;file;trial\n1;a.edf;1\n", "no column 'onset_seconds', only 'subject', 'file'"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, content, message):
    (tmp_path / "trials.csv").write_bytes(content)
    with pytest.raises(DataError, match=message):
        files.subjects(tmp_path)


def test_a_spreadsheets_table_with_marks_spaces_and_blank_lines_is_read(tmp_path):
    head = "subject, file, trial, onset_seconds, duration_seconds, valence"
    lines = [head, "1, a.edf, 1, 0, 1, 5", "", "1, a.edf, 2, 1, 1, 6"]
    (tmp_path / "trials.csv").write_text("\r\n".join(lines), "utf-8-sig", newline="")
    table = files.read_table(tmp_path)
    assert table["valence"].tolist() == [5.0, 6.0]
    assert table["file"].tolist() == [str(tmp_path / "a.edf")] * 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("onset_seconds", "onset", "no column 'onset_seconds'.*Did you mean 'onset'"),
        ("subject", "participant", "no column 'subject', only 'participant'"),
        ("valence", "stimuls", "a column 'stimuls', nearly 'stimulus'"),
        ("valence", "baseline_second", "Did you mean 'baseline_seconds'"),
        ("valence", "stimulus", "no column of ratings or classes"),
    ],
)
def test_a_missing_or_misspelt_column_is_named(tmp_path, old, new, message):
    rows = [{new if name == old else name: value for name, value in row().items()}]
    write_table(tmp_path / "trials.csv", rows)
    with pytest.raises(DataError, match=message):
        files.subjects(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"onset_seconds": -1}, "line 3: 'onset_seconds' must not be negative; .*onset_seconds -1"),
        ({"onset_seconds": "inf"}, "line 3: 'onset_seconds'"),
        ({"onset_seconds": "1,5"}, "line 3: 'onset_seconds' is '1,5', elsewhere it holds numbers"),
        ({"onset_seconds": ""}, "line 3: 'onset_seconds' is blank"),
        ({"duration_seconds": 0}, "line 3: 'duration_seconds' must be positive"),
        ({"baseline_seconds": -1}, "line 3: 'baseline_seconds' must not be negative"),
        ({"baseline_seconds": 3}, "line 3: the baseline must not begin before the file"),
        ({"trial": 1}, "line 3: sub-01 has trial 1 already"),
        ({"trial": 0}, "line 3: 'trial' must be a whole number from 1"),
        ({"trial": 1.5}, "line 3: 'trial' must be a whole number from 1"),
        ({"file": ""}, "line 3: 'file' is blank"),
    ],
)
def test_a_bad_cell_is_named_by_line_and_column(tmp_path, changes, message):
    rows = [row(1, baseline_seconds=0), row(2, baseline_seconds=0) | changes]
    write_table(tmp_path / "trials.csv", rows)
    with pytest.raises(DataError, match=message):
        files.read(tmp_path, "sub-01")


def test_a_table_without_trials_is_refused(tmp_path):
    (tmp_path / "trials.csv").write_text(",".join(row()) + "\n")
    with pytest.raises(DataError, match="holds no trials"):
        files.subjects(tmp_path)


def test_numbers_out_of_the_range_of_ratings_are_carried_along_and_noted(tmp_path):
    write_study(tmp_path, [row(k, age=23, valence=k + 0.5) for k in (1, 2)])
    recording = files.read(tmp_path, "sub-01")
    assert recording["rating"].sel(scale="age").values.tolist() == [23, 23]
    assert "carried along, but outside 1-9: age" in recording.attrs["notes"]


def test_the_range_of_ratings_is_a_setting(tmp_path):
    write_study(tmp_path, [row(1, valence=0), row(2, valence=100)])
    settings = RecordingSettings(rating_range=(0, 100))
    assert files.read(tmp_path, "sub-01", settings=settings)["rating"].attrs["high"] == 100


def test_a_subject_without_any_rating_is_refused(tmp_path):
    write_study(tmp_path, [row(1, valence=""), row(2, subject="2")])
    with pytest.raises(DataError, match="every rating is missing"):
        files.read(tmp_path, "sub-01")


def test_baselines_of_different_lengths_are_refused(tmp_path):
    write_study(tmp_path, [row(1, baseline_seconds=0.5), row(2, baseline_seconds="")])
    with pytest.raises(DataError, match=r"sub-01 has baselines of different lengths: 0, 0\.5 s"):
        files.read(tmp_path, "sub-01")


def test_a_blank_stimulus_is_refused(tmp_path):
    write_study(tmp_path, [row(1, stimulus="a"), row(2, stimulus="")])
    with pytest.raises(DataError, match="sub-01, trial 2: 'stimulus' is blank"):
        files.read(tmp_path, "sub-01")


# Signals that cannot be used


@pytest.mark.parametrize(
    ("onset", "remedy"),
    [
        (5.25, r"take the trial out of the table, or give it a duration of 0\.75 s"),
        (6, r"divide them by 128; milliseconds, by 1000"),
    ],
)
def test_a_trial_beyond_the_end_of_its_file_is_named_with_a_remedy_that_works(
    tmp_path, onset, remedy
):
    write_study(tmp_path, [row(1), row(2, onset_seconds=onset)])
    with pytest.raises(
        DataError, match=rf"trial 2 ends at {onset + 1:g} s, but a\.edf at 6 s.*{remedy}"
    ):
        files.read(tmp_path, "sub-01")
    write_study(tmp_path, [row(1), row(2, onset_seconds=5.25, duration_seconds=0.75)])
    assert files.read(tmp_path, "sub-01").sizes["trial"] == 2


def test_a_trial_may_miss_its_last_sample(tmp_path):
    write_study(tmp_path, [row(1), row(2, onset_seconds=5 + 1 / 128)])
    assert files.read(tmp_path, "sub-01")["trial_samples"].values.tolist() == [128, 127]


def test_a_trial_may_end_with_its_file(tmp_path):
    write_study(tmp_path, [row(1), row(4, duration_seconds=2)])
    assert files.read(tmp_path, "sub-01")["trial_samples"].values.tolist() == [128, 256]


def test_a_missing_file_is_named(tmp_path):
    write_study(tmp_path, [row(1, file="eeg/b.edf")])
    with pytest.raises(DataError, match=r"b\.edf: does not exist"):
        files.read(tmp_path, "sub-01")


@pytest.mark.parametrize("ending", ["edf", "bdf"])
@pytest.mark.parametrize("keep", [0.0, 0.01, 0.1, 0.5, 0.999])
def test_a_truncated_file_is_an_error_not_a_warning(tmp_path, ending, keep):
    write_study(tmp_path, [row(1, file=f"a.{ending}")], file=f"a.{ending}")
    cut_short(tmp_path / f"a.{ending}", keep)
    with pytest.raises(
        DataError, match=rf"a\.{ending}: .*(header says|no complete header|is empty)"
    ):
        files.read(tmp_path, "sub-01")


@pytest.mark.parametrize("keep", [0.01, 0.5])
def test_a_truncated_fif_file_is_an_error(tmp_path, keep):
    info = mne.create_info(["Fz", "Cz"], 128.0, "eeg")
    raw = mne.io.RawArray(noise(2, 6, 128) * 1e-6, info, verbose="error")
    raw.save(tmp_path / "a_raw.fif", verbose="error")
    cut_short(tmp_path / "a_raw.fif", keep)
    write_table(tmp_path / "trials.csv", [row(4, file="a_raw.fif")])
    with pytest.raises(DataError, match=r"a_raw\.fif"):
        files.read(tmp_path, "sub-01")


def test_a_file_that_mne_does_not_know_is_refused(tmp_path):
    (tmp_path / "a.docx").write_text("Dear diary")
    write_table(tmp_path / "trials.csv", [row(1, file="a.docx")])
    with pytest.raises(DataError, match=r"a\.docx: MNE cannot read it"):
        files.read(tmp_path, "sub-01")


def test_a_file_without_eeg_says_what_it_holds(tmp_path):
    write_study(tmp_path, names=["ECG", "A2-A1", "Resp"])
    with pytest.raises(
        DataError, match="no EEG channel has a place on the grid; left out: ECG, A2-A1"
    ):
        files.read(tmp_path, "sub-01")


def test_two_names_for_one_electrode_are_refused(tmp_path):
    write_study(tmp_path, names=["Fz", "T3", "Cz", "EEG T7"])
    with pytest.raises(DataError, match="'T3' and 'EEG T7' are both T7"):
        files.read(tmp_path, "sub-01")


def test_one_name_for_two_channels_is_refused(tmp_path):
    write_study(tmp_path, names=["Fz", "Cz", "Fz", "Pz"])
    with pytest.raises(DataError, match="'Fz-0' and 'Fz-1' are both Fz"):
        files.read(tmp_path, "sub-01")


def test_a_flat_channel_is_found_before_the_average_hides_it(tmp_path):
    write_study(tmp_path, [row(1), row(2, file="b.edf")])
    signals = noise(5, 6, 128, seed=1)
    signals[2, 300:375] = 500  # at the converter's rail
    write_edf(tmp_path / "b.edf", signals, NAMES, 128)
    message = r"b\.edf: trial 2, channel T7 is flat: it holds one value from 0\.3438 to 0\.9297 s\."
    remedy = r"Use `recordings: {drop_channels: \[T7\]}` in the study file, or take"
    with pytest.raises(DataError, match=f"{message} {remedy}"):
        files.read(tmp_path, "sub-01")


@pytest.mark.parametrize(
    "settings",
    [
        {"l_freq": 1.0},
        {"raw_resample_sfreq": 64.0},
        {"eeg_reference": ["Oz"]},
        {"notch_freq": 50, "bads": ["Fp1"], "bad_channels": "interpolate"},
    ],
)
def test_a_flat_channel_is_found_before_a_filter_hides_it(tmp_path, settings):
    names = ["Fp1", "F3", "T7", "Oz", "Cz", "Pz", "F4"]
    signals = noise(len(names), 12, 128)
    signals[2, 300:375] = 0
    rows = [row(1, onset_seconds=2, duration_seconds=3), row(2, onset_seconds=6)]
    write_study(tmp_path, rows, signals=signals, names=names)
    with pytest.raises(DataError, match=r"trial 1, channel T7 is flat: .* 0\.3438 to 0\.9297 s"):
        files.read(tmp_path, "sub-01", settings=RecordingSettings(**settings))


def test_a_flat_channel_that_is_repaired_is_no_fault(tmp_path):
    names = ["Fp1", "F3", "T7", "Oz", "Cz", "Pz", "F4"]
    signals = noise(len(names), 12, 128)
    signals[2] = 0
    write_study(tmp_path, signals=signals, names=names)
    settings = RecordingSettings(l_freq=1.0, bads=("T7",), bad_channels="interpolate")
    assert "T7" in files.read(tmp_path, "sub-01", settings=settings)["channel"].values


def test_a_flat_channel_may_be_left_out(tmp_path):
    signals = noise(5, 6, 128)
    signals[2] = 0
    write_study(tmp_path, signals=signals)
    recording = files.read(tmp_path, "sub-01", settings=RecordingSettings(drop_channels=("T3",)))
    assert recording["channel"].values.tolist() == ["Fp1", "F3", "Oz"]


def test_a_duplicate_channel_is_named(tmp_path):
    signals = noise(5, 6, 128)
    signals[3] = signals[0]
    write_study(tmp_path, signals=signals)
    with pytest.raises(DataError, match="channels Fp1 and Oz hold the same samples"):
        files.read(tmp_path, "sub-01")


def test_microvolts_taken_for_volts_are_refused(tmp_path):
    write_fif(tmp_path, 1e6 * noise(2, 6, 128), ["Fz", "Cz"], [row(1)])
    with pytest.raises(DataError, match="microvolts that were taken for volts"):
        files.read(tmp_path, "sub-01")


def test_a_unit_of_the_header_that_is_wrong_is_named(tmp_path):
    """EDF's header: the physical dimension, 8 letters a signal, 96 letters a signal behind 256."""
    write_study(tmp_path)
    content = bytearray((tmp_path / "a.edf").read_bytes())
    n_signals = int(content[252:256])
    for signal in range(4):
        at = 256 + 96 * n_signals + 8 * signal
        content[at : at + 8] = b"mV      "
    (tmp_path / "a.edf").write_bytes(content)
    with pytest.raises(DataError, match=r"\(the header says mV\).*the signals by 1e-3"):
        files.read(tmp_path, "sub-01")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_sample_that_is_no_number_is_named(tmp_path, value):
    signals = noise(2, 6, 128)
    signals[1, 140] = value
    info = mne.create_info(["Fz", "Cz"], 128.0, "eeg")
    mne.io.RawArray(signals * 1e-6, info, verbose="error").save(
        tmp_path / "a_raw.fif", verbose="error"
    )
    write_table(tmp_path / "trials.csv", [row(1, file="a_raw.fif")])
    with pytest.raises(DataError, match=r"trial 1, channel Cz: 1 of 128 .* the first at sample 12"):
        files.read(tmp_path, "sub-01")


def test_files_of_a_subject_need_one_rate(tmp_path):
    write_study(tmp_path, [row(1), row(2, file="b.edf")])
    write_edf(tmp_path / "b.edf", noise(5, 6, 256), NAMES, 256)
    with pytest.raises(DataError, match=r"b\.edf: has 256 Hz, but a\.edf .* 128 Hz"):
        files.read(tmp_path, "sub-01")


def test_files_of_a_subject_need_the_same_channels(tmp_path):
    write_study(tmp_path, [row(1), row(2, file="b.edf")])
    write_edf(tmp_path / "b.edf", noise(4, 6, 128), ["Fp1", "F3", "T7", "O2"], 128)
    with pytest.raises(DataError, match=r"b\.edf: .*do not share the channels O2, Oz"):
        files.read(tmp_path, "sub-01")
