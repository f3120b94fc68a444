"""The words of the exploratory tests, and their table."""

import numpy as np
import pytest
import xarray as xr

from emolib.book.subject_sentences import cluster_sentence, ridge_sentence
from emolib.book.subject_tables import subject_tests
from emolib.evaluation.permutation import minimum_detectable_score


def summary(**changes):
    values = {
        **{"untested": "", "cluster_p": 0.02, "holm_p": 0.04, "missed": 0.95},
        **{"score": 0.62, "p": 0.2, "chance_low": 0.31, "chance_high": 0.69, "detectable": 0.75},
    }
    return xr.Dataset(
        {name: ("task", [value]) for name, value in (values | changes).items()},
        {"task": ["valence"]},
    )


def test_a_difference_is_said_to_be_detected_by_the_corrected_p():
    assert "was detected" in cluster_sentence("valence", summary())
    assert "was not detected" in cluster_sentence("valence", summary(holm_p=0.06))


def test_the_size_that_would_be_missed_is_said():
    assert "below about 0.9 standard" in cluster_sentence("valence", summary(missed=0.93))


@pytest.mark.parametrize("sentence", [cluster_sentence, ridge_sentence])
def test_nothing_tested_is_no_statement_about_the_subject(sentence):
    text = sentence("valence", summary(untested="one class only"))
    assert text == "valence: no test was made: one class only."
    lacking = summary(cluster_p=np.nan, score=np.nan)
    assert "fewer" in sentence("valence", lacking)


def test_a_score_stands_beside_its_chance_range_and_what_could_be_found():
    text = ridge_sentence("valence", summary())
    for part in (
        "0.62",
        "0.31 and 0.69",
        "p = 0.200",
        "not detected",
        "0.75",
        "not corrected",
    ):
        assert part in text
    assert "even a perfect score" in ridge_sentence("valence", summary(detectable=1.1))


def test_of_a_test_that_can_find_nothing_no_score_is_said_to_be_found():
    """With a few trials every labelling may score the same, as sub-01's of the smoke study do."""
    found = minimum_detectable_score(np.full(99, 0.5))
    text = ridge_sentence("valence", summary(score=0.5, p=1.0, detectable=found))
    assert "can find nothing" in text and "4 of 5" not in text


def test_no_sentence_says_what_it_may_not():
    for found in (summary(), summary(p=0.001), summary(holm_p=0.5)):
        text = cluster_sentence("valence", found) + ridge_sentence("valence", found)
        for word in ("no difference", "slightly above", "emotion", "because"):
            assert word not in text


def test_p_values_are_corrected_over_subjects_and_tasks():
    ps = {"sub-01": 0.01, "sub-02": 0.04, "sub-03": 0.5, "sub-04": np.nan}
    found = {name: summary(p=p, holm_p=np.nan) for name, p in ps.items()}
    table = subject_tests(found)
    assert table.index.tolist() == ["sub-01", "sub-02", "sub-03"]
    # Benjamini and Hochberg by hand: p n / rank.
    assert table["p, corrected"].tolist() == ["0.030", "0.060", "0.500"]
    assert set(table["cluster test p"]) == {"-"}


def test_no_tests_no_table():
    assert not len(subject_tests({"sub-01": summary(p=np.nan, holm_p=np.nan)}))
    assert not len(subject_tests({}))
