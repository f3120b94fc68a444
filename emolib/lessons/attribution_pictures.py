"""Pictures of what networks use: by electrode, beside chance, and decoded from sets of features."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd

from emolib.evaluation.scores import ESTIMAND, with_interval
from emolib.figures import maps
from emolib.figures import scores as drawn
from emolib.figures.display import WIDTH, Picture
from emolib.figures.scores import ACCURACY
from emolib.splits.protocols import BOTH_SIDES, protocol_name


def electrode_losses(loss: pd.Series, *, task: str, of: str) -> Picture:
    """Plot on the grid what hiding each electrode costs: `loss` by electrode, in nats.

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


def agreements(found: pd.DataFrame) -> Picture:
    """Plot how far maps agree with others, beside what chance and untrained networks give.

    `found` has the columns ``task``, ``protocol``, ``target`` (what the map is compared with),
    ``value``, ``low``, ``high`` and ``others``, see `emolib.explain.agreement.compare_to_null`.

    Examples
    --------
    >>> agreements(pd.DataFrame({"task": ["x"], "protocol": ["trial_grouped"],
    ...     "target": ["the truth"], "value": [0.5], "low": [-0.2], "high": [0.2],
    ...     "others": [[0.1]]}))
    Picture: Agreement of maps. x, trial-grouped, with the truth: 0.50, chance -0.20 to 0.20.
    """
    names = found["task"] + ", " + found["protocol"].str.replace("_", "-")
    found = found.assign(row=names + "\nwith " + found["target"])
    others = drawn.tidy(found.set_index("row")["others"])
    figure, ax = plt.subplots(figsize=(WIDTH, 1.2 + 0.55 * len(found)))
    drawn.rows(
        ax,
        others.assign(series="untrained networks"),
        estimates=found[["row", "value"]].assign(series="this map"),
        bands=found[["row", "low", "high"]].assign(series="electrodes shuffled"),
        label="correlation of two maps (-1 to 1)",
        line=0,
    )
    ax.set_xlim(-1, 1)
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
        "95 % with shuffled electrodes, which are not smooth: the range is too narrow. Circles: "
        f"untrained networks.{leaks}",
    )


def subset_scores(
    scores: pd.DataFrame, sizes: Mapping[str, int], *, protocol: str, chance: float
) -> Picture:
    """Plot what is decoded from sets of features.

    `scores` come from `emolib.evaluation.score`, the sets' names for stages; `sizes` says how many
    features of a kind each set has, in the order of the rows.
    """
    kept = scores[(scores["metric"] == ESTIMAND) & scores["fold"].isna()]
    kept = kept.assign(order=kept["stage"].map(list(sizes).index)).sort_values(["task", "order"])
    kept["row"] = [f"{row.task}\n{row.stage} ({sizes[row.stage]})" for row in kept.itertuples()]
    groups = kept[kept["subject"].isna()]
    points = kept.loc[kept["subject"].notna(), ["row", "value"]]
    figure, ax = plt.subplots(figsize=(WIDTH, 0.9 + 0.6 * len(groups)))
    drawn.rows(ax, points, estimates=groups, label=ACCURACY, chance=chance)
    ax.set_xlim(0, 1.03)
    told = [f"{row['task']}, {row['stage']}: {with_interval(row)}" for _, row in groups.iterrows()]
    return Picture(
        figure,
        alt=f"Decoding from sets of features, {protocol_name(protocol)}. {'; '.join(told)}.",
        caption=f"{protocol_name(protocol)}; in parentheses the number of features of a kind. A "
        "point is a subject; the diamond is the mean over subjects, its line a 95 % interval "
        "(subjects and stimuli drawn again). Dotted: chance.",
    )
