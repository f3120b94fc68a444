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
# # All subjects of this study

# %% tags=["remove-input"]
from urllib.parse import quote

import numpy as np
import pandas as pd
import xarray as xr
from IPython.display import display

from emolib.book import reference_models, sentences, subject_tables, tables
from emolib.book.methods import methods
from emolib.book.provenance import provenance
from emolib.evaluation import permutation, variance
from emolib.features import power
from emolib.figures import Table, bullets, escape_markdown, pages, say, use_style
from emolib.figures import scores as score_plots
from emolib.splits.protocols import BOTH_SIDES
from emolib.storage import file_stem
from emolib.study import load, stages
from emolib.study.references import references
from emolib.study.sources import effects

use_style()

# %% tags=["parameters", "remove-input"]
study = "demo"  # a name in the folder studies/, or the path of a study file

# %% tags=["remove-input"]
this_study = load(study)
subjects, failures = this_study.subjects(), stages.failures(this_study)
usable = [subject for subject in subjects if subject not in failures]
predictions = stages.predictions(this_study)
decoded = len(predictions) > 0
scores = stages.scores(this_study) if decoded else pd.DataFrame()

# %% tags=["remove-input"]
of_subjects = {subject: stages.summary(this_study, subject) for subject in usable}
means = {}
for subject, found in of_subjects.items():
    for name, task in this_study.tasks.items():
        classes = found["class"].sel(task=name).to_series()
        means[name, subject] = power.class_means(found["power"], classes, task.classes)

# %% tags=["remove-input"]
say(
    f"Study *{escape_markdown(this_study.title)}*,",
    f"data set *{escape_markdown(this_study.dataset)}*:",
    f"**{len(usable)} of {len(subjects)} subjects** were used.",
    f"Not used: {', '.join(map(escape_markdown, failures))}." if failures else "",
    escape_markdown(this_study.about),
)

# %% tags=["remove-input"]
tested = stages.group_tests(this_study)
told = [*sentences.group_sentences(tested), sentences.truth_sentence(effects(this_study))]
bullets(*map(escape_markdown, filter(None, told)))

# %% tags=["remove-input"]
averages, why_none = {}, {}
for name in this_study.tasks:
    each = [means[name, subject] for subject in usable]
    each = [one for one in each if one["n_trials"].to_numpy().all()]
    if not each:
        why_none[name] = "no subject has trials of each class, so there is no contrast."
        continue
    stack = xr.concat(each, dim="subject", join="inner", coords="minimal", compat="override")
    averages[name] = stack.mean("subject").assign_attrs(n_subjects=len(each))
    if stack.sizes["channel"] < 2:
        del averages[name]
        why_none[name] = "these subjects do not share two channels, so there is no common map."

# %% tags=["remove-input"]
contrasts = {}
for name, average in averages.items():
    words, contrasts[name] = power.contrast(average, this_study.tasks[name])
    contrasts[f"{name}\n{words}"] = contrasts.pop(name)
drawn = tables.summary_points(tested, scores)
if contrasts or any(map(len, drawn.values())):
    caption = (
        "Each map is a mean over subjects. Diamonds: the pooled network's balanced accuracy, mean "
        "over subjects with its 95 % interval. Points: ridge regression. Grey: the range that "
        "covers 95 % of the scores of ridge regression with permuted labels."
    )
    display(score_plots.summary(contrasts, **drawn, caption=caption))

# %% [markdown]
# ## Scores of each subject

# %% tags=["remove-input"]
links = {subject: f"subjects/{quote(file_stem(subject))}.html" for subject in subjects}
table = subject_tables.cohort_table(of_subjects, scores, subjects)
for own in subject_tables.score_tables(table):
    caption = "Balanced accuracy of trials, pooled network"
    display(Table(own, caption=caption, links=links, css="emolib-subjects emolib-sortable"))
if not decoded:
    display(say("**There are no predictions yet.** Run the whole study first."))

# %% [markdown]
# Click a name to open that subject's page, or a column to sort by it. Type a word into the box to
# show only the rows that contain it. Rows are sorted by name, because scores from a single subject
# are too uncertain for a ranking. A dash means that there is no score: the subject lacks trials of
# a class.
#
# Download: all subjects, {download}`subjects.csv </downloads/subjects.csv>` or
# {download}`subjects.parquet </downloads/subjects.parquet>`; all scores of every stage and fold,
# {download}`scores.csv </downloads/scores.csv>` or
# {download}`scores.parquet </downloads/scores.parquet>`.
#
# ## Recordings

# %% tags=["remove-input"]
if failures:
    why = pd.DataFrame(failures).T[["source", "message", "hint"]].rename_axis("subject")
    display(Table(why, caption="Subjects that could not be used, and why", links=links))

# %% tags=["remove-input"]
caption = "The recordings of all subjects. A dash: no alpha peak was found"
facts = subject_tables.facts_table(table)
display(Table(facts, caption=caption, links=links, css="emolib-facts emolib-sortable"))
counts = {name: found.sizes["channel"] for name, found in of_subjects.items()}
if told := sentences.channels_sentence(counts):
    display(say(told))

# %% [markdown]
# ## Scores by protocol
#
# The {term}`protocol` says which data were held out, and so which claim a score supports;
# [How to read this book](/how_to_read.md) lists all protocols. {term}`Pooled <pooled>` and
# {term}`fine-tuned` networks come from successive stages of training.

# %% tags=["remove-input"]
can_be_told = tables.score_table(scores) if decoded else pd.DataFrame()
if decoded and not len(can_be_told):
    display(
        say(
            f"All protocols of this study have {BOTH_SIDES}, and there is no honest score to compare",
            "theirs with. So no score is shown. Add a protocol such as `trial_grouped` to the study",
            "file.",
        )
    )
elif decoded:
    if len(can_be_told.index.unique()) == 1:
        display(say("The figure below shows the scores of each subject."))
    else:
        display(say("The figures below show the scores of each subject, one figure per task."))
for name in can_be_told.index.unique():
    display(score_plots.accuracies(scores, name, this_study.tasks[name], links=links))

# %% tags=["remove-input"]
if not this_study.fine_tune:
    display(say("This study fine-tunes no network (the key `fine_tune` of its file)."))

# %% tags=["remove-input"]
if untrained := stages.failed_folds(this_study):
    why = pd.DataFrame(untrained).T.rename_axis("fold")
    display(Table(why[["message", "hint"]], caption="What could not be trained, and why"))

# %% tags=["remove-input"]
if len(can_be_told):
    caption = "Means over subjects. In parentheses: 95 % intervals"
    display(Table(can_be_told, caption=caption))
    display(
        bullets(*map(escape_markdown, sentences.cohort_sentences(scores, list(this_study.tasks))))
    )
    if one_class := sentences.one_class_sentences(predictions):
        display(bullets(*map(escape_markdown, one_class)))

# %% [markdown]
# *Balanced accuracy* is computed within each subject and then averaged, so that a network gains
# nothing from recognising the subject. *Majority class* is the accuracy of always predicting each
# subject's most frequent class.

# %% [markdown]
# ## Is it more than chance?
#
# An interval is not a test. The test asks whether ridge regression, a simple linear model, scores
# better with the true labels than with permuted labels of the stimuli. Each permutation is the same
# for all subjects, and the whole analysis is repeated for it, the split included. One question was
# chosen beforehand as primary: each task with new people *and* new stimuli held out, with Holm's
# correction over tasks. The other rows are exploratory, with the Benjamini-Hochberg correction over
# all of them.

# %% tags=["remove-input"]
if len(of_groups := tables.group_table(tested)):
    caption = (
        f"Balanced accuracy of trials, and of {permutation.PERMUTATIONS} permutations of the labels"
    )
    display(Table(of_groups, caption=caption))

# %% [markdown]
# Scores without p are given for comparison: ridge regression and the network on the same trials.

# %% tags=["remove-input"]
if tested["network"].notna().any():
    display(
        say(
            "The network takes too long to train on every permutation of the labels, so it has no",
            "p. [What a score means](/chapters/09_what_a_score_means.ipynb) explains what its",
            "scores can and cannot mean.",
        )
    )

# %% [markdown]
# ## The network beside simpler models
#
# A network should do better than simpler models. All models here are trained and tested on the same
# folds. *Majority class* always predicts the most frequent class of the training set. The table
# scores whole {term}`trials <trial>`: where a model predicts windows, the mean probability over a
# trial's windows names its class.

# %% tags=["remove-input"]
found = references(this_study)
if len(beside := reference_models.reference_table(found)):
    caption = "Balanced accuracy of trials, mean over subjects. In parentheses: 95 % intervals"
    display(Table(beside, caption=caption))
if decoded and len(told := reference_models.reference_sentences(this_study.references, found)):
    display(say(*told))

# %% [markdown]
# ## What the windows are worth
#
# The {term}`windows <window>` of a {term}`trial` tend to be classified correctly or incorrectly
# together. The *ICC* (intraclass correlation) measures how much: 0 if a window says nothing about
# the others of its trial, 1 if all windows of a trial are classified alike. The *design effect*,
# $1 + (m - 1)\,\mathrm{ICC}$ with $m$ windows per trial, is the factor by which this increases the
# variance of the proportion of correct windows. All windows together carry as much information as
# the given number of *effective windows*. An interval that treats windows as independent is too
# narrow by the square root of the design effect. Trials are not independent either, because
# subjects share stimuli.

# %% tags=["remove-input"]
if decoded:
    worth = variance.effective_windows(predictions)
    display(say(escape_markdown(sentences.effective_sentence(worth))))
    caption = "Number of windows, and of effective windows. First training of each fold"
    display(Table(tables.effective_table(worth), caption=caption))

# %% [markdown]
# ## Published figures
#
# This table compares the proportion of windows that this study classifies correctly, which is what
# most papers report, with published figures under the same protocols.
# [Appendix A2](/chapters/A2_published_figures.ipynb) lists all of them.

# %% tags=["remove-input"]
display(
    say(escape_markdown(sentences.published_sentence(this_study.dataset, list(this_study.tasks))))
)
beside = tables.published_table(scores, list(this_study.tasks)) if decoded else ()
for protocol, own in beside.groupby(level=0, sort=False) if len(beside) else ():
    display(Table(own.set_index("who"), caption=f"Windows, {protocol}"))

# %% [markdown]
# ## Permuted labels
#
# What does the same analysis score if the labels mean nothing? The pooled networks were trained
# again, from the split onwards, after permuting labels between trials.

# %% tags=["remove-input"]
permuted = stages.permuted_scores(this_study) if decoded else pd.DataFrame()
if len(permuted):
    of_refits = tables.permuted_table(scores, permuted)
    caption = "Balanced accuracy of trials, with true and with permuted labels"
    if len(of_refits):
        display(Table(of_refits, caption=caption))
    display(bullets(*sentences.permutation_sentences(permuted)))
elif this_study.permutations:
    display(say("None of the refits that this study asks for could be made."))
else:
    display(say("This study asks for no such refits (the key `permutations` of its file)."))

# %% [markdown]
# ## Variants

# %% tags=["remove-input"]
members = {name: this_study.variant(name) for name in this_study.variants}
variants = {name: member for name, member in members.items() if member.scores_file().exists()}
if not variants:
    display(say("This study has no trained variants."))

# %% tags=["remove-input"]
if variants:
    display(
        say(
            "Each variant differs from the study only in the keys that its name gives. *Less the",
            "whole* is the mean over subjects of the difference in balanced accuracy, with its",
            "95 % interval if there are three trainings or more. The interval comes from resampled",
            "subjects and stimuli (of a single subject, from resampled trials) and does not include",
            "variation between trainings. Published figures are proportions of correct windows in",
            "another experiment.",
        )
    )
    of_all = {"": scores} | {name: stages.scores(member) for name, member in variants.items()}
    of_variants = {name: stages.predictions(member) for name, member in variants.items()}
    found = tables.variant_differences(predictions, of_variants)
    table = tables.variants_table(of_all, found, list(this_study.tasks))
    trainings = f"{this_study.repeats} training" + "s" * (this_study.repeats > 1)
    if len(table):
        display(Table(table, caption=f"The study and its variants, pooled networks, {trainings}"))

# %% [markdown]
# ## Tests of single subjects
#
# These are the tests of the subjects' pages: ridge regression and cluster tests. They are
# exploratory. The Benjamini-Hochberg correction over all rows limits the expected proportion of
# false discoveries to 5 %.

# %% tags=["remove-input"]
tests = subject_tables.subject_tests(of_subjects)
if len(tests):
    caption = "Exploratory tests, one row per subject and task"
    display(Table(tests, caption=caption, links=links, css="emolib-sortable"))
else:
    reasons = {str(why) for found in of_subjects.values() for why in found["untested"].to_numpy()}
    display(say("No subject was tested:", escape_markdown("; ".join(sorted(reasons))) + "."))

# %% [markdown]
# ## Maps of each subject

# %% tags=["remove-input"]
if of_subjects:
    mean_power = {subject: found["power"].mean("trial") for subject, found in of_subjects.items()}
    display(pages.thumbnails(mean_power))

# %% [markdown]
# ## Maps of all subjects together
#
# Each map is the mean over subjects of their mean log power by class. Neither baseline correction
# nor z-scoring was applied. The maps are descriptive and were not tested.

# %% tags=["remove-input"]
for name, why in why_none.items():
    display(say(f"**{name}**: {why}"))
for name, average in averages.items():
    n = average.attrs["n_subjects"]
    of = f"mean over {n} of {len(usable)} subjects that have trials of each class"
    display(pages.class_maps(average, name, this_study.tasks[name], of=of))

# %% [markdown]
# ## Alpha power in two conditions
#
# If one of two conditions is called *rest*, there is a hypothesis from the literature: alpha power
# is higher at rest. It is tested here once, on the mean over posterior electrodes (O1, O2, P3, P4
# and Pz, if present). There is no such hypothesis for ratings and other conditions, so they are not
# tested.

# %% tags=["remove-input"]
has_alpha = any(band.name == "alpha" for band in this_study.features.bands)
with_rest = [n for n, task in this_study.tasks.items() if "rest" in task.classes and has_alpha]
if not with_rest:
    display(say("This study has no condition called rest, or no alpha band, so nothing is tested."))
for name in with_rest:
    names = sorted(this_study.tasks[name].classes, key=lambda each: each != "rest")[:2]
    each = [means[name, subject] for subject in usable]
    pairs = [power.posterior_mean(one.sel(band="alpha"), names) for one in each]
    pairs = [pair for pair in pairs if not np.isnan(pair).any()]
    if len(pairs) > 1:
        display(score_plots.paired(pairs, names, label="alpha power (dB re 1 µV²)"))
        tested = sentences.paired_sentence(pairs, names, place="posterior electrodes")
        display(say(escape_markdown(tested)))
    else:
        display(say(f"**{name}**: a test needs two subjects that have both conditions."))

# %% [markdown]
# ## Training
#
# The curves show the loss of the pooled network by training epoch. If the validation loss rises
# while the training loss falls, the network overfits.
# [Pooled and fine-tuned](/chapters/08_pooled_and_fine_tuned.ipynb) explains which weights are kept:

# %% tags=["remove-input"]
histories = stages.histories(this_study)
pooled = histories[histories["stage"] == "pooled"] if len(histories) else histories
if len(pooled):
    display(bullets(*map(escape_markdown, sentences.kept_sentences(histories))))
for protocol in pooled["protocol"].unique() if len(pooled) else ():
    display(score_plots.learning(pooled, [protocol]))

# %% [markdown]
# ## How to read this page
#
# - Intervals come from resampled subjects and stimuli. They are conservative, and they do not
#   include variation between trainings. If an interval contains the chance level, no difference
#   was detected.
# - Scores with *windows of one trial on both sides* are shown because the published figures are of
#   this kind. They do not estimate the accuracy for new trials or new people.
# - Simulated studies show mechanisms. Their effect sizes were chosen and do not estimate effects
#   in real people.
# - [Environment and timings](/environment.md) lists the stages of the workflow, their durations,
#   the machine and the versions.
#
# ## Methods to cite
#
# This paragraph was made from the study's settings. Copy it into a report and edit it.

# %% tags=["remove-input"]
paragraph, references = methods(this_study, of_subjects)
display(say(escape_markdown(paragraph)))
bullets(*map(escape_markdown, references))

# %% [markdown]
# ## Provenance

# %% tags=["remove-input"]
inputs = [this_study.features_file(subject) for subject in subjects]
if decoded:
    inputs.append(this_study.scores_file())
provenance(this_study, inputs)
