"""The step that trains one fold of a protocol, on true labels or on permuted ones.

Or in parts, a job each: the pooled fit, then groups of subjects to fine-tune. A part only keeps its
fits, as a training does that may be killed; the job of the fold then finds them done. So results
are the same bytes, in however many parts they were made.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from emolib.errors import DataError, SettingsError
from emolib.model import networks
from emolib.model.epochs import Inputs, group_inputs
from emolib.model.fine_tuning import StageResult
from emolib.model.predictions import rated_predictions
from emolib.model.settings import ModelSettings
from emolib.model.trainer import Trainer, Weights
from emolib.model.training import train_fold
from emolib.splits.folds import Fold, stable_seed
from emolib.splits.protocols import CROSS_SUBJECT, LEAKING, PROTOCOLS
from emolib.splits.shuffling import permuted_by_stimulus, permuted_by_trial
from emolib.storage import digest_of_files, file_stem, write_text
from emolib.study.stages import failure_record, load_windows, write_table
from emolib.study.study import Study

PARTS = "unfinished-parts"  # the folder that tells which parts of a fold's work are done


def make_fold(study: Study, protocol: str, number: int, permutation: int = 0) -> None:
    """Train one fold of a protocol: pooled, then fine-tuned; write what it predicts.

    Writes `Study.fold_files` and, beside the pooled weights, those of each fine-tuned model.
    Where the data cannot serve the fold (too few subjects are left, say), the predictions are
    empty and say why (`failed_folds`): the other protocols go on.

    Permutations of the labels are numbered from 1. Of such a fold only the pooled fit is made,
    and only its predictions are kept.
    """
    files = study.fold_files(protocol, number, permutation)
    try:
        predicted, history = _train_fold(study, protocol, number, permutation)
    except DataError as error:
        predicted = history = pd.DataFrame()
        predicted.attrs["failure"] = failure_record(error, study)
    if not permutation:
        write_table(history, files["history"])
    write_table(predicted, files["predictions"])
    shutil.rmtree(_checkpoints(study, protocol, number, permutation), ignore_errors=True)
    if not permutation:
        shutil.rmtree(files["history"].parent / PARTS, ignore_errors=True)


def make_part(study: Study, protocol: str, number: int, part: str) -> None:
    """Do part of the work of `make_fold`.

    A fold that the data cannot serve is left to `make_fold`, which says why.

    Parameters
    ----------
    study : Study
    protocol : str
    number : int
        Of the fold.
    part : str
        "pooled", or which of the test subjects, counted from 0 in the order of their names: "8-15".
    """
    first, _, last = part.partition("-")
    only = slice(0, 0) if part == "pooled" else slice(int(first), int(last) + 1)
    try:
        fits, _, _ = fits_of_fold(study, protocol, number, only=only)
        for _ in fits:
            pass  # each is kept as soon as it is there
    except DataError:
        pass


def parts_of(study: Study, subjects_per_job: int) -> list[str]:
    """List the groups of subjects that jobs fine-tune.

    Those who train side by side stay together, since they decide how each other's sums are rounded.

    Parameters
    ----------
    study : Study
    subjects_per_job : int
        Raised to a multiple of `training.side_by_side`.

    Raises
    ------
    SettingsError
        The number is below 1.

    Examples
    --------
    >>> from emolib.study.study import load
    >>> parts_of(load("smoke"), 3)
    ['0-2', '3-5']
    """
    if subjects_per_job < 1:
        problem = f"got {subjects_per_job}."
        raise SettingsError("subjects-per-job", problem, "Give 1 or more.")
    beside = study.training.side_by_side
    size = -(-subjects_per_job // beside) * beside
    return [f"{first}-{first + size - 1}" for first in range(0, len(study.subjects()), size)]


def part_files(
    study: Study, folds: Iterable[Mapping[str, str]], subjects_per_job: int
) -> list[str]:
    """List what tells that the parts of folds are done, as seen from the study's folder.

    Parameters
    ----------
    study : Study
    folds : iterable of mappings
        Of each fold the wildcards of the Snakefile's rule: ``variant_dir``, ``protocol``, ``fold``.
        Those without fine-tuning have no parts.
    subjects_per_job : int
    """
    files = []
    for of in folds:
        variant = of["variant_dir"]
        member = study.variant(variant.split("/")[1]) if variant else study
        if fine_tunes(member, of["protocol"]):
            folder = f"{variant}models/{of['protocol']}/fold-{of['fold']}/{PARTS}"
            files += [f"{folder}/{part}" for part in parts_of(member, subjects_per_job)]
    return files


def fits_of_fold(
    study: Study, protocol: str, number: int, permutation: int = 0, only: slice | None = None
) -> tuple[Iterator[StageResult], pd.DataFrame, dict[str, np.ndarray]]:
    """Return the fits of a fold, which are made as they are asked for, its table and labels.

    With `only`, those of some of its test subjects, see `emolib.model.training.train_fold`.
    """
    maps, table = load_windows(study)
    if permutation:
        # The published protocol is not tested: there trials are what is recognised.
        permuted = permuted_by_trial if protocol in LEAKING else permuted_by_stimulus
        table = permuted(table, [*study.tasks], stable_seed(study.seed, protocol, permutation))
    inputs, table, folds = fold_data(study, protocol, maps, table)
    labels = {task: table[task].to_numpy() for task in study.tasks}
    fits = train_fold(
        Trainer(partial(networks.build, network_settings(study, protocol)), study.training),
        inputs,
        labels,
        folds[number % study.splits(protocol)],
        table["subject"].to_numpy(),
        seed_key=(study.seed, protocol, number, *([permutation] if permutation else [])),
        fine_tune=fine_tunes(study, protocol) and not permutation,
        only=only,
        checkpoints=_checkpoints(study, protocol, number, permutation),
    )
    return fits, table, labels


def fine_tunes(study: Study, protocol: str) -> bool:
    """Return whether a study fine-tunes under a protocol; with subjects held out it cannot."""
    return study.fine_tune and protocol not in CROSS_SUBJECT


def network_settings(study: Study, protocol: str) -> ModelSettings:
    """Return the settings of the networks that a study trains under a protocol."""
    return study.model_settings.for_protocol(leaks=protocol in LEAKING)


def pooled_weights(study: Study, protocol: str, numbers: Iterable[int]) -> dict[int, Weights]:
    """Load the weights of the pooled network of each of these folds."""
    model = networks.build(network_settings(study, protocol), seed=None)
    files = {k: study.fold_files(protocol, k)["weights"] for k in numbers}
    return {k: networks.load_weights(path, model).get_weights() for k, path in files.items()}


def fold_data(
    study: Study, protocol: str, maps: np.ndarray, table: pd.DataFrame
) -> tuple[Inputs, pd.DataFrame, list[Fold]]:
    """Return what the study's model is fed with, the table of it, and a protocol's folds."""
    inputs, table = group_inputs(maps, table, study.model.windows)
    return inputs, table, folds_of(study, protocol, table)


def folds_of(study: Study, protocol: str, table: pd.DataFrame) -> list[Fold]:
    """Return the folds of a protocol with a study's seed and tasks."""
    tasks = {name: task.classes for name, task in study.tasks.items()}
    split = PROTOCOLS[protocol](table, n_folds=study.n_folds, seed=study.seed, tasks=tasks)
    return list(split)


def weights_name(training_stage: str, subject: str | None, task: str | None) -> str:
    """Return the name of a file of weights, of no other stage, subject and task.

    Examples
    --------
    >>> weights_name("subject_and_task", "sub-01", "valence")
    'subject_and_task.sub-01.valence.weights.h5'
    """
    parts = [training_stage, subject, task]
    return f"{file_stem('.'.join(filter(None, parts)))}.weights.h5"  # no task has a point


def _train_fold(
    study: Study, protocol: str, number: int, permutation: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train a fold, save its weights, and return its predictions and histories."""
    fits, table, labels = fits_of_fold(study, protocol, number, permutation)
    folder = study.fold_files(protocol, number)["weights"].parent
    settings = network_settings(study, protocol)
    model = networks.build(settings, seed=None)
    predicted, histories = [], []
    for result in fits:
        who = {"protocol": protocol, "fold": number, "stage": result.training_stage}
        history = result.fit.history.assign(**who, subject=result.subject, task=result.task)
        histories.append(history)
        predicted += rated_predictions(table, labels, result.rows, result.probabilities, **who)
        if not permutation:
            model.set_weights(result.fit.weights)
            name = weights_name(result.training_stage, result.subject, result.task)
            networks.save_weights(folder / name, model)
    if not permutation:
        text = json.dumps(dataclasses.asdict(settings), indent=1, sort_keys=True)
        write_text(folder / "model.json", text)
    return pd.concat(predicted, ignore_index=True), pd.concat(histories, ignore_index=True)


def _checkpoints(study: Study, protocol: str, number: int, permutation: int) -> Path:
    """Return the folder of these settings, data and code from which a killed training goes on."""
    inputs = [study.features_file(subject) for subject in study.subjects()]
    state = f"{study.digest('training')}-{digest_of_files([f for f in inputs if f.exists()])}"
    folder = study.fold_files(protocol, number)["weights"].parent
    return folder / f"unfinished-{permutation}-{state}"
