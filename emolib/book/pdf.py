"""The whole book as one PDF, printed by Chromium."""

from __future__ import annotations

import io
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

from bs4 import BeautifulSoup

from emolib.book.assembly import add_to_book, assemble, build, check_built
from emolib.book.single_file import print_page
from emolib.study.artefacts import job
from emolib.study.study import Study

STYLE = Path(__file__).with_suffix(".css")
CONTENTS = '<section id="contents"><h2>Contents</h2><ul></ul></section>'


def make_pdf(study: Study) -> Path:
    """Print a study's book to one PDF, and build the book once more with a link to it.

    Returns
    -------
    Path
        The book's front page, which links the PDF.

    Raises
    ------
    DataError
        If the book has not been built yet.
    InputError
        If there is no Chromium, or Jupyter Book warns of anything.
    """
    check_built(study)
    with tempfile.TemporaryDirectory() as name, job(study.folder, "book", {}):
        folder = Path(name)
        assemble(study, folder / "source")
        with redirect_stdout(io.StringIO()):  # what Sphinx says is for logs
            build(folder / "source", folder, builder="singlehtml")
        page = folder / "_build" / "singlehtml" / "intro.html"
        page.write_text(for_paper(page.read_text(encoding="utf-8")), encoding="utf-8")
        print_page(page, folder / "book.pdf")
        return add_to_book(study, pdf=folder / "book.pdf")


def for_paper(page: str) -> str:
    """Return a book on one page with a table of contents after the first, and styled for print.

    Examples
    --------
    >>> page = "<head></head>" + "".join(
    ...     f'<span id="document-{name}"></span><section><h2>{name}<a class="headerlink">#</a></h2>'
    ...     for name in ("quick", "bands")
    ... )
    >>> contents = BeautifulSoup(for_paper(page), "html.parser").find(id="contents")
    >>> [link["href"] for link in contents.find_all("a")], contents.find_next_sibling()["id"]
    (['#document-quick', '#document-bands'], 'document-quick')
    """
    soup = BeautifulSoup(page, "html.parser")
    style = soup.new_tag("style")
    style.string = STYLE.read_text(encoding="utf-8")
    soup.head.append(style)
    for held in soup.select("script[type='application/json']"):  # of what can be touched
        for script in held.parent.find_all("script"):  # its picture and table stay
            script.decompose()
    contents = BeautifulSoup(CONTENTS, "html.parser")
    marks = soup.select("span[id^=document-]")  # before each page of the book but the first
    for mark in marks:
        title = mark.find_next(["h1", "h2", "h3"])
        entry, link = soup.new_tag("li"), soup.new_tag("a", href=f"#{mark['id']}")
        link.string = title.get_text().removesuffix("#")
        entry.append(link)
        contents.ul.append(entry)
        mark.find_next("section")["class"] = "page"
    marks[0].insert_before(contents)
    return str(soup)
