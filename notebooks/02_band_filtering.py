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
# # Band filtering, and what it does to time
#
# Here are three seconds of {term}`EEG` from one {term}`electrode`, and the
# same signal split into frequency {term}`bands <band>`. The network of this
# book never sees the raw signal, only how strong each band is in each
# {term}`window`, between two dotted lines. **How much of the alpha that you
# see in one window happened in that window?**

# %% tags=["parameters", "remove-input"] needs="first"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None: the first that can be used

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import signal

from emolib.book.answers import check
from emolib.book.provenance import provenance
from emolib.features import bands, power, spectra, windows
from emolib.figures import benches
from emolib.figures.display import DARK, GREY, Picture, Table, say, use_style
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
at_back = power.posterior_channels(recording["channel"].to_numpy())[0]
raw = recording["eeg"].isel(trial=0).sel(channel=at_back)
raw = raw.dropna("time").to_numpy().astype(float)


# %% tags=["hide-input"]
filtered = {
    name: bands.band_pass(raw, sfreq, band) for name, band in all_bands.items()
}
start = 1 if len(raw) >= 4 * sfreq else 0
span = slice(round(start * sfreq), round((start + 3) * sfreq))
rows = {"raw": raw - raw.mean(), **filtered}
apart = 6 * raw.std()
fig, ax = plt.subplots(figsize=(5.6, 2.6))
for place, x in enumerate(rows.values()):
    ax.plot(np.arange(len(x))[span] / sfreq, x[span] - place * apart, "-")
for edge in np.arange(start, start + 3.01, window_seconds):
    ax.axvline(edge, color=GREY, linestyle=":", linewidth=1)
ax.plot([start + 3.03] * 2, [0, 50], color=DARK, linestyle="-", linewidth=3)
ax.text(start + 3.06, 25, "50 µV", va="center", fontsize="small")
ax.set(xlabel="time in the trial (s)", xlim=(start, start + 3.35))
ax.set_yticks(-apart * np.arange(len(rows)), list(rows))
told = [f"{name} {x[span].std():.0f} µV" for name, x in rows.items()]
Picture(
    fig,
    alt=f"Three seconds of electrode {at_back}: the raw signal, and below it "
    f"one curve per band. Standard deviations: {', '.join(told)}.",
    caption=f"Electrode {at_back}, first trial. Top: the raw signal. Below: "
    f"the bands. Dotted lines are {window_seconds:g} s apart.",
)

# %% [markdown]
# ## What you will learn
#
# - how to design a filter that keeps one band, and how to read its response;
# - what *causal* and *zero-phase* filters do to a burst of waves;
# - how late the output of a causal filter comes;
# - why the first window of every trial is too weak;
# - how much of the power of a window comes from before that window.
#
# **Time.** About 20 minutes, and half an hour for the exercises.
#
# **What you need.** [A first look at one recording](01_first_look), Python
# with NumPy, and the idea of a weighted sum. You need no signal processing.
#
# ## Design a filter and look at its response
#
# A *band-pass filter* keeps the waves of one band and weakens all others. The
# published method uses a *Butterworth* filter of order 3, which SciPy designs
# in one line. (`sos` stands for second-order sections. They keep the
# arithmetic precise for slow bands.)


# %% slideshow={"slide_type": "slide"}
def butterworth(band, order=3):
    limits = (band.low_hz, band.high_hz)
    return signal.butter(order, limits, "bandpass", fs=sfreq, output="sos")


filters = {name: butterworth(band) for name, band in all_bands.items()}
for name, sos in filters.items():
    mine = signal.sosfilt(sos, raw)
    np.testing.assert_allclose(mine, filtered[name])

# %% [markdown]
# The last line compares the result with the curves above, which
# `emolib.features.bands` computed. It would stop with an error if one sample
# differed.
#
# No filter has perfectly sharp edges. Its *gain* tells how much it weakens
# each frequency, in decibels (dB). A gain of 0 dB leaves a wave unchanged, and
# every further -20 dB divides the amplitude by ten. The figure below shows the
# gains of the filters.

# %%
hz = np.linspace(1, min(60, 0.49 * sfreq), 400)
gains = {}
for name, sos in filters.items():
    _, response = signal.freqz_sos(sos, worN=hz, fs=sfreq)
    gains[name] = 20 * np.log10(np.abs(response))

# %% tags=["hide-input"]
inside = {name: hz[gain > -20] for name, gain in gains.items()}
fig, ax = plt.subplots(figsize=(5.6, 3))
for name, gain in gains.items():
    ax.plot(hz, gain, label=name)
ax.axhline(-3, color=GREY, linestyle="-", linewidth=0.8)
ax.set(xlabel="frequency (Hz)", ylabel="gain (dB)")
ax.set(xlim=(hz[0], hz[-1]), ylim=(-40, 3))
ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
told = [f"{n} {x[0]:.0f} to {x[-1]:.0f} Hz" for n, x in inside.items()]
Picture(
    fig,
    alt="Gain against frequency, with a flat top for each band. Above "
    f"-20 dB: {'; '.join(told)}.",
    caption="The thin line is at -3 dB, where half of the power passes. A "
    "curve crosses it at the limits of its band. Neighbouring bands overlap, "
    "so a wave near a limit appears in two of them.",
)

# %% [markdown]
# The four bands of the published method begin at 4 Hz. Delta, the band below,
# is not among them because the released signals of DEAP were band-passed from
# 4 to 45 Hz {cite:p}`koelstra2012`. Studies of SEED, whose signals reach
# further down, do use delta {cite:p}`zheng2015`.
#
# ## Forwards, or forwards and backwards
#
# A *causal* filter computes each output sample from the input up to that
# sample, so it can run while a person is being recorded. Its output comes
# late. A *zero-phase* filter runs over the finished {term}`recording` forwards
# and then backwards, so the two delays cancel. To see the difference, filter
# one short burst of waves whose time we know. The figure below shows what each
# filter makes of it. The *envelope* of a burst is the curve along the tops of
# its waves. SciPy computes it by the Hilbert transform, and its highest point
# says when the burst happens.

# %%
name = "alpha" if "alpha" in all_bands else next(iter(all_bands))
band, sos = all_bands[name], filters[name]
t = np.arange(-round(1.5 * sfreq), round(1.5 * sfreq) + 1) / sfreq
wave = np.cos(np.pi * (band.low_hz + band.high_hz) * t)
burst = np.exp(-0.5 * (t / 0.1) ** 2) * wave
causal = signal.sosfilt(sos, burst)
zero_phase = signal.sosfiltfilt(sos, burst)

envelope = np.abs(signal.hilbert([burst, causal, zero_phase]))
peak_burst, peak_causal, peak_zero = 1000 * t[envelope.argmax(axis=1)]

# %% tags=["hide-input"]
fig, axes = plt.subplots(3, 1, figsize=(5.6, 4.2), sharex=True, sharey=True)
curves = {"burst": burst, "causal": causal, "zero-phase": zero_phase}
for ax, (label, x), heights in zip(
    axes, curves.items(), envelope, strict=True
):
    ax.plot(t, x, "-")
    ax.plot(t[heights.argmax()], heights.max(), "v", color=DARK)
    ax.axvline(0, color=GREY, linestyle=":", linewidth=1)
    ax.set_ylabel(label)
axes[-1].set(xlabel="time from the middle of the burst (s)", xlim=(-0.6, 0.7))
Picture(
    fig,
    alt=f"A burst in the middle of {name} and its two filtered versions. The "
    f"envelope peaks at {peak_burst:.0f} ms, {peak_causal:.0f} ms (causal) "
    f"and {peak_zero:.0f} ms (zero-phase).",
    caption="Top: the burst. Middle: the output of the causal filter comes "
    "late. Bottom: that of the zero-phase filter is on time, but starts "
    "before the burst. Triangles: peaks of the envelopes.",
)

# %% tags=["remove-input"]
say(
    f"The causal output peaks **{peak_causal - peak_burst:.0f} ms** after the",
    "burst. The peak of the zero-phase output is",
    f"{abs(peak_zero - peak_burst):.0f} ms from that of the burst. But the",
    "zero-phase output rises before the burst does, because it also uses",
    "later samples.",
    "The published method filters causally. In this project, the key",
    "`filtering` of a study chooses between the two.",
)

# %% [markdown]
# ## How late is the output?
#
# The *impulse response* $h$ is the output of a filter when the input is a
# single 1 followed by zeros. Every other input $x$ is a sum of such impulses,
# so the output is a weighted sum over the present and all past samples:
#
# $$y_n = \sum_{k \ge 0} h_k \, x_{n-k}.$$
#
# The rest of this chapter follows from $h$.

# %% slideshow={"slide_type": "slide"}
impulse = signal.unit_impulse(round(20 * sfreq))  # 1, 0, 0, ...
h = {name: signal.sosfilt(sos, impulse) for name, sos in filters.items()}
energy = {name: np.cumsum(x**2) for name, x in h.items()}
passed = {  # seconds until 99 % of the energy has passed
    name: np.searchsorted(e, 0.99 * e[-1]) / sfreq
    for name, e in energy.items()
}

# %% tags=["hide-input"]
seconds = 3 * window_seconds
apart = 2.2 * max(np.abs(x).max() for x in h.values())
fig, ax = plt.subplots(figsize=(5.6, 3.2))
for place, x in enumerate(h.values()):
    x = x[: round(seconds * sfreq)]
    ax.plot(np.arange(len(x)) / sfreq, x - place * apart, "-")
for edge in window_seconds * np.arange(1, 4):
    ax.axvline(edge, color=GREY, linestyle=":", linewidth=1)
ax.set(xlabel="time after the impulse (s)", xlim=(0, 1.01 * seconds))
ax.set_yticks(-apart * np.arange(len(h)), list(h))
told = [f"{name} {1000 * s:.0f} ms" for name, s in passed.items()]
Picture(
    fig,
    alt="Impulse response of each band's filter. 99 % of the energy has "
    f"passed after {'; '.join(told)}.",
    caption="One curve per filter, one below the other. Dotted lines: "
    f"multiples of {window_seconds:g} s, the length of a window. The narrower "
    "the band, the longer its filter rings.",
)

# %% [markdown]
# ## Slow bands come later
#
# The *group delay* tells how late a change in the strength of a rhythm
# appears in the output. It depends on the frequency of the rhythm. The delays
# of the filter's sections add up.


# %%
def delay(band, at_hz, order=3):
    sections = butterworth(band, order)
    return sum(  # samples
        signal.group_delay((s[:3], s[3:]), at_hz, fs=sfreq)[1]
        for s in sections
    )


delays = {}
for name, band in all_bands.items():
    at_hz = np.linspace(band.low_hz, band.high_hz, 41)
    delays[name] = (at_hz, delay(band, at_hz))

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(5.6, 3))
for name, (at_hz, samples) in delays.items():
    ax.plot(at_hz, samples, label=name)
ax.set(xlabel="frequency (Hz)", ylabel="delay (samples)", ylim=(0, None))
to_ms = (lambda n: n / sfreq * 1000, lambda ms: ms * sfreq / 1000)
ax.secondary_yaxis("right", functions=to_ms).set_ylabel("delay (ms)")
ax.legend()
told = [f"{n} {d.min():.0f} to {d.max():.0f}" for n, (_, d) in delays.items()]
Picture(
    fig,
    alt=f"Group delay across each band, in samples: {'; '.join(told)}.",
    caption="Slow bands come out later than fast ones, so one moment of a "
    "film appears at different times in different bands.",
)

# %% tags=["remove-input"]
slow, fast = (this_study.features.bands[i] for i in (0, -1))
centre_hz = {b.name: (b.low_hz + b.high_hz) / 2 for b in all_bands.values()}
late, early = (delay(b, [centre_hz[b.name]])[0] for b in (slow, fast))
say(
    f"In the middle of {slow.name} the delay is **{late:.1f} samples**, or",
    f"{1000 * late / sfreq:.0f} ms. A window lasts",
    f"{1000 * window_seconds:.0f} ms. In the middle of {fast.name} the delay",
    f"is {early:.1f} samples.",
)

# %% [markdown]
# ## The first window is too weak
#
# The method splits each {term}`trial` into short windows.
# The filter starts at the first sample of a trial as if the signal had been
# zero before, and needs a while to reach its full output.
#
# How much is missing? Let the input be *white noise*: independent samples of
# mean 0 and variance $\sigma^2$. Output sample $n$ then has the expected
# square
#
# $$\mathrm{E}\,y_n^2 = \sigma^2 \sum_{k=0}^{n} h_k^2,$$
#
# which grows towards $\sigma^2 \sum_k h_k^2$. Averaged over the $N$ samples
# of the first window, the missing proportion is
#
# $$m = 1 - \frac{\sum_{n<N} \sum_{k \le n} h_k^2}{N \sum_k h_k^2}.$$

# %%
missing = {name: 1 - e[:n_window].mean() / e[-1] for name, e in energy.items()}

# %% [markdown]
# The next chapter describes each window by its
# {term}`differential entropy` (DE), which is half the logarithm of its
# variance plus a constant. The formula therefore predicts that the DE of the
# first window is too low by about $\tfrac12 \ln(1 - m)$. To measure the
# difference, filter the same window of noise with a past and without one.

# %%
rng = np.random.default_rng(0)
noise = rng.normal(size=(2000, 5 * n_window))
last = slice(4 * n_window, None)  # the last of the five windows


def entropy(x):
    return 0.5 * np.log(2 * np.pi * np.e * x.var(axis=-1, ddof=1))


rows = {}
for name, sos in filters.items():
    with_past = signal.sosfilt(sos, noise)[:, last]
    without = signal.sosfilt(sos, noise[:, last])
    power_ratio = (without**2).mean() / (with_past**2).mean()
    rows[name] = {
        "predicted": 0.5 * np.log1p(-missing[name]),
        "mean power": 0.5 * np.log(power_ratio),
        "DE": (entropy(without) - entropy(with_past)).mean(),
    }
bias = pd.DataFrame(rows).T

# %% tags=["remove-input"]
Table(
    bias.round(3),
    caption="The first window minus a later one, predicted from h and "
    "measured, in nats (units of the natural logarithm)",
)

# %% tags=["remove-input"]
worst = bias["DE"].idxmin()
say(
    "The DE of a first window is too low by up to",
    f"**{-bias['DE'].min():.2f} nats** ({worst}). The mean of a",
    "logarithm lies below the logarithm of the mean, so DE loses a little",
    "more than mean power does.",
)

# %% [markdown]
# ## The same dip in the recording
#
# Real signals start in the same way. Average the DE over all trials and
# electrodes, one window at a time, as in the figure below.

# %%
n_common = min(spectra.trial_lengths(recording))  # of the shortest trial
eeg = recording["eeg"].transpose("trial", "channel", "time").to_numpy()
eeg = eeg[..., : n_common // n_window * n_window].astype(float)
course = {}
for name, sos in filters.items():
    x = signal.sosfilt(sos, eeg).reshape(*eeg.shape[:2], -1, n_window)
    de = entropy(x).mean(axis=(0, 1))  # one value per window
    course[name] = de - de[len(de) // 2 :].mean()

# %% tags=["hide-input"]
n_shown = min(12, len(de))
fig, ax = plt.subplots(figsize=(5.6, 2.8))
for name, c in course.items():
    ax.plot(np.arange(n_shown) * window_seconds, c[:n_shown], label=name)
ax.set(xlabel="start of the window in the trial (s)")
ax.set(ylabel="DE minus later mean (nats)")
ax.margins(x=0)
ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
told = [f"{name} {c[0]:+.2f} nats" for name, c in course.items()]
Picture(
    fig,
    alt="DE of the first window relative to later windows: "
    f"{'; '.join(told)}.",
    caption="Mean over trials and electrodes, relative to the mean of the "
    "second half of a trial. The filter causes the dip on the left, not the "
    "brain.",
)

# %% [markdown]
# The same dip opens every {term}`baseline` interval before a trial, and the
# baseline mean is later subtracted from the whole trial.
#
# ## Windows share signal
#
# The proportion $m$ has a second meaning. In any *later* window, $m$ is the
# proportion of the power that comes from samples before the window, because
# the filter still rings with them. To measure it, set everything to zero that
# is not before the last window, and see what is left in that window.

# %%
before = noise.copy()
before[:, last] = 0
rows = {}
for name, sos in filters.items():
    rung = signal.sosfilt(sos, before)[:, last]
    full = signal.sosfilt(sos, noise)[:, last]
    measured = (rung**2).sum() / (full**2).sum()
    rows[name] = {"predicted": missing[name], "measured": measured}
inherited = pd.DataFrame(rows).T

# %% tags=["remove-input"]
Table(
    inherited.map("{:.1%}".format),
    caption="Proportion of a window's power that comes from before it",
)

# %% tags=["remove-input"]
most, least = (getattr(inherited["predicted"], f)() for f in ("max", "min"))
named = inherited["predicted"].idxmax(), inherited["predicted"].idxmin()
own = all_bands.get("alpha", slow).name
say(
    "This answers the question from the top of the page: of the",
    f"{own} in one window, **{missing[own]:.0%}** happened before it, on",
    f"average over white noise. The proportion is {most:.0%} for {named[0]}",
    f"and {least:.0%} for {named[1]}. Neighbouring windows share signal even",
    "where the input is independent from sample to sample. If you assign the",
    "windows of one trial to training set and test set at random, both sets",
    "hold parts of the same signal.",
)

# %% [markdown]
# ## Move the band
#
# The bench below filters the first seconds of the trial. It asks for the
# proportion that you now know. **Guess first:** what does it become with a
# band of 9 to 11 Hz? Set it, and watch how long the filter rings.

# %% tags=["hide-input"]
benches.offer(lambda: benches.FilterBench(raw, sfreq, channel=at_back))

# %% [markdown]
# ## Check yourself
#
# **1.** Why can a monitor at the bedside not use a zero-phase filter?
#
# ```{dropdown} Answer
# The filter would have to run backwards from samples that are not recorded
# yet.
# ```
#
# **2.** Two bands have the same centre, and one is twice as wide. Whose
# windows inherit more power from before?
#
# ```{dropdown} Answer
# Those of the narrower band. Its impulse response is longer: a filter must
# observe a wave for longer to tell it from waves of a similar frequency.
# ```
#
# ## Exercises
#
# **Exercise 1.** Make the windows four times as long. What proportion of
# their power comes from before them, in each band?
#
# ```{dropdown} Hint
# The cell that computes `missing` needs one change.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 1
four_times = {name: ... for name in all_bands}

# %% tags=["hide-cell", "solution"]
# Average the same cumulative energy over four times as many samples. The
# filter rings for the same time as before, so the proportion falls nearly
# to a quarter once windows are longer than the impulse response.
four_times = {
    name: 1 - e[: 4 * n_window].mean() / e[-1] for name, e in energy.items()
}

# %% tags=["check", "hide-input"]
long = np.concatenate([noise[:1000], noise[1000:]], axis=1)[:, -8 * n_window :]
ahead = long.copy()
ahead[:, 4 * n_window :] = 0
measured = {}
for name, sos in filters.items():
    two = [signal.sosfilt(sos, x)[:, 4 * n_window :] for x in (ahead, long)]
    measured[name] = (two[0] ** 2).sum() / (two[1] ** 2).sum()
check(
    four_times,
    measured,
    rtol=0.1,
    slips={
        "These are the windows of the usual length.": missing,
        "This is the proportion from inside the window.": {
            name: 1 - m for name, m in measured.items()
        },
    },
)

# %% [markdown]
# **Exercise 2.** A filter of higher order has steeper edges. What does that
# cost? Compute the delay in the middle of the slowest band, in samples, for
# orders 2 to 6.
#
# ```{dropdown} Hint
# `delay` has an argument `order` and returns an array.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 2
middle_hz = (slow.low_hz + slow.high_hz) / 2
cost = {f"order {order}": ... for order in range(2, 7)}

# %% tags=["hide-cell", "solution"]
# The delay grows with the order: steeper edges need a longer impulse
# response. Sharp in frequency means blurred in time.
cost = {
    f"order {order}": delay(slow, [middle_hz], order)[0]
    for order in range(2, 7)
}

# %% tags=["check", "hide-input"]
expected = {}
for order in range(2, 7):
    pair = middle_hz + np.array([-0.01, 0.01])  # the slope of the phase
    _, r = signal.freqz_sos(butterworth(slow, order), worN=pair, fs=sfreq)
    turned = np.angle(r[1] / r[0])
    expected[f"order {order}"] = -turned / (2 * np.pi * 0.02) * sfreq
seconds = {name: n / sfreq for name, n in expected.items()}
check(cost, expected, slips={"These are seconds, not samples.": seconds})

# %% [markdown]
# **Exercise 3.** A zero-phase filter has no delay. Do its windows inherit no
# power either? Use the noise to measure which proportion of a window's power
# comes from outside the window, before *and* after.
#
# ```{dropdown} Hint
# Set the middle window of `noise` to zero and filter with
# `signal.sosfiltfilt`.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 3
middle = slice(2 * n_window, 3 * n_window)  # the third of five windows
outside = {name: ... for name in all_bands}

# %% tags=["hide-cell", "solution"]
# Zero phase removes the delay, but not the sharing: the power now comes
# from both neighbours.
others = noise.copy()
others[:, middle] = 0
outside = {}
for name, sos in filters.items():
    rung = signal.sosfiltfilt(sos, others)[:, middle]
    full = signal.sosfiltfilt(sos, noise)[:, middle]
    outside[name] = (rung**2).sum() / (full**2).sum()

# %% tags=["check", "hide-input"]
lags = np.arange(-len(impulse) // 2, len(impulse) // 2)
kept = np.clip(1 - np.abs(lags) / n_window, 0, None)
expected = {}
for name, sos in filters.items():
    g2 = signal.sosfiltfilt(sos, 1.0 * (lags == 0)) ** 2
    expected[name] = 1 - (kept * g2).sum() / g2.sum()
check(
    outside,
    expected,
    rtol=0.1,
    slips={
        "This is the causal filter: use `signal.sosfiltfilt`.": missing,
        "This is one side only.": {n: x / 2 for n, x in expected.items()},
    },
)

# %% [markdown]
# ## Conclusion
#
# A band-pass filter trades frequency against time. The causal filter of the
# published method delays the signal, makes the first window of each trial too
# weak, and lets each window inherit power from the one before. All three
# follow from one impulse response, and white noise confirms them. None of
# this is an error, but neighbouring windows are not independent observations.
#
# ## Where to read on
#
# - [DE versus PSD](03_de_versus_psd) turns each filtered window into a number.
# - [How to read this book](/how_to_read.md) explains what it means when
#   training set and test set share trials.
# - The filters of the package are in `emolib.features.bands`.
#
# ## Provenance

# %% tags=["remove-input"]
inputs = this_study.reader.sources(this_study.recordings_root, subject)
provenance(this_study, inputs)
