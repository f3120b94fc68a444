"""A sketch of a study file for a table of trials, with what it assumes and what it lacks."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from emolib.errors import SettingsError
from emolib.features.bands import BANDS
from emolib.recordings.labels import RANGES
from emolib.recordings.trial_table import label_columns
from emolib.study.check import FOLDS, why_no_folds
from emolib.study.draft import MOST_CLASSES, Told
from emolib.study.keys import check_task_name
from emolib.study.study import Study, load

SCALES = re.compile("valence|arousal|dominance|liking|rating", re.IGNORECASE)
# What programs, and people, write where a rating is missing.
MISSING_WORDS = re.compile(r"n/?a|nan|null|none|missing|[-.?]+|#.*", re.IGNORECASE)
MISSING_NUMBERS = (-9999, -999, -99, -9, 99, 999, 9999)
PROTOCOLS = (["trial_grouped", "leave_subjects_out"], ["trial_grouped"], ["leave_subjects_out"])


def study_text(
    title: str, dataset: str, root: str, rows: pd.DataFrame, rates: Sequence[float], told: Told
) -> str:
    """Write down a study of trials.

    Parameters
    ----------
    title, dataset : str
    root : str
        The table, or the folder of the data, as seen from the study file.
    rows : DataFrame
        One row per trial, as `read_table` returns them.
    rates : sequence of float
        Those of the files, Hz.
    told : Told
        What is assumed, and what is missing, is added.

    Returns
    -------
    str
        YAML with comments. Its protocols and folds are the first of `PROTOCOLS` and `FOLDS` that
        the trials allow.
    """
    rows = _without_marks(rows, told)
    tasks, low, high = _tasks(rows, told)
    lines = [f"title: {_quoted(title)}", f"dataset: {dataset}"]
    lines += [f"root: {_quoted(root)} # where the trials are, from this file"]
    lines += ["tasks: # what to tell apart; a head of the network each", *tasks]
    recordings = []
    if not 1 <= low < high <= 9:
        recordings.append(f"  rating_range: [{low:g}, {high:g}] # of the scales")
    if len(set(rates)) > 1:
        found = ", ".join(f"{rate:g}" for rate in sorted(set(rates)))
        told.assumed.append(f"files of {found} Hz are resampled to the lowest rate")
        recordings.append(f"  raw_resample_sfreq: {min(rates):g} # files have {found} Hz")
    lines += ["recordings: # see README.md for filters, bad channels, reference", *recordings]
    lines = lines if recordings else lines[:-1]
    rest = rows.get("baseline_seconds", pd.Series(0.0, rows.index)).fillna(0.0)
    rested = bool((rest > 0).all())
    why = "the rest before each trial" if rested else "no rest before each trial is known"
    lines += ["features:", f"  baseline: {'subtract' if rested else 'none'} # {why}"]
    if rates and (most := min(rates) / 2) <= BANDS[-1].high_hz:
        told.assumed.append(f"bands end below {most:g} Hz, half the rate")
        bands = [f"{{name: {b.name}, low_hz: {b.low_hz:g}, high_hz: {b.high_hz:g}}}" for b in BANDS]
        kept = [text for text, b in zip(bands, BANDS, strict=True) if b.high_hz < most]
        lines += [f"  bands: [{', '.join(kept)}]"]
    lines += ["model: {width: 0.25} # a narrow network, soon trained; 1 is the published one"]
    lines += ["training: {epochs: 30, fine_tuning_epochs: 10} # at most; 200 were published"]
    protocols, n_folds = _protocols("\n".join(lines), rows, told)
    lines += [f"protocols: [{', '.join(protocols)}] # what is held out", f"n_folds: {n_folds}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Return a text as YAML: a word as it is, unless it means something else, others as JSON."""
    if re.fullmatch(r"(?!(?i:null|true|false)$)[A-Za-z]\w*", text):
        return text
    return json.dumps(text, ensure_ascii=False)


def _tasks(rows: pd.DataFrame, told: Told) -> tuple[list[str], float, float]:
    """Return the lines of the tasks that the columns allow, and the range of all ratings."""
    lines, limits, trials = [], [], rows.groupby("subject")["trial"].nunique()
    for column in label_columns(rows):
        values = rows[column].mask(rows[column] == "").dropna()
        varies = rows.loc[values.index].groupby("subject")[column].nunique().max()
        why, (name, fault) = "", _task_name(column)
        if values.empty:
            continue
        if len(values.unique()) == 1:
            why = f"it is {values.iloc[0]!r} in all trials"
        elif varies == 1 and trials.max() > 1:
            why = "it differs only between subjects"
        elif values.dtype != float and values.str.fullmatch(r"[+-]?\d*,\d+").any():
            why = "decimal commas are read where semicolons or tabs separate cells: write points"
        elif values.dtype == float and not _are_codes(column, values):
            low, high, above = _scale(values)
            if not (values > above).any() or not (values <= above).any():
                why = f"no rating is on one of the sides of {above:g}"
            else:
                lines.append(f"  {name}: {{rating: {_quoted(column)}, above: {above:g}}}")
                limits += [low, high]
                told.assumed.append(
                    f"{column}: ratings from {low:g} to {high:g}, high if above {above:g}"
                )
        elif values.nunique() > MOST_CLASSES:
            why = f"it holds {values.nunique()} different words"
        elif fault:
            why = f"{fault} Rename the column"
        else:
            words = sorted(set(map(_word, values)))
            lines.append(f"  {name}: {{classes: [{', '.join(map(_quoted, words))}]}}")
            told.assumed.append(f"{column}: the classes {', '.join(words)}")
        if why:
            told.assumed.append(f"no task: {column}, since {why}")
    if not lines:
        told.missing.append(
            "what the trials are classified by: fill in a column of the table, words for classes "
            "or numbers for ratings, and name its classes in the study file under `tasks`"
        )
        named = (_task_name(column) for column in label_columns(rows))
        name = next((name for name, fault in named if not fault), "condition")
        lines.append(f"  {name}: {{classes: [first, second]}} # FILL IN: the words")
    return lines, min(limits, default=1.0), max(limits, default=9.0)


def _without_marks(rows: pd.DataFrame, told: Told) -> pd.DataFrame:
    """Blank what seems to stand for a missing rating, and tell that the table must do so."""
    blanked = {}
    for column in label_columns(rows):
        cells = rows[column].mask(rows[column] == "").dropna()
        numbers = pd.to_numeric(cells, errors="coerce")
        codes = numbers.isin(MISSING_NUMBERS)
        ratings = numbers[~codes].dropna()
        if ratings.empty or not all(map(MISSING_WORDS.fullmatch, cells[numbers.isna()])):
            continue
        low, high, _ = _scale(ratings)
        odd = numbers.isna() | (codes & ~numbers.between(low, high))
        if odd.any():
            marks = ", ".join(sorted(set(map(_word, cells[odd]))))
            told.missing.append(
                f"{column}: blank the cells with {marks}, if they mean that a rating is missing"
            )
            blanked[column] = numbers.mask(odd).reindex(rows.index).astype(float)
    return rows.assign(**blanked)


def _are_codes(column: str, values: pd.Series) -> bool:
    """Return whether numbers are more likely classes than ratings."""
    few = values.nunique() <= 3 and (values % 1 == 0).all()
    return bool(few and not SCALES.search(column))


def _word(cell: str | float) -> str:
    """Return the name of a class, which may be a number."""
    return cell if isinstance(cell, str) else f"{cell:g}"


def _scale(values: pd.Series) -> tuple[float, float, float]:
    """Return the range of the usual scale that holds some ratings, and its middle."""
    usual = ((1.0, 5.0), (1.0, 7.0), *RANGES, (np.floor(values.min()), np.ceil(values.max())))
    low, high = next((a, b) for a, b in usual if a <= values.min() and values.max() <= b)
    return low, high, (low + high) / 2


def _task_name(column: str) -> tuple[str, str]:
    """Return a name that a task of a column may have, and what is wrong with the column's own."""
    try:
        check_task_name(column)
    except SettingsError as error:
        return re.sub(r"\W+", "_", f"{column}_rating").strip("_"), error.message
    return _quoted(column), ""


def _protocols(text: str, rows: pd.DataFrame, told: Told) -> tuple[list[str], int]:
    """Return protocols and a number of folds that a table of trials allows."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "sketch.yaml"
        file.write_text(f"{text}\nprotocols: [trial_grouped]\n", encoding="utf-8")
        study = load(file)
    table = _classes(rows, study)
    if table.empty:  # nothing is filled in yet: as if classes came in turn
        table = _classes(rows, study, in_turn=True)
    for protocols in PROTOCOLS:
        for n_folds in FOLDS:
            tried = study.model_copy(update={"protocols": protocols, "n_folds": n_folds})
            if not any(why_no_folds(tried, each, table, n_folds) for each in protocols):
                return protocols, n_folds
    if error := why_no_folds(study, "trial_grouped", table, study.n_folds):
        told.missing.append(f"subjects or trials for a protocol's folds: {error.message}")
    return PROTOCOLS[0], study.n_folds


def _classes(rows: pd.DataFrame, study: Study, in_turn: bool = False) -> pd.DataFrame:
    """Return one row per trial, a window each, with its class in each task, or -1 for none."""
    table = rows[["subject", "trial"]].assign(window=0)
    table["stimulus"] = rows.get("stimulus", rows["trial"]).astype(str)
    for name, task in study.tasks.items():
        if in_turn:
            table[name] = rows["trial"] % len(task.classes)
            continue
        values = rows[task.rating or name]
        if task.rating is not None:
            table[name] = np.where(values.isna(), -1, values > task.above).astype(int)
        else:
            numbers = {word: k for k, word in enumerate(task.classes)}
            table[name] = values.map(_word).map(numbers).fillna(-1).astype(int)
    return table[(table[[*study.tasks]] >= 0).any(axis=1)].reset_index(drop=True)
