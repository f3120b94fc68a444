"""Permuted labels: what is exchanged, and what stays together."""

import numpy as np
import pandas as pd
import pytest

from emolib.errors import DataError
from emolib.splits.shuffling import permuted_by_stimulus, permuted_by_trial

TASKS = ["valence", "arousal"]


@pytest.fixture
def table():
    """Three subjects who saw 8 stimuli in orders of their own; two windows a trial."""
    rng = np.random.default_rng(0)
    rows = []
    for subject in ("a", "b", "c"):
        for trial, stimulus in enumerate(rng.permutation(8), start=1):
            labels = rng.integers(0, 2, 2)
            rows += [(subject, trial, stimulus, window, *labels) for window in (0, 1)]
    return pd.DataFrame(rows, columns=["subject", "trial", "stimulus", "window", *TASKS])


@pytest.mark.parametrize("permuted", [permuted_by_stimulus, permuted_by_trial])
def test_a_trial_keeps_one_label_and_a_subject_its_counts(table, permuted):
    other = permuted(table, TASKS, seed=3)
    assert not other[TASKS].equals(table[TASKS])
    assert (other.groupby(["subject", "trial"])[TASKS].agg(np.ptp) == 0).all(axis=None)
    counts = ["subject", *TASKS]  # both tasks' labels move together
    before, after = (t.value_counts(counts).sort_index() for t in (table, other))
    pd.testing.assert_series_equal(before, after)
    keys = ["subject", "trial", "stimulus", "window"]
    pd.testing.assert_frame_equal(other[keys], table[keys])


def test_stimuli_are_exchanged_the_same_way_for_everybody(table):
    other = permuted_by_stimulus(table, TASKS, seed=3)
    before, after = (
        t.pivot_table(index="stimulus", columns="subject", values="valence") for t in (table, other)
    )
    # Rows are exchanged whole: as a collection they are the same.
    assert sorted(map(tuple, before.to_numpy())) == sorted(map(tuple, after.to_numpy()))


@pytest.mark.parametrize("permuted", [permuted_by_stimulus, permuted_by_trial])
def test_rows_may_come_in_any_order(table, permuted):
    shuffled = table.sample(frac=1, random_state=1)
    one = permuted(table, TASKS, seed=5)
    other = permuted(shuffled, TASKS, seed=5).loc[table.index]
    pd.testing.assert_frame_equal(one, other)


def test_a_subject_who_lacks_a_stimulus_is_named(table):
    lacking = table[(table["subject"] != "b") | (table["stimulus"] != 4)]
    with pytest.raises(DataError, match=r"trials of b.*cannot be exchanged jointly"):
        permuted_by_stimulus(lacking, TASKS, seed=0)
    assert len(permuted_by_trial(lacking, TASKS, seed=0)) == len(lacking)
