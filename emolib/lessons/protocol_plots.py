"""Figures of protocols, of what they do to scores, and of what chance alone does.

As in `plots`, each function draws what it is given on the `ax` it is given and returns the
artists. Marks differ in shape and filling too, so that grey print tells them apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.patches import Patch, Rectangle

from emolib.figures.display import BLUE, DARK, GREY, OCHRE, RED
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
# What was subtracted: see `emolib.lessons.pseudo_trials.remove_baseline`.
REMOVED = {
    "none": "nothing",
    "own": "its own baseline",
    "another": "another trial's",
    "mean": "the mean of all",
}
STYLES = ((BLUE, "o"), (OCHRE, "s"), (RED, "D"), (DARK, "^"))


def fold_parts(table: pd.DataFrame, fold: Fold) -> np.ndarray:
    """Lay a fold out for `protocol_schematic`.

    Parameters
    ----------
    table : DataFrame, a row a window
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


def protocol_schematic(ax: Axes, parts: np.ndarray, *, title: str) -> list[Artist]:
    """Draw who is in which part: a row a subject, a block a trial, a box a window.

    Parameters
    ----------
    parts : array of str (subject, stimulus, window)
        From `fold_parts`.
    title : str
    """
    n_subjects, n_stimuli, n_windows = parts.shape
    width = 0.86 / n_windows  # a gap is left between trials
    drawn: list[Artist] = []
    for key, (face, hatch, name) in PARTS.items():
        boxes = [
            Rectangle((j - 0.43 + k * width, i - 0.4), width, 0.8)
            for i, j, k in np.argwhere(parts == key)
        ]
        if boxes:
            style = {"facecolor": face, "hatch": hatch, "edgecolor": _edge(key)}
            group = PatchCollection(boxes, linewidth=0.3, label=name, **style)
            drawn.append(ax.add_collection(group))
    ax.set(xlim=(-0.6, n_stimuli - 0.4), ylim=(n_subjects - 0.4, -0.6), xticks=[], yticks=[])
    ax.set(xlabel="trials, by film", ylabel="subjects")
    ax.set_title(title, fontsize="medium")
    for spine in ax.spines.values():
        spine.set_visible(False)
    return drawn


def parts_legend(ax: Axes) -> list[Artist]:
    """Say what the boxes of `protocol_schematic` mean, on axes of their own."""
    ax.axis("off")
    boxes = [
        Patch(facecolor=face, hatch=hatch, edgecolor=_edge(key), label=name)
        for key, (face, hatch, name) in PARTS.items()
    ]
    return [ax.legend(handles=boxes, loc="center", fontsize="medium", handleheight=1.4)]


def side_by_side(scores: pd.DataFrame, honest: str, tasks: Sequence[str]) -> pd.DataFrame:
    """Lay scores with real and random labels out for `marked_scores`.

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
        A row a task and model; three columns: real labels and random ones, windows of one trial
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
    """Lay the scores of each way to remove a baseline out for `marked_scores`.

    Parameters
    ----------
    summary : DataFrame
        As `emolib.lessons.demonstrations.summary` gives it.
    """
    rows = summary[summary["metric"] == "balanced_accuracy"]
    models = rows["model"].replace("nearest_trial_label", "trial named and label looked up")
    models = models.str.replace("_", " ")
    where = rows["protocol"].replace("window_wise", BOTH_SIDES).str.replace("_", "-")
    wide = rows.assign(kind=models + ", " + where, row=rows["removal"].map(REMOVED))
    return wide.pivot_table(index="row", columns="kind", values="mean", sort=False)


def marked_scores(
    ax: Axes, scores: pd.DataFrame, *, label: str, chance: float = 0.5
) -> list[Artist]:
    """Draw several scores of each row as marks on one line; those that leak are hollow.

    Parameters
    ----------
    scores : DataFrame
        A row a case, a column a kind of score; NaN where there is none. A column's name is
        "what, held out how": marks differ by the first part, and are hollow where the second
        is `BOTH_SIDES`.
    label : str
        What the scores are.
    chance : float
        A dotted line.
    """
    places = np.arange(len(scores))
    drawn: list[Artist] = [ax.hlines(places, 0, 1, color="#D0D0D0", linewidth=0.8, zorder=0)]
    kinds = list(dict.fromkeys(name.split(", ")[0] for name in scores))
    shifts = np.linspace(-0.2, 0.2, len(kinds)) if len(kinds) > 1 else [0.0]
    for name, values in scores.items():
        kind = kinds.index(name.split(", ")[0])
        colour, marker = STYLES[kind]
        face = "white" if BOTH_SIDES in name else colour
        style = {"s": 44, "marker": marker, "facecolor": face, "edgecolor": colour}
        at = places + shifts[kind]  # one kind above another: marks at the same score stay visible
        drawn.append(ax.scatter(values, at, linewidth=1.6, zorder=3, label=name, **style))
    ax.axvline(chance, color=DARK, linestyle=":", linewidth=1.2, zorder=1)
    least = min(chance, float(np.nanmin(scores.to_numpy(float))))
    ax.set(xlabel=label, yticks=places, yticklabels=list(scores.index), xlim=(least - 0.06, 1.03))
    ax.set_ylim(len(scores) - 0.5, -0.6)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0)
    return drawn


def fingerprint_image(ax: Axes, features: np.ndarray, *, limit: float, title: str) -> list[Artist]:
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
    return [image]


def formula_points(
    ax: Axes,
    expected: np.ndarray,
    measured: np.ndarray,
    groups: np.ndarray,
    *,
    simple: np.ndarray,
    label: str,
) -> list[Artist]:
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
    drawn: list[Artist] = ax.plot([low, 1], [low, 1], color=GREY, linestyle="-", linewidth=1)
    for name, (colour, marker) in zip(dict.fromkeys(groups), STYLES, strict=False):
        own = groups == name
        style = {"s": 44, "marker": marker, "edgecolor": colour}
        drawn.append(ax.scatter(simple[own], measured[own], facecolor="white", **style))
        style |= {"facecolor": colour, "label": name, "zorder": 3}
        drawn.append(ax.scatter(expected[own], measured[own], **style))
    ax.set(xlabel=f"{label}: formula", ylabel=f"{label}: measured", xlim=(low, 1), ylim=(low, 1))
    ax.set_aspect("equal")
    ax.legend(loc="upper left", title="varied")
    return drawn


def chance_bands(
    ax: Axes,
    bands: Mapping[str, tuple[float, float]],
    *,
    values: Mapping[str, float] | None = None,
    detectable: Mapping[str, float] | None = None,
    label: str,
    legend: bool = True,
) -> list[Artist]:
    """Draw the range that permuted labels cover, a row each, with the score beside it.

    Parameters
    ----------
    bands : mapping of str to (low, high)
        By row: the permutations' 2.5 and 97.5 percentiles.
    values : mapping of str to float, optional
        By row: the score of the labels as they are, a diamond.
    detectable : mapping of str to float, optional
        By row: the score that would be found in 4 of 5 such experiments, a stroke.
    label : str
        What the scores are.
    legend : bool
        Whether to say above the axes what the marks mean.
    """
    places = {name: place for place, name in enumerate(bands)}
    low, high = np.array(list(bands.values())).T
    style = {"height": 0.5, "color": "#C8C8C8", "edgecolor": DARK, "linewidth": 0.6}
    bars = ax.barh(list(places.values()), high - low, left=low, **style)
    bars.set_label("95 of 100 permutations of the labels")
    drawn: list[Artist] = list(bars)
    if values:
        at = [places[name] for name in values]
        drawn += ax.plot(
            list(values.values()), at, "D", color=RED, markersize=6, label="the labels as they are"
        )
    if detectable:
        at = [places[name] for name in detectable]
        drawn += ax.plot(
            list(detectable.values()), at, "|", color=BLUE, markersize=15, markeredgewidth=2.5,
            label="would be found in 4 of 5 such experiments",
        )  # fmt: skip
    ax.axvline(0.5, color=DARK, linestyle=":", linewidth=1.2)
    ax.set(xlabel=label, yticks=list(places.values()), yticklabels=list(places))
    ax.set_ylim(len(places) - 0.5, -0.6)
    every = np.concatenate([low, high, *(list((m or {}).values()) for m in (values, detectable))])
    ax.set_xlim(every.min() - 0.03, every.max() + 0.03)
    if legend:
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0)
    return drawn


def _edge(part: str) -> str:
    """The colour of a part's edge and hatching: one that is seen on its face."""
    return "white" if part == "both" else DARK
