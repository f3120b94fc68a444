"""One function a stage: declared inputs in, declared outputs out, nothing else.

`make_...` writes a stage's artefacts; the functions named by a noun read them, and
compute what is missing where that takes seconds, so that a notebook also runs alone.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from pyarrow import parquet

from emolib.errors import DataError, InputError
from emolib.evaluation import scores as evaluation
from emolib.features.extraction import extract_features
from emolib.grid import to_brain_maps
from emolib.recordings import simulated
from emolib.recordings.labels import window_table
from emolib.storage import atomic
from emolib.study.study import Study

ROW_GROUP = 10_000  # rows of a table that are read together: little more than a subject's

# -- recordings and features ---------------------------------------------------------------


def make_recording(study: Study, subject: str) -> None:
    """Simulate one subject of the study and write it in DEAP's format, the truth beside it."""
    simulated.write_subject(study.simulation, _number(subject), study.recordings_root)


def ensure_recording(study: Study, subject: str) -> None:
    """Simulate a subject of a simulated study, unless its file is there with these settings."""
    if study.simulation is None:
        return
    try:
        made_with = json.loads(simulated.read_truth(study.recordings_root, subject).settings)
    except DataError:
        made_with = None
    wanted = dataclasses.asdict(study.simulation)
    current = made_with and all(wanted.get(name) == value for name, value in made_with.items())
    if not (current and _simulated_file(study, subject).exists()):
        make_recording(study, subject)


def recording(study: Study, subject: str) -> xr.Dataset:
    """Read one subject's recording; a simulated one that is not there yet is made.

    Raises
    ------
    DataError
        If its file cannot be used. It names the file, what is wrong and what to do.
    """
    ensure_recording(study, subject)
    try:
        return study.reader.read(study.recordings_root, subject)
    except DataError:
        raise
    except Exception as error:  # whatever a library says of a broken file, say it plainly
        raise DataError(
            ", ".join(str(path) for path in study.reader.sources(study.recordings_root, subject)),
            f"could not be read ({type(error).__name__}: {error}).",
            "The file may be damaged: copy it again, then run the study again.",
        ) from error


def make_features(study: Study, subject: str) -> None:
    """Write a subject's features, or, if its recording cannot be used, why not.

    A bad recording so never sinks the others: the file holds no window then, and its
    attribute `failure` says where the fault is, what it is and what to do.
    """
    try:
        computed = extract_features(recording(study, subject), study.features)
    except InputError as error:  # also where settings that serve the others do not fit this one
        computed = failure_dataset(failure_record(error), subject=subject)
    write_dataset(computed, study.features_file(subject))


def features(study: Study, subject: str) -> xr.Dataset:
    """Load a subject's features (window, kind, band, channel); make them if they are missing.

    Raises
    ------
    DataError
        If the subject's recording could not be used.
    """
    if not study.features_file(subject).exists():
        make_features(study, subject)
    return load_artefact(study.features_file(subject))


def make_summary(study: Study, subject: str) -> None:
    """Write what a subject's page and the cohort's show of the subject, its scores aside."""
    from emolib.evaluation.subject import (
        summarise,  # MNE takes seconds that others need not wait for
    )

    if fault := failure(study, subject):
        found = failure_dataset(fault, subject=subject)
    else:
        found = summarise(
            recording(study, subject),
            features(study, subject),
            study.tasks,
            study.features,
            within=study.has_within_subject,
            chronological=study.chronological,
            seed=study.seed,
        )
    write_dataset(found, study.summary_file(subject))


def summary(study: Study, subject: str) -> xr.Dataset:
    """Load a subject's summary, see `subject_summary.summarise`; make it if it is missing.

    Raises
    ------
    DataError
        If the subject's recording could not be used.
    """
    if not study.summary_file(subject).exists():
        features(study, subject)
        make_summary(study, subject)
    return load_artefact(study.summary_file(subject))


def failure(study: Study, subject: str) -> dict[str, str] | None:
    """Why a subject could not be used (where, problem, remedy); None if nothing is known."""
    if not study.features_file(subject).exists():
        return None
    with xr.open_dataset(study.features_file(subject), engine="h5netcdf") as stored:
        return json.loads(stored.attrs["failure"]) if "failure" in stored.attrs else None


def failures(study: Study) -> dict[str, dict[str, str]]:
    """The subjects that could not be used: where the fault is, the problem, the remedy."""
    faults = {subject: failure(study, subject) for subject in study.subjects()}
    return {subject: fault for subject, fault in faults.items() if fault}


def valid_subjects(study: Study) -> list[str]:
    """The subjects of the study whose features are not known to have failed."""
    failed = failures(study)
    return [subject for subject in study.subjects() if subject not in failed]


def first_valid(study: Study) -> str:
    """The first subject whose recording can be used; chapters show this one.

    Raises
    ------
    DataError
        If there is none.
    """
    for subject in study.subjects():
        try:
            features(study, subject)
        except DataError:
            continue
        return subject
    raise _nobody(study)


# -- training and scores -------------------------------------------------------------------


def load_windows(study: Study) -> tuple[np.ndarray, pd.DataFrame]:
    """Brain maps and metadata of all usable subjects, stacked.

    Returns
    -------
    maps : array, shape (n_windows, 8, 9, n_planes), float32
    table : DataFrame, a row a window
        Columns subject, trial, stimulus, window, and a class column a task (-1: no rating).
    """
    tables, stacks = [], []
    for subject in valid_subjects(study):
        loaded = features(study, subject)
        tables.append(window_table(loaded, study.tasks))
        stacks.append(to_brain_maps(loaded).values)
    if not tables:
        raise _nobody(study)
    table = pd.concat(tables, ignore_index=True)
    rated = (table[list(study.tasks)] >= 0).any(axis=1).to_numpy()
    maps = np.concatenate(stacks)
    return (maps if rated.all() else maps[rated]), table[rated].reset_index(drop=True)


def predictions(study: Study, subject: str | None = None) -> pd.DataFrame:
    """The predictions of every protocol, fold and stage, as far as they are made.

    Of one subject, if it is named: a page of one subject does not read those of all. A column
    ``repeat`` numbers the trainings of one fold from 0.
    """
    tables = _read_folds(study, "predictions", subject)
    if len(tables):
        tables["repeat"] = tables["fold"] // tables["protocol"].map(study.splits)
    return tables


def permuted_predictions(study: Study) -> pd.DataFrame:
    """The predictions of the refits on permuted labels; a column ``permutation`` numbers them."""
    tables = [
        pd.read_parquet(file).assign(permutation=i)
        for _, i, _, file in _permuted_files(study)
        if file.exists() and not _failed(file)
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def histories(study: Study) -> pd.DataFrame:
    """The training histories: a row an epoch, losses in nats, learning rates."""
    return _read_folds(study, "history")


def failed_folds(study: Study) -> dict[str, dict[str, str]]:
    """What the data could not serve, by name ("trial-grouped, fold 1"), and why.

    Folds of the study, its refits on permuted labels, and the folds of its variants.
    """
    files = {
        f"{protocol}, fold {number}": study.fold_files(protocol, number)["predictions"]
        for protocol in study.protocols
        for number in study.folds(protocol)
    }
    for protocol, i, number, file in _permuted_files(study):
        files[f"{protocol}, permuted labels {i}, fold {number}"] = file
    failed = {
        name.replace("_", "-"): fault
        for name, file in files.items()
        if (fault := fold_failure(file)) is not None
    }
    for variant in study.variants:
        of_variant = failed_folds(study.variant(variant)).items()
        failed |= {f"{variant.replace('_', ' ')}: {name}": fault for name, fault in of_variant}
    return failed


def fold_failure(file: Path) -> dict[str, str] | None:
    """Why a fold could not be trained, by its file of predictions; None if nothing is known."""
    return pd.read_parquet(file).attrs["failure"] if file.exists() and _failed(file) else None


def make_scores(study: Study) -> None:
    """Write the scores of the study's predictions, as Parquet and CSV, and of its refits."""
    computed = evaluation.score(predictions(study))
    write_table(computed, study.scores_file("parquet"))
    permuted = evaluation.permuted_scores(permuted_predictions(study))
    write_table(permuted, study.permuted_scores_file)
    with atomic(study.scores_file("csv")) as path:
        computed.to_csv(path, index=False, lineterminator="\n")


def scores(study: Study) -> pd.DataFrame:
    """The study's scores; see `evaluation.score` for the columns."""
    return pd.read_parquet(study.scores_file("parquet"))


def permuted_scores(study: Study) -> pd.DataFrame:
    """What refits on permuted labels score; see `evaluation.permuted_scores` for the columns."""
    return pd.read_parquet(study.permuted_scores_file)


# -- helpers -------------------------------------------------------------------------------


def write_dataset(artefact: xr.Dataset, file: Path) -> None:
    """Write an artefact as netCDF, whole or not at all."""
    with atomic(file) as path:
        artefact.to_netcdf(path, engine="h5netcdf")


def failure_dataset(fault: dict[str, str], **who: object) -> xr.Dataset:
    """What stands in the place of an artefact that could not be made; `load_artefact` raises it."""
    return xr.Dataset(attrs={**who, "failure": json.dumps(fault)})


def load_artefact(file: Path) -> xr.Dataset:
    """Load an artefact, or raise why there is none."""
    artefact = xr.load_dataset(file, engine="h5netcdf")
    if "failure" in artefact.attrs:
        raise DataError(**json.loads(artefact.attrs["failure"]))
    return artefact


def _number(subject: str) -> int:
    """The number in a simulated subject's name: 3 for "sub-03"."""
    return int(subject.removeprefix("sub-"))


def failure_record(error: InputError) -> dict[str, str]:
    """What a failed artefact keeps of an error: where, problem and remedy."""
    return {"source": error.source, "message": error.message, "hint": error.hint}


def _nobody(study: Study) -> DataError:
    return DataError(
        study.recordings_root,
        f"no subject of the study {study.name!r} can be used.",
        f"`python -m emolib check {study.name}` says why, subject by subject.",
    )


def _simulated_file(study: Study, subject: str) -> Path:
    return study.recordings_root / f"s{_number(subject):02d}.mat"


def write_table(table: pd.DataFrame, file: Path) -> None:
    """Write a table as Parquet, whole or not at all."""
    with atomic(file) as path:
        table.to_parquet(path, index=False, row_group_size=ROW_GROUP)


def _permuted_files(study: Study) -> list[tuple[str, int, int, Path]]:
    """The files of the refits on permuted labels, with protocol, permutation and fold."""
    return [
        (protocol, i, number, study.permuted_file(protocol, i, number))
        for protocol, n in study.permutations.items()
        for i in range(1, n + 1)
        for number in range(study.splits(protocol))
    ]


def _failed(file: Path) -> bool:
    """Whether a fold could not be trained: its table has no columns then."""
    return not parquet.read_schema(file).names


def _read_folds(study: Study, what: str, subject: str | None = None) -> pd.DataFrame:
    own = [("subject", "==", subject)] if subject else None
    files = [
        study.fold_files(protocol, number)[what]
        for protocol in study.protocols
        for number in study.folds(protocol)
    ]
    tables = [
        pd.read_parquet(file, filters=own) for file in files if file.exists() and not _failed(file)
    ]
    tables = [table for table in tables if len(table)]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
