"""The learning-rate schedule on paper: what validation losses make the training do.

`emolib.model.trainer` leaves it to Keras' callbacks. Here the same rules are written out, so that a
page can show them on any course of losses, and can check a stored history against them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from emolib.errors import DataError
from emolib.model.settings import TrainingSettings

FIT = ("protocol", "fold", "stage", "subject", "task")  # what tells stored fits apart


@dataclass(frozen=True, eq=False)
class Replay:
    """A stored fit, and what the schedule makes of its validation losses.

    Attributes
    ----------
    protocol, fold, stage : str, int, str
    subject, task : str or None
        None where the fit is of all.
    course : pandas.DataFrame
        From `follow`.
    agrees : bool
        Whether the stored learning rates, and the number of epochs, are the same.
    """

    protocol: str
    fold: int
    stage: str
    subject: str | None
    task: str | None
    course: pd.DataFrame
    agrees: bool


def follow(
    losses: Sequence[float],
    settings: TrainingSettings,
    *,
    rate: float | None = None,
    restore: bool = False,
) -> pd.DataFrame:
    """Follow the schedule through the validation losses of successive epochs.

    An epoch is better if its loss is smaller than all before. After `lr_patience` epochs in a
    row that are not, the rate is halved and the count starts again; after
    `early_stopping_patience` such epochs training stops, and the weights of the best epoch are
    kept.

    Parameters
    ----------
    losses : sequence of float
        Validation loss (nats) of epoch 1, 2, ...; what comes after the stop is not read.
    settings : TrainingSettings
        Its `lr_patience`, `early_stopping_patience`, `reduce_lr_on_plateau` and, by default,
        `learning_rate` are used.
    rate : float, optional
        Learning rate of the first epoch.
    restore : bool
        Whether the best weights come back at each halving, as they do in fine-tuning.

    Returns
    -------
    pandas.DataFrame, a row an epoch
        ``epoch`` from 1; ``val_loss``; ``learning_rate`` during the epoch; ``better``;
        ``waited``, the epochs since the best one; ``halved`` and ``stopped``, after the epoch;
        ``goes_on_from``, the epoch whose weights the next one starts from.

    Raises
    ------
    DataError
        There is no loss, or one is no number.

    Examples
    --------
    >>> settings = TrainingSettings(lr_patience=2, early_stopping_patience=3, learning_rate=1.0)
    >>> course = follow([3, 2, 4, 4, 4, 1], settings, restore=True)
    >>> course["learning_rate"].tolist()
    [1.0, 1.0, 1.0, 1.0, 0.5]
    >>> course["goes_on_from"].tolist()
    [1, 2, 3, 2, 5]
    """
    if not len(losses) or not np.isfinite(np.asarray(losses, float)).all():
        raise DataError(
            "validation losses", "are none, or not all numbers.", "Give one for each epoch."
        )
    now = settings.learning_rate if rate is None else rate
    best, best_epoch, since_halving = np.inf, 0, 0
    rows = []
    for epoch, loss in enumerate(losses, start=1):
        better = loss < best
        if better:
            best, best_epoch, since_halving = loss, epoch, 0
        else:
            since_halving += 1
        waited = epoch - best_epoch
        halved = settings.reduce_lr_on_plateau and since_halving >= settings.lr_patience
        stopped = waited >= settings.early_stopping_patience
        rows.append(
            {
                "epoch": epoch,
                "val_loss": float(loss),
                "learning_rate": now,
                "better": better,
                "waited": waited,
                "halved": halved,
                "stopped": stopped,
                "goes_on_from": best_epoch if halved and restore else epoch,
            }
        )
        if stopped:
            break
        if halved:
            now, since_halving = now / 2, 0
    return pd.DataFrame(rows)


def best_epoch(course: pd.DataFrame) -> int:
    """The epoch whose weights are kept.

    Examples
    --------
    >>> best_epoch(follow([3, 2, 4, 2], TrainingSettings()))
    2
    """
    return int(course.loc[course["better"], "epoch"].iloc[-1])


def replay(histories: pd.DataFrame, settings: TrainingSettings) -> list[Replay]:
    """Follow the schedule through the losses of every stored fit that watched them.

    Parameters
    ----------
    histories : pandas.DataFrame
        As `emolib.study.stages.histories` gives them; a table without rows has no fits.
    settings : TrainingSettings
        Those of the fits.

    Returns
    -------
    list of Replay

    Examples
    --------
    >>> history = pd.DataFrame({"protocol": "trial_grouped", "fold": 0, "stage": "pooled",
    ...     "subject": None, "task": None, "val_loss": [2.0, 1.0], "learning_rate": 1e-3,
    ...     "selection": "loss"})
    >>> [fit.agrees for fit in replay(history, TrainingSettings())]
    [True]
    """
    if not len(histories):
        return []
    fits, histories = [], histories[histories["selection"] != "last"]
    for _, own in histories.groupby(list(FIT), dropna=False, sort=False):
        used, first = own["learning_rate"].to_numpy(), own.iloc[0]
        restore = first["stage"] != "pooled"
        watched = own["val_loss"]
        if settings.selection == "balanced_accuracy":
            watched = own["val_error"]
        course = follow(watched, settings, rate=used[0], restore=restore)
        same = len(used) == len(course) and np.allclose(used, course["learning_rate"], rtol=1e-5)
        named = {name: None if pd.isna(first[name]) else first[name] for name in FIT}
        fits.append(Replay(**named, course=course, agrees=bool(same)))
    return fits


def example_losses(n_epochs: int = 60, *, settle: float = 0.55, seed: int = 1) -> np.ndarray:
    """Make a course of losses with a fall, a plateau, and a rise when training goes too far.

    ``loss(e) = 1.4 exp(-e / 4) + settle + rise(e) + noise``: a fall to `settle`, a rise of
    0.006 nats an epoch from epoch 18 on, and noise of a standard deviation of 0.03 nats.

    Parameters
    ----------
    n_epochs : int
    settle : float
        Where the fall would end, in nats.
    seed : int

    Returns
    -------
    numpy.ndarray, (n_epochs,)
        Nats.
    """
    epochs = np.arange(1, n_epochs + 1)
    rise = 0.006 * np.maximum(0, epochs - 18)
    noise = np.random.default_rng(seed).normal(0, 0.03, n_epochs)
    return 1.4 * np.exp(-epochs / 4) + settle + rise + noise
