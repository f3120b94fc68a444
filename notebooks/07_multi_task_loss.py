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
# # The multi-task loss
#
# Two classifiers predict the {term}`class` of a {term}`window`. The careful
# one is right less often and always says 60 %. The bold one is right more
# often and always says 99 %. The figure below shows what each pays for right
# and wrong {term}`predictions <prediction>`. **Why does the better classifier
# pay more?**

# %% tags=["parameters", "remove-input"] needs="features"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None: the first that can be used

# %% tags=["hide-input"]
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display
from sklearn.utils.class_weight import compute_class_weight

from emolib.book.answers import check
from emolib.book.provenance import provenance
from emolib.evaluation.bootstrap import subject_means
from emolib.evaluation.comparison import compare, counts_by_seed
from emolib.evaluation.literature import published
from emolib.features import extraction
from emolib.figures import benches
from emolib.figures import display as shown
from emolib.figures import scores as score_plots
from emolib.figures.display import Picture, Table, say

# %% tags=["hide-input"]
from emolib.grid import to_brain_maps
from emolib.model.networks import build
from emolib.model.predictions import predictions_of
from emolib.model.training import fit_small, small_training
from emolib.recordings import simulated
from emolib.recordings.labels import Task, window_table
from emolib.splits.folds import group_windows, subsample
from emolib.splits.protocols import LEAKING, PROTOCOLS
from emolib.study import stages
from emolib.study.study import load

import jax  # isort: skip
import keras  # isort: skip
from jax import numpy as jnp  # isort: skip

shown.use_style()

# %% tags=["hide-input"]
classifiers = {"careful": (0.7, 0.6), "bold": (0.8, 0.99)}  # right, says
looks = zip("os", (shown.BLUE, shown.RED), strict=True)
line = np.linspace(0.005, 1, 200)

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(5.6, 3.0))
ax.plot(line, -np.log(line), color=shown.DARK, linewidth=1)
paid = {}
for (mark, ink), (name, (right, says)) in zip(
    looks, classifiers.items(), strict=True
):
    chances = np.array([says, 1 - says])
    how_often = np.array([right, 1 - right])
    paid[name] = (how_often * -np.log(chances)).sum()
    label = f"{name}: right {right:.0%}, pays {paid[name]:.2f} on average"
    look = {"marker": mark, "facecolor": "none", "edgecolor": ink}
    look |= {"linewidth": 2, "label": label, "zorder": 3}
    ax.scatter(chances, -np.log(chances), s=400 * how_often, **look)
ax.set(xlabel="probability given to the true class", ylabel="loss (nats)")
ax.legend(loc="upper right", markerscale=0.5)
Picture(
    fig,
    alt="A curve falls from a high loss at probability 0 to none at 1. The "
    f"careful classifier pays {paid['careful']:.2f} nats on average, the bold "
    f"one {paid['bold']:.2f}.",
    caption="Curve: the loss of a prediction. Each classifier has two marks: "
    "on the right where it is correct, on the left where it is wrong. The "
    "larger a mark, the more often its classifier pays this loss.",
)

# %% [markdown]
# ## What you will learn
#
# - what cross-entropy charges for a wrong prediction;
# - how the losses of two heads become one number, which weights it has, and
#   how to train with them in Keras;
# - what class weights are for, and what happens if they are taken from the
#   wrong task;
# - how to compute the gradient of a loss, and whether two heads pull the
#   shared layers in the same direction;
# - what a small experiment can say about the gain from sharing.
#
# **Time.** About 25 minutes, and half an hour for the exercises.
#
# **What you need.** [The CNN, layer by layer](06_cnn_layer_by_layer),
# logarithms, and the idea that training follows the slope of a loss downhill.

# %% tags=["hide-input"]
this_study = load(study)
subject = subject or stages.first_valid(this_study)
features_of, tasks = this_study.features, list(this_study.tasks)
n_classes = {t: len(task.classes) for t, task in this_study.tasks.items()}
lacking = len(tasks) < 2 or set(n_classes.values()) != {2}
if lacking:
    stand_in = simulated.SimulationSettings(n_trials=20, trial_seconds=20)
    features_of = extraction.FeatureSettings()
    two = {"valence": Task("valence"), "arousal": Task("arousal")}
    tasks, tables, loaded = list(two), [], []
    for number in (1, 2, 3):
        recording = simulated.simulate_subject(stand_in, number)[0]
        features = extraction.extract_features(recording, features_of)
        tables.append(window_table(features, two))
        loaded.append(to_brain_maps(features).values)
    maps, table = np.concatenate(loaded), pd.concat(tables, ignore_index=True)
else:
    maps, table = stages.load_windows(this_study)

# %% tags=["hide-input"]
shortest = table.groupby(["subject", "trial"]).size().min()
together = min(-(-len(table) // 600), shortest)  # windows in one map
groups = group_windows(table, together)
maps = maps[groups].mean(axis=1)
table = table.iloc[groups[:, 0]].reset_index(drop=True)
honest = [p for p in this_study.protocols if p not in LEAKING and not lacking]
protocol = (honest or ["trial_grouped"])[0]
n_folds = 2
folds = list(PROTOCOLS[protocol](table, n_folds=n_folds, seed=0, tasks=tasks))
for i, each in enumerate(folds):  # full batches: each size is compiled anew
    n = max(1, len(each.train) // 32) * 32
    folds[i] = replace(
        each,
        train=subsample(np.resize(each.train, max(n, len(each.train))), n),
    )

# %% tags=["hide-input"]
fold = folds[0]
first, last = tasks[0], tasks[-1]
small = replace(
    this_study.model_settings,
    width=1 / 8,
    dropout=0.0,
    batch_norm=False,
    planes=maps.shape[-1],
    windows=1,
    network="mt_cnn",
    tasks=dict.fromkeys(tasks, 2),
)

# %% tags=["remove-input"]
if lacking:
    display(
        shown.admonition(
            "Simulated recordings",
            "This study does not have two tasks with two classes each. This",
            "chapter shows simulated recordings with two tasks.",
        )
    )
one_map = "Each window forms"
if together > 1:
    one_map = f"The mean of {together} consecutive windows forms"
say(
    "The chapter trains networks on this page, so they are small: an eighth",
    "of the published width, without {term}`dropout`. The data are the",
    f"recordings of {table['subject'].nunique()} subjects. {one_map} one",
    f"{{term}}`brain map`, which gives {len(table)} maps.",
)

# %% [markdown]
# ## What a wrong prediction costs
#
# A {term}`head` gives a probability to each class. The {term}`cross-entropy`
# is the negative logarithm of the probability $p$ given to the true class,
#
# $$\ell = -\ln p.$$
#
# A head that gives 1 to the true class pays nothing. A head that gives 0.5 to
# each of two classes pays $\ln 2 \approx 0.69$ nats. For a head that is
# certain and wrong, the loss has no limit. This answers the question from the
# top of the page: the bold classifier is seldom wrong, but it pays a lot each
# time.
#
# ## Two heads, one sum
#
# Training minimises a single number, but the network has a loss for each head.
# They are added with weights:
#
# $$L = \sum_t \lambda_t \, \frac{1}{n} \sum_{i=1}^{n} w_{ti} \,
# (-\ln p_{ti}).$$
#
# The inner sum goes over the $n$ windows of a batch. With $\lambda = 1, 1$,
# both {term}`tasks <task>` count. With $1, 0$ or $0, 1$, only one does, and
# the same code trains a *single-task* network. The published method uses 1, 1
# for the {term}`pooled` network, and one of the others in its last
# {term}`fine-tuning <fine-tuned>`. The weight $w_{ti}$ of a window is 0 if its
# {term}`rating` is missing, and otherwise one of the {term}`class weights`
# described next.
#
# ## Uneven classes
#
# If two of three windows are *high*, a head that always says "high, two to
# one" has a smaller loss than one that says "one to one". Class weights remove
# this advantage. A window of class $c$ has the weight
#
# $$w_c = \frac{n}{K \, n_c},$$
#
# where $n$ is the number of windows, $K$ the number of classes, and $n_c$ the
# number of windows of class $c$. Each class then has the same total weight.


# %% slideshow={"slide_type": "slide"}
def balanced(labels):
    labels = labels[labels >= 0]  # -1: no rating
    return len(labels) / (2 * np.bincount(labels, minlength=2))


y = {task: table[task].to_numpy() for task in tasks}
for task in tasks:
    of = y[task][fold.train]
    by_sklearn = compute_class_weight(
        "balanced", classes=np.arange(2), y=of[of >= 0]
    )
    np.testing.assert_allclose(balanced(of), by_sklearn)

# %% [markdown]
# The released code computes *one* vector of such weights, from the
# {term}`labels <label>` of the last task, and uses it for every head. This
# slip is easily made: after a loop over the tasks, a variable still holds the
# value of the last one. A head that cannot tell anything from its input
# settles on a constant probability, the proportion of the class *in the
# weighted sum* (exercise 1). With its own weights this is 0.5. With the
# weights of another task it is something else.


# %%
def settles_on(labels, weights):
    weighted = np.bincount(labels[labels >= 0], minlength=2) * weights
    return weighted[1] / weighted.sum()  # of class 1


rows = {}
for name, own in table.groupby("subject"):
    of, of_last = own[first].to_numpy(), own[last].to_numpy()
    if set(of[of >= 0]) == set(of_last[of_last >= 0]) == {0, 1}:
        rows[name] = {
            "own weights": settles_on(of, balanced(of)),
            f"weights of {last}": settles_on(of, balanced(of_last)),
        }

# %% tags=["remove-input"]
found = pd.DataFrame(rows).T
display(
    Table(
        found.head(8).map("{:.2f}".format),
        caption=f"The probability of class 1 on which a head for {first} "
        "settles, if it is fine-tuned on one subject",
    )
    if len(found)
    else shown.admonition("One class", "No subject has both classes here.")
)

# %% [markdown]
# The default of this project is one vector per head, from the labels of its
# own task. The setting `class_weights: last_task` repeats the slip.
#
# ## Try it
#
# Move the predictions of the two heads, the proportion of a class and the
# weights, and see what costs least.

# %% tags=["hide-input"]
benches.LossBench()

# %% [markdown]
# ## Training with Keras
#
# Keras takes $w_{ti}$ as `sample_weight`, one array per head, and computes the
# sum $L$. A weight of 0 removes a window from the loss of a head. Here is the
# whole training, on one {term}`fold` of the {term}`protocol`. The figure below
# shows the loss on its way. The optimiser *Adam* turns slopes into steps, and
# scales each step by the size of recent slopes.

# %%
keras.utils.set_random_seed(0)
model = build(small, seed=0)
start = model.get_weights()
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=1e-3),
    loss=dict.fromkeys(tasks, "sparse_categorical_crossentropy"),
)


def targets(part):
    return {task: np.maximum(y[task][part], 0) for task in tasks}


def sample_weights(part, heads):
    weights = {}
    for task in tasks:
        of_class = balanced(y[task][fold.train])[targets(part)[task]]
        rated = y[task][part] >= 0
        weights[task] = np.where(rated, of_class, 0) * (task in heads)
    return weights


# %%
def with_weights(part, heads=tasks):
    return maps[part], targets(part), sample_weights(part, heads)


each_epoch = []
keep = keras.callbacks.LambdaCallback(
    on_epoch_end=lambda epoch, logs: each_epoch.append(model.get_weights())
)
data, target, weight = with_weights(fold.train)
history = model.fit(
    data,
    target,
    sample_weight=weight,
    validation_data=with_weights(fold.validation),
    validation_batch_size=len(fold.validation),
    epochs=20,
    callbacks=[keep],
    verbose=0,
).history
best = int(np.argmin(history["val_loss"]))

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(5.6, 2.8))
passes = np.arange(1, len(each_epoch) + 1)
ax.plot(passes, history["loss"], label="training")
ax.plot(passes, history["val_loss"], label="validation")
ax.axhline(len(tasks) * np.log(2), color=shown.GREY, linestyle=":")
ax.axvline(best + 1, color=shown.GREY, linewidth=1, linestyle="-")
ax.set(xlabel="epoch of training", ylabel="loss, sum of heads (nats)")
ax.legend()
ends = history["val_loss"][best], history["val_loss"][-1]
Picture(
    fig,
    alt=f"The training loss falls from {history['loss'][0]:.2f} to "
    f"{history['loss'][-1]:.2f} nats. The validation loss is smallest after "
    f"pass {best + 1}, {ends[0]:.2f} nats, and ends at {ends[1]:.2f}.",
    caption="One epoch of training is a pass over all training maps. Vertical "
    "line: the smallest validation loss. Dotted: the loss of a network that "
    "gives 0.5 to every class.",
)

# %% [markdown]
# A pass over the training data is an {term}`epoch` of training. The published
# method keeps the weights of the pass with the smallest loss on
# {term}`validation data`.
#
# ## The loss by hand
#
# Does the loss that Keras reports agree with the formula? Compute it by hand
# for these weights, and for those of the last pass.


# %% slideshow={"slide_type": "slide"}
def by_hand(weights, part):
    model.set_weights(weights)
    p = model.predict(maps[part], verbose=0)
    at, w = np.arange(len(part)), sample_weights(part, tasks)
    own = {task: p[task][at, targets(part)[task]] for task in tasks}
    return own, {task: (w[task] * -np.log(own[task])).mean() for task in tasks}


own, losses = by_hand(each_epoch[best], fold.validation)
np.testing.assert_allclose(
    sum(losses.values()), history["val_loss"][best], rtol=1e-3
)
own_last, losses_last = by_hand(each_epoch[-1], fold.validation)

# %% tags=["remove-input"]
frame = pd.DataFrame({"smallest": losses, "last pass": losses_last}).T
frame.loc["0.5 for every class"] = np.log(2)
surest = [min(v.min() for v in each.values()) for each in (own, own_last)]
frame["smallest p"] = [f"{v:.4f}" for v in (*surest, 0.5)]
n_validation = len(
    table.loc[fold.validation, ["subject", "trial"]].drop_duplicates()
)
display(
    Table(
        frame.map(lambda v: v if isinstance(v, str) else f"{v:.3f}"),
        caption="Loss of each head on validation data (nats), and the "
        "smallest probability p given to a true class",
    )
)
say(
    "Further training makes a network more certain. This pays off where the",
    "prediction is right and costs a lot where it is wrong. (There are only",
    f"{n_validation} validation {{term}}`trials <trial>`, so do not read more",
    "into these numbers.)",
)

# %% [markdown]
# ## The same in the package
#
# The package does the same with batches of one size, with a learning rate that
# falls, and with seeds for everything that is random. Its recorded loss is the
# one of the formula, too.

# %%
settings = replace(small_training(small, epochs=2), selection="balanced_loss")
trainer, fit = fit_small(small, settings, maps, y, fold, seed_key=(0,))
p = trainer.predict(fit.weights, maps, fold.validation)
recorded = fit.history["val_loss"].min()
total = 0
for task in tasks:
    label = y[task][fold.validation]
    rated = label >= 0
    there = np.bincount(label[rated], minlength=2)
    of_class = len(label) / ((there > 0).sum() * np.maximum(there, 1))
    cost = of_class[label] * -np.log(p[task][np.arange(len(label)), label])
    total += cost[rated].sum() / len(label)
np.testing.assert_allclose(total, recorded, rtol=1e-3)

# %% [markdown]
# ## One gradient
#
# Each step of training follows the *gradient*, the slope of the loss with
# respect to every weight. The library JAX differentiates any function of
# arrays. For a head's bias $b_c$ the gradient is known in closed form, the
# mean of $p_c - [c = y]$, so you can check it.


# %%
fixed = [v.value for v in model.non_trainable_variables]
names = [v.path.split("/")[0] for v in model.trainable_variables]


def head_loss(weights, batch, labels, task):
    p, _ = model.stateless_call(weights, fixed, batch)
    own = jnp.take_along_axis(p[task], labels[task][:, None], axis=1)
    return -jnp.log(own).mean()


gradient = jax.jit(jax.grad(head_loss), static_argnames="task")

rated = np.all([y[task][fold.train] >= 0 for task in tasks], axis=0)
order = np.random.default_rng(0).permutation(fold.train[rated])
batches = np.resize(order, (12, 32))  # row numbers of 12 batches
one = batches[0]
labels = {task: y[task][one] for task in tasks}
g = {task: gradient(start, maps[one], labels, task=task) for task in tasks}

model.set_weights(start)
p = model.predict(maps[one], verbose=0)[first]
of_bias = [a for a, name in zip(g[first], names, strict=True) if name == first]
closed_form = (p - np.eye(2)[labels[first]]).mean(axis=0)
np.testing.assert_allclose(of_bias[-1], closed_form, atol=1e-4)

# %% [markdown]
# The layers that both heads share are called the *trunk*. Join the gradient of
# all its weights into one vector, and do so for each choice of $\lambda$.


# %%
def trunk(g):
    parts = zip(g, names, strict=True)
    return np.concatenate([np.ravel(a) for a, n in parts if n not in tasks])


def length(g, part):
    parts = [np.ravel(a) for a, n in zip(g, names, strict=True) if n == part]
    return np.linalg.norm(np.concatenate(parts))


lengths = {}
for a, b in ((1, 1), (1, 0), (0, 1)):
    total = [a * u + b * v for u, v in zip(g[first], g[last], strict=True)]
    lengths[f"{first} {a}, {last} {b}"] = {
        "trunk": np.linalg.norm(trunk(total)),
        f"head {first}": length(total, first),
        f"head {last}": length(total, last),
    }

# %% tags=["remove-input"]
Table(
    pd.DataFrame(lengths).T.map("{:.3f}".format),
    caption="Length of the gradient before training, for three choices of the "
    "weights λ",
)

# %% [markdown]
# A weight of 0 leaves its head without a gradient: the head is not trained,
# and it has no influence on the trunk. With 1, 1 the gradient of the trunk is
# the sum of the other two. Its length is not the sum of their lengths, because
# they may point in different directions.
#
# ## Do the heads pull the same way?
#
# Let $g_1$ and $g_2$ be the gradients of the two heads on the trunk. A small
# step of size $\eta$ along $-g_1$ changes the loss of the second head by about
# $-\eta \, g_1 \cdot g_2$. So the *cosine* of the angle between them tells
# whether the tasks help each other at this moment. It is 1 for the same
# direction. At 0 neither helps the other. Below 0, progress in one task harms
# the other, which some methods try to avoid {cite:p}`yu2020`.
#
# The cosine needs a comparison, because the gradient of one head also differs
# from batch to batch. The next cell compares the two heads on the same batch,
# and each head with itself on the next batch. The figure below shows the
# cosines.


# %%
def cosine(u, v):
    return u @ v / max(np.linalg.norm(u) * np.linalg.norm(v), 1e-12)


def cosines(weights, y):
    g = {task: [] for task in tasks}
    for rows in batches:
        labels = {task: y[task][rows] for task in tasks}
        for task in tasks:
            found = gradient(weights, maps[rows], labels, task=task)
            g[task].append(trunk(found))
    pairs = {f"{first} and\n{last}": zip(g[first], g[last], strict=True)}
    for task, of in g.items():
        pairs[f"{task},\nnext batch"] = zip(of, of[1:] + of[:1], strict=True)
    return {name: [cosine(*p) for p in of] for name, of in pairs.items()}


before, after = cosines(start, y), cosines(each_epoch[best], y)

# %% tags=["hide-input"]
fig, axes = plt.subplots(2, 1, figsize=(5.6, 3.8), sharex=True)
told = []
for ax, title, values in zip(
    axes, ("before training", "trained"), (before, after), strict=True
):
    label = "cosine (-1 to 1)" if ax is axes[1] else ""
    score_plots.rows(ax, score_plots.tidy(values), label=label, line=0)
    ax.set(xlim=(-1.05, 1.05), title=title)
    medians = [f"{k} {np.median(v):.2f}" for k, v in values.items()]
    told.append(f"{title}: " + ", ".join(medians))
Picture(
    fig,
    alt="Cosines of gradients on the trunk, medians. "
    + "; ".join(told).replace("\n", " "),
    caption=f"Each circle is one of {len(batches)} batches of "
    f"{batches.shape[1]} maps. Dotted: gradients at right angles.",
)

# %% tags=["remove-input"]
medians = [np.median(values) for values in after.values()]
say(
    "After training, the gradients of the two heads on the same batch have a",
    f"median cosine of **{medians[0]:.2f}**. For one head on two batches it",
    f"is {min(medians[1:]):.2f} to {max(medians[1:]):.2f}, so compare the",
    "first number with these and not with 1. If most trials that are high in",
    "one task are high in the other too, both heads get nearly the same",
    "labels.",
)

# %% [markdown]
# ## What sharing buys
#
# Tasks that are learnt together may help each other {cite:p}`caruana1997`:
# what one task teaches the trunk may serve the other. They may also hurt each
# other. This has to be measured. Train a network with both heads, and one for
# each head alone, from the same initial weights, for three training seeds and
# each fold. The figure below shows what both heads together gain.


# %%
def train(heads, seed):
    model.set_weights(initial[seed])
    for variable in model.optimizer.variables:  # forget the last training
        variable.assign(np.zeros(variable.shape, variable.dtype))
    model.optimizer.learning_rate = 1e-3
    rng = np.random.default_rng(seed)
    part = rng.permutation(fold.train)
    data, target, weight = with_weights(part, heads)
    model.fit(data, target, sample_weight=weight, epochs=4, verbose=0)
    return model.predict(maps[fold.test], verbose=0)


initial = [build(small, seed=seed).get_weights() for seed in range(3)]
ways = {"together": [tasks], "alone": [[task] for task in tasks]}

# %%
parts = []
for number, fold in enumerate(folds):
    for seed in range(3):
        who = {"protocol": protocol, "fold": number, "repeat": seed}
        for name, several in ways.items():
            for heads in several:
                p = train(heads, seed)
                for task in heads:
                    rated = y[task][fold.test] >= 0
                    rows = fold.test[rated]
                    given = (task, y[task][rows], p[task][rated])
                    own = predictions_of(table.iloc[rows], *given, **who)
                    parts.append(own.assign(stage=name))

counts = counts_by_seed(pd.concat(parts, ignore_index=True))
together = {task: counts[protocol, "together", task] for task in tasks}
gains = {
    task: compare(counts[protocol, "alone", task], together[task])
    for task in tasks
}

# %% tags=["hide-input"]
dots, bars = {}, []
for task, gain in gains.items():
    dots[task] = 100 * gain.by_subject["difference"].dropna()
    bars.append((task, *(100 * np.array([gain.value, gain.low, gain.high]))))
bars = pd.DataFrame(bars, columns=["row", "value", "low", "high"]).dropna()
told = [
    f"{task} {value:+.1f}, interval {low:+.1f} to {high:+.1f}"
    for task, value, low, high in bars.itertuples(index=False)
]
fig, ax = plt.subplots(figsize=(5.6, 2.4))
label = "together minus alone (points)"
points = score_plots.tidy(dots)
score_plots.rows(ax, points, estimates=bars, label=label, line=0)
Picture(
    fig,
    alt=f"Differences of balanced accuracy: {'; '.join(told)}.",
    caption="Balanced accuracy of trials, in percentage points. Each circle "
    "is a subject, averaged over seeds. Diamond and line: mean and 95 % "
    "interval. To the right of the dotted line, both heads together did "
    "better.",
)

# %% [markdown]
# ## What the experiment can say
#
# Every {term}`trial` was tested by networks that were not trained on any
# window of it. The {term}`score` is the {term}`balanced accuracy` of trials,
# computed within each {term}`subject` ([How to read this
# book](/how_to_read.md)). The paper makes the same comparison, but
# window-wise, with windows of one trial in the training set and in the test
# set. Such scores say nothing about new trials.

# %% tags=["remove-input"]
figures = published().query("system == 'MT-CNN ablations'")
both = figures.set_index("variant")[["valence", "arousal"]]
both = both.loc[["proposed", "single-task"]]
rows = {}
for name, (_, row) in zip(ways, both.iterrows(), strict=True):
    rows[f"published, {name}"] = row.map("{:.2f} %".format).to_dict()
for name, column in (("together", "second"), ("alone", "first")):
    means = {t: g.by_subject[column].mean() for t, g in gains.items()}
    rows[f"here, {name}"] = {t: f"{100 * v:.1f} %" for t, v in means.items()}
Table(
    pd.DataFrame(rows).T.fillna("none"),
    caption="Published: accuracy of windows, window-wise, read from a bar "
    "chart. Here: balanced accuracy of trials (chance: 50 %), "
    f"{protocol.replace('_', '-')}",
)

# %% tags=["remove-input"]
swing = max(
    np.ptp([subject_means(each).mean() for each in several])
    for several in counts.values()
)
gain = (both.iloc[0] - both.iloc[1]).to_list()
say(
    "Another training seed alone changes a mean score by up to",
    f"{100 * swing:.1f} percentage points. With that, and with intervals so",
    "wide, this experiment can detect a large gain or a large loss, but",
    f"nothing else. It would miss a gain of the published size, {gain[0]:.2f}",
    f"and {gain[1]:.2f} points. An interval that contains 0 does not show",
    "that there is no gain.",
)

# %% [markdown]
# One thing needs no experiment: sharing saves weights.

# %%
alone = build(replace(small, tasks={first: 2}), seed=None).count_params()
print(f"both heads on one trunk: {model.count_params():,} parameters")
print(f"two networks:            {2 * alone:,} parameters")

# %% [markdown]
# ## Check yourself
#
# **1.** A network is right in 60 % of the validation trials, and its loss is
# 1.4 nats per head. In which sense is it worse than a coin?
#
# ```{dropdown} Answer
# In its loss. A coin gives 0.5 to each class and pays 0.69 nats. To pay 1.4,
# the network must be very sure of many wrong predictions. It has learnt to be
# certain, but not to be right.
# ```
#
# **2.** You train with the weights 1, 0 and look at the accuracy of the second
# head. It is 47 %. Has training on the first task hurt the second?
#
# ```{dropdown} Answer
# This cannot be said. With a weight of 0 the second head was never trained. It
# still has its random weights, so its predictions are not worth scoring.
# ```
#
# ## Exercises
#
# **Exercise 1.** A head gives the same probability $q$ of *high* to all
# windows, and 70 % of them are high. Which $q$ has the smallest loss without
# class weights, and which with balanced ones?
#
# ```{dropdown} Hint
# Compute the loss for every `q` in `np.arange(1, 100) / 100` and use `argmin`.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 1
q = {"no weights": ..., "balanced": ...}

# %% tags=["hide-cell", "solution"]
# The smallest loss is at the proportion of the class in the weighted sum: 0.7
# without weights. Balanced weights make both classes equal, so it is 0.5.
tried = np.arange(1, 100) / 100
q = {}
for name, (low, high) in {
    "no weights": (1, 1),
    "balanced": (0.5 / 0.3, 0.5 / 0.7),
}.items():
    cost = -high * 0.7 * np.log(tried) - low * 0.3 * np.log(1 - tried)
    q[name] = tried[cost.argmin()]

# %% tags=["check", "hide-input"]
check(
    q,
    {"no weights": 0.7, "balanced": 0.5},
    slips={
        "The weights belong to the classes: low has the larger one.": {
            "no weights": 0.7,
            "balanced": 0.49 / 0.58,
        }
    },
)

# %% [markdown]
# **Exercise 2.** How much does the slip of the class weights matter? The first
# task is even and the last one is 80 % high. On which probability of high does
# the first head settle, if it cannot tell anything from its input?
#
# ```{dropdown} Hint
# `settles_on` takes the labels of the first task, and `balanced` those of the
# last one.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 2
probability = ...

# %% tags=["hide-cell", "solution"]
# It settles on 0.2. The majority class of the last task has the smaller
# weight, and the first head gets that weight for its own high windows.
even, uneven = np.repeat([0, 1], 50), np.repeat([0, 1], [20, 80])
probability = settles_on(even, balanced(uneven))

# %% tags=["check", "hide-input"]
check(
    probability,
    0.2,
    slips={
        "The weights work against the majority class, not for it.": 0.8,
        "This would be right with the weights of its own task.": 0.5,
    },
)

# %% [markdown]
# **Exercise 3.** Does the agreement of a head with itself from batch to batch
# come from its labels? Shuffle the labels of the last task and compute the
# median cosine of its gradients, with the weights `each_epoch[best]`.
#
# ```{dropdown} Hint
# `cosines(weights, y)` takes a dictionary of labels. Use
# `np.random.default_rng(1).permutation` on those of the last task.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 3
with_shuffled_labels = ...

# %% tags=["hide-cell", "solution"]
# What is left of the agreement does not come from the pairing of maps and
# labels. It comes, for example, from a constant that all predictions share.
mixed = np.random.default_rng(1).permutation(y[last])
found = cosines(each_epoch[best], y | {last: mixed})
with_shuffled_labels = np.median(found[f"{last},\nnext batch"])

# %% tags=["check", "hide-input"]
mixed = np.random.default_rng(1).permutation(y[last])
found = cosines(each_epoch[best], y | {last: mixed})
check(
    with_shuffled_labels,
    np.median(found[f"{last},\nnext batch"]),
    slips={
        "This is the median for the true labels.": np.median(
            after[f"{last},\nnext batch"]
        )
    },
)

# %% [markdown]
# ## Conclusion
#
# Cross-entropy charges for certainty that is misplaced. The multi-task loss is
# a weighted sum of one such loss per head, and a weight of 0 turns it into the
# loss of a single-task network. Class weights belong to the task whose labels
# they were computed from. Sharing a trunk halves the number of networks.
# Whether it also improves predictions is a question for an experiment with
# held-out trials, several seeds and an interval. A small one leaves it open.
#
# ## Where to read on
#
# - The three stages of training: [Pooled and
#   fine-tuned](08_pooled_and_fine_tuned).
# - What a score and its interval mean: [What a score
#   means](09_what_a_score_means).
# - The method and its ablations: {cite:t}`rudakov2021`. Learning several tasks
#   at once: {cite:t}`caruana1997`. Conflicting gradients: {cite:t}`yu2020`.
#
# ## Provenance

# %% tags=["remove-input"]
valid = stages.valid_subjects(this_study)
inputs = [this_study.features_file(name) for name in valid]
provenance(this_study, inputs)
