"""A map held against another: the simulated truth, what marks a trial, and what chance gives.

That a map looks plausible is no evidence. Where the truth is known (simulated recordings), how far
a map agrees with it is one number, and that number has a chance level.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr

from emolib.errors import DataError
from emolib.splits.folds import stable_seed

PERMUTATIONS = 999
SCALES = {"valence": ("kV", "wV"), "arousal": ("kA", "wA")}  # the truth's names, by scale


def expected_change(truth: xr.Dataset, power: xr.DataArray) -> xr.DataArray:
    """Say how much each electrode's band power should follow the felt emotion.

    To first order, with ``M_sc`` the RMS at electrode c of source s, ``P_bc`` the whole power in
    band b there and ``k_s w_s`` the change of the source's log power::

        change of ln P_bc = effect * sum over sources s of band b of k_s w_s M_sc^2 / P_bc

    for one unit of felt emotion, which is two points of rating. A source reaches many electrodes,
    and what is no source of emotion dilutes it.

    Parameters
    ----------
    truth : Dataset
        As `emolib.recordings.simulated.read_truth` gives it.
    power : DataArray (band, channel)
        The recording's mean power, microvolts squared.

    Returns
    -------
    DataArray (scale, band, channel)
        Nats of log power: near 0, the relative change. `scale` is valence and arousal.

    Raises
    ------
    DataError
        If the truth lacks an electrode of the recording.
    """
    channels, bands = power["channel"].to_numpy().tolist(), power["band"].to_numpy().tolist()
    if lost := set(channels) - set(truth["channel"].to_numpy().tolist()):
        raise DataError("truth", f"has no electrode {min(lost)}.", "Use the recording's own truth.")
    effect = json.loads(truth.attrs["settings"])["effect"]
    of_source = truth["pattern"].sel(channel=channels).transpose("source", "channel") ** 2
    in_band = truth["band_of_source"].to_numpy()[:, None] == np.array(bands)  # (source, band)
    changes = []
    for size, strength in SCALES.values():
        change = (truth[size] * truth[strength]).to_numpy()[:, None] * of_source.to_numpy()
        changes.append(effect * in_band.T.astype(float) @ change)
    return xr.DataArray(
        np.stack(changes) / power.transpose("band", "channel").to_numpy(),
        dims=("scale", "band", "channel"),
        coords={"scale": list(SCALES), "band": bands, "channel": channels},
        attrs={"units": "nats per two points of rating"},
    )


def agreement(one: np.ndarray, other: np.ndarray) -> float:
    """Correlate two maps over all bands and electrodes (Pearson): 1 alike, 0 unrelated.

    The level and the scale of either do not matter.

    Examples
    --------
    >>> agreement(np.array([[1.0, 2.0, 3.0]]), np.array([[10.0, 20.0, 30.0]])).__round__(6)
    1.0
    """
    return float(np.corrcoef(np.ravel(one), np.ravel(other))[0, 1])


def null_correlations(
    one: np.ndarray, other: np.ndarray, *, draws: int = PERMUTATIONS, seed: int = 0
) -> np.ndarray:
    """Correlate after shuffling the electrodes of one map, the same way in all its bands.

    Bands keep their values, electrodes keep theirs together; what electrode they belong to is
    drawn. Neighbourhood is lost: true maps are smooth, shuffled ones are not. Two smooth maps
    that have nothing to do with each other agree or disagree more strongly than this, so a map
    outside of the range has passed an easy test only.

    Parameters
    ----------
    one, other : array, shape (..., channel)
    draws, seed : int

    Returns
    -------
    array, shape (draw,)
    """
    rng = np.random.default_rng(stable_seed("electrodes", seed))
    one, other = np.asarray(one), np.asarray(other)
    n_channels = one.shape[-1]
    return np.array([agreement(one[..., rng.permutation(n_channels)], other) for _ in range(draws)])


def compare_to_null(
    one: np.ndarray,
    target: np.ndarray,
    *,
    others: Iterable[np.ndarray] = (),
    draws: int = PERMUTATIONS,
    seed: int = 0,
) -> dict[str, Any]:
    """Say how far a map agrees with a target, and what chance and other maps reach.

    Parameters
    ----------
    one, target : array, shape (band, channel)
    others : iterable of array, (band, channel)
        Maps that should not agree, such as those of untrained networks.
    draws, seed : int
        See `null_correlations`.

    Returns
    -------
    dict
        ``value``; ``low`` and ``high``, the middle 95 % of chance; ``others``, a list.

    Examples
    --------
    >>> one = np.arange(128.0).reshape(4, 32)
    >>> given = compare_to_null(one, one, others=[-one])
    >>> round(given["value"], 3), [round(value, 3) for value in given["others"]]
    (1.0, [-1.0])
    """
    low, high = np.quantile(null_correlations(one, target, draws=draws, seed=seed), [0.025, 0.975])
    return {
        "value": agreement(one, target),
        "low": float(low),
        "high": float(high),
        "others": [agreement(other, target) for other in others],
    }
