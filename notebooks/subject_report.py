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
from emolib.book.methods import methods
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
results = sentences.subject_results(predictions, scores, subject, tasks) if decoded else []

# %% tags=["remove-input"]
n_labelled = int(classes.notna().any(axis=1).sum())
say(
    f"**{escape_markdown(subject)}**, data set *{escape_markdown(recording.attrs['dataset'])}*,",
    f"study *{escape_markdown(this_study.title)}*. {n_labelled} of {len(classes)} trials have a",
    f"label. The alpha peak is at {peak:.1f} Hz." if peak == peak else "label. No alpha peak was found.",
)

# %% tags=["remove-input"]
if results:  # of the first protocol: whose test trials come from the same person as the training
    display(bullets(*map(escape_markdown, map(sentences.result_sentence, results[: len(tasks)]))))
    words = "The figure below adds the other protocols, and maps of the difference between classes."
    display(say(words, "A single subject has few trials, so these scores are uncertain."))

# %% tags=["remove-input"]
means, contrasts = {}, {}
for name, task in this_study.tasks.items():
    means[name] = power.class_means(log_power, classes[name], task.classes)
    if all(counts.loc[name, each] for each in task.classes[:2]):
        words, difference = power.contrast(means[name], task)
        contrasts[f"{name}\n{words}"] = difference

# %% tags=["remove-input"]
drawn = sentences.points_and_ranges(results)
if contrasts or len(drawn["points"]):
    caption = sentences.CAPTION * (len(drawn["points"]) > 0)
    display(score_plots.summary(contrasts, **drawn, caption=caption))

# %% [markdown]
# [All subjects of this study](/cohort.ipynb) · [how to read scores](/how_to_read.md) ·
# [responsible use](/responsible_use.md)
#
# ## Explore the maps
#
# Choose a trial or a group of trials, and what to subtract from it. Move through time, or take the
# mean.

# %% tags=["remove-input"]
Explorer(features, tasks=this_study.tasks)

# %% [markdown]
# These are the features that the network receives: one value for each window, {term}`band`, kind
# and electrode. Point at an electrode, or move to it with the arrow keys, to see its value and its
# time course. Nothing here is tested, and among so many maps some look striking by chance.

# %% tags=["remove-input"]
if this_study.features.normalise == "window":
    display(
        say(
            "The values are z-scores within each window. They show how an electrode and a band",
            "compare with all others at that time, so a higher value at one electrode lowers the",
            "others.",
        )
    )

# %% [markdown]
# ## Recording and preprocessing

# %% tags=["remove-input"]
seconds = spectra.trial_lengths(recording) / sfreq
rest = recording.sizes.get("baseline_time", 0) / sfreq
length = f"{seconds.min():g}" + (f" to {seconds.max():g}" if seconds.max() > seconds.min() else "")
facts = {
    "data set": recording.attrs["dataset"],
    "trials": f"{recording.sizes['trial']} of {length} s",
    "baseline interval": f"{rest:g} s before each trial" if rest else "none",
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
# A channel close to zero has lost contact. A channel far above its neighbours has a poor contact or
# picks up muscle activity. All channels share a reference, so a bad channel affects the others.

# %% tags=["remove-input"]
size = found[["std_uv", "max_abs_uv"]].to_dataframe()[["std_uv", "max_abs_uv"]]
pages.amplitudes(size)

# %% tags=["remove-input"]
largest = size["max_abs_uv"]
say(
    f"The largest single value is {largest.max():.0f} µV, at {largest.idxmax()}. No value exceeds",
    f"{(largest / size['std_uv']).max():.0f} standard deviations of its channel.",
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
# The maps show log power in each {term}`band`, averaged over a trial's windows and then over the
# trials of a class. Neither baseline correction nor z-scoring was applied.

# %% tags=["remove-input"]
for name, task in this_study.tasks.items():
    absent = [each for each in task.classes if not counts.loc[name, each]]
    if absent:
        why = f"no trial is {escape_markdown(' or '.join(absent))}, so there is no contrast."
        display(say(f"**{name}**: {why}"))
    else:
        tested = bool(found["cluster_p"].sel(task=name) >= 0)
        cluster = found["cluster"].sel(task=name) if tested else None
        of = "mean over the trials of a class"
        display(pages.class_maps(means[name], name, task, of=of, cluster=cluster))

# %% tags=["remove-input"]
tested = (sentences.cluster_sentence(name, found) for name in this_study.tasks)
bullets(*map(escape_markdown, tested))

# %% [markdown]
# The cluster test permutes the classes of trials. It is exploratory: with many subjects and tasks,
# some p values are small by chance. If no difference was detected, there may still be one that is
# smaller than the limit given.

# %% [markdown]
# ## What the network sees
#
# The network receives the {term}`grid`: one value per cell, and one plane for each kind of feature
# in each band. The maps show the mean of each plane.

# %% tags=["remove-input"]
pages.feature_maps(features)

# %% [markdown]
# One band's power in full size, with the names of the electrodes:

# %% tags=["remove-input"]
band = "alpha" if "alpha" in bands else bands[0]
values = log_power.sel(band=band).mean("trial").to_numpy()
pages.grid_and_scalp(values, channels, name=f"{band} power", unit="dB re 1 µV²")

# %% [markdown]
# ## Decoding
#
# These scores come from data that the network was not trained on. The {term}`protocol` says which
# data were held out, and so what a score can mean.

# %% tags=["remove-input"]
if results:
    display(bullets(*map(escape_markdown, map(sentences.result_sentence, results))))
elif decoded:
    display(say("This study has no protocol whose scores can be reported without a warning."))
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
# The networks take too long to train for a permutation test. Instead we test ridge regression,
# trained on this subject's trials alone and refitted after each of many permutations of the labels.

# %% tags=["remove-input"]
tested = (sentences.ridge_sentence(name, found) for name in this_study.tasks)
bullets(*map(escape_markdown, tested))

# %% [markdown]
# These tests are exploratory and not corrected for the number of subjects and tasks. The
# [cohort page](/cohort.ipynb) shows the corrected p values.

# %% [markdown]
# ## Which electrodes and bands the network uses
#
# *Integrated gradients* distribute the log probability that the network gives to a trial's label
# over electrodes and bands ([chapter 10](/chapters/10_what_the_network_looks_at.ipynb) shows how).
# A positive share supports the label, and a negative share opposes it. An electrode is not a place
# in the brain, and a map is only as informative as the score beside it.

# %% tags=["remove-input"]
protocol, explained = this_study.attribution_protocol, None
why = "Every protocol of this study shares trials between training and test sets; none is explained."
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
# {term}`Fine-tuned <fine-tuned>` networks start from the {term}`pooled` network and continue
# training on this subject's training trials. The table compares each with the network it started
# from, on the same held-out trials.

# %% tags=["remove-input"]
changes = subject_tables.fine_tuning_changes(predictions, subject)
if len(changes):
    caption = "Balanced accuracy of trials, and trials whose prediction changed"
    display(Table(subject_tables.changes_table(changes), caption=caption))
    display(say(sentences.changes_verdict(changes, trainings=this_study.repeats)))
else:
    display(say(sentences.why_not_fine_tuned(this_study.protocols, fine_tune=this_study.fine_tune)))

# %% [markdown]
# ## How to read this page
#
# - *Balanced accuracy* is the mean, over classes, of the proportion of trials classified correctly.
#   A network that always predicts the same class scores 0.5 with two classes.
# - *Correct trials* counts whole trials: the mean probability over a trial's windows decides.
#   *Correct windows* counts windows. *Majority class* is the accuracy of always predicting the
#   most frequent class.
# - *Differences* have intervals from resampled trials, the same trials for both networks. The
#   intervals are too narrow, because another training would change the scores as well.
# - A score with *windows of one trial on both sides* shows how well windows of seen trials are
#   classified. It says nothing about new trials or new people.
# - With a few dozen trials, a score can change by 0.1 from one half of them to the other.
# - Labels are what the participant reported, or the task that was set. Nothing on this page
#   identifies an emotion, a trait, a state of health or a place in the brain.
#
# ## Methods to cite
#
# This paragraph was made from the study's settings. Copy it into a report and edit it.

# %% tags=["remove-input"]
n_trained = scores["subject"].nunique() if decoded else None
paragraph, references = methods(this_study, {subject: found}, n_subjects=n_trained)
display(say(escape_markdown(paragraph)))
bullets(*map(escape_markdown, references))

# %% [markdown]
# ## Provenance

# %% tags=["remove-input"]
inputs = this_study.reader.sources(this_study.recordings_root, subject)
inputs += [this_study.features_file(subject), this_study.scores_file()]
if protocol:
    inputs += [this_study.attribution_file(protocol, k) for k in range(this_study.splits(protocol))]
provenance(this_study, inputs, subject=subject)
