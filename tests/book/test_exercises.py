"""Exercise notebooks: in sync with their chapters, plain, without solutions, and they run."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest

from emolib.book.exercises import (
    EMPTY,
    EXERCISES,
    INSTALL,
    all_exercises,
    citation_names,
    exercise_notebook,
    server_links,
)
from emolib.book.notebooks import NOTEBOOKS
from emolib.errors import SettingsError

PROJECT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.py"))
SERVERS = {
    "binderhub_url": "https://mybinder.org",
    "colab_url": "https://colab.research.google.com",
}
NOTEBOOK = "notebooks/exercises/01_first_look.ipynb"
CHAPTER = """\
# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
# ---

# %% [markdown]
# # A chapter
#
# A {term}`word`, {term}`words <word>`, {cite:t}`shen2020` and a [page](/data.md#x)
# {cite:p}`shen2020,rudakov2021`; [this](/cohort.ipynb) is elsewhere.
#
# ```{dropdown} Answer
# It is *42*.
# ```
#
# ```{admonition} Take care
# :class: warning
#
# A pitfall.
# ```

# %% tags=["parameters"]
study = "demo"

# %% [markdown]
# **Exercise 1.** Add.

# %% tags=["hide-cell", "solution"]
print(1 + 1)

# %% tags=["remove-input"]
print(study)
"""

each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def names() -> dict[str, str]:
    return citation_names(PROJECT / "book" / "references.bib")


@pytest.fixture(scope="module")
def made() -> dict[str, nbformat.NotebookNode]:
    return all_exercises()


@pytest.fixture
def small(tmp_path, names) -> nbformat.NotebookNode:
    source = tmp_path / "01_chapter.py"
    source.write_text(CHAPTER)
    return exercise_notebook(source, names, {})


def code(notebook: nbformat.NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook: nbformat.NotebookNode) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


# -- how one is made -------------------------------------------------------------------------------


def test_a_solution_gives_way_to_an_empty_cell(small):
    first, empty, last = code(small)
    assert first == 'study = "demo"'
    assert empty == "# Your solution to exercise 1\n"
    assert last == "print(study)"


def test_a_scaffold_and_its_check_stay_without_the_solution(tmp_path, names):
    source = tmp_path / "01_chapter.py"
    scaffold = f"{EMPTY.format(number=1)}answer = ..."
    given = f'# %% tags=["scaffold"]\n{scaffold}\n\n# %% tags=["hide-cell", "solution"]'
    source.write_text(CHAPTER.replace('# %% tags=["hide-cell", "solution"]', given))
    assert code(exercise_notebook(source, names, {})) == [
        'study = "demo"',
        scaffold,
        "print(study)",
    ]


def test_only_the_tag_that_runs_need_is_kept(small):
    tags = [cell.metadata.get("tags", []) for cell in small.cells if cell.cell_type == "code"]
    assert tags == [["parameters"], [], []]


def test_text_becomes_plain_markdown(small):
    text = prose(small)
    assert "A word, words, Shen and others (2020) and a [page](../../book/data.md)" in text
    assert "(Shen and others, 2020; Rudakov and others, 2021); this is elsewhere" in text
    assert "<details><summary>Answer</summary>\n\nIt is *42*.\n\n</details>" in text
    assert "> **Take care**\n>\n> A pitfall." in text


def test_works_are_named_by_their_authors(tmp_path):
    bibliography = tmp_path / "works.bib"
    entry = "@misc{{{key},\n  author = {{{author}}},\n  year   = {{2020}}\n}}\n"
    authors = {
        "one": "Alday, Phillip",
        "two": "White, J. and Power, S.",
        "more": "A, B and C, D and E, F",
        "body": "{European Parliament and Council}",
    }
    bibliography.write_text("".join(entry.format(key=k, author=a) for k, a in authors.items()))
    assert citation_names(bibliography) == {
        "one": "Alday (2020)",
        "two": "White and Power (2020)",
        "more": "A and others (2020)",
        "body": "European Parliament and Council (2020)",
    }


def test_the_same_chapter_gives_the_same_bytes(tmp_path, names):
    source = tmp_path / "01_chapter.py"
    source.write_text(CHAPTER)
    first, second = (nbformat.writes(exercise_notebook(source, names, {})) for _ in range(2))
    assert first == second


# -- those of the book -----------------------------------------------------------------------------


def test_each_chapter_has_one_and_there_are_no_others(made):
    assert set(made) == {path.stem for path in CHAPTERS}
    assert {path.stem for path in EXERCISES.glob("*.ipynb")} == set(made)


@each_chapter
def test_it_is_in_sync_with_its_chapter(path, made):
    kept = (EXERCISES / f"{path.stem}.ipynb").read_text(encoding="utf-8")
    wanted = nbformat.writes(made[path.stem]) + "\n"
    assert kept == wanted, "run: python -m emolib.book.exercises"


@each_chapter
def test_it_holds_no_solution_and_no_output(path, made):
    notebook = made[path.stem]
    nbformat.validate(notebook)
    solutions = [
        cell.source
        for cell in jupytext.read(path).cells
        if "solution" in cell.metadata.get("tags", [])
    ]
    assert solutions
    assert not set(solutions) & set(code(notebook))
    assert sum("Your solution to exercise" in cell for cell in code(notebook)) == len(solutions)
    assert not [cell for cell in notebook.cells if cell.get("outputs")]


@each_chapter
def test_its_text_has_nothing_that_only_the_book_understands(path, made):
    text = prose(made[path.stem])
    assert not re.search(r"\{[a-z:]+\}`|^(?:`{3,}|:{3,})\{|^\([\w-]+\)=$", text, re.MULTILINE)


@each_chapter
def test_its_links_lead_to_files(path, made):
    for target in re.findall(r"\]\(([^)#\s]+)", prose(made[path.stem])):
        if not re.match(r"[a-z]+:", target):
            assert (EXERCISES / target).is_file(), target


def bound(tree: ast.AST) -> set[str]:
    """The names that code binds: by assignment, loop, import or definition."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
    return names


def needs_of_solutions(cells: list[nbformat.NotebookNode]) -> set[str]:
    """The names that a cell uses and that nothing but a solution before it binds."""
    kept, of_solutions, needed = set(), set(), set()
    for cell in cells:
        if cell.cell_type != "code":
            continue
        tree = ast.parse(cell.source)
        if "solution" in cell.metadata.get("tags", []):
            of_solutions |= bound(tree)
            continue
        kept |= bound(tree)
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        needed |= used & (of_solutions - kept)
    return needed


@each_chapter
def test_no_cell_needs_what_a_solution_defines(path):
    """Chapters run as a whole in other tests: so their exercises run without the solutions."""
    assert needs_of_solutions(jupytext.read(path).cells) == set()


@pytest.mark.parametrize(
    ("solution", "after", "needed"),
    [
        ("x = 1", "print(x)", {"x"}),
        ("import numpy as np", "np.pi", {"np"}),
        ("def f(): ...", "x = 2\nf(x)", {"f"}),
        ("x = 1", "x = 2\nprint(x)", set()),
        ("given = 1", "print(given)", set()),
        ("x = 1", "print(given)", set()),
    ],
)
def test_that_check_sees_what_a_solution_defines(solution, after, needed):
    chapter = f"""# %%
given = 0

# %% tags=["solution"]
{solution}

# %%
{after}
"""
    assert needs_of_solutions(jupytext.reads(chapter, "py:percent").cells) == needed


# -- on Colab --------------------------------------------------------------------------------------


def test_a_notebook_for_colab_installs_the_project_first(tmp_path, names):
    source = tmp_path / "01_chapter.py"
    source.write_text(CHAPTER)
    github = published("https://github.com/OWNER/PROJECT")
    first, *_ = code(exercise_notebook(source, names, github))
    assert '"--branch", "main", "https://github.com/OWNER/PROJECT"' in first
    assert len(first.splitlines()) <= 15
    nowhere = published("https://gitlab.com/OWNER/PROJECT")
    assert code(exercise_notebook(source, names, nowhere))[0] == 'study = "demo"'


def git(*arguments: object, cwd: Path) -> None:
    who = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"]
    subprocess.run(["git", *who, *map(str, arguments)], cwd=cwd, check=True, capture_output=True)


def test_that_cell_fetches_and_installs_where_the_project_is_not(tmp_path):
    """A machine without emolib, a project to clone, and a pip that only writes down its orders."""
    published = tmp_path / "published"
    (published / "emolib").mkdir(parents=True)
    (published / "emolib" / "__init__.py").write_text("WHERE = __file__\n")
    git("init", "--quiet", "--initial-branch", "main", cwd=published)
    git("add", ".", cwd=published)
    git("commit", "--quiet", "--message", "first", cwd=published)
    tools, here = tmp_path / "tools", tmp_path / "here"
    (tools / "pip").mkdir(parents=True)
    here.mkdir()
    (tools / "pip" / "__init__.py").write_text("")
    (tools / "pip" / "__main__.py").write_text(
        "import sys; open('orders', 'a').write(' '.join(sys.argv[1:]) + chr(10))"
    )
    cell = INSTALL.format(branch="main", url=published.as_uri())
    look = "\nimport emolib; print(emolib.WHERE)"
    for python_path, expected in ((tools, here / "emolib_project"), (published, published)):
        # -S: without the packages of this Python, and so without this project.
        run = subprocess.run(
            [sys.executable, "-S", "-c", cell + look],
            cwd=here,
            env=os.environ | {"PYTHONPATH": str(python_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        assert Path(run.stdout.strip()) == expected / "emolib" / "__init__.py"
    # Once: where emolib is there, the cell does nothing.
    orders = (here / "orders").read_text().splitlines()
    assert orders == [f"install --quiet --editable {here / 'emolib_project'}"]


# -- links to servers ------------------------------------------------------------------------------


def published(url: str, **more: str) -> dict[str, dict[str, str]]:
    return {"repository": {"url": url, **more}, "launch_buttons": SERVERS}


@pytest.mark.parametrize("ending", ["", "/", ".git"])
def test_binder_opens_the_notebook_in_jupyterlab(ending):
    links = server_links(NOTEBOOK, published(f"https://github.com/OWNER/PROJECT{ending}"))
    assert links["Binder"] == (
        f"https://mybinder.org/v2/gh/OWNER/PROJECT/main?urlpath=lab/tree/{NOTEBOOK}"
    )


def test_binder_takes_gitlab_and_other_hosts_as_one_piece():
    of_group = server_links("a.ipynb", published("https://gitlab.com/GROUP/OWNER/PROJECT"))
    assert "/v2/gl/GROUP%2FOWNER%2FPROJECT/main?" in of_group["Binder"]
    other = server_links("a.ipynb", published("https://code.example.org/OWNER/PROJECT"))
    assert "/v2/git/https%3A%2F%2Fcode.example.org%2FOWNER%2FPROJECT/main?" in other["Binder"]


def test_colab_opens_the_notebook_at_the_branch():
    config = published("https://github.com/OWNER/PROJECT", branch="spring/26")
    assert server_links(NOTEBOOK, config)["Colab"] == (
        "https://colab.research.google.com/github/OWNER/PROJECT/blob/spring%2F26/" + NOTEBOOK
    )


def test_colab_opens_nothing_from_elsewhere():
    links = server_links(NOTEBOOK, published("https://gitlab.com/OWNER/PROJECT"))
    assert list(links) == ["Binder"]


@pytest.mark.parametrize(
    "url", ["github.com/OWNER/PROJECT", "https://github.com/", "OWNER/PROJECT"]
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(SettingsError, match=r"repository\.url"):
        server_links(NOTEBOOK, published(url))


def test_without_the_projects_address_or_a_servers_there_are_no_links():
    assert server_links(NOTEBOOK, {"title": "A book"}) == {}
    assert server_links(NOTEBOOK, published("")) == {}
    assert server_links(NOTEBOOK, {"repository": {"url": "https://github.com/A/B"}}) == {}
