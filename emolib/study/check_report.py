"""What `check` prints of a study, or of what a file of signals holds.

Of a study: a table of the subjects, and what keeps a run from using all of them. Of a file: its
facts, and what a study of it would need.
"""

from __future__ import annotations

import contextlib
import shlex
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from emolib.errors import DataError
from emolib.escaping import plain
from emolib.recordings.formats import belonging
from emolib.recordings.settings import DEFAULT
from emolib.splits.protocols import HELD_OUT
from emolib.study.check import Finding, findings, headers, print_json
from emolib.study.draft import TABLES, Look, Told, as_csv, draft_trials, look
from emolib.study.sketch import study_text
from emolib.study.study import Study

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


def report(study: Study, as_json: bool = False) -> bool:
    """Print what is found of a study; return whether all of it can be used.

    A table, or with `as_json` one list of the fields of `Finding`. How far it is shows on the
    standard error, and nothing else than the findings on the standard output.
    """
    with contextlib.redirect_stdout(sys.stderr), _progress() as tell:
        found = findings(study, tell)
    if as_json:
        print_json(found)
    else:
        _print(study, found)
    return all(one.usable for one in found)


def report_file(path: Path, as_json: bool = False) -> bool:
    """Print what a file of signals holds: a sketch of its study too, or one JSON list.

    Raises
    ------
    DataError
        If the file cannot be used.
    """
    with contextlib.redirect_stdout(sys.stderr):
        if path.suffix.lower() in TABLES:
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
        _print_file(one, held)
    return True


@contextlib.contextmanager
def _progress() -> Iterator:
    """Show on a terminal which subject is read, and how many are left."""
    console = Console(stderr=True)  # which knows that a notebook is no terminal
    count = TextColumn("{task.completed}/{task.total}")
    name = TextColumn("{task.fields[at]}", markup=False)
    how = {"console": console, "transient": True, "disable": not console.is_terminal}
    with Progress(count, BarColumn(), name, **how) as bar:
        shown = bar.add_task("", total=1, at="")
        yield lambda subject, i, n: bar.update(shown, completed=i, total=n, at=subject)


def _print(study: Study, found: Sequence[Finding]) -> None:
    """Print the table, and below it what a table has no room for."""
    console = _console()
    people = [one for one in found if one.subject is not None]
    if people:
        console.print(_table(study, people))
        for name, task in study.tasks.items():
            _line(console, f"{name}: trials of the classes {'/'.join(task.classes)}")
    for one in people:
        for trial, reason in one.trials_left_out.items():
            _line(console, f"{one.subject}: trial {trial} is left out: {reason}")
    notes: dict[str, list[str]] = {}
    for one in people:
        for note in one.notes:
            bare = next((note.removeprefix(f"{f}: ") for f in one.files if f in note), note)
            of_note = notes.setdefault(bare, [])
            of_note += [one.subject] if one.subject not in of_note else []
    for note, subjects in notes.items():
        who = "all" if len(subjects) == len(people) > 1 else ", ".join(subjects)
        _line(console, f"note: {who}: {note}")
    for one in found:
        if not one.usable:
            who = f"{one.subject} cannot be used" if one.subject else "fault"
            _line(console, f"{who}: {one.problem} {one.remedy}", style="bold red")
    usable = sum(one.usable for one in people)
    failed = {one.problem.partition(":")[0] for one in found if one.subject is None}
    for protocol in study.protocols if usable else ():
        name = protocol.replace("_", "-")
        can = "no, see above" if name in failed else "yes"
        _line(console, f"{name} ({HELD_OUT[protocol]}, {study.n_folds} folds): {can}")
    if people:
        _line(console, f"{usable} of {len(people)} subjects can be used.")


def _console() -> Console:
    """Return what prints texts as they are."""
    return Console(highlight=False, markup=False, emoji=False, force_jupyter=False)


def _line(console: Console, text: str, style: str = "") -> None:
    """Print a line that the terminal may wrap, so that a name in it stays whole elsewhere."""
    console.print(plain(text), style=style, soft_wrap=True)


def _table(study: Study, people: Sequence[Finding]) -> Table:
    """Return one row per subject."""
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, title=plain(study.title), title_justify="left"
    )
    for name in ("subject", "files"):
        table.add_column(name, overflow="fold")
    for name in ("s", "Hz", "channels", "trials"):
        table.add_column(name, justify="right")
    for task in study.tasks:
        table.add_column(task, justify="right", overflow="fold")
    table.add_column("usable")
    for one in people:
        classes = [one.classes.get(task, {}).values() for task in study.tasks]
        table.add_row(
            plain(one.subject),
            plain(_files(one.files)),
            "" if one.duration_seconds is None else f"{one.duration_seconds:.0f}",
            "" if one.sfreq is None else f"{one.sfreq:g}",
            _and_out(len(one.channels), len(one.channels_off_grid), "off"),
            _and_out(one.trials, len(one.trials_left_out), "out"),
            *("/".join(map(str, counts)) for counts in classes),
            "yes" if one.usable else "no",
        )
    return table


def _files(names: Sequence[str]) -> str:
    """Name the first file with signals, and count the others."""
    signals = [name for name in names if Path(name).suffix.lower() not in TABLES]
    others = f" +{len(signals) - 1}" if len(signals) > 1 else ""
    return f"{signals[0]}{others}" if signals else ""


def _and_out(used: int, left_out: int, word: str) -> str:
    """Write how many are used and, in brackets, how many are not."""
    return (f"{used} ({left_out} {word})" if left_out else str(used)) if used else ""


def _print_file(one: Finding, held: Look) -> None:
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
    console = _console()
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
    return STUDY.format(table=table, study=study, name=shlex.quote(held.path.name))
