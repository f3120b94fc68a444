"""Figures of what becomes of features: trial after trial, and what they vary with.

Like `plots`: functions draw what they are given on the `ax` they are given, compute no result and
return artists.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from emolib.figures.display import BLUE, DARK, OCHRE, RED


def trial_courses(
    ax: Axes,
    values: np.ndarray,
    trial: np.ndarray,
    *,
    levels: np.ndarray | None = None,
    label: str,
) -> list[Artist]:
    """Draw a feature window by window, one trial after another, each with its mean.

    Parameters
    ----------
    values : array (window,)
        The feature.
    trial : array (window,)
        Whose windows they are; a trial's windows stand together.
    levels : array (trial,), optional
        A level per trial, such as that of its rest, drawn dashed.
    label : str
        What the values are, with the unit.
    """
    numbers, first, n_windows = np.unique(trial, return_index=True, return_counts=True)
    order = np.argsort(first)
    drawn: list[Artist] = []
    places = zip(first[order], n_windows[order], strict=True)
    for i, (start, n) in enumerate(places):
        x, y = np.arange(start, start + n), values[start : start + n]
        if i % 2:
            ax.axvspan(start - 0.5, start + n - 0.5, color="#EEEEEE", linewidth=0, zorder=0)
        drawn += ax.plot(x, y, ".", color=BLUE, markersize=3, label="a window" if not i else None)
        ends = [start - 0.5, start + n - 0.5]
        mean = {"color": DARK, "linestyle": "-", "linewidth": 2.2}
        drawn += ax.plot(ends, [y.mean()] * 2, **mean, label="mean of the trial" if not i else None)
        if levels is not None:
            rest = {"color": RED, "linestyle": "--", "linewidth": 2.2}
            name = "mean of its rest" if not i else None
            drawn += ax.plot(ends, [levels[i]] * 2, **rest, label=name)
    ax.set_xticks(first[order] + (n_windows[order] - 1) / 2, numbers[order])
    ax.set(xlabel="trial (all its windows, in order)", ylabel=label)
    ax.set_xlim(-1, len(values))
    ax.tick_params(axis="x", length=0)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)
    return drawn


def stacked_shares(ax: Axes, shares: pd.DataFrame) -> list[Artist]:
    """Draw shares of a whole as bars end to end, a bar a row.

    Parameters
    ----------
    shares : DataFrame
        A row a bar, a column a part; 0 to 1, each row adding up to 1.
    """
    drawn: list[Artist] = []
    start = np.zeros(len(shares))
    styles = [(OCHRE, "", "white"), (RED, "//", DARK), ("#CCDDEE", "", DARK), (BLUE, "..", DARK)]
    for name, (colour, hatch, ink) in zip(shares, styles, strict=False):
        width = shares[name].to_numpy(float)
        drawn += ax.barh(
            range(len(shares)), width, left=start, color=colour, hatch=hatch, edgecolor=DARK,
            linewidth=0.6, label=name, height=0.7,
        )  # fmt: skip
        for place in np.flatnonzero(width > 0.06):  # a narrower part cannot hold its number
            box = {"facecolor": colour if not hatch else "white", "edgecolor": "none", "pad": 1.5}
            ax.text(
                start[place] + width[place] / 2, place, f"{width[place]:.0%}", ha="center",
                va="center", color=ink, fontsize="small", bbox=box,
            )  # fmt: skip
        start = start + width
    ax.set(xlabel="share of the variance (0 to 1)", xlim=(0, 1))
    ax.set_yticks(range(len(shares)), list(shares.index))
    ax.set_ylim(len(shares) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.legend(loc="lower center", bbox_to_anchor=(0.4, 1), ncols=len(shares.columns))
    return drawn
