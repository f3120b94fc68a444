"""Networks of a study's folds: loaded or trained lightly, and their attributions."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from emolib.errors import DataError
from emolib.evaluation.scores import score
from emolib.explain.fold import fold_attribution, predictions
from emolib.grid import cells
from emolib.model.networks import build, save_weights
from emolib.splits.folds import subsample
from emolib.splits.protocols import PROTOCOLS
from emolib.study import stages
from emolib.study.fold import network_settings
from emolib.study.networks import light_network, network_bench, trained_networks
from emolib.study.study import load

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The smoke study, with weights for one of its folds that nobody has trained."""
    patch = pytest.MonkeyPatch()
    patch.setenv("EMOLIB_RESULTS", str(tmp_path_factory.mktemp("results")))
    smoke = load("smoke")
    drawn = build(network_settings(smoke, "trial_grouped"), seed=5)
    save_weights(smoke.fold_files("trial_grouped", 1)["weights"], drawn)
    yield smoke
    patch.undo()


class TestTrainedNetworks:
    def test_what_is_not_trained_is_not_there(self, study):
        assert trained_networks(study, "leave_subjects_out") == []

    def test_a_fold_comes_with_its_own_test_rows(self, study):
        (only,) = trained_networks(study, "trial_grouped")
        maps, table = stages.load_windows(study)
        folds = PROTOCOLS["trial_grouped"](
            table, n_folds=study.n_folds, seed=study.seed, tasks=[*study.tasks]
        )
        expected = list(folds)[1].test
        assert (only.fold, only.kind) == (1, "trained")
        assert np.array_equal(only.test, expected)
        assert np.array_equal(only.maps(np.array([0, 2])), maps[expected[[0, 2]]])
        drawn = build(network_settings(study, "trial_grouped"), seed=5).get_weights()
        assert all(np.array_equal(*pair) for pair in zip(only.weights, drawn, strict=True))

    def test_names_are_those_of_the_maps(self, study):
        (only,) = trained_networks(study, "trial_grouped")
        rows, columns = cells(only.channels)
        occupied = np.zeros((8, 9), bool)
        occupied[rows, columns] = True
        assert np.array_equal(only.maps(np.arange(5)).any(axis=(0, 3)), occupied)
        assert only.planes[:2] == ("de theta", "de alpha")

    def test_predictions_can_be_scored(self, study):
        networks = trained_networks(study, "trial_grouped")
        given = predictions(networks)
        assert len(given) == 2 * len(networks[0].test)
        scores = score(given, resamples=0)
        assert set(scores["task"]) == {"valence", "arousal"}
        assert scores["n"].max() == len(networks[0].test)

    def test_untrained_weights_follow_the_seed(self, study):
        (only,) = trained_networks(study, "trial_grouped")
        same, other = only.untrained(5), only.untrained(6)
        assert same.kind == "untrained"
        assert np.array_equal(same.weights[0], only.weights[0])
        assert not np.array_equal(other.weights[0], only.weights[0])


@pytest.fixture(scope="module")
def given(study):
    (only,) = trained_networks(study, "trial_grouped")
    return only, fold_attribution(only, n_windows=20, steps=32)


class TestAttribution:
    def test_it_is_tidy(self, given):
        network, one = given
        assert one["attribution"].dims == ("task", "band", "channel")
        assert one["channel"].to_numpy().tolist() == list(network.channels)
        assert one["importance"].dims == ("task", "channel")
        assert one["band_importance"].dims == ("task", "band")
        assert one.attrs["n_windows"] == 20
        assert not any(variable.isnull().any() for variable in one.values())

    def test_shares_add_up(self, given):
        """Completeness: what all cells are given is the log probability over the empty map's."""
        network, one = given
        rows = subsample(np.arange(len(network.table)), 20)
        empty = network.probabilities(np.zeros((1, 8, 9, 8), np.float32))
        for task in ("valence", "arousal"):
            own = network.table[task].to_numpy()[rows]
            whole = float(one["log_probability"].sel(task=task))
            expected = whole - np.log(empty[task][0, own]).mean()
            assert one["attribution"].sel(task=task).sum() == pytest.approx(expected, abs=2e-4)
            assert one["completeness"].sel(task=task) < 0.05

    def test_one_subject_alone(self, study, given):
        network, _ = given
        one = fold_attribution(network, subject="sub-02", occlude=())
        assert one.attrs["n_windows"] == (network.table["subject"] == "sub-02").sum()
        assert not {"importance", "band_importance"} & set(one)
        with pytest.raises(DataError, match="has no test row of sub-77"):
            fold_attribution(network, subject="sub-77")

    def test_a_task_without_labels_is_not_known(self, given):
        network, _ = given
        table = network.table.assign(valence=-1)
        one = fold_attribution(dataclasses.replace(network, table=table), occlude=["bands"])
        assert one["task"].to_numpy().tolist() == ["valence", "arousal"]
        assert one["attribution"].sel(task="valence").isnull().all()
        assert one["band_importance"].sel(task="arousal").notnull().all()


@pytest.mark.slow
def test_a_light_network_learns_what_it_is_given(study):
    maps, table = stages.load_windows(study)
    # Class 1 of valence lifts one electrode: an easy task, so that seconds are enough.
    easy = maps.copy()
    easy[table["valence"].to_numpy() == 1, 7, 4] += 4.0
    given = light_network(study, "trial_grouped", cohort=(easy, table))
    assert given.kind == "light"
    one = fold_attribution(given)
    assert one["importance"].sel(task="valence").idxmax() == "Oz"


def test_batches_are_normalised_where_it_was_published_or_is_asked_for(study):
    asked = study.model_copy(update={"model": dataclasses.replace(study.model, batch_norm=True)})
    found = [[network_settings(of, protocol).batch_norm for protocol in
              ("window_wise", "trial_grouped")] for of in (study, asked)]  # fmt: skip
    assert found == [[True, False], [True, True]]


def test_windows_that_enter_together(study, tmp_path):
    grouped = study.model_copy(update={"model": dataclasses.replace(study.model, windows=2)})
    file = grouped.fold_files("leave_subjects_out", 0)["weights"]
    save_weights(file, build(network_settings(grouped, "leave_subjects_out")))
    try:
        (only,) = trained_networks(grouped, "leave_subjects_out")
        assert only.maps(np.arange(3)).shape == (3, 2, 8, 9, 8)
        one = fold_attribution(only, n_windows=8)
        assert np.isfinite(one["attribution"]).all()
    finally:
        file.unlink()


def test_the_bench_shows_what_is_trained_or_says_what_it_cannot_show(study, monkeypatch):
    trained = trained_networks(study, "trial_grouped")
    bench = network_bench(study, "trial_grouped", trained)
    assert bench.network is trained[0] and "fold 2, trial-grouped" in bench.question
    assert "valence high" in bench.question
    grouped = study.model_copy(update={"model": dataclasses.replace(study.model, windows=2)})
    in_vain = "emolib.study.networks.light_network"
    monkeypatch.setattr(in_vain, lambda *_, **__: pytest.fail("a network is trained in vain"))
    with pytest.raises(DataError, match="of 2 windows at once"):
        network_bench(grouped, "trial_grouped", [])
