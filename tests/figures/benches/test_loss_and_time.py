"""An LSTM and the loss of two heads in the page, held against the package and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import log_loss
from sklearn.utils.class_weight import compute_class_weight

from emolib.errors import DataError
from emolib.figures.benches import LossBench, TimeBench
from emolib.figures.benches.loss_and_time import lstm_course
from emolib.model.networks import build_crnn
from emolib.model.settings import ModelSettings

SHOWN = """(choices) => {
    const { bench } = document.querySelector(".b-root");
    bench.choose(choices);
    return bench.values();
}"""
INPUTS = np.random.default_rng(0).normal(size=(5, 2))
settings = pytest.mark.parametrize("n", [5, pytest.param(20, marks=pytest.mark.benches)])


@pytest.mark.browser
@settings
def test_each_step_of_the_lstm_is_the_packages(n, touch):
    rng = np.random.default_rng(n)
    bench = TimeBench(INPUTS)
    page = touch(bench)
    for i in range(n):
        forget = 0.5 * int(rng.integers(-12, 13))
        order = ["shuffled", "reversed", "recorded"][i % 3]
        unit = int(rng.integers(1, 4))
        shown = page.evaluate(SHOWN, {"forget": forget, "order": order, "unit": unit})
        weights = {name: np.array(part) for name, part in bench.spec["weights"].items()}
        units = len(weights["recurrent"])
        weights["bias"][units : 2 * units] += forget
        read = np.array(bench.spec["inputs"])[shown["order"]]
        course = lstm_course(read, **weights)
        for i_name, name in enumerate(("input", "forget", "proposal", "output", "cell", "state")):
            found, exact = np.array([step[name] for step in shown["steps"]]), course[:, i_name]
            assert np.abs(found - exact).max() < 1e-9
        assert len(shown["last"]) == 120  # all orders of five windows
        assert min(np.abs(np.array(shown["last"]) - exact[-1, unit - 1])) < 1e-9


@pytest.mark.network
def test_the_course_ends_where_the_layer_of_keras_does():
    layer = build_crnn(ModelSettings(width=1 / 16, windows=6), seed=3).get_layer("embedding")
    names = ("kernel", "recurrent", "bias")
    own = dict(zip(names, map(np.asarray, layer.get_weights()), strict=True))
    inputs = np.random.default_rng(0).normal(size=(6, len(own["kernel"]))).astype("float32")
    by_hand = lstm_course(inputs, **own)[-1, -1]
    np.testing.assert_allclose(np.asarray(layer(inputs[None]))[0], by_hand, atol=1e-5)


def test_the_cell_decays_with_the_forget_gate():
    """A proposal of 1 at each step, f = 3/4, i = 1: c_n = 4 (1 - (3/4)**n)."""
    gates = {"kernel": np.zeros((1, 4)), "recurrent": np.zeros((1, 4))}
    course = lstm_course(np.zeros((5, 1)), **gates, bias=np.array([50, np.log(3), 50, 0]))
    np.testing.assert_allclose(course[:, 4, 0], 4 * (1 - 0.75 ** np.arange(1, 6)))


@pytest.mark.parametrize(
    ("inputs", "weights", "words"),
    [
        (INPUTS[:1], None, "2 to 6 windows"),
        (np.ones((7, 2)), None, "2 to 6 windows"),
        (INPUTS * np.nan, None, "without gaps"),
        (INPUTS, (np.ones((3, 4)), np.ones((1, 4)), np.ones(4)), "Keras LSTM"),
    ],
)
def test_what_an_lstm_cannot_read_is_told(inputs, weights, words):
    with pytest.raises(DataError, match=words):
        TimeBench(inputs, weights=weights)


def weighted_losses(shared: np.ndarray, view: dict, weights: np.ndarray) -> dict[str, float]:
    """The loss of each head, by scikit-learn, where what the heads share has moved so far."""
    angle = np.radians(view["angle"])
    found = {}
    for name, head in (("valence", (1, 0)), ("arousal", (np.cos(angle), np.sin(angle)))):
        truth = int(view[f"{name}_class"] == "high")
        p = expit(view[f"{name}_margin"] + np.dot(head, shared))
        found[name] = weights[truth] * log_loss([truth], [[1 - p, p]], labels=[0, 1])
    return found


def summed(shared: np.ndarray, view: dict, weights: np.ndarray) -> float:
    """The sum that is learnt from."""
    losses = weighted_losses(shared, view, weights)
    return view["task"] * losses["valence"] + (1 - view["task"]) * losses["arousal"]


@pytest.mark.browser
@settings
def test_losses_and_steps_are_scikit_learns_and_the_gradients(n, touch):
    rng = np.random.default_rng(n)
    page = touch(LossBench())
    for i in range(n):
        view = {
            f"{name}_margin": 0.1 * int(rng.integers(-40, 41)) for name in ("valence", "arousal")
        }
        view |= {
            f"{name}_class": str(rng.choice(["low", "high"])) for name in ("valence", "arousal")
        }
        view |= {"share": 5 * int(rng.integers(1, 20)), "task": 0.05 * int(rng.integers(0, 21))}
        view |= {"angle": 5 * int(rng.integers(0, 37)), "classes": ["none", "balanced"][i % 2]}
        shown = page.evaluate(SHOWN, view)
        labels = np.repeat([0, 1], [100 - view["share"], view["share"]])
        weights = np.ones(2)
        if view["classes"] == "balanced":
            weights = compute_class_weight("balanced", classes=np.array([0, 1]), y=labels)
        nothing = np.zeros(2)
        for name, loss in weighted_losses(nothing, view, weights).items():
            assert shown["each"][name]["loss"] == pytest.approx(loss, rel=1e-9, abs=1e-12)
        assert shown["total"] == pytest.approx(summed(nothing, view, weights), rel=1e-9)
        ends = [[summed(s * d, view, weights) for s in (1, -1)] for d in 1e-5 * np.eye(2)]
        assert -np.array(shown["step"]) == pytest.approx(-np.diff(ends)[:, 0] / 2e-5, abs=1e-8)
        expected = [
            log_loss(labels, np.full(100, p), sample_weight=weights[labels])
            for p in shown["best"] + np.array([0, -0.01, 0.01])
        ]
        assert np.argmin(expected) == 0


@pytest.mark.browser
def test_steps_that_cancel_are_told_as_zero(touch):
    page = touch(LossBench(valence_margin=0.0, arousal_margin=0.0))
    page.evaluate(SHOWN, {"angle": 180, "task": 0.5})
    assert page.locator(".b-reading").inner_text().endswith("The shared step is 0 long.")
