"""What fine-tuning changed for a subject: counts by hand, and words that promise nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from emolib.book.subject_sentences import changes_verdict, why_not_fine_tuned
from emolib.book.subject_tables import changes_table, fine_tuning_changes
from emolib.evaluation.bootstrap import subject_means
from emolib.evaluation.scores import count_correct
from emolib.figures.display import Table


def predicted(stage, hits, *, protocol="trial_grouped", subject="sub-01", label=(0, 1) * 6):
    """Twelve trials in three folds; `hits` are the trials that are right."""
    trial, label = np.arange(12), np.array(label)
    right = np.isin(trial, list(hits))
    return pd.DataFrame(
        {"protocol": protocol, "fold": trial // 4, "stage": stage, "subject": subject}
        | {"trial": trial, "window": 0, "task": "valence", "label": label}
        | {"probability": np.where(right, label, 1 - label) * 0.8 + 0.1}
    )


def pair(pooled=range(6), tuned=range(2, 10), **settings):
    stages = [predicted("pooled", pooled, **settings), predicted("subject", tuned, **settings)]
    return pd.concat(stages, ignore_index=True)


def test_trials_that_turned_are_counted_and_scores_are_those_of_the_tables():
    table = pair()
    (row,) = fine_tuning_changes(table, "sub-01").to_dict("records")
    assert (row["to_right"], row["to_wrong"], row["n"]) == (4, 2, 12)
    hits = count_correct(table)
    for name, stage in (("pooled", "pooled"), ("tuned", "subject")):
        expected = subject_means(hits["trial_grouped", stage, "valence"])["sub-01"]
        assert row[name] == pytest.approx(expected)
    assert row["difference"] == pytest.approx(row["tuned"] - row["pooled"])
    assert row["low"] < row["difference"] < row["high"]


def test_the_interval_is_that_of_pairs():
    """Networks that say the same differ by nothing in every resample, whatever their scores."""
    (row,) = fine_tuning_changes(pair(range(6), range(6)), "sub-01").to_dict("records")
    assert (row["low"], row["difference"], row["high"]) == (0, 0, 0)
    assert (row["to_right"], row["to_wrong"]) == (0, 0)


def test_trials_that_only_one_network_predicted_do_not_count():
    table = pair()
    lacking = table[~((table["stage"] == "subject") & (table["fold"] == 2))]
    (row,) = fine_tuning_changes(lacking, "sub-01").to_dict("records")
    assert (row["n"], row["to_right"], row["to_wrong"]) == (8, 2, 2)


def test_leaking_protocols_and_other_subjects_are_left_out():
    table = pd.concat([pair(protocol="window_wise"), pair(subject="sub-02")])
    assert not len(fine_tuning_changes(table, "sub-01"))
    assert not len(fine_tuning_changes(pd.DataFrame(), "sub-01"))


def test_stages_come_in_the_order_of_the_method():
    table = pd.concat([predicted("subject_and_task", range(3)), pair()])
    assert fine_tuning_changes(table, "sub-01")["stage"].tolist() == ["subject", "subject_and_task"]


def test_the_table_is_for_people():
    (line,) = changes_table(fine_tuning_changes(pair(), "sub-01")).to_dict("records")
    assert line["protocol and network"] == "trial-grouped: fine-tuned on the subject"
    assert line["wrong to right"] == "4 of 12" and line["right to wrong"] == "2 of 12"
    assert line["difference"].startswith("+0.17 (")


def test_a_subject_of_one_class_has_counts_and_no_scores():
    found = fine_tuning_changes(pair(label=[1] * 12), "sub-01")
    (line,) = changes_table(found).to_dict("records")
    assert line["pooled"] == "-" and line["difference"] == "none: a class is missing"
    assert line["wrong to right"] == "4 of 12"
    assert changes_verdict(found).startswith("No row has an interval")


def test_markup_in_a_name_does_no_harm():
    table = pair(subject="<script>").assign(task="<b>x</b>")
    shown = Table(changes_table(fine_tuning_changes(table, "<script>")), caption="Changes")
    assert "<b>" not in shown._repr_mimebundle_()["text/html"]


def test_the_verdict_counts_intervals_and_trainings():
    found = pd.DataFrame({"low": [-0.1, 0.1, np.nan], "high": [0.2, 0.3, np.nan], "n": 60})
    told = changes_verdict(found, trainings=3)
    assert "In 1 of 2 rows the interval includes 0" in told
    assert "In 1 it does not. That is not a test" in told
    assert "3 trainings and 20 trials are few" in told


def test_forbidden_words_are_not_used():
    text = changes_verdict(fine_tuning_changes(pair(), "sub-01")).lower()
    for word in ("no difference", "slightly", "improve", "because of"):
        assert word not in text


@pytest.mark.parametrize(
    ("protocols", "fine_tune", "words"),
    [
        (["trial_grouped"], False, "the key `fine_tune`"),
        (["window_wise", "leave_subjects_out"], True, "all trials of the subject are held out"),
        (["window_wise"], True, "windows of one trial on both sides"),
        (["trial_grouped"], True, "no predictions of networks that were fine-tuned"),
    ],
)
def test_why_there_is_nothing(protocols, fine_tune, words):
    assert words in why_not_fine_tuned(protocols, fine_tune=fine_tune)
