"""How many windows a trial is worth: closed forms, a case by hand, and the law behind it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from emolib.evaluation.variance import (
    anova_icc,
    design_effect,
    effective_windows,
    variance_components,
)

RNG = np.random.default_rng(0)


def predictions(right, *, folds=None, protocol="trial_grouped", **common) -> pd.DataFrame:
    """Windows of one subject: a list of 0 and 1, wrong and right, for each trial."""
    rows = [
        {"trial": trial, "window": window, "probability": 0.9 if hit else 0.1, "label": 1}
        for trial, hits in enumerate(right)
        for window, hit in enumerate(hits)
    ]
    whole = {"protocol": protocol, "stage": "pooled", "subject": "sub-01", "task": "valence"}
    table = pd.DataFrame(rows).assign(fold=0, **whole | common)
    return table if folds is None else table.assign(fold=table["window"] % folds)


def found(table: pd.DataFrame) -> pd.Series:
    (row,) = effective_windows(table).to_dict("records")
    return pd.Series(row)


def test_windows_that_are_all_right_or_all_wrong_are_worth_one():
    row = found(predictions([[1] * 6, [0] * 6, [1] * 6, [1] * 6]))
    assert row["icc"] == pytest.approx(1)
    assert row["design_effect"] == pytest.approx(6)
    assert row["effective"] == pytest.approx(row["trials"])
    assert (row["subjects"], row["trials"], row["windows"]) == (1, 4, 24)


def test_unequal_trials_that_are_all_right_or_all_wrong():
    """Then a mean over windows weighs trials by their length: (sum n)^2 / sum n^2 (Kish)."""
    sizes = np.array([2, 4, 10])
    row = found(predictions([[hit] * n for hit, n in zip((1, 0, 1), sizes, strict=True)]))
    assert row["icc"] == pytest.approx(1)
    assert row["effective"] == pytest.approx(sizes.sum() ** 2 / (sizes**2).sum())


def test_by_hand():
    """Three trials of 4 windows, 4, 2 and 0 right.

    Between: 4 (1/4 + 0 + 1/4) / 2 = 1. Within: 4 * 1/4 / 9 = 1/9. ICC: (1 - 1/9) / (1 + 3/9).
    """
    row = found(predictions([[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0]]))
    assert row["icc"] == pytest.approx(2 / 3)
    assert row["design_effect"] == pytest.approx(3)
    assert row["effective"] == pytest.approx(4)


def test_by_hand_with_unequal_trials():
    """Trials of 2 and 4 windows, 2 and 1 right: n0 = 6 - 20 / 6 = 8 / 3, of 2 - 1 = 1.

    Between: 2 (1/2)^2 + 4 (1/4)^2 = 3/4. Within: 0 + 4 * 3/16 = 3/4, over 4.
    """
    icc = anova_icc(np.array([2, 1]), np.array([2, 4]))
    between, within, n0 = 3 / 4, 3 / 16, 8 / 3
    assert icc == pytest.approx((between - within) / (between + (n0 - 1) * within))
    assert design_effect(icc, np.array([2, 4])) == pytest.approx(1 + (20 / 6 - 1) * icc)


def test_independent_windows_are_worth_about_all():
    rng = np.random.default_rng(0)
    right = (rng.random((4000, 20)) < 0.6).sum(axis=1)
    size = np.full(4000, 20)
    icc = anova_icc(right, size)
    assert icc == pytest.approx(0, abs=0.003)
    assert design_effect(icc, size) == pytest.approx(1, abs=0.05)


def test_more_even_than_chance_is_never_worth_more_than_all():
    """Each trial half right: the correlation is below zero, and the design effect stops at 1."""
    row = found(predictions([[1, 0]] * 5))
    assert row["icc"] == pytest.approx(-1)
    assert row["design_effect"] == 1
    assert row["effective"] == row["windows"] == 10


@pytest.mark.parametrize("sizes", [[20] * 30, [5] * 20 + [40] * 10], ids=["equal", "unequal"])
def test_the_design_effect_is_the_factor_on_the_variance(sizes):
    """Beta-binomial trials of a known ICC, 1 / (a + b + 1); 6,000 cohorts of them."""
    rng, a, b = np.random.default_rng(3), 1.2, 0.8
    n = np.tile(sizes, (6000, 1))
    right = rng.binomial(n, rng.beta(a, b, n.shape))
    p, icc = a / (a + b), 1 / (a + b + 1)
    share = right.sum(axis=1) / n.sum(axis=1)
    factor = share.var() / (p * (1 - p) / n[0].sum())
    assert design_effect(icc, n[0]) == pytest.approx(factor, rel=0.06)
    estimates = [anova_icc(*pair) for pair in zip(right[:500], n[:500], strict=True)]
    assert np.mean(estimates) == pytest.approx(icc, abs=0.02)


@pytest.mark.parametrize(
    "right",
    [[[1, 1], [1, 1]], [[1], [0], [1]], [[1, 0, 1]]],
    ids=["all right", "one window a trial", "one trial"],
)
def test_where_nothing_can_be_estimated_nothing_is(right):
    row = found(predictions(right))
    assert np.isnan([row["icc"], row["design_effect"], row["effective"]]).all()
    assert row["trials"] == len(right)


def test_a_trial_whose_windows_are_in_several_folds_is_one_trial():
    right = [[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0]]
    spread = found(predictions(right, folds=2, protocol="window_wise"))
    assert (spread["trials"], spread["icc"]) == (3, pytest.approx(2 / 3))


def test_trials_of_two_subjects_with_one_number_are_two():
    one = predictions([[1, 1], [0, 0]])
    row = found(pd.concat([one, one.assign(subject="sub-02")]))
    assert (row["subjects"], row["trials"], row["windows"]) == (2, 4, 8)


def test_of_several_trainings_the_first_is_counted():
    first, second = predictions([[1, 1], [0, 1]]), predictions([[1, 1], [0, 0]])
    both = pd.concat([first.assign(repeat=0), second.assign(repeat=1, fold=1)])
    pd.testing.assert_series_equal(found(both), found(first))


def test_a_row_a_protocol_stage_and_task():
    one = predictions([[1, 1], [0, 1]])
    other = one.assign(protocol="window_wise", task="arousal")
    table = effective_windows(pd.concat([one, other]))
    assert table[["protocol", "stage", "task"]].to_numpy().tolist() == [
        ["trial_grouped", "pooled", "valence"],
        ["window_wise", "pooled", "arousal"],
    ]


def ragged() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values (window, 3, 2), subjects and trials: 3 people, trials of 1 to 9 windows, shuffled."""
    lengths = RNG.integers(1, 10, size=(3, 5))
    subject = np.repeat(["a", "b", "c"], lengths.sum(axis=1))
    trial = np.concatenate([np.repeat(np.arange(5), each) for each in lengths])
    order = RNG.permutation(len(trial))
    return RNG.normal(2, 3, (len(trial), 3, 2)), subject[order], trial[order]


def test_parts_add_up_to_the_variance():
    values, subject, trial = ragged()
    parts = variance_components(values, subject, trial)
    np.testing.assert_allclose(sum(parts), values.var(axis=0), rtol=1e-12)
    assert sum(parts.shares) == pytest.approx(1)


def test_parts_solved_by_hand():
    # Two people of means 1 and 3 (part 1), trials 0.5 to either side (0.25), windows 0.1 (0.01).
    person, trial, window = np.meshgrid([1, 3], [-0.5, 0.5], [-0.1, 0.1], indexing="ij")
    values = (person + trial + window).ravel()
    parts = variance_components(values, np.repeat([1, 2], 4), np.tile([1, 1, 2, 2], 2))
    assert parts == pytest.approx((1, 0.25, 0.01))


def test_a_constant_a_trial_leaves_the_windows_part_and_one_a_person_the_trials_too():
    values, subject, trial = ragged()
    before = variance_components(values, subject, trial).mean()
    level = dict(zip("abc", RNG.normal(size=(3, 3, 2)), strict=True))
    shifted = values + np.array([level[name] for name in subject])
    after = variance_components(shifted, subject, trial).mean()
    assert after[1:] == pytest.approx(before[1:]) and after.subject != pytest.approx(before.subject)
    of_trial = RNG.normal(size=(3, 5))["abc".index("a"), trial]  # by trial number, person or not
    after = variance_components(values + of_trial[:, None, None], subject, trial).mean()
    assert after.window == pytest.approx(before.window)
    assert after.trial != pytest.approx(before.trial)


class TestIntraclassCorrelation:
    def test_of_noise_it_is_one_over_the_windows(self):
        values = np.random.default_rng(0).normal(size=(400 * 10, 6))
        trial = np.repeat(np.arange(400), 10)
        given = variance_components(values, np.repeat("a", 4000), trial).intraclass_correlation
        np.testing.assert_allclose(given, 0.1, atol=0.02)

    def test_differences_between_subjects_are_none_between_trials(self):
        rng = np.random.default_rng(0)
        subject, trial = np.repeat(["a", "b"], 200), np.tile(np.repeat(np.arange(20), 10), 2)
        values = rng.normal(size=400) + 100 * (subject == "b")
        assert variance_components(values, subject, trial).intraclass_correlation < 0.2

    def test_trials_of_one_number_are_different_trials_of_two_subjects(self):
        values = np.array([1.0, 1, 3, 3, 30, 30, 10, 10])
        trial, subject = np.array([1, 1, 2, 2, 1, 1, 2, 2]), np.repeat(["a", "b"], 4)
        found = variance_components(values, subject, trial)
        assert found.intraclass_correlation == pytest.approx(1.0)
