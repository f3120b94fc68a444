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
# ## What you will learn
#
# - what a convolution does to a brain map: one kernel, worked by hand on one real map;
# - what *same* padding puts where the head ends;
# - which part of the head a unit sees, and what pooling keeps of it;
# - how to count the parameters, and where they sit;
# - why the network answers differently while it is trained and afterwards.
#
# **Time.** About 20 minutes, and half an hour for the exercises.
#
# **What you need.** [The grid and brain maps](05_grid_and_brain_maps), and weighted sums. No deep
# learning: each layer is worked out here.
#
# **The question.** *The network looks at the head through squares of five by five and four by four
# cells. When does it see the whole head, and is there an electrode that it never sees?*

# %%
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

# %%
from emolib import grid
from emolib.book.provenance import provenance
from emolib.figures import electrodes, maps
from emolib.figures import scores as score_plots
from emolib.figures.display import Picture, Table, say, use_style
from emolib.lessons import network, network_plots
from emolib.model.networks import build_mt_cnn, load_weights
from emolib.model.settings import ModelSettings
from emolib.splits.protocols import LEAKING
from emolib.study import stages
from emolib.study.fold import network_settings
from emolib.study.study import load

use_style()

# %% tags=["parameters"] needs="scores"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None: the first that can be used

# %%
this_study = load(study)
subject = subject or stages.first_valid(this_study)
brain_maps = grid.to_brain_maps(stages.features(this_study, subject))
x, planes = brain_maps.to_numpy(), brain_maps["plane"].to_numpy().tolist()
channels = stages.features(this_study, subject)["channel"].to_numpy().tolist()
rows, columns = grid.cells(channels)
print("windows, rows, columns, planes:", x.shape)

# %% [markdown]
# ## The network on one page
#
# The {term}`brain map` of a {term}`window` goes in: 8 rows, 9 columns, and a {term}`plane` for each
# kind of {term}`feature` and {term}`band`. A network is a chain of *layers*. Each is a function of
# the one before and gives numbers to the next; each of these numbers is called a *unit*, and what
# it holds on one map is its activation. The published network {cite:p}`rudakov2021` has this chain:

# %%
published = build_mt_cnn(ModelSettings(), seed=None)  # for its shapes, not its weights
layers = network.layer_table(published)

# %% tags=["remove-input"]
shown = [name for name in layers.index if not name.startswith(("norm", "dropout", "embedding"))]
WHAT = {"maps": "the brain map", "pool": "the largest of 2 x 2 cells", "flat": "in one row"}
WHAT |= {f"conv_{i}": f"convolution, kernels of {n} x {n}" for i, n in enumerate("5441", 1)}
WHAT |= {"dense": "each unit reads all of the row"}
what = [WHAT.get(name, "head: a probability a class") for name in shown]
Table(
    pd.DataFrame({"what": what, "shape": layers.loc[shown, "output"].to_list()}, shown),
    caption="Shapes, computed from the model: rows x columns x planes, then units",
)

# %% [markdown]
# Batch normalisation and dropout follow the four convolutions and the dense layer; they change no
# shape and have a section of their own below. The last two layers are the
# {term}`heads <head>`, one for each {term}`task`; everything before them is shared.
#
# The network that is looked at in this chapter is this study's: trained on the data of all its
# training {term}`subjects <subject>` together ({term}`pooled`) in one {term}`fold`. It may be
# narrower than the published one: fewer kernels in each layer, and the same chain.

# %%
protocol = max(this_study.protocols, key=LEAKING.__contains__)  # as published, where there is one
settings = network_settings(this_study, protocol)
file = this_study.fold_files(protocol, 0)["weights"]
trained = file.exists() and (settings.network, settings.windows) == ("mt_cnn", 1)
settings = replace(settings, windows=1, network="mt_cnn")
cnn = build_mt_cnn(settings, seed=None if trained else 0)
if trained:
    load_weights(file, cnn)

# %% tags=["remove-input"]
say(
    f"Its width is {settings.width:g} of the published one. Its weights are",
    f"those of the pooled network of the first fold, {protocol.replace('_', '-')}."
    if trained
    else "**drawn at random: no such network of this study is trained yet.** What layers do can be "
    "seen all the same; what they have learnt cannot.",
)

# %% [markdown]
# ## One kernel, by hand
#
# A {term}`convolution` moves a small block of weights, the {term}`kernel`, over the map. On each
# cell it is laid down with its middle on that cell; what lies below it is multiplied with it,
# number by number, and all products are added. A kernel of 5 × 5 reaches through all planes, so
# with a bias $b$ and weights $w$ the unit in row $r$ and column $c$ is
#
# $$y_{rc} = b + \sum_{i=0}^{4} \sum_{j=0}^{4} \sum_p w_{ijp} \; x_{r+i-2,\; c+j-2,\; p}.$$
#
# It is a weighted sum of a neighbourhood, with *the same weights everywhere on the head*. A layer
# has many kernels and so gives many planes. (Keras calls their number `filters`. They have nothing
# to do with the band filters of [Band filtering](02_band_filtering).) Last, a *ReLU* sets negative
# sums to 0 and leaves the others as they are.
#
# Here is one window, in the middle of the recording, and of all kernels the one whose output varies
# most on it. We work out its sum at the electrode where it is largest.

# %%
one = x[len(x) // 2]
weights, bias = cnn.get_layer("conv_1").get_weights()  # (5, 5, plane, kernel), (kernel,)
by_keras = network.outputs(cnn, ["conv_1"], one[None])["conv_1"][0]
k = int(by_keras.std(axis=(0, 1)).argmax())
at = int(by_keras[rows, columns, k].argmax())
row, column = rows[at], columns[at]

# %%
padded = np.pad(one, ((2, 2), (2, 2), (0, 0)))  # two cells of zeros on each side
patch = padded[row : row + 5, column : column + 5]  # the neighbourhood of the cell
products = patch * weights[..., k]
by_plane = products.sum(axis=(0, 1))
total = by_plane.sum() + bias[k]

# %% tags=["remove-input"]
steps = {f"25 products, {name}": value for name, value in zip(planes, by_plane, strict=True)}
steps |= {"bias": bias[k], "sum of all": total, "after ReLU": max(total, 0.0)}
steps |= {"Keras": by_keras[row, column, k]}
Table(
    pd.DataFrame({"value": [f"{value:+.4f}" for value in steps.values()]}, list(steps)),
    caption=f"Kernel {k + 1} of {len(bias)} at {channels[at]}, step by step",
)

# %% [markdown]
# The same for all cells and all kernels is one line of NumPy, `network.convolve`. Does it agree
# with Keras everywhere?

# %%
sums = network.convolve(one, weights) + bias
difference = np.abs(np.maximum(sums, 0) - by_keras).max()
print(f"{by_keras.size} units, largest difference {difference:.0e}")

# %% tags=["remove-input"]
p = int(np.abs(by_plane).argmax())
one_plane = np.full(grid.SHAPE, np.nan)  # a cell without an electrode is hatched
one_plane[rows, columns] = one[rows, columns, p]
kernel, sum_k = weights[:, :, p, k], sums[..., k]
panels = {  # title: values, what they are, what to frame
    f"map: {planes[p]}": (one_plane, "feature", (row - 2, column - 2, 5, 5)),
    "kernel, this plane": (kernel, "weight", None),
    "sum over all planes": (sum_k, "sum", (row, column, 1, 1)),
    "after ReLU": (np.maximum(sum_k, 0), "activation", None),
}

# %% tags=["hide-input"]
fig, axes = plt.subplots(2, 2, figsize=(6.4, 5.9))
for ax, (title, (values, label, box)) in zip(axes.flat, panels.items(), strict=True):
    image = maps.grid_map(ax, values, limits=maps.symmetric(values), title=title)
    maps.colour_bar(image, ax, f"{label} (no unit)")
    of = "kernel" if label == "weight" else "grid"
    ax.set(xlabel=f"{of} column", ylabel=f"{of} row")
    if box is not None:
        electrodes.frame(ax, *box)
alt = f"The plane {planes[p]} of one map, framed about {channels[at]}; a kernel with weights from "
alt += f"{kernel.min():.2f} to {kernel.max():.2f}; its sums, from {sum_k.min():.2f} to "
alt += f"{sum_k.max():.2f}, and the same after ReLU, {(sum_k > 0).sum()} cells left above zero."
caption = f"The frame is what the kernel covers when it lies on {channels[at]}; the small frame is "
caption += "where its sum goes. Hatched: no electrode, so 0. Dashes: below zero."
Picture(fig, alt=alt, caption=caption)

# %% [markdown]
# Notice three things. Cells without an {term}`electrode` are empty on the map and filled after the
# first layer: a sum of neighbours exists everywhere. Nothing in the sum knows how far apart
# electrodes are in centimetres; it knows cells. And the colours of a kernel invite stories about
# frontal this and parietal that. But a kernel has no place: it is applied everywhere.
#
# ## Where the head ends
#
# On the last column the kernel sticks out over the edge. The {term}`padding` of the kind *same*
# adds zeros around the map, as we did with `np.pad`, so that the output has the size of the input.
# How much of the kernel lies on electrodes, and how much on zeros?

# %%
occupied = np.zeros((*grid.SHAPE, 1))
occupied[rows, columns] = 1
ones = np.ones((5, 5, 1, 1))
electrodes = network.convolve(occupied, ones)[..., 0]
inside = network.convolve(np.ones_like(occupied), ones)[..., 0]
most = np.unravel_index(electrodes.argmax(), electrodes.shape)

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(5.0, 4.3))
maps.grid_map(ax, electrodes, numbers="{:.0f}")
Picture(
    fig,
    alt=f"Grid of numbers: a 5 by 5 kernel covers between {electrodes.min():.0f} and "
    f"{electrodes.max():.0f} electrodes, most with its middle in row {most[0]}, column {most[1]}.",
    caption="How many electrodes lie under a 5 x 5 kernel whose middle is on a cell. The other "
    "cells under it, up to 25, hold zeros.",
)

# %% tags=["remove-input"]
say(
    f"At best (row {most[0]}, column {most[1]}) {electrodes.max():.0f} of 25 weights meet an",
    f"electrode; in the corner at the top left {electrodes[0, 0]:.0f} do,",
    f"{inside[0, 0] - electrodes[0, 0]:.0f} meet empty cells and {25 - inside[0, 0]:.0f} hang over",
    "the edge. A zero is a number like any other, and here it stands for two different things:",
    "*no electrode*, and *no head*.",
    "Since the features of each window are z-scores, zero is also the window's mean: the network",
    "is told that outside the head all is average."
    if this_study.features.normalise == "window"
    else "The features of this study are not z-scores of the window, so that zero is not even "
    "the window's mean: it is a value that an electrode may never have.",
)

# %% [markdown]
# It is not only a loss. A kernel with positive weights gives smaller sums at the edge, so later
# layers can tell the edge from the middle, though the weights are the same everywhere
# {cite:p}`islam2020`.
#
# ## What a unit sees
#
# The cells that can change a unit are its {term}`receptive field`. After the first convolution it
# is 5 × 5. A unit of the second layer looks at 4 × 4 units that look at 5 × 5 cells each, and so
# on. Rather than derive it, we measure it: raise one cell after another on maps of noise, and see
# which units move.

# %%
seen = network.receptive_fields(cnn, ["conv_1", "conv_2", "conv_3", "conv_4", "pool"], n_maps=4)
print("row and column of the unit, row and column of the cell:", seen["conv_3"].shape)

# %% tags=["hide-input"]
fig, axes = plt.subplots(3, 2, figsize=(6.0, 7.6))
told = {"Fp1": [], "O1": []}
for line, layer in zip(axes, ["conv_1", "conv_2", "conv_3"], strict=True):
    for ax, electrode, r in zip(line, told, (0, 7), strict=True):  # both are in column 3
        of, title = seen[layer][r, 3], f"{layer}, unit at {electrode}"
        network_plots.field(ax, of, (r, 3), title=title)
        told[electrode].append(str(of.any(axis=1).sum()))
alt = "Receptive fields after one, two and three convolutions. In front, at Fp1, they hold "
alt += f"{', '.join(told['Fp1'])} rows of the grid; at the back, at O1, {', '.join(told['O1'])}."
caption = "Dark: the cells that move the unit in the red frame. Front of the head at the top."
Picture(fig, alt=alt, caption=caption)

# %% [markdown]
# The fields at the front reach further into the head than those at the back. A kernel of odd size
# has a middle; one of 4 × 4 has none. Keras lays it down so that it covers one cell before and two
# behind: it leans *to the right and down*. Two such layers lean twice.

# %%
table = {}
for layer, of in seen.items():
    conv = layer != "pool"
    whole = of.all(axis=(2, 3))  # which units see every cell
    table[layer] = {
        "cells up or left": 7 - np.flatnonzero(of[7, 8].any(axis=1)).min() if conv else "",
        "cells down or right": np.flatnonzero(of[0, 0].any(axis=1)).max() if conv else "",
        "units in a plane": whole.size,
        "see the whole grid": whole.sum(),
    }

# %% tags=["remove-input"]
Table(pd.DataFrame(table).T, caption="How far units see, measured")

# %% tags=["hide-input"]
counts = seen["conv_3"].sum(axis=(2, 3))
fig, ax = plt.subplots(figsize=(5.0, 4.3))
maps.grid_map(ax, counts, numbers="{:.0f}")
Picture(
    fig,
    alt=f"Grid of numbers: after the third convolution units see {counts.min()} to {counts.max()} "
    f"cells, all {counts.size} in a block left of and above the middle, fewest at the lower right.",
    caption=f"How many of the {counts.size} cells a unit of the third convolution sees. The block "
    "of full sight lies left of and above the middle, since the even kernels lean the other way.",
)

# %% tags=["remove-input"]
whole = {layer: of.all(axis=(2, 3)) for layer, of in seen.items()}
say(
    "So, the first half of the question: after the third convolution",
    f"**{whole['conv_3'].sum()} of {whole['conv_3'].size}** units of a plane see the whole grid,",
    f"after pooling {whole['pool'].sum()} of {whole['pool'].size}. Only the dense layer, each unit",
    "of which reads all numbers of the pooled planes, sees the whole head with every unit.",
)

# %% [markdown]
# A receptive field says what *can* matter. What does matter is up to the weights, and cells in the
# middle of the field have more ways to reach the unit than those at its border
# {cite:p}`luo2016`: see exercise 1.
#
# ## What pooling keeps
#
# Max {term}`pooling` goes over the fourth convolution in squares of 2 × 2 cells, which do not
# overlap, and keeps the largest of the four numbers. Eight rows become four. Nine columns do not
# divide by two, and there are two ways out:
#
# - `same`: the ninth column makes squares of its own, one cell wide. The figure in the paper has
#   this shape.
# - `valid`: what does not fill a square is left out. This is Keras' default, and what the released
#   code does.
#
# Which of the two made the published scores this book does not know. The figure's is the default
# here; the code's is a setting. What hangs on it? Beside this study's network we build one with the
# other kind of pooling, alike in all layers before, and raise one electrode after another by one.

# %%
other = "valid" if settings.pooling == "same" else "same"
twins = {settings.pooling: cnn, other: build_mt_cnn(replace(settings, pooling=other))}
for layer in cnn.layers[: [layer.name for layer in cnn.layers].index("pool")]:
    twins[other].get_layer(layer.name).set_weights(layer.get_weights())
some = x[:: -(-len(x) // 8)]  # eight windows, evenly spread
tasks = list(settings.tasks)
moved = {
    kind: network.perturbation_response(twin, ["pool", *tasks], some)
    for kind, twin in twins.items()
}

# %% tags=["remove-input"]
both = {"same": published}
both["valid"] = build_mt_cnn(ModelSettings(pooling="valid"), seed=None)
rows_of = {}
for kind, of in moved.items():
    answers = np.abs([of[task][:, rows, columns] for task in tasks]).max(axis=(0, 1, 3))
    rows_of[kind] = {
        "shape, published width": network.layer_table(both[kind]).loc["pool", "output"],
        "numbers for the dense layer": both[kind].get_layer("flat").output.shape[-1],
        "electrodes that move an answer": f"{(answers > 0).sum()} of {len(channels)}",
    }
pooled = pd.DataFrame(rows_of).T.rename_axis("pooling")
Table(pooled, caption="Two kinds of pooling")

# %% [markdown]
# Perhaps this is a surprise. With `valid` the right-most column of units is thrown away, and the
# electrodes of that column still move the answer: three convolutions have carried what they
# measure into the columns beside them before anything was pooled. So no electrode is lost. But
# something is: of all that raising an electrode changes after pooling, which share lies in the
# column that `valid` leaves out?

# %%
energy = (moved["same"]["pool"] ** 2).sum(axis=(0, 3, 5))  # row, column, column after pooling
share = 100 * energy[..., -1] / energy.sum(axis=-1)
edge = [name for name, c in zip(channels, columns, strict=True) if c == grid.SHAPE[1] - 1]

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(6.0, 5.2))
image = maps.grid_map(ax, share[rows, columns], channels)
maps.colour_bar(image, ax, "share in the column left out (%)", location="bottom")
lost = pd.Series(share[rows, columns], index=channels)
none = int((lost == 0).sum())
Picture(
    fig,
    alt=f"Share of each electrode's effect that 'valid' pooling leaves out: none for {none} "
    f"electrodes on the left, up to {lost.max():.0f} % at {lost.idxmax()}.",
    caption="The change after pooling is measured by its square, summed over units. Hatched: cells "
    "without an electrode.",
)

# %% tags=["remove-input"]
values = lost[edge].sort_values()
say(
    f"`valid` leaves out {values.iloc[0]:.0f} to {values.iloc[-1]:.0f} % of the effect of"
    f" {', '.join(edge)}. The {none} electrodes furthest to the left lose nothing,"
    if edge
    else f"No electrode of this study lies in the last column. {none} electrodes lose nothing,",
    "since no unit of that column sees them.",
    "So the answer to the second half of the question is no: the network sees every electrode,",
    "with either pooling. `valid` makes it look a little less closely at the right side of the",
    "head than at the left, for no better reason than that nine is odd.",
)

# %% [markdown]
# ## Counting the parameters
#
# The weights and biases that a network learns are its *parameters*. Counting them by hand is the
# quickest test of whether one has understood a network. A convolution with $m$ planes in and $n$
# kernels of $s \times s$ has $s \cdot s \cdot m \cdot n$ weights and $n$ biases; a dense layer with
# $m$ numbers in and $n$ units has $m \cdot n + n$; batch normalisation has four numbers a plane.

# %% tags=["remove-input"]
with_some = layers[layers["parameters"] > 0]
shown = with_some[["by hand", "counted", "parameters"]].rename(columns={"parameters": "Keras"})
Table(
    shown.assign(**{name: shown[name].map("{:,}".format) for name in ("counted", "Keras")}),
    caption="Parameters of the published network, by hand and by Keras",
)

# %% tags=["hide-input"]
big = with_some["parameters"][~with_some.index.str.startswith("norm")]
counts = big.to_dict() | {"all five norms": int(with_some["parameters"].sum() - big.sum())}
fig, ax = plt.subplots(figsize=(5.6, 3.4))
network_plots.parameter_bars(ax, counts)
largest = sorted(counts, key=counts.get)[-2:]
Picture(
    fig,
    alt="Parameters by layer: " + ", ".join(f"{name} {n:,}" for name, n in counts.items()),
    caption="The published network, with pooling of the kind same.",
)

# %% tags=["remove-input"]
same, valid = published.count_params(), network.layer_table(both["valid"])
say(
    f"With `same` there are {layers['counted'].sum():,} parameters by hand, **{same:,}** by Keras.",
    f"With `valid` there are {valid['counted'].sum():,} by hand and",
    f"**{both['valid'].count_params():,}** by Keras; {valid['trained'].sum():,} are trained,",
    "and the others are the running means and variances of batch normalisation.",
    f"{100 * sum(counts[name] for name in largest) / same:.0f} % sit in {largest[1]} and",
    f"{largest[0]}. The network of this study has {cnn.count_params():,}; a subject has {len(x):,}",
    f"windows, of {len(np.unique(brain_maps['trial']))} trials.",
)

# %% [markdown]
# ## Two modes
#
# Two kinds of layer do one thing while the network is trained, and another afterwards, when it
# answers (at *inference*).
#
# The first is {term}`batch normalisation` {cite:p}`ioffe2015`. It makes each plane's numbers
# comparable: minus a mean $\mu$, divided by a standard deviation, times a learnt scale $\gamma$,
# plus a learnt shift $\beta$:
#
# $$y = \gamma \, \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta.$$
#
# In training $\mu$ and $\sigma^2$ are those of the *batch*, the windows that are looked at together
# before the weights are changed, 64 as published. At inference they are running means, kept from
# training: a window's answer must not depend on who else is asked. (For people who are held out
# these means do not hold well, and this book's networks for them have no such layers:
# [Pooled and fine-tuned](08_pooled_and_fine_tuned) shows why.) By hand, at inference:

# %%
if settings.batch_norm:
    given = network.outputs(cnn, ["conv_1", "norm_1"], some)
    norm = cnn.get_layer("norm_1")
    gamma, beta, mean, variance = norm.get_weights()
    by_hand = gamma * (given["conv_1"] - mean) / np.sqrt(variance + norm.epsilon) + beta
    print(f"largest difference to Keras {np.abs(by_hand - given['norm_1']).max():.0e}")
else:
    print("This study's network has no batch normalisation.")

# %% [markdown]
# The second is {term}`dropout` {cite:p}`srivastava2014`. At each step it sets a fresh random share
# of all activations to zero (a fifth, as published), and divides the rest by the share that is
# left, so that their mean stays. A unit then cannot rely on one other unit. At inference nothing is
# dropped.
#
# Let us ask the network about *one* window: afterwards; in training mode in twenty different
# batches, without dropout; and in training mode in one batch, with twenty draws of dropout.

# %%
steady = build_mt_cnn(replace(settings, dropout=0.0), seed=None)
steady.set_weights(cnn.get_weights())
task, rng, n = tasks[0], np.random.default_rng(0), 20
batches = [np.concatenate([one[None], x[rng.choice(len(x), 63)]]) for _ in range(n)]
by_batch = network.training_mode_outputs(steady, batches, seeds=[0] * n)[task][:, 0, 1]
by_draw = network.training_mode_outputs(cnn, batches[:1] * n, seeds=range(n))[task][:, 0, 1]
afterwards = network.outputs(cnn, [task], one[None])[task][0, 1]

# %% tags=["hide-input"]
spread = {"afterwards": [afterwards], "20 other batches": by_batch, "20 draws of\ndropout": by_draw}
fig, ax = plt.subplots(figsize=(5.6, 2.6))
label = f"probability of “{this_study.tasks[task].classes[1]}”, {task}"
score_plots.rows(ax, score_plots.tidy(spread), label=label, line=afterwards)
Picture(
    fig,
    alt=f"One window's probability: {afterwards:.2f} afterwards; from {min(by_batch):.2f} to "
    f"{max(by_batch):.2f} in 20 batches; from {min(by_draw):.2f} to {max(by_draw):.2f} with 20 "
    "draws of dropout.",
    caption="A dot is an answer about the same window by the same weights. Dotted: the answer "
    "afterwards.",
)

# %% [markdown]
# The weights are the same in all rows. So a loss that is computed while training is not the loss of
# the network that one gets, and a framework that is left in training mode by mistake gives answers
# that depend on their neighbours.
#
# ## The heads
#
# What is left after the dense layer is the {term}`embedding` of the window, $e$. A head turns it
# into probabilities with one number a class, $z = W e + b$, and the {term}`softmax`
#
# $$p_k = \frac{\exp z_k}{\sum_j \exp z_j}.$$
#
# With two classes that is a logistic regression on the embedding. (Where several windows enter
# together, each goes through the same layers, and the head reads the mean of their embeddings.)

# %%
embedding = network.outputs(cnn, ["embedding"], one[None])["embedding"][0]
answer = {}
for task in tasks:
    w, b = cnn.get_layer(task).get_weights()
    z = embedding @ w + b
    p = np.exp(z) / np.exp(z).sum()
    keras = network.outputs(cnn, [task], one[None])[task][0]
    answer[task] = {"z": z, "by hand": p, "Keras": keras}

# %% tags=["remove-input"]
Table(
    pd.DataFrame(answer).T.map(lambda values: ", ".join(f"{v:.4f}" for v in values)),
    caption="The heads' answers about the window, in the order of the classes",
)

# %% [markdown]
# ## Check yourself
#
# **1.** Somebody replaces both 4 × 4 kernels by 3 × 3 ones. How far does a unit of the third
# convolution see then, and does it still lean?
#
# ```{dropdown} Answer
# Two cells (5 × 5), one and one more: four cells to every side, 9 × 9 in all. Odd kernels have a
# middle, so it does not lean.
# ```
#
# **2.** A colleague reads the code, sees that `valid` pooling drops the column of T8, and writes
# that the network is blind to T8. Which experiment decides it?
#
# ```{dropdown} Answer
# Change T8 alone and look whether the answer moves. It does: the column is dropped *after* the
# convolutions, which have passed on what T8 measures. Only a network without kernels wider than one
# cell would be blind to it.
# ```
#
# ## Exercises
#
# **Exercise 1.** Of the field of a unit, how much matters? Take the unit of the third convolution
# at Cz (row 3, column 4) and find the share of its squared response that comes from the 5 × 5 cells
# around it.

# %% tags=["hide-cell", "solution"]
at_cz = network.perturbation_response(cnn, ["conv_3"], some)["conv_3"][:, :, :, 3, 4]
strength = (at_cz**2).sum(axis=(0, -1))
near = strength[1:6, 2:7].sum() / strength.sum()
print(f"{100 * 25 / 72:.0f} % of the cells give {100 * near:.0f} % of the response.")

# %% [markdown]
# **Exercise 2.** Pool the map *itself*, before any convolution, in squares of 2 × 2 without
# overlap, and leave out what does not fill a square. Which electrodes are lost now?

# %% tags=["hide-cell", "solution"]
lost_now = []
for i, name in enumerate(channels):
    raised = np.zeros(grid.SHAPE)
    raised[rows[i], columns[i]] = 1
    squares = raised[:, :8].reshape(4, 2, 4, 2).max(axis=(1, 3))
    if not squares.any():
        lost_now.append(name)
print("lost:", ", ".join(lost_now) or "none of this study's")

# %% [markdown]
# **Exercise 3.** Halve the width of the published network. Which layers shrink to a half, which to
# a quarter, and why is the whole not exactly a quarter? (`seed=None` draws no weights: it is
# quick.)

# %% tags=["hide-cell", "solution"]
half = network.layer_table(build_mt_cnn(ModelSettings(width=0.5), seed=None))["parameters"]
ratio = (half / layers["parameters"])[layers["parameters"] > 0]
print(ratio.round(3).to_string())
print(f"\nall: {half.sum() / layers['parameters'].sum():.3f}")
# A layer whose inputs and outputs are both halved has a quarter of the weights. The first layer's
# inputs and the heads' outputs stay, and biases and norms are counted once a plane.

# %% [markdown]
# ## Conclusion
#
# A convolution is a weighted sum of neighbouring cells, with the same weights everywhere. Three of
# them see far, further to the right and down than the other way, and only the dense layer sees the
# whole head with every unit. Padding, empty cells and pooling are decisions about zeros and edges.
# None of them hides an electrode, and each leaves a mark that can be measured. Nearly all
# parameters sit in two layers, and in training the network is, by design, not the network that
# answers afterwards.
#
# ## Where to read on
#
# - How the two heads are trained together: [The multi-task loss](07_multi_task_loss).
# - What a trained network uses of a map:
#   [What the network looks at](10_what_the_network_looks_at).
# - The network as published: {cite:t}`rudakov2021`, after {cite:t}`shen2020`; it is one function of
#   `emolib.model`.
# - The effective receptive field: {cite:t}`luo2016`. How padding tells a network where it is:
#   {cite:t}`islam2020`.
#
# ## Provenance

# %% tags=["remove-input"]
inputs = [this_study.features_file(subject), *([file] if trained else [])]
provenance(this_study, inputs)
