"""Which seconds of one file per trial takes: none twice, none that is marked as bad."""

from __future__ import annotations

import filecmp
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from emolib.errors import DataError
from emolib.recordings.recording import some

if TYPE_CHECKING:
    import mne

_JOIN = re.compile(r"((edge|bad) )?boundary\b|new segment\b")  # a moment: two pieces meet there
NEARLY = 0.1  # samples: what rounding makes of a time


def leave_out_marked(
    spans: pd.DataFrame, opened: Mapping[str, mne.io.BaseRaw], where: object
) -> tuple[pd.DataFrame, list[str]]:
    """Leave out the trials in which, or in whose baseline, an annotation forbids to compute.

    That is one whose name starts with "bad", as MNE has it, or a place at which pieces of signal
    were joined: a boundary, or the start of a new segment.

    Parameters
    ----------
    spans : DataFrame
        One row per trial: `subject`, `trial`, `file`, and its samples `start`, with those of the
        baseline, to `stop` (not included).
    opened : mapping of file to Raw
        The opened files.
    where : path or str
        What to name in an error.

    Returns
    -------
    DataFrame
        The rows that are left; if none is, that is a DataError.
    list of str
        A note on each other trial: the annotation, and its second in the file.
    """
    notes = {}
    for index, row in spans.iterrows():
        if found := _mark(opened[row["file"]], row["start"], row["stop"]):
            name, second = found
            place = f"{name!r} at {second:g} s of {Path(row['file']).name}"
            notes[index] = f"trial {row['trial']} is left out: {place}"
    if len(notes) == len(spans):
        problem = f"no trial of {spans['subject'].iloc[0]} is left: {some(list(notes.values()))}."
        hint = "`recordings: {annotations: keep}` in the study file uses them all the same."
        raise DataError(where, problem, hint)
    return spans.drop(index=list(notes)), list(notes.values())


def _mark(raw: mne.io.BaseRaw, start: int, stop: int) -> tuple[str, float] | None:
    """Return the first annotation that forbids samples `start` to `stop`, and its second."""
    sfreq = raw.info["sfreq"]
    for note in raw.annotations:
        # Some writers of BrainVision files make a comment of every annotation.
        name = note["description"].lower().removeprefix("comment/")
        second = note["onset"] - raw.first_time
        at, length = second * sfreq, note["duration"] * sfreq
        if _JOIN.match(name) or (name.startswith("bad") and not length > 0):
            hit = start < np.ceil(at - NEARLY) < stop
        else:
            hit = name.startswith("bad") and at < stop - NEARLY and at + length > start + NEARLY
        if hit:
            return note["description"].rstrip("/"), float(second)
    return None


def check_apart(spans: pd.DataFrame, sfreq: float, where: object) -> None:
    """Refuse trials that share samples of a file, each with its baseline; rounding is allowed.

    Takes `spans` as `leave_out_marked` does, with `onset`, the trial's first sample.
    """
    files = spans["file"].map(lambda file: Path(file).resolve())
    for _, rows in spans.groupby(files):
        rows = rows.sort_values(["start", "stop"])
        for before, row in zip(rows[:-1].itertuples(), rows[1:].itertuples(), strict=True):
            shared = min(before.stop, row.stop) - row.start
            if shared <= 1:
                continue
            names = f"trials {before.trial} and {row.trial} of {row.subject}"
            seconds = f"{row.start / sfreq:g} to {(row.start + shared) / sfreq:g} s"
            problem = f"{names} share {shared / sfreq:g} s of {Path(row.file).name}: {seconds}."
            hint = "Correct the onsets or durations: the same seconds never count twice."
            if row.onset >= before.stop - 1:
                problem = f"{problem[:-1]}, in the baseline of trial {row.trial}."
                room = (rows["onset"].to_numpy()[1:] - rows["stop"].to_numpy()[:-1]).min() / sfreq
                hint = "Correct the onsets, or take 'baseline_seconds' (`epochs_tmin`) out."
                if room > 0:
                    hint = f"Give all trials at most {room:.4g} 'baseline_seconds', or of BIDS"
                    hint = f"{hint} `epochs_tmin: -{room:.4g}`."
            raise DataError(where, problem, hint)


def check_no_copies(opened: Mapping[str, mne.io.BaseRaw]) -> None:
    """Refuse a file of a subject that holds what another of the files does, or names the same."""
    seen: list[tuple[str, Path]] = []
    for name, raw in opened.items():
        parts = [Path(part) for part in raw.filenames if part and Path(part).is_file()]
        for known_as, other in seen:
            if Path(known_as).resolve() == Path(name).resolve():
                continue  # spelled in two ways: `check_apart` looks at its trials
            if any(part.samefile(other) or filecmp.cmp(part, other, False) for part in parts):
                problem = f"holds the same samples as {Path(known_as).name}."
                hint = "The same seconds never count twice: correct 'file' in the table of trials, "
                hint += "or take one of the two out."
                raise DataError(name, problem, hint)
        seen += [(name, part) for part in parts]
