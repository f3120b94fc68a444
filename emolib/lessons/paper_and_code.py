"""Where the paper and its released code differ, and what some of the differences do.

The points are data: `paper_and_code.csv` beside this file has them, each with the setting that
chooses between the two. What is measured here takes seconds and no network: what a choice does to
the features, to the folds, or to the scores of ridge.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from emolib.errors import check_option
from emolib.evaluation.linear import ridge_smoother
from emolib.evaluation.permutation import permutation_scores
from emolib.splits.folds import Fold
from emolib.splits.protocols import PROTOCOLS

FILE = Path(__file__).with_suffix(".csv")
KERNELS = (5, 4, 4, 1)  # of the four convolutions, see `emolib.model`
POOLINGS = ("same", "valid")


def points() -> pd.DataFrame:
    """Read the points in which paper and released code differ.

    Returns
    -------
    DataFrame, a row a point
        Index ``key``; columns ``what``, ``paper``, ``code``, ``default`` (ours) and ``setting``.
        A dash: no statement of it is recorded, or there is no setting.

    Examples
    --------
    >>> points().loc["pooling", "default"]
    "the paper's"
    """
    return pd.read_csv(FILE, keep_default_na=False).set_index("key")


def column_paths(
    n_columns: int = 9, kernels: Sequence[int] = KERNELS, *, pooling: str = "same"
) -> np.ndarray:
    """Count the ways from each column of a map through the convolutions into what pooling keeps.

    A convolution with 'same' padding and a kernel of k columns lets output j see the inputs from
    ``j - (k - 1) // 2`` to ``j + k // 2``. Pooling over pairs keeps all columns ('same') or, of an
    odd number, all but the last ('valid').

    Parameters
    ----------
    n_columns : int
        Of the grid.
    kernels : sequence of int
        Widths of the convolutions, in columns.
    pooling : {"same", "valid"}

    Returns
    -------
    array of int, shape (column,)

    Examples
    --------
    >>> column_paths(3, [3], pooling="same"), column_paths(3, [3], pooling="valid")
    (array([2, 3, 2]), array([2, 2, 1]))
    """
    check_option("pooling", pooling, POOLINGS)
    column = np.arange(n_columns)
    ahead = column[None, :] - column[:, None]  # (output, input)
    ways = np.eye(n_columns, dtype=int)
    for k in kernels:
        ways = ((ahead >= -((k - 1) // 2)) & (ahead <= k // 2)).astype(int) @ ways
    kept = n_columns if pooling == "same" else n_columns // 2 * 2
    return ways[:kept].sum(axis=0)


def weighted_share(labels: np.ndarray, weights: np.ndarray) -> float:
    """What share of the loss the class 1 has, if the network is equally wrong everywhere.

    Parameters
    ----------
    labels : array of 0 and 1, shape (row,)
        -1 where missing.
    weights : array, shape (2,)
        Of each class.

    Examples
    --------
    Three rows of class 0 and one of class 1; then class 1 counts three times as much.

    >>> labels = np.array([0, 0, 0, 1])
    >>> weighted_share(labels, np.array([1, 1])), weighted_share(labels, np.array([1, 3]))
    (0.25, 0.5)
    """
    low, high = (weights[c] * np.count_nonzero(labels == c) for c in (0, 1))
    return float(high / (low + high))


class ConstantAnswer(NamedTuple):
    """What `constant_answer` finds, both 0 to 1."""

    spread: float
    pooled: float


def constant_answer(
    table: pd.DataFrame, task: str, stratify: Sequence[str], *, n_folds: int, seeds: Sequence[int]
) -> ConstantAnswer:
    """Score always predicting a subject's majority class, for folds stratified on something.

    Trials are held out within each subject. The answer is the class that is commoner among the
    subject's trials outside the test fold; of two that are equally common, 0. Where a test fold
    happens to hold more of a class, there is less of it outside: counted over all folds together
    such answers are wrong more often than not. Counted within each fold they score one half, as
    they should.

    Parameters
    ----------
    table : DataFrame, one row per window
        As for `emolib.splits`.
    task : str
        Whose classes, 0 and 1, are answered.
    stratify : sequence of str
        The tasks that folds are stratified on.
    n_folds : int
    seeds : sequence of int
        Folds are dealt once for each.

    Returns
    -------
    ConstantAnswer
        `spread`, the standard deviation over a subject's folds of the share of class 1 in the
        test fold; `pooled`, balanced accuracy counted over all folds together. Means over
        subjects and seeds; a subject with one class only is left out.
    """
    trials = table[table[task] >= 0].drop_duplicates(["subject", "trial"]).reset_index(drop=True)
    spreads, scores = [], []
    for seed in seeds:
        folds = list(
            PROTOCOLS["trial_grouped"](trials, n_folds=n_folds, seed=seed, tasks=list(stratify))
        )
        for _, own in trials.groupby("subject"):
            label = own[task]
            if label.nunique() < 2:
                continue
            shares, right = _constant(label, folds)
            spreads.append(np.std(shares))
            scores.append(right.groupby(label).mean().mean())
    return ConstantAnswer(float(np.mean(spreads)), float(np.mean(scores)))


def repeated_scores(
    x: np.ndarray,
    table: pd.DataFrame,
    protocol: str,
    *,
    tasks: Sequence[str],
    n_folds: int,
    seeds: Sequence[int],
) -> pd.DataFrame:
    """Score ridge on folds that are dealt anew for each seed.

    Two sets of features that are scored with the same seeds have the same folds, so that their
    scores can be subtracted. Folds do not depend on the labels.

    Parameters
    ----------
    x : array, shape (n_rows, ...)
        Features or maps.
    table : DataFrame, one row per window
        As for `emolib.splits`; two classes a task.
    protocol : str
        A name in `emolib.splits.PROTOCOLS`.
    tasks : sequence of str
    n_folds : int
    seeds : sequence of int

    Returns
    -------
    DataFrame, shape (seed, task)
        Balanced accuracy of trials, within subject and fold, then averaged.
    """
    split = PROTOCOLS[check_option("protocol", protocol, PROTOCOLS)]
    rated = (table[list(tasks)] >= 0).all(axis=1).to_numpy()
    table, x = table[rated].reset_index(drop=True), np.asarray(x)[rated]
    rows = {}
    for seed in seeds:
        operator = ridge_smoother(x, table, split(table, n_folds=n_folds, seed=seed, tasks=[]))
        labels = operator.trials[list(tasks)].to_numpy()
        rows[seed] = permutation_scores(operator, labels)
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(tasks)).rename_axis("seed")


def _constant(label: pd.Series, folds: Sequence[Fold]) -> tuple[list[float], pd.Series]:
    """One subject's share of class 1 in each test fold, and whether each answer is right."""
    shares, right = [], pd.Series(0.0, label.index)
    for fold in folds:
        test = label.index.intersection(fold.test)
        if not len(test):
            continue
        outside = label.drop(test)
        answer = int(outside.mean() > 0.5)
        shares.append(float(label[test].mean()))
        right[test] = (label[test] == answer).astype(float)
    return shares, right
