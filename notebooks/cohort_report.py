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

from emolib.book import sentences, subject_tables, tables
from emolib.book.provenance import provenance
from emolib.evaluation import permutation, variance
from emolib.features import power
from emolib.figures import Table, bullets, escape_markdown, pages, say, use_style
from emolib.figures import scores as score_plots
from emolib.splits.protocols import BOTH_SIDES
from emolib.storage import file_stem
from emolib.study import load, stages
from emolib.study.simulating import effects

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

# %% [markdown]
# ## Who was used

# %% tags=["remove-input"]
say(
    f"Study *{escape_markdown(this_study.title)}*,",
    f"data set *{escape_markdown(this_study.dataset)}*:",
    f"**{len(usable)} of {len(subjects)} subjects** were used.",
    f"Not used: {', '.join(map(escape_markdown, failures))}." if failures else "None was left out.",
    escape_markdown(this_study.about),
)

# %% tags=["remove-input"]
links = {subject: f"subjects/{quote(file_stem(subject))}.html" for subject in subjects}
if failures:
    why = pd.DataFrame(failures).T[["source", "message", "hint"]].rename_axis("subject")
    display(Table(why, caption="Subjects that could not be used, and why", links=links))

# %% tags=["remove-input"]
table = subject_tables.cohort_table(of_subjects, scores, subjects)
caption = "All subjects. Scores are balanced accuracies of trials, of the pooled network"
css = "emolib-subjects emolib-sortable emolib-wide"
display(Table(subject_tables.formatted(table), caption=caption, links=links, css=css))
counts = {name: found.sizes["channel"] for name, found in of_subjects.items()}
if told := sentences.channels_sentence(counts):
    display(say(told))

# %% [markdown]
# Each name leads to the subject's own page. The table is in the order of the names; one subject's
# score says too little to rank people by it. In a browser, a click on the name of a column sorts by
# it, and a word in the box leaves the rows that hold it. A dash is where there is nothing: no alpha
# peak, or no score for want of trials of each class.
#
# This table: {download}`subjects.csv </downloads/subjects.csv>` ·
# {download}`subjects.parquet </downloads/subjects.parquet>`. All scores, those of each stage and
# fold among them: {download}`scores.csv </downloads/scores.csv>` ·
# {download}`scores.parquet </downloads/scores.parquet>`
#
# ## Scores by protocol
#
# The {term}`protocol` says what was held out, and so which claim a score can carry;
# [How to read this book](/how_to_read.md) has them all. {term}`pooled` and {term}`fine-tuned` are
# the stages of training.

# %% tags=["remove-input"]
can_be_told = tables.score_table(scores) if decoded else pd.DataFrame()
if not decoded:
    display(say("**There are no predictions yet.** Run the whole study first."))
elif not len(can_be_told):
    display(
        say(
            f"All protocols of this study have {BOTH_SIDES}, and there is no honest score to stand",
            "beside theirs: so no score stands here. Add a protocol such as `trial_grouped` to its",
            "file.",
        )
    )
for name in can_be_told.index.unique():
    display(score_plots.accuracies(scores, name, this_study.tasks[name], links=links))

# %% tags=["remove-input"]
if not this_study.fine_tune:
    words = "In this study nothing is fine-tuned (the key `fine_tune` of its file): pooled scores"
    display(say(words, "are all there are."))

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
# nothing from knowing who somebody is. *Majority class* is the accuracy of always giving the class
# that is commoner in the subject.

# %% [markdown]
# ## Is it more than chance?
#
# Intervals are no test. The test asks whether ridge regression, a light model, scores better with
# the labels as they are than after the labels of the stimuli have been exchanged, the same exchange
# for all subjects, and everything, the split included, has been done again, many times. One
# question was fixed beforehand as the primary one: each task, with new people *and* new stimuli
# held out, corrected over the tasks after Holm. The other rows of the table are exploratory,
# corrected over all of them after Benjamini and Hochberg.

# %% tags=["remove-input"]
tested = stages.group_tests(this_study)
display(bullets(*map(escape_markdown, sentences.group_sentences(tested))))
if len(of_groups := tables.group_table(tested)):
    caption = (
        f"Balanced accuracy of trials against {permutation.PERMUTATIONS} exchanges of the labels"
    )
    display(Table(of_groups, caption=caption))

# %% tags=["remove-input"]
if told := sentences.truth_sentence(effects(this_study)):
    display(say(escape_markdown(told)))

# %% [markdown]
# A score without p is there to be compared: a light model beside the network, on the same trials.

# %% tags=["remove-input"]
if tested["network"].notna().any():
    display(
        say(
            "The network takes too long to be trained again for every exchange of the labels, so",
            "it has no p. What its scores can mean, and what they cannot: see",
            "[What a score means](/chapters/09_what_a_score_means.ipynb).",
        )
    )

# %% [markdown]
# ## What the windows are worth
#
# A {term}`trial` gives many {term}`windows <window>`, and they are right or wrong together. The
# *ICC* (intraclass correlation) says how much: 0 if a window tells nothing about the others of its
# trial, 1 if all of a trial's windows are right or all are wrong. The *design effect*,
# $1 + (m - 1)\,\mathrm{ICC}$ with $m$ windows a trial, is the factor by which that widens the
# variance of a share of right windows. Together they are worth no more than *effective windows*
# independent ones, and an interval that takes each for an observation is too narrow by the root of
# the design effect. Trials are no independent observations either: subjects share stimuli.

# %% tags=["remove-input"]
if decoded:
    worth = variance.effective_windows(predictions)
    display(say(escape_markdown(sentences.effective_sentence(worth))))
    caption = "Observations, and what they are worth. First training of each fold"
    display(Table(tables.effective_table(worth), caption=caption, css="emolib-wide"))

# %% [markdown]
# ## Beside the published figures
#
# What others report under the same protocols, beside this study's share of right windows, which is
# what most papers count. [Appendix A2](/chapters/A2_published_figures.ipynb) has all of them.

# %% tags=["remove-input"]
display(
    say(escape_markdown(sentences.published_sentence(this_study.dataset, list(this_study.tasks))))
)
beside = tables.published_table(scores, list(this_study.tasks)) if decoded else ()
for protocol, own in beside.groupby(level=0, sort=False) if len(beside) else ():
    display(Table(own.set_index("who"), caption=f"Windows, {protocol}", css="emolib-wide"))

# %% [markdown]
# ## The same with permuted labels
#
# What does the same pipeline score if the labels say nothing? The pooled networks are trained
# again, from the split onwards, after labels have been exchanged between trials.

# %% tags=["remove-input"]
permuted = stages.permuted_scores(this_study) if decoded else pd.DataFrame()
if len(permuted):
    of_refits = tables.permuted_table(scores, permuted)
    caption = "Balanced accuracy of trials, as labelled and with permuted labels"
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
            "Each variant differs from the study in the keys that its name says, and in nothing",
            "else. *Less the whole* is the mean over subjects of the difference in balanced",
            "accuracy, with its 95 % interval where there are three trainings or more. The",
            "interval comes from subjects and stimuli drawn again, of one subject from its trials",
            "drawn again; it takes the fitted networks as given. Published figures are shares of",
            "right windows of another experiment.",
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
# The light models and cluster tests of the subjects' pages. They are exploratory: corrected over
# all rows after Benjamini and Hochberg, which lets at most one in twenty of the *detected* be false
# in the long run.

# %% tags=["remove-input"]
tests = subject_tables.subject_tests(of_subjects)
if len(tests):
    caption = "Exploratory tests, a row a subject and task"
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
# The mean over subjects of each subject's mean log power by class, without baseline subtraction and
# without z-scores. The maps describe; they carry no test.

# %% tags=["remove-input"]
for name, task in this_study.tasks.items():
    each = [means[name, subject] for subject in usable]
    each = [one for one in each if one["n_trials"].to_numpy().all()]
    if not each:
        display(say(f"**{name}**: no subject has trials of each class, so there is no contrast."))
        continue
    stack = xr.concat(each, dim="subject", join="inner", coords="minimal", compat="override")
    if stack.sizes["channel"] < 2:
        display(
            say(f"**{name}**: these people do not share two channels, so there is no map of all.")
        )
        continue
    of = f"mean over {len(each)} of {len(usable)} subjects that have trials of each class"
    display(pages.class_maps(stack.mean("subject"), name, task, of=of))

# %% [markdown]
# ## Alpha power in two conditions
#
# Where one of two conditions is called *rest* there is an expectation that was held before anybody
# looked: more alpha at rest. It is tested here, once, on the mean of the electrodes at the back of
# the head (O1, O2, P3, P4 and Pz, as far as they are there). Of ratings and of other conditions
# there is no such expectation, and nothing is tested.

# %% tags=["remove-input"]
has_alpha = any(band.name == "alpha" for band in this_study.features.bands)
with_rest = [n for n, task in this_study.tasks.items() if "rest" in task.classes and has_alpha]
if not with_rest:
    display(say("This study has no condition called rest, or no alpha band: nothing is tested."))
for name in with_rest:
    names = sorted(this_study.tasks[name].classes, key=lambda each: each != "rest")[:2]
    each = [means[name, subject] for subject in usable]
    pairs = [power.posterior_mean(one.sel(band="alpha"), names) for one in each]
    pairs = [pair for pair in pairs if not np.isnan(pair).any()]
    if len(pairs) > 1:
        display(score_plots.paired(pairs, names, label="alpha power (dB re 1 µV²)"))
        tested = sentences.paired_sentence(pairs, names, place="the back of the head")
        display(say(escape_markdown(tested)))
    else:
        display(say(f"**{name}**: a test needs two subjects that have both conditions."))

# %% [markdown]
# ## Training
#
# The loss of the pooled network, epoch by epoch. A validation loss that rises while the training
# loss falls says that the network learns its training data by heart.
# [Pooled and fine-tuned](/chapters/08_pooled_and_fine_tuned.ipynb) says what is kept, and why:

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
# - Intervals are from drawing subjects and stimuli again. They are conservative, and they take the
#   fitted networks as given. An interval that holds chance means that nothing was detected.
# - Scores with *windows of one trial on both sides* are shown because the published figures are of
#   this kind. They are no estimate for new trials or new people.
# - Simulated studies show mechanisms. Their effect sizes were chosen and are no estimate of those
#   in real people.
#
# ## How it was made
#
# [Environment and timings](/environment.md) lists the stages of the workflow, what their jobs took,
# the machine and the versions.
#
# ## Provenance

# %% tags=["remove-input"]
inputs = [this_study.features_file(subject) for subject in subjects]
if decoded:
    inputs.append(this_study.scores_file())
provenance(this_study, inputs)
