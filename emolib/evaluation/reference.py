"""Light models to hold the network against, and two probes of what windows give away.

They read the same features, are trained on the same folds and give the same predictions
table, so that `emolib.evaluation.score` scores them as it scores the network. All that is
fitted, the scaler too, is fitted on training rows. `emolib.evaluation.linear` fits two of them for
thousands of labellings at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import Ridge
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from emolib.errors import DataError, check_option
from emolib.evaluation.linear import RIDGE_ALPHA
from emolib.model.predictions import predictions_of
from emolib.splits.folds import train_rows
from emolib.splits.protocols import PROTOCOLS


class CentredRidge(ClassifierMixin, BaseEstimator):
    """Ridge regression on the classes, less each class's share among the training rows.

    ``p_c = 1 / n_classes + (prediction_c - share_c)``, cut to 0..1. What is predicted is
    linear in the labels as long as the rows stay the same, and a class that is common in
    training gains nothing by it.
    """

    def __init__(self, alpha: float = RIDGE_ALPHA):
        self.alpha = alpha

    def fit(self, x: np.ndarray, y: np.ndarray) -> CentredRidge:
        """Fit on (n_rows, n_features) and (n_rows,) classes."""
        self.classes_, code = np.unique(y, return_inverse=True)
        member = np.eye(len(self.classes_))[code]
        self.ridge_ = Ridge(self.alpha).fit(x, member - member.mean(axis=0))
        return self

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Give probabilities, (n_rows, n_classes)."""
        shares = np.clip(1 / len(self.classes_) + self.ridge_.predict(x), 1e-9, 1)
        return shares / shares.sum(axis=1, keepdims=True)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Name the most probable class."""
        return self.classes_[self.predict_proba(x).argmax(axis=1)]


def _lda() -> LinearDiscriminantAnalysis:
    # Shrunk by Ledoit and Wolf's rule, which needs no validation data.
    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")


REFERENCE_MODELS: dict[str, Callable[[], BaseEstimator]] = {
    "majority": lambda: DummyClassifier(strategy="prior"),
    "ridge": lambda: make_pipeline(StandardScaler(), CentredRidge()),
    "lda": lambda: make_pipeline(StandardScaler(), _lda()),
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
    """Train a reference model on every fold of a protocol.

    Parameters
    ----------
    name : {"majority", "ridge", "lda", "nearest_neighbours"}
    x : numpy.ndarray, (n_rows, ...)
        Features or maps of each row; flattened.
    table : pandas.DataFrame, a row a window
        As for `emolib.splits`.
    protocol : str
        A name in `emolib.splits.PROTOCOLS`.
    n_folds, seed : int
    tasks : sequence of str
        The class columns; two or more classes each.

    Returns
    -------
    pandas.DataFrame
        A predictions table, with the model's name for a stage.

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
    flat = np.asarray(x).reshape(len(table), -1)
    parts = []
    for k, fold in enumerate(folds(table, n_folds=n_folds, seed=seed, tasks=tasks)):
        for task in tasks:
            labels = table[task].to_numpy()
            train, test = (rows[labels[rows] >= 0] for rows in (train_rows(fold), fold.test))
            model = make().fit(flat[train], labels[train])
            given = np.zeros((len(test), int(labels.max()) + 1), np.float32)
            given[:, model.classes_] = model.predict_proba(flat[test])
            who = {"protocol": protocol, "fold": k, "stage": name}
            parts.append(predictions_of(table.iloc[test], task, labels[test], given, **who))
    return pd.concat(parts, ignore_index=True)


def trial_identification(
    x: np.ndarray, table: pd.DataFrame, *, n_folds: int = 5, seed: int = 0
) -> float:
    """Probe: how often LDA names the trial that a window is from, one subject's at a time.

    Windows of each trial are on both sides. A high value says that trials are identifiable,
    so that under window-wise evaluation a model may look a trial's label up. Chance is one
    over the number of trials.

    Parameters
    ----------
    x : numpy.ndarray, (n_rows, ...)
    table : pandas.DataFrame, a row a window
        Columns ``subject`` and ``trial``.

    Returns
    -------
    float
        The accuracy, averaged over subjects.
    """
    flat, folds = (
        np.asarray(x).reshape(len(table), -1),
        StratifiedKFold(n_folds, shuffle=True, random_state=seed),
    )
    subjects, trials = table["subject"].to_numpy(), table["trial"].to_numpy()
    right = []
    for subject in np.unique(subjects):
        own = subjects == subject
        model = make_pipeline(StandardScaler(), _lda())
        named = cross_val_predict(model, flat[own], trials[own], cv=folds)
        right.append(np.mean(named == trials[own]))
    return float(np.mean(right))


def subject_identification(
    x: np.ndarray, table: pd.DataFrame, *, n_folds: int = 5, seed: int = 0
) -> float:
    """Probe: how often LDA names the subject that a window is from, on trials held out.

    Chance is one over the number of subjects. Parameters as `trial_identification`.

    Returns
    -------
    float
        The accuracy.
    """
    subjects = table["subject"].to_numpy()
    if len(np.unique(subjects)) < 2:
        raise DataError("subjects", "there is one only.", "This probe needs two or more.")
    trial = table.groupby(["subject", "trial"]).ngroup().to_numpy()
    folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    flat = np.asarray(x).reshape(len(table), -1)
    model = make_pipeline(StandardScaler(), _lda())
    named = cross_val_predict(model, flat, subjects, groups=trial, cv=folds)
    return float(np.mean(named == subjects))
