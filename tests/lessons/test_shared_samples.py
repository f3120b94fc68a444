"""Overlapping windows and smoothing: what they share, and what it gives away."""

from __future__ import annotations

import numpy as np
import pytest

from emolib.lessons.shared_samples import (
    expected_accuracy,
    log_power,
    neighbour_scores,
    smoothed,
)


def neighbours_alike(x):
    """Correlation of each window's feature with the next, mean of trials and features."""
    x = x - x.mean(axis=1, keepdims=True)
    return ((x[:, 1:] * x[:, :-1]).mean(axis=1) / (x**2).mean(axis=1)).mean()


def test_overlapping_windows_correlate_by_what_they_share():
    noise = np.random.default_rng(0).normal(size=(20, 4, 16_000))
    for step, shared in ((200, 0.0), (100, 0.5), (50, 0.75)):
        assert neighbours_alike(log_power(noise, 200, step)) == pytest.approx(shared, abs=0.03)


def test_a_moving_average_is_a_longer_window_that_overlaps():
    rng = np.random.default_rng(1)
    x = smoothed(rng.normal(size=(20, 800, 4)), 5)
    assert x.shape == (20, 796, 4)
    assert neighbours_alike(x) == pytest.approx(0.8, abs=0.02)
    power = rng.exponential(size=(2, 12, 3))
    np.testing.assert_allclose(smoothed(power, 4)[:, 2], power[:, 2:6].mean(axis=1))


def test_the_prediction_has_its_limits_and_rises_with_what_is_shared():
    assert expected_accuracy(1.0, 8, 1000) == 1
    # One window of another trial against one of the own, all alike: each is nearer half the time.
    assert expected_accuracy(0.0, 8, 1) == pytest.approx(0.75, abs=1e-3)
    given = [expected_accuracy(alike, 8, 100) for alike in (0, 0.5, 0.75, 0.9)]
    assert given == sorted(given) and given[0] < 0.51


def test_shared_samples_give_a_random_label_away_unless_trials_are_held_out():
    cases = {
        "apart": (lambda noise: log_power(noise, 256, 256), 0.0),
        "overlapping": (lambda noise: log_power(noise, 256, 32), 7 / 8),
    }
    scores = neighbour_scores(cases)
    assert scores.loc["overlapping", "window-wise"] == pytest.approx(0.74, abs=0.04)
    assert scores.loc["apart", "window-wise"] == pytest.approx(0.5, abs=0.06)
    assert (scores["trial-grouped"] - 0.5).abs().max() < 0.1
    assert (scores["window-wise"] - scores["predicted"]).abs().max() < 0.08
