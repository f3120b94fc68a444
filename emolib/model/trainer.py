"""Fitting one model, again and again, without compiling again.

A `Trainer` owns one compiled model. Every fit, of any fold, subject and stage, goes through
that one model, so that its training step is compiled once in a process: new weights, a new
learning rate, a fresh optimizer state and zero weights for a head compile nothing, a second
``compile`` does, and so does every new size of a batch. All batches are therefore full.

Fits are repeatable: initial weights, dropout and the order of the rows come from a fit's key
alone, never from what the process did before.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from emolib.errors import DataError, SettingsError
from emolib.model import networks  # before keras: it chooses the backend
from emolib.model.batches import PREDICTION_BATCH, Batches, Inputs, MapBatches
from emolib.model.callbacks import Checkpoint, Log, Report, RestoreAtHalving, dropout_generators
from emolib.model.settings import TrainingSettings
from emolib.recordings.labels import class_weights
from emolib.splits.folds import stable_seed

import keras  # isort: skip

Weights = list[np.ndarray]


@dataclass(frozen=True, eq=False)
class Fit:
    """Best weights, and a row an epoch: losses, accuracies (weighted as the loss) and rate."""

    weights: Weights
    history: pd.DataFrame


class Trainer:
    """One compiled model, which serves every fit of a process.

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
    >>> fit = trainer.fit(maps, {"valence": rows % 2}, train=rows[:12], validation=rows[12:],
    ...                   rate=1e-3, epochs=2, key=(0, "example"))
    >>> len(fit.history), trainer.predict(fit.weights, maps, rows[:5])["valence"].shape
    (2, (5, 2))
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
        self._bare = None  # an uncompiled twin, for files without an optimizer's state

    def initial_weights(self, key: Sequence[object]) -> Weights:
        """Draw initial weights that depend on the key alone."""
        return self.build(seed=stable_seed("weights", *key) // 2).get_weights()

    def fit(
        self,
        x: Inputs,
        labels: Mapping[str, np.ndarray],
        *,
        train: np.ndarray,
        validation: np.ndarray,
        rate: float,
        epochs: int,
        key: Sequence[object],
        task_weights: Mapping[str, float] | None = None,
        weights: Weights | None = None,
        restore_at_halving: bool = False,
        checkpoint: str | Path | None = None,
        report: Report | None = None,
    ) -> Fit:
        """Fit, and keep the weights of the best validation loss.

        Parameters
        ----------
        x : array, (n_rows, ...), or `GroupedInputs`
            Never copied whole.
        labels : dict of str to array of int, (n_rows,)
            By task; -1 where missing: such a row counts nothing for that head.
        train, validation : array of int
            Row numbers.
        rate : float
            Adam's learning rate at the start.
        epochs : int
            At most so many; with 0 the weights come back as they are.
        key : tuple
            What this fit is, such as (seed, protocol, fold, stage, subject): the source of
            all randomness.
        task_weights : dict of str to float, optional
            Factor on each head's loss, 1 by default; 0 switches a head off, in validation
            too. The loss is sum_t weight_t * mean_i w_ti * cross_entropy_ti over the rows i,
            with class weights w_ti in training and without them in validation.
        weights : list of array, optional
            Where to start; by default `initial_weights` of the key.
        restore_at_halving : bool
            Whether the best weights come back each time that the rate is halved.
        checkpoint : path, optional
            A file from which a killed fit goes on; a finished one is read back. Whoever
            keeps the result deletes it.
        report : callable, optional
            ``report(name, epoch, epochs, logs)`` after each epoch.

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
        factor = {task: float((task_weights or {}).get(task, 1.0)) for task in self.tasks}
        if task_weights is not None and not task_weights.keys() <= self.tasks.keys():
            raise SettingsError(
                "task_weights", f"names {sorted(task_weights)}.", f"Tasks are {list(self.tasks)}."
            )
        train, validation = np.asarray(train), np.asarray(validation)
        for rows, name in ((train, "train"), (validation, "validation")):
            if not len(rows):
                raise DataError(f"{name} rows", "there are none.", "Use fewer folds or more data.")
        balance = self._class_weights(labels, train, factor)
        training = Batches(
            x,
            {task: labels[task][train] for task in self.tasks},
            {task: factor[task] * balance[task] for task in self.tasks},
            train,
            batch_size=self.settings.batch_size,
            key=key,
        )
        validating = Batches(
            x,
            {task: labels[task][validation] for task in self.tasks},
            {task: np.full(n, factor[task]) for task, n in self.tasks.items()},
            validation,
            batch_size=PREDICTION_BATCH,
        )
        if weights is None:
            weights = self.initial_weights(key)
        log = Log(training.start_epoch, key, epochs, tuple(self.tasks), factor, report)
        stop, halve = self._schedule()
        callbacks = [log, *([halve] if halve else []), stop]
        callbacks += [RestoreAtHalving(stop)] if restore_at_halving and halve else []
        kept = None
        if checkpoint is not None:
            what = (key, rate, epochs, factor, restore_at_halving, self.settings)
            content = (*weights, *training.sample(), *validating.sample())
            kept = Checkpoint(checkpoint, f"{what} {_checksum(content)}", log, stop, halve)
            callbacks += [kept]
            if kept.finished:
                finished, rows = kept.result()
                return Fit(finished, pd.DataFrame(rows))
        self._restart(weights, rate, key)
        self.model.fit(
            training,
            validation_data=validating,
            initial_epoch=kept.initial_epoch if kept else 0,
            epochs=epochs,
            shuffle=False,
            verbose=0,
            callbacks=callbacks,
        )
        fitted = Fit(self.model.get_weights(), pd.DataFrame(log.rows))
        if kept:
            kept.finish(fitted.weights)
        return fitted

    def predict(self, weights: Weights, x: Inputs, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Give the class probabilities of rows, (n_rows, n_classes) float32 by task."""
        rows = np.asarray(rows)
        if not len(rows):
            return {task: np.empty((0, n), np.float32) for task, n in self.tasks.items()}
        self.model.set_weights(weights)
        given = self.model.predict(MapBatches(x, rows), verbose=0)
        return {task: np.asarray(given[task][: len(rows)]) for task in self.tasks}

    def save_weights(self, path: str | Path, weights: Weights) -> None:
        """Save weights, see `emolib.model.save_weights`."""
        bare = self._uncompiled()
        bare.set_weights(weights)
        networks.save_weights(path, bare)

    def load_weights(self, path: str | Path) -> Weights:
        """Load weights, see `emolib.model.load_weights`."""
        return networks.load_weights(path, self._uncompiled()).get_weights()

    def _uncompiled(self) -> keras.Model:
        if self._bare is None:
            self._bare = self.build(seed=0)
        return self._bare

    def _class_weights(
        self, labels: Mapping[str, np.ndarray], train: np.ndarray, factor: Mapping[str, float]
    ) -> dict[str, np.ndarray]:
        """Class weights by task, (n_classes,)."""
        kind = self.settings.class_weights
        balance = {task: np.ones(n) for task, n in self.tasks.items()}
        if kind == "none":
            return balance
        last = list(self.tasks)[-1]
        for task, n_classes in self.tasks.items():
            if not factor[task]:
                continue
            of = last if kind == "last_task" else task
            if n_classes != self.tasks[of]:
                raise SettingsError(
                    "class_weights",
                    f"'last_task' cannot serve {task!r}, which has {n_classes} classes.",
                    "Use 'per_task'.",
                )
            try:
                balance[task] = class_weights(labels[of][train], n_classes)
            except DataError as error:
                raise DataError(f"training labels of {of!r}", error.message, error.hint) from error
        return balance

    def _restart(self, weights: Weights, rate: float, key: Sequence[object]) -> None:
        """Forget all earlier fits, without compiling anything."""
        self.model.set_weights(weights)
        for variable in self.model.optimizer.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))
        self.model.optimizer.learning_rate = rate
        for i, generator in enumerate(dropout_generators(self.model)):
            generator.state.assign(np.array([stable_seed("dropout", i, *key), 0], np.uint32))

    def _schedule(
        self,
    ) -> tuple[keras.callbacks.EarlyStopping, keras.callbacks.ReduceLROnPlateau | None]:
        """Keras' callbacks that keep the best weights and stop, and that halve the rate."""
        settings = self.settings
        stop = keras.callbacks.EarlyStopping(
            monitor="val_loss",
            mode="min",
            patience=settings.early_stopping_patience,
            restore_best_weights=True,
        )
        if not settings.reduce_lr_on_plateau:
            return stop, None
        return stop, keras.callbacks.ReduceLROnPlateau(
            # Any smaller loss is better, as for stopping; Keras' own default asks for 1e-4.
            monitor="val_loss",
            mode="min",
            factor=0.5,
            patience=settings.lr_patience,
            min_delta=0,
        )


def _checksum(arrays: Sequence[np.ndarray]) -> int:
    """Add arrays' bytes up to one number."""
    total = 0
    for values in arrays:
        total = zlib.crc32(np.ascontiguousarray(values), total)
    return total
