"""Power spectra of a recording, the alpha peak in them, and what a glance at them should catch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy  # its parts, which take up to a second, load when they are first used

from emolib.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

ALPHA_SEARCH_HZ = (8.0, 13.0)  # where adults' alpha peaks lie
SEGMENT_SECONDS = 2.0  # of the pieces whose spectra are averaged: half a Hz apart

# A channel this many times weaker or stronger than the median channel is named. Electrodes of one
# head differ by a factor of two or three; four is no contact, or no brain.
FACTOR = 4.0
LINE_HZ = (50.0, 60.0)  # of mains in most of the world, and in the Americas
LINE_NOISE_DB = 10.0  # above its surroundings: seen at once in a spectrum


def power_spectrum(
    x: np.ndarray, sfreq: float, *, segment_seconds: float = SEGMENT_SECONDS
) -> tuple[np.ndarray, np.ndarray]:
    """Estimate the power spectral density by Welch's method: Hann tapers, half overlapping.

    Takes ``x (..., time)`` in microvolts; returns the frequencies in Hz and the density
    ``(..., frequency)`` in microvolts squared per Hz.

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
        needed = f"a piece of {segment_seconds:g} s has {n_segment}"
        raise DataError(
            "signal", f"has {np.shape(x)[-1]} samples; {needed}.", "Use shorter pieces."
        )
    return scipy.signal.welch(x, sfreq, nperseg=n_segment)


def trial_spectra(recording: xr.Dataset) -> xr.DataArray:
    """Estimate the power spectral density of each trial and channel, padding left out.

    Returns ``(trial, channel, frequency)`` in microvolts squared per Hz. Where a trial is shorter
    than two seconds, all pieces are as short as it is.
    """
    import xarray as xr  # takes a third of a second

    sfreq = float(recording.attrs["sfreq"])
    seconds = min(SEGMENT_SECONDS, trial_lengths(recording).min() / sfreq)
    spectra = [
        power_spectrum(signal, sfreq, segment_seconds=seconds)
        for signal in trial_signals(recording)
    ]
    coords = {name: recording[name].to_numpy() for name in ("trial", "channel")}
    coords["frequency"] = spectra[0][0]
    density = np.stack([density for _, density in spectra])
    return xr.DataArray(density, coords, list(coords), attrs={"units": "uV^2/Hz"})


def trial_lengths(recording: xr.Dataset) -> np.ndarray:
    """Count the samples of each trial, those that pad shorter ones left out."""
    if "trial_samples" in recording.variables:
        return recording["trial_samples"].to_numpy().astype(int)
    return np.full(recording.sizes["trial"], recording.sizes["time"])


def trial_signals(recording: xr.Dataset) -> list[np.ndarray]:
    """Return the signal (channel, sample) of each trial, what pads shorter ones left out."""
    eeg = recording["eeg"].transpose("trial", "channel", "time").to_numpy()
    return [signal[:, :n] for signal, n in zip(eeg, trial_lengths(recording), strict=True)]


def alpha_peak(frequencies: np.ndarray, density: np.ndarray) -> float:
    """Find the frequency in Hz of the alpha peak: the highest local maximum from 8 to 13 Hz.

    A parabola through the logarithm of the maximum and its two neighbours places the peak
    between the evenly spaced frequencies of the estimate. NaN where the spectrum only rises or
    falls there: not everybody has an alpha peak.

    Examples
    --------
    >>> frequencies = np.arange(0, 45.5, 0.5)
    >>> bump = np.exp(-((frequencies - 10.2) ** 2) / 2)
    >>> round(alpha_peak(frequencies, bump), 2)
    10.2
    >>> alpha_peak(frequencies, 1 / (frequencies + 1))
    nan
    """
    low, high = ALPHA_SEARCH_HZ
    log = np.log(np.maximum(density, np.finfo(float).tiny))
    middle = log[1:-1]
    inside = (low <= frequencies[1:-1]) & (frequencies[1:-1] <= high)
    peaks = np.flatnonzero(inside & (middle > log[:-2]) & (middle >= log[2:]))
    if not peaks.size:
        return float("nan")
    i = peaks[np.argmax(middle[peaks])] + 1
    left, top, right = log[i - 1 : i + 2]
    shift = 0.5 * (left - right) / (left - 2 * top + right)
    return float(frequencies[i] + shift * (frequencies[1] - frequencies[0]))


def bad_channels(std_uv: pd.Series) -> pd.Series:
    """List the channels whose amplitude is far from the others': "flat" or "noisy".

    Examples
    --------
    >>> import pandas as pd
    >>> bad_channels(pd.Series({"Fz": 9.0, "Cz": 10.0, "Oz": 11.0, "T7": 45.0, "O1": 2.0}))
    T7    noisy
    O1     flat
    dtype: object
    """
    middle = std_uv.median()
    named = std_uv.astype(object).mask(std_uv < middle / FACTOR, "flat")
    named = named.mask(std_uv > middle * FACTOR, "noisy")
    return named[named.isin(["flat", "noisy"])]


def line_noise(density: xr.DataArray) -> tuple[float, xr.DataArray] | None:
    """Measure how far the mains stick out of the spectrum ``density (channel, frequency)``.

    Returns 50 or 60 Hz, whichever sticks out further, and by channel the power within 1 Hz of it
    above the median of 2 to 6 Hz on both sides, in dB. None where the spectrum ends before.

    Examples
    --------
    >>> import xarray as xr
    >>> hz = np.arange(0, 65.0)
    >>> hum = xr.DataArray([1.0 + 99 * (hz == 50)], {"channel": ["Oz"], "frequency": hz})
    >>> line_hz, excess = line_noise(hum)
    >>> line_hz, round(excess.item(), 1)
    (50.0, 15.3)
    """
    hz, found = density["frequency"], []
    for line in LINE_HZ:
        away = abs(hz - line)
        if float(hz[-1]) < line + 2:
            continue
        near = density.where(away <= 1, drop=True).mean("frequency")
        around = density.where((away >= 2) & (away <= 6), drop=True).median("frequency")
        found.append((line, 10 * np.log10(near / around)))
    return max(found, key=lambda pair: float(pair[1].median())) if found else None


def quality_notes(summary: xr.Dataset) -> list[str]:
    """Describe in sentences what stands out in a subject's summary (`evaluation.subject`).

    Examples
    --------
    >>> import xarray as xr
    >>> std_uv = ("channel", [9.0, 10, 11])
    >>> quality_notes(xr.Dataset({"std_uv": std_uv}, {"channel": ["Fz", "Cz", "Oz"]}))
    ['No channel is more than 4 times weaker or stronger than the median channel.']
    """
    std_uv = summary["std_uv"].to_series()
    sentences = [
        f"{name} is {how}: its standard deviation is {std_uv[name]:.1f} µV, the median channel's "
        f"{std_uv.median():.1f} µV."
        for name, how in bad_channels(std_uv).items()
    ]
    none = f"No channel is more than {FACTOR:g} times weaker or stronger than the median channel."
    sentences = sentences or [none]
    if "line_noise_db" in summary:
        line, limit = f"{summary.attrs['line_hz']:g} Hz", f"{LINE_NOISE_DB:g} dB"
        names = ", ".join(_with_line_noise(summary))
        found = f"Line noise at {line} stands more than {limit} out of the spectrum at {names}."
        none = f"No line noise stands out at {' or '.join(f'{hz:g}' for hz in LINE_HZ)} Hz."
        sentences.append(found if names else none)
    return sentences


def quality_flags(summary: xr.Dataset) -> dict[str, str]:
    """Describe the same in a word or two, for a table of many subjects.

    "none" where nothing stands out; a dash where the spectrum ends below the mains' frequency.

    Examples
    --------
    >>> import xarray as xr
    >>> std_uv = ("channel", [10.0, 11, 45])
    >>> quality_flags(xr.Dataset({"std_uv": std_uv}, {"channel": ["Fz", "Cz", "Oz"]}))
    {'bad channels': 'Oz (noisy)', 'line noise': '-'}
    """
    bad = bad_channels(summary["std_uv"].to_series()).items()
    noise = "-"
    if "line_noise_db" in summary:
        names = ", ".join(_with_line_noise(summary))
        noise = f"{names} ({summary.attrs['line_hz']:g} Hz)" if names else "none"
    channels = ", ".join(f"{name} ({how})" for name, how in bad)
    return {"bad channels": channels or "none", "line noise": noise}


def _with_line_noise(summary: xr.Dataset) -> list[str]:
    """List the channels at which line noise stands out."""
    return list(map(str, summary["channel"].to_numpy()[summary["line_noise_db"] > LINE_NOISE_DB]))
