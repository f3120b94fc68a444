"""Fitting one model, again and again, without compiling again.

A `Trainer` owns one compiled model. Every fit, of any fold, subject and stage, goes through
that one model, so that its training step is compiled once in a process: new weights, a new
learning rate, a fresh optimizer state and zero weights for a head compile nothing, a second
``compile`` does, and so does every new size of a batch. All batches are therefore full.

Fits are repeatable: initial weights, dropout and the order of the rows come from a fit's seed
key alone, never from what the process did before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.class_weight import compute_class_weight

from emolib.errors import DataError, SettingsError
from emolib.model import networks  # before keras: it chooses the backend
from emolib.model.epochs import (
    Batches,
    ByTask,
    Checkpoint,
    HistoryLogger,
    Inputs,
    RestoreBestOnLRDrop,
)
from emolib.model.settings import TrainingSettings
from emolib.splits.folds import Fold, stable_seed

import keras  # isort: skip

PREDICTION_BATCH = 256  # rows
Weights = list[np.ndarray]


@dataclass(frozen=True, eq=False)
class Fit:
    """Best weights; losses, accuracies (weighted as the loss) and learning rate by epoch."""

    weights: Weights
    history: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Plan:
    """All that decides a fit: what goes in, what happens between epochs, and where it begins."""

    training: Batches
    validation: Batches
    callbacks: list[keras.callbacks.Callback]
    history: HistoryLogger
    weights: Weights
    learning_rate: float
    epochs: int
    seed_key: Sequence[object]


class Trainer:
    """Fit one compiled model, again and again.

    Parameters
    ----------
    build : callable
        ``build(seed=...)`` gives a new Keras model whose outputs are a dictionary by task,
        such as ``functools.partial(emolib.model.build_mt_cnn, settings)``.
    settings : TrainingSettings
        How to fit.

    Examples
    --------
    >>> from functools import partial
    >>> from emolib.model import ModelSettings, build_mt_cnn
    >>> settings = ModelSettings(width=1 / 64, planes=1, tasks={"valence": 2})
    >>> trainer = Trainer(partial(build_mt_cnn, settings), TrainingSettings(batch_size=8))
    >>> maps = np.random.default_rng(0).normal(size=(20, 8, 9, 1)).astype("float32")
    >>> rows = np.arange(20)
    >>> fold = Fold(rows[:12], rows[12:16], rows[16:])
    >>> fit = trainer.fit(maps, {"valence": rows % 2}, fold, learning_rate=1e-3, epochs=2,
    ...                   seed_key=(0, "example"))
    >>> len(fit.history), trainer.predict(fit.weights, maps, fold.test)["valence"].shape
    (2, (4, 2))
    """

    def __init__(self, build: Callable[..., keras.Model], settings: TrainingSettings):
        self.build, self.settings = build, settings
        self.model = build(seed=0)
        self.tasks = {task: int(head.shape[-1]) for task, head in self.model.output.items()}
        self.model.compile(
            optimizer=keras.optimizers.Adam(),
            loss={task: keras.losses.SparseCategoricalCrossentropy() for task in self.tasks},
            weighted_metrics={
                task: [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]
                for task in self.tasks
            },
        )
        self.model.optimizer.build(self.model.trainable_variables)

    def initial_weights(self, seed_key: Sequence[object]) -> Weights:
        """Draw initial weights that depend on the seed key alone."""
        return self.build(seed=stable_seed("weights", *seed_key) // 2).get_weights()

    def plan(
        self,
        x: Inputs,
        labels: ByTask,
        fold: Fold,
        *,
        learning_rate: float,
        epochs: int,
        seed_key: Sequence[object],
        task_weights: Mapping[str, float] | None = None,
        weights: Weights | None = None,
        restore_best_on_lr_drop: bool = False,
        fixed: bool = False,
    ) -> Plan:
        """Prepare a fit, which keeps the best epoch's weights, see `TrainingSettings.selection`.

        Parameters
        ----------
        x : array, (n_rows, ...), or `GroupedInputs`
            Never copied whole.
        labels : dict of str to array of int, (n_rows,)
            By task; -1 where missing: such a row counts nothing for that head.
        fold : Fold
            Its training and validation rows are used, and whether it leaks.
        learning_rate : float
            Adam's, at the start.
        epochs : int
            At most so many; with 0 the weights come back as they are.
        seed_key : tuple
            What this fit is, such as (seed, protocol, fold, stage, subject): the source of
            all randomness.
        task_weights : dict of str to float, optional
            Factor on each head's loss, 1 by default; 0 switches a head off, in validation
            too. The loss is sum_t weight_t * mean_i w_ti * cross_entropy_ti over the rows i,
            with class weights w_ti in training, and in validation such as the selection asks for.
        weights : list of array, optional
            Where to start; by default `initial_weights` of the seed key.
        restore_best_on_lr_drop : bool
            Whether the best weights come back each time that the learning rate is halved.
        fixed : bool
            Whether to keep the weights of the last epoch instead: the rate falls by equal steps,
            and validation rows are looked at but choose nothing.

        Returns
        -------
        Plan

        Raises
        ------
        DataError
            There are no rows, or a head with a weight lacks a class.
        SettingsError
            `task_weights` names a task that the model lacks.
        """
        if task_weights is not None and not task_weights.keys() <= self.tasks.keys():
            raise SettingsError(
                "task_weights", f"names {sorted(task_weights)}.", f"Tasks are {list(self.tasks)}."
            )
        factor = {task: float((task_weights or {}).get(task, 1.0)) for task in self.tasks}
        for name in ("train", "validation"):
            if not len(getattr(fold, name)):
                raise DataError(f"{name} rows", "there are none.", "Use fewer folds or more data.")
        training = Batches(
            x,
            fold.train,
            *_targets(labels, fold.train, self._class_weights(labels, fold.train, factor)),
            batch_size=self.settings.batch_size,
            seed_key=seed_key,
        )
        order = keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, logs: training.start_epoch(epoch)
        )
        selection = self.settings.selection_for(leaks=fold.leaks)
        name = " ".join(str(part) for part in seed_key if part is not None)
        history = HistoryLogger(name, factor, "last" if fixed else selection)
        monitor = "val_error" if selection == "balanced_accuracy" else "val_loss"
        schedule = self._schedule(restore_best_on_lr_drop, monitor)
        if fixed:
            schedule = [
                keras.callbacks.LearningRateScheduler(
                    lambda epoch, _: learning_rate * (1 - epoch / epochs)
                )
            ]
        validation = self._validation(
            x, labels, fold.validation, factor, balanced=selection != "loss"
        )
        if weights is None:
            weights = self.initial_weights(seed_key)
        callbacks = [order, history, *schedule]
        return Plan(
            training, validation, callbacks, history, weights, learning_rate, epochs, seed_key
        )

    def fit(
        self, x: Inputs, labels: ByTask, fold: Fold, *, checkpoint: Path | None = None, **how: Any
    ) -> Fit:
        """Fit, and keep the weights of the best epoch, see `TrainingSettings.selection`.

        Parameters
        ----------
        x, labels, fold, **how
            As for `plan`.
        checkpoint : path, optional
            A file of this fit alone, from which it goes on if it was killed.

        Returns
        -------
        Fit

        Raises
        ------
        DataError
            There are no rows, or a head with a weight lacks a class.
        SettingsError
            The loss is no longer a number.
        """
        plan = self.plan(x, labels, fold, **how)
        callbacks, initial_epoch = [*plan.callbacks], 0
        if checkpoint is not None:
            callbacks.append(Checkpoint(checkpoint, callbacks[1:]))
            initial_epoch = callbacks[-1].state["epoch"]
        self.restart(plan)
        self.model.fit(
            plan.training,
            validation_data=plan.validation,
            initial_epoch=initial_epoch,
            epochs=plan.epochs,
            shuffle=False,
            verbose=0,
            callbacks=callbacks,
        )
        return Fit(self.model.get_weights(), pd.DataFrame(plan.history.rows))

    def restart(self, plan: Plan) -> None:
        """Bring the model to where a fit begins, whatever was fitted before; compile nothing."""
        self.model.set_weights(plan.weights)
        for variable in self.model.optimizer.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))
        self.model.optimizer.learning_rate = plan.learning_rate
        for i, generator in enumerate(networks.dropout_generators(self.model)):
            seed = stable_seed("dropout", i, *plan.seed_key)
            generator.state.assign(np.array([seed, 0], np.uint32))

    def predict(self, weights: Weights, x: Inputs, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Return the class probabilities of rows, (n_rows, n_classes) float32 by task."""
        self.model.set_weights(weights)
        given = self.model.predict(Batches(x, rows, batch_size=PREDICTION_BATCH), verbose=0)
        return {task: np.asarray(given[task][: len(rows)]) for task in self.tasks}

    def _class_weights(
        self, labels: ByTask, train: np.ndarray, factor: Mapping[str, float]
    ) -> dict[str, np.ndarray]:
        """Compute the weights of the classes by task, (n_classes,), times the task's own."""
        kind, last = self.settings.class_weights, list(self.tasks)[-1]
        weights = {task: np.full(n, factor[task]) for task, n in self.tasks.items()}
        for task, n_classes in self.tasks.items():
            if kind == "none" or not factor[task]:
                continue
            of = last if kind == "last_task" else task
            if n_classes != self.tasks[of]:
                raise SettingsError(
                    "class_weights",
                    f"'last_task' cannot serve {task!r}, which has {n_classes} classes.",
                    "Use 'per_task'.",
                )
            weights[task] *= _balanced(of, np.asarray(labels[of])[train], n_classes)
        return weights

    def _validation(
        self,
        x: Inputs,
        labels: ByTask,
        rows: np.ndarray,
        factor: Mapping[str, float],
        *,
        balanced: bool,
    ) -> Batches:
        """Return batches in order, in which the rows that fill the last one have weight 0.

        If balanced, each class that is there counts the same.
        """
        n = len(rows)
        filled = np.resize(rows, -(-n // PREDICTION_BATCH) * PREDICTION_BATCH)
        # Keras divides by the number of rows, filling included: undo that.
        scale = np.where(np.arange(len(filled)) < n, len(filled) / n, 0.0).astype(np.float32)
        of_class = {task: np.full(n, factor[task]) for task, n in self.tasks.items()}
        for task in self.tasks if balanced else ():
            of_class[task] *= _balanced_where_there(
                np.asarray(labels[task])[rows], self.tasks[task]
            )
        classes, weights = _targets(labels, filled, of_class)
        weights = {task: own * scale for task, own in weights.items()}
        return Batches(x, filled, classes, weights, batch_size=PREDICTION_BATCH)

    def _schedule(
        self, restore_best_on_lr_drop: bool, monitor: str = "val_loss"
    ) -> list[keras.callbacks.Callback]:
        """Return callbacks that halve the learning rate, keep the best weights, and stop."""
        settings = self.settings
        how = {"monitor": monitor, "mode": "min"}
        stop = keras.callbacks.EarlyStopping(
            patience=settings.early_stopping_patience, restore_best_weights=True, **how
        )
        if not settings.reduce_lr_on_plateau:
            return [stop]
        # Any smaller loss is better, as for stopping; Keras' own default asks for 1e-4.
        halve = keras.callbacks.ReduceLROnPlateau(
            factor=0.5, patience=settings.lr_patience, min_delta=0, **how
        )
        return [halve, stop, *([RestoreBestOnLRDrop(stop)] if restore_best_on_lr_drop else [])]


def _targets(
    labels: ByTask, rows: np.ndarray, weights: ByTask
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return classes and weights of rows by task; a missing label has weight 0."""
    own = {task: np.asarray(labels[task])[rows] for task in weights}
    classes = {task: np.maximum(values, 0).astype(np.int32) for task, values in own.items()}
    of_row = {
        task: np.where(own[task] >= 0, weights[task][classes[task]], 0.0).astype(np.float32)
        for task in weights
    }
    return classes, of_row


def _balanced(task: str, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Compute weights with which each class counts the same, (n_classes,)."""
    labels, classes = labels[labels >= 0], np.arange(n_classes)
    counts = np.bincount(labels, minlength=n_classes)
    if not counts.all():
        raise DataError(
            f"training labels of {task!r}",
            f"no row has class {counts.argmin()}; the rows of each class are {counts.tolist()}.",
            "Move the threshold, add trials, or leave the task out.",
        )
    return compute_class_weight("balanced", classes=classes, y=labels)


def _balanced_where_there(labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Compute weights with which each class that some row has counts the same, (n_classes,)."""
    counts = np.bincount(labels[labels >= 0], minlength=n_classes)
    return len(labels) / (max(1, np.count_nonzero(counts)) * np.maximum(counts, 1))
