"""Notebooks executed by papermill, pages for what failed, and the assembled book."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import jupytext
import nbformat
import papermill
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from emolib.book.assembly import assemble
from emolib.book.exercises import NOTEBOOKS
from emolib.errors import InputError, SettingsError, did_you_mean
from emolib.storage import atomic, file_stem
from emolib.study import stages
from emolib.study.study import PROJECT, Study

# What opens the book, the chapters, and after them the appendices that are notebooks.
CHAPTERS = sorted(
    path.stem for kind in ("[0-9][0-9]_*.py", "A[0-9]_*.py") for path in NOTEBOOKS.glob(kind)
)
CHAPTERS.insert(0, "quick_start")
WITHOUT_SUBJECT = ("quick_start", "cohort_report")  # notebooks that are not about one subject

# A traceback on a page is for a reader: the error and the last lines that led to it.
TRACEBACK_LINES = 15


def execute(
    source: Path, output: Path, parameters: dict[str, object], *, title: str | None = None
) -> bool:
    """Execute a notebook with papermill and write it whole.

    Parameters
    ----------
    source : path
        A py:percent notebook. Its kernel starts in its folder, as it does in JupyterLab.
    output : path
        The executed notebook, or, if a cell fails, a page that says so.
    parameters : dict
        Values for the names in the cell tagged `parameters`.
    title : str, optional
        Takes the place of the notebook's first heading, so that pages can be told apart.

    Returns
    -------
    bool
        Whether it ran to its end.

    Raises
    ------
    SettingsError
        If the notebook knows no parameter of such a name (papermill would only warn).
    """
    with tempfile.TemporaryDirectory() as folder, atomic(output) as finished:
        draft, run = Path(folder) / "draft.ipynb", Path(folder) / "run.ipynb"
        notebook = jupytext.read(source)
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook.metadata.setdefault("kernelspec", kernel)
        if title:
            first = next(cell for cell in notebook.cells if cell.cell_type == "markdown")
            first.source = re.sub(r"^# .*", lambda _: f"# {_plain(title)}", first.source)
        jupytext.write(notebook, draft)
        known = papermill.inspect_notebook(str(draft))
        for name in parameters:
            if name not in known:
                raise SettingsError(
                    f"{source.name}: parameter {name!r}", "is unknown.", did_you_mean(name, known)
                )
        try:
            papermill.execute_notebook(
                draft,
                run,
                parameters=parameters,
                cwd=source.parent,
                progress_bar=False,
                config=kernel_config(Path(folder)),
                store_widget_state=False,
            )
        except PapermillExecutionError as error:
            print(error, file=sys.stderr)
            lines = _without_colour("\n".join(error.traceback)).splitlines()
            page = failure_page(
                f"{source.stem}: this page could not be computed",
                f"A cell of the notebook `{source.name}` failed with these last lines:",
                "\n".join(lines[-TRACEBACK_LINES:]),
                "Mend the cause that the last line names, then run the study again: "
                "only what is missing is made. The other pages are not affected.",
            )
            page.metadata["emolib"] = {"failed": lines[-1]}
            nbformat.write(page, finished)
            return False
        notebook = nbformat.read(run, as_version=4)
        for cell in notebook.cells:
            if "injected-parameters" in cell.metadata.get("tags", []):
                cell.metadata.tags.append("remove-cell")  # the run's paths are not for readers
        nbformat.write(notebook, finished)
    return True


def kernel_config(folder: Path) -> Config:
    """Have a kernel talk through sockets in a fresh folder.

    Kernels that start side by side race for TCP ports; for such sockets they cannot.
    """
    config = Config()
    config.KernelManager.transport = "ipc"
    config.KernelManager.ip = str(folder / "k")
    return config


def failure_page(title: str, explanation: str, fault: str, remedy: str) -> nbformat.NotebookNode:
    """A notebook of one markdown cell that names a fault and its remedy, markup made harmless."""
    fence = "`" * (3 + max((len(run) for run in re.findall("`+", fault)), default=0))
    text = f"""# {_plain(title)}

```{{admonition}} This page could not be made
:class: warning emolib-failure

{_plain(explanation)}
```

{fence}text
{fault}
{fence}

**What to do.** {_plain(remedy)}

The rest of the book is not affected; see [the cohort page](/cohort.ipynb).
"""
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text, id="failure")])


def source_of(name: str) -> Path:
    """The py:percent file of a notebook, by its name without ending."""
    return NOTEBOOKS / f"{name}.py"


def waits_for(name: str) -> str:
    """Return what must be made before a chapter is executed, as its cell of parameters says.

    Its metadata ``needs`` is "scores" (all that training makes), "features" (everybody's) or
    "first" (the first subject's features).

    Examples
    --------
    >>> waits_for("01_first_look"), waits_for("07_multi_task_loss")
    ('first', 'features')
    """
    header = r'^# %% tags=\["parameters"\] needs="(scores|features|first)"$'
    told = re.search(header, source_of(name).read_text(encoding="utf-8"), re.MULTILINE)
    if not told:
        raise SettingsError(
            f"{name}.py: the cell of parameters",
            "does not say what must be made before.",
            'Write needs="scores", needs="features" or needs="first" after its tags.',
        )
    return told[1]


def page_file(study: Study, name: str, subject: str | None = None) -> Path:
    """Where the executed notebook of a chapter, a subject's report or the cohort's lies."""
    folder = study.folder / "notebooks"
    if name == "subject_report":
        return folder / "subjects" / f"{file_stem(subject)}.ipynb"
    return folder / "cohort.ipynb" if name == "cohort_report" else folder / f"chapters/{name}.ipynb"


def make_page(study: Study, name: str, subject: str | None = None) -> None:
    """Execute one notebook for a study; what fails gets a page that says why."""
    output = page_file(study, name, subject)
    if name == "subject_report" and (fault := stages.failure(study, subject)):
        page = failure_page(
            f"{subject}: not in this study's results",
            "This subject's recording could not be used.",
            f"{fault['source']}: {fault['message']}",
            f"{fault['hint']} Then run the study again: only what depends on it is made again.",
        )
        with atomic(output) as path:
            nbformat.write(page, path)
        return
    parameters: dict[str, object] = {"study": str(study.file)}
    if name not in WITHOUT_SUBJECT:
        parameters["subject"] = subject or stages.first_valid(study)
    title = subject if name == "subject_report" else None
    execute(source_of(name), output, parameters, title=title)


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
    book = study.folder / "book"
    source = book / "source"
    assemble(study, source)
    command = [str(Path(sysconfig.get_path("scripts")) / "jupyter-book"), "build", str(source)]
    command += ["-W", "-n", "--keep-going", "--config", str(PROJECT / "_config.yml")]
    command += ["--toc", str(source / "_toc.yml"), "--path-output", str(book)]
    built = subprocess.run(command, check=False)
    if built.returncode:
        raise InputError(
            source, "is not a book without faults.", "Mend the warnings that are listed above."
        )
    return study.book / "index.html"


def _plain(text: str) -> str:
    """Text that markdown and HTML show as it stands."""
    escaped = re.sub(r"([\\`*_{}\[\]<>#|$])", r"\\\1", text)
    return " ".join(escaped.split())


def _without_colour(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
