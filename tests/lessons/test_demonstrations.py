"""Baseline removal makes fingerprints: the formula's closed form, and small measured cohorts."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from synthetic import write_eegmat

from emolib.errors import DataError, SettingsError
from emolib.evaluation.linear import reference_predictions
from emolib.evaluation.scores import score
from emolib.lessons.demonstrations import (
    GAUSSIAN,
    LOOK_UP,
    N_FOLDS,
    fingerprint_scores,
    formula_scores,
    resting_scores,
    summary,
    white_noise_scores,
)
from emolib.lessons.protocol_plots import STEPS, beside_predictions
from emolib.lessons.pseudo_trials import (
    REMOVALS,
    REPAIRS,
    NoiseSettings,
    PseudoTrials,
    expected_accuracy,
    pair_error,
    remove_baseline,
    resting_trials,
    shared_ratio,
    white_noise,
)
from emolib.lessons.trial_marks import predictions

pytestmark = pytest.mark.slow

SMALL = NoiseSettings(n_trials=20, trial_seconds=15)
RHO = 0.433  # of six baseline windows and four bands, see SIMULATION


@pytest.fixture(scope="module")
def means():
    """Means over three small draws."""
    found = summary(white_noise_scores(3, SMALL))
    assert (found["n"] == 3).all()
    return found


@pytest.fixture(scope="module")
def small(means):
    """The same by (removal, model, protocol, metric)."""
    return means.set_index(["removal", "model", "protocol", "metric"])["mean"]


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


def test_formula_meets_a_fresh_measurement():
    row = formula_scores([NoiseSettings(n_trials=20, trial_seconds=30)], 2).iloc[0]
    assert row["rho"] == pytest.approx(RHO, abs=0.03)
    assert row["formula"] > row["formula_finite"]
    assert row["measured"] == pytest.approx(row["formula_finite"], abs=0.04)


# Removal and rho


def trials_of(n_trials=12, n_windows=5, seed=0):
    rng = np.random.default_rng(seed)
    shape = (4, 6)
    return PseudoTrials(
        "x", rng.normal(size=(n_trials, n_windows, *shape)), rng.normal(size=(n_trials, 6, *shape))
    )


def z(x):
    mean, sd = x.mean(axis=(2, 3), keepdims=True), x.std(axis=(2, 3), keepdims=True)
    return (x - mean) / sd


def test_removals_subtract_what_they_say():
    trials = trials_of()
    level = trials.rest.mean(axis=1)[:, None]
    np.testing.assert_allclose(remove_baseline(trials, "none"), z(trials.trial))
    np.testing.assert_allclose(remove_baseline(trials, "own"), z(trials.trial - level))
    np.testing.assert_allclose(
        remove_baseline(trials, "mean"), z(trials.trial - level.mean(axis=0))
    )


def test_another_trials_level_is_never_ones_own_and_each_is_used_once():
    trials = trials_of()
    level = trials.rest.mean(axis=1)
    given = remove_baseline(trials, "another", seed=3)
    users = []
    for i in range(len(level)):
        same = [np.allclose(given[i], z(trials.trial[[i]] - level[j])[0]) for j in range(12)]
        assert sum(same) == 1
        users.append(same.index(True))
    assert sorted(users) == list(range(12))
    assert all(i != j for i, j in enumerate(users))


def test_unknown_removal_is_named():
    with pytest.raises(SettingsError, match=r"'owm'.*Did you mean 'own'"):
        remove_baseline(trials_of(), "owm")


def test_rho_is_about_one_over_the_root_of_the_baseline_windows():
    noise = white_noise(SMALL)
    own = shared_ratio(remove_baseline(noise, "own"))
    assert 1 / np.sqrt(6) < own < 1 / np.sqrt(6) + 0.06  # the filter's memory adds a little
    assert shared_ratio(remove_baseline(noise, "none")) < 0.1
    longer = white_noise(NoiseSettings(n_trials=20, trial_seconds=15, baseline_seconds=12))
    assert shared_ratio(remove_baseline(longer, "own")) == pytest.approx(own / 2, abs=0.04)


def test_white_noise_is_the_same_for_a_seed_and_independent_of_its_baseline():
    one, again, other = white_noise(SMALL), white_noise(SMALL), white_noise(SMALL, seed=1)
    np.testing.assert_array_equal(one.trial, again.trial)
    assert not np.allclose(one.trial, other.trial)
    levels = [x.mean(axis=1) for x in (one.trial, one.rest)]  # (trial, band, channel)
    trial, rest = ((x - x.mean(axis=0)).ravel() for x in levels)
    assert abs(np.corrcoef(trial, rest)[0, 1]) < 0.1


# The demonstration


@pytest.mark.parametrize("removal", ["own", "divide", "zscore", "another", "channels"])
def test_a_noisy_level_of_each_trial_makes_noise_decodable(small, removal):
    assert small[removal, "ridge", "window_wise", "balanced_accuracy"] > 0.7
    assert small[removal, "nearest_neighbours", "window_wise", "balanced_accuracy"] > 0.8
    assert small[removal, LOOK_UP, "window_wise", "balanced_accuracy"] > 0.9
    assert small[removal, LOOK_UP, "window_wise", "trials_named"] > 0.85


@pytest.mark.parametrize("removal", ["none", "mean"])
def test_without_it_nothing_is_found(small, removal):
    for model in ("ridge", "nearest_neighbours", LOOK_UP):
        value = small[removal, model, "window_wise", "balanced_accuracy"]
        assert value == pytest.approx(0.5, abs=0.06)
    assert small[removal, LOOK_UP, "window_wise", "trials_named"] == pytest.approx(1 / 20, abs=0.04)


def test_each_step_marks_trials_as_predicted(means):
    expected = predictions(SMALL, N_FOLDS)
    table = beside_predictions(means, expected)
    assert table.index.tolist() == list(STEPS.values())
    off = (table["ratio, measured"] - table["ratio, predicted"]).abs()
    assert off.max() < 0.15 and off.median() < 0.07
    off = (table["ridge, measured"] - table["ridge, predicted"]).abs()
    assert off.max() < 0.1 and off.median() < 0.05
    centred = table.loc[STEPS["own_trial"]]
    assert centred["ridge, measured"] < 0.35  # the tested windows mirror the others
    assert centred["ridge, trial-grouped, measured"] == pytest.approx(0.5, abs=0.13)


def test_a_scale_of_each_trial_names_it_where_a_mean_does_less_well(small):
    named = {step: small[step, GAUSSIAN, "window_wise", "trials_named"] for step in STEPS}
    assert named["zscore"] > max(named["own"], named["divide"])
    assert max(named["none"], named["mean"], named["own_trial"]) < 0.15


@pytest.mark.parametrize("removal", [*REMOVALS, *REPAIRS])
@pytest.mark.parametrize("model", ["ridge", "nearest_neighbours"])
def test_with_whole_trials_held_out_nothing_is_found(small, removal, model):
    value = small[removal, model, "trial_grouped", "balanced_accuracy"]
    # One draw of 20 labels has a standard deviation of some .07; three are averaged.
    assert value == pytest.approx(0.5, abs=0.13)


def test_scores_are_tidy_and_the_same_again():
    choice = {"removals": ["own"], "models": ["ridge"], "look_up": False}
    noise = white_noise(NoiseSettings(n_trials=10, n_channels=4, trial_seconds=4))
    scores = fingerprint_scores(noise, **choice)
    assert scores.columns.tolist() == [
        "subject", "removal", "model", "protocol", "metric", "value",
    ]  # fmt: skip
    assert scores["protocol"].tolist() == ["window_wise", "trial_grouped"]
    assert scores["subject"].unique().tolist() == ["noise-00"]
    assert scores.equals(fingerprint_scores(noise, **choice))


def test_balanced_accuracy_is_that_of_all_scores(monkeypatch):
    seen = {}

    def keep(*given, **choice):
        seen["predictions"] = reference_predictions(*given, **choice)
        return seen["predictions"]

    monkeypatch.setattr("emolib.lessons.demonstrations.reference_predictions", keep)
    noise = white_noise(NoiseSettings(n_trials=10, n_channels=4, trial_seconds=4))
    choice = {"removals": ["own"], "models": ["ridge"], "look_up": False}
    (value,) = fingerprint_scores(noise, protocols=["window_wise"], **choice)["value"]
    scores = score(seen["predictions"], resamples=0)
    whole = scores[scores["subject"].isna() & scores["fold"].isna()].set_index("metric")
    assert value == pytest.approx(whole.loc["window_balanced_accuracy", "value"])


def test_too_few_trials_are_refused():
    with pytest.raises(DataError, match=r"x: has 8 trials; .* need 10"):
        fingerprint_scores(trials_of(8))
    with pytest.raises(SettingsError, match=r"n_trials: got 9"):
        NoiseSettings(n_trials=9)


# Real EEG


def test_rest_is_cut_into_a_baseline_and_a_trial_each(tmp_path):
    root = write_eegmat(tmp_path, 1, rest_seconds=31, arithmetic_seconds=16)
    trials = resting_trials(root, "sub-00")
    assert trials.trial.shape[:3] == (2, 24, 4)  # 12 s of 31 s, twice
    assert trials.rest.shape[:3] == (2, 6, 4)
    assert trials.name == "sub-00"


def test_a_baseline_shorter_than_a_window_is_refused(tmp_path):
    with pytest.raises(SettingsError, match=r"baseline_seconds: got 0.2.*from 0.5 to 60"):
        resting_trials(tmp_path, "sub-00", baseline_seconds=0.2)


def test_people_at_rest_have_fingerprints_too():
    root = Path(os.environ.get("EMOLIB_DATA", "")) / "eegmat"
    if not any(root.glob("Subject*.edf")):
        pytest.skip("the eegmat recordings are not below EMOLIB_DATA")
    scores = summary(resting_scores(root, ["sub-00", "sub-03"], models=["ridge"], look_up=False))
    value = scores.set_index(["removal", "protocol"])["mean"]
    assert value["own", "window_wise"] > value["none", "window_wise"] + 0.1
    assert value["own", "window_wise"] > value["mean", "window_wise"] + 0.1
    assert value["own", "trial_grouped"] < value["own", "window_wise"] - 0.1
