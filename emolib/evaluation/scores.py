"""From the predictions table to scores: the estimand, its intervals and chance levels.

The estimand is balanced accuracy of whole trials: the mean probability over a trial's
windows names its class; balanced accuracy is computed within each subject and fold, then
averaged over folds, then over subjects. A pooled model learns who a subject is and which
class that subject prefers; computed across subjects, that alone would lift a score.
"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from emolib.errors import DataError, did_you_mean
from emolib.evaluation.bootstrap import (
    TrialCounts,
    nanmean,
    percentiles,
    subject_fold_scores,
    trial_bootstrap,
    two_way_bootstrap,
    two_way_scores,
)
from emolib.model.predictions import COLUMNS
from emolib.splits.folds import stable_seed
from emolib.splits.protocols import HELD_OUT, LEAKING, protocol_name

METRICS = (
    *("window_accuracy", "window_balanced_accuracy"),
    *("trial_accuracy", "trial_balanced_accuracy"),
)
SCORE_COLUMNS = (
    *("protocol", "stage", "fold", "subject", "task", "metric"),
    *("value", "low", "high", "chance", "n", "skipped", "leaks"),
)
RESAMPLES = 2000
ESTIMAND = "trial_balanced_accuracy"
STAGES = {
    "pooled": "pooled",
    "subject": "fine-tuned on the subject",
    "subject_and_task": "fine-tuned on the subject and task",
}


def score(predictions: pd.DataFrame, *, seed: int = 0, resamples: int = RESAMPLES) -> pd.DataFrame:
    """Score predictions.

    Parameters
    ----------
    predictions : pandas.DataFrame, one row per window and task
        Columns `emolib.model.predictions.COLUMNS`; `probability` is that of class 1. With more
        than two classes, columns ``probability_2`` and so on are those of the others, and class 0
        has the rest. A column ``stimulus`` is used where there is one; else a trial's number names
        its stimulus. Rows with the label -1 do not count.
    seed : int
        Seed of the bootstrap.
    resamples : int
        Bootstrap samples; with 0 there are no intervals.

    Returns
    -------
    pandas.DataFrame
        A row for each protocol, stage, task, metric and

        - subject (``fold`` missing): averaged over the folds;
        - fold (``subject`` missing): averaged over the subjects, without an interval;
        - cohort (both missing): averaged over folds, then subjects.

        `low` and `high` bound a 95 % interval. For a subject it comes from a bootstrap of
        trials within each class, and is too narrow; for the cohort from a two-way bootstrap
        of subjects and of stimuli, conditional on the fitted models, and conservative.
        `chance` is the majority rate of the subject's labels (for several subjects their
        mean) for an accuracy, and 1 / classes for a balanced one. `n` counts the
        predictions, `skipped` the folds of subjects that lack a class and so have no
        balanced accuracy. `leaks` marks protocols with windows of one trial on both sides.

    Raises
    ------
    DataError
        A column is missing, that of a class too, or a probability is no number from 0 to 1.

    Examples
    --------
    >>> predictions = pd.DataFrame({"protocol": "trial_grouped", "fold": 0, "stage": "pooled",
    ...     "subject": "sub-01", "trial": [1, 1, 2, 2], "window": [0, 1, 0, 1],
    ...     "task": "valence", "label": [0, 0, 1, 1], "probability": [0.1, 0.6, 0.3, 0.9]})
    >>> scores = score(predictions, resamples=0)
    >>> scores[scores["subject"].isna() & scores["fold"].isna()].set_index("metric")["value"]
    metric
    window_accuracy             0.5
    window_balanced_accuracy    0.5
    trial_accuracy              1.0
    trial_balanced_accuracy     1.0
    Name: value, dtype: float64
    """
    tables = []
    for (protocol, stage, task), counts in count_correct(predictions).items():
        rows = _score(counts, (seed, protocol, stage, task), resamples)
        leaks = protocol in LEAKING
        tables.append(rows.assign(protocol=protocol, stage=stage, task=task, leaks=leaks))
    kinds = {"fold": "Int64", "subject": "string", "n": int, "skipped": int}
    return pd.concat(tables, ignore_index=True)[list(SCORE_COLUMNS)].astype(kinds)


def permuted_scores(predictions: pd.DataFrame) -> pd.DataFrame:
    """Score the refits on permuted labels, each by itself, over all subjects.

    The predictions, as for `score`, have a column ``permutation``; the table may be empty. Returns
    the columns ``protocol``, ``stage``, ``task``, ``metric``, ``permutation`` and ``value``.
    """
    columns = ["protocol", "stage", "task", "metric", "permutation", "value"]
    tables = []
    for number, own in predictions.groupby("permutation") if len(predictions) else ():
        scores = score(own, resamples=0)
        whole = scores["subject"].isna() & scores["fold"].isna()
        tables.append(scores[whole].assign(permutation=int(number))[columns])
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


def reportable(scores: pd.DataFrame) -> pd.DataFrame:
    """Return what a page may show: a leaking score only where an honest one stands beside it.

    Examples
    --------
    >>> scores = pd.DataFrame({"task": ["valence", "valence", "arousal"],
    ...                        "protocol": ["window_wise", "trial_grouped", "window_wise"],
    ...                        "leaks": [True, False, True]})
    >>> reportable(scores)["protocol"].tolist()
    ['window_wise', 'trial_grouped']
    """
    honest = set(scores.loc[~scores["leaks"], "task"])
    return scores[~scores["leaks"] | scores["task"].isin(honest)]


def score_points(
    scores: pd.DataFrame, task: str, *, subject: str | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the points of a figure: a row for each subject, and one for all of them.

    Both tables have the columns ``row``, ``subject``, ``value``, ``low``, ``high`` and ``leaks``.
    The points of many subjects have no interval: it would hide the points. With `subject` only
    this subject's points are returned, with their intervals.

    Examples
    --------
    >>> scores = pd.DataFrame({"protocol": "trial_grouped", "stage": "pooled", "fold": pd.NA,
    ...     "subject": ["sub-01", pd.NA], "task": "valence", "metric": ESTIMAND,
    ...     "value": [0.6, 0.55], "low": [0.4, 0.5], "high": [0.8, 0.6], "leaks": False})
    >>> score_points(scores, "valence")[1]["row"].tolist()
    ['trial-grouped\\npooled']
    """
    rows = reportable(scores)
    rows = rows[(rows["task"] == task) & (rows["metric"] == ESTIMAND) & rows["fold"].isna()]
    rows = rows.assign(order=order(rows)).sort_values("order", kind="stable")
    names = [
        f"{protocol_name(row.protocol)}\n{STAGES.get(row.stage, row.stage)}".replace(" (", "\n(")
        for row in rows.itertuples()
    ]
    rows = rows.assign(row=names)[["row", "subject", "value", "low", "high", "leaks"]]
    groups = rows[rows["subject"].isna()]
    rows = rows[rows["subject"].notna()]
    if subject is not None:
        return rows[rows["subject"] == subject], groups.iloc[:0]
    return rows.assign(low=np.nan, high=np.nan), groups


def pooled_scores(scores: pd.DataFrame, subject: str, protocol: str, task: str) -> pd.DataFrame:
    """Return a subject's scores of the pooled network under a protocol, by metric."""
    of = (scores["protocol"] == protocol) & (scores["stage"] == "pooled")
    own = (scores["task"] == task) & (scores["subject"] == subject)
    return scores[of & own].set_index("metric")


def order(rows: pd.DataFrame) -> pd.Series:
    """Number rows by protocol, then stage, in the order of the protocols and stages.

    Examples
    --------
    >>> rows = {"protocol": ["trial_grouped", "window_wise"], "stage": ["pooled", "subject"]}
    >>> order(pd.DataFrame(rows)).tolist()
    [0, 16]
    """
    protocols, stages = list(HELD_OUT), list(STAGES)
    return rows["protocol"].map(protocols.index) * len(stages) + rows["stage"].map(stages.index)


def with_interval(row: pd.Series) -> str:
    """Write a score with its interval.

    Examples
    --------
    >>> with_interval(pd.Series({"value": 0.55, "low": 0.48, "high": 0.62}))
    '0.55 (0.48 to 0.62)'
    """
    if not np.isfinite(row["value"]):
        return "none: a class is missing"
    if not np.isfinite([row["low"], row["high"]]).all():
        return f"{row['value']:.2f}"
    return f"{row['value']:.2f} ({row['low']:.2f} to {row['high']:.2f})"


def count_correct(predictions: pd.DataFrame) -> dict[tuple[str, str, str], TrialCounts]:
    """Count the right predictions of each trial, by (protocol, stage, task); see `score`."""
    rows = _checked(predictions)
    groups = rows.groupby(["protocol", "stage", "task"], sort=True, observed=True)
    return {key: _count(own) for key, own in groups}


def _checked(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the labelled rows of valid predictions."""
    for name in COLUMNS:
        if name not in predictions:
            raise DataError(
                "predictions", f"have no column {name!r}.", did_you_mean(name, predictions)
            )
    rows = predictions[predictions["label"] >= 0].reset_index(drop=True)
    if not len(rows):
        raise DataError("predictions", "hold no labelled row.", "Run the training stage first.")
    if not rows["probability"].between(0, 1 + 1e-6).all():  # false for NaN too
        raise DataError(
            "predictions",
            "hold a probability that is no number from 0 to 1.",
            "Look at the training's history: the fit may have diverged.",
        )
    return rows if "stimulus" in rows else rows.assign(stimulus=rows["trial"])


def _count(rows: pd.DataFrame) -> TrialCounts:
    """Count the right predictions of one protocol, stage and task."""
    further = (f"probability_{c}" for c in range(2, 100))
    names = ["probability", *itertools.takewhile(rows.columns.__contains__, further)]
    # A task with fewer classes than another leaves the further columns empty.
    given = rows[names].dropna(axis="columns", how="all").to_numpy(np.float64)
    if rows["label"].max() > given.shape[1] or np.isnan(given).any():
        problem = f"lack a probability; labels go up to {rows['label'].max()}."
        hint = "Give each class but the first a column: probability, probability_2 and so on."
        raise DataError(f"predictions of {rows['task'].iloc[0]!r}", problem, hint)
    probability = np.column_stack([1 - given.sum(axis=1), given])  # (n_rows, n_classes)
    keys = [rows["subject"], rows["trial"], rows["fold"]]
    right = pd.Series(probability.argmax(axis=1) == rows["label"].to_numpy(), rows.index)
    whole = rows.groupby(keys, sort=True, observed=True)[["stimulus", "label"]].first()
    by_trial = pd.DataFrame(probability, rows.index).groupby(keys, sort=True, observed=True).mean()
    of_windows = right.groupby(keys, sort=True, observed=True).agg(["sum", "size"])
    label = whole["label"].to_numpy(int)
    predicted = by_trial.to_numpy().argmax(axis=1)
    return TrialCounts(
        subject=whole.index.get_level_values("subject").to_numpy(),
        stimulus=whole["stimulus"].to_numpy(),
        trial=whole.index.get_level_values("trial").to_numpy(),
        fold=whole.index.get_level_values("fold").to_numpy(),
        label=label,
        n_correct={
            "window": of_windows["sum"].to_numpy(float),
            "trial": (predicted == label).astype(float),
        },
        n={"window": of_windows["size"].to_numpy(float), "trial": np.ones(len(whole))},
        n_classes=probability.shape[1],
        predicted=predicted,
    )


def one_class_subjects(counts: TrialCounts) -> tuple[list[str], int]:
    """List the subjects whose trials were all predicted to be of one class, though they are not.

    Returns them, and how many subjects have trials of two classes or more.

    Examples
    --------
    >>> predictions = pd.DataFrame({"protocol": "trial_grouped", "fold": 0, "stage": "pooled",
    ...     "subject": ["a", "a", "b", "b"], "trial": [1, 2, 1, 2], "window": 0,
    ...     "task": "valence", "label": [0, 1, 0, 1], "probability": [0.1, 0.4, 0.3, 0.9]})
    >>> one_class_subjects(count_correct(predictions)["trial_grouped", "pooled", "valence"])
    (['a'], 2)
    """
    of = pd.DataFrame({"label": counts.label, "predicted": counts.predicted})
    n = of.groupby(counts.subject).nunique()
    n = n[n["label"] > 1]
    return n.index[n["predicted"] == 1].astype(str).tolist(), len(n)


def _score(counts: TrialCounts, key: tuple[object, ...], resamples: int) -> pd.DataFrame:
    """Score one protocol, stage and task by all metrics; they share the bootstraps' draws."""
    of_trials = {
        subject: trial_bootstrap(counts, subject, resamples, stable_seed(*key, subject))
        for subject in np.unique(counts.subject)
    }
    two_way = two_way_bootstrap(counts, resamples, stable_seed(*key, "cohort"))
    tables = [_score_metric(counts, metric, of_trials, two_way) for metric in METRICS]
    return pd.concat(tables, ignore_index=True)


def _score_metric(
    counts: TrialCounts,
    metric: str,
    of_trials: dict[str, np.ndarray],
    two_way: tuple[np.ndarray, np.ndarray],
) -> pd.DataFrame:
    """Score one protocol, stage and task by one metric."""
    unit, balanced = metric.split("_")[0], "balanced" in metric
    of = subject_fold_scores(counts, unit=unit, balanced=balanced)
    value = of.observed()  # (n_scores,)
    chance = _majority_rates(counts, unit)
    chance = chance if not balanced else dict.fromkeys(chance, 1 / counts.n_classes)

    def summed_up(column: str, name: object) -> dict[str, object]:
        own = value[getattr(of, column) == name]
        n = counts.n[unit][getattr(counts, column) == name].sum()
        skipped = np.isnan(own).sum()
        return {column: name, "value": float(nanmean(own)), "n": n, "skipped": skipped}

    rows = []
    for subject, draws in of_trials.items():
        own = of.of_subject(subject, counts.subject == subject)
        low, high = percentiles(nanmean(own.values(draws)))
        interval = {"low": low, "high": high, "chance": chance[subject]}
        rows.append(summed_up("subject", subject) | interval)
    by_subject = pd.DataFrame(rows)
    for fold in np.unique(of.fold):
        mean = np.mean([chance[subject] for subject in of.subject[of.fold == fold]])
        rows.append(summed_up("fold", fold) | {"chance": mean})
    how = {"value": "mean", "chance": "mean", "n": "sum", "skipped": "sum"}
    cohort = by_subject.agg(how).to_dict()
    if len(of_trials) > 1:
        cohort["low"], cohort["high"] = percentiles(two_way_scores(counts, of, *two_way))
    return pd.DataFrame([*rows, cohort]).assign(metric=metric)


def _majority_rates(counts: TrialCounts, unit: str) -> dict[str, float]:
    """Return the proportion of each subject's majority class: the score of predicting it always."""
    n = pd.Series(counts.n[unit]).groupby([counts.subject, counts.label]).sum()
    return dict(n.groupby(level=0).max() / n.groupby(level=0).sum())
