"""Pictures of all subjects together: everybody's maps, paired conditions, the pooled training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr

from emolib.figures import maps
from emolib.figures import scores as score_plots
from emolib.figures.display import Picture
from emolib.figures.pages import WIDTH
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
    bands = next(iter(power.values()))["band"].to_numpy().tolist()
    abreast = 1 if len(power) < 5 else 2
    lines = -(-len(power) // abreast)
    figure = plt.figure(figsize=(WIDTH, 0.5 + 0.78 * lines))
    axes = figure.subplots(lines, abreast * len(bands), squeeze=False)
    ends = {}
    for band in bands:
        values = np.concatenate([of.sel(band=band).to_numpy() for of in power.values()])
        ends[band] = (float(values.min()), float(values.max()))
    for ax in axes.flat:
        ax.set_axis_off()
    for i, (subject, of) in enumerate(power.items()):
        line, side = i % lines, i // lines
        own = axes[line, side * len(bands) : (side + 1) * len(bands)]
        for ax, band in zip(own, bands, strict=True):
            channels = of["channel"].to_numpy().tolist()
            maps.scalp(ax, of.sel(band=band).to_numpy(), channels, limits=ends[band], small=True)
            if line == 0:
                low, high = ends[band]
                name = f"{band}\n{low:z.0f} to {high:z.0f} dB"
                ax.set_title(name, loc="center", fontsize="x-small")
        # A name is no formula, whatever signs are in it.
        of_row = {"transform": own[0].transAxes, "ha": "right", "va": "center"}
        own[0].text(-0.1, 0.5, subject, parse_math=False, **of_row)
    told = [f"{band}: from {low:.1f} to {high:.1f} dB" for band, (low, high) in ends.items()]
    return Picture(
        figure,
        alt=f"Small maps of log power of {len(power)} subjects. {'; '.join(told)}.",
        caption="Mean log power over all trials, dB re 1 µV², seen from above, the nose up. Maps "
        "of a band share one scale over all subjects, dark to bright as the numbers above say. "
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
