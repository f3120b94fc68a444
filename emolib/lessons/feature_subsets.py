"""Features of some electrodes and bands only: is decoding left without muscles and eyes?

Muscles of jaw, brow and neck are strong at the edge of the head and in the fast bands, and eyes
at the forehead. What a classifier reaches with these features alone, and without them, bounds
what it may owe to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from emolib.errors import DataError, SettingsError
from emolib.evaluation.linear import reference_predictions
from emolib.features.windows import z_score
from emolib.grid import cells
from emolib.study import stages
from emolib.study.study import Study

# Over the muscles of jaw and brow, and next to the eyes.
SUSPECTS = ("T7", "T8", "F7", "F8", "Fp1", "Fp2")
FAST = "gamma"


def subsets(channels: Sequence[str], bands: Sequence[str]) -> dict[str, np.ndarray]:
    """Name sets of features that muscles and eyes reach most, and the rest.

    Parameters
    ----------
    channels, bands : sequence of str
        The recording's.

    Returns
    -------
    dict of str to array of bool, shape (band, channel)
        All; those of the `SUSPECTS` in any band or of any electrode in gamma; and neither. A set
        that is empty, or is the same as all, is left out.

    Examples
    --------
    >>> found = subsets(["T7", "Cz"], ["beta", "gamma"])
    >>> {name: int(chosen.sum()) for name, chosen in found.items()}
    {'all features': 4, 'edge or gamma': 3, 'neither': 1}
    """
    edge, fast = np.isin(list(channels), SUSPECTS), np.isin(list(bands), FAST)
    suspect = edge | fast[:, None]
    found = {"edge or gamma": suspect, "neither": ~suspect}
    kept = {name: one for name, one in found.items() if one.any() and not one.all()}
    return {"all features": np.ones_like(suspect), **kept}


def restricted(
    maps: np.ndarray,
    channels: Sequence[str],
    planes: Sequence[str],
    chosen: np.ndarray,
    *,
    normalise: str,
) -> np.ndarray:
    """Take the chosen features out of brain maps, as if no others had been measured.

    A window's z-score ties all features together: strong muscle in gamma makes every other value
    look lower, and taking gamma out afterwards leaves that trace in. A z-score of what is left
    removes it, exactly: minus a number, divided by a number, the same for the whole window, it
    undoes any step of that kind that was taken before.

    Parameters
    ----------
    maps : array, shape (row, row of the grid, column, plane)
        Brain maps.
    channels, planes : sequence of str
        Of the map; the planes of a kind stand together and in the order of the bands.
    chosen : array of bool, shape (band, channel)
        Which features.
    normalise : {"window", "subject", "none"}
        How the features were normalised: for "window", what is left is z-scored again, each kind
        for itself. The others tie no features together.

    Returns
    -------
    array, shape (row, feature)

    Raises
    ------
    SettingsError
        If fewer than two features are chosen: nothing to z-score.

    Examples
    --------
    >>> maps = np.zeros((1, 8, 9, 2))
    >>> maps[0, 7, 3], maps[0, 7, 4] = (1, 5), (3, 9)
    >>> chosen = np.array([[True, True], [False, False]])
    >>> restricted(maps, ["O1", "Oz"], ["de theta", "de alpha"], chosen, normalise="window")
    array([[-1.,  1.]])
    """
    n_bands, n_channels = chosen.shape
    if chosen.sum() < 2:
        raise SettingsError("chosen", f"has {chosen.sum()} feature.", "Choose two or more.")
    rows, columns = cells(channels)
    at = np.moveaxis(maps[:, rows, columns, :], 1, -1)  # (row, plane, channel)
    values = at.reshape(len(maps), len(planes) // n_bands, n_bands, n_channels)[..., chosen]
    if normalise == "window":
        values = z_score(values.astype(float), axis=-1)
    return values.reshape(len(maps), -1)


def subset_predictions(
    sets: Mapping[str, np.ndarray],
    maps: np.ndarray,
    table: pd.DataFrame,
    channels: Sequence[str],
    planes: Sequence[str],
    *,
    protocol: str,
    normalise: str,
    n_folds: int,
    seed: int,
    tasks: Sequence[str],
) -> pd.DataFrame:
    """Train ridge on each set of features, on the same folds.

    Parameters
    ----------
    sets : dict of str to array of bool, (band, channel)
        See `subsets`.
    maps, table
        Brain maps of windows, and who, which trial and which class each is of.
    channels, planes, normalise
        See `restricted`.
    protocol, n_folds, seed, tasks
        See `emolib.evaluation.linear.reference_predictions`.

    Returns
    -------
    DataFrame
        A predictions table, the set's name for a stage.
    """
    parts = []
    for name, chosen in sets.items():
        x = restricted(maps, channels, planes, chosen, normalise=normalise)
        given = reference_predictions(
            "ridge", x, table, protocol, n_folds=n_folds, seed=seed, tasks=tasks
        )
        parts.append(given.assign(stage=name))
    return pd.concat(parts, ignore_index=True)


def shared_channels(study: Study, subjects: Sequence[str]) -> list[str]:
    """List the channels that all of these subjects have, in the order of the first.

    Fewer than two are a DataError.
    """
    of_each = [
        stages.features(study, subject)["channel"].to_numpy().tolist() for subject in subjects
    ]
    shared = [name for name in of_each[0] if all(name in own for own in of_each)]
    if len(shared) < 2:
        problem = f"these {len(subjects)} people share {len(shared)} channels; two are needed."
        hint = "Leave those with few channels out: `subjects` in the study file."
        raise DataError(study.name, problem, hint)
    return shared
