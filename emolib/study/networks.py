"""The network of one fold, with data that it was not trained on, and the benches that show it.

Pages and chapters explain networks that the study has trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from emolib.errors import DataError
from emolib.explain.fold import FoldNetwork, GradientModel
from emolib.figures.benches import NetworkBench, ReplayBench
from emolib.figures.benches.replay import scores_by_epoch
from emolib.model.networks import build
from emolib.model.trainer import Weights
from emolib.model.training import SMALL_WIDTH, fit_small, small_training
from emolib.splits.folds import Fold, subsample
from emolib.splits.protocols import LEAKING
from emolib.study import stages
from emolib.study.fold import fold_data, folds_of, network_settings, pooled_weights
from emolib.study.study import Study

Cohort = tuple[np.ndarray, pd.DataFrame]
LIGHT_WINDOWS = 150 * 64  # that a light network goes through: so many batches of so many
LIGHT_ROWS = 1500  # windows that a light network is trained on, at most


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
    trained = [k for k in wanted if study.fold_files(protocol, k)["weights"].exists()]
    if not trained:
        return []
    weights = pooled_weights(study, protocol, trained)
    data = fold_data(study, protocol, *(cohort or stages.load_windows(study)))
    return fold_networks(study, protocol, data, weights, "trained")


def fold_networks(
    study: Study, protocol: str, data: tuple, weights: Mapping[int, Weights], kind: str
) -> list[FoldNetwork]:
    """Return the networks of folds with these weights; `data` as `fold_data` returns them."""
    inputs, table, folds = data
    channels: dict[str, None] = {}
    for subject in stages.valid_subjects(study):
        channels |= dict.fromkeys(stages.features(study, subject)["channel"].to_numpy().tolist())
    kinds, bands = study.features.kinds, study.features.bands
    settings = network_settings(study, protocol)
    network = GradientModel(build(settings, seed=None))
    return [
        FoldNetwork(
            network,
            settings,
            own,
            inputs,
            folds[k].test,
            table.iloc[folds[k].test].reset_index(drop=True),
            channels=tuple(channels),
            planes=tuple(f"{name} {band.name}" for name in kinds for band in bands),
            protocol=protocol,
            fold=k,
            kind=kind,
        )
        for k, own in weights.items()
    ]


def light_network(study: Study, protocol: str, *, cohort: Cohort | None = None) -> FoldNetwork:
    """Train a narrow network on part of the first fold of a protocol, in seconds.

    Its scores say little and its maps less: it is there so that methods can be shown. Parameters
    as `trained_networks`.
    """
    light = study.model_copy(update={"model": replace(study.model, width=SMALL_WIDTH)})
    data = fold_data(light, protocol, *(cohort or stages.load_windows(light)))
    inputs, table, (fold, *_) = data
    rows, held_out = subsample(fold.train, LIGHT_ROWS), subsample(fold.validation, LIGHT_ROWS // 2)
    settings = network_settings(light, protocol)
    training = small_training(settings, epochs=-(-LIGHT_WINDOWS // len(rows)))
    _, fit = fit_small(
        settings,
        training,
        inputs,
        {task: table[task].to_numpy() for task in light.tasks},
        Fold(rows, held_out, fold.test),
        seed_key=(light.seed, protocol, "light"),
    )
    return fold_networks(light, protocol, data, {0: fit.weights}, "light")[0]


def network_bench(
    study: Study,
    protocol: str,
    networks: Sequence[FoldNetwork] | None = None,
    *,
    cohort: Cohort | None = None,
) -> NetworkBench:
    """Show a protocol's first network live; a light one where none is trained, or a page cannot.

    Parameters
    ----------
    study, protocol, cohort
        As `trained_networks` takes them.
    networks : sequence of FoldNetwork, optional
        The protocol's, if they are at hand.

    Raises
    ------
    DataError
        If the study's networks read several windows at once.
    """
    NetworkBench.check(network_settings(study, protocol))
    if networks is None:
        networks = trained_networks(study, protocol, numbers=[0], cohort=cohort)
    classes = {name: task.classes for name, task in study.tasks.items()}
    try:
        return NetworkBench(networks[0], classes)
    except (IndexError, DataError):
        return NetworkBench(light_network(study, protocol, cohort=cohort), classes)


def replay_bench(study: Study) -> ReplayBench:
    """Show the fits of a study epoch by epoch, and linear ones under its first honest protocol.

    A DataError says what the study lacks.
    """
    maps, table = stages.load_windows(study)
    protocol = study.attribution_protocol or study.protocols[0]
    labels = table[next(iter(study.tasks))].to_numpy()
    scores = scores_by_epoch(maps, labels, folds_of(study, protocol, table), seed=study.seed)
    schedule = study.training.schedule_for
    fixed = [each for each in study.protocols if schedule(leaks=each in LEAKING) == "fixed"]
    return ReplayBench(stages.histories(study), scores, fixed=fixed)
