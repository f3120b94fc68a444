"""The networks have the published shape, and the settings do what they say."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from emolib.errors import DataError, SettingsError
from emolib.model.networks import BUILDERS, build_crnn, build_mt_cnn, load_weights, save_weights
from emolib.model.settings import ModelSettings

import keras  # isort: skip

pytestmark = pytest.mark.network

SMALL = ModelSettings(width=1 / 32, planes=2)


def maps(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(*shape, 8, 9, 2)).astype("float32")


def trainable(model: keras.Model) -> int:
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def embedding(model: keras.Model, x: np.ndarray) -> np.ndarray:
    return np.asarray(keras.Model(model.input, model.get_layer("embedding").output)(x))


def test_the_paper_s_network_has_1_347_076_parameters():
    assert build_mt_cnn(ModelSettings()).count_params() == 1_347_076


def test_the_released_network_has_1_216_004_parameters():
    model = build_mt_cnn(ModelSettings(pooling="valid"))
    assert (model.count_params(), trainable(model)) == (1_216_004, 1_213_956)


def test_the_number_of_windows_adds_no_parameters():
    assert build_mt_cnn(ModelSettings(windows=6)).count_params() == 1_347_076


@pytest.mark.parametrize(("pooling", "units"), [("same", 4 * 5 * 64), ("valid", 4 * 4 * 64)])
def test_valid_pooling_drops_the_right_most_column(pooling, units):
    assert build_mt_cnn(ModelSettings(pooling=pooling)).get_layer("flat").output.shape == (
        None,
        units,
    )


def test_valid_pooling_is_blind_to_nothing_but_what_reaches_the_last_column_alone():
    """After 1x1 pooling 'valid' reads columns 0-7 of the last convolution only."""
    model = build_mt_cnn(replace(SMALL, pooling="valid"))
    last = keras.Model(model.input, model.get_layer("conv_4").output)(maps(1))
    pooled = keras.Model(model.input, model.get_layer("pool").output)(maps(1))
    blocks = np.asarray(last)[:, :, :8].reshape(1, 4, 2, 4, 2, -1).max(axis=(2, 4))
    np.testing.assert_allclose(np.asarray(pooled), blocks, rtol=1e-6)


@pytest.mark.parametrize("windows", [2, 6])
def test_one_window_moves_the_average_by_its_share(windows):
    model = build_mt_cnn(replace(SMALL, windows=windows))
    single = build_mt_cnn(SMALL)
    single.set_weights(model.get_weights())
    before, other = maps(1, windows), maps(1, seed=1)
    after = before.copy()
    after[:, 1] = other
    moved = embedding(model, after) - embedding(model, before)
    share = (embedding(single, other) - embedding(single, before[:, 1])) / windows
    np.testing.assert_allclose(moved, share, atol=1e-6)


def test_the_order_of_windows_means_nothing_to_mt_cnn_and_something_to_crnn():
    settings = replace(SMALL, windows=3, dropout=0.0, batch_norm=False)
    x = maps(2, 3)
    cnn, crnn = build_mt_cnn(settings), build_crnn(settings)
    np.testing.assert_allclose(embedding(cnn, x), embedding(cnn, x[:, ::-1]), atol=1e-6)
    assert np.abs(embedding(crnn, x) - embedding(crnn, x[:, ::-1])).max() > 1e-4


def test_4d_crnn_has_the_published_layers():
    settings = ModelSettings(
        planes=4, windows=6, batch_norm=False, dropout=0.0, tasks={"emotion": 3}
    )
    model = build_crnn(settings)
    assert {name: head.shape for name, head in model.output.items()} == {"emotion": (None, 3)}
    # conv 5x5x4x64, 4x4x64x128, 4x4x128x256, 1x1x256x64, dense 1280x512, LSTM 512+128, head
    convolutions = (100 * 64 + 64) + (1024 * 128 + 128) + (2048 * 256 + 256) + (256 * 64 + 64)
    dense, lstm, head = 1280 * 512 + 512, 4 * 128 * (512 + 128 + 1), 128 * 3 + 3
    assert model.count_params() == convolutions + dense + lstm + head


@pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS)
def test_heads_are_probabilities_by_task(build):
    model = build(replace(SMALL, tasks={"valence": 2, "emotion": 4}))
    given = model(maps(3))
    assert {task: p.shape for task, p in given.items()} == {"valence": (3, 2), "emotion": (3, 4)}
    for probability in given.values():
        np.testing.assert_allclose(np.asarray(probability).sum(axis=1), 1, rtol=1e-5)


def test_normalisation_and_dropout_follow_each_of_the_five_and_can_go():
    names = [layer.name for layer in build_mt_cnn(SMALL).layers]
    assert names.index("conv_4") < names.index("pool") < names.index("norm_4")
    assert [name for name in names if name.startswith(("norm", "dropout"))] == [
        f"{kind}_{block}" for block in range(1, 6) for kind in ("norm", "dropout")
    ]
    bare = build_mt_cnn(replace(SMALL, batch_norm=False, dropout=0.0))
    assert not [layer for layer in bare.layers if layer.name.startswith(("norm", "dropout"))]


def test_initial_weights_depend_on_the_seed_alone():
    one, same, other = (build_mt_cnn(SMALL, seed=seed).get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not np.array_equal(one[0], other[0])


@pytest.mark.parametrize("build", [build_mt_cnn, build_crnn])
def test_without_a_seed_weights_are_0_and_wait_to_be_loaded(build):
    drawn, blank = build(SMALL, seed=1), build(SMALL, seed=None)
    kernels = [v for v in blank.trainable_variables if v.path.endswith("kernel")]
    assert not any(np.asarray(kernel).any() for kernel in kernels)
    blank.set_weights(drawn.get_weights())
    given, expected = blank(maps(2)), drawn(maps(2))
    np.testing.assert_array_equal(given["valence"], expected["valence"])


def test_settings_survive_json_and_can_be_a_key():
    settings = ModelSettings(tasks={"valence": 2})
    assert ModelSettings(**json.loads(json.dumps(asdict(settings)))) == settings
    assert {settings: 1}[ModelSettings(tasks={"valence": 2})] == 1


def test_weights_come_back_and_repeat_byte_for_byte(tmp_path):
    model = build_mt_cnn(SMALL, seed=3)
    for name in ("one", "two"):
        save_weights(tmp_path / name / "w.weights.h5", model)
    files = [tmp_path / name / "w.weights.h5" for name in ("one", "two")]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert [path.name for path in files[0].parent.iterdir()] == ["w.weights.h5"]
    loaded = load_weights(files[0], build_mt_cnn(SMALL)).get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(loaded, model.get_weights(), strict=True))


@pytest.mark.parametrize("keep", [0, 100, 5000])
def test_damaged_weights(tmp_path, keep):
    path = tmp_path / "w.weights.h5"
    save_weights(path, build_mt_cnn(SMALL))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match="does not hold this model's weights"):
        load_weights(path, build_mt_cnn(SMALL))


def test_weights_of_another_model(tmp_path):
    path = tmp_path / "w.weights.h5"
    save_weights(path, build_mt_cnn(SMALL))
    with pytest.raises(DataError, match="build the model with the settings"):
        load_weights(path, build_mt_cnn(replace(SMALL, width=1 / 16)))


def test_no_weights(tmp_path):
    with pytest.raises(DataError, match="there is no such file"):
        load_weights(tmp_path / "w.weights.h5", build_mt_cnn(SMALL))


def test_a_name_that_keras_refuses(tmp_path):
    with pytest.raises(SettingsError, match=r"End it in '\.weights\.h5'"):
        save_weights(tmp_path / "w.h5", build_mt_cnn(SMALL))


@pytest.mark.parametrize(
    ("setting", "match"),
    [
        ({"pooling": "max"}, "Allowed: 'same', 'valid'"),
        ({"width": 0}, "width: got 0"),
        ({"dropout": 1.0}, "dropout: got 1"),
        ({"tasks": {}}, "Name at least one"),
        ({"tasks": {"valence": 1}}, "2 or more classes"),
    ],
)
def test_settings_that_cannot_be(setting, match):
    with pytest.raises(SettingsError, match=match):
        ModelSettings(**setting)
