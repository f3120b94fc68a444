"""A simulated cohort: EEG whose truth is known, in DEAP's units, shapes and file format."""

from emolib.recordings.simulated.cohort import (
    BY_STIMULUS,
    check,
    read,
    read_truth,
    simulate_subject,
    sources,
    subjects,
    write_subject,
)
from emolib.recordings.simulated.ratings import SimulationSettings

__all__ = [
    "BY_STIMULUS",
    "SimulationSettings",
    "check",
    "read",
    "read_truth",
    "simulate_subject",
    "sources",
    "subjects",
    "write_subject",
]
