"""Spectra and the alpha peak, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from emolib.errors import DataError
from emolib.features.spectra import alpha_peak, power_spectrum, trial_lengths, trial_spectra

SFREQ = 128.0
HZ = np.arange(0, 45.5, 0.5)


def recording(eeg, **variables) -> xr.Dataset:
    coords = {"trial": np.arange(1, len(eeg) + 1), "channel": ["Oz"]}
    data = {"eeg": (("trial", "channel", "time"), eeg), **variables}
    return xr.Dataset(data, coords, {"sfreq": SFREQ})


def test_power_of_a_sine_is_half_its_amplitude_squared():
    sine = 3 * np.sin(2 * np.pi * 10 * np.arange(1280) / SFREQ)
    frequencies, density = power_spectrum(sine, SFREQ)
    assert density.sum() * frequencies[1] == pytest.approx(4.5)
    assert frequencies[density.argmax()] == 10


def test_white_noise_is_flat_and_keeps_its_power():
    noise = np.random.default_rng(0).normal(size=(200, 1280))
    frequencies, density = power_spectrum(noise, SFREQ)
    mean = density.mean(axis=0)
    assert density.shape == (200, 129)
    assert mean.sum() * frequencies[1] == pytest.approx(1, rel=0.02)
    assert mean[2:-2] == pytest.approx(2 / SFREQ, rel=0.1)


def test_a_short_signal_is_refused():
    with pytest.raises(DataError, match="255 samples; a piece of 2 s has 256"):
        power_spectrum(np.zeros(255), SFREQ)


def test_padding_does_not_enter():
    rng = np.random.default_rng(0)
    short, long = rng.normal(size=(1, 512)), rng.normal(size=(1, 1024))
    padded = np.stack([np.pad(short, ((0, 0), (0, 512)), constant_values=np.nan), long])
    found = trial_spectra(recording(padded, trial_samples=("trial", [512, 1024])))
    assert found.values[0, 0] == pytest.approx(power_spectrum(short[0], SFREQ)[1])
    assert found.values[1, 0] == pytest.approx(power_spectrum(long[0], SFREQ)[1])
    assert found.attrs["units"] == "uV^2/Hz"


def test_trial_lengths_without_padding():
    assert trial_lengths(recording(np.zeros((3, 1, 7)))).tolist() == [7, 7, 7]


@given(st.floats(8.6, 12.4), st.floats(0.5, 1.5), st.floats(1e-3, 1e3))
def test_alpha_peak_of_a_gaussian_bump_is_its_centre_at_any_scale(centre, width, scale):
    # The logarithm of a Gaussian is a parabola, so interpolation is exact.
    bump = scale * np.exp(-((HZ - centre) ** 2) / (2 * width**2))
    assert alpha_peak(HZ, bump) == pytest.approx(centre, abs=1e-6)


def test_alpha_peak_is_the_highest_of_several():
    two = np.exp(-((HZ - 9) ** 2)) + 3 * np.exp(-((HZ - 12) ** 2))
    assert alpha_peak(HZ, two) == pytest.approx(12, abs=0.1)


@pytest.mark.parametrize("curve", [1 / (HZ + 1), HZ, np.ones_like(HZ)])
def test_no_alpha_peak_where_there_is_no_maximum(curve):
    assert np.isnan(alpha_peak(HZ, curve))


def test_a_peak_outside_the_search_is_not_alpha():
    assert np.isnan(alpha_peak(HZ, np.exp(-((HZ - 20) ** 2))))


def test_short_trials_give_coarser_spectra():
    x = np.random.default_rng(0).normal(size=(2, 1, 160))
    found = trial_spectra(recording(x, trial_samples=("trial", [160, 128])))
    assert found["frequency"].values[1] == pytest.approx(SFREQ / 128)
