"""Files that `audit` reads: CSV, TSV, Parquet, `.npz`, and a folder of TorchEEG's folds.

The keys of an `.npz` file and the columns of a table have the names of `audit`'s parameters. All
other columns of numbers are features.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, is_zipfile

import numpy as np
import pandas as pd

from emolib.errors import DataError

COLUMNS = ("y", "subject", "trial", "stimulus", "onset", "window_seconds", "fold", "predictions")
KEYS = (*COLUMNS, "x")
# Columns that say where a row comes from. As features they would name its trial.
NO_FEATURES = re.compile(
    r"|unnamed: .*|index|id|window|session|run|split|clip_id|baseline_id", re.I
)
IDS = ("subject", "trial", "stimulus", "subject_id", "trial_id")  # names, also if they are numbers
LABELS = ("label", "labels", "target", "class")  # other names of a column of labels
TORCHEEG = {"subject_id": "subject", "trial_id": "trial", "start_at": "onset"}
FOLD_FILE = re.compile(r"(train|test)_(.*fold_\d+)\.csv")
SOME = 2**16  # characters, which show how numbers are written
FORMATS = "Give .csv, .tsv, .parquet, .npz, or the folder of TorchEEG's folds."


def read_split(path: str | Path) -> tuple[dict[str, Any], list[str]]:
    """Read what `audit` takes, by the names of its parameters, and notes on how it was read.

    Raises
    ------
    DataError
        The file is not there, cannot be read, or holds Python objects, which are not opened.
    """
    path = Path(path)
    if not path.exists():
        raise DataError(path, "is not there.", FORMATS)
    if path.is_dir():
        return _read_folds(path)
    readers = {".csv": _read_csv, ".tsv": _read_csv, ".parquet": _read_parquet, ".npz": _read_npz}
    if (reader := readers.get(path.suffix.lower())) is None:
        raise DataError(path, f"is a {path.suffix or 'nameless'} file.", FORMATS)
    found = reader(path)
    return _of_table(path, found) if isinstance(found, pd.DataFrame) else (found, [])


def _read_csv(path: Path) -> pd.DataFrame:
    """Return a table whose cells commas, semicolons or tabs separate."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            first, some = file.readline(), file.read(SOME)
        mark = max(",;\t", key=first.count)
        decimal = "," if mark != "," and re.search(r"\d,\d", some) else "."
        how = {"sep": mark, "decimal": decimal, "encoding": "utf-8-sig", "low_memory": False}
        ids = [name for name in pd.read_csv(path, nrows=0, **how) if _known(name) in IDS]
        table = pd.read_csv(path, dtype=dict.fromkeys(ids, str), **how)
        for name in ids:  # of trials 1.1 and 1.10 are two, 1 and 1.0 one
            cells = table[name].str.strip().str.replace(r"^(\d+)\.0+$", r"\1", regex=True)
            whole = cells.str.fullmatch(r"[+-]?\d{1,18}").all()
            table[name] = cells.astype("int64") if whole else cells
        return table
    except (UnicodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataError(path, f"is no table: {error}.", "Save it as CSV, UTF-8.") from None


def _read_parquet(path: Path) -> pd.DataFrame:
    """Return a table of Parquet."""
    try:
        return pd.read_parquet(path).reset_index(drop=True)
    except (OSError, ValueError, KeyError) as error:
        problem = f"cannot be read as Parquet: {' '.join(str(error).split())}."
        raise DataError(path, problem, "Write it again with pandas, `to_parquet`.") from None


def _read_npz(path: Path) -> dict[str, Any]:
    """Return the arrays of a file, none of which may be Python objects."""
    try:
        if not is_zipfile(path):  # NumPy would take it for a pickle
            raise BadZipFile
        with np.load(path, allow_pickle=False) as file:
            given = {name: file[name] for name in file.files if name in KEYS}
            others = [name for name in file.files if name not in KEYS]
    except (ValueError, OSError, EOFError, BadZipFile, KeyError, AttributeError) as error:
        objects = "allow_pickle" in str(error)
        problem = "holds Python objects, which are not opened." if objects else "is no .npz file."
        hint = "Save arrays of numbers or text: `np.savez(file, x=..., subject=names.astype(str))`."
        raise DataError(path, problem, hint) from None
    if not given:
        problem = f"has none of the keys {', '.join(KEYS)}, but {', '.join(others) or 'no array'}."
        raise DataError(path, problem, "Save the arrays under these names.")
    return given


def _of_table(path: Path, table: pd.DataFrame) -> tuple[dict[str, Any], list[str]]:
    """Take keys and features out of a table."""
    names = {name: _known(name) for name in table}
    table = table.rename(columns=names).rename(
        columns={old: new for old, new in TORCHEEG.items() if new not in names.values()}
    )
    if "end_at" in table and "onset" in table:
        table = table.assign(window_seconds=table["end_at"] - table["onset"]).drop(columns="end_at")
    if table.columns.duplicated().any():
        name = table.columns[table.columns.duplicated()][0]
        raise DataError(path, f"has two columns {name!r}.", "Rename one of them.")
    labels = [name for name in table if name.lower() in LABELS]
    renamed = labels if len(labels) == 1 and "y" not in table else []
    table = table.rename(columns=dict.fromkeys(renamed, "y"))
    given = {name: table[name].to_numpy() for name in COLUMNS if name in table}
    others = [name for name in table if name not in given]
    features = [
        name
        for name in others
        if table[name].dtype.kind in "fiub"
        and not NO_FEATURES.fullmatch(name)
        and name not in labels
    ]
    if not given:
        problem = f"has none of the columns {', '.join(COLUMNS)}."
        raise DataError(path, problem, "Name them in its first line.")
    if features:
        given["x"] = table[features].to_numpy(float)
    notes = [_listed("Features are the columns", features)] if features else []
    notes += [f"Labels are the column {name}." for name in renamed]
    left_out = [name for name in others if name not in features]
    return given, notes + ([_listed("Columns that were left out:", left_out)] if left_out else [])


def _known(name: object) -> str:
    """Return the name of a column, a known one in small letters."""
    bare = str(name).strip()
    return bare.lower() if bare.lower() in (*COLUMNS, *TORCHEEG, "end_at") else bare


def _listed(words: str, names: list[str]) -> str:
    """Name a few columns and count the others."""
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return f"{words} {', '.join(names[:4])}{more}."


def _read_folds(folder: Path) -> tuple[dict[str, Any], list[str]]:
    """Read the tables of training and test windows that TorchEEG writes for each fold."""
    files: dict[str, dict[str, Path]] = defaultdict(dict)
    for path in sorted(folder.rglob("*.csv")):
        if match := FOLD_FILE.fullmatch(path.name):
            files[f"{path.parent}/{match[2]}"][match[1]] = path
    folds = [pair for pair in files.values() if len(pair) == 2]
    if not folds:
        hint = "TorchEEG's `split_path` holds train_fold_0.csv, test_fold_0.csv and so on."
        raise DataError(folder, "holds no folds.", hint)
    parts = [_read_csv(pair[side]).astype(str) for pair in folds for side in ("train", "test")]
    whole = pd.concat(parts, ignore_index=True).fillna("")
    number = whole.groupby(list(whole), sort=False).ngroup().to_numpy()
    rows = np.split(number, np.cumsum([len(part) for part in parts])[:-1])
    first = _read_csv(folds[0]["train"]).dtypes
    table = whole.drop_duplicates().reset_index(drop=True).astype(first.to_dict())
    keys = {*TORCHEEG, "end_at", "stimulus"}  # its other columns are labels and places
    given, _ = _of_table(folder, table[[name for name in table if name in keys]])
    given["cv"] = list(zip(rows[::2], rows[1::2], strict=True))
    return given, [f"{len(folds)} folds were read, and no features or labels."]
