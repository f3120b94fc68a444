"""Scores as weighted sums over trials, and the two bootstraps that follow from it.

Every score of this project is an average over subjects, of an average over folds, of the
proportion of correct predictions (of each class, if balanced). Give each trial a weight, and all of
it is one matrix product, so that thousands of resamples cost no more than a few scores.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

INTERVAL = (0.025, 0.975)


@dataclass(frozen=True, eq=False)
class TrialCounts:
    """How many predictions of each trial were right, for one protocol, stage and task.

    A row is a trial in a fold; under the window-wise protocol a trial has a row in each of
    several folds.

    Attributes
    ----------
    subject, stimulus, trial, fold, label : numpy.ndarray, (n_rows,)
        `fold` is the one that tests the trial, `label` its true class.
    n_correct, n : dict of str to numpy.ndarray, (n_rows,)
        By unit, "window" or "trial": right predictions, and predictions.
    n_classes : int
    predicted : numpy.ndarray of int, (n_rows,)
        The class that each trial is predicted to have.
    """

    subject: np.ndarray
    stimulus: np.ndarray
    trial: np.ndarray
    fold: np.ndarray
    label: np.ndarray
    n_correct: dict[str, np.ndarray]
    n: dict[str, np.ndarray]
    n_classes: int
    predicted: np.ndarray


@dataclass(frozen=True, eq=False)
class SubjectFoldScores:
    """One metric of each subject in each fold, as a function of the trials' weights.

    A part is a class for a balanced metric, else all rows of a subject and fold.

    Attributes
    ----------
    subject, fold : numpy.ndarray, (n_scores,)
    right, total : numpy.ndarray, (n_rows, n_scores * n_parts)
        What each row adds to each part: right predictions, and predictions.
    n_parts : int
    """

    subject: np.ndarray
    fold: np.ndarray
    right: np.ndarray
    total: np.ndarray
    n_parts: int

    def values(self, weights: np.ndarray) -> np.ndarray:
        """Return the metric under weights (n_samples, n_rows) of the rows: (n_samples, n_scores).

        It is NaN where a part has no weight: a fold that lacks a class is skipped.
        """
        shape = (len(weights), len(self.subject), self.n_parts)
        right, total = weights @ self.right, weights @ self.total
        share = np.divide(right, total, out=np.full_like(right, np.nan), where=total > 0)
        return share.reshape(shape).mean(axis=2)

    def observed(self) -> np.ndarray:
        """Return the metric with every row counted once, (n_scores,)."""
        return self.values(np.ones((1, len(self.right))))[0]

    def of_subject(self, subject: object, rows: np.ndarray) -> SubjectFoldScores:
        """Return one subject's scores, of its own rows only."""
        own = self.subject == subject
        columns = np.repeat(own, self.n_parts)
        parts = (part[rows][:, columns] for part in (self.right, self.total))
        return SubjectFoldScores(self.subject[own], self.fold[own], *parts, self.n_parts)


def subject_fold_scores(
    counts: TrialCounts, *, unit: str = "trial", balanced: bool = True
) -> SubjectFoldScores:
    """Sort counts of trials or windows by subject and fold, and by class if `balanced`."""
    names = np.array([counts.subject.astype(str), counts.fold.astype(str)])
    _, first, at = np.unique(names, axis=1, return_index=True, return_inverse=True)
    n_parts = counts.n_classes if balanced else 1
    row, column = np.arange(len(at)), at * n_parts + (counts.label if balanced else 0)
    right = np.zeros((len(at), len(first) * n_parts))
    total = np.zeros_like(right)
    right[row, column], total[row, column] = counts.n_correct[unit], counts.n[unit]
    return SubjectFoldScores(counts.subject[first], counts.fold[first], right, total, n_parts)


def subject_means(counts: TrialCounts) -> pd.Series:
    """Average each subject's balanced accuracy of trials over folds; NaN where no fold has it."""
    scores = subject_fold_scores(counts)
    return pd.Series(scores.observed()).groupby(scores.subject).mean()


def group_mean(values: np.ndarray, subject: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Average scores (n_samples, n_scores) over folds, then over subjects: (n_samples,).

    NaN counts as skipped. `weights` (n_samples, n_subjects) are those of the sorted subjects.
    """
    of_subject = np.column_stack(
        [nanmean(values[:, subject == name]) for name in np.unique(subject)]
    )
    total = (weights * np.nan_to_num(of_subject)).sum(axis=1)
    count = (weights * ~np.isnan(of_subject)).sum(axis=1)
    return np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0)


def trial_bootstrap(counts: TrialCounts, subject: object, resamples: int, seed: int) -> np.ndarray:
    """Resample one subject's trials within each class; return weights (resamples, rows of it).

    Rows of one trial in several folds share their weight.
    """
    own = counts.subject == subject
    rng = np.random.default_rng(seed)
    _, first, of_row = np.unique(counts.trial[own], return_index=True, return_inverse=True)
    label = counts.label[own][first]
    drawn = np.zeros((resamples, len(first)))
    for c in np.unique(label):
        drawn[:, label == c] = bootstrap_weights(rng, int((label == c).sum()), resamples)
    return drawn[:, of_row]


def two_way_bootstrap(
    counts: TrialCounts, resamples: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Resample stimuli and, independently, subjects.

    Returns the weights (resamples, n_stimuli) and (resamples, n_subjects), in sorted order.
    """
    rng = np.random.default_rng(seed)
    of_stimulus = bootstrap_weights(rng, len(np.unique(counts.stimulus)), resamples)
    return of_stimulus, bootstrap_weights(rng, len(np.unique(counts.subject)), resamples)


def two_way_scores(
    counts: TrialCounts, scores: SubjectFoldScores, of_stimulus: np.ndarray, of_subject: np.ndarray
) -> np.ndarray:
    """Score each two-way resample, (resamples,)."""
    _, stimulus = np.unique(counts.stimulus, return_inverse=True)
    # Rows of one stimulus share their weight, so they are added up first.
    member = (stimulus == np.arange(of_stimulus.shape[1])[:, None]).astype(float)
    parts = (member @ part for part in (scores.right, scores.total))
    summed = SubjectFoldScores(scores.subject, scores.fold, *parts, scores.n_parts)
    return group_mean(summed.values(of_stimulus), scores.subject, of_subject)


def bootstrap_weights(rng: np.random.Generator, n: int, resamples: int) -> np.ndarray:
    """Count how often each of n comes in n draws with replacement, (resamples, n)."""
    at = rng.integers(n, size=(resamples, n)) + n * np.arange(resamples)[:, None]
    return np.bincount(at.ravel(), minlength=resamples * n).reshape(resamples, n).astype(float)


def nanmean(values: np.ndarray) -> np.ndarray:
    """Average over the last axis what is not NaN; unlike NumPy's, without a warning if all is."""
    known = ~np.isnan(values)
    count = known.sum(axis=-1)
    total = np.nan_to_num(values).sum(axis=-1)
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)


def percentiles(values: np.ndarray) -> tuple[float, float]:
    """Return the ends of the 95 % interval of what is not NaN."""
    values = values[~np.isnan(values)]
    if not len(values):
        return np.nan, np.nan
    low, high = np.quantile(values, INTERVAL)
    return float(low), float(high)
