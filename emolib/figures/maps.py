"""Maps of the head: electrodes and their neighbours, the scalp between them, and the 8 x 9 grid.

A scalp map is smooth because it is interpolated; a grid map shows what the network gets, one value
a cell and nothing between. A scale that is symmetric about zero has two colours and, for those who
see no colours, dashed contours or a sign below zero.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache, partial

import matplotlib
import mne
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import FigureBase
from matplotlib.patches import Rectangle

from emolib import grid
from emolib.figures.display import BLUE, DARK, GREY, OCHRE, RED
from emolib.grid import standard_head

Limits = tuple[float, float]

# In 18 steps, three between two contour lines: steps can be read against the colour bar, and a
# page of maps weighs a quarter of what smooth ones do. An even number puts zero on an edge.
SEQUENTIAL = matplotlib.colormaps["viridis"].resampled(18)
DIVERGING = matplotlib.colormaps["RdBu_r"].resampled(18)
N_CONTOURS = 5
EMPTY, HATCH = "#DDDDDD", "#BBBBBB"  # cells without an electrode, small and large
HEAD_RADIUS = 0.095  # metres; the scale of the drawing
# The middle of the head that is looked at from above, metres in MNE's head coordinates of the
# `grid.MONTAGE`: chosen so that all of DEAP's electrodes lie on the upper half.
HEAD_CENTRE = (-0.001, 0.022, 0.012)
# Each kind of link has a colour, a line style and a width of its own, for those who see no colours.
LINKS = ((GREY, "-", 1.2), (RED, "--", 2.2), (OCHRE, ":", 2.4))


@lru_cache(maxsize=32)
def positions(channels: tuple[str, ...]) -> np.ndarray:
    """Return where electrodes lie on a head seen from above, the nose up: (channel, 2), metres.

    The angle between an electrode and the top of the head becomes its distance from the middle
    (azimuthal equidistant projection); the circle of the head, `HEAD_RADIUS`, is at 90 degrees.

    Examples
    --------
    >>> left, right = positions(("T7", "T8"))
    >>> bool(left[0] < 0 < right[0])
    True
    """
    electrodes = standard_head(channels)["chs"]
    x, y, z = (np.array([each["loc"][:3] for each in electrodes]) - HEAD_CENTRE).T
    distance = np.arctan2(np.hypot(x, y), z) / (np.pi / 2) * HEAD_RADIUS
    angle = np.arctan2(y, x)
    return np.stack([distance * np.cos(angle), distance * np.sin(angle)], axis=-1)


def scalp(
    ax: Axes,
    values: np.ndarray,
    channels: Sequence[str],
    *,
    limits: Limits,
    title: str = "",
    marked: np.ndarray | None = None,
    small: bool = False,
) -> ScalarMappable:
    """Plot values (channel,) as a map of the scalp, interpolated between the electrodes.

    Contour lines help where colours cannot. Electrodes that are `marked` (channel,) get a ring,
    those without a value are left out. A `small` map has neither contours nor electrodes.
    """
    values = np.asarray(values, dtype=float)
    known = np.isfinite(values)
    levels = np.linspace(*limits, N_CONTOURS + 2)[1:-1]
    two_colours = limits[0] == -limits[1]
    ax.set_prop_cycle(color=[DARK])  # MNE draws the outlines with the cycle's line styles
    lines = {"contour.negative_linestyle": "dashed" if two_colours else "solid"}
    with matplotlib.rc_context(lines):
        image, _ = mne.viz.plot_topomap(
            values[known],
            positions(tuple(channels))[known],
            axes=ax,
            show=False,
            vlim=limits,
            contours=0 if small else levels[np.abs(levels) > 1e-9 * (limits[1] - limits[0])],
            sensors=not small,
            sphere=HEAD_RADIUS,
            res=32 if small else 96,
            cmap=DIVERGING if two_colours else SEQUENTIAL,
            mask=marked[known] if marked is not None and np.any(marked) else None,
            mask_params={"markerfacecolor": "white", "markeredgecolor": DARK, "markersize": 4},
        )
    if title:
        ax.set_title(title, loc="center")
    return image


def grid_map(
    ax: Axes,
    values: np.ndarray,
    channels: Sequence[str] | None = None,
    *,
    limits: Limits | None = None,
    title: str = "",
    numbers: str = "",
    small: bool = False,
) -> ScalarMappable:
    """Plot values (channel,) in their cells of the grid, or any plane (row, column).

    In a cell stand the electrode's name, or the value as `numbers` formats it; and where there
    are two colours, its sign. NaN cells are hatched. A `small` map has only dashes below zero,
    and grey cells.
    """
    values = np.asarray(values, dtype=float)
    cells = values if channels is None else grid.to_grid(values, list(channels), empty=np.nan)
    low, high = limits or span(values)
    two_colours = low == -high
    image = ax.pcolormesh(
        cells, cmap=DIVERGING if two_colours else SEQUENTIAL, vmin=low, vmax=high,
        edgecolors="white", linewidth=0.4 if small else 1,
    )  # fmt: skip
    if small:
        ax.set_facecolor(EMPTY)
    for row, column in () if small else np.argwhere(np.isnan(cells)):
        look = {"fill": False, "hatch": "////", "edgecolor": HATCH, "linewidth": 0}
        ax.add_patch(Rectangle((column, row), 1, 1, **look))
    names = {}
    if channels is not None and not small:
        names = dict(zip(zip(*grid.cells(list(channels)), strict=True), channels, strict=True))
    for (row, column), value in np.ndenumerate(cells):
        minus = "\N{MINUS SIGN}" if value < 0 else ""
        text = names.get((row, column), "") or numbers.format(value).replace("-", minus) or minus
        if names and two_colours:
            text += f"\n{minus or '+'}"
        if text and np.isfinite(value):
            ink = "white" if np.dot(image.to_rgba(value)[:3], (0.3, 0.59, 0.11)) < 0.5 else "black"
            middle = {"ha": "center", "va": "center", "fontsize": 6 if small else 8}
            ax.text(column + 0.5, row + 0.5, text, color=ink, **middle)
    grid_axes(ax, cells.shape)
    if small:
        ax.set(xlabel="", ylabel="", xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    ax.set_title(title)
    return image


def grid_axes(ax: Axes, shape: tuple[int, int] = grid.SHAPE) -> None:
    """Set the rows and columns of the grid as axes, cell (0, 0) at the top left."""
    n_rows, n_columns = shape
    ax.set(xlim=(0, n_columns), ylim=(n_rows, 0), aspect="equal")
    ax.set_xticks(np.arange(n_columns) + 0.5, np.arange(n_columns))
    ax.set_yticks(np.arange(n_rows) + 0.5, np.arange(n_rows))
    ax.set(xlabel="grid column (ears at the ends)", ylabel="grid row (front at the top)")
    ax.tick_params(length=0)


thumbnail = partial(scalp, small=True)
plane = partial(grid_map, small=True)


def rows(
    figure: FigureBase,
    values: Mapping[str, np.ndarray],
    channels: Sequence[str],
    columns: Sequence[str],
    *,
    units: str | Mapping[str, str],
    limits: Sequence[Limits] | None = None,
    draw: Callable[..., ScalarMappable] = scalp,
    marked: np.ndarray | None = None,
) -> None:
    """Plot a table of maps with colour bars: one row per condition, one column per band.

    Parameters
    ----------
    values : mapping of str to array (column, channel)
        By the name of their row; NaN where there is no electrode.
    channels, columns : sequence of str
        Names of the electrodes and of the columns.
    units : str or mapping of str to str
        Labels of the colour bars, by row where they differ.
    limits : sequence of (low, high), optional
        The scale of each column, which its rows share; its bar stands below. By default each
        row has a scale of its own, see `span`, and a bar on its right.
    draw : function
        `scalp`, `thumbnail` or `plane`.
    marked : array of bool (column, channel), optional
        Electrodes that get a ring on the scalp.
    """
    axes = figure.subplots(len(values), len(columns), squeeze=False)
    rings = [{}] * len(columns) if marked is None else [{"marked": each} for each in marked]
    for i, (name, of_row) in enumerate(values.items()):
        ends = limits or [span(of_row)] * len(columns)
        images = []
        for ax, each, its, ring in zip(axes[i], of_row, ends, rings, strict=True):
            if np.isfinite(each).any():
                images.append(draw(ax, each, channels, limits=its, **ring))
            else:
                ax.set_axis_off()
        turned = 0 if draw is thumbnail else 90
        axes[i, 0].text(
            -0.12, 0.5, name, transform=axes[i, 0].transAxes, rotation=turned, va="center",
            ha="right", multialignment="center", fontsize="small", fontweight="bold",
        )  # fmt: skip
        if limits is None:
            unit = units if isinstance(units, str) else units[name]
            colour_bar(images[0], axes[i], unit, n_ticks=4)
        elif i == 0 and len(set(limits)) == 1:
            colour_bar(images[0], axes, units, location="bottom")
        elif i == 0:
            for image, below in zip(images, axes.T, strict=True):
                n_ticks = 2 if draw is thumbnail else 3
                colour_bar(image, below, units, location="bottom", n_ticks=n_ticks)
    for ax, column in zip(axes[0], columns, strict=True):
        ax.set_title(column, loc="center")


def colour_bar(
    image: ScalarMappable, axes: object, label: str, *, location: str = "right", n_ticks: int = 5
) -> None:
    """Add a colour bar with its unit beside `axes` (one, or an array of them).

    A bar with two ticks is short and thick, and has its numbers at its ends.
    """
    figure = np.ravel(np.asarray(axes, dtype=object))[0].figure
    look = {"location": location, "shrink": 0.8, "aspect": 25 if n_ticks > 2 else 8, "pad": 0.02}
    bar = figure.colorbar(image, ax=axes, label=label, **look)
    bar.ax.tick_params(labelsize="small")
    if n_ticks > 2:
        bar.ax.locator_params(nbins=n_ticks)
    else:
        ends = [f"{end:.2g}".replace("-", "\N{MINUS SIGN}") for end in image.get_clim()]
        bar.set_ticks(image.get_clim(), labels=ends)


def span(values: object) -> Limits:
    """Return the ends of a colour scale: symmetric about zero if there are values below it.

    Examples
    --------
    >>> span([1.0, 3.0]), span([-3.0, 1.0])
    ((1.0, 3.0), (-3.0, 3.0))
    """
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low < 0:
        return symmetric(values)
    return (low, high) if low < high else (low, low + 1)


def symmetric(values: object) -> Limits:
    """Return the ends of a scale with two colours: zero in the middle, nothing clipped.

    Examples
    --------
    >>> symmetric([-3.0, 1.0])
    (-3.0, 3.0)
    """
    reach = float(np.nanmax(np.abs(np.asarray(values, dtype=float))))
    return (-reach, reach) if reach > 0 else (-1.0, 1.0)


def montage(ax: Axes, channels: Sequence[str], *, marked: Sequence[str] = ()) -> None:
    """Plot the electrodes on the head, seen from above, the nose up; those `marked` in red."""
    ax.set_prop_cycle(color=[DARK])  # MNE draws the outlines with the cycle's line styles
    places = positions(tuple(channels))
    mne.viz.plot_topomap(
        np.zeros(len(channels)), places, axes=ax, show=False, contours=0, sphere=HEAD_RADIUS,
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
        _cell(ax, row, column, facecolor=EMPTY, edgecolor="white")
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
    grid_axes(ax)
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
