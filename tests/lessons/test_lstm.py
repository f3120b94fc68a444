"""The LSTM by hand is Keras' own, and does what its gates say."""

from __future__ import annotations

import numpy as np
import pytest

from emolib.errors import DataError
from emolib.lessons.lstm import LstmWeights, lstm_step, lstm_steps
from emolib.model.networks import build_crnn
from emolib.model.settings import ModelSettings

pytestmark = pytest.mark.network


def weights(units: int, inputs: int, **bias: float) -> LstmWeights:
    """No weights, and biases of gates: i, f, g, o."""
    each = [np.full(units, bias.get(name, 0.0)) for name in "ifgo"]
    return LstmWeights(
        np.zeros((inputs, 4 * units)), np.zeros((units, 4 * units)), np.concatenate(each)
    )


def test_the_layer_of_4d_crnn_gives_the_last_state():
    layer = build_crnn(ModelSettings(width=1 / 16, windows=6), seed=3).get_layer("embedding")
    own = LstmWeights(*(np.asarray(w) for w in layer.get_weights()))
    inputs = np.random.default_rng(0).normal(size=(6, len(own.kernel))).astype("float32")
    by_hand = lstm_steps(inputs, own)[-1].state
    np.testing.assert_allclose(np.asarray(layer(inputs[None]))[0], by_hand, atol=1e-5)


def test_closed_gates_keep_or_forget():
    cell = np.array([0.7, -0.2])
    kept = lstm_step(np.ones(3), np.zeros(2), cell, weights(2, 3, i=-50, f=50))
    np.testing.assert_allclose(kept.cell, cell)
    forgotten = lstm_step(np.ones(3), np.zeros(2), cell, weights(2, 3, i=-50, f=-50))
    np.testing.assert_allclose(forgotten.cell, 0, atol=1e-12)


def test_the_output_gate_hides_the_memory_and_does_not_touch_it():
    step = lstm_step(np.ones(1), np.zeros(1), np.array([2.0]), weights(1, 1, f=50, i=-50, o=-50))
    assert step.cell == pytest.approx(2.0)
    assert step.state == pytest.approx(0.0, abs=1e-12)


def test_what_is_written_decays_with_the_forget_gate():
    """A proposal of 1 at each step, f = 3/4, i = 1: c_n = 4 (1 - (3/4)**n)."""
    steps = lstm_steps(np.zeros((5, 1)), weights(1, 1, i=50, f=np.log(3), g=50))
    expected = 4 * (1 - 0.75 ** np.arange(1, 6))
    np.testing.assert_allclose([step.cell[0] for step in steps], expected)


def test_inputs_of_another_size_are_refused():
    with pytest.raises(DataError, match="have 2 numbers, the weights are for 3"):
        lstm_steps(np.zeros((4, 2)), weights(1, 3))
