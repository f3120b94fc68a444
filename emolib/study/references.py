"""The step that fits reference models on the network's folds, and scores both in one table."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from emolib.errors import DataError, InputError
from emolib.evaluation.linear import REFERENCE_MODELS, reference_predictions
from emolib.evaluation.scores import SCORE_COLUMNS, score
from emolib.splits.folds import group_windows
from emolib.splits.protocols import PROTOCOLS
from emolib.storage import atomic
from emolib.study import raw_references, stages
from emolib.study.artefacts import DamagedError, read_table, write_table
from emolib.study.study import Study

COLUMNS = ("model", "unit", *SCORE_COLUMNS)
NETWORK = "network"
TRIAL_MODELS = ("tangent_space", raw_references.RECENTRED)  # which predict whole trials


def make_references(study: Study) -> None:
    """Write the scores of the network and of each reference model, as Parquet and CSV.

    Where the network takes several windows, a reference takes their mean, and EEGNet all of them.
    """
    found = [stages.scores(study).assign(model=NETWORK, unit="window")]
    try:
        maps, table = stages.load_windows(study)
        groups = group_windows(table, study.model.windows)
    except DamagedError:
        raise
    except DataError:  # nobody can be used, which other pages tell
        groups = ()
    if len(groups):
        x = maps if study.model.windows == 1 else maps[groups].mean(axis=1)
        of_maps = x, table.iloc[groups[:, 0]].reset_index(drop=True)
        for name, given in (*_light(study, *of_maps), *_of_recordings(study, table, of_maps[1])):
            found.append(scored(name, given))
    whole = pd.concat([one for one in found if len(one)] or found, ignore_index=True)
    write_table(whole[[*COLUMNS]], study.scores_file("references.parquet"))
    with atomic(study.scores_file("references.csv")) as path:
        whole[[*COLUMNS]].to_csv(path, index=False, lineterminator="\n")


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
    how = {"n_folds": study.n_folds, "seed": study.seed, "tasks": [*study.tasks]}
    for protocol in study.protocols:
        for name in study.references:
            if name in REFERENCE_MODELS:
                try:
                    yield name, reference_predictions(name, x, table, protocol, **how)
                except DataError:  # the data cannot serve the protocol, as its folds say
                    break


def _of_recordings(
    study: Study, windows: pd.DataFrame, table: pd.DataFrame
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield what models that read recordings predict; `table` has a row for the network's each."""
    asked = set(study.references)
    try:
        read = {
            "tangent_space": lambda: raw_references.covariances(study, table),
            "eegnet": lambda: raw_references.signals(study, windows),
        }
        read = {name: load() for name, load in read.items() if name in asked}
    except DamagedError:
        raise
    except InputError:  # too few channels are those of all subjects
        return
    for protocol in study.protocols if read else ():
        split = PROTOCOLS[protocol](
            table, n_folds=study.n_folds, seed=study.seed, tasks=[*study.tasks]
        )
        try:
            folds = list(split)
            if "tangent_space" in read:
                given = raw_references.tangent_space(
                    study, read["tangent_space"], table, folds, protocol
                )
                yield from given.items()
            if "eegnet" in read:
                yield "eegnet", raw_references.eegnet(study, read["eegnet"], table, folds, protocol)
        except InputError:  # as above, or windows are too short for it
            continue
