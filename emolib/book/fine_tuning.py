"""What fine-tuning changed for one subject: scores before and after, and the trials that turned.

Exploratory: one subject has few trials. Whether fine-tuning helps people in general is asked over
subjects and several trainings, see `emolib.evaluation.comparison.compare`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from emolib.evaluation.bootstrap import (
    SubjectFoldScores,
    nanmean,
    percentiles,
    subject_fold_scores,
    trial_bootstrap,
)
from emolib.evaluation.scores import RESAMPLES, STAGES, count_correct
from emolib.splits.folds import stable_seed
from emolib.splits.protocols import CROSS_SUBJECT, HELD_OUT, LEAKING, protocol_name


def fine_tuning_changes(
    predictions: pd.DataFrame, subject: str, *, resamples: int = RESAMPLES
) -> pd.DataFrame:
    """Hold each fine-tuned network of a subject against the pooled one it began from.

    Parameters
    ----------
    predictions : DataFrame
        As for `emolib.evaluation.score`; a table without rows gives nothing.
    subject : str
        Whose.
    resamples : int
        Of the interval.

    Returns
    -------
    DataFrame, a row a task, honest protocol and fine-tuned stage
        ``task``, ``protocol``, ``stage``; ``pooled`` and ``tuned``, balanced accuracy of trials;
        ``difference``, with ``low`` and ``high`` from drawing trials again within each class, the
        same for both networks; ``to_right`` and ``to_wrong``, how many of the ``n`` trials
        changed. A trial counts once for each training.

    Examples
    --------
    >>> one = pd.DataFrame({"protocol": "trial_grouped", "fold": 0, "stage": "pooled",
    ...     "subject": "sub-01", "trial": [1, 2, 3, 4], "window": 0, "task": "valence",
    ...     "label": [0, 0, 1, 1], "probability": [0.1, 0.6, 0.3, 0.9]})
    >>> tuned = one.assign(stage="subject", probability=[0.1, 0.2, 0.3, 0.4])
    >>> found = fine_tuning_changes(pd.concat([one, tuned]), "sub-01")
    >>> found[["pooled", "tuned", "to_right", "to_wrong", "n"]].iloc[0].tolist()
    [0.5, 0.5, 1.0, 1.0, 4.0]
    """
    columns = ["task", "protocol", "stage", "pooled", "tuned", "difference", "low", "high"]
    rows = []
    if len(predictions):
        own = predictions[predictions["subject"] == subject]
        for task, protocol, stage in _keys(own):
            pair = own[(own["task"] == task) & (own["protocol"] == protocol)]
            pair = pair[pair["stage"].isin(["pooled", stage])]
            by_window = pair.groupby(["fold", "trial", "window"])["stage"]
            pair = pair[by_window.transform("nunique") == 2]  # what both have predicted
            if (pair["label"] >= 0).any():
                rows.append((task, protocol, stage, *_change(pair, subject, stage, resamples)))
    return pd.DataFrame(rows, columns=[*columns, "to_right", "to_wrong", "n"])


def changes_table(found: pd.DataFrame) -> pd.DataFrame:
    """Lay `fine_tuning_changes` out for people.

    Returns
    -------
    DataFrame of str
        A row a task, protocol and stage.
    """
    lines = [
        {
            "task": row["task"],
            "protocol": protocol_name(row["protocol"]),
            "stage": STAGES.get(row["stage"], row["stage"]),
            "pooled": _number(row["pooled"], ".2f"),
            "fine-tuned": _number(row["tuned"], ".2f"),
            "difference": _difference(row),
            "wrong to right": f"{row['to_right']} of {row['n']}",
            "right to wrong": f"{row['to_wrong']} of {row['n']}",
        }
        for row in found.to_dict("records")
    ]
    return pd.DataFrame(lines).set_index("task")


def changes_verdict(found: pd.DataFrame, *, trainings: int = 1) -> str:
    """Say what the differences of `fine_tuning_changes` can carry.

    Parameters
    ----------
    found : DataFrame
        With rows.
    trainings : int
        How often each fold was trained.

    Examples
    --------
    >>> row = {"low": -0.1, "high": 0.2, "n": 20}
    >>> print(changes_verdict(pd.DataFrame([row])))
    In 1 of 1 rows the interval holds 0: a difference was not detected. One training and 20 trials \
say little: other first weights, or other trials, may change as much again.
    """
    known = found[np.isfinite(found[["low", "high"]]).all(axis=1)]
    holding = int(((known["low"] <= 0) & (known["high"] >= 0)).sum())
    told = "No row has an interval, because no fold holds both classes. "
    if len(known):
        told = (
            f"In {holding} of {len(known)} rows the interval holds 0: a difference was not "
            "detected. "
        )
    if holding < len(known):
        told += (
            f"In {len(known) - holding} it does not. That is no test: the intervals are too "
            "narrow, they take the trained networks as given, and of several some miss 0 by "
            "chance. "
        )
    n = int(found["n"].max()) // trainings
    trained = "One training" if trainings == 1 else f"{trainings} trainings"
    return told + (
        f"{trained} and {n} trials say little: other first weights, or other trials, may change "
        "as much again."
    )


def why_not_fine_tuned(protocols: Sequence[str], *, fine_tune: bool) -> str:
    """Say why there is no fine-tuned network that may be shown.

    Parameters
    ----------
    protocols : sequence of str
        The study's.
    fine_tune : bool
        Whether it asks for fine-tuning.

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


def _keys(own: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Task, honest protocol and fine-tuned stage of what is there, in the order of the method."""
    there = own[(own["stage"] != "pooled") & ~own["protocol"].isin(LEAKING)]
    keys = there[["task", "protocol", "stage"]].drop_duplicates().itertuples(index=False)
    tasks, protocols, stages = list(own["task"].unique()), list(HELD_OUT), list(STAGES)
    return sorted(
        map(tuple, keys),
        key=lambda key: (tasks.index(key[0]), protocols.index(key[1]), stages.index(key[2])),
    )


def _change(
    pair: pd.DataFrame, subject: str, stage: str, resamples: int
) -> tuple[float, float, float, float, float, int, int, int]:
    """Scores of one pair of networks, their difference with its interval, and what turned."""
    counts = {name: of for (_, name, _), of in count_correct(pair).items()}
    before, after = counts["pooled"].n_correct["trial"], counts[stage].n_correct["trial"]
    # Both have the same rows in the same order, so that one set of draws serves both.
    draws = trial_bootstrap(
        counts["pooled"], subject, resamples, stable_seed(subject, "fine-tuning")
    )
    of = {name: subject_fold_scores(each) for name, each in counts.items()}
    once = np.ones((1, len(before)))
    pooled, tuned = (float(_mean(of[name], once)[0]) for name in ("pooled", stage))
    low, high = percentiles(_mean(of[stage], draws) - _mean(of["pooled"], draws))
    turned = int((after > before).sum()), int((after < before).sum())
    return pooled, tuned, tuned - pooled, low, high, *turned, len(before)


def _mean(of: SubjectFoldScores, weights: np.ndarray) -> np.ndarray:
    return nanmean(of.values(weights))


def _number(value: float, how: str) -> str:
    return f"{value:{how}}" if np.isfinite(value) else "-"


def _difference(row: dict[str, float]) -> str:
    if not np.isfinite([row["difference"], row["low"], row["high"]]).all():
        return "none: a class is missing"
    return f"{row['difference']:+z.2f} ({row['low']:+z.2f} to {row['high']:+z.2f})"
