"""Sentences about one subject; see `emolib.book.sentences` for what none may say.

One person has few trials, so most sentences also say what would have been missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd
import xarray as xr

from emolib.book.sentences import detected, intervals_sentence
from emolib.evaluation.comparison import MIN_TRIALS
from emolib.evaluation.permutation import ChanceComparison, compare_to_chance, pooled_scores
from emolib.evaluation.scores import count_correct, one_class_subjects
from emolib.splits.protocols import CROSS_SUBJECT, HELD_OUT, LEAKING, protocol_name

N_ELECTRODES = 3  # named in a sentence: a map is smooth, and ranks further down change easily


def subject_sentences(
    predictions: pd.DataFrame, scores: pd.DataFrame, subject: str, tasks: Sequence[str]
) -> list[str]:
    """Tell how the pooled network did on a subject's held-out trials, by honest protocol and task.

    Examples
    --------
    >>> from emolib.evaluation import score
    >>> predictions = pd.DataFrame({"protocol": "trial_grouped", "fold": 0, "stage": "pooled",
    ...     "subject": "sub-01", "trial": [1, 2, 3, 4], "window": 0, "task": "valence",
    ...     "label": [0, 0, 1, 1], "probability": [0.1, 0.6, 0.3, 0.9]})
    >>> scores = score(predictions, resamples=0)
    >>> subject_sentences(predictions, scores, "sub-01", ["valence"])[0][:66]
    'valence, trial-grouped: 2 of 4 held-out trials were classified as '
    """
    sentences = []
    if "repeat" in predictions:  # of several trainings the first is counted in trials
        predictions = predictions[predictions["repeat"] == 0]
    all_counts = count_correct(predictions)
    for protocol, task in product(HELD_OUT, tasks):
        counts = all_counts.get((protocol, "pooled", task))
        if counts is None or protocol in LEAKING or not (own := counts.subject == subject).any():
            continue
        of = pooled_scores(scores, subject, protocol, task)
        n_right, n = int(counts.n_correct["trial"][own].sum()), int(counts.n["trial"][own].sum())
        beside = compare_to_chance(counts, scores, subject, protocol=protocol, task=task)
        same = ""
        if subject in one_class_subjects(counts)[0]:
            same = f"All {n} were predicted to be of one class: nothing told them apart. "
        sentences.append(
            f"{task}, {protocol_name(protocol)}: {n_right} of {n} held-out trials were classified "
            f"as labelled; always giving the majority class would make "
            f"{round(of.loc['trial_accuracy', 'chance'] * n)} right. {same}{beside.words}"
        )
    return sentences


def preprocessing_sentence(found: xr.Dataset) -> str:
    """Tell from a subject's summary how far preprocessing changed the signals.

    Examples
    --------
    >>> sd = xr.DataArray([[12.0, 20.0, 40.0], [8.0, 10.0, float("nan")]],
    ...     {"when": ["before", "after"], "any_channel": ["Fz", "Oz", "T7"]},
    ...     ("when", "any_channel"))
    >>> text = preprocessing_sentence(xr.Dataset({"sd": sd}, attrs={"no_before": ""}))
    >>> "went from 16.0 to 9.0 µV" in text
    True
    """
    if "sd" not in found:
        if why := found.attrs.get("no_before"):
            return f"There is no before: without these settings the recording is refused: {why}"
        return "The study file asks for no preprocessing; the signals are as they were read."
    both = found["sd"].dropna("any_channel")
    before, after = both.median("any_channel").to_numpy()
    return (
        "Over the electrodes that are there before and after, the median standard deviation went "
        f"from {before:.1f} to {after:.1f} µV. Before means: read with the default settings."
    )


def cluster_sentence(task: str, found: xr.Dataset) -> str:
    """Tell what the cluster test in a subject's summary found for a task.

    Examples
    --------
    >>> found = xr.Dataset({"untested": ("task", ["one class only"])}, {"task": ["valence"]})
    >>> cluster_sentence("valence", found)
    'valence: no test was made: one class only.'
    """
    own = found.sel(task=task)
    if why := _untested(own, "cluster_p", f"a class has fewer than {MIN_TRIALS} trials"):
        return f"{task}: no test was made: {why}."
    p, tasks = float(own["holm_p"]), int(found["cluster_p"].count())
    corrected = f"corrected for {tasks} tasks, " if tasks > 1 else ""
    return (
        f"{task}: a difference in log power somewhere in bands and electrodes was {detected(p)} "
        f"(cluster test, {corrected}p = {p:.3f}). A difference below about "
        f"{float(own['missed']):.1f} standard deviations of the trials, at a few neighbouring "
        "electrodes, would often be missed."
    )


def light_model_sentence(task: str, found: xr.Dataset) -> str:
    """Tell what the permutation test of the subject's own light model found for a task."""
    own = found.sel(task=task)
    if why := _untested(own, "score", "there are fewer trials than folds"):
        return f"{task}: no test was made: {why}."
    needed = float(own["detectable"])
    power = (
        f"With these trials a score of {needed:.2f} would be found in 4 of 5 cases."
        if needed < 1
        else "With so few trials even a perfect score may be missed."
    )
    return (
        f"{task}: ridge regression, trained on this subject's other trials alone, reaches a "
        f"balanced accuracy of {float(own['score']):.2f}. With permuted labels 95 % of scores lie "
        f"between {float(own['chance_low']):.2f} and {float(own['chance_high']):.2f}; "
        f"p = {float(own['p']):.3f}. A difference from chance was {detected(float(own['p']))}, "
        f"without correction for how many subjects and tasks are looked at. {power}"
    )


def _untested(own: xr.Dataset, name: str, otherwise: str) -> str:
    """Return why there is no value of this name; empty if there is one."""
    why = str(own["untested"].item())
    return why or ("" if np.isfinite(float(own[name])) else otherwise)


def share_sentences(
    explained: xr.Dataset,
    predictions: pd.DataFrame,
    scores: pd.DataFrame,
    subject: str,
    *,
    protocol: str,
    tasks: Sequence[str],
) -> list[str]:
    """List the band and electrodes that a network uses most, its score beside them, task by task.

    `explained` holds `attribution (fold, task, band, channel)` and
    `band_importance (fold, task, band)`, both in nats.
    """
    own = predictions[(predictions["protocol"] == protocol) & (predictions["stage"] == "pooled")]
    own = own[(own["subject"] == subject) & (own["repeat"] == 0)]
    counts, sentences = count_correct(own), []
    for task in tasks:
        of_task = explained.sel(task=task).mean("fold")
        key = (protocol, "pooled", task)
        if key not in counts or not np.isfinite(of_task["attribution"]).any():
            sentences.append(f"{task}: none of the explained trials has a label.")
            continue
        beside = compare_to_chance(counts[key], scores, subject, protocol=protocol, task=task)
        sentences.append(
            share_sentence(task, of_task["attribution"], of_task["band_importance"], beside)
        )
    return sentences


def share_sentence(
    task: str, share: xr.DataArray, band_importance: xr.DataArray, beside: ChanceComparison
) -> str:
    """Tell where one task's shares (band, channel) are largest, and how much that can mean.

    `band_importance` is what hiding each band costs, in nats. A map of shares explains a network,
    not a person: it has no more to say than the network's score, which stands `beside` it.

    Examples
    --------
    >>> share = xr.DataArray([[0.01, 0.02], [0.2, 0.1]], {"band": ["theta", "alpha"],
    ...                                                   "channel": ["Fz", "Oz"]})
    >>> loss = xr.DataArray([0.0, 0.25], {"band": ["theta", "alpha"]})
    >>> text = share_sentence("arousal", share, loss, ChanceComparison(0.5, 0.3, 0.7, 0.8))
    >>> print(text[:129])
    arousal: The largest share has alpha, +0.300 of +0.330 nats, and in it Fz and Oz have most. \
Hiding all of alpha costs 0.250 nats.
    """
    by_band = share.sum("channel")
    band = str(by_band.idxmax("band").item())
    in_band = share.sel(band=band).to_series().sort_values(ascending=False, kind="stable")
    *first, last = map(str, in_band.head(N_ELECTRODES).index)
    electrodes = f"{', '.join(first)} and {last}" if first else last
    loss = float(band_importance.sel(band=band))
    none = "No band speaks for the labels on the whole. " if by_band.max() <= 0 else ""
    caveat = " So the map shows what the network uses, not what tells the classes apart."
    return (
        f"{task}: The largest share has {band}, {float(by_band.max()):+.3f} of "
        f"{float(by_band.sum()):+.3f} nats, and in it {electrodes} have most. Hiding all of {band} "
        f"{'costs' if loss >= 0 else 'gains'} {abs(loss):.3f} nats. {none}{beside.words}"
        f"{'' if beside.above else caveat}"
    )


def changes_verdict(found: pd.DataFrame, *, trainings: int = 1) -> str:
    """Tell what the differences of `fine_tuning_changes` can carry.

    Examples
    --------
    >>> row = {"low": -0.1, "high": 0.2, "n": 20}
    >>> print(changes_verdict(pd.DataFrame([row])))
    In 1 of 1 rows the interval holds 0: a difference was not detected. One training and 20 trials \
say little: other first weights, or other trials, may change as much again.
    """
    n = int(found["n"].max()) // trainings
    trained = "One training" if trainings == 1 else f"{trainings} trainings"
    return (
        f"{intervals_sentence(found)} {trained} and {n} trials say little: other first weights, or "
        "other trials, may change as much again."
    )


def why_not_fine_tuned(protocols: Sequence[str], *, fine_tune: bool) -> str:
    """Tell why there is no fine-tuned network that may be shown.

    Examples
    --------
    >>> why_not_fine_tuned(["leave_subjects_out"], fine_tune=True)[:52]
    'Nothing is fine-tuned under leave-subjects-out: the '
    """
    honest = [protocol for protocol in protocols if protocol not in LEAKING]
    if not fine_tune:
        return "This study fine-tunes no network: the key `fine_tune` of its file says so."
    if not honest:
        names = " and ".join(map(protocol_name, protocols))
        return (
            f"This study has no other protocol than {names}. What fine-tuning changes there says "
            "nothing about new trials."
        )
    if set(honest) <= CROSS_SUBJECT:
        return (
            f"Nothing is fine-tuned under {' and '.join(map(protocol_name, honest))}: the subject "
            "is held out whole, so that there is no labelled trial to fine-tune on."
        )
    return "There are no predictions of networks that were fine-tuned on this subject."
