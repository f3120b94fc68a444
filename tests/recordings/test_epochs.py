"""Epochs of MNE become a recording, and a recording epochs: one is the other's inverse."""

from __future__ import annotations

import mne
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import centred, noise

from emolib.errors import DataError
from emolib.features import FeatureSettings, extract_features
from emolib.grid import SEED_GRID, standard_head
from emolib.recordings import Task, from_epochs, to_epochs, window_table
from emolib.recordings.recording import build
from emolib.recordings.simulated import SimulationSettings, simulate_subject

SFREQ = 128.0
STATES = {"calm": 3, "tense": 7}


def epochs(n=4, channels=("Fz", "Cz"), *, tmin=-1.0, seconds=3.0, metadata=None, types="eeg"):
    volts = np.random.default_rng(0).normal(0, 1e-5, (n, len(channels), round(seconds * SFREQ)))
    codes = [3, 7] * (n // 2) + [3] * (n % 2)
    events = np.column_stack([np.arange(n) * 1000, np.zeros(n, int), codes])
    info = mne.create_info([*channels], SFREQ, types, verbose="error")
    return mne.EpochsArray(
        volts, info, events, tmin, STATES, metadata=metadata, baseline=None, verbose="error"
    )


def table(**columns):
    return pd.DataFrame(columns)


# One is the other's inverse


@st.composite
def recordings(draw):
    """Small recordings of every kind: rated or classified, with and without a baseline."""
    n, channels = (
        draw(st.integers(1, 5)),
        draw(st.sampled_from([["Fz", "Pz"], ["Oz", "FC5", "T7"]])),
    )
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    lengths = draw(st.lists(st.integers(100, 128), min_size=n, max_size=n))
    eeg = rng.normal(0, 10, (n, len(channels), max(lengths))).astype(np.float32)
    for trial, length in zip(eeg, lengths, strict=True):
        trial[:, :length] = centred(trial[:, :length])
        trial[:, length:] = np.nan
    rest = centred(rng.normal(0, 10, (n, len(channels), 64))).astype(np.float32)
    rating = st.lists(st.floats(1, 9) | st.just(np.nan), min_size=n, max_size=n)
    scales = draw(st.lists(st.sampled_from(["valence", "arousal"]), unique=True))
    ratings = {name: draw(rating) for name in scales}
    name = st.lists(st.sampled_from(["calm", "tense", ""]), min_size=n, max_size=n)
    tasks = draw(st.lists(st.sampled_from(["state", "film"]), min_size=not scales, unique=True))
    ratings = {name: values for name, values in ratings.items() if not np.isnan(values).all()}
    if not ratings and not tasks:
        tasks = ["state"]
    return build(
        eeg,
        channels=channels,
        sfreq=draw(st.sampled_from([128.0, 500.0])),
        dataset="epochs",
        subject="sub-07",
        trials=sorted(draw(st.permutations(range(1, 9)))[:n]),
        stimuli=[f"film {k % 2}" for k in range(n)],
        sessions=draw(st.sampled_from([None, [f"ses-{k % 2}" for k in range(n)]])),
        baseline=rest if draw(st.booleans()) else None,
        ratings=ratings,
        rating_range=(1, 9),
        classes={task: draw(name) for task in tasks},
        trial_samples=lengths,
    )


@settings(deadline=None, max_examples=25)
@given(recordings())
def test_what_becomes_epochs_becomes_the_same_recording_again(recording):
    again = from_epochs(
        to_epochs(recording),
        "sub-07",
        classes=recording["task"].to_numpy().tolist() if "class" in recording else None,
        ratings=recording["scale"].to_numpy().tolist() if "rating" in recording else None,
    )
    assert set(again.variables) == set(recording.variables)
    assert again["eeg"].dtype == np.float32
    for name in recording.variables:
        found, expected = again[name].to_numpy(), recording[name].to_numpy()
        if expected.dtype.kind == "f":
            np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-5)
        else:
            assert found.tolist() == expected.tolist()
    for name in ("dataset", "subject", "sfreq"):
        assert again.attrs[name] == recording.attrs[name]


def test_the_first_tasks_classes_are_the_events_and_come_back_by_its_name():
    recording = build(
        noise(9, 2, 128).reshape(3, 3, 256).astype(np.float32),
        channels=["Fz", "Cz", "Pz"], sfreq=128, dataset="x", subject="sub-01", trials=[1, 2, 3],
        stimuli=["a", "b", "c"], classes={"state": ["tense", "", "calm"]},
    )  # fmt: skip
    made = to_epochs(recording)
    assert set(made.event_id) == {"calm", "tense", "no class"}
    again = from_epochs(made, "sub-01", classes="state")
    assert again["class"].to_numpy().ravel().tolist() == ["tense", "", "calm"]


def test_electrodes_have_places_where_the_head_knows_them():
    recording, _ = simulate_subject(SimulationSettings(n_trials=2, trial_seconds=2), 1)
    made = to_epochs(recording)
    assert made.get_montage() is not None and made.metadata["trial"].tolist() == [1, 2]
    assert float(made.tmin) == -3.0 and made.get_data().shape[-1] == 5 * 128
    rms = made.get_data().std()
    assert 1e-6 < rms < 1e-4  # volts


# What a recording is made of


def test_event_names_are_classes_and_what_lies_before_zero_is_the_baseline():
    given_epochs = epochs()
    recording = from_epochs(given_epochs, "sub-01", classes="state")
    assert recording["class"].sel(task="state").to_numpy().tolist() == ["calm", "tense"] * 2
    assert recording["eeg"].shape == (4, 2, 256) and recording["baseline"].shape == (4, 2, 128)
    microvolts = 1e6 * given_epochs.get_data()
    for name, written in (("baseline", microvolts[..., :128]), ("eeg", microvolts[..., 128:])):
        np.testing.assert_allclose(recording[name], centred(written), atol=1e-4)
    assert recording["trial"].to_numpy().tolist() == [1, 2, 3, 4]
    assert recording["stimulus"].to_numpy().tolist() == ["01", "02", "03", "04"]
    assert any("a trial's number stands" in note for note in recording.attrs["notes"])


def test_it_goes_on_to_features_and_a_table():
    features = extract_features(from_epochs(epochs(), "me", classes="state"), FeatureSettings())
    found = window_table(features, {"state": Task(classes=("calm", "tense"))})
    assert found.groupby("trial")["state"].first().tolist() == [0, 1, 0, 1]


def test_without_negative_times_there_is_no_baseline():
    recording = from_epochs(epochs(tmin=0.0), "sub-01", classes="state")
    assert "baseline" not in recording and recording.sizes["time"] == 384


def test_columns_of_the_metadata_are_ratings_and_classes():
    given_epochs = epochs(
        metadata=table(
            v=[1, 9, 5, None], mood=["up", None, "down", "up"], stimulus=["a", "b", "a", "b"],
            trial=[2, 3, 5, 8],
        )
    )  # fmt: skip
    recording = from_epochs(
        given_epochs, "sub-01", ratings={"valence": "v"}, classes={"feeling": "mood"}
    )
    np.testing.assert_array_equal(recording["rating"].sel(scale="valence"), [1, 9, 5, np.nan])
    assert recording["class"].sel(task="feeling").to_numpy().tolist() == ["up", "", "down", "up"]
    assert recording["trial"].to_numpy().tolist() == [2, 3, 5, 8]
    assert recording["stimulus"].to_numpy().tolist() == ["a", "b", "a", "b"]
    assert from_epochs(given_epochs, "sub-01", ratings="v")["scale"].to_numpy().tolist() == ["v"]


def test_names_are_the_grids_and_others_are_left_out_with_a_note():
    names = ("EEG FP1-REF", "t3", "Nose", "ECG", "Cz")
    given_epochs = epochs(channels=names, types=["eeg", "eeg", "eeg", "ecg", "eeg"])
    given_epochs.info["bads"] = ["Cz"]
    recording = from_epochs(given_epochs, "sub-01", classes="state")
    assert recording["channel"].to_numpy().tolist() == ["Fp1", "T7"]
    assert (
        "left out: Nose (not on the grid), ECG (ecg), Cz (marked bad)" in recording.attrs["notes"]
    )


def test_two_electrodes_without_a_standard_position_are_named_once_and_have_one():
    names = [name.upper() for row in SEED_GRID for name in row if name]
    recording = from_epochs(epochs(channels=names), "sub-01", classes="state")
    assert recording.sizes["channel"] == 62
    (note,) = (note for note in recording.attrs["notes"] if "CB" in note)
    assert note == "CB1 and CB2: no standard position; scalp maps use that of POO7 and POO8"
    head = standard_head(["POO7", "POO8"])
    back = to_epochs(recording).info
    for name, instead in zip(("CB1", "CB2"), head["chs"], strict=True):
        there = back["chs"][back.ch_names.index(name)]["loc"][:3]
        np.testing.assert_array_equal(there, instead["loc"][:3])


def test_epochs_of_a_file_are_read(tmp_path):
    epochs().save(tmp_path / "me-epo.fif", verbose="error")
    read = mne.read_epochs(tmp_path / "me-epo.fif", preload=False, verbose="error")
    recording = from_epochs(read, "sub-01", classes="state")
    whole = from_epochs(epochs(), "sub-01", classes="state")
    np.testing.assert_allclose(recording["eeg"], whole["eeg"], atol=1e-4)


def test_epochs_cut_from_a_file_leave_out_what_was_rejected():
    signal = 1e-5 * np.random.default_rng(1).normal(size=(2, 1280))
    signal[:, 600] = 1.0
    raw = mne.io.RawArray(signal, mne.create_info(["Fz", "Cz"], SFREQ, "eeg"), verbose="error")
    events = np.array([[128, 0, 3], [512, 0, 7], [900, 0, 3]])
    cut = mne.Epochs(raw, events, STATES, 0, 2, baseline=None, reject={"eeg": 0.1}, verbose="error")
    recording = from_epochs(cut, "sub-01", classes="state")
    assert recording["class"].to_numpy().ravel().tolist() == ["calm", "calm"]


# Faults


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {"ratings": ["valence"]}, "have no metadata, so no column 'valence'"),
        (
            {"metadata": table(valense=[1.0, 2, 3, 4])},
            {"ratings": ["valence"]},
            "no column 'valence'. Did you mean 'valense'",
        ),
        (
            {"metadata": table(mood=["up", "down"] * 2)},
            {"ratings": ["mood"]},
            "'mood' holds .*no numbers. Give it as `classes`",
        ),
        ({"metadata": table(v=[1.0, 2, 3, 70])}, {"ratings": ["v"]}, "rated 70, outside 1-9"),
        ({"metadata": table(trial=[1, 2, 2.5, 3])}, {"classes": "x"}, "'trial' must be whole"),
        (
            {"metadata": table(stimulus=["a", None, "a", "b"])},
            {"classes": "x"},
            "'stimulus' is blank in trial 2",
        ),
        ({}, {}, r"neither classes nor ratings.*use the events \(calm, tense\)"),
        ({"channels": ("X1", "X2")}, {"classes": "x"}, "no EEG channel has a place on the grid"),
        ({"channels": ("Fz", "EEG FZ")}, {"classes": "x"}, "are both Fz"),
        ({"tmin": -9.0}, {"classes": "x"}, "end at .* s. Choose a `tmax` above 0 s"),
    ],
)
def test_each_fault_is_named_with_its_remedy(change, options, message):
    with pytest.raises(DataError, match=message) as caught:
        from_epochs(epochs(**change), "sub-01", **options)
    assert caught.value.source == "epochs of sub-01" and caught.value.hint


def test_no_trial_is_left():
    given_epochs = epochs()
    given_epochs.drop([0, 1, 2, 3], reason="BLINK", verbose="error")
    with pytest.raises(DataError, match="no trial is left; dropped for: BLINK"):
        from_epochs(given_epochs, "sub-01", classes="state")


def test_a_raw_file_is_not_cut_yet():
    raw = mne.io.RawArray(np.zeros((1, 9)), mne.create_info(["Fz"], 128, "eeg"), verbose="error")
    with pytest.raises(DataError, match=r"a RawArray is given\. Cut it into epochs first"):
        from_epochs(raw, "sub-01", classes="state")


@pytest.mark.parametrize("baseline", [None, (None, None)])
def test_epochs_that_share_samples_are_refused(baseline):
    raw = mne.io.RawArray(noise(2, 10, 128) * 1e-6, mne.create_info(["Fz", "Cz"], SFREQ, "eeg"))
    events = np.array([[128, 0, 3], [700, 0, 7], [900, 0, 3]])
    cut = mne.Epochs(raw, events, STATES, 0, 2, baseline=baseline)
    with pytest.raises(DataError, match="epochs 2 and 3 share 57 samples"):
        from_epochs(cut, "sub-01", classes="state")


def test_epochs_that_touch_are_not_refused():
    raw = mne.io.RawArray(noise(2, 10, 128) * 1e-6, mne.create_info(["Fz", "Cz"], SFREQ, "eeg"))
    events = np.array([[0, 0, 3], [256, 0, 7]])
    cut = mne.Epochs(raw, events, STATES, 0, 2, baseline=None)  # MNE's last sample is at 2 s
    assert from_epochs(cut, "sub-01", classes="state").sizes["trial"] == 2


def test_a_flat_channel_is_refused_as_in_every_recording():
    given_epochs = epochs()
    given_epochs._data[1, 0, 200:] = 0
    with pytest.raises(DataError, match=r"Fz is flat.*Mark Fz as bad .* or drop the epoch"):
        from_epochs(given_epochs, "sub-01", classes="state")
