"""Scores as weighted sums over trials, and the two bootstraps that follow from it.

Every score of this project is an average over subjects, of an average over folds, of the
share of right predictions (of each class, if balanced). Give each trial a weight, and all of
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
        Whose, of what, which, held out where, and the class it has.
    n_correct, n : dict of str to numpy.ndarray, (n_rows,)
        By unit, "window" or "trial": right predictions, and predictions.
    n_classes : int
    """

    subject: np.ndarray
    stimulus: np.ndarray
    trial: np.ndarray
    fold: np.ndarray
    label: np.ndarray
    n_correct: dict[str, np.ndarray]
    n: dict[str, np.ndarray]
    n_classes: int


@dataclass(frozen=True, eq=False)
class SubjectFoldScores:
    """The subject-by-fold cells of one metric.

    A part is a class for a balanced metric, else all rows of the cell.

    Attributes
    ----------
    subject, fold : numpy.ndarray, (n_cells,)
    right, total : numpy.ndarray, (n_rows, n_cells * n_parts)
        What each row adds to each part: right predictions, and predictions.
    n_parts : int
    """

    subject: np.ndarray
    fold: np.ndarray
    right: np.ndarray
    total: np.ndarray
    n_parts: int

    def values(self, weights: np.ndarray) -> np.ndarray:
        """Give the metric of each cell under weights of the rows.

        Parameters
        ----------
        weights : numpy.ndarray, (n_samples, n_rows)

        Returns
        -------
        numpy.ndarray, (n_samples, n_cells)
            NaN where a part has no weight: a fold that lacks a class is skipped.
        """
        shape = (len(weights), len(self.subject), self.n_parts)
        right, total = weights @ self.right, weights @ self.total
        share = np.divide(right, total, out=np.full_like(right, np.nan), where=total > 0)
        return share.reshape(shape).mean(axis=2)

    def observed(self) -> np.ndarray:
        """Give the metric of each cell as it was seen, every row counting once: (n_cells,)."""
        return self.values(np.ones((1, len(self.right))))[0]

    def of_subject(self, subject: object, rows: np.ndarray) -> SubjectFoldScores:
        """Keep one subject's cells and the rows that feed them."""
        own = self.subject == subject
        columns = np.repeat(own, self.n_parts)
        return SubjectFoldScores(
            self.subject[own],
            self.fold[own],
            self.right[rows][:, columns],
            self.total[rows][:, columns],
            self.n_parts,
        )


def subject_fold_scores(
    counts: TrialCounts, *, unit: str = "trial", balanced: bool = True
) -> SubjectFoldScores:
    """Sort counts into cells, a subject and fold each.

    Parameters
    ----------
    counts : TrialCounts
    unit : {"trial", "window"}
    balanced : bool
        Whether each class counts the same.
    """
    names = np.array([counts.subject.astype(str), counts.fold.astype(str)])
    _, first, cell = np.unique(names, axis=1, return_index=True, return_inverse=True)
    n_parts = counts.n_classes if balanced else 1
    row, column = np.arange(len(cell)), cell * n_parts + (counts.label if balanced else 0)
    right = np.zeros((len(cell), len(first) * n_parts))
    total = np.zeros_like(right)
    right[row, column], total[row, column] = counts.n_correct[unit], counts.n[unit]
    return SubjectFoldScores(counts.subject[first], counts.fold[first], right, total, n_parts)


def subject_means(counts: TrialCounts) -> pd.Series:
    """Average each subject's balanced accuracy of trials over folds; NaN where no fold has it."""
    of = subject_fold_scores(counts)
    return pd.Series(of.observed()).groupby(of.subject).mean()


def group_mean(values: np.ndarray, subject: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Average cells over folds, then over subjects.

    Parameters
    ----------
    values : numpy.ndarray, (n_samples, n_cells)
        NaN in skipped cells.
    subject : numpy.ndarray, (n_cells,)
    weights : numpy.ndarray, (n_samples, n_subjects)
        Of the subjects in sorted order.

    Returns
    -------
    numpy.ndarray, (n_samples,)
    """
    of_subject = np.column_stack(
        [nanmean(values[:, subject == name]) for name in np.unique(subject)]
    )
    total = (weights * np.nan_to_num(of_subject)).sum(axis=1)
    count = (weights * ~np.isnan(of_subject)).sum(axis=1)
    return np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0)


def trial_bootstrap(counts: TrialCounts, subject: object, resamples: int, seed: int) -> np.ndarray:
    """Draw one subject's trials with replacement within each class.

    Returns
    -------
    numpy.ndarray, (resamples, n_rows of the subject)
        Weights; rows of one trial in several folds share theirs.
    """
    own = counts.subject == subject
    rng = np.random.default_rng(seed)
    _, first, of_row = np.unique(counts.trial[own], return_index=True, return_inverse=True)
    label = counts.label[own][first]
    drawn = np.zeros((resamples, len(first)))
    for c in np.unique(label):
        drawn[:, label == c] = draw(rng, int((label == c).sum()), resamples)
    return drawn[:, of_row]


def two_way_bootstrap(
    counts: TrialCounts, resamples: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw stimuli and, independently, subjects with replacement.

    Returns
    -------
    of_stimulus : numpy.ndarray, (resamples, n_stimuli)
    of_subject : numpy.ndarray, (resamples, n_subjects)
        How often each was drawn, in sorted order.
    """
    rng = np.random.default_rng(seed)
    of_stimulus = draw(rng, len(np.unique(counts.stimulus)), resamples)
    return of_stimulus, draw(rng, len(np.unique(counts.subject)), resamples)


def two_way_scores(
    counts: TrialCounts, of: SubjectFoldScores, of_stimulus: np.ndarray, of_subject: np.ndarray
) -> np.ndarray:
    """Score each two-way resample, (resamples,)."""
    _, stimulus = np.unique(counts.stimulus, return_inverse=True)
    # Rows of one stimulus share their weight, so they are added up first.
    member = (stimulus == np.arange(of_stimulus.shape[1])[:, None]).astype(float)
    summed = SubjectFoldScores(
        of.subject, of.fold, member @ of.right, member @ of.total, of.n_parts
    )
    return group_mean(summed.values(of_stimulus), of.subject, of_subject)


def draw(rng: np.random.Generator, n: int, resamples: int) -> np.ndarray:
    """Count how often each of n comes in n draws with replacement, (resamples, n)."""
    at = rng.integers(n, size=(resamples, n)) + n * np.arange(resamples)[:, None]
    return np.bincount(at.ravel(), minlength=resamples * n).reshape(resamples, n).astype(float)


def nanmean(values: np.ndarray) -> np.ndarray:
    """Average each row over what is known; NaN where nothing is."""
    known = ~np.isnan(values)
    count = known.sum(axis=-1)
    total = np.nan_to_num(values).sum(axis=-1)
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)


def percentiles(values: np.ndarray) -> tuple[float, float]:
    """The ends of the 95 % interval of what is known."""
    values = values[~np.isnan(values)]
    if not len(values):
        return np.nan, np.nan
    low, high = np.quantile(values, INTERVAL)
    return float(low), float(high)
