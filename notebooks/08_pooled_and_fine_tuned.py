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
# # Pooled and fine-tuned
#
# Each line in the figure below is a network that tosses a coin for every one
# of 40 test {term}`trials <trial>`, again in each of 20 passes of training.
# Rings mark the best pass of each network, the one that would be reported.
# **No network knows anything. Why is every reported accuracy above 50 %?**

# %% tags=["parameters", "remove-input"] needs="scores"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None: the first that can be used

# %% tags=["hide-input"]
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display
from scipy import integrate, stats

from emolib.book.answers import check
from emolib.book.provenance import provenance
from emolib.book.sentences import intervals_sentence
from emolib.errors import SettingsError
from emolib.evaluation.comparison import MIN_SEEDS, compare, counts_by_seed
from emolib.evaluation.literature import (
    FINE_TUNING_POINTS,
    published,
    trainings,
)
from emolib.evaluation.scores import with_interval
from emolib.features import extraction
from emolib.figures import benches
from emolib.figures import display as shown
from emolib.figures import scores as score_plots
from emolib.figures.display import Picture, Table, say
from emolib.grid import to_brain_maps

# %% tags=["hide-input"]
from emolib.model.networks import build
from emolib.model.settings import TrainingSettings
from emolib.model.training import train_fold
from emolib.recordings import simulated
from emolib.recordings.labels import Task, window_table
from emolib.splits.folds import group_windows, has_folds
from emolib.splits.protocols import (
    HELD_OUT,
    LEAKING,
    leave_subjects_out,
    protocol_name,
    trial_grouped,
    window_wise,
)
from emolib.study import stages
from emolib.study.networks import replay_bench
from emolib.study.study import load

import keras  # isort: skip

shown.use_style()

# %% tags=["hide-input"]
coins = np.random.default_rng(2).binomial(40, 0.5, size=(6, 20)) / 40
fig, ax = plt.subplots(figsize=(5.6, 2.8))
passes = np.arange(1, 21)
for line in 100 * coins:
    ax.plot(passes, line, "-", color=shown.GREY, linewidth=0.8)
    look = {"color": shown.RED, "markersize": 9, "markeredgewidth": 1.6}
    at = line.argmax()
    ax.plot(passes[at], line[at], "o", markerfacecolor="none", **look)
ax.axhline(50, color=shown.DARK, linestyle=":")
ax.set(xlabel="epoch of training", ylabel="test accuracy (%)")
ax.set_xticks([1, 5, 10, 15, 20])
best = 100 * coins.max(axis=1)
Picture(
    fig,
    alt=f"Accuracies of {len(coins)} networks that toss coins scatter around "
    f"50 %. Their best passes reach {best.min():.0f} to {best.max():.0f} %.",
    caption="Six networks without any knowledge. One epoch of training is one "
    "pass over the training data.",
)

# %% [markdown]
# ## What you will learn
#
# - how to train a network on everybody, then on one person, with two calls of
#   `fit`;
# - how a schedule halves the learning rate and ends the training;
# - by how much a score rises if the test set also chooses the epoch;
# - what had to change in the training for people who were held out;
# - what fine-tuning gained, in the paper and here, and what it could gain.
#
# **Time.** About 25 minutes, and half an hour for the exercises.
#
# **What you need.** [The multi-task loss](07_multi_task_loss), the
# {term}`protocols <protocol>` in [How to read this book](/how_to_read.md), and
# for one section the normal distribution.

# %% tags=["hide-input"]
this_study = load(study)
subject = subject or stages.first_valid(this_study)
histories = stages.histories(this_study)
predictions = stages.predictions(this_study)
outdated = len(histories) > 0 and "selection" not in histories
if outdated:
    histories = histories.iloc[:0]
maps, table = stages.load_windows(this_study)
tasks = list(this_study.tasks)
n_classes = {len(task.classes) for task in this_study.tasks.values()}
n_people, n_trials = table["subject"].nunique(), table.groupby("subject")
lacking = len(tasks) < 2 or n_classes != {2} or n_people < 3
lacking = lacking or n_trials["trial"].nunique().min() < 8
lacking = lacking or not has_folds(["leave_subjects_out"], table, 3)
if lacking:
    stand_in = simulated.SimulationSettings(n_trials=20, trial_seconds=20)
    two = {"valence": Task("valence"), "arousal": Task("arousal")}
    tasks, tables, loaded = list(two), [], []

# %% tags=["hide-input"]
for number in (1, 2, 3) if lacking else ():
    recording = simulated.simulate_subject(stand_in, number)[0]
    features = extraction.extract_features(
        recording, extraction.FeatureSettings()
    )
    tables.append(window_table(features, two))
    loaded.append(to_brain_maps(features).values)
if lacking:
    maps, table = np.concatenate(loaded), pd.concat(tables, ignore_index=True)
shortest = table.groupby(["subject", "trial"]).size().min()
together = min(-(-len(table) // 600), shortest)  # windows in one map
groups = group_windows(table, together)
maps = maps[groups].mean(axis=1)
table = table.iloc[groups[:, 0]].reset_index(drop=True)
of = table["subject"].to_numpy()
people = sorted(set(of))[:4]
small = replace(
    this_study.model_settings,
    **{"width": 1 / 8, "dropout": 0.0, "batch_norm": False, "windows": 1},
    **{"planes": maps.shape[-1], "network": "mt_cnn"},
    tasks=dict.fromkeys(tasks, 2),
)

# %% tags=["remove-input"]
notes = []
if outdated:
    notes.append(
        "The stored histories of this study were written by an older version "
        "of emolib, so they are not shown. Train the study again to see them."
    )
elif not len(histories):
    notes.append(
        "This study has no trained networks yet, so sections about its own "
        "networks are left out."
    )
if lacking:
    notes.append(
        "The networks on this page are trained on simulated recordings, "
        "because this study does not have three people with two tasks of "
        "two classes and at least eight trials each."
    )
if notes:
    display(shown.admonition("What this study lacks", *notes))

# %% [markdown]
# ## Three stages
#
# One network is trained on all {term}`subjects <subject>` together: it is
# {term}`pooled`. Further networks start from its weights and are
# {term}`fine-tuned` on the {term}`windows <window>` of one subject. First all
# {term}`heads <head>` are fine-tuned together. Then, *again from the pooled
# weights*, each head is fine-tuned alone, with a weight of 0 for the loss of
# the other. The figure below shows where each network starts.

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(5.6, 2.9))
box = {"boxstyle": "round,pad=0.4", "edgecolor": shown.BLUE}
arrow = {"arrowstyle": "->", "color": shown.GREY, "shrinkA": 4, "shrinkB": 4}
places = [(0.15, 1.5, "pooled:\nall subjects,\nall heads", "#CCDDEE")]
for i, who in enumerate((people[0], people[-1])):
    places.append((0.5, 0.4 + 2.2 * i, f"{who},\nall heads", "white"))
    for j, task in enumerate(tasks[:2]):
        y = 0.2 + 2.2 * i + 0.8 * j - 0.2
        places.append((0.88, y, f"{who}, {task}", "white"))
for x, y, text, ground in places:
    look = box | {"facecolor": ground}
    ax.text(x, y, text, ha="center", va="center", fontsize=9, bbox=look)
for x, y, _, _ in places[1:]:
    edge = x - 0.09 if x < 0.6 else x - 0.13
    ax.annotate("", (edge, y), (0.26, 1.5), arrowprops=arrow)
ax.set(xlim=(0, 1.02), ylim=(3.4, -0.4))
ax.set_axis_off()
Picture(
    fig,
    alt="Arrows lead from one pooled network to a network for each subject, "
    "and from the pooled network to a network for each subject and task.",
    caption="Each arrow leads from the weights with which a network starts. "
    "Two subjects stand for all. No fine-tuned network starts from another.",
)

# %% [markdown]
# In the paper {cite:p}`rudakov2021`, fine-tuning uses a smaller learning rate
# than pooled training, so that the network does not forget what all subjects
# have in common. The learning rate is the factor on each step of the
# optimiser, here Adam. Fine-tuning *adds no data*: the windows of the subject
# were in the training set of the pooled network already. Only their weight
# changes.

# %% tags=["remove-input"]
settings = this_study.training
rows = {
    "trained on": ["all subjects", "one subject", "one subject"],
    "heads": ["all", "all", "one"],
    "learning rate": [
        f"{settings.learning_rate:g}",
        f"{settings.fine_tuning_learning_rate:g}",
        f"{settings.single_task_learning_rate:g}",
    ],
    "networks per fold": [1, n_people, n_people * len(this_study.tasks)],
}
Table(
    pd.DataFrame(rows, index=["pooled", "fine-tuned, all", "fine-tuned, one"]),
    caption="The three stages with the settings of this study",
)

# %% [markdown]
# ## Stage 1: everybody
#
# Here are all three stages with a small network, for one {term}`fold` that
# holds out trials. `sample_weight` balances the {term}`classes <class>` and
# switches a head off, as in [the chapter before](07_multi_task_loss).

# %%
fold = next(iter(trial_grouped(table, n_folds=2, seed=0, tasks=tasks)))
keras.utils.set_random_seed(0)
model = build(small, seed=0)
model.compile(
    optimizer=keras.optimizers.Adam(),
    loss=dict.fromkeys(tasks, "sparse_categorical_crossentropy"),
)


def given(part, heads=tasks):  # maps, classes, weights
    part = np.resize(part, -(-len(part) // 16) * 16)  # full batches of 16
    classes, weights = {}, {}
    for task in tasks:
        label = table[task].to_numpy()[part]
        classes[task] = np.maximum(label, 0)
        n = np.bincount(label[label >= 0], minlength=2)
        balanced = n.sum() / (2 * np.maximum(n, 1))
        weights[task] = np.where(label >= 0, balanced[classes[task]], 0)
        weights[task] *= task in heads
    return maps[part], classes, weights


# %% slideshow={"slide_type": "slide"}
def start(weights, learning_rate):
    model.set_weights(weights)
    for variable in model.optimizer.variables:  # forget the last training
        variable.assign(np.zeros(variable.shape, variable.dtype))
    model.optimizer.learning_rate = learning_rate


n_epochs = 10
start(build(small, seed=0).get_weights(), 1e-3)
falling = keras.callbacks.LearningRateScheduler(
    lambda epoch, rate: 1e-3 * (1 - epoch / n_epochs)
)
x, classes, weights = given(fold.train)
model.fit(
    x,
    classes,
    sample_weight=weights,
    **{"epochs": n_epochs, "batch_size": 16, "verbose": 0},
    callbacks=[falling],
)
pooled = model.get_weights()

# %% [markdown]
# ## Stages 2 and 3: one person
#
# Each fine-tuning watches the loss on {term}`validation data`, other trials of
# the same person. `ReduceLROnPlateau` halves the learning rate, and
# `EarlyStopping` ends the training and brings the best weights back.


# %%
def fine_tune(who, heads, learning_rate):
    mine = fold.train[of[fold.train] == who]
    held_out = fold.validation[of[fold.validation] == who]
    start(pooled, learning_rate)
    x, classes, weights = given(mine, heads)
    halve = keras.callbacks.ReduceLROnPlateau(
        factor=0.5, patience=2, min_delta=0
    )
    stop = keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True)
    history = model.fit(
        x,
        classes,
        sample_weight=weights,
        validation_data=given(held_out, heads),
        validation_batch_size=16,
        **{"epochs": 20, "batch_size": 16, "verbose": 0},
        callbacks=[halve, stop],
    )
    return history.history


# %%
def trial_score(who, task):  # balanced accuracy of test trials
    p = model.predict(maps[fold.test], batch_size=len(fold.test), verbose=0)
    own = table.iloc[fold.test].assign(p=p[task][:, 1])
    own = own[(own["subject"] == who) & (own[task] >= 0)]
    trials = own.groupby("trial").agg(label=(task, "first"), p=("p", "mean"))
    right = (trials["p"] > 0.5) == trials["label"]
    return right.groupby(trials["label"]).mean().mean()


task = tasks[-1]
scores, watched = {}, {}
for who in people:
    model.set_weights(pooled)
    scores[who] = {"pooled": trial_score(who, task)}
    watched[who] = fine_tune(who, tasks, 1e-3 / 8)
    scores[who]["all heads"] = trial_score(who, task)
    fine_tune(who, [task], 1e-3 / 4)
    scores[who][f"{task} alone"] = trial_score(who, task)

# %% tags=["remove-input"]
frame = pd.DataFrame(scores).T
display(
    Table(
        frame.map("{:.2f}".format),
        caption=f"Balanced accuracy of test trials (chance: 0.5), {task}, "
        "before and after fine-tuning, one small network each",
    )
)
n_test = table.loc[fold.test].groupby("subject")["trial"].nunique().min()
say(
    f"Each score comes from some {n_test} trials of one person and from one",
    "training, so a single trial more or less changes it a lot. The",
    "{term}`balanced accuracy` is the mean of the proportions of correct",
    "trials in each class.",
)

# %% [markdown]
# ## The schedule as a loop
#
# The two callbacks need nothing but the list of validation losses. An
# {term}`epoch` is *better* if its loss is smaller than all before. After some
# epochs in a row that are not better, the rate is halved. After more of them,
# training stops, and the weights of the best epoch are kept. This is
# {term}`early stopping`.


# %% slideshow={"slide_type": "slide"}
def follow(losses, rate, halve_after, stop_after):
    best, since_best, since_fall, rates = np.inf, 0, 0, []
    for loss in losses:
        rates.append(rate)
        if loss < best:
            best, since_best, since_fall = loss, 0, 0
        else:
            since_best, since_fall = since_best + 1, since_fall + 1
        if since_best >= stop_after:
            break
        if since_fall >= halve_after:
            rate, since_fall = rate / 2, 0
    return rates


for history in watched.values():
    by_hand = follow(history["val_loss"], 1e-3 / 8, 2, 5)
    np.testing.assert_allclose(by_hand, history["learning_rate"], rtol=1e-5)

# %% [markdown]
# The package writes a history of every training. The loop must give the
# learning rates that are stored there, too.

# %%
halve_after = settings.lr_patience if settings.reduce_lr_on_plateau else 10**6
patience = (halve_after, settings.early_stopping_patience)
n_followed = 0
if len(histories):
    plateau = histories[histories["selection"] != "last"]
    key = ["protocol", "fold", "stage", "subject", "task"]
    for _, fit in plateau.groupby(key, dropna=False):
        by_accuracy = fit["selection"].iloc[0] == "balanced_accuracy"
        losses = fit["val_error" if by_accuracy else "val_loss"]
        used = fit["learning_rate"].to_numpy()
        by_hand = follow(losses, used[0], *patience)
        np.testing.assert_allclose(by_hand, used, rtol=1e-5)
        n_followed += 1
print(f"{n_followed} stored trainings follow these rules")

# %% [markdown]
# ## What patience does
#
# Play the loop on losses that are made up: a fall, a plateau and a slow rise,
# with noise. The figure below shows what it does.

# %%
epochs = np.arange(1, 61)
noise = np.random.default_rng(1).normal(0, 0.03, len(epochs))
rise = 0.006 * np.maximum(0, epochs - 18)
losses = 1.4 * np.exp(-epochs / 4) + 0.55 + rise + noise
rates = follow(losses, 1e-3, *patience)
kept = 1 + int(np.argmin(losses[: len(rates)]))

# %% tags=["hide-input"]
fig, axes = plt.subplots(2, 1, figsize=(5.6, 3.4), sharex=True)
ran = epochs[: len(rates)]
axes[0].plot(ran, losses[: len(rates)], "-", color=shown.GREY)
ring = {"color": shown.RED, "markersize": 9, "markerfacecolor": "none"}
axes[0].plot(kept, losses[kept - 1], "D", label="kept", **ring)
axes[0].set(ylabel="validation\nloss (nats)")
axes[0].legend()
axes[1].step(ran, rates, "-", where="mid", color=shown.OCHRE)
axes[1].set(xlabel="epoch of training", ylabel="learning rate")
axes[1].set_yscale("log", base=2)
levels = sorted(set(rates))
axes[1].set_yticks(levels, [f"{1e6 * rate:.0f}e-6" for rate in levels])
axes[1].minorticks_off()
Picture(
    fig,
    alt=f"Made-up losses fall, stay and rise. Epoch {kept} has the smallest, "
    f"{losses[kept - 1]:.2f} nats. The rate is halved {len(levels) - 1} "
    f"times, and training ends after {len(rates)} of {len(epochs)} epochs.",
    caption="Top: made-up validation losses. Bottom: the learning rate that "
    "follows from them, with the patience of this study.",
)

# %% [markdown]
# A smaller rate helps the network to settle near a minimum. Early stopping
# helps against *overfitting*: a network that is trained for too long fits its
# training data ever more closely and predicts everything else worse.
#
# If people are held out, the validation data are a few people, and the epoch
# that suits them best is largely a matter of chance. So this book trains the
# pooled networks of all protocols but the published one
# with a *fixed schedule*, as in stage 1: the number of epochs is set in
# advance, the rate falls in equal steps, and the last weights are kept.
#
# ## Learning curves
#
# A *learning curve* shows the training loss and the validation loss together.
# If whole trials or people are held out, the validation loss soon rises while
# the training loss falls: the network learns *its* trials by heart. If windows
# of one trial are in the training set and in the validation set, learning
# trials by heart lowers the validation loss too, so the rules see no reason to
# stop.

# %% tags=["remove-input"]
there = set(histories["protocol"]) if len(histories) else set()
curves = [name for name in HELD_OUT if name in there][:2]
pooled_fits = histories[histories["stage"] == "pooled"] if there else None
if curves:
    display(say("The figure below shows the curves of this study."))
display(
    score_plots.learning(pooled_fits, curves)
    if curves
    else say("(This study has no stored learning curves.)")
)

# %% [markdown]
# ## If the test set chooses the epoch
#
# Validation data choose an epoch, so they are no longer test data. In the
# published experiment, the test set *is* the validation set:

# %%
as_published = next(iter(window_wise(table, n_folds=2, seed=0, tasks=tasks)))
print(np.array_equal(as_published.validation, as_published.test))

# %% [markdown]
# By how much does this raise a {term}`score`? Let a network know nothing, like
# those in the first figure. With $N$ test {term}`predictions
# <prediction>`, the accuracy of one epoch has the mean 0.5 and the standard
# deviation $\sqrt{1 / 4N}$. If $n$ epochs are independent, the best of them
# has the expected accuracy
#
# $$\begin{aligned} &\tfrac12 + e_n \sqrt{1 / 4N}, \\
# &e_n = n \int x\, \varphi(x)\, \Phi(x)^{n-1}\, \mathrm{d}x, \end{aligned}$$
#
# where $e_n$ is the expected largest of $n$ standard normal numbers with the
# density $\varphi$ and the distribution function $\Phi$. Toss coins to check,
# and also let *other* data of the same size choose the epoch.


# %%
def expected_maximum(n):
    def weighted(x):
        return n * x * stats.norm.pdf(x) * stats.norm.cdf(x) ** (n - 1)

    return integrate.quad(weighted, -8, 8, limit=200)[0]


rng = np.random.default_rng(0)
rows = {}
for n, n_test in ((5, 40), (20, 40), (200, 40), (20, 960), (20, 30720)):
    test = rng.binomial(n_test, 0.5, size=(2000, n)) / n_test
    validation = rng.binomial(n_test, 0.5, size=(2000, n)) / n_test
    by_validation = test[np.arange(2000), validation.argmax(axis=1)]
    rows[f"{n} epochs, {n_test:,} predictions"] = {
        "formula": 0.5 + expected_maximum(n) * np.sqrt(0.25 / n_test),
        "chosen on test": test.max(axis=1).mean(),
        "on validation": by_validation.mean(),
    }

# %% tags=["remove-input"]
Table(
    pd.DataFrame(rows).T.map("{:.2%}".format),
    caption="Mean test accuracy of networks that know nothing",
)

# %% [markdown]
# With 40 predictions, choosing on test data turns guessing into a good score.
# With tens of thousands it adds hardly anything. Real epochs are not
# independent, since most predictions stay the same from one epoch to the next,
# so the formula gives an upper limit (exercise 2).
#
# ## A training replayed
#
# The bench below replays trainings of this study. Move through the epochs, and
# set the patience. **Guess first:** how much better does a linear classifier
# score if the test fold chooses its epoch?

# %% tags=["hide-input"]
benches.offer(lambda: replay_bench(this_study))

# %% [markdown]
# ## Training for new people
#
# On real {term}`recordings <recording>`, rest against mental arithmetic
# {cite:p}`zyma2019`, the published training does worse than ridge regression,
# a linear model with a penalty on large weights, on the same maps. The table
# shows what changed when parts of the training were replaced one by one
# (chance is 0.5). Twenty people were held out in five folds. The settings were
# chosen by the scores of the first ten people. The others are **not a strict
# hold-out**: earlier scores of all twenty were known when the settings were
# chosen.

# %% tags=["remove-input"]
tried = trainings()
units = {"window": "windows", "trial": "trials"}
real = tried[tried["data"].str.startswith("real") & tried["what"].isin(units)]
wide = real[real["people"] == "all"].copy()
wide["text"] = [with_interval(row) for _, row in wide.iterrows()]
wide["column"] = [
    f"{data.removeprefix('real, ')}: {units[what]}"
    for data, what in zip(wide["data"], wide["what"], strict=True)
]
wide = wide.pivot_table(
    "text", "training", "column", aggfunc="first", sort=False
)
wide = wide.rename_axis(index=None, columns=None)
further = wide.index.str.startswith("the same")
caption = "Balanced accuracy. In parentheses: 95 % intervals over people"
Table(wide[~further], caption=caption)

# %% tags=["remove-input"]
halves = real[real["what"] == "trial"].pivot_table(
    "value", ["data", "training"], "people", sort=False
)
ours, ridge = "fixed schedule, no batch normalisation", "ridge regression"
told = []
for data in dict.fromkeys(real["data"]):
    a, b = halves.loc[(data, ours)], halves.loc[(data, ridge)]
    told.append(
        f"{data.removeprefix('real, ')}, {a['chosen on']:.2f} for the first "
        f"ten and {a['others']:.2f} for the others (ridge regression: "
        f"{b['chosen on']:.2f} and {b['others']:.2f})"
    )
commit, date = tried[["commit", "date"]].iloc[-1]
say(
    "The default of this book scores, in trials with",
    f"{'; with '.join(told)}. (Measured by `python -m benchmarks.recipe`",
    f"at commit {commit}, {date}.)",
)

# %% [markdown]
# ## One more change at a time
#
# Each row of the next table changes one more thing in that default. All but
# the mean of the seeds have a single training seed.

# %% tags=["remove-input"]
rest = wide[further].rename(lambda name: name.removeprefix("the same, "))
Table(rest, caption=caption)

# %% tags=["remove-input"]
first = real[(real["people"] == "chosen on") & (real["what"] == "trial")]
first = first.pivot_table("value", "training", "data", sort=False)
changes = first[first.index.str.startswith("the same")]
as_good = changes.index[(changes >= first.loc[ours]).all(axis=1)]
names = [f"“{name.removeprefix('the same, ')}”" for name in as_good]
slow = first.loc["the same, rate 0.0003"]
of_all = real[(real["people"] == "all") & (real["what"] == "trial")]
best = of_all.loc[of_all["value"].idxmax()]
top = best["training"].removeprefix("the same, ")
by_data = [
    f"{slow[data]:.2f} instead of {first.loc[ours, data]:.2f} with "
    f"{data.removeprefix('real, ')}"
    for data in first
]
say(
    f"Of these {len(changes)} changes, {' and '.join(names) or 'none'} scored",
    "at least as high for the first ten people with either kind of z-score. A",
    "learning rate of 0.0003 gave",
    f"{', but '.join(by_data)}. So the default stayed as it is.",
    "Over all people, the highest score of trials was",
    f"{best['value']:.2f}, by “{top}” with",
    f"{best['data'].removeprefix('real, ')}.",
)

# %% [markdown]
# ## What changed, and why
#
# With either a fixed schedule or no {term}`batch normalisation`, the network
# does better than as published. With both, it does best if the
# {term}`features <feature>` of each subject are {term}`z-scores <z-score>`. In
# training, batch normalisation uses the mean and variance of a batch, and
# afterwards running averages. These do not fit new people, and the network
# then predicts the majority class too often. A linear model with a strong
# penalty and {term}`class weights` does as well as the network. So the maps
# hold little about this contrast that a weighted sum misses. In simulated
# cohorts, with and without an effect:

# %% tags=["remove-input"]
made = tried[
    tried["data"].str.startswith("simul") & (tried["what"] == "trial")
]
made = made.assign(
    cohort=made["data"].str.removeprefix("simulated, "),
    text=[with_interval(row) for _, row in made.iterrows()],
)
made = made[made["training"].isin([ridge, "as published", ours])]
wide = made.pivot_table(
    "text", "cohort", "training", aggfunc="first", sort=False
)
Table(
    wide.rename_axis(index=None, columns=None),
    caption="Balanced accuracy of trials in simulated cohorts, with 95 % "
    "intervals",
)

# %% [markdown]
# These settings are the default for all protocols but the published one:
# `schedule: auto` under `training` and `batch_norm: auto` under `model` in the
# file of a {term}`study`.
#
# ## What fine-tuning gained in the paper

# %% tags=["remove-input"]
figures = published()
chosen = ["6 frames", "6 frames before fine-tuning", "single frames pooled"]
by_name = figures[figures["system"] == "MT-CNN"].set_index("variant")
frame = by_name.loc[chosen, ["valence", "arousal"]]
display(
    Table(
        frame.map("{:.2f} %".format).rename_axis(None),
        caption="Published accuracies of windows on DEAP, window-wise "
        "(windows of one trial in both sets). A frame is a window",
    )
)

# %% tags=["remove-input"]
both, one = FINE_TUNING_POINTS.values()
six = frame.iloc[0] - frame.iloc[1]
right = frame.loc["single frames pooled"].mean() / 100
extra = {
    n: 100 * expected_maximum(20) * np.sqrt(right * (1 - right) / n)
    for n in (30720, 960)
}
say(
    f"With single frames, fine-tuning moved the accuracy by {both:+.2f}",
    f"percentage points with all heads and by {one:+.2f} with one. With",
    f"inputs of six frames it moved the accuracy by {six['valence']:+.2f}",
    f"(valence) and {six['arousal']:+.2f} points (arousal). Compare this with",
    f"the choice of the epoch. At {right:.1%}, the best of 20 independent",
    f"epochs would be {extra[30720]:.2f} points too good in a fold of 30,720",
    f"windows, and {extra[960]:.1f} points in the 960 windows of one person.",
    "**So the choice of the epoch cannot explain the score, but it can be as",
    "large as the gain from fine-tuning.**",
)

# %% [markdown]
# Why is there so little to gain? Four fifths of the windows of each trial are
# in the training set, with its one {term}`label`. A network that recognises
# the trial of a test window knows that label, and [What a score
# means](09_what_a_score_means) measures how easy this is. Fine-tuning shows
# the network the same windows of the same trials again.
#
# ## What fine-tuning gained here
#
# The same subjects, trials and folds are scored before and after, so each
# subject gives a *difference* of two scores.

# %%
counts = counts_by_seed(predictions) if len(predictions) else {}
gains = {
    key: compare(counts[key[0], "pooled", key[2]], several)
    for key, several in counts.items()
    if key[1] != "pooled"
}

# %% tags=["hide-input"]
honest = [name for name in HELD_OUT if name in {key[0] for key in gains}]
honest.sort(key=LEAKING.__contains__)
told, panels = [], {name: {} for name in honest}
for (name, stage, task), gain in gains.items():
    heads = "all heads" if stage == "subject" else "one head"
    own = 100 * gain.by_subject["difference"].dropna()
    if len(own):
        panels[name][f"{task},\n{heads}"] = own
        told.append(
            f"{protocol_name(name)}, {task}, {heads} {own.mean():+.1f}"
        )

# %% tags=["hide-input"]
page = shown.admonition(
    "Nothing to compare", "This study has no fine-tuned networks."
)
if told:
    display(say("The figure below shows these differences."))
    size = (5.6, 0.9 + 2.1 * len(panels))
    fig, axes = plt.subplots(len(panels), 1, figsize=size, squeeze=False)
    for ax, (name, rows) in zip(axes.flat, panels.items(), strict=True):
        points = score_plots.tidy(rows).assign(hollow=name in LEAKING)
        means = points.groupby("row", sort=False, as_index=False)["value"]
        label = "fine-tuned minus pooled (points)"
        how = {"estimates": means.mean(), "label": label, "line": 0}
        score_plots.rows(ax, points, **how)
        ax.set_title(protocol_name(name), fontsize=9)
    page = Picture(
        fig,
        alt=f"Mean differences in percentage points: {'; '.join(told)}.",
        caption="Balanced accuracy of trials. Each circle is a subject, the "
        "diamond their mean. Right of the dotted line: better after "
        "fine-tuning. Hollow: windows of one trial in both sets.",
    )
display(page)

# %% tags=["remove-input"]
n_seeds = min((gain.n_seeds for gain in gains.values()), default=0)
kept_out = [gain for key, gain in gains.items() if key[0] not in LEAKING]
if kept_out and n_seeds >= MIN_SEEDS:
    ends = pd.DataFrame([(gain.low, gain.high) for gain in kept_out])
    ends.columns = ["low", "high"]
    display(say(intervals_sentence(ends, power=n_people > 1)))
elif gains:
    display(
        say(
            "**These differences are descriptive.** The number of training",
            f"seeds is {n_seeds}, and with another seed the same network may",
            "score some points more or less. From",
            f"{MIN_SEEDS} seeds on (`repeats` in the file of a study) there",
            "are intervals.",
        )
    )

# %% [markdown]
# ## What fine-tuning could gain
#
# With trials held out, a gain must come from what *other* trials of a person
# tell about new ones. How much can a few trials teach? A small model gives an
# estimate. Let a trial be one number for each of $p$ sources, with noise of
# variance 1. In person $i$ the two classes differ at source $s$ by $w_{is}\, d
# / \sqrt{p}$, where $w_{is}$ is normal with mean 1 and standard deviation 1.6.
# So people share a pattern, but in each person many sources are stronger,
# weaker or reversed.
#
# The *pooled* classifier knows the common pattern only. The one trained
# *alone* estimates the pattern from $n$ trials of the person, with an error of
# variance $4 / n$ per source. The best of both *combines* them. Fine-tuning
# with early stopping aims at this. The figure below compares the three.


# %%
def accuracies(n, d=0.8, p=32, sd=1.6):
    rng = np.random.default_rng(0)
    mean = np.full(p, d / np.sqrt(p))
    own = mean * rng.normal(1, sd, size=(2000, p))  # of 2000 people
    error, spread = 4 / n, (sd * mean[0]) ** 2
    seen = own + np.sqrt(error) * rng.normal(size=own.shape)
    combined = (error * mean + spread * seen) / (error + spread)
    found = {}
    patterns = {"known": own, "combined": combined}
    patterns |= {"pooled": np.broadcast_to(mean, own.shape), "alone": seen}
    for name, v in patterns.items():
        along = (v * own).sum(axis=1) / np.linalg.norm(v, axis=1)
        found[name] = stats.norm.cdf(along / 2).mean()
    return found


n_trials = [4, 8, 16, 32, 64, 128, 256]
taught = pd.DataFrame({n: accuracies(n) for n in n_trials})

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(5.6, 2.8))
for name, values in (100 * taught).iterrows():
    ax.plot(n_trials, values, label=name)
ax.set_xscale("log", base=2)
ax.set_xticks(n_trials, [str(n) for n in n_trials])
ax.minorticks_off()
ax.set(xlabel="labelled trials of the person", ylabel="accuracy (%)")
ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
told = [
    f"{name} {100 * row.iloc[0]:.0f} to {100 * row.iloc[-1]:.0f} %"
    for name, row in taught.iterrows()
]
Picture(
    fig,
    alt=f"Accuracy from {n_trials[0]} to {n_trials[-1]} trials: "
    f"{'; '.join(told)}.",
    caption="A model, averaged over simulated people. It is no estimate for "
    "real data.",
)

# %% tags=["remove-input"]
at = 100 * taught[32]
first = next(n for n in n_trials if taught[n]["alone"] > taught[n]["pooled"])
say(
    f"With 32 trials, combining gains {at['combined'] - at['pooled']:.1f}",
    "percentage points over the common pattern, and",
    f"{at['known'] - at['combined']:.1f} points are missing to a known",
    f"pattern. Training alone needs {first} trials to beat the common",
    "pattern. The gain depends on the number of trials, not on the number of",
    "windows, because all windows of a trial share its label.",
)

# %% [markdown]
# ## New people: nothing to fine-tune with
#
# If subjects are held out, no trial of a test subject is in the training set.
# There are no labels of this person to fine-tune with, and the package refuses
# to try.

# %%
new = next(iter(leave_subjects_out(table, n_folds=3, seed=0, tasks=tasks)))


class Nothing:  # no network is needed to be refused
    settings = TrainingSettings()


try:
    next(train_fold(Nothing(), maps, {}, new, of, seed_key=()))
except SettingsError as error:
    print(error)

# %% [markdown]
# Recordings of a new person *without* labels could be used
# to adapt a network. That is another method, and neither the paper nor this
# book uses it.
#
# ## Check yourself
#
# **1.** A colleague stops training by the validation loss, keeps the best
# epoch, and reports its accuracy on the validation data. What do you ask?
#
# ```{dropdown} Answer
# From how many epochs it was chosen, on how many independent predictions, and
# what that epoch scores on data that had no part in the choice.
# ```
#
# **2.** Fine-tuning lifts a window-wise score from 96.4 to 96.5 %. May
# one say that the network now knows these people better?
#
# ```{dropdown} Answer
# No. More windows of *known trials* got the label of their trial. To say
# something about people, hold out their trials. And one seed is not enough,
# because networks of two seeds differ too.
# ```
#
# ## Exercises
#
# **Exercise 1.** How patient should early stopping be? Follow the made-up
# `losses` without halving, stopping after 1, 4 and 16 epochs that are not
# better. Which epoch is kept?
#
# ```{dropdown} Hint
# `follow` returns one rate per epoch, so its length is the number of epochs.
# A very large `halve_after` means that the rate never falls.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 1
kept_epoch = {"1": ..., "4": ..., "16": ...}

# %% tags=["hide-cell", "solution"]
# With little patience, noise ends the training on the way down. Beyond some
# patience nothing changes, because the losses rise for good.
kept_epoch = {}
for patient in (1, 4, 16):
    n = len(follow(losses, 1e-3, 10**6, patient))
    kept_epoch[str(patient)] = 1 + np.argmin(losses[:n])

# %% tags=["check", "hide-input"]
lengths = {k: len(follow(losses, 1e-3, 10**6, k)) for k in (1, 4, 16)}
check(
    kept_epoch,
    {str(k): 1 + np.argmin(losses[:n]) for k, n in lengths.items()},
    slips={
        "Epochs are counted from 1.": {
            str(k): np.argmin(losses[:n]) for k, n in lengths.items()
        },
        "This is where training ends, not the epoch that is kept.": {
            str(k): n for k, n in lengths.items()
        },
    },
)

# %% [markdown]
# **Exercise 2.** Real epochs are not independent. Let 4000 networks that know
# nothing toss only a fifth of their 40 coins again in each of 20 epochs. What
# is the mean accuracy of the best epoch?
#
# ```{dropdown} Hint
# Keep an array of 4000 by 40 tosses. In each epoch, replace those where
# `rng.random((4000, 40)) < 0.2`, and keep the larger accuracy by `np.maximum`.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 2
best_epoch = ...

# %% tags=["hide-cell", "solution"]
# It is less than for 20 independent epochs, since most predictions stay the
# same, but it is still far above 0.5.
rng = np.random.default_rng(0)
correct = rng.random((4000, 40)) < 0.5
best = correct.mean(axis=1)
for _ in range(19):
    again = rng.random(correct.shape) < 0.2
    correct = np.where(again, rng.random(again.shape) < 0.5, correct)
    best = np.maximum(best, correct.mean(axis=1))
best_epoch = best.mean()

# %% tags=["check", "hide-input"]
check(
    best_epoch,
    0.611,
    slips={
        "This is right if all coins are tossed again.": 0.5
        + expected_maximum(20) * np.sqrt(0.25 / 40)
    },
)

# %% [markdown]
# **Exercise 3.** What if people are more alike, or less? Compute the gain of
# combining over the common pattern at 32 trials, in percentage points, for a
# standard deviation of $w$ of 0.4 and 3.2.
#
# ```{dropdown} Hint
# `accuracies(n, sd=...)` returns the accuracies by name.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 3
gain = {"0.4": ..., "3.2": ...}

# %% tags=["hide-cell", "solution"]
# If people are alike, their own trials teach nothing new. The more they
# differ, the more there is to gain.
gain = {}
for sd in (0.4, 3.2):
    found = accuracies(32, sd=sd)
    gain[str(sd)] = 100 * (found["combined"] - found["pooled"])

# %% tags=["check", "hide-input"]
found = {sd: accuracies(32, sd=sd) for sd in (0.4, 3.2)}
fractions = {str(k): v["combined"] - v["pooled"] for k, v in found.items()}
check(
    gain,
    {name: 100 * value for name, value in fractions.items()},
    slips={"Give percentage points, not proportions.": fractions},
)

# %% [markdown]
# ## Conclusion
#
# Pooled training looks for what people share, and fine-tuning for what one
# person adds. The data are the same, but their weight is not. A schedule that
# watches validation data is a good judge only if these data differ from the
# training data as much as new data will. If the test set is the validation
# set, a score is the best of many. With many windows this matters little, but
# not compared with gains of a tenth of a percentage point. Whether fine-tuning
# helps with new trials of a seen subject is a fair question. It needs trials
# that are held out, several training seeds, and many trials of each subject.
#
# ## Where to read on
#
# - The stages and their learning rates: {cite:t}`rudakov2021`.
# - How much of a score comes from the protocol: [What a score
#   means](09_what_a_score_means).
# - Which protocols others used, and what they found:
#   {cite:t}`khan2025,kukhilava2025`.
#
# ## Provenance

# %% tags=["remove-input"]
inputs = this_study.reader.sources(this_study.recordings_root, subject)
provenance(this_study, inputs)
