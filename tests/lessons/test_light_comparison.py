"""Light networks share folds and starting weights, and find what is there to find."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from emolib.errors import SettingsError
from emolib.lessons.light_comparison import LightNetwork, thin_out, train_light
from emolib.lessons.paired_stages import difference, subject_scores
from emolib.model.settings import ModelSettings
from emolib.model.training import small_training

pytestmark = pytest.mark.network

TASKS = ["valence", "arousal"]
SMALL = ModelSettings(width=1 / 16, planes=1, batch_norm=False, dropout=0.0)


@pytest.fixture(scope="module")
def cohort() -> tuple[np.ndarray, pd.DataFrame]:
    """Two subjects of 12 trials of 5 windows: valence is a plane's sign, arousal is nowhere."""
    rng = np.random.default_rng(0)
    rows = [
        {"subject": subject, "trial": trial, "stimulus": trial, "window": window}
        | {"valence": trial % 2, "arousal": trial // 2 % 2}
        for subject in ("sub-01", "sub-02")
        for trial in range(12)
        for window in range(5)
    ]
    table = pd.DataFrame(rows)
    sign = (2 * table["valence"] - 1).to_numpy()[:, None, None, None]
    return (sign + 0.5 * rng.normal(size=(len(table), 8, 9, 1))).astype("float32"), table


def network(windows: int = 1, *, epochs: int = 1, together=True, shuffle=False, **changes):
    model = replace(SMALL, windows=windows, **changes)
    training = replace(small_training(model, epochs), batch_size=8 // windows, learning_rate=0.01)
    return LightNetwork(model, training, together, shuffle)


def trained(cohort, networks, **changes):
    given = {"protocol": "trial_grouped", "tasks": TASKS, "n_folds": 3, "seeds": (0, 1, 2)}
    return train_light(networks, *cohort, **given | changes)


def test_all_networks_are_tested_on_the_same_trials_in_the_same_folds(cohort):
    networks = {"one": network(), "mean": network(2), "lstm": network(2, network="crnn")}
    given = trained(cohort, networks, seeds=(3,))
    keys = ["task", "fold", "subject", "trial"]
    dealt = {
        name: set(own[keys].itertuples(index=False, name=None))
        for name, own in given.groupby("stage")
    }
    assert dealt["one"] == dealt["mean"] == dealt["lstm"]
    assert len(dealt["one"]) == 2 * 24  # each trial of either task once
    # Five windows are five samples, or two pairs; the fifth window is left over.
    assert given.groupby("stage").size().to_dict() == {"one": 240, "mean": 96, "lstm": 96}
    assert set(given.loc[given["stage"] == "mean", "window"]) == {0, 2}
    assert set(given["repeat"]) == {3}


def test_only_the_folds_asked_for_are_trained(cohort):
    given = trained(cohort, {"one": network()}, folds=[1], seeds=(0,))
    assert set(given["fold"]) == {1}


def test_what_is_there_is_found_and_what_is_not_is_not(cohort):
    given = trained(cohort, {"one": network(epochs=6), "mean": network(2, epochs=6)})
    scores = subject_scores(given).groupby(["stage", "task"])["value"].mean()
    assert scores["one", "valence"] > 0.95
    assert scores["mean", "valence"] > 0.95
    assert abs(scores["one", "arousal"] - 0.5) < 0.25
    found = difference(given, "one", "mean", protocol="trial_grouped", task="valence")
    assert found.n_seeds == 3
    assert found.low <= 0 <= found.high


def test_a_seed_repeats_itself_and_another_differs(cohort):
    once = trained(cohort, {"one": network()}, folds=[0], seeds=(0, 1))
    again = trained(cohort, {"one": network()}, folds=[0], seeds=(1,))
    first, second = (once[once["repeat"] == seed]["probability"].to_numpy() for seed in (0, 1))
    np.testing.assert_array_equal(again["probability"], second)
    assert not np.array_equal(first, second)


def test_networks_of_one_head_each_start_alike_and_leave_the_other_head_alone(cohort):
    """With no epoch both kinds give the starting weights' answer; with one they part."""
    networks = {"both": network(epochs=0), "each": network(epochs=0, together=False)}
    given = trained(cohort, networks, folds=[0], seeds=(0,))
    both, each = (given[given["stage"] == name]["probability"].to_numpy() for name in networks)
    np.testing.assert_array_equal(both, each)
    networks = {"both": network(), "each": network(together=False)}
    given = trained(cohort, networks, folds=[0], seeds=(0,))
    assert given.groupby("stage").size().to_dict() == {"both": 80, "each": 80}
    both, each = (given[given["stage"] == name]["probability"].to_numpy() for name in networks)
    assert not np.array_equal(both, each)


def test_the_order_of_windows_matters_to_an_lstm_only(cohort):
    networks = {
        "mean": network(2, shuffle=True),
        "lstm": network(2, network="crnn", shuffle=True),
    }
    given = trained(cohort, networks, folds=[0], seeds=(0,)).set_index("stage")["probability"]
    np.testing.assert_allclose(given["mean"], given["mean, shuffled"], atol=1e-6)
    assert np.abs(given["lstm"].to_numpy() - given["lstm, shuffled"].to_numpy()).max() > 1e-4


def test_one_window_cannot_be_shuffled():
    with pytest.raises(SettingsError, match="several windows"):
        network(shuffle=True)


def test_thinning_keeps_whole_groups_of_every_trial(cohort):
    _, table = cohort
    kept = table.iloc[thin_out(table, windows=2, most_windows=60)]
    assert kept.groupby(["subject", "trial"]).ngroups == 24
    assert set(kept["window"]) == {0, 1, 4}
    assert len(thin_out(table, windows=2, most_windows=len(table))) == len(table)
    few = table.iloc[thin_out(table, windows=5, most_windows=1, most_subjects=1)]
    assert set(few["subject"]) == {"sub-01"}
    assert len(few) == 60  # one group of five windows of each trial, whatever the limit


def test_more_windows_than_a_trial_has_are_refused(cohort):
    with pytest.raises(SettingsError, match="no trial has so many"):
        trained(cohort, {"long": network(6)})


def test_an_unknown_protocol_is_refused(cohort):
    with pytest.raises(SettingsError, match="protocol"):
        trained(cohort, {"one": network()}, protocol="trial_grouping")
