"""Bands and filters: closed forms from the Butterworth response, and what follows from them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal as sps

from emolib.errors import DataError, SettingsError
from emolib.features.bands import BANDS, Band, band_pass, check_band

SFREQ = 128.0
THETA, ALPHA, BETA, GAMMA = BANDS
DELTA = Band("delta", 1.0, 4.0)


def butterworth_gain(frequency_hz, band, sfreq=SFREQ, order=3):
    """Give |H(f)| of a digital Butterworth band-pass, from its definition (bilinear transform)."""
    warp = np.tan(np.pi * np.array([frequency_hz, band.low_hz, band.high_hz]) / sfreq)
    f, low, high = warp
    return 1 / np.sqrt(1 + ((f**2 - low * high) / (f * (high - low))) ** (2 * order))


def settled_amplitude(frequency_hz, band, filtering):
    """Filter a long sine, and measure its amplitude where all transients are over."""
    t = np.arange(int(40 * SFREQ)) / SFREQ
    middle = slice(15 * 128, 25 * 128)  # whole periods of every frequency that is a tenth of Hz
    filtered = band_pass(np.sin(2 * np.pi * frequency_hz * t), SFREQ, band, filtering=filtering)
    return np.sqrt(2 * np.mean(filtered[middle] ** 2))


def impulse_response(band, sfreq=SFREQ, n_samples=2560):
    return band_pass(sps.unit_impulse(n_samples), sfreq, band)


def group_delay(frequencies_hz, band):
    b, a = sps.butter(3, (band.low_hz, band.high_hz), btype="bandpass", fs=SFREQ)
    return sps.group_delay((b, a), np.atleast_1d(frequencies_hz), fs=SFREQ)[1]


def memory_fraction(band, n_window=64):
    """Expected share of a window's energy that comes from before it, for white noise."""
    energy = np.cumsum(impulse_response(band) ** 2)
    return 1 - energy[:n_window].mean() / energy[-1]


def test_the_bands_are_the_released_codes():
    assert [(band.name, band.low_hz, band.high_hz) for band in BANDS] == [
        ("theta", 4, 8),
        ("alpha", 8, 14),
        ("beta", 14, 31),
        ("gamma", 31, 45),
    ]


@pytest.mark.parametrize("band", BANDS, ids=lambda band: band.name)
@pytest.mark.parametrize("frequency_hz", [3.0, 6.0, 8.0, 10.0, 14.0, 31.0, 40.0])
def test_a_sine_passes_with_the_butterworth_gain(band, frequency_hz):
    gain = butterworth_gain(frequency_hz, band)
    assert settled_amplitude(frequency_hz, band, "causal") == pytest.approx(gain, abs=1e-9)
    assert settled_amplitude(frequency_hz, band, "zero_phase") == pytest.approx(gain**2, abs=1e-6)


@pytest.mark.parametrize("band", BANDS, ids=lambda band: band.name)
def test_the_gain_at_the_limits(band):
    for limit in (band.low_hz, band.high_hz):
        assert settled_amplitude(limit, band, "causal") == pytest.approx(1 / np.sqrt(2), abs=1e-9)
        assert settled_amplitude(limit, band, "zero_phase") == pytest.approx(1 / 2, abs=1e-6)


def test_causal_filtering_is_convolution_with_the_impulse_response():
    noise = np.random.default_rng(1).normal(size=500)
    response = impulse_response(ALPHA, n_samples=500)
    np.testing.assert_allclose(
        band_pass(noise, SFREQ, ALPHA), np.convolve(noise, response)[:500], atol=1e-12
    )


def test_causal_filtering_never_looks_ahead_and_zero_phase_does():
    noise = np.random.default_rng(2).normal(size=640)
    changed = noise.copy()
    changed[400:] += 1.0
    same = band_pass(noise, SFREQ, THETA)[:400], band_pass(changed, SFREQ, THETA)[:400]
    np.testing.assert_array_equal(*same)
    both_ways = [band_pass(x, SFREQ, THETA, filtering="zero_phase") for x in (noise, changed)]
    assert np.abs(both_ways[0][:400] - both_ways[1][:400]).max() > 0.01


def test_zero_phase_is_scipys_with_its_usual_ends():
    noise = np.random.default_rng(6).normal(size=(2, 300))
    sections = sps.butter(3, (8, 14), btype="bandpass", fs=SFREQ, output="sos")
    ours = band_pass(noise, SFREQ, ALPHA, filtering="zero_phase")
    np.testing.assert_allclose(ours, sps.sosfiltfilt(sections, noise), atol=1e-12)


@pytest.mark.parametrize("band", BANDS, ids=lambda band: band.name)
def test_a_burst_comes_late_by_the_group_delay_or_not_at_all(band):
    """A rhythm whose strength swells slowly keeps its shape, and is delayed as a whole."""
    centre_hz = (band.low_hz + band.high_hz) / 2
    n = np.arange(4096)
    swell = np.exp(-0.5 * ((n - 2048) / 200) ** 2)
    burst = swell * np.cos(2 * np.pi * centre_hz * (n - 2048) / SFREQ)

    def centre_of_energy(x):
        return (n * x**2).sum() / (x**2).sum()

    late = centre_of_energy(band_pass(burst, SFREQ, band)) - centre_of_energy(burst)
    assert late == pytest.approx(group_delay(centre_hz, band)[0], abs=0.3)
    both_ways = band_pass(burst, SFREQ, band, filtering="zero_phase")
    assert centre_of_energy(both_ways) == pytest.approx(centre_of_energy(burst), abs=1e-6)


def test_theta_is_late_by_about_20_samples():
    """And by 19 to 39 across the band."""
    assert group_delay(6, THETA)[0] == pytest.approx(20, abs=1)
    across = group_delay(np.linspace(4, 8, 101), THETA)
    assert round(min(across)) == 19
    assert round(max(across)) == 39


def test_what_a_window_inherits():
    inherited = [100 * memory_fraction(band) for band in BANDS]
    np.testing.assert_allclose(inherited, [35.7, 24.0, 8.6, 10.4], atol=0.06)


def test_what_the_first_window_lacks():
    """Half the log of the expected-energy ratio, nats."""
    bias = [0.5 * np.log1p(-memory_fraction(band)) for band in BANDS]
    np.testing.assert_allclose(bias, [-0.221, -0.137, -0.045, -0.055], atol=5e-4)


def test_what_the_first_window_lacks_is_seen_in_noise():
    """The mean differential entropy itself falls further; and energies agree."""
    noise = np.random.default_rng(3).normal(size=(12_000, 512))
    for band, expected in zip(BANDS, (-0.25, -0.15, -0.047, -0.057), strict=True):
        filtered = band_pass(noise, SFREQ, band)
        first, last = filtered[:, :64], filtered[:, -64:]
        entropy = np.log(first.std(axis=1, ddof=1)) - np.log(last.std(axis=1, ddof=1))
        assert entropy.mean() == pytest.approx(expected, abs=0.012)
        ratio = (first**2).mean() / (last**2).mean()
        assert ratio == pytest.approx(1 - memory_fraction(band), abs=0.015)


@given(
    st.floats(-5, 5),
    st.floats(-5, 5),
    st.sampled_from(BANDS),
    st.sampled_from(["causal", "zero_phase"]),
)
def test_filtering_is_linear(a, b, band, filtering):
    x, y = np.random.default_rng(4).normal(size=(2, 200))
    both = band_pass(a * x + b * y, SFREQ, band, filtering=filtering)
    apart = [band_pass(each, SFREQ, band, filtering=filtering) for each in (x, y)]
    np.testing.assert_allclose(both, a * apart[0] + b * apart[1], atol=1e-10)


@pytest.mark.parametrize("filtering", ["causal", "zero_phase"])
def test_rows_are_filtered_apart_and_in_double_precision(filtering):
    x = np.random.default_rng(5).normal(size=(3, 2, 256)).astype(np.float32)
    filtered = band_pass(x, SFREQ, BETA, filtering=filtering)
    assert filtered.dtype == np.float64
    alone = band_pass(x[2, 1].astype(np.float64), SFREQ, BETA, filtering=filtering)
    np.testing.assert_array_equal(filtered[2, 1], alone)


def test_another_band_and_another_rate_need_nothing_special():
    """SEED: 200 Hz, delta 1-4."""
    response = impulse_response(DELTA, sfreq=200, n_samples=4000)
    spectrum = np.abs(np.fft.rfft(response, 20_000))
    frequencies = np.fft.rfftfreq(20_000, 1 / 200)
    inside = frequencies[spectrum > 1 / np.sqrt(2)]
    assert (inside.min(), inside.max()) == pytest.approx((1, 4), abs=0.02)


def test_a_band_must_lie_below_half_the_rate():
    with pytest.raises(SettingsError, match=r"'gamma'.*45 Hz.*sampled at 90 Hz.*below 45 Hz"):
        band_pass(np.zeros(90), 90, GAMMA)
    assert check_band(90.5, GAMMA) is GAMMA


@pytest.mark.parametrize("limits", [(8, 4), (0, 4), (4, 4), (-1, 4), (np.nan, 4), (4, np.inf)])
def test_limits_in_the_wrong_order(limits):
    with pytest.raises(SettingsError, match="band 'theta': its limits are"):
        Band("theta", *limits)


def test_an_unknown_filtering_is_named():
    with pytest.raises(SettingsError, match=r"'zero-phase'.*Did you mean 'zero_phase'"):
        band_pass(np.zeros(256), SFREQ, THETA, filtering="zero-phase")


def test_too_short_for_both_directions():
    with pytest.raises(DataError, match="has 21 samples; zero-phase filtering needs at least 22"):
        band_pass(np.ones(21), SFREQ, THETA, filtering="zero_phase")
    assert band_pass(np.ones(22), SFREQ, THETA, filtering="zero_phase").shape == (22,)
