"""Pictures, tables and sentences: what reaches a page, and that names cannot break it."""

from __future__ import annotations

import base64
import html
import io
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
from nbformat import v4
from PIL import Image

from emolib.errors import SettingsError
from emolib.figures.display import Link, Picture, Table, bullets, escape_markdown, say, use_style

PROJECT = Path(__file__).resolve().parents[2]
EVIL = '<script>alert("1")</script>'


@pytest.fixture(autouse=True)
def style():
    with plt.rc_context():
        use_style()
        yield
    plt.close("all")


def picture(alt="A line.", caption="Read it from the left.") -> Picture:
    figure, ax = plt.subplots()
    ax.plot([0, 1], [1, 0])
    return Picture(figure, alt=alt, caption=caption)


def test_picture_is_a_figure_with_alt_and_caption():
    bundle = picture()._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    match = re.fullmatch(
        r'<figure class="emolib-figure"><img src="data:image/png;base64,([^"]+)" alt="A line\.">'
        r"<figcaption>Read it from the left\.</figcaption></figure>",
        bundle["text/html"],
    )
    assert base64.b64decode(match[1]).startswith(b"\x89PNG")
    assert bundle["text/plain"] == "Picture: A line."


@pytest.mark.parametrize("width", [6.5, 9.0, 3.0])
def test_letters_can_be_read_where_a_figure_is_366_pixels_wide(width):
    figure, ax = plt.subplots(figsize=(width, 2))
    ax.set_xticks([0, 1], ["Fz", "Oz"])
    ax.tick_params(labelsize=4)
    ax.set_title("small", fontsize=5)
    ax.plot([0, 1], label="line")
    ax.legend(fontsize=4)
    Picture(figure, alt="A line.", caption="Read it.")
    texts = [text for text in figure.findobj(plt.Text) if text.get_text()]
    shown = min(366, 96 * width) / width  # pixels an inch of the figure
    assert {text.get_text() for text in texts} >= {"Fz", "small", "line"}
    assert min(text.get_fontsize() for text in texts) / 72 * shown > 7


def test_picture_gives_the_same_bytes_and_carries_neither_date_nor_software():
    first, second = picture().png, picture().png
    assert first == second
    assert b"tEXt" not in first
    assert b"tIME" not in first


def test_picture_closes_its_figure():
    picture()
    assert plt.get_fignums() == []


@pytest.mark.parametrize("alt", ["", "  ", "\n"])
def test_picture_refuses_empty_alt(alt):
    figure, _ = plt.subplots()
    with pytest.raises(SettingsError, match="alt: is empty"):
        Picture(figure, alt=alt, caption="Something.")


def test_picture_refuses_empty_caption():
    figure, _ = plt.subplots()
    with pytest.raises(SettingsError, match="caption: is empty"):
        Picture(figure, alt="Something.", caption="")


def test_picture_escapes():
    page = picture(alt=f'{EVIL} "quoted" \n twice', caption=EVIL)._repr_mimebundle_()["text/html"]
    assert "<script>" not in page
    assert "&quot;quoted&quot; twice" in page


def test_links_lie_on_the_points_that_they_are_of():
    """To a tenth of the point's size, for axes that the layout moved, and a name full of markup."""
    figure, (_, ax) = plt.subplots(1, 2, figsize=(7, 3))
    ax.set(xlim=(0, 1), ylim=(4, 0), ylabel="a label that takes room", title="and a title")
    places = [(0.1, 0.5), (0.93, 1.7), (0.5, 3.8)]
    for x, y in places:
        ax.plot(x, y, "s", color="#ff0000", markersize=12)
    links = [Link(ax, x, y, f"subjects/{EVIL}.html", f"{EVIL}: {x}") for x, y in places]
    picture = Picture(figure, alt="Three.", caption="Squares.", links=links)
    page = picture._repr_mimebundle_()["text/html"]
    image = np.asarray(Image.open(io.BytesIO(picture.png)).convert("RGB")).astype(int)
    height, width = image.shape[:2]
    red = (image[..., 0] > 200) & (image[..., 1:].max(axis=2) < 80)
    found = re.findall(r"left:([\d.]+)%;top:([\d.]+)%", page)
    assert len(found) == len(places)
    for left, top in np.array(found, float) / 100:
        x, y = left * width, top * height
        rows, columns = np.nonzero(
            red[round(y) - 25 : round(y) + 26, round(x) - 25 : round(x) + 26]
        )
        middle = rows.mean() + round(y) - 24.5, columns.mean() + round(x) - 24.5  # of its pixels
        assert middle == pytest.approx((y, x), abs=1.5)
    assert "<script>" not in page and page.count('tabindex="-1"') == 3


def test_links_are_out_of_the_way_of_keyboards_and_screen_readers():
    assert "aria-hidden" not in picture()._repr_mimebundle_()["text/html"]
    figure, ax = plt.subplots()
    linked = Picture(figure, alt="x", caption="y", links=[Link(ax, 0.5, 0.5, "a.html", "a: 0.50")])
    page = linked._repr_mimebundle_()["text/html"]
    match = re.search(r'<div class="emolib-places" aria-hidden="true">(.*?)</div>', page)
    assert re.findall("<a [^>]*>", match[1]) == re.findall("<a [^>]*>", page)
    assert 'href="a.html" title="a: 0.50" tabindex="-1"' in page


def test_table_escapes_links_and_names_its_headers():
    frame = pd.DataFrame({"<b>": [EVIL]}, index=pd.Index([EVIL], name="subject"))
    table = Table(frame, caption=EVIL, links={EVIL: 'a"b.html'})
    page = table._repr_mimebundle_()["text/html"]
    assert "<script>" not in page and "<b>" not in page
    assert 'href="a&quot;b.html"' in page
    assert page.count('<th scope="row">') == 1
    assert page.count('<th scope="col">') == 2  # the column and the index


def test_table_without_index_name_has_no_empty_header():
    page = Table(pd.DataFrame({"a": [1]}), caption="x")._repr_mimebundle_()["text/html"]
    assert '<th scope="col"></th>' not in page


def test_escaped_names_leave_no_markdown():
    assert not set("<>*_`[]{}|$\\") & set(
        re.sub(r"&#?\w+;", "", escape_markdown("<i>*_`[]{}|$\\</i>"))
    )


def test_sentences_are_single_paragraphs_and_items():
    assert say("a\n\nb", "c").data == "a b c"
    assert bullets("a\n b", "c").data == "- a b\n- c"


@pytest.fixture
def built(tmp_path):
    """Build a book of two pages, as the project's book is built; give what one of them shows."""

    def build(*sentences: str) -> str:
        source = tmp_path / "source"
        for name in ("_static", "_templates"):
            shutil.copytree(PROJECT / "book" / name, source / name)
        shutil.copy(PROJECT / "book" / "references.bib", source)
        (source / "_toc.yml").write_text("{format: jb-book, root: page, chapters: [{file: other}]}")
        glossary = "```{glossary}\nband\n  A range.\n```\n\n```{bibliography}\n```\n"
        (source / "other.md").write_text(f"# Other\n\n{glossary}")
        outputs = [v4.new_output("display_data", {"text/markdown": it}) for it in sentences]
        cells = [v4.new_markdown_cell("# Page"), v4.new_code_cell("1", outputs=outputs)]
        python = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
        nbformat.write(v4.new_notebook(cells=cells, metadata=python), source / "page.ipynb")
        command = [Path(sysconfig.get_path("scripts")) / "jupyter-book", "build", source]
        command += ["-W", "-n", "--config", PROJECT / "_config.yml", "--toc", source / "_toc.yml"]
        command += ["--path-output", tmp_path]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr
        page = (tmp_path / "_build" / "html" / "page.html").read_text(encoding="utf-8")
        return page[page.index('class="cell_output') : page.index("<footer")]

    return build


@pytest.mark.slow
@pytest.mark.workflow
def test_a_computed_sentence_links_within_the_book_and_a_name_in_it_is_no_markup(built):
    name = "<script>alert(1)</script> $5 *and* $6 {term}`band` {{ x }} [a](/other.md)"
    linked = say("See [the other](/other.md), a {term}`band`,", "{cite:t}`rudakov2021`.")
    page = built(linked.data, bullets("[There](/other.md)", f"Named {escape_markdown(name)}").data)
    targets = re.findall(r'<a class="reference internal" href="([^"]+)"', page)
    assert targets.count("other.html") == 2
    assert any(target.startswith("other.html#term-band") for target in targets)
    assert len(targets) == 4  # the paper as well
    assert f"<p>Named {name}</p>" in html.unescape(page)


@pytest.mark.parametrize("text", ["https://x.invalid/x", __file__])
def test_a_sentence_that_is_an_address_or_a_path_is_shown_and_not_fetched(text):
    assert say(text).data == text


def test_single_precision_shows_the_digits_that_it_has():
    frame = pd.DataFrame({"x": np.float32([0.01, 0.123])}).round(2)
    page = Table(frame, caption="x")._repr_mimebundle_()["text/html"]
    assert "<td>0.01</td>" in page and "<td>0.12</td>" in page
