"""Figures of networks: axes say what they show, and hold the data given."""

from __future__ import annotations

import numpy as np

from emolib.lessons import network_plots


def test_a_field_is_dark_where_the_unit_sees(ax):
    seen = np.zeros((8, 9), bool)
    seen[:3, 2:5] = True
    network_plots.field(ax, seen, (0, 3), title="unit at Fp1")
    shades = ax.collections[0].get_array().reshape(8, 9)
    assert shades[seen].max() < shades[~seen].min()
    ink = {text.get_text(): text.get_color() for text in ax.texts}
    assert ink["Fp1"] == "white" and ink["O1"] != "white"
    assert {frame.get_xy() for frame in ax.patches} == {(3, 0)}


def test_bars_carry_their_numbers(ax):
    network_plots.parameter_bars(ax, {"conv": 1234, "dense": 7})
    assert [text.get_text() for text in ax.texts] == ["1,234", "7"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("parameters", "")
    assert [bar.get_width() for bar in ax.patches] == [1234, 7]


def test_losses_of_the_first_task_lie_on_the_curve(ax):
    p = np.array([0.1, 0.5, 1.0])
    network_plots.loss_curve(ax, {"valence": p, "arousal": p})
    curve, first, second = ax.lines
    assert (ax.get_xlabel(), ax.get_ylabel()) == (
        "probability given to the window's own class",
        "loss (nats)",
    )
    np.testing.assert_allclose(curve.get_ydata(), -np.log(curve.get_xdata()))
    np.testing.assert_allclose(first.get_ydata(), -np.log(p))
    assert (second.get_ydata() > first.get_ydata()).all()
    assert first.get_marker() != second.get_marker()
