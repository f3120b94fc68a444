"""The electrode grid: as drawn, its geometry, and linearity."""

from __future__ import annotations

import mne
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from emolib.errors import DataError, SettingsError
from emolib.grid import (
    DEAP_CHANNELS,
    DEAP_GRID,
    SEED_GRID,
    SHAPE,
    canonical_name,
    cells,
    electrodes,
    read_layout,
    to_brain_maps,
    to_grid,
    use_layout,
)

# The drawing, character by character: SEED's names as the data set writes them.
DRAWING = """
.   .   AF3 Fp1 .   Fp2 AF4 .   .        .   .   AF3 FP1 FPZ FP2 AF4 .   .
F7  .   F3  .   Fz  .   F4  .   F8       F7  F5  F3  F1  FZ  F2  F4  F6  F8
.   FC5 .   FC1 .   FC2 .   FC6 .        FT7 FC5 FC3 FC1 FCZ FC2 FC4 FC6 FT8
T7  .   C3  .   Cz  .   C4  .   T8       T7  C5  C3  C1  CZ  C2  C4  C6  T8
.   CP5 .   CP1 .   CP2 .   CP6 .        TP7 CP5 CP3 CP1 CPZ CP2 CP4 CP6 TP8
P7  .   P3  .   Pz  .   P4  .   P8       P7  P5  P3  P1  PZ  P2  P4  P6  P8
.   .   .   PO3 .   PO4 .   .   .        .   PO7 PO5 PO3 POZ PO4 PO6 PO8 .
.   .   .   O1  Oz  O2  .   .   .        .   .   CB1 O1  OZ  O2  CB2 .   .
"""
SEED_ORDER = (
    "FP1 FPZ FP2 AF3 AF4 F7 F5 F3 F1 FZ F2 F4 F6 F8 FT7 FC5 FC3 FC1 FCZ FC2 FC4 FC6 FT8 T7 C5 C3 "
    "C1 CZ C2 C4 C6 T8 TP7 CP5 CP3 CP1 CPZ CP2 CP4 CP6 TP8 P7 P5 P3 P1 PZ P2 P4 P6 P8 PO7 PO5 PO3 "
    "POZ PO4 PO6 PO8 CB1 O1 OZ O2 CB2"
)
SEED_CHANNELS = SEED_ORDER.split()


def drawn(half):
    rows = [line.split() for line in DRAWING.strip().splitlines()]
    return [row[9 * half : 9 * half + 9] for row in rows]


def test_the_grids_are_methods():
    assert [[name or "." for name in row] for row in DEAP_GRID] == drawn(0)
    assert [[name.upper() or "." for name in row] for row in SEED_GRID] == drawn(1)
    assert SHAPE == (len(DEAP_GRID), len(DEAP_GRID[0])) == (len(SEED_GRID), len(SEED_GRID[0]))


def test_the_channel_order_is_deaps():
    order = (
        "Fp1 AF3 F3 F7 FC5 FC1 C3 T7 CP5 CP1 P3 P7 PO3 O1 Oz Pz "
        "Fp2 AF4 Fz F4 F8 FC6 FC2 Cz C4 T8 CP6 CP2 P4 P8 PO4 O2"
    )
    assert " ".join(DEAP_CHANNELS) == order


def test_every_electrode_of_deap_has_in_seeds_grid_its_own_cell():
    for ours, theirs in zip(cells(DEAP_CHANNELS, DEAP_GRID), cells(DEAP_CHANNELS), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_every_channel_has_a_cell_and_every_cell_one_channel():
    for channels, layout in ((DEAP_CHANNELS, DEAP_GRID), (SEED_CHANNELS, SEED_GRID)):
        places = set(zip(*(axis.tolist() for axis in cells(channels, layout)), strict=True))
        filled = {(r, c) for r, row in enumerate(layout) for c, name in enumerate(row) if name}
        assert places == filled
        assert len(places) == len(channels)


def positions(names):
    """Give the electrodes' places on a head, x to the right and y to the front."""
    montage = mne.channels.make_standard_montage("colin27_1005").get_positions()["ch_pos"]
    return np.array([montage[name][:2] for name in names])


def test_left_stays_left_and_front_stays_front():
    names = [name for row in SEED_GRID for name in row if name and not name.startswith("CB")]
    (rows, columns), (x, y) = cells(names), positions(names).T
    for i, name in enumerate(names):
        same_row, same_column = rows == rows[i], columns == columns[i]
        # Within a row, further right on the grid is further right on the head.
        assert (x[same_row & (columns > columns[i])] > x[i]).all(), name
        # Within a column, further down the grid is further back, but for the AF pair below.
        assert (y[same_column & (rows > rows[i])] < y[i]).all(), name


def test_af3_and_af4_are_the_one_distortion():
    """They lie behind Fp1 and Fp2, almost straight, and the grid has them beside those."""
    for af, fp in (("AF3", "Fp1"), ("AF4", "Fp2")):
        (af_row, fp_row), (af_column, fp_column) = cells([af, fp])
        assert af_row == fp_row
        assert abs(af_column - 4) == abs(fp_column - 4) + 1
        (af_x, af_y), (fp_x, fp_y) = positions([af, fp])
        assert fp_y - af_y > 0  # behind on the head ...
        assert fp_y - af_y > abs(af_x - fp_x)  # ... more than lateral


def test_neighbours_on_the_grid_are_neighbours_on_the_head():
    names = [name for row in SEED_GRID for name in row if name and not name.startswith("CB")]
    place = np.column_stack(cells(names)).astype(float)
    head = positions(names)
    on_grid = np.linalg.norm(place[:, None] - place, axis=-1)
    on_head = np.linalg.norm(head[:, None] - head, axis=-1)
    apart = ~np.eye(len(names), dtype=bool)
    beside = (on_grid == 1) & apart
    # The most distant grid neighbours are still nearer than the typical pair.
    assert on_head[beside].max() < np.median(on_head[apart])
    # The nearest electrode on the head is in one of the eight cells around.
    nearest = np.where(apart, on_head, np.inf).argmin(axis=1)
    assert (on_grid[np.arange(len(names)), nearest] < 2).all()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *[("FP1", "Fp1"), ("fp2", "Fp2"), ("FPZ", "Fpz"), ("FZ", "Fz"), ("POZ", "POz")],
        *[("OZ", "Oz"), ("cpz", "CPz"), ("CB1", "CB1"), ("ft10", "FT10"), ("AFF1H", "AFF1h")],
        *[("T3", "T7"), ("T4", "T8"), ("T5", "P7"), ("T6", "P8"), ("t3", "T7")],
        *[("EEG Fp1", "Fp1"), ("EEG T3-LE", "T7"), ("eeg_cz", "Cz"), ("EEG F7-Ref", "F7")],
        *[("C3-A2", "C3"), ("O1-M2", "O1"), ("Fc5.", "FC5"), ("Cz..", "Cz"), (" Pz ", "Pz")],
        *[("ECG ECG", "ECG ECG"), ("EEG A2-A1", "EEG A2-A1"), ("Status", "Status")],
        *[("Fp1-F3", "Fp1-F3"), ("EXG1", "EXG1"), ("EMG2", "EMG2"), ("F", "F"), ("", "")],
    ],
)
def test_names(name, expected):
    assert canonical_name(name) == expected


@given(st.sampled_from([*DEAP_CHANNELS, *SEED_CHANNELS]))
def test_a_canonical_name_stays_itself(name):
    assert canonical_name(canonical_name(name)) == canonical_name(name)
    assert canonical_name(name.lower()) == canonical_name(f"EEG {name.upper()}-REF")


values_of_32 = hnp.arrays(np.float64, (2, 32), elements=st.floats(-1e6, 1e6, allow_subnormal=False))


@given(values_of_32, values_of_32, st.floats(-100, 100))
def test_to_grid_is_linear_and_loses_nothing(x, y, a):
    left = to_grid(a * x + y, DEAP_CHANNELS)
    right = a * to_grid(x, DEAP_CHANNELS) + to_grid(y, DEAP_CHANNELS)
    np.testing.assert_array_equal(left, right)
    rows, columns = cells(DEAP_CHANNELS)
    np.testing.assert_array_equal(to_grid(x, DEAP_CHANNELS)[:, rows, columns], x)


def test_empty_cells_are_zero_and_the_order_of_channels_does_not_matter():
    values = np.arange(1.0, 33.0)
    grid = to_grid(values, DEAP_CHANNELS)
    assert np.count_nonzero(grid) == 32
    empty = np.array([[not name for name in row] for row in DEAP_GRID])
    np.testing.assert_array_equal(grid == 0, empty)
    order = np.random.default_rng(0).permutation(32)
    shuffled = to_grid(values[order], [DEAP_CHANNELS[i] for i in order])
    np.testing.assert_array_equal(shuffled, grid)


def test_any_subset_finds_its_cells():
    nineteen = "Fp1 Fp2 F3 F4 F7 F8 T3 T4 C3 C4 T5 T6 P3 P4 O1 O2 Fz Cz Pz"
    grid = to_grid(np.ones(19), [f"EEG {name}" for name in nineteen.split()])
    assert grid.sum() == 19
    assert grid[3, 0] == grid[5, 8] == 1  # T3 is T7, T6 is P8


def features(values, kinds, bands, channels):
    return xr.Dataset(
        {"feature": (("window", "kind", "band", "channel"), values)},
        {"kind": kinds, "band": bands, "channel": channels, "trial": ("window", [1, 1, 2])},
        {"dataset": "none", "subject": "sub-01"},
    )


@pytest.mark.parametrize("kinds", [["de", "psd"], ["de"], ["psd"]])
def test_planes_are_kind_by_kind_then_band_by_band(kinds):
    bands, channels = ["theta", "alpha", "beta", "gamma"], list(DEAP_CHANNELS)
    values = np.random.default_rng(1).normal(size=(3, len(kinds), 4, 32)).astype(np.float32)
    maps = to_brain_maps(features(values, kinds, bands, channels))
    assert maps.dims == ("window", "row", "column", "plane")
    assert maps.shape == (3, 8, 9, 4 * len(kinds))
    assert maps.dtype == np.float32
    planes = [f"{kind} {band}" for kind in kinds for band in bands]
    assert maps["plane"].values.tolist() == planes
    for k, kind in enumerate(kinds):
        for b, band in enumerate(bands):
            plane = maps.sel(plane=f"{kind} {band}").values
            np.testing.assert_array_equal(plane, to_grid(values[:, k, b], channels))
    assert maps["trial"].values.tolist() == [1, 1, 2]


def test_the_order_of_the_features_dimensions_does_not_matter():
    values = np.random.default_rng(2).normal(size=(3, 2, 4, 5)).astype(np.float32)
    names = ["a", "b", "c", "d"]
    table = features(values, ["de", "psd"], names, ["Fz", "Cz", "Pz", "O1", "O2"])
    turned = table.transpose("channel", "band", "window", "kind", ...)
    np.testing.assert_array_equal(to_brain_maps(turned).values, to_brain_maps(table).values)


def test_channels_without_a_cell_are_named():
    with pytest.raises(DataError, match=r"channels: AF7, EXG1 have no cell.*Leave these channels"):
        cells(["Fz", "AF7", "EXG1"])


def test_two_channels_of_one_electrode_are_named():
    with pytest.raises(DataError, match="more than one channel stands for T7"):
        cells(["T3", "T7"])


def test_names_must_be_as_many_as_values():
    with pytest.raises(DataError, match="2 names are given for 3 values"):
        to_grid(np.ones(3), ["Fz", "Cz"])


def test_deaps_own_grid_has_no_place_for_seeds_electrodes():
    with pytest.raises(DataError, match="FCZ has no cell"):
        cells(["FCZ"], DEAP_GRID)


# What a study lays out itself

MUSE = (
    *(". . . . . . . . .", ". . . AF7 . AF8 . . .", ". . . . . . . . ."),
    *(". . . . . . . . .", "TP9 . . . . . . . TP10", *3 * (". . . . . . . . .",)),
)


def test_a_layout_of_another_headset_is_read_and_used():
    layout = read_layout([row.lower() for row in MUSE])
    assert electrodes(layout) == {"AF7", "AF8", "TP9", "TP10"}
    assert [axis.tolist() for axis in cells(["TP9", "AF8"], layout)] == [[4, 1], [0, 5]]
    use_layout(layout)
    try:
        assert to_grid(np.ones(2), ["AF7", "TP10"])[[1, 4], [3, 8]].tolist() == [1, 1]
        with pytest.raises(DataError, match="Oz has no cell"):
            cells(["Oz"])
    finally:
        use_layout(SEED_GRID)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (MUSE[:7], r"has 7 rows, of 9, 9, 9, 9, 9, 9, 9 cells"),
        ((*MUSE[:7], ". . ."), r"8 rows, of 9, 9, 9, 9, 9, 9, 9, 3 cells.*Give 8 rows of 9"),
        (8 * (9 * ". ",), "holds no electrode"),
        ((*MUSE[:7], ". . . . AF7 . . . ."), "has AF7 more than once"),
        ((*MUSE[:7], ". . . . Ox . . . ."), "got 'Ox'. Did you mean .*'Oz'"),
        ((*MUSE[:7], ". . . . E17 . . . ."), "got 'E17'"),
    ],
)
def test_a_layout_that_cannot_be_used_is_told(rows, words):
    with pytest.raises(SettingsError, match=words):
        read_layout(rows)
