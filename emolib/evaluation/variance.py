"""Where variance lies: between subjects, between trials, within trials; and what windows are worth.

Windows of one trial have one label and one person, follow each other within seconds, and share
signal through the filters' memory. Where one of them is classified rightly, the next mostly is:
they are no independent observations, and an interval that takes them for such is too narrow.

How alike they are is the intraclass correlation of being right, windows nested in trials. A mean
over all N windows then has the variance of a mean over N / D independent ones, where D is the
design effect (Kish, Survey Sampling, 1965):

    D = 1 + (m - 1) ICC,    m = sum n_i^2 / sum n_i,

n_i the windows of trial i, and m their number in each trial if all have the same. This counts one
reason why windows are not independent. Trials are not, either: subjects share stimuli, and have
more than one trial each. Intervals on pages therefore draw subjects and stimuli
(`emolib.evaluation.bootstrap`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from emolib.evaluation.bootstrap import TrialCounts
from emolib.evaluation.scores import count_correct


class VarianceComponents(NamedTuple):
    """Variance between subjects, between a subject's trials, and between a trial's windows.

    Arrays with one value per feature, in the unit of the features squared; floats after `mean`.
    """

    subject: np.ndarray | float
    trial: np.ndarray | float
    window: np.ndarray | float

    def mean(self) -> VarianceComponents:
        """Average each component over features."""
        return VarianceComponents(*(float(np.mean(part)) for part in self))

    @property
    def shares(self) -> VarianceComponents:
        """Each component as a share of the three together, 0 to 1, after averaging."""
        mean = self.mean()
        return VarianceComponents(*np.divide(mean, sum(mean)).tolist())

    @property
    def intraclass_correlation(self) -> np.ndarray | float:
        """The proportion of the variance within subjects that lies between trials, by feature.

        It is not corrected for chance: of windows that share nothing it is about one over their
        number in a trial.
        """
        return self.trial / (self.trial + self.window)


def variance_components(
    values: np.ndarray, subject: np.ndarray, trial: np.ndarray
) -> VarianceComponents:
    """Split the variance of windows (n_windows, ...) by where it comes from, feature by feature.

    With m the mean of all windows, m_i that of subject i, m_ik that of its trial k::

        (x - m) = (m_i - m) + (m_ik - m_i) + (x - m_ik)

    and the squares of the three terms, averaged over windows, add up to the variance. These are
    population variances: each trial's finite number of windows leaves a little of the windows'
    variance in the trials' means. Trials of two subjects are two trials, whatever their numbers.

    Examples
    --------
    Two people, two trials each, two windows each:

    >>> values = np.array([0.0, 2, 4, 6, 10, 12, 14, 16])
    >>> parts = variance_components(values, np.repeat([1, 2], 4), np.repeat([1, 2, 1, 2], 2)).mean()
    >>> parts
    VarianceComponents(subject=25.0, trial=4.0, window=1.0)
    >>> [round(share, 3) for share in parts.shares], round(parts.intraclass_correlation, 3)
    ([0.833, 0.133, 0.033], 0.8)
    """
    x = np.asarray(values, float)
    keys = pd.DataFrame({"subject": np.asarray(subject), "trial": np.asarray(trial)})
    of_subject = _group_means(x, keys.groupby("subject").ngroup().to_numpy())
    of_trial = _group_means(x, keys.groupby(["subject", "trial"]).ngroup().to_numpy())
    terms = of_subject - x.mean(axis=0), of_trial - of_subject, x - of_trial
    return VarianceComponents(*((term**2).mean(axis=0) for term in terms))


def _group_means(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return the mean of each row's group, in the shape of `values`."""
    sums = np.zeros((group.max() + 1, *values.shape[1:]))
    np.add.at(sums, group, values)
    counts = np.bincount(group).reshape(-1, *[1] * (values.ndim - 1))
    return (sums / counts)[group]


def anova_icc(right: np.ndarray, size: np.ndarray) -> float:
    """Estimate by analysis of variance how alike the windows of a trial are in being right.

    ``ICC = (B - W) / (B + (n0 - 1) W)`` with the mean squares B between and W within k trials of
    n_i windows, n_i `size` and `right` of them right, and
    ``n0 = (N - sum n_i^2 / N) / (k - 1)``. It is 1 if each trial is right or wrong as a whole,
    about 0 for independent windows, below 0 if trials are more alike than by chance; NaN where
    nothing varies, or no trial has two windows (Donner, International Statistical Review 54:67-82,
    1986).

    Examples
    --------
    >>> anova_icc(np.array([6, 0, 6]), np.array([6, 6, 6]))
    1.0
    """
    right, size = np.asarray(right, float), np.asarray(size, float)
    k, n = len(size), size.sum()
    if k < 2 or n == k:
        return np.nan
    share = right / size
    between = (size * (share - right.sum() / n) ** 2).sum() / (k - 1)
    within = (right * (1 - share)).sum() / (n - k)
    n0 = (n - (size**2).sum() / n) / (k - 1)
    total = between + (n0 - 1) * within
    return float((between - within) / total) if total > 0 else np.nan


def design_effect(icc: float, size: np.ndarray) -> float:
    """Return the factor by which correlated windows widen the variance of a mean over all of them.

    `size` are the windows of each trial. An ICC below zero counts as zero: it is noise of the
    estimate, and windows are never taken to be worth more than they are.

    Examples
    --------
    >>> design_effect(0.5, np.array([60, 60, 60]))
    30.5
    """
    size = np.asarray(size, float)
    return float(1 + ((size**2).sum() / size.sum() - 1) * np.maximum(icc, 0))


def effective_windows(predictions: pd.DataFrame) -> pd.DataFrame:
    """Count subjects, trials and windows with a label, and what the windows are worth.

    A row for each protocol, stage and task of the predictions (of several trainings the first
    counts), with the columns ``subjects``, ``trials``, ``windows``, ``icc``, ``design_effect`` and
    ``effective``, the number of independent windows with the same information; NaN where they
    cannot be estimated.

    Examples
    --------
    >>> predictions = pd.DataFrame({"protocol": "trial_grouped", "fold": 0, "stage": "pooled",
    ...     "subject": "sub-01", "trial": [1, 1, 2, 2], "window": [0, 1, 0, 1],
    ...     "task": "valence", "label": [0, 0, 1, 1], "probability": [0.1, 0.2, 0.3, 0.4]})
    >>> effective_windows(predictions).iloc[0, 3:].tolist()
    [1.0, 2.0, 4.0, 1.0, 2.0, 2.0]
    """
    if "repeat" in predictions:
        predictions = predictions[predictions["repeat"] == 0]
    return pd.DataFrame(
        [
            dict(zip(("protocol", "stage", "task"), key, strict=True)) | _worth(counts)
            for key, counts in count_correct(predictions).items()
        ]
    )


def _worth(counts: TrialCounts) -> dict[str, float]:
    """Return the numbers of one protocol, stage and task."""
    windows = pd.DataFrame({"right": counts.n_correct["window"], "size": counts.n["window"]})
    # Under the window-wise protocol a trial has a row in each of several folds.
    of_trial = windows.groupby([counts.subject, counts.trial]).sum()
    size = of_trial["size"].to_numpy()
    icc = anova_icc(of_trial["right"].to_numpy(), size)
    effect = design_effect(icc, size)
    return {
        "subjects": len(np.unique(counts.subject)),
        "trials": len(of_trial),
        "windows": int(size.sum()),
        "icc": icc,
        "design_effect": effect,
        "effective": size.sum() / effect,
    }
