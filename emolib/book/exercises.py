"""Exercise notebooks, made from the chapters, and the servers that can open them.

The chapter is the source. Its exercise notebook holds the same cells without the solutions, and its
text in plain Markdown, which any notebook server shows as it is meant. An exercise has a cell with
the tag `scaffold` to fill in, its solution, and a cell with the tag `check`, which says whether the
answer is right (`emolib.book.answers`); without a scaffold, an empty cell takes its place.
``python -m emolib.book.exercises`` writes them all to `notebooks/exercises`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jupytext
import nbformat
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from pybtex.database import parse_file

from emolib.book.notebooks import NOTEBOOKS
from emolib.errors import SettingsError
from emolib.storage import atomic
from emolib.study.study import PROJECT

EXERCISES = NOTEBOOKS / "exercises"

_ADDRESS = re.compile(r"https://([\w.-]+)/([\w.-]+(?:/[\w.-]+?)+)(?:\.git)?/?")
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


def server_links(path: str, config: Mapping[str, Any]) -> dict[str, str]:
    """Return the addresses at which servers open a notebook of the project, by server.

    `config` is the content of `_config.yml`. While it does not say where the project is published
    there are none, and a server without an address gets none.

    Raises
    ------
    SettingsError
        If the project's address is none such as ``https://HOST/OWNER/PROJECT``.

    Examples
    --------
    >>> servers = {"binderhub_url": "https://mybinder.org"}
    >>> config = {"repository": {"url": "https://github.com/OWNER/PROJECT"}}
    >>> server_links("a.ipynb", config | {"launch_buttons": servers})
    {'Binder': 'https://mybinder.org/v2/gh/OWNER/PROJECT/main?urlpath=lab/tree/a.ipynb'}
    """
    place, servers = config.get("repository") or {}, config.get("launch_buttons") or {}
    url, branch = place.get("url"), quote(place.get("branch") or "main", safe="")
    if not url:
        return {}
    if not (address := _ADDRESS.fullmatch(url)):
        raise SettingsError(
            "_config.yml: repository.url",
            f"got {url!r}.",
            "Give an address such as https://github.com/OWNER/PROJECT, or leave it empty.",
        )
    (host, project), path, found = address.groups(), quote(path), {}
    if binder := servers.get("binderhub_url"):
        # Binder wants GitLab's path, and the whole address of another host, as one piece.
        places = {"github.com": f"gh/{project}", "gitlab.com": f"gl/{quote(project, safe='')}"}
        place = places.get(host, f"git/{quote(url, safe='')}")
        found["Binder"] = f"{binder}/v2/{place}/{branch}?urlpath=lab/tree/{path}"
    if (colab := servers.get("colab_url")) and host == "github.com":  # it opens from there only
        found["Colab"] = f"{colab}/github/{project}/blob/{branch}/{path}"
    return found


def read_config() -> dict[str, Any]:
    """Read `_config.yml`, the one place that says where the project is published."""
    return yaml.safe_load((PROJECT / "_config.yml").read_text(encoding="utf-8"))


def exercise_notebook(
    source: Path, names: Mapping[str, str], config: Mapping[str, Any]
) -> nbformat.NotebookNode:
    """Return a chapter's exercise notebook; the same chapter gives the same bytes.

    `names` are those of `citation_names`. If Colab can open the project (see `server_links`), a
    first cell installs it there.
    """
    chapter = jupytext.read(source)
    title, *text = chapter.cells[0].source.split("\n")
    note = (
        f"*This is the chapter [{title.removeprefix('# ')}](../{source.stem}.ipynb) without the "
        "solutions of its exercises: write your own into the empty cells. The solutions are on "
        "the chapter's page.*"
    )
    text = plain_markdown("\n".join(text), names)
    cells = [new_markdown_cell("\n".join([title, "", note, text]))]
    if "Colab" in server_links("", config):
        place = config["repository"]
        install = INSTALL.format(branch=place.get("branch") or "main", url=place["url"])
        cells.append(new_code_cell(install))
    number = 0
    for cell in chapter.cells[1:]:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "markdown":
            cells.append(new_markdown_cell(plain_markdown(cell.source, names)))
        elif "solution" in tags:
            number += 1
            if not cells[-1].source.startswith(EMPTY.format(number=number)):  # its scaffold
                cells.append(new_code_cell(EMPTY.format(number=number)))
        else:
            kept = {"tags": ["parameters"]} if "parameters" in tags else {}
            cells.append(new_code_cell(cell.source, metadata=kept))
    for i, cell in enumerate(cells):
        cell.id = f"cell-{i}"  # drawn at random otherwise
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def citation_names(bibliography: Path) -> dict[str, str]:
    """Return how each work of a BibTeX file is cited in a sentence: "Shen and others (2020)"."""
    names = {}
    for key, entry in parse_file(bibliography).entries.items():
        people = [
            " ".join(map(str, person.rich_prelast_names + person.rich_last_names))
            for person in entry.persons["author"]
        ]
        who = " and ".join(people) if len(people) <= 2 else f"{people[0]} and others"
        names[key] = f"{who} ({entry.fields['year']})"
    return names


def all_exercises() -> dict[str, nbformat.NotebookNode]:
    """Return the exercise notebooks by chapter, as they should be."""
    names, config = citation_names(PROJECT / "book" / "references.bib"), read_config()
    chapters = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.py"))
    return {path.stem: exercise_notebook(path, names, config) for path in chapters}


def write_exercises() -> list[Path]:
    """Write the exercise notebooks of all chapters, and delete those of chapters that are gone."""
    EXERCISES.mkdir(exist_ok=True)
    notebooks = {EXERCISES / f"{name}.ipynb": made for name, made in all_exercises().items()}
    for file, notebook in notebooks.items():
        with atomic(file) as path:
            nbformat.write(notebook, path)
    for stranger in set(EXERCISES.glob("*.ipynb")) - set(notebooks):
        stranger.unlink()
    return list(notebooks)


def plain_markdown(text: str, names: Mapping[str, str]) -> str:
    """Write MyST's own constructs in plain Markdown, and links as they lead from the folder."""
    text = _DIRECTIVE.sub(_box, text)
    text = _ROLE.sub(lambda role: _words(role[1], role[2], names), text)
    return _LINK.sub(_link, text)


def _box(found: re.Match[str]) -> str:
    """Keep what unfolds folded; make any other box a quotation."""
    _, name, title, body = found.groups()
    body = re.sub(r"\A(?::[\w-]+:.*\n)+", "", body).strip()  # options
    if name == "dropdown":
        return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"
    lines = [f"**{title or name.capitalize()}**", "", *body.splitlines()]
    return "\n".join(f"> {line}".rstrip() for line in lines)


def _words(role: str, content: str, names: Mapping[str, str]) -> str:
    """Return what a role shows: the works that it cites, or its words without their target."""
    if not role.startswith("cite"):
        return re.sub(r"\s*<[^<>]*>$", "", content)
    works = [names[key.strip()] for key in content.split(",")]
    if role == "cite:t":
        return " and ".join(works) if len(works) < 3 else ", ".join(works)
    return "(" + "; ".join(re.sub(r" \((\d+)\)", r", \1", work) for work in works) + ")"


def _link(found: re.Match[str]) -> str:
    """Lead links to chapters and to the book's prose there from the folder; others lose theirs."""
    words, target, _ = found.groups()
    if re.match(r"[a-z]+:", target):
        return found[0]
    file, address = NOTEBOOKS / f"{target}.py", f"../{target}.ipynb"
    if target.startswith("/"):
        file, address = PROJECT / "book" / target[1:], f"../../book{target}"
    return f"[{words}]({address})" if file.is_file() else words


if __name__ == "__main__":
    for file in write_exercises():
        print(file.relative_to(PROJECT))
