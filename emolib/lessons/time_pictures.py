"""Whole pictures of windows in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from emolib.figures import scores as score_plots
from emolib.figures.display import WIDTH, Picture
from emolib.lessons import time_plots

WITHIN, ACROSS, NOISE = "within trials", "trials' levels left in", "white noise"


def groups(n_windows: int, size: int, *, window_seconds: float) -> Picture:
    """Show how a trial's windows are put together in groups of `size`."""
    figure, ax = plt.subplots(figsize=(WIDTH, 1.3))
    seconds = {"trial_seconds": n_windows * window_seconds, "window_seconds": window_seconds}
    time_plots.windows_timeline(ax, **seconds, group=size)
    left = n_windows % size
    return Picture(
        figure,
        alt=f"A trial of {n_windows} windows in {n_windows // size} groups of {size}; "
        f"{left or 'none'} left over.",
        caption="Thin lines: windows. Frames: groups that enter the network together. Hatched, if "
        "there are any: windows at the trial's end that make no whole group.",
    )


def correlations(
    curves: Mapping[str, Mapping[str, Sequence[float]]],
    formulas: Mapping[str, Sequence[float]],
    *,
    window_seconds: float,
) -> Picture:
    """Show how windows correlate with later windows of their trial, a panel a band.

    Parameters
    ----------
    curves : mapping of str to mapping of str to sequence of float
        By band, then by what was taken away or put in: correlations from lag 0 on.
    formulas : mapping of str to sequence of float
        By band: what is expected of white noise.
    window_seconds : float
    """
    n_rows = -(-len(curves) // 2)
    figure, axes = plt.subplots(
        n_rows, 2, figsize=(WIDTH, 0.7 + 2.0 * n_rows), sharex=True, sharey=True, squeeze=False
    )
    notes = []
    for ax, (band, lines) in zip(axes.ravel(), curves.items(), strict=False):
        seconds = window_seconds * np.arange(len(formulas[band]))
        time_plots.correlations(ax, seconds, lines, formula=formulas[band])
        ax.set_title(band)
        notes.append(f"{band} " + ", ".join(f"{name} {v[1]:.2f}" for name, v in lines.items()))
    for ax in axes.ravel()[len(curves) :]:
        ax.set_axis_off()
    figure.supxlabel("distance of the windows (s)", fontsize="medium")
    figure.supylabel("correlation (no unit)", fontsize="medium")
    handles = axes[0, 0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside upper center", ncols=2)
    return Picture(
        figure,
        alt=f"Correlation of neighbouring windows by band. {'; '.join(notes)}.",
        caption="Differential entropy of a window and of one that comes so much later in its "
        "trial, mean over electrodes. Solid: each trial's mean taken away. Dashed: one mean for "
        "all trials. Dash-dotted and crosses: noise through the same filters.",
    )


def orders(answers: Mapping[str, tuple[np.ndarray, np.ndarray]], *, label: str) -> Picture:
    """Show what networks answer to the same windows in different orders, a panel a network.

    Parameters
    ----------
    answers : mapping of str to (array (n_groups,), array (n_orders, n_groups))
        By the network's name: probabilities in order, and in other orders.
    label : str
        Of what these are the probabilities.
    """
    figure, axes = plt.subplots(1, len(answers), figsize=(WIDTH, 3.0), sharey=True)
    notes = []
    for ax, (name, (ordered, shuffled)) in zip(np.atleast_1d(axes), answers.items(), strict=True):
        time_plots.orders(ax, ordered, shuffled)
        ax.set_title(name)
        notes.append(f"{name} by {np.abs(shuffled - ordered).max():.1g} at most")
    np.atleast_1d(axes)[0].set_ylabel(label)
    np.atleast_1d(axes)[-1].legend(loc="upper left", bbox_to_anchor=(1, 1))
    return Picture(
        figure,
        alt=f"Shuffling the windows of a group changes the probability: {'; '.join(notes)}.",
        caption="Untrained networks. A diamond is the answer to a group's windows in their order; "
        "circles are answers to the same windows in other orders. Circles that are not seen lie "
        "under their diamond.",
    )


def comparison(
    scores: pd.DataFrame, networks: Sequence[str], *, chance: Mapping[str, float]
) -> Picture:
    """Show each subject's score by network, a panel a task.

    Parameters
    ----------
    scores : DataFrame
        Columns ``task``, ``stage`` (the network), ``subject`` and ``value`` (0 to 1), as
        `emolib.lessons.paired_stages.subject_scores` gives them, averaged within a subject.
    networks : sequence of str
        Which, from the top.
    chance : mapping of str to float
        Chance level by task.
    """
    tasks, names = list(chance), list(networks)
    figure, axes = plt.subplots(
        1, len(tasks), figsize=(WIDTH, 1.1 + 0.5 * len(names)), sharey=True, sharex=True
    )
    notes = []
    for ax, task in zip(np.atleast_1d(axes), tasks, strict=True):
        own = scores[scores["task"] == task]
        by = own.groupby(["stage", "subject"])["value"].mean()
        rows = {name: by[name].to_numpy() for name in names}
        wrapped = {name.replace(", ", ",\n", 1): values for name, values in rows.items()}
        points, label = score_plots.tidy(wrapped), "balanced accuracy (0 to 1)"
        means = points.groupby("row", sort=False, as_index=False)["value"].mean()
        score_plots.rows(ax, points, estimates=means, label=label, chance=chance[task])
        ax.set_title(task)
        known = {name: v[np.isfinite(v)] for name, v in rows.items()}
        notes += [f"{task}, {name} {v.mean():.2f}" for name, v in known.items() if len(v)]
    return Picture(
        figure,
        alt=f"Mean balanced accuracy of trials: {'; '.join(notes)}.",
        caption="A circle is a subject, averaged over training seeds; the diamond is the mean. "
        "Dotted: chance.",
    )
