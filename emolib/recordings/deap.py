"""DEAP, the preprocessed release: 32 subjects, 40 one-minute music videos each.

Koelstra S, Mühl C, Soleymani M, et al. DEAP: a database for emotion analysis using physiological
signals. IEEE Transactions on Affective Computing 3(1):18-31, 2012. The data may not be passed on:
everybody asks its authors for a copy of their own.

A file holds one subject: `data` (trial, channel, sample) and `labels` (trial, scale)::

    sample     0        384                                          8064
               | baseline | the video ...                               |
    seconds    0          3                                            63
    channel    0-31 EEG in the order of `emolib.grid.DEAP_CHANNELS`, 32-39 peripheral

The signals are in microvolts (which nobody says; their size says it), 4-45 Hz, at 128 Hz, against
the common average, and free of eye movements by the authors' account. Trials stand in the order of
the videos, the same for all subjects: so a trial's number names its video.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import xarray as xr

from emolib.errors import DataError
from emolib.grid import DEAP_CHANNELS
from emolib.recordings.arrays import COPY_AGAIN, load_arrays, load_matlab
from emolib.recordings.deap_ratings import NAME, compared, with_ratings
from emolib.recordings.recording import (
    STANDARD_MEMORY_MB,
    build,
    check_subject,
    matching,
    subject_name,
    wrong_folder,
)
from emolib.recordings.validation import validate

RANDOMISED_ORDER = True  # videos are numbered alike, and were shown in an order of one's own
MEMORY_MB = STANDARD_MEMORY_MB
default_root = None
SCALES = ("valence", "arousal", "dominance", "liking")  # the columns of `labels`
PERIPHERAL = "hEOG, vEOG, zEMG, tEMG, GSR, respiration, plethysmograph, temperature"
HELD_HZ = (4.0, 45.0)  # the release's filter
FOLDERS = ("data_preprocessed_matlab", "data_preprocessed_python")  # of the release

_FILE = re.compile(r"s(\d\d|[1-9]\d{2,})\.(mat|dat)")
_EXPECTED = "data_preprocessed_matlab/s01.mat or data_preprocessed_python/s01.dat"
_GIVE_FOLDER = "Give the folder that holds s01.mat, s02.mat, ..., or the folder above it."


@dataclasses.dataclass(frozen=True)
class DeapLayout:
    """The shape that a file must have; the defaults are the release's.

    A simulated cohort has the same format with fewer or shorter trials.
    """

    n_trials: int = 40
    n_channels: int = 40
    n_eeg: int = 32  # the first channels; the others are peripheral
    baseline_samples: int = 384  # 3 s
    trial_samples: int = 7680  # 60 s
    sfreq: float = 128.0  # Hz; not in the file, so the number of samples stands for it

    @property
    def n_samples(self) -> int:
        """Count the samples of a trial with its baseline."""
        return self.baseline_samples + self.trial_samples


RELEASE = DeapLayout()


def subjects(root: str | Path) -> list[str]:
    """List the subjects in or below the folder `root`: "sub-01" for `s01.mat` or `s01.dat`."""
    return list(_files(root))


def sources(root: str | Path, subject: str) -> list[Path]:
    """Return the file that holds a subject, `.mat` before `.dat`, and the ratings beside it."""
    files = _files(root)
    return with_ratings(files[check_subject(root, subject, list(files))])


def read(
    root: str | Path, subject: str, *, layout: DeapLayout = RELEASE, ratings: str = "recording"
) -> xr.Dataset:
    """Read one subject of the folder `root`: see `read_deap`.

    Where DEAP's table of ratings lies beside it, a note says how it differs, and which of the two
    is used: that of the `ratings`, "recording" or "table".
    """
    path, *tables = sources(root, subject)
    recording, number = read_deap(path, layout), int(subject.removeprefix("sub-"))
    if ratings == "table" and not tables:
        hint = "Put it there, or take `recordings: {ratings: table}` out of the study."
        raise DataError(path, f"no {NAME} lies beside it.", hint)
    for table in tables:
        recording = compared(recording, table, number, path.name, use=ratings)
    return recording


def read_deap(path: str | Path, layout: DeapLayout = RELEASE) -> xr.Dataset:
    """Read one file of the preprocessed release.

    Parameters
    ----------
    path : path
        A `.mat` file, or a `.dat` file (a pickle, of which only arrays are accepted).
    layout : DeapLayout
        The shape that it must have.

    Returns
    -------
    Dataset
        A recording: `eeg` (trial, channel, time) and `baseline` (trial, channel, baseline_time),
        float32, microvolts; `rating` (trial, scale), 1-9.

    Raises
    ------
    DataError
        If the file is missing, damaged, of another shape, or fails `validate`.
    """
    path = Path(path)
    arrays = _load(path)
    _check_shapes(path, arrays, layout)
    data, labels = arrays["data"], np.asarray(arrays["labels"], float)
    eeg = data[:, : layout.n_eeg]
    match = _FILE.fullmatch(path.name)
    recording = build(
        _as_float32(eeg[..., layout.baseline_samples :]),
        channels=DEAP_CHANNELS[: layout.n_eeg],
        sfreq=layout.sfreq,
        dataset="deap",
        subject=subject_name(int(match[1])) if match else path.stem,
        trials=range(1, layout.n_trials + 1),
        baseline=_as_float32(eeg[..., : layout.baseline_samples]),
        ratings=dict(zip(SCALES, labels.T, strict=True)),
        held_hz=HELD_HZ,
        notes=[f"channels that are not EEG are left out: {PERIPHERAL}"],
    )
    return validate(recording, path)


def _files(root: str | Path) -> dict[str, Path]:
    """Map the subjects' names, in numeric order, to their files."""
    root = Path(root)
    for folder in (root, *(root / name for name in FOLDERS)):
        # .dat sorts before .mat, so where both are there .mat is the one that stays.
        if files := {int(match[1]): path for match, path in matching(folder, _FILE)}:
            return {subject_name(number): files[number] for number in sorted(files)}
    raise wrong_folder(root, "DEAP subject", _EXPECTED, _GIVE_FOLDER)


def _load(path: Path) -> dict[str, np.ndarray]:
    """Load the arrays of a file, whatever they are."""
    if not path.is_file():
        raise DataError(path, "is not a file.", "Give a file such as s01.mat or s01.dat.")
    if path.suffix == ".dat":
        return load_arrays(path)
    if path.suffix != ".mat":
        raise DataError(path, f"ends in {path.suffix!r}.", "DEAP's files end in '.mat' or '.dat'.")
    return load_matlab(path, ["data", "labels"])


def _check_shapes(path: Path, arrays: dict[str, np.ndarray], layout: DeapLayout) -> None:
    """Refuse a file that lacks an array, or has one of another shape or dtype."""
    shape = (layout.n_trials, layout.n_channels, layout.n_samples)
    expected = {
        "data": ("trial, channel, sample", shape, "f"),
        "labels": ("trial, scale", (layout.n_trials, len(SCALES)), "fiu"),
    }
    for key, (axes, shape, kinds) in expected.items():
        if key not in arrays:
            found = ", ".join(sorted(arrays))
            raise DataError(path, f"holds no {key!r}, only: {found or 'nothing'}.", COPY_AGAIN)
        found = arrays[key]
        if found.dtype.kind not in kinds:
            problem = f"{key!r} is of type {found.dtype}; float64 is expected."
            raise DataError(path, problem, COPY_AGAIN)
        if found.shape == shape:
            continue
        sizes = [" x ".join(map(str, size)) for size in (found.shape, shape)]
        problem = f"{key!r} is {sizes[0]} ({axes}); {sizes[1]} is expected."
        if key == "data" and found.ndim == 3 and found.shape[2] != shape[2]:
            n_found, seconds = found.shape[2], layout.n_samples / layout.sfreq
            problem += (
                f" {n_found} samples would be {seconds:g} s at {n_found / seconds:.4g} Hz or "
                f"{n_found / layout.sfreq:g} s at {layout.sfreq:g} Hz; {seconds:g} s at "
                f"{layout.sfreq:g} Hz are expected."
            )
        hint = "Use the preprocessed release as it is, one file per subject."
        raise DataError(path, problem, hint)


def _as_float32(values: np.ndarray) -> np.ndarray:
    """Copy (trial, channel, sample) to float32 with the samples of a channel in a row.

    MATLAB stores the trials of a sample in a row. Turning that round piece by piece, each small
    enough for the processor's cache, is three times as fast as all at once.
    """
    result = np.empty(values.shape, np.float32)
    with np.errstate(over="ignore"):  # what does not fit becomes infinite, and is found as such
        for start in range(0, values.shape[-1], 128):
            result[..., start : start + 128] = values[..., start : start + 128]
    return result
