"""What a study was made on, and how long each of its jobs took: a page of the book.

Snakemake keeps a record beside each file that it has made. The records outlive a run: a job that
was made last week and is still up to date is listed with what it took then.
"""

from __future__ import annotations

import base64
import json
import os
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from emolib.model.settings import threads

# Beside those at the foot of each page: what runs the jobs and makes the book.
PACKAGES = (
    *("numpy", "scipy", "pandas", "xarray", "scikit-learn", "mne", "keras", "jax", "matplotlib"),
    *("snakemake", "papermill", "jupytext", "jupyter-book", "sphinx", "myst-nb"),
)
SLOWEST = 5
PICTURE = "made/workflow.svg"  # beside the page


def job_table(folder: Path) -> pd.DataFrame:
    """Read what Snakemake recorded of the jobs that made a study's files.

    Parameters
    ----------
    folder : path
        The study's folder.

    Returns
    -------
    DataFrame, a row a job, in the order in which they began
        Columns ``rule``, ``job`` (the rule and what it worked on), ``start`` (seconds since 1970)
        and ``seconds``. Empty if nothing is recorded.
    """
    jobs = {}
    for record in _records(folder).values():
        rule, logs = record["rule"], record["log"]
        start, end = record["starttime"], record["endtime"]
        # A job with several files has a record of each: the same log and end, but starts that are
        # microseconds apart.
        name = Path(logs[0]).with_suffix("").as_posix() if logs else rule
        jobs.setdefault((name, end), (rule, name.removeprefix("logs/"), start, end - start))
    table = pd.DataFrame(jobs.values(), columns=["rule", "job", "start", "seconds"])
    return table.sort_values(["start", "job"], ignore_index=True)


def feeding_rules(folder: Path) -> dict[str, set[str]]:
    """Say which rules' files each rule has read, as Snakemake recorded it.

    Parameters
    ----------
    folder : path
        The study's folder.

    Returns
    -------
    dict of str to set of str
        In the order in which the rules began.
    """
    records = _records(folder)
    maker = {output: record["rule"] for output, record in records.items()}
    feeds: dict[str, set[str]] = {}
    for record in sorted(records.values(), key=lambda each: each["starttime"]):
        before = {maker[file] for file in record.get("input") or () if file in maker}
        feeds.setdefault(record["rule"], set()).update(before - {record["rule"]})
    return feeds


def environment() -> dict[str, str]:
    """Say what this process runs on: system, processors, memory, Python.

    Returns
    -------
    dict of str to str
    """
    found = {
        "system": f"{platform.system()} on {platform.machine()}",
        "processor": _processor(),
        "processors that this process may use": str(_n_processors()),
        "memory": _memory(),
        "threads of a training process": threads(),
        "Python": platform.python_version(),
    }
    return {name: value for name, value in found.items() if value}


def environment_page(folder: Path) -> str:
    """Write the page "Environment and timings" in MyST Markdown.

    Parameters
    ----------
    folder : path
        The study's folder, with Snakemake's records.
    """
    jobs = job_table(folder)
    versions = {package: version(package) for package in PACKAGES}
    text = [
        "# Environment and timings",
        "This page was written by the computer that put the book together, when it did so.",
        "## The machine",
        _rows(("what", "value"), environment().items()),
        "## The software",
        "`constraints.txt` in the project's folder holds the exact versions of everything; these "
        "are the ones that matter most for the numbers and the pages.",
        _rows(("package", "version"), versions.items()),
        "## How long it took",
        workflow(jobs),
        *_durations(jobs),
    ]
    return "\n\n".join(text) + "\n"


def workflow(jobs: pd.DataFrame) -> str:
    """The picture of the workflow that `assemble` puts beside the pages, as MyST Markdown.

    Parameters
    ----------
    jobs : DataFrame
        As `job_table` gives them.

    Examples
    --------
    >>> workflow(pd.DataFrame({"rule": [], "seconds": []}))[:20]
    'Nothing is recorded:'
    """
    if jobs.empty:
        return (
            "Nothing is recorded: the stages were run by hand, not by `make book` or "
            "`python -m emolib run`."
        )
    sums = jobs.groupby("rule", sort=False)["seconds"].sum()
    told = ", ".join(f"{rule.replace('_', ' ')} {seconds:.0f} s" for rule, seconds in sums.items())
    return (
        f":::{{figure}} /{PICTURE}\n:alt: Stages in the order in which they began: {told}.\n\n"
        "The stages of this study. An arrow leads to the stage that reads the files; below each "
        "name stand the number of its jobs and what they took, added up.\n:::"
    )


def _durations(jobs: pd.DataFrame) -> list[str]:
    """What the jobs took, as paragraphs."""
    if jobs.empty:
        return []
    by_rule = jobs.groupby("rule", sort=False)["seconds"].agg(["size", "sum", "median", "max"])
    rows = [
        (rule, f"{n:.0f}", *(f"{seconds:.1f}" for seconds in times))
        for rule, n, *times in by_rule.itertuples()
    ]
    slowest = jobs.nlargest(SLOWEST, "seconds")
    minutes = jobs["seconds"].sum() / 60
    return [
        f"{len(jobs)} jobs are recorded. Added up they took {minutes:.1f} minutes; a run takes "
        "less where jobs run side by side, or are up to date and need not run again. The job that "
        "builds the book wrote this page before it ended: where it is listed, an earlier one is "
        "meant.",
        _rows(("stage", "jobs", "all (s)", "median (s)", "longest (s)"), rows),
        "The longest jobs:",
        _rows(
            ("job", "seconds"),
            ((f"`{row.job}`", f"{row.seconds:.1f}") for row in slowest.itertuples()),
        ),
    ]


def _records(folder: Path) -> dict[str, dict]:
    """Snakemake's records by the file that each is of."""
    found, records = {}, folder / ".snakemake" / "metadata"
    for path in sorted(records.rglob("*")):
        output = _output(path.relative_to(records))
        if not path.is_file() or not (folder / output).exists():
            continue  # a record may outlive its file, where a study has become smaller
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            times = {name: float(record[name]) for name in ("starttime", "endtime")}
            found[output] = {"rule": record["rule"], "log": record["log"]} | record | times
        except (ValueError, KeyError, TypeError):
            continue  # of a job that was cut off, or of another version: not known is not shown
    return found


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines
    )


def _output(record: Path) -> str:
    """The file that a record is of: its name says so, and is cut into folders where it is long."""
    name = "".join(part.removeprefix("@") for part in record.parts)
    try:
        return base64.urlsafe_b64decode(name).decode()
    except ValueError:
        return ""


def _n_processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    """The processor's name as the system has it; empty where it does not say."""
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor()


def _memory() -> str:
    try:
        n_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows
        return ""
    return f"{n_bytes / 2**30:.0f} GiB"
