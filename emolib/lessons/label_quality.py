"""How good labels can be: where the line is drawn, and what stands behind a rating.

A score cannot be better than its labels. Ratings near the threshold may fall on either side,
what is reported is not quite what was felt, and what was shown predicts much of both.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import xarray as xr

from emolib.errors import DataError
from emolib.recordings.labels import MISSING
from emolib.recordings.simulated.ratings import CENTRE

MARGIN = 0.5  # so near to the threshold a rating might as well have fallen on its other side


def ratings_table(features: Iterable[xr.Dataset]) -> pd.DataFrame:
    """Collect the ratings of all subjects, one row per trial.

    Parameters
    ----------
    features : iterable of Dataset
        As `emolib.features.extract_features` makes them, with ratings.

    Returns
    -------
    DataFrame
        Index ``subject``, ``trial``; a column a scale.

    Raises
    ------
    DataError
        If a subject has no ratings.
    """
    parts = {}
    for each in features:
        subject = str(each.attrs["subject"])
        if "rating" not in each:
            raise DataError(subject, "has no ratings.", "Use data with ratings, not with classes.")
        values = each["rating"].transpose("trial", "scale").to_numpy()
        parts[subject] = pd.DataFrame(values, each["trial_number"].values, each["scale"].values)
    return pd.concat(parts, names=["subject", "trial"])


def near_threshold(
    ratings: pd.Series, *, above: float = 5.0, margin: float = MARGIN
) -> tuple[int, int]:
    """Count the ratings that lie exactly on the threshold, and those within a margin of it.

    Examples
    --------
    >>> near_threshold(pd.Series([1.0, 4.5, 5.0, 5.2, 9.0, np.nan]))
    (1, 3)
    """
    distance = (ratings - above).abs()
    return int((distance == 0).sum()), int((distance <= margin).sum())


def labels_by_rule(
    ratings: pd.Series, *, above: float = 5.0, margin: float = MARGIN
) -> dict[str, pd.Series]:
    """Make labels of the same ratings by four rules.

    Parameters
    ----------
    ratings : Series
        Index ``subject``, ``trial``.
    above : float
        The threshold.
    margin : float
        Ratings so near to it are left out by the last rule.

    Returns
    -------
    dict of str to Series of int
        By the rule in words: above the threshold; at or above it; above the subject's own
        median; above the threshold, those near it left out. 1 is high, 0 low, -1 left out.

    Examples
    --------
    >>> index = pd.MultiIndex.from_product([["sub-01"], range(5)], names=["subject", "trial"])
    >>> rules = labels_by_rule(pd.Series([2, 5.0, 5.4, 7, 9], index))
    >>> for rule, labels in rules.items():
    ...     print(rule, labels.tolist())
    above 5 [0, 0, 1, 1, 1]
    5 or above [0, 1, 1, 1, 1]
    above the own median [0, 0, 0, 1, 1]
    above 5, 4.5 to 5.5 left out [0, -1, -1, 1, 1]
    """
    median = ratings.groupby(level="subject").transform("median")
    near = (ratings - above).abs() <= margin
    high = {
        f"above {above:g}": ratings > above,
        f"{above:g} or above": ratings >= above,
        "above the own median": ratings > median,
        f"above {above:g}, {above - margin:g} to {above + margin:g} left out": ratings > above,
    }
    labels = {name: each.astype(int).mask(ratings.isna(), MISSING) for name, each in high.items()}
    *_, last = labels
    return labels | {last: labels[last].mask(near, MISSING)}


def relabelled(table: pd.DataFrame, task: str, labels: pd.Series) -> pd.DataFrame:
    """Give every window of a trial the trial's other label.

    Parameters
    ----------
    table : DataFrame, one row per window
        Columns ``subject`` and ``trial``.
    task : str
        The column to replace.
    labels : Series of int
        Index ``subject``, ``trial``.

    Examples
    --------
    >>> table = pd.DataFrame({"subject": "a", "trial": [1, 1, 2], "valence": 0})
    >>> index = pd.MultiIndex.from_tuples([("a", 1), ("a", 2)], names=["subject", "trial"])
    >>> relabelled(table, "valence", pd.Series([1, -1], index))["valence"].tolist()
    [1, 1, -1]
    """
    keys = pd.MultiIndex.from_frame(table[["subject", "trial"]])
    return table.assign(**{task: labels.reindex(keys, fill_value=MISSING).to_numpy()})


def others_vote(table: pd.DataFrame, task: str) -> float:
    """Say how often a label is the one that most other subjects gave to the same stimulus.

    No EEG is looked at. A vote that is even counts half.

    Parameters
    ----------
    table : DataFrame, one row per trial or more
        Columns ``subject``, ``trial``, ``stimulus`` and the task's: 0, 1, or -1 for none.
    task : str

    Returns
    -------
    float
        The share of trials; NaN where no two subjects share a stimulus.

    Examples
    --------
    >>> table = pd.DataFrame({"subject": list("abc"), "trial": 1, "stimulus": "x",
    ...                       "valence": [1, 1, 0]})
    >>> round(others_vote(table, "valence"), 3)  # even, even, wrong
    0.333
    """
    trials = table[table[task] != MISSING].drop_duplicates(["subject", "trial"])
    of_stimulus = trials.groupby("stimulus")[task]
    n = of_stimulus.transform("size") - 1
    high = (of_stimulus.transform("sum") - trials[task])[n > 0] / n[n > 0]
    right = np.where(high == 0.5, 0.5, (high > 0.5) == trials.loc[n > 0, task])
    return float(right.mean()) if len(right) else float("nan")


def behind_the_ratings(truths: Iterable[xr.Dataset], *, above: float = 5.0) -> pd.DataFrame:
    """Hold simulated reports against what was felt, and against what the video was made for.

    Parameters
    ----------
    truths : iterable of Dataset
        As `emolib.recordings.simulated.read_truth` gives them, a subject each.
    above : float
        The threshold.

    Returns
    -------
    DataFrame
        A row a felt scale. Shares of trials: ``felt``, whose felt class is the reported one;
        ``quadrant``, whose reported class is that of the video's quadrant.
    """
    rows = []
    for truth in truths:
        for scale in truth["felt_scale"].to_numpy():
            reported = truth["rating"].sel(scale=scale).to_numpy() > above
            felt = truth["felt"].sel(felt_scale=scale).to_numpy() > above
            meant = truth["video_mean"].sel(felt_scale=scale).to_numpy() > CENTRE
            pairs = zip(felt == reported, meant == reported, strict=True)
            rows += [{"scale": str(scale), "felt": a, "quadrant": b} for a, b in pairs]
    return pd.DataFrame(rows).groupby("scale", sort=False).mean()
