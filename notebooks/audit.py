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
# # Audit a split
#
# A paper reports 95 % accuracy. Were windows of one trial in the training set
# and in the test set? An audit answers that for any table of windows, whatever
# program made it. It needs neither the recordings nor a study, and you can use
# it on your own work before a reviewer does.
#
# ## What you will learn
#
# - how to tell whether a split leaks, from its indices alone;
# - what the {term}`features <feature>` add: do they identify the
#   {term}`trial`, and does the model predict permuted labels?
# - why an audit that finds nothing proves nothing.
#
# ## Another pipeline
#
# Here are white noise, random labels and a baseline correction: the mean of
# six noisy baseline windows is subtracted from all windows of a trial. Then
# come scikit-learn's scaler, its classifier and its shuffled folds.

# %%
import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import emolib

# %% tags=["hide-input"]
from emolib.book.provenance import provenance
from emolib.figures.benches import SplitTable
from emolib.figures.display import Table, bullets, say, use_style
from emolib.study.study import load

use_style()

# %% tags=["parameters", "remove-input"] needs="first"
study = "demo"  # for the list at the foot; all else is the same in each study

# %%
rng = np.random.default_rng(0)
trial = np.repeat(np.arange(40), 30)  # 40 trials of 30 windows
y = rng.permutation(np.arange(40) % 2)[trial]
x = rng.normal(size=(len(trial), 64))
x -= rng.normal(size=(40, 6, 64)).mean(axis=1)[trial]  # "baseline"
model = make_pipeline(StandardScaler(), RidgeClassifier())
folds = StratifiedKFold(5, shuffle=True, random_state=0)
leaking = emolib.audit(x, y, trial=trial, cv=folds, estimator=model)

# %% tags=["hide-input"]
NAMES = {
    "verdict": "verdict",
    "shared_trials": "trials on both sides",
    "trial_identification": "nearest neighbour is of the same trial",
    "score": "score under this split",
    "score_permuted_labels": "the same, labels permuted between trials",
    "score_trial_grouped": "score with whole trials held out",
}


def shown(found):
    """Return the main numbers of an audit as text, by their names."""
    every = pd.Series(found.to_dict(), dtype=object)[[*NAMES]].rename(NAMES)
    written = every.map(
        lambda it: f"{it:.2f}" if isinstance(it, float) else str(it)
    )
    return written.replace("None", "unknown")


Table(
    pd.DataFrame({"this pipeline": shown(leaking)}),
    caption="The audit; scores are balanced accuracies of windows",
)

# %% tags=["remove-input"]
numbers = leaking.numbers
say(
    f"The verdict is **{leaking.verdict}**. There is nothing to find in",
    f"this noise, yet the score is {numbers['score']:.2f}. Labels permuted",
    "between trials are predicted with",
    f"{numbers['score_permuted_labels']:.2f}, so the model does not read",
    "emotions. It recognises trials. With whole trials held out it reaches",
    f"{numbers['score_trial_grouped']:.2f}.",
)

# %% [markdown]
# ## Four splits, four verdicts
#
# Now split the same features in other ways. A column `fold` names the
# {term}`fold` in which a window is tested. A window with -1 is always in the
# training set.

# %%
late = np.tile(np.arange(30), 40) >= 24  # each trial's last fifth
splits = {
    "windows at random": rng.integers(5, size=len(trial)),
    "whole trials": (rng.permutation(40) % 5)[trial],
    "each trial's last fifth": np.where(late, 0, -1),
}
judged = {
    name: emolib.audit(x, y, trial=trial, fold=fold)
    for name, fold in splits.items()
}
judged["trials not named"] = emolib.audit(x, y, fold=splits["whole trials"])

# %% tags=["hide-input"]
Table(
    pd.DataFrame({name: shown(found) for name, found in judged.items()}).T,
    caption="One row per split of the same windows, with ridge for a model",
)

# %% tags=["remove-input"]
bullets(
    *(f"**{name}.** {found.words}" for name, found in judged.items()),
)

# %% [markdown]
# The last fifth of a trial looks like an honest test, since it comes later.
# But the trial has one label, and its first windows show which trial it is.
# The last row cannot be judged: without `trial`, nobody can say which windows
# belong together.
#
# ## Windows that overlap
#
# This is white noise again: trials of a minute, eight channels, and one random
# label per trial. The windows last two seconds and begin every quarter of a
# second, so neighbours share most of their samples. They were cut before the
# split, a mistake reported in public code more than once. No baseline was
# subtracted.

# %%
noise = rng.normal(size=(20, 8, 60 * 128))  # trial, channel, sample
cut = np.lib.stride_tricks.sliding_window_view(noise, 256, axis=-1)
power = np.log(cut[:, :, ::32].var(axis=-1)).swapaxes(1, 2)
n = power.shape[1]  # windows in a trial
of_trial = np.repeat(np.arange(20), n)
overlapping = emolib.audit(
    power.reshape(-1, 8),
    rng.permutation(np.arange(20) % 2)[of_trial],
    trial=of_trial,
    onset=np.tile(np.arange(n) * 0.25, 20),
    window_seconds=2.0,
    cv=folds,
    estimator=KNeighborsClassifier(1),
)

# %% tags=["remove-input"]
numbers = overlapping.numbers
say(
    f"**{numbers['overlapping_windows']:,} of {numbers['n_windows']:,}**",
    "tested windows share samples with training windows. Nearest neighbours",
    f"score {numbers['score']:.2f}, and {numbers['score_trial_grouped']:.2f}",
    "with whole trials held out. The verdict:",
    f"**{overlapping.verdict}**.",
)

# %% [markdown]
# ## On the command line
#
# ```
# python -m emolib audit windows.csv
# python -m emolib audit windows.npz --json
# ```
#
# A CSV or Parquet file has one row per window, the columns `subject`, `trial`,
# `y` and `fold`, and its other columns of numbers are the features. An `.npz`
# file has the arrays `x`, `y`, `subject`, `trial` and `fold`. You may add
# `stimulus`, `onset` and `window_seconds` (for windows that overlap) and
# `predictions` (the classes that your model predicted). A folder of TorchEEG's
# folds is read as it is. The first command writes a page in one file, and the
# second prints one JSON object.
#
# ## In this page
#
# Drop a table of a split here. The page checks indices only: trials, stimuli
# and subjects on both sides, and windows that share samples. Nothing leaves
# the page.

# %% tags=["hide-input"]
SplitTable()

# %% [markdown]
# ## What is checked, and what is called a leak
#
# | check | called a leak |
# | --- | --- |
# | windows of one trial on both sides | always |
# | windows that share samples on both sides | always |
# | rows with the same numbers on both sides | from 1 % of the tested rows |
# | features normalised over training and test rows together | always |
# | labels permuted between trials are predicted | if clearly above chance |
# | random halves of the stimuli are told apart | if clearly above chance |
# | features centred on each trial, smooth neighbours | no, but it is said |
# | stimuli or subjects on both sides | no, but it limits the claim |
#
# Permuting labels between trials is the strongest control, because it keeps
# the whole pipeline and removes only the meaning of the labels. Others have
# measured how much windows of seen trials add to scores of mental states
# {cite:p}`white2023`. Another check divides the stimuli into two random halves
# with equally many trials of each class. If a classifier can
# separate the halves, it recognises the films. Emotion cannot help it.
#
# An audit that finds nothing does not show that a split is clean. Nobody can
# see in a table that the number of epochs of training was chosen on the test
# set, or that channels were selected on all data. `make evidence` measures, on
# simulated people with known leaks, how often the audit finds them and how
# often it accuses a clean split.
#
# ## A checklist for reviewers
#
# 1. **Unit.** Does the paper say which unit was held out: windows, trials,
#    sessions, stimuli or people? Is it the unit of the claim?
# 2. **Order.** Were trials cut into windows before or after the split?
# 3. **Overlap.** Do windows overlap, or were features smoothed within trials?
# 4. **Preparation.** Which statistics were computed on all data: scaling,
#    channel selection, artifact rejection, class weights, resampling?
# 5. **Baseline.** Does each trial have its own baseline removal? Then trials
#    are easy to recognise.
# 6. **Stopping.** Which data chose the epoch of training, and the settings?
# 7. **Chance.** Is the majority rate beside the score? Are labels permuted
#    between trials scored by the same code?
# 8. **Interval.** Does the interval count trials and people, or windows?
# 9. **Table.** Is there a file with one row per window: subject, trial,
#    stimulus, fold, label and prediction? Then audit it.
#
# ## Where to read on
#
# - [What a score means](09_what_a_score_means): where the score comes from,
#   step by step.
# - [Your own data](12_your_own_data): from recordings to an honest split.
#
# ## Provenance

# %% tags=["remove-input"]
provenance(load(study), [])
