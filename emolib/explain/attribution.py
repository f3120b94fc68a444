"""What a model's answers rest on: occlusion, and gradients integrated from a baseline input.

Occlusion sets a part of the brain map to 0 and asks what the answer loses. Integrated gradients
share the answer out among the cells of the map. Both explain the *model* on the maps that it is
given. They find what it uses; whether that comes from a brain, a muscle or a habit of the data is
another question, and an electrode is not a place in the brain.

That a map looks plausible is no evidence. Where the truth is known (simulated recordings), how far
a map agrees with it is one number, and that number has a chance level.

The functions know models only as functions of maps, see `emolib.explain.fold` for those of a
network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr
from sklearn.metrics import recall_score

from emolib.errors import DataError, did_you_mean
from emolib.grid import SHAPE, canonical_name, cells
from emolib.recordings.simulated import emotion_gain, sum_over_rhythms
from emolib.splits.folds import stable_seed

OfMaps = Callable[[np.ndarray], Mapping[str, np.ndarray]]
Measure = Callable[[np.ndarray, np.ndarray], float]

STEPS = 8  # the midpoint rule is then off by some per cent of the whole, see `completeness`


def mask(
    channels: Sequence[str],
    planes: Sequence[str],
    *,
    electrodes: Sequence[str] | None = None,
    bands: Sequence[str] | None = None,
) -> np.ndarray:
    """Mark the cells of a brain map that belong to some electrodes, in some bands.

    Parameters
    ----------
    channels : sequence of str
        The electrodes of the map.
    planes : sequence of str
        The map's planes, such as "de theta": a kind and a band.
    electrodes, bands : sequence of str, optional
        Which; all of them if left out. All kinds of a band go together.

    Returns
    -------
    array of bool, shape (row, column, plane)
        False in all cells without an electrode.

    Raises
    ------
    DataError
        If an electrode or a band is not one of the map's.

    Examples
    --------
    >>> chosen = mask(["O1", "Oz", "O2"], ["de theta", "de alpha"], electrodes=["Oz"])
    >>> np.argwhere(chosen).tolist()
    [[7, 4, 0], [7, 4, 1]]
    """
    of_plane = [plane.split(" ", 1)[1] for plane in planes]
    own = [canonical_name(name) for name in channels]
    chosen = [canonical_name(name) for name in (channels if electrodes is None else electrodes)]
    for what, wanted, known in (
        ("electrodes", chosen, own),
        ("bands", of_plane if bands is None else bands, of_plane),
    ):
        for name in wanted:
            if name not in known:
                raise DataError(what, f"{name!r} is not in the map.", did_you_mean(name, {*known}))
    marked = np.zeros((*SHAPE, len(planes)), bool)
    rows, columns = cells(chosen)
    in_band = np.array([bands is None or band in bands for band in of_plane])
    marked[rows, columns] = in_band
    return marked


def mean_log_probability(probability: np.ndarray, labels: np.ndarray) -> float:
    """Average the log of the probability (row, class) that each row's own class was given.

    Rows with the label -1 do not count. In nats, 0 at most; the negative of the cross-entropy. A
    coin gives log(1/2) = -0.69.

    Examples
    --------
    >>> round(mean_log_probability(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([1, -1])), 2)
    -0.69
    """
    known = np.flatnonzero(labels >= 0)
    given = np.asarray(probability, float)[known, np.asarray(labels)[known]]
    return float(np.mean(np.log(np.maximum(given, np.finfo(np.float32).tiny))))


def balanced_accuracy(probability: np.ndarray, labels: np.ndarray) -> float:
    """Average over classes the share of rows that were given their own class; -1 does not count.

    Rows of all subjects count alike: a quick measure of what occlusion does, not the estimand
    of `emolib.evaluation`.

    Examples
    --------
    >>> round(balanced_accuracy(np.eye(2)[[0, 0, 1, 1]], np.array([0, 0, 0, 1])), 3)
    0.833
    """
    known = np.asarray(labels) >= 0
    true, predicted = np.asarray(labels)[known], np.asarray(probability).argmax(axis=1)[known]
    return float(recall_score(true, predicted, labels=np.unique(true), average="macro"))


def occlusion(
    predict: OfMaps,
    maps: np.ndarray,
    labels: Mapping[str, np.ndarray],
    masks: Mapping[str, np.ndarray],
    *,
    measure: Measure = mean_log_probability,
) -> pd.DataFrame:
    """Compute what the answers lose when parts of the maps are set to 0, one part at a time.

    Where windows are z-scored, 0 is the mean of the window: an occluded electrode shows nothing
    unusual. Electrodes that say the same stand in for each other, so that occluding one of
    them may cost nothing although the model uses both.

    Parameters
    ----------
    predict : callable
        From maps to probabilities (row, class), by task.
    maps : array, shape (row, ..., row of the grid, column, plane)
        The model's input; several windows may stand between the first axis and the grid's.
    labels : dict of str to array of int, (row,)
        By task, -1 where missing.
    masks : dict of str to array of bool, (row of the grid, column, plane)
        What to occlude, by name; see `mask`.
    measure : callable
        From probabilities and labels to a number that is larger for better answers.

    Returns
    -------
    DataFrame
        One row per mask, one column per task: the measure with the whole map, less the measure
        with the part at 0. Above 0 the part helps, below it misleads. `attrs["whole"]` has the
        measure with the whole map by task.

    Examples
    --------
    A model that reads one cell of the map:

    >>> def predict(maps):
    ...     p = 1 / (1 + np.exp(-maps[:, 7, 4, 0]))
    ...     return {"valence": np.stack([1 - p, p], axis=1)}
    >>> maps = np.ones((5, 8, 9, 1))
    >>> masks = {name: mask(["Oz", "O1"], ["de alpha"], electrodes=[name]) for name in ("Oz", "O1")}
    >>> occlusion(predict, maps, {"valence": np.ones(5, int)}, masks).round(3)
        valence
    Oz     0.38
    O1     0.00
    """
    given = predict(maps)
    whole = {task: measure(given[task], labels[task]) for task in labels}
    rows = {}
    for name, hidden in masks.items():
        given = predict(np.where(hidden, np.zeros(1, maps.dtype), maps))
        rows[name] = {task: whole[task] - measure(given[task], labels[task]) for task in labels}
    importance = pd.DataFrame.from_dict(rows, orient="index", columns=list(labels))
    importance.attrs["whole"] = whole
    return importance


def integrated_gradients(
    gradient: OfMaps, maps: np.ndarray, *, steps: int = STEPS
) -> dict[str, np.ndarray]:
    """Attribute each row's output to the cells of its map.

    With ``f`` the output and ``x`` the map, a cell i is given ``x_i`` times the mean of
    ``df/dx_i`` on the straight line from the *baseline input*, here the map that is 0 everywhere
    (not the baseline of a recording, the rest before a trial), to ``x``. The shares add up to
    ``f(x) - f(0)``: nothing is lost and nothing invented (*completeness*). A mere gradient says
    where the output would change fastest, not what it is made of.

    Parameters
    ----------
    gradient : callable
        From maps to the gradient of each row's output with respect to its own map, by task, in
        the shape of the maps.
    maps : array, shape (row, ...)
        The model's input.
    steps : int
        Points on the line: the middle of so many equal pieces of it.

    Returns
    -------
    dict of str to array, shape of `maps`
        By task, in the output's unit.

    Notes
    -----
    Sundararajan, Taly and Yan, Axiomatic attribution for deep networks, 2017 (arXiv 1703.01365).

    Examples
    --------
    For ``f(x) = x_1 x_2`` each gets 0.5:

    >>> integrated_gradients(lambda x: {"f": x[:, ::-1]}, np.array([[3.0, 4.0]]))["f"].tolist()
    [[6.0, 6.0]]
    """
    total: dict[str, np.ndarray] = {}
    for step in range(steps):
        at = gradient(maps * np.asarray((step + 0.5) / steps, maps.dtype))
        total = {task: total.get(task, 0.0) + values for task, values in at.items()}
    return {task: values * maps / steps for task, values in total.items()}


def completeness(values: np.ndarray, whole: np.ndarray, baseline: np.ndarray) -> float:
    """Return how far shares are from adding up, relative to what they should add up to.

    `values` (row, ...) come from `integrated_gradients`; `whole` and `baseline` are the output
    with the map, and with the baseline input. The mean absolute error over the mean absolute
    difference; 0 is exact.

    Examples
    --------
    >>> values = np.array([[1.0, 1.0], [0.0, 1.0]])
    >>> round(completeness(values, np.array([2.0, 1.5]), 0.0), 2)
    0.14
    """
    wanted = np.asarray(whole) - np.asarray(baseline)
    sums = values.reshape(len(values), -1).sum(axis=1)
    return float(np.abs(sums - wanted).mean() / np.abs(wanted).mean())


def on_electrodes(
    values: np.ndarray, channels: Sequence[str], planes: Sequence[str]
) -> xr.DataArray:
    """Return the values of a map's cells at the electrodes, kinds and several windows added up.

    `values` are (row, ..., row of the grid, column, plane), such as `integrated_gradients` gives
    them; `channels` and `planes` those of the map, see `mask`. Returns (row, band, channel).

    Examples
    --------
    >>> values = np.zeros((1, 8, 9, 2))
    >>> values[0, 7, 4] = 1, 2
    >>> on_electrodes(values, ["Oz"], ["de alpha", "psd alpha"]).values
    array([[[3.]]])
    """
    bands = [plane.split(" ", 1)[1] for plane in planes]
    names = list(dict.fromkeys(bands))
    rows, columns = cells(channels)
    at = np.asarray(values)[..., rows, columns, :]  # (row, ..., channel, plane)
    at = at.reshape(len(at), -1, *at.shape[-2:]).sum(axis=1)
    by_band = [at[..., [own == name for own in bands]].sum(axis=-1) for name in names]
    return xr.DataArray(
        np.stack(by_band, axis=1),
        dims=("row", "band", "channel"),
        coords={"band": names, "channel": list(channels)},
    )


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
    one: np.ndarray, other: np.ndarray, *, draws: int = 999, seed: int = 0
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


def compare_to_null(one: np.ndarray, target: np.ndarray) -> dict[str, float]:
    """Compare a map (band, channel) with a target, and with what chance reaches.

    Returns ``value``; ``low`` and ``high``, the middle 95 % of chance.

    Examples
    --------
    >>> one = np.arange(32.0)[None]
    >>> given = compare_to_null(one, one)
    >>> round(given["value"], 3), given["low"] < 0 < given["high"]
    (1.0, True)
    """
    low, high = np.quantile(null_correlations(one, target), [0.025, 0.975])
    return {"value": spatial_correlation(one, target), "low": float(low), "high": float(high)}
