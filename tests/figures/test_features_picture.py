"""The picture of a subject's features: every kind and band, with words made from the data."""

from __future__ import annotations

import json

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

from emolib.figures import pages

CHANNELS = ["Fz", "Cz", "Pz", "O1", "Oz", "O2"]


def features(values, **settings):
    return xr.Dataset(
        {"feature": (("window", "kind", "band", "channel"), values)},
        {"kind": ["de", "psd"], "band": ["theta", "alpha"], "channel": CHANNELS},
        {"settings": json.dumps(settings)},
    )


def test_every_kind_and_band_is_shown_twice(monkeypatch):
    values = np.zeros((3, 2, 2, 6))
    values[:, 0, 1, 4] = [1, 2, 3]
    values[:, 1, 0, 0] = -5
    drawn = []
    draw = pages.maps.rows
    monkeypatch.setattr(
        pages.maps, "rows", lambda *given, **how: (drawn.append(given), draw(*given, **how))
    )
    picture = pages.feature_maps(features(values, normalise="window"))
    assert "from 0.00 to 2.00, most in alpha at Oz" in picture.alt
    assert "z-score within the window" in picture.alt
    assert len(drawn) == 2
    for _, rows, channels, bands in drawn:
        assert (list(rows), bands) == (["differential entropy", "band energy"], ["theta", "alpha"])
        np.testing.assert_array_equal(rows["differential entropy"][1], [0, 0, 0, 0, 2, 0])
        assert channels == CHANNELS
    assert not plt.get_fignums()


def test_the_unit_follows_the_settings():
    values = np.random.default_rng(0).normal(size=(2, 2, 2, 6))
    picture = pages.feature_maps(features(values, baseline="none", normalise="none"))
    assert "differential entropy (nats): from" in picture.alt
    assert "band energy (µV²): from" in picture.alt
