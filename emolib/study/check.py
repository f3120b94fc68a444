"""Checks before anything is computed: a fault that shows here costs nobody an hour."""

from __future__ import annotations

import dataclasses
import json
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from emolib.errors import DataError, InputError, did_you_mean
from emolib.features.extraction import extract_features, notes_on, trial_lengths
from emolib.features.windows import samples_per_window
from emolib.recordings.child import read_apart
from emolib.recordings.eeg_file import assign_roles, open_raw
from emolib.recordings.electrodes import choose_channels
from emolib.recordings.labels import MISSING, check_labels, trial_classes
from emolib.recordings.settings import RecordingSettings
from emolib.recordings.simulated import simulate_subject
from emolib.splits.folds import SESSION, enough_units, group_windows
from emolib.splits.protocols import LEAKING, PROTOCOLS
from emolib.study import stages
from emolib.study.reading import takes_settings
from emolib.study.sources import Sources
from emolib.study.study import Study

FOLDS = (5, 4, 3, 6, 7, 8, 9, 10, 2)  # what is tried where the study's number does not do
WITHIN = {"trial_grouped": "trials", "leave_sessions_out": "sessions"}  # of each subject's own
LEFT_OUT = re.compile(r"trial (\d+) is left out: (.+)", re.DOTALL)  # a note of a reader


@dataclass
class Finding:
    """What `check` finds of one subject, or of the study as a whole.

    Parameters
    ----------
    subject : str or None
        None: it is about the study.
    usable : bool
        Whether a run would use it.
    problem, remedy : str or None
        Why not, and what to do.
    notes : list of str
        What was left out or done, and what a reader should know.
    files : list of str
        What the subject is read from, as seen from the recordings' folder.
    duration_seconds : float or None
        Of the files with signals or, where a data set is cut already, of its trials.
    sfreq : float or None
        Sampling frequency, Hz.
    channels, channels_off_grid : list of str
        Those that are used, and the others of the files.
    trials : int
        How many are used.
    trials_left_out : dict of str to str
        Why others are not, by their number.
    classes : dict of str to dict
        By task and class: how many of the trials.
    """

    subject: str | None
    usable: bool = True
    problem: str | None = None
    remedy: str | None = None
    notes: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    duration_seconds: float | None = None
    sfreq: float | None = None
    channels: list[str] = field(default_factory=list)
    channels_off_grid: list[str] = field(default_factory=list)
    trials: int = 0
    trials_left_out: dict[str, str] = field(default_factory=dict)
    classes: dict[str, dict[str, int]] = field(default_factory=dict)

    def fail(self, error: InputError) -> None:
        """Note why it cannot be used."""
        self.usable = False
        self.problem, self.remedy = f"{error.source}: {error.message}", error.hint


def check_study(study: Study) -> None:
    """Check the tasks and features of a study and of its variants against a recording.

    One of them is enough, the first that has what is asked for: what is wrong with single subjects
    is for their own pages to say.

    Raises
    ------
    SettingsError
        If a task names a rating that the recordings do not have, or a threshold outside it; or if
        features cannot be had from such recordings: no rest to subtract, a band beyond theirs.
    DataError
        If the recordings of all subjects hold classes that a task does not name, or the study has
        settings for a subject who is not there.
    """
    members = [study, *(study.variant(name) for name in study.variants)]
    if study.simulation is not None:  # one trial tells what all will be like
        one, _ = simulate_subject(dataclasses.replace(study.simulation, n_trials=1), 1)
        return _compute_a_trial(one, members)
    check_names(study)
    strange = []
    for subject in study.subjects():
        try:
            recording = stages.recording(study, subject)
        except InputError:
            continue
        try:
            return _compute_a_trial(recording, members)
        except InputError as error:
            strange.append(error)
    if strange:
        raise strange[0]


def check_names(study: Study) -> None:
    """Raise a DataError for settings of a subject whom the data do not have."""
    known = study.reader.subjects(study.recordings_root) if study.recordings.subjects else []
    for subject in study.recordings.subjects:
        if subject not in known:
            where = f"{study.file.name}: recordings.subjects"
            raise DataError(where, f"there is no {subject!r}.", did_you_mean(subject, known))


def fetch(study: Study) -> None:
    """Let a reader that knows where its data are published fetch what is not there."""
    if study.root is None and study.reader.default_root is not None:
        study.reader.default_root(fetch=True, wanted=study.only_subjects)


def findings(
    study: Study, tell: Callable[[str, int, int], None] = lambda *_: None
) -> list[Finding]:
    """Find out of each subject, and of the study, whether a run can use it.

    Every recording is read, and of each a trial is computed, but nothing is written.

    Parameters
    ----------
    study : Study
    tell : callable
        Is told before each subject its name, its number from 0, and how many there are.

    Returns
    -------
    list of Finding
        One a subject, in their order, then those of the study: each fault of its settings, and each
        protocol for which the data do not suffice.
    """
    try:
        fetch(study)
        subjects, sources = study.subjects(), Sources(study)
    except InputError as error:
        return [_of_study(error)]
    whole = []
    try:
        check_names(study)
    except InputError as error:
        whole.append(_of_study(error))
    found, variants = [], [study.variant(name) for name in study.variants]
    tables: dict[str, list[pd.DataFrame]] = {one.name: [] for one in (study, *variants)}
    faults: dict[str, InputError] = {}
    for i, subject in enumerate(subjects):
        tell(subject, i, len(subjects))
        one = Finding(subject, files=sources.names(subject))
        found.append(one)
        try:
            _describe_files(one, study, sources.openable(subject))
            recording = stages.recording(study, subject)
            _describe(one, recording)
            _compute_a_trial(recording, [study])
            sources.check_signals(subject)
            _count(one, recording, study)
            one.notes += notes_on(recording, study.features)
        except InputError as error:
            one.fail(error)
            continue
        tables[study.name].append(_windows(recording, study))
        for variant in variants:
            try:
                _compute_a_trial(recording, [variant])
                tables[variant.name].append(_windows(recording, variant))
            except InputError as error:
                faults.setdefault(variant.name, error)
    sources.save()
    for member in (study, *variants):
        if tables[member.name]:
            whole += map(_of_study, _protocol_needs(member, tables[member.name]))
            _note_few_units(member, tables[member.name], found)
        elif member.name in faults:
            whole.append(_of_study(faults[member.name]))
    return found + whole


def _note_few_units(study: Study, tables: Sequence[pd.DataFrame], found: list[Finding]) -> None:
    """Note of each subject with too few trials or sessions for the folds that it is in none."""
    table = pd.concat(tables, ignore_index=True)
    table = table[stages.fill_a_group(table, study.model.windows)]
    for protocol, units in WITHIN.items():
        enough = enough_units({protocol} & {*study.protocols}, table, study.n_folds)
        few = set(table["subject"][~enough])
        for one in (one for one in found if one.subject in few):
            folds = f"{study.n_folds} folds of {units} ({protocol.replace('_', '-')})"
            one.notes.append(f"in no network: too few {units} for {folds}")


def _protocol_needs(study: Study, tables: Sequence[pd.DataFrame]) -> Iterator[InputError]:
    """Yield why folds cannot be made, of each protocol of which they cannot, and what would do.

    `tables` have one row per window of each usable subject: `subject`, `trial`, `stimulus`,
    `window` and a class column per task.
    """
    table = pd.concat(tables, ignore_index=True)
    table = table[(table[[*study.tasks]] >= 0).any(axis=1)].reset_index(drop=True)
    for protocol in study.protocols:
        error = why_no_folds(study, protocol, table, study.n_folds)
        if error is None:
            continue
        hint = error.hint
        if protocol not in LEAKING:
            able = (n for n in FOLDS if not why_no_folds(study, protocol, table, n))
            if n_folds := next(able, None):
                hint = f"`n_folds: {n_folds}` in the study file would do."
            elif "folds" in hint:
                hint = "More data are needed, for any number of folds; or leave the protocol out."
        yield DataError(error.source, error.message, hint)


def why_no_folds(
    study: Study, protocol: str, table: pd.DataFrame, n_folds: int
) -> InputError | None:
    """Return why a protocol's folds cannot be made of a table of windows; None if they can."""
    try:
        rows = table.iloc[group_windows(table, study.model.windows)[:, 0]]
        if protocol not in LEAKING:  # trials are held out whole, so that one row tells
            rows = rows.drop_duplicates(["subject", "trial"])
        rows = rows[enough_units(study.protocols, rows, n_folds)].reset_index(drop=True)
        tasks = {name: task.classes for name, task in study.tasks.items()}
        list(PROTOCOLS[protocol](rows, n_folds=n_folds, seed=study.seed, tasks=tasks))
    except InputError as error:
        variant = "" if study.parent is None else f"{study.name.rpartition('/')[2]}, "
        problem = f"{error.source}: {error.message}"
        return DataError(f"{variant}{protocol.replace('_', '-')}", problem, error.hint)
    return None


def _of_study(error: InputError) -> Finding:
    """Return the finding of a fault of the study."""
    found = Finding(None)
    found.fail(error)
    return found


def _describe_files(one: Finding, study: Study, paths: Sequence[Path]) -> None:
    """Note what the headers say, where a recording is read as an amplifier wrote it."""
    if takes_settings(study.reader):
        settings = study.recording_settings(one.subject)
        found = headers(paths, settings)
        if found:
            one.duration_seconds = round(sum(seconds for seconds, _, _ in found), 3)
            one.sfreq = found[0][1]
        one.channels_off_grid = list(dict.fromkeys(name for *_, out in found for name in out))


def _describe(one: Finding, recording: xr.Dataset) -> None:
    """Note what a recording holds."""
    one.sfreq = float(recording.attrs["sfreq"])
    if one.duration_seconds is None:
        samples = trial_lengths(recording).sum()
        samples += recording["baseline"][:, 0].size if "baseline" in recording else 0
        one.duration_seconds = round(float(samples / one.sfreq), 3)
    one.channels = recording["channel"].to_numpy().astype(str).tolist()
    one.trials = recording.sizes["trial"]
    for note in map(str, recording.attrs.get("notes", [])):
        if left_out := LEFT_OUT.fullmatch(note):
            one.trials_left_out[left_out[1]] = left_out[2]
        else:
            one.notes.append(note)


def _count(one: Finding, recording: xr.Dataset, study: Study) -> None:
    """Count the classes of each task, and note each task that has one only."""
    classes = trial_classes(recording, study.tasks)
    for name, task in study.tasks.items():
        counts = [int((classes[name] == k).sum()) for k in range(len(task.classes))]
        one.classes[name] = dict(zip(task.classes, counts, strict=True))
        if np.count_nonzero(counts) == 1:
            alone = task.classes[int(np.argmax(counts))]
            one.notes.append(f"{name}: one class only, {alone!r}, in all {sum(counts)} trials")
        elif not sum(counts):
            one.notes.append(f"{name}: no trial has a class")


def _windows(recording: xr.Dataset, study: Study) -> pd.DataFrame:
    """Return the table of a subject's windows without computing them."""
    n_samples = samples_per_window(recording.attrs["sfreq"], study.features.window_seconds)
    n_windows = trial_lengths(recording) // n_samples
    classes = trial_classes(recording, study.tasks).fillna(MISSING).astype(int)
    table = classes.reset_index().assign(
        subject=str(recording.attrs["subject"]), stimulus=recording["stimulus"].to_numpy()
    )
    if SESSION in recording.coords:
        table[SESSION] = recording[SESSION].to_numpy()
    table = table.loc[table.index.repeat(n_windows)]
    return table.assign(window=table.groupby("trial").cumcount()).reset_index(drop=True)


def _compute_a_trial(recording: xr.Dataset, members: Sequence[Study]) -> None:
    """Compute a recording's classes and its first trial, as each of these studies asks."""
    for member in members:
        check_labels(recording, member.tasks)
        extract_features(recording.isel(trial=[0]), member.features)


def print_json(found: Sequence[Finding]) -> None:
    """Print findings as one JSON list."""
    print(json.dumps([dataclasses.asdict(one) for one in found], indent=1))


def print_fault(error: InputError) -> None:
    """Print as a JSON list why a study cannot be read at all."""
    print_json([_of_study(error)])


def headers(
    paths: Sequence[Path], settings: RecordingSettings
) -> list[tuple[float, float, dict[str, str]]]:
    """Return of each file its seconds, its rate (Hz) and why channels are left out, if MNE can."""

    def opened() -> Iterator[tuple[float, float, dict[str, str]]]:
        for path in paths:
            with warnings.catch_warnings(action="ignore"), suppress(Exception):
                raw, _ = open_raw(path)
                drop, sfreq = assign_roles(raw, settings, path).drop, float(raw.info["sfreq"])
                left_out = dict(choose_channels(path, raw, drop).left_out)
                yield raw.n_times / sfreq, sfreq, left_out

    with suppress(InputError):  # whatever is wrong, the reader says so
        return read_apart(lambda: list(opened()), paths)
    return []
