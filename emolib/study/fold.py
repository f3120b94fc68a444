"""The stage that trains: one fold of a protocol, on true labels or on permuted ones."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from emolib.errors import DataError
from emolib.model.predictions import predictions_of
from emolib.splits.folds import group_windows, stable_seed
from emolib.splits.protocols import CROSS_SUBJECT, LEAKING, PROTOCOLS
from emolib.splits.shuffling import permuted_by_stimulus, permuted_by_trial
from emolib.storage import atomic, digest_of_files
from emolib.study.stages import failure_record, load_windows, write_table
from emolib.study.study import Study


def make_fold(study: Study, protocol: str, number: int, permutation: int = 0) -> None:
    """Train one fold of a protocol: pooled, then fine-tuned; write what it predicts.

    Writes `Study.fold_files` and, beside the pooled weights, those of each fine-tuned model.
    Where the data cannot serve the fold (too few subjects are left, say), the predictions are
    empty and say why (`failed_folds`): the other protocols go on.

    Permutations of the labels are numbered from 1. Of such a fold only the pooled fit is made,
    and only its predictions are kept, in `Study.permuted_file`.
    """
    files = study.fold_files(protocol, number)
    try:
        predicted, history = _train_fold(study, protocol, number, permutation)
    except DataError as error:
        predicted, history = pd.DataFrame(), pd.DataFrame()
        predicted.attrs["failure"] = failure_record(error)
    if permutation:
        write_table(predicted, study.permuted_file(protocol, permutation, number))
    else:
        write_table(history, files["history"])
        write_table(predicted, files["predictions"])
    shutil.rmtree(_checkpoints(study, protocol, number, permutation), ignore_errors=True)


def _train_fold(
    study: Study, protocol: str, number: int, permutation: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    # Imported here: Keras and JAX take seconds that the other stages need not wait for.
    from emolib.model import training
    from emolib.model.networks import build

    maps, table = load_windows(study)
    if permutation:
        # The published protocol is not tested: there trials are what is recognised.
        permuted = permuted_by_trial if protocol in LEAKING else permuted_by_stimulus
        table = permuted(table, [*study.tasks], stable_seed(study.seed, protocol, permutation))
    inputs: training.Inputs = maps
    if study.model.windows > 1:
        groups = group_windows(table, study.model.windows)
        inputs, table = training.GroupedInputs(maps, groups), table.iloc[groups[:, 0]]
        table = table.reset_index(drop=True)
    split = PROTOCOLS[protocol](table, n_folds=study.n_folds, seed=study.seed, tasks=[*study.tasks])
    fold = list(split)[number % study.splits(protocol)]
    labels = {task: table[task].to_numpy() for task in study.tasks}
    trainer = training.Trainer(partial(build, study.model_settings), study.training)
    folder = study.fold_files(protocol, number)["weights"].parent
    predicted, histories = [], []
    for result in training.train_fold(
        trainer,
        inputs,
        labels,
        fold,
        table["subject"].to_numpy(),
        key=(study.seed, protocol, number, *([permutation] if permutation else [])),
        fine_tune=study.fine_tune and protocol not in CROSS_SUBJECT and not permutation,
        checkpoints=_checkpoints(study, protocol, number, permutation),
    ):
        who = {"protocol": protocol, "fold": number, "stage": result.stage}
        histories.append(result.history.assign(**who, subject=result.subject, task=result.task))
        predicted.append(_tidy(table, labels, result, who))
        if permutation:
            continue
        name = "-".join(part for part in (result.stage, result.subject, result.task) if part)
        trainer.save_weights(folder / f"{name}.weights.h5", result.weights)
    settings = json.dumps(dataclasses.asdict(study.model_settings), indent=1, sort_keys=True)
    if not permutation:
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
        rows = result.rows[rated]
        parts.append(
            predictions_of(table.iloc[rows], task, labels[task][rows], probability[rated], **who)
        )
    return pd.concat(parts, ignore_index=True)


def _checkpoints(study: Study, protocol: str, number: int, permutation: int) -> Path:
    """Where a killed training picks up: a folder of its settings and data, for none else."""
    inputs = [study.features_file(subject) for subject in study.subjects()]
    state = f"{study.digest('training')}-{digest_of_files([f for f in inputs if f.exists()])}"
    folder = study.fold_files(protocol, number)["weights"].parent
    return folder / f"unfinished-{permutation}-{state}"
