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
# ## What you will learn
#
# - which data sets this project reads, and how they differ;
# - how to describe recordings of your own, and what an error looks like;
# - how many trials, people and films a study needs, and in which order to show them;
# - how to run a large study, on one computer or on a cluster;
# - how to read a subject's report, section by section.
#
# **Time.** About 20 minutes, and half an hour for the exercises.
#
# **What you need.** [A first look at one recording](01_first_look) and
# [What a score means](09_what_a_score_means).
#
# **The question.** *I have recordings, or I am about to make some. What do I write down, what can
# go wrong, and will there be enough of them?*

# %%
import contextlib
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from emolib.__main__ import main
from emolib.book import subject_tables
from emolib.book.provenance import provenance
from emolib.errors import InputError
from emolib.features.before_after import before_and_after
from emolib.features.extraction import FeatureSettings, extract_features
from emolib.figures import benches
from emolib.figures import scores as score_plots
from emolib.figures.display import Picture, Table, say, use_style

# %%
from emolib.grid import canonical_name, cells
from emolib.lessons import planning
from emolib.recordings import READERS, example, files
from emolib.splits.protocols import CROSS_SUBJECT
from emolib.study import stages
from emolib.study.study import load

use_style()

# %% tags=["parameters"] needs="first"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None takes the first whose recording can be used

# %%
this_study = load(study)
subject = subject or stages.first_valid(this_study)
recording = stages.recording(this_study, subject)

# %% [markdown]
# ## What can be read as it is
#
# A *reader* is a module that turns files into the one form of a {term}`recording` that all chapters
# use. A {term}`study` names its reader as `dataset`:

# %% tags=["remove-input"]
about = {name: reader.__doc__.strip().splitlines()[0] for name, reader in READERS.items()}
Table(pd.Series(about, name="what it reads").rename_axis("dataset").to_frame(), caption="Readers")

# %% [markdown]
# **DEAP** {cite:p}`koelstra2012` is given to researchers who ask for it. The file
# `studies/deap.yaml` is the published experiment at full size; all that you change in it is the
# line `root`, the folder of your copy. [The data](/data.md) says where to ask. It is a long run:

# %% tags=["remove-input"]
deap, n_people = load("deap"), 32
tuned = {name: deap.fine_tune and name not in CROSS_SUBJECT for name in deap.protocols}
plan = pd.DataFrame(
    {
        "folds, a pooled network each": {name: deap.splits(name) for name in tuned},
        "fine-tuned networks": {
            name: deap.splits(name) * 3 * n_people * tuned[name] for name in tuned
        },
    }
).rename(index=lambda name: name.replace("_", "-"))
caption = f"Networks to train for all {n_people} people of DEAP, variants and permutations apart"
Table(plan, caption=caption)

# %% [markdown]
# **The open study of mental arithmetic** (`eegmat`) needs no permission, and carries no emotion: it
# is the positive control of this book.
#
# **SEED** {cite:p}`zheng2015` and **DREAMER** {cite:p}`katsigiannis2018`, on request too, have
# their studies in `studies/seed.yaml` and `studies/dreamer.yaml`. The three differ in what can be
# asked:
#
# | | DEAP | SEED | DREAMER |
# | --- | --- | --- | --- |
# | electrodes | 32 | 62, each with a cell on the {term}`grid` | 14; the other cells stay empty |
# | sampling | 128 Hz | 200 Hz | 128 Hz |
# | files | a file a person | a file a session | one file for all 23 |
# | labels | ratings from 1 to 9 | three classes of films, no ratings | ratings from 1 to 5 |
# | rest before a trial | 3 s | none: `baseline: none` | 61 s |
# | films | 40, once each | 15, three times each | 18, once each |
#
# Of SEED, a film that somebody saw three times stands on both sides when trials are held out: its
# study holds out days, films, or people. No reader of the three has been tried on the data themselves,
# which may not be passed on, but on files made up after their descriptions.
#
# For any other there are four ways. Export each recording to a file that MNE-Python reads and
# write a table of trials: the next section. Keep your data as BIDS says, for `dataset: bids`, and no
# table is needed. Cut them into epochs in MNE or EEGLAB, for `dataset: epochs`, or for
# `emolib.from_epochs`, as in the [quick start](quick_start). Or write a reader, a module of three
# functions; `CONTRIBUTING.md` shows one. [The data](/data.md) says what the first three look for.
#
# ## Files and a table of trials
#
# Your own recordings can be of any kind that MNE-Python opens: EDF, BDF, FIF, BrainVision, EEGLAB.
# Beside them lies a table, `trials.csv`, with one row a {term}`trial`. Let us make such a folder,
# from the first seconds of this study's recording, as if they were yours.

# %%
place = tempfile.TemporaryDirectory()
folder = Path(place.name) / "my_recordings"
written = example.write_example(folder, recording)
Table(written.astype(str), caption="trials.csv, as it lies beside the recording")

# %% [markdown]
# Seconds count from the beginning of the file. `baseline_seconds` and `stimulus` may be left out.
# Every other column is what a trial is classified by: numbers are a {term}`rating`, words a
# {term}`class`. Numbers that stand for classes are classes where a task lists them. Ratings lie
# between 1 and 9; for another scale the study names its range, `recordings: {rating_range: [0,
# 100]}`, and a threshold `above` within it. A cell that is blank, or n/a, is missing; columns that
# no task uses do no harm. Trials may touch, but share no second, also not through a baseline. A
# trial in which the file has a boundary, or an annotation that starts with BAD, is left out. The
# ratings here are made up. Now read it back, and compute {term}`features <feature>`:

# %%
mine = files.read(folder, "sub-01")
features = extract_features(mine, FeatureSettings())
print(dict(mine.sizes))
print(dict(features["feature"].sizes))
print(*mine.attrs["notes"], sep="\n")

# %% [markdown]
# The notes say what was done to your data: such notes stand on the subject's page as well. Does
# what comes back equal what went in? All signals were set against their common average, and each
# trial lost its mean: an electrode's offset is no EEG, and [filters ring](02_band_filtering) on it.
# So that is what to compare with. EDF stores whole numbers of 16 bits, which costs the last digits.

# %%
n_samples = mine.sizes["time"]
start = mine.sizes["baseline_time"]
original = recording["eeg"].isel(trial=slice(len(written)), time=slice(start, start + n_samples))
expected = (original - original.mean("channel")).sel(channel=mine["channel"].to_numpy())
expected = expected - expected.mean("time")
difference = float(np.abs(expected.to_numpy() - mine["eeg"].to_numpy()).max())
print(f"largest difference: {difference:.1e} µV; largest value: {float(mine['eeg'].max()):.0f} µV")

# %% [markdown]
# **Names of electrodes** are understood in many spellings, and the old names T3, T4, T5 and T6 are
# T7, T8, P7 and P8. What has no cell on the grid is left out, with a note that says why. All names
# of a file are read together: CPz is the reference if every channel ends in "-CPz", and A1 to B32
# are the electrodes of BioSemi's cap of 64. Several references, or numbers that are a part of a cap
# only, are refused: rename the channels, or leave some out, in the section `recordings` of the
# study.

# %%
for name in ("EEG Fp1-REF", "FP2", "T3", "Oz."):
    row, column = (int(each[0]) for each in cells([name]))
    print(f"{name:12} is {canonical_name(name)}, in row {row} and column {column} of the grid")

# %% [markdown]
# ## What an error looks like
#
# A fault found here costs a sentence; one that shows in a score costs a week. So every recording is
# checked before anything is computed, and every message has three parts: *where* the fault is,
# *what* it is, and *what to do*. Let us break the folder in five ways, one at a time:

# %%
messages = {}
for fault in example.FAULTS:
    example.write_example(folder, recording, fault=fault)
    try:
        files.read(folder, "sub-01")
    except InputError as error:
        messages[fault] = str(error).replace(str(folder.parent), "...")

# %% tags=["remove-input"]
table = pd.Series(messages, name="what the reader says").rename_axis("what was done").to_frame()
Table(table, caption="Five faults and their messages")

# %% [markdown]
# In a study one bad recording does not stop the others: its page says what was wrong, and the
# cohort's page counts who was left out.
#
# An electrode that is loose, but not dead, is no error. Yet the common average takes an $n$-th of
# its noise to each of $n$ channels. Let one channel be 3, 10 and 30 times as large, average again,
# and see how far the {term}`differential entropy` of the *others* moves: by the logarithm of the
# ratio of standard deviations.

# %%
eeg = recording["eeg"].isel(trial=0).dropna("time").to_numpy()
moved = {}
for times in (3, 10, 30):
    loose = eeg * np.where(np.arange(len(eeg)) == 0, times, 1)[:, None]
    before, after = (np.std(each - each.mean(0), axis=1)[1:] for each in (eeg, loose))
    change = np.log(after / before)
    moved[f"{times} times"] = {"median": np.median(change), "largest": change.max()}

# %% tags=["remove-input"]
caption = f"{recording['channel'].to_numpy()[0]} too large: change of the other channels (nats)"
Table(pd.DataFrame(moved).T.map("{:+.2f}".format), caption=caption)

# %% [markdown]
# Whatever such a channel does then shows all over the {term}`grid`. The section on signal quality
# of each subject's page names it. Name it in the study file as well, and it is left out or
# repaired: see *Preprocessing* below.
#
# ## A study file
#
# A study is a YAML file of a few lines. This one asks for {term}`valence`, under two honest
# {term}`protocols <protocol>`.

# %%
example.write_example(folder, recording)
study_file = folder / "mine.yaml"
study_file.write_text("""\
title: My study
dataset: files
root: .  # relative to this file
tasks:
  valence: {rating: valence, above: 5}
protocols: [trial_grouped, leave_subjects_out]
""")
my_study = load(study_file)
print(my_study.title, my_study.subjects(), my_study.protocols)

# %% [markdown]
# `python -m emolib check mine.yaml`, or `make check STUDY=mine.yaml`, reads every recording and
# computes nothing. It counts channels, trials and classes of each subject, and tries whether the
# folds of each protocol can be made. Here the same command is called from Python:

# %%
status = main(["check", str(study_file)])
print("exit status", status)

# %% [markdown]
# One person with four trials can be read, but is no study. An exit status of 0 would say that all
# subjects can be used and all folds be made. Of a file alone, `python -m emolib check anna.edf`
# tells what it holds.
#
# Neither file need be written from nothing. `python -m emolib new mine recordings/` looks at a
# folder and writes both into the current one, as far as the recordings tell: from the annotations
# of EDF files, from the events of a BIDS tree, or from a table. It prints what it assumed, which is
# what you must read, since a subject taken for two makes every score better than it is:

# %%
with contextlib.chdir(folder):
    Path(example.TABLE).unlink()
    status = main(["new", "sketched", example.EEG_FILE])
    print(Path("sketched.yaml").read_text())
written = example.write_example(folder, recording)

# %% [markdown]
# A key that nobody knows is an error, not a silence: a study must not run for a week with a setting
# that was never read.

# %%
text = study_file.read_text()
for right, wrong in (("protocols:", "n_fold: 3\nprotocols:"), ("trial_grouped", "trail_grouped")):
    study_file.write_text(text.replace(right, wrong))
    try:
        load(study_file)
    except InputError as error:
        print(str(error).replace(str(folder.parent), "..."), end="\n\n")

# %% [markdown]
# All keys and their defaults stand in a table in the project's `README.md`; the files in `studies/`
# use most of them.
#
# ## Preprocessing
#
# The section `recordings` of a study file says how recordings are cleaned before features are
# computed. Its settings have the names of MNE-BIDS-Pipeline, and MNE does the work. What stands
# under `subjects` holds for one person. Here everybody gets a high-pass filter at 1 Hz and a notch
# filter at 50 Hz, and in one person's recording a loose electrode is interpolated from the others,
# which takes four of them.

# %%
loose, *others = recording["channel"].to_numpy().tolist()
mended = f"bads: [{loose}], bad_channels: interpolate" if len(others) >= 4 else ""
mains = 50 if recording.attrs["sfreq"] > 110 else "null"
study_file.write_text(
    text
    + f"""\
recordings:
  l_freq: 1
  notch_freq: {mains}
  subjects:
    sub-01: {{{mended}}}
"""
)
cleaned = load(study_file).read("sub-01")
print(*cleaned.attrs["notes"], sep="\n")

# %% [markdown]
# What did that change? The subject's page compares the recording before and after, in a spectrum
# and in a table like this one:

# %%
sd = before_and_after(mine, cleaned)["sd"]
caption = "Standard deviation of each electrode before and after"
Table(subject_tables.amplitudes_table(sd), caption=caption)

# %% [markdown]
# Filters, independent components and regression work on a whole file, never on single trials: what
# is fitted to a trial marks the trial, and a classifier could find the mark. They also see no
# labels.
#
# Decide on all of this before you see a score. Each setting is a choice that could have been made
# otherwise, and if you try several and keep the one with the best score, you have fitted the test
# data. A setting for a single subject should mend a fault of the recording and do nothing else.
#
# ## How many trials are enough?
#
# Suppose that nothing is to be found. How well does a classifier do by luck alone? Below, ridge
# regression gets noise and labels that mean nothing, is trained and tested with whole trials held
# out, and is fitted again for many permutations of the labels. What 95 of 100 such scores reach is
# the range of chance, for *one person*. The stroke is the score that an experiment of this size
# would tell from chance in four of five cases.

# %%
alone = planning.chance_by_design([(1, n) for n in (20, 40, 80, 160)])

# %% tags=["hide-input"]
rows = alone.assign(row=[f"{n} trials" for n in alone["n_stimuli"]])
fig, ax = plt.subplots(figsize=(6.5, 3.0))
label = "balanced accuracy of trials (0 to 1)"
bands = rows.assign(series="chance (middle 95 %)")
score_plots.rows(ax, bands=bands, label=label, chance=0.5)
told = [
    f"{r.row}: chance {r.low:.2f} to {r.high:.2f}, "
    + (f"found from {r.detectable:.2f}" if r.detectable == r.detectable else "nothing is found")
    for r in rows.itertuples()
]
Picture(
    fig,
    alt=f"Balanced accuracy of one person's trials by luck. {'; '.join(told)}.",
    caption="One person, five folds, 20 features a trial. Grey: what noise reaches. Strokes: what "
    "would be found. Dotted: one half.",
)

# %% tags=["remove-input"]
own = alone.set_index("n_stimuli")
width = own["high"] - own["low"]
say(
    f"With 40 trials, DEAP's number, luck alone gives **{own.loc[40, 'low']:.2f} to",
    f"{own.loc[40, 'high']:.2f}**. Four times the trials divide the width of the range by",
    f"{width[40] / width[160]:.1f}: it falls with the square root of their number.",
)

# %% [markdown]
# *Trials*, mind. To cut them into more and shorter {term}`windows <window>` gives more rows and not
# one more answer by the person. A sharp score of one person needs hundreds of trials, which nobody
# can rate in an hour. This is why the book says of each subject that one says little.
#
# The bench below plans with people, too. It takes each answer as independent of
# the others, so its range of chance is narrower than the one above, where
# folds share their training trials.

# %% tags=["hide-input"]
benches.PlanningBench()

# %% [markdown]
# ## How many people, how many films?
#
# Many people make up for few trials, up to a point. The point is the films. A brain responds to a
# film's cuts, light and sound, whatever it feels, and all brains respond alike. Such a response has
# nothing to do with the label, but it is the same in training and test when people are held out.
# Below, it is absent in one column and present in the other; no labels mean anything in either.

# %%
designs = [(5, 40), (20, 40), (20, 10), (20, 80)]
by_films = {
    name: planning.chance_by_design(designs, locked=locked)
    for name, locked in (("no shared response", False), ("shared response", True))
}

# %% tags=["remove-input"]
columns = {}
for name, one in by_films.items():
    index = [f"{r.n_subjects} people, {r.n_stimuli} films" for r in one.itertuples()]
    columns[f"chance, {name}"] = pd.Series(
        [f"{r.low:.2f} to {r.high:.2f}" for r in one.itertuples()], index
    )
    columns[f"found from, {name}"] = pd.Series(
        ["never" if np.isnan(r.detectable) else f"{r.detectable:.2f}" for r in one.itertuples()],
        index,
    )
caption = "Balanced accuracy with people held out: what chance gives, and what would be found"
Table(pd.DataFrame(columns), caption=caption)

# %% tags=["remove-input"]
locked = by_films["shared response"].set_index(["n_subjects", "n_stimuli"])["detectable"]
say(
    "With a shared response, four times the people (5 to 20, 40 films) lower the score that would",
    f"be found from {locked[5, 40]:.2f} to {locked[20, 40]:.2f}. Eight times the films (10 to 80,",
    f"20 people) lower it from **{locked[20, 10]:.2f} to {locked[20, 80]:.2f}**. The range of",
    "chance is not even centred on one half: a score must be held against permuted films, not",
    "against 0.5.",
)

# %% [markdown]
# ## In which order?
#
# Electrodes dry, people tire. A recording drifts, and trials that are near in time resemble each
# other. If conditions follow time, time tells the condition. Below, nothing but a slow random drift
# makes trials differ; the two conditions do nothing at all. Forty trials, in four orders:

# %%
orders = planning.drift_scores()

# %% tags=["hide-input"]
averages = orders.groupby("order", sort=False)["value"].mean()
fig, ax = plt.subplots(figsize=(6.5, 3.0))
means = averages.rename_axis("row").reset_index()
points = orders.rename(columns={"order": "row"})
score_plots.rows(ax, points, estimates=means, label=label, chance=0.5)
ax.set_xlim(0, 1.02)
Picture(
    fig,
    alt="Balanced accuracy where conditions do nothing, mean over "
    f"{orders['session'].nunique()} sessions. "
    + "; ".join(f"{name}: {value:.2f}" for name, value in averages.items()),
    caption="A point is a session of one person; diamonds are means. Whole trials are held out, "
    "and that is no help: their neighbours in time are in training. Dotted: chance.",
)

# %% tags=["remove-input"]
say(
    "Shown in two halves, conditions that do nothing are told apart with",
    f"**{averages['two halves']:.2f}**; in random order with {averages['drawn at random']:.2f}.",
    "The drift of this demonstration was chosen, and yours will be of another size. But from the",
    "recording alone nobody can tell drift from condition once they go together.",
)

# %% [markdown]
# This is the quarrel about block designs in decoding from EEG
# {cite:p}`li2021,palazzo2020`, and the reason why the study of mental arithmetic, with rest always
# first, is used in this book with people held out only.
#
# **Advice**, then:
#
# - Draw the order of trials anew for each person, and write it down.
# - Never give a condition a session, a day or a block of its own.
# - Prefer more films to more repetitions, and show the same films to all.
# - Choose films so that ratings fall on both sides of the threshold for *each* person.
# - Record some rest before every trial, the same length each time.
# - Decide before you look: tasks, protocols, threshold, the one primary test.
# - Ask an ethics committee, and read [Responsible use](/responsible_use.md) before you ask people.
#
# ## A large study, and a cluster
#
# On one computer, `python -m emolib run studies/mine.yaml --cores 16` does everything, up to
# sixteen jobs at a time: a job a subject for features, a job a fold for training. If it is killed,
# it goes on where it was. `make book STUDY=studies/mine.yaml` is the same with all cores.
#
# What runs when is written in one file, `Snakefile`. So Snakemake can be called directly, and its
# *executors* send jobs to a cluster. For Slurm, install the plugin
# (`pip install snakemake-executor-plugin-slurm`), write a profile, such as `slurm/config.yaml`:
#
# ```yaml
# executor: slurm
# jobs: 40
# latency-wait: 60 # seconds that a shared disk may take to show a file
# default-resources:
#   slurm_account: "yours"
#   slurm_partition: "yours"
#   mem_mb: 2000
#   runtime: 30 # minutes
# set-resources:
#   train:
#     runtime: 4d # of a fold; the rule asks for one day
# ```
#
# and, in the project's folder, with the environment active and the study file in `studies/`:
#
# ```bash
# snakemake --snakefile Snakefile --directory results/mine --config study=mine \
#     --profile slurm --dry-run
# ```
#
# Without `--dry-run` it runs. The rules name the memory and the time that features and training
# need. A fold that runs out of time begins anew, and one of DEAP at full size may take days
# (`studies/deap.yaml` has the count): hence `set-resources`. Project, results and environment
# must lie on a disk that all nodes see. If you set `EMOLIB_RESULTS`, give `--directory` the
# study's folder in there. The tests of this project make this call with Snakemake's *local*
# executor; on a cluster it has not been tried here.
#
# ## How to read a subject's report
#
# Each subject has a page, linked from the [cohort's](/cohort.ipynb). From top to bottom:
#
# - **Who and what.** How many trials, how long, which electrodes; what was left out and why; how
#   many trials each class has. *Look here first.* If one class has three trials, read no further.
# - **Preprocessing: before and after.** What the study file asks for, and the signals without and
#   with it. In the bands that you study, nothing should have changed but what you meant to change.
# - **Signal quality.** The size of each channel, and which are too weak, too strong, or hum. A bad
#   channel spreads over all through the average reference: name it in `bads`, and run again.
# - **Spectra and the alpha peak.** Does it look like EEG? A peak near 10 Hz is usual, none is no
#   fault; a narrow line at 50 or 60 Hz is the mains.
# - **Power over the scalp, by class.** Maps of each class and their difference, and whether a test
#   detected a difference *somewhere*. The outline of a cluster locates nothing.
# - **What the network sees.** Values in cells of the grid, nothing in between, a plane for each
#   kind of feature in each band.
# - **Explore the maps.** Any trial or group of trials, window by window, and what is left when
#   another is subtracted. For looking only: among so many maps some are striking by chance.
# - **Decoding.** Counts of held-out trials, what guessing would reach, scores by protocol. Two
#   questions: what was held out? Does the range of chance hold the score? Hollow points, windows of
#   one trial on both sides, say nothing about new trials.
# - **Which electrodes and bands the network uses.** It has no more to say than the score beside it:
#   a network that does no better than guessing uses electrodes, too.
# - **What fine-tuning changed.** How many trials turned right and how many wrong. Of some tens of
#   trials a few turn by chance.
# - **How to read this page** repeats what the words mean, and **Provenance** says what made the
#   page: two pages with the same settings, versions and inputs show the same numbers.
#
# It is not a finding about a person. It may tell you that an electrode was loose; it cannot tell
# you what anybody felt.
#
# ## Check yourself
#
# **1.** A colleague has 40 trials of each of 12 people and cuts them into windows of 0.1 s instead
# of 0.5 s, "to have five times the data". Does the range of chance shrink?
#
# ```{dropdown} Answer
# No. Windows of one trial share one label, one state of the electrodes and much of the signal. The
# number of independent answers is the number of trials, and, for new films, the number of films.
# ```
#
# **2.** Somebody records "happy" on Monday and "sad" on Tuesday, ten people, and decodes 90 % with
# whole trials held out. What has been shown?
#
# ```{dropdown} Answer
# That Monday differs from Tuesday: the cap was put on anew. The condition and the day cannot be
# taken apart afterwards, whatever the analysis.
# ```
#
# ## Exercises
#
# **Exercise 1.** Your trials come with three classes of film, calm, happy and sad, instead of
# ratings. Change the table and the study file, and check them.

# %% tags=["hide-cell", "solution"]
words = ["calm", "happy", "sad", "calm"][: len(written)]
table = written.drop(columns="valence").assign(film_kind=words)
table.to_csv(folder / example.TABLE, index=False)
study_file.write_text("""\
title: Three kinds of film
dataset: files
root: .
tasks:
  film_kind: {classes: [calm, happy, sad]}
protocols: [leave_subjects_out]
""")
print(main(["check", str(study_file)]), load(study_file).model_settings.tasks)

# %% [markdown]
# **Exercise 2.** How slow must a drift be to do harm? Compare the four orders with a drift half as
# large, and one twice as large.

# %% tags=["hide-cell", "solution"]
for drift in (0.5, 2.0):
    scores = planning.drift_scores(drift=drift, n_sessions=50)
    means = scores.groupby("order", sort=False)["value"].mean()
    print(f"drift {drift:g}: " + ", ".join(f"{name} {value:.2f}" for name, value in means.items()))
# Random order stays at one half however large the drift: that is why one randomises.

# %% [markdown]
# **Exercise 3.** Is it a remedy to compute fewer features? Compare the range of chance of one
# person with 40 trials for 2, 20 and 128 features.

# %% tags=["hide-cell", "solution"]
for n_features in (2, 20, 128):
    (one,) = planning.chance_by_design([(1, 40)], n_features=n_features).itertuples()
    print(f"{n_features:3d} features: chance {one.low:.2f} to {one.high:.2f}")
# The width is a matter of the trials that are tested, not of what is computed from them.

# %% [markdown]
# ## Conclusion
#
# A folder of files, a table of trials and a study file of some lines are all that is needed, and
# faults are told in sentences before anything is computed. Whether the result can mean anything was
# decided earlier: by the number of trials, people and films, and by an order that was drawn at
# random.
#
# ## Where to read on
#
# - Formats, folders and the licence of each data set: [The data](/data.md).
# - What the scores can carry: [What a score means](09_what_a_score_means).
# - Before you show a score to anybody: [Responsible use](/responsible_use.md).
#
# ## Provenance

# %% tags=["remove-input"]
place.cleanup()
inputs = this_study.reader.sources(this_study.recordings_root, subject)
provenance(this_study, inputs)
