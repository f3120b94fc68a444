"""Interpolation: a plane comes back exactly, a lone bump is lost, and the rim is no man's land."""

from __future__ import annotations

import numpy as np

from emolib.figures.maps import positions
from emolib.lessons.interpolation import guess_hidden

CHANNELS = ("F3", "Fz", "F4", "C3", "Cz", "C4", "P3", "Pz", "P4", "T7", "T8", "O1", "O2")
PLACES = positions(CHANNELS)


def test_a_plane_is_guessed_without_error():
    values = 3 + PLACES @ [40.0, -7.0]
    guesses = guess_hidden(values, PLACES)
    inside = np.isfinite(guesses)
    assert inside[CHANNELS.index("Cz")] and inside[CHANNELS.index("Pz")]
    assert np.allclose(guesses[inside], values[inside], atol=1e-5)


def test_the_outermost_electrodes_have_no_guess():
    guesses = guess_hidden(np.zeros(len(CHANNELS)), PLACES)
    assert {CHANNELS[i] for i in np.flatnonzero(np.isnan(guesses))} >= {"T7", "T8", "O1", "O2"}


def test_one_electrode_alone_cannot_be_guessed_from_the_others():
    cz = CHANNELS.index("Cz")
    assert guess_hidden(np.eye(len(CHANNELS))[cz], PLACES)[cz] == 0


def test_three_electrodes_surround_none():
    assert np.isnan(guess_hidden(np.ones(3), PLACES[:3])).all()
