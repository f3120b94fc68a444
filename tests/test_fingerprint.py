"""What a step estimated for each trial does to its windows: closed forms against simple draws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmarks.pseudo_trials import (
    REMOVALS,
    REPAIRS,
    NoiseSettings,
    expected_accuracy,
    mixing_of,
    pair_error,
    remove_baseline,
    shared_ratio,
    white_noise,
)
from benchmarks.trial_marks import (
    centred_accuracy,
    expected_ratio,
    information,
    predictions,
    shift_variance,
    window_variance,
)
from emolib.errors import SettingsError

SMALL = NoiseSettings(n_trials=20, n_channels=16, trial_seconds=10)
RNG = np.random.default_rng(0)
RHO = 0.433  # of six baseline windows and four bands


def test_the_variance_of_a_window_is_that_of_a_chi_squared_logarithm():
    measured = white_noise(SMALL).trial.var(axis=1, ddof=1).mean(axis=(0, 2))
    np.testing.assert_allclose(measured, window_variance(), rtol=0.1)


@pytest.mark.parametrize("repair", REPAIRS)
def test_the_shift_of_a_repair_is_that_of_the_power_that_it_leaves(repair):
    mixings = np.array([mixing_of(repair, 32, RNG) for _ in range(3000)])
    shift = np.log((mixings**2).sum(axis=2)) / 2  # of DE, for white noise of variance 1
    assert shift.var(axis=0).mean() == pytest.approx(shift_variance(repair, 32), rel=0.03)


def test_a_repair_takes_out_what_it_says():
    mixing = mixing_of("directions", 16, RNG)
    np.testing.assert_allclose(mixing @ mixing, mixing, atol=1e-12)  # a projection
    assert np.trace(mixing) == pytest.approx(16 - 4)
    mixing = mixing_of("channels", 16, RNG)
    np.testing.assert_allclose(mixing.sum(axis=1), 1)
    changed = np.flatnonzero(np.diag(mixing) == 0)
    assert len(changed) == 2 and not mixing[:, changed].any()  # nothing else uses them


@pytest.mark.parametrize("step", ["own", "divide", "zscore", "another", "mean", "own_trial"])
def test_the_ratio_of_a_removal_is_measured_as_predicted(step):
    measured = shared_ratio(remove_baseline(white_noise(SMALL), step))
    assert measured == pytest.approx(expected_ratio(step, SMALL), abs=0.1)


def test_information_is_the_divergence_between_trials_as_drawn():
    n, n_pairs = 12, 200_000  # of so many baseline windows the mean converges
    rest = RNG.normal(size=(n_pairs, 2, n))
    level, scale = rest.mean(axis=2), rest.std(axis=2)
    mean, sd = -level / scale, 1 / scale  # of z-scored windows, in each of two trials
    ratio, apart = (sd[:, 0] / sd[:, 1]) ** 2, ((mean[:, 0] - mean[:, 1]) / sd[:, 1]) ** 2
    longer = NoiseSettings(baseline_seconds=n / 2)
    expected = information("zscore", longer)
    assert np.mean((ratio + apart - 1 - np.log(ratio)) / 2) == pytest.approx(expected, rel=0.02)
    subtracted = (level[:, 0] - level[:, 1]) ** 2 / 2
    assert subtracted.mean() == pytest.approx(information("own", longer), rel=0.02)
    assert information("zscore", NoiseSettings(baseline_seconds=1.5)) == np.inf


def test_centring_puts_the_tested_windows_on_the_other_side():
    n_trials, n_windows, p, n_folds = 40, 40, 128, 5
    right = []
    for _ in range(4):
        x = RNG.normal(size=(n_trials, n_windows, p))
        x -= x.mean(axis=1, keepdims=True)
        label = RNG.permutation(np.arange(n_trials) % 2) * 2 - 1
        train, test = x[:, n_windows // n_folds :], x[:, : n_windows // n_folds]
        rows = train.reshape(-1, p)
        weights = np.linalg.lstsq(rows, label.repeat(train.shape[1]), rcond=None)[0]
        right.append((np.sign(test @ weights) == label[:, None]).mean())
    expected = centred_accuracy(p, n_trials, n_windows, n_folds)
    assert expected < 0.3 and np.mean(right) == pytest.approx(expected, abs=0.04)
    assert centred_accuracy(p, n_trials, 1e9, n_folds) == pytest.approx(0.5, abs=1e-3)


def test_predictions_name_every_step():
    table = predictions(NoiseSettings(), n_folds=5)
    assert table.index.tolist() == [*REMOVALS, *REPAIRS]
    assert table.loc["none"].tolist() == [0, 0, 0.5]
    assert table.loc["own", "ridge"] == table.loc["divide", "ridge"] > 0.7
    assert table.loc["own_trial", "ridge"] == stats.norm.cdf(-np.sqrt(4 * 128 / (120 * 40)))


# The formula


def test_formula_has_its_closed_form():
    # z = 1 where as many features as trials lie one standard deviation apart.
    assert expected_accuracy(1.0, 40, 40) == pytest.approx(stats.norm.cdf(1))
    assert expected_accuracy(0.0, 128, 40) == 0.5
    assert expected_accuracy(0.0, 128, 40, n_windows=96) == 0.5
    # .78 and "about 3e-4" of SIMULATION
    assert round(expected_accuracy(RHO, 128, 40), 2) == 0.78
    assert round(pair_error(RHO, 128), 4) == 0.0003
    assert pair_error(1.0, 2) == pytest.approx(stats.norm.cdf(-1))


def test_refined_formula_tends_to_the_simple_one():
    # Vectors at right angles (rho small, m kept) and windows without number.
    for m in (0.1, 1.0, 5.0):
        refined = expected_accuracy(1e-4, round(m * 1e8), 1, n_windows=1e14)
        assert refined == pytest.approx(stats.norm.cdf(np.sqrt(m)), abs=1e-4)


def test_refined_formula_solves_its_equation():
    rho, p, n_trials = 0.8, 60, 40
    z = stats.norm.ppf(expected_accuracy(rho, p, n_trials, n_windows=1e12))
    assert z**2 * (1 + rho**2 / (1 + z**2)) == pytest.approx(rho**2 * p / n_trials)
    fewer = [expected_accuracy(rho, p, n_trials, n_windows=w) for w in (2, 20, 200)]
    assert 0.5 < fewer[0] < fewer[1] < fewer[2] < stats.norm.cdf(z)


# Measured with `formula_scores` at full size, means of four draws; beside it what SIMULATION has.
@pytest.mark.parametrize(
    ("n_trials", "n_channels", "rho", "measured", "simulation"),
    [
        (10, 32, 0.432, 0.909, 0.886),
        (40, 32, 0.431, 0.745, 0.747),
        (160, 32, 0.431, 0.634, 0.632),
        (40, 4, 0.424, 0.593, 0.578),
        (40, 64, 0.430, 0.820, 0.829),
        (40, 32, 1.106, 0.953, 0.944),  # a baseline of 0.5 s
        (40, 32, 0.213, 0.622, 0.622),  # of 12 s
        (40, 32, 0.070, 0.534, 0.521),  # of 120 s
    ],
)
def test_refined_formula_meets_what_was_measured(n_trials, n_channels, rho, measured, simulation):
    expected = expected_accuracy(rho, 4 * n_channels, n_trials, n_windows=96)
    assert expected == pytest.approx(measured, abs=0.02)
    assert expected == pytest.approx(simulation, abs=0.03)


def test_refined_formula_needs_more_windows_than_features():
    with pytest.raises(SettingsError, match=r"n_windows: got 3: 40 trials .* 128.*more than 3.2"):
        expected_accuracy(RHO, 128, 40, n_windows=3)
