"""Whole pictures that several pages show: figure, description made from the data, and caption.

`plots`, `score_plots` and `maps` draw on axes that they are given; here the axes are made, filled
and turned into a `display.Picture`. Numbers come in computed.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection

from emolib.evaluation.scores import score_points, with_interval
from emolib.features.power import class_means, contrast
from emolib.features.spectra import ALPHA_SEARCH_HZ, alpha_peak
from emolib.figures import maps
from emolib.figures import scores as score_plots
from emolib.figures import signals as plots
from emolib.figures.display import WIDTH, Link, Picture
from emolib.figures.explorer.words import kind_words
from emolib.recordings.labels import Task
from emolib.splits.protocols import BOTH_SIDES


def labels(counts: pd.DataFrame) -> Picture:
    """Show how many trials each class has.

    Parameters
    ----------
    counts : DataFrame
        As `emolib.features.power.label_counts` gives them.

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
        "the commonest class is right more often than one who guesses, and needs no EEG for it.",
    )


def amplitudes(size: pd.DataFrame) -> Picture:
    """Show the standard deviation of each channel.

    Parameters
    ----------
    size : DataFrame
        As `emolib.features.power.amplitudes` gives it; microvolts.

    Examples
    --------
    >>> amplitudes(pd.DataFrame({"std_uv": [9.0, 12.5]}, index=["Cz", "Oz"]))
    Picture: Standard deviation per electrode: from 9.0 µV at Cz to 12.5 µV at Oz.
    """
    deviation = size["std_uv"]
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
        As `emolib.recordings.labels.trial_classes` gives them.
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
    pair = means.sel({"class": list(task.classes[:2])})
    rows = dict(zip(task.classes, pair.to_numpy(), strict=False))
    scales = [(float(of.min()), float(of.max())) for of in pair.transpose("band", ...)]
    one_scale = [maps.symmetric(difference)] * len(bands)
    rings = None if cluster is None else cluster.to_numpy()
    figure = plt.figure(figsize=(WIDTH, 6.8))
    upper, lower = figure.subfigures(2, 1, height_ratios=(1.75, 1))
    maps.rows(upper, rows, channels, bands, units="dB re 1 µV²", limits=scales)
    row = {title: difference.to_numpy()}
    maps.rows(lower, row, channels, bands, units="difference (dB)", limits=one_scale, marked=rings)
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


def feature_maps(features: xr.Dataset) -> Picture:
    """Show the mean of each plane that the network gets, over the scalp and on the grid."""
    means = features["feature"].mean("window")
    channels, bands = means["channel"].to_numpy().tolist(), means["band"].to_numpy().tolist()
    settings = json.loads(features.attrs["settings"])
    words = [kind_words(kind, settings, {}) for kind in means["kind"].to_numpy().tolist()]
    rows = dict(zip((each["words"] for each in words), means.to_numpy(), strict=True))
    units = {each["words"]: each["unit"] for each in words}
    wrapped = {name: textwrap.fill(unit, 16) for name, unit in units.items()}
    figure = plt.figure(figsize=(WIDTH, 3.3 * len(rows)))
    upper, lower = figure.subfigures(2, 1)
    maps.rows(upper, rows, channels, bands, units=wrapped)
    maps.rows(lower, rows, channels, bands, units=wrapped, draw=maps.plane)
    told = []
    for name, values in rows.items():
        row, column = np.unravel_index(values.argmax(), values.shape)
        most, least = float(values.max()), float(values.min())
        told.append(
            f"{name} ({units[name]}): from {least:.2f} to {most:.2f}, most in "
            f"{bands[row]} at {channels[column]}"
        )
    return Picture(
        figure,
        alt=f"Mean features on scalp and grid, band by band. {'; '.join(told)}.",
        caption="Mean over all windows of the features that the network gets. Upper rows: over the "
        "scalp, interpolated between the electrodes (dots). Lower rows: on the grid, cell by cell, "
        "empty cells grey. A kind has one scale for all bands. Contours below 0 are dashed.",
    )


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
    table: pd.DataFrame,
    task_name: str,
    task: Task,
    *,
    subject: str | None = None,
    links: Mapping[str, str] | None = None,
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
    links : mapping of str to str, optional
        Address by subject: each point of theirs leads there.
    """
    dots, groups = score_points(table, task_name, subject=subject)
    n_rows, n_subjects = dots["row"].nunique(), dots["subject"].nunique()
    figure, ax = plt.subplots(figsize=(WIDTH, 0.8 + max(0.62, 0.035 * n_subjects) * n_rows))
    label = f"{task_name}: balanced accuracy of trials (0 to 1)"
    drawn = score_plots.score_points(
        ax, dots, groups=groups, label=label, chance=1 / len(task.classes)
    )
    told = groups if subject is None else dots
    values = [
        f"{row['row']}: {with_interval(row)}".replace("\n(", " (").replace("\n", ", ")
        for row in told.to_dict("records")
    ]
    lines = (
        "A point is a subject; the diamond is the mean over subjects, its line a 95 % interval "
        "(subjects and stimuli drawn again; conservative, conditional on the fitted models)."
        if subject is None
        else "Lines: 95 % intervals from drawing trials again, which are too narrow."
    )
    if links:
        lines += " A click on a point leads to the subject's page."
    if absent := sorted(set(dots.loc[dots["value"].isna(), "subject"])):
        lines += f" Without a point, for want of trials of each class: {', '.join(absent)}."
    return Picture(
        figure,
        alt=f"{task_name}, balanced accuracy. {'; '.join(values)}.",
        caption=f"{lines} Hollow points: {BOTH_SIDES}; these say nothing about new trials "
        "and are not to be held against chance.",
        links=_point_links(ax, dots, drawn, links or {}),
    )


def _point_links(
    ax: Axes, dots: pd.DataFrame, drawn: Sequence[Artist], addresses: Mapping[str, str]
) -> list[Link]:
    """Link each point of `score_points`, which draws them in the order of `dots`."""
    if not addresses:
        return []
    heights = np.concatenate(
        [artist.get_offsets()[:, 1] for artist in drawn if isinstance(artist, PathCollection)]
    )
    return [
        Link(ax, row.value, height, addresses[row.subject], f"{row.subject}: {row.value:.2f}")
        for row, height in zip(dots.itertuples(), heights, strict=True)
        if row.subject in addresses and np.isfinite(row.value)
    ]
