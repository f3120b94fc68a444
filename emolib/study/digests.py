"""What decides a stage's result: the code of some rooms, and some keys of the study file.

Settings that only change execution (cores, executor, logging) are in no digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emolib.model.settings import threads
from emolib.storage import digest_of_files, digest_of_settings

# What is made by which rooms: an artefact is made again when its settings or its code change,
# or when what it is made from is. So training need not name the features' rooms again.
CODE_OF = {
    "recording": ["errors", "storage", "grid", "recordings"],
    "features": ["errors", "storage", "grid", "recordings", "features"],
    "summary": [
        *("grid", "recordings/labels", "features", "splits", "model/predictions"),
        "evaluation",
    ],
    "training": ["grid", "recordings/labels", "splits", "model", "study/stages", "study/fold"],
    "attribution": [
        *("grid", "recordings/labels", "splits", "model", "explain"),
        *("study/stages", "study/networks", "study/attribution", "study/explain"),
    ],
    "group_tests": ["grid", "recordings/labels", "splits", "evaluation", "study/group"],
    "scores": ["model/predictions", "evaluation/bootstrap", "evaluation/scores"],
    "page": ["."],
}

# And by which keys of the study file; a page, which is not listed, may show any.
SETTINGS_OF = {
    "recording": ["simulation"],
    "features": ["dataset", "simulation", "features"],
    "summary": ["tasks", "features", "protocols", "seed"],
    "training": ["tasks", "model", "training", "n_folds", "fine_tune", "seed"],
    "attribution": ["tasks", "features", "model", "n_folds", "seed"],
    "group_tests": ["tasks", "protocols", "n_folds", "seed"],
    "scores": [],
}


def digest(stage: str, settings: Mapping[str, Any]) -> str:
    """Name all that decides a stage's result, its input files aside, in a few characters.

    Parameters
    ----------
    stage : str
        A key of `CODE_OF`.
    settings : mapping
        The study's, by key of its file.
    """
    used = (
        {key: settings[key] for key in SETTINGS_OF[stage]}
        if stage in SETTINGS_OF
        else dict(settings)
    )
    if stage in ("training", "attribution", "page"):
        used["threads"] = threads()  # they decide the last bits of a sum
    code = [path for room in CODE_OF[stage] for path in _modules(room)]
    return digest_of_settings(used | {"code": digest_of_files(code)})


def _modules(room: str) -> list[Path]:
    """The source files of a room of the package."""
    package = Path(__file__).parents[1]
    place = package / room
    return sorted(place.rglob("*.py")) if place.is_dir() else [package / f"{room}.py"]
