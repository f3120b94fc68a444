"""What others report for DEAP, for tables that stand beside our own scores.

The figures are data, not code: `published.csv` beside this file has them with their sources.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

FILE = Path(__file__).with_suffix(".csv")
TRAININGS = FILE.with_name("recipe.csv")
REFERENCES = FILE.with_name("references.csv")

# What fine-tuning moved "single frames pooled" by, percentage points by stage.
FINE_TUNING_POINTS = {"subject": -0.01, "subject_and_task": 0.14}


def published() -> pd.DataFrame:
    """Read the published figures.

    They come from different papers, with classes, windows and folds of their own: they can be
    shown beside a score of ours, not tested against it. Those under ``window_wise`` leak, as
    ours do there.

    Returns
    -------
    pandas.DataFrame
        Columns ``system``, ``variant`` (empty where a system has one figure), ``protocol`` (a
        name in `emolib.splits.PROTOCOLS`), ``valence`` and ``arousal`` (in ``unit``, percent),
        ``unit`` and ``source``. Where a range is reported, its ends are two rows.

    Examples
    --------
    >>> figures = published().set_index(["system", "variant"])
    >>> float(figures.loc[("MT-CNN", "paper"), "valence"])
    96.28
    """
    return pd.read_csv(FILE, keep_default_na=False)


def trainings() -> pd.DataFrame:
    """Read what ways of training score with people held out, beside linear models.

    Measured once, by ``python -m benchmarks.recipe``.

    Returns
    -------
    pandas.DataFrame
        Columns ``data`` and ``training`` (names); ``people``, "all", "chosen on" (the first ten, by
        whose scores settings were chosen) or "others" (whose earlier scores were known then);
        ``seeds``, how many trainings; ``what``: "window" and "trial" (balanced accuracy), "recall
        0" and "recall 1" (the proportion of correct windows of a class) or "trial less ridge" (a
        difference of balanced accuracies); ``value``, ``low`` and ``high`` (95 % intervals, where
        there are any); ``commit`` and ``date``.
    """
    return pd.read_csv(TRAININGS)
