"""A chapter says what must be made before it is executed, and that is all that it reads."""

from __future__ import annotations

import re

import pytest

from emolib.book import render
from emolib.errors import SettingsError

# From the most to the least: what a chapter's cells call, and what must be there for it.
READS = {
    "scores": r"stages\.(predictions|scores|histories|permuted_\w+|group_tests)\("
    r"|study\.(networks|explain)\b|trained_networks|fold_files|attribution_file",
    "features": r"stages\.(load_windows|valid_subjects)\(",
    "first": "",
}


@pytest.mark.parametrize("chapter", render.CHAPTERS)
def test_a_chapter_waits_for_what_it_reads(chapter):
    source = render.source_of(chapter).read_text(encoding="utf-8")
    reads = next(needs for needs, calls in READS.items() if re.search(calls, source))
    assert render.waits_for(chapter) == reads


@pytest.mark.parametrize("header", ['tags=["parameters"]', 'tags=["parameters"] needs="score"'])
def test_a_chapter_that_does_not_say_so_is_an_error(header, tmp_path, monkeypatch):
    monkeypatch.setattr(render, "NOTEBOOKS", tmp_path)
    (tmp_path / "13_more.py").write_text(f'# %% {header}\nstudy = "demo"\n')
    with pytest.raises(SettingsError, match=r"13_more.py.*needs=\"scores\""):
        render.waits_for("13_more")
