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
# # What the network looks at
#
# A network has learnt the {term}`task` of this {term}`study`. Each cell in the
# figure below shows how much worse its {term}`predictions <prediction>` get
# when one {term}`electrode` is set to 0. **May you believe such a map?**

# %% tags=["parameters", "remove-input"] needs="scores"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None: the first that can be used

# %% tags=["hide-input"]
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr
from IPython.display import display
from sklearn.metrics import balanced_accuracy_score

# %% tags=["hide-input"]
from emolib.book.answers import check
from emolib.book.provenance import provenance
from emolib.book.sentences import cohort_sentences
from emolib.evaluation import linear, scores, variance
from emolib.explain import attribution, fold
from emolib.features import power, windows
from emolib.figures import benches, pages
from emolib.figures import display as shown
from emolib.figures import maps as drawn_maps
from emolib.figures import scores as score_plots
from emolib.figures.display import Picture, Table, say
from emolib.grid import cells
from emolib.recordings import simulated
from emolib.splits.folds import subsample
from emolib.splits.protocols import BOTH_SIDES, LEAKING, protocol_name
from emolib.study import sources, stages
from emolib.study.networks import (
    light_network,
    network_bench,
    trained_networks,
)
from emolib.study.study import load

shown.use_style()

# %% tags=["hide-input"]
this_study = load(study)
subject = subject or stages.first_valid(this_study)
cohort = stages.load_windows(this_study)
honest = this_study.attribution_protocol or "trial_grouped"
leaking = next((p for p in this_study.protocols if p in LEAKING), None)
networks = {
    name: trained_networks(this_study, name, cohort=cohort)
    or [light_network(this_study, name, cohort=cohort)]
    for name in (honest, leaking)
    if name
}
tasks = list(this_study.tasks)
network = networks[honest][0]
channels, planes = list(network.channels), list(network.planes)
rows, columns = cells(channels)
in_common = set.intersection(
    *(
        set(stages.features(this_study, name)["channel"].to_numpy())
        for name in stages.valid_subjects(this_study)
    )
)

# %% tags=["hide-input"]
n_windows = 64  # of the test windows of each fold
explained = {
    name: xr.concat(
        [fold.fold_attribution(one, n_windows=n_windows) for one in own],
        dim="fold",
    )
    for name, own in networks.items()
}
means = {name: each.mean("fold") for name, each in explained.items()}
n_classes = [len(each.classes) for each in this_study.tasks.values()]
gain = means[honest]["log_probability"] + np.log(n_classes)
task = tasks[
    gain.to_numpy().argmax()
]  # the one that the networks do better at
of_electrode = 1000 * means[honest]["importance"].sel(task=task).to_series()

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(3.9, 3.4))
limits = drawn_maps.symmetric(of_electrode)
image = drawn_maps.grid_map(
    ax, of_electrode.to_numpy(), channels, limits=limits
)
label = "loss when hidden (1/1000 nats)"
drawn_maps.colour_bar(image, ax, label, location="bottom")
told = [f"{name} {v:.1f}" for name, v in of_electrode.nlargest(3).items()]
Picture(
    fig,
    alt=f"{task}: loss per hidden electrode on the grid, from "
    f"{of_electrode.min():.1f} to {of_electrode.max():.1f} thousandths of a "
    f"nat. Largest: {', '.join(told)}.",
    caption=f"{task}, {protocol_name(honest)}, mean over the networks of the "
    "folds. Plus: predictions get worse without the electrode. Minus: they "
    "get better. Hatched cells are empty.",
)

# %% [markdown]
# ## What you will learn
#
# - two ways to ask a network what its predictions rest on: hide a part of the
#   map, or divide the prediction among its cells;
# - why such a map is about the network, and not about the brain;
# - how to compare a map with a known truth, by a number and its chance level;
# - what a network looks at that has seen other windows of the same trials;
# - how much of a score muscles and eyes could explain.
#
# **Time.** About 25 minutes, and half an hour for the exercises.
#
# **What you need.** [The grid and brain maps](05_grid_and_brain_maps), [The
# CNN, layer by layer](06_cnn_layer_by_layer) and [What a score
# means](09_what_a_score_means).
#
# ## First, the scores
#
# What a network does with {term}`windows <window>` that it was trained on is
# another question, so this chapter explains test windows only. It takes one
# honest {term}`protocol`, which holds out whole {term}`trials <trial>` or
# {term}`subjects <subject>`, and the window-wise one beside it. Each
# {term}`fold` has its own network. A map of a network that cannot do its task
# is a map of nothing, however pretty. So look at the {term}`score` first.

# %% tags=["remove-input"]
given = pd.concat([fold.predictions(each) for each in networks.values()])
of_networks = scores.score(given)
display(
    shown.bullets(
        *map(shown.escape_markdown, cohort_sentences(of_networks, tasks))
    )
)

# %% tags=["remove-input"]
small = [
    protocol_name(name)
    for name, own in networks.items()
    if own[0].kind == "light"
]
if small:
    display(
        shown.admonition(
            "A small network instead",
            f"This study has no trained network for {' and '.join(small)}",
            "yet. A narrow one, trained for seconds on one fold, stands in",
            "for it. It shows how the methods work. Its maps mean nothing.",
        )
    )
if leaking is None:
    display(
        shown.admonition(
            "No window-wise network",
            "This study does not use the window-wise protocol, so the",
            "comparison with it is missing. The study *demo* has it.",
        )
    )

# %% [markdown]
# ## Hide a part, and see what is lost
#
# *Occlusion* is the simplest method {cite:p}`zeiler2014`. Predict. Set one
# electrode to 0 in all {term}`planes <plane>`. Predict again. What the
# prediction loses is the contribution of that electrode.
#
# The loss is measured on the *log probability* of the {term}`label`: the
# natural logarithm of the probability that the network gave to the correct
# {term}`class`, averaged over windows, in nats. A coin gets
# $\ln \tfrac12 = -0.69$. An accuracy would be coarser, because it changes only
# when a predicted class changes.

# %% slideshow={"slide_type": "slide"}
rated = np.flatnonzero(network.table[task] >= 0)
chosen = subsample(rated, n_windows)  # evenly spaced
x = network.maps(chosen)
y = network.table[task].to_numpy()[chosen]


def log_p(maps):
    probability = network.probabilities(maps)[task]
    return np.log(probability[np.arange(len(y)), y])


lost = {}
for name, row, column in zip(channels, rows, columns, strict=True):
    hidden = x.copy()
    hidden[..., row, column, :] = 0
    lost[name] = (log_p(x) - log_p(hidden)).mean()

# %%
masks = {
    name: attribution.mask(channels, planes, electrodes=[name])
    for name in channels
}
ours = attribution.occlusion(network.probabilities, x, {task: y}, masks)
np.testing.assert_allclose(list(lost.values()), ours[task], atol=1e-5)

# %% [markdown]
# **Why 0?** Each window consists of {term}`z-scores <z-score>`, so 0 is the
# mean of that window over all electrodes and {term}`bands <band>`: "nothing
# unusual here". Empty cells of the {term}`grid` contain it too. Still, it is
# an invention. No real head has an electrode that always shows the mean, and a
# network may respond oddly to such maps.

# %% tags=["remove-input"]
if this_study.features.normalise != "window":
    display(
        shown.admonition(
            "Another normalisation",
            "In this study features are normalised by",
            f"`{this_study.features.normalise}`, not window by window. Here 0",
            "is not the mean of a window, so occlusion is a harsher change.",
        )
    )

# %% [markdown]
# ## Hide a band
#
# Hide one band at all electrodes, and the same question is about frequencies.
# The package did this for all networks and tasks.

# %% tags=["remove-input"]
of_band = {
    f"{each}, {name.replace('_', '-')}": 1000
    * one["band_importance"].sel(task=each).to_series()
    for name, one in means.items()
    for each in tasks
}
caption = "Loss when a band is hidden, in thousandths of a nat"
caption += f". Window-wise: {BOTH_SIDES}" * bool(leaking)
display(Table(pd.DataFrame(of_band).T.round(1), caption=caption))
by_fold = explained[honest]["band_importance"].sel(task=task)
spread = 1000 * float((by_fold.max("fold") - by_fold.min("fold")).max())
n_networks = by_fold.sizes["fold"]
if n_networks > 1:
    told = (
        f"the loss of a band differs by up to {spread:.1f} thousandths of a "
        f"nat between the networks of {n_networks} folds, each trained on "
        "another part of the same data."
    )
else:
    told = "there is one network only, so nothing tells."
say(f"How reliable are such numbers? For {task},", told)

# %% [markdown]
# ## Neighbours stand in for one another
#
# Neighbouring electrodes record nearly the same. Hide one, and the network can
# read almost the same in the next cell. The loss is small, although the
# network uses that place. So a small loss never shows that an electrode is
# *not* used. Hide the electrodes of a region one by one, and then together.

# %%
regions = {}
for i, name in enumerate(["front", "middle front", "middle back", "back"]):
    inside = [
        c for c, row in zip(channels, rows, strict=True) if row // 2 == i
    ]
    if inside:
        hidden = x.copy()
        at = [channels.index(c) for c in inside]
        hidden[..., rows[at], columns[at], :] = 0
        regions[name] = {
            "electrodes": len(inside),
            "one by one, sum": 1000 * sum(lost[c] for c in inside),
            "together": 1000 * (log_p(x) - log_p(hidden)).mean(),
        }

# %% tags=["remove-input"]
Table(
    pd.DataFrame(regions)
    .T.map("{:.1f}".format)
    .assign(electrodes=[found["electrodes"] for found in regions.values()]),
    caption=f"Loss in thousandths of a nat, {task}, first network, "
    f"{protocol_name(honest)}. A region is two rows of the grid. Below 0: "
    "predictions get better without it",
)

# %% [markdown]
# If each electrode contributed something of its own, and the network simply
# added it up, the two columns would nearly agree. A larger loss together shows
# that the electrodes stand in for one another. A smaller one shows that a
# single gap already spoils what needs them all, or that a map with one odd
# hole confuses the network more than a map without the whole region.
#
# ## Divide the prediction among the cells
#
# Occlusion needs one prediction per part. A differentiable network can answer
# for all parts at once. The *gradient* of its output with respect to the map
# shows where the output would change fastest if a cell changed a little. That
# is sensitivity at one point. It does not show what the output consists of.
# *Integrated gradients* {cite:p}`sundararajan2017` follow the straight line
# from the empty map, all 0, to the window $x$, and average the gradient on the
# way. Each cell $i$ gets
#
# $$a_i = x_i \int_0^1 \frac{\partial f}{\partial x_i}(\alpha x)\,
# \mathrm{d}\alpha,$$
#
# $$\sum_i a_i = f(x) - f(0) .$$
#
# The second equation is *completeness*. What the cells get adds up to the
# difference that the window makes, no more and no less. Here $f$ is the log
# probability of the label, and the integral is a sum over eight points.

# %%
model = network.network.model
model.set_weights(network.weights)
weights = [v.value for v in model.trainable_variables]
others = [v.value for v in model.non_trainable_variables]


@jax.jit
@jax.grad
def gradient(maps):
    given, _ = model.stateless_call(weights, others, maps, training=False)
    of_label = jnp.take_along_axis(given[task], y[:, None], axis=1)
    return jnp.log(of_label).sum()  # each row depends on its own map alone


# %% slideshow={"slide_type": "slide"}
def integrated_gradients(n_points):
    middles = (np.arange(n_points) + 0.5) / n_points
    slopes = [gradient(np.float32(alpha) * x) for alpha in middles]
    return x * np.mean(slopes, axis=0)


def completeness(a):
    wanted = log_p(x) - log_p(0 * x)
    sums = a.reshape(len(x), -1).sum(axis=1)
    return np.abs(sums - wanted).mean() / np.abs(wanted).mean()


a = integrated_gradients(8)

# %%
own = network.network
ours = attribution.integrated_gradients(
    lambda maps: own.gradients(network.weights, maps, {task: y}), x
)[task]
np.testing.assert_allclose(a, ours, rtol=1e-3, atol=1e-5)

# %% tags=["remove-input"]
say(
    "How well do they add up? With 8 points, the mean error is",
    f"**{completeness(a):.1%}** of the difference. More points make it",
    "smaller (exercise 3).",
)

# %% [markdown]
# ## Both methods, live
#
# The bench below runs the first network on test windows. Hide an electrode, a
# region or a band, and compare the map of occlusion with the gradient.
# **Guess first:** what does the network predict if everything is hidden?

# %% tags=["hide-input"]
benches.offer(
    lambda: network_bench(this_study, honest, networks[honest], cohort=cohort)
)

# %% [markdown]
# ## Is the map true?
#
# For real people, no one knows what the map ought to show. For simulated
# people, it is known which oscillations follow the felt emotion, at which
# electrodes and how strongly. To first order, the power $P$ in band $b$ at
# electrode $c$ then changes, for two points of {term}`rating`, by
#
# $$\Delta \ln P_{bc} = \text{effect} \cdot
# \sum_{s} k_s w_s \frac{M_{sc}^2}{P_{bc}},$$
#
# over the sources $s$ of the band, with their amplitude $M_{sc}$ at the
# electrode, the size $k_s$ of the effect and the subject's own strength and
# sign $w_s$. Average this over subjects: a network that serves them all could
# use it. A z-scored window only shows how a {term}`feature` differs from the
# mean of all, so subtract the mean over bands and electrodes. Then drop the
# sign, because an attribution tells how much something is used, not in which
# direction.

# %%
effects = sources.effects(this_study)
known = [name for name, size in effects.items() if size]
known = [name for name in known if this_study.tasks[name].rating]
truth = {}
if known:
    changes = []
    for name in stages.valid_subjects(this_study):
        of_power = power.log_power(
            stages.recording(this_study, name), this_study.features
        )
        behind = simulated.read_truth(this_study.recordings_root, name)
        mean_power = 10 ** (of_power.mean("trial") / 10)
        changes.append(attribution.expected_change(behind, mean_power))
    change = xr.concat(changes, dim="subject").mean("subject")
    if this_study.features.normalise == "window":
        change = change - change.mean(("band", "channel"))
    change = change.reindex(channel=channels)
    scale_of = {name: this_study.tasks[name].rating for name in known}
    truth = {
        name: change.sel(scale=scale).to_numpy()
        for name, scale in scale_of.items()
    }

# %% [markdown]
# ## What marks a trial
#
# There is a second target to compare with: what *marks a trial*. A feature
# that hardly changes within a trial and differs from trial to trial lets a
# network recognise the trial. For each feature, that is the proportion of its
# variance, within a subject, that is between trials.

# %% tags=["hide-input"]
on_scalp = attribution.on_electrodes(cohort[0], channels, planes)
bands, table = on_scalp["band"].to_numpy().tolist(), cohort[1]
marks = variance.variance_components(
    on_scalp.to_numpy(),
    table["subject"].to_numpy(),
    table["trial"].to_numpy(),
).intraclass_correlation

# %% tags=["hide-input"]
pictured, units = {}, {}
if task in truth:
    pictured["the truth"] = 100 * np.abs(truth[task])
    units["the truth"] = "power (%)"
for name in networks:
    row = name.replace("_", "-")
    of_name = means[name]["attribution"].sel(task=task)
    pictured[row] = 1000 * of_name.to_numpy()
    units[row] = "1/1000 nats"
pictured["marks a trial"], units["marks a trial"] = 100 * marks, "variance (%)"
note = f"Window-wise: {BOTH_SIDES}." if leaking else ""
pages.shares(pictured, channels, bands, units=units, task=task, note=note)

# %% [markdown]
# ## A number for the likeness
#
# Eyes find likeness everywhere. A number is better: the correlation of two
# maps over all bands and electrodes. And a number needs its {term}`chance
# level`. Shuffle the electrodes of a map, in all bands alike, and correlate
# again, many times. This is an easy test, since maps of the scalp are smooth
# and shuffled ones are not. Two smooth maps correlate more by chance than
# that. A stricter test compares with networks that have *random weights*,
# explained on the same windows {cite:p}`adebayo2018`. They have learnt
# nothing, but they read the same smooth maps through the same layers.


# %%
def correlation(one, other):
    return np.corrcoef(np.ravel(one), np.ravel(other))[0, 1]


rng = np.random.default_rng(0)
orders = [rng.permutation(len(channels)) for _ in range(999)]


def compare(one, target):
    null = [correlation(one[:, order], target) for order in orders]
    return correlation(one, target), *np.quantile(null, [0.025, 0.975])


one = means[honest]["attribution"].sel(task=task).to_numpy()
mine, ours = compare(one, marks), attribution.compare_to_null(one, marks)
np.testing.assert_allclose(mine[0], ours["value"])

# %% [markdown]
# ## Compared with chance and with untrained networks
#
# The figure below compares each map with both targets. Shuffled electrodes and
# networks with random weights show how much agreement chance gives.

# %%
untrained = [
    fold.fold_attribution(
        network.untrained(k), n_windows=n_windows, occlude=()
    )["attribution"]
    for k in range(5)
]
found = []
for each in tasks:
    targets = {"what marks a trial": marks}
    if each in truth:
        targets = {"the truth": np.abs(truth[each])} | targets
    for target, values in targets.items():
        for name in networks:
            one = means[name]["attribution"].sel(task=each).to_numpy()
            random = [
                correlation(net.sel(task=each), values) for net in untrained
            ]
            found.append([each, name, target, *compare(one, values), random])
names = ["task", "protocol", "target", "value", "low", "high", "others"]
found = pd.DataFrame(found, columns=names)

# %% tags=["hide-input"]
short = found["protocol"].str.replace("_", "-")
found["row"] = found["task"] + ", " + short + "\nwith " + found["target"]
told = [
    f"{row.task}, {protocol_name(row.protocol)}, with {row.target}: "
    f"{row.value:z.2f}, chance {row.low:.2f} to {row.high:.2f}"
    for row in found.itertuples()
]

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(5.8, 1.2 + 0.5 * len(found)))
score_plots.rows(
    ax,
    score_plots.tidy(found.set_index("row")["others"]).assign(
        series="untrained networks"
    ),
    estimates=found[["row", "value"]].assign(series="this map"),
    bands=found[["row", "low", "high"]].assign(series="electrodes shuffled"),
    label="correlation of two maps (-1 to 1)",
    line=0,
)
ax.set_xlim(-1, 1)
leaks = f" Window-wise: {BOTH_SIDES}." if leaking else ""
Picture(
    fig,
    alt=f"Agreement of maps. {'; '.join(told)}.",
    caption="Diamonds: correlation of an attribution map with its target. "
    "Grey: the middle 95 % with shuffled electrodes, which are not smooth, so "
    f"the range is too narrow. Circles: untrained networks.{leaks}",
)

# %% tags=["remove-input"]
if truth:
    lines = []
    for row in found[found["target"] == "the truth"].itertuples():
        inside = row.low <= row.value <= row.high
        lines.append(
            f"**{row.task}, {protocol_name(row.protocol)}**: {row.value:z.2f} "
            f"with the truth; chance {row.low:.2f} to {row.high:.2f}, "
            f"untrained networks {min(row.others):.2f} to "
            f"{max(row.others):.2f}. "
            + ("Within" if inside else "Outside")
            + " the range of chance."
        )
    display(shown.bullets(*lines))
else:
    display(
        shown.admonition(
            "No known truth",
            "The recordings of this study are not simulated, or without an",
            "effect. So this chapter can only tell whether a map is more than",
            "chance, not whether it is true.",
        )
    )

# %% [markdown]
# ## A network that knows the trial
#
# Under the window-wise protocol, windows of one trial are on both sides of the
# split, and it is enough to recognise the trial. In the figure above, the rows
# *with what marks a trial* compare its map with the features that could do so.
# Even a map that agrees with the truth would not justify a window-wise score.
# Such a network may use both: what follows the rating, and what marks the
# trial. The map cannot tell you which of them made a prediction correct. The
# protocol can (see {term}`leakage`).
#
# ## Muscles and eyes
#
# Muscles of jaw and brow are strong at the edge of the head and in fast bands,
# and eyes are strong at the forehead. Emotion moves faces. So a critical
# reader asks: does the network read a smile? Decoding again with some features
# only answers part of this. A {term}`reference model`, ridge regression, gets
# the edge electrodes in all bands and gamma at all electrodes, and then only
# the rest.
#
# ## Decoding with and without the suspects
#
# One trap first. The z-score of a window ties all features together: strong
# muscle activity in gamma lowers all other values, and leaving gamma out
# afterwards leaves that trace in. So z-score what remains again, which undoes
# the first z-score exactly. The figure below shows the scores.

# %%
edge = np.isin(channels, ["T7", "T8", "F7", "F8", "Fp1", "Fp2"])
suspect = edge | np.isin(bands, ["gamma"])[:, np.newaxis]  # (band, channel)
everywhere = np.isin(channels, [*in_common])  # channels that all subjects have
sets = {
    "all": everywhere | (suspect & False),
    "edge or gamma": everywhere & suspect,
    "neither": everywhere & ~suspect,
}

# %%
at_cells = cohort[0][:, rows, columns, :].swapaxes(1, 2)  # (., plane, channel)
shape = len(cohort[0]), -1, len(bands), len(channels)
given = []
for name, kept in sets.items():
    values = at_cells.reshape(shape)[..., kept].astype(float)
    if kept.sum() < 2:
        continue
    if this_study.features.normalise == "window":
        values = windows.z_score(values, axis=-1)
    by_ridge = linear.reference_predictions(
        "ridge",
        values.reshape(len(values), -1),
        cohort[1],
        honest,
        n_folds=this_study.n_folds,
        seed=this_study.seed,
        tasks=tasks,
    )
    given.append(by_ridge.assign(stage=name))

# %% tags=["hide-input"]
if given:
    of_sets = scores.score(pd.concat(given))
    rows_of = of_sets[
        (of_sets["metric"] == scores.ESTIMAND) & of_sets["fold"].isna()
    ]
    rows_of = rows_of.assign(order=rows_of["stage"].map([*sets].index))
    rows_of = rows_of.sort_values(["task", "order"])
    rows_of["row"] = rows_of["task"] + ",\n" + rows_of["stage"]
    groups = rows_of[rows_of["subject"].isna()]
    points = rows_of.loc[rows_of["subject"].notna(), ["row", "value"]]
    told = [
        f"{row['task']}, {row['stage']}: {scores.with_interval(row)}"
        for _, row in groups.iterrows()
    ]

# %% tags=["hide-input"]
if given:
    fig, ax = plt.subplots(figsize=(5.6, 0.9 + 0.5 * len(groups)))
    chance = 1 / len(this_study.tasks[tasks[0]].classes)
    drawn = {"label": score_plots.ACCURACY, "chance": chance}
    score_plots.rows(ax, points, estimates=groups, **drawn)
    picture = Picture(
        fig,
        alt=f"Decoding from sets of features, {protocol_name(honest)}. "
        f"{'; '.join(told)}.",
        caption=f"{protocol_name(honest)}. Points: subjects. Diamonds: their "
        "mean with a 95 % interval (subjects and films resampled). Dotted: "
        "chance.",
    )
else:
    picture = shown.admonition(
        "No electrodes in common",
        "The subjects of this study share fewer than two electrodes, so no",
        "features can be compared between them.",
    )
display(picture)

# %% [markdown]
# Read it with care. If the suspects alone suffice, the score *may* be due to
# muscles or eyes, but the brain is below T7 too. If the rest suffices, not all
# of it is muscle activity at the edge, though some reaches the middle. And
# where neither is detected, nothing has been shown, because fewer features
# also mean a weaker decoder. In the simulated studies, muscle activity is
# random and follows no emotion, while some sources of emotion are below T7,
# T8, F7 and F8. Decoding from there is due to sources, and looks just as it
# would if it were due to a face.
#
# ## What such a map can be used for
#
# - It is about this network, on these windows. Another network with the same
#   score may use other features.
# - It is about electrodes. A source reaches many electrodes, and an electrode
#   records many sources, so *an electrode in a map is not a place in the
#   brain*.
# - "Uses" does not mean "is related to emotion". A network may use an
#   electrode only to subtract what disturbs another one {cite:p}`haufe2014`.
# - It supports no more than the score of its network does. Show the score
#   first.
#
# ## Check yourself
#
# **1.** Hiding Oz costs a network nothing. May you conclude that it does not
# use Oz?
#
# ```{dropdown} Answer
# No. O1, O2 and the PO electrodes record nearly the same and can stand in for
# it. Only hiding all of them together would show a loss. Or the network uses
# Oz, and that helps as often as it misleads.
# ```
#
# **2.** A paper reports 98 % from windows that were split at random, and maps
# with clear temporal gamma "in line with the literature". Do the maps support
# the score?
#
# ```{dropdown} Answer
# Not as a claim about new trials. Anything that marks a trial gives clear maps
# too, and muscle activity in temporal gamma differs from trial to trial. Only
# a protocol that holds out trials can tell the two apart.
# ```
#
# ## Exercises
#
# **Exercise 1.** Measure what hiding the first region of `regions` costs by
# {term}`balanced accuracy` of windows instead of log probability.
#
# ```{dropdown} Hint
# The predicted class is the `argmax` of `network.probabilities(maps)[task]`.
# Use `balanced_accuracy_score(y, predicted)` with and without the region.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 1
cost = ...

# %% tags=["hide-cell", "solution"]
# An accuracy changes only when a predicted class changes. With few windows it
# is often exactly the same, although the probabilities have changed.
first = [c for c, row in zip(channels, rows, strict=True) if row // 2 == 0]
first = first or channels
at = [channels.index(c) for c in first]
hidden = x.copy()
hidden[..., rows[at], columns[at], :] = 0
before, after = (
    network.probabilities(each)[task].argmax(axis=1) for each in (x, hidden)
)
cost = balanced_accuracy_score(y, before) - balanced_accuracy_score(y, after)

# %% tags=["check", "hide-input"]
part = attribution.mask(
    channels,
    planes,
    electrodes=[c for c, r in zip(channels, rows, strict=True) if r < 2]
    or channels,
)
expected = attribution.occlusion(
    network.probabilities,
    x,
    {task: y},
    {"front": part},
    measure=attribution.balanced_accuracy,
).loc["front", task]
check(
    cost,
    expected,
    slips={"The cost is the score before, less after.": -expected}
    if expected
    else None,
    atol=1e-6,
)

# %% [markdown]
# **Exercise 2.** For $f(x) = x_1 x_2$ at $x = (3, 4)$, what do integrated
# gradients give to $x_1$ and $x_2$?
#
# ```{dropdown} Hint
# On the line, $\partial f / \partial x_1 = \alpha x_2$. Integrate it from 0 to
# 1, and multiply by $x_1$.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 2
given_to = {"x1": ..., "x2": ...}

# %% tags=["hide-cell", "solution"]
# The integral of alpha is 0.5, so each factor gets half of the product,
# whatever their sizes. Together they get f(x) - f(0) = 12.
given_to = {"x1": 3 * 4 / 2, "x2": 4 * 3 / 2}

# %% tags=["check", "hide-input"]
check(
    given_to,
    {"x1": 6, "x2": 6},
    slips={
        "This is the gradient at x times x: it adds up to 24.": {
            "x1": 12,
            "x2": 12,
        }
    },
)

# %% [markdown]
# **Exercise 3.** How large is the mean error of `completeness` with a single
# point in the middle of the line?
#
# ```{dropdown} Hint
# `integrated_gradients` takes the number of points.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 3
error = ...

# %% tags=["hide-cell", "solution"]
# One point is a poor integral, because the network is not a straight line
# between the empty map and the window.
error = completeness(integrated_gradients(1))

# %% tags=["check", "hide-input"]
single = attribution.integrated_gradients(
    lambda maps: own.gradients(network.weights, maps, {task: y}), x, steps=1
)[task]
check(error, attribution.completeness(single, log_p(x), log_p(0 * x)))

# %% [markdown]
# ## Conclusion
#
# Occlusion and integrated gradients show what a network uses. Where the truth
# is known, such a map can be scored. It deserves trust only as far as its
# network does its task under an honest protocol. A network that may recognise
# trials has maps as well, and nothing in a map tells the two kinds apart.
# Whether muscles and eyes explain a score is a question of its own. It needs
# decoding with and without them.
#
# ## Where to read on
#
# - Time instead of place: [Time, and the 4D-CRNN](11_time_and_4d_crnn).
# - What may be claimed on a page, and what not: [Responsible
#   use](/responsible_use.md).
# - Weights, patterns, and what each can tell: {cite:t}`haufe2014`. Methods
#   that draw the same map whatever the network has learnt:
#   {cite:t}`adebayo2018`.
#
# ## Provenance

# %% tags=["remove-input"]
inputs = [
    this_study.features_file(name)
    for name in stages.valid_subjects(this_study)
]
inputs += [
    this_study.fold_files(one.protocol, one.fold)["weights"]
    for each in networks.values()
    for one in each
    if one.kind == "trained"
]
provenance(this_study, inputs)
