"""The whole book as one PDF."""

from __future__ import annotations

import re

import pytest

from emolib.__main__ import main
from emolib.book.pdf import for_paper
from emolib.figures.inline import fragment
from emolib.study.study import load


def test_what_can_be_touched_is_a_picture_on_paper():
    asked = {"module": "export default {}", "style": "", "traits": {}, "label": "a bench"}
    bench = fragment("bench", still="<p>picture and table</p>", **asked)
    page = "<head><script>mathjax</script></head><span id='document-a'></span><section><h2>A</h2>"
    paper = for_paper(page + bench)
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
