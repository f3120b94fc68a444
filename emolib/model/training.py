"""Training: the pooled fit, and the fine-tunings for one subject. Knows nothing of EEG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from emolib.errors import SettingsError
from emolib.model.batches import GroupedInputs, Inputs
from emolib.model.callbacks import Report
from emolib.model.settings import TrainingSettings
from emolib.model.trainer import Fit, Trainer, Weights
from emolib.splits.folds import Fold

__all__ = [
    "Fit",
    "GroupedInputs",
    "StageResult",
    "Trainer",
    "TrainingSettings",
    "fine_tune_subject",
    "train_fold",
    "train_pooled",
]


@dataclass(frozen=True, eq=False)
class StageResult:
    """What one fit of one stage gave.

    Attributes
    ----------
    stage : {"pooled", "subject", "subject_and_task"}
    subject, task : str or None
        Whom and what it was fine-tuned for.
    weights : list of numpy.ndarray
    history : pandas.DataFrame
        Empty where nothing was fitted; `note` says why.
    rows : numpy.ndarray of int
        The test rows that it predicts.
    probabilities : dict of str to numpy.ndarray, (n_rows, n_classes)
        By task; of one task only in the stage "subject_and_task".
    note : str
    """

    stage: str
    subject: str | None
    task: str | None
    weights: Weights
    history: pd.DataFrame
    rows: np.ndarray
    probabilities: dict[str, np.ndarray] = field(repr=False)
    note: str = ""


def train_fold(
    trainer: Trainer,
    x: Inputs,
    labels: Mapping[str, np.ndarray],
    fold: Fold,
    subjects: np.ndarray,
    *,
    key: Sequence[object],
    fine_tune: bool = True,
    checkpoints: str | Path | None = None,
    report: Report | None = None,
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
        Whose row it is.
    key : tuple
        What this fold is, such as (seed, protocol, fold).
    fine_tune : bool
        Whether to go on after the pooled fit.
    checkpoints : path, optional
        A folder that keeps finished and half-made fits, so that a killed run goes on where
        it was. Whoever keeps the results deletes it.
    report : callable, optional
        See `Trainer.fit`.

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
    keep = {"key": key, "checkpoints": checkpoints, "report": report}
    pooled = train_pooled(trainer, x, labels, fold, **keep)
    yield pooled
    for subject in present if fine_tune else ():
        yield from fine_tune_subject(
            trainer, x, labels, fold, subjects, subject, pooled.weights, **keep
        )


def train_pooled(
    trainer: Trainer,
    x: Inputs,
    labels: Mapping[str, np.ndarray],
    fold: Fold,
    *,
    key: Sequence[object],
    checkpoints: str | Path | None = None,
    report: Report | None = None,
) -> StageResult:
    """Fit all subjects together; parameters as `train_fold`."""
    settings = trainer.settings
    fit = trainer.fit(
        x,
        labels,
        train=fold.train,
        validation=fold.validation,
        rate=settings.learning_rate,
        epochs=settings.epochs,
        key=(*key, "pooled"),
        checkpoint=_checkpoint(checkpoints, "pooled"),
        report=report,
    )
    given = trainer.predict(fit.weights, x, fold.test)
    return StageResult("pooled", None, None, fit.weights, fit.history, fold.test, given)


def fine_tune_subject(
    trainer: Trainer,
    x: Inputs,
    labels: Mapping[str, np.ndarray],
    fold: Fold,
    subjects: np.ndarray,
    subject: str,
    pooled: Weights,
    *,
    key: Sequence[object],
    checkpoints: str | Path | None = None,
    report: Report | None = None,
) -> Iterator[StageResult]:
    """Fine-tune the pooled weights for one subject: all heads, then each head alone.

    Both stages start from the pooled weights. A head whose training rows have one class
    only is not trained, and the result's note says so. Parameters as `train_fold`.
    """
    settings, subjects = trainer.settings, np.asarray(subjects)
    train, validation, test = (
        rows[subjects[rows] == subject] for rows in (fold.train, fold.validation, fold.test)
    )
    able = [task for task in trainer.tasks if _has_all_classes(labels[task][train])]
    stages = [("subject", None, settings.fine_tuning_learning_rate)]
    stages += [
        ("subject_and_task", task, settings.single_task_learning_rate) for task in trainer.tasks
    ]
    for stage, task, rate in stages:
        heads = list(trainer.tasks) if task is None else [task]
        active = [name for name in heads if name in able]
        fit, note = Fit(pooled, pd.DataFrame()), ""
        if not len(train) or not len(validation):
            note = f"{subject} has no rows to train on or none to validate on: pooled weights kept."
        elif not active:
            note = f"{subject} has one class of {' and '.join(heads)} only: pooled weights kept."
        else:
            if len(active) < len(heads):
                idle = " and ".join(name for name in heads if name not in active)
                note = f"{subject} has one class of {idle} only: that head was not trained."
            fit = trainer.fit(
                x,
                labels,
                train=train,
                validation=validation,
                rate=rate,
                epochs=settings.fine_tuning_epochs,
                key=(*key, stage, subject, task),
                task_weights={name: float(name in active) for name in trainer.tasks},
                weights=pooled,
                restore_at_halving=True,
                checkpoint=_checkpoint(checkpoints, stage, subject, task),
                report=report,
            )
        given = trainer.predict(fit.weights, x, test)
        given = {name: given[name] for name in heads}
        yield StageResult(stage, subject, task, fit.weights, fit.history, test, given, note)


def _has_all_classes(labels: np.ndarray) -> bool:
    """Whether training rows hold two classes at least."""
    return len(np.unique(labels[labels >= 0])) >= 2


def _checkpoint(folder: str | Path | None, *names: str | None) -> Path | None:
    if folder is None:
        return None
    return Path(folder) / ("-".join(name for name in names if name) + ".checkpoint.npz")
