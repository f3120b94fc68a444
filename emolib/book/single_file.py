"""A subject's report in one file that needs nothing outside it: HTML to mail, or PDF to print."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import nbformat
from markdown_it import MarkdownIt

from emolib.book.layout import number_figures
from emolib.book.notebooks import page_file
from emolib.book.pieces import unlinked
from emolib.errors import DataError, InputError, check_option
from emolib.storage import atomic, file_stem
from emolib.study.artefacts import check, readable
from emolib.study.study import Study

STYLE = Path(__file__).with_suffix(".css")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
HIDDEN = {"remove-cell", "remove-output", "injected-parameters"}


def export(study: Study, subject: str, ending: str, folder: Path) -> Path:
    """Write a subject's executed report as one file, ``STUDY-SUBJECT.html`` or ``.pdf``.

    Raises
    ------
    DataError
        If the report has not been made yet, or its file is damaged.
    InputError
        If there is no Chromium, which prints a PDF.
    """
    subjects = study.subjects()
    subject = subject if subject in subjects else f"sub-{subject}"
    source = page_file(study, "subject_report", check_option("--subject", subject, subjects))
    if not source.exists():
        raise DataError(
            source, "is not there yet.", f"Run `python -m emolib run {study.name}` first."
        )
    check(study.folder, ("notebooks",), subject)
    with readable(source):
        notebook = nbformat.read(source, as_version=4)
    number_figures(notebook, source.stem)
    page = as_html(notebook)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{study.name}-{file_stem(subject)}.{ending}"
    with atomic(file) as path:
        if ending == "html":
            path.write_text(page, encoding="utf-8")
        else:
            with tempfile.TemporaryDirectory() as place:
                whole = Path(place) / "page.html"
                whole.write_text(page, encoding="utf-8")
                print_page(whole, path)
    return file


def as_html(notebook: nbformat.NotebookNode) -> str:
    """Return an executed notebook as one page: its prose and outputs, without its code.

    Links into the book become plain words, since the book is not there. Markup in text stays text.

    Examples
    --------
    >>> cell = nbformat.v4.new_markdown_cell("# Who\\n\\nA {term}`band`, [there](/cohort.ipynb).")
    >>> page = as_html(nbformat.v4.new_notebook(cells=[cell]))
    >>> "<title>Who</title>" in page, "<p>A band, there.</p>" in page
    (True, True)
    """
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    parts = []
    for cell in notebook.cells:
        if HIDDEN & set(cell.metadata.get("tags", [])):
            continue
        shown = [output.get("data", {}) for output in cell.get("outputs", [])]
        for data in shown or [{"text/markdown": cell.source}] * (cell.cell_type == "markdown"):
            if "text/html" in data:
                parts.append(f'<div class="table">{data["text/html"]}</div>')
            elif "text/markdown" in data:
                text = re.sub(r"\{term\}`([^`<]+?)\s*(?:<[^`]*>)?`", r"\1", data["text/markdown"])
                parts.append(markdown.render(text))
    body = unlinked("\n".join(parts))
    title = re.search(r"<h1>(.*?)</h1>", body, flags=re.DOTALL)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{title.group(1) if title else "Report"}</title>\n<link rel="icon" href="data:,">\n'
        f"<style>{STYLE.read_text(encoding='utf-8')}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def print_page(source: Path, path: Path) -> None:
    """Print an HTML file to PDF, with an outline of its headings, by whatever Chromium is there.

    Raises
    ------
    InputError
        If there is none, or it fails.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise InputError(
            "PDF", "needs Chromium, and none was found.", "Install it, or export --html and print."
        )
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
        command += ["--generate-pdf-document-outline", "--virtual-time-budget=60000"]
        command += [f"--user-data-dir={profile}", f"--print-to-pdf={path}", source.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not path.exists():
        raise InputError(
            f"PDF by {browser}",
            f"was not made: {done.stderr.strip()[-300:]}",
            "Export --html and print it from a browser.",
        )
