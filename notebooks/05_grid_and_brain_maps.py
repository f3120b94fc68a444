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
# Below are the same numbers twice: the mean alpha power at each
# {term}`electrode`. The network gets the {term}`grid` of cells on the left.
# People prefer the smooth scalp on the right. **Are neighbours on the head
# neighbours on the grid, and what does the smooth picture add?**

# %% tags=["parameters", "remove-input"] needs="first"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None: the first that can be used

# %% tags=["hide-input"]
import tempfile
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display
from scipy.interpolate import CloughTocher2DInterpolator
from scipy.spatial.distance import pdist, squareform

from emolib import grid
from emolib.book.answers import check
from emolib.book.provenance import provenance
from emolib.features import extraction, power
from emolib.features.bands import BANDS
from emolib.figures import benches, maps, pages
from emolib.figures import display as shown
from emolib.figures.display import Picture, Table, say
from emolib.figures.explorer.data import features_of_table
from emolib.figures.explorer.widget import Explorer
from emolib.recordings import simulated
from emolib.recordings.labels import Task, trial_classes
from emolib.study import stages
from emolib.study.study import load

# %% tags=["hide-input"]
shown.use_style()
this_study = load(study)
subject = subject or stages.first_valid(this_study)
recording = stages.recording(this_study, subject)
features = stages.features(this_study, subject)
tasks, truth = this_study.tasks, None
if this_study.simulation is not None:
    truth = simulated.read_truth(this_study.recordings_root, subject)
lacking = recording.sizes["channel"] < 16
if lacking:
    grid.use_layout(grid.SEED_GRID)
    settings = simulated.SimulationSettings(n_trials=20, trial_seconds=30)
    recording, truth = simulated.simulate_subject(settings, 1)
    tasks = {"valence": Task("valence"), "arousal": Task("arousal")}
    features = extraction.extract_features(recording, this_study.features)
channels = recording["channel"].to_numpy().tolist()
bands = features["band"].to_numpy().tolist()
band = "alpha" if "alpha" in bands else bands[0]
log_power = power.log_power(recording, this_study.features)
in_db = log_power.to_numpy()  # (trial, band, channel)

# %% tags=["hide-input"]
level = in_db.mean(axis=0)  # (band, channel)
pages.grid_and_scalp(
    level[bands.index(band)], channels, name=f"{band} power", unit="dB"
)

# %% tags=["remove-input"]
if lacking:
    display(
        shown.admonition(
            "Simulated recordings",
            "The recordings of this study have fewer than 16 channels. This",
            "chapter shows a simulated recording instead.",
        )
    )

# %% [markdown]
# ## What you will learn
#
# - how electrodes get their cells on a grid, and how a brain map is built;
# - what a zero in an empty cell means;
# - which neighbours on the head are neighbours on the grid;
# - how much of the head a convolution sees at one place;
# - what an interpolated scalp picture adds, and how wrong it can be;
# - how to read a map of differences for which no test was made.
#
# **Time.** About 25 minutes, and half an hour for the exercises.
#
# **What you need.** [Windows, baseline removal and
# normalisation](04_windows_baseline_normalisation), and distances between
# points.
#
# ## Eight rows, nine columns
#
# The network of this book is *convolutional*: its first layers look at small
# squares of the input, with the same weights everywhere (see
# {term}`convolution`). So values of neighbouring electrodes should be next to
# each other. The grid has a cell for each electrode. Rows go from the forehead
# to the back of the head, columns from the left ear to the right.

# %% tags=["hide-input"]
layout = grid.layout_in_use()
every = [name for row in layout for name in row if name]
of_deap = [name for name in every if name in grid.DEAP_CHANNELS]
fig, ax = plt.subplots(figsize=(5.2, 4.8))
maps.cells(ax, every, filled=of_deap, framed=channels)
Picture(
    fig,
    alt=f"A grid of {grid.SHAPE[0]} by {grid.SHAPE[1]} cells with the names "
    f"of {len(every)} electrodes. {len(of_deap)} are filled, "
    f"{len(channels)} framed.",
    caption=f"The {len(every)} electrodes of the grid. Blue: the "
    f"{len(of_deap)} of DEAP. Red frames: those of this recording. Grey: no "
    "electrode.",
)

# %% [markdown]
# The same grid serves the data sets DEAP {cite:p}`koelstra2012` and SEED
# {cite:p}`zheng2015`, since an electrode that both have is in the same cell.
# Any {term}`recording` with electrodes of the 10-20 system, the usual places
# on the head, has its cells. The key `grid` of a study gives cells to other
# electrodes. The spelling of a name does not matter, and four electrodes have
# an old name, such as T3 for T7.

# %%
for name in ("FP1", "EEG Fp1-REF", "T3", "POZ"):
    (row,), (column,) = grid.cells([name], grid.SEED_GRID)
    print(
        f"{name:12} {grid.canonical_name(name):4} row {row}, column {column}"
    )

# %% [markdown]
# ## Planes, and their order
#
# One kind of {term}`feature` in one {term}`band`, placed on the grid, is a
# {term}`plane`. The planes of one {term}`window` form a {term}`brain map`, the
# input of the network. Four lines of NumPy build the maps:

# %% slideshow={"slide_type": "slide"}
x = features["feature"].to_numpy()  # (window, kind, band, channel)
n_windows, n_kinds, n_bands, n_channels = x.shape
rows, columns = grid.cells(channels)
brain_maps = np.zeros((n_windows, 8, 9, n_kinds * n_bands), "float32")
planes = x.reshape(n_windows, n_kinds * n_bands, n_channels)
brain_maps[:, rows, columns] = planes.transpose(0, 2, 1)

np.testing.assert_array_equal(brain_maps, grid.to_brain_maps(features))

# %% tags=["hide-input"]
kinds = features["kind"].to_numpy().tolist()
where = n_windows // 2
one = dict(zip(kinds, x[where], strict=True))
fig = plt.figure(figsize=(6.2, 0.3 + 1.5 * n_kinds))
unit = "own unit" if this_study.features.normalise == "none" else "z-score"
maps.rows(fig, one, channels, bands, units=unit, draw=maps.plane)
told = [f"{kind} {v.min():.1f} to {v.max():.1f}" for kind, v in one.items()]
Picture(
    fig,
    alt=f"The {n_kinds * n_bands} planes of one window: {'; '.join(told)}.",
    caption="The planes come kind by kind and, within a kind, band by band. "
    "One window from the middle of the recording. Grey: no electrode.",
)

# %% [markdown]
# ## What a zero means
#
# This recording leaves most cells empty, and they hold 0. To the network, 0 is
# a value like any other. Whether it is a neutral one depends on the steps
# before. Compare {term}`differential entropy` (DE) in nats with its
# {term}`z-scores <z-score>`.

# %%
raw = replace(
    this_study.features, kinds=("de",), baseline="none", normalise="none"
)
de = extraction.extract_features(recording, raw)["feature"].to_numpy()[:, 0]
mean, sd = (f(de, axis=(1, 2), keepdims=True) for f in (np.mean, np.std))
z = (de - mean) / sd
summary = {
    "DE (nats)": [de.mean(), (de < 0).mean()],
    "z-score of the window": [z.mean(), (z < 0).mean()],
}

# %% tags=["remove-input"]
lines = {
    name: {
        "mean": f"{abs(m) if abs(m) < 0.005 else m:.2f}",
        "below 0": f"{p:.0%}",
    }
    for name, (m, p) in summary.items()
}
display(Table(pd.DataFrame(lines).T, caption="All values of the recording"))
say(
    f"{72 - n_channels} of 72 cells are empty. Without z-scores, the values",
    f"have the mean {de.mean():.1f} nats, and 0 nats means a variance of",
    f"{1 / (2 * np.pi * np.e):.2f} µV². An empty cell then looks like an",
    "electrode with almost no signal. After the z-score of a window, 0 is the",
    "mean of that window, so an empty cell looks average. The same holds",
    "beyond the edge of the grid, where this network sees zeros too (see",
    "{term}`padding`).",
)

# %% [markdown]
# ## Neighbours kept, neighbours lost
#
# Call two electrodes *neighbours* if no third one is closer to both of them
# than they are to each other {cite:p}`toussaint1980`. This needs distances
# only: in cells on the grid, in millimetres on a standard head.


# %% slideshow={"slide_type": "slide"}
def neighbours(points):
    d = squareform(pdist(points))
    farther = np.maximum(d[:, None, :], d[None, :, :])  # from a third point
    between = farther < d[:, :, None] * (1 - 1e-9)
    return ~between.any(axis=-1) & ~np.eye(len(d), dtype=bool)


def on_head_and_grid(names, layout=grid.SEED_GRID):
    head = [ch["loc"][:3] for ch in grid.standard_head(names)["chs"]]
    cells = np.stack(grid.cells(names, layout), axis=1)
    return np.triu(neighbours(head)), np.triu(neighbours(1.0 * cells))


head, cells = on_head_and_grid(channels, layout)
pairs = {
    "kept": head & cells,
    "lost": head & ~cells,
    "invented": cells & ~head,
}

# %% tags=["hide-input"]
named = {
    kind: [(channels[i], channels[j]) for i, j in np.argwhere(found)]
    for kind, found in pairs.items()
}
fig, ax = plt.subplots(figsize=(5.2, 4.9))
maps.cells(ax, channels)
maps.links(ax, maps.grid_places(channels), named)
told = {kind: ", ".join(map("-".join, found)) for kind, found in named.items()}
Picture(
    fig,
    alt=f"Lines between neighbours on the grid. Kept: {len(named['kept'])}. "
    f"Lost: {told['lost'] or 'none'}. Invented: {told['invented'] or 'none'}.",
    caption="Kept: neighbours on head and grid. Lost: neighbours on the head "
    "only. Invented: neighbours on the grid only.",
)

# %% tags=["remove-input"]
lines = {}
for name, of in {
    "this recording": layout,
    "DEAP": grid.DEAP_GRID,
    "SEED": grid.SEED_GRID,
}.items():
    own = [each for row in of for each in row if each]
    own = channels if name == "this recording" else own
    head, cells = on_head_and_grid(own, of)
    lines[name] = {
        "on the head": head.sum(),
        "kept": (head & cells).sum(),
        "invented": (cells & ~head).sum(),
    }
Table(
    pd.DataFrame(lines).T,
    caption="Pairs of neighbours, and what becomes of them",
)

# %% [markdown]
# Most of the losses are at the rim, where a round head becomes a rectangle.
# An invented pair shows another cause. On the head, AF3 is *above* Fp1, on the
# way to Fz. On the grid, AF3 and AF4 have no row of their own: they are
# *beside* Fp1 and Fp2, so Fp1 and Fz become neighbours.
#
# ## A grid of your own
#
# Move electrodes, and see which pairs break. You can copy the rows below the
# map into a study.

# %% tags=["remove-input"]
benches.GridBench(channels)

# %% [markdown]
# ## What one place of the network sees
#
# The first layer looks at squares of 5 by 5 cells. Each {term}`kernel` has one
# set of weights for all places. How large is such a square on the head? The
# figure below shows it.

# %%
mm = 1000 * np.array(
    [ch["loc"][:3] for ch in grid.standard_head(channels)["chs"]]
)
centres = {
    "middle": (3, 4),
    "left front": (1, 2),
    "right ear": (3, 8),
    "back": (7, 4),
}
lines, seen = {}, {}
for name, (row, column) in centres.items():
    reach = np.maximum(abs(rows - row), abs(columns - column))
    inside = np.flatnonzero(reach <= 2)
    seen[name] = [channels[i] for i in inside]
    widest = max(pdist(mm[inside]), default=0) / 10
    lines[name] = {
        "electrodes": len(inside),
        "widest pair": f"{widest:.1f} cm",
    }

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(4.2, 4.2))
maps.montage(ax, channels, marked=seen["middle"])
Picture(
    fig,
    alt="The head from above with the electrodes of the middle square filled: "
    f"{', '.join(seen['middle'])}, up to {lines['middle']['widest pair']} "
    "apart.",
    caption="Filled: the electrodes in the square of 5 by 5 cells in the "
    "middle of the grid.",
)

# %% tags=["remove-input"]
Table(
    pd.DataFrame(lines).T.rename_axis("place"),
    caption="A square of 5 by 5 cells at four places of the grid",
)

# %% [markdown]
# The same weights meet different distances, and more or fewer zeros. A network
# can learn with that, but its kernels are not patches of the scalp of a fixed
# size. [The network, layer by layer](06_cnn_layer_by_layer) shows what further
# layers see.
#
# ## What the smooth picture adds
#
# A scalp picture ({term}`topomap`) looks richer than the grid, but it was made
# from the same values. Draw a pattern that we know: 1 at one electrode and 0
# at all others.

# %% tags=["hide-input"]
middle = channels.index("Cz") if "Cz" in channels else n_channels // 2
impulse = np.eye(n_channels)[middle]
pages.grid_and_scalp(
    impulse, channels, name=f"1 at {channels[middle]}, else 0", unit="no unit"
)

# %% [markdown]
# The single value has become a hill several centimetres wide. Its width is the
# distance between electrodes. Is the interpolation right where nothing was
# measured? Hide each electrode in turn, and guess its value from the others
# with the same kind of interpolation.

# %%
places = maps.positions(tuple(channels))  # on the flat picture of the head


def guess_hidden(values):
    guesses = []
    for i in range(len(values)):
        xy, v = np.delete(places, i, axis=0), np.delete(values, i)
        guesses.append(CloughTocher2DInterpolator(xy, v)(places[i])[0])
    return np.array(guesses)  # NaN outside of the other electrodes


rms = {}
for name, values in zip(bands, level, strict=True):
    guess = guess_hidden(values)
    inner = np.isfinite(guess)
    error = np.sqrt(np.mean((guess - values)[inner] ** 2))
    rms[name] = {"electrodes": values[inner].std(), "error": error}
frame = pd.DataFrame(rms).T

# %% tags=["remove-input"]
display(
    Table(
        frame.map("{:.1f}".format),
        caption="Standard deviation among the electrodes that can be guessed, "
        "and the typical error of the guess (dB)",
    )
)
ratio = frame["error"] / frame["electrodes"]
say(
    f"The error is {ratio.min():.0%} ({ratio.idxmin()}) to {ratio.max():.0%}",
    f"({ratio.idxmax()}) of the standard deviation, where 100% is the error",
    "of guessing the mean everywhere. The outermost",
    f"{n_channels - inner.sum()} electrodes cannot be guessed at all, because",
    "the others do not surround them. Read a scalp picture at its dots:",
    "values between them are guesses. The network does not see them.",
)

# %% [markdown]
# ## High minus low, band by band
#
# Here are the maps that most people want to see: the mean of the
# {term}`trials <trial>` of one {term}`class` minus that of the other, for each
# {term}`task`. They are made from log power in decibels (dB), before any
# z-score, because z-scores of a window are compositional (see the [previous
# chapter](04_windows_baseline_normalisation)).

# %%
classes = trial_classes(recording, tasks)
differences = {}
for name, task in tasks.items():
    label = classes[name].to_numpy(float, na_value=np.nan)
    plus, minus = (1, 0) if task.rating else (0, 1)  # high minus low
    if {0, 1} <= set(label):
        means = [in_db[label == one].mean(axis=0) for one in (plus, minus)]
        differences[name] = means[0] - means[1]  # (band, channel)

        ours = power.class_means(log_power, classes[name], task.classes)
        title, ours = power.contrast(ours, task)
        np.testing.assert_allclose(differences[name], ours, atol=1e-9)

# %% tags=["hide-input"]
if differences:
    fig = plt.figure(figsize=(6.2, 0.4 + 1.7 * len(differences)))
    maps.rows(fig, differences, channels, bands, units="dB")
    told = []
    for name, d in differences.items():
        i, j = np.unravel_index(np.abs(d).argmax(), d.shape)
        told.append(f"{name} {d[i, j]:+.1f} dB at {channels[j]} in {bands[i]}")
    page = Picture(
        fig,
        alt="Scalp maps of differences in log power per band. Largest: "
        f"{'; '.join(told)}.",
        caption="Each row has one scale, with zero in the middle. Dashed "
        "contours: below zero. No test was made.",
    )
else:
    page = shown.admonition(
        "Classes are missing", "No task has trials of both classes here."
    )
display(page)

# %% [markdown]
# Any two groups of trials differ, whatever they are called (exercise 3). So
# such maps describe the trials of this person. They do not say that the
# difference would appear again, what caused it, or where in the brain it
# arose. Tests are in the report on each {term}`subject`.
#
# ## The true map of a simulated recording
#
# Simulated recordings come with their truth: which rhythms follow the emotion
# of a trial, how strongly, and where they reach the scalp. Powers of
# independent rhythms add up,
#
# $$P_{kc} = \sum_s p_{sc}^2\, e^{l_{sk}},$$
#
# where $p_{sc}$ is how strongly rhythm $s$ reaches electrode $c$ (µV) and
# $l_{sk}$ is what the emotion of trial $k$ adds to its log power. The same
# difference of means, taken from $10 \log_{10} P$, is the true map.

# %% tags=["hide-input"]
example, example_truth = recording, truth
standing_in = truth is None or not bool(
    (simulated.expected_power(truth).std("trial") > 0).any()
)
if standing_in:
    grid.use_layout(grid.SEED_GRID)
    settings = simulated.SimulationSettings(n_trials=20, trial_seconds=30)
    example, example_truth = simulated.simulate_subject(settings, 1)

# %% tags=["remove-input"]
if standing_in:
    display(
        shown.admonition(
            "Simulated recordings",
            "The recordings of this study have no known truth, or a",
            "simulation without effect. This section shows another simulated",
            "recording.",
        )
    )

# %%
settings = replace(this_study.features, bands=BANDS)  # the simulation's
measured_db = power.log_power(example, settings)
true_db = 10 * np.log10(simulated.expected_power(example_truth))

both, r = {}, {}
for scale in ("valence", "arousal"):
    rating = example["rating"].sel(scale=scale).to_numpy()
    high = rating > np.median(rating)
    for kind, db in (("measured", measured_db), ("true", true_db)):
        db = db.sel(channel=example["channel"].to_numpy()).to_numpy()
        both[f"{scale}\n{kind}"] = db[high].mean(0) - db[~high].mean(0)
    m, t = both[f"{scale}\nmeasured"], both[f"{scale}\ntrue"]
    m, t = (d - d.mean(axis=1, keepdims=True) for d in (m, t))
    norms = np.linalg.norm(m, axis=1) * np.linalg.norm(t, axis=1)
    r[scale] = (m * t).sum(axis=1) / np.where(norms > 0, norms, np.inf)
r = pd.DataFrame(r, index=true_db["band"].to_numpy())

# %% [markdown]
# ## Compared with the truth
#
# The figure below compares both maps for each scale of the {term}`rating`. A
# good measurement repeats the pattern of the true map.

# %% tags=["hide-input"]
fig = plt.figure(figsize=(6.2, 6))
its_channels = example["channel"].to_numpy().tolist()
maps.rows(fig, both, its_channels, [*r.index], units="dB", draw=maps.plane)
told = [f"{' '.join(n.split())} {abs(d).max():.1f}" for n, d in both.items()]
Picture(
    fig,
    alt="Measured and true differences per band on the grid, high minus low. "
    f"Largest absolute values in dB: {'; '.join(told)}.",
    caption="High minus low, split at the median rating. Each row has its own "
    "scale, so compare the patterns. A dash in a cell: below zero.",
)

# %% tags=["remove-input"]
display(
    Table(
        r.map(lambda x: f"{x:+.2f}" if x else "no effect"),
        caption="Correlation over electrodes between the measured and the "
        "true difference",
    )
)
i, j = np.unravel_index(r.to_numpy().argmax(), r.shape)
say(
    f"The best agreement is in {r.index[i]} for {r.columns[j]}",
    f"(**{r.iloc[i, j]:+.2f}**). A rhythm far above the background can be",
    "found again. Where background and muscle activity carry most of the",
    "power, the map shows chance differences between trials, and looks no",
    "less smooth for that.",
)

# %% [markdown]
# The effects of this simulation were chosen. They are not estimates of effects
# in people.
#
# ## Your own features on the maps
#
# The page of each subject has a brain-map explorer for any window, band and
# trial. It also takes your own features, as a table with one row per window
# and one column per electrode. Columns `trial`, `onset_seconds`, `kind` and
# `band` are optional. Here is such a table, made from one band of this
# recording:

# %%
of_band = features["feature"].isel(kind=0).sel(band=band, drop=True)
table = of_band.to_dataset("channel").to_dataframe()
table = table[["trial", "onset_seconds", *channels]]
file = Path(tempfile.mkdtemp()) / "my_features.csv"
table.to_csv(file, index=False)

# %% tags=["remove-input"] slideshow={"slide_type": "skip"}
Table(
    table.iloc[:3, :4].round(2),
    caption="The first rows and columns of the table",
)

# %% [markdown]
# Put the path of your own table into the first line. The second line makes
# the explorer, and the third writes it as a page that needs neither Python
# nor a network.

# %%
own = pd.read_csv(file)  # your own: pd.read_csv("path/of/your_table.csv")
explorer = Explorer(features_of_table(own), title="Features from a table")
saved = file.with_suffix(".html").write_text(explorer.page(), encoding="utf-8")

# %% tags=["remove-input"] slideshow={"slide_type": "skip"}
display(explorer)

# %% [markdown]
# ## Check yourself
#
# **1.** A student leaves out the z-score and finds that the network does
# worse. She has changed the scale of the values. What else has she changed?
#
# ```{dropdown} Answer
# The meaning of the empty cells and of everything beyond the edge. Their 0 was
# the mean of the window, and now it is far from all other values.
# ```
#
# **2.** A scalp map shows a clear red spot between F3 and C3, where there is
# no electrode. What do you know about that place?
#
# ```{dropdown} Answer
# Nothing was measured there. The interpolation guessed the spot from the
# electrodes around it.
# ```
#
# ## Exercises
#
# **Exercise 1.** Give AF3 and AF4 a row of their own. How many pairs of
# neighbours does each of the two grids keep, of DEAP's electrodes?
#
# ```{dropdown} Hint
# `on_head_and_grid` takes a layout and returns two matrices. A pair is kept
# if it is in both.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 1
fp_row = ("", "", "", "Fp1", "", "Fp2", "", "", "")
af_row = ("", "", "", "AF3", "", "AF4", "", "", "")
taller = (fp_row, af_row, *grid.DEAP_GRID[1:])
kept = {"8 rows": ..., "9 rows": ...}

# %% tags=["hide-cell", "solution"]
# AF3 now separates Fp1 from Fz, as on the head. But it is drawn closer to Fz
# than it is: no rectangle keeps everything.
kept = {}
for name, layout in {"8 rows": grid.DEAP_GRID, "9 rows": taller}.items():
    head, cells = on_head_and_grid(list(grid.DEAP_CHANNELS), layout)
    kept[name] = (head & cells).sum()

# %% tags=["check", "hide-input"]
expected, of_head = {}, {}
for name, layout in {"8 rows": grid.DEAP_GRID, "9 rows": taller}.items():
    head, cells = on_head_and_grid(list(grid.DEAP_CHANNELS), layout)
    expected[name] = len(set(map(tuple, np.argwhere(head & cells))))
    of_head[name] = head.sum()
twice = {name: 2 * n for name, n in expected.items()}
check(
    kept,
    expected,
    rtol=0,
    slips={
        "You counted each pair twice.": twice,
        "These are all neighbours on the head.": of_head,
    },
)

# %% [markdown]
# **Exercise 2.** The interpolation above was tested on the mean over all
# trials. The network gets single windows. Compute the typical error (the root
# of the mean square) for the window `single`, in each band.
#
# ```{dropdown} Hint
# `guess_hidden` takes the values of one band and gives NaN where it cannot
# guess. `np.nanmean` ignores those.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 2
single = de[where] * 20 / np.log(10)  # nats to decibels: (band, channel)
error_of_window = {name: ... for name in bands}

# %% tags=["hide-cell", "solution"]
# Single windows vary more from electrode to electrode than the mean does, so
# the guesses are further off.
error_of_window = {
    name: np.sqrt(np.nanmean((guess_hidden(values) - values) ** 2))
    for name, values in zip(bands, single, strict=True)
}

# %% tags=["check", "hide-input"]
expected, mean_error = {}, {}
for name, values in zip(bands, single, strict=True):
    off = guess_hidden(values) - values
    off = off[np.isfinite(off)]
    expected[name] = np.hypot(off.mean(), off.std())
    mean_error[name] = np.abs(off).mean()
check(
    error_of_window,
    expected,
    slips={
        "This is the error of the mean over trials.": dict(frame["error"]),
        "This is the mean absolute error.": mean_error,
    },
)

# %% [markdown]
# **Exercise 3.** Assign 10 of the trials to a group at random, 500 times. How
# large is the largest absolute difference in the map, over all bands and
# electrodes? Give the median of the 500.
#
# ```{dropdown} Hint
# `rng.permutation(n)` shuffles the numbers of the trials. The first 10 are the
# group, or half of the trials if there are fewer than 20.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 3
rng = np.random.default_rng(0)
n = len(in_db)
size = min(10, n // 2)
typical = ...

# %% tags=["hide-cell", "solution"]
# Labels without any meaning give maps with differences of this size, so a
# difference is only remarkable if it exceeds them.
largest = []
for _ in range(500):
    order = rng.permutation(n)
    group, others = in_db[order[:size]], in_db[order[size:]]
    largest.append(np.abs(group.mean(0) - others.mean(0)).max())
typical = np.median(largest)

# %% tags=["check", "hide-input"]
draws = np.random.default_rng(1).random((500, n)).argsort(axis=1) < size
flat = in_db.reshape(n, -1)
sums = draws @ flat
gaps = sums / size - (flat.sum(axis=0) - sums) / (n - size)
check(
    typical,
    np.median(np.abs(gaps).max(axis=1)),
    rtol=0.1,
    slips={"This is the mean difference.": np.abs(gaps).mean()},
)

# %% [markdown]
# ## Conclusion
#
# The grid keeps most neighbours of the head, loses some at its rim and invents
# a few. A step on the grid is not a fixed distance, and one square of a
# convolution covers more of the head here than there. Empty cells are neutral
# only if the values are z-scores. Scalp pictures come from the same few
# numbers and fill the gaps with guesses. A map of differences describes the
# trials that were recorded. Whether it says more is a question for a test.
#
# ## Where to read on
#
# - What the network does with these maps: [The network, layer by
#   layer](06_cnn_layer_by_layer).
# - Which cells its predictions depend on: [What the network looks
#   at](10_what_the_network_looks_at).
# - Grids for {term}`EEG`: {cite:t}`shen2020`, and, for the maps as used here,
#   {cite:t}`rudakov2021`.
# - The maps of each subject of this study: the [cohort page](/cohort.ipynb).
#
# ## Provenance

# %% tags=["remove-input"]
inputs = this_study.reader.sources(this_study.recordings_root, subject)
provenance(this_study, inputs)
