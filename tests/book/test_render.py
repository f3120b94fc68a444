"""Pages of notebooks: which subject they are about, where they lie, and what they wait for."""

from __future__ import annotations

import re
import tempfile

import nbformat
import pandas as pd
import pytest

from emolib.book import notebooks, render
from emolib.errors import SettingsError
from emolib.study import stages
from emolib.study.study import load


@pytest.mark.parametrize(
    ("subject", "expected"), [(None, "sub-02"), ("sub-03", "sub-03")], ids=["none", "one"]
)
def test_without_a_subject_the_report_is_of_the_first_valid_one(subject, expected, monkeypatch):
    executed = []
    monkeypatch.setattr(stages, "first_valid", lambda study: "sub-02")
    monkeypatch.setattr(stages, "failure", lambda study, subject: None)
    monkeypatch.setattr(
        render, "execute", lambda *given, title, study: executed.append((*given, title))
    )
    study = load("smoke")
    render.make_page(study, "subject_report", subject)
    ((source, output, parameters, title),) = executed
    assert (source.stem, output.stem, title) == ("subject_report", expected, expected)
    assert parameters == {"study": str(study.file), "subject": expected}


def test_a_page_of_all_subjects_gets_none(monkeypatch):
    executed = []
    monkeypatch.setattr(
        render, "execute", lambda *given, title, study: executed.append((*given, title))
    )
    study = load("smoke")
    render.make_page(study, "cohort_report")
    assert executed[0][2:] == ({"study": str(study.file)}, None)


def untrained(tmp_path, monkeypatch):
    """A study of which no fold could be trained."""
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path))
    study = load("smoke")
    nothing = pd.DataFrame()
    nothing.attrs["failure"] = {"source": "x", "message": "one class only.", "hint": "Rate anew."}
    for protocol in study.protocols:
        for fold in study.folds(protocol):
            stages.write_table(nothing, study.fold_files(protocol, fold)["predictions"])
    return study


def test_a_chapter_of_scores_says_why_there_are_none(tmp_path, monkeypatch):
    study = untrained(tmp_path, monkeypatch)
    monkeypatch.setattr(render, "execute", None)
    render.make_page(study, "08_pooled_and_fine_tuned", "sub-01")
    page = nbformat.read(notebooks.page_file(study, "08_pooled_and_fine_tuned"), as_version=4)
    assert "no network could be trained" in page.cells[0].source
    assert "one class only. Rate anew." in page.cells[0].source
    assert "no network could be trained" in page.metadata["emolib"]["failed"]


def test_a_chapter_about_nobody_says_so(tmp_path, monkeypatch):
    study = untrained(tmp_path, monkeypatch)
    for subject in study.subjects():
        error = stages.failure_dataset({"source": "x", "message": "is bad.", "hint": "Mend it."})
        stages.write_dataset(error, study.features_file(subject))
    render.make_page(study, "01_first_look")
    page = nbformat.read(notebooks.page_file(study, "01_first_look"), as_version=4)
    assert "no subject of the study" in page.cells[0].source


def test_no_predictions_have_no_scores(tmp_path, monkeypatch):
    study = untrained(tmp_path, monkeypatch)
    stages.make_scores(study)
    assert not len(stages.scores(study)) and not len(stages.permuted_scores(study))
    assert "protocol" in stages.scores(study)


# From the most to the least: what a chapter's cells call, and what must be there for it.
READS = {
    "scores": r"stages\.(predictions|scores|histories|permuted_\w+|group_tests)\("
    r"|study\.(networks|explain)\b|trained_networks|fold_files|attribution_file",
    "features": r"stages\.(load_windows|valid_subjects)\(",
    "first": "",
}


@pytest.mark.parametrize("chapter", notebooks.CHAPTERS)
def test_a_chapter_waits_for_what_it_reads(chapter):
    source = notebooks.source_of(chapter).read_text(encoding="utf-8")
    reads = next(needs for needs, calls in READS.items() if re.search(calls, source))
    assert notebooks.waits_for(chapter) == reads


@pytest.mark.parametrize("header", ['tags=["parameters"]', 'tags=["parameters"] needs="score"'])
def test_a_chapter_that_does_not_say_so_is_an_error(header, tmp_path, monkeypatch):
    monkeypatch.setattr(notebooks, "NOTEBOOKS", tmp_path)
    (tmp_path / "13_more.py").write_text(f'# %% {header}\nstudy = "demo"\n')
    with pytest.raises(SettingsError, match=r"13_more.py.*needs=\"scores\""):
        notebooks.waits_for("13_more")


@pytest.mark.slow
@pytest.mark.workflow
def test_a_page_is_made_however_long_the_name_of_the_temporary_folder(tmp_path, monkeypatch):
    (long := tmp_path / ("job" * 30)).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    (source := tmp_path / "one.py").write_text("# %% [markdown]\n# # One\n\n# %%\n1 + 1\n")
    assert render.execute(source, tmp_path / "one.ipynb", {})
    assert nbformat.read(tmp_path / "one.ipynb", as_version=4).cells[1].outputs[0].data
    assert not list(long.iterdir())
