"""What a run shows on the terminal: what runs, why, how far and how long."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from snakemake_interface_logger_plugins.common import LogEvent

STOP_SECONDS = 5  # in which a signal to all processes has reached the run, on a busy machine
STOPPED = ("KeyboardInterrupt", "stopped: ")  # what is in the log of a job that a signal ended
# Why a job runs: Snakemake's words, which a colon may follow with the files that it means, and
# ours for a person.
REASONS = {
    "Missing output files": "not there yet",
    "Input files updated by another job": "made anew: {}",
    "Updated input files": "changed: {}",
    "Params have changed since last execution": "recording, settings or code changed",
    "Code has changed since last execution": "settings or code changed",
    "Set of input files has changed since last execution": "other input files",
    "Incomplete output files": "was cut off: {}",
    "Forced execution": "cut off last time, or forced",
}


class ProgressHandler(logging.Handler):
    """Print a line per finished job and one bar for the whole, from Snakemake's log events."""

    def __init__(self, folder: Path, changed: str, planned: Callable[[Mapping[str, int]], None]):
        super().__init__()
        self.folder, self.changed, self.planned = folder, changed, planned
        self.console = Console(highlight=False, soft_wrap=True)
        self.running: dict[int, tuple[str, str, float, Path]] = {}  # name, reason, start, log
        self.failed: list[tuple[str, Path, str]] = []  # name, log, and what is in it
        self.messages: list[str] = []
        self.done, self.interrupted = 0, 0  # by which signal
        self.bar = Progress(
            TextColumn("[bold]{task.completed:.0f} of {task.total:.0f} jobs"),
            *(BarColumn(), TimeElapsedColumn(), TextColumn("[dim]left"), TimeRemainingColumn()),
            TextColumn("{task.description}"),
            console=self.console,
            transient=True,
            speed_estimate_period=600,  # seconds; a job that trains takes minutes
        )
        self.task = self.bar.add_task("planning", total=1)

    def emit(self, record: logging.LogRecord) -> None:
        """Take one event; anything else that Snakemake says is kept for the case of failure."""
        event = getattr(record, "event", None)
        job = getattr(record, "jobid", getattr(record, "job_id", None))
        if event == LogEvent.RUN_INFO:
            self._plan(Counter(record.stats))
        elif event == LogEvent.JOB_INFO and record.rule_name != "all":
            name = " ".join([record.rule_name, *filter(None, record.wildcards.values())])
            log = self.folder / record.log[0]
            self.running[job] = (name, record.reason, time.monotonic(), log)
            self.failed[:] = [failed for failed in self.failed if failed[0] != name]  # once more
        elif event == LogEvent.JOB_FINISHED and job in self.running:
            name, reason, start, _ = self.running.pop(job)
            self.done += 1
            self.bar.advance(self.task)
            seconds = time.monotonic() - start
            self.console.print(f"[green]done[/] {seconds:6.1f} s  {name:<38} [dim]{_why(reason)}")
        elif event == LogEvent.JOB_ERROR and job in self.running:
            name, _, _, log = self.running.pop(job)
            text = log.read_text(errors="replace") if log.exists() else ""
            if not self._is_stopped(text):
                self.failed.append((name, log, text))
                self.console.print(f"[red]failed[/]          {name}")
        elif record.levelno >= logging.WARNING:
            self.messages.append(record.getMessage())
        running = ", ".join(name for name, *_ in self.running.values())
        self.bar.update(self.task, description=running)

    def _is_stopped(self, text: str) -> bool:
        """Return whether the run is being stopped: Ctrl-C may reach a job before its run.

        A job that says in its log why it failed is believed at once.
        """
        doubtful = not text.strip() or any(word in text for word in STOPPED)
        end = time.monotonic() + STOP_SECONDS * doubtful
        while not self.interrupted and time.monotonic() < end:
            time.sleep(0.02)
        return bool(self.interrupted)

    def _plan(self, jobs: Counter[str]) -> None:
        """Print what changed, and how many of the jobs that made the results run again."""
        self.planned(jobs)
        self.bar.update(self.task, total=jobs["total"] - jobs["all"])  # "all" does nothing
        made = Counter(path.parent.name for path in self.folder.glob("**/benchmarks/*/*.tsv"))
        if self.changed:
            again = (jobs & made).total()
            self.console.print(f"{self.changed}: {again} of {made.total()} jobs run again")


class Planned(logging.Handler):
    """Collect the jobs that a run would run, from the log events of one that does nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.folds: list[dict[str, str]] = []  # the wildcards of each that would be trained
        self.asked: list[tuple[str, int, int | None, int | None]] = []  # rule, threads, MB, minutes
        self.failed: list = []
        self.messages: list[str] = []
        self.interrupted, self.bar = 0, nullcontext()

    def emit(self, record: logging.LogRecord) -> None:
        """Take one event."""
        if getattr(record, "event", None) == LogEvent.JOB_INFO:
            asked = dict(record.resources)  # what depends on files still to make is no number
            known = [asked.get(name) for name in ("mem_mb", "runtime")]
            known = [int(value) if isinstance(value, int | float) else None for value in known]
            self.asked.append((record.rule_name, record.threads, *known))
            if record.rule_name == "train":
                self.folds.append(dict(record.wildcards))
        elif record.levelno >= logging.WARNING:
            self.messages.append(record.getMessage())


def _why(reason: str) -> str:
    """Return Snakemake's reasons in a few words.

    Examples
    --------
    >>> _why("Missing output files: features/sub-01.nc; Updated input files: recordings/s01.mat")
    'not there yet'
    >>> _why("Updated input files: recordings/s02.mat; Code has changed since last execution")
    'changed: recordings/s02.mat; settings or code changed'
    """
    parts = [part.partition(": ") for part in reason.split("; ")]
    told = [REASONS.get(kind, kind).format(files) for kind, _, files in parts]
    text = told[0] if told[0] == "not there yet" else "; ".join(dict.fromkeys(told))
    return text if len(text) <= 80 else text[:77] + "..."
