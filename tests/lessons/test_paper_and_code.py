"""Paper against code: cases solved by hand, the network's own arithmetic, laws that must hold."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.class_weight import compute_class_weight

from emolib.errors import SettingsError
from emolib.features.baseline import BASELINES
from emolib.features.extraction import PSDS, FeatureSettings
from emolib.lessons.paper_and_code import (
    KERNELS,
    column_paths,
    constant_answer,
    points,
    repeated_scores,
    weighted_share,
)
from emolib.model.networks import ModelSettings, build_mt_cnn
from emolib.model.settings import TrainingSettings


def trials_table(labels: dict[str, np.ndarray], n_windows: int = 1) -> pd.DataFrame:
    """One subject's windows, with a class a trial."""
    n = len(next(iter(labels.values())))
    trial = np.repeat(np.arange(n), n_windows)
    columns = {name: np.repeat(values, n_windows) for name, values in labels.items()}
    keys = {"subject": "sub-01", "trial": trial, "stimulus": trial}
    return pd.DataFrame(keys | {"window": np.tile(np.arange(n_windows), n)} | columns)


# -- the points ------------------------------------------------------------------------------------


def test_points_are_whole():
    table = points()
    assert table.index.is_unique
    assert (table != "").all(axis=None)
    for known in ("bands", "psd", "baseline", "planes", "pooling", "class_weights"):
        assert known in table.index
    assert {"stratification", "validation"} <= set(table.index)


def test_every_setting_that_a_point_names_is_one():
    known = {
        "features": FeatureSettings.__dataclass_fields__,
        "model": ModelSettings.__dataclass_fields__,
        "training": TrainingSettings.__dataclass_fields__,
    }
    for setting in points()["setting"]:
        if match := re.fullmatch(r"(\w+): (\w+)", setting):
            assert match[2] in known[match[1]], setting
        else:
            assert setting in ("protocols", "-")
    assert "released" in BASELINES and "welch" in PSDS


# -- columns ---------------------------------------------------------------------------------------


def test_a_kernel_of_one_column_sees_its_own_column():
    assert column_paths(5, [1], pooling="same").tolist() == [1, 1, 1, 1, 1]
    assert column_paths(5, [1], pooling="valid").tolist() == [1, 1, 1, 1, 0]


def test_an_even_number_of_columns_loses_none():
    assert (column_paths(8, pooling="valid") == column_paths(8, pooling="same")).all()


def test_an_even_kernel_looks_further_to_the_right():
    # Output j sees the inputs j - 1 to j + 2: nobody sees column 0 from further than column 1.
    assert column_paths(6, [4]).tolist() == [2, 3, 4, 4, 4, 3]


def test_an_unknown_pooling_is_refused():
    with pytest.raises(SettingsError, match="pooling"):
        column_paths(pooling="full")


@pytest.mark.parametrize("pooling", ["same", "valid"])
def test_the_network_has_these_paths(pooling):
    """With weights of one and no bias each convolution counts paths, in columns and in rows."""
    settings = ModelSettings(
        width=1 / 64, planes=1, pooling=pooling, batch_norm=False, dropout=0.0, tasks={"a": 2}
    )
    model = build_mt_cnn(settings)
    kernels = [layer.kernel.shape[1] for layer in model.layers if layer.name.startswith("conv")]
    assert tuple(kernels) == KERNELS
    for layer in model.layers:
        if layer.name.startswith("conv"):
            kernel, bias = layer.get_weights()
            layer.set_weights([np.ones_like(kernel), np.zeros_like(bias)])
    # Average pooling would add up; the largest does not. So look at what enters it.
    last = type(model)(model.input, model.get_layer("conv_4").output)
    maps = np.zeros((9, 8, 9, 1), np.float32)
    maps[np.arange(9), 4, np.arange(9)] = 1  # a map for each column
    counts = np.asarray(last(maps))[..., 0].sum(axis=1)  # (input column, output column)
    kept = 9 if pooling == "same" else 8
    expected = column_paths(pooling=pooling)
    found = counts[:, :kept].sum(axis=1)
    assert found / found[4] == pytest.approx(expected / expected[4])


# -- class weights ---------------------------------------------------------------------------------


def test_own_weights_make_classes_count_the_same():
    labels = np.array([0] * 7 + [1] * 3 + [-1])
    weights = compute_class_weight("balanced", classes=np.arange(2), y=labels[:-1])
    assert weighted_share(labels, weights) == pytest.approx(0.5)


def test_another_tasks_weights_do_not():
    labels, others = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1])
    weights = compute_class_weight("balanced", classes=np.arange(2), y=others)
    # 2/3 for low and 2 for high, where both are as common: 2 / (2/3 + 2).
    assert weighted_share(labels, weights) == pytest.approx(0.75)


# -- folds -----------------------------------------------------------------------------------------


def test_who_says_the_commoner_class_is_wrong_where_the_test_fold_has_more_of_it():
    """Ten trials of each class in an order that has nothing to do with the other task's."""
    rng = np.random.default_rng(0)
    table = trials_table({"valence": rng.permutation(np.arange(20) % 2), "arousal": np.zeros(20)})
    table["arousal"] = np.arange(20) % 2
    seeds = range(20)
    alone = constant_answer(table, "valence", ["arousal"], n_folds=5, seeds=seeds)
    jointly = constant_answer(table, "valence", ["valence"], n_folds=5, seeds=seeds)
    assert jointly.spread == pytest.approx(0)  # two of each in each fold
    assert jointly.pooled == pytest.approx(0.5)
    assert alone.spread > 0.15
    assert alone.pooled < 0.45


def test_a_commoner_class_that_no_fold_can_hide_is_answered_always():
    table = trials_table({"valence": np.array([1] * 15 + [0] * 5)})
    found = constant_answer(table, "valence", ["valence"], n_folds=5, seeds=[0])
    assert found.pooled == pytest.approx(0.5)  # all of one class right, none of the other
    assert found.spread == pytest.approx(0)


# -- scores ----------------------------------------------------------------------------------------


def test_ridge_finds_what_is_there_and_nothing_else():
    rng = np.random.default_rng(1)
    labels = {"valence": np.arange(40) % 2, "arousal": rng.permutation(np.arange(40) % 2)}
    table = trials_table(labels, n_windows=3)
    x = rng.normal(size=(len(table), 4)) + 5 * table[["valence"]].to_numpy()
    scores = repeated_scores(
        x, table, "trial_grouped", tasks=list(labels), n_folds=4, seeds=range(5)
    )
    assert scores.shape == (5, 2)
    assert (scores["valence"] == 1).all()
    assert scores["arousal"].mean() == pytest.approx(0.5, abs=0.15)


def test_the_same_seeds_have_the_same_folds():
    rng = np.random.default_rng(2)
    table = trials_table({"valence": np.arange(20) % 2}, n_windows=2)
    x = rng.normal(size=(len(table), 3))
    more = {"tasks": ["valence"], "n_folds": 4, "seeds": [0, 1]}
    first = repeated_scores(x, table, "trial_grouped", **more)
    # The same numbers on another scale: ridge scales them, so nothing may change.
    second = repeated_scores(7 * x + 1, table, "trial_grouped", **more)
    pd.testing.assert_frame_equal(first, second)


def test_rows_without_a_rating_are_left_out():
    table = trials_table({"valence": np.array([0, 1] * 10)}, n_windows=2)
    x = np.random.default_rng(3).normal(size=(len(table), 2)) + 9 * table[["valence"]].to_numpy()
    missing = table.assign(valence=table["valence"].where(table["trial"] != 3, -1))
    x[missing["valence"] < 0] = 1e6
    scores = repeated_scores(x, missing, "trial_grouped", tasks=["valence"], n_folds=4, seeds=[0])
    assert scores.loc[0, "valence"] == 1
