"""The network in the page, held against Keras with the same weights of half precision."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from emolib.errors import DataError
from emolib.explain.attribution import mask
from emolib.explain.fold import FoldNetwork, GradientModel
from emolib.figures.benches import NetworkBench
from emolib.grid import DEAP_CHANNELS, cells
from emolib.model.networks import build
from emolib.model.settings import ModelSettings

import keras  # isort: skip

CHANNELS = DEAP_CHANNELS[::2]
PLANES = ("de theta", "de alpha", "psd theta", "psd alpha")
CLASSES = {"valence": ("low", "high"), "arousal": ("low", "high")}
SHOWN = """async (choices) => {
    const { bench } = document.querySelector(".b-root");
    bench.choose(choices);
    while (!bench.values().explained) await new Promise((go) => setTimeout(go, 5));
    return bench.values();
}"""
settings = pytest.mark.parametrize("n", [5, pytest.param(20, marks=pytest.mark.benches)])


def small_network(**changes: object) -> FoldNetwork:
    """Make a network whose weights and moments are drawn at random, and 12 maps."""
    asked = ModelSettings(**{"width": 1 / 16, "planes": len(PLANES), "batch_norm": True} | changes)
    model = build(asked, seed=1)
    rng = np.random.default_rng(2)
    weights = [
        each if each.ndim > 1 else np.abs(each + rng.normal(0, 0.3, each.shape)).astype("float32")
        for each in model.get_weights()
    ]
    maps = np.zeros((12, 8, 9, len(PLANES)), np.float32)
    rows, columns = cells(CHANNELS)
    maps[:, rows, columns] = rng.normal(size=(12, len(CHANNELS), len(PLANES)))
    table = pd.DataFrame({"subject": "sub-01", "trial": np.arange(12), "valence": 1, "arousal": -1})
    return FoldNetwork(
        GradientModel(model), asked, weights, maps, np.arange(12), table, CHANNELS, PLANES,
        protocol="trial_grouped", fold=0, kind="trained",
    )  # fmt: skip


@pytest.fixture(scope="module")
def bench() -> NetworkBench:
    return NetworkBench(small_network(), CLASSES)


def silenced(view: dict[str, object]) -> np.ndarray:
    """Which cells of a map the choices set to 0."""
    rows, columns = cells(CHANNELS)
    of_region = {"front": rows < 3, "back": rows > 4, "left": columns < 4, "right": columns > 4}
    hidden = np.zeros((8, 9, len(PLANES)), bool)
    for region, here in of_region.items():
        hidden[rows[here], columns[here]] |= view["silent_region"] == region
    if view["silent_electrode"] != "none":
        hidden |= mask(CHANNELS, PLANES, electrodes=[view["silent_electrode"]])
    if view["silent_band"] != "none":
        hidden |= mask(CHANNELS, PLANES, bands=[view["silent_band"]])
    return hidden


@pytest.mark.browser
@settings
def test_layers_answers_and_explanations_are_those_of_keras(n, touch, bench):
    rng = np.random.default_rng(n)
    page = touch(bench)
    network, model = bench.network, bench.network.network.model
    names = ["silent_electrode", "silent_region", "silent_band", "layer", "head"]
    views, shown = [], []
    for i in range(n):
        view = {name: str(rng.choice(list(bench.rules[name]["options"]))) for name in names}
        view |= {"window": int(rng.integers(1, 13)), "explain": ["occlusion", "gradient"][i % 2]}
        view |= {"row": int(rng.integers(1, 9)), "column": int(rng.integers(1, 10)), "unit": 1}
        views.append(view)
        shown.append(page.evaluate(SHOWN, view))
    hidden = [silenced(view) for view in views]
    maps = np.stack([bench.maps[v["window"] - 1] * ~h for v, h in zip(views, hidden, strict=True)])
    np.testing.assert_array_equal([each["map"] for each in shown], maps.reshape(n, -1))

    whole = bench.probabilities(maps)
    labels = {task: np.argmax(each, axis=1) for task, each in whole.items()}
    slopes = network.network.gradients(bench.weights, maps, labels)
    each_hidden = np.stack([mask(CHANNELS, PLANES, electrodes=[name]) for name in CHANNELS])
    without = bench.probabilities((maps[:, None] * ~each_hidden).reshape(-1, *maps.shape[1:]))
    rows, columns = cells(CHANNELS)
    inner = keras.Model(model.input, [layer.output for layer in model.layers])
    given = dict(zip([each.name for each in model.layers], inner(maps), strict=True))
    for i, (view, found) in enumerate(zip(views, shown, strict=True)):
        for task, p in whole.items():
            assert np.abs(np.array(found["probabilities"][task]) - p[i]).max() < 1e-4
        task = view["head"]
        k = labels[task][i]
        assert found["one"] == k
        wanted = slopes[task][i, rows, columns].sum(axis=-1)
        if view["explain"] == "occlusion":
            p = without[task].reshape(n, len(CHANNELS), -1)
            wanted = 100 * (whole[task][i, k] - p[i, :, k])
        assert np.abs(np.array(found["explained"]) - wanted).max() < 1e-3
        if view["layer"] not in CLASSES:  # Keras gives no logits
            exact = np.asarray(given[view["layer"]][i])
            assert np.abs(np.array(found["activations"]) - exact.ravel()).max() < 1e-4
        if view["layer"].startswith("conv"):
            at = exact[view["row"] - 1, view["column"] - 1, 0]
            assert max(0, found["sum"]) == pytest.approx(at, abs=1e-4)


@pytest.mark.browser
def test_a_readers_own_window_is_read(touch, bench, tmp_path):
    page = touch(bench)
    own, drop = tmp_path / "own.csv", page.locator("input[type=file]")
    values = np.random.default_rng(5).normal(size=(len(CHANNELS), len(PLANES)))
    pd.DataFrame(values, columns=list(PLANES)).to_csv(own, index=False)
    drop.set_input_files(own)
    page.get_by_text("own.csv is painted on the map").wait_for()
    shown = page.evaluate("() => document.querySelector('.b-root').bench.values()")
    maps = np.zeros((1, 8, 9, len(PLANES)))
    rows, columns = cells(CHANNELS)
    maps[0, rows, columns] = values
    for task, p in bench.probabilities(maps).items():
        np.testing.assert_allclose(shown["probabilities"][task], p[0], atol=1e-4)
    pd.DataFrame(values[1:], columns=list(PLANES)).to_csv(own, index=False)
    drop.set_input_files(own)
    page.get_by_text(f"own.csv cannot be used. It has {len(CHANNELS) - 1} rows").wait_for()


@pytest.mark.browser
def test_a_pointer_paints_the_map_and_keys_do_too(touch, bench):
    page = touch(bench)
    value = "() => document.querySelector('.b-root').bench.values()"
    name = page.locator(".b-press text", has_text="Oz")
    name.scroll_into_view_if_needed()
    box = name.bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    painted = np.reshape(page.evaluate(value)["map"], (8, 9, -1))
    assert (painted[7, 4] == 2).all()  # the brush, in all planes
    assert page.get_by_role("slider", name="Row").input_value() == "8"
    answered = page.evaluate(value)["probabilities"]["valence"]
    assert np.abs(answered - bench.probabilities(painted[None])["valence"][0]).max() < 1e-4
    page.get_by_role("button", name="Empty the map").press("Enter")
    assert not np.any(page.evaluate(value)["map"])
    page.get_by_role("button", name="Paint this electrode").press("Enter")
    assert np.sum(page.evaluate(value)["map"]) == 2 * len(PLANES)
    page.get_by_role("button", name="Undo painting").press("Enter")
    assert page.evaluate(value)["map"] == bench.maps[0].astype(float).ravel().tolist()


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"windows": 2}, "2 windows at once"), ({"width": 1.0}, "model: {width: 0.5}")],
)
def test_what_a_page_cannot_hold_is_told(changes, words):
    network = small_network()
    asked = replace(network.settings, **changes)
    weights = [np.zeros((700, 1000), np.float32)] if "width" in changes else network.weights
    with pytest.raises(DataError, match=words):
        NetworkBench(replace(network, settings=asked, weights=weights))
