"""Protocols, from a table of windows to folds: the published one and five honest ones.

A protocol is a claim. What is held out decides what a score can say:

=================================  ==================================  ===========================
protocol                           held out                            the claim it can carry
=================================  ==================================  ===========================
``window_wise``                    single windows, shuffled            none: it leaks
``trial_grouped``                  whole trials within each subject    this person, new trials
``leave_sessions_out``             sessions within each subject        this person, another day
``stimulus_grouped``               a stimulus' trials, all subjects    seen subjects, new stimuli
``leave_subjects_out``             subjects                            new subjects, seen stimuli
``leave_subjects_and_stimuli_out`` both                                new subjects, new stimuli
=================================  ==================================  ===========================

Every protocol takes a table with one row per window (columns ``subject``, ``trial``,
``stimulus``, ``window`` and an integer class column per task, -1 where missing), sorts it
first, so that the order of its rows means nothing, and yields one `Fold` after another. Where
subjects have sessions, these are a column ``session`` more. Each row is tested exactly once.
`cv_of` turns a protocol's folds into what scikit-learn takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from emolib.errors import DataError, check_option
from emolib.splits.folds import (
    SESSION,
    Fold,
    Tasks,
    assign_parts,
    check_enough,
    class_name,
    make_folds,
    sorted_windows,
    splitter,
    stable_seed,
    stratification_labels,
    train_rows,
    trial_table,
)

UNITS = {"subject": "subjects", "stimulus": "stimuli"}  # what may be held out, and its plural


def window_wise(
    table: pd.DataFrame, *, n_folds: int, seed: int, tasks: Tasks | None = None
) -> Iterator[Fold]:
    """Hold out single windows: the published protocol, which leaks.

    Neighbouring windows of one trial are on both sides, and the test fold is the validation
    set too. Folds are stratified on the task ``arousal`` alone, as the source does; where
    there is no such task, on the first one.

    Parameters
    ----------
    table : pandas.DataFrame, one row per window
        Columns ``subject``, ``trial``, ``stimulus``, ``window`` and a class column per task.
    n_folds : int
        Number of folds.
    seed : int
        Seed of the shuffle.
    tasks : sequence of str, or mapping of str to sequence of str, optional
        Names of the class columns; by default all columns that are not keys. An empty
        sequence makes folds that do not depend on the labels. A mapping has the names of each
        column's classes, which errors then use.

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
    for value, count in zip(*np.unique(classes[classes >= 0], return_counts=True), strict=True):
        of = f" of class {class_name(rows, name, value)} of task {name!r}" if name else ""
        check_enough(count, n_folds, f"windows{of}")
    if 0 < np.count_nonzero(classes < 0) < n_folds:  # too few without a label to be dealt apart
        classes = np.maximum(classes, 0)
    for train, test in splitter(n_folds, seed).split(rows, classes):
        held_out = np.sort(order[test])
        yield Fold(np.sort(order[train]), held_out, held_out, leaks=True)


def trial_grouped(
    table: pd.DataFrame, *, n_folds: int, seed: int, tasks: Tasks | None = None
) -> Iterator[Fold]:
    """Hold out whole trials within each subject.

    Each subject's trials are split on their own (and differently, so that a stimulus is held
    out for some subjects only), stratified on the joint class of all tasks. Validation is a
    fifth of each subject's training trials. Parameters as `window_wise`.

    Raises
    ------
    DataError
        A subject has fewer trials than folds (one more, where two are not left to train
        and to validate), or a class is missing on the training side.
    """
    yield from _within_subjects(table, "trial", n_folds=n_folds, seed=seed, tasks=tasks)


def leave_sessions_out(
    table: pd.DataFrame, *, n_folds: int, seed: int, tasks: Tasks | None = None
) -> Iterator[Fold]:
    """Hold out sessions within each subject: on another day electrodes lie elsewhere.

    Each subject's sessions are split on their own. Validation is a fifth of each subject's
    training sessions, at least one; where only one is left, a fifth of its trials. Parameters as
    `window_wise`, with a column ``session`` in the table.

    Raises
    ------
    DataError
        A subject has fewer sessions than folds, or a class is missing on the training side.
    """
    yield from _within_subjects(table, SESSION, n_folds=n_folds, seed=seed, tasks=tasks)


def stimulus_grouped(
    table: pd.DataFrame, *, n_folds: int, seed: int, tasks: Tasks | None = None
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
    table: pd.DataFrame, *, n_folds: int, seed: int, tasks: Tasks | None = None
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
    table: pd.DataFrame, *, n_folds: int, seed: int, tasks: Tasks | None = None
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
    trials = trial_table(rows, tasks)
    joint, note = stratification_labels(trials, tasks, n_folds)
    one, other = (_parts(trials, joint, name, n_folds, seed) for name in UNITS)  # (trial, n_folds)
    one, other = np.repeat(one, n_folds, axis=1), np.tile(other, n_folds)
    both = np.where(one == other, one, "")
    yield from make_folds(rows, order, tasks, both[rows["unit"]], [note] if note else [])


Protocol = Callable[..., Iterator[Fold]]
PROTOCOLS: dict[str, Protocol] = {
    protocol.__name__: protocol
    for protocol in (
        window_wise,
        trial_grouped,
        leave_sessions_out,
        stimulus_grouped,
        leave_subjects_out,
        leave_subjects_and_stimuli_out,
    )
}
LEAKING = frozenset({"window_wise"})  # their scores carry `leaks=True` wherever they go
CROSS_SUBJECT = frozenset({"leave_subjects_out", "leave_subjects_and_stimuli_out"})
BOTH_SIDES = "windows of one trial on both sides"
HELD_OUT = {  # in the order of tables and figures: what leaks comes last
    "trial_grouped": "new trials of seen subjects",
    "leave_sessions_out": "new sessions of seen subjects",
    "stimulus_grouped": "new stimuli, seen subjects",
    "leave_subjects_out": "new subjects, seen stimuli",
    "leave_subjects_and_stimuli_out": "new subjects, new stimuli",
    "window_wise": "windows of seen trials",
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


def cv_of(
    protocol: str | Protocol,
    table: pd.DataFrame,
    n_folds: int = 5,
    seed: int = 0,
    *,
    tasks: Tasks | None = None,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """List a protocol's folds as scikit-learn takes them for `cv`.

    Every protocol tests each row exactly once, so that `cross_val_predict` works with all of them,
    as do `cross_validate` and `GridSearchCV`. What is to be predicted must have a class in every
    row: leave out the rows with -1 first, from the table and from the features alike. The best
    score of a search over these folds is optimistic, since they chose it; score its winner on
    subjects, stimuli or trials that the search did not see.

    Parameters
    ----------
    protocol : str or callable
        A name in `PROTOCOLS`, with underscores or hyphens, or a function like those.
    table : pandas.DataFrame, one row per window
        See `window_wise`; in the order of the features' rows.
    n_folds : int
        Number of folds; ``leave_subjects_and_stimuli_out`` makes its square.
    seed : int
        Seed of the shuffle.
    tasks : sequence or mapping, optional
        See `window_wise`.

    Returns
    -------
    list of (numpy.ndarray of int, numpy.ndarray of int)
        For each fold the rows to fit on, training and validation rows together, and the rows to
        test. Rows that validate and test (``window_wise``) are not fitted on.

    Raises
    ------
    DataError
        As the protocol does.
    SettingsError
        There is no such protocol, or `n_folds` is less than 2.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn.model_selection import cross_val_predict
    >>> table = pd.DataFrame({"subject": np.repeat(["a", "b"], 8), "trial": np.tile(range(8), 2),
    ...                       "window": 0, "stimulus": np.tile(range(8), 2),
    ...                       "valence": np.tile([0, 0, 0, 1], 4)})
    >>> folds = cv_of("trial_grouped", table, n_folds=2)
    >>> [(len(fit), len(test)) for fit, test in folds]
    [(8, 8), (8, 8)]
    >>> cross_val_predict(DummyClassifier(), table[["window"]], table["valence"], cv=folds).sum()
    np.int64(0)
    """
    if isinstance(protocol, str):
        name = check_option("protocol", protocol.replace("-", "_"), PROTOCOLS)
        protocol = PROTOCOLS[name]
    folds = protocol(table, n_folds=n_folds, seed=seed, tasks=tasks)
    return [(train_rows(fold), fold.test) for fold in folds]


def _within_subjects(
    table: pd.DataFrame, unit: str, *, n_folds: int, seed: int, tasks: Tasks | None
) -> Iterator[Fold]:
    """Hold out trials or sessions of each subject."""
    rows, order, tasks = sorted_windows(table, n_folds, tasks)
    trials = trial_table(rows, tasks)
    if unit not in trials:
        hint = "Name them in a column 'session'; or leave the protocol out."
        raise DataError("sessions", "the recordings have none.", hint)
    parts = np.empty((len(trials), n_folds), dtype=object)
    notes = []
    for subject, own in trials.groupby("subject", sort=True):
        number = own.index.to_numpy()
        units = own[unit].astype(str).to_numpy() if unit == SESSION else number
        check_enough(len(np.unique(units)), n_folds, f"{unit}s of {subject}")
        joint, note = stratification_labels(own, tasks, n_folds)
        notes += [f"{subject}: {note}"] if note else []
        key = stable_seed(seed, subject)
        parts[number] = assign_parts(joint, units, n_folds, key, f"{unit}s", number)
    yield from make_folds(rows, order, tasks, parts[rows["unit"]], notes)


def _by_unit(
    table: pd.DataFrame, name: str, *, n_folds: int, seed: int, tasks: Tasks | None
) -> Iterator[Fold]:
    """Hold out the units that a column of the table names."""
    rows, order, tasks = sorted_windows(table, n_folds, tasks)
    trials = trial_table(rows, tasks)
    joint, note = stratification_labels(trials, tasks, n_folds)
    parts = _parts(trials, joint, name, n_folds, seed)
    yield from make_folds(rows, order, tasks, parts[rows["unit"]], [note] if note else [])


def _parts(
    trials: pd.DataFrame, joint: np.ndarray, name: str, n_folds: int, seed: int
) -> np.ndarray:
    """Return what each trial is in each fold, (trial, fold), if a column's units are held out."""
    units = trials[name]
    check_enough(units.nunique(), n_folds, UNITS[name])
    return assign_parts(joint, units.to_numpy(), n_folds, stable_seed(seed, name), UNITS[name])
