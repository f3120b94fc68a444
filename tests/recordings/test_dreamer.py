"""DREAMER's reader, on synthetic files of its format."""

from functools import partial

import numpy as np
import pytest
from synthetic import DREAMER_NAMES, check_each, cut_short, dreamer_person, write_dreamer

from emolib.errors import DataError
from emolib.features.extraction import FeatureSettings, extract_features
from emolib.recordings import dreamer


@pytest.fixture(scope="module")
def people():
    return [dreamer_person(seed) for seed in range(23)]


@pytest.fixture(scope="module")
def file(people, tmp_path_factory):
    return write_dreamer(tmp_path_factory.mktemp("dreamer") / "DREAMER.mat", people)


def test_all_people_are_named_without_opening_the_file(tmp_path):
    (tmp_path / "DREAMER.mat").touch()
    names = dreamer.subjects(tmp_path)
    assert names == dreamer.subjects(tmp_path / "DREAMER.mat")
    assert len(names) == 23 and names[0] == "sub-01" and names[-1] == "sub-23"
    assert dreamer.sources(tmp_path, "sub-07") == [tmp_path / "DREAMER.mat"]


def test_every_sample_is_where_it_belongs_less_its_mean(file, people):
    recording = dreamer.read(file, "sub-04")
    written = people[3]["EEG"]
    assert recording["channel"].values.tolist() == list(DREAMER_NAMES)
    assert recording["trial"].values.tolist() == list(range(1, 19))
    assert recording["stimulus"].values.tolist() == [f"{film:02d}" for film in range(1, 19)]
    for k in range(1, 19):
        for name, field, length in (("eeg", "stimuli", 128 + k), ("baseline", "baseline", 128)):
            expected = written[field][k - 1, 0].T
            expected = (expected - expected.mean(axis=1, keepdims=True)).astype(np.float32)
            own = recording[name].sel(trial=k).to_numpy()
            np.testing.assert_array_equal(own[:, :length], expected)
            assert np.isnan(own[:, length:]).all()
    assert recording["trial_samples"].values.tolist() == [128 + k for k in range(1, 19)]
    assert recording.attrs["sfreq"] == 128.0
    assert any("mean" in note for note in recording.attrs["notes"])


def test_ratings_go_from_one_to_five(file, people):
    rating = dreamer.read(file.parent, "sub-23")["rating"]
    assert rating.attrs == {"low": 1.0, "high": 5.0}
    assert rating["scale"].values.tolist() == ["valence", "arousal", "dominance"]
    for scale, field in (("valence", "ScoreValence"), ("dominance", "ScoreDominance")):
        expected = people[22][field].ravel().tolist()
        assert rating.sel(scale=scale).values.tolist() == expected


def test_age_and_gender_are_not_passed_on(file):
    assert "male" not in str(dreamer.read(file, "sub-01"))


def test_an_offset_makes_no_first_window_of_its_own(file):
    """Band-passing a step of 4200 uV would ring for seconds."""
    recording = dreamer.read(file, "sub-01")
    features = extract_features(recording, FeatureSettings(normalise="none", kinds=("de",)))
    first = features["feature"].isel(window=0).mean()
    assert abs(float(first - features["feature"].mean())) < 1.5


def test_lengths_that_are_all_the_same_are_read_too(tmp_path):
    person = dreamer_person()
    for film in range(18):
        person["EEG"]["stimuli"][film, 0] = person["EEG"]["stimuli"][film, 0][:128]
    recording = dreamer.read(write_dreamer(tmp_path / "DREAMER.mat", [person] * 23), "sub-01")
    assert recording["eeg"].shape == (18, 14, 128) and "trial_samples" not in recording.coords


def test_check_names_the_broken_person(tmp_path, people):
    flat = dreamer_person()
    flat["EEG"]["stimuli"][4, 0][:, 6] = 0
    file = write_dreamer(tmp_path / "DREAMER.mat", [*people[:5], flat, *people[6:]])
    found = check_each(dreamer.subjects(file), partial(dreamer.read, file))
    assert "trial 5, channel O1 is flat" in str(found.pop("sub-06"))
    assert len(found) == 22 and set(found.values()) == {None}


def spoilt(**changes):
    return dreamer_person() | changes


@pytest.mark.parametrize(
    ("person", "changes", "message"),
    [
        ({}, {"EEG_SamplingRate": 256}, r"256 Hz; 128 Hz is expected"),
        ({}, {"EEG_Electrodes": np.array([["Cz"] * 14], object)}, r"electrodes Cz, .* expected"),
        ({"ScoreValence": np.ones((17, 1))}, {}, r"person 1: 'ScoreValence' has 17 values; 18"),
        ({"EEG": {"baseline": np.ones((1, 1))}}, {}, r"person 1: holds no 'EEG.stimuli'"),
    ],
)
def test_a_file_of_another_form_is_told(tmp_path, person, changes, message):
    everybody = [dreamer_person() | person] * 23
    file = write_dreamer(tmp_path / "DREAMER.mat", everybody, **changes)
    with pytest.raises(DataError, match=message) as error:
        dreamer.read(file, "sub-01")
    assert "DREAMER.mat" in str(error.value)


def test_too_few_people_and_a_file_cut_short_are_told(tmp_path, people):
    file = write_dreamer(tmp_path / "DREAMER.mat", people[:2])
    with pytest.raises(DataError, match=r"holds 2 people; 23 are expected"):
        dreamer.read(file, "sub-01")
    cut_short(file)
    with pytest.raises(DataError, match=r"not a complete MATLAB file"):
        dreamer.read(file, "sub-01")


def test_a_folder_without_the_file_shows_what_is_expected(tmp_path):
    (tmp_path / "s01.mat").touch()
    with pytest.raises(DataError, match=r"(?s)DREAMER.mat.*s01.mat"):
        dreamer.subjects(tmp_path)
