"""Correlations of windows: processes whose correlation is known, and noise through a filter."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from emolib.errors import DataError, SettingsError
from emolib.features.bands import BANDS, Band, band_pass
from emolib.features.windows import band_energy, cut_windows
from emolib.lessons.time_structure import effective_windows, noise_correlation, window_correlation


def test_a_first_order_process_has_powers_of_its_coefficient():
    rng = np.random.default_rng(0)
    values = lfilter([1], [1, -0.6], rng.normal(size=(20, 3000)), axis=1)[:, 1000:].reshape(-1, 1)
    found = window_correlation(values, np.repeat(np.arange(20), 2000), 4)
    np.testing.assert_allclose(found, 0.6 ** np.arange(5), atol=0.02)


def test_what_a_trial_shares_counts_about_all_and_not_about_the_trial():
    """A state of variance 3 shared by a trial's windows, and noise of variance 1: 3 / 4."""
    rng = np.random.default_rng(1)
    trial = np.repeat(np.arange(400), 20)
    values = np.sqrt(3) * rng.normal(size=(400, 8))[trial] + rng.normal(size=(8000, 8))
    np.testing.assert_allclose(
        window_correlation(values, trial, 5, about="all")[1:], 0.75, atol=0.03
    )
    np.testing.assert_allclose(window_correlation(values, trial, 5)[1:], -1 / 19, atol=0.02)


def test_windows_of_different_trials_are_never_paired():
    """Two trials that alternate; across the border the signs would agree."""
    values = np.array([1.0, -1, 1, -1, -1, 1, -1, 1])[:, None]
    trial = np.repeat([0, 1], 4)
    np.testing.assert_allclose(window_correlation(values, trial, 2), [1, -1, 1])


def test_trials_need_not_be_equally_long():
    values = np.array([1.0, -1, 1, -1, 2, -2])[:, None]
    found = window_correlation(values, np.array([0, 0, 0, 0, 1, 1]), 3)
    # Squares 1 1 1 1 4 4; products at lag 1 -1 -1 -1 -4, at lag 2 1 1, at lag 3 -1.
    np.testing.assert_allclose(found, np.array([2, -7 / 4, 1, -1]) / 2)


def test_more_lags_than_windows_are_refused():
    with pytest.raises(DataError, match="4 windows at most"):
        window_correlation(np.arange(4.0)[:, None], np.zeros(4), 4)


def test_a_column_that_never_changes_is_refused():
    with pytest.raises(DataError, match="never changes"):
        window_correlation(np.ones((4, 1)), np.zeros(4), 1)


@pytest.mark.parametrize("filtering", ["causal", "zero_phase"])
@pytest.mark.parametrize("band", BANDS, ids=lambda band: band.name)
def test_the_formula_for_noise_is_what_filtered_noise_shows(band, filtering):
    noise = np.random.default_rng(0).normal(size=(1500, 24 * 64))
    filtered = band_pass(noise, 128, band, filtering=filtering)
    energy = band_energy(cut_windows(filtered, 64))[:, 4:20]  # away from both ends
    energy = energy - energy.mean()
    measured = [(energy[:, : 16 - k] * energy[:, k:]).mean() for k in range(4)]
    formula = noise_correlation(128, band, 3, filtering=filtering)
    np.testing.assert_allclose(np.array(measured) / measured[0], formula, atol=0.02)


def test_a_narrower_band_remembers_longer():
    wide, narrow = (noise_correlation(128, Band("x", 10 - w, 10 + w), 3) for w in (4, 1))
    assert (narrow[1:3] > wide[1:3]).all()


def test_effective_windows_between_one_and_all():
    assert effective_windows(np.r_[1, np.zeros(5)], 6) == 6
    assert effective_windows(np.ones(6), 6) == pytest.approx(1)
    # A share a of the variance is common: 1 / (a + (1 - a) / n).
    assert effective_windows(np.r_[1, np.full(5, 0.5)], 6) == pytest.approx(1 / (0.5 + 0.5 / 6))
    with pytest.raises(SettingsError, match="correlation"):
        effective_windows([1, 0.5], 3)
