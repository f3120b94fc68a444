"""Training a fold: the pooled fit, then the fine-tunings. Knows nothing of EEG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from emolib.errors import DataError, SettingsError
from emolib.model.epochs import ByTask, Inputs
from emolib.model.fine_tuning import (
    StageResult,
    fine_tune_side_by_side,
    fine_tune_subject,
    fit_or_read,
)
from emolib.model.networks import build
from emolib.model.settings import ModelSettings, TrainingSettings
from emolib.model.trainer import Fit, Trainer
from emolib.splits.folds import Fold

SMALL_WIDTH = 1 / 8  # of the published number of filters and units


def train_fold(
    trainer: Trainer,
    x: Inputs,
    labels: ByTask,
    fold: Fold,
    subjects: np.ndarray,
    *,
    seed_key: Sequence[object],
    fine_tune: bool = True,
    only: slice | None = None,
    checkpoints: Path | None = None,
) -> Iterator[StageResult]:
    """Train one fold: pooled, then for each test subject with all heads and with each head.

    Parameters
    ----------
    trainer : Trainer
    x : array or `GroupedInputs`, (n_rows, ...)
    labels : dict of str to array of int, (n_rows,)
        By task, -1 where missing.
    fold : Fold
        Row numbers.
    subjects : array of str, (n_rows,)
        The subject of each row.
    seed_key : tuple
        What this fold is, such as (seed, protocol, fold).
    fine_tune : bool
        Whether to go on after the pooled fit.
    only : slice, optional
        Which of the test subjects, in the order of their names: only their results are given, and
        not the pooled one. Where `training.side_by_side` is above 1, a multiple of it begins and
        ends the slice, or results differ by rounding.
    checkpoints : path, optional
        A folder of this fold alone that keeps finished fits and the begun pooled one, so that a
        killed run goes on and gives the same bits. The caller that keeps the results deletes it.

    Yields
    ------
    StageResult
        As soon as each is ready; nothing is kept.

    Raises
    ------
    DataError
        There are no rows to train on, to validate or to test.
    SettingsError
        `fine_tune` where no test subject has rows to train on.
    """
    if not len(fold.test):
        raise DataError("test rows", "there are none.", "Use fewer folds or more data.")
    subjects = np.asarray(subjects)
    present = np.unique(subjects[fold.test])
    if fine_tune and not np.isin(subjects[fold.train], present).any():
        raise SettingsError(
            "fine_tune",
            "no subject of the test has rows to train on: with subjects held out there is "
            "nothing to fine-tune with.",
            "Switch it off for this protocol.",
        )

    given = {"seed_key": seed_key, "checkpoints": checkpoints}
    settings = trainer.settings
    how = {"learning_rate": settings.learning_rate, "epochs": settings.epochs}
    if settings.schedule_for(leaks=fold.leaks) == "fixed":
        how |= {"epochs": min(settings.epochs, settings.fixed_epochs), "fixed": True}
    pooled = fit_or_read(trainer, x, labels, fold, ("pooled",), **given, **how)
    if only is None:
        probabilities = trainer.predict(pooled.weights, x, fold.test)
        yield StageResult("pooled", None, None, pooled, fold.test, probabilities)
    if not fine_tune:
        return
    present = present if only is None else present[only]
    of = (trainer, x, labels, fold, subjects)
    if settings.side_by_side > 1:
        yield from fine_tune_side_by_side(*of, present, pooled.weights, **given)
        return
    for subject in present:
        yield from fine_tune_subject(*of, subject, pooled.weights, **given)


def small_training(model: ModelSettings, epochs: int) -> TrainingSettings:
    """Return settings with which models of one and of several windows make as many steps.

    A batch holds as many windows, so groups of six come in batches a sixth as large.

    Examples
    --------
    >>> small_training(ModelSettings(windows=6), epochs=4).batch_size
    11
    """
    windows_a_batch = TrainingSettings().batch_size
    return TrainingSettings(batch_size=round(windows_a_batch / model.windows), epochs=epochs)


def fit_small(
    model: ModelSettings,
    training: TrainingSettings,
    x: Inputs,
    labels: ByTask,
    fold: Fold,
    *,
    seed_key: Sequence[object],
) -> tuple[Trainer, Fit]:
    """Fit a small network on all subjects of a fold, in seconds: for demonstrations.

    Parameters
    ----------
    model, training : ModelSettings, TrainingSettings
        Compiled once in a process, however many fits follow.
    x, labels, fold, seed_key
        As for `train_fold`.

    Returns
    -------
    trainer : Trainer
        Which predicts, and knows the `initial_weights` of the seed key.
    fit : Fit
    """
    trainer = _small_trainer(model, replace(training, epochs=0))  # which compile nothing
    fit = trainer.fit(
        x,
        labels,
        fold,
        learning_rate=training.learning_rate,
        epochs=training.epochs,
        seed_key=seed_key,
    )
    return trainer, fit


@lru_cache(maxsize=8)
def _small_trainer(model: ModelSettings, training: TrainingSettings) -> Trainer:
    return Trainer(partial(build, model), training)
