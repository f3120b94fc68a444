"""Features trial after trial, and shares end to end: drawn as given, told apart without colour."""

from __future__ import annotations

import numpy as np
import pandas as pd

from emolib.lessons import feature_plots


def test_each_trial_has_its_windows_its_mean_and_its_rest(ax):
    values, trial = np.array([1.0, 3, 5, 9, 11]), np.array([7, 7, 7, 2, 2])
    artists = feature_plots.trial_courses(
        ax, values, trial, levels=np.array([2.0, 8.0]), label="DE (nats)"
    )
    heights = [artist.get_ydata().tolist() for artist in artists]
    assert heights == [[1, 3, 5], [3, 3], [2, 2], [9, 11], [10, 10], [8, 8]]
    assert artists[3].get_xdata().tolist() == [3, 4]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["7", "2"]
    assert ax.get_ylabel() == "DE (nats)" and "trial" in ax.get_xlabel()
    assert len(ax.get_legend().get_texts()) == 3


def test_shares_stand_end_to_end(ax):
    shares = pd.DataFrame({"person": [0.2, 0.0], "window": [0.8, 1.0]}, index=["raw", "z"])
    bars = feature_plots.stacked_shares(ax, shares)
    assert [(b.get_x(), b.get_width()) for b in bars] == [(0, 0.2), (0, 0), (0.2, 0.8), (0, 1)]
    assert {text.get_text() for text in ax.texts} == {"20%", "80%", "100%"}
    assert ax.get_xlabel() == "share of the variance (0 to 1)"
