"""A network that stands in where a study has none trained yet: narrow, and trained in seconds."""

from __future__ import annotations

from dataclasses import replace

from emolib.explain.fold import FoldNetwork
from emolib.model.training import SMALL_WIDTH, fit_small, small_training
from emolib.splits.folds import Fold, subsample
from emolib.study import stages
from emolib.study.fold import fold_data, network_settings
from emolib.study.networks import Cohort, fold_networks
from emolib.study.study import Study

LIGHT_WINDOWS = 150 * 64  # that a light network goes through: so many batches of so many
LIGHT_ROWS = 1500  # windows that a light network is trained on, at most


def light_network(study: Study, protocol: str, *, cohort: Cohort | None = None) -> FoldNetwork:
    """Train a narrow network on part of the first fold of a protocol, in seconds.

    Its scores say little and its maps less: it is there so that methods can be shown. Parameters
    as `emolib.study.networks.trained_networks`.
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
