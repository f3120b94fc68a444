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
# # Quick start: from a file to an honest score
#
# A few lines of code turn an EDF file into {term}`brain maps <brain map>` and
# a score. **How well does a classifier do on {term}`trials <trial>` that it
# has not seen?**

# %% tags=["parameters", "remove-input"] needs="first"
study = "demo"  # for the list at the foot; the rest is the same in each study

# %% tags=["hide-input"]
import tempfile
from pathlib import Path

import mne
from IPython.display import display
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import cross_val_predict

import emolib
from emolib.book.provenance import provenance
from emolib.figures.display import say, use_style
from emolib.recordings import example
from emolib.study.study import load

use_style()

# %% [markdown]
# ## What you will learn
#
# - how your recording gets in: any file that MNE-Python opens;
# - how it becomes {term}`features <feature>` and brain maps;
# - how to score a classifier on trials that it has not seen.
#
# **Time.** Five minutes. **What you need.** Python. The
# [glossary](/glossary.md) explains each word, and each step has its chapter.
#
# ## A file
#
# Here is an EDF file of a simulated person, with an annotation at the start of
# each trial. The number `effect` sets how strongly the signals follow the
# film. Put the path of your own file in place of `file`. Most recording
# programs call annotations markers.

# %%
settings = emolib.SimulationSettings(n_trials=40, trial_seconds=12, effect=4)
person, _ = emolib.simulate_subject(settings, subject=1)
ratings = person["rating"].sel(scale="valence").to_numpy()

folder = tempfile.TemporaryDirectory()
example.write_example(folder.name, person, valence=ratings, trial_seconds=11)
file = Path(folder.name) / example.EEG_FILE

# %% [markdown]
# ## A recording
#
# MNE reads the file and cuts out one piece per trial, which it calls an epoch.
# The part before zero is the {term}`baseline interval <baseline>`.
# `from_epochs` gives the {term}`channels <channel>` the names of the
# {term}`grid` and checks every sample. The names of the annotations become the
# {term}`classes <class>`.

# %%
raw = mne.io.read_raw_edf(file, preload=True, verbose="error")
raw.set_eeg_reference("average", verbose="error")
events, codes = mne.events_from_annotations(raw, verbose="error")
last = 11 - 1 / raw.info["sfreq"]
cut = {"tmin": -1, "tmax": last, "baseline": None}
epochs = mne.Epochs(raw, events, codes, **cut, verbose="error")
recording = emolib.from_epochs(epochs, "sub-01", classes="film")
print(codes)
print(dict(recording.sizes))

# %% [markdown]
# ## Features and brain maps
#
# Each trial is split into {term}`windows <window>`. Two kinds of feature in
# four {term}`bands <band>` describe each window, and a map arranges them as
# the electrodes are arranged on the head. The chapters on
# [filters](02_band_filtering), [features](03_de_versus_psd) and
# [maps](05_grid_and_brain_maps) explain these steps.

# %%
features = emolib.extract_features(recording, emolib.FeatureSettings())
maps = emolib.to_brain_maps(features)
print(dict(maps.sizes))

# %% [markdown]
# ## An honest score
#
# Windows of one trial are alike, whatever the person felt. So all windows of a
# trial must be in the same set, training or test. The {term}`protocol`
# *trial-grouped* does this. `cv_of` turns it into {term}`folds <fold>` for
# scikit-learn and any of its classifiers.

# %%
tasks = {"film": emolib.Task(classes=example.EVENTS)}
table = emolib.window_table(features, tasks)
x, y = maps.to_numpy().reshape(len(table), -1), table["film"]
scores = {}
for protocol in ("window_wise", "trial_grouped"):
    cv = emolib.splits.cv_of(protocol, table)
    predicted = cross_val_predict(RidgeClassifier(alpha=100), x, y, cv=cv)
    scores[protocol] = balanced_accuracy_score(y, predicted)

# %% tags=["remove-input"]
say(
    "On unseen trials, the balanced accuracy is",
    f"**{scores['trial_grouped']:.2f}** (chance: 0.5). With windows of one",
    f"trial in training and test it is {scores['window_wise']:.2f}, which",
    "says nothing about another trial. [What a score",
    "means](/chapters/09_what_a_score_means.ipynb) explains the difference.",
)

# %% [markdown]
# One person and a few dozen trials are not enough for a conclusion. [How many
# are enough](12_your_own_data) is a question to ask before you record.
#
# ## Look at it
#
# Choose a band, a trial and a moment. Point at an electrode, or move to it
# with the arrow keys, to see its course over time.

# %% tags=["hide-input"]
display(emolib.Explorer(features, tasks=tasks))

# %% [markdown]
# ## Where to go from here
#
# - From the beginning: [a first look at one recording](01_first_look).
# - Many people, networks and a page for each, from one file of settings:
#   [your own data](12_your_own_data).
# - What each function takes and returns: [the package](/api.md).
#
# ## Provenance

# %% tags=["remove-input"]
provenance(load(study), [file])
