"""A name is text in every language that it is written in."""

import html
import json
import re
from html.parser import HTMLParser

import matplotlib.pyplot as plt
import nbformat
import pandas as pd
import pytest
from hostile import HOSTILE
from markdown_it import MarkdownIt
from myst_parser.config.main import MdParserConfig
from myst_parser.mdit_to_docutils.sphinx_ import SphinxRenderer
from myst_parser.parsers.mdit import create_md_parser

from emolib.book.render import failure_page
from emolib.escaping import escape_html, escape_markdown, figure_label, plain, script_json
from emolib.figures.display import Picture, Table, bullets, say
from emolib.storage import file_stem

EXTENSIONS = {"amsmath", "attrs_block", "colon_fence", "deflist", "dollarmath", "substitution"}
AROUND = ("{}", "Of {}, too.", "**{}**: x", "x *{}*,", "“{}” x", "# {}", "| a |\n|---|\n| {} |")
MARKDOWN = create_md_parser(MdParserConfig(enable_extensions=EXTENSIONS), SphinxRenderer)


class Text(HTMLParser):
    """What a browser shows of a piece of HTML, and the elements and attributes in it."""

    def __init__(self, page):
        super().__init__()
        self.text, self.tags, self.attributes = "", [], {}
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= dict(attrs)

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        self.tags.append("!--")

    unknown_decl = handle_decl = handle_pi = handle_comment


def kinds_and_text(markdown):
    """The kinds of the tokens in a piece of MyST Markdown, without its words; and its words."""
    kinds, text = [], ""
    for token in MARKDOWN.parse(markdown):
        for part in token.children or [token]:
            if part.type in ("text", "text_special"):
                text += part.content
            else:
                kinds.append(part.type)
    return kinds, text


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_name_is_no_markdown_wherever_it_stands(name):
    shown = escape_markdown(name)
    for around in AROUND:
        expected, text = kinds_and_text(around.format("name"))
        kinds, found = kinds_and_text(around.format(shown))
        assert kinds == expected, around
        assert found == text.replace("name", plain(name)), around
    for page in (say(shown, "x"), bullets(shown, "x")):
        kinds, found = kinds_and_text(page.data)
        assert kinds == kinds_and_text(page.data.replace(shown, "name"))[0]
        assert plain(name) in found


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_name_is_no_html_and_ends_no_script(name):
    found = Text(f'<p title="{escape_html(name)}">{escape_html(name)}</p>')
    assert (found.text, found.tags) == (plain(name), ["p"])
    assert found.attributes == {"title": plain(name)}
    assert json.loads(script_json({name: [name]})) == {name: [name]}
    assert "<" not in script_json(name)


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_table_and_a_picture_hold_a_name_as_text(name):
    frame = pd.DataFrame({name: [name]}, index=pd.Index([name], name=name))
    page = Table(frame, caption=name, links={name: name})._repr_mimebundle_()["text/html"]
    found = Text(page)
    assert set(found.tags) == {"table", "caption", "thead", "tr", "th", "tbody", "td", "a"}
    assert found.text == 5 * plain(name)
    assert found.attributes["href"] == plain(name)


def test_pictures_hold_names_as_text_and_no_formula():
    for name in ("$\\frac$", "_x", "<b>" * 99, "W" * 300, "a\nb", "$x$"):
        figure, ax = plt.subplots(figsize=(4, 2), layout="constrained")
        ax.barh([0], [1], label=figure_label(name))
        ax.set(title=name, xlabel=name, yticks=[0], yticklabels=[name], xscale="log")
        ax.legend()
        picture = Picture(figure, alt=name, caption=name)
        texts = [ax.get_legend().get_texts()[0], ax.title, ax.xaxis.label, ax.get_yticklabels()[0]]
        assert not any(text.get_parse_math() for text in texts if "$" in text.get_text())
        assert max(len(text.get_text()) for text in texts) <= 90
        assert any(label.get_parse_math() for label in ax.get_xticklabels())  # powers of ten
        found = Text(picture._repr_mimebundle_()["text/html"])
        assert found.tags == ["figure", "img", "figcaption"]
        assert found.text == found.attributes["alt"] == plain(name)


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_page_of_what_failed_holds_names_as_text(name):
    page = failure_page(name, name, name, name)
    kinds, _ = kinds_and_text(page.cells[0].source)
    assert kinds == kinds_and_text(failure_page("x", "x", "x", "x").cells[0].source)[0]
    nbformat.validate(page)


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_file_name_is_one_folder_entry_on_every_system(name):
    for stem in (file_stem(name), file_stem(f"sub-{name}")):
        assert re.fullmatch(r"\w[\w.-]*", stem)
        assert len(f"{stem}.parquet".encode()) <= 200


def test_different_names_have_different_files():
    assert len({file_stem(name).casefold() for name in HOSTILE}) == len(set(HOSTILE))


def test_plain_markdown_has_no_raw_html_either():
    """The report in one file is made by another parser."""
    render = MarkdownIt("commonmark", {"html": False}).enable("table").render
    for name in HOSTILE:
        page = html.unescape(render(f"x {escape_markdown(name)} x"))
        assert page.strip() == f"<p>x {plain(name)} x</p>"
