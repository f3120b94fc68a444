"""The predictions table, from which all scores are computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

COLUMNS = (
    *("protocol", "fold", "stage", "subject", "trial", "window"),
    *("task", "label", "probability"),
)


def predictions_of(
    rows: pd.DataFrame, task: str, labels: np.ndarray, probability: np.ndarray, **who: object
) -> pd.DataFrame:
    """Return the rows of the predictions table for what a model predicts of some windows.

    Parameters
    ----------
    rows : pandas.DataFrame
        One row per window; columns ``subject``, ``trial``, ``stimulus``, ``window``.
    task : str
    labels : numpy.ndarray of int, (row,)
        -1 where missing.
    probability : numpy.ndarray, (row, class)
        Sums to 1 in each row.
    **who
        Further columns: ``protocol``, ``fold``, ``stage``.

    Returns
    -------
    pandas.DataFrame
        Of `COLUMNS`, of ``stimulus`` and, with more than two classes, of ``probability_2`` and so
        on: class 0 has the rest.

    Examples
    --------
    >>> rows = pd.DataFrame({"subject": ["sub-01"], "trial": 1, "stimulus": 7, "window": 0})
    >>> given = predictions_of(rows, "state", np.array([2]), np.array([[0.25, 0.25, 0.5]]))
    >>> given[["label", "probability", "probability_2"]].to_numpy().tolist()
    [[2.0, 0.25, 0.5]]
    """
    further = {f"probability_{c}": probability[:, c] for c in range(2, probability.shape[1])}
    keys = rows[["subject", "trial", "stimulus", "window"]]
    own = {"task": task, "label": labels, "probability": probability[:, 1]}
    return pd.DataFrame(who, index=keys.index).join(keys.assign(**own, **further))


def rated_predictions(
    table: pd.DataFrame,
    labels: Mapping[str, np.ndarray],
    rows: np.ndarray,
    probabilities: Mapping[str, np.ndarray],
    **who: object,
) -> Iterator[pd.DataFrame]:
    """Yield `predictions_of` each task for those of some rows of a table that have a label."""
    for task, probability in probabilities.items():
        rated = labels[task][rows] >= 0
        own = rows[rated]
        yield predictions_of(table.iloc[own], task, labels[task][own], probability[rated], **who)
