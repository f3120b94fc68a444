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
# The lines below are voltages on a head, measured at about a dozen places.
# **Is this {term}`EEG`, or is a plug loose? What would you check first?**

# %% tags=["parameters", "remove-input"] needs="first"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None: the first that can be used

# %% tags=["hide-input"]
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display
from scipy import signal
from scipy.stats import kurtosis

from emolib.book.answers import check
from emolib.book.provenance import provenance
from emolib.features import extraction, power, spectra
from emolib.figures import display as shown
from emolib.figures import pages
from emolib.figures import scores as score_plots
from emolib.figures.display import Picture, escape_markdown, say
from emolib.figures.explorer.widget import Explorer
from emolib.figures.maps import montage

# %% tags=["hide-input"]
from emolib.recordings import simulated
from emolib.recordings.labels import Task, trial_classes
from emolib.study import stages
from emolib.study.study import load

shown.use_style()
this_study = load(study)
subject = subject or stages.first_valid(this_study)
recording = stages.recording(this_study, subject)
sfreq = recording.attrs["sfreq"]
channels = recording["channel"].to_numpy().tolist()

# %% tags=["hide-input"]
some = channels[:: -(-len(channels) // 12)]
part = recording["eeg"].isel(trial=0).sel(channel=some, time=slice(0, 4))
times, values = part["time"].to_numpy(), part.to_numpy()
steps = np.array([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000])
spread = 5 * np.nanmedian(np.nanstd(values, axis=1))
scale = steps[np.abs(np.log(steps / max(spread, 1))).argmin()]  # µV
places = -scale * np.arange(len(some))
fig, ax = plt.subplots(figsize=(5.6, 3))
ax.plot(times, values.T + places, "-", color=shown.DARK, linewidth=0.6)
right = 1.02 * times[-1]
ends = [places[-1], places[-1] + scale]
ax.plot([right, right], ends, "-", color=shown.BLUE, linewidth=3)
ax.text(right, np.mean(ends), f"  {scale} µV", color=shown.BLUE, va="center")
ax.set(xlabel="time (s)", xlim=(0, right), yticks=places, yticklabels=some)
ax.set_ylim(places[-1] - scale, scale)
Picture(
    fig,
    alt=f"Signals of {len(some)} electrodes over {times[-1]:.0f} s, between "
    f"{np.nanmin(values):.0f} and {np.nanmax(values):.0f} microvolts.",
    caption=f"The first seconds of the first trial; {len(some)} of "
    f"{len(channels)} electrodes. The blue bar shows the scale of all rows.",
)

# %% [markdown]
# The first thing to check is the blue bar. Without a scale, nobody can tell
# brain signals from a loose plug.
#
# ## What you will learn
#
# - what is in an EEG recording, and in which units;
# - what the names of electrodes mean;
# - how to judge a recording by its signals, amplitudes and spectrum;
# - how ratings become labels for a computer.
#
# **Time.** About 15 minutes, and as much again for the exercises.
#
# **What you need.** Python and a little NumPy, but nothing about EEG. Each
# technical term is explained at its first use and linked to the
# [glossary](/glossary.md).
#
# ## What is in a recording
#
# An {term}`electrode` is a small contact on the scalp. Between it and a common
# reference there is a voltage of some millionths of a volt (microvolts, µV),
# which changes all the time. Measured at a fixed rate, it becomes a
# {term}`channel`, a row of numbers. Each number is a *sample*. The rate is the
# sampling frequency, {term}`sfreq` in code. All channels together are the EEG,
# the electroencephalogram.
#
# One person, the {term}`subject`, sees films or solves problems. Each film is
# a {term}`stimulus`, each presentation is a {term}`trial`, and all trials of a
# subject are a {term}`recording`. Here a recording is an `xarray.Dataset`:
# arrays whose axes have names.

# %%
print(dict(recording["eeg"].sizes))
print(list(recording.data_vars))

# %% tags=["remove-input"]
seconds = recording.sizes["time"] / sfreq
before = recording.sizes.get("baseline_time", 0) / sfreq
interval = "It has no *baseline interval*, which is a rest before each trial."
if before:
    interval = f"""Before each trial there are {before:g} s of rest, the
    *baseline interval*."""
say(
    f"This is {escape_markdown(subject)} of the data set",
    f"*{escape_markdown(recording.attrs['dataset'])}*:",
    f"{recording.sizes['trial']} trials of {seconds:g} s,",
    f"{len(channels)} electrodes, {sfreq:g} samples per second.",
    interval,
)

# %% [markdown]
# ## Look around
#
# Before any arithmetic, look at the whole head. The explorer shows how strong
# each electrode is in one {term}`band` of frequencies. The colour bar is in
# nats, a logarithmic unit. **Try this:** in the alpha band, click the slider
# beside *Play* and step through time with the arrow keys. Which part of the
# head is strongest? Does it stay so?

# %% tags=["hide-input"]
few = recording.isel(trial=slice(4))
settings = replace(
    this_study.features, kinds=("de",), baseline="none", normalise="none"
)
strength = extraction.extract_features(few, settings)
Explorer(strength, tasks=this_study.tasks, title="The first trials")

# %% [markdown]
# ## Where the electrodes are
#
# The name of an electrode tells you where it is. The letters stand for a
# region: F is frontal, C central, P parietal (the upper back), O occipital
# (the back of the head), T temporal (above the ears), and Fp is the forehead.
# Other pairs of letters, such as PO, mean a place between two regions. Odd
# numbers are on the left, even numbers on the right, and they grow with the
# distance from the midline, which is called z.

# %% tags=["hide-input"]
back = power.posterior_channels(channels)
fig, ax = plt.subplots(figsize=(4.4, 4.4))
montage(ax, channels, marked=back)
Picture(
    fig,
    alt=f"The head from above with {len(channels)} named electrodes. At the "
    f"back, {', '.join(back)} are filled.",
    caption="The head seen from above, nose at the top, left ear on the left. "
    "The spectrum below uses the filled electrodes.",
)

# %% [markdown]
# ## How large are the signals?
#
# The *standard deviation* of a signal is its typical distance from its mean.
# For EEG without its slowest waves, a few to some tens of microvolts are
# usual. A channel close to zero has lost contact. A channel far above its
# neighbours has a poor contact or picks up muscle activity.

# %%
eeg = recording["eeg"].transpose("channel", "trial", "time").to_numpy()
variance = np.nanvar(eeg.astype(float), axis=-1)  # (channel, trial), µV²
sd = pd.Series(np.sqrt(np.nanmean(variance, axis=1)), index=channels)

# %%
size = power.amplitudes(recording)
np.testing.assert_allclose(sd, size["std_uv"])

# %% [markdown]
# The second cell compares the result with that of the package behind this
# book, `emolib`. It would stop with an error if they differed. All chapters
# do this.

# %% tags=["hide-input"]
pages.amplitudes(size)

# %% tags=["remove-input"]
say(
    f"The standard deviations lie between {sd.min():.1f} µV ({sd.idxmin()})",
    f"and {sd.max():.1f} µV ({sd.idxmax()}), with a median of",
    f"{sd.median():.1f} µV.",
)

# %% [markdown]
# ## From ratings to labels
#
# In studies of emotion, people report after each trial how they felt, often on
# scales from 1 to 9. Such a report is a {term}`rating`. {term}`Valence
# <valence>` runs from unpleasant to pleasant, {term}`arousal` from calm to
# excited. A rating is what a person says. It is not the emotion itself, and
# the same person would not always give the same number again.
#
# A classifier needs a {term}`class` for each trial. A threshold makes two of
# them: ratings above it are *high*, all others *low*. Each question of this
# kind is a {term}`task`, and the class as a number is the {term}`label`.

# %% tags=["hide-input"]
tasks = {n: each for n, each in this_study.tasks.items() if each.rating}
rated = recording
if not tasks:
    tasks = {"valence": Task("valence"), "arousal": Task("arousal")}
    rated, _ = simulated.simulate_subject(simulated.SimulationSettings(), 1)
    display(
        shown.admonition(
            "Simulated ratings",
            "The trials of this study have classes instead of ratings. This",
            "section shows the ratings of a simulated person.",
        )
    )

# %% slideshow={"slide_type": "slide"}
labels = {}
for name, task in tasks.items():
    rating = rated["rating"].sel(scale=task.rating)
    labels[name] = (rating > task.above).astype(int)  # 0 low, 1 high

# %%
classes = trial_classes(rated, tasks)  # nothing where a rating is missing
for name, column in classes.items():
    known = column.notna().to_numpy()
    np.testing.assert_array_equal(labels[name][known], column[known])

# %% tags=["hide-input"]
points = pd.concat(
    pd.DataFrame(
        {
            "row": name,
            "value": rated["rating"].sel(scale=task.rating),
            "hollow": labels[name] == 0,
            "series": np.where(labels[name] == 1, "high", "low"),
        }
    )
    for name, task in tasks.items()
).dropna(ignore_index=True)
fig, ax = plt.subplots(figsize=(5.6, 0.9 + 0.8 * len(tasks)))
low, high = (rated["rating"].attrs[end] for end in ("low", "high"))
scale = f"rating ({low:g} to {high:g}, no unit)"
above = [task.above for task in tasks.values()]
score_plots.rows(ax, points, label=scale, line=above[0])
shares = [f"{name} {float(x.mean()):.0%}" for name, x in labels.items()]
Picture(
    fig,
    alt=f"Ratings of {rated.sizes['trial']} trials. High: {', '.join(shares)}",
    caption="A point is a trial. The height within a row has no meaning and "
    f"keeps points apart. Dotted: a threshold of {above[0]:g}.",
)

# %% [markdown]
# Unequal classes matter. If most trials are high, a classifier that always
# predicts *high* is correct most of the time, without any EEG.
#
# ## The spectrum and the alpha peak
#
# Any signal is a sum of waves. The *power spectral density* says how much
# power the waves near each frequency carry, in µV² per hertz (Hz, waves per
# second). Welch's method {cite:p}`welch1967` estimates it: split the signal
# into pieces of two seconds, compute the spectrum of each, and average.

# %% slideshow={"slide_type": "slide"}
eeg = recording["eeg"].transpose("trial", "channel", "time")
trials = [x.dropna("time").to_numpy() for x in eeg]
shortest = min(x.shape[1] for x in trials)
piece = min(round(2 * sfreq), shortest)  # samples
hz = np.fft.rfftfreq(piece, 1 / sfreq)
density = np.stack(
    [signal.welch(x, sfreq, nperseg=piece)[1] for x in trials]
)  # (trial, channel, frequency)

# %%
ours = spectra.trial_spectra(recording)
np.testing.assert_allclose(density, ours, rtol=1e-3, atol=1e-5)

# %% [markdown]
# The spectrum of EEG falls with frequency. On the way down there is often a
# hump near 10 Hz, strongest at the back of the head. This is the alpha rhythm,
# known since the first reports of an EEG {cite:p}`berger1929`. Its highest
# point is the *alpha peak*. Its frequency differs between people, and some
# have none.

# %%
regions = {"back": back}
frontal = [name for name in channels if name[:2] in ("Fp", "AF", "F3", "F4")]
regions["front"] = frontal or channels
curves = {
    place: density[:, [channels.index(n) for n in names]].mean(axis=(0, 1))
    for place, names in regions.items()
}
inside = (hz >= 8) & (hz <= 13)
highest = hz[inside][curves["back"][inside].argmax()]
refined = spectra.alpha_peak(hz, curves["back"])  # by a parabola

# %% tags=["hide-input"]
drawn = (hz >= 1) & (hz <= 45)
peaks = {name: spectra.alpha_peak(hz, y) for name, y in curves.items()}
fig, ax = plt.subplots(figsize=(5.6, 3))
pages.density_curves(
    ax,
    hz[drawn],
    {name: y[drawn] for name, y in curves.items()},
    peaks=peaks,
    search_hz=spectra.ALPHA_SEARCH_HZ,
)
told = ", ".join(
    f"{name} {peak:.1f} Hz" if np.isfinite(peak) else f"{name} none"
    for name, peak in peaks.items()
)
Picture(
    fig,
    alt=f"Power density against frequency, falling. Alpha peak: {told}.",
    caption="Mean over trials and electrodes. The vertical axis is "
    "logarithmic: equal steps are equal factors. Grey: the range in which the "
    "alpha peak is sought. Where the makers of a data set have filtered, the "
    "curve drops.",
)

# %% tags=["remove-input"]
ratio = (curves["back"] / curves["front"])[hz == highest].item()
say(
    f"At the back, the highest value is at **{highest:g} Hz**.",
    "A parabola through it and its two neighbours places the peak at"
    f" {refined:.1f} Hz."
    if np.isfinite(refined)
    else "It is no peak, since the curve only rises or falls there.",
    f"At {highest:g} Hz, the power density is {ratio:.1f} times that at the",
    "front.",
)

# %% [markdown]
# ## Simulated or real?
#
# Simulated and real recordings both look like EEG. You cannot tell them apart
# by looking, so always ask where the data come from.

# %% tags=["remove-input"]
dataset = recording.attrs["dataset"]
simulation = """**These signals were simulated.** Rhythms, background, muscle
and sensor noise were drawn at random, mixed as a head would mix them, and
written in the file format of a real data set. The ratings were simulated too,
and the link between signals and ratings was built in. Its size says nothing
about real people."""
real = f"""**These signals are from the data set
*{escape_markdown(dataset)}*.** They were not simulated by this project."""
say(simulation if dataset == "simulated" else real)

# %% [markdown]
# One difference can be measured. The simulation adds Gaussian noise. Real EEG
# also has rare large deflections from blinks, muscles and movements, even
# after cleaning. The *excess kurtosis* counts such extremes: the mean fourth
# power of the {term}`z-score`, minus 3. It is 0 for a Gaussian signal.

# %%
z = [(x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True) for x in trials]
excess = np.mean([(each**4).mean(axis=1) - 3 for each in z], axis=0)

# %%
by_scipy = np.mean([kurtosis(x, axis=1) for x in trials], axis=0)
np.testing.assert_allclose(excess, by_scipy, rtol=1e-4, atol=1e-5)

# %% tags=["remove-input"]
say(
    "Averaged over trials, the excess kurtosis of the electrodes lies between",
    f"{excess.min():.2f} and {excess.max():.2f}",
    f"({channels[excess.argmax()]}); a Gaussian signal has 0. To compare",
    "simulated with real recordings, build the book from both: `make book`",
    "takes simulated ones, `make book STUDY=studies/eegmat.yaml` real ones.",
)

# %% [markdown]
# ## Check yourself
#
# **1.** A colleague shows you signals without a scale bar and says that they
# are "nice and large". What can you conclude?
#
# ```{dropdown} Answer
# Nothing about their size, since any signal can be drawn large. With the scale
# you could tell some tens of microvolts (EEG) from some hundreds (a blink, a
# muscle, a poor contact) or from zero.
# ```
#
# **2.** A person rates a film 5 on a scale from 1 to 9, and the threshold is
# "above 5". Which class does the trial get? Do you trust it as much as that of
# a trial rated 9?
#
# ```{dropdown} Answer
# It is *low*, because 5 is not above 5. You should trust it less: asked again,
# the same person may well say 6, and the class would change. Trials near the
# threshold have the least certain labels.
# ```
#
# ## Exercises
#
# **Exercise 1.** What are the standard deviations of the three largest
# channels? Where on the head are they?
#
# ```{dropdown} Hint
# `sd` is a pandas Series, which has a method for this.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 1
largest = {"first": ..., "second": ..., "third": ...}

# %% tags=["hide-cell", "solution"]
# nlargest sorts for us. The names are in its index: `sd.nlargest(3).index`.
largest = dict(zip(("first", "second", "third"), sd.nlargest(3), strict=False))

# %% tags=["check", "hide-input"]
names = ("first", "second", "third")[: len(sd)]
expected = dict(zip(names, np.sort(size["std_uv"])[::-1], strict=False))
smallest = dict(zip(names, np.sort(size["std_uv"]), strict=False))
check(largest, expected, slips={"These are the smallest.": smallest})

# %% [markdown]
# **Exercise 2.** Are all trials alike? Compute the power between 8 and 13 Hz
# at the back of the head for each trial, in µV². How many times the smallest
# is the largest?
#
# ```{dropdown} Hint
# Power is the area below the density: the sum over frequencies times the step
# of `hz`. Average over the electrodes of `back`.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 2
factor = ...

# %% tags=["hide-cell", "solution"]
# Average the density over electrodes, then sum over the frequencies inside.
# The step of hz cancels in the ratio, but the power itself needs it.
at_back = density[:, [channels.index(name) for name in back]].mean(axis=1)
alpha_power = at_back[:, inside].sum(axis=1) * hz[1]
factor = alpha_power.max() / alpha_power.min()

# %% tags=["check", "hide-input"]
of_trial = spectra.trial_spectra(recording).sel(channel=back)
of_trial = of_trial.mean("channel")[:, inside].sum("frequency").to_numpy()
check(
    factor,
    of_trial.max() / of_trial.min(),
    slips={
        "Divide the largest by the smallest.": of_trial.min() / of_trial.max()
    },
)

# %% [markdown]
# **Exercise 3.** Make other labels: which proportion of trials is high in the
# first task if the threshold is the median of the person's own ratings?
#
# ```{dropdown} Hint
# `tasks` has the tasks. Leave out missing ratings, and remember that *high* is
# above the threshold.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 3
first = next(iter(tasks.values()))
rating = rated["rating"].sel(scale=first.rating).to_numpy()
proportion = ...

# %% tags=["hide-cell", "solution"]
# Half of the trials would be high if no rating equalled the median. Ratings in
# whole numbers often do, and these trials are low.
first = next(iter(tasks.values()))
rating = rated["rating"].sel(scale=first.rating).to_numpy()
rating = rating[np.isfinite(rating)]
proportion = (rating > np.median(rating)).mean()

# %% tags=["check", "hide-input"]
known = rated["rating"].sel(scale=first.rating).dropna("trial")
check(
    proportion,
    float((known > known.median()).mean()),
    slips={
        "This counts ratings that equal the median, too.": float(
            (known >= known.median()).mean()
        ),
        "This is the study's threshold.": float((known > first.above).mean()),
    },
)

# %% [markdown]
# ## Conclusion
#
# A recording has signals in microvolts at named places, trials, and a rating
# or a class of each trial. Before you compute anything from it, look at the
# scale, the size of each channel, the spectrum and the balance of the labels.
# The report of each subject shows them.
#
# ## Where to read on
#
# - The next chapter, [Band filtering](02_band_filtering), splits the spectrum
#   into bands and shows what that does to time.
# - The simulated and the real data: [The data](/data.md).
# - A well-known data set of films, ratings and EEG: {cite:t}`koelstra2012`.
#
# ## Provenance

# %% tags=["remove-input"]
inputs = this_study.reader.sources(this_study.recordings_root, subject)
provenance(this_study, inputs)
