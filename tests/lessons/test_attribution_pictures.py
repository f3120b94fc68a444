"""Pictures of attributions: they describe the data that they are given."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.collections import PathCollection

from emolib.evaluation.scores import score
from emolib.lessons import attribution_pictures


def found() -> pd.DataFrame:
    rows = [
        ("x", "trial_grouped", "the truth", 0.5, -0.2, 0.3, [0.1, 0.2]),
        ("x", "window_wise", "the truth", -0.004, -0.2, 0.3, []),
    ]
    names = ["task", "protocol", "target", "value", "low", "high", "others"]
    return pd.DataFrame(rows, columns=names)


def test_agreements_draw_what_they_are_given(monkeypatch, ax):
    kept = {}
    monkeypatch.setattr(
        attribution_pictures, "Picture", lambda figure, **words: kept.update(figure=figure)
    )
    attribution_pictures.agreements(found())
    (ax,) = kept["figure"].axes
    (diamonds,) = (line for line in ax.lines if line.get_marker() == "D")
    assert diamonds.get_xdata().tolist() == [0.5, -0.004]
    (points,) = (part for part in ax.collections if isinstance(part, PathCollection))
    assert points.get_offsets()[:, 0].tolist() == [0.1, 0.2]
    assert [(bar.get_x(), bar.get_width()) for bar in ax.patches] == [(-0.2, 0.5)] * 2
    names = [name.get_text() for name in ax.get_yticklabels()]
    assert names == ["x, trial-grouped\nwith the truth", "x, window-wise\nwith the truth"]


def test_a_window_wise_map_never_stands_without_its_words(ax):
    picture = attribution_pictures.agreements(found())
    assert "windows of one trial on both sides" in picture.alt
    assert "windows of one trial on both sides" in picture.caption
    assert "with the truth: 0.00," in picture.alt  # not -0.00
    honest = attribution_pictures.agreements(found()[:1])
    assert "both sides" not in honest.caption


def test_sets_of_features_come_in_their_order(ax):
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
