"""Light models fitted for thousands of labellings at once: what permutation tests refit.

On fixed rows a model's dependence on the labels can be written down. Ridge is linear in them:
one matrix holds every fit. Linear discriminant analysis is not, but all that it needs are two
class means and a covariance, and those follow from sums that are made once. What is fitted on
the features alone, the scaler above all, stays the same for all labellings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import expit
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.preprocessing import StandardScaler

from emolib.splits.folds import Fold, train_rows

RIDGE_ALPHA = 1.0  # of ridge; small beside thousands of windows: nearly least squares
# z-scored windows add up to 0, so that their covariance has no inverse without any shrinkage.
MIN_SHRINKAGE = 1e-6
DECISIONS_AT_ONCE = 2**23  # of windows and labellings, float64: 64 MB


@dataclass(frozen=True, eq=False)
class RidgeSmoother:
    """What ridge makes of any labels of the same trials: one matrix.

    Attributes
    ----------
    matrix : numpy.ndarray, (n_tests, n_trials)
        ``matrix @ y`` is the mean decision over each tested trial's windows for labels y of 0
        and 1, less the share of 1 in training: above 0 says class 1. Row and fold differ in
        which trials they use: the others' columns are zero.
    trial : numpy.ndarray of int, (n_tests,)
        Which trial is tested, a row number of `trials`.
    fold : numpy.ndarray of int, (n_tests,)
    trials : pandas.DataFrame, a row a trial
        Columns ``subject``, ``trial``, ``stimulus`` and the class columns.
    """

    matrix: np.ndarray
    trial: np.ndarray
    fold: np.ndarray
    trials: pd.DataFrame

    def decision_function(self, labels: np.ndarray) -> np.ndarray:
        """Refit on each labelling.

        Parameters
        ----------
        labels : numpy.ndarray of 0 and 1, (n_trials, n_labellings)

        Returns
        -------
        numpy.ndarray, (n_tests, n_labellings)
            Above 0 says class 1.
        """
        return self.matrix @ labels


def ridge_smoother(
    x: np.ndarray, table: pd.DataFrame, folds: Iterable[Fold], *, alpha: float = RIDGE_ALPHA
) -> RidgeSmoother:
    """Fit ridge for all labellings at once.

    On fixed rows ridge is linear in the labels: with centred and scaled training features Z
    the decision on z is ``z (Z'Z + alpha I)^-1 Z' (y - mean y)``. Windows of one trial share
    their label, so columns of one trial are added up, and rows averaged.

    Parameters
    ----------
    x : numpy.ndarray, (n_rows, ...)
    table : pandas.DataFrame, a row a window
    folds : iterable of Fold
        They must not depend on the labels: give the protocol ``tasks=()``.
    alpha : float

    Returns
    -------
    RidgeSmoother
    """
    trials, number = _trials(table)
    matrices, tested, of_fold = [], [], []
    for k, part in enumerate(_parts(x, number, folds)):
        mean = part.average @ part.held_out  # (n_test, p)
        gram = part.z.T @ part.z + alpha * np.eye(part.z.shape[1])
        weights = np.linalg.solve(gram, mean.T)  # (p, n_test)
        by_row = (part.z @ weights).T  # (n_test, n_train); Z'(y - mean y) = Z'y, Z is centred
        matrix = np.zeros((len(mean), len(trials)))
        np.add.at(matrix.T, part.number, by_row.T)
        matrices.append(matrix)
        tested.append(part.tested)
        of_fold.append(np.full(len(mean), k))
    return RidgeSmoother(
        np.concatenate(matrices), np.concatenate(tested), np.concatenate(of_fold), trials
    )


@dataclass(frozen=True, eq=False)
class LdaFold:
    """What one fold of linear discriminant analysis needs, whatever the labels are.

    All features are standardised and turned into the axes of their covariance over the
    training rows, in which it is diagonal.

    Attributes
    ----------
    sums : numpy.ndarray, (n_trials, n_features)
        Each trial's training windows added up.
    counts : numpy.ndarray, (n_trials,)
        How many they are.
    variances : numpy.ndarray, (n_features,)
    shrinkage : float
        From 0 to 1.
    held_out : numpy.ndarray, (n_windows, n_features)
        The tested windows.
    average : sparse matrix, (n_tests, n_windows)
        Averages the windows of each tested trial.
    """

    sums: np.ndarray
    counts: np.ndarray
    variances: np.ndarray
    shrinkage: float
    held_out: np.ndarray
    average: sparse.csr_matrix

    def probabilities(self, labels: np.ndarray) -> np.ndarray:
        """Each tested trial's mean probability of class 1, (n_tests, n_labellings)."""
        n, n_high = self.counts.sum(), self.counts @ labels
        high = self.sums.T @ labels  # (n_features, n_labellings)
        low = (self.sums.sum(axis=0)[:, None] - high) / np.maximum(n - n_high, 1)
        high = high / np.maximum(n_high, 1)
        apart, between = high - low, n_high * (n - n_high) / n**2
        trace = self.variances.sum() - between * (apart**2).sum(axis=0)  # within classes
        kept, level = 1 - self.shrinkage, self.shrinkage * trace / len(self.variances)
        weights = apart / (kept * self.variances[:, None] + level)
        weights /= 1 - kept * between * (apart * weights).sum(axis=0)  # Sherman and Morrison
        with np.errstate(divide="ignore"):  # who saw one class only says that class: +-infinity
            offset = np.log(n_high) - np.log(n - n_high)
        offset = offset - (weights * (high + low)).sum(axis=0) / 2
        at_once = max(1, DECISIONS_AT_ONCE // len(self.held_out))
        blocks = range(0, labels.shape[1], at_once)
        return np.hstack(
            [
                self.average @ expit(self.held_out @ weights[:, own] + offset[own])
                for own in (slice(first, first + at_once) for first in blocks)
            ]
        )


@dataclass(frozen=True, eq=False)
class LdaOperator:
    """What linear discriminant analysis makes of any labels of the same trials.

    Attributes
    ----------
    parts : tuple of LdaFold
    trial, fold, trials
        As of `RidgeSmoother`.
    """

    parts: tuple[LdaFold, ...]
    trial: np.ndarray
    fold: np.ndarray
    trials: pd.DataFrame

    def decision_function(self, labels: np.ndarray) -> np.ndarray:
        """Refit on each labelling; as `RidgeSmoother.decision_function`."""
        labels = np.asarray(labels, float)
        return np.concatenate([part.probabilities(labels) for part in self.parts]) - 0.5


def lda_operator(x: np.ndarray, table: pd.DataFrame, folds: Iterable[Fold]) -> LdaOperator:
    """Prepare linear discriminant analysis for all labellings.

    With T the covariance of the training rows, d the difference of the class means and a, b the
    classes' shares, the covariance within classes is ``W = T - a b d d'``. It is shrunk to
    ``(1 - s) W + s (tr W / p) I``. In the axes of T that is a diagonal matrix less one of rank
    one, whose inverse Sherman and Morrison give: no labelling needs a decomposition of its own.

    The shrinkage s is that of Ledoit and Wolf for T, not for W: it does not look at the labels,
    so all labellings share it. The reference model "lda" estimates it within each class; for
    the s here the fit is that of scikit-learn's ``LinearDiscriminantAnalysis(solver="lsqr",
    shrinkage=s)`` on standardised features, exactly. (Ledoit and Wolf count windows of one
    trial as independent, so that they shrink little.)

    Parameters
    ----------
    x : numpy.ndarray, (n_rows, ...)
    table : pandas.DataFrame, a row a window
    folds : iterable of Fold
        They must not depend on the labels: give the protocol ``tasks=()``.

    Returns
    -------
    LdaOperator

    Examples
    --------
    >>> from emolib.splits import trial_grouped
    >>> rng = np.random.default_rng(0)
    >>> table = pd.DataFrame({"subject": "s", "trial": np.arange(40), "window": 0,
    ...                       "stimulus": np.arange(40), "valence": np.arange(40) % 2})
    >>> x = rng.normal(size=(40, 3)) + 3 * table[["valence"]].to_numpy()
    >>> fitted = lda_operator(x, table, trial_grouped(table, n_folds=4, seed=0, tasks=()))
    >>> labels = table[["valence"]].to_numpy()
    >>> says = fitted.decision_function(np.hstack([labels, 1 - labels])) > 0
    >>> (says == (labels == [1, 0])[fitted.trial]).mean(axis=0).tolist()
    [1.0, 1.0]
    """
    trials, number = _trials(table)
    parts, tested, of_fold = [], [], []
    for k, part in enumerate(_parts(x, number, folds)):
        variances, axes = np.linalg.eigh(part.z.T @ part.z / len(part.z))
        sums = np.zeros((len(trials), part.z.shape[1]))
        np.add.at(sums, part.number, part.z)
        parts.append(
            LdaFold(
                sums @ axes,
                np.bincount(part.number, minlength=len(trials)).astype(float),
                np.maximum(variances, 0),  # rounding can leave them below
                max(MIN_SHRINKAGE, float(ledoit_wolf_shrinkage(part.z))),
                part.held_out @ axes,
                part.average,
            )
        )
        tested.append(part.tested)
        of_fold.append(np.full(len(part.tested), k))
    return LdaOperator(tuple(parts), np.concatenate(tested), np.concatenate(of_fold), trials)


Operator = RidgeSmoother | LdaOperator
OPERATORS: dict[str, Callable[..., Operator]] = {"ridge": ridge_smoother, "lda": lda_operator}


@dataclass(frozen=True, eq=False)
class _Part:
    """A fold's standardised training rows and their trials, its tested windows and theirs."""

    z: np.ndarray  # (n_train, p)
    number: np.ndarray  # (n_train,)
    held_out: np.ndarray  # (n_windows, p)
    tested: np.ndarray  # (n_tests,)
    average: sparse.csr_matrix  # (n_tests, n_windows)


def _trials(table: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """The trials of a table of windows, and which of them each window is of."""
    table = table.reset_index(drop=True)
    number = table.groupby(["subject", "trial"], sort=True).ngroup().to_numpy()
    _, first = np.unique(number, return_index=True)
    return table.iloc[first].drop(columns="window").reset_index(drop=True), number


def _parts(x: np.ndarray, number: np.ndarray, folds: Iterable[Fold]) -> Iterator[_Part]:
    flat = np.asarray(x, np.float64).reshape(len(number), -1)
    for fold in folds:
        train = train_rows(fold)
        scaler = StandardScaler().fit(flat[train])
        tested, at = np.unique(number[fold.test], return_inverse=True)
        ones = 1 / np.bincount(at)[at]
        average = sparse.csr_matrix((ones, (at, np.arange(len(at)))))
        yield _Part(
            scaler.transform(flat[train]),
            number[train],
            scaler.transform(flat[fold.test]),
            tested,
            average,
        )
