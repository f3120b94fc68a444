"""Corrections, comparisons and clusters: by hand, as laws, and on nulls."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse, stats

from emolib.errors import DataError
from emolib.evaluation.bootstrap import TrialCounts
from emolib.evaluation.comparison import cluster_test, compare, holm


@settings(max_examples=20)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=9), st.randoms())
def test_the_correction_is_monotone_and_ignores_the_order(p, random):
    adjusted = holm(p)
    assert (adjusted >= np.array(p) - 1e-12).all()
    assert (adjusted <= 1).all()
    order = list(range(len(p)))
    random.shuffle(order)
    np.testing.assert_allclose(holm([p[i] for i in order]), adjusted[order])
    assert (adjusted >= stats.false_discovery_control(p) - 1e-12).all()


def counts_of(right: np.ndarray) -> TrialCounts:
    """Trial hits of (subject, stimulus), half of each class, in one fold."""
    subject, stimulus = (index.ravel() for index in np.indices(right.shape))
    n = np.ones(right.size)
    counts = right.ravel().astype(float)
    names = np.array([f"s{s}" for s in subject])
    fold = np.zeros(right.size, int)
    return TrialCounts(
        names, stimulus, stimulus, fold, stimulus % 2, {"trial": counts}, {"trial": n}, 2, fold
    )


def test_a_comparison_by_hand():
    rng = np.random.default_rng(0)
    base = rng.random((10, 20)) < 0.6
    worse = [counts_of(base)] * 3
    better = [counts_of(np.ones_like(base))] * 3
    found = compare(worse, better, resamples=300)
    expected = 1 - (base[:, ::2].mean(axis=1) + base[:, 1::2].mean(axis=1)) / 2
    assert found.value == pytest.approx(expected.mean())
    assert 0 < found.low < found.value < found.high
    nothing = compare(worse, worse, resamples=50)
    assert (nothing.value, nothing.low, nothing.high) == (0, 0, 0)


def test_fewer_than_three_seeds_are_descriptive():
    one = counts_of(np.ones((3, 4)))
    found = compare([one] * 2, [one] * 2)
    assert found.by_subject["difference"].tolist() == [0, 0, 0]
    assert np.isnan([found.low, found.high]).all()


def test_one_subject_has_an_interval_from_its_trials():
    rng = np.random.default_rng(0)
    right = rng.random((1, 40)) < 0.5
    found = compare([counts_of(right)], [counts_of(np.ones_like(right))], resamples=500)
    assert 0 < found.low < found.value < found.high < 1
    assert found.n_seeds == 1


def test_both_sides_have_the_same_seeds():
    one = counts_of(np.ones((3, 4)))
    with pytest.raises(DataError, match="same seeds"):
        compare([one] * 2, [one] * 3)


def test_a_comparison_needs_the_same_subjects():
    one = counts_of(np.ones((3, 4)))
    other = replace(one, subject=np.char.add("x", one.subject))
    with pytest.raises(DataError, match="do not hold the same subject"):
        compare([one] * 3, [other] * 3)


RING = sparse.csr_matrix(np.roll(np.eye(8), 1, 0) + np.roll(np.eye(8), -1, 0))


def test_a_cluster_is_found_where_there_is_one():
    rng = np.random.default_rng(0)
    power, labels = rng.normal(size=(40, 2, 8)), np.arange(40) % 2
    power[labels == 1, 1, 2:5] -= 1.5
    found = cluster_test(power, labels, RING, n_permutations=199)
    assert found.p <= 0.02
    assert found.t[1, 3] < -3
    (mask,) = found.clusters
    assert mask[1, 2:5].all()
    assert not mask[0].any()
    assert (found.n_low, found.n_high) == (20, 20)


@pytest.mark.slow
def test_the_cluster_test_holds_its_level():
    """40 nulls: binomial(40, .05) is below 7 with probability .997."""
    rng = np.random.default_rng(1)
    labels = np.arange(24) % 2
    p = [
        cluster_test(rng.normal(size=(24, 2, 8)), labels, RING, n_permutations=39, seed=i).p
        for i in range(40)
    ]
    assert sum(value <= 0.05 for value in p) < 7


def test_few_trials_are_not_tested():
    labels = np.array([0] * 30 + [1] * 9 + [-1] * 5)
    assert cluster_test(np.zeros((44, 1, 8)), labels, RING) is None
