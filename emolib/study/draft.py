"""The trials that recordings tell of: a draft of a table of trials, and what it assumes."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from emolib.errors import DataError
from emolib.escaping import plain
from emolib.recordings.bids import KINDS
from emolib.recordings.child import read_apart
from emolib.recordings.eeg_file import header_units, open_eeg, open_raw, read_microvolts
from emolib.recordings.formats import belonging, described_by
from emolib.recordings.recording import some
from emolib.recordings.settings import DEFAULT, RecordingSettings
from emolib.recordings.trial_table import label_columns, read_cells, to_numbers
from emolib.recordings.validation import FLAT_SECONDS

TABLES = (".csv", ".tsv")  # endings of tables of trials, or of ratings
NO_TRIAL = re.compile(r"(edge |comment/)?(bad|boundary|new segment)|\[", re.IGNORECASE)
MOMENT_SAMPLES = 1.5  # BrainVision gives a moment the length of a sample
MARK_SECONDS = 1.0  # to the next mark, at least, of one without a duration that begins a trial
RECURRING = 5  # times in a file, beside which what is marked once begins no trial
TAIL_SECONDS = 20.0  # in which a writer has filled up its last block
MOST_CLASSES = 8  # of a task; more words are names of stimuli, or remarks
OF_EVENTS = ("sample", "value", "response_time", "HED")  # columns of BIDS that no task is about


@dataclass
class Told:
    """What a sketch assumes, and what it lacks."""

    assumed: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Look:
    """What a file of signals holds.

    Attributes
    ----------
    path : Path
    seconds, live, sfreq : float
        Its length, without what it is filled up with at its end (s), and its rate (Hz).
    channels : list of str
        Those on the grid.
    notes, units, triggers : list of str
        What the reader notes, the units that the header names, and the channels of triggers.
    marks : DataFrame
        A row an annotation, or an event of the `_events.tsv` beside the file: `onset_seconds` from
        its beginning, `duration_seconds`, `condition` (its text), further columns of the events.
    """

    path: Path
    seconds: float
    live: float
    sfreq: float
    channels: list[str]
    notes: list[str]
    units: list[str]
    triggers: list[str]
    marks: pd.DataFrame


def look(path: Path, settings: RecordingSettings = DEFAULT) -> Look:
    """Open a file of signals; a DataError says why it cannot be used."""
    facts = read_apart(lambda: _facts(path, settings), [path, *belonging(path)])
    marks = _events(path)
    if marks is None:
        names = ["onset_seconds", "duration_seconds", "condition"]
        marks = pd.DataFrame(facts["marks"], columns=names)
    lasts = marks["duration_seconds"] > MOMENT_SAMPLES / facts["sfreq"]
    marks = marks.assign(duration_seconds=marks["duration_seconds"].where(lasts, 0.0))
    return Look(path, **{**facts, "marks": marks})


def _facts(path: Path, settings: RecordingSettings) -> dict[str, Any]:
    """Return what the header and the annotations of a file say."""
    raw, channels, notes = open_eeg(path, settings)
    sfreq = float(raw.info["sfreq"])
    marks = [
        (float(mark["onset"]) - raw.first_time, float(mark["duration"]), str(mark["description"]))
        for mark in raw.annotations
    ]
    whole = raw if marks else open_raw(path)[0]  # `open_eeg` passes over what is no EEG
    kinds = zip(whole.ch_names, whole.get_channel_types(), strict=True)
    triggers = [name for name, kind in kinds if kind == "stim"]
    units = sorted(set(header_units(raw, channels).values()))
    first = max(0, raw.n_times - int(TAIL_SECONDS * sfreq))
    last = read_microvolts(raw, [*channels.values()], first, raw.n_times)
    live = (first + _filled_from(last, int(FLAT_SECONDS * sfreq))) / sfreq
    return {
        "seconds": raw.n_times / sfreq,
        "live": np.floor(live * 1000) / 1000,
        "sfreq": sfreq,
        "channels": list(channels),
        "notes": notes,
        "units": units,
        "triggers": triggers,
        "marks": marks,
    }


def _filled_from(signals: np.ndarray, hold: int) -> int:
    """Return the sample from which on a block was filled up: no channel moves, but for jumps."""
    moves = np.flatnonzero((np.diff(signals) != 0).any(axis=0)) + 1
    held = np.diff([*moves, signals.shape[1]]) >= hold
    filled = np.flatnonzero(held & (np.arange(len(moves), 0, -1) < hold))
    return int(moves[filled[0]] + 1) if len(filled) else signals.shape[1]


def _events(path: Path) -> pd.DataFrame | None:
    """Read the table of events that BIDS puts beside a file; None if there is none."""
    file = described_by(path, "events")
    if not file.is_file():
        return None
    table = read_cells(file, ("onset", "duration", *KINDS))
    if lacking := [name for name in ("onset", "duration") if name not in table]:
        problem, hint = f"is no table of events: it has no column {lacking[0]!r}.", "Correct it;"
        hint += " or take it away, and the annotations in the signals count."
        raise DataError(file, problem, hint)
    seconds = table[["onset", "duration"]].apply(lambda cells: to_numbers(file, cells))
    if (blank := seconds["onset"].isna()).any():
        problem = f"line {table.index[blank][0]}: the event has no onset."
        raise DataError(file, problem, "Fill it in, or take the line out.")
    seconds = seconds.fillna(0.0)
    word = next((name for name in KINDS if name in table), None)
    known = seconds.set_axis(["onset_seconds", "duration_seconds"], axis=1)
    known["condition"] = table[word].fillna("") if word else "event"
    others = table.drop(columns=["onset", "duration", *OF_EVENTS, word], errors="ignore")
    return known.join(others.rename(columns={"stim_file": "stimulus"}))


def name_files(paths: Sequence[Path]) -> list[tuple[str, str]]:
    """Name the subject of each file, and the condition in it, "" where its name says none.

    A subject is what stands behind "sub-", else a file's folder, else its name. Where the same
    words come with several others, as in `anna_rest`, `anna_film`, `ben_rest`, `ben_film`, the more
    numerous are people, the others conditions, or runs if they are numbers. When in doubt, files
    are of one person: two people taken for one make a score worse, one taken for two makes it
    better than it is.

    Examples
    --------
    >>> name_files([Path("a/sub-01_task-rest_eeg.edf"), Path("a/sub-01_task-film_eeg.edf")])
    [('01', 'rest'), ('01', 'film')]
    >>> people = ("P1", "P2", "P3")
    >>> name_files([Path(f"x/{one}/{two}.edf") for one in ("rest", "film") for two in people])[:2]
    [('P1', 'rest'), ('P2', 'rest')]
    >>> name_files([Path("x/P1_1.edf"), Path("x/P1_2.edf"), Path("x/P2_1.edf")])
    [('P1', ''), ('P1', ''), ('P2', '')]
    >>> name_files([Path("x/day_1.edf"), Path("x/day_2.edf")])
    [('day_1', ''), ('day_2', '')]
    """
    paths = [Path(unicodedata.normalize("NFC", str(path))) for path in paths]
    named = [re.search(r"(?:^|[/_])sub-([^/_]+)", path.as_posix()) for path in paths]
    if all(named):
        tasks = [re.search(r"_task-([^_/]+)", path.as_posix()) for path in paths]
        several = len({task and task[1] for task in tasks}) > 1
        pairs = zip(named, tasks, strict=True)
        return [(name[1], task[1] if task and several else "") for name, task in pairs if name]
    place = Path(os.path.commonpath([path.parent for path in paths]))
    stems = [re.sub(r"_(eeg|raw)$", "", path.name.partition(".")[0]) for path in paths]
    pairs = []
    for path, stem in zip(paths, stems, strict=True):
        above, split = path.relative_to(place).parts[:-1], re.fullmatch(r"(.+?)[ _-]+(\w+)", stem)
        bare = stem.removeprefix(above[0]).strip(" _-") if above else ""
        pairs.append((above[0], bare) if above else split.groups() if split else (stem, ""))
    heads, tails = (sorted(set(column)) for column in zip(*pairs, strict=True))
    shared = [len({head for head, own in pairs if own == tail}) > 1 for tail in tails]
    numbers = all(re.fullmatch(r"\d{0,2}", tail) for tail in tails)
    if all(shared) and len(tails) > 1 and not numbers:
        swap = len(tails) > len(heads)
        if min(len(heads), len(tails)) <= MOST_CLASSES:
            return [(tail, head) if swap else (head, tail) for head, tail in pairs]
    nested = any(path.parent != place for path in paths)
    whole = (
        stems if not nested and (not numbers or len(heads) == 1) else [head for head, _ in pairs]
    )
    return [(name, "") for name in whole]


def draft_trials(looks: Sequence[Look], folder: Path, told: Told) -> pd.DataFrame:
    """Make a table of trials of what files hold, their names as seen from a folder.

    A trial is what an annotation or an event marks; a file that has none is one trial. Where marks
    are of one kind, or nobody has one of them twice, `condition` is left to be filled in.
    """
    spelled: dict[str, str] = {}  # 1 and 01 are one
    marks = pd.concat(
        _marks(one, spelled.setdefault(who.casefold().lstrip("0"), who), condition)
        for one, (who, condition) in zip(
            looks, name_files([one.path for one in looks]), strict=True
        )
    )
    marks = marks.sort_values(["subject", "path", "onset_seconds"], ignore_index=True)
    after = {one.path.name: (one.marks["onset_seconds"] > one.seconds).sum() for one in looks}
    if late := [f"{n} in {name}" for name, n in after.items() if n]:
        told.missing.append(
            f"marks after the end of their file were left out, {some(late)}: onsets must be "
            "seconds, no samples or milliseconds"
        )
    if mute := [
        f"{name} of {one.path.name}" for one in looks if one.marks.empty for name in one.triggers
    ]:
        told.missing.append(
            f"channels of triggers are not read, {some(mute)}: make annotations of them, in MNE "
            "`raw.set_annotations(mne.annotations_from_events(mne.find_events(raw), "
            "raw.info['sfreq'], first_samp=raw.first_samp))`, and save it as FIF"
        )
    files = marks.groupby("subject", sort=False)["path"].unique()
    whose = [f"{who} ({some([Path(p).name for p in own])})" for who, own in files.items()]
    told.assumed.append(f"subjects and their files: {some(whose)}")
    if filled := [
        f"{one.path.name} {one.live:g} s" for one in looks if one.seconds - one.live > 0.1
    ]:
        told.assumed.append(f"no signal, but filling up, from: {some(filled)}")
    marks = _lasting(_apart(_chosen(marks, told), told), told)
    kinds, others = marks["condition"].dropna(), label_columns(_known(marks))
    often = marks.groupby(["subject", "condition"]).size().max() if len(kinds) else 0
    if kinds.nunique() > 2 and often == 1 and "stimulus" not in marks:
        told.assumed.append("the annotations name stimuli, since nobody has one of them twice")
        marks = marks.assign(stimulus=marks["condition"], condition=np.nan)
    elif len(kinds.unique()) == 1:
        told.assumed.append(f"all marks are {kinds.iloc[0]!r}: they tell no classes apart")
        marks = marks.assign(condition=np.nan)
    if len(others) > 1 and marks["condition"].isna().all():
        marks = marks.drop(columns="condition")  # the events have ratings, or classes
    if "session" in marks:
        told.assumed.append("sessions are named by `ses-`; leave_sessions_out can hold them out")
    marks["trial"] = marks.groupby("subject").cumcount() + 1
    marks["file"] = [Path(os.path.relpath(path, folder)).as_posix() for path in marks["path"]]
    return _known(marks)


def _marks(one: Look, subject: str, condition: str) -> pd.DataFrame:
    """Return a file's marks of trials; the whole of it, of a condition, where there are none."""
    texts = [plain(text) for text in one.marks["condition"]]
    marks = one.marks.assign(condition=texts)
    marks = marks[np.array([not NO_TRIAL.match(text) for text in texts], bool)]
    marks = marks[marks["onset_seconds"].between(0, one.live, inclusive="left")]
    if marks.empty:
        whole = {"onset_seconds": 0.0, "duration_seconds": one.live}
        marks = pd.DataFrame([{**whole, "condition": condition or np.nan}])
    session = re.search(r"[/_]ses-([^_/]+)", one.path.as_posix())
    marks = marks.assign(session=session[1]) if session else marks
    return marks.assign(subject=subject, path=str(one.path), end=one.live)


def _apart(marks: pd.DataFrame, told: Told) -> pd.DataFrame:
    """Leave out moments that follow another mark at once, such as answers, or end a file."""
    kept, file, last = [], "", 0.0
    for row in marks.itertuples():
        lasts, follows = row.duration_seconds > 0, row.path == file
        hasty = follows and row.onset_seconds - last < MARK_SECONDS
        kept.append(lasts or not (hasty or row.end - row.onset_seconds < MARK_SECONDS))
        if kept[-1]:
            file, last = row.path, row.onset_seconds
    if n := len(kept) - sum(kept):
        within = f"within {MARK_SECONDS:g} s of another, or of the end"
        told.assumed.append(f"no trials: {n} marks without a duration {within}")
    return marks[kept]


def _lasting(marks: pd.DataFrame, told: Told) -> pd.DataFrame:
    """Let marks without a duration last to the next, all of a kind as long as the shortest."""
    following = marks.groupby("path")["onset_seconds"].shift(-1).fillna(marks["end"])
    room, moment = following - marks["onset_seconds"], ~(marks["duration_seconds"] > 0)
    if moment.any():
        told.assumed.append("a mark without a duration lasts to the next one, all of a kind alike")
    shortest = room.where(moment).groupby(marks["condition"]).transform("min")
    seconds = marks["duration_seconds"].where(~moment, np.floor(shortest * 1000) / 1000)
    return marks.assign(duration_seconds=seconds)


def _chosen(marks: pd.DataFrame, told: Told) -> pd.DataFrame:
    """Leave out what is marked once in a file, such as its beginning, where others recur."""
    often = marks.groupby(["path", "condition"]).size().groupby("condition").max()
    single = often.index[often == 1]
    if 0 < len(single) <= 2 and often.max() >= RECURRING:  # more may be the names of films
        told.assumed.append(f"no trials, since a file has but one of each: {some([*single])}")
        marks = marks[~marks["condition"].isin(single)]
    return marks


def _known(marks: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of a table of trials, in their usual order."""
    first = ["subject", "session", "file", "trial", "onset_seconds", "duration_seconds", "stimulus"]
    there = [name for name in first if name in marks]
    return marks[[*there, *marks.columns.difference([*first, "path", "end"], sort=False)]]


def as_csv(rows: pd.DataFrame) -> str:
    """Write a table of trials down."""
    return rows.to_csv(index=False, lineterminator="\n", float_format="%.10g")
