"""The points in which paper and code differ: whole rows, and settings that there are."""

from __future__ import annotations

import re
from importlib.resources import files

import pandas as pd
import pytest

from emolib.features.extraction import FeatureSettings
from emolib.model.networks import ModelSettings
from emolib.model.settings import TrainingSettings


@pytest.fixture(scope="module")
def points() -> pd.DataFrame:
    with (files("emolib.book") / "paper_and_code.csv").open(encoding="utf-8") as text:
        return pd.read_csv(text, keep_default_na=False).set_index("key")


def test_points_are_whole(points):
    assert points.index.is_unique
    assert (points != "").all(axis=None)


def test_every_setting_that_a_point_names_is_one(points):
    rooms = {"features": FeatureSettings, "model": ModelSettings, "training": TrainingSettings}
    for setting in points["setting"]:
        if match := re.fullmatch(r"(\w+): (\w+)", setting):
            assert match[2] in rooms[match[1]].__dataclass_fields__, setting
        else:
            assert setting in ("protocols", "-")
