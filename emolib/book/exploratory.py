"""What may be said of the exploratory tests in a subject's summary (METHOD section 8.8)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from emolib.evaluation.comparison import MIN_TRIALS, benjamini_hochberg
from emolib.evaluation.permutation import ALPHA


def cluster_sentence(task: str, found: xr.Dataset) -> str:
    """Say what the cluster test found.

    Parameters
    ----------
    task : str
        Which task.
    found : Dataset
        From `emolib.evaluation.subject.summarise`.

    Examples
    --------
    >>> found = xr.Dataset({"untested": ("task", ["one class only"])}, {"task": ["valence"]})
    >>> cluster_sentence("valence", found)
    'valence: no test was made: one class only.'
    """
    own = found.sel(task=task)
    if why := _untested(own, "cluster_p"):
        return f"{task}: no test was made: {why}."
    p, missed = float(own["holm_p"]), float(own["missed"])
    detected = "detected" if p < ALPHA else "not detected"
    tasks = int(found["cluster_p"].count())
    corrected = f"corrected for {tasks} tasks, " if tasks > 1 else ""
    return (
        f"{task}: a difference in log power somewhere in bands and electrodes was {detected} "
        f"(cluster test, {corrected}p = {p:.3f}). A difference below about {missed:.1f} standard "
        "deviations of the trials, at a few neighbouring electrodes, would often be missed."
    )


def light_model_sentence(task: str, found: xr.Dataset) -> str:
    """Say what the permutation test of the subject's own light model found.

    Parameters as `cluster_sentence`.
    """
    own = found.sel(task=task)
    if why := _untested(own, "score"):
        return f"{task}: no test was made: {why}."
    p, score = float(own["p"]), float(own["score"])
    detected = "detected" if p < ALPHA else "not detected"
    needed = float(own["detectable"])
    power = (
        f"With these trials a score of {needed:.2f} would be found in 4 of 5 cases."
        if needed < 1
        else "With so few trials even a perfect score may be missed."
    )
    return (
        f"{task}: ridge regression, trained on this subject's other trials alone, reaches a "
        f"balanced accuracy of {score:.2f}. With permuted labels 95 % of scores lie between "
        f"{float(own['chance_low']):.2f} and {float(own['chance_high']):.2f}; p = {p:.3f}. A "
        f"difference from chance was {detected}, without correction for how many subjects and "
        f"tasks are looked at. {power}"
    )


def table_of_tests(found: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """Lay the tests of all subjects out, corrected over subjects and tasks.

    Parameters
    ----------
    found : mapping of str to Dataset
        Summaries by subject, in the order of the rows.

    Returns
    -------
    DataFrame of str
        A row a subject and task: the light model's score, the range of chance, p, and p after
        Benjamini and Hochberg over all rows; likewise of the cluster test, whose p is corrected
        over a subject's tasks before. A dash where no test was made. No rows if there was none.
    """
    names = ["score", "p", "chance_low", "chance_high", "holm_p"]
    tables = [own[names].to_dataframe()[names].assign(subject=name) for name, own in found.items()]
    rows = pd.concat(tables).reset_index() if tables else pd.DataFrame(columns=[*names, "subject"])
    rows = rows[rows[["p", "holm_p"]].notna().any(axis=1)].copy()
    if not len(rows):
        return pd.DataFrame()
    for name in ("p", "holm_p"):
        known = rows[name].notna()
        rows.loc[known, f"{name}_corrected"] = benjamini_hochberg(rows.loc[known, name])
    number = lambda value, digits: "-" if np.isnan(value) else f"{value:.{digits}f}"  # noqa: E731
    lines = [
        {
            "subject": row["subject"],
            "task": row["task"],
            "light model": number(row["score"], 2),
            "chance (95 %)": f"{number(row['chance_low'], 2)} to {number(row['chance_high'], 2)}",
            "p": number(row["p"], 3),
            "p, corrected": number(row.get("p_corrected", np.nan), 3),
            "cluster test p": number(row["holm_p"], 3),
            "cluster test p, corrected": number(row.get("holm_p_corrected", np.nan), 3),
        }
        for row in rows.to_dict("records")
    ]
    return pd.DataFrame(lines).set_index("subject")


def _untested(own: xr.Dataset, name: str) -> str:
    """Why there is no value of this name; empty if there is one."""
    if why := str(own["untested"].item()):
        return why
    if np.isfinite(float(own[name])):
        return ""
    few = {"cluster_p": f"a class has fewer than {MIN_TRIALS} trials"}
    return few.get(name, "there are fewer trials than folds")
