"""What happens between two epochs: the rows of the history, best weights, checkpoints.

Keras' own callbacks halve the learning rate and stop; these are the ones that it lacks.
"""

from __future__ import annotations

import json
import os
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from emolib.errors import SettingsError
from emolib.model import networks as _backend  # noqa: F401 - before keras: it chooses the backend

import keras  # isort: skip

CHECKPOINT_SECONDS = 30.0  # between two; how often one is written changes no result
Report = Callable[[str, int, int, dict[str, float]], None]


class Log(keras.callbacks.Callback):
    """Start each epoch's order, keep its losses, and stop where they are no numbers."""

    def __init__(
        self,
        start_epoch: Callable[[int], None],
        key: Sequence[object],
        epochs: int,
        tasks: tuple[str, ...],
        factor: Mapping[str, float],
        report: Report | None,
    ):
        super().__init__()
        self.start_epoch, self.epochs, self.tasks, self.report = start_epoch, epochs, tasks, report
        self.name = " ".join(str(part) for part in key if part is not None)
        self.idle = tuple(task for task in tasks if not factor[task])
        self.rows: list[dict[str, float]] = []

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.start_epoch(epoch)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        row = {"epoch": epoch + 1, "learning_rate": float(self.model.optimizer.learning_rate)}
        for name, value in sorted((logs or {}).items()):
            if len(self.tasks) == 1 and name.endswith("accuracy"):
                # With one head Keras leaves its name out.
                name = name.replace("accuracy", f"{self.tasks[0]}_accuracy")
            off = any(name.removeprefix("val_").startswith(f"{task}_") for task in self.idle)
            row[name] = float("nan") if off else float(value)
        self.rows.append(row)
        if not (np.isfinite(row["loss"]) and np.isfinite(row["val_loss"])):
            raise SettingsError(
                f"fit {self.name!r}",
                f"diverged: in epoch {epoch + 1} the loss is {row['loss']:g} and the validation "
                f"loss {row['val_loss']:g}.",
                "Lower the learning rate, and look for NaN or huge values in the features.",
            )
        if self.report is not None:
            self.report(self.name, epoch + 1, self.epochs, row)


class RestoreAtHalving(keras.callbacks.Callback):
    """Bring the best weights back each time that the learning rate falls.

    Stands after `ReduceLROnPlateau` and `EarlyStopping` in the list of callbacks. Adam's
    moments stay as they are.

    Parameters
    ----------
    best : keras.callbacks.EarlyStopping
        Who keeps the best weights.
    """

    def __init__(self, best: keras.callbacks.EarlyStopping):
        super().__init__()
        self.best, self.rate = best, None

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.rate = float(self.model.optimizer.learning_rate)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if float(self.model.optimizer.learning_rate) < self.rate:
            self.model.set_weights(self.best.best_weights)


class Checkpoint(keras.callbacks.Callback):
    """Write down all that a fit needs to go on after it was killed, and go on from it.

    Weights, optimizer, dropout's seeds, history, and what the schedule remembers: a fit that
    was killed and resumed gives the same bits as one that was not. Stands last in the list of
    callbacks, since the others forget when training begins.

    Parameters
    ----------
    path : path
        The file. A damaged one, or one of another fit, is ignored: training starts anew.
    identity : str
        What the fit is. A file with another identity is not this fit's.
    log : Log
    stop : keras.callbacks.EarlyStopping
    halve : keras.callbacks.ReduceLROnPlateau, optional

    Attributes
    ----------
    initial_epoch : int
        Where to go on.
    finished : bool
        Whether the file holds a fit that had ended, see `result`.
    """

    def __init__(
        self,
        path: str | Path,
        identity: str,
        log: Log,
        stop: keras.callbacks.EarlyStopping,
        halve: keras.callbacks.ReduceLROnPlateau | None = None,
    ):
        super().__init__()
        self.path, self.identity, self.log = Path(path), identity, log
        self.schedule = [stop] if halve is None else [stop, halve]
        self.written = time.monotonic()
        self.arrays, self.facts = self._read()
        self.initial_epoch = self.facts.get("epoch", 0)
        self.finished = self.facts.get("finished", False)

    def result(self) -> tuple[list[np.ndarray], list[dict[str, float]]]:
        """The weights and the history of a fit that had ended."""
        return self.arrays["weights"], self.facts["history"]

    def finish(self, weights: Sequence[np.ndarray]) -> None:
        """Write down that the fit has ended, and with what."""
        self._write({"weights": weights}, {"finished": True})

    def on_train_begin(self, logs: dict | None = None) -> None:
        if not self.initial_epoch:
            return
        self.model.set_weights(self.arrays["weights"])
        for variable, value in zip(self._unweighted(), self.arrays["state"], strict=True):
            variable.assign(value)
        self.log.rows[:] = self.facts["history"]
        for callback, memory in zip(self.schedule, self.facts["schedule"], strict=True):
            vars(callback).update(memory)
        self.schedule[0].best_weights = self.arrays["best"]

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if self.model.stop_training or time.monotonic() - self.written < CHECKPOINT_SECONDS:
            return
        arrays = {
            "weights": self.model.get_weights(),
            "state": [keras.ops.convert_to_numpy(value) for value in self._unweighted()],
            "best": self.schedule[0].best_weights,
        }
        names = ("best", "wait", "best_epoch", "stopped_epoch", "cooldown_counter")
        memory = [
            {name: vars(callback)[name] for name in names if name in vars(callback)}
            for callback in self.schedule
        ]
        self._write(arrays, {"epoch": epoch + 1, "schedule": memory})
        self.written = time.monotonic()

    def _unweighted(self) -> list[keras.Variable]:
        """What `get_weights` leaves out: the optimizer's state and dropout's seeds."""
        seeds = [generator.state for generator in dropout_generators(self.model)]
        return [*self.model.optimizer.variables, *seeds]

    def _write(self, arrays: Mapping[str, Sequence[np.ndarray]], facts: dict) -> None:
        facts = {"identity": self.identity, "history": self.log.rows, **facts}
        flat = {
            f"{name}.{i}": value for name, part in arrays.items() for i, value in enumerate(part)
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        with unfinished.open("wb") as file:
            np.savez(file, facts=json.dumps(facts), **flat)
        unfinished.replace(self.path)

    def _read(self) -> tuple[dict[str, list[np.ndarray]], dict]:
        try:
            with self.path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
                facts = json.loads(str(file["facts"]))
                if facts["identity"] != self.identity:
                    return {}, {}
                arrays: dict[str, list[np.ndarray]] = {}
                for name in file.files:  # in the order in which they were written
                    if name != "facts":
                        arrays.setdefault(name.split(".")[0], []).append(file[name])
                return arrays, facts
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
            return {}, {}  # missing or damaged: the fit is made again


def dropout_generators(model: keras.Model) -> list[keras.random.SeedGenerator]:
    """The seed generators of the dropout layers, which `get_weights` leaves out."""
    return [
        layer.seed_generator
        for layer in model.layers
        if isinstance(layer, keras.layers.Dropout) and layer.rate > 0
    ]
