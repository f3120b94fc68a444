"""A network as functions of maps: probabilities and gradients."""

from __future__ import annotations

import numpy as np
import pytest

from emolib.explain.fold import GradientModel
from emolib.model.networks import build
from emolib.model.settings import ModelSettings

pytestmark = pytest.mark.network

SMALL = ModelSettings(width=1 / 32, planes=2, tasks={"valence": 2, "arousal": 3})


@pytest.fixture(scope="module")
def network():
    return GradientModel(build(SMALL, seed=3))


@pytest.fixture(scope="module")
def maps():
    return np.random.default_rng(0).normal(size=(6, 8, 9, 2)).astype(np.float32)


def test_probabilities_are_the_models(network, maps):
    weights = network.model.get_weights()
    given = network.probabilities(weights, maps)
    for task, own in network.model.predict(maps, verbose=0).items():
        np.testing.assert_allclose(given[task], own, rtol=1e-4)


def test_gradients_are_those_of_small_steps(network, maps):
    """The slope of log p(label) along a random direction, by central differences."""
    weights = network.model.get_weights()
    labels = {"valence": np.array([0, 1, 0, 1, 1, 0]), "arousal": np.array([0, 1, 2, 2, 1, 0])}
    gradients = network.gradients(weights, maps, labels)
    way = np.random.default_rng(1).normal(size=maps.shape).astype(np.float32)
    step = 3e-3
    ahead, behind = (network.probabilities(weights, maps + sign * step * way) for sign in (1, -1))
    rows = np.arange(6)
    for task, own in labels.items():
        slope = np.log(ahead[task][rows, own] / behind[task][rows, own]) / (2 * step)
        expected = (gradients[task] * way).sum(axis=(1, 2, 3))
        np.testing.assert_allclose(expected, slope, rtol=0.05, atol=5e-3)


def test_a_missing_label_has_no_gradient(network, maps):
    labels = {"valence": np.array([0, -1, 1, -1, 0, 1])}
    given = network.gradients(network.model.get_weights(), maps, labels)["valence"]
    assert [bool(row.any()) for row in given] == [True, False, True, False, True, True]


def test_rows_do_not_depend_on_how_many_come_together(network):
    many = np.random.default_rng(2).normal(size=(300, 8, 9, 2)).astype(np.float32)
    weights = network.model.get_weights()
    given = network.probabilities(weights, many)["valence"]
    few = network.probabilities(weights, many[290:])["valence"]
    assert given.shape == (300, 2)
    np.testing.assert_allclose(given[290:], few, rtol=1e-5)


def test_weights_are_those_that_are_given(network, maps):
    other = build(SMALL, seed=99).get_weights()
    first = network.probabilities(network.model.get_weights(), maps)["valence"]
    second = network.probabilities(other, maps)["valence"]
    assert np.abs(first - second).max() > 1e-4
