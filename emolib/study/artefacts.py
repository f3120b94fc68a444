"""What the jobs of a study wrote: read back with a sentence where damaged, and known by content.

Each job leaves a record beside the results, with size, times and digest of every file that it
wrote. A run compares them before it plans: what a job wrote is removed whole where one of its files
is missing or has another content, so that the job is done again, and all that depends on it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr
from pyarrow import parquet

from emolib.errors import InputError
from emolib.storage import atomic, digest_of_files, file_stem, noting, state_of, write_json

RECORDS = ".artefacts"  # the folder of the records; one each, since jobs end at the same time
ROW_GROUP = 10_000  # rows of a table that are read together: little more than a subject's
BEGUN = "/unfinished-"  # begins the name of a folder of fits that a training goes on from
REMEDY = "Remove this file, then run the study again: it is made anew."

# The folders that a job reads: their files are compared by content before it begins.
READS: dict[str, tuple[str, ...]] = {
    "simulate": (),
    "features": ("recordings",),
    "summary": ("recordings", "features"),
    "train": ("features",),
    "part": ("features",),
    "explain": ("features", "predictions", "models"),
    "score": ("predictions",),
    "group-tests": ("features", "predictions"),
    "references": ("recordings", "features", "scores"),
    "page": (
        *("recordings", "features", "predictions", "models"),
        *("scores", "summaries", "attributions"),
    ),
    "book": ("features", "summaries", "scores", "notebooks"),
}


class DamagedError(InputError):
    """Report an artefact that is not what was written: a fault of the file, of no subject."""


# -- files ---------------------------------------------------------------------------------


def write_dataset(artefact: xr.Dataset, file: Path) -> None:
    """Write an artefact as netCDF, whole or not at all.

    It is put together in memory: on a full disk the library ends the process.
    """
    content = artefact.to_netcdf(engine="h5netcdf")
    with atomic(file) as path:
        path.write_bytes(content)


def read_dataset(file: Path) -> xr.Dataset:
    """Load a netCDF; a DamagedError names the file if it cannot be."""
    with readable(file):
        return xr.load_dataset(file, engine="h5netcdf")


def open_dataset(file: Path) -> xr.Dataset:
    """Open a netCDF, whose data are read when they are used; as `read_dataset` if damaged."""
    with readable(file):
        return xr.open_dataset(file, engine="h5netcdf")


def write_table(table: pd.DataFrame, file: Path) -> None:
    """Write a table as Parquet, whole or not at all."""
    with atomic(file) as path:
        table.to_parquet(path, index=False, row_group_size=ROW_GROUP)


def read_table(file: Path, filters: list[tuple] | None = None) -> pd.DataFrame:
    """Read a Parquet; a DamagedError names the file if it cannot be."""
    with readable(file):
        return pd.read_parquet(file, filters=filters)


def read_columns(file: Path) -> list[str]:
    """Return the names of a Parquet's columns; as `read_table` if damaged."""
    with readable(file):
        return parquet.read_schema(file).names


@contextmanager
def readable(file: Path) -> Iterator[None]:
    """Turn whatever a library raises at a damaged file into a DamagedError that names it."""
    try:
        yield
    except Exception as error:
        problem = f"is damaged ({type(error).__name__}: {error})."
        raise DamagedError(file, problem, REMEDY) from error


# -- records -------------------------------------------------------------------------------


@contextmanager
def job(folder: Path, stage: str, options: Mapping[str, Any]) -> Iterator[None]:
    """Compare what a job reads with its records, and keep one of what it then writes.

    Parameters
    ----------
    folder : path
        The study's.
    stage : str
        A key of `READS`.
    options : mapping
        What the job is about, such as its subject and its fold.

    Raises
    ------
    DamagedError
        If something that it reads was changed since it was written; the message names it.
    """
    subject = options.get("subject")
    reads = {*READS[stage]} - ({"models"} if subject else set())  # no network is one person's
    check(folder, reads, subject)
    name = "-".join([stage, *(f"{key}-{value}" for key, value in options.items() if value)])
    record = folder / RECORDS / f"{file_stem(name)}.json"
    earlier = (_load(record) or {"files": ()})["files"]
    record.unlink(missing_ok=True)
    with noting() as written:
        yield
    files = {
        path.relative_to(folder).as_posix(): [*state_of(path), digest_of_files([path])]
        for path in sorted({*written})
        if path.is_relative_to(folder) and path.is_file() and BEGUN not in path.as_posix()
    }
    for name in {*earlier} - {*files}:  # of a person who left, or under another name
        _remove(folder / name)
    write_json(record, {"subject": subject, "files": files})


def check(folder: Path, reads: Collection[str], subject: str | None = None) -> None:
    """Raise a DamagedError at a file of the folders `reads` whose content is not what was written.

    Where the job is about one subject, what others' jobs wrote is not compared.
    """
    for file, record in _records(folder):
        if subject and record["subject"] not in (None, subject):
            continue
        for name, state in record["files"].items():
            if _room(name) not in reads or not (folder / name).exists():
                continue  # what lacks, its job makes
            if not _same(folder / name, state, thorough=True) and _load(file) == record:
                problem = "is damaged: its content is not what was written."
                raise DamagedError(name, problem, "Run the study again: it is made anew.")


def remove_damaged(folder: Path, *, thorough: bool = False) -> tuple[list[str], set[str]]:
    """Remove all that a job wrote where one of its files, or its record, is missing or damaged.

    Parameters
    ----------
    folder : path
        The study's; it must be locked, since jobs write there.
    thorough : bool
        Read also files whose size and times have not moved.

    Returns
    -------
    found, removed : list of str and set of str
        The files that are missing or damaged, and all that their jobs wrote, as seen from the
        folder.
    """
    found = _without_record(folder)
    removed = {*found}
    for name in found:
        _remove(folder / name)
    for file, record in _records(folder):
        files = record["files"]
        bad = [name for name, state in files.items() if not _same(folder / name, state, thorough)]
        if bad:
            for name in files:
                _remove(folder / name)
            removed.update(files)
            file.unlink()
        elif any(state_of(folder / name) != state[:-1] for name, state in files.items()):
            moved = {name: [*state_of(folder / name), state[-1]] for name, state in files.items()}
            write_json(file, record | {"files": moved})
        found += bad
    return found, removed


def damaged_files(folder: Path) -> tuple[int, list[str]]:
    """Return how many files the records hold, and which of them are missing or damaged."""
    files = {name: state for _, one in _records(folder) for name, state in one["files"].items()}
    return len(files), [n for n, state in files.items() if not _same(folder / n, state, True)]


def _records(folder: Path) -> Iterator[tuple[Path, dict]]:
    """Yield each job's record with its file, those aside that cannot be read."""
    for file in sorted((folder / RECORDS).glob("*.json")):
        if record := _load(file):
            yield file, record


def _without_record(folder: Path) -> list[str]:
    """Remove records that cannot be read; list the artefacts that then have none."""
    damaged = [file for file in (folder / RECORDS).glob("*.json") if not _load(file)]
    if not damaged:
        return []
    for file in damaged:
        file.unlink()
    known = {name for _, record in _records(folder) for name in record["files"]}
    rooms = {room for reads in READS.values() for room in reads}
    files = [file for file in folder.rglob("*") if file.is_file()]
    names = {file.relative_to(folder).as_posix() for file in files} - known
    return sorted(name for name in names if _room(name) in rooms and BEGUN not in name)


def _room(name: str) -> str:
    """Return in which folder of a study, or of a variant, an artefact lies."""
    parts = name.split("/")
    return parts[2] if parts[0] == "variants" and len(parts) > 2 else parts[0]


def _load(file: Path) -> dict | None:
    """Read a record; None if it is missing or damaged, or names a file outside of the results."""
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        names = [Path(name) for name in record["files"]]
        sound = all(len(state) == 4 for state in record["files"].values())
        inside = not any(path.is_absolute() or ".." in path.parts for path in names)
        return record if sound and inside and "subject" in record else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _same(path: Path, recorded: list, thorough: bool) -> bool:
    """Return whether a file has the content that was recorded; it is read only if it must be."""
    try:
        if not path.is_file() or (state := state_of(path))[0] != recorded[0]:
            return False
        moved = state != recorded[:-1]
        return not (moved or thorough) or digest_of_files([path]) == recorded[-1]
    except OSError:
        return False


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
