"""The permutation tests hold their level, find what is there, and agree with the long way."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.cohorts import NULLS, null_cohort
from emolib.errors import DataError, SettingsError
from emolib.evaluation.linear import REFERENCE_MODELS, reference_predictions, ridge_smoother
from emolib.evaluation.permutation import (
    PermutationTest,
    joint_stimulus_test,
    permutation_scores,
    within_subject_test,
)
from emolib.evaluation.scores import count_correct, score
from emolib.splits.folds import train_rows
from emolib.splits.protocols import leave_subjects_out, trial_grouped

SMALL = {"n_subjects": 6, "n_stimuli": 20, "n_features": 5}


def smoother_of(x, table, protocol=leave_subjects_out, n_folds=3):
    return ridge_smoother(x, table, protocol(table, n_folds=n_folds, seed=0, tasks=()))


def rejections(kind: str, n: int = 30, **settings) -> tuple[int, int]:
    """In how many of n null cohorts the joint and the within-subject test reject at .05."""
    joint = within = 0
    for d in range(n):
        x, table = null_cohort(
            kind, np.random.default_rng(d), n_subjects=8, n_features=8, **settings
        )
        smoother = smoother_of(x, table, n_folds=4)
        joint += joint_stimulus_test(smoother, "valence", n_permutations=39, seed=d).p <= 0.05
        within += within_subject_test(smoother, "valence", n_permutations=39, seed=d).p <= 0.05
    return joint, within


@pytest.mark.slow
def test_the_joint_stimulus_test_holds_its_level_where_the_within_subject_one_must_not():
    """Stimuli that move all brains alike, whatever their label.

    Binomial(30, .05) is below 6 with probability .997; `benchmarks/evidence.py` counts 1,000.
    """
    joint, within = rejections("stimulus_locked", stimulus_effect=1.0)
    assert joint < 6
    assert within > 20


@pytest.mark.slow
def test_both_hold_their_level_under_independent_labels():
    assert max(rejections("independent")) < 6


@pytest.mark.parametrize("protocol", [leave_subjects_out, trial_grouped])
@pytest.mark.parametrize("test", [joint_stimulus_test, within_subject_test])
def test_an_effect_is_found(test, protocol):
    x, table = null_cohort("independent", np.random.default_rng(0), **SMALL)
    x[:, 0] += 3 * table["valence"]
    found = test(smoother_of(x, table, protocol), "valence", n_permutations=99)
    assert found.p == 0.01
    assert found.value > found.null_interval[1]
    assert found.value > found.minimum_detectable_score > 0.5


@pytest.mark.parametrize("n_windows", [1, 3])
def test_the_smoother_is_the_refitted_model(n_windows):
    """Its scores are those of fitting ridge again on other labels, splits and all."""
    rng = np.random.default_rng(0)
    _, trials = null_cohort("shared", rng, **SMALL)
    table = trials.drop(columns="window").merge(
        pd.DataFrame({"window": np.arange(n_windows)}), how="cross"
    )
    x = rng.normal(size=(len(table), 5)) + 0.5 * table[["valence"]].to_numpy()
    smoother = smoother_of(x, table)
    other = smoother.trials["valence"].to_numpy()[rng.permutation(len(smoother.trials))]
    for labels in (smoother.trials["valence"].to_numpy(), other):
        renamed = smoother.trials[["subject", "trial"]].assign(valence=labels)
        relabelled = table.drop(columns="valence").merge(renamed, on=["subject", "trial"])
        given = _predicted_without_tasks(x, relabelled)
        scores = score(given, resamples=0)
        expected = scores[
            scores["subject"].isna()
            & scores["fold"].isna()
            & (scores["metric"] == "trial_balanced_accuracy")
        ]["value"].iloc[0]
        found = permutation_scores(smoother, labels[:, None])[0]
        assert found == pytest.approx(expected)


def _predicted_without_tasks(x, table):
    """Ridge on the folds of the smoother, which ignore the labels."""
    parts = []
    for k, fold in enumerate(leave_subjects_out(table, n_folds=3, seed=0, tasks=())):
        rows, labels = train_rows(fold), table["valence"].to_numpy()
        model = REFERENCE_MODELS["ridge"]().fit(x[rows], labels[rows])
        part = table.iloc[fold.test].rename(columns={"valence": "label"})
        part = part.assign(protocol="leave_subjects_out", fold=k, stage="ridge", task="valence")
        parts.append(part.assign(probability=model.predict_proba(x[fold.test])[:, 1]))
    return pd.concat(parts, ignore_index=True)


def test_p_by_hand():
    test = PermutationTest(0.6, np.array([0.5, 0.6, 0.7, 0.4]))
    assert test.p == 3 / 5
    assert PermutationTest(0.6, np.array([0.5, np.nan, 0.4])).p == 2 / 4
    assert np.isnan(PermutationTest(np.nan, np.full(4, np.nan)).p)  # no fold holds both classes


def test_permuting_within_folds_keeps_each_fold_s_classes():
    x, table = null_cohort("independent", np.random.default_rng(1), **(SMALL | {"n_subjects": 1}))
    smoother = smoother_of(x, table, trial_grouped, 4)
    given = within_subject_test(smoother, "valence", within_fold=True, n_permutations=50)
    # No cell can lack a class that it had, so that no permuted score is undefined.
    assert np.isfinite(given.null).all()


def test_joint_permutation_needs_the_same_stimuli_for_all():
    x, table = null_cohort("shared", np.random.default_rng(0), **SMALL)
    smoother = smoother_of(x[:-1], table[:-1])
    with pytest.raises(DataError, match="not every subject saw every stimulus once"):
        joint_stimulus_test(smoother, "valence")


def test_missing_labels_cannot_be_permuted():
    x, table = null_cohort("shared", np.random.default_rng(0), **SMALL)
    smoother = smoother_of(x, table.assign(valence=table["valence"].where(table.index > 3, -1)))
    with pytest.raises(DataError, match="0 and 1 alone can be permuted"):
        joint_stimulus_test(smoother, "valence")


def test_a_null_that_nobody_knows():
    with pytest.raises(SettingsError, match="kind: got 'random'"):
        null_cohort("random", np.random.default_rng(0))


def test_hits_come_from_the_predictions():
    x, table = null_cohort("independent", np.random.default_rng(0), **SMALL)
    given = reference_predictions(
        "ridge", x, table, "trial_grouped", n_folds=3, seed=0, tasks=["valence"]
    )
    (counts,) = count_correct(given).values()
    assert counts.n["trial"].sum() == len(table)


def agreement(table) -> float:
    """How often two subjects give one stimulus the same label; 1/2 if labels are independent."""
    share = table.groupby("stimulus")["valence"].mean()
    return float((share**2 + (1 - share) ** 2).mean())


@pytest.mark.parametrize("kind", NULLS)
def test_a_null_has_the_structure_of_its_name(kind):
    x, table = null_cohort(kind, np.random.default_rng(0), n_subjects=400, n_features=3)
    assert (table.groupby("subject").size() == 40).all()
    # Eight of ten labels follow the stimulus and half of the others do by chance: .9^2 + .1^2.
    expected = {"independent": 0.5}.get(kind, 0.82)
    assert agreement(table) == pytest.approx(expected, abs=0.01)
    # What all subjects share of a stimulus, beside noise of variance 1.
    shared = np.stack([x[table["stimulus"] == s].mean(axis=0) for s in range(40)]).std()
    assert shared == pytest.approx(0.5 if kind == "stimulus_locked" else 0.05, abs=0.1)


def test_the_response_to_a_stimulus_is_unrelated_to_its_label():
    of_cohorts = []
    for seed in range(60):
        x, table = null_cohort("stimulus_locked", np.random.default_rng(seed), n_features=1)
        of_cohorts.append(np.corrcoef(x[:, 0], table["valence"])[0, 1])
    assert abs(np.mean(of_cohorts)) < 4 * np.std(of_cohorts) / np.sqrt(60)
