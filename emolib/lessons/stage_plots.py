"""Figures of the three stages: who shares what, the schedule, what a stage changes.

See `emolib.figures.pages` for what all figures share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from emolib.figures.display import BLUE, DARK, GREY, OCHRE, RED

MOST_BOXES = 4  # subjects that a diagram shows, the last of them for all others
AND_SO_ON = "and so on"


def stage_diagram(ax: Axes, subjects: Sequence[str], tasks: Sequence[str]) -> None:
    """Draw the pooled network in the middle, and on both sides what starts from its weights.

    Parameters
    ----------
    subjects : sequence of str
        Of more than four, the first three are named.
    tasks : sequence of str
        The heads' names.
    """
    shown = list(subjects)
    if len(shown) > MOST_BOXES:
        shown = [*shown[: MOST_BOXES - 1], AND_SO_ON]
    style = {"boxstyle": "round,pad=0.35", "edgecolor": BLUE, "facecolor": "white"}

    def box(x: float, y: float, text: str, side: str, **look: str) -> None:
        given = {"ha": side, "va": "center", "fontsize": 9.5, "bbox": style | look}
        ax.text(x, y, text, **given)

    middle = (len(shown) * len(tasks) - 1) / 2
    arrow = {"arrowstyle": "->", "color": GREY, "shrinkA": 0, "shrinkB": 9}
    for i, subject in enumerate(shown):
        first = i * len(tasks)
        places = [(-0.75, first + (len(tasks) - 1) / 2, subject, "right")]
        places += [(0.6, first + j, f"{subject}, {task}", "left") for j, task in enumerate(tasks)]
        for x, y, text, side in places:
            box(x, y, AND_SO_ON if subject == AND_SO_ON else text, side)
            start = (-0.2 if x < 0 else 0.2, middle)
            ax.annotate("", (x, y), start, arrowprops=arrow)
    box(0, middle, "pooled:\nall subjects,\nall heads", "center", facecolor="#CCDDEE")
    for x, text in ((-1, "fine-tuned\non the subject"), (1, "fine-tuned on the\nsubject and task")):
        ax.text(x, -0.8, text, ha="center", va="bottom", color=DARK, weight="bold")
    ax.set(xlim=(-1.45, 1.5), ylim=(len(shown) * len(tasks) - 0.4, -2.0))
    ax.set_axis_off()


def schedule_course(axes: Sequence[Axes], course: pd.DataFrame) -> None:
    """Draw validation losses above, and the learning rate that they lead to below.

    Parameters
    ----------
    axes : (upper, lower)
        They share the epochs.
    course : DataFrame
        As `emolib.lessons.schedule.follow` gives it.
    """
    upper, lower = axes
    better = course[course["better"]]
    upper.plot(course["epoch"], course["val_loss"], color=GREY, linestyle="-", linewidth=1.2)
    upper.plot(
        better["epoch"], better["val_loss"], "o", color=BLUE, markersize=5, label="best so far"
    )
    upper.plot(
        better["epoch"].iloc[-1], better["val_loss"].iloc[-1], "D", color=RED, markersize=9,
        markerfacecolor="none", markeredgewidth=1.8, linestyle="none", label="kept",
    )  # fmt: skip
    lower.step(
        np.r_[course["epoch"] - 0.5, course["epoch"].iloc[-1] + 0.5],
        np.r_[course["learning_rate"], course["learning_rate"].iloc[-1]],
        where="post", color=OCHRE, linestyle="-",
    )  # fmt: skip
    for i, epoch in enumerate(course.loc[course["halved"] & ~course["stopped"], "epoch"]):
        for ax, label in ((upper, "" if i else "rate halved"), (lower, "")):
            ax.axvline(epoch + 0.5, color=GREY, linestyle=":", linewidth=1, label=label)
    upper.set(ylabel="validation\nloss (nats)")
    upper.tick_params(axis="x", labelbottom=False)
    lower.set(xlabel="epoch", ylabel="learning rate\n(millionths)")
    lower.set_yscale("log", base=2)
    lower.set_ylim(course["learning_rate"].min() / 1.5, course["learning_rate"].max() * 1.5)
    levels = np.unique(course["learning_rate"])
    lower.set_yticks(levels, [f"{1e6 * level:.4g}" for level in levels])
    lower.minorticks_off()
    lower.locator_params(axis="x", integer=True)
    upper.set_xlim(0, course["epoch"].iloc[-1] + 1)
    lower.set_xlim(0, course["epoch"].iloc[-1] + 1)
    upper.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)  # above: no curve is hidden


def trials_curves(
    ax: Axes, n_trials: Sequence[float], curves: Mapping[str, Sequence[float]], *, label: str
) -> None:
    """Draw how something grows with the number of labelled trials of a person.

    Parameters
    ----------
    n_trials : sequence of float
    curves : mapping of str to sequence of float, (n_trials,)
        By the name that the legend shows.
    label : str
        What the curves are, with the unit.
    """
    for name, values in curves.items():
        ax.plot(n_trials, values, label=name)
    ax.set_xscale("log", base=2)
    ax.set_xticks(list(n_trials), [f"{n:g}" for n in n_trials])
    ax.minorticks_off()
    ax.set(xlabel="labelled trials of the person", ylabel=label)
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
