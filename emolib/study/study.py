"""A study: which recordings, which settings, which protocols, and where its artefacts lie.

A study is a YAML file in `studies/`. It is validated key by key before anything
runs; a key that nobody knows is an error with a suggestion, not a silence. Its variants, such
as the ablations of a paper, are studies that differ from it in a few keys.
"""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from emolib.errors import DataError, SettingsError, check_option, did_you_mean
from emolib.features.extraction import FeatureSettings
from emolib.grid import SEED_GRID, Layout, read_layout, use_layout
from emolib.model.settings import ModelSettings, TrainingSettings
from emolib.recordings import READERS, Reader
from emolib.recordings.labels import Task
from emolib.recordings.settings import RecordingSettings
from emolib.recordings.simulated import SimulationSettings
from emolib.splits.protocols import LEAKING, PROTOCOLS
from emolib.storage import file_stem
from emolib.study.digests import digest
from emolib.study.keys import check_words, known_keys, patched, settings_error, with_new_keys
from emolib.study.reading import StudyRecordings, read
from emolib.study.yaml_file import read_yaml

if TYPE_CHECKING:
    import xarray as xr

PROJECT = Path(__file__).resolve().parents[2]

# What may differ in a variant.
VARIABLE = {"protocols", "tasks", "features", "model", "training", "fine_tune", "seed"}


class Study(BaseModel):
    """Describe a study: a validated study file.

    Attributes
    ----------
    name, title : str
        The file's name without its ending, and what people call the study.
    about : str
        A sentence or two for the cohort's page.
    dataset : str
        Which reader of `emolib.recordings.READERS` serves it, such as "deap" or "files".
    root : str or None
        Where the recordings lie: a path, relative to the study file. None: the reader's own place.
    only_subjects : tuple of str or None
        In the file `subjects`: those to use. None: all that are found.
    recordings : StudyRecordings
        How they are read, for readers of recordings as an amplifier wrote them.
    grid : tuple of str
        Rows of the grid, names and dots, see `emolib.grid.read_layout`; none: SEED's grid.
    tasks : dict of str to Task
        The classes to tell apart, a head of the network each.
    protocols : tuple of str
        Functions of `emolib.splits`.
    repeats : int
        How often each fold is trained, from other initial weights each time. The k-th fold of
        the r-th training (both from 0) has the number ``r * n_folds + k``.
    permutations : dict of str to int
        By protocol: how often the pooled fits are made again with permuted labels.
    references : tuple of str
        Reference models that are scored beside the network, on its folds.
    variants : dict of str to dict
        By name: keys that differ. Give null to take one out, such as a task.
    parent : Study or None
        The study that this one is a variant of.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    about: str = ""
    dataset: str
    root: str | None = None
    only_subjects: tuple[str, ...] | None = Field(None, alias="subjects", min_length=1)
    simulation: SimulationSettings | None = None
    recordings: StudyRecordings = StudyRecordings()
    grid: tuple[str, ...] = ()
    tasks: dict[str, Task] = Field(min_length=1)
    features: FeatureSettings = FeatureSettings()
    model: ModelSettings = ModelSettings()
    training: TrainingSettings = TrainingSettings()
    protocols: tuple[str, ...] = Field(min_length=1)
    n_folds: int = Field(5, ge=2)
    fine_tune: bool = True
    seed: int = Field(0, ge=0)
    repeats: int = Field(1, ge=1)
    permutations: dict[str, Annotated[int, Field(ge=1)]] = {}
    references: tuple[str, ...] = ("majority", "ridge")  # the others may take minutes
    variants: dict[str, dict[str, Any]] = {}
    file: Path = Field(exclude=True)
    parent: Study | None = Field(None, exclude=True)

    @model_validator(mode="after")
    def _check_words(self) -> Study:
        check_option("dataset", self.dataset, READERS)
        check_words(self)
        for name in self.variants:
            if not re.fullmatch("[a-z0-9_]+", name):
                raise SettingsError(
                    "variants", f"got the name {name!r}.", "Use small letters, digits and '_'."
                )
        if (self.dataset == "simulated") != (self.simulation is not None):
            raise SettingsError(
                "simulation",
                f"is {'missing' if self.simulation is None else 'given'} for {self.dataset!r}.",
                "Give it when, and only when, the dataset is 'simulated'.",
            )
        self.recordings.check_dataset(self.dataset)
        use_layout(self.layout)
        return self

    # -- where things lie ------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        """Return the folder of all that the study makes, in results/ or EMOLIB_RESULTS."""
        return Path(os.environ.get("EMOLIB_RESULTS", PROJECT / "results")) / self.name

    @property
    def recordings_root(self) -> Path:
        """Return the folder or table that the reader is given."""
        if self.parent is not None:
            return self.parent.recordings_root
        if self.dataset == "simulated":
            return self.folder / "recordings"
        if self.root is None:
            if self.reader.default_root is not None:
                return self.reader.default_root()
            raise SettingsError(
                f"{self.file.name}: root", "is missing.", "Say where the recordings lie."
            )
        root = self.file.parent / os.path.expanduser(os.path.expandvars(self.root))  # noqa: PTH111
        if (unset := re.search(r"\$(\w+|\{\w+\})", str(root))) and not root.exists():
            problem, hint = f"{unset[0]} is not set in the environment.", "Set it to a folder."
            raise SettingsError(f"{self.file.name}: root", problem, hint)
        return Path(os.path.normpath(root))

    def features_file(self, subject: str) -> Path:
        """Return the netCDF file of a subject's features, or of why there are none."""
        if self.parent is not None and self.parent.features == self.features:
            return self.parent.features_file(subject)
        return self.folder / "features" / f"{file_stem(subject)}.nc"

    def summary_file(self, subject: str) -> Path:
        """Return the netCDF file of what pages show of a subject."""
        return self.folder / "summaries" / f"{file_stem(subject)}.nc"

    @property
    def attribution_protocol(self) -> str | None:
        """Return the protocol whose networks the subjects' pages explain; None where all leak.

        The first honest one in the order of `emolib.splits.PROTOCOLS`: what it holds out lies
        closest to the person whom the page is about.
        """
        return next((p for p in PROTOCOLS if p in self.protocols and p not in LEAKING), None)

    def fold_files(self, protocol: str, fold: int, permutation: int = 0) -> dict[str, Path]:
        """Return the files of one trained fold: predictions, history and pooled weights.

        A fit on permuted labels, numbered from 1, has predictions of its own and nothing else.
        """
        models = self.folder / "models" / protocol / f"fold-{fold}"
        predictions = self.folder / "predictions" / protocol
        if permutation:
            predictions /= f"permuted-{permutation}"
        return {
            "predictions": predictions / f"fold-{fold}.parquet",
            "history": models / "history.parquet",
            "weights": models / "pooled.weights.h5",
        }

    def attribution_file(self, protocol: str, fold: int) -> Path:
        """Return the netCDF file of what a fold's network uses, or of why there is none."""
        return self.folder / "attributions" / protocol / f"fold-{fold}.nc"

    def scores_file(self, name: str = "scores.parquet") -> Path:
        """Return a file of scores.

        Others are ``scores.csv`` for people, ``permuted.parquet`` of refits on permuted labels, and
        ``group_tests.parquet`` of the tests of all subjects together, and ``references.parquet``.
        """
        return self.folder / "scores" / name

    @property
    def book(self) -> Path:
        """Return the folder of the built pages."""
        return self.folder / "book" / "_build" / "html"

    # -- what it works on ------------------------------------------------------------------

    @property
    def reader(self) -> Reader:
        """Return the reader of `emolib.recordings` that reads the study's data set."""
        return READERS[self.dataset]

    def subjects(self) -> list[str]:
        """List the subjects of the study, sorted; a DataError names one that is not there."""
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

    @property
    def layout(self) -> Layout:
        """Return which electrode is in which cell of the grid."""
        return read_layout(self.grid) if self.grid else SEED_GRID

    def recording_settings(self, subject: str) -> RecordingSettings:
        """Return how a subject's recording is read; a SettingsError names a key that is wrong."""
        return self.recordings.of(subject, self.file)

    def read(self, subject: str) -> xr.Dataset:
        """Read one subject's recording as the study asks; a DataError says why it cannot be."""
        asked = self.recording_settings(subject)
        use_layout(self.layout)
        return read(self.reader, self.recordings_root, subject, asked)

    def splits(self, protocol: str) -> int:
        """Return how many folds a protocol has, trained once."""
        both = protocol == "leave_subjects_and_stimuli_out"
        return self.n_folds**2 if both else self.n_folds

    def folds(self, protocol: str) -> range:
        """Return the numbers of the folds of a protocol, those of repeated trainings included."""
        return range(self.splits(protocol) * self.repeats)

    def variant(self, name: str) -> Study:
        """Return one of the study's variants, a study of its own in the folder ``variants/NAME``.

        Raises
        ------
        SettingsError
            If there is none of that name, or it changes a key that it may not.
        """
        check_option("variant", name, self.variants)
        where = f"{self.file}: variants.{name}"
        changes = self.variants[name]
        for key in changes.keys() - VARIABLE:
            raise SettingsError(
                f"{where}: key {key!r}", "cannot differ.", did_you_mean(key, VARIABLE)
            )
        left = {"variants", "permutations", "references"}
        same = self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=left)
        own = {"name": f"{self.name}/variants/{name}", "file": self.file, "parent": self}
        return _validated(where, {**patched(same, changes), **own})

    @property
    def model_settings(self) -> ModelSettings:
        """Return the model's settings with the planes and heads that features and tasks imply."""
        planes = len(self.features.kinds) * len(self.features.bands)
        tasks = {name: len(task.classes) for name, task in self.tasks.items()}
        return dataclasses.replace(self.model, planes=planes, tasks=tasks)

    # -- what made it ----------------------------------------------------------------------

    def digest(self, stage: str, subject: str | None = None) -> str:
        """Return the digests of all that decides a stage's result, its input files aside.

        Of one subject, if it is named: what differs for others does not count.
        """
        settings = self.model_dump(mode="json")
        if subject is not None:
            settings["recordings"] = dataclasses.asdict(self.recording_settings(subject))
        return digest(stage, settings)


# Fields that no file gives: they follow from its name, and from its features and tasks.
DERIVED: dict[Any, set[str]] = {
    Study: {"name", "file", "parent"},
    ModelSettings: {"planes", "tasks"},
}


def load(study: str | Path) -> Study:
    """Read and validate a study file.

    Parameters
    ----------
    study : str or path
        A YAML file's path; or a name such as "demo", of one in the project's `studies/` or here.

    Raises
    ------
    SettingsError
        If there is no such file, or a key or value in it is not allowed; the message
        names the file, the key, what was found and what is allowed.

    Warns
    -----
    FutureWarning
        For each key of `RENAMED` that has its old name.
    """
    path = Path(study)
    if path.suffix not in (".yaml", ".yml"):
        inside, here = PROJECT / "studies" / f"{study}.yaml", Path(f"{study}.yaml")
        path = here if here.is_file() and not inside.exists() else inside
    if not path.exists():
        known = [file.stem for file in (PROJECT / "studies").glob("*.yaml")]
        raise SettingsError(path, "is not a file.", did_you_mean(path.stem, known))
    if not re.fullmatch(r"[\w-][\w .-]*", path.stem):  # it names the folder of the results
        hint = "Rename the file: letters, digits, '_', '-', '.' and blanks."
        raise SettingsError(path, "has a name that cannot be a folder's.", hint)
    content = read_yaml(path)
    content = with_new_keys(path, content)
    if isinstance(variants := content.get("variants"), dict):
        content["variants"] = {
            name: with_new_keys(f"{path}: variants.{name}", changes)
            for name, changes in variants.items()
        }
    for key in DERIVED[Study] & set(content):
        raise SettingsError(f"{path}: key {key!r}", "is unknown.", known_keys(Study, key, DERIVED))
    model = content.get("model")
    for derived in DERIVED[ModelSettings] & set(model if isinstance(model, dict) else ()):
        raise SettingsError(
            f"{path}: key 'model.{derived}'",
            "follows from 'features' and 'tasks'.",
            "Take it out of the file.",
        )
    study = _validated(path, {**content, "name": path.stem, "file": path.resolve()})
    for name in study.variants:
        study.variant(name)  # so that a fault shows before anything runs
    for subject in study.recordings.subjects:
        study.recording_settings(subject)  # as above
    return study


def _validated(where: object, content: dict[str, Any]) -> Study:
    try:
        return Study(**content)
    except ValidationError as error:
        raise settings_error(where, error, Study, DERIVED) from None
