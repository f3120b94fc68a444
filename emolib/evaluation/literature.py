"""What others report, for tables that stand beside our own scores, and what was measured here.

The figures are data, not code: the tables beside this file have them with their sources.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

FILE = Path(__file__).with_suffix(".csv")
TRAININGS = FILE.with_name("recipe.csv")
REFERENCES = FILE.with_name("references.csv")
FIELD = FILE.with_name("field.csv")

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


def field() -> pd.DataFrame:
    """Read published results on DEAP, SEED and DREAMER, each with its split as its source has it.

    Only what was read is in it: the column ``read`` says whether that was an abstract or a README.

    Returns
    -------
    pandas.DataFrame
        Columns ``dataset``, ``system``, ``task``; ``protocol``, a name in
        `emolib.splits.PROTOCOLS`, empty where the words read do not decide it; ``split``, those
        words, or "not stated"; ``score`` (in ``measure``, percent); ``read`` and ``source``.

    Examples
    --------
    >>> found = field().query("system == 'DGCNN' and dataset == 'SEED'")
    >>> found.set_index("split")["score"].to_dict()
    {'subject independent cross-validation': 79.95, 'subject dependent': 90.4}
    """
    return pd.read_csv(FIELD, keep_default_na=False)


def measured_references() -> pd.DataFrame:
    """Read what reference models and the network score on the same folds.

    Measured once, by ``python -m benchmarks.references``.

    Returns
    -------
    pandas.DataFrame
        Columns ``data`` (a name), ``protocol``, ``task``, ``model``, ``unit`` (whether the model
        predicts a "window" or a "trial" at a time), ``what`` ("window" or "trial", of which the
        balanced accuracy is), ``value``, ``low`` and ``high`` (95 % intervals), ``trainings`` (how
        often each fold was trained), ``commit`` and ``date``.
    """
    return pd.read_csv(REFERENCES)


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
