"""What `audit` measures: what is on both sides of a split, scores, and traces of preparation.

All labellings are scored at once where the model is ridge, since it is linear in the labels. The
scores are balanced accuracies of windows, means over folds.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from emolib.evaluation.bootstrap import bootstrap_weights, nanmean, percentiles
from emolib.evaluation.linear import RIDGE_ALPHA
from emolib.evaluation.split_data import Audit, Folds, SplitData
from emolib.evaluation.variance import anova_icc, design_effect
from emolib.splits.folds import splitter

N_FOLDS = 5
RESAMPLES = 1000  # of the trials, for an interval
TOUCHING = 1e-6  # of what onsets are counted in: windows that only touch share no sample
ASKED = 1000  # windows of a subject whose nearest neighbour is looked for
DISTANCES = 20_000_000  # at a time
EXACT = 1e-4  # of a standard deviation: features that were centred are off by rounding alone


def both_sides(data: SplitData, unit: np.ndarray) -> int:
    """Count the units (trials, stimuli, subjects) that train and are tested in one fold.

    Examples
    --------
    >>> data = SplitData(4, folds=[(np.array([0, 1]), np.array([2, 3]))])
    >>> both_sides(data, np.array([0, 1, 1, 2]))
    1
    """
    shared = [np.intersect1d(unit[train], unit[test]) for train, test in data.folds]
    return len(np.unique(np.concatenate(shared))) if shared else 0


def overlapping_windows(data: SplitData) -> int:
    """Count tested windows that share samples with a training window of their trial.

    Examples
    --------
    >>> data = SplitData(3, trial=np.zeros(3, int), onset=np.array([0, 1.5, 4]),
    ...                  length=np.full(3, 2.0), folds=[(np.array([0]), np.array([1, 2]))])
    >>> overlapping_windows(data)
    1
    """
    # Trials are laid one after the other on one line, so that they cannot overlap.
    span = np.ptp(data.onset) + data.length.max() + 1
    start = (data.onset - data.onset.min()) + data.trial * span
    end, n = start + data.length, 0
    for train, test in data.folds:
        train = train[np.argsort(start[train])]
        latest = np.concatenate([[-np.inf], np.maximum.accumulate(end[train])])
        following = np.concatenate([start[train], [np.inf]])
        at = np.searchsorted(start[train], start[test])
        before = latest[at] > start[test] + TOUCHING
        n += int((before | (following[at] < end[test] - TOUCHING)).sum())
    return n


def fold_predictions(
    x: np.ndarray, labels: np.ndarray, folds: Folds, estimator: BaseEstimator | None
) -> list[np.ndarray]:
    """Fit on each fold's training rows and predict the others, for each of several labellings.

    Parameters
    ----------
    x : numpy.ndarray, (n, ...)
    labels : numpy.ndarray of int, (n, n_labellings)
        Classes from 0.
    folds : list of (train, test)
    estimator : scikit-learn's, or None
        None: ridge on standardised features, see `emolib.evaluation.linear.CentredRidge`.

    Returns
    -------
    list of numpy.ndarray of int, (n_test, n_labellings)

    Examples
    --------
    >>> x, labels = np.array([[0.0], [1], [2], [3], [0], [3]]), np.array([[0, 0, 1, 1, 0, 1]]).T
    >>> fold_predictions(x, labels, [(np.arange(4), np.arange(4, 6))], None)[0].ravel().tolist()
    [0, 1]
    """
    if estimator is not None:
        return [
            np.column_stack(
                [clone(estimator).fit(x[train], own[train]).predict(x[test]) for own in labels.T]
            )
            for train, test in folds
        ]
    flat, n_classes = x.reshape(len(x), -1), int(labels.max()) + 1
    given = []
    for train, test in folds:
        scaler = StandardScaler(copy=False)
        z = scaler.fit_transform(flat[train].astype(np.float64))
        member = (labels[train][:, :, None] == np.arange(n_classes)).reshape(len(train), -1)
        member = member - member.mean(axis=0)
        ridge = Ridge(RIDGE_ALPHA, fit_intercept=False, copy_X=False).fit(z, member)
        decision = scaler.transform(flat[test].astype(np.float64)) @ np.atleast_2d(ridge.coef_).T
        given.append(decision.reshape(len(test), -1, n_classes).argmax(axis=2))
    return given


def mean_scores(labels: np.ndarray, given: list[np.ndarray], folds: Folds) -> np.ndarray:
    """Return the balanced accuracy of each labelling, (n_labellings,), mean over folds.

    Folds that lack a class are left out; where all do, their tested rows are scored together.

    Examples
    --------
    >>> labels, folds = np.array([[0], [1], [0], [1]]), [(None, [0, 1]), (None, [2, 3])]
    >>> mean_scores(labels, [np.array([[0], [1]]), np.array([[1], [1]])], folds).tolist()
    [0.75]
    """
    values = np.full((len(folds), labels.shape[1]), np.nan)
    rows = [labels[test] for _, test in folds]
    for k, (truth, one) in enumerate(zip(rows, given, strict=True)):
        values[k] = _balanced(truth, one, labels)
    lacking = np.isnan(values).all(axis=0)
    values[0, lacking] = _balanced(np.concatenate(rows), np.concatenate(given), labels)[lacking]
    return nanmean(values.T)


def _balanced(truth: np.ndarray, given: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the mean recall of the classes of each labelling; NaN where one is not tested."""
    recalls = np.full((int(labels.max()) + 1, labels.shape[1]), np.nan)
    n = np.zeros_like(recalls)
    for c in range(len(recalls)):
        member = truth == c
        n[c] = member.sum(axis=0)
        right = (member & (given == c)).sum(axis=0)
        recalls[c] = np.divide(right, n[c], out=np.zeros(len(right)), where=n[c] > 0)
    exists = np.array([(labels == c).any(axis=0) for c in range(len(recalls))])
    mean = recalls.sum(axis=0) / exists.sum(axis=0)
    return np.where((exists & (n == 0)).any(axis=0), np.nan, mean)


def say_worth(data: SplitData, right: np.ndarray, found: Audit) -> None:
    """Tell what tested windows are worth, the interval, and what could have been found."""
    tested = np.unique(np.concatenate([test for _, test in data.folds]))
    label, chance = data.label[tested], 1 / len(data.classes)
    numbers = found.numbers
    numbers["accuracy"] = float(right[tested].mean())
    if data.trial is None:
        found.not_checked.append(
            "The interval: it needs `trial`, since windows are not independent."
        )
        return
    shape = (int(data.trial.max()) + 1, len(data.classes))
    n, n_right = np.zeros(shape), np.zeros(shape)
    np.add.at(n, (data.trial[tested], label), 1)
    np.add.at(n_right, (data.trial[tested], label), right[tested])
    n, n_right = n[n.sum(axis=1) > 0], n_right[n.sum(axis=1) > 0]
    size = n.sum(axis=1)
    n_effective = size.sum() / design_effect(anova_icc(n_right.sum(axis=1), size), size)
    weights = bootstrap_weights(np.random.default_rng(0), len(n), RESAMPLES)
    total = weights @ n
    shares = np.divide(weights @ n_right, total, out=np.full(total.shape, np.nan), where=total > 0)
    numbers["score_low"], numbers["score_high"] = percentiles(shares.mean(axis=1))
    if not np.isfinite(n_effective):
        n_effective = float(len(n))
    numbers["n_effective"] = float(n_effective)
    numbers["smallest_effect"] = smallest_effect(chance, n_effective)


def smallest_effect(chance: float, n_effective: float) -> float:
    """Return the score that so many independent windows tell from chance in 4 of 5 experiments.

    At a level of .05, one-sided: ``chance + (1.645 + .842) sqrt(chance (1 - chance) / n)``, at
    most 1.

    Examples
    --------
    >>> round(smallest_effect(0.5, 100), 3)
    0.624
    """
    needed = stats.norm.ppf(0.95) + stats.norm.ppf(0.8)
    return float(min(1, chance + needed * np.sqrt(chance * (1 - chance) / n_effective)))


def held_out_folds(unit: np.ndarray, label: np.ndarray, seed: int) -> Folds:
    """Return folds that hold out whole units, five or as many as there are; none for one unit."""
    of_class = pd.Series(unit).groupby(label).nunique().min()
    n_folds = min(N_FOLDS, int(of_class))
    if n_folds < 2:
        return []
    pairs = splitter(n_folds, seed, grouped=True).split(label, label, unit)
    return [pair for pair in pairs if all(map(len, pair))]


def permuted_by_unit(
    label: np.ndarray, unit: np.ndarray, n: int, seed: int, within: np.ndarray | None = None
) -> np.ndarray:
    """Permute the labels of units `n` times, (n_rows, n); within blocks, if they are given.

    Examples
    --------
    >>> drawn = permuted_by_unit(np.array([0, 0, 1]), np.array([0, 0, 1]), 20, 0)
    >>> sorted({tuple(each) for each in drawn.T.tolist()})
    [(0, 0, 1), (1, 1, 0)]
    """
    rng = np.random.default_rng(seed)
    _, first, of_row = np.unique(unit, return_index=True, return_inverse=True)
    own = np.tile(label[first], (n, 1))
    block = np.zeros(len(first), int) if within is None else within[first]
    for b in np.unique(block):
        own[:, block == b] = rng.permuted(own[:, block == b], axis=1)
    return own[:, of_row].T


def stimulus_pseudo_labels(
    label: np.ndarray, stimulus: np.ndarray, n: int, seed: int
) -> np.ndarray:
    """Deal stimuli into two halves `n` times, each class's own stimuli evenly: (n_rows, n).

    Such a label is unrelated to the classes: only what marks a stimulus can tell it.

    Examples
    --------
    >>> label, stimulus = np.array([0, 0, 1, 1, 0]), np.array([0, 1, 2, 3, 0])
    >>> drawn = stimulus_pseudo_labels(label, stimulus, 20, 0)
    >>> sorted({tuple(each) for each in drawn.T.tolist()})
    [(0, 1, 0, 1, 0), (0, 1, 1, 0, 0), (1, 0, 0, 1, 1), (1, 0, 1, 0, 1)]
    """
    rng = np.random.default_rng(seed)
    main = pd.Series(label).groupby(stimulus).agg(lambda own: own.mode()[0]).to_numpy()
    drawn = np.zeros((len(main), n), int)
    for c in np.unique(main):
        own = np.flatnonzero(main == c)
        for k in range(n):
            drawn[rng.permutation(own), k] = (np.arange(len(own)) + rng.integers(2)) % 2
    return drawn[np.unique(stimulus, return_inverse=True)[1]]


def trial_identification(data: SplitData, seed: int) -> tuple[float, float, bool]:
    """Return how often a window's nearest neighbour among its subject's is of its trial, by chance.

    Features are standardised within a subject. Windows are averaged within trials, then trials
    within subjects. The second number is what a neighbour at random gives, and the third says
    whether a seeded part of the windows was asked. NaN where no subject has two trials.
    """
    rng, flat = np.random.default_rng(seed), data.x.reshape(data.n, -1)
    subject = np.zeros(data.n, int) if data.subject is None else data.subject
    found, in_part = [], False
    for own in pd.Series(subject).groupby(subject).indices.values():
        z = StandardScaler().fit_transform(flat[own].astype(np.float32))
        trial = data.trial[own]
        n_like = np.bincount(trial)[trial]
        able = np.flatnonzero(n_like > 1)
        if len(np.unique(trial)) < 2 or not len(able):
            continue
        n_asked = min(len(able), max(50, min(ASKED, DISTANCES // len(own))))
        in_part |= n_asked < len(able)
        asked = np.sort(rng.choice(able, n_asked, replace=False))
        distance = (z**2).sum(axis=1) - 2 * z[asked] @ z.T
        distance[np.arange(n_asked), asked] = np.inf
        right = trial[distance.argmin(axis=1)] == trial[asked]
        chance = (n_like[asked] - 1) / (len(own) - 1)
        told = pd.DataFrame({"right": right, "chance": chance}).groupby(trial[asked]).mean()
        found.append(told.mean())
    mean = np.mean(found, axis=0) if found else (np.nan, np.nan)
    return float(mean[0]), float(mean[1]), in_part


def identical_rows(data: SplitData) -> int:
    """Count tested rows whose features are those of a training row, number by number.

    Rows of one number only, such as a lost signal, do not count.
    """
    flat = data.x.reshape(data.n, -1)
    same = np.fromiter((hash(row.tobytes()) for row in flat), np.int64, data.n)
    varied = flat.min(axis=1) < flat.max(axis=1)
    return sum(
        np.count_nonzero(np.isin(same[test], same[train]) & varied[test])
        for train, test in data.folds
    )


def is_normalised(x: np.ndarray, group: np.ndarray) -> bool:
    """Check whether each group of rows was z-scored, or scaled to 0..1, by its own rows."""
    flat = x.reshape(len(x), -1)
    share = []
    for rows in pd.Series(group).groupby(group).indices.values():
        own = flat[rows].astype(np.float64)
        mean, sd, low, high = own.mean(0), own.std(0), own.min(0), own.max(0)
        sample = own.std(0, ddof=1) if len(own) > 1 else sd
        unit = (np.abs(sd - 1) < EXACT) | (np.abs(sample - 1) < EXACT)
        scaled = (np.abs(low) < EXACT) & (np.abs(high - 1) < EXACT)
        known = high > low
        if known.any():
            share.append(((np.abs(mean) < EXACT) & unit | scaled)[known].mean())
    return bool(share) and min(share) > 0.95


def is_centred(x: np.ndarray, group: np.ndarray) -> bool:
    """Check whether the mean of each group of rows was subtracted from them."""
    flat = x.reshape(len(x), -1)
    frame = pd.DataFrame(flat.astype(np.float64)).groupby(group)
    mean, sd = frame.mean().abs().to_numpy(), frame.std().to_numpy()
    known = sd > 0
    return bool(known.any()) and float((mean[known] < EXACT * sd[known]).mean()) > 0.95


def neighbour_correlation(data: SplitData) -> float:
    """Return how features of a trial's windows correlate with the next window's, a median.

    Each trial's mean is taken off first. NaN where no trial has three windows.
    """
    order = np.lexsort((np.arange(data.n) if data.onset is None else data.onset, data.trial))
    trial = data.trial[order]
    flat = data.x.reshape(data.n, -1)[order].astype(np.float64)
    flat = flat - pd.DataFrame(flat).groupby(trial).transform("mean").to_numpy()
    next_ = trial[1:] == trial[:-1]
    if np.bincount(trial).max() < 3:
        return np.nan
    power = (flat**2).mean(axis=0)
    product = (flat[1:][next_] * flat[:-1][next_]).mean(axis=0)
    return float(np.median(product[power > 0] / power[power > 0])) if (power > 0).any() else np.nan
