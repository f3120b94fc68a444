"""A row a subject: what was used of each, what stands out, and the pooled network's scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import numpy as np
import pandas as pd
import xarray as xr

from emolib.book.tables import subjects_table
from emolib.features.spectra import quality_flags
from emolib.storage import file_stem

FACTS = ["trials", "labelled trials", "alpha peak (Hz)", "bad channels", "line noise"]


def address(subject: str) -> str:
    """Where a subject's page lies, seen from the cohort's.

    Examples
    --------
    >>> address("sub-01"), address("sub-é")
    ('subjects/sub-01.html', 'subjects/sub-%C3%A9.html')
    """
    return f"subjects/{quote(file_stem(subject))}.html"


def cohort_table(
    found: Mapping[str, xr.Dataset], scores: pd.DataFrame, subjects: Sequence[str]
) -> pd.DataFrame:
    """Put together what is known of each subject, as a table to download and compute with.

    Parameters
    ----------
    found : mapping of str to Dataset
        Summaries of those that were used, see `emolib.evaluation.subject.summarise`.
    scores : DataFrame
        As `emolib.evaluation.score` gives them; empty if nothing is trained yet.
    subjects : sequence of str
        The rows, those that were not used included, in the order of their names.

    Returns
    -------
    DataFrame
        Index ``subject``; ``used``, ``trials``, ``labelled trials`` (of any task), ``alpha peak
        (Hz)``, the columns of `emolib.features.spectra.quality_flags` and of
        `emolib.book.tables.subjects_table`. Missing where there is nothing.
    """
    known = {
        subject: {
            "trials": own.sizes["trial"],
            "labelled trials": int((own["class"] >= 0).any("task").sum()),
            "alpha peak (Hz)": own.attrs["alpha_peak_hz"],
            **quality_flags(own),
        }
        for subject, own in found.items()
    }
    table = pd.DataFrame.from_dict(known, orient="index").reindex(index=subjects, columns=FACTS)
    table = table.astype({"trials": "Int64", "labelled trials": "Int64", "alpha peak (Hz)": float})
    table.insert(0, "used", table.index.isin(list(found)))
    if len(scores):
        table = table.join(subjects_table(scores, subjects))
    return table.rename_axis("subject")


def for_people(table: pd.DataFrame) -> pd.DataFrame:
    """Write `cohort_table` as a page shows it: words, rounded numbers, all flags in one column.

    Examples
    --------
    >>> table = pd.DataFrame({"used": [True], "trials": 40, "labelled trials": 38,
    ...     "alpha peak (Hz)": 9.75, "bad channels": "T7 (noisy)", "line noise": "none",
    ...     "valence, trial-grouped": 0.625}, index=["sub-01"])
    >>> for_people(table).iloc[0].tolist()
    ['38 of 40', '9.8', 'T7 (noisy)', '0.62']
    """
    counted = table["labelled trials"].astype(str) + " of " + table["trials"].astype(str)
    both = zip(table["bad channels"], table["line noise"], strict=True)
    shown = pd.DataFrame(
        {
            "trials with a label": counted,
            "alpha peak (Hz)": _rounded(table["alpha peak (Hz)"], 1),
            "quality flags": [_flagged(odd, hum) for odd, hum in both],
        }
    )
    for name in table.columns.drop(["used", *FACTS]):
        shown[name] = _rounded(table[name], 2)
    shown[~table["used"]] = "not used"
    return shown


def _flagged(odd: object, hum: object) -> str:
    """Both flags in one: nothing that does not stand out is named."""
    told = [str(odd)] if odd != "none" else []
    if hum not in ("none", "-"):
        told.append(f"line noise at {hum}")
    return "; ".join(told) or "none"


def _rounded(values: pd.Series, digits: int) -> list[str]:
    """Numbers as text; a dash where there is none."""
    return [f"{value:.{digits}f}" if np.isfinite(value) else "-" for value in values]
