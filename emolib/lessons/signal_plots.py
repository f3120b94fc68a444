"""Figures of recorded signals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from emolib.figures.display import BLUE, DARK


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


def _round_number(value: float) -> float:
    """Return the number of the series 1, 2, 5, 10, 20, ... nearest to `value` (1 if it is 0)."""
    if not value > 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(min((1, 2, 5, 10), key=lambda step: abs(np.log(value / (step * power)))) * power)
