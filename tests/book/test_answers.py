"""What a check says of an answer: right, or what is off."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from emolib.book.answers import check

EXPECTED = {"theta": 0.5, "alpha": 0.25}


@pytest.mark.parametrize(
    ("yours", "said"),
    [
        (EXPECTED, "**Right.**"),
        (pd.Series({"alpha": 0.2501, "theta": 0.5}), "**Right.**"),
        ({"theta": ..., "alpha": None}, "**Not yet.** Nothing is filled in for theta, alpha."),
        ({"theta": 0.5}, "**Not yet.** There is no value for alpha."),
        (..., "**Not yet.** Nothing is filled in."),
        ({"theta": 0.5, "alpha": 0.5}, "alpha: your value is 2 times the expected one."),
        ({"theta": -0.5, "alpha": 0.25}, "theta: your value is too low by 1."),
        ({"theta": 0.25, "alpha": 0.5}, "**Not yet.** You have swapped the bands."),
    ],
)
def test_an_answer_is_right_or_told_what_is_off(yours, said):
    slips = {"You have swapped the bands.": {"theta": 0.25, "alpha": 0.5}}
    assert said in check(yours, EXPECTED, slips=slips).data


def test_arrays_are_compared_by_place_and_zero_needs_a_tolerance():
    assert "Right" in check(np.eye(2), [[1, 0], [0, 1]]).data
    assert "2 of 4 values" in check(np.ones((2, 2)), np.eye(2)).data
    assert "There are 3 values, not 4." in check([1, 0, 0], np.eye(2)).data
    assert "too high by 0.01" in check(0.01, 0).data
    assert "Right" in check(0.01, 0, atol=0.02).data
