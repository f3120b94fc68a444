"""Small maps, cells and links: what is drawn is what was given, where it belongs."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from emolib import grid
from emolib.figures import display, maps
from emolib.lessons import map_plots

CHANNELS = list(grid.DEAP_CHANNELS)
BLUE = to_rgb(display.BLUE)


def test_cells_carry_their_names_and_marks(ax):
    artists = map_plots.cells(ax, ["Fp1", "Oz"], filled=["Oz"], framed=["Fp1"])
    assert all(artist.axes is ax for artist in artists)
    texts = {text.get_text(): text.get_position() for text in ax.texts}
    assert texts == {"Fp1": (3.5, 0.5), "Oz": (4.5, 7.5)}
    boxes = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert len(boxes) == 72 + 2 + 1  # every cell, two electrodes, one frame
    blue = [b.get_xy() for b in boxes if b.get_fill() and b.get_facecolor()[:3] == BLUE]
    assert blue == [(4, 7)]
    (frame,) = [b for b in boxes if not b.get_fill()]
    assert frame.get_x() // 1 == 3 and frame.get_y() // 1 == 0
    assert ax.get_xlabel() and ax.get_ylabel()


@pytest.mark.parametrize(
    ("centre", "box"), [((3, 4), (2, 1, 5, 5)), ((0, 0), (0, 0, 3, 3)), ((7, 8), (6, 5, 3, 3))]
)
def test_a_field_ends_at_the_grids_edge(ax, centre, box):
    frame = map_plots.field_frame(ax, centre, 5)
    assert (frame.get_x(), frame.get_y(), frame.get_width(), frame.get_height()) == box


@pytest.mark.parametrize("places", [map_plots.grid_places, map_plots.head_places])
def test_links_join_their_electrodes_and_differ_without_colour(ax, places):
    at = places(CHANNELS)
    lines = map_plots.links(ax, at, {"kept": [("Cz", "Fz"), ("Cz", "C3")], "lost": [("O1", "P7")]})
    ends = [tuple(zip(line.get_xdata(), line.get_ydata(), strict=True)) for line in lines]
    assert ends == [(at["Cz"], at["Fz"]), (at["Cz"], at["C3"]), (at["O1"], at["P7"])]
    assert len({line.get_linestyle() for line in lines}) == 2
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["kept", "lost"]


def test_places_on_the_head_are_those_of_the_montage(ax):
    maps.montage(ax, CHANNELS)
    at = map_plots.head_places(CHANNELS)
    assert [text.get_text() for text in ax.texts] == list(at)
    assert np.allclose([text.get_position() for text in ax.texts], list(at.values()))


def test_a_plane_has_each_value_in_its_cell_and_a_dash_below_zero(ax):
    values = np.arange(32.0) - 2
    image = map_plots.plane(ax, values, CHANNELS, limits=(-29, 29), diverging=True)
    shown = np.ma.filled(image.get_array().reshape(8, 9), np.nan)
    rows, columns = grid.cells(CHANNELS)
    assert shown[rows, columns].tolist() == values.tolist()
    assert np.isnan(shown).sum() == 40
    (dashes,) = ax.lines
    at = map_plots.grid_places(CHANNELS)
    assert list(zip(*dashes.get_data(), strict=True)) == [at["Fp1"], at["AF3"]]


def test_rows_of_maps_have_their_own_scale_and_unit(ax):
    figure = plt.figure()
    rows = {"raw": np.arange(128.0).reshape(4, 32), "z": np.linspace(-1, 3, 128).reshape(4, 32)}
    axes = map_plots.rows_of_maps(
        figure, rows, CHANNELS, list("abcd"), units={"raw": "nats", "z": "z"}, diverging=["z"]
    )
    limits = [[cell.collections[0].get_clim() for cell in row] for row in axes]
    assert limits == [[(0, 127)] * 4, [(-3, 3)] * 4]
    assert [cell.get_title(loc="center") for cell in axes[0]] == list("abcd")
    bars = [other.get_ylabel() for other in figure.axes if other not in axes.ravel()]
    assert bars == ["nats", "z"]


def test_rows_of_maps_can_be_scalps(ax):
    figure = plt.figure()
    rows = {"difference": np.random.default_rng(0).normal(size=(1, 32))}
    axes = map_plots.rows_of_maps(
        figure, rows, CHANNELS, ["alpha"], units={"difference": "dB"}, diverging=["difference"],
        draw=maps.scalp,
    )  # fmt: skip
    assert axes[0, 0].images[0].get_clim() == maps.symmetric(rows["difference"])
