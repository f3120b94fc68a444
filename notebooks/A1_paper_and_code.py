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
# # The paper and its released code
#
# The method of this book is described in a paper of four pages {cite:p}`rudakov2021`, and in the
# code that its authors released. Releasing code is the best that authors can do for their readers:
# it answers what four pages cannot. It also shows points in which the two differ, as they do in
# most projects. This page lists them, says which side this book takes, and measures what each point
# does, where that can be done in seconds.
#
# What is measured are {term}`features <feature>`, {term}`folds <fold>`, and the scores of ridge
# regression, a linear model that is fitted in a moment. What a difference does to a trained network
# takes a study of its own, and the page says which. All numbers are of the study that this book was
# made from; another study has others.

# %%
from dataclasses import replace

import numpy as np
import pandas as pd
from IPython.display import display
from scipy import stats
from sklearn.utils.class_weight import compute_class_weight

from emolib.book.provenance import provenance
from emolib.errors import DataError

# %% tags=["hide-input"]
from emolib.evaluation.literature import published
from emolib.features.bands import BANDS, Band
from emolib.features.extraction import extract_features
from emolib.figures.display import Table, escape_markdown, say, use_style
from emolib.grid import DEAP_CHANNELS, DEAP_GRID, cells, to_brain_maps
from emolib.lessons import feature_subsets, paper_and_code, selection
from emolib.recordings.labels import window_table
from emolib.splits.protocols import protocol_name
from emolib.study import stages
from emolib.study.study import load

use_style()

# %% tags=["parameters"] needs="scores"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None takes the first whose recording can be used

# %%
this_study = load(study)
subject = subject or stages.first_valid(this_study)
in_folds = stages.load_windows(this_study)[1]["subject"].unique()
others = [name for name in in_folds if name != subject]
settings, tasks = this_study.features, list(this_study.tasks)
protocol = this_study.attribution_protocol or "trial_grouped"  # the study's first honest one
n_subjects = 8 if "subjects" in protocol else 4  # people are held out, or trials of each
people = [subject, *others][:n_subjects]
shared = feature_subsets.shared_channels(this_study, people)  # which all of them have
recordings = [stages.recording(this_study, name).sel(channel=shared) for name in people]
measured = {}  # what this page finds, by point: the table at its end

# %% [markdown]
# ## How a choice is scored
#
# For each choice the features of a few subjects are computed anew, and ridge is scored on
# {term}`trials <trial>` that it was not fitted on. Which trials these are is drawn five times. All
# choices get the same draws, so that their scores can be subtracted. How much a score moves from
# draw to draw says how small a difference can be seen at all.

# %%
n_units = len(recordings) if "subjects" in protocol else this_study.n_folds
how = {"tasks": tasks, "n_folds": min(this_study.n_folds, n_units), "seeds": range(5)}


def compute(changed):
    """The features of these subjects under other settings, (window, kind, band, channel)."""
    found = [extract_features(recording, changed) for recording in recordings]
    return found, np.concatenate([features["feature"].to_numpy() for features in found])


# %%
whole, ours = compute(settings)
table = pd.concat([window_table(each, this_study.tasks) for each in whole], ignore_index=True)
table[tasks] = table[tasks].clip(upper=1)  # of more than two classes: the first against the rest
our_scores = paper_and_code.repeated_scores(ours, table, protocol, **how)


def compare(values):
    """How ridge's score differs from ours, as words."""
    scores = paper_and_code.repeated_scores(values, table, protocol, **how)
    by_draw = (scores - our_scores).mean(axis=1)
    return f"ridge {by_draw.mean():+.3f} ({by_draw.min():+.3f} to {by_draw.max():+.3f})"


# %% tags=["remove-input"]
say(
    f"Protocol: {protocol_name(protocol)}, {how['n_folds']} folds, {len(recordings)} subjects,",
    f"{len(table):,} windows. With this study's own settings the balanced accuracy of ridge is",
    ", ".join(f"{value:.3f} for {task}" for task, value in our_scores.mean().items()),
    "(1 is perfect, 0.5 is chance). From draw to draw its standard deviation is",
    f"**{our_scores.std().mean():.3f}**: a difference that is not clearly larger has not been",
    "detected. Below, differences are means over draws and tasks; in brackets the smallest and the",
    "largest draw.",
)

# %% [markdown]
# ## Limits of the bands
#
# In the slides of the authors' talk beta ends and gamma begins at 30 Hz, in the code at 31 Hz. This
# book takes the code's {term}`bands <band>`. Theta and alpha are the same in both.

# %%
slides = (*BANDS[:2], Band("beta", 14.0, 30.0), Band("gamma", 30.0, 45.0))
raw = replace(settings, kinds=("de",), bands=BANDS, baseline="none", normalise="none")
entropy = extract_features(recordings[0], raw)["feature"]
moved = extract_features(recordings[0], replace(raw, bands=slides))["feature"]
shift = (moved - entropy).mean(["window", "kind", "channel"])

# %% tags=["remove-input"]
of_scores = "ridge not compared, since this study has bands of its own"
if settings.bands == BANDS:
    _, values = compute(replace(settings, bands=slides))
    of_scores = compare(values)
measured["bands"] = (
    f"DE of beta {float(shift.sel(band='beta')):+.3f}, of gamma "
    f"{float(shift.sel(band='gamma')):+.3f} nats; {of_scores}"
)
say(f"With the slides' limits, {escape_markdown(subject)}: {measured['bands']}.")

# %% [markdown]
# ## What "PSD" is
#
# The paper calls its second feature power spectral density. The code computes the
# {term}`band energy` of the filtered {term}`window`, and so does this book, since that is what the
# published scores are of. [Chapter 3](03_de_versus_psd) has the whole story: energy is
# {term}`differential entropy` in another dress. A true density is the setting `psd: welch`.

# %%
energy = replace(raw, kinds=("de", "psd"), psd="energy")
density = replace(raw, kinds=("psd",), psd="welch")
energies = extract_features(recordings[0], energy)["feature"].sel(kind="psd")
densities = extract_features(recordings[0], density)["feature"].sel(kind="psd")
de = entropy.sel(kind="de").to_numpy()
logs = [np.log(values.to_numpy()) for values in (energies, densities)]
fits = [stats.linregress(de.ravel(), log.ravel()).rvalue ** 2 for log in logs]

# %% tags=["remove-input"]
both = settings.kinds == ("de", "psd") and settings.psd == "energy"
of_scores = "ridge not compared, since this study has another choice"
if both:
    _, values = compute(replace(settings, psd="welch"))
    of_scores = f"with Welch's density {compare(values)}"
measured["psd"] = (
    f"R² of log energy on DE {fits[0]:.5f}, of log Welch density {fits[1]:.2f}; {of_scores}"
)
say(f"{measured['psd']}.")

# %% [markdown]
# ## Baseline removal
#
# The mean feature of a trial's {term}`baseline` windows is subtracted from each of its windows,
# band by band. In the code, the lines for alpha, beta and gamma read their 4th to 6th baseline
# window from theta: a slip of copying. Theta's power is not theirs, so that a wrong amount is
# subtracted from them, the same for all windows of a trial.

# %% tags=["remove-input"]
if settings.baseline == "none":
    measured["baseline"] = "nothing: this study subtracts no baseline"
else:
    unscaled = replace(settings, normalise="none")
    right, slipped = (
        extract_features(recordings[0], replace(unscaled, baseline=name))["feature"].sel(kind="de")
        for name in ("subtract", "released")
    )
    off = (slipped - right).mean(["window", "channel"]).to_series().drop("theta")
    _, values = compute(replace(settings, baseline="released"))
    by_band = ", ".join(f"{band} {value:+.2f}" for band, value in off.items())
    measured["baseline"] = f"DE of {by_band} nats; {compare(values)}"
say(f"What the slip does: {measured['baseline']}.")

# %% [markdown]
# A constant that is the same for all windows of a trial says nothing about high or low by itself.
# But it is one more thing that the windows of a trial share, and
# [chapter 9](09_what_a_score_means) shows what follows from that where windows of one trial are on
# both sides.
#
# ## Planes of a map
#
# With DE alone, or energy alone, a {term}`brain map` has four {term}`planes <plane>` instead of
# eight. The loader in the released code does not take that into account; the paper's ablations "DE
# only" and "PSD only" must have been run with another. Here the number follows from the features.

# %%
planes = {
    "-".join(kinds): to_brain_maps(whole[0].sel(kind=list(kinds))).sizes["plane"]
    for kinds in {settings.kinds, settings.kinds[:1]}
}

# %% tags=["remove-input"]
measured["planes"] = ", ".join(f"{n} with {name}" for name, n in sorted(planes.items()))
if len(settings.kinds) == 2:
    measured["planes"] += f"; with {settings.kinds[0]} alone {compare(ours[:, :1])}"
say(f"Planes: {measured['planes']}.")

# %% [markdown]
# ## The column that pooling drops
#
# After the convolutions the map is still 8 rows by 9 columns, and *pooling* keeps the largest of
# each 2 x 2 block. Nine is odd. With the padding called 'same', as in the paper's figure, the last
# column makes a block of its own; with 'valid', which is Keras' default and so the code's, it is
# left out. That column lies over F8, T8 and P8. Are these electrodes lost? Not quite: each
# convolution mixes neighbours, so what they say has reached other columns by then. Count the ways
# from each column of the map into what pooling keeps:

# %%
ways = {name: paper_and_code.column_paths(pooling=name) for name in paper_and_code.POOLINGS}
lost = 1 - ways["valid"] / ways["same"]
_, column = cells(DEAP_CHANNELS, DEAP_GRID)
over = [
    ", ".join(name for name, at in zip(DEAP_CHANNELS, column, strict=True) if at == i)
    for i in range(len(lost))
]
by_column = pd.DataFrame({"electrodes": over, "kept": ways["valid"], "lost": lost})
by_column.index = pd.RangeIndex(1, len(lost) + 1, name="column")

# %% tags=["remove-input"]
n_fewer = (5 - 4) * 4 * 64 * 512  # blocks, rows, filters, units that read them
measured["pooling"] = (
    f"'valid' has {n_fewer:,} weights fewer; of the ways from the right-most column "
    f"{lost[-1]:.0%} are lost, from the left-most {lost[0]:.0%}"
)
shown = by_column.assign(lost=by_column["lost"].map("{:.0%}".format))
display(Table(shown, caption="Ways into the pooled map with 'valid', and the share that is lost"))
display(say(f"{measured['pooling']}. The network becomes lopsided; it does not lose a side."))

# %% [markdown]
# What that does to a score is for a study to say: `model: {pooling: valid}`.
#
# ## Class weights
#
# If one class is commoner, its trials dominate the loss. *Class weights* restore the balance. The
# code computes them from the labels of the last {term}`task` and uses them for both
# {term}`heads <head>`; this book weighs each head by its own labels. Below stands the share of each
# head's loss that the second class ("high", of a rating) has if the network is equally wrong
# everywhere. It should be one half.

# %%
labels = {task: table[task].to_numpy() for task in tasks}
own = {
    task: compute_class_weight("balanced", classes=np.arange(2), y=values[values >= 0])
    for task, values in labels.items()
}
last = own[tasks[-1]]
shares = pd.DataFrame(
    {
        task: {
            name: paper_and_code.weighted_share(values, weights)
            for name, weights in (("none", np.ones(2)), ("its own", own[task]), ("the last", last))
        }
        for task, values in labels.items()
    }
).T

# %% tags=["remove-input"]
display(Table(shares.map("{:.3f}".format), caption="Share of the second class, by class weights"))
worst = shares["the last"].sub(0.5).abs().idxmax()
with_own, with_last = shares.loc[worst, ["its own", "the last"]]
measured["class_weights"] = (
    f"share of the second class in the loss of {worst}: {with_own:.2f} with its own weights, "
    f"{with_last:.2f} with those of {tasks[-1]}"
    if len(tasks) > 1
    else "nothing: this study has one task"
)

# %% [markdown]
# ## Folds stratified on one task
#
# Folds are *stratified* on a task if each holds the same share of its classes. The code stratifies
# on {term}`arousal` alone, so that the share of high {term}`valence` differs from fold to fold.
# Does it matter? Take somebody who knows nothing, and always answers the class that is commoner
# outside the test fold. Where the test fold has more of a class, there is less of it outside, and
# the answer is wrong. Counted over all folds together, knowing nothing then scores *below* chance.
# For the trials of all subjects, dealt out ten times:

# %%
everybody = pd.concat(
    [window_table(stages.features(this_study, n), this_study.tasks) for n in [subject, *others]],
    ignore_index=True,
)
dealt = {"n_folds": this_study.n_folds, "seeds": range(10)}
answers, why_not = {}, "this study has not the two tasks"
if tasks == ["valence", "arousal"]:
    try:
        for name, on in {"arousal alone": ["arousal"], "all tasks jointly": tasks}.items():
            answers[name] = paper_and_code.constant_answer(everybody, "valence", on, **dealt)
    except DataError as error:  # too few trials to deal out
        answers, why_not = {}, f"{error.source}: {error.message}"

# %% tags=["remove-input"]
measured["stratification"] = f"cannot be shown: {why_not.rstrip('.')}"
if answers:
    alone, jointly = answers.values()
    measured["stratification"] = (
        f"valence, who knows nothing, over all folds together: {alone.pooled:.3f} stratified on "
        f"arousal alone, {jointly.pooled:.3f} on both; within folds 0.5 either way"
    )
    frame = pd.DataFrame(answers, index=["standard deviation of the share", "balanced accuracy"])
    caption = "Share of high valence over a subject's test folds, and the score of knowing nothing"
    display(Table(frame.map("{:.3f}".format), caption=caption))
say(f"{'What it does: ' if answers else ''}{escape_markdown(measured['stratification'])}.")

# %% [markdown]
# This book scores within each fold and then averages, so that the point does not touch its scores.
# It matters for who counts over all folds together, and it works against a method, not for it.
#
# ## Early stopping on the test fold
#
# Training stops, and the best {term}`epoch` is kept, by a loss on data that are not trained on. In
# the code these data are the test fold. The best of many epochs *on the test fold* is then
# reported, and the best of several noisy numbers is too good on average. How much too good depends
# on how many independent answers there are. For networks that know nothing, in every epoch anew:

# %%
epochs = this_study.training.epochs
sizes = {"windows of a test fold": 30_720, "trials of a test fold": 256}  # DEAP, five folds
guessing = {name: selection.noise_selection(epochs, n, n_networks=500) for name, n in sizes.items()}
too_good = {name: found.best_on_test - found.best_on_validation for name, found in guessing.items()}

# %% tags=["remove-input"]
histories, predictions = stages.histories(this_study), stages.predictions(this_study)
trained = len(predictions) > 0 and (histories["stage"] == "pooled").any()
say(
    f"With {epochs} epochs, as in this study, and the size of DEAP, the accuracy of guessing comes",
    "out too high by",
    ", ".join(f"**{value:.3f}** if {n:,} {name} count" for (name, value), n in
              zip(too_good.items(), sizes.values(), strict=True)) + ".",
    "Real epochs resemble each other, so the truth is lower. Windows of one trial resemble each",
    "other too: there are not as many independent answers as windows.",
)  # fmt: skip

# %% tags=["remove-input"]
measured["validation"] = "accuracy of guessing too high by " + " or ".join(
    f"{value:.3f} ({name})" for name, value in too_good.items()
)

# %% tags=["remove-input"]
if trained:
    losses = selection.chosen_losses(histories, predictions)
    gaps = (losses["test"] - losses["validation"]).groupby("protocol").mean()
    gaps = gaps.round(3) + 0.0  # no minus before a zero
    words = [f"{gap:+.3f} nats ({protocol_name(name)})" for name, gap in gaps.items()]
    page = say(
        "In this study's own networks the loss on test less that on validation data is",
        ", ".join(words) + ".",
        "Where the two are the same data it is 0: nothing is left that could show the difference.",
    )
else:
    page = say("This study's networks are not trained yet; then their losses stand here.")
display(page)

# %% [markdown]
# ## What takes a study of its own
#
# Three points concern training, or how results are reported. Published figures say something about
# them; all are accuracies (%) of {term}`windows <window>` under the window-wise {term}`protocol`,
# with *windows of one trial on both sides*. [The published figures](A2_published_figures) have them
# all, with what the field reports where whole trials or people are held out.

# %% tags=["hide-input"]
figures = published().set_index(["system", "variant"])[["valence", "arousal"]]


def apart(first, second):
    """The difference of two published figures, as words."""
    valence, arousal = figures.loc[second] - figures.loc[first]
    return f"{valence:+.2f} points for valence, {arousal:+.2f} for arousal"


ablation = "MT-CNN ablations"
rate = apart((ablation, "proposed"), (ablation, "no rate decay"))
six = apart(("MT-CNN", "single frames pooled"), ("MT-CNN", "6 frames before fine-tuning"))
fifth = apart(("MT-CNN", "6 frames"), ("MT-CNN", "repository's update"))

# %% tags=["remove-input"]
measured["rate"] = f"not here; published, without any decay: {rate}"
measured["windows"] = f"not here; published, six instead of one, before fine-tuning: {six}"
measured["figures"] = f"published, the fifth fold against all five: {fifth}"
measured["pooling"] += "; scores not here"
if len(tasks) > 1:
    measured["class_weights"] += "; scores not here"
setting = paper_and_code.points()["setting"]
by_training = ["pooling", "class_weights", "rate", "windows"]
say(
    "The study that would measure it: a copy of this study's file in which the keys",
    ", ".join(f"`{setting[key]}`" for key in by_training),
    "take another value, one at a time; or the same as `variants` within one file, so that the",
    "cohort's page holds them side by side. On DEAP at full size each takes many hours:",
    "`studies/deap.yaml` counts them.",
)

# %% [markdown]
# ## All points in one table
#
# A dash says that no statement of the paper is recorded. *Ours* is the default, with the setting
# that chooses. Ridge is scored on new trials, as above; published differences are of scores with
# windows of one trial on both sides.

# %% tags=["remove-input"]
points = paper_and_code.points()
points["measured"] = pd.Series(measured)
points["default"] += points["setting"].map(lambda key: f" ({key})" if key != "-" else "")
heads = {"what": "point", "default": "ours", "measured": "effect measured"}
shown = points.drop(columns="setting").rename(columns=heads).set_index("point")
Table(shown, caption="Paper, released code, this book, and what it does", css="emolib-wide")

# %% [markdown]
# These are differences between two accounts of one experiment. What its scores can claim depends on
# something in which both agree, the way of splitting: [chapter 9](09_what_a_score_means).
#
# ## Provenance

# %% tags=["remove-input"]
inputs = this_study.reader.sources(this_study.recordings_root, subject)
provenance(this_study, inputs)
