"""Runs the Snakefile and shows on the terminal what runs, why, how far and how long."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock, Timeout
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from snakemake.api import SnakemakeApi
from snakemake.exceptions import print_exception
from snakemake.logging import logger
from snakemake.settings.types import (
    ConfigSettings,
    DAGSettings,
    ExecutionSettings,
    OutputSettings,
    ResourceSettings,
)
from snakemake_interface_logger_plugins.common import LogEvent

from emolib.errors import InputError
from emolib.study.study import PROJECT, Study

LOG_LINES = 20  # of a failed job's log, shown on the terminal

# What Snakemake says of why a job runs, and what a person is told.
REASONS = {
    r"Missing output files: .*": "not there yet",
    r"Input files updated by another job: ": "made anew: ",
    r"Updated input files: ": "changed: ",
    r"(Params have|Code has) changed since last execution.*": "settings or code changed",
    r"Set of input files has changed since last execution": "other input files",
    r"Incomplete output files: ": "was cut off: ",
    r"Forced execution": "cut off last time, or forced",
}


class WorkflowError(InputError):
    """A stage failed for a reason that is not one subject's."""


class ProgressHandler(logging.Handler):
    """Turns Snakemake's log events into a line a finished job and one bar for the whole."""

    def __init__(self, console: Console):
        super().__init__()
        self.console = console
        self.jobs: dict[int, dict] = {}
        self.failed: list[dict] = []
        self.messages: list[str] = []
        self.done = 0
        self.bar = Progress(
            TextColumn("[bold]{task.completed:.0f} of {task.total:.0f} jobs"),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=console,
            transient=True,
        )
        self.task = self.bar.add_task("planning", total=1)

    def emit(self, record: logging.LogRecord) -> None:
        """Take one event; anything else that Snakemake says is kept for the case of failure."""
        event = getattr(record, "event", None)
        if event == LogEvent.RUN_INFO:
            self.bar.update(self.task, total=record.stats["total"] - 1)  # "all" does nothing
        elif event == LogEvent.JOB_INFO:
            name = " ".join([record.rule_name, *map(str, record.wildcards.values())])
            self.jobs[record.jobid] = {
                "name": name,
                "why": record.reason,
                "log": [str(path) for path in record.log],
                "start": time.monotonic(),
                "rule": record.rule_name,
            }
            self._describe()
        elif event == LogEvent.JOB_FINISHED:
            job = self.jobs.pop(record.job_id, None)
            if job and job["rule"] != "all":
                self.done += 1
                seconds = time.monotonic() - job["start"]
                self.bar.advance(self.task)
                self.console.print(
                    f"[green]done[/] {seconds:6.1f} s  {job['name']:<38} [dim]{_short(job['why'])}"
                )
            self._describe()
        elif event == LogEvent.JOB_ERROR:
            job = self.jobs.pop(record.jobid, None)
            if job:
                self.failed.append(job)
                self.console.print(f"[red]failed[/]          {job['name']}")
        elif record.levelno >= logging.WARNING:
            self.messages.append(record.getMessage())

    def _describe(self) -> None:
        running = [job["name"] for job in self.jobs.values() if job["rule"] != "all"]
        self.bar.update(self.task, description=", ".join(running))


def run(study: Study, *, cores: int, force: bool = False, targets: Sequence[str] = ()) -> int:
    """Bring all of a study's artefacts up to date.

    Parameters
    ----------
    study : Study
    cores : int
        How many processors jobs may use at a time.
    force : bool
        Make everything again.
    targets : sequence of str
        Artefacts to make, relative to the study's folder; by default the book.

    Returns
    -------
    int
        The number of jobs that ran.

    Raises
    ------
    WorkflowError
        If a stage fails, with the end of its log, or another run works on the study.
    """
    study.folder.mkdir(parents=True, exist_ok=True)
    console = Console(highlight=False, soft_wrap=True)
    handler = ProgressHandler(console)
    again = {"force_incomplete": True, "forceall": force}
    try:
        # The lock goes with the process, however it ends; Snakemake's own would stay behind.
        with FileLock(study.folder / ".lock", timeout=0):
            _run_snakemake(study, cores, DAGSettings(frozenset(targets), **again), handler)
    except Timeout:
        raise WorkflowError(
            study.folder, "is in use by another run.", "Wait for it, or end it."
        ) from None
    if handler.failed:
        job = handler.failed[0]
        logs = [study.folder / path for path in job["log"]]
        ends = ["\n".join(_lines(path)[-LOG_LINES:]) for path in logs]
        raise WorkflowError(
            job["name"],
            "failed. The end of its log:\n" + "\n".join(ends) + "\n",
            f"The whole log: {', '.join(map(str, logs))}. "
            "After mending the cause, run again: what is finished is kept.",
        )
    return handler.done


def _run_snakemake(
    study: Study, cores: int, settings: DAGSettings, handler: ProgressHandler
) -> None:
    with SnakemakeApi(OutputSettings(enable_file_logging=False)) as api, handler.bar:
        for default in list(logger.handlers):
            logger.removeHandler(default)
        logger.addHandler(handler)
        try:
            workflow = api.workflow(
                resource_settings=ResourceSettings(cores=cores),
                config_settings=ConfigSettings(config={"study": str(study.file)}),
                snakefile=PROJECT / "Snakefile",
                workdir=study.folder,
            )
            dag = workflow.dag(settings)
            dag.execute_workflow(execution_settings=ExecutionSettings(lock=False, keep_going=True))
        except Exception as error:
            if handler.failed:
                return  # the caller says which job, and shows its log
            print_exception(error)
            raise WorkflowError(
                "Snakefile",
                "\n".join(handler.messages) or str(error),
                "This is a fault of the workflow or of the study's files, not of one subject.",
            ) from error


def _short(reason: str) -> str:
    """Say Snakemake's reason in a few words.

    Examples
    --------
    >>> _short("Missing output files: features/sub-01.nc")
    'not there yet'
    >>> _short("Updated input files: recordings/s02.mat")
    'changed: recordings/s02.mat'
    """
    text = " ".join(str(reason).split())
    for theirs, ours in REASONS.items():
        text = re.sub(theirs, ours, text)
    return text if len(text) <= 80 else text[:77] + "..."


def _lines(path: Path) -> list[str]:
    return path.read_text(errors="replace").splitlines() if path.exists() else []
