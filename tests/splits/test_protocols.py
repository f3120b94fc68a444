"""Folds keep the promise of their protocol, whatever the table."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.neighbors import KNeighborsRegressor

from emolib.errors import DataError, SettingsError
from emolib.recordings.recording import UNKNOWN_STIMULUS
from emolib.splits.folds import (
    assign_folds,
    enough_units,
    group_windows,
    has_folds,
    stable_seed,
)
from emolib.splits.protocols import (
    CROSS_SUBJECT,
    LEAKING,
    PROTOCOLS,
    cv_of,
    leave_sessions_out,
    leave_subjects_and_stimuli_out,
    leave_subjects_out,
    stimulus_grouped,
    trial_grouped,
    window_wise,
)

HONEST = sorted(set(PROTOCOLS) - LEAKING)
# The unit that a protocol promises to keep on one side.
UNITS = {
    "trial_grouped": [["subject", "trial"]],
    "leave_sessions_out": [["subject", "session"]],
    "stimulus_grouped": [["stimulus"]],
    "leave_subjects_out": [["subject"]],
    "leave_subjects_and_stimuli_out": [["subject"], ["stimulus"]],
}


def make_table(n_subjects=5, n_trials=20, n_windows=3, seed=0, missing=0.0) -> pd.DataFrame:
    """A cohort in which everybody sees the same stimuli in six sessions, with random classes."""
    rng = np.random.default_rng(seed)
    trials = pd.DataFrame(
        [
            {
                "subject": f"sub-{s + 1:02d}",
                "trial": t + 1,
                "stimulus": f"video-{t + 1:02d}",
                "session": f"ses-{t % 6 + 1}",
                "valence": int(rng.integers(2)) if rng.random() >= missing else -1,
                "arousal": int(rng.random() < 0.6) if rng.random() >= missing else -1,
            }
            for s, t in itertools.product(range(n_subjects), range(n_trials))
        ]
    )
    windows = pd.DataFrame({"window": np.arange(n_windows)})
    return trials.merge(windows, how="cross")


def units(table: pd.DataFrame, rows: np.ndarray, names: list[str]) -> set:
    return set(table.iloc[rows][names].itertuples(index=False, name=None))


@settings(max_examples=8)
@given(st.integers(6, 9), st.integers(12, 24), st.integers(2, 4), st.integers(0, 9), st.booleans())
@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_row_is_tested_once_and_sides_are_disjoint(
    name, n_subjects, n_trials, n_folds, seed, missing
):
    table = make_table(n_subjects, n_trials, 2, seed, 0.05 * missing)
    folds = list(PROTOCOLS[name](table, n_folds=n_folds, seed=seed))
    tested = np.sort(np.concatenate([fold.test for fold in folds]))
    assert np.array_equal(tested, np.arange(len(table)))
    for fold in folds:
        assert min(len(fold.train), len(fold.validation), len(fold.test)) > 0
        if fold.leaks:
            continue
        for unit in UNITS[name]:
            sides = [units(table, side, unit) for side in (fold.train, fold.validation, fold.test)]
            assert not any(a & b for a, b in itertools.combinations(sides, 2))


@settings(max_examples=5)
@given(st.integers(0, 99))
@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_order_of_the_input_means_nothing(name, seed):
    table = make_table()
    order = np.random.default_rng(seed).permutation(len(table))
    shuffled = table.iloc[order].reset_index(drop=True)
    for one, other in zip(
        PROTOCOLS[name](table, n_folds=3, seed=1),
        PROTOCOLS[name](shuffled, n_folds=3, seed=1),
        strict=True,
    ):
        for side in ("train", "validation", "test"):
            assert np.array_equal(getattr(one, side), np.sort(order[getattr(other, side)]))


def test_window_wise_tests_on_its_validation_set_and_says_that_it_leaks():
    table = make_table()
    for fold in window_wise(table, n_folds=5, seed=0):
        assert fold.leaks
        assert np.array_equal(fold.test, fold.validation)
        trials = ["subject", "trial"]
        assert units(table, fold.train, trials) & units(table, fold.test, trials)


def test_window_wise_is_stratified_on_arousal_alone():
    table = make_table(8, 40, 5)
    shares = [
        table.iloc[fold.test][["arousal", "valence"]].mean()
        for fold in window_wise(table, n_folds=5, seed=0)
    ]
    spread = pd.DataFrame(shares).std()
    assert spread["arousal"] < 1e-9 < spread["valence"]


@pytest.mark.parametrize("name", ["trial_grouped", "stimulus_grouped", "leave_subjects_out"])
def test_honest_folds_are_stratified_on_the_joint_class(name):
    """The classes' shares vary less from fold to fold than in folds that ignore them."""
    table = make_table(20, 40, 1, seed=3)
    # Subjects and stimuli that differ a lot in how often they are rated high.
    rng = np.random.default_rng(0)
    of = {"stimulus_grouped": "stimulus", "leave_subjects_out": "subject"}.get(name, "subject")
    level = table[of].map({u: rng.uniform(0.1, 0.9) for u in table[of].unique()})
    for task in ("valence", "arousal"):
        table[task] = (rng.random(len(table)) < level).astype(int)
    joint = table["valence"] * 2 + table["arousal"]

    def spread(tasks):
        spreads = []
        for seed in range(2):
            folds = PROTOCOLS[name](table, n_folds=5, seed=seed, tasks=tasks)
            counts = [np.bincount(joint.iloc[f.test], minlength=4) / len(f.test) for f in folds]
            spreads.append(np.std(counts, axis=0).sum())
        return np.mean(spreads)

    assert spread(["valence", "arousal"]) < 0.65 * spread([])


@pytest.mark.parametrize("name", HONEST)
def test_without_tasks_the_folds_do_not_depend_on_the_labels(name):
    table = make_table()
    other = table.assign(valence=1 - table["valence"], arousal=table["window"] % 2)
    for one, two in zip(
        PROTOCOLS[name](table, n_folds=3, seed=0, tasks=()),
        PROTOCOLS[name](other, n_folds=3, seed=0, tasks=()),
        strict=True,
    ):
        assert np.array_equal(one.test, two.test)


def test_validation_is_a_fifth_of_the_training_units():
    table = make_table(10, 40, 1)
    for fold in trial_grouped(table, n_folds=5, seed=0):
        own = table.iloc[fold.validation].groupby("subject").size()
        assert own.between(6, 7).all()  # of 32
        assert len(own) == 10
    for fold in leave_subjects_out(table, n_folds=5, seed=0):
        assert len(units(table, fold.validation, ["subject"])) in (1, 2)  # of 8
    for fold in stimulus_grouped(table, n_folds=5, seed=0):
        assert 5 <= len(units(table, fold.validation, ["stimulus"])) <= 8  # of 32


def test_at_least_one_unit_validates():
    table = make_table(3, 12, 1)
    for fold in leave_subjects_out(table, n_folds=3, seed=0):
        assert [len(units(table, side, ["subject"])) for side in (fold.train, fold.validation)] == [
            1,
            1,
        ]


def test_subjects_hold_out_different_stimuli():
    """Else `trial_grouped` would be `stimulus_grouped`, and its claim another."""
    table = make_table(4, 20, 1)
    fold = next(trial_grouped(table, n_folds=4, seed=0, tasks=()))
    held_out = table.iloc[fold.test].groupby("subject")["stimulus"].apply(frozenset)
    assert len(set(held_out)) > 1


def test_a_subject_more_does_not_move_the_others():
    table = make_table(5, 20, 1)
    fewer = table[table["subject"] != "sub-03"].reset_index()
    for one, two in zip(
        trial_grouped(table, n_folds=4, seed=0),
        trial_grouped(fewer.drop(columns="index"), n_folds=4, seed=0),
        strict=True,
    ):
        assert set(fewer["index"].iloc[two.test]) <= set(one.test)


def test_both_held_out_has_a_fold_for_each_pair():
    table = make_table(6, 18, 1)
    folds = list(leave_subjects_and_stimuli_out(table, n_folds=3, seed=0))
    assert len(folds) == 9
    for fold in folds:
        test = table.iloc[fold.test]
        assert len(test) == test["subject"].nunique() * test["stimulus"].nunique()


def test_rare_joint_classes_are_merged_and_the_fold_says_so():
    table = make_table(1, 20, 1).assign(valence=[0] * 10 + [1] * 10, arousal=[0] * 17 + [1] * 3)
    fold = next(trial_grouped(table, n_folds=3, seed=0))
    assert fold.notes == (
        "sub-01: joint classes 1-1, 1-0 (valence-arousal) are stratified as one.",
    )


def test_groups_never_span_two_trials_and_drop_the_remainder():
    table = make_table(2, 3, 7)
    groups = group_windows(table, 3)
    assert groups.shape == (2 * 3 * 2, 3)
    assert len(table) - groups.size == 2 * 3
    for group in groups:
        rows = table.iloc[group]
        assert len(units(table, group, ["subject", "trial"])) == 1
        assert (np.diff(rows["window"]) == 1).all()


def test_one_window_a_group_is_every_row():
    assert group_windows(make_table(), 1)[:, 0].tolist() == list(range(len(make_table())))


def test_a_seed_is_the_same_everywhere():
    assert stable_seed(0, "trial_grouped", 3) == 564071110


def test_fewer_trials_than_folds():
    with pytest.raises(DataError, match="trials of sub-01: there are 4, but 5 folds need 5"):
        list(trial_grouped(make_table(2, 4), n_folds=5, seed=0))


def test_fewer_sessions_than_folds():
    table = make_table(2, 12).assign(session="ses-1")
    with pytest.raises(DataError, match="sessions of sub-01: there are 1, but 3 folds need 3"):
        list(leave_sessions_out(table, n_folds=3, seed=0))


def test_recordings_without_sessions():
    with pytest.raises(DataError, match="sessions: the recordings have none"):
        list(leave_sessions_out(make_table().drop(columns="session"), n_folds=3, seed=0))


def test_of_three_sessions_one_trains_one_validates_and_one_is_tested():
    table = make_table(2, 18, 1)
    table["session"] = "ses-" + (table["trial"] % 3).astype(str)
    for fold in leave_sessions_out(table, n_folds=3, seed=0):
        for side in (fold.train, fold.validation, fold.test):
            assert table.iloc[side].groupby("subject")["session"].nunique().tolist() == [1, 1]


def test_of_two_sessions_a_fifth_of_the_trials_of_the_other_validates():
    table = make_table(2, 20, 2)
    table["session"] = "ses-" + (table["trial"] % 2).astype(str)
    for fold in leave_sessions_out(table, n_folds=2, seed=0):
        sides = [table.iloc[side] for side in (fold.train, fold.validation, fold.test)]
        counts = [side.groupby("subject")["trial"].nunique().tolist() for side in sides]
        assert counts == [[8, 8], [2, 2], [10, 10]]
        assert set(sides[1]["session"]) == set(sides[0]["session"]) != set(sides[2]["session"])


def test_a_table_without_sessions_has_the_same_folds():
    table = make_table()
    without = table.drop(columns="session")
    for name in sorted({*PROTOCOLS} - {"leave_sessions_out"}):
        folds = (list(PROTOCOLS[name](t, n_folds=3, seed=0)) for t in (table, without))
        for one, two in zip(*folds, strict=True):
            assert np.array_equal(one.train, two.train) and np.array_equal(one.test, two.test)


def test_fewer_subjects_than_folds():
    with pytest.raises(DataError, match="subjects: there are 3, but 5 folds need 5"):
        list(leave_subjects_out(make_table(3), n_folds=5, seed=0))


def test_nobody_left_to_validate():
    with pytest.raises(DataError, match="only 1 are left"):
        list(leave_subjects_out(make_table(2), n_folds=2, seed=0))


@pytest.mark.parametrize("name", PROTOCOLS)
def test_one_class_only(name):
    table = make_table().assign(valence=1)
    with pytest.raises(DataError, match="task 'valence': has the classes \\[1\\]"):
        list(PROTOCOLS[name](table, n_folds=3, seed=0))


@pytest.mark.parametrize("name", ["leave_subjects_out", "leave_subjects_and_stimuli_out"])
def test_a_class_that_only_the_test_side_has(name):
    table = make_table()
    table["valence"] = (table["subject"] == "sub-02").astype(int)
    with pytest.raises(DataError, match="no window of class 1 is left to train on"):
        list(PROTOCOLS[name](table, n_folds=5, seed=0))


@pytest.mark.parametrize("name", PROTOCOLS)
def test_classes_that_have_names_are_called_by_them(name):
    names = {"valence": ("sad", "happy"), "arousal": ("calm", "tense")}
    table = make_table()
    with pytest.raises(DataError, match="has the classes \\['happy'\\], two or more"):
        list(PROTOCOLS[name](table.assign(valence=1), n_folds=5, seed=0, tasks=names))
    table["arousal"] = (table["subject"] == "sub-02").astype(int)
    if name in CROSS_SUBJECT:
        with pytest.raises(DataError, match="no window of class 'tense' is left to train on"):
            list(PROTOCOLS[name](table, n_folds=5, seed=0, tasks=names))
    table["arousal"] = (table.index < 3).astype(int)
    if name in LEAKING:
        with pytest.raises(DataError, match="windows of class 'tense' of task 'arousal': there "):
            list(PROTOCOLS[name](table, n_folds=5, seed=0, tasks=names))


def test_a_few_windows_without_a_label_stop_nobody():
    table = make_table(2, 10, 3)
    table.loc[table["trial"].eq(1) & table["subject"].eq("sub-01"), "arousal"] = -1
    folds = list(window_wise(table, n_folds=5, seed=0))
    assert sorted(np.concatenate([fold.test for fold in folds])) == [*range(len(table))]


def test_no_fold_is_empty():
    """Of seven units scikit-learn left one of seven folds without any, and gave another two."""
    joint = np.array([*"413330131131102132312022"], dtype=object)
    unit = np.repeat(range(7), [7, 4, 2, 7, 1, 1, 2])
    assert [len(units) for units in assign_folds(joint, unit, 7, 2587)] == [1] * 7


def test_too_few_windows_of_a_class():
    table = make_table()
    table["arousal"] = (table.index < 3).astype(int)
    with pytest.raises(DataError, match=r"class 1 of task .*: there are 3, but 5 folds need 5"):
        list(window_wise(table, n_folds=5, seed=0))


def test_a_task_that_is_not_there():
    with pytest.raises(DataError, match="Did you mean 'valence'"):
        list(trial_grouped(make_table(), n_folds=2, seed=0, tasks=["valance"]))


@pytest.mark.parametrize("n_folds", [1, 2.5])
def test_folds_that_are_none(n_folds):
    with pytest.raises(SettingsError, match="Give an integer of 2 or more"):
        list(trial_grouped(make_table(), n_folds=n_folds, seed=0))


def test_groups_longer_than_any_trial():
    with pytest.raises(SettingsError, match="no trial has so many"):
        group_windows(make_table(n_windows=3), 4)


def test_trials_whose_stimulus_is_unknown_count_unless_stimuli_are_held_out():
    table = pd.DataFrame({"subject": [*"aaaaabb"], "trial": [1, 2, 3, 4, 5, 1, 2]})
    table["stimulus"] = ["x", "y", "z", "w", f"{UNKNOWN_STIMULUS}a-5", "x", "y"]
    known = [True] * 4 + [False] + [True] * 2
    assert enough_units(["stimulus_grouped"], table, 2).tolist() == known
    assert enough_units(["leave_subjects_and_stimuli_out"], table, 2).tolist() == known
    assert enough_units(["trial_grouped", "stimulus_grouped"], table, 2).tolist() == (
        [True] * 4 + [False] * 3  # b has too few trials besides
    )
    assert enough_units(["leave_subjects_out"], table, 2).all()


@pytest.mark.parametrize("name", PROTOCOLS)
class TestFoldsForScikitLearn:
    """`cv_of` gives what `cross_val_predict` and `GridSearchCV` take, for each protocol."""

    def data(self) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
        table = make_table(6, 12, 2)
        x = np.random.default_rng(1).normal(size=(len(table), 3))
        x[:, 0] += 3 * table["valence"]
        return x, table["valence"].to_numpy(), table

    def test_each_row_is_predicted_by_a_model_that_has_not_seen_its_unit(self, name):
        x, y, table = self.data()
        cv = cv_of(name, table, n_folds=3)
        # One nearest neighbour knows every row that it was fitted on.
        named = cross_val_predict(KNeighborsRegressor(1), x, np.arange(len(x)), cv=cv).astype(int)
        assert not (named == np.arange(len(x))).any()
        for unit in UNITS.get(name, []):
            assert (table[unit].to_numpy() != table[unit].to_numpy()[named]).any(axis=1).all()
        predicted = cross_val_predict(LogisticRegression(), x, y, cv=cv)
        assert np.mean(predicted == y) > 0.85

    def test_a_search_scores_each_setting_on_the_tested_rows(self, name):
        x, y, table = self.data()
        cv = cv_of(name, table, n_folds=3)
        assert len(cv) == (9 if name == "leave_subjects_and_stimuli_out" else 3)
        search = GridSearchCV(LogisticRegression(), {"C": [1e-6, 1.0]}, cv=cv).fit(x, y)
        assert search.best_params_ == {"C": 1.0}
        by_hand = [LogisticRegression().fit(x[a], y[a]).score(x[b], y[b]) for a, b in cv]
        np.testing.assert_allclose(search.best_score_, np.mean(by_hand))

    def test_what_is_fitted_on_is_training_and_validation_without_the_test(self, name):
        _, _, table = self.data()
        folds = PROTOCOLS[name](table, n_folds=3, seed=2)
        for fold, (fit, test) in zip(folds, cv_of(name, table, 3, 2), strict=True):
            wanted = {*fold.train, *fold.validation} - {*fold.test}
            assert set(fit) == wanted and np.array_equal(test, fold.test)


def test_folds_for_scikit_learn_take_names_with_hyphens_and_functions():
    table = make_table()
    for protocol in ("trial-grouped", trial_grouped):
        for one, other in zip(cv_of("trial_grouped", table), cv_of(protocol, table), strict=True):
            assert np.array_equal(one[0], other[0]) and np.array_equal(one[1], other[1])


def test_an_unknown_protocol_has_a_suggestion():
    with pytest.raises(SettingsError, match="Did you mean 'trial_grouped'"):
        cv_of("trial_groupd", make_table())


def test_people_with_too_few_trials_do_not_stop_the_folds_of_the_others():
    table = pd.DataFrame({"subject": [*"aaaaaabbb"], "trial": [1, 2, 3, 4, 5, 6, 1, 2, 3]})
    assert enough_units(["trial_grouped"], table, 2).tolist() == [True] * 6 + [False] * 3
    assert enough_units(["trial_grouped"], table, 3).all()  # two of three are left to train on
    assert enough_units(["trial_grouped"], table, 7).all()  # nobody has enough
    assert enough_units(["leave_subjects_out"], table, 2).all()
    table["session"] = [*"112233112"]
    assert enough_units(["leave_sessions_out"], table, 3).tolist() == [True] * 6 + [False] * 3
    assert enough_units(["leave_sessions_out", "trial_grouped"], table, 4).tolist() == (
        [True] * 6 + [False] * 3  # nobody has four sessions, and one has trials
    )
    assert has_folds(["leave_sessions_out"], table, 2)
    assert not has_folds(["leave_sessions_out"], table, 3)
