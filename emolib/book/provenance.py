"""Provenance of a page and of a study: settings, versions, machine, and what its jobs took.

Each job leaves a file of what it took (Snakemake's ``benchmark:``). The files outlive a run: a job
that was made last week and is still up to date is listed with what it took then.
"""

from __future__ import annotations

import html
import json
import os
import platform
import re
import subprocess
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

from emolib.figures.display import Table
from emolib.model.settings import threads
from emolib.storage import digest_of_files, digest_of_settings
from emolib.study.study import PROJECT, Study

_STARTED = time.monotonic()  # imported with a notebook's first cell

# Whose versions stand at the foot of a page, and on the page about the environment.
OF_PAGE = ("emolib", "numpy", "scipy", "xarray", "scikit-learn", "mne", "keras", "jax")
OF_STUDY = (
    *("numpy", "scipy", "pandas", "xarray", "scikit-learn", "mne", "keras", "jax", "matplotlib"),
    *("snakemake", "papermill", "jupytext", "jupyter-book", "sphinx", "myst-nb"),
)
SLOWEST = 5
_INPUTS = re.compile(r'<table data-inputs="([^"]*)"')

# The stages in their order: what each makes, and from what.
WORKFLOW = {
    "simulate": ("recordings of a simulated study", "its settings"),
    "features": ("features of a subject", "its recording"),
    "summary": ("what pages show of a subject", "its recording and features"),
    "train": ("predictions and weights of a fold", "everybody's features"),
    "part": ("weights of some subjects of a fold", "everybody's features"),
    "refit": ("predictions of a fold with permuted labels", "everybody's features"),
    "explain": ("attributions of a fold", "its weights and everybody's features"),
    "score": ("scores", "predictions of all folds"),
    "group_tests": ("tests of all subjects together", "everybody's features and predictions"),
    "references": (
        "scores of reference models",
        "everybody's features and scores; recordings if read",
    ),
    "chapter": ("a chapter", "its notebook, and the features or scores that it shows"),
    "subject_page": ("a subject's page", "its features and summary, attributions and scores"),
    "cohort_page": ("the cohort's page", "everybody's features and summaries, scores and tests"),
    "book": ("the book", "all pages, and its prose"),
}


def commit() -> str:
    """Return the commit of the code, and whether it was changed since."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return described or "not a git checkout"


def provenance(study: Study, inputs: Sequence[Path] = (), *, subject: str | None = None) -> Table:
    """List what made a page: study, commit, versions, machine, input digest, duration."""
    files = [Path(path) for path in inputs if Path(path).is_file()]
    digests = {_input_name(study, path): digest_of_files([path]) for path in files}
    of_files = f"{len(files)} {'file' if len(files) == 1 else 'files'}"
    facts = ({"subject": subject} if subject else {}) | {
        "study": study.name,
        "settings": study.digest("pages"),
        "commit": commit(),
        "inputs": f"{digest_of_settings(digests)} ({of_files})" if files else "none",
        "python": platform.python_version(),
        **{package: version(package) for package in OF_PAGE},
        "machine": f"{platform.system()} {platform.machine()}",
        "duration": f"{time.monotonic() - _STARTED:.1f} s",
    }
    frame = pd.Series(facts, name="value", dtype=object).to_frame()
    look = {"caption": "What made this page", "css": "emolib-provenance"}
    return Table(frame, data={"inputs": json.dumps(digests)}, **look)


def inputs_of(page: str) -> dict[str, str]:
    """Return the digests of a page's inputs by their names, from the HTML of `provenance`."""
    told = _INPUTS.search(page)
    return json.loads(html.unescape(told[1])) if told else {}


def file_of_input(study: Study, name: str) -> Path:
    """Return the file that a page's provenance names, such as ``results/features/sub-01.nc``."""
    place, _, path = name.partition("/")
    return _places(study).get(place, PROJECT) / path


def _input_name(study: Study, path: Path) -> str:
    """Name a file from the study's results, its recordings or the project, and by no other."""
    absolute = path.absolute()
    for place, folder in _places(study).items():
        if absolute.is_relative_to(folder):
            return f"{place}/{absolute.relative_to(folder).as_posix()}"
    return absolute.name


def _places(study: Study) -> dict[str, Path]:
    """Return the folders that hold a page's inputs, by the word that names each."""
    root = study.recordings_root.absolute()
    folder = root.parent if root.is_file() else root
    return {"results": study.folder.absolute(), "recordings": folder, "project": PROJECT}


def job_table(folder: Path) -> pd.DataFrame:
    """Read what the jobs that made a study's files took.

    Parameters
    ----------
    folder : path
        The study's folder.

    Returns
    -------
    DataFrame with one row per job, in the order of `WORKFLOW`
        Columns ``rule``, ``job`` (the rule and what it worked on), ``seconds``, and ``megabytes``,
        the most memory that it had at a time, NaN where that was not seen.
    """
    rows = []
    for rule in WORKFLOW:
        for file in sorted(folder.glob(f"**/benchmarks/{rule}/*.tsv")):
            job = file.relative_to(folder).with_suffix("").as_posix().replace("benchmarks/", "")
            with suppress(ValueError, IndexError):  # no row yet, or a damaged file
                last = pd.read_csv(file, sep="\t", usecols=["s", "max_rss"]).iloc[-1]
                memory = pd.to_numeric(last["max_rss"], errors="coerce")
                rows.append((rule, job, float(last["s"]), float(memory)))
    return pd.DataFrame(rows, columns=["rule", "job", "seconds", "megabytes"])


def environment() -> dict[str, str]:
    """Return what this process runs on: system, processors, memory, Python."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on every system
    n_processors = len(affinity(0)) if affinity else os.cpu_count() or 1
    found = {
        "system": f"{platform.system()} on {platform.machine()}",
        "processor": _processor(),
        "processors that this process may use": str(n_processors),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "threads of a training process": threads(),
        "Python": platform.python_version(),
    }
    return {name: value for name, value in found.items() if value}


def environment_page(folder: Path) -> str:
    """Write the page "Environment and timings" of a study's folder in MyST Markdown."""
    versions = {package: version(package) for package in OF_STUDY}
    text = [
        "# Environment and timings",
        "This page was written by the computer that put the book together, when it did so.",
        "## The machine",
        _rows(("what", "value"), environment().items()),
        "## The software",
        "`constraints.txt` in the project's folder holds the exact versions of everything; these "
        "are the ones that matter most for the numbers and the pages.",
        _rows(("package", "version"), versions.items()),
        "## The workflow, and how long it took",
        *_durations(job_table(folder)),
    ]
    return "\n\n".join(text) + "\n"


def _durations(jobs: pd.DataFrame) -> list[str]:
    """Write the stages with what their jobs took, and the longest jobs, as paragraphs."""
    if jobs.empty:
        return [
            "Nothing is recorded: the stages were run by hand, not by `make book` or "
            "`python -m emolib run`."
        ]
    by_rule = jobs.groupby("rule", sort=False)["seconds"].agg(["size", "sum", "median", "max"])
    most = jobs.groupby("rule", sort=False)["megabytes"].max()
    stages = [
        (
            *(rule.replace("_", " "), *WORKFLOW[rule], f"{n:.0f}"),
            *(f"{s:.1f}" for s in seconds),
            "not seen" if np.isnan(most[rule]) else f"{most[rule]:.0f}",
        )
        for rule, n, *seconds in by_rule.itertuples()
    ]
    head = ("stage", "makes", "from", "jobs", "all (s)", "median (s)", "longest (s)")
    head += ("most memory (MB)",)
    slowest = jobs.nlargest(SLOWEST, "seconds").itertuples()
    return [
        f"{len(jobs)} jobs are recorded. Added up they took {jobs['seconds'].sum() / 60:.1f} "
        "minutes; a run takes less where jobs run side by side, or are up to date and need not "
        "run again. The job that builds the book wrote this page before it ended: where it is "
        "listed, an earlier one is meant.",
        _rows(head, stages),
        "The longest jobs:",
        _rows(("job", "seconds"), ((f"`{row.job}`", f"{row.seconds:.1f}") for row in slowest)),
    ]


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Write a Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines
    )


def _processor() -> str:
    """Return the processor's name as the system has it; empty where it does not say."""
    listing = Path("/proc/cpuinfo")
    text = listing.read_text(encoding="utf-8", errors="replace") if listing.is_file() else ""
    told = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return told[1] if told else platform.processor()
