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
# # What a score means
#
# Forty {term}`trials <trial>` of random numbers get random {term}`labels
# <label>`. The figure below shows how often two classifiers are right about
# {term}`windows <window>` that they have never seen. **How can they be right
# so often?**

# %% tags=["parameters", "remove-input"] needs="scores"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None: the first that can be used

# %% tags=["hide-input"]
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch
from scipy import special, stats
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import (
    StratifiedGroupKFold,
    StratifiedKFold,
    cross_val_predict,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# %% tags=["hide-input"]
from emolib.book.answers import check
from emolib.book.provenance import provenance
from emolib.book.sentences import truth_sentence
from emolib.errors import DataError
from emolib.evaluation import linear, permutation, scores
from emolib.evaluation.literature import published
from emolib.features import baseline, extraction
from emolib.figures import benches
from emolib.figures import display as shown
from emolib.figures import scores as score_plots
from emolib.figures.display import Picture, Table, say
from emolib.recordings import eegmat, simulated
from emolib.recordings.labels import window_table
from emolib.splits import protocols, shuffling
from emolib.splits.protocols import BOTH_SIDES, protocol_name
from emolib.study import sources, stages
from emolib.study.study import load

shown.use_style()

# %%
rng = np.random.default_rng(5)
trial = np.arange(40).repeat(60)  # 40 trials of 60 windows
rest = rng.normal(size=(40, 6, 128))  # 6 baseline windows, 128 features
x = rng.normal(size=(2400, 128)) - rest.mean(axis=1)[trial]
label = rng.permutation(np.arange(40) % 2)[trial]  # one per trial
windows_out = StratifiedKFold(5, shuffle=True, random_state=0)
trials_out = StratifiedGroupKFold(5, shuffle=True, random_state=0)
ridge = make_pipeline(StandardScaler(), RidgeClassifier())
leak = []
for model in (ridge, KNeighborsClassifier(5)):
    for cv in (windows_out, trials_out.split(x, label, trial)):
        y = cross_val_predict(model, x, label, cv=cv)
        leak.append(balanced_accuracy_score(label, y))

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(5.6, 1.4))
points = pd.DataFrame({"value": leak})
points["row"] = ["single windows", "whole trials"] * 2
points["kind"] = np.repeat(["ridge regression", "5 nearest neighbours"], 2)
points["series"] = points["kind"]
points["hollow"] = points["row"] == "single windows"
score_plots.rows(
    ax, points, label="balanced accuracy (0 to 1)", chance=0.5, legend=False
)
ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
told = [
    f"{row.kind}, {row.row} held out: {row.value:.2f}"
    for row in points.itertuples()
]
Picture(
    fig,
    alt=f"Balanced accuracy on random labels. {'; '.join(told)}.",
    caption=f"Random numbers, random labels. Hollow: {BOTH_SIDES}. Filled: "
    "whole trials held out. Dotted: chance.",
)

# %% [markdown]
# ## What you will learn
#
# - how a classifier can reach a high accuracy on random labels;
# - how six ways of holding data out answer six different questions;
# - why a number that is estimated once per trial marks all its windows, with a
#   formula that says how strongly;
# - how far chance reaches, and what to ask about any score you are shown.
#
# **Time.** About 40 minutes, and half an hour for the exercises.
#
# **What you need.** [Windows, baseline removal and
# normalisation](04_windows_baseline_normalisation), means and variances, and
# the normal distribution.
#
# ## What happened
#
# Each trial yields many windows, all with the same label. A random split puts
# some of them in the training set and the rest in the test set. So anything
# that identifies the trial also gives away its label. Here it is the noise of
# the {term}`baseline` mean: the same vector is subtracted from all windows of
# a trial. Hold out whole trials, and the classifiers do no better than a coin.
#
# *Ridge regression* is a weighted sum of the {term}`features <feature>`, with
# a penalty on large weights. *Nearest neighbours* look for the most similar
# windows of the training set and take a vote. Both are {term}`reference models
# <reference model>` of this book. {term}`Balanced accuracy <balanced
# accuracy>` is the mean of the proportions of each {term}`class` that are
# classified correctly, so that always predicting one class gives 0.5.
#
# ## Play with the leak
#
# Change the numbers yourself. In this game you can also play with the
# {term}`recording` of one person.

# %% tags=["hide-input"]
this_study = load(study)
subject = subject or stages.first_valid(this_study)
recording = stages.recording(this_study, subject)
benches.SplitGame(recording, this_study.tasks)

# %% [markdown]
# ## The same on this study
#
# The published method shuffles all windows before it splits them. This book
# calls that {term}`protocol` *window-wise*, and marks it with the words
# *windows of one trial on both sides*. Take the features of this
# {term}`study` and give ridge regression three {term}`scores <score>`:
#
# 1. window-wise, as published;
# 2. window-wise again, with the labels of each person's trials permuted, so
#    that they mean nothing;
# 3. with the real labels, and whole trials or people held out.

# %% tags=["hide-input"]
n_folds, seed = this_study.n_folds, this_study.seed
others = [p for p in this_study.protocols if p not in protocols.LEAKING]
honest = others[0] if others else "trial_grouped"
tasks, rated = (
    list(this_study.tasks),
    {
        name: task
        for name, task in this_study.tasks.items()
        if task.rating is not None
    },
)
maps, table = stages.load_windows(this_study)
who = list(dict.fromkeys([subject, *table["subject"]]))[:8]
step = -(-(table["window"].max() + 1) // 30)
kept = table["subject"].isin(who) & (table["window"] % step == 0)
kept &= (table[tasks] >= 0).all(axis=1)
table = table[kept].reset_index(drop=True)
x = maps[kept.to_numpy()].reshape(len(table), -1)
x = x[:, x.any(axis=0)].astype(float)  # without the empty cells
print(f"{len(x)} windows of {len(who)} people, {x.shape[1]} features")


# %% slideshow={"slide_type": "slide"}
def ridge_predictions(x, y, folds):
    predicted = np.empty(len(y), int)
    one_hot = np.eye(y.max() + 1)[y]
    for train, test in folds:
        scaler = StandardScaler().fit(x[train])
        target = one_hot[train] - one_hot[train].mean(axis=0)
        fit = Ridge(1.0).fit(scaler.transform(x[train]), target)
        predicted[test] = fit.predict(scaler.transform(x[test])).argmax(axis=1)
    return predicted


def window_score(x, table, task, protocol, n=n_folds):
    """Balanced accuracy per person and fold; mean over folds, then people."""
    folds = protocols.cv_of(protocol, table, n, seed, tasks=tasks)
    y = table[task].to_numpy()
    rows = table.assign(right=ridge_predictions(x, y, folds) == y)
    for k, (_, test) in enumerate(folds):
        rows.loc[test, "fold"] = k
    by_class = rows.pivot_table("right", ["subject", "fold"], task)
    by_fold = by_class.mean(axis=1, skipna=False)
    return by_fold.groupby("subject").mean().mean()


# %% slideshow={"slide_type": "slide"}
random = shuffling.permuted_by_trial(table, tasks, seed)
kinds = {
    f"real labels, {BOTH_SIDES}": (table, "window_wise"),
    f"random labels, {BOTH_SIDES}": (random, "window_wise"),
    f"real labels, {protocol_name(honest)}": (table, honest),
}
of_ridge = pd.DataFrame(
    {
        kind: {task: window_score(x, rows, task, held_out) for task in tasks}
        for kind, (rows, held_out) in kinds.items()
    }
)

# %% [markdown]
# ## Random labels on this study
#
# The package has the same model and the same measure. The figure below shows
# their scores.


# %%
def package_scores(x, table, protocol, metric, tasks=tasks, seed=seed):
    given = linear.reference_predictions(
        "ridge", x, table, protocol, n_folds=n_folds, seed=seed, tasks=tasks
    )
    rows = scores.score(given, resamples=0)
    rows = rows[rows["subject"].isna() & rows["fold"].isna()]
    return rows[rows["metric"] == metric].set_index("task")["value"][tasks]


ours = package_scores(x, table, honest, "window_balanced_accuracy")
np.testing.assert_allclose(of_ridge.iloc[:, 2], ours)

# %% tags=["hide-input"]
parts = {"ridge": of_ridge}
given = stages.predictions(this_study)
if len(given):
    permuted = stages.permuted_predictions(this_study)
    parts["network"] = pd.DataFrame(np.nan, tasks, list(kinds))
    for column, (rows, held_out) in zip(
        kinds,
        [(given, "window_wise"), (permuted, "window_wise"), (given, honest)],
        strict=True,
    ):
        rows = rows[rows["stage"] == "pooled"] if len(rows) else rows
        rows = rows[rows["protocol"] == held_out] if len(rows) else rows
        if len(rows):
            found = scores.score(rows, resamples=0)
            found = found[found["subject"].isna() & found["fold"].isna()]
            found = found[found["metric"] == "window_balanced_accuracy"]
            value = found.set_index("task")["value"]
            parts["network"][column] = value.reindex(tasks)
surprise = pd.concat(parts, names=["model", "task"]).swaplevel()
surprise = surprise.loc[tasks]

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(5.6, 1.1 + 0.5 * len(surprise)))
points = surprise.melt(var_name="series", ignore_index=False).reset_index()
points = points.dropna()
points["row"] = points["task"] + ",\n" + points["model"]
points["hollow"] = points["series"].str.contains(BOTH_SIDES)
points["series"] = points["series"].str.replace(BOTH_SIDES, "windows")
points["kind"] = points["series"]
score_plots.rows(
    ax, points, label="balanced accuracy of windows (0 to 1)", chance=0.5
)
told = [
    f"{row.task}, {row.model}, {row.series} held out: {row.value:.2f}"
    for row in points.itertuples()
]
Picture(
    fig,
    alt=f"Balanced accuracy of windows. {'; '.join(told)}.",
    caption="Balanced accuracy within each person, then averaged over people. "
    f"Hollow: {BOTH_SIDES}. Filled: {protocol_name(honest)}.",
)

# %% tags=["remove-input"]
real, at_random, held_out = (surprise[kind].dropna() for kind in kinds)
say(
    f"Window-wise ({BOTH_SIDES}), the scores are",
    f"**{real.min():.2f} to {real.max():.2f}** with the real labels and",
    f"**{at_random.min():.2f} to {at_random.max():.2f}** with random ones.",
    f"The honest scores ({protocol_name(honest)}) are {held_out.min():.2f} to",
    f"{held_out.max():.2f}.",
    "" if len(given) else "The network of this study is not trained yet.",
)

# %% [markdown]
# Random labels have no meaning to recognise. So whatever raises the second
# score above chance, it is not what the labels mean. Two questions follow.
# What should be held out? And what is it that identifies the trials?
#
# ## Six ways to hold data out
#
# A protocol says what is held out. Each split into training, validation and
# test set that it makes is a {term}`fold`. {term}`Validation data <validation
# data>` are not trained on. They are looked at during training, for example to
# decide when to stop. A score holds for what was held out, and for nothing
# beyond. The figure below shows one fold of each protocol.

# %%
sizes = {"subject": range(6), "stimulus": range(6), "window": range(4)}
small = pd.MultiIndex.from_product(sizes.values(), names=list(sizes))
small = small.to_frame(index=False)
small["trial"] = small["stimulus"]  # everybody sees the films in one order
small["session"] = small["trial"] // 2  # two films per day
parts = {}
for name, protocol in protocols.PROTOCOLS.items():
    fold = next(protocol(small, n_folds=3, seed=0, tasks=()))
    parts[name] = np.zeros(len(small), int)  # not used
    parts[name][fold.train] = 1
    parts[name][fold.validation] = 2
    parts[name][fold.test] = 3
    parts[name][np.intersect1d(fold.validation, fold.test)] = 4

# %% tags=["hide-input"]
names = ["not used", "training", "validation", "test", "test and validation"]
colours = ["#FFFFFF", "#CCDDEE", "#E3B341", shown.BLUE, shown.DARK]
style = {"cmap": ListedColormap(colours), "vmin": 0, "vmax": 4}
style |= {"edgecolor": "#999999", "linewidth": 0.3}
told = [
    f"{protocol_name(name)}: {(part == 1).sum()} windows in the training set, "
    f"{(part > 2).sum()} in the test set"
    for name, part in parts.items()
]

# %% tags=["hide-input"]
fig, axes = plt.subplots(3, 2, figsize=(5.6, 5.2))
edges = np.add.outer(np.arange(6), 0.22 * np.arange(5))  # gaps between trials
for ax, (name, part) in zip(axes.flat, parts.items(), strict=True):
    for film in range(6):
        boxes = part.reshape(6, 6, 4)[::-1, film]
        ax.pcolormesh(edges[film], np.arange(7), boxes, **style)
    ax.set(xticks=[], yticks=[], xlabel="trials, by film", ylabel="people")
    ax.set_title(name.replace("_", "-").replace("subjects-and", "...and"))
patches = [Patch(facecolor=c, edgecolor="grey") for c in colours]
fig.legend(patches, names, loc="outside lower center", ncols=3)
Picture(
    fig,
    alt=f"One fold of each of {len(parts)} protocols on {len(small)} windows "
    f"of 6 people and 6 films. {'; '.join(told)}.",
    caption="One fold of each protocol. Rows are people, blocks are trials, "
    "boxes are windows. Trials of one column show the same film, two make a "
    f"session. Window-wise ({BOTH_SIDES}), blocks are mixed, and the test "
    "windows are the validation windows too.",
)

# %% [markdown]
# ## The claim that a protocol supports
#
# | protocol | held out | the claim that it supports |
# | --- | --- | --- |
# | window-wise | windows (of one trial on both sides) | none |
# | trial-grouped | each person's trials | this person, new trials |
# | leave-sessions-out | each person's sessions | this person, another day |
# | stimulus-grouped | films | seen people, new films |
# | leave-subjects-out | people | new people, seen films |
# | leave-subjects-and-stimuli-out | both | new people, new films |
#
# The last protocol does not use the white boxes at all. A seen person with a
# new film would help the classifier, and so would a new person with a seen
# film.
#
# ## How strongly a baseline mean marks a trial
#
# Follow one feature. In window $i$ of trial $k$ it is
# $x_{ik} = \mu + e_{ik}$, with a level $\mu$ that all trials share and noise
# $e_{ik}$ of variance $s^2$, new in each window. Nothing marks the trial. The
# baseline mean of $B$ windows is $\mu + d_k$, where the error $d_k$ has the
# variance $\tau^2 = s^2 / B$. The subtraction leaves
#
# $$x_{ik} - (\mu + d_k) = e_{ik} - d_k .$$
#
# The level is gone, as intended, but every window of trial $k$ contains
# $-d_k$. The strength of that mark, relative to the noise, is
#
# $$\rho = \tau / s = 1 / \sqrt{B} .$$
#
# **Identifying the trial.** With $p$ features, the marks of two trials are
# about $\sqrt{2p}\,\tau$ apart. A window is closer to the wrong one of the
# two if its noise carries it more than half that way:
#
# $$P(\text{mistaken}) = \Phi\!\left(-\rho \sqrt{p / 2}\right),$$
#
# where $\Phi$ is the cumulative distribution function of the normal
# distribution.
#
# **A weighted sum** need not identify single trials. Let the labels
# $y_k = \pm 1$ of $K$ trials be random. Least squares finds weights near
# $w = -\frac1K \sum_k y_k d_k$. For a window of a known trial,
# $y_k\, w \cdot (e_{ik} - d_k)$ has the mean $p\,\tau^2 / K$, from the trial's
# own term of the sum, and the standard deviation $s\,\tau \sqrt{p / K}$, from
# the noise of the window. The {term}`prediction` is correct if this is above
# zero:
#
# $$P(\text{correct}) = \Phi\!\left(\rho \sqrt{p / K}\right).$$
#
# **A new trial** has a mark that no training window had. The expected accuracy
# is 0.5.


# %%
def expected(rho, p, n_trials, n_windows=np.inf, alike=1):
    """Accuracy of least squares on random labels, by known trials."""
    m = rho**2 * p / n_trials
    if np.isinf(n_windows) or m == 0:
        return stats.norm.cdf(np.sqrt(m))
    b = m - 1 - alike * rho**2
    t = 2 * m / (np.sqrt(b**2 + 4 * m) - b)
    error = p / (n_windows * n_trials - p) * (1 + t) / t
    return stats.norm.cdf(np.sqrt(t / (1 + error)))


K, B, p = 40, 6, 128
rho = B**-0.5
mistaken = stats.norm.cdf(-rho * np.sqrt(p / 2))
correct = expected(rho, p, K)

# %% tags=["remove-input"]
say(
    f"Now put in the numbers of the first figure. {B} baseline windows",
    f"give $\\rho$ = {rho:.2f}. With {p} features, one window in",
    f"{1 / mistaken:,.0f} is closer to a given other trial than to its own.",
    f"With {K} trials, a weighted sum is correct in",
    f"**{correct:.0%}** of the windows ({BOTH_SIDES}).",
)

# %% [markdown]
# ## Does the formula hold?
#
# Two things lower the score of a real weighted sum, and `expected` includes
# both if you give it the number of training windows per trial. The marks are
# not exactly at right angles to each other, and weights that are estimated
# from finitely many windows have errors. Vary what the formula names, and
# measure. The figure below compares the two.


# %%
def measured(n_trials=20, n_features=64, n_rest=6, n_windows=40):
    rng = np.random.default_rng(n_trials * n_features * n_rest)
    x = rng.normal(size=(n_trials, n_windows, n_features))
    x -= rng.normal(size=(n_trials, n_rest, n_features)).mean(1)[:, None]
    label = rng.permutation(np.arange(n_trials) % 2).repeat(n_windows)
    x = x.reshape(len(label), n_features)
    y = cross_val_predict(ridge, x, label, cv=windows_out)
    return balanced_accuracy_score(label, y)


varied = {
    "n_trials": (10, 20, 40, 80),
    "n_features": (16, 64, 128),
    "n_rest": (1, 3, 24),
}
cases = []
for name, values in varied.items():
    for value in values:
        case = {"n_trials": 20, "n_features": 64, "n_rest": 6, name: value}
        rho = case["n_rest"] ** -0.5
        p, k = case["n_features"], case["n_trials"]
        found = expected(rho, p, k), expected(rho, p, k, 32), measured(**case)
        cases.append([name, *found])
columns = ["varied", "simple", "both corrections", "measured"]
formula = pd.DataFrame(cases, columns=columns)

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(4.4, 4.2))
ax.plot([0.5, 1], [0.5, 1], color=shown.GREY, linestyle="-", linewidth=1)
words = {"n_trials": "trials", "n_features": "features", "n_rest": "B"}
for (name, own), (colour, marker) in zip(
    formula.groupby("varied", sort=False), score_plots.KINDS, strict=False
):
    style = {"s": 44, "marker": marker, "edgecolor": colour}
    ax.scatter(own["simple"], own["measured"], facecolor="white", **style)
    style |= {"facecolor": colour, "label": words[name], "zorder": 3}
    ax.scatter(own["both corrections"], own["measured"], **style)
ax.set(xlabel="accuracy by the formula", ylabel="accuracy measured")
ax.set_aspect("equal")
ax.legend(title="varied")
off = (formula["measured"] - formula["both corrections"]).abs().max()
Picture(
    fig,
    alt=f"Measured accuracy against the formula in {len(formula)} settings, "
    f"from {formula['measured'].min():.2f} to "
    f"{formula['measured'].max():.2f}. With both corrections, all are within "
    f"{off:.2f} of the line.",
    caption=f"Random numbers, random labels, ridge regression, {BOTH_SIDES}. "
    "Hollow: the simple formula. Filled: with both corrections. On the line, "
    "formula and measurement agree.",
)

# %% [markdown]
# ## Other steps, the same mark
#
# Subtraction is not special. What matters is that numbers are *estimated for
# each trial and applied to all its windows*, because all windows of the trial
# then share the estimation error.
#
# **Division** by the baseline mean gives
# $(\mu + e_{ik}) / (\mu + d_k) \approx 1 + (e_{ik} - d_k) / \mu$ if the noise
# is small compared with the level. Error and noise are divided by the same
# number, so $\rho$ stays $1 / \sqrt{B}$.
#
# **{term}`z-score` by the baseline windows.** Error and noise are scaled
# alike, so $\rho$ does not change, and a weighted sum gains nothing. But now
# the *scale* of the noise differs from trial to trial too, and other
# classifiers can use it. How much one feature of one window tells about its
# trial is a Kullback-Leibler divergence, in nats. Averaged over pairs of
# trials, it is $1 / B$ after a subtraction, and after a z-score
#
# $$\frac12 \left[ r\,(1 + 1/B) + 1/B - 1 \right], \qquad
# r = \frac{B - 1}{B - 3} .$$
#
# **The baseline mean of another trial** has an error of the same size.
# **The mean over the trials** is one vector for all trials, so it marks none.
#
# **Centring on the trial's own windows** leaves $\rho = 0$. But the windows of
# a trial now add up to zero. If the mean of its training windows is above
# zero, that of its $n / F$ test windows is below (of $n$ windows in $F$
# folds), and a weighted sum predicts the *opposite* of the label. A score far
# below chance is {term}`leakage`, too:
#
# $$P(\text{correct}) =
# \Phi\!\left(-\sqrt{(F - 1)\, p / (n K)}\right) < 0.5 .$$
#
# **Repairs of signals** may be fitted to each trial, such as removed
# components or interpolated {term}`channels <channel>`. Here are two
# caricatures: four random directions of the channels are removed in each
# trial, or two random channels are replaced by the mean of the others.
#
# ## Nine steps, simulated
#
# Simulate all of them. A window's {term}`differential entropy` (DE) is half
# the logarithm of the variance of 16 random values.


# %%
def white_noise(mixing=None, n_windows=30, n_rest=6):
    """DE (trial, window, band, channel) of trials, of baseline intervals."""
    rng = np.random.default_rng(1)
    de = np.empty((40, n_windows + n_rest, 4, 32))
    for k in range(40):
        x = 10 * rng.normal(size=(n_windows + n_rest, 4, 16, 32))
        if mixing is not None:
            x = x @ mixing(rng).T
        de[k] = 0.5 * np.log(2 * np.pi * np.e * x.var(axis=2, ddof=1))
    return de[:, n_rest:], de[:, :n_rest]


def directions(rng):
    q, _ = np.linalg.qr(rng.normal(size=(32, 4)))
    return np.eye(32) - q @ q.T


def channels(rng):
    bad = rng.choice(32, 2, replace=False)
    mixing = np.eye(32)
    mixing[bad] = 1 / 30
    mixing[np.ix_(bad, bad)] = 0
    return mixing


# %%
de, rest = white_noise()
level = rest.mean(axis=1, keepdims=True)
steps = {
    "nothing": de,
    "subtract": de - level,
    "divide": de / level,
    "z-score": (de - level) / rest.std(axis=1, keepdims=True),
    "another's mean": de - np.roll(level, 1, axis=0),
    "mean of all": de - level.mean(axis=0),
    "own mean": de - de.mean(axis=1, keepdims=True),
    "4 directions": white_noise(directions)[0],
    "2 channels": white_noise(channels)[0],
}

# %% [markdown]
# The settings `subtract`, `divide`, `zscore` and `own_trial` of the package
# compute four of these steps:

# %%
for setting, mine in {
    "subtract": "subtract",
    "divide": "divide",
    "zscore": "z-score",
    "own_trial": "own mean",
}.items():
    pair = de[0][:, np.newaxis], rest[0][:, np.newaxis]
    ours = baseline.remove_baseline(*pair, setting)[:, 0]
    np.testing.assert_allclose(steps[mine][0], ours)

# %% [markdown]
# Predictions come from the formulas above. For the repairs, $\tau^2$ is the
# variance of half the logarithm of the power that a channel keeps. It is the
# same in all four {term}`bands <band>` (`alike`).

# %%
K, n, p, B, F = 40, 30, 4 * 32, 6, 5
s2 = special.polygamma(1, 15 / 2) / 4  # DE of 16 values
kept = special.polygamma(1, 28 / 2) - special.polygamma(1, 32 / 2)
q = 2 / 32  # proportion of interpolated channels
squares = dict.fromkeys(steps, 0.0)  # rho squared
squares |= dict.fromkeys([*steps][1:5], 1 / B)
squares["4 directions"] = kept / 4 / s2
squares["2 channels"] = q * (1 - q) * (np.log(30) / 2) ** 2 / s2
predicted = {}
for step, rho2 in squares.items():
    alike = 4 if step in ("4 directions", "2 channels") else 1
    accuracy = expected(np.sqrt(rho2), p, K, n * (1 - 1 / F), alike)
    if step == "own mean":
        accuracy = stats.norm.cdf(-np.sqrt((F - 1) * p / (n * K)))
    predicted[step] = [np.sqrt(rho2), accuracy, rho2]
r = (B - 1) / (B - 3)
predicted["z-score"][2] = (r * (1 + 1 / B) + 1 / B - 1) / 2


# %% [markdown]
# ## Nine steps, measured
#
# Ridge regression and nearest neighbours predict random labels, three draws of
# them for each step.


# %%
def all_scores(x, label, trial):
    """Scores of random labels; the last one is honest."""
    x = stats.zscore(x.reshape(len(trial), -1), axis=1)
    near = make_pipeline(StandardScaler(), KNeighborsClassifier(5))
    found = {
        "ridge": cross_val_predict(ridge, x, label, cv=windows_out),
        "5 neighbours": cross_val_predict(near, x, label, cv=windows_out),
        "ridge, whole trials": cross_val_predict(
            ridge, x, label, groups=trial, cv=trials_out
        ),
    }
    return {
        name: balanced_accuracy_score(label, y) for name, y in found.items()
    }


# %%
trial, rng = np.arange(K).repeat(n), np.random.default_rng(2)
draws = [rng.permutation(np.arange(K) % 2)[trial] for _ in range(3)]
ratios, rows = {}, {}
for step, x_step in steps.items():
    found = [all_scores(x_step, label, trial) for label in draws]
    rows[step] = pd.DataFrame(found).mean()
    z = stats.zscore(x_step.reshape(K, n, p), axis=-1)
    within = z.var(axis=1, ddof=1).mean(axis=0)
    between = z.mean(axis=1).var(axis=0, ddof=1) - within / n
    ratios[step] = np.sqrt(max(0, np.mean(between / within)))
marks = pd.DataFrame(rows).T

# %% tags=["remove-input"]
names = ["ratio", "ridge", "information"]
beside = pd.DataFrame(predicted, index=names).T
both = {
    "ratio": (beside["ratio"], pd.Series(ratios)),
    "ridge": (beside["ridge"], marks["ridge"]),
}
both = {
    name: [f"{a:.2f} / {b:.2f}" for a, b in zip(*pair, strict=True)]
    for name, pair in both.items()
}
frame = pd.DataFrame(both, index=beside.index)
frame["whole trials"] = marks["ridge, whole trials"].map("{:.2f}".format)
Table(
    frame.rename_axis("step"),
    caption=f"White noise, {K} trials of {n} windows, random labels, predicted"
    f" / measured. Ridge: balanced accuracy, {BOTH_SIDES}. Last column: ridge "
    "with whole trials held out",
)

# %% tags=["remove-input"]
off = (marks["ridge"] - beside["ridge"]).abs()
whole = marks["ridge, whole trials"]
say(
    f"Predicted and measured scores of ridge differ by {off.median():.2f}",
    f"(median) and by {off.max():.2f} at most. With whole trials held out,",
    f"all steps give {whole.min():.2f} to {whole.max():.2f}.",
)

# %% [markdown]
# The package filters its signals, and the filter's impulse response makes
# neighbouring windows alike. So its ratios are a little above these. `python
# -m benchmarks.evidence` measures them with trials of full length.
#
# ## Which trial is it?
#
# Two more classifiers show the mechanism. They find the trial of a window: by
# the mean and the scale of each feature, or by the nearest mean of a trial.
# The second one then looks up the label of that trial.


# %%
def named_trials(model, x):
    z = stats.zscore(x.reshape(K * n, p), axis=1)
    return cross_val_predict(model, z, trial, cv=windows_out)


nearest = make_pipeline(StandardScaler(), NearestCentroid())
label = draws[0]
for step, x_step in steps.items():
    named = named_trials(GaussianNB(), x_step)
    marks.loc[step, "named"] = (named == trial).mean()
    looked_up = label[n * named_trials(nearest, x_step)]
    score = balanced_accuracy_score(label, looked_up)
    marks.loc[step, "looked up"] = score

# %% tags=["remove-input"]
shares = marks[["named", "5 neighbours", "looked up"]]
display(
    Table(
        shares.assign(nats=beside["information"]).map("{:.2f}".format),
        caption="Named: proportion of windows whose trial is found by mean "
        "and scale. Balanced accuracy on random labels of 5 neighbours, and "
        f"of labels looked up. All: {BOTH_SIDES}. Nats: predicted information "
        "per feature",
    )
)
leaks = marks.loc["subtract", ["ridge", "5 neighbours", "looked up"]]
say(
    "A z-score helps ridge as much as a subtraction",
    f"({marks['ridge']['z-score']:.2f} and {marks['ridge']['subtract']:.2f}),",
    "but the trials of more windows are found",
    f"({marks['named']['z-score']:.2f} against",
    f"{marks['named']['subtract']:.2f}).",
)

# %% [markdown]
# ## Overlap and smoothing
#
# Windows can also share samples. If windows of length $L$ start $h$ apart,
# neighbours have the proportion $1 - h/L$ of their samples in common. A moving
# average over $m$ windows works like a window $m$ times as long:
# $1 - 1/m$. A classifier then only has to find one neighbour in time. Here are
# white noise, eight channels, no baseline removal, random labels and the
# single nearest neighbour.


# %%
def log_power(noise, length, start):
    pieces = np.lib.stride_tricks.sliding_window_view(noise**2, length, -1)
    return np.log(pieces[..., ::start, :].mean(axis=-1)).swapaxes(1, 2)


def smoothed(x, m):
    return np.lib.stride_tricks.sliding_window_view(x, m, 1).mean(axis=-1)


noise = np.random.default_rng(0).normal(size=(20, 8, 60 * 128))
cases = {
    f"2 s every {h:g} s": (log_power(noise, 256, int(128 * h)), 1 - h / 2)
    for h in (2, 1, 0.5, 0.25)
}
cases |= {
    f"0.5 s, mean of {m}": (smoothed(log_power(noise, 64, 64), m), 1 - 1 / m)
    for m in (1, 5, 10)
}

# %% [markdown]
# The prediction is rough. It compares the distance to the next window of the
# trial with the distance to the nearest of all windows of other trials that
# have no samples in common. Both are chi-squared variables.

# %%
one = KNeighborsClassifier(1)
of_trial = np.random.default_rng(3).permutation(np.arange(20) % 2)
shared = {}
for name, (x_case, common) in cases.items():
    n_trials, n_windows, p = x_case.shape
    distance = stats.chi2(p)
    own = distance.ppf((np.arange(1000) + 0.5) / 1000)
    others_n = (n_trials - 1) * n_windows * 0.8 * (1 - common)
    nearest = (1 - distance.cdf((1 - common) * own)) ** others_n
    row = {"shared": common, "predicted": 0.5 + nearest.mean() / 2}
    flat, y = x_case.reshape(-1, p), of_trial.repeat(n_windows)
    groups = np.arange(n_trials).repeat(n_windows)
    for held_out, cv in {
        "single windows": windows_out.split(flat, y),
        "whole trials": trials_out.split(flat, y, groups=groups),
    }.items():
        found = cross_val_predict(one, flat, y, cv=cv)
        row[held_out] = balanced_accuracy_score(y, found)
    shared[name] = row

# %% tags=["remove-input"]
display(
    Table(
        pd.DataFrame(shared).T.map("{:.2f}".format),
        caption="White noise, random labels, nearest neighbour. Shared: "
        "proportion of samples in common with the next window. Predicted, and "
        f"single windows held out: {BOTH_SIDES}",
    )
)

# %% [markdown]
# ## People at rest
#
# White noise has no memory, but brains do. The package has an extract of real
# {term}`EEG`, recorded at rest before a test of arithmetic {cite:p}`zyma2019`:
# the DE of eight people, in pieces of 3 + 12 seconds, a "baseline interval"
# and a "trial". Nothing was shown or asked, and the labels are random. The
# figure below shows the scores.

# %%
extract = eegmat.resting_features()
of_people = {}
for name in extract["subject"].to_numpy():
    own = extract.sel(subject=name)
    de, rest = (own[part].to_numpy().astype(float) for part in ("de", "rest"))
    K, n = de.shape[:2]
    level = rest.mean(axis=1, keepdims=True)
    sd = rest.std(axis=1, keepdims=True)
    trial = np.arange(K).repeat(n)
    label = np.random.default_rng(0).permutation(np.arange(K) % 2)[trial]
    for step, x_step in {
        "nothing": de,
        "subtract": de - level,
        "z-score": (de - level) / sd,
        "another's mean": de - np.roll(level, 1, axis=0),
    }.items():
        of_people[name, step] = all_scores(x_step, label, trial)
at_rest = pd.DataFrame(of_people).T.groupby(level=1, sort=False).mean()

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(5.6, 4.2))
points = at_rest.melt(var_name="kind", ignore_index=False)
points = points.rename_axis("row").reset_index()
points["hollow"] = ~points["kind"].str.contains("whole")
points["series"] = points["kind"]
score_plots.rows(
    ax, points, label="balanced accuracy of windows (0 to 1)", chance=0.5
)
told = [
    f"{step}: " + ", ".join(f"{kind} {v:.2f}" for kind, v in row.items())
    for step, row in at_rest.iterrows()
]
n_people = extract.sizes["subject"]
Picture(
    fig,
    alt=f"Balanced accuracy on random labels of {n_people} people at rest. "
    f"{'; '.join(told)}.",
    caption=f"Means of {n_people} people at rest, random labels. Rows: what "
    f"was done to each piece. Hollow: {BOTH_SIDES}. Filled: whole pieces held "
    "out. Data: Zyma and others, PhysioNet, ODC-By 1.0.",
)

# %% tags=["remove-input"]
leaking = at_rest.drop(columns="ridge, whole trials")
other = leaking.loc["another's mean"]
say(
    "Pieces of rest differ by themselves, since brains and electrodes drift:",
    "without any step, the leaking scores are",
    f"{leaking.loc['nothing'].min():.2f} to",
    f"{leaking.loc['nothing'].max():.2f}. Subtraction raises them to",
    f"**{leaking.loc['subtract'].min():.2f} to",
    f"{leaking.loc['subtract'].max():.2f}**, and so does the mean of another",
    f"piece ({other.min():.2f} to {other.max():.2f}). With whole",
    "pieces held out, ridge reaches",
    f"{at_rest['ridge, whole trials'].min():.2f} to",
    f"{at_rest['ridge, whole trials'].max():.2f}. A person has only {K}",
    "pieces, so honest scores vary widely about 0.5.",
)

# %% [markdown]
# ## The claim
#
# All this supports the following claim, and no more.

# %% tags=["remove-input"]
say(
    "> Subtracting one noisy vector from all windows of a trial is sufficient",
    "(not necessary) to make trials identifiable. When windows of a trial are",
    "on both sides of the split and a trial has one label, this alone yields",
    f"{leaks.min():.0%} to {leaks.max():.0%} of correct predictions from",
    "white noise with random labels, depending on the classifier. It says",
    "nothing against baseline removal when whole trials are held out, nor how",
    "much of any published score it explains.",
)

# %% [markdown]
# The same holds for anything else that is estimated for each trial and applied
# to all its windows. You may object that the mark is shared *by construction*.
# It is. The point is its size, and how common these steps are together.
#
# ### What was known
#
# It is known that window-wise splits leak, even with labels permuted between
# trials. {cite:t}`white2023` showed it on DEAP and SEED. {cite:t}`li2021` and
# {cite:t}`xu2024` name temporal autocorrelation as the cause.
# {cite:t}`brookshire2024` compare held-out segments with held-out people in
# two clinical data sets, and find performance on new people strongly
# overestimated. {cite:t}`khan2025` count errors in 101 studies of DEAP.
# {cite:t}`cen2022` blame improper preprocessing for "false high accuracy", and
# change the baseline removal. This chapter adds one sufficient cause, isolated
# and quantified: the estimation error of what is removed. To our knowledge
# nobody has done that before.
#
# {cite:t}`ahmed2023` and {cite:t}`wirawan2021` report gains from dividing by
# the baseline mean. The mechanism would predict gains *if* windows of one
# trial were on both sides there, which we did not verify. It does not speak
# against baseline correction when trials are kept whole.
# {cite:t}`kessler2025` found that it increased the accuracy of a network that
# decoded event-related potentials trial by trial. On baseline correction as a
# statistical model see {cite:t}`alday2019`. Of the papers in this section we
# have read no more than the abstracts.
#
# ## Two probes: which trial, and who?
#
# Leakage means that the classifier can use information that will not be
# available for new data. A direct way to detect it is to ask for what the
# classifier should not know. *Which trial* is a window from, if other windows
# of all trials are known? And *which person*, on trials that were held out?

# %% tags=["hide-input"]
recordings = {subject: recording}
in_common = recording["channel"].to_numpy()
for name in who[1:4]:
    other = stages.recording(this_study, name)
    shared = [each for each in in_common if each in other["channel"]]
    if len(shared) > 1:  # compare people on electrodes that all have
        recordings[name], in_common = other, shared


# %% tags=["hide-input"]
def features_after(setting, n_kept=10):
    """Some windows of each trial after baseline removal, and their table."""
    own = replace(this_study.features, baseline=setting)
    x, rows = [], []
    for each in recordings.values():
        each = each.sel(channel=in_common)
        features = extraction.extract_features(each, own)
        rows.append(window_table(features, this_study.tasks))
        x.append(features["feature"].to_numpy())
    rows = pd.concat(rows, ignore_index=True)
    step = -(-(rows["window"].max() + 1) // n_kept)
    kept = (rows["window"] % step == 0) & (rows[tasks] >= 0).all(axis=1)
    x = np.concatenate(x)[kept].reshape(kept.sum(), -1).astype(float)
    return x, rows[kept].reset_index(drop=True)


has_rest = all("baseline" in each for each in recordings.values())
settings = ["subtract", "zscore"] if has_rest else []
settings = ["none", *settings, "own_trial"]
after = {}
for setting in dict.fromkeys([this_study.features.baseline, *settings]):
    try:
        after[setting] = features_after(setting)
    except DataError:  # too few windows, or a level of zero
        continue

# %%
lda = make_pipeline(
    StandardScaler(),
    LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
)
probes = {}
for setting in dict.fromkeys([this_study.features.baseline, "none"]):
    x_own, rows = after[setting]
    person = rows["subject"].to_numpy()
    trial = rows.groupby(["subject", "trial"]).ngroup().to_numpy()
    own = person == subject
    windows_of = np.bincount(trial[own]).max()
    folds = StratifiedKFold(min(5, windows_of), shuffle=True, random_state=0)
    named = cross_val_predict(lda, x_own[own], trial[own], cv=folds)
    found = {"trial": (named == trial[own]).mean()}
    found["trial, by chance"] = 1 / len(np.unique(trial[own]))
    if len(recordings) > 1:
        named = cross_val_predict(
            lda, x_own, person, groups=trial, cv=trials_out
        )
        found["person"] = (named == person).mean()
        found["person, by chance"] = 1 / len(recordings)
    probes[setting] = found

# %% tags=["remove-input"]
display(
    Table(
        pd.DataFrame(probes).T.map("{:.0%}".format),
        caption="Windows whose trial or person is recognised by linear "
        "discriminant analysis. Rows: how the baseline mean is removed. "
        f"Trials: of {subject}, windows of one trial on both sides. People: "
        f"of {len(recordings)}, on held-out trials",
    )
)
name, by_chance = probes["none"]["trial"], probes["none"]["trial, by chance"]
say(
    "Trials are told apart without baseline removal too, because their own",
    "states differ. This is why the claim says *not necessary*."
    if name > 2 * by_chance
    else "Without baseline removal, trials are hardly told apart here.",
)

# %% [markdown]
# A classifier that knows the person can use that, because people differ in how
# often they rate high. This is why this book computes balanced accuracy within
# each person, and only then averages.
#
# ## The fix: hold out what the claim is about
#
# Here is the same ridge regression under all protocols, now scored by whole
# trials: the class of a trial is the most probable one over its windows.

# %%
fair = list(protocols.PROTOCOLS) if rated else ["window_wise", *others]
given, refused = [], {}
for name in fair:
    try:
        given.append(
            linear.reference_predictions(
                "ridge",
                x,
                table,
                name,
                n_folds=n_folds,
                seed=seed,
                tasks=tasks,
            )
        )
    except DataError as error:
        refused[protocol_name(name)] = f"{error.source}: {error.message}"
by_protocol = scores.score(pd.concat(given), resamples=500)

# %% tags=["remove-input"]
for name, task in this_study.tasks.items():
    display(
        score_plots.accuracies(by_protocol.assign(stage="pooled"), name, task)
    )

# %% tags=["remove-input"]
display(
    say(
        "Only what is held out differs: features, model and labels are the",
        "same. {term}`Pooled <pooled>` means fitted on all people together.",
        "The [cohort page](/cohort.ipynb) has the network's scores.",
        *(
            f"Not shown: {name}, for which these data do not suffice"
            f" ({shown.escape_markdown(why.rstrip('.'))})."
            for name, why in refused.items()
        ),
    )
)
if not rated:
    display(
        shown.admonition(
            "Classes that are recordings",
            "The classes of this study are recordings in a fixed order.",
            "Holding out trials would test which *recording* a trial is from,",
            "so only people are held out.",
        )
    )

# %% [markdown]
# ## Was there anything to find?
#
# Look at the honest scores of each {term}`task` before you read on. In which
# task do you think the signals follow the {term}`rating`, and how sure are
# you?

# %% tags=["remove-input"]
unknown = "For recordings of people, no one knows. That is why we need a test."
say(truth_sentence(sources.effects(this_study)) or unknown)

# %% [markdown]
# ## What each way to remove a baseline mean costs
#
# If whole trials are held out, a mark does no harm, and you may choose the
# step that serves your question. Each has its price.
#
# - `none` needs nothing. Levels of people and days stay in the features.
# - `subtract`, `divide` and `zscore` need a baseline interval. Its estimation
#   error is added to every window.
# - The mean over trials, which is no setting here, needs the baseline
#   intervals of all trials, those of the test set too. Drifts stay.
# - `own_trial` needs the whole trial. An effect that lasts throughout a trial
#   may vanish.
#
# Here are the same recordings with each of them, scored by ridge regression on
# windows.

# %%
price = {}
for setting in settings:
    if setting in after and np.isfinite(after[setting][0]).all():
        x_own, rows = after[setting]
        random = shuffling.permuted_by_trial(rows, tasks, seed)
        cases = [rows, "window_wise"], [random, "window_wise"], [rows, honest]
        people = rows["subject"].nunique()  # few, perhaps fewer than folds
        n = min(n_folds, people) if "subjects" in honest else n_folds
        price[setting] = [
            window_score(x_own, labelled, task, held_out, n)
            for task in tasks
            for labelled, held_out in cases
        ]

# %% tags=["remove-input"]
columns = ["real", "random", "honest"]
rows = {
    f"{setting}, {task}": dict(zip(columns, values, strict=True))
    for setting, found in price.items()
    for task, values in zip(tasks, np.reshape(found, (-1, 3)), strict=True)
}
display(
    Table(
        pd.DataFrame(rows).T.map("{:.2f}".format),
        caption="Ridge, balanced accuracy of windows, by how the baseline "
        f"mean is removed. Real and random labels: {BOTH_SIDES}. Honest: real "
        f"labels, {protocol_name(honest)}",
    )
)
lasting = (
    "In this simulation, an effect begins in the first seconds of a trial and "
    "then stays. Centring on the trial (`own_trial`) removes it from the mean "
    "of each feature. It remains in the first seconds, and in how much band "
    "energy varies, which is proportional to its level."
)
compare = "Compare the differences with the range of chance below."
say(compare if this_study.simulation is None else lasting)

# %% [markdown]
# ## Why leaving people out is not enough
#
# Suppose that every brain responds to the *light and sound* of a film, and
# that this has nothing to do with emotion. People mostly agree about films. A
# classifier can then learn "this response belongs to that film, and that film
# is rated high", and be correct about people it has never seen.
#
# Simulate that: 16 people, 40 films, and a response to each film that all
# people share, unrelated to its label. A {term}`permutation test` compares the
# score with the scores of permuted labels. You can permute them
#
# - *within each person*, separately: the test then asks for any association
#   with the labels, through the film or not;
# - *the same way for all people*, film by film: the test then asks whether the
#   true labels are better than an arbitrary labelling of the same films.


# %%
def cohort(rng, n_people=16, n_films=40, n_features=20, locked=0.5):
    person = np.repeat(np.arange(n_people), n_films)
    film = np.tile(np.arange(n_films), n_people)
    of_film = rng.permutation(np.arange(n_films) % 2)
    follows = rng.random(len(film)) < 0.8  # most people agree about a film
    label = np.where(follows, of_film[film], rng.integers(0, 2, len(film)))
    response = rng.normal(size=(n_films, n_features))  # no link with labels
    x = rng.normal(size=(len(film), n_features)) + locked * response[film]
    keys = {"subject": person, "trial": film, "stimulus": film, "window": 0}
    return x, pd.DataFrame(keys | {"label": label})


def people_out(x, labels, folds):
    """Scores of many labellings (person, film, labelling) at once."""
    flat, right = labels.reshape(len(x), -1), np.empty((len(x), 1))
    decided = np.empty(flat.shape, bool)
    for train, test in folds:
        scaler = StandardScaler().fit(x[train])
        z, target = scaler.transform(x[train]), flat[train]
        gram = z.T @ z + np.eye(x.shape[1])
        w = np.linalg.solve(gram, z.T @ (target - target.mean(axis=0)))
        decided[test] = scaler.transform(x[test]) @ w > 0
    right, high = (decided == flat).reshape(labels.shape), labels == 1
    sides = [(right & s).sum(1) / s.sum(1) for s in (high, ~high)]
    return np.mean(sides, axis=(0, 1))


# %% [markdown]
# ## Permuted within people, or for all people
#
# The figure below shows six such cohorts, each with 199 permutations of either
# kind.

# %%
n_cohorts, n_permutations = 6, 199
rng, tests = np.random.default_rng(4), []
for number in range(1, n_cohorts + 1):
    x_null, rows = cohort(rng)
    folds = protocols.cv_of("leave_subjects_out", rows, tasks=())
    label = rows["label"].to_numpy().reshape(16, 40, 1)
    value = people_out(x_null, label, folds)[0]
    drawn = np.broadcast_to(label, (16, 40, n_permutations))
    within = rng.permuted(drawn, axis=1)
    orders = rng.permuted(np.tile(np.arange(40), (n_permutations, 1)), axis=1)
    for_all = label[:, orders.T, 0]
    for kind, labels in {"within": within, "for all": for_all}.items():
        null = people_out(x_null, labels, folds)
        p = (1 + (null >= value).sum()) / (1 + n_permutations)
        tests.append(
            [number, kind, value, *np.quantile(null, [0.025, 0.975]), p]
        )

smoother = linear.ridge_smoother(
    x_null,
    rows,
    protocols.leave_subjects_out(rows, n_folds=5, seed=0, tasks=()),
)
ours = permutation.observed_score(smoother, "label")
np.testing.assert_allclose(value, ours)

# %% tags=["hide-input"]
columns = ["cohort", "kind", "value", "low", "high", "p"]
tests = pd.DataFrame(tests, columns=columns)
tests["row"] = "cohort " + tests["cohort"].astype(str)
titles = {"within": "permuted within each person", "for all": "for all people"}

# %% tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(5.8, 3.2), sharex=True, sharey=True)
told = []
for ax, (kind, title) in zip(axes, titles.items(), strict=True):
    own = tests[tests["kind"] == kind]
    score_plots.rows(
        ax,
        estimates=own[["row", "value"]].assign(series="score"),
        bands=own.assign(series="95 % of permutations"),
        label="balanced accuracy",
        chance=0.5,
        legend=False,
    )
    ax.set_title(title, fontsize="medium")
    middle = (own["low"] + own["high"]).mean() / 2
    told.append(f"{title}: ranges about {middle:.2f}")
handles = ax.get_legend_handles_labels()
fig.legend(*handles, loc="outside lower center", ncols=2)
Picture(
    fig,
    alt=f"Scores of {n_cohorts} cohorts, {tests['value'].min():.2f} to "
    f"{tests['value'].max():.2f}. {'; '.join(told)}.",
    caption="New people, known films, ridge regression. On the right the "
    "range itself is above 0.5: with a response to each film, even an "
    "arbitrary labelling of the films can be learnt.",
)

# %% tags=["remove-input"]
rejected = (tests["p"] <= 0.05).groupby(tests["kind"]).sum()
say(
    "Nothing in these data is related to emotion. At the 5 % level, permuting",
    f"within people rejects the null hypothesis in **{rejected['within']} of",
    f"{n_cohorts}** cohorts, and permuting for all people in",
    f"**{rejected['for all']} of {n_cohorts}**. A few cohorts give no rate.",
    "`python -m benchmarks.evidence` counts 1,000.",
)

# %% [markdown]
# So a claim about new people *and* emotion needs held-out films as well, or a
# test that permutes films.
#
# ## How wide is chance?
#
# A coin tossed 40 times seldom shows exactly 20 heads. How far from 0.5 may a
# score be if there is nothing to find? Permuted labels tell. Ridge regression
# is fitted again for each permutation. The figure below shows the middle 95 %
# of their scores.


# %% tags=["hide-input"]
def chance(x, rows, task, split, n_folds=5):
    """Permutation test of ridge regression, fitted again each time."""
    protocol = protocols.PROTOCOLS[split]
    folds = protocol(rows, n_folds=n_folds, seed=0, tasks=())
    smoother = linear.ridge_smoother(x, rows, folds)
    if split == "trial_grouped":
        return permutation.within_subject_test(
            smoother, task, within_fold=True
        )
    return permutation.joint_stimulus_test(smoother, task)


# %% tags=["hide-input"]
reach = {}
for n_people, split in {1: "trial_grouped", 32: "leave_subjects_out"}.items():
    noisy = cohort(np.random.default_rng(0), n_people, locked=0)
    found = chance(*noisy, "label", split)
    reach[f"noise: {n_people} x 40 trials"] = found
both_out = "leave_subjects_and_stimuli_out"
for task in rated:
    for name, split in {subject: "trial_grouped", "all": both_out}.items():
        chosen = (table["subject"] == subject) | (name == "all")
        rows = table[chosen].reset_index(drop=True)
        try:
            found = chance(x[chosen], rows, task, split, n_folds)
            reach[f"{task}: {name}"] = found
        except DataError:  # too few trials, people or films
            continue
reach = {k: t for k, t in reach.items() if np.ptp([t.value, *t.null]) > 0}

# %% tags=["hide-input"]
columns = ["row", "low", "high", "detectable"]
bands = [
    [k, *t.null_interval, t.minimum_detectable_score] for k, t in reach.items()
]
bands = pd.DataFrame(bands, columns=columns)
bands["detectable"] = bands["detectable"].where(bands["detectable"] <= 1)
own = {k: [t.value] for k, t in reach.items() if "noise" not in k}
fig, ax = plt.subplots(figsize=(5.6, 1.6 + 0.4 * len(reach)))
score_plots.rows(
    ax,
    estimates=score_plots.tidy(own).assign(series="score"),
    bands=bands.assign(series=score_plots.CHANCE_RANGE),
    label="balanced accuracy of trials (0 to 1)",
    chance=0.5,
)
told = [f"{b.row} {b.low:.2f} to {b.high:.2f}" for b in bands.itertuples()]
told += [f"score of {name} {value:.2f}" for name, (value,) in own.items()]
Picture(
    fig,
    alt=f"What permuted labels reach: {'; '.join(told)}.",
    caption="One person: trial-grouped. All people of this study: new people "
    "and new films, films permuted for all people. Noise of 32 people: new "
    "people. Without a mark, even a perfect score would often be missed. "
    "Exploratory: of many scores, some leave the range by chance.",
)

# %% tags=["remove-input"]
one = reach["noise: 1 x 40 trials"]
low, high = one.null_interval
display(
    say(
        f"For 40 trials of one person, chance alone covers **{low:.2f} to",
        f"{high:.2f}** (standard deviation {one.null.std():.2f}). An effect",
        "that raises scores to less than",
        f"**{one.minimum_detectable_score:.2f}** would be missed in more than",
        "one of five such experiments. A score of one person says little, and",
        "a ranking of people says less.",
    )
)
if not rated:
    display(
        shown.admonition(
            "No p value for this study",
            "Its classes were recorded in a fixed order, so permuted classes",
            "would be no fair comparison.",
        )
    )

# %% [markdown]
# ## What others report
#
# Here are scores that others report for DEAP, by what was held out. They come
# from papers with different windows, folds and measures, so do not test them
# against each other. [The published figures](A2_published_figures) has them
# all, with their sources.

# %% tags=["remove-input"]
figures = published()
figures = figures[
    ~(figures["system"] + figures["variant"]).str.contains("ablations|frames")
]
variant = figures["variant"].map(lambda text: text and f" ({text})")
field = figures.set_index((figures["system"] + variant).rename("system"))
field = field.assign(**field[["valence", "arousal"]].map("{:g}".format))
for protocol, own in field.groupby("protocol", sort=False):
    rows = own[["valence", "arousal", "unit"]]
    display(
        Table(
            rows.rename(columns={"unit": "measure"}),
            caption=f"Reported for DEAP: {protocol_name(protocol)}",
        )
    )

# %% [markdown]
# The systems are those of
# {cite:t}`yang2019,xing2019,shen2020,pan2021,rudakov2021`. It is well
# documented that scores fall when whole trials or people are held out
# {cite:p}`white2023,brookshire2024,delpup2025,khan2025,kukhilava2025,liu2024`.
# Even a watermelon with {term}`electrodes <electrode>` can be "decoded" if
# windows of one recording are on both sides {cite:p}`xu2024`. How much the
# time course of a recording explains in a given experiment is debated: compare
# {cite:t}`li2021` with {cite:t}`palazzo2020`. A high window-wise score is no
# mistake in arithmetic. It answers a question that is seldom the one a reader
# has in mind.
#
# ## How good can the labels be?
#
# No score can be better than its labels. How many ratings are so close to the
# threshold that they might as well be on its other side, and does the rule
# that makes labels of them matter?

# %%
near, by_rule = {}, {}
for name, task in rated.items():
    parts = {
        who_: each["rating"].sel(scale=task.rating).to_series()
        for who_, each in recordings.items()
    }
    rating = pd.concat(parts, names=["subject", "trial"])
    above, margin = task.above, 0.5
    close = (rating - above).abs() <= margin
    near[name] = {
        "trials": rating.notna().sum(),
        f"rated exactly {above:g}": (rating == above).sum(),
        f"within {margin:g} of it": close.sum(),
    }
    median = rating.groupby(level="subject").transform("median")
    rules = {
        f"above {above:g}": 1 * (rating > above),
        f"{above:g} or above": 1 * (rating >= above),
        "above the person's median": 1 * (rating > median),
        f"above {above:g}, close ones left out": 1 * (rating > above)
        - 2 * close,
    }
    by_rule[name] = {rule: labels.clip(-1) for rule, labels in rules.items()}

# %%
of_rule = {}
keys = pd.MultiIndex.from_frame(table[["subject", "trial"]])
for name, rules in by_rule.items():
    for rule, labels in rules.items():
        new = labels.reindex(keys, fill_value=-1).to_numpy()
        rows = table.assign(**{name: new})
        row = {"high": (labels == 1).sum(), "low": (labels == 0).sum()}
        try:
            metric = scores.ESTIMAND
            found = package_scores(x, rows, honest, metric, tasks=[name])
            row["score"] = f"{found[name]:.2f}"
        except DataError:
            row["score"] = "too few"
        of_rule[f"{name}: {rule}"] = row

# %% tags=["remove-input"]
if rated:
    caption = "Ratings close to the threshold"
    display(Table(pd.DataFrame(near).T, caption=caption))
    display(
        Table(
            pd.DataFrame(of_rule).T,
            caption="Trials of each class, and ridge's balanced accuracy "
            f"({protocol_name(honest)})",
        ),
    )
else:
    display(
        shown.admonition(
            "No ratings",
            "This study has conditions, not ratings, so no threshold divides",
            "a scale.",
        )
    )

# %% [markdown]
# A rule changes labels and with them the score, although not a single sample
# of EEG has changed. Compare the differences with the range of chance before
# you prefer a rule. A rule that is chosen *after* looking at the scores is one
# more way to find what is not there.
#
# ## How reliable are the labels?
#
# How much of a label does the *film* determine, for anyone who watches it? The
# other people's majority vote is a prediction without any EEG. And how
# reliable is a label? People do not report exactly what they felt, and in a
# simulation both are known.

# %%
trials = table.drop_duplicates(["subject", "trial"])
agree = {}
for name in rated:
    of_film = trials.groupby("stimulus")[name]
    n_others = of_film.transform("size") - 1
    vote = (of_film.transform("sum") - trials[name])[n_others > 0]
    vote = vote / n_others[n_others > 0]
    right = (vote > 0.5) == (trials.loc[vote.index, name] == 1)
    agree[name] = {
        "majority of the others": right.where(vote != 0.5, 0.5).mean()
    }

# %%
if this_study.simulation is not None:
    truths = [
        simulated.read_truth(this_study.recordings_root, name)
        for name in recordings
    ]
    scales = truths[0]["felt_scale"].to_numpy()  # of those that are felt
    for name, task in rated.items():
        if task.rating not in scales:
            continue
        felt, told = (
            np.concatenate([t[part].sel({dim: task.rating}) for t in truths])
            for part, dim in (("felt", "felt_scale"), ("rating", "scale"))
        )
        same = (felt > task.above) == (told > task.above)
        agree[name]["what was felt"] = same.mean()

# %% tags=["remove-input"]
agree = pd.DataFrame(agree).dropna(how="all")
if agree.size:
    display(
        Table(
            agree.map("{:.0%}".format).replace("nan%", "unknown"),
            caption="Trials whose reported class is the same. No EEG is used",
        )
    )
if "what was felt" in agree.index:
    felt = agree.loc["what was felt"]
    display(
        say(
            "A classifier that decoded the felt emotion without any error",
            f"would agree with {felt.min():.0%} to {felt.max():.0%} of the",
            "labels.",
        )
    )

# %% [markdown]
# ## Check yourself
#
# **1.** A paper reports 97 % "with ten-fold cross-validation over all
# segments". What do you ask first?
#
# ```{dropdown} Answer
# What was held out: could segments of one trial be in the training set and in
# the test set? If so, what does the same pipeline score with labels permuted
# between trials? If that is far above 0.5 too, the 97 % say nothing about new
# trials, films or people.
# ```
#
# **2.** On new people, a model scores better than all permutations of labels
# within people. Does it recognise emotion?
#
# ```{dropdown} Answer
# It has found some association with the labels. If all people saw the same
# films, it may recognise the films. Permute the labels of films for all people
# at once, or hold films out as well.
# ```
#
# ## Exercises
#
# **Exercise 1.** How long must a baseline interval be, so that a weighted sum
# is correct in at most 55 % of the windows of 40 trials with 128 features? Use
# the simple formula. A window lasts 0.5 s.
#
# ```{dropdown} Hint
# Solve $\Phi(\rho \sqrt{p/K}) = 0.55$ for $\rho$ with `stats.norm.ppf`. Then
# $B = 1 / \rho^2$.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 1
seconds = ...

# %% tags=["hide-cell", "solution"]
# The quantile of 0.55 is a small number, so rho is small and B is large: the
# mark fades only with the square root of the length.
ratio = stats.norm.ppf(0.55) / np.sqrt(128 / 40)
seconds = 0.5 / ratio**2

# %% tags=["check", "hide-input"]
windows_needed = 128 / 40 / stats.norm.ppf(0.55) ** 2
check(
    seconds,
    windows_needed / 2,
    slips={
        "This is a number of windows.": windows_needed,
        "B is the inverse of the square of the ratio.": windows_needed**0.5
        / 2,
    },
)

# %% [markdown]
# **Exercise 2.** A classifier names the correct one of 40 trials for 90 % of
# the windows, and otherwise one of the other 39, all equally likely. It then
# takes the label of the trial it has named. Half of the trials have label 1.
# What proportion of its labels is correct?
#
# ```{dropdown} Hint
# Of the 39 other trials, 19 have the same label.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 2
proportion = ...

# %% tags=["hide-cell", "solution"]
# A wrong trial still has the right label in almost half of the cases.
# Therefore labels are correct more often than trials.
proportion = 0.9 + 0.1 * 19 / 39

# %% tags=["check", "hide-input"]
check(
    proportion,
    0.9 + 0.1 * 19 / 39,
    slips={
        "A wrong trial may have the right label.": 0.9,
        "Of the others, 19 of 39 have the same label, not half.": 0.95,
    },
    rtol=1e-4,
)

# %% [markdown]
# **Exercise 3.** How many trials does a coin need, so that 95 % of its
# accuracies are between 0.45 and 0.55?
#
# ```{dropdown} Hint
# The accuracy of $n$ tosses has the standard deviation $0.5 / \sqrt{n}$. The
# middle 95 % of a normal distribution reach 1.96 standard deviations.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 3
n_tosses = ...

# %% tags=["hide-cell", "solution"]
# Set 1.96 times 0.5 over the root of n equal to 0.05. That is about ten times
# the trials of one person in DEAP.
n_tosses = (1.96 * 0.5 / 0.05) ** 2

# %% tags=["check", "hide-input"]
check(
    n_tosses,
    (1.96 * 0.5 / 0.05) ** 2,
    slips={
        "0.05 is the distance to either side, not the whole range.": (
            1.96 * 0.5 / 0.1
        )
        ** 2,
        "Square the ratio.": 1.96 * 0.5 / 0.05,
    },
)

# %% [markdown]
# ## Conclusion
#
# A score answers the question that its protocol asks. With windows of one
# trial on both sides, the question is "have you met this trial?", and a mark
# as small as a noisy baseline mean is enough to answer it. To make a claim
# about new trials, films or people, hold out trials, films or people. To make
# a claim about emotion rather than films, hold out films or permute them. And
# before any claim, look at how far chance reaches.
#
# Ask five questions about any score, including those of this book. What was
# held out? What does the same pipeline score with random labels? Was the test
# set looked at before the end? Did all people see the same films? How wide is
# chance with that many trials?
#
# ## Where to read on
#
# - [What the network looks at](10_what_the_network_looks_at) asks which places
#   and bands matter.
# - [How to read this book](/how_to_read.md) has the protocols and measures on
#   one page.
# - The tests and their false alarms: `emolib.evaluation.permutation`.
#
# ## Provenance

# %% tags=["remove-input"]
inputs = [this_study.features_file(name) for name in who]
provenance(this_study, inputs)
