"""What a feature varies with: the person, the trial, the window; and what each step leaves of it.

    value = mean of all + the person's own + the trial's own + the window's own

Of the window's own part some is the scatter of an estimate from few values (`independent_values`).

Baseline removal and normalisation are here functions of arrays, so that a page can take one step
at a time, or change the recording before a step and see what comes out. What the network gets is
made by `emolib.features.extract_features`; a test holds the two against each other.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from emolib.errors import DataError
from emolib.evaluation.variance import VarianceComponents
from emolib.features.baseline import remove_baseline
from emolib.features.extraction import FeatureSettings, window_features
from emolib.features.windows import z_score


def independent_values(response: np.ndarray, n_samples: int) -> float:
    """Count the independent values to which a window of filtered white noise amounts.

    The variance of such a window scatters as one that is estimated from so many independent
    Gaussian values: ``n = (N r_0)^2 / sum over i, j of r_(i-j)^2`` (Satterthwaite's rule), with the
    autocovariance ``r_l = sum over k of h_k h_(k+l)`` of the filter's output. An ideal band of B Hz
    and a window of T seconds have ``2 B T``.

    Parameters
    ----------
    response : array, shape (time,)
        The filter's impulse response h, see the chapter on band filtering.
    n_samples : int
        The window's length N.

    Returns
    -------
    float
        From 1 to N.

    Examples
    --------
    White noise that was not filtered, and a constant:

    >>> independent_values(np.array([1.0]), 64), round(independent_values(np.ones(10_000), 4), 3)
    (64.0, 1.0)
    """
    covariance = np.correlate(response, response, "full")[len(response) - 1 :][:n_samples]
    covariance = np.pad(covariance, (0, n_samples - len(covariance)))
    times = 2.0 * np.arange(n_samples, 0, -1)  # a lag occurs so often, to either side
    times[0] /= 2
    return float((n_samples * covariance[0]) ** 2 / np.sum(times * covariance**2))


def resting_features(recording: xr.Dataset, settings: FeatureSettings) -> np.ndarray | None:
    """Compute the features of each trial's baseline windows.

    Parameters
    ----------
    recording : Dataset
        `baseline (trial, channel, baseline_time)` in microvolts, if there is one.
    settings : FeatureSettings
        Kinds, bands, filtering and the windows' length.

    Returns
    -------
    array, shape (trial, window, kind, band, channel), or None
        Nats; microvolts squared or, for a density, per Hz. None where there is no baseline.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=(5, 2, 384))
    >>> recording = xr.Dataset(
    ...     {"baseline": (("trial", "channel", "baseline_time"), noise)}, attrs={"sfreq": 128.0}
    ... )
    >>> resting_features(recording, FeatureSettings()).shape
    (5, 6, 2, 4, 2)
    """
    if "baseline" not in recording:
        return None
    sfreq = float(recording.attrs["sfreq"])
    rest = recording["baseline"].transpose("trial", "channel", "baseline_time").to_numpy()
    return np.stack([window_features(each, sfreq, settings) for each in rest])


def remove_and_normalise(
    values: np.ndarray, trial: np.ndarray, rest: np.ndarray | None, settings: FeatureSettings
) -> np.ndarray:
    """Take the two steps that follow the features of a subject's windows.

    Parameters
    ----------
    values : array, shape (window, kind, band, channel)
        Features of one subject's windows, before any step.
    trial : array, shape (window,)
        Whose windows they are; trials in the order of `rest`.
    rest : array, shape (trial, baseline window, kind, band, channel), or None
        See `resting_features`.
    settings : FeatureSettings
        `baseline` and `normalise` say what to do.

    Returns
    -------
    array of float64, shape of `values`
        z-scores have no unit; else in the unit of `values`.

    Raises
    ------
    DataError
        If something is to be subtracted and there is not one rest a trial.

    Examples
    --------
    >>> values, rest = np.array([5.0, 7.0]).reshape(2, 1, 1, 1), np.full((1, 6, 1, 1, 1), 4.0)
    >>> settings = FeatureSettings(normalise="none")
    >>> remove_and_normalise(values, np.array([1, 1]), rest, settings).ravel()
    array([1., 3.])
    """
    values = np.array(values, dtype=float)
    row, trials = pd.factorize(np.asarray(trial))
    if settings.needs_rest and (rest is None or len(rest) != len(trials)):
        raise DataError(
            "rest",
            f"{0 if rest is None else len(rest)} are given for {len(trials)} trials.",
            "Give one a trial, or use baseline='none'.",
        )
    for k in range(len(trials)):
        of_rest = rest[k] if settings.needs_rest else None
        values[row == k] = remove_baseline(values[row == k], of_rest, settings.baseline)
    if settings.normalise == "none":
        return values
    return z_score(values, axis=(2, 3) if settings.normalise == "window" else 0)


def chance_parts(subject: np.ndarray, trial: np.ndarray) -> VarianceComponents:
    """Say which shares are expected if windows were independent and neither person nor trial told.

    Of N windows, S people and K trials in all, means of finitely many windows differ by chance:
    the shares are (S - 1), (K - S) and (N - K) over N - 1.

    Examples
    --------
    >>> chance_parts(np.repeat([1, 2], 4), np.repeat([1, 2, 1, 2], 2)).window
    0.5714285714285714
    """
    people = len(set(np.asarray(subject).tolist()))
    trials = len(set(zip(np.asarray(subject).tolist(), np.asarray(trial).tolist(), strict=True)))
    degrees = people - 1, trials - people, len(trial) - trials
    return VarianceComponents(*(n / (len(trial) - 1) for n in degrees))


def rest_slope(trial_level: np.ndarray, rest_level: np.ndarray) -> float:
    """Fit how much of a difference between trials their rest already shows.

    The slope of the straight line of the trials' levels on their rests' levels, the same for all
    features: summed covariance over summed variance. Subtracting the rest takes the slope as 1.
    The variance between trials then becomes::

        var(trial - rest) = var(trial) + var(rest) * (1 - 2 * slope)

    so it falls where the slope is above one half and grows where it is below.

    Parameters
    ----------
    trial_level, rest_level : array, shape (trial, ...)
        Mean features of one subject's trials and of the rests before them, in one unit.

    Returns
    -------
    float

    Notes
    -----
    Baseline correction as a regression with a fixed slope: Alday, arXiv 1707.08152.

    Examples
    --------
    >>> rest = np.array([[0.0], [1.0], [2.0]])
    >>> rest_slope(3 + rest / 2, rest)
    0.5
    """
    rest = rest_level - np.mean(rest_level, axis=0)
    return float(np.sum((trial_level - np.mean(trial_level, axis=0)) * rest) / np.sum(rest**2))


def fate(before: np.ndarray, after: np.ndarray, changed: np.ndarray) -> str:
    """Say what became of a change that was made to a recording.

    Parameters
    ----------
    before, after : array, shape (window, kind, band, channel)
        What came out without the change and with it.
    changed : array of bool, shape of `before`
        The values that the change was made to; none where only a rest was changed.

    Returns
    -------
    {"gone", "stays", "stays and spreads", "spreads"}
        Whether a trace is found where the change was made, elsewhere, or both.

    Examples
    --------
    >>> before, changed = np.zeros((2, 1, 1, 1)), np.array([True, False]).reshape(2, 1, 1, 1)
    >>> fate(before, before, changed), fate(before, before + changed, changed)
    ('gone', 'stays')
    """
    trace = ~np.isclose(before, after, rtol=0, atol=1e-9)
    here, elsewhere = bool((trace & changed).any()), bool((trace & ~changed).any())
    words = {(1, 1): "stays and spreads", (1, 0): "stays", (0, 1): "spreads", (0, 0): "gone"}
    return words[here, elsewhere]
