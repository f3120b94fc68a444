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
# # DE versus PSD: two features or one?
#
# The network of this book gets two numbers for each {term}`window`,
# {term}`electrode` and {term}`band`. Papers call them {term}`differential
# entropy` (DE) and power spectral density (PSD). Each point in the figure
# below is one window at one electrode in one band. **Does the second number
# tell the network anything that the first does not?**

# %% tags=["parameters", "remove-input"] needs="first"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None: the first that can be used

# %% tags=["hide-input"]
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import integrate, signal, stats

from emolib.book.answers import check
from emolib.book.provenance import provenance
from emolib.features import bands, extraction, windows
from emolib.figures import benches
from emolib.figures.display import BLUE, RED, Picture, Table, say, use_style
from emolib.study import stages
from emolib.study.study import load

use_style()

# %% tags=["hide-input"]
this_study = load(study)
subject = subject or stages.first_valid(this_study)
recording = stages.recording(this_study, subject)
sfreq = recording.attrs["sfreq"]
window_seconds = this_study.features.window_seconds
n_window = windows.samples_per_window(sfreq, window_seconds)
all_bands = {band.name: band for band in this_study.features.bands}

# %% tags=["hide-input"]
eeg = recording["eeg"].dropna("time").transpose("trial", "channel", "time")
eeg = eeg.to_numpy()[:12].astype(float)  # twelve trials are enough here
pieces = {
    name: windows.cut_windows(bands.band_pass(eeg, sfreq, band), n_window)
    for name, band in all_bands.items()
}
x = np.ravel([windows.differential_entropy(w) for w in pieces.values()])
y = np.log(np.ravel([windows.band_energy(w) for w in pieces.values()]))
line = stats.linregress(x, y)
some = np.random.default_rng(0).permutation(len(x))[:3000]
fig, ax = plt.subplots(figsize=(5.2, 2.4))
ax.scatter(x[some], y[some], s=7, color=BLUE, alpha=0.35, linewidth=0)
ax.axline((x.mean(), y.mean()), slope=line.slope, color=RED, linestyle="--")
ax.set(xlabel="DE (nats)", ylabel='logarithm of "PSD"')
Picture(
    fig,
    alt=f'Logarithm of "PSD" against DE in {len(some)} points, which are on '
    f"a line of slope {line.slope:.3f}, R² {line.rvalue**2:.6f}.",
    caption=f"{len(some):,} points drawn at random from {len(x):,} (windows "
    "times electrodes times bands), with a fitted straight line. "
    '"PSD" is computed as in the released code.',
)

# %% [markdown]
# ## What you will learn
#
# - what differential entropy is, and how its formula follows from an integral;
# - what the published method computes under the name "PSD";
# - why the two are almost the same number;
# - what Welch's method and multitapers, two true spectral densities, add.
#
# **Time.** About 20 minutes, and half an hour for the exercises.
#
# **What you need.** [Band filtering](02_band_filtering), the normal
# distribution, logarithms and a simple integral.
#
# ## The entropy of a Gaussian
#
# A {term}`feature` is one number for each window, {term}`channel` and band.
# The method uses two kinds, called `de` and `psd`.
#
# The first is differential entropy. For a random quantity with density $p$ it
# is the mean of $-\ln p$, in nats (units of the natural logarithm):
#
# $$h = -\int p(x) \ln p(x)\, \mathrm{d}x.$$
#
# Insert the normal distribution with variance $\sigma^2$. Its negative
# logarithm is $\tfrac12 \ln(2\pi\sigma^2) + x^2 / 2\sigma^2$, and the mean of
# $x^2$ is $\sigma^2$, so
#
# $$h = \tfrac12 \ln(2\pi\sigma^2) + \tfrac12
#     = \tfrac12 \ln\!\big(2\pi e\,\sigma^2\big).$$
#
# Only the variance is left. Numerical integration agrees:

# %%
rows = {}
for sigma in (0.5, 1.0, 10.0):  # standard deviations in µV
    p = stats.norm(scale=sigma)
    integral, _ = integrate.quad(
        lambda x, p=p: -p.pdf(x) * p.logpdf(x), -12 * sigma, 12 * sigma
    )
    formula = 0.5 * np.log(2 * np.pi * np.e * sigma**2)
    rows[f"{sigma:g} µV"] = {"integral": integral, "formula": formula}

# %% tags=["remove-input"]
Table(
    pd.DataFrame(rows).T.round(6).rename_axis("standard deviation"),
    caption="Entropy of a Gaussian, in nats",
)

# %% [markdown]
# The value depends on the unit: in nanovolts instead of microvolts, it would
# be larger by $\ln 1000$. It may also be negative, unlike the entropy of dice.
#
# ## From signal to DE
#
# For {term}`EEG` we use the *formula*, with the variance of a band-passed
# window, whether or not the signal is Gaussian. So in this book, as in the
# literature on emotion since {cite:t}`duan2013`, DE is the logarithm of a
# variance and nothing else. Five lines of SciPy and NumPy compute it for
# twelve {term}`trials <trial>`.

# %% slideshow={"slide_type": "slide"}
filtered, entropy = {}, {}
n_windows = eeg.shape[-1] // n_window
for name, band in all_bands.items():
    limits = (band.low_hz, band.high_hz)
    sos = signal.butter(3, limits, "bandpass", fs=sfreq, output="sos")
    x = signal.sosfilt(sos, eeg)[..., : n_windows * n_window]
    w = x.reshape(*eeg.shape[:-1], n_windows, n_window)
    filtered[name] = w  # (trial, channel, window, sample)
    entropy[name] = 0.5 * np.log(2 * np.pi * np.e * w.var(axis=-1, ddof=1))

# %%
for name, w in pieces.items():  # those of the package
    np.testing.assert_allclose(
        entropy[name], windows.differential_entropy(w), rtol=1e-6
    )

# %% [markdown]
# ## What "PSD" means here
#
# PSD stands for power spectral density. But the released code of the method
# computes the sum of the squared samples of the filtered window, which this
# book calls {term}`band energy`. With $N$ samples, mean $m$ and variance $s^2$
# (with $N - 1$ in the denominator), it is
#
# $$\sum_n x_n^2 = (N - 1)\, s^2 + N m^2.$$
#
# A band-passed signal has hardly any mean, since the filter removes slow
# changes. Without $m$, energy is $(N - 1) s^2$, and $h = \tfrac12 \ln(2 \pi
# e\, s^2)$ gives
#
# $$\ln(\text{energy}) \approx 2 h + \ln\frac{N - 1}{2 \pi e}.$$
#
# This is a straight line of slope 2, the same for all bands. Fit one:

# %% slideshow={"slide_type": "slide"}
energy = {name: (w**2).sum(axis=-1) for name, w in filtered.items()}
x = np.concatenate([h.ravel() for h in entropy.values()])
y = np.log(np.concatenate([e.ravel() for e in energy.values()]))
fit = stats.linregress(x, y)

# %% tags=["remove-input"]
say(
    f"The fitted slope is **{fit.slope:.4f}** and the intercept",
    f"{fit.intercept:.4f}. The formula says 2 and",
    f"{np.log((n_window - 1) / (2 * np.pi * np.e)):.4f}, for N = {n_window}.",
    "The line accounts for the proportion R² =",
    f"**{fit.rvalue**2:.6f}** of the variance of log energy. The rest comes",
    "from the mean m of the window.",
)

# %% [markdown]
# ## True spectral densities
#
# A spectral density in the proper sense is estimated from the *unfiltered*
# window. Welch's method {cite:p}`welch1967` multiplies the window by a taper,
# a curve that falls to zero at both ends, and squares the Fourier transform.
# (It averages over shorter pieces of a long signal, as in [chapter
# 1](01_first_look). A window this short is one piece.) The mean over the
# frequencies of a band is the band's power density, in µV² per Hz.

# %%
raw = eeg[..., : n_windows * n_window].reshape(*w.shape)
hz, density = signal.welch(raw, sfreq, nperseg=min(n_window, round(sfreq)))
welch = {}
for name, band in all_bands.items():
    inside = (band.low_hz <= hz) & (hz < band.high_hz)
    welch[name] = density[..., inside].mean(axis=-1)

ours = windows.band_power_density(raw, sfreq, all_bands.values())
np.testing.assert_allclose(np.stack([*welch.values()], axis=-1), ours)

# %% [markdown]
# The multitaper method {cite:p}`thomson1982` repeats this with several tapers
# and averages. Its estimate varies less, but blurs the frequencies more. Both
# densities are settings of this project. How close are they to DE?

# %%
tapered = windows.band_power_density(
    raw, sfreq, all_bands.values(), method="multitaper"
)


def r_squared(x, y):
    return stats.linregress(x.ravel(), y.ravel()).rvalue ** 2


rows, centred = {}, {}
for i, (name, band) in enumerate(all_bands.items()):
    twice = bands.band_pass(eeg, sfreq, band, filtering="zero_phase")
    w = windows.cut_windows(twice, n_window)
    centred[name] = windows.differential_entropy(w)  # from a filter on time
    rows[name] = {
        "energy": r_squared(entropy[name], np.log(energy[name])),
        "Welch": r_squared(entropy[name], np.log(welch[name])),
        "multitaper": r_squared(entropy[name], np.log(tapered[..., i])),
        "Welch, zero-phase": r_squared(centred[name], np.log(welch[name])),
    }
agreement = pd.DataFrame(rows).T

# %% tags=["remove-input"]
Table(
    agreement.T.map("{:.3f}".format),
    caption="R² between DE and the logarithms of energy and densities. Last "
    "row: DE from a zero-phase filter",
)

# %% tags=["remove-input"]
causal, on_time = agreement["Welch"], agreement["Welch, zero-phase"]
worst, best = causal.idxmin(), causal.idxmax()
narrow = min(all_bands.values(), key=lambda band: band.high_hz - band.low_hz)
width = narrow.high_hz - narrow.low_hz
say(
    f"Welch's density agrees with DE least in {worst} (R²",
    f"{causal[worst]:.2f}) and best in {best} ({causal[best]:.2f}). With a",
    f"zero-phase filter the values are {on_time[worst]:.2f} and",
    f"{on_time[best]:.2f}. The two differ most where a window is short for",
    f"its band: the frequencies are {hz[1]:g} Hz apart, so {narrow.name},",
    f"which is {width:g} Hz wide, has {width / hz[1]:.0f} points of the",
    "spectrum.",
)

# %% [markdown]
# Three effects contribute:
#
# - *Resolution.* With so few points in a band, power leaks in from outside it.
# - *Delay.* The causal filter comes late, and its window inherits power from
#   the one before. A density uses its own window only.
# - *Tapers.* Welch's taper gives the middle of the window the largest weight,
#   while the filter weights all samples alike.
#
# ## After baseline removal and z-scores
#
# The network does not get the numbers above. If a {term}`baseline` interval
# precedes each trial, its mean feature is subtracted. Then the values of a
# window usually become {term}`z-scores <z-score>`: minus their mean, divided
# by their standard deviation. DE is a logarithm and energy is not, so the two
# look less alike after these steps. Here they are as the network gets them:

# %%
settings = replace(
    this_study.features, kinds=("de", "psd"), psd="energy", filtering="causal"
)
features = extraction.extract_features(recording, settings)["feature"]
de, psd = (features.sel(kind=kind).to_numpy() for kind in ("de", "psd"))
overall = r_squared(de, psd)
by_band = {
    name: r_squared(de[:, i], psd[:, i]) for i, name in enumerate(all_bands)
}

# %% tags=["remove-input"]
told = ", ".join(f"{name} {value:.2f}" for name, value in by_band.items())
say(
    f"With `baseline: {settings.baseline}` and `normalise:",
    f"{settings.normalise}`, R² between the two kinds is **{overall:.2f}**",
    f"over all bands ({told}). The line fits less well, but nothing new was",
    "measured. Energy was subtracted and scaled without a logarithm. The",
    "second kind adds a *nonlinearity* that emphasises the largest values.",
)

# %% [markdown]
# ## How far does an estimate scatter?
#
# If a variance is estimated from few samples, it differs from window to window
# although the signal stays the same. So does its logarithm.
# **Guess first:** how many samples of noise does DE need until it scatters by
# no more than 0.1 nats? Check your guess in the bench below. Then change the
# amplitude of the sine, and look at the two numbers.

# %% tags=["hide-input"]
benches.offer(lambda: benches.EntropyBench(eeg[0, 0], sfreq))

# %% [markdown]
# ## Check yourself
#
# **1.** You multiply all signals by 1000. What happens to DE, and what to
# energy?
#
# ```{dropdown} Answer
# The variance grows by a factor of one million. DE grows by $\ln 1000$, half
# the logarithm of a million, in every window. Energy is multiplied by one
# million.
# ```
#
# **2.** A paper reports better {term}`scores <score>` with DE than with
# energy, computed from the same filtered windows. May it conclude that entropy
# carries information about emotion that power does not?
#
# ```{dropdown} Answer
# No. Each can be computed from the other. The logarithm changes what is easy
# for the network to learn, not what can be learnt.
# ```
#
# ## Exercises
#
# **Exercise 1.** Compute the mean energy of each band's windows from their
# means and variances alone.
#
# ```{dropdown} Hint
# Use the identity of energy with $N$, $m$ and $s^2$. `w.var` divides by $N$
# unless you tell it not to.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 1
by_hand = {name: ... for name, w in filtered.items()}

# %% tags=["hide-cell", "solution"]
# The squares about the mean add up to (N - 1) s², and moving the centre back
# to zero adds N m². Both terms are averaged over all windows.
by_hand = {}
for name, w in filtered.items():
    m, s2 = w.mean(axis=-1), w.var(axis=-1, ddof=1)
    by_hand[name] = ((n_window - 1) * s2 + n_window * m**2).mean()

# %% tags=["check", "hide-input"]
smaller = {}
for name, w in filtered.items():
    around = (n_window - 1) * w.var(axis=-1)
    smaller[name] = (around + n_window * w.mean(axis=-1) ** 2).mean()
check(
    by_hand,
    {name: e.mean() for name, e in energy.items()},
    rtol=1e-6,
    slips={"Your variance divides by N: use ddof=1.": smaller},
)

# %% [markdown]
# **Exercise 2.** How wrong is the Gaussian formula for other distributions?
# Take a uniform and a Laplace distribution of variance 1 and compute the
# formula minus their true entropy, in nats.
#
# ```{dropdown} Hint
# `stats.uniform` and `stats.laplace` take a `scale` and have a method
# `entropy`. The variances are scale²/12 and 2 scale².
# ```

# %% tags=["scaffold"]
# Your solution to exercise 2
formula = 0.5 * np.log(2 * np.pi * np.e)  # of variance 1
excess = {"uniform": ..., "laplace": ...}

# %% tags=["hide-cell", "solution"]
# Both differences are positive: of all distributions with a given variance,
# the Gaussian has the largest entropy.
excess = {
    "uniform": formula - stats.uniform(scale=12**0.5).entropy(),
    "laplace": formula - stats.laplace(scale=0.5**0.5).entropy(),
}

# %% tags=["check", "hide-input"]
expected = {
    "uniform": 0.5 * np.log(2 * np.pi * np.e / 12),
    "laplace": 0.5 * np.log(np.pi / np.e),
}
check(
    excess,
    expected,
    slips={
        "Change the sign.": {name: -x for name, x in expected.items()},
        "These scales are 1, so the variances are not.": {
            "uniform": formula,
            "laplace": formula - 1 - np.log(2),
        },
    },
)

# %% [markdown]
# **Exercise 3.** Do longer windows help? Compute R² between DE from a
# zero-phase filter and Welch's log density for windows four times as long.
#
# ```{dropdown} Hint
# `windows.cut_windows`, `windows.differential_entropy` and
# `windows.band_power_density` do the work.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 3
longer = min(4, n_windows) * n_window  # no longer than a trial
agreement_of_longer = {name: ... for name in all_bands}

# %% tags=["hide-cell", "solution"]
# A longer window resolves more frequencies in each band and the edges of a
# window matter less, so the two agree better.
agreement_of_longer = {}
dense = windows.band_power_density(
    windows.cut_windows(eeg, longer), sfreq, all_bands.values()
)
for i, (name, band) in enumerate(all_bands.items()):
    twice = bands.band_pass(eeg, sfreq, band, filtering="zero_phase")
    de = windows.differential_entropy(windows.cut_windows(twice, longer))
    agreement_of_longer[name] = r_squared(de, np.log(dense[..., i]))

# %% tags=["check", "hide-input"]
asked = replace(
    settings,
    kinds=("de", "psd"),
    psd="welch",
    filtering="zero_phase",
    window_seconds=longer / sfreq,
)
both = [extraction.window_features(trial, sfreq, asked) for trial in eeg]
both = np.concatenate(both)  # (window, kind, band, channel)
check(
    agreement_of_longer,
    {
        name: r_squared(both[:, 0, i], np.log(both[:, 1, i]))
        for i, name in enumerate(all_bands)
    },
    slips={"These are the short windows.": on_time},
)

# %% [markdown]
# ## Conclusion
#
# Differential entropy, as used here, is the logarithm of a variance. The
# method's "PSD" is the same variance without the logarithm, so the two are one
# measurement. A true spectral density differs from both where windows are
# short for their band, for reasons that can be named and measured. If two
# kinds of feature help a network, ask which nonlinearity helped.
#
# ## Where to read on
#
# - The features as the papers describe them: {cite:t}`rudakov2021`, and before
#   it {cite:t}`shen2020`.
# - Why they were chosen for emotion from EEG: {cite:t}`duan2013,zheng2015`.
# - The next step: [Windows, baseline removal and
#   normalisation](04_windows_baseline_normalisation).
#
# ## Provenance

# %% tags=["remove-input"]
inputs = this_study.reader.sources(this_study.recordings_root, subject)
provenance(this_study, inputs)
