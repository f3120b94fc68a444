"""Linear discriminant analysis for all labellings, of the benchmarks: against scikit-learn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from smoothers import labellings, refitted, windows

from benchmarks import lda
from emolib.splits.folds import Fold
from emolib.splits.protocols import LEAKING, PROTOCOLS, leave_subjects_out, trial_grouped

HONEST = sorted(set(PROTOCOLS) - LEAKING)


@pytest.mark.parametrize("protocol", HONEST)
def test_lda_for_all_labellings_is_scikit_learns_for_each(protocol):
    x, table = windows()
    folds = list(PROTOCOLS[protocol](table, n_folds=3, seed=0, tasks=()))
    smoother = lda.lda_smoother(x, table, folds)
    trials, labels = smoother.trials, labellings(len(smoother.trials))
    given = smoother.decision_function(labels)

    def make(fold):
        shrinkage = smoother.parts[fold].shrinkage
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
        tested = trials.iloc[smoother.trial].set_index(["subject", "trial"]).index
        assert tested.equals(expected[0].index.append([one.index for one in expected[1:]]))


def test_shrinkage_looks_at_no_label_and_lies_within_its_range():
    x, table = windows()
    few = trial_grouped(table, n_folds=3, seed=0, tasks=())
    same = trial_grouped(table, n_folds=3, seed=0, tasks=())
    one = lda.lda_smoother(x, table, few)
    other = lda.lda_smoother(x, table.assign(valence=1 - table["valence"]), same)
    assert [part.shrinkage for part in one.parts] == [part.shrinkage for part in other.parts]
    assert all(0 < part.shrinkage < 1 for part in one.parts)


def test_features_that_add_up_to_zero_are_no_obstacle():
    """As z-scored windows do: their covariance has no inverse."""
    x, table = windows(n_features=4)
    x = x - x.mean(axis=1, keepdims=True)
    smoother = lda.lda_smoother(x, table, leave_subjects_out(table, n_folds=3, seed=0, tasks=()))
    given = smoother.decision_function(labellings(len(smoother.trials)))
    assert np.isfinite(given).all()
    # A feature less says the same, as the others tell it: W shrunk a little is not quite W.
    fewer = lda.lda_smoother(
        x[:, :3], table, leave_subjects_out(table, n_folds=3, seed=0, tasks=())
    )
    np.testing.assert_allclose(
        fewer.decision_function(labellings(len(smoother.trials))), given, atol=0.05
    )


@pytest.mark.parametrize("constant", [0, 1])
def test_who_saw_one_class_only_says_that_class(constant):
    x, table = windows()
    smoother = lda.lda_smoother(x, table, trial_grouped(table, n_folds=3, seed=0, tasks=()))
    labels = np.full((len(smoother.trials), 1), constant)
    np.testing.assert_allclose(smoother.decision_function(labels), constant - 0.5)


def test_blocks_change_nothing(monkeypatch):
    x, table = windows()
    smoother = lda.lda_smoother(x, table, trial_grouped(table, n_folds=3, seed=0, tasks=()))
    labels = labellings(len(smoother.trials), n=9)
    whole = smoother.decision_function(labels)
    monkeypatch.setattr(lda, "DECISIONS_AT_ONCE", 100)
    np.testing.assert_allclose(smoother.decision_function(labels), whole, atol=1e-12)


def test_one_feature_by_hand():
    """Two trials a class at +-1, one window each: the border is half way, the slope 2 / s^2."""
    table = pd.DataFrame({"subject": "s", "trial": range(5), "stimulus": range(5), "window": 0})
    x = np.array([[-2.0], [0.0], [1.0], [3.0], [0.5]])
    fold = Fold(np.arange(4), np.array([], int), np.array([4]))
    smoother = lda.lda_smoother(x, table, [fold])
    # Class means -1 and 2, variance within each 1, equal shares: 3 (0.5 - 0.5) = 0.
    labels = np.array([[0.0, 0], [0, 0], [1, 0], [1, 1], [0, 0]])
    even, one_of_four = smoother.decision_function(labels)[0]
    assert even == pytest.approx(0, abs=1e-12)
    # Means -1/3 and 3, variance within (14/9 * 3 + 0 * 1) / 4 = 7/6, shares 3/4 and 1/4.
    logit = (10 / 3) / (7 / 6) * (0.5 - (3 - 1 / 3) / 2) - np.log(3)
    assert one_of_four == pytest.approx(expit(logit) - 0.5)
