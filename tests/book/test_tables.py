"""Tables and sentences about scores: what is shown, and in which words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from synthetic import predictions

from emolib.book import sentences
from emolib.book.subject_sentences import points_and_ranges, result_sentence, subject_results
from emolib.book.subject_tables import subjects_table
from emolib.book.tables import effective_table, score_table, summary_points
from emolib.evaluation.bootstrap import TrialCounts, percentiles
from emolib.evaluation.permutation import chance_scores
from emolib.evaluation.scores import reportable, score, score_points
from emolib.evaluation.variance import effective_windows
from emolib.splits.protocols import BOTH_SIDES


def several(*parts: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    table = pd.concat(parts, ignore_index=True)
    return table, score(table, resamples=50)


def test_leaking_scores_are_not_shown_alone():
    _, scores = several(predictions("window_wise", 12))
    assert len(reportable(scores)) == 0


def test_leaking_scores_are_shown_beside_honest_ones_and_say_so():
    _, scores = several(predictions("window_wise", 12), predictions("trial_grouped", 6))
    table = score_table(scores)
    assert table["protocol and network"].tolist() == [
        "trial-grouped: pooled",
        "window-wise (windows of one trial on both sides): pooled",
    ]
    half = "50\N{NO-BREAK SPACE}%"
    assert table["correct trials"].tolist() == [half, "100\N{NO-BREAK SPACE}%"]
    assert table["majority class"].tolist() == [half, half]
    points, _ = score_points(scores, "valence")
    leaking = points[points["leaks"]]
    assert len(leaking) == 1
    assert leaking["row"].str.contains(BOTH_SIDES).all()
    columns = subjects_table(scores, ["sub-01"]).columns
    assert [BOTH_SIDES in name for name in columns] == [False, True]
    told = sentences.cohort_sentences(scores, ["valence"])
    assert BOTH_SIDES in told[1] and "not compared with chance" in told[1]


def test_subjects_table_is_in_the_order_given_and_missing_scores_are_missing():
    _, scores = several(
        predictions("trial_grouped", 12, subject="sub-02"),
        predictions("trial_grouped", 6, subject="sub-10"),
    )
    table = subjects_table(scores, ["sub-02", "sub-03", "sub-10"])
    assert table.index.tolist() == ["sub-02", "sub-03", "sub-10"]
    assert table.iloc[:, 0].tolist() == pytest.approx([1, np.nan, 0.5], nan_ok=True)


def test_what_windows_are_worth_in_a_table_and_in_words():
    both, _ = several(predictions("window_wise", 6), predictions("trial_grouped", 6))
    found = effective_windows(both)  # the windows of a trial are right or wrong together
    table = effective_table(found)
    assert table["protocol and network"].tolist() == [
        "trial-grouped: pooled",
        "window-wise (windows of one trial on both sides): pooled",
    ]
    first = table.iloc[0]
    expected = ["1 / 12 / 24", "1.00", "2.0", "12", f"{2**0.5:.1f} times"]
    assert first.tolist()[1:] == expected
    told = sentences.effective_sentence(found)
    assert (
        "1.4 times too narrow" in told
        and "24 windows of 12 trials carry as much information as 12" in told
    )


def test_where_windows_cannot_be_weighed_the_page_says_so():
    found = effective_windows(predictions("trial_grouped", 12))  # all right
    assert effective_table(found).iloc[0].tolist()[-4:] == ["-"] * 4
    assert "cannot be estimated" in sentences.effective_sentence(found)


def test_points_of_one_subject_have_intervals_and_those_of_all_have_none():
    _, scores = several(
        predictions("trial_grouped", 7), predictions("trial_grouped", 5, subject="sub-02")
    )
    own, groups = score_points(scores, "valence", subject="sub-02")
    assert len(own) == 1 and len(groups) == 0
    assert own["low"].notna().all()
    every, groups = score_points(scores, "valence")
    assert len(every) == 2 and len(groups) == 1
    assert every["low"].isna().all()


def subject_sentences(*given) -> list[str]:
    return [result_sentence(result) for result in subject_results(*given)]


@pytest.mark.parametrize(
    ("right", "words"),
    [
        (6, "6 of 12 held-out trials were classified correctly (predicting the majority class "
            "throughout gives 6)."),
        (7, "A difference from guessing was not detected. With this number of trials, scores "),
        (12, "The score is above that range. This is not a test: among many scores, some leave"),
        (0, "The score is below that range"),
    ],
)  # fmt: skip
def test_words_about_a_subject(right, words):
    told = subject_sentences(*several(predictions("trial_grouped", right)), "sub-01", ["valence"])
    assert len(told) == 1 and words in told[0]


def test_predictions_of_one_class_are_counted_and_told():
    """Of three subjects one is always called high, and one has no other label than high."""
    mixed = predictions("trial_grouped", 6)
    constant = predictions("trial_grouped", 6, subject="sub-02").assign(probability=0.9)
    unasked = constant.assign(subject="sub-03", label=1)
    table, scores = several(mixed, constant, unasked)
    (told,) = sentences.one_class_sentences(table.assign(repeat=0))
    assert "for 1 of 2 subjects the network predicted the same class for all trials" in told
    assert sentences.one_class_sentences(mixed.assign(repeat=0)) == []
    of_subject = [subject_sentences(table, scores, name, ["valence"])[0] for name in
                  ("sub-01", "sub-02", "sub-03")]  # fmt: skip
    assert ["predicted the same class for all 12 trials" in words for words in of_subject] == [
        False, True, False,
    ]  # fmt: skip


def test_no_sentence_about_a_leaking_protocol_or_another_subject():
    both = several(predictions("window_wise", 12), predictions("trial_grouped", 6))
    told = subject_sentences(*both, "sub-01", ["valence"])
    assert len(told) == 1 and told[0].startswith("valence, trial-grouped")
    assert subject_sentences(*both, "sub-09", ["valence"]) == []


def test_a_subject_of_one_class_has_no_balanced_accuracy():
    table = predictions("trial_grouped", 6).assign(label=1)
    told = subject_sentences(table, score(table, resamples=0), "sub-01", ["valence"])
    assert "no balanced accuracy" in told[0]


def test_a_report_begins_with_the_scores_that_there_are():
    table = pd.concat([predictions("trial_grouped", 6), predictions("window_wise", 12)])
    results = subject_results(table, score(table, resamples=0), "sub-01", ["valence"])
    drawn = points_and_ranges(results)
    assert drawn["points"]["row"].tolist() == ["valence\ntrial-grouped"]
    assert drawn["points"]["value"].tolist() == [0.5] and len(drawn["bands"]) == 1
    table = predictions("trial_grouped", 6).assign(label=1)  # so there is no balanced accuracy
    results = subject_results(table, score(table, resamples=0), "sub-01", ["valence"])
    assert len(results) == 1 and not any(map(len, points_and_ranges(results).values()))


def test_the_cohorts_report_begins_with_the_scores_that_there_are():
    row = {"protocol": "trial_grouped", "score": 0.7, "chance_low": 0.4, "chance_high": 0.6}
    untested = row | {"task": "b", "score": np.nan, "chance_low": np.nan}
    tests = pd.DataFrame([row | {"task": "a"}, untested])
    _, scores = several(predictions("window_wise", 12), predictions("trial_grouped", 6))
    drawn = summary_points(tests, scores)
    found = {kind: table["row"].tolist() for kind, table in drawn.items()}
    of_ridge = ["a\ntrial-grouped"]
    expected = {"points": of_ridge, "bands": of_ridge, "estimates": ["valence\ntrial-grouped"]}
    assert found == expected
    assert not len(summary_points(tests, pd.DataFrame())["estimates"])


def test_guessing_range_is_the_binomials():
    # One fold, n trials a class: the mean of two proportions, each with the variance 1 / 4n.
    n = 200
    hits = TrialCounts(
        subject=np.full(2 * n, "a"),
        stimulus=np.arange(2 * n),
        trial=np.arange(2 * n),
        fold=np.zeros(2 * n),
        label=np.repeat([0, 1], n),
        n_correct={"trial": np.ones(2 * n)},
        n={"trial": np.ones(2 * n)},
        n_classes=2,
        predicted=np.repeat([0, 1], n),
    )
    low, high = percentiles(chance_scores(hits, "a"))
    reach = 1.96 * np.sqrt(1 / (8 * n))
    assert (low, high) == (
        pytest.approx(0.5 - reach, abs=0.006),
        pytest.approx(0.5 + reach, abs=0.006),
    )


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.45, 0.65, "A difference from chance, 0.50, was not detected."),
        (0.51, 0.65, "The interval does not include chance, 0.50. That is not a test"),
        (np.nan, np.nan, "There is no interval"),
    ],
)
def test_words_about_the_cohort(low, high, words):
    _, scores = several(
        predictions("trial_grouped", 7), predictions("trial_grouped", 7, subject="sub-02")
    )
    scores = scores.assign(low=low, high=high)
    assert words in sentences.cohort_sentences(scores, ["valence"])[0]


@pytest.mark.parametrize(
    ("shift", "words"), [(3.0, "A difference was detected"), (0.0, "was not detected")]
)
def test_words_about_alpha(shift, words):
    pairs = [(1 + shift, 1.2), (2 + shift, 1.9), (3 + shift, 3.1), (2.5 + shift, 2.4)]
    told = sentences.paired_sentence(pairs, ("rest", "arithmetic"), place="Oz")
    assert words in told
    assert f"in {4 if shift else 2} of 4 subjects" in told


def test_forbidden_words_are_not_used():
    told = subject_sentences(*several(predictions("trial_grouped", 8)), "sub-01", ["valence"])
    text = " ".join(told).lower()
    for word in ("no difference", "slightly above", "happy", "sad", "diagnos", "because"):
        assert word not in text


def test_group_tests_are_told_as_found_or_not_and_why_not_made():
    row = {
        **{"protocol": "leave_subjects_and_stimuli_out", "primary": True, "score": 0.7},
        **{"chance_low": 0.4, "chance_high": 0.6, "detectable": 0.66, "untested": ""},
    }
    rows = [
        row | {"task": "a", "p": 0.001, "corrected": 0.002},
        row | {"task": "b", "p": 0.04, "corrected": 0.08},
        row | {"task": "c", "p": np.nan, "corrected": np.nan, "untested": "one class"},
    ]
    first, second, third = sentences.group_sentences(pd.DataFrame(rows))
    assert "p = 0.001 (0.002 corrected for 2 tasks)." in first
    assert "labelling of the same stimuli was detected" in first
    assert "was not detected. A score of 0.66 would be found in 4 of 5" in second
    assert third == "c, leave-subjects-and-stimuli-out: no test was made: one class."


def test_what_has_no_score_is_no_point_of_the_summary():
    columns = ["task", "protocol", "score", "chance_low", "chance_high"]
    told = [
        ("state", "leave_subjects_out", 0.6, 0.4, 0.6),
        ("state", "trial_grouped", *[np.nan] * 3),
    ]
    drawn = summary_points(pd.DataFrame(told, columns=columns), pd.DataFrame())
    assert drawn["points"]["protocol"].tolist() == ["leave_subjects_out"]
    assert drawn["bands"]["protocol"].tolist() == ["leave_subjects_out"]
    assert drawn["estimates"].empty
