"""Attribution: linear models whose answer is known, completeness, maps against maps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from emolib.errors import DataError
from emolib.explain import attribution
from emolib.grid import DEAP_CHANNELS, cells

CHANNELS = list(DEAP_CHANNELS)
BANDS = ["theta", "alpha", "beta", "gamma"]
PLANES = [f"{kind} {band}" for kind in ("de", "psd") for band in BANDS]
ROWS, COLUMNS = cells(CHANNELS)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def linear(weights):
    """A model whose log odds are a weighted sum of the map, and the gradient of log p(label)."""

    def predict(maps):
        p = sigmoid(np.einsum("nrcp,rcp->n", maps, weights))
        return {"valence": np.stack([1 - p, p], axis=1)}

    return predict


@pytest.fixture
def maps():
    rng = np.random.default_rng(0)
    whole = np.zeros((40, 8, 9, 8))
    whole[:, ROWS, COLUMNS] = rng.normal(size=(40, 32, 8))
    return whole


@pytest.fixture
def weights():
    rng = np.random.default_rng(1)
    whole = np.zeros((8, 9, 8))
    whole[ROWS, COLUMNS] = 0.2 * rng.normal(size=(32, 8))
    return whole


class TestMask:
    def test_all_is_every_cell_with_an_electrode(self):
        assert attribution.mask(CHANNELS, PLANES).sum() == 32 * 8

    def test_electrodes_and_bands_meet(self):
        marked = attribution.mask(CHANNELS, PLANES, electrodes=["Oz", "Fz"], bands=["alpha"])
        assert sorted(map(tuple, np.argwhere(marked))) == [
            (1, 4, 1), (1, 4, 5), (7, 4, 1), (7, 4, 5),
        ]  # fmt: skip

    def test_masks_of_all_electrodes_are_a_partition(self):
        parts = [attribution.mask(CHANNELS, PLANES, electrodes=[name]) for name in CHANNELS]
        assert np.array_equal(np.sum(parts, axis=0), attribution.mask(CHANNELS, PLANES))

    def test_a_name_that_is_not_there_is_an_error(self):
        with pytest.raises(DataError, match=r"electrodes: 'POz' is not in the map. Did you mean"):
            attribution.mask(CHANNELS, PLANES, electrodes=["POz"])
        with pytest.raises(DataError, match="bands: 'delta' is not in the map"):
            attribution.mask(CHANNELS, PLANES, bands=["delta"])


class TestOcclusion:
    def test_of_a_linear_model(self, maps, weights):
        """The log odds lose the occluded part of the sum: the closed form, row by row."""
        labels = np.tile([0, 1], 20)
        hidden = attribution.mask(CHANNELS, PLANES, electrodes=["Pz"], bands=["beta"])
        sums = np.einsum("nrcp,rcp->n", maps, weights)
        left = sums - np.einsum("nrcp,rcp->n", maps, weights * hidden)
        sign = 2 * labels - 1
        expected = np.mean(np.log(sigmoid(sign * sums)) - np.log(sigmoid(sign * left)))
        got = attribution.occlusion(linear(weights), maps, {"valence": labels}, {"Pz": hidden})
        assert got.loc["Pz", "valence"] == pytest.approx(expected)

    def test_channels_without_weight_have_no_effect(self, maps, weights):
        weights[ROWS[CHANNELS.index("T7")], COLUMNS[CHANNELS.index("T7")]] = 0
        masks = {n: attribution.mask(CHANNELS, PLANES, electrodes=[n]) for n in ("T7", "T8")}
        labels = {"valence": np.ones(40, int)}
        got = attribution.occlusion(linear(weights), maps, labels, masks)["valence"]
        assert got["T7"] == 0
        assert got["T8"] != 0

    def test_of_two_electrodes_that_say_the_same(self):
        """A model that takes the larger of two loses nothing by one, and all by both."""

        def either(maps):
            p = sigmoid(np.maximum(maps[:, 7, 3, 0], maps[:, 7, 5, 0]))  # O1, O2
            return {"valence": np.stack([1 - p, p], axis=1)}

        maps = np.zeros((3, 8, 9, 1))
        maps[:, 7, [3, 5]] = 2.0
        masks = {
            "+".join(names): attribution.mask(["O1", "O2"], ["de alpha"], electrodes=names)
            for names in (["O1"], ["O2"], ["O1", "O2"])
        }
        got = attribution.occlusion(either, maps, {"valence": np.ones(3, int)}, masks)["valence"]
        assert got["O1"] == got["O2"] == 0
        assert got["O1+O2"] == pytest.approx(np.log(sigmoid(2.0)) - np.log(0.5))

    def test_windows_that_enter_together_are_occluded_together(self):
        seen = []

        def predict(maps):
            seen.append(maps)
            return {"valence": np.full((len(maps), 2), 0.5)}

        grouped = np.ones((4, 3, 8, 9, 8), np.float32)
        hidden = attribution.mask(CHANNELS, PLANES, electrodes=["Cz"])
        attribution.occlusion(predict, grouped, {"valence": np.zeros(4, int)}, {"Cz": hidden})
        assert seen[1].dtype == np.float32
        assert np.array_equal(seen[1] == 0, np.broadcast_to(hidden, grouped.shape))
        assert grouped.all()  # what was given is left alone

    def test_the_whole_is_kept_and_the_measure_can_be_another(self, maps, weights):
        labels = (np.einsum("nrcp,rcp->n", maps, weights) > 0).astype(int)
        got = attribution.occlusion(
            linear(weights),
            maps,
            {"valence": labels},
            {"all": attribution.mask(CHANNELS, PLANES)},
            measure=attribution.balanced_accuracy,
        )
        assert got.attrs["whole"] == {"valence": 1.0}
        assert got.loc["all", "valence"] == 0.5  # empty maps are all given one class


class TestMeasures:
    def test_log_probability_by_hand(self):
        given = np.array([[0.9, 0.1], [0.25, 0.75], [0.5, 0.5]])
        value = attribution.mean_log_probability(given, np.array([0, 1, -1]))
        assert value == pytest.approx((np.log(0.9) + np.log(0.75)) / 2)

    def test_log_of_nothing_is_finite(self):
        given = attribution.mean_log_probability(np.array([[1.0, 0.0]]), np.array([1]))
        assert np.isfinite(given) and given < -80

    def test_balanced_accuracy_weighs_classes_alike(self):
        given = np.eye(2)[[0, 0, 0, 0]]
        assert attribution.balanced_accuracy(given, np.array([0, 0, 0, 1])) == 0.5


class TestIntegratedGradients:
    def test_of_a_linear_output_it_is_weight_times_input(self, maps, weights):
        given = attribution.integrated_gradients(
            lambda x: {"valence": np.broadcast_to(weights, x.shape)}, maps, steps=1
        )
        np.testing.assert_allclose(given["valence"], weights * maps)

    def test_shares_add_up_to_the_output(self, maps, weights):
        """Completeness, for an output that is curved."""

        def gradient(x):
            p = sigmoid(np.einsum("nrcp,rcp->n", x, weights))
            return {"valence": (1 - p)[:, None, None, None] * weights}  # of log p

        shares = attribution.integrated_gradients(gradient, maps, steps=200)["valence"]
        whole = np.log(sigmoid(np.einsum("nrcp,rcp->n", maps, weights)))
        np.testing.assert_allclose(shares.sum(axis=(1, 2, 3)), whole - np.log(0.5), atol=0.01)
        assert attribution.completeness(shares, whole, np.log(0.5)) < 0.001
        coarse = attribution.integrated_gradients(gradient, maps, steps=1)["valence"]
        assert attribution.completeness(coarse, whole, np.log(0.5)) > 0.01

    def test_cells_that_are_0_get_nothing(self, maps):
        given = attribution.integrated_gradients(lambda x: {"f": np.ones_like(x)}, maps)["f"]
        assert not given[maps == 0].any()


def test_on_electrodes_adds_kinds_and_windows(maps):
    together = np.stack([maps, 2 * maps], axis=1)  # two windows
    given = attribution.on_electrodes(together, CHANNELS, PLANES)
    assert given.dims == ("row", "band", "channel")
    own = maps[:, ROWS[5], COLUMNS[5]]
    np.testing.assert_allclose(
        given.sel(channel=CHANNELS[5], band="beta"), 3 * (own[:, 2] + own[:, 6])
    )


def a_truth():
    """One alpha source below O1 that O2 sees at half its strength; effect 2."""
    return xr.Dataset(
        {
            "pattern": (("source", "channel"), [[4.0, 2.0], [1.0, 1.0]]),
            "kV": ("source", [0.0, 0.5]),
            "kA": ("source", [-0.3, 0.0]),
            "wV": ("source", [1.0, 2.0]),
            "wA": ("source", [1.5, 1.0]),
        },
        {
            "source": ["a", "b"],
            "channel": ["O1", "O2"],
            "band": ["theta", "alpha", "beta"],
            "band_of_source": ("source", ["alpha", "beta"]),
        },
        {"settings": '{"effect": {"valence": 2.0, "arousal": 2.0}}'},
    )


class TestExpectedChange:
    POWER = xr.DataArray(
        [[10.0, 10.0], [20.0, 40.0], [2.0, 4.0]],
        {"band": ["theta", "alpha", "beta"], "channel": ["O2", "O1"]},
        ("band", "channel"),
    )

    def test_by_hand(self):
        given = attribution.expected_change(a_truth(), self.POWER)
        assert given.dims == ("scale", "band", "channel")
        assert given.sel(scale="arousal", band="alpha", channel="O1") == pytest.approx(
            2 * -0.3 * 1.5 * 16 / 40
        )
        assert given.sel(scale="valence", band="beta", channel="O2") == pytest.approx(
            2 * 0.5 * 2 * 1 / 2
        )
        assert not given.sel(band="theta").any()

    def test_an_electrode_that_the_truth_lacks(self):
        power = self.POWER.assign_coords(channel=["O2", "Cz"])
        with pytest.raises(DataError, match="has no electrode Cz"):
            attribution.expected_change(a_truth(), power)


class TestAgreement:
    def test_level_and_scale_do_not_matter(self):
        one = np.random.default_rng(0).normal(size=(4, 32))
        assert attribution.spatial_correlation(one, 3 * one - 7) == pytest.approx(1)
        assert attribution.spatial_correlation(one, -one) == pytest.approx(-1)

    def test_of_unrelated_maps_lies_within_chance(self):
        rng = np.random.default_rng(0)
        values = []
        for seed in range(100):
            one, other = rng.normal(size=(2, 4, 32))
            null = attribution.null_correlations(one, other, draws=99, seed=seed)
            values.append(np.mean(null >= attribution.spatial_correlation(one, other)) < 0.05)
        assert np.mean(values) < 0.12

    def test_chance_keeps_the_bands(self):
        """If only the band matters, shuffling electrodes changes nothing."""
        by_band = np.repeat(np.arange(4.0)[:, None], 32, axis=1)
        null = attribution.null_correlations(by_band, by_band, draws=20)
        np.testing.assert_allclose(null, 1.0)

    def test_chance_is_repeatable(self):
        one, other = np.random.default_rng(0).normal(size=(2, 4, 32))
        draw = [attribution.null_correlations(one, other, draws=5, seed=3) for _ in range(2)]
        assert np.array_equal(*draw)


def test_a_frame_of_losses_has_a_row_a_mask_and_a_column_a_task(maps, weights):
    labels = {"valence": np.ones(40, int)}
    masks = {band: attribution.mask(CHANNELS, PLANES, bands=[band]) for band in BANDS}
    given = attribution.occlusion(linear(weights), maps, labels, masks)
    assert isinstance(given, pd.DataFrame)
    assert (list(given.index), list(given.columns)) == (BANDS, ["valence"])
