"""The table of all subjects: numbers to download, words for a page, and whoever was not used."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from synthetic import predictions

from emolib.book.subject_tables import cohort_table, facts_table, score_tables
from emolib.evaluation.scores import score

SUBJECTS = ["sub-01", "sub-02", "sub-03"]
COLUMN = "valence, trial-grouped"


def summary(*, peak=10.0, deviation=(10.0, 11.0, 12.0), hum=(0.0, 0.0, 0.0), missing=0):
    """Of a subject with three channels and 12 trials, so many without a label."""
    classes = np.repeat([np.nan, 1.0], [missing, 12 - missing])[:, None]
    return xr.Dataset(
        {
            "class": (("trial", "task"), classes),
            "std_uv": ("channel", list(deviation)),
            "line_noise_db": ("channel", list(hum)),
        },
        {"channel": ["Fz", "Cz", "Oz"], "task": ["valence"]},
        {"alpha_peak_hz": peak, "line_hz": 50.0, "sfreq": 128.0},
    )


@pytest.fixture
def table() -> pd.DataFrame:
    one_class = predictions("trial_grouped", 6, subject="sub-03").assign(label=1)
    scores = score(pd.concat([predictions("trial_grouped", 9), one_class]), resamples=0)
    found = {
        "sub-01": summary(),
        "sub-03": summary(peak=np.nan, deviation=(10, 11, 99), hum=(0, 30, 0), missing=3),
    }
    return cohort_table(found, scores, SUBJECTS)


def test_every_subject_has_a_row_of_numbers(table):
    assert table.index.tolist() == SUBJECTS
    assert table["used"].tolist() == [True, False, True]
    assert table["labelled trials"].tolist() == [12, pd.NA, 9]
    assert table.loc["sub-01", COLUMN] == pytest.approx(0.75)
    assert table[COLUMN].isna().tolist() == [False, True, True]


def test_all_flags_of_the_quality_check_are_in_it(table):
    flags = table[["bad channels", "line noise"]].dropna()
    assert flags.to_numpy().tolist() == [["none", "none"], ["Oz (noisy)", "Cz (50 Hz)"]]
    shown = facts_table(table)[["bad channels", "line noise"]].to_numpy().tolist()
    assert shown == [["none"] * 2, ["not used"] * 2, ["Oz (noisy)", "Cz (50 Hz)"]]


def test_what_is_missing_is_told(table):
    shown = facts_table(table).join(score_tables(table))
    assert (shown.loc["sub-02"] == "not used").all()
    assert shown.loc["sub-03", "trials with a label"] == "9 of 12"
    assert shown.loc["sub-03", ["alpha peak (Hz)", COLUMN]].tolist() == ["-", "-"]


def test_nobody_could_be_used():
    table = cohort_table({}, pd.DataFrame(), SUBJECTS)
    assert table.index.tolist() == SUBJECTS and not table["used"].any()
    assert facts_table(table).index.tolist() == SUBJECTS and score_tables(table) == []


def test_it_goes_through_the_files_that_are_offered(table, tmp_path):
    table.to_parquet(tmp_path / "subjects.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "subjects.parquet"), table)
