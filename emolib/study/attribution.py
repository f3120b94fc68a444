"""Which electrodes and bands a fold's network uses on its test rows, and which it should."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import xarray as xr

from emolib.errors import DataError
from emolib.explain.agreement import SCALES, expected_change
from emolib.explain.attribution import (
    STEPS,
    completeness,
    integrated_gradients,
    mask,
    occlusion,
    on_electrodes,
)
from emolib.explain.fold import FoldNetwork
from emolib.features import power as summaries
from emolib.recordings.simulated import read_truth
from emolib.splits.folds import subsample
from emolib.study import stages
from emolib.study.study import Study

WINDOWS = 200  # of a fold to explain: those of one trial resemble each other, so more add little


def fold_attribution(
    network: FoldNetwork,
    *,
    subject: str | None = None,
    n_windows: int = WINDOWS,
    steps: int = STEPS,
    occlude: Collection[str] = ("electrodes", "bands"),
) -> xr.Dataset:
    """Say which electrodes and bands a network's answers on test rows rest on.

    Parameters
    ----------
    network : FoldNetwork
    subject : str, optional
        Explain this subject's test rows only.
    n_windows : int
        How many rows, evenly spread over the test rows.
    steps : int
        See `emolib.explain.attribution.integrated_gradients`.
    occlude : collection of {"electrodes", "bands"}
        What to hide too, one at a time: a prediction of all rows for each.

    Returns
    -------
    Dataset
        `share (task, band, channel)`: integrated gradients of the log probability of the labelled
        class, mean over the rows, nats; above 0 what speaks for the label. `pattern (task, band,
        channel)`: the covariance over the rows of a feature (its kinds added up) with the log
        odds of the last class against the first: what goes along with the answer, used or not.
        `loss (task, channel)` and `band_loss (task, band)`: what occluding an electrode or a band
        costs, nats. `log_probability (task)`: with the whole map. `completeness (task)`.
        NaN for a task that none of the rows has a label for. Attributes say which network, and how
        many windows.

    Raises
    ------
    DataError
        If there is no test row, or none of `subject`.
    """
    own = np.arange(len(network.table))
    if subject is not None:
        own = np.flatnonzero(network.table["subject"].to_numpy() == subject)
    if not len(own):
        raise DataError(
            f"{network.protocol}, fold {network.fold}",
            f"has no test row{f' of {subject}' if subject else ''}.",
            "Ask for a fold that tests this subject.",
        )
    rows = subsample(own, n_windows)
    maps = network.maps(rows)
    labels = {task: network.table[task].to_numpy()[rows] for task in network.settings.tasks}
    labels = {task: label for task, label in labels.items() if (label >= 0).any()}
    shares = integrated_gradients(
        lambda at: network.network.gradients(network.weights, at, labels), maps, steps=steps
    )
    whole, empty = _log(network.probabilities(maps)), _log(network.probabilities(0 * maps[:1]))
    at = (network.channels, network.planes)
    features = on_electrodes(maps, *at)
    by_task = []
    for task, label in labels.items():
        known = np.flatnonzero(label >= 0)
        log = whole[task]
        odds = xr.DataArray(log[:, -1] - log[:, 0], dims="row")
        by_task.append(
            xr.Dataset(
                {
                    "share": on_electrodes(shares[task][known], *at).mean("row"),
                    "pattern": xr.cov(features, odds, dim="row"),
                    "log_probability": log[known, label[known]].mean(),
                    "completeness": completeness(
                        shares[task][known],
                        log[known, label[known]],
                        empty[task][0, label[known]],
                    ),
                }
            )
        )
    given = xr.concat(by_task, dim=xr.Variable("task", list(labels)))
    given = given.assign(_losses(network, maps, labels, given["band"].to_numpy(), occlude))
    return given.reindex(task=list(network.settings.tasks)).assign_attrs(
        protocol=network.protocol, fold=network.fold, kind=network.kind, n_windows=len(rows)
    )


def known_truth(study: Study) -> xr.DataArray | None:
    """Say what a network of a simulated study should look at, mean over its subjects.

    See `emolib.explain.agreement.expected_change`. Where windows are z-scored, it is less its mean
    over bands and electrodes: what all features share does not show in such a window.

    Returns
    -------
    DataArray (task, band, channel) or None
        Change of log power (nats) for two points of rating, with its sign. None where nobody knows,
        or where there is nothing to know: for recordings of people, for an effect of 0, and if no
        task is a rating that the simulation has a truth for.
    """
    ratings = {task: of.rating for task, of in study.tasks.items() if of.rating in SCALES}
    if study.simulation is None or study.simulation.effect == 0 or not ratings:
        return None
    changes = []
    for subject in stages.valid_subjects(study):
        power = summaries.log_power(stages.recording(study, subject), study.features).mean("trial")
        truth = read_truth(study.recordings_root, subject)
        changes.append(expected_change(truth, 10 ** (power / 10)))
    change = xr.concat(changes, dim="subject").mean("subject")
    if study.features.normalise == "window":
        change = change - change.mean(("band", "channel"))
    return xr.concat(
        [change.sel(scale=scale, drop=True) for scale in ratings.values()],
        dim=xr.Variable("task", list(ratings)),
    )


def _log(probabilities: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The logs of probabilities by task, of 0 too."""
    least = np.finfo(np.float32).tiny
    return {task: np.log(np.maximum(given, least)) for task, given in probabilities.items()}


def _losses(
    network: FoldNetwork,
    maps: np.ndarray,
    labels: dict[str, np.ndarray],
    bands: Sequence[str],
    occlude: Collection[str],
) -> dict[str, xr.DataArray]:
    """What occluding each electrode, and each band, costs."""
    at, found = (network.channels, network.planes), {}
    if "electrodes" in occlude:
        masks = {name: mask(*at, electrodes=[name]) for name in network.channels}
        found["loss"] = _loss(network, maps, labels, masks, "channel")
    if "bands" in occlude:
        masks = {name: mask(*at, bands=[name]) for name in bands}
        found["band_loss"] = _loss(network, maps, labels, masks, "band")
    return found


def _loss(
    network: FoldNetwork,
    maps: np.ndarray,
    labels: dict[str, np.ndarray],
    masks: dict[str, np.ndarray],
    dim: str,
) -> xr.DataArray:
    """What occluding each of some parts costs: (task, part)."""
    losses = occlusion(network.probabilities, maps, labels, masks)
    return xr.DataArray(losses.to_numpy().T, dims=("task", dim))
