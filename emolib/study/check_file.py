"""What a file of signals holds, and what a study of it would need."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from emolib.errors import DataError
from emolib.recordings.child import read_apart
from emolib.recordings.eeg_file import header_units, open_eeg
from emolib.recordings.settings import DEFAULT
from emolib.recordings.sidecars import belonging
from emolib.study.findings import Finding, headers, print_json

Mark = tuple[float, float, str]  # an annotation: its onset, its duration (s), its text
NO_TRIAL = re.compile(r"(edge |comment/)?(bad|boundary|new segment)|\[", re.IGNORECASE)
ROWS = 3  # of the table of trials that is sketched
STUDY = """\
A study of it needs a table, trials.csv, with a row a trial (seconds count from the start of the
file; the last column is what the trial is classified by, numbers or words):

    subject,file,trial,onset_seconds,duration_seconds,emotion
{rows}

and beside it a file such as mine.yaml:

    title: My study
    dataset: files
    root: .
    tasks: {{emotion: {{classes: [{classes}]}}}}
    features: {{baseline: none}}
    protocols: [trial_grouped]

Then `python -m emolib check mine.yaml` says whether that will do."""


def report(path: Path, as_json: bool = False) -> bool:
    """Print what a file of signals holds: a sketch of its study too, or one JSON list.

    Raises
    ------
    DataError
        If the file cannot be used.
    """
    with contextlib.redirect_stdout(sys.stderr):
        if path.suffix.lower() in (".csv", ".tsv"):
            hint = "Name it as `root` in a study file with `dataset: files`, and check that."
            raise DataError(path, "is a table, no file of signals.", hint)
        parts = belonging(path)
        facts, units, marks = read_apart(lambda: _look(path), [path, *parts])
        left_out = [name for *_, out in headers([path], DEFAULT) for name in out]
    files = [each.name for each in (path, *parts)]
    one = Finding(None, files=files, channels_off_grid=left_out, **facts)
    if as_json:
        print_json([one])
    else:
        _print(path, one, units, marks)
    return True


def _look(path: Path) -> tuple[dict[str, Any], list[str], list[Mark]]:
    """Return what is found of a file, the units of its EEG, and its annotations."""
    raw, channels, notes = open_eeg(path)
    sfreq = float(raw.info["sfreq"])
    facts = {"duration_seconds": round(raw.n_times / sfreq, 3), "sfreq": sfreq}
    marks = [
        (float(mark["onset"]) - raw.first_time, float(mark["duration"]), str(mark["description"]))
        for mark in raw.annotations
    ]
    units = sorted(set(header_units(raw, channels).values()))
    return {**facts, "channels": list(channels), "notes": notes}, units, marks


def _print(path: Path, one: Finding, units: list[str], marks: Sequence[Mark]) -> None:
    """Print the facts, the notes and the sketch."""
    counts = pd.Series([text for *_, text in marks]).value_counts()
    facts = {
        "files": ", ".join(one.files),
        "duration": f"{one.duration_seconds:g} s",
        "rate": f"{one.sfreq:g} Hz",
        "unit of the EEG": ", ".join(units) or "volts, as MNE takes them",
        f"{len(one.channels)} channels on the grid": ", ".join(one.channels),
        f"{len(one.channels_off_grid)} channels off it": ", ".join(one.channels_off_grid) or "none",
        "annotations": ", ".join(f"{text} ({n})" for text, n in counts.items()) or "none",
    }
    lines = [f"{name}: {value}" for name, value in facts.items()]
    lines += [f"note: {note}" for note in one.notes]
    console = Console(highlight=False, markup=False, emoji=False, force_jupyter=False)
    for line in (*lines, "", *_sketch(path, marks).splitlines()):
        console.print(line, soft_wrap=True)


def _sketch(path: Path, marks: Sequence[Mark]) -> str:
    """Write down the table and the study that a file would need, with its own annotations."""
    marks = [mark for mark in marks if not NO_TRIAL.match(mark[-1])]
    marks = marks[:ROWS] or [(0, 60, "calm"), (60, 60, "tense")]
    rows = [
        f"    01,{path.name},{k},{onset:g},{duration or 60:g},{text}"
        for k, (onset, duration, text) in enumerate(marks, start=1)
    ]
    classes = ", ".join(dict.fromkeys(f'"{text}"' for *_, text in marks))
    return STUDY.format(rows="\n".join(rows), classes=classes)
