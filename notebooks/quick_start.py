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
# ## What you will learn
#
# - how a recording of your own gets in: any file that MNE-Python opens;
# - how it becomes {term}`features <feature>` and {term}`brain maps <brain map>`;
# - how to score a classifier on {term}`trials <trial>` that it has not seen.
#
# **Time.** Five minutes. **What you need.** Python; each word has its entry in the
# [glossary](/glossary.md), and each step its chapter.

# %%
import tempfile
from pathlib import Path

import mne
from IPython.display import display
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import cross_val_predict

import emolib

# %% tags=["hide-input"]
from emolib.book.provenance import provenance
from emolib.figures.display import say, use_style
from emolib.recordings import example
from emolib.study.study import load

use_style()

# %% tags=["parameters"] needs="first"
study = "demo"  # for the list at the foot; all else is the same in each study

# %% [markdown]
# ## A file
#
# Here is an EDF file of a simulated person, with an annotation at the start of each trial. Put the
# path of your own in its place; annotations are what most recording programs call markers.

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
# MNE reads the file and cuts it into epochs, one per trial; what lies before zero is the
# {term}`baseline`. `from_epochs` names the channels as the {term}`grid` does and checks every
# sample. The names of the annotations become the classes.

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
# Each trial is cut into {term}`windows <window>`, each window described by two kinds of feature in
# four {term}`bands <band>`, and the features laid out as the electrodes lie on the head. The
# chapters on [filters](02_band_filtering), [features](03_de_versus_psd) and
# [maps](05_grid_and_brain_maps) say why.

# %%
features = emolib.extract_features(recording, emolib.FeatureSettings())
maps = emolib.to_brain_maps(features)
print(dict(maps.sizes))

# %% [markdown]
# ## An honest score
#
# Windows of one trial resemble each other whatever was felt. So all windows of a trial must be on
# the same side: that is the {term}`protocol` *trial-grouped*. `cv_of` makes a protocol's
# {term}`folds <fold>` what scikit-learn takes, with any of its classifiers.

# %%
tasks = {"film": emolib.Task(classes=example.EVENTS)}
table = emolib.window_table(features, tasks)
x, y = maps.to_numpy().reshape(len(table), -1), table["film"]
scores = {}
for protocol in ("window_wise", "trial_grouped"):
    cv = emolib.splits.cv_of(protocol, table)
    guess = cross_val_predict(RidgeClassifier(alpha=100), x, y, cv=cv)
    scores[protocol] = balanced_accuracy_score(y, guess)

# %% tags=["remove-input"]
say(
    "On trials that the classifier has not seen, its balanced accuracy is",
    f"**{scores['trial_grouped']:.2f}**; guessing gives 0.5. With windows of one trial on",
    f"both sides of the split it would be {scores['window_wise']:.2f}, which says nothing about",
    "another trial. [What a score means](/chapters/09_what_a_score_means.ipynb) shows what it does",
    "say.",
)

# %% [markdown]
# One person and a few dozen trials say little either way:
# [how many are enough](12_your_own_data) is a question to ask before recording.
#
# ## Look at it
#
# Choose a band, a trial, a moment; hover over an electrode, or use the arrow keys.

# %%
display(emolib.Explorer(features, tasks=tasks))

# %% [markdown]
# ## Where to go from here
#
# - From the beginning: [a first look at one recording](01_first_look).
# - Many people, networks and pages for all of them, from one file of settings:
#   [your own data](12_your_own_data).
# - What each function takes and returns: [the package](/api.md).
#
# ## Provenance

# %% tags=["remove-input"]
provenance(load(study), [file])
