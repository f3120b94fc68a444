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
# ## What you will learn
#
# - what cross-entropy charges for a wrong answer, worked by hand and checked against Keras;
# - how the losses of two heads become one number, and what the weights 1/1, 1/0 and 0/1 do;
# - what class weights are for, and what happens if they are taken from the wrong task;
# - how to measure whether two tasks gain from sharing a network, and what a small experiment can
#   say about it.
#
# **Time.** About 20 minutes, and half an hour for the exercises.
#
# **What you need.** [The CNN, layer by layer](06_cnn_layer_by_layer), logarithms, and the idea that
# training follows the slope of a loss downhill.
#
# **The question.** *The network answers two questions at once. Does either answer get better by
# it?*

# %%
from dataclasses import replace
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display
from sklearn.utils.class_weight import compute_class_weight

from emolib.book.provenance import provenance
from emolib.evaluation.literature import published
from emolib.figures import benches
from emolib.figures import scores as score_plots
from emolib.figures.display import Picture, Table, bullets, escape_markdown, say, use_style
from emolib.lessons import head_gradients, light_comparison, network_plots, paired_stages
from emolib.model.networks import build
from emolib.model.training import fit_small, small_training
from emolib.splits.folds import group_windows
from emolib.splits.protocols import LEAKING, PROTOCOLS

# %%
from emolib.study import stages
from emolib.study.study import load

use_style()

# %% tags=["parameters"] needs="features"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None: the first that can be used

# %% [markdown]
# ## A small experiment
#
# This page trains networks while it is made, so they must be small: an eighth of the published
# width, no {term}`dropout`, a few passes over the data, and, instead of single {term}`windows
# <window>`, the mean {term}`brain map` of some consecutive ones. The data are the study's own, of
# all its {term}`subjects <subject>`.

# %%
this_study = load(study)
subject = subject or stages.first_valid(this_study)
maps, table = stages.load_windows(this_study)
shortest = table.groupby(["subject", "trial"]).size().min()
together = min(-(-len(table) // 800), shortest)  # so many windows make one map
groups = group_windows(table, together)
maps, table = maps[groups].mean(axis=1), table.iloc[groups[:, 0]].reset_index(drop=True)
tasks = list(this_study.tasks)
labels = {task: table[task].to_numpy() for task in tasks}

# %%
small = replace(this_study.model_settings, width=1 / 8, dropout=0.0, windows=1, network="mt_cnn")
settings = small_training(small, epochs=4)
protocol = next((p for p in this_study.protocols if p not in LEAKING), "trial_grouped")
n_folds = min(this_study.n_folds, 2)
folds = list(PROTOCOLS[protocol](table, n_folds=n_folds, seed=this_study.seed, tasks=tasks))
fold = folds[0]

# %% tags=["remove-input"]
say(
    f"{len(table):,} maps of {table['subject'].nunique()} subjects, each",
    f"the mean of {together} windows." if together > 1 else "a single window.",
    f"Tasks: {', '.join(tasks)}. {protocol.replace('_', '-').capitalize()}, {n_folds}",
    f"folds; the first has {len(fold.train)} maps to train, {len(fold.validation)} to validate and",
    f"{len(fold.test)} to test.",
    *(
        ()
        if len(tasks) > 1
        else (
            "**This study has one task.** The loss of one head is taught on it all the same; what "
            "needs two heads is said where it comes, and shown by the demo study.",
        )
    ),
)

# %% [markdown]
# We train one network as the method does: after each {term}`epoch`, a pass over the training maps,
# the loss on the validation {term}`trials <trial>` is computed, and the weights with the smallest
# one are kept; each window counts the same in it, as published. A second network is trained on, to
# the end, and nobody looks at validation trials.

# %%
settings = replace(settings, selection="loss")
key = (this_study.seed, protocol, 0)
trainer, kept = fit_small(small, replace(settings, epochs=30), maps, labels, fold, seed_key=key)
blindly = replace(fold, validation=fold.train)
_, trained_on = fit_small(small, replace(settings, epochs=40), maps, labels, blindly, seed_key=key)
start = trainer.initial_weights(key)

# %% [markdown]
# ## What a wrong answer costs
#
# A {term}`head` gives a probability to each {term}`class`. The {term}`cross-entropy` charges it the
# negative logarithm of the probability $p$ that it gave to the class that the window has:
#
# $$\ell = -\ln p.$$
#
# Who gives 1 to what is true pays nothing. Who gives one half to each of two classes pays
# $\ln 2 \approx 0.69$, in nats. Who is sure, and wrong, pays without limit. So the loss does not
# only ask who is right; it asks for honest doubt.


# %%
def of_own_class(weights):
    """The probability that each validation map's own class is given, by task."""
    own = {}
    for task, p in trainer.predict(weights, maps, fold.validation).items():
        label = labels[task][fold.validation]
        known = label >= 0  # a missing rating has no class, and counts nothing
        own[task] = p[known, label[known]]
    return own


networks = {"kept": kept.weights, "trained on": trained_on.weights, "before training": start}
own = {name: of_own_class(weights) for name, weights in networks.items()}
by_hand = {task: -np.log(p).mean() for task, p in own["kept"].items()}
n_validation = len(table.iloc[fold.validation][["subject", "trial"]].drop_duplicates())

# %%
best = kept.history.loc[kept.history["val_loss"].idxmin()]  # what Keras wrote down in training
names = {task: f"val_{task}_loss" if len(tasks) > 1 else "val_loss" for task in tasks}
by_keras = {task: best[name] for task, name in names.items()}

# %% tags=["hide-input"]
first = tasks[0]
some = {f"{name}, {first}": np.sort(own[name][first]) for name in ("kept", "trained on")}
some = {name: p[:: -(-len(p) // 25)] for name, p in some.items()}
fig, ax = plt.subplots(figsize=(5.2, 3.6))
network_plots.loss_curve(ax, some)
told = [f"{name}: {p.min():.2f} to {p.max():.2f}" for name, p in some.items()]
Picture(
    fig,
    alt="Loss against the probability of the own class, falling to 0 at 1. Probabilities of "
    + "; ".join(told),
    caption="The line is the negative logarithm. Marks are maps of validation trials: which "
    "probability their own class was given, and what it cost. Squares are raised a little.",
)

# %% tags=["remove-input"]
losses = {"kept, by hand": by_hand, "kept, by Keras": by_keras}
losses |= {
    name: {task: -np.log(p).mean() for task, p in own[name].items()}
    for name in ("trained on", "before training")
}
losses["knows nothing"] = {task: np.log(n) for task, n in trainer.tasks.items()}
frame = pd.DataFrame(losses).loc[tasks].T
Table(frame.map("{:.4f}".format), caption="Mean loss on validation trials, in nats")

# %% tags=["remove-input"]
total = sum(by_hand.values())
worst = {name: min(p.min() for p in own[name].values()) for name in ("kept", "trained on")}
say(
    f"The losses of the kept network add up to {total:.4f}, by Keras to {best['val_loss']:.4f}:",
    f"the smallest sum that it wrote down in training, after epoch {best['epoch']:.0f}.",
    "*Knows nothing* is the logarithm of the number of classes: the loss of equal probabilities.",
    "A network whose loss is larger would do better to admit that it does not know.",
    "Training on makes a network sure of itself: the smallest probability that it gives to a map's",
    f"own class is {worst['trained on']:.3f}; for the kept network it is {worst['kept']:.3f}.",
    "Being sure pays where it is right, and costs more where it is not.",
    f"(These validation trials are few, {n_validation}: read no more into the numbers.)",
)

# %% [markdown]
# ## Two heads, one sum
#
# Training lowers one number, and the network has one for each head. They are added with weights:
#
# $$L = \sum_t \lambda_t \, \frac{1}{n} \sum_{i=1}^{n} w_{t, y_{ti}} \, (-\ln p_{ti}).$$
#
# The sum inside goes over the windows of a batch; $w$ are {term}`class weights`, of the next
# section. With $\lambda = 1, 1$ both {term}`tasks <task>` count. With $1, 0$ and $0, 1$ only one
# does, and the same code trains a *single-task* network. The method uses 1, 1 for the
# {term}`pooled` network, and one of the others for the last of its fine-tunings.
#
# The weights that are kept, too, are those of the smallest *sum*. A head that goes on learning is
# stopped with one that does not:

# %% tags=["remove-input"]
course = kept.history.set_index("epoch")
told = [
    f"{task} after epoch {course[f'val_{task}_loss'].idxmin()}"
    for task in tasks
    if len(tasks) > 1  # Keras lists the losses of heads where there are several
]
say(
    f"Of {len(course)} epochs the sum was smallest after epoch **{course['val_loss'].idxmin()}**;",
    f"the validation loss of each head alone was smallest: {', '.join(told)}."
    if told
    else "this study has one head, which needs to wait for no other.",
)

# %% [markdown]
# What each loss does to the weights is written in its *gradient*: the slope of the loss in each
# weight. Here is the length of the gradient of $L$, on one batch, for the layers that are shared
# (the *trunk*) and for each head.

# %%
model = build(small, seed=None)
model.set_weights(start)
known = fold.train[(table[tasks].to_numpy()[fold.train] >= 0).all(axis=1)]
order = np.random.default_rng(0).permutation(known)
batches = order[: len(order) // 32 * 32].reshape(-1, 32)[:12]  # (batch, row)
of_batches = {task: label[batches] for task, label in labels.items()}
gradients = head_gradients.head_gradients(model, maps[batches], of_batches)

# %%
choices = [dict.fromkeys(tasks, 1), *({t: int(t == one) for t in tasks} for one in tasks)]
lengths = {}
for weights in choices[: 1 if len(tasks) == 1 else None]:
    total = {
        layer: sum(weights[task] * gradients[task][layer][0] for task in tasks)
        for layer in gradients[tasks[0]]
    }
    parts = {"trunk": np.concatenate([g for layer, g in total.items() if layer not in tasks])}
    parts |= {f"head {task}": total[task] for task in tasks}
    name = " / ".join(f"{task} {weight}" for task, weight in weights.items())
    lengths[name] = {part: f"{np.linalg.norm(g):.3f}" for part, g in parts.items()}

# %% tags=["remove-input"]
display(
    Table(pd.DataFrame(lengths).T, caption="Length of the gradient before training, by weights")
)
say(
    "A weight of 0 leaves its head without any gradient: it is not trained, and the trunk does not "
    "hear of it. In the first row the trunk's gradient is the sum of the other two. Its length is "
    "not the sum of theirs, since they may point in different directions."
    if len(tasks) > 1
    else "**This part needs two tasks.** With one head the sum has one term, and a factor on it "
    "changes the length of the gradient and not its direction.",
)

# %% [markdown]
# ## Uneven classes
#
# If two of three windows are *high*, a head that always says "high, two to one" has a smaller loss
# than one that says "one to one". Class weights take that away: a window of class $c$ is weighed
# with
#
# $$w_c = \frac{n}{K \, n_c},$$
#
# where $n$ windows have $K$ classes, and $n_c$ of them are of class $c$. Each class then carries
# the same weight in the sum.

# %%
balance = {}
for task, n_classes in trainer.tasks.items():
    y = labels[task][fold.train]
    y = y[y >= 0]  # missing ratings aside
    n_c = np.bincount(y, minlength=n_classes)
    weights = n_c.sum() / (n_classes * n_c)  # by hand
    by_sklearn = compute_class_weight("balanced", classes=np.arange(n_classes), y=y)
    assert np.allclose(weights, by_sklearn), "scikit-learn says otherwise"
    balance[task] = pd.DataFrame({"maps": n_c, "weight": weights})

# %% [markdown]
# The released code computes *one* vector of such weights, from the labels of the last task, and
# uses it for every head. It is a slip that is easily made: after a loop over the tasks a variable
# holds what the last one left in it. What does it do? A head that can tell nothing from its input
# settles on a constant answer: the share of each class *in the weighted sum* (exercise 1). With its
# own weights that is one half for two classes. With another task's it is something else.


# %%
def settles_on(y, weights):
    """The share of each class in the weighted sum: the best answer that is always the same."""
    weighed = np.bincount(y[y >= 0], minlength=len(weights)) * weights
    return weighed / weighed.sum()


# %%
last, rows = tasks[-1], {}
for task, frame in balance.items():
    y, weights = labels[task][fold.train], frame["weight"].to_numpy()
    same = len(frame) == len(balance[last])  # as many classes
    other = balance[last]["weight"].to_numpy() if same else weights
    answers = {"settles on": settles_on(y, weights), f"weight of {last}": other}
    answers["then settles on"] = settles_on(y, other)
    for i, name in enumerate(this_study.tasks[task].classes):
        rows[f"{task}: {name}"] = frame.loc[i].to_dict() | {k: v[i] for k, v in answers.items()}

# %% tags=["remove-input"]
frame = pd.DataFrame(rows).T.iloc[:, : None if len(tasks) > 1 else 3]
text = frame.map("{:.3f}".format).assign(maps=frame["maps"].astype(int))
caption = "Class weights on the training side, and what a head settles on that can tell nothing"
Table(text, caption=caption)

# %% tags=["remove-input"]
balanced = partial(compute_class_weight, "balanced", classes=np.arange(2))
drawn = []
for _, of in table.groupby("subject"):
    y, y_last = of[tasks[0]].to_numpy(), of[last].to_numpy()
    if set(y[y >= 0]) == set(y_last[y_last >= 0]) == {0, 1}:
        drawn.append(settles_on(y, balanced(y=y_last[y_last >= 0]))[1])

# %% tags=["remove-input"]
high = escape_markdown(this_study.tasks[tasks[0]].classes[1])
say(
    "The more uneven the last task, the more the slip does. In fine-tuning the weights are a",
    f"subject's own, and subjects differ: with the weights of {last}, “{high}” in {tasks[0]} would",
    f"settle between {min(drawn):.2f} and {max(drawn):.2f} over {len(drawn)} subjects,",
    "instead of at 0.50 for each.",
    "The default of this project is a vector a head, of its own labels; the released code's is the",
    "setting `class_weights: last_task`.",
) if len(tasks) > 1 and drawn else say(
    "**The slip needs two tasks of two classes:** with one, the last task's weights are its own."
)

# %% [markdown]
# The same to touch: move the heads' answers, the share of a class and the
# weights, and see what costs least.

# %% tags=["hide-input"]
benches.LossBench()

# %% [markdown]
# ## What sharing buys
#
# That tasks learnt together may help each other is an old idea {cite:p}`caruana1997`: what one task
# teaches the trunk may serve the other, and it is harder to learn the noise of two tasks by heart
# than that of one. It may also hurt, if the tasks pull the trunk apart. Which it is must be
# measured.
#
# One thing needs no experiment: two networks have two trunks.

# %% tags=["remove-input"]
alone = [
    build(replace(small, tasks={task: n}), seed=None).count_params()
    for task, n in trainer.tasks.items()
]
shared = trainer.model.count_params()
say(
    f"One network with {len(tasks)} heads has {shared:,} parameters; {len(tasks)} networks with",
    f"one head each have {sum(alone):,}, and are {len(tasks)} trainings instead of one.",
) if len(tasks) > 1 else say("**This study has one task**, so there is nothing to share.")

# %% [markdown]
# For the scores we train, for each of three training seeds and each {term}`fold`, one network with
# both heads and one for each head alone, from the same initial weights, with the same batches, for
# a few epochs. Every trial is tested by networks that saw no window of it. The score is the
# {term}`balanced accuracy` of trials, computed within each subject
# ([How to read this book](/how_to_read.md)).

# %%
if len(tasks) > 1:
    light = {
        "alone": light_comparison.LightNetwork(small, settings, together=False),
        "together": light_comparison.LightNetwork(small, settings),
    }
    fitted = light_comparison.train_light(
        light, maps, table, protocol=protocol, tasks=tasks, n_folds=n_folds
    )
    scores = paired_stages.subject_scores(fitted)
    gains = {
        task: paired_stages.difference(fitted, "alone", "together", protocol=protocol, task=task)
        for task in tasks
    }

# %% tags=["remove-input"]
dots, bars = {}, []
for task, gain in gains.items() if len(tasks) > 1 else ():
    dots[task] = 100 * gain.by_subject["difference"].dropna()
    bars += [(task, *(100 * x for x in (gain.value, gain.low, gain.high)))]
means = pd.DataFrame(bars, columns=["row", "value", "low", "high"])
told = [f"{task} {m:+.1f}, interval {low:+.1f} to {up:+.1f}" for task, m, low, up in bars]
drawn_again = "subjects and stimuli drawn again; conservative"
if len(set(table["subject"])) == 1:
    drawn_again = "the subject's trials drawn again; too narrow"
caption = f"""A circle is a subject, mean over seeds. Diamond and line: the mean over subjects and
its 95 % interval ({drawn_again}). On the right of the dotted line both heads together did
better."""

# %% tags=["hide-input"]
if len(tasks) > 1:
    fig, ax = plt.subplots(figsize=(5.6, 2.4))
    label = "together less alone (points of balanced accuracy)"
    score_plots.rows(ax, score_plots.tidy(dots), estimates=means, label=label, line=0)
    display(Picture(fig, alt=f"Differences by task: {'; '.join(told)}.", caption=caption))
else:
    display(say("**This part needs two tasks**, and nothing is trained for it here."))

# %% tags=["remove-input"]
if len(tasks) > 1:
    sentence = paired_stages.difference_sentence
    told = [f"*{task}*: {sentence(gain, ('alone', 'together'))}" for task, gain in gains.items()]
    display(bullets(*told))

# %% [markdown]
# The paper has the same comparison among its ablations, on all of its data and window-wise, that
# is, with windows of one trial on both sides. Such scores say nothing about new trials. So they are
# shown only beside ours, for which whole trials, or people, were held out.

# %%
ablations = published().query("system == 'MT-CNN ablations'").set_index("variant")
ablations = ablations.loc[["proposed", "single-task"], ["valence", "arousal"]]
rows = {}
for name, (_, row) in zip(["together", "alone"], ablations.iterrows(), strict=True):
    rows[f"published, {name}"] = {task: f"{value:.2f} %" for task, value in row.items()}
for name in ("together", "alone") if len(tasks) > 1 else ():
    mean = scores[scores["stage"] == name].groupby("task")["value"].mean()
    rows[f"here, {name}"] = {task: f"{100 * mean[task]:.1f} %" for task in tasks}

# %% tags=["remove-input"]
caption = "Published: accuracy of windows, windows of one trial on both sides. Here: balanced "
caption += f"accuracy of trials, {protocol.replace('_', '-')}"
if len(tasks) > 1:
    display(Table(pd.DataFrame(rows).T.fillna("none"), caption=caption))

# %% tags=["remove-input"]
gain = (ablations.iloc[0] - ablations.iloc[1]).to_list()
if len(tasks) > 1:
    by_seed = scores.groupby(["task", "stage", "repeat"])["value"].mean()
    swing = by_seed.groupby(["task", "stage"]).agg(np.ptp).max()
say(
    f"Another training seed alone moves a mean score here by up to {100 * swing:.1f} points. That,",
    "and the width of the intervals, is the first thing to read. So small an experiment can detect",
    "a large gain or a large loss, and nothing else. A gain of the published size,",
    f"{gain[0]:.2f} and {gain[1]:.2f} points, it would miss; and that it detects nothing does not",
    "mean that there is nothing.",
    "Nor does it speak for other data, wider networks or longer training. And where scores",
    "lie near 50 %, nobody knows whether a network has learnt anything that could be shared.",
) if len(tasks) > 1 else say(
    "**This study has one task,** so there is nothing to put beside them, nor to show."
)

# %% [markdown]
# ## Do the heads pull the same way?
#
# A step of training moves the trunk against the sum of the two gradients. If a head's gradient is
# $g_1$ and the other's $g_2$, a small step of size $\eta$ along $-g_1$ changes the other's loss by
# about $-\eta \, g_1 \cdot g_2$. So the *cosine* of the angle between them tells whether the tasks
# help each other at this moment: 1, the same direction; 0, neither helps nor hurts; below 0, one
# task's progress is the other's loss, which some methods then try to mend {cite:p}`yu2020`.
#
# A cosine needs something to be held against. Batches differ, and even one head's gradient does not
# point the same way on two batches. So we compare the two heads on the same batch, and each head
# with itself on the next batch.

# %%
model.set_weights(kept.weights)
after = head_gradients.head_gradients(model, maps[batches], of_batches)
cosines = {}
for when, of in {"before": gradients, "after": after}.items():
    trunk = {task: head_gradients.of_trunk(of[task], tasks) for task in tasks}
    if len(tasks) > 1:
        pair = trunk[tasks[0]], trunk[tasks[1]]
        cosines[f"{tasks[0]} and {tasks[1]},\n{when}"] = head_gradients.cosine(*pair)
    for task, g in trunk.items():
        cosines[f"{task}, next batch,\n{when}"] = head_gradients.cosine(g, np.roll(g, 1, axis=0))

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(5.6, 0.7 + 0.62 * len(cosines)))
label = "cosine of two gradients (-1 to 1)"
score_plots.rows(ax, score_plots.tidy(cosines), label=label, line=0)
ax.set_xlim(-1, 1)
medians = {name.replace("\n", " "): np.median(values) for name, values in cosines.items()}
Picture(
    fig,
    alt="Cosines of gradients on the trunk, medians: "
    + "; ".join(f"{name} {value:.2f}" for name, value in medians.items()),
    caption=f"A circle is one of {len(batches)} batches of {batches.shape[1]} maps, before "
    "training and with the kept weights. The dotted line: at right angles.",
)

# %% tags=["remove-input"]
names = list(cosines)
n_rows = len(names) // 2
between, own_heads = np.median(cosines[names[n_rows]]), [*medians.values()][n_rows + 1 :]
say(
    "After training, the two heads' gradients on the same batch have a median cosine of",
    f"**{between:.2f}**. A head's own gradients on two batches have {min(own_heads):.2f} to",
    f"{max(own_heads):.2f}: so far one task agrees with itself from step to step. The first number",
    "is to be read against these, and not against 1.",
    "Labels matter too: where most trials that are high in one task are high in the other, both",
    "heads are told the same thing.",
) if len(tasks) > 1 else say(
    "**Two heads cannot be compared here.** How far one head's gradient agrees from batch to batch",
    "is worth seeing all the same: it says how much of a step is the batch's own noise.",
)

# %% [markdown]
# ## Check yourself
#
# **1.** A network is right about 60 % of the validation trials, and its loss there is 1.4 nats a
# head. In which sense is it worse than a coin?
#
# ```{dropdown} Answer
# In its loss: a coin, which gives one half to each class, pays 0.69. To pay 1.4 the network must be
# very sure of many of its wrong answers. It has learnt to be certain, not to know.
# ```
#
# **2.** You train with the weights 1/0 and look at the second head's accuracy. It is 47 %. Has
# training on the first task hurt the second?
#
# ```{dropdown} Answer
# Nothing can be said. With weight 0 the second head was never trained: its weights are those that
# were drawn at random, reading an embedding that has moved. Its answers are not worth scoring.
# ```
#
# ## Exercises
#
# **Exercise 1.** Show that a constant answer has the smallest cross-entropy when it is the share of
# the class. Take 70 % of windows *high* and try all answers from 1 % to 99 %, without and with
# balanced class weights.

# %% tags=["hide-cell", "solution"]
y = np.repeat([0, 1], [30, 70])
answers = np.arange(1, 100) / 100
for name, w in {
    "no weights": np.ones(2),
    "balanced": compute_class_weight("balanced", classes=np.arange(2), y=y),
}.items():
    cost = -(w[1] * 0.7 * np.log(answers) + w[0] * 0.3 * np.log(1 - answers))
    print(f"{name}: smallest loss {cost.min():.3f} at the answer {answers[cost.argmin()]:.2f}")

# %% [markdown]
# **Exercise 2.** How much would the slip of the class weights matter with stronger imbalance? Let a
# first task be even, and the last one be 50, 60, 70 and 80 % high. What does a first head answer
# that can tell nothing?

# %% tags=["hide-cell", "solution"]
for high in (50, 60, 70, 80):
    last_task = np.repeat([0, 1], [100 - high, high])
    w = compute_class_weight("balanced", classes=np.arange(2), y=last_task)
    print(f"last task {high} % high: the first head answers {w[1] / w.sum():.2f}")
# Against the last task's imbalance: its majority class has the smaller weight.

# %% [markdown]
# **Exercise 3.** Are the cosines due to the labels? Compute the trained network's gradients again
# with the labels of the last task permuted over the maps, and compare its agreement from batch to
# batch with what it was.

# %% tags=["hide-cell", "solution"]
shuffled = np.random.default_rng(1).permutation(of_batches[last].ravel()).reshape(batches.shape)
mixed = head_gradients.head_gradients(model, maps[batches], of_batches | {last: shuffled})
for name, of in {"labels": after, "permuted labels": mixed}.items():
    g = head_gradients.of_trunk(of[last], tasks)
    agreement = np.median(head_gradients.cosine(g, np.roll(g, 1, axis=0)))
    print(f"{name}: {last} with itself on the next batch, median cosine {agreement:.2f}")

# %% [markdown]
# ## Conclusion
#
# Cross-entropy charges for misplaced certainty; the multi-task loss is a weighted sum of one such
# charge a head, and a weight of zero makes a single-task network of it. Class weights belong to
# the task whose labels they were counted from. Sharing a trunk halves the number of networks.
# Whether it also improves answers is a question for an experiment with held-out trials, several
# seeds and an interval, and a small one leaves it open.
#
# ## Where to read on
#
# - The three stages of training: [Pooled and fine-tuned](08_pooled_and_fine_tuned).
# - What a score and its interval mean: [What a score means](09_what_a_score_means).
# - The method and its ablations: {cite:t}`rudakov2021`. Learning several tasks at once:
#   {cite:t}`caruana1997`. Gradients in conflict: {cite:t}`yu2020`.
#
# ## Provenance

# %% tags=["remove-input"]
inputs = [this_study.features_file(name) for name in stages.valid_subjects(this_study)]
provenance(this_study, inputs)
