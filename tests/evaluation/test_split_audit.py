"""The audit of a split: leaks whose size is known, splits without, and what cannot be told."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from command import emolib as command
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import emolib
from benchmarks.shared_samples import expected_accuracy, log_power
from emolib.errors import DataError, SettingsError
from emolib.evaluation import split_probes
from emolib.evaluation.split_audit import audit
from emolib.evaluation.split_data import LEAKS, NONE_FOUND, check_split
from emolib.evaluation.split_file import read_split

N_SUBJECTS, N_TRIALS, N_WINDOWS, N_FEATURES = 3, 20, 25, 30


def cohort(seed: int = 0, *, mark: float = 0.0, effect: float = 0.0, of_stimulus: float = 0.0):
    """White noise with a vector of each trial, of class 1, and of each stimulus."""
    rng = np.random.default_rng(seed)
    subject, trial, window = (
        each.ravel() for each in np.indices((N_SUBJECTS, N_TRIALS, N_WINDOWS))
    )
    unit = subject * N_TRIALS + trial
    y = rng.permutation(np.arange(N_SUBJECTS * N_TRIALS) % 2)[unit]
    if of_stimulus:
        y = rng.permutation(np.arange(N_TRIALS) % 2)[trial]
    x = rng.normal(size=(len(unit), N_FEATURES))
    x += mark * rng.normal(size=(unit.max() + 1, N_FEATURES))[unit]
    x += of_stimulus * rng.normal(size=(N_TRIALS, N_FEATURES))[trial]
    x[:, 0] += effect * y
    given = {"x": x, "y": y, "subject": subject, "trial": trial, "stimulus": trial}
    return given | {"onset": window * 2.0, "window_seconds": 2.0}


def folds(given: dict, kind: str) -> np.ndarray:
    n = len(given["y"])
    by_trial = np.random.default_rng(1).permutation(N_SUBJECTS * N_TRIALS) % 5
    return {
        "windows": np.random.default_rng(2).integers(5, size=n),
        "trials": by_trial[given["subject"] * N_TRIALS + given["trial"]],
        "last fifth": np.where(np.tile(np.arange(N_WINDOWS), n // N_WINDOWS) < 20, -1, 0),
        "subjects": given["subject"],
    }[kind]


@pytest.mark.parametrize("kind", ["windows", "last fifth"])
def test_trials_with_a_mark_on_both_sides_leak_whatever_their_labels(kind):
    given = cohort(mark=1.0)
    found = audit(**given, fold=folds(given, kind))
    numbers = found.numbers
    assert found.verdict == LEAKS
    assert numbers["shared_trials"] == numbers["n_trials"] == N_SUBJECTS * N_TRIALS
    assert numbers["trial_identification"] > 0.9
    chance = (N_WINDOWS - 1) / (N_TRIALS * N_WINDOWS - 1)
    assert numbers["trial_identification_chance"] == pytest.approx(chance)
    # 60 marks in 30 features: Phi(sqrt(30 / 60)) = .76 if windows had no noise of their own
    assert numbers["score"] > 0.65
    assert numbers["score_permuted_labels"] > 0.65
    assert abs(numbers["score_trial_grouped"] - 0.5) < 0.15
    assert numbers["majority"] == 0.5
    assert numbers["overlapping_windows"] == 0
    assert "60 of 60 trials" in found.words


@pytest.mark.parametrize(("kind", "effect"), [("trials", 0.0), ("trials", 2.0), ("subjects", 2.0)])
def test_a_clean_split_is_not_accused(kind, effect):
    given = cohort(mark=0.5, effect=effect)
    found = audit(**given, fold=folds(given, kind))
    assert found.verdict == NONE_FOUND, found
    assert found.numbers["shared_trials"] == 0
    assert "found no leak" in found.words
    assert abs(found.numbers["score_permuted_labels"] - 0.5) < 0.05
    # a shift of 2 standard deviations: Phi(1) = .84 of windows, less for the marks
    assert (found.numbers["score"] > 0.7) == (effect > 0)


def test_false_alarms_are_rare():
    """Subjects have classes of their own liking, which is no leak."""
    for seed in range(4):
        given = cohort(seed, mark=0.5)
        given["x"] += 2 * np.random.default_rng(seed).normal(size=(3, N_FEATURES))[given["subject"]]
        likes = np.random.default_rng(seed).random((3, N_TRIALS)) < [[0.8], [0.5], [0.3]]
        given["y"] = likes[given["subject"], given["trial"]].astype(int)
        assert audit(**given, fold=folds(given, "trials")).verdict == NONE_FOUND


def test_stimuli_that_are_recognised_are_a_leak_of_their_own():
    given = cohort(of_stimulus=1.0)
    found = audit(**given, fold=folds(given, "subjects"))
    assert [each.check for each in found.findings if each.leak] == ["stimulus confound"]
    assert found.numbers["score_stimulus_halves"] > 0.6
    assert found.numbers["score_stimulus_grouped"] < 0.6 < found.numbers["score"]


def test_windows_that_overlap_are_counted_and_neighbours_find_them():
    """20 trials of white noise, windows of 2 s every 0.25 s, labels at random: a known case."""
    noise = np.random.default_rng(0).normal(size=(20, 8, 20 * 64))
    power = log_power(noise, 128, 16)
    n = power.shape[1]
    trial, window = np.repeat(np.arange(20), n), np.tile(np.arange(n), 20)
    y = np.random.default_rng(0).permutation(np.arange(20) % 2)[trial]
    keys = {"trial": trial, "onset": window * 0.25, "window_seconds": 2.0}
    found = audit(
        power.reshape(-1, 8),
        y,
        **keys,
        cv=StratifiedKFold(5, shuffle=True, random_state=0),
        estimator=KNeighborsClassifier(1),
    )
    assert found.verdict == LEAKS
    assert found.numbers["overlapping_windows"] == len(trial)  # each has a neighbour in training
    # seven eighths of the samples are the next window's
    predicted = expected_accuracy(7 / 8, 8, 0.8 * 19 * n / 8)
    assert found.numbers["score"] == pytest.approx(predicted, abs=0.1)
    assert found.numbers["score_trial_grouped"] == pytest.approx(0.5, abs=0.08)
    assert found.numbers["neighbour_correlation"] == pytest.approx(7 / 8, abs=0.03)
    # the last fifth, and the first windows of it that reach into training
    late = audit(y=y, **keys, fold=np.where(window < 58, -1, 0))
    assert late.numbers["overlapping_windows"] == 20 * 7


def test_normalising_before_the_split_is_seen():
    given = cohort()
    fold = folds(given, "trials")
    raw = given["x"]
    training = StandardScaler().fit(raw[fold != 0]).transform(raw)
    assert audit(**given | {"x": training}, fold=np.where(fold, -1, 0)).verdict == NONE_FOUND
    of_subject = np.concatenate([StandardScaler().fit_transform(own) for own in np.split(raw, 3)])
    for x, leaks in (
        (StandardScaler().fit_transform(raw).astype(np.float32), True),
        ((raw - raw.min(0)) / np.ptp(raw, axis=0), True),
        (of_subject, True),
    ):
        found = audit(**given | {"x": x}, fold=fold)
        assert [each.check for each in found.findings if each.leak] == ["normalisation"] * leaks
    # of people who are held out whole, nothing of the training side is in it
    assert audit(**given | {"x": of_subject}, fold=given["subject"]).verdict == NONE_FOUND


def test_features_that_know_their_whole_trial_are_named():
    given = cohort()
    x = given["x"].reshape(-1, N_WINDOWS, N_FEATURES)
    centred = (x - x.mean(axis=1, keepdims=True)).reshape(-1, N_FEATURES)
    found = audit(**given | {"x": centred}, fold=folds(given, "trials"))
    assert found.verdict == NONE_FOUND
    assert any(each.check == "centring" for each in found.findings)


def test_rows_that_are_there_twice_are_a_leak():
    given = cohort()
    twice = {name: np.repeat(own[:200], 2, axis=0) for name, own in given.items() if np.ndim(own)}
    twice["trial"] = np.arange(len(twice["y"]))  # each row a trial: nothing else can tell
    found = audit(**twice, fold=np.arange(len(twice["y"])) % 2)
    assert found.verdict == LEAKS
    assert found.numbers["identical_rows"] == len(twice["y"])


def test_a_pipeline_and_a_splitter_of_scikit_learn():
    given = cohort(mark=1.0)
    x, y, trial = given["x"], given["y"], given["subject"] * 100 + given["trial"]
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1))
    found = emolib.audit(x, y, trial=trial, cv=GroupKFold(4), estimator=model)
    assert found.verdict == NONE_FOUND
    assert found.numbers["n_folds"] == 4
    assert found.numbers["estimator"] == "Pipeline"
    words = np.array(["calm", "tense", "glad"])[trial % 3]
    assert emolib.audit(x, words, trial=trial, cv=StratifiedKFold(5, shuffle=True)).verdict == LEAKS


def test_predictions_are_scored_as_they_are():
    given = cohort(mark=1.0)
    y, fold = given["y"], folds(given, "trials")
    wrong = np.random.default_rng(0).random(len(y)) < 0.25
    keys = {name: given[name] for name in ("subject", "trial")}
    alone = audit(y=y, predictions=np.where(wrong, 1 - y, y), fold=fold, **keys)
    assert alone.numbers["score"] == pytest.approx(0.75, abs=0.03)
    # right or wrong by lot: each window counts
    assert alone.numbers["n_effective"] > 0.5 * len(y)
    low, high = alone.numbers["score_low"], alone.numbers["score_high"]
    assert low < alone.numbers["score"] < high < low + 0.1
    whole = wrong[(given["subject"] * N_TRIALS + given["trial"]) * N_WINDOWS]
    alike = audit(y=y, predictions=np.where(whole, 1 - y, y), fold=fold, **keys)
    assert alike.numbers["n_effective"] == pytest.approx(N_SUBJECTS * N_TRIALS)
    beside = audit(**given, predictions=np.where(wrong, 1 - y, y), fold=fold)
    assert beside.numbers["score"] == alone.numbers["score"] != beside.numbers["score_estimator"]


@pytest.mark.parametrize(
    ("lacking", "told"),
    [
        ({"fold"}, "No split is given"),
        ({"trial"}, "No `trial` is given"),
        ({"fold", "trial", "x"}, "features (x)"),
    ],
)
def test_what_is_missing_is_named(lacking, told):
    given = cohort() | {"fold": folds(cohort(), "trials")}
    found = audit(**{name: own for name, own in given.items() if name not in lacking})
    assert found.verdict == "cannot tell"
    assert told in found.words
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_table_of_the_split_alone_is_judged_by_its_indices():
    keys = {name: own for name, own in cohort().items() if name in ("subject", "trial")}
    for kind, verdict in (("windows", LEAKS), ("trials", NONE_FOUND)):
        found = audit(**keys, fold=folds(cohort(), kind))
        assert found.verdict == verdict
        assert found.numbers["score"] is None
        assert "Nothing was fitted" in " ".join(found.not_checked)
    # a trial is of one subject
    people = audit(subject=keys["subject"], fold=keys["subject"])
    assert (people.verdict, people.numbers["shared_trials"]) == (NONE_FOUND, 0)


def test_one_trial_left_out_at_a_time_is_scored_over_all_trials():
    given = cohort(effect=4.0)
    fold = given["subject"] * N_TRIALS + given["trial"]
    assert audit(**given, fold=fold).numbers["score"] > 0.9


def test_a_fold_below_zero_trains_also_beside_a_missing_one():
    fold = np.array([0, 1, None, -1] * 10, dtype=object)
    assert audit(trial=np.arange(40), fold=fold).numbers["n_folds"] == 2


@pytest.mark.parametrize(
    ("change", "error", "told"),
    [
        ({"y": np.zeros(1500, int)}, DataError, "one class only, 0"),
        ({"y": np.linspace(1, 9, 1500)}, DataError, "1500 different values"),
        ({"y": np.full(1500, np.nan)}, DataError, "missing in 1500 of 1500"),
        ({"y": np.zeros((1500, 2))}, DataError, r"shape \(1500, 2\)"),
        ({"x": np.full((1500, 3), np.nan)}, DataError, "1500 of 1500 rows hold NaN"),
        ({"x": np.full((1500, 2), "a")}, DataError, "no number"),
        ({"x": np.zeros((1500, 0))}, DataError, "no feature"),
        ({"x": np.zeros((3, 2))}, DataError, "has 1500 rows, x 3"),
        ({"trial": [None] * 1500}, DataError, "missing in 1500"),
        ({"fold": np.zeros(1500)}, DataError, "no row to train on"),
        ({"fold": ["train"] * 1500}, DataError, "no row to test"),
        ({"fold": None, "cv": GroupKFold(99)}, SettingsError, "cannot have number of splits|n_spl"),
        ({"fold": None, "cv": [([0], [9999])]}, SettingsError, "out of bounds"),
        ({"cv": 5}, SettingsError, "beside `fold`"),
        ({"predictions": np.linspace(0.1, 0.9, 1500)}, DataError, "probabilities"),
        ({"predictions": ["x"] * 1500}, DataError, "none of the classes"),
        ({"window_seconds": 0}, DataError, "not above 0"),
        ({"onset": ["soon"] * 1500}, DataError, "not a number"),
    ],
)
def test_what_cannot_be_used_is_told(change, error, told):
    given = cohort() | {"fold": folds(cohort(), "trials")}
    with pytest.raises(error, match=told):
        audit(**given | change)


def test_one_window_a_trial_and_three_classes():
    rng = np.random.default_rng(0)
    trial, y = np.arange(90), np.arange(90) % 3
    x = rng.normal(size=(90, 4)) + 4 * np.eye(4)[y]
    found = audit(x, y, trial=trial, fold=rng.permutation(90) % 5)
    assert found.verdict == NONE_FOUND
    assert found.numbers["chance"] == pytest.approx(1 / 3)
    assert found.numbers["score"] > 0.9
    assert found.to_dict()["trial_identification"] is None


def test_ridge_for_many_labellings_is_ridge_for_each():
    given = cohort(mark=1.0)
    fold = folds(given, "trials")
    pairs = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(5)]
    labels = np.column_stack([given["y"], given["trial"] % 3])
    model = make_pipeline(StandardScaler(), emolib.evaluation.linear.CentredRidge())
    for (train, test), own in zip(
        pairs, split_probes.fold_predictions(given["x"], labels, pairs, None), strict=True
    ):
        for column in range(2):
            fitted = model.fit(given["x"][train], labels[train, column])
            assert np.array_equal(own[:, column], fitted.predict(given["x"][test]))


def written(tmp_path, kind: str):
    """A small split in a file of each kind."""
    given = cohort(mark=1.0)
    fold = folds(given, "windows")
    path = tmp_path / f"mine.{kind}"
    keys = {name: given[name] for name in ("subject", "trial", "y")} | {"fold": fold}
    if kind == "npz":
        np.savez(path, x=given["x"], **keys)
        return path
    table = pd.DataFrame(keys | {f"f{i}": own for i, own in enumerate(given["x"].T)})
    table = table.assign(file="a.edf", window=0)
    table.to_parquet(path) if kind == "parquet" else table.to_csv(path)  # with its index
    return path


@pytest.mark.parametrize("kind", ["csv", "parquet", "npz"])
def test_a_file_gives_what_its_arrays_give(kind, tmp_path):
    given, notes = read_split(written(tmp_path, kind))
    assert given["x"].shape == (1500, N_FEATURES)
    assert {"subject", "trial", "y", "fold"} < set(given)
    if kind == "csv":
        assert "Unnamed: 0, file, window" in notes[1]


def test_the_folds_of_torcheeg_are_read(tmp_path):
    given = cohort()
    table = pd.DataFrame({"clip_id": np.arange(1500).astype(str), "valence": 5.5})
    table["subject_id"], table["trial_id"] = given["subject"], given["trial"]
    table["start_at"] = np.tile(np.arange(N_WINDOWS), 60) * 128
    table["end_at"] = table["start_at"] + 128
    for k in range(2):
        test = table["trial_id"] % 2 == k
        table[~test].to_csv(tmp_path / f"train_fold_{k}.csv", index=False)
        table[test].to_csv(tmp_path / f"test_fold_{k}.csv", index=False)
    found = audit(**read_split(tmp_path)[0])
    assert (found.verdict, found.numbers["shared_trials"]) == (NONE_FOUND, 0)
    assert found.numbers["overlapping_windows"] == 0


@pytest.mark.slow
def test_the_command_prints_one_object_and_nothing_else(tmp_path):
    path = written(tmp_path, "npz")
    done = command("audit", str(path), "--json", results=tmp_path)
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["verdict"] == LEAKS
    names = {"shared_trials", "trial_identification", "score", "score_permuted_labels"}
    assert names | {"score_trial_grouped", "majority"} < set(printed)
    assert "reading" in done.stderr


def test_names_that_look_like_numbers_stay_names(tmp_path):
    lines = ["subject; trial ;y;f", "1;1.1;0;0.5", "1.0;1.10;1;1.5", "2;1.2;1;2.5"]
    (tmp_path / "mine.csv").write_text("\n".join(lines))
    given, _ = read_split(tmp_path / "mine.csv")
    assert given["trial"].tolist() == ["1.1", "1.10", "1.2"]
    assert given["subject"].tolist() == [1, 1, 2]
    assert given["x"].tolist() == [[0.5], [1.5], [2.5]]


def test_blanks_around_a_word_make_no_other_fold_and_no_other_class():
    whole = {"trial": ["a", "b", "c", "d"], "y": ["low", "high", " low", "high "]}
    data = check_split(
        {"x": None, "predictions": None, "subject": None, "stimulus": None, "onset": None}
        | whole | {"fold": ["train", "Train ", " test", "test"]},
        window_seconds=None, cv=None, groups=None,
    )  # fmt: skip
    assert data.classes == ["high", "low"]
    assert [(a.tolist(), b.tolist()) for a, b in data.folds] == [([0, 1], [2, 3])]


def test_capitals_make_no_feature_of_a_known_column(tmp_path):
    (tmp_path / "mine.csv").write_text("Subject,Trial,Fold,Y,F3\n1,1.10,0,0,0.5\n1,1.1,1,1,1.5\n")
    given, _ = read_split(tmp_path / "mine.csv")
    assert {"subject", "trial", "fold", "y"} < set(given)
    assert given["trial"].tolist() == ["1.10", "1.1"] and given["x"].tolist() == [[0.5], [1.5]]


@pytest.mark.parametrize("mark", [";", "\t"])
def test_decimal_commas_are_read_where_no_comma_separates(tmp_path, mark):
    (tmp_path / "mine.csv").write_text(f"trial{mark}f\n1{mark}0,5\n2{mark}1,5\n")
    assert read_split(tmp_path / "mine.csv")[0]["x"].tolist() == [[0.5], [1.5]]


@pytest.mark.parametrize("name", ["label", "Target", "class"])
def test_a_column_of_labels_by_another_name_is_no_feature(tmp_path, name):
    table = pd.DataFrame({"f": [0.5, 1.5], name: [0, 1], "trial": [1, 2]})
    table.to_csv(tmp_path / "mine.csv", index=False)
    given, notes = read_split(tmp_path / "mine.csv")
    assert given["y"].tolist() == [0, 1] and given["x"].tolist() == [[0.5], [1.5]]
    assert f"Labels are the column {name}." in notes
    table.assign(y=[1, 0]).to_csv(tmp_path / "mine.csv", index=False)
    given, _ = read_split(tmp_path / "mine.csv")
    assert given["y"].tolist() == [1, 0] and given["x"].tolist() == [[0.5], [1.5]]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("none.csv", None, "is not there"),
        ("mine.mat", b"", "is a .mat file"),
        ("mine.csv", b"", "is no table"),
        ("mine.csv", b"\xff\xfe\x00", "is no table"),
        ("mine.csv", b"a,b\n1,2\n", "none of the columns"),
        ("mine.npz", b"PK", "is no .npz file"),
        ("mine.parquet", b"PAR1", "cannot be read as Parquet"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(name, content, told, tmp_path):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=told):
        read_split(tmp_path / name)


def test_python_objects_in_a_file_are_not_opened(tmp_path):
    np.savez(tmp_path / "mine.npz", y=np.array([{}, "a"], dtype=object))
    with pytest.raises(DataError, match="Python objects, which are not opened"):
        read_split(tmp_path / "mine.npz")
