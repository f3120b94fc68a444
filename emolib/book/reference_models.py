"""The network beside reference models: their table, and what a reader must know of it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from emolib.book.tables import as_table, by_task, of_all
from emolib.evaluation.scores import ESTIMAND, with_interval
from emolib.splits.protocols import BOTH_SIDES, protocol_name

NAMES = {
    "majority": "majority class",
    "lda": "LDA",
    "linear_svm": "linear SVM",
    "nearest_neighbours": "5 nearest neighbours",
    "tangent_space_recentred": "tangent space, recentred",
    "eegnet": "EEGNet",
}
WORDS = {
    "tangent_space": "*Tangent space* reads the covariance of a whole trial in each band, by "
    f"pyRiemann. So it predicts trials, not windows, and has no score with {BOTH_SIDES}.",
    "tangent_space_recentred": "*Recentred*: each person's covariances are first moved to a common "
    "mean. This uses no labels, but it uses all trials of the people held out.",
    "eegnet": "*EEGNet* is a small published network. It reads the signals of the windows and is "
    "trained as the network of this study is.",
}


def reference_table(scores: pd.DataFrame) -> pd.DataFrame:
    """List the network and the reference models, a row for each task, protocol and model.

    `scores` are of `emolib.study.references.references`.

    Examples
    --------
    >>> row = {"protocol": "trial_grouped", "stage": "pooled", "fold": pd.NA, "subject": pd.NA,
    ...     "task": "valence", "metric": ESTIMAND, "value": 0.55, "low": 0.5, "high": 0.6,
    ...     "leaks": False}
    >>> models = {"network": "window", "tangent_space": "trial"}
    >>> rows = [row | {"model": model, "unit": unit} for model, unit in models.items()]
    >>> reference_table(pd.DataFrame(rows)).iloc[1].tolist()
    ['trial-grouped', 'tangent space', 'trials', '0.55 (0.50 to 0.60)']
    """
    rows = of_all(scores)
    rows = by_task(rows[rows["metric"] == ESTIMAND])
    return as_table(
        {
            "task": row["task"],
            "protocol": protocol_name(row["protocol"]),
            "model": name_of(row["model"]),
            "predicts": f"{row['unit']}s",
            "balanced accuracy": with_interval(row),
        }
        for _, row in rows.iterrows()
    )


def reference_sentences(asked: Sequence[str], scores: pd.DataFrame) -> list[str]:
    """Tell what models of recordings read, and which of the models `asked` for have no score.

    Examples
    --------
    >>> scores = pd.DataFrame({"model": ["network", "ridge"]})
    >>> reference_sentences(["ridge", "eegnet"], scores)[0][:25]
    'There are no scores of EE'
    """
    found = set(scores["model"])
    told = [words for model, words in WORDS.items() if model in found]
    if missing := [name_of(model) for model in asked if model not in found]:
        told.append(
            f"There are no scores of {' and '.join(missing)}: the subjects share too few channels, "
            "the windows are too short, or the data do not suffice for the folds."
        )
    return told


def measured_table(found: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """List balanced accuracies of trials under a protocol, a row for each model.

    `found` is of `emolib.evaluation.literature.measured_references`; each data set and task is a
    column.

    Examples
    --------
    >>> found = pd.DataFrame({"data": "demo", "protocol": "trial_grouped", "task": "valence",
    ...     "model": ["network", "lda"], "unit": "window", "what": "trial", "value": [0.5, 0.55],
    ...     "low": 0.4, "high": 0.7})
    >>> measured_table(found, "trial_grouped").loc["LDA"].tolist()
    ['windows', '0.55 (0.40 to 0.70)']
    """
    rows = found[(found["protocol"] == protocol) & (found["what"] == "trial")]
    told = rows.assign(
        model=rows["model"].map(name_of),
        predicts=rows["unit"] + "s",
        data=rows["data"] + ", " + rows["task"],
        text=[with_interval(row) for _, row in rows.iterrows()],
    )
    wide = told.pivot_table("text", ["model", "predicts"], "data", aggfunc="first", sort=False)
    return wide.reset_index("predicts").rename_axis(columns=None)


def reported_table(rows: pd.DataFrame) -> pd.DataFrame:
    """List results of `emolib.evaluation.literature.field`, a row for each system and split.

    Examples
    --------
    >>> rows = pd.DataFrame({"system": "DGCNN", "split": "not stated", "measure": "accuracy %",
    ...     "task": ["valence", "arousal"], "score": [86.23, 84.54], "read": "abstract",
    ...     "source": "Song and others, 2018"})
    >>> reported_table(rows).loc["DGCNN"].tolist()[:3]
    ['not stated', '86.23', '84.54']
    """
    keys = ["system", "split", "measure", "read", "source"]
    text = rows.assign(score=rows["score"].map("{:g}".format))
    wide = text.pivot_table("score", keys, "task", aggfunc="first", sort=False).reset_index()
    names = {"split": "split, as stated", "read": "read in"}
    tasks = list(dict.fromkeys(rows["task"]))
    columns = ["system", "split", *tasks, "measure", "read", "source"]
    return wide[columns].rename(columns=names).rename_axis(columns=None).set_index("system")


def name_of(model: str) -> str:
    """Return what pages call a model.

    Examples
    --------
    >>> name_of("linear_svm"), name_of("tangent_space")
    ('linear SVM', 'tangent space')
    """
    return NAMES.get(model, model.replace("_", " "))
