"""From a table of windows to folds: the published protocol and four honest ones.

A protocol is a claim. What is held out decides what a score can say:

=================================  ==================================  ===========================
protocol                           held out                            the claim it can carry
=================================  ==================================  ===========================
``window_wise``                    single windows, shuffled            none: it leaks
``trial_grouped``                  whole trials within each subject    this person, new trials
``stimulus_grouped``               a stimulus' trials, all subjects    known people, new stimuli
``leave_subjects_out``             subjects                            new people, known stimuli
``leave_subjects_and_stimuli_out`` both                                new people, new stimuli
=================================  ==================================  ===========================

Every protocol takes a table with a row a window (columns ``subject``, ``trial``,
``stimulus``, ``window`` and an integer class column a task, -1 where missing), sorts it
first, so that the order of its rows means nothing, and yields one `Fold` after another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd

from emolib.errors import DataError
from emolib.splits.folds import (
    Fold,
    check_enough,
    folds_of,
    sorted_windows,
    stable_seed,
    trials_of,
)

# Joint classes with fewer trials are merged: they cannot be spread over the usual 5 folds.
FEWEST_TRIALS = 5
VALIDATION_SHARE = 5  # one fifth of the training side's units


def window_wise(
    table: pd.DataFrame, *, n_folds: int, seed: int, tasks: Sequence[str] | None = None
) -> Iterator[Fold]:
    """Deal out single windows: the published protocol, which leaks.

    Neighbouring windows of one trial are on both sides, and the test fold is the validation
    set too. Folds are stratified on the task ``arousal`` alone, as the source does; where
    there is no such task, on the first one.

    Parameters
    ----------
    table : pandas.DataFrame, a row a window
        Columns ``subject``, ``trial``, ``stimulus``, ``window`` and a class column a task.
    n_folds : int
        Number of folds.
    seed : int
        Seed of the shuffle.
    tasks : sequence of str, optional
        Names of the class columns; by default all columns that are not keys. An empty
        sequence makes folds that do not depend on the labels.

    Yields
    ------
    Fold
        With ``leaks=True``.

    Raises
    ------
    DataError
        A column is missing, or a class has fewer windows than there are folds.
    SettingsError
        `n_folds` is less than 2.

    Examples
    --------
    >>> table = pd.DataFrame({"subject": "sub-01", "trial": [1, 1, 2, 2], "window": [0, 1, 0, 1],
    ...                       "stimulus": ["a", "a", "b", "b"], "arousal": [0, 0, 1, 1]})
    >>> [fold.test.tolist() for fold in window_wise(table, n_folds=2, seed=0)]
    [[1, 2], [0, 3]]
    """
    rows, order, tasks = sorted_windows(table, n_folds, tasks)
    name = "arousal" if "arousal" in tasks else (tasks[0] if tasks else None)
    classes = rows[name].to_numpy() if name else np.zeros(len(rows), int)
    check_enough(len(rows), n_folds, "windows")
    for value, count in zip(*np.unique(classes, return_counts=True), strict=True):
        if count < n_folds:
            raise DataError(
                f"task {name!r}",
                f"class {value} has {count} windows, {n_folds} folds need {n_folds}.",
                "Use fewer folds.",
            )
    for train, test in _splitter(n_folds, seed).split(rows, classes):
        held_out = np.sort(order[test])
        yield Fold(np.sort(order[train]), held_out, held_out, leaks=True)


def trial_grouped(
    table: pd.DataFrame, *, n_folds: int, seed: int, tasks: Sequence[str] | None = None
) -> Iterator[Fold]:
    """Hold out whole trials within each subject.

    Each subject's trials are dealt out on their own (and differently, so that a stimulus
    is held out for some subjects only), stratified on the joint class of all tasks.
    Validation is a fifth of each subject's training trials. Parameters as `window_wise`.

    Raises
    ------
    DataError
        A subject has fewer trials than folds (one more, where two are not left to train
        and to validate), or a class is missing on the training side.
    """
    rows, order, tasks = sorted_windows(table, n_folds, tasks)
    trials = trials_of(rows, tasks)
    of_trial = np.full((len(trials), n_folds), "train", dtype=object)
    notes = []
    for subject, own in trials.groupby("subject", sort=True):
        check_enough(len(own), n_folds, f"trials of {subject}")
        joint, note = _joint_class(own, tasks, max(FEWEST_TRIALS, n_folds))
        notes += [f"{subject}: {note}"] if note else []
        unit = own.index.to_numpy()
        seed_of_subject = stable_seed(seed, subject)
        for k, test in enumerate(_deal(joint, unit, n_folds, seed_of_subject)):
            of_trial[test, k] = "test"
            left = ~np.isin(unit, test)
            of_trial[_validation(joint[left], unit[left], seed_of_subject, "trial"), k] = (
                "validation"
            )
    yield from folds_of(rows, order, tasks, of_trial[rows["unit"]], notes)


def stimulus_grouped(
    table: pd.DataFrame, *, n_folds: int, seed: int, tasks: Sequence[str] | None = None
) -> Iterator[Fold]:
    """Hold out stimuli: a stimulus' trials of all subjects together.

    Stratified on the joint class of all tasks; validation is a fifth of the training
    stimuli. Parameters as `window_wise`.

    Raises
    ------
    DataError
        There are too few stimuli, or a class is missing on the training side.
    """
    yield from _by_unit(table, "stimulus", n_folds=n_folds, seed=seed, tasks=tasks)


def leave_subjects_out(
    table: pd.DataFrame, *, n_folds: int, seed: int, tasks: Sequence[str] | None = None
) -> Iterator[Fold]:
    """Hold out subjects.

    Stratified on the joint class of all tasks; validation is a fifth of the training
    subjects. Parameters as `window_wise`.

    Raises
    ------
    DataError
        There are too few subjects, or a class is missing on the training side.
    """
    yield from _by_unit(table, "subject", n_folds=n_folds, seed=seed, tasks=tasks)


def leave_subjects_and_stimuli_out(
    table: pd.DataFrame, *, n_folds: int, seed: int, tasks: Sequence[str] | None = None
) -> Iterator[Fold]:
    """Hold out both: train on neither the subjects nor the stimuli of the test.

    `n_folds` folds of subjects times `n_folds` folds of stimuli. Rows that share only the
    subject or only the stimulus with the test are in no part of the fold. Validation keeps
    the same rule inside the training side: a fifth of its subjects on a fifth of its
    stimuli, and neither is trained on. Parameters as `window_wise`.

    Raises
    ------
    DataError
        There are too few subjects or stimuli, or a class is missing on the training side.
    """
    rows, order, tasks = sorted_windows(table, n_folds, tasks)
    trials = trials_of(rows, tasks)
    joint, note = _joint_class(trials, tasks, max(FEWEST_TRIALS, n_folds))
    parts = {}  # of each unit, what its trials are in each fold: (trial, n_folds)
    for name in ("subject", "stimulus"):
        check_enough(trials[name].nunique(), n_folds, _plural(name))
        parts[name] = _parts(joint, trials[name].to_numpy(), n_folds, stable_seed(seed, name), name)
    both = np.full((len(trials), n_folds * n_folds), "", dtype=object)
    for i in range(n_folds):
        for j in range(n_folds):
            one, other = parts["subject"][:, i], parts["stimulus"][:, j]
            both[:, i * n_folds + j] = np.where(one == other, one, "")
    yield from folds_of(rows, order, tasks, both[rows["unit"]], [note] if note else [])


Protocol = Callable[..., Iterator[Fold]]
PROTOCOLS: dict[str, Protocol] = {
    protocol.__name__: protocol
    for protocol in (
        window_wise,
        trial_grouped,
        stimulus_grouped,
        leave_subjects_out,
        leave_subjects_and_stimuli_out,
    )
}
LEAKING = frozenset({"window_wise"})  # their scores carry `leaks=True` wherever they go
NEW_SUBJECTS = frozenset({"leave_subjects_out", "leave_subjects_and_stimuli_out"})
BOTH_SIDES = "windows of one trial on both sides"
HELD_OUT = {
    "window_wise": "windows of known trials",
    "trial_grouped": "new trials of known subjects",
    "stimulus_grouped": "new stimuli, known subjects",
    "leave_subjects_out": "new subjects, known stimuli",
    "leave_subjects_and_stimuli_out": "new subjects, new stimuli",
}


def protocol_name(protocol: str) -> str:
    """Write a protocol as pages do; one that leaks never without saying so.

    Examples
    --------
    >>> protocol_name("leave_subjects_out")
    'leave-subjects-out'
    >>> protocol_name("window_wise")
    'window-wise (windows of one trial on both sides)'
    """
    name = protocol.replace("_", "-")
    return f"{name} ({BOTH_SIDES})" if protocol in LEAKING else name


def _joint_class(trials: pd.DataFrame, tasks: list[str], fewest: int) -> tuple[np.ndarray, str]:
    """The joint class of all tasks as text; classes with few trials become one."""
    if not tasks:
        return np.full(len(trials), "all"), ""
    joint = trials[tasks].astype(str).agg("-".join, axis=1).to_numpy().astype(object)
    merged, rare = _merge(joint, fewest)
    names = ", ".join(rare)
    return merged, f"joint classes {names} ({'-'.join(tasks)}) are stratified as one." * bool(rare)


def _merge(joint: np.ndarray, fewest: int) -> tuple[np.ndarray, list[str]]:
    """Make one class of those with fewer than `fewest` members, and name them."""
    names, counts = np.unique(joint, return_counts=True)
    rare = list(names[counts < fewest])
    if not rare:
        return joint, []
    kept = sorted(zip(counts[counts >= fewest], names[counts >= fewest], strict=True))
    if kept and counts[counts < fewest].sum() < fewest:
        rare.append(kept[0][1])  # together still too few: the smallest of the others joins them
    return np.where(np.isin(joint, rare), "merged", joint).astype(object), rare


def _deal(joint: np.ndarray, unit: np.ndarray, n_folds: int, seed: int) -> list[np.ndarray]:
    """Deal units out into folds, stratified on the class of their trials.

    Trials that are units of their own go through `StratifiedKFold`, whose folds differ by at
    most one in size; units of many trials through `StratifiedGroupKFold`.
    """
    joint, _ = _merge(joint, n_folds)
    if len(np.unique(unit)) < len(unit):
        folds = _splitter(n_folds, seed, grouped=True).split(joint, joint, unit)
        return [np.unique(unit[test]) for _, test in folds]
    dealt = [unit[test] for _, test in _splitter(n_folds, seed).split(joint, joint)]
    # scikit-learn puts what is left of the first class into the first folds; over many
    # subjects that would add up, so the folds' order is drawn as well.
    return [dealt[k] for k in np.random.default_rng(seed).permutation(n_folds)]


def _validation(joint: np.ndarray, unit: np.ndarray, seed: int, name: str) -> np.ndarray:
    """A fifth of the training side's units, at least one."""
    n_units = len(np.unique(unit))
    if n_units < 2:
        raise DataError(
            f"{_plural(name)} to train on",
            f"only {n_units} are left; one to train and one to validate are needed.",
            "Use fewer folds or more data.",
        )
    wanted = max(1, round(n_units / VALIDATION_SHARE))
    dealt = _deal(joint, unit, max(2, round(n_units / wanted)), seed)
    return min(dealt, key=lambda units: abs(len(units) - wanted))


def _parts(joint: np.ndarray, unit: np.ndarray, n_folds: int, seed: int, name: str) -> np.ndarray:
    """What each trial is in each fold, (trial, fold) of "train", "validation", "test"."""
    parts = np.full((len(unit), n_folds), "train", dtype=object)
    for k, test in enumerate(_deal(joint, unit, n_folds, seed)):
        held_out = np.isin(unit, test)
        chosen = _validation(joint[~held_out], unit[~held_out], seed, name)
        parts[held_out, k] = "test"
        parts[np.isin(unit, chosen), k] = "validation"
    return parts


def _by_unit(
    table: pd.DataFrame, name: str, *, n_folds: int, seed: int, tasks: Sequence[str] | None
) -> Iterator[Fold]:
    rows, order, tasks = sorted_windows(table, n_folds, tasks)
    trials = trials_of(rows, tasks)
    check_enough(trials[name].nunique(), n_folds, _plural(name))
    joint, note = _joint_class(trials, tasks, max(FEWEST_TRIALS, n_folds))
    parts = _parts(joint, trials[name].to_numpy(), n_folds, stable_seed(seed, name), name)
    yield from folds_of(rows, order, tasks, parts[rows["unit"]], [note] if note else [])


def _splitter(n_folds: int, seed: int, *, grouped: bool = False):
    """Make scikit-learn's splitter of single units, or of groups of trials."""
    # Imported here: it takes up to a second, and who only names a protocol (a study, the
    # command line) need not wait for it.
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    kind = StratifiedGroupKFold if grouped else StratifiedKFold
    return kind(n_folds, shuffle=True, random_state=seed)


def _plural(name: str) -> str:
    return {"stimulus": "stimuli"}.get(name, f"{name}s")
