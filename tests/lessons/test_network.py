"""Shapes, counts and receptive fields are what the layers' definitions say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import correlate

from emolib import grid
from emolib.errors import SettingsError
from emolib.lessons import network
from emolib.model.networks import build_crnn, build_mt_cnn
from emolib.model.settings import ModelSettings

pytestmark = pytest.mark.network

SMALL = ModelSettings(width=1 / 8, planes=2)
# By kernel sizes 5, 4, 4: how far up or left, and how far down or right, units of each layer see.
REACH = {"conv_1": (2, 2), "conv_2": (3, 4), "conv_3": (4, 6), "conv_4": (4, 6)}


@pytest.fixture(scope="module")
def model():
    return build_mt_cnn(SMALL)


@pytest.fixture(scope="module")
def seen(model):
    return network.receptive_fields(model, [*REACH, "pool"])


def maps(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, *grid.SHAPE, 2)).astype("float32")


@pytest.mark.parametrize("size", range(1, 8))
def test_same_padding_keeps_the_size(size):
    before, after = network.same_padding(size)
    assert before + after == size - 1
    assert after - before == (size + 1) % 2


def test_a_kernel_needs_a_cell():
    with pytest.raises(SettingsError, match="at least one cell"):
        network.same_padding(0)


def test_a_kernel_of_a_single_one_moves_the_map():
    """A 4 x 4 kernel's second cell lies on the unit: it has one cell before and two behind."""
    x = np.arange(72.0).reshape(8, 9, 1)
    kernel = np.zeros((4, 4, 1, 2))
    kernel[1, 1, 0, 0] = kernel[3, 1, 0, 1] = 1
    y = network.convolve(x, kernel)
    np.testing.assert_array_equal(y[..., 0], x[..., 0])
    np.testing.assert_array_equal(y[:6, :, 1], x[2:, :, 0])
    assert not y[6:, :, 1].any()


def test_odd_kernels_are_scipys_correlation():
    rng = np.random.default_rng(0)
    x, kernel = rng.normal(size=(8, 9)), rng.normal(size=(5, 5))
    y = network.convolve(x[..., None], kernel[..., None, None])[..., 0]
    np.testing.assert_allclose(y, correlate(x, kernel, mode="same"))


@pytest.mark.parametrize("layer", ["conv_1", "conv_2", "conv_3", "conv_4"])
def test_convolution_is_kerass(model, layer):
    i = [one.name for one in model.layers].index(layer)
    below = next(one.name for one in model.layers[i - 1 :: -1] if "dropout" not in one.name)
    given = network.outputs(model, [below, layer] if i > 1 else [layer], maps(3))
    kernel, bias = model.get_layer(layer).get_weights()
    y = network.convolve(given.get(below, maps(3)), kernel) + bias
    np.testing.assert_allclose(np.maximum(y, 0), given[layer], atol=2e-5)


@pytest.mark.parametrize(
    "settings",
    [ModelSettings(), ModelSettings(pooling="valid", planes=4), replace(SMALL, batch_norm=False)],
)
def test_parameters_by_hand_are_kerass(settings):
    model = build_mt_cnn(settings)
    table = network.layer_table(model)
    assert (table["counted"] == table["parameters"]).all()
    assert table["counted"].sum() == model.count_params()
    assert table["trained"].sum() == sum(np.prod(w.shape) for w in model.trainable_weights)


def test_layers_that_are_not_counted_are_named():
    with pytest.raises(SettingsError, match="LSTM"):
        network.layer_table(build_crnn(replace(SMALL, windows=2)))


@pytest.mark.parametrize("layer", REACH)
def test_units_see_what_the_kernels_reach(seen, layer):
    before, after = REACH[layer]
    for (r, c), of in zip(np.ndindex(8, 9), seen[layer].reshape(72, 8, 9), strict=True):
        rows = (np.arange(8) >= r - before) & (np.arange(8) <= r + after)
        columns = (np.arange(9) >= c - before) & (np.arange(9) <= c + after)
        np.testing.assert_array_equal(of, np.outer(rows, columns))


def test_a_pooled_unit_sees_what_its_cells_see(seen):
    whole = np.zeros((10, 10, 8, 9), bool)
    whole[:8, :9] = seen["conv_4"]
    blocks = whole[:8].reshape(4, 2, 5, 2, 8, 9).any(axis=(1, 3))
    np.testing.assert_array_equal(seen["pool"], blocks)


def test_twelve_units_see_all_of_the_grid(seen):
    assert seen["conv_3"].all(axis=(2, 3)).sum() == 12
    assert seen["pool"].all(axis=(2, 3)).sum() == 6


@pytest.mark.parametrize("pooling", ["same", "valid"])
def test_every_electrode_moves_the_answer_with_either_pooling(pooling):
    model = build_mt_cnn(replace(SMALL, pooling=pooling))
    moved = network.perturbation_response(model, ["valence"], maps(4))["valence"]
    rows, columns = grid.cells(grid.DEAP_CHANNELS)
    assert np.abs(moved[:, rows, columns]).max(axis=(0, 2)).all()


def test_responses_leave_the_weights_alone_and_are_differences(model):
    x, before = maps(2), model.get_weights()
    moved = network.perturbation_response(model, ["arousal"], x, step=0.5)["arousal"]
    raised = x.copy()
    raised[:, 3, 4] += 0.5
    given = network.outputs(model, ["arousal"], np.concatenate([x, raised]))["arousal"]
    np.testing.assert_allclose(moved[:, 3, 4], given[2:] - given[:2], atol=1e-6)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_training_mode_changes_no_weight_and_follows_its_seed(model):
    x, before = maps(16), model.get_weights()
    one, again, other = network.training_mode_outputs(model, [x, x, x], seeds=[1, 1, 2])["valence"]
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 1e-3
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_in_training_an_answer_depends_on_the_batch_and_afterwards_not():
    model, x = build_mt_cnn(replace(SMALL, dropout=0.0)), maps(32)
    two = x[:16], np.concatenate([x[:1], x[17:]])
    training = network.training_mode_outputs(model, two, seeds=[0, 0])["valence"][:, 0]
    answers = [network.outputs(model, ["valence"], batch)["valence"][0] for batch in two]
    assert np.abs(training[0] - training[1]).max() > 1e-3
    np.testing.assert_allclose(*answers, atol=1e-6)


def test_batch_normalisation_in_training_uses_the_batch_s_own_mean():
    """Where all maps of a batch are alike there is no spread, and all that is left is the shift."""
    model = build_mt_cnn(replace(SMALL, dropout=0.0))
    same, other = np.repeat(maps(1), 8, axis=0), np.repeat(maps(1, seed=1), 8, axis=0)
    head = model.get_layer("valence").get_weights()[1]
    for p in network.training_mode_outputs(model, [same, other], seeds=[0, 0])["valence"]:
        np.testing.assert_allclose(p, np.exp(head) / np.exp(head).sum() + 0 * p, atol=1e-3)
