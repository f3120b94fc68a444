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
# # Windows, baseline removal and normalisation
#
# ## What you will learn
#
# - what a longer window gains and what it loses, and how windows are put into groups;
# - how to split the variance of a feature into a person's, a trial's and a window's share;
# - what happens to a trial if one vector is subtracted from all its windows;
# - what a z-score over a window keeps, and why one band seems to fall when another rises.
#
# **Time.** About 20 minutes, and half an hour for the exercises.
#
# **What you need.** [DE versus PSD](03_de_versus_psd), and the mean and the variance of a list of
# numbers.
#
# **The question.** *What is left of a person's level, of a trial's level and of a window's pattern
# after each step on the way to the network?*

# %%
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display
from scipy import signal, special

from emolib.book.provenance import provenance
from emolib.evaluation.linear import reference_predictions
from emolib.evaluation.scores import score
from emolib.evaluation.variance import variance_components
from emolib.features import spectra
from emolib.features.bands import band_pass
from emolib.features.baseline import baseline_mean
from emolib.features.extraction import extract_features, window_features
from emolib.features.windows import z_score

# %%
from emolib.figures import maps, pages
from emolib.figures.display import Picture, Table, say, use_style
from emolib.lessons import feature_plots, feature_subsets, levels, pseudo_trials
from emolib.recordings.labels import window_table
from emolib.splits.folds import group_windows
from emolib.study import stages
from emolib.study.study import load

use_style()

# %% tags=["parameters"] needs="features"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None: the first that can be used

# %%
this_study = load(study)
subject = subject or stages.first_valid(this_study)
people = [subject, *stages.valid_subjects(this_study)]
people = list(dict.fromkeys(people))[:8]  # eight show it well enough
channels = feature_subsets.shared_channels(this_study, people)  # which all of them have
recording = stages.recording(this_study, subject).sel(channel=channels)
sfreq = recording.attrs["sfreq"]
raw = replace(this_study.features, kinds=("de",), baseline="none", normalise="none")
window_seconds = raw.window_seconds
bands = [band.name for band in raw.bands]
rested = "baseline" in recording

# %% [markdown]
# ## How long is a window?
#
# A {term}`window` is a short piece of a {term}`trial`. For each {term}`channel` and {term}`band` it
# gives one number of each kind, a {term}`feature`. Windows touch and do not overlap: overlapping
# ones would be more rows for the network, but made of the same samples.

# %% tags=["remove-input"]
n_samples = round(window_seconds * sfreq)
per_trial = min(spectra.trial_lengths(recording)) // n_samples
say(
    f"In this study a window has {window_seconds:g} s, **{n_samples} samples**, and a trial gives",
    f"**{per_trial} windows**. All of them carry the trial's one label.",
)

# %% [markdown]
# This chapter follows {term}`differential entropy`, DE, the logarithm of a window's variance. A
# variance that is *estimated* scatters, the more the fewer independent values it is estimated from.
# Neighbouring samples of a filtered signal are alike, so a window holds fewer such values than
# samples. A rule of thumb for a band $B$ hertz wide and a window of $T$ seconds is $2BT$. For a
# real filter with the impulse response $h$ (see [Band filtering](02_band_filtering)) and $N$
# samples it is
#
# $$n = \frac{(N r_0)^2}{\sum_{i,j} r_{i-j}^2}, \qquad r_l = \sum_k h_k h_{k+l}.$$
#
# The DE of noise that never changes its strength then scatters with the standard deviation
# $\tfrac12 \sqrt{\psi_1(n/2)}$, about $1/\sqrt{2n}$ nats; $\psi_1$ is the trigamma function. That
# takes neighbouring samples for $n$ independent ones, so we also measure it, on white noise.

# %%
slow = raw.bands[0]
eeg = recording["eeg"].transpose("trial", "channel", "time").to_numpy()[:6]
eeg = eeg[..., : min(spectra.trial_lengths(recording))].astype(float)
response = band_pass(signal.unit_impulse(round(20 * sfreq)), sfreq, slow)
given = {"white noise": np.random.default_rng(0).normal(size=eeg.shape), "here": eeg}
rows = {}
for seconds in window_seconds * np.array([1, 2, 4]):
    settings = replace(raw, window_seconds=seconds, bands=[slow])
    n = levels.independent_values(response, round(seconds * sfreq))
    row = {"independent values": n, "derived": 0.5 * np.sqrt(special.polygamma(1, n / 2))}
    for name, signals in given.items():
        entropy = np.stack([window_features(trial, sfreq, settings) for trial in signals])
        row[name] = np.sqrt(entropy.var(axis=1, ddof=1).mean())  # within trials
    rows[f"{seconds:g} s"] = {"windows a trial": entropy.shape[1]} | row
scatter = pd.DataFrame(rows).T.rename_axis("window")

# %% tags=["remove-input"]
text = scatter.map("{:.2f}".format)
text["windows a trial"] = scatter["windows a trial"].astype(int)
text["independent values"] = scatter["independent values"].map("{:.1f}".format)
Table(text, caption=f"DE in {slow.name}: its scatter from window to window, in nats, on the right")

# %% tags=["remove-input"]
by_chance = (scatter["white noise"] / scatter["here"]) ** 2
say(
    "*Here* is the recording, within trials. What it has above *white noise* is real change:",
    f"rhythms swell and fade. Of the variance of {slow.name} within a trial, the scatter of the",
    f"estimate alone is about **{min(by_chance.iloc[0], 1):.0%}** in windows of",
    f"{by_chance.index[0]} and {min(by_chance.iloc[-1], 1):.0%} in those of {by_chance.index[-1]}.",
)

# %% [markdown]
# A longer window gives a steadier number; but there are fewer of them, and what changes within a
# window is lost.
#
# Consecutive windows may enter the network together, up to six, as a *group*. A group never spans
# two trials, and what is left over at a trial's end is dropped.

# %%
table = window_table(stages.features(this_study, subject), this_study.tasks)
size = min(6, table.groupby("trial").size().min())
groups = group_windows(table, size)
print(f"{len(table)} windows of {subject} make {len(groups)} groups of {size};")
print(f"{len(table) - groups.size} windows are left over at the ends of trials.")

# %% [markdown]
# ## Three levels in one number
#
# Take one feature, say DE of one {term}`electrode` in one band. Let $x_{ikw}$ be its value in
# window $w$ of trial $k$ of person $i$. It is a sum of four parts:
#
# $$x_{ikw} = m + \underbrace{(m_i - m)}_{\text{the person's}}
# + \underbrace{(m_{ik} - m_i)}_{\text{the trial's}}
# + \underbrace{(x_{ikw} - m_{ik})}_{\text{the window's}},$$
#
# with $m$ the mean of all windows, $m_i$ that of a person's windows, and $m_{ik}$ that of a
# trial's. A mean of this kind is called a *level*. People differ in skull and rhythms; trials in
# how awake somebody is and how the electrodes sit; windows in all that goes faster. The squares of
# the last three parts, averaged, add up to the variance of $x$: nothing is counted twice.

# %%
print(f"{len(people)} people, the {len(channels)} channels that all have")
values, rests, who, trials = {}, {}, {}, {}
for name in people:
    one = stages.recording(this_study, name).sel(channel=channels)
    windows = extract_features(one, raw)
    values[name] = windows["feature"].to_numpy().astype(float)  # (window, kind, band, channel)
    rests[name] = levels.resting_features(one, raw)  # (trial, window, kind, band, channel)
    trials[name] = windows["trial"].to_numpy()
    who[name] = [name] * len(trials[name])

together = [np.concatenate([column[name] for name in people]) for column in (values, who, trials)]
parts = {
    band: variance_components(together[0][:, :, i], *together[1:]) for i, band in enumerate(bands)
}

# %% tags=["remove-input"]
sources = ["between people", "between trials", "within trials"]
frame = pd.DataFrame({band: part.shares for band, part in parts.items()}, index=sources).T
Table(
    frame.map("{:.0%}".format),
    caption=f"Share of the variance of DE, mean over electrodes, {len(people)} people",
)

# %% [markdown]
# The network is to learn something about trials. What marks the *person* is of no use for that: it
# is the same in all of a person's trials. The steps below are meant to take it away.
#
# ## Baseline removal
#
# The {term}`baseline` is the rest before a trial. It is cut into windows too, $B$ of them, and the
# mean of their features is subtracted from every window of the trial:
#
# $$y_{kw} = x_{kw} - \bar r_k, \qquad \bar r_k = \frac1B \sum_{b=1}^{B} r_{kb}.$$
#
# $\bar r_k$ is a vector: a value for each channel, band and kind. Look at the indices: it depends
# on the trial, $k$, and **not on the window**, $w$. All windows of a trial get the same vector.

# %%
i_band = bands.index("alpha") if "alpha" in bands else 0
i_channel = channels.index("Pz") if "Pz" in channels else 0
first = np.unique(trials[subject])[:6]
shown = np.isin(trials[subject], first)
course = values[subject][shown, 0, i_band, i_channel]
of = trials[subject][shown]
if rested:
    level = rests[subject][: len(first), :, 0, i_band, i_channel].mean(axis=1)
    removed = course - np.repeat(level, [np.sum(of == each) for each in first])
    means = [[x[of == each].mean() for each in first] for x in (course, removed)]
    spread = [np.ptp(mean) for mean in means]

# %% tags=["hide-input"]
if rested:
    fig, axes = plt.subplots(2, 1, figsize=(6.2, 4.8), sharex=True)
    feature_plots.trial_courses(axes[0], course, of, levels=level, label="DE (nats)")
    feature_plots.trial_courses(axes[1], removed, of, label="DE minus rest (nats)")
    axes[0].set_xlabel("")
    axes[1].get_legend().remove()
    axes[1].set_ylim(*np.array(axes[0].get_ylim()) - course.mean() + removed.mean())
    display(Picture(
        fig,
        alt=f"{bands[i_band]} at {channels[i_channel]}, window by window, {len(first)} trials. The "
        f"trials' means span {spread[0]:.2f} nats before the subtraction, {spread[1]:.2f} after.",
        caption="Each stripe is a trial. Above: before, with the mean of the rest. Below: after. "
        "Within a stripe nothing has changed but the height.",
    ))  # fmt: skip

# %% tags=["remove-input"]
if rested:
    steps = replace(raw, baseline="subtract")
    after = [
        levels.remove_and_normalise(values[name], trials[name], rests[name], steps)
        for name in people
    ]
    before_after = {
        "before": variance_components(*together).mean(),
        "after": variance_components(np.concatenate(after), *together[1:]).mean(),
    }
    frame = pd.DataFrame(before_after, index=sources)
    caption = "Variance of DE, mean over electrodes and bands (nats squared)"
    display(Table(frame.map("{:.4f}".format), caption=caption))

# %% tags=["remove-input"]
if rested:
    old, new = before_after["before"], before_after["after"]
    left = f"{new.subject / old.subject:.0%}" if old.subject else "none (there is one person)"
    page = say(
        f"Of the variance between people **{left}** is left: the rest knows a person's level, and",
        f"the subtraction is meant to take it away. Within trials {new.window / old.window:.0%} is",
        f"left, between trials **{new.trial / old.trial:.0%}**: the trials lie",
        "further apart than before." if new.trial > old.trial else "closer together than before.",
    )
else:
    page = say(
        "**This recording has no rest before its trials**, so nothing can be subtracted in it. The",
        "text of this section holds all the same; its figure and its tables need such a recording.",
    )
display(page)

# %% [markdown]
# Why may trials move apart? Let $t_k$ be a trial's level and $\bar r_k$ its rest's. Then
#
# $$\mathrm{var}(t - \bar r) = \mathrm{var}(t) + \mathrm{var}(\bar r)\,(1 - 2\beta), \qquad
# \beta = \frac{\mathrm{cov}(t, \bar r)}{\mathrm{var}(\bar r)}.$$
#
# $\beta$ is the slope of the line that predicts a trial's level from its rest. Subtracting takes it
# as 1. If it is above one half the trials come closer together; if below, they move apart. It is
# below one half if trial and rest are too different states, or if $\bar r_k$ is too noisy: it is
# the mean of a few short windows, and you saw above how much one window scatters. To let the data
# choose the slope is an old proposal {cite:p}`alday2019`.

# %%
rows = {}
for i, band in enumerate(bands if rested else ()):
    trial_level, rest_level = [], []
    for name in people:
        own, row = values[name][:, 0, i], pd.factorize(trials[name])[0]
        mean = np.stack([own[row == k].mean(axis=0) for k in range(row.max() + 1)])
        trial_level.append(mean - mean.mean(axis=0))  # within people
        rest_level.append((each := rests[name][:, :, 0, i].mean(axis=1)) - each.mean(axis=0))
    t, r = np.concatenate(trial_level), np.concatenate(rest_level)
    slope = levels.rest_slope(t, r)
    rows[band] = {"slope": slope, "trials before": t.var(axis=0).mean()}
    rows[band]["rests"] = r.var(axis=0).mean()
    rows[band]["foretold"] = rows[band]["trials before"] + rows[band]["rests"] * (1 - 2 * slope)
    rows[band]["trials after"] = (t - r).var(axis=0).mean()

# %% tags=["remove-input"]
if rested:
    frame = pd.DataFrame(rows).T
    caption = "The slope of trials on their rests, and variances between trials (nats squared)"
    display(Table(frame.map("{:.3f}".format), caption=caption))
    low, high = frame["slope"].min(), frame["slope"].max()
    half = "below" if high < 0.5 else "above" if low > 0.5 else "on both sides of"
    display(say(f"The slopes, {low:.2f} to {high:.2f}, lie {half} one half."))

# %% [markdown]
# ### A slip, kept as a setting
#
# In the released code some lines were copied and not adapted: in the mean over the rest, the fourth
# to sixth window of all bands but the slowest are taken from the *slowest* band. The setting is
# `baseline: released`; the default of this project is without the slip.

# %%
if rested:
    both = {
        kind: np.stack([baseline_mean(rest, kind) for rest in rests[subject]])[:, 0]
        for kind in ("subtract", "released")
    }  # (trial, band, channel)
    frame = pd.DataFrame({kind: level.mean(axis=(0, 2)) for kind, level in both.items()})
    frame["difference"] = frame["released"] - frame["subtract"]
    frame = frame.set_axis(bands)

# %% tags=["remove-input"]
if rested:
    caption = f"What is subtracted from DE (nats), mean over trials and electrodes, {subject}"
    display(Table(frame.map("{:.2f}".format), caption=caption))
    told = say(
        f"With the slip, {frame['difference'].abs().idxmax()} comes out",
        f"{abs(frame['difference']).max():.2f} nats too",
        "low." if frame["difference"][frame["difference"].abs().idxmax()] > 0 else "high.",
        "It is a different vector, but it is still one vector for all windows of a trial.",
    )
    display(told)

# %% [markdown]
# ## Normalisation
#
# A *{term}`z-score <z-score>`* is a value minus a mean, divided by a standard deviation. The
# question is, over which values these two are taken. There are three settings:
#
# - `window`, the published one: over the values of one window, all bands and channels together.
# - `subject`: each feature apart, over all windows of a person.
# - `none`.
#
# The kinds are kept apart: DE is in nats, energy in µV², and a common mean of the two would mean
# nothing.
#
# :::{warning}
# `subject` needs no labels, but it does need the tested person's *own recordings*, all of them. A
# score with it is for somebody whose whole recording is there before the first answer is wanted. It
# may well raise scores on new people: exercise 3.
# :::
#
# One window on its way, drawn on the {term}`grid`, the cells in which the network gets its values:

# %%
where = len(trials[subject]) // 2  # a window from the middle
removal = "subtract" if rested else "none"
path = {"features\n(nats)": raw}
if rested:
    path["minus rest\n(nats)"] = replace(raw, baseline=removal)
path["z-score of\nthe window"] = replace(raw, baseline=removal, normalise="window")
of_subject = values[subject], trials[subject], rests[subject]
stations = {
    name: levels.remove_and_normalise(*of_subject, settings)[where, 0]
    for name, settings in path.items()
}

# %% tags=["hide-input"]
fig = plt.figure(figsize=(6.4, 1.4 * len(stations) + 0.3))
names = list(stations)
units = {name: "no unit" if "z-score" in name else "nats" for name in names}
maps.rows(fig, stations, channels, bands, units=units, draw=maps.plane)
told = [f"{n.splitlines()[0]} {x.min():.1f} to {x.max():.1f}" for n, x in stations.items()]
Picture(
    fig,
    alt=f"One window's DE on the grid, a column a band, a row a step: {'; '.join(told)}.",
    caption="One window from the middle of the recording. Each row has a colour scale of its own. "
    "Grey: no electrode. A dash in a cell: below zero.",
)

# %% tags=["remove-input"]
end = stations[names[-1]]
say(
    f"After the last step the {end.size} values of the window have the mean {abs(end.mean()):.0f}",
    f"and the standard deviation {end.std():.0f}. The pattern is kept, which value lies above",
    "which. How strong the window was as a whole is gone, and so is how far its values spread.",
)

# %% [markdown]
# ### Stronger gamma lowers all else
#
# A window's z-scores have a fixed sum, zero. If some of them rise, others must fall: they are
# *compositional*, like the shares of a cake. Let us make only the fastest band stronger, at all
# electrodes, as a clenched jaw might, and look at the others.

# %%
added_db = np.linspace(0, 12, 25)
mean_z = []
for db in added_db:
    louder = stations[names[-2]].copy()  # the same window, one step before the z-score
    louder[-1] += db * np.log(10) / 20  # from decibels of power to nats
    mean_z.append(z_score(louder, axis=(0, 1)).mean(axis=-1))
mean_z = np.array(mean_z).T  # (band, strength)

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(6.2, 2.6))
for band, course_of_z in zip(bands, mean_z, strict=True):
    ax.plot(added_db, course_of_z, label=band)
ax.set(xlabel=f"power added to {bands[-1]} (dB)", ylabel="mean z-score (no unit)")
ax.margins(x=0)
ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
moved = dict(zip(bands, mean_z[:, -1] - mean_z[:, 0], strict=True))
Picture(
    fig,
    alt=f"Mean z-score of each band while only {bands[-1]} is made stronger, by up to 12 dB. "
    "Change: " + "; ".join(f"{band} {by:+.2f}" for band, by in moved.items()),
    caption=f"Only {bands[-1]} was changed. Every other curve that moves does so because of the "
    "z-score.",
)

# %% tags=["remove-input"]
fallen = [band for band, by in moved.items() if by < 0]
say(
    f"Nothing happened to {', '.join(fallen)}, and yet their z-scores fell, by up to",
    f"**{-min(moved.values()):.2f}**. So from z-scores of windows nobody can read which band has",
    "changed.",
)

# %% [markdown]
# With `subject` or `none` the other bands do not move at all. This is why maps that are meant for
# people, in the [next chapter](05_grid_and_brain_maps) and in the reports, show log power without
# z-scores.
#
# ## What disappears, and what stays
#
# Here is a trick to find out what a step does: add a constant and see whether it comes out at the
# other end. A signal that is twice as large has a DE that is $\ln 2$ higher in all bands. So let
# one electrode, or all of them, be twice as loud: always, in one trial, or in one rest.

# %%
n_rests = recording.sizes["trial"]
every, one = np.ones(len(trials[subject])), 1.0 * (trials[subject] == trials[subject][0])
every_rest, one_rest = np.ones(n_rests), 1.0 * (np.arange(n_rests) == 0)
here, all_over = np.log(2) * np.eye(len(channels))[i_channel], np.log(2) * np.ones(len(channels))
at = channels[i_channel]
cases = {
    f"{at}, always": (here, every, every_rest),
    "all electrodes, always": (all_over, every, every_rest),
    f"{at}, in one trial and its rest": (here, one, one_rest),
    f"{at}, in one trial, not in its rest": (here, one, 0 * one_rest),
    "all, in one trial, not in its rest": (all_over, one, 0 * one_rest),
    f"{at}, in the rest of one trial only": (here, 0 * one, one_rest),
}

# %%
steps = {
    "nothing": raw,
    "rest removed": replace(raw, baseline="subtract"),
    "z by window": replace(raw, normalise="window"),
    "z by subject": replace(raw, normalise="subject"),
    "rest removed, z by window": replace(raw, baseline="subtract", normalise="window"),
}
if not rested:
    steps = {name: settings for name, settings in steps.items() if settings.baseline == "none"}
    cases = {name: case for name, case in cases.items() if "rest" not in name}

# %%
fates = {case: {} for case in cases}
x, of, rest = of_subject
for case, (pattern, in_windows, in_rests) in cases.items():
    more = np.broadcast_to(in_windows[:, None, None, None] * pattern, x.shape)
    more_rest = in_rests[:, None, None, None, None] * pattern if rested else 0
    for step, settings in steps.items():
        before = levels.remove_and_normalise(x, of, rest, settings)
        louder_rest = rest + more_rest if rested else None
        after = levels.remove_and_normalise(x + more, of, louder_rest, settings)
        fates[case][step] = levels.fate(before, after, more > 0)

# %% tags=["remove-input"]
Table(
    pd.DataFrame(fates).T.rename_axis("twice as loud"),
    caption="What is left of it. Spreads: it is seen where nothing was changed",
)

# %% [markdown]
# Read the table row by row. The window's z-score forgets only what is common to all its values. The
# person's z-score forgets what is the same in all of a person's windows, and spreads the rest over
# them.

# %% tags=["remove-input"]
if rested:
    page = say(
        "Baseline removal forgets what trial and rest share. Look at the last row: **something",
        "that happened in the rest only is seen in the trial**, in each of its windows, although",
        "nothing happened there.",
    )
else:
    page = say("Without a rest, the rows and columns about baseline removal are left out here.")
display(page)

# %% [markdown]
# ## What is left
#
# Now the whole question at once: the shares of variance after each step, over all bands.

# %%
shares = {}
for step, settings in steps.items():
    out = [
        levels.remove_and_normalise(values[name], trials[name], rests[name], settings)
        for name in people
    ]
    shares[step] = variance_components(np.concatenate(out), *together[1:]).shares
shares["(chance alone)"] = levels.chance_parts(*together[1:])
shares = pd.DataFrame(shares, index=sources).T

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(6.4, 0.9 + 0.45 * len(shares)))
label = "share of the variance (0 to 1)"
pages.stacked_bars(ax, shares, label=label, form="{:.0%}")
told = [f"{step}: " + ", ".join(f"{x:.0%}" for x in row) for step, *row in shares.itertuples()]
Picture(
    fig,
    alt=f"Shares of variance between people, between trials, within trials. {'; '.join(told)}.",
    caption=f"DE of {len(people)} people, mean over electrodes and bands. Last bar: what would be "
    "expected if all windows were independent and neither person nor trial mattered.",
)

# %% tags=["remove-input"]
as_published = "rest removed, z by window" if rested else "z by window"
published = shares.loc[as_published]
say(
    f"The published steps are *{as_published}*: after them a person's level has",
    f"**{published.iloc[0]:.0%}**",
    f"of the variance (before: {shares.iloc[0, 0]:.0%}), a trial's level",
    f"**{published.iloc[1]:.0%}** (before: {shares.iloc[0, 1]:.0%}), and the window's own pattern",
    f"**{published.iloc[2]:.0%}**. By chance alone, trials would have {shares.iloc[-1, 1]:.0%}.",
)

# %% [markdown]
# ## How white noise comes to have trials
#
# One thing is left to be looked at: how much of the trial's share the subtraction itself makes.
# Take white noise, in which nothing is shared by the windows of a trial. Give it rests of white
# noise, with $B$ windows each. If windows are independent and their DE has the variance $s^2$, the
# mean of $B$ has the variance $s^2 / B$; subtracted from all windows of a trial, it is a difference
# *between* trials, $1 / (1 + B)$ of the whole. (The table adds what chance gives without it.)

# %%
noise = pseudo_trials.white_noise(
    pseudo_trials.NoiseSettings(n_trials=20, n_channels=8, trial_seconds=15)
)
n_trials, n_windows, n_bands, n_channels = noise.trial.shape
n_rest = noise.rest.shape[1]
flat = noise.trial.reshape(-1, 1, n_bands, n_channels)
of = np.repeat(np.arange(n_trials), n_windows)
rows = {}
for name, more in (("none", 0), ("subtract", 1 / n_rest)):
    settings = replace(raw, baseline=name)
    out = levels.remove_and_normalise(flat, of, noise.rest[:, :, None], settings)
    found = variance_components(out, np.zeros(len(of)), of).shares
    trial, window = (1 - 1 / n_trials) * (1 / n_windows + more), 1 - 1 / n_windows
    rows[f"baseline: {name}"] = {"derived": trial / (trial + window), "measured": found.trial}
frame = pd.DataFrame(rows).T

# %% tags=["remove-input"]
Table(
    frame.map("{:.1%}".format),
    caption=f"White noise, {n_rest} windows of rest: share of variance between trials",
)

# %% tags=["remove-input"]
say(
    f"Between the trials of this noise lay {frame['measured'].iloc[0]:.1%} of the variance,",
    f"near chance; after the subtraction it is **{frame['measured'].iloc[1]:.1%}**. (What is above",
    "the derived value comes from the filter: its memory makes neighbouring windows alike, and",
    "the first window of a rest is too quiet.) Nothing was learnt about the trials. They were",
    "marked, each by a vector of its own, in all of its windows.",
)

# %% [markdown]
# What can a classifier do with such a mark if windows of one trial are on both sides of a split,
# and what if they are not? That is measured in [What a score means](09_what_a_score_means). Try to
# guess before you go there.
#
# ## Check yourself
#
# **1.** The amplifier was set twice as high for one person, for the whole session. Can the network
# see it in DE after baseline removal? After a window's z-score?
#
# ```{dropdown} Answer
# Neither. All DE, in rests and trials, is higher by the same constant. The first takes away what
# rest and trial share, the second what all values of a window share.
# ```
#
# **2.** In somebody's trials of high arousal the z-scored alpha is lower than in the others. May a
# paper say that alpha power falls?
#
# ```{dropdown} Answer
# Not from that. Alpha may be as it was, and gamma stronger: a muscle is enough. Look at log power
# before the z-score.
# ```
#
# ## Exercises
#
# **Exercise 1.** The other kind of feature, energy, is not a logarithm: a signal that is twice as
# large has *four times* the energy. Which of the fates "gone" in the table hold for energy, if all
# electrodes are always twice as loud? And if one is?

# %% tags=["hide-cell", "solution"]
energy = replace(raw, kinds=("psd",), psd="energy")
x = extract_features(recording, energy)["feature"].to_numpy().astype(float)
rest, of = levels.resting_features(recording, energy), trials[subject]
for name, pattern in {"all": 4.0, at: np.where(np.eye(len(channels))[i_channel], 4.0, 1.0)}.items():
    for step, settings in steps.items():
        before = levels.remove_and_normalise(x, of, rest, settings)
        louder_rest = rest * pattern if rested else None
        after = levels.remove_and_normalise(x * pattern, of, louder_rest, settings)
        scale = np.abs(before).max()  # energies differ by powers of ten
        changed = np.broadcast_to(pattern > 1, x.shape)
        print(f"{name}, {step}: {levels.fate(before / scale, after / scale, changed)}")
# A factor is not a constant: subtracting the rest leaves it. Dividing, as a z-score does, takes it.

# %% [markdown]
# **Exercise 2.** Derive how a z-score $z$ changes that was *not* touched, if a share $p$ of the
# window's values is raised by $\delta$. Check it with the figure above.

# %% tags=["hide-cell", "solution"]
window = stations[names[-2]]
p, delta = 1 / len(bands), 12 * np.log(10) / 20
m, s, m_raised = window.mean(), window.std(), window[-1].mean()
# The mean rises by p delta. The variance grows by that of the step itself, p (1 - p) delta^2, and
# by twice its covariance with the values, p delta (m_raised - m).
s_new = np.sqrt(s**2 + p * (1 - p) * delta**2 + 2 * p * delta * (m_raised - m))
z_new = (window[0].mean() - m - p * delta) / s_new
print(f"{bands[0]}: derived {z_new:.4f}, in the figure {mean_z[0, -1]:.4f}")

# %% [markdown]
# **Exercise 3.** Does `subject` help on new people? Score ridge regression, a simple classifier, on
# whole trials with people left out, after `window` and after `subject`. What may be claimed with
# the second?

# %% tags=["hide-cell", "solution"]
rows = [window_table(stages.features(this_study, name), this_study.tasks) for name in people]
table, tasks = pd.concat(rows, ignore_index=True), [*this_study.tasks]
enough = len(people) >= max(4, this_study.n_folds)  # for each fold some to train on
for name in ("window", "subject") if enough else ():
    settings = replace(raw, normalise=name)
    x = [levels.remove_and_normalise(values[i], trials[i], None, settings) for i in people]
    x = np.concatenate(x).reshape(len(table), -1)
    given = reference_predictions(
        "ridge", x, table, "leave_subjects_out", n_folds=this_study.n_folds, seed=0, tasks=tasks
    )
    found = score(given, resamples=0).query("subject.isna() and fold.isna()")
    found = found[found["metric"] == "trial_balanced_accuracy"].set_index("task")["value"]
    print(f"{name}: balanced accuracy {found.round(2).to_dict()}, chance 0.5")
print("No interval, so no conclusion." if enough else "Too few people: take the study 'demo'.")
# With `subject`, a claim is about whole recordings.

# %% [markdown]
# ## Conclusion
#
# A feature carries a person's level, a trial's level and the window's own pattern. Baseline removal
# takes the person's level away and leaves the window's pattern; what it does to the trial's level
# depends on how well the rest foretells it, and in any case it writes the rest's own noise into all
# windows of the trial. A z-score over a window takes away its overall strength and ties all its
# values together. Each step has a purpose. Each also leaves a trace, and a reader of scores should
# know which.
#
# ## Where to read on
#
# - The next chapter, [The grid and brain maps](05_grid_and_brain_maps), puts the values into cells.
# - Baseline correction as a regression: {cite:t}`alday2019`, for averaged responses. That the
#   preparation of features can make accuracies falsely high: {cite:t}`cen2022`.
# - The steps as published: {cite:t}`rudakov2021`; without baseline removal for another data set, in
#   {cite:t}`shen2020`.
#
# ## Provenance

# %% tags=["remove-input"]
inputs = this_study.reader.sources(this_study.recordings_root, subject)
provenance(this_study, inputs)
