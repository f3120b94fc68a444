"""Sentences about a study's scores and tests, with no claim that the data do not carry.

Allowed: how many trials were classified on held-out data, which range guessing covers, whether a
difference was detected. Not allowed: to name an emotion, a trait, a state of health, a source in
the brain or a cause; to say that there is no difference; to rank people; to call an interval that
holds chance "slightly above" it. The book's page on responsible use says why.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from emolib.book.tables import by_task, comparable, of_all
from emolib.evaluation.permutation import ALPHA, ALTERNATIVE
from emolib.evaluation.scores import (
    ESTIMAND,
    STAGES,
    count_correct,
    one_class_subjects,
    with_interval,
)
from emolib.splits.protocols import BOTH_SIDES, LEAKING, protocol_name


def cohort_sentences(scores: pd.DataFrame, tasks: Sequence[str]) -> list[str]:
    """Tell how the pooled network did over all subjects, a sentence a task and protocol.

    Examples
    --------
    >>> scores = pd.DataFrame({"protocol": "trial_grouped", "stage": "pooled", "fold": pd.NA,
    ...     "subject": pd.NA, "task": "valence", "metric": ESTIMAND, "value": [0.55],
    ...     "low": 0.48, "high": 0.62, "chance": 0.5, "leaks": False})
    >>> print(cohort_sentences(scores, ["valence"])[0])
    valence, trial-grouped: 0.55 (0.48 to 0.62). A difference from chance, 0.50, was not detected.
    """
    rows = of_all(scores)
    rows = by_task(rows[(rows["metric"] == ESTIMAND) & rows["task"].isin(tasks)])
    sentences = []
    for _, row in rows.iterrows():
        text = f"{row['task']}, {protocol_name(row['protocol'])}: {with_interval(row)}. "
        if row["leaks"]:
            text += "This says nothing about new trials and is not compared with chance."
        elif not np.isfinite([row["low"], row["high"]]).all():
            text += "There is no interval, so no comparison with chance."
        elif row["low"] <= row["chance"] <= row["high"]:
            text += f"A difference from chance, {row['chance']:.2f}, was not detected."
        else:
            text += (
                f"The interval does not include chance, {row['chance']:.2f}. That is not a test, "
                "because it does not include variation between trainings."
            )
        sentences.append(text)
    return sentences


def one_class_sentences(predictions: pd.DataFrame) -> list[str]:
    """Tell for how many subjects a pooled network gave all trials one class, by task and protocol.

    Of several trainings the first is counted, as on the subjects' pages. Where it is nobody,
    nothing is said.

    Examples
    --------
    >>> predictions = pd.DataFrame({"protocol": "trial_grouped", "fold": 0, "stage": "pooled",
    ...     "subject": "sub-01", "trial": [1, 2], "window": 0, "task": "valence", "repeat": 0,
    ...     "label": [0, 1], "probability": [0.1, 0.4]})
    >>> print(one_class_sentences(predictions)[0])
    valence, trial-grouped: for 1 of 1 subjects the network predicted the same class for all \
trials. Their balanced accuracy is at chance, whatever the labels are.
    """
    first = predictions[(predictions["repeat"] == 0) & (predictions["stage"] == "pooled")]
    sentences = []
    for (protocol, _, task), counts in count_correct(first).items():
        names, n = one_class_subjects(counts)
        if names:
            sentences.append(
                f"{task}, {protocol_name(protocol)}: for {len(names)} of {n} subjects the network "
                "predicted the same class for all trials. Their balanced accuracy is at chance, "
                "whatever the labels are."
            )
    return sentences


KEPT = {
    "loss": "of the lowest validation loss",
    "balanced_loss": "of the lowest validation loss with equal weight for each class",
    "balanced_accuracy": "of the highest balanced accuracy on validation data",
    "last": "of the last epoch of a fixed schedule, chosen without validation data",
}


def kept_sentences(histories: pd.DataFrame) -> list[str]:
    """Tell, protocol by protocol, the weights of which epoch of the pooled networks are kept.

    Examples
    --------
    >>> rows = {"protocol": ["trial_grouped"], "stage": ["pooled"], "selection": ["loss"]}
    >>> kept_sentences(pd.DataFrame(rows))
    ['trial-grouped: the weights of the lowest validation loss.']
    """
    pooled = histories[histories["stage"] == "pooled"] if len(histories) else histories
    chosen = pooled.groupby("protocol", sort=False)["selection"].first() if len(pooled) else {}
    return [f"{protocol_name(name)}: the weights {KEPT[how]}." for name, how in chosen.items()]


def channels_sentence(n_channels: Mapping[str, int]) -> str:
    """Tell that subjects have different channels, and what follows; empty if they have not.

    Examples
    --------
    >>> channels_sentence({"sub-01": 32, "sub-02": 14})[:41]
    'The subjects differ in channels, 14 to 32'
    >>> channels_sentence({"sub-01": 32, "sub-02": 32})
    ''
    """
    if len(set(n_channels.values())) < 2:
        return ""
    fewest, most = min(n_channels.values()), max(n_channels.values())
    return (
        f"The subjects differ in channels, {fewest} to {most} of them. A cell of the grid without "
        "a channel is 0, so a network can recognise the subject by it. Use `drop_channels` in the "
        "section `recordings` of the study file to give all subjects the same channels."
    )


def truth_sentence(effects: Mapping[str, float]) -> str:
    """Tell in which tasks of a simulated study there is something to find; empty if none is known.

    `effects` are by task, as of `emolib.study.sources.effects`.

    Examples
    --------
    >>> truth_sentence({"valence": 0.0, "arousal": 5.0})
    'This cohort is simulated, so the truth is known: the signals follow arousal (effect 5, where \
1 is subtle and 4 is strong), and they do not follow valence.'
    >>> truth_sentence({})
    ''
    """
    sizes = [f"{task} (effect {size:g}" for task, size in effects.items() if size]
    found = [f"{size}, where 1 is subtle and 4 is strong)" for size in sizes[:1]]
    found += [f"{size})" for size in sizes[1:]]
    none = [task for task, size in effects.items() if not size]
    told = [f"the signals follow {' and '.join(found)}"] if found else []
    told += [f"they do not follow {' or '.join(none)}"] if found and none else []
    told += [f"the signals do not follow {' or '.join(none)}"] if none and not found else []
    if not told:
        return ""
    return f"This cohort is simulated, so the truth is known: {', and '.join(told)}."


def group_sentences(tests: pd.DataFrame) -> list[str]:
    """Tell what the primary tests of `emolib.evaluation.group.group_tests` found, task by task.

    Examples
    --------
    >>> row = {"task": "valence", "protocol": "leave_subjects_and_stimuli_out", "primary": True,
    ...     "score": 0.52, "chance_low": 0.45, "chance_high": 0.55, "detectable": 0.56,
    ...     "p": 0.2, "corrected": 0.4, "untested": ""}
    >>> print(group_sentences(pd.DataFrame([row]))[0].split(". ")[2])
    A score better than an arbitrary labelling of the same stimuli was not detected
    """
    primary = tests[tests["primary"].astype(bool)]
    n_tests, sentences = int(primary["p"].notna().sum()), []
    for row in primary.itertuples():
        name = f"{row.task}, {protocol_name(row.protocol)}"
        if row.untested:
            sentences.append(f"{name}: no test was made: {row.untested}.")
            continue
        corrected = f" ({row.corrected:.3f} corrected for {n_tests} tasks)" if n_tests > 1 else ""
        needed = f"A score of {row.detectable:.2f} would be found in 4 of 5 such experiments."
        sentences.append(
            f"{name}: ridge regression reached a balanced accuracy of {row.score:.2f}. With "
            f"permuted labels of the stimuli, 95 % of scores fall between {row.chance_low:.2f} and "
            f"{row.chance_high:.2f}; p = {row.p:.3f}{corrected}. A score "
            f"{ALTERNATIVE} was {detected(row.corrected)}. "
            f"{needed if row.detectable < 1 else ''}"
        )
    return sentences


def effective_sentence(found: pd.DataFrame) -> str:
    """Tell what taking windows for independent observations would do to an interval.

    Examples
    --------
    >>> found = pd.DataFrame({"protocol": ["trial_grouped"], "stage": "pooled", "task": "valence",
    ...     "trials": 80, "windows": 4800, "design_effect": 30.25, "effective": 158.7})
    >>> print(effective_sentence(found)[:78])
    An interval that treats windows as independent is 5.5 times too narrow (the sq
    """
    known = found[found["design_effect"].notna()]
    if not len(known):
        return (
            "The number of effective windows cannot be estimated here. That takes several windows "
            "per trial, some classified correctly and some not."
        )
    factor = known["design_effect"] ** 0.5
    worst = known.loc[factor.idxmax()]
    return (
        f"An interval that treats windows as independent is {ends(factor, '.1f')} times too narrow "
        f"(the square root of the design effect). In the worst case ({worst['task']}, "
        f"{protocol_name(worst['protocol'])}, {STAGES[worst['stage']]}), the "
        f"{worst['windows']:,} windows of {worst['trials']} trials carry as much information as "
        f"{worst['effective']:,.0f} independent windows."
    )


def permutation_sentences(permuted: pd.DataFrame) -> list[str]:
    """Tell what refits on permuted labels can and cannot show, protocol by protocol.

    Examples
    --------
    >>> rows = {"protocol": ["trial_grouped"] * 19, "permutation": range(1, 20)}
    >>> permutation_sentences(pd.DataFrame(rows))[0][-45:]
    'e smallest p that 19 refits can give is 0.05.'
    """
    sentences = []
    for protocol, own in permuted.groupby("protocol", sort=False):
        n = own["permutation"].nunique()
        if protocol in LEAKING:
            text = (
                "labels were permuted between a subject's trials. The score then cannot come from "
                "the meaning of the labels."
            )
        else:
            text = (
                "the labels of the stimuli were permuted in the same way for all subjects. A small "
                f"p is evidence for a score {ALTERNATIVE}; the smallest p that "
                f"{n} {'refit' if n == 1 else 'refits'} can give is {1 / (n + 1):.2g}."
            )
        sentences.append(f"{protocol_name(protocol)}: {text}")
    return sentences


def intervals_sentence(found: pd.DataFrame, *, power: bool = False) -> str:
    """Tell how many intervals of differences, columns ``low`` and ``high``, hold 0.

    With `power`, also what would be missed; not for intervals that are known to be too narrow.

    Examples
    --------
    >>> print(intervals_sentence(pd.DataFrame({"low": [-0.02], "high": [0.12]}), power=True))
    In 1 of 1 rows the interval includes 0, so a difference was not detected, and one below about \
7 percentage points would be missed.
    """
    known = found[np.isfinite(found[["low", "high"]]).all(axis=1)]
    if not len(known):
        return "No row has an interval: these differences are descriptive."
    holding = known[(known["low"] <= 0) & (known["high"] >= 0)]
    text = f"In {len(holding)} of {len(known)} rows the interval includes 0"
    if len(holding):
        text += ", so a difference was not detected"
    if len(holding) and power:
        points = ends(100 * (holding["high"] - holding["low"]) / 2, ".0f")
        text += f", and one below about {points} percentage points would be missed"
    if len(holding) < len(known):
        text += (
            f". In {len(known) - len(holding)} it does not. That is not a test: the intervals do "
            "not include variation between trainings, and some of several miss 0 by chance"
        )
    return f"{text}."


def published_sentence(dataset: str, tasks: Sequence[str]) -> str:
    """Tell what a comparison with the published figures can and cannot show.

    Examples
    --------
    >>> print(published_sentence("eegmat", ["condition"])[58:])
    This study classifies condition, so its scores are not compared.
    """
    if not comparable(tasks):
        return (
            "The published figures are of valence and arousal on DEAP. This study classifies "
            f"{', '.join(tasks)}, so its scores are not compared."
        )
    other = {
        "deap": "They come from the same recordings, but from other folds and trainings",
        "simulated": "They come from the recordings of DEAP's 32 people, but this study is about "
        "simulated people",
    }
    of = other.get(dataset, "They come from other people, those of DEAP, in another experiment")
    return (
        f"{of}. Also, papers report one number instead of a score for each person. So the "
        f"difference cannot be tested. With {BOTH_SIDES}, both the published scores and those of "
        "this study leak: equal scores show the same leakage, not that the method works."
    )


def paired_sentence(pairs: Sequence[Sequence[float]], names: tuple[str, str], *, place: str) -> str:
    """Tell what a paired t test found about alpha power, in dB, in two conditions of each subject.

    Examples
    --------
    >>> paired_sentence([(3, 1), (5, 2), (4, 3)], ("rest", "arithmetic"), place="Oz")[:50]
    'Alpha power was higher at rest in 3 of 3 subjects '
    """
    first, second = np.asarray(pairs, dtype=float).T
    test = stats.ttest_rel(first, second)
    low, high = test.confidence_interval()
    p = f"p = {test.pvalue:.3f}" if test.pvalue >= 0.001 else "p < 0.001"
    return (
        f"Alpha power was higher at {names[0]} in {(first > second).sum()} of {len(first)} "
        f"subjects (at {place}), paired t({test.df:.0f}) = {test.statistic:.2f}, {p}; mean "
        f"difference {(first - second).mean():.2f} dB, 95 % interval {low:.2f} to {high:.2f} dB. A "
        f"difference was {detected(test.pvalue)} at the 5 % level."
    )


def detected(p: float) -> str:
    """Return what a p value allows to be said."""
    return "detected" if p < ALPHA else "not detected"


def ends(values: Collection[float], spec: str) -> str:
    """Return the smallest and the largest of some numbers, or what both are written as."""
    return " to ".join(dict.fromkeys(f"{each:{spec}}" for each in (min(values), max(values))))
