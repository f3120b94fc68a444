"""Figures of networks: receptive fields, parameters, losses and gradients."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from emolib import grid
from emolib.figures import electrodes, maps
from emolib.figures.display import BLUE, DARK, GREY, MARKERS, RED


def field(ax: Axes, seen: np.ndarray, place: tuple[int, int], *, title: str = "") -> None:
    """Plot which cells (row, column) a unit sees: dark ones; its own `place` has a frame."""
    image = maps.plane(ax, 1 - 0.8 * np.asarray(seen, dtype=float), limits=(0, 1))
    image.set_cmap("gray")
    for name, row, column in zip(grid.DEAP_CHANNELS, *grid.cells(grid.DEAP_CHANNELS), strict=True):
        ink = "white" if seen[row, column] else DARK
        middle = {"ha": "center", "va": "center", "fontsize": 6.5}
        ax.text(column + 0.5, row + 0.5, name, color=ink, **middle)
    electrodes.frame(ax, *place, 1, 1)
    ax.set_title(title)
    ax.spines[:].set(visible=True, color=GREY)


def parameter_bars(ax: Axes, counts: Mapping[str, int]) -> None:
    """Plot the number of parameters of each layer as a bar, the number beside it."""
    places, values = np.arange(len(counts)), np.array(list(counts.values()))
    bars = ax.barh(places, values, color=BLUE)
    ax.bar_label(bars, fmt="{:,.0f}", padding=3, fontsize="small")
    ax.set(xlabel="parameters", yticks=places, yticklabels=list(counts))
    ax.set(ylim=(len(counts) - 0.4, -0.6), xlim=(0, 1.25 * values.max()))
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.locator_params(axis="x", nbins=4)


def loss_curve(ax: Axes, chances: Mapping[str, np.ndarray]) -> None:
    """Plot the cross-entropy of windows against the probability given to their own class.

    `chances` (window,), 0 to 1, are by task: markers on the curve.
    """
    at = np.linspace(0.01, 1, 200)
    ax.plot(at, -np.log(at), color=DARK, linestyle="-", linewidth=1)
    for i, (task, chance) in enumerate(chances.items()):
        height = -np.log(chance) + 0.12 * i  # side by side, or tasks would hide each other
        colour = (BLUE, RED, DARK, GREY)[i % 4]
        ax.plot(
            chance, height, MARKERS[i % len(MARKERS)], color=colour, label=task,
            markersize=5, markerfacecolor="none" if i else colour,
        )  # fmt: skip
    ax.set(xlabel="probability given to the window's own class", ylabel="loss (nats)")
    ax.set(xlim=(0, 1.02), ylim=(0, None))
    ax.legend()
