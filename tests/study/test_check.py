"""What is looked at before anything is computed."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from emolib.errors import DataError, InputError, SettingsError
from emolib.recordings.labels import Task
from emolib.recordings.recording import build
from emolib.study import check as preflight
from emolib.study import stages, study

RNG = np.random.default_rng(0)


def smoke(tmp_path, **changes):
    content = yaml.safe_load((study.PROJECT / "studies" / "smoke.yaml").read_text())
    file = tmp_path / "own.yaml"
    file.write_text(yaml.safe_dump(content | changes))
    return study.load(file)


def own(tmp_path, monkeypatch, of_subjects: dict[str, list[str] | None], rested=None):
    """A study of rest and music, and what its subjects' trials are; None cannot be read.

    `rested` are the subjects with a baseline; None: all.
    """
    content = {"title": "Own", "dataset": "files", "root": str(tmp_path)}
    content |= {"tasks": {"state": {"classes": ["rest", "music"]}}, "protocols": ["trial_grouped"]}
    file = tmp_path / "own.yaml"
    file.write_text(yaml.safe_dump(content))
    made = study.load(file)

    def recording(_, subject):
        if of_subjects[subject] is None:
            raise DataError(subject, "is damaged.", "Copy it again.")
        n = len(of_subjects[subject])
        return build(
            RNG.normal(size=(n, 1, 128)),
            **{"channels": ["Cz"], "sfreq": 128, "dataset": "files", "subject": subject},
            **{"trials": range(1, n + 1), "stimuli": range(n)},
            baseline=RNG.normal(size=(n, 1, 128)) if rested is None or subject in rested else None,
            classes={"state": of_subjects[subject]},
        )

    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path / "results"))
    monkeypatch.setattr(study.Study, "subjects", lambda _: [*of_subjects])
    monkeypatch.setattr(stages, "recording", recording)
    return made


def test_a_misspelt_rating_is_told_before_anybody_is_simulated(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path / "results"))
    preflight.check_study(smoke(tmp_path))
    misspelt = smoke(tmp_path, tasks={"valence": {"rating": "valense"}}, variants={})
    with pytest.raises(SettingsError, match=r"no scale 'valense'. Did you mean 'valence'"):
        preflight.check_study(misspelt)
    assert not (tmp_path / "results").exists()


def test_a_variants_tasks_are_looked_at_too(tmp_path):
    variants = {"v": {"tasks": {"valence": {"above": 9}}}}
    with pytest.raises(SettingsError, match=r"above: got 9.0 for valence"):
        preflight.check_study(smoke(tmp_path, variants=variants))


def test_one_good_subject_is_enough(tmp_path, monkeypatch):
    found = {"sub-01": None, "sub-02": ["rest", "muzak"], "sub-03": ["rest", "music"]}
    preflight.check_study(own(tmp_path, monkeypatch, found))


def test_classes_that_no_subject_has_are_told(tmp_path, monkeypatch):
    found = {"sub-01": ["rest", "muzak"], "sub-02": None}
    made = own(tmp_path, monkeypatch, found)
    assert made.tasks == {"state": Task(classes=("rest", "music"))}
    with pytest.raises(DataError, match=r"holds 'muzak'.*Allowed: 'music', 'rest'"):
        preflight.check_study(made)


def test_where_nobody_can_be_read_their_own_pages_say_so(tmp_path, monkeypatch):
    preflight.check_study(own(tmp_path, monkeypatch, {"sub-01": None}))


def test_a_baseline_that_nobody_has_is_told(tmp_path, monkeypatch):
    found = {name: ["rest", "music"] for name in ("sub-01", "sub-02")}
    preflight.check_study(own(tmp_path, monkeypatch, found, rested=["sub-02"]))
    told = "needs a rest before each trial, and sub-01 has none"
    with pytest.raises(SettingsError, match=told):
        preflight.check_study(own(tmp_path, monkeypatch, found, rested=[]))


def test_one_subject_without_a_baseline_is_left_out_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path / "results"))
    found = {name: ["rest", "music"] for name in ("sub-01", "sub-02")}
    made = own(tmp_path, monkeypatch, found, rested=["sub-02"])
    for subject in found:
        stages.make_features(made, subject)
    assert stages.valid_subjects(made) == ["sub-02"]
    assert "sub-01 has none" in stages.failures(made)["sub-01"]["message"]


def test_each_subjects_fault_is_told_with_the_settings_of_the_study(tmp_path, monkeypatch):
    found = {name: ["rest", "music"] for name in ("sub-01", "sub-02", "sub-04")}
    found |= {"sub-03": None, "sub-05": ["rest", "muzak"]}
    rested = ["sub-02", "sub-03", "sub-05"]
    of_all = preflight.findings(own(tmp_path, monkeypatch, found, rested=rested))
    faults = {one.subject: one.problem for one in of_all if one.subject}
    assert list(faults) == [*found] and faults["sub-02"] is None
    assert "sub-01 has none" in faults["sub-01"]
    assert "is damaged" in faults["sub-03"]
    assert "holds 'muzak'" in faults["sub-05"]


def test_a_class_that_is_lost_is_told_by_its_name(tmp_path, monkeypatch):
    made = own(tmp_path, monkeypatch, {"sub-01": [*["rest"] * 9, "music"]})
    *_, of_study = preflight.findings(made)
    assert "no window of class 'music' is left to train on" in of_study.problem


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"window_seconds": 0.3}, "a window is a whole number of samples"),
        ({"bands": [{"name": "high", "low_hz": 31, "high_hz": 70}]}, "only frequencies below 64"),
        ({"window_seconds": 5}, "window"),
    ],
)
def test_features_that_simulated_recordings_cannot_give_are_told(tmp_path, features, message):
    with pytest.raises(InputError, match=message):
        preflight.check_study(smoke(tmp_path, features=features))
