"""The step that fits reference models on the network's folds, and scores both in one table."""

from __future__ import annotations

import pandas as pd

from emolib.errors import DataError
from emolib.evaluation.linear import reference_predictions
from emolib.evaluation.scores import SCORE_COLUMNS, score
from emolib.splits.folds import group_windows
from emolib.storage import atomic
from emolib.study import stages
from emolib.study.artefacts import DamagedError, read_table, write_table
from emolib.study.study import Study

COLUMNS = ("model", *SCORE_COLUMNS)
NETWORK = "network"


def make_references(study: Study) -> None:
    """Write the scores of the network and of each reference model, as Parquet and CSV.

    Where the network takes several windows, a reference takes their mean.
    """
    found = [stages.scores(study).assign(model=NETWORK)]
    try:
        maps, table = stages.load_windows(study)
        groups = group_windows(table, study.model.windows)
    except DamagedError:
        raise
    except DataError:  # nobody can be used, which other pages tell
        groups = ()
    if len(groups):
        x = maps if study.model.windows == 1 else maps[groups].mean(axis=1)
        table = table.iloc[groups[:, 0]].reset_index(drop=True)
        how = {"n_folds": study.n_folds, "seed": study.seed, "tasks": [*study.tasks]}
        for protocol in study.protocols:
            try:
                given = {
                    name: reference_predictions(name, x, table, protocol, **how)
                    for name in study.references
                }
            except DataError:  # the data cannot serve the protocol, as its folds say
                continue
            found += [
                score(one.assign(stage="pooled")).assign(model=name) for name, one in given.items()
            ]
    whole = pd.concat([one for one in found if len(one)] or found, ignore_index=True)
    write_table(whole[[*COLUMNS]], study.scores_file("references.parquet"))
    with atomic(study.scores_file("references.csv")) as path:
        whole[[*COLUMNS]].to_csv(path, index=False, lineterminator="\n")


def references(study: Study) -> pd.DataFrame:
    """Read what `make_references` wrote: scores with a column ``model``; empty if it is not there.

    Rows of the network have their own stages; those of reference models have the stage "pooled".
    """
    file = study.scores_file("references.parquet")
    return read_table(file) if file.exists() else pd.DataFrame(columns=[*COLUMNS])
