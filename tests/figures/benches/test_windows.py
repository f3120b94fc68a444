"""Windows, baselines and z-scores in the page, held against the package's own features."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from emolib.errors import DataError
from emolib.features.bands import BANDS
from emolib.features.extraction import FeatureSettings, window_features
from emolib.features.windows import z_score
from emolib.figures.benches import WindowBench
from emolib.figures.benches.windows import named_share
from emolib.recordings.simulated import SimulationSettings, simulate_subject

SHOWN = """(choices) => {
    const { bench } = document.querySelector(".b-root");
    bench.choose(choices);
    const { trials, levels, after, shares } = bench.values();
    const plain = (rows) => rows.map((row) => Array.from(row));
    return { trials: trials.map(plain), levels: plain(levels), after: after.map(plain), shares };
}"""
settings = pytest.mark.parametrize("n", [5, pytest.param(20, marks=pytest.mark.benches)])


@pytest.fixture(scope="module")
def recording() -> xr.Dataset:
    simulated, _ = simulate_subject(SimulationSettings(n_trials=4, trial_seconds=10), 1)
    return simulated.isel(channel=slice(0, 8))


def entropy(signal: np.ndarray, seconds: float) -> np.ndarray:
    """What the package computes of (channel, time): (window, feature)."""
    asked = FeatureSettings(kinds=("de",), window_seconds=seconds)
    return window_features(signal, 128, asked)[:, 0]


@pytest.mark.browser
@settings
def test_features_levels_and_z_scores_are_the_packages(n, touch, recording):
    rng = np.random.default_rng(n)
    bench = WindowBench(recording)
    page = touch(bench)
    eeg = recording["eeg"].to_numpy()[:, :, : 9 * 128]
    rest = recording["baseline"].to_numpy()
    for _ in range(n):
        choices = {
            name: str(rng.choice(list(bench.rules[name]["options"])))
            for name in ("window", "removal", "normalise")
        } | {"rest": str(rng.choice(["1.0", "3.0"]))}
        shown = page.evaluate(SHOWN, choices)
        seconds = float(choices["window"])
        trials = np.stack([entropy(signal, seconds) for signal in eeg])
        flat = trials.reshape(len(trials), trials.shape[1], -1)
        # The page has sums in single precision.
        assert np.allclose(shown["trials"], flat, atol=1e-5)
        n_rest = round(float(choices["rest"]) * 128)
        if seconds <= float(choices["rest"]) and choices["rest"] == "3.0":
            levels = [entropy(signal, seconds).mean(axis=0) for signal in rest]
            assert n_rest == rest.shape[-1]
            assert np.allclose(shown["levels"], np.reshape(levels, (len(rest), -1)), atol=1e-5)
        level, exact = np.array(shown["levels"]), np.array(shown["trials"])
        taken = {
            "none": 0 * level,
            "own": level,
            "another": np.roll(level, -1, axis=0),
            "mean": level.mean(axis=0) + 0 * level,
        }
        left = {name: exact - each[:, None] for name, each in taken.items()}
        if choices["normalise"] != "none":
            along = 2 if choices["normalise"] == "window" else (0, 1)
            left = {name: z_score(values, axis=along) for name, values in left.items()}
        wanted = left[choices["removal"]]
        assert np.abs(np.array(shown["after"]) - wanted).max() < 1e-9 * np.abs(wanted).max()
        assert shown["shares"] == pytest.approx([named_share(each) for each in left.values()])


def test_without_a_baseline_the_first_seconds_stand_for_one(recording):
    bench = WindowBench(recording.drop_vars("baseline"), BANDS[:2])
    assert (bench.spec["nRest"], bench.spec["nBlocks"]) == (6, 14)
    assert "stand for a baseline" in bench.spec["note"]


def test_trials_that_are_too_short_are_refused(recording):
    with pytest.raises(DataError, match="two are needed"):
        WindowBench(recording.isel(time=slice(0, 128)))
    with pytest.raises(DataError, match="flat"):
        WindowBench(recording.where(recording["channel"] != "Fp1", 0.0))
