"""The notebooks of the book: their sources, what each waits for, and where a study keeps its own.

What plans a run imports this and not `render`: papermill and jupytext are for those who execute.
"""

from __future__ import annotations

import re
from pathlib import Path

from emolib.errors import SettingsError
from emolib.storage import file_stem
from emolib.study.study import PROJECT, Study

NOTEBOOKS = PROJECT / "notebooks"

# The quick start, the laboratory, the audit, the chapters, and the appendices that are notebooks.
CHAPTERS = sorted(
    path.stem for kind in ("[0-9][0-9]_*.py", "A[0-9]_*.py") for path in NOTEBOOKS.glob(kind)
)
CHAPTERS[:0] = ["quick_start", "laboratory", "audit"]
# Notebooks that are not about one subject.
WITHOUT_SUBJECT = ("quick_start", "audit", "cohort_report")


def source_of(name: str) -> Path:
    """Return the py:percent file of a notebook, by its name without ending."""
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
    header = r'^# %% tags=\["parameters"(?:, "remove-input")?\] needs="(scores|features|first)"$'
    told = re.search(header, source_of(name).read_text(encoding="utf-8"), re.MULTILINE)
    if not told:
        raise SettingsError(
            f"{name}.py: the cell of parameters",
            "does not say what must be made before.",
            'Write needs="scores", needs="features" or needs="first" after its tags.',
        )
    return told[1]


def page_file(study: Study, name: str, subject: str | None = None) -> Path:
    """Return where the executed notebook of a chapter, a subject's report or the cohort's lies."""
    folder = study.folder / "notebooks"
    if name == "subject_report":
        return folder / "subjects" / f"{file_stem(subject)}.ipynb"
    return folder / "cohort.ipynb" if name == "cohort_report" else folder / f"chapters/{name}.ipynb"
