"""Cohorts without an effect: what is in them, and how many rejections fit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from emolib.evaluation.nulls import NULLS, null_cohort, rejection_band


def agreement(table) -> float:
    """How often two subjects give one stimulus the same label; 1/2 if labels are independent."""
    share = table.groupby("stimulus")["valence"].mean()
    return float((share**2 + (1 - share) ** 2).mean())


@pytest.mark.parametrize("kind", NULLS)
def test_a_null_has_the_structure_of_its_name(kind):
    x, table = null_cohort(kind, np.random.default_rng(0), n_subjects=400, n_features=3)
    assert (table.groupby("subject").size() == 40).all()
    # Eight of ten labels follow the stimulus and half of the others do by chance: .9^2 + .1^2.
    expected = {"independent": 0.5}.get(kind, 0.82)
    assert agreement(table) == pytest.approx(expected, abs=0.01)
    # What all subjects share of a stimulus, beside noise of variance 1.
    shared = np.stack([x[table["stimulus"] == s].mean(axis=0) for s in range(40)]).std()
    assert shared == pytest.approx(0.5 if kind == "stimulus_locked" else 0.05, abs=0.1)


def test_the_response_to_a_stimulus_is_unrelated_to_its_label():
    of_cohorts = []
    for seed in range(60):
        x, table = null_cohort("stimulus_locked", np.random.default_rng(seed), n_features=1)
        of_cohorts.append(np.corrcoef(x[:, 0], table["valence"])[0, 1])
    assert abs(np.mean(of_cohorts)) < 4 * np.std(of_cohorts) / np.sqrt(60)


@pytest.mark.parametrize(("n", "rate"), [(1000, 0.05), (200, 0.05), (6, 0.05), (50, 0.5)])
def test_the_band_is_the_narrowest_of_equal_tails(n, rate):
    low, high = rejection_band(n, rate=rate, coverage=0.95)
    of = stats.binom(n, rate)
    assert of.cdf(high) - of.cdf(low - 1) >= 0.95
    assert of.cdf(low - 1) <= 0.025 < of.cdf(low)
    assert of.sf(high) <= 0.025 < of.sf(high - 1)
