"""What all protocols share: the table of windows, made sure of, and the folds cut from it.

`emolib.splits` decides who is held out; here is what does not depend on that: what a fold
is, the fixed order of the rows, a seed that is the same everywhere, and windows in groups.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from emolib.errors import DataError, SettingsError, did_you_mean

KEYS = ("subject", "trial", "stimulus", "window")


@dataclass(frozen=True, eq=False)
class Fold:
    """Which rows of the table train, validate and test.

    Attributes
    ----------
    train, validation, test : numpy.ndarray of int, sorted
        Row numbers of the table.
    leaks : bool
        True where windows of one trial are on both sides: such a score tests nothing.
    notes : tuple of str
        What a reader should know, such as joint classes that had to be merged.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    leaks: bool = False
    notes: tuple[str, ...] = ()


def stable_seed(*key: object) -> int:
    """Turn a key into a 32-bit seed: the same in every process, on every machine.

    Python's own ``hash`` of a string differs from process to process.

    Examples
    --------
    >>> stable_seed(0, "trial_grouped", "sub-01") == stable_seed(0, "trial_grouped", "sub-01")
    True
    >>> stable_seed(0, "sub-01") == stable_seed(1, "sub-01")
    False
    """
    text = "\x1f".join(str(part) for part in key)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big")


def sorted_windows(
    table: pd.DataFrame, n_folds: int, tasks: Sequence[str] | None
) -> tuple[pd.DataFrame, np.ndarray, list[str]]:
    """Check the table and put its rows in a fixed order.

    Parameters
    ----------
    table : pandas.DataFrame, a row a window
        Columns ``subject``, ``trial``, ``stimulus``, ``window`` and a class column a task.
    n_folds : int
        Number of folds that are wanted; 2 or more.
    tasks : sequence of str or None
        Names of the class columns; None: all columns that are not keys.

    Returns
    -------
    rows : pandas.DataFrame, a row a window
        By subject, trial and window; the column ``unit`` numbers the trials from 0.
    order : numpy.ndarray of int, (n_windows,)
        The number in the table of each of these rows.
    tasks : list of str
        Names of the class columns.

    Raises
    ------
    DataError
        A column is missing, or a task has fewer than two classes.
    SettingsError
        `n_folds` is not an integer of 2 or more.

    Examples
    --------
    >>> table = pd.DataFrame({"subject": "sub-01", "trial": [2, 2, 1, 1], "window": [0, 1, 0, 1],
    ...                       "stimulus": ["b", "b", "a", "a"], "arousal": [1, 1, 0, 0]})
    >>> rows, order, tasks = sorted_windows(table, 2, None)
    >>> rows["trial"].tolist(), rows["unit"].tolist(), order.tolist(), tasks
    ([1, 1, 2, 2], [0, 0, 1, 1], [2, 3, 0, 1], ['arousal'])
    """
    if not isinstance(n_folds, int | np.integer) or n_folds < 2:
        raise SettingsError("n_folds", f"got {n_folds!r}.", "Give an integer of 2 or more.")
    columns = [str(name) for name in table.columns]
    tasks = [name for name in columns if name not in KEYS] if tasks is None else list(tasks)
    for name in (*KEYS, *tasks):
        if name not in columns:
            raise DataError(
                "table of windows", f"has no column {name!r}.", did_you_mean(name, columns)
            )
    rows = table[[*KEYS, *tasks]].reset_index(drop=True)
    rows = rows.sort_values(["subject", "trial", "window"], kind="stable")
    order = rows.index.to_numpy()
    rows = rows.reset_index(drop=True)
    for name in tasks:
        found = sorted(int(value) for value in rows[name].unique() if value >= 0)
        if len(found) < 2:
            raise DataError(
                f"task {name!r}",
                f"has the classes {found}, two or more are needed.",
                "Look at its threshold and at the ratings, or leave the task out.",
            )
    rows["unit"] = rows.groupby(["subject", "trial"], sort=True).ngroup()
    return rows, order, tasks


def trials_of(rows: pd.DataFrame, tasks: list[str]) -> pd.DataFrame:
    """Take one row a trial from `sorted_windows`, in the order of its column ``unit``."""
    return rows.drop_duplicates("unit")[["subject", "trial", "stimulus", *tasks]].reset_index(
        drop=True
    )


def check_enough(n_units: int, n_folds: int, what: str) -> None:
    """Raise a DataError if there are fewer units, which `what` names, than folds."""
    if n_units < n_folds:
        raise DataError(
            what, f"there are {n_units}, {n_folds} folds need {n_folds}.", "Use fewer folds."
        )


def folds_of(
    rows: pd.DataFrame, order: np.ndarray, tasks: list[str], parts: np.ndarray, notes: list[str]
) -> Iterator[Fold]:
    """Turn parts into folds of row numbers, and check that training is possible.

    Parameters
    ----------
    rows, order, tasks
        From `sorted_windows`.
    parts : numpy.ndarray of str, (n_windows, n_folds)
        What each of these rows is in each fold: "train", "validation", "test", or "" for none.
    notes : list of str
        What a reader of each fold should know.

    Yields
    ------
    Fold
        One for each column of `parts`.

    Raises
    ------
    DataError
        A class is missing on a training side.
    """
    for k in range(parts.shape[1]):
        train, validation, test = (
            np.sort(order[parts[:, k] == part]) for part in ("train", "validation", "test")
        )
        for name in tasks:
            seen = set(rows[name][parts[:, k] == "train"]) - {-1}
            lost = sorted(int(value) for value in set(rows[name]) - {-1} - seen)
            if lost:
                raise DataError(
                    f"task {name!r}, fold {k}",
                    f"no window of class {lost[0]} is left to train on.",
                    "Use fewer folds, more data, or leave the task out.",
                )
        yield Fold(train, validation, test, leaks=False, notes=tuple(notes))


def group_windows(table: pd.DataFrame, windows: int) -> np.ndarray:
    """Put consecutive windows of a trial together, without overlap.

    A group never spans two trials. What is left at a trial's end is dropped: it counts
    ``len(table) - groups.size``.

    Parameters
    ----------
    table : pandas.DataFrame, a row a window
        Columns ``subject``, ``trial`` and ``window``.
    windows : int
        Windows a group.

    Returns
    -------
    numpy.ndarray of int, (n_groups, windows)
        Row numbers of the table. ``table.iloc[groups[:, 0]]`` describes the groups.

    Raises
    ------
    SettingsError
        `windows` is less than 1, or more than any trial has.

    Examples
    --------
    >>> table = pd.DataFrame({"subject": "s", "trial": [1] * 5 + [2] * 4,
    ...                       "window": [0, 1, 2, 3, 4, 0, 1, 2, 3]})
    >>> group_windows(table, 2).tolist()
    [[0, 1], [2, 3], [5, 6], [7, 8]]
    """
    if windows < 1:
        raise SettingsError("windows", f"got {windows}.", "Give 1 or more.")
    if windows == 1:
        return np.arange(len(table))[:, None]
    rows = table.reset_index(drop=True).sort_values(["subject", "trial", "window"], kind="stable")
    whole = [
        own.index.to_numpy()[: len(own) // windows * windows].reshape(-1, windows)
        for _, own in rows.groupby(["subject", "trial"], sort=True)
    ]
    groups = np.concatenate(whole) if whole else np.empty((0, windows), int)
    if not len(groups):
        raise SettingsError(
            "windows", f"got {windows}, and no trial has so many.", "Give a smaller number."
        )
    return groups
