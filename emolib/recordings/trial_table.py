"""The table of trials: which file holds which trial of whom, and how it was rated.

A CSV or TSV file with one row per trial::

    subject,file,trial,onset_seconds,duration_seconds,baseline_seconds,stimulus,valence,arousal
    01,eeg/anna.edf,1,12.5,60,3,calm.mp4,6.1,3.0
    01,eeg/anna.edf,2,80.0,60,3,storm.mp4,2.4,7.8

- `file` is relative to the table.
- `onset_seconds` count from the beginning of the file. A baseline is the `baseline_seconds` before
  the onset. `baseline_seconds` and `stimulus` may be left out, and so may `session`, the day or
  visit of those who came several times.
- Every other column is what the trial may be classified by: a column of numbers is a rating scale,
  a column of words a class. A cell that is blank, or n/a, is missing.

Cells may be separated by commas, tabs or semicolons; where they are not by commas, numbers may have
a decimal comma.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from emolib.errors import DataError
from emolib.escaping import NO_TEXT
from emolib.recordings.recording import check_subject, is_there, subject_name, wrong_folder

NAMES = ("trials.csv", "trials.tsv")
REQUIRED = ("subject", "file", "trial", "onset_seconds", "duration_seconds")
OPTIONAL = ("baseline_seconds", "stimulus", "session")

LARGEST = 20_000_000  # bytes: a hundred thousand trials
MOST = 1e9  # trials, or seconds: more is a slip
TOUCHING_SECONDS = 0.01  # of two trials may be the same: a sample, for the rounding of seconds

SAVE_AGAIN = "Save it as CSV or TSV, UTF-8."
_GIVE_TABLE = (
    "Give the table of trials, or the folder that holds it as trials.csv or trials.tsv. "
    "`python -m emolib new NAME FOLDER` writes one to fill in; `dataset: bids` reads BIDS."
)


def read_table(
    root: str | Path, subject: str | None = None, *, labelled: bool = True
) -> pd.DataFrame:
    """Read and check the table of trials, of one subject if it is named.

    A table without a column that a trial may be classified by is refused where it must be
    `labelled`.

    Returns
    -------
    DataFrame
        One row per trial, its index the line in the file: the columns of `REQUIRED`, those of
        `OPTIONAL` that are there (seconds are floats, `file` is a path that opens), then rating
        columns (float; those of which every cell is a number) and class columns (str).

    Raises
    ------
    DataError
        It names the table, the row as a text editor counts lines, and the column. What is wrong in
        the rows of others does not count if a subject is named.
    """
    path = table_path(root)
    table = _parse(path, labelled)
    names = table["subject"].map(subject_of)
    if subject is not None:
        check_subject(path, subject, sort_subjects(names.unique()))
        own = names == subject
        for name in ("subject", "stimulus"):
            if name in table:
                _check_spelling(path, table[name], own)
        table = table[own]
        if "session" in table:
            _check_spelling(path, table["session"], own[own])
    for column in (name for name in REQUIRED if table[name].isna().any()):
        line = table.index[table[column].isna()][0]
        raise DataError(path, f"line {line}: {column!r} is blank.", "Fill it in.")
    seconds = [name for name in REQUIRED + OPTIONAL if name.endswith("_seconds") and name in table]
    table = table.assign(subject=names[table.index])
    for column in (*seconds, "trial"):
        table[column] = to_numbers(path, table[column])
    check_numbers(path, table)
    table["trial"] = table["trial"].astype(int)
    table["file"] = [str(_file(path.parent, name)) for name in table["file"]]
    table = with_types(table, label_columns(table))
    for row in table[table.duplicated(["subject", "trial"])].itertuples():
        problem = f"line {row.Index}: {row.subject} has trial {row.trial} already."
        hint = "Number a subject's trials 1, 2, 3, ... through all files."
        raise DataError(path, problem, hint)
    return table


def with_types(table: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """Make rating columns (float) of the columns of numbers, and class columns (str) of others."""
    typed = {}
    for column in columns:
        numbers = pd.to_numeric(table[column], errors="coerce").astype(float)
        is_scale = (np.isfinite(numbers) | table[column].isna()).all()
        typed[column] = numbers if is_scale else table[column].fillna("").astype(str)
    return table.assign(**typed)


def read_subjects(root: str | Path, *, labelled: bool = True) -> list[str]:
    """List the subjects of a table in numeric order; what is wrong in their rows does not count."""
    return sort_subjects(_parse(table_path(root), labelled)["subject"].map(subject_of).unique())


def refuse_shared(root: str | Path, subject: str) -> None:
    """Raise a DataError if a subject and another are given the same seconds of a file."""
    path = table_path(root)
    spans = _spans(path, _parse(path, labelled=False))
    others = spans[spans["subject"] != subject]
    for line, own in spans[spans["subject"] == subject].iterrows():
        same = others[others["file"] == own["file"]]
        shared = np.minimum(same["end"], own["end"]) - np.maximum(same["start"], own["start"])
        if (shared > TOUCHING_SECONDS).any():
            other = same.loc[shared.idxmax()]
            begin, end = max(own["start"], other["start"]), min(own["end"], other["end"])
            problem = (
                f"lines {line} and {other.name}: {subject} and {other['subject']} have the same "
                f"seconds of {own['file'].name}, {begin:g} to {end:g}."
            )
            hint = "Correct 'subject', 'file' or 'onset_seconds', or take one of them out."
            raise DataError(path, problem, hint)


def table_path(root: str | Path) -> Path:
    """Find the table: `root` itself, or `trials.csv` or `trials.tsv` in the folder `root`."""
    root = Path(root)
    candidates = [root, *(root / name for name in NAMES)]
    found = [path for path in candidates if is_there(path) and path.is_file()]
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
    return sorted(names, key=by_number)


def by_number(name: str) -> tuple[list[float], str]:
    """Return what sorts names by the numbers in them."""
    return [*map(int, re.findall(r"\d+", name)), np.inf], name


def _parse(path: Path, labelled: bool = True) -> pd.DataFrame:
    """Read a table of trials and check its columns, see `read_cells`."""
    table = read_cells(path, (*REQUIRED, *OPTIONAL))
    _check_columns(path, table)
    if table.empty:
        raise DataError(path, "holds no trials.", "Write one row per trial.")
    if (blank := table["subject"].isna()).any():
        problem = f"line {table.index[blank][0]}: 'subject' is blank."
        raise DataError(path, problem, "Say whose trial it is.")
    if labelled and not label_columns(table):
        hint = "Add a column of numbers, such as 'valence', or of words, such as 'condition'."
        every = ", ".join(map(repr, table.columns))
        raise DataError(path, f"has no column of ratings or classes, only {every}.", hint)
    return table


def read_cells(path: Path, known: Collection[str]) -> pd.DataFrame:
    """Read the cells as text, NaN where one is blank or n/a; the index is the line in the file.

    `known` are names of columns that tell what separates the cells.
    """
    if (size := path.stat().st_size) > LARGEST:
        problem = f"has {size} bytes; a table of trials has at most {LARGEST}."
        raise DataError(path, problem, "Give the table, not the signals.")
    try:
        text = path.read_text(encoding="utf-8-sig")  # spreadsheets put a mark before the first name
        if strange := NO_TEXT.search(text):
            line = text.count("\n", 0, strange.start()) + 1
            raise ValueError(f"line {line} holds U+{ord(strange[0]):04X}, no sign of a text")
    except (OSError, ValueError) as error:  # Unicode errors are ValueErrors
        raise DataError(path, f"is no table ({error}).", SAVE_AGAIN) from None
    text = re.sub(r"\Asep=.\r?\n", "", text)  # by which a spreadsheet knows the separator
    text = unicodedata.normalize("NFC", text)  # "ö" may also be an "o" and a mark: one word
    return _cells(path, text, frozenset(known)).copy()


@lru_cache(maxsize=4)  # a run asks for it with each subject
def _cells(path: Path, text: str, known: frozenset[str]) -> pd.DataFrame:
    """Cut a table's text into cells, see `read_cells`."""
    head = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(",;\t", key=lambda one: (_count_known(head, one, known), head.count(one)))
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        rows = [(lines.line_num, [cell.strip() for cell in cells]) for cells in lines]
    except csv.Error as error:
        raise DataError(path, f"is no table ({error}).", SAVE_AGAIN) from None
    rows = {line: cells for line, cells in rows if any(cells)}
    if not rows:
        raise DataError(path, "is no table: it is empty.", SAVE_AGAIN)
    names = rows.pop(next(iter(rows)))
    for line, cells in rows.items():
        if any(cells[len(names) :]):
            problem = f"line {line}: has {len(cells)} cells, and {len(names)} columns have a name."
            raise DataError(path, problem, "Put texts with a comma, and such numbers, in quotes.")
        cells += [""] * (len(names) - len(cells))
    table = pd.DataFrame([row[: len(names)] for row in rows.values()], list(rows), names, str)
    table = table.loc[:, table.columns != ""]  # such as the numbers of rows
    if twice := table.columns[table.columns.duplicated()].tolist():
        raise DataError(path, f"has two columns {twice[0]!r}.", "Rename one of them.")
    if separator != ",":
        _refuse_thousands(path, table)
        table = table.replace(r"^([+-]?\d*),(\d+)$", r"\1.\2", regex=True)
    return table.mask(table.isin(["", "n/a"]), np.nan)


def _refuse_thousands(path: Path, table: pd.DataFrame) -> None:
    """Refuse a column in which 1.000 may be a thousand, since it has 1,5; or the reverse."""
    for decimal, thousands in (",.", ".,"):
        parted = rf"[1-9]\d{{0,2}}(?:[{thousands}]\d{{3}})+"
        for name, cells in table.items():
            odd = cells.str.fullmatch(parted)
            if odd.any() and cells.str.fullmatch(rf"[+-]?\d*[{decimal}]\d+").any():
                line = odd.idxmax()
                problem = f"line {line}: {name!r} is {cells[line]!r}, elsewhere it has decimals "
                problem += f"behind a {decimal!r}."
                hint = f"Write thousands without {thousands!r}, decimals with {decimal!r}."
                raise DataError(path, problem, hint)


def _count_known(head: str, separator: str, known: Collection[str]) -> int:
    """Count the known columns of the first line, if this separates them."""
    return len({cell.strip(' "') for cell in head.split(separator)} & {*known})


def _file(folder: Path, name: str) -> Path:
    """Return where a file lies: Windows writes backslashes, macOS an "ö" as "o" and a mark."""
    plain = name.replace("\\", "/")
    spelled = (name, plain, *(unicodedata.normalize("NFD", one) for one in (name, plain)))
    found = (folder / one for one in spelled if is_there(folder / one))
    return next(found, folder / plain)


def subject_of(name: str) -> str:
    """Return a subject's name: 1 and 01 are "sub-01", anna is "sub-anna", sub-001 stays."""
    if name.isdecimal():
        return subject_name(int(name))
    return name if name.startswith("sub-") else f"sub-{name}"


def _check_spelling(path: Path, written: pd.Series, own: pd.Series) -> None:
    """Refuse a name in a subject's `own` rows that is written in two ways: 1 and 001.

    They may be two people, or one; and one film must not be two, one of them held out.
    """
    bare = written.str.casefold().str.replace(r"^sub(?:[-_ ]|(?=\d))", "", regex=True)
    keys = bare.str.replace(r"(?<![\d.])0+(?=\d)|\.0+$|\s", "", regex=True)  # P 01, p1; 1.0, 1
    several = written.groupby(keys).transform("nunique") > 1
    if (odd := several & own).any():
        same = written[keys == keys[odd].iloc[0]].drop_duplicates()
        (line, one), (other, two), *_ = same.items()
        problem = f"lines {line} and {other}: {written.name!r} is {one!r} and {two!r}."
        hint = "Write a name the same way in all lines; if they are two, call them otherwise."
        raise DataError(path, problem, hint)


def _spans(path: Path, table: pd.DataFrame) -> pd.DataFrame:
    """Return the seconds of each trial with its baseline; rows that say none are left out."""
    onset, duration, rest = (
        pd.to_numeric(table.get(f"{name}_seconds", pd.Series("0", table.index)), errors="coerce")
        for name in ("onset", "duration", "baseline")
    )
    spans = pd.DataFrame({"start": onset - rest.fillna(0.0), "end": onset + duration})
    spans["subject"] = table["subject"].map(subject_of)
    places = {name: _file(path.parent, name).resolve() for name in table["file"].dropna().unique()}
    spans["file"] = table["file"].map(places)
    return spans.dropna()


def label_columns(table: pd.DataFrame) -> list[str]:
    """List the columns that a trial is classified by: ratings and classes."""
    return [name for name in table.columns if name not in REQUIRED + OPTIONAL]


def _check_columns(path: Path, table: pd.DataFrame) -> None:
    """Refuse a table that lacks a column, or has one that is nearly a known one."""
    found, labels = list(table.columns), label_columns(table)
    every = ", ".join(map(repr, found))
    for name in REQUIRED:
        if name not in found:
            known = {label.casefold(): label for label in labels}
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"Did you mean {known[near[0]]!r}? Rename it." if near else "Add it."
            raise DataError(path, f"has no column {name!r}, only {every}.", hint)
    for name in labels:  # a misspelt 'stimulus' must not become a class
        if near := difflib.get_close_matches(name, {*OPTIONAL} - {*found}, n=1, cutoff=0.8):
            hint = f"Did you mean {near[0]!r}? Rename it."
            raise DataError(path, f"has a column {name!r}, nearly {near[0]!r}.", hint)


def to_numbers(path: Path, column: pd.Series) -> pd.Series:
    """Turn a column into floats, NaN where it is blank; refuse words."""
    numbers = pd.to_numeric(column, errors="coerce").astype(float)
    wrong = numbers.isna() & column.notna()
    if wrong.any():
        line = column.index[wrong][0]
        problem = f"{column.name!r} is {column[line]!r}, elsewhere it holds numbers."
        hint = "Write numbers with a decimal point, classes in words, and leave the unknown blank."
        raise DataError(path, f"line {line}: {problem}", hint)
    return numbers


def check_numbers(path: Path, table: pd.DataFrame) -> None:
    """Refuse trials that begin before their file does, or have no length."""
    trial, onset, duration = (table[n] for n in ("trial", "onset_seconds", "duration_seconds"))
    baseline = table.get("baseline_seconds", pd.Series(0.0, table.index)).fillna(0.0)
    faults = {
        "'trial' must be a whole number from 1": ~trial.between(1, MOST) | (trial % 1 != 0),
        "'onset_seconds' must not be negative": ~(onset >= 0),
        f"'onset_seconds' must be below {MOST:g}": ~(onset < MOST),
        "'duration_seconds' must be positive": (duration <= 0) | ~(duration <= MOST),
        "'baseline_seconds' must not be negative": ~(baseline >= 0) | np.isinf(baseline),
        "the baseline must not begin before the file": baseline > onset,
    }
    for rule, broken in faults.items():
        if broken.any():
            row = table[broken].iloc[0]
            columns = [name for name in ("trial", *REQUIRED[3:], "baseline_seconds") if name in row]
            found = ", ".join(f"{name} {row[name]:g}" for name in columns)
            problem = f"line {row.name}: {rule}; found {found}."
            raise DataError(path, problem, "Correct the line.")
