"""Whole pictures of training: stages, schedule, learning curves, gains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import pandas as pd

from emolib.evaluation.comparison import Comparison
from emolib.evaluation.scores import STAGES
from emolib.figures import scores as score_plots
from emolib.figures.display import WIDTH, Picture
from emolib.lessons import stage_plots
from emolib.lessons.schedule import best_epoch
from emolib.splits.protocols import LEAKING, protocol_name


def stages(subjects: Sequence[str], tasks: Sequence[str]) -> Picture:
    """Show which network starts from whose weights.

    Parameters
    ----------
    subjects, tasks : sequence of str
    """
    rows = min(len(subjects), stage_plots.MOST_BOXES) * len(tasks)
    figure, ax = plt.subplots(figsize=(WIDTH, 1.2 + 0.38 * max(rows, 4)))
    stage_plots.stage_diagram(ax, subjects, tasks)
    return Picture(
        figure,
        alt=f"Arrows lead from one pooled network to {len(subjects)} networks, one a subject, and "
        f"to {len(subjects) * len(tasks)}, one a subject and task.",
        caption="A box is a network. An arrow leads from the weights with which it starts. No "
        "fine-tuned network starts from another.",
    )


def schedule(course: pd.DataFrame, *, of: str) -> Picture:
    """Show a course of validation losses and the learning rate that follows from it.

    Parameters
    ----------
    course : DataFrame
        As `emolib.lessons.schedule.follow` gives it.
    of : str
        Whose losses they are; the caption begins with it.
    """
    figure, axes = plt.subplots(2, 1, figsize=(WIDTH, 3.8), height_ratios=[2, 1])
    stage_plots.schedule_course(axes, course)
    halved = course.loc[course["halved"] & ~course["stopped"], "epoch"].astype(str)
    falls = f"halved after epochs {', '.join(halved)}" if len(halved) else "never halved"
    return Picture(
        figure,
        alt=f"Validation losses of {len(course)} epochs, from {course['val_loss'].iloc[0]:.2f} to "
        f"{course['val_loss'].iloc[-1]:.2f} nats; the smallest in epoch {best_epoch(course)}. The "
        f"learning rate is {falls}.",
        caption=f"{of} Above: the losses; dots are epochs better than all before, the diamond is "
        "the one kept. Below: the learning rate that follows; a step down is a half.",
    )


def gains(found: Mapping[tuple[str, str, str], Comparison]) -> Picture:
    """Show what fine-tuning changed, one point per subject and one panel per protocol.

    Parameters
    ----------
    found : mapping of (protocol, task, stage) to Comparison
        As `emolib.lessons.paired_stages.stage_differences` gives it.
    """
    protocols = list(dict.fromkeys(protocol for protocol, _, _ in found))
    n_rows = max(sum(key[0] == name for key in found) for name in protocols)
    size = (WIDTH, 1.6 + 0.45 * n_rows)
    figure, axes = plt.subplots(1, len(protocols), figsize=size, sharey=True, sharex=True)
    panels = [axes] if len(protocols) == 1 else axes
    for ax, name in zip(panels, protocols, strict=True):
        rows = {
            f"{task},\n{STAGES[stage].removeprefix('fine-tuned on the ')}": 100
            * given.by_subject["difference"]
            for (protocol, task, stage), given in found.items()
            if protocol == name
        }
        points = score_plots.tidy(rows)
        means = points.groupby("row", sort=False, as_index=False)["value"].mean()
        points["hollow"] = name in LEAKING
        score_plots.rows(ax, points, estimates=means, label="difference (points)", line=0)
        ax.set_title(score_plots.short_name(name), fontsize=9.5)
    told = [
        f"{protocol_name(protocol)}, {task}, {STAGES[stage]}: {100 * given.value:+.1f}"
        for (protocol, task, stage), given in found.items()
        if given.by_subject["difference"].notna().any()
    ]
    return Picture(
        figure,
        alt=f"Mean differences in points of balanced accuracy. {'; '.join(told)}.",
        caption="Fine-tuned less pooled, balanced accuracy of trials. A circle is a subject, the "
        "diamond their mean; right of the dotted line is better after fine-tuning.",
    )


def teaching(n_trials: Sequence[float], curves: Mapping[str, Sequence[float]]) -> Picture:
    """Show how accuracies grow with a person's trials, as `emolib.lessons.personal_gain` has it.

    Parameters
    ----------
    n_trials : sequence of float
    curves : mapping of str to sequence of float, (n_trials,)
        Accuracies (0 to 1) by name.
    """
    figure, ax = plt.subplots(figsize=(WIDTH, 3.0))
    percent = {name: [100 * value for value in values] for name, values in curves.items()}
    stage_plots.trials_curves(ax, n_trials, percent, label="accuracy (%)")
    told = [f"{name} {values[0]:.0f} to {values[-1]:.0f} %" for name, values in percent.items()]
    return Picture(
        figure,
        alt=f"Accuracy from {n_trials[0]:g} to {n_trials[-1]:g} labelled trials: "
        f"{'; '.join(told)}.",
        caption="A model, averaged over drawn people; no estimate for real data.",
    )
