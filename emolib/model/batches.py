"""What a model is fed with: rows of one array, gathered a batch at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from emolib.model import networks as _backend  # noqa: F401 - before keras: it chooses the backend
from emolib.splits.folds import group_windows, stable_seed

import keras  # isort: skip

ByTask = Mapping[str, np.ndarray]


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
        From `emolib.splits.group_windows`.

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
