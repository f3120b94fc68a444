"""Figures are numbered in their order, a page says its true time, and folds say what is in them."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from emolib.book.layout import fold_label, join_folds, number_figures, tell_time

FIGURE = '<figure class="emolib-figure"><img alt="A."><figcaption>Look.</figcaption></figure>'


def figure(*, tags=()):
    output = new_output("display_data", {"text/html": FIGURE, "text/plain": "A."})
    return new_code_cell("draw()\n" * 3, outputs=[output], metadata={"tags": list(tags)})


@pytest.fixture
def page():
    told = new_output("display_data", {"text/markdown": "As the figure above shows."})
    text = "# A page\n\n**Time.** About 99 minutes, and an hour. The figure\nbelow has it."
    bench = new_output("display_data", {"text/html": f"<div>{FIGURE}</div>"})  # stands in for one
    last = "As in the first figure. There is no more: the figure below."
    cells = [new_markdown_cell(text), figure(tags=["hide-input"])]
    cells += [new_code_cell("say()", outputs=[told, bench]), figure(), new_markdown_cell(last)]
    return new_notebook(cells=cells)


@pytest.mark.parametrize(
    ("name", "prefix"),
    [("02_band_filtering", "2."), ("11_time", "11."), ("A1_x", "A1."), ("cohort", "")],
)
def test_figures_are_numbered_and_referred_to(page, name, prefix):
    number_figures(page, name)
    text, first, told, second, last = page.cells
    place = f"figure-{prefix.replace('.', '-')}"
    assert f'About 99 minutes, and an hour. <a href="#{place}1">Figure {prefix}1</a>' in text.source
    for cell, number in ((first, 1), (second, 2)):
        html = cell.outputs[0].data["text/html"]
        assert html.startswith(f'<figure class="emolib-figure" id="{place}{number}">')
        assert f">Figure {prefix}{number}.</span> Look." in html
    assert f'As <a href="#{place}1">' in told.outputs[0].data["text/markdown"]
    assert told.outputs[1].data["text/html"] == f"<div>{FIGURE}</div>"
    assert f'<a href="#{place}1">Figure {prefix}1</a>. There' in last.source
    assert last.source.endswith("the figure below.")


def test_the_time_is_that_of_words_visible_code_and_figures(page):
    page.cells.append(new_markdown_cell("word " * 1800))
    page.cells.append(new_code_cell("\n".join(["x = 1"] * 36)))
    tell_time(page)  # some 10 minutes, 3 and 2
    assert "**Time.** About 15 minutes, and an hour." in page.cells[0].source


@pytest.mark.parametrize(
    ("tags", "source", "shown", "label"),
    [
        (["hide-input"], "draw()", '<figure class="a">', "Code of this figure"),
        (
            ["hide-input"],
            "import numpy\ndraw()",
            "<figure",
            "Imports, data and code of this figure",
        ),
        (["hide-input"], "show()", '<table class="a">', "Code of this table"),
        (["hide-input"], "import numpy", "", "Imports and data"),
        (["hide-cell", "solution"], "import numpy", "", "Solution"),
        (["check", "hide-input"], "check(x, 1)", "", "Check of the solution"),
        (["hide-input"], "prepare()", "", "Preparation"),
        ([], "draw()", '<figure class="a">', None),
    ],
)
def test_a_fold_says_what_is_in_it(tags, source, shown, label):
    data = new_output("display_data", {"text/html": shown})
    cell = new_code_cell(source, metadata={"tags": tags}, outputs=[data])
    assert fold_label(cell) == label


def test_folds_that_show_nothing_join_the_next_one():
    given = [
        *(("import numpy", ["hide-input"], 0), ("draw()", ["hide-input"], 1)),
        *(("draw_again()", ["hide-input"], 1), ("prepare()", ["hide-input"], 0), ("x = 1", [], 0)),
    ]
    out = new_output("display_data", {"text/html": "<figure>"})
    cells = [new_code_cell(s, metadata={"tags": t}, outputs=n * [out]) for s, t, n in given]
    joined = [cell.source for cell in join_folds(cells)]
    assert joined == ["import numpy\n\n\ndraw()", "draw_again()", "prepare()", "x = 1"]
