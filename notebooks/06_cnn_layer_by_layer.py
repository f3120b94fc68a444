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
# # The CNN, layer by layer
#
# Three layers look at a {term}`brain map` through small squares. Each number
# in the figure below counts how many of the 72 cells of the {term}`grid` one
# unit of the third layer can see. All units have the same weights. **Why do
# some see the whole grid, but the unit at the bottom right only a third?**

# %% tags=["parameters", "remove-input"] needs="scores"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None: the first that can be used

# %% tags=["hide-input"]
from dataclasses import replace
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display
from matplotlib.patches import Rectangle
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import correlate2d

from emolib import grid
from emolib.book.answers import check
from emolib.book.provenance import provenance
from emolib.figures import benches, maps
from emolib.figures import display as shown
from emolib.figures import scores as score_plots
from emolib.figures.display import Picture, Table, say
from emolib.model.networks import build_mt_cnn, load_weights
from emolib.model.settings import ModelSettings
from emolib.splits.protocols import LEAKING
from emolib.study import stages
from emolib.study.fold import network_settings
from emolib.study.networks import network_bench
from emolib.study.study import load

# %% tags=["hide-input"]
import jax  # isort: skip
import keras  # isort: skip
from keras import layers  # isort: skip

shown.use_style()
keras.utils.set_random_seed(0)

# %% tags=["hide-input"]
line = np.arange(9)
reach = np.minimum(line + 6, 8) - np.maximum(line - 4, 0) + 1  # of 9 columns
reach_rows = np.minimum(line[:8] + 6, 7) - np.maximum(line[:8] - 4, 0) + 1
counts = np.outer(reach_rows, reach)
fig, ax = plt.subplots(figsize=(5.6, 3.6))
maps.grid_map(ax, counts, numbers="{:.0f}")
Picture(
    fig,
    alt=f"Grid of numbers from {counts.min()} to {counts.max()}: "
    f"{(counts == 72).sum()} units see all 72 cells, in a block left of and "
    f"above the middle. The unit at the bottom right sees {counts[7, 8]}.",
    caption="The number of cells that a unit of the third convolution sees. "
    "Each number is written at the place of its unit.",
)

# %% [markdown]
# ## What you will learn
#
# - how to write the published network in a dozen lines of Keras;
# - what a convolution does to a brain map, worked out on one real map;
# - which part of the head a unit sees, and what pooling keeps of it;
# - how to count the parameters of a network by hand;
# - why the output of the network in training differs from that afterwards.
#
# **Time.** About 25 minutes, and half an hour for the exercises.
#
# **What you need.** [The grid and brain maps](05_grid_and_brain_maps), and
# weighted sums. You need no experience with deep learning.

# %% tags=["hide-input"]
this_study = load(study)
subject = subject or stages.first_valid(this_study)
features = stages.features(this_study, subject)
brain_maps = grid.to_brain_maps(features)
x = brain_maps.to_numpy()
planes = brain_maps["plane"].to_numpy().tolist()
channels = features["channel"].to_numpy().tolist()
rows, columns = grid.cells(channels)

# %% tags=["hide-input"]
# As published, where the study has such a protocol.
protocol = max(this_study.protocols, key=LEAKING.__contains__)
settings = network_settings(this_study, protocol)
file = this_study.fold_files(protocol, 0)["weights"]
like_here = (settings.network, settings.windows) == ("mt_cnn", 1)
trained = file.exists() and like_here
settings = replace(settings, windows=1, network="mt_cnn")
cnn = build_mt_cnn(settings, seed=None if trained else 0)
if trained:
    load_weights(file, cnn)

# %% [markdown]
# ## The network in a dozen lines
#
# A network is a chain of *layers*. Each layer is a function of the one before.
# The numbers it returns are called *units*, and the value of a unit for one
# map is its *activation*. The published network {cite:p}`rudakov2021`, written
# in the library Keras, is this chain. Each comment gives the shape of `z`.


# %% slideshow={"slide_type": "slide"}
def conv(z, n, size):
    same = {"padding": "same", "activation": "relu"}
    return layers.Conv2D(n, size, **same)(z)


def normed(z):  # changes no shape
    return layers.Dropout(0.2)(layers.BatchNormalization()(z))


z = keras.Input((8, 9, 8), name="maps")  # 8 rows, 9 columns, 8 planes
maps_in = z
z = normed(conv(z, 64, 5))  # 8 x 9 x 64
z = normed(conv(z, 128, 4))  # 8 x 9 x 128
z = normed(conv(z, 256, 4))  # 8 x 9 x 256
z = conv(z, 64, 1)  # 8 x 9 x 64
z = layers.MaxPooling2D(2, padding="same")(z)  # 4 x 5 x 64
z = layers.Flatten()(normed(z))  # 1280
z = normed(layers.Dense(512, activation="relu")(z))  # 512
valence = layers.Dense(2, activation="softmax", name="valence")(z)  # 2
arousal = layers.Dense(2, activation="softmax", name="arousal")(z)  # 2
network = keras.Model(maps_in, {"valence": valence, "arousal": arousal})
print(f"{network.count_params():,} parameters")

# %% [markdown]
# The package builds the same network. With equal weights, both give equal
# probabilities.

# %%
ours = build_mt_cnn(ModelSettings(), seed=None)
ours.set_weights(network.get_weights())
noise = np.random.default_rng(0).normal(size=(4, 8, 9, 8))
for task, answer in network(noise).items():
    np.testing.assert_allclose(answer, ours(noise)[task], atol=1e-5)

# %% [markdown]
# ## Layers and heads
#
# The input has one {term}`plane` for each kind of {term}`feature` in each
# {term}`band`. A `Conv2D` layer is a {term}`convolution`, and `MaxPooling2D`
# is {term}`pooling`. The last two layers are the {term}`heads <head>`, one for
# each {term}`task`. They share everything before them. {term}`Batch
# normalisation <batch normalisation>` and {term}`dropout` follow each of the
# other layers with weights. They have sections of their own. The figure below
# shows the whole chain.

# %% tags=["hide-input"]
stations = {  # name: rows, columns, planes, what leads to it
    "brain map": (8, 9, 8, ""),
    "conv 1": (8, 9, 64, "5 x 5"),
    "conv 2": (8, 9, 128, "4 x 4"),
    "conv 3": (8, 9, 256, "4 x 4"),
    "conv 4": (8, 9, 64, "1 x 1"),
    "pool": (4, 5, 64, "max of 2 x 2"),
    "dense": (12, 1, 512, "all units"),
    "heads": (2, 1, 2, "softmax"),
}

# %% tags=["hide-input"]
fig, axes = plt.subplots(2, 4, figsize=(5.6, 3.6))
for ax, name in zip(axes.flat, stations, strict=True):
    h, w, n, how = stations[name]
    depth = max(1, round(np.log2(n))) if w > 1 else 1
    for k in range(depth, -1, -1):
        ink = {"facecolor": "#CCDDEE", "edgecolor": shown.BLUE}
        ax.add_patch(Rectangle((0.5 * k, 0.5 * k), w, h, linewidth=0.7, **ink))
    size = f"{h} x {w} x {n}" if w > 1 else f"{n} units"
    ax.set(xlim=(-2.5, 13.5), ylim=(-1, 13), aspect="equal")
    ax.set_title(f"{name}\n{size}", loc="center", fontsize=9)
    ax.text(-2, -1, f"→ {how}" if how else "", fontsize=9, va="top")
    ax.set_axis_off()
told = [f"{name} {h} x {w} x {n}" for name, (h, w, n, _) in stations.items()]
Picture(
    fig,
    alt=f"The layers as stacks of planes, in order: {'; '.join(told[:-2])}; "
    "a dense layer of 512 units; two heads of two units each.",
    caption="The layers from the brain map to the heads: rows x columns x "
    "planes. Below each layer is the operation that leads to it. Both heads "
    "read the dense layer.",
)

# %% [markdown]
# From here on, the chapter looks at a network of this {term}`study`. It has
# the same chain of layers, usually with fewer units in each.

# %% tags=["remove-input"]
display(
    say(
        f"Its width is {settings.width:g} of the published one. It was",
        "trained on the windows of all training {term}`subjects <subject>`",
        "together",
        f"({protocol.replace('_', '-')}, first {{term}}`fold`).",
    )
    if trained
    else shown.admonition(
        "Random weights",
        "This study has no trained network of this kind yet, so the weights",
        "are random. You can still see what each layer does, but not what a",
        "trained layer has learnt.",
    )
)

# %% [markdown]
# ## One kernel, by hand
#
# A convolution moves a small block of weights, the {term}`kernel`, over the
# map. It centres the kernel on each cell, multiplies the numbers below it with
# the weights, and adds the products. A kernel of 5 by 5 reaches through all
# planes. With a bias $b$ and weights $w$, the unit in row $r$ and column $c$
# is
#
# $$y_{rc} = b + \sum_{i=0}^{4} \sum_{j=0}^{4} \sum_p w_{ijp} \;
# x_{r+i-2,\; c+j-2,\; p}.$$
#
# This is a weighted sum of a neighbourhood, with *the same weights everywhere
# on the head*. A layer has many kernels, and each gives one plane. (Keras
# calls their number `filters`. They have nothing to do with the filters of
# [Band filtering](02_band_filtering).) Finally, a *ReLU* (rectified linear
# unit) sets negative sums to 0.
#
# Take one {term}`window` and the kernel whose output varies most on it.
# Compute its sum at the {term}`electrode` where the output is largest.


# %% slideshow={"slide_type": "slide"}
def outputs(layer, maps):
    part = keras.Model(cnn.input, cnn.get_layer(layer).output)
    return np.asarray(part(maps))


one = x[len(x) // 2]
weights, bias = cnn.get_layer("conv_1").get_weights()  # (5, 5, plane, kernel)
by_keras = outputs("conv_1", one[np.newaxis])[0]
k = by_keras.std(axis=(0, 1)).argmax()
at = by_keras[rows, columns, k].argmax()
row, column = rows[at], columns[at]

# %%
padded = np.pad(one, ((2, 2), (2, 2), (0, 0)))  # two cells of zeros around
patch = padded[row : row + 5, column : column + 5]
by_plane = (patch * weights[..., k]).sum(axis=(0, 1))
total = max(by_plane.sum() + bias[k], 0)
np.testing.assert_allclose(total, by_keras[row, column, k], atol=1e-4)

# %% tags=["remove-input"]
lines = {f"25 products, {p}": v for p, v in zip(planes, by_plane, strict=True)}
lines |= {"bias": bias[k], "sum after ReLU": total}
Table(
    pd.DataFrame(
        {"value": [f"{v:+.3f}" for v in lines.values()]}, list(lines)
    ),
    caption=f"Kernel {k + 1} of {len(bias)} at {channels[at]}",
)

# %% [markdown]
# ## A whole layer
#
# The same for all cells and all kernels at once:

# %% slideshow={"slide_type": "slide"}
patches = sliding_window_view(padded, (5, 5), axis=(0, 1))
sums = np.einsum("rcpij,ijpk->rck", patches, weights) + bias
np.testing.assert_allclose(np.maximum(sums, 0), by_keras, atol=1e-4)

# %% tags=["hide-input"]
p = int(np.abs(by_plane).argmax())
one_plane = np.full(grid.SHAPE, np.nan)
one_plane[rows, columns] = one[rows, columns, p]
kernel, sum_k = weights[:, :, p, k], sums[..., k]
panels = {
    f"map: {planes[p]}": (one_plane, (row - 2, column - 2, 5, 5)),
    "kernel, this plane": (kernel, None),
    "sum over all planes": (sum_k, (row, column, 1, 1)),
    "after ReLU": (np.maximum(sum_k, 0), None),
}

# %% tags=["hide-input"]
fig, axes = plt.subplots(2, 2, figsize=(5.6, 4.6))
for ax, (title, (values, box)) in zip(axes.flat, panels.items(), strict=True):
    maps.grid_map(ax, values, limits=maps.symmetric(values), title=title)
    ax.set(xlabel="", ylabel="")
    if box is not None:
        maps.frame(ax, *box)
Picture(
    fig,
    alt=f"The plane {planes[p]} of one map, framed around {channels[at]}; a "
    f"kernel with weights from {kernel.min():.2f} to {kernel.max():.2f}; its "
    f"sums, from {sum_k.min():.2f} to {sum_k.max():.2f}; and the same after "
    f"ReLU, with {(sum_k > 0).sum()} cells above zero.",
    caption="The large frame is what the kernel covers at "
    f"{channels[at]}. The small frame is where its sum goes. Hatched: no "
    "electrode, so 0. A dash in a cell: below zero.",
)

# %% [markdown]
# Cells without an electrode are empty on the map in the figure above, but they
# are filled after the first layer, because a sum of neighbours exists
# everywhere. The kernel itself has no place on the head. It is applied
# everywhere, so do not read its colours as frontal or parietal.
#
# ## Where the head ends
#
# At the edge, part of the kernel lies outside the map. The {term}`padding` of
# the kind *same* adds zeros around the map, as `np.pad` did above, so the
# output has the size of the input. How many of the 25 weights meet an
# electrode, and how many meet a zero? The figure below counts them.

# %%
occupied = np.zeros(grid.SHAPE)
occupied[rows, columns] = 1
covered = correlate2d(occupied, np.ones((5, 5)), mode="same")
inside = correlate2d(np.ones(grid.SHAPE), np.ones((5, 5)), mode="same")

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(5.6, 3.6))
maps.grid_map(ax, covered, numbers="{:.0f}")
most = np.unravel_index(covered.argmax(), covered.shape)
Picture(
    fig,
    alt=f"Grid of numbers: a 5 by 5 kernel covers between {covered.min():.0f} "
    f"and {covered.max():.0f} electrodes, most in row {most[0]}, column "
    f"{most[1]}.",
    caption="How many electrodes a 5 x 5 kernel covers when it is centred on "
    "a cell. The remaining weights meet zeros.",
)

# %% tags=["remove-input"]
zero_is = (
    "The features of a window are {term}`z-scores <z-score>`, so 0 is also "
    "the mean of the window. To the network, everything outside the head is "
    "average."
    if this_study.features.normalise == "window"
    else "The features of this study are not z-scores of the window, so 0 may "
    "be a value that no electrode ever has."
)
say(
    f"At best, {covered.max():.0f} of 25 weights meet an electrode. At the",
    f"top left, {covered[0, 0]:.0f} do,",
    f"{inside[0, 0] - covered[0, 0]:.0f} meet",
    f"empty cells, and {25 - inside[0, 0]:.0f} lie outside the map. A zero",
    "stands for two different things here: *no electrode* and *no head*.",
    zero_is,
)

# %% [markdown]
# A kernel with positive weights gives smaller sums at the edge. So later
# layers can tell the edge from the middle, although the weights are the same
# everywhere {cite:p}`islam2020`.
#
# ## What a unit sees
#
# The cells that can change a unit are its {term}`receptive field`. After the
# first convolution it is 5 by 5 cells. A unit of the second layer sees 4 by 4
# units, and each of them sees 5 by 5 cells. You can measure the fields: set
# all kernels to 1, put a single 1 on an empty map, and look at which units are
# no longer 0. The figure below shows what one unit of each layer sees.

# %%
convs = [each for each in network.layers if isinstance(each, layers.Conv2D)]
for each in convs:
    each.kernel.assign(np.ones(each.kernel.shape))
part = keras.Model(network.input, [each.output for each in convs])
dots = np.eye(72).reshape(72, 8, 9, 1) * np.ones(8)  # a map for each cell
seen = [
    np.any(each, axis=-1).reshape(8, 9, 8, 9).transpose(2, 3, 0, 1)
    for each in part(dots)  # (unit row, unit column, row, column)
]
np.testing.assert_array_equal(seen[2].sum(axis=(2, 3)), counts)

# %% tags=["hide-input"]
fig, axes = plt.subplots(2, 3, figsize=(5.6, 3.9))
told = {"Fp1": [], "O1": []}
for line_of, name, r in zip(axes, told, (0, 7), strict=True):  # in column 3
    for ax, fields, layer in zip(line_of, seen, (1, 2, 3), strict=False):
        image = maps.plane(ax, 0.2 + 0.6 * ~fields[r, 3], limits=(0, 1))
        image.set_cmap("gray")
        maps.frame(ax, r, 3, 1, 1)
        ax.set_title(f"conv {layer}, at {name}", fontsize=9)
        told[name].append(str(fields[r, 3].any(axis=1).sum()))
Picture(
    fig,
    alt="Receptive fields after one, two and three convolutions. At the "
    f"front, at Fp1, they cover {', '.join(told['Fp1'])} rows of the grid. At "
    f"the back, at O1, they cover {', '.join(told['O1'])}.",
    caption="Dark: the cells that the unit in the red frame sees. The front "
    "of the head is at the top.",
)

# %% tags=["remove-input"]
table = {}
for i, fields in enumerate(seen[:3], start=1):
    table[f"conv {i}"] = {
        "up or left": 7 - np.flatnonzero(fields[7, 8].any(axis=1)).min(),
        "down or right": np.flatnonzero(fields[0, 0].any(axis=1)).max(),
        "see all 72 cells": (fields.sum(axis=(2, 3)) == 72).sum(),
    }
Table(
    pd.DataFrame(table).T,
    caption="How many cells a unit sees to each side, and how many of the 72 "
    "units of a plane see the whole grid",
)

# %% [markdown]
# This answers the question from the top of the page. A kernel of odd size has
# a middle, but one of 4 by 4 has none. Keras places it so that it covers one
# cell to the left of its place and two to the right, and likewise one above
# and two below. Two such layers shift the field twice, to the right and down.
# Only in the dense layer does every unit see the whole head.
#
# A receptive field tells you what *can* matter. Cells in its middle reach the
# unit on more paths than those at its border {cite:p}`luo2016`, as exercise 1
# shows.
#
# ## What pooling keeps
#
# Max pooling divides the planes of the fourth convolution into squares of 2 by
# 2 cells and keeps the largest of the four numbers. Eight rows become four,
# but nine columns cannot be divided by two. There are two ways out:
#
# - `same`: the ninth column forms squares one cell wide, as in the figure of
#   the paper;
# - `valid`: the ninth column is left out. This is the default of Keras, and
#   the released code uses it.
#
# The paper does not say which of the two gave the published {term}`scores
# <score>`. Does `valid` hide an electrode from the network? Raise one
# electrode after another by 1, and look at what changes after pooling. The
# figure below shows how much of it `valid` leaves out.


# %%
def pool(a):  # (..., 8, 9, kernel) to (..., 4, 5, kernel), as `same`
    edges = [(0, 0)] * (a.ndim - 2) + [(0, 1), (0, 0)]
    a = np.pad(a, edges, constant_values=-np.inf)
    return a.reshape(*a.shape[:-3], 4, 2, 5, 2, a.shape[-1]).max((-4, -2))


some = x[:: -(-len(x) // 4)]  # four windows, evenly spaced
raised = np.repeat(some[np.newaxis], 1 + len(channels), axis=0)
for i in range(len(channels)):
    raised[1 + i, :, rows[i], columns[i]] += 1
fourth = outputs("conv_4", raised.reshape(-1, *some.shape[1:]))
pooled = pool(fourth).reshape(*raised.shape[:2], 4, 5, -1)
by_keras = layers.MaxPooling2D(2, padding="same")(fourth[: len(some)])
np.testing.assert_allclose(pooled[0], by_keras)

change = ((pooled[1:] - pooled[0]) ** 2).sum(axis=(1, 2, 4))
share = 100 * change[:, 4] / np.maximum(change.sum(axis=1), 1e-12)

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(5.6, 4.2))
image = maps.grid_map(ax, share, channels)
maps.colour_bar(image, ax, "left out by valid (%)", location="bottom")
none = int((share < 1e-6).sum())
Picture(
    fig,
    alt="Proportion of each electrode's effect that valid pooling leaves out: "
    f"none for {none} electrodes on the left, up to {share.max():.0f} % at "
    f"{channels[share.argmax()]}.",
    caption="The proportion of an electrode's effect that is in the column "
    "left out by valid pooling. The effect is the squared change after "
    "pooling, summed over units. Hatched: no electrode.",
)

# %% tags=["remove-input"]
reached = int((change[:, :4].sum(axis=1) > 1e-9).sum())
at_edge = [share[i] for i in range(len(channels)) if columns[i] == 8]
lost = (
    f"Electrodes in the last column lose {min(at_edge):.0f} to "
    f"{max(at_edge):.0f} % of their effect."
    if at_edge
    else "This study has no electrode in the last column."
)
say(
    f"With `valid`, **{reached} of {len(channels)}** electrodes still change",
    "a unit that is kept, because three convolutions have passed their values",
    f"on to neighbouring columns before the pooling. {lost} So `valid` hides",
    "no electrode, but it weakens those on the right of the head, only",
    "because nine is odd.",
)

# %% [markdown]
# ## Counting the parameters
#
# The weights and biases of a network are its *parameters*. Counting them by
# hand is the quickest test of whether you have understood a network. A
# convolution with $m$ planes in and $n$ kernels of $s$ by $s$ has $s^2 m n$
# weights and $n$ biases. A dense layer with $m$ inputs and $n$ units has
# $m n + n$ parameters. Batch normalisation has four per plane or unit. The
# figure below compares the layers.

# %%
by_hand = {
    "conv 1": 5 * 5 * 8 * 64 + 64,
    "conv 2": 4 * 4 * 64 * 128 + 128,
    "conv 3": 4 * 4 * 128 * 256 + 256,
    "conv 4": 1 * 1 * 256 * 64 + 64,
    "dense": (4 * 5 * 64) * 512 + 512,
    "heads": 2 * (512 * 2 + 2),
    "norms": 4 * (64 + 128 + 256 + 64 + 512),
}
assert sum(by_hand.values()) == network.count_params()
assert network.count_params() == ours.count_params()

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(5.6, 2.8))
bars = ax.barh(list(by_hand), list(by_hand.values()), color=shown.BLUE)
ax.bar_label(bars, fmt="{:,.0f}", padding=3, fontsize="small")
ax.invert_yaxis()
ax.set(xlabel="parameters", xlim=(0, 1.25 * max(by_hand.values())))
ax.xaxis.set_major_formatter("{x:,.0f}")
ax.locator_params(axis="x", nbins=4)
Picture(
    fig,
    alt="Parameters by layer: "
    + ", ".join(f"{name} {n:,}" for name, n in by_hand.items()),
    caption="The parameters of the published network, by layer.",
)

# %% tags=["remove-input"]
large = sorted(by_hand, key=by_hand.get)[-2:]
part_of = sum(by_hand[name] for name in large) / network.count_params()
n_trials = len(np.unique(brain_maps["trial"]))
say(
    f"By hand and by Keras there are **{network.count_params():,}**",
    f"parameters, and {part_of:.0%} of them are in {large[1]} and {large[0]}.",
    f"The network of this study has {cnn.count_params():,}. A subject has",
    f"{len(x):,} windows, from {n_trials} {{term}}`trials <trial>`.",
)

# %% [markdown]
# ## Batch normalisation
#
# Two kinds of layer work differently in training and afterwards, at
# *inference*. The first is batch normalisation {cite:p}`ioffe2015`. It makes
# the numbers of each plane comparable:
#
# $$y = \gamma \, \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta,$$
#
# with a scale $\gamma$ and a shift $\beta$ that are learnt. In training, $\mu$
# and $\sigma^2$ are the mean and the variance of the *batch*, the windows
# processed together in one step, 64 as published. Each step also updates
# running averages of both, which are used at inference: a
# {term}`prediction` must not depend on the other windows in the batch.

# %%
batch = outputs("conv_1", x[:64]).astype("float64")
norm = layers.BatchNormalization(momentum=0.99)
in_training = norm(batch, training=True)
afterwards = norm(batch, training=False)

mean, variance = batch.mean(axis=(0, 1, 2)), batch.var(axis=(0, 1, 2))
scaled = (batch - mean) / np.sqrt(variance + norm.epsilon)
np.testing.assert_allclose(in_training, scaled, atol=1e-3)
running_mean = 0.99 * 0 + 0.01 * mean  # starts at 0
running_variance = 0.99 * 1 + 0.01 * variance  # starts at 1
scaled = (batch - running_mean) / np.sqrt(running_variance + norm.epsilon)
np.testing.assert_allclose(afterwards, scaled, atol=1e-3)

# %% [markdown]
# For people who were held out, these averages do not fit well. So the book's
# networks for new people have no such layers, and [Pooled and
# fine-tuned](08_pooled_and_fine_tuned) shows why.
#
# ## Dropout, and two modes
#
# The second kind is dropout {cite:p}`srivastava2014`. In each training step it
# sets a random fifth of the units to 0 and divides the others by 0.8, so the
# mean stays the same. A unit then cannot rely on a single other unit. At
# inference nothing is dropped.

# %%
ones = np.ones(100_000)
dropped = np.asarray(layers.Dropout(0.2, seed=0)(ones, training=True))
np.testing.assert_allclose(np.unique(dropped), [0, 1 / 0.8], rtol=1e-6)
np.testing.assert_allclose(dropped.mean(), 1, atol=0.01)

# %% [markdown]
# Now give the network *one* window: at inference, then in training mode within
# twenty different batches with the same draw of dropout, then within one batch
# with twenty draws.

# %%
task = next(iter(settings.tasks))
weights = [v.value for v in cnn.trainable_variables]
state = [v.value for v in cnn.non_trainable_variables]
step = jax.jit(partial(cnn.stateless_call, training=True))
rng = np.random.default_rng(0)
others = [x[rng.choice(len(x), 31)] for _ in range(20)]
by_batch, by_draw = [], []
for each in others:
    batch = np.concatenate([one[np.newaxis], each])
    answer, _ = step(weights, state, batch)  # the same draw of dropout
    by_batch.append(float(answer[task][0, 1]))
for _ in others:
    answer, state = step(weights, state, batch)  # a new draw each time
    by_draw.append(float(answer[task][0, 1]))
at_inference = float(cnn(one[np.newaxis])[task][0, 1])

# %% tags=["hide-input"]
spread = {
    "inference": [at_inference],
    "20 batches": by_batch,
    "20 draws of\ndropout": by_draw,
}
fig, ax = plt.subplots(figsize=(5.6, 2.4))
of = this_study.tasks[task].classes[1]
label = f"probability of “{of}”, {task}"
points = score_plots.tidy(spread)
score_plots.rows(ax, points, label=label, line=at_inference)
Picture(
    fig,
    alt=f"One window's probability: {at_inference:.2f} at inference; "
    f"{min(by_batch):.2f} to {max(by_batch):.2f} in 20 batches; "
    f"{min(by_draw):.2f} to {max(by_draw):.2f} with 20 draws of dropout.",
    caption="Each circle is the probability for the same window with the same "
    "weights. Dotted line: at inference.",
)

# %% tags=["remove-input"]
if not (settings.batch_norm and settings.dropout):
    off = "batch normalisation" if settings.dropout else "dropout"
    page = shown.admonition(
        "One mode only", f"The network of this study has no {off}, so that",
        "row of the figure does not scatter.",
    )  # fmt: skip
    display(page)

# %% [markdown]
# The weights are the same in all rows of the figure above. So the loss
# computed in training is not the loss of the finished network. A network that
# is left in training mode by mistake gives probabilities that depend on the
# other windows of the batch.
#
# ## The heads
#
# The output of the dense layer is the {term}`embedding` $e$ of the window. A
# head computes one number per {term}`class`, $z = W e + b$, and turns these
# into probabilities by the {term}`softmax`
#
# $$p_k = \frac{\exp z_k}{\sum_j \exp z_j}.$$
#
# With two classes this is a logistic regression on the embedding. If several
# windows enter together, the head reads the mean of their embeddings.

# %%
embedding = outputs("embedding", one[np.newaxis])[0]
answers = {}
by_keras = cnn(one[np.newaxis])
for task in settings.tasks:
    w, b = cnn.get_layer(task).get_weights()
    z = embedding @ w + b
    answers[task] = np.exp(z) / np.exp(z).sum()
    np.testing.assert_allclose(answers[task], by_keras[task][0], atol=1e-5)
    print(f"{task}:", ", ".join(f"{p:.3f}" for p in answers[task]))

# %% [markdown]
# ## The whole network, live
#
# Here the network of this study runs in the page. Choose a window, or paint a
# map. Each layer shows its activations, and you can follow one sum term by
# term. **Guess first:** what does it predict for a map of zeros?

# %% tags=["hide-input"]
benches.offer(lambda: network_bench(this_study, protocol))

# %% [markdown]
# ## Check yourself
#
# **1.** Both 4 by 4 kernels are replaced by 3 by 3 ones. How far does a unit
# of the third convolution see then, and is its field still shifted?
#
# ```{dropdown} Answer
# Two cells to each side for the 5 by 5 kernel, and one for each 3 by 3 kernel:
# four cells to every side. Odd kernels have a middle, so nothing is shifted.
# ```
#
# **2.** A colleague reads that `valid` pooling drops the column of T8, and
# writes that the network is blind to T8. Which experiment decides it?
#
# ```{dropdown} Answer
# Change T8 alone and look at the probabilities. They change. The column is
# dropped *after* the convolutions, which have passed on the values of T8.
# ```
#
# ## Exercises
#
# **Exercise 1.** How many paths lead from each cell to the unit of the third
# convolution in row 3, column 4? Which proportion of all paths starts in the 5
# by 5 cells around it?
#
# ```{dropdown} Hint
# With all kernels at 1, the activation of the unit for a map with a single 1
# counts the paths from that cell. `dots` holds such maps, and the third output
# of `part(dots)` is the third convolution.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 1
paths = ...  # (8, 9), for each cell
proportion = ...

# %% tags=["hide-cell", "solution"]
# Many paths lead through the middle of the field and few through its border,
# so the cells in the middle have most of the influence.
paths = np.asarray(part(dots)[2])[:, 3, 4].sum(axis=-1).reshape(8, 9)
proportion = paths[1:6, 2:7].sum() / paths.sum()

# %% tags=["check", "hide-input"]
counted = np.asarray(part(dots)[2])[:, 3, 4, 0].reshape(8, 9)
check(
    proportion,
    counted[1:6, 2:7].sum() / counted.sum(),
    slips={"This is the proportion of the cells, not of the paths.": 25 / 72},
)

# %% [markdown]
# **Exercise 2.** Pool the map *itself* in squares of 2 by 2 before any
# convolution, and leave out the ninth column. Which of the 62 electrodes of
# SEED, the names in `grid.SEED_GRID`, does the network no longer see?
#
# ```{dropdown} Hint
# Nothing passes on the values of the ninth column now.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 2
blind_to = ...  # a list of names

# %% tags=["hide-cell", "solution"]
# Without a convolution before the pooling, the whole ninth column is lost.
blind_to = [line[8] for line in grid.SEED_GRID if line[8]]

# %% tags=["check", "hide-input"]
given = [] if blind_to is ... else blind_to
right = [line[8] for line in grid.SEED_GRID if line[8]]
check(
    {"names that are right": len(set(given) & set(right)) or ...}
    | {"names that are wrong": len(set(given) - set(right))},
    {"names that are right": len(right), "names that are wrong": 0},
)

# %% [markdown]
# **Exercise 3.** Halve the number of kernels and units in every layer. By
# which factor does the number of parameters of the first convolution change,
# of the second, and of the dense layer?
#
# ```{dropdown} Hint
# The number of planes of the input and the number of classes stay. Everything
# else is halved in the formulas of `by_hand`.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 3
factor = {"conv 1": ..., "conv 2": ..., "dense": ...}

# %% tags=["hide-cell", "solution"]
# With both inputs and outputs halved, a quarter of the weights is left. The
# input of the first convolution stays, so half of its weights are left. Biases
# are counted once per unit, which adds very little.
half = {
    "conv 1": 5 * 5 * 8 * 32 + 32,
    "conv 2": 4 * 4 * 32 * 64 + 64,
    "dense": (4 * 5 * 32) * 256 + 256,
}
factor = {name: n / by_hand[name] for name, n in half.items()}

# %% tags=["check", "hide-input"]
check(
    factor,
    {"conv 1": 0.5, "conv 2": 0.25, "dense": 0.25},
    slips={
        "Inputs and outputs are both halved, except for the input maps.": {
            "conv 1": 0.5,
            "conv 2": 0.5,
            "dense": 0.5,
        }
    },
)

# %% [markdown]
# ## Conclusion
#
# A convolution is a weighted sum of neighbouring cells, with the same weights
# everywhere. Three of them see far, and further to the right and down than to
# the left and up. Only the dense layer sees the whole head with every unit.
# Padding, empty cells and pooling are decisions about zeros and edges. None of
# them hides an electrode, but each leaves a trace that can be measured. Nearly
# all parameters are in two layers. In training, the network works differently
# than at inference, by design.
#
# ## Where to read on
#
# - How the two heads are trained together: [The multi-task
#   loss](07_multi_task_loss).
# - What a trained network uses of a map: [What the network looks
#   at](10_what_the_network_looks_at).
# - The network as published: {cite:t}`rudakov2021`, after {cite:t}`shen2020`.
#   Its code in this project is one function, `emolib.build_mt_cnn`.
# - The effective receptive field: {cite:t}`luo2016`. How padding tells a
#   network where it is: {cite:t}`islam2020`.
#
# ## Provenance

# %% tags=["remove-input"]
inputs = [this_study.features_file(subject), *([file] if trained else [])]
provenance(this_study, inputs)
