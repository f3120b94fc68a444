"""Pictures of recordings and of maps: they describe the data that they are given."""

from __future__ import annotations

import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from emolib.features.bands import BANDS
from emolib.figures import pages
from emolib.grid import DEAP_CHANNELS
from emolib.recordings.labels import Task

CHANNELS = list(DEAP_CHANNELS)
FEW = ["Fz", "Cz", "Pz", "O1", "Oz", "O2"]
NAMES = [band.name for band in BANDS]
HZ = np.arange(1, 45.5, 0.5)
DENSITY = 10 / HZ


def class_means() -> xr.DataArray:
    values = np.random.default_rng(0).normal(size=(2, 4, 32))
    values[0, 1, 3] = 20
    coords = {"class": ["rest", "arithmetic"], "band": NAMES, "channel": CHANNELS}
    return xr.DataArray(values, coords, ("class", "band", "channel"))


@pytest.mark.parametrize(
    ("make", "alt"),
    [
        (
            lambda: pages.class_maps(
                class_means(), "condition", Task(classes=("rest", "arithmetic")), of="made up"
            ),
            r"rest \N{MINUS SIGN} arithmetic.*alpha \+\d+\.\d dB at F7[^:]*$",  # of no cluster
        ),
        (
            lambda: pages.spectra(
                xr.DataArray(
                    [DENSITY, np.exp(-((HZ - 10) ** 2) / 2)], {"frequency": HZ, "trial": [1, 2]},
                    ("trial", "frequency"),
                ),
                pd.DataFrame({"x": [0, 1]}, index=[1, 2]), {"x": Task("x")}, place="Oz",
            ),
            r"x: low none, high 10\.0 Hz",
        ),
        (
            lambda: pages.grid_and_scalp(np.arange(32.0), CHANNELS, name="alpha", unit="dB"),
            r"\(dB\) .* from 0\.0 at Fp1 to 31\.0 at O2",
        ),
    ],
)  # fmt: skip
def test_pictures_describe_the_data(ax, make, alt):
    picture = make()
    assert pd.Series([picture.alt]).str.contains(alt).item(), picture.alt
    assert len(picture.png) < 400_000


@pytest.mark.slow
def test_electrodes_of_a_cluster_are_named_by_band(ax):
    means, task = class_means(), Task(classes=("rest", "arithmetic"))
    cluster = xr.zeros_like(means.isel({"class": 0}, drop=True), dtype=bool)
    nothing = pages.class_maps(means, "condition", task, of="made up", cluster=cluster)
    assert nothing.alt.endswith("In a cluster: no electrode.")
    cluster.loc["alpha", ["Oz", "O1"]] = True
    found = pages.class_maps(means, "condition", task, of="made up", cluster=cluster)
    assert found.alt.endswith("In a cluster: alpha O1, Oz.")


def test_electrodes_that_a_subject_lacks_are_left_out(ax):
    given = xr.DataArray([[1.0, 2.0, 3.0]], {"band": ["alpha"], "channel": ["Fz", "Cz", "O1"]})
    other = given.assign_coords(channel=["Fz", "Pz", "O2"])
    power = {f"sub-0{i}": given for i in range(1, 5)} | {"sub-05": other}  # five: two abreast
    assert "5 subjects. alpha: from 1.0 to 3.0 dB" in pages.thumbnails(power).alt


def test_no_figure_stays_open(ax):
    plt.close("all")
    pages.labels(pd.DataFrame({"low": [1], "high": [2]}, index=["x"]))
    assert plt.get_fignums() == []


def test_shares_name_the_strongest_cell(ax):
    values = np.zeros((2, 32))
    values[1, CHANNELS.index("Pz")] = 1.0
    picture = pages.shares(
        {"network": values}, CHANNELS, NAMES[:2], units={"network": "nats"}, task="arousal"
    )
    assert picture.alt == "arousal: scalp maps by band. network: most at Pz in alpha."


def test_a_subjects_shares_are_the_mean_over_folds_of_its_electrodes(ax):
    share = np.zeros((2, 2, 1, 3))
    share[:, 0, 0] = [[0.0, 0.3, 9.0], [0.2, 0.1, 9.0]]
    share[:, 1] = np.nan  # a task without labels
    explained = xr.Dataset(
        {
            "attribution": (("fold", "task", "band", "channel"), share),
            "completeness": (("fold", "task"), [[0.01, np.nan], [0.03, np.nan]]),
            "n_windows": ("fold", [10, 20]),
        },
        {"task": ["valence", "arousal"], "band": ["alpha"], "channel": ["Fz", "Cz", "Oz"]},
    )
    picture = pages.subject_shares(explained, ["Fz", "Cz"], protocol="trial_grouped")
    assert picture.alt == (
        "Mean shares, trial-grouped: scalp maps by band. valence: most at Cz in alpha."
    )
    assert "30 inputs that the networks of 2 folds were not trained on" in picture.caption
    assert "explain but for 2.0 %." in picture.caption


def test_names_of_many_electrodes_stand_in_several_rows(monkeypatch):
    drawn = []
    monkeypatch.setattr(pages, "Picture", lambda figure, **words: drawn.append(figure))
    size = pd.DataFrame({"std_uv": np.arange(1.0, 63)}, index=[f"C{i}" for i in range(62)])
    pages.amplitudes(size)
    shown = [[label.get_text() for label in ax.get_xticklabels()] for ax in drawn[0].axes]
    assert [len(names) for names in shown] == [31, 31]
    assert shown[0] + shown[1] == size.index.tolist()
    plt.close(drawn[0])


def features(values, **settings):
    return xr.Dataset(
        {"feature": (("window", "kind", "band", "channel"), values)},
        {"kind": ["de", "psd"], "band": ["theta", "alpha"], "channel": FEW},
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
        assert channels == FEW
    assert not plt.get_fignums()


def test_the_unit_follows_the_settings():
    values = np.random.default_rng(0).normal(size=(2, 2, 2, 6))
    picture = pages.feature_maps(features(values, baseline="none", normalise="none"))
    assert "differential entropy (nats): from" in picture.alt
    assert "band energy (µV²): from" in picture.alt
