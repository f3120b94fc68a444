"""A simulated cohort: EEG whose truth is known, in DEAP's units, shapes and file format."""

from emolib.recordings.simulated.cohort import (
    MEMORY_MB,
    RANDOMISED_ORDER,
    default_root,
    read,
    read_truth,
    simulate_subject,
    sources,
    subjects,
    write_subject,
)
from emolib.recordings.simulated.ratings import SimulationSettings

__all__ = [
    "MEMORY_MB",
    "RANDOMISED_ORDER",
    "SimulationSettings",
    "default_root",
    "read",
    "read_truth",
    "simulate_subject",
    "sources",
    "subjects",
    "write_subject",
]
