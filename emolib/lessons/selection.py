"""What it does to a score if the test fold also chooses the epoch.

Early stopping keeps the weights of the best epoch. If the epoch is chosen by the test fold, the
best of several noisy scores is reported, and the best of several is too good on average.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import integrate, stats

from emolib.errors import DataError, check_range

SMALLEST = 1e-7  # Keras cuts probabilities here before it takes their logarithm


def expected_maximum(n: int) -> float:
    """Compute the expected maximum of n independent standard normal draws.

    ``n * integral of x phi(x) Phi(x)**(n - 1) dx``, with phi and Phi the density and the
    distribution of the standard normal.

    Parameters
    ----------
    n : int
        1 or more.

    Returns
    -------
    float
        Standard deviations above the mean.

    Examples
    --------
    >>> [round(expected_maximum(n), 3) for n in (2, 3, 200)]
    [0.564, 0.846, 2.746]
    """
    check_range("n", n, 1, 10**9)

    def weighted(x: float) -> float:
        return n * x * stats.norm.pdf(x) * stats.norm.cdf(x) ** (n - 1)

    # Cut in the middle, so that the quadrature sees both slopes of the narrow peak.
    parts = [integrate.quad(weighted, low, low + 4, limit=200)[0] for low in range(-12, 12, 4)]
    return float(sum(parts))


@dataclass(frozen=True)
class NoiseSelection:
    """Mean accuracies (0 to 1) of networks that know nothing, see `noise_selection`.

    Attributes
    ----------
    best_on_test : float
        Of the epoch that was best on test, on test.
    best_on_validation : float
        Of the epoch that was best on validation data of the same size, on test.
    formula : float
        The expected best: ``0.5 + expected_maximum(n_epochs) * sqrt(0.25 / n_test)``.
    """

    best_on_test: float
    best_on_validation: float
    formula: float


def noise_selection(
    n_epochs: int, n_test: int, *, n_networks: int = 4000, seed: int = 0
) -> NoiseSelection:
    """Let networks guess, and choose their best epoch in two ways.

    Each epoch's answers are coin throws, independent of those of other epochs. A real network
    changes few answers from one epoch to the next, so its epochs count for fewer.

    Parameters
    ----------
    n_epochs : int
        Epochs to choose from.
    n_test : int
        Independent answers that a score is the mean of, in test and in validation.
    n_networks : int
        Draws to average over.
    seed : int

    Returns
    -------
    NoiseSelection

    Examples
    --------
    >>> found = noise_selection(20, 100)
    >>> round(found.best_on_test, 2), round(found.best_on_validation, 2)
    (0.59, 0.5)
    """
    rng = np.random.default_rng(seed)
    validation, test = rng.binomial(n_test, 0.5, size=(2, n_networks, n_epochs)) / n_test
    chosen = test[np.arange(n_networks), validation.argmax(axis=1)]
    formula = 0.5 + expected_maximum(n_epochs) * np.sqrt(0.25 / n_test)
    return NoiseSelection(float(test.max(axis=1).mean()), float(chosen.mean()), float(formula))


def chosen_losses(histories: pd.DataFrame, predictions: pd.DataFrame) -> pd.DataFrame:
    """Hold the validation loss of each pooled fit's kept epoch against its loss on test.

    The same weights, two sets of rows. Where test rows are the validation rows, the two losses
    are one number, and it is the smallest of the fit's epochs. Where each class counted the same
    in validation, it does so on test.

    Parameters
    ----------
    histories, predictions : pandas.DataFrame
        As `emolib.study.stages` reads them; the predictions of two classes.

    Returns
    -------
    pandas.DataFrame, a row a pooled fit
        Index (protocol, fold). Columns ``epochs``, ``kept`` (the number of the epoch whose weights
        are kept), ``selection`` (what chose it; "last" if nothing did), ``validation`` and
        ``test``: losses in nats, the sum over tasks.

    Raises
    ------
    DataError
        There is no history of a pooled fit.
    """
    if not len(histories) or not (histories["stage"] == "pooled").any():
        raise DataError("histories", "hold no pooled fit.", "Train the study first.")
    keys = ["protocol", "fold"]
    pooled = histories[histories["stage"] == "pooled"]
    by_accuracy = pooled["selection"] == "balanced_accuracy"
    watched = pooled["val_loss"].where(~by_accuracy, pooled["val_error"])
    watched = watched.where(pooled["selection"] != "last", -pooled["epoch"])
    groups = watched.groupby([pooled[key] for key in keys], sort=False)
    best = pooled.loc[groups.idxmin()].set_index(keys)
    rows = predictions[predictions["stage"] == "pooled"]
    own = np.where(rows["label"] == 1, rows["probability"], 1 - rows["probability"])
    loss = -np.log(np.clip(own.astype(float), SMALLEST, 1))
    in_class = rows.groupby([*keys, "task", "label"])["label"].transform("size")
    # A row without a rating in a task counts nothing for that head, but it counts as a row.
    windows = rows.groupby(keys, sort=False)[["subject", "trial", "window"]].apply(
        lambda part: len(part.drop_duplicates())
    )
    of_fold = pd.MultiIndex.from_frame(rows[keys])
    n_classes = rows.groupby([*keys, "task"])["label"].transform("nunique")
    same = windows.reindex(of_fold).to_numpy() / (n_classes * in_class)  # each class's sum is one
    balanced = best["selection"].reindex(of_fold).to_numpy() != "loss"
    loss = np.where(balanced, loss * same, loss)
    test = pd.Series(loss, rows.index).groupby([rows[key] for key in keys], sort=False).sum()
    table = pd.DataFrame(
        {
            "epochs": pooled.groupby(keys, sort=False).size(),
            "kept": best["epoch"].astype(int),
            "selection": best["selection"],
            "validation": best["val_loss"],
            "test": test / windows,
        }
    )
    return table.loc[best.index]
