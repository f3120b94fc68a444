"""A table of ratings, joined to trials that come from elsewhere.

A CSV or TSV file with a row a trial: `subject` (or `participant_id`), `trial`, and the ratings or
classes. With a column `session`, `task` or `run`, trials are counted from 1 in each; else through
all that a subject has.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from emolib.errors import DataError, did_you_mean
from emolib.recordings.recording import is_there
from emolib.recordings.trial_table import read_cells, to_numbers

WITHIN = {"session": "ses-", "task": "task-", "run": "run-"}  # what trials may be counted in
SUBJECT = ("subject", "participant_id")


def with_ratings(
    table: pd.DataFrame, path: Path, subject: str, labels: list[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Join a table of ratings to a subject's trials, which are in their order.

    Parameters
    ----------
    table : DataFrame
        A row a trial: `trial`, and `session`, `task` or `run` where trials are counted in them.
    path : path
        The table of ratings.
    subject : str
        Such as "sub-01"; in the table of ratings also 01 or 1.
    labels : list of str
        Columns that are ratings or classes already: none may have the name of another.

    Returns
    -------
    DataFrame
        The trials with the columns of ratings, texts; NaN where the table has none.
    list of str
        The names of these columns.

    Raises
    ------
    DataError
        If there is no such table, a column or the subject is not in it, a trial of it is none, or
        is there twice.
    """
    if not (is_there(path) and path.is_file()):
        hint = "`recordings: {ratings_table: FILE}` is seen from the folder of the data."
        raise DataError(path, "is not there.", hint)
    cells = read_cells(path, (*SUBJECT, *WITHIN, "trial"))
    of_whom = next((name for name in SUBJECT if name in cells), None)
    for name in ([] if of_whom else ["subject"]) + ([] if "trial" in cells else ["trial"]):
        hint = f"Add it. {did_you_mean(name, cells.columns)}"
        raise DataError(path, f"has no column {name!r}.", hint)
    own = cells[[_key(name, "sub-") == _key(subject, "sub-") for name in cells[of_whom]]]
    if own.empty:
        known = cells[of_whom].dropna().unique()
        raise DataError(path, f"has no ratings of {subject}.", did_you_mean(subject, known))
    within = [name for name in WITHIN if name in own and name in table]
    within = [name for name in within if table[name].notna().any()]
    trial = to_numbers(path, own["trial"]).map("{:g}".format)
    rows = pd.DataFrame({name: _keys(own[name], name) for name in within}, own.index)
    rows["trial"] = trial
    keys = pd.DataFrame({name: _keys(table[name], name) for name in within})
    number = keys.groupby(within).cumcount() + 1 if within else table["trial"]
    keys["trial"] = number.map("{:g}".format)
    known = set(keys.itertuples(index=False, name=None))
    for line, key in zip(own.index, rows.itertuples(index=False, name=None), strict=True):
        if key not in known:
            place = ", ".join(f"{name} {part}" for name, part in zip(rows, key, strict=True))
            problem = f"line {line}: {subject} has no {place}, of {len(table)} trials."
            raise DataError(path, problem, "Correct the line, or take it out.")
    if rows.duplicated().any():
        line = own.index[rows.duplicated()][0]
        raise DataError(path, f"line {line}: the trial is there already.", "Leave one of the two.")
    added = [name for name in own if name not in (of_whom, "trial", *WITHIN)]
    if both := [name for name in added if name in labels]:
        problem = f"has a column {both[0]!r}, and so have the trials already."
        raise DataError(path, problem, "Rename one of the two.")
    found = keys.merge(rows.join(own[added]), how="left", on=[*keys])
    return table.assign(**{name: found[name].to_numpy() for name in added}), added


def _keys(labels: pd.Series, name: str) -> list[str]:
    """Return labels of sessions, tasks or runs in one spelling."""
    return [_key(label, WITHIN[name]) for label in labels]


def _key(label: object, prefix: str) -> str:
    """Return a label without its prefix, and without leading zeros: sub-01, 01 and 1 are one."""
    bare = str(label).removeprefix(prefix).casefold()
    return bare.lstrip("0") if bare.isdecimal() else bare
