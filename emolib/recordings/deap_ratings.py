"""The table of ratings that comes with DEAP, compared with those in a subject's file.

There are copies of the data in which the two disagree. A note says where, and which are used.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from emolib.errors import DataError
from emolib.recordings.recording import with_notes

NAME = "participant_ratings.csv"  # one row per trial, in the order in which they were shown
PLACES = (".", "..", "../metadata_csv")  # where it may lie, from the folder of the recordings
SAME = 0.011  # the table has two decimals
TURNED = (9, 10)  # what a rating is taken from where a scale was turned round


def with_ratings(path: Path) -> list[Path]:
    """Return a recording, and the table of ratings beside it if there is one."""
    found = (path.parent / place / NAME for place in PLACES)
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


def _ratings(table: Path, recording: xr.Dataset, number: int) -> np.ndarray:
    """Return a participant's ratings (trial, scale) of the table, in the recording's order."""
    rows = pd.read_csv(table)
    rows.columns = rows.columns.str.strip().str.lower()
    rows = rows[rows["participant_id"] == number].set_index("experiment_id")
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
