"""Figures of training, scores and paired conditions; see `plots` for what they share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from emolib.figures.display import BLUE, DARK, GREY, RED


def learning_curves(ax: Axes, history: pd.DataFrame) -> list[Artist]:
    """Draw the loss on training and validation data, epoch by epoch, a pair of lines a fold.

    Parameters
    ----------
    history : DataFrame
        Columns ``fold``, ``epoch``, ``loss``, ``val_loss``.
    """
    drawn: list[Artist] = []
    for i, (_, part) in enumerate(history.groupby("fold")):
        for column, colour, style, name in (
            ("loss", BLUE, "-", "training"),
            ("val_loss", RED, "--", "validation"),
        ):
            label = name if i == 0 else None
            drawn += ax.plot(
                part["epoch"], part[column], color=colour, linestyle=style, alpha=0.8, label=label
            )
    ax.set(xlabel="epoch (passes over the training data)", ylabel="loss (nats)")
    ax.locator_params(axis="x", integer=True)
    ax.legend()
    return drawn


def score_points(
    ax: Axes,
    points: pd.DataFrame,
    *,
    groups: pd.DataFrame | None = None,
    label: str,
    chance: float = 0.5,
) -> list[Artist]:
    """Draw scores as points, a row a protocol and stage, with intervals and chance lines.

    Parameters
    ----------
    points : DataFrame
        Columns ``row`` (its name), ``value``, and optionally ``low``, ``high``, ``leaks``;
        one point a subject. Points of leaking rows are hollow.
    groups : DataFrame, optional
        Columns ``row``, ``value``, ``low``, ``high``: the mean over subjects and its interval.
    label : str
        What the scores are.
    chance : float
        The chance level, a dotted line; 0.5 for the balanced accuracy of two classes.
    """
    names = list(dict.fromkeys(points["row"]))
    drawn: list[Artist] = []
    honest: list[int] = []
    for place, name in enumerate(names):
        part = points[points["row"] == name]
        heights = place + (np.linspace(-0.3, 0.2, len(part)) if len(part) > 1 else np.zeros(1))
        leaks = bool(part["leaks"].any()) if "leaks" in part else False
        face = "white" if leaks else BLUE
        honest += [] if leaks else [place]
        if {"low", "high"} <= set(part) and part["low"].notna().any():
            drawn.append(ax.hlines(heights, part["low"], part["high"], color=GREY, linewidth=1))
        drawn.append(
            ax.scatter(part["value"], heights, s=26, facecolor=face, edgecolor=BLUE, zorder=3)
        )
        if groups is not None:
            for row in groups[groups["row"] == name].itertuples():
                drawn += ax.plot([row.low, row.high], [place + 0.34] * 2, color=RED, linestyle="-")
                drawn += ax.plot(row.value, place + 0.34, "D", color=RED, markersize=6)
    if honest:  # leaking scores are not held against chance
        top = min(honest) - 0.5
        ax.vlines(chance, top, max(honest) + 0.5, color=DARK, linestyle=":", linewidth=1.2)
        ax.text(chance, top, f"chance {chance:g} ", fontsize="small", va="top", ha="right")
    ax.set(xlabel=label, xlim=(0, 1.03), yticks=range(len(names)), yticklabels=names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    return drawn


def paired_points(
    ax: Axes, first: Sequence[float], second: Sequence[float], *, names: tuple[str, str], label: str
) -> list[Artist]:
    """Draw a pair of values per subject, joined by a line.

    Parameters
    ----------
    first, second : sequence of float
        One value per subject each.
    names : (str, str)
        The two conditions.
    label : str
        What the values are, with the unit.
    """
    drawn: list[Artist] = []
    for a, b in zip(first, second, strict=True):
        style = {"color": BLUE, "linestyle": "-"} if b >= a else {"color": RED, "linestyle": "--"}
        drawn += ax.plot([0, 1], [a, b], marker="o", markersize=5, linewidth=1, **style)
    ax.set(xticks=[0, 1], xticklabels=list(names), xlim=(-0.25, 1.25), ylabel=label)
    return drawn
