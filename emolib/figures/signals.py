"""Figures of signals, spectra, filters, labels and scores: one visual language, units everywhere.

Each function draws what it is given on the `ax` it is given and returns the artists. None
computes a result and none shows anything: `display.Picture` does that, and refuses a figure
without alternative text. Colours are told apart by colour-blind readers; where two would look
alike in grey, line style, marker or hatching tells them apart as well. Maps are in `maps`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from emolib.figures.display import BLUE, DARK, GREY, RED

MARKERS = ("o", "s", "^", "D", "v", "P")


def signals(
    ax: Axes,
    values: np.ndarray,
    times: np.ndarray,
    names: Sequence[str],
    *,
    scale_uv: float | None = None,
    baseline_until: float | None = None,
) -> list[Artist]:
    """Draw signals one above another, with a bar that says how many microvolts it is high.

    Parameters
    ----------
    values : array (channel, time)
        Microvolts.
    times : array (time,)
        Seconds.
    names : sequence of str
        A name per channel; the first is drawn on top.
    scale_uv : float, optional
        Height of the scale bar, which is also the distance between two zero lines; by default a
        round number near five times the median standard deviation.
    baseline_until : float, optional
        Time at which the baseline ends, marked by a line.
    """
    values = np.asarray(values, dtype=float)
    if scale_uv is None:
        scale_uv = _round_number(5 * float(np.nanmedian(np.nanstd(values, axis=-1))))
    offsets = -scale_uv * np.arange(len(values))
    lines = [
        ax.plot(times, row + offset, color=DARK, linestyle="-", linewidth=0.6)[0]
        for row, offset in zip(values, offsets, strict=True)
    ]
    right = times[0] + 1.02 * (times[-1] - times[0])
    bar = ax.plot([right, right], [offsets[-1], offsets[-1] + scale_uv], color=BLUE, linewidth=3)
    label = ax.text(
        right, offsets[-1] + scale_uv / 2, f"  {scale_uv:g} µV", va="center", color=BLUE
    )
    if baseline_until is not None:
        ax.axvline(baseline_until, color=RED, linestyle="--", linewidth=1.2)
    ax.set(xlabel="time (s)", yticks=offsets, yticklabels=list(names), xlim=(times[0], right))
    ax.set_ylim(offsets[-1] - scale_uv, scale_uv)
    ax.tick_params(axis="y", length=0, labelsize="small")
    return [*lines, *bar, label]


def spectra(
    ax: Axes,
    frequencies: np.ndarray,
    densities: Mapping[str, np.ndarray],
    *,
    peaks: Mapping[str, float] | None = None,
    search_hz: tuple[float, float] | None = None,
) -> list[Artist]:
    """Draw power spectral densities, a line a condition, with the alpha peak marked on each.

    Parameters
    ----------
    frequencies : array (frequency,)
        Hz.
    densities : mapping of str to array (frequency,)
        Microvolts squared per Hz, by the name that the legend shows.
    peaks : mapping of str to float, optional
        The frequency of each peak, Hz; NaN where there is none.
    search_hz : (low, high), optional
        The interval in which the peak was sought, shaded.
    """
    span = {"color": GREY, "alpha": 0.18, "linewidth": 0}
    drawn: list[Artist] = [ax.axvspan(*search_hz, **span)] if search_hz else []
    for (name, density), marker in zip(densities.items(), MARKERS * 4, strict=False):
        (line,) = ax.semilogy(frequencies, density, label=name)
        drawn.append(line)
        peak = (peaks or {}).get(name, np.nan)
        if np.isfinite(peak):
            line.set_label(f"{name}, peak at {peak:.1f} Hz")
            height = np.interp(peak, frequencies, density)
            drawn += ax.plot(peak, height, marker, color=line.get_color(), markersize=8)
    ax.set(xlabel="frequency (Hz)", ylabel="power density (µV²/Hz)")
    ax.set_xlim(frequencies[0], frequencies[-1])
    # Below 4 Hz, where recordings are often high-passed, the curve may fall out of sight.
    floor = min(np.min(np.asarray(d)[frequencies >= 4]) for d in densities.values())
    ax.set_ylim(bottom=floor / 2)
    ax.legend()
    return drawn


def ratings(
    ax: Axes, values: np.ndarray, scales: Sequence[str], *, above: float, low: float, high: float
) -> list[Artist]:
    """Draw every rating as a point, filled where it is above the threshold.

    Parameters
    ----------
    values : array (trial, scale)
        Self-reports; NaN where one is missing.
    scales : sequence of str
        The names of the scales.
    above : float
        A rating above it is high.
    low, high : float
        The ends of the scale.
    """
    drawn: list[Artist] = [
        ax.axvline(above, color=RED, linestyle="--", label=f"threshold {above:g}")
    ]
    spread = 0.28 * np.sin(2.4 * np.arange(len(values)))  # the same at every run, unlike a jitter
    for place, column in enumerate(np.asarray(values, dtype=float).T):
        for chosen, face in ((column > above, BLUE), (column <= above, "white")):
            drawn.append(
                ax.scatter(
                    column[chosen], place + spread[chosen], s=34, facecolor=face, edgecolor=BLUE
                )
            )
    drawn[1].set_label("high")
    drawn[2].set_label("low")
    ax.set(xlabel=f"rating ({low:g} to {high:g}, no unit)", xlim=(low - 0.3, high + 0.3))
    ax.set(yticks=range(len(scales)), yticklabels=list(scales), ylim=(len(scales) - 0.5, -0.5))
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return drawn


def label_balance(ax: Axes, counts: pd.DataFrame) -> list[Artist]:
    """Draw how many trials of each class every task has, as bars end to end.

    Parameters
    ----------
    counts : DataFrame
        A row a task, a column a class; trials.
    """
    drawn: list[Artist] = []
    start = np.zeros(len(counts))
    styles = [(BLUE, "", "white"), ("white", "///", DARK), ("#C8C8C8", "...", DARK)]
    filled = [name for name in counts if counts[name].any()]
    for name, (colour, hatch, ink) in zip(filled, styles, strict=False):
        width = counts[name].to_numpy(float)
        bars = ax.barh(
            range(len(counts)),
            width,
            left=start,
            color=colour,
            hatch=hatch,
            edgecolor=DARK,
            label=name,
        )
        drawn += bars
        for place in np.flatnonzero(width):
            box = {"facecolor": colour, "edgecolor": "none", "pad": 1.5}
            ax.text(
                start[place] + width[place] / 2, place, f"{width[place]:.0f}",
                ha="center", va="center", color=ink, bbox=box,
            )  # fmt: skip
        start = start + width
    ax.set(xlabel="trials", yticks=range(len(counts)), yticklabels=list(counts.index))
    ax.set_ylim(len(counts) - 0.4, -0.6)
    ax.locator_params(axis="x", integer=True)
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return drawn


def amplitudes(ax: Axes, names: Sequence[str], values: np.ndarray, *, label: str) -> list[Artist]:
    """Draw one amplitude per channel as a point on a stem.

    Parameters
    ----------
    names : sequence of str
        Channel names.
    values : array (channel,)
        Microvolts.
    label : str
        What the values are, with the unit.
    """
    places = np.arange(len(names))
    stems = ax.vlines(places, 0, values, color=GREY, linewidth=1)
    points = ax.plot(places, values, "o", color=BLUE, markersize=5)
    ax.set(xticks=places, xticklabels=list(names), ylabel=label, ylim=(0, None))
    ax.tick_params(axis="x", labelrotation=90, labelsize="small" if len(names) <= 40 else 5.5)
    return [stems, *points]


def frequency_response(
    ax: Axes, frequencies: np.ndarray, gains_db: Mapping[str, np.ndarray]
) -> list[Artist]:
    """Draw how much of each frequency a filter lets through.

    Parameters
    ----------
    frequencies, gains_db : array (frequency,), mapping of str to array (frequency,)
        Hz; gain in decibels, by band name.
    """
    lines = [ax.plot(frequencies, gain, label=name)[0] for name, gain in gains_db.items()]
    ax.axhline(-3, color=GREY, linestyle="-", linewidth=0.8)
    ax.set(xlabel="frequency (Hz)", ylabel="gain (dB)", ylim=(-40, 3))
    ax.set_xlim(frequencies[0], frequencies[-1])
    ax.legend(loc="upper right", bbox_to_anchor=(1.22, 1))
    return lines


def impulse_responses(
    ax: Axes, times: np.ndarray, responses: Mapping[str, np.ndarray], *, window_seconds: float
) -> list[Artist]:
    """Draw what a filter makes of a single sample of height one.

    Parameters
    ----------
    times : array (time,)
        Seconds after the impulse.
    responses : mapping of str to array (time,)
        Output for an input of one microvolt, by band name.
    window_seconds : float
        Length of a window; its multiples are marked.
    """
    height = 1.1 * 2 * max(float(np.abs(values).max()) for values in responses.values())
    lines = []
    for place, (name, values) in enumerate(responses.items()):
        lines += ax.plot(times, values - place * height, label=name, linestyle="-")
        ax.axhline(-place * height, color=GREY, linestyle="-", linewidth=0.5, zorder=0)
    for edge in np.arange(window_seconds, times[-1] + 1e-9, window_seconds):
        ax.axvline(edge, color=GREY, linestyle=":", linewidth=1)
    (bar,) = ax.plot([times[-1]] * 2, [0, 0.1], color=DARK, linestyle="-", linewidth=3)
    ax.text(times[-1], 0.05, "0.1 µV  ", ha="right", va="center", fontsize="small")
    ax.set(xlabel="time after the impulse (s)", xlim=(0, 1.01 * times[-1]))
    ax.set(yticks=-height * np.arange(len(responses)), yticklabels=list(responses))
    return [*lines, bar]


def filter_delay(
    ax: Axes, delays: Mapping[str, tuple[np.ndarray, np.ndarray]], *, sfreq: float
) -> list[Artist]:
    """Draw the delay of a causal filter over the frequencies of its band.

    Parameters
    ----------
    delays : mapping of str to (frequencies, samples)
        By band name: Hz, and the group delay in samples.
    sfreq : float
        Hz; gives the second axis, in milliseconds.
    """
    lines = [ax.plot(hz, samples, label=name)[0] for name, (hz, samples) in delays.items()]
    ax.set(xlabel="frequency (Hz)", ylabel="delay (samples)", ylim=(0, None))
    second = ax.secondary_yaxis(
        "right", functions=(lambda n: n / sfreq * 1000, lambda ms: ms * sfreq / 1000)
    )
    second.set_ylabel("delay (ms)")
    ax.legend()
    return lines


def traces(
    ax: Axes, times: np.ndarray, values: Mapping[str, np.ndarray], *, label: str = "signal (µV)"
) -> list[Artist]:
    """Draw signals on top of one another, to compare them.

    Parameters
    ----------
    times : array (time,)
        Seconds.
    values : mapping of str to array (time,)
        By the name that the legend shows.
    label : str
        The vertical axis, with its unit.
    """
    lines = [ax.plot(times, row, label=name)[0] for name, row in values.items()]
    ax.set(xlabel="time (s)", ylabel=label, xlim=(times[0], times[-1]))
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return lines


def windows_timeline(
    ax: Axes, *, baseline_seconds: float, trial_seconds: float, window_seconds: float
) -> list[Artist]:
    """Draw how one trial is cut into windows, the baseline's hatched, the trial's plain.

    Parameters
    ----------
    baseline_seconds, trial_seconds, window_seconds : float
        Lengths in seconds; a baseline of 0 is not drawn.
    """
    drawn: list[Artist] = []
    pieces = (-baseline_seconds, baseline_seconds, "///"), (0, trial_seconds, "")
    for start, length, hatch in pieces:
        for i in range(int(length / window_seconds + 1e-9)):
            box = Rectangle(
                (start + i * window_seconds, 0), window_seconds, 1,
                facecolor="white" if hatch else ("#99BBDD" if i % 2 else "#CCDDEE"),
                hatch=hatch, edgecolor=DARK, linewidth=0.4,
            )  # fmt: skip
            drawn.append(ax.add_patch(box))
    ax.axvline(0, color=RED, linestyle="--")
    ax.set(xlabel="time from the start of the trial (s)", yticks=[], ylim=(-0.1, 1.1))
    ax.set_xlim(-baseline_seconds - window_seconds, trial_seconds + window_seconds)
    ax.spines["left"].set_visible(False)
    return drawn


def feature_scatter(
    ax: Axes, x: np.ndarray, y: np.ndarray, *, labels: tuple[str, str], line: tuple[float, float]
) -> list[Artist]:
    """Draw one feature against another, with the straight line that was fitted to them.

    Parameters
    ----------
    x, y : array (point,)
        The two features.
    labels : (str, str)
        Their names, with units.
    line : (slope, intercept)
        y = slope * x + intercept.
    """
    points = ax.scatter(
        x, y, s=7, color=BLUE, alpha=0.35, linewidth=0, label="a window of a channel"
    )
    ends = np.array([np.min(x), np.max(x)])
    (fit,) = ax.plot(
        ends, line[0] * ends + line[1], color=RED, label="straight line", linestyle="--"
    )
    ax.set(xlabel=labels[0], ylabel=labels[1])
    ax.legend()
    return [points, fit]


def _round_number(value: float) -> float:
    """Return the number of the series 1, 2, 5, 10, 20, ... nearest to `value` (1 if it is 0)."""
    if not value > 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(min((1, 2, 5, 10), key=lambda step: abs(np.log(value / (step * power)))) * power)
