"""The same recording by every route gives the same features: see `benchmarks.formats`."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import mne
import pytest
from synthetic import noise, write_edf

BESIDE = Path(__file__).resolve().parents[2] / "data"
NAMES = ["EEG Fp1", "EEG T3", "EEG Cz", "EEG O2", "ECG ECG"]


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).resolve().parents[2])  # it is not installed
    with mne.utils.use_log_level("error"):
        yield importlib.import_module("benchmarks.formats")


def pieces(bench, folder):
    """Ten seconds of rest and of arithmetic: real ones, or noise where there are none."""
    found = {}
    for number, condition in bench.eegmat.CONDITIONS.items():
        file = Path(os.environ.get("EMOLIB_DATA", BESIDE)) / f"eegmat/Subject00_{number}.edf"
        found[condition] = folder / f"{condition}.edf"
        if file.is_file():
            raw = bench.open_edf(file).crop(20, 29.5).load_data()
            bench.export(".edf", raw, found[condition])
        else:
            write_edf(found[condition], noise(len(NAMES), 10, 128, number), NAMES, 128)
    return found


@pytest.mark.filterwarnings("ignore")  # of writers
def test_every_route_gives_the_same_features(bench, tmp_path):
    found = bench.compare(pieces(bench, tmp_path), 4.0, tmp_path / "formats")
    assert found.keys() == bench.ROUTES.keys() >= {"BIDS", "epochs, EEGLAB", "BrainVision"}
    assert max(found.values()) <= 1, found


@pytest.mark.filterwarnings("ignore")
def test_a_route_that_changes_samples_is_seen(bench, tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "ROUTES", {"FIF": bench.ROUTES["FIF"]})
    monkeypatch.setitem(
        bench.WRITERS, "FIF", lambda raw, path: bench.write_fif(raw.filter(1, 40), path)
    )
    assert bench.compare(pieces(bench, tmp_path), 4.0, tmp_path / "formats")["FIF"] > 1
