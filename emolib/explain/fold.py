"""The network of one fold as functions of brain maps, and what it uses of its test rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from emolib.errors import DataError, SettingsError
from emolib.explain.attribution import (
    STEPS,
    completeness,
    integrated_gradients,
    mask,
    occlusion,
    on_electrodes,
)
from emolib.model.epochs import Inputs
from emolib.model.networks import build  # before keras: it chooses the backend
from emolib.model.predictions import predictions_of
from emolib.model.settings import ModelSettings
from emolib.model.trainer import Weights
from emolib.splits.folds import subsample

import jax  # isort: skip
import keras  # isort: skip

WINDOWS = 200  # of a fold to explain: those of one trial resemble each other, so more add little
BATCH = 64  # rows; the last batch is filled, so that it compiles nothing


class GradientModel:
    """One model, compiled once, that many sets of weights go through.

    Parameters
    ----------
    model : keras.Model
        From maps to probabilities by task, such as `emolib.model.build` makes. Dropout is off
        and batch normalisation uses its stored moments, as in prediction.

    Raises
    ------
    SettingsError
        If Keras runs on another backend than JAX.

    Examples
    --------
    >>> from emolib.model import ModelSettings, build
    >>> model = build(ModelSettings(width=1 / 64, planes=1, tasks={"valence": 2}))
    >>> network = GradientModel(model)
    >>> maps = np.random.default_rng(0).normal(size=(5, 8, 9, 1)).astype("float32")
    >>> network.probabilities(model.get_weights(), maps)["valence"].shape
    (5, 2)
    >>> labels = {"valence": np.array([0, 1, 0, 1, -1])}
    >>> given = network.gradients(model.get_weights(), maps, labels)["valence"]
    >>> given.shape, bool(given[:4].any()), bool(given[4].any())
    ((5, 8, 9, 1), True, False)
    """

    def __init__(self, model: keras.Model):
        if keras.backend.backend() != "jax":
            raise SettingsError(
                "KERAS_BACKEND",
                f"is {keras.backend.backend()!r}; gradients with respect to maps need JAX.",
                "Unset it, or set it to 'jax'.",
            )
        self.model = model

        def probabilities(trainable, others, maps):
            given, _ = model.stateless_call(trainable, others, maps, training=False)
            return given

        def log_probability(maps, trainable, others, labels, task):
            given = probabilities(trainable, others, maps)[task]
            own = jax.numpy.take_along_axis(given, jax.numpy.maximum(labels, 0)[:, None], axis=1)
            own = jax.numpy.maximum(own[:, 0], np.finfo(np.float32).tiny)  # log 0 has no slope
            return jax.numpy.where(labels >= 0, jax.numpy.log(own), 0.0).sum()

        def gradients(trainable, others, maps, labels):
            # A row's output depends on its own map alone: the sum's gradient is each row's own.
            slope = jax.grad(log_probability)
            return {task: slope(maps, trainable, others, own, task) for task, own in labels.items()}

        self._probabilities, self._gradients = jax.jit(probabilities), jax.jit(gradients)

    def probabilities(
        self, weights: Sequence[np.ndarray], maps: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Return the class probabilities of maps, (row, class) by task."""
        variables = self._variables(weights)
        return _in_batches(lambda one: self._probabilities(*variables, one), maps)

    def gradients(
        self, weights: Sequence[np.ndarray], maps: np.ndarray, labels: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Return by task the gradient of each row's log probability of its label, by its map.

        Parameters
        ----------
        weights : list of array
            As ``model.get_weights()`` orders them.
        maps : array, shape (row, ...)
            The model's input.
        labels : dict of str to array of int, (row,)
            Class numbers by task; rows with -1 have the gradient 0.

        Returns
        -------
        dict of str to array, shape of `maps`
            Nats per unit of the map.
        """
        variables = self._variables(weights)
        labels = {task: np.asarray(own, np.int32) for task, own in labels.items()}
        return _in_batches(lambda batch: self._gradients(*variables, *batch), (maps, labels))

    def _variables(self, weights: Sequence[np.ndarray]) -> tuple[list[Any], list[Any]]:
        self.model.set_weights(list(weights))
        variables = (self.model.trainable_variables, self.model.non_trainable_variables)
        return tuple([one.value for one in kind] for kind in variables)


@dataclass(frozen=True, eq=False)
class FoldNetwork:
    """A network and the test rows of its fold.

    Attributes
    ----------
    network : GradientModel
        The compiled model; networks of several folds may share it.
    settings : ModelSettings
        What it was built from; its tasks are the heads.
    weights : list of array
        This fold's.
    inputs : array or GroupedInputs, (row, ..., 8, 9, plane)
        The whole cohort's, which networks of several folds share.
    test : array of int
        The fold's test rows, row numbers of `inputs`.
    table : DataFrame
        One row per test row: ``subject``, ``trial``, ``stimulus``, ``window`` and the tasks.
    channels, planes : tuple of str
        Names: of the electrodes, of the map's planes.
    protocol, fold : str, int
        Which fold.
    kind : {"trained", "light", "untrained"}
        The study's own; a small one that was trained for seconds; or drawn at random.
    """

    network: GradientModel
    settings: ModelSettings
    weights: Weights
    inputs: Inputs
    test: np.ndarray
    table: pd.DataFrame
    channels: tuple[str, ...]
    planes: tuple[str, ...]
    protocol: str
    fold: int
    kind: str

    def maps(self, rows: np.ndarray) -> np.ndarray:
        """Return the maps of some test rows, by their place in `table`."""
        return self.inputs[self.test[rows]]

    def probabilities(self, maps: np.ndarray) -> dict[str, np.ndarray]:
        """Return the class probabilities of maps, (row, class) by task."""
        return self.network.probabilities(self.weights, maps)

    def untrained(self, seed: int) -> FoldNetwork:
        """Return the same network with weights as they are drawn before any training."""
        drawn = build(self.settings, seed=seed).get_weights()
        return replace(self, weights=drawn, kind="untrained")


def predictions(networks: Iterable[FoldNetwork]) -> pd.DataFrame:
    """Predict all test rows: a table for `emolib.evaluation.score`."""
    parts = []
    for network in networks:
        who = {"protocol": network.protocol, "fold": network.fold, "stage": "pooled"}
        given = network.probabilities(network.maps(np.arange(len(network.table))))
        for task, probability in given.items():
            labels = network.table[task].to_numpy()
            parts.append(predictions_of(network.table, task, labels, probability, **who))
    return pd.concat(parts, ignore_index=True)


def fold_attribution(
    network: FoldNetwork,
    *,
    subject: str | None = None,
    n_windows: int = WINDOWS,
    steps: int = STEPS,
    occlude: Collection[str] = ("electrodes", "bands"),
) -> xr.Dataset:
    """Attribute a network's answers on test rows to electrodes and bands.

    `n_windows` rows, spread evenly over the test rows or over those of one `subject`, are
    explained. `occlude` says what to hide too, one at a time: "electrodes" and "bands" cost a
    prediction of all rows for each.

    Returns
    -------
    Dataset
        `attribution (task, band, channel)`: integrated gradients of the log probability of the
        labelled class, mean over the rows, nats; above 0 what speaks for the label.
        `pattern (task, band, channel)`: the covariance over the rows of a feature (its kinds
        added up) with the log odds of the last class against the first: what goes along with the
        answer, used or not.
        `importance (task, channel)` and `band_importance (task, band)`: what occluding an
        electrode or a band costs, nats. `log_probability (task)`: with the whole map.
        `completeness (task)`. NaN for a task that none of the rows has a label for. Attributes
        say which network, and how many windows.

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
    whole, baseline = _log(network.probabilities(maps)), _log(network.probabilities(0 * maps[:1]))
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
                    "attribution": on_electrodes(shares[task][known], *at).mean("row"),
                    "pattern": xr.cov(features, odds, dim="row"),
                    "log_probability": log[known, label[known]].mean(),
                    "completeness": completeness(
                        shares[task][known],
                        log[known, label[known]],
                        baseline[task][0, label[known]],
                    ),
                }
            )
        )
    given = xr.concat(by_task, dim=xr.Variable("task", list(labels)))
    given = given.assign(_importances(network, maps, labels, given["band"].to_numpy(), occlude))
    return given.reindex(task=list(network.settings.tasks)).assign_attrs(
        protocol=network.protocol, fold=network.fold, kind=network.kind, n_windows=len(rows)
    )


def _log(probabilities: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the logs of probabilities by task, of 0 too."""
    least = np.finfo(np.float32).tiny
    return {task: np.log(np.maximum(given, least)) for task, given in probabilities.items()}


def _importances(
    network: FoldNetwork,
    maps: np.ndarray,
    labels: dict[str, np.ndarray],
    bands: Sequence[str],
    occlude: Collection[str],
) -> dict[str, xr.DataArray]:
    """Return what occluding each electrode, and each band, costs: (task, part)."""
    at = (network.channels, network.planes)
    found = {}
    for name, dim, kind, parts in (
        ("importance", "channel", "electrodes", network.channels),
        ("band_importance", "band", "bands", bands),
    ):
        if kind in occlude:
            masks = {part: mask(*at, **{kind: [part]}) for part in parts}
            costs = occlusion(network.probabilities, maps, labels, masks)
            found[name] = xr.DataArray(costs.to_numpy().T, dims=("task", dim))
    return found


def _in_batches(function: Callable[[Any], Mapping[str, Any]], rows: Any) -> dict[str, np.ndarray]:
    """Call a function on full batches: another size would be compiled anew."""
    n = len(jax.tree.leaves(rows)[0])
    parts = []
    for start in range(0, n, BATCH):
        at = np.resize(np.arange(start, min(start + BATCH, n)), BATCH)
        given = function(jax.tree.map(lambda values, at=at: values[at], rows))
        parts.append({task: np.asarray(own)[: n - start] for task, own in given.items()})
    return {task: np.concatenate([part[task] for part in parts]) for task in parts[0]}
