"""Protocols: from a table of windows to training, validation and test rows."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "folds": ["Fold"],
        "protocols": [
            *("window_wise", "trial_grouped", "leave_sessions_out", "stimulus_grouped"),
            *("leave_subjects_out", "leave_subjects_and_stimuli_out"),
            *("PROTOCOLS", "LEAKING", "CROSS_SUBJECT", "cv_of"),
        ],
    },
)
