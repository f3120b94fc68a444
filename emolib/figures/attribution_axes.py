"""Figures of attributions: agreements beside chance."""

from __future__ import annotations

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from emolib.figures.display import BLUE, DARK, OCHRE


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
