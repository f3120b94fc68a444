"""Permute the labels of a table of windows, for what a pipeline scores where nothing is to find.

The pipeline is then run again as a whole, its splits included: permuting labels against fixed
predictions rejects too often.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from emolib.errors import DataError


def permuted_by_stimulus(table: pd.DataFrame, tasks: Sequence[str], seed: int) -> pd.DataFrame:
    """Permute the stimuli's labels in the class columns, the same way for every subject and task.

    Raises
    ------
    DataError
        If a subject lacks a stimulus that another saw, or saw one twice.

    Examples
    --------
    >>> table = pd.DataFrame({"subject": ["a", "a", "b", "b"], "trial": [1, 2, 1, 2],
    ...                       "stimulus": ["x", "y", "y", "x"], "valence": [0, 1, 0, 0]})
    >>> given = [permuted_by_stimulus(table, ["valence"], seed)["valence"] for seed in range(9)]
    >>> sorted({tuple(labels) for labels in given})
    [(0, 1, 0, 0), (1, 0, 0, 0)]
    """
    trials = table.drop_duplicates(["subject", "trial"])
    seen = trials.groupby("subject")["stimulus"].agg(lambda own: tuple(sorted(own)))
    stimuli = np.unique(trials["stimulus"])
    if (seen != tuple(stimuli)).any():
        raise DataError(
            f"trials of {seen.index[seen != tuple(stimuli)][0]}",
            "are not one of each stimulus; labels cannot be exchanged jointly.",
            "Leave out the stimuli that some subject lacks, or ask for no permutation.",
        )
    other = dict(zip(stimuli, np.random.default_rng(seed).permutation(stimuli), strict=True))
    keys = pd.MultiIndex.from_arrays([table["subject"], table["stimulus"].map(other)])
    labels = trials.set_index(["subject", "stimulus"])[list(tasks)].loc[keys]
    return table.assign(**{task: labels[task].to_numpy() for task in tasks})


def permuted_by_trial(table: pd.DataFrame, tasks: Sequence[str], seed: int) -> pd.DataFrame:
    """Permute the labels of each subject's trials; all windows of a trial keep one label.

    Parameters and result as `permuted_by_stimulus`.

    Examples
    --------
    >>> table = pd.DataFrame({"subject": "a", "trial": [1, 1, 2, 2], "stimulus": ["x", "x", "y",
    ...                       "y"], "valence": [0, 0, 1, 1]})
    >>> given = [permuted_by_trial(table, ["valence"], seed)["valence"] for seed in range(9)]
    >>> sorted({tuple(labels) for labels in given})
    [(0, 0, 1, 1), (1, 1, 0, 0)]
    """
    trials = table.drop_duplicates(["subject", "trial"]).sort_values(["subject", "trial"])
    rng = np.random.default_rng(seed)
    at = np.arange(len(trials))
    for rows in trials.reset_index(drop=True).groupby("subject").indices.values():
        at[rows] = rng.permutation(rows)
    shuffled = trials[list(tasks)].to_numpy()[at]
    labels = pd.DataFrame(shuffled, trials.set_index(["subject", "trial"]).index, list(tasks))
    labels = labels.loc[pd.MultiIndex.from_frame(table[["subject", "trial"]])]
    return table.assign(**{task: labels[task].to_numpy() for task in tasks})
