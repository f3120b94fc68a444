"""Pictures about the grid itself: its cells, its neighbours, and rows of small maps.

`maps` draws one map well; here many small ones stand in a table, and lines or frames show what is
near what. Functions draw on the axes that they are given (`rows_of_maps`: on a figure), compute
nothing, and return artists.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from emolib import grid
from emolib.figures import maps
from emolib.figures.display import BLUE, DARK, GREY, OCHRE, RED

EMPTY = "#DDDDDD"
# Each kind of link has a colour, a line style and a width of its own, for those who see no colours.
LINKS = ((GREY, "-", 1.2), (RED, "--", 2.2), (OCHRE, ":", 2.4))


def cells(
    ax: Axes, channels: Sequence[str], *, filled: Collection[str] = (), framed: Collection[str] = ()
) -> list[Artist]:
    """Draw the grid's cells with the names of the electrodes in them.

    Parameters
    ----------
    channels : sequence of str
        Electrodes to name; all other cells are grey.
    filled : collection of str
        Those to fill in blue, and
    framed : collection of str
        those to put into a thick red frame.
    """
    drawn: list[Artist] = []
    n_rows, n_columns = grid.SHAPE
    for row, column in np.ndindex(n_rows, n_columns):
        drawn.append(_cell(ax, row, column, facecolor=EMPTY, edgecolor="white"))
    for name, row, column in zip(channels, *grid.cells(list(channels)), strict=True):
        dark = name in filled
        drawn.append(_cell(ax, row, column, facecolor=BLUE if dark else "white", edgecolor=GREY))
        ground = {"facecolor": BLUE if dark else "white", "edgecolor": "none", "pad": 1.5}
        drawn.append(
            ax.text(
                column + 0.5, row + 0.5, name, ha="center", va="center", fontsize=8,
                color="white" if dark else DARK, zorder=4, bbox=ground,  # above `links`
            )
        )  # fmt: skip
        if name in framed:
            place = (column + 0.06, row + 0.06)
            frame = Rectangle(place, 0.88, 0.88, fill=False, edgecolor=RED, linewidth=2, zorder=5)
            drawn.append(ax.add_patch(frame))
    maps.grid_axes(ax)
    ax.spines[["left", "bottom"]].set_visible(False)
    return drawn


def field_frame(ax: Axes, centre: tuple[int, int], size: int) -> Artist:
    """Frame a square of cells on the grid, as far as it lies on it.

    Parameters
    ----------
    centre : (row, column)
        The middle cell.
    size : int
        Cells on a side.
    """
    reach = size // 2
    top, left = (max(place - reach, 0) for place in centre)
    bottom, right = (min(place + reach + 1, n) for place, n in zip(centre, grid.SHAPE, strict=True))
    frame = Rectangle(
        (left, top), right - left, bottom - top, fill=False, edgecolor=RED, linewidth=3, zorder=6
    )
    frame.set_clip_on(False)
    return ax.add_patch(frame)


def links(
    ax: Axes,
    places: Mapping[str, tuple[float, float]],
    kinds: Mapping[str, Sequence[tuple[str, str]]],
) -> list[Artist]:
    """Draw lines between pairs of electrodes, a colour and line style a kind of pair.

    Parameters
    ----------
    places : mapping of str to (x, y)
        Where each electrode lies on `ax`: see `grid_places` and `head_places`.
    kinds : mapping of str to sequence of (name, name)
        Up to three kinds of pairs, by the name that the legend shows.
    """
    drawn: list[Artist] = []
    for (label, pairs), (colour, style, width) in zip(kinds.items(), LINKS, strict=False):
        for i, pair in enumerate(pairs):
            x, y = np.array([places[name] for name in pair]).T
            look = {"color": colour, "linestyle": style, "linewidth": width, "zorder": 3}
            drawn += ax.plot(x, y, label=label if i == 0 else None, **look)
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=len(kinds), borderaxespad=0.1)
    return drawn


def grid_places(channels: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Give the middle of each electrode's cell, as `cells` draws it.

    Examples
    --------
    >>> grid_places(["Fp1"])
    {'Fp1': (3.5, 0.5)}
    """
    rows, columns = grid.cells(list(channels))
    return {
        name: (float(column) + 0.5, float(row) + 0.5)
        for name, row, column in zip(channels, rows, columns, strict=True)
    }


def head_places(channels: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Give each electrode's place on the head, as `maps.montage` draws it."""
    return dict(zip(channels, map(tuple, maps.positions(tuple(channels)).tolist()), strict=True))


def plane(
    ax: Axes,
    values: np.ndarray,
    channels: Sequence[str],
    *,
    limits: tuple[float, float],
    diverging: bool = False,
    title: str = "",
) -> Artist:
    """Draw one plane of a brain map, small: no names, empty cells grey, a dash below zero.

    Parameters
    ----------
    values : array (channel,)
        One value per electrode.
    channels : sequence of str
        Electrode names.
    limits : (low, high)
        The ends of the colour scale.
    diverging : bool
        Two colours about zero, and a dash in cells below zero.
    title : str
        Shown above.
    """
    values = np.asarray(values, dtype=float)
    shown = grid.to_grid(values, list(channels), empty=np.nan)
    colours = maps.DIVERGING if diverging else maps.SEQUENTIAL
    ax.set_facecolor(EMPTY)
    image = ax.pcolormesh(
        shown, cmap=colours, vmin=limits[0], vmax=limits[1], edgecolors="white", linewidth=0.4
    )
    if diverging:
        rows, columns = grid.cells(list(channels))
        below = values < 0
        at = columns[below] + 0.5, rows[below] + 0.5
        ax.plot(*at, marker="_", markersize=4, color=DARK, linestyle="none", markeredgewidth=0.8)
    ax.set(xlim=(0, grid.SHAPE[1]), ylim=(grid.SHAPE[0], 0), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    if title:
        ax.set_title(title, loc="center")
    return image


def rows_of_maps(
    figure: Figure,
    rows: Mapping[str, np.ndarray],
    channels: Sequence[str],
    columns: Sequence[str],
    *,
    units: Mapping[str, str],
    diverging: Collection[str] = (),
    draw: Callable[..., Artist] = plane,
) -> np.ndarray:
    """Draw a table of small maps, each row on a colour scale of its own.

    Parameters
    ----------
    rows : mapping of str to array (column, channel)
        Values by the name of their row.
    channels : sequence of str
        Electrode names.
    columns : sequence of str
        Names of the columns, such as bands.
    units : mapping of str to str
        What the colour bar of each row is labelled with.
    diverging : collection of str
        The rows that have two colours about zero.
    draw : function
        `plane` for the grid, `maps.scalp` for the interpolated scalp.

    Returns
    -------
    array of Axes (row, column)
    """
    axes = figure.subplots(len(rows), len(columns), squeeze=False)
    for i, (name, values) in enumerate(rows.items()):
        two = name in diverging
        limits = maps.symmetric(values) if two else (float(np.min(values)), float(np.max(values)))
        for j, column in enumerate(columns):
            image = draw(
                axes[i, j], values[j], channels, limits=limits, diverging=two,
                title=column if i == 0 else "",
            )  # fmt: skip
        axes[i, 0].text(
            -0.1, 0.5, name, transform=axes[i, 0].transAxes, rotation=90, va="center",
            ha="right", multialignment="center", fontsize="small", fontweight="bold",
        )  # fmt: skip
        bar = maps.colour_bar(image, axes[i, :], units[name])
        bar.ax.yaxis.label.set_size("small")
    return axes


def _cell(ax: Axes, row: int, column: int, **look: object) -> Artist:
    return ax.add_patch(Rectangle((column, row), 1, 1, linewidth=0.8, zorder=2, **look))
