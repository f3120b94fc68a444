"""The command `predict`: what a study's networks say of recordings that it has never seen."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from emolib.errors import DataError, InputError, SettingsError
from emolib.escaping import plain
from emolib.evaluation.scores import ESTIMAND
from emolib.features.extraction import extract_features, without_short_trials
from emolib.grid import to_brain_maps
from emolib.model import networks
from emolib.model.epochs import group_inputs
from emolib.model.predictions import predictions_of
from emolib.model.trainer import Trainer, Weights
from emolib.recordings.labels import MISSING, trial_classes
from emolib.recordings.recording import some
from emolib.splits.protocols import HELD_OUT
from emolib.storage import write_text
from emolib.study import stages
from emolib.study.artefacts import open_dataset
from emolib.study.digests import read_made_with
from emolib.study.fold import network_settings, pooled_weights
from emolib.study.sources import Sources
from emolib.study.study import PROJECT, Study
from emolib.study.unseen import Found, check_no_copy, check_unseen, find_recordings, first_windows

PROTOCOLS = ("leave_subjects_out", "trial_grouped")  # in this order; one that leaks never
PRINTED = 40  # trials and tasks
PAGE = PROJECT / "book" / "responsible_use.md"
SECTION = re.compile(r"\n## If you predict for new recordings\n+(.+?)\s*(?=\n## |\Z)", re.DOTALL)


@dataclass(frozen=True)
class Ensemble:
    """The pooled networks of a protocol's folds, and what they were trained on.

    Attributes
    ----------
    protocol : str
    weights : dict of int to list of array
        By fold.
    channels : list of set of str
        Those of each subject.
    rates : set of float
        Hz.
    first_windows : dict of str to array (trial, feature)
        By subject, the features of each trial's first window.
    """

    protocol: str
    weights: dict[int, Weights]
    channels: list[set[str]]
    rates: set[float]
    first_windows: dict[str, np.ndarray]


def predict(study: Study, recordings: Sequence[str], folder: Path = Path()) -> bool:
    """Write what a study's networks say of recordings; return whether all could be used.

    A recording is a table of trials (or the folder that holds it), a file or folder as the study's
    data set has them, or any other file of signals, of which all that is not marked as bad is cut
    into windows. The table has one row per window and task, as `predictions_of` returns them, with
    the mean probability of all folds, their numbers, and the recording's file; a label is -1 where
    it is not known.

    Raises
    ------
    SettingsError
        If the study has no honest protocol, or its settings have changed since it was run.
    DataError
        If its networks are not trained.
    """
    ensemble, known = load_ensemble(study), None
    try:
        known = Sources(study)
    except InputError as error:
        print(plain(f"note: not compared with the study's own recordings: {error}"))
    trainer = Trainer(
        partial(networks.build, network_settings(study, ensemble.protocol)), study.training
    )
    found: list[Found] = []
    tables: list[pd.DataFrame] = []
    refused: list[InputError] = []
    for name in recordings:
        with _told(refused):
            found += find_recordings(study, Path(name))
    for name, prepare in found:
        with _told(refused):
            paths, read_one = prepare()
            if known is not None:
                check_unseen(study, known, paths)
            recording = without_short_trials(read_one(), study.features)
            check_fit(recording, ensemble, name)
            tables.append(_predictions(study, recording, ensemble, trainer, name))
    if tables:
        _write_and_tell(study, ensemble, pd.concat(tables, ignore_index=True), folder)
    return not refused


@contextmanager
def _told(refused: list[InputError]) -> Iterator[None]:
    """Print why a recording is refused, and go on with the next."""
    try:
        yield
    except InputError as error:
        refused.append(error)
        print(f"error: {plain(error)}", file=sys.stderr)


def load_ensemble(study: Study) -> Ensemble:
    """Load the pooled networks of all folds of `leave_subjects_out`, else of `trial_grouped`."""
    protocol = next((name for name in PROTOCOLS if name in study.protocols), None)
    where = f"{study.file.name}: protocols"
    if protocol is None:
        problem = f"{' and '.join(study.protocols)} cannot speak for a new recording."
        raise SettingsError(where, problem, "Add leave_subjects_out, and run the study again.")
    _check_settings(study)
    files_of = {k: study.fold_files(protocol, k) for k in study.folds(protocol)}
    trained = {k: f for k, f in files_of.items() if not stages.fold_failure(f["predictions"])}
    lacking = [str(k) for k, f in trained.items() if not f["weights"].is_file()]
    if lacking or not trained:
        problem = f"folds {some(lacking) or 'all'} of {protocol} have no network."
        raise DataError(where, problem, f"`python -m emolib run {study.name}` trains them.")
    weights = pooled_weights(study, protocol, trained)
    channels, rates, begins = [], set(), {}
    for file in sorted(study.features_file("sub").parent.glob("*.nc")):
        with open_dataset(file) as stored:
            if "failure" not in stored.attrs:
                channels.append({*stored["channel"].to_numpy().tolist()})
                rates.add(float(stored.attrs["sfreq"]))
                begins[stored.attrs["subject"]] = first_windows(stored)
    if not channels:
        hint = f"`python -m emolib run {study.name}` makes them."
        raise DataError(study.folder.name, "holds no features of its subjects.", hint)
    return Ensemble(protocol, weights, channels, rates, begins)


def _check_settings(study: Study) -> None:
    """Refuse a study whose features or training were asked for otherwise when it was run."""
    made = read_made_with(study.folder) or {}
    for stage in ("features", "training"):
        now = study.digest(stage).partition("-")[0]
        if made.get(stage, now).partition("-")[0] != now:
            problem = f"its settings of {stage} have changed since its networks were trained."
            raise SettingsError(study.file.name, problem, "Run the study again.")


def check_fit(recording: xr.Dataset, ensemble: Ensemble, where: str) -> None:
    """Raise a DataError if a recording has other channels, or another rate, than were trained on.

    It needs what all subjects had, and may have what some had.
    """
    found = {*recording["channel"].to_numpy().tolist()}
    lacking = sorted(set.intersection(*ensemble.channels) - found)
    strange = sorted(found - set.union(*ensemble.channels))
    if lacking:
        problem = f"lacks channels that the networks were trained with: {some(lacking)}."
        hint = "Predictions need a recording with the same electrodes."
        raise DataError(where, problem, f"{hint} `rename_channels` gives names that differ.")
    if strange:
        problem = f"has channels that no network was trained with: {some(strange)}."
        hint = f"Leave them out of a copy of the file, or put `drop_channels: {strange}`"
        raise DataError(
            where, problem, f"{hint} below `recordings` in the study, and run it again."
        )
    if (sfreq := float(recording.attrs["sfreq"])) not in ensemble.rates:
        rates = " and ".join(f"{rate:g}" for rate in sorted(ensemble.rates))
        problem = f"has {sfreq:g} Hz; the networks were trained with {rates} Hz."
        hint = "Resample a copy of it with MNE-Python, `raw.resample`, and predict for that."
        raise DataError(where, problem, hint)


# -- predictions ---------------------------------------------------------------------------


def _predictions(
    study: Study, recording: xr.Dataset, ensemble: Ensemble, trainer: Trainer, name: str
) -> pd.DataFrame:
    """Return the mean probabilities of all networks for a recording's windows."""
    features = extract_features(recording, study.features)
    check_no_copy(study, ensemble.first_windows, features, name)
    columns = ["subject", "trial", "stimulus", "i_window_in_trial", "onset_seconds"]
    table = pd.DataFrame({column: features[column].to_numpy() for column in columns})
    table = table.rename(columns={"i_window_in_trial": "window"})
    maps = to_brain_maps(features, study.layout).to_numpy()
    inputs, table = group_inputs(maps, table, study.model.windows)
    rows = np.arange(len(table))
    given = [trainer.predict(weights, inputs, rows) for weights in ensemble.weights.values()]
    folds = " ".join(map(str, ensemble.weights))
    who = {"protocol": ensemble.protocol, "folds": folds, "stage": "pooled"}
    tables = []
    for task, asked in study.tasks.items():
        try:
            classes = trial_classes(features, {task: asked})[task].fillna(MISSING)
            labels = table["trial"].map(classes).to_numpy(int)
        except InputError:  # it has no such ratings or classes
            labels = np.full(len(table), MISSING)
        mean = np.mean([one[task] for one in given], axis=0)
        of_task = predictions_of(table, task, labels, mean, **who)
        of_task.insert(3, "recording", name)
        tables.append(of_task.assign(onset_seconds=table["onset_seconds"]))
    return pd.concat(tables)


def _write_and_tell(study: Study, ensemble: Ensemble, table: pd.DataFrame, folder: Path) -> None:
    """Write the table, and print each trial's mean and what must be known of it."""
    file = folder / f"{study.name}_predictions.csv"
    write_text(file, table.to_csv(index=False, lineterminator="\n"))
    columns = [name for name in table if name.startswith("probability")]
    means = table.groupby(["recording", "subject", "trial", "task"], sort=False)[columns].mean()
    for (recording, subject, trial, task), row in means.head(PRINTED).iterrows():
        named = zip(study.tasks[task].classes[1:], row, strict=False)
        mean = ", ".join(f"{name} {value:.2f}" for name, value in named)
        print(plain(f"{recording}, {subject}, trial {trial}: {task}: {mean}"))
    if (more := len(means) - PRINTED) > 0:
        print(f"and {more} more, in the table")
    n, name = len(ensemble.weights), ensemble.protocol.replace("_", "-")
    print(f"Mean probability of {n} networks, {name}: tested on {HELD_OUT[ensemble.protocol]}.")
    print(*_scores(study, ensemble.protocol), sep="\n")
    if section := SECTION.search(PAGE.read_text(encoding="utf-8")):
        print(f"\n{section[1]}\nMore: book/{PAGE.name}\n")
    print(file)


def _scores(study: Study, protocol: str) -> list[str]:
    """Say how well the networks did on what they were tested on."""
    if not study.scores_file().is_file():
        return []
    scores = stages.scores(study)
    whole = scores["subject"].isna() & scores["fold"].isna() & (scores["stage"] == "pooled")
    scores = scores[whole & (scores["protocol"] == protocol)]
    scores = scores[scores["metric"] == ESTIMAND]
    return [
        f"{one.task}: balanced accuracy over trials {one.value:.2f}, "
        f"95 % interval {one.low:.2f} to {one.high:.2f}, chance {one.chance:.2f}"
        for one in scores.itertuples()
    ]
