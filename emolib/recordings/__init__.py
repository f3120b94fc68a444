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
`trial_samples`  trial (a coordinate)         where lengths differ: NaN follows so many samples
================ ============================ ==================================================

with the coordinates `trial` (from 1), `channel` (10-20 names), `time`, `baseline_time` (seconds),
`scale`, `task`, and the attributes `dataset`, `subject`, `sfreq` (Hz) and `notes` (what was
dropped or left out, and why). A recording has ratings, classes or both.

A reader is a module of this folder. It offers::

    subjects(root) -> list[str]            names such as "sub-01", in numeric order
    sources(root, subject) -> list[Path]   the files that hold the subject
    read(root, subject) -> Dataset         validated, or a DataError
    check(root) -> dict                    for each subject the DataError, or None

and perhaps `default_root() -> Path`, where the data lie if nobody says, and `BY_STIMULUS = True`,
where trials are numbered by their stimuli, so that their numbers do not say when they were.
"""

from emolib.recordings import deap, dreamer, eegmat, files, seed, simulated
from emolib.recordings.deap import read_deap
from emolib.recordings.recording import build, check_each
from emolib.recordings.validation import validate

READERS = {
    "deap": deap,
    "seed": seed,
    "dreamer": dreamer,
    "files": files,
    "eegmat": eegmat,
    "simulated": simulated,
}

__all__ = ["READERS", "build", "check_each", "read_deap", "validate"]
