"""Protocols: from a table of windows to training, validation and test."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "folds": ["Fold", "group_windows", "stable_seed"],
        "protocols": [
            "LEAKING",
            "NEW_SUBJECTS",
            "PROTOCOLS",
            "leave_subjects_and_stimuli_out",
            "leave_subjects_out",
            "stimulus_grouped",
            "trial_grouped",
            "window_wise",
        ],
    },
)
