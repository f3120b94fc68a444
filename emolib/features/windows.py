"""The arithmetic of the features: numpy arrays in, numpy arrays out, over the last axis.

`emolib.features.extraction` strings these together for a recording and names the dimensions. For
models that read no features there are the windows' signals themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import scipy  # its parts, which take up to a second, load when they are first used

from emolib.errors import DataError, SettingsError, check_option
from emolib.features.bands import Band, check_band
from emolib.features.spectra import trial_signals

if TYPE_CHECKING:
    import xarray as xr

ROUNDED_SAMPLES = 0.25  # by which a window may miss a whole number of samples
LARGEST = 1000  # of the fraction by which a rate is changed: enough for 255.9 Hz


def samples_per_window(sfreq: float, window_seconds: float) -> int:
    """Count a window's samples: two or more, or a SettingsError.

    An amplifier's rate is rarely as round as its name, so a window may miss a whole number of
    samples by a quarter of one.

    Examples
    --------
    >>> samples_per_window(128, 0.5), samples_per_window(255.9, 0.5)
    (64, 128)
    """
    exact = window_seconds * sfreq
    n_samples = round(exact)
    if abs(exact - n_samples) > ROUNDED_SAMPLES or n_samples < 2:
        fewer = max(int(exact), 2)
        found = f"{window_seconds:.7g} s at {sfreq:.7g} Hz is {exact:.7g} samples"
        problem = f"{found}; a window is a whole number of samples, two or more."
        hint = f"Use {_seconds(fewer, sfreq)} s or {_seconds(fewer + 1, sfreq)} s."
        raise SettingsError("window_seconds", problem, hint)
    return n_samples


def _seconds(n_samples: int, sfreq: float) -> str:
    """Write down how long samples last, with as many digits as it takes to get them back."""
    texts = (f"{n_samples / sfreq:.{digits}g}" for digits in range(3, 17))
    return next(text for text in texts if abs(float(text) * sfreq - n_samples) < 0.01)


def cut_windows(x: np.ndarray, n_samples: int) -> np.ndarray:
    """Cut the last axis ``(..., time)`` into windows that touch: ``(..., window, sample)``.

    Samples after the last whole window are left out. Nothing is copied.

    Examples
    --------
    >>> cut_windows(np.arange(7), 3)
    array([[0, 1, 2],
           [3, 4, 5]])
    """
    n_windows = x.shape[-1] // n_samples
    return x[..., : n_windows * n_samples].reshape(*x.shape[:-1], n_windows, n_samples)


def differential_entropy(x: np.ndarray) -> np.ndarray:
    """Compute the differential entropy of a Gaussian with the variance of ``x (..., sample)``.

    ``0.5 * ln(2 * pi * e * var)`` with the sample variance (n - 1 in the denominator): nats, of a
    variance in microvolts squared; minus infinity where `x` does not vary. The feature of 4D-CRNN
    (Shen et al. 2020).

    Examples
    --------
    >>> x = np.array([-1.0, 0.0, 1.0])  # variance 1
    >>> float(differential_entropy(x).round(4))
    1.4189
    """
    n_samples = x.shape[-1]
    # np.var says the same; einsum needs half its time.
    mean = np.einsum("...n->...", x) / n_samples
    variance = band_energy(x - mean[..., np.newaxis]) / (n_samples - 1)
    with np.errstate(divide="ignore"):
        return 0.5 * np.log(2 * np.pi * np.e * variance)


def band_energy(x: np.ndarray) -> np.ndarray:
    """Compute the sum of squares of ``x (..., sample)``, which the released code calls "PSD".

    For a window of n samples this is ``(n - 1) * var + n * mean**2``. A band-passed window has
    next to no mean, so energy is nearly ``exp(2 * DE)`` times a constant.

    Examples
    --------
    >>> band_energy(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([ 5., 25.])
    """
    return np.einsum("...n,...n->...", x, x)


def band_power_density(
    x: np.ndarray, sfreq: float, bands: Sequence[Band], *, method: str = "welch"
) -> np.ndarray:
    """Compute the mean power spectral density of ``x (..., sample)`` by band: ``(..., band)``.

    In microvolts squared per Hz, of a signal that is not band-passed. Welch: Hann-tapered pieces of
    at most one second, half overlapping (a shorter window is one piece). Multitaper: three discrete
    prolate spheroidal tapers of time-halfbandwidth 2 over the whole window, weighted by their
    concentration. The mean is removed first. A band owns the frequencies low <= f < high; one that
    falls between the frequencies that such a window resolves is a SettingsError.

    Examples
    --------
    A sine of amplitude 1 has the power 1/2: here over three frequencies, 2 Hz apart.

    >>> from emolib.features.bands import BANDS
    >>> sine = np.sin(2 * np.pi * 10 * np.arange(64) / 128)
    >>> bool(np.isclose(band_power_density(sine, 128, BANDS)[1] * 3 * 2, 1 / 2))
    True
    """
    check_option("method", method, ("welch", "multitaper"))
    x, n_samples = np.asarray(x, np.float64), x.shape[-1]
    if method == "welch":
        frequencies, density = scipy.signal.welch(x, sfreq, nperseg=min(n_samples, round(sfreq)))
    else:
        tapers, concentrations = scipy.signal.windows.dpss(
            n_samples, NW=2, Kmax=3, sym=False, return_ratios=True
        )
        spectra = [scipy.signal.periodogram(x, sfreq, window=taper) for taper in tapers]
        frequencies = spectra[0][0]
        density = np.average([each for _, each in spectra], axis=0, weights=concentrations)
    means = []
    for band in bands:
        check_band(sfreq, band)
        inside = (band.low_hz <= frequencies) & (frequencies < band.high_hz)
        if not inside.any():
            raise SettingsError(
                f"band {band.name!r}",
                f"{band.low_hz:g}-{band.high_hz:g} Hz falls between the frequencies of a window of "
                f"{n_samples} samples, which are {frequencies[1]:g} Hz apart.",
                "Use longer windows, a wider band, or psd='energy'.",
            )
        means.append(density[..., inside].mean(axis=-1))
    return np.stack(means, axis=-1)


def z_score(x: np.ndarray, axis: int | tuple[int, ...]) -> np.ndarray:
    """Subtract the mean over `axis` and divide by the population standard deviation.

    Values that are all equal have no z-score: a DataError.

    Examples
    --------
    >>> z_score(np.array([1.0, 3.0]), axis=0)
    array([-1.,  1.])
    """
    deviation = np.std(x, axis=axis, keepdims=True)
    # Equal values leave a deviation of rounding errors, not always 0.
    if (deviation <= 1e-12 * np.abs(x).max(axis=axis, keepdims=True)).any():
        problem = "some of the values that are to be z-scored together are all equal."
        hint = "z-score over more windows, bands or channels, or use normalise='none'."
        raise DataError("normalise", problem, hint)
    return (x - np.mean(x, axis=axis, keepdims=True)) / deviation


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
    for signal in trial_signals(recording):
        length = signal.shape[-1]
        signal = signal - signal.mean(axis=-1, keepdims=True)
        if ratio != 1:
            up, down = ratio.numerator, ratio.denominator
            signal = scipy.signal.resample_poly(signal, up, down, axis=-1)
        onset = np.round(np.arange(length // n_held) * n_held / held * sfreq).astype(int)
        onset = np.minimum(onset, signal.shape[-1] - n_samples)
        cut = signal[:, onset[:, None] + np.arange(n_samples)]  # (channel, window, sample)
        found.append((cut - cut.mean(axis=-1, keepdims=True)).transpose(1, 0, 2))
    return np.concatenate(found).astype(np.float32)
