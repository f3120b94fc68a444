"""Files of epochs: a file a subject, or one a session."""

from __future__ import annotations

import unicodedata
from functools import partial

import mne
import numpy as np
import pandas as pd
import pytest
from synthetic import check_each, cut_short, noise, write_table

from emolib.errors import DataError
from emolib.recordings import epoch_files
from emolib.recordings.settings import RecordingSettings

NAMES = ["Fz", "Cz", "Pz", "Oz", "M1"]
STATES = {"calm": 1, "tense": 2}


def epochs(seed=0, *, n=4, names=NAMES, **columns):
    """Trials of two seconds after one of rest, calm and tense in turn."""
    volts = 1e-6 * noise(n * len(names), 3, 128, seed).reshape(n, len(names), -1)
    events = np.column_stack([np.arange(n) * 1000, np.zeros(n, int), 1 + np.arange(n) % 2])
    info = mne.create_info([*names], 128.0, "eeg", verbose="error")
    known = {"tmin": -1.0, "event_id": STATES, "baseline": None, "verbose": "error"}
    made = mne.EpochsArray(volts, info, events, **known)
    with mne.utils.use_log_level("error"):
        made.metadata = pd.DataFrame(columns) if columns else None
    return made


def save(folder, name, made):
    if name.endswith(".set"):
        mne.export.export_epochs(folder / name, made, verbose="error")
    else:
        made.save(folder / name, verbose="error")


def read(root, subject="sub-01", **settings):
    return epoch_files.read(root, subject, settings=RecordingSettings(**settings))


@pytest.mark.parametrize("name", ["sub-01_task-x-epo.fif", "sub-01_epo.fif", "sub-01.set"])
def test_the_events_are_classes_and_the_common_average_is_taken(tmp_path, name):
    save(tmp_path, name, made := epochs())
    found = read(tmp_path, rename_channels={"M1": "T7"})
    signals = made.get_data(copy=True) * 1e6
    signals -= signals[..., 128:].mean(-1, keepdims=True)  # of the trial
    expected = (signals - signals.mean(1, keepdims=True))[..., 128:]
    np.testing.assert_allclose(found["eeg"].to_numpy(), expected, atol=1e-4)
    assert found["baseline"].sizes["baseline_time"] == 128
    assert found["channel"].to_numpy().tolist() == [*NAMES[:4], "T7"]
    assert found["class"].sel(task="event").to_numpy().tolist() == ["calm", "tense"] * 2


def test_columns_of_the_metadata_are_ratings_and_classes(tmp_path):
    made = epochs(trial=[4, 3, 2, 1], stimulus=[*"abcd"], age=[70] * 4, joy=[1, 2, 3, np.nan],
                  mood=["low", "high", "low", "low"])  # fmt: skip
    save(tmp_path, "anna-epo.fif", made)
    assert epoch_files.subjects(tmp_path) == ["sub-anna"]
    found = read(tmp_path, "sub-anna")
    assert found["trial"].to_numpy().tolist() == [4, 3, 2, 1]
    assert found["stimulus"].to_numpy().tolist() == [*"abcd"]
    np.testing.assert_array_equal(found["rating"].sel(scale="joy"), [1, 2, 3, np.nan])
    assert found["class"].sel(task="mood").to_numpy().tolist() == ["low", "high", "low", "low"]
    assert any("carried along, but outside 1-9: age" in note for note in found.attrs["notes"])


def test_names_with_umlauts_are_names_of_their_own(tmp_path):
    for i, name in enumerate(("Zoë", "Zoé", unicodedata.normalize("NFD", "Jörg"))):
        save(tmp_path, f"sub-{name}_ses-fr\u00fch-epo.fif", epochs(i))
    assert epoch_files.subjects(tmp_path) == ["sub-Jörg", "sub-Zoé", "sub-Zoë"]
    assert set(read(tmp_path, "sub-Zoë")["session"].to_numpy()) == {"früh"}


def test_the_same_trials_in_two_formats_are_refused(tmp_path):
    for name in ("sub-01-epo.fif", "sub-01.set"):
        save(tmp_path, name, epochs(names=NAMES[:4]))
    with pytest.raises(DataError, match="trial 5 holds the same samples as trial 1"):
        read(tmp_path)


def test_sessions_are_joined_and_rated_in_a_table(tmp_path):
    for session in (10, 2):
        save(tmp_path, f"sub-01_ses-{session}-epo.fif", epochs(session))
    rows = [
        {"subject": "01", "session": f"ses-{session}", "trial": trial, "joy": trial + k}
        for k, session in enumerate((2, 10))
        for trial in range(1, 5)
    ]
    write_table(tmp_path / "joy.csv", rows)
    found = read(tmp_path, ratings_table="joy.csv")
    assert found["session"].to_numpy().tolist() == ["2"] * 4 + ["10"] * 4
    assert found["rating"].sel(scale="joy").to_numpy().tolist() == [1, 2, 3, 4, 2, 3, 4, 5]
    assert found["trial"].to_numpy().tolist() == list(range(1, 9))
    settings = RecordingSettings(ratings_table="joy.csv")
    names = [path.name for path in epoch_files.sources(tmp_path, "sub-01", settings=settings)]
    assert names == ["joy.csv", "sub-01_ses-2-epo.fif", "sub-01_ses-10-epo.fif"]


@pytest.mark.filterwarnings("ignore")  # of the writer
def test_each_fault_is_one_subjects_and_named(tmp_path):
    for k in range(1, 7):
        save(tmp_path, f"sub-{k}-epo.fif", epochs(k))
    cut_short(tmp_path / "sub-2-epo.fif")
    flat = epochs(3)
    flat._data[1, 1] = 0
    flat.save(tmp_path / "sub-3-epo.fif", overwrite=True, verbose="error")
    save(tmp_path, "sub-4_ses-2-epo.fif", epochs(9, names=NAMES[:3]))
    (tmp_path / "sub-5-epo.fif").unlink()
    raw = mne.io.RawArray(noise(5, 9, 128) * 1e-6, epochs().info, verbose="error")
    mne.export.export_raw(tmp_path / "sub-5.set", raw, verbose="error")
    twice = epochs(6)
    twice._data[1] = twice._data[0]
    twice.save(tmp_path / "sub-6-epo.fif", overwrite=True, verbose="error")
    found = check_each(epoch_files.subjects(tmp_path), partial(epoch_files.read, tmp_path))
    told = {name: error and str(error) for name, error in found.items()}
    assert told.pop("sub-1") is None
    for name, words in {
        "sub-2": "MNE cannot read its epochs",
        "sub-3": r"channel Cz is flat",
        "sub-4": "its files do not fit each other",
        "sub-5": "If it is one whole recording, not cut into trials, use `dataset: files`",
        "sub-6": "trial 2",
    }.items():
        assert name in told[name] and words in told[name], told[name]


def test_epochs_are_not_set_against_single_channels(tmp_path):
    save(tmp_path, "sub-01-epo.fif", epochs())
    with pytest.raises(DataError, match=r"Set it in MNE before, or use 'average'"):
        read(tmp_path, eeg_reference=["M1"])


def test_a_folder_without_epochs(tmp_path):
    with pytest.raises(DataError, match="holds no file of epochs but nothing"):
        epoch_files.subjects(tmp_path)
