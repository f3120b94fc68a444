"""Gradients by weights: those of a head in closed form, those of the trunk by a small step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emolib.errors import SettingsError
from emolib.lessons import head_gradients, network
from emolib.lessons.head_gradients import cosine, of_trunk
from emolib.model.networks import build_mt_cnn
from emolib.model.settings import ModelSettings

import keras  # isort: skip

pytestmark = pytest.mark.network

SETTINGS = ModelSettings(width=1 / 32, planes=2)
TASKS = ("valence", "arousal")


@pytest.fixture(scope="module")
def model():
    return build_mt_cnn(SETTINGS)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(3, 20, 8, 9, 2)).astype("float32")
    return maps, {task: rng.integers(0, 2, (3, 20)) for task in TASKS}


@pytest.fixture(scope="module")
def gradients(model, data):
    return head_gradients.head_gradients(model, *data)


def losses(model, maps, label) -> dict[str, float]:
    given = network.outputs(model, TASKS, maps)
    return {
        task: -np.log(p[np.arange(len(p)), label[task]].astype(float)).mean()
        for task, p in given.items()
    }


def moved(model, gradients, step: float) -> keras.Model:
    """The same model, its weights a step against the gradients of the first batch."""
    twin = build_mt_cnn(SETTINGS)
    twin.set_weights(model.get_weights())
    for name, values in gradients.items():
        parts = twin.get_layer(name).trainable_variables
        ends = np.cumsum([int(np.prod(part.shape)) for part in parts])[:-1]
        for part, change in zip(parts, np.split(values[0], ends), strict=True):
            part.assign(part - step * change.reshape(part.shape))
    return twin


def test_a_head_s_gradient_is_its_error_times_the_embedding(model, data, gradients):
    maps, labels = data
    for i, batch in enumerate(maps):
        given = network.outputs(model, ["embedding", *TASKS], batch)
        for task in TASKS:
            error = given[task] - np.eye(2)[labels[task][i]]  # of a softmax with cross-entropy
            kernel = given["embedding"].T @ error / len(batch)
            expected = np.concatenate([kernel.ravel(), error.mean(axis=0)])
            np.testing.assert_allclose(gradients[task][task][i], expected, atol=1e-6)


def test_the_other_head_hears_nothing(gradients):
    assert not gradients["valence"]["arousal"].any()
    assert not gradients["arousal"]["valence"].any()


def test_every_trainable_weight_has_its_place(model, gradients):
    n = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    for of in gradients.values():
        assert sum(values.shape[1] for values in of.values()) == n
        assert of_trunk(of, TASKS).shape == (3, n - sum(of[task].shape[1] for task in TASKS))


@pytest.mark.parametrize("task", TASKS)
def test_a_small_step_along_one_gradient_changes_both_losses_by_their_products(
    model, data, gradients, task
):
    maps, labels = data
    label = {name: values[0] for name, values in labels.items()}
    everything = {name: of_trunk(gradients[name], ()) for name in TASKS}
    step = 2e-3 / np.linalg.norm(everything[task][0])
    ahead, back = (
        losses(moved(model, gradients[task], way * step), maps[0], label) for way in (1, -1)
    )
    for name in TASKS:
        expected = -step * everything[task][0] @ everything[name][0]
        assert (ahead[name] - back[name]) / 2 == pytest.approx(expected, rel=0.05, abs=1e-5)


def test_one_head_is_enough(data):
    model = build_mt_cnn(replace(SETTINGS, tasks={"valence": 2}))
    found = head_gradients.head_gradients(model, data[0][:1], {"valence": data[1]["valence"][:1]})
    assert list(found) == ["valence"] and found["valence"]["conv_1"].any()


def test_other_backends_are_refused(monkeypatch, model, data):
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(SettingsError, match="need JAX"):
        head_gradients.head_gradients(model, *data)


def test_cosines():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 5, 30))
    np.testing.assert_allclose(cosine(a, 3 * a), 1)
    np.testing.assert_allclose(cosine(a, -a), -1)
    expected = [x @ y / np.sqrt((x @ x) * (y @ y)) for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(cosine(a, b), expected)
    assert np.isnan(cosine(a, np.zeros(30))).all()
