"""Measure the brain-map explorer in Chromium: one frame of a full-size subject, and its weight.

Run it by `python -m benchmarks.explorer`. It opens the explorer of a simulated subject of DEAP's
size (4800 windows, two kinds, four bands, 32 channels) from a folder, scrubs through time, and
prints

- the time of one frame: from the slider's event to pixels and layout, both read back so that the
  browser cannot put the work off; the median over 200 scrubs of a trial, and of a contrast;
- the weight of the page.

It exits with 1 where a limit is not kept, and says so where there is no Chromium to measure in.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from emolib.features.extraction import FeatureSettings, extract_features
from emolib.figures.explorer.widget import Explorer
from emolib.recordings.labels import Task
from emolib.recordings.simulated import SimulationSettings, simulate_subject

LONGEST_FRAME_MS = 16.0  # sixty a second
HEAVIEST = 3_000_000  # bytes
SCRUBS = 200
TASKS = {"valence": Task("valence"), "arousal": Task("arousal")}
VIEWS = {
    "a trial": {"show": "trial 1", "minus": "", "time": 0},
    "a contrast": {"show": "valence high", "minus": "valence low", "time": 0},
}

SCRUB = """([view, scrubs]) => {
    const root = document.querySelector(".x-root");
    root.explorer.choose(view);
    const slider = root.querySelector("input[type=range]");
    const context = root.querySelector(".x-scalp canvas").getContext("2d");
    const times = [];
    for (let i = 1; i <= scrubs; i++) {
        const begin = performance.now();
        slider.value = (7 * i) % (Number(slider.max) + 1);
        slider.dispatchEvent(new Event("input"));
        root.getBoundingClientRect();
        context.getImageData(192, 192, 1, 1);
        times.push(performance.now() - begin);
    }
    times.sort((a, b) => a - b);
    return [times[Math.floor(scrubs / 2)], times[Math.floor(0.95 * scrubs)]];
}"""


def frame_times(page: Page) -> dict[str, tuple[float, float]]:
    """Scrub through each view; give the median and the 95th percentile, milliseconds a frame."""
    page.wait_for_function("() => document.querySelector('.x-root')?.explorer")
    for view in VIEWS.values():  # once for the browser to compile what it runs
        page.evaluate(SCRUB, [view, SCRUBS])
    return {name: tuple(page.evaluate(SCRUB, [view, SCRUBS])) for name, view in VIEWS.items()}


def measure() -> tuple[dict[str, tuple[float, float]], int] | None:
    """Print the figures beside their limits; return frame times and the weight in bytes."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("the explorer was not measured: there is no Chromium (Debian: apt install chromium)")
        return None
    recording, _ = simulate_subject(SimulationSettings(), 1)
    features = extract_features(recording, FeatureSettings())
    html = Explorer(features, tasks=TASKS).page()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "explorer.html"
        path.write_text(html, encoding="utf-8")
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu"],
        )
        page = browser.new_context(offline=True).new_page()
        page.goto(path.as_uri())
        times = frame_times(page)
        browser.close()
    print(f"the explorer of {features.sizes['window']} windows, in Chromium without a GPU")
    for name, (median, slow) in times.items():
        print(
            f"  one frame of {name}: {median:.1f} ms (below {LONGEST_FRAME_MS:g}; 95 % {slow:.1f})"
        )
    weight = len(html.encode())
    print(f"  weight of the page: {weight / 1e6:.2f} MB (at most {HEAVIEST / 1e6:g})")
    return times, weight


def main() -> int:
    """Measure, and say by the exit status whether the limits are kept."""
    if (found := measure()) is None:
        return 0
    times, weight = found
    kept = all(median < LONGEST_FRAME_MS for median, _ in times.values())
    return 0 if kept and weight <= HEAVIEST else 1


if __name__ == "__main__":
    sys.exit(main())
