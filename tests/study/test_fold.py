"""Training a fold: where a killed one goes on; in parts, a job each, it is the same bytes."""

from __future__ import annotations

import dataclasses
import shutil

import pandas as pd
import pytest
from command import emolib_here as emolib

from emolib.errors import DataError, SettingsError
from emolib.features import extract_features
from emolib.model.trainer import Trainer
from emolib.recordings.simulated import SimulationSettings, simulate_subject
from emolib.study import fold as fold_stage
from emolib.study import stages
from emolib.study import study as studies
from emolib.study.fold import PARTS, make_fold, make_part, part_files, parts_of

FOLD = "predictions/trial_grouped/fold-1.parquet"


def test_a_killed_training_goes_on_with_its_own_settings_data_and_labels_alone(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path))
    smoke = studies.load("smoke")
    folders = [fold_stage._checkpoints(smoke, "trial_grouped", 0, n) for n in (0, 1)]
    longer = dataclasses.replace(smoke.training, epochs=7)
    for changes in ({"seed": 5}, {"training": longer}):
        other = smoke.model_copy(update=changes)
        folders.append(fold_stage._checkpoints(other, "trial_grouped", 0, 0))
    file = smoke.features_file("sub-01")
    file.parent.mkdir(parents=True)
    for content in (b"features", b"others"):
        file.write_bytes(content)
        folders.append(fold_stage._checkpoints(smoke, "trial_grouped", 0, 0))
    assert len(set(folders)) == 6
    assert fold_stage._checkpoints(smoke, "trial_grouped", 0, 0) == folders[-1]


def test_no_two_networks_have_one_file():
    of = [("sub-a-b", "c"), ("sub-a", "b-c"), ("sub-a", "b c"), ("sub-a.b", "c"), ("sub-a b", "c")]
    assert len({fold_stage.weights_name("subject_and_task", *one) for one in of}) == len(of)


def test_a_fold_without_a_class_tells_it_by_its_name():
    trials = pd.DataFrame({"trial": range(10), "window": 0, "stimulus": range(10)})
    trials = trials.assign(valence=trials["trial"] // 9, arousal=trials["trial"] % 2)
    table = pd.concat([trials.assign(subject=name) for name in ("sub-01", "sub-02")])
    with pytest.raises(DataError, match="no window of class 'high' is left to train on"):
        fold_stage.folds_of(studies.load("smoke"), "stimulus_grouped", table)


def test_a_person_whose_trials_fill_no_group_is_in_no_fold_and_stops_nobody(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path))
    settings = SimulationSettings(n_subjects=3, n_trials=6, trial_seconds=2)
    study = studies.load("smoke")
    study = study.model_copy(
        update={"simulation": settings, "model": dataclasses.replace(study.model, windows=4)}
    )
    for number, subject in enumerate(study.subjects(), start=1):
        computed = extract_features(simulate_subject(settings, number)[0], study.features)
        kept = (computed["trial"] < 3) | (computed["i_window_in_trial"] < 3) | (number != 2)
        stages.write_dataset(computed.isel(window=kept.to_numpy()), study.features_file(subject))
    maps, table = stages.load_windows(study)
    assert set(table["subject"]) == {"sub-01", "sub-03"}
    assert len(fold_stage.fold_data(study, "trial_grouped", maps, table)[2]) == 2


def test_a_person_with_too_few_trials_is_in_no_fold_and_stops_nobody(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path))
    few = {f"sub-{i:02d}": n_trials for i, n_trials in enumerate((8, 3, 8), start=1)}
    own = {"n_subjects": 3, "n_trials": 8, "trial_seconds": 2}
    study = studies.load("smoke").model_copy(
        update={"n_folds": 4, "simulation": SimulationSettings(**own)}
    )
    for subject, n_trials in few.items():
        recording, _ = simulate_subject(study.simulation, int(subject[-1]))
        computed = extract_features(recording.isel(trial=slice(n_trials)), study.features)
        stages.write_dataset(computed, study.features_file(subject))
    maps, table = stages.load_windows(study)
    assert set(table["subject"]) == {"sub-01", "sub-03"} and len(maps) == len(table)
    assert len(fold_stage.fold_data(study, "trial_grouped", maps, table)[2]) == 4
    across = study.model_copy(update={"protocols": ("leave_subjects_out",)})
    assert set(stages.load_windows(across)[1]["subject"]) == set(few)


def artefacts(study) -> dict[str, bytes]:
    """All that training a fold has left behind, by name."""
    rooms = [study.folder / room for room in ("predictions", "models")]
    files = [file for room in rooms for file in room.rglob("*") if file.is_file()]
    return {file.relative_to(study.folder).as_posix(): file.read_bytes() for file in files}


def test_groups_are_of_as_many_subjects_as_asked_and_hold_those_side_by_side_together():
    smoke = studies.load("smoke")
    assert parts_of(smoke, 1) == ["0-0", "1-1", "2-2", "3-3"]
    assert parts_of(smoke, 9) == ["0-8"]
    beside = dataclasses.replace(smoke.training, side_by_side=2)
    assert parts_of(smoke.model_copy(update={"training": beside}), 3) == ["0-3"]
    with pytest.raises(SettingsError, match="subjects-per-job: got 0"):
        parts_of(smoke, 0)


def test_folds_without_fine_tuning_have_no_parts():
    smoke = studies.load("smoke")
    folds = [
        {"variant_dir": variant, "protocol": protocol, "fold": "1"}
        for variant, protocol in (
            *(("", "leave_subjects_out"), ("", "trial_grouped")),
            ("variants/valence_only/", "trial_grouped"),
        )
    ]
    in_fold = f"models/trial_grouped/fold-1/{PARTS}"
    assert part_files(smoke, folds, 3) == [
        *(f"{in_fold}/{part}" for part in ("0-2", "3-5")),
        *(f"variants/valence_only/{in_fold}/{part}" for part in ("0-2", "3-5")),
    ]
    tuned = smoke.model_copy(update={"fine_tune": False})
    assert not part_files(tuned, folds[:2], 3)


@pytest.mark.network
def test_a_fold_in_parts_is_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path))
    cohort = SimulationSettings(n_subjects=3, n_trials=6, trial_seconds=2)
    study = studies.load("smoke").model_copy(update={"simulation": cohort})
    for subject in study.subjects():
        stages.make_features(study, subject)
    make_fold(study, "trial_grouped", 1)
    whole = artefacts(study)
    for room in ("predictions", "models"):
        shutil.rmtree(study.folder / room)
    for part in ("pooled", *reversed(parts_of(study, 2))):
        make_part(study, "trial_grouped", 1, part)
    assert all("/unfinished-" in name for name in artefacts(study))
    monkeypatch.setattr(Trainer, "fit", lambda *_, **__: pytest.fail("all fits are there"))
    make_fold(study, "trial_grouped", 1)
    assert artefacts(study) == whole and len(whole) == 13  # 10 networks, and 3 files


@pytest.mark.network
def test_a_fold_that_cannot_be_trained_is_left_to_its_own_job(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path))
    cohort = SimulationSettings(n_subjects=1, n_trials=6, trial_seconds=2)
    study = studies.load("smoke").model_copy(update={"simulation": cohort})
    stages.make_features(study, "sub-01")
    make_part(study, "leave_subjects_out", 0, "pooled")
    make_fold(study, "leave_subjects_out", 0)
    assert stages.fold_failure(study.fold_files("leave_subjects_out", 0)["predictions"])


@pytest.mark.faults
@pytest.mark.workflow
def test_a_run_in_parts_gives_the_same_bytes_and_leaves_nothing_to_do(smoke_run, tmp_path):
    shutil.copytree(smoke_run[0], tmp_path, copy_function=shutil.copy2, dirs_exist_ok=True)
    (tmp_path / "smoke" / FOLD).unlink()
    in_parts = ("run", "studies/smoke.yaml", "--subjects-per-job", "3", "--targets", FOLD)
    run = emolib(*in_parts, results=tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    done = [line.split()[3] for line in run.stdout.splitlines() if line.startswith("done")]
    assert done == ["part"] * 3 + ["train"]
    own, other = (results / "smoke" for results in (smoke_run[0], tmp_path))
    for room in ("predictions", "models", "scores"):
        for file in (own / room).rglob("*.*"):
            again = other / file.relative_to(own)
            assert again.is_dir() or again.read_bytes() == file.read_bytes(), file
    assert not list(other.rglob("unfinished-*"))
    for more in ((), ("--subjects-per-job", "2")):
        again = emolib("run", "studies/smoke.yaml", *more, "--targets", FOLD, results=tmp_path)
        assert "nothing to do" in again.stdout, again.stdout
