"""Runs the Snakefile, and says what was made and what could not be."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd
import psutil
from filelock import FileLock, Timeout
from snakemake.api import SnakemakeApi
from snakemake.exceptions import print_exception
from snakemake.logging import logger
from snakemake.settings import types as settings

from emolib.errors import InputError
from emolib.escaping import plain
from emolib.storage import UNFINISHED, atomic, of_disk, write_json
from emolib.study import check, stages
from emolib.study.artefacts import readable, remove_damaged
from emolib.study.digests import CODE_OF, MADE_WITH, changes, read_made_with
from emolib.study.privacy import tidy_logs
from emolib.study.profiles import Execution, execution
from emolib.study.progress import Planned, ProgressHandler
from emolib.study.space import check_room
from emolib.study.study import PROJECT, Study

LOG_LINES = 20  # of a failed job's log, shown on the terminal
PROBE = 100_000  # bytes that are written to see whether a disk is full
TEMPORARY = ".temporary"  # holds the path of a run's temporary files
JOBS = "emolib-run-"  # begins the name of their folder
NAMED = 12  # artefacts that were damaged; of more, the number is told


class WorkflowError(InputError):
    """Report that a stage failed for a reason that is not one subject's."""


def run(
    study: Study,
    cores: int | None = None,
    force: bool = False,
    targets: Sequence[str] = (),
    subjects_per_job: int | None = None,
    profile: str | None = None,
    dry: bool = False,
) -> bool:
    """Bring a study up to date, and print what was made and what could not be used.

    Parameters
    ----------
    study : Study
    cores : int or None
        How many processors jobs may use at a time; None: all, or what the profile says.
    force : bool
        Make everything again.
    targets : sequence of str
        Artefacts to make, relative to the study's folder; by default the book.
    subjects_per_job : int, optional
        Into jobs of how many subjects each the fine-tuning of a fold is split, see
        `emolib.study.fold`; by default a fold is one job.
    profile : str or None
        Where jobs run, see `emolib.study.profiles`; None: on this machine.
    dry : bool
        Tell what would run, and what of a machine it would ask for; run nothing.

    Returns
    -------
    bool
        Whether all subjects, folds and pages could be made.

    Raises
    ------
    WorkflowError
        If a stage fails, with the end of its log, or another run works on the study.
    SettingsError
        If the profile is not known, or says what it may not.
    """
    start, how = time.monotonic(), execution(profile, cores)
    check.fetch(study)
    check.check_study(study)
    subjects = study.subjects()
    people = "subject" if len(subjects) == 1 else "subjects"
    print(f"{plain(study.title)}: {len(subjects)} {people}, {', '.join(study.protocols)}")
    if dry:
        told = plan(study, how, force, targets).to_string(index=False)
        print(told.replace("    <NA>", "by input"))
        return True
    n_jobs = run_jobs(study, how, force, targets, subjects_per_job)
    took = f"{time.monotonic() - start:.0f} s"
    told = f"{n_jobs} {'job' if n_jobs == 1 else 'jobs'} in {took}"
    print(told if n_jobs else f"nothing to do: all is up to date ({took})")
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


def run_jobs(
    study: Study,
    how: Execution,
    force: bool = False,
    targets: Sequence[str] = (),
    subjects_per_job: int | None = None,
) -> int:
    """Make what is missing or outdated, as `run` does, and return the number of jobs that ran."""
    study.folder.mkdir(parents=True, exist_ok=True)
    now, before = {stage: study.digest(stage) for stage in CODE_OF}, read_made_with(study.folder)
    if before is None:
        older = (study.folder / ".snakemake").exists()  # results of a version without a record
        unknown = {stage: digest.split("-")[0] + "-" for stage, digest in now.items()}
        write_json(study.folder / MADE_WITH, before := unknown if older else now)
    spoilt: list[str] = []

    def planned(jobs: Mapping[str, int]) -> None:
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))  # Snakemake's waits for jobs
        check_room(study, jobs)

    handler = ProgressHandler(study.folder, changes(before, now), planned)
    try:
        # The lock goes with the process, however it ends; Snakemake's own would stay behind.
        lock = FileLock(study.folder / ".lock", timeout=0)
        with lock, _temporary_files(study.folder, how), _ends_jobs(handler):
            try:
                remove_unfinished(study.folder)
                take_back_times(study.folder)
                found, again = remove_damaged(study.folder)
                spoilt += found
                if subjects_per_job is not None:
                    from emolib.study.fold import part_files  # here: it loads Keras

                    planned = Planned()
                    _run_snakemake(study, how.dry(), force, targets, again, planned)
                    if parts := part_files(study, planned.folds, subjects_per_job):
                        # What is to be made again comes after: a fold beside its own parts
                        # would take them away as soon as it has used them.
                        _run_snakemake(study, how, force, parts, (), handler)
                        again = {name for name in again if not (study.folder / name).exists()}
                if not handler.failed:
                    _run_snakemake(study, how, force, targets, again, handler)
                # A job that finds what it reads damaged, whatever its size and times, fails.
                while handler.failed and not handler.interrupted:
                    found, again = remove_damaged(study.folder, thorough=True)
                    if not found:
                        break
                    spoilt += found
                    handler.failed.clear()
                    _run_snakemake(study, how, False, targets, again, handler)
            finally:
                tidy_logs(study)
                _tell_damaged(study.folder, spoilt)
    except Timeout:
        raise WorkflowError(
            study.folder, "is in use by another run.", "Wait for it, or end it."
        ) from None
    if handler.interrupted:
        kept = f"what is finished is kept ({handler.done} jobs of this run)"
        told = f"{kept}; the same command goes on from there"
        raise KeyboardInterrupt(told, handler.interrupted)
    if handler.failed:
        raise _failure(*handler.failed[0])
    if not targets:
        write_json(study.folder / MADE_WITH, now)
    return handler.done


def plan(
    study: Study, how: Execution, force: bool = False, targets: Sequence[str] = ()
) -> pd.DataFrame:
    """List the jobs that `run_jobs` would run: by rule and by what they ask for, how many.

    Columns are jobs, rule, threads, mem_mb (MB of memory) and runtime (minutes); memory and time
    are the most that is asked for at first, and missing where that depends on files still to make.
    """
    study.folder.mkdir(parents=True, exist_ok=True)
    fresh = not (study.folder / ".snakemake").exists()
    _run_snakemake(study, how.dry(), force, targets, (), planned := Planned())
    if fresh:  # so that the first run does not take what planning leaves for older results
        write_json(study.folder / MADE_WITH, {stage: study.digest(stage) for stage in CODE_OF})
    asked = pd.DataFrame(planned.asked, columns=["rule", "threads", "mem_mb", "runtime"])
    asked = asked[asked["rule"] != "all"].astype({"mem_mb": "Int64", "runtime": "Int64"})
    return (
        asked.groupby("rule", sort=False)
        .agg(jobs=("rule", "size"), **{name: (name, "max") for name in asked.columns[1:]})
        .reset_index()
    )


def failed_pages(study: Study) -> dict[str, str]:
    """List the pages whose notebook failed, with the error's last line."""
    failed = {}
    for path in sorted((study.folder / "notebooks").rglob("*.ipynb")):
        with readable(path):
            metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
        if error := metadata.get("emolib", {}).get("failed"):
            failed[path.stem] = error
    return failed


def remove_unfinished(folder: Path) -> None:
    """Remove what jobs that were killed had begun to write; `folder` must be locked."""
    for begun in folder.rglob(f"{UNFINISHED}*"):
        shutil.rmtree(begun, ignore_errors=True)


def take_back_times(folder: Path) -> None:
    """Give files from the future times before now, in their order: a clock was set back.

    Snakemake makes again what is older than what it was made from, at each run until the clock
    has caught up.
    """
    now = time.time_ns()
    dated = {file: file.stat().st_mtime_ns for file in folder.rglob("*") if file.is_file()}
    ahead = sorted({when for when in dated.values() if when > now})
    then = {when: now - 1000 * (len(ahead) - i) for i, when in enumerate(ahead)}
    for file in [file for file, when in dated.items() if when in then]:
        os.utime(file, ns=(then[dated[file]],) * 2)


@contextmanager
def _temporary_files(folder: Path, how: Execution) -> Iterator[None]:
    """Let jobs have temporary files in one folder, which goes with the run or with the next.

    Other machines do not have that folder: jobs there use what `TMPDIR` names.
    """
    if how.elsewhere:
        yield
        return
    record, parent = folder / TEMPORARY, Path(tempfile.gettempdir())
    with suppress(OSError, ValueError):  # no run was killed
        left = Path(record.read_text())
        if left.parent == parent and left.name.startswith(JOBS):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=JOBS, ignore_cleanup_errors=True) as place:
        record.write_text(place)
        before, tempfile.tempdir = os.environ.get("TMPDIR"), place
        os.environ["TMPDIR"] = place
        try:
            yield
        finally:
            tempfile.tempdir = str(parent)
            os.environ["TMPDIR"] = before or str(parent)
            record.unlink(missing_ok=True)


@contextmanager
def _ends_jobs(handler: ProgressHandler) -> Iterator[None]:
    """End the jobs at Ctrl-C or SIGTERM, and what they have started, such as a kernel."""

    def end(number: int, _: object) -> None:
        handler.interrupted = number
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                process.kill()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handled in before.items():
            signal.signal(number, handled)


def _run_snakemake(
    study: Study,
    how: Execution,
    force: bool,
    targets: Sequence[str],
    again: Collection[str],
    handler: ProgressHandler | Planned,
) -> None:
    """Run the workflow for the targets, and make `again` what of that its rules make.

    Snakemake alone leaves a file missing where all that was made of it is there.
    """
    quiet = settings.OutputSettings(enable_file_logging=False)
    with SnakemakeApi(quiet) as api, handler.bar:
        logger.handlers[:] = [handler]
        try:
            workflow = api.workflow(
                config_settings=settings.ConfigSettings(config={"study": str(study.file)}),
                snakefile=PROJECT / "Snakefile",
                workdir=study.folder,
                **how.of_workflow,
            )
            rules = list(workflow._workflow.rules)
            made = {file for file in again if any(rule.is_producer(file) for rule in rules)}
            wanted = settings.DAGSettings(
                frozenset(targets), force_incomplete=True, forceall=force, forcerun=frozenset(made)
            )
            workflow.dag(wanted).execute_workflow(**how.of_jobs)
        except (Exception, KeyboardInterrupt) as error:
            if handler.failed or handler.interrupted:
                return  # the caller says which job, and shows its log
            if isinstance(error, InputError | OSError):
                raise
            if fault := of_disk(error):
                raise fault from error
            print_exception(error)
            raise WorkflowError(
                "Snakefile",
                "\n".join(handler.messages) or str(error),
                "This is a fault of the workflow or of the study's files, not of one subject.",
            ) from error


def _failure(name: str, log: Path, text: str) -> WorkflowError:
    """Return the error of a job that failed: its last sentence, or the end of its log."""
    _, told, sentence = f"\n{text}".rpartition("\nerror: ")
    if told:
        return WorkflowError(name, f"failed: {sentence.strip()}", f"The whole log: {log}.")
    if not text:  # a full disk takes no log
        with atomic(log) as path:
            path.write_bytes(bytes(PROBE))
    lines = ["failed. The end of its log:", *text.splitlines()[-LOG_LINES:], ""]
    kept = "After fixing the cause, run again: what is finished is kept."
    return WorkflowError(name, "\n".join(lines), f"The whole log: {log}. {kept}")


def _tell_damaged(folder: Path, spoilt: Sequence[str]) -> None:
    """Print which artefacts were missing or damaged, and whether they are there again."""
    there = {name: (folder / name).exists() for name in spoilt}
    for again, what in ((True, "made again"), (False, "not made again by this run")):
        if names := [name for name, made in there.items() if made == again]:
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            were = "artefact was" if len(names) == 1 else "artefacts were"
            told = ", ".join(names[:NAMED]) + more
            print(plain(f"{len(names)} missing or damaged {were} {what}: {told}"))
