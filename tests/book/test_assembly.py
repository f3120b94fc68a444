"""The folder that the book is built from: everything that a page names lies in it."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from emolib.book.assembly import (
    DOWNLOADS,
    MADE,
    PROSE,
    assemble,
    escape_search_index,
    objectives,
    offers,
)
from emolib.book.exercises import EXERCISES
from emolib.book.notebooks import NOTEBOOKS

CHAPTERS = sorted(path.stem for path in NOTEBOOKS.glob("[0-9][0-9]_*.py"))
LEFT = ("chapters/.unfinished-x/half", "subjects/sub-gone")  # by a run that was killed, and before
PUBLISHED = {
    "repository": {"url": "https://github.com/OWNER/PROJECT", "branch": "main"},
    "launch_buttons": {
        "binderhub_url": "https://mybinder.org",
        "colab_url": "https://colab.research.google.com",
    },
}


@pytest.fixture(scope="module")
def assembled(tmp_path_factory) -> Path:
    """Assembled from a study whose notebooks are a heading and a sentence."""
    study = tmp_path_factory.mktemp("study")
    for name in [f"chapters/{CHAPTERS[0]}", "chapters/99_elsewhere", "cohort", *LEFT]:
        page = study / "notebooks" / f"{name}.ipynb"
        page.parent.mkdir(parents=True, exist_ok=True)
        text = f"# Title of {name}\n\nA sentence."
        nbformat.write(new_notebook(cells=[new_markdown_cell(text, id="a")]), page)
    (study / "scores").mkdir()
    (study / "scores" / "scores.csv").write_text("value\n")
    folder = study / "source"
    (folder / "stale").mkdir(parents=True)
    scores = study / "scores" / "scores.parquet"
    assemble(SimpleNamespace(folder=study, subjects=lambda: [], scores_file=lambda: scores), folder)
    return folder


def first_cell(path: Path) -> str:
    return nbformat.read(path, as_version=4).cells[0].source


@pytest.mark.slow
def test_prose_and_notebooks_lie_in_it_and_nothing_stale(assembled):
    for name in ("intro.md", "_toc.yml", "references.bib", "_static/cover.svg", "environment.md"):
        assert (assembled / name).is_file(), name
    assert not (assembled / "stale").exists()
    assert not list(assembled.glob("*.py"))
    for name in LEFT:
        assert not (assembled / f"{name}.ipynb").exists()


def test_scores_lie_where_the_cohorts_page_offers_them(assembled):
    assert (assembled / DOWNLOADS / "scores.csv").read_text() == "value\n"
    for ending in ("csv", "parquet"):
        assert (assembled / DOWNLOADS / f"subjects.{ending}").is_file()


def test_a_chapter_offers_its_files_below_its_title(assembled):
    name = CHAPTERS[0]
    title, rest = first_cell(assembled / "chapters" / f"{name}.ipynb").split("\n", 1)
    assert title == f"# Title of chapters/{name}"
    assert rest.strip().startswith(":::{div} emolib-offers")
    assert rest.endswith("A sentence.")
    files = re.findall(r"\{download\}`[^<`]+ </([^>]+)>`", rest)
    assert len(files) == 3
    committed = [EXERCISES / f"{name}.ipynb", NOTEBOOKS / f"{name}.ipynb", NOTEBOOKS / f"{name}.py"]
    assert [(assembled / file).read_bytes() for file in files] == [
        path.read_bytes() for path in committed
    ]


def test_pages_without_a_notebook_to_offer_are_left_as_they_are(assembled):
    assert first_cell(assembled / "cohort.ipynb") == "# Title of cohort\n\nA sentence."
    elsewhere = first_cell(assembled / "chapters" / "99_elsewhere.ipynb")
    assert elsewhere == "# Title of chapters/99_elsewhere\n\nA sentence."


def test_without_an_address_only_downloads_are_offered():
    text = offers(CHAPTERS[0], {})
    assert text.count("{download}") == 3
    assert "http" not in text


@pytest.mark.parametrize("name", CHAPTERS)
def test_what_servers_open_is_there(name):
    links = re.findall(r"\[(\w+)\]\((\S+)\)", offers(name, PUBLISHED))
    assert [server for server, _ in links] == ["Binder", "Colab"]
    for _, link in links:
        path = re.search(r"notebooks/.+\.ipynb$", link)
        assert path and (NOTEBOOKS.parent / path.group()).is_file(), link


def test_every_chapter_has_objectives(assembled):
    text = objectives()
    for name in CHAPTERS:
        assert f"(/chapters/{name}.ipynb)\n\n- " in text, name
    assert (assembled / MADE / "objectives.md").read_text(encoding="utf-8") == text


def test_what_is_no_page_is_kept_from_pages():
    config = (NOTEBOOKS.parent / "_config.yml").read_text(encoding="utf-8")
    excluded = re.search(r"exclude_patterns: \[(.*)\]", config).group(1).split(", ")
    assert {DOWNLOADS, MADE} <= set(excluded)


def test_figures_of_the_first_page_are_the_published_ones(assembled):
    text = (assembled / "intro.md").read_text(encoding="utf-8")
    assert re.findall(r"\d[\d.]* %", text) == ["96.28 %", "96.62 %", "60 %"]
    assert not re.search(r"\d %", (PROSE / "intro.md").read_text(encoding="utf-8"))


def test_headings_are_no_markup_where_the_books_search_shows_them(tmp_path):
    file, name = tmp_path / "searchindex.js", "<img src=x onerror=alert(1)>"
    file.write_text(f"Search.setIndex({json.dumps({'alltitles': {name: [[0, None]]}, 'n': 1})})")
    escape_search_index(file)
    index = json.loads(file.read_text().removeprefix("Search.setIndex(").removesuffix(")"))
    assert index == {"alltitles": {html.escape(name): [[0, None]]}, "n": 1}


def test_no_page_asks_for_a_substitution(assembled):
    """Nothing would fill it in: what looks like one stays as it is, in a name too."""
    config = (NOTEBOOKS.parent / "_config.yml").read_text(encoding="utf-8")
    assert "substitution" not in re.search(r"myst_enable_extensions: (.*)", config)[1]
    for page in assembled.rglob("*.md"):
        assert "{{" not in page.read_text(encoding="utf-8"), page
