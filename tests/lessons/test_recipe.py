"""The measured ways of training as tables and sentences, and the file that holds them."""

from __future__ import annotations

import pandas as pd
import pytest

from emolib.lessons import recipe
from emolib.lessons.recipe import DEFAULT, FIXED, PUBLISHED, RIDGE


@pytest.fixture
def found() -> pd.DataFrame:
    """Two trainings on real data and one on a cohort."""
    rows = []
    for training, value in ((RIDGE, 0.6), (FIXED, 0.65), (DEFAULT, 0.7)):
        of = {"data": "real, subjects z-scored", "training": training, "seeds": 3}
        what = {"window": value, "trial": value + 0.1, "recall 0": value, "recall 1": value - 0.5}
        what["trial less ridge"] = value - 0.6
        for people, less in (("all", 0.0), ("chosen on", -0.1), ("others", 0.02)):
            rows += [
                of | {"people": people, "what": name, "value": score - less}
                | {"low": score - less - 0.05, "high": score - less + 0.05}
                for name, score in what.items()
                if people == "all" or name in recipe.UNITS
            ]  # fmt: skip
    cohort = {"data": "simulated, no effect, cohort 0", "people": "all", "what": "trial"}
    rows.append(rows[-1] | cohort | {"value": 0.5})
    return pd.DataFrame(rows).assign(commit="abc", date="2026-01-01")


def test_each_training_is_a_row_and_the_others_have_a_column(found):
    table = recipe.real_table(found)
    assert table.index.tolist() == [RIDGE, FIXED, DEFAULT]
    assert table.loc[RIDGE, "subjects: windows"] == "0.60 (0.55 to 0.65)"
    assert table.loc[DEFAULT, "subjects: trials, others"] == "0.78 (0.73 to 0.83)"
    assert not [name for name in table if "chosen" in name]
    assert recipe.simulated_table(found).loc["no effect, cohort 0", DEFAULT].startswith("0.50")


def test_the_sentences_hold_the_measured_figures(found):
    first, last = recipe.sentences(found)
    assert "scores 0.700 and 0.800 of windows and trials, ridge regression 0.600 and 0.700" in first
    assert "the difference of the trials is 0.10 (0.05 to 0.15)" in first
    assert "65% and 15% are right with batch normalisation, 70% and 20% without" in first
    assert "abc, 2026-01-01" in last


def test_what_was_measured_holds_all_that_the_chapter_shows():
    measured = recipe.results()
    assert {RIDGE, PUBLISHED, FIXED, DEFAULT} <= set(recipe.real_table(measured).index)
    assert len(recipe.simulated_table(measured)) == 6
    assert len(recipe.sentences(measured)) == 3
