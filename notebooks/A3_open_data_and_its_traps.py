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
# # An open data set and its traps
#
# Thirty-one people listened to forty clips of film music each and said what
# they felt {cite:p}`daly2020`. Anyone may download their EEG without signing
# an agreement. This page reads the tables of events of the data set and finds
# that they misname the questions and misfile the clips. You can follow each
# step: how a mistake shows, how the tables should be read, and what the
# evidence is.
#
# Other data sets have mistakes, too. A classifier that is trained on wrong
# labels gets a score like any other, and no cross-validation notices. So check
# the labels before you train anything.
#
# ```{admonition} What nobody has tried yet
# :class: warning
# **Nobody has yet run this book on the signals of this data set.** The labels
# on this page were compared with an independent reading, trial by trial. Of
# the signals only names, sizes and descriptions were seen. A subject's page
# says where a recording differs from them.
# ```

# %% tags=["hide-input"]
import json
import re
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from emolib.book.provenance import provenance
from emolib.figures.display import Picture, Table, say, use_style
from emolib.recordings import ds002721
from emolib.study.study import load

use_style()

# %% tags=["parameters", "remove-input"] needs="first"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # this page is about no subject of the study

# %% [markdown]
# ## The tables of events
#
# In the BIDS standard, each file of signals has a table of events beside it.
# Those of this data set come with the book, unchanged. *An EEG dataset
# recorded during affective music listening* is by I. Daly, N. Nicolaou, D.
# Williams, F. Hwang, A. Kirke, E. Miranda and S. J. Nasuto, University of
# Reading. OpenNeuro publishes it as
# [ds002721](https://doi.org/10.18112/openneuro.ds002721.v1.0.2). Its licence
# is [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/).

# %%
root = Path(tempfile.mkdtemp())
ds002721.write_sidecars(root, ds002721.ALL)


def read_run(path):
    """Events of one file, in the order of their time."""
    person, run = re.match(r"(sub-\d+)_task-run(\d)", path.name).groups()
    events = pd.read_csv(path, sep="\t")
    wrapped = events["onset"] > 1e6  # a clock of 32 bits began anew
    events.loc[wrapped, "onset"] -= 2**32 / 1000
    events = events.sort_values("onset", kind="stable")
    events = events.rename(columns={"trial_type": "code"})
    return events[["onset", "code"]].assign(person=person, run=int(run))


paths = sorted(root.glob("sub-*/eeg/*_events.tsv"))
events = pd.concat(map(read_run, paths), ignore_index=True)
RUN, TRIAL = ["person", "run"], ["person", "run", "trial"]
is_music = events["code"] == 788
events["trial"] = is_music.groupby([events[name] for name in RUN]).cumsum()

# %% [markdown]
# Codes say what happened. 786 is a cross on the screen, 788 is the beginning
# of the music, and the first 1092 after it is the end. Then eight questions
# follow, 800 to 807, each with an answer from 833 (1, strongly disagree) to
# 841 (9, strongly agree). A file beside the table says what each question
# asks.

# %% tags=["hide-input"]
(listing,) = root.glob("sub-*/eeg/*_events.json")
described = json.loads(listing.read_text())
listed = {
    code: re.search(r"feel (\w+)", described[str(code)]["Description"])[1]
    for code in range(800, 808)
}
listed[800] = "pleasant"  # which the file misspells
first = events[(events["person"] == "sub-01") & (events["run"] == 2)]
Table(
    first[["onset", "code"]].iloc[3:23].reset_index(drop=True),
    caption="Part of the first table: onset in seconds, and code",
)

# %% tags=["remove-input"]
names = ", ".join(f"{code} {name}" for code, name in listed.items())
say(f"The questions, as that file has them: {names}.")

# %% [markdown]
# ## Which question does an answer belong to?
#
# In the table, the code of another question has the very onset of an answer.
# It is the question that comes *next*. So an answer belongs to the last
# question whose onset is earlier, and not to one at the same time. You can
# test this: each trial asks eight different questions, so the right rule must
# find eight in each.

# %%
questions = events[events["code"].between(800, 807)]
answers = events[events["code"].between(833, 841)]
answers = answers.assign(rating=answers["code"] - 832).drop(columns="code")


def pair(*, same_time):
    """The question that each answer belongs to, as `code`."""
    return pd.merge_asof(
        answers.sort_values("onset"),
        questions.drop(columns="trial").sort_values("onset"),
        on="onset",
        by=RUN,
        allow_exact_matches=same_time,
    )


def whole_trials(paired):
    """How many trials have eight different questions."""
    return int((paired.groupby(TRIAL)["code"].nunique() == 8).sum())


paired = pair(same_time=False).sort_values([*RUN, "onset"], kind="stable")
ratings = paired.pivot_table(index=TRIAL, columns="code", values="rating")

# %% tags=["remove-input"]
same = whole_trials(pair(same_time=True))
say(
    f"With questions at the same time, {same} of {len(ratings)} trials have",
    "eight different questions. With the last earlier question, all",
    f"{whole_trials(paired)} do.",
)

# %% [markdown]
# ## Correlations that cannot be
#
# Some people use the upper end of a scale and some the lower. Subtract each
# person's mean, so that only differences between that person's trials remain.
# Then correlate the ratings, under the names that the data set gives.

# %%
own = ratings - ratings.groupby("person").transform("mean")
correlations = own.corr()
as_listed = correlations.rename(index=listed, columns=listed)

# %% tags=["remove-input"]
r = as_listed.map("{:+.2f}".format)
say(
    "Under these names, *afraid* and *happy* correlate by",
    f"**{r.loc['afraid', 'happy']}**: the more a clip frightened people, the",
    "happier they were. *Tense* and *afraid* correlate by",
    f"{r.loc['tense', 'afraid']}, *tender* and *angry* by",
    f"{r.loc['tender', 'angry']}, *pleasant* and *tender* by",
    f"{r.loc['pleasant', 'tender']}. Emotions are not like that, so the names",
    "must be wrong.",
)

# %% [markdown]
# ## A second copy of the answers
#
# Each table holds all answers twice. The codes 901 to 909 repeat them, in the
# order in which the questions were asked. Compare the two copies. For each
# pair of questions, in how many trials is the answer to one in the second copy
# the answer to the other in the first?

# %%
again = events[events["code"].between(901, 909)]
paired["again"] = again["code"].to_numpy() - 900
second = paired.pivot_table(index=TRIAL, columns="code", values="again")
agreement = pd.DataFrame(
    {b: {a: (second[a] == ratings[b]).mean() for a in second} for b in ratings}
)
partner = agreement.idxmax()  # by the first copy's code, the second's
right = {code: listed[partner[code]] for code in ratings}
as_found = correlations.rename(index=right, columns=right)

# %% tags=["remove-input"]
agreement.index.name, agreement.columns.name = "second copy", "first copy"
Table(
    agreement.map("{:.2f}".format),
    caption="Proportion of trials in which the two copies give the same "
    "answer, by question code",
)

# %% tags=["remove-input"]
exact = int((agreement == 1).sum().sum())
diagonal = np.diag(agreement)
say(
    f"{exact} of the {agreement.size} pairs agree in every trial, one for",
    "each question. Yet no code agrees with itself: it does in",
    f"{diagonal.min():.0%} to {diagonal.max():.0%} of the trials only. So the",
    "two copies number the questions differently, and `events.json` can",
    "describe only one of them. If it describes the second, the codes of the",
    "first mean this:",
    ", ".join(f"**{code} {name}**" for code, name in right.items()) + ".",
)

# %% [markdown]
# Under these names the ratings look as emotions should.

# %% tags=["remove-input"]
pairs = [("pleasant", "happy"), ("pleasant", "tender"), ("tense", "afraid")]
pairs += [("pleasant", "afraid"), ("happy", "sad")]
words = [
    f"{a} and {b} {as_listed.loc[a, b]:+.2f} as listed, "
    f"{as_found.loc[a, b]:+.2f} as found"
    for a, b in pairs
]

# %% tags=["remove-input"]
order = ["pleasant", "happy", "tender", "energetic", "sad", "tense", "afraid"]
order.append("angry")
fig, axes = plt.subplots(1, 2, figsize=(7.4, 3.5), layout="constrained")
named = {"names as listed": as_listed, "names as found": as_found}
for ax, (title, table) in zip(axes, named.items(), strict=True):
    values = table.loc[order, order]
    image = ax.imshow(values, vmin=-1, vmax=1, cmap="RdBu_r")
    for (row, column), value in np.ndenumerate(values.to_numpy()):
        text = f"{10 * value:.0f}" if row != column else ""
        ax.text(column, row, text, ha="center", va="center", size=7)
    ax.set_title(title)
    ax.set_xticks(range(8), order, rotation=60, ha="right")
    ax.set_yticks(range(8), order)
fig.colorbar(image, ax=axes, label="correlation", shrink=0.7)
Picture(
    fig,
    alt="Correlations of eight ratings within people, under two lists of "
    f"names: {'; '.join(words)}.",
    caption="Numbers are tenths: 7 is a correlation of 0.7. On the right, the "
    "pleasant emotions (upper left) go together, and so do the unpleasant "
    "ones (lower right).",
)

# %% [markdown]
# The comparison of the copies allows a second reading: `events.json` describes
# the first copy, and the impossible correlations are real. The correlations
# decide between the two. So does a third source, which is not part of this
# book. The eight codes were matched, without knowing their names, with
# published norms of the clips {cite:p}`eerola2011`, and all eight got the
# names that were found here.
#
# ## Codes without a time
#
# The second copy of the answers and the codes 301 to 660 of the clips were
# added to the tables later. Their onsets are not the times of the events.

# %%
behind = paired["onset"].to_numpy() - again["onset"].to_numpy()
off = pd.Series(behind).abs().quantile([0.05, 0.5, 0.95])

# %% tags=["remove-input"]
say(
    "The time between an answer and its copy is",
    f"{off[0.5]:.1f} s in the middle, and from {off[0.05]:.1f} s to",
    f"{off[0.95]:.1f} s in nine of ten answers. So these codes count by their",
    "order in a file, never by their time.",
)

# %% [markdown]
# ## Clips that are filed one run late
#
# Each file names ten clips, one for each of its ten trials. If people hear the
# same clip, they should feel something similar. The *intraclass correlation*
# measures that. It is the proportion of the variance of the ratings that the
# clips explain: 0 if clips do not matter, and 1 if all listeners agree.
# Compute it for the clips as they are filed, and for clips that belong to an
# earlier run.

# %%
clips = events[events["code"].between(301, 660)]
clips = clips.assign(clip=clips["code"] - 300)
clips["trial"] = clips.groupby(RUN).cumcount() + 1
own = own.rename(columns=right)


def with_clips(runs_late):
    """Ratings by clip, if files name the clips of an earlier run."""
    moved = clips.assign(run=clips["run"] - runs_late)
    return own.join(moved.set_index(TRIAL)["clip"], how="inner")


# %%
def intraclass(values, clip):
    """One-way intraclass correlation of the clips that two or more heard."""
    heard = clip.groupby(clip).transform("size") >= 2
    groups = values[heard].groupby(clip[heard])
    n, mean = groups.size(), values[heard].mean()
    between = (n * (groups.mean() - mean) ** 2).sum() / (len(n) - 1)
    rest = values[heard] - groups.transform("mean")
    within = (rest**2).sum() / (n.sum() - len(n))
    per_clip = (n.sum() - (n**2).sum() / n.sum()) / (len(n) - 1)
    return (between - within) / (between + (per_clip - 1) * within)


late = {name: with_clips(k) for k, name in enumerate(("0", "1", "2"))}
explained = pd.DataFrame(
    {
        runs: {name: intraclass(table[name], table["clip"]) for name in own}
        for runs, table in late.items()
    }
)

# %% tags=["remove-input"]
explained.columns.name = "runs late"
shown = explained.rename(columns=lambda k: f"{k} ({len(late[k])} trials)")
Table(
    shown.map("{:.2f}".format),
    caption="Proportion of the variance of ratings that the clips explain, "
    "by how late they are filed",
)

# %% tags=["remove-input"]
low, high = explained["0"].min(), explained["0"].max()
one = explained["1"]
say(
    f"As filed, clips explain {low:.0%} to {high:.0%} of the variance. Moved",
    "by one run they explain more on every scale,",
    f"{one.min():.0%} to {one.max():.0%}. Moved by two they explain less",
    "again. So a file names the clips of the run before it.",
)

# %% [markdown]
# Is that so for everybody? Correlate each person's ratings with the mean
# ratings that others gave the same clips.

# %%
moved = late["1"].reset_index()
like_others = {}
for person, theirs in moved.groupby("person"):
    others = moved[moved["person"] != person].groupby("clip")[[*own]].mean()
    shared = theirs[theirs["clip"].isin(others.index)].set_index("clip")
    pair_of = shared[[*own]], others.loc[shared.index]
    like_others[person] = np.corrcoef(*map(np.ravel, pair_of))[0, 1]
like_others = pd.Series(like_others).sort_values()

# %% tags=["remove-input"]
fig, ax = plt.subplots(figsize=(6.4, 3.2))
ax.plot(range(len(like_others)), like_others, "o")
ax.axhline(0, color="0.6", linewidth=0.8)
ax.set_xticks(range(len(like_others)), like_others.index, rotation=90, size=7)
ax.set_ylabel("correlation with others")
lowest = [f"{name} {value:.2f}" for name, value in like_others.head(5).items()]
Picture(
    fig,
    alt="Correlation of each person's ratings with those of others for the "
    f"same clips, sorted. The lowest are {', '.join(lowest)}; the highest is "
    f"{like_others.iloc[-1]:.2f}.",
    caption="Each point is a person. Clips are taken from the file of the "
    "next run.",
)

# %% tags=["remove-input"]
after_the_gap = like_others.index.get_loc(like_others.diff().idxmax())
apart = like_others.index[:after_the_gap]
say(
    f"{len(apart)} people stand apart: {', '.join(sorted(apart))}. Their",
    "clips are filed in another way.",
)

# %% [markdown]
# They are two runs late. Agreement between people cannot show that, because
# these people share few clips with others. The published norms of the clips
# did. They also show that the clips filed for runs 3 and 4 of sub-28 fit none
# of its trials. The clips of the last runs are lost. The ratings of such
# trials can still be used, although their clip is unknown.
#
# ## The reader of the package
#
# `ds002721.trials` reads the tables as this page does, and checks each answer
# against its second copy.

# %%
trials = ds002721.trials(root)
trials = trials.rename(columns={"participant": "person"}).set_index(TRIAL)
here = ratings.rename(columns=right)
same_ratings = (trials[[*here]] == here.loc[trials.index]).all(axis=1)
known = trials["stimulus"].notna()
heard = trials.loc[known, "stimulus"].value_counts()

# %% tags=["remove-input"]
clip = trials.loc[known, "stimulus"]
shares = [intraclass(own.loc[clip.index, name], clip) for name in own]
say(
    f"It gives the ratings of this page in {same_ratings.sum()} of",
    f"{len(trials)} trials, and both copies agree in",
    f"{trials['check'].sum()}. The clip is known in {known.sum()} trials.",
    f"These are {len(heard)} clips, of which two people or more heard",
    f"{(heard >= 2).sum()}. They explain {min(shares):.0%} to",
    f"{max(shares):.0%} of the variance.",
)

# %% [markdown]
# ## Conclusion
#
# - Count first: eight questions per trial, ten clips per run. A rule that
#   finds another number is wrong.
# - Correlate the labels with each other. If you know which of them must go
#   together, you can see that some names are wrong.
# - If the same information is stored twice, compare the copies.
# - Correct labels agree between people who heard the same stimulus.
# - Say what you could not check. Here that is the signals.
#
# To build the book from this data set, run `make book
# STUDY=studies/music.yaml`; [the page on data](/data.md) says what it
# downloads.
#
# ## Provenance

# %% tags=["remove-input"]
provenance(load(study))
