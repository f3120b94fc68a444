"""Baseline removal: each kind in closed form, what it needs, and what it must leave alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from emolib.errors import DataError, SettingsError
from emolib.features.baseline import BASELINES, remove_baseline
from emolib.features.extraction import FeatureSettings, extract_features, window_features

PLAIN = FeatureSettings(baseline="none", normalise="none")


def recording(seed=0, n_baseline=384, scale=10.0):
    rng = np.random.default_rng(seed)
    eeg = scale * rng.normal(size=(3, 4, 640))
    rest = scale * rng.normal(size=(3, 4, n_baseline))
    return xr.Dataset(
        {
            "eeg": (("trial", "channel", "time"), eeg),
            "baseline": (("trial", "channel", "baseline_time"), rest),
        },
        {"trial": [1, 2, 3], "channel": ["F3", "F4", "P3", "P4"]},
        {"sfreq": 128.0, "dataset": "noise", "subject": "sub-07"},
    )


def features(noise, baseline, **changes):
    settings = FeatureSettings(baseline=baseline, normalise="none", **changes)
    return extract_features(noise, settings)["feature"].to_numpy().reshape(3, 10, -1, 4, 4)


@pytest.mark.parametrize(
    ("baseline", "expected"),
    [
        ("divide", lambda x, b: x / b.mean(axis=0)),
        ("zscore", lambda x, b: (x - b.mean(axis=0)) / b.std(axis=0)),
        ("own_trial", lambda x, b: x - x.mean(axis=0)),
    ],
)
def test_each_kind_by_hand(baseline, expected):
    noise = recording()
    plain, given = features(noise, "none"), features(noise, baseline)
    for k, rest in enumerate(noise["baseline"].to_numpy()):
        wanted = expected(plain[k].astype(float), window_features(rest, 128.0, PLAIN))
        np.testing.assert_allclose(given[k], wanted, rtol=1e-4, atol=1e-3)


def test_division_of_energy_does_not_depend_on_the_unit_and_z_scores_never_do():
    noise = recording()
    milli = noise.assign(eeg=noise["eeg"] / 1000, baseline=noise["baseline"] / 1000)
    for baseline, kinds in (("divide", ("psd",)), ("zscore", ("de", "psd"))):
        pair = [features(one, baseline, kinds=kinds) for one in (noise, milli)]
        np.testing.assert_allclose(*pair, rtol=1e-4, atol=1e-4)


def test_what_lasts_a_whole_trial_is_gone_after_centring_on_the_trial():
    noise = recording()
    louder = noise.assign(eeg=noise["eeg"] * np.array([1.0, 3.0, 0.2])[:, None, None])
    pair = [features(one, "own_trial", kinds=("de",)) for one in (noise, louder)]
    np.testing.assert_allclose(*pair, atol=1e-5)  # a gain of the signal is a constant of DE


def test_centring_on_the_trial_needs_no_rest_and_the_others_do():
    noise = recording()
    alone = noise.drop_vars("baseline")
    np.testing.assert_array_equal(features(noise, "own_trial"), features(alone, "own_trial"))
    for baseline in set(BASELINES) - {"none", "own_trial"}:
        with pytest.raises(SettingsError, match=rf"'{baseline}' needs a rest .* baseline='none'"):
            features(alone, baseline)


def test_one_window_has_no_standard_deviation_and_no_mean_of_others():
    with pytest.raises(DataError, match=r"sub-07, trial 1: the baseline has one window; .*zscore"):
        features(recording(n_baseline=64), "zscore")
    with pytest.raises(DataError, match=r"trial 1: the trial has one window; .*Use shorter"):
        features(recording().isel(time=slice(64)), "own_trial")


def test_a_baseline_that_nothing_can_be_divided_by_is_named():
    noise = recording()
    noise["baseline"][1, 2] = 0.0
    message = r"sub-07, trial 2: the features of P3 are not finite: its baseline is 0 or does not"
    for baseline in ("divide", "zscore"):
        with pytest.raises(DataError, match=message):
            features(noise, baseline, kinds=("psd",))
    # A baseline of equal windows has a standard deviation of rounding errors.
    rest = np.full((6, 1, 1, 1), 0.1) + 1e-17
    assert not np.isfinite(remove_baseline(rest + 1, rest, "zscore")).any()


def test_ratios_of_logarithms_below_zero_are_noted():
    quiet, loud = recording(scale=0.01), recording()
    settings = replace(PLAIN, baseline="divide")
    found = [str(extract_features(one, settings).attrs["notes"]) for one in (quiet, loud)]
    assert "0 nats or less at F3, F4, P3, P4" in found[0] and "nats" not in found[1]
