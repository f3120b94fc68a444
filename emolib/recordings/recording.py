"""What the readers share: a recording's form, the subjects' names, errors about folders."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import xarray as xr

from emolib.errors import DataError, did_you_mean
from emolib.storage import of_disk

RATING_LOW, RATING_HIGH = 1.0, 9.0  # of the self-assessment manikin, which DEAP uses
TRIAL_FOR_STIMULUS = "no column 'stimulus': a trial's number stands for its stimulus"
UNKNOWN_STIMULUS = "unknown-"  # begins the name of one, and its subject and trial follow
ELSEWHERE = {"CB1": "POO7", "CB2": "POO8"}  # what has no standard position, and where MNE puts it
STANDARD_MEMORY_MB = 2500  # of a process that reads a recording of an hour
OFFSETS = "the mean of each trial and baseline interval was subtracted: an offset is not EEG"


def build(
    eeg: np.ndarray,
    *,
    channels: Sequence[str],
    sfreq: float,
    dataset: str,
    subject: str,
    trials: Sequence[int],
    stimuli: Sequence[str] | None = None,
    sessions: Sequence[str] | None = None,
    baseline: np.ndarray | None = None,
    ratings: Mapping[str, Sequence[float]] | None = None,
    rating_range: tuple[float, float] = (RATING_LOW, RATING_HIGH),
    classes: Mapping[str, Sequence[str]] | None = None,
    trial_samples: Sequence[int] | None = None,
    held_hz: tuple[float, float] | None = None,
    notes: Iterable[str] = (),
) -> xr.Dataset:
    """Return one subject's arrays with named axes: a recording.

    Parameters
    ----------
    eeg : array of float32, shape (trial, channel, time)
        Microvolts.
    channels : sequence of str
        Names as the grids of `emolib.grid` write them.
    sfreq : float
        Sampling frequency, Hz.
    dataset, subject : str
        Such as "deap" and "sub-01".
    trials : sequence of int, (trial,)
        Numbers from 1.
    stimuli : sequence of str, (trial,), optional
        What was presented; the same name means the same stimulus in every subject. By default a
        trial's number, such as "01".
    sessions : sequence of str, (trial,), optional
        In which session each trial was, where there are several days or visits.
    baseline : array of float32, shape (trial, channel, baseline_time), optional
        The rest before each trial, microvolts.
    ratings : mapping of scale to (trial,) floats, optional
        Self-reports; NaN where one is missing.
    rating_range : (float, float)
        The lowest and highest rating that the scales allow.
    classes : mapping of task to (trial,) class names, optional
        For data sets that come with classes; "" where one is missing.
    trial_samples : sequence of int, (trial,), optional
        How many samples of each trial are signal; NaN follows them. Kept where lengths differ.
    held_hz : (float, float), optional
        The lowest and highest frequency that earlier filters left, Hz, where that is known.
    notes : iterable of str
        What was dropped or left out, and why.

    Returns
    -------
    Dataset
        A recording, not yet validated. No signal is copied.
    """
    trials = np.asarray(trials, dtype=int)
    if stimuli is None:
        stimuli = [f"{trial:02d}" for trial in trials]
    recording = xr.Dataset(
        {"eeg": (("trial", "channel", "time"), eeg, {"units": "uV"})},
        coords={
            "trial": trials,
            "channel": [str(name) for name in channels],
            "time": ("time", np.arange(eeg.shape[-1]) / sfreq, {"units": "s"}),
            "stimulus": ("trial", np.asarray(stimuli, dtype=str)),
        },
        attrs={"dataset": dataset, "subject": subject, "sfreq": float(sfreq)},
    )
    recording.attrs["notes"] = list(notes)
    if sessions is not None:
        recording = recording.assign_coords(session=("trial", np.asarray(sessions, dtype=str)))
        names = list(dict.fromkeys(recording["session"].to_numpy().tolist()))
        recording.attrs["notes"].append(f"{len(names)} sessions: {some(names)}")
    if lacking := [place for place in ELSEWHERE if place in channels]:
        instead = " and ".join(ELSEWHERE[place] for place in lacking)
        note = f"no standard position; scalp maps use that of {instead}"
        recording.attrs["notes"].append(f"{' and '.join(lacking)}: {note}")
    if held_hz is not None:
        recording.attrs["held_hz"] = list(held_hz)
    if baseline is not None:
        recording["baseline"] = (("trial", "channel", "baseline_time"), baseline, {"units": "uV"})
        # Negative: it ends where the trial begins.
        recording["baseline_time"] = np.arange(-baseline.shape[-1], 0) / sfreq
        recording["baseline_time"].attrs["units"] = "s"
    if ratings:
        columns = np.column_stack([np.asarray(column, float) for column in ratings.values()])
        limits = {"low": rating_range[0], "high": rating_range[1]}
        recording["rating"] = (("trial", "scale"), columns, limits)
        recording["scale"] = list(ratings)
    if classes:
        columns = np.column_stack([np.asarray(column, str) for column in classes.values()])
        recording["class"] = (("trial", "task"), columns)
        recording["task"] = list(classes)
    if trial_samples is not None and len(set(trial_samples)) > 1:
        recording = recording.assign_coords(trial_samples=("trial", np.asarray(trial_samples, int)))
    return recording


def with_notes(recording: xr.Dataset, *notes: str) -> xr.Dataset:
    """Return a recording with more notes."""
    return recording.assign_attrs(notes=[*recording.attrs.get("notes", []), *notes])


def stack(pieces: Sequence[np.ndarray]) -> np.ndarray:
    """Put pieces (channel, sample) of any length into one float32 array; NaN follows shorter ones.

    Examples
    --------
    >>> stack([np.ones((1, 3)), np.ones((1, 2))]).tolist()
    [[[1.0, 1.0, 1.0]], [[1.0, 1.0, nan]]]
    """
    longest = max(piece.shape[1] for piece in pieces)
    stacked = np.full((len(pieces), len(pieces[0]), longest), np.nan, np.float32)
    for own, piece in zip(stacked, pieces, strict=True):
        own[:, : piece.shape[1]] = piece
    return stacked


def without_offset(piece: np.ndarray) -> np.ndarray:
    """Subtract its mean from every channel of ``piece (..., sample)``: float32.

    Electrodes stand on offsets of up to hundreds of millivolts, on which a filter that starts from
    rest rings for seconds. Samples that are no numbers stay, and do not count.

    Examples
    --------
    >>> without_offset(np.array([[4201.0, 4203.0, np.nan]])).tolist()
    [[-1.0, 1.0, nan]]
    """
    piece = np.asarray(piece, float)  # single precision is too coarse for a large offset
    known = np.isfinite(piece)
    counts = np.maximum(np.count_nonzero(known, axis=-1, keepdims=True), 1)
    return (piece - piece.sum(axis=-1, keepdims=True, where=known) / counts).astype(np.float32)


# What readers share around the files


def subject_name(number: int) -> str:
    """Return the name of a subject by its number.

    Examples
    --------
    >>> subject_name(1)
    'sub-01'
    """
    return f"sub-{number:02d}"


def check_subject(root: object, subject: str, known: Collection[str]) -> str:
    """Return `subject` if it is one of `known`.

    Raises
    ------
    DataError
        Otherwise; it suggests the nearest name and lists those that are there.
    """
    if subject not in known:
        raise DataError(root, f"has no subject {subject!r}.", did_you_mean(subject, known))
    return subject


@contextmanager
def damaged(source: object, problem: str, hint: str) -> Iterator[None]:
    """Turn whatever a library raises at a damaged file into a DataError that names the file."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:
        if of_disk(error):
            raise
        problem = f"{problem} ({type(error).__name__}: {error})."
        raise DataError(source, problem, hint) from error


def is_there(path: Path) -> bool:
    """Return whether a path leads to anything: one that is too long leads nowhere."""
    try:
        return path.exists()
    except OSError:
        return False


def refuse_special(*paths: Path) -> None:
    """Raise a DataError at a pipe, a device or a socket: reading one may never end."""
    for path in paths:
        if is_there(path) and not (path.is_file() or path.is_dir()):
            problem = "is a pipe, a device or a socket, not a file."
            raise DataError(path, problem, "Give the file itself, or a copy of it.")


def refuse_dangling(*paths: Path) -> None:
    """Raise a DataError at a link that leads nowhere, as those of data that are not fetched yet."""
    for path in paths:
        if os.path.islink(path) and not is_there(path):  # noqa: PTH114 - too long a name is no link
            hint = "If it is under git-annex or DataLad, fetch it: `datalad get` and its name."
            raise DataError(path, "is a link to a file that is not there.", hint)


def matching(folder: Path, name: re.Pattern[str]) -> list[tuple[re.Match[str], Path]]:
    """List the files of a folder whose names match, sorted, each with its match."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:  # a tenth of the time of `Path.iterdir`
        found = [
            (match, folder / entry.name)
            for entry in entries
            if (match := name.fullmatch(entry.name))
            and (Path(entry).is_file() if entry.is_symlink() else entry.is_file())
        ]
    return sorted(found, key=lambda pair: pair[0].string)


def numbered_files(
    root: str | Path, name: re.Pattern[str], folders: Sequence[str] = ()
) -> dict[str, list[Path]]:
    """Map subjects' names, in numeric order, to their files in a folder, sorted; {} if it has none.

    The first group of `name` is a subject's number. Where the folder has no such file, the first of
    the `folders` below it that has one counts.
    """
    for folder in (Path(root), *(Path(root, below) for below in folders)):
        found: dict[int, list[Path]] = {}
        for match, path in matching(folder, name):
            found.setdefault(int(match[1]), []).append(path)
        if found:
            return {subject_name(number): found[number] for number in sorted(found)}
    return {}


def wrong_folder(root: str | Path, what: str, expected: str, hint: str) -> DataError:
    """Return the error of a folder that does not hold `what`: what is there, what is expected.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "notes.txt").touch()
    >>> wrong_folder(folder, "subject", "s01.mat", "").message
    'holds no subject but notes.txt; expected: files such as s01.mat.'
    """
    root = Path(root)
    if is_there(root) and root.is_file():
        return DataError(root, f"is a file; a folder with {what} is expected.", hint)
    folder = next(one for one in (root, *root.absolute().parents) if is_there(one) and one.is_dir())
    names = [entry.name + "/" * entry.is_dir() for entry in sorted(folder.iterdir())]
    there = some([name for name in names if not name.startswith(".")]) or "nothing"
    if folder != root:
        return DataError(root, f"does not exist; {folder} holds: {there}.", hint)
    return DataError(
        root, f"holds no {what} but {there}; expected: files such as {expected}.", hint
    )


def published_root(
    name: str, holds: Callable[[Path], object], what: str, expected: str
) -> tuple[Path, bool]:
    """Return where a published data set lies, and whether that is a cache, which may be filled.

    If `EMOLIB_DATA` is set, it is the folder `name` or `openneuro/name` there; a DataError as of
    `wrong_folder` if neither `holds` the data.
    """
    import pooch  # here, not above: only data that anybody may have need it

    place = os.environ.get("EMOLIB_DATA")
    if not place:
        return Path(pooch.os_cache("emolib"), name), True
    roots = [Path(place, name), Path(place, "openneuro", name)]
    if root := next(filter(holds, roots), None):
        return root, False
    hint = f"EMOLIB_DATA is {place!r}: put `{name}` into that folder, or unset it"
    raise wrong_folder(roots[0], what, expected, f"{hint} to have the data downloaded.")


def some(names: Sequence[str]) -> str:
    """Join the first eight names and count the others."""
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
