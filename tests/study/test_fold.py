"""Training a fold: where a killed one goes on."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from emolib.study import fold as fold_stage
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


def test_a_person_with_too_few_trials_is_not_in_folds_of_trials_and_stops_nobody():
    study = studies.load("smoke").model_copy(update={"n_folds": 4})
    trials = [("sub-01", trial) for trial in range(8)] + [("sub-02", trial) for trial in range(3)]
    table = pd.DataFrame(trials, columns=["subject", "trial"]).assign(window=0, stimulus="a")
    table = table.assign(**dict.fromkeys(study.tasks, table["trial"] % 2))
    maps = np.arange(len(table), dtype=np.float32)[:, None, None, None]
    inputs, rows, folds = fold_stage.fold_data(study, "trial_grouped", maps, table)
    assert set(rows["subject"]) == {"sub-01"} and len(folds) == 4
    assert len(inputs) == len(rows) == 8
    _, rows, _ = fold_stage.fold_data(study, "window_wise", maps, table)
    assert set(rows["subject"]) == {"sub-01", "sub-02"}
