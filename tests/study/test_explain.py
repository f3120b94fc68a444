"""The stage that explains a fold: its file, and what stands where there is none."""

from __future__ import annotations

import dataclasses
import shutil

import numpy as np
import pandas as pd
import pytest

from emolib.__main__ import main
from emolib.errors import DataError
from emolib.model.networks import build, save_weights
from emolib.study import stages
from emolib.study.explain import attributions, make_attributions
from emolib.study.fold import network_settings
from emolib.study.study import load

pytestmark = pytest.mark.network

FAULT = {"source": "sub-01", "message": "is too short.", "hint": "Leave it out."}


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    """The folder of results that holds everybody's features and no more."""
    with pytest.MonkeyPatch.context() as patch:
        results = tmp_path_factory.mktemp("results")
        patch.setenv("EMOLIB_RESULTS", str(results))
        stages.load_windows(load("smoke"))
    return results


@pytest.fixture
def study(computed, tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path))
    shutil.copytree(computed, tmp_path, dirs_exist_ok=True)
    return load("smoke")


def draw_weights(study, protocol, fold):
    """Put weights where a training would, without training."""
    drawn = build(network_settings(study, protocol), seed=fold)
    save_weights(study.fold_files(protocol, fold)["weights"], drawn)


def test_a_fold_is_explained_subject_by_subject(study):
    for fold in (0, 1):
        draw_weights(study, "trial_grouped", fold)
        make_attributions(study, "trial_grouped", fold)
    assert study.attribution_file("trial_grouped", 1).is_file()
    own = attributions(study, "trial_grouped", "sub-02")
    assert own["attribution"].dims == ("fold", "task", "band", "channel")
    assert own["fold"].to_numpy().tolist() == [0, 1]
    assert own["band_importance"].dims == ("fold", "task", "band")
    assert "importance" not in own  # single electrodes would take too long in a large cohort
    # Completeness: the shares add up to what they explain, nearly.
    assert (own["completeness"] < 0.02).all()
    assert own["n_windows"].sum() == 8 * 8  # 8 trials of 8 windows, each tested once
    other = attributions(study, "trial_grouped", "sub-03")
    assert not np.allclose(own["attribution"], other["attribution"])
    before = (file := study.attribution_file("trial_grouped", 0)).read_bytes()
    make_attributions(study, "trial_grouped", 0)
    assert file.read_bytes() == before, "the same fold gives other bytes"


def test_a_subject_is_in_the_folds_that_test_it(study):
    for fold in (0, 1):
        draw_weights(study, "leave_subjects_out", fold)
        make_attributions(study, "leave_subjects_out", fold)
    for subject in study.subjects():
        assert attributions(study, "leave_subjects_out", subject).sizes["fold"] == 1
    with pytest.raises(DataError, match="no fold tests sub-09"):
        attributions(study, "leave_subjects_out", "sub-09")


def test_windows_that_enter_together(study):
    grouped = study.model_copy(update={"model": dataclasses.replace(study.model, windows=2)})
    draw_weights(grouped, "trial_grouped", 0)
    make_attributions(grouped, "trial_grouped", 0)
    assert np.isfinite(attributions(grouped, "trial_grouped", "sub-01")["attribution"]).all()


def test_a_fold_that_could_not_be_trained_says_why_and_sinks_nothing(study):
    failed = pd.DataFrame()
    failed.attrs["failure"] = FAULT
    stages.write_table(failed, study.fold_files("trial_grouped", 0)["predictions"])
    draw_weights(study, "trial_grouped", 0)  # of an earlier training: stale
    make_attributions(study, "trial_grouped", 0)
    with pytest.raises(DataError, match=r"sub-01: is too short\. Leave it out."):
        attributions(study, "trial_grouped", "sub-01")
    draw_weights(study, "trial_grouped", 1)
    make_attributions(study, "trial_grouped", 1)
    assert attributions(study, "trial_grouped", "sub-01")["fold"].to_numpy().tolist() == [1]


def test_what_was_not_run_is_asked_for(study, capsys):
    with pytest.raises(DataError, match=r"are not explained yet\. Run the whole study"):
        attributions(study, "trial_grouped", "sub-01")
    arguments = ["explain", "--protocol", "trial_grouped", "--fold", "0", "smoke"]
    assert main(arguments) == 1
    assert "Train this fold first" in capsys.readouterr().err
    draw_weights(study, "trial_grouped", 0)
    assert main(arguments) == 0
    assert attributions(study, "trial_grouped", "sub-01").sizes["fold"] == 1
