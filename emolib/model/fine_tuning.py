"""Fine-tuning the pooled weights to single subjects: all heads, then each head alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from emolib.model.epochs import ByTask, Inputs, read_state, write_state
from emolib.model.side_by_side import SideBySide
from emolib.model.trainer import Fit, Trainer, Weights
from emolib.splits.folds import Fold
from emolib.storage import file_stem


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

    Both stages start from the pooled weights. A head whose training rows lack a class is not
    trained, and the result's note says so. Parameters as `train_fold`.
    """
    given = {"seed_key": seed_key, "checkpoints": checkpoints}
    for stage in _stages(trainer, labels, fold, subjects, subject):
        fit = Fit(pooled, pd.DataFrame())
        if stage.active:
            fit = fit_or_read(
                trainer, x, labels, stage.fold, stage.names, **given, **stage.how(trainer, pooled)
            )
        yield _result(trainer, x, stage, fit)


def fine_tune_side_by_side(
    trainer: Trainer,
    x: Inputs,
    labels: ByTask,
    fold: Fold,
    subjects: np.ndarray,
    chosen: Sequence[str],
    pooled: Weights,
    *,
    seed_key: Sequence[object],
    checkpoints: Path | None = None,
) -> Iterator[StageResult]:
    """Fine-tune as `fine_tune_subject` each of the chosen subjects, so many at the same time.

    How many is in the trainer's settings. All results are those of one after another, but for
    rounding. Other parameters as `train_fold`.
    """
    size = trainer.settings.side_by_side
    beside = SideBySide(trainer, size)
    for first in range(0, len(chosen), size):
        each = [
            _stages(trainer, labels, fold, subjects, subject)
            for subject in chosen[first : first + size]
        ]
        fits: dict[tuple, Fit] = {}
        for stages in zip(*each, strict=True):
            able = [stage for stage in stages if stage.active]
            files = [_kept(checkpoints, stage.names) for stage in able]
            done = [read_state(file) if file else None for file in files]
            if not all(done):  # those beside it decide how a fit is rounded: all or none
                plans = [
                    trainer.plan(
                        x,
                        labels,
                        stage.fold,
                        seed_key=(*seed_key, *stage.names),
                        **stage.how(trainer, pooled),
                    )
                    for stage in able
                ]
                done = beside.fit(plans)
                for file, fit in zip(files, done, strict=True):
                    if file:
                        write_state(file, fit)
            fits |= {stage.names: fit for stage, fit in zip(able, done, strict=True)}
        for stage in chain(*each):
            fit = fits.get(stage.names) or Fit(pooled, pd.DataFrame())
            yield _result(trainer, x, stage, fit)


@dataclass(frozen=True, eq=False)
class _Stage:
    """One fine-tuning of one subject: its rows, the heads that it is for, and those it trains."""

    training_stage: str
    subject: str
    task: str | None
    fold: Fold
    learning_rate: float
    heads: list[str]
    active: list[str]
    note: str

    @property
    def names(self) -> tuple[str | None, ...]:
        return self.training_stage, self.subject, self.task

    def how(self, trainer: Trainer, pooled: Weights) -> dict[str, Any]:
        """Return how it is fitted."""
        return {
            "learning_rate": self.learning_rate,
            "epochs": trainer.settings.fine_tuning_epochs,
            "task_weights": {name: float(name in self.active) for name in trainer.tasks},
            "weights": pooled,
            "restore_best_on_lr_drop": True,
        }


def _stages(
    trainer: Trainer, labels: ByTask, fold: Fold, subjects: np.ndarray, subject: str
) -> list[_Stage]:
    """Return a subject's fine-tunings: of all heads, then of each; and why one is not done."""
    settings = trainer.settings
    mine = Fold(
        *(rows[subjects[rows] == subject] for rows in (fold.train, fold.validation, fold.test)),
        leaks=fold.leaks,
    )
    lacking = {
        task
        for task, n_classes in trainer.tasks.items()
        if len({*labels[task][mine.train]} - {-1}) < n_classes
    }
    # By whose classes each head's rows are weighed: it needs all of them.
    last = {[*trainer.tasks][-1]} if settings.class_weights == "last_task" else set()
    needs = {task: lacking & {task, *last} for task in trainer.tasks}
    stages = [("subject", None, settings.fine_tuning_learning_rate)]
    stages += [
        ("subject_and_task", task, settings.single_task_learning_rate) for task in trainer.tasks
    ]
    found = []
    for training_stage, task, learning_rate in stages:
        heads = list(trainer.tasks) if task is None else [task]
        active = [name for name in heads if not needs[name]]
        idle, note = " and ".join(dict.fromkeys(one for name in heads for one in needs[name])), ""
        if not len(mine.train) or not len(mine.validation):
            note = f"{subject} has no rows to train on or none to validate on: pooled weights kept."
            active = []
        elif not active:
            note = f"{subject} lacks a class of {idle}: pooled weights kept."
        elif idle:
            note = f"{subject} lacks a class of {idle}: that head was not trained."
        found.append(
            _Stage(training_stage, subject, task, mine, learning_rate, heads, active, note)
        )
    return found


def _result(trainer: Trainer, x: Inputs, stage: _Stage, fit: Fit) -> StageResult:
    """Return what a fine-tuned network predicts of the subject's test rows."""
    given = trainer.predict(fit.weights, x, stage.fold.test)
    given = {name: given[name] for name in stage.heads}
    return StageResult(*stage.names, fit, stage.fold.test, given, stage.note)


def fit_or_read(
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
    path = _kept(checkpoints, names)
    if path is None:
        return trainer.fit(x, labels, fold, **how)
    fit = read_state(path)
    if fit is None:
        if names == ("pooled",):  # the only one that is long enough to go on within
            how["checkpoint"] = checkpoints / "begun"
        fit = trainer.fit(x, labels, fold, **how)
        write_state(path, fit)
    return fit


def _kept(checkpoints: Path | None, names: Sequence[str | None]) -> Path | None:
    """Return the file of a finished fit, if such files are kept."""
    return checkpoints and checkpoints / file_stem("-".join(name for name in names if name))
