"""Figures of windows in time: what neighbours share, and orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from emolib.figures.display import BLUE, DARK, GREY, RED


def correlations(
    ax: Axes,
    seconds: Sequence[float],
    curves: Mapping[str, Sequence[float]],
    *,
    formula: Sequence[float],
) -> None:
    """Plot how windows correlate with later ones, beside what is expected of white noise."""
    ax.axhline(0, color=GREY, linestyle="-", linewidth=0.8)
    for name, values in curves.items():
        ax.plot(seconds, values, label=name)
    crosses = {"color": DARK, "markersize": 5, "linestyle": "none"}
    ax.plot(seconds, formula, "x", **crosses, label="white noise, formula")
    ax.set(xlim=(0, seconds[-1]), ylim=(-0.2, 1.05))


def orders(ax: Axes, ordered: np.ndarray, shuffled: np.ndarray) -> None:
    """Plot probabilities of groups of windows in their order (group,) and others (order, group)."""
    places = np.arange(1, len(ordered) + 1)
    x = np.broadcast_to(places, np.shape(shuffled))
    circles = {"facecolor": "none", "edgecolor": BLUE, "linewidth": 0.7}
    ax.scatter(x, shuffled, s=22, **circles, label="other orders")
    ax.plot(places, ordered, "D", color=RED, markersize=5, linestyle="none", label="in order")
    ax.set(xlabel="group of windows", xticks=places)
