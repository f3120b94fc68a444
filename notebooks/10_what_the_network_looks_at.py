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
# ## What you will learn
#
# - two ways to ask a network what its answer rests on: hide a part of the map, or share the answer
#   out among its cells;
# - why such a map is about the network, and not about the brain;
# - how to hold a map against a known truth, with a number and with what chance gives;
# - what a network looks at that has seen other windows of the same trials;
# - how much of a score muscles and eyes could account for.
#
# **Time.** About 20 minutes, and half an hour for the exercises.
#
# **What you need.** [The grid and brain maps](05_grid_and_brain_maps),
# [The CNN, layer by layer](06_cnn_layer_by_layer) and [What a score means](09_what_a_score_means).
#
# **The question.** *The network has answered. Which electrodes and bands does its answer rest on,
# and may we believe the map that says so?*

# %%
import numpy as np
import pandas as pd
import xarray as xr
from IPython.display import display

# %%
from emolib.book.provenance import provenance
from emolib.book.sentences import cohort_sentences
from emolib.evaluation.scores import ESTIMAND, score, with_interval
from emolib.evaluation.variance import variance_components
from emolib.explain import agreement as map_agreement
from emolib.explain import attribution
from emolib.explain.fold import fold_attribution, predictions
from emolib.figures import pages
from emolib.figures.display import Table, bullets, escape_markdown, say, use_style
from emolib.grid import cells
from emolib.lessons import attribution_pictures
from emolib.lessons.feature_subsets import shared_channels, subset_predictions, subsets
from emolib.lessons.known_truth import known_truth
from emolib.lessons.light_network import light_network
from emolib.splits.folds import subsample
from emolib.splits.protocols import BOTH_SIDES, LEAKING, protocol_name
from emolib.study import stages
from emolib.study.networks import trained_networks
from emolib.study.simulating import effects
from emolib.study.study import load

use_style()

# %% tags=["parameters"] needs="scores"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None takes the first whose recording can be used

# %% [markdown]
# ## A network, and windows that it was not trained on
#
# The networks of a study are explained here on their test {term}`windows <window>` only: what a
# network does with windows that it was trained on is another question. We take one honest
# {term}`protocol`, which holds out whole {term}`trials <trial>` or {term}`subjects <subject>`, and,
# where the study has it, the window-wise one beside it. Each {term}`fold` has its own network.

# %%
this_study = load(study)
subject = subject or stages.first_valid(this_study)
cohort = stages.load_windows(this_study)
honest = this_study.attribution_protocol or "trial_grouped"
leaking = next((name for name in this_study.protocols if name in LEAKING), None)
networks = {
    name: trained_networks(this_study, name, cohort=cohort)
    or [light_network(this_study, name, cohort=cohort)]
    for name in (honest, leaking)
    if name
}
network, tasks = networks[honest][0], list(this_study.tasks)
channels, planes = list(network.channels), list(network.planes)

# %% tags=["remove-input"]
light = [protocol_name(name) for name, each in networks.items() if each[0].kind == "light"]
counts = [f"{protocol_name(name)}: {len(each)}" for name, each in networks.items()]
say(
    f"Networks explained here: {'; '.join(counts)}.",
    f"**The study has no trained network for {' and '.join(light)} yet.** A light one, an eighth "
    "as wide as the published one and trained for seconds on one fold, stands in for it. It shows "
    "how the methods work; its maps mean nothing."
    if light
    else "",
)

# %% [markdown]
# First their scores. A map of a network that cannot do its {term}`task` is a map of nothing,
# however pretty.

# %%
given = pd.concat([predictions(each) for each in networks.values()])
scores = score(given)

# %% tags=["remove-input"]
bullets(*map(escape_markdown, cohort_sentences(scores, tasks)))

# %% [markdown]
# ## Hide a part, and see what is lost
#
# *Occlusion* is the plainest way {cite:p}`zeiler2014`. Predict; set one electrode to 0
# in all {term}`planes <plane>`; predict again. What the answer loses is what the network owed to
# that electrode.
#
# The loss is measured on the *log probability* of the {term}`label`: the natural logarithm of the
# probability that the network gave to the right {term}`class`, averaged over windows, in nats. A
# coin gets $\ln \tfrac12 = -0.69$. A share of right answers would be coarser: it does not move
# until an answer tips over.
#
# **Why 0?** Each window was made of *z-scores*, so 0 is the mean of that window over all electrodes
# and {term}`bands <band>`: "nothing unusual here". It is also what empty cells of the
# {term}`grid` hold. It is still an invention. No real head has an electrode that always says "as
# the mean", and a network may answer such maps oddly.

# %% tags=["remove-input"]
if this_study.features.normalise != "window":
    display(
        say(
            f"**In this study** features are normalised by `{this_study.features.normalise}`, not",
            "window by window: here 0 is not a window's mean, and occlusion is a harsher change.",
        )
    )

# %%
n_windows = 64  # of each fold's test rows, evenly spread: enough to see what is meant, in seconds
explained = {
    name: xr.concat([fold_attribution(one, n_windows=n_windows) for one in each], dim="fold")
    for name, each in networks.items()
}
means = {name: each.mean("fold") for name, each in explained.items()}

# %%
coins = np.log([len(each.classes) for each in this_study.tasks.values()])
task = tasks[int((means[honest]["log_probability"].to_numpy() + coins).argmax())]
loss = means[honest]["importance"].sel(task=task).to_series()

# %% tags=["hide-input"]
of = protocol_name(honest) + ", mean over folds" * (len(networks[honest]) > 1)
of += ": the task that these networks do better at" * (len(tasks) > 1)
attribution_pictures.electrode_losses(loss, task=task, of=of)

# %% [markdown]
# Hide a band at all electrodes, and the same question is about frequencies.

# %% tags=["remove-input"]
band_importances = {
    f"{each}, {protocol_name(name)}": 1000 * one["band_importance"].sel(task=each).to_series()
    for name, one in means.items()
    for each in tasks
}
caption = "Loss when a band is hidden, in thousandths of a nat"
Table(pd.DataFrame(band_importances).T.round(1), caption=caption)

# %% tags=["remove-input"]
by_fold = explained[honest]["band_importance"].sel(task=task)
if by_fold.sizes["fold"] > 1:
    spread = 1000 * (by_fold.max("fold") - by_fold.min("fold")).max()
    page = say(
        f"How firm are such numbers? For {task}, {protocol_name(honest)}, a band's loss differs by",
        f"up to {float(spread):.1f} thousandths of a nat between the networks of",
        f"{by_fold.sizes['fold']} folds, which were trained mostly on the same data.",
    )
else:
    page = say("There is one network only, so nothing says here how firm these numbers are.")
display(page)

# %% [markdown]
# ## Neighbours stand in for one another
#
# Neighbouring electrodes record much the same. Hide one, and the network may read nearly the same
# in the next cell: the loss is small, although the network uses the place. So a small loss never
# shows that an electrode is *not* used. Compare hiding the electrodes of a region one by one with
# hiding them together.

# %%
row_of = dict(zip(channels, cells(channels)[0], strict=True))
names = ("front, grid rows 0 and 1", "rows 2 and 3", "rows 4 and 5", "back, rows 6 and 7")
regions = {name: [c for c in channels if row_of[c] // 2 == i] for i, name in enumerate(names)}
regions = {name: electrodes for name, electrodes in regions.items() if electrodes}
masks = {n: attribution.mask(channels, planes, electrodes=e) for n, e in regions.items()}
together = []
for one in networks[honest]:
    rows = subsample(np.arange(len(one.table)), n_windows)  # the same windows as above
    labels = {task: one.table[task].to_numpy()[rows]}
    together.append(attribution.occlusion(one.probabilities, one.maps(rows), labels, masks)[task])

# %% tags=["remove-input"]
table = pd.DataFrame(
    {
        "electrodes": {name: len(electrodes) for name, electrodes in regions.items()},
        "hidden one by one, sum": {n: 1000 * loss[e].sum() for n, e in regions.items()},
        "hidden together": 1000 * pd.concat(together, axis=1).mean(axis=1),
    }
)
Table(table.round(1), caption=f"Loss, {task}, {protocol_name(honest)}, in thousandths of a nat")

# %% [markdown]
# If each electrode told something of its own, and the network merely added it up, the two columns
# would nearly agree. A larger loss together says that the electrodes stand in for one another. A
# smaller one says that a single gap already spoils what needs them all, or that a map with one odd
# hole puzzles the network more than one with a whole region missing.
#
# ## Share the answer out
#
# Occlusion needs a prediction for each part. A network can also be asked for all parts at once,
# because it is differentiable. The *gradient* of its output with respect to the map says where the
# answer would change fastest if a cell changed a little. That is sensitivity at one point; it does
# not say what the answer is made of. *Integrated gradients* {cite:p}`sundararajan2017` walk on a
# straight line from the empty map, all 0, to the window $x$, and average the gradient on the way:
#
# $$\text{share}_i = x_i \int_0^1 \frac{\partial f}{\partial x_i}(\alpha x)\, \mathrm{d}\alpha .$$
#
# $$\sum_i \text{share}_i = f(x) - f(0) .$$
#
# The second equation is *completeness*: the shares of all cells add up to what the window changed,
# no more and no less. Here $f$ is the log probability of the label, and the integral a sum over a
# few points.

# %% tags=["remove-input"]
off = means[honest]["completeness"].to_series()
say(
    "How well do they add up here, with",
    f"{attribution.STEPS} points on the line? The mean error is",
    ", ".join(f"{value:.0%} of the change ({name})" for name, value in off.items()) + ".",
    "More points make it smaller.",
)

# %% [markdown]
# ## Is the map true?
#
# For people nobody knows what it ought to show. For simulated subjects it is known which rhythms
# follow the felt emotion, at which electrodes, and how strongly. To first order the power $P$ in
# band $b$ at electrode $c$ then changes, for two points of rating, by
#
# $$\Delta \ln P_{bc} = \text{effect} \cdot \sum_{s} k_s w_s \frac{M_{sc}^2}{P_{bc}},$$
#
# over the band's sources $s$, with $M_{sc}$ their amplitude at the electrode, $k_s$ the size of
# the effect and $w_s$ the subject's own strength and sign. Averaged over subjects, this is what a
# network that serves them all could use. A z-scored window shows only how a feature differs from
# the mean of all, so the truth is taken less its mean, and without its sign: a share says how much
# something is used, not in which direction.

# %%
truth = known_truth(this_study)  # (task, band, channel), or None where there is none
known = [] if truth is None else truth["task"].to_numpy().tolist()

# %% [markdown]
# There is a second thing to hold a map against: what *marks a trial*. A feature that hardly changes
# within a trial and differs from trial to trial lets a network recognise the trial. For each
# feature that is the share of its variance, within a subject, that lies between trials.

# %%
on_scalp = attribution.on_electrodes(cohort[0], channels, planes)
bands, (_, table) = on_scalp["band"].to_numpy().tolist(), cohort
marks = variance_components(
    on_scalp.to_numpy(), table["subject"].to_numpy(), table["trial"].to_numpy()
).intraclass_correlation

# %% tags=["hide-input"]
rows, units = {}, {}
if task in known:
    rows["the truth"] = 100 * np.abs(truth.sel(task=task).to_numpy())
    units["the truth"] = "change of power (%)"
for name in networks:
    row = name.replace("_", "-")
    rows[row] = 1000 * means[name]["attribution"].sel(task=task).to_numpy()
    units[row] = "share (1/1000 nats)"
rows["marks a trial"], units["marks a trial"] = 100 * marks, "variance (%)"
note = f"Window-wise: {BOTH_SIDES}." if leaking else ""
pages.shares(rows, channels, bands, units=units, task=task, note=note)

# %% [markdown]
# Eyes find likeness everywhere. A number is better: the correlation of two maps over all bands and
# electrodes. And a number needs its {term}`chance level`. Here the electrodes of a map are
# shuffled, in all bands alike, and the correlation is computed again, many times. This is an easy
# test: maps of the scalp are smooth, shuffled ones are not, and two smooth maps correlate more by
# chance than that. A stricter one stands beside it: networks with *random weights*, explained on
# the same windows {cite:p}`adebayo2018`. They have learnt nothing, but they read the same smooth
# maps through the same layers. What they reach is owed to the data and the method.

# %%
untrained = [
    fold_attribution(network.untrained(k), n_windows=n_windows, occlude=()) for k in range(5)
]
found = []
for each in tasks:
    targets = {"what marks a trial": marks}
    if each in known:
        targets = {"the truth": np.abs(truth.sel(task=each).to_numpy())} | targets
    others = [one["attribution"].sel(task=each).to_numpy() for one in untrained]
    for target, name in ((target, name) for target in targets for name in networks):
        shares = means[name]["attribution"].sel(task=each).to_numpy()
        held = map_agreement.compare_to_null(shares, targets[target], others=others)
        found.append({"task": each, "protocol": name, "target": target} | held)
found = pd.DataFrame(found)

# %% tags=["hide-input"]
attribution_pictures.agreements(found)

# %% tags=["remove-input"]
lines = []
for row in found[found["target"] == "the truth"].itertuples():
    beyond = not row.low <= row.value <= row.high
    lines.append(
        f"**{row.task}, {protocol_name(row.protocol)}**: {row.value:z.2f} with the truth; chance "
        f"{row.low:.2f} to {row.high:.2f}, untrained networks {min(row.others):.2f} to "
        f"{max(row.others):.2f}. "
        + ("Outside the range of chance." if beyond else "Nothing beyond chance was detected.")
    )
if known:
    without = [name for name, size in effects(this_study).items() if not size]
    text = "**{}**: no effect was put in, so there is no truth to agree with."
    lines += [text.format(name) for name in without]
unknown = (
    "**This study has no known truth**: its recordings are not simulated, or no effect was put in. "
    "So nobody can say here whether the map is right, only whether it is more than chance."
)
bullets(*lines) if lines else say(unknown)

# %% [markdown]
# ## A network that knows the trial
#
# Under the window-wise protocol, windows of one trial are on both sides of the split, and to
# recognise the trial is enough. What does such a network look at?

# %% tags=["remove-input"]
by = found[found["target"] == "what marks a trial"].set_index(["task", "protocol"])["value"]
size = {name: float(np.abs(one["attribution"]).sel(task=task).sum()) for name, one in means.items()}
if leaking:
    told = [f"{t}: {by[t, leaking]:z.2f}, against {by[t, honest]:z.2f}" for t in tasks]
    page = say(
        f"The correlation with what marks a trial, {protocol_name(leaking)} against",
        f"{protocol_name(honest)}: {'; '.join(told)}. For {task}, the window-wise shares, added up",
        f"without their signs, are **{size[leaking] / size[honest]:.1f} times** the honest ones.",
    )
else:
    page = say(
        "This study does not use the window-wise protocol, so there is no such network to look",
        "at. The simulated study *demo* has one.",
    )
display(page)

# %% [markdown]
# A map that agrees with the truth would not clear a window-wise score either. Such a network may
# use both: what follows the rating, and what marks the trial. The map cannot say which of them a
# right answer was owed to. The protocol can.
#
# ## Muscles and eyes
#
# Muscles of jaw and brow are strong at the edge of the head and in the fast bands; eyes, at the
# forehead. Emotion moves faces. So a critical reader asks: is the network reading a smile? In part
# that can be answered by decoding again with some features only. A {term}`reference model`, ridge
# regression, does it in seconds: with the edge electrodes T7, T8, F7, F8, Fp1 and Fp2 in all bands
# and gamma at all electrodes, and with neither.
#
# One trap first. A window's z-score ties all features together: strong muscle in gamma pushes every
# other value down, and leaving gamma out afterwards leaves that trace in. So what remains is
# z-scored again, which undoes the first scoring exactly. (The average reference has the same fault,
# and that one cannot be undone here: a muscle below T7 is, a little, in every channel.)

# %%
shared = shared_channels(this_study, cohort[1]["subject"].unique().tolist())  # which all have
sets = subsets(shared, bands)
folds = {"n_folds": this_study.n_folds, "seed": this_study.seed, "tasks": tasks}
by_ridge = subset_predictions(
    sets,
    *cohort,
    shared,
    planes,
    protocol=honest,
    normalise=this_study.features.normalise,
    **folds,
)
subset_scores = score(by_ridge)

# %% tags=["hide-input"]
n_of = {name: int(chosen.sum()) for name, chosen in sets.items()}
chance = 1 / len(this_study.tasks[tasks[0]].classes)
attribution_pictures.subset_scores(subset_scores, n_of, protocol=honest, chance=chance)

# %% tags=["remove-input"]
whole = subset_scores["fold"].isna() & subset_scores["subject"].isna()
whole &= (subset_scores["metric"] == ESTIMAND) & subset_scores["low"].notna()
lines = []
for _, row in subset_scores[whole].sort_values("task", kind="stable").iterrows():
    if row["stage"] in ("edge or gamma", "neither"):
        holds = "holds" if row["low"] <= row["chance"] <= row["high"] else "does not hold"
        text = f"{row['task']}, {row['stage']}: {with_interval(row)}; the interval {holds} chance."
        lines.append(text)
bullets(*lines)

# %% [markdown]
# Read it with care. If the suspects alone suffice, the score *may* be owed to muscles or eyes; but
# the brain is below T7 too. If the rest suffices, not all of it is muscle at the edge; some reaches
# the middle. And where neither is detected, nothing has been shown: fewer features also mean a
# weaker decoder.

# %% tags=["remove-input"]
if this_study.simulation is not None:
    page = say(
        "In this simulated study we know. Muscle was drawn at random and follows no emotion, while",
        "some sources of emotion were put below T7, T8, F7 and F8. Decoding from there is owed to",
        "sources, and looks just as it would if it were owed to a face.",
    )
else:
    page = say(
        "Nobody knows how much of what these recordings hold is muscle, and nothing on this page",
        "decides it.",
    )
display(page)

# %% [markdown]
# ## What such a map may be taken for
#
# - It is about this network, on these windows. Another network with the same score may use other
#   features.
# - It is about electrodes. A source reaches many electrodes and an electrode sees many sources:
#   *an electrode in a map is not a place in the brain*.
# - "Uses" is not "is related to emotion". A network may use an electrode only to subtract from
#   another what disturbs both {cite:p}`haufe2014` (exercise 2).
# - It has no more to say than its network's score. Show the score first.
#
# ## Check yourself
#
# **1.** Hiding Oz costs a network nothing. May you conclude that it does not use Oz?
#
# ```{dropdown} Answer
# No. O1, O2 and the PO electrodes record nearly the same and can stand in for it. Only hiding all
# of them together would show a loss. Or the network uses Oz, and that helps and misleads equally
# often.
# ```
#
# **2.** A paper reports 98 % from windows dealt at random, and maps with clear temporal gamma "in
# line with the literature". Do the maps support the score?
#
# ```{dropdown} Answer
# Not as a claim about new trials. Whatever marks a trial gives clear maps too, and muscle in
# temporal gamma differs from trial to trial. A map cannot tell recognising a trial from
# recognising what was felt: only a protocol that holds out trials can.
# ```
#
# ## Exercises
#
# **Exercise 1.** Measure occlusion by balanced accuracy of windows instead of log probability, for
# the first honest network. Do the two measures name the same five electrodes?

# %% tags=["hide-cell", "solution"]
rows = subsample(np.arange(len(network.table)), n_windows)
labels = {task: network.table[task].to_numpy()[rows]}
single = {name: attribution.mask(channels, planes, electrodes=[name]) for name in channels}
top = {}
for measure in (attribution.mean_log_probability, attribution.balanced_accuracy):
    lost = attribution.occlusion(
        network.probabilities, network.maps(rows), labels, single, measure=measure
    )[task]
    top[measure.__name__] = lost.nlargest(5).index.tolist()
    print(f"{measure.__name__}: {top[measure.__name__]}, {lost.nunique()} different values")
in_both = sorted(set.intersection(*map(set, top.values())))
print(f"In both: {', '.join(in_both) or 'none'}")
# A share of right answers moves only when an answer tips over: many electrodes are tied.

# %% [markdown]
# **Exercise 2.** The shares say what the network *uses*. `pattern` says what *goes along* with its
# answer: the covariance of each feature with the log odds that it gives. Hold both against the
# truth with its sign (for `pattern`), and without it (for `share`).

# %% tags=["hide-cell", "solution"]
correlation = map_agreement.spatial_correlation
pattern, shares = (
    means[honest][name].sel(task=task).to_numpy() for name in ("pattern", "attribution")
)
if task in known:
    signed = truth.sel(task=task).to_numpy()
    print(f"pattern, truth with its sign: {map_agreement.spatial_correlation(pattern, signed):.2f}")
    print(
        f"share, truth without it: {map_agreement.spatial_correlation(shares, np.abs(signed)):.2f}"
    )
else:
    print("No truth here.")
print(f"pattern without its sign, and share: {correlation(abs(pattern), shares):.2f}")
# A pattern is a property of the data and the answer together: closer to what was put in, and no
# proof of use. Neither replaces the other.

# %% [markdown]
# **Exercise 3.** Integrated gradients are a sum over points of a line. How does *completeness*, the
# mean error of the sum of all shares, fall with the number of points?

# %% tags=["hide-cell", "solution"]
for steps in (1, 2, 8, 32):
    one = fold_attribution(network, n_windows=n_windows, steps=steps, occlude=())
    errors = one["completeness"].to_series()
    print(f"{steps:3d} points: " + ", ".join(f"{name} {e:.1%}" for name, e in errors.items()))
# One point half way is a poor integral: the network is not a straight line in between.

# %% [markdown]
# ## Conclusion
#
# Occlusion and integrated gradients say what a network uses. Where the truth is known, such a map
# can be scored, and it deserves trust only as far as its network does its task under an honest
# protocol. A network that may recognise trials has maps as well, and nothing in a map tells the
# one kind from the other. Whether muscles and eyes carry a score is a question of its own: it needs
# decoding with and without them, and no map alone answers it.
#
# ## Where to read on
#
# - Time instead of place: [Time, and the 4D-CRNN](11_time_and_4d_crnn).
# - What may be said on a page, and what not: [Responsible use](/responsible_use.md).
# - Weights, patterns, and what each can tell: {cite:t}`haufe2014`. Methods that draw the same map
#   whatever the network has learnt: {cite:t}`adebayo2018`.
#
# ## Provenance

# %% tags=["remove-input"]
inputs = [this_study.features_file(name) for name in stages.valid_subjects(this_study)]
inputs += [
    this_study.fold_files(one.protocol, one.fold)["weights"]
    for each in networks.values()
    for one in each
    if one.kind == "trained"
]
provenance(this_study, inputs)
