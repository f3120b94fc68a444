"""Permutation tests: is a score better than what permuted labels give?

Labels permuted against predictions that stay as they are reject too often where there is nothing
to find; fitting again on permuted labels does not. Where all subjects saw the same stimuli, only
one permutation of the stimuli for everybody keeps its level: see `joint_stimulus_test`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse, stats

from emolib.errors import DataError, check_option
from emolib.evaluation.bootstrap import group_mean, percentiles
from emolib.evaluation.linear import OPERATORS, Operator
from emolib.evaluation.nulls import ALPHA, null_cohort
from emolib.splits.folds import stable_seed
from emolib.splits.protocols import leave_subjects_out

PERMUTATIONS = 999
IN_BLOCKS = "the classes come in blocks, so that time alone tells them apart"
ALTERNATIVES = {
    "joint_stimulus": "better than an arbitrary labelling of the same stimuli",
    "within_subject": "any association with the labels, the stimuli's identity included",
    "within_fold": "any association with the labels within each fold",
}


@dataclass(frozen=True, eq=False)
class PermutationTest:
    """A score beside what permuted labels give, one-sided.

    Attributes
    ----------
    kind : str
        What was permuted, a key of `ALTERNATIVES`.
    value : float
        The score of the labels as they are.
    null : numpy.ndarray, (n_permutations,)
        The scores of permuted labels.
    """

    kind: str
    value: float
    null: np.ndarray

    @property
    def p(self) -> float:
        """``(1 + b) / (1 + m)``, b the number of null scores that reach the value."""
        # Scores are sums in different orders: equal ones may differ in their last bits.
        b = np.count_nonzero(self.null >= self.value - 1e-12)
        return (1 + b) / (1 + len(self.null))

    @property
    def alternative_hypothesis(self) -> str:
        """What a small p would be evidence for."""
        return ALTERNATIVES[self.kind]

    @property
    def null_interval(self) -> tuple[float, float]:
        """The null's 2.5 and 97.5 percentiles."""
        return percentiles(self.null)

    @property
    def minimum_detectable_score(self) -> float:
        """The score that would be found in 4 of 5 such experiments."""
        return minimum_detectable_score(self.null)


def minimum_detectable_score(null: np.ndarray) -> float:
    """Say which score would be found in 4 of 5 experiments; a smaller one would often be missed.

    The null's 95th percentile and .84 of its standard deviation.

    Parameters
    ----------
    null : numpy.ndarray
        Scores where there is nothing to find.

    Examples
    --------
    >>> minimum_detectable_score(np.full(9, 0.5))
    0.5
    """
    return float(np.quantile(null, 1 - ALPHA) + stats.norm.ppf(0.8) * null.std())


def permutation_scores(operator: Operator, labels: np.ndarray) -> np.ndarray:
    """Refit on each labelling and score it.

    Parameters
    ----------
    operator : Operator
    labels : numpy.ndarray of 0 and 1, (n_trials, n_labellings)

    Returns
    -------
    numpy.ndarray, (n_labellings,)
        Trial balanced accuracy within subject and fold, averaged over folds, then subjects.
    """
    labels = np.asarray(labels, float)
    truth = labels[operator.trial]  # (n_tests, n_labellings)
    high = (operator.decision_function(labels) > 0).astype(float)
    subject = operator.trials["subject"].to_numpy()[operator.trial]
    names = np.array([subject.astype(str), operator.fold.astype(str)])
    _, first, cell = np.unique(names, axis=1, return_index=True, return_inverse=True)
    ones = np.ones(len(cell))
    member = sparse.csr_matrix((ones, (cell, np.arange(len(cell)))))  # (n_cells, n_tests)
    n_high, n_all = member @ truth, member @ np.ones_like(truth)
    with np.errstate(invalid="ignore", divide="ignore"):  # a cell that lacks a class is NaN
        of_high = (member @ (truth * high)) / n_high
        of_low = (member @ ((1 - truth) * (1 - high))) / (n_all - n_high)
    values = ((of_high + of_low) / 2).T  # (n_labellings, n_cells)
    weights = np.ones((len(values), len(np.unique(subject))))
    return group_mean(values, subject[first], weights)


def observed_score(operator: Operator, task: str) -> float:
    """Score the labels as they are; parameters as `joint_stimulus_test`."""
    return float(permutation_scores(operator, _labels(operator.trials, task)[:, None])[0])


def joint_stimulus_test(
    operator: Operator, task: str, *, n_permutations: int = PERMUTATIONS, seed: int = 0
) -> PermutationTest:
    """Permute the stimuli, the same way for every subject, and fit again.

    Under the null any assignment of labels to stimuli is as good as the true one, even where
    all brains respond alike to a stimulus.

    Parameters
    ----------
    operator : Operator
        From folds that do not depend on the labels.
    task : str
        A class column of the operator's trials, of classes 0 and 1. Tasks that are tested
        with the same seed share their permutations.
    n_permutations, seed : int

    Returns
    -------
    PermutationTest

    Raises
    ------
    DataError
        A subject lacks a stimulus or its label, or saw it twice: nothing to exchange.
    """
    trials = operator.trials
    grid = trials.pivot_table(index="subject", columns="stimulus", values="trial", aggfunc="size")
    if not (grid == 1).all(axis=None):
        raise DataError(
            "trials",
            "not every subject saw every stimulus once; labels cannot be exchanged jointly.",
            "Leave out the stimuli that some subject lacks.",
        )
    labels = _labels(trials, task)
    stimulus = np.unique(trials["stimulus"].to_numpy(), return_inverse=True)[1]
    subject = np.unique(trials["subject"].to_numpy(), return_inverse=True)[1]
    row = np.empty(grid.shape, int)  # the row of each subject and stimulus
    row[subject, stimulus] = np.arange(len(trials))
    rng = np.random.default_rng(seed)
    drawn = np.stack([rng.permutation(grid.shape[1]) for _ in range(n_permutations)])
    permuted = labels[row[subject[:, None], drawn[:, stimulus].T]]  # (n_trials, n_permutations)
    return _test("joint_stimulus", operator, labels, permuted)


def within_subject_test(
    operator: Operator,
    task: str,
    *,
    within_fold: bool = False,
    n_permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> PermutationTest:
    """Permute each subject's labels on their own, and fit again.

    It finds any association, that of the stimuli's identity too: where subjects saw the same
    stimuli it is no test of emotion. For a model of one subject, `within_fold` permutes among
    the trials that are tested together. Parameters as `joint_stimulus_test`.
    """
    trials = operator.trials
    labels = _labels(trials, task)
    block = trials["subject"].astype(str)
    if within_fold:
        fold = pd.Series(operator.fold, index=operator.trial).groupby(level=0).first()
        block = block + "/" + fold.reindex(range(len(trials))).astype(str)
    rng = np.random.default_rng(seed)
    permuted = np.empty((len(labels), n_permutations))
    for rows in block.groupby(block).indices.values():
        shuffled = rng.permuted(np.tile(labels[rows], (n_permutations, 1)), axis=1)
        permuted[rows] = shuffled.T
    kind = "within_fold" if within_fold else "within_subject"
    return _test(kind, operator, labels, permuted)


def is_block_design(labels: np.ndarray, *, n_permutations: int = 999, seed: int = 0) -> bool:
    """Say whether classes come in blocks: far fewer changes from trial to trial than by chance.

    Then time alone tells the classes apart, and permuting trials is no fair comparison.

    Parameters
    ----------
    labels : array of int, shape (trial,)
        In the order of the trials.
    n_permutations, seed : int
        How many random orders it is held against.

    Examples
    --------
    >>> is_block_design(np.repeat([0, 1], 20)), is_block_design(np.tile([0, 0, 1, 1], 10))
    (True, False)
    """
    rng = np.random.default_rng(seed)
    orders = rng.permuted(np.tile(labels, (n_permutations, 1)), axis=1)
    changes = np.count_nonzero(np.diff(orders, axis=1), axis=1)
    return bool((changes <= np.count_nonzero(np.diff(labels))).mean() < ALPHA / 10)


def false_positives(
    kind: str,
    *,
    n_cohorts: int = 1000,
    n_permutations: int = 199,
    seed: int = 0,
    model: str = "ridge",
) -> pd.Series:
    """Count how often each test rejects at .05 on null cohorts under leave-subjects-out.

    Of 1,000 cohorts a test that holds its level rejects in 29 to 74 (see
    `emolib.evaluation.nulls.rejection_band`). On "stimulus_locked" the within-subject test must
    fail that, since it finds the stimuli's identity, and the joint-stimulus one must not.

    Parameters
    ----------
    kind : str
        See `emolib.evaluation.nulls.null_cohort`.
    n_cohorts, n_permutations, seed : int
    model : {"ridge", "lda"}
        Which model is fitted again.

    Returns
    -------
    pandas.Series of int
        Rejections by test.
    """
    prepare = OPERATORS[check_option("model", model, OPERATORS)]
    counts = {"joint_stimulus": 0, "within_subject": 0}
    _, table = null_cohort(kind, np.random.default_rng(seed))
    # Folds that do not depend on the labels are those of all cohorts.
    folds = list(leave_subjects_out(table, n_folds=5, seed=seed, tasks=()))
    for d in range(n_cohorts):
        own = stable_seed(seed, kind, d)
        x, table = null_cohort(kind, np.random.default_rng(own))
        operator = prepare(x, table, folds)
        for test in (joint_stimulus_test, within_subject_test):
            given = test(operator, "valence", n_permutations=n_permutations, seed=own)
            counts[given.kind] += given.p <= ALPHA
    return pd.Series(counts, dtype=int)


def _labels(trials: pd.DataFrame, task: str) -> np.ndarray:
    labels = trials[task].to_numpy(float)
    if not np.isin(labels, (0, 1)).all():
        raise DataError(
            f"task {task!r}",
            f"has the classes {sorted(set(labels))}, 0 and 1 alone can be permuted.",
            "Leave out trials without a label.",
        )
    return labels


def _test(
    kind: str, operator: Operator, labels: np.ndarray, permuted: np.ndarray
) -> PermutationTest:
    value = float(permutation_scores(operator, labels[:, None])[0])
    return PermutationTest(kind, value, permutation_scores(operator, permuted))
