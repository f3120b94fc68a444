"""EEGNet: the published sizes, and a rhythm that it must find."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from emolib.errors import SettingsError
from emolib.model.eegnet import build_eegnet
from emolib.model.settings import TrainingSettings
from emolib.model.trainer import Trainer
from emolib.splits.folds import Fold

pytestmark = pytest.mark.network


def published(channels: int, samples: int, classes: int) -> int:
    """Table 2 of the paper, F1 = 8, D = 2, F2 = 16, and the bias of the output."""
    f1, d, f2 = 8, 2, 16
    first = 64 * f1 + 2 * f1 + channels * d * f1 + 2 * d * f1
    return first + 16 * d * f1 + f2 * d * f1 + 2 * f2 + classes * (f2 * (samples // 32)) + classes


@pytest.mark.parametrize(("channels", "samples", "classes"), [(64, 128, 2), (22, 257, 4)])
def test_it_has_as_many_weights_as_published(channels, samples, classes):
    model = build_eegnet(channels, samples, {"target": classes}, seed=None)
    trained = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert trained == published(channels, samples, classes)


def test_each_task_has_a_head_and_the_seed_decides_the_weights():
    build = partial(build_eegnet, 3, 64, {"valence": 2, "arousal": 3})
    one, same, other = (build(seed=seed) for seed in (1, 1, 2))
    heads = {task: tuple(head.shape) for task, head in one.output.items()}
    assert heads == {"valence": (None, 2), "arousal": (None, 3)}
    first, again, others = (model.get_weights()[0] for model in (one, same, other))
    np.testing.assert_array_equal(first, again)
    assert (first != others).any()


def test_a_window_that_is_too_short_is_told():
    with pytest.raises(SettingsError, match=r"has 16 samples.*needs 32"):
        build_eegnet(3, 16, {"valence": 2})


def test_it_learns_a_rhythm_in_one_channel():
    rng = np.random.default_rng(0)
    label = np.arange(240) % 2
    x = rng.normal(size=(240, 4, 64)).astype(np.float32)
    time = np.arange(64) / 128 + rng.uniform(size=(240, 1))  # at any phase
    x[:, 1] += 1.5 * label[:, None] * np.sin(2 * np.pi * 20 * time)
    trainer = Trainer(
        partial(build_eegnet, 4, 64, {"state": 2}, dropout=0.25), TrainingSettings(batch_size=16)
    )
    rows = np.arange(240)
    fold = Fold(rows[:120], rows[120:140], rows[140:])
    fit = trainer.fit(
        x, {"state": label}, fold, learning_rate=3e-3, epochs=12, seed_key=(0,), fixed=True
    )
    given = trainer.predict(fit.weights, x, fold.test)["state"].argmax(axis=1)
    assert (given == label[fold.test]).mean() > 0.9
    (space,) = (own for own in fit.weights if own.shape == (4, 8, 2))
    assert np.linalg.norm(space, axis=0).max() <= 1 + 1e-5  # of a spatial filter, as published
