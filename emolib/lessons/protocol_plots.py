"""Figures of protocols, of what they do to scores, and of what chance alone does.

Marks differ in shape and filling too, so that grey print tells them apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.image import AxesImage
from matplotlib.patches import Patch, Rectangle

from emolib.figures.display import BLUE, DARK, GREY
from emolib.figures.scores import KINDS
from emolib.splits.folds import Fold
from emolib.splits.protocols import BOTH_SIDES, protocol_name

# What a window is in a fold: its face, hatching and name. From light to dark: learnt from, looked
# at while learning, tested on.
PARTS = {
    "train": ("#CCDDEE", "", "training"),
    "validation": ("#F3E3B0", "///", "validation"),
    "test": (BLUE, "", "test"),
    "both": (BLUE, "///", "test and validation"),
    "": ("white", "", "not used"),
}
# What was done to each trial: see `emolib.lessons.pseudo_trials`, `remove_baseline` and
# `white_noise`.
STEPS = {
    "none": "nothing",
    "own": "its baseline subtracted",
    "divide": "divided by its baseline",
    "zscore": "z-scored by its baseline",
    "another": "another's baseline subtracted",
    "mean": "mean baseline subtracted",
    "own_trial": "centred on its own windows",
    "directions": "4 random directions removed",
    "channels": "2 random channels interpolated",
}


def fold_parts(table: pd.DataFrame, fold: Fold) -> np.ndarray:
    """Lay a fold out for `protocol_schematic`.

    Parameters
    ----------
    table : DataFrame, one row per window
        Every subject with every stimulus once, and as many windows of each.
    fold : Fold

    Returns
    -------
    array of str (subject, stimulus, window)
        Keys of `PARTS`, in the order of the names.

    Examples
    --------
    >>> table = pd.DataFrame({"subject": "a", "stimulus": ["x", "x", "y", "y"],
    ...                       "window": [0, 1, 0, 1]})
    >>> rows = np.array([0, 1]), np.array([2]), np.array([2, 3])
    >>> fold_parts(table, Fold(*rows)).tolist()
    [[['train', 'train'], ['both', 'test']]]
    """
    parts = np.full(len(table), "", dtype=object)
    for name in ("train", "validation", "test"):
        parts[getattr(fold, name)] = name
    parts[np.intersect1d(fold.validation, fold.test)] = "both"
    names = ["subject", "stimulus", "window"]
    sizes = [table[name].nunique() for name in names]
    order = table.reset_index(drop=True).sort_values(names).index.to_numpy()
    return parts[order].reshape(sizes)


def protocol_schematic(ax: Axes, parts: np.ndarray, *, title: str) -> None:
    """Draw who is in which part: one row per subject, a block a trial, a box a window.

    Parameters
    ----------
    parts : array of str (subject, stimulus, window)
        From `fold_parts`.
    title : str
    """
    n_subjects, n_stimuli, n_windows = parts.shape
    width = 0.86 / n_windows  # a gap is left between trials
    for key, (face, hatch, name) in PARTS.items():
        boxes = [
            Rectangle((j - 0.43 + k * width, i - 0.4), width, 0.8)
            for i, j, k in np.argwhere(parts == key)
        ]
        if boxes:
            style = {"facecolor": face, "hatch": hatch, "edgecolor": _edge(key)}
            ax.add_collection(PatchCollection(boxes, linewidth=0.3, label=name, **style))
    ax.set(xlim=(-0.6, n_stimuli - 0.4), ylim=(n_subjects - 0.4, -0.6), xticks=[], yticks=[])
    ax.set(xlabel="trials, by film", ylabel="subjects")
    ax.set_title(title, fontsize="medium")
    for spine in ax.spines.values():
        spine.set_visible(False)


def parts_legend(ax: Axes) -> None:
    """Say what the boxes of `protocol_schematic` mean, on axes of their own."""
    ax.axis("off")
    boxes = [
        Patch(facecolor=face, hatch=hatch, edgecolor=_edge(key), label=name)
        for key, (face, hatch, name) in PARTS.items()
    ]
    ax.legend(handles=boxes, loc="center", fontsize="medium", handleheight=1.4)


def side_by_side(scores: pd.DataFrame, honest: str, tasks: Sequence[str]) -> pd.DataFrame:
    """Lay scores with real and random labels side by side, for `kinds_of_points`.

    Parameters
    ----------
    scores : DataFrame
        Columns ``model``, ``task``, ``protocol``, ``labels`` ("own" or "random") and ``value``.
    honest : str
        The protocol that stands beside the window-wise one.
    tasks : sequence of str
        In the order of the rows.

    Returns
    -------
    DataFrame
        One row per task and model; three columns: real labels and random ones, windows of one trial
        on both sides; real labels under the honest protocol. NaN where there is none.
    """
    kinds = {
        ("window_wise", "own"): f"real labels, {BOTH_SIDES}",
        ("window_wise", "random"): f"random labels, {BOTH_SIDES}",
        (honest, "own"): f"real labels, {protocol_name(honest)}",
    }
    keys = zip(scores["protocol"], scores["labels"], strict=True)
    rows = scores["task"] + ": " + scores["model"].str.replace("_", " ")
    wide = scores.assign(kind=[kinds.get(key) for key in keys], row=rows)
    wide = wide.sort_values("task", kind="stable", key=lambda names: names.map(tasks.index))
    wide = wide.pivot_table(index="row", columns="kind", values="value", sort=False)
    return wide.reindex(columns=list(kinds.values()))


def controls(summary: pd.DataFrame) -> pd.DataFrame:
    """Lay the scores of each way to remove a baseline side by side, for `kinds_of_points`.

    Parameters
    ----------
    summary : DataFrame
        As `emolib.lessons.demonstrations.summary` gives it.
    """
    rows = summary[summary["metric"] == "balanced_accuracy"]
    models = rows["model"].replace("nearest_trial_label", "trial named and label looked up")
    models = models.str.replace("_", " ")
    where = rows["protocol"].replace("window_wise", BOTH_SIDES).str.replace("_", "-")
    wide = rows.assign(kind=models + ", " + where, row=rows["removal"].map(STEPS))
    return wide.pivot_table(index="row", columns="kind", values="mean", sort=False)


def beside_predictions(summary: pd.DataFrame, predicted: pd.DataFrame) -> pd.DataFrame:
    """Lay what was measured on white noise beside what a derivation predicts, a row per step.

    Parameters
    ----------
    summary : DataFrame
        Of `emolib.lessons.demonstrations.white_noise_scores`.
    predicted : DataFrame
        As `emolib.lessons.trial_marks.predictions` gives it.

    Returns
    -------
    DataFrame
        Numbers; columns end in "predicted" or "measured".
    """
    keys = ["model", "protocol", "metric"]
    wide = summary.pivot_table(index="removal", columns=keys, values="mean", sort=False)
    score, named = "balanced_accuracy", "trials_named"
    columns = {
        "ratio, predicted": predicted["rho"],
        "ratio, measured": wide["", "", "rho"],
        "ridge, predicted": predicted["ridge"],
        "ridge, measured": wide["ridge", "window_wise", score],
        "5 neighbours, measured": wide["nearest_neighbours", "window_wise", score],
        "information, predicted": predicted["information"],
        "trials named, measured": wide["gaussian_trial", "window_wise", named],
        "ridge, trial-grouped, measured": wide["ridge", "trial_grouped", score],
    }
    return pd.DataFrame(columns).loc[list(STEPS)].rename(index=STEPS)


def kinds_of_points(scores: pd.DataFrame) -> pd.DataFrame:
    """Return scores side by side as points for `emolib.figures.scores.rows`.

    A row of `scores` is a case, a column a kind of score; NaN where there is none. A column's name
    is "what, held out how": the first part becomes the kind, and the second says whether it leaks.

    Examples
    --------
    >>> wide = pd.DataFrame({f"ridge, {BOTH_SIDES}": [0.9], "ridge, trial-grouped": [0.5]}, ["all"])
    >>> kinds_of_points(wide)[["row", "kind", "hollow", "value"]].to_numpy().tolist()
    [['all', 'ridge', True, 0.9], ['all', 'ridge', False, 0.5]]
    """
    points = scores.rename_axis("row").reset_index().melt("row", var_name="series")
    kind, _, held_out = zip(*points["series"].str.partition(", ").to_numpy(), strict=True)
    return points.assign(kind=kind, hollow=np.equal(held_out, BOTH_SIDES))


def fingerprint_image(ax: Axes, features: np.ndarray, *, limit: float, title: str) -> AxesImage:
    """Draw features over time as an image, trial beside trial.

    Parameters
    ----------
    features : array (trial, time, feature)
    limit : float
        The colours run from minus to plus this.
    title : str
    """
    n_trials, n_times, n_features = features.shape
    values = features.reshape(-1, n_features).T
    image = ax.imshow(values, aspect="auto", cmap="PuOr", vmin=-limit, vmax=limit)
    image.set_interpolation("nearest")
    for edge in range(1, n_trials):
        ax.axvline(edge * n_times - 0.5, color="white", linestyle="-", linewidth=4)
    middles = (np.arange(n_trials) + 0.5) * n_times - 0.5
    names = [f"trial {i + 1}" for i in range(n_trials)]
    ax.set(xticks=middles, xticklabels=names, yticks=[], ylabel="features")
    ax.tick_params(axis="x", length=0)
    ax.set_title(title, fontsize="medium")
    return image


def formula_points(
    ax: Axes,
    expected: np.ndarray,
    measured: np.ndarray,
    groups: np.ndarray,
    *,
    simple: np.ndarray,
    label: str,
) -> None:
    """Draw what was measured against what a formula says; on the line they agree.

    Parameters
    ----------
    expected, measured : array (case,)
    groups : array of str (case,)
        What was varied; a mark each.
    simple : array (case,)
        What a simpler formula says; hollow marks.
    label : str
        What the values are.
    """
    low = min(np.min(expected), np.min(measured)) - 0.03
    ax.plot([low, 1], [low, 1], color=GREY, linestyle="-", linewidth=1)
    for name, (colour, marker) in zip(dict.fromkeys(groups), KINDS, strict=False):
        own = groups == name
        style = {"s": 44, "marker": marker, "edgecolor": colour}
        ax.scatter(simple[own], measured[own], facecolor="white", **style)
        style |= {"facecolor": colour, "label": name, "zorder": 3}
        ax.scatter(expected[own], measured[own], **style)
    ax.set(xlabel=f"{label}: formula", ylabel=f"{label}: measured", xlim=(low, 1), ylim=(low, 1))
    ax.set_aspect("equal")
    ax.legend(loc="upper left", title="varied")


def _edge(part: str) -> str:
    """The colour of a part's edge and hatching: one that is seen on its face."""
    return "white" if part == "both" else DARK
