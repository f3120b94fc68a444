"""Sentences about one subject; see `emolib.book.sentences` for what none may say.

One person has few trials, so most sentences also say what would have been missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from emolib.book.sentences import detected, intervals_sentence
from emolib.evaluation.comparison import MIN_TRIALS
from emolib.evaluation.permutation import ChanceComparison, compare_to_chance, pooled_scores
from emolib.evaluation.scores import count_correct, one_class_subjects
from emolib.splits.protocols import CROSS_SUBJECT, HELD_OUT, LEAKING, protocol_name

N_ELECTRODES = 3  # named in a sentence: a map is smooth, and ranks further down change easily


class Result(NamedTuple):
    """How the pooled network classified a subject's held-out trials.

    Attributes
    ----------
    task, protocol : str
    n_correct, n, n_majority : int
        Trials: those classified correctly, all, and those that predicting the majority class
        throughout would classify correctly.
    one_class : bool
        Whether all trials were predicted to be of one class.
    beside : ChanceComparison
        The balanced accuracy, and the range that guessing covers.
    """

    task: str
    protocol: str
    n_correct: int
    n: int
    n_majority: int
    one_class: bool
    beside: ChanceComparison


def subject_results(
    predictions: pd.DataFrame, scores: pd.DataFrame, subject: str, tasks: Sequence[str]
) -> list[Result]:
    """List how the pooled network did on a subject's held-out trials, by honest protocol and task.

    Examples
    --------
    >>> from emolib.evaluation import score
    >>> predictions = pd.DataFrame({"protocol": "trial_grouped", "fold": 0, "stage": "pooled",
    ...     "subject": "sub-01", "trial": [1, 2, 3, 4], "window": 0, "task": "valence",
    ...     "label": [0, 0, 1, 1], "probability": [0.1, 0.6, 0.3, 0.9]})
    >>> scores = score(predictions, resamples=0)
    >>> result_sentence(subject_results(predictions, scores, "sub-01", ["valence"])[0])[:73]
    'valence, trial-grouped: 2 of 4 held-out trials were classified correctly '
    """
    results = []
    if "repeat" in predictions:  # of several trainings the first is counted in trials
        predictions = predictions[predictions["repeat"] == 0]
    all_counts = count_correct(predictions)
    for protocol, task in product(HELD_OUT, tasks):
        counts = all_counts.get((protocol, "pooled", task))
        if counts is None or protocol in LEAKING or not (own := counts.subject == subject).any():
            continue
        of = pooled_scores(scores, subject, protocol, task)
        n_correct, n = (
            int(of_unit["trial"][own].sum()) for of_unit in (counts.n_correct, counts.n)
        )
        majority = round(of.loc["trial_accuracy", "chance"] * n)
        beside = compare_to_chance(counts, scores, subject, protocol=protocol, task=task)
        one_class = subject in one_class_subjects(counts)[0]
        results.append(Result(task, protocol, n_correct, n, majority, one_class, beside))
    return results


def result_sentence(result: Result) -> str:
    """Tell how a subject's held-out trials were classified."""
    task, protocol, n_correct, n, n_majority, one_class, beside = result
    same = f"The network predicted the same class for all {n} trials. " if one_class else ""
    return (
        f"{task}, {protocol_name(protocol)}: {n_correct} of {n} held-out trials were classified "
        f"correctly (predicting the majority class throughout gives {n_majority}). "
        f"{same}{beside.words}"
    )


CAPTION = (
    "Points: balanced accuracy of the pooled network on held-out trials, by task and protocol. "
    "Grey: the range that covers 95 % of random guesses."
)


def points_and_ranges(results: Sequence[Result]) -> dict[str, pd.DataFrame]:
    """Return a subject's scores, and the ranges of guessing, for `emolib.figures.scores.summary`.

    Of several protocols the first and the last, which asks most, are taken.
    """
    ends = {results[0].protocol, results[-1].protocol} if results else set()
    rows = [
        {
            "row": f"{task}\n{protocol_name(protocol)}",
            "value": beside.value,
            "low": beside.low,
            "high": beside.high,
        }
        for task, protocol, *_, beside in results
        if protocol in ends and np.isfinite(beside.value)
    ]
    both = pd.DataFrame(rows, columns=["row", "value", "low", "high"])
    ranges = both.assign(series="95 % of random guesses")
    return {"points": both[["row", "value"]].assign(series="network"), "bands": ranges}


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
            return f"Only after is shown. Without these settings the recording is refused: {why}"
        return "The study file asks for no preprocessing. The signals are used as they were read."
    both = found["sd"].dropna("any_channel")
    before, after = both.median("any_channel").to_numpy()
    return (
        "The median standard deviation over the electrodes present before and after preprocessing "
        f"went from {before:.1f} to {after:.1f} µV. Before means: read with the default settings."
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
        f"{task}: a difference in log power in some band and electrode was {detected(p)} (cluster "
        f"test, {corrected}p = {p:.3f}). A difference below about {float(own['missed']):.1f} "
        "standard deviations over trials at a few neighbouring electrodes would often be missed."
    )


def ridge_sentence(task: str, found: xr.Dataset) -> str:
    """Tell what the permutation test of the subject's own ridge regression found for a task."""
    own = found.sel(task=task)
    if why := _untested(
        own, "score", "there are fewer trials than folds, or no fold holds both classes"
    ):
        return f"{task}: no test was made: {why}."
    needed = float(own["detectable"])
    power = (
        f"With these trials a score of {needed:.2f} would be found in 4 of 5 cases."
        if needed < 1
        else "With so few trials, even a perfect score may be missed."
    )
    if np.isnan(needed):
        power = "Every permutation of the labels scores the same, so this test can find nothing."
    return (
        f"{task}: ridge regression, trained on this subject's other trials alone, reached a "
        f"balanced accuracy of {float(own['score']):.2f}. With permuted labels, 95 % of scores "
        f"fall between {float(own['chance_low']):.2f} and {float(own['chance_high']):.2f}; "
        f"p = {float(own['p']):.3f}. A difference from chance was {detected(float(own['p']))} "
        f"(not corrected for the number of subjects and tasks). {power}"
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
    >>> print(text[:123])
    arousal: alpha has the largest share, +0.300 of +0.330 nats, most of it at Fz and Oz. Hiding \
all of alpha costs 0.250 nats.
    """
    by_band = share.sum("channel")
    band = str(by_band.idxmax("band").item())
    in_band = share.sel(band=band).to_series().sort_values(ascending=False, kind="stable")
    *first, last = map(str, in_band.head(N_ELECTRODES).index)
    electrodes = f"{', '.join(first)} and {last}" if first else last
    loss = float(band_importance.sel(band=band))
    none = "No band supports the labels overall. " if by_band.max() <= 0 else ""
    caveat = " So the map shows what the network uses, not what distinguishes the classes."
    return (
        f"{task}: {band} has the largest share, {float(by_band.max()):+.3f} of "
        f"{float(by_band.sum()):+.3f} nats, most of it at {electrodes}. Hiding all of {band} "
        f"{'costs' if loss >= 0 else 'gains'} {abs(loss):.3f} nats. {none}{beside.words}"
        f"{'' if beside.above else caveat}"
    )


def changes_verdict(found: pd.DataFrame, *, trainings: int = 1) -> str:
    """Tell what the differences of `fine_tuning_changes` can carry.

    Examples
    --------
    >>> row = {"low": -0.1, "high": 0.2, "n": 20}
    >>> print(changes_verdict(pd.DataFrame([row])))
    In 1 of 1 rows the interval includes 0, so a difference was not detected. One training and 20 \
trials are few: other initial weights or other trials may change the scores as much again.
    """
    n = int(found["n"].max()) // trainings
    trained = "One training" if trainings == 1 else f"{trainings} trainings"
    return (
        f"{intervals_sentence(found)} {trained} and {n} trials are few: other initial weights or "
        "other trials may change the scores as much again."
    )


def why_not_fine_tuned(protocols: Sequence[str], *, fine_tune: bool) -> str:
    """Tell why there is no fine-tuned network that may be shown.

    Examples
    --------
    >>> why_not_fine_tuned(["leave_subjects_out"], fine_tune=True)[:52]
    'Nothing is fine-tuned under leave-subjects-out: all '
    """
    honest = [protocol for protocol in protocols if protocol not in LEAKING]
    if not fine_tune:
        return "This study fine-tunes no network (the key `fine_tune` of its file)."
    if not honest:
        names = " and ".join(map(protocol_name, protocols))
        return (
            f"{names} is this study's only protocol. What fine-tuning changes there says nothing "
            "about new trials."
        )
    if set(honest) <= CROSS_SUBJECT:
        return (
            f"Nothing is fine-tuned under {' and '.join(map(protocol_name, honest))}: all trials "
            "of the subject are held out, so there is none to fine-tune on."
        )
    return "There are no predictions of networks that were fine-tuned on this subject."
