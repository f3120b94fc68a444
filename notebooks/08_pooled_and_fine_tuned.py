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
# # Pooled and fine-tuned
#
# ## What you will learn
#
# - the three stages in which the published method trains, and who shares whose weights;
# - how losses on validation data halve the learning rate and end the training;
# - why a score is too good if the test data also choose the epoch, and by how much;
# - what had to change so that a network knows people that it has never seen;
# - what fine-tuning on one person gained, in the paper and here, and what it could gain.
#
# **Time.** About 20 minutes, and half an hour for the exercises.
#
# **What you need.** [The multi-task loss](07_multi_task_loss), the protocols in
# [How to read this book](/how_to_read.md), and for one section the normal distribution.
#
# **The question.** *A network that learnt from everybody learns a little more from one person. Does
# it then know new trials of that person better?*

# %%
from dataclasses import replace

import numpy as np
import pandas as pd
from IPython.display import display

from emolib.book.provenance import provenance
from emolib.errors import SettingsError
from emolib.evaluation import comparison as statistics

# %%
from emolib.evaluation import scores as evaluation
from emolib.evaluation.literature import FINE_TUNING_POINTS, published
from emolib.evaluation.scores import STAGES
from emolib.figures import scores as score_plots
from emolib.figures.display import Table, say, use_style
from emolib.lessons import paired_stages, personal_gain, recipe, schedule, selection
from emolib.lessons import stage_pictures as pictures
from emolib.splits.protocols import CROSS_SUBJECT, HELD_OUT, protocol_name
from emolib.study import stages
from emolib.study.study import load

use_style()

# %% tags=["parameters"] needs="scores"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None takes the first whose recording can be used

# %%
this_study = load(study)
subject = subject or stages.first_valid(this_study)
settings, tasks, subjects = this_study.training, list(this_study.tasks), this_study.subjects()
histories, predictions = stages.histories(this_study), stages.predictions(this_study)
trained = len(predictions) > 0
tunes = this_study.fine_tune and not CROSS_SUBJECT.issuperset(this_study.protocols)

# %% tags=["remove-input"]
if not trained:
    display(
        say(
            "**This study has not been trained yet.** This page shows the rules and the published",
            "figures; run the whole study to see its own beside them.",
        )
    )
if not tunes:
    display(
        say(
            "**This study has no fine-tuned networks**: it holds out whole people, or does not ask",
            "for them. What is said of them below is what they would be.",
        )
    )

# %% [markdown]
# ## Three stages
#
# One network is trained on all {term}`subjects <subject>` together: it is {term}`pooled`. Its
# weights are then the start for further networks, each trained on the {term}`windows <window>` of
# one subject only: these are {term}`fine-tuned`. First with all {term}`heads <head>` at once; then,
# *from the pooled weights again*, with one head at a time, the loss of the other switched off.

# %% tags=["remove-input"]
pictures.stages(subjects, tasks)

# %% tags=["hide-input"]
rates = [
    settings.learning_rate,
    settings.fine_tuning_learning_rate,
    settings.single_task_learning_rate,
]
pooled_epochs = f"{settings.epochs}, or {settings.fixed_epochs} fixed (see below)"
rows = {
    "learns from": ["all subjects", "one subject", "one subject"],
    "heads": ["all", "all", "one"],
    "learning rate": [f"{rate:g}" for rate in rates],
    "epochs at most": [pooled_epochs, *[settings.fine_tuning_epochs] * 2],
    "networks a fold": [1, len(subjects), len(subjects) * len(tasks)],
}
table = pd.DataFrame(rows, index=list(STAGES.values())).T
Table(table, caption="The three stages with this study's settings")

# %% [markdown]
# An {term}`epoch` is one pass over the training data. The learning rate is the factor on each step
# that the optimiser takes. In the paper {cite:p}`rudakov2021` fine-tuning takes an eighth of the
# first rate, and a quarter of it for a single head, so as not to run away from what everybody
# taught; the limit is 200 epochs. With 32 people and two {term}`tasks <task>`, 96 networks are
# fine-tuned in each {term}`fold`.
#
# One point matters for all that follows. **Fine-tuning adds no data.** The subject's training
# windows were among the pooled network's training windows already. What changes is their weight:
# first they are a part of everybody's, then they are everything.
#
# ## A schedule that watches the loss
#
# After each epoch of the published training the loss is computed on {term}`validation data`, which the optimiser does not
# see. Three rules follow from it:
#
# 1. an epoch counts as *better* if its validation loss is smaller than all before; each
#    {term}`class` counts the same in that loss, as in training, but as published each window where
#    windows of one trial are on both sides;
# 2. after a number of epochs in a row that are not better, the rate is halved (and in fine-tuning
#    the weights of the best epoch are brought back);
# 3. after a larger number of them training stops, and the weights of the best epoch are kept. This
#    is {term}`early stopping`.
#
# The rules need nothing but the list of losses. So we can play them through on a list that is made
# up: a fall, a plateau and a slow rise, with noise.

# %%
losses = schedule.example_losses()
course = schedule.follow(losses, settings, rate=settings.fine_tuning_learning_rate, restore=True)
kept = schedule.best_epoch(course)

# %% tags=["remove-input"]
pictures.schedule(course, of="A made-up course of losses.")

# %% tags=["remove-input"]
falls = course[course["halved"] & ~course["stopped"]]
back = " or ".join(str(epoch) for epoch in sorted(set(falls["goes_on_from"])))
halving = "This study never halves the rate."
if len(falls):
    at = ", ".join(map(str, falls["epoch"]))
    halving = f"""The rate is halved after {settings.lr_patience} epochs in a row that are not
    better: after epochs {at}. What follows goes on from the weights of
    epoch {back}, the best so far."""
say(
    halving,
    f"Training stops after {settings.early_stopping_patience} such epochs, here after",
    f"{len(course)} of {len(losses)}. **Epoch {kept} is kept.**",
)

# %% [markdown]
# Halving helps to settle: near a minimum large steps jump over it, small ones do not. Early
# stopping helps against *overfitting*: a network that goes on learning its training data ever more
# exactly may get worse at everything else.
#
# Where whole people are held out, validation data are a few people, and the epoch that suits those
# best is mostly chance. So here the pooled networks of all protocols but the published one end by
# a *fixed schedule*: a number of epochs that is set beforehand, over which the rate falls by equal
# steps, and the last weights are kept. The validation loss is written down and chooses nothing.
#
# Do the other stored trainings follow the rules? Each leaves a *history*, a row an epoch, with the
# rate that was used. We give the rules its validation losses and compare the rates that follow.

# %%
fits = schedule.replay(histories, settings)
honest = [fit for fit in fits if fit.protocol != "window_wise"]

# %% tags=["remove-input"]
if honest:
    fit = max(honest, key=lambda fit: fit.course["halved"].sum())
    of = f"A stored fit: {protocol_name(fit.protocol)}, fold {fit.fold}, {fit.stage}."
    display(pictures.schedule(fit.course, of=of))
    agree = sum(fit.agrees for fit in fits)
    display(say(f"The rules give the stored rates in **{agree} of {len(fits)}** stored fits."))
else:
    display(say("No stored training of an honest protocol follows these rules."))

# %% [markdown]
# ## Learning curves
#
# A *learning curve* shows training and validation loss side by side. Here they are for
# the pooled network, the same network and the same recordings; what differs is what the
# {term}`protocol` holds out.

# %%
pooled = histories[histories["stage"] == "pooled"] if trained else histories
there = [name for name in HELD_OUT if trained and name in set(pooled["protocol"])]
shown = there[:2] if len(there) > 1 else [name for name in there if name != "window_wise"]
kept = selection.chosen_losses(histories, predictions) if trained else pd.DataFrame()

# %% tags=["remove-input"]
if shown:
    display(score_plots.learning(pooled, shown))
for name in shown:
    own = kept.loc[name]
    if (own["selection"] == "last").all():
        display(say(f"*{protocol_name(name)}*: the last of {own['epochs'].max()} epochs is kept."))
        continue
    n_cut = int((own["kept"] == own["epochs"]).sum())
    cut = (
        f"In {n_cut} of {len(own)} trainings the limit cut in before the rules did."
        if n_cut
        else ""
    )
    which = f"of {own['epochs'].max()} epochs, those kept are {', '.join(map(str, own['kept']))}."
    display(say(f"*{protocol_name(name)}*: {which} {cut}"))

# %% [markdown]
# Where whole {term}`trials <trial>` or people are held out, a validation loss that soon rises while
# the training loss falls is typical: the network learns *its* trials by heart. Where windows of one
# trial are on both sides, learning trials by heart lowers the validation loss as well, and the
# rules see no reason to stop. Validation data can only warn of what they do not share with the
# training data.
#
# ## If the test fold chooses the epoch
#
# Validation data choose an epoch, so they are no test data any more: the chosen epoch is the one
# that they like best. In the published experiment the test fold *is* the validation set. How much
# does that flatter?
#
# Let a network know nothing: each of its answers to $N$ test questions is a coin throw. An epoch's
# accuracy then has the mean 1/2 and the standard deviation $\sqrt{1 / 4N}$. If the answers of $n$
# epochs are independent, the best of them has the expected accuracy
#
# $$\frac12 + e_n \sqrt{\frac{1}{4N}}, \qquad
# e_n = n \int x\, \varphi(x)\, \Phi(x)^{n-1}\, \mathrm{d}x,$$
#
# where $e_n$ is the expected largest of $n$ standard normal numbers, with density $\varphi$ and
# distribution $\Phi$: one of the $n$ lies at $x$, the $n - 1$ others below it. We throw coins to
# check, and also let *other* throws, as many, choose the epoch.

# %%
rows = {}
for n_epochs, n_test in [(5, 40), (20, 40), (200, 40), (20, 960), (20, 30720)]:
    found = selection.noise_selection(n_epochs, n_test)
    rows[f"{n_epochs} epochs, {n_test:,} answers"] = {
        "formula": f"{found.formula:.2%}",
        "chosen on test": f"{found.best_on_test:.2%}",
        "chosen on validation": f"{found.best_on_validation:.2%}",
    }
Table(pd.DataFrame(rows).T, caption="Mean test accuracy of networks that know nothing")

# %% [markdown]
# With 40 answers, choosing on test makes a good deal out of nothing; with tens of thousands, next
# to nothing. Real epochs are not independent: most answers stay the same from one to the next. So
# the formula says how much at most. In the stored trainings, the loss of the weights kept is:

# %% tags=["remove-input"]
if trained:
    mean = kept.groupby("protocol", sort=False)[["validation", "test"]].mean()
    mean.index = [protocol_name(name) for name in mean.index]
    caption = "Loss of the weights kept (nats, sum over tasks), mean over the pooled trainings"
    display(Table(mean.map("{:.3f}".format), caption=caption))
else:
    display(say("(not yet computed)."))

# %% tags=["remove-input"]
if trained and "window_wise" in there:
    gap = (kept.loc["window_wise", "test"] - kept.loc["window_wise", "validation"]).abs().max()
    display(
        say(
            "Window-wise (windows of one trial on both sides) the two numbers differ by at most",
            f"{gap:.0e}: they are one and the same, the smallest of all epochs.",
        )
    )

# %% [markdown]
# Without leaks the two numbers belong to different trials or people, and those of the test chose
# nothing. The test loss may happen to be smaller; on average over many trainings it is larger.
#
# ## What people who are held out ask for
#
# On real recordings, rest against mental arithmetic {cite:p}`zyma2019`, the published training is
# worse than ridge regression on the same maps. Twenty people were held out in five folds, and one
# thing after the other was changed. The settings were chosen by the scores of the first ten people,
# and stand here with those of the others.

# %%
tried = recipe.results()

# %% tags=["remove-input"]
caption = "Balanced accuracy, mean of people and trainings. In parentheses: 95 % intervals"
display(Table(recipe.real_table(tried), caption=caption, css="emolib-wide"))
display(say(*recipe.sentences(tried)))

# %% [markdown]
# Most is done by the *fixed schedule*: the network learns for some epochs, whatever a few people say
# after the first. Where each subject is z-scored there is more to gain without {term}`batch
# normalisation`. In training it takes a batch's own means and variances, afterwards running ones;
# with people held out, a network that has it answers with the commoner class too often, although
# training gave both the same weight, and balanced accuracy counts the rarer one. What else was tried
# brought less or nothing: noise on the maps, people's mean maps exchanged, weight decay, a lower
# learning rate, more epochs, and a threshold taken from the people in validation.
#
# A linear model can be improved as well: with a strong penalty and with class weights, as the table
# says, it does as well as the network. With so few people there is little to be learnt from such
# maps beyond what a linear model holds.
#
# In simulated cohorts, with and without an effect:

# %% tags=["remove-input"]
caption = "Balanced accuracy of trials, one training each. In parentheses: 95 % intervals"
display(Table(recipe.simulated_table(tried), caption=caption, css="emolib-wide"))

# %% [markdown]
# These settings are the default for all protocols but the published one (`schedule: auto` below
# `training` and `batch_norm: auto` below `model` in a study's file).
#
# ## What fine-tuning gained in the paper
#
# Published figures are shares of right windows. Below them stands what the field reports for the
# same data when whole trials are held out.

# %%
figures = published()
chosen = ["single frames pooled", "6 frames before fine-tuning", "6 frames"]
ours = (figures["system"] == "MT-CNN") & figures["variant"].isin(chosen)
field = (figures["system"] == "the field on DEAP") & (figures["protocol"] == "trial_grouped")
table = figures[ours].iloc[::-1]
table = pd.concat([table, figures[field]])
table.index = table["system"] + ", " + table["variant"]
table["protocol"] = [protocol_name(name) for name in table["protocol"]]
table = table[["protocol", "valence", "arousal", "source"]]

# %% tags=["remove-input"]
Table(table, caption="Published accuracies on DEAP, in percent", css="emolib-wide")

# %%
by_name = figures[figures["system"] == "MT-CNN"].set_index("variant")[["valence", "arousal"]]
six = by_name.loc["6 frames"] - by_name.loc["6 frames before fine-tuning"]
both, one = (FINE_TUNING_POINTS[stage] for stage in ("subject", "subject_and_task"))
right = by_name.loc["single frames pooled"].mean() / 100
n_fold, n_person = 30720, 960  # windows in a test fold of DEAP: of all 32 people, and of one
of_20 = selection.expected_maximum(20)
too_good = {n: 100 * of_20 * np.sqrt(right * (1 - right) / n) for n in (n_fold, n_person)}

# %% tags=["remove-input"]
say(
    "With single frames, fine-tuning moved these scores (windows of one trial on both sides) by",
    f"{both:+.2f} points with both heads, and by {one:+.2f} with one: {one / 100 * 5 * n_fold:.0f}",
    f"of all {5 * n_fold:,} windows. With six frames, the scores of the table differ by",
    f"{six['valence']:+.2f} (valence) and {six['arousal']:+.2f} points (arousal).",
)

# %% tags=["remove-input"]
say(
    f"Hold that against the choice of the epoch. At an accuracy of {right:.1%}, the best of 20",
    f"independent epochs would be {too_good[n_fold]:.2f} points too good in a fold of {n_fold:,}",
    f"windows, and {too_good[n_person]:.1f} points in one person's {n_person}. **So the choice of",
    f"the epoch cannot explain a score of {right:.1%}, but it can be as large as what fine-tuning",
    "gained.** It need not be: epochs are not independent, and they are chosen by their loss.",
)

# %% [markdown]
# Why is there so little to gain? Four fifths of each trial's windows are in the training set, with
# the trial's one label. Whoever recognises the trial of a test window has its label, and
# [What a score means](09_what_a_score_means) measures how easy that is. The pooled network can do
# it for all people at once. Fine-tuning shows it the same windows of the same trials again.
#
# ## What fine-tuning gained here
#
# The same subjects, trials and folds are scored twice, so each subject gives a *difference*: its
# {term}`balanced accuracy` of trials after fine-tuning, less that before.

# %%
found = paired_stages.stage_differences(predictions, "pooled", ["subject", "subject_and_task"])
honest = {key: given for key, given in found.items() if key[0] != "window_wise"}

# %% tags=["remove-input"]
if honest:
    display(pictures.gains(found))
    table = paired_stages.differences_table(found)
    table = table.rename(columns={"first": "pooled (%)", "second": "fine-tuned (%)"})
    table.insert(0, "task", [task for _, task, _ in found])
    table.insert(1, "stage", [STAGES[stage] for _, _, stage in found])
    table.index = [protocol_name(protocol) for protocol, _, _ in found]
    display(Table(table, caption="Balanced accuracy of trials, differences in points"))
else:
    display(say("There are no fine-tuned networks under a protocol without leaks to show."))

# %% tags=["remove-input"]
if honest and this_study.repeats >= statistics.MIN_SEEDS:
    trials_held_out = paired_stages.verdict(honest)
    display(say(f"With trials held out: {trials_held_out[0].lower()}{trials_held_out[1:]}"))
elif honest:
    display(
        say(
            "**These differences are descriptive.** Each network was trained with",
            f"{this_study.repeats} seed{'s' * (this_study.repeats > 1)}. With another one the",
            "same network may score some points more or less, and a difference may be just that.",
            f"From {statistics.MIN_SEEDS} seeds on (the key `repeats` of a study's file) an",
            "interval stands in the table.",
        )
    )

# %% [markdown]
# Under the published protocol there is a ceiling to mind: nobody scores more than 100 %.

# %% tags=["remove-input"]
leaking = {key: given for key, given in found.items() if key[0] == "window_wise"}
if honest and leaking:
    before = {task: given.by_subject["first"].mean() for (_, task, _), given in leaking.items()}
    n_cut = int((kept.loc["window_wise", "kept"] == kept.loc["window_wise", "epochs"]).sum())
    display(
        say(
            "Window-wise (windows of one trial on both sides) the pooled networks score",
            " and ".join(f"{value:.1%} ({task})" for task, value in before.items()) + ".",
            "At most",
            " and ".join(f"{100 * (1 - value):.1f}" for value in before.values()),
            "points are left to gain.",
        )
    )
else:
    display(say("This study cannot show it: it has no fine-tuned networks to compare."))

# %% tags=["remove-input"]
if honest:
    scores = evaluation.score(predictions, resamples=0)
    whole = scores["subject"].isna() & scores["fold"].isna()
    of = scores[whole & (scores["metric"] == "window_accuracy")]
    of = of[of["protocol"].isin({key[0] for key in found})]
    of = of.assign(protocol=of["protocol"].map(protocol_name))
    table = of.pivot_table(index=["protocol", "task"], columns="stage", values="value")
    table = table.map("{:.1%}".format).rename(columns=STAGES).reset_index("task")
    display(Table(table, caption="Right windows, mean over subjects and folds"))

# %% tags=["remove-input"]
if honest and leaking and n_cut:
    display(
        say(
            "Whatever changes for single windows, mind the learning curves: in",
            f"{n_cut} of {len(kept.loc['window_wise'])} window-wise trainings the limit of epochs",
            "cut the pooled training short. Fine-tuning then also does what more epochs would have",
            "done; only a pooled network that trains on for as long could tell the two apart.",
        )
    )

# %% [markdown]
# ## What fine-tuning could gain
#
# With trials held out, a gain has to come from what *other* trials of a person tell about new ones.
# There may be such a thing: what goes with a {term}`class` may look different in different people.
# How much of it can so few trials teach? A small model answers with formulas.
#
# Let a trial be one number for each of $p$ sources, with noise of variance 1. In person $i$ the
# classes differ at source $s$ by $w_{is}\, d / \sqrt{p}$, where $w_{is}$ is normal with mean 1 and
# standard deviation 1.6: all have one pattern in common, but in each person many a source is
# stronger, weaker or reversed. (Simulated people are made in this way; their standard deviation is
# a setting.)

# %% tags=["remove-input"]
if this_study.simulation is not None:
    for name in subjects:
        stages.ensure_recording(this_study, name)
    read, root = this_study.reader.read_truth, this_study.recordings_root
    truth = [read(root, name) for name in subjects]
    signs = [  # of the sources that follow a rating, if there is an effect at all
        one[f"w{scale}"].to_numpy()[one[f"k{scale}"].to_numpy() != 0]
        for one in truth
        for scale in "VA"
    ]
    signs, spread = np.concatenate(signs), this_study.simulation.effect_spread
    page = say(
        f"In this study the standard deviation is {spread:g}. In the truth of its {len(truth)}",
        f"people {(signs < 0).sum()} of {len(signs)} sources are reversed.",
    )
    display(page)

# %% [markdown]
# Whoever knows the common pattern only (*pooled*) looks for it in everybody. With $n$ labelled
# trials of the person and nothing else (*alone*) one estimates $p$ numbers, each with an error of
# variance $4 / n$. The best of both *combines* them: start from the common pattern, and move
# towards the person's own as far as $n$ trials warrant. Fine-tuning with early stopping aims at
# this.

# %%
n_trials = [4, 8, 16, 32, 64, 128, 256]
taught = {n: personal_gain.accuracies(n, separation=0.8) for n in n_trials}
names = {"known": "pattern known", "combined": "combined", "pooled": "pooled", "alone": "alone"}
curves = {label: [getattr(taught[n], name) for n in n_trials] for name, label in names.items()}

# %% tags=["remove-input"]
pictures.teaching(n_trials, curves)

# %% tags=["remove-input"]
ahead = [n for n in n_trials if taught[n].alone > taught[n].pooled]
say(
    f"With d = 0.8 and {personal_gain.SOURCES} sources, 32 trials of a person lift the combination",
    f"{100 * (taught[32].combined - taught[32].pooled):.1f} points above the common pattern;",
    f"{100 * (taught[32].known - taught[32].combined):.1f} are missing to what could be known.",
    f"Alone, {ahead[0]} trials are enough to beat it, and {n_trials[n_trials.index(ahead[0]) - 1]}",
    "are not. Of 40 trials, five folds that hold out trials leave 32, and validation needs some.",
)

# %% [markdown]
# The model is kind: sources are given and their noise is independent, while a network has to find
# them. It shows that a gain is *possible* where people differ and trials are held out, and that it
# comes with the number of trials. It does not come with the number of windows: all windows of a
# trial share its label and its state.
#
# ## New people: nothing to tune with
#
# Under leave-subjects-out no trial of a test subject is in the training set. There are no labels of
# that person to learn from, and the training refuses to fine-tune. Let us ask for it.

# %%
from emolib.model import training  # noqa: E402 - here, since nothing above has to wait for Keras
from emolib.splits.protocols import leave_subjects_out  # noqa: E402

people = ["sub-01", "sub-02", "sub-03", "sub-04"]
table = pd.MultiIndex.from_product([people, range(8)], names=["subject", "trial"]).to_frame(False)
table = table.assign(stimulus=table["trial"], window=0, label=table["trial"] % 2)
fold = next(leave_subjects_out(table, n_folds=2, seed=0))
try:  # it refuses before it looks at a network or a map, so there is none
    next(training.train_fold(None, None, {}, fold, table["subject"].to_numpy(), seed_key=()))
except SettingsError as error:
    print(error)

# %% [markdown]
# {term}`Recordings <recording>` of a new person *without* labels could be used to adapt a network.
# That is another method, and neither the paper nor this book does it.
#
# ## Check yourself
#
# **1.** A colleague stops training by the validation loss, keeps the best epoch, and reports its
# accuracy on the validation data. What do you ask?
#
# ```{dropdown} Answer
# Among how many epochs it was chosen, on how many independent answers, and how that epoch does on
# data that took no part in the choice. Best of all: the last of these only.
# ```
#
# **2.** Fine-tuning lifts a window-wise score (windows of one trial on both sides) from 96.4 to
# 96.5 %. May one say that the network now knows these people better?
#
# ```{dropdown} Answer
# No. More held-out windows of *known trials* were labelled like the rest of their trial. To say
# something about people, hold out their trials. And one training seed is not enough: networks of
# two seeds differ as well.
# ```
#
# ## Exercises
#
# **Exercise 1.** How patient should one be? Follow the made-up losses again, stopping after 1, 2,
# 4, 8 and 16 epochs that are not better, without halving. How many epochs are trained, which is
# kept, and what is its loss?

# %% tags=["hide-cell", "solution"]
for patience in (1, 2, 4, 8, 16):
    followed = schedule.follow(
        losses, replace(settings, early_stopping_patience=patience, reduce_lr_on_plateau=False)
    )
    best = schedule.best_epoch(followed)
    print(f"{patience}: {len(followed)} epochs trained, {best} kept, loss {losses[best - 1]:.3f}")

# %% [markdown]
# **Exercise 2.** Real epochs are not independent. Let a network that knows nothing throw a fifth of
# its 40 coins again in each epoch. How good is the best of 20 epochs now? How many independent
# epochs is that worth?

# %% tags=["hide-cell", "solution"]
rng = np.random.default_rng(0)
right_answers = rng.random((4000, 40)) < 0.5  # a row a network
best = right_answers.mean(axis=1)
for _ in range(19):
    again = rng.random(right_answers.shape) < 0.2
    right_answers = np.where(again, rng.random(again.shape) < 0.5, right_answers)
    best = np.maximum(best, right_answers.mean(axis=1))
worth = [0.5 + selection.expected_maximum(n) * np.sqrt(0.25 / 40) for n in range(1, 21)]
nearest = 1 + int(np.argmin(np.abs(np.array(worth) - best.mean())))
print(f"best of 20: {best.mean():.1%}, as the best of some {nearest} independent epochs")
print(f"20 independent epochs: {worth[-1]:.1%}")

# %% [markdown]
# **Exercise 3.** What if people are more alike, or less? Compute the gain of the combination over
# the common pattern at 32 trials for standard deviations of $w$ of 0, 0.4, 0.8, 1.6 and 3.2.

# %% tags=["hide-cell", "solution"]
for spread in (1e-9, 0.4, 0.8, 1.6, 3.2):
    one = personal_gain.accuracies(32, separation=0.8, spread=spread)
    gain = 100 * (one.combined - one.pooled)
    print(f"spread {spread:.1f}: pooled {one.pooled:.1%}, combined {one.combined:.1%}, {gain:+.1f}")

# %% [markdown]
# ## Conclusion
#
# Pooled training looks for what people share, fine-tuning for what one person adds; the data are
# the same, the weight on them is not. A schedule that watches validation data is as good a judge as
# these data are unlike the training data. Where the test fold is the validation set, a score is the
# best of many. That is a small matter with many windows, but not small beside gains of a tenth of a
# point. Whether fine-tuning helps with new trials of a known person is a fair question. It asks for
# trials held out, for several training seeds, and for many trials of each person.
#
# ## Where to read on
#
# - The stages and their learning rates: {cite:t}`rudakov2021`.
# - How much of a score is the protocol: [What a score means](09_what_a_score_means).
# - Which protocols others used, and what came out: {cite:t}`khan2025,kukhilava2025`.
#
# ## Provenance

# %% tags=["remove-input"]
inputs = this_study.reader.sources(this_study.recordings_root, subject)
provenance(this_study, inputs)
