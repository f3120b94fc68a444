"""Pictures of attributions: they describe the data that they are given."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from emolib.evaluation.scores import score
from emolib.figures import attribution as attribution_pictures
from emolib.figures import attribution_axes as attribution_plots
from emolib.figures import display
from emolib.grid import DEAP_CHANNELS

CHANNELS = list(DEAP_CHANNELS)
BANDS = ["theta", "alpha"]


@pytest.fixture(autouse=True)
def style(monkeypatch):
    monkeypatch.setattr(plt, "show", lambda *_, **__: pytest.fail("a plot function called show"))
    with plt.rc_context():
        display.use_style()
        yield
    plt.close("all")


def found() -> pd.DataFrame:
    rows = [
        ("x", "trial_grouped", "the truth", 0.5, -0.2, 0.3, [0.1, 0.2]),
        ("x", "window_wise", "the truth", -0.004, -0.2, 0.3, []),
    ]
    names = ["task", "protocol", "target", "value", "low", "high", "others"]
    return pd.DataFrame(rows, columns=names)


def test_agreements_draw_what_they_are_given():
    _, ax = plt.subplots()
    drawn = attribution_plots.agreements(ax, found().assign(row=["a", "b"]), label="r (-1 to 1)")
    diamonds = [one for one in drawn if getattr(one, "get_marker", str)() == "D"]
    assert [one.get_xdata()[0] for one in diamonds] == [0.5, -0.004]
    crosses = [one for one in drawn if getattr(one, "get_marker", str)() == "x"]
    assert [list(one.get_xdata()) for one in crosses] == [[0.1, 0.2]]
    assert ax.get_xlabel() == "r (-1 to 1)"


def test_a_window_wise_map_never_stands_without_its_words():
    picture = attribution_pictures.agreements(found())
    assert "windows of one trial on both sides" in picture.alt
    assert "windows of one trial on both sides" in picture.caption
    assert "with the truth: 0.00," in picture.alt  # not -0.00
    honest = attribution_pictures.agreements(found()[:1])
    assert "both sides" not in honest.caption


def test_shares_name_the_strongest_cell():
    values = np.zeros((2, 32))
    values[1, CHANNELS.index("Pz")] = 1.0
    picture = attribution_pictures.shares(
        {"network": values}, CHANNELS, BANDS, units={"network": "nats"}, task="arousal"
    )
    assert picture.alt == "arousal: scalp maps by band. network: most at Pz in alpha."


def test_sets_of_features_come_in_their_order():
    rng = np.random.default_rng(0)
    rows = [
        {"protocol": "trial_grouped", "fold": 0, "stage": name, "subject": f"sub-0{s}"}
        | {"trial": t, "stimulus": t, "window": 0, "task": "x", "label": t % 2}
        | {"probability": rng.random()}
        for name in ("neither", "all features")
        for s in (1, 2)
        for t in range(8)
    ]
    picture = attribution_pictures.subset_scores(
        score(pd.DataFrame(rows), resamples=20),
        {"all features": 128, "neither": 78},
        protocol="trial_grouped",
        chance=0.5,
    )
    assert picture.alt.index("all features") < picture.alt.index("neither")
    assert "trial-grouped" in picture.caption


def test_a_subjects_shares_are_the_mean_over_folds_of_its_electrodes():
    share = np.zeros((2, 2, 1, 3))
    share[:, 0, 0] = [[0.0, 0.3, 9.0], [0.2, 0.1, 9.0]]
    share[:, 1] = np.nan  # a task without labels
    explained = xr.Dataset(
        {
            "share": (("fold", "task", "band", "channel"), share),
            "completeness": (("fold", "task"), [[0.01, np.nan], [0.03, np.nan]]),
            "n_windows": ("fold", [10, 20]),
        },
        {"task": ["valence", "arousal"], "band": ["alpha"], "channel": ["Fz", "Cz", "Oz"]},
    )
    picture = attribution_pictures.subject_shares(explained, ["Fz", "Cz"], protocol="trial_grouped")
    assert picture.alt == (
        "Mean shares, trial-grouped: scalp maps by band. valence: most at Cz in alpha."
    )
    assert "30 inputs that the networks of 2 folds were not trained on" in picture.caption
    assert "explain but for 2.0 %." in picture.caption
