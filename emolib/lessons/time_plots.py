"""Figures of windows in time: how a trial is cut, what neighbours share, and orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from emolib.figures.display import BLUE, DARK, GREY, RED


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
