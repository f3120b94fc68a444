"""Full batches of rows, copied one at a time: what a model is fed with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from emolib.model import networks as _backend  # noqa: F401 - before keras: it chooses the backend
from emolib.splits.folds import stable_seed

import keras  # isort: skip

PREDICTION_BATCH = 256  # rows; the last batch is filled, so that it compiles nothing


class Inputs(Protocol):
    """What a model is fed from: an array, or anything that gives a batch for row numbers."""

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

    def __len__(self) -> int:
        return len(self.groups)

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        return self.x[self.groups[rows]]


class Batches(keras.utils.PyDataset):
    """Full batches of (maps, labels, sample weights), one copied at a time.

    With a key, an epoch's order is a permutation drawn from (key, epoch), and the last batch
    is filled from the permutation's start. Rows without weight would fill it as well, but
    would enter batch normalisation. Without a key (validation, where nothing is normalised by
    batch) rows come in order and the filling has weight zero.
    """

    def __init__(
        self,
        x: Inputs,
        labels: Mapping[str, np.ndarray],
        weights: Mapping[str, np.ndarray],
        rows: np.ndarray,
        *,
        batch_size: int,
        key: Sequence[object] | None = None,
    ):
        super().__init__()
        self.x, self.rows, self.batch_size, self.key = x, rows, batch_size, key
        self.labels, self.weights = {}, {}
        for task, values in labels.items():
            known = np.asarray(values) >= 0
            self.labels[task] = np.where(known, values, 0).astype(np.int32)
            of_row = np.where(known, np.asarray(weights[task])[self.labels[task]], 0.0)
            self.weights[task] = of_row.astype(np.float32)
        self.start_epoch(0)

    def start_epoch(self, epoch: int) -> None:
        n, full = len(self.rows), len(self) * self.batch_size
        if self.key is not None:
            rng = np.random.default_rng(stable_seed("order", *self.key, epoch))
            self.order = np.resize(rng.permutation(n), full)
            self.scale = np.ones(full, np.float32)
        else:
            self.order = np.resize(np.arange(n), full)
            # Keras divides by the number of rows, filling included: undo that.
            self.scale = np.where(np.arange(full) < n, full / n, 0.0).astype(np.float32)

    def sample(self) -> list[np.ndarray]:
        """Arrays that tell one fit's data from another's: all but most of the maps."""
        return [self.rows, *self.labels.values(), *self.weights.values(), self[0][0]]

    def __len__(self) -> int:
        return -(-len(self.rows) // self.batch_size)

    def __getitem__(self, i: int) -> tuple[np.ndarray, dict[str, Any], dict[str, Any]]:
        batch = slice(i * self.batch_size, (i + 1) * self.batch_size)
        at, scale = self.order[batch], self.scale[batch]
        return (
            self.x[self.rows[at]],
            {task: values[at] for task, values in self.labels.items()},
            {task: values[at] * scale for task, values in self.weights.items()},
        )


class MapBatches(keras.utils.PyDataset):
    """Full batches of maps in order; the last is filled with rows that nobody reads."""

    def __init__(self, x: Inputs, rows: np.ndarray):
        super().__init__()
        self.x, self.n = x, -(-len(rows) // PREDICTION_BATCH)
        self.rows = np.resize(rows, self.n * PREDICTION_BATCH)

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, i: int) -> tuple[np.ndarray]:
        return (self.x[self.rows[i * PREDICTION_BATCH : (i + 1) * PREDICTION_BATCH]],)
