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
# # Scale, measured
#
# A class works with four {term}`subjects <subject>`, a laboratory with
# hundreds. **Does each further subject cost as much as the one before?** The
# figures on this page were measured once on simulated cohorts. The command
# `python -m benchmarks.scale` measures them again, here or on your machine.

# %% tags=["parameters", "remove-input"] needs="first"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None: the first that can be used

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
from IPython.display import display

from emolib.book import scale
from emolib.book.provenance import provenance
from emolib.book.sentences import ends
from emolib.figures import display as shown
from emolib.figures.display import BLUE, OCHRE, Picture, Table, say
from emolib.study.study import load

shown.use_style()
this_study = load(study)
table = scale.measured()
each = scale.per_subject_seconds(table)
runs = scale.by_size(table, "run_seconds")

# %% tags=["hide-input"]
told = shown.admonition(
    "Not measured yet",
    "This copy of the book has no measurements of whole runs.",
    "`python -m benchmarks.scale` makes them and adds them to this page.",
)
if len(each) > 1:
    figure, axes = plt.subplots(1, 2, figsize=(shown.WIDTH, 2.8))
    axes[0].plot(each.index, each, "o-", color=BLUE)
    axes[1].plot(runs.index, runs / 60, "s-", color=OCHRE)
    axes[0].set(ylabel="per subject (s)", ylim=(0, 1.2 * each.max()))
    axes[1].set(ylabel="whole run (min)", ylim=(0, None))
    for ax in axes:
        ax.set(xlabel="subjects", xlim=(0, None))
    first, last = each.index[0], each.index[-1]
    told = Picture(
        figure,
        alt=f"Left: the stages of one subject take {each[first]:.1f} s with "
        f"{first} subjects and {each[last]:.1f} s with {last}. Right: a whole "
        f"run takes {runs[first] / 60:.1f} and {runs[last] / 60:.1f} minutes.",
        caption="Left: seconds that the stages of a single subject take, "
        "added up. A flat line means that subjects do not slow each other "
        "down. Right: minutes of a whole run, pages included.",
    )
display(told)

# %% tags=["remove-input"]
if len(runs) > 1:
    newest = scale.latest(table).query("what == 'run_seconds'")
    start, slope = scale.curve(runs)
    repeats = newest.groupby("subjects").size()
    n_runs = "one run is shown"
    if repeats.max() > 1:
        n_runs = f"the median of {ends(repeats, 'd')} runs is shown"
    display(
        say(
            f"A whole run takes {start:.0f} s whatever the cohort is, and",
            f"{slope:.1f} s more for each subject. Of each size, {n_runs},",
            "measured on",
            f"{newest['date'].max()[:10]} with {newest['machine'].iloc[0]}.",
        )
    )

# %% [markdown]
# ## Each ratio has a limit
#
# Seconds differ from machine to machine, but ratios hardly do. The bench
# compares each stage with the least work that it could do, measured at the
# same time on the same machine, and fails where a limit is not kept.

# %% tags=["remove-input"]
found = scale.ratio_table(table)
display(
    Table(found, caption="What was measured last, beside its limit")
    if len(found)
    else say("No ratio has been measured yet.")
)

# %% [markdown]
# ## From a thousand subjects to a hundred thousand
#
# The table carries the measured slopes forward. Read it as an estimate of
# what breaks, not as a promise: a line through small cohorts says nothing of
# a full disk or a slow network. Its subjects are short, with ten trials of
# ten seconds.

# %% tags=["remove-input"]
grown = scale.growth_table(table)
display(
    Table(grown, caption="Measured slopes, carried forward; hours of one core")
    if len(grown)
    else say("No slope has been measured yet.")
)

# %% tags=["remove-input"]
few, many = scale.LARGE
sizes = [f"{scale.maps_gb(n):,.0f} GB" for n in (few, many)]
sentences = [
    "A pooled training holds the brain maps of all its subjects. At the size",
    f"of DEAP they take {sizes[0]} for {few:,} subjects and {sizes[1]} for",
    f"{many:,}. Few machines have so much memory, so maps would have to be",
    "read from disk batch by batch.",
]
limits = scale.breaks(table)
if len(limits):
    first = limits.iloc[0]
    sentences += [
        f"In the measured study the first limit is {first['told']}, which",
        f"about {first['subjects']:,.0f} subjects reach.",
    ]
    for row in limits.iloc[1:4].itertuples():
        sentences += [
            f"Then follows {row.told}, at about {row.subjects:,.0f}."
        ]
say(*sentences)

# %% [markdown]
# Two limits come from how the work is cut. Each training reads the features
# of all subjects, so its job cannot start before the last of them is there.
# On a cluster, each job first lists all recordings again.
#
# ## Fine-tuning side by side
#
# A fold fine-tunes three networks for each subject, one after another.
# `training: {side_by_side: 8}` in a study file fine-tunes eight subjects in
# one step, each with weights, batches and schedule of its own. Sums are taken
# in another order, so probabilities differ slightly; the command below prints
# by how much. A small network leaves most of a GPU idle, so a GPU may gain.
# One processor loses: leave the setting at 1 there. No GPU was at hand for
# this page, so its figures are missing. This command measures them:
#
# ```bash
# python -m benchmarks.training --side-by-side 32 --width 1
# ```
#
# On several machines, split a fold's fine-tuning into jobs instead. The
# results are the same bytes:
#
# ```bash
# python -m emolib run STUDY --subjects-per-job 8
# ```
#
# ## Earlier measurements
#
# Each session of the bench adds its rows to the table, so a change that makes
# runs slower shows here.

# %% tags=["remove-input"]
history = scale.history_table(table)
display(
    Table(history, caption="Seconds of a whole run, by session")
    if len(history)
    else say("There are none.")
)

# %% [markdown]
# ## Provenance

# %% tags=["remove-input"]
provenance(this_study, [scale.FILE])
