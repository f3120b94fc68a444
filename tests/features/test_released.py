"""The published scripts' files: what they hold, and back again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.signal as sps
from scipy.io import loadmat, savemat
from synthetic import cut_short, noise

from emolib.errors import DataError, SettingsError
from emolib.features import FeatureSettings, extract_features
from emolib.features.released import read_released, write_released
from emolib.grid import DEAP_CHANNELS
from emolib.recordings.deap import SCALES
from emolib.recordings.labels import Task, window_table
from emolib.recordings.recording import build

TASKS = {name: Task(name) for name in SCALES[:2]}
N_TRIALS = 3


def recording(signals, ratings):
    """A recording of trials (trial, channel, sample), the first three seconds a baseline."""
    signals = signals[:, :32].astype("f4")
    of_scales = dict(zip(SCALES, ratings.T, strict=True))
    about = {"channels": DEAP_CHANNELS, "sfreq": 128.0, "dataset": "deap", "subject": "sub-01"}
    trials = range(1, len(signals) + 1)
    rest, eeg = signals[..., :384], signals[..., 384:]
    return build(eeg, baseline=rest, trials=trials, ratings=of_scales, **about)


def written(folder, given, settings):
    features = extract_features(given, settings)
    labels = window_table(features, TASKS)[[*TASKS]]
    return features, write_released(folder, given, features, settings, labels)


@pytest.fixture(scope="module")
def small():
    """Four trials of three windows, six of rest before each."""
    signals = noise(4 * 32, 4.5, 128).reshape(4, 32, -1)[..., : 384 + 192]
    return recording(signals, np.array([[2.0, 8, 5, 5], [7, 3, 5, 5], [8, 9, 5, 5], [1, 2, 5, 5]]))


def test_a_name_that_leads_out_of_the_folder_stays_in_it(tmp_path, small):
    given = small.assign_attrs(subject="sub-../../../x")
    features, files = written(tmp_path, given, FeatureSettings())
    folders = [path.parent.relative_to(tmp_path).as_posix() for path in files]
    assert folders == ["1D", "3D", "1D", "3D"] and len({*files}) == 4
    again = read_released(tmp_path / "3D", "sub-../../../x", n_trials=4)
    np.testing.assert_array_equal(again["feature"], features["feature"])


def test_files_hold_what_the_published_scripts_computed(tmp_path):
    """The reference figures of the first three trials."""
    rng = np.random.default_rng(20211208)
    source = rng.normal(size=(40, 40, 8064))[:N_TRIALS]
    data = sps.lfilter([1.0], [1.0, -0.95], source, axis=-1) * 5.0
    with np.load(Path(__file__).parents[1] / "data" / "released_code_deap.npz") as arrays:
        known = dict(arrays)
    given = recording(data, known["ratings"][:N_TRIALS])
    _, files = written(tmp_path, given, FeatureSettings(baseline="released"))
    names = ["1D/DE_s01.mat", "3D/DE_s01.mat", "1D/PSD_s01.mat", "3D/PSD_s01.mat"]
    assert [path.relative_to(tmp_path).as_posix() for path in files] == names
    rows = known["rows"][known["rows"] < 120 * N_TRIALS]
    for kind in ("de", "psd"):
        flat, maps = (
            loadmat(tmp_path / place / f"{kind.upper()}_s01.mat") for place in ("1D", "3D")
        )
        for found, key in (
            (flat["base_data"], f"{kind}_baseline"),
            (flat["data"][rows], f"{kind}_windows"),
            (maps["data"][rows], f"{kind}_maps"),
        ):
            np.testing.assert_allclose(found, known[key][: len(found)], rtol=1e-5, atol=1e-5)
        for task in TASKS:
            assert flat[f"{task}_labels"].shape == (1, 120 * N_TRIALS)
            assert flat[f"{task}_labels"][0, ::120].tolist() == known[task][:N_TRIALS].tolist()


@pytest.mark.parametrize("baseline", ["released", "subtract", "none"])
@pytest.mark.parametrize("place", ["1D", "3D"])
def test_what_is_written_is_read_again(small, tmp_path, baseline, place):
    settings = FeatureSettings(baseline=baseline)
    expected, _ = written(tmp_path, small, settings)
    found = read_released(tmp_path / place, "sub-01", settings, n_trials=4)
    np.testing.assert_allclose(found["feature"], expected["feature"], atol=2e-6)
    for name in ("trial", "stimulus", "i_window_in_trial", "onset_seconds", "channel", "band"):
        assert found[name].to_numpy().tolist() == expected[name].to_numpy().tolist(), name
    named = {name: Task() for name in TASKS}
    assert window_table(found, named).equals(window_table(expected, TASKS))


def test_the_same_features_give_the_same_bytes(small, tmp_path):
    settings = FeatureSettings(kinds=("de",))
    once, again = (written(tmp_path / name, small, settings)[1] for name in "ab")
    assert [path.read_bytes() for path in once] == [path.read_bytes() for path in again]


def test_each_fault_is_named(small, tmp_path):
    settings = FeatureSettings(baseline="released")
    _, (flat, maps, other, _) = written(tmp_path, small, settings)
    arrays = {name: value for name, value in loadmat(flat).items() if name[0] != "_"}

    def refused(match, **changes):
        savemat(flat, {name: v for name, v in (arrays | changes).items() if v is not None})
        with pytest.raises(DataError, match=match):
            read_released(flat.parent, "sub-01", settings)

    refused(r"'data' is 12 x 127; windows x 128 is expected", data=arrays["data"][:, 1:])
    refused("holds no 'base_data' of 128 columns", base_data=None)
    refused("12 windows are not those of 5 trials", base_data=np.ones((5, 128)))
    refused("'valence_labels' changes within trial 1 of 2", base_data=arrays["base_data"][:2])
    refused("holds no 'base_data'", base_data=np.empty((0, 128)))
    refused("holds no labels", valence_labels=None, arousal_labels=None)
    refused("NaN or infinite", data=np.full((12, 128), np.nan), base_data=arrays["base_data"])
    refused("PSD_s01.mat: has other labels", valence_labels=1 - arrays["valence_labels"])
    savemat(flat, arrays)
    with pytest.raises(SettingsError, match="'divide' needs more than a mean"):
        read_released(flat.parent, "sub-01", FeatureSettings(baseline="divide"))
    with pytest.raises(DataError, match="12 windows are not those of 40 trials"):
        read_released(maps.parent, "sub-01", settings)
    cut_short(other)
    with pytest.raises(DataError, match=r"PSD_s01\.mat: is not a complete MATLAB file"):
        read_released(flat.parent, "sub-01", settings)
    with pytest.raises(DataError, match=r"DE_s02\.mat: is not a file"):
        read_released(flat.parent, "sub-02", settings)
