"""Slides: what is on them, and how they look in a browser, from a folder; and the book as a PDF."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import axe_playwright_python
import jupytext
import matplotlib.pyplot as plt
import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import Browser, Page

from emolib.__main__ import main
from emolib.book import editions, slides
from emolib.book.assembly import add_to_book
from emolib.book.notebooks import NOTEBOOKS
from emolib.book.questions import Answer, Question
from emolib.book.render import failure_page
from emolib.figures.display import Picture, Table, say
from emolib.figures.inline import fragment
from emolib.study.artefacts import job
from emolib.study.study import PROJECT, load

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
CAPTION = "Each point is a window. " + "The line is fitted to all of them. " * 12
QUESTION = Question(
    *("which", "Which one?", "", "", False),
    (Answer("This", "It is.", True), Answer("That", "It is not.", False)),
)
# What of a slide is outside of it. What only screen readers are told is nowhere.
OUTSIDE = """
() => {
    const slide = Reveal.getCurrentSlide(), box = slide.getBoundingClientRect();
    const silent = "mjx-assistive-mml, mjx-container *, .x-hidden, aside, aside *, script, style";
    return [...slide.querySelectorAll("*")].filter((it) => {
        if (it.matches(silent) || !it.checkVisibility()) return false;
        const {left, right, top, bottom, width} = it.getBoundingClientRect();
        return width && (left < box.left - 1 || top < box.top - 1
            || right > box.right + 1 || bottom > box.bottom + 1);
    }).map((it) => `${it.tagName} ${it.className}: ${it.textContent.slice(0, 40)}`);
}
"""


def shown(*objects: object) -> list:
    """Outputs of a cell that shows these objects."""
    bundles = (
        each._repr_mimebundle_()
        if hasattr(each, "_repr_mimebundle_")
        else {"text/markdown": each.data}
        for each in objects
    )
    return [new_output("display_data", data=dict(data)) for data in bundles]


@pytest.fixture
def notebook():
    figure, ax = plt.subplots(figsize=(6, 2))
    ax.plot([1, 2])
    picture = Picture(figure, alt="The line rises.", caption=CAPTION)
    table = Table(pd.DataFrame({"x": [1]}, index=["a"]), caption="Few numbers")
    marked = {"slideshow": {"slide_type": "slide"}}
    left_out = {"slideshow": {"slide_type": "skip"}}
    return new_notebook(
        cells=[
            new_markdown_cell("# A *title*\n\nTwo {term}`windows <window>`. **Which is longer?**"),
            new_code_cell("draw()", outputs=shown(picture)),
            new_markdown_cell(
                "## What you will learn\n\n- to look;\n- to ask.\n\n**Time.** Short."
            ),
            new_markdown_cell("## Look\n\nSee {cite:t}`shen2020`. The sum of both is"),
            new_markdown_cell("$$a_1 + b_{\\rm x}$$\n\nwhere $a_1 < 1$ is small."),
            new_code_cell("x = 1  # not asked for"),
            new_code_cell("y = 2\n\n\nprint(y)", metadata=marked),
            new_code_cell("", outputs=shown(table, say("It is **so**.")), metadata=left_out),
            new_code_cell("", outputs=shown(table)),
            new_markdown_cell(
                "## Check yourself\n\n**1.** Why?\n\n```{dropdown} Answer\nSince $x$.\n```\n\n"
                "## Exercises\n\n**Exercise 1.** Do it.\n\n```{dropdown} Hint\nSlowly.\n```"
            ),
            new_code_cell("", outputs=shown(say("Right."))),
            new_markdown_cell(
                "## Conclusion\n\nOne thing. Another thing.\n\n## Where to read on\n\nX"
            ),
        ]
    )


def made(notebook) -> list[slides.Slide]:
    return slides.slides_of(notebook, "02_test", [QUESTION], {"shen2020": "Shen and others (2020)"})


def test_a_deck_goes_from_the_question_to_the_conclusion(notebook):
    deck = made(notebook)
    assert [each.kind for each in deck] == [
        *("title", "opening", "goals", "formula", "code", "table", "ask", "question"),
        *("exercises", "summary"),
    ]
    title, opening, goals, formula, *_, asked, _, exercises, summary = deck
    assert title.title == "A <em>title</em>"
    assert opening.title == "Which is longer?" and "Two windows." in opening.body
    assert "to ask" in goals.body and "Time" not in goals.body and "Short" in goals.notes
    assert "The sum of both is" in formula.body and r"\[a_1 + b_{\rm x}\]" in formula.body
    assert "See Shen and others (2020)" in formula.notes
    assert "Why?" in asked.body and "Since" in asked.notes
    assert "Do it." in exercises.body and "Right." not in exercises.body
    assert "Slowly" in exercises.notes and "Slowly" not in exercises.body
    assert summary.body.count("<li>") == 2


def test_a_figure_keeps_its_words_and_a_short_caption(notebook):
    opening = made(notebook)[1]
    assert 'alt="The line rises."' in opening.body and "Figure 2.1." in opening.body
    assert "Each point is a window." in opening.body
    assert CAPTION.strip() not in opening.body and CAPTION.strip() in opening.notes
    assert "The line rises." in opening.notes


def test_code_is_on_a_slide_where_its_cell_says_so(notebook):
    deck = made(notebook)
    text = "".join(each.body for each in deck)
    assert "not asked for" not in text
    assert re.sub("<[^>]+>", "", deck[4].body) == "y = 2\n\nprint(y)"
    assert len([each for each in deck if each.kind == "table"]) == 1  # the other is skipped
    assert "<strong>so</strong>" in "".join(each.notes for each in deck)


@pytest.mark.parametrize("chapter", sorted(NOTEBOOKS.glob("[0-9][0-9]_*.py")), ids=lambda p: p.stem)
def test_code_that_is_marked_can_be_read_from_the_last_row(chapter):
    cells = jupytext.read(chapter).cells
    marked = [c for c in cells if c.metadata.get("slideshow", {}).get("slide_type") == "slide"]
    assert marked
    for cell in marked:
        assert cell.cell_type == "code" and "hide-input" not in cell.metadata.get("tags", [])
        assert len(cell.source.splitlines()) <= slides.LINES, cell.source[:60]


def test_plans_name_slides_and_benches_as_they_are_called():
    """A heading in italics in a plan of `teach.md` is one of a chapter or of the laboratory."""
    page = (PROJECT / "book" / "teach.md").read_text(encoding="utf-8")
    plans = page.partition("## One lecture")[2].partition("(learning-objectives)=")[0]
    pages = "\n".join(path.read_text(encoding="utf-8") for path in NOTEBOOKS.glob("*.py"))
    headings = {found.replace("\n# ", " ") for found in re.findall(r"^# ## (.+)$", pages, re.M)}
    rows = [line for line in plans.splitlines() if line.startswith("|")]
    named = {name for row in rows for name in re.findall(r"(?<![*\w])\*([^*|]+)\*", row)}
    keys = {"S", "F", "Run", "Run All Above Selected Cell"}
    assert len(named) > 20
    assert named - keys <= headings


def test_answers_are_in_the_notes_and_come_at_the_next_key(notebook):
    question = made(notebook)[7]
    right = '<div class="fragment answer">'
    assert "It is." in question.body.partition(right)[2]
    assert "It is." not in question.body.partition(right)[0]
    assert "right: It is." in question.notes and "wrong: It is not." in question.notes


def test_a_book_that_is_not_built_has_no_slides(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path))
    assert main(["slides", "smoke"]) == 1
    assert "is not built yet" in capsys.readouterr().err


def test_a_chapter_that_was_not_computed_has_no_deck(notebook, tmp_path, monkeypatch):
    failed = failure_page("10_x: nothing to show", "The data do not suffice.", "No.", "None.")
    failed.metadata["emolib"] = {"failed": "No."}
    for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.py")):
        page = failed if path.stem.startswith("10_") else notebook
        nbformat.write(page, tmp_path / f"{path.stem}.ipynb")
    monkeypatch.setattr(editions, "page_file", lambda study, name: tmp_path / f"{name}.ipynb")
    monkeypatch.setattr(editions, "read_questions", dict)
    made = editions.write_decks(load("smoke"), tmp_path / "slides")
    listed = (tmp_path / "slides" / "index.html").read_text()
    assert len(made) == 11 and not list((tmp_path / "slides").glob("10_*"))
    assert "Not computed for this study: 10_" in listed and 'href="10_' not in listed
    text = (tmp_path / "slides" / "09_what_a_score_means.html").read_text()
    assert "A title (Emotion from EEG brain maps)" in text
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text + listed)


def walk(page: Page, deck: Path) -> Iterator[tuple[str, list[str]]]:
    """Go through a deck; yield each slide's kind and what of it is outside of it."""
    page.goto(deck.as_uri())
    page.wait_for_function("window.Reveal?.isReady() && window.MathJax?.startup?.promise")
    for number in range(page.evaluate("Reveal.getTotalSlides()")):
        page.evaluate(f"Reveal.slide({number})")
        page.evaluate("Reveal.nextFragment()")  # the answer
        page.wait_for_function("Reveal.getCurrentSlide().matches('.title, [data-settled]')")
        kind = page.evaluate("Reveal.getCurrentSlide().classList[0]")
        yield kind, page.evaluate(OUTSIDE)


def faults(page: Page) -> list[str]:
    """What axe-core finds serious or critical on a slide."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run({preload: false, resultTypes: ['violations']})")["violations"]
    grave = [each for each in found if each["impact"] in ("serious", "critical")]
    return [f"{each['id']}: {each['nodes'][0]['html'][:120]}" for each in grave]


def look(browser: Browser, folder: Path, names: list[str], *, every: bool) -> set[str]:
    """Go through decks at 1280 x 720; look closely at every slide, or at one of each kind."""
    size = {"width": 1280, "height": 720}
    context = browser.new_context(offline=True, viewport=size, reduced_motion="reduce")
    page, kinds, problems, requests = context.new_page(), set(), [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    for name in names:
        for number, (kind, outside) in enumerate(walk(page, folder / f"{name}.html"), 1):
            problems += [f"{name}, {number}, {kind}: {each}" for each in outside]
            if every or kind not in kinds:
                problems += [f"{name}, {number}, {kind}: {each}" for each in faults(page)]
            kinds.add(kind)
    context.close()
    assert not problems, "\n".join(problems)
    assert [url for url in requests if not url.startswith(("file:", "data:", "blob:"))] == []
    return kinds


@pytest.fixture(scope="module")
def smoke_decks(smoke_run, tmp_path_factory) -> Path:
    """The decks of the smoke study's chapters."""
    folder = tmp_path_factory.mktemp("decks") / "slides"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOLIB_RESULTS", str(smoke_run[0]))
        assert len(editions.write_decks(load("smoke"), folder)) == 12
    return folder


@pytest.mark.slow
def test_nothing_leaves_a_slide_or_the_computer(smoke_decks, browser):
    names = ["01_first_look", "02_band_filtering"]
    kinds = look(browser, smoke_decks, names, every=False)
    assert kinds >= {"title", "opening", "figure", "formula", "table", "code", "bench", "question"}


@pytest.mark.faults
def test_nothing_leaves_any_slide_of_any_deck(smoke_decks, browser):
    look(browser, smoke_decks, sorted(p.stem for p in smoke_decks.glob("[01]*.html")), every=True)


@pytest.mark.slow
def test_keys_move_the_deck_and_what_can_be_touched(smoke_decks, browser):
    size = {"width": 1280, "height": 720}
    context = browser.new_context(offline=True, viewport=size, reduced_motion="reduce")
    page = context.new_page()
    page.goto((smoke_decks / "02_band_filtering.html").as_uri())
    page.wait_for_function("window.Reveal?.isReady()")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("Reveal.getState().indexh") == 1
    at = page.evaluate("Reveal.getSlides().findIndex((it) => it.matches('.bench'))")
    page.evaluate(f"Reveal.slide({at})")
    page.wait_for_function("Reveal.getCurrentSlide().matches('[data-settled]')")
    slider = page.locator(".present .b-frame input[type=range]:visible").first
    slider.focus()
    before = slider.input_value()
    page.keyboard.press("ArrowRight")
    assert slider.input_value() != before
    assert page.evaluate("Reveal.getState().indexh") == at
    page.wait_for_timeout(700)  # a bench on a page of the book would now change the address
    assert page.url.endswith(f"#/{at}")
    page.get_by_role("button", name="Show the answer").focus()
    page.keyboard.press("Space")
    assert page.locator(".present .b-answer").inner_text()
    assert page.evaluate("Reveal.getState().indexh") == at
    context.close()


@pytest.mark.slow
def test_a_deck_is_printed_a_page_for_each_slide(smoke_decks, browser):
    page = browser.new_page()
    page.goto((smoke_decks / "03_de_versus_psd.html").as_uri() + "?print-pdf")
    page.wait_for_selector(".pdf-page")
    page.wait_for_timeout(500)
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    questions = page.locator("section.ask, section.question").count()
    assert pages == page.evaluate("Reveal.getSlides().length") > questions
    page.close()


@pytest.mark.faults
def test_the_book_links_its_slides(own_run, tmp_path):
    assert main(["slides", "smoke"]) == 0
    html = load("smoke").book
    assert 'href="slides/index.html"' in (html / "intro.html").read_text()
    listed = re.findall(
        r'<li value="\d+"><a href="([^"]+)"', (html / "slides/index.html").read_text()
    )
    assert len(listed) == 12 and all((html / "slides" / name).is_file() for name in listed)
    assert main(["verify", "smoke"]) == 0
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    with job(load("smoke").folder, "book", {}):
        add_to_book(load("smoke"), pdf=tmp_path / "a.pdf")
    front = (html / "intro.html").read_text()
    assert "book.pdf" in front and 'href="slides/index.html"' in front
    assert (html / "slides" / listed[0]).is_file()


def test_what_can_be_touched_is_a_picture_on_paper():
    asked = {"module": "export default {}", "style": "", "traits": {}, "label": "a bench"}
    bench = fragment("bench", still="<p>picture and table</p>", **asked)
    page = "<head><script>mathjax</script></head><span id='document-a'></span><section><h2>A</h2>"
    paper = editions.for_paper(page + bench)
    assert "picture and table" in paper and "mathjax" in paper
    assert "application/json" not in paper


def test_a_book_that_is_not_built_has_no_pdf(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path))
    assert main(["pdf", "smoke"]) == 1
    assert "is not built yet" in capsys.readouterr().err


@pytest.mark.faults
@pytest.mark.browser
def test_the_book_is_printed_with_contents_and_links_and_linked(own_run):
    assert main(["pdf", "smoke"]) == 0
    html = load("smoke").book
    link = re.search(r'href="([^"]+book\.pdf)"', (html / "intro.html").read_text())
    pdf = (html / link[1]).read_bytes()
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b", pdf)) > 50
    assert len(re.findall(rb"/Subtype /Link\b", pdf)) > 100
    assert b"/Outlines" in pdf
    assert main(["verify", "smoke"]) == 0
