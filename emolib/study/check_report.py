"""What `check` prints: a table of the subjects, and what keeps a run from using all of them."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from emolib.escaping import plain
from emolib.splits.protocols import HELD_OUT
from emolib.study.check import findings
from emolib.study.findings import Finding, print_json
from emolib.study.study import Study

TABLES = (".csv", ".tsv")


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
    console = Console(highlight=False, markup=False, emoji=False, force_jupyter=False)
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
