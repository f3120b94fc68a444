"""Training repeats itself, follows its schedule, compiles once and survives being killed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from synthetic import noise_cohort

from emolib.errors import DataError, SettingsError
from emolib.model.epochs import Batches, GroupedInputs, read_state
from emolib.model.fine_tuning import fine_tune_subject
from emolib.model.networks import build_mt_cnn
from emolib.model.settings import ModelSettings, TrainingSettings
from emolib.model.trainer import Trainer
from emolib.model.training import fit_small, small_training, train_fold
from emolib.splits.folds import Fold

import keras  # isort: skip

pytestmark = pytest.mark.network

MODEL = ModelSettings(width=1 / 64, planes=1)
QUICK = TrainingSettings(batch_size=16, epochs=3, fine_tuning_epochs=2, learning_rate=0.01)
KEY = (0, "trial_grouped", 0)


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    return Trainer(partial(build_mt_cnn, MODEL), QUICK)


@pytest.fixture(scope="module")
def cohort():
    """Three subjects with 60, 50 and 47 rows, a missing label, and a fold of them."""
    return noise_cohort(60, 50, 47)


def same(one, other) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def fit(trainer, cohort, **changes):
    x, labels, fold, _ = cohort
    given = {"fold": fold, "learning_rate": 0.01, "epochs": 3, "seed_key": KEY}
    return trainer.fit(x, labels, **given | changes)


def test_stages_come_in_order_and_predict_the_test_rows(trainer, cohort):
    x, labels, fold, subjects = cohort
    results = list(train_fold(trainer, x, labels, fold, subjects, seed_key=KEY))
    assert [(r.training_stage, r.subject, r.task) for r in results] == [("pooled", None, None)] + [
        (stage, subject, task)
        for subject in ("sub-01", "sub-02", "sub-03")
        for stage, task in (
            ("subject", None),
            ("subject_and_task", "valence"),
            ("subject_and_task", "arousal"),
        )
    ]
    for result in results:
        tasks = [result.task] if result.task else ["valence", "arousal"]
        assert list(result.probabilities) == tasks
        assert all(p.shape == (len(result.rows), 2) for p in result.probabilities.values())
        if result.subject is None:
            assert np.array_equal(result.rows, fold.test)
        else:
            assert (subjects[result.rows] == result.subject).all()
        assert not result.note


def test_fine_tuning_repeats_in_whatever_order_subjects_come(trainer, cohort):
    x, labels, fold, subjects = cohort
    pooled = trainer.initial_weights(KEY)

    def tuned(subject):
        stages = fine_tune_subject(
            trainer, x, labels, fold, subjects, subject, pooled, seed_key=KEY
        )
        return [result.fit.weights for result in stages]

    first = {subject: tuned(subject) for subject in ("sub-01", "sub-02")}
    again = {subject: tuned(subject) for subject in ("sub-02", "sub-01")}
    for subject in first:
        assert all(same(a, b) for a, b in zip(first[subject], again[subject], strict=True))


def test_a_fit_depends_on_its_key_and_not_on_what_came_before(trainer, cohort):
    one = fit(trainer, cohort)
    other = fit(trainer, cohort, seed_key=(1, "trial_grouped", 0))
    again = fit(Trainer(partial(build_mt_cnn, MODEL), QUICK), cohort)
    assert same(one.weights, again.weights)
    assert one.history.equals(again.history)
    assert not same(one.weights, other.weights)


def test_both_single_task_fits_start_from_the_pooled_weights_and_leave_the_other_head(
    trainer, cohort
):
    x, labels, fold, subjects = cohort
    pooled = trainer.initial_weights(KEY)
    _, valence, arousal = fine_tune_subject(
        trainer, x, labels, fold, subjects, "sub-01", pooled, seed_key=KEY
    )
    heads = {
        task: [i for i, w in enumerate(trainer.model.weights) if f"{task}/" in w.path]
        for task in ("valence", "arousal")
    }
    for result, other in ((valence, "arousal"), (arousal, "valence")):
        assert all(np.array_equal(result.fit.weights[i], pooled[i]) for i in heads[other])
        assert not any(np.array_equal(result.fit.weights[i], pooled[i]) for i in heads[result.task])
        assert result.fit.history[f"{other}_loss"].isna().all()
        assert np.allclose(
            result.fit.history["val_loss"], result.fit.history[f"val_{result.task}_loss"]
        )


def test_nothing_is_compiled_for_a_new_subject_stage_or_number_of_rows(cohort):
    """Counted where compiling begins: each new trace of the step calls the network once."""
    x, labels, fold, subjects = cohort
    calls = Counter()

    def build(seed=0):
        model = build_mt_cnn(MODEL, seed=seed)
        call = model.call

        def counted(*args, training=None, **kwargs):
            calls[str(training)] += 1
            return call(*args, training=training, **kwargs)

        model.call = counted
        return model

    trainer = Trainer(build, QUICK)
    results = train_fold(trainer, x, labels, fold, subjects, seed_key=KEY)
    for _ in range(4):
        next(results)  # pooled, and all stages of the first subject
    before = calls.copy()
    assert sum(before.values()) > 0
    rest = list(results)
    shorter = Fold(fold.train[:-9], fold.validation[:-2], fold.test[:-3])
    again = list(train_fold(trainer, x, labels, shorter, subjects, seed_key=(1, *KEY)))
    assert (len(rest), len(again)) == (6, 10)
    assert calls == before


def test_batches_are_full_hold_each_row_and_are_filled_from_the_permutation_s_start():
    rows = np.arange(100, 110)
    labels = {"t": np.arange(10)}
    x = np.arange(200.0)[:, None]
    batches = Batches(x, rows, labels, batch_size=4, seed_key=("k",))
    given = np.concatenate([batches[i][0] for i in range(len(batches))])[:, 0]
    assert len(given) == 12
    assert sorted(given[:10]) == rows.tolist()
    assert given[10:].tolist() == given[:2].tolist()
    assert (batches[2][1]["t"] == given[8:] - 100).all()
    batches.start_epoch(1)
    assert batches[0][0][:, 0].tolist() != given[:4].tolist()


@pytest.mark.parametrize("leaks", [True, False])
def test_the_validation_loss_by_hand(trainer, cohort, leaks):
    """Rows that fill a batch do not count; if nothing leaks, each class counts the same."""
    x, labels, fold, _ = cohort
    labels = {**labels, "arousal": np.where(np.arange(len(x)) % 9, labels["arousal"], 1)}
    fold = replace(fold, leaks=leaks)
    fitted = fit(trainer, (x, labels, fold, None), fold=fold, epochs=1)
    given = trainer.predict(fitted.weights, x, fold.validation)
    loss, error = 0.0, []
    for task, probability in given.items():
        truth = labels[task][fold.validation]
        rows = pd.DataFrame(
            {
                "truth": truth,
                "loss": -np.log(probability[np.arange(len(truth)), np.maximum(truth, 0)]),
                "error": probability.argmax(axis=1) != truth,
            }
        )
        means = rows.groupby("truth")[["loss", "error"]].mean().mean()
        if leaks:
            means = rows[["loss", "error"]].mean()
        loss, error = loss + means["loss"], [*error, means["error"]]
    last = fitted.history.iloc[0]
    assert last["selection"] == ("loss" if leaks else "balanced_loss")
    assert last["val_loss"] == pytest.approx(loss, rel=1e-5)
    assert last["val_error"] == pytest.approx(np.mean(error), rel=1e-5)


def test_a_class_that_validation_lacks_does_not_count(trainer, cohort):
    x, labels, fold, _ = cohort
    ones = {task: values.copy() for task, values in labels.items()}
    ones["valence"][fold.validation] = 1
    last = fit(trainer, (x, ones, fold, None), fold=fold, epochs=1).history.iloc[0]
    plain = replace(fold, leaks=True)
    same = fit(trainer, (x, ones, plain, None), fold=plain, epochs=1).history.iloc[0]
    assert last["val_valence_loss"] == pytest.approx(same["val_valence_loss"])


def test_predictions_do_not_depend_on_the_rows_beside(trainer, cohort):
    x, _, fold, _ = cohort
    weights = trainer.initial_weights(KEY)
    whole = trainer.predict(weights, x, fold.test)["valence"]
    part = trainer.predict(weights, x, fold.test[3:5])["valence"]
    np.testing.assert_array_equal(whole[3:5], part)


@pytest.mark.parametrize(
    ("selection", "watched"),
    [("auto", "val_loss"), ("loss", "val_loss"), ("balanced_accuracy", "val_error")],
)
def test_best_weights_are_kept(trainer, cohort, selection, watched, monkeypatch):
    """A rate that only harms: the weights after the best epoch come back."""
    monkeypatch.setattr(trainer, "settings", replace(trainer.settings, selection=selection))
    fitted = fit(trainer, cohort, learning_rate=0.1, epochs=6)
    best = int(fitted.history[watched].idxmin())
    assert best < 5
    assert same(fitted.weights, fit(trainer, cohort, learning_rate=0.1, epochs=best + 1).weights)


def test_the_schedule_by_hand():
    """Losses 5 4 4 4 3 3 3 3 3 3, halve after 2, stop after 5 without a better one.

    Best in epochs 1, 2 and 5. Halved after epochs 4 (3 and 4 no better) and 7, 9; stopped
    after 10. The weights of epoch 2 come back after 4, those of epoch 5 after 7 and 9.
    """
    losses = [5, 4, 4, 4, 3, 3, 3, 3, 3, 3, 9, 9]
    settings = replace(QUICK, lr_patience=2, early_stopping_patience=5)
    trainer = Trainer(partial(build_mt_cnn, MODEL), settings)
    model = trainer.model
    schedule = trainer._schedule(restore_best_on_lr_drop=True)
    model.optimizer.learning_rate = 1.0
    for callback in schedule:
        callback.set_model(model)
        callback.on_train_begin()
    model.stop_training = False
    shape = [w.shape for w in model.get_weights()]
    rates, held = [], []
    for epoch, loss in enumerate(losses):
        for callback in schedule:
            callback.on_epoch_begin(epoch)
        model.set_weights([np.full(s, epoch + 1.0) for s in shape])  # what training made
        for callback in schedule:
            callback.on_epoch_end(epoch, {"val_loss": float(loss)})
        rates.append(float(keras.ops.convert_to_numpy(model.optimizer.learning_rate)))
        held.append(int(model.get_weights()[0].flat[0]))
        if model.stop_training:
            break
    assert rates == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125]
    assert held == [1, 2, 3, 2, 5, 6, 5, 8, 5, 10]
    for callback in schedule:
        callback.on_train_end()
    assert model.get_weights()[0].flat[0] == 5


def test_the_learning_rate_is_not_halved_where_that_is_switched_off(cohort):
    settings = replace(QUICK, lr_patience=1, reduce_lr_on_plateau=False)
    plain = Trainer(partial(build_mt_cnn, MODEL), settings)
    assert set(fit(plain, cohort, learning_rate=0.125, epochs=6).history["learning_rate"]) == {
        0.125
    }


def pooled(trainer, cohort, leaks, monkeypatch, **changes):
    """The pooled fit of a fold, with a rate that only harms."""
    x, labels, fold, subjects = cohort
    changed = replace(QUICK, learning_rate=0.1, epochs=6, **changes)
    monkeypatch.setattr(trainer, "settings", changed)
    fold = replace(fold, leaks=leaks)
    return next(train_fold(trainer, x, labels, fold, subjects, seed_key=KEY)).fit


@pytest.mark.parametrize(
    ("leaks", "changes", "chosen_by", "n_epochs"),
    [
        (True, {}, "loss", 6),
        (False, {}, "last", 6),
        (False, {"fixed_epochs": 5}, "last", 5),
        (False, {"fixed_epochs": 8}, "last", 6),
        (False, {"schedule": "plateau"}, "balanced_loss", 6),
        (False, {"selection": "loss"}, "loss", 6),
        (True, {"schedule": "fixed", "fixed_epochs": 2}, "last", 2),
    ],
)
def test_which_schedule_a_pooled_fit_has(
    trainer, cohort, leaks, changes, chosen_by, n_epochs, monkeypatch
):
    history = pooled(trainer, cohort, leaks, monkeypatch, **changes).history
    assert set(history["selection"]) == {chosen_by}
    assert len(history) == n_epochs


def test_a_fixed_schedule_ends_with_the_last_weights(trainer, cohort):
    fitted = fit(trainer, cohort, fixed=True, epochs=4, learning_rate=0.1, seed_key=(0,))
    np.testing.assert_allclose(fitted.history["learning_rate"], [0.1, 0.075, 0.05, 0.025])
    assert fitted.history["val_loss"].idxmin() < 3
    x, _, fold, _ = cohort
    given = trainer.predict(fitted.weights, x, fold.validation)
    truth = cohort[1]["valence"][fold.validation]
    by_class = [-np.log(given["valence"][truth == c, c]).mean() for c in (0, 1)]
    assert fitted.history["val_valence_loss"].iloc[-1] == pytest.approx(np.mean(by_class), rel=1e-5)


class Kill(BaseException):
    """What ends a training in the middle of an epoch."""


def killed_in(monkeypatch, epoch):
    """Let training end when this epoch begins, and write a checkpoint after each."""
    monkeypatch.setattr("emolib.model.epochs.CHECKPOINT_SECONDS", 0.0)
    begun, start = [], Batches.start_epoch

    def start_epoch(batches, number):
        if batches.seed_key is not None and number:
            begun.append(number + 1)
            if number + 1 == epoch:
                raise Kill
        start(batches, number)

    monkeypatch.setattr(Batches, "start_epoch", start_epoch)
    return begun


@pytest.mark.parametrize("schedule", [{"restore_best_on_lr_drop": True}, {"fixed": True}])
def test_a_killed_fit_goes_on_and_gives_the_same_bits(
    trainer, cohort, tmp_path, monkeypatch, schedule
):
    path = tmp_path / "begun"
    how = {"epochs": 6, **schedule}
    plain = fit(trainer, cohort, **how)
    with monkeypatch.context() as patch, pytest.raises(Kill):
        killed_in(patch, 5)
        fit(trainer, cohort, checkpoint=path, **how)
    fit(trainer, cohort, seed_key=("something", "else"))
    begun = killed_in(monkeypatch, None)
    resumed = fit(trainer, cohort, checkpoint=path, **how)
    assert begun == [5, 6]
    assert same(plain.weights, resumed.weights)
    assert plain.history.equals(resumed.history)


@pytest.mark.parametrize("damage", ["cut", "empty", "text"])
def test_a_damaged_checkpoint_is_ignored(trainer, cohort, tmp_path, monkeypatch, damage):
    path = tmp_path / "begun"
    with monkeypatch.context() as patch, pytest.raises(Kill):
        killed_in(patch, 3)
        fit(trainer, cohort, checkpoint=path)
    content = {"cut": path.read_bytes()[:-99], "empty": b"", "text": b"no archive"}
    path.write_bytes(content[damage])
    assert read_state(path) is None
    assert same(fit(trainer, cohort, checkpoint=path).weights, fit(trainer, cohort).weights)


def test_a_killed_fold_keeps_its_finished_fits(trainer, cohort, tmp_path, monkeypatch):
    x, labels, fold, subjects = cohort
    given = (trainer, x, labels, fold, subjects)
    whole = list(train_fold(*given, seed_key=KEY))
    started = train_fold(*given, seed_key=KEY, checkpoints=tmp_path)
    for _ in range(3):
        next(started)
    started.close()
    made, fit_once = [], trainer.fit

    def counted(*args, **how):
        made.append(how["seed_key"][len(KEY) :])
        return fit_once(*args, **how)

    monkeypatch.setattr(trainer, "fit", counted)
    again = list(train_fold(*given, seed_key=KEY, checkpoints=tmp_path))
    assert made[0] == ("subject_and_task", "sub-01", "arousal")
    assert len(made) == 7
    for one, other in zip(whole, again, strict=True):
        assert same(one.fit.weights, other.fit.weights)
        assert one.fit.history.equals(other.fit.history)
        assert all(np.array_equal(p, other.probabilities[t]) for t, p in one.probabilities.items())


def test_a_fold_that_was_killed_in_its_pooled_fit_goes_on_within_it(
    trainer, cohort, tmp_path, monkeypatch
):
    x, labels, fold, subjects = cohort
    given = (trainer, x, labels, fold, subjects)
    whole = next(train_fold(*given, seed_key=KEY))
    with monkeypatch.context() as patch, pytest.raises(Kill):
        killed_in(patch, 3)
        next(train_fold(*given, seed_key=KEY, checkpoints=tmp_path))
    begun = killed_in(monkeypatch, None)
    resumed = next(train_fold(*given, seed_key=KEY, checkpoints=tmp_path))
    assert begun == [3]
    assert same(whole.fit.weights, resumed.fit.weights)
    assert whole.fit.history.equals(resumed.fit.history)


def test_a_batch_of_groups_holds_as_many_windows_as_one_of_single_windows():
    assert small_training(ModelSettings(), 1).batch_size == 64
    assert small_training(ModelSettings(windows=6), 1).batch_size == 11


def test_small_fits_compile_once(cohort):
    x, labels, fold, _ = cohort
    one, first = fit_small(MODEL, QUICK, x, labels, fold, seed_key=KEY)
    other, second = fit_small(MODEL, QUICK, x, labels, fold, seed_key=(*KEY, "again"))
    assert one is other
    assert not same(first.weights, second.weights)
    assert same(first.weights, fit(one, cohort).weights)


def test_class_weights_by_hand(trainer, cohort):
    """Valence 6 to 2, arousal 4 to 4: balanced weights n / (2 n_c)."""
    labels = {"valence": np.array([0] * 6 + [1] * 2), "arousal": np.array([0, 1] * 4)}
    on = {"valence": 1.0, "arousal": 1.0}
    expected = {
        "per_task": ([2 / 3, 2.0], [1.0, 1.0]),
        "last_task": ([1.0, 1.0], [1.0, 1.0]),
        "none": ([1.0, 1.0], [1.0, 1.0]),
    }
    for kind, (valence, arousal) in expected.items():
        trainer.settings, kept = replace(trainer.settings, class_weights=kind), trainer.settings
        given = trainer._class_weights(labels, np.arange(8), on)
        trainer.settings = kept
        np.testing.assert_allclose(given["valence"], valence)
        np.testing.assert_allclose(given["arousal"], arousal)


def test_several_windows_are_gathered_a_batch_at_a_time(cohort):
    x, labels, _, _ = cohort
    groups = np.arange(156).reshape(-1, 3)
    trainer = Trainer(partial(build_mt_cnn, replace(MODEL, windows=3)), QUICK)
    of_group = {task: values[groups[:, 0]] for task, values in labels.items()}
    rows = np.arange(len(groups))
    fitted = trainer.fit(
        GroupedInputs(x, groups),
        of_group,
        Fold(rows[:30], rows[30:40], rows[40:]),
        learning_rate=0.01,
        epochs=1,
        seed_key=KEY,
    )
    given = trainer.predict(fitted.weights, GroupedInputs(x, groups), rows[40:])
    assert given["valence"].shape == (12, 2)


def test_fine_tuning_is_refused_where_subjects_are_held_out(trainer, cohort):
    x, labels, _, subjects = cohort
    rows = np.arange(len(subjects))
    fold = Fold(rows[:60], rows[60:110], rows[110:])
    with pytest.raises(SettingsError, match="fine_tune: no subject of the test has rows"):
        list(train_fold(trainer, x, labels, fold, subjects, seed_key=KEY))


def test_a_fold_that_tests_nothing_is_told(trainer, cohort):
    x, labels, fold, subjects = cohort
    empty = replace(fold, test=fold.test[:0])
    with pytest.raises(DataError, match="test rows: there are none"):
        next(train_fold(trainer, x, labels, empty, subjects, seed_key=KEY))


def test_without_fine_tuning_the_pooled_fit_is_all(trainer, cohort):
    x, labels, _, subjects = cohort
    rows = np.arange(len(subjects))
    fold = Fold(rows[:60], rows[60:110], rows[110:])
    (pooled,) = train_fold(trainer, x, labels, fold, subjects, seed_key=KEY, fine_tune=False)
    assert pooled.training_stage == "pooled"


def test_a_subject_with_one_class_keeps_the_pooled_head_and_says_so(trainer, cohort):
    x, labels, fold, subjects = cohort
    one_sided = {**labels, "valence": np.where(subjects == "sub-02", 1, labels["valence"])}
    pooled = trainer.initial_weights(KEY)
    both, valence, arousal = fine_tune_subject(
        trainer, x, one_sided, fold, subjects, "sub-02", pooled, seed_key=KEY
    )
    assert both.note == "sub-02 lacks a class of valence: that head was not trained."
    assert valence.note == "sub-02 lacks a class of valence: pooled weights kept."
    assert same(valence.fit.weights, pooled)
    assert not len(valence.fit.history)
    assert len(arousal.fit.history) == 2
    assert not arousal.note


def notes_of(trainer, x, labels, fold, subjects):
    results = list(train_fold(trainer, x, labels, fold, subjects, seed_key=KEY))
    return {(one.task or "all"): one.note for one in results if one.subject == "sub-02"}


def test_a_subject_with_two_of_three_classes_stops_nobody(cohort):
    x, _, fold, subjects = cohort
    state = np.where(subjects == "sub-02", np.arange(len(x)) % 2, np.arange(len(x)) % 3)
    three = Trainer(partial(build_mt_cnn, replace(MODEL, tasks={"state": 3})), QUICK)
    notes = notes_of(three, x, {"state": state}, fold, subjects)
    assert notes == dict.fromkeys(
        ("all", "state"), "sub-02 lacks a class of state: pooled weights kept."
    )


def test_where_the_last_task_weighs_all_heads_all_need_its_classes(cohort):
    x, labels, fold, subjects = cohort
    one_sided = {**labels, "arousal": np.where(subjects == "sub-02", 1, labels["arousal"])}
    as_released = replace(QUICK, class_weights="last_task")
    trainer = Trainer(partial(build_mt_cnn, MODEL), as_released)
    notes = notes_of(trainer, x, one_sided, fold, subjects)
    why = "sub-02 lacks a class of arousal: pooled weights kept."
    assert notes == dict.fromkeys(("all", "valence", "arousal"), why)


def test_one_class_for_everybody(trainer, cohort):
    _, labels, _, _ = cohort
    with pytest.raises(DataError, match="training labels of 'valence': no row has class 0"):
        fit(
            trainer,
            (cohort[0], {**labels, "valence": np.ones_like(labels["valence"])}, *cohort[2:]),
        )


def test_a_diverging_loss_is_named(trainer, cohort):
    x = cohort[0].copy()
    x[cohort[2].train[3]] = np.nan
    with pytest.raises(SettingsError, match="diverged: in epoch 1 the loss is nan"):
        fit(trainer, (x, *cohort[1:]))


def test_no_rows(trainer, cohort):
    with pytest.raises(DataError, match="validation rows: there are none"):
        fit(trainer, cohort, fold=replace(cohort[2], validation=np.array([], int)))


def test_a_task_that_the_model_lacks(trainer, cohort):
    with pytest.raises(SettingsError, match="task_weights: names \\['liking'\\]"):
        fit(trainer, cohort, task_weights={"liking": 1.0})


def test_a_single_task_model_keeps_its_name_in_the_history(cohort):
    x, labels, fold, _ = cohort
    single = Trainer(partial(build_mt_cnn, replace(MODEL, tasks={"valence": 2})), QUICK)
    history = fit(single, (x, labels, fold, None), epochs=1).history
    assert {"loss", "valence_accuracy", "val_valence_accuracy"} <= set(history)


def test_a_task_whose_name_begins_as_another_s_keeps_its_history(cohort):
    x, labels, fold, _ = cohort
    labels = {"felt": labels["valence"], "felt_late": labels["arousal"]}
    pair = Trainer(partial(build_mt_cnn, replace(MODEL, tasks=dict.fromkeys(labels, 2))), QUICK)
    only = {"felt": 0.0, "felt_late": 1.0}
    history = fit(pair, (x, labels, fold, None), epochs=1, task_weights=only).history
    assert np.isfinite(history[["val_felt_late_accuracy", "val_error"]]).all(axis=None)
    assert history["val_felt_accuracy"].isna().all()
