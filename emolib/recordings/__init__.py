"""Recordings: one subject's signals and ratings, in one form whatever their source.

A recording is an `xarray.Dataset`:

================ ============================ ==================================================
name             dimensions                   what
================ ============================ ==================================================
`eeg`            trial, channel, time         float32, microvolts
`baseline`       trial, channel,              float32, microvolts: the rest before each trial,
                 baseline_time                where there is one
`rating`         trial, scale                 float64, 1-9 (`attrs` low, high), NaN where missing
`class`          trial, task                  names of classes, where the data set comes with them
`stimulus`       trial (a coordinate)         what was presented, the same name in all subjects
`session`        trial (a coordinate)         the day or visit, where a subject may have several
`trial_samples`  trial (a coordinate)         where lengths differ: NaN follows so many samples
================ ============================ ==================================================

with the coordinates `trial` (from 1), `channel` (10-20 names), `time`, `baseline_time` (seconds),
`scale`, `task`, and the attributes `dataset`, `subject`, `sfreq` (Hz) and `notes` (what was
dropped or left out, and why), and `held_hz`, the limits of earlier filters, where they are known. A
recording has ratings, classes or both.

`readers.Reader` says what a reader of a data set offers.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "deap": ["read_deap"],
        "epochs": ["from_epochs", "to_epochs"],
        "labels": ["Task", "trial_classes", "window_table"],
        "readers": ["READERS", "Reader"],
        "recording": ["build"],
        "settings": ["RecordingSettings"],
        "validation": ["validate"],
    },
)
