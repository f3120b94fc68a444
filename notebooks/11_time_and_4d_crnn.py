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
# ## What you will learn
#
# - how several windows enter a network together, and which may not;
# - why an average cannot know the order of windows, and how an LSTM reads them in order;
# - how alike neighbouring windows are, and how many independent ones a group is worth;
# - a small measured comparison of one window, six averaged and six in order, and its limits.
#
# **Time.** About 20 minutes, and half an hour for the exercises.
#
# **What you need.** [The CNN, layer by layer](06_cnn_layer_by_layer) and
# [Pooled and fine-tuned](08_pooled_and_fine_tuned). What a filter remembers is from
# [Band filtering](02_band_filtering).
#
# **The question.** *Half a second is short. Does a network that reads three seconds in a row know
# more about a trial?*

# %%
from dataclasses import replace

import numpy as np
import pandas as pd
from IPython.display import display

from emolib.book.provenance import provenance
from emolib.evaluation.literature import published
from emolib.features import extraction as features
from emolib.figures import benches
from emolib.figures.display import Table, say, use_style
from emolib.lessons import light_comparison, lstm, paired_stages, time_structure
from emolib.lessons import time_pictures as pictures
from emolib.model import networks as model
from emolib.model.training import SMALL_WIDTH, small_training
from emolib.splits.folds import group_windows
from emolib.splits.protocols import protocol_name
from emolib.study import stages
from emolib.study.study import load

# %% tags=["parameters"] needs="features"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None takes the first whose recording can be used

# %%
use_style()
this_study = load(study)
subject = subject or stages.first_valid(this_study)
recording = stages.recording(this_study, subject)
sfreq, tasks = recording.attrs["sfreq"], list(this_study.tasks)
window_seconds = this_study.features.window_seconds
maps, table = stages.load_windows(this_study)  # a brain map a window, and whose it is

# %% [markdown]
# ## Six windows in a row
#
# So far one {term}`window` gave one {term}`brain map`, and one map gave one {term}`prediction`.
# Both published networks can also read several neighbouring windows together. MT-CNN takes 1
# to 6 of them {cite:p}`rudakov2021`; its predecessor 4D-CRNN reads six, that is three seconds
# {cite:p}`shen2020`. (Four dimensions: two on the scalp, the bands, and time.)
#
# The windows of a group must come from one {term}`trial`. A group across two trials would join
# the end of one film to the start of another, and it would have two {term}`labels <label>`. What is
# left over at a trial's end is dropped.

# %%
size = 6
groups = group_windows(table, size)  # row numbers, (group, window)
of_trial = table[["subject", "trial"]].to_numpy()[groups]  # (group, window, 2)
assert (of_trial == of_trial[:, :1]).all(), "a group spans two trials"
left_over = len(table) - groups.size

# %% tags=["remove-input"]
n_windows = int(table.groupby(["subject", "trial"], sort=False).size().iloc[0])
display(pictures.groups(n_windows, size, window_seconds=window_seconds))
say(
    f"The study's {len(table):,} windows make **{len(groups):,} groups of {size}**, none of them",
    f"in two trials; {left_over:,} windows ({left_over / len(table):.1%}) are left over.",
)

# %% [markdown]
# There are six times fewer groups than windows, and as many trials as before.
#
# ## An average has no order
#
# In MT-CNN the same layers turn each window of a group into an {term}`embedding`, a row of numbers.
# The embeddings are averaged,
#
# $$e = \frac1W \sum_{t=1}^{W} f(x_t),$$
#
# and the {term}`heads <head>` read $e$. A sum does not depend on the order of its terms. So the
# answer cannot, whatever the weights are. 4D-CRNN has the same layers in front, but then an
# {term}`LSTM`, which reads the embeddings one after another. Its answer *can* depend on the order.
#
# Let us see that in two untrained networks of an eighth of the published width: some groups of
# windows, each in its own order and in twenty others.

# %%
light = model.ModelSettings(
    width=SMALL_WIDTH, planes=maps.shape[-1], windows=size, batch_norm=False,
    dropout=0.0, tasks=this_study.model_settings.tasks,
)  # fmt: skip
averaging, reading = model.build(light), model.build(replace(light, network="crnn"))
rng = np.random.default_rng(0)
some = rng.choice(len(groups), size=min(6, len(groups)), replace=False)
some = maps[groups[np.sort(some)]]
shuffles = [rng.permutation(size) for _ in range(20)]
answers = {}
for name, network in [("MT-CNN", averaging), ("4D-CRNN", reading)]:
    given = [np.asarray(network(some[:, p])[tasks[0]])[:, 1] for p in [np.arange(size), *shuffles]]
    answers[name] = given[0], np.array(given[1:])

# %% tags=["remove-input"]
second = this_study.tasks[tasks[0]].classes[1]
pictures.orders(answers, label=f"probability of {second} {tasks[0]}")

# %% tags=["remove-input"]
moved = {name: np.abs(other - own).max() for name, (own, other) in answers.items()}
say(
    f"Another order moves the answer of MT-CNN by at most {moved['MT-CNN']:.0e}, a matter of",
    f"rounding, and that of 4D-CRNN by up to {moved['4D-CRNN']:.3f}.",
)

# %% [markdown]
# That order *can* matter does not say that it does, nor that it helps.
#
# ## An LSTM, by hand
#
# *Long short-term memory* is a layer with a notebook. It reads vectors $x_1, x_2, \dots$ and keeps
# two rows of numbers from one to the next: the *cell* $c$, which is its memory, and the *state*
# $h$, which is what it tells others. At each step it looks at the new input $x$ and at its last
# state $h$, and computes four rows, each with weights $W$, $U$ and $b$ of its own:
#
# $$\begin{aligned}
# i &= \sigma(W_i x + U_i h + b_i) && \text{input gate: how much to write} \\
# f &= \sigma(W_f x + U_f h + b_f) && \text{forget gate: how much of the memory to keep} \\
# g &= \tanh(W_g x + U_g h + b_g) && \text{proposal: what to write} \\
# o &= \sigma(W_o x + U_o h + b_o) && \text{output gate: how much of the memory to tell}
# \end{aligned}$$
#
# $\sigma(z) = 1 / (1 + e^{-z})$ lies between 0, a shut gate, and 1, an open one; $\tanh$ between -1
# and 1. Then, number by number,
#
# $$c \leftarrow f\, c + i\, g, \qquad h \leftarrow o \tanh(c).$$
#
# After the last window, the heads read $h$. We take the layer out of the untrained 4D-CRNN, give it
# six vectors of random numbers instead of embeddings, and follow one of its units step by step with
# four lines of NumPy.

# %%
layer = reading.get_layer("embedding")
weights = lstm.LstmWeights(*(np.asarray(values) for values in layer.get_weights()))
inputs = rng.normal(size=(size, len(weights.kernel))).astype("float32")
steps = lstm.lstm_steps(inputs, weights)
by_keras = np.asarray(layer(inputs[None]))[0]
difference = np.abs(by_keras - steps[-1].state).max()

# %% tags=["remove-input"]
columns = ["input gate", "forget gate", "proposal", "output gate", "cell", "state"]
rows = pd.DataFrame([[values[0] for values in step] for step in steps], columns=columns)
rows.index = [f"window {i}" for i in range(1, size + 1)]
display(Table(rows.map("{:+.3f}".format), caption="The first unit of the LSTM, window by window"))
say(
    f"Check a row: the cell of window 2 is {rows.iloc[1, 1]:.3f} x {rows.iloc[0, 4]:.3f} +",
    f"{rows.iloc[1, 0]:.3f} x {rows.iloc[1, 2]:.3f} = {rows.iloc[1, 4]:.3f}. All",
    f"{len(by_keras)} last states agree with those of Keras' own layer within {difference:.0e}.",
)

# %% [markdown]
# The forget gate is the heart of it. If it were shut, the memory would hold the last window alone;
# if all gates stayed open, the cell would be a sum over windows and order would hardly matter. In
# between, a trained layer may react to *changes*: to a feature that rises within three seconds,
# say. Here are three units to touch, which read two of the random numbers.

# %% tags=["hide-input"]
benches.TimeBench(inputs[:, :2], ["first number", "second number"])

# %% [markdown]
# ## What neighbours share
#
# Is there anything in the course of three seconds to be read? First: how much does a window tell
# that its neighbour does not? We take one {term}`feature`, {term}`differential entropy` as it comes
# from the filter (nothing subtracted, no {term}`z-score`), and correlate each window with later
# ones of the same trial. Once each trial's own mean is taken away, so that only changes *within*
# trials count. Once one mean for all trials is taken away, so that the level of each trial is left
# in. And once there is *white noise* instead of a recording, in which no sample knows of any other.

# %%
raw = replace(this_study.features, kinds=("de",), baseline="none", normalise="none")
noise = recording.assign(eeg=recording["eeg"].copy(data=rng.normal(size=recording["eeg"].shape)))
entropy = {}
for name, data in [("data", recording), ("noise", noise)]:
    of = features.extract_features(data, raw)["feature"].isel(kind=0)
    entropy[name] = of.isel(window=of["i_window_in_trial"] > 0)  # the first is too quiet
n_lags = min(24, n_windows // 2)

# %%
curves, formulas = {}, {}
for band in raw.bands:
    own, of_noise = (entropy[name].sel(band=band.name) for name in ("data", "noise"))
    trial, correlate = own["trial"].to_numpy(), time_structure.window_correlation
    curves[band.name] = {
        pictures.WITHIN: correlate(own.to_numpy(), trial, n_lags),
        pictures.ACROSS: correlate(own.to_numpy(), trial, n_lags, about="all"),
        pictures.NOISE: correlate(of_noise.to_numpy(), trial, n_lags, about="all"),
    }
    formulas[band.name] = time_structure.noise_correlation(
        sfreq, band, n_lags, window_seconds=window_seconds, filtering=raw.filtering
    )

# %% tags=["remove-input"]
pictures.correlations(curves, formulas, window_seconds=window_seconds)

# %% [markdown]
# Three things are seen, one on top of the other.
#
# - *The filter's memory.* Even for noise, neighbours are not quite independent, since a causal
#   filter still rings with what came before. The crosses follow from its impulse response: with
#   $r(m) = \sum_k h_k h_{k+m}$, the energies of two windows of $N$ samples that lie $k$ windows
#   apart have a covariance proportional to $\sum_m (N - |m|)\, r(kN + m)^2$, and their
#   logarithms correlate nearly as much. After a second it is gone.
# - *Slow changes within a trial*, such as the drift of a rhythm over some seconds. (The curve ends
#   a little below zero: once a mean is taken away, what lies above needs something below.)
# - *The trial's level*: what all windows of a trial have in common, and what does not fade with
#   distance. By it a window can be recognised as one of its trial.
#
# How much does a group of windows tell, then? The mean of $W$ values with the correlations $\rho_k$
# varies as much as that of
#
# $$W_\text{eff} = \frac{W}{1 + 2 \sum_{k<W} (1 - k/W)\, \rho_k}$$
#
# independent values.

# %%
worth = {
    band: {name: time_structure.effective_windows(values, size) for name, values in lines.items()}
    for band, lines in curves.items()
} if n_lags >= size - 1 else {}  # fmt: skip

# %% tags=["remove-input"]
of = pd.DataFrame(worth).T
caption = f"How many independent windows the mean of {size} neighbouring ones is worth"
display(
    Table(of.map("{:.1f}".format), caption=caption) if worth else say("The trials are too short.")
)

# %% tags=["remove-input"]
if worth:
    low, high = of.min(), of.max()
    text = f"""Averaging {size} windows of noise is as good as {low[pictures.NOISE]:.1f} or more
    independent ones. In this recording it averages away changes within the trial as
    {low[pictures.WITHIN]:.1f} to {high[pictures.WITHIN]:.1f} would. But if the trials' levels count
    as noise, as they do when new trials are to be judged, it is worth {low[pictures.ACROSS]:.1f} to
    {high[pictures.ACROSS]:.1f}: **more windows of one trial are not more trials.**"""
    display(say(text))

# %% [markdown]
# So what can time add? *Averaging* more windows steadies a prediction against whatever changes
# within a trial. But the {term}`score` of this book does that already: it judges a trial by the
# mean over all its windows' probabilities. *Order* can add something if {term}`classes <class>`
# differ in how a feature changes over three seconds, and not only in its level.

# %% tags=["remove-input"]
if this_study.simulation is not None:
    display(
        say(
            "In this study's simulated people they do not: what follows a rating sets in during",
            "the first 3 to 7 s of a trial and then stays. There is next to nothing in the order",
            "to find.",
        )
    )

# %% [markdown]
# ## A small comparison
#
# Three networks with the same layers in front, trained on the same trials, each with three training
# seeds. They are small and see few data, so that this page is made in seconds.

# %%
settings = {
    "one window": replace(light, windows=1),
    f"average of {size}": light,
    f"LSTM over {size}": replace(light, network="crnn"),
}
networks = {
    name: light_comparison.LightNetwork(
        each, small_training(each, epochs=4), shuffle=each.network == "crnn"
    )
    for name, each in settings.items()
}
rows = light_comparison.thin_out(table, windows=size, most_windows=1000)
few = table.iloc[rows].reset_index(drop=True)
protocol = this_study.attribution_protocol or "trial_grouped"  # the study's first honest one

# %% tags=["remove-input"]
n_trials = few.groupby(["subject", "trial"]).ngroups
say(
    f"Data: {few['subject'].nunique()} subjects, {n_trials} trials, {len(few):,} of",
    f"{len(table):,} windows (whole groups of {size}, evenly spaced). Protocol:",
    f"{protocol_name(protocol)}, two folds. Networks: an eighth of the published width,",
    "without batch normalisation and dropout (as 4D-CRNN), all heads at once; at most 4 epochs of",
    "Adam with early stopping; as many windows in a batch, and so as many steps, for each.",
)

# %%
predictions = light_comparison.train_light(
    networks, maps[rows], few, protocol=protocol, tasks=tasks, n_folds=2
)
scores = paired_stages.subject_scores(predictions)

# %% tags=["remove-input"]
chance = {name: 1 / len(task.classes) for name, task in this_study.tasks.items()}
pictures.comparison(scores, list(predictions["stage"].unique()), chance=chance)

# %% [markdown]
# *Shuffled* is the same trained LSTM, but at test the windows of each group come in random order.
# If it has learnt something from order, that should cost it. Differences of subjects, averaged over
# the seeds; intervals come from drawing subjects and {term}`stimuli <stimulus>` again:

# %%
one, averaged, ordered = networks
pairs = [(one, averaged), (averaged, ordered), (f"{ordered}, shuffled", ordered)]
found = {
    (task, *pair): paired_stages.difference(predictions, *pair, protocol=protocol, task=task)
    for task in tasks
    for pair in pairs
}

# %% tags=["remove-input"]
differences = paired_stages.differences_table(found)
differences.insert(0, "task", [task for task, _, _ in found])
differences.index = [f"{second}, less {first}" for _, first, second in found]
caption = "Balanced accuracy of trials in percent, differences in points"
display(Table(differences, caption=caption))
say(paired_stages.verdict(found))

# %% [markdown]
# What may be said? That of these small networks on these few trials a difference was, or was not,
# detected, and how large it would have to be to be seen. Not that time does not matter. To say
# more, a comparison needs the networks at full width and trained to their end, many more trials and
# more seeds. And where several intervals stand on a page, one in twenty may miss zero by chance.
#
# ## What others report
#
# 4D-CRNN reads four planes ({term}`differential entropy` in four bands) of six windows; it has an
# LSTM of 128 units and one task a network. It was trained with Adam for 100 epochs, in five folds,
# without {term}`validation data`, so that no fold chose an epoch {cite:p}`shen2020`.

# %%
figures = published()
chosen = ["", "single frames pooled", "6 frames before fine-tuning"]
networks_there = figures["system"].isin(["4D-CRNN", "MT-CNN"]) & figures["variant"].isin(chosen)
field = (figures["system"] == "the field on DEAP") & (figures["protocol"] == "trial_grouped")
reported = figures[networks_there | field].set_index("system")
reported["protocol"] = [protocol_name(name) for name in reported["protocol"]]
reported = reported[["variant", "protocol", "valence", "arousal"]]

# %% tags=["remove-input"]
Table(
    reported,
    caption="Published accuracies on DEAP, in percent of windows or groups",
    css="emolib-wide",
)

# %%
pooled = figures[figures["system"] == "MT-CNN"].set_index("variant")[["valence", "arousal"]]
more = pooled.loc["6 frames before fine-tuning"] - pooled.loc["single frames pooled"]

# %% tags=["remove-input"]
say(
    "Where windows of one trial are on both sides, six windows score higher than one, by",
    f"{more['valence']:.1f} (valence) and {more['arousal']:.1f} points (arousal) in MT-CNN. What",
    "windows share offers one reason that needs no emotion: averaging removes what changes within",
    "a trial and leaves the trial's level, so trials become easier to recognise. Whether that is",
    "the reason, these figures cannot tell.",
)

# %% [markdown]
# ## Check yourself
#
# **1.** A network averages the embeddings of six windows. May it have learnt that a feature rises
# within these three seconds?
#
# ```{dropdown} Answer
# No. Rising and falling windows give the same average. It can use how large a feature is on
# average and, since each embedding is computed before averaging, how often it is large; never when.
# ```
#
# **2.** Somebody cuts each trial into groups of six windows and deals whole groups to training and
# test at random. Are test and training independent?
#
# ```{dropdown} Answer
# No. Groups of one trial are on both sides. They share the trial's level and its label, and
# neighbours share the filter's memory as well.
# ```
#
# ## Exercises
#
# **Exercise 1.** How many windows are left over for groups of 1 to 12, in percent?

# %% tags=["hide-cell", "solution"]
for n in range(1, min(12, n_windows) + 1):
    rest = len(table) - group_windows(table, n).size
    print(f"groups of {n}: {rest} left over, {rest / len(table):.1%}")

# %% [markdown]
# **Exercise 2.** How many independent windows are 2, 4, 8 and 16 neighbouring ones worth in the
# slowest band, within trials and with the trials' levels left in? Which of the two has a limit?

# %% tags=["hide-cell", "solution"]
slowest = curves[raw.bands[0].name]
for n in (2, 4, 8, 16):
    if n <= n_lags:
        within, across = (time_structure.effective_windows(slowest[name], n)
                          for name in (pictures.WITHIN, pictures.ACROSS))  # fmt: skip
        print(f"{n} windows: worth {within:.1f} within trials, {across:.2f} with their levels")
# With a share a of the variance common to a trial, never more than 1 / a.

# %% [markdown]
# **Exercise 3.** Keras starts the forget gate's bias with 1. Without any other weight, how much of
# what the first window writes is left after six windows? And with a bias of 0, or of 3?

# %% tags=["hide-cell", "solution"]
for bias in (0.0, 1.0, 3.0):
    nothing = lstm.LstmWeights(np.zeros((1, 4)), np.zeros((1, 4)), np.array([0, bias, 0, 0]))
    cell = np.ones(1)  # after the first window
    for _ in range(size - 1):
        cell = lstm.lstm_step(np.zeros(1), np.zeros(1), cell, nothing).cell
    print(f"bias {bias:g}: {cell[0]:.1%} left")

# %% [markdown]
# ## Conclusion
#
# Several windows can be averaged, which forgets their order, or read by an LSTM, which need not.
# What is to be gained depends on what windows share. Within a trial they steady each other; about
# new trials they say less than their number suggests, since a trial's level and label are common to
# all. Order can add what levels cannot say, if it is there. To find out takes held-out trials,
# several seeds, and a comparison that shuffles time.
#
# ## Where to read on
#
# - The network: {cite:t}`shen2020`; averaging instead: {cite:t}`rudakov2021`.
# - Windows that resemble each other, and what that does to scores: {cite:t}`xu2024`, and
#   [What a score means](09_what_a_score_means).
# - The same with your own recordings: [Your own data](12_your_own_data).
#
# ## Provenance

# %% tags=["remove-input"]
inputs = this_study.reader.sources(this_study.recordings_root, subject)
provenance(this_study, inputs)
