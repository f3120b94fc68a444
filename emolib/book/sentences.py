"""What a page may say, in words that METHOD section 8.8 allows.

Allowed: how many trials were classified on held-out data, which range guessing covers, whether a
difference was detected. Not allowed: to name an emotion, a trait, a state of health, a source in
the brain or a cause; to say that there is no difference; to rank people; to call an interval that
holds chance "slightly above" it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd

from emolib.evaluation.permutation import ALPHA, ALTERNATIVES, compare_to_chance
from emolib.evaluation.scores import (
    ESTIMAND,
    STAGES,
    count_correct,
    order,
    pooled_scores,
    reportable,
    with_interval,
)
from emolib.features.power import paired_test
from emolib.splits.protocols import BOTH_SIDES, HELD_OUT, LEAKING, protocol_name

LEAKING_ONLY = (
    f"All protocols of this study have {BOTH_SIDES}, and there is no honest score to stand beside "
    "theirs: so no score stands here. Add a protocol such as `trial_grouped` to its file."
)
VARIANTS = (
    "Each variant differs from the study in the keys that its name says, and in nothing else.",
    "*Less the whole* is the mean over subjects of the difference in balanced accuracy, with its",
    "95 % two-way bootstrap interval where there are three trainings or more: it takes the fitted",
    "networks as given. Published figures are shares of right windows of another experiment.",
)


def subject_sentences(
    predictions: pd.DataFrame, scores: pd.DataFrame, subject: str, tasks: Sequence[str]
) -> list[str]:
    """Say in words how the pooled network did on a subject's held-out trials, task by task.

    Parameters
    ----------
    predictions, scores : DataFrame
        The study's.
    subject : str
        Who.
    tasks : sequence of str
        The tasks by name.

    Returns
    -------
    list of str
        A sentence or two per honest protocol and task; none for protocols that leak.

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
    cells = count_correct(predictions)
    for protocol, task in product(HELD_OUT, tasks):
        counts = cells.get((protocol, "pooled", task))
        if counts is None or protocol in LEAKING:
            continue
        own = counts.subject == subject
        if not own.any():
            continue
        of = pooled_scores(scores, subject, protocol, task)
        n_right, n = int(counts.n_correct["trial"][own].sum()), int(counts.n["trial"][own].sum())
        sentences.append(
            f"{task}, {protocol_name(protocol)}: {n_right} of {n} held-out trials were classified "
            f"as labelled; always giving the commoner class would make "
            f"{round(of.loc['trial_accuracy', 'chance'] * n)} right. "
            + compare_to_chance(counts, scores, subject, protocol=protocol, task=task).words
        )
    return sentences


def cohort_sentences(scores: pd.DataFrame, tasks: Sequence[str]) -> list[str]:
    """Say in words how the pooled network did over all subjects, task by task.

    Parameters
    ----------
    scores : DataFrame
        As `emolib.evaluation.score` gives them.
    tasks : sequence of str
        The tasks by name.

    Returns
    -------
    list of str
        A sentence per task and honest protocol, in which a leaking score is named as such.

    Examples
    --------
    >>> scores = pd.DataFrame({"protocol": "trial_grouped", "stage": "pooled", "fold": pd.NA,
    ...     "subject": pd.NA, "task": "valence", "metric": ESTIMAND, "value": [0.55],
    ...     "low": 0.48, "high": 0.62, "chance": 0.5, "leaks": False})
    >>> print(cohort_sentences(scores, ["valence"])[0])
    valence, trial-grouped: 0.55 (0.48 to 0.62). A difference from chance, 0.50, was not detected.
    """
    rows = reportable(scores)
    rows = rows[(rows["metric"] == ESTIMAND) & (rows["stage"] == "pooled")]
    rows = rows[rows["fold"].isna() & rows["subject"].isna() & rows["task"].isin(tasks)]
    rows = rows.assign(order=order(rows)).sort_values(["task", "order"], kind="stable")
    sentences = []
    for _, row in rows.iterrows():
        text = f"{row['task']}, {protocol_name(row['protocol'])}: {with_interval(row)}. "
        if row["leaks"]:
            text += "This says nothing about new trials; it is not held against chance."
        elif not np.isfinite([row["low"], row["high"]]).all():
            text += "There is no interval, so nothing is said about chance."
        elif row["low"] <= row["chance"] <= row["high"]:
            text += f"A difference from chance, {row['chance']:.2f}, was not detected."
        else:
            text += (
                f"The interval does not hold chance, {row['chance']:.2f}. That is no test: it "
                "takes the fitted networks as given."
            )
        sentences.append(text)
    return sentences


def group_sentences(tests: pd.DataFrame) -> list[str]:
    """Say what the primary tests found, task by task.

    Parameters
    ----------
    tests : DataFrame
        As `emolib.evaluation.group.group_tests` gives them.

    Examples
    --------
    >>> row = {"task": "valence", "protocol": "leave_subjects_and_stimuli_out", "primary": True,
    ...     "score": 0.52, "chance_low": 0.45, "chance_high": 0.55, "detectable": 0.56,
    ...     "p": 0.2, "corrected": 0.4, "untested": ""}
    >>> print(group_sentences(pd.DataFrame([row]))[0].split(". ")[2])
    That it is better than an arbitrary labelling of the same stimuli was not detected
    """
    primary = tests[tests["primary"].astype(bool)]
    n_tests, sentences = int(primary["p"].notna().sum()), []
    for row in primary.to_dict("records"):
        name = f"{row['task']}, {protocol_name(row['protocol'])}"
        if row["untested"]:
            sentences.append(f"{name}: no test was made: {row['untested']}.")
            continue
        corrected = f", corrected for {n_tests} tasks {row['corrected']:.3f}" * (n_tests > 1)
        found = "detected" if row["corrected"] < ALPHA else "not detected"
        needed = f"A score of {row['detectable']:.2f} would be found in 4 of 5 such experiments."
        sentences.append(
            f"{name}: ridge regression reaches a balanced accuracy of {row['score']:.2f}. With the "
            f"stimuli's labels exchanged, 95 % of scores lie between {row['chance_low']:.2f} and "
            f"{row['chance_high']:.2f}; p = {row['p']:.3f}{corrected}. That it is "
            f"{ALTERNATIVES['joint_stimulus']} was {found}. "
            f"{needed if row['detectable'] < 1 else ''}"
        )
    return sentences


def effective_sentence(found: pd.DataFrame) -> str:
    """Say what taking windows for independent observations would do to an interval.

    Parameters
    ----------
    found : DataFrame
        As `emolib.evaluation.effective_n.effective_windows` gives it.

    Examples
    --------
    >>> found = pd.DataFrame({"protocol": ["trial_grouped"], "stage": "pooled", "task": "valence",
    ...     "trials": 80, "windows": 4800, "design_effect": 30.25, "effective": 158.7})
    >>> print(effective_sentence(found)[:78])
    Taken for independent, windows would make an interval 5.5 times too narrow, th
    """
    known = found[found["design_effect"].notna()]
    if not len(known):
        return (
            "How much windows are worth cannot be told here: for that there must be several "
            "windows a trial, some of them right and some wrong."
        )
    factor = known["design_effect"] ** 0.5
    low, high = f"{factor.min():.1f}", f"{factor.max():.1f}"
    worst = known.loc[factor.idxmax()]
    return (
        f"Taken for independent, windows would make an interval "
        f"{high if low == high else f'{low} to {high}'} times too narrow, the root of the design "
        f"effect. At worst ({worst['task']}, {protocol_name(worst['protocol'])}, "
        f"{STAGES.get(worst['stage'], worst['stage'])}) the {worst['windows']:,} windows of "
        f"{worst['trials']} trials are worth {worst['effective']:,.0f} independent ones."
    )


def permutation_sentences(permuted: pd.DataFrame) -> list[str]:
    """Say what refits on permuted labels can and cannot show.

    Parameters
    ----------
    permuted : DataFrame
        As `emolib.evaluation.permuted_scores` gives them.

    Examples
    --------
    >>> rows = {"protocol": ["trial_grouped"] * 19, "permutation": range(1, 20)}
    >>> permutation_sentences(pd.DataFrame(rows))[0][-45:]
    'the smallest that 19 refits can give is 0.05.'
    """
    sentences = []
    for protocol, own in permuted.groupby("protocol", sort=False):
        n = own["permutation"].nunique()
        if protocol in LEAKING:
            sentences.append(
                f"{protocol_name(protocol)}: labels were exchanged between a subject's trials. "
                "What is scored then cannot come from what the labels mean."
            )
        else:
            sentences.append(
                f"{protocol_name(protocol)}: the stimuli's labels were exchanged, the same way for "
                f"all subjects. A small p says: {ALTERNATIVES['joint_stimulus']}; the smallest "
                f"that {n} {'refit' if n == 1 else 'refits'} can give is {1 / (n + 1):.2g}."
            )
    return sentences


def paired_sentence(pairs: Sequence[Sequence[float]], names: tuple[str, str], *, place: str) -> str:
    """Say what `paired_test` found about alpha power.

    Parameters
    ----------
    pairs : sequence of (first, second)
        Decibels, a pair a subject.
    names : (str, str)
        The two conditions.
    place : str
        Which electrodes.

    Examples
    --------
    >>> paired_sentence([(3, 1), (5, 2), (4, 3)], ("rest", "arithmetic"), place="Oz")[:50]
    'More alpha at rest in 3 of 3 subjects (at Oz), pai'
    """
    test = paired_test(*np.asarray(pairs, dtype=float).T)
    p = f"p = {test.p:.3f}" if test.p >= 0.001 else "p < 0.001"
    found = "detected" if test.p < 0.05 else "not detected"
    return (
        f"More alpha at {names[0]} in {test.n_positive} of {test.n} subjects (at {place}), "
        f"paired t({test.df}) = {test.t:.2f}, {p}; mean difference {test.mean:.2f} dB, 95 % "
        f"interval {test.low:.2f} to {test.high:.2f} dB. A difference was {found} at the 5 % level."
    )
