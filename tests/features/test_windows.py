"""The arithmetic of the features: closed forms, identities, and other people's implementations."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from mne.time_frequency import psd_array_multitaper
from scipy import stats

from emolib.errors import DataError, SettingsError
from emolib.features.bands import BANDS, Band, band_pass
from emolib.features.windows import (
    band_energy,
    band_power_density,
    cut_windows,
    differential_entropy,
    samples_per_window,
    z_score,
)

SFREQ = 128.0
ALPHA = BANDS[1]
microvolts = st.floats(-200, 200, allow_subnormal=False)
windows_of_64 = hnp.arrays(np.float64, (3, 64), elements=microvolts)


def noise(*shape, seed=0, scale=10.0):
    return np.random.default_rng(seed).normal(scale=scale, size=shape)


# Windows


@given(st.integers(0, 40), st.integers(1, 9))
def test_windows_touch_and_the_remainder_is_dropped(n_time, n_samples):
    x = np.arange(2 * n_time).reshape(2, n_time)
    windows = cut_windows(x, n_samples)
    assert windows.shape == (2, n_time // n_samples, n_samples)
    kept = n_time // n_samples * n_samples
    np.testing.assert_array_equal(windows.reshape(2, kept), x[:, :kept])


def test_windows_are_views():
    x = np.zeros((3, 4, 70))
    assert np.shares_memory(cut_windows(x, 32), x)


@pytest.mark.parametrize(
    ("sfreq", "window_seconds", "n_samples"),
    [
        *[(128, 0.5, 64), (200, 0.5, 100), (512, 0.5, 256), (250, 0.1, 25), (10, 0.7, 7)],
        *[(255.9, 0.5, 128), (2047.998, 0.5, 1024), (499.9, 0.5, 250), (250.06, 0.5, 125)],
    ],
)
def test_samples_per_window(sfreq, window_seconds, n_samples):
    assert samples_per_window(sfreq, window_seconds) == n_samples


@given(st.floats(20, 5000), st.floats(0.1, 200))
def test_the_lengths_that_a_refusal_names_are_taken(sfreq, window_seconds):
    try:
        samples_per_window(sfreq, window_seconds)
    except SettingsError as error:
        for seconds in re.findall(r"[\d.]+(?= s)", error.hint):
            assert samples_per_window(sfreq, float(seconds)) >= 2


def test_a_window_of_half_a_sample_too_many():
    with pytest.raises(SettingsError, match=r"0\.5 s at 125 Hz is 62\.5 .* 0\.496 s or 0\.504 s"):
        samples_per_window(125, 0.5)


def test_a_window_of_one_sample():
    with pytest.raises(SettingsError, match=r"is 1 samples; a window is .* two or more"):
        samples_per_window(128, 1 / 128)


# Differential entropy and energy


def test_entropy_of_a_gaussian():
    for deviation in (0.1, 1.0, 25.0):
        x = noise(400_000, scale=deviation)
        expected = stats.norm(scale=deviation).entropy()
        assert differential_entropy(x) == pytest.approx(expected, abs=0.006)


def test_mean_entropy_of_small_samples():
    """The log of a chi-square variable has the mean psi(k/2) + ln 2, with k = n - 1 of 64."""
    from scipy.special import digamma

    expected = 0.5 * np.log(2 * np.pi * np.e) + 0.5 * (digamma(63 / 2) - np.log(63 / 2))
    entropies = differential_entropy(noise(40_000, 64, scale=1.0))
    assert entropies.mean() == pytest.approx(expected, abs=4 * entropies.std() / 200)


def test_entropy_of_a_sine():
    """Whole periods of 10 uV have the variance 50, of n - 1 a little more: no standard deviation.

    0.5 ln(2 pi e 50) is 3.37495 nats.
    """
    sine = 10 * np.sin(2 * np.pi * 10 * np.arange(512) / 128)
    assert differential_entropy(sine) == pytest.approx(3.37593, abs=5e-6)
    assert differential_entropy(2 * sine) - differential_entropy(sine) == pytest.approx(np.log(2))
    assert band_energy(sine) == pytest.approx(512 * 50, rel=1e-12)


@given(st.floats(0.01, 100), st.floats(-1000, 1000))
def test_entropy_of_a_scaled_and_shifted_signal(scale, shift):
    x = noise(64)
    expected = differential_entropy(x) + np.log(scale)
    assert differential_entropy(scale * x + shift) == pytest.approx(expected, abs=1e-7)
    assert differential_entropy(-x) == pytest.approx(differential_entropy(x), abs=1e-12)


def test_entropy_is_numpys_variance():
    x = noise(3, 5, 64) + 7
    expected = 0.5 * np.log(2 * np.pi * np.e * np.var(x, axis=-1, ddof=1))
    np.testing.assert_allclose(differential_entropy(x), expected, rtol=1e-12)


def test_entropy_of_what_does_not_vary():
    assert differential_entropy(np.zeros(64)) == -np.inf


@given(windows_of_64)
def test_energy_is_63_variances_and_64_squared_means(x):
    expected = 63 * np.var(x, axis=-1, ddof=1) + 64 * np.mean(x, axis=-1) ** 2
    np.testing.assert_allclose(band_energy(x), expected, rtol=1e-10, atol=1e-280)


def test_energy_is_nearly_a_function_of_entropy():
    """R^2 of its log on DE above .9998; here on noise with EEG's slope."""
    pink = np.cumsum(noise(32, 7680 * 2), axis=-1)  # 1 / f^2
    for band in BANDS:
        windows = cut_windows(band_pass(pink, SFREQ, band), 64)
        entropy, energy = differential_entropy(windows).ravel(), band_energy(windows).ravel()
        line = stats.linregress(entropy, np.log(energy))
        assert line.rvalue**2 > 0.9998 if band.name != "theta" else line.rvalue**2 > 0.99
        assert line.slope == pytest.approx(2, abs=0.02)


# Density


@pytest.mark.parametrize("method", ["welch", "multitaper"])
@pytest.mark.parametrize("amplitude", [1.0, 20.0])
def test_a_sines_power(method, amplitude):
    """Of four seconds at 11 Hz all power lies in alpha: density times width is A^2 / 2."""
    sine = amplitude * np.sin(2 * np.pi * 11 * np.arange(512) / SFREQ)
    theta, alpha, beta, gamma = band_power_density(sine, SFREQ, BANDS, method=method)
    assert alpha * 6 == pytest.approx(amplitude**2 / 2, rel=1e-3)
    assert max(theta, beta, gamma) < 2e-4 * alpha


@pytest.mark.parametrize("method", ["welch", "multitaper"])
@pytest.mark.parametrize("n_samples", [64, 256])
def test_white_noise_is_flat(method, n_samples):
    """Variance s^2 spreads evenly below half the rate: 2 s^2 / sfreq at each frequency."""
    density = band_power_density(noise(20_000, n_samples), SFREQ, BANDS, method=method)
    # Removing the mean takes some of the lowest frequencies, which theta feels.
    np.testing.assert_allclose(density.mean(axis=0)[1:], 2 * 100 / SFREQ, rtol=0.02)
    assert density.mean(axis=0)[0] == pytest.approx(2 * 100 / SFREQ, rel=0.06)


@pytest.mark.parametrize("n_samples", [64, 128, 300])
def test_multitaper_is_mnes(n_samples):
    """MNE's bandwidth of 4 / T is time-halfbandwidth 2; it keeps the same three tapers.

    It cuts them one sample short and does not make up for the energy that is lost.
    """
    x, bandwidth = noise(5, n_samples), 4 * SFREQ / n_samples
    spectrum, frequencies = psd_array_multitaper(
        x, SFREQ, bandwidth=bandwidth, normalization="full", verbose="error"
    )
    expected = [
        spectrum[:, (band.low_hz <= frequencies) & (frequencies < band.high_hz)].mean(axis=-1)
        for band in BANDS
    ]
    ours = band_power_density(x, SFREQ, BANDS, method="multitaper")
    np.testing.assert_allclose(ours, np.transpose(expected), rtol=0.4 / n_samples)


@pytest.mark.parametrize("method", ["welch", "multitaper"])
def test_density_goes_with_the_square_and_ignores_an_offset(method):
    x = noise(4, 64)
    density = band_power_density(x, SFREQ, BANDS, method=method)
    changed = band_power_density(3 * x + 1000, SFREQ, BANDS, method=method)
    np.testing.assert_allclose(changed, 9 * density, rtol=1e-6)


def test_a_frequency_belongs_to_one_band():
    """8 Hz is alpha's lower limit, and theta's upper one: alpha owns it."""
    low, high = Band("low", 6, 8), Band("high", 8, 10)
    eight = np.sin(2 * np.pi * 8 * np.arange(64) / SFREQ)
    # A Hann taper puts 2/3 of the power at 8 Hz and 1/6 on either side, 2 Hz apart.
    density = band_power_density(eight, SFREQ, (low, high))
    np.testing.assert_allclose(density * 2 / 0.5, [1 / 6, 2 / 3], rtol=1e-10)


def test_a_band_between_the_frequencies():
    with pytest.raises(SettingsError, match=r"band 'mu': 8\.5-9\.5 Hz falls between .* 2 Hz apart"):
        band_power_density(noise(64), SFREQ, [Band("mu", 8.5, 9.5)])


def test_a_density_above_half_the_rate():
    with pytest.raises(SettingsError, match="band 'gamma': reaches up to 45 Hz"):
        band_power_density(noise(64), 80, BANDS)


def test_an_unknown_estimator():
    with pytest.raises(SettingsError, match="Did you mean 'welch'"):
        band_power_density(noise(64), SFREQ, BANDS, method="welsh")


# z-scores


@given(windows_of_64.filter(lambda x: (np.std(x, axis=1) > 1e-3).all()))
def test_z_scores_have_mean_0_and_deviation_1_and_keep_the_order(x):
    z = z_score(x, axis=1)
    np.testing.assert_allclose(z.mean(axis=1), 0, atol=1e-8)
    np.testing.assert_allclose(z.std(axis=1, ddof=0), 1, rtol=1e-8)
    np.testing.assert_allclose(z_score(5 * x - 3, axis=1), z, atol=1e-7)
    np.testing.assert_allclose(z_score(z, axis=1), z, atol=1e-8)


def test_z_scores_over_two_axes():
    x = noise(7, 2, 4, 32)
    z = z_score(x, axis=(2, 3))
    flat = stats.zscore(x.reshape(7, 2, 128), axis=-1, ddof=0)
    np.testing.assert_allclose(z.reshape(7, 2, 128), flat, rtol=1e-10)


@given(st.floats(-1e6, 1e6), st.integers(1, 50))
def test_equal_values_have_no_z_score(value, n_values):
    with pytest.raises(DataError, match="are all equal"):
        z_score(np.full((2, n_values), value), axis=1)
