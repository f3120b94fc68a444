"""What the readers share: a recording's form, the subjects' names, errors about folders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

import numpy as np
import xarray as xr

from emolib.errors import DataError, InputError, did_you_mean

RATING_LOW, RATING_HIGH = 1.0, 9.0  # of the self-assessment manikin, which DEAP uses


def build(
    eeg: np.ndarray,
    *,
    channels: Sequence[str],
    sfreq: float,
    dataset: str,
    subject: str,
    trials: Sequence[int],
    stimuli: Sequence[str],
    baseline: np.ndarray | None = None,
    ratings: Mapping[str, Sequence[float]] | None = None,
    rating_range: tuple[float, float] = (RATING_LOW, RATING_HIGH),
    classes: Mapping[str, Sequence[str]] | None = None,
    trial_samples: Sequence[int] | None = None,
    notes: Iterable[str] = (),
) -> xr.Dataset:
    """Name the axes of one subject's arrays.

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
    stimuli : sequence of str, (trial,)
        What was presented; the same name means the same stimulus in every subject.
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
    notes : iterable of str
        What was dropped or left out, and why.

    Returns
    -------
    Dataset
        A recording, not yet validated. No signal is copied.
    """
    recording = xr.Dataset(
        {"eeg": (("trial", "channel", "time"), eeg, {"units": "uV"})},
        coords={
            "trial": np.asarray(trials, dtype=int),
            "channel": [str(name) for name in channels],
            "time": ("time", np.arange(eeg.shape[-1]) / sfreq, {"units": "s"}),
            "stimulus": ("trial", np.asarray(stimuli, dtype=str)),
        },
        attrs={
            "dataset": dataset,
            "subject": subject,
            "sfreq": float(sfreq),
            "notes": list(notes),
        },
    )
    if baseline is not None:
        n_baseline = baseline.shape[-1]
        recording["baseline"] = (("trial", "channel", "baseline_time"), baseline, {"units": "uV"})
        # Negative: it ends where the trial begins.
        recording["baseline_time"] = np.arange(-n_baseline, 0) / sfreq
        recording["baseline_time"].attrs["units"] = "s"
    if ratings:
        columns = np.column_stack([np.asarray(column, float) for column in ratings.values()])
        low, high = rating_range
        recording["rating"] = (("trial", "scale"), columns, {"low": low, "high": high})
        recording["scale"] = list(ratings)
    if classes:
        columns = np.column_stack([np.asarray(column, str) for column in classes.values()])
        recording["class"] = (("trial", "task"), columns)
        recording["task"] = list(classes)
    if trial_samples is not None and len(set(trial_samples)) > 1:
        recording = recording.assign_coords(trial_samples=("trial", np.asarray(trial_samples, int)))
    return recording


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


# What readers share around the files


def subject_name(number: int) -> str:
    """Name a subject by its number.

    Examples
    --------
    >>> subject_name(1)
    'sub-01'
    """
    return f"sub-{number:02d}"


def check_subject(root: object, subject: str, known: Sequence[str]) -> str:
    """Return `subject` if it is one of `known`.

    Raises
    ------
    DataError
        Otherwise; it suggests the nearest name and lists those that are there.
    """
    if subject not in known:
        raise DataError(root, f"has no subject {subject!r}.", did_you_mean(subject, known))
    return subject


def check_each(names: Iterable[str], read: Callable[[str], object]) -> dict[str, InputError | None]:
    """Read every subject and keep what is wrong with it: None if nothing is.

    Examples
    --------
    >>> def read(subject):
    ...     if subject == "sub-02":
    ...         raise DataError("s02.mat", "is cut short.", "Copy it again.")
    >>> {name: str(error) for name, error in check_each(["sub-01", "sub-02"], read).items()}
    {'sub-01': 'None', 'sub-02': 's02.mat: is cut short. Copy it again.'}
    """
    found: dict[str, InputError | None] = {}
    for name in names:
        try:
            read(name)
            found[name] = None
        except InputError as error:
            found[name] = error
    return found


def wrong_folder(root: str | Path, what: str, expected: str, remedy: str) -> DataError:
    """Say that `root` does not hold `what`: the tree that is expected beside what was found.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "notes.txt").touch()
    >>> print(wrong_folder(folder, "subject", "s01.mat\\ns02.mat", "").message)
    holds no subject.
      expected   found
      s01.mat    notes.txt
      s02.mat
    <BLANKLINE>
    """
    root = Path(root)
    if root.is_file():
        return DataError(root, f"is a file; a folder with {what} is expected.", remedy)
    if not root.exists():
        parent = next(folder for folder in root.absolute().parents if folder.exists())
        there = sorted(e.name for e in parent.iterdir() if not e.name.startswith("."))
        beside = some(there) or "nothing"
        return DataError(root, f"does not exist; {parent} holds: {beside}.", remedy)
    entries = sorted(root.iterdir())
    found = [entry.name + "/" * entry.is_dir() for entry in entries[:8]] or ["(nothing)"]
    if len(entries) > len(found):
        found.append(f"... {len(entries) - len(found)} more")
    left = ["expected", *expected.splitlines()]
    width = max(map(len, left)) + 2
    lines = zip_longest(left, ["found", *found], fillvalue="")
    table = "\n".join(f"  {one:{width}} {other}".rstrip() for one, other in lines)
    return DataError(root, f"holds no {what}.\n{table}\n", remedy)


def some(names: Sequence[str], most: int = 8) -> str:
    """Join the first `most` names and count the others."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
