"""DREAMER: 23 people who saw 18 film clips, with a headset of 14 electrodes.

Katsigiannis S, Ramzan N. DREAMER: a database for emotion recognition through EEG and ECG signals
from wireless low-cost off-the-shelf devices. IEEE Journal of Biomedical and Health Informatics
22(1):98-107, 2018. The data may not be passed on: everybody asks its authors for a copy.

One file holds all people, `DREAMER.mat`. Of person i, in `DREAMER.Data{i}`::

    EEG.stimuli{k}   (sample, 14)   clip k, of one to six minutes, microvolts at 128 Hz
    EEG.baseline{k}  (sample, 14)   the rest before it, 61 s
    ScoreValence, ScoreArousal, ScoreDominance   (18, 1)   ratings from 1 to 5

The headset's numbers stand on an offset of thousands of microvolts, at which a filter that starts
from rest would ring for seconds: each piece's mean is taken away. The file has some 2 GB, which
every process that reads a person has to load whole.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from emolib.errors import DataError
from emolib.recordings.arrays import COPY_AGAIN, load_matlab
from emolib.recordings.recording import (
    OFFSETS,
    build,
    check_subject,
    stack,
    subject_name,
    without_offset,
    wrong_folder,
)
from emolib.recordings.validation import validate

RANDOMISED_ORDER = True  # clips are numbered alike; when they were shown is not said
MEMORY_MB = 5000  # the file holds everybody
default_root = None
FILE = "DREAMER.mat"
CHANNELS = ("AF3", "F7", "F3", "FC5", "T7", "P7", "O1", "O2", "P8", "T8", "FC6", "F4", "F8", "AF4")
SFREQ = 128.0  # Hz
N_PEOPLE, N_CLIPS = 23, 18
SCALES = {"valence": "ScoreValence", "arousal": "ScoreArousal", "dominance": "ScoreDominance"}

_AS_IT_IS = "Use the release as it is."


def subjects(root: str | Path) -> list[str]:
    """List the people, "sub-01" to "sub-23"; the file is not opened."""
    _file(root)
    return [subject_name(number) for number in range(1, N_PEOPLE + 1)]


def sources(root: str | Path, subject: str) -> list[Path]:
    """Return the file that holds a person, and everybody else."""
    check_subject(root, subject, subjects(root))
    return [_file(root)]


def read(root: str | Path, subject: str) -> xr.Dataset:
    """Read one person: each piece less its mean, ratings from 1 to 5.

    NaN follows the end of shorter clips; of the rests the end is taken, as long as the shortest.
    """
    (path,) = sources(root, subject)
    number = subjects(root).index(subject) + 1
    person = _people(path, path.stat().st_mtime_ns)[number - 1]
    clips, rests = (_pieces(path, number, person, field) for field in ("stimuli", "baseline"))
    shortest = min(rest.shape[1] for rest in rests)
    recording = build(
        stack(clips),
        channels=CHANNELS,
        sfreq=SFREQ,
        dataset="dreamer",
        subject=subject,
        trials=range(1, N_CLIPS + 1),
        baseline=np.stack([rest[:, -shortest:] for rest in rests]),
        ratings={name: _ratings(path, number, person, field) for name, field in SCALES.items()},
        rating_range=(1, 5),
        trial_samples=[clip.shape[1] for clip in clips],
        notes=[OFFSETS],
    )
    return validate(recording, path)


def _file(root: str | Path) -> Path:
    """Find the file: `root` itself, or in the folder `root`."""
    for path in (Path(root), Path(root) / FILE):
        if path.is_file():
            return path
    raise wrong_folder(root, FILE, FILE, "Give the file, or the folder that holds it.")


@lru_cache(maxsize=1)
def _people(path: Path, _changed: int) -> list[dict[str, Any]]:
    """Load everybody's part of the file, once a process."""
    whole = load_matlab(path, ["DREAMER"], simplify=True).get("DREAMER")
    if not isinstance(whole, dict) or "Data" not in whole:
        raise DataError(path, "holds no struct 'DREAMER' with 'Data'.", _AS_IT_IS)
    people = list(whole["Data"])
    if len(people) != N_PEOPLE:
        raise DataError(path, f"holds {len(people)} people; {N_PEOPLE} are expected.", COPY_AGAIN)
    if (sfreq := float(whole.get("EEG_SamplingRate", np.nan))) != SFREQ:
        raise DataError(path, f"is sampled at {sfreq:g} Hz; {SFREQ:g} Hz is expected.", _AS_IT_IS)
    if (names := tuple(map(str, whole.get("EEG_Electrodes", ())))) != CHANNELS:
        problem = f"has the electrodes {', '.join(names)}; {', '.join(CHANNELS)} are expected."
        raise DataError(path, problem, _AS_IT_IS)
    return people


def _pieces(path: Path, number: int, person: dict[str, Any], field: str) -> list[np.ndarray]:
    """Return a person's clips or rests (channel, sample), each less its mean."""
    where, found = f"{path}, person {number}", person.get("EEG", {}).get(field)
    if found is None:
        raise DataError(where, f"holds no 'EEG.{field}'.", COPY_AGAIN)
    pieces = [np.asarray(piece) for piece in found]
    if len(pieces) != N_CLIPS:
        problem = f"'EEG.{field}' has {len(pieces)} pieces; {N_CLIPS} are expected."
        raise DataError(where, problem, COPY_AGAIN)
    for k, piece in enumerate(pieces, start=1):
        if piece.dtype.kind not in "fiu" or piece.ndim != 2 or piece.shape[1] != len(CHANNELS):
            found = f"{' x '.join(map(str, piece.shape))} ({piece.dtype})"
            problem = f"'EEG.{field}', piece {k}, is {found}; sample x 14 is expected."
            raise DataError(where, problem, _AS_IT_IS)
    return [without_offset(piece.T) for piece in pieces]


def _ratings(path: Path, number: int, person: dict[str, Any], field: str) -> np.ndarray:
    """Return a person's ratings of all clips on one scale."""
    found = np.ravel(person.get(field, ()))
    if len(found) != N_CLIPS:
        problem = f"{field!r} has {len(found)} values; {N_CLIPS} are expected."
        raise DataError(f"{path}, person {number}", problem, COPY_AGAIN)
    return found.astype(float)
