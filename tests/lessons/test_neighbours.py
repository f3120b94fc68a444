"""Neighbours: closed forms on lattices and circles, and what the two grids keep of the head."""

from __future__ import annotations

import numpy as np
import pytest

from emolib.errors import DataError
from emolib.grid import DEAP_CHANNELS, SEED_GRID
from emolib.lessons.neighbours import (
    distances,
    electrode_pairs,
    electrode_positions,
    field,
    neighbours,
)

SEED_CHANNELS = [name for row in SEED_GRID for name in row if name]


def pairs_of(adjacent: np.ndarray) -> set[tuple[int, int]]:
    return {(int(a), int(b)) for a, b in zip(*np.nonzero(adjacent), strict=True) if a < b}


def test_a_lattice_has_its_edges_only():
    points = np.array([(row, column) for row in range(4) for column in range(5)])
    adjacent = neighbours(distances(points))
    assert np.array_equal(adjacent, distances(points) == 1)
    assert adjacent.sum() == 2 * (4 * 4 + 3 * 5)


def test_points_on_a_circle_form_a_ring():
    angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    ring = neighbours(distances(np.stack([np.cos(angle), np.sin(angle)], axis=-1)))
    assert pairs_of(ring) == {(i, i + 1) for i in range(11)} | {(0, 11)}


def test_a_point_between_parts_two_others():
    assert pairs_of(neighbours(distances(np.array([[0.0], [1.0], [3.0]])))) == {(0, 1), (1, 2)}
    # An equilateral triangle: nobody is nearer to both.
    triangle = np.array([[0, 0], [1, 0], [0.5, np.sqrt(0.75)]])
    assert len(pairs_of(neighbours(distances(triangle)))) == 3


def test_neighbours_do_not_depend_on_order_or_unit():
    points = np.random.default_rng(0).normal(size=(20, 3))
    order = np.random.default_rng(1).permutation(20)
    adjacent = neighbours(distances(points))
    assert np.array_equal(adjacent, adjacent.T) and not adjacent.diagonal().any()
    assert np.array_equal(neighbours(1000 * distances(points[order])), adjacent[order][:, order])


def test_distances_on_the_head_are_plausible():
    at = dict(zip(SEED_CHANNELS, electrode_positions(SEED_CHANNELS), strict=True))
    width, length = at["T8"] - at["T7"], at["Fpz"] - at["Oz"]
    assert 140 < np.linalg.norm(width) < 190 and 160 < np.linalg.norm(length) < 230
    assert abs(width[0]) == pytest.approx(np.linalg.norm(width), rel=0.02)  # to the right
    top = max(place[2] for place in at.values())
    assert length[1] > 0 and at["Cz"][2] > top - 5  # millimetres


def test_an_unknown_electrode_is_named():
    with pytest.raises(DataError, match="X9"):
        electrode_positions(["Cz", "X9"])


def test_the_one_distortion_is_found():
    """AF3 stands beside Fp1 on the grid, so nothing parts Fp1 from Fz there."""
    pairs = electrode_pairs(DEAP_CHANNELS).set_index(["first", "second"])
    assert pairs.index.is_unique and len(pairs) == 32 * 31 // 2
    both = pairs["on_head"] & pairs["on_grid"]
    assert both.sum() / pairs["on_head"].sum() > 0.85  # "keeps the neighbourhood"
    gained = set(pairs.index[pairs["on_grid"] & ~pairs["on_head"]])
    assert {("Fp1", "Fz"), ("Fp2", "Fz")} <= gained
    assert pairs.loc[("Fp1", "AF3"), ["on_head", "on_grid"]].all()
    across, forwards, up = electrode_positions(["AF3"])[0] - electrode_positions(["Fp1"])[0]
    assert forwards < 0 < up and abs(across) < up / 3  # behind and above, hardly to the side


def test_a_field_is_cut_at_the_grids_edge():
    assert len(field(SEED_CHANNELS, (3, 4))) == 25
    assert field(DEAP_CHANNELS, (3, 0), size=3) == ["FC5", "T7", "CP5"]
    assert field(DEAP_CHANNELS, (3, 4), size=1) == ["Cz"]
    assert set(field(DEAP_CHANNELS, (3, 4), size=99)) == set(DEAP_CHANNELS)
