"""Training a fold of a study of one's own: what is predicted of three classes can be scored."""

from __future__ import annotations

import dataclasses

import mne
import numpy as np
import pandas as pd
import pytest
import yaml

from emolib.book import render as rendering
from emolib.study import fold as fold_stage
from emolib.study import stages
from emolib.study import study as studies

CLASSES = ["rest", "music", "arithmetic"]
CHANNELS = ["Fp1", "Fp2", "F3", "F4", "C3", "C4", "O1", "O2"]
N_SUBJECTS, N_TRIALS, SECONDS, SFREQ = 3, 18, 1, 128


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Three people's noise, eighteen trials of a second each, three classes."""
    folder = tmp_path_factory.mktemp("own")
    rng = np.random.default_rng(0)
    rows = []
    for subject in range(1, N_SUBJECTS + 1):
        noise = rng.normal(0, 10e-6, (len(CHANNELS), N_TRIALS * SECONDS * SFREQ))
        raw = mne.io.RawArray(noise, mne.create_info(CHANNELS, SFREQ, "eeg"), verbose="error")
        raw.save(folder / f"sub-{subject:02d}_raw.fif", verbose="error")
        rows += [
            {
                "subject": f"sub-{subject:02d}",
                "file": f"sub-{subject:02d}_raw.fif",
                "trial": trial + 1,
                "onset_seconds": trial * SECONDS,
                "duration_seconds": SECONDS,
                "stimulus": trial,
                "state": CLASSES[trial % 3],
            }
            for trial in range(N_TRIALS)
        ]
    pd.DataFrame(rows).to_csv(folder / "trials.csv", index=False)
    content = {
        "title": "Three states",
        "dataset": "files",
        "root": str(folder),
        "tasks": {"state": {"classes": CLASSES}},
        "features": {"baseline": "none"},
        "model": {"width": 0.05},
        "training": {"epochs": 1, "fine_tuning_epochs": 1},
        "protocols": ["trial_grouped"],
        "n_folds": 3,
    }
    file = folder / "three.yaml"
    file.write_text(yaml.safe_dump(content))
    patch = pytest.MonkeyPatch()
    patch.setenv("EMOLIB_RESULTS", str(folder / "results"))
    yield studies.load(file)
    patch.undo()


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


@pytest.mark.slow
def test_three_classes_are_predicted_and_scored(study):
    for subject in study.subjects():
        stages.make_features(study, subject)
    for number in study.folds("trial_grouped"):
        fold_stage.make_fold(study, "trial_grouped", number)
    assert stages.failed_folds(study) == {}
    given = stages.predictions(study)
    of_classes = given[["probability", "probability_2"]]
    assert of_classes.notna().all(axis=None)
    assert (of_classes.sum(axis=1) < 1).all()  # the first class has the rest
    assert set(given["label"]) == {0, 1, 2}
    stages.make_scores(study)
    scores = stages.scores(study)
    balanced = scores[scores["metric"] == "trial_balanced_accuracy"]
    assert balanced["chance"].to_numpy() == pytest.approx(1 / 3)


@pytest.mark.slow
@pytest.mark.parametrize("report", ["subject_report", "cohort_report"])
def test_three_classes_have_their_pages(study, report, tmp_path):
    output = tmp_path / "page.ipynb"
    assert rendering.execute(rendering.source_of(report), output, {"study": str(study.file)})
    page = output.read_text(encoding="utf-8")
    assert "chance 0.33" in page or "0.33" in page
    assert "nan" not in page.lower().split()
