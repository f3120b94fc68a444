"""Small networks, each trained with several seeds on the same folds, to be held side by side.

For a chapter that asks what one choice is worth (several windows instead of one, two heads
instead of one): seconds of training instead of hours, and therefore a demonstration on few data.
`emolib.lessons.paired_stages` reads the result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from emolib.errors import SettingsError, check_option
from emolib.model.batches import GroupedInputs, Inputs, group_inputs
from emolib.model.predictions import predictions_of
from emolib.model.settings import ModelSettings, TrainingSettings
from emolib.model.training import fit_small
from emolib.splits.folds import Fold, stable_seed
from emolib.splits.protocols import PROTOCOLS

SEEDS = (0, 1, 2)  # the fewest for which `emolib.evaluation.comparison.compare` has an interval


@dataclass(frozen=True)
class LightNetwork:
    """One of the networks to compare.

    Attributes
    ----------
    model : ModelSettings
        Which network, how wide, of how many windows; its tasks are its heads.
    training : TrainingSettings
        Of these the pooled fit's are used; see `emolib.model.training.small_training`.
    together : bool
        Whether one fit serves all heads. If not, there is a fit a head, in which the other
        heads' losses count nothing: single-task networks, without compiling anything more.
    shuffle : bool
        Whether the fitted network predicts a second time with the windows of each group in
        random order; these are the rows of the stage ``"<name>, shuffled"``.
    """

    model: ModelSettings
    training: TrainingSettings
    together: bool = True
    shuffle: bool = False

    def __post_init__(self) -> None:
        if self.shuffle and self.model.windows == 1:
            raise SettingsError("shuffle", "needs several windows.", "Give a model more than one.")


def thin_out(
    table: pd.DataFrame, *, windows: int, most_windows: int, most_subjects: int = 8
) -> np.ndarray:
    """Choose rows of a table so that light networks are trained in seconds.

    Of each trial whole groups of neighbouring windows are kept, evenly spaced and as many as the
    limit allows, one at least: trials carry the labels, and windows of one trial resemble each
    other. Subjects are taken in the order of their names.

    Parameters
    ----------
    table : pandas.DataFrame, one row per window
        Columns ``subject``, ``trial`` and ``window``; windows of a trial count from 0.
    windows : int
        Windows a group.
    most_windows : int
        About how many rows to keep; more, where one group of each trial is more.
    most_subjects : int

    Returns
    -------
    numpy.ndarray of int, sorted
        Row numbers of the table.

    Examples
    --------
    >>> table = pd.DataFrame({"subject": "sub-01", "trial": 1, "window": np.arange(12)})
    >>> thin_out(table, windows=2, most_windows=6).tolist()
    [0, 1, 4, 5, 8, 9]
    """
    subjects = np.unique(table["subject"])[:most_subjects]
    mine = table["subject"].isin(subjects).to_numpy()
    every = max(1, -(-int(mine.sum()) // most_windows))
    group = table["window"].to_numpy() // windows
    return np.flatnonzero(mine & (group % every == 0))


def train_light(
    networks: Mapping[str, LightNetwork],
    maps: np.ndarray,
    table: pd.DataFrame,
    *,
    protocol: str,
    tasks: Sequence[str],
    n_folds: int,
    seeds: Sequence[int] = SEEDS,
    folds: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Train every network with every seed, pooled over subjects, and predict the test rows.

    A seed decides the initial weights, dropout and the order of the rows, not the folds. The
    protocols that hold out trials, stimuli or subjects deal the same ones to all networks,
    however many windows a network groups.

    Parameters
    ----------
    networks : dict of str to LightNetwork
        By the name that the network has in the result.
    maps : numpy.ndarray, (n_windows, 8, 9, n_planes)
        Brain maps, as `emolib.study.stages.load_windows` gives them.
    table : pandas.DataFrame, one row per window
        As for `emolib.splits`: subject, trial, stimulus, window and a class column a task.
    protocol : str
        A name in `emolib.splits.PROTOCOLS`.
    tasks : sequence of str
        The class columns: what folds are stratified on.
    n_folds : int
    seeds : sequence of int
        Training seeds.
    folds : sequence of int, optional
        The numbers of the folds to train; all by default.

    Returns
    -------
    pandas.DataFrame
        A predictions table (`emolib.evaluation.COLUMNS`), the network's name for a stage, with
        the further columns ``stimulus`` and ``repeat``, the seed. ``window`` is a group's first.

    Raises
    ------
    SettingsError
        The protocol is unknown, or no trial has as many windows as a network groups.
    DataError
        The data cannot serve the folds.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> maps = rng.normal(size=(48, 8, 9, 1)).astype("float32")
    >>> trial = np.repeat(np.arange(12), 4)
    >>> table = pd.DataFrame({"subject": "sub-01", "trial": trial, "stimulus": trial,
    ...                       "window": np.tile(np.arange(4), 12), "valence": trial % 2})
    >>> model = ModelSettings(width=1 / 64, planes=1, windows=2, tasks={"valence": 2})
    >>> pairs = LightNetwork(model, TrainingSettings(epochs=1))
    >>> given = train_light({"pairs": pairs}, maps, table, protocol="trial_grouped",
    ...                        tasks=["valence"], n_folds=3, seeds=[0, 1])
    >>> given.groupby("repeat")["trial"].agg(["size", "nunique"]).to_numpy().tolist()
    [[24, 12], [24, 12]]
    """
    split = PROTOCOLS[check_option("protocol", protocol, PROTOCOLS)]
    parts = []
    for name, network in networks.items():
        inputs, rows = group_inputs(maps, table, network.model.windows)
        for number, fold in enumerate(split(rows, n_folds=n_folds, seed=0, tasks=list(tasks))):
            if folds is not None and number not in folds:
                continue
            for seed in seeds:
                key = (seed, protocol, number)
                who = {"protocol": protocol, "fold": number, "repeat": seed}
                for suffix, task, given in _fit(network, inputs, rows, fold, key):
                    own = rows[task].to_numpy()[fold.test]
                    who["stage"] = name + suffix
                    parts.append(predictions_of(rows.iloc[fold.test], task, own, given, **who))
    return pd.concat(parts, ignore_index=True)


def _fit(
    network: LightNetwork, inputs: Inputs, rows: pd.DataFrame, fold: Fold, key: tuple[object, ...]
) -> Iterator[tuple[str, str, np.ndarray]]:
    """Fit once, or once a head; yield a suffix of the stage, a task and its probabilities."""
    tasks = list(network.model.tasks)
    labels = {task: rows[task].to_numpy() for task in tasks}
    read = {"": inputs}
    if network.shuffle:
        order = np.random.default_rng(stable_seed("shuffled windows", *key))
        read[", shuffled"] = GroupedInputs(inputs.x, order.permuted(inputs.groups, axis=1))
    # One key for all fits of a fold and seed: networks start from the same weights where they have
    # the same layers, so that they differ by what is compared.
    for active in [tasks] if network.together else [[task] for task in tasks]:
        trainer, fit = fit_small(
            network.model, network.training, inputs, labels, fold, seed_key=key, heads=active
        )
        for suffix, x in read.items():
            given = trainer.predict(fit.weights, x, fold.test)
            yield from ((suffix, task, given[task]) for task in active)
