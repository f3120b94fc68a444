"""What decides a stage's result: the code of some rooms, and some keys of the study file.

Settings that only change execution (cores, executor, logging) are in no digest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from emolib.model.settings import threads
from emolib.splits.folds import CHOOSING
from emolib.storage import digest_of_files, digest_of_settings

CODE = {".py", ".js", ".css", ".csv", ".mplstyle"}  # endings of the package's own files
MADE_WITH = "made_with.json"  # the digests that a study's results were made with, by stage

# What is made by which rooms: an artefact is made again when its settings or its code change,
# or when what it is made from is. So training need not name the features' rooms again.
CODE_OF = {
    "recordings": ["errors", "storage", "grid", "recordings"],
    "features": ["errors", "storage", "grid", "recordings", "features"],
    "summaries": [
        *("grid", "recordings/labels", "features", "splits", "model/predictions"),
        "evaluation",
    ],
    "training": ["grid", "recordings/labels", "splits", "model", "study/stages", "study/fold"],
    "attributions": [
        *("grid", "recordings/labels", "splits", "model", "explain"),
        *("study/stages", "study/fold", "study/networks", "study/explain"),
    ],
    "group_tests": ["grid", "recordings/labels", "splits", "evaluation", "study/stages"],
    "references": [
        *("errors", "storage", "grid", "recordings", "features", "splits", "model"),
        *("evaluation", "study/stages", "study/references"),
    ],
    "scores": ["model/predictions", "evaluation/bootstrap", "evaluation/scores"],
    "pages": ["."],
}

# And by which keys of the study file; pages, which are not listed, may show any.
SETTINGS_OF = {
    "recordings": ["simulation"],
    "features": ["dataset", "simulation", "recordings", "grid", "features"],
    "summaries": ["tasks", "features", "protocols", "seed"],
    "training": ["grid", "tasks", "model", "training", "n_folds", "fine_tune", "seed"],
    "attributions": ["grid", "tasks", "features", "model", "n_folds", "seed"],
    "group_tests": ["grid", "tasks", "protocols", "n_folds", "seed"],
    "references": [
        *("grid", "tasks", "features", "references", "protocols", "model", "training"),
        *("n_folds", "seed", "repeats"),
    ],
    "scores": [],
}


def read_made_with(folder: Path) -> dict[str, str] | None:
    """Read what a study's results were made with; None without a record, or if it is damaged."""
    try:
        found = json.loads((folder / MADE_WITH).read_text(encoding="utf-8"))
        return {stage: str(made) for stage, made in found.items()}
    except (OSError, ValueError, AttributeError):
        return None


def digest(stage: str, settings: Mapping[str, Any]) -> str:
    """Return a digest of a stage's settings and one of its code, joined by a hyphen."""
    used = {key: settings[key] for key in SETTINGS_OF.get(stage, settings)}
    if stage in ("training", "attributions", "references", "pages"):
        used["threads"] = threads()  # they decide the last bits of a sum
    if stage == "training":  # the rows of each protocol are those that all of these can use
        used["rows_of"] = sorted(CHOOSING & {*settings["protocols"]})
    return f"{digest_of_settings(used)}-{_digest_of_code(stage)}"


@cache  # one Snakefile asks for each of its jobs
def _digest_of_code(stage: str) -> str:
    return digest_of_files(code_of(stage))


def code_of(stage: str) -> list[Path]:
    """List the files of the package that decide a stage's result, scripts and styles included.

    Examples
    --------
    >>> {"widget.js", "widget.css", "widget.py"} <= {path.name for path in code_of("pages")}
    True
    """
    package = Path(__file__).parents[1]
    files: list[Path] = []
    for room in CODE_OF[stage]:
        folder = package / room
        inside = sorted(path for path in folder.rglob("*") if path.suffix in CODE)
        files += inside or [folder.with_suffix(".py")]
    return files


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
