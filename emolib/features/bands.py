"""Frequency bands, and the filters that keep one of them.

The source filters causally: a Butterworth band-pass that starts from zero state at the first
sample of a trial. That delays the signal, makes a trial's first window too weak, and lets every
window hold energy that arrived before it began; no later stage can undo it. The chapter on band
filtering computes all three from the filter's impulse response.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import scipy  # its parts, which take up to a second, load when they are first used

from emolib.errors import DataError, SettingsError, check_option

FILTERINGS = ("causal", "zero_phase")


@dataclass(frozen=True)
class Band:
    """A named frequency interval.

    Parameters
    ----------
    name : str
        What tables and planes call it.
    low_hz, high_hz : float
        Its limits in Hz, ``0 < low_hz < high_hz``.

    Raises
    ------
    SettingsError
        If the limits are not in that order.

    Examples
    --------
    >>> Band("delta", 1, 4)
    Band(name='delta', low_hz=1, high_hz=4)
    """

    name: str
    low_hz: float
    high_hz: float

    def __post_init__(self):
        if not 0 < self.low_hz < self.high_hz < float("inf"):  # false for NaN too
            problem = f"its limits are {self.low_hz:g} and {self.high_hz:g} Hz."
            hint = "Give two limits above 0, the lower first."
            raise SettingsError(f"band {self.name!r}", problem, hint)


# The limits of the released code. It has no delta: DEAP's signals are band-passed from 4 Hz.
BANDS = (
    Band("theta", 4.0, 8.0),
    Band("alpha", 8.0, 14.0),
    Band("beta", 14.0, 31.0),
    Band("gamma", 31.0, 45.0),
)


def band_pass(
    signal: np.ndarray, sfreq: float, band: Band, *, filtering: str = "causal", order: int = 3
) -> np.ndarray:
    """Keep one band of a signal with a Butterworth filter.

    Parameters
    ----------
    signal : array, shape (..., time)
        Any unit; filtered along the last axis, in double precision.
    sfreq : float
        Sampling frequency in Hz.
    band : Band
        What to keep. At its limits the causal filter passes 1/sqrt(2) of the amplitude.
    filtering : {"causal", "zero_phase"}
        Causal: once forwards, from zero state. Zero phase: forwards and backwards, which delays
        nothing, squares the gain (1/2 at the limits) and lets each sample depend on later ones.
        Both ends of the signal are continued by their mirror image, which makes them too strong.
    order : int
        As `scipy.signal.butter` counts it: a band-pass has twice as many poles.

    Returns
    -------
    array of float64, shape (..., time)
        In the unit of `signal`.

    Raises
    ------
    SettingsError
        If the band does not lie below half of `sfreq`, or an option is unknown.
    DataError
        If the signal is too short to be filtered in both directions.

    Notes
    -----
    The method applies it with order 3 to the whole trial at once, baseline and trial apart.

    Examples
    --------
    A sine at 10 Hz is alpha; a little of it slips through beta's slope:

    >>> sine = np.sin(2 * np.pi * 10 * np.arange(1280) / 128)
    >>> theta, alpha, beta, gamma = (band_pass(sine, 128, band)[640:].std() for band in BANDS)
    >>> round(float(alpha), 3), round(float(beta), 3)
    (0.707, 0.107)
    """
    check_option("filtering", filtering, FILTERINGS)
    sections = _sections(sfreq, check_band(sfreq, band), order)
    if filtering == "causal":
        return scipy.signal.sosfilt(sections, signal, axis=-1)  # converts single precision itself
    signal = np.asarray(signal, np.float64)
    # SciPy extends both ends by this many mirrored samples, and needs one more.
    needed = 3 * (2 * len(sections) + 1) + 1
    if signal.shape[-1] < needed:
        problem = f"has {signal.shape[-1]} samples; zero-phase filtering needs at least {needed}."
        raise DataError("signal", problem, "Use longer trials, or filtering='causal'.")
    return scipy.signal.sosfiltfilt(sections, signal, axis=-1, padlen=needed - 1)


def check_band(sfreq: float, band: Band) -> Band:
    """Return `band` if it lies below half of the sampling frequency."""
    if not band.high_hz < sfreq / 2:
        raise SettingsError(
            f"band {band.name!r}",
            f"reaches up to {band.high_hz:g} Hz, but a signal sampled at {sfreq:g} Hz holds only "
            f"frequencies below {sfreq / 2:g} Hz.",
            "Lower the band's upper limit, leave it out, or use a recording of a higher rate.",
        )
    return band


# Designing a filter takes as long as filtering a trial with it, and every trial needs the same one.
@functools.lru_cache(maxsize=128)
def _sections(sfreq: float, band: Band, order: int) -> np.ndarray:
    """Compute the filter as second-order sections, which keep their precision at low bands."""
    limits = (band.low_hz, band.high_hz)
    return scipy.signal.butter(order, limits, btype="bandpass", fs=sfreq, output="sos")
