"""Training: the pooled fit, and the fine-tunings for one subject. Knows nothing of EEG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from emolib.errors import SettingsError
from emolib.model.batches import ByTask, Inputs
from emolib.model.callbacks import read_state, write_state
from emolib.model.networks import build
from emolib.model.settings import ModelSettings, TrainingSettings
from emolib.model.trainer import Fit, Trainer, Weights
from emolib.splits.folds import Fold
from emolib.storage import file_stem

SMALL_WIDTH = 1 / 8  # of the published number of filters and units


@dataclass(frozen=True, eq=False)
class StageResult:
    """Result of one stage of training.

    Attributes
    ----------
    training_stage : {"pooled", "subject", "subject_and_task"}
    subject, task : str or None
        Whom and what it was fine-tuned for.
    fit : Fit
        Its history is empty where nothing was fitted; `note` says why.
    rows : numpy.ndarray of int
        The test rows that it predicts.
    probabilities : dict of str to numpy.ndarray, (n_rows, n_classes)
        By task; of one task only in the stage "subject_and_task".
    note : str
    """

    training_stage: str
    subject: str | None
    task: str | None
    fit: Fit
    rows: np.ndarray
    probabilities: dict[str, np.ndarray] = field(repr=False)
    note: str = ""


def train_fold(
    trainer: Trainer,
    x: Inputs,
    labels: ByTask,
    fold: Fold,
    subjects: np.ndarray,
    *,
    seed_key: Sequence[object],
    fine_tune: bool = True,
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
    checkpoints : path, optional
        A folder of this fold alone that keeps finished fits and the begun pooled one, so that a
        killed run goes on and gives the same bits. The caller that keeps the results deletes it.

    Yields
    ------
    StageResult
        As soon as each is ready; nothing is kept.

    Raises
    ------
    SettingsError
        `fine_tune` where no test subject has rows to train on.
    """
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
    pooled = _fit(trainer, x, labels, fold, ("pooled",), **given, **how)
    probabilities = trainer.predict(pooled.weights, x, fold.test)
    yield StageResult("pooled", None, None, pooled, fold.test, probabilities)
    for subject in present if fine_tune else ():
        yield from fine_tune_subject(
            trainer, x, labels, fold, subjects, subject, pooled.weights, **given
        )


def fine_tune_subject(
    trainer: Trainer,
    x: Inputs,
    labels: ByTask,
    fold: Fold,
    subjects: np.ndarray,
    subject: str,
    pooled: Weights,
    *,
    seed_key: Sequence[object],
    checkpoints: Path | None = None,
) -> Iterator[StageResult]:
    """Fine-tune the pooled weights for one subject: all heads, then each head alone.

    Both stages start from the pooled weights. A head whose training rows have one class
    only is not trained, and the result's note says so. Parameters as `train_fold`.
    """
    settings = trainer.settings
    mine = Fold(
        *(rows[subjects[rows] == subject] for rows in (fold.train, fold.validation, fold.test)),
        leaks=fold.leaks,
    )
    able = [task for task in trainer.tasks if _has_two_classes(labels[task][mine.train])]
    stages = [("subject", None, settings.fine_tuning_learning_rate)]
    stages += [
        ("subject_and_task", task, settings.single_task_learning_rate) for task in trainer.tasks
    ]
    for training_stage, task, learning_rate in stages:
        heads = list(trainer.tasks) if task is None else [task]
        active = [name for name in heads if name in able]
        idle = " and ".join(name for name in heads if name not in able)
        fit, note = Fit(pooled, pd.DataFrame()), ""
        if not len(mine.train) or not len(mine.validation):
            note = f"{subject} has no rows to train on or none to validate on: pooled weights kept."
        elif not active:
            note = f"{subject} has one class of {idle} only: pooled weights kept."
        else:
            if idle:
                note = f"{subject} has one class of {idle} only: that head was not trained."
            fit = _fit(
                trainer,
                x,
                labels,
                mine,
                (training_stage, subject, task),
                seed_key=seed_key,
                checkpoints=checkpoints,
                learning_rate=learning_rate,
                epochs=settings.fine_tuning_epochs,
                task_weights={name: float(name in active) for name in trainer.tasks},
                weights=pooled,
                restore_best_on_lr_drop=True,
            )
        given = trainer.predict(fit.weights, x, mine.test)
        given = {name: given[name] for name in heads}
        yield StageResult(training_stage, subject, task, fit, mine.test, given, note)


def _fit(
    trainer: Trainer,
    x: Inputs,
    labels: ByTask,
    fold: Fold,
    names: Sequence[str | None],
    *,
    seed_key: Sequence[object],
    checkpoints: Path | None,
    **how: Any,
) -> Fit:
    """Fit and keep the result, or read back what a killed run has kept."""
    how["seed_key"] = (*seed_key, *names)
    if checkpoints is None:
        return trainer.fit(x, labels, fold, **how)
    path = checkpoints / file_stem("-".join(name for name in names if name))
    fit = read_state(path)
    if fit is None:
        if names == ("pooled",):  # the only one that is long enough to go on within
            how["checkpoint"] = checkpoints / "begun"
        fit = trainer.fit(x, labels, fold, **how)
        write_state(path, fit)
    return fit


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
    heads: Sequence[str] | None = None,
) -> tuple[Trainer, Fit]:
    """Fit a small network on all subjects of a fold, in seconds: for demonstrations.

    Parameters
    ----------
    model, training : ModelSettings, TrainingSettings
        Compiled once in a process, however many fits follow.
    x, labels, fold, seed_key
        As for `train_fold`.
    heads : sequence of str, optional
        The tasks whose losses count; all by default.

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
        task_weights={task: float(heads is None or task in heads) for task in trainer.tasks},
    )
    return trainer, fit


@lru_cache(maxsize=8)
def _small_trainer(model: ModelSettings, training: TrainingSettings) -> Trainer:
    return Trainer(partial(build, model), training)


def _has_two_classes(labels: np.ndarray) -> bool:
    return len(np.unique(labels[labels >= 0])) >= 2
