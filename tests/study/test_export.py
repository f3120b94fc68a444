"""What a study exports can be read by others, and is what the study has."""

from __future__ import annotations

import json

import mne
import numpy as np
import pytest
import xarray as xr
from scipy.io import loadmat

from emolib.__main__ import main
from emolib.grid import to_brain_maps
from emolib.model.networks import build, save_weights
from emolib.recordings import READERS
from emolib.recordings.labels import window_table
from emolib.study import stages
from emolib.study.fold import network_settings
from emolib.study.study import load

STUDY = """
title: Small
dataset: simulated
simulation: {n_subjects: 2, n_trials: 4, trial_seconds: 2}
tasks: {valence: {rating: valence}, arousal: {rating: arousal}}
model: {width: 0.05}
protocols: [window_wise, trial_grouped]
n_folds: 2
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A small study with its features."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("small")
        patch.setenv("EMOLIB_RESULTS", str(folder / "results"))
        (folder / "small.yaml").write_text(STUDY)
        small = load(folder / "small.yaml")
        for subject in small.subjects():
            stages.make_features(small, subject)
        yield small


@pytest.fixture
def export(study, tmp_path):
    def call(to):
        assert main(["export", "--to", to, "--out", str(tmp_path), str(study.file)]) == 0
        return tmp_path / f"small-{to}"

    return call


def test_arrays_are_the_maps_the_features_and_the_labels(study, export):
    folder = export("npz")
    assert {path.stem for path in folder.iterdir()} == {*study.subjects()}
    features = stages.features(study, "sub-01")
    table = window_table(features, study.tasks)
    with np.load(folder / "sub-01.npz") as arrays:
        assert np.array_equal(arrays["maps"], to_brain_maps(features))
        assert np.array_equal(arrays["features"], features["feature"])
        assert np.array_equal(arrays["labels"], table[arrays["tasks"].tolist()])
        for name in ("subject", "trial", "stimulus", "window"):
            assert arrays[name].tolist() == table[name].tolist()
        assert arrays["channel"].tolist() == features["channel"].to_numpy().tolist()


def test_netcdf_names_its_axes(study, export):
    with xr.open_dataset(export("netcdf") / "sub-01.nc", engine="h5netcdf") as found:
        features = stages.features(study, "sub-01")
        assert np.array_equal(found["feature"], features["feature"])
        assert found["brain_map"].dims == ("window", "row", "column", "plane")
        table = window_table(features, study.tasks)
        assert np.array_equal(found["label"].sel(labelled_task="arousal"), table["arousal"])


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # in MNE
def test_epochs_are_read_as_a_study(study, export):
    folder = export("epochs")
    found, recording = READERS["epochs"].read(folder, "sub-01"), stages.recording(study, "sub-01")
    settings = mne.read_epochs(folder / "sub-01-epo.fif", verbose="error").metadata
    assert {"trial", "stimulus", "valence", "arousal"} <= {*settings}
    for name in ("trial", "stimulus", "channel"):
        assert found[name].to_numpy().tolist() == recording[name].to_numpy().tolist()
    np.testing.assert_allclose(found["rating"].sel(scale="valence"),
                               recording["rating"].sel(scale="valence"))  # fmt: skip


def test_mat_files_are_those_of_the_published_scripts(study, export):
    folder = export("mat")
    maps = to_brain_maps(stages.features(study, "sub-01"))
    flat = loadmat(folder / "1D/DE_s01.mat")
    assert flat["data"].shape == (len(maps), 128) and flat["base_data"].shape[1] == 128
    found = loadmat(folder / "3D/PSD_s01.mat")["data"]
    np.testing.assert_allclose(found, maps.to_numpy()[..., 4:].transpose(0, 3, 1, 2), rtol=1e-6)


@pytest.mark.network
def test_networks_predict_without_this_project(study, export):
    import keras

    drawn = {name: build(network_settings(study, name), seed=5) for name in study.protocols}
    for name, network in drawn.items():
        save_weights(study.fold_files(name, 1)["weights"], network)
    folder, arrays = export("keras"), export("npz") / "sub-01.npz"
    names = {f"{name}-fold-1-pooled.keras": network for name, network in drawn.items()}
    assert {path.name for path in folder.iterdir()} == {*names}
    with np.load(arrays) as known:
        maps = known["maps"][:3]
    for name, network in names.items():
        model = keras.saving.load_model(folder / name)
        assert "emolib" not in json.dumps(keras.saving.serialize_keras_object(model))
        for task in study.tasks:
            np.testing.assert_allclose(model(maps)[task], network(maps)[task], atol=1e-5)


def test_a_subject_that_fails_stops_nobody(study, tmp_path, capsys):
    file = study.features_file("sub-02")
    whole = file.read_bytes()
    record = {"source": "s02.mat", "message": "is cut short.", "hint": "Copy it again."}
    stages.write_dataset(stages.failure_dataset(record, subject="sub-02"), file)
    try:
        assert main(["export", "--to", "npz", "--out", str(tmp_path), str(study.file)]) == 1
    finally:
        file.write_bytes(whole)
    told = capsys.readouterr()
    assert "sub-02 is not exported: s02.mat: is cut short. Copy it again." in told.err
    assert told.out.strip().endswith("small-npz")
    assert (tmp_path / "small-npz/sub-01.npz").is_file()
    assert not (tmp_path / "small-npz/sub-02.npz").exists()


def test_without_a_network_it_says_how_to_train_one(study, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path / "other"))
    assert main(["export", "--to", "keras", "--out", str(tmp_path), str(study.file)]) == 1
    assert "Run `python -m emolib run small` first" in capsys.readouterr().err
