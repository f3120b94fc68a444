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
# # The paper and its released code
#
# A paper of four pages {cite:p}`rudakov2021` describes the method of this
# book, and its authors released their code. In the points below the two
# differ, as in most projects. **Which of them would you expect to change the
# results?**

# %% tags=["parameters", "remove-input"] needs="features"
study = "demo"  # a name in the folder studies/, or the path of a study file
subject = None  # such as "sub-01"; None: the first that can be used

# %% tags=["hide-input"]
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pandas as pd
from IPython.display import display
from scipy import stats
from sklearn.utils.class_weight import compute_class_weight

from emolib.book.provenance import provenance
from emolib.errors import DataError
from emolib.evaluation.linear import ridge_smoother
from emolib.evaluation.literature import published
from emolib.evaluation.permutation import permutation_scores
from emolib.features.bands import BANDS, Band
from emolib.features.extraction import extract_features
from emolib.figures import display as shown
from emolib.figures.display import Table, escape_markdown, say

# %% tags=["hide-input"]
from emolib.grid import DEAP_CHANNELS, cells, to_brain_maps
from emolib.recordings.labels import window_table
from emolib.splits.protocols import PROTOCOLS, protocol_name
from emolib.study import stages
from emolib.study.study import load

shown.use_style()
text = (files("emolib.book") / "paper_and_code.csv").open(encoding="utf-8")
with text:
    points = pd.read_csv(text, keep_default_na=False).set_index("key")
Table(
    points.set_index("what")[["paper", "code"]].rename_axis("point"),
    caption="Paper and code. A dash: the paper does not say",
)

# %% [markdown]
# Releasing code is the best that authors can do for their readers, because it
# answers what four pages cannot. This page says whether this book follows the
# paper or the code. Where that takes only seconds, it also measures what each
# point does: on {term}`features <feature>`, on {term}`folds <fold>`, and on
# the {term}`scores <score>` of ridge regression, a linear classifier. What a
# point does to a trained network takes a study of its own. All numbers are
# from the {term}`study` that this book was made from.

# %% tags=["hide-input"]
this_study = load(study)
subject = subject or stages.first_valid(this_study)
in_folds = stages.load_windows(this_study)[1]["subject"].unique()
others = [name for name in in_folds if name != subject]
settings, tasks = this_study.features, list(this_study.tasks)
protocol = this_study.attribution_protocol or "trial_grouped"
people = [subject, *others][: 8 if "subjects" in protocol else 4]
recordings = [stages.recording(this_study, name) for name in people]
of_each = [set(each["channel"].to_numpy()) for each in recordings]
in_common = [
    name
    for name in recordings[0]["channel"].to_numpy()
    if name in set.intersection(*of_each)
]
if len(in_common) < 2:  # compare what one person's recording gives
    recordings, in_common = recordings[:1], recordings[0]["channel"]
recordings = [each.sel(channel=in_common) for each in recordings]
measured = {}  # what this page finds, by point: the table at its end

# %% [markdown]
# ## How a choice is scored
#
# For each choice, compute the features of a few {term}`subjects <subject>`
# again, and score ridge regression on {term}`trials <trial>` that it was not
# fitted to. Repeat this for five random assignments of trials to folds. All
# choices get the same five, so their scores can be subtracted.


# %%
def compute(changed):
    return [extract_features(each, changed) for each in recordings]


def values_of(found):
    return np.concatenate([each["feature"].to_numpy() for each in found])


ours = compute(settings)
table = pd.concat(
    [window_table(each, this_study.tasks) for each in ours], ignore_index=True
)
table[tasks] = table[tasks].clip(upper=1)  # the first class against the rest
rated = (table[tasks] >= 0).all(axis=1).to_numpy()
by_people = "subjects" in protocol and len(recordings) > 1
split = PROTOCOLS[protocol if by_people else "trial_grouped"]
n_units = len(recordings) if by_people else this_study.n_folds
n_folds = min(this_study.n_folds, n_units)


# %%
def ridge_scores(x):
    """Return balanced accuracies, (assignment to folds, task)."""
    rows, found = table[rated].reset_index(drop=True), []
    for seed in range(5):
        folds = split(rows, n_folds=n_folds, seed=seed, tasks=[])
        smoother = ridge_smoother(x[rated], rows, folds)
        labels = smoother.trials[tasks].to_numpy()
        found.append(permutation_scores(smoother, labels))
    return np.array(found)


our_scores = ridge_scores(values_of(ours))
scored = np.isfinite(our_scores).all(axis=1)  # each fold tests both classes


def compare(x):
    if scored.sum() < 2:
        return "ridge not compared, since there are too few trials"
    change = (ridge_scores(x) - our_scores)[scored].mean(axis=1)
    return (
        f"ridge {change.mean():+.3f} ({change.min():+.3f} to "
        f"{change.max():+.3f})"
    )


# %% tags=["remove-input"]
of_scores = "There are too few trials to score ridge: folds lack a class."
if scored.sum() > 1:
    kept = our_scores[scored]
    told = zip(tasks, kept.mean(axis=0), strict=True)
    each = ", ".join(f"{value:.3f} for {task}" for task, value in told)
    of_scores = (
        "With the settings of this study, the balanced accuracy of ridge is "
        f"{each} (chance: 0.5). Between the {len(kept)} assignments in which "
        "each fold tests both classes its standard deviation is "
        f"**{kept.std(axis=0, ddof=1).mean():.3f}**. A difference that is not "
        "clearly larger has not been detected. Differences below are means, "
        "with the smallest and the largest in brackets."
    )
say(
    f"Protocol: {protocol_name(protocol)}; folds: {n_folds}; subjects:",
    f"{len(recordings)}; windows: {len(table):,}. {of_scores}",
)

# %% [markdown]
# ## Limits of the bands
#
# In the slides of the authors' talk, beta ends and gamma begins at 30 Hz. In
# the code it is 31 Hz. This book takes the {term}`bands <band>` of the code.

# %%
slides = (*BANDS[:2], Band("beta", 14.0, 30.0), Band("gamma", 30.0, 45.0))
raw = replace(
    settings, kinds=("de",), bands=BANDS, baseline="none", normalise="none"
)
entropy = extract_features(recordings[0], raw)["feature"]
moved = extract_features(recordings[0], replace(raw, bands=slides))["feature"]
shift = (moved - entropy).mean(["window", "kind", "channel"])

# %% tags=["remove-input"]
of_scores = "ridge not compared, since this study has bands of its own"
if settings.bands == BANDS:
    of_scores = compare(values_of(compute(replace(settings, bands=slides))))
beta, gamma = (float(shift.sel(band=name)) for name in ("beta", "gamma"))
measured["bands"] = (
    f"DE of beta {beta:+.3f}, of gamma {gamma:+.3f} nats; {of_scores}"
)
say(f"With the limits of the slides: {measured['bands']}.")

# %% [markdown]
# ## What "PSD" is
#
# The paper calls its second feature power spectral density. The code computes
# the {term}`band energy` of the filtered {term}`window`, and so does this
# book, since the published scores are of that. [Chapter 3](03_de_versus_psd)
# shows that it is {term}`differential entropy` (DE) without the logarithm. A
# true density is the setting `psd: welch`.

# %%
r_squared = {}
for name in ("energy", "welch"):
    other = replace(raw, kinds=("psd",), psd=name)
    x = np.log(extract_features(recordings[0], other)["feature"].to_numpy())
    fit = stats.linregress(entropy.to_numpy().ravel(), x.ravel())
    r_squared[name] = fit.rvalue**2

# %% tags=["remove-input"]
of_scores = "ridge not compared, since this study has another choice"
if settings.kinds == ("de", "psd") and settings.psd == "energy":
    values = values_of(compute(replace(settings, psd="welch")))
    of_scores = f"with Welch's density {compare(values)}"
measured["psd"] = (
    f"R² of DE and log energy {r_squared['energy']:.5f}, of DE and log Welch "
    f"density {r_squared['welch']:.2f}; {of_scores}"
)
say(f"{measured['psd']}.")

# %% [markdown]
# ## Baseline removal
#
# The mean feature of the {term}`baseline windows <baseline>` of a trial is
# subtracted from each of its windows. In the code, the lines for alpha, beta
# and gamma read their 4th to 6th baseline window from theta, which is a slip
# of copying. The power of theta is not theirs, so a wrong amount is
# subtracted, the same for all windows of a trial.

# %% tags=["remove-input"]
measured["baseline"] = "nothing: this study has no baseline removal"
if settings.baseline != "none":
    unscaled = replace(settings, kinds=("de",), normalise="none")
    right, slipped = (
        extract_features(recordings[0], replace(unscaled, baseline=name))
        for name in ("subtract", "released")
    )
    off = (slipped["feature"] - right["feature"]).isel(kind=0)
    off = (
        off.mean(["window", "channel"])
        .to_series()
        .drop("theta", errors="ignore")
    )
    by_band = ", ".join(f"{band} {value:+.2f}" for band, value in off.items())
    values = values_of(compute(replace(settings, baseline="released")))
    measured["baseline"] = f"DE of {by_band} nats; {compare(values)}"
say(f"What the slip does: {measured['baseline']}.")

# %% [markdown]
# By itself, a constant that all windows of a trial share says nothing about
# high or low. But it marks the trial, and [chapter 9](09_what_a_score_means)
# shows what follows if windows of one trial are in training and test.
#
# ## Planes of a map
#
# With DE alone, or energy alone, a {term}`brain map` has four
# {term}`planes <plane>` instead of eight. The loader in the released code does
# not change their number, so the paper's ablations "DE only" and "PSD only"
# must have used another one. Here the number follows from the features.

# %% tags=["remove-input"]
planes = {
    "-".join(chosen): to_brain_maps(ours[0].sel(kind=list(chosen))).sizes[
        "plane"
    ]
    for chosen in {settings.kinds, settings.kinds[:1]}
}
counted = (f"{n} with {name}" for name, n in sorted(planes.items()))
measured["planes"] = ", ".join(counted)
if len(settings.kinds) == 2:
    alone = compare(values_of(ours)[:, :1])
    measured["planes"] += f"; with {settings.kinds[0]} alone {alone}"
say(f"Planes: {measured['planes']}.")

# %% [markdown]
# ## The column that pooling drops
#
# After the {term}`convolutions <convolution>`, the map still has 8 rows and 9
# columns. {term}`Pooling <pooling>` keeps the largest value of each 2 x 2
# block, and nine is odd. With *same* {term}`padding`, as in the paper's
# figure, the last column makes a block of its own. With *valid* padding, the
# default of Keras and so that of the code, it is dropped. That column is over
# F8, T8 and P8. Is their information lost?
#
# Not quite, because each convolution mixes neighbours. With a {term}`kernel`
# of
# $k$ columns, output $j$ sees the inputs from $j - \lfloor (k-1)/2 \rfloor$ to
# $j + \lfloor k/2 \rfloor$. Count the paths from each column of the map to the
# columns that pooling keeps:

# %%
column = np.arange(9)
ahead = column - column[:, None]  # (output, input)
paths = np.eye(9, dtype=int)
for k in (5, 4, 4, 1):  # of the four convolutions
    sees = (ahead >= -((k - 1) // 2)) & (ahead <= k // 2)
    paths = sees.astype(int) @ paths
kept, same = paths[:8].sum(axis=0), paths.sum(axis=0)
lost = 1 - kept / same

# %% tags=["remove-input"]
_, at = cells(DEAP_CHANNELS)
over = [
    ", ".join(n for n, c in zip(DEAP_CHANNELS, at, strict=True) if c == i)
    for i in range(9)
]
by_column = pd.DataFrame(
    {"electrodes": over, "paths kept": kept, "lost": lost},
    pd.RangeIndex(1, 10, name="column"),
)
by_column["lost"] = by_column["lost"].map("{:.0%}".format)
display(Table(by_column, caption="Paths into the pooled map, *valid*"))
n_fewer = (5 - 4) * 4 * 64 * 512  # blocks, rows, filters, units
measured["pooling"] = (
    f"'valid' has {n_fewer:,} fewer weights and loses {lost[-1]:.0%} of the "
    f"paths from the right-most column, {lost[0]:.0%} from the left-most; "
    "scores were not compared"
)
say(f"{measured['pooling']}.")

# %% [markdown]
# ## Class weights
#
# If one {term}`class` is more frequent, its trials dominate the loss.
# {term}`Class weights <class weights>` restore the balance. The code computes
# them from the {term}`labels <label>` of the last {term}`task` and uses them
# for both {term}`heads <head>`. This book uses the labels of each head. Which
# proportion of a head's loss does the second class have if the network is
# equally wrong everywhere? It should be 0.5.

# %%
counts, weights = {}, {}
for task in tasks:
    y = table.loc[table[task] >= 0, task].to_numpy()
    counts[task] = np.bincount(y, minlength=2)
    weights[task] = len(y) / (2 * counts[task])
    np.testing.assert_allclose(  # what the training uses
        weights[task],
        compute_class_weight("balanced", classes=np.arange(2), y=y),
    )
proportion = {}
for task, n in counts.items():
    chosen = {"none": [1, 1], "own": weights[task], "last": weights[tasks[-1]]}
    proportion[task] = {
        name: n[1] * w[1] / (n @ w) for name, w in chosen.items()
    }

# %% tags=["remove-input"]
shares = pd.DataFrame(proportion).T
display(
    Table(
        shares.map("{:.3f}".format).rename_axis("head"),
        caption="Proportion of the second class in the loss, by class weights",
    )
)
worst = shares["last"].sub(0.5).abs().idxmax()
measured["class_weights"] = "nothing: this study has one task"
if len(tasks) > 1:
    measured["class_weights"] = (
        f"second class in the loss of {worst}: {shares['own'][worst]:.2f} "
        f"with its own weights, {shares['last'][worst]:.2f} with those of "
        f"{tasks[-1]}; scores were not compared"
    )

# %% [markdown]
# ## Folds stratified on one task
#
# Folds are *stratified* on a task if each has the same proportion of its
# classes. The code stratifies on {term}`arousal` alone, so the proportion of
# high {term}`valence` varies from fold to fold. Does it matter? Take a
# classifier that knows nothing and always predicts the majority class of the
# training trials. Where the test fold has more of a class, the training trials
# have less of it, and the {term}`prediction` is wrong. Counted over all folds
# together, knowing nothing then scores *below* chance:

# %%
everybody = pd.concat(
    [
        window_table(stages.features(this_study, name), this_study.tasks)
        for name in [subject, *others]
    ]
).drop_duplicates(["subject", "trial"], ignore_index=True)


def majority_scores(task, stratify_on, n_assignments=10):
    trials = everybody[everybody[task] >= 0].reset_index(drop=True)
    found = []
    for seed in range(n_assignments):
        correct = pd.Series(np.nan, trials.index)
        for fold in PROTOCOLS["trial_grouped"](
            trials, n_folds=this_study.n_folds, seed=seed, tasks=stratify_on
        ):
            test = trials.iloc[fold.test]
            training = trials.drop(index=test.index).groupby("subject")[task]
            majority = (training.mean() > 0.5).astype(int)
            said = test["subject"].map(majority)
            correct[test.index] = (said == test[task]).astype(float)
        by_class = correct.groupby([trials["subject"], trials[task]]).mean()
        found.append(by_class.groupby("subject").mean().mean())
    return np.mean(found)


# %% tags=["remove-input"]
measured["stratification"] = "cannot be shown: this study has other tasks"
if tasks == ["valence", "arousal"]:
    try:
        alone = majority_scores("valence", ["arousal"])
        jointly = majority_scores("valence", tasks)
        measured["stratification"] = (
            f"valence, majority class, over all folds together: {alone:.3f} "
            f"stratified on arousal alone, {jointly:.3f} on both; within "
            "folds 0.5 either way"
        )
    except DataError as error:  # too few trials for the folds
        why = f"{error.source}: {error.message}".rstrip(".")
        measured["stratification"] = f"cannot be shown: {why}"
say(f"What it does: {escape_markdown(measured['stratification'])}.")

# %% [markdown]
# This book scores within each fold and then averages, so the point does not
# touch its scores. It matters if you count over all folds together, and there
# it works against a method, not for it.
#
# ## Early stopping on the test fold
#
# The loss on data that are not trained on decides when training stops and
# which {term}`epoch` of training is kept. In the code these data are the test
# fold, and the best result *on the test fold* is reported. On average, the
# best of several noisy numbers is too good. By how much depends on the number
# of independent predictions. The next cell simulates networks that guess anew
# in each epoch of training:

# %%
epochs = this_study.training.epochs
sizes = {"windows": 30_720, "trials": 256}  # a test fold of DEAP
rng = np.random.default_rng(0)
too_good = {}
for name, n in sizes.items():
    validation, test = rng.binomial(n, 0.5, size=(2, 500, epochs)) / n
    fair = test[np.arange(500), validation.argmax(axis=1)]
    too_good[name] = (test.max(axis=1) - fair).mean()

# %% tags=["remove-input"]
measured["validation"] = "accuracy of guessing too high by " + " or ".join(
    f"{value:.3f} ({sizes[name]:,} {name})" for name, value in too_good.items()
)
say(
    f"With the {epochs} epochs of training of this study:",
    f"**{measured['validation']}**.",
    "Successive epochs of training are alike, so the truth is lower.",
)

# %% [markdown]
# ## What takes a study of its own
#
# Three points concern training, or how results are reported. Published figures
# say something about them. All are accuracies of windows, with windows of one
# trial in training and test. [The published figures](A2_published_figures)
# shows them all.

# %% tags=["hide-input"]
figures = published().set_index(["system", "variant"])[["valence", "arousal"]]


def apart(system, first, other, second):
    change = figures.loc[other, second] - figures.loc[system, first]
    return (
        f"{change['valence']:+.2f} points for valence, "
        f"{change['arousal']:+.2f} for arousal"
    )


ablations, cnn = "MT-CNN ablations", "MT-CNN"
rate = apart(ablations, "proposed", ablations, "no rate decay")
one, six = "single frames pooled", "6 frames before fine-tuning"
frames = apart(cnn, one, cnn, six)
fifth = apart(cnn, "6 frames", cnn, "repository's update")
measured["rate"] = f"not measured; published, no decay: {rate}"
measured["windows"] = f"not measured; published, six, not one: {frames}"
measured["figures"] = f"published, the fifth fold against all five: {fifth}"

# %% tags=["remove-input"]
named = ", ".join(
    f"`{points.loc[key, 'setting']}`"
    for key in ("pooling", "class_weights", "rate", "windows")
)
say(
    "To measure them, list other values of the keys", named, "as `variants`",
    "in the study file. The cohort's page then compares them. On DEAP at full",
    "size each takes many hours.",
)  # fmt: skip

# %% [markdown]
# ## All points in one table
#
# *Ours* is the default of this book, with the setting that chooses. Ridge is
# scored on new trials, as above. Published differences are of scores with
# windows of one trial in training and test.

# %% tags=["remove-input"]
chosen = points["setting"].map(lambda key: f" ({key})" if key != "-" else "")
summary = pd.DataFrame(
    {
        "ours": points["default"] + chosen,
        "effect measured": pd.Series(measured).reindex(points.index),
    }
)
summary.index = pd.Index(points["what"], name="point")
Table(summary, caption="This book, and what each point does")

# %% [markdown]
# These are differences between two accounts of one experiment. What its scores
# can claim depends on something in which both agree, the way of splitting:
# [chapter 9](09_what_a_score_means).
#
# ## Provenance

# %% tags=["remove-input"]
inputs = this_study.reader.sources(this_study.recordings_root, subject)
provenance(this_study, inputs)
