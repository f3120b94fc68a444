"""The table of trials: which file holds which trial of whom, and how it was rated.

A CSV or TSV file with one row per trial::

    subject,file,trial,onset_seconds,duration_seconds,baseline_seconds,stimulus,valence,arousal
    01,eeg/anna.edf,1,12.5,60,3,calm.mp4,6.1,3.0
    01,eeg/anna.edf,2,80.0,60,3,storm.mp4,2.4,7.8

- `file` is relative to the table.
- `onset_seconds` count from the beginning of the file. A baseline is the `baseline_seconds` before
  the onset. `baseline_seconds` and `stimulus` may be left out.
- Every other column is what the trial is classified by: a column of numbers is a rating scale, a
  column of words a class. A blank cell is a missing rating.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from emolib.errors import DataError
from emolib.recordings.recording import subject_name, wrong_folder

NAMES = ("trials.csv", "trials.tsv")
REQUIRED = ("subject", "file", "trial", "onset_seconds", "duration_seconds")
OPTIONAL = ("baseline_seconds", "stimulus")

_GIVE_TABLE = "Give the table of trials, or the folder that holds it as trials.csv or trials.tsv."


def read_table(root: str | Path) -> pd.DataFrame:
    """Read and check the table of trials.

    Returns
    -------
    DataFrame
        One row per trial: the columns of `REQUIRED`, those of `OPTIONAL` that are there (seconds
        are floats, `file` is a path that opens), then rating columns (float) and class columns
        (str).

    Raises
    ------
    DataError
        It names the table, the row as a text editor counts lines, and the column.
    """
    path = table_path(root)
    try:
        table = pd.read_csv(
            path,
            sep="\t" if path.suffix == ".tsv" else ",",
            dtype=str,
            encoding="utf-8-sig",  # spreadsheets put a mark before the first name
            skipinitialspace=True,
            skip_blank_lines=False,  # so that row k stays line k + 2
            na_values=["n/a"],
        )
    except (OSError, ValueError) as error:  # pandas' and Unicode errors are ValueErrors
        raise DataError(path, f"is no table ({error}).", "Save it as CSV or TSV, UTF-8.") from None
    table = table.dropna(how="all").rename(columns=str.strip)
    _check_columns(path, list(table.columns))
    if table.empty:
        raise DataError(path, "holds no trials.", "Write one row per trial.")
    for column in (name for name in REQUIRED if table[name].isna().any()):
        line = table.index[table[column].isna()][0] + 2
        raise DataError(path, f"line {line}: {column!r} is blank.", "Fill it in.")
    seconds = [name for name in table.columns if name.endswith("_seconds")]
    for column in (*seconds, "trial"):
        table[column] = _numbers(path, table[column])
    _check_numbers(path, table)
    table["trial"] = table["trial"].astype(int)
    table["subject"] = table["subject"].map(_subject)
    table["file"] = [str(path.parent / file) for file in table["file"]]
    for column in label_columns(table):
        if table[column].isna().all():
            problem = f"column {column!r} is blank in every line."
            raise DataError(path, problem, "Fill it in, or take it out.")
        if pd.to_numeric(table[column], errors="coerce").notna().any():  # a scale, not a class
            table[column] = _numbers(path, table[column])
        else:
            table[column] = table[column].fillna("").astype(str)
    for row in table[table.duplicated(["subject", "trial"])].itertuples():
        problem = f"line {row.Index + 2}: {row.subject} has trial {row.trial} already."
        hint = "Number a subject's trials 1, 2, 3, ... through all files."
        raise DataError(path, problem, hint)
    return table


def table_path(root: str | Path) -> Path:
    """Find the table: `root` itself, or `trials.csv` or `trials.tsv` in the folder `root`."""
    root = Path(root)
    candidates = [root, *(root / name for name in NAMES)]
    found = [path for path in candidates if path.is_file()]
    if not found:
        raise wrong_folder(root, "table of trials", "trials.csv or trials.tsv", _GIVE_TABLE)
    return found[0]


def sort_subjects(names: Iterable[str]) -> list[str]:
    """Sort names by the numbers in them: 2 before 10.

    Examples
    --------
    >>> sort_subjects(["sub-10", "sub-anna", "sub-02"])
    ['sub-02', 'sub-10', 'sub-anna']
    """
    return sorted(names, key=lambda name: ([*map(int, re.findall(r"\d+", name)), np.inf], name))


def _subject(name: str) -> str:
    """Return a subject's name: 1, 01 and sub-01 are "sub-01", anna is "sub-anna"."""
    bare = name.strip().removeprefix("sub-")
    return subject_name(int(bare)) if bare.isdecimal() else f"sub-{bare}"


def label_columns(table: pd.DataFrame) -> list[str]:
    """List the columns that a trial is classified by: ratings and classes."""
    return [name for name in table.columns if name not in REQUIRED + OPTIONAL]


def _check_columns(path: Path, found: list[str]) -> None:
    """Refuse a table that lacks a column, or has one that is nearly a known one."""
    every = ", ".join(map(repr, found))
    labels = [name for name in found if name not in REQUIRED + OPTIONAL]
    for name in REQUIRED:
        if name not in found:
            near = difflib.get_close_matches(name, labels, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]!r}? Rename it." if near else "Add it."
            raise DataError(path, f"has no column {name!r}, only {every}.", hint)
    for name in labels:  # a misspelt 'stimulus' must not become a class
        if near := difflib.get_close_matches(name, REQUIRED + OPTIONAL, n=1, cutoff=0.8):
            hint = f"Did you mean {near[0]!r}? Rename it."
            raise DataError(path, f"has a column {name!r}, nearly {near[0]!r}.", hint)
    if not labels:
        hint = "Add a column of numbers, such as 'valence', or of words, such as 'condition'."
        raise DataError(path, f"has no column of ratings or classes, only {every}.", hint)


def _numbers(path: Path, column: pd.Series) -> pd.Series:
    """Turn a column into floats, NaN where it is blank; refuse words."""
    numbers = pd.to_numeric(column, errors="coerce").astype(float)
    wrong = numbers.isna() & column.notna()
    if wrong.any():
        line = column.index[wrong][0]
        problem = f"{column.name!r} is {column[line]!r}, elsewhere it holds numbers."
        hint = "Write numbers with a decimal point, classes in words, and leave the unknown blank."
        raise DataError(path, f"line {line + 2}: {problem}", hint)
    return numbers


def _check_numbers(path: Path, table: pd.DataFrame) -> None:
    """Refuse trials that begin before their file does, or have no length."""
    trial, onset = table["trial"], table["onset_seconds"]
    baseline = table.get("baseline_seconds", pd.Series(0.0, table.index)).fillna(0.0)
    faults = {
        "'trial' must be a whole number from 1": (trial < 1) | (trial % 1 != 0),
        "'onset_seconds' must not be negative": ~(onset >= 0) | np.isinf(onset),
        "'duration_seconds' must be positive": ~(table["duration_seconds"] > 0)
        | np.isinf(table["duration_seconds"]),
        "'baseline_seconds' must not be negative": ~(baseline >= 0) | np.isinf(baseline),
        "the baseline must not begin before the file": baseline > onset,
    }
    for rule, broken in faults.items():
        if broken.any():
            row = table[broken].iloc[0]
            columns = [name for name in ("trial", *REQUIRED[3:], "baseline_seconds") if name in row]
            found = ", ".join(f"{name} {row[name]:g}" for name in columns)
            problem = f"line {row.name + 2}: {rule}; found {found}."
            raise DataError(path, problem, "Correct the line.")
