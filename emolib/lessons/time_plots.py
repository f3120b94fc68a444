"""Figures of windows in time: groups, what neighbours share, and orders.

See `plots` for what all figures share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from emolib.figures.display import BLUE, DARK, GREY, RED


def group_timeline(
    ax: Axes, *, n_windows: int, windows: int, window_seconds: float
) -> list[Artist]:
    """Draw a trial's windows, those of a group in one shade and framed; the rest hatched.

    Parameters
    ----------
    n_windows : int
        Of the trial.
    windows : int
        Windows a group.
    window_seconds : float
    """
    drawn: list[Artist] = []
    grouped = n_windows // windows * windows
    for i in range(n_windows):
        rest = i >= grouped
        shade = "white" if rest else ("#99BBDD", "#DDE8F2")[i // windows % 2]
        box = Rectangle(
            (i * window_seconds, 0), window_seconds, 1, facecolor=shade,
            hatch="////" if rest else "", edgecolor=GREY, linewidth=0.4,
        )  # fmt: skip
        drawn.append(ax.add_patch(box))
    for start in range(0, grouped, windows):
        left, width = start * window_seconds, windows * window_seconds
        frame = Rectangle((left, 0), width, 1, facecolor="none", edgecolor=DARK, linewidth=1.4)
        drawn.append(ax.add_patch(frame))
    ax.set(xlabel="time in the trial (s)", yticks=[], ylim=(-0.1, 1.1))
    ax.set_xlim(-window_seconds / 2, (n_windows + 0.5) * window_seconds)
    ax.spines["left"].set_visible(False)
    return drawn


def correlations(
    ax: Axes,
    seconds: Sequence[float],
    curves: Mapping[str, Sequence[float]],
    *,
    formula: Sequence[float] | None = None,
) -> list[Artist]:
    """Draw how windows correlate with later ones.

    Parameters
    ----------
    seconds : sequence of float
        From a window's start to the later one's.
    curves : mapping of str to sequence of float
        Correlations (-1 to 1) by the name that the legend shows.
    formula : sequence of float, optional
        What is expected of white noise, as crosses.
    """
    drawn: list[Artist] = [ax.axhline(0, color=GREY, linestyle="-", linewidth=0.8)]
    drawn += [ax.plot(seconds, values, label=name)[0] for name, values in curves.items()]
    if formula is not None:
        drawn += ax.plot(
            seconds, formula, "x", color=DARK, markersize=5, linestyle="none",
            label="white noise, formula",
        )  # fmt: skip
    ax.set(xlim=(0, seconds[-1]), ylim=(-0.2, 1.05))
    return drawn


def orders(ax: Axes, ordered: np.ndarray, shuffled: np.ndarray) -> list[Artist]:
    """Draw what a network answers to groups of windows, in their order and in others.

    Parameters
    ----------
    ordered : array, (n_groups,)
        Probabilities with the windows in their order.
    shuffled : array, (n_orders, n_groups)
        With the windows of each group in other orders.
    """
    places = np.arange(1, len(ordered) + 1)
    drawn: list[Artist] = []
    for row in shuffled:
        drawn.append(ax.scatter(places, row, s=22, facecolor="none", edgecolor=BLUE, linewidth=0.7))
    drawn[-1].set_label("other orders")
    drawn += ax.plot(
        places, ordered, "D", color=RED, markersize=5, linestyle="none", label="in order"
    )
    ax.set(xlabel="group of windows", xticks=places)
    return drawn
