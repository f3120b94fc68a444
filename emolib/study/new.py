"""The command `new`: a study file, and a table of trials, for a folder of recordings."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from emolib.errors import DataError, InputError, SettingsError
from emolib.escaping import plain
from emolib.recordings import READERS, bids
from emolib.recordings.formats import belonging
from emolib.recordings.ratings_table import with_ratings
from emolib.recordings.recording import is_there, wrong_folder
from emolib.recordings.trial_table import (
    NAMES,
    label_columns,
    read_subjects,
    read_table,
    with_types,
)
from emolib.storage import write_text
from emolib.study.classroom import write_cohort
from emolib.study.draft import TABLES, Told, as_csv, draft_trials, look
from emolib.study.sketch import study_text
from emolib.study.study import PROJECT

SIGNALS = (".edf", ".bdf", ".gdf", ".fif", ".fif.gz", ".vhdr", ".set", ".cnt", ".mff", ".xdf")
# The studies of data sets that are known by their files.
PUBLISHED = {
    **{name: f"{name}.yaml" for name in ("deap", "seed", "dreamer", "eegmat")},
    "ds002721": "music.yaml",
}
SHEETS = (".xlsx", ".xls", ".ods")  # of spreadsheets
# Folders that hold no recordings as they were made.
ELSEWHERE = ("derivatives", "sourcedata", "code", "stimuli")


def new(
    name: str,
    recordings: Sequence[str] = (),
    simulated: int | None = None,
    key: Path | None = None,
) -> bool:
    """Write `NAME.yaml`, and `trials.csv` where there is no table, into the current folder.

    With `simulated`, a seed, a folder `NAME` of made-up recordings is written first, and the truth
    of them into the file `key`: see `emolib.study.classroom.write_cohort`.

    Prints what is written, what was assumed and what is still to be filled in. What is there is
    never written over; returns False, and writes nothing, where no recording can be used.

    Raises
    ------
    SettingsError
        If the name is no file's, or taken, or neither recordings nor a seed are given, or both.
    DataError
        If there are no recordings, or no subject of the table can be read.
    """
    file = _free(name)
    if bool(recordings) == (simulated is not None):
        problem = "got both recordings and --simulated." if recordings else "got no recordings."
        raise SettingsError("new", problem, "Give files or a folder, or --simulated SEED.")
    if key is not None and simulated is None:
        raise SettingsError("--key", "goes with --simulated.", "Leave it out.")
    places = [Path(one) for one in recordings]
    if simulated is not None:
        places = [write_cohort(file.stem, simulated, key)]
        print(plain(f"wrote {places[0].parent}/ and {key or 'no key: --key FILE writes it'}"))
    for place in places:
        if not is_there(place):
            raise wrong_folder(place, "recording", "a.edf", "Give a folder or files that exist.")
    told = Told()
    table, others = _tables(places)
    if table is not None:
        files = {file: _of_table(file.stem, table, told)}
    elif len(places) == 1 and (text := _published(places[0], told) or _bids(file, places[0], told)):
        files = {file: text}
    else:
        files = _of_signals(file, places, others, told)
    if not files:
        return False
    for path, text in files.items():
        write_text(path, text)
        print(plain(f"wrote {path.name}"))
    for heading, lines in (("assumed", told.assumed), ("still to do", told.missing)):
        if lines:
            print(f"{heading}:", *(f"- {plain(line)}" for line in lines), sep="\n")
    print(plain(f"next: python -m emolib check {shlex.quote(file.name)}"))
    return True


def _free(name: str) -> Path:
    """Return the study file to write; a SettingsError if the name cannot be used."""
    stem = re.sub(r"\.ya?ml$", "", name)
    if not re.fullmatch(r"[\w-][\w .-]*", stem):
        hint = "Use letters, digits, '_', '-', '.' and blanks: the results have a folder of it."
        raise SettingsError("NAME", f"got {name!r}.", hint)
    if (PROJECT / "studies" / f"{stem}.yaml").exists():
        problem = f"{stem!r} is a study of this project, whose results have that name."
        raise SettingsError("NAME", problem, "Choose another.")
    for file in (Path(f"{stem}.yaml"), Path(f"{stem}.yml")):
        if file.exists():
            raise SettingsError(file, "is there already.", "Choose another name, or remove it.")
    return Path(f"{stem}.yaml")


def _published(folder: Path, told: Told) -> str:
    """Return the study of a data set that a folder holds as it was published; "" if it does not."""
    there = [name for name in PUBLISHED if name in READERS and folder.is_dir()]
    for name in there:
        try:
            n_subjects = len(READERS[name].subjects(folder))
        except (InputError, OSError):
            continue
        told.assumed.append(f"the folder holds {name}, as it is published")
        text = (PROJECT / "studies" / PUBLISHED[name]).read_text(encoding="utf-8")
        text = re.sub(r"(?m)^((#.*\n)*root|subjects):.*\n( +.*\n)*", "", text)
        text = re.sub(
            r"(?<=\nn_folds: )\d+", lambda n, most=n_subjects: f"{min(int(n[0]), most)}", text
        )
        root = json.dumps(_from_here(folder), ensure_ascii=False)
        return text.replace(f"dataset: {name}\n", f"dataset: {name}\nroot: {root}\n")
    return ""


def _bids(file: Path, folder: Path, told: Told) -> str:
    """Return the study of a BIDS tree; "" if there is none, or its events do not say enough."""
    if not (folder / "dataset_description.json").is_file():
        return ""
    found, faults = _each(bids.subjects(folder), lambda who: bids.trials(folder, who))
    if not found:
        told.assumed.append(f"the dataset is no `bids`, but `files`, since {faults[0]}")
        return ""
    told.missing += faults
    rows = pd.concat(found)
    rows = rows.drop(columns="value", errors="ignore") if "trial_type" in rows else rows
    return _of_rows(file.stem, "bids", folder, rows, told)


def _tables(places: Sequence[Path]) -> tuple[Path | None, dict[Path, DataError]]:
    """Find a table of trials among files and in folders; return also why others are none."""
    inside = [path for one in places if one.is_dir() for path in sorted(one.iterdir())]
    found = [path for path in (*places, *inside) if path.suffix.lower() in TABLES]
    others = {}
    for path in sorted(found, key=lambda path: path.name not in NAMES):
        try:
            read_subjects(path)
            return path, {}
        except DataError as error:
            if path.name in NAMES or all(one in found for one in places):
                raise
            others[path] = error
    return None, others


def _of_table(title: str, table: Path, told: Told) -> str:
    """Return the study of a table of trials, with the rates that its files have."""
    found, faults = _each(read_subjects(table), lambda who: read_table(table, who))
    if not found:
        raise DataError(table, "holds no subject who can be read:", " ".join(faults))
    told.missing += faults
    place = table.parent if table.name in NAMES else table
    return _of_rows(title, "files", place, pd.concat(found), told)


def _of_rows(title: str, dataset: str, root: Path, rows: pd.DataFrame, told: Told) -> str:
    """Return the study of the rows of a table of trials, with the rates that their files have."""
    looks, faults = _each([Path(file) for file in rows["file"].unique()], look)
    told.missing += faults
    return study_text(title, dataset, _from_here(root), rows, [one.sfreq for one in looks], told)


def _of_signals(
    file: Path, places: Sequence[Path], others: Mapping[Path, DataError], told: Told
) -> dict[Path, str]:
    """Return a table of trials and the study of it; nothing if no recording can be used."""
    looks, faults = _each(_signals([one for one in places if one not in others]), look)
    if not looks:
        print("nothing is written, since no recording can be used:")
        print(*(f"- {plain(fault)}" for fault in faults), sep="\n")
        return {}
    table = Path("trials.csv")
    table = Path(f"{file.stem}_trials.csv") if table.exists() else table
    if table.exists():
        raise SettingsError(table, "is there already.", "Choose another name, or remove it.")
    draft = draft_trials(looks, Path(), told)
    for path, error in others.items():
        try:
            draft = _joined(draft, path)
            told.assumed.append(f"{path.name}: joined by subject and trial")
        except DataError as why:
            told.assumed.append(f"{path.name}: no table of trials, since it {error.message}")
            told.assumed[-1] += f" No table of ratings, since it {why.message}"
    inside = [path for one in places if one.is_dir() for path in sorted(one.iterdir())]
    sheets = [path.name for path in (*places, *inside) if path.suffix.lower() in SHEETS]
    told.missing += [f"{name} is not read: save it as CSV, and begin anew" for name in sheets]
    rows = with_types(draft, label_columns(draft))
    told.missing += [f"left out of {table}: {fault}" for fault in faults]
    root = "." if table.name in NAMES else table.name
    study = study_text(file.stem, "files", root, rows, [one.sfreq for one in looks], told)
    return {table: as_csv(draft), file: study}


def _joined(draft: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return a table of trials with the columns of a table of ratings."""
    labels = [name for name in label_columns(draft) if draft[name].notna().any()]
    bare = draft.drop(columns=[*{*label_columns(draft)} - {*labels}])
    own = [
        with_ratings(of, path, who, labels)[0] for who, of in bare.groupby("subject", sort=False)
    ]
    return pd.concat(own, ignore_index=True)


def _each(of: Sequence[Any], read: Callable[[Any], Any]) -> tuple[list[Any], list[str]]:
    """Read each subject, or file; return also why some cannot be."""
    found, faults = [], []
    for one in of:
        try:
            found.append(read(one))
        except InputError as error:
            faults.append(str(error))
    return found, list(dict.fromkeys(faults))


def _signals(places: Sequence[Path]) -> list[Path]:
    """List the files of signals in folders, at any depth, without parts of others."""
    found: list[Path] = []
    for place in places:
        inside = sorted(place.rglob("*")) if place.is_dir() and not _is_signal(place) else [place]
        for path in inside:
            above = path.relative_to(place).parts[:-1]
            hidden = any(name.startswith(".") for name in (*above, path.name))
            parted = any(name in ELSEWHERE or name.endswith(".mff") for name in above)
            if _is_signal(path) and not hidden and not parted:
                found.append(path)
    if not found:
        hint = "EDF, BDF, FIF, BrainVision and EEGLAB are read, and what else MNE-Python opens."
        raise wrong_folder(places[0], "recording or table of trials", "anna.edf", hint)
    parts = {part for path in found if ".fif" in path.name.lower() for part in belonging(path)}
    return [path for path in dict.fromkeys(found) if path not in parts]


def _is_signal(path: Path) -> bool:
    """Return whether a file's ending is one of a format of signals."""
    return path.name.lower().endswith(SIGNALS)


def _from_here(path: Path) -> str:
    """Return a path as seen from the current folder; one that begins with ~ is no home."""
    seen = Path(os.path.relpath(path)).as_posix()
    return f"./{seen}" if seen.startswith("~") else seen
