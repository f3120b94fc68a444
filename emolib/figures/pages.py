"""Whole pictures of recordings and of maps: figure, description made from the data, and caption.

`maps`, `density_curves` and `stacked_bars` draw on axes that they are given; all else here makes
the axes, fills them and turns them into a `display.Picture`. Numbers come in computed. Colours are
told apart by colour-blind readers; where two would look alike in grey, line style, marker or
hatching tells them apart as well.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes

from emolib.escaping import figure_label
from emolib.features.power import class_means, contrast
from emolib.features.spectra import ALPHA_SEARCH_HZ, alpha_peak
from emolib.figures import maps
from emolib.figures.display import BLUE, DARK, GREY, MARKERS, OCHRE, WIDTH, Picture
from emolib.figures.explorer.words import kind_words
from emolib.recordings.labels import Task
from emolib.splits.protocols import protocol_name

MOST_NAMES = 36  # of electrodes, side by side


def labels(counts: pd.DataFrame) -> Picture:
    """Plot how many trials each class has, from `emolib.features.power.label_counts`.

    Examples
    --------
    >>> labels(pd.DataFrame({"low": [3], "high": [5], "left out": [0]}, index=["valence"]))
    Picture: Trials per class: valence: low 3, high 5.
    """
    figure, ax = plt.subplots(figsize=(WIDTH, 1.1 + 0.4 * len(counts)))
    stacked_bars(ax, counts, label="trials")
    said = (", ".join(f"{n} {k}" for n, k in row.items() if k) for _, row in counts.iterrows())
    told = [f"{task}: {words}" for task, words in zip(counts.index, said, strict=True)]
    return Picture(
        figure,
        alt=f"Trials per class: {'; '.join(told)}.",
        caption="Number of trials per class. Unequal classes matter: predicting the majority class "
        "throughout gives more correct trials than guessing does, without any EEG.",
    )


def amplitudes(size: pd.DataFrame) -> Picture:
    """Plot the standard deviation of each channel, from `emolib.features.power.amplitudes`.

    Examples
    --------
    >>> amplitudes(pd.DataFrame({"std_uv": [9.0, 12.5]}, index=["Cz", "Oz"]))
    Picture: Standard deviation per electrode: from 9.0 µV at Cz to 12.5 µV at Oz.
    """
    deviation = size["std_uv"]
    parts = np.array_split(np.arange(len(size)), -(-len(size) // MOST_NAMES))
    shape = {"figsize": (WIDTH, 2.5 * len(parts)), "sharey": True, "squeeze": False}
    figure, axes = plt.subplots(len(parts), 1, **shape)
    for ax, part in zip(axes.flat, parts, strict=True):
        own = deviation.iloc[part]
        ax.vlines(own.index, 0, own, color=GREY, linewidth=1)
        ax.plot(own.index, own, "o", color=BLUE, markersize=5)
        ax.set(ylim=(0, None))
        ax.tick_params(axis="x", labelrotation=90)
    figure.supylabel("standard deviation (µV)", fontsize="medium")
    return Picture(
        figure,
        alt=f"Standard deviation per electrode: from {deviation.min():.1f} µV at "
        f"{deviation.idxmin()} to {deviation.max():.1f} µV at {deviation.idxmax()}.",
        caption="Look for values near zero (no contact) and for values far above their neighbours "
        "(a poor contact, or muscle activity).",
    )


def spectra(
    density: xr.DataArray, classes: pd.DataFrame, tasks: Mapping[str, Task], *, place: str
) -> Picture:
    """Plot the mean spectrum of each class with its alpha peak, one panel per task.

    `density (trial, frequency)` is in µV²/Hz, of the electrodes that `place` names; `classes` come
    from `emolib.recordings.labels.trial_classes`.
    """
    frequencies = density["frequency"].to_numpy()
    size = (WIDTH, 0.4 + 2.9 * len(tasks))
    figure, axes = plt.subplots(len(tasks), 1, figsize=size, squeeze=False)
    told = []
    for ax, (name, task) in zip(axes.flat, tasks.items(), strict=True):
        means = class_means(density, classes[name], task.classes)
        curves = {each["class"].item(): each.to_numpy() for each in means if each["n_trials"]}
        peaks = {each: alpha_peak(frequencies, curve) for each, curve in curves.items()}
        density_curves(ax, frequencies, curves, peaks=peaks, search_hz=ALPHA_SEARCH_HZ)
        ax.set_title(name)
        found = [f"{c} {hz:.1f} Hz" if np.isfinite(hz) else f"{c} none" for c, hz in peaks.items()]
        told.append(f"{name}: {', '.join(found)}")
    return Picture(
        figure,
        alt=f"Spectra by class. Alpha peaks: {'; '.join(told)}.",
        caption=f"Mean power density over the trials of a class, at {place}. The vertical axis is "
        "logarithmic: equal steps are equal factors. Grey: the range searched for the alpha peak. "
        "Markers: the peaks.",
    )


def class_maps(
    means: xr.DataArray, task_name: str, task: Task, *, of: str, cluster: xr.DataArray | None = None
) -> Picture:
    """Plot scalp maps of log power for each class of a task, band by band, and their difference.

    `means (class, band, channel)` are in dB re 1 µV², over what `of` says. Electrodes of a
    `cluster (band, channel)` of the cluster test get a ring.
    """
    channels, bands = means["channel"].to_numpy().tolist(), means["band"].to_numpy().tolist()
    title, difference = contrast(means, task)
    pair = means.sel({"class": list(task.classes[:2])})
    rows = dict(zip(task.classes, pair.to_numpy(), strict=False))
    scales = [(float(of.min()), float(of.max())) for of in pair.transpose("band", ...)]
    one_scale = [maps.symmetric(difference)] * len(bands)
    rings = None if cluster is None else cluster.to_numpy()
    figure = plt.figure(figsize=(WIDTH, 6.2))
    upper, lower = figure.subfigures(2, 1, height_ratios=(1.75, 1))
    maps.rows(upper, rows, channels, bands, units="dB re 1 µV²", limits=scales)
    row = {title: difference.to_numpy()}
    maps.rows(lower, row, channels, bands, units="difference (dB)", limits=one_scale, marked=rings)
    strongest = difference.isel(channel=np.abs(difference).argmax("channel"))
    told = [
        f"{at['band'].item()} {at.item():+.1f} dB at {at['channel'].item()}" for at in strongest
    ]
    in_cluster = ""
    if rings is not None:
        named = [
            f"{band} {', '.join(np.compress(ring, channels))}"
            for band, ring in zip(bands, rings, strict=True)
            if ring.any()
        ]
        in_cluster = f"In a cluster: {'; '.join(named) or 'no electrode'}."
    return Picture(
        figure,
        alt=f"{task_name}: scalp maps of log power per band for {' and '.join(rows)}, and {title}. "
        f"Largest differences: {'; '.join(told)}. {in_cluster}",
        caption=f"{task_name}, {of}. Maps of a band share their colour scale. Differences have one "
        "scale for all bands, with dashed contours below zero. Dots are electrodes. Rings mark the "
        "electrodes of a cluster; the cluster test shows that there is a difference, not where.",
    )


def feature_maps(features: xr.Dataset) -> Picture:
    """Plot the mean of each plane that the network gets, over the scalp and on the grid."""
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
    """Plot the same `values (channel,)` on the grid and over the scalp."""
    limits = (float(values.min()), float(values.max()))
    size = (7.2, 3.9)  # as in explorers that were saved: they carry this picture
    figure, (left, right) = plt.subplots(1, 2, figsize=size, width_ratios=(1.35, 1))
    image = maps.grid_map(left, values, channels, limits=limits, title="grid")
    maps.scalp(right, values, channels, limits=limits, title="scalp, interpolated")
    maps.colour_bar(image, [left, right], f"{name} ({unit})", location="bottom")
    return Picture(
        figure,
        alt=f"{name} ({unit}) on the grid and over the scalp, from {limits[0]:.1f} at "
        f"{channels[int(values.argmin())]} to {limits[1]:.1f} at {channels[int(values.argmax())]}.",
        caption=f"{name[0].upper()}{name[1:]}. Left: the grid as the network gets it, empty cells "
        "hatched. Right: the same values, interpolated between the electrodes (dots) for the eye.",
    )


def thumbnails(power: Mapping[str, xr.DataArray]) -> Picture:
    """Plot small mean maps of every subject, one row per subject and one column per band.

    `power` holds log power `(band, channel)` in dB re 1 µV² by subject; each may have its own
    channels.

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
        caption="Mean log power over all trials, dB re 1 µV², seen from above, nose up. Maps of a "
        "band share one scale over all subjects. Look for a map that differs from the others, then "
        "open that subject's page.",
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
    """Plot maps by band, one row per quantity: `rows` and `units` by the name of the row.

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
    """Plot a subject's mean shares, one row per task.

    `explained` holds `attribution (fold, task, band, channel)` in nats, `completeness (fold, task)`
    and `n_windows (fold)`.
    """
    mean = (
        explained["attribution"].sel(channel=list(channels)).mean("fold").dropna("task", how="all")
    )
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
        f"up to what they explain but for {100 * float(explained['completeness'].mean()):.1f} %.",
    )


def density_curves(
    ax: Axes,
    frequencies: np.ndarray,
    densities: Mapping[str, np.ndarray],
    *,
    peaks: Mapping[str, float],
    search_hz: tuple[float, float],
) -> None:
    """Plot power spectral densities (frequency,), µV²/Hz, with the alpha peak of each marked.

    Frequencies and `peaks` are in Hz, NaN where there is no peak; the interval in which it was
    sought is shaded.
    """
    ax.axvspan(*search_hz, color=GREY, alpha=0.18, linewidth=0)
    for (name, density), marker in zip(densities.items(), MARKERS * 4, strict=False):
        (line,) = ax.semilogy(frequencies, density, label=figure_label(name))
        if np.isfinite(peaks[name]):
            line.set_label(f"{figure_label(name)}, peak at {peaks[name]:.1f} Hz")
            height = np.interp(peaks[name], frequencies, density)
            ax.plot(peaks[name], height, marker, color=line.get_color(), markersize=8)
    ax.set(xlabel="frequency (Hz)", ylabel="power density (µV²/Hz)")
    ax.set_xlim(frequencies[0], frequencies[-1])
    # Below 4 Hz, where recordings are often high-passed, the curve may fall out of sight.
    floor = min(np.min(np.asarray(d)[frequencies >= 4]) for d in densities.values())
    ax.set_ylim(bottom=floor / 2)
    ax.legend()


def stacked_bars(ax: Axes, parts: pd.DataFrame, *, label: str, form: str = "{:.0f}") -> None:
    """Plot parts of a whole as bars end to end: a bar per row, a part per column.

    Each part carries its number, written by `form`, unless it is too narrow for it.
    """
    styles = [(BLUE, "", "white"), ("white", "///", DARK), ("#C8C8C8", "...", DARK)]
    styles.append((OCHRE, "", "white"))
    places, start = np.arange(len(parts)), np.zeros(len(parts))
    whole = float(parts.sum(axis=1).max())
    filled = parts.loc[:, parts.any()]
    for name, (colour, hatch, ink) in zip(filled, styles, strict=False):
        width = filled[name].to_numpy(float)
        look = {"color": colour, "hatch": hatch, "edgecolor": DARK, "label": figure_label(name)}
        ax.barh(places, width, left=start, **look)
        for place in places:
            text = form.format(width[place])
            if width[place] > 0.022 * len(text) * whole:
                box = {"facecolor": colour, "edgecolor": "none", "pad": 1.5}
                middle = {"ha": "center", "va": "center", "color": ink, "bbox": box}
                ax.text(start[place] + width[place] / 2, place, text, **middle)
        start = start + width
    ax.set(xlabel=label, xlim=(0, whole), yticks=places, yticklabels=list(parts.index))
    ax.set_ylim(len(parts) - 0.4, -0.6)
    ax.locator_params(axis="x", integer=whole > 1)  # counts have no decimals, shares do
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(styles))
