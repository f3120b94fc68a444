"""The schedule on paper, by hand and against Keras' own callbacks."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest

from emolib.errors import DataError
from emolib.lessons.schedule import best_epoch, example_losses, follow, replay
from emolib.model.networks import build_mt_cnn
from emolib.model.settings import ModelSettings, TrainingSettings
from emolib.model.trainer import Trainer
from emolib.splits.folds import Fold

pytestmark = pytest.mark.network

SETTINGS = TrainingSettings(learning_rate=1.0, lr_patience=2, early_stopping_patience=5)


def test_the_schedule_by_hand():
    """The case that tests/test_training.py puts to the callbacks themselves."""
    course = follow([5, 4, 4, 4, 3, 3, 3, 3, 3, 3, 9, 9], SETTINGS, restore=True)
    rates = [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125]  # during each epoch
    assert course["learning_rate"].tolist() == rates
    assert course["goes_on_from"].tolist() == [1, 2, 3, 2, 5, 6, 5, 8, 5, 10]
    assert course["epoch"][course["better"]].tolist() == [1, 2, 5]
    assert course["waited"].tolist() == [0, 0, 1, 2, 0, 1, 2, 3, 4, 5]
    assert course["stopped"].tolist() == [False] * 9 + [True]
    assert best_epoch(course) == 5


def test_without_decay_the_rate_stays_and_without_restoring_nothing_comes_back():
    course = follow([3, 2, 2, 2, 2, 2, 2], replace(SETTINGS, reduce_lr_on_plateau=False), rate=0.25)
    assert course["learning_rate"].tolist() == [0.25] * 7
    assert not course["halved"].any()
    assert course["goes_on_from"].tolist() == course["epoch"].tolist()


@pytest.mark.parametrize("seed", range(3))
def test_it_agrees_with_the_training_itself(seed):
    """Noise to learn from, so that validation soon worsens: halved, restored and stopped."""
    rng = np.random.default_rng(seed)
    maps = rng.normal(size=(40, 8, 9, 1)).astype("float32")
    labels = {"valence": rng.integers(0, 2, 40)}
    settings = TrainingSettings(
        batch_size=8, lr_patience=2, early_stopping_patience=7, class_weights="none"
    )
    model = ModelSettings(width=1 / 16, planes=1, tasks={"valence": 2})
    rows = np.arange(40)
    fit = Trainer(partial(build_mt_cnn, model), settings).fit(
        maps, labels, Fold(rows[:24], rows[24:], rows[:0]), learning_rate=0.02, epochs=30,
        seed_key=(seed,), restore_best_on_lr_drop=True,
    )  # fmt: skip
    course = follow(fit.history["val_loss"], settings, rate=0.02, restore=True)
    np.testing.assert_allclose(course["learning_rate"], fit.history["learning_rate"], rtol=1e-6)
    assert course["halved"].any()
    assert len(course) == len(fit.history)  # it stops where training stopped


def test_the_example_shows_all_that_the_schedule_can_do():
    course = follow(example_losses(), TrainingSettings(), restore=True)
    assert course["halved"].sum() >= 2
    assert course["stopped"].iloc[-1]
    assert len(course) < 60
    assert 10 <= best_epoch(course) <= 30


@pytest.mark.parametrize("losses", [[], [1.0, float("nan")]])
def test_losses_that_are_none_are_refused(losses):
    with pytest.raises(DataError, match="validation losses"):
        follow(losses, SETTINGS)


def history(losses, rates, stage="pooled", subject=None) -> pd.DataFrame:
    who = {"protocol": "trial_grouped", "fold": 0, "stage": stage, "subject": subject, "task": None}
    own = {"val_loss": losses, "learning_rate": rates, "selection": "loss"}
    return pd.DataFrame({**who, **own})


def test_a_stored_fit_agrees_or_does_not():
    losses = [2, 3, 3, 3, 3, 3]
    kept = history(losses, [1, 1, 1, 0.5, 0.5, 0.25])
    other = history(losses, [1, 1, 1, 1, 1, 1], "subject", "sub-01")
    long = history([*losses, 3], [1, 1, 1, 0.5, 0.5, 0.25, 0.25], "subject", "sub-02")
    fits = replay(pd.concat([kept, other, long]), SETTINGS)
    assert [(fit.stage, fit.subject, fit.agrees) for fit in fits] == [
        ("pooled", None, True), ("subject", "sub-01", False), ("subject", "sub-02", False),
    ]  # fmt: skip
    assert fits[0].course["goes_on_from"].tolist() == [1, 2, 3, 4, 5, 6]
    assert fits[1].course["goes_on_from"].tolist() == [1, 2, 1, 4, 1, 6]


def test_what_was_watched_is_followed():
    kept = history([2, 1, 1], [1, 1, 1]).assign(val_error=[0.2, 0.3, 0.3])
    for selection, better in (("auto", [True, True, False]), ("balanced_accuracy", [True, 0, 0])):
        (fit,) = replay(kept, replace(SETTINGS, selection=selection))
        assert fit.course["better"].tolist() == better


def test_no_history_holds_no_fit():
    fixed = history([2, 1], [1, 0.5]).assign(selection="last")
    assert replay(pd.DataFrame(), SETTINGS) == replay(fixed, SETTINGS) == []
