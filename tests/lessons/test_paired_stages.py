"""Differences between stages, by hand, and the words for them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from emolib.errors import DataError
from emolib.evaluation.comparison import Comparison, compare, counts_by_seed
from emolib.evaluation.scores import ESTIMAND, score
from emolib.lessons.paired_stages import (
    difference,
    difference_sentence,
    differences_table,
    stage_differences,
    subject_scores,
    verdict,
)


def predictions(wrong: dict[tuple[str, str, int], int], seeds=(0,)) -> pd.DataFrame:
    """Eight trials a subject, four of each class; so many of class 1 wrong, by stage and seed."""
    rows = []
    for stage in ("pooled", "subject"):
        for subject in ("sub-01", "sub-02"):
            for seed in seeds:
                n_wrong = wrong.get((stage, subject, seed), 0)
                for trial in range(8):
                    missed = trial >= 8 - n_wrong
                    rows.append(
                        {"protocol": "trial_grouped", "fold": 0, "stage": stage, "trial": trial}
                        | {"subject": subject, "window": 0, "task": "valence", "repeat": seed}
                        | {
                            "label": int(trial >= 4),
                            "probability": float(trial >= 4 and not missed),
                        }
                    )
    return pd.DataFrame(rows)


def of(table: pd.DataFrame, **changes) -> Comparison:
    given = {"protocol": "trial_grouped", "task": "valence", "resamples": 200}
    return difference(table, "pooled", "subject", **given | changes)


def test_a_difference_by_hand():
    """Two of four high trials wrong is 0.75 balanced; one wrong 0.875."""
    table = predictions({("pooled", "sub-01", 0): 2, ("subject", "sub-02", 0): 1})
    given = of(table)
    assert given.by_subject["first"].tolist() == [0.75, 1.0]
    assert given.by_subject["second"].tolist() == [1.0, 0.875]
    assert given.by_subject["difference"].tolist() == [0.25, -0.125]
    assert given.value == pytest.approx(0.0625)
    assert np.isnan([given.low, given.high]).all()


def test_a_table_without_repeats_has_one():
    table = predictions({("pooled", "sub-01", 0): 2})
    bare = of(table.drop(columns="repeat"))
    pd.testing.assert_frame_equal(bare.by_subject, of(table).by_subject)
    assert bare.n_seeds == 1


def test_seeds_are_averaged_and_three_make_a_comparison():
    wrong = {("pooled", "sub-01", 0): 2, ("pooled", "sub-01", 1): 1, ("subject", "sub-02", 2): 3}
    table = predictions(wrong, seeds=(0, 1, 2))
    given = of(table)
    assert given.by_subject["difference"].tolist() == pytest.approx([0.375 / 3, -0.375 / 3])
    counts = counts_by_seed(table)
    pair = (counts["trial_grouped", stage, "valence"] for stage in ("pooled", "subject"))
    found = compare(*pair, resamples=200)
    assert (given.low, given.high, given.n_seeds) == (found.low, found.high, 3)
    assert given.low < given.value < given.high
    assert np.isnan(of(predictions(wrong, seeds=(0, 1))).low)


def test_subject_scores_have_a_row_a_seed():
    table = predictions({("pooled", "sub-01", 1): 4}, seeds=(0, 1))
    scores = subject_scores(table).set_index(["stage", "subject", "repeat"])["value"]
    assert len(scores) == 8
    assert scores["pooled", "sub-01", 1] == 0.5
    assert scores.drop(("pooled", "sub-01", 1)).eq(1).all()


def test_a_subject_that_lacks_a_class_has_no_difference():
    table = predictions({("pooled", "sub-01", 0): 2}, seeds=(0, 1, 2))
    lacking = table[(table["subject"] == "sub-01") | (table["label"] == 1)]
    given = of(lacking)
    assert given.by_subject["difference"].isna().tolist() == [False, True]
    assert np.isfinite([given.low, given.high]).all()
    nobody = of(table[table["label"] == 1])
    assert nobody.by_subject["difference"].isna().all()
    assert np.isnan([nobody.low, nobody.high]).all()


def test_subject_scores_are_those_of_the_evaluation():
    rng = np.random.default_rng(0)
    rows = [
        {"protocol": "trial_grouped", "stage": "pooled", "fold": trial % 3, "subject": subject}
        | {"trial": trial, "window": window, "task": task, "label": trial // 3 % 2}
        for subject in ("sub-01", "sub-02")
        for trial in range(18)
        for window in range(3)
        for task in ("valence", "arousal")
    ]
    table = pd.DataFrame(rows).assign(probability=rng.random(len(rows)))
    known = score(table, resamples=0)
    known = known[known["subject"].notna() & (known["metric"] == ESTIMAND)]
    keys = ["task", "subject"]
    expected = known.set_index(keys)["value"].sort_index()
    found = subject_scores(table).set_index(keys)["value"].sort_index()
    assert found.to_dict() == pytest.approx(expected.to_dict())


def test_a_stage_that_is_not_there_is_named():
    with pytest.raises(DataError, match="no stage 'subject_and_task' for valence"):
        difference(
            predictions({}), "pooled", "subject_and_task", protocol="trial_grouped", task="valence"
        )


def test_stages_of_different_seeds_are_refused():
    table = predictions({}, seeds=(0, 1))
    table = table[(table["stage"] == "pooled") | (table["repeat"] == 0)]
    with pytest.raises(DataError, match="same seeds"):
        of(table)


def sentence(low: float, high: float, differences=(0.02, 0.04)) -> str:
    rows = pd.DataFrame({"difference": differences})
    return difference_sentence(Comparison(rows, low, high, 3), ("pooled", "fine-tuned"))


def test_words_for_an_interval_that_holds_zero():
    text = sentence(-0.05, 0.11)
    assert "+3.0 points" in text and "+2.0 to +4.0 from subject to subject" in text
    assert "-5.0 to +11.0 points: a difference was not detected" in text
    assert "smaller than about 8 points would be missed" in text
    assert "no difference" not in text


def test_words_for_an_interval_that_does_not():
    text = sentence(0.01, 0.05)
    assert "does not hold 0" in text and "exploratory" in text


def test_one_subject_has_an_interval_that_is_too_narrow_to_say_what_is_missed():
    text = sentence(-0.05, 0.11, differences=[0.02])
    assert "was not detected" in text and "too narrow" in text and "missed" not in text
    alone = Comparison(pd.DataFrame({"difference": [0.02]}), -0.05, 0.11, 3)
    assert "missed" not in verdict({"a": alone})


def test_words_without_an_interval_or_a_score():
    assert "nothing is said" in sentence(np.nan, np.nan)
    rows = pd.DataFrame({"difference": [np.nan]}, index=["sub-01"])
    text = difference_sentence(Comparison(rows, np.nan, np.nan, 1), ("pooled", "fine-tuned"))
    assert text.endswith("no subject has a fold that holds both classes.")


def test_all_stages_that_are_there_are_compared():
    table = predictions({("pooled", "sub-01", 0): 2})
    leaking = table.assign(protocol="window_wise")
    found = stage_differences(
        pd.concat([table, leaking]), "pooled", ["subject", "subject_and_task"]
    )
    assert list(found) == [
        ("window_wise", "valence", "subject"), ("trial_grouped", "valence", "subject"),
    ]  # fmt: skip
    assert stage_differences(pd.DataFrame(), "pooled", ["subject"]) == {}


def test_a_row_of_the_table_by_hand():
    table = predictions({("pooled", "sub-01", 0): 2, ("subject", "sub-02", 0): 1})
    rows = differences_table({"one": of(table), "none": of(table[table["label"] == 1])})
    assert rows.loc["one"].tolist() == ["87.5", "93.8", "+6.2", "-12.5 to +25.0", "none: one seed"]
    assert rows.loc["none"].tolist() == ["-", "-", "-", "-", "none: a class is missing"]


def test_an_interval_stands_in_the_table():
    given = of(predictions({("pooled", "sub-01", 0): 2}, seeds=(0, 1, 2)))
    (interval,) = differences_table({"one": given})["95 % interval"]
    assert interval == f"{100 * given.low:+.1f} to {100 * given.high:+.1f}"


def test_the_verdict_counts_intervals_and_says_what_would_be_missed():
    def one(low: float, high: float) -> Comparison:
        rows = pd.DataFrame({"difference": [0.0, 0.0]})
        return Comparison(rows, low, high, 3)

    text = verdict({"a": one(-0.05, 0.11), "b": one(-0.02, 0.02), "c": one(0.01, 0.05)})
    assert text.startswith("In 2 of 3 rows the interval holds 0")
    assert "smaller than some 2 to 8 points would be missed. In 1 it does not" in text
    assert "missed" not in verdict({"c": one(0.01, 0.05)})
    assert "descriptive" in verdict(
        {"a": Comparison(pd.DataFrame({"difference": [0.1]}), np.nan, np.nan, 1)}
    )
    assert "descriptive" in verdict({"a": one(np.nan, np.nan)})


def test_nothing_is_minus_zero():
    rows = pd.DataFrame({"first": [0.5], "second": [0.4999], "difference": [-0.0001]})
    assert "-0.0" not in " ".join(
        differences_table({"a": Comparison(rows, np.nan, np.nan, 1)}).iloc[0]
    )
