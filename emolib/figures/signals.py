"""Figures of signals, spectra, filters, labels and windows: one visual language, units everywhere.

Each function plots what it is given on the `ax` it is given; none computes a result and none shows
anything: `display.Picture` does that, and refuses a figure without alternative text. Colours are
told apart by colour-blind readers; where two would look alike in grey, line style, marker or
hatching tells them apart as well. Maps are in `maps`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from emolib.figures.display import BLUE, DARK, GREY, OCHRE, RED

MARKERS = ("o", "s", "^", "D", "v", "P")


def signals(ax: Axes, values: np.ndarray, times: np.ndarray, names: Sequence[str]) -> None:
    """Plot signals (channel, time), µV, one above another, with a scale bar.

    The bar, which is also the distance of two zero lines, is a round number of microvolts near
    five times the median standard deviation. Times are in seconds.
    """
    values = np.asarray(values, dtype=float)
    scale_uv = _round_number(5 * float(np.nanmedian(np.nanstd(values, axis=-1))))
    offsets = -scale_uv * np.arange(len(values))
    for row, offset in zip(values, offsets, strict=True):
        ax.plot(times, row + offset, color=DARK, linestyle="-", linewidth=0.6)
    right = times[0] + 1.02 * (times[-1] - times[0])
    ax.plot([right, right], [offsets[-1], offsets[-1] + scale_uv], color=BLUE, linewidth=3)
    ax.text(right, offsets[-1] + scale_uv / 2, f"  {scale_uv:g} µV", va="center", color=BLUE)
    ax.set(xlabel="time (s)", yticks=offsets, yticklabels=list(names), xlim=(times[0], right))
    ax.set_ylim(offsets[-1] - scale_uv, scale_uv)
    ax.tick_params(axis="y", length=0, labelsize="small")


def spectra(
    ax: Axes,
    frequencies: np.ndarray,
    densities: Mapping[str, np.ndarray],
    *,
    peaks: Mapping[str, float],
    search_hz: tuple[float, float],
) -> None:
    """Plot power spectral densities (frequency,), µV²/Hz, with the alpha peak of each marked.

    Frequencies and `peaks` are in Hz, NaN where there is no peak; the interval in which it was
    sought is shaded.
    """
    ax.axvspan(*search_hz, color=GREY, alpha=0.18, linewidth=0)
    for (name, density), marker in zip(densities.items(), MARKERS * 4, strict=False):
        (line,) = ax.semilogy(frequencies, density, label=name)
        if np.isfinite(peaks[name]):
            line.set_label(f"{name}, peak at {peaks[name]:.1f} Hz")
            height = np.interp(peaks[name], frequencies, density)
            ax.plot(peaks[name], height, marker, color=line.get_color(), markersize=8)
    ax.set(xlabel="frequency (Hz)", ylabel="power density (µV²/Hz)")
    ax.set_xlim(frequencies[0], frequencies[-1])
    # Below 4 Hz, where recordings are often high-passed, the curve may fall out of sight.
    floor = min(np.min(np.asarray(d)[frequencies >= 4]) for d in densities.values())
    ax.set_ylim(bottom=floor / 2)
    ax.legend()


def stacked_bars(ax: Axes, parts: pd.DataFrame, *, label: str, form: str = "{:.0f}") -> None:
    """Plot parts of a whole as bars end to end: a bar per row, a part per column.

    Each part carries its number, written by `form`, unless it is too narrow for it.
    """
    styles = [(BLUE, "", "white"), ("white", "///", DARK), ("#C8C8C8", "...", DARK)]
    styles.append((OCHRE, "", "white"))
    places, start = np.arange(len(parts)), np.zeros(len(parts))
    whole = float(parts.sum(axis=1).max())
    filled = parts.loc[:, parts.any()]
    for name, (colour, hatch, ink) in zip(filled, styles, strict=False):
        width = filled[name].to_numpy(float)
        look = {"color": colour, "hatch": hatch, "edgecolor": DARK, "label": name}
        ax.barh(places, width, left=start, **look)
        for place in places:
            text = form.format(width[place])
            if width[place] > 0.022 * len(text) * whole:
                box = {"facecolor": colour, "edgecolor": "none", "pad": 1.5}
                middle = {"ha": "center", "va": "center", "color": ink, "bbox": box}
                ax.text(start[place] + width[place] / 2, place, text, **middle)
        start = start + width
    ax.set(xlabel=label, xlim=(0, whole), yticks=places, yticklabels=list(parts.index))
    ax.set_ylim(len(parts) - 0.4, -0.6)
    ax.locator_params(axis="x", integer=whole > 1)  # counts have no decimals, shares do
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(styles))


def amplitudes(ax: Axes, names: Sequence[str], values: np.ndarray, *, label: str) -> None:
    """Plot one amplitude per channel, µV, as a point on a stem."""
    places = np.arange(len(names))
    ax.vlines(places, 0, values, color=GREY, linewidth=1)
    ax.plot(places, values, "o", color=BLUE, markersize=5)
    ax.set(xticks=places, xticklabels=list(names), ylabel=label, ylim=(0, None))
    ax.tick_params(axis="x", labelrotation=90, labelsize="small" if len(names) <= 40 else 5.5)


def frequency_response(
    ax: Axes, frequencies: np.ndarray, gains_db: Mapping[str, np.ndarray]
) -> None:
    """Plot how much of each frequency (Hz) filters let through: their gains (frequency,), dB."""
    for name, gain in gains_db.items():
        ax.plot(frequencies, gain, label=name)
    ax.axhline(-3, color=GREY, linestyle="-", linewidth=0.8)
    ax.set(xlabel="frequency (Hz)", ylabel="gain (dB)", ylim=(-40, 3))
    ax.set_xlim(frequencies[0], frequencies[-1])
    ax.legend(loc="upper right", bbox_to_anchor=(1.22, 1))


def impulse_responses(
    ax: Axes, times: np.ndarray, responses: Mapping[str, np.ndarray], *, window_seconds: float
) -> None:
    """Plot what filters make of a single sample of 1 µV: (time,), µV, by band.

    Times are seconds after the impulse; multiples of a window's length are marked.
    """
    height = 1.1 * 2 * max(float(np.abs(values).max()) for values in responses.values())
    for place, (name, values) in enumerate(responses.items()):
        ax.plot(times, values - place * height, label=name, linestyle="-")
        ax.axhline(-place * height, color=GREY, linestyle="-", linewidth=0.5, zorder=0)
    for edge in np.arange(window_seconds, times[-1] + 1e-9, window_seconds):
        ax.axvline(edge, color=GREY, linestyle=":", linewidth=1)
    ax.plot([times[-1]] * 2, [0, 0.1], color=DARK, linestyle="-", linewidth=3)
    ax.text(times[-1], 0.05, "0.1 µV  ", ha="right", va="center", fontsize="small")
    ax.set(xlabel="time after the impulse (s)", xlim=(0, 1.01 * times[-1]))
    ax.set(yticks=-height * np.arange(len(responses)), yticklabels=list(responses))


def filter_delay(
    ax: Axes, delays: Mapping[str, tuple[np.ndarray, np.ndarray]], *, sfreq: float
) -> None:
    """Plot group delays of causal filters by band: frequencies in Hz, delays in samples.

    The sampling frequency, Hz, gives a second axis in milliseconds.
    """
    for name, (hz, samples) in delays.items():
        ax.plot(hz, samples, label=name)
    ax.set(xlabel="frequency (Hz)", ylabel="delay (samples)", ylim=(0, None))
    second = ax.secondary_yaxis(
        "right", functions=(lambda n: n / sfreq * 1000, lambda ms: ms * sfreq / 1000)
    )
    second.set_ylabel("delay (ms)")
    ax.legend()


def traces(
    ax: Axes, times: np.ndarray, values: Mapping[str, np.ndarray], *, label: str = "signal (µV)"
) -> None:
    """Plot signals (time,) on top of one another, to compare them. Times are in seconds."""
    for name, row in values.items():
        ax.plot(times, row, label=name)
    ax.set(xlabel="time (s)", ylabel=label, xlim=(times[0], times[-1]))
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))


def windows_timeline(
    ax: Axes,
    *,
    trial_seconds: float,
    window_seconds: float,
    baseline_seconds: float = 0,
    group: int = 1,
) -> None:
    """Plot how one trial is cut into windows, and windows are put together in groups.

    Neighbouring groups differ in shade; if they hold several windows, they are framed. Windows
    of the baseline, before a dashed line, and those that make no whole group are hatched.
    """
    n_windows, n_before = (
        int(length / window_seconds + 1e-9) for length in (trial_seconds, baseline_seconds)
    )
    grouped = n_windows // group * group
    for i in range(-n_before, n_windows):
        within = 0 <= i < grouped
        look = {"facecolor": "white", "hatch": "///"}
        if within:
            look = {"facecolor": ("#CCDDEE", "#99BBDD")[i // group % 2]}
        place = (i * window_seconds, 0)
        ax.add_patch(Rectangle(place, window_seconds, 1, edgecolor=DARK, linewidth=0.4, **look))
        if group > 1 and within and i % group == 0:
            frame = {"fill": False, "edgecolor": DARK, "linewidth": 1.4, "zorder": 2}
            ax.add_patch(Rectangle(place, group * window_seconds, 1, **frame))
    if n_before:
        ax.axvline(0, color=RED, linestyle="--")
    ax.set(xlabel="time from the start of the trial (s)", yticks=[], ylim=(-0.1, 1.1))
    ax.set_xlim((-n_before - 0.5) * window_seconds, (n_windows + 0.5) * window_seconds)
    ax.spines["left"].set_visible(False)


def feature_scatter(
    ax: Axes, x: np.ndarray, y: np.ndarray, *, labels: tuple[str, str], line: tuple[float, float]
) -> None:
    """Plot one feature (point,) against another, with a fitted line (slope, intercept)."""
    ax.scatter(x, y, s=7, color=BLUE, alpha=0.35, linewidth=0, label="a window of a channel")
    ends = np.array([np.min(x), np.max(x)])
    straight = {"color": RED, "linestyle": "--", "label": "straight line"}
    ax.plot(ends, line[0] * ends + line[1], **straight)
    ax.set(xlabel=labels[0], ylabel=labels[1])
    ax.legend()


def _round_number(value: float) -> float:
    """Return the number of the series 1, 2, 5, 10, 20, ... nearest to `value` (1 if it is 0)."""
    if not value > 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(min((1, 2, 5, 10), key=lambda step: abs(np.log(value / (step * power)))) * power)
