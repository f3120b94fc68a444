"""How far chance reaches: what ridge scores with permuted labels, refitted each time.

For one subject's trials, for a study, and for cohorts in which there is nothing to find.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from emolib.errors import DataError, check_option
from emolib.evaluation.linear import ridge_smoother
from emolib.evaluation.permutation import (
    PermutationTest,
    joint_stimulus_test,
    within_subject_test,
)
from emolib.splits.folds import stable_seed
from emolib.splits.protocols import (
    leave_subjects_and_stimuli_out,
    leave_subjects_out,
    trial_grouped,
)

NULLS = ("independent", "shared", "stimulus_locked")


def of_study(
    x: np.ndarray,
    table: pd.DataFrame,
    subject: str,
    *,
    tasks: Sequence[str],
    n_folds: int,
    seed: int = 0,
) -> dict[tuple[str, str], PermutationTest]:
    """Say what permuted labels reach with ridge: one subject's trials, and everybody's.

    The subject alone: trial-grouped, labels permuted among the trials that are tested together.
    All: leave-subjects-and-stimuli-out, one permutation of the stimuli for everybody.

    Parameters
    ----------
    x : numpy.ndarray, (n_rows, ...)
    table : pandas.DataFrame, one row per window
        As for `emolib.splits`.
    subject : str
        Who stands for one subject.
    tasks : sequence of str
        The class columns, of two classes each.
    n_folds, seed : int

    Returns
    -------
    dict of (who, task) to PermutationTest
        Those that the data can serve; `who` is the subject's name or "all subjects".
    """
    tests: dict[tuple[str, str], PermutationTest] = {}
    for task in tasks:
        for who in (subject, "all subjects"):
            alone = who == subject
            chosen = (table[task] >= 0) & ((table["subject"] == subject) if alone else True)
            rows = table[chosen].reset_index(drop=True)
            protocol = trial_grouped if alone else leave_subjects_and_stimuli_out
            try:
                folds = protocol(rows, n_folds=n_folds, seed=seed, tasks=())
                operator = ridge_smoother(x[chosen.to_numpy()], rows, folds)
                test = (
                    within_subject_test(operator, task, within_fold=True, seed=seed)
                    if alone
                    else joint_stimulus_test(operator, task, seed=seed)
                )
            except DataError:
                continue
            # With few trials no fold may hold both classes, or all permutations may score alike:
            # there is no range then.
            if np.isfinite([test.value, *test.null]).all() and np.ptp(test.null) > 0:
                tests[who, task] = test
    return tests


def of_noise(n_subjects: int, *, n_trials: int = 40, seed: int = 0) -> PermutationTest:
    """Say what permuted labels reach with ridge where there is nothing to find.

    One subject is tested trial-grouped, labels permuted among the trials that are tested
    together; several under leave-subjects-out, one permutation of the stimuli for everybody.
    """
    rng = np.random.default_rng(stable_seed("chance", n_subjects, n_trials, seed))
    if n_subjects == 1:
        x, table = null_cohort("independent", rng, n_subjects=1, n_stimuli=n_trials)
        operator = ridge_smoother(x, table, trial_grouped(table, n_folds=5, seed=seed, tasks=()))
        return within_subject_test(operator, "valence", within_fold=True, seed=seed)
    x, table = null_cohort("shared", rng, n_subjects=n_subjects, n_stimuli=n_trials)
    operator = ridge_smoother(x, table, leave_subjects_out(table, n_folds=5, seed=seed, tasks=()))
    return joint_stimulus_test(operator, "valence", seed=seed)


def null_tests(
    kind: str,
    n_cohorts: int,
    *,
    n_permutations: int = 199,
    seed: int = 0,
) -> pd.DataFrame:
    """Test cohorts in which there is nothing to find, under leave-subjects-out with ridge.

    `python -m benchmarks.evidence nulls` counts the rejections over many such cohorts.

    Parameters
    ----------
    kind : str
        One of `NULLS`.
    n_cohorts, n_permutations, seed : int

    Returns
    -------
    pandas.DataFrame
        A row a cohort and test: ``cohort`` (from 1), ``test``, ``value`` (trial balanced
        accuracy), ``low`` and ``high`` (the permutations' 2.5 and 97.5 percentiles) and ``p``.
    """
    rows = []
    for cohort in range(1, n_cohorts + 1):
        own = stable_seed("null", kind, seed, cohort)
        x, table = null_cohort(kind, np.random.default_rng(own))
        folds = leave_subjects_out(table, n_folds=5, seed=seed, tasks=())
        operator = ridge_smoother(x, table, folds)
        for permute in (within_subject_test, joint_stimulus_test):
            test = permute(operator, "valence", n_permutations=n_permutations, seed=own)
            rows.append((cohort, test.kind, test.value, *test.null_interval, test.p))
    return pd.DataFrame(rows, columns=["cohort", "test", "value", "low", "high", "p"])


def null_cohort(
    kind: str,
    rng: np.random.Generator,
    *,
    n_subjects: int = 16,
    n_stimuli: int = 40,
    n_features: int = 20,
    stimulus_effect: float = 0.5,
) -> tuple[np.ndarray, pd.DataFrame]:
    """Draw features (n_trials, n_features) that are unrelated to their labels, and their table.

    Of the kinds, "independent" draws a label for each trial; in "shared" labels mostly follow the
    stimulus, as ratings do; "stimulus_locked" adds a response that all subjects share for a
    stimulus, unrelated to its label, of `stimulus_effect` standard deviations of the noise.
    """
    check_option("kind", kind, NULLS)
    subject, stimulus = np.divmod(np.arange(n_subjects * n_stimuli), n_stimuli)
    labels = rng.integers(0, 2, len(subject))
    x = rng.normal(size=(len(subject), n_features))
    if kind != "independent":
        of_stimulus = rng.permutation(np.arange(n_stimuli) % 2)
        follows = rng.random(len(subject)) < 0.8
        labels = np.where(follows, of_stimulus[stimulus], labels)
    if kind == "stimulus_locked":
        x += stimulus_effect * rng.normal(size=(n_stimuli, n_features))[stimulus]
    names = [f"sub-{s + 1:02d}" for s in subject]
    columns = {"subject": names, "trial": stimulus + 1, "stimulus": stimulus, "window": 0}
    return x, pd.DataFrame(columns | {"valence": labels})
