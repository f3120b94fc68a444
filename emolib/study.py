"""A study: which recordings, which settings, which protocols, and where its artefacts lie.

A study is a YAML file in `studies/`. It is validated key by key before anything
runs; a key that nobody knows is an error with a suggestion, not a silence.
"""

from __future__ import annotations

import dataclasses
import os
import types
import typing
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from emolib import recordings
from emolib.artefacts import digest_of_files, digest_of_settings
from emolib.checks import DataError, SettingsError, check_option, did_you_mean
from emolib.features import FeatureSettings
from emolib.labels import Task
from emolib.recordings.simulated import SimulationSettings
from emolib.settings import ModelSettings, TrainingSettings, threads
from emolib.splits import PROTOCOLS

PROJECT = Path(__file__).resolve().parents[1]

# What is made by which rooms: an artefact is made again when its settings or its code change,
# or when what it is made from is. So training need not name the features' rooms again.
ROOMS = {
    "recording": ["checks", "artefacts", "bands", "grid", "recordings"],
    "features": ["checks", "artefacts", "bands", "grid", "recordings", "kernels", "features"],
    "training": [
        *("grid", "settings", "labels", "folds", "splits", "model"),
        *("batches", "callbacks", "fitting", "training", "stages"),
    ],
    "scores": ["bootstrap", "evaluation"],
    "page": ["."],
}

# And by which keys of the study file; a page, which is not listed, may show any.
USED = {
    "recording": ["simulation"],
    "features": ["dataset", "simulation", "features"],
    "training": ["tasks", "model", "training", "n_folds", "fine_tune", "seed"],
    "scores": [],
}


class Study(BaseModel):
    """A validated study file.

    Attributes
    ----------
    name, title : str
        The file's name without its ending, and what people call the study.
    about : str
        A sentence or two for the cohort's page.
    dataset : {"simulated", "deap", "eegmat", "files"}
        Which reader of `emolib.recordings` serves it.
    root : str or None
        Where the recordings lie: a path, relative to the study file. None: the reader's own place.
    only_subjects : tuple of str or None
        In the file `subjects`: those to use. None: all that are found.
    tasks : dict of str to Task
        The classes to tell apart, a head of the network each.
    protocols : tuple of str
        Functions of `emolib.splits`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    about: str = ""
    dataset: str
    root: str | None = None
    only_subjects: tuple[str, ...] | None = Field(None, alias="subjects", min_length=1)
    simulation: SimulationSettings | None = None
    tasks: dict[str, Task] = Field(min_length=1)
    features: FeatureSettings = FeatureSettings()
    model: ModelSettings = ModelSettings()
    training: TrainingSettings = TrainingSettings()
    protocols: tuple[str, ...] = Field(min_length=1)
    n_folds: int = Field(5, ge=2)
    fine_tune: bool = True
    seed: int = Field(0, ge=0)
    file: Path = Field(exclude=True)

    @model_validator(mode="after")
    def _check_words(self) -> Study:
        check_option("dataset", self.dataset, recordings.READERS)
        for protocol in self.protocols:
            check_option("protocols", protocol, PROTOCOLS)
        if (self.dataset == "simulated") != (self.simulation is not None):
            raise SettingsError(
                "simulation",
                f"is {'missing' if self.simulation is None else 'given'} for {self.dataset!r}.",
                "Give it when, and only when, the dataset is 'simulated'.",
            )
        return self

    # -- where things lie ------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        """The folder of all that the study makes: results/<name>, or under EMOLIB_RESULTS."""
        return Path(os.environ.get("EMOLIB_RESULTS", PROJECT / "results")) / self.name

    @property
    def recordings_root(self) -> Path:
        """The folder or table that the reader is given."""
        if self.dataset == "simulated":
            return self.folder / "recordings"
        if self.root is None:
            if hasattr(self.reader, "default_root"):
                return self.reader.default_root()
            raise SettingsError(
                f"{self.file.name}: root", "is missing.", "Say where the recordings lie."
            )
        return self.file.parent / Path(os.path.expandvars(self.root)).expanduser()

    def features_file(self, subject: str) -> Path:
        """The netCDF file of a subject's features, or of why there are none."""
        return self.folder / "features" / f"{subject}.nc"

    def fold_files(self, protocol: str, fold: int) -> dict[str, Path]:
        """The files of one trained fold: predictions, history and pooled weights."""
        models = self.folder / "models" / protocol / f"fold-{fold}"
        return {
            "predictions": self.folder / "predictions" / protocol / f"fold-{fold}.parquet",
            "history": models / "history.parquet",
            "weights": models / "pooled.weights.h5",
        }

    def scores_file(self, ending: str = "parquet") -> Path:
        """The table of scores, for programs (parquet) or people (csv)."""
        return self.folder / "scores" / f"scores.{ending}"

    @property
    def book(self) -> Path:
        """The folder of the built pages."""
        return self.folder / "book" / "_build" / "html"

    # -- what it works on ------------------------------------------------------------------

    @property
    def reader(self) -> types.ModuleType:
        """The module of `emolib.recordings` that reads the study's data set."""
        return recordings.READERS[self.dataset]

    def subjects(self) -> list[str]:
        """The subjects of the study, sorted; a DataError names one that is not there."""
        if self.simulation is not None:
            found = [f"sub-{number:02d}" for number in range(1, self.simulation.n_subjects + 1)]
        else:
            found = self.reader.subjects(self.recordings_root)
        for subject in self.only_subjects or ():
            if subject not in found:
                raise DataError(
                    f"{self.file.name}: subjects",
                    f"{subject!r} is not in {self.recordings_root}.",
                    did_you_mean(subject, found),
                )
        return [name for name in found if self.only_subjects is None or name in self.only_subjects]

    def folds(self, protocol: str) -> range:
        """The numbers of the folds of a protocol."""
        both = protocol == "leave_subjects_and_stimuli_out"
        return range(self.n_folds**2 if both else self.n_folds)

    @property
    def model_settings(self) -> ModelSettings:
        """The model's settings with the planes and heads that features and tasks imply."""
        planes = len(self.features.kinds) * len(self.features.bands)
        tasks = {name: len(task.classes) for name, task in self.tasks.items()}
        return dataclasses.replace(self.model, planes=planes, tasks=tasks)

    # -- what made it ----------------------------------------------------------------------

    def digest(self, stage: str) -> str:
        """A short name for all that decides a stage's result, its input files aside.

        Settings that only change execution (cores, executor, logging) are not in it.
        """
        settings = self.model_dump(mode="json")
        used = {key: settings[key] for key in USED[stage]} if stage in USED else settings
        if stage in ("training", "page"):
            used["threads"] = threads()  # they decide the last bits of a sum
        code = [path for room in ROOMS[stage] for path in _modules(room)]
        return digest_of_settings(used | {"code": digest_of_files(code)})


# Fields that no file gives: they follow from its name, and from its features and tasks.
DERIVED: dict[Any, set[str]] = {Study: {"name", "file"}, ModelSettings: {"planes", "tasks"}}


def load(study: str | Path) -> Study:
    """Read and validate a study file.

    Parameters
    ----------
    study : str or path
        A name such as "demo", found in the project's `studies/`, or a YAML file's path.

    Raises
    ------
    SettingsError
        If there is no such file, or a key or value in it is not allowed; the message
        names the file, the key, what was found and what is allowed.
    """
    path = Path(study)
    if path.suffix not in (".yaml", ".yml"):
        path = PROJECT / "studies" / f"{study}.yaml"
    if not path.is_file():
        known = [file.stem for file in (PROJECT / "studies").glob("*.yaml")]
        raise SettingsError(path, "is not a file.", did_you_mean(path.stem, known))
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise SettingsError(
            path, f"is not valid YAML: {error}.", "Mend the line that is named."
        ) from None
    if not isinstance(content, dict):
        raise SettingsError(path, "holds no keys.", "Start from studies/demo.yaml.")
    for key in {*DERIVED[Study], "only_subjects"} & set(content):
        raise SettingsError(f"{path}: key {key!r}", "is unknown.", _known_keys(Study, key))
    for derived in DERIVED[ModelSettings] & set(content.get("model") or {}):
        raise SettingsError(
            f"{path}: key 'model.{derived}'",
            "follows from 'features' and 'tasks'.",
            "Take it out of the file.",
        )
    try:
        return Study(name=path.stem, file=path.resolve(), **content)
    except ValidationError as error:
        raise _as_settings_error(path, error) from None


def prose_files() -> list[str]:
    """The book's own pages and settings: a change in one of them rebuilds the pages."""
    prose = sorted(path for path in (PROJECT / "book").rglob("*") if path.is_file())
    return [str(PROJECT / "_config.yml"), *map(str, prose)]


def _modules(room: str) -> list[Path]:
    """The source files of a room of the package."""
    package = Path(__file__).parent
    place = package / room
    return sorted(place.rglob("*.py")) if place.is_dir() else [package / f"{room}.py"]


def _as_settings_error(path: Path, error: ValidationError) -> SettingsError:
    """Say the first fault in a sentence, and count the others."""
    faults = error.errors()
    fault = faults[0]
    if isinstance(inner := fault.get("ctx", {}).get("error"), SettingsError):
        where, problem, remedy = inner.where, inner.problem, inner.remedy
    else:
        where = ".".join(str(part) for part in fault["loc"])
        if fault["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
            problem, remedy = "is unknown.", _known_keys(_model_at(fault["loc"]), fault["loc"][-1])
        elif fault["type"] == "missing":
            problem, remedy = "is missing.", "Add it; studies/demo.yaml shows how."
        else:
            problem, remedy = f"got {fault['input']!r}.", fault["msg"] + "."
    more = f" ({len(faults) - 1} more faults in this file.)" if len(faults) > 1 else ""
    return SettingsError(f"{path}: key {where!r}", problem, remedy + more)


def _model_at(loc: tuple) -> Any:
    """The settings class that holds the key at `loc` of a validation error."""
    model: Any = Study
    for part in loc[:-1]:
        known = typing.get_type_hints(model)
        if isinstance(part, int) or part not in known:
            continue  # an index, or the free name of a task
        inner = [known[part]]
        while inner:
            candidate = inner.pop()
            inner += typing.get_args(candidate)
            if dataclasses.is_dataclass(candidate):
                model = candidate
    return model


def _known_keys(model: Any, key: str) -> str:
    """What a file may say where it says `key`: fields that `load` fills in are not offered."""
    if model is Study:
        names = {field.alias or name for name, field in Study.model_fields.items()}
    else:
        names = {field.name for field in dataclasses.fields(model)}
    return did_you_mean(str(key), names - DERIVED.get(model, set()))
