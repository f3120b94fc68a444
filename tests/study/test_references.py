"""Reference models of a study: on the network's folds, in one table with its scores."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from emolib.errors import DataError, SettingsError
from emolib.evaluation.linear import REFERENCE_MODELS
from emolib.study import references, stages
from emolib.study.artefacts import write_table
from emolib.study.keys import OF_RECORDINGS, REFERENCES
from emolib.study.study import load

STUDY = """
title: Small
dataset: simulated
simulation: {n_subjects: 2, n_trials: 8, trial_seconds: 4}
tasks: {valence: {rating: valence, above: 5}}
protocols: [trial_grouped]
n_folds: 2
references: [majority, ridge]
"""


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path / "results"))
    (tmp_path / "small.yaml").write_text(STUDY)
    return load(tmp_path / "small.yaml")


def test_the_names_of_a_study_are_those_of_the_models():
    assert {*REFERENCES} - {*OF_RECORDINGS} == set(REFERENCE_MODELS)


def test_references_and_network_are_in_one_table(study, monkeypatch):
    n = 2 * 8 * 4
    table = pd.DataFrame({"subject": np.repeat(["a", "b"], n // 2), "window": np.arange(n) % 4})
    table["trial"] = table["stimulus"] = np.arange(n) // 4 % 8
    table["valence"] = table["trial"] % 2
    x = (
        np.random.default_rng(0).normal(size=(n, 2, 2, 1))
        + 3 * table["valence"].to_numpy()[:, None, None, None]
    )
    monkeypatch.setattr(stages, "load_windows", lambda study: (x, table))
    row = {"protocol": "trial_grouped", "stage": "pooled", "task": "valence", "value": 0.5}
    network = pd.DataFrame([row]).reindex(columns=[*references.SCORE_COLUMNS])
    write_table(network, study.scores_file())
    references.make_references(study)
    found = references.references(study)
    assert found["model"].unique().tolist() == ["network", "majority", "ridge"]
    assert set(found["stage"]) == {"pooled"}
    whole = found[found["subject"].isna() & found["fold"].isna() & (found["model"] != "network")]
    value = whole.set_index(["model", "metric"])["value"]
    assert value["majority", "trial_balanced_accuracy"] == 0.5
    assert value["ridge", "trial_balanced_accuracy"] == 1
    assert study.scores_file("references.csv").is_file()


def test_where_nobody_can_be_used_the_table_holds_the_network_alone(study, monkeypatch):
    def nobody(study):
        raise DataError("recordings", "no subject can be used.", "Look at them.")

    monkeypatch.setattr(stages, "load_windows", nobody)
    write_table(pd.DataFrame(columns=[*references.SCORE_COLUMNS]), study.scores_file())
    references.make_references(study)
    assert not len(references.references(study))


def test_a_reference_that_nobody_knows_is_named(study):
    file = study.file
    file.write_text(STUDY.replace("ridge]", "rigde]"))
    with pytest.raises(SettingsError, match=r"references.*Did you mean 'ridge'"):
        load(file)


def made(study, protocols: str, models: str) -> pd.DataFrame:
    """The scores of reference models of three short simulated people, without a network's."""
    text = STUDY.replace("n_subjects: 2, n_trials: 8", "n_subjects: 3, n_trials: 6")
    text = text.replace("[trial_grouped]", protocols).replace("[majority, ridge]", models)
    study.file.write_text(text.replace("n_folds: 2", "n_folds: 3\ntraining: {epochs: 1}"))
    own = load(study.file)
    write_table(pd.DataFrame(columns=[*references.SCORE_COLUMNS]), own.scores_file())
    references.make_references(own)
    return references.references(own)


@pytest.mark.slow
def test_the_tangent_space_predicts_trials_and_knows_no_windows(study):
    found = made(study, "[window_wise, trial_grouped, leave_subjects_out]", "[tangent_space]")
    assert set(zip(found["protocol"], found["model"], strict=True)) == {
        ("trial_grouped", "tangent_space"),
        ("leave_subjects_out", "tangent_space"),
        ("leave_subjects_out", "tangent_space_recentred"),
    }
    assert set(found["unit"]) == {"trial"}
    assert set(found["metric"]) == {"trial_accuracy", "trial_balanced_accuracy"}
    whole = found[found["subject"].isna() & found["fold"].isna()]
    assert set(whole["n"]) == {3 * 6}
    assert whole["low"].notna().all()


@pytest.mark.slow
@pytest.mark.network
def test_eegnet_predicts_the_windows_of_the_network(study):
    found = made(study, "[leave_subjects_out]", "[eegnet]")
    assert set(found["model"]) == {"eegnet"}
    assert set(found["unit"]) == {"window"}
    whole = found[found["subject"].isna() & found["fold"].isna()].set_index("metric")
    assert whole.loc["window_accuracy", "n"] == 3 * 6 * 8  # of half a second
    assert whole.loc["trial_accuracy", "n"] == 3 * 6


@pytest.mark.slow
def test_signals_are_in_the_order_of_the_rows(study):
    _, table = stages.load_windows(study)
    rows = table.iloc[::-1].reset_index(drop=True)
    x = references.signals(study, rows)
    assert x.shape == (2 * 8 * 8, 32, 64)
    at = rows.index[(rows["subject"] == "sub-02") & (rows["trial"] == 3) & (rows["window"] == 5)]
    signal = stages.recording(study, "sub-02")["eeg"].sel(trial=3).to_numpy()
    window = signal[:, 5 * 64 : 6 * 64]
    np.testing.assert_allclose(x[at[0]], window - window.mean(axis=1, keepdims=True), atol=1e-4)


@pytest.mark.slow
def test_several_windows_are_one_signal(study):
    study.file.write_text(STUDY + "model: {windows: 2}\n")
    study = load(study.file)
    _, table = stages.load_windows(study)
    x = references.signals(study, table)
    assert x.shape == (2 * 8 * 4, 32, 128)


@pytest.mark.slow
def test_channels_that_not_all_have_are_left_out(study, monkeypatch):
    _, table = stages.load_windows(study)
    read = stages.recording
    features = stages.features

    def fewer(load):
        def loaded(study, subject):
            found = load(study, subject)
            return found.isel(channel=slice(4, None)) if subject == "sub-02" else found

        return loaded

    monkeypatch.setattr(stages, "features", fewer(features))
    monkeypatch.setattr(stages, "recording", fewer(read))
    found = dict(references.subject_recordings(study, table))
    names = found["sub-01"]["channel"].to_numpy().tolist()
    assert names == found["sub-02"]["channel"].to_numpy().tolist()
    assert len(names) == 28
