"""The features of a recording: the released code's figures, laws, settings and bad input.

`data/released_code_deap.npz` holds what the published DEAP scripts (the 1-D feature scripts for DE
and for "PSD", then the 3-D map script) computed for one synthetic subject, which `released_input`
makes again. Its first 32 channels are EEG, the first 384 samples of a trial its baseline, at 128
Hz. All arrays are float64 unless said:

ratings (40, 4)
    trial, scale.
rows (41,) int64
    Which of the 4800 windows (trial-major, 120 a trial) the sampled rows below are.
de_baseline, psd_baseline (40, 128)
    Each trial's baseline vector: theta of 32 channels, then alpha, beta, gamma.
de_windows, psd_windows (41, 128)
    Features of the sampled windows before baseline removal, in the same order.
de_maps, psd_maps (41, 4, 8, 9)
    After baseline removal, z-score over the 128 values of the window, and the 8 x 9 grid.
de_maps_no_baseline, psd_maps_no_baseline (41, 4, 8, 9)
    The same without baseline removal.
valence, arousal (40,) int8
    rating > 5, a trial each.

The scripts' baseline takes the 4th to 6th window of alpha, beta and gamma from theta (a copy-paste
slip): the baselines and `*_maps` hold it, `*_windows` and `*_maps_no_baseline` do not depend on it.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal as sps

from emolib.errors import DataError, SettingsError
from emolib.features.bands import BANDS, Band
from emolib.features.baseline import baseline_mean
from emolib.features.extraction import FeatureSettings, extract_features, window_features
from emolib.features.windows import z_score
from emolib.grid import DEAP_CHANNELS, to_brain_maps, to_grid
from emolib.recordings.labels import Task, trial_classes

KINDS = ("de", "psd")
SCALES = ["valence", "arousal", "dominance", "liking"]
PLAIN = FeatureSettings(baseline="none", normalise="none")


def make_recording(eeg, baseline=None, *, sfreq=128.0, channels=None, ratings=None, **coords):
    """Name the axes of arrays, as a reader does."""
    n_trials, n_channels, n_time = eeg.shape
    recording = xr.Dataset(
        {"eeg": (("trial", "channel", "time"), eeg)},
        {
            "trial": np.arange(1, n_trials + 1),
            "channel": list(channels or DEAP_CHANNELS[:n_channels]),
            "time": np.arange(n_time) / sfreq,
            "stimulus": ("trial", [f"video-{i:02d}" for i in range(1, n_trials + 1)]),
            **coords,
        },
        {"dataset": "made", "subject": "sub-07", "sfreq": sfreq, "notes": ["made for a test"]},
    )
    if baseline is not None:
        recording["baseline"] = (("trial", "channel", "baseline_time"), baseline)
    if ratings is not None:
        scales = SCALES[: ratings.shape[1]]
        recording["rating"] = (("trial", "scale"), ratings, {"low": 1.0, "high": 9.0})
        recording = recording.assign_coords(scale=scales)
    return recording


def make_noise(n_trials=3, n_channels=4, n_time=640, n_baseline=384, *, seed=0, **options):
    """Make a small recording of noise, 5 s a trial."""
    rng = np.random.default_rng(seed)
    eeg = rng.normal(scale=10, size=(n_trials, n_channels, n_time)).astype(np.float32)
    rest = rng.normal(scale=10, size=(n_trials, n_channels, n_baseline)).astype(np.float32)
    return make_recording(eeg, rest if n_baseline else None, **options)


# The released code


@pytest.fixture(scope="module")
def released():
    with np.load(Path(__file__).parents[1] / "data" / "released_code_deap.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def released_input():
    """Give eeg (40, 32, 7680), baseline (40, 32, 384), both float64, and ratings (40, 4)."""
    rng = np.random.default_rng(20211208)
    source = rng.normal(size=(40, 40, 8064))
    data = sps.lfilter([1.0], [1.0, -0.95], source, axis=-1) * 5.0
    ratings = rng.uniform(1, 9, size=(40, 4))
    return data[:, :32, 384:], data[:, :32, :384], ratings


@pytest.fixture(scope="module")
def computed(released_input):
    """Give windows (4800, kind, band, channel) and baselines (40, kind, band, channel)."""
    eeg, rest, _ = released_input
    windows = [window_features(trial, 128.0, PLAIN) for trial in eeg]
    levels = [baseline_mean(window_features(x, 128.0, PLAIN), "released") for x in rest]
    return np.concatenate(windows), np.stack(levels)


TIGHT = {"rtol": 1e-9, "atol": 1e-9}
STORED = {"rtol": 1e-6, "atol": 1e-6}


@pytest.mark.parametrize("kind", KINDS)
def test_features_match_the_released_code(released, computed, kind):
    windows, levels = (values[:, KINDS.index(kind)] for values in computed)
    rows = released["rows"]
    np.testing.assert_allclose(windows[rows].reshape(-1, 128), released[f"{kind}_windows"], **TIGHT)
    np.testing.assert_allclose(levels.reshape(-1, 128), released[f"{kind}_baseline"], **TIGHT)
    for key, values in (
        (f"{kind}_maps", windows[rows] - levels[rows // 120]),
        (f"{kind}_maps_no_baseline", windows[rows]),
    ):
        maps = to_grid(z_score(values, axis=(1, 2)), DEAP_CHANNELS)
        np.testing.assert_allclose(maps, released[key], **TIGHT)


@pytest.mark.parametrize(
    ("baseline", "suffix"), [("released", "maps"), ("none", "maps_no_baseline")]
)
def test_stored_float32_matches_the_released_code(released, released_input, baseline, suffix):
    """Signals in and features out are float32: what a reader gives, and what a file holds."""
    eeg, rest, ratings = released_input
    recording = make_recording(eeg.astype("f4"), rest.astype("f4"), ratings=ratings)
    maps = to_brain_maps(extract_features(recording, FeatureSettings(baseline=baseline)))
    assert maps.shape == (4800, 8, 9, 8)
    sampled = maps.values[released["rows"]].transpose(0, 3, 1, 2)
    np.testing.assert_allclose(sampled[:, :4], released[f"de_{suffix}"], **STORED)
    np.testing.assert_allclose(sampled[:, 4:], released[f"psd_{suffix}"], **STORED)


def test_classes_match_the_released_code(released, released_input):
    ratings = released_input[2]
    np.testing.assert_array_equal(ratings, released["ratings"])
    recording = make_recording(np.zeros((40, 1, 1)), ratings=ratings)
    classes = trial_classes(recording, {name: Task(name) for name in SCALES[:2]})
    for name in SCALES[:2]:
        np.testing.assert_array_equal(classes[name].to_numpy(int), released[name])


# Laws


def test_a_sine_fills_its_own_band():
    """Amplitude 6 at 10 Hz, after the filter has settled: energy 64 * 36 / 2 in alpha."""
    sine = 6 * np.sin(2 * np.pi * 10 * np.arange(2560) / 128)
    values = window_features(sine[np.newaxis], 128.0, FeatureSettings(kinds=("psd",)))[20:, 0, :, 0]
    # The mean of ten windows, since one holds five periods and the filter's gain is not quite 1.
    assert values[:10, 1].mean() == pytest.approx(64 * 36 / 2, rel=1e-3)
    assert (values[:, [0, 3]] < 0.05 * values[:, [1]]).all()


@given(st.floats(0.01, 100))
@settings(max_examples=10)
def test_maps_do_not_depend_on_the_unit(gain):
    """Entropies shift by ln(gain), energies grow by its square: a window's z-score forgets both."""
    recording = make_noise()
    louder = recording.copy()
    for name in ("eeg", "baseline"):
        louder[name] = recording[name].astype(np.float64) * gain
    ours, theirs = (extract_features(each, FeatureSettings()) for each in (recording, louder))
    np.testing.assert_allclose(ours["feature"], theirs["feature"], atol=1e-5)


def test_baseline_removal_forgets_a_channels_gain():
    """In entropies a gain is a shift, which the trial's own rest has as well."""
    recording, chosen = make_noise(), FeatureSettings(kinds=("de",), normalise="none")
    uneven = recording.copy()
    gains = np.array([0.1, 1.0, 3.0, 50.0])[:, np.newaxis]
    for name in ("eeg", "baseline"):
        uneven[name] = recording[name].astype(np.float64) * gains
    ours, theirs = (extract_features(each, chosen) for each in (recording, uneven))
    np.testing.assert_allclose(ours["feature"], theirs["feature"], atol=1e-5)


def test_baseline_removal_by_hand():
    recording = make_noise()
    chosen = FeatureSettings(normalise="none")
    plain = extract_features(recording, PLAIN)["feature"].values.reshape(3, 10, 2, 4, 4)
    removed = extract_features(recording, chosen)["feature"].values.reshape(plain.shape)
    for trial in range(3):
        rest = recording["baseline"].values[trial].astype(np.float64)
        level = window_features(rest, 128.0, PLAIN).mean(axis=0)
        np.testing.assert_allclose(removed[trial], plain[trial] - level, rtol=1e-4, atol=1e-3)


def test_the_released_slip_touches_all_bands_but_theta():
    recording = make_noise()
    chosen = [FeatureSettings(baseline=name, normalise="none") for name in ("subtract", "released")]
    right, slip = (extract_features(recording, each)["feature"].values for each in chosen)
    np.testing.assert_array_equal(right[:, :, 0], slip[:, :, 0])
    assert (np.abs(right[:, :, 1:] - slip[:, :, 1:]) > 1e-4).mean() > 0.99


@pytest.mark.parametrize("baseline", ["subtract", "released"])
def test_a_level_by_hand(baseline):
    """Windows 1 to 6 of theta hold 1 to 6, of alpha 10 to 60: the slip puts 4, 5, 6 there."""
    values = np.arange(1.0, 7)[:, np.newaxis, np.newaxis, np.newaxis] * np.array([[[1], [10]]])
    before = values.copy()
    alpha = {"subtract": 35, "released": (10 + 20 + 30 + 4 + 5 + 6) / 6}[baseline]
    np.testing.assert_allclose(baseline_mean(values, baseline).ravel(), [3.5, alpha])
    np.testing.assert_array_equal(values, before)


def test_normalising_a_window_keeps_kinds_apart():
    values = extract_features(make_noise(), FeatureSettings())["feature"].values.astype(float)
    np.testing.assert_allclose(values.mean(axis=(2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(values.std(axis=(2, 3)), 1, rtol=1e-6)


def test_normalising_a_subject_takes_each_feature_apart():
    chosen = FeatureSettings(normalise="subject")
    values = extract_features(make_noise(), chosen)["feature"].values.astype(float)
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(values.std(axis=0), 1, rtol=1e-6)


def test_trials_do_not_meet():
    """Without normalisation over the subject a trial's features are its own."""
    recording = make_noise()
    alone = extract_features(recording.isel(trial=[1]), FeatureSettings())
    together = extract_features(recording, FeatureSettings())
    of_trial_2 = together.isel(window=together["trial"].values == 2)
    np.testing.assert_array_equal(of_trial_2["feature"], alone["feature"])


# Settings


@pytest.mark.parametrize("kinds", [("de",), ("psd",), ("de", "psd"), ("psd", "de")])
@pytest.mark.parametrize("psd", ["energy", "welch", "multitaper"])
def test_kinds_are_independent_of_each_other(kinds, psd):
    recording = make_noise()
    options = {"psd": psd, "baseline": "subtract"}
    values = extract_features(recording, FeatureSettings(kinds=kinds, **options))
    assert values["kind"].values.tolist() == list(kinds)
    both = extract_features(recording, FeatureSettings(**options)).sel(kind=list(kinds))
    np.testing.assert_array_equal(values["feature"], both["feature"])
    assert to_brain_maps(values).shape == (30, 8, 9, 4 * len(kinds))


def test_densities_are_of_the_unfiltered_signal():
    recording = make_noise()
    options = {"kinds": ("psd",), "baseline": "none", "normalise": "none"}
    causal, zero_phase = (
        extract_features(recording, FeatureSettings(psd="welch", filtering=name, **options))
        for name in ("causal", "zero_phase")
    )
    np.testing.assert_array_equal(causal["feature"], zero_phase["feature"])
    # White noise of 10 microvolts: 2 * 100 / 128 microvolts squared per Hz.
    assert float(causal["feature"].mean()) == pytest.approx(2 * 100 / 128, rel=0.1)


def test_how_filters_bend_the_first_window():
    """Causal: too weak, -0.25. Zero phase: too strong, for the trial is mirrored there."""
    recording = make_noise(n_trials=40, n_channels=32, n_baseline=0)
    for filtering, lowest, highest in (("causal", -0.29, -0.21), ("zero_phase", 0.09, 0.17)):
        chosen = FeatureSettings(("de",), filtering=filtering, baseline="none", normalise="none")
        theta = extract_features(recording, chosen)["feature"].sel(band="theta")
        by_window = theta.groupby("i_window_in_trial").mean(...)
        step = float(by_window[0] - by_window[4:8].mean())
        assert lowest < step < highest


def test_seeds_settings():
    """SEED: 200 Hz, delta as well, no baseline, no normalisation."""
    bands = (Band("delta", 1, 4), *BANDS[:3], Band("gamma", 31, 51))
    chosen = FeatureSettings(("de",), bands=bands, baseline="none", normalise="none")
    recording = make_noise(n_time=1000, n_baseline=0, sfreq=200.0)
    values = extract_features(recording, chosen)
    assert values["feature"].shape == (30, 1, 5, 4)
    assert values["band"].values.tolist() == ["delta", "theta", "alpha", "beta", "gamma"]
    assert values["high_hz"].values.tolist() == [4, 8, 14, 31, 51]
    assert values["onset_seconds"].values[:3].tolist() == [0, 0.5, 1]
    four = values.sel(band=["theta", "alpha", "beta", "gamma"])
    assert to_brain_maps(four)["plane"].values.tolist() == [
        *("de theta", "de alpha", "de beta", "de gamma")
    ]


def test_padded_trials_are_their_own_length():
    recording = make_noise(n_trials=3, n_baseline=0)
    lengths = [640, 300, 64]
    padded = recording["eeg"].values.copy()
    for trial, length in zip(padded, lengths, strict=True):
        trial[:, length:] = np.nan
    ragged = make_recording(padded, trial_samples=("trial", lengths))
    chosen = FeatureSettings(baseline="none")
    values = extract_features(ragged, chosen)
    assert values["trial"].values.tolist() == [1] * 10 + [2] * 4 + [3]
    assert values["i_window_in_trial"].values.tolist() == [*range(10), *range(4), 0]
    whole = extract_features(recording, chosen)
    position = whole["i_window_in_trial"].values
    kept = position < np.array([10, 4, 1])[whole["trial"].values - 1]
    np.testing.assert_array_equal(values["feature"], whole["feature"].isel(window=kept))
    expected = "1 of 3 trials end in less than a window: 44 samples are left out, at most 44"
    assert expected in values.attrs["notes"][1]


def test_a_trial_shorter_than_a_window_is_left_out_with_its_ratings():
    ratings, lengths = np.array([[1.0], [2.0], [3.0]]), ("trial", [640, 63, 640])
    ragged = make_noise(n_baseline=0, trial_samples=lengths, ratings=ratings)
    values = extract_features(ragged, FeatureSettings(baseline="none", normalise="subject"))
    others = ragged.isel(trial=[0, 2])
    expected = extract_features(others, FeatureSettings(baseline="none", normalise="subject"))
    xr.testing.assert_equal(values, expected)
    left_out = "trial 2 is left out: it has 63 samples, less than one window of 0.5 s at 128 Hz"
    assert left_out in values.attrs["notes"]


def test_a_rate_that_is_nearly_round_is_taken_and_noted():
    """At 255.9 Hz half a second is 127.95 samples: 128 are taken, and windows begin after them."""
    values = extract_features(make_noise(sfreq=255.9, n_baseline=256), FeatureSettings())
    assert values.sizes["window"] == 3 * 5
    assert values["onset_seconds"].values[:2].tolist() == [0, 128 / 255.9]
    assert "Windows have 128 samples: 0.5 s at 255.9 Hz would be 127.95." in values.attrs["notes"]


@pytest.mark.parametrize(
    ("band", "noted"), [((1, 4), True), ((4, 45), False), ((40, 46), True), ((2, 8), True)]
)
def test_a_band_beyond_what_the_recording_holds_is_noted(band, noted):
    recording = make_noise().assign_attrs(held_hz=[4.0, 45.0])
    chosen = FeatureSettings(bands=(Band("mine", *band),))
    notes = extract_features(recording, chosen).attrs["notes"]
    assert any("mine" in note and "holds, 4-45 Hz" in note for note in notes) == noted


def test_what_no_window_holds_is_noted():
    values = extract_features(make_noise(n_time=700, n_baseline=400), FeatureSettings())
    assert values.sizes["window"] == 3 * 10
    assert values.attrs["notes"] == [
        "made for a test",
        "3 of 3 trials end in less than a window: 180 samples are left out, at most 60 a trial.",
        "Each baseline ends in less than a window: 16 samples are left out.",
    ]


def test_nothing_left_out_is_not_noted_and_the_recording_stays_as_it_was():
    recording = make_noise(ratings=np.full((3, 2), 5.0))
    before = recording.copy(deep=True)
    assert extract_features(recording, FeatureSettings()).attrs["notes"] == ["made for a test"]
    xr.testing.assert_identical(recording, before)


def test_names_and_what_is_carried_over():
    ratings = np.array([[1.0, 2.0], [np.nan, 4.0], [5.0, 6.0]])
    values = extract_features(make_noise(ratings=ratings), FeatureSettings())
    assert values["feature"].dims == ("window", "kind", "band", "channel")
    assert values["feature"].dtype == np.float32
    assert set(values["subject"].values) == {"sub-07"}
    assert values["stimulus"].values[[0, 10, 29]].tolist() == ["video-01", "video-02", "video-03"]
    assert values["trial_number"].values.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(values["rating"], ratings)
    assert values["rating"].attrs == {"low": 1.0, "high": 9.0}
    assert json.loads(values.attrs["settings"])["bands"][0] == {
        "name": "theta",
        "low_hz": 4.0,
        "high_hz": 8.0,
    }


def test_features_survive_a_file(tmp_path):
    recording = make_noise(ratings=np.array([[1.0, 2.0], [np.nan, 4.0], [5.0, 6.0]]))
    recording["class"] = (("trial", "task"), np.array([["rest"], ["work"], [""]], dtype=object))
    values = extract_features(recording.assign_coords(task=["state"]), FeatureSettings())
    values.to_netcdf(tmp_path / "features.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "features.nc", engine="h5netcdf") as stored:
        xr.testing.assert_equal(stored.load(), values)
        assert stored["feature"].dtype == np.float32
    tasks = {"valence": Task("valence"), "state": Task(classes=("rest", "work"))}
    assert trial_classes(stored, tasks).equals(trial_classes(values, tasks))


# Bad input


def test_no_baseline_to_subtract():
    with pytest.raises(SettingsError, match=r"baseline: 'subtract' needs .* Use baseline='none'"):
        extract_features(make_noise(n_baseline=0), FeatureSettings())


def test_no_trial_as_long_as_a_window():
    ragged = make_noise(n_baseline=0, trial_samples=("trial", [63, 9, 60]))
    with pytest.raises(DataError, match=r"sub-07: no trial is as long as one window of 0\.5 s"):
        extract_features(ragged, FeatureSettings(baseline="none"))


def test_a_baseline_shorter_than_a_window():
    with pytest.raises(DataError, match="sub-07, trial 1, baseline: has 63 samples"):
        extract_features(make_noise(n_baseline=63), FeatureSettings())


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_a_signal_without_an_entropy(value):
    recording = make_noise()
    recording["eeg"][1, 2] = value
    with pytest.raises(DataError, match="sub-07, trial 2: the features of F3 are not finite"):
        extract_features(recording, FeatureSettings())


def test_one_value_a_window_has_no_z_score():
    chosen = FeatureSettings(("de",), bands=BANDS[:1])
    with pytest.raises(DataError, match="all equal"):
        extract_features(make_noise(n_channels=1), chosen)


def test_a_rate_that_does_not_fit_the_window():
    with pytest.raises(SettingsError, match=r"window_seconds: 0\.5 s at 125 Hz is 62\.5 samples"):
        extract_features(make_noise(sfreq=125.0), FeatureSettings())


def test_a_rate_too_low_for_a_band():
    with pytest.raises(SettingsError, match="band 'gamma': reaches up to 45 Hz"):
        extract_features(make_noise(sfreq=64.0), FeatureSettings())


@pytest.mark.parametrize(
    ("parameter", "value", "message"),
    [
        ("kinds", ("de", "pds"), r"kinds: got 'pds'\. Did you mean 'psd'"),
        ("kinds", (), "kinds: got none"),
        ("kinds", ("de", "de"), "kinds: got de, de"),
        ("bands", (), "bands: got none"),
        ("bands", (BANDS[0], BANDS[0]), "bands: got theta, theta"),
        ("psd", "welsh", "psd: got 'welsh'. Did you mean 'welch'"),
        ("filtering", "zero-phase", "Did you mean 'zero_phase'"),
        ("baseline", "release", "Did you mean 'released'"),
        ("normalise", "windows", "Did you mean 'window'"),
        ("window_seconds", 0, "window_seconds: got 0"),
        ("window_seconds", np.nan, "window_seconds: got nan"),
    ],
)
def test_settings_that_do_not_exist(parameter, value, message):
    with pytest.raises(SettingsError, match=message):
        FeatureSettings(**{parameter: value})


def test_a_recording_without_channels_is_refused():
    recording = make_noise().isel(channel=slice(0))
    with pytest.raises(DataError, match="has no channel"):
        extract_features(recording, FeatureSettings(baseline="none"))
