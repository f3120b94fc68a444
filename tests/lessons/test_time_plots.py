"""Figures of windows in time: what is drawn is what was given, and the words say it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from emolib.lessons import time_pictures, time_plots


def test_windows_are_counted(ax):
    time_plots.windows_timeline(ax, baseline_seconds=3, trial_seconds=60, window_seconds=0.5)
    assert len(ax.patches) == 6 + 120
    assert ax.get_xlabel() == "time from the start of the trial (s)"
    assert [box.get_x() for box in ax.patches if box.get_hatch()] == [-3, -2.5, -2, -1.5, -1, -0.5]


def test_windows_left_over_are_hatched_and_groups_are_framed(ax):
    time_plots.windows_timeline(ax, trial_seconds=4, window_seconds=0.5, group=3)
    boxes = [patch for patch in ax.patches if patch.get_width() == 0.5]
    frames = [patch for patch in ax.patches if patch.get_width() == 1.5]
    assert len(boxes) == 8
    assert [box.get_x() for box in boxes if box.get_hatch()] == [3.0, 3.5]
    assert [frame.get_x() for frame in frames] == [0.0, 1.5]
    assert not ax.lines  # no baseline, no line


def test_correlations_are_those_given(ax):
    time_plots.correlations(ax, [0, 0.5], {"data": [1, 0.5]}, formula=[1, 0.1])
    drawn = {line.get_label(): np.asarray(line.get_ydata()).tolist() for line in ax.lines}
    assert drawn["data"] == [1, 0.5]
    assert drawn["white noise, formula"] == [1, 0.1]


def test_orders_show_each_answer(ax):
    time_plots.orders(ax, np.array([0.4, 0.5]), np.array([[0.3, 0.6], [0.4, 0.5], [0.2, 0.7]]))
    circles = np.concatenate([part.get_offsets()[:, 1] for part in ax.collections])
    assert sorted(circles.tolist()) == [0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
    (diamonds,) = (line for line in ax.lines if line.get_marker() == "D")
    assert diamonds.get_ydata().tolist() == [0.4, 0.5]


def test_pictures_say_what_they_show():
    assert "2 groups of 3; 2 left over" in time_pictures.groups(8, 3, window_seconds=0.5).alt
    assert "none left over" in time_pictures.groups(9, 3, window_seconds=0.5).alt
    curves = {band: {"data": [1, 0.5], "noise": [1, 0.1]} for band in ("theta", "alpha", "beta")}
    formulas = {band: [1, 0.1] for band in curves}
    picture = time_pictures.correlations(curves, formulas, window_seconds=0.5)
    assert "alpha data 0.50, noise 0.10" in picture.alt
    answers = {
        "MT-CNN": (np.full(2, 0.5), np.full((3, 2), 0.5)),
        "4D-CRNN": (np.full(2, 0.5), np.full((3, 2), 0.6)),
    }
    picture = time_pictures.orders(answers, label="probability of high valence")
    assert "MT-CNN by 0 at most; 4D-CRNN by 0.1 at most" in picture.alt


def test_the_comparison_averages_seeds_and_keeps_the_order_of_networks():
    rows = [
        ("valence", network, subject, seed, value + 0.1 * seed)
        for network, value in (("one", 0.5), ("average", 0.6))
        for subject in ("sub-01", "sub-02")
        for seed in (0, 1)
    ]
    scores = pd.DataFrame(rows, columns=["task", "stage", "subject", "repeat", "value"])
    scores.loc[len(scores)] = ["valence", "one", "sub-03", 0, np.nan]
    picture = time_pictures.comparison(scores, ["one", "average"], chance={"valence": 0.5})
    assert picture.alt.endswith("trials: valence, one 0.55; valence, average 0.65.")
