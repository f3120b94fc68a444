"""Levels: variance splits into person, trial and window; each step does what it says to each."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import xarray as xr
from scipy.signal import unit_impulse
from scipy.special import polygamma

from emolib.errors import DataError
from emolib.evaluation.variance import variance_components
from emolib.features.bands import BANDS, band_pass
from emolib.features.baseline import BASELINES
from emolib.features.extraction import NORMALISATIONS, FeatureSettings, extract_features
from emolib.features.windows import differential_entropy
from emolib.lessons.levels import (
    chance_parts,
    fate,
    independent_values,
    remove_and_normalise,
    rest_slope,
    resting_features,
)

RNG = np.random.default_rng(0)
SETTINGS = FeatureSettings(kinds=("de",), baseline="subtract", normalise="none")


@pytest.mark.parametrize("band", BANDS, ids=lambda band: band.name)
def test_the_scatter_of_entropy_follows_from_the_filter(band):
    n_samples = 64
    noise = np.random.default_rng(1).normal(size=(4000, 4 * n_samples))
    windows = band_pass(noise, 128, band)[:, -n_samples:]  # the filter has long started
    n = independent_values(band_pass(unit_impulse(1280), 128, band), n_samples)
    expected = 0.5 * np.sqrt(polygamma(1, n / 2))
    assert differential_entropy(windows).std() == pytest.approx(expected, rel=0.07)
    assert n == pytest.approx(2 * (band.high_hz - band.low_hz) * 0.5, rel=0.45)  # the rule of thumb


def test_independent_values_of_a_moving_average_solved_by_hand():
    # h = (1, 1): r = (2, 1, 0); three samples: (3 * 2)^2 over 3 * 2^2 + 4 * 1^2.
    assert independent_values(np.ones(2), 3) == pytest.approx(36 / 16)


def recording(n_trials: int = 3, n_channels: int = 4) -> xr.Dataset:
    """Noise in which each trial and each rest has its own strength; trial numbers not in order."""
    strength = RNG.uniform(5, 20, (2, n_trials, n_channels, 1))
    return xr.Dataset(
        {
            "eeg": (("trial", "channel", "time"), strength[0] * RNG.normal(size=(3, 4, 640))),
            "baseline": (
                ("trial", "channel", "baseline_time"),
                strength[1] * RNG.normal(size=(3, 4, 384)),
            ),
        },
        {"trial": [7, 2, 5], "channel": ["F3", "F4", "P3", "P4"]},
        {"sfreq": 128.0, "dataset": "noise", "subject": "sub-01"},
    )


@pytest.mark.parametrize(("baseline", "normalise"), list(product(BASELINES, NORMALISATIONS)))
def test_the_steps_are_those_of_the_features(baseline, normalise):
    noise, settings = recording(), FeatureSettings(baseline=baseline, normalise=normalise)
    raw = extract_features(noise, replace(settings, baseline="none", normalise="none"))
    given = remove_and_normalise(
        raw["feature"].to_numpy(), raw["trial"].to_numpy(), resting_features(noise, settings),
        settings,
    )  # fmt: skip
    expected = extract_features(noise, settings)["feature"].to_numpy()
    assert np.allclose(given, expected, rtol=1e-4, atol=1e-4)  # the stored features are float32


def test_a_recording_without_rest_has_none_to_subtract():
    noise = recording().drop_vars("baseline")
    assert resting_features(noise, SETTINGS) is None
    with pytest.raises(DataError, match="0 are given for 2 trials"):
        remove_and_normalise(np.ones((4, 1, 4, 2)), np.array([1, 1, 2, 2]), None, SETTINGS)


def test_noise_has_the_shares_that_chance_gives():
    subject, trial = np.repeat(["a", "b"], 60), np.tile(np.repeat(np.arange(12), 5), 2)
    shares = variance_components(RNG.normal(size=(120, 4000)), subject, trial).shares
    assert shares == pytest.approx(chance_parts(subject, trial), abs=0.003)
    assert chance_parts(subject, trial) == pytest.approx((1 / 119, 22 / 119, 96 / 119))


@pytest.mark.parametrize("gain", [0.0, 0.5, 1.0])
def test_the_slope_foretells_what_subtraction_does_to_the_trials(gain):
    rest = RNG.normal(size=(12, 4, 5))
    trial = gain * rest + RNG.normal(size=rest.shape)
    slope = rest_slope(trial, rest)
    assert slope == pytest.approx(gain, abs=0.2)
    before, of_rest, after = (x.var(axis=0).sum() for x in (trial, rest, trial - rest))
    assert after == pytest.approx(before + of_rest * (1 - 2 * slope), rel=1e-12)


def test_a_noisy_vector_shared_by_a_trials_windows_is_a_trials_level():
    """Independent windows of variance 1: a mean of B of them adds 1 / B between trials."""
    n_rest, trial = 4, np.repeat(np.arange(40), 30)
    values = RNG.normal(size=(len(trial), 1, 4, 50))
    rest = RNG.normal(size=(40, n_rest, 1, 4, 50))
    after = remove_and_normalise(values, trial, rest, SETTINGS)
    after = variance_components(after, np.zeros(len(trial)), trial).mean()
    before = variance_components(values, np.zeros(len(trial)), trial).mean()
    assert after.window == pytest.approx(before.window, rel=1e-12)
    assert after.trial - before.trial == pytest.approx(1 / n_rest, rel=0.05)


WINDOWS, RESTS, ONE = np.ones(6, bool), np.ones(2, bool), np.eye(5)[1]
FIRST, FIRST_REST = np.arange(6) < 3, np.arange(2) < 1


@pytest.mark.parametrize(
    ("windows", "rests", "pattern", "fates"),
    [  # what none, subtract, window and subject make of it
        (WINDOWS, RESTS, ONE, ("stays", "gone", "stays and spreads", "gone")),
        # where all values are changed, there is nowhere left to spread to
        (WINDOWS, RESTS, ONE + 1, ("stays", "gone", "stays", "gone")),
        (WINDOWS, RESTS, np.ones(5), ("stays", "gone", "gone", "gone")),
        (FIRST, FIRST_REST, ONE, ("stays", "gone", "stays and spreads", "stays and spreads")),
        (FIRST, FIRST_REST, np.ones(5), ("stays", "gone", "gone", "stays and spreads")),
        (FIRST, ~RESTS, ONE, ("stays", "stays", "stays and spreads", "stays and spreads")),
        (FIRST, ~RESTS, np.ones(5), ("stays", "stays", "gone", "stays and spreads")),
        (~WINDOWS, FIRST_REST, ONE, ("gone", "spreads", "gone", "gone")),
    ],
)  # fmt: skip
def test_what_becomes_of_an_added_constant(windows, rests, pattern, fates):
    trial = np.repeat([1, 2], 3)
    values, rest = RNG.normal(size=(6, 1, 4, 5)), RNG.normal(size=(2, 4, 1, 4, 5))
    more = np.broadcast_to(windows[:, None, None, None] * pattern, values.shape)
    more_rest = rests[:, None, None, None, None] * pattern
    steps = [("none", "none"), ("subtract", "none"), ("none", "window"), ("none", "subject")]
    for (baseline, normalise), expected in zip(steps, fates, strict=True):
        settings = replace(SETTINGS, baseline=baseline, normalise=normalise)
        before = remove_and_normalise(values, trial, rest, settings)
        after = remove_and_normalise(values + more, trial, rest + more_rest, settings)
        assert fate(before, after, more != 0) == expected, settings
