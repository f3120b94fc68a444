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
# # Report of one subject

# %% tags=["remove-input"]
import numpy as np
import pandas as pd
from IPython.display import display

from emolib.book import subject_sentences as sentences
from emolib.book import subject_tables, tables
from emolib.book.provenance import provenance
from emolib.errors import DataError
from emolib.features import power, spectra
from emolib.figures import (
    Explorer,
    Table,
    before_after,
    bullets,
    escape_markdown,
    pages,
    say,
    use_style,
)
from emolib.figures import scores as score_plots
from emolib.recordings import trial_classes
from emolib.study import explain, load, stages

use_style()

# %% tags=["parameters", "remove-input"]
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None takes the first whose recording can be used

# %% tags=["remove-input"]
this_study = load(study)
subject = subject or stages.first_valid(this_study)
recording = stages.recording(this_study, subject)
features = stages.features(this_study, subject)
channels, sfreq = recording["channel"].to_numpy().tolist(), recording.attrs["sfreq"]
back = power.posterior_channels(channels)
classes = trial_classes(recording, this_study.tasks)
counts = power.label_counts(recording, this_study.tasks)

# %% tags=["remove-input"]
found = stages.summary(this_study, subject)
at_back = found["spectrum"].sel(frequency=slice(1, 45))
peak, log_power = found.attrs["alpha_peak_hz"], found["power"]
bands = log_power["band"].to_numpy().tolist()

# %% tags=["remove-input"]
predictions = stages.predictions(this_study, subject)
decoded = len(predictions) > 0
scores = stages.scores(this_study) if decoded else pd.DataFrame()
tasks = list(this_study.tasks)
results = sentences.subject_sentences(predictions, scores, subject, tasks) if decoded else []

# %% tags=["remove-input"]
n_labelled = int(classes.notna().any(axis=1).sum())
say(
    f"**{escape_markdown(subject)}**,",
    f"data set *{escape_markdown(recording.attrs['dataset'])}*, study",
    f"*{escape_markdown(this_study.title)}*: {n_labelled} of {len(classes)} trials have a label.",
    f"The alpha peak lies at {peak:.1f} Hz." if peak == peak else "No alpha peak was found.",
    "What the network makes of them, and how uncertain that is, in short:" if results else "",
)

# %% tags=["remove-input"]
if results:  # the first protocol's: what it holds out lies closest to the person
    short = [
        *map(escape_markdown, results[: len(tasks)]),
        "One person's trials are few: these scores say little.",
    ]
    display(bullets(*short))

# %% [markdown]
# [All subjects of this study](/cohort.ipynb) · [how to read scores](/how_to_read.md) ·
# [responsible use](/responsible_use.md)
#
# ## Who and what

# %% tags=["remove-input"]
seconds = spectra.trial_lengths(recording) / sfreq
rest = recording.sizes.get("baseline_time", 0) / sfreq
length = f"{seconds.min():g}" + (f" to {seconds.max():g}" if seconds.max() > seconds.min() else "")
facts = {
    "data set": recording.attrs["dataset"],
    "trials": f"{recording.sizes['trial']} of {length} s",
    "baseline before each trial": f"{rest:g} s" if rest else "none",
    "electrodes": len(channels),
    "sampling frequency": f"{sfreq:g} Hz",
    "windows": power.window_words(
        features, seconds=this_study.features.window_seconds, together=this_study.model.windows
    ),
}
Table(pd.Series(facts, name="value").to_frame(), caption="The recording")

# %% tags=["remove-input"]
notes = [note for data in (recording, features) for note in np.atleast_1d(data.attrs["notes"])]
notes = list(dict.fromkeys(note for note in notes if note))
Table(
    pd.DataFrame({"what": notes or ["nothing"]}, index=range(1, len(notes or [0]) + 1)),
    caption="What was left out or changed, and why",
)

# %% tags=["remove-input"]
pages.labels(counts)

# %% [markdown]
# ## Preprocessing: before and after

# %% tags=["remove-input"]
asked, changed = this_study.recording_settings(subject), "sd" in found
set_here = subject_tables.settings_table(asked)
if len(set_here):
    caption = "Settings of this recording in the study file that differ from the defaults"
    display(Table(set_here, caption=caption))
say(escape_markdown(sentences.preprocessing_sentence(found)))

# %% tags=["remove-input"]
if changed:
    display(before_after.spectra(found["density"]))

# %% tags=["remove-input"]
if changed:
    caption = "Standard deviation of each electrode, root mean square over trials"
    display(Table(subject_tables.amplitudes_table(found["sd"]), caption=caption))

# %% [markdown]
# ## Signal quality
#
# A channel near zero has no contact; one that towers over its neighbours has a bad one, or a muscle
# below it. The reference of the signals is common to all channels: a bad channel spreads.

# %% tags=["remove-input"]
size = found[["std_uv", "max_abs_uv"]].to_dataframe()[["std_uv", "max_abs_uv"]]
pages.amplitudes(size)

# %% tags=["remove-input"]
largest = size["max_abs_uv"]
say(
    f"The largest single value is {largest.max():.0f} µV, at {largest.idxmax()},",
    f"{(largest / size['std_uv']).max():.0f} times a standard deviation at most.",
)

# %% tags=["remove-input"]
bullets(*spectra.quality_notes(found))

# %% [markdown]
# ## Spectra and the alpha peak

# %% tags=["remove-input"]
pages.spectra(at_back, classes, this_study.tasks, place=", ".join(back))

# %% [markdown]
# ## Power over the scalp, by class
#
# The maps show the logarithm of power in each {term}`band`: first the mean over a trial's windows,
# then over the trials of a class. Nothing was subtracted and nothing z-scored.

# %% tags=["remove-input"]
for name, task in this_study.tasks.items():
    means = power.class_means(log_power, classes[name], task.classes)
    absent = [each for each in task.classes if not counts.loc[name, each]]
    if absent:
        why = f"no trial is {escape_markdown(' or '.join(absent))}, so there is no contrast."
        display(say(f"**{name}**: {why}"))
    else:
        tested = bool(found["cluster_p"].sel(task=name) >= 0)
        cluster = found["cluster"].sel(task=name) if tested else None
        of = "mean over the trials of a class"
        display(pages.class_maps(means, name, task, of=of, cluster=cluster))

# %% tags=["remove-input"]
tested = (sentences.cluster_sentence(name, found) for name in this_study.tasks)
bullets(*map(escape_markdown, tested))

# %% [markdown]
# The cluster test takes trials as its units and permutes their classes. It is exploratory: many
# subjects and tasks are looked at, and some p are small by chance. Where no difference was
# detected, none larger than is said need be there; that there is none does not follow.

# %% [markdown]
# ## What the network sees
#
# The network does not see the scalp. It sees the {term}`grid`, one value a cell, and nothing
# between: a plane for each kind of feature in each band. Here is the mean of each plane.

# %% tags=["remove-input"]
pages.feature_maps(features)

# %% [markdown]
# One band's power in full size, with the names of the electrodes:

# %% tags=["remove-input"]
band = "alpha" if "alpha" in bands else bands[0]
values = log_power.sel(band=band).mean("trial").to_numpy()
pages.grid_and_scalp(values, channels, name=f"{band} power", unit="dB re 1 µV²")

# %% [markdown]
# ## Explore the maps
#
# These are the features that the network gets: one value for each window, {term}`band`, kind and
# electrode. Choose a trial or a group of trials, and what to subtract from it. Move through time,
# or take the mean. Point at an electrode, or go to it by the arrow keys, for its value and course.
#
# Nothing that is seen here has been tested. Of so many maps some look striking by chance.

# %% tags=["remove-input"]
if this_study.features.normalise == "window":
    display(
        say(
            "The values are z-scores within each window: they say how an electrode and a band",
            "stand against all others at that time. More of one makes less of the rest.",
        )
    )

# %% tags=["remove-input"]
Explorer(features, tasks=this_study.tasks)

# %% [markdown]
# ## Decoding
#
# How often the network told the classes apart on data that it had not been trained on, by
# {term}`protocol`: what was held out decides what a score can mean.

# %% tags=["remove-input"]
if results:
    display(bullets(*map(escape_markdown, results)))
elif decoded:
    display(say("This study has no protocol whose scores can be told without a warning."))
else:
    display(say("**There are no predictions for this subject yet.** Run the whole study first."))

# %% tags=["remove-input"]
for name, task in this_study.tasks.items() if decoded else ():
    display(score_plots.accuracies(scores, name, task, subject=subject))

# %% tags=["remove-input"]
if decoded:
    display(Table(tables.score_table(scores, subject=subject), caption="All scores"))

# %% [markdown]
# ### Is it more than chance?
#
# The networks above take too long to be trained again and again, so they are not tested. Whether
# this subject's own trials tell the classes apart is asked of a light model, trained on them alone
# and fitted again after each of many permutations of the labels.

# %% tags=["remove-input"]
tested = (sentences.light_model_sentence(name, found) for name in this_study.tasks)
bullets(*map(escape_markdown, tested))

# %% [markdown]
# Exploratory, and not corrected for the number of subjects and tasks: the
# [cohort page](/cohort.ipynb) has these p with the correction.

# %% [markdown]
# ## Which electrodes and bands the network uses
#
# *Integrated gradients* share out the log probability that the network gives to a trial's label
# among electrodes and bands; [chapter 10](/chapters/10_what_the_network_looks_at.ipynb) shows how.
# A share above 0 speaks for the label, one below against it; what does as often the one as the
# other comes out near 0. An electrode is not a place in the brain, and a map has no more to say
# than its network's score, which stands beside it.

# %% tags=["remove-input"]
protocol, explained = this_study.attribution_protocol, None
why = "Every protocol of this study has windows of one trial on both sides; none is explained."
if protocol:
    try:
        explained = explain.attributions(this_study, protocol, subject) if decoded else None
        why = "There are no predictions yet, and so no network to explain."
    except DataError as error:
        why = f"There is no map of what the network uses. {error}"
if explained is None:
    display(say(escape_markdown(why)))

# %% tags=["remove-input"]
if explained is not None:
    display(pages.subject_shares(explained, channels, protocol=protocol))

# %% tags=["remove-input"]
if explained is not None:
    of = {"protocol": protocol, "tasks": tasks}
    shares = sentences.share_sentences(explained, predictions, scores, subject, **of)
    display(bullets(*map(escape_markdown, shares)))

# %% [markdown]
# ## What fine-tuning changed
#
# {term}`Fine-tuned <fine-tuned>` networks begin from the {term}`pooled` one and go on with this
# subject's training trials alone. Here each stands beside the one it began from, on the same
# held-out trials, under the protocols that do not leak.

# %% tags=["remove-input"]
changes = subject_tables.fine_tuning_changes(predictions, subject)
if len(changes):
    caption = "Balanced accuracy of trials, and trials that turned"
    display(Table(subject_tables.changes_table(changes), caption=caption))
    display(say(sentences.changes_verdict(changes, trainings=this_study.repeats)))
else:
    display(say(sentences.why_not_fine_tuned(this_study.protocols, fine_tune=this_study.fine_tune)))

# %% [markdown]
# ## How to read this page
#
# - *Balanced accuracy* is the mean of the shares of each class that were recognised; a network that
#   always gives one class scores one half of two.
# - *Right trials* counts whole trials: the mean probability over a trial's windows decides. *Right
#   windows* counts windows. *Majority class* is what a constant answer would reach.
# - *Differences* have intervals from drawing trials again, the same for both networks. They are too
#   narrow: another training would move the scores as well.
# - A score with *windows of one trial on both sides* says how well pieces of known trials are
#   recognised. It says nothing about new trials or new people.
# - One subject says little. With some tens of trials a score moves by a tenth from one half of them
#   to the other.
# - Labels are what a person reported, or what was asked of them. Nothing on this page names an
#   emotion that somebody had, a trait, a state of health or a place in the brain.
#
# ## Provenance

# %% tags=["remove-input"]
inputs = this_study.reader.sources(this_study.recordings_root, subject)
inputs += [this_study.features_file(subject), this_study.scores_file()]
if protocol:
    inputs += [this_study.attribution_file(protocol, k) for k in range(this_study.splits(protocol))]
provenance(this_study, inputs, subject=subject)
