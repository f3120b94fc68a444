"""Words of the field: what `words.tsv` lists is written nowhere that a reader looks.

Those are pages, notebooks, questions, and the package's docstrings and messages, also those of its
scripts; comments are not read.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
LISTED = Path(__file__).with_suffix("").with_name("words.tsv").read_text(encoding="utf-8")
WORDS = [line.split("\t") for line in LISTED.splitlines() if not line.startswith("#")]
AVOID = re.compile("|".join(f"(?:{pattern})" for pattern, _ in WORDS), re.IGNORECASE)
PLACES = ("*.md", "book/*.md", "book/*.yaml", "book/_static/*.js", "notebooks/*.py")
PLACES += ("emolib/**/*.py", "emolib/**/*.js", "benchmarks/*.py")
FILES = [path for place in PLACES for path in sorted(PROJECT.glob(place))]


def text_of(path: Path) -> str:
    """Return what is read of a file: of code its strings, and of a notebook its prose as well."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        strings = (getattr(node, "value", None) for node in ast.walk(ast.parse(text)))
        said = [each for each in strings if isinstance(each, str) and " " in each]
        prose = re.findall(r"^# (?!%%)(.*)$", text, re.M) if path.parent.name == "notebooks" else []
        text = " \N{PILCROW SIGN} ".join(["\n".join(prose), *said])
    if path.suffix in (".js", ".yaml"):
        text = re.sub(r"(?m)^\s*(//|#|/?\*).*$|\s//\s.*$|- name: .*$", " ", text)
    return " ".join(text.split())


def test_what_is_listed_is_found():
    assert AVOID.search("Labels were drawn by lot for a row a window; the network answers low.")
    assert all(re.compile(pattern) and better for pattern, better in WORDS)


@pytest.mark.parametrize("folder", ["", "book", "notebooks", "emolib", "benchmarks"])
def test_the_words_of_the_field_are_used(folder):
    found = []
    for path in FILES:
        place = path.relative_to(PROJECT)
        if (place.parts[0] if len(place.parts) > 1 else "") == folder:
            text = text_of(path)
            found += [
                f"{place}: {text[max(0, hit.start() - 30) : hit.end() + 30]}"
                for hit in AVOID.finditer(text)
            ]
    assert found == []
