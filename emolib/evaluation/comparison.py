"""Comparisons of two networks, corrections for many tests, and the cluster test on maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse, stats

from emolib.errors import DataError
from emolib.evaluation.bootstrap import (
    TrialCounts,
    nanmean,
    percentiles,
    subject_fold_scores,
    subject_means,
    trial_bootstrap,
    two_way_bootstrap,
    two_way_scores,
)
from emolib.evaluation.permutation import ALPHA
from emolib.evaluation.scores import RESAMPLES, count_correct

CLUSTER_PERMUTATIONS = 4999
MIN_SEEDS = 3  # of each side of a comparison, for an interval
MIN_TRIALS = 10  # of a class, for the cluster test


def holm(p: Sequence[float]) -> np.ndarray:
    """Adjust p values so that one false rejection among all is held to the level.

    ``p_(i)' = max_{j <= i} min(1, (n - j + 1) p_(j))`` (Holm 1979).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p, float)
    order = np.argsort(p)
    adjusted = np.maximum.accumulate(np.minimum(1, p[order] * (len(p) - np.arange(len(p)))))
    return adjusted[np.argsort(order)]


@dataclass(frozen=True, eq=False)
class Comparison:
    """The difference of two networks or protocols, second less first, subject by subject.

    Attributes
    ----------
    by_subject : pandas.DataFrame, one row per subject
        Columns ``first``, ``second`` and ``difference``: trial balanced accuracy, averaged over
        folds and training seeds; NaN for a subject without a fold that holds all classes.
    low, high : float
        The 95 % interval of the mean difference; NaN where there is none.
    n_seeds : int
    """

    by_subject: pd.DataFrame
    low: float
    high: float
    n_seeds: int

    @property
    def value(self) -> float:
        """The mean difference over the subjects that have one."""
        return float(self.by_subject["difference"].mean())


def compare(
    first: Sequence[TrialCounts],
    second: Sequence[TrialCounts],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Comparison:
    """Compare two networks, stages or protocols by trial balanced accuracy.

    The interval of several subjects is that of a two-way bootstrap of subjects and stimuli, and
    needs `MIN_SEEDS` training seeds, since a network's score moves with its seed: with fewer the
    difference is descriptive. That of one subject comes from a bootstrap of the trials within each
    class; it is too narrow. Both take the fitted networks as given.

    Parameters
    ----------
    first, second : sequence of TrialCounts, one per training seed
        From `counts_by_seed`.
    resamples, seed : int
        Of the bootstrap.

    Returns
    -------
    Comparison

    Raises
    ------
    DataError
        The two have not as many seeds, or do not hold the same subjects, stimuli and trials.

    Examples
    --------
    >>> one = pd.DataFrame({"protocol": "trial_grouped", "fold": 0, "stage": "pooled",
    ...     "subject": "sub-01", "trial": [1, 2, 3, 4], "window": 0, "task": "valence",
    ...     "label": [0, 0, 1, 1], "probability": [0.1, 0.6, 0.3, 0.9]})
    >>> other = one.assign(probability=[0.1, 0.2, 0.3, 0.9])
    >>> key = ("trial_grouped", "pooled", "valence")
    >>> compare(counts_by_seed(one)[key], counts_by_seed(other)[key]).value
    0.25
    """
    if len(first) != len(second):
        raise DataError(
            "predictions",
            f"have {len(first)} training seeds on one side and {len(second)} on the other.",
            "Train both with the same seeds.",
        )
    for counts in (*first, *second):
        for name in ("subject", "stimulus", "trial"):
            if set(getattr(counts, name)) != set(getattr(first[0], name)):
                raise DataError(
                    "predictions", f"do not hold the same {name} values.", "Compare like with like."
                )
    means = [pd.concat(map(subject_means, each), axis=1).mean(axis=1) for each in (first, second)]
    by_subject = pd.DataFrame({"first": means[0], "second": means[1]})
    by_subject["difference"] = by_subject["second"] - by_subject["first"]
    low, high = np.nan, np.nan
    if len(by_subject) == 1 or len(first) >= MIN_SEEDS:
        resampled = _resampled(second, resamples, seed) - _resampled(first, resamples, seed)
        low, high = percentiles(resampled)
    return Comparison(by_subject, low, high, len(first))


def counts_by_seed(predictions: pd.DataFrame) -> dict[tuple[str, str, str], list[TrialCounts]]:
    """Count the right predictions of each training seed, by (protocol, stage, task).

    The column ``repeat`` of the predictions tells seeds apart; without it there is one.
    """
    if "repeat" not in predictions:
        predictions = predictions.assign(repeat=0)
    found: dict[tuple[str, str, str], list[TrialCounts]] = {}
    for _, own in predictions.groupby("repeat", sort=True):
        for key, counts in count_correct(own).items():
            found.setdefault(key, []).append(counts)
    return found


def _resampled(several: Sequence[TrialCounts], resamples: int, seed: int) -> np.ndarray:
    """Score each resample of trials (one subject) or of subjects and stimuli, mean over seeds."""
    subjects, values = np.unique(several[0].subject), []
    for counts in several:  # with the same seed all of them have the same resamples
        scores = subject_fold_scores(counts)
        if len(subjects) == 1:
            weights = trial_bootstrap(counts, subjects[0], resamples, seed)
            values.append(nanmean(scores.values(weights)))
        else:
            weights = two_way_bootstrap(counts, resamples, seed)
            values.append(two_way_scores(counts, scores, *weights))
    return np.mean(values, axis=0)


@dataclass(frozen=True, eq=False)
class ClusterTest:
    """Whether two groups of trials differ somewhere.

    Attributes
    ----------
    p : float
        Of "some difference somewhere"; a cluster's edge locates nothing.
    t : numpy.ndarray, (n_bands, n_channels)
        Pooled-variance t, high less low.
    clusters : list of numpy.ndarray of bool, (n_bands, n_channels)
        Those with p below .05, two-sided.
    n_low, n_high : int
    """

    p: float
    t: np.ndarray
    clusters: list[np.ndarray]
    n_low: int
    n_high: int


def cluster_test(
    power: np.ndarray,
    labels: np.ndarray,
    channel_adjacency: sparse.spmatrix,
    *,
    n_permutations: int = CLUSTER_PERMUTATIONS,
    seed: int = 0,
) -> ClusterTest | None:
    """Compare one subject's trials of high and low class, all bands and channels at once.

    MNE's own two-sided form keeps the signed maximum, and rejects at 11.7 % for a nominal
    5 %; so each side is tested for itself, and the smaller p doubled.

    Parameters
    ----------
    power : numpy.ndarray, (n_trials, n_bands, n_channels)
        Mean log power of each trial, without baseline subtraction and without the window's
        z-score: a z-score over channels turns more muscle gamma into less alpha.
    labels : numpy.ndarray of int, (n_trials,)
        0 low, 1 high, -1 missing.
    channel_adjacency : sparse matrix, (n_channels, n_channels)
    n_permutations, seed : int

    Returns
    -------
    ClusterTest or None
        None where a class has fewer than `MIN_TRIALS` trials.
    """
    # Imported here: MNE's statistics take a second that scores need not wait for.
    from mne.stats import combine_adjacency, permutation_cluster_test, ttest_ind_no_p

    low, high = (np.asarray(power)[np.asarray(labels) == c] for c in (0, 1))
    if min(len(low), len(high)) < MIN_TRIALS:
        return None
    threshold = stats.t.ppf(0.975, len(low) + len(high) - 2)
    adjacency = combine_adjacency(low.shape[1], channel_adjacency)

    smallest, found = 1.0, []
    for groups in ([high, low], [low, high]):
        _, clusters, p, _ = permutation_cluster_test(
            groups,
            threshold=threshold,
            n_permutations=n_permutations,
            tail=1,
            stat_fun=ttest_ind_no_p,
            adjacency=adjacency,
            out_type="mask",
            rng=seed,
            buffer_size=None,
            verbose="error",
        )
        smallest = min([smallest, *p])
        found += [mask for mask, own in zip(clusters, p, strict=True) if 2 * own < ALPHA]
    t = ttest_ind_no_p(high, low)
    return ClusterTest(min(1.0, 2 * smallest), t, found, len(low), len(high))
