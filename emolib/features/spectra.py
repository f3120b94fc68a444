"""Power spectra of a recording, and the alpha peak in them."""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy import signal

from emolib.errors import DataError

ALPHA_SEARCH_HZ = (8.0, 13.0)  # where adults' alpha peaks lie


def power_spectrum(
    x: np.ndarray, sfreq: float, *, segment_seconds: float = 2.0
) -> tuple[np.ndarray, np.ndarray]:
    """Estimate the power spectral density by Welch's method: Hann tapers, half overlapping.

    Parameters
    ----------
    x : array, shape (..., time)
        Microvolts.
    sfreq : float
        Sampling frequency in Hz.
    segment_seconds : float
        Length of the pieces whose spectra are averaged; frequencies are its inverse apart.

    Returns
    -------
    frequencies : array, shape (frequency,)
        Hz.
    density : array, shape (..., frequency)
        Microvolts squared per Hz: its integral over frequency is the signal's power.

    Raises
    ------
    DataError
        If the signal is shorter than one piece.

    Examples
    --------
    A sine of amplitude 2 has the power 2:

    >>> sine = 2 * np.sin(2 * np.pi * 10 * np.arange(1280) / 128)
    >>> frequencies, density = power_spectrum(sine, 128)
    >>> round(float(density.sum() * frequencies[1]), 6)
    2.0
    """
    n_segment = round(segment_seconds * sfreq)
    if np.shape(x)[-1] < n_segment:
        raise DataError(
            "signal",
            f"has {np.shape(x)[-1]} samples; a piece of {segment_seconds:g} s has {n_segment}.",
            "Use shorter pieces.",
        )
    return signal.welch(x, sfreq, nperseg=n_segment)


def trial_spectra(recording: xr.Dataset, *, segment_seconds: float = 2.0) -> xr.DataArray:
    """Estimate the power spectral density of each trial and channel.

    Parameters
    ----------
    recording : Dataset
        `eeg (trial, channel, time)` in microvolts; padding after a trial's end is left out.
    segment_seconds : float
        See `power_spectrum`; where a trial is shorter, all pieces are as short as it is.

    Returns
    -------
    DataArray (trial, channel, frequency)
        Microvolts squared per Hz.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=(2, 1, 512))
    >>> recording = xr.Dataset(
    ...     {"eeg": (("trial", "channel", "time"), noise)},
    ...     {"trial": [1, 2], "channel": ["Oz"]},
    ...     {"sfreq": 128.0},
    ... )
    >>> dict(trial_spectra(recording).sizes)
    {'trial': 2, 'channel': 1, 'frequency': 129}
    """
    sfreq = float(recording.attrs["sfreq"])
    eeg = recording["eeg"].transpose("trial", "channel", "time")
    lengths = trial_lengths(recording)
    segment_seconds = min(segment_seconds, lengths.min() / sfreq)
    spectra = []
    for values, length in zip(eeg.to_numpy(), lengths, strict=True):
        frequencies, density = power_spectrum(
            values[:, :length], sfreq, segment_seconds=segment_seconds
        )
        spectra.append(density)
    return xr.DataArray(
        np.stack(spectra),
        dims=("trial", "channel", "frequency"),
        coords={
            "trial": recording["trial"].to_numpy(),
            "channel": recording["channel"].to_numpy(),
            "frequency": frequencies,
        },
        attrs={"units": "uV^2/Hz"},
    )


def trial_lengths(recording: xr.Dataset) -> np.ndarray:
    """Count the samples of each trial, those that pad shorter ones left out.

    Examples
    --------
    >>> trial_lengths(xr.Dataset({"eeg": (("trial", "channel", "time"), np.zeros((2, 1, 5)))}))
    array([5, 5])
    """
    if "trial_samples" in recording:
        return recording["trial_samples"].to_numpy().astype(int)
    return np.full(recording.sizes["trial"], recording.sizes["time"])


def alpha_peak(
    frequencies: np.ndarray,
    density: np.ndarray,
    *,
    search_hz: tuple[float, float] = ALPHA_SEARCH_HZ,
) -> float:
    """Find the frequency of the alpha peak: the highest local maximum in the interval.

    A parabola through the logarithm of the maximum and its two neighbours places the peak
    between the frequencies of the estimate.

    Parameters
    ----------
    frequencies : array, shape (frequency,)
        Hz, evenly spaced.
    density : array, shape (frequency,)
        Microvolts squared per Hz.
    search_hz : (low, high)
        Where to look.

    Returns
    -------
    float
        Hz; NaN where the spectrum only rises or falls there: not everybody has an alpha peak.

    Examples
    --------
    >>> frequencies = np.arange(0, 45.5, 0.5)
    >>> bump = np.exp(-((frequencies - 10.2) ** 2) / 2)
    >>> round(alpha_peak(frequencies, bump), 2)
    10.2
    >>> alpha_peak(frequencies, 1 / (frequencies + 1))
    nan
    """
    log = np.log(np.maximum(density, np.finfo(float).tiny))
    middle = log[1:-1]
    inside = (search_hz[0] <= frequencies[1:-1]) & (frequencies[1:-1] <= search_hz[1])
    peaks = np.flatnonzero(inside & (middle > log[:-2]) & (middle >= log[2:]))
    if not peaks.size:
        return float("nan")
    i = peaks[np.argmax(middle[peaks])] + 1
    left, top, right = log[i - 1 : i + 2]
    shift = 0.5 * (left - right) / (left - 2 * top + right)
    return float(frequencies[i] + shift * (frequencies[1] - frequencies[0]))
