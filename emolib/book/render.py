"""Notebooks executed by papermill, and pages for what failed."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import uuid
from pathlib import Path

import jupytext
import nbformat
import papermill
import zmq
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from emolib.book.notebooks import CHAPTERS, WITHOUT_SUBJECT, page_file, source_of, waits_for
from emolib.errors import DataError, SettingsError, did_you_mean
from emolib.escaping import escape_markdown
from emolib.storage import fault_of_disk, write_text
from emolib.study import stages
from emolib.study.privacy import without_known_folders
from emolib.study.study import Study

# A traceback on a page is for a reader: the error and the last lines that led to it.
TRACEBACK_LINES = 15


def execute(
    source: Path,
    output: Path,
    parameters: dict[str, object],
    *,
    title: str | None = None,
    study: Study | None = None,
) -> bool:
    """Execute a py:percent notebook with papermill, in its folder, and write it whole.

    Return whether it ran to its end. If a cell fails, `output` is a page that says so. A `title`
    takes the place of the first heading, so that pages of one notebook can be told apart. If the
    `study` is given, the page names no folder of this machine.

    Raises
    ------
    SettingsError
        If the cell tagged `parameters` lacks one of the names given (papermill would only warn).
    OSError
        If a cell fails since the disk is full or read-only: no page is written of that.
    """
    notebook = jupytext.read(source)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata.setdefault("kernelspec", kernel)
    if title:
        first = next(cell for cell in notebook.cells if cell.cell_type == "markdown")
        first.source = re.sub(r"^# .*", lambda _: f"# {escape_markdown(title)}", first.source)
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "draft.ipynb"
        jupytext.write(notebook, draft)
        known = papermill.inspect_notebook(str(draft))
        for name in set(parameters) - set(known):
            raise SettingsError(
                f"{source.name}: parameter {name!r}", "is unknown.", did_you_mean(name, known)
            )
        try:
            notebook = papermill.execute_notebook(
                draft,
                None,
                parameters=parameters,
                cwd=source.parent,
                progress_bar=False,
                config=kernel_config(Path(folder)),
                store_widget_state=False,
            )
        except PapermillExecutionError as error:
            from nbconvert.filters import strip_ansi  # not before: it takes a third of a second

            if fault := fault_of_disk(f"{error.ename}: {error.evalue}"):
                raise fault from error
            print(error, file=sys.stderr)
            lines = strip_ansi("\n".join(error.traceback)).splitlines()
            page = failure_page(
                f"{source.stem}: this page could not be computed",
                f"A cell of the notebook {source.name} failed with these last lines:",
                "\n".join(lines[-TRACEBACK_LINES:]),
                "Fix the cause that the last line names, then run the study again: "
                "only what is missing is made. The other pages are not affected.",
            )
            page.metadata["emolib"] = {"failed": lines[-1]}
            _write(page, output, study)
            return False
    for cell in notebook.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.metadata.tags.append("remove-cell")  # how a run calls it is not for readers
    _write(notebook, output, study)
    return True


def kernel_config(folder: Path) -> Config:
    """Have a kernel talk through sockets in a fresh folder; if its name is too long, nameless ones.

    Kernels that start side by side race for TCP ports; for such sockets they cannot.
    """
    place = str(folder / "k")
    if len(os.fsencode(f"{place}-5")) > zmq.IPC_PATH_MAX_LEN:  # of a kernel's five sockets
        if sys.platform != "linux":
            return Config()
        place = f"@{uuid.uuid4()}"  # without a file
    return Config({"KernelManager": {"transport": "ipc", "ip": place}})


def failure_page(title: str, explanation: str, message: str, hint: str) -> nbformat.NotebookNode:
    """Return a notebook of one markdown cell that says what failed, markup made harmless."""
    fence = "`" * (3 + max((len(run) for run in re.findall("`+", message)), default=0))
    text = f"""# {escape_markdown(title)}

```{{admonition}} This page could not be made
:class: warning emolib-failure

{escape_markdown(explanation)}
```

{fence}text
{message}
{fence}

**What to do.** {escape_markdown(hint)}

The rest of the book is not affected; see [the cohort page](/cohort.ipynb).
"""
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text, id="failure")])


def _write(notebook: nbformat.NotebookNode, output: Path, study: Study | None) -> None:
    text = nbformat.writes(notebook)
    write_text(output, without_known_folders(text, study) if study else text)


def make_page(study: Study, name: str, subject: str | None = None) -> None:
    """Execute one notebook for a study; what fails gets a page that says why.

    Parameters
    ----------
    study : Study
    name : str
        A file of the folder notebooks, such as ``01_first_look`` or ``subject_report``.
    subject : str, optional
        Such as "sub-01"; by default the first whose recording can be used.
    """
    if name not in WITHOUT_SUBJECT and subject is None:
        try:
            subject = stages.first_valid(study)
        except DataError as error:
            if name == "subject_report":
                raise
            nobody = _without(name, error.message, error.hint)
            return _write(nobody, page_file(study, name), study)
    output = page_file(study, name, subject)
    if name in CHAPTERS and waits_for(name) == "scores" and not len(stages.predictions(study)):
        why = {f"{one['message']} {one['hint']}" for one in stages.failed_folds(study).values()}
        untrained = "This chapter shows scores, and no network could be trained."
        return _write(_without(name, untrained, " ".join(sorted(why))), output, study)
    if name == "subject_report" and (failure := stages.failure(study, subject)):
        page = failure_page(
            f"{subject}: not in this study's results",
            "This subject's recording could not be used.",
            f"{failure['source']}: {failure['message']}",
            f"{failure['hint']} Then run the study again: only what depends on it is made again.",
        )
        _write(page, output, study)
        return
    parameters = {"study": str(study.file)} | ({"subject": subject} if subject else {})
    title = subject if name == "subject_report" else None
    execute(source_of(name), output, parameters, title=title, study=study)


def _without(name: str, message: str, hint: str) -> nbformat.NotebookNode:
    """Return the page of a chapter for which the study has nothing to show."""
    page = failure_page(f"{name}: nothing to show", "The data do not suffice.", message, hint)
    page.metadata["emolib"] = {"failed": message}
    return page
