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
# Every published score that this book mentions stands here once, with what was held out and where
# it is from. All are of DEAP {cite:p}`koelstra2012`, the recordings of 32 people who watched 40
# music videos each.
#
# They cannot be ranked against each other. The papers differ in {term}`windows <window>`,
# {term}`features <feature>`, {term}`folds <fold>` and measures. What they can show is how scores
# depend on the {term}`protocol`: on what was held out.

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import display

from emolib.book.provenance import provenance
from emolib.book.tables import score_table
from emolib.evaluation.literature import published
from emolib.figures import scores as score_plots
from emolib.figures.display import Picture, Table, say, use_style
from emolib.lessons import protocol_plots
from emolib.splits.protocols import BOTH_SIDES, LEAKING, protocol_name
from emolib.study import stages
from emolib.study.study import load

use_style()

# %% tags=["parameters"] needs="scores"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None takes the first whose recording can be used

# %%
this_study = load(study)
figures = published()
figures["name"] = figures["system"] + figures["variant"].map(lambda name: name and f" ({name})")
tasks = ("valence", "arousal")


def rows(chosen):
    """Figures as a page shows them, in per cent."""
    shown = chosen.set_index(chosen["name"].rename("system"))
    decimals = "{:.2f}" if (shown[[*tasks]] % 1).any(axis=None) else "{:g}"
    shown[[*tasks]] = shown[[*tasks]].map(decimals.format).astype(object)
    return shown[[*tasks, "unit", "source"]].rename(columns={"unit": "measure"})


# %% [markdown]
# ## Windows of one trial on both sides
#
# In these experiments single windows were dealt out at random. A {term}`trial` gives many windows
# of one {term}`class`; some of them are trained on, others are tested. The scores answer: *given
# some pieces of a trial, can the rest of the same trial be recognised?* MT-CNN is the method of
# {cite:t}`rudakov2021`, 4D-CRNN that of {cite:t}`shen2020`, whose features it extends. The
# multi-column CNN is of {cite:t}`yang2019`, SAE-LSTM of {cite:t}`xing2019`, FBCCNN of
# {cite:t}`pan2021`.

# %% tags=["remove-input"]
ablation = figures["system"] == "MT-CNN ablations"
leaking = figures["protocol"].isin(LEAKING)
Table(
    rows(figures[leaking & ~ablation]),
    caption=protocol_name("window_wise"),
    css="emolib-wide",
)

# %% [markdown]
# ## Trials or people held out
#
# Here whole trials, or people, were held out, so that the scores answer: *will it work on a new
# trial, or for somebody new?* Ranges are given as lowest and highest. Surveys with many more
# figures, and measurements of how the protocol changes them: {cite:t}`white2023,liu2024`,
# {cite:t}`kukhilava2025,delpup2025,khan2025`.

# %% tags=["remove-input"]
parts = {protocol: rows(own) for protocol, own in figures[~leaking].groupby("protocol")}
for protocol, own in parts.items():
    display(Table(own, caption=protocol_name(protocol), css="emolib-wide"))

# %% [markdown]
# ## Side by side

# %% tags=["remove-input"]
whole = figures[~ablation & ~figures["variant"].str.contains("frames")]
held = {"trial_grouped": "trials held out", "leave_subjects_out": "people held out"}
short = whole["name"].str.replace("the field on DEAP", "field")
short = short.str.replace("this on unseen subjects", "this").str.removesuffix(" ()")
short += whole["protocol"].map(held).map(lambda words: f", {words}", na_action="ignore").fillna("")
held_out = whole["protocol"].map(lambda name: BOTH_SIDES if name in LEAKING else "held out")
marks = pd.DataFrame(index=short)
for task in tasks:
    for how in (BOTH_SIDES, "held out"):
        name = f"{task}, {how if how == BOTH_SIDES else 'trials or people held out'}"
        marks[name] = (whole[task] / 100).where(held_out == how).to_numpy()

# %% tags=["remove-input"]
high, low = (whole.loc[leaking == side, [*tasks]].to_numpy() for side in (True, False))
fig, ax = plt.subplots(figsize=(6.2, 4.6))
points = protocol_plots.kinds_of_points(marks)
score_plots.rows(ax, points, label="reported score (0 to 1)", chance=0.5)
Picture(
    fig,
    alt=f"Reported scores of {len(whole)} entries. With windows of one trial on both sides they "
    f"run from {high.min():g} to {high.max():g} %, with trials or people held out from "
    f"{low.min():g} to {low.max():g} %.",
    caption="Hollow: windows of one trial on both sides. Filled: trials or people held out. The "
    "dotted line is one half, the chance level of balanced accuracy. An accuracy has to be held "
    "against always naming the majority class, which is right in 55 to 59 % of DEAP's trials.",
)

# %% tags=["remove-input"]
say(
    f"The lowest score with windows of one trial on both sides, **{high.min():g} %**, is above",
    f"the highest with trials or people held out, **{low.max():g} %**.",
)

# %% [markdown]
# The two groups of figures answer different questions; [chapter 9](09_what_a_score_means) shows why
# they differ so much.
#
# ## Ablations
#
# An *ablation* leaves one part of a method out, to see what it is worth. {cite:t}`rudakov2021` show
# theirs in a bar chart, from which these figures were read, to about 0.03 points. All are
# window-wise, with windows of one trial on both sides: they say what a part is worth for
# recognising the rest of a trial.

# %% tags=["remove-input"]
ablations = figures[ablation].set_index("variant")[list(tasks)]
change = (ablations - ablations.loc["proposed"]).drop("proposed")
table = change.map("{:+.2f}".format).rename_axis("left out or changed")
Table(table, caption="Published change against the whole method, percentage points (window-wise)")

# %% [markdown]
# ## This study
#
# The same protocols on the recordings that this book was made from. Another data set, fewer people
# and a smaller network: a comparison of protocols, not of systems.

# %% tags=["remove-input"]
if len(stages.predictions(this_study)) and this_study.scores_file().exists():
    scores = stages.scores(this_study)
    display(Table(score_table(scores), caption="Means over subjects"))
else:
    display(say("This study's networks are not trained yet; then their scores stand here."))

# %% [markdown]
# ## Provenance

# %% tags=["remove-input"]
provenance(this_study)
