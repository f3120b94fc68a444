"""Scores worked out by hand, and intervals that hold what they promise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score

from emolib.errors import DataError
from emolib.evaluation.scores import METRICS, SCORE_COLUMNS, score


def predictions(rows, **common) -> pd.DataFrame:
    """Rows of (subject, fold, trial, label, probabilities of its windows)."""
    whole = {"protocol": "trial_grouped", "stage": "pooled", "task": "valence"} | common
    return pd.DataFrame(
        [
            {
                **whole,
                "subject": subject,
                "fold": fold,
                "trial": trial,
                "label": label,
                "window": window,
                "probability": probability,
            }
            for subject, fold, trial, label, windows in rows
            for window, probability in enumerate(windows)
        ]
    )


def random_predictions(n_subjects=4, n_trials=12, seed=0, signal=0.0, **common) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for s in range(n_subjects):
        for t in range(n_trials):
            label = int(rng.integers(2))
            shift = signal * (label - 0.5)
            rows.append((f"s{s}", t % 3, t, label, np.clip(rng.random(4) + shift, 0, 1).tolist()))
    return predictions(rows, **common)


def cohort_row(scores: pd.DataFrame, metric: str) -> pd.Series:
    (row,) = (
        row
        for _, row in scores[scores["metric"] == metric].iterrows()
        if row["subject"] is pd.NA and row["fold"] is pd.NA
    )
    return row


BY_HAND = [
    # One subject, two folds. Fold 0: trials 1 and 2 right, 3 wrong. Fold 1: one class only.
    ("a", 0, 1, 0, [0.1, 0.2, 0.9]),  # mean .4: right; windows 2 of 3
    ("a", 0, 2, 1, [0.9, 0.9, 0.3]),  # mean .7: right; windows 2 of 3
    ("a", 0, 3, 1, [0.6, 0.1, 0.2]),  # mean .3: wrong; windows 1 of 3
    ("a", 1, 4, 0, [0.1, 0.1, 0.1]),  # right; windows 3 of 3
    # Another, one fold.
    ("b", 0, 1, 0, [0.5, 0.5, 0.5]),  # a half is not above a half: class 0, right
    ("b", 0, 2, 1, [0.4, 0.4, 0.4]),  # wrong
]


@pytest.mark.parametrize(
    ("metric", "a", "b", "skipped"),
    [
        # trials: fold 0 2/3, fold 1 1/1; b 1/2
        ("trial_accuracy", (2 / 3 + 1) / 2, 1 / 2, 0),
        # fold 0: classes 1/1 and 1/2; fold 1 lacks a class and is skipped
        ("trial_balanced_accuracy", (1 + 1 / 2) / 2, 1 / 2, 1),
        # windows: fold 0 5/9, fold 1 3/3; b 3/6
        ("window_accuracy", (5 / 9 + 1) / 2, 1 / 2, 0),
        # fold 0: 2/3 and 3/6
        ("window_balanced_accuracy", (2 / 3 + 1 / 2) / 2, 1 / 2, 1),
    ],
)
def test_scores_by_hand(metric, a, b, skipped):
    scores = score(predictions(BY_HAND), resamples=0)
    by_subject = scores[scores["subject"].notna() & (scores["metric"] == metric)]
    assert by_subject["value"].tolist() == pytest.approx([a, b])
    cohort = cohort_row(scores, metric)
    assert cohort["value"] == pytest.approx((a + b) / 2)
    assert cohort["skipped"] == skipped


def test_chance_is_the_majority_rate_or_one_over_the_classes():
    scores = score(predictions(BY_HAND), resamples=0)
    of = scores[scores["subject"].notna()].set_index(["metric", "subject"])["chance"]
    assert of["trial_accuracy"].tolist() == [0.5, 0.5]
    assert (of["trial_balanced_accuracy"] == 0.5).all()
    uneven = score(predictions(BY_HAND[:3]), resamples=0)
    assert cohort_row(uneven, "trial_accuracy")["chance"] == pytest.approx(2 / 3)


def test_a_constant_answer_has_the_majority_rate_and_half_if_balanced():
    rows = [("a", 0, t, int(t > 2), [0.8]) for t in range(10)]
    scores = score(predictions(rows), resamples=0)
    assert cohort_row(scores, "trial_accuracy")["value"] == pytest.approx(0.7)
    assert cohort_row(scores, "trial_balanced_accuracy")["value"] == pytest.approx(0.5)


@settings(max_examples=10)
@given(st.integers(0, 10_000))
def test_balanced_accuracy_agrees_with_scikit_learn(seed):
    table = random_predictions(2, 30, seed)
    scores = score(table, resamples=0)
    by_trial = table.groupby(["subject", "fold", "trial"])[["label", "probability"]].mean()
    cells = by_trial.groupby(["subject", "fold"])
    assume((cells["label"].nunique() == 2).all())  # else scikit-learn takes the one
    by_cell = cells.apply(
        lambda own: balanced_accuracy_score(own["label"], own["probability"] > 0.5)
    )
    expected = by_cell.groupby("subject").mean().mean()
    assert cohort_row(scores, "trial_balanced_accuracy")["value"] == pytest.approx(expected)


@settings(max_examples=5)
@given(st.integers(0, 99))
def test_the_order_of_rows_means_nothing(seed):
    table = random_predictions()
    other = table.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(score(table, resamples=50), score(other, resamples=50))


def test_each_subject_fold_and_the_cohort_have_a_row_of_each_metric():
    table = pd.concat(
        [random_predictions(), random_predictions(task="arousal", protocol="window_wise")]
    )
    scores = score(table, resamples=20)
    assert list(scores.columns) == list(SCORE_COLUMNS)
    assert len(scores) == 2 * len(METRICS) * (4 + 3 + 1)
    assert scores.loc[scores["protocol"] == "window_wise", "leaks"].all()
    assert not scores.loc[scores["protocol"] == "trial_grouped", "leaks"].any()
    assert scores.loc[scores["fold"].notna(), ["low", "high"]].isna().all(axis=None)


def test_intervals_hold_the_score_and_repeat():
    table = random_predictions(8, 24, signal=0.3)
    scores = score(table, resamples=400)
    whole = scores[scores["fold"].isna()]
    assert (whole["low"] <= whole["value"]).all()
    assert (whole["value"] <= whole["high"]).all()
    pd.testing.assert_frame_equal(scores, score(table, resamples=400))


def test_the_two_way_interval_is_wide_where_all_share_their_stimuli():
    """Eight subjects who err on the same stimuli know no more than one of them."""
    rng = np.random.default_rng(1)
    right = rng.random(40) < 0.7
    shared, alone = [], []
    for s in range(8):
        own = rng.random(40) < 0.7
        for t in range(40):
            label = t % 2
            for rows, ok in ((shared, right[t]), (alone, own[t])):
                rows.append((f"s{s}", t % 5, t, label, [0.9 if ok == bool(label) else 0.1]))
    width = {}
    for name, rows in (("shared", shared), ("alone", alone)):
        row = cohort_row(score(predictions(rows), resamples=600), "trial_accuracy")
        width[name] = row["high"] - row["low"]
    assert width["shared"] > 1.5 * width["alone"]


def test_one_subject_s_interval_follows_the_binomial():
    """40 trials, 70 % right in each class: a standard deviation of sqrt(.21 / 40)."""
    rows = [
        ("a", 0, t, t % 2, [0.9 if (t // 2 % 10 < 7) == bool(t % 2) else 0.1]) for t in range(40)
    ]
    scores = score(predictions(rows), resamples=4000)
    row = scores[scores["subject"].notna() & (scores["metric"] == "trial_balanced_accuracy")].iloc[
        0
    ]
    assert row["value"] == pytest.approx(0.7)
    assert row["high"] - row["low"] == pytest.approx(2 * 1.96 * np.sqrt(0.21 / 40), abs=0.04)


def test_one_subject_has_no_cohort_interval():
    assert np.isnan(cohort_row(score(random_predictions(1), resamples=20), "trial_accuracy")["low"])


def test_stimuli_are_taken_from_their_column_where_there_is_one():
    table = random_predictions(6, 12)
    same = table.assign(stimulus=table["trial"].astype(str))
    other = table.assign(stimulus=table["subject"] + table["trial"].astype(str))
    low = {
        name: cohort_row(score(t, resamples=200), "trial_accuracy")["low"]
        for name, t in (("trial", table), ("same", same), ("other", other))
    }
    assert low["trial"] != low["other"]
    assert np.isfinite(low["same"])


def test_three_classes():
    rows = predictions([("a", 0, t, t % 3, [0.0]) for t in range(6)])
    rows["probability"] = [0.1, 0.8, 0.2, 0.1, 0.2, 0.3]
    rows["probability_2"] = [0.1, 0.1, 0.7, 0.8, 0.1, 0.4]
    # class 0 has the rest: .8 .1 .1 .1 .7 .3; right, right, right, wrong, wrong, right
    scores = score(rows, resamples=0)
    assert cohort_row(scores, "trial_accuracy")["value"] == pytest.approx(4 / 6)
    balanced = cohort_row(scores, "trial_balanced_accuracy")
    assert balanced["value"] == pytest.approx((0.5 + 0.5 + 1) / 3)
    assert balanced["chance"] == pytest.approx(1 / 3)


def test_missing_labels_do_not_count():
    table = predictions([*BY_HAND, ("a", 0, 9, -1, [0.2, 0.3, 0.4])])
    assert cohort_row(score(table, resamples=0), "window_accuracy")["n"] == 18


def test_a_column_is_missing():
    table = predictions(BY_HAND).rename(columns={"probability": "probabilities"})
    with pytest.raises(DataError, match="no column 'probability'"):
        score(table)


def test_a_probability_that_is_none():
    with pytest.raises(DataError, match="no number from 0 to 1"):
        score(predictions([("a", 0, 1, 0, [np.nan])]))


@pytest.mark.parametrize("given", [{}, {"probability_2": [0.2, 0.8, np.nan]}])
def test_a_class_without_a_probability_is_told(given):
    keys = {"protocol": "trial_grouped", "fold": 0, "stage": "pooled", "subject": "sub-01"}
    rows = pd.DataFrame({"trial": range(3), "window": 0, "label": range(3), "task": "state"})
    with pytest.raises(DataError, match="'state': lack a probability; labels go up to 2"):
        score(rows.assign(probability=0.1, **keys, **given))


def test_no_labelled_row():
    with pytest.raises(DataError, match="hold no labelled row"):
        score(predictions([("a", 0, 1, -1, [0.5])]))
