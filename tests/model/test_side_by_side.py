"""Subjects that are fine-tuned at the same time come out as if each were alone."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from synthetic import noise_cohort

from emolib.errors import SettingsError
from emolib.model.networks import build
from emolib.model.settings import ModelSettings, TrainingSettings
from emolib.model.side_by_side import SideBySide
from emolib.model.trainer import Trainer
from emolib.model.training import train_fold

import keras  # isort: skip

pytestmark = pytest.mark.network

WIDTH = {"width": 1 / 64, "planes": 1}
NETWORKS = {  # the published ones compile for a while
    "mt_cnn": partial(build, ModelSettings(**WIDTH)),
    "crnn": partial(build, ModelSettings(**WIDTH, network="crnn", batch_norm=False)),
}
TRAINING = TrainingSettings(
    batch_size=16,
    epochs=1,
    fine_tuning_epochs=8,
    fine_tuning_learning_rate=0.02,  # so that they stop at different epochs
    single_task_learning_rate=0.02,
    lr_patience=1,
    early_stopping_patience=3,
)
KEY = (0, "trial_grouped", 0)
TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}  # of float32 through some dozens of Adam's steps


def small(seed=0):
    """What the published network has, once each: convolution, pooling, norm, dropout, heads."""
    layers = keras.layers
    maps = keras.Input((8, 9, 1))
    x = layers.Conv2D(2, 3, activation="relu", kernel_initializer=glorot(seed))(maps)
    x = layers.BatchNormalization()(layers.MaxPooling2D()(x))
    x = layers.Flatten()(layers.Dropout(0.2)(x))
    heads = {
        task: layers.Dense(2, "softmax", kernel_initializer=glorot(seed), name=task)(x)
        for task in ("valence", "arousal")
    }
    return keras.Model(maps, heads)


def glorot(seed):
    return "zeros" if seed is None else keras.initializers.GlorotUniform(seed=seed)


@pytest.fixture(scope="module")
def cohort():
    """Three subjects with 90, 50 and 47 rows, one with one class of valence, labels missing."""
    x, labels, fold, subjects = noise_cohort(90, 50, 47)
    labels["valence"][subjects == "sub-03"] = 1
    return x, labels, fold, subjects


def trained(cohort, size, network=small, **changes):
    trainer = Trainer(network, replace(TRAINING, side_by_side=size))
    return list(train_fold(trainer, *cohort, seed_key=KEY, **changes))


@pytest.fixture(scope="module")
def both(cohort, tmp_path_factory):
    """Results one by one, and two at a time: the third subject has nobody beside."""
    kept = tmp_path_factory.mktemp("kept")
    return trained(cohort, 1), trained(cohort, 2, checkpoints=kept), kept


def test_side_by_side_equals_one_by_one(both):
    compare(*both[:2])


@pytest.mark.faults
@pytest.mark.parametrize("network", NETWORKS)
def test_published_networks_side_by_side(cohort, network):
    compare(*(trained(cohort, size, NETWORKS[network]) for size in (1, 2)))


def compare(alone, beside):
    assert len(alone) == len(beside) == 10
    for one, other in zip(alone, beside, strict=True):
        assert (one.training_stage, one.subject, one.task, one.note) == (
            (other.training_stage, other.subject, other.task, other.note)
        )
        np.testing.assert_array_equal(one.rows, other.rows)
        for a, b in zip(one.fit.weights, other.fit.weights, strict=True):
            np.testing.assert_allclose(b, a, **TOLERANCE)
        pd.testing.assert_frame_equal(
            other.fit.history, one.fit.history, check_dtype=False, **TOLERANCE
        )
        for task, probability in one.probabilities.items():
            np.testing.assert_allclose(other.probabilities[task], probability, **TOLERANCE)


def test_the_case_is_no_easy_one(both):
    """Subjects stop at different epochs, rates fall, a best epoch is not the last."""
    histories = [one.fit.history for one in both[0][1:] if len(one.fit.history)]
    assert len({len(own) for own in histories}) > 1
    assert any(own["learning_rate"].iloc[-1] < own["learning_rate"].iloc[0] for own in histories)
    assert any(own["val_loss"].idxmin() < len(own) - 1 for own in histories)


def test_a_killed_fold_goes_on_after_the_fits_that_are_whole(cohort, both, monkeypatch):
    _, beside, kept = both
    (kept / "subject_and_task-sub-02-arousal").unlink()
    made, fit = [], SideBySide.fit

    def counted(own, plans):
        made.append([plan.seed_key[len(KEY) :] for plan in plans])
        return fit(own, plans)

    monkeypatch.setattr(SideBySide, "fit", counted)
    again = trained(cohort, 2, checkpoints=kept)
    assert made == [[("subject_and_task", f"sub-0{i}", "arousal") for i in (1, 2)]]
    for one, other in zip(beside, again, strict=True):
        assert one.fit.history.equals(other.fit.history)
        for a, b in zip(one.fit.weights, other.fit.weights, strict=True):
            np.testing.assert_array_equal(a, b)


def test_another_backend_is_refused(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(SettingsError, match=r"training.side_by_side: needs Keras on JAX"):
        SideBySide(None, 2)
