"""Maps of the head: electrodes, the scalp interpolated between them, and the 8 x 9 grid.

A scalp map is smooth because it is interpolated; a grid map shows what the network gets, one value
a cell and nothing between. Differences are drawn in two colours about zero and, for those who see
no colours, with dashed contours or a sign below zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import matplotlib
import mne
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from emolib import grid
from emolib.figures.display import DARK, RED
from emolib.grid import standard_head

# In 18 steps, three between two contour lines: steps can be read against the colour bar, and a
# page of maps weighs a quarter of what smooth ones do. An even number puts zero on an edge.
SEQUENTIAL = matplotlib.colormaps["viridis"].resampled(18)
DIVERGING = matplotlib.colormaps["RdBu_r"].resampled(18)
N_CONTOURS = 5
HEAD_RADIUS = 0.095  # metres; the scale of the drawing
# The middle of the head that is looked at from above, metres in MNE's head coordinates of the
# `head.MONTAGE`: chosen so that all of DEAP's electrodes lie on the upper half.
HEAD_CENTRE = (-0.001, 0.022, 0.012)


@lru_cache(maxsize=32)
def positions(channels: tuple[str, ...]) -> np.ndarray:
    """Find where electrodes lie on a head seen from above, the nose up.

    The angle between an electrode and the top of the head becomes its distance from the middle
    (azimuthal equidistant projection); the circle of the head is at 90 degrees.

    Parameters
    ----------
    channels : tuple of str
        Names of `head.MONTAGE`, in any case.

    Returns
    -------
    array, shape (channel, 2)
        To the right and to the front; metres, `HEAD_RADIUS` at the circle of the head.

    Raises
    ------
    DataError
        If a channel is not in the montage.

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


def montage(ax: Axes, channels: Sequence[str], *, marked: Sequence[str] = ()) -> list[Artist]:
    """Draw the electrodes on the head, seen from above, the nose up.

    Parameters
    ----------
    channels : sequence of str
        Electrode names.
    marked : sequence of str
        Those to fill in red.
    """
    ax.set_prop_cycle(color=[DARK])  # MNE draws the outlines with the cycle's line styles
    mne.viz.plot_topomap(
        np.zeros(len(channels)),
        positions(tuple(channels)),
        axes=ax,
        show=False,
        contours=0,
        sphere=HEAD_RADIUS,
        vlim=(0, 1),
    )
    points = ax.collections[-1].get_offsets()
    for artist in [*ax.collections, *ax.images]:
        artist.remove()  # the map of zeros; the outlines stay
    drawn: list[Artist] = []
    size = 17 if len(channels) > 40 else 21  # points across
    for (x, y), name in zip(points, channels, strict=True):
        bold = name in marked
        drawn.append(
            ax.scatter(
                x, y, s=size**2, facecolor=RED if bold else "white", edgecolor=DARK, zorder=5
            )
        )
        colour = "white" if bold else DARK
        drawn.append(
            ax.text(
                x, y, name, ha="center", va="center", fontsize=0.4 * size, color=colour, zorder=6
            )
        )
    return drawn


def scalp(
    ax: Axes,
    values: np.ndarray,
    channels: Sequence[str],
    *,
    limits: tuple[float, float],
    diverging: bool = False,
    title: str = "",
    marked: np.ndarray | None = None,
    small: bool = False,
) -> Artist:
    """Draw values at the electrodes as a map of the scalp, interpolated between them.

    Contour lines help where colours cannot: on a diverging map those below zero are dashed.

    Parameters
    ----------
    values : array (channel,)
        One value per electrode.
    channels : sequence of str
        Electrode names.
    limits : (low, high)
        The ends of the colour scale.
    diverging : bool
        Two colours about zero, for differences.
    title : str
        Shown above.
    marked : array of bool (channel,), optional
        Electrodes that get a ring.
    small : bool
        A thumbnail: coarser, without electrodes and contours.
    """
    levels = np.linspace(*limits, N_CONTOURS + 2)[1:-1]
    ax.set_prop_cycle(color=[DARK])  # MNE draws the outlines with the cycle's line styles
    with matplotlib.rc_context({"contour.negative_linestyle": "dashed" if diverging else "solid"}):
        image, _ = mne.viz.plot_topomap(
            np.asarray(values, dtype=float),
            positions(tuple(channels)),
            axes=ax,
            show=False,
            vlim=limits,
            contours=0 if small else levels[np.abs(levels) > 1e-9 * (limits[1] - limits[0])],
            sensors=not small,
            sphere=HEAD_RADIUS,
            res=32 if small else 96,
            cmap=DIVERGING if diverging else SEQUENTIAL,
            mask=marked if marked is not None and np.any(marked) else None,
            mask_params={"markerfacecolor": "white", "markeredgecolor": DARK, "markersize": 4},
        )
    if title:
        ax.set_title(title, loc="center")
    return image


def scalp_rows(
    figure: Figure,
    rows: Mapping[str, np.ndarray],
    channels: Sequence[str],
    bands: Sequence[str],
    *,
    unit: str,
    difference: str | None = None,
    difference_unit: str = "",
    marked: np.ndarray | None = None,
) -> np.ndarray:
    """Draw a table of scalp maps: a row a condition, a column a band.

    Conditions share one colour scale in each band, so that they can be compared; the row of
    differences has one symmetric scale for all bands.

    Parameters
    ----------
    rows : mapping of str to array (band, channel)
        Values by the name of their row.
    channels, bands : sequence of str
        Names of the electrodes and of the bands.
    unit : str
        For the colour bars.
    difference : str, optional
        The name of the row that holds differences, and
    difference_unit : str
        its unit.
    marked : array of bool (band, channel), optional
        Electrodes that get a ring in the row of differences.

    Returns
    -------
    array of Axes (row, band)
    """
    axes = figure.subplots(len(rows), len(bands), squeeze=False)
    plain = [name for name in rows if name != difference]
    images = {}
    for i, (name, values) in enumerate(rows.items()):
        for j, band in enumerate(bands):
            stack = [values] if name == difference else [rows[other][j] for other in plain]
            limits = symmetric(stack) if name == difference else (np.min(stack), np.max(stack))
            images[i, j] = scalp(
                axes[i, j], values[j], channels, limits=limits,
                diverging=name == difference, title=band if i == 0 else "",
                marked=marked[j] if name == difference and marked is not None else None,
            )  # fmt: skip
        axes[i, 0].text(
            -0.12, 0.5, name, transform=axes[i, 0].transAxes, rotation=90,
            va="center", ha="right", fontweight="bold",
        )  # fmt: skip
    names = list(rows)
    if plain:
        held = [names.index(name) for name in plain]
        for j in range(len(bands)):
            bar = colour_bar(images[held[0], j], axes[held, j], unit, location="bottom")
            bar.ax.locator_params(nbins=3)  # it is narrow: more numbers would run into one another
    if difference:
        i = names.index(difference)
        colour_bar(
            images[i, 0], axes[i, :], f"difference ({difference_unit or unit})", location="bottom"
        )
    return axes


def grid_map(
    ax: Axes,
    values: np.ndarray,
    channels: Sequence[str],
    *,
    limits: tuple[float, float] | None = None,
    diverging: bool = False,
    title: str = "",
    small: bool = False,
) -> Artist:
    """Draw one plane of a brain map: the 8 x 9 grid, names in the cells, empty cells hatched.

    Parameters
    ----------
    values : array (channel,)
        One value per electrode.
    channels : sequence of str
        Electrode names.
    limits : (low, high), optional
        The ends of the colour scale; by default those of the values.
    diverging : bool
        Two colours about zero, and the sign written below each name.
    title : str
        Shown above.
    small : bool
        A thumbnail: without names and numbers, in cells too small for them.
    """
    values = np.asarray(values, dtype=float)
    if limits is None:
        limits = symmetric(values) if diverging else (float(values.min()), float(values.max()))
    plane = grid.to_grid(values, list(channels), empty=np.nan)
    rows, columns = grid.cells(list(channels))
    image = ax.pcolormesh(
        plane, cmap=DIVERGING if diverging else SEQUENTIAL, vmin=limits[0], vmax=limits[1],
        edgecolors="white", linewidth=1,
    )  # fmt: skip
    for row, column in zip(*np.nonzero(np.isnan(plane)), strict=True):
        ax.add_patch(
            Rectangle(
                (column, row), 1, 1, fill=False, hatch="////", edgecolor="#BBBBBB", linewidth=0
            )
        )
    named = () if small else zip(channels, values, rows, columns, strict=True)
    for name, value, row, column in named:
        red, green, blue, _ = image.cmap(image.norm(value))
        ink = "white" if 0.3 * red + 0.59 * green + 0.11 * blue < 0.5 else "black"
        text = name + ("\n+" if value > 0 else "\n\N{MINUS SIGN}") * diverging
        middle = {"ha": "center", "va": "center", "color": ink, "fontsize": 8}
        ax.text(column + 0.5, row + 0.5, text, **middle)
    grid_axes(ax)
    if small:
        ax.set(xlabel="", ylabel="", xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    ax.set_title(title)
    return image


def grid_axes(ax: Axes) -> None:
    """Give `ax` the rows and columns of the grid, cell (0, 0) at the top left."""
    n_rows, n_columns = grid.SHAPE
    ax.set(xlim=(0, n_columns), ylim=(n_rows, 0), aspect="equal")
    ax.set_xticks(np.arange(n_columns) + 0.5, np.arange(n_columns))
    ax.set_yticks(np.arange(n_rows) + 0.5, np.arange(n_rows))
    ax.set(xlabel="grid column (ears at the ends)", ylabel="grid row (front at the top)")
    ax.tick_params(length=0)


def colour_bar(image: Artist, axes: object, label: str, *, location: str = "right") -> Colorbar:
    """Add a colour bar with its unit beside `axes` (one, or an array of them)."""
    figure = np.ravel(np.asarray(axes, dtype=object))[0].figure
    bar = figure.colorbar(
        image, ax=axes, label=label, location=location, shrink=0.8, aspect=25, pad=0.02
    )
    bar.ax.tick_params(labelsize="small")
    bar.ax.locator_params(nbins=5)
    return bar


def symmetric(values: object) -> tuple[float, float]:
    """Return the limits of a diverging colour scale: zero in the middle, nothing clipped.

    Examples
    --------
    >>> symmetric([-3.0, 1.0])
    (-3.0, 3.0)
    """
    reach = float(np.nanmax(np.abs(np.asarray(values, dtype=float))))
    return (-reach, reach) if reach > 0 else (-1.0, 1.0)
