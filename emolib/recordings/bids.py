"""BIDS: data sets whose folders and tables follow the Brain Imaging Data Structure.

Pernet CR, Appelhoff S, Gorgolewski KJ, et al. EEG-BIDS, an extension to the brain imaging data
structure for electroencephalography. Scientific Data 6:103, 2019.

::

    participants.tsv
    sub-01/ses-1/eeg/sub-01_ses-1_task-film_run-1_eeg.edf
                     sub-01_ses-1_task-film_run-1_events.tsv    a row an event: onset, duration, ...
                     sub-01_ses-1_task-film_run-1_channels.tsv  a row a channel: name, type, status

An event is a trial, or one of those whose `trial_type` the settings name. Every column of its row,
and of the settings' table of ratings, may be what it is classified by; `stimulus`, else
`stim_file`, names what was presented. Sessions and runs follow each other in the order of their
numbers, and a subject's trials are numbered through all of them. Whatever is read from a file of
signals is read as `files` does. MNE-BIDS finds the files.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from emolib.errors import DataError, did_you_mean
from emolib.recordings import files
from emolib.recordings.formats import belonging, described_by
from emolib.recordings.ratings_table import with_ratings
from emolib.recordings.recording import (
    STANDARD_MEMORY_MB,
    check_subject,
    damaged,
    refuse_dangling,
    some,
    with_notes,
    wrong_folder,
)
from emolib.recordings.settings import DEFAULT, RecordingSettings
from emolib.recordings.trial_table import (
    by_number,
    check_numbers,
    read_cells,
    sort_subjects,
    to_numbers,
    with_types,
)

if TYPE_CHECKING:
    from mne_bids import BIDSPath

RANDOMISED_ORDER = False
MEMORY_MB = STANDARD_MEMORY_MB
default_root = None

SIGNALS = (".edf", ".bdf", ".vhdr", ".set", ".fif", ".gdf", ".cnt")
ORDER = ("session", "task", "run")  # of a subject's recordings
NO_LABELS = ("onset", "duration", "sample", "channel", "HED", "stim_file", "task", "run")
PARTICIPANTS = "participants.tsv"
KINDS = ("trial_type", "value")  # columns that say what an event is, in this order
KNOWN = ("onset", "duration", *KINDS)

_EXPECTED = "sub-01/eeg/sub-01_task-film_eeg.edf"
_GIVE_ROOT = "Give the folder that holds dataset_description.json and the folders sub-..."
_NO_EVENTS = (
    "Write it beside the recording, with the columns onset and duration, in seconds; or say which "
    "recordings have trials: `recordings: {task: ...}`."
)


def subjects(root: str | Path) -> list[str]:
    """List the subjects who have a folder with EEG, in numeric order."""
    folders = [path for way in ("sub-*/eeg", "sub-*/ses-*/eeg") for path in Path(root).glob(way)]
    depth = len(Path(root).parts)
    if not folders:
        raise wrong_folder(root, "BIDS subject with EEG", _EXPECTED, _GIVE_ROOT)
    return sort_subjects({path.parts[depth] for path in folders if path.is_dir()})


def sources(root: str | Path, subject: str, *, settings: RecordingSettings = DEFAULT) -> list[Path]:
    """Return the files that hold a subject: signals, what belongs to them, events, and ratings."""
    signals = [Path(path.fpath) for path in _recordings(root, subject, settings)]
    events = [table for path in signals if (table := described_by(path, "events")).is_file()]
    beside = [part for path in signals for part in belonging(path)]
    rated = [_ratings(root, subject, settings)] if settings.ratings_table else []
    return list(dict.fromkeys([*events, *rated, *signals, *beside]))


def read(root: str | Path, subject: str, *, settings: RecordingSettings = DEFAULT) -> xr.Dataset:
    """Read one subject: see `trials` and `files.cut_trials`."""
    table = trials(root, subject, settings)
    events = dict.fromkeys(str(described_by(Path(file), "events")) for file in table["file"])
    where = ", ".join(events)
    recording = files.cut_trials(table, where=where, dataset="bids", settings=settings)
    notes = []
    if missing := sorted({*_participants(Path(root))} - {*subjects(root)}):
        notes.append(f"{PARTICIPANTS} names others of whom there is no EEG: {some(missing)}")
    kinds = {*table.get("trial_type", settings.conditions)}
    if missing := [name for name in settings.conditions if name not in kinds]:
        notes.append(f"no event of the conditions {', '.join(missing)}")
    return with_notes(recording, *notes)


def trials(root: str | Path, subject: str, settings: RecordingSettings = DEFAULT) -> pd.DataFrame:
    """List a subject's trials, as `trial_table.read_table` does.

    A DataError if a recording has no table of events, an event no onset or length, if none is a
    trial, or if the table of ratings does not fit.
    """
    recordings = _recordings(root, subject, settings)
    tables = [_events(path, settings) for path in recordings]
    table = pd.concat(tables, ignore_index=True).assign(subject=subject)
    if table.empty:
        named = f" of the conditions {', '.join(settings.conditions)}" * bool(settings.conditions)
        hint = "Write one row per trial into its tables of events."
        if settings.conditions:
            hint = did_you_mean(settings.conditions[0], _all_kinds(recordings))
        raise DataError(Path(root) / subject, f"has no event{named}.", hint)
    table["trial"] = range(1, len(table) + 1)
    stimuli = [name for name in ("stimulus", "stim_file") if name in table]
    table = table.rename(columns=dict.fromkeys(stimuli[:1], "stimulus"))
    labels = [name for name in table if name not in (*_ABOUT, *NO_LABELS)]
    if settings.ratings_table:
        path = _ratings(root, subject, settings)
        table, added = with_ratings(table, path, subject, labels, by=settings.ratings_by)
        labels += added
    if not labels:
        problem = "no event has a rating or a class: there are no columns but onset and duration."
        hint = "Add a column, or name a table of ratings: `recordings: {ratings_table: FILE}`."
        raise DataError(root, f"{subject}: {problem}", hint)
    kept = [name for name in _ABOUT if name in table and table[name].notna().any()]
    return with_types(table[[*kept, *labels]], labels)


_ABOUT = (
    *("subject", "session", "file", "trial", "onset_seconds", "duration_seconds"),
    *("baseline_seconds", "stimulus"),
)


def _ratings(root: str | Path, subject: str, settings: RecordingSettings) -> Path:
    """Return where the table with a subject's ratings lies."""
    return Path(root) / settings.ratings_table.replace("{subject}", subject)


def _recordings(root: str | Path, subject: str, settings: RecordingSettings) -> list[BIDSPath]:
    """List a subject's recordings in the order of `ORDER`, those of the settings' task."""
    from mne_bids import find_matching_paths  # here, not above: others need not wait for it

    if not (Path(root) / subject).is_dir():
        check_subject(root, subject, subjects(root))
    hint = "Name the subject's files as BIDS does, such as sub-01_ses-1_task-film_run-1_eeg.edf."
    with damaged(Path(root) / subject, "MNE-BIDS cannot list its files", hint):
        found = find_matching_paths(
            root,
            subjects=subject.removeprefix("sub-"),
            suffixes="eeg",
            datatypes="eeg",
            ignore_nosub=True,
            ignore_json=True,
        )
    found = [path for path in found if path.extension.lower() in SIGNALS]
    # MNE-BIDS passes over links that lead nowhere, and with them over runs.
    refuse_dangling(*sorted((Path(root) / subject).glob(f"**/*task-{settings.task or ''}*_eeg.*")))
    if not found:
        problem = f"holds no recording that ends in {', '.join(SIGNALS)}."
        raise DataError(Path(root) / subject, problem, hint)
    tasks = sort_subjects({path.task or "" for path in found})
    if settings.task is not None and settings.task not in tasks:
        problem = f"has no recording of the task {settings.task!r}."
        raise DataError(Path(root) / subject, problem, did_you_mean(settings.task, tasks))
    found = [path for path in found if settings.task in (None, path.task)]
    stems = [Path(path.fpath).with_suffix("") for path in found]
    if twice := [stem.name for stem in stems if stems.count(stem) > 1]:
        problem = f"{twice[0]} is there in several formats."
        raise DataError(Path(root) / subject, problem, "Leave one: no second counts twice.")
    found.sort(key=lambda path: path.basename)
    return sorted(found, key=lambda path: [by_number(getattr(path, name) or "") for name in ORDER])


def _events(path: BIDSPath, settings: RecordingSettings) -> pd.DataFrame:
    """Read the trials of one recording from its table of events; columns are texts or seconds."""
    file = Path(path.fpath)
    where = described_by(file, "events")
    if not where.is_file():
        raise DataError(file, f"has no table of events, {where.name}.", _NO_EVENTS)
    table = read_cells(where, KNOWN)
    for name in ("onset", "duration"):
        if name not in table:
            found = ", ".join(map(repr, table.columns))
            raise DataError(where, f"has no column {name!r}, only {found}.", "Add it, in seconds.")
    if settings.conditions:
        kind = next((name for name in KINDS if name in table), None)
        if kind is None:
            hint = "Add it, or take `conditions` out of the study."
            raise DataError(where, "has no column 'trial_type'.", hint)
        table = table[table[kind].isin(settings.conditions)]
    if table.empty:
        return table
    per_second = settings.onset_sfreq or 1.0
    seconds = {name: to_numbers(where, table[name]) / per_second for name in ("onset", "duration")}
    length = seconds["duration"] if settings.epochs_tmax is None else settings.epochs_tmax
    if (blank := seconds["onset"].isna()).any():
        problem = f"line {table.index[blank][0]}: the event has no onset."
        raise DataError(where, problem, "Fill it in, or say by `conditions` which are trials.")
    table = table.drop(columns=["onset", "duration"]).assign(
        file=str(file), onset_seconds=seconds["onset"], duration_seconds=length
    )
    if settings.epochs_tmin:
        table["baseline_seconds"] = -settings.epochs_tmin
    if (none := ~(table["duration_seconds"] > 0)).any():
        kinds = table[none].get("trial_type", pd.Series(dtype=str)).dropna().unique().tolist()
        what = f" ({some(kinds)})" if kinds else ""
        problem = f"line {table.index[none][0]}: the event has no duration{what}."
        hint = "Give trials their length, `recordings: {epochs_tmax: 60}`, or say by their "
        hint += "`trial_type` which events are trials, `conditions`."
        raise DataError(where, problem, hint)
    table = table.sort_values("onset_seconds", kind="stable")
    check_numbers(where, table.assign(trial=range(1, len(table) + 1)))
    return table.assign(session=path.session, task=path.task, run=path.run)


def _all_kinds(recordings: list[BIDSPath]) -> list[str]:
    """List what the events of recordings are called."""
    tables = [read_cells(described_by(Path(path.fpath), "events"), KNOWN) for path in recordings]
    columns = [table[name] for table in tables for name in KINDS if name in table]
    return sort_subjects({kind for column in columns for kind in column.dropna()})


def _participants(root: Path) -> list[str]:
    """List the subjects whom the table of participants names; none if it cannot be read."""
    try:
        cells = read_cells(root / PARTICIPANTS, ("participant_id",))
        return cells["participant_id"].dropna().tolist()
    except (DataError, OSError, KeyError):
        return []
