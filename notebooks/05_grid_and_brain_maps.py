# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The grid and brain maps
#
# ## What you will learn
#
# - how electrodes get their cells on a grid, and in which order the planes of a brain map come;
# - which neighbours on the head are neighbours on the grid, and which are not;
# - how much of the head one place of a convolution sees, and what it makes of an empty cell;
# - what an interpolated picture of the scalp invents;
# - how to read a map of differences for which no test was made.
#
# **Time.** About 20 minutes, and half an hour for the exercises.
#
# **What you need.** [Windows, baseline removal and
# normalisation](04_windows_baseline_normalisation), and distances between points.
#
# **The question.** *If the network sees two values side by side, did they lie side by side on the
# head?*

# %%
import tempfile
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr
from IPython.display import display

# %%
from emolib import grid
from emolib.book.provenance import provenance
from emolib.features import power as summaries
from emolib.features.extraction import extract_features
from emolib.figures import maps
from emolib.figures import pages as pictures
from emolib.figures.display import Picture, Table, escape_markdown, say, use_style
from emolib.figures.explorer.table import features_of_table
from emolib.figures.explorer.widget import Explorer
from emolib.lessons import map_plots, neighbours
from emolib.lessons.interpolation import guess_hidden
from emolib.lessons.levels import remove_and_normalise, resting_features
from emolib.recordings import simulated
from emolib.recordings.labels import trial_classes
from emolib.study import stages
from emolib.study.study import load

use_style()

# %% tags=["parameters"] needs="first"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None: the first that can be used

# %%
this_study = load(study)
subject = subject or stages.first_valid(this_study)
recording = stages.recording(this_study, subject)
features = stages.features(this_study, subject)
channels = recording["channel"].to_numpy().tolist()
bands = features["band"].to_numpy().tolist()

# %% [markdown]
# ## Eight rows, nine columns
#
# The network of this book is a *convolutional* one: its first layers look at small squares of a
# picture, with the same weights wherever the square lies. They look at neighbours. So the values of
# the {term}`electrodes <electrode>` have to be laid out such that neighbours on the head become
# neighbours in the picture. The layout used here is a {term}`grid` of cells: rows run from the
# forehead to the back of the head, columns from the left ear to the right one.

# %% tags=["hide-input"]
every = [name for row in grid.SEED_GRID for name in row if name]
fig, ax = plt.subplots(figsize=(5.6, 5.2))
map_plots.cells(ax, every, filled=grid.DEAP_CHANNELS, framed=channels)
Picture(
    fig,
    alt=f"A grid of {grid.SHAPE[0]} by {grid.SHAPE[1]} cells with the names of {len(every)} "
    f"electrodes. {len(grid.DEAP_CHANNELS)} are filled, {len(channels)} framed.",
    caption="All names: the 62 electrodes of the data set SEED (CB1 and CB2 lie over the "
    "cerebellum). Blue: the 32 of DEAP. Red frames: those of this recording. Grey: no electrode.",
)

# %% [markdown]
# Two data sets are drawn in one grid, DEAP {cite:p}`koelstra2012` and SEED {cite:p}`zheng2015`.
# That works because an electrode that both have stands in the same cell. So any recording with
# electrodes of the 10-20 system, the usual places on the head, or of its finer versions finds its
# cells. The spelling of names differs from file to file, and four electrodes have an old and a new
# name:

# %%
spelt = ["Fp1", "FP1", "EEG Fp1-REF", "T3", "EEG T3-LE", "Fc5.", "POZ"]
rows, columns = zip(*(grid.cells([name]) for name in spelt), strict=True)
found = {"electrode": [grid.canonical_name(name) for name in spelt]}
found |= {"row": np.ravel(rows), "column": np.ravel(columns)}
frame = pd.DataFrame(found, index=pd.Index(spelt, name="in the file"))

# %% tags=["remove-input"]
display(Table(frame, caption="Electrodes by any of their names"))
n_cells = int(np.prod(grid.SHAPE))
say(
    f"This recording fills **{len(channels)} of {n_cells} cells**;",
    f"{n_cells - len(channels)} hold no electrode and stay 0.",
)

# %% [markdown]
# ## Planes, and their order
#
# One kind of {term}`feature` in one {term}`band`, laid out on the grid, is a {term}`plane`. The
# planes of one {term}`window` on top of one another are a {term}`brain map`, the input of the
# network. It is not a picture of a brain: it is numbers at electrodes, in an order.

# %%
brain_maps = grid.to_brain_maps(features)
print(dict(brain_maps.sizes))
print(*enumerate(brain_maps["plane"].to_numpy().tolist()), sep="\n")

# %% tags=["hide-input"]
kinds = features["kind"].to_numpy().tolist()
where = features.sizes["window"] // 2
one = {kind: features["feature"].sel(kind=kind)[where].to_numpy() for kind in kinds}
fig = plt.figure(figsize=(6.4, 0.3 + 1.5 * len(kinds)))
scaled = "own unit" if this_study.features.normalise == "none" else "z-score"
maps.rows(fig, one, channels, bands, units=scaled, draw=maps.plane)
told = [f"{kind} {x.min():.1f} to {x.max():.1f}" for kind, x in one.items()]
Picture(
    fig,
    alt=f"The {len(kinds) * len(bands)} planes of one window: {'; '.join(told)}.",
    caption="Kind by kind and, within a kind, band by band: the order of the planes. One window "
    "from the middle of the recording. Grey: no electrode. A dash: below zero.",
)

# %% [markdown]
# ## What a zero means
#
# Cells without an electrode hold 0. To the network that is a value like any other. Whether it is a
# *neutral* one depends on the steps before: the rest is removed, and the window is made a
# {term}`z-score <z-score>`. Here are the values of {term}`differential entropy`, DE, step by step.

# %%
raw = replace(this_study.features, kinds=("de",), baseline="none", normalise="none")
entropy = extract_features(recording, raw)
values = entropy["feature"].to_numpy().astype(float)
rest = resting_features(recording, raw)
steps = {"nothing": raw, "rest removed": replace(raw, baseline="subtract")}
steps["z by window"] = replace(raw, normalise="window")
steps["rest removed, z by window"] = replace(raw, baseline="subtract", normalise="window")
rows = {}
for step, settings in steps.items():
    if settings.baseline == "none" or rest is not None:
        x = remove_and_normalise(values, entropy["trial"].to_numpy(), rest, settings)
        of_window = x.mean(axis=(1, 2, 3))  # the mean of each window's values
        rows[step] = {"mean of all": x.mean(), "lowest window": of_window.min()}
        rows[step] |= {"highest window": of_window.max(), "values below 0": (x < 0).mean()}
frame = pd.DataFrame(rows).T

# %% tags=["remove-input"]
frame["values below 0"] = frame["values below 0"].map("{:.0%}".format)
shown = frame.map(lambda x: x if isinstance(x, str) else f"{x + 0:.2f}".replace("-0.00", "0.00"))
Table(shown, caption="Means of a window's DE, in nats; z-scores have no unit")

# %% tags=["remove-input"]
z, level_of_raw = x.mean(axis=(0, 1, 3)), rows["nothing"]["mean of all"]
say(
    f"Without any step the values have the mean {level_of_raw:.1f} nats, and where 0 lies is a",
    f"matter of the unit: it is a variance of {1 / (2 * np.pi * np.e):.2f} µV². So an empty cell",
    "looks like an electrode with next to no signal, and each electrode stands on a cliff. After a",
    "z-score of the window, 0 is that window's mean: an empty cell says *as usual*. It is the mean",
    "over all bands, not of a plane. Here the planes' means lie between",
    f"{z.min():+.2f} ({bands[z.argmin()]}) and {z.max():+.2f} ({bands[z.argmax()]}).",
)

# %% [markdown]
# Beyond the grid's edge the convolutions of this network see zeros too ("same" padding), so the
# same holds there.
#
# ## Neighbours kept, neighbours lost
#
# Now to the question. Let us call two electrodes *neighbours* if no third one is nearer to both of
# them than they are to each other {cite:p}`toussaint1980`. This needs distances only. On the grid
# they are counted in cells; on the head they are millimetres, straight through, between the places
# of the electrodes on a model of one man's head, made from many scans.

# %%
pairs = neighbours.electrode_pairs(channels)
names = pairs["first"] + "-" + pairs["second"]
kept = pairs["on_head"] & pairs["on_grid"]
lost = pairs["on_head"] & ~pairs["on_grid"]
gained = pairs["on_grid"] & ~pairs["on_head"]
both, head_only, grid_only = (
    list(zip(pairs["first"][chosen], pairs["second"][chosen], strict=True))
    for chosen in (kept, lost, gained)
)
on_grid, on_head = {"both": both, "grid only": grid_only}, {"both": both, "head only": head_only}

# %% tags=["hide-input"]
fig, axes = plt.subplots(2, 1, figsize=(5.2, 9.6), height_ratios=(1, 1.05))
map_plots.cells(axes[0], channels)
map_plots.links(axes[0], map_plots.grid_places(channels), on_grid)
map_plots.montage(axes[1], channels)
map_plots.links(axes[1], map_plots.head_places(channels), on_head)
axes[0].set_title("on the grid")
axes[1].set_title("on the head")
Picture(
    fig,
    alt=f"Lines between neighbours. On both: {kept.sum()} pairs. On the head only: "
    f"{', '.join(names[lost])}. On the grid only: {', '.join(names[gained])}.",
    caption="Grey lines: neighbours on both. Red, dashed: neighbours on this picture only. Empty "
    "cells between two electrodes do not count as electrodes.",
)

# %% tags=["remove-input"]
near = pairs["mm"][pairs["on_grid"]]
closest, widest = near.idxmin(), near.idxmax()
say(
    f"Of {pairs['on_head'].sum()} pairs of neighbours on the head, the grid keeps",
    f"**{kept.sum()}** ({kept.sum() / pairs['on_head'].sum():.0%}). Lost:",
    f"{', '.join(names[lost]) or 'none'}. Invented: {', '.join(names[gained]) or 'none'}.",
    f"Neighbours on the grid are {near.min():.0f} mm ({names[closest]}) to {near.max():.0f} mm",
    f"({names[widest]}) apart: a step of the grid is no fixed distance.",
)

# %%
rows = {}
every_of = {"this recording": channels, "DEAP": list(grid.DEAP_CHANNELS), "SEED": every}
for name, electrodes in every_of.items():
    table = neighbours.electrode_pairs(electrodes)
    head, on = table["on_head"], table["on_grid"]
    rows[name] = {"electrodes": len(electrodes), "neighbours on the head": head.sum()}
    rows[name] |= {"kept": (head & on).sum(), "invented": (on & ~head).sum()}
    rows[name]["rank correlation"] = f"{table['mm'].corr(table['cells'], method='spearman'):.2f}"

# %% tags=["remove-input"]
Table(
    pd.DataFrame(rows).T,
    caption="What the grid keeps. Rank correlation: of distances in cells with those in mm; 1 "
    "would be the same order",
)

# %% [markdown]
# ### The one distortion
#
# Most of the losses lie at the rim, where a round head has to end in a rectangle. One is of another
# kind. AF3 and AF4 have no row of their own: they stand in the row of Fp1 and Fp2, *beside* them.

# %%
front = ["Fp1", "AF3", "Fp2", "AF4", "Fz"]
at = pd.DataFrame(neighbours.electrode_positions(front), front, ["right", "front", "up"])
away = at.loc["AF3"] - at.loc["Fp1"]
fp_fz = neighbours.distances(at.loc[["Fp1", "AF3", "Fz"]].to_numpy())

# %% tags=["remove-input"]
say(
    f"On the head, AF3 lies {np.linalg.norm(away):.0f} mm from Fp1: {away['up']:.0f} mm higher,",
    f"{-away['front']:.0f} mm further back and {-away['right']:.0f} mm to the side. So it stands",
    f"between Fp1 ({fp_fz[0, 1]:.0f} mm away) and Fz ({fp_fz[1, 2]:.0f} mm away) on the way up the",
    "forehead. On the grid it has stepped aside, and Fp1 and Fz have become neighbours, although",
    f"they are {fp_fz[0, 2]:.0f} mm apart.",
    "" if "AF3" in channels else "(This recording has no AF3: the numbers are for those that do.)",
)

# %% [markdown]
# ## What one place of the network sees
#
# The first layer of the network looks at squares of 5 by 5 cells. Each of its filters is one set of
# weights, used at every place of the grid. That is sensible where a square means the same
# everywhere. How large is it on the head?

# %%
size = 5
centres = {"middle": (3, 4), "left front": (1, 2), "right ear": (3, 8), "back": (7, 4)}
rows = {}
for name, (row, column) in centres.items():
    seen = neighbours.field(channels, (row, column), size)
    far = pairs[pairs["first"].isin(seen) & pairs["second"].isin(seen)]
    widest = far.nlargest(1, "mm")  # none, if there is one electrode only
    n_rows = np.sum(np.abs(np.arange(grid.SHAPE[0]) - row) <= size // 2)  # within the grid
    n_columns = np.sum(np.abs(np.arange(grid.SHAPE[1]) - column) <= size // 2)
    rows[name] = {"electrodes": len(seen), "empty cells": n_rows * n_columns - len(seen)}
    rows[name]["beyond the edge"] = size**2 - n_rows * n_columns
    rows[name]["widest pair"] = "".join(widest["first"] + "-" + widest["second"]) or "none"
    rows[name]["apart (cm)"] = f"{widest['mm'].sum() / 10:.1f}"

# %% tags=["hide-input"]
seen = neighbours.field(channels, centres["middle"], size)
fig, axes = plt.subplots(2, 1, figsize=(4.6, 8.4))
map_plots.cells(axes[0], channels, filled=seen)
row, column = centres["middle"]
map_plots.frame(axes[0], row - size // 2, column - size // 2, size, size)
map_plots.montage(axes[1], channels, marked=seen)
Picture(
    fig,
    alt=f"A square of {size} by {size} cells in the middle of the grid, and its {len(seen)} "
    f"electrodes on the head, up to {rows['middle']['apart (cm)']} cm apart.",
    caption="Above: the square. Below: the electrodes in it, filled, on the head seen from above.",
)

# %% tags=["remove-input"]
Table(pd.DataFrame(rows).T, caption="A square of 5 by 5 cells, at four places of the grid")

# %% [markdown]
# So the same weights meet different distances, and more or fewer zeros. A network can live with
# that: the zeros may even tell it where the edge is. But nobody should call its filters patches of
# the scalp of a fixed size. What the further layers add to the square is shown in [The network,
# layer by layer](06_cnn_layer_by_layer).
#
# ## The same values drawn twice
#
# People like a {term}`topomap`: the scalp, filled in between the electrodes. Here is the same thing
# drawn both ways, mean log power over all trials, in decibels (dB, ten times the logarithm to base
# 10).

# %%
power = summaries.log_power(recording, this_study.features)
band = "alpha" if "alpha" in bands else bands[0]
level = power.mean("trial")
pictures.grid_and_scalp(
    level.sel(band=band).to_numpy(), channels, name=f"{band} power", unit="dB re 1 µV²"
)

# %% [markdown]
# The right picture looks richer. It is not: it was made from the values on the left. To see what it
# adds, draw a value that we know: 1 at one electrode, 0 at all others.

# %%
middle = channels.index("Cz") if "Cz" in channels else len(channels) // 2
impulse = np.eye(len(channels))[middle]
pictures.grid_and_scalp(impulse, channels, name=f"1 at {channels[middle]}, else 0", unit="no unit")

# %% [markdown]
# On the scalp it has become a hill, several centimetres wide. Its width is the distance of the
# electrodes, not of anything in the head. Does a guess of this kind hit the truth? That can be
# tested: hide each electrode in turn and let the others guess its value.

# %%
places = maps.positions(tuple(channels))
rows = {}
for name in bands:
    true = level.sel(band=name).to_numpy()
    guess = guess_hidden(true, places)
    inner = np.isfinite(guess)  # the outermost are not surrounded by others
    if inner.sum() < 2:
        continue
    error = guess[inner] - true[inner]
    rows[name] = {"electrodes": int(inner.sum()), "they differ by": true[inner].std()}
    rows[name] |= {"typical error": np.sqrt(np.mean(error**2)), "largest": np.abs(error).max()}

# %% tags=["remove-input"]
if rows:
    frame = pd.DataFrame(rows).T.astype({"electrodes": int})
    text = frame.drop(columns="electrodes").map("{:.1f}".format)
    text.insert(0, "electrodes guessed", frame["electrodes"])
    caption = "Hidden electrodes, guessed by interpolation (dB; standard deviations)"
    display(Table(text, caption=caption))
    ratio = frame["typical error"] / frame["they differ by"]
    page = say(
        "*They differ by* is the standard deviation among the electrodes that can be guessed at",
        "all: the error of somebody who always says their mean. The typical error is",
        f"{ratio.min():.0%} ({ratio.idxmin()}) to {ratio.max():.0%} ({ratio.idxmax()}) of it.",
    )
else:
    page = say("Too few electrodes of this recording are surrounded by others to be guessed.")
display(page)

# %% [markdown]
# The outermost electrodes cannot be guessed, and what is drawn beyond them is a guess with nothing
# on its other side. A scalp picture is made for the eye, and for that it is good: it shows at a
# glance where values are high. The dots say where something was measured. Between them stands a
# guess. The network does not see it: it gets cells.
#
# ## High minus low, band by band
#
# Now the maps that everybody wants to see: the mean of the trials of one {term}`class` minus that
# of the other, for each {term}`task` of the study. They are made from **log power**, before
# anything was subtracted and before any z-score, for the reason of the [previous
# chapter](04_windows_baseline_normalisation): a window's z-scores are compositional.

# %%
classes = trial_classes(recording, this_study.tasks)
differences, counted, largest = {}, [], []
for name, task in this_study.tasks.items():
    means = summaries.class_means(power, classes[name], task.classes)
    n = dict(zip(task.classes, means["n_trials"].to_numpy().tolist(), strict=True))
    counted.append(f"{name} " + ", ".join(f"{number} {each}" for each, number in n.items()))
    if all(n.values()):
        title, difference = summaries.contrast(means, task)
        differences[f"{name}\n{title}"] = difference
        most = difference.isel(np.abs(difference).argmax(["band", "channel"]))
        spot = f"at {most['channel'].item()} in {most['band'].item()}"
        largest.append(f"{name}, {title}: {most.item():+.1f} dB {spot}")

# %% tags=["hide-input"]
if differences:
    fig = plt.figure(figsize=(6.4, 0.4 + 1.7 * len(differences)))
    of_tasks = {name: difference.to_numpy() for name, difference in differences.items()}
    maps.rows(fig, of_tasks, channels, bands, units="dB")
    page = Picture(
        fig,
        alt=f"Scalp maps of differences in log power per band. Largest: {'; '.join(largest)}.",
        caption="Each row has one scale for all bands, zero in the middle; contours below zero are "
        "dashed. Dots: electrodes. A description of these trials: no test was made.",
    )
else:
    page = say("No task has trials of each class in this recording, so there is no difference.")
display(page)

# %% tags=["remove-input"]
say(
    f"Trials: {'; '.join(map(escape_markdown, counted))}.",
    "Differences are there in any recording, whatever",
    "the trials are called: exercise 3 deals the labels at random and looks. So these maps say how",
    "the trials of this person differed. They do not say that the difference would come again, nor",
    "what caused it, nor where in the brain it arose.",
)

# %% [markdown]
# ## Held against the truth
#
# With real data it ends there. Simulated recordings come with their truth: which rhythms follow
# what was felt, how strongly, and how each looks on the scalp. Independent rhythms add up in power,
#
# $$P_{kc} = \sum_s p_{sc}^2\, e^{l_{sk}},$$
#
# where $p_{sc}$ is how strongly rhythm $s$ of the band reaches electrode $c$ (µV) and $l_{sk}$ what
# the feeling in trial $k$ adds to the logarithm of its power. From $10 \log_{10} P$ the same means
# and the same difference can be taken. That is the map as it would be if there were rhythms and
# feelings and nothing else: no background, no muscles, and trials that differ in nothing but that.

# %%
true_maps, agreement = {}, {}
if this_study.simulation is not None and differences:
    truth = simulated.read_truth(this_study.recordings_root, subject)
    truth = 10 * np.log10(simulated.expected_power(truth))  # dB above 1 µV²
    for name, task in this_study.tasks.items():
        means = summaries.class_means(truth, classes[name], task.classes)
        title, expected = summaries.contrast(means, task)
        if (key := f"{name}\n{title}") in differences:
            expected = expected.sel(band=bands, channel=channels)
            true_maps[f"{name}\nrecorded"] = differences[key].to_numpy()
            true_maps[f"{name}\ntruth"] = expected.to_numpy()
            agreement[name] = xr.corr(differences[key], expected, dim="channel").to_series()

# %% tags=["hide-input"]
if true_maps:
    fig = plt.figure(figsize=(6.4, 0.3 + 1.5 * len(true_maps)))
    maps.rows(fig, true_maps, channels, bands, units="dB", draw=maps.plane)
    told = [f"{' '.join(n.split())} up to {np.abs(x).max():.1f} dB" for n, x in true_maps.items()]
    page = Picture(
        fig,
        alt=f"Recorded and true differences per band, one above the other: {'; '.join(told)}.",
        caption="Now on the grid. Above each other: what was recorded, what the simulation put in. "
        "Each row has its own scale: compare the patterns. A dash in a cell: below zero.",
    )
else:
    why = "some class has no trials" if this_study.simulation else "these are recordings of people"
    page = say(f"**There is no truth to be shown here: {why}.**")
display(page)

# %% tags=["remove-input"]
if agreement:
    frame = pd.DataFrame(agreement).T.reindex(columns=bands)
    caption = "Correlation over electrodes of the recorded with the true difference"
    text = frame.map(lambda r: f"{r:+.2f}" if np.isfinite(r) else "no effect")
    display(Table(text, caption=caption))

# %% tags=["remove-input"]
if agreement and frame.notna().any(axis=None):
    task, band = frame.T.max().idxmax(), frame.max().idxmax()
    page = say(
        f"The best agreement is in {band} for {task}, **{frame.max().max():+.2f}**, the worst",
        f"{frame.min().min():+.2f}. A rhythm that stands high above the background can be found",
        "again. Where background and muscle carry most of a band's power, the map is made of",
        "chance differences between trials, and is not less smooth or less colourful for that.",
    )
elif agreement:
    page = say("**This simulation puts no effect in: all recorded differences are chance.**")
else:
    page = say("So nobody can say here which part of the maps above is chance.")
display(page)

# %% [markdown]
# The sizes differ too: true differences of rhythms are watered down by all that does not follow the
# feeling. And the effects of this simulation were chosen; they are no estimate of any in people.
#
# ## Your own features on the maps
#
# The page of each subject has a brain-map explorer, which shows any window, band and trial. It
# takes features of your own as well: all that it needs is a table with a row a {term}`window` and
# a column an electrode. Columns `trial`, `onset_seconds`, `kind` and `band` may stand beside them.
# Here the table is made from this recording, one band of it:

# %%
alpha = features["feature"].sel(kind=features["kind"][0], band="alpha", drop=True)
table = alpha.to_dataset("channel").to_dataframe()[["trial", "onset_seconds", *channels]]
file = Path(tempfile.mkdtemp()) / "my_features.csv"
table.to_csv(file, index=False)

# %% tags=["remove-input"]
Table(table.iloc[:3, :6].round(2), caption="The first rows and columns of the table")

# %% [markdown]
# Put the path of your own table into the first line. The last line writes the explorer as a page of
# its own, to keep or to send: it needs neither Python nor a network.

# %%
own = pd.read_csv(file)  # your own: pd.read_csv("path/of/your_table.csv")
explorer = Explorer(features_of_table(own), title="Features from a table")
kept = file.with_suffix(".html").write_text(explorer.page(), encoding="utf-8")
display(explorer)

# %% [markdown]
# ## Check yourself
#
# **1.** A student leaves out the z-score and finds that the network does worse. She has changed the
# scale of the values. What else has she changed?
#
# ```{dropdown} Answer
# The meaning of the empty cells, and of what lies beyond the grid's edge. Their 0 was the window's
# mean; now it is a value far from all others.
# ```
#
# **2.** A scalp map shows a clear red spot between F3 and C3, where there is no electrode. What do
# you know about that place?
#
# ```{dropdown} Answer
# Nothing was measured there. The spot is the interpolation's guess from the electrodes around it.
# ```
#
# ## Exercises
#
# **Exercise 1.** Give AF3 and AF4 a row of their own. How many more neighbours does such a grid of
# nine rows keep, of DEAP's electrodes?

# %% tags=["hide-cell", "solution"]
fp_row = ("", "", "", "Fp1", "", "Fp2", "", "", "")
af_row = ("", "", "", "AF3", "", "AF4", "", "", "")
taller = (fp_row, af_row, *grid.DEAP_GRID[1:])
for name, layout in {"8 rows": grid.DEAP_GRID, "9 rows": taller}.items():
    table = neighbours.electrode_pairs(grid.DEAP_CHANNELS, layout)
    head, on = table["on_head"], table["on_grid"]
    invented = (table["first"] + "-" + table["second"])[on & ~head]
    print(f"{name}: {(head & on).sum()} kept, {(head & ~on).sum()} lost, new: {[*invented]}")
# Fp1 and Fz are parted now, and AF3 is drawn nearer to Fz than it is: a rectangle has its price.

# %% [markdown]
# **Exercise 2.** The interpolation above was tested on the mean over all trials. How good is it for
# a single window, which is what the network gets?

# %% tags=["hide-cell", "solution"]
single = values[where, 0] * 20 / np.log(10)  # nats to decibels
for name, x in zip(bands, single, strict=True):
    guess = guess_hidden(x, places)
    inner = np.isfinite(guess)
    error = np.sqrt(np.mean((guess - x)[inner] ** 2))
    print(f"{name}: typical error {error:.1f} dB, the electrodes differ by {x[inner].std():.1f} dB")

# %% [markdown]
# **Exercise 3.** Deal the labels of the first task to the trials at random, many times. How large
# is the largest difference in the maps then, and how large is that of the true labels? (Where the
# two classes were recorded one after the other, as in rest and arithmetic, this shows sizes only:
# labels that could not have been otherwise give no test.)

# %% tags=["hide-cell", "solution"]
name = next(iter(this_study.tasks))
labelled = classes[name].dropna()
by_trial, label = power.sel(trial=labelled.index).to_numpy(), labelled.to_numpy(dtype=int)


def largest_difference(label: np.ndarray) -> float:
    return np.abs(by_trial[label == 1].mean(axis=0) - by_trial[label == 0].mean(axis=0)).max()


if set(label) >= {0, 1}:
    rng = np.random.default_rng(0)
    dealt = [largest_difference(rng.permutation(label)) for _ in range(1000)]
    low, high = np.quantile(dealt, [0.025, 0.975])
    print(f"{name}, labels dealt at random: {low:.1f} to {high:.1f} dB in 95 of 100 cases")
    print(f"{name}, true labels: {largest_difference(label):.1f} dB")

# %% [markdown]
# ## Conclusion
#
# The grid keeps most neighbours of the head, loses some at its rim and invents a few; a step on it
# is no fixed distance, and one square of a convolution covers more of the head here than there.
# Empty cells are neutral only if the values are z-scores. Pictures of the scalp are drawn from the
# same few numbers and fill the gaps with guesses. A map of differences describes the trials that
# were recorded; whether it says more is a question for a test.
#
# ## Where to read on
#
# - What the network does with these maps: [The network, layer by layer](06_cnn_layer_by_layer).
# - Which cells its answers depend on: [What the network looks at](10_what_the_network_looks_at).
# - Grids for EEG: {cite:t}`shen2020`, and, for the maps as used here, {cite:t}`rudakov2021`.
# - The maps of each person of this study: the [cohort page](/cohort.ipynb).
#
# ## Provenance

# %% tags=["remove-input"]
inputs = this_study.reader.sources(this_study.recordings_root, subject)
provenance(this_study, inputs)
