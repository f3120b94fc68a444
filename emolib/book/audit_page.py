"""What the command `audit` writes: a page that needs nothing outside it, or one JSON object."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

import nbformat

from emolib.book.single_file import as_html
from emolib.errors import DataError, InputError
from emolib.escaping import escape_markdown, plain
from emolib.evaluation.split_audit import Audit, audit
from emolib.evaluation.split_file import read_split
from emolib.storage import file_stem, write_text

ROWS = {
    "score": "the split as given",
    "score_estimator": "the split as given, fitted here",
    "score_permuted_labels": "the same, labels permuted by trial",
    "score_permuted_within_subject": "the same, labels permuted within subjects",
    "score_stimulus_halves": "the same, random halves of the stimuli as labels",
    "score_trial_grouped": "whole trials held out",
    "score_stimulus_grouped": "whole stimuli held out",
    "score_leave_subjects_out": "whole subjects held out",
}
COUNTS = {
    "n_windows": "windows",
    "n_trials": "trials",
    "n_folds": "folds",
    "shared_trials": "trials on both sides",
    "shared_stimuli": "stimuli on both sides",
    "shared_subjects": "subjects on both sides",
    "overlapping_windows": "tested windows that share samples with training windows",
    "identical_rows": "tested rows with the numbers of a training row",
    "trial_identification": "windows whose nearest neighbour is of their trial, share",
    "trial_identification_chance": "the same by chance",
    "majority": "proportion of the majority class",
    "accuracy": "accuracy under the split as given",
    "score_low": "score, lower end of the 95 % interval (resampled trials)",
    "score_high": "score, upper end",
    "n_effective": "independent windows that would tell as much",
    "smallest_effect": "smallest score that this design would find in 4 of 5 experiments",
}


def report(path: Path, as_json: bool = False, folder: Path = Path()) -> bool:
    """Audit a file: print the verdict and write a page, or print one JSON object.

    With `as_json` a file that cannot be used gives an object with ``problem`` and ``remedy``.
    """
    try:
        print(f"reading {plain(path)}", file=sys.stderr)
        given, notes = read_split(path)
        print("looking at the split, and fitting models", file=sys.stderr)
        found = _audited(path, given)
    except InputError as error:
        if not as_json:
            raise
        problem = {"problem": f"{error.source}: {error.message}", "remedy": error.hint}
        print(json.dumps(problem, indent=1))
        print(f"error: {plain(error)}", file=sys.stderr)
        return False
    found.notes = [*notes, *found.notes]
    if as_json:
        print(json.dumps(found.to_dict(), indent=1))
        return True
    print(plain(f"{found.verdict}: {found.words}"))
    for each in (*(f.text for f in found.findings if not f.leak), *found.not_checked):
        print(plain(f"- {each}"))
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / f"{file_stem(path.stem)}_audit.html"
    write_text(page, page_of(found, path.name))
    print(plain(page))
    return True


def _audited(path: Path, given: dict) -> Audit:
    """Audit what a file holds; an error names the file."""
    try:
        return audit(**given)
    except InputError as error:
        raise DataError(f"{path}: {error.source}", error.message, error.hint) from None


def page_of(found: Audit, name: str) -> str:
    """Return the page: the verdict in words, then all numbers, and what was not checked.

    Examples
    --------
    >>> page = page_of(Audit("no leak found"), "mine.csv")
    >>> "<h1>Audit of mine.csv</h1>" in page, "found no leak" in page
    (True, True)
    """
    parts = [f"# Audit of {escape_markdown(name)}", f"**Verdict: {found.verdict}.**"]
    parts.append(escape_markdown(found.words))
    parts += _list("What was found", [each.text for each in found.findings])
    estimator = found.numbers.get("estimator")
    what = f"Balanced accuracy of windows, mean over folds ({estimator})"
    parts += _table("Scores", what if estimator else "Balanced accuracy", ROWS, found)
    parts += _table("Counts", "Value", COUNTS, found)
    parts += _list("What was not checked", found.not_checked)
    parts += _list("How it was done", [*found.notes, f"emolib {version('emolib')}; seed 0."])
    cell = nbformat.v4.new_markdown_cell("\n\n".join(parts))
    return as_html(nbformat.v4.new_notebook(cells=[cell]))


def _list(title: str, items: list[str]) -> list[str]:
    """Return a heading and a list, or nothing."""
    lines = "\n".join(f"- {escape_markdown(item)}" for item in items)
    return [f"## {title}", lines] if items else []


def _table(title: str, head: str, rows: dict[str, str], found: Audit) -> list[str]:
    """Return a heading and a table of those numbers that there are, or nothing."""
    known = {name: value for name, value in found.to_dict().items() if name in rows}
    lines = [
        f"| {what} | {known[name] if isinstance(known[name], int) else f'{known[name]:.2f}'} |"
        for name, what in rows.items()
        if known.get(name) is not None
    ]
    return [f"## {title}", "\n".join([f"| | {head} |", "| --- | --- |", *lines])] if lines else []
