"""DEAP as it was recorded: BDF files of 32 people, 512 Hz, brought to what the release is.

A recording holds 40 videos in the order in which they were shown; `participant_ratings.csv` says
which was which, and trials are numbered by video as in the release. The status channel marks, in
its lowest eight bits, 4 where a video begins and 5 where it ends; other codes, and a 5 that no 4
precedes, mean nothing here. Its name is empty in some files, and some have two such channels.

As the release did: the common average, 128 Hz, 4 to 45 Hz, and 3 s of rest before 60 s of video.
Eye movements are regressed out, by the four electrodes around the eyes; the authors separated
sources to that end, so signals resemble the release's, and are not the same.
"""

from __future__ import annotations

import re
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from emolib.errors import DataError
from emolib.recordings import files
from emolib.recordings.arrays import COPY_AGAIN
from emolib.recordings.deap import SCALES, TABLE, ratings_of, with_ratings
from emolib.recordings.formats import check_edf
from emolib.recordings.recording import (
    STANDARD_MEMORY_MB,
    check_subject,
    damaged,
    numbered_files,
    wrong_folder,
)
from emolib.recordings.settings import RecordingSettings

RANDOMISED_ORDER = True  # videos are numbered alike, and were shown in an order of one's own
MEMORY_MB = STANDARD_MEMORY_MB
default_root = None

N_TRIALS = 40
TRIAL_SECONDS, BASELINE_SECONDS = 60.0, 3.0
BEGINS, ENDS = 4, 5  # codes of a video
CODE = 255  # the bits that hold it
SETTINGS = RecordingSettings(
    eog_channels=("EXG1", "EXG2", "EXG3", "EXG4"),
    regress_artifact={},
    l_freq=4.0,
    h_freq=45.0,
    raw_resample_sfreq=128.0,
)

_FILE = re.compile(r"s(\d\d)\.bdf")
_STATUS = re.compile(r"(?i)(status)?(-\d)?")  # MNE numbers channels of the same name
_EXPECTED = "data_original/s01.bdf"
_GIVE_FOLDER = "Give the folder that holds s01.bdf, s02.bdf, ..., or the folder above it."


def subjects(root: str | Path) -> list[str]:
    """List the subjects in or below the folder `root`: "sub-01" for `s01.bdf`."""
    return list(_files(root))


def sources(root: str | Path, subject: str) -> list[Path]:
    """Return the file that holds a subject, and the ratings beside it."""
    found = _files(root)
    return with_ratings(found[check_subject(root, subject, found)])


def read(root: str | Path, subject: str) -> xr.Dataset:
    """Read one subject of the folder `root`: `rating` (trial, scale) of DEAP's four scales.

    A DataError if the file is cut short, does not have so many videos of such a length, or if
    `participant_ratings.csv` is not beside it, or has not each of the subject's trials once.
    """
    path, *tables = sources(root, subject)
    if not tables:
        problem = f"holds trials in the order in which they were shown; no {TABLE} lies beside it."
        raise DataError(path, problem, "Put it there: it says which trial was which video.")
    shown = _shown(tables[0], int(subject.removeprefix("sub-")))
    table = pd.DataFrame(
        {
            "subject": subject,
            "file": str(path),
            "trial": shown["experiment_id"].astype(int),
            "onset_seconds": _onsets(path),
            "duration_seconds": TRIAL_SECONDS,
            "baseline_seconds": BASELINE_SECONDS,
            "stimulus": [f"{video:02.0f}" for video in shown["experiment_id"]],
            **{scale: shown[scale].astype(float) for scale in SCALES},
        }
    )
    return files.cut_trials(table, where=tables[0], dataset="deap_raw", settings=SETTINGS)


def _files(root: str | Path) -> dict[str, Path]:
    """Map the subjects' names, in numeric order, to their files."""
    if found := numbered_files(root, _FILE, ["data_original"]):
        return {name: path for name, (path,) in found.items()}
    raise wrong_folder(root, "DEAP recording", _EXPECTED, _GIVE_FOLDER)


def _shown(path: Path, participant: int) -> pd.DataFrame:
    """Return the ratings of a participant in the order of the trials: lower-case columns."""
    with damaged(path, "cannot be read as a table of ratings", COPY_AGAIN):
        rows = ratings_of(path, participant).sort_values("trial")
        numbers = [rows[name].tolist() for name in ("trial", "experiment_id")]
        rows = rows[["experiment_id", *SCALES]].reset_index(drop=True)
    wanted = [*range(1, N_TRIALS + 1)]
    if numbers[0] != wanted or sorted(numbers[1]) != wanted:
        problem = f"has not each of {N_TRIALS} trials and videos of participant"
        raise DataError(path, f"{problem} {participant} once.", COPY_AGAIN)
    return rows


def _onsets(path: Path) -> np.ndarray:
    """Return when the videos begin, seconds from the start of the file."""
    import mne  # here, not above: other readers need not wait for it

    check_edf(path)
    with (
        damaged(path, "its status channel cannot be read", COPY_AGAIN),
        warnings.catch_warnings(action="ignore"),
    ):
        raw = mne.io.read_raw_bdf(path, verbose="error")
        names = [name for name in raw.ch_names if _STATUS.fullmatch(name)]
        codes = raw.get_data(names).astype(np.int64) & CODE
    if not names:
        found = ", ".join(raw.ch_names)
        raise DataError(path, f"has no status channel, only {found}.", COPY_AGAIN)
    codes = max(codes, key=lambda one: np.count_nonzero(one == BEGINS))
    at = np.flatnonzero(np.diff(codes, prepend=0) != 0)  # where a code begins
    marks = [(sample, codes[sample]) for sample in at if codes[sample] in (BEGINS, ENDS)]
    pairs = [
        (begin, end)
        for (begin, first), (end, second) in pairwise(marks)
        if (first, second) == (BEGINS, ENDS)
    ]
    if len(pairs) != N_TRIALS:
        problem = f"marks {len(pairs)} videos (code {BEGINS}, then {ENDS})"
        raise DataError(path, f"{problem}; {N_TRIALS} are expected.", COPY_AGAIN)
    sfreq = raw.info["sfreq"]
    for begin, end in pairs:
        if abs((end - begin) / sfreq - TRIAL_SECONDS) > 1:
            problem = f"the video at {begin / sfreq:g} s has {(end - begin) / sfreq:g} s"
            raise DataError(path, f"{problem}, not {TRIAL_SECONDS:g}.", COPY_AGAIN)
    return np.array([begin for begin, _ in pairs]) / sfreq
