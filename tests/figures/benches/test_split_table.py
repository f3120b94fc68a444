"""A split judged in the page, held against the audit of the package."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import test_book
from playwright.sync_api import expect

from emolib.evaluation import audit
from emolib.figures.benches import SplitTable

JUDGE = "(text) => document.querySelector('.b-root').bench.judge(text)"
COUNTS = ("shared_trials", "shared_stimuli", "shared_subjects", "overlapping_windows")


def split(kind: str) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    subject, trial, window = (each.ravel() for each in np.indices((3, 5, 6)))
    table = pd.DataFrame({"subject": [f'"{s}", {s}' for s in subject], "trial": trial + 1})
    table = table.assign(stimulus=trial % 4, onset=window * 0.5, window_seconds=2.0)
    fold = {
        "windows": rng.integers(3, size=len(table)),
        "trials": ((subject * 5 + trial) * 2) % 5,
        "people": np.where(subject == 1, "test", "Train"),
        "last windows": np.where(window < 4, -1, 0),
    }
    return table.assign(fold=fold.get(kind, subject)).drop(columns=[kind], errors="ignore")


@pytest.mark.browser
def test_the_page_says_what_the_audit_says(touch):
    page = touch(SplitTable())
    for kind in ("windows", "trials", "people", "last windows", "trial", "fold", "subject"):
        table = split(kind)
        found = audit(**{name: own.to_numpy() for name, own in table.items()})
        told = page.evaluate(JUDGE, table.to_csv(index=False))
        assert told["verdict"] == found.verdict, kind
        assert {name: told[name] for name in COUNTS} == {
            name: found.numbers[name] for name in COUNTS
        }, kind


@pytest.mark.browser
def test_a_file_is_judged_where_it_is_dropped(touch):
    page = touch(SplitTable(), **test_book.SCREENS["phone"])
    told = page.locator(".b-told")
    for name, text, words in (
        ("mine.csv", split("trials").to_csv(index=False, sep=";"), "mine.csv: no leak found."),
        ("leak.csv", "trial,fold\n1,0\n1,1\n", "leak.csv: leaks."),
        ("alone.csv", "subject,trial,fold\n1,1,0\n1,2,1\n", "alone.csv: no leak found."),
        (
            "one.csv",
            "trial,fold\n1,0\n2,0\n",
            "cannot be used. The column `fold` leaves no row to train on",
        ),
        ("none.csv", "trial,fold\n", "cannot be used. The file has no row below its header"),
    ):
        file = {"name": name, "mimeType": "text/csv", "buffer": text.encode()}
        page.locator("input[type=file]").set_input_files(file)
        expect(told).to_contain_text(words)
        found = page.locator(".b-reading li").count()
        if name == "alone.csv":
            assert page.get_by_text("1 subject is on both sides").is_visible()
        assert (found == 0) == ("cannot be used" in words), name
    page.add_script_tag(path=test_book.AXE)
    assert page.evaluate(test_book.AUDIT) == []
