"""Truth maps: one rhythm's change is the same everywhere, and powers of two add up."""

from __future__ import annotations

import numpy as np
import pytest

from emolib.recordings.simulated import SimulationSettings, expected_power, simulate_subject


@pytest.fixture(scope="module")
def truth():
    settings = SimulationSettings(n_trials=4, trial_seconds=2, effect=2.0, seed=3)
    return simulate_subject(settings, subject=1)[1]


def without(truth, *kept):
    """The truth with all patterns but those of the kept sources at zero."""
    pattern = truth["pattern"] * np.isin(truth["source"].to_numpy(), kept)[:, None]
    return truth.assign(pattern=pattern)


def log_change(truth, source):
    one = truth.sel(source=source)
    return (2 * (one["kV"] * one["wV"] * truth["zV"] + one["kA"] * one["wA"] * truth["zA"])).values


def test_one_rhythm_alone_changes_alike_at_all_electrodes(truth):
    power = expected_power(without(truth, "alpha O1")).sel(band="alpha")
    change = np.log(power / truth["pattern"].sel(source="alpha O1", drop=True) ** 2)
    expected = log_change(truth, "alpha O1")
    assert np.allclose(change.to_numpy(), expected[:, None])


def test_powers_of_two_rhythms_add_up(truth):
    pair = ("gamma T7", "gamma Oz")
    both = expected_power(without(truth, *pair)).sel(band="gamma")
    parts = [
        truth["pattern"].sel(source=name).to_numpy() ** 2 * np.exp(log_change(truth, name))[:, None]
        for name in pair
    ]
    assert np.allclose(both.to_numpy(), sum(parts))
    assert (log_change(truth, "gamma Oz") == 0).all()  # that one has no effect in it


def test_trials_channels_and_bands_are_the_recordings(truth):
    power = expected_power(truth)
    assert power.dims == ("trial", "band", "channel")
    assert power["trial"].to_numpy().tolist() == [1, 2, 3, 4]
    assert power["channel"].to_numpy().tolist() == truth["channel"].to_numpy().tolist()
    assert (power > 0).all()
