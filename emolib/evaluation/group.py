"""Is a cohort's decoding more than chance? The primary test, and exploratory ones beside it.

Ridge regression is fitted again, from the split onwards, for each of many permutations of the
stimuli's labels, the same for all subjects. A small p is evidence that the scores are better than
for an arbitrary labelling of the same stimuli. The network takes too long to be fitted so often, so
it is not tested; its score is given for comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from emolib.errors import DataError
from emolib.evaluation.bootstrap import subject_means
from emolib.evaluation.comparison import holm
from emolib.evaluation.linear import ridge_smoother
from emolib.evaluation.permutation import (
    IN_BLOCKS,
    NOT_TWO,
    PERMUTATIONS,
    is_block_design,
    joint_stimulus_test,
    observed_score,
)
from emolib.evaluation.scores import count_correct
from emolib.recordings.labels import Task
from emolib.splits.folds import Fold
from emolib.splits.protocols import LEAKING, PROTOCOLS

PRIMARY = "leave_subjects_and_stimuli_out"  # new people and new stimuli: chosen before any look
TOO_FEW = "a group has two subjects at least"
COLUMNS = (
    *("task", "protocol", "primary", "n_subjects", "n_stimuli", "score", "chance_low"),
    *("chance_high", "detectable", "p", "corrected", "network", "untested"),
)


def group_tests(
    maps: np.ndarray,
    table: pd.DataFrame,
    tasks: Mapping[str, Task],
    protocols: Sequence[str],
    *,
    n_folds: int,
    seed: int,
    chronological: bool = True,
    predictions: pd.DataFrame | None = None,
    n_permutations: int = PERMUTATIONS,
) -> pd.DataFrame:
    """Test each task under the primary protocol and under a study's other honest ones.

    `maps` (window, row, column, plane) and `table`, one row per window, are those of all subjects;
    `tasks`, `protocols`, `n_folds` and `seed` the study's. Where trials are `chronological`,
    numbered in the order in which they were, classes that come in blocks are not tested.
    `predictions` are those of the study's pooled networks, trained once.

    Returns
    -------
    DataFrame
        One row per task and protocol, columns `COLUMNS`: trial balanced accuracy of ridge, the
        permutations' 2.5 and 97.5 percentiles, what would be found in 4 of 5 cases, p, and p
        corrected: after Holm over the tasks under the primary protocol, after Benjamini and
        Hochberg over all other rows. ``network`` is the network's score, where it was trained.
        Without a test there is no p, and ``untested`` says why; scores are given all the same, of
        all labelled trials, if they can be.
    """
    honest = [name for name in PROTOCOLS if name in {*protocols, PRIMARY} - set(LEAKING)]
    of_network = {}
    if predictions is not None and len(predictions):
        tested = predictions["protocol"].isin(honest) & (predictions["stage"] == "pooled")
        if tested.any():
            counts = count_correct(predictions[tested])
            of_network = {key: subject_means(own).mean() for key, own in counts.items()}
    flat = maps.reshape(len(maps), -1)
    flat = flat[:, flat.any(axis=0)]  # cells without an electrode are 0 throughout
    rows = []
    for task in tasks:
        why = why_not(table, task, tasks[task], chronological=chronological)
        chosen = (table[task] >= 0).to_numpy() if why else exchangeable(table, task)
        own = table[chosen].reset_index(drop=True)
        n = {"n_subjects": own["subject"].nunique(), "n_stimuli": own["stimulus"].nunique()}
        for protocol in honest:
            row = {"task": task, "protocol": protocol, "primary": protocol == PRIMARY, **n}
            row["untested"] = why
            if why not in (NOT_TWO, TOO_FEW):
                folds = PROTOCOLS[protocol](own, n_folds=n_folds, seed=seed, tasks=())
                row |= _scored(flat[chosen], own, folds, task, why, n_permutations, seed)
                row["network"] = of_network.get((protocol, "pooled", task), np.nan)
            rows.append(row)
    found = pd.DataFrame(rows, columns=list(COLUMNS))
    for family, correct in ((found["primary"], holm), (~found["primary"], false_discovery_control)):
        known = family & found["p"].notna()
        if known.any():
            found.loc[known, "corrected"] = correct(found.loc[known, "p"].astype(float))
    numbers = found.columns.difference(["task", "protocol", "primary", "untested"])
    return found.astype(dict.fromkeys(numbers, float))


def exchangeable(table: pd.DataFrame, task: str) -> np.ndarray:
    """Mark the windows of stimuli whose labels can be exchanged jointly: (window,).

    Those are the stimuli that every subject saw exactly once, and that all of them have labelled.

    Examples
    --------
    >>> table = pd.DataFrame({"subject": ["a", "a", "b", "b", "b"], "trial": [1, 2, 1, 2, 3],
    ...     "stimulus": ["x", "y", "x", "y", "z"], "valence": [0, 1, 1, -1, 0]})
    >>> exchangeable(table, "valence").tolist()
    [True, False, True, False, False]
    """
    trials = table.drop_duplicates(["subject", "trial"])
    labelled = trials[trials[task] >= 0]
    count = pd.crosstab(labelled["subject"], labelled["stimulus"])
    count = count.reindex(index=trials["subject"].unique(), fill_value=0)
    return table["stimulus"].isin(count.columns[(count == 1).all()]).to_numpy()


def why_not(table: pd.DataFrame, task: str, of: Task, *, chronological: bool) -> str:
    """Return why a task is not tested; empty if it may be. Parameters as `group_tests`."""
    if len(of.classes) != 2:
        return NOT_TWO
    if table["subject"].nunique() < 2:
        return TOO_FEW
    trials = table[table[task] >= 0].drop_duplicates(["subject", "trial"])
    by_subject = trials.sort_values("trial").groupby("subject")[task]
    in_blocks = [chronological and is_block_design(own.to_numpy(int)) for _, own in by_subject]
    if sum(in_blocks) > len(in_blocks) / 2:
        return IN_BLOCKS
    if not exchangeable(table, task).any():
        return "no stimulus was seen once, and labelled, by every subject"
    return ""


def _scored(
    x: np.ndarray,
    table: pd.DataFrame,
    folds: Iterable[Fold],
    task: str,
    why: str,
    n_permutations: int,
    seed: int,
) -> dict[str, object]:
    """Score ridge, and test it unless there is a reason not to."""
    try:
        smoother = ridge_smoother(x, table, folds)
    except DataError as error:  # too few subjects or stimuli for the folds
        return {"untested": why or error.message.rstrip(".")}
    if why:
        return {"score": observed_score(smoother, task)}
    test = joint_stimulus_test(smoother, task, n_permutations=n_permutations, seed=seed)
    if not np.isfinite([test.value, *test.null]).all():
        return {"untested": "a fold has one class of every subject only"}
    low, high = test.null_interval
    found = {"score": test.value, "chance_low": low, "chance_high": high}
    return found | {"detectable": test.minimum_detectable_score, "p": test.p}
