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
# # Time: several windows at once, and 4D-CRNN
#
# Each line in the figure below is one {term}`feature` in six neighbouring
# {term}`windows <window>`. On the left it rises, on the right it falls, and
# the mean over six windows is about the same. **Can a network tell the two
# sides apart if it averages the windows? What would it need instead?**

# %% tags=["parameters", "remove-input"] needs="features"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None: the first that can be used

# %% tags=["hide-input"]
from dataclasses import replace
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display
from scipy import signal
from scipy.special import expit

from emolib.book.answers import check
from emolib.book.provenance import provenance
from emolib.evaluation.comparison import compare, counts_by_seed
from emolib.evaluation.literature import published
from emolib.features import extraction, windows
from emolib.figures import benches
from emolib.figures import display as shown
from emolib.figures import scores as score_plots
from emolib.figures.display import Picture, Table, say

# %% tags=["hide-input"]
from emolib.model import networks, settings, training
from emolib.model.predictions import predictions_of
from emolib.splits.folds import group_windows
from emolib.splits.protocols import PROTOCOLS, protocol_name
from emolib.study import stages
from emolib.study.study import load

import keras  # isort: skip - after emolib, which chooses its backend
from keras import layers  # isort: skip

shown.use_style()

# %% tags=["hide-input"]
rng = np.random.default_rng(0)
size = 6
direction = np.repeat([1, 0], 600)  # 1: rises
ramp = np.linspace(-0.6, 0.6, size)
sequences = np.where(direction[:, None] == 1, ramp, -ramp)
sequences = sequences + rng.normal(scale=0.5, size=sequences.shape)
fig, axes = plt.subplots(1, 2, figsize=(5.6, 2.2), sharey=True)
for ax, way, colour in zip(axes, (1, 0), (shown.BLUE, shown.RED), strict=True):
    own = sequences[direction == way]
    ax.plot(np.arange(1, size + 1), own[:12].T, color=colour, linewidth=0.8)
    ax.set(title=("falls", "rises")[way], xlabel="window")
axes[0].set_ylabel("feature (no unit)")
means = [sequences[direction == way].mean() for way in (1, 0)]
Picture(
    fig,
    alt="Twelve noisy lines that rise over six windows and twelve that fall. "
    f"The mean of all {len(sequences) // 2} rising lines is {means[0]:.2f}, "
    f"that of the falling ones {means[1]:.2f}.",
    caption=f"Simulated sequences, {len(sequences) // 2} of each kind, twelve "
    "of them drawn.",
)

# %% [markdown]
# ## What you will learn
#
# - how to group neighbouring windows, and which may not share a group;
# - why an average cannot know the order of windows, and an LSTM can;
# - what one step of an LSTM computes;
# - how alike neighbouring windows are, and how many independent windows a
#   group is worth;
# - how to test whether order helps, and what a small test can say.
#
# **Time.** About 20 minutes, and half an hour for the exercises.
#
# **What you need.** [The network, layer by layer](06_cnn_layer_by_layer),
# [The multi-task loss](07_multi_task_loss) and, for one section, [Band
# filtering](02_band_filtering).

# %% tags=["hide-input"]
this_study = load(study)
subject = subject or stages.first_valid(this_study)
recording = stages.recording(this_study, subject)
sfreq, task = recording.attrs["sfreq"], [*this_study.tasks][-1]
window_seconds = this_study.features.window_seconds
maps, table = stages.load_windows(this_study)  # one brain map per window

# %% [markdown]
# ## Groups of windows
#
# So far, one window gave one {term}`brain map`, and one map gave one
# {term}`prediction`. Both published networks can also read several
# neighbouring windows together. MT-CNN takes 1 to 6 of them
# {cite:p}`rudakov2021`. Its predecessor 4D-CRNN takes six, which is three
# seconds {cite:p}`shen2020`. Its four dimensions are two on the scalp, the
# {term}`band`, and time.
#
# All windows of a group must come from one {term}`trial`. A group across two
# trials would join the end of one film to the start of another, and it would
# have two {term}`labels <label>`. The windows that remain at the end of a
# trial are dropped.

# %%
of_trial = table.groupby(["subject", "trial"]).indices  # rows of each trial
size = min(size, max(map(len, of_trial.values())))
groups = [
    rows[: len(rows) // size * size].reshape(-1, size)
    for rows in of_trial.values()
]
groups = np.concatenate(groups)  # row numbers, (group, window)

# %%
np.testing.assert_array_equal(groups, group_windows(table, size))

# %% tags=["remove-input"]
left_over = len(table) - groups.size
say(
    f"The {len(table):,} windows of this study make **{len(groups):,} groups",
    f"of {size}**. {left_over:,} windows ({left_over / len(table):.1%}) are",
    f"left over. There are {size} times fewer groups than windows, but the",
    f"number of trials is still {len(of_trial):,}.",
)

# %% [markdown]
# ## An average has no order
#
# Here is a small network in Keras. The first layer computes 16 numbers from
# each window, the {term}`embedding`. The next layer reads the embeddings of
# all windows of a group. We try two such layers, an average and an
# {term}`LSTM`, and train both networks on the sequences above.


# %% slideshow={"slide_type": "slide"}
def network(reader, n_windows, n_numbers, n_classes, rate=0.5):
    x = inputs = keras.Input((n_windows, n_numbers))
    x = layers.Dense(16, activation="relu")(x)  # (group, window, 16)
    x = reader(x)  # (group, 16)
    p = layers.Dense(n_classes, activation="softmax")(x)  # (group, class)
    model = keras.Model(inputs, p)
    descent = keras.optimizers.SGD(rate)  # stochastic gradient descent
    model.compile(descent, "sparse_categorical_crossentropy")
    return model


# %%
x, y = sequences[..., None], direction
known = rng.permutation(len(x)) < 800  # the others are for the test
shuffled = rng.permuted(x[~known], axis=1)
accuracy = {}
for name in ("average", "LSTM"):
    keras.utils.set_random_seed(0)
    averages = name == "average"
    reader = layers.GlobalAveragePooling1D() if averages else layers.LSTM(16)
    model = network(reader, x.shape[1], 1, 2)
    model.fit(x[known], y[known], epochs=10, batch_size=32, verbose=0)
    accuracy[name] = {
        order: (model.predict_on_batch(of).argmax(1) == y[~known]).mean()
        for order, of in {"in order": x[~known], "shuffled": shuffled}.items()
    }

# %% tags=["remove-input"]
Table(
    pd.DataFrame(accuracy).T.map("{:.2f}".format).rename_axis("reads by"),
    caption=f"Accuracy on {int((~known).sum())} new sequences; chance is 0.5",
)

# %% [markdown]
# The network that averages stays near chance. Its second layer computes
#
# $$e = \frac1W \sum_{t=1}^{W} f(x_t),$$
#
# and a sum does not depend on the order of its terms. So the prediction cannot
# depend on it either, whatever the weights are. The LSTM reads the embeddings
# one after another and finds the direction. When the windows of each test
# sequence are shuffled, it loses what it found.
#
# ## The two published networks
#
# MT-CNN averages and 4D-CRNN has an LSTM. Both are in this package. Without
# any training, six windows in other orders show which of the two can react:

# %%
small = settings.ModelSettings(
    width=training.SMALL_WIDTH,
    planes=maps.shape[-1],
    windows=size,
    batch_norm=False,
    dropout=0.0,
    tasks=this_study.model_settings.tasks,
)
mt_cnn = networks.build(small)
crnn = networks.build(replace(small, network="crnn"))
some = maps[groups[:6]]  # (group, window, row, column, plane)
orders = [np.arange(size), *(rng.permutation(size) for _ in range(6))]
moved = {}
for name, model in {"MT-CNN": mt_cnn, "4D-CRNN": crnn}.items():
    p = np.stack([model(some[:, order])[task] for order in orders])
    moved[name] = np.abs(p - p[0]).max()

# %% tags=["remove-input"]
say(
    "The largest change of a probability is",
    f"{moved['MT-CNN']:.0e} for MT-CNN, which is rounding, and",
    f"**{moved['4D-CRNN']:.3f}** for 4D-CRNN.",
)

# %% [markdown]
# 4D-CRNN *can* use order. Whether order helps with emotion is another
# question, which the last sections take up.
#
# ## One step of an LSTM
#
# The name stands for *long short-term memory*. The layer reads vectors $x_1,
# x_2, \dots$ and carries two vectors from one step to the next: the *cell*
# $c$, its memory, and the *state* $h$, its output. Each step computes four
# vectors from the input $x$ and the last state $h$, each with weights $W$, $U$
# and $b$ of its own:
#
# - the *input gate* $i = \sigma(W_i x + U_i h + b_i)$: how much to write;
# - the *forget gate* $f = \sigma(W_f x + U_f h + b_f)$: how much of the memory
#   to keep;
# - the *proposal* $g = \tanh(W_g x + U_g h + b_g)$: what to write;
# - the *output gate* $o = \sigma(W_o x + U_o h + b_o)$: how much of the memory
#   to show.
#
# The function $\sigma(z) = 1 / (1 + e^{-z})$ is 0 for a closed gate and 1 for
# an open one. Then, element by element,
#
# $$c \leftarrow f\, c + i\, g, \qquad h \leftarrow o \tanh(c).$$
#
# After the last window, the {term}`heads <head>` of the network read $h$. The
# next cell takes the layer out of the untrained 4D-CRNN and gives it random
# vectors instead of embeddings.

# %% slideshow={"slide_type": "slide"}
layer = crnn.get_layer("embedding")
kernel, recurrent, bias = map(np.asarray, layer.get_weights())
vectors = rng.normal(size=(size, len(kernel))).astype("float32")
state = cell = np.zeros(len(recurrent))
steps = []
for x in vectors:
    sums = x @ kernel + state @ recurrent + bias
    i, f, g, o = np.split(sums, 4)  # Keras keeps the four side by side
    i, f, g, o = expit(i), expit(f), np.tanh(g), expit(o)
    cell = f * cell + i * g
    state = o * np.tanh(cell)
    steps.append([i, f, g, o, cell, state])

# %%
by_keras = np.asarray(layer(vectors[None]))[0]
np.testing.assert_allclose(state, by_keras, atol=1e-5)

# %% tags=["remove-input"]
columns = ["i", "f", "g", "o", "c", "h"]
first = pd.DataFrame(np.array(steps)[..., 0], columns=columns)
first.index = pd.RangeIndex(1, size + 1, name="t")
Table(
    first.map("{:.2f}".format),
    caption="Gates, proposal, cell and state of the first unit",
)

# %% tags=["remove-input"]
last, cells = first.iloc[-1], [0, *first["c"]]
say(
    f"Check the last row. The cell c is {last['f']:.3f} times",
    f"{cells[-2]:.3f} + {last['i']:.3f} times {last['g']:.3f} =",
    f"{last['c']:.3f}.",
)

# %% [markdown]
# ## Try the gates
#
# If the forget gate were closed, the memory would hold the last window alone.
# If all gates stayed open, the cell would be a sum, and order would hardly
# matter. In between, a trained layer can react to a *change*.
#
# The bench below has three units that read a rising and a falling feature.
# **Guess first:** where does the state end if the windows come in reverse?

# %% tags=["hide-input"]
benches.TimeBench(sequences[[0, -1]].T, ["rising", "falling"])

# %% [markdown]
# ## How alike are neighbouring windows?
#
# Does the {term}`recording` contain anything that changes over a few seconds?
# Take {term}`differential entropy` of each {term}`channel` without subtraction
# and without {term}`z-scores <z-score>`, and correlate each window with later
# windows of the same trial. Let $d$ be the values minus a mean. The
# correlation at lag $k$ is the mean of $d_t d_{t+k}$ divided by the mean of
# $d_t^2$.
#
# Which mean to subtract is a choice. With the mean *of each trial*, only
# changes within trials count. With the mean *of all windows*, the level of
# each trial counts as well.


# %%
def correlation(trials, n_lags, about):
    level = np.concatenate(trials).mean(axis=0)
    of_trial = about == "trial"
    d = [x - (x.mean(axis=0) if of_trial else level) for x in trials]
    lagged = [  # (lag, channel)
        np.concatenate([x[: len(x) - k] * x[k:] for x in d]).mean(axis=0)
        for k in range(n_lags + 1)
    ]
    return (np.array(lagged) / lagged[0]).mean(axis=1)


# %% [markdown]
# ## What the filter does to neighbours
#
# White noise gives a third curve. Its samples are independent before the
# filter, but a causal filter makes neighbours alike: it still rings with what
# came before. Theory predicts by how much. Let $r(m) = \sum_k h_k h_{k+m}$ be
# the correlation of the filtered noise, where $h$ is the filter's impulse
# response. The energies of two windows of $N$ samples, $k$ windows apart, have
# a covariance proportional to
#
# $$\sum_{m=-N+1}^{N-1} (N - |m|)\, r(kN + m)^2.$$
#
# Their logarithms correlate nearly as much.

# %%
raw = replace(
    this_study.features,
    kinds=("de",),
    baseline="none",
    normalise="none",
    filtering="causal",
)
n_window = windows.samples_per_window(sfreq, window_seconds)


def theory(band, n_lags):
    limits = (band.low_hz, band.high_hz)
    sos = signal.butter(3, limits, "bandpass", fs=sfreq, output="sos")
    n_samples = max((n_lags + 2) * n_window, round(10 * sfreq))
    h = signal.sosfilt(sos, signal.unit_impulse(n_samples))
    r = signal.correlate(h, h)[n_samples - 1 :]
    m = np.arange(-n_window + 1, n_window)
    lags = np.arange(n_lags + 1)[:, None]
    covariance = (n_window - abs(m)) * r[abs(lags * n_window + m)] ** 2
    return covariance.sum(axis=1) / covariance[0].sum()


# %% [markdown]
# ## Three curves for each band
#
# The next cell computes the curves for the recording and for noise of the same
# size. It leaves out the first window of each trial, which comes before the
# filter has settled. The figure below shows them.

# %%
noise = rng.normal(size=recording["eeg"].shape)
noise = recording.assign(eeg=recording["eeg"].copy(data=noise))
entropy = {}
for name, data in {"recording": recording, "noise": noise}.items():
    of = extraction.extract_features(data, raw)["feature"].isel(kind=0)
    later = of.isel(window=of["i_window_in_trial"] > 0)
    entropy[name] = [own for _, own in later.groupby("trial")]
n_windows = max(x.sizes["window"] for x in entropy["recording"])
n_lags = min(n_windows - 1, max(size - 1, min(24, n_windows // 2)))
within, across, of_noise, expected = {}, {}, {}, {}
for band in raw.bands:
    own, white = (
        [np.asarray(x.sel(band=band.name)) for x in entropy[name]]
        for name in ("recording", "noise")
    )
    within[band.name] = correlation(own, n_lags, about="trial")
    across[band.name] = correlation(own, n_lags, about="all")
    of_noise[band.name] = correlation(white, n_lags, about="all")
    expected[band.name] = theory(band, n_lags)

# %% tags=["hide-input"]
curves = {
    "level of the trial left in": (across, "--", shown.OCHRE),
    "within trials": (within, "-", shown.BLUE),
    "white noise": (of_noise, "-.", shown.GREY),
}
seconds = window_seconds * np.arange(n_lags + 1)
told = []
for band in within:
    near = [f"{n} {of[band][:2][-1]:.2f}" for n, (of, *_) in curves.items()]
    told.append(f"{band}: {', '.join(near)}")


def draw(ax, band):
    for name, (of, style, colour) in curves.items():
        ax.plot(seconds, of[band], style, color=colour, label=name)
    ax.plot(seconds, expected[band], "x", color=shown.DARK, label="theory")
    ax.set(title=band, ylim=(-0.25, 1.05))


# %% tags=["hide-input"]
n_rows, sharing = -(-len(within) // 2), {"sharex": True, "sharey": True}
fig, axes = plt.subplots(
    n_rows, 2, figsize=(6.2, 0.9 + 1.6 * n_rows), **sharing
)
for ax in axes.ravel()[len(within) :]:
    ax.set_axis_off()
for ax, band in zip(axes.ravel(), within, strict=False):
    draw(ax, band)
fig.supxlabel("distance of the windows (s)", fontsize="medium")
fig.supylabel("correlation (no unit)", fontsize="medium")
handles = ax.get_legend_handles_labels()
fig.legend(*handles, loc="outside upper center", ncols=2)
Picture(
    fig,
    alt="Correlation of neighbouring windows by band. " + "; ".join(told),
    caption="Differential entropy of a window correlated with that of a "
    "later window of the same trial, mean over electrodes. Crosses: theory "
    "for white noise.",
)

# %% [markdown]
# The curves show three effects:
#
# - *The filter.* Neighbouring windows of white noise correlate a little, as
#   the theory says, and windows a second apart hardly do.
# - *Slow changes within a trial*, such as a rhythm that waxes and wanes. (The
#   curve ends below zero because the mean of each trial was subtracted.)
# - *The level of the trial*, which all its windows share. It does not fade
#   with distance, and it makes trials recognisable.
#
# ## What is a group of windows worth?
#
# The mean of $W$ values with the correlations $\rho_k$ varies as much as the
# mean of
#
# $$W_\text{eff} = \frac{W}{1 + 2 \sum_{k<W} (1 - k/W)\, \rho_k}$$
#
# independent values.


# %%
def worth(rho, n):
    k = np.arange(1, n)
    return n / (1 + 2 * ((1 - k / n) * rho[1:n]).sum())


n = min(size, n_lags + 1)
effective = pd.DataFrame(
    {
        name: {band: worth(rho, n) for band, rho in of.items()}
        for name, (of, *_) in curves.items()
    }
)

# %% tags=["remove-input"]
Table(
    effective.map("{:.1f}".format).rename_axis("band"),
    caption=f"Number of independent windows that {n} neighbours are worth",
)

# %% tags=["remove-input"]
if n_windows < 4 * size:
    shown_here = shown.admonition(
        "Short trials",
        f"Without its first window, a trial has {n_windows} at most here.",
        "Subtracting the mean of so few windows lowers their correlations, so",
        "the numbers for changes within trials are too large.",
    )
    display(shown_here)

# %% [markdown]
# The answer depends on the question. For the mean *of one trial*, neighbours
# within trials count. To judge *new trials*, the level of a trial is noise as
# well, and all its windows share it: **more windows of one trial are not more
# trials.**
#
# So what can time add? *Averaging* steadies a prediction against changes
# within a trial. The {term}`score` of this book does that already, because it
# averages the probabilities over all windows of a trial. *Order* adds
# something only if the {term}`classes <class>` differ in how a feature
# changes, and not just in its level. The simulated people of this project have
# no such difference: their response to a film sets in after a few seconds and
# then stays.
#
# ## Does order help here?
#
# Train three networks on the same trials: one that reads single windows, one
# that averages, and an LSTM. Whole trials, {term}`stimuli <stimulus>` or
# {term}`subjects <subject>` are held out, as the {term}`study` asks. There are
# two {term}`folds <fold>` and three random seeds. To train in
# seconds, one small layer replaces the {term}`convolutions <convolution>`.

# %%
every = -(-len(groups) // 1000)  # at most 1,000 groups, evenly spaced
use = groups[::every]
use = use[table[task].to_numpy()[use[:, 0]] >= 0]  # with a label
rows = table.iloc[use[:, 0]].reset_index(drop=True)
x = maps[use].reshape(len(use), size, -1)  # (group, window, number)
y = rows[task].to_numpy()
n_classes = len(this_study.tasks[task].classes)
protocol = this_study.attribution_protocol or "trial_grouped"
folds = PROTOCOLS[protocol](rows, n_folds=2, seed=0, tasks=[task])
folds = list(folds)

# %%
readers = {
    "one window": layers.Flatten,
    f"average of {size}": layers.GlobalAveragePooling1D,
    f"LSTM over {size}": lambda: layers.LSTM(16),
}
one, average, lstm = readers
order = rng.permuted(np.tile(np.arange(size), (len(x), 1)), axis=1)
given = {"": x, ", shuffled": np.take_along_axis(x, order[..., None], axis=1)}


def network_of(name, seed):
    keras.utils.set_random_seed(seed)
    shape = 1 if name == one else size, x.shape[-1]
    return network(readers[name](), *shape, n_classes, rate=0.05)


# %%
parts = []
for name in readers:
    model = network_of(name, 0)
    shape = model.input_shape[1:]
    for seed, (number, fold) in product(range(3), enumerate(folds)):
        model.set_weights(network_of(name, seed).get_weights())
        known = np.concatenate([fold.train, fold.validation])
        each = x[known].reshape(-1, *shape)  # single windows, or groups
        label = np.repeat(y[known], len(each) // len(known))
        model.fit(each, label, batch_size=64, epochs=4, verbose=0)
        who = {"protocol": protocol, "fold": number, "repeat": seed}
        of, truth = rows.iloc[fold.test], y[fold.test]
        for suffix, test in given.items():
            test = test[fold.test].reshape(-1, *shape)
            p = model.predict_on_batch(test)
            p = p.reshape(len(truth), -1, n_classes).mean(axis=1)
            who["stage"] = name + suffix
            parts.append(predictions_of(of, task, truth, p, **who))
predictions = pd.concat(parts, ignore_index=True)

# %% [markdown]
# ## Scores and their differences
#
# The score of a trial comes from its mean probabilities. {term}`Balanced
# accuracy <balanced accuracy>` is the mean over the classes of the proportion
# of correctly classified trials. It is computed for each person, fold and
# seed, then averaged. The figure below shows the scores.

# %%
columns = [name for name in predictions if name.startswith("probability")]
unit = ["stage", "repeat", "fold", "subject"]
p = predictions.groupby([*unit, "label", "trial"])[columns].mean()
p.insert(0, "class 0", 1 - p.sum(axis=1))  # the table leaves it out
correct = p.to_numpy().argmax(axis=1) == p.index.get_level_values("label")
right = pd.Series(correct, p.index)
by_class = right.groupby([*unit, "label"]).mean()
values = by_class.groupby(unit).mean()
whole = by_class.groupby(unit).size() == n_classes  # all classes are there
per_subject = values.where(whole).groupby(["stage", "subject"]).mean()
scores = {name: per_subject[name] for name in predictions["stage"].unique()}

# %%
pairs = [(one, average), (average, lstm), (f"{lstm}, shuffled", lstm)]
counts = counts_by_seed(predictions)
found = {}
for first, second in pairs:
    sides = (counts[protocol, name, task] for name in (first, second))
    found[first, second] = compare(*sides)
    np.testing.assert_allclose(
        found[first, second].by_subject["difference"],
        scores[second] - scores[first],
        atol=1e-9,
    )

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(5.6, 2.4))
points = score_plots.tidy({name: scores[name].dropna() for name in readers})
score_plots.rows(
    ax,
    points,
    estimates=points.groupby("row", sort=False, as_index=False)[
        "value"
    ].mean(),
    label=f"balanced accuracy of {task} (0 to 1)",
    chance=1 / n_classes,
)
told = ", ".join(f"{name} {scores[name].mean():.2f}" for name in readers)
n_trials = rows.groupby(["subject", "trial"]).ngroups
Picture(
    fig,
    alt=f"Mean balanced accuracy of trials: {told}.",
    caption=f"Subjects: {rows['subject'].nunique()}; trials: {n_trials}; "
    f"groups: {len(use):,}; protocol: {protocol_name(protocol)}. A circle "
    "is a subject, averaged over seeds, and the diamond is the mean.",
)

# %% [markdown]
# *Shuffled* is the same trained LSTM, given the windows of each test group in
# random order. If the LSTM has learnt something from the order, shuffling must
# cost it accuracy.

# %% tags=["remove-input"]
differences = pd.DataFrame(
    {
        f"{second} minus {first}": {
            "difference": 100 * each.value,
            "low": 100 * each.low,
            "high": 100 * each.high,
        }
        for (first, second), each in found.items()
    }
).T
Table(
    differences.round(1)
    .add(0.0)
    .map("{:+.1f}".format)
    .replace("+nan", "none"),
    caption="Differences of balanced accuracy in percentage points, with 95 % "
    "intervals from a bootstrap",
)

# %% tags=["remove-input"]
ends = differences[["low", "high"]].dropna()
clear = int(((ends["low"] > 0) | (ends["high"] < 0)).sum())
half = (ends["high"] - ends["low"]).max() / 2
say(
    f"Intervals that exclude zero: {clear} of {len(ends)}."
    if len(ends)
    else "There is no interval.",
    f"A difference smaller than about {half:.0f} points would often be missed."
    if len(ends)
    else "",
    "The bootstrap resamples people and stimuli, or the trials of a single",
    "person, and takes the trained networks as they are.",
)

# %% [markdown]
# ## What may you conclude?
#
# You may conclude whether these small networks showed a difference on these
# few trials, and how large it would have to be. You may not conclude that time
# is unimportant. That claim needs networks of full width, trained to the end,
# with many more trials and more seeds.
#
# ## What others report
#
# 4D-CRNN reads four {term}`planes <plane>`, which are differential entropy in
# four bands, of six windows. It has an LSTM of 128 units and one network for
# each {term}`task`. Its authors trained it for 100 {term}`epochs <epoch>` of
# training in five folds and without {term}`validation data`, so no fold chose
# when to stop {cite:p}`shen2020`.

# %% tags=["hide-input"]
figures = published()
systems = figures["system"].isin(["4D-CRNN", "MT-CNN"])
chosen = ["", "single frames pooled", "6 frames before fine-tuning"]
reported = figures[systems & figures["variant"].isin(chosen)]
named = reported.set_index("system")[["variant", "valence", "arousal"]]
Table(
    named.assign(
        **{
            name: named[name].map("{:.2f}".format)
            for name in ("valence", "arousal")
        }
    ),
    caption="Published accuracies on DEAP, in percent. Windows of one trial "
    "are in training and test. A frame is a window",
)

# %% tags=["remove-input"]
pooled = figures.query("system == 'MT-CNN'").set_index("variant")
gain = {
    name: pooled.loc[chosen[2], name] - pooled.loc[chosen[1], name]
    for name in ("valence", "arousal")
}
say(
    f"In MT-CNN, six windows score {gain['valence']:.1f} (valence) and",
    f"{gain['arousal']:.1f} points (arousal) higher than one.",
)

# %% [markdown]
# One explanation needs no emotion. Averaging removes what changes within a
# trial and keeps the level of the trial. Since windows of the same trial are
# in training and test, trials become easier to recognise. The published
# figures cannot tell whether this is the reason.
#
# ## Check yourself
#
# **1.** A network averages the embeddings of six windows. Can it have learnt
# that a feature rises within these windows?
#
# ```{dropdown} Answer
# No. Rising and falling windows have the same average. It can use how large a
# feature is on average and, since each embedding is computed before the
# average, how often the feature is large. It cannot use when.
# ```
#
# **2.** You split each trial into groups of six windows and assign whole
# groups to training and test at random. Are the two sets independent?
#
# ```{dropdown} Answer
# No. Both sets contain groups of the same trial. These share the level and the
# label of the trial, and neighbouring groups share the filter's response.
# ```
#
# ## Exercises
#
# **Exercise 1.** What proportion of the study's windows is left over for
# groups of different sizes?
#
# ```{dropdown} Hint
# A trial of $n$ windows has `n % size` windows left over. `of_trial` has the
# rows of each trial.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 1
longest = max(map(len, of_trial.values()))
sizes = [n for n in (4, 7, 11) if n <= longest]
left_over = {f"groups of {n}": ... for n in sizes}

# %% tags=["hide-cell", "solution"]
# Each trial loses its own remainder, so sum the remainders over the trials.
longest = max(map(len, of_trial.values()))
sizes = [n for n in (4, 7, 11) if n <= longest]
lengths = np.array([len(each) for each in of_trial.values()])
left_over = {f"groups of {n}": (lengths % n).sum() / len(table) for n in sizes}

# %% tags=["check", "hide-input"]
check(
    left_over,
    {
        f"groups of {n}": 1 - group_windows(table, n).size / len(table)
        for n in sizes
    },
    atol=1e-9,
)

# %% [markdown]
# **Exercise 2.** Suppose that a proportion $a = 0.2$ of the variance is common
# to a trial, and nothing else is shared. How many independent windows are 6,
# 24 and 1,000 windows of one trial worth? What is the limit?
#
# ```{dropdown} Hint
# The correlation is $a$ at all lags except 0. The function `worth` takes an
# array that begins with lag 0.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 2
a = 0.2
of_many = {"6": ..., "24": ..., "1000": ..., "limit": ...}

# %% tags=["hide-cell", "solution"]
# The variance of the mean is a + (1 - a) / n. The first part stays however
# many windows are averaged, so no number of windows is worth more than 1 / a.
a = 0.2
of_many = {
    str(n): worth(np.r_[1, np.full(n - 1, a)], n) for n in (6, 24, 1000)
}
of_many["limit"] = 1 / a

# %% tags=["check", "hide-input"]
exact = {str(n): 1 / (a + (1 - a) / n) for n in (6, 24, 1000)}
wrong = {str(n): n * (1 - a) for n in (6, 24, 1000)} | {"limit": 1 / a}
check(
    of_many,
    exact | {"limit": 1 / a},
    slips={
        "The shared part does not average out: the variance of the mean is "
        "a + (1 - a) / n.": {str(n): n * (1 - a) for n in (6, 24, 1000)}
        | {"limit": 1 / a}
    },
)

# %% [markdown]
# **Exercise 3.** Keras starts the bias of the forget gate at 1. With all other
# weights at zero, how much of what the first of six windows writes is still in
# the cell after the last? Compare with a bias of 0 and of 3.
#
# ```{dropdown} Hint
# The cell is multiplied by the forget gate once for each later window.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 3
kept = {f"bias {b}": ... for b in (0, 1, 3)}

# %% tags=["hide-cell", "solution"]
# Each of the five later windows multiplies the cell by f = σ(b). A positive
# bias lets a fresh LSTM remember until training tells it what to forget.
kept = {f"bias {b}": expit(b) ** 5 for b in (0, 1, 3)}

# %% tags=["check", "hide-input"]
check(
    kept,
    {f"bias {b}": (1 + np.exp(-b)) ** -5.0 for b in (0, 1, 3)},
    slips={
        "The first window is not forgotten while it is written: five later "
        "windows follow.": {f"bias {b}": expit(b) ** 6 for b in (0, 1, 3)},
    },
)

# %% [markdown]
# ## Conclusion
#
# Several windows can be averaged, which discards their order, or read by an
# LSTM, which can use it. What you gain depends on what the windows share.
# Within a trial they steady each other. About new trials they say less than
# their number suggests, because all of them share the level and the label of
# the trial. Order can add what levels do not contain. To find out, hold out
# trials, use several seeds, and shuffle time as a control.
#
# ## Where to read on
#
# - The network: {cite:t}`shen2020`. Averaging instead: {cite:t}`rudakov2021`.
# - Similar windows, and what they do to scores: {cite:t}`xu2024`, and
#   [What a score means](09_what_a_score_means).
# - The same with your own recordings: [Your own data](12_your_own_data).
#
# ## Provenance

# %% tags=["remove-input"]
inputs = this_study.reader.sources(this_study.recordings_root, subject)
provenance(this_study, inputs)
