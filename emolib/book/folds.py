"""Sections of the reports as folds: an extension of Sphinx.

The first section of a report stays open, and each later one becomes a `<details>` element, whose
heading opens it. A browser's search and a link into a fold open it too, and on paper all are open.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx

REPORTS = ("cohort", "subjects/")  # how the names of the pages begin


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
