"""DEAP's table of ratings beside the recordings: compared, and never chosen silently."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from synthetic import SMALL, deap_arrays, write_deap

from emolib.errors import DataError
from emolib.recordings import deap
from emolib.recordings.deap import TABLE

SCALES = ["Valence", "Arousal", "Dominance", "Liking"]
OF_TABLE = f"the ratings of {TABLE} are used"
USED = "the ratings of s02.mat are used"


def note(folder, labels, change=lambda ratings: ratings, *, place=".", number=2, drop=()):
    """Read a subject with such labels beside a table of them, changed and shown in disorder."""
    arrays = deap_arrays() | {"labels": labels}
    write_deap(folder / "data_preprocessed_matlab" / "s02.mat", arrays)
    order = np.random.default_rng(0).permutation(len(labels))
    rows = pd.DataFrame(change(labels.copy())[order].round(2), columns=SCALES)
    rows = rows.assign(Participant_id=number, Trial=range(1, 5), Experiment_id=order + 1)
    (folder / place).mkdir(exist_ok=True)
    rows.drop(columns=list(drop)).to_csv(folder / place / TABLE, index=False)
    recording = deap.read(folder, "sub-02", layout=SMALL)
    np.testing.assert_array_equal(recording["rating"], labels)
    return recording.attrs["notes"][-1]


@pytest.fixture
def labels(tmp_path):
    (tmp_path / "data_preprocessed_matlab").mkdir()
    ratings = np.random.default_rng(1).uniform(1, 5, (4, 4))
    ratings[:3, :2] = np.random.default_rng(2).uniform(5.1, 8, (3, 2))
    return ratings


def turn(ratings):
    both = (ratings[:, :2] > 5).all(axis=1)
    ratings[both, :2] = 9 - ratings[both, :2]
    return ratings


@pytest.mark.parametrize("place", [".", "data_preprocessed_matlab", "metadata_csv"])
def test_a_table_in_another_order_that_agrees(tmp_path, labels, place):
    told = note(tmp_path, labels, place=place)
    assert told == f"{TABLE}: valence and arousal and dominance and liking agree; {USED}"


def test_turned_scales_are_told_by_their_formula(tmp_path, labels):
    told = "valence and arousal: 3 of 4 trials differ, by 9 - r; dominance and liking agree"
    assert note(tmp_path, labels, turn) == f"{TABLE}: {told}; {USED}"


def test_other_differences_are_counted(tmp_path, labels):
    told = note(tmp_path, labels, lambda ratings: ratings + np.eye(4)[3])
    assert "valence and arousal and dominance agree; liking: 4 of 4 trials differ;" in told


@pytest.mark.parametrize(
    ("how", "told"),
    [({"number": 3}, "has no ratings of participant 2"), ({"drop": ["Liking"]}, "be compared")],
)
def test_a_table_that_does_not_serve_is_told(tmp_path, labels, how, told):
    assert told in note(tmp_path, labels, **how)


def test_the_ratings_of_the_table_are_used_where_a_study_names_it(tmp_path, labels):
    note(tmp_path, labels, turn)
    recording = deap.read(tmp_path, "sub-02", layout=SMALL, ratings="table")
    np.testing.assert_array_equal(recording["rating"], turn(labels.copy()).round(2))
    assert recording.attrs["notes"][-1].endswith(
        f"by 9 - r; dominance and liking agree; {OF_TABLE}"
    )
    assert recording["rating"].attrs == {"low": 1.0, "high": 9.0}


@pytest.mark.parametrize("how", [{"number": 3}, {"drop": ["Liking"]}, None])
def test_a_table_that_is_asked_for_must_serve(tmp_path, labels, how):
    if how is None:
        write_deap(tmp_path / "s02.mat", deap_arrays() | {"labels": labels})
    else:
        note(tmp_path, labels, **how)
    with pytest.raises(DataError, match=r"participant|beside it|compared"):
        deap.read(tmp_path, "sub-02", layout=SMALL, ratings="table")


def test_the_table_is_a_source_where_it_is(tmp_path, labels):
    note(tmp_path, labels)
    assert [path.name for path in deap.sources(tmp_path, "sub-02")] == ["s02.mat", TABLE]
