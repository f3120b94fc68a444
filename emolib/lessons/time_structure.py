"""How much neighbouring windows share, and what that leaves for several windows to add."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import signal

from emolib.errors import DataError, SettingsError, check_option
from emolib.features.bands import FILTERINGS, Band, band_pass

ABOUT = ("trial", "all")


def window_correlation(
    values: np.ndarray, trial: np.ndarray, n_lags: int, *, about: str = "trial"
) -> np.ndarray:
    """Correlate windows of a trial with those some windows later.

    With d the values less a mean, lag k has ``mean(d_t d_(t+k)) / mean(d_t**2)``, the upper mean
    over all pairs of windows of one trial that lie k apart. It is computed for each column, then
    averaged over the columns.

    Parameters
    ----------
    values : numpy.ndarray, (n_windows, n_columns)
        One feature of each channel; windows of a trial in their order.
    trial : numpy.ndarray, (n_windows,)
        Whose window it is.
    n_lags : int
        The largest lag, in windows; shorter than the longest trial.
    about : {"trial", "all"}
        Which mean is taken away: each trial's own, so that only what changes *within* trials is
        left, or that of all windows, so that what tells trials apart is left in as well. A trial's
        own mean over n windows makes unrelated windows correlate by about -1 / n.

    Returns
    -------
    numpy.ndarray, (n_lags + 1,)
        No unit; the first is 1.

    Raises
    ------
    DataError
        No trial has more than `n_lags` windows, or a column never changes.

    Examples
    --------
    >>> rising = np.arange(6.0)[:, None]
    >>> window_correlation(rising, np.zeros(6), 2).round(2).tolist()
    [1.0, 0.6, 0.09]
    """
    check_option("about", about, ABOUT)
    values = np.asarray(values, float)
    pieces = [values[trial == name] for name in np.unique(trial)]
    whole = values.mean(axis=0)
    pieces = [own - (own.mean(axis=0) if about == "trial" else whole) for own in pieces]
    longest = max(len(own) for own in pieces)
    if n_lags >= longest:
        raise DataError(
            "trials", f"have {longest} windows at most, not {n_lags + 1}.", "Ask for fewer lags."
        )
    means = []
    for lag in range(n_lags + 1):
        products = [own[: len(own) - lag] * own[lag:] for own in pieces if len(own) > lag]
        means.append(np.concatenate(products).mean(axis=0))
    power = means[0]
    if not (power > 0).all():
        raise DataError("features", "hold a column that never changes.", "Leave it out.")
    return (np.array(means) / power).mean(axis=1)


def noise_correlation(
    sfreq: float,
    band: Band,
    n_lags: int,
    *,
    window_seconds: float = 0.5,
    filtering: str = "causal",
) -> np.ndarray:
    """Compute how the energies of windows of filtered white noise correlate.

    A filter remembers, so its output y has the correlation ``r(m) = sum_k h_k h_(k+m)`` although
    its input has none (h is the impulse response; running back as well gives r convolved with
    itself). For Gaussian y, ``cov(y_i**2, y_j**2) = 2 r(i - j)**2``; summed over the samples of
    two windows of N that lie k windows apart, ``cov_k = 2 sum_m (N - |m|) r(k N + m)**2``, and the
    correlation is ``cov_k / cov_0``.

    Parameters
    ----------
    sfreq : float
        Hz.
    band : Band
    n_lags : int
        The largest lag, in windows.
    window_seconds : float
    filtering : {"causal", "zero_phase"}
        See `emolib.features.bands.band_pass`.

    Returns
    -------
    numpy.ndarray, (n_lags + 1,)
        No unit; the first is 1. Differential entropy, the logarithm, correlates nearly as much.

    Examples
    --------
    >>> noise_correlation(128, Band("theta", 4, 8), 2).round(3).tolist()
    [1.0, 0.074, 0.0]
    """
    check_option("filtering", filtering, FILTERINGS)
    n = round(window_seconds * sfreq)
    length = (n_lags + 2) * n
    n_samples = max(length, int(np.ceil(40 * sfreq / (band.high_hz - band.low_hz))))
    h = band_pass(signal.unit_impulse(n_samples), sfreq, band)
    spectrum = np.abs(np.fft.rfft(h, 2 * len(h))) ** 2
    r = np.fft.irfft(spectrum if filtering == "causal" else spectrum**2)[:length]
    m = np.arange(-n + 1, n)
    covariance = [((n - np.abs(m)) * r[np.abs(k * n + m)] ** 2).sum() for k in range(n_lags + 1)]
    return np.array(covariance) / covariance[0]


def effective_windows(correlation: Sequence[float], n: int) -> float:
    """Say how many independent windows the mean of n correlated ones is worth.

    The mean of n values of variance s**2 has the variance
    ``s**2 / n * (1 + 2 sum_(k<n) (1 - k / n) rho_k)``; n independent ones have ``s**2 / n``.

    Parameters
    ----------
    correlation : sequence of float
        At lags 0, 1, ..., n - 1 at least.
    n : int

    Returns
    -------
    float
        n for independent windows, 1 for identical ones.

    Raises
    ------
    SettingsError
        There are too few lags.

    Examples
    --------
    >>> effective_windows([1, 0, 0], 3), effective_windows([1, 1, 1], 3)
    (3.0, 1.0)
    """
    if len(correlation) < n or n < 1:
        raise SettingsError(
            "correlation", f"has {len(correlation)} lags for n = {n}.", "Give n lags or more."
        )
    lags = np.arange(1, n)
    shared = 2 * np.sum((1 - lags / n) * np.asarray(correlation, float)[1:n])
    return float(n / (1 + shared))
