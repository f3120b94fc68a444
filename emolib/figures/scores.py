"""Scores: rows of points with intervals and chance, learning curves, pairs, and whole pictures.

`rows` draws on axes that it is given; `accuracies`, `learning` and `paired` make whole pictures,
with a description made from the data and a caption.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes

from emolib.evaluation.scores import score_points, with_interval
from emolib.figures import maps
from emolib.figures.display import BLUE, DARK, GREY, OCHRE, RED, WIDTH, Link, Picture
from emolib.recordings.labels import Task
from emolib.splits.protocols import BOTH_SIDES, protocol_name

ACCURACY = "balanced accuracy of trials (0 to 1)"

KINDS = ((BLUE, "o"), (OCHRE, "s"), (RED, "D"), (DARK, "^"))  # kinds differ in grey print too
DETECTABLE = "would be found in 4 of 5 such experiments"
CHANCE_RANGE = "95 of 100 permutations of the labels"
MANY = 50  # points in a row; more are drawn smaller
OPTIONAL = {
    "series": "", "kind": "", "hollow": False, "low": np.nan, "high": np.nan, "detectable": np.nan,
}  # fmt: skip
NOTHING = pd.DataFrame({"row": [], "value": []})


def rows(
    ax: Axes,
    points: pd.DataFrame = NOTHING,
    *,
    estimates: pd.DataFrame = NOTHING,
    bands: pd.DataFrame = NOTHING,
    label: str,
    chance: float | None = None,
    line: float | None = None,
    legend: bool = True,
) -> None:
    """Plot rows of points with intervals, chance ranges and the chance level.

    All tables have the column ``row``, the name that stands beside the row; rows are in the order
    in which they first come. An optional column ``series`` gives the entry in the legend.

    Parameters
    ----------
    points : DataFrame
        Circles: a row of the table is a point with its ``value`` and, optionally, the ends of an
        interval, ``low`` and ``high``. Those whose optional ``hollow`` is true, such as scores
        that leak, are not filled. An optional ``kind`` tells points apart by colour and shape.
        The points of a row lie one below another, see `offsets`.
    estimates : DataFrame
        Diamonds: columns ``value`` and optionally ``low``, ``high``, such as the mean over
        subjects with its interval. They lie below the points, and upon the bands.
    bands : DataFrame
        Grey bars from ``low`` to ``high``: what chance covers. A stroke is at the optional
        ``detectable``, the score that 4 of 5 such experiments would find.
    label : str
        What the values are, with their unit.
    chance : float, optional
        The chance level: dotted and named, but not beside rows of which all points are hollow.
    line : float, optional
        Another value to compare with, such as zero: dotted.
    legend : bool
        Whether to show the legend, above the axes.

    Examples
    --------
    >>> figure, ax = plt.subplots()
    >>> points = pd.DataFrame({"row": ["pooled"] * 2, "value": [0.5, 0.7]})
    >>> rows(ax, points, label="accuracy (0 to 1)", chance=0.5)
    >>> [name.get_text() for name in ax.get_yticklabels()]
    ['pooled']
    >>> plt.close(figure)
    """
    points, estimates, bands = map(_completed, (points, estimates, bands))
    names = dict.fromkeys([*bands["row"], *points["row"], *estimates["row"]])
    place = {name: i for i, name in enumerate(names)}
    if line is not None:
        ax.axvline(line, color=DARK, linestyle=":", linewidth=1.2, zorder=1.5)
    for series, own in bands.groupby("series", sort=False):
        at, width = own["row"].map(place), own["high"] - own["low"]
        style = {"height": 0.5, "color": "#D8D8D8", "edgecolor": DARK, "linewidth": 0.5}
        ax.barh(at, width, left=own["low"], label=series, **style)
        if own["detectable"].notna().any():
            style = {"color": BLUE, "markersize": 15, "markeredgewidth": 2.5}
            ax.plot(own["detectable"], at, "|", label=DETECTABLE, **style)
    heights, kinds = points["row"].map(place) + offsets(points), list(points["kind"].unique())
    size = 9 if (points.groupby(["row", "kind"]).size() > MANY).any() else 30
    for (series, kind), own in points.groupby(["series", "kind"], sort=False):
        colour, marker = KINDS[kinds.index(kind)]
        _intervals(ax, heights[own.index], own, color=GREY, linewidth=1)
        style = {"s": size, "marker": marker, "edgecolor": colour, "linewidth": size / 25}
        style |= {"facecolor": np.where(own["hollow"], "white", colour), "zorder": 3}
        ax.scatter(own["value"], heights[own.index], label=series, **style)
    lower = 0.34 if len(points) and not len(bands) else 0.0
    for series, own in estimates.groupby("series", sort=False):
        at = own["row"].map(place) + lower
        _intervals(ax, at, own, color=RED)
        ax.plot(own["value"], at, "D", color=RED, markersize=6.5, label=series, zorder=4)
    if chance is not None:
        leaking = points[points["value"].notna()].groupby("row")["hollow"].all()
        at = np.array([i for name, i in place.items() if not leaking.get(name, False)])
        ax.vlines([chance] * len(at), at - 0.5, at + 0.5, DARK, ":", linewidth=1.2, zorder=1.5)
        if len(at):
            ax.text(chance, at[0] - 0.45, f" chance {chance:g}", fontsize="small", va="center")
    if len(kinds) > 1:
        ax.grid(axis="y", color="#DDDDDD", linewidth=0.8)
    ax.set(xlabel=label, yticks=list(place.values()), yticklabels=list(place))
    ax.set_ylim(len(place) - 0.4, -0.65)
    ax.use_sticky_edges = False
    ax.margins(x=0.06)
    ax.locator_params(axis="x", nbins=6)
    if legend and ax.get_legend_handles_labels()[1]:
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0)


def offsets(points: pd.DataFrame) -> np.ndarray:
    """Return how far below the middle of its row `rows` plots each point, in rows.

    Examples
    --------
    >>> offsets(pd.DataFrame({"row": ["a", "a", "b"], "value": [0.5, 0.5, 0.5]})).round(2).tolist()
    [-0.3, 0.2, 0.0]
    """
    by = _completed(points).groupby(["row", "series", "kind"], sort=False)["value"]
    last = by.transform("size").to_numpy() - 1
    spread = np.where(last > 0, 0.5 * by.cumcount() / np.maximum(last, 1) - 0.3, 0.0)
    codes, kinds = pd.factorize(points["kind"]) if "kind" in points else (0, [""])
    return spread + np.linspace(-0.2, 0.2, len(kinds))[codes] * (len(kinds) > 1)


def tidy(values: Mapping[str, Sequence[float]]) -> pd.DataFrame:
    """Return values by the name of their row as a table of points for `rows`.

    Examples
    --------
    >>> tidy({"a": [1.0, 2.0], "b": [3.0]}).to_numpy().tolist()
    [['a', 1.0], ['a', 2.0], ['b', 3.0]]
    """
    pairs = [(name, float(value)) for name, several in values.items() for value in several]
    return pd.DataFrame(pairs, columns=["row", "value"])


def accuracies(
    table: pd.DataFrame,
    task_name: str,
    task: Task,
    *,
    subject: str | None = None,
    links: Mapping[str, str] | None = None,
) -> Picture:
    """Plot balanced accuracies by protocol and stage: all subjects', or one's with its interval.

    `table` comes from `emolib.evaluation.score`; `links` holds addresses by subject, to which
    the subjects' points lead.
    """
    points, groups = score_points(table, task_name, subject=subject)
    points = points.rename(columns={"leaks": "hollow"})
    n_rows, n_subjects = points["row"].nunique(), points["subject"].nunique()
    figure, ax = plt.subplots(figsize=(WIDTH, 0.8 + max(0.62, 0.035 * n_subjects) * n_rows))
    chance = 1 / len(task.classes)
    rows(ax, points, estimates=groups, label=f"{task_name}: {ACCURACY}", chance=chance)
    ax.set_xlim(0, 1.03)
    told = groups if subject is None else points
    values = [
        f"{row['row']}: {with_interval(row)}".replace("\n(", " (").replace("\n", ", ")
        for row in told.to_dict("records")
    ]
    lines = (
        "Each point is a subject. The diamond is the mean over subjects, with its 95 % interval "
        "(subjects and stimuli resampled; conservative, conditional on the fitted models)."
        if subject is None
        else "Lines: 95 % intervals from resampled trials, which are too narrow."
    )
    if links:
        lines += " Click a point to open that subject's page."
    if absent := sorted(set(points.loc[points["value"].isna(), "subject"])):
        lines += f" Subjects who lack trials of a class have no point: {', '.join(absent)}."
    heights = pd.factorize(points["row"])[0] + offsets(points)
    return Picture(
        figure,
        alt=f"{task_name}, balanced accuracy. {'; '.join(values)}.",
        caption=f"{lines} Hollow points: {BOTH_SIDES}. They say nothing about new trials, so do "
        "not compare them with chance.",
        links=[
            Link(ax, row.value, height, links[row.subject], f"{row.subject}: {row.value:.2f}")
            for row, height in zip(points.itertuples(), heights, strict=True)
            if row.subject in (links or {}) and np.isfinite(row.value)
        ],
    )


def summary(
    contrasts: Mapping[str, xr.DataArray],
    points: pd.DataFrame = NOTHING,
    *,
    estimates: pd.DataFrame = NOTHING,
    bands: pd.DataFrame = NOTHING,
    caption: str,
) -> Picture:
    """Plot the answer of a report: maps of the difference between two classes, above scores.

    Parameters
    ----------
    contrasts : mapping of str to DataArray (band, channel)
        Differences in log power, dB, by the name of their row; all share one scale. Shown are the
        electrodes that all of them have.
    points, estimates, bands : DataFrame
        Balanced accuracies, see `rows`.
    caption : str
        What the scores are; the maps are explained here.

    Examples
    --------
    >>> given = xr.DataArray([[1.0, -2.0, 0.5]], {"band": ["alpha"], "channel": ["Fz", "Cz", "O1"]})
    >>> summary({"valence, high - low": given}, caption="Scores.")
    Picture: valence, high - low: largest difference in alpha at Cz, -2.0 dB.
    """
    n_rows = pd.concat([bands, points, estimates])["row"].nunique()
    heights = [0.75 + 0.9 * len(contrasts)] * bool(contrasts) + [0.9 + 0.42 * n_rows] * bool(n_rows)
    figure = plt.figure(figsize=(WIDTH, sum(heights)))
    parts = list(np.ravel(figure.subfigures(len(heights), 1, height_ratios=heights)))
    told, above = [], ""
    contrasts = dict(zip(contrasts, xr.align(*contrasts.values(), join="inner"), strict=True))
    if contrasts:
        values = {name: of.to_numpy() for name, of in contrasts.items()}
        channels, names = (
            next(iter(contrasts.values()))[dim].to_numpy() for dim in ("channel", "band")
        )
        scale = [maps.symmetric(np.stack(list(values.values())))] * len(names)
        units = "difference in log power (dB)"
        maps.rows(
            parts.pop(0), values, channels.tolist(), names.tolist(), units=units, limits=scale
        )
        above = "Maps: difference in log power between the two classes, dots are electrodes. "
    for name, of in contrasts.items():
        band, channel = np.unravel_index(np.abs(of.to_numpy()).argmax(), of.shape)
        most = of[band, channel]
        place = f"{most['band'].item()} at {most['channel'].item()}, {most.item():+.1f} dB"
        told.append(f"{' '.join(name.split())}: largest difference in {place}")
    if n_rows:
        ax = parts.pop().subplots()
        rows(ax, points, estimates=estimates, bands=bands, label=ACCURACY)
        ax.set_xlim(0, 1.03)
    for row in pd.concat([points, estimates]).to_dict("records"):
        told.append(
            f"{' '.join(row['row'].split())}, {row.get('series', 'score')} {row['value']:.2f}"
        )
    return Picture(figure, alt=f"{'; '.join(told)}.", caption=f"{above}{caption}")


def paired(pairs: Sequence[Sequence[float]], names: tuple[str, str], *, label: str) -> Picture:
    """Plot two values per subject, joined by a line.

    Examples
    --------
    >>> paired([(3.0, 1.0), (2.0, 4.0)], ("rest", "arithmetic"), label="alpha power (dB)")
    Picture: alpha power (dB), rest against arithmetic: lower in the second in 1 of 2 subjects.
    """
    figure, ax = plt.subplots(figsize=(4.2, 3.6))
    for first, second in pairs:
        look = (BLUE, "-") if second >= first else (RED, "--")
        ax.plot(names, [first, second], look[1], color=look[0], marker="o", ms=5, linewidth=1)
    ax.set(xlim=(-0.25, 1.25), ylabel=label)
    return Picture(
        figure,
        alt=f"{label}, {names[0]} against {names[1]}: lower in the second in "
        f"{sum(second < first for first, second in pairs)} of {len(pairs)} subjects.",
        caption="Each line is a subject. Dashed lines fall, solid lines rise.",
    )


def learning(history: pd.DataFrame, protocols: Sequence[str]) -> Picture:
    """Plot training and validation loss of the pooled networks, one panel per protocol.

    `history` has the columns ``protocol``, ``fold``, ``epoch``, ``loss`` and ``val_loss``.
    """
    size = (min(WIDTH, 1.9 + 3.3 * len(protocols)), 3.3)
    figure, axes = plt.subplots(1, len(protocols), figsize=size, sharey=True, squeeze=False)
    told = []
    for ax, name in zip(axes.flat, protocols, strict=True):
        own = history[history["protocol"] == name]
        for _, fold in own.groupby("fold"):
            (training,) = ax.plot(fold["epoch"], fold["loss"], "-", color=BLUE, alpha=0.8)
            (validation,) = ax.plot(fold["epoch"], fold["val_loss"], "--", color=RED, alpha=0.8)
        ax.set(xlabel="epoch (passes over the training data)", ylabel="loss (nats)")
        ax.locator_params(axis="x", integer=True)
        ax.set_title(short_name(name), fontsize=9.5)
        ax.label_outer()
        last = own.groupby("fold")[["loss", "val_loss"]].last().mean()
        told.append(
            f"{protocol_name(name)}: {last['loss']:.2f} in training, {last['val_loss']:.2f} in "
            "validation"
        )
    lines = {"training": training, "validation": validation}
    figure.legend(lines.values(), lines, loc="outside lower right", ncols=2)
    return Picture(
        figure,
        alt=f"Loss in nats after the last epoch, mean over folds. {'; '.join(told)}.",
        caption="Each pair of lines is one fold of the pooled network: training solid, validation "
        "dashed. The loss is the sum of the tasks' cross-entropies. Compare the dashed lines.",
    )


def short_name(protocol: str) -> str:
    """Return a protocol's name in lines short enough for half a figure.

    Examples
    --------
    >>> short_name("window_wise").splitlines()
    ['window-wise', '(windows of one trial', 'on both sides)']
    """
    return protocol_name(protocol).replace(" (", "\n(").replace("trial on", "trial\non")


def _completed(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with all columns that `rows` reads."""
    table = table.reset_index(drop=True)
    return pd.DataFrame(OPTIONAL, index=table.index).assign(**table)


def _intervals(ax: Axes, heights: pd.Series, table: pd.DataFrame, **style: object) -> None:
    """Plot intervals, where there are any."""
    known = table.dropna(subset="low")
    ax.hlines(heights[known.index], known["low"], known["high"], **style)
