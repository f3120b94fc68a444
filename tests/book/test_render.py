"""Pages of notebooks: which subject they are about, and where they lie."""

from __future__ import annotations

import pytest

from emolib.book import render
from emolib.study import stages
from emolib.study.study import load


@pytest.mark.parametrize(
    ("subject", "expected"), [(None, "sub-02"), ("sub-03", "sub-03")], ids=["none", "one"]
)
def test_without_a_subject_the_report_is_of_the_first_valid_one(subject, expected, monkeypatch):
    executed = []
    monkeypatch.setattr(stages, "first_valid", lambda study: "sub-02")
    monkeypatch.setattr(stages, "failure", lambda study, subject: None)
    monkeypatch.setattr(render, "execute", lambda *given, title: executed.append((*given, title)))
    study = load("smoke")
    render.make_page(study, "subject_report", subject)
    ((source, output, parameters, title),) = executed
    assert (source.stem, output.stem, title) == ("subject_report", expected, expected)
    assert parameters == {"study": str(study.file), "subject": expected}


def test_a_page_of_all_subjects_gets_none(monkeypatch):
    executed = []
    monkeypatch.setattr(render, "execute", lambda *given, title: executed.append((*given, title)))
    study = load("smoke")
    render.make_page(study, "cohort_report")
    assert executed[0][2:] == ({"study": str(study.file)}, None)
