"""Pictures about the grid itself: the names in its cells, and what is near what."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import mne
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from emolib import grid
from emolib.figures import maps
from emolib.figures.display import BLUE, DARK, GREY, OCHRE, RED

# Each kind of link has a colour, a line style and a width of its own, for those who see no colours.
LINKS = ((GREY, "-", 1.2), (RED, "--", 2.2), (OCHRE, ":", 2.4))


def montage(ax: Axes, channels: Sequence[str], *, marked: Sequence[str] = ()) -> None:
    """Plot the electrodes on the head, seen from above, the nose up; those `marked` in red."""
    ax.set_prop_cycle(color=[DARK])  # MNE draws the outlines with the cycle's line styles
    places = maps.positions(tuple(channels))
    mne.viz.plot_topomap(
        np.zeros(len(channels)), places, axes=ax, show=False, contours=0, sphere=maps.HEAD_RADIUS,
        vlim=(0, 1),
    )  # fmt: skip
    for artist in [*ax.collections, *ax.images]:
        artist.remove()  # the map of zeros; the outlines stay
    bold = np.isin(channels, marked)
    size = 17 if len(channels) > 40 else 21  # points across
    faces = np.where(bold, RED, "white")
    ax.scatter(*places.T, s=size**2, facecolor=faces, edgecolor=DARK, zorder=5)
    for (x, y), name, ink in zip(places, channels, np.where(bold, "white", DARK), strict=True):
        middle = {"ha": "center", "va": "center", "fontsize": 0.4 * size, "zorder": 6}
        ax.text(x, y, name, color=ink, **middle)


def cells(
    ax: Axes, channels: Sequence[str], *, filled: Collection[str] = (), framed: Collection[str] = ()
) -> None:
    """Plot the grid's cells with the names of electrodes, some `filled` in blue, some `framed`."""
    for row, column in np.ndindex(grid.SHAPE):
        _cell(ax, row, column, facecolor=maps.EMPTY, edgecolor="white")
    for name, row, column in zip(channels, *grid.cells(list(channels)), strict=True):
        ground, ink = (BLUE, "white") if name in filled else ("white", DARK)
        _cell(ax, row, column, facecolor=ground, edgecolor=GREY)
        ax.text(
            column + 0.5, row + 0.5, name, ha="center", va="center", fontsize=8, color=ink,
            zorder=4, bbox={"facecolor": ground, "edgecolor": "none", "pad": 1.5},  # above `links`
        )  # fmt: skip
        if name in framed:
            place, look = (column + 0.06, row + 0.06), {"edgecolor": RED, "linewidth": 2}
            ax.add_patch(Rectangle(place, 0.88, 0.88, fill=False, zorder=5, **look))
    maps.grid_axes(ax)
    ax.spines[["left", "bottom"]].set_visible(False)


def frame(ax: Axes, row: float, column: float, n_rows: float, n_columns: float) -> None:
    """Frame a block of cells, even where it sticks out over the edge of the grid."""
    for colour, thick in (("white", 4.0), (RED, 2.2)):  # seen on light and on dark cells
        look = {"fill": False, "edgecolor": colour, "linewidth": thick, "zorder": 6}
        box = Rectangle((column, row), n_columns, n_rows, clip_on=False, **look)
        ax.add_patch(box)


def links(
    ax: Axes,
    places: Mapping[str, tuple[float, float]],
    kinds: Mapping[str, Sequence[tuple[str, str]]],
) -> None:
    """Plot lines between pairs of electrodes, a colour and line style a kind of pair.

    `places` are those of `grid_places`; there may be three kinds, by name.
    """
    for (label, pairs), (colour, style, width) in zip(kinds.items(), LINKS, strict=False):
        for i, pair in enumerate(pairs):
            x, y = np.array([places[name] for name in pair]).T
            look = {"color": colour, "linestyle": style, "linewidth": width, "zorder": 3}
            ax.plot(x, y, label=label if i == 0 else None, **look)
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=len(kinds), borderaxespad=0.1)


def grid_places(channels: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Return the middle of each electrode's cell, as `cells` draws it.

    Examples
    --------
    >>> grid_places(["Fp1"])
    {'Fp1': (3.5, 0.5)}
    """
    rows, columns = grid.cells(list(channels))
    places = np.stack([columns, rows], axis=-1) + 0.5
    return dict(zip(channels, map(tuple, places.tolist()), strict=True))


def _cell(ax: Axes, row: int, column: int, **look: object) -> None:
    ax.add_patch(Rectangle((column, row), 1, 1, linewidth=0.8, zorder=2, **look))
