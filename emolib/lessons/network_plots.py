"""Figures of networks: kernels on maps, receptive fields, parameters, losses and gradients.

What they share is told in `emolib.figures.signals`: each draws what it is given on `ax` and
returns artists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.patches import Rectangle

from emolib.figures.display import BLUE, DARK, GREY, RED
from emolib.figures.maps import DIVERGING, SEQUENTIAL, symmetric
from emolib.figures.signals import MARKERS

Box = tuple[float, float, float, float]  # first row, first column, rows, columns


def cells(
    ax: Axes,
    values: np.ndarray,
    *,
    numbers: str = "",
    diverging: bool = False,
    limits: tuple[float, float] | None = None,
    empty: np.ndarray | None = None,
    box: Box | None = None,
    of: str = "grid",
) -> QuadMesh:
    """Draw one value a cell, as colours and, if wanted, as numbers.

    Parameters
    ----------
    values : array (row, column)
        NaN cells stay white.
    numbers : str
        How to write each value into its cell, such as ``"{:.0f}"``; nothing by default.
    diverging : bool
        Two colours about zero, and, where no numbers are written, a dash in cells below zero.
    limits : (low, high), optional
        The ends of the colour scale; by default those of the values.
    empty : array of bool (row, column), optional
        Cells to hatch: those without an electrode.
    box : (row, column, rows, columns), optional
        A frame to draw.
    of : str
        What rows and columns are of, for the axes: "grid", "kernel".
    """
    values = np.asarray(values, dtype=float)
    n_rows, n_columns = values.shape
    if limits is None:
        limits = symmetric(values) if diverging else (np.nanmin(values), np.nanmax(values))
    colours = DIVERGING if diverging else SEQUENTIAL
    image = ax.pcolormesh(
        values, cmap=colours, vmin=limits[0], vmax=limits[1], edgecolors="white", linewidth=0.5
    )
    dash = "\N{EN DASH}" if diverging else ""
    for (row, column), value in np.ndenumerate(values):
        text = numbers.format(value) if numbers else dash * bool(value < 0)
        if text and np.isfinite(value):
            *rgb, _ = image.cmap(image.norm(value))
            ink = "white" if np.dot(rgb, (0.3, 0.59, 0.11)) < 0.5 else "black"
            middle = {"ha": "center", "va": "center", "color": ink, "fontsize": 9}
            ax.text(column + 0.5, row + 0.5, text.replace("-", "\N{MINUS SIGN}"), **middle)
    for row, column in zip(*np.nonzero(empty), strict=True) if empty is not None else ():
        hatched = Rectangle((column, row), 1, 1, fill=False, hatch="////", edgecolor="#999999")
        hatched.set_linewidth(0)
        ax.add_patch(hatched)
    if box is not None:
        row, column, height, width = box
        for colour, thick in (("white", 4.0), (RED, 2.2)):  # seen on light and on dark cells
            ax.add_patch(
                Rectangle(
                    (column, row), width, height, fill=False, edgecolor=colour, linewidth=thick,
                    clip_on=False,
                )
            )  # fmt: skip
    _grid_axes(ax, n_rows, n_columns, of)
    return image


def field(
    ax: Axes, seen: np.ndarray, unit: Box, names: Sequence[Sequence[str]], *, title: str = ""
) -> QuadMesh:
    """Draw which cells of the grid a unit sees: dark ones; the unit's own place has a frame.

    Parameters
    ----------
    seen : array of bool (row, column)
        True where the unit sees.
    unit : (row, column, rows, columns)
        Where the unit stands.
    names : sequence of sequence of str
        The electrodes' names by cell, "" where there is none.
    title : str
        Shown above.
    """
    seen = np.asarray(seen, dtype=float)
    image = cells(ax, 1 - 0.8 * seen, limits=(0, 1), box=unit)
    image.set_cmap("gray")
    for row, line in enumerate(names):
        for column, name in enumerate(line):
            ink = "white" if seen[row, column] else DARK
            ax.text(
                column + 0.5, row + 0.5, name, ha="center", va="center", color=ink, fontsize=6.5
            )
    ax.set(title=title, xlabel="", ylabel="", xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(visible=True, color=GREY)
    return image


def parameter_bars(ax: Axes, counts: Mapping[str, int]) -> list[Artist]:
    """Draw the number of parameters of each layer as a bar, the number beside it.

    Parameters
    ----------
    counts : mapping of str to int
        By layer, the first on top.
    """
    places, values = np.arange(len(counts)), np.array(list(counts.values()))
    drawn: list[Artist] = list(ax.barh(places, values, color=BLUE))
    drawn += [
        ax.text(value, place, f" {value:,}", va="center", fontsize="small")
        for place, value in zip(places, values, strict=True)
    ]
    ax.set(xlabel="parameters", yticks=places, yticklabels=list(counts))
    ax.set(ylim=(len(counts) - 0.4, -0.6), xlim=(0, 1.25 * values.max()))
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.locator_params(axis="x", nbins=4)
    return drawn


def loss_curve(ax: Axes, chances: Mapping[str, np.ndarray]) -> list[Artist]:
    """Draw the cross-entropy of one window against the probability that its own class was given.

    Parameters
    ----------
    chances : mapping of str to array (window,)
        By task, the probability (0 to 1) of the class that the window has: dots on the curve.
    """
    at = np.linspace(0.01, 1, 200)
    drawn: list[Artist] = ax.plot(at, -np.log(at), color=DARK, linestyle="-", linewidth=1)
    for i, ((task, chance), colour) in enumerate(
        zip(chances.items(), (BLUE, RED, DARK, GREY) * 4, strict=False)
    ):
        chance = np.asarray(chance, dtype=float)
        height = -np.log(chance) + 0.12 * i  # side by side, or tasks would hide each other
        drawn += ax.plot(
            chance, height, MARKERS[i % len(MARKERS)], color=colour, label=task,
            markersize=5, markerfacecolor="none" if i else colour,
        )  # fmt: skip
    ax.set(xlabel="probability given to the window's own class", ylabel="loss (nats)")
    ax.set(xlim=(0, 1.02), ylim=(0, None))
    ax.legend()
    return drawn


def _grid_axes(ax: Axes, n_rows: int, n_columns: int, of: str) -> None:
    ax.set(xlim=(0, n_columns), ylim=(n_rows, 0), aspect="equal")
    ax.set_xticks(np.arange(n_columns) + 0.5, np.arange(n_columns))
    ax.set_yticks(np.arange(n_rows) + 0.5, np.arange(n_rows))
    ax.set(xlabel=f"{of} column", ylabel=f"{of} row")
    ax.tick_params(length=0, labelsize="small")
    for spine in ax.spines.values():
        spine.set_visible(False)
