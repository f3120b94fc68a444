"""How far chance reaches: ranges about one half, and what a shared stimulus does to them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from emolib.lessons import chance


def test_one_persons_forty_trials_say_little():
    test = chance.of_noise(1)
    low, high = test.null_interval
    # Of a prototype: the standard deviation is about .10, its 95th percentile about .675.
    assert test.null.std() == pytest.approx(0.10, abs=0.02)
    assert np.quantile(test.null, 0.95) == pytest.approx(0.675, abs=0.03)
    assert low < 0.36 and 0.64 < high < test.minimum_detectable_score


def test_a_cohort_says_more_than_a_person():
    one, many = chance.of_noise(1), chance.of_noise(16)
    assert many.null.std() < one.null.std() / 2
    assert many.kind == "joint_stimulus" and one.kind == "within_fold"
    assert chance.of_noise(16).p == many.p


def test_a_response_to_the_stimulus_fools_one_test_and_not_the_other():
    tests = chance.null_tests("stimulus_locked", 6, n_permutations=99)
    assert tests.columns.tolist() == ["cohort", "test", "value", "low", "high", "p"]
    rejected = (tests["p"] <= 0.05).groupby(tests["test"]).sum()
    assert rejected["within_subject"] >= 4 and rejected["joint_stimulus"] <= 2
    middle = (tests["low"] + tests["high"]).groupby(tests["test"]).mean() / 2
    assert middle["within_subject"] == pytest.approx(0.5, abs=0.02)
    assert middle["joint_stimulus"] > 0.53


def study(n_trials: int, effect: float, n_subjects: int = 6) -> tuple[np.ndarray, pd.DataFrame]:
    rng = np.random.default_rng(0)
    subject, trial = np.divmod(np.arange(n_subjects * n_trials), n_trials)
    label = trial % 2
    names = [f"sub-{s}" for s in subject]
    columns = {"subject": names, "trial": trial, "stimulus": trial, "window": 0, "valence": label}
    x = rng.normal(size=(len(subject), 4))
    x[:, 0] += effect * label
    return x, pd.DataFrame(columns)


def test_an_effect_lies_outside_of_the_range_and_none_within():
    for effect, found in ((4.0, True), (0.0, False)):
        x, table = study(24, effect)
        tests = chance.of_study(x, table, "sub-2", tasks=["valence"], n_folds=3)
        assert list(tests) == [("sub-2", "valence"), ("all subjects", "valence")]
        for test in tests.values():
            assert (test.value > test.null_interval[1]) is found


def test_what_cannot_be_tested_is_left_out():
    x, table = study(24, 0)
    table.loc[table["subject"] == "sub-0", "stimulus"] += 100  # films of his own
    assert list(chance.of_study(x, table, "sub-0", tasks=["valence"], n_folds=3)) == [
        ("sub-0", "valence")
    ]
    x, table = study(4, 0, n_subjects=2)  # far too few
    assert chance.of_study(x, table, "sub-0", tasks=["valence"], n_folds=4) == {}


def test_trials_without_a_label_do_not_count():
    x, table = study(24, 4)
    table.loc[table["stimulus"] >= 20, "valence"] = -1
    tests = chance.of_study(x, table, "sub-0", tasks=["valence"], n_folds=3)
    assert len(tests) == 2
