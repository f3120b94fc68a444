"""Linear discriminant analysis for all labellings: is it right, is it sound, how long it takes."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import expit
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.claims import Claim, show
from benchmarks.cohorts import null_cohort
from benchmarks.effects import ALL, cohort, free_folds
from benchmarks.nulls import count_rejections
from emolib.evaluation.linear import ridge_smoother, standardised_folds, trials_of_windows
from emolib.evaluation.permutation import joint_stimulus_test
from emolib.splits.folds import Fold, train_rows
from emolib.splits.protocols import leave_subjects_out

PRIMARY = "leave_subjects_and_stimuli_out"
EFFECTS = (0.0, 4.0)
LARGEST = 1e-9  # difference of a probability from scikit-learn's
# z-scored windows add up to 0, so that their covariance has no inverse without any shrinkage.
MIN_SHRINKAGE = 1e-6
DECISIONS_AT_ONCE = 2**23  # of windows and labellings, float64: 64 MB


def lda(options: argparse.Namespace) -> list[Claim]:
    """Compare, count and time."""
    start = time.process_time()
    n_labellings = 20
    difference, n = farthest_from_scikit_learn(n_labellings)
    text = f"lda: {n} probabilities of trials, {n_labellings} labellings, differ from "
    text += f"scikit-learn's refits by {difference:.1e} at most; allowed {LARGEST:g}"
    print(f"\n{n} probabilities refitted by scikit-learn: {time.process_time() - start:.0f} s")
    claims = [
        Claim(text, difference <= LARGEST),
        *count_rejections("lda", lda_smoother, options.cohorts),
    ]
    rows, m = [], options.permutations
    for effect in EFFECTS:
        x, table = cohort(effect, options.seeds[0], options.subjects)
        for name, prepare in {"ridge": ridge_smoother, "lda": lda_smoother}.items():
            start = time.process_time()
            smoother = prepare(x, table, free_folds(PRIMARY, ALL, table, options.seeds[0]))
            prepared = time.process_time()
            test = joint_stimulus_test(smoother, "valence", n_permutations=m)
            seconds = {"prepare, s": prepared - start, "m fits, s": time.process_time() - prepared}
            low, high = test.null_interval
            row = {"model": name, "effect": f"{effect:g}", "n": len(smoother.trial)}
            row |= {"score": test.value, "low": low, "high": high, "p": test.p}
            rows.append(row | seconds)
    title = f"{PRIMARY}, valence, m = {m}, one cohort of {options.subjects} subjects"
    show(f"{title}; low-high: the permutations' 2.5-97.5 percentiles", pd.DataFrame(rows))
    return claims


def farthest_from_scikit_learn(n_labellings: int) -> tuple[float, int]:
    """Refit the long way: the largest difference of a trial's mean probability; how many."""
    x, trials = null_cohort("shared", np.random.default_rng(0), n_subjects=6, n_stimuli=20)
    windows = pd.DataFrame({"window": np.arange(3)})
    table = trials.drop(columns="window").merge(windows, how="cross")
    rng = np.random.default_rng(1)
    x = np.repeat(x, len(windows), axis=0) + rng.normal(size=(len(table), x.shape[1]))
    folds = list(leave_subjects_out(table, n_folds=3, seed=0, tasks=()))
    operator = lda_smoother(x, table, folds)
    labels = rng.integers(0, 2, (len(operator.trials), n_labellings))
    of_row = labels[table.groupby(["subject", "trial"]).ngroup()]
    expected = []
    for fold, part in zip(folds, operator.parts, strict=True):
        rows = train_rows(fold)
        of_windows = []
        for y in of_row.T:
            plain = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=part.shrinkage)
            fitted = make_pipeline(StandardScaler(), plain).fit(x[rows], y[rows])
            of_windows.append(fitted.predict_proba(x[fold.test])[:, 1])
        expected.append(part.average @ np.column_stack(of_windows))
    differences = np.abs(operator.decision_function(labels) + 0.5 - np.concatenate(expected))
    return float(differences.max()), differences.size


@dataclass(frozen=True, eq=False)
class LdaFold:
    """The parts of one fold of linear discriminant analysis that do not depend on the labels.

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
        """Return each tested trial's mean probability of class 1, (n_tests, n_labellings)."""
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
class LdaSmoother:
    """Linear discriminant analysis as a function of the labels of its trials.

    `trial`, `fold` and `trials` are those of `emolib.evaluation.linear.RidgeSmoother`.
    """

    parts: tuple[LdaFold, ...]
    trial: np.ndarray
    fold: np.ndarray
    trials: pd.DataFrame

    def decision_function(self, labels: np.ndarray) -> np.ndarray:
        """Refit on each labelling; as `RidgeSmoother.decision_function`."""
        labels = np.asarray(labels, float)
        return np.concatenate([part.probabilities(labels) for part in self.parts]) - 0.5


def lda_smoother(x: np.ndarray, table: pd.DataFrame, folds: Iterable[Fold]) -> LdaSmoother:
    """Fit linear discriminant analysis for all labellings.

    With T the covariance of the training rows, d the difference of the class means and a, b the
    classes' shares, the covariance within classes is ``W = T - a b d d'``. It is shrunk to
    ``(1 - s) W + s (tr W / p) I``. In the axes of T that is a diagonal matrix less one of rank
    one, whose inverse Sherman and Morrison give: no labelling needs a decomposition of its own.

    The shrinkage s is that of Ledoit and Wolf for T, not for W: it does not look at the labels,
    so all labellings share it. For the s here the fit is that of scikit-learn's
    ``LinearDiscriminantAnalysis(solver="lsqr", shrinkage=s)`` on standardised features,
    exactly. (Ledoit and Wolf count windows of one trial as independent, so that they shrink
    little.) The folds must not depend on the labels: give the protocol ``tasks=()``.

    Examples
    --------
    >>> from emolib.splits import trial_grouped
    >>> rng = np.random.default_rng(0)
    >>> table = pd.DataFrame({"subject": "s", "trial": np.arange(40), "window": 0,
    ...                       "stimulus": np.arange(40), "valence": np.arange(40) % 2})
    >>> x = rng.normal(size=(40, 3)) + 3 * table[["valence"]].to_numpy()
    >>> fitted = lda_smoother(x, table, trial_grouped(table, n_folds=4, seed=0, tasks=()))
    >>> labels = table[["valence"]].to_numpy()
    >>> says = fitted.decision_function(np.hstack([labels, 1 - labels])) > 0
    >>> (says == (labels == [1, 0])[fitted.trial]).mean(axis=0).tolist()
    [1.0, 1.0]
    """
    trials, number = trials_of_windows(table)
    parts, tested, of_fold = [], [], []
    for k, part in enumerate(standardised_folds(x, number, folds)):
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
    return LdaSmoother(tuple(parts), np.concatenate(tested), np.concatenate(of_fold), trials)
