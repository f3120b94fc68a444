"""Figures of what becomes of features, trial after trial."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from emolib.figures.display import BLUE, DARK, RED


def trial_courses(
    ax: Axes,
    values: np.ndarray,
    trial: np.ndarray,
    *,
    levels: np.ndarray | None = None,
    label: str,
) -> None:
    """Plot a feature (window,), one trial after another, each with its mean.

    A trial's windows stand together. A level per trial, such as that of its rest, is dashed.
    """
    numbers, first, n_windows = np.unique(trial, return_index=True, return_counts=True)
    order = np.argsort(first)
    places = zip(first[order], n_windows[order], strict=True)
    for i, (start, n) in enumerate(places):
        x, y = np.arange(start, start + n), values[start : start + n]
        if i % 2:
            ax.axvspan(start - 0.5, start + n - 0.5, color="#EEEEEE", linewidth=0, zorder=0)
        ax.plot(x, y, ".", color=BLUE, markersize=3, label=None if i else "a window")
        ends = [start - 0.5, start + n - 0.5]
        mean = {"color": DARK, "linestyle": "-", "linewidth": 2.2}
        ax.plot(ends, [y.mean()] * 2, **mean, label=None if i else "mean of the trial")
        if levels is not None:
            rest = {"color": RED, "linestyle": "--", "linewidth": 2.2}
            ax.plot(ends, [levels[i]] * 2, **rest, label=None if i else "mean of its rest")
    ax.set_xticks(first[order] + (n_windows[order] - 1) / 2, numbers[order])
    ax.set(xlabel="trial (all its windows, in order)", ylabel=label)
    ax.set_xlim(-1, len(values))
    ax.tick_params(axis="x", length=0)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)
