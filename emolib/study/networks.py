"""The network of one fold, with data that it was not trained on.

Pages and chapters explain networks that the study has trained. Where none is trained yet, a light
one can stand in: narrow, trained for seconds, enough to see how the methods work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from emolib.explain.fold import FoldNetwork
from emolib.model.batches import Inputs
from emolib.model.gradients import GradientModel
from emolib.model.networks import build, load_weights
from emolib.model.settings import TrainingSettings
from emolib.model.training import GroupedInputs, Trainer
from emolib.splits.folds import Fold, group_windows, subsample
from emolib.splits.protocols import PROTOCOLS
from emolib.study import stages
from emolib.study.study import Study

LIGHT_WIDTH = 1 / 8
LIGHT_STEPS = 150  # of 64 windows each
LIGHT_ROWS = 1500  # windows that a light network is trained on, at most

Cohort = tuple[np.ndarray, pd.DataFrame]


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
    network, names = GradientModel(build(study.model_settings)), _names(study)
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
    trainer, rows = Trainer(partial(build, settings), training), subsample(fold.train, LIGHT_ROWS)
    fit = trainer.fit(
        maps,
        {task: table[task].to_numpy() for task in study.tasks},
        train=rows,
        validation=subsample(fold.validation, LIGHT_ROWS // 2),
        rate=training.learning_rate,
        epochs=-(-LIGHT_STEPS * training.batch_size // len(rows)),
        key=(study.seed, protocol, "light"),
    )
    return FoldNetwork(
        GradientModel(build(settings)),
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
