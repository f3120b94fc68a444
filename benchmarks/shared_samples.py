"""Windows that share samples: overlapping ones, and features that are smoothed within a trial.

Two more ways in which windows of one trial resemble each other although nothing was put into it,
shown on white noise with labels at random. Both make neighbours in time alike: a moving average
over m windows is a window m times as long that moves on by one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.model_selection import (
    BaseCrossValidator,
    StratifiedGroupKFold,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.neighbors import KNeighborsClassifier

N_FOLDS = 5


def log_power(noise: np.ndarray, n_samples: int, step: int) -> np.ndarray:
    """Compute the log power of windows of ``noise (trial, channel, time)`` that may overlap.

    Returns
    -------
    array (trial, window, channel)
        Natural logarithms; a window has `n_samples` and begins `step` samples after the last.

    Examples
    --------
    >>> log_power(np.ones((1, 2, 10)), n_samples=4, step=3).tolist()
    [[[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]]
    """
    pieces = np.lib.stride_tricks.sliding_window_view(noise**2, n_samples, axis=-1)[..., ::step, :]
    return np.log(pieces.mean(axis=-1)).swapaxes(1, 2)


def smoothed(features: np.ndarray, n_windows: int) -> np.ndarray:
    """Average ``features (trial, window, ...)`` over so many windows in a row, within each trial.

    Examples
    --------
    >>> smoothed(np.array([[1.0, 3.0, 8.0]]), 2).tolist()
    [[2.0, 5.5]]
    """
    rows = np.lib.stride_tricks.sliding_window_view(features, n_windows, axis=1)
    return rows.mean(axis=-1)


def expected_accuracy(alike: float, n_features: int, n_unlike: float) -> float:
    """Predict the accuracy of the nearest neighbour with random labels of trials, roughly.

    The next window of the same trial correlates by `alike` with a window: in p features of
    variance 1 their squared distance is ``2 (1 - alike)`` times a chi-squared variable of p degrees
    of freedom. That of a window of another trial is twice such a variable, and the nearest of
    `n_unlike` is taken. The trial's own label is right; another's is, half of the time.

    Examples
    --------
    >>> expected_accuracy(1.0, 8, 100), expected_accuracy(0.0, 8, 1)
    (1.0, 0.75)
    """
    distance = stats.chi2(n_features)
    own = distance.ppf((np.arange(1000) + 0.5) / 1000)
    nearest = np.mean((1 - distance.cdf((1 - alike) * own)) ** n_unlike)
    return float(0.5 + nearest / 2)


def neighbour_scores(
    cases: dict[str, tuple[Callable[[np.ndarray], np.ndarray], float]],
    *,
    n_trials: int = 20,
    n_channels: int = 8,
    n_seconds: int = 60,
    sfreq: int = 128,
    seed: int = 0,
) -> pd.DataFrame:
    """Score the nearest neighbour on white noise whose trials have random labels.

    Parameters
    ----------
    cases : dict of str to (callable, float)
        By name: what makes features (trial, window, feature) of noise (trial, channel, time), and
        the proportion of its samples that a window shares with the next.
    n_trials, n_channels, n_seconds, sfreq, seed : int

    Returns
    -------
    DataFrame
        One row per case: ``shared``, the proportion; ``predicted`` (`expected_accuracy`, which
        counts such windows of other trials as share nothing with each other), ``window-wise`` and
        ``trial-grouped``, balanced accuracies of windows.
    """
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(n_trials, n_channels, n_seconds * sfreq))
    label = rng.permutation(np.arange(n_trials) % 2)
    rows = {}
    for name, (features, shared) in cases.items():
        x = features(noise)
        n_train = (n_trials - 1) * x.shape[1] * (1 - 1 / N_FOLDS)
        rows[name] = {
            "shared": shared,
            "predicted": expected_accuracy(shared, x.shape[2], n_train * (1 - shared)),
            "window-wise": _score(x, label, StratifiedKFold(N_FOLDS, shuffle=True, random_state=0)),
            "trial-grouped": _score(
                x, label, StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=0)
            ),
        }
    return pd.DataFrame(rows).T


def _score(x: np.ndarray, label: np.ndarray, folds: BaseCrossValidator) -> float:
    """Return the balanced accuracy of the nearest neighbour, mean over folds."""
    trial = np.repeat(np.arange(len(x)), x.shape[1])
    groups = trial if isinstance(folds, StratifiedGroupKFold) else None
    flat, labels = x.reshape(len(trial), -1), label[trial]
    scoring = {"cv": folds, "groups": groups, "scoring": "balanced_accuracy"}
    return float(cross_val_score(KNeighborsClassifier(1), flat, labels, **scoring).mean())
