"""Pictures, tables and sentences: what reaches a page, and that names cannot break it."""

from __future__ import annotations

import base64
import re

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from emolib.checks import SettingsError
from emolib.display import Picture, Table, bullets, plain, provenance, say, use_style

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


def test_plain_leaves_no_markdown():
    assert not set("<>*_`[]{}|\\") & set(re.sub(r"&#?\w+;", "", plain("<i>*_`[]{}|\\</i>")))


def test_sentences_are_single_paragraphs_and_items():
    assert say("a\n\nb", "c").data == "a b c"
    assert bullets("a\n b", "c").data == "- a b\n- c"


def test_provenance_is_marked():
    page = provenance({"study": "demo"})._repr_mimebundle_()["text/html"]
    assert 'class="emolib-table emolib-provenance"' in page
    assert '<th scope="row">study</th><td>demo</td>' in page
