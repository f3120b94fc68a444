"""Whole pictures of attributions, with descriptions made from the data; see `pictures`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr

from emolib.evaluation.scores import ESTIMAND, with_interval
from emolib.figures import attribution_axes as attribution_plots
from emolib.figures import maps
from emolib.figures import scores as score_plots
from emolib.figures.display import Picture
from emolib.splits.protocols import BOTH_SIDES, protocol_name

WIDTH = 6.5  # inches


def electrode_losses(loss: pd.Series, *, task: str, of: str) -> Picture:
    """Show on the grid what hiding each electrode costs.

    Parameters
    ----------
    loss : Series
        Nats, by electrode.
    task : str
        Whose labels.
    of : str
        Whose network, for the caption.

    Examples
    --------
    >>> loss = pd.Series({"Oz": 0.02, "Fz": -0.001})
    >>> electrode_losses(loss, task="arousal", of="one fold").alt[-66:]
    'from -1.0 to 20.0 thousandths of a nat. Largest: Oz 20.0, Fz -1.0.'
    """
    milli = 1000 * loss
    figure, ax = plt.subplots(figsize=(5.6, 5.2))
    values, limits = milli.to_numpy(), maps.symmetric(milli)
    image = maps.grid_map(ax, values, list(milli.index), limits=limits)
    maps.colour_bar(image, ax, "loss when hidden (1/1000 nats)", location="bottom")
    most = ", ".join(f"{name} {value:.1f}" for name, value in milli.nlargest(3).items())
    return Picture(
        figure,
        alt=f"{task}: loss per hidden electrode on the grid, from {milli.min():.1f} to "
        f"{milli.max():.1f} thousandths of a nat. Largest: {most}.",
        caption=f"{task}, {of}. Plus: answers get worse when the electrode is hidden, it helps. "
        "Minus: they get better, it misleads. Hatched cells are empty.",
    )


def shares(
    rows: Mapping[str, np.ndarray],
    channels: Sequence[str],
    bands: Sequence[str],
    *,
    units: Mapping[str, str],
    task: str,
    note: str = "",
) -> Picture:
    """Show maps by band, a row a quantity, each row in a scale of its own.

    Parameters
    ----------
    rows : mapping of str to array (band, channel)
        Values by name.
    channels, bands : sequence of str
        Names of the electrodes and of the bands.
    units : mapping of str to str
        By row, for the colour bars.
    task : str
        Which.
    note : str
        The end of the caption.

    Examples
    --------
    >>> values = {"a network": np.array([[0.0, 0.1, -0.2, 0.3]])}
    >>> shares(values, ["F3", "F4", "P3", "P4"], ["alpha"], units={"a network": "nats"}, task="x")
    Picture: x: scalp maps by band. a network: most at P4 in alpha.
    """
    figure = plt.figure(figsize=(WIDTH, 0.3 + 1.4 * len(rows)))
    maps.rows(figure, rows, channels, bands, units=units)
    told = []
    for name, values in rows.items():
        i, j = np.unravel_index(np.argmax(values), np.shape(values))
        told.append(f"{name}: most at {channels[j]} in {bands[i]}")
    return Picture(
        figure,
        alt=f"{task}: scalp maps by band. {'; '.join(told)}.",
        caption=f"{task}. Each row has a scale of its own: compare where, not how much. Where "
        "there are two colours, red is above 0, and blue with dashed contours below. Interpolated "
        f"between the electrodes (dots). {note}",
    )


def subject_shares(explained: xr.Dataset, channels: Sequence[str], *, protocol: str) -> Picture:
    """Show one subject's mean shares, a row a task.

    Parameters
    ----------
    explained : Dataset
        `share (fold, task, band, channel)` in nats, `completeness (fold, task)` and
        `n_windows (fold)`.
    channels : sequence of str
        The subject's electrodes.
    protocol : str
        Whose networks.
    """
    mean = explained["share"].sel(channel=list(channels)).mean("fold").dropna("task", how="all")
    rows = {str(task): mean.sel(task=task).to_numpy() for task in mean["task"].to_numpy()}
    n, n_folds = int(explained["n_windows"].sum()), explained.sizes["fold"]
    folds = "one fold" if n_folds == 1 else f"{n_folds} folds"
    return shares(
        rows,
        channels,
        mean["band"].to_numpy().tolist(),
        units=dict.fromkeys(rows, "nats"),
        task=f"Mean shares, {protocol_name(protocol)}",
        note=f"Mean over {n} inputs that the networks of {folds} were not trained on. Shares add "
        f"up to what they explain but for {float(explained['completeness'].mean()):.1%}.".replace(
            "%", " %"
        ),
    )


def agreements(found: pd.DataFrame) -> Picture:
    """Show how far maps agree with others, beside what chance and untrained networks give.

    Parameters
    ----------
    found : DataFrame
        Columns ``task``, ``protocol``, ``target`` (what the map is held against), ``value``,
        ``low``, ``high`` and ``others``, see `emolib.explain.agreement.compare_to_null`.

    Examples
    --------
    >>> agreements(pd.DataFrame({"task": ["x"], "protocol": ["trial_grouped"],
    ...     "target": ["the truth"], "value": [0.5], "low": [-0.2], "high": [0.2],
    ...     "others": [[0.1]]}))
    Picture: Agreement of maps. x, trial-grouped, with the truth: 0.50, chance -0.20 to 0.20.
    """
    lines = [
        f"{row.task}, {row.protocol.replace('_', '-')}\nwith {row.target}"
        for row in found.itertuples()
    ]
    figure, ax = plt.subplots(figsize=(WIDTH, 1.2 + 0.55 * len(found)))
    label = "correlation of two maps (-1 to 1)"
    attribution_plots.agreements(ax, found.assign(row=lines), label=label)
    told = [
        f"{row.task}, {protocol_name(row.protocol)}, with {row.target}: {row.value:z.2f}, "
        f"chance {row.low:.2f} to {row.high:.2f}"
        for row in found.itertuples()
    ]
    leaks = f" Window-wise: {BOTH_SIDES}." if (found["protocol"] == "window_wise").any() else ""
    return Picture(
        figure,
        alt=f"Agreement of maps. {'; '.join(told)}.",
        caption="Diamonds: how far a map of shares agrees with the one named. Grey: the middle "
        "95 % with shuffled electrodes, which are not smooth: the range is too narrow. Crosses: "
        f"untrained networks.{leaks}",
    )


def subset_scores(
    scores: pd.DataFrame, sizes: Mapping[str, int], *, protocol: str, chance: float
) -> Picture:
    """Show what is decoded from sets of features.

    Parameters
    ----------
    scores : DataFrame
        As `emolib.evaluation.score` gives them, the sets' names for stages.
    sizes : mapping of str to int
        How many features of a kind each set has; the order of the rows.
    protocol : str
        Which.
    chance : float
        One over the number of classes.
    """
    names = list(sizes)
    kept = scores[(scores["metric"] == ESTIMAND) & scores["fold"].isna()]
    kept = kept.assign(order=kept["stage"].map(names.index)).sort_values(["task", "order"])
    kept["row"] = [f"{row.task}\n{row.stage} ({sizes[row.stage]})" for row in kept.itertuples()]
    groups = kept[kept["subject"].isna()]
    points = kept[kept["subject"].notna()].assign(low=np.nan, high=np.nan)
    figure, ax = plt.subplots(figsize=(WIDTH, 0.9 + 0.52 * len(groups)))
    label = "balanced accuracy of trials (0 to 1)"
    score_plots.score_points(ax, points, groups=groups, label=label, chance=chance)
    told = [f"{row['task']}, {row['stage']}: {with_interval(row)}" for _, row in groups.iterrows()]
    return Picture(
        figure,
        alt=f"Decoding from sets of features, {protocol_name(protocol)}. {'; '.join(told)}.",
        caption=f"{protocol_name(protocol)}; in parentheses the number of features of a kind. A "
        "point is a subject; the diamond is the mean over subjects, its line a 95 % interval "
        "(subjects and stimuli drawn again). Dotted: chance.",
    )
