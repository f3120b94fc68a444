"""How alike the windows of a trial are, and how many independent ones they are worth.

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

import numpy as np
import pandas as pd

from emolib.evaluation.bootstrap import TrialCounts
from emolib.evaluation.scores import count_correct


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
