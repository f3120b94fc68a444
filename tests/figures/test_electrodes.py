"""Cells and links: what is drawn is what was given, where it belongs."""

from __future__ import annotations

from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from emolib import grid
from emolib.figures import display, electrodes

CHANNELS = list(grid.DEAP_CHANNELS)
BLUE = to_rgb(display.BLUE)


def test_montage_draws_every_electrode_with_its_name(ax):
    electrodes.montage(ax, CHANNELS, marked=["Oz"])
    assert [text.get_text() for text in ax.texts] == CHANNELS


def test_cells_carry_their_names_and_marks(ax):
    electrodes.cells(ax, ["Fp1", "Oz"], filled=["Oz"], framed=["Fp1"])
    texts = {text.get_text(): text.get_position() for text in ax.texts}
    assert texts == {"Fp1": (3.5, 0.5), "Oz": (4.5, 7.5)}
    boxes = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert len(boxes) == 72 + 2 + 1  # every cell, two electrodes, one frame
    blue = [b.get_xy() for b in boxes if b.get_fill() and b.get_facecolor()[:3] == BLUE]
    assert blue == [(4, 7)]
    (frame,) = [b for b in boxes if not b.get_fill()]
    assert frame.get_x() // 1 == 3 and frame.get_y() // 1 == 0
    assert ax.get_xlabel() and ax.get_ylabel()


def test_a_frame_goes_round_its_cells(ax):
    electrodes.frame(ax, 1, -1, 5, 4)
    boxes = [(box.get_xy(), box.get_width(), box.get_height()) for box in ax.patches]
    assert set(boxes) == {((-1, 1), 4, 5)}


def test_links_join_their_electrodes_and_differ_without_colour(ax):
    at = electrodes.grid_places(CHANNELS)
    electrodes.links(ax, at, {"kept": [("Cz", "Fz"), ("Cz", "C3")], "lost": [("O1", "P7")]})
    ends = [tuple(zip(*line.get_data(), strict=True)) for line in ax.lines]
    assert ends == [(at["Cz"], at["Fz"]), (at["Cz"], at["C3"]), (at["O1"], at["P7"])]
    assert len({line.get_linestyle() for line in ax.lines}) == 2
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["kept", "lost"]
