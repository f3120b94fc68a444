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
# # The published figures, with their sources
#
# Each point below is a published {term}`score` on DEAP {cite:p}`koelstra2012`,
# the {term}`recordings <recording>` of 32 people who watched 40 music videos
# each. **What separates the hollow points from the filled ones?**

# %% tags=["parameters", "remove-input"] needs="scores"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None: the first that can be used

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
from IPython.display import display

from emolib.book import reference_models
from emolib.book.provenance import provenance
from emolib.book.tables import score_table
from emolib.evaluation.literature import (
    field,
    measured_references,
    published,
)
from emolib.figures import display as shown
from emolib.figures import scores as score_plots
from emolib.figures.display import Picture, Table, bullets, say
from emolib.splits.protocols import BOTH_SIDES, LEAKING, protocol_name
from emolib.study import stages
from emolib.study.study import load

# %% tags=["hide-input"]
shown.use_style()
this_study = load(study)
figures = published()
variant = figures["variant"].map(lambda name: name and f" ({name})")
figures["name"] = figures["system"] + variant
tasks = ["valence", "arousal"]
ablation = figures["system"] == "MT-CNN ablations"
leaking = figures["protocol"].isin(LEAKING)

# %% tags=["hide-input"]
held = {"trial_grouped": ", new trials", "leave_subjects_out": ", new people"}
whole = figures[~ablation & ~figures["variant"].str.contains("frames")]
name = whole["name"].str.replace("below this on unseen subjects", "below this")
points = whole.assign(row=name + whole["protocol"].map(held).fillna(""))
points["hollow"] = leaking
points = points.melt(["row", "hollow"], tasks, var_name="kind")
points["value"] /= 100
sides = points["hollow"].map({True: BOTH_SIDES, False: "held out"})
points["series"] = points["kind"] + ", " + sides
fig, ax = plt.subplots(figsize=(5.8, 3.8))
score_plots.rows(ax, points, label="reported score (0 to 1)", chance=0.5)
low = 100 * points.groupby("hollow")["value"].min()
high = 100 * points.groupby("hollow")["value"].max()
Picture(
    fig,
    alt=f"Reported scores of {len(whole)} entries. With windows of one trial "
    f"on both sides they run from {low[True]:g} to {high[True]:g} %, with "
    f"trials or people held out from {low[False]:g} to {high[False]:g} %.",
    caption="Hollow: windows of one trial in training and test. Filled: "
    "whole trials or people held out. Dotted: chance of balanced accuracy. "
    "Compare an accuracy with that of always predicting the majority class, "
    "which is higher.",
)

# %% tags=["remove-input"]
say(
    "The lowest score with windows of one trial in training and test,",
    f"**{low[True]:g} %**, is above the highest with trials or people held",
    f"out, **{high[False]:g} %**.",
)

# %% [markdown]
# Hollow and filled points answer different questions, and [chapter
# 9](09_what_a_score_means) shows why they differ. The scores cannot be ranked,
# because the papers differ in {term}`windows <window>`,
# {term}`features <feature>`, {term}`folds <fold>` and measures. They show how
# scores depend on the {term}`protocol`.
#
# ## Windows of one trial in training and test
#
# Here single windows were assigned to training and test at random. A
# {term}`trial` yields many windows of one {term}`class`, and some of them are
# in each set. The question is: *given some pieces of a trial, can the rest of
# the same trial be recognised?*


# %% tags=["hide-input"]
def table_of(chosen, caption):
    rows = chosen.set_index(chosen["name"].rename("system"))
    whole_numbers = (rows[tasks] % 1 == 0).all(axis=None)
    form = "{:g}" if whole_numbers else "{:.2f}"
    rows[tasks] = rows[tasks].map(form.format).astype(object)
    rows = rows[[*tasks, "unit", "source"]].rename(columns={"unit": "measure"})
    return Table(rows, caption=caption)


table_of(figures[leaking & ~ablation], protocol_name("window_wise"))

# %% [markdown]
# MT-CNN is the method of {cite:t}`rudakov2021`. 4D-CRNN is that of
# {cite:t}`shen2020`, whose features it extends. The multi-column CNN is of
# {cite:t}`yang2019`, SAE-LSTM of {cite:t}`xing2019`, FBCCNN of
# {cite:t}`pan2021`. The spectral SVM is a linear classifier of {term}`band
# power` by {cite:t}`bindra2026`, who scored it under three protocols.
#
# ## Trials or people held out
#
# Here whole trials, or all trials of a person, were held out. The question is:
# *will it work on a new trial, or for a new person?* Surveys have many more
# figures: {cite:t}`white2023,liu2024,kukhilava2025,delpup2025,khan2025`.

# %% tags=["remove-input"]
for protocol, own in figures[~leaking].groupby("protocol"):
    display(table_of(own, protocol_name(protocol)))

# %% [markdown]
# ## DEAP, SEED and DREAMER, by what was held out
#
# Below are results on three data sets. For each one we give the split
# in the words of its source, and say what of the source was read. Many
# abstracts give a score, but not what was held out. "Subject dependent" does
# not say it either: whole trials may be held out, or single windows. SEED is
# {cite:t}`zheng2015`'s, DREAMER {cite:t}`katsigiannis2018`'s.

# %% tags=["hide-input"]
others = field()
people = others["protocol"] == "leave_subjects_out"
trivial = others["system"] == "trivial baseline"
held = people.map({True: "people held out", False: "within, or not stated"})
strips = others[~trivial].assign(
    row=others["dataset"] + ", " + held,
    kind=others["task"],
    hollow=~people,
    value=others["score"] / 100,
    series=others["task"],
)
fig, ax = plt.subplots(figsize=(5.8, 3.8))
score_plots.rows(ax, strips, label="reported score (0 to 1)")
ends = strips.groupby("row", sort=False)["score"].agg(["min", "max"])
told = [
    f"{name} {low:g} to {high:g} %" for name, (low, high) in ends.T.items()
]
Picture(
    fig,
    alt=f"Reported scores by data set and split: {'; '.join(told)}.",
    caption="Filled: people held out. Hollow: within a subject, or not "
    "stated in what was read. SEED has three classes, the others two.",
)

# %% tags=["remove-input"]
unstated = (others["split"] == "not stated")[~trivial]
unstated = unstated.groupby(others["system"]).any()
told = []
for row in others[others["split"] == "subject dependent"].itertuples():
    same = (others[["dataset", "system", "task"]] == [*row[1:4]]).all(axis=1)
    across = others.loc[same & people, "score"].iloc[0]
    told.append(
        f"{row.system} on {row.dataset} ({row.task}): {row.score:g} % "
        f"subject dependent, {across:g} % with people held out, "
        f"**{row.score - across:.1f} percentage points** less."
    )
display(bullets(*told))
say(
    f"For {unstated.sum()} of {len(unstated)} systems the words that were",
    "read do not state the split, for one data set or all.",
)

# %% [markdown]
# The *trivial baseline* needs no EEG: it always predicts the most frequent
# class of the training set. Compare an accuracy with it first. The
# scores within one table cannot be ranked, since windows, classes and measures
# differ. Domain-adversarial training usually also uses the recordings of the
# people held out, without their labels.

# %% tags=["remove-input"]
for dataset, own in others[people].groupby("dataset", sort=False):
    caption = f"{dataset}, people held out, percent"
    display(Table(reference_models.reported_table(own), caption=caption))

# %% tags=["remove-input"]
for dataset, own in others[~people].groupby("dataset", sort=False):
    caption = f"{dataset}, within a subject or not stated, percent"
    display(Table(reference_models.reported_table(own), caption=caption))

# %% [markdown]
# ## Measured here
#
# These scores come from this book's own runs. All models are trained and
# tested on the same {term}`folds <fold>`: on the open recordings of rest and
# arithmetic {cite:p}`zyma2019`, and on simulated people. They are
# {term}`balanced accuracies <balanced accuracy>` of whole trials, so the
# {term}`chance level` is the same in all columns.

# %% tags=["remove-input"]
found = measured_references()
made = found.iloc[-1]
simulated = found["data"].str.startswith("simulated")
across, within = "leave_subjects_out", "trial_grouped"
shown_here = [
    ("Real recordings (eegmat) and the demo", found[~simulated], across),
    ("More simulated cohorts", found[simulated], across),
    ("The demo, whole trials held out", found[~simulated], within),
]
for caption, own, protocol in shown_here:
    table = reference_models.measured_table(own, protocol)
    caption = f"{caption}. In parentheses: 95 % intervals"
    display(*([Table(table, caption=caption)] if len(table) else []))

# %% tags=["remove-input"]
display(say(*reference_models.WORDS.values()))
real = found[(found["data"] == "eegmat") & (found["what"] == "trial")]
score_of = real.set_index("model")["value"]
adapted = score_of.pop("tangent_space_recentred")
display(
    say(
        "On the real recordings the highest score without the recordings of",
        f"the people held out is {score_of.max():.2f}, by",
        f"{reference_models.name_of(score_of.idxmax())}; the network scores",
        f"{score_of['network']:.2f}. Recentring raises the tangent space from",
        f"{score_of['tangent_space']:.2f} to {adapted:.2f}. An interval of a",
        "score is no test of a difference between two models.",
    )
)
say(
    f"The network and EEGNet were trained {found['trainings'].max()} times.",
    "(Measured by `python -m benchmarks.references`",
    f"at commit {made['commit']}, {made['date']}.)",
)

# %% [markdown]
# ## Ablations
#
# An *ablation* leaves out one part of a method, to see what it is worth.
# {cite:t}`rudakov2021` show theirs in a bar chart, from which these figures
# were read to about 0.03 points. Windows of one trial are in training and
# test, so the figures say what a part is worth for recognising the rest of a
# trial.

# %% tags=["remove-input"]
ablations = figures[ablation].set_index("variant")[tasks]
change = (ablations - ablations.loc["proposed"]).drop("proposed")
Table(
    change.map("{:+.2f}".format).rename_axis("left out or changed"),
    caption="Change against the whole method, in percentage points "
    "(window-wise)",
)

# %% [markdown]
# ## This study
#
# Below are the scores of the study of this book under its protocols. Its data
# are others, its people fewer and its network smaller, so compare protocols,
# not systems.

# %% tags=["remove-input"]
if len(stages.predictions(this_study)) and this_study.scores_file().exists():
    told = Table(
        score_table(stages.scores(this_study)), caption="Means over subjects"
    )
else:
    told = shown.admonition(
        "No scores yet",
        "The networks of this study are not trained. Once they are, this",
        "section shows their scores.",
    )
display(told)

# %% [markdown]
# ## Provenance

# %% tags=["remove-input"]
provenance(this_study)
