"""Editions of the book that its front page links: slides of all chapters, and one PDF of it all.

Each chapter has a deck, which opens from a folder and asks nothing of a network. reveal.js moves
between the slides; it comes within the package sphinx-revealjs, and MathJax within
sphinx-mathjax-offline. Both are copied beside the decks. The PDF is printed by Chromium.
"""

from __future__ import annotations

import io
import re
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path

import nbformat
from bs4 import BeautifulSoup
from pygments.formatters import HtmlFormatter

from emolib.book.assembly import add_to_book, assemble, build, check_built
from emolib.book.exercises import citation_names
from emolib.book.notebooks import NOTEBOOKS, page_file
from emolib.book.questions import ON_A_PAGE, read_questions
from emolib.book.single_file import print_page
from emolib.book.slides import Slide, slides_of
from emolib.errors import DataError
from emolib.escaping import escape_html
from emolib.study.artefacts import job, readable
from emolib.study.study import PROJECT, Study

LOOKS = Path(__file__).with_name("slides.css")
SCRIPT = Path(__file__).with_name("slides.js")
PAPER = Path(__file__).with_name("pdf.css")
STATIC = PROJECT / "book" / "_static"
BOOK = "Emotion from EEG brain maps"
CONTENTS = '<section id="contents"><h2>Contents</h2><ul></ul></section>'

_DECK = """\
<!doctype html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="shared/favicon.svg">
<link rel="stylesheet" href="shared/reset.css">
<link rel="stylesheet" href="shared/reveal.css">
<link rel="stylesheet" href="shared/slides.css">
</head>
<body>
<main class="reveal"><div class="slides">
{slides}
</div></main>
<script src="shared/reveal.js"></script>
<script src="shared/notes.js"></script>
<script src="shared/slides.js"></script>
<script async src="shared/mathjax.js"></script>
</body>
</html>
"""
_INDEX = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Slides: {book}</title>
<link rel="icon" href="shared/favicon.svg">
<link rel="stylesheet" href="shared/slides.css">
</head>
<body class="index">
<main>
<p><a href="../index.html">{book}</a></p>
<h1>Slides</h1>
<p>A deck for each chapter, made from its page. Nothing is fetched, so a deck works without a
network.</p>
<ol>{decks}</ol>
{lacking}
<h2>Keys</h2>
<dl>
<dt>Space, arrow keys</dt><dd>Go to the next slide, or show the answer to a question; go back.</dd>
<dt>S</dt><dd>Open a window with the speaker notes, the next slide and a clock.</dd>
<dt>Esc</dt><dd>See all slides small, and choose one.</dd>
<dt>F</dt><dd>Fill the screen.</dd>
<dt>B</dt><dd>Make the screen black.</dd>
<dt>?</dt><dd>List all keys.</dd>
</dl>
<p>To print a deck or save it as a PDF, write <code>?print-pdf</code> after its address, open that,
and print it from the browser.</p>
</main>
</body>
</html>
"""


def make_slides(study: Study) -> Path:
    """Make the decks of a study's chapters, and build the book once more with a link to them.

    Returns
    -------
    Path
        The page that lists the decks.

    Raises
    ------
    DataError
        If the book has not been built yet.
    InputError
        If Jupyter Book warns of anything.
    """
    check_built(study)
    with tempfile.TemporaryDirectory() as name, job(study.folder, "book", {}):
        folder = Path(name) / "slides"
        write_decks(study, folder)
        add_to_book(study, slides=folder)
    return study.book / "slides" / "index.html"


def write_decks(study: Study, folder: Path) -> dict[str, list[Slide]]:
    """Write a deck for each executed chapter, and a page that lists them, into a new folder.

    A chapter that could not be computed has none; the list says so.

    Returns
    -------
    dict of str to list of Slide
        The slides of each deck, by chapter.
    """
    works = citation_names(PROJECT / "book" / "references.bib")
    bank, decks, lacking = read_questions(), {}, []
    share(folder / "shared")
    for chapter in sorted(path.stem for path in NOTEBOOKS.glob("[0-9][0-9]_*.py")):
        file = page_file(study, chapter)
        if not file.is_file():  # a run was stopped before
            hint = f"Run `python -m emolib run {study.name}` first."
            raise DataError(file, "is not there yet.", hint)
        with readable(file):
            notebook = nbformat.read(file, as_version=4)
        if notebook.metadata.get("emolib", {}).get("failed"):
            lacking.append(chapter)
            continue
        questions = bank.get(chapter, [])[:ON_A_PAGE]
        decks[chapter] = slides_of(notebook, chapter, questions, works)
        (folder / f"{chapter}.html").write_text(deck(decks[chapter], chapter), encoding="utf-8")
    (folder / "index.html").write_text(_index(decks, lacking), encoding="utf-8")
    return decks


def deck(slides: Sequence[Slide], chapter: str) -> str:
    """Return a deck as a page of HTML; `share` writes what it needs beside it."""
    number, title = int(chapter[:2]), slides[0].title
    first = (
        f'<section class="title"><p>Chapter {number}</p><h1>{title}</h1><p>{BOOK}</p>'
        '<img src="shared/cover.svg" alt=""></section>'
    )
    parts = [first, *(_section(slide, f"{number}  {_words(title)}") for slide in slides[1:])]
    return _DECK.format(title=f"{_words(title)} ({BOOK})", slides="\n".join(parts))


def share(folder: Path) -> None:
    """Copy what all decks use: reveal.js, MathJax, looks, and the book's cover and sign."""
    folder.mkdir(parents=True)
    reveal = _package("sphinx_revealjs") / "_static" / "revealjs"
    mathjax = _package("sphinx-mathjax-offline") / "static" / "mathjax"
    for file in (
        *(reveal / "dist" / name for name in ("reset.css", "reveal.css", "reveal.js")),
        reveal / "plugin" / "notes" / "notes.js",
        *(STATIC / "cover.svg", STATIC / "favicon.svg"),
        SCRIPT,
    ):
        shutil.copy(file, folder)
    shutil.copy(reveal / "LICENSE", folder / "reveal-license.txt")
    shutil.copy(mathjax / "tex-svg.js", folder / "mathjax.js")
    colours = HtmlFormatter(style="a11y-high-contrast-light").get_style_defs(".code")
    looks = LOOKS.read_text(encoding="utf-8")
    (folder / "slides.css").write_text(f"{looks}\n{colours}\n", encoding="utf-8")


def _package(name: str) -> Path:
    """Return the folder of an installed package, without importing it."""
    return Path(find_spec(name).submodule_search_locations[0])


def _section(slide: Slide, label: str) -> str:
    """Return a slide in HTML."""
    notes = f'<aside class="notes">{slide.notes}</aside>' if slide.notes else ""
    return (
        f'<section class="{slide.kind}" data-label="{escape_html(label)}">'
        f'<h2>{slide.title}</h2><div class="body">{slide.body}</div>{notes}</section>'
    )


def _words(markup: str) -> str:
    """Return what HTML says without its tags."""
    return re.sub("<[^>]+>", "", markup)


def _index(decks: dict[str, list[Slide]], lacking: Sequence[str]) -> str:
    """Return the page that lists the decks."""
    listed = "".join(
        f'<li value="{int(chapter[:2])}"><a href="{chapter}.html">{_words(slides[0].title)}</a>'
        f" {len(slides)} slides</li>"
        for chapter, slides in decks.items()
    )
    told = f"<p>Not computed for this study: {', '.join(lacking)}.</p>" if lacking else ""
    return _INDEX.format(book=BOOK, decks=listed, lacking=told)


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
    style.string = PAPER.read_text(encoding="utf-8")
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
