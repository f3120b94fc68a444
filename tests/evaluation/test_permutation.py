"""The permutation tests hold their level, find what is there, and agree with the long way."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from emolib.errors import DataError, SettingsError
from emolib.evaluation.linear import OPERATORS
from emolib.evaluation.nulls import null_cohort, rejection_band
from emolib.evaluation.permutation import (
    PermutationTest,
    false_positives,
    joint_stimulus_test,
    permutation_scores,
    within_subject_test,
)
from emolib.evaluation.reference import REFERENCE_MODELS, reference_predictions
from emolib.evaluation.scores import count_correct, score
from emolib.splits.folds import train_rows
from emolib.splits.protocols import leave_subjects_out, trial_grouped

SMALL = {"n_subjects": 6, "n_stimuli": 20, "n_features": 5}


def operator_of(x, table, protocol=leave_subjects_out, n_folds=3, model="ridge"):
    return OPERATORS[model](x, table, protocol(table, n_folds=n_folds, seed=0, tasks=()))


def rejections(kind: str, model: str, n: int = 30, **settings) -> tuple[int, int]:
    """In how many of n null cohorts the joint and the within-subject test reject at .05."""
    joint = within = 0
    for d in range(n):
        x, table = null_cohort(
            kind, np.random.default_rng(d), n_subjects=8, n_features=8, **settings
        )
        operator = operator_of(x, table, n_folds=4, model=model)
        joint += joint_stimulus_test(operator, "valence", n_permutations=39, seed=d).p <= 0.05
        within += within_subject_test(operator, "valence", n_permutations=39, seed=d).p <= 0.05
    return joint, within


@pytest.mark.parametrize("model", OPERATORS)
def test_the_joint_stimulus_test_holds_its_level_where_the_within_subject_one_must_not(model):
    """Stimuli that move all brains alike, whatever their label.

    Binomial(30, .05) is below 6 with probability .997; `benchmarks/evidence.py` counts 1,000.
    """
    joint, within = rejections("stimulus_locked", model, stimulus_effect=1.0)
    assert joint < 6
    assert within > 20


@pytest.mark.parametrize("model", OPERATORS)
def test_both_hold_their_level_under_independent_labels(model):
    assert max(rejections("independent", model)) < 6


def test_false_positives_are_counted_for_each_test_and_model():
    counted = false_positives("stimulus_locked", n_cohorts=8, n_permutations=19, model="lda")
    assert counted.index.tolist() == ["joint_stimulus", "within_subject"]
    assert counted["within_subject"] > counted["joint_stimulus"]
    assert counted["within_subject"] > rejection_band(8)[1]
    with pytest.raises(SettingsError, match="model: got 'svm'"):
        false_positives("shared", n_cohorts=1, model="svm")


@pytest.mark.parametrize("model", OPERATORS)
@pytest.mark.parametrize("protocol", [leave_subjects_out, trial_grouped])
@pytest.mark.parametrize("test", [joint_stimulus_test, within_subject_test])
def test_an_effect_is_found(test, protocol, model):
    x, table = null_cohort("independent", np.random.default_rng(0), **SMALL)
    x[:, 0] += 3 * table["valence"]
    found = test(operator_of(x, table, protocol, model=model), "valence", n_permutations=99)
    assert found.p == 0.01
    assert found.value > found.null_interval[1]
    assert found.value > found.minimum_detectable_score > 0.5


@pytest.mark.parametrize("n_windows", [1, 3])
def test_the_operator_is_the_refitted_model(n_windows):
    """Its scores are those of fitting ridge again on other labels, splits and all."""
    rng = np.random.default_rng(0)
    _, trials = null_cohort("shared", rng, **SMALL)
    table = trials.drop(columns="window").merge(
        pd.DataFrame({"window": np.arange(n_windows)}), how="cross"
    )
    x = rng.normal(size=(len(table), 5)) + 0.5 * table[["valence"]].to_numpy()
    operator = operator_of(x, table)
    other = operator.trials["valence"].to_numpy()[rng.permutation(len(operator.trials))]
    for labels in (operator.trials["valence"].to_numpy(), other):
        renamed = operator.trials[["subject", "trial"]].assign(valence=labels)
        relabelled = table.drop(columns="valence").merge(renamed, on=["subject", "trial"])
        given = _predicted_without_tasks(x, relabelled)
        scores = score(given, resamples=0)
        expected = scores[
            scores["subject"].isna()
            & scores["fold"].isna()
            & (scores["metric"] == "trial_balanced_accuracy")
        ]["value"].iloc[0]
        found = permutation_scores(operator, labels[:, None])[0]
        assert found == pytest.approx(expected)


def _predicted_without_tasks(x, table):
    """Ridge on the folds of the operator, which ignore the labels."""
    parts = []
    for k, fold in enumerate(leave_subjects_out(table, n_folds=3, seed=0, tasks=())):
        rows, labels = train_rows(fold), table["valence"].to_numpy()
        model = REFERENCE_MODELS["ridge"]().fit(x[rows], labels[rows])
        part = table.iloc[fold.test].rename(columns={"valence": "label"})
        part = part.assign(protocol="leave_subjects_out", fold=k, stage="ridge", task="valence")
        parts.append(part.assign(probability=model.predict_proba(x[fold.test])[:, 1]))
    return pd.concat(parts, ignore_index=True)


def test_p_by_hand():
    test = PermutationTest("within_subject", 0.6, np.array([0.5, 0.6, 0.7, 0.4]))
    assert test.p == 3 / 5
    assert "stimuli's identity included" in test.alternative_hypothesis


def test_permuting_within_folds_keeps_each_fold_s_classes():
    x, table = null_cohort("independent", np.random.default_rng(1), **(SMALL | {"n_subjects": 1}))
    operator = operator_of(x, table, trial_grouped, 4)
    given = within_subject_test(operator, "valence", within_fold=True, n_permutations=50)
    assert given.kind == "within_fold"
    # No cell can lack a class that it had, so that no permuted score is undefined.
    assert np.isfinite(given.null).all()


def test_joint_permutation_needs_the_same_stimuli_for_all():
    x, table = null_cohort("shared", np.random.default_rng(0), **SMALL)
    operator = operator_of(x[:-1], table[:-1])
    with pytest.raises(DataError, match="not every subject saw every stimulus once"):
        joint_stimulus_test(operator, "valence")


def test_missing_labels_cannot_be_permuted():
    x, table = null_cohort("shared", np.random.default_rng(0), **SMALL)
    operator = operator_of(x, table.assign(valence=table["valence"].where(table.index > 3, -1)))
    with pytest.raises(DataError, match="0 and 1 alone can be permuted"):
        joint_stimulus_test(operator, "valence")


def test_a_null_that_nobody_knows():
    with pytest.raises(SettingsError, match="kind: got 'random'"):
        null_cohort("random", np.random.default_rng(0))


def test_hits_come_from_the_predictions():
    x, table = null_cohort("independent", np.random.default_rng(0), **SMALL)
    given = reference_predictions(
        "majority", x, table, "trial_grouped", n_folds=3, seed=0, tasks=["valence"]
    )
    (counts,) = count_correct(given).values()
    assert counts.n["trial"].sum() == len(table)
