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
# # Your own data
#
# Each bar in the figure below counts experiments with one person, in which a
# classifier only guesses. With few {term}`trials <trial>`, guessing often
# looks like success. **How many trials do you need before an accuracy of 0.65
# means anything, and how do your files get into this book?**

# %% tags=["parameters", "remove-input"] needs="first"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None: the first that can be used

# %% tags=["hide-input"]
import contextlib
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import mne
import numpy as np
import pandas as pd
from scipy import optimize, stats
from sklearn import linear_model, model_selection

from emolib.__main__ import main
from emolib.book import subject_tables
from emolib.book.answers import check
from emolib.book.provenance import provenance
from emolib.errors import InputError
from emolib.evaluation import variance

# %% tags=["hide-input"]
from emolib.features.power import before_and_after
from emolib.figures import benches
from emolib.figures import display as shown
from emolib.figures import scores as score_plots
from emolib.figures.benches.games import chance_of
from emolib.figures.display import Picture, Table, say
from emolib.grid import canonical_name, cells
from emolib.recordings import READERS, example, files
from emolib.study import stages
from emolib.study.study import load

shown.use_style()

# %% tags=["hide-input"]
rng = np.random.default_rng(0)
guesses = {n: rng.binomial(n, 0.5, size=2000) / n for n in (20, 40, 160)}
fig, axes = plt.subplots(1, 3, figsize=(6, 2), sharey=True)
above = {n: (reached >= 0.65).mean() for n, reached in guesses.items()}
for ax, (n, reached) in zip(axes, guesses.items(), strict=True):
    values, counts = np.unique(reached, return_counts=True)
    high = np.where(values >= 0.65, shown.RED, shown.BLUE)
    ax.bar(values, counts, width=0.8 / n, color=high)
    ax.set(title=f"{n} trials", xlabel="accuracy", xlim=(0.2, 0.8))
    ax.set_xticks([0.3, 0.5, 0.7])  # more would run into the next panel
axes[0].set_ylabel("experiments")
told = ", ".join(f"{share:.1%} with {n} trials" for n, share in above.items())
Picture(
    fig,
    alt=f"Histograms of the accuracy of guessing. It reaches 0.65 in {told}.",
    caption="Accuracy of guessing in 2,000 experiments each. Red: 0.65 or "
    f"more, which is {told}.",
)

# %% [markdown]
# ## What you will learn
#
# - how your recordings get in, and what happens to them on the way;
# - what an error message looks like, and what to do about it;
# - how to compute the number of trials, people and films that you need;
# - in which order to show the films;
# - how to run a large study, and how to read a subject's report.
#
# **Time.** About 25 minutes, and half an hour for the exercises.
#
# **What you need.** [A first look at one recording](01_first_look) and
# [What a score means](09_what_a_score_means).

# %% tags=["hide-input"]
this_study = load(study)
subject = subject or stages.first_valid(this_study)
recording = stages.recording(this_study, subject)

# %% [markdown]
# ## Which data can be read
#
# A *reader* turns files into the one form of a {term}`recording` that all
# chapters use. A {term}`study` names its reader as `dataset`:

# %% tags=["remove-input"]
about = {
    name: reader.__doc__.strip().splitlines()[0]
    for name, reader in READERS.items()
}
about = pd.Series(about, name="what it reads").rename_axis("dataset")
Table(about.to_frame(), caption="Readers")

# %% [markdown]
# [The data](/data.md) describes the public data sets, how to get them and how
# they differ. DEAP {cite:p}`koelstra2012`, SEED {cite:p}`zheng2015` and
# DREAMER {cite:p}`katsigiannis2018` are given out on request.
#
# There are four ways to bring other data:
#
# - Keep files that MNE-Python opens, and write a table of trials. The next
#   section does this.
# - Keep your data in the BIDS layout, and use `dataset: bids`. No table is
#   needed.
# - Cut the trials yourself in MNE or EEGLAB, and use `dataset: epochs` or
#   `emolib.from_epochs`, as in the [quick start](quick_start).
# - Write a reader, which is a module of three functions. `CONTRIBUTING.md`
#   shows one.
#
# ## A folder of files and a table
#
# Let us make a folder with an EDF file from the first seconds of this study's
# recording, as if it were yours. Beside it is a table, `trials.csv`, with one
# row per trial. The {term}`ratings <rating>` of {term}`valence` are invented.

# %%
place = tempfile.TemporaryDirectory()
folder = Path(place.name) / "my_recordings"
written = example.write_example(folder, recording)

# %% tags=["remove-input"]
aside = written.drop(columns=["subject", "file"]).astype(str)
aside.columns = [name.replace("_", " ") for name in aside.columns]
Table(
    aside.T.rename_axis("column").set_axis(
        [f"row {i}" for i in range(1, len(aside) + 1)], axis=1
    ),
    caption="trials.csv on its side, without the names of subject and file",
)

# %% [markdown]
# Seconds count from the beginning of the file. `baseline_seconds` and
# `stimulus` are optional. Each further column can be used to classify trials.
# Numbers are ratings, words are a {term}`class`. Ratings lie
# between 1 and 9 unless the study names another range, such as
# `recordings: {rating_range: [0, 100]}`. An empty cell or n/a is a missing
# value. A trial in which an annotation starts with BAD is left out.
#
# ## What the reader does
#
# Open the file in MNE and cut out the first trial. Two steps follow. Subtract
# the average of all {term}`channels <channel>` from each channel. Then
# subtract the mean of each channel, since [filters
# ring](02_band_filtering) on an offset.

# %% slideshow={"slide_type": "slide"}
raw = mne.io.read_raw_edf(folder / example.EEG_FILE, verbose="error")
trials = pd.read_csv(folder / example.TABLE)
sfreq = raw.info["sfreq"]
start = round(trials["onset_seconds"][0] * sfreq)
n_samples = round(trials["duration_seconds"][0] * sfreq)
x = raw.get_data(start=start, stop=start + n_samples, units="uV")
x = x - x.mean(axis=0)  # the common average becomes the reference
x = x - x.mean(axis=1, keepdims=True)  # no offset

# %%
mine = files.read(folder, "sub-01")
order = [raw.ch_names.index(name) for name in mine["channel"].to_numpy()]
np.testing.assert_allclose(mine["eeg"][0], x[order], atol=1e-3)
print(*mine.attrs["notes"], sep="\n")

# %% [markdown]
# The notes say what happened to your data. They also appear on the page of the
# {term}`subject`.
#
# The reader understands many spellings of names. It calls T3, T4, T5 and T6
# by their newer names. A channel that has no cell on the {term}`grid` is left
# out with a note.

# %%
for name in ("EEG Fp1-REF", "FP2", "T3", "Oz."):
    row, column = (int(each[0]) for each in cells([name]))
    print(f"{name:12} {canonical_name(name):4} row {row}, column {column}")

# %% [markdown]
# ## What an error looks like
#
# Every recording is checked before anything is computed. A message has three
# parts: *where* the fault is, *what* it is, and *what to do*. Let us damage
# the folder in five ways, one at a time:

# %%
messages = {}
for fault in example.FAULTS:
    example.write_example(folder, recording, fault=fault)
    try:
        files.read(folder, "sub-01")
    except InputError as error:
        messages[fault] = str(error).replace(str(folder.parent), "...")

# %% tags=["remove-input"]
messages = pd.Series(messages, name="message").rename_axis("fault")
Table(messages.to_frame(), caption="Five faults and their messages")

# %% [markdown]
# In a study, one damaged recording does not stop the others. Its page says
# what is wrong, and the cohort's page counts the subjects that were left out.
#
# ## A loose electrode
#
# A loose {term}`electrode` is no error, but it harms the others: the common
# average passes a part of its noise to all channels. Let one channel be
# larger by a factor, and compute how far the {term}`differential entropy` of
# the *others* moves.

# %%
eeg = recording["eeg"].isel(trial=0).dropna("time").to_numpy()
loose = np.arange(len(eeg)) == 0
moved = {}
for times in (3, 10, 30):
    larger = np.where(loose[:, None], times * eeg, eeg)
    before, after = (
        np.std(each - each.mean(axis=0), axis=1)[~loose]
        for each in (eeg, larger)
    )
    change = np.log(after / before)  # of the entropy, in nats
    moved[f"{times} times"] = {
        "median": np.median(change),
        "largest": change.max(),
    }

# %% tags=["remove-input"]
Table(
    pd.DataFrame(moved).T.map("{:+.2f}".format).rename_axis("one channel"),
    caption="Change of the other channels, in nats",
)

# %% [markdown]
# The section on signal quality of each subject's page names such channels.
# Name them in the study file, and they are left out or interpolated.
#
# ## A study file
#
# A study is a YAML file of a few lines. This one asks for valence
# under two honest {term}`protocols <protocol>`.

# %% slideshow={"slide_type": "slide"}
example.write_example(folder, recording)
study_file = folder / "mine.yaml"
text = """\
title: My study
dataset: files
root: .  # relative to this file
tasks:
  valence: {rating: valence, above: 5}
protocols: [trial_grouped, leave_subjects_out]
"""
study_file.write_text(text)
print(load(study_file).subjects())

# %% [markdown]
# `python -m emolib check mine.yaml` reads every recording and computes
# nothing. It counts the channels, trials and classes of each subject, and
# makes the {term}`folds <fold>` of each protocol where it can. Here is the
# same command, called from Python:

# %%
status = main(["check", str(study_file)])
print("exit status", status)

# %% [markdown]
# One person with so few trials can be read, but cannot be studied. An exit
# status of 0 would say that all is well.
#
# ## Let the program write the files
#
# `python -m emolib new mine recordings/` looks at a folder and writes the
# study file and the table, as far as the recordings tell: from annotations,
# from the events of a BIDS tree, or from a table. Read what it assumed. If one
# subject is taken for two, for example, every {term}`score` becomes too good.

# %%
with contextlib.chdir(folder):
    Path(example.TABLE).unlink()
    status = main(["new", "sketched", example.EEG_FILE])
    print(Path("sketched.yaml").read_text())
written = example.write_example(folder, recording)

# %% [markdown]
# A misspelt key is an error. Otherwise, a study could run for a week with a
# setting that was never read.

# %%
for right, wrong in {
    "protocols:": "n_fold: 3\nprotocols:",
    "trial_grouped": "trail_grouped",
}.items():
    study_file.write_text(text.replace(right, wrong))
    try:
        load(study_file)
    except InputError as error:
        print(str(error).replace(str(folder.parent), "..."), end="\n\n")

# %% [markdown]
# A table in the project's `README.md` lists all keys and their defaults.
#
# ## Preprocessing
#
# The section `recordings` of a study file says how to clean the recordings.
# Its settings have the names of MNE-BIDS-Pipeline, and MNE does the work. The
# part `subjects` is for single people. Here, everyone gets a high-pass filter
# at 1 Hz and a notch filter for line noise, and one loose electrode is
# interpolated from the others.

# %%
first, *others = recording["channel"].to_numpy().tolist()
repair = f"bads: [{first}], bad_channels: interpolate"
notch = 50 if recording.attrs["sfreq"] > 110 else "null"
study_file.write_text(
    text
    + f"""\
recordings:
  l_freq: 1
  notch_freq: {notch}
  subjects:
    sub-01: {{{repair if len(others) >= 4 else ""}}}
"""
)
cleaned = load(study_file).read("sub-01")
print(*cleaned.attrs["notes"], sep="\n")

# %% [markdown]
# What did that change? The subject's page compares the recording before and
# after, in spectra and in a table like this one:

# %% tags=["hide-input"]
sd = before_and_after(mine, cleaned)["sd"]
Table(
    subject_tables.amplitudes_table(sd).head(6),
    caption="Standard deviation before and after, of the first electrodes",
)

# %% [markdown]
# Decide on all of this before you see a score. If you try several settings and
# keep the one with the best score, you have fitted the test data. Filters,
# independent components and regression work on a whole file, never on single
# trials: a correction that is fitted to a trial marks the trial, and a
# classifier can find the mark.
#
# ## How many trials?
#
# Let a classifier guess on $n$ independent trials, half of them of either
# class. Its number of correct
# {term}`predictions <prediction>` is binomial. This gives the *range
# of chance*, which holds 95 of 100 such experiments. The *smallest effect* is
# the true accuracy that you would find in four of five experiments, with a
# one-sided test at the level of 0.05.


# %% slideshow={"slide_type": "slide"}
def plan(n):
    low, high = stats.binom.ppf([0.025, 0.975], n, 0.5) / n
    critical = stats.binom.ppf(0.95, n, 0.5) + 1  # speaks against chance

    def missing(p):
        return stats.binom.sf(critical - 1, n, p) - 0.8

    return low, high, optimize.brentq(missing, 0.5, 1)


names = ["chance, from", "to", "smallest effect"]
numbers = (20, 40, 80, 160, 320)
plans = pd.DataFrame([plan(n) for n in numbers], numbers, names)

# %%
for n in numbers:  # as the bench below computes it
    np.testing.assert_allclose(plans.loc[n], chance_of(n), atol=1e-6)

# %% tags=["remove-input"]
Table(
    plans.map("{:.2f}".format).rename_axis("trials"),
    caption="One person: accuracy of guessing, and what would be found",
)

# %% [markdown]
# For many trials the normal approximation is enough. The standard deviation of
# guessing is $\tfrac12 / \sqrt n$, so the range of chance is
#
# $$0.5 \pm \frac{1.96}{2 \sqrt n},$$
#
# and four times the trials halve its width.
#
# A classifier in {term}`cross-validation <fold>` is not quite so simple. Its
# folds share training trials, so its predictions are not independent. Here is
# ridge regression on pure noise:

# %%
ridge = linear_model.Ridge(10, fit_intercept=False)
folds = model_selection.KFold(5, shuffle=True, random_state=0)
reached = []
for _ in range(20):
    x = rng.normal(size=(40, 20))  # 40 trials, 20 features
    y = rng.permuted(np.tile([-1, 1], (100, 20)), axis=1).T
    predicted = model_selection.cross_val_predict(ridge, x, y, cv=folds)
    correct = (predicted > 0) == (y > 0)  # for 100 random labellings
    reached.extend(correct.mean(axis=0))
scatter = np.std(reached)

# %% tags=["remove-input"]
say(
    "With 40 trials, DEAP's number, the standard deviation of the accuracy is",
    f"**{scatter:.3f}**. The binomial distribution says",
    f"{0.5 / np.sqrt(40):.3f}. This is why the book permutes labels to find",
    "the range of chance of each study.",
)

# %% [markdown]
# ## Plan an experiment
#
# The bench below plans with several people, too. It takes predictions as
# independent unless you say otherwise. **Guess first.**

# %% tags=["hide-input"]
benches.PlanningBench()

# %% [markdown]
# ## What are many windows worth?
#
# If you cut trials into more {term}`windows <window>`, the table gets more
# rows. But windows of one trial share its {term}`label` and much of its
# signal, so their predictions are correct or wrong together. If correct
# predictions of two windows of a trial correlate by $\rho$, the variance of
# the mean of $n$ windows grows by the *design effect* $1 + (n - 1)\rho$, and
# they are worth
#
# $$n_\text{eff} = \frac{n}{1 + (n - 1)\,\rho}$$
#
# independent windows.

# %%
n = 120  # windows of half a second in a trial of a minute
correlations = np.array([0, 0.05, 0.2, 0.5])
worth = n / (1 + (n - 1) * correlations)

# %%
for rho, value in zip(correlations, worth, strict=True):
    effect = variance.design_effect(rho, np.full(40, n))
    np.testing.assert_allclose(value, n / effect)

# %% tags=["remove-input"]
told = pd.Series(worth, pd.Index(correlations, name="correlation"))
Table(
    told.map("{:.1f}".format).rename("independent windows").to_frame(),
    caption=f"What {n} windows of a trial are worth",
)

# %% [markdown]
# The limit is $1/\rho$. **More windows are not more trials.**
#
# ## How many people, how many films?
#
# Many people make up for few trials, but only up to a point. A brain responds
# to the cuts, the light and the sound of a film, whatever the person feels,
# and all brains respond alike. This response has nothing to do with the label.
# But if people are held out, training and test contain the same films, so a
# classifier can recognise the film and recall its label.
#
# In the simulation below, each film has a random label and, in one case, a
# shared response. Nothing marks the labels.


# %%
def random_labels(people, n_films, response, n_draws=4):
    """Hold people out; 20 times, give the films random labels."""
    person = np.repeat(np.arange(people), n_films)
    film = np.tile(np.arange(n_films), people)
    reached = []
    for _ in range(n_draws):
        x = response * rng.normal(size=(n_films, 20))[film]
        x = x + rng.normal(size=(len(film), 20))
        of_film = np.tile([-1, 1], (20, n_films // 2))
        y = rng.permuted(of_film, axis=1).T[film]
        predicted = model_selection.cross_val_predict(
            ridge, x, y, groups=person, cv=model_selection.GroupKFold(5)
        )
        reached.append(((predicted > 0) == (y > 0)).mean())
    return np.mean(reached)


by_design = {
    f"{people} people, {films} films": {
        "no response": random_labels(people, films, 0),
        "shared response": random_labels(people, films, 0.5),
    }
    for people, films in ((5, 40), (20, 40), (20, 10), (20, 80))
}

# %% tags=["remove-input"]
by_design = pd.DataFrame(by_design).T
Table(
    by_design.map("{:.2f}".format).rename_axis("design"),
    caption="Mean accuracy with random labels and people held out",
)

# %% tags=["remove-input"]
shared = by_design["shared response"]
say(
    "With a shared response, random labels reach",
    f"**{shared['20 people, 10 films']:.2f}** with 10 films and",
    f"{shared['20 people, 80 films']:.2f} with 80. More people do not help",
    f"(40 films: {shared['5 people, 40 films']:.2f} with 5 people,",
    f"{shared['20 people, 40 films']:.2f} with 20). Compare such a score with",
    "permuted films, not with 0.5, and prefer more films.",
)

# %% [markdown]
# ## In which order?
#
# Electrodes dry and people tire, so a recording drifts, and trials that are
# near in time are alike. If the condition follows time, time reveals the
# condition. In the next simulation the conditions do nothing. The
# {term}`features <feature>` of 40 trials drift as a random walk, and the
# trials come in four orders. The figure below shows the accuracies.


# %%
def drifting(drift, n_sessions=25):
    number = np.arange(40)
    fixed = {"two halves": 20, "blocks of five": 5, "one by one": 1}
    y = [number // length % 2 for length in fixed.values()]
    reached = []
    for _ in range(n_sessions):
        walk = rng.normal(size=(40, 20)).cumsum(axis=0) / np.sqrt(40)
        x = rng.normal(size=(40, 20)) + drift * walk
        labels = np.stack([*y, rng.permutation(number % 2)], axis=1)
        predicted = model_selection.cross_val_predict(
            ridge, x - x.mean(axis=0), 2 * labels - 1, cv=folds
        )  # one fit for all four orders
        reached.append(((predicted > 0) == labels).mean(axis=0))
    return pd.DataFrame(reached, columns=[*fixed, "random"])


orders = drifting(1.0)

# %% tags=["hide-input"]
fig, ax = plt.subplots(figsize=(5.6, 2.6))
points = score_plots.tidy(orders)
score_plots.rows(
    ax,
    points,
    estimates=points.groupby("row", sort=False, as_index=False)[
        "value"
    ].mean(),
    label="accuracy of held-out trials (0 to 1)",
    chance=0.5,
)
told = "; ".join(f"{n}: {value:.2f}" for n, value in orders.mean().items())
Picture(
    fig,
    alt=f"Mean accuracy where conditions do nothing. {told}.",
    caption=f"A circle is one of {len(orders)} sessions, the diamond is the "
    "mean. Whole trials are held out, but their neighbours in time are in "
    "training.",
)

# %% [markdown]
# Conditions that do nothing are told apart if they come in two halves, and not
# if they come in random order. From the recording alone, you cannot separate
# drift from condition once they go together. Block designs in decoding from
# {term}`EEG` have been criticised for this reason
# {cite:p}`li2021,palazzo2020`. In the study of mental arithmetic, rest always
# comes first, so this book uses it with people held out only.
#
# Some advice:
#
# - Draw a new random order of trials for each person, and record it.
# - Never give a condition a session, a day or a block of its own.
# - Prefer more films to more repetitions, and show the same films to all.
# - Choose films so that the ratings of *each* person fall on both sides of the
#   threshold.
# - Record a {term}`baseline` interval of the same length before every trial.
# - Decide on tasks, protocols, threshold and the one primary test before you
#   look.
# - Ask an ethics committee, and read [Responsible use](/responsible_use.md)
#   before you ask people.
#
# ## A large study, and a cluster
#
# On one computer, `python -m emolib run studies/mine.yaml --cores 16` does
# everything, with up to sixteen jobs at a time: one job per subject for the
# features, one job per fold for the training. If you stop it, it continues
# later where it was.
#
# DEAP at full size is a long run.

# %% tags=["remove-input"]
deap = load("deap")
say(
    f"Its study trains {sum(deap.splits(name) for name in deap.protocols)}",
    f"networks on all subjects, over {len(deap.protocols)} protocols, and",
    "fine-tunes most of them for each person.",
)

# %% [markdown]
# The file `Snakefile` says what runs when. Snakemake's *executors* send its
# jobs to a cluster. For Slurm, install the plugin
# (`pip install snakemake-executor-plugin-slurm`) and write a profile, such as
# `slurm/config.yaml`:
#
# ```yaml
# executor: slurm
# jobs: 40
# latency-wait: 60 # seconds that a shared disk may take
# default-resources:
#   slurm_account: "yours"
#   slurm_partition: "yours"
#   mem_mb: 2000
#   runtime: 30 # minutes
# set-resources:
#   train:
#     runtime: 4d # per fold; the rule asks for one day
# ```
#
# Put the study file in `studies/` and call, in the project's folder:
#
# ```bash
# snakemake --snakefile Snakefile --config study=mine \
#     --directory results/mine --profile slurm --dry-run
# ```
#
# Without `--dry-run`, the jobs start. A fold that runs out of time starts
# again from the beginning, so `set-resources` allows more time. All nodes must
# see the project, the results and the environment. If you set
# `EMOLIB_RESULTS`, give `--directory` the folder of the study in it. The
# project's tests make this call with Snakemake's *local* executor. It has not
# been tried on a cluster.
#
# ## How to read a subject's report
#
# Each subject has a page, linked from the [cohort's](/cohort.ipynb). It begins
# with the scores under an honest protocol. These are its sections:
#
# - **Explore the maps.** Any trial or group of trials, window by window. Among
#   so many maps, some are striking by chance.
# - **Recording and preprocessing.** The number of trials, their length, the
#   electrodes, what was left out and why, and the trials of each class. *Look
#   here first.* If one class has three trials, read no further. Then compare
#   the signals without and with the preprocessing of the study file. In the
#   bands that you study, only what you meant to change should have changed.
# - **Signal quality.** The size of each channel, and which channels are too
#   weak, too strong or full of line noise. Name a bad one in `bads`, and run
#   the study again.
# - **Spectra and the alpha peak.** A peak near 10 Hz is usual, and its absence
#   is no fault. A narrow line at 50 or 60 Hz is line noise.
# - **Power over the scalp, by class.** Maps of each class and their
#   difference, and whether a test detected a difference *somewhere*. The
#   outline of a cluster does not locate it.
# - **What the network sees.** Values in the cells of the grid, one
#   {term}`plane` for each kind of feature in each {term}`band`.
# - **Decoding.** Counts of held-out trials, what guessing would reach, and
#   scores by protocol. Ask what was held out, and whether the score is within
#   the range of chance. Hollow points say nothing about new trials.
# - **Is it more than chance?** A {term}`permutation test` of ridge regression
#   on this person's trials. The network is too slow for such a test.
# - **Which electrodes and bands the network uses.** Such a map is worth no
#   more than the score beside it: a network that only guesses uses
#   electrodes, too.
# - **What fine-tuning changed.** How many trials became correct and how many
#   wrong. Of a few dozen trials, some change by chance.
# - **How to read this page** explains the words, **Methods to cite** is a
#   paragraph to paste, and **Provenance** says what made the page.
#
# The report is not a finding about a person. It may tell you that an electrode
# was loose. It cannot tell you what anyone felt.
#
# ## Check yourself
#
# **1.** A colleague has 40 trials of each of 12 people. She uses windows of
# 0.1 s instead of 0.5 s "to have five times the data". Does the range of
# chance shrink?
#
# ```{dropdown} Answer
# No. Windows of one trial share one label, one state of the electrodes and
# much of the signal. What counts is the number of trials and, for new films,
# the number of films.
# ```
#
# **2.** You record "happy" on Monday and "sad" on Tuesday with ten people, and
# decode 90 % with whole trials held out. What have you shown?
#
# ```{dropdown} Answer
# That Monday differs from Tuesday: the cap was put on again. No analysis can
# separate the condition from the day afterwards.
# ```
#
# ## Exercises
#
# **Exercise 1.** You expect an accuracy of 0.6. How many trials of one person
# do you need to find it in four of five experiments? Use the normal
# approximation.
#
# ```{dropdown} Hint
# The critical accuracy is $0.5 + 1.645 \cdot 0.5 / \sqrt n$. With the true
# accuracy $p$, the accuracy is normal with the standard deviation
# $\sqrt{p(1 - p)/n}$, and it must exceed the critical one with probability
# 0.8. `stats.norm.ppf` gives quantiles.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 1
p = 0.6
needed = ...

# %% tags=["hide-cell", "solution"]
# Both distances are in units of 1 / √n, so they add up to p - 0.5: n is the
# square of their sum, divided by the effect.
p = 0.6
z_test, z_power = stats.norm.ppf([0.95, 0.8])
needed = ((z_test * 0.5 + z_power * np.sqrt(p * (1 - p))) / (p - 0.5)) ** 2

# %% tags=["check", "hide-input"]
sd = np.array([0.5, np.sqrt(0.24)])
check(
    needed,
    (stats.norm.isf([0.05, 0.2]) @ sd / 0.1) ** 2,
    rtol=0.02,
    slips={
        "This test has two sides; the chapter's has one.": (
            stats.norm.isf([0.025, 0.2]) @ sd / 0.1
        )
        ** 2,
        "You left out the power of 0.8.": (stats.norm.isf(0.05) * 5) ** 2,
    },
)

# %% [markdown]
# **Exercise 2.** How slow must a drift be to do no harm? Compute the mean
# accuracy of the order *two halves* for drifts of 0, 0.5 and 2.
#
# ```{dropdown} Hint
# `drifting(drift)` returns one column per order.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 2
in_halves = {f"drift {drift:g}": ... for drift in (0, 0.5, 2)}

# %% tags=["hide-cell", "solution"]
# Without drift the accuracy is at chance. It grows with the drift, and only
# the random order stays at 0.5 whatever the drift: this is why we randomise.
in_halves = {
    f"drift {drift:g}": drifting(drift)["two halves"].mean()
    for drift in (0, 0.5, 2)
}

# %% tags=["check", "hide-input"]
check(
    in_halves,
    {"drift 0": 0.5, "drift 0.5": 0.63, "drift 2": 0.9},
    rtol=0.12,
    slips={"This is the random order.": {name: 0.5 for name in in_halves}},
)

# %% [markdown]
# **Exercise 3.** Your trials come with three kinds of film, calm, happy and
# sad, instead of ratings. Write the line of the study file that belongs below
# `tasks:`.
#
# ```{dropdown} Hint
# A {term}`task` is named like its column. Instead of `rating` and `above`, it
# has the list `classes`.
# ```

# %% tags=["scaffold"]
# Your solution to exercise 3
line = "film_kind: ..."

# %% tags=["hide-cell", "solution"]
# Words in the column are classes already, so no threshold is needed. The list
# fixes which number each class gets.
line = "film_kind: {classes: [calm, happy, sad]}"

# %% tags=["check", "hide-input"]
words = ["calm", "happy", "sad", "calm"][: len(written)]
kinds = written.drop(columns="valence").assign(film_kind=words)
kinds.to_csv(folder / example.TABLE, index=False)
study_file.write_text(
    text.replace("valence: {rating: valence, above: 5}", line)
)
try:
    n_classes = load(study_file).model_settings.tasks.get("film_kind", ...)
except InputError:
    n_classes = ...
check({"film_kind": n_classes}, {"film_kind": 3})

# %% [markdown]
# ## Conclusion
#
# You need a folder of files, a table of trials and a study file of a few
# lines. Faults are reported in sentences before anything is computed. Whether
# the result can mean anything was decided earlier, by the number of trials,
# people and films, and by a random order.
#
# ## Where to read on
#
# - Formats, folders and the licence of each data set: [The data](/data.md).
# - What the scores can support: [What a score means](09_what_a_score_means).
# - Before you show a score to anyone: [Responsible use](/responsible_use.md).
#
# ## Provenance

# %% tags=["remove-input"]
place.cleanup()
inputs = this_study.reader.sources(this_study.recordings_root, subject)
provenance(this_study, inputs)
