"""What the book adds to an executed page: numbers of figures, the minutes that it takes, and folds.

Sphinx does not number figures that a notebook puts out, so they are numbered in the notebook. It
does not fold sections either, so this module is an extension of it too: the first section of a
report stays open, and each later one becomes a `<details>` element, whose heading opens it. A
browser's search and a link into a fold open it too, and on paper all are open.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docutils import nodes
from nbformat import NotebookNode

if TYPE_CHECKING:
    from sphinx.application import Sphinx

WORDS_PER_MINUTE, LINES_PER_MINUTE = 180, 12
REPORTS = ("cohort", "subjects/")  # how the names of the pages begin whose sections are folded
FIGURE = '<figure class="emolib-figure">'
UNREAD = {"remove-input", "hide-input", "hide-cell", "remove-cell", "scaffold", "solution", "check"}

_REFERENCE = re.compile(r"\b[Tt]he\s+(first\s+figure|figure\s+below|figure\s+above)\b")
_TIME = re.compile(r"(?<=\*\*Time\.\*\* )About [^,.]+")


def number_figures(notebook: NotebookNode, name: str) -> None:
    """Number the figures that a page shows, and link "the figure below" and "above" to them.

    Parameters
    ----------
    notebook : NotebookNode
        Executed; it is changed.
    name : str
        Of its file: figures of ``02_band_filtering`` are 2.1, 2.2 and so on, of ``A1_paper``
        A1.1, of other pages 1, 2 and so on.
    """
    chapter = re.match(r"0*([1-9]\d?|A\d)_", name)
    prefix = f"{chapter[1]}." if chapter else ""
    number, last = 0, _count(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _with_links(cell.source, number, prefix, last)
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "text/markdown" in data:
                text = data["text/markdown"]
                data["text/markdown"] = _with_links(text, number, prefix, last)
            if _is_figure(data):
                number += 1
                words = f"{prefix}{number}"
                page = data["text/html"].replace(FIGURE, f'{FIGURE[:-1]} id="{_place(words)}">', 1)
                mark = f'<figcaption><span class="emolib-number">Figure {words}.</span> '
                data["text/html"] = page.replace("<figcaption>", mark, 1)


def tell_time(notebook: NotebookNode) -> None:
    """Replace the time that a page says it takes by that of its words, visible code and figures.

    A minute is 180 words, 12 lines of code, or a figure; sums are given in steps of five minutes.
    """
    words = lines = 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            words += len(cell.source.split())
        elif not UNREAD & set(cell.metadata.get("tags", [])):
            lines += len(cell.source.splitlines())
    minutes = words / WORDS_PER_MINUTE + lines / LINES_PER_MINUTE + _count(notebook)
    told = f"About {max(5, 5 * round(minutes / 5))} minutes"
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _TIME.sub(told, cell.source)


def join_folds(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Join folded cells that show nothing to the folded cell that follows: one fold to skip."""
    kept = []
    for cell in cells:
        pair = [*kept[-1:], cell]
        folded = all("hide-input" in each.metadata.get("tags", []) for each in pair)
        if folded and len(pair) == 2 and not kept[-1].outputs:
            cell.source = f"{kept.pop().source}\n\n\n{cell.source}"
        kept.append(cell)
    return kept


def fold_label(cell: NotebookNode) -> str | None:
    """Return what a folded cell is called: by its tags, and by what it shows."""
    tags = cell.metadata.get("tags", [])
    if "solution" in tags:
        return "Solution"
    if "check" in tags:
        return "Check of the solution"
    if "hide-input" not in tags:
        return None
    shown = "".join(str(output.get("data")) for output in cell.get("outputs", ()))
    imports = re.search(r"^(from|import) ", cell.source, re.MULTILINE)
    for what, mark in (("figure", "<figure"), ("table", "<table")):
        if mark in shown:
            return f"{'Imports, data and code' if imports else 'Code'} of this {what}"
    return "Imports and data" if imports else "Preparation"


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx what to do with a page before it is written."""
    app.connect("doctree-resolved", fold)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def fold(app: Sphinx, page: nodes.document, name: str) -> None:
    """Fold all sections of a report below its first one.

    Examples
    --------
    >>> page = nodes.section("", *(nodes.section("", nodes.title("", word)) for word in "ABC"))
    >>> fold(None, page, "cohort")
    >>> [section.astext().split() for section in page[1:2]]
    [['<details', 'class="emolib-fold"><summary>', 'B', '</summary>', '</details>']]
    """
    if not name.startswith(REPORTS):
        return
    title = next(page.findall(nodes.section), page)
    for section in [child for child in title.children if isinstance(child, nodes.section)][1:]:
        heading, *rest = section.children
        parts = ['<details class="emolib-fold"><summary>', "</summary>", "</details>"]
        start, middle, end = (nodes.raw("", part, format="html") for part in parts)
        section.children = []
        section += [start, heading, middle, *rest, end]


def _is_figure(data: NotebookNode) -> bool:
    """Return whether an output is a figure, and not a bench that holds one."""
    return data.get("text/html", "").startswith(FIGURE[:-1])


def _count(notebook: NotebookNode) -> int:
    """Return how many figures a page shows."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    return sum(_is_figure(output.get("data", {})) for output in outputs)


def _with_links(text: str, number: int, prefix: str, last: int) -> str:
    """Return a text whose words for figures are links, after so many figures of the page."""
    at = {"first figure": 1, "figure below": number + 1, "figure above": number}

    def link(found: re.Match[str]) -> str:
        to = at[" ".join(found[1].split())]
        words = f"{prefix}{to}"
        exists = 1 <= to <= last
        return f'<a href="#{_place(words)}">Figure {words}</a>' if exists else found[0]

    return _REFERENCE.sub(link, text)


def _place(words: str) -> str:
    """Return the address of a figure within its page."""
    return f"figure-{words.replace('.', '-')}"
