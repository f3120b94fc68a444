"""Which electrodes are neighbours: on the head, in millimetres, and on the grid, in cells.

Two electrodes are *neighbours* if no third one is nearer to both of them than they are to each
other (the relative neighbourhood graph of Toussaint, 1980). That needs distances only, so the same
rule serves head and grid.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist, squareform

from emolib.grid import SEED_GRID, Layout, cells, standard_head


def electrode_positions(channels: Sequence[str]) -> np.ndarray:
    """Find where electrodes lie on a standard head.

    Parameters
    ----------
    channels : sequence of str
        Names of `head.MONTAGE`, in any case.

    Returns
    -------
    array, shape (channel, 3)
        Millimetres to the right, to the front and upwards, from a point between the ears.

    Raises
    ------
    DataError
        If a channel is not in the montage.

    Examples
    --------
    >>> left, right = electrode_positions(["T7", "T8"])
    >>> bool(left[0] < 0 < right[0]), bool(abs(left[1] - right[1]) < 5)
    (True, True)
    """
    return 1000 * np.array([each["loc"][:3] for each in standard_head(channels)["chs"]])


def distances(points: np.ndarray) -> np.ndarray:
    """Measure straight lines between all points; (point, coordinate) gives (point, point).

    Examples
    --------
    >>> distances(np.array([[0.0, 0.0], [3.0, 4.0]]))
    array([[0., 5.],
           [5., 0.]])
    """
    return squareform(pdist(points))


def neighbours(distance: np.ndarray) -> np.ndarray:
    """Find the pairs between which no third point lies.

    Parameters
    ----------
    distance : array, shape (point, point)
        Symmetric, any unit.

    Returns
    -------
    array of bool, shape (point, point)
        Symmetric; False on the diagonal. Of points as far from one another as the pair is, none
        counts as lying between.

    Examples
    --------
    The corners of a square: its sides, not its diagonals.

    >>> square = np.array([[0, 0], [0, 1], [1, 1], [1, 0]])
    >>> neighbours(distances(square)).astype(int)
    array([[0, 1, 0, 1],
           [1, 0, 1, 0],
           [0, 1, 0, 1],
           [1, 0, 1, 0]])
    """
    farther = np.maximum(distance[:, None, :], distance[None, :, :])  # of the two, from a third
    between = farther < distance[:, :, None] * (1 - 1e-9)  # equal but for rounding is not nearer
    return ~between.any(axis=-1) & ~np.eye(len(distance), dtype=bool)


def electrode_pairs(channels: Sequence[str], layout: Layout = SEED_GRID) -> pd.DataFrame:
    """Compare each pair of electrodes on the head and on the grid.

    Parameters
    ----------
    channels : sequence of str
        Electrode names.
    layout : tuple of rows of names
        The grid.

    Returns
    -------
    DataFrame
        A row a pair: ``first``, ``second``, ``mm`` (straight through the head), ``cells`` (from
        the middle of one cell to that of the other), ``on_head`` and ``on_grid`` (whether they are
        neighbours there).

    Raises
    ------
    DataError
        If a channel has no cell, or no place on the head.

    Examples
    --------
    >>> print(electrode_pairs(["Fz", "Cz", "Pz"]).drop(columns="mm").to_string(index=False))
    first second  cells  on_head  on_grid
       Fz     Cz    2.0     True     True
       Fz     Pz    4.0    False    False
       Cz     Pz    2.0     True     True
    """
    names = list(channels)
    mm = distances(electrode_positions(names))
    steps = distances(np.stack(cells(names, layout), axis=-1).astype(float))
    first, second = np.triu_indices(len(names), 1)
    return pd.DataFrame(
        {
            "first": [names[i] for i in first],
            "second": [names[i] for i in second],
            "mm": mm[first, second],
            "cells": steps[first, second],
            "on_head": neighbours(mm)[first, second],
            "on_grid": neighbours(steps)[first, second],
        }
    )


def field(
    channels: Sequence[str], centre: tuple[int, int], size: int = 5, layout: Layout = SEED_GRID
) -> list[str]:
    """List the electrodes that a square of cells holds: what one place of a convolution sees.

    Parameters
    ----------
    channels : sequence of str
        Electrode names.
    centre : (row, column)
        The middle cell, from 0.
    size : int
        Cells on a side; odd.
    layout : tuple of rows of names
        The grid.

    Examples
    --------
    >>> field(["Fz", "FC1", "Cz", "C3", "T7"], (3, 4), size=3)
    ['FC1', 'Cz']
    """
    rows, columns = cells(channels, layout)
    reach = np.maximum(abs(rows - centre[0]), abs(columns - centre[1]))
    return [name for name, far in zip(channels, reach, strict=True) if far <= size // 2]
