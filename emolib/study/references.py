"""The step that fits reference models on the network's folds, and scores both in one table.

Those that read recordings, Riemannian tangent space and EEGNet, are fitted only where a study's
`references` name them. Both read the channels that all of its subjects have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from emolib.errors import DataError, SettingsError
from emolib.evaluation.linear import REFERENCE_MODELS, reference_predictions, trials_of_windows
from emolib.evaluation.scores import SCORE_COLUMNS, score
from emolib.features.windows import raw_windows
from emolib.model.predictions import rated_predictions
from emolib.recordings.labels import window_table
from emolib.splits.folds import Fold, group_windows
from emolib.splits.protocols import CROSS_SUBJECT, PROTOCOLS
from emolib.storage import write_text
from emolib.study import stages
from emolib.study.artefacts import read_table, write_table
from emolib.study.keys import OF_RECORDINGS
from emolib.study.study import Study

COLUMNS = ("model", "unit", *SCORE_COLUMNS)
NETWORK = "network"
FEWEST_CHANNELS = 3  # that all subjects must have: two are left when one is dropped
RECENTRED = "tangent_space_recentred"
TRIAL_MODELS = ("tangent_space", RECENTRED)  # which predict whole trials


def make_references(study: Study) -> None:
    """Write the scores of the network and of each reference model, as Parquet and CSV.

    Where the network takes several windows, a reference takes their mean, and EEGNet all of them.
    """
    found = [stages.scores(study).assign(model=NETWORK, unit="window")]
    try:
        maps, table = stages.load_windows(study)
        groups = group_windows(table, study.model.windows)
    except DataError:  # nobody can be used, which other pages tell
        groups = ()
    if len(groups):
        x = maps if study.model.windows == 1 else maps[groups].mean(axis=1)
        of_maps = x, table.iloc[groups[:, 0]].reset_index(drop=True)
        for name, given in (*_light(study, *of_maps), *_of_recordings(study, table, of_maps[1])):
            found.append(scored(name, given))
    whole = pd.concat([one for one in found if len(one)] or found, ignore_index=True)
    write_table(whole[[*COLUMNS]], study.scores_file("references.parquet"))
    text = whole[[*COLUMNS]].to_csv(index=False, lineterminator="\n")
    write_text(study.scores_file("references.csv"), text)


def scored(name: str, given: pd.DataFrame) -> pd.DataFrame:
    """Score a reference model's predictions; one that predicts whole trials has none of windows."""
    scores = score(given.assign(stage="pooled")).assign(model=name, unit="window")
    if name in TRIAL_MODELS:
        scores = scores[scores["metric"].str.startswith("trial")].assign(unit="trial")
    return scores


def references(study: Study) -> pd.DataFrame:
    """Read what `make_references` wrote; empty if it is not there.

    Scores with a column ``model`` and a column ``unit``: whether a "window" or a "trial" is what it
    predicts at a time. Rows of the network have their own stages; those of reference models have
    the stage "pooled".
    """
    file = study.scores_file("references.parquet")
    return read_table(file) if file.exists() else pd.DataFrame(columns=[*COLUMNS])


def _light(study: Study, x: np.ndarray, table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield what models that read maps predict, in each protocol that the data can serve."""
    for protocol in study.protocols:
        for name in study.references:
            if name in REFERENCE_MODELS:
                try:
                    yield name, reference_predictions(name, x, table, protocol, **_dealt(study))
                except DataError:  # the data cannot serve the protocol, as its folds say
                    break


def _of_recordings(
    study: Study, windows: pd.DataFrame, table: pd.DataFrame
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield what models that read recordings predict; `table` has a row for the network's each."""
    asked = {*OF_RECORDINGS} & {*study.references}
    try:
        found = covariances(study, table) if "tangent_space" in asked else None
        x = signals(study, windows) if "eegnet" in asked else None
    except (DataError, SettingsError):  # too few channels are those of all subjects
        return
    for protocol in study.protocols if asked else ():
        try:
            folds = list(PROTOCOLS[protocol](table, **_dealt(study)))
            if found is not None:
                yield from tangent_space(study, found, table, folds, protocol).items()
            if x is not None:
                yield "eegnet", eegnet(study, x, table, folds, protocol)
        except (DataError, SettingsError):  # as above, or windows are too short for it
            continue


def _dealt(study: Study) -> dict[str, Any]:
    """Return how protocols deal the study's windows."""
    return {"n_folds": study.n_folds, "seed": study.seed, "tasks": [*study.tasks]}


# -- models that read recordings -------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Scaled:
    """Signals (row, channel, sample), each channel divided by its scale a batch at a time."""

    x: np.ndarray
    scale: np.ndarray  # (channel, 1)

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        return self.x[rows] / self.scale


def subject_recordings(study: Study, table: pd.DataFrame) -> Iterator[tuple[str, xr.Dataset]]:
    """Read the recordings of a table's subjects, each with the channels that all of them have."""
    names = sorted(table["subject"].unique())
    has = [stages.features(study, name)["channel"].to_numpy().tolist() for name in names]
    shared = [channel for channel in has[0] if all(channel in own for own in has)]
    if len(shared) < FEWEST_CHANNELS:
        problem = f"only {len(shared)} channels are those of all subjects."
        hint = "Leave 'tangent_space' and 'eegnet' out of `references`."
        raise DataError(f"{study.name}: recordings", problem, hint)
    for name in names:
        yield name, stages.recording(study, name).sel(channel=shared)


def covariances(study: Study, table: pd.DataFrame) -> np.ndarray:
    """Compute what the tangent space reads of the trials of a table of windows.

    Returns (trial, band, channel - 1, channel - 1) in the order of `trials_of_windows`.
    """
    # Imported here, as all of pyRiemann: a second that other references need not wait for.
    from emolib.evaluation.riemann import trial_covariances

    settings, found = study.features, []
    for name, recording in subject_recordings(study, table):
        used = np.unique(table.loc[table["subject"] == name, "trial"])
        own = recording.sel(trial=used)
        found.append(trial_covariances(own, settings.bands, filtering=settings.filtering))
    return np.concatenate(found)


def tangent_space(
    study: Study,
    found: np.ndarray,
    table: pd.DataFrame,
    folds: Sequence[Fold],
    protocol: str,
) -> dict[str, pd.DataFrame]:
    """Return the trials that the tangent space predicts, by the name of the model.

    Where people are held out there are two: also with each person's covariances recentred. Where
    windows of one trial are on both sides there is none.
    """
    from emolib.evaluation.riemann import recentred, tangent_space_predictions

    given = {"tangent_space": found}
    if protocol in CROSS_SUBJECT:
        given[RECENTRED] = recentred(found, trials_of_windows(table)[0]["subject"].to_numpy())
    predicted = {
        name: tangent_space_predictions(
            own, table, folds, [*study.tasks], protocol=protocol, stage="pooled"
        )
        for name, own in given.items()
    }
    return {name: own for name, own in predicted.items() if len(own)}


def signals(study: Study, table: pd.DataFrame) -> np.ndarray:
    """Load what EEGNet reads of the rows of a table: (row, channel, sample), microvolts.

    A row is what the study's network takes at a time: a window, or several on end.
    """
    from emolib.model.eegnet import SFREQ  # with Keras, which takes seconds

    parts = []
    for name, recording in subject_recordings(study, table):
        x = raw_windows(recording, study.features.window_seconds, sfreq=SFREQ)
        known = window_table(stages.features(study, name), study.tasks)
        key = pd.MultiIndex.from_frame(known[["trial", "window"]])
        own = table.loc[table["subject"] == name, ["trial", "window"]]
        parts.append((own.index.to_numpy(), x[key.get_indexer(pd.MultiIndex.from_frame(own))]))
    whole = np.concatenate([x for _, x in parts])
    whole = whole[np.argsort(np.concatenate([rows for rows, _ in parts]))]
    groups = group_windows(table, study.model.windows)
    if groups.shape[1] == 1:
        return whole
    return np.concatenate([whole[of] for of in groups.T], axis=-1)


def eegnet(
    study: Study,
    x: np.ndarray,
    table: pd.DataFrame,
    folds: Sequence[Fold],
    protocol: str,
) -> pd.DataFrame:
    """Train EEGNet as the study's network is, pooled, and return the rows that it predicts.

    So each fold is trained `study.repeats` times. `x` and `table` have a row for each of the
    folds'. Each channel is divided by its standard deviation in the training rows.
    """
    from emolib.model.eegnet import ACROSS_SUBJECTS, WITHIN_SUBJECTS, build_eegnet
    from emolib.model.trainer import Trainer
    from emolib.model.training import train_fold

    tasks = study.model_settings.tasks
    dropout = ACROSS_SUBJECTS if protocol in CROSS_SUBJECT else WITHIN_SUBJECTS
    build = partial(build_eegnet, x.shape[1], x.shape[2], tasks, dropout=dropout)
    trainer, parts = Trainer(build, study.training), []
    labels = {task: table[task].to_numpy() for task in tasks}
    subjects = table["subject"].to_numpy()
    for number in study.folds(protocol):
        fold = folds[number % len(folds)]
        scale = x[fold.train].std(axis=(0, 2), keepdims=True)[0]
        key = (study.seed, protocol, number, "eegnet")
        result = next(
            train_fold(
                trainer, Scaled(x, scale), labels, fold, subjects, seed_key=key, fine_tune=False
            )
        )
        who = {"protocol": protocol, "fold": number, "stage": "pooled"}
        parts += rated_predictions(table, labels, result.rows, result.probabilities, **who)
    return pd.concat(parts, ignore_index=True)
