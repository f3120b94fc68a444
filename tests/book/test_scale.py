"""What is said of scale follows from the table of measurements."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from emolib.book import scale

SIZES = (4, 8, 16, 32)


def table(*rows: tuple) -> pd.DataFrame:
    """Measurements of one session: what, of, subjects, value."""
    session = ["2026-01-01T00:00", "abc", "a processor"]
    return pd.DataFrame(
        [[*session, what, of, n, 0, value] for what, of, n, value in rows], columns=scale.COLUMNS
    )


def test_the_book_has_a_file_of_measurements():
    assert list(scale.measured().columns) == scale.COLUMNS


def test_without_measurements_nothing_is_said():
    nothing = table()
    for found in (scale.ratios(nothing), scale.growth(nothing), scale.breaks(nothing)):
        assert not len(found)
    for shown in (scale.ratio_table, scale.growth_table, scale.history_table):
        assert not len(shown(nothing))


def test_lines_and_parabolas_are_carried_forward():
    rows = [("memory_mb", "train", n, 1000 + 5 * n) for n in SIZES]
    rows += [("planning_seconds", "", n, 2 + 0.1 * n + 0.01 * n**2) for n in (100, 300, 1000)]
    rows += [("seconds", "features", n, 3.0) for n in SIZES]  # a job, whatever the cohort
    grown = scale.growth(table(*rows)).set_index("what")
    assert grown.loc["memory_mb", 1_000] == pytest.approx(6_000)
    assert grown.loc["planning_seconds", 100_000] == pytest.approx(2 + 1e4 + 1e8)
    assert grown.loc["seconds", 1_000] == pytest.approx(3_000)


def test_the_first_limit_by_hand():
    """Memory reaches 64 GB with 12,600 subjects, listing a minute with the root of 400,000."""
    rows = [("memory_mb", "train", n, 1000 + 5 * n) for n in SIZES]
    rows += [("listing_seconds", "", n, 1.5e-4 * n**2) for n in (100, 300, 1000)]
    rows += [("disk_mb", "", n, 100.0) for n in SIZES]  # does not grow
    found = scale.breaks(table(*rows))
    assert found["subjects"].round(3).tolist() == [632.456, 12_600]
    assert "lists all recordings" in found["told"][0]


def test_ratios_beside_their_limits():
    rows = [("seconds", rule, n, 1 + n / 160) for rule in scale.PER_SUBJECT for n in SIZES]
    rows += [("run_seconds", "", 32, 200.0), ("one_changed_seconds", "", 32, 50.0)]
    rows += [("no_op_seconds", "", 32, 11.0), ("ratio", "two workers", 16, 1.9)]
    found = scale.ratios(table(*rows))
    assert found["value"].to_dict() == pytest.approx(
        {
            "two workers": 1.9,
            "per subject": 1.2 / 1.025,
            "nothing changed": 11,
            "one subject changed": 0.25,
        }
    )
    assert found.index[~found["holds"]].tolist() == ["per subject", "nothing changed"]
    assert scale.ratio_table(table(*rows))["kept"].tolist() == ["yes", "no", "no", "yes"]


def test_the_newest_session_counts_and_the_others_are_kept():
    old, new = (table(("run_seconds", "", 4, value)) for value in (100.0, 90.0))
    both = pd.concat([old, new.assign(date="2026-02-01T00:00", commit="def")])
    assert scale.by_size(both, "run_seconds").to_dict() == {4: 90.0}
    assert scale.history_table(both)["4 subjects"].tolist() == ["100", "90"]
    more = pd.concat(
        [both, table(("run_seconds", "", 8, 120.0)).assign(date="2026-02-01T00:00", commit="def")]
    )
    assert scale.history_table(more)["8 subjects"].tolist() == ["", "120"]


def test_a_parabola_needs_three_sizes():
    assert np.isnan(scale.curve(pd.Series({100: 1.0, 300: 2.0}), 2)).all()
