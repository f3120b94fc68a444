"""Ridge refitted on any labels against scikit-learn, and reference models: what they must find."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from smoothers import labellings, noise, refitted, windows

from emolib.errors import SettingsError
from emolib.evaluation.linear import (
    REFERENCE_MODELS,
    RIDGE_ALPHA,
    CentredRidge,
    reference_predictions,
    ridge_smoother,
)
from emolib.evaluation.scores import score
from emolib.model.predictions import COLUMNS
from emolib.splits.folds import Fold, train_rows
from emolib.splits.protocols import PROTOCOLS, trial_grouped


def test_ridge_for_all_labellings_is_scikit_learns_for_each():
    x, table = windows()
    folds = list(trial_grouped(table, n_folds=3, seed=0, tasks=()))
    smoother = ridge_smoother(x, table, folds)
    labels = labellings(len(smoother.trials))
    given = smoother.decision_function(labels)
    for column, own in enumerate(labels.T):
        expected = refitted(
            lambda fold: make_pipeline(StandardScaler(), Ridge(RIDGE_ALPHA)),
            lambda model, z: model.predict(z) - model[-1].intercept_,
            *(x, table, folds, smoother.trials, own),
        )
        np.testing.assert_allclose(given[:, column], np.concatenate(expected), atol=1e-10)


def test_train_rows_never_hold_the_test():
    _, table = windows()
    for protocol in PROTOCOLS.values():
        for fold in protocol(table, n_folds=3, seed=0):
            assert not np.isin(train_rows(fold), fold.test).any()
    leaking = Fold(np.array([0, 1]), np.array([2]), np.array([2]), leaks=True)
    assert train_rows(leaking).tolist() == [0, 1]


def balanced(predictions: pd.DataFrame, metric="window_balanced_accuracy") -> float:
    scores = score(predictions, resamples=0)
    whole = scores[scores["subject"].isna() & scores["fold"].isna()]
    return whole[whole["metric"] == metric]["value"].mean()


def predicted(name, x, table, protocol, tasks=("valence", "arousal")):
    return reference_predictions(name, x, table, protocol, n_folds=4, seed=0, tasks=list(tasks))


LEARNING = [name for name in REFERENCE_MODELS if name != "majority"]


def test_the_majority_class_is_that_of_the_training_rows():
    x, table = noise(n_trials=12, n_windows=3)
    table["valence"] = (table["trial"] % 3 == 0).astype(int)
    given = predicted("majority", x, table, "trial_grouped", ["valence"])
    assert (given["probability"] < 0.5).all()


@pytest.mark.parametrize("name", LEARNING)
def test_a_fingerprint_of_the_trial_is_enough_for_window_wise_and_for_nothing_else(name):
    x, table = noise(n_subjects=1, fingerprint=1.0)
    assert balanced(predicted(name, x, table, "window_wise")) > 0.75
    assert balanced(predicted(name, x, table, "trial_grouped")) < 0.65


@pytest.mark.parametrize("name", LEARNING)
@pytest.mark.parametrize("protocol", ["trial_grouped", "leave_subjects_out"])
def test_an_effect_is_found_on_held_out_trials_and_subjects(name, protocol):
    x, table = noise(n_subjects=6, n_features=5)
    x[:, 0] += 3 * table["valence"]
    assert balanced(predicted(name, x, table, protocol, ["valence"])) > 0.85


@pytest.mark.parametrize("name", REFERENCE_MODELS)
def test_every_model_fills_the_predictions_table(name):
    x, table = noise(n_trials=8, n_windows=3)
    given = predicted(name, x.reshape(len(x), 5, 8), table, "trial_grouped")
    assert set(COLUMNS) <= set(given.columns)
    assert len(given) == 2 * len(table)
    assert given["probability"].between(0, 1).all()


def test_missing_labels_are_neither_fitted_nor_predicted():
    x, table = noise(n_trials=8, n_windows=3)
    table.loc[table["trial"] == 2, "valence"] = -1
    given = predicted("ridge", x, table, "trial_grouped", ["valence"])
    assert 2 not in set(given["trial"])


def test_three_classes_are_found():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"subject": "s", "trial": np.arange(60), "window": 0})
    table = table.assign(stimulus=table["trial"], emotion=table["trial"] % 3)
    x = rng.normal(size=(60, 3)) + 4 * np.eye(3)[table["emotion"]]
    given = predicted("ridge", x, table, "trial_grouped", ["emotion"])
    assert balanced(given, "trial_balanced_accuracy") > 0.9


def test_ridge_gives_nothing_to_a_common_class():
    """Without any signal the decision is at one half, whatever the classes' shares."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2000, 3)), (rng.random(2000) < 0.9).astype(int)
    given = CentredRidge().fit(x, y).predict_proba(rng.normal(size=(500, 3)))
    assert given[:, 1].mean() == pytest.approx(0.5, abs=0.01)


def test_a_model_that_nobody_knows():
    with pytest.raises(SettingsError, match="Did you mean 'ridge'"):
        predicted("rigde", *noise(n_trials=8, n_windows=3), "trial_grouped")
