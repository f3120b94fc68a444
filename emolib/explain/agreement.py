"""Compare a map with a target: the simulated truth, or what marks a trial, beside chance.

That a map looks plausible is no evidence. Where the truth is known (simulated recordings), how far
a map agrees with it is one number, and that number has a chance level.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr

from emolib.errors import DataError
from emolib.recordings.simulated import emotion_gain, sum_over_rhythms
from emolib.splits.folds import stable_seed

PERMUTATIONS = 999


def expected_change(truth: xr.Dataset, power: xr.DataArray) -> xr.DataArray:
    """Return how much each electrode's band power should follow the felt emotion.

    To first order, with ``M_sc`` the RMS at electrode c of source s, ``P_bc`` the recording's mean
    power (band, channel) in microvolts squared and ``gain_s`` that of
    `emolib.recordings.simulated.emotion_gain`::

        change of ln P_bc = sum over sources s of band b of gain_s M_sc^2 / P_bc

    for one unit of felt emotion, which is two points of rating. A source reaches many electrodes,
    and what is no source of emotion dilutes it.

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
    change = sum_over_rhythms(truth, emotion_gain(truth)).sel(channel=channels)
    change = change.reindex(band=bands, fill_value=0.0) / power
    change = change.transpose("scale", "band", "channel")
    return change.assign_attrs(units="nats per two points of rating")


def spatial_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Correlate two maps over all bands and electrodes (Pearson): 1 alike, 0 unrelated.

    The level and the scale of either do not matter.

    Examples
    --------
    >>> one = np.array([[1.0, 2.0, 4.0]])
    >>> round(spatial_correlation(one, 10 - 2 * one), 6)
    -1.0
    """
    return float(np.corrcoef(np.ravel(one), np.ravel(other))[0, 1])


def null_correlations(
    one: np.ndarray, other: np.ndarray, *, draws: int = PERMUTATIONS, seed: int = 0
) -> np.ndarray:
    """Correlate two maps (..., channel) after shuffling the electrodes of one: (draw,).

    The electrodes of all bands are shuffled in the same way, so that bands keep their values.
    Neighbourhood is lost: true maps are smooth, shuffled ones are not. Two smooth maps that have
    nothing to do with each other agree or disagree more strongly than this, so a map outside of
    the range has passed an easy test only.
    """
    rng = np.random.default_rng(stable_seed("electrodes", seed))
    one, other = np.asarray(one), np.asarray(other)
    orders = [rng.permutation(one.shape[-1]) for _ in range(draws)]
    return np.array([spatial_correlation(one[..., order], other) for order in orders])


def compare_to_null(
    one: np.ndarray, target: np.ndarray, *, others: Iterable[np.ndarray] = ()
) -> dict[str, Any]:
    """Compare a map (band, channel) with a target, and with what chance and other maps reach.

    `others` are maps that should not agree, such as those of untrained networks. Returns
    ``value``; ``low`` and ``high``, the middle 95 % of chance; and ``others``, a list.

    Examples
    --------
    >>> one = np.arange(128.0).reshape(4, 32)
    >>> given = compare_to_null(one, one, others=[-one])
    >>> round(given["value"], 3), [round(value, 3) for value in given["others"]]
    (1.0, [-1.0])
    """
    low, high = np.quantile(null_correlations(one, target), [0.025, 0.975])
    return {
        "value": spatial_correlation(one, target),
        "low": float(low),
        "high": float(high),
        "others": [spatial_correlation(other, target) for other in others],
    }
