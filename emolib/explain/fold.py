"""The network of one fold, with data that it was not trained on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from emolib.model.gradients import GradientModel
from emolib.model.networks import build
from emolib.model.predictions import predictions_of
from emolib.model.settings import ModelSettings
from emolib.model.trainer import Inputs, Weights


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
