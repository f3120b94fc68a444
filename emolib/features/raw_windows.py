"""The signal of each window itself, for models that read no features."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import scipy  # its parts, which take up to a second, load when they are first used

from emolib.features.spectra import trial_lengths
from emolib.features.windows import samples_per_window

if TYPE_CHECKING:
    import xarray as xr

LARGEST = 1000  # of the fraction by which a rate is changed: enough for 255.9 Hz


def raw_windows(recording: xr.Dataset, window_seconds: float, *, sfreq: float) -> np.ndarray:
    """Cut the signals of a recording into the windows that its features are computed of.

    Parameters
    ----------
    recording : Dataset
        ``eeg (trial, channel, time)``, microvolts.
    window_seconds : float
    sfreq : float
        Sampling frequency of the result, Hz: whole trials are resampled to it first.

    Returns
    -------
    numpy.ndarray of float32, (window, channel, sample)
        Microvolts, in the order of the windows of `emolib.features.extract_features`; the mean of
        each channel is taken away from each window.

    Raises
    ------
    SettingsError
        If a window is no whole number of samples, two or more, of the recording.

    Examples
    --------
    >>> import xarray as xr
    >>> sine = 5 + np.sin(2 * np.pi * 10 * np.arange(1250) / 500)
    >>> recording = xr.Dataset({"eeg": (("trial", "channel", "time"), sine[None, None])},
    ...                        attrs={"sfreq": 500.0})
    >>> windows = raw_windows(recording, 1.0, sfreq=128)
    >>> windows.shape, round(float(windows[1].std()), 2), round(abs(float(windows.mean())), 6)
    ((2, 1, 128), 0.71, 0.0)
    """
    held = float(recording.attrs["sfreq"])
    n_held, n_samples = samples_per_window(held, window_seconds), round(window_seconds * sfreq)
    ratio = Fraction(sfreq / held).limit_denominator(LARGEST)
    found = []
    for signal, length in zip(recording["eeg"].values, trial_lengths(recording), strict=True):
        signal = signal[:, :length] - signal[:, :length].mean(axis=-1, keepdims=True)
        if ratio != 1:
            up, down = ratio.numerator, ratio.denominator
            signal = scipy.signal.resample_poly(signal, up, down, axis=-1)
        onset = np.round(np.arange(length // n_held) * n_held / held * sfreq).astype(int)
        onset = np.minimum(onset, signal.shape[-1] - n_samples)
        cut = signal[:, onset[:, None] + np.arange(n_samples)]  # (channel, window, sample)
        found.append((cut - cut.mean(axis=-1, keepdims=True)).transpose(1, 0, 2))
    return np.concatenate(found).astype(np.float32)
