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
# # A first look at one recording
#
# ## What you will learn
#
# - what is in an EEG recording, and in which units;
# - where electrodes sit on the head, and what their names mean;
# - how to see from the signals, the amplitudes and the spectrum whether a recording looks sound;
# - how reports by people become labels for a computer.
#
# **Time.** About 15 minutes, and as much again for the exercises.
#
# **What you need.** Python and a little NumPy. Nothing about EEG: every word is explained where it
# first stands, and linked to the [glossary](/glossary.md).
#
# **The question.** *Before any network sees a recording: does it look like EEG?*

# %%
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from scipy.stats import kurtosis

from emolib.book.provenance import provenance
from emolib.features import power as summaries
from emolib.features import spectra
from emolib.figures import pages as pictures
from emolib.figures import scores as score_plots
from emolib.figures.display import Picture, Table, escape_markdown, say, use_style
from emolib.lessons import signal_plots
from emolib.figures.electrodes import montage
from emolib.recordings.labels import trial_classes
from emolib.study import stages
from emolib.study.study import load

use_style()

# %% tags=["parameters"] needs="first"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None: the first that can be used

# %% [markdown]
# ## What is in a recording
#
# An {term}`electrode` is a small contact on the scalp. Between it and a common reference lies a
# voltage of some millionths of a volt, microvolts (µV), that changes all the time. Measured again
# and again at a fixed rate, it becomes a {term}`channel`: a row of numbers. The rate is the
# sampling frequency, {term}`sfreq` in code. All channels together are the {term}`EEG`, the
# electroencephalogram.
#
# One person, a {term}`subject`, is presented with something many times: films, or tasks. What is
# presented is the {term}`stimulus`, each presentation is a {term}`trial`, and all trials of a
# subject are a {term}`recording`. In this project a recording is an `xarray.Dataset`: arrays whose
# axes have names.

# %%
this_study = load(study)
subject = subject or stages.first_valid(this_study)
recording = stages.recording(this_study, subject)
sfreq, channels = recording.attrs["sfreq"], recording["channel"].to_numpy().tolist()
print(dict(recording["eeg"].sizes), list(recording.data_vars))

# %% tags=["remove-input"]
seconds = recording.sizes["time"] / sfreq
rest = recording.sizes.get("baseline_time", 0) / sfreq
say(
    f"This is {escape_markdown(subject)} of the data set",
    f"*{escape_markdown(recording.attrs['dataset'])}*:",
    f"{recording.sizes['trial']} trials of {seconds:g} s, {len(channels)} electrodes,",
    f"{sfreq:g} samples a second.",
    f"Before each trial {rest:g} s of rest were recorded, the baseline."
    if rest
    else "No rest was recorded before each trial: this recording has no baseline.",
)

# %% [markdown]
# The {term}`baseline` is the rest just before a trial. Later chapters subtract it; where a data set
# has none, nothing is subtracted.
#
# ## Where the electrodes sit
#
# Names tell places. The letters name a region: F is frontal, C central, P parietal (the upper
# back), O occipital (the back of the head), T temporal (above the ears), and Fp the forehead.
# Two letters lie between two regions. Odd numbers are on the left, even ones on the right, growing
# with the distance from the midline, which is called z.

# %% tags=["hide-input"]
back = summaries.posterior_channels(channels)
fig, ax = plt.subplots(figsize=(4.8, 4.8))
montage(ax, channels, marked=back)
Picture(
    fig,
    alt=f"The head from above with {len(channels)} named electrodes; {', '.join(back)}, at the "
    "back, are filled.",
    caption="The head seen from above, the nose at the top, the left ear on the left. The filled "
    "electrodes at the back are used below: the strongest rhythm of the EEG is found there.",
)

# %% [markdown]
# ## The signals
#
# Signals are drawn one above another, each about a line of its own, and a bar gives the scale. It
# is the first thing to look for in such a figure: without it nobody knows whether these are brain
# signals or a loose plug.

# %% tags=["hide-input"]
shown = channels[:: -(-len(channels) // 12)]
part = recording["eeg"].isel(trial=0).sel(channel=shown, time=slice(0, 4))
times, values = part["time"].to_numpy(), part.to_numpy()
fig, ax = plt.subplots(figsize=(7.2, 4.4))
signal_plots.signals(ax, values, times, shown)
Picture(
    fig,
    alt=f"Signals of {len(shown)} electrodes over {times[-1]:.0f} s, between "
    f"{values.min():.0f} and {values.max():.0f} microvolts.",
    caption=f"The first seconds of the first trial. A row is an electrode; {len(shown)} of "
    f"{len(channels)} are shown, in the recording's order. The bar is the scale of all rows.",
)

# %% [markdown]
# How large are they? The *standard deviation* of a signal is its typical distance from its own
# mean. For EEG without its slowest waves a few to some tens of microvolts are usual. A channel near
# zero is not connected; one many times larger than its neighbours has a bad contact, or a muscle
# below it.

# %%
size = summaries.amplitudes(recording)  # a row a channel, in µV
frame = size.describe().loc[["min", "50%", "max"]]

# %% tags=["remove-input"]
frame = frame.set_axis(["standard deviation", "largest distance from 0"], axis=1)
frame = frame.set_axis(["least", "median", "most"])
Table(frame.map("{:.1f}".format), caption=f"Over the {len(size)} channels, in µV")

# %% tags=["hide-input"]
pictures.amplitudes(size)

# %% [markdown]
# ## What people said, and what becomes of it
#
# In studies of emotion people report after each trial how they felt, on scales from 1 to 9: such a
# report is a {term}`rating`. The scale *valence* runs from unpleasant to pleasant, *arousal* from
# calm to excited ({term}`valence`, {term}`arousal`). A rating is what somebody says. It is not the
# emotion itself, and the same person would not always give the same number again.
#
# A network that tells two groups apart needs a {term}`class` for each trial rather than a number
# from 1 to 9. A threshold makes it: ratings above the threshold are *high*, all others *low*. Other
# data sets come with classes instead of ratings, such as rest and arithmetic. Each question of
# this kind is a {term}`task`, and the class as a number is the {term}`label`.

# %%
classes = trial_classes(recording, this_study.tasks)
counts = summaries.label_counts(recording, this_study.tasks)

# %% tags=["hide-input"]
if "rating" in recording:
    rating, scales = recording["rating"], recording["scale"].to_numpy().tolist()
    task = next(iter(this_study.tasks.values()))
    points = rating.to_series().rename("value").reset_index()
    high = points["value"] > task.above
    points = points.assign(row=points["scale"], hollow=~high, series=np.where(high, "high", "low"))
    fig, ax = plt.subplots(figsize=(6.5, 3.2))
    label = "rating ({low:g} to {high:g}, no unit)".format(**rating.attrs)
    score_plots.rows(ax, points, label=label, line=task.above)
    shares = [f"{name} {(rating.sel(scale=name) > task.above).mean():.0%}" for name in scales]
    page = Picture(
        fig,
        alt=f"Ratings of {len(rating)} trials. Above {task.above:g}: {', '.join(shares)}.",
        caption="A point is a trial. Height within a row means nothing; it keeps points apart. "
        f"Dotted: the threshold, {task.above:g}.",
    )
else:
    page = say("**This recording has no ratings**, so none are drawn: its trials have classes.")
display(page)

# %% tags=["hide-input"]
pictures.labels(counts)

# %% [markdown]
# ## The spectrum and the alpha peak
#
# Any signal can be written as a sum of waves. The *power spectral density* says how much power the
# waves near each frequency carry, in µV² per hertz (Hz, waves a second); its area is the signal's
# power. Welch's method {cite:p}`welch1967` estimates it: cut the signal into pieces of two seconds,
# compute the spectrum of each, take the mean.
#
# Spectra of EEG fall with frequency. On the way down there is often a hump near 10 Hz, strongest at
# the back of the head: the alpha rhythm, known since the first reports of an EEG
# {cite:p}`berger1929`. Its highest point is the *alpha peak*. Where it lies differs between people,
# and some have none. Where the makers of a data set have filtered, the curve drops.

# %%
density = spectra.trial_spectra(recording).sel(frequency=slice(1, 45)).mean("trial")
frequencies = density["frequency"].to_numpy()
frontal = ("Fp1", "Fp2", "F3", "F4", "Fz")
front = [name for name in channels if name in frontal] or channels
curves = {
    "back": density.sel(channel=back).mean("channel").to_numpy(),
    "front": density.sel(channel=front).mean("channel").to_numpy(),
}
peaks = {name: spectra.alpha_peak(frequencies, y) for name, y in curves.items()}

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 3.6))
pictures.density_curves(ax, frequencies, curves, peaks=peaks, search_hz=spectra.ALPHA_SEARCH_HZ)
Picture(
    fig,
    alt="Power density against frequency, falling. Alpha peak: "
    + ", ".join(
        f"{name} {peak:.1f} Hz" if peak == peak else f"{name} none" for name, peak in peaks.items()
    ),
    caption=f"Mean over trials and over the electrodes {', '.join(back)} (back) and "
    f"{', '.join(front)} (front). The vertical axis is logarithmic: equal steps are equal factors. "
    "Grey: where the alpha peak is looked for.",
)

# %% tags=["remove-input"]
peak = peaks["back"]
if peak == peak:
    i_peak = abs(frequencies - peak).argmin()
    factor = curves["back"][i_peak] / curves["front"][i_peak]
    page = say(
        f"At the back the peak lies at **{peak:.1f} Hz**. The power density there is",
        f"{factor:.1f} times that at the front.",
    )
else:
    page = say("At the back no peak is found between 8 and 13 Hz. Some people have none.")
display(page)

# %% [markdown]
# ## Simulated or real?
#
# A page like this can be made from a real or from a simulated recording, and both look like EEG.
# Which one is it? Always ask what the *data set* is; looking is no proof.

# %% tags=["remove-input"]
if recording.attrs["dataset"] == "simulated":
    page = say(
        "**These signals were simulated.** No person sat there. Rhythms, background, muscle and",
        "sensor noise were drawn by a random generator, mixed as a head would mix them, and",
        "written in the file format of a real data set. The ratings were simulated too, and the",
        "link between the two was put in on purpose: its size says nothing about real people.",
    )
else:
    page = say(
        "**These signals are from the data set",
        f"*{escape_markdown(recording.attrs['dataset'])}*,** which the study names;",
        "they were not simulated by this project.",
    )
display(page)

# %% [markdown]
# One difference can be measured. The simulation adds up Gaussian noise whose strength changes
# slowly; real EEG also holds rare large deflections from blinks, muscles and movements, even after
# cleaning. The *excess kurtosis* counts such rare extremes: it is 0 for a Gaussian signal and grows
# with them.

# %%
eeg = recording["eeg"].to_numpy()
tails = kurtosis(eeg, axis=-1, nan_policy="omit").mean(axis=0)  # mean over trials
print(f"{len(tails)} channels: from {tails.min():.2f} to {tails.max():.2f}")

# %% tags=["remove-input"]
say(
    f"The largest value is that of {channels[tails.argmax()]}.",
    "Build the book from the other kind of data (`make book STUDY=studies/eegmat.yaml` for real",
    "recordings, `make book` for simulated ones) and compare this paragraph.",
)

# %% [markdown]
# ## Check yourself
#
# **1.** A colleague shows you signals without a scale bar and says that they are "nice and large".
# What can you conclude?
#
# ```{dropdown} Answer
# Nothing about their size: any signal can be drawn large. With the scale you could tell some tens
# of microvolts (EEG) from some hundreds (a blink, a muscle, a bad contact) or from zero.
# ```
#
# **2.** Somebody rates a film 5 on a scale from 1 to 9, and the threshold is "above 5". Which class
# does the trial get, and would you trust it as much as that of a trial rated 9?
#
# ```{dropdown} Answer
# It is *low*: 5 is not above 5. And no: asked again, the same person might well say 6, and the
# class would change. Trials near the threshold carry the least certain labels.
# ```
#
# ## Exercises
#
# **Exercise 1.** Which three electrodes have the largest signals, and where on the head are they?

# %% tags=["hide-cell", "solution"]
largest = size["std_uv"].nlargest(3)
print(largest.round(1))
largest.index.tolist()

# %% [markdown]
# **Exercise 2.** Are all trials alike? Compute for each trial the power between 8 and 13 Hz at the
# back of the head, and compare the smallest with the largest.

# %% tags=["hide-cell", "solution"]
by_trial = spectra.trial_spectra(recording)
by_trial = by_trial.sel(frequency=slice(8, 13), channel=back)
step = float(by_trial["frequency"][1] - by_trial["frequency"][0])
alpha_power = by_trial.mean("channel").sum("frequency") * step  # area of the curve
ratio = float(alpha_power.max() / alpha_power.min())
print(f"From {float(alpha_power.min()):.1f} to {float(alpha_power.max()):.1f} µV²,")
print(f"a factor of {ratio:.1f} between trials of one subject.")

# %% [markdown]
# **Exercise 3.** Draw the spectrum at the back once for each class of the first task. Is the alpha
# peak at the same place, and is it equally high? Before you read much into a difference: how large
# is it beside the differences between trials that you found in exercise 2?

# %% tags=["hide-cell", "solution"]
at_back = spectra.trial_spectra(recording).sel(channel=back, frequency=slice(1, 45))
first = dict(list(this_study.tasks.items())[:1])
pictures.spectra(at_back.mean("channel"), classes, first, place=", ".join(back))

# %% [markdown]
# ## Conclusion
#
# A recording is three things: signals in microvolts at named places, trials, and something said or
# known about each trial. Before anything is computed from it, look at the scale, at each channel's
# size, at the spectrum and at the balance of the labels. All four fit on one page, and the report
# of each subject begins with them.
#
# ## Where to read on
#
# - The next chapter, [Band filtering](02_band_filtering), cuts the spectrum into
#   {term}`bands <band>` and shows what that does to time.
# - The simulated and the real data are described in [The data](/data.md).
# - A well-known data set of films, ratings and EEG: {cite:t}`koelstra2012`.
#
# ## Provenance

# %% tags=["remove-input"]
inputs = this_study.reader.sources(this_study.recordings_root, subject)
provenance(this_study, inputs)
