"""One function a stage: declared inputs in, declared outputs out, nothing else.

`make_...` writes a stage's artefacts; the functions named by a noun read them, and
compute what is missing where that takes seconds, so that a notebook also runs alone.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from emolib import evaluation
from emolib.artefacts import atomic, digest_of_files
from emolib.checks import DataError
from emolib.features import extract_features
from emolib.grid import to_brain_maps
from emolib.labels import metadata
from emolib.recordings import simulated
from emolib.splits import NEW_SUBJECTS, PROTOCOLS, group_windows
from emolib.study import Study

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
    except DataError as error:
        computed = xr.Dataset(attrs={"subject": subject, "failure": json.dumps(_fault(error))})
    with atomic(study.features_file(subject)) as path:
        computed.to_netcdf(path, engine="h5netcdf")


def features(study: Study, subject: str) -> xr.Dataset:
    """Load a subject's features (window, kind, band, channel); make them if they are missing.

    Raises
    ------
    DataError
        If the subject's recording could not be used.
    """
    if not study.features_file(subject).exists():
        make_features(study, subject)
    loaded = xr.load_dataset(study.features_file(subject), engine="h5netcdf")
    if "failure" in loaded.attrs:
        raise DataError(**json.loads(loaded.attrs["failure"]))
    return loaded


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


def usable_subjects(study: Study) -> list[str]:
    """The subjects of the study whose features are not known to have failed."""
    failed = failures(study)
    return [subject for subject in study.subjects() if subject not in failed]


def first_usable(study: Study) -> str:
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


def cohort(study: Study) -> tuple[np.ndarray, pd.DataFrame]:
    """Brain maps and metadata of all usable subjects, stacked.

    Returns
    -------
    maps : array, shape (n_windows, 8, 9, n_planes), float32
    table : DataFrame, a row a window
        Columns subject, trial, stimulus, window, and a class column a task (-1: no rating).
    """
    tables, stacks = [], []
    for subject in usable_subjects(study):
        loaded = features(study, subject)
        tables.append(metadata(loaded, study.tasks))
        stacks.append(to_brain_maps(loaded).values)
    if not tables:
        raise _nobody(study)
    table = pd.concat(tables, ignore_index=True)
    rated = (table[list(study.tasks)] >= 0).any(axis=1).to_numpy()
    maps = np.concatenate(stacks)
    return (maps if rated.all() else maps[rated]), table[rated].reset_index(drop=True)


def make_fold(study: Study, protocol: str, number: int) -> None:
    """Train one fold of a protocol: pooled, then fine-tuned; write what it predicts.

    Writes `Study.fold_files` and, beside the pooled weights, those of each fine-tuned model.
    Where the data cannot serve the fold (too few subjects are left, say), the predictions are
    empty and say why (`failed_folds`): the other protocols go on.
    """
    files = study.fold_files(protocol, number)
    try:
        predicted, history = _train_fold(study, protocol, number)
    except DataError as error:
        predicted, history = pd.DataFrame(), pd.DataFrame()
        predicted.attrs["failure"] = _fault(error)
    _write_table(history, files["history"])
    _write_table(predicted, files["predictions"])
    shutil.rmtree(_checkpoints(study, protocol, number), ignore_errors=True)


def _train_fold(study: Study, protocol: str, number: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    # Imported here: Keras and JAX take seconds that the other stages need not wait for.
    from emolib import training
    from emolib.model import build_mt_cnn

    maps, table = cohort(study)
    inputs: training.Inputs = maps
    if study.model.windows > 1:
        groups = group_windows(table, study.model.windows)
        inputs, table = training.GroupedInputs(maps, groups), table.iloc[groups[:, 0]]
        table = table.reset_index(drop=True)
    split = PROTOCOLS[protocol](table, n_folds=study.n_folds, seed=study.seed, tasks=[*study.tasks])
    fold = list(split)[number]
    labels = {task: table[task].to_numpy() for task in study.tasks}
    trainer = training.Trainer(partial(build_mt_cnn, study.model_settings), study.training)
    folder = study.fold_files(protocol, number)["weights"].parent
    predicted, histories = [], []
    for result in training.train_fold(
        trainer,
        inputs,
        labels,
        fold,
        table["subject"].to_numpy(),
        key=(study.seed, protocol, number),
        fine_tune=study.fine_tune and protocol not in NEW_SUBJECTS,
        checkpoints=_checkpoints(study, protocol, number),
    ):
        who = {"protocol": protocol, "fold": number, "stage": result.stage}
        histories.append(result.history.assign(**who, subject=result.subject, task=result.task))
        predicted.append(_tidy(table, labels, result, who))
        name = "-".join(part for part in (result.stage, result.subject, result.task) if part)
        trainer.save_weights(folder / f"{name}.weights.h5", result.weights)
    settings = json.dumps(dataclasses.asdict(study.model_settings), indent=1, sort_keys=True)
    with atomic(folder / "model.json") as path:
        path.write_text(settings)
    return pd.concat(predicted, ignore_index=True), pd.concat(histories, ignore_index=True)


def _tidy(
    table: pd.DataFrame, labels: Mapping[str, np.ndarray], result, who: Mapping[str, object]
) -> pd.DataFrame:
    """One stage's predictions as rows (protocol, fold, stage, subject, ..., probability)."""
    parts = []
    for task, probability in result.probabilities.items():
        rated = labels[task][result.rows] >= 0
        rows = table.iloc[result.rows[rated]]
        parts.append(
            rows[["subject", "trial", "stimulus", "window"]].assign(
                **who,
                task=task,
                label=labels[task][result.rows[rated]],
                probability=probability[rated, 1].astype("float32"),
            )
        )
    first = ["protocol", "fold", "stage"]
    tidy = pd.concat(parts, ignore_index=True)
    return tidy[first + [column for column in tidy if column not in first]]


def predictions(study: Study) -> pd.DataFrame:
    """The predictions of every protocol, fold and stage, as far as they are made."""
    return _read_folds(study, "predictions")


def histories(study: Study) -> pd.DataFrame:
    """The training histories: a row an epoch, losses in nats, learning rates."""
    return _read_folds(study, "history")


def failed_folds(study: Study) -> dict[tuple[str, int], dict[str, str]]:
    """The folds (protocol, number) that the data could not serve, and why."""
    failed = {}
    for protocol in study.protocols:
        for number in study.folds(protocol):
            file = study.fold_files(protocol, number)["predictions"]
            if file.exists() and "failure" in (table := pd.read_parquet(file)).attrs:
                failed[protocol, number] = table.attrs["failure"]
    return failed


def make_scores(study: Study) -> None:
    """Write the scores of the study's predictions, as Parquet and as CSV."""
    computed = evaluation.score(predictions(study))
    _write_table(computed, study.scores_file("parquet"))
    with atomic(study.scores_file("csv")) as path:
        computed.to_csv(path, index=False, lineterminator="\n")


def scores(study: Study) -> pd.DataFrame:
    """The study's scores; see `evaluation.score` for the columns."""
    return pd.read_parquet(study.scores_file("parquet"))


# -- helpers -------------------------------------------------------------------------------


def _checkpoints(study: Study, protocol: str, number: int) -> Path:
    """Where a killed training picks up: a folder of its settings and data, for none else."""
    inputs = [study.features_file(subject) for subject in study.subjects()]
    state = f"{study.digest('training')}-{digest_of_files([f for f in inputs if f.exists()])}"
    return study.fold_files(protocol, number)["weights"].parent / f"unfinished-{state}"


def _number(subject: str) -> int:
    """The number in a simulated subject's name: 3 for "sub-03"."""
    return int(subject.removeprefix("sub-"))


def _fault(error: DataError) -> dict[str, str]:
    return {"where": error.where, "problem": error.problem, "remedy": error.remedy}


def _nobody(study: Study) -> DataError:
    return DataError(
        study.recordings_root,
        f"no subject of the study {study.name!r} can be used.",
        f"`python -m emolib check {study.name}` says why, subject by subject.",
    )


def _simulated_file(study: Study, subject: str) -> Path:
    return study.recordings_root / f"s{_number(subject):02d}.mat"


def _write_table(table: pd.DataFrame, file: Path) -> None:
    with atomic(file) as path:
        table.to_parquet(path, index=False)


def _read_folds(study: Study, what: str) -> pd.DataFrame:
    files = [
        study.fold_files(protocol, number)[what]
        for protocol in study.protocols
        for number in study.folds(protocol)
    ]
    tables = [pd.read_parquet(file) for file in files if file.exists()]
    tables = [table for table in tables if len(table)]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
