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
# Every point below is one {term}`window` of pure white noise, in 20
# {term}`trials <trial>` that do not differ in anything. The lower row shows
# the same windows after the published {term}`baseline` removal. **Why does
# every trial now have a level of its own?**

# %% tags=["parameters", "remove-input"] needs="features"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None: the first that can be used

# %% tags=["hide-input"]
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display
from scipy import signal, special, stats

from emolib.book.answers import check
from emolib.book.provenance import provenance
from emolib.evaluation import variance
from emolib.features import baseline, extraction, spectra, windows
from emolib.figures import benches, maps, pages
from emolib.figures import display as shown
from emolib.figures.display import Picture, Table, say
from emolib.recordings import simulated
from emolib.study import stages
from emolib.study.study import load

shown.use_style()


# %% tags=["hide-input"]
def stripes(ax, values, trial, levels=None):
    """Plot windows in order, a stripe per trial with its mean."""
    for k, number in enumerate(dict.fromkeys(trial)):
        place = np.flatnonzero(trial == number)
        ends = place[0] - 0.5, place[-1] + 0.5
        if k % 2:
            ax.axvspan(*ends, color="#EEEEEE", linewidth=0, zorder=0)
        ax.plot(place, values[place], ".", color=shown.BLUE, markersize=3)
        ax.plot(ends, [values[place].mean()] * 2, "-", color=shown.DARK)
        if levels is not None:
            ax.plot(ends, [levels[k]] * 2, "--", color=shown.RED)
    ax.set_xlim(-1, len(values))


# %% tags=["hide-input"]
rng = np.random.default_rng(1)
noise_de = 0.5 * np.log(rng.chisquare(6, size=(20, 30)) / 6)
noise_rest = 0.5 * np.log(rng.chisquare(6, size=(20, 6)) / 6)
noise = {"before": noise_de}
noise["after"] = noise_de - noise_rest.mean(axis=1, keepdims=True)
fig, axes = plt.subplots(2, 1, figsize=(5.6, 2.6), sharex=True)
for ax, (label, x) in zip(axes, noise.items(), strict=True):
    stripes(ax, x.ravel(), np.repeat(np.arange(20), 30))
    ax.set(ylabel=f"DE {label} (nats)", ylim=(-1, 1))
axes[1].set_xlabel("window (30 per trial)")
spans = [np.ptp(x.mean(axis=1)) for x in noise.values()]
Picture(
    fig,
    alt="Differential entropy of white noise in 20 trials. The means of the "
    f"trials span {spans[0]:.2f} nats before baseline removal and "
    f"{spans[1]:.2f} nats after it.",
    caption="Each stripe is a trial, each line its mean. DE is differential "
    "entropy. Top: before baseline removal. Bottom: after it.",
)

# %% [markdown]
# ## What you will learn
#
# - what a longer window gains, and what it loses;
# - how to split the variance of a feature into parts that belong to the
#   person, the trial and the window;
# - what happens to a trial if one vector is subtracted from all its windows;
# - what a z-score keeps, and why one band seems to fall when another rises;
# - why trials of white noise differ after baseline removal.
#
# **Time.** About 25 minutes, and half an hour for the exercises.
#
# **What you need.** [DE versus PSD](03_de_versus_psd), and the mean and the
# variance of a list of numbers.

# %% tags=["hide-input"]
this_study = load(study)
subject = subject or stages.first_valid(this_study)
people = list(dict.fromkeys([subject, *stages.valid_subjects(this_study)]))[:8]
recordings = [stages.recording(this_study, name) for name in people]
eight = 8 * this_study.features.window_seconds
in_common = set.intersection(
    *(set(each["channel"].to_numpy()) for each in recordings)
)
lacking = len(in_common) < 2 or any(
    "baseline" not in each
    or min(spectra.trial_lengths(each)) < eight * each.attrs["sfreq"]
    for each in recordings
)
if lacking:
    stand_in = simulated.SimulationSettings(n_trials=20, trial_seconds=30)
    recordings = [
        simulated.simulate_subject(stand_in, number)[0] for number in (1, 2, 3)
    ]
    people = [str(each.attrs["subject"]) for each in recordings]

# %% tags=["hide-input"]
names = [each["channel"].to_numpy().tolist() for each in recordings]
channels = [c for c in names[0] if all(c in others for others in names)]
recordings = [each.sel(channel=channels) for each in recordings]
sfreq = recordings[0].attrs["sfreq"]
raw = replace(
    this_study.features, kinds=("de",), baseline="none", normalise="none"
)
window_seconds = raw.window_seconds
n_window = windows.samples_per_window(sfreq, window_seconds)
bands = [band.name for band in raw.bands]

# %% tags=["remove-input"]
if lacking:
    display(
        shown.admonition(
            "Simulated recordings",
            "The recordings of this study have no baseline interval before",
            "each trial, trials of fewer than eight windows, or hardly any",
            "channels in common. This chapter shows simulated recordings.",
        )
    )

# %% [markdown]
# ## How long is a window?
#
# Each window gives one {term}`feature` per {term}`channel` and {term}`band`.
# Windows touch but do not overlap, since overlapping windows would be computed
# from the same samples. This chapter follows one feature,
# {term}`differential entropy` (DE), the logarithm of a window's variance.
#
# An estimated variance scatters, and the fewer independent values a window
# holds, the more it scatters. Neighbouring samples of a filtered signal are
# alike, so a window holds fewer independent values than samples. For a band
# $B$ hertz wide and a window of $T$ seconds, the rule of thumb is $2BT$. For
# a filter with the impulse response $h$ (see [Band
# filtering](02_band_filtering)) and $N$ samples, it is
#
# $$n = \frac{(N r_0)^2}{\sum_{i,j} r_{i-j}^2}, \qquad
# r_l = \sum_k h_k h_{k+l}.$$

# %%
slow = raw.bands[0]
limits = (slow.low_hz, slow.high_hz)
sos = signal.butter(3, limits, "bandpass", fs=sfreq, output="sos")
h = signal.sosfilt(sos, signal.unit_impulse(round(20 * sfreq)))
r = signal.correlate(h, h)[len(h) - 1 :]  # from lag 0 on


def independent_values(n_samples):
    pairs = 2.0 * np.arange(n_samples, 0, -1)  # pairs of samples at each lag
    pairs[0] = n_samples
    return (n_samples * r[0]) ** 2 / (pairs @ r[:n_samples] ** 2)


# %% [markdown]
# The DE of noise of constant strength then has the standard deviation
# $\tfrac12 \sqrt{\psi_1(n/2)}$, about $1/\sqrt{2n}$ nats, where $\psi_1$ is
# the trigamma function. The next cell compares this with white noise and with
# the {term}`recording`.

# %%
eeg = recordings[0]["eeg"].transpose("trial", "channel", "time")
eeg = eeg.dropna("time").to_numpy()[:6].astype(float)
rng = np.random.default_rng(0)
signals = {"noise": rng.normal(size=eeg.shape), "recording": eeg}
rows = {}
for times in (1, 2, 4):
    n_samples = times * n_window
    n = independent_values(n_samples)
    row = {"n": n, "predicted": 0.5 * np.sqrt(special.polygamma(1, n / 2))}
    for name, x in signals.items():
        w = windows.cut_windows(signal.sosfilt(sos, x), n_samples)
        de = 0.5 * np.log(2 * np.pi * np.e * w.var(axis=-1, ddof=1))
        row[name] = np.sqrt(de.var(axis=-1, ddof=1).mean())
    rows[f"{n_samples / sfreq:g} s"] = row
scatter = pd.DataFrame(rows).T.rename_axis("window")

# %% tags=["remove-input"]
Table(
    scatter.assign(n=scatter["n"].round(1).astype(str)).map(
        lambda x: x if isinstance(x, str) else f"{x:.2f}"
    ),
    caption=f"Independent values n in a window of {slow.name}, and the "
    "standard deviation of DE from window to window in nats: predicted, of "
    "white noise, and of the recording",
)

# %% tags=["remove-input"]
by_chance = (scatter["noise"] / scatter["recording"]) ** 2
by_chance = by_chance.clip(upper=1)
say(
    "Where the recording scatters more than white noise, its strength really",
    f"changes within trials. In windows of {by_chance.index[0]}, the error of",
    f"estimation accounts for about **{by_chance.iloc[0]:.0%}** of the",
    f"variance within trials, and in windows of {by_chance.index[-1]} for",
    f"{by_chance.iloc[-1]:.0%}. Longer windows give steadier numbers, but",
    "fewer of them, and they average over changes within a window.",
)

# %% [markdown]
# ## Three levels in one number
#
# Let $x_{ikw}$ be the DE of one {term}`electrode` and band in window $w$ of
# trial $k$ of person $i$. It is a sum of four parts:
#
# $$\begin{aligned} x_{ikw} = m &+ (m_i - m) + (m_{ik} - m_i) \\
# &+ (x_{ikw} - m_{ik}), \end{aligned}$$
#
# where $m$ is the mean of all windows, $m_i$ the mean of a person's windows,
# and $m_{ik}$ the mean of a trial's windows. Such a mean is called a *level*.
# The squares of the last three parts, averaged, add up to the variance of $x$.

# %% tags=["hide-input"]
x, rest, trial, person = [], [], [], []  # of everybody, one after another
for name, each in zip(people, recordings, strict=True):
    own = extraction.extract_features(each, raw)
    x.append(own["feature"].to_numpy()[:, 0].astype(float))
    at = pd.factorize(own["trial"].to_numpy())[0]
    trial.append(at + sum(map(len, rest)))  # numbered through all people
    person.append(np.full(len(at), name))
    intervals = each["baseline"].transpose("trial", "channel", ...).to_numpy()
    rest.append(
        [extraction.window_features(b, sfreq, raw)[:, 0] for b in intervals]
    )
x = np.concatenate(x)  # DE (window, band, channel)
rest = np.concatenate(rest)  # DE (trial, baseline window, band, channel)
trial, person = np.concatenate(trial), np.concatenate(person)
first = person == people[0]
print(f"{len(x)} windows of {trial.max() + 1} trials of {len(people)} people")


# %%
def components(x):
    """Return the variance between people, between trials, within trials."""
    x = pd.DataFrame(x.reshape(len(x), -1))
    of_person = x.groupby(person).transform("mean")
    of_trial = x.groupby(trial).transform("mean")
    parts = of_person - x.mean(), of_trial - of_person, x - of_trial
    return np.array([(part**2).to_numpy().mean() for part in parts])


ours = variance.variance_components(x, person, trial).mean()
np.testing.assert_allclose(components(x), ours)

# %% tags=["remove-input"]
sources = ["between people", "between trials", "within trials"]
parts = {band: components(x[:, i]) for i, band in enumerate(bands)}
frame = pd.DataFrame(parts, index=sources)
Table(
    (frame / frame.sum()).map("{:.0%}".format),
    caption="Proportions of the variance of DE, averaged over electrodes, "
    f"{len(people)} people",
)

# %% [markdown]
# The network is to learn something about trials. The level of a *person* does
# not help, since it is the same in all trials of that person. The next steps
# are meant to remove it.
#
# ## Baseline removal
#
# In many studies each trial is preceded by a few seconds without
# {term}`stimulus`, the baseline interval. It is split into $B$ windows too,
# and their mean feature is subtracted from every window of the trial:
#
# $$y_{kw} = x_{kw} - \bar r_k, \qquad
# \bar r_k = \frac1B \sum_{b=1}^{B} r_{kb}.$$
#
# The baseline mean $\bar r_k$ is a vector with one value per channel and band.
# It depends on the trial $k$, but **not on the window** $w$: all windows of a
# trial have the same vector subtracted.

# %% slideshow={"slide_type": "slide"}
y = x - rest.mean(axis=1)[trial]

ours = extraction.extract_features(
    recordings[0], replace(raw, baseline="subtract")
)["feature"]
np.testing.assert_allclose(y[first], ours[:, 0], atol=1e-5)

# %% tags=["hide-input"]
i_band = bands.index("alpha") if "alpha" in bands else 0
i_channel = channels.index("Pz") if "Pz" in channels else 0
few = trial < min(6, trial[first].max() + 1)
fig, axes = plt.subplots(2, 1, figsize=(5.6, 4.2), sharex=True)
levels = rest.mean(axis=1)[:, i_band, i_channel]
spans = []
for ax, values, lines in zip(axes, (x, y), (levels, None), strict=True):
    values = values[few, i_band, i_channel]
    stripes(ax, values, trial[few], lines)
    means = pd.Series(values).groupby(trial[few]).mean()
    spans.append(np.ptp(means))
axes[0].set_ylabel("DE (nats)")
axes[1].set(ylabel="DE minus baseline mean", xlabel="window")
Picture(
    fig,
    alt=f"{bands[i_band]} at {channels[i_channel]} in {len(means)} trials. "
    f"The trials' means span {spans[0]:.2f} nats before the subtraction and "
    f"{spans[1]:.2f} nats after it.",
    caption="Each stripe is a trial. Top: DE, with the baseline mean dashed. "
    "Bottom: after subtraction. Within a stripe, the points move up or down "
    "together.",
)

# %% tags=["remove-input"]
before, after = components(x), components(y)
frame = pd.DataFrame({"before": before, "after": after}, index=sources)
display(
    Table(
        frame.map("{:.4f}".format),
        caption="Variance of DE, mean over electrodes and bands (nats²)",
    )
)
moved = "further apart" if after[1] > before[1] else "closer together"
left = f"{after[0] / before[0]:.0%}" if before[0] else "none"
say(
    f"Of the variance between people, **{left}** is left, as intended. The",
    f"variance between trials changes to **{after[1] / before[1]:.0%}**: the",
    f"trials are {moved} than before. Within trials nothing changes.",
)

# %% [markdown]
# The setting `baseline` offers other ways: divide by the baseline mean
# (`divide`), form {term}`z-scores <z-score>` with the baseline windows
# (`zscore`), or subtract the trial's own mean (`own_trial`). [What a score
# means](09_what_a_score_means) compares them.
#
# ## Why trials may move apart
#
# Let $t_k$ be the level of a trial and $\bar r_k$ its baseline mean. Then
#
# $$\mathrm{var}(t - \bar r) = \mathrm{var}(t) +
# \mathrm{var}(\bar r)\,(1 - 2\beta), \qquad
# \beta = \frac{\mathrm{cov}(t, \bar r)}{\mathrm{var}(\bar r)}.$$
#
# $\beta$ is the slope of the line that predicts the level of a trial from its
# baseline mean. Subtraction takes the slope to be 1. If it is above 0.5,
# trials move closer together. If it is below 0.5, they move apart. The slope
# is small if trial and baseline interval are different states, or if
# $\bar r_k$ is noisy, and it is the mean of a few short windows. Fitting the
# slope instead is an old proposal {cite:p}`alday2019`.

# %%
level = pd.DataFrame(x.reshape(len(x), -1)).groupby(trial).mean()
owner = pd.Series(person).groupby(trial).first().to_numpy()
mean = pd.DataFrame(rest.mean(axis=1).reshape(len(level), -1))
t = (level - level.groupby(owner).transform("mean")).to_numpy()
r_k = (mean - mean.groupby(owner).transform("mean")).to_numpy()
beta = {}
for i, band in enumerate(bands):
    at = slice(i * len(channels), (i + 1) * len(channels))
    beta[band] = stats.linregress(r_k[:, at].ravel(), t[:, at].ravel()).slope

# %% tags=["remove-input"]
told = ", ".join(f"{band} {slope:.2f}" for band, slope in beta.items())
low = sum(slope < 0.5 for slope in beta.values())
say(f"The slopes are {told}: {low} of {len(beta)} are below 0.5.")

# %% [markdown]
# ## A slip, kept as a setting
#
# Some lines of the released code seem to have been copied without being
# adapted. In all bands but the slowest, the fourth to sixth baseline windows
# are taken from the *slowest* band. The setting `baseline: released`
# reproduces this slip.

# %%
slipped = rest.copy()
slipped[:, 3:6, 1:] = slipped[:, 3:6, :1]
difference = (slipped.mean(axis=1) - rest.mean(axis=1)).mean(axis=(0, 2))

ours = baseline.baseline_mean(rest[0][:, np.newaxis], "released")
np.testing.assert_allclose(slipped[0].mean(axis=0), ours[0])

# %% tags=["remove-input"]
told = ", ".join(
    f"{band} {shift:+.2f}"
    for band, shift in zip(bands, difference, strict=True)
)
say(
    f"The slip changes the baseline mean by {told} nats, on average. It is",
    "still one vector for all windows of a trial.",
)

# %% [markdown]
# ## Normalisation
#
# A z-score is a value minus a mean, divided by a standard deviation.
# The question is which values these two are computed from:
#
# - `window`, as published: all bands and channels of one window;
# - `subject`: all windows of a person, each feature for itself;
# - `none`.
#
# The kinds of feature are kept apart, since DE (nats) and energy (µV²) have
# no common mean.
#
# :::{warning}
# `subject` uses no {term}`labels <label>`, but it does use all recordings of
# the tested person. A {term}`score` with it holds for a person whose whole
# recording is available before the first {term}`prediction` is made.
# :::


# %% slideshow={"slide_type": "slide"}
def z_window(x):
    mean, sd = (f(x, axis=(1, 2), keepdims=True) for f in (np.mean, np.std))
    return (x - mean) / sd


def z_subject(x, person):
    x = x.copy()
    for name in set(person):
        own = x[person == name]
        x[person == name] = (own - own.mean(axis=0)) / own.std(axis=0)
    return x


mine = {"window": z_window(x), "subject": z_subject(x, person)}
for kind, z in mine.items():
    settings = replace(raw, normalise=kind)
    ours = extraction.extract_features(recordings[0], settings)["feature"]
    np.testing.assert_allclose(z[first], ours[:, 0], atol=1e-4)

# %% [markdown]
# The figure below shows one window on its way, drawn on the {term}`grid` of
# cells in which the network gets its values.

# %% tags=["hide-input"]
where = np.flatnonzero(first)[first.sum() // 2]
stations = {
    "features\n(nats)": x[where],
    "minus baseline\nmean (nats)": y[where],
    "z-score of\nthe window": z_window(y)[where],
}
units = dict(zip(stations, ("nats", "nats", "no unit"), strict=True))
fig = plt.figure(figsize=(6.2, 4.4))
maps.rows(fig, stations, channels, bands, units=units, draw=maps.plane)
told = [f"{v.min():.1f} to {v.max():.1f}" for v in stations.values()]
Picture(
    fig,
    alt="One window's DE on the grid, one column per band. The ranges of the "
    f"rows: {'; '.join(told)}.",
    caption="One window from the middle of a recording. Each row has a colour "
    "scale of its own. Grey: no electrode. A dash in a cell: below zero.",
)

# %% [markdown]
# The z-scores of a window have mean 0 and standard deviation 1. They keep the
# pattern, that is, which values are above which others. They lose the strength
# of the window as a whole and the spread of its values.
#
# ## Stronger gamma lowers all other bands
#
# The z-scores of a window add up to zero. If some rise, others must fall, as
# with the slices of a cake: such values are called *compositional*. Make only
# the fastest band stronger, as a clenched jaw might, and look at the others.

# %%
added_db = np.linspace(0, 12, 25)
mean_z = []
for db in added_db:
    louder = y[where].copy()
    louder[-1] += db * np.log(10) / 20  # from decibels of power to nats
    mean_z.append(z_window(louder[np.newaxis])[0].mean(axis=-1))
mean_z = np.array(mean_z).T  # (band, strength)
moved = dict(zip(bands, mean_z[:, -1] - mean_z[:, 0], strict=True))

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(5.6, 2.6))
for band, curve in zip(bands, mean_z, strict=True):
    ax.plot(added_db, curve, label=band)
ax.set(xlabel=f"power added to {bands[-1]} (dB)", ylabel="mean z-score")
ax.margins(x=0)
ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
told = [f"{band} {by:+.2f}" for band, by in moved.items()]
Picture(
    fig,
    alt=f"Mean z-score of each band while only {bands[-1]} is made stronger, "
    f"by up to 12 dB. Changes: {'; '.join(told)}.",
    caption="Mean z-score over electrodes, one curve per band. Only "
    f"{bands[-1]} was changed, but the z-score moves all others.",
)

# %% [markdown]
# So z-scores of windows do not tell you which band has changed. This is why
# maps for people, in the [next chapter](05_grid_and_brain_maps) and in the
# reports, show log power without z-scores. With `subject` or `none`, the other
# bands would not move.
#
# ## What disappears, and what stays
#
# To find out what a step removes, add a constant and see whether it comes out
# at the other end. A signal twice as large has a DE that is $\ln 2$ higher.

# %%
steps = {
    "none": lambda x, rest: x,
    "baseline removal": lambda x, rest: x - rest.mean(axis=1)[trial],
    "z by window": lambda x, rest: z_window(x),
    "z by subject": lambda x, rest: z_subject(x, person),
    "published": lambda x, rest: z_window(x - rest.mean(axis=1)[trial]),
}
here = np.log(2) * np.eye(len(channels))[i_channel]  # one electrode
everywhere = np.full(len(channels), np.log(2))
one = 1.0 * (trial == 0)[:, np.newaxis, np.newaxis]  # in the first trial only
one_rest = np.zeros((len(rest), 1, 1, 1))
one_rest[0] = 1
at = channels[i_channel]
cases = {  # added to the windows, added to the baseline windows
    f"{at}, always": (here, here),
    "all electrodes, always": (everywhere, everywhere),
    f"{at}, one trial with its baseline interval": (
        one * here,
        one_rest * here,
    ),
    f"{at}, one trial only": (one * here, 0),
    "all electrodes, one trial only": (one * everywhere, 0),
    f"{at}, one baseline interval only": (0, one_rest * here),
}

# %%
plain = {step: apply(x, rest) for step, apply in steps.items()}
fates = {}
for case, (more, more_rest) in cases.items():
    touched = np.broadcast_to(np.asarray(more) > 0, x.shape)
    fates[case] = {}
    for step, apply in steps.items():
        change = apply(x + more, rest + more_rest) - plain[step]
        seen = np.abs(change) > 1e-9
        words = {(0, 0): "gone", (1, 0): "stays", (0, 1): "spreads"}
        key = bool(seen[touched].any()), bool(seen[~touched].any())
        fates[case][step] = words.get(key, "both")

# %% tags=["remove-input"]
Table(
    pd.DataFrame(fates).T.drop(columns="none").rename_axis("twice as loud"),
    caption="What is left of a doubled amplitude. Stays: it is seen where it "
    "was added. Spreads: it is seen elsewhere. Both: there and elsewhere. "
    "Gone: nowhere",
)

# %% [markdown]
# The z-score of a window removes only what all values of the window have in
# common. The z-score by person removes what is the same in all windows of that
# person. Baseline removal takes away what a trial shares with its
# baseline interval. The last row shows the price: **an event in the baseline
# interval appears in every window of the trial**, although nothing happened
# there.
#
# ## What is left
#
# The figure below shows all steps at once: the proportions of variance after
# each.

# %%
shares = {}
for step, values in plain.items():
    parts = components(values)
    shares[step] = parts / parts.sum()
n, n_trials, n_people = len(x), len(rest), len(people)
by_chance = np.array([n_people - 1, n_trials - n_people, n - n_trials])
shares["(chance alone)"] = by_chance / (n - 1)
shares = pd.DataFrame(shares, index=sources).T

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(5.6, 3.2))
pages.stacked_bars(
    ax, shares, label="proportion of the variance", form="{:.0%}"
)
told = [
    f"{step}: " + ", ".join(f"{part:.0%}" for part in row)
    for step, *row in shares.itertuples()
]
Picture(
    fig,
    alt="Proportions of variance between people, between trials and within "
    f"trials. {'; '.join(told)}.",
    caption=f"DE of {len(people)} people. Last bar: what is expected if all "
    "windows are independent and neither person nor trial matters.",
)

# %% tags=["remove-input"]
last = shares.loc["published"]
say(
    "After the published steps, the level of a person accounts for",
    f"**{last.iloc[0]:.0%}** of the variance (before:",
    f"{shares.iloc[0, 0]:.0%}), the level of a trial for",
    f"**{last.iloc[1]:.0%}** (before: {shares.iloc[0, 1]:.0%}; by chance:",
    f"{shares.iloc[-1, 1]:.0%}), and the window itself for",
    f"**{last.iloc[2]:.0%}**.",
)

# %% [markdown]
# ## How white noise gets its trials
#
# Back to the first figure. Its windows are independent and have the same
# variance $s^2$. The mean of $B$ baseline windows has the variance $s^2 / B$.
# It is subtracted from all windows of a trial, so it becomes a difference
# *between* trials, and accounts for the proportion
#
# $$\frac{s^2 / B}{s^2 + s^2 / B} = \frac{1}{1 + B}.$$

# %%
rng = np.random.default_rng(0)
n_trials, n_per_trial, n_rest = 400, 30, 6
de = 0.5 * np.log(rng.chisquare(8, size=(n_trials, n_per_trial)) / 8)
b = 0.5 * np.log(rng.chisquare(8, size=(n_trials, n_rest)) / 8)
between = {}
for name, v in {"none": de, "subtract": de - b.mean(1)[:, None]}.items():
    within = v.var(axis=1, ddof=1).mean()
    of_trials = v.mean(axis=1).var(ddof=1) - within / n_per_trial
    between[name] = of_trials / (of_trials + within)

# %% tags=["remove-input"]
say(
    f"Without baseline removal, {abs(between['none']):.1%} of the variance is",
    f"between the trials. With it, **{between['subtract']:.1%}** is, where",
    f"the formula says {1 / (1 + n_rest):.1%} for {n_rest} baseline windows.",
    "Nothing was learnt about the trials. Each was marked by a random vector,",
    "in all of its windows.",
)

# %% [markdown]
# What can a classifier do with such a mark if training set and test set share
# trials? [What a score means](09_what_a_score_means) measures it.
#
# ## Subtract the wrong interval
#
# The bench below assigns each window of the recording to the trial whose mean
# is nearest. **Guess first:** how often is this correct once the baseline mean
# of each trial is subtracted? Then subtract the baseline mean of *another*
# trial.

# %% tags=["hide-input"]
benches.offer(lambda: benches.WindowBench(recordings[0], raw.bands))

# %% [markdown]
# ## Check yourself
#
# **1.** The amplifier was set twice as high for one person, for the whole
# session. Can the network see this in DE after baseline removal? After the
# z-score of a window?
#
# ```{dropdown} Answer
# Neither. All DE values rise by the same constant, in trials and in baseline
# intervals. The subtraction removes what the two share, and the z-score
# removes what all values of a window share.
# ```
#
# **2.** In one person's trials of high {term}`arousal`, the z-scored alpha is
# lower than in the others. May a paper say that alpha power falls?
#
# ```{dropdown} Answer
# No. Alpha may be unchanged and gamma stronger, for example because of muscle
# activity. Look at log power before the z-score.
# ```
#
# ## Exercises
#
# **Exercise 1.** The other kind of feature, energy, is not a logarithm. All
# electrodes are always twice as loud. By which factor do the values change
# after baseline removal, and by which after the z-score of the window as well?
#
# ```{dropdown} Hint
# Twice the amplitude is four times the energy, in trial and baseline interval
# alike. Try it with any positive numbers in place of `x` and `rest`.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 1
factor = {"baseline removal": ..., "published": ...}

# %% tags=["hide-cell", "solution"]
# A common factor survives the subtraction, because both terms have it. The
# z-score divides by a standard deviation that has it too, and removes it.
energy, energy_rest = np.exp(2 * x), np.exp(2 * rest)
factor = {}
for step in ("baseline removal", "published"):
    louder = steps[step](4 * energy, 4 * energy_rest)
    factor[step] = np.median(louder / steps[step](energy, energy_rest))

# %% tags=["check", "hide-input"]
check(
    factor,
    {"baseline removal": 4, "published": 1},
    slips={
        "Energy is a square.": {"baseline removal": 2, "published": 1},
        "A factor is not a constant: subtraction keeps it.": {
            "baseline removal": 1,
            "published": 1,
        },
    },
)

# %% [markdown]
# **Exercise 2.** The fastest band of the window `y[where]` becomes 12 dB
# stronger. Derive the new mean z-score of the slowest band from means and
# standard deviations, without calling `z_window`.
#
# ```{dropdown} Hint
# A proportion $p$ of the values rises by $\delta$. The mean rises by
# $p\,\delta$. The variance grows by $p(1-p)\,\delta^2$ and by twice the
# covariance of the step with the values.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 2
p, delta = 1 / len(bands), 12 * np.log(10) / 20
z_of_slowest = ...

# %% tags=["hide-cell", "solution"]
# The slowest band itself is unchanged, so only the mean and the standard
# deviation of the window matter. The covariance of the step with the values
# is p delta times (mean of the raised values - mean of all).
window = y[where]
m, s, m_raised = window.mean(), window.std(), window[-1].mean()
step = p * (1 - p) * delta**2 + 2 * p * delta * (m_raised - m)
z_of_slowest = (window[0].mean() - m - p * delta) / np.sqrt(s**2 + step)

# %% tags=["check", "hide-input"]
check(
    z_of_slowest,
    mean_z[0, -1] if len(bands) > 1 else z_of_slowest,
    slips={"This is the z-score before the change.": mean_z[0, 0]},
)

# %% [markdown]
# **Exercise 3.** How many seconds must a baseline interval last, so that
# subtraction creates at most 1 % of variance between the trials of white
# noise?
#
# ```{dropdown} Hint
# Solve $1 / (1 + B) = 0.01$ for $B$. Each window lasts `window_seconds`.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 3
seconds = ...

# %% tags=["hide-cell", "solution"]
# B = 99 windows. Most studies record a few seconds, so their baseline means
# mark the trials far more strongly than that.
seconds = 99 * window_seconds

# %% tags=["check", "hide-input"]
check(
    seconds,
    99 * window_seconds,
    slips={
        "This is a number of windows.": 99,
        "1 / B is not 1 / (1 + B).": 100 * window_seconds,
    },
    rtol=0.001,
)

# %% [markdown]
# ## Conclusion
#
# A feature carries the level of a person, the level of a trial and the pattern
# of a window. Baseline removal takes away the level of the person and keeps
# the pattern of the window. What it does to trials depends on how well the
# baseline mean predicts them, and it always adds the estimation error of that
# mean to all windows of the trial. The z-score of a window removes its overall
# strength and ties its values together. Each step has a purpose, and each
# leaves a trace that a reader of scores should know.
#
# ## Where to read on
#
# - The next chapter, [The grid and brain maps](05_grid_and_brain_maps), puts
#   the values into cells.
# - Baseline correction as a regression: {cite:t}`alday2019`, for averaged
#   responses. How the preparation of features can inflate accuracies:
#   {cite:t}`cen2022`.
# - The steps as published: {cite:t}`rudakov2021`. Without baseline removal,
#   for another data set: {cite:t}`shen2020`.
#
# ## Provenance

# %% tags=["remove-input"]
inputs = this_study.reader.sources(this_study.recordings_root, subject)
provenance(this_study, inputs)
