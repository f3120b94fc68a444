"""One function per stage: declared inputs in, declared outputs out, nothing else.

`make_...` writes a stage's artefacts; the functions named by a noun read them, and
compute what is missing where that takes seconds, so that a notebook also runs alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from emolib.errors import DataError, InputError, SettingsError
from emolib.evaluation import scores as evaluation
from emolib.features.extraction import extract_features, without_short_trials
from emolib.grid import to_brain_maps
from emolib.recordings.labels import check_labels, window_table
from emolib.recordings.recording import damaged
from emolib.splits.folds import enough_units, has_folds
from emolib.storage import write_text
from emolib.study.artefacts import (
    open_dataset,
    read_columns,
    read_dataset,
    read_table,
    write_dataset,
    write_table,
)
from emolib.study.privacy import without_folders
from emolib.study.reading import read_plainly
from emolib.study.sources import check_sources, ensure_recording
from emolib.study.study import Study

# -- recordings and features ---------------------------------------------------------------


def recording(study: Study, subject: str) -> xr.Dataset:
    """Read one subject's recording; a simulated one that is not there yet is made.

    A DataError names the file if it cannot be used, what is wrong with it and what to do.
    """
    ensure_recording(study, subject)
    hint = "The file may be damaged: copy it again, then run the study again."
    with damaged(f"the recording of {subject}", "could not be read", hint):
        return without_short_trials(study.read(subject), study.features)


def make_features(study: Study, subject: str) -> None:
    """Write a subject's features, or, if its recording cannot be used, why not.

    A bad recording so never sinks the others: the file then has the attribute `failure` alone.
    """
    try:
        computed = extract_features(recording(study, subject), study.features)
        check_sources(study, subject)
        notes = [without_folders(note, study) for note in computed.attrs["notes"]]
        computed.attrs["notes"] = notes
    except InputError as error:  # also where settings that serve the others do not fit this one
        computed = failure_dataset(failure_record(error, study), subject=subject)
    write_dataset(computed, study.features_file(subject))


def features(study: Study, subject: str) -> xr.Dataset:
    """Load a subject's features (window, kind, band, channel); make them if they are missing.

    Where the recording could not be used, or has no class that the study asks for, the InputError
    that says why is raised.
    """
    if not study.features_file(subject).exists():
        make_features(study, subject)
    computed = load_dataset(study.features_file(subject))
    check_labels(computed, study.tasks)
    return computed


def make_summary(study: Study, subject: str) -> None:
    """Write what a subject's page and the cohort's show of the subject, its scores aside."""
    # Imported here: MNE takes seconds that others need not wait for.
    from emolib.evaluation.subject import summarise

    within = {"trial_grouped", "stimulus_grouped"} & set(study.protocols)  # without leakage
    try:
        own = features(study, subject)
    except (DataError, SettingsError) as error:
        found = failure_dataset(failure_record(error, study), subject=subject)
    else:
        asked = study.recording_settings(subject)
        before, why = read_plainly(study.reader, study.recordings_root, subject, asked)
        found = summarise(
            recording(study, subject),
            own,
            study.tasks,
            study.features,
            within=bool(within),
            chronological=not study.reader.RANDOMISED_ORDER,
            seed=study.seed,
            before=before,
        )
        found.attrs["no_before"] = without_folders(why, study)
    write_dataset(found, study.summary_file(subject))


def summary(study: Study, subject: str) -> xr.Dataset:
    """Load a subject's summary, see `evaluation.subject.summarise`; make it if it is missing.

    Where the recording could not be used, the DataError that says why is raised again.
    """
    if not study.summary_file(subject).exists():
        make_summary(study, subject)
    return load_dataset(study.summary_file(subject))


def failure(study: Study, subject: str) -> dict[str, str] | None:
    """Return why a subject could not be used, as `failure_record`; None if nothing is known."""
    if not study.features_file(subject).exists():
        return None
    with open_dataset(study.features_file(subject)) as stored:
        if "failure" in stored.attrs:
            return json.loads(stored.attrs["failure"])
        try:
            check_labels(stored, study.tasks)
        except InputError as error:
            return failure_record(error, study)
    return None


def failures(study: Study) -> dict[str, dict[str, str]]:
    """Return why subjects could not be used, by subject; those that could are not in it."""
    found = {subject: failure(study, subject) for subject in study.subjects()}
    return {subject: failed for subject, failed in found.items() if failed}


def valid_subjects(study: Study) -> list[str]:
    """List the subjects of the study whose features are not known to have failed."""
    failed = failures(study)
    return [subject for subject in study.subjects() if subject not in failed]


def first_valid(study: Study) -> str:
    """Return the first subject who can be used and has trials for the folds, if anybody has."""
    valid = []
    for subject in study.subjects():
        try:
            table = window_table(features(study, subject), study.tasks)
        except (DataError, SettingsError):
            continue
        if has_folds(study.protocols, table, study.n_folds):
            return subject
        valid.append(subject)
    if not valid:
        raise _nobody(study)
    return valid[0]


# -- training and scores -------------------------------------------------------------------


def load_windows(study: Study) -> tuple[np.ndarray, pd.DataFrame]:
    """Stack the brain maps and the metadata of all valid subjects with trials for the folds.

    Returns
    -------
    maps : array, shape (n_windows, 8, 9, n_planes), float32
    table : DataFrame with one row per window
        Columns subject, trial, stimulus, window, a class column per task (-1: no rating), and
        session where subjects have several.
    """
    tables, maps_of = [], []
    for subject in valid_subjects(study):
        loaded = features(study, subject)
        tables.append(window_table(loaded, study.tasks))
        maps_of.append(to_brain_maps(loaded, study.layout).values)
    if not tables:
        raise _nobody(study)
    maps, table = np.concatenate(maps_of), pd.concat(tables, ignore_index=True)
    used = (table[list(study.tasks)] >= 0).any(axis=1).to_numpy(copy=True)
    used &= fill_a_group(table, study.model.windows)
    used[used] = enough_units(study.protocols, table[used], study.n_folds)
    return (maps if used.all() else maps[used]), table[used].reset_index(drop=True)


def fill_a_group(table: pd.DataFrame, windows: int) -> np.ndarray:
    """Return which windows are of trials that have as many as a model takes at once, a mask."""
    return (table.groupby(["subject", "trial"])["window"].transform("size") >= windows).to_numpy()


def predictions(study: Study, subject: str | None = None) -> pd.DataFrame:
    """Read the predictions of every protocol, fold and stage, as far as they are made.

    Of one subject, if it is named: a page of one subject does not read those of all. A column
    ``repeat`` numbers the trainings of one fold from 0.
    """
    table = _read(_fold_files(study, "predictions").values(), subject)
    if len(table):
        table["repeat"] = table["fold"] // table["protocol"].map(study.splits)
    return table


def histories(study: Study) -> pd.DataFrame:
    """Read the training histories: a row per epoch, losses in nats, learning rates."""
    return _read(_fold_files(study, "history").values())


def permuted_predictions(study: Study) -> pd.DataFrame:
    """Read the predictions of refits on permuted labels; ``permutation`` numbers them from 1."""
    numbers = range(1, max(study.permutations.values(), default=0) + 1)
    files = {i: _fold_files(study, "predictions", i).values() for i in numbers}
    return _stacked([_read(of_one).assign(permutation=i) for i, of_one in files.items()])


def fold_failure(file: Path) -> dict[str, str] | None:
    """Return why a fold could not be trained, by its file of predictions; None if it could be."""
    if not file.exists() or read_columns(file):
        return None
    return read_table(file).attrs["failure"]


def failed_folds(study: Study) -> dict[str, dict[str, str]]:
    """Return why folds could not be trained, those of refits and variants too, by name."""
    files = {}
    for permutation in range(max(study.permutations.values(), default=0) + 1):
        files |= _fold_files(study, "predictions", permutation)
    found = {name: failed for name, file in files.items() if (failed := fold_failure(file))}
    for variant in study.variants:
        of_variant = failed_folds(study.variant(variant)).items()
        found |= {f"{variant.replace('_', ' ')}: {name}": failed for name, failed in of_variant}
    return found


def computed_scores(predicted: pd.DataFrame) -> pd.DataFrame:
    """Score predictions; no rows if no fold could be trained, which `failed_folds` tells of."""
    if len(predicted):
        return evaluation.score(predicted)
    return pd.DataFrame(columns=list(evaluation.SCORE_COLUMNS))


def make_scores(study: Study) -> None:
    """Write the scores of the study's predictions, as Parquet and CSV, and of its refits."""
    computed = computed_scores(predictions(study))
    write_table(computed, study.scores_file())
    permuted = evaluation.permuted_scores(permuted_predictions(study))
    write_table(permuted, study.scores_file("permuted.parquet"))
    text = computed.to_csv(index=False, lineterminator="\n")
    write_text(study.scores_file("scores.csv"), text)


def scores(study: Study) -> pd.DataFrame:
    """Read the study's scores; see `evaluation.score` for the columns."""
    return read_table(study.scores_file())


def permuted_scores(study: Study) -> pd.DataFrame:
    """Read what refits on permuted labels score; see `evaluation.permuted_scores`."""
    return read_table(study.scores_file("permuted.parquet"))


def make_group_tests(study: Study) -> None:
    """Test a study's valid subjects together, and write the table; empty if there are none."""
    # Imported here: scikit-learn takes seconds that readers need not wait for.
    from emolib.evaluation.group import COLUMNS, group_tests

    predicted = predictions(study)
    if len(predicted):
        predicted = predicted[predicted["repeat"] == 0]
    try:
        maps, table = load_windows(study)
    except DataError:  # nobody can be used, which other pages tell
        tested = pd.DataFrame(columns=list(COLUMNS))
    else:
        tested = group_tests(
            maps,
            table,
            study.tasks,
            study.protocols,
            n_folds=study.n_folds,
            seed=study.seed,
            chronological=not study.reader.RANDOMISED_ORDER,
            predictions=predicted,
        )
    write_table(tested, study.scores_file("group_tests.parquet"))


def group_tests(study: Study) -> pd.DataFrame:
    """Read the tests of `evaluation.group.group_tests`; make them if they are missing."""
    file = study.scores_file("group_tests.parquet")
    if not file.exists():
        make_group_tests(study)
    return read_table(file)


# -- files ---------------------------------------------------------------------------------


def load_dataset(file: Path) -> xr.Dataset:
    """Load an artefact, or raise why there is none."""
    artefact = read_dataset(file)
    if "failure" in artefact.attrs:
        raise DataError(**json.loads(artefact.attrs["failure"]))
    return artefact


def failure_dataset(record: dict[str, str], **of: object) -> xr.Dataset:
    """Return what is written in place of an artefact that could not be made."""
    return xr.Dataset(attrs={**of, "failure": json.dumps(record)})


def failure_record(error: InputError, study: Study) -> dict[str, str]:
    """Return what is kept of an error, for all readers: source, message and hint."""
    parts = {"source": error.source, "message": error.message, "hint": error.hint}
    return {name: without_folders(part, study) for name, part in parts.items()}


def _nobody(study: Study) -> DataError:
    return DataError(
        study.recordings_root,
        f"no subject of the study {study.name!r} can be used.",
        f"`python -m emolib check {study.name}` says why, subject by subject.",
    )


def _fold_files(study: Study, what: str, permutation: int = 0) -> dict[str, Path]:
    """List the files of one kind by the name of their fold, of a permutation if it is above 0."""
    if permutation:
        of = {p: study.splits(p) for p, n in study.permutations.items() if permutation <= n}
    else:
        of = {p: len(study.folds(p)) for p in study.protocols}
    labels = f", permuted labels {permutation}" if permutation else ""
    return {
        f"{p.replace('_', '-')}{labels}, fold {k}": study.fold_files(p, k, permutation)[what]
        for p, n_folds in of.items()
        for k in range(n_folds)
    }


def _read(files: Iterable[Path], subject: str | None = None) -> pd.DataFrame:
    """Read all files that are there and hold rows into one table, or one subject's rows."""
    own = [("subject", "==", subject)] if subject else None
    trained = [file for file in files if file.exists() and not fold_failure(file)]
    return _stacked([read_table(file, filters=own) for file in trained])


def _stacked(tables: list[pd.DataFrame]) -> pd.DataFrame:
    tables = [table for table in tables if len(table)]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
