"""Linear models beside the network: reference models, and ridge for many labellings at once.

Reference models read the same features as the network, are trained on the same folds and give the
same predictions table, so that `emolib.evaluation.score` scores them alike. All that is fitted,
the scaler too, is fitted on training rows.

For a permutation test the same model is fitted for thousands of labellings. On fixed rows ridge is
linear in the labels, so that one matrix holds every fit: a *smoother* (or hat) matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse, special
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from emolib.errors import check_option
from emolib.model.predictions import predictions_of
from emolib.splits.folds import Fold, train_rows
from emolib.splits.protocols import PROTOCOLS

RIDGE_ALPHA = 1.0  # small beside thousands of windows: nearly least squares
SVM_C = 0.01  # of standardised features; a larger one takes longer, and fits windows closer


@dataclass(frozen=True, eq=False)
class RidgeSmoother:
    """Ridge as a function of the labels of its trials: one matrix.

    Attributes
    ----------
    matrix : numpy.ndarray, (n_tests, n_trials)
        ``matrix @ y`` is the mean decision over each tested trial's windows for labels y of 0
        and 1, less the share of 1 in training: above 0 predicts class 1. A row has zeros at the
        trials that its fold does not train on.
    trial : numpy.ndarray of int, (n_tests,)
        Which trial is tested, a row number of `trials`.
    fold : numpy.ndarray of int, (n_tests,)
    trials : pandas.DataFrame, one row per trial
        Columns ``subject``, ``trial``, ``stimulus`` and the class columns.
    """

    matrix: np.ndarray
    trial: np.ndarray
    fold: np.ndarray
    trials: pd.DataFrame

    def decision_function(self, labels: np.ndarray) -> np.ndarray:
        """Refit on labels (n_trials, n_labellings) of 0 and 1; return (n_tests, n_labellings)."""
        return self.matrix @ labels


def ridge_smoother(x: np.ndarray, table: pd.DataFrame, folds: Iterable[Fold]) -> RidgeSmoother:
    """Fit ridge for all labellings at once.

    With centred and scaled training features Z the decision on z is
    ``z (Z'Z + RIDGE_ALPHA I)^-1 Z' (y - mean y)``. Windows of one trial share their label, so
    columns of one trial are added up, and rows averaged. The folds must not depend on the labels:
    give the protocol ``tasks=()``.
    """
    trials, number = trials_of_windows(table)
    matrices, tested, of_fold = [], [], []
    for k, part in enumerate(standardised_folds(x, number, folds)):
        mean = part.average @ part.held_out  # (n_test, p)
        gram = part.z.T @ part.z + RIDGE_ALPHA * np.eye(part.z.shape[1])
        weights = np.linalg.solve(gram, mean.T)  # (p, n_test)
        by_row = (part.z @ weights).T  # (n_test, n_train); Z'(y - mean y) = Z'y, Z is centred
        matrix = np.zeros((len(mean), len(trials)))
        np.add.at(matrix.T, part.number, by_row.T)
        matrices.append(matrix)
        tested.append(part.tested)
        of_fold.append(np.full(len(mean), k))
    return RidgeSmoother(*map(np.concatenate, (matrices, tested, of_fold)), trials)


@dataclass(frozen=True, eq=False)
class StandardisedFold:
    """A fold's standardised training rows and their trials, its tested windows and theirs."""

    z: np.ndarray  # (n_train, p)
    number: np.ndarray  # (n_train,)
    held_out: np.ndarray  # (n_windows, p)
    tested: np.ndarray  # (n_tests,)
    average: sparse.csr_matrix  # (n_tests, n_windows)


def trials_of_windows(table: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the trials of a table of windows, and the number of each window's trial."""
    table = table.reset_index(drop=True)
    number = table.groupby(["subject", "trial"], sort=True).ngroup().to_numpy()
    _, first = np.unique(number, return_index=True)
    return table.iloc[first].drop(columns="window").reset_index(drop=True), number


def standardised_folds(
    x: np.ndarray, number: np.ndarray, folds: Iterable[Fold]
) -> Iterator[StandardisedFold]:
    """Yield each fold with features (n_rows, ...) that were scaled by its training rows.

    One that tests nothing, such as subjects who saw none of its stimuli, is left out.
    """
    flat = np.asarray(x, np.float64).reshape(len(number), -1)
    for fold in (fold for fold in folds if len(fold.test)):
        train = train_rows(fold)
        scaler = StandardScaler().fit(flat[train])
        tested, at = np.unique(number[fold.test], return_inverse=True)
        ones = 1 / np.bincount(at)[at]
        average = sparse.csr_matrix((ones, (at, np.arange(len(at)))))
        z, held_out = scaler.transform(flat[train]), scaler.transform(flat[fold.test])
        yield StandardisedFold(z, number[train], held_out, tested, average)


class CentredRidge(ClassifierMixin, BaseEstimator):
    """Ridge regression on the classes, less each class's share among the training rows.

    ``p_c = 1 / n_classes + (prediction_c - share_c)``, cut to 0..1. The prediction is linear in
    the labels as long as the rows stay the same, and a class that is common in training gains
    nothing by it.
    """

    def fit(self, x: np.ndarray, y: np.ndarray) -> CentredRidge:
        """Fit on (n_rows, n_features) and (n_rows,) classes."""
        self.classes_, code = np.unique(y, return_inverse=True)
        member = np.eye(len(self.classes_))[code]
        self.ridge_ = Ridge(RIDGE_ALPHA).fit(x, member - member.mean(axis=0))
        return self

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Return probabilities, (n_rows, n_classes)."""
        shares = np.clip(1 / len(self.classes_) + self.ridge_.predict(x), 1e-9, 1)
        return shares / shares.sum(axis=1, keepdims=True)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the most probable class of each row."""
        return self.classes_[self.predict_proba(x).argmax(axis=1)]


class LinearSvm(ClassifierMixin, BaseEstimator):
    """A linear support vector machine whose decisions become shares of 1, in the same order."""

    def fit(self, x: np.ndarray, y: np.ndarray) -> LinearSvm:
        """Fit on (n_rows, n_features) and (n_rows,) classes."""
        self.svm_ = LinearSVC(C=SVM_C, dual=False, class_weight="balanced").fit(x, y)
        self.classes_ = self.svm_.classes_
        return self

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Return shares, (n_rows, n_classes)."""
        decision = self.svm_.decision_function(x)
        decision = np.column_stack([-decision, decision]) / 2 if decision.ndim == 1 else decision
        return special.softmax(decision, axis=1)


REFERENCE_MODELS: dict[str, Callable[[], BaseEstimator]] = {
    "majority": lambda: DummyClassifier(strategy="prior"),
    "lda": lambda: make_pipeline(
        StandardScaler(),
        # Shrunk by Ledoit and Wolf's rule, which needs no validation data.
        LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
    ),
    "linear_svm": lambda: make_pipeline(StandardScaler(), LinearSvm()),
    "ridge": lambda: make_pipeline(StandardScaler(), CentredRidge()),
    "nearest_neighbours": lambda: make_pipeline(StandardScaler(), KNeighborsClassifier(5)),
}


def reference_predictions(
    name: str,
    x: np.ndarray,
    table: pd.DataFrame,
    protocol: str,
    *,
    n_folds: int,
    seed: int,
    tasks: Sequence[str],
) -> pd.DataFrame:
    """Train a reference model on every fold of a protocol and return its predictions.

    Parameters
    ----------
    name : {"majority", "ridge", "lda", "linear_svm", "nearest_neighbours"}
    x : numpy.ndarray, (n_rows, ...)
        Features or maps of each row; flattened.
    table : pandas.DataFrame, one row per window
        As for `emolib.splits`.
    protocol : str
        A name in `emolib.splits.PROTOCOLS`.
    n_folds, seed : int
    tasks : sequence of str
        The class columns; two or more classes each.

    Returns
    -------
    pandas.DataFrame
        A predictions table; the column ``stage`` has the model's name.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> table = pd.DataFrame({"subject": "s", "trial": np.arange(40), "window": 0,
    ...                       "stimulus": np.arange(40), "valence": np.arange(40) % 2})
    >>> x = rng.normal(size=(40, 3)) + 2 * table[["valence"]].to_numpy()
    >>> given = reference_predictions("ridge", x, table, "trial_grouped", n_folds=4, seed=0,
    ...                               tasks=["valence"])
    >>> float(((given["probability"] > 0.5) == given["label"]).mean())
    0.975
    """
    make = REFERENCE_MODELS[check_option("reference model", name, REFERENCE_MODELS)]
    folds = PROTOCOLS[check_option("protocol", protocol, PROTOCOLS)]
    folds = folds(table, n_folds=n_folds, seed=seed, tasks=tasks)
    flat = np.asarray(x).reshape(len(table), -1)
    return fold_predictions(make, flat, table, folds, tasks, protocol=protocol, stage=name)


def fold_predictions(
    make: Callable[[], BaseEstimator],
    x: np.ndarray,
    table: pd.DataFrame,
    folds: Iterable[Fold],
    tasks: Sequence[str],
    **who: object,
) -> pd.DataFrame:
    """Fit a classifier on each fold's rows of `x` (n_rows, ...) and predict those that it tests.

    `make` returns a scikit-learn classifier; `who` are further columns, as of `predictions_of`.
    """
    parts = []
    for k, fold in enumerate(folds):
        for task in tasks:
            labels = table[task].to_numpy()
            train, test = (rows[labels[rows] >= 0] for rows in (train_rows(fold), fold.test))
            if not len(test):
                continue
            model = make().fit(x[train], labels[train])
            given = np.zeros((len(test), int(labels.max()) + 1), np.float32)
            given[:, model.classes_] = model.predict_proba(x[test])
            rows = table.iloc[test]
            parts.append(predictions_of(rows, task, labels[test], given, fold=k, **who))
    return pd.concat(parts, ignore_index=True)
