"""Features trial after trial: drawn as given."""

from __future__ import annotations

import numpy as np

from emolib.lessons import feature_plots


def test_each_trial_has_its_windows_its_mean_and_its_rest(ax):
    values, trial = np.array([1.0, 3, 5, 9, 11]), np.array([7, 7, 7, 2, 2])
    feature_plots.trial_courses(ax, values, trial, levels=np.array([2.0, 8.0]), label="DE (nats)")
    heights = [line.get_ydata().tolist() for line in ax.lines]
    assert heights == [[1, 3, 5], [3, 3], [2, 2], [9, 11], [10, 10], [8, 8]]
    assert ax.lines[3].get_xdata().tolist() == [3, 4]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["7", "2"]
    assert ax.get_ylabel() == "DE (nats)" and "trial" in ax.get_xlabel()
    assert len(ax.get_legend().get_texts()) == 3
