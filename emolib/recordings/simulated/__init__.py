"""A simulated cohort: EEG whose truth is known, in DEAP's units, shapes and file format."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "cohort": [
            *("MEMORY_MB", "RANDOMISED_ORDER", "default_root", "subjects", "sources", "read"),
            *("read_truth", "simulate_subject", "write_subject"),
        ],
        "ratings": ["SimulationSettings"],
    },
)
