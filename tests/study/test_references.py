"""Reference models of a study: on the network's folds, in one table with its scores."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from emolib.errors import DataError, SettingsError
from emolib.evaluation.linear import REFERENCE_MODELS
from emolib.study import references, stages
from emolib.study.artefacts import write_table
from emolib.study.keys import REFERENCES
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
    assert set(REFERENCES) == set(REFERENCE_MODELS)


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
