"""Figures: axes have units, artists show the data given, nothing is shown or computed."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from emolib import grid
from emolib.errors import DataError
from emolib.features.bands import BANDS
from emolib.figures import display, maps, pages

CHANNELS = list(grid.DEAP_CHANNELS)
BLUE = to_rgb(display.BLUE)
NAMES = [band.name for band in BANDS]
HZ = np.arange(1, 45.5, 0.5)
DENSITY = 10 / HZ


# What each function draws, and the words that its axes must carry: (x, y).
DRAWINGS = {
    "density_curves": (
        lambda ax: pages.density_curves(
            ax, HZ, {"rest": DENSITY}, peaks={"rest": 10.0}, search_hz=(7, 13)
        ),
        ("frequency (Hz)", "power density (µV²/Hz)"),
    ),
    "stacked_bars": (
        lambda ax: pages.stacked_bars(ax, pd.DataFrame({"low": [3], "high": [4]}), label="trials"),
        ("trials", ""),
    ),
    "grid_map": (
        lambda ax: maps.grid_map(ax, np.arange(32.0), CHANNELS),
        ("grid column (ears at the ends)", "grid row (front at the top)"),
    ),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_axes_say_what_they_show(ax, name):
    draw, labels = DRAWINGS[name]
    draw(ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == labels
    assert ax.has_data()


def test_the_alpha_peak_is_marked_on_the_curve_and_its_absence_is_not(ax):
    peaks = {"a": 10.0, "b": np.nan}
    pages.density_curves(ax, HZ, {"a": DENSITY, "b": DENSITY}, peaks=peaks, search_hz=(7, 13))
    line_a, mark, line_b = ax.lines
    assert (mark.get_xdata()[0], mark.get_ydata()[0]) == (10.0, pytest.approx(1.0))
    assert line_a.get_label() == "a, peak at 10.0 Hz"
    assert line_b.get_label() == "b"


def test_parts_stand_end_to_end(ax):
    counts = pd.DataFrame({"low": [3], "high": [4], "left out": [0]}, index=["x"])
    pages.stacked_bars(ax, counts, label="trials")
    low, high = ax.patches
    assert (low.get_width(), high.get_x(), high.get_width()) == (3, 3, 4)
    assert low.get_hatch() != high.get_hatch()
    assert [text.get_text() for text in ax.texts] == ["3", "4"]


def test_parts_that_are_too_narrow_carry_no_number(ax):
    shares = pd.DataFrame({"person": [0.2, 0.01], "window": [0.8, 0.99]}, index=["raw", "z"])
    pages.stacked_bars(ax, shares, label="share (0 to 1)", form="{:.0%}")
    assert [text.get_text() for text in ax.texts] == ["20%", "80%", "99%"]
    assert ax.get_xlim() == (0, 1)


def test_grid_shows_each_value_in_its_cell_and_hatches_the_rest(ax):
    values = np.arange(32.0)
    image = maps.grid_map(ax, values, CHANNELS)
    plane = np.ma.filled(image.get_array().reshape(8, 9), np.nan)
    rows, columns = grid.cells(CHANNELS)
    assert plane[rows, columns].tolist() == values.tolist()
    assert np.isnan(plane).sum() == 72 - 32 == len(ax.patches)
    assert {text.get_text() for text in ax.texts} == set(CHANNELS)


def test_differences_on_the_grid_carry_their_sign(ax):
    maps.grid_map(ax, np.array([-1.0, 2.0]), ["O1", "O2"])
    assert [text.get_text() for text in ax.texts] == ["O1\n\N{MINUS SIGN}", "O2\n+"]


@pytest.mark.parametrize(("values", "limits"), [([-3, 1], (-3, 3)), ([0, 0], (-1, 1))])
def test_symmetric_limits(values, limits):
    assert maps.symmetric(values) == limits


def test_zero_lies_between_two_colours():
    colours = maps.DIVERGING(np.linspace(0, 1, maps.DIVERGING.N))
    assert maps.DIVERGING.N % 2 == 0
    middle = maps.DIVERGING.N // 2
    assert colours[middle - 1, 2] > colours[middle - 1, 0]  # bluish below zero
    assert colours[middle, 0] > colours[middle, 2]  # reddish above


def test_electrodes_lie_on_the_head_where_their_names_say():
    at = dict(zip(CHANNELS, maps.positions(tuple(CHANNELS)), strict=True))
    assert max(np.hypot(*place) for place in at.values()) < maps.HEAD_RADIUS
    assert all(at[name][0] < 0 for name in ("F3", "T7", "O1"))
    assert all(at[name][0] > 0 for name in ("F4", "T8", "O2"))
    assert at["Fp1"][1] > at["F3"][1] > at["C3"][1] > at["P3"][1] > at["O1"][1]
    assert np.hypot(*at["Cz"]) < 0.15 * maps.HEAD_RADIUS


SEED_CHANNELS = tuple(name for row in grid.SEED_GRID for name in row if name)
FEW = ("FC5", "FC1", "C3", "CP5", "CP1", "FC2", "FC6", "C4", "CP2", "CP6")


def sensors(ax):
    """Where the electrodes are drawn (channel, 2), in the order of the map's channels."""
    (dots,) = (each for each in ax.collections if len(each.get_offsets()) > 1)
    return np.asarray(dots.get_offsets())


def test_seeds_two_electrodes_without_a_standard_place_lie_at_the_back_not_in_the_middle(ax):
    maps.scalp(ax, np.arange(62.0), SEED_CHANNELS, limits=(0, 62))
    drawn = dict(zip(SEED_CHANNELS, sensors(ax), strict=True))
    assert drawn["PO7"][0] < drawn["CB1"][0] < drawn["O1"][0]
    assert drawn["O2"][0] < drawn["CB2"][0] < drawn["PO8"][0]
    assert drawn["CB1"][1] < drawn["PO3"][1] and drawn["CB2"][1] < drawn["PO4"][1]
    assert len({tuple(place) for place in drawn.values()}) == 62


@pytest.mark.parametrize("draw", [maps.positions, lambda names: np.column_stack(grid.cells(names))])
def test_a_subset_of_the_electrodes_keeps_its_places(draw):
    every = dict(zip(CHANNELS, draw(tuple(CHANNELS)).tolist(), strict=True))
    assert draw(FEW).tolist() == [every[name] for name in FEW]


def test_a_scalp_map_of_few_electrodes_draws_them_where_one_of_all_does():
    figure, axes = plt.subplots(1, 2)
    for ax, names in zip(axes, (CHANNELS, FEW), strict=True):
        maps.scalp(ax, np.arange(float(len(names))), names, limits=(0, 32))
    every, few = map(sensors, axes)
    np.testing.assert_array_equal(few, every[[CHANNELS.index(name) for name in FEW]])
    assert axes[0].get_xlim() == axes[1].get_xlim() and axes[0].get_ylim() == axes[1].get_ylim()
    plt.close(figure)


def test_an_unknown_electrode_is_named():
    with pytest.raises(DataError, match="X9"):
        maps.positions(("Cz", "X9"))


def test_scalp_map_is_mnes(ax):
    import mne

    values = np.random.default_rng(0).normal(size=32)
    image = maps.scalp(ax, values, CHANNELS, limits=(-2, 2))
    other, _ = mne.viz.plot_topomap(
        values,
        maps.positions(tuple(CHANNELS)),
        axes=plt.subplots()[1],
        show=False,
        sphere=maps.HEAD_RADIUS,
        res=96,
    )
    assert np.ma.allclose(image.get_array(), other.get_array())
    assert image.get_clim() == (-2, 2)


def clims(figure):
    """The scales of a figure's maps, and the labels of its colour bars."""
    maps_of = [ax for ax in figure.axes if ax.get_label() != "<colorbar>"]
    scales = [(ax.images or ax.collections)[0].get_clim() for ax in maps_of if ax.axison]
    bars = [ax for ax in figure.axes if ax.get_label() == "<colorbar>"]
    return scales, [ax.get_xlabel() or ax.get_ylabel() for ax in bars]


@pytest.mark.parametrize("draw", [maps.scalp, maps.thumbnail, maps.plane])
def test_rows_have_scales_of_their_own_and_signs_have_two_colours(ax, draw):
    figure = plt.figure()
    values = np.linspace(0, 1, 64).reshape(2, 32)
    rows = {"all above": 5 * values, "both sides": values - 0.2}
    units = {"all above": "nats", "both sides": "%"}
    maps.rows(figure, rows, CHANNELS, ["theta", "alpha"], units=units, draw=draw)
    scales, bars = clims(figure)
    assert scales == [(0, 5)] * 2 + [(-0.8, 0.8)] * 2
    assert bars == ["nats", "%"]
    titles = [ax.get_title(loc="center") for ax in figure.axes]
    assert [title for title in titles if title] == ["theta", "alpha"]


def test_rows_may_share_the_scale_of_a_column(ax):
    figure = plt.figure()
    rows = {"a": np.zeros((2, 32)), "b": np.ones((2, 32))}
    maps.rows(figure, rows, CHANNELS, ["theta", "alpha"], units="dB", limits=[(0, 1), (0, 2)])
    assert clims(figure) == ([(0, 1), (0, 2)] * 2, ["dB"] * 2)
    figure = plt.figure()
    maps.rows(figure, rows, CHANNELS, ["theta", "alpha"], units="dB", limits=[(-1, 1)] * 2)
    assert clims(figure) == ([(-1, 1)] * 4, ["dB"])  # one scale, one bar


def test_a_small_plane_has_grey_cells_and_dashes_below_zero(ax):
    values = np.arange(32.0) - 2
    image = maps.plane(ax, values, CHANNELS)
    assert image.get_clim() == (-29, 29)
    dashes = {text.get_position() for text in ax.texts}
    assert dashes == {(3.5, 0.5), (2.5, 0.5)}  # Fp1 and AF3
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("", "")


def test_any_plane_can_carry_its_numbers(ax):
    image = maps.grid_map(ax, np.array([[1.0, -2.0], [np.nan, 3.0]]), numbers="{:.0f}")
    assert np.ma.filled(image.get_array(), 9).ravel().tolist() == [1, -2, 9, 3]
    places = {text.get_text(): text.get_position() for text in ax.texts}
    assert places == {"1": (0.5, 0.5), "\N{MINUS SIGN}2": (1.5, 0.5), "3": (1.5, 1.5)}


def test_ink_stands_out_from_its_cell(ax):
    values = np.linspace(-1, 2, 72).reshape(8, 9)
    image = maps.grid_map(ax, values, numbers="{:.1f}")
    for text, value in zip(ax.texts, values.ravel(), strict=True):
        ground = np.dot(image.to_rgba(value)[:3], (0.3, 0.59, 0.11))
        assert abs(np.dot(to_rgb(text.get_color()), (0.3, 0.59, 0.11)) - ground) > 0.45


def contrast_ratio(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2 defines it."""

    def luminance(colour):
        parts = np.array(to_rgb(colour))
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colour", [display.BLUE, display.RED, display.OCHRE, display.GREY])
def test_colours_are_legible_on_white(colour):
    assert contrast_ratio(colour, "white") > 4.5


def test_lines_differ_in_style_as_well_as_colour(ax):
    cycle = list(plt.rcParams["axes.prop_cycle"])
    assert len({entry["linestyle"] for entry in cycle}) == len(cycle) == len(BANDS)


def test_montage_draws_every_electrode_with_its_name(ax):
    maps.montage(ax, CHANNELS, marked=["Oz"])
    assert [text.get_text() for text in ax.texts] == CHANNELS


def test_cells_carry_their_names_and_marks(ax):
    maps.cells(ax, ["Fp1", "Oz"], filled=["Oz"], framed=["Fp1"])
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
    maps.frame(ax, 1, -1, 5, 4)
    boxes = [(box.get_xy(), box.get_width(), box.get_height()) for box in ax.patches]
    assert set(boxes) == {((-1, 1), 4, 5)}


def test_links_join_their_electrodes_and_differ_without_colour(ax):
    at = maps.grid_places(CHANNELS)
    maps.links(ax, at, {"kept": [("Cz", "Fz"), ("Cz", "C3")], "lost": [("O1", "P7")]})
    ends = [tuple(zip(*line.get_data(), strict=True)) for line in ax.lines]
    assert ends == [(at["Cz"], at["Fz"]), (at["Cz"], at["C3"]), (at["O1"], at["P7"])]
    assert len({line.get_linestyle() for line in ax.lines}) == 2
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["kept", "lost"]
