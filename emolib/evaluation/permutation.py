"""Permutation tests: is a score better than what permuted labels give?

Labels permuted against predictions that stay as they are reject too often where there is nothing
to find; fitting again on permuted labels does not. Where all subjects saw the same stimuli, only
one permutation of the stimuli for everybody keeps its level: see `joint_stimulus_test`.

For one subject's trials there is a quicker scale, guessing: one subject has few trials, so the
range is wide, and most scores of one person lie in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse, stats

from emolib.errors import DataError
from emolib.evaluation.bootstrap import TrialCounts, group_mean, percentiles
from emolib.evaluation.linear import RidgeSmoother
from emolib.evaluation.scores import ESTIMAND, pooled_scores

ALPHA = 0.05  # significance level of every test
PERMUTATIONS = 999
GUESSES = 4000  # of all of a subject's trials
NOT_TWO = "only two classes are compared"
IN_BLOCKS = "the classes come in blocks, so that time alone tells them apart"
# What a small p of `joint_stimulus_test` is evidence for.
ALTERNATIVE = "better than an arbitrary labelling of the same stimuli"


@dataclass(frozen=True, eq=False)
class PermutationTest:
    """A score beside what permuted labels give, one-sided.

    Attributes
    ----------
    value : float
        The score of the labels as they are.
    null : numpy.ndarray, (n_permutations,)
        The scores of permuted labels.
    """

    value: float
    null: np.ndarray

    @property
    def p(self) -> float:
        """``(1 + b) / (1 + m)``, b the number of null scores that reach it; NaN without a value."""
        if np.isnan(self.value):
            return np.nan
        # Scores are sums in different orders: equal ones may differ in their last bits.
        b = np.count_nonzero(~(self.null < self.value - 1e-12))  # one that is NaN counts against
        return (1 + b) / (1 + len(self.null))

    @property
    def null_interval(self) -> tuple[float, float]:
        """The null's 2.5 and 97.5 percentiles."""
        return percentiles(self.null)

    @property
    def minimum_detectable_score(self) -> float:
        """The score that would be found in 4 of 5 such experiments."""
        return minimum_detectable_score(self.null)


def minimum_detectable_score(null: np.ndarray) -> float:
    """Return the score that is found with a power of 80 %; a smaller one would often be missed.

    It is the null's 95th percentile plus .84 of its standard deviation; NaN if all labellings
    score the same, because then no score can be told from them.

    Examples
    --------
    >>> round(minimum_detectable_score(np.array([0.4, 0.5, 0.6])), 3)
    0.659
    >>> minimum_detectable_score(np.full(9, 0.5))
    nan
    """
    if np.ptp(null) < 1e-12:
        return np.nan
    return float(np.quantile(null, 1 - ALPHA) + stats.norm.ppf(0.8) * null.std())


def permutation_scores(smoother: RidgeSmoother, labels: np.ndarray) -> np.ndarray:
    """Refit on each labelling (n_trials, n_labellings) of 0 and 1, and score it.

    Returns the trial balanced accuracy within subject and fold, averaged over folds, then over
    subjects: (n_labellings,).
    """
    labels = np.asarray(labels, float)
    truth = labels[smoother.trial]  # (n_tests, n_labellings)
    high = (smoother.decision_function(labels) > 0).astype(float)
    subject = smoother.trials["subject"].to_numpy()[smoother.trial]
    names = np.array([subject.astype(str), smoother.fold.astype(str)])
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


def observed_score(smoother: RidgeSmoother, task: str) -> float:
    """Score the labels as they are; parameters as `joint_stimulus_test`."""
    return float(permutation_scores(smoother, _labels(smoother.trials, task)[:, None])[0])


def joint_stimulus_test(
    smoother: RidgeSmoother, task: str, *, n_permutations: int = PERMUTATIONS, seed: int = 0
) -> PermutationTest:
    """Permute the stimuli, the same way for every subject, and fit again.

    Under the null any assignment of labels to stimuli is as good as the true one, even where
    all brains respond alike to a stimulus.

    Parameters
    ----------
    smoother : RidgeSmoother
        From folds that do not depend on the labels.
    task : str
        A class column of the smoother's trials, of classes 0 and 1. Tasks that are tested
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
    trials = smoother.trials
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
    return _test(smoother, labels, permuted)


def within_subject_test(
    smoother: RidgeSmoother,
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
    trials = smoother.trials
    labels = _labels(trials, task)
    block = trials["subject"].astype(str)
    if within_fold:
        fold = pd.Series(smoother.fold, index=smoother.trial).groupby(level=0).first()
        block = block + "/" + fold.reindex(range(len(trials))).astype(str)
    rng = np.random.default_rng(seed)
    permuted = np.empty((len(labels), n_permutations))
    for rows in block.groupby(block).indices.values():
        shuffled = rng.permuted(np.tile(labels[rows], (n_permutations, 1)), axis=1)
        permuted[rows] = shuffled.T
    return _test(smoother, labels, permuted)


def is_block_design(labels: np.ndarray) -> bool:
    """Check whether classes come in blocks: far fewer changes in trial order than by chance.

    Then time alone tells the classes apart, and permuting trials is no fair comparison.

    Examples
    --------
    >>> is_block_design(np.repeat([0, 1], 20)), is_block_design(np.tile([0, 0, 1, 1], 10))
    (True, False)
    """
    orders = np.random.default_rng(0).permuted(np.tile(labels, (PERMUTATIONS, 1)), axis=1)
    changes = np.count_nonzero(np.diff(orders, axis=1), axis=1)
    return bool((changes <= np.count_nonzero(np.diff(labels))).mean() < ALPHA / 10)


def chance_scores(counts: TrialCounts, subject: str) -> np.ndarray:
    """Guess each of a subject's trials many times, and score that: (GUESSES,) balanced accuracies.

    Each trial is guessed with the probability one over the number of classes; balanced accuracy
    is computed within each fold and averaged. It is NaN where every fold lacks a class.

    Examples
    --------
    >>> counts = TrialCounts(subject=np.full(40, "sub-01"), stimulus=np.arange(40),
    ...     trial=np.arange(40), fold=np.zeros(40), label=np.repeat([0, 1], 20),
    ...     n_correct={"trial": np.ones(40)}, n={"trial": np.ones(40)}, n_classes=2,
    ...     predicted=np.repeat([0, 1], 20))
    >>> low, high = percentiles(chance_scores(counts, "sub-01"))
    >>> round(low, 2), round(high, 2)
    (0.35, 0.65)
    """
    own = counts.subject == subject
    label, fold = counts.label[own], counts.fold[own]
    right = np.random.default_rng(0).random((GUESSES, len(label))) < 1 / counts.n_classes
    by_fold = []
    for each in np.unique(fold):
        classes = [(fold == each) & (label == c) for c in range(counts.n_classes)]
        if all(members.any() for members in classes):
            by_fold.append(np.mean([right[:, m].mean(axis=1) for m in classes], axis=0))
    return np.mean(by_fold, axis=0) if by_fold else np.full(GUESSES, np.nan)


@dataclass(frozen=True)
class ChanceComparison:
    """A subject's balanced accuracy beside the range that guessing covers.

    Attributes
    ----------
    value, low, high : float
        The score, and the middle 95 of 100 guesses; NaN where every fold lacks a class.
    minimum_detectable_score : float

    Examples
    --------
    >>> print(ChanceComparison(0.60, 0.35, 0.65, 0.7).words)
    Balanced accuracy was 0.60; 95 % of random guesses fall between 0.35 and 0.65. A difference \
from guessing was not detected. With this number of trials, scores below 0.70 would often be missed.
    """

    value: float
    low: float
    high: float
    minimum_detectable_score: float

    @property
    def above(self) -> bool:
        """Whether the score lies above the range."""
        return self.value > self.high

    @property
    def words(self) -> str:
        """What may be said of it."""
        value, low, high = self.value, self.low, self.high
        if not np.isfinite([value, low, high]).all():
            return "No fold held all classes, so there is no balanced accuracy."
        text = (
            f"Balanced accuracy was {value:.2f}; 95 % of random guesses fall between {low:.2f} and "
            f"{high:.2f}. "
        )
        if low <= value <= high:
            needed = self.minimum_detectable_score
            missed = f"scores below {needed:.2f}" if needed < 1 else "even perfect scores"
            return text + (
                "A difference from guessing was not detected. With this number of trials, "
                f"{missed} would often be missed."
            )
        side = "above" if self.above else "below"
        return text + (
            f"The score is {side} that range. This is not a test: among many scores, some leave "
            "the range by chance."
        )


def compare_to_chance(
    counts: TrialCounts, scores: pd.DataFrame, subject: str, *, protocol: str, task: str
) -> ChanceComparison:
    """Compare a subject's score of the pooled network, of these counts, with guessing."""
    value = pooled_scores(scores, subject, protocol, task).loc[ESTIMAND, "value"]
    null = chance_scores(counts, subject)
    return ChanceComparison(float(value), *percentiles(null), minimum_detectable_score(null))


def _labels(trials: pd.DataFrame, task: str) -> np.ndarray:
    """Return a task's labels as floats, if they are 0 and 1 alone."""
    labels = trials[task].to_numpy(float)
    if not np.isin(labels, (0, 1)).all():
        raise DataError(
            f"task {task!r}",
            f"has the classes {sorted(set(labels))}, 0 and 1 alone can be permuted.",
            "Leave out trials without a label.",
        )
    return labels


def _test(smoother: RidgeSmoother, labels: np.ndarray, permuted: np.ndarray) -> PermutationTest:
    value = float(permutation_scores(smoother, labels[:, None])[0])
    return PermutationTest(value, permutation_scores(smoother, permuted))
