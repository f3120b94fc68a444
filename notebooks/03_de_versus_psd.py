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
# ## What you will learn
#
# - what differential entropy is, and how its formula follows from an integral;
# - what the published method computes under the name "PSD";
# - why the two are almost the same number, and what is left of the difference;
# - what a true spectral density adds: Welch's method and multitapers.
#
# **Time.** About 20 minutes, and half an hour for the exercises.
#
# **What you need.** [Band filtering](02_band_filtering), the normal distribution, logarithms and an
# integral or two.
#
# **The question.** *The network is given two kinds of number for each window. Does the second tell
# it anything that the first does not?*

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display
from scipy import integrate, stats

from emolib.book.provenance import provenance
from emolib.features import windows
from emolib.features.bands import band_pass
from emolib.figures.display import BLUE, RED, Picture, Table, say, use_style
from emolib.study import stages
from emolib.study.study import load

use_style()

# %% tags=["parameters"] needs="first"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None: the first that can be used

# %%
this_study = load(study)
subject = subject or stages.first_valid(this_study)
recording = stages.recording(this_study, subject)
sfreq = recording.attrs["sfreq"]
n_window = round(this_study.features.window_seconds * sfreq)
all_bands = {band.name: band for band in this_study.features.bands}

# %% [markdown]
# ## The entropy of a Gaussian
#
# A {term}`feature` is one number for each {term}`window`, {term}`channel` and {term}`band`. The
# method uses two kinds, called `de` and `psd`.
#
# The first is {term}`differential entropy`. For a random quantity with density $p$ it is
#
# $$h = -\int p(x) \ln p(x)\, \mathrm{d}x,$$
#
# the mean of $-\ln p$: how spread out, how hard to guess the quantity is, in nats (units of the
# natural logarithm). Put the normal distribution in,
# $p(x) = \exp\!\big(-x^2 / 2\sigma^2\big) / \sqrt{2\pi\sigma^2}$. Its negative logarithm is
# $\tfrac12 \ln(2\pi\sigma^2) + x^2 / 2\sigma^2$, and the mean of $x^2$ is $\sigma^2$, so
#
# $$h = \tfrac12 \ln(2\pi\sigma^2) + \tfrac12 = \tfrac12 \ln\!\big(2\pi e\,\sigma^2\big).$$
#
# Everything but the variance has gone. A computer agrees:

# %%
rows = {}
for sigma in (0.5, 1.0, 10.0):
    p = stats.norm(scale=sigma)
    far = 12 * sigma  # there is next to nothing beyond
    integral, _ = integrate.quad(lambda x, p=p: -p.pdf(x) * p.logpdf(x), -far, far)
    rows[f"standard deviation {sigma:g} µV"] = {
        "the integral": integral,
        "the formula": 0.5 * np.log(2 * np.pi * np.e * sigma**2),
    }
Table(pd.DataFrame(rows).T.round(6), caption="Entropy of a Gaussian, in nats")

# %% [markdown]
# Three remarks. The value depends on the unit: a thousand times larger numbers (nanovolts) add
# $\ln 1000$. Unlike the entropy of dice, it may be negative. And what is computed from EEG is the
# *formula*, with the sample variance of a window in a band, whether or not the samples are
# Gaussian. So DE in this book, as in the literature on emotion from EEG since {cite:t}`duan2013`,
# is the logarithm of a variance, and nothing else.
#
# ## What "PSD" means here
#
# PSD stands for power spectral density. But the released code of the method computes, from the
# filtered window, the sum of the squared samples, which this book calls {term}`band energy`. With
# $N$ samples, mean $m$ and sample variance $s^2$ (with $N - 1$ in the denominator),
#
# $$\sum_n x_n^2 = (N - 1)\, s^2 + N m^2,$$
#
# since the sum of squares about the mean is $(N - 1) s^2$, and shifting by the mean adds $N m^2$.

# %% tags=["remove-input"]
say(
    f"Here a window has N = {n_window} samples, so energy is **{n_window - 1} times the variance",
    f"plus {n_window} times the squared mean**.",
)

# %% [markdown]
# A band-passed signal has next to no mean: the filter has removed the slow part. Without it, energy
# is $(N - 1) s^2$, and with $h = \tfrac12 \ln(2 \pi e\, s^2)$
#
# $$\text{energy} \approx \frac{N - 1}{2 \pi e}\, e^{2h}, \qquad
# \ln(\text{energy}) \approx 2 h + \ln\frac{N - 1}{2 \pi e}.$$
#
# On a logarithmic axis that is a straight line of slope 2, the same for all bands. Let us look.

# %%
eeg = recording["eeg"].dropna("time").transpose("trial", "channel", "time")
eeg = eeg.to_numpy().astype(float)[:12]  # twelve trials show it well enough
by_band = {
    name: windows.cut_windows(band_pass(eeg, sfreq, band), n_window)
    for name, band in all_bands.items()
}
entropy = {name: windows.differential_entropy(x) for name, x in by_band.items()}
log_energy = {name: np.log(windows.band_energy(x)) for name, x in by_band.items()}
x = np.concatenate([values.ravel() for values in entropy.values()])
y = np.concatenate([values.ravel() for values in log_energy.values()])
line = stats.linregress(x, y)
slope, intercept, r_squared = line.slope, line.intercept, line.rvalue**2

# %% tags=["hide-input"]
some = np.random.default_rng(0).permutation(len(x))[:3000]
fig, ax = plt.subplots(figsize=(5.2, 3.8))
ax.scatter(
    x[some], y[some], s=7, color=BLUE, alpha=0.35, linewidth=0, label="a window of a channel"
)
ax.axline((x.mean(), y.mean()), slope=slope, color=RED, linestyle="--", label="straight line")
ax.set(xlabel="DE (nats)", ylabel="ln of energy (energy in µV²)")
ax.legend()
Picture(
    fig,
    alt=f"Log energy against DE for {len(some)} windows: on a line of slope {slope:.3f}, "
    f"R squared {r_squared:.6f}.",
    caption=f"{len(some)} windows drawn at random from {len(x):,}. If the two told different "
    "things, the points would be a cloud.",
)

# %% tags=["remove-input"]
say(
    f"The fitted slope is **{slope:.4f}**, the intercept {intercept:.4f}; the formula says 2 and",
    f"{np.log((n_window - 1) / (2 * np.pi * np.e)):.4f}.",
    "R², the share of the variance of log energy that the line accounts for, is",
    f"**{r_squared:.6f}**. The rest is the mean of the window, m.",
)

# %% [markdown]
# ## True spectral densities
#
# A density in the proper sense is estimated from the *unfiltered* window. Welch's method
# {cite:p}`welch1967` multiplies it with a taper, a curve that falls to zero at the ends, and
# squares its Fourier transform; the mean over the frequencies of a band is that band's power
# density, in µV² per Hz. (A long signal is cut into pieces, as in [chapter 1](01_first_look); a
# window this short is one piece.) The multitaper method {cite:p}`thomson1982` does so with several
# tapers and takes the mean: less noise, less sharp. Both are settings of this project.

# %%
cut = windows.cut_windows(eeg, n_window)
density = {
    method: windows.band_power_density(cut, sfreq, all_bands.values(), method=method)
    for method in ("welch", "multitaper")
}
centred = {}
for name, band in all_bands.items():
    filtered = band_pass(eeg, sfreq, band, filtering="zero_phase")
    cut_filtered = windows.cut_windows(filtered, n_window)
    centred[name] = windows.differential_entropy(cut_filtered)


# %%
def r_squared_of(x, y):
    return stats.linregress(x.ravel(), y.ravel()).rvalue ** 2


rows = {name: {"energy": r_squared_of(entropy[name], log_energy[name])} for name in all_bands}
for method, values in density.items():
    for i, name in enumerate(all_bands):
        log = np.log(values[..., i])
        rows[name][f"{method}, causal DE"] = r_squared_of(entropy[name], log)
        rows[name][f"{method}, zero-phase DE"] = r_squared_of(centred[name], log)
agreement = pd.DataFrame(rows).T

# %% tags=["remove-input"]
Table(agreement.map("{:.3f}".format), caption="R² of log energy and log densities on DE, by band")

# %% tags=["remove-input"]
causal = agreement["welch, causal DE"]
centre = agreement["welch, zero-phase DE"]
say(
    f"Welch's density agrees least with causal DE in {causal.idxmin()} (R² {causal.min():.2f})",
    f"and best in {causal.idxmax()} ({causal.max():.2f}). With a zero-phase filter, which does not",
    f"come late, these become {centre[causal.idxmin()]:.2f} and {centre[causal.idxmax()]:.2f}.",
)

# %% tags=["remove-input"]
step, narrow = sfreq / n_window, min(all_bands.values(), key=lambda b: b.high_hz - b.low_hz)
say(
    "So when do a density and DE differ? Where the window is short for the band. A window of",
    f"{1 / step:g} s tells apart frequencies {step:g} Hz and more from each other: {narrow.name},",
    f"{narrow.high_hz - narrow.low_hz:g} Hz wide, is {(narrow.high_hz - narrow.low_hz) / step:.0f}",
    "points of such a spectrum.",
)

# %% [markdown]
# Three things meet:
#
# - *Resolution.* With so few points in a band, power from next door leaks in.
# - *Memory and delay.* The causal filter answers late, and its window remembers the one before
#   (previous chapter). The density knows nothing of its neighbours. A zero-phase filter is not
#   late; but it also weakens the band's edges twice, so agreement need not grow in every band.
# - *Tapers.* Welch's taper weighs the middle of the window most; the filter weighs all samples
#   alike. Multitapers lie between.
#
# ## After baseline removal and z-scores
#
# The network does not see the numbers above. Where there is a baseline its mean feature is
# subtracted, and then each window's values of a kind are made *z-scores*: minus their mean, divided
# by their standard deviation. DE is a logarithm, energy is not. Two numbers that determine each
# other can look less alike after that. For the features as the network gets them:

# %%
features = stages.features(this_study, subject)["feature"]
kinds = features["kind"].to_numpy().tolist()
if len(kinds) == 2:
    first, second = (features.sel(kind=kind) for kind in kinds)
    pairs = {
        band: r_squared_of(first.sel(band=band).to_numpy(), second.sel(band=band).to_numpy())
        for band in all_bands
    }
    everything = r_squared_of(first.to_numpy(), second.to_numpy())

# %% tags=["remove-input"]
if len(kinds) == 2:
    settings = this_study.features
    page = say(
        f"With `psd={settings.psd}`, `baseline={settings.baseline}` and",
        f"`normalise={settings.normalise}`, R² of {kinds[1]} on {kinds[0]} is",
        f"**{everything:.2f}** over all bands;",
        "by band " + ", ".join(f"{band} {value:.2f}" for band, value in pairs.items()) + ".",
        "The line fits worse, but nothing has been learnt about the brain in between: the energy",
        "was simply not logged before it was subtracted and scaled. What the second kind adds is",
        "a new *nonlinearity*, which stresses the largest values, and no new measurement.",
    )
else:
    page = say(f"This study uses one kind only, {kinds[0]}: there is nothing to compare.")
display(page)

# %% [markdown]
# ## Check yourself
#
# **1.** You multiply all signals by 1000. What happens to DE, and what to energy?
#
# ```{dropdown} Answer
# The variance grows a million times. DE grows by the logarithm of 1000 (half the logarithm of a
# million), the same for each window; energy is multiplied by a million.
# ```
#
# **2.** A paper reports better scores with DE than with energy, from the same filtered windows. May
# it conclude that entropy carries information about emotion that power does not?
#
# ```{dropdown} Answer
# No. Each can be computed from the other. The difference is the logarithm: it changes what the
# network finds easy, not what it can know.
# ```
#
# ## Exercises
#
# **Exercise 1.** Check the identity of energy with variance and mean on the windows above, exactly.

# %% tags=["hide-cell", "solution"]
for name, w in by_band.items():
    by_hand = (n_window - 1) * w.var(axis=-1, ddof=1) + n_window * w.mean(axis=-1) ** 2
    difference = np.abs(by_hand / windows.band_energy(w) - 1).max()
    print(f"{name}: largest relative difference {difference:.0e}")

# %% [markdown]
# **Exercise 2.** How wrong is the Gaussian formula for something that is not Gaussian? Take a
# uniform and a Laplace distribution of variance 1 and compare their true entropy with the formula.
# Why is the sign the same for both?

# %% tags=["hide-cell", "solution"]
formula = 0.5 * np.log(2 * np.pi * np.e)
for p in (stats.norm(), stats.uniform(scale=12**0.5), stats.laplace(scale=0.5**0.5)):
    print(f"{p.dist.name}: variance {p.var():.2f}, {p.entropy() - formula:+.3f} nats")
# Of all distributions of a given variance the Gaussian has the largest entropy.

# %% [markdown]
# **Exercise 3.** Are longer windows a remedy? Compute R² of Welch's log density on zero-phase DE
# again with windows four times as long, for each band.

# %% tags=["hide-cell", "solution"]
long = 4 * n_window
dense = windows.band_power_density(
    windows.cut_windows(eeg, long), sfreq, all_bands.values(), method="welch"
)
for i, (name, band) in enumerate(all_bands.items()):
    filtered = band_pass(eeg, sfreq, band, filtering="zero_phase")
    de = windows.differential_entropy(windows.cut_windows(filtered, long))
    r2 = r_squared_of(de, np.log(dense[..., i]))
    print(f"{name}: {agreement.loc[name, 'welch, zero-phase DE']:.3f} becomes {r2:.3f}")

# %% [markdown]
# ## Conclusion
#
# Differential entropy, as used here, is the logarithm of a variance; the method's "PSD" is that
# variance without the logarithm. They are one measurement in two dresses. A true spectral density
# differs from both where windows are short for the band, for reasons that can be named and
# measured. If two kinds of feature help a network, ask which nonlinearity helped, not which new
# information.
#
# ## Where to read on
#
# - The features as the paper describes them: {cite:t}`rudakov2021`, and before it
#   {cite:t}`shen2020`.
# - How they were chosen for emotion from EEG: {cite:t}`duan2013,zheng2015`.
# - What the network then makes of them, and what its scores mean: the
#   [cohort page](/cohort.ipynb).
#
# ## Provenance

# %% tags=["remove-input"]
inputs = this_study.reader.sources(this_study.recordings_root, subject)
provenance(this_study, inputs)
