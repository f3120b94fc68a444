"""The recordings of a simulated study, made where they are not there yet."""

from __future__ import annotations

import dataclasses
import json

from emolib.errors import DataError
from emolib.recordings import simulated
from emolib.study.study import Study


def effects(study: Study) -> dict[str, float]:
    """Return how strongly a simulated study's signals follow each task's rating; 0 is not at all.

    Tasks whose rating the signals have no truth for are left out; so is all, for people.
    """
    known = study.simulation.effect if study.simulation is not None else {}
    ratings = {name: task.rating for name, task in study.tasks.items()}
    return {name: known[rating] for name, rating in ratings.items() if rating in known}


def make_recording(study: Study, subject: str) -> None:
    """Simulate one subject of the study and write it in DEAP's format, the truth beside it."""
    number = int(subject.removeprefix("sub-"))
    simulated.write_subject(study.simulation, number, study.recordings_root)


def ensure_recording(study: Study, subject: str) -> None:
    """Simulate a subject of a simulated study, unless its file is there with these settings."""
    if study.simulation is None:
        return
    wanted, root = dataclasses.asdict(study.simulation), study.recordings_root
    try:
        made_with = json.loads(simulated.read_truth(root, subject).settings)
    except DataError:
        return make_recording(study, subject)
    there = (root / f"s{subject.removeprefix('sub-')}.mat").exists()
    if not (there and made_with.items() <= wanted.items()):
        make_recording(study, subject)
