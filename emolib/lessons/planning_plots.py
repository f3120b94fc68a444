"""Figures for planning: what chance covers by design, and what the order of conditions does."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from emolib.figures.display import BLUE, DARK, GREY, RED


def chance_ranges(ax: Axes, table: pd.DataFrame) -> list[Artist]:
    """Draw the range of chance as a bar a design, and the score that would be detected.

    Parameters
    ----------
    table : DataFrame
        Columns ``row`` (the design's name), ``low``, ``high`` and ``detectable``; NaN where no
        score would do.
    """
    drawn: list[Artist] = []
    for place, row in enumerate(table.itertuples()):
        first = place == 0
        drawn += ax.barh(
            place, row.high - row.low, left=row.low, height=0.5, color="#DDDDDD",
            edgecolor=DARK, linewidth=0.5, label="chance (middle 95 %)" if first else None,
        )  # fmt: skip
    drawn += ax.plot(
        table["detectable"], range(len(table)), "|", color=BLUE, markersize=15, markeredgewidth=2.5,
        label="found in 4 of 5 experiments",
    )  # fmt: skip
    ax.axvline(0.5, color=DARK, linestyle=":", linewidth=1)
    ax.set(yticks=range(len(table)), yticklabels=table["row"].to_list(), xlim=(0.2, 1.0))
    ax.set_xlabel("balanced accuracy of trials (0 to 1)")
    ax.set_ylim(len(table) + 0.6, -0.6)  # room for the legend below the last bar
    ax.legend(loc="lower left", ncols=2, fontsize="small")
    return drawn


def order_scores(ax: Axes, scores: pd.DataFrame) -> list[Artist]:
    """Draw every session's score by the order of its conditions, and the mean of each order.

    Parameters
    ----------
    scores : DataFrame
        Columns ``order`` and ``value``.
    """
    drawn: list[Artist] = []
    names = list(dict.fromkeys(scores["order"]))
    for place, name in enumerate(names):
        values = np.sort(scores.loc[scores["order"] == name, "value"].to_numpy())
        # The same at every run, unlike a jitter: a wave, so that equal values do not hide.
        heights = place + 0.28 * np.sin(2.4 * np.arange(len(values)))
        drawn.append(ax.scatter(values, heights, s=9, color=BLUE, alpha=0.4, linewidth=0))
        drawn += ax.plot(values.mean(), place, "D", color=RED, markersize=9)
    ax.axvline(0.5, color=GREY, linestyle=":", linewidth=1.2)
    ax.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.5, -0.5))
    ax.set(xlabel="balanced accuracy of trials (0 to 1)", xlim=(0, 1.02))
    return drawn
