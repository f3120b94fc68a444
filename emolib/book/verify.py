"""Does a study's book say what its predictions say? All of it is computed again and compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np
import pandas as pd

from emolib.book import subject_tables, tables
from emolib.book.notebooks import CHAPTERS, page_file
from emolib.book.provenance import file_of_input, inputs_of
from emolib.errors import DataError
from emolib.escaping import plain
from emolib.evaluation import scores as evaluation
from emolib.figures.display import Table
from emolib.storage import digest_of_files
from emolib.study import stages
from emolib.study.artefacts import damaged_files, readable
from emolib.study.study import Study

CLOSE = 1e-9  # a score's last digits depend on how a machine adds up


class Compared(NamedTuple):
    """Something that was compared: how many values of it, and which of them differ."""

    what: str
    n_values: int
    differing: list[str]


def verify(study: Study) -> bool:
    """Compute a study's scores again, compare files, pages and inputs with them, print a table.

    Returns
    -------
    bool
        Whether all are equal: the scores in the files and on the pages those that the predictions
        give, the inputs of each page those of its provenance, and all files as they were written.

    Raises
    ------
    DataError
        If there are no predictions yet, or a file is damaged.
    """
    found = list(compare(study))
    print("   values   differ  compared")
    for each in found:
        print(f"{each.n_values:9} {len(each.differing):8}  {plain(each.what)}")
    for each in found:
        for name in each.differing:
            print(plain(f"differs: {each.what}: {name}"))
    same = not any(each.differing for each in found)
    print("all are equal" if same else "run the study again, then verify it again")
    return same


def compare(study: Study) -> Iterator[Compared]:
    """Yield each thing that `verify` compares."""
    predicted = stages.predictions(study)
    if not len(predicted):
        failed = [f"{one['message']} {one['hint']}" for one in stages.failed_folds(study).values()]
        why = "has no predictions to verify" + ": no network could be trained." * bool(failed)
        hint = failed[0] if failed else f"Run `python -m emolib run {study.name}` first."
        raise DataError(study.name, why if failed else f"{why}.", hint)
    computed = evaluation.score(predicted)
    for name in ("", *study.variants):
        member = study.variant(name) if name else study
        own = stages.computed_scores(stages.predictions(member)) if name else computed
        yield from _score_files(member, own, name)
    permuted = evaluation.permuted_scores(stages.permuted_predictions(study))
    yield _frame("scores/permuted.parquet", permuted, stages.permuted_scores(study))
    yield from _pages(study, computed)
    yield from filter(None, (_inputs(study, page) for page in _notebooks(study)))
    n_files, changed = damaged_files(study.folder)
    yield Compared("all files, as they were written", n_files, changed)


def _score_files(study: Study, computed: pd.DataFrame, variant: str) -> Iterator[Compared]:
    """Compare the Parquet and the CSV of scores with those computed again."""
    folder = f"variants/{variant}/scores" if variant else "scores"
    yield _frame(f"{folder}/scores.parquet", computed, stages.scores(study))
    file = study.scores_file("scores.csv")
    with readable(file):
        kinds = {"fold": "Int64", "subject": "string"}
        yield _frame(f"{folder}/scores.csv", computed, pd.read_csv(file, dtype=kinds))


def _frame(what: str, expected: pd.DataFrame, found: pd.DataFrame) -> Compared:
    """Compare two tables; rows or columns that only one of them has are one difference."""
    if [*expected] != [*found] or len(expected) != len(found):
        shapes = f"{len(found)} rows instead of {len(expected)}, or other columns"
        return Compared(what, expected.size, [shapes])
    differing = []
    for column in expected:
        one, other = (table[column].reset_index(drop=True) for table in (expected, found))
        if pd.api.types.is_float_dtype(one) and pd.api.types.is_numeric_dtype(other):
            same = np.isclose(one, other.astype(float), rtol=CLOSE, atol=CLOSE, equal_nan=True)
        else:
            same = (one.astype("string").fillna("") == other.astype("string").fillna("")).to_numpy()
        differing += [f"row {row + 1}, {column}" for row in np.flatnonzero(~same)]
    return Compared(what, expected.size, differing)


def _pages(study: Study, computed: pd.DataFrame) -> Iterator[Compared]:
    """Compare the tables of scores on the pages, notebooks and HTML, with those computed again."""
    whole = tables.score_table(computed)
    shown = {page_file(study, "A2_published_figures"): [whole]}
    for name in study.subjects():
        own = tables.score_table(computed, subject=name)
        shown[page_file(study, "subject_report", name)] = [own]
    if (page := page_file(study, "cohort_report")).exists():
        people = {name: stages.summary(study, name) for name in stages.valid_subjects(study)}
        cohort = subject_tables.cohort_table(people, computed, study.subjects())
        of_people = subject_tables.score_tables(cohort)
        shown[page] = [whole, *of_people, subject_tables.facts_table(cohort)]
    for notebook, expected in shown.items():
        page = notebook.relative_to(study.folder / "notebooks").with_suffix(".html")
        for file in (notebook, study.book / page):
            if not file.exists():
                continue
            text = _text(file)
            rows = [row for table in expected if len(table) for row in _rows_of(table)]
            missing = [f"no row{re.sub('(<[^>]+>)+', ' ', row)}" for row in rows if row not in text]
            yield Compared(file.relative_to(study.folder).as_posix(), len(rows), missing)


def _rows_of(table: pd.DataFrame) -> list[str]:
    """Return the rows of a table as a page writes them, links aside."""
    page = Table(table, caption="")._repr_mimebundle_()["text/html"]
    return re.findall("<tr>.*?</tr>", page.partition("<tbody>")[2])


def _text(file: Path) -> str:
    """Return all HTML of a page or of an executed notebook, links aside."""
    if file.suffix == ".ipynb":
        with readable(file):
            cells = nbformat.read(file, as_version=4).cells
        shown = [out.get("data", {}) for cell in cells for out in cell.get("outputs", [])]
        text = "\n".join(data.get("text/html", "") for data in shown)
    else:
        text = file.read_text(encoding="utf-8", errors="replace")
    return re.sub(r"</?a\b[^>]*>", "", text)


def _notebooks(study: Study) -> list[Path]:
    """List the executed notebooks of a study's book that are there."""
    subjects = [page_file(study, "subject_report", name) for name in study.subjects()]
    pages = [page_file(study, name) for name in (*CHAPTERS, "cohort_report")]
    return [page for page in (*pages, *subjects) if page.exists()]


def _inputs(study: Study, notebook: Path) -> Compared | None:
    """Compare the inputs of a page, as they are, with the digests in its provenance."""
    told = inputs_of(_text(notebook)).items()
    digests = {name: digest for name, digest in told if "/" in name}  # others lie anywhere
    if not digests:  # a page that failed, or that has no inputs
        return None
    files = {name: file_of_input(study, name) for name in digests}
    differing = [
        name
        for name, file in files.items()
        if not (file.is_file() and digest_of_files([file]) == digests[name])
    ]
    page = notebook.relative_to(study.folder).as_posix()
    return Compared(f"inputs of {page}", len(digests), differing)
