"""The network of one fold, with data that it was not trained on.

Pages and chapters explain networks that the study has trained. Where none is trained yet, a light
one can stand in: narrow, trained for seconds, enough to see how the methods work.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from emolib.model.batches import Inputs
from emolib.model.gradients import Differentiable
from emolib.model.networks import build, load_weights
from emolib.model.predictions import predictions_of
from emolib.model.settings import ModelSettings, TrainingSettings
from emolib.model.trainer import Weights
from emolib.model.training import GroupedInputs, Trainer
from emolib.splits.folds import Fold, group_windows
from emolib.splits.protocols import PROTOCOLS
from emolib.study import stages
from emolib.study.study import Study

LIGHT_WIDTH = 1 / 8
LIGHT_STEPS = 150  # of 64 windows each
LIGHT_ROWS = 1500  # windows that a light network is trained on, at most

Cohort = tuple[np.ndarray, pd.DataFrame]


@dataclass(frozen=True, eq=False)
class FoldNetwork:
    """A network, and the test rows of its fold.

    Attributes
    ----------
    network : Differentiable
        The compiled model; networks of several folds may share it.
    settings : ModelSettings
        What it was built from; its tasks are the heads.
    weights : list of array
        This fold's.
    inputs : array or GroupedInputs, (row, ..., 8, 9, plane)
        The whole cohort's, which networks of several folds share.
    test : array of int
        The fold's test rows, row numbers of `inputs`.
    table : DataFrame, a row a test row
        Columns ``subject``, ``trial``, ``stimulus``, ``window`` and the tasks'.
    channels, planes : tuple of str
        Names: of the electrodes, of the map's planes.
    protocol, fold : str, int
        Which fold.
    kind : {"trained", "light", "untrained"}
        The study's own; one that was trained for seconds; or drawn at random.
    """

    network: Differentiable
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
        """Give the maps of some test rows, by their place in `table`."""
        return self.inputs[self.test[rows]]

    def probabilities(self, maps: np.ndarray) -> dict[str, np.ndarray]:
        """Give the class probabilities of maps, (row, class) by task."""
        return self.network.probabilities(self.weights, maps)

    def untrained(self, seed: int) -> FoldNetwork:
        """Give the same network with weights as they are drawn before any training."""
        drawn = build(self.settings, seed=seed).get_weights()
        return replace(self, weights=drawn, kind="untrained")


def trained_networks(
    study: Study,
    protocol: str,
    *,
    numbers: Sequence[int] | None = None,
    cohort: Cohort | None = None,
) -> list[FoldNetwork]:
    """Load the pooled network of each fold of a protocol, as far as folds are trained.

    Parameters
    ----------
    study : Study
    protocol : str
        One of the study's.
    numbers : sequence of int, optional
        Of the folds; all of them if left out.
    cohort : (maps, table), optional
        What `stages.load_windows` gives, if it is at hand.

    Returns
    -------
    list of FoldNetwork
        Of repeated trainings the first; empty where no fold is trained.
    """
    wanted = range(study.splits(protocol)) if numbers is None else numbers
    files = {k: study.fold_files(protocol, k)["weights"] for k in wanted}
    files = {k: file for k, file in files.items() if file.exists()}
    if not files:
        return []
    maps, table, folds = _folds(study, protocol, cohort)
    network, names = Differentiable(build(study.model_settings)), _names(study)
    return [
        FoldNetwork(
            network,
            study.model_settings,
            load_weights(file, network.model).get_weights(),
            maps,
            folds[k].test,
            table.iloc[folds[k].test].reset_index(drop=True),
            *names,
            protocol=protocol,
            fold=k,
            kind="trained",
        )
        for k, file in files.items()
    ]


def light_network(study: Study, protocol: str, *, cohort: Cohort | None = None) -> FoldNetwork:
    """Train a narrow network on part of the first fold of a protocol, in seconds.

    Its scores say little and its maps less: it is there so that methods can be shown. Parameters
    as `trained_networks`.
    """
    maps, table, (fold, *_) = _folds(study, protocol, cohort)
    settings = replace(study.model_settings, width=LIGHT_WIDTH)
    training = TrainingSettings()
    trainer, rows = Trainer(partial(build, settings), training), evenly(fold.train, LIGHT_ROWS)
    fit = trainer.fit(
        maps,
        {task: table[task].to_numpy() for task in study.tasks},
        train=rows,
        validation=evenly(fold.validation, LIGHT_ROWS // 2),
        rate=training.learning_rate,
        epochs=-(-LIGHT_STEPS * training.batch_size // len(rows)),
        key=(study.seed, protocol, "light"),
    )
    return FoldNetwork(
        Differentiable(build(settings)),
        settings,
        fit.weights,
        maps,
        fold.test,
        table.iloc[fold.test].reset_index(drop=True),
        *_names(study),
        protocol=protocol,
        fold=0,
        kind="light",
    )


def predictions(networks: Iterable[FoldNetwork]) -> pd.DataFrame:
    """Predict all test rows: a table for `emolib.evaluation.score`."""
    return pd.concat(
        [
            predictions_of(
                network.table,
                task,
                network.table[task].to_numpy(),
                probability,
                protocol=network.protocol,
                fold=network.fold,
                stage="pooled",
            )
            for network in networks
            for task, probability in network.probabilities(
                network.maps(np.arange(len(network.table)))
            ).items()
        ],
        ignore_index=True,
    )


def evenly(rows: np.ndarray, n: int) -> np.ndarray:
    """Take at most `n` of some rows, evenly spread.

    Examples
    --------
    >>> evenly(np.arange(10), 3).tolist()
    [1, 5, 8]
    """
    n = min(n, len(rows))
    return rows[((np.arange(n) + 0.5) * len(rows) / n).astype(int)]


def _folds(
    study: Study, protocol: str, cohort: Cohort | None
) -> tuple[Inputs, pd.DataFrame, list[Fold]]:
    """The cohort as the model is fed with it, its table, and the folds of a protocol."""
    maps, table = stages.load_windows(study) if cohort is None else cohort
    inputs: Inputs = maps
    if study.model.windows > 1:
        groups = group_windows(table, study.model.windows)
        inputs, first = GroupedInputs(maps, groups), groups[:, 0]
        table = table.iloc[first].reset_index(drop=True)
    dealt = {"n_folds": study.n_folds, "seed": study.seed, "tasks": [*study.tasks]}
    return inputs, table, list(PROTOCOLS[protocol](table, **dealt))


def _names(study: Study) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The electrodes of all usable subjects, and the planes of their maps."""
    channels: dict[str, None] = {}
    for subject in stages.valid_subjects(study):
        channels |= dict.fromkeys(stages.features(study, subject)["channel"].to_numpy().tolist())
    settings = study.features
    planes = [f"{kind} {band.name}" for kind in settings.kinds for band in settings.bands]
    return tuple(channels), tuple(planes)
