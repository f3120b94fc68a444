"""A table of ratings, joined to trials that come from elsewhere.

A CSV or TSV file with one row per trial: `subject` (or `participant_id`), `trial`, and the ratings
or classes. With a column `session`, `task` or `run`, trials are counted from 1 in each; else over
all that a subject has. Or a column names what was presented, as the trials do; then their order
does not count.
"""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

import numpy as np
import pandas as pd

from emolib.errors import DataError, did_you_mean
from emolib.recordings.recording import is_there, some
from emolib.recordings.trial_table import OPTIONAL, REQUIRED, read_cells, to_numbers

WITHIN = {"session": "ses-", "task": "task-", "run": "run-"}  # what trials may be counted in
SUBJECT = ("subject", "participant_id")
ABOUT = (*REQUIRED, *OPTIONAL)  # no labels: a table of trials may serve as one of ratings


def with_ratings(
    table: pd.DataFrame, path: Path, subject: str, labels: list[str], *, by: str | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """Join a table of ratings to a subject's trials, which are in their order.

    Parameters
    ----------
    table : DataFrame
        One row per trial: `trial`, and `session`, `task` or `run` where trials are counted in them.
    path : path
        The table of ratings.
    subject : str
        Such as "sub-01"; in the table of ratings also 01 or 1.
    labels : list of str
        Columns that are ratings or classes already: none may have the name of another.
    by : str, optional
        The column of the table of ratings that names the stimulus, and needs no `trial`; nor a
        `subject`, if all rows are this one's.

    Returns
    -------
    DataFrame
        The trials with the columns of ratings, texts; NaN where the table has none. With `by`, the
        `stimulus` is the name that both have.
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
    cells = read_cells(path, (*SUBJECT, *WITHIN, "trial", *([by] if by else [])))
    of_whom = next((name for name in SUBJECT if name in cells), None)
    needed = [by] if by else ["trial"] if of_whom else ["subject", "trial"]
    for name in (name for name in needed if name not in cells):
        hint = f"Add it. {did_you_mean(name, cells.columns)}"
        raise DataError(path, f"has no column {name!r}.", hint)
    own = cells
    if of_whom:
        own = cells[[_key(name, "sub-") == _key(subject, "sub-") for name in cells[of_whom]]]
    if own.empty:
        known = cells[of_whom].dropna().unique()
        raise DataError(path, f"has no ratings of {subject}.", did_you_mean(subject, known))
    added = [name for name in own if name not in (of_whom, by, *WITHIN, *ABOUT)]
    added += [name for name in ("stimulus",) if name in own and not by]
    taken = {*labels, *({"stimulus"} & {*table})}
    if both := [name for name in added if name in taken]:
        problem = f"has a column {both[0]!r}, and so have the trials already."
        raise DataError(path, problem, "Rename one of the two.")
    if by:
        return _joined_by_name(table, own, added, by=by, path=path, labels=labels), added
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
    found = keys.merge(rows.join(own[added]), how="left", on=[*keys])
    table = table.assign(**{name: found[name].to_numpy() for name in added})
    return table, [name for name in added if name != "stimulus"]


def _joined_by_name(
    table: pd.DataFrame, own: pd.DataFrame, added: list[str], *, by: str, path: Path, labels: list
) -> pd.DataFrame:
    """Join ratings to the trials that name the same stimulus, in whatever column they do."""
    columns = [name for name in ("stimulus", *labels) if name in table]
    ways = [(form, table[name].map(form)) for form in (str, _stimulus) for name in columns]
    fits = [told.isin(own[by].map(form)).sum() for form, told in ways]  # as it stands, or bare
    if not any(fits):
        problem = f"{by!r} names {some([*own[by].astype(str)])}; no column of the events does."
        raise DataError(path, problem, "Name the column whose words the tables of events have.")
    form, told = ways[int(np.argmax(fits))]
    names = own[by].map(form)
    if (again := names.duplicated()).any():
        line, name = own.index[again][0], own[by][again].iloc[0]
        hint = "Leave one of the rows, or join by `trial`: take `ratings_by` out."
        raise DataError(path, f"line {line}: {by!r} is {name!r} for the second time.", hint)
    found = own.set_index(names)[added].reindex(told)
    found = {name: found[name].to_numpy() for name in added}
    return table.assign(stimulus=told, **found)


def _stimulus(name: object) -> str:
    """Return the name of a stimulus without the ending and the folders of its file."""
    return PureWindowsPath(str(name)).stem.casefold()


def _keys(labels: pd.Series, name: str) -> list[str]:
    """Return labels of sessions, tasks or runs in one spelling."""
    return [_key(label, WITHIN[name]) for label in labels]


def _key(label: object, prefix: str) -> str:
    """Return a label without its prefix, and without leading zeros: sub-01, 01 and 1 are one."""
    bare = str(label).removeprefix(prefix).casefold()
    return bare.lstrip("0") if bare.isdecimal() else bare
