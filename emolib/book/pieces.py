"""An executed chapter in pieces: its sections, and the text, figures and tables of each."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from nbformat import NotebookNode

from emolib.book.exercises import plain_markdown
from emolib.book.layout import FIGURE

ROWS, COLUMNS, CELL = 7, 6, 60  # of the largest table that has a slide, and signs in its cells
ASIDE = {"remove-cell", "injected-parameters", "parameters"}

_SENTENCE = re.compile(r"(?<=[.?!:])\s+(?=[A-Z\"“*$`(\\])")
_WITHIN = re.compile(r'<a href="(?!https?:)[^"]*"[^>]*>(.*?)</a>', re.DOTALL)
_TOUCHED = ('<div class="emolib-bench-box">', '<div class="emolib-explorer-box">')


@dataclass(frozen=True)
class Part:
    """A piece of a section: its kind, and its Markdown, HTML or code with what that printed."""

    kind: str
    content: str
    printed: str = ""


def _tex(content: str, how: Mapping[str, bool]) -> str:
    """Return a formula as MathJax finds it in a page."""
    begin, end = (r"\[", r"\]") if how["display_mode"] else (r"\(", r"\)")
    return f"{begin}{html.escape(content.strip())}{end}"


_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
_MARKDOWN.use(dollarmath_plugin, renderer=_tex)


def to_html(text: str, *, inline: bool = False) -> str:
    """Return plain Markdown as HTML; links that lead into the book become words.

    Examples
    --------
    >>> to_html("*A* [band](../02_band_filtering.ipynb): $a_1$", inline=True)
    '<em>A</em> band: <span class="math inline">\\\\(a_1\\\\)</span>'
    """
    return unlinked((_MARKDOWN.renderInline if inline else _MARKDOWN.render)(text.strip()))


def unlinked(page: str) -> str:
    """Return HTML in which links that lead into the book are words."""
    return _WITHIN.sub(r"\1", page)


def sections(notebook: NotebookNode, works: Mapping[str, str]) -> list[tuple[str, list[Part]]]:
    """Return the title and each heading with the parts below it."""
    found: list[tuple[str, list[Part]]] = []
    for cell in notebook.cells:
        if ASIDE & set(cell.metadata.get("tags", [])):
            continue
        wanted = cell.metadata.get("slideshow", {}).get("slide_type", "")
        if cell.cell_type == "code":
            found[-1][1].extend(_of_code(cell, wanted, works))
            continue
        for block in re.split(r"\n{2,}", plain_markdown(cell.source, works)):
            if heading := re.match(r"#+ (.+)\s*", block):
                found.append((heading[1], []))
                block = block[heading.end() :]
            if block.strip():
                kind = "formula" if "$$" in block and wanted != "skip" else "text"
                found[-1][1].append(Part(kind, block))
    return found


def _of_code(cell: NotebookNode, wanted: str, works: Mapping[str, str]) -> Iterator[Part]:
    """Yield what a cell of code has for a deck: its code if that is wanted, and what it shows."""
    printed = "".join(out.get("text", "") for out in cell.outputs if out.get("name") == "stdout")
    if wanted == "slide" and "hide-input" not in cell.metadata.get("tags", []):
        yield Part("code", cell.source.strip(), printed.strip())
    for output in cell.outputs:
        data = output.get("data", {})
        page = data.get("text/html", "")
        if page.startswith(FIGURE[:-1]):
            yield Part("figure" if wanted != "skip" else "said", page)
        elif page.startswith(_TOUCHED) and wanted != "skip":
            yield Part("bench", page)
        elif _is_small(page) and wanted != "skip":
            yield Part("table", page)
        elif "text/markdown" in data:
            yield Part("said", plain_markdown(data["text/markdown"], works))


def _is_small(page: str) -> bool:
    """Return whether HTML is one of the book's tables, and can be read from afar."""
    if not page.startswith('<table class="emolib-table'):
        return False
    rows = page.split("<tr>")[2:]
    long = any(len(cell) > CELL for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", page))
    return len(rows) <= ROWS and all(row.count("<td") <= COLUMNS for row in rows) and not long


def sentences(text: str) -> list[str]:
    """Return the sentences of a text; what a colon leads to is one of its own.

    Examples
    --------
    >>> sentences("It is: $x$, 0.5 of it. Next?")
    ['It is:', '$x$, 0.5 of it.', 'Next?']
    """
    return _SENTENCE.split(" ".join(text.split()))


def beginning(text: str, longest: int) -> str:
    """Return as many whole sentences of a text as fit, but its first at least.

    Examples
    --------
    >>> beginning("One line. Another. And so on.", 20)
    'One line. Another.'
    """
    first, *others = sentences(text)
    for other in others:
        if len(first) + len(other) >= longest:
            break
        first += f" {other}"
    return first
