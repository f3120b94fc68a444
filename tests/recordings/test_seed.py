"""SEED's reader, on synthetic files of its format."""

from functools import partial

import numpy as np
import pytest
from scipy.io import savemat
from synthetic import (
    SEED_LABELS,
    SEED_NAMES,
    centred,
    check_each,
    cut_short,
    seed_session,
    write_seed,
)

from emolib.errors import DataError
from emolib.features.extraction import FeatureSettings, extract_features
from emolib.grid import canonical_name, to_brain_maps
from emolib.recordings import seed

FILES = ("1_20131027.mat", "1_20131030.mat", "2_20140404.mat", "10_20131130.mat")


@pytest.fixture
def folder(tmp_path):
    """Two sessions of the first person, one of the second and one of the tenth."""
    sessions = {name: seed_session(seed=i) for i, name in enumerate(FILES)}
    return write_seed(tmp_path / "Preprocessed_EEG", sessions)


def test_people_come_in_the_order_of_their_numbers(folder):
    (folder / ".DS_Store").touch()
    (folder / "readme.txt").touch()
    assert seed.subjects(folder) == seed.subjects(folder.parent) == ["sub-01", "sub-02", "sub-10"]
    assert [path.name for path in seed.sources(folder, "sub-01")] == ["label.mat", *FILES[:2]]


def test_trials_know_their_session(folder):
    assert seed.read(folder, "sub-01")["session"].to_numpy().tolist() == ["1"] * 15 + ["2"] * 15


def test_every_sample_is_where_it_belongs(folder):
    recording = seed.read(folder, "sub-10")
    written = seed_session(seed=3)
    assert recording["eeg"].dims == ("trial", "channel", "time")
    assert recording["eeg"].dtype == np.float32
    assert recording["channel"].values.tolist() == [canonical_name(name) for name in SEED_NAMES]
    for film in range(1, 16):  # as text, 10 would come before 2
        expected = written[f"abc_eeg{film}"].astype(np.float32)
        own = recording["eeg"].sel(trial=film).to_numpy()
        np.testing.assert_allclose(own[:, : 400 + film], centred(expected), atol=1e-4)
        assert np.isnan(own[:, 400 + film :]).all()
    assert recording["trial_samples"].values.tolist() == [400 + film for film in range(1, 16)]
    assert recording.attrs["sfreq"] == 200.0 and "baseline" not in recording


def test_labels_are_read_and_named(folder):
    recording = seed.read(folder, "sub-10")
    names = {-1: "negative", 0: "neutral", 1: "positive"}
    given = recording["class"].sel(task="emotion").values.tolist()
    assert given == [names[label] for label in SEED_LABELS]
    assert recording["stimulus"].values.tolist() == [f"{film:02d}" for film in range(1, 16)]


def test_a_sessions_films_follow_those_of_the_one_before(folder):
    recording = seed.read(folder, "sub-01")
    assert recording["trial"].values.tolist() == list(range(1, 31))
    assert recording["stimulus"].values.tolist() == 2 * [f"{film:02d}" for film in range(1, 16)]
    second = seed_session(seed=1)["abc_eeg1"].astype(np.float32)
    np.testing.assert_allclose(recording["eeg"].sel(trial=16)[:, :401], centred(second), atol=1e-4)
    assert any("2 of 3 sessions" in note for note in recording.attrs["notes"])


def test_names_of_people_in_the_files_are_not_passed_on(folder):
    savemat(folder / "2_20140404.mat", seed_session(initials="wangwu"))
    assert "wangwu" not in str(seed.read(folder, "sub-02"))


def test_all_electrodes_have_a_cell(folder):
    recording = seed.read(folder, "sub-10").isel(trial=slice(2))
    maps = to_brain_maps(extract_features(recording, FeatureSettings(baseline="none")))
    assert maps.sizes["window"] == 8 and (np.abs(maps[0, ..., 0]) > 0).sum() == 62


def test_check_reads_everybody_and_names_the_broken_file(folder):
    cut_short(folder / "2_20140404.mat")
    found = check_each(seed.subjects(folder), partial(seed.read, folder))
    assert found["sub-01"] is None and found["sub-10"] is None
    assert "2_20140404.mat" in str(found["sub-02"])
    assert "not a complete MATLAB file" in str(found["sub-02"])


def test_a_session_that_is_there_twice_is_refused(folder):
    again = seed_session(seed=0) | {"abc_eeg1": seed_session(seed=9)["abc_eeg1"]}
    savemat(folder / FILES[1], again)  # all clips but the first are those of the other date
    with pytest.raises(DataError, match=rf"{FILES[1]}: holds the same clips as {FILES[0]}"):
        seed.read(folder, "sub-01")


def spoilt(**changes):
    return {name: array for name, array in (seed_session() | changes).items() if array is not None}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"abc_eeg7": None}, r"holds clips 1, 2, 3, 4, 5, 6, 8, .*1 to 15 are expected"),
        ({"xyz_eeg7": np.ones((62, 400))}, r"two arrays end in 'eeg7'"),
        ({"abc_eeg3": np.ones((61, 400))}, r"clip 3 is 61 x 400 \(channel, sample\); 62 channels"),
        ({"abc_eeg3": np.ones((62, 400))}, r"trial 3, channel Fp1 is flat"),
        ({"abc_eeg3": np.array(["a"])}, r"clip 3 is of type"),
    ],
)
def test_a_file_of_another_form_is_told(tmp_path, changes, message):
    folder = write_seed(tmp_path, {"3_20140603.mat": spoilt(**changes)})
    with pytest.raises(DataError, match=message) as error:
        seed.read(folder, "sub-03")
    assert "3_20140603.mat" in str(error.value)


def test_labels_that_are_not_seeds_are_told(folder):
    savemat(folder / "label.mat", {"label": np.arange(15)[None]})
    with pytest.raises(DataError, match=r"label.mat: 'label' holds 2, 3, .*-1, 0 and 1"):
        seed.read(folder, "sub-01")
    (folder / "label.mat").unlink()
    with pytest.raises(DataError, match=r"label.mat: is not a file"):
        seed.read(folder, "sub-01")


def test_a_folder_without_sessions_shows_what_is_expected(tmp_path):
    (tmp_path / "s01.mat").touch()
    with pytest.raises(DataError, match=r"(?s)1_20131027.mat.*label.mat") as error:
        seed.subjects(tmp_path)
    assert "s01.mat" in str(error.value)


def test_people_are_in_the_order_of_their_numbers_whatever_a_session_is_called(tmp_path):
    for k in range(1, 16):
        (tmp_path / f"{k}_a.mat").touch()
    (tmp_path / "label.mat").touch()
    assert seed.subjects(tmp_path) == [f"sub-{k:02d}" for k in range(1, 16)]
    for k in (1, 10, 15):
        assert seed.sources(tmp_path, f"sub-{k:02d}")[1:] == [tmp_path / f"{k}_a.mat"]
