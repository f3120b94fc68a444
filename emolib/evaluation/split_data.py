"""What goes into `audit` and what comes out: a split as checked arrays, and findings.

Nothing is measured here, see `emolib.evaluation.split_probes`.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import check_cv

from emolib.errors import DataError, SettingsError

Folds = list[tuple[np.ndarray, np.ndarray]]
MOST_CLASSES = 20  # more are ratings, or numbers of trials
TRAINING_ONLY = ("train", "training", "val", "valid", "validation")  # words for a `fold`

LEAKS, NONE_FOUND, CANNOT_TELL = "leaks", "no leak found", "cannot tell"


@dataclass
class SplitData:
    """Checked arrays of n windows; None for what is not known.

    Attributes
    ----------
    n : int
    x : numpy.ndarray or None, (n, ...)
        Features.
    label : numpy.ndarray of int or None, (n,)
        Numbers of `classes`.
    classes : list
    subject, trial, stimulus : numpy.ndarray of int or None, (n,)
        Numbers from 0. A trial is one of one subject: trial 1 of two people is two trials.
    onset, length : numpy.ndarray or None, (n,)
        Where a window begins and how long it is, in one unit.
    folds : list of (numpy.ndarray of int, numpy.ndarray of int)
        Rows that train and rows that are tested; empty if no split is known.
    right : numpy.ndarray of bool or None, (n,)
        Whether the predictions given are right.
    notes : list of str
    """

    n: int
    x: np.ndarray | None = None
    label: np.ndarray | None = None
    classes: list = field(default_factory=list)
    subject: np.ndarray | None = None
    trial: np.ndarray | None = None
    stimulus: np.ndarray | None = None
    onset: np.ndarray | None = None
    length: np.ndarray | None = None
    folds: Folds = field(default_factory=list)
    right: np.ndarray | None = None
    notes: list[str] = field(default_factory=list)

    def take(self, rows: np.ndarray) -> SplitData:
        """Return some of the rows, sorted, with what is left of the folds."""
        number = np.full(self.n, -1)
        number[rows] = np.arange(len(rows))
        folds = [tuple(part[part >= 0] for part in map(number.__getitem__, f)) for f in self.folds]
        names = ("x", "label", "subject", "trial", "stimulus", "onset", "length", "right")
        arrays = {name: getattr(self, name) for name in names}
        taken = {name: each[rows] for name, each in arrays.items() if each is not None}
        kept = [(train, test) for train, test in folds if len(train) and len(test)]
        return SplitData(len(rows), classes=self.classes, folds=kept, **taken)


@dataclass(frozen=True)
class SplitFinding:
    """One thing that an audit found: which check, whether it is a leak, and the words."""

    check: str
    leak: bool
    text: str


@dataclass
class Audit:
    """What an audit found; numbers are None where they could not be computed.

    Attributes
    ----------
    verdict : {"leaks", "no leak found", "cannot tell"}
    findings : list of SplitFinding
    not_checked : list of str
        What was not checked, and why.
    notes : list of str
        How it was done.
    numbers : dict of str to float, int or None
        `shared_trials` and the like are counts; every ``score`` is a balanced accuracy of windows,
        a mean over folds. `majority` is the proportion of the majority class.
    """

    verdict: str = CANNOT_TELL
    findings: list[SplitFinding] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    numbers: dict[str, Any] = field(default_factory=dict)

    def tell(self, check: str, leak: bool, text: str) -> None:
        """Add a finding."""
        self.findings.append(SplitFinding(check, leak, text))

    @property
    def words(self) -> str:
        """The verdict as a sentence, which claims no more than was measured."""
        if self.verdict == LEAKS:
            return "The split leaks. " + " ".join(f.text for f in self.findings if f.leak)
        if self.verdict == NONE_FOUND:
            return (
                "The checks that could be made found no leak. This does not show that there is "
                "none: a leak may leave no trace in these data."
            )
        return "What was given is not enough to tell. " + " ".join(self.not_checked)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as one object for JSON: the verdict, the numbers, then the words."""
        plain = {name: _rounded(value) for name, value in self.numbers.items()}
        return (
            {"verdict": self.verdict, "words": self.words}
            | plain
            | {
                "findings": [asdict(each) for each in self.findings],
                "not_checked": self.not_checked,
                "notes": self.notes,
            }
        )

    def __repr__(self) -> str:
        shown = [f"{name}: {_rounded(value)}" for name, value in self.numbers.items()]
        return "\n".join([f"Audit: {self.verdict}", self.words, *shown])


def check_split(
    columns: Mapping[str, Any], *, window_seconds: Any, cv: Any, groups: Any
) -> SplitData:
    """Check what `emolib.evaluation.audit` is given; parameters and errors are described there.

    `columns` are those that have a value for each row, by their names; None for one that is not
    given.
    """
    sizes = {name: np.shape(each)[:1] for name, each in columns.items() if each is not None}
    if not sizes:
        raise DataError("audit", "got no data.", "Give at least `trial` and `fold`.")
    for name, size in sizes.items():
        first = next(iter(sizes))
        if size != sizes[first] or not size or not size[0]:
            found = f"{name} has {size[0] if size else 'no'} rows, {first} {(*sizes[first], 0)[0]}."
            raise DataError(name, found, "Give one row for each window, and at least one.")
    data = SplitData(next(iter(sizes.values()))[0])
    x, y, fold, predictions = (columns[name] for name in ("x", "y", "fold", "predictions"))
    data.x = None if x is None else _features(x)
    if y is not None:
        data.label, data.classes = _classes(y)
    for name in ("subject", "stimulus", "trial"):
        setattr(data, name, _numbers(name, columns[name]))
    if data.trial is not None and data.subject is not None:
        data.trial = pd.factorize(data.subject * (data.trial.max() + 1) + data.trial)[0]
    elif data.trial is not None:
        data.notes.append("No `subject` is given: equal trial numbers are taken for one trial.")
    data.onset = _seconds("onset", columns["onset"], data.n)
    data.length = _seconds("window_seconds", window_seconds, data.n)
    if data.length is not None and (data.length <= 0).any():
        raise DataError("window_seconds", "is not above 0.", "Give the length of a window.")
    if fold is not None and cv is not None:
        raise SettingsError("cv", "is given beside `fold`.", "Give one of them.")
    if fold is not None:
        data.folds = _folds_of_column(fold)
    elif cv is not None:
        data.folds = _folds_of_cv(cv, data, groups)
    if predictions is not None:
        data.right = _right(predictions, y)
    return data


def _features(x: Any) -> np.ndarray:
    """Return features as finite numbers (n, ...)."""
    x = np.asarray(x)
    if x.dtype.kind not in "fiub":
        try:
            x = x.astype(float)
        except (TypeError, ValueError):
            raise DataError("x", "holds what is no number.", "Give numbers alone.") from None
    if not x[0].size:
        raise DataError("x", "has no feature.", "Give at least one column of numbers.")
    x = x.reshape(len(x), -1) if x.ndim == 1 else x
    bad = ~np.isfinite(x.reshape(len(x), -1)).all(axis=1)
    if bad.any():
        problem = f"{bad.sum()} of {len(x)} rows hold NaN or infinity, the first is row"
        hint = "Leave these rows out, or fill them in from training rows."
        raise DataError("x", f"{problem} {bad.argmax()} (from 0).", hint)
    return x.astype(np.float32) if x.dtype.kind != "f" else x


def _numbers(name: str, values: Any) -> np.ndarray | None:
    """Number the different values of a column from 0, in their order."""
    return None if values is None else pd.factorize(_column(name, values), sort=True)[0]


def _column(name: str, values: Any) -> np.ndarray:
    """Return a column without missing values; what is not all numbers becomes text."""
    values = np.asarray(values)
    if values.ndim != 1:
        raise DataError(name, f"has the shape {values.shape}.", "Give one value for each row.")
    if values.dtype.kind in "fiub":
        missing = ~np.isfinite(values.astype(float))
    else:
        missing = pd.isna(values)
        values = np.char.strip(values.astype(str))
        missing |= values == ""
    if missing.any():
        problem = f"is missing in {missing.sum()} of {len(values)} rows, the first is row"
        hint = "Fill it in, or leave these rows out."
        raise DataError(name, f"{problem} {missing.argmax()} (from 0).", hint)
    return values


def _classes(y: Any) -> tuple[np.ndarray, list]:
    """Number the classes of labels."""
    label, classes = pd.factorize(_column("y", y), sort=True)
    if len(classes) < 2:
        problem = f"holds one class only, {classes.tolist()[0]!r}."
        raise DataError("y", problem, "Two or more are needed to score anything.")
    if len(classes) > MOST_CLASSES:
        problem = f"holds {len(classes)} different values; at most {MOST_CLASSES} classes are taken"
        hint = "Turn ratings into classes first, such as `rating > 5`."
        raise DataError("y", f"{problem}.", hint)
    return label, classes.tolist()


def _seconds(name: str, values: Any, n: int) -> np.ndarray | None:
    """Return a column of numbers, or one number for all rows."""
    if values is None:
        return None
    values = np.asarray(values)
    column = _column(name, np.full(n, values) if values.ndim == 0 else values)
    if column.dtype.kind not in "fiu" or len(column) != n:
        hint = "Give one number for each row."
        raise DataError(name, "is not a number for each of the rows.", hint)
    return column.astype(float)


def _folds_of_column(fold: Any) -> Folds:
    """Return the folds of a column that names the fold in which each row is tested."""
    fold = np.asarray(fold)
    if fold.dtype.kind == "O":  # such as numbers and None
        with suppress(TypeError, ValueError):
            fold = fold.astype(float)
    if fold.dtype.kind in "fiub":  # below 0, or missing: such a row always trains
        fold = np.nan_to_num(fold.astype(float), nan=-1)
        tested = fold >= 0
    else:
        fold = np.char.strip(np.where(pd.isna(fold), TRAINING_ONLY[0], fold).astype(str))
        tested = ~np.isin(np.char.lower(fold), TRAINING_ONLY)
    rows = np.arange(len(fold))
    folds = [(rows[fold != k], rows[fold == k]) for k in np.unique(fold[tested])]
    if not folds or not all(len(train) for train, _ in folds):
        problem = "leaves no row to test." if not folds else "leaves no row to train on."
        hint = "Number the fold in which each row is tested; 'train' or -1 is for rows that train."
        raise DataError("fold", problem, hint)
    return folds


def _folds_of_cv(cv: Any, data: SplitData, groups: Any) -> Folds:
    """Return the folds of a scikit-learn splitter, or of pairs of training and test rows."""
    groups = data.trial if groups is None else np.asarray(groups)
    label = np.zeros(data.n, int) if data.label is None else data.label
    rows = np.arange(data.n)
    if isinstance(cv, Iterable) and not hasattr(cv, "split"):
        cv = list(cv)
    try:
        with warnings.catch_warnings(action="ignore"):  # that a splitter has no use for groups
            pairs = check_cv(cv, label, classifier=True).split(np.zeros((data.n, 1)), label, groups)
            folds = [(rows[train], rows[test]) for train, test in pairs]
    except (IndexError, TypeError, ValueError) as error:
        hint = "Give a scikit-learn splitter that fits the rows, or pairs (train, test)."
        raise SettingsError("cv", f"does not split these rows: {error}.", hint) from error
    if not folds or not all(len(train) and len(test) for train, test in folds):
        raise SettingsError("cv", "leaves no row to train or to test.", "Use fewer folds.")
    return folds


def _right(predictions: Any, y: Any) -> np.ndarray:
    """Return which predictions are right."""
    if y is None:
        raise DataError("predictions", "come without y.", "Give the true classes as y.")
    given, y = _column("predictions", predictions), _column("y", y)
    if given.dtype.kind == "f" and (given % 1 != 0).any() and not np.isin(given, y).all():
        hint = "Give classes, such as `probability > 0.5`."
        raise DataError("predictions", "are probabilities, no classes.", hint)
    if "U" in given.dtype.kind + y.dtype.kind:  # "1", 1 and 1.0 are one class
        given, y = (_as_text(each) for each in (given, y))
    if not np.isin(given, y).any():
        problem = f"such as {given[0]} are none of the classes in y, such as {y[0]}."
        raise DataError("predictions", problem, "Give classes under the names that y has.")
    return given == y


def _as_text(values: np.ndarray) -> Sequence[str]:
    """Write classes as text, whole numbers without a point."""
    whole = values.dtype.kind == "f" and (values % 1 == 0).all()
    return (values.astype(int) if whole else values).astype(str)


def _rounded(value: Any) -> Any:
    """Return a number for JSON, which has no NaN."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float):
        return round(value, 6) if np.isfinite(value) else None
    return value
