"""SEED: 15 people who saw 15 film clips, three times each.

Zheng W-L, Lu B-L. Investigating critical frequency bands and channels for EEG-based emotion
recognition with deep neural networks. IEEE Transactions on Autonomous Mental Development
7(3):162-175, 2015. The data may not be passed on: everybody asks its authors for a copy.

A file of the folder `Preprocessed_EEG` holds one session of a person, `<person>_<date>.mat`, and in
it each clip an array, `<initials>_eeg<k>` (channel, sample): 62 channels, 200 Hz, microvolts by
their size. `label.mat` has the clips' classes. The clips come in the same order in every session,
so sessions of a person are joined in the order of their dates, and trial ``15 (s - 1) + k`` is clip
k of session s. Nothing is recorded before a clip: features take ``baseline: none``.

Everybody saw every clip three times. With whole trials held out, the same clip is on both sides:
``stimulus_grouped`` holds out clips. The mean of each clip is taken away.
"""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import xarray as xr

from emolib.errors import DataError
from emolib.recordings.arrays import COPY_AGAIN, load_matlab
from emolib.recordings.recording import (
    OFFSETS,
    STANDARD_MEMORY_MB,
    build,
    check_subject,
    numbered_files,
    some,
    stack,
    without_offset,
    wrong_folder,
)
from emolib.recordings.validation import validate

# fmt: off
CHANNELS = (
    "Fp1", "Fpz", "Fp2", "AF3", "AF4", "F7", "F5", "F3", "F1", "Fz", "F2", "F4", "F6", "F8",
    "FT7", "FC5", "FC3", "FC1", "FCz", "FC2", "FC4", "FC6", "FT8", "T7", "C5", "C3", "C1", "Cz",
    "C2", "C4", "C6", "T8", "TP7", "CP5", "CP3", "CP1", "CPz", "CP2", "CP4", "CP6", "TP8", "P7",
    "P5", "P3", "P1", "Pz", "P2", "P4", "P6", "P8", "PO7", "PO5", "PO3", "POz", "PO4", "PO6",
    "PO8", "CB1", "O1", "Oz", "O2", "CB2",
)
# fmt: on
RANDOMISED_ORDER = False
MEMORY_MB = STANDARD_MEMORY_MB
default_root = None
SFREQ = 200.0  # Hz
HELD_HZ = (0.0, 75.0)  # the release's filter
N_CLIPS = 15
N_SESSIONS = 3
CLASSES = {-1: "negative", 0: "neutral", 1: "positive"}

_FILE = re.compile(r"(\d{1,3})_\w+\.mat")  # a date, or another name of the session
_CLIP = re.compile(r".*_eeg(\d+)")
_EXPECTED = "Preprocessed_EEG/1_20131027.mat and label.mat"
_GIVE_FOLDER = "Give the folder Preprocessed_EEG, or the folder above it."


def subjects(root: str | Path) -> list[str]:
    """List the people in or below the folder `root`: "sub-01" for `1_20131027.mat`."""
    return list(_files(root))


def sources(root: str | Path, subject: str) -> list[Path]:
    """Return the files that hold a person: the labels, then the sessions by date."""
    files = _files(root)
    sessions = files[check_subject(root, subject, files)]
    sessions = sorted(sessions, key=lambda path: path.stem.partition("_")[2])
    return [sessions[0].with_name("label.mat"), *sessions]


def read(root: str | Path, subject: str) -> xr.Dataset:
    """Read all sessions of a person: `class` of the task "emotion", negative, neutral or positive.

    NaN follows the end of shorter clips. There is no baseline.
    """
    labels, *sessions = sources(root, subject)
    classes = _classes(labels)
    by_session = {session: _clips(session) for session in sessions}
    for one, other in combinations(sessions, 2):
        if any(map(np.array_equal, by_session[one], by_session[other])):
            problem = f"holds the same clips as {one.name}."
            raise DataError(other, problem, "Copy that session again, or take one of the two out.")
    clips = [clip for of_session in by_session.values() for clip in of_session]
    notes = [OFFSETS]
    if len(sessions) < N_SESSIONS:
        notes.append(f"{len(sessions)} of {N_SESSIONS} sessions are there")
    recording = build(
        stack(clips),
        channels=CHANNELS,
        sfreq=SFREQ,
        dataset="seed",
        subject=subject,
        trials=range(1, len(clips) + 1),
        stimuli=[f"{clip:02d}" for clip in range(1, N_CLIPS + 1)] * len(sessions),
        sessions=np.repeat(range(1, len(sessions) + 1), N_CLIPS),
        classes={"emotion": classes * len(sessions)},
        trial_samples=[clip.shape[1] for clip in clips],
        held_hz=HELD_HZ,
        notes=notes,
    )
    return validate(recording, ", ".join(map(str, sessions)), ratings_in=labels)


def _files(root: str | Path) -> dict[str, list[Path]]:
    """Map people's names, in numeric order, to their sessions."""
    if found := numbered_files(root, _FILE, ["Preprocessed_EEG"]):
        return found
    raise wrong_folder(root, "SEED session", _EXPECTED, _GIVE_FOLDER)


def _classes(path: Path) -> list[str]:
    """Return the clips' classes."""
    labels = load_matlab(path).get("label")
    if labels is None or labels.size != N_CLIPS:
        size = "no" if labels is None else labels.size
        problem = f"holds {size} labels; 'label' of {N_CLIPS} clips is expected."
        raise DataError(path, problem, COPY_AGAIN)
    found = labels.ravel().tolist()
    if strange := some([f"{label:g}" for label in sorted(set(found) - set(CLASSES))]):
        problem = f"'label' holds {strange}; -1, 0 and 1 are expected."
        raise DataError(path, problem, COPY_AGAIN)
    return [CLASSES[label] for label in found]


def _clips(path: Path) -> list[np.ndarray]:
    """Return the clips of a session (channel, sample), in order; initials are not read."""
    found: dict[int, np.ndarray] = {}
    for name, array in load_matlab(path).items():
        match = _CLIP.fullmatch(name)
        if match and int(match[1]) in found:
            raise DataError(path, f"two arrays end in 'eeg{match[1]}'.", "Take one of them out.")
        if match:
            found[int(match[1])] = array
    if sorted(found) != list(range(1, N_CLIPS + 1)):
        there = ", ".join(map(str, sorted(found))) or "none"
        raise DataError(path, f"holds clips {there}; 1 to {N_CLIPS} are expected.", COPY_AGAIN)
    for clip, array in found.items():
        if array.dtype.kind not in "fiu":
            raise DataError(path, f"clip {clip} is of type {array.dtype}, no number.", COPY_AGAIN)
        if array.ndim != 2 or len(array) != len(CHANNELS):
            size = f"clip {clip} is {' x '.join(map(str, array.shape))} (channel, sample)"
            problem = f"{size}; {len(CHANNELS)} channels are expected."
            raise DataError(path, problem, "Use the preprocessed release as it is.")
    return [without_offset(found[clip]) for clip in range(1, N_CLIPS + 1)]
