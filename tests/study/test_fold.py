"""Training a fold: where a killed one goes on."""

from __future__ import annotations

import dataclasses

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
