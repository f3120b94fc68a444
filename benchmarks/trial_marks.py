"""How strongly a step that is estimated for each trial marks its windows: closed forms.

A step takes numbers from a trial (the mean of a few noisy baseline windows, the directions of some
components) and applies them to all its windows. In white noise each feature has variance s^2 from
window to window; the step adds a shift of variance tau^2 that a trial's windows share. The ratio
rho = tau / s decides what least squares gains (`pseudo_trials.expected_accuracy`). A step may mark
trials by more than a shift; how much in all is the information that a feature of one window holds
about its trial, as against another trial (a Kullback-Leibler divergence, in nats)::

    step                                rho^2            information a feature
    own, another trial's baseline       1 / B            1 / B
    divide by the baseline, DE >> s     1 / B            1 / B
    z-score by the baseline             1 / B            (r (1 + 1/B) + 1/B - 1) / 2
    mean of all baselines, none         0                0
    centred on the trial's windows      0                0, but see `centred_accuracy`
    r of C directions removed           see below        rho^2
    r of C channels interpolated        see below        rho^2

with B independent baseline windows and r = (B - 1) / (B - 3): a z-score divides by a standard
deviation of B values, so that trials differ in their scale too, which a weighted sum cannot use.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import signal, special, stats

from benchmarks.pseudo_trials import (
    N_DIRECTIONS,
    N_REPAIRED,
    REMOVALS,
    REPAIRS,
    NoiseSettings,
    expected_accuracy,
)
from emolib.features.bands import BANDS, band_pass
from emolib.features.extraction import FeatureSettings
from emolib.features.windows import samples_per_window

_WINDOW_SECONDS = FeatureSettings().window_seconds
# What was done to each trial: see `benchmarks.pseudo_trials`.
STEPS = {
    "none": "nothing",
    "own": "its baseline subtracted",
    "divide": "divided by its baseline",
    "zscore": "z-scored by its baseline",
    "another": "another's baseline subtracted",
    "mean": "mean baseline subtracted",
    "own_trial": "centred on its own windows",
    "directions": "4 random directions removed",
    "channels": "2 random channels interpolated",
}
BY_BASELINE = ("own", "divide", "zscore", "another")


def window_variance(sfreq: float = 128.0) -> np.ndarray:
    """Return the variance s^2 of a window's DE in white noise: (band,), nats squared.

    The power of n samples with the autocorrelation r is about a chi-squared variable of
    ``1 / sum over lags of (n - lag) r^2 / n^2`` degrees of freedom; r is that of the band's filter.

    Examples
    --------
    >>> window_variance().round(3).tolist()  # theta, alpha, beta, gamma
    [0.104, 0.069, 0.025, 0.03]
    """
    n = samples_per_window(sfreq, _WINDOW_SECONDS)
    impulse = np.zeros(round(16 * sfreq))
    impulse[0] = 1
    freedom = []
    for band in BANDS:
        response = band_pass(impulse, sfreq, band)
        r = signal.correlate(response, response)[len(response) - n : len(response) + n - 1]
        lags = np.abs(np.arange(1 - n, n))
        freedom.append(1 / np.sum((n - lags) * (r / r.max()) ** 2 / n**2))
    return special.polygamma(1, np.array(freedom) / 2) / 4


def shift_variance(repair: str, n_channels: int) -> float:
    """Return the variance tau^2 of what a repair adds to a channel's DE, nats squared.

    Without r random directions of C a channel keeps a share of its power that has the beta
    distribution of (C - r) / 2 and r / 2. An interpolated channel, the mean of C - r others, has
    1 / (C - r) of the power, and each channel is interpolated in a share r / C of the trials.
    """
    if repair == "directions":
        kept, all_ = (n_channels - N_DIRECTIONS) / 2, n_channels / 2
        return float(special.polygamma(1, kept) - special.polygamma(1, all_)) / 4
    share = N_REPAIRED / n_channels
    return share * (1 - share) * (np.log(n_channels - N_REPAIRED) / 2) ** 2


def expected_ratio(step: str, settings: NoiseSettings) -> float:
    """Predict rho (see `pseudo_trials.shared_ratio`) for one of `REMOVALS` or `REPAIRS`.

    Examples
    --------
    >>> round(expected_ratio("zscore", NoiseSettings()), 3), round(6**-0.5, 3)
    (0.408, 0.408)
    """
    if step in REPAIRS:
        shift = shift_variance(step, settings.n_channels)
        return float(np.sqrt(np.mean(shift / window_variance())))
    if step in BY_BASELINE:
        return n_baseline_windows(settings) ** -0.5
    return 0.0


def information(step: str, settings: NoiseSettings) -> float:
    """Predict how much a feature of a window tells about its trial, nats.

    Examples
    --------
    >>> [round(information(step, NoiseSettings()), 3) for step in ("own", "zscore", "mean")]
    [0.167, 0.556, 0.0]
    """
    if step != "zscore":
        return expected_ratio(step, settings) ** 2
    n = n_baseline_windows(settings)
    if n <= 3:
        return np.inf  # the ratio of two variances of so few values has no mean
    return ((n - 1) / (n - 3) * (1 + 1 / n) + 1 / n - 1) / 2


def centred_accuracy(n_features: int, n_trials: int, n_windows: float, n_folds: int) -> float:
    """Predict the window-wise accuracy of least squares after centring on the trial: below 1/2.

    A trial's windows then add up to 0: where those on the training side lie above, those of the
    test lie below. With w windows a trial and F folds it is ``Phi(-sqrt((F - 1) p / (w K)))``.

    Examples
    --------
    >>> round(centred_accuracy(128, 40, 40, 5), 2)
    0.29
    """
    z = np.sqrt((n_folds - 1) * n_features / (n_windows * n_trials))
    return float(stats.norm.cdf(-z))


def predictions(settings: NoiseSettings, n_folds: int) -> pd.DataFrame:
    """Predict what each step does to white noise.

    Returns
    -------
    DataFrame
        One row per step of `REMOVALS` and `REPAIRS`: ``rho``, ``information`` (nats a feature) and
        ``ridge``, the window-wise accuracy with random labels.
    """
    n_features = len(BANDS) * settings.n_channels
    n_windows = int(settings.trial_seconds / _WINDOW_SECONDS)
    rows = {}
    for step in (*REMOVALS, *REPAIRS):
        rho = expected_ratio(step, settings)
        if step == "own_trial":
            ridge = centred_accuracy(n_features, settings.n_trials, n_windows, n_folds)
        else:
            n_train, alike = n_windows * (1 - 1 / n_folds), len(BANDS) if step in REPAIRS else 1
            of = (rho, n_features, settings.n_trials)
            ridge = expected_accuracy(*of, n_windows=n_train, n_alike=alike)
        rows[step] = {"rho": rho, "information": information(step, settings), "ridge": ridge}
    return pd.DataFrame(rows).T


def n_baseline_windows(settings: NoiseSettings) -> int:
    """Count the windows of a baseline, B."""
    return int(settings.baseline_seconds / _WINDOW_SECONDS)


def beside_predictions(summary: pd.DataFrame, predicted: pd.DataFrame) -> pd.DataFrame:
    """Lay what was measured on white noise beside what a derivation predicts, a row per step.

    Parameters
    ----------
    summary : DataFrame
        Of `benchmarks.demonstrations.white_noise_scores`.
    predicted : DataFrame
        As `benchmarks.trial_marks.predictions` gives it.

    Returns
    -------
    DataFrame
        Numbers; columns end in "predicted" or "measured".
    """
    keys = ["model", "protocol", "metric"]
    wide = summary.pivot_table(index="removal", columns=keys, values="mean", sort=False)
    score, named = "balanced_accuracy", "trials_named"
    columns = {
        "ratio, predicted": predicted["rho"],
        "ratio, measured": wide["", "", "rho"],
        "ridge, predicted": predicted["ridge"],
        "ridge, measured": wide["ridge", "window_wise", score],
        "5 neighbours, measured": wide["nearest_neighbours", "window_wise", score],
        "information, predicted": predicted["information"],
        "trials named, measured": wide["gaussian_trial", "window_wise", named],
        "ridge, trial-grouped, measured": wide["ridge", "trial_grouped", score],
    }
    return pd.DataFrame(columns).loc[list(STEPS)].rename(index=STEPS)
