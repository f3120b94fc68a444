"""Comparisons, corrections for many tests, and the cluster test on maps: METHOD section 8."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse, stats

from emolib.errors import DataError, SettingsError
from emolib.evaluation.bootstrap import (
    TrialCounts,
    percentiles,
    subject_fold_scores,
    subject_means,
    two_way_bootstrap,
    two_way_scores,
)
from emolib.evaluation.permutation import ALPHA
from emolib.evaluation.scores import RESAMPLES

CLUSTER_PERMUTATIONS = 4999
MIN_SEEDS = 3  # of each side of a comparison
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
    result = np.empty_like(p)
    result[order] = adjusted
    return result


def benjamini_hochberg(p: Sequence[float]) -> np.ndarray:
    """Adjust p values so that the share of false ones among the rejected is held to the level.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    return stats.false_discovery_control(p, method="bh")


@dataclass(frozen=True)
class Comparison:
    """Paired differences of subjects, second less first.

    Attributes
    ----------
    value, low, high : float
        The mean difference, and its two-way bootstrap interval.
    wilcoxon_p : float
        Of the subjects' differences; descriptive only.
    n_subjects, n_seeds : int
    """

    value: float
    low: float
    high: float
    wilcoxon_p: float
    n_subjects: int
    n_seeds: int


def compare(
    first: Sequence[TrialCounts],
    second: Sequence[TrialCounts],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Comparison:
    """Compare two stages or protocols by trial balanced accuracy.

    Parameters
    ----------
    first, second : sequence of TrialCounts
        From `emolib.evaluation.count_correct`, one for each training seed, at least three: a
        network's score moves with its seed.
    resamples, seed : int

    Returns
    -------
    Comparison

    Raises
    ------
    SettingsError
        There are fewer than three seeds.
    DataError
        The two do not hold the same subjects and stimuli.
    """
    if min(len(first), len(second)) < MIN_SEEDS:
        raise SettingsError(
            "training seeds",
            f"got {len(first)} and {len(second)}.",
            f"Give {MIN_SEEDS} or more.",
        )
    one = first[0]
    for counts in (*first, *second):
        for name in ("subject", "stimulus"):
            if set(getattr(counts, name)) != set(getattr(one, name)):
                raise DataError(
                    "predictions", f"do not hold the same {name} values.", "Compare like with like."
                )
    draws = two_way_bootstrap(one, resamples, seed)

    def resampled(several: Sequence[TrialCounts]) -> np.ndarray:
        return np.mean(
            [two_way_scores(counts, subject_fold_scores(counts), *draws) for counts in several],
            axis=0,
        )

    def by_subject(several: Sequence[TrialCounts]) -> np.ndarray:
        return np.mean([subject_means(counts) for counts in several], axis=0)

    differences = by_subject(second) - by_subject(first)
    known = differences[~np.isnan(differences)]
    low, high = percentiles(resampled(second) - resampled(first))
    p = 1.0 if not known.any() else float(stats.wilcoxon(known).pvalue)
    return Comparison(float(known.mean()), low, high, p, len(known), len(first))


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


def pooled_t(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Student's t of two groups with one variance, first less second.

    What `scipy.stats.ttest_ind` gives, without its p: permutations ask for it ten thousand
    times, and it takes more than ten times as long.

    Parameters
    ----------
    first, second : numpy.ndarray, (n_trials, ...)
        Of different lengths, if need be.

    Returns
    -------
    numpy.ndarray, (...)

    Examples
    --------
    >>> pooled_t(np.array([1.0, 2.0, 3.0]), np.array([3.0, 4.0, 5.0])).round(4)
    np.float64(-2.4495)
    """
    n, m = len(first), len(second)
    squares = n * first.var(axis=0) + m * second.var(axis=0)
    error = np.sqrt(squares / (n + m - 2) * (1 / n + 1 / m))
    return (first.mean(axis=0) - second.mean(axis=0)) / error


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
        None where a class has fewer than 10 trials.
    """
    # Here, since MNE's statistics take a second to import that scores need not wait for.
    from mne.stats import combine_adjacency, permutation_cluster_test

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
            stat_fun=pooled_t,
            adjacency=adjacency,
            out_type="mask",
            rng=seed,
            buffer_size=None,
            verbose="error",
        )
        smallest = min([smallest, *p])
        found += [mask for mask, own in zip(clusters, p, strict=True) if 2 * own < ALPHA]
    return ClusterTest(min(1.0, 2 * smallest), pooled_t(high, low), found, len(low), len(high))
