"""Figures are numbered in their order, words refer to them, and a page says its true time."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from emolib.book.counting import number_figures, tell_time

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
