"""Measure the benches in Chromium: frames, first scores, the network's forward pass, their weight.

Run it by `python -m benchmarks.benches`. A frame is timed from a changed choice to a layout that is
read back, so that the browser cannot put the work off; the median over 100 frames is told. It exits
with 1 where a limit is not kept, and says so where there is no Chromium to measure in.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import sync_playwright

from emolib.explain.fold import FoldNetwork, GradientModel
from emolib.features.bands import BANDS
from emolib.features.extraction import KINDS
from emolib.figures import benches
from emolib.grid import DEAP_CHANNELS
from emolib.model.networks import build
from emolib.model.settings import ModelSettings
from emolib.recordings.simulated import SimulationSettings, simulate_subject

LONGEST_FRAME_MS = 16.0  # sixty a second
FIRST_ANSWER_MS = 300.0  # until something long shows that it works
FORWARD_PASS_MS = 50.0
HEAVIEST = 3_000_000  # bytes, of all benches together on one page
READY = "() => document.querySelector('.b-root')?.bench"
FRAMES = """() => {
    const root = document.querySelector(".b-root");
    const times = [];
    for (let i = 0; i < 100; i++) {
        const begin = performance.now();
        root.bench.draw();
        root.getBoundingClientRect();
        times.push(performance.now() - begin);
    }
    return times.sort((a, b) => a - b)[50];
}"""
FORWARD = """() => {
    const { again } = document.querySelector(".b-root").bench.values();
    const times = [];
    for (let i = 0; i < 50; i++) {
        const begin = performance.now();
        again();
        times.push(performance.now() - begin);
    }
    return times.sort((a, b) => a - b)[25];
}"""
FIRST = """async () => {
    const { bench } = document.querySelector(".b-root");
    const progress = document.querySelector("progress");
    progress.removeAttribute("value");
    const begin = performance.now();
    bench.choose({ trials: "80" });
    while (progress.position <= 0) await new Promise((go) => setTimeout(go, 1));
    return performance.now() - begin;
}"""


def untrained_network() -> FoldNetwork:
    """Return a network as wide as the demo's, and maps of noise."""
    settings = ModelSettings(width=0.25, batch_norm=True)
    model = build(settings)
    maps = np.random.default_rng(0).normal(size=(40, 8, 9, 8)).astype(np.float32)
    table = pd.DataFrame({"subject": "noise", "trial": range(40), "valence": 0, "arousal": 0})
    planes = tuple(f"{kind} {band.name}" for kind in KINDS for band in BANDS)
    return FoldNetwork(
        GradientModel(model), settings, model.get_weights(), maps, np.arange(40), table,
        DEAP_CHANNELS, planes, protocol="trial_grouped", fold=0, kind="untrained",
    )  # fmt: skip


def main() -> int:
    """Print the figures beside their limits."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("the benches were not measured: there is no Chromium (Debian: apt install chromium)")
        return 0
    recording, _ = simulate_subject(SimulationSettings(n_trials=20, trial_seconds=30), 1)
    eeg = recording["eeg"].sel(channel="Oz").to_numpy()[0]
    kept, weight = True, 0
    noise = np.random.default_rng(0).random((30, 4))
    histories = pd.DataFrame(noise, columns=["loss", "val_loss", "epoch", "learning_rate"])
    histories[["protocol", "fold", "stage", "subject", "task"]] = "window_wise", 0, "pooled", "", ""
    scores = [{"validation": noise[:15, 0], "test": noise[:15, 1]}] * 12
    made = (
        benches.FilterBench(eeg, 128),
        benches.EntropyBench(eeg, 128),
        benches.WindowBench(recording),
        benches.GridBench(),
        benches.NetworkBench(untrained_network()),
        benches.LossBench(),
        benches.ReplayBench(histories, scores),
        benches.SplitGame(recording),
        benches.TimeBench(eeg[:12].reshape(6, 2) / 10),
        benches.PlanningBench(),
    )
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        for bench in made:
            path = Path(folder) / "bench.html"
            path.write_text(bench.page(), encoding="utf-8")
            weight += path.stat().st_size
            page = browser.new_context(offline=True, reduced_motion="reduce").new_page()
            page.goto(path.as_uri())
            page.wait_for_function(READY)
            page.get_by_role("button", name="Show the answer").click()
            page.evaluate(FRAMES)  # once for the browser to compile what it runs
            frame = page.evaluate(FRAMES)
            kept &= frame < LONGEST_FRAME_MS
            print(f"{bench.title}: one frame {frame:.1f} ms (below {LONGEST_FRAME_MS:g})")
            if isinstance(bench, benches.NetworkBench):
                forward = page.evaluate(FORWARD)
                kept &= forward < FORWARD_PASS_MS
                print(f"  forward pass {forward:.1f} ms (below {FORWARD_PASS_MS:g})")
            if isinstance(bench, benches.SplitGame):
                first = page.evaluate(FIRST)
                kept &= first < FIRST_ANSWER_MS
                print(f"  progress after {first:.0f} ms (below {FIRST_ANSWER_MS:g})")
        browser.close()
    print(f"weight of all benches: {weight / 1e6:.2f} MB (at most {HEAVIEST / 1e6:g})")
    return 0 if kept and weight <= HEAVIEST else 1


if __name__ == "__main__":
    sys.exit(main())
