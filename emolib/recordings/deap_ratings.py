"""The table of ratings that comes with DEAP, held against those in a subject's file.

There are copies of the data in which the two disagree. A recording has the ratings of its own file,
and a note says what the table has.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

NAME = "participant_ratings.csv"  # a row a trial, in the order in which they were shown
PLACES = (".", "..", "../metadata_csv")  # where it may lie, from the folder of the recordings
SAME = 0.011  # the table has two decimals
TURNED = (9, 10)  # what a rating is taken from where a scale was turned round


def ratings_table(folder: Path) -> Path | None:
    """Find the table of ratings beside the recordings in a folder; None if there is none."""
    found = (folder / place / NAME for place in PLACES)
    return next((path.resolve() for path in found if path.is_file()), None)


def compare_ratings(table: Path, recording: xr.Dataset, number: int, file: str) -> str:
    """Return a note on how the ratings of a recording differ from those of the table.

    Parameters
    ----------
    table : path
        With the columns `Participant_id`, `Experiment_id` (the trial's number in the recording) and
        one for each scale.
    recording : Dataset
        With `rating` (trial, scale).
    number : int
        The participant.
    file : str
        Where the recording's ratings are from.
    """
    used = f"the ratings of {file} are used"
    try:
        rows = pd.read_csv(table)
        rows.columns = rows.columns.str.strip().str.lower()
        rows = rows[rows["participant_id"] == number].set_index("experiment_id")
        theirs = rows[recording["scale"].to_numpy()].reindex(recording["trial"].to_numpy())
        theirs = theirs.to_numpy(dtype=float)
    except (OSError, ValueError, KeyError) as error:
        return f"{table.name} cannot be compared ({type(error).__name__}: {error}); {used}"
    if np.isnan(theirs).all():
        return f"{table.name} has no ratings of participant {number}; {used}"
    differ: dict[str, list[str]] = {}
    for i, scale in enumerate(recording["scale"].to_numpy()):
        own, other = recording["rating"].sel(scale=scale).to_numpy(), theirs[:, i]
        wrong = ~(abs(own - other) <= SAME)
        differ.setdefault(_how(own[wrong], other[wrong], len(own)), []).append(scale)
    told = [
        f"{' and '.join(scales)}{how or (' agree' if len(scales) > 1 else ' agrees')}"
        for how, scales in differ.items()
    ]
    return f"{table.name}: {'; '.join(told)}; {used}"


def _how(own: np.ndarray, other: np.ndarray, n_trials: int) -> str:
    """Say in how many trials, and how, the ratings of a scale differ; nothing if none does."""
    if not len(own):
        return ""
    turned = (f", by {c} - r" for c in TURNED if (abs(c - own - other) <= SAME).all())
    missing = ", or are missing" if np.isnan(other).any() else ""
    return f": {len(own)} of {n_trials} trials differ{next(turned, missing)}"
