"""A reader is three functions and three attributes: CONTRIBUTING's example is one."""

from __future__ import annotations

import re
import types
from pathlib import Path

import numpy as np
import pytest
from synthetic import check_each, noise

from emolib.errors import DataError
from emolib.features import FeatureSettings, extract_features
from emolib.recordings import READERS, Reader
from emolib.recordings.simulated import SimulationSettings, simulate_subject
from emolib.study import load

CONTRIBUTING = Path(__file__).resolve().parents[2] / "CONTRIBUTING.md"
STUDY = """\
title: Mine
dataset: mine
root: .
tasks: {mood: {classes: [low, high]}}
features: {baseline: none}
protocols: [trial_grouped]
"""


@pytest.fixture
def mine(monkeypatch):
    """The reader that CONTRIBUTING shows, among the others."""
    section = CONTRIBUTING.read_text(encoding="utf-8").split("## A reader for another data set")[1]
    code = re.search(r"```python\n(.*?)```", section, re.DOTALL).group(1)
    reader = types.ModuleType("mine")
    exec(code, vars(reader))
    monkeypatch.setitem(READERS, "mine", reader)
    return reader


@pytest.fixture
def folder(tmp_path):
    for k in (1, 2):
        eeg = np.stack([noise(2, 2, 128, seed=10 * k + trial) for trial in range(4)])
        moods = ["low", "high", "high", "low"]
        np.savez(
            tmp_path / f"sub-0{k}.npz",
            eeg=eeg.astype(np.float32), channels=["Fz", "Oz"], mood=moods,
        )  # fmt: skip
    return tmp_path


def test_every_reader_has_what_the_protocol_names(mine):
    names = {name for name in vars(Reader) if not name.startswith("_")} | set(
        Reader.__annotations__
    )
    assert names == {
        "subjects", "sources", "read", "RANDOMISED_ORDER", "MEMORY_MB", "default_root",
    }  # fmt: skip
    simulate_subject(SimulationSettings(n_trials=1, trial_seconds=1), 1)  # loads all that it has
    for name, reader in READERS.items():
        assert all(hasattr(reader, one) for one in names), name
        assert all(callable(getattr(reader, one)) for one in ("subjects", "sources", "read")), name
        assert isinstance(reader.RANDOMISED_ORDER, bool) and reader.MEMORY_MB >= 1000
        assert reader.default_root is None or callable(reader.default_root)
    cut = {"deap", "deap_raw", "seed", "dreamer", "epochs"}
    assert set(READERS) == {"simulated", "files", "bids", "eegmat", "ds002721", "mine", *cut}


def test_the_example_reads_a_study(mine, folder):
    (folder / "mine.yaml").write_text(STUDY)
    study = load(folder / "mine.yaml")
    assert study.subjects() == ["sub-01", "sub-02"] and study.reader is mine
    recording = study.reader.read(study.recordings_root, "sub-02")
    assert recording["class"].to_numpy().ravel().tolist() == ["low", "high", "high", "low"]
    features = extract_features(recording, FeatureSettings(baseline="none"))
    assert features.sizes["window"] == 16


def test_what_the_example_reads_is_checked(mine, folder):
    with np.load(folder / "sub-01.npz") as file:
        held = dict(file)
    held["eeg"][2, 1] = 0
    np.savez(folder / "sub-01.npz", **held)
    found = check_each(mine.subjects(folder), lambda name: mine.read(folder, name))
    assert isinstance(found["sub-01"], DataError) and "Oz is flat" in str(found["sub-01"])
    assert found["sub-02"] is None


def test_a_study_without_a_place_says_so(mine, folder):
    (folder / "mine.yaml").write_text(STUDY.replace("root: .\n", ""))
    with pytest.raises(ValueError, match=r"mine.yaml: root: is missing"):
        _ = load(folder / "mine.yaml").recordings_root
