"""What a glance at a recording should catch: channels that are too weak, too strong, or hum."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

# A channel this many times weaker or stronger than the median channel is named. Electrodes of one
# head differ by a factor of two or three; four is no contact, or no brain.
FACTOR = 4.0
LINE_HZ = (50.0, 60.0)  # of mains in most of the world, and in the Americas
HUM_DB = 10.0  # above its surroundings: seen at once in a spectrum


def odd_channels(deviation: pd.Series) -> pd.Series:
    """Name the channels whose amplitude is far from the others'.

    Parameters
    ----------
    deviation : Series
        Standard deviation by channel, microvolts.

    Returns
    -------
    Series of str
        "weak" or "strong", by channel; only those that are.

    Examples
    --------
    >>> odd_channels(pd.Series({"Fz": 9.0, "Cz": 10.0, "Oz": 11.0, "T7": 45.0, "O1": 2.0}))
    T7    strong
    O1      weak
    dtype: object
    """
    middle = deviation.median()
    named = pd.Series("", index=deviation.index, dtype=object)
    named[deviation < middle / FACTOR] = "weak"
    named[deviation > middle * FACTOR] = "strong"
    return named[named != ""]


def line_noise(density: xr.DataArray) -> tuple[float, xr.DataArray] | None:
    """Measure how far mains stick out of the spectrum.

    Parameters
    ----------
    density : DataArray (channel, frequency)
        Microvolts squared per Hz.

    Returns
    -------
    line_hz : float
        50 or 60, whichever sticks out further.
    excess : DataArray (channel)
        Power within 1 Hz of it above the median of 2 to 6 Hz on both sides, in dB.
        None where the spectrum does not reach so far.

    Examples
    --------
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


def told(summary: xr.Dataset) -> list[str]:
    """Say in sentences what stands out in a recording.

    Parameters
    ----------
    summary : Dataset
        From `emolib.evaluation.subject.summarise`: ``deviation``, and ``hum`` where there is one.

    Examples
    --------
    >>> told(xr.Dataset({"deviation": ("channel", [9.0, 10, 11])}, {"channel": ["Fz", "Cz", "Oz"]}))
    ['No channel is more than 4 times weaker or stronger than the median channel.']
    """
    odd = odd_channels(summary["deviation"].to_series())
    sentences = [
        f"{name} is {how}: its standard deviation is {summary['deviation'].sel(channel=name):.1f} "
        f"µV, the median channel's {summary['deviation'].median():.1f} µV."
        for name, how in odd.items()
    ]
    if not sentences:
        sentences = [
            f"No channel is more than {FACTOR:g} times weaker or stronger than the median channel."
        ]
    if "hum" not in summary:
        return sentences
    line, names = summary.attrs["line_hz"], ", ".join(_loud(summary))
    sentences.append(
        f"Mains hum at {line:g} Hz stands more than {HUM_DB:g} dB out of the spectrum at {names}."
        if names
        else f"No mains hum stands out at {' or '.join(f'{hz:g}' for hz in LINE_HZ)} Hz."
    )
    return sentences


def flags(summary: xr.Dataset) -> dict[str, str]:
    """Say the same in a word or two, for a table of many subjects.

    Parameters
    ----------
    summary : Dataset
        As for `told`.

    Returns
    -------
    dict of str to str
        ``odd channels`` and ``mains hum``: "none" where nothing stands out, and a dash where the
        spectrum does not reach to the mains' frequency.

    Examples
    --------
    >>> amplitude = ("channel", [10.0, 11, 45])
    >>> flags(xr.Dataset({"deviation": amplitude}, {"channel": ["Fz", "Cz", "Oz"]}))
    {'odd channels': 'Oz (strong)', 'mains hum': '-'}
    """
    odd = odd_channels(summary["deviation"].to_series())
    hum = "-"
    if "hum" in summary:
        names = ", ".join(_loud(summary))
        hum = f"{names} ({summary.attrs['line_hz']:g} Hz)" if names else "none"
    channels = ", ".join(f"{name} ({how})" for name, how in odd.items())
    return {"odd channels": channels or "none", "mains hum": hum}


def _loud(summary: xr.Dataset) -> list[str]:
    """The channels at which hum stands out."""
    return list(map(str, summary["channel"].to_numpy()[summary["hum"] > HUM_DB]))
