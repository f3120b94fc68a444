"""Whole pictures that several pages show: figure, description made from the data, and caption.

`plots`, `score_plots` and `maps` draw on axes that they are given; here the axes are made, filled
and turned into a `display.Picture`. Numbers come in computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr

from emolib import maps, plots, reports, score_plots
from emolib.display import Picture
from emolib.labels import Task
from emolib.spectra import ALPHA_SEARCH_HZ, alpha_peak
from emolib.summaries import class_means, contrast

WIDTH = 7.2  # inches: the text's width on a page


def labels(counts: pd.DataFrame) -> Picture:
    """Show how many trials each class has.

    Parameters
    ----------
    counts : DataFrame
        As `emolib.summaries.label_counts` gives them.

    Examples
    --------
    >>> labels(pd.DataFrame({"low": [3], "high": [5], "left out": [0]}, index=["valence"]))
    Picture: Trials per class: valence: low 3, high 5.
    """
    figure, ax = plt.subplots(figsize=(WIDTH, 0.9 + 0.45 * len(counts)))
    plots.label_balance(ax, counts)
    told = [
        f"{task}: " + ", ".join(f"{name} {number}" for name, number in row.items() if number)
        for task, row in counts.iterrows()
    ]
    return Picture(
        figure,
        alt=f"Trials per class: {'; '.join(told)}.",
        caption="A bar ends at the number of trials. Unequal parts matter: whoever always gives "
        "the commoner class is right more than half of the time, without looking at any EEG.",
    )


def amplitudes(size: pd.DataFrame) -> Picture:
    """Show the standard deviation of each channel.

    Parameters
    ----------
    size : DataFrame
        As `emolib.summaries.amplitudes` gives it; microvolts.

    Examples
    --------
    >>> amplitudes(pd.DataFrame({"deviation": [9.0, 12.5]}, index=["Cz", "Oz"]))
    Picture: Standard deviation per electrode: from 9.0 µV at Cz to 12.5 µV at Oz.
    """
    deviation = size["deviation"]
    figure, ax = plt.subplots(figsize=(WIDTH, 2.5))
    plots.amplitudes(ax, list(size.index), deviation.to_numpy(), label="standard deviation (µV)")
    return Picture(
        figure,
        alt=f"Standard deviation per electrode: from {deviation.min():.1f} µV at "
        f"{deviation.idxmin()} to {deviation.max():.1f} µV at {deviation.idxmax()}.",
        caption="Look for stems that touch the ground (no contact) or tower over their neighbours "
        "(a bad contact, or a muscle below it).",
    )


def spectra(
    density: xr.DataArray, classes: pd.DataFrame, tasks: Mapping[str, Task], *, place: str
) -> Picture:
    """Show the mean spectrum of each class, a panel a task, with its alpha peak.

    Parameters
    ----------
    density : DataArray (trial, frequency)
        Microvolts squared per Hz.
    classes : DataFrame
        As `emolib.labels.trial_classes` gives them.
    tasks : mapping of str to Task
        The tasks by name.
    place : str
        Which electrodes `density` is of.
    """
    frequencies = density["frequency"].to_numpy()
    size = (WIDTH, 0.4 + 2.9 * len(tasks))
    figure, axes = plt.subplots(len(tasks), 1, figsize=size, squeeze=False)
    told = []
    for ax, (name, task) in zip(axes.flat, tasks.items(), strict=True):
        means = class_means(density, classes[name], task.classes)
        curves = {
            each: means.sel({"class": each}).to_numpy()
            for each, n in zip(task.classes, means["n_trials"].to_numpy(), strict=True)
            if n
        }
        peaks = {each: alpha_peak(frequencies, curve) for each, curve in curves.items()}
        plots.spectra(ax, frequencies, curves, peaks=peaks, search_hz=ALPHA_SEARCH_HZ)
        ax.set_title(name)
        found = [f"{c} {hz:.1f} Hz" if np.isfinite(hz) else f"{c} none" for c, hz in peaks.items()]
        told.append(f"{name}: {', '.join(found)}")
    return Picture(
        figure,
        alt=f"Spectra by class. Alpha peaks: {'; '.join(told)}.",
        caption=f"Mean power density over the trials of a class, at {place}. The vertical axis is "
        "logarithmic: equal steps are equal factors. Grey: where the alpha peak is looked for; "
        "marks: the peaks.",
    )


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
        own[0].text(-0.1, 0.5, subject, transform=own[0].transAxes, ha="right", va="center")
    told = [f"{band}: from {low:.1f} to {high:.1f} dB" for band, (low, high) in ends.items()]
    return Picture(
        figure,
        alt=f"Small maps of log power of {len(power)} subjects. {'; '.join(told)}.",
        caption="Mean log power over all trials, dB re 1 µV², seen from above, the nose up. Maps "
        "of a band share one scale over all subjects, dark to bright as the numbers above say. "
        "Look for a map that is unlike the others, then open that subject's page.",
    )


def class_maps(
    means: xr.DataArray,
    task_name: str,
    task: Task,
    *,
    of: str,
    cluster: xr.DataArray | None = None,
) -> Picture:
    """Show scalp maps for each class of a task, band by band, and their difference.

    Parameters
    ----------
    means : DataArray (class, band, channel)
        Log power, decibels above one microvolt squared.
    task_name, task : str, Task
        Which task.
    of : str
        What the means are over, for the caption.
    cluster : DataArray of bool (band, channel), optional
        Electrodes in a cluster of the cluster test, which get a ring.
    """
    channels, bands = means["channel"].to_numpy().tolist(), means["band"].to_numpy().tolist()
    title, difference = contrast(means, task)
    rows = {each: means.sel({"class": each}).to_numpy() for each in task.classes[:2]}
    figure = plt.figure(figsize=(WIDTH, 6.8))
    maps.scalp_rows(
        figure,
        rows | {title: difference.to_numpy()},
        channels,
        bands,
        unit="dB re 1 µV²",
        difference=title,
        difference_unit="dB",
        marked=None if cluster is None else cluster.to_numpy(),
    )
    told = []
    for band, values in zip(bands, difference.to_numpy(), strict=True):
        i = int(np.abs(values).argmax())
        told.append(f"{band} {values[i]:+.1f} dB at {channels[i]}")
    return Picture(
        figure,
        alt=f"{task_name}: scalp maps of log power per band for {' and '.join(rows)}, and {title}. "
        f"Largest differences: {'; '.join(told)}."
        + (f" {_in_cluster(cluster)}." if cluster is not None else ""),
        caption=f"{task_name}, {of}. Maps of a band share their colour scale. Differences have one "
        "scale for all bands, zero in the middle, contours below zero dashed. Dots are electrodes; "
        "rings, where there are any, those of a cluster: the test says that a difference is "
        "somewhere, and a ring does not say where.",
    )


def _in_cluster(cluster: xr.DataArray) -> str:
    """Name the electrodes with a ring, by band."""
    of_band = {
        band: [str(name) for name in cluster["channel"].to_numpy()[cluster.sel(band=band) > 0]]
        for band in cluster["band"].to_numpy()
    }
    told = "; ".join(f"{band} {', '.join(names)}" for band, names in of_band.items() if names)
    return f"In a cluster: {told}" if told else "No electrode is in a cluster"


def grid_and_scalp(values: np.ndarray, channels: Sequence[str], *, name: str, unit: str) -> Picture:
    """Show the same values on the grid and over the scalp.

    Parameters
    ----------
    values : array, shape (channel,)
        One value per electrode.
    channels : sequence of str
        Electrode names.
    name, unit : str
        What the values are.
    """
    limits = (float(values.min()), float(values.max()))
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDTH, 3.9), width_ratios=(1.35, 1))
    image = maps.grid_map(left, values, channels, limits=limits, title="grid")
    maps.scalp(right, values, channels, limits=limits, title="scalp, interpolated")
    maps.colour_bar(image, [left, right], f"{name} ({unit})", location="bottom")
    return Picture(
        figure,
        alt=f"{name} ({unit}) on the grid and over the scalp, from {limits[0]:.1f} at "
        f"{channels[int(values.argmin())]} to {limits[1]:.1f} at {channels[int(values.argmax())]}.",
        caption="Left: the grid as the network gets it, empty cells hatched. Right: the same "
        "values, interpolated between the electrodes (dots) for the eye.",
    )


def scores(
    table: pd.DataFrame, task_name: str, task: Task, *, subject: str | None = None
) -> Picture:
    """Show balanced accuracies by protocol and stage: all subjects', or one's with its interval.

    Parameters
    ----------
    table : DataFrame
        As `emolib.evaluation.score` gives it.
    task_name, task : str, Task
        Which task.
    subject : str, optional
        Whose.
    """
    dots, groups = reports.points(table, task_name, subject=subject)
    figure, ax = plt.subplots(figsize=(WIDTH, 0.8 + 0.62 * dots["row"].nunique()))
    label = f"{task_name}: balanced accuracy of trials (0 to 1)"
    score_plots.score_points(ax, dots, groups=groups, label=label, chance=1 / len(task.classes))
    told = groups if subject is None else dots
    values = [
        f"{row.row}: {row.value:.2f}".replace("\n(", " (").replace("\n", ", ")
        for row in told.itertuples()
    ]
    lines = (
        "A point is a subject; the diamond is the mean over subjects, its line a 95 % interval "
        "(subjects and stimuli drawn again; conservative, conditional on the fitted models)."
        if subject is None
        else "Lines: 95 % intervals from drawing trials again, which are too narrow."
    )
    return Picture(
        figure,
        alt=f"{task_name}, balanced accuracy. {'; '.join(values)}.",
        caption=f"{lines} Hollow points: {reports.BOTH_SIDES}; these say nothing about new trials "
        "and are not to be held against chance.",
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
        alt=f"Loss by epoch, {reports.protocol_name(protocol)}: at the end {last['loss']:.2f} in "
        f"training and {last['val_loss']:.2f} in validation, mean over folds.",
        caption=f"{reports.protocol_name(protocol)}. A pair of lines is a fold: training solid, "
        "validation dashed. The loss is the sum of both tasks' cross-entropies where there are "
        "two.",
    )
