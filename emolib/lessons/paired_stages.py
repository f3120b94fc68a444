"""Two stages, or two networks, compared subject by subject.

The same subjects, trials and folds are scored twice, so what counts is the difference of each
subject's two scores. A network's score also moves with its training seed: with three seeds or
more there is an interval (`emolib.evaluation.comparison.compare`), with fewer the difference is
descriptive.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import pandas as pd

from emolib.book.sentences import intervals_sentence
from emolib.errors import DataError, did_you_mean
from emolib.evaluation.bootstrap import subject_means
from emolib.evaluation.comparison import MIN_SEEDS, Comparison, compare, counts_by_seed
from emolib.evaluation.scores import RESAMPLES
from emolib.splits.protocols import HELD_OUT


def subject_scores(predictions: pd.DataFrame) -> pd.DataFrame:
    """Score each subject under each training seed.

    Parameters
    ----------
    predictions : pandas.DataFrame
        As for `emolib.evaluation.score`; a column ``repeat`` tells training seeds apart.

    Returns
    -------
    pandas.DataFrame
        Columns ``protocol``, ``task``, ``stage``, ``repeat``, ``subject``, ``value``: balanced
        accuracy of trials.

    Examples
    --------
    >>> predictions = pd.DataFrame({"protocol": "trial_grouped", "fold": 0, "stage": "pooled",
    ...     "subject": "sub-01", "trial": [1, 2, 3, 4], "window": 0, "task": "valence",
    ...     "label": [0, 0, 1, 1], "probability": [0.1, 0.6, 0.3, 0.9]})
    >>> subject_scores(predictions)[["repeat", "subject", "value"]].to_numpy().tolist()
    [[0, 'sub-01', 0.5]]
    """
    rows = []
    for (protocol, stage, task), several in counts_by_seed(predictions).items():
        for seed, counts in enumerate(several):
            values = subject_means(counts).items()
            rows += [(protocol, task, stage, seed, name, value) for name, value in values]
    columns = ["protocol", "task", "stage", "repeat", "subject", "value"]
    return pd.DataFrame(rows, columns=columns)


def difference(
    predictions: pd.DataFrame,
    first: str,
    second: str,
    *,
    protocol: str,
    task: str,
    resamples: int = RESAMPLES,
) -> Comparison:
    """Subtract one stage's scores from another's, subject by subject.

    Parameters
    ----------
    predictions : pandas.DataFrame
        As for `subject_scores`.
    first, second : str
        Names of stages.
    protocol, task : str
    resamples : int
        Of the interval.

    Returns
    -------
    Comparison

    Raises
    ------
    DataError
        A stage has no prediction for this protocol and task, or the two do not hold the same
        subjects, stimuli and seeds.

    Examples
    --------
    >>> one = pd.DataFrame({"protocol": "trial_grouped", "fold": 0, "stage": "pooled",
    ...     "subject": "sub-01", "trial": [1, 2, 3, 4], "window": 0, "task": "valence",
    ...     "label": [0, 0, 1, 1], "probability": [0.1, 0.6, 0.3, 0.9]})
    >>> other = one.assign(stage="subject", probability=[0.1, 0.2, 0.3, 0.9])
    >>> given = difference(pd.concat([one, other]), "pooled", "subject",
    ...                    protocol="trial_grouped", task="valence")
    >>> given.value, given.n_seeds
    (0.25, 1)
    """
    rows = predictions[(predictions["protocol"] == protocol) & (predictions["task"] == task)]
    for name in (first, second):
        if name not in set(rows["stage"]):
            raise DataError(
                "predictions",
                f"have no stage {name!r} for {task} under {protocol}.",
                did_you_mean(name, set(predictions["stage"])),
            )
    counts = counts_by_seed(rows[rows["stage"].isin([first, second])])
    sides = (counts[protocol, name, task] for name in (first, second))
    return compare(*sides, resamples=resamples)


def stage_differences(
    predictions: pd.DataFrame, first: str, seconds: Sequence[str]
) -> dict[tuple[str, str, str], Comparison]:
    """Subtract one stage from several others, by (protocol, task, second stage).

    Parameters
    ----------
    predictions : pandas.DataFrame
        As for `subject_scores`; a table without rows gives nothing.
    first : str
    seconds : sequence of str
        Those that are not there are left out.
    """
    if not len(predictions):
        return {}
    there = predictions[predictions["stage"].isin(seconds)]
    cells = there[["protocol", "task", "stage"]].drop_duplicates().itertuples(index=False)
    keys = sorted(cells, key=lambda key: (list(HELD_OUT).index(key.protocol), key.stage, key.task))
    return {
        (key.protocol, key.task, key.stage): difference(
            predictions, first, key.stage, protocol=key.protocol, task=key.task
        )
        for key in keys
    }


def differences_table(found: Mapping[Hashable, Comparison]) -> pd.DataFrame:
    """Lay differences out for people, in points of balanced accuracy.

    Parameters
    ----------
    found : mapping to Comparison
        By the name of the row.

    Returns
    -------
    pandas.DataFrame of str
        First and second score in percent, their mean difference, the smallest and the largest of
        a subject, and the interval ("one seed", say, where there is none).

    Examples
    --------
    >>> rows = {"first": [0.5, 0.6], "second": [0.6, 0.6], "difference": [0.1, 0.0]}
    >>> given = Comparison(pd.DataFrame(rows), np.nan, np.nan, 1)
    >>> differences_table({"valence": given}).loc["valence"].tolist()
    ['55.0', '60.0', '+5.0', '+0.0 to +10.0', 'none: one seed']
    """
    lines = []
    for given in found.values():
        points = 100 * given.by_subject
        own = points["difference"].dropna()
        if not len(own):
            lines.append(["-"] * 4 + ["none: a class is missing"])
            continue
        interval = f"none: {_seeds(given.n_seeds)}"
        if _has_interval(given):
            interval = f"{100 * given.low:+z.1f} to {100 * given.high:+z.1f}"
        lines.append(
            [
                *(f"{points[column].mean():.1f}" for column in ("first", "second")),
                f"{own.mean():+z.1f}",
                f"{own.min():+z.1f} to {own.max():+z.1f}",
                interval,
            ]
        )
    columns = ["first", "second", "difference", "from subject to subject", "95 % interval"]
    return pd.DataFrame(lines, index=list(found), columns=columns)


def difference_sentence(given: Comparison, names: tuple[str, str]) -> str:
    """Write what was found, without a claim that the data do not carry.

    Parameters
    ----------
    given : Comparison
    names : (str, str)
        What the first and the second are called.

    Examples
    --------
    >>> rows = {"first": [0.5, 0.6], "second": [0.6, 0.6], "difference": [0.1, 0.0]}
    >>> given = Comparison(pd.DataFrame(rows), np.nan, np.nan, 1)
    >>> difference_sentence(given, ("pooled", "fine-tuned"))[:60]
    'fine-tuned less pooled: +5.0 points of balanced accuracy on '
    """
    values = given.by_subject["difference"].dropna()
    if not len(values):
        return f"{names[1]} less {names[0]}: no subject has a fold that holds both classes."
    text = (
        f"{names[1]} less {names[0]}: {100 * values.mean():+z.1f} points of balanced accuracy on "
        f"average over {len(values)} subjects, {100 * values.min():+z.1f} to "
        f"{100 * values.max():+z.1f} from subject to subject. "
    )
    if given.n_seeds < MIN_SEEDS:
        return text + (
            f"This is descriptive: from {_seeds(given.n_seeds)} nobody can tell how much another "
            "would change it."
        )
    if not _has_interval(given):
        return text + "There is no interval, so nothing is said about a difference."
    text += (
        f"Averaged over {given.n_seeds} seeds, its 95 % interval is {100 * given.low:+z.1f} "
        f"to {100 * given.high:+z.1f} points: "
    )
    if given.low > 0 or given.high < 0:
        text += "it does not hold 0. It takes the fitted networks as given, and is exploratory."
    elif len(given.by_subject) > 1:
        half = 100 * (given.high - given.low) / 2
        text += "a difference was not detected, and one smaller than "
        text += f"about {half:.0f} points would be missed."
    else:
        text += "a difference was not detected. Of one subject's trials alone, it is too narrow."
    return text


def verdict(found: Mapping[Hashable, Comparison]) -> str:
    """Tell which intervals of a `differences_table` hold 0."""
    several = all(len(given.by_subject) > 1 for given in found.values())
    known = [(given.low, given.high) for given in found.values() if _has_interval(given)]
    found = pd.DataFrame(known, columns=["low", "high"], dtype=float)
    return intervals_sentence(found, power=several)


def _has_interval(given: Comparison) -> bool:
    """Whether there are seeds enough for an interval, and one could be computed."""
    return given.n_seeds >= MIN_SEEDS and bool(np.isfinite([given.low, given.high]).all())


def _seeds(n: int) -> str:
    return "one seed" if n == 1 else f"{n} seeds"
