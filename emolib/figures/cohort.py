"""Pictures of all subjects together: everybody's maps, paired conditions, the pooled training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr

from emolib.figures import maps
from emolib.figures import scores as score_plots
from emolib.figures.display import WIDTH, Picture
from emolib.splits.protocols import protocol_name


def thumbnails(power: Mapping[str, xr.DataArray]) -> Picture:
    """Show the mean maps of every subject, small, a row a subject and a column a band.

    Parameters
    ----------
    power : mapping of str to DataArray (band, channel)
        Log power by subject, decibels above one microvolt squared. Each may have its own channels.

    Examples
    --------
    >>> given = xr.DataArray([[1.0, 2.0, 3.0]], {"band": ["alpha"], "channel": ["Fz", "Cz", "O1"]})
    >>> thumbnails({"sub-01": given})
    Picture: Small maps of log power of 1 subjects. alpha: from 1.0 to 3.0 dB.
    """
    # Where a subject lacks an electrode that another has, NaN.
    stack = xr.concat(power.values(), pd.Index(power, name="subject"), join="outer")
    channels, bands = stack["channel"].to_numpy().tolist(), stack["band"].to_numpy().tolist()
    ends = [(float(of.min()), float(of.max())) for of in stack.transpose("band", ...)]
    abreast = 1 if len(power) < 5 else 2
    lines = -(-len(power) // abreast)
    figure = plt.figure(figsize=(WIDTH, 0.9 + 0.78 * lines))
    names = [*power, *[""] * (abreast * lines - len(power))]
    for i, block in enumerate(np.ravel(figure.subfigures(1, abreast))):
        own = names[i * lines : (i + 1) * lines]
        values = dict(zip(own, stack.reindex(subject=own).to_numpy(), strict=True))
        maps.rows(block, values, channels, bands, units="dB", limits=ends, draw=maps.thumbnail)
    told = [
        f"{band}: from {low:.1f} to {high:.1f} dB"
        for band, (low, high) in zip(bands, ends, strict=True)
    ]
    return Picture(
        figure,
        alt=f"Small maps of log power of {len(power)} subjects. {'; '.join(told)}.",
        caption="Mean log power over all trials, dB re 1 µV², seen from above, the nose up. Maps "
        "of a band share one scale over all subjects, dark to bright as the bars say. "
        "Look for a map that is unlike the others, then open that subject's page.",
    )


def paired(pairs: Sequence[Sequence[float]], names: tuple[str, str], *, label: str) -> Picture:
    """Show two values per subject, joined by a line.

    Parameters
    ----------
    pairs : sequence of (first, second)
        A pair a subject.
    names : (str, str)
        The two conditions.
    label : str
        What the values are, with the unit.

    Examples
    --------
    >>> paired([(3.0, 1.0), (2.0, 4.0)], ("rest", "arithmetic"), label="alpha power (dB)")
    Picture: alpha power (dB), rest against arithmetic: lower in the second in 1 of 2 subjects.
    """
    first, second = np.asarray(pairs, dtype=float).T
    figure, ax = plt.subplots(figsize=(4.2, 3.6))
    score_plots.paired_points(ax, first, second, names=names, label=label)
    return Picture(
        figure,
        alt=f"{label}, {names[0]} against {names[1]}: lower in the second in "
        f"{int((second < first).sum())} of {len(first)} subjects.",
        caption="A line is a subject. Dashed lines fall, solid ones rise.",
    )


def learning(history: pd.DataFrame, protocol: str) -> Picture:
    """Show training and validation loss of a protocol's pooled networks.

    Parameters
    ----------
    history : DataFrame
        Columns ``fold``, ``epoch``, ``loss``, ``val_loss``.
    protocol : str
        Whose.
    """
    figure, ax = plt.subplots(figsize=(5.2, 3.0))
    score_plots.learning_curves(ax, history)
    ax.set_title(protocol.replace("_", "-"))
    last = history.groupby("fold")[["loss", "val_loss"]].last().mean()
    return Picture(
        figure,
        alt=f"Loss by epoch, {protocol_name(protocol)}: at the end {last['loss']:.2f} in "
        f"training and {last['val_loss']:.2f} in validation, mean over folds.",
        caption=f"{protocol_name(protocol)}. A pair of lines is a fold: training solid, "
        "validation dashed. The loss is the sum of both tasks' cross-entropies where there are "
        "two.",
    )
