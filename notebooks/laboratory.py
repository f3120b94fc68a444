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
# # Laboratory
#
# Each *bench* on this page is a computation that you can change with your
# hands. It starts from a recording of this study, asks a question, and shows
# the answer once you have guessed. Everything is computed on this page. It
# works offline, and nothing that you enter or drop leaves it.
#
# **By keyboard.** Tab leads from control to control, and the arrow keys move
# it. The page's address keeps what you set up, so you can send it to somebody.

# %% tags=["hide-input"]
from emolib.book.provenance import provenance
from emolib.features.power import posterior_channels
from emolib.features.windows import z_score
from emolib.figures import benches
from emolib.figures.display import use_style
from emolib.recordings.labels import trial_classes
from emolib.study import stages
from emolib.study.networks import network_bench, replay_bench
from emolib.study.study import load

use_style()

# %% tags=["parameters", "remove-input"] needs="scores"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None: the first that can be used

# %% tags=["hide-input"]
this_study = load(study)
subject = subject or stages.first_valid(this_study)
recording = stages.recording(this_study, subject)
sfreq = float(recording.attrs["sfreq"])
channel = posterior_channels(recording["channel"].to_numpy().tolist())[0]
eeg = recording["eeg"].sel(channel=channel)
longest = eeg[int(eeg.count("time").to_numpy().argmax())].dropna("time")

# %% [markdown]
# ## Filters
#
# A filter keeps one band. What does it do to time? See
# [Band filtering, and what it does to time](02_band_filtering).

# %% tags=["hide-input"]
benches.offer(
    lambda: benches.FilterBench(longest.to_numpy(), sfreq, channel=channel)
)

# %% [markdown]
# ## Differential entropy and power
#
# These are two names for nearly the same number. How much does an estimate of
# it scatter? See [DE versus PSD](03_de_versus_psd).

# %% tags=["hide-input"]
benches.offer(lambda: benches.EntropyBench(longest.to_numpy(), sfreq))

# %% [markdown]
# ## Windows, baseline and normalisation
#
# A vector that is subtracted from all windows of a trial marks the trial. See
# [Windows, baseline and normalisation](04_windows_baseline_normalisation).

# %% tags=["hide-input"]
benches.offer(
    lambda: benches.WindowBench(recording, this_study.features.bands)
)

# %% [markdown]
# ## The grid editor
#
# Which neighbours on the head does the grid keep? The layout that you make can
# be copied into a study. See
# [The grid and brain maps](05_grid_and_brain_maps).

# %% tags=["hide-input"]
benches.offer(
    lambda: benches.GridBench(recording["channel"].to_numpy().tolist())
)

# %% [markdown]
# ## The network live
#
# A trained network reads windows that it was not trained on. Silence a part of
# the head, paint a map, and follow one sum term by term. See
# [The CNN, layer by layer](06_cnn_layer_by_layer) and
# [What the network looks at](10_what_the_network_looks_at).

# %% tags=["hide-input"]
protocol = this_study.attribution_protocol or this_study.protocols[0]
benches.offer(lambda: network_bench(this_study, protocol))

# %% [markdown]
# ## The loss of two heads
#
# Class weights and task weights change what the network is trained for. See
# [The multi-task loss](07_multi_task_loss).

# %% tags=["hide-input"]
rated = trial_classes(recording, this_study.tasks).iloc[:, 0].dropna()
part = (rated == rated.max()).mean() if len(rated) else 0.5
share = min(95, max(5, 5 * round(20 * float(part))))
benches.offer(lambda: benches.LossBench(share=share))

# %% [markdown]
# ## A training replayed
#
# Move through the epochs of this study's trainings, and set the patience. How
# much higher is a score if the test fold chooses the epoch? See
# [Pooled and fine-tuned](08_pooled_and_fine_tuned).

# %% tags=["hide-input"]
benches.offer(lambda: replay_bench(this_study))

# %% [markdown]
# ## The split game
#
# How high can a score get on white noise with random labels? See
# [What a score means](09_what_a_score_means).

# %% tags=["hide-input"]
benches.offer(lambda: benches.SplitGame(recording, this_study.tasks))

# %% [markdown]
# ## An LSTM, step by step
#
# An average does not depend on the order of the windows, but an LSTM does.
# Here it reads the first windows of a trial. See [Time: several windows at
# once](11_time_and_4d_crnn).

# %% tags=["hide-input"]
features = stages.features(this_study, subject)
first = features["trial"] == features["trial"][0]
course = (
    features["feature"][first.to_numpy()].isel(kind=0).sel(channel=channel)
)
read = course.isel(window=slice(6), band=slice(2)).to_numpy()
names = [f"{band}, {channel}" for band in features["band"].to_numpy()[:2]]
benches.offer(lambda: benches.TimeBench(z_score(read, axis=0), names))

# %% [markdown]
# ## Planning an experiment
#
# How many people do you need, and how many trials? The bench takes predictions
# as independent. The scores of a trained classifier scatter more. See
# [Your own data](12_your_own_data).

# %% tags=["hide-input"]
benches.PlanningBench()

# %% [markdown]
# ## In JupyterLab
#
# Benches take your own data, and what a reader chooses comes back:
#
# ```python
# bench = benches.FilterBench(my_signal, sfreq=256, low_hz=4, high_hz=8)
# bench          # the last line of a cell: touch it
# bench.low_hz   # in a later cell: what is chosen now
# ```
#
# ## Provenance

# %% tags=["remove-input"]
inputs = this_study.reader.sources(this_study.recordings_root, subject)
provenance(this_study, inputs)
