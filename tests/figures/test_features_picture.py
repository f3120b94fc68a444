"""The picture of a subject's features: every kind and band, with words made from the data."""

from __future__ import annotations

import json

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

from emolib.figures import features as feature_pictures

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
    drawn = {"scalp": [], "grid_map": []}
    for name, calls in drawn.items():
        draw = getattr(feature_pictures.maps, name)
        monkeypatch.setattr(
            feature_pictures.maps,
            name,
            lambda *a, calls=calls, draw=draw, **k: (calls.append((a[1], k)), draw(*a, **k))[1],
        )
    picture = feature_pictures.feature_maps(features(values, normalise="window"))
    assert "from 0.00 to 2.00, most in alpha at Oz" in picture.alt
    assert "z-score within the window" in picture.alt
    for calls in drawn.values():
        assert len(calls) == 4
        # A kind has one scale; two colours where values lie on both sides of 0.
        assert [how["limits"] for _, how in calls] == [(0.0, 2.0)] * 2 + [(-5.0, 5.0)] * 2
        np.testing.assert_array_equal(calls[1][0], [0, 0, 0, 0, 2, 0])
    assert not plt.get_fignums()


def test_the_unit_follows_the_settings():
    values = np.random.default_rng(0).normal(size=(2, 2, 2, 6))
    picture = feature_pictures.feature_maps(features(values, baseline="none", normalise="none"))
    assert "differential entropy (nats): from" in picture.alt
    assert "band energy (µV²): from" in picture.alt
