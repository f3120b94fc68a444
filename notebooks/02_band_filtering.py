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
# ## What you will learn
#
# - how a filter keeps one interval of frequencies, and what *causal* and *zero-phase* mean;
# - why the output of a causal filter comes late, and how late;
# - why the first piece of every trial is too quiet;
# - how much of a piece of filtered signal happened before that piece began.
#
# **Time.** About 20 minutes, and half an hour for the exercises.
#
# **What you need.** [A first look at one recording](01_first_look), Python with NumPy, and the idea
# of a weighted sum. No knowledge of signal processing.
#
# **The question.** *If the network is shown "alpha in this half second", how much of it happened in
# this half second?*

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import signal

from emolib.book.provenance import provenance
from emolib.features import bands, spectra
from emolib.features import power as summaries
from emolib.features.windows import cut_windows, differential_entropy
from emolib.figures.display import DARK, GREY, Picture, Table, say, use_style
from emolib.lessons.time_plots import windows_timeline
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
window_seconds = this_study.features.window_seconds
n_window = round(window_seconds * sfreq)
all_bands = {band.name: band for band in this_study.features.bands}

# %% [markdown]
# ## What a band is
#
# A {term}`band` is a named interval of frequencies. The method of this book uses four; delta, the
# slowest waves, is left out, since it belongs to deep sleep.

# %% tags=["remove-input"]
limits = {name: f"{band.low_hz:g} to {band.high_hz:g}" for name, band in all_bands.items()}
Table(pd.DataFrame({"Hz": limits}), caption="The bands of this study")

# %% [markdown]
# A *band-pass filter* keeps the waves of a band and weakens all others. No filter has sharp edges.
# How much each frequency is weakened is its *gain*, in decibels (dB): 0 dB is unchanged, and each
# 20 dB less divides the amplitude by ten. The filter here is a *Butterworth* filter of order 3,
# flat inside the band; at the band's limits its gain is -3 dB: half of the power passes.


# %%
def impulse_response(band, seconds=20, order=3):
    impulse = signal.unit_impulse(round(seconds * sfreq))  # 1, 0, 0, ...
    return bands.band_pass(impulse, sfreq, band, order=order)


hz = np.linspace(1, 60, 400)
gains = {}
for name, band in all_bands.items():
    _, response = signal.freqz(impulse_response(band), worN=hz, fs=sfreq)
    gains[name] = 20 * np.log10(np.abs(response))

# %% tags=["hide-input"]
inside = {name: hz[gain > -20] for name, gain in gains.items()}
fig, ax = plt.subplots(figsize=(7.2, 3.2))
for name, gain in gains.items():
    ax.plot(hz, gain, label=name)
ax.axhline(-3, color=GREY, linestyle="-", linewidth=0.8)
ax.set(xlabel="frequency (Hz)", ylabel="gain (dB)", xlim=(hz[0], hz[-1]), ylim=(-40, 3))
ax.legend(loc="upper right", bbox_to_anchor=(1.22, 1))
Picture(
    fig,
    alt="Gain against frequency, a flat top per band. Above -20 dB: "
    + "; ".join(f"{name} {part[0]:.0f} to {part[-1]:.0f} Hz" for name, part in inside.items()),
    caption="The thin line is at -3 dB. Neighbouring bands overlap: a wave near a limit appears in "
    "two bands.",
)

# %% [markdown]
# ## Forwards, or forwards and backwards
#
# A *causal* filter computes each output sample from the input up to that sample and from nothing
# later, as an apparatus at the bedside must. It comes late: the output follows the input with a
# delay. A *zero-phase* filter runs over the signal forwards and then backwards, so that the two
# delays cancel. That needs the whole signal at once, and each output sample then depends on later
# samples too. The published method filters causally; the other is a setting of this project.

# %%
at_back = summaries.posterior_channels(recording["channel"].to_numpy())[0]
raw = recording["eeg"].isel(trial=0).sel(channel=at_back).dropna("time").to_numpy()
alpha = all_bands.get("alpha", this_study.features.bands[0])
both = {
    "causal": bands.band_pass(raw, sfreq, alpha),
    "zero-phase": bands.band_pass(raw, sfreq, alpha, filtering="zero_phase"),
}
lags = np.arange(round(0.2 * sfreq))
first, second = both["zero-phase"], both["causal"]
match = [second[lag:] @ first[: len(raw) - lag] for lag in lags]
late = lags[np.argmax(match)] / sfreq

# %% tags=["hide-input"]
span = slice(round(2 * sfreq), round(3.5 * sfreq))
fig, ax = plt.subplots(figsize=(7.2, 2.6))
for name, x in both.items():
    ax.plot(np.arange(len(x))[span] / sfreq, x[span], label=name)
ax.set(xlabel="time (s)", ylabel="signal (µV)")
ax.margins(x=0)
ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
Picture(
    fig,
    alt=f"The same band of electrode {at_back}, filtered in two ways; the causal curve follows the "
    f"zero-phase one some {1000 * late:.0f} ms later.",
    caption=f"The band {alpha.name} at electrode {at_back}. Nearly the same waves, shifted; "
    "running twice, the zero-phase filter weakens the edges of the band twice.",
)

# %% tags=["remove-input"]
say(
    f"The two curves match best when the causal one is moved back by **{1000 * late:.0f} ms**,",
    f"{late * sfreq:.0f} samples.",
)

# %% [markdown]
# ## How late?
#
# What a filter does is written in its *impulse response* $h$: its output when the input is a single
# 1 and zeros thereafter. Any other input $x$ is a sum of such impulses, so the output is
#
# $$y_n = \sum_{k \ge 0} h_k \, x_{n-k},$$
#
# a weighted sum over the present and all past samples. From $h$ follows all that this chapter says.

# %%
shown = 3 * window_seconds
responses = {name: impulse_response(band, shown) for name, band in all_bands.items()}
passed = {  # when 99 % of the response's energy has passed
    name: np.searchsorted(np.cumsum(h**2), 0.99 * np.sum(h**2)) / sfreq
    for name, h in responses.items()
}

# %% tags=["hide-input"]
apart = 2.2 * max(np.abs(h).max() for h in responses.values())


def rows_of_responses(ax):
    for place, (name, h) in enumerate(responses.items()):
        ax.plot(np.arange(len(h)) / sfreq, h - place * apart, "-", label=name)
        ax.axhline(-place * apart, color=GREY, linestyle="-", linewidth=0.5, zorder=0)
    for edge in window_seconds * np.arange(1, 4):
        ax.axvline(edge, color=GREY, linestyle=":", linewidth=1)
    ax.plot([shown] * 2, [0, 0.1], color=DARK, linestyle="-", linewidth=3)
    ax.text(shown, 0.05, "0.1 µV  ", ha="right", va="center", fontsize="small")
    ax.set(xlabel="time after the impulse (s)", xlim=(0, 1.01 * shown))
    ax.set_yticks(-apart * np.arange(len(responses)), list(responses))


# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 3.8))
rows_of_responses(ax)
Picture(
    fig,
    alt="Impulse response per band. 99 % of the energy has passed after "
    + "; ".join(f"{name} {1000 * t:.0f} ms" for name, t in passed.items()),
    caption=f"The input is one sample of 1 µV. Dotted: multiples of {window_seconds:g} s. The "
    "narrower the band, the longer its filter rings.",
)

# %% [markdown]
# The *group delay* is how late a slow change in the strength of a rhythm comes out. It depends on
# the frequency of the rhythm.


# %%
def delay(band, at_hz, order=3):
    limits = (band.low_hz, band.high_hz)
    sections = signal.butter(order, limits, "bandpass", fs=sfreq, output="sos")
    pairs = [(section[:3], section[3:]) for section in sections]  # their delays add up
    return sum(signal.group_delay(pair, at_hz, fs=sfreq)[1] for pair in pairs)  # samples


delays = {}
for name, band in all_bands.items():
    at = np.linspace(band.low_hz, band.high_hz, 41)
    delays[name] = (at, delay(band, at))

# %% tags=["hide-input"]
ends = {name: (min(d), max(d)) for name, (_, d) in delays.items()}
fig, ax = plt.subplots(figsize=(7.2, 3.2))
for name, (at, samples) in delays.items():
    ax.plot(at, samples, label=name)
ax.set(xlabel="frequency (Hz)", ylabel="delay (samples)", ylim=(0, None))
milliseconds = (lambda n: n / sfreq * 1000, lambda ms: ms * sfreq / 1000)
ax.secondary_yaxis("right", functions=milliseconds).set_ylabel("delay (ms)")
ax.legend()
Picture(
    fig,
    alt="Delay across each band: "
    + "; ".join(f"{name} {low:.0f} to {high:.0f} samples" for name, (low, high) in ends.items()),
    caption="Left axis: samples; right axis: milliseconds. Slow bands come later than fast ones, "
    "so one moment of a film lies at different places in different bands.",
)

# %% tags=["remove-input"]
slow, fast = next(iter(all_bands.values())), list(all_bands.values())[-1]
middle = {b.name: [(b.low_hz + b.high_hz) / 2] for b in (slow, fast)}
centre = {b.name: float(delay(b, middle[b.name])[0]) for b in (slow, fast)}
say(
    f"In the middle of {slow.name} the delay is **{centre[slow.name]:.1f} samples**",
    f"({1000 * centre[slow.name] / sfreq:.0f} ms, of windows of {1000 * window_seconds:.0f} ms),",
    f"and {ends[slow.name][0]:.0f} to {ends[slow.name][1]:.0f} across the band;",
    f"in the middle of {fast.name} it is {centre[fast.name]:.1f}.",
)

# %% [markdown]
# ## The first window is too quiet
#
# The method cuts each trial into short pieces that touch and do not overlap, the
# {term}`windows <window>`.

# %% tags=["hide-input"]
seconds = recording.sizes["time"] / sfreq
rest = recording.sizes.get("baseline_time", 0) / sfreq
shown = min(seconds, 12.0)
fig, ax = plt.subplots(figsize=(7.2, 1.2))
windows_timeline(ax, baseline_seconds=rest, trial_seconds=shown, window_seconds=window_seconds)
Picture(
    fig,
    alt=f"A trial cut into windows of {window_seconds:g} s"
    + (f", after a baseline of {rest:g} s." if rest else "; there is no baseline."),
    caption=f"The first {shown:g} s of a trial of {seconds:g} s. Boxes are windows; hatched: the "
    "baseline, if there is one; dashed: the start of the trial.",
)

# %% [markdown]
# The filter starts at the first sample of a trial as if there had been silence before. It takes a
# while to get going, so the first window holds less power than it should. Let the input be *white
# noise*: independent samples, each of mean zero and variance $\sigma^2$. Sample $n$ then has the
# expected square
#
# $$\mathrm{E}\,y_n^2 = \sigma^2 \sum_{k=0}^{n} h_k^2,$$
#
# which grows with $n$ up to $\sigma^2 \sum_k h_k^2$. Averaged over the $N$ samples of the first
# window, the share that is missing is
#
# $$m = 1 - \frac{\sum_{n<N} \sum_{k \le n} h_k^2}{N \sum_k h_k^2}.$$
#
# The method describes a window by the logarithm of its variance (the next chapter says why), in a
# quantity called {term}`differential entropy`, DE. Half the logarithm of the ratio of expected
# powers, $\tfrac12 \ln(1 - m)$, is *derived* from $h$. White noise lets us *measure* it: filter one
# and the same window of noise with a past and without one. The difference of DE itself comes out a
# little larger: the mean of a logarithm is smaller than the logarithm of the mean, and the more so
# the more unevenly the power is spread.


# %%
def memory(band, n_window, order=3):
    energy = np.cumsum(impulse_response(band, order=order) ** 2)
    return 1 - energy[:n_window].mean() / energy[-1]


# %%
noise = np.random.default_rng(0).normal(size=(4000, 5 * n_window))
last = slice(4 * n_window, None)  # the last window
rows = {}
for name, band in all_bands.items():
    with_past = bands.band_pass(noise, sfreq, band)[:, last]
    without = bands.band_pass(noise[:, last], sfreq, band)
    entropy = differential_entropy(without) - differential_entropy(with_past)
    rows[name] = {
        "derived": 0.5 * np.log1p(-memory(band, n_window)),
        "measured": 0.5 * np.log((without**2).mean() / (with_past**2).mean()),
        "measured, DE": entropy.mean(),
    }
bias = pd.DataFrame(rows).T

# %% tags=["remove-input"]
Table(
    bias.round(3),
    caption="A window without a past minus the same with one, in nats (natural logarithm)",
)

# %% tags=["remove-input"]
worst = bias["measured, DE"].idxmin()
say(
    f"The first window's DE is too low by up to {-bias['measured, DE'].min():.2f} nats ({worst}).",
    "Every trial begins with the same dent.",
    "So does every baseline, and the mean of its windows is what is subtracted from a trial."
    if rest
    else "",
)

# %% [markdown]
# Is it so in the recording as well? Average DE over all trials and electrodes, window by window.

# %%
eeg = recording["eeg"].transpose("trial", "channel", "time").to_numpy()
whole = eeg[..., : min(spectra.trial_lengths(recording))]
course = {}
for name, band in all_bands.items():
    windows = cut_windows(bands.band_pass(whole, sfreq, band), n_window)
    entropy = differential_entropy(windows).mean(axis=(0, 1))
    course[name] = entropy - entropy[4:].mean()

# %% tags=["hide-input"]
n_shown = min(12, windows.shape[-2])
onset = np.arange(n_shown) * window_seconds
fig, ax = plt.subplots(figsize=(7.2, 2.8))
for name, c in course.items():
    ax.plot(onset, c[:n_shown], label=name)
ax.set(xlabel="start of the window in the trial (s)", ylabel="DE, 0 = later mean (nats)")
ax.margins(x=0)
ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
Picture(
    fig,
    alt="DE of the first window relative to later ones: "
    + "; ".join(f"{name} {c[0]:+.2f} nats" for name, c in course.items()),
    caption="Mean over trials and electrodes, against the mean from the fifth window on. The dip "
    "at the left is the filter's, not the brain's.",
)

# %% [markdown]
# ## Windows remember
#
# After the start things settle, but the same sum has a second meaning. Of the power of any later
# window, the share $m$ comes from samples *before* that window: the filter still rings with them.
# To measure it, silence everything except what comes before a window, and look at what is left in
# the window.

# %%
before = noise.copy()
before[:, last] = 0
share = {}
for name, band in all_bands.items():
    rung = bands.band_pass(before, sfreq, band)[:, last]
    full = bands.band_pass(noise, sfreq, band)[:, last]
    share[name] = {
        "derived": memory(band, n_window),
        "measured": (rung**2).sum() / (full**2).sum(),
    }
inherited = pd.DataFrame(share).T

# %% tags=["remove-input"]
Table(
    inherited.map("{:.1%}".format),
    caption="Share of a window's power that comes from before the window",
)

# %% tags=["remove-input"]
most = inherited["derived"].idxmax()
say(
    f'So the answer to this chapter\'s question: of {most} "in this window", on average',
    f"**{inherited['derived'].max():.0%}** happened before it; of {inherited['derived'].idxmin()},",
    f"{inherited['derived'].min():.0%}. Neighbouring windows share signal even for white noise, in",
    "which nothing at all is shared. Whoever deals windows of one trial to training and test",
    "deals parts of the same signal to both.",
)

# %% [markdown]
# ## Check yourself
#
# **1.** Why can a bedside monitor not use a zero-phase filter?
#
# ```{dropdown} Answer
# It would have to run backwards from a future that has not been recorded yet.
# ```
#
# **2.** Two bands have the same centre, one is twice as wide. Which one's windows remember more?
#
# ```{dropdown} Answer
# The narrower one's. Its impulse response is longer: to tell frequencies that lie close together, a
# filter must watch for longer.
# ```
#
# ## Exercises
#
# **Exercise 1.** A window four times as long: how much of its power comes from before it, in each
# band?

# %% tags=["hide-cell", "solution"]
for name, band in all_bands.items():
    short, long = memory(band, n_window), memory(band, 4 * n_window)
    print(f"{name}: {short:.1%} becomes {long:.1%}")

# %% [markdown]
# **Exercise 2.** A filter of a higher *order* has steeper edges. What does it cost? Compare the
# delay and the memory of the slowest band at orders 2 to 6.

# %% tags=["hide-cell", "solution"]
for order in range(2, 7):
    late = float(delay(slow, middle[slow.name], order)[0])
    m = memory(slow, n_window, order)
    print(f"order {order}: {late:.1f} samples late, memory {m:.1%}")

# %% [markdown]
# **Exercise 3.** A zero-phase filter has no delay. Does it have no memory either? Measure with
# white noise which share of a window's power comes from outside the window, before *and* after.

# %% tags=["hide-cell", "solution"]
middle = slice(2 * n_window, 3 * n_window)
outside = noise.copy()
outside[:, middle] = 0
for name, band in all_bands.items():
    rung = bands.band_pass(outside, sfreq, band, filtering="zero_phase")[:, middle]
    full = bands.band_pass(noise, sfreq, band, filtering="zero_phase")[:, middle]
    print(f"{name}: {(rung**2).sum() / (full**2).sum():.1%} from outside the window")
# Moving the delay away does not remove the memory: it spreads it over both sides.

# %% [markdown]
# ## Conclusion
#
# A band-pass filter trades frequency against time. The causal filter of the published method comes
# late, starts each trial too quietly, and lets each window remember the one before it; all three
# follow from one impulse response, and white noise confirms them. None of this is an error. It is a
# reason not to treat neighbouring windows as independent observations.
#
# ## Where to read on
#
# - [DE versus PSD](03_de_versus_psd) turns each filtered window into a number.
# - What it means that windows of one trial are on both sides of a split:
#   [How to read this book](/how_to_read.md).
# - The filters are in `emolib.features.bands`; each function there states its formula.
#
# ## Provenance

# %% tags=["remove-input"]
inputs = this_study.reader.sources(this_study.recordings_root, subject)
provenance(this_study, inputs)
