"""Scores: rows of points show what they are given, and pictures describe it."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_rgb

from emolib.evaluation.scores import ESTIMAND
from emolib.figures import display
from emolib.figures import scores as score_plots
from emolib.recordings.labels import Task


def history() -> pd.DataFrame:
    rows = [(fold, epoch, 1 / epoch, 2 / epoch) for fold in (0, 1) for epoch in (1, 2, 3)]
    columns = ["fold", "epoch", "loss", "val_loss"]
    return pd.DataFrame(rows, columns=columns).assign(protocol="window_wise")


def diamonds(ax) -> list[tuple[list[float], list[float]]]:
    """Return the places (x, y) of each series of diamonds."""
    lines = [line for line in ax.lines if line.get_marker() == "D"]
    return [(line.get_xdata().tolist(), line.get_ydata().tolist()) for line in lines]


def points_of(ax) -> list[PathCollection]:
    """Return each series of points."""
    return [part for part in ax.collections if isinstance(part, PathCollection)]


def lines_of(ax) -> list[list[list[float]]]:
    """Return the ends of all intervals and pieces of the chance line."""
    parts = [part for part in ax.collections if isinstance(part, LineCollection)]
    return [segment.tolist() for part in parts for segment in part.get_segments()]


def test_each_row_has_its_name_and_its_points(ax):
    points = score_plots.tidy({"a": [1.0, 2.0], "b": [3.0, np.nan]})
    score_plots.rows(ax, points, label="x (points)")
    assert [name.get_text() for name in ax.get_yticklabels()] == ["a", "b"]
    places = points_of(ax)[0].get_offsets()
    assert places[:, 0].tolist() == [1, 2, 3, None]  # a missing value is not drawn
    assert places[:3, 1].round().tolist() == [0, 0, 1]
    assert len(set(places[:2, 1])) == 2  # side by side, or equal values would hide
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x (points)", "")
    assert ax.get_legend() is None


def test_estimates_lie_below_their_points_with_their_interval(ax):
    mean = pd.DataFrame({"row": ["a"], "value": [1.5], "low": [0.0], "high": [3.0]})
    score_plots.rows(ax, score_plots.tidy({"a": [1, 2], "b": [3]}), estimates=mean, label="x")
    (((x,), (y,)),) = diamonds(ax)
    assert x == 1.5 and points_of(ax)[0].get_offsets()[:2, 1].max() < y < 0.5
    assert lines_of(ax) == [[[0, y], [3, y]]]


def test_points_have_their_own_intervals_where_there_are_any(ax):
    points = pd.DataFrame(
        {"row": ["a", "b"], "value": [0.5, 0.6], "low": [0.4, np.nan], "high": [0.7, np.nan]}
    )
    score_plots.rows(ax, points, label="x")
    assert lines_of(ax) == [[[0.4, 0], [0.7, 0]]]


def test_leaking_points_are_hollow_and_not_compared_with_chance(ax):
    points = pd.DataFrame(
        {"row": ["leaks", "honest"], "value": [0.95, 0.5], "hollow": [True, False]}
    )
    none = pd.DataFrame({"row": ["leaks"], "value": [np.nan], "hollow": [False]})  # not there
    score_plots.rows(ax, pd.concat([points, none]), label="accuracy", chance=0.5)
    leaks, honest, _ = points_of(ax)[0].get_facecolor()[:, :3]
    assert leaks.tolist() == [1, 1, 1]
    assert tuple(honest) == pytest.approx(to_rgb(display.BLUE))
    assert lines_of(ax) == [[[0.5, 0.5], [0.5, 1.5]]]  # beside row 1 alone
    assert [text.get_text().strip() for text in ax.texts] == ["chance 0.5"]


def test_kinds_differ_in_shape_and_height_and_each_series_is_in_the_legend(ax):
    points = pd.DataFrame(
        {
            "row": ["a", "b"] * 3,
            "value": [0.5, 0.75, 0.49, np.nan, 0.51, np.nan],
            "series": np.repeat(["ridge, leaks", "ridge, honest", "other, leaks"], 2),
            "kind": np.repeat(["ridge", "ridge", "other"], 2),
            "hollow": np.repeat([True, False, True], 2),
        }
    )
    score_plots.rows(ax, points, label="accuracy (0 to 1)")
    leaks, honest, other = points_of(ax)
    assert tuple(leaks.get_facecolor()[0][:3]) == (1, 1, 1)
    assert tuple(honest.get_facecolor()[0][:3]) == pytest.approx(to_rgb(display.BLUE))
    shapes = [len(marks.get_paths()[0].vertices) for marks in (leaks, honest, other)]
    assert shapes[0] == shapes[1] != shapes[2]
    assert leaks.get_offsets()[:, 0].tolist() == [0.5, 0.75]
    assert leaks.get_offsets()[0, 1] != other.get_offsets()[0, 1]  # not on top of one another
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    assert named == ["ridge, leaks", "ridge, honest", "other, leaks"]


def test_bands_run_from_low_to_high_under_their_estimates_and_nothing_is_cut_off(ax):
    bands = pd.DataFrame(
        {"row": ["a", "b"], "low": [0.3, 0.4], "high": [0.7, 0.6], "detectable": [0.8, np.nan]}
    )
    score_plots.rows(
        ax,
        estimates=score_plots.tidy({"b": [0.9]}).assign(series="this one"),
        bands=bands.assign(series="chance"),
        label="x",
    )
    assert [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches] == [
        pytest.approx((0.3, 0.7)), pytest.approx((0.4, 0.6)),
    ]  # fmt: skip
    assert diamonds(ax) == [([0.9], [1])]
    (strokes,) = (line for line in ax.lines if line.get_marker() == "|")
    assert strokes.get_xdata()[0] == 0.8 and strokes.get_ydata()[0] == 0
    assert ax.get_xlim()[0] < 0.3 and ax.get_xlim()[1] > 0.9
    named = {text.get_text() for text in ax.get_legend().get_texts()}
    assert named == {"this one", "chance", score_plots.DETECTABLE}


def test_many_points_are_small(ax):
    score_plots.rows(ax, score_plots.tidy({"a": np.arange(200.0)}), label="x")
    score_plots.rows(ax, score_plots.tidy({"a": [1.0]}), label="x")
    many, few = (part.get_sizes()[0] for part in points_of(ax))
    assert many < few / 2


@pytest.fixture
def figure(monkeypatch, ax):
    """Return the figures of the pictures that are made, which a picture would close."""
    kept = []

    class Kept(score_plots.Picture):
        def __init__(self, figure, **words):
            kept.append(figure)
            super().__init__(figure, **words)

    monkeypatch.setattr(score_plots, "Picture", Kept)
    return kept


def test_learning_has_a_pair_of_lines_a_fold_and_says_what_leaks(figure):
    picture = score_plots.learning(history(), ["window_wise"])
    (ax,) = figure[0].axes
    assert [line.get_linestyle() for line in ax.lines] == ["-", "--"] * 2
    assert ax.lines[1].get_ydata().tolist() == history()["val_loss"].head(3).tolist()
    named = [text.get_text() for text in figure[0].legends[0].get_texts()]
    assert named == ["training", "validation"]
    labels = "epoch (passes over the training data)", "loss (nats)"
    assert (ax.get_xlabel(), ax.get_ylabel()) == labels
    words = r"window-wise \(windows of one trial on both sides\): 0\.33 in training, 0\.67 in"
    assert re.search(words, picture.alt)


def test_maps_of_tasks_show_the_electrodes_that_all_of_them_have():
    names = ["Fz", "Cz", "Pz", "Oz", "T7"]
    whole = xr.DataArray([[1.0, 2.0, 3.0, 4.0, 9.0]], {"band": ["alpha"], "channel": names})
    pair = {"valence": whole, "arousal": whole[:, 3::-1]}
    told = score_plots.summary(pair, caption="Maps.").alt
    assert told.count("largest difference in alpha at Oz, +4.0 dB") == 2


def test_pairs_that_fall_are_dashed(figure):
    pairs = [(1.0, 2.0), (2.0, 1.0)]
    picture = score_plots.paired(pairs, ("rest", "arithmetic"), label="power (dB)")
    (ax,) = figure[0].axes
    assert [line.get_linestyle() for line in ax.lines] == ["-", "--"]
    assert [line.get_ydata().tolist() for line in ax.lines] == [[1, 2], [2, 1]]
    assert [name.get_text() for name in ax.get_xticklabels()] == ["rest", "arithmetic"]
    assert ax.get_ylabel() == "power (dB)"
    assert picture.alt.endswith("lower in the second in 1 of 2 subjects.")


def test_each_subjects_point_leads_to_the_subjects_page(ax):
    """Two rows of three subjects; one of them has no score in the second."""
    names = ["sub-01", "sub-02", "sub-03"]
    given = {"trial_grouped": [0.4, 0.5, 0.6], "leave_subjects_out": [0.3, np.nan, 0.7]}
    tables = [
        pd.DataFrame({"protocol": protocol, "subject": names, "value": values})
        for protocol, values in given.items()
    ]
    same = {"stage": "pooled", "fold": pd.NA, "task": "x", "metric": ESTIMAND}
    table = pd.concat(tables).assign(**same, low=np.nan, high=np.nan, leaks=False)
    links = {name: f"{name}.html" for name in names}
    picture = score_plots.accuracies(table, "x", Task("x"), links=links)
    anchors = re.findall(
        r'href="(sub-\d\d)\.html" title="(.+?)" .*?left:([\d.]+)%;top:([\d.]+)%', picture.anchors
    )
    told = [title for _, title, *_ in anchors]
    assert told == ["sub-01: 0.40", "sub-02: 0.50", "sub-03: 0.60", "sub-01: 0.30", "sub-03: 0.70"]
    assert all(title.startswith(name) for name, title, *_ in anchors)
    left, top = np.array([(float(x), float(y)) for *_, x, y in anchors]).T
    values = np.array([float(title.split()[1]) for title in told])
    assert np.corrcoef(left, values)[0, 1] == pytest.approx(1)
    assert (np.diff(top) > 0).all()  # row by row, and in a row subject by subject
    assert "Subjects who lack trials of a class have no point: sub-02." in picture.caption
