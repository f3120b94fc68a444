"""What `import emolib` offers, and what it does not wait for."""

import dataclasses
import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined

import emolib
from emolib.features import FeatureSettings
from emolib.model.settings import ModelSettings, TrainingSettings
from emolib.recordings import example
from emolib.recordings.labels import Task
from emolib.recordings.simulated import SimulationSettings
from emolib.study.study import DERIVED, Study, StudyRecordings

NAMES = {
    *("read_deap", "simulate_subject", "from_epochs", "to_epochs", "FeatureSettings"),
    *("extract_features", "to_brain_maps", "Task", "window_table", "splits", "ModelSettings"),
    *("build_mt_cnn", "build_crnn", "audit", "score", "Explorer", "load_study"),
}
ROOMS = {
    *("recordings", "features", "splits", "model", "evaluation"),
    *("explain", "figures", "study", "book", "grid"),
}


def loaded_by(code: str) -> set[str]:
    """The modules that a fresh process has loaded after some code."""
    code += "\nimport sys, json; print(json.dumps([*sys.modules]))"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return set(json.loads(ran.stdout))


def test_settings_and_protocols_wait_for_no_heavy_library():
    loaded = loaded_by("import emolib; emolib.FeatureSettings, emolib.Task, emolib.splits")
    assert "emolib.features.extraction" in loaded and "emolib.splits" in loaded
    heavy = {"keras", "jax", "mne", "matplotlib", "pandas", "xarray", "sklearn", "scipy.signal"}
    assert not heavy & loaded


def test_the_settings_of_a_network_do_not_load_it():
    loaded = loaded_by("import emolib; emolib.ModelSettings, emolib.SimulationSettings")
    assert not {"keras", "jax", "mne", "matplotlib"} & loaded


@pytest.mark.parametrize("name", sorted(NAMES | ROOMS))
def test_every_name_of_the_front_door_is_there(name):
    assert name in emolib.__all__ and name in dir(emolib)
    assert getattr(emolib, name).__doc__


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_every_public_name_of_a_room_is_there(room):
    module = importlib.import_module(f"emolib.{room}")
    for name in getattr(module, "__all__", ()):
        assert getattr(module, name, None) is not None, name


def test_a_name_that_nobody_knows_is_an_attribute_error():
    with pytest.raises(AttributeError, match="build_transformer"):
        emolib.build_transformer  # noqa: B018


# README's table of the keys of a study

SECTIONS = {
    "simulation": SimulationSettings,
    "recordings": StudyRecordings,
    "tasks": Task,
    "features": FeatureSettings,
    "model": ModelSettings,
    "training": TrainingSettings,
}


def study_keys() -> dict[str, str]:
    """All keys that a study file may have, and their defaults as the table writes them."""
    keys = {}
    for name, field in Study.model_fields.items():
        if name in DERIVED[Study]:
            continue
        key = field.alias or name
        section = SECTIONS.get(key)
        keys[key] = "" if section and key != "tasks" else written(field.default)
        for one in dataclasses.fields(section) if section else ():
            if one.name not in DERIVED.get(section, ()):
                within = f"{key}.NAME" if key == "tasks" else key
                made = one.default_factory
                default = one.default if made is dataclasses.MISSING else made()
                keys[f"{within}.{one.name}"] = written(default)
    return keys


def written(default: object) -> str:
    if default in (PydanticUndefined, dataclasses.MISSING):
        return "must be given"
    if default == "":
        return ""
    if isinstance(default, tuple):
        default = [getattr(one, "name", one) for one in default]
    return f"`{json.dumps(default)}`".replace('"', "")


def test_readme_has_a_line_for_every_key_of_a_study_with_its_default():
    readme = (Path(emolib.__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w.]+)` \| (.*?) ?\| (.+?) \|$", readme, flags=re.MULTILINE)
    assert {key: default for key, default, _ in rows} == study_keys()


def test_the_quick_start_of_readme_runs(tmp_path, capsys):
    """On a file that has its annotations a second after the start, and trials of three seconds."""
    readme = (Path(emolib.__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(import mne.*?)```", readme, re.DOTALL).group(1)
    settings = SimulationSettings(n_trials=10, trial_seconds=4)
    recording, _ = emolib.simulate_subject(settings, subject=1)
    example.write_example(tmp_path, recording, valence=[2, 8] * 5)
    changes = {
        '"me.edf"': repr(str(tmp_path / example.EEG_FILE)), "tmin=-3, tmax=60": "tmin=-1, tmax=2.9",
        '("calm", "tense")': repr(example.EVENTS),
    }  # fmt: skip
    for shown, own in changes.items():
        assert shown in code
        code = code.replace(shown, own)
    names = {}
    exec(code, names)
    assert len(names["cv"]) == 5 and "[" in capsys.readouterr().out
    assert names["table"]["state"].value_counts().to_dict() == {0: 25, 1: 25}  # five windows each
