"""Recordings that a study may not have seen yet: found, read without labels, and compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from emolib.errors import DataError, InputError
from emolib.recordings import files
from emolib.recordings.child import read_apart
from emolib.recordings.formats import belonging
from emolib.recordings.recording import is_there, wrong_folder
from emolib.recordings.settings import RecordingSettings
from emolib.recordings.trial_table import (
    NAMES,
    label_columns,
    read_subjects,
    read_table,
    refuse_shared,
    subject_of,
    table_path,
)
from emolib.recordings.validation import ALIKE
from emolib.study.draft import NO_TRIAL, TABLES, look
from emolib.study.reading import read, sources_of
from emolib.study.sources import Sources
from emolib.study.study import Study

Prepared = tuple[list[Path], Callable[[], xr.Dataset]]  # files, and what reads them
Found = tuple[str, Callable[[], Prepared]]


def find_recordings(study: Study, path: Path) -> list[Found]:
    """List the recordings of a path: the name of each, and what says its files and reads it.

    A table of trials, or the folder that holds it as `trials.csv`; else what the reader of the
    study's data set finds; else a file of signals, each stretch of which is a trial that no mark
    forbids. Labels are not needed. What is wrong with one is raised when it is asked for.

    Raises
    ------
    DataError
        If there is nothing at the path, or its table is none.
    """
    if not is_there(path):
        raise wrong_folder(path, "recording", "a.edf", "Give files or folders that exist.")
    settings = study.recordings.of("", study.file)
    name = Path(*path.parts[-2:]).as_posix()
    if path.suffix.lower() in TABLES or any((path / name).is_file() for name in NAMES):
        table = table_path(path)
        subjects = read_subjects(table, labelled=False)
        return [(name, partial(_of_table, table, one, settings)) for one in subjects]
    if study.dataset != "files" and (known := _of_reader(study, path, settings)):
        root = path if path.is_dir() else path.parent
        return [
            (
                name,
                lambda own=own, one=one: (own, partial(read, study.reader, root, one, settings)),
            )
            for one, own in known.items()
        ]
    return [(name, lambda: _cut(_whole(path, study, settings), path, settings))]


def _of_table(table: Path, subject: str, settings: RecordingSettings) -> Prepared:
    """Return the files of one subject of a table of trials, and what reads them."""
    rows = read_table(table, subject, labelled=False)
    refuse_shared(table, subject)
    return _cut(rows, table, settings)


def check_unseen(study: Study, known: Sources, paths: Sequence[Path]) -> None:
    """Raise a DataError at a file with the signals of a subject on whom networks were trained."""
    for file in (path for path in paths if path.is_file() and path.suffix not in TABLES):
        if owner := known.owner(file):
            problem = f"is a recording of {owner} in the study {study.name!r}, not a new one."
            hint = "Its networks know it: what they say of it when held out is on the pages."
            raise DataError(file, problem, hint)


def check_no_copy(
    study: Study, known: Mapping[str, np.ndarray], features: xr.Dataset, where: str
) -> None:
    """Raise a DataError at features of a subject on whom networks were trained.

    Only a conversion of that recording, into another format for instance, has the same in all
    channels. The first window of each trial is compared; `known` has those of the subjects.
    """
    given = first_windows(features)
    for owner, own in known.items():
        if own.shape[1:] == given.shape[1:]:
            alike = (np.isclose(one, given, ALIKE, ALIKE).all(axis=1).any() for one in own)
            if any(alike):
                problem = f"holds trials of {owner} in the study {study.name!r}, though its file is"
                hint = "What the networks say of it when it is held out is on the study's pages."
                raise DataError(where, f"{problem} another: it is not a new recording.", hint)


def first_windows(features: xr.Dataset) -> np.ndarray:
    """Return the features of each trial's first window: (trial, feature), by channels' names."""
    first = features["feature"][features["i_window_in_trial"].to_numpy() == 0].sortby("channel")
    return first.to_numpy().reshape(len(first), -1)


def _of_reader(study: Study, path: Path, settings: RecordingSettings) -> dict[str, list[Path]]:
    """Return the subjects of the study's data set that a folder, or a file's, holds, and files."""
    root = path if path.is_dir() else path.parent
    try:
        names = study.reader.subjects(root)
    except InputError:
        return {}
    own = {name: sources_of(study.reader, root, name, settings) for name in names}
    return {name: of for name, of in own.items() if path.is_dir() or path in of}


def _cut(rows: pd.DataFrame, where: Path, settings: RecordingSettings) -> Prepared:
    """Return the files of trials in files of signals, and what reads them, labelled or not."""
    paths = [Path(file) for file in rows["file"].unique()]
    rows = rows.drop(columns=[name for name in label_columns(rows) if rows[name].isna().all()])
    if not label_columns(rows):
        rows = rows.assign(recording=where.stem)
    cut = partial(files.cut_trials, rows, where=where, dataset="files", settings=settings)
    paths += [part for path in paths for part in belonging(path)]
    return paths, partial(read_apart, cut, paths)


def _whole(path: Path, study: Study, settings: RecordingSettings) -> pd.DataFrame:
    """Return a table in which a trial is what lies between two marks that forbid to compute."""
    if study.features.needs_rest:
        problem = "is a file without trials, and the study subtracts the rest before each trial."
        hint = "Give a table of trials with the column 'baseline_seconds'."
        raise DataError(path, problem, hint)
    held = look(path, settings.without_preprocessing())
    sfreq = settings.raw_resample_sfreq or held.sfreq
    bad = held.marks[held.marks["condition"].astype(str).str.match(NO_TRIAL)]
    bad = bad if settings.annotations == "omit" else bad.iloc[:0]
    starts = np.ceil([0.0, *(bad["onset_seconds"] + bad["duration_seconds"]) * sfreq])
    stops = np.floor([*bad["onset_seconds"] * sfreq, held.live * sfreq])
    starts = np.maximum.accumulate(starts)
    onset, length = starts / sfreq, (stops - starts) / sfreq
    kept = length >= study.features.window_seconds
    if not kept.any():
        problem = f"has no {study.features.window_seconds:g} s that are not marked as bad."
        raise DataError(path, problem, "Give a longer recording, or a table of trials.")
    table = {"onset_seconds": onset[kept], "duration_seconds": length[kept]}
    trials = np.arange(1, kept.sum() + 1)
    return pd.DataFrame(
        {**table, "trial": trials, "subject": subject_of(path.stem), "file": str(path)}
    )
