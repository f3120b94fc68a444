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
# ## What you will learn
#
# - how a classifier can reach a high accuracy on labels that were assigned at random;
# - how five ways of holding data out answer five different questions;
# - why whatever is estimated for each trial marks its windows, with a formula that says how much;
# - how far chance reaches, and what to ask of any score that you are shown.
#
# **Time.** About half an hour, and as long for the exercises.
#
# **What you need.** [Windows, baseline and normalisation](04_windows_baseline_normalisation), means
# and variances, the normal distribution. No statistics beyond that.
#
# **The question.** *A model is right about nearly all windows that it was not trained on. Will it
# be right about the next trial?*

# %%
from dataclasses import replace

import numpy as np
import pandas as pd
from IPython.display import display

from emolib.book.provenance import provenance
from emolib.book.sentences import truth_sentence
from emolib.errors import DataError
from emolib.evaluation.literature import published
from emolib.evaluation.scores import ESTIMAND
from emolib.features.baseline import BASELINES, WITHOUT_REST, remove_baseline
from emolib.features.extraction import extract_features, window_features
from emolib.features.windows import z_score

# %%
from emolib.figures import scores as score_plots
from emolib.figures.display import Table, escape_markdown, say, use_style

# %%
from emolib.lessons import (
    chance,
    demonstrations,
    feature_subsets,
    label_quality,
    protocol_pictures,
    protocol_plots,
    protocol_scores,
    pseudo_trials,
    shared_samples,
    trial_marks,
)
from emolib.recordings import eegmat, simulated
from emolib.recordings.labels import window_table
from emolib.splits import protocols as splits
from emolib.splits.protocols import BOTH_SIDES, protocol_name
from emolib.study import stages
from emolib.study.simulating import effects
from emolib.study.study import load

use_style()

# %% tags=["parameters"] needs="scores"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None takes the first whose recording can be used

# %%
this_study = load(study)
subject = subject or stages.first_valid(this_study)
tasks, n_folds, seed = list(this_study.tasks), this_study.n_folds, this_study.seed
rated = {name: task for name, task in this_study.tasks.items() if task.rating is not None}
others = [name for name in this_study.protocols if name not in splits.LEAKING]
honest = others[0] if others else "trial_grouped"
maps, table = stages.load_windows(this_study)
rows, step = protocol_scores.thinned(table, first=subject)  # seconds instead of minutes
n_subjects = table["subject"].nunique()
maps, table = maps[rows], table.iloc[rows].reset_index(drop=True)
who = [subject, *(name for name in table["subject"].unique() if name != subject)]

# %% [markdown]
# ## The surprise
#
# The published method cuts each {term}`trial` into {term}`windows <window>` of half a second,
# shuffles all windows, and holds a part of them out for the test. A trial has one {term}`label`, so
# all its windows have the same. With many windows a trial, nearly every trial has some in training
# and some in the test. This book calls that *window-wise*, and marks it with the words *windows of
# one trial on both sides*.
#
# We score three models on the windows of this study: the network, where it has been trained; ridge
# regression, a weighted sum of the features; and the five nearest neighbours, which vote. (The last
# two are {term}`reference models <reference model>`.) Each is scored three times:
#
# 1. window-wise, as published;
# 2. window-wise again, after the labels were *exchanged at random* among the trials of each
#    subject: a trial still has one label, but it means nothing any more;
# 3. with the real labels, but whole trials (or whole people) held out.

# %% tags=["remove-input"]
thin = f"of every trial one window in {step}" if step > 1 else "all their windows"
say(
    f"To be quick, the reference models of this page use {len(who)} of {n_subjects} subjects and",
    f"{thin}. The network, where it is trained, uses all.",
    ""
    if rated
    else "The real classes of this study are recordings of their own: whatever marks a recording"
    " marks its class.",
)

# %%
light = protocol_scores.own_and_random_labels(
    maps, table, honest=honest, tasks=tasks, n_folds=n_folds, seed=seed
)
network = protocol_scores.of_network(
    stages.predictions(this_study), stages.permuted_predictions(this_study)
)
parts = [part for part in (network, light) if len(part)]
surprise = protocol_plots.side_by_side(pd.concat(parts), honest, tasks)

# %% tags=["hide-input"]
protocol_pictures.several_scores(
    surprise,
    rows="task and model",
    caption="Balanced accuracy is the mean of the share of each class that is recognised, within "
    "each person, then averaged.",
)

# %% tags=["remove-input"]
real, by_lot, held_out = (surprise[name].dropna() for name in surprise)
refitted = "random" in set(network["labels"])
say(
    f"Window-wise ({BOTH_SIDES}) the models reach",
    f"**{real.min():.2f} to {real.max():.2f}**, and with random labels",
    f"**{by_lot.min():.2f} to {by_lot.max():.2f}**. The honest scores",
    f"({protocol_name(honest)}) are {held_out.min():.2f} to {held_out.max():.2f}.",
    "The network is not shown, since this study has not been trained yet." if network.empty else "",
    "The network was not trained again on random labels here: it takes as long as the study."
    if len(network) and not refitted
    else "",
)

# %% [markdown]
# Nobody can recognise labels that were drawn by lot. So whatever lifts the hollow squares above one
# half, it is not what the labels mean. Two questions follow. What should have been held out? And
# what lifts the squares?
#
# ## Six ways to hold data out
#
# A {term}`protocol` says what is held out; each division into training, validation and test that it
# makes is a {term}`fold`. *Validation* data are not learnt from, but looked at while learning, for
# instance to decide when to stop. A score speaks for what was held out, and for nothing beyond.

# %% tags=["hide-input"]
protocol_pictures.all_protocols()

# %% [markdown]
# | protocol | held out | the claim that it can carry |
# | --- | --- | --- |
# | window-wise (windows of one trial on both sides) | single windows | none |
# | trial-grouped | whole trials of each subject | this person, new trials, maybe a known film |
# | leave-sessions-out | sessions of each subject | this person, another day, maybe a known film |
# | stimulus-grouped | a film's trials of all subjects | known people, new films |
# | leave-subjects-out | subjects | new people, known films |
# | leave-subjects-and-stimuli-out | both | new people, new films |
#
# In the last one the white boxes are not used at all: a known person with a new film would help the
# model, and so would a new person with a known film.
#
# ## A cause that we make ourselves
#
# Do trials simply differ? They do: in attention, in posture, in how the electrodes sit. But there
# is also a cause that needs no brain. Before the network sees a window, the mean {term}`feature` of
# the trial's {term}`baseline` is subtracted from it. Watch what that does to *white noise*: random
# numbers in the place of EEG, so that trials differ by chance alone.

# %%
settings = pseudo_trials.NoiseSettings(trial_seconds=15)  # a quarter of DEAP's, to be quicker
noise = pseudo_trials.white_noise(settings)
before, after = (pseudo_trials.remove_baseline(noise, how) for how in ("none", "own"))
rho = pseudo_trials.shared_ratio(after)
n_rest, n_trials = noise.rest.shape[1], len(after)
n_features = after[0, 0].size

# %% tags=["hide-input"]
protocol_pictures.fingerprints(before, after)

# %% [markdown]
# The stripes are the baseline. It is the mean of a few noisy windows, so it is noisy itself, and
# the same noise is subtracted from all windows of the trial: a fingerprint.
#
# ### Step by step
#
# Take one feature. In window $i$ of trial $k$ it is $x_{ik} = \mu + e_{ik}$, with a level $\mu$
# that all trials share and noise $e_{ik}$ of variance $s^2$, new in each window. Nothing marks the
# trial.
#
# **Subtraction.** The baseline's mean over $B$ windows is $\mu + d_k$, where $d_k$ is the mean of
# $B$ noise values, of variance $\tau^2 = s^2 / B$. What is left is
#
# $$x_{ik} - (\mu + d_k) = e_{ik} - d_k .$$
#
# The level is gone, as intended. In exchange, every window of trial $k$ holds $-d_k$. (The
# {term}`z-score` that follows changes little of it.) How strong that mark is beside the noise is
# the ratio
#
# $$\rho = \frac{\tau}{s} = \frac{1}{\sqrt{B}} .$$
#
# **Naming the trial.** With $p$ features the marks of two trials lie about $\sqrt{2 p}\,\tau$
# apart. A window is taken for the wrong one of the two if its noise carries it more than half of
# that way:
#
# $$P(\text{mistaken}) = \Phi\!\left(-\rho \sqrt{p / 2}\right),$$
#
# where $\Phi$ is the cumulative function of the normal distribution.
#
# **A weighted sum** need not name anything. Let the labels $y_k = \pm 1$ of $K$ trials be drawn by
# lot. Least squares finds weights near $w = -\frac{1}{K} \sum_k y_k d_k$. For a window of a known
# trial, $y_k \, w \cdot (e_{ik} - d_k)$ has the mean $p \tau^2 / K$, from the trial's own term of
# the sum, and the standard deviation $s \tau \sqrt{p / K}$, from the window's noise. The window is
# classified as labelled if this is above zero:
#
# $$P(\text{right}) = \Phi\!\left(\rho \sqrt{p / K}\right) .$$
#
# **A new trial** has a mark that was in no training window. Nothing was learnt about it: one half.

# %% tags=["remove-input"]
mistaken = pseudo_trials.pair_error(rho, n_features)
right = pseudo_trials.expected_accuracy(rho, n_features, n_trials)
say(
    f"Put the numbers in. B = {n_rest} baseline windows give a ratio of {n_rest**-0.5:.2f};",
    f"measured it is {rho:.2f}, since the filter's memory adds a little. With p = {n_features}",
    f"features one window in {1 / mistaken:,.0f} is nearer to a certain other trial than to its",
    f"own; and with K = {n_trials} trials a weighted sum is right in **{right:.0%}** of the",
    f"windows ({BOTH_SIDES}), where an honest score is one half.",
)

# %% [markdown]
# ### Does the formula hold?
#
# Here is ridge regression on white noise with labels by lot, scored on windows of known trials.
# What is varied is what the formula names: the number of trials, of electrodes, and the length of
# the baseline. The formula leaves out two things that lower a score: the marks are not quite at
# right angles to each other, and weights learnt from finitely many windows have errors.
# `expected_accuracy` counts both if it is told the number of windows.

# %%
start = replace(settings, n_trials=20, trial_seconds=30)
varied = {
    "trials": [replace(start, n_trials=k) for k in (10, 20, 40)],
    "electrodes": [replace(start, n_channels=c) for c in (8, 64)],
    "baseline": [replace(start, baseline_seconds=b) for b in (1, 12)],
}
each = [one for group in varied.values() for one in group]
groups = np.repeat(list(varied), [len(group) for group in varied.values()])
formula = demonstrations.formula_scores(each, n_cohorts=1)

# %% tags=["hide-input"]
protocol_pictures.formula(formula, groups)

# %% [markdown]
# ### Other steps, the same mark
#
# Subtraction is not special. What matters is that numbers are *estimated for each trial and applied
# to all its windows*, because their estimation errors are then shared. Some steps are:
#
# **Division** by the baseline's mean. Provided that the noise is small beside the level,
#
# $$\frac{\mu + e_{ik}}{\mu + d_k} \approx 1 + \frac{e_{ik} - d_k}{\mu} .$$
#
# The shared error and the noise are divided by the same $\mu$, so the ratio is again
# $\rho = 1 / \sqrt{B}$. (For DE, a logarithm, $\mu$ depends on the unit of the signal, and where it is
# near 0 the approximation fails. Divide band power instead.)
#
# **z-scoring** with the baseline's mean and standard deviation. Let $g_k$ be the estimated standard
# deviation of the trial's baseline over the true one, $s$. Then
#
# $$\frac{x_{ik} - (\mu + d_k)}{g_k\, s} = \frac{e_{ik}}{g_k\, s} - \frac{d_k}{g_k\, s} .$$
#
# Error and noise are scaled alike, so $\rho$ does not change, and a weighted sum gains nothing. But
# now the *scale* of the noise, $1 / g_k$, differs from trial to trial as well, and other
# classifiers can use it. How much a feature of one window tells about its trial, as against another
# trial, is a Kullback-Leibler divergence. Averaged over trials it is $1 / B$ after a subtraction
# and
#
# $$\frac{1}{2} \left[ r (1 + 1 / B) + 1 / B - 1 \right], \qquad r = \frac{B - 1}{B - 3},$$
#
# after a z-score, in nats. (The ratio of the variances of two trials' baselines follows an F
# distribution, whose mean is $r$.)
#
# **Another trial's baseline** has an error of the same size as the trial's own. **The mean of all
# baselines** is one vector for all trials, so it marks none of them: $\rho = 0$.
#
# **Centring on the trial's own windows** leaves no shared shift, $\rho = 0$. But the windows of a
# trial now add up to zero. If its training windows lie above, its $n / F$ test windows lie below
# (of $n$ windows and $F$ folds), and a weighted sum predicts the *opposite* of the label:
#
# $$P(\text{correct}) = \Phi\!\left(-\sqrt{(F - 1)\, p / (n K)}\right) < 0.5 .$$
#
# A score well below chance is leakage, too.
#
# **Repairs of signals** may be fitted to each trial: components of an analysis are taken out, bad
# channels are interpolated. Here are two caricatures: four random directions of the channels are
# removed in each trial, or two random channels are replaced by the mean of the others. They are
# worst cases, since real components and bad channels recur from trial to trial. A channel keeps a
# random proportion of its power, $\tau^2$ is the variance of half its logarithm, and the mark is
# the same in all bands.

# %%
by_noise = demonstrations.white_noise_scores(1, settings)
measured = demonstrations.summary(by_noise)
predicted = trial_marks.predictions(settings, demonstrations.N_FOLDS)
steps = protocol_plots.beside_predictions(measured, predicted)
noise_marks = protocol_plots.controls(measured)

# %% tags=["remove-input"]
display(
    Table(
        steps.map("{:.2f}".format),
        caption=f"White noise, {n_trials} trials of {settings.trial_seconds:g} s, random labels. "
        "Ratio: the shared shift over the noise. Information: nats per feature. Ridge, neighbours "
        f"and trials named (by each feature's mean and scale): {BOTH_SIDES}. Last column: whole "
        "trials held out, the honest score",
        css="emolib-wide",
    )
)

# %% tags=["remove-input"]
ridge_off = (steps["ridge, measured"] - steps["ridge, predicted"]).abs()
subtracted, scaled = (steps.loc[protocol_plots.STEPS[name]] for name in ("own", "zscore"))
centred = steps.loc[protocol_plots.STEPS["own_trial"]]
say(
    f"Predicted and measured scores of ridge differ by {ridge_off.median():.2f} (median) and at",
    f"most {ridge_off.max():.2f}. A z-score gives ridge {scaled['ridge, measured']:.2f}",
    f"(subtraction: {subtracted['ridge, measured']:.2f}), and five neighbours",
    f"{scaled['5 neighbours, measured']:.2f} (subtraction:",
    f"{subtracted['5 neighbours, measured']:.2f}). Centring on the trial gives ridge",
    f"{centred['ridge, measured']:.2f}, below chance.",
    "With whole trials held out, all steps score",
    f"{steps.iloc[:, -1].min():.2f} to {steps.iloc[:, -1].max():.2f}.",
)

# %% [markdown]
# The filter's memory makes neighbouring windows alike, so measured ratios lie a little above the
# predicted ones. A third model makes the mechanism plain: it identifies the trial of a window, and
# looks up that trial's label.

# %% tags=["hide-input"]
protocol_pictures.several_scores(
    noise_marks,
    rows="what was done to each trial",
    caption=f"One draw of {n_trials} trials of white noise, random labels. Rows: what was done to "
    "each trial.",
)

# %% tags=["remove-input"]
leaks = np.array([BOTH_SIDES in name for name in noise_marks])
own = noise_marks.loc[protocol_plots.STEPS["own"]]
say(
    "After subtraction, white noise with random labels is classified correctly in",
    f"**{own[leaks].min():.0%} to {own[leaks].max():.0%}** of the windows ({BOTH_SIDES}).",
    f"With whole trials held out it is {own[~leaks].min():.0%} to {own[~leaks].max():.0%}.",
)

# %% tags=["remove-input"]
n_windows = after.shape[1] * (1 - 1 / demonstrations.N_FOLDS)  # of a trial, to train on
ours, four_times = (
    pseudo_trials.expected_accuracy(rho, n_features, n_trials, n_windows=n)
    for n in (n_windows, 4 * n_windows)
)
say(
    f"The formula, with both corrections, gives a weighted sum {ours:.0%} for these trials of",
    f"{settings.trial_seconds:g} s, and {four_times:.0%} for trials four times as long, as those",
    "of DEAP are. More draws, and trials of full length: `python -m benchmarks.evidence`.",
)

# %% [markdown]
# ### Two more ways: overlap and smoothing
#
# Windows can share samples without any baseline. If windows of length $L$ begin $h$ apart,
# neighbours have $1 - h / L$ of their samples in common, and their features correlate by about as
# much. A moving average over $m$ windows does the same, since it is a window $m$ times as long that
# moves on by one: neighbours correlate by $1 - 1 / m$. (Linear dynamical systems smooth likewise,
# with weights that fall off exponentially. SEED's released features come smoothed in both ways.) A
# classifier then needs to find one neighbour in time. Here are white noise, 8 channels, no
# baseline, random labels, and the single nearest neighbour.

# %%
windows = shared_samples.log_power
cases = {
    f"2 s every {h:g} s": (
        lambda noise, h=h: windows(noise, 256, int(128 * h)),
        1 - h / 2,
    )
    for h in (2, 1, 0.5, 0.25)
}
cases |= {
    f"0.5 s, mean of {m} in a row": (
        lambda noise, m=m: shared_samples.smoothed(windows(noise, 64, 64), m),
        1 - 1 / m,
    )
    for m in (1, 5, 10)
}
shared = shared_samples.neighbour_scores(cases)

# %% tags=["remove-input"]
display(
    Table(
        shared.map("{:.2f}".format),
        caption="White noise, random labels, nearest neighbour. Shared: proportion of samples in "
        f"common with the next window. Predicted and window-wise: {BOTH_SIDES}",
    )
)

# %% [markdown]
# The prediction is rough. It compares the distance to the next window of the trial with the
# distance to the nearest of all windows of other trials that share nothing with each other.
#
# ### Real EEG at rest
#
# White noise has no memory; brains have. So the same again with real people at rest, recorded
# before a test of arithmetic {cite:p}`zyma2019`. Their rest is cut into pieces of 3 + 12 seconds, a
# "baseline" and a "trial". Nothing was shown, nothing was asked, and the labels are drawn by lot.

# %%
try:
    place = eegmat.default_root()
    people = eegmat.subjects(place)[:2]
    kinds = ("none", "own", "zscore", "another", "mean")
    by_rest = demonstrations.resting_scores(place, people, removals=kinds, look_up=False)
    rest_marks = protocol_plots.controls(demonstrations.summary(by_rest))
except DataError as error:
    rest_marks, missing = None, error

# %% tags=["hide-input"]
if rest_marks is not None:
    page = protocol_pictures.several_scores(
        rest_marks,
        rows="what was done to each piece",
        caption=f"Rest of {len(people)} people (means), random labels. Rows: what was done to each "
        "piece. With a dozen pieces per person, honest scores vary widely about 0.5.",
    )
else:
    page = say(
        "**The recordings at rest were not found,** so a figure is missing here.",
        f"{escape_markdown(missing.hint)} They are free: see [The data](/data.md).",
    )
display(page)

# %% [markdown]
# ### The claim
#
# What follows from all this is the following, and no more:
#
# > Subtracting one noisy vector from all windows of a trial is sufficient (not necessary) to make
# > trials identifiable. When windows of a trial are on both sides and a trial has one label, this
# > alone yields 75-99 % from white noise with random labels, depending on the classifier. It says
# > nothing against baseline removal under trial-grouped evaluation, nor how much of any published
# > score it explains.
#
# The same holds for whatever else is estimated for each trial and applied to all its windows. You
# may object that the mark is shared *by construction*. It is; its size, and how common these steps
# are together, are the point.
#
# ### What was known
#
# That window-wise splits leak is known, also with labels randomised per trial: {cite:t}`white2023`
# did this on DEAP and SEED. {cite:t}`li2021` and {cite:t}`xu2024` name temporal autocorrelation as
# the cause. {cite:t}`brookshire2024` compare held-out segments with held-out subjects in two
# clinical data sets, and find performance on new subjects strongly overestimated.
# {cite:t}`khan2025` count errors in 101 studies of DEAP. {cite:t}`cen2022` blame improper
# pre-processing for "false high accuracy", and change the baseline step. This chapter adds one
# sufficient cause, isolated and quantified: the estimation error of what is removed. To our
# knowledge that had not been done.
#
# {cite:t}`ahmed2023` and {cite:t}`wirawan2021` report gains from baseline division. The mechanism
# would predict gains *if* windows of one trial were on both sides there, which was not verified. It
# does not speak against baseline correction where trials are kept whole: {cite:t}`kessler2025`
# found that it increased the accuracy of a network in trial-wise decoding of event-related
# potentials. On baseline correction as a statistical model see {cite:t}`alday2019`. Of the papers
# in this section we have read no more than the abstracts.
#
# ## Two probes: which trial, and who?
#
# Where data of the test can be recognised by something that is no answer to the question, one
# speaks of {term}`leakage`. A direct way to find it is to ask for what a model should not know.
# *Which trial* is a window from, when other windows of all trials are known? And *which person*, on
# trials that were held out?

# %%
shared_channels = feature_subsets.shared_channels(this_study, who)  # which all of them have
as_used = [stages.features(this_study, name).sel(channel=shared_channels) for name in who]
plain = replace(this_study.features, baseline="none", normalise="none")
raw, rests = [], []
for name in who:
    recording = stages.recording(this_study, name).sel(channel=shared_channels)
    raw.append(extract_features(recording, plain))
    rests.append({})
    for number in raw[-1]["trial_number"].to_numpy() if "baseline" in recording else ():
        rest = recording["baseline"].sel(trial=number).to_numpy()
        rests[-1][number] = window_features(rest, recording.attrs["sfreq"], plain)


# %%
def after_removal(how: str) -> list:
    """Return the features of each subject after one kind of removal."""
    found, axes = [], {"window": (2, 3), "subject": 0}
    for one, rest in zip(raw, rests, strict=True):
        values, trial = one["feature"].to_numpy().astype(float), one["trial"].to_numpy()
        for number in np.unique(trial):
            own = trial == number
            values[own] = remove_baseline(values[own], rest.get(number), how)
        if (over := this_study.features.normalise) in axes:
            values = z_score(values, axis=axes[over])
        found.append(one.assign(feature=(one["feature"].dims, values)))
    return found


# %%
probes = {"features of this study": protocol_scores.identity_probes(as_used, subject, step=step)}
unmarked = after_removal("none")
if this_study.features.baseline != "none":
    without = protocol_scores.identity_probes(unmarked, subject, step=step)
    probes["without baseline removal"] = without

# %% tags=["remove-input"]
shares = {
    row: {f"names the {what}": f"{a:.1%} (chance {b:.1%})" for what, (a, b) in found.items()}
    for row, found in probes.items()
}
caption = f"Windows named rightly: trials of {subject}; {len(who)} people, on held-out trials"
display(Table(pd.DataFrame(shares).T, caption=caption))
share, by_lot = list(probes.values())[-1]["trial"]
several = "What a step hides about people it need not hide about trials: compare the rows."
states = "Trials are told apart without baseline removal too, since their states differ as well;"
display(
    say(
        several if len(probes) > 1 else "This study subtracts no baseline, so there is one row.",
        f"{states} this is why the claim says *not necessary*." if share > 2 * by_lot else "",
    )
)

# %% [markdown]
# A model that knows the person can use that too: people differ in how often they say "high". This
# is why this book computes {term}`balanced accuracy` within each person, and only then averages.
#
# ## The fix: hold out what the claim is about
#
# Now the same ridge regression under all protocols, scored as this book scores: by whole trials. A
# trial's class is the one that the mean probability of its windows names.

# %%
protocols = list(splits.PROTOCOLS) if rated else ["window_wise", *others]
scores, refused = protocol_scores.compare_protocols(
    maps, table, protocols, tasks=tasks, n_folds=n_folds, seed=seed
)

# %% tags=["remove-input"]
for name, task in this_study.tasks.items():
    # Ridge is fitted on all people together, as the pooled network is.
    display(score_plots.accuracies(scores.assign(stage="pooled"), name, task))

# %% tags=["remove-input"]
for name, why in refused.items():
    held = protocol_name(name)
    display(say(f"Not shown: {held}, since the data cannot serve it ({escape_markdown(why)})"))
if not rated:
    page = say(
        "The classes of this study are recordings of each person, in a fixed order. Holding out",
        "trials would test which *recording* a trial is from, so only people are held out.",
    )
    display(page)

# %% [markdown]
# The same features, the same model, the same labels: only what is held out differs. (*Pooled* means
# fitted on all people together. The [cohort page](/cohort.ipynb) has the network's scores.)
#
# ### Was there anything to find?
#
# Look at the honest scores of each task before you read on. In which task do you think the signals
# follow the rating, and how sure are you?

# %% tags=["remove-input"]
unknown = "Nobody knows the answer for recordings of people. That is why they need a test."
say(
    truth_sentence(effects(this_study)) or unknown,
    "The window-wise score does not tell the two cases apart, but an honest one can."
    if len(set(map(bool, effects(this_study).values()))) > 1
    else "",
)

# %% [markdown]
# ### What each way to remove a baseline costs
#
# If trials are held out whole, a mark no longer matters, and you may choose the step that serves
# the question. Each has a price:
#
# | step | what it needs, and what it may cost |
# | --- | --- |
# | none | nothing; levels of persons and days stay in the features |
# | subtract, divide, z-score | a baseline; its estimation error is added to every window |
# | mean baseline over trials | the baselines of all trials, those under test too; drifts stay |
# | centre on the trial | the whole trial; an effect that lasts all through it may be removed |
#
# Here are the same recordings with each of them, and ridge regression.

# %%
usable = [how for how in BASELINES if all(rests) or how in WITHOUT_REST]
usable = [how for how in usable if how != "released"]
every = pd.concat([window_table(one, this_study.tasks) for one in raw])
kept, _ = protocol_scores.thinned(every, first=subject, n_windows=10)
every = every.iloc[kept].reset_index(drop=True)
scored = {}
for how in usable:
    try:
        x = np.concatenate([one["feature"] for one in after_removal(how)])[kept]
    except DataError:  # a trial or a baseline has too few windows
        continue
    if np.isfinite(x).all():
        scored[how] = protocol_scores.own_and_random_labels(
            x, every, honest=honest, tasks=tasks, n_folds=n_folds, models=["ridge"]
        )

# %% tags=["remove-input"]
wide = {how: protocol_plots.side_by_side(one, honest, tasks) for how, one in scored.items()}
price = pd.DataFrame(
    {
        f"{row.removesuffix(': ridge')}, {column}": {
            how: of.loc[row, column] for how, of in wide.items()
        }
        for column in wide["none"].columns[1:]
        for row in wide["none"].index
    }
)
display(
    Table(
        price.map("{:.2f}".format),
        caption="Ridge, balanced accuracy of windows, by the features' setting "
        "of the baseline",
        css="emolib-wide",
    )
)

# %% tags=["remove-input"]
found = [name for name, size in effects(this_study).items() if size and "own_trial" in wide]
if found:
    column = f"real labels, {protocol_name(honest)}"
    centred = [price.loc["own_trial", f"{name}, {column}"] for name in found]
    page = say(
        "In this simulation an effect sets in during the first seconds of a trial and then stays.",
        "Centring on the trial takes it out of the mean of each feature. It remains in the first",
        "seconds, and in how much band energy varies, which is in proportion to its level: the",
        "honest score is",
        " and ".join(f"{value:.2f} ({name})" for name, value in zip(found, centred, strict=True))
        + ".",
    )
else:
    page = say("Compare the differences with the range of chance below before you prefer a step.")
display(page)

# %% [markdown]
# ### Why leaving people out is not enough
#
# Suppose that every brain answers to the *light and sound* of a film, and that this has nothing to
# do with emotion. People mostly agree about films. A model can then learn "this answer belongs to
# that film, and that film is rated high", and be right about people whom it never saw.
#
# That can be simulated: 16 people, 40 films, a response to each film that everybody shares,
# unrelated to its label. Is the score of such a cohort better than chance? A
# {term}`permutation test` holds it against the scores that exchanged labels give. But how should
# they be exchanged?
#
# - *Within each person*, separately: the test then asks for any link with the labels, through the
#   film or not.
# - *One exchange for all*: films swap their labels, the same way for everybody. The test then asks
#   whether the true labels are better than an arbitrary labelling of the same films.

# %%
n_cohorts = 6
locked = chance.null_tests("stimulus_locked", n_cohorts)
rejected = (locked["p"] <= 0.05).groupby(locked["test"]).sum()

# %% tags=["hide-input"]
protocol_pictures.null_cohorts(locked)

# %% tags=["remove-input"]
say(
    "Nothing in these data has to do with emotion. The exchange within persons rejects in",
    f"**{rejected['within_subject']} of {n_cohorts}** cohorts at the 5 % level, the one exchange",
    f"for all in **{rejected['joint_stimulus']} of {n_cohorts}**. A few cohorts tell no rate:",
    "`python -m benchmarks.evidence` prints the counts over 1,000.",
)

# %% [markdown]
# So a claim about new people *and* emotion needs films held out as well, or a test that exchanges
# films.
#
# ## How wide is chance?
#
# A coin tossed 40 times seldom shows 20 heads. How far from one half may a score lie though there
# is nothing to find? Permuted labels tell. The first two rows are noise with labels by lot, in
# DEAP's numbers of trials and people; the others are this study's, with ridge.

# %%
reach = {
    "noise: 1 person, 40 trials": chance.of_noise(1),
    "noise: 32 people, 40 trials": chance.of_noise(32),
}
if rated:
    found = chance.of_study(maps, table, subject, tasks=tasks, n_folds=n_folds)
    reach |= {f"{task}: {name}": test for (name, task), test in found.items()}

# %% tags=["hide-input"]
scored = {name: not name.startswith("noise") for name in reach}
protocol_pictures.chance_ranges(reach, scored=scored)

# %% tags=["remove-input"]
one = reach["noise: 1 person, 40 trials"]
low, high = one.null_interval
say(
    f"With one person's 40 trials chance alone covers **{low:.2f} to {high:.2f}** (standard",
    f"deviation {one.null.std():.2f}). An effect that lifts scores to less than",
    f"**{one.minimum_detectable_score:.2f}** would be missed in more than one of five such",
    "experiments. One person's score says little, and the order of people's scores less.",
    ""
    if rated
    else "This study has no row: its classes were recorded in a fixed order, so exchanging them"
    " would be no fair comparison, and no p is given.",
)

# %% [markdown]
# ## What the field reports
#
# Here are scores that others report for DEAP, by what was held out. They are from different papers,
# with windows, folds and measures of their own: to be read beside each other, not tested against
# each other. [The published figures](A2_published_figures) has them all, with their sources.

# %% tags=["remove-input"]
figures = published()
figures = figures[~(figures["system"] + figures["variant"]).str.contains("ablations|frames")]
names = figures["system"] + figures["variant"].map(lambda variant: variant and f" ({variant})")
field = figures.set_index(names.rename("system"))
field = field.assign(**field[["valence", "arousal"]].map("{:g}".format))
for protocol, own in field.groupby("protocol", sort=False):
    shown = own[["valence", "arousal", "unit"]].rename(columns={"unit": "measure"})
    display(Table(shown, caption=f"Reported for DEAP: {protocol_name(protocol)}"))

# %% [markdown]
# The systems are those of {cite:t}`yang2019,xing2019,shen2020,pan2021,rudakov2021`. That scores
# fall when whole trials or people are held out is well documented
# {cite:p}`white2023,brookshire2024,delpup2025,khan2025,kukhilava2025,liu2024`. Even a watermelon
# wired up as a person can be decoded if windows of one recording are on both sides
# {cite:p}`xu2024`. How much the time course of a recording explains in a given experiment is
# debated: compare {cite:t}`li2021` with {cite:t}`palazzo2020`. A high window-wise score is no
# mistake in arithmetic. It answers a question that is seldom the one a reader has in mind.
#
# ## How good can the labels be?
#
# No score can be better than its labels. First: how many {term}`ratings <rating>` lie so near the
# threshold that they might have fallen on its other side, and does the rule matter?

# %%
near, by_rule = {}, {}
ratings = label_quality.ratings_table(as_used) if rated else None
for name, task in rated.items():
    own = ratings[task.rating]
    exact, close = label_quality.near_threshold(own, above=task.above)
    near[name] = {"trials": own.notna().sum(), f"rated exactly {task.above:g}": exact}
    near[name][f"within {label_quality.MARGIN:g} of it"] = close
    rules = label_quality.labels_by_rule(own, above=task.above)
    by_rule[name] = protocol_scores.by_rule(
        maps, table, name, rules, protocol=honest, n_folds=n_folds, seed=seed
    )

# %% tags=["remove-input"]
if rated:
    display(Table(pd.DataFrame(near).T, caption="Ratings near the threshold"))
    for name, rows in by_rule.items():
        text = rows.assign(score=rows["score"].map("{:.2f}".format).replace("nan", "too few"))
        what = f"ridge's balanced accuracy ({protocol_name(honest)})"
        display(Table(text, caption=f"{name}, by rule: trials of each class, and {what}"))
else:
    display(say("**This study has conditions, not ratings:** no line is drawn through a scale."))

# %% [markdown]
# A rule moves labels, and with them the score, though not a sample of EEG has changed. Look at the
# range of chance above before you call one rule better; and a rule that is chosen *after* looking
# at the scores is one more way to find what is not there.
#
# Second: how sure is a label? People do not report exactly what they felt, and in a simulation both
# are known. Third: how much of a label does the *film* settle, for anybody who watches it?
# (Simulated films are of four kinds, the quadrants: pleasant or not, exciting or not.)

# %%
known = {}
if this_study.simulation is not None:
    places = [(this_study.recordings_root, name) for name in who]
    behind = label_quality.behind_the_ratings(simulated.read_truth(*place) for place in places)
    known["what was felt, against what was reported"] = behind["felt"]
    known["the film's quadrant, against what was reported"] = behind["quadrant"]
if rated:
    votes = pd.Series({name: label_quality.others_vote(table, name) for name in rated})
    known["the other people's votes for the film"] = votes
agree = pd.DataFrame(known, index=list(rated)).T.dropna()

# %% tags=["remove-input"]
if len(agree):
    text = agree.map("{:.0%}".format)
    display(Table(text, caption="Trials whose class agrees; no EEG is looked at"))
page = "Of these recordings nobody knows what was felt; the page of a simulated study shows it."
if this_study.simulation is not None:
    felt = behind["felt"]
    page = (
        "A model that read what is felt without any error "
        f"would agree with {felt.min():.0%} to {felt.max():.0%} of the labels. And the film alone "
        "settles many of them: whoever recognises the film has the label."
    )
say(page)

# %% [markdown]
# ## Check yourself
#
# **1.** A paper reports 97 % "with ten-fold cross-validation over all segments". What do you ask
# first?
#
# ```{dropdown} Answer
# What was held out: could segments of one trial be in training and in test? If so: what does the
# same pipeline score with labels exchanged among the trials? If that is far above one half too, the
# 97 % say nothing about new trials, films or people.
# ```
#
# **2.** On new people a model scores better than all exchanges of labels within persons. Does it
# recognise emotion?
#
# ```{dropdown} Answer
# It has found some link with the labels. If everybody saw the same films, it may recognise the
# films. Exchange the films' labels for everybody at once, or hold films out as well.
# ```
#
# ## Exercises
#
# **Exercise 1.** How long must a baseline be before the fingerprint fades? Compute what the formula
# says for 1, 3, 12 and 60 seconds, and measure the ratio for the first three.

# %% tags=["hide-cell", "solution"]
for seconds in (1, 3, 12, 60):
    ratio = (2 * seconds) ** -0.5  # two windows a second
    share = pseudo_trials.expected_accuracy(ratio, n_features, n_trials)
    line = f"{seconds} s: ratio {ratio:.2f}, a weighted sum is right in {share:.0%}"
    if seconds < 60:
        longer = replace(settings, n_trials=20, baseline_seconds=seconds)
        x = pseudo_trials.remove_baseline(pseudo_trials.white_noise(longer), "own")
        line += f"; measured ratio {pseudo_trials.shared_ratio(x):.2f}"
    print(line)
# The mark fades only with the root of the length.

# %% [markdown]
# **Exercise 2.** Sufficient, not necessary: score ridge window-wise with random labels on this
# study's features *without* baseline removal. What else may mark a trial?

# %% tags=["hide-cell", "solution"]
rows = pd.concat([window_table(each, this_study.tasks) for each in unmarked], ignore_index=True)
x = np.concatenate([each["feature"].to_numpy() for each in unmarked])
given = protocol_scores.own_and_random_labels(
    x, rows, honest=honest, tasks=tasks[:1], n_folds=n_folds, models=["ridge"]
).set_index(["protocol", "labels"])["value"]
print(f"random labels, {BOTH_SIDES}: {given['window_wise', 'random']:.2f}")
print(f"real labels, {protocol_name(honest)}: {given[honest, 'own']:.2f}")
# The trial's own state may mark it: attention, drowsiness, muscles, electrodes that dry.

# %% [markdown]
# **Exercise 3.** How much of an honest score is the luck of the split? Deal the folds with four
# seeds, and hold the range of the scores against the range of chance.

# %% tags=["hide-cell", "solution"]
lucky = []
for dealt in range(4):
    given, _ = protocol_scores.compare_protocols(
        maps, table, [honest], tasks=tasks[:1], n_folds=n_folds, seed=dealt, resamples=0
    )
    whole = given[given["subject"].isna() & given["fold"].isna()].set_index("metric")
    lucky.append(whole.loc[ESTIMAND, "value"])
print(f"{tasks[0]}, {honest.replace('_', '-')}: {min(lucky):.2f} to {max(lucky):.2f} by the split")

# %% [markdown]
# ## Conclusion
#
# A score answers the question that its protocol asks. With windows of one trial on both sides the
# question is "have you met this trial?", and a mark as small as a noisy baseline is enough to say
# yes. To speak of new trials, films or people, hold out trials, films or people. To speak of
# emotion rather than films, hold out films or exchange them. And before speaking at all, look how
# far chance reaches.
#
# Five questions for any score, this book's included: What was held out? What does the same pipeline
# score with random labels? Was the test looked at before the end? Do all people share the films?
# How wide is chance with so many trials?
#
# ## Where to read on
#
# - [What the network looks at](10_what_the_network_looks_at) asks which places and bands matter.
# - [How to read this book](/how_to_read.md) has the protocols and measures on one page.
# - The tests and their false alarms: `emolib.evaluation.permutation`; the marks:
#   `emolib.lessons.pseudo_trials`.
#
# ## Provenance

# %% tags=["remove-input"]
inputs = [this_study.features_file(name) for name in who]
provenance(this_study, inputs)
