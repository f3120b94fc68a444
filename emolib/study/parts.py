"""A fold's work in parts, a job each: the pooled fit, then groups of subjects to fine-tune.

A part only keeps its fits, as a training does that may be killed; the job of the fold then finds
them done. So results are the same bytes, in however many parts they were made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from emolib.errors import DataError, SettingsError
from emolib.study.artefacts import DamagedError
from emolib.study.fold import PARTS, fine_tunes, fits_of_fold
from emolib.study.study import Study

POOLED = "pooled"


def make_part(study: Study, protocol: str, number: int, part: str) -> None:
    """Do part of the work of `emolib.study.fold.make_fold`.

    A fold that the data cannot serve is left to `make_fold`, which says why.

    Parameters
    ----------
    study : Study
    protocol : str
    number : int
        Of the fold.
    part : str
        "pooled", or which of the test subjects, counted from 0 in the order of their names: "8-15".
    """
    first, _, last = part.partition("-")
    only = slice(0, 0) if part == POOLED else slice(int(first), int(last) + 1)
    try:
        fits, _, _ = fits_of_fold(study, protocol, number, only=only)
        for _ in fits:
            pass  # each is kept as soon as it is there
    except DamagedError:
        raise
    except DataError:
        pass


def parts_of(study: Study, subjects_per_job: int) -> list[str]:
    """List the groups of subjects that jobs fine-tune.

    Those who train side by side stay together, since they decide how each other's sums are rounded.

    Parameters
    ----------
    study : Study
    subjects_per_job : int
        Raised to a multiple of `training.side_by_side`.

    Raises
    ------
    SettingsError
        The number is below 1.

    Examples
    --------
    >>> from emolib.study.study import load
    >>> parts_of(load("smoke"), 3)
    ['0-2', '3-5']
    """
    if subjects_per_job < 1:
        problem = f"got {subjects_per_job}."
        raise SettingsError("subjects-per-job", problem, "Give 1 or more.")
    beside = study.training.side_by_side
    size = -(-subjects_per_job // beside) * beside
    return [f"{first}-{first + size - 1}" for first in range(0, len(study.subjects()), size)]


def part_files(
    study: Study, folds: Iterable[Mapping[str, str]], subjects_per_job: int
) -> list[str]:
    """List what tells that the parts of folds are done, as seen from the study's folder.

    Parameters
    ----------
    study : Study
    folds : iterable of mappings
        Of each fold the wildcards of the Snakefile's rule: ``variant_dir``, ``protocol``, ``fold``.
        Those without fine-tuning have no parts.
    subjects_per_job : int
    """
    files = []
    for of in folds:
        variant = of["variant_dir"]
        member = study.variant(variant.split("/")[1]) if variant else study
        if fine_tunes(member, of["protocol"]):
            folder = f"{variant}models/{of['protocol']}/fold-{of['fold']}/{PARTS}"
            files += [f"{folder}/{part}" for part in parts_of(member, subjects_per_job)]
    return files
