"""How much room on the disk a run needs, compared with what is free before it begins.

Measured on the smoke and the demo study and on a cohort of open recordings; what is written stays
below it, so that a run that is let begin does not end on a full disk of its own doing.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from emolib.errors import DataError
from emolib.study.sources import Sources
from emolib.study.study import Study

MB = 1e6
# MB a job, of what does not grow with the data; of a book the theme's files, and the chapters.
FIXED = {
    **dict.fromkeys(("summary", "refit", "explain", "score", "group_tests", "references"), 0.5),
    "chapter": 1.0,
    "subject_page": 2.0,
    "cohort_page": 2.0,
    "book": 90.0,
}
IN_BOOK = 4 * MB  # bytes of a subject: its page, a copy, two forms of it, and its pictures
PARAMETERS = 1.7e6  # of a network of width 1, at most; they grow with the square of the width
OF_WEIGHTS = 0.07 * MB  # bytes of a file of weights beside them
STATES = 3  # what is kept of a training that is under way: weights, and two moments of each
SIMULATED = 40 * 128 * 8  # bytes a second, of DEAP's 40 channels at 128 Hz
DENSEST = 128 * 2  # bytes a second and channel, at least, of recordings that others made
OF_ROW = 30.0  # bytes of a prediction


def check_room(study: Study, jobs: Mapping[str, int]) -> None:
    """Raise a DataError if a disk has not the room that the jobs of a run need.

    Parameters
    ----------
    study : Study
    jobs : mapping of str to int
        How many there are of each rule of the Snakefile.
    """
    needed, free = room_needed(study, jobs), shutil.disk_usage(study.folder).free
    if needed > free:
        raise DataError(
            study.folder,
            f"this run may write {needed / MB:,.0f} MB, and {free / MB:,.0f} MB are free.",
            "Make room there, or name a folder on another disk in EMOLIB_RESULTS.",
        )


def room_needed(study: Study, jobs: Mapping[str, int]) -> float:
    """Return how many bytes jobs write at most, by how many there are of each rule.

    What a job makes again counts as well: the old file stays until the new one is whole.
    """
    members = [study, *(study.variant(name) for name in study.variants)]
    seconds = _channel_seconds(study)
    n_subjects = max(1, len(seconds))
    each = sum(seconds.values()) / n_subjects
    windows = max(each / member.features.window_seconds for member in members)
    planes = max(member.model_settings.planes for member in members)
    weights = max(4 * PARAMETERS * member.model.width**2 + OF_WEIGHTS for member in members)
    fits = 1 + study.fine_tune * n_subjects * (1 + len(study.tasks))
    rows = n_subjects * windows * len(study.tasks) / 32  # of 32 channels
    growing = {
        "simulate": SIMULATED * each / 32 * 1.1 if study.simulation else 0,
        "features": 4 * windows * planes + 0.05 * MB,
        "train": weights * (fits + STATES) + 3 * OF_ROW * rows,
        "refit": weights * STATES + OF_ROW * rows,
        "book": IN_BOOK * n_subjects,
    }
    fixed = {rule: MB * size for rule, size in FIXED.items()}
    return sum(n * (growing.get(rule, 0) + fixed.get(rule, 0)) for rule, n in jobs.items())


def _channel_seconds(study: Study) -> dict[str, float]:
    """Return of each subject, at most, the seconds that were recorded, summed over channels."""
    if simulated := study.simulation:
        seconds = 32 * simulated.n_trials * (3 + simulated.trial_seconds)
        return dict.fromkeys(study.subjects(), seconds)
    sources = Sources(study)
    return {who: sum(map(_size, sources.openable(who))) / DENSEST for who in sources.files}


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0
