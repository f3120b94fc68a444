"""What ways of training score with people held out, beside ridge regression: measured once.

The figures are data: `python -m benchmarks.recipe` writes `recipe.csv` beside this file, with the
commit and the day.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from emolib.evaluation.scores import with_interval

FILE = Path(__file__).with_suffix(".csv")
CHOSEN_ON = 10  # the settings were chosen by the scores of so many of the people, the first ones
RIDGE, PUBLISHED = "ridge regression", "as published"
FIXED, DEFAULT = "fixed schedule", "fixed schedule, no batch normalisation"
UNITS = ("window", "trial")


def results() -> pd.DataFrame:
    """Read what was measured.

    Returns
    -------
    pandas.DataFrame
        Columns ``data`` and ``training`` (names); ``people``, "all", "chosen on" (the first
        `CHOSEN_ON`) or "others"; ``seeds``, how many trainings; ``what``: "window" and "trial"
        (balanced accuracy), "recall 0" and "recall 1" (the share of right windows of a class) or
        "trial less ridge" (a difference of balanced accuracies); ``value``, ``low`` and ``high``
        (95 % intervals, where there are any); ``commit`` and ``date``.
    """
    return pd.read_csv(FILE)


def real_table(found: pd.DataFrame) -> pd.DataFrame:
    """Return balanced accuracies on real recordings as text, a row a training.

    Columns are the number of trainings and, by normalisation and unit, the score of all people with
    its interval, and that of the people by whom nothing was chosen.
    """
    rows = _texts(found[(found["people"] != "chosen on") & found["what"].isin(UNITS)], "real, ")
    name = rows["data"].str.removesuffix(" z-scored") + ": " + rows["what"] + "s"
    rows = rows.assign(name=name + rows["people"].map({"all": "", "others": ", others"}))
    wide = _wide(rows, "training", "name")
    wide.insert(0, "trainings", rows.groupby("training", sort=False)["seeds"].max())
    return wide


def simulated_table(found: pd.DataFrame) -> pd.DataFrame:
    """Return balanced accuracies of trials in simulated cohorts as text, a row a cohort."""
    return _wide(_texts(found[found["what"] == "trial"], "simulated, "), "data", "training")


def sentences(found: pd.DataFrame) -> list[str]:
    """Say how the default compares with ridge, what batch normalisation does, and when it was seen.

    `found` is as `results` returns it.
    """
    values = found[found["people"] == "all"].set_index(["data", "training", "what"])
    told = []
    for data in dict.fromkeys(found.loc[found["data"].str.startswith("real"), "data"]):
        ours, ridge = (
            " and ".join(f"{values.loc[(data, name, unit), 'value']:.3f}" for unit in UNITS)
            for name in (DEFAULT, RIDGE)
        )
        less = with_interval(values.loc[(data, DEFAULT, "trial less ridge")])
        recalls = [
            " and ".join(f"{values.loc[(data, name, f'recall {c}'), 'value']:.0%}" for c in (0, 1))
            for name in (FIXED, DEFAULT)
        ]
        told.append(
            f"With {data.removeprefix('real, ')}, *{DEFAULT}* scores {ours} of windows and "
            f"trials, ridge regression {ridge}; the difference of the trials is {less}. "
            f"Of windows of the commoner and of the rarer class {recalls[0]} are right with batch "
            f"normalisation, {recalls[1]} without."
        )
    commit, date = found[["commit", "date"]].iloc[-1]
    return [*told, f"(Measured by `python -m benchmarks.recipe` at commit {commit}, {date}.)"]


def _texts(found: pd.DataFrame, data: str) -> pd.DataFrame:
    """Return the rows of data whose names begin so, less that beginning, with scores as text."""
    rows = found[found["data"].str.startswith(data)]
    text = [with_interval(row) for _, row in rows.iterrows()]
    return rows.assign(data=rows["data"].str.removeprefix(data), text=text)


def _wide(rows: pd.DataFrame, index: str, columns: str) -> pd.DataFrame:
    """Return the texts as a table, in the order in which they come."""
    wide = rows.pivot_table("text", index, columns, aggfunc="first", sort=False)
    return wide.fillna("-").rename_axis(index=None, columns=None)
