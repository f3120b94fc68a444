"""Folds, and what all protocols share in cutting them from a table of windows.

`emolib.splits.protocols` decides who is held out. Here is what does not depend on that: the fixed
order of the rows, a seed that is the same on every machine, and groups of consecutive windows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from emolib.errors import DataError, SettingsError, did_you_mean
from emolib.recordings.recording import UNKNOWN_STIMULUS

Tasks = Sequence[str] | Mapping[str, Sequence[str]]  # columns, or the names of their classes, too
KEYS = ("subject", "trial", "stimulus", "window")
SESSION = "session"  # a further key, where subjects have several
# Joint classes with fewer trials are merged: they cannot be spread over the usual 5 folds.
MIN_TRIALS = 5
STIMULI_HELD_OUT = {"stimulus_grouped", "leave_subjects_and_stimuli_out"}
CHOOSING = {"trial_grouped", "leave_sessions_out", *STIMULI_HELD_OUT}  # rows of all: `enough_units`
VALIDATION_SHARE = 5  # one fifth of the training side's units


@dataclass(frozen=True, eq=False)
class Fold:
    """The rows of a table of windows that train, validate and test.

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


def train_rows(fold: Fold) -> np.ndarray:
    """Return the rows that a model without early stopping may be fitted on.

    They are the training and the validation rows, less those that the fold tests.
    """
    return np.setdiff1d(np.union1d(fold.train, fold.validation), fold.test)


def stable_seed(*key: object) -> int:
    """Return a 32-bit seed made from a key: the same in every process, on every machine.

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
    table: pd.DataFrame, n_folds: int, tasks: Tasks | None
) -> tuple[pd.DataFrame, np.ndarray, list[str]]:
    """Check a table of windows and sort its rows by subject, trial and window.

    Returns the sorted rows, whose column ``unit`` numbers the trials from 0; each row's number in
    `table`; and the names of the class columns (all that are not keys, if `tasks` is None). The
    names of classes, where `tasks` has them, go with the rows, for `class_name`.

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
    keys = [*KEYS, *([SESSION] if SESSION in columns else [])]
    named = tasks if isinstance(tasks, Mapping) else {}
    tasks = [name for name in columns if name not in keys] if tasks is None else list(tasks)
    for name in (*keys, *tasks):
        if name not in columns:
            raise DataError(
                "table of windows", f"has no column {name!r}.", did_you_mean(name, columns)
            )
    rows = table[[*keys, *tasks]].reset_index(drop=True)
    rows = rows.sort_values(["subject", "trial", "window"], kind="stable")
    order, rows = rows.index.to_numpy(), rows.reset_index(drop=True)
    rows.attrs["classes"] = {name: list(named[name]) for name in named}
    for name in tasks:
        found = sorted(int(value) for value in rows[name].unique() if value >= 0)
        if len(found) < 2:
            raise DataError(
                f"task {name!r}",
                f"has the classes [{', '.join(class_name(rows, name, value) for value in found)}], "
                "two or more are needed.",
                "Look at its threshold and at the ratings, or leave the task out.",
            )
    rows["unit"] = rows.groupby(["subject", "trial"], sort=True).ngroup()
    return rows, order, tasks


def class_name(rows: pd.DataFrame, task: str, number: int) -> str:
    """Return what an error about `sorted_windows` calls a class: its name, or else its number."""
    names = rows.attrs["classes"].get(task)
    return repr(names[number]) if names else str(number)


def trial_table(rows: pd.DataFrame, tasks: list[str]) -> pd.DataFrame:
    """Return one row per trial of `sorted_windows`, in the order of its column ``unit``."""
    names = [name for name in ("subject", "trial", "stimulus", SESSION) if name in rows]
    return rows.drop_duplicates("unit")[[*names, *tasks]].reset_index(drop=True)


def check_enough(n_units: int, n_folds: int, what: str) -> None:
    """Check that there are as many units, which `what` names, as folds."""
    if n_units < n_folds:
        problem = f"there are {n_units}, but {n_folds} folds need {n_folds}."
        fewer = f"Use fewer folds (`n_folds: {n_units}`), more data, or leave the protocol out."
        enough = "More are needed, or leave the protocol out."
        raise DataError(what, problem, fewer if n_units > 2 else enough)


def enough_units(protocols: Collection[str], table: pd.DataFrame, n_folds: int) -> np.ndarray:
    """Return which rows are of subjects who have trials and sessions for the folds, a mask.

    `trial_grouped` and `leave_sessions_out` make folds of each subject's own: a person whose
    recording broke off early must not stop them for the others. Where nobody has enough for a
    protocol, it says so itself, and nobody is left out for it. Where stimuli are held out, trials
    whose stimulus is unknown are not among the rows: it could be on both sides.

    Examples
    --------
    >>> table = pd.DataFrame({"subject": [*"aaaabb"], "trial": [1, 2, 3, 4, 1, 2]})
    >>> enough_units(["trial_grouped"], table, 2).tolist()
    [True, True, True, True, False, False]
    """
    enough = np.full(len(table), True)
    if STIMULI_HELD_OUT & {*protocols}:
        enough &= ~table["stimulus"].astype(str).str.startswith(UNKNOWN_STIMULUS).to_numpy()
    masks = [own for own in _enough(protocols, table[enough], n_folds) if own.any()]
    enough[enough] = np.all([enough[enough], *masks], axis=0)
    return enough if enough.any() else ~enough


def has_folds(protocols: Collection[str], table: pd.DataFrame, n_folds: int) -> bool:
    """Return whether all subjects of a table have trials and sessions for the protocols' folds."""
    return all(own.all() for own in _enough(protocols, table, n_folds))


def _enough(protocols: Collection[str], table: pd.DataFrame, n_folds: int) -> Iterator[np.ndarray]:
    """Yield, for each protocol within subjects, which rows are of those who have enough."""
    by_subject = table.groupby("subject")
    if "trial_grouped" in protocols:
        n_trials = by_subject["trial"].transform("nunique").to_numpy()
        left = n_trials - np.ceil(n_trials / n_folds)  # to train and to validate
        yield (n_trials >= n_folds) & (left >= 2)
    if "leave_sessions_out" in protocols and SESSION in table:
        yield by_subject[SESSION].transform("nunique").to_numpy() >= n_folds


def stratification_labels(
    trials: pd.DataFrame, tasks: list[str], n_folds: int
) -> tuple[np.ndarray, str]:
    """Return each trial's joint class as text, rare classes merged, and a note on the merging."""
    if not tasks:
        return np.full(len(trials), "all"), ""
    joint = trials[tasks].astype(str).agg("-".join, axis=1).to_numpy().astype(object)
    merged, rare = _merge(joint, max(MIN_TRIALS, n_folds))
    if not rare:
        return merged, ""
    names = f"{', '.join(rare)} ({'-'.join(tasks)})"
    return merged, f"joint classes {names} are stratified as one."


def _merge(joint: np.ndarray, fewest: int) -> tuple[np.ndarray, list[str]]:
    """Merge the classes with fewer than `fewest` members into one, and list them."""
    names, counts = np.unique(joint, return_counts=True)
    rare = list(names[counts < fewest])
    if not rare:
        return joint, []
    kept = sorted(zip(counts[counts >= fewest], names[counts >= fewest], strict=True))
    if kept and counts[counts < fewest].sum() < fewest:
        rare.append(kept[0][1])  # together still too few: the smallest of the others joins them
    return np.where(np.isin(joint, rare), "merged", joint).astype(object), rare


def assign_folds(joint: np.ndarray, unit: np.ndarray, n_folds: int, seed: int) -> list[np.ndarray]:
    """Assign units to folds, stratified on the class of their trials; return each fold's units.

    Trials that are units of their own go through `StratifiedKFold`, whose folds differ by at
    most one in size; units of many trials through `StratifiedGroupKFold`.
    """
    joint, _ = _merge(joint, n_folds)
    if len(np.unique(unit)) < len(unit):
        folds = splitter(n_folds, seed, grouped=True).split(joint, joint, unit)
        held_out = [np.unique(unit[test]) for _, test in folds]
        while not all(map(len, held_out)):  # scikit-learn's rounding may leave one without
            most, least = (of(range(n_folds), key=lambda k: len(held_out[k])) for of in (max, min))
            held_out[most], held_out[least] = held_out[most][:-1], held_out[most][-1:]
        return held_out
    held_out = [unit[test] for _, test in splitter(n_folds, seed).split(joint, joint)]
    # scikit-learn puts what is left of the first class into the first folds; over many
    # subjects that would add up, so the folds' order is drawn as well.
    return [held_out[k] for k in np.random.default_rng(seed).permutation(n_folds)]


def choose_validation(joint: np.ndarray, unit: np.ndarray, seed: int, what: str) -> np.ndarray:
    """Choose a fifth of the training side's units for validation, at least one; `what` they are."""
    n_units = len(np.unique(unit))
    if n_units < 2:
        raise DataError(
            f"{what} to train on",
            f"only {n_units} are left; one to train and one to validate are needed.",
            "Use more folds, so that each holds out fewer, or more data.",
        )
    wanted = max(1, round(n_units / VALIDATION_SHARE))
    folds = assign_folds(joint, unit, max(2, round(n_units / wanted)), seed)
    return min(folds, key=lambda units: abs(len(units) - wanted))


def assign_parts(
    joint: np.ndarray,
    unit: np.ndarray,
    n_folds: int,
    seed: int,
    what: str,
    within: np.ndarray | None = None,
) -> np.ndarray:
    """Return what each trial is in each fold, (trial, fold): "train", "validation" or "test".

    Where a single unit is left to train on, a fifth of its smaller units `within` validates.
    """
    parts = np.full((len(unit), n_folds), "train", dtype=object)
    for k, test in enumerate(assign_folds(joint, unit, n_folds, seed)):
        held_out = np.isin(unit, test)
        alone = within is not None and len(np.unique(unit[~held_out])) == 1
        smaller = within if alone else unit
        chosen = choose_validation(joint[~held_out], smaller[~held_out], seed, what)
        parts[np.isin(smaller, chosen), k] = "validation"
        parts[held_out, k] = "test"
    return parts


def splitter(n_folds: int, seed: int, *, grouped: bool = False):
    """Return scikit-learn's splitter of single units, or of groups of trials."""
    # Imported here: it takes up to a second, and who only names a protocol (a study, the
    # command line) need not wait for it.
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    kind = StratifiedGroupKFold if grouped else StratifiedKFold
    return kind(n_folds, shuffle=True, random_state=seed)


def make_folds(
    rows: pd.DataFrame, order: np.ndarray, tasks: list[str], parts: np.ndarray, notes: list[str]
) -> Iterator[Fold]:
    """Yield the folds of the sorted rows, and check that every class is left to train on.

    `parts` is (row, fold): "train", "validation", "test", or "" for a row in none of them.
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
                    f"no window of class {class_name(rows, name, lost[0])} is left to train on.",
                    "Use more folds, which hold out less each, more data, or leave the task out.",
                )
        yield Fold(train, validation, test, leaks=False, notes=tuple(notes))


def group_windows(table: pd.DataFrame, windows: int) -> np.ndarray:
    """Return the row numbers of groups of consecutive windows, without overlap.

    A group never spans two trials. The rest at a trial's end, ``len(table) - groups.size`` rows
    in all, is dropped.

    Parameters
    ----------
    table : pandas.DataFrame, one row per window
        Columns ``subject``, ``trial`` and ``window``.
    windows : int
        Windows per group.

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


def subsample(rows: np.ndarray, n: int) -> np.ndarray:
    """Return at most `n` of some rows, evenly spaced.

    Examples
    --------
    >>> subsample(np.arange(10), 3).tolist()
    [1, 5, 8]
    """
    n = min(n, len(rows))
    return rows[((np.arange(n) + 0.5) * len(rows) / n).astype(int)]
