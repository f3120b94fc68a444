"""A simulated cohort: EEG whose truth is known, in DEAP's units, shapes and file format."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "cohort": [
            *("MEMORY_MB", "RANDOMISED_ORDER", "default_root", "subjects", "sources", "read"),
            *("emotion_gain", "expected_power", "read_truth", "simulate_subject"),
            *("sum_over_rhythms", "write_subject"),
        ],
        "ratings": ["FELT_SCALES", "SimulationSettings"],
    },
)
