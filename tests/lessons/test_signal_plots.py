"""Figures of recorded signals: one above another, with a scale."""

from __future__ import annotations

import numpy as np
import pytest

from emolib.lessons import signal_plots


@pytest.mark.parametrize(("deviation", "scale_uv"), [(4, 20), (0, 1)])
def test_signals_have_a_scale_bar_of_the_height_it_says(ax, deviation, scale_uv):
    wave = deviation * np.tile([1.0, -1.0], (2, 4))
    signal_plots.signals(ax, wave, np.arange(8.0), ["a", "b"])
    assert ax.get_xlabel() == "time (s)"
    first, second, bar = ax.lines
    low, high = bar.get_ydata()
    assert high - low == scale_uv == np.mean(first.get_ydata() - second.get_ydata())
    assert ax.texts[0].get_text().strip() == f"{scale_uv} µV"
