"""The book's sources in one folder: prose, executed notebooks, downloads, and computed pages.

Jupyter Book builds from that folder and nothing else. What a page offers for download lies in it
as well, so that the built book holds all of it and needs no network.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import numpy as np
import pandas as pd
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from emolib.book import provenance
from emolib.book.exercises import EXERCISES, read_config, server_links
from emolib.book.layout import fold_label, join_folds, number_figures, tell_time
from emolib.book.notebooks import NOTEBOOKS
from emolib.book.questions import ON_A_PAGE, Question, read_questions, self_check
from emolib.book.subject_tables import cohort_table
from emolib.errors import DataError, InputError
from emolib.escaping import escape_html, escape_markdown, script_json
from emolib.evaluation.literature import published
from emolib.figures.explorer.widget import Explorer
from emolib.storage import fault_of_disk, file_stem, note, unfinished, write_text
from emolib.study import stages
from emolib.study.study import PROJECT, Study

PROSE = PROJECT / "book"
DOWNLOADS = "downloads"  # in the folder; `exclude_patterns` of _config.yml keeps it from pages
FEW = 4  # trials on the first page
MADE = "made"  # pieces of text that pages include; kept from pages likewise

_EXERCISES = re.compile(r"^## Exercises$", re.MULTILINE)
_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
_LIST = re.compile(r"^## What you will learn\n+((?:[-*] .*\n(?:  .*\n)*)+)", re.MULTILINE)


def make_book(study: Study) -> Path:
    """Assemble prose and executed notebooks, and build the HTML book.

    Returns
    -------
    Path
        The index page.

    Raises
    ------
    InputError
        If Jupyter Book warns of anything: a dead link or a broken figure is a fault.
    """
    return _make(study, None, None)


def check_built(study: Study) -> None:
    """Raise a DataError if there is no book yet that something could be added to."""
    if not (study.book / "index.html").is_file():
        hint = f"Run `python -m emolib run {study.name}` first."
        raise DataError(study.book, "is not built yet.", hint)


def add_to_book(study: Study, *, pdf: Path | None = None, slides: Path | None = None) -> Path:
    """Build the book once more with a PDF or slides that its front page links; see `make_book`.

    What was added before stays.
    """
    # What Sphinx says is for logs: it names a folder that is about to move.
    with tempfile.TemporaryDirectory() as name, redirect_stdout(io.StringIO()):
        kept = Path(name) / "slides"
        if slides is None and (study.book / "slides").is_dir():
            slides = shutil.copytree(study.book / "slides", kept)
        if pdf is None:
            found = sorted((study.book / "_downloads").glob("*/book.pdf"))
            pdf = shutil.copy(found[0], Path(name) / "book.pdf") if found else None
        return _make(study, pdf, slides)


def _make(study: Study, pdf: Path | None, slides: Path | None) -> Path:
    """Make the book, and link on its front page what there is beside it."""
    book = study.folder / "book"
    source = book / "source"
    assemble(study, source, pdf, slides)
    with unfinished(book) as place:
        build(source, place)
        html = place / "_build" / "html"
        escape_search_index(html / "searchindex.js")
        if slides is not None:
            shutil.copytree(slides, html / "slides")
        shutil.rmtree(book / "_build", ignore_errors=True)
        (place / "_build").rename(book / "_build")
    note(*(path for path in study.book.rglob("*") if path.is_file()))
    return study.book / "index.html"


def build(source: Path, place: Path, builder: str = "html") -> None:
    """Build the assembled sources into the folder `_build` of a place; see `make_book`."""
    command = [str(Path(sysconfig.get_path("scripts")) / "jupyter-book"), "build", str(source)]
    command += ["-W", "-n", "--keep-going", "--config", str(PROJECT / "_config.yml")]
    command += ["--toc", str(source / "_toc.yml"), "--path-output", str(place)]
    command += ["--builder", builder]
    joined = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    built = subprocess.run(command, check=False, text=True, errors="replace", **joined)
    print(built.stdout)
    if built.returncode:
        if fault := fault_of_disk(built.stdout):
            raise fault
        warnings = re.findall(r"^.*(?:WARNING|ERROR): .*$", built.stdout, re.MULTILINE)
        told = "\n".join(["is not a book without faults:", *warnings, ""])
        raise InputError(source, told, "Fix what these lines say.")


def escape_search_index(file: Path) -> None:
    """Escape the headings in a book's index: Sphinx's search writes them into a page as HTML."""
    head, _, index = file.read_text(encoding="utf-8").partition("(")
    found = json.loads(index.rstrip().removesuffix(")"))
    found["alltitles"] = {escape_html(title): at for title, at in found["alltitles"].items()}
    write_text(file, f"{head}({script_json(found)})")


def assemble(
    study: Study, folder: Path, pdf: Path | None = None, slides: Path | None = None
) -> None:
    """Copy and write all that the book is built from into a folder, which is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    aside = shutil.ignore_patterns("_build", "*.py", "__pycache__", "screenshots")
    shutil.copytree(PROSE, folder, ignore=aside)
    hidden = shutil.ignore_patterns(".*")  # such as what a run that was killed had begun
    shutil.copytree(study.folder / "notebooks", folder, dirs_exist_ok=True, ignore=hidden)
    theirs = set(map(file_stem, study.subjects()))
    for page in (folder / "subjects").glob("*.ipynb"):
        if page.stem not in theirs:  # of one who was in the study before
            page.unlink()
    (folder / DOWNLOADS).mkdir()
    for file in sorted((study.folder / "scores").glob("scores.*")):
        shutil.copy(file, folder / DOWNLOADS)
    subjects = _subjects(study)
    subjects.to_csv(folder / DOWNLOADS / "subjects.csv", lineterminator="\n")
    subjects.to_parquet(folder / DOWNLOADS / "subjects.parquet")
    config, bank = read_config(), read_questions()
    for page in sorted(folder.rglob("*.ipynb")):
        notebook = nbformat.read(page, as_version=4)
        if page.parent.name == "chapters" and (NOTEBOOKS / page.name).is_file():
            _offer(notebook, page.stem, folder / DOWNLOADS, config)
            notebook.cells = with_questions(notebook.cells, bank.get(page.stem, []))
        number_figures(notebook, page.stem)
        nbformat.write(notebook, page)
    first = folder / "intro.md"
    text = with_figures(first.read_text(encoding="utf-8"))
    if pdf is not None:
        shutil.copy(pdf, folder / DOWNLOADS / "book.pdf")
        text += f"\n{{download}}`The whole book as one PDF </{DOWNLOADS}/book.pdf>`\n"
    if slides is not None:
        text += '\n<a href="slides/index.html">Slides of each chapter</a>\n'
    first.write_text(text, encoding="utf-8")
    (folder / MADE).mkdir()
    (folder / MADE / "objectives.md").write_text(objectives(), encoding="utf-8")
    (folder / MADE / "touch.md").write_text(to_touch(study), encoding="utf-8")
    environment = provenance.environment_page(study.folder)
    (folder / "environment.md").write_text(environment, encoding="utf-8")


def offers(name: str, config: Mapping[str, Any]) -> str:
    """Return what a reader can do with a chapter beside reading it, as a line of MyST Markdown."""
    has_exercises = (EXERCISES / f"{name}.ipynb").is_file()
    kinds = {"Exercises (.ipynb)": f"{name}_exercises.ipynb"} if has_exercises else {}
    kinds |= {"Notebook (.ipynb)": f"{name}.ipynb", "Notebook as Python (.py)": f"{name}.py"}
    links = [f"{{download}}`{words} </{DOWNLOADS}/{file}>`" for words, file in kinds.items()]
    servers = server_links(f"notebooks/{'exercises/' if has_exercises else ''}{name}.ipynb", config)
    if not has_exercises:
        servers.pop("Colab", None)  # only an exercise notebook installs the project there
    links += [f"[{server}]({link})" for server, link in servers.items()]
    return ":::{div} emolib-offers\n" + "\n".join(f"- {link}" for link in links) + "\n:::"


def with_figures(text: str) -> str:
    """Fill in the published figures that prose names: no figure is typed into it.

    Examples
    --------
    >>> with_figures("{{ paper_valence }} and {{ paper_arousal }}, but below {{ unseen }}")
    '96.28 % and 96.62 %, but below 60 %'
    """
    of = published().query("system == 'MT-CNN'").set_index("variant")
    told = {f"paper_{task}": of.loc["paper", task] for task in ("valence", "arousal")}
    told["unseen"] = of.loc["below this on unseen subjects", "valence"]
    for name, value in told.items():
        text = text.replace(f"{{{{ {name} }}}}", f"{value:g} %")
    return text


def to_touch(study: Study) -> str:
    """Return one person's brain maps to explore, as MyST Markdown; nothing where there are none."""
    valid = stages.valid_subjects(study)
    if not valid:  # of which other pages tell
        return ""
    features = stages.features(study, valid[0])
    trials = features["trial"].to_numpy()
    few = np.isin(trials, np.unique(trials)[:FEW])
    explorer = Explorer(features.isel(window=few, kind=[0]), tasks=study.tasks)
    words = f"Brain maps of {escape_markdown(valid[0])}, window by window: press *Play*, choose a "
    words += "band, and point at an electrode.\n\n"
    return f"{words}~~~~~~{{raw}} html\n{explorer.fragment()}\n~~~~~~\n"


def objectives() -> str:
    """List what each chapter teaches, from the list at its top, as MyST Markdown."""
    parts = []
    for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.py")):
        cells = jupytext.read(path).cells
        text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown") + "\n"
        title, learn = _TITLE.search(text), _LIST.search(text)
        if title and learn:
            parts.append(f"[{title[1]}](/chapters/{path.stem}.ipynb)\n\n{learn[1]}")
    return "\n".join(parts)


def _subjects(study: Study) -> pd.DataFrame:
    """Return the cohort page's table of all subjects."""
    found = {name: stages.summary(study, name) for name in stages.valid_subjects(study)}
    scores = stages.scores(study) if study.scores_file().exists() else pd.DataFrame()
    return cohort_table(found, scores, study.subjects())


def _offer(
    notebook: nbformat.NotebookNode, name: str, downloads: Path, config: Mapping[str, Any]
) -> None:
    """Copy a chapter's files to where the book offers them, and link them below its title."""
    for ending in (".ipynb", ".py"):
        shutil.copy(NOTEBOOKS / f"{name}{ending}", downloads)
    exercises = EXERCISES / f"{name}.ipynb"
    if exercises.is_file():
        shutil.copy(exercises, downloads / f"{name}_exercises.ipynb")
    tell_time(notebook)
    first = notebook.cells[0]
    title, *rest = first.source.split("\n")
    first.source = "\n".join([title, "", offers(name, config), *rest])
    notebook.cells = join_folds(notebook.cells)
    for cell in notebook.cells:
        if label := fold_label(cell):
            cell.metadata["mystnb"] = {"code_prompt_show": label}
        if "check" in cell.metadata.get("tags", []):  # what it says of the book's own solution, too
            cell.metadata["tags"] = ["check", "hide-cell"]


def with_questions(
    cells: list[nbformat.NotebookNode], questions: Sequence[Question]
) -> list[nbformat.NotebookNode]:
    """Put the first of a chapter's questions after its own, before the exercises; count on."""
    at = next((i for i, cell in enumerate(cells) if _EXERCISES.search(cell.source)), None)
    if not questions or at is None:
        return cells
    before, after = _EXERCISES.split(cells[at].source, maxsplit=1)
    own = len(re.findall(r"^\*\*\d+\.\*\*", before, re.MULTILINE))
    shown = self_check(questions[:ON_A_PAGE], first=own + 1)
    page = new_output("display_data", data={"text/html": shown})
    code = "# questions of the bank"  # a cell without code is left out, with what it shows
    made = new_code_cell(code, outputs=[page], metadata={"tags": ["remove-input"]})
    rest = new_markdown_cell(f"## Exercises{after}")
    return [*cells[:at], new_markdown_cell(before), made, rest, *cells[at + 1 :]]
