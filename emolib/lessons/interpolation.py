"""What lies between electrodes: how well the drawn scalp guesses where there is a measurement."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CloughTocher2DInterpolator


def guess_hidden(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Hide each electrode in turn and interpolate its value from the others.

    Parameters
    ----------
    values : array, shape (channel,)
        One value per electrode, any unit.
    places : array, shape (channel, 2)
        Where they lie on the picture.

    Returns
    -------
    array, shape (channel,)
        The guesses, in the unit of `values`; NaN for an electrode that is not surrounded by the
        others: there the picture does not interpolate but goes on as it thinks fit.

    Notes
    -----
    Clough and Tocher's smooth cubic on triangles, the rule by which MNE draws scalp maps.

    Examples
    --------
    A slope is guessed without error:

    >>> places = np.array([[0, 0], [2, 0], [2, 2], [0, 2], [1, 1], [1.2, 0.6]])
    >>> guess_hidden(places.sum(axis=1), places).round(3)
    array([nan, nan, nan, nan, 2. , 1.8])
    """
    values, places = np.asarray(values, dtype=float), np.asarray(places, dtype=float)
    guesses = np.full(len(values), np.nan)
    for i in range(len(values) if len(values) > 3 else 0):  # fewer others span no triangle
        others = np.arange(len(values)) != i
        surface = CloughTocher2DInterpolator(places[others], values[others])
        guesses[i] = surface(places[i : i + 1])[0]
    return guesses
