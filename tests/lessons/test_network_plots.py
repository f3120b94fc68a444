"""Figures of networks: axes say what they show, artists hold the data given."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from emolib import grid
from emolib.lessons import network_plots

PLANE = np.linspace(-1, 2, 72).reshape(8, 9)


@pytest.mark.parametrize(
    ("draw", "labels"),
    [
        (lambda ax: [network_plots.cells(ax, PLANE)], ("grid column", "grid row")),
        (lambda ax: [network_plots.cells(ax, PLANE, of="kernel")], ("kernel column", "kernel row")),
        (lambda ax: network_plots.parameter_bars(ax, {"a": 5}), ("parameters", "")),
        (
            lambda ax: network_plots.loss_curve(ax, {"valence": np.array([0.5])}),
            ("probability given to the window's own class", "loss (nats)"),
        ),
    ],
)
def test_axes_say_what_they_show_and_artists_come_back(ax, draw, labels):
    artists = draw(ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == labels
    assert artists and all(artist.axes is ax for artist in artists)


def test_cells_hold_the_values_and_write_them_where_asked(ax):
    image = network_plots.cells(ax, np.array([[1.0, -2.0], [np.nan, 3.0]]), numbers="{:.0f}")
    assert np.ma.filled(image.get_array(), 9).ravel().tolist() == [1, -2, 9, 3]
    places = {text.get_text(): text.get_position() for text in ax.texts}
    assert places == {"1": (0.5, 0.5), "\N{MINUS SIGN}2": (1.5, 0.5), "3": (1.5, 1.5)}


def test_signs_are_seen_without_colours(ax):
    image = network_plots.cells(ax, np.array([[1.0, -3.0]]), diverging=True)
    assert [text.get_position() for text in ax.texts] == [(1.5, 0.5)]
    assert image.get_clim() == (-3, 3)


def test_ink_stands_out_from_its_cell(ax):
    image = network_plots.cells(ax, PLANE, numbers="{:.1f}")
    for text, value in zip(ax.texts, PLANE.ravel(), strict=True):
        ground = np.dot(image.cmap(image.norm(value))[:3], (0.3, 0.59, 0.11))
        assert abs(np.dot(to_rgb(text.get_color()), (0.3, 0.59, 0.11)) - ground) > 0.45


def test_empty_cells_are_hatched_and_the_box_is_drawn_where_it_is(ax):
    empty = np.zeros((8, 9), bool)
    empty[2, 3] = True
    network_plots.cells(ax, PLANE, empty=empty, box=(1, 4, 5, 3))
    hatched = [patch for patch in ax.patches if patch.get_hatch()]
    assert [patch.get_xy() for patch in hatched] == [(3, 2)]
    frames = {(p.get_xy(), p.get_width(), p.get_height()) for p in ax.patches if p not in hatched}
    assert frames == {((4, 1), 3, 5)}


def test_a_field_is_dark_where_the_unit_sees(ax):
    seen = np.zeros((8, 9), bool)
    seen[:3, 2:5] = True
    image = network_plots.field(ax, seen, (0, 3, 1, 1), grid.DEAP_GRID, title="unit at Fp1")
    shades = image.get_array().reshape(8, 9)
    assert shades[seen].max() < shades[~seen].min()
    ink = {text.get_text(): text.get_color() for text in ax.texts}
    assert ink["Fp1"] == "white" and ink["O1"] != "white"


def test_bars_carry_their_numbers(ax):
    network_plots.parameter_bars(ax, {"conv": 1234, "dense": 7})
    assert [text.get_text() for text in ax.texts] == [" 1,234", " 7"]
    assert [bar.get_width() for bar in ax.patches] == [1234, 7]


def test_losses_of_the_first_task_lie_on_the_curve(ax):
    p = np.array([0.1, 0.5, 1.0])
    curve, first, second = network_plots.loss_curve(ax, {"valence": p, "arousal": p})
    np.testing.assert_allclose(curve.get_ydata(), -np.log(curve.get_xdata()))
    np.testing.assert_allclose(first.get_ydata(), -np.log(p))
    assert (second.get_ydata() > first.get_ydata()).all()
    assert first.get_marker() != second.get_marker()
