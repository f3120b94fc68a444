"""Plain summaries, against closed forms and cases solved by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from emolib.features.extraction import FeatureSettings
from emolib.features.power import (
    amplitudes,
    before_and_after,
    class_means,
    contrast,
    label_counts,
    log_power,
    posterior_channels,
    posterior_mean,
)
from emolib.grid import DEAP_CHANNELS
from emolib.recordings.labels import Task

SFREQ = 128.0


def recording(eeg, **coords) -> xr.Dataset:
    coords = {"trial": np.arange(1, len(eeg) + 1), "channel": ["Oz", "Pz"][: eeg.shape[1]]} | coords
    attrs = {"sfreq": SFREQ, "dataset": "made up", "subject": "sub-01", "notes": []}
    return xr.Dataset({"eeg": (("trial", "channel", "time"), eeg)}, coords, attrs)


def test_log_power_of_a_sine_in_its_band():
    time = np.arange(10 * 128) / SFREQ
    eeg = 4 * np.sin(2 * np.pi * 11 * time) + 1e-3 * np.random.default_rng(0).normal(size=1280)
    power = log_power(recording(eeg[None, None]), FeatureSettings(filtering="zero_phase"))
    assert power.dims == ("trial", "band", "channel")
    # 4**2 / 2 = 8 uV^2; windows of 5.5 periods scatter a little about it
    assert power.sel(band="alpha").item() == pytest.approx(10 * np.log10(8), abs=0.15)
    assert power.sel(band="gamma").item() < -20


def test_log_power_ignores_baseline_and_normalisation():
    rng = np.random.default_rng(0)
    data = recording(rng.normal(size=(3, 2, 512)))
    with_baseline = data.assign(
        baseline=(("trial", "channel", "baseline_time"), rng.normal(size=(3, 2, 384)))
    )
    plain = log_power(data, FeatureSettings(baseline="none", normalise="none"))
    full = log_power(with_baseline, FeatureSettings())
    xr.testing.assert_allclose(plain, full)


def test_log_power_does_not_mix_trials():
    noise = np.random.default_rng(0).normal(size=(1, 1, 512))
    power = log_power(recording(np.concatenate([noise, 10 * noise])), FeatureSettings())
    assert (power[1] - power[0]).to_numpy() == pytest.approx(20, abs=1e-4)
    assert power["trial"].to_numpy().tolist() == [1, 2]


def test_class_means_by_hand():
    values = xr.DataArray(
        [[1.0, 0], [3, 0], [7, 1], [50, 9]], {"trial": [1, 2, 4, 5]}, ("trial", "x")
    )
    classes = pd.Series([0, 0, 1, pd.NA], index=[1, 2, 4, 5], dtype="Int64")
    means = class_means(values, classes, ["low", "high"])
    assert means.to_numpy().tolist() == [[2, 0], [7, 1]]
    assert means["n_trials"].to_numpy().tolist() == [2, 1]


def test_class_without_trials_is_missing():
    values = xr.DataArray([1.0, 3.0], {"trial": [1, 2]}, ("trial",))
    means = class_means(values, pd.Series([1, 1], index=[1, 2]), ["low", "high"])
    assert np.isnan(means.to_numpy()[0]) and means.to_numpy()[1] == 2
    assert means["n_trials"].to_numpy().tolist() == [0, 2]


def test_class_means_follow_the_trial_numbers_not_the_rows():
    values = xr.DataArray([1.0, 3.0], {"trial": [7, 2]}, ("trial",))
    means = class_means(values, pd.Series([0, 1], index=[2, 7]), ["low", "high"])
    assert means.to_numpy().tolist() == [3, 1]


def test_contrast_is_high_minus_low_and_rest_minus_arithmetic():
    means = xr.DataArray([2.0, 7.0], {"class": ["a", "b"]}, ("class",))
    rating, condition = Task("valence", classes=("a", "b")), Task(classes=("a", "b"))
    assert contrast(means, rating)[0] == "b \N{MINUS SIGN} a"
    assert contrast(means, rating)[1].item() == 5
    assert contrast(means, condition)[0] == "a \N{MINUS SIGN} b"
    assert contrast(means, condition)[1].item() == -5


def test_at_back_leaves_the_front_out():
    coords = {"class": ["rest", "arithmetic"], "channel": ["O1", "Fz", "O2"]}
    means = xr.DataArray([[1.0, 99, 3], [5, 99, 9]], coords, ("class", "channel"))
    assert posterior_mean(means, ["arithmetic", "rest"]) == [7, 2]


def test_posterior_keeps_its_own_order_and_falls_back_on_all():
    assert posterior_channels(["Pz", "Fz", "O1"]) == ["O1", "Pz"]
    deap = {"O1", "Oz", "O2", "PO3", "PO4", "P3", "Pz", "P4"}
    assert set(posterior_channels(DEAP_CHANNELS)) == deap
    assert posterior_channels(["Fz", "Cz"]) == ["Fz", "Cz"]


def test_label_counts_with_two_kinds_of_task():
    data = xr.Dataset(
        {
            "rating": (("trial", "scale"), [[5.0], [5.1], [np.nan]]),
            "class": (("trial", "task"), [["rest"], ["rest"], ["arithmetic"]]),
        },
        {"trial": [1, 2, 3], "scale": ["valence"], "task": ["condition"]},
    )
    tasks = {"valence": Task("valence"), "condition": Task(classes=("rest", "arithmetic"))}
    counts = label_counts(data, tasks)
    assert counts.loc["valence"].tolist() == [1, 1, 0, 0, 1]
    assert counts.loc["condition"].tolist() == [0, 0, 2, 1, 0]


def test_amplitudes_of_a_square_wave_with_padding():
    wave = np.array([[[2.0, -2, 2, -2]], [[4, -4, np.nan, np.nan]]])
    found = amplitudes(recording(wave)).loc["Oz"]
    assert found["std_uv"] == pytest.approx(np.sqrt((4 + 16) / 2))
    assert found["max_abs_uv"] == 4


# Before and after preprocessing


def sines(channels, sfreq, trials=(1, 2)):
    """Of each channel a sine at a frequency that is given, with an amplitude that is given."""
    time = np.arange(4 * sfreq) / sfreq
    eeg = [a * np.sin(2 * np.pi * hz * time) for a, hz in channels.values()]
    return xr.Dataset(
        {"eeg": (("trial", "channel", "time"), np.stack([eeg] * len(trials)))},
        {"trial": list(trials), "channel": list(channels)},
        {"sfreq": float(sfreq)},
    )


def test_amplitudes_and_spectra_are_compared_where_both_have_them():
    before = sines({"Fz": (4, 10), "T7": (100, 50), "Oz": (2, 20)}, 256, trials=(1, 2, 3))
    after = sines({"Fz": (2, 10), "Oz": (2, 20), "Pz": (1, 10)}, 128, trials=(1, 3))
    found = before_and_after(before, after)
    sd = found["sd"].to_pandas().T * np.sqrt(2)
    assert sd.index.tolist() == ["Fz", "T7", "Oz", "Pz"]
    np.testing.assert_allclose(sd["before"], [4, 100, 2, np.nan])
    np.testing.assert_allclose(sd["after"], [2, np.nan, 2, 1])
    density = found["density"]
    assert density["hertz"][-1] == 64  # half of the lower rate
    power = {hz: density.sel(hertz=slice(hz - 2, hz + 2)).sum("hertz") * 0.5 for hz in (10, 20, 50)}
    # Of Fz and Oz alone, which both have: a sine's power is half of its amplitude's square.
    assert power[10].to_numpy().tolist() == pytest.approx([16 / 4, 4 / 4])
    assert power[20].to_numpy().tolist() == pytest.approx([1.0, 1.0])
    assert power[50].to_numpy() == pytest.approx([0, 0], abs=1e-9)
