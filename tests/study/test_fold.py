"""Training a fold: where a killed one goes on."""

from __future__ import annotations

import dataclasses

from emolib.features import extract_features
from emolib.recordings.simulated import SimulationSettings, simulate_subject
from emolib.study import fold as fold_stage
from emolib.study import stages
from emolib.study import study as studies


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
