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

There are copies of the data whose ratings are not those of the table that comes with them: where it
lies beside a file, a note says how they differ, and which are used.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from emolib.errors import DataError
from emolib.grid import DEAP_CHANNELS
from emolib.recordings.arrays import COPY_AGAIN, load_arrays, load_matlab
from emolib.recordings.recording import (
    STANDARD_MEMORY_MB,
    build,
    check_subject,
    numbered_files,
    subject_name,
    with_notes,
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

TABLE = "participant_ratings.csv"  # one row per trial, in the order in which they were shown
PLACES = (".", "..", "../metadata_csv")  # where it may lie, from the folder of the recordings
SAME = 0.011  # the table has two decimals
TURNED = (9, 10)  # what a rating is taken from where a scale was turned round

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
    return with_ratings(files[check_subject(root, subject, files)])


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
        raise DataError(path, f"no {TABLE} lies beside it.", hint)
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
    if found := numbered_files(root, _FILE, FOLDERS):
        return {name: paths[-1] for name, paths in found.items()}  # .mat, where .dat is there too
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


# The table of ratings


def with_ratings(path: Path) -> list[Path]:
    """Return a recording, and the table of ratings beside it if there is one."""
    found = (path.parent / place / TABLE for place in PLACES)
    return [path, *[table.resolve() for table in found if table.is_file()][:1]]


def compared(
    recording: xr.Dataset, table: Path, number: int, file: str, *, use: str = "recording"
) -> xr.Dataset:
    """Return a recording with a note on how its ratings differ from those of the table.

    Parameters
    ----------
    recording : Dataset
        With `rating` (trial, scale).
    table : path
        With the columns `Participant_id`, `Experiment_id` (the trial's number in the recording) and
        one for each scale.
    number : int
        The participant.
    file : str
        Where the recording's ratings are from.
    use : {"recording", "table"}
        Whose ratings it then has.

    Raises
    ------
    DataError
        If the table's are to be used, and it is damaged or has none of this participant.
    """
    used = f"the ratings of {table.name if use == 'table' else file} are used"
    try:
        theirs = _ratings(table, recording, number)
        problem = f"has no ratings of participant {number}" if np.isnan(theirs).all() else ""
    except (OSError, ValueError, KeyError) as error:
        problem = f"cannot be compared ({type(error).__name__}: {error})"
    if problem and use == "table":
        hint = "Correct it, or take `recordings: {ratings: table}` out of the study."
        raise DataError(table, f"{problem}.", hint)
    if problem:
        return with_notes(recording, f"{table.name} {problem}; {used}")
    told = f"{table.name}: {_difference(recording['rating'], theirs)}; {used}"
    if use == "table":
        recording = recording.assign(rating=recording["rating"].copy(data=theirs))
    return with_notes(recording, told)


def ratings_of(table: Path, participant: int) -> pd.DataFrame:
    """Read a participant's rows of the table, the names of its columns in small letters."""
    rows = pd.read_csv(table)
    rows.columns = rows.columns.str.strip().str.lower()
    return rows[rows["participant_id"] == participant]


def _ratings(table: Path, recording: xr.Dataset, number: int) -> np.ndarray:
    """Return a participant's ratings (trial, scale) of the table, in the recording's order."""
    rows = ratings_of(table, number).set_index("experiment_id")
    theirs = rows[recording["scale"].to_numpy()].reindex(recording["trial"].to_numpy())
    return theirs.to_numpy(dtype=float)


def _difference(rating: xr.DataArray, theirs: np.ndarray) -> str:
    """Say in how many trials, and how, each scale differs from the table's."""
    differ: dict[str, list[str]] = {}
    for i, scale in enumerate(rating["scale"].to_numpy()):
        own, other = rating.sel(scale=scale).to_numpy(), theirs[:, i]
        wrong = ~(abs(own - other) <= SAME)
        differ.setdefault(_how(own[wrong], other[wrong], len(own)), []).append(scale)
    return "; ".join(
        f"{' and '.join(scales)}{how or (' agree' if len(scales) > 1 else ' agrees')}"
        for how, scales in differ.items()
    )


def _how(own: np.ndarray, other: np.ndarray, n_trials: int) -> str:
    """Say in how many trials, and how, the ratings of a scale differ; nothing if none does."""
    if not len(own):
        return ""
    turned = (f", by {c} - r" for c in TURNED if (abs(c - own - other) <= SAME).all())
    missing = ", or are missing" if np.isnan(other).any() else ""
    return f": {len(own)} of {n_trials} trials differ{next(turned, missing)}"
