"""What a file of signals holds, and what a study of it would need."""

from __future__ import annotations

import contextlib
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pandas as pd
from rich.console import Console

from emolib.errors import DataError
from emolib.escaping import plain
from emolib.recordings.settings import DEFAULT
from emolib.recordings.sidecars import belonging
from emolib.study.draft import Look, Told, as_csv, draft_trials, look
from emolib.study.findings import Finding, headers, print_json
from emolib.study.sketch import study_text

ROWS = 3  # of the table of trials that is sketched
EXAMPLES = ("calm", "tense")  # of a file without marks
STUDY = """\
A study of it needs a table, trials.csv, with one row per trial (seconds count from the start of the
file; the last column is what the trial is classified by, numbers or words):

{table}

and beside it a file such as mine.yaml:

{study}

`python -m emolib new mine {name}` writes both, with all rows. Then
`python -m emolib check mine.yaml` says whether they will do."""


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
        held = look(path)
        left_out = [name for *_, out in headers([path], DEFAULT) for name in out]
    one = Finding(
        None,
        files=[each.name for each in (path, *belonging(path))],
        duration_seconds=round(held.seconds, 3),
        sfreq=held.sfreq,
        channels=held.channels,
        channels_off_grid=left_out,
        notes=held.notes,
    )
    if as_json:
        print_json([one])
    else:
        _print(one, held)
    return True


def _print(one: Finding, held: Look) -> None:
    """Print the facts, the notes and the sketch."""
    counts = held.marks["condition"].value_counts()
    facts = {
        "files": ", ".join(one.files),
        "duration": f"{one.duration_seconds:g} s",
        "rate": f"{one.sfreq:g} Hz",
        "unit of the EEG": ", ".join(held.units) or "volts, as MNE takes them",
        f"{len(one.channels)} channels on the grid": ", ".join(one.channels),
        f"{len(one.channels_off_grid)} channels off it": ", ".join(one.channels_off_grid) or "none",
        "annotations": ", ".join(f"{text} ({n})" for text, n in counts.items()) or "none",
    }
    lines = [plain(f"{name}: {value}") for name, value in facts.items()]
    lines += [plain(f"note: {note}") for note in one.notes]
    console = Console(highlight=False, markup=False, emoji=False, force_jupyter=False)
    for line in (*lines, "", *_sketch(held).splitlines()):
        console.print(line, soft_wrap=True)


def _sketch(held: Look) -> str:
    """Write down the table and the study that a file would need, with its own marks."""
    if held.marks.empty:  # two examples
        rows = [(k * held.seconds / 2, held.seconds / 2, name) for k, name in enumerate(EXAMPLES)]
        held = replace(held, marks=pd.DataFrame(rows, columns=held.marks.columns))
    rows = draft_trials([held], held.path.parent, Told())
    study = study_text("My study", "files", ".", rows, [held.sfreq], Told())
    table = as_csv(rows.head(ROWS))
    table, study = (textwrap.indent(text.rstrip(), "    ") for text in (table, study))
    return STUDY.format(table=table, study=study, name=held.path.name)
