"""What a model is fed with in an epoch, and what happens between two.

Rows of one array are gathered a batch at a time. Keras' own callbacks halve the learning rate and
stop; here are those that it lacks: rows of the history, best weights, checkpoints.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from emolib.errors import SettingsError
from emolib.model import networks as _backend  # noqa: F401 - before keras: it chooses the backend
from emolib.splits.folds import group_windows, stable_seed
from emolib.storage import atomic

import keras  # isort: skip

ByTask = Mapping[str, np.ndarray]

CHECKPOINT_SECONDS = 30.0  # between two; how often one is written changes no result

# What a history and a schedule remember from one epoch to the next.
_MEMORY = {"rows", "best", "best_weights", "best_epoch", "wait", "stopped_epoch"}


class Inputs(Protocol):
    """What a model reads: an array, or anything that gives a batch for row numbers."""

    def __getitem__(self, rows: np.ndarray, /) -> np.ndarray: ...


@dataclass(frozen=True, eq=False)
class GroupedInputs:
    """Groups of rows of one array, copied only a batch at a time.

    Attributes
    ----------
    x : numpy.ndarray, (n_rows, ...)
    groups : numpy.ndarray of int, (n_groups, windows)
        From `emolib.splits.folds.group_windows`.

    Examples
    --------
    >>> GroupedInputs(np.arange(6.0), np.array([[0, 1], [3, 4]]))[np.array([1])]
    array([[3., 4.]])
    """

    x: np.ndarray
    groups: np.ndarray

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        return self.x[self.groups[rows]]


def group_inputs(x: np.ndarray, table: pd.DataFrame, windows: int) -> tuple[Inputs, pd.DataFrame]:
    """Group the windows of each trial for a model of several; return its inputs and their table."""
    if windows == 1:
        return x, table
    groups = group_windows(table, windows)
    return GroupedInputs(x, groups), table.iloc[groups[:, 0]].reset_index(drop=True)


class Batches(keras.utils.PyDataset):
    """Full batches of rows of `x` and of what belongs to them, one copied at a time.

    With a seed key the order of an epoch is a permutation drawn from (seed key, epoch), without
    one rows come as they are. The last batch is filled from the start of the order.
    """

    def __init__(
        self,
        x: Inputs,
        rows: np.ndarray,
        *targets: ByTask,
        batch_size: int,
        seed_key: Sequence[object] | None = None,
    ):
        super().__init__()
        self.x, self.rows, self.targets = x, rows, targets
        self.batch_size, self.seed_key = batch_size, seed_key
        self.start_epoch(0)

    def start_epoch(self, epoch: int) -> None:
        order = np.arange(len(self.rows))
        if self.seed_key is not None:
            seed = stable_seed("order", *self.seed_key, epoch)
            order = np.random.default_rng(seed).permutation(len(self.rows))
        self.order = np.resize(order, len(self) * self.batch_size)

    def __len__(self) -> int:
        return -(-len(self.rows) // self.batch_size)

    def __getitem__(self, i: int) -> tuple:
        at = self.order[i * self.batch_size : (i + 1) * self.batch_size]
        targets = ({task: own[at] for task, own in one.items()} for one in self.targets)
        return self.x[self.rows[at]], *targets


class HistoryLogger(keras.callbacks.Callback):
    """Keep the losses, accuracies and learning rate of each epoch; stop at a loss that is NaN.

    Parameters
    ----------
    name : str
        What the fit is, for the error.
    task_weights : dict of str to float
        By task; what Keras says of a head with weight 0 is logged as NaN.
    selection : str
        What the best epoch is chosen by, which each row names. Later callbacks find in their logs
        as ``val_error`` 1 less the validation accuracy, the mean of the heads that have a weight.
    """

    def __init__(self, name: str, task_weights: Mapping[str, float], selection: str):
        super().__init__()
        self.name, self.tasks, self.selection = name, list(task_weights), selection
        self.active = [task for task, weight in task_weights.items() if weight]
        idle = [task for task, weight in task_weights.items() if not weight]
        self.idle = {f"{task}_{what}" for task in idle for what in ("loss", "accuracy")}
        self.rows: list[dict[str, float]] = []

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        row = {"epoch": epoch + 1, "learning_rate": float(self.model.optimizer.learning_rate)}
        for name, value in sorted((logs or {}).items()):
            if len(self.tasks) == 1:  # then Keras leaves the head's name out
                name = name.replace("accuracy", f"{self.tasks[0]}_accuracy")
            idle = name.removeprefix("val_") in self.idle
            row[name] = float("nan") if idle else float(value)
        accuracies = [row[f"val_{task}_accuracy"] for task in self.active]
        row["val_error"] = logs["val_error"] = 1 - float(np.mean(accuracies))
        self.rows.append(row | {"selection": self.selection})
        if not (np.isfinite(row["loss"]) and np.isfinite(row["val_loss"])):
            raise SettingsError(
                f"fit {self.name!r}",
                f"diverged: in epoch {epoch + 1} the loss is {row['loss']:g} and the validation "
                f"loss {row['val_loss']:g}.",
                "Lower the learning rate, and look for NaN or huge values in the features.",
            )


class RestoreBestOnLRDrop(keras.callbacks.Callback):
    """Bring the best weights back each time that the learning rate falls.

    Stands after `ReduceLROnPlateau` and `EarlyStopping`, which keeps the best weights, in the
    list of callbacks. Adam's moments stay as they are.
    """

    def __init__(self, stop: keras.callbacks.EarlyStopping):
        super().__init__()
        self.stop, self.learning_rate = stop, None

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.learning_rate = float(self.model.optimizer.learning_rate)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if float(self.model.optimizer.learning_rate) < self.learning_rate:
            self.model.set_weights(self.stop.best_weights)


class Checkpoint(keras.callbacks.Callback):
    """Write all that a fit needs to go on after it was killed, and go on from it.

    Weights, optimizer, dropout's seeds, history, and what the schedule remembers: a fit that
    was killed and resumed gives the same bits as one that was not. Stands last in the list of
    callbacks, since the others forget when training begins.
    """

    def __init__(self, path: Path, others: Sequence[keras.callbacks.Callback]):
        super().__init__()
        self.path, self.others, self.written = path, others, time.monotonic()
        self.state = read_state(path) or {"epoch": 0}

    def on_train_begin(self, logs: dict | None = None) -> None:
        if not self.state["epoch"]:
            return
        for variable, value in zip(self._variables(), self.state["variables"], strict=True):
            variable.assign(value)
        for callback, memory in zip(self.others, self.state["memory"], strict=True):
            vars(callback).update(memory)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if self.model.stop_training or time.monotonic() - self.written < CHECKPOINT_SECONDS:
            return
        variables = [keras.ops.convert_to_numpy(variable) for variable in self._variables()]
        memory = [
            {name: value for name, value in vars(callback).items() if name in _MEMORY}
            for callback in self.others
        ]
        write_state(self.path, {"epoch": epoch + 1, "variables": variables, "memory": memory})
        self.written = time.monotonic()

    def _variables(self) -> list[keras.Variable]:
        return [*self.model.variables, *self.model.optimizer.variables]  # dropout's seeds too


def write_state(path: Path, state: Any) -> None:
    """Keep what a killed training needs to go on."""
    with atomic(path) as file:
        file.write_bytes(pickle.dumps(state))


def read_state(path: Path) -> Any:
    """Return what `write_state` kept; None if the file is missing or damaged."""
    try:
        return pickle.loads(path.read_bytes())
    except Exception:  # a damaged file can raise anything; what it held is made again
        return None
