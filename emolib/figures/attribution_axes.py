"""Figures of attributions: maps in scales of their own, and agreements beside chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emolib.figures import maps
from emolib.figures.display import BLUE, DARK, OCHRE


def band_rows(
    figure: Figure,
    rows: Mapping[str, np.ndarray],
    channels: Sequence[str],
    bands: Sequence[str],
    *,
    units: Mapping[str, str],
) -> np.ndarray:
    """Draw a table of scalp maps, a row a quantity and a column a band.

    Each row has a colour scale of its own, the same for its bands: what is compared from row to
    row is where a map is strong, not how strong it is. Rows with values below 0 have two colours
    about 0, and dashed contours below it.

    Parameters
    ----------
    rows : mapping of str to array (band, channel)
        Values by the name of their row.
    channels, bands : sequence of str
        Names of the electrodes and of the bands.
    units : mapping of str to str
        By row, for the colour bars.

    Returns
    -------
    array of Axes (row, band)
    """
    axes = figure.subplots(len(rows), len(bands), squeeze=False)
    for i, (name, values) in enumerate(rows.items()):
        values = np.asarray(values, dtype=float)
        signed = bool((values < 0).any())
        limits = maps.symmetric(values) if signed else (0.0, float(values.max()) or 1.0)
        for j, band in enumerate(bands):
            image = maps.scalp(
                axes[i, j], values[j], channels, limits=limits,
                diverging=signed, title=band if i == 0 else "",
            )  # fmt: skip
        axes[i, 0].text(
            -0.12, 0.5, name, transform=axes[i, 0].transAxes, rotation=90,
            va="center", ha="right", fontweight="bold", fontsize="small",
        )  # fmt: skip
        bar = maps.colour_bar(image, axes[i], units[name])
        bar.ax.locator_params(nbins=4)
        bar.ax.yaxis.label.set_size("small")
    return axes


def agreements(ax: Axes, rows: pd.DataFrame, *, label: str) -> list[Artist]:
    """Draw how far maps agree with another, a row a map, on the range that chance covers.

    Parameters
    ----------
    rows : DataFrame
        Columns ``row`` (its name), ``value``, ``low`` and ``high`` (the range of chance) and
        ``others``: a list of values to hold it against, which may be empty.
    label : str
        What the values are.
    """
    drawn: list[Artist] = []
    for place, row in enumerate(rows.itertuples()):
        named = {} if place else {"range": "electrodes shuffled", "value": "this map"}
        drawn += ax.barh(
            place, row.high - row.low, left=row.low, height=0.5, color="#DDDDDD",
            edgecolor=DARK, linewidth=0.5, label=named.get("range"),
        )  # fmt: skip
        own = {"color": BLUE, "markersize": 8, "zorder": 5, "label": named.get("value")}
        drawn += ax.plot(row.value, place, "D", **own)
        if row.others:
            shown = {"color": OCHRE, "markersize": 7, "markeredgewidth": 1.6}
            drawn += ax.plot(
                row.others, [place] * len(row.others), "x", **shown,
                label="untrained networks" if not place else None,
            )  # fmt: skip
    ax.axvline(0, color=DARK, linestyle=":", linewidth=1)
    ax.set(yticks=range(len(rows)), yticklabels=rows["row"].to_list(), xlabel=label)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlim(-1, 1)
    ax.legend(loc="lower left", fontsize="small")  # maps seldom disagree so strongly
    return drawn
