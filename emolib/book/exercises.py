"""Exercise notebooks, made from the chapters: the same cells, with the solutions taken out.

The chapter is the source. An exercise notebook holds its cells, with an empty one in the place of
each solution, and its text in plain Markdown, so that any notebook server shows it as it is meant.
``python -m emolib.book.exercises`` writes them all to `notebooks/exercises`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import jupytext
import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from emolib.book.launch import Repository, read_repository
from emolib.storage import atomic
from emolib.study.study import PROJECT

NOTEBOOKS = PROJECT / "notebooks"
EXERCISES = NOTEBOOKS / "exercises"

_ROLE = re.compile(r"\{([a-z:]+)\}`([^`]+)`")
_DIRECTIVE = re.compile(
    r"^(`{3,}|:{3,})\{([\w-]+)\}[ ]*([^\n]*)\n(.*?)^\1[ ]*$", re.DOTALL | re.MULTILINE
)
_LINK = re.compile(r"\[([^\]]+)\]\(([^)#\s]+)(#[^)\s]*)?\)")

# Shown where a solution was.
EMPTY = "# Your solution to exercise {number}\n"

# Only in a notebook that Colab may open, which has nothing but that one file.
INSTALL = """\
# On Google Colab, where emolib is not installed: fetch the project and what it needs. That takes
# a few minutes, once a session. Where emolib is installed this cell does nothing.
import importlib.util
import subprocess
import sys
from pathlib import Path

if importlib.util.find_spec("emolib") is None:
    project = Path("emolib_project").resolve()
    clone = ["git", "clone", "--quiet", "--depth", "1", "--branch", "{branch}", "{url}"]
    subprocess.run([*clone, str(project)], check=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--editable"]
    subprocess.run([*pip, str(project)], check=True)
    sys.path.insert(0, str(project))  # a kernel that runs already does not look for it"""


def exercise_notebook(
    source: Path, names: Mapping[str, str], repository: Repository | None = None
) -> nbformat.NotebookNode:
    """Make a chapter's exercise notebook.

    Parameters
    ----------
    source : path
        The chapter, a py:percent file whose solutions are cells tagged `solution`.
    names : mapping of str to str
        How a work is named in a sentence, by its key in the bibliography.
    repository : Repository, optional
        Where the project is published. If Colab can open it, a first cell installs it there.

    Returns
    -------
    NotebookNode
        Without outputs. The same chapter gives the same bytes.
    """
    chapter = jupytext.read(source)
    title, *text = chapter.cells[0].source.split("\n")
    note = (
        f"*This is the chapter [{title.removeprefix('# ')}](../{source.stem}.ipynb) without the "
        "solutions of its exercises: write your own into the empty cells. The solutions are on "
        "the chapter's page.*"
    )
    cells = [new_markdown_cell("\n".join([title, "", note, _plain("\n".join(text), names)]))]
    if repository and repository.colab_link(""):
        install = INSTALL.format(branch=repository.branch, url=repository.url)
        cells.append(new_code_cell(install))
    number = 0
    for cell in chapter.cells[1:]:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "markdown":
            cells.append(new_markdown_cell(_plain(cell.source, names)))
        elif "solution" in tags:
            number += 1
            cells.append(new_code_cell(EMPTY.format(number=number)))
        else:
            kept = [tag for tag in tags if tag == "parameters"]
            cells.append(new_code_cell(cell.source, metadata={"tags": kept} if kept else {}))
    for i, cell in enumerate(cells):
        cell.id = f"cell-{i}"  # drawn at random otherwise
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def citation_names(bibliography: Path) -> dict[str, str]:
    """How each work of a BibTeX file is named in a sentence, such as "Shen and others (2020)".

    The file has one field a line, as `book/references.bib` does.
    """
    names = {}
    entries = re.findall(r"^@\w+\{(\w+),\n(.*?)^\}", bibliography.read_text("utf-8"), re.M | re.S)
    for key, body in entries:
        fields = dict(re.findall(r"^\s+(\w+)\s*=\s*\{(.*)\},?$", body, re.MULTILINE))
        people = [name.split(",")[0].strip("{}") for name in fields["author"].split(" and ")]
        if fields["author"].startswith("{"):  # a body, whose name may hold an "and"
            people = [fields["author"].strip("{}")]
        who = people[0] if len(people) == 1 else f"{people[0]} and others"
        who = " and ".join(people) if len(people) == 2 else who
        names[key] = f"{who} ({fields['year']})"
    return names


def write_exercises(folder: Path = EXERCISES) -> list[Path]:
    """Write the exercise notebooks of all chapters, and delete those of chapters that are gone."""
    folder.mkdir(exist_ok=True)
    written = []
    for name, notebook in all_exercises().items():
        with atomic(folder / f"{name}.ipynb") as path:
            nbformat.write(notebook, path)
        written.append(folder / f"{name}.ipynb")
    for stranger in set(folder.glob("*.ipynb")) - set(written):
        stranger.unlink()
    return written


def all_exercises() -> dict[str, nbformat.NotebookNode]:
    """The exercise notebooks by chapter, as they should be."""
    names = citation_names(PROJECT / "book" / "references.bib")
    repository = read_repository(PROJECT / "_config.yml")
    chapters = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.py"))
    return {path.stem: exercise_notebook(path, names, repository) for path in chapters}


def _plain(text: str, names: Mapping[str, str]) -> str:
    """MyST's own constructs in plain Markdown, and links as they lead from the folder."""
    text = _DIRECTIVE.sub(_directive, text)
    text = _ROLE.sub(lambda role: _role(role[1], role[2], names), text)
    return _LINK.sub(_link, text)


def _directive(found: re.Match[str]) -> str:
    """What unfolds stays folded; any other box becomes a quotation."""
    _, name, title, body = found.groups()
    body = re.sub(r"\A(?::[\w-]+:.*\n)+", "", body).strip()  # options
    if name == "dropdown":
        return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"
    lines = [f"**{title or name.capitalize()}**", "", *body.splitlines()]
    return "\n".join(f"> {line}".rstrip() for line in lines)


def _role(role: str, content: str, names: Mapping[str, str]) -> str:
    if role.startswith("cite"):
        works = [names[key.strip()] for key in content.split(",")]
        if role == "cite:t":
            return " and ".join(works) if len(works) < 3 else ", ".join(works)
        return "(" + "; ".join(re.sub(r" \((\d+)\)", r", \1", work) for work in works) + ")"
    return re.sub(r"\s*<[^<>]*>$", "", content)  # the words without the target


def _link(found: re.Match[str]) -> str:
    """Links to other chapters and to the book's prose work from the folder; others lose theirs."""
    words, target, _ = found.groups()
    if re.match(r"[a-z]+:", target):
        return found[0]
    place = (NOTEBOOKS / f"{target}.py", f"../{target}.ipynb")
    if target.startswith("/"):
        place = (PROJECT / "book" / target[1:], f"../../book{target}")
    return f"[{words}]({place[1]})" if place[0].is_file() else words


if __name__ == "__main__":
    for file in write_exercises():
        print(file.relative_to(PROJECT))
