"""The simulated cohort: its files, its pairing, its truth, and that it looks like EEG."""

from __future__ import annotations

import dataclasses
from functools import partial

import numpy as np
import pytest
from scipy.io import loadmat
from scipy.signal import welch
from synthetic import check_each
from threadpoolctl import threadpool_limits

from emolib.errors import DataError, SettingsError
from emolib.grid import DEAP_CHANNELS
from emolib.recordings import deap, simulated
from emolib.recordings.simulated import SimulationSettings, simulate_subject
from emolib.recordings.simulated.dipoles import (
    MUSCLE_ELECTRODES,
    RHYTHMS,
    head,
    muscle_weights,
    topographies,
)
from emolib.recordings.simulated.ratings import simulate_ratings, simulate_videos
from emolib.recordings.simulated.signals import (
    DRIFT,
    KNOT,
    N_BACKGROUND,
    N_CHANNELS,
    PERIPHERAL,
    SFREQ,
    _slow_drift,
    _trial_states,
    amplitude_spectra,
    draw_traits,
    simulate_peripheral,
)

SHORT = SimulationSettings(n_subjects=3, n_trials=4, trial_seconds=2)


def variant(settings: SimulationSettings, **changes) -> SimulationSettings:
    return dataclasses.replace(settings, **changes)


def band_power(eeg: np.ndarray, low_hz: float, high_hz: float) -> np.ndarray:
    """Mean squared amplitude in a band, over the last axis."""
    spectrum = np.abs(np.fft.rfft(eeg)) ** 2
    hz = np.fft.rfftfreq(eeg.shape[-1], 1 / SFREQ)
    return spectrum[..., (hz >= low_hz) & (hz < high_hz)].sum(axis=-1)


# Sources and spectra


def test_a_radial_dipole_is_seen_best_by_the_electrode_above_it():
    radial = topographies(np.arange(len(RHYTHMS)), head().outward[: len(RHYTHMS)])
    assert [DEAP_CHANNELS[row] for row in radial.argmax(axis=0)] == [r.electrode for r in RHYTHMS]
    np.testing.assert_allclose(radial.max(axis=0), 1)


def test_a_topography_is_linear_up_to_its_scale():
    along_x, along_y = np.eye(3)[:1], np.eye(3)[1:2]
    lead_x, lead_y = head().lead_field[:, 3, :2].T
    both = lead_x + 2 * lead_y
    np.testing.assert_allclose(
        topographies(np.array([3]), along_x + 2 * along_y)[:, 0], both / np.abs(both).max()
    )


def test_the_head_is_solved_once():
    assert head() is head()


def test_muscle_is_strongest_at_its_electrodes_and_falls_with_distance():
    weights = dict(zip(DEAP_CHANNELS, muscle_weights(), strict=True))
    assert {name for name, weight in weights.items() if weight == 1} == set(MUSCLE_ELECTRODES)
    assert weights["Cz"] < weights["C3"] < weights["FC5"] < 1


@pytest.mark.parametrize("n_samples", [8064, 640, 384 + 129])
def test_the_spectra_give_unit_rms_and_are_longer_than_the_trial(n_samples):
    spectra = amplitude_spectra(draw_traits(np.random.default_rng(1)), n_samples).astype(float)
    n_fft = 2 * (spectra.shape[1] - 1)
    assert n_fft >= n_samples + 4 * SFREQ
    # Parseval: coefficients with variance 1 in each part stand for two frequencies of +-f.
    np.testing.assert_allclose((spectra**2).sum(axis=1) * 4 / n_fft**2, 1, rtol=1e-5)


# States and drifts: their sizes are the model's, so 4000 draws must have them


def test_trial_states_have_the_models_sizes_and_correlate_by_a_half():
    rng, band_of = np.random.default_rng(0), draw_traits(np.random.default_rng(0)).band_of
    states = np.array([_trial_states(rng, band_of) for _ in range(4000)])
    expected = [np.hypot(0.45, 0.45), 0.25, 0.9, np.hypot(0.9, 0.63)]
    sizes = [len(RHYTHMS), N_BACKGROUND, N_CHANNELS, N_CHANNELS]
    np.testing.assert_allclose(states.std(axis=0), [np.repeat(expected, sizes)] * 2, rtol=0.08)
    baseline, video = (states / states.std(axis=0)).transpose(1, 0, 2)
    np.testing.assert_allclose((baseline * video).mean(axis=0), 0.5, atol=0.08)
    within_band = np.corrcoef(video[:, :2].T)[0, 1]  # two theta sources share half their variance
    assert within_band == pytest.approx(0.5, abs=0.08)


def test_slow_drift_is_stationary_and_forgets_in_8_seconds():
    n_drifting, lag = 4000, round(8 * SFREQ / KNOT)
    paths = _slow_drift(np.random.default_rng(0), n_drifting + N_CHANNELS, lag + 1)[:n_drifting]
    np.testing.assert_allclose(paths.std(axis=0), DRIFT, rtol=0.05)
    correlation = np.corrcoef(paths[:, 0], paths[:, lag])[0, 1]
    assert correlation == pytest.approx(np.exp(-1), abs=0.05)


# Ratings


def test_every_block_of_four_videos_has_the_four_quadrants():
    mean = simulate_videos(variant(SHORT, n_trials=20))["video_mean"].to_numpy()
    quadrants = (mean > 5.2) @ [2, 1]
    for block in quadrants.reshape(5, 4):
        assert sorted(block) == [0, 1, 2, 3]
    np.testing.assert_allclose(np.abs(mean - 5.2).mean(axis=0), [1.45, 1.05], atol=0.15)


def test_labels_are_as_noisy_as_the_model_says():
    settings = SimulationSettings(n_subjects=60)
    ratings = [simulate_ratings(settings, subject) for subject in range(1, 61)]
    felt = np.array([each["felt"] for each in ratings])
    reported = np.array([each["rating"] for each in ratings])
    assert 1 <= reported.min() < reported.max() <= 9
    wrong = ((felt > 5) != (reported[..., :2] > 5)).mean(axis=(0, 1))
    np.testing.assert_allclose(wrong, [0.09, 0.125], atol=0.015)
    quadrant = ratings[0]["video_mean"].to_numpy() > 5.2
    predicted = (quadrant == (reported[..., :2] > 5)).mean(axis=(0, 1))
    np.testing.assert_allclose(predicted, [0.86, 0.79], atol=0.02)


# What is drawn depends on seed, subject and trial, and on nothing else


def test_cohorts_with_other_effects_are_paired():
    none, strong = (simulate_subject(variant(SHORT, effect=effect), 1) for effect in (0, 4))
    np.testing.assert_array_equal(none[0]["rating"], strong[0]["rating"])
    np.testing.assert_array_equal(none[0]["baseline"], strong[0]["baseline"])
    np.testing.assert_array_equal(none[0]["eeg"][..., 0], strong[0]["eeg"][..., 0])
    assert none[1].drop_attrs().identical(strong[1].drop_attrs())
    assert np.abs(none[0]["eeg"] - strong[0]["eeg"]).max() > 0.5


def test_an_effect_changes_only_the_sources_that_have_one():
    (none, truth), (strong, _) = (
        simulate_subject(variant(SHORT, effect=effect), 2) for effect in (0, 4)
    )
    difference = np.hstack(strong["eeg"].to_numpy() - none["eeg"].to_numpy()).astype(float)
    affected = truth["pattern"][(truth["kV"] != 0) | (truth["kA"] != 0)].to_numpy().T
    assert affected.shape[1] < N_CHANNELS - 1  # else any difference would fit
    fit = affected @ np.linalg.lstsq(affected, difference, rcond=None)[0]
    assert np.abs(difference - fit).max() < 1e-3 < np.abs(difference).max()


def test_a_trial_is_the_same_in_a_longer_session_and_a_larger_cohort():
    few, truth_few = simulate_subject(SHORT, 1)
    many, truth_many = simulate_subject(variant(SHORT, n_trials=6, n_subjects=9), 1)
    first = many.isel(trial=slice(4))
    assert few.identical(first)
    assert truth_few.drop_attrs().identical(truth_many.isel(trial=slice(4)).drop_attrs())


def test_subjects_and_seeds_differ_but_all_subjects_see_the_same_videos():
    one, truth_one = simulate_subject(SHORT, 1)
    two, truth_two = simulate_subject(SHORT, 2)
    other, truth_other = simulate_subject(variant(SHORT, seed=1), 1)
    for different, truth in ((two, truth_two), (other, truth_other)):
        correlation = np.corrcoef(one["eeg"].values.ravel(), different["eeg"].values.ravel())[0, 1]
        assert abs(correlation) < 0.1
        assert truth["iaf"] != truth_one["iaf"]
        assert (truth["topography"] != truth_one["topography"]).any()
    np.testing.assert_array_equal(truth_one["video_mean"], truth_two["video_mean"])
    np.testing.assert_array_equal(truth_one["r"], truth_two["r"])
    assert (truth_one["video_mean"] != truth_other["video_mean"]).any()


# The signal


def test_signals_are_against_the_common_average():
    recording, _ = simulate_subject(SHORT, 1)
    for name in ("eeg", "baseline"):
        assert recording[name].dtype == np.float32
        assert np.abs(recording[name].sum("channel")).max() < 1e-3


def test_signals_look_like_eeg():
    settings = SimulationSettings(n_subjects=8, n_trials=6, trial_seconds=10)
    eeg = np.array([simulate_subject(settings, i)[0]["eeg"] for i in range(1, 9)])
    spread = eeg.std(axis=-1).mean(axis=(1, 2))
    assert 5.5 < spread.min() < spread.max() < 17  # microvolts
    o1 = eeg[:, :, DEAP_CHANNELS.index("O1")]
    alpha = (band_power(o1, 8, 14) / band_power(o1, 4, 45)).mean(axis=1)
    assert 0.15 < alpha.min() < 0.5 < alpha.max() < 0.9
    upper = np.triu_indices(N_CHANNELS, 1)
    pairs = [np.abs(np.corrcoef(trial)[upper]) for trial in eeg.reshape(-1, *eeg.shape[2:])]
    assert np.median(pairs) == pytest.approx(0.29, abs=0.06)
    outside = 1 - band_power(eeg, 3, 48).sum() / band_power(eeg, 0, 64).sum()
    assert outside < 0.03


def test_the_alpha_peak_is_the_subjects_own():
    settings = SimulationSettings(n_subjects=6, n_trials=8, trial_seconds=16, seed=5)
    found, true = [], []
    for subject in range(1, 7):
        recording, truth = simulate_subject(settings, subject)
        strongest = int(np.abs(truth["pattern"].sel(source="alpha O1").to_numpy()).argmax())
        hz, power = welch(recording["eeg"].to_numpy()[:, strongest], SFREQ, nperseg=256)
        power = power.mean(axis=0) * hz  # a 1/f background is then flat
        near = (hz >= 7) & (hz <= 13.5)
        found.append(hz[near][power[near].argmax()])
        true.append(truth["iaf"].item())
    assert np.ptp(true) > 1
    np.testing.assert_allclose(found, true, atol=0.8)


@pytest.mark.slow
def test_alpha_power_changes_where_and_as_the_truth_says():
    settings = SimulationSettings(n_subjects=8, n_trials=12, trial_seconds=10)
    found, expected = [], []
    for subject in range(1, 9):
        none, emotional = (simulate_subject(variant(settings, effect=e), subject) for e in (0, 1))
        # Paired cohorts share their noise: the change of power is the effect's alone.
        power = [band_power(r["eeg"].values[..., 512:], 8, 14) for r, _ in (none, emotional)]
        truth = none[1]
        emotion = truth["kV"] * truth["wV"] * truth["zV"] + truth["kA"] * truth["wA"] * truth["zA"]
        before = truth["pattern"] ** 2 * np.exp(truth["state"].sel(part="video"))
        change = before * np.expm1(emotion) * (truth["band_of_source"] == "alpha")
        found.append((power[1] - power[0]) / power[0].mean())
        expected.append(change.sum("source").transpose("trial", "channel") / before.mean())
    found, expected = np.ravel(found), np.ravel(expected)
    assert np.corrcoef(found, expected)[0, 1] > 0.8
    clear = np.abs(expected) > np.abs(expected).mean()
    assert (np.sign(found) == np.sign(expected))[clear].mean() > 0.95


def test_each_task_has_an_effect_of_its_own():
    one = variant(SHORT, effect={"arousal": 3})
    assert one == variant(SHORT, effect={"valence": 0, "arousal": 3})  # 0 where none is named
    assert variant(SHORT, effect=3).effect == {"valence": 3.0, "arousal": 3.0}
    recording, truth = simulate_subject(one, 2)
    gain = simulated.emotion_gain(truth)
    assert not gain.sel(scale="valence").any()
    np.testing.assert_allclose(gain.sel(scale="arousal"), 3 * truth["kA"] * truth["wA"])
    # What is felt on the other scale no longer reaches the signals.
    none, both = (simulate_subject(variant(SHORT, effect=e), 2)[0]["eeg"] for e in (0, 3))
    assert not np.array_equal(recording["eeg"], none)
    assert not np.array_equal(recording["eeg"], both)


def test_the_spread_scales_how_people_differ_in_an_effect():
    truths = [simulate_subject(variant(SHORT, effect_spread=sd), 1)[1] for sd in (0, 0.4, 1.6)]
    for name in ("wV", "wA"):
        none, some, much = (truth[name].to_numpy() for truth in truths)
        assert (none == 1).all()
        np.testing.assert_allclose((some - 1) / 0.4, (much - 1) / 1.6)
    for name in ("amplitude", "topography", "state", "rating"):  # nothing else is drawn anew
        np.testing.assert_array_equal(truths[0][name], truths[2][name])


@pytest.mark.parametrize("sign", [1, -1])
def test_occipital_alpha_falls_with_felt_arousal_and_rises_in_the_reversed(sign, monkeypatch):
    def with_known_sign(rng, spread):
        traits = draw_traits(rng, spread)
        traits.wA = np.full(len(RHYTHMS), 1.6 * sign)
        return traits

    monkeypatch.setattr("emolib.recordings.simulated.signals.draw_traits", with_known_sign)
    settings = SimulationSettings(n_trials=40, trial_seconds=8, effect=4)
    for subject in (1, 2):
        recording, truth = simulate_subject(settings, subject)
        late = recording["eeg"].sel(channel=["O1", "O2"]).to_numpy()[..., 512:]
        alpha = np.log(band_power(late, 8, 14)).mean(axis=1)
        assert sign * np.corrcoef(alpha, truth["zA"])[0, 1] < -0.5


def test_a_stimulus_response_is_shared_by_subjects():
    settings = SimulationSettings(n_subjects=4, n_trials=12, trial_seconds=10, effect=0)

    def shared(stimulus_response: float) -> float:
        """Mean correlation between subjects of how log alpha power differs from video to video."""
        features = []
        for subject in range(1, 5):
            cohort = variant(settings, stimulus_response=stimulus_response)
            eeg = simulate_subject(cohort, subject)[0]["eeg"].to_numpy()[..., 512:]
            power = np.log(band_power(eeg, 8, 14))
            features.append((power - power.mean(axis=0)).ravel())
        return np.corrcoef(features)[np.triu_indices(4, 1)].mean()

    assert abs(shared(0)) < 0.15
    assert shared(3) > 0.4


def test_peripheral_rows_are_those_of_deap():
    rows = simulate_peripheral(np.random.default_rng(0), n_samples=8064)
    assert ", ".join(PERIPHERAL) == deap.PERIPHERAL
    offset, rms, low, high = np.array(list(PERIPHERAL.values())).T
    np.testing.assert_allclose(rows.mean(axis=1), offset, atol=0.02 * rms.max())
    np.testing.assert_allclose(rows.std(axis=1), rms, rtol=0.15)
    hz, power = welch(rows, SFREQ, nperseg=8064, detrend="constant")
    peak = hz[power.argmax(axis=1)]
    assert ((low - 0.03 <= peak) & (peak <= high + 0.03)).all()


# The truth


def test_the_truth_holds_what_a_recovered_map_is_held_against():
    recording, truth = simulate_subject(variant(SHORT, effect=3), 2)
    assert truth["topography"].dims == ("source", "channel")
    np.testing.assert_allclose(np.abs(truth["topography"]).max("channel"), 1)
    pattern = truth["topography"] * truth["amplitude"] * truth["gain"]
    np.testing.assert_allclose(truth["pattern"], pattern - pattern.mean("channel"), atol=1e-12)
    np.testing.assert_allclose(truth["zV"], (truth["felt"].sel(felt_scale="valence") - 5.2) / 2)
    np.testing.assert_allclose(truth["zA"], (truth["felt"].sel(felt_scale="arousal") - 5.2) / 2)
    np.testing.assert_array_equal(truth["rating"], recording["rating"])
    for name in ("kV", "kA", "wV", "wA", "amplitude", "frequency", "band_of_source", "electrode"):
        assert truth[name].dims == ("source",)
    assert 8.3 <= truth["iaf"] <= 12.2
    assert all("about" in truth[name].attrs for name in truth.data_vars)


# Files


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort")
    for subject in (1, 2):
        simulated.write_subject(SHORT, subject, folder)
    return folder


def test_a_file_has_deaps_layout(cohort):
    contents = loadmat(cohort / "s01.mat")
    assert contents["data"].shape == (4, 40, 384 + 256)
    assert contents["labels"].shape == (4, 4)
    assert contents["data"].dtype == contents["labels"].dtype == np.float64
    assert np.ptp(contents["data"], axis=-1).min() > 0  # no row is flat


def test_read_gives_back_what_was_simulated(cohort):
    recording, truth = simulate_subject(SHORT, 2)
    found = simulated.read(cohort, "sub-02")
    assert found.drop_attrs(deep=False).identical(recording.drop_attrs(deep=False))
    assert found.attrs["dataset"] == "simulated"
    assert found.attrs["subject"] == "sub-02"
    assert simulated.read_truth(cohort, "sub-02").identical(truth)


def test_two_writes_give_the_same_bytes(cohort, tmp_path):
    # A whole number for a float and another size of cohort must not matter either.
    again = SimulationSettings(n_subjects=7, n_trials=4, trial_seconds=2.0, effect=2)
    path = simulated.write_subject(again, 1, tmp_path)
    assert path == tmp_path / "s01.mat"
    for name in ("s01.mat", "truth/sub-01.nc"):
        assert (tmp_path / name).read_bytes() == (cohort / name).read_bytes(), name
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["s01.mat", "sub-01.nc", "truth"]


def test_the_number_of_threads_does_not_matter():
    settings = variant(SHORT, n_trials=2, trial_seconds=30)
    with threadpool_limits(1):
        one = simulate_subject(settings, 1)
    with threadpool_limits(2):
        two = simulate_subject(settings, 1)
    assert one[0].identical(two[0])
    assert one[1].identical(two[1])


def test_subjects_and_their_files_are_found(cohort):
    (cohort / ".DS_Store").touch()
    assert simulated.subjects(cohort) == ["sub-01", "sub-02"]
    assert simulated.sources(cohort, "sub-02") == [
        cohort / "s02.mat",
        cohort / "truth" / "sub-02.nc",
    ]
    assert check_each(simulated.subjects(cohort), partial(simulated.read, cohort)) == {
        "sub-01": None,
        "sub-02": None,
    }


def test_an_empty_folder_shows_what_is_expected(tmp_path):
    with pytest.raises(DataError, match=r"(?s)no simulated subject.*truth/.*Simulate"):
        simulated.subjects(tmp_path)


def test_an_unknown_subject_is_named(cohort):
    with pytest.raises(DataError, match=r"sub-03.*sub-02"):
        simulated.read(cohort, "sub-03")


def test_a_file_of_another_shape_is_refused(cohort, tmp_path):
    simulated.write_subject(SHORT, 1, tmp_path)
    longer = simulated.write_subject(variant(SHORT, trial_seconds=4), 2, tmp_path)
    longer.replace(tmp_path / "s01.mat")
    with pytest.raises(DataError, match=r"s01\.mat.*896.*640"):
        simulated.read(tmp_path, "sub-01")


def test_a_missing_truth_is_named(tmp_path):
    simulated.write_subject(SHORT, 1, tmp_path)
    (tmp_path / "truth" / "sub-01.nc").unlink()
    with pytest.raises(DataError, match=r"sub-01\.nc: is missing"):
        simulated.read(tmp_path, "sub-01")


def test_a_damaged_truth_is_named(tmp_path):
    simulated.write_subject(SHORT, 1, tmp_path)
    (tmp_path / "truth" / "sub-01.nc").write_bytes(b"cut short")
    with pytest.raises(DataError, match=r"sub-01\.nc: is damaged"):
        simulated.read_truth(tmp_path, "sub-01")


# Settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_subjects", 0),
        ("n_trials", 2.5),
        ("n_trials", -1),
        ("trial_seconds", 0.5),
        ("trial_seconds", 2.001),
        ("effect", -1),
        ("effect", float("nan")),
        ("effect", "strong"),
        ("effect", {"arousal": 21}),
        ("effect_spread", -0.1),
        ("stimulus_response", 100),
        ("seed", -1),
        ("seed", 0.5),
    ],
)
def test_a_setting_out_of_range_is_refused(name, value):
    with pytest.raises(SettingsError, match=name):
        SimulationSettings(**{name: value})


def test_an_effect_on_no_task_of_the_simulation_is_refused():
    with pytest.raises(SettingsError, match=r"effect: got 'arousel'.*Did you mean 'arousal'"):
        SimulationSettings(effect={"arousel": 2})


def test_a_subject_outside_the_cohort_is_refused():
    with pytest.raises(SettingsError, match=r"subject: got 4.*1 to 3"):
        simulate_subject(SHORT, 4)
