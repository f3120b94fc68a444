"""Light models under several protocols: what holding out less, or nothing, does to a score.

The published protocol beside an honest one and beside itself with random labels; all protocols
beside one another; and what windows give away of their trial and their subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr
from sklearn.base import BaseEstimator
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from emolib.errors import DataError
from emolib.evaluation.linear import reference_predictions
from emolib.evaluation.scores import permuted_scores, score
from emolib.lessons.label_quality import relabelled
from emolib.splits.folds import stable_seed
from emolib.splits.shuffling import permuted_by_trial

MODELS = ("ridge", "nearest_neighbours")


def window_scores(predictions: pd.DataFrame) -> pd.Series:
    """Balanced accuracy of windows over all subjects, by protocol, stage and task.

    The published scores are of windows too; within folds, then subjects, then averaged, as
    `emolib.evaluation.score` does.
    """
    scores = score(predictions, resamples=0)
    whole = scores["subject"].isna() & scores["fold"].isna()
    chosen = scores[whole & (scores["metric"] == "window_balanced_accuracy")]
    return chosen.set_index(["protocol", "stage", "task"])["value"]


def thinned(
    table: pd.DataFrame, *, first: str, n_subjects: int = 8, n_windows: int = 30
) -> tuple[np.ndarray, int]:
    """Choose rows so few that light models take seconds: some subjects, every so many windows.

    Parameters
    ----------
    table : pandas.DataFrame, one row per window
        Columns ``subject`` and ``window``, which counts from 0 in each trial.
    first : str
        A subject to keep in any case.
    n_subjects, n_windows : int
        At most so many subjects, and windows a trial.

    Returns
    -------
    rows : numpy.ndarray of int, sorted
    step : int
        Every such window is kept.

    Examples
    --------
    >>> table = pd.DataFrame({"subject": ["a"] * 5 + ["b"] * 5, "window": [*range(5)] * 2})
    >>> thinned(table, first="b", n_subjects=1, n_windows=3)
    (array([5, 7, 9]), 2)
    """
    others = [name for name in table["subject"].unique() if name != first]
    step = -(-(table["window"].max() + 1) // n_windows)
    kept = table["subject"].isin([first, *others][:n_subjects]) & (table["window"] % step == 0)
    return np.flatnonzero(kept), int(step)


def own_and_random_labels(
    x: np.ndarray,
    table: pd.DataFrame,
    *,
    honest: str,
    tasks: Sequence[str],
    n_folds: int,
    models: Sequence[str] = MODELS,
    seed: int = 0,
) -> pd.DataFrame:
    """Score models on a study's windows: as published, with random labels, and honestly.

    The random labels are the trials' own, exchanged among the trials of each subject; all
    windows of a trial keep one label. Models are fitted again, splits included.

    Parameters
    ----------
    x : numpy.ndarray, (n_rows, ...)
    table : pandas.DataFrame, one row per window
        As for `emolib.splits`.
    honest : str
        The protocol to hold beside the window-wise one.
    tasks : sequence of str
        The class columns.
    n_folds, seed : int
    models : sequence of str
        Names in `emolib.evaluation.linear.REFERENCE_MODELS`.

    Returns
    -------
    pandas.DataFrame
        Columns ``model``, ``task``, ``protocol``, ``labels`` ("own" or "random") and ``value``,
        balanced accuracy of windows.
    """
    relabelled = permuted_by_trial(table, tasks, stable_seed("labels", seed))
    cases = [("window_wise", "own", table), ("window_wise", "random", relabelled)]
    parts = []
    for protocol, labels, rows in [*cases, (honest, "own", table)]:
        for model in models:
            given = reference_predictions(
                model, x, rows, protocol, n_folds=n_folds, seed=seed, tasks=tasks
            )
            values = window_scores(given).rename("value").rename_axis(index={"stage": "model"})
            parts.append(values.reset_index().assign(labels=labels))
    return pd.concat(parts, ignore_index=True)[["model", "task", "protocol", "labels", "value"]]


def of_network(predictions: pd.DataFrame, permuted: pd.DataFrame) -> pd.DataFrame:
    """Give the trained network's scores the shape of `own_and_random_labels`.

    Parameters
    ----------
    predictions : pandas.DataFrame
        A study's, as far as it is trained; of the stages, the pooled one is taken.
    permuted : pandas.DataFrame
        Predictions of its refits on random labels, numbered in ``permutation``; maybe none.
    """
    columns = ["model", "task", "protocol", "labels", "value"]
    parts = [pd.DataFrame(columns=columns)]
    if len(predictions):
        own = window_scores(predictions[predictions["stage"] == "pooled"])
        parts = [own.rename("value").reset_index().assign(labels="own")]
    if len(permuted):
        scores = permuted_scores(permuted)
        rows = scores[scores["metric"] == "window_balanced_accuracy"]
        means = rows.groupby(["protocol", "task"])["value"].mean()
        parts.append(means.reset_index().assign(labels="random"))
    return pd.concat(parts, ignore_index=True).assign(model="network")[columns]


def identity_probes(
    features: Sequence[xr.Dataset], subject: str, *, step: int = 1
) -> dict[str, tuple[float, float]]:
    """Ask which trial a window is from, and which person.

    Parameters
    ----------
    features : sequence of Dataset
        As `emolib.features.extract_features` makes them, one a subject.
    subject : str
        Whose trials are to be named.
    step : int
        Every such window is used.

    Returns
    -------
    dict of str to (share, chance)
        Of "trial" the share of this subject's windows whose trial is named, other windows of it
        being known; of "person", if there are several, the share of windows on held-out trials
        whose person is named. Chance is one over their number.
    """
    features = [each.isel(window=slice(None, None, step)) for each in features]
    names = ["subject", "trial"]
    keys = [pd.DataFrame({name: each[name].to_numpy() for name in names}) for each in features]
    keys = pd.concat(keys, ignore_index=True)
    x = np.concatenate([each["feature"].to_numpy() for each in features])
    own = (keys["subject"] == subject).to_numpy()
    rows = keys[own].reset_index(drop=True)
    found = {"trial": (trial_identification(x[own], rows), 1 / rows["trial"].nunique())}
    if len(features) > 1:
        found["person"] = (subject_identification(x, keys), 1 / len(features))
    return found


def compare_protocols(
    x: np.ndarray,
    table: pd.DataFrame,
    protocols: Iterable[str],
    *,
    tasks: Sequence[str],
    n_folds: int,
    model: str = "ridge",
    seed: int = 0,
    resamples: int = 500,
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Score a reference model under several protocols.

    Returns
    -------
    scores : pandas.DataFrame
        As `emolib.evaluation.score` gives them.
    refused : dict of str to str
        The protocols that the data cannot serve, and why.
    """
    parts, refused = [], {}
    for protocol in protocols:
        try:
            parts.append(
                reference_predictions(
                    model, x, table, protocol, n_folds=n_folds, seed=seed, tasks=tasks
                )
            )
        except DataError as error:
            refused[protocol] = f"{error.source}: {error.message}"
    if not parts:
        return pd.DataFrame(columns=["protocol", "task", "metric", "value"]), refused
    return score(pd.concat(parts, ignore_index=True), resamples=resamples), refused


def by_rule(
    x: np.ndarray,
    table: pd.DataFrame,
    task: str,
    rules: Mapping[str, pd.Series],
    *,
    protocol: str,
    n_folds: int,
    seed: int = 0,
) -> pd.DataFrame:
    """Score ridge with labels that several rules make of the same ratings.

    Parameters
    ----------
    x : numpy.ndarray, (n_rows, ...)
    table : pandas.DataFrame, one row per window
    task : str
        The class column whose labels are replaced.
    rules : dict of str to Series
        As `emolib.lessons.label_quality.labels_by_rule` gives them.
    protocol : str
    n_folds, seed : int

    Returns
    -------
    pandas.DataFrame
        A row a rule: ``high`` and ``low``, the trials of each class, and ``score``, balanced
        accuracy of trials; NaN where too few are left.
    """
    rows = {}
    for rule, labels in rules.items():
        scores, refused = compare_protocols(
            x,
            relabelled(table, task, labels),
            [protocol],
            tasks=[task],
            n_folds=n_folds,
            seed=seed,
            resamples=0,
        )
        value = np.nan
        if not refused:
            whole = scores["subject"].isna() & scores["fold"].isna()
            chosen = scores[whole & (scores["metric"] == "trial_balanced_accuracy")]
            value = float(chosen["value"].iloc[0])
        rows[rule] = {"high": (labels == 1).sum(), "low": (labels == 0).sum(), "score": value}
    return pd.DataFrame(rows).T.astype({"high": int, "low": int})


def _lda() -> BaseEstimator:
    """Return LDA shrunk by Ledoit and Wolf's rule, which needs no validation data."""
    lda = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    return make_pipeline(StandardScaler(), lda)


def trial_identification(
    x: np.ndarray, table: pd.DataFrame, *, n_folds: int = 5, seed: int = 0
) -> float:
    """Return how often LDA names the trial that a window is from, mean over subjects.

    Windows of each trial are on both sides. A high value means that trials are identifiable, so
    that under window-wise evaluation a model may look a trial's label up. Chance is one over the
    number of trials. Trials of fewer windows than folds have as many folds as windows; those of one
    window each are a DataError.
    """
    flat = np.asarray(x).reshape(len(table), -1)
    most = int(table.groupby(["subject", "trial"]).size().max())
    if most < 2:
        raise DataError("trials", "each has one window only.", "This probe needs two or more.")
    folds = StratifiedKFold(min(n_folds, most), shuffle=True, random_state=seed)
    subjects, trials = table["subject"].to_numpy(), table["trial"].to_numpy()
    right = []
    for subject in np.unique(subjects):
        own = subjects == subject
        named = cross_val_predict(_lda(), flat[own], trials[own], cv=folds)
        right.append(np.mean(named == trials[own]))
    return float(np.mean(right))


def subject_identification(
    x: np.ndarray, table: pd.DataFrame, *, n_folds: int = 5, seed: int = 0
) -> float:
    """Return how often LDA names the subject that a window is from, on trials held out.

    Chance is one over the number of subjects; with one only there is a DataError.
    """
    subjects = table["subject"].to_numpy()
    if len(np.unique(subjects)) < 2:
        raise DataError("subjects", "there is one only.", "This probe needs two or more.")
    trial = table.groupby(["subject", "trial"]).ngroup().to_numpy()
    folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    flat = np.asarray(x).reshape(len(table), -1)
    named = cross_val_predict(_lda(), flat, subjects, groups=trial, cv=folds)
    return float(np.mean(named == subjects))
