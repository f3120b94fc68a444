"""Classes from ratings: the side of the threshold, what is missing, and the weights."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from emolib.errors import DataError, SettingsError
from emolib.features.extraction import FeatureSettings, extract_features
from emolib.recordings.labels import Task, check_labels, trial_classes, window_table

TASKS = {"valence": Task("valence"), "arousal": Task("arousal")}
STATE = {"state": Task(classes=("rest", "arithmetic"))}


def recording(ratings=None, classes=None, n_samples=128):
    n_trials = len(ratings if ratings is not None else classes)
    noise = np.random.default_rng(0).normal(size=(n_trials, 2, n_samples))
    data = xr.Dataset(
        {"eeg": (("trial", "channel", "time"), noise)},
        {
            "trial": np.arange(1, n_trials + 1),
            "channel": ["Fz", "Cz"],
            "stimulus": ("trial", [f"video {i}" for i in range(n_trials)]),
        },
        {"dataset": "noise", "subject": "sub-03", "sfreq": 128.0},
    )
    if ratings is not None:
        data["rating"] = (("trial", "scale"), np.asarray(ratings, float), {"low": 1.0, "high": 9.0})
        data = data.assign_coords(scale=["valence", "arousal"])
    if classes is not None:
        data["class"] = (("trial", "task"), np.asarray(classes, dtype=object)[:, np.newaxis])
        data = data.assign_coords(task=["state"])
    return data


def test_exactly_the_threshold_is_low_and_nothing_is_cut_to_an_integer():
    ratings = [[4.9, 5.1], [5.0, 5.0], [5.1, 4.9], [np.nextafter(5, 9), np.nextafter(5, 1)]]
    classes = trial_classes(recording(ratings), TASKS)
    assert classes["valence"].tolist() == [0, 0, 1, 1]
    assert classes["arousal"].tolist() == [1, 0, 0, 0]
    assert classes.index.name == "trial"
    assert classes.index.tolist() == [1, 2, 3, 4]


def test_a_fractional_threshold_is_not_cut_either():
    data = recording([[4.4, 5], [4.5, 5], [4.6, 5]])
    assert trial_classes(data, {"v": Task("valence", above=4.5)})["v"].tolist() == [0, 0, 1]


@given(st.lists(st.floats(1, 9) | st.just(np.nan), min_size=1, max_size=30), st.floats(1, 8.9))
def test_a_class_is_missing_exactly_where_the_rating_is(ratings, above):
    data = recording([[rating, 5.0] for rating in ratings])
    classes = trial_classes(data, {"v": Task("valence", above=above)})["v"]
    expected = [pd.NA if np.isnan(rating) else int(rating > above) for rating in ratings]
    assert classes.tolist() == expected


def test_a_missing_rating_leaves_the_trial_out_of_that_task_alone():
    features = extract_features(
        recording([[np.nan, 7.0], [6.0, np.nan]]), FeatureSettings(baseline="none")
    )
    table = window_table(features, TASKS)
    assert table.columns.tolist() == ["subject", "trial", "stimulus", "window", *TASKS]
    assert table["valence"].tolist() == [-1, -1, 1, 1]
    assert table["arousal"].tolist() == [1, 1, -1, -1]
    assert table["valence"].dtype == int
    assert table["window"].tolist() == [0, 1, 0, 1]
    assert table["stimulus"].tolist() == ["video 0"] * 2 + ["video 1"] * 2
    assert set(table["subject"]) == {"sub-03"}


def test_labels_follow_the_trial_when_windows_are_picked():
    """A selection of windows must not shift the ratings of the trials that remain."""
    features = extract_features(
        recording([[1.0, 1.0], [9.0, 1.0], [1.0, 9.0]]), FeatureSettings(baseline="none")
    )
    table = window_table(features.isel(window=[4, 2, 5]), TASKS)
    assert table["trial"].tolist() == [3, 2, 3]
    assert table["valence"].tolist() == [0, 1, 0]
    assert table["arousal"].tolist() == [1, 0, 1]


def test_features_and_recording_give_the_same_classes():
    data = recording([[1.0, np.nan], [9.0, 1.0], [5.0, 9.0]])
    features = extract_features(data, FeatureSettings(baseline="none"))
    pd.testing.assert_frame_equal(trial_classes(features, TASKS), trial_classes(data, TASKS))


def test_the_recordings_own_classes():
    data = recording(classes=["rest", "arithmetic", "", "rest"])
    assert trial_classes(data, STATE)["state"].tolist() == [0, 1, pd.NA, 0]


def test_more_than_two_classes_of_the_recordings_own():
    emotions = Task(classes=("negative", "neutral", "positive"))
    data = recording(classes=["positive", "negative", "neutral"])
    assert trial_classes(data, {"state": emotions})["state"].tolist() == [2, 0, 1]


def test_an_unknown_scale_is_named():
    with pytest.raises(SettingsError, match=r"no scale 'valance'\. Did you mean 'valence'"):
        trial_classes(recording([[1.0, 2.0]]), {"valence": Task("valance")})


def test_a_recording_without_ratings():
    with pytest.raises(SettingsError, match=r"no scale 'valence'\. It has no ratings at all"):
        trial_classes(recording(classes=["rest"]), TASKS)


def test_a_recording_without_such_classes():
    with pytest.raises(SettingsError, match=r"no classes for 'states'.*Did you mean 'state'"):
        trial_classes(recording(classes=["rest"]), {"states": STATE["state"]})


def test_a_recording_without_classes():
    with pytest.raises(SettingsError, match=r"no classes for 'state'.*Name the rating"):
        trial_classes(recording([[1.0, 2.0]]), STATE)


def test_a_class_that_the_task_does_not_name():
    with pytest.raises(DataError, match=r"holds 'arithmetics'.*Did you mean 'arithmetic'"):
        trial_classes(recording(classes=["rest", "arithmetics"]), STATE)


@pytest.mark.parametrize("above", [0.5, 9.0, np.nan])
def test_a_threshold_outside_the_scale(above):
    with pytest.raises(SettingsError, match=r"above: got .* runs from 1 to 9"):
        trial_classes(recording([[1.0, 2.0]]), {"v": Task("valence", above=above)})


@pytest.mark.parametrize("classes", [("low",), ("low", "low"), ("low", "middle", "high")])
def test_a_threshold_makes_two_different_classes(classes):
    with pytest.raises(SettingsError, match="classes: got"):
        Task("valence", classes=classes)


def test_words_among_ratings_are_told_by_trial():
    data = recording(classes=["3", "", "four", "5"])
    with pytest.raises(DataError, match=r"of sub-03: trial 3: state is 'four', no number"):
        trial_classes(data, {"state": Task("state")})


def test_a_rating_outside_its_scale_is_told_with_the_range_that_would_do():
    data = recording([[3.0, 5.0], [80.0, 5.0]])
    told = r"trial 2: valence is rated 80, outside 1-9.*`recordings: {rating_range: \[0, 100\]}`"
    with pytest.raises(DataError, match=told):
        trial_classes(data, TASKS)
    assert trial_classes(data, {"arousal": TASKS["arousal"]})["arousal"].tolist() == [0, 0]


@pytest.mark.parametrize("classes", [("1", "2"), (1, 2), ("01", "2.0")])
def test_ratings_are_classes_where_a_task_lists_them(classes):
    data = recording([[1.0, 2.0], [2.0, 2.0], [np.nan, 2.0]])
    assert trial_classes(data, {"valence": Task(classes=classes)})["valence"].tolist() == [
        0, 1, pd.NA,
    ]  # fmt: skip


def test_classes_that_are_the_same_number_are_not_two():
    with pytest.raises(SettingsError, match="Name two different classes"):
        Task(classes=("1", "1.0"))


def test_labels_that_are_all_missing_are_told():
    with pytest.raises(DataError, match="no trial has a class of any task: valence"):
        check_labels(recording([[np.nan, 5.0]]), {"valence": TASKS["valence"]})
