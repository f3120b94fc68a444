"""Runs the Snakefile and shows on the terminal what runs, why, how far and how long."""

from __future__ import annotations

import json
import logging
import shutil
import signal
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from filelock import FileLock, Timeout
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from snakemake.api import SnakemakeApi
from snakemake.exceptions import print_exception
from snakemake.logging import logger
from snakemake.settings import types as settings
from snakemake_interface_logger_plugins.common import LogEvent

from emolib.errors import InputError
from emolib.escaping import plain
from emolib.storage import UNFINISHED, atomic
from emolib.study import check, stages
from emolib.study.artefacts import readable, remove_damaged
from emolib.study.digests import CODE_OF, MADE_WITH
from emolib.study.privacy import tidy_logs
from emolib.study.study import PROJECT, Study

LOG_LINES = 20  # of a failed job's log, shown on the terminal
NAMED = 12  # artefacts that were damaged; of more, the number is told

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


class WorkflowError(InputError):
    """Report that a stage failed for a reason that is not one subject's."""


def run(study: Study, cores: int, force: bool = False, targets: Sequence[str] = ()) -> bool:
    """Bring a study up to date, and print what was made and what could not be used.

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
    bool
        Whether all subjects, folds and pages could be made.

    Raises
    ------
    WorkflowError
        If a stage fails, with the end of its log, or another run works on the study.
    """
    start = time.monotonic()
    check.fetch(study)
    check.check_study(study)
    subjects = study.subjects()
    print(f"{plain(study.title)}: {len(subjects)} subjects, {', '.join(study.protocols)}")
    n_jobs = run_jobs(study, cores, force, targets)
    took = f"{time.monotonic() - start:.0f} s"
    print(f"{n_jobs} jobs in {took}" if n_jobs else f"nothing to do: all is up to date ({took})")
    failed, folds, pages = stages.failures(study), stages.failed_folds(study), failed_pages(study)
    for subject, failure in failed.items():
        why = f"{failure['source']}: {failure['message']} {failure['hint']}"
        print(plain(f"not used: {subject}: {why}"))
    for fold, failure in folds.items():
        print(plain(f"not trained: {fold}: {failure['message']} {failure['hint']}"))
    for page, error in pages.items():
        print(plain(f"failed page: {page}: {error}"))
    if failed:
        print(f"{len(subjects) - len(failed)} of {len(subjects)} subjects are in the book.")
    if not targets:
        print(study.book / "index.html")
    return not (failed or folds or pages)


def run_jobs(study: Study, cores: int, force: bool = False, targets: Sequence[str] = ()) -> int:
    """Make what is missing or outdated, as `run` does, and return the number of jobs that ran."""
    study.folder.mkdir(parents=True, exist_ok=True)
    now, record = {stage: study.digest(stage) for stage in CODE_OF}, study.folder / MADE_WITH
    try:
        before = {stage: str(digest) for stage, digest in json.loads(record.read_text()).items()}
    except (OSError, ValueError, AttributeError):  # no record, or a damaged one
        older = (study.folder / ".snakemake").exists()  # results of a version without a record
        unknown = {stage: digest.split("-")[0] + "-" for stage, digest in now.items()}
        _write(record, before := unknown if older else now)
    handler, spoilt = ProgressHandler(study.folder, changes(before, now)), []
    try:
        # The lock goes with the process, however it ends; Snakemake's own would stay behind.
        with FileLock(study.folder / ".lock", timeout=0), _ends_jobs(handler):
            try:
                remove_unfinished(study.folder)
                found, again = remove_damaged(study.folder)
                spoilt += found
                _run_snakemake(study, cores, force, targets, again, handler)
                # A job that finds what it reads damaged, whatever its size and times, fails.
                while handler.failed and not handler.interrupted:
                    found, again = remove_damaged(study.folder, thorough=True)
                    if not found:
                        break
                    spoilt += found
                    handler.failed.clear()
                    _run_snakemake(study, cores, False, targets, again, handler)
            finally:
                tidy_logs(study)
                _tell_damaged(study.folder, spoilt)
    except Timeout:
        raise WorkflowError(
            study.folder, "is in use by another run.", "Wait for it, or end it."
        ) from None
    if handler.interrupted:
        kept = f"what is finished is kept ({handler.done} jobs of this run)"
        raise KeyboardInterrupt(f"{kept}; the same command goes on from there")
    if handler.failed:
        name, log = handler.failed[0]
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        raise WorkflowError(
            name,
            "\n".join(["failed. The end of its log:", *lines[-LOG_LINES:], ""]),
            f"The whole log: {log}. After mending the cause, run again: what is finished is kept.",
        )
    if not targets:
        _write(record, now)
    return handler.done


def changes(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Compare the digests of two runs by stage; return what has changed, code or settings.

    Examples
    --------
    >>> changes({"features": "a-b", "scores": "c-d"}, {"features": "a-x", "scores": "c-d"})
    'emolib (features) changed since these results were made'
    >>> changes({"group_tests": "a-b"}, {"group_tests": "x-y"})
    "emolib (group tests) and the study's settings (group tests) changed since these results \
were made"
    """
    found = []
    for part, what in ((1, "emolib"), (0, "the study's settings")):
        changed = [
            stage.replace("_", " ")
            for stage, digest in now.items()
            if digest.split("-")[part] != f"{before.get(stage, digest)}-".split("-")[part]
        ]
        if changed:
            found.append(f"{what} ({', '.join(changed)})")
    return f"{' and '.join(found)} changed since these results were made" if found else ""


def failed_pages(study: Study) -> dict[str, str]:
    """List the pages whose notebook failed, with the error's last line."""
    failed = {}
    for path in sorted((study.folder / "notebooks").rglob("*.ipynb")):
        with readable(path):
            metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
        if error := metadata.get("emolib", {}).get("failed"):
            failed[path.stem] = error
    return failed


class ProgressHandler(logging.Handler):
    """Print a line per finished job and one bar for the whole, from Snakemake's log events."""

    def __init__(self, folder: Path, changed: str):
        super().__init__()
        self.folder, self.changed = folder, changed
        self.console = Console(highlight=False, soft_wrap=True)
        self.running: dict[int, tuple[str, str, float, Path]] = {}  # name, reason, start, log
        self.failed: list[tuple[str, Path]] = []
        self.messages: list[str] = []
        self.done, self.interrupted = 0, False
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
        elif event == LogEvent.JOB_FINISHED and job in self.running:
            name, reason, start, _ = self.running.pop(job)
            self.done += 1
            self.bar.advance(self.task)
            seconds = time.monotonic() - start
            self.console.print(f"[green]done[/] {seconds:6.1f} s  {name:<38} [dim]{_why(reason)}")
        elif event == LogEvent.JOB_ERROR and job in self.running and not self.interrupted:
            name, _, _, log = self.running.pop(job)
            self.failed.append((name, log))
            self.console.print(f"[red]failed[/]          {name}")
        elif record.levelno >= logging.WARNING:
            self.messages.append(record.getMessage())
        running = ", ".join(name for name, *_ in self.running.values())
        self.bar.update(self.task, description=running)

    def _plan(self, jobs: Counter[str]) -> None:
        """Print what changed, and how many of the jobs that made the results run again."""
        self.bar.update(self.task, total=jobs["total"] - jobs["all"])  # "all" does nothing
        made = Counter(path.parent.name for path in self.folder.glob("**/benchmarks/*/*.tsv"))
        if self.changed:
            again = (jobs & made).total()
            self.console.print(f"{self.changed}: {again} of {made.total()} jobs run again")


def remove_unfinished(folder: Path) -> None:
    """Remove what jobs that were killed had begun to write; `folder` must be locked."""
    for begun in folder.rglob(f"{UNFINISHED}*"):
        shutil.rmtree(begun, ignore_errors=True)


@contextmanager
def _ends_jobs(handler: ProgressHandler) -> Iterator[None]:
    """End the jobs at Ctrl-C, and what they have started: a kernel would else go on alone."""

    def end(*_: object) -> None:
        handler.interrupted = True
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                process.kill()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _run_snakemake(
    study: Study,
    cores: int,
    force: bool,
    targets: Sequence[str],
    again: Collection[str],
    handler: ProgressHandler,
) -> None:
    """Run the workflow for the targets, and make `again` what of that its rules make.

    Snakemake alone leaves a file missing where all that was made of it is there.
    """
    quiet = settings.OutputSettings(enable_file_logging=False)
    with SnakemakeApi(quiet) as api, handler.bar:
        logger.handlers[:] = [handler]
        try:
            workflow = api.workflow(
                resource_settings=settings.ResourceSettings(cores=cores),
                config_settings=settings.ConfigSettings(config={"study": str(study.file)}),
                snakefile=PROJECT / "Snakefile",
                workdir=study.folder,
            )
            rules = list(workflow._workflow.rules)
            made = {file for file in again if any(rule.is_producer(file) for rule in rules)}
            wanted = settings.DAGSettings(
                frozenset(targets), force_incomplete=True, forceall=force, forcerun=frozenset(made)
            )
            how = settings.ExecutionSettings(lock=False, keep_going=True)
            workflow.dag(wanted).execute_workflow(execution_settings=how)
        except (Exception, KeyboardInterrupt) as error:
            if handler.failed or handler.interrupted:
                return  # the caller says which job, and shows its log
            print_exception(error)
            raise WorkflowError(
                "Snakefile",
                "\n".join(handler.messages) or str(error),
                "This is a fault of the workflow or of the study's files, not of one subject.",
            ) from error


def _tell_damaged(folder: Path, spoilt: Sequence[str]) -> None:
    """Print which artefacts were missing or damaged, and whether they are there again."""
    there = {name: (folder / name).exists() for name in spoilt}
    for again, what in ((True, "made again"), (False, "not made again by this run")):
        if names := [name for name, made in there.items() if made == again]:
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            were = "artefact was" if len(names) == 1 else "artefacts were"
            told = ", ".join(names[:NAMED]) + more
            print(plain(f"{len(names)} missing or damaged {were} {what}: {told}"))


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


def _write(record: Path, digests: Mapping[str, str]) -> None:
    with atomic(record) as path:
        path.write_text(json.dumps(digests, indent=1))
