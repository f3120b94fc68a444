"""Operators are the models that they stand for, refitted on any labels: against scikit-learn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from emolib.evaluation import linear as operators
from emolib.evaluation.linear import lda_operator, ridge_smoother
from emolib.splits.folds import Fold, train_rows
from emolib.splits.protocols import PROTOCOLS, leave_subjects_out, trial_grouped

HONEST = sorted(set(PROTOCOLS) - {"window_wise"})


def windows(n_subjects=6, n_trials=12, n_features=7, seed=0, unequal=True):
    """Windows of trials, correlated features of unequal spread, and two tasks."""
    rng = np.random.default_rng(seed)
    n_windows = rng.integers(2, 5, n_subjects * n_trials) if unequal else 3
    trial = np.repeat(np.arange(n_subjects * n_trials), n_windows)
    table = pd.DataFrame(
        {
            "subject": [f"sub-{s + 1:02d}" for s in trial // n_trials],
            "trial": trial % n_trials,
            "stimulus": [f"v{t:02d}" for t in trial % n_trials],
            "window": pd.Series(trial).groupby(trial).cumcount(),
        }
    )
    table["valence"] = rng.permutation(np.arange(n_subjects * n_trials) % 2)[trial]
    mixed = rng.normal(size=(len(table), n_features)) @ rng.normal(size=(n_features, n_features))
    shift = np.outer(table["valence"], rng.normal(size=n_features))
    order = rng.permutation(len(table))  # the rows' order must mean nothing
    return (5 + mixed + shift)[order], table.iloc[order].reset_index(drop=True)


def labellings(n_trials: int, n=4, seed=1) -> np.ndarray:
    """Unequal shares of 1, (n_trials, n)."""
    shares = np.linspace(0.2, 0.8, n)
    return (np.random.default_rng(seed).random((n_trials, n)) < shares).astype(float)


def refitted(make, decide, x, table, folds, trials, labels):
    """Fit with scikit-learn for each fold; the mean decision of each tested trial, long way."""
    key = pd.MultiIndex.from_frame(table[["subject", "trial"]])
    found = []
    for fold in folds:
        of_row = pd.Series(labels, pd.MultiIndex.from_frame(trials[["subject", "trial"]])).loc[key]
        train = train_rows(fold)
        model = make(len(found)).fit(x[train], of_row.to_numpy()[train].astype(int))
        given = pd.Series(decide(model, x[fold.test]), key[fold.test])
        found.append(given.groupby(level=[0, 1]).mean())
    return found


@pytest.mark.parametrize("protocol", HONEST)
def test_lda_for_all_labellings_is_scikit_learns_for_each(protocol):
    x, table = windows()
    folds = list(PROTOCOLS[protocol](table, n_folds=3, seed=0, tasks=()))
    operator = lda_operator(x, table, folds)
    trials, labels = operator.trials, labellings(len(operator.trials))
    given = operator.decision_function(labels)

    def make(fold):
        shrinkage = operator.parts[fold].shrinkage
        return make_pipeline(
            StandardScaler(), LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage)
        )

    for column, own in enumerate(labels.T):
        expected = refitted(
            make, lambda model, z: model.predict_proba(z)[:, 1], x, table, folds, trials, own
        )
        np.testing.assert_allclose(
            given[:, column] + 0.5, np.concatenate(expected), rtol=0, atol=1e-10
        )
        tested = trials.iloc[operator.trial].set_index(["subject", "trial"]).index
        assert tested.equals(expected[0].index.append([one.index for one in expected[1:]]))


def test_ridge_for_all_labellings_is_scikit_learns_for_each():
    x, table = windows()
    folds = list(trial_grouped(table, n_folds=3, seed=0, tasks=()))
    operator = ridge_smoother(x, table, folds, alpha=2.0)
    labels = labellings(len(operator.trials))
    given = operator.decision_function(labels)
    for column, own in enumerate(labels.T):
        expected = refitted(
            lambda fold: make_pipeline(StandardScaler(), Ridge(2.0)),
            lambda model, z: model.predict(z) - model[-1].intercept_,
            *(x, table, folds, operator.trials, own),
        )
        np.testing.assert_allclose(given[:, column], np.concatenate(expected), atol=1e-10)


def test_shrinkage_looks_at_no_label_and_lies_within_its_range():
    x, table = windows()
    few = trial_grouped(table, n_folds=3, seed=0, tasks=())
    same = trial_grouped(table, n_folds=3, seed=0, tasks=())
    one = lda_operator(x, table, few)
    other = lda_operator(x, table.assign(valence=1 - table["valence"]), same)
    assert [part.shrinkage for part in one.parts] == [part.shrinkage for part in other.parts]
    assert all(0 < part.shrinkage < 1 for part in one.parts)


def test_features_that_add_up_to_zero_are_no_obstacle():
    """As z-scored windows do: their covariance has no inverse."""
    x, table = windows(n_features=4)
    x = x - x.mean(axis=1, keepdims=True)
    operator = lda_operator(x, table, leave_subjects_out(table, n_folds=3, seed=0, tasks=()))
    given = operator.decision_function(labellings(len(operator.trials)))
    assert np.isfinite(given).all()
    # A feature less says the same, as the others tell it: W shrunk a little is not quite W.
    fewer = lda_operator(x[:, :3], table, leave_subjects_out(table, n_folds=3, seed=0, tasks=()))
    np.testing.assert_allclose(
        fewer.decision_function(labellings(len(operator.trials))), given, atol=0.05
    )


@pytest.mark.parametrize("constant", [0, 1])
def test_who_saw_one_class_only_says_that_class(constant):
    x, table = windows()
    operator = lda_operator(x, table, trial_grouped(table, n_folds=3, seed=0, tasks=()))
    labels = np.full((len(operator.trials), 1), constant)
    np.testing.assert_allclose(operator.decision_function(labels), constant - 0.5)


def test_blocks_change_nothing(monkeypatch):
    x, table = windows()
    operator = lda_operator(x, table, trial_grouped(table, n_folds=3, seed=0, tasks=()))
    labels = labellings(len(operator.trials), n=9)
    whole = operator.decision_function(labels)
    monkeypatch.setattr(operators, "DECISIONS_AT_ONCE", 100)
    np.testing.assert_allclose(operator.decision_function(labels), whole, atol=1e-12)


def test_one_feature_by_hand():
    """Two trials a class at +-1, one window each: the border is half way, the slope 2 / s^2."""
    table = pd.DataFrame({"subject": "s", "trial": range(5), "stimulus": range(5), "window": 0})
    x = np.array([[-2.0], [0.0], [1.0], [3.0], [0.5]])
    fold = Fold(np.arange(4), np.array([], int), np.array([4]))
    operator = lda_operator(x, table, [fold])
    # Class means -1 and 2, variance within each 1, equal shares: 3 (0.5 - 0.5) = 0.
    labels = np.array([[0.0, 0], [0, 0], [1, 0], [1, 1], [0, 0]])
    even, one_of_four = operator.decision_function(labels)[0]
    assert even == pytest.approx(0, abs=1e-12)
    # Means -1/3 and 3, variance within (14/9 * 3 + 0 * 1) / 4 = 7/6, shares 3/4 and 1/4.
    logit = (10 / 3) / (7 / 6) * (0.5 - (3 - 1 / 3) / 2) - np.log(3)
    assert one_of_four == pytest.approx(expit(logit) - 0.5)


def test_train_rows_never_hold_the_test():
    _, table = windows()
    for protocol in PROTOCOLS.values():
        for fold in protocol(table, n_folds=3, seed=0):
            assert not np.isin(train_rows(fold), fold.test).any()
    leaking = Fold(np.array([0, 1]), np.array([2]), np.array([2]), leaks=True)
    assert train_rows(leaking).tolist() == [0, 1]
