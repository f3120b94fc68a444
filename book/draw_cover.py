"""Draws the book's cover and its small sign from a simulated trial: `python book/draw_cover.py`.

Each dot is an electrode at its place on the grid, each small head one moment. Rows are the bands
theta, alpha, beta and gamma, and time goes from left to right. Orange electrodes have more than
the window's mean of differential entropy, blue ones less. The files are written without a
plotting library, so that they are the same bytes everywhere.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from emolib.features.extraction import FeatureSettings, extract_features
from emolib.grid import DEAP_CHANNELS, cells
from emolib.recordings.simulated import SimulationSettings, simulate_subject

STATIC = Path(__file__).with_name("_static")
SETTINGS = SimulationSettings(n_subjects=1, n_trials=4, trial_seconds=30, effect=2.0, seed=0)
TRIAL = 2
N_MOMENTS = 7

GROUND = "#10151c"
# From far below the mean to far above it: blue over the ground's grey to orange.
COLOURS = ("#58a6ff", "#3f7fc4", "#2f5d8e", "#29425f", "#2b323b", "#5a3f2f", "#93552c", "#cc7a2e",
           "#ffb454")  # fmt: skip
FULL = 1.6  # standard deviations at which colour and size are at their ends
CELL = 12.0  # of the grid
HEAD = (11.0, 9.6)  # from one head to the next, in cells
SIGN = ("F3", "Fz", "F4", "C3", "Cz", "C4", "P3", "Pz", "P4")


def moments() -> np.ndarray:
    """Means of a trial's z-scored entropy over stretches of it, (moment, band, channel)."""
    recording, _ = simulate_subject(SETTINGS, subject=1)
    features = extract_features(recording, FeatureSettings(kinds=("de",)))
    own = features["feature"].values[features["trial"].values == TRIAL, 0]
    return np.stack([part.mean(axis=0) for part in np.array_split(own, N_MOMENTS)])


def dot(x: float, y: float, value: float, size: float) -> str:
    """An electrode: the further from the mean, the larger and the brighter."""
    strength = float(np.clip(value / FULL, -1, 1))
    colour = COLOURS[round((strength + 1) / 2 * (len(COLOURS) - 1))]
    radius = size * (0.45 + 0.55 * round(abs(strength), 1))
    return f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{radius:.1f}" fill="{colour}"/>'


def cover(values: np.ndarray) -> str:
    """The cover as SVG."""
    rows, columns = cells(DEAP_CHANNELS)
    n_moments, n_bands, _ = values.shape
    width, height = (n_moments * HEAD[0] + 0.6) * CELL, (n_bands * HEAD[1] + 1) * CELL
    dots = [
        dot((1.8 + i * HEAD[0] + column) * CELL, (1.8 + b * HEAD[1] + row) * CELL, value, 6.0)
        for i, moment in enumerate(values)
        for b, band in enumerate(moment)
        for row, column, value in zip(rows, columns, band, strict=True)
    ]
    return svg(width, height, 18, dots)


def sign(values: np.ndarray) -> str:
    """The small sign, nine electrodes of alpha, as SVG."""
    alpha = values[:, 1].mean(axis=0)[[DEAP_CHANNELS.index(name) for name in SIGN]]
    scaled = FULL * (alpha - alpha.mean()) / np.abs(alpha - alpha.mean()).max()
    dots = [dot(13 + 19 * (i % 3), 13 + 19 * (i // 3), v, 8.5) for i, v in enumerate(scaled)]
    return svg(64, 64, 14, dots)


def svg(width: float, height: float, corner: int, shapes: list[str]) -> str:
    """Shapes on a dark ground with round corners."""
    box = f'width="{width:.0f}" height="{height:.0f}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} viewBox="0 0 {width:.0f} {height:.0f}">',
        f'<rect {box} rx="{corner}" fill="{GROUND}"/>',
        *shapes,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def draw() -> dict[str, str]:
    """The files' text by name."""
    values = moments()
    return {"cover.svg": cover(values), "favicon.svg": sign(values)}


if __name__ == "__main__":
    for name, text in draw().items():
        (STATIC / name).write_text(text, encoding="utf-8")
