"""What a step estimated for each trial does to its windows: closed forms against simple draws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from emolib.lessons.pseudo_trials import (
    REMOVALS,
    REPAIRS,
    NoiseSettings,
    mixing_of,
    remove_baseline,
    shared_ratio,
    white_noise,
)
from emolib.lessons.trial_marks import (
    centred_accuracy,
    expected_ratio,
    information,
    predictions,
    shift_variance,
    window_variance,
)

SMALL = NoiseSettings(n_trials=20, n_channels=16, trial_seconds=10)
RNG = np.random.default_rng(0)


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
