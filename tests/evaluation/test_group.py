"""The tests of a group: what is found, what is corrected, and what is not tested, and why."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from benchmarks.cohorts import null_cohort
from emolib.evaluation.comparison import holm
from emolib.evaluation.group import PRIMARY, group_tests
from emolib.evaluation.linear import reference_predictions
from emolib.evaluation.scores import score
from emolib.recordings.labels import Task

TASKS = {"valence": Task("valence"), "arousal": Task("arousal")}
PROTOCOLS = ("window_wise", "trial_grouped", "leave_subjects_out")


def cohort(effect: float, seed: int = 0) -> tuple[np.ndarray, pd.DataFrame]:
    """Noise as maps of one plane, a window a trial; the labels of valence move one cell."""
    rng = np.random.default_rng(seed)
    x, table = null_cohort("shared", rng, n_subjects=6, n_stimuli=20, n_features=12)
    maps = np.zeros((len(x), 8, 9, 1), np.float32)
    maps[:, 0, :, 0] = x[:, :9]
    maps[:, 4, 4, 0] = x[:, 9] + effect * table["valence"]
    table["arousal"] = rng.permutation(table["valence"])
    return maps, table


def run(maps, table, **settings):
    settings = {"n_folds": 4, "seed": 0, "chronological": False, "n_permutations": 99} | settings
    tasks = settings.pop("tasks", TASKS)
    found = group_tests(maps, table, tasks, PROTOCOLS, **settings)
    return found.set_index(["task", "protocol"])


def test_what_is_there_is_found_and_the_rest_is_not():
    found = run(*cohort(effect=3.0))
    assert (found.loc["valence", "p"] == 1 / 100).all()
    assert (found.loc["valence", "score"] > 0.85).all()
    assert (found.loc["arousal", "p"] > 0.01).all()
    below = found["chance_low"] < found["chance_high"]
    assert (below & (found["chance_high"] <= found["detectable"])).all()


def test_the_primary_protocol_is_always_tested_and_the_leaking_one_never():
    found = run(*cohort(effect=0.0))
    assert set(found.index.get_level_values("protocol")) == {*PROTOCOLS[1:], PRIMARY}
    assert found.loc[found["primary"]].index.get_level_values("protocol").unique() == [PRIMARY]


def test_corrections_are_within_their_families():
    found = run(*cohort(effect=0.5))
    primary, other = found[found["primary"]], found[~found["primary"]]
    assert primary["corrected"].tolist() == holm(primary["p"]).tolist()
    assert other["corrected"].tolist() == stats.false_discovery_control(other["p"]).tolist()


def test_the_score_of_the_network_stands_beside_where_it_was_trained():
    maps, table = cohort(effect=3.0)
    given = reference_predictions(
        "ridge", maps, table, "trial_grouped", n_folds=4, seed=0, tasks=["valence"]
    ).assign(stage="pooled")
    found = run(maps, table, predictions=given)
    scores = score(given, resamples=0)
    whole = scores["fold"].isna() & scores["subject"].isna()
    expected = scores[whole].set_index("metric")["value"]["trial_balanced_accuracy"]
    assert found.loc[("valence", "trial_grouped"), "network"] == pytest.approx(expected)
    assert found["network"].notna().sum() == 1


def test_a_stimulus_that_one_subject_did_not_label_is_left_out():
    maps, table = cohort(effect=0.0)
    table.loc[(table["subject"] == "sub-02") & (table["stimulus"] == 7), "valence"] = -1
    found = run(maps, table)
    assert found.loc[("valence", PRIMARY), "n_stimuli"] == 19
    assert found.loc[("arousal", PRIMARY), "n_stimuli"] == 20


@pytest.mark.parametrize(
    ("change", "settings", "why"),
    [
        (lambda t: t.assign(valence=(t["trial"] > 10) * 1), {"chronological": True}, "in blocks"),
        (lambda t: t.assign(subject="sub-01", trial=np.arange(len(t))), {}, "two subjects"),
        (lambda t: t.assign(stimulus=t["stimulus"] // 2), {}, "no stimulus was seen once"),
        (lambda t: t, {"n_folds": 21}, "21 folds need 21"),
        (
            lambda t: t,
            {"tasks": {"valence": Task(classes=("a", "b", "c"))}},
            "only two classes",
        ),
        (lambda t: t.assign(valence=0), {}, "one class"),
    ],
)
def test_what_is_not_tested_says_why(change, settings, why):
    maps, table = cohort(effect=0.0)
    found = run(maps, change(table), **settings).loc["valence"]
    assert found["untested"].str.contains(why).all()
    assert found[["p", "corrected", "chance_low"]].isna().all(axis=None)


def test_what_is_not_tested_is_scored_all_the_same():
    maps, table = cohort(effect=9.0)
    table["valence"] = (table["trial"] > 10) * 1
    maps[:, 4, 4, 0] = 9 * table["valence"]
    found = run(maps, table, chronological=True).loc["valence"]
    assert (found["score"] == 1).all()
    assert found["p"].isna().all()


def test_subjects_who_saw_none_of_a_fold_s_stimuli_stop_nobody():
    """Six people, three videos of one's own each: most of the 25 folds of both test nothing."""
    people = np.repeat(np.arange(6), 3)
    table = pd.DataFrame({"subject": people, "trial": [*range(3)] * 6, "stimulus": range(18)})
    table = table.assign(window=0, felt=(people + table["trial"]) % 2)
    maps = np.random.default_rng(0).normal(size=(len(table), 2, 2, 1))
    tasks, both = {"felt": Task(classes=("low", "high"))}, "leave_subjects_and_stimuli_out"
    found = group_tests(maps, table, tasks, [both], n_folds=5, seed=0)
    assert "no stimulus was seen once" in found["untested"].item()
    some = table.assign(seen=np.where(people == 1, -1, table["trial"] % 2))  # not by the second
    given = {"n_folds": 6, "seed": 0, "tasks": ["felt", "seen"]}
    tested = reference_predictions("ridge", maps, some, "leave_subjects_out", **given)
    assert tested["task"].value_counts().to_dict() == {"felt": 18, "seen": 15}
