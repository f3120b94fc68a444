"""Tables of subjects: facts and scores of each, tests, and what fine-tuning changed.

Rows are in the order of the subjects' names: pages do not rank people.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import pandas as pd
import xarray as xr
from scipy.stats import false_discovery_control

from emolib.book.tables import as_table, by_task, difference, named, number
from emolib.evaluation.comparison import compare
from emolib.evaluation.scores import ESTIMAND, count_correct, reportable
from emolib.features.spectra import quality_flags
from emolib.recordings.settings import DEFAULT, RecordingSettings
from emolib.splits.folds import stable_seed
from emolib.splits.protocols import BOTH_SIDES, LEAKING, protocol_name

FACTS = [
    *("trials", "labelled trials", "channels", "rate (Hz)"),
    *("alpha peak (Hz)", "bad channels", "line noise"),
]

MOST_COLUMNS = 7  # of scores, side by side on a page

UNITS = {"reject": "V"} | dict.fromkeys(
    ("notch_freq", "l_freq", "h_freq", "raw_resample_sfreq"), "Hz"
)


def cohort_table(
    found: Mapping[str, xr.Dataset], scores: pd.DataFrame, subjects: Sequence[str]
) -> pd.DataFrame:
    """Return what is known of each subject, as a table to download and compute with.

    Parameters
    ----------
    found : mapping of str to Dataset
        Summaries of those that were used, see `emolib.evaluation.subject.summarise`.
    scores : DataFrame
        From `emolib.evaluation.score`; empty if nothing is trained yet.
    subjects : sequence of str
        The rows, those that were not used included, in the order of their names.

    Returns
    -------
    DataFrame
        Index ``subject``; ``used``, ``trials``, ``labelled trials`` (of any task), ``channels``,
        ``rate (Hz)``, ``alpha peak (Hz)``, the columns of `emolib.features.spectra.quality_flags`
        and of `subjects_table`. Missing where there is nothing.
    """
    known = {
        subject: {
            "trials": own.sizes["trial"],
            "labelled trials": int((own["class"] >= 0).any("task").sum()),
            "channels": own.sizes["channel"],
            "rate (Hz)": own.attrs["sfreq"],
            "alpha peak (Hz)": own.attrs["alpha_peak_hz"],
            **quality_flags(own),
        }
        for subject, own in found.items()
    }
    table = pd.DataFrame.from_dict(known, orient="index").reindex(index=subjects, columns=FACTS)
    counts = dict.fromkeys(("trials", "labelled trials", "channels"), "Int64")
    table = table.astype({**counts, "rate (Hz)": float, "alpha peak (Hz)": float})
    table.insert(0, "used", table.index.isin(list(found)))
    if len(scores):
        table = table.join(subjects_table(scores, subjects))
    return table.rename_axis("subject")


def subjects_table(scores: pd.DataFrame, subjects: Sequence[str]) -> pd.DataFrame:
    """Return the pooled network's balanced accuracies of trials, one column per task and protocol.

    NaN where a subject has none: one whose trials are all of one class, or one that was not used.

    Examples
    --------
    >>> scores = pd.DataFrame({"protocol": "trial_grouped", "stage": "pooled", "fold": pd.NA,
    ...     "subject": ["sub-01"], "task": "valence", "metric": ESTIMAND, "value": 0.6,
    ...     "leaks": False})
    >>> subjects_table(scores, ["sub-01", "sub-02"]).iloc[:, 0].tolist()
    [0.6, nan]
    """
    rows = reportable(scores)
    rows = rows[(rows["metric"] == ESTIMAND) & (rows["stage"] == "pooled")]
    rows = by_task(rows[rows["fold"].isna() & rows["subject"].notna()])
    table = pd.DataFrame(index=pd.Index(subjects, name="subject"))
    for (task, protocol), part in rows.groupby(["task", "protocol"], sort=False, observed=True):
        values = part.set_index("subject")["value"]
        table[f"{task}, {protocol_name(protocol)}"] = values.reindex(table.index).astype(float)
    return table


def facts_table(table: pd.DataFrame) -> pd.DataFrame:
    """Write the facts of `cohort_table` as a page shows them: words and rounded numbers.

    Examples
    --------
    >>> table = pd.DataFrame({"used": [True], "trials": 40, "labelled trials": 38,
    ...     "channels": 32, "rate (Hz)": 128.0, "alpha peak (Hz)": 9.75,
    ...     "bad channels": "T7 (noisy)", "line noise": "none"}, index=["sub-01"])
    >>> facts_table(table).iloc[0].tolist()
    ['38 of 40', '32', '128', '9.8', 'T7 (noisy)', 'none']
    """
    labelled = table["labelled trials"].astype(str) + " of " + table["trials"].astype(str)
    peaks = table["alpha peak (Hz)"].map(lambda hz: number(hz, ".1f"))
    flags = table[["bad channels", "line noise"]]
    facts = {
        "trials with a label": labelled,
        "channels": table["channels"].astype(str),
        "rate (Hz)": table["rate (Hz)"].map(lambda hz: number(hz, "g")),
        "alpha peak (Hz)": peaks,
    }
    return pd.DataFrame(facts).join(flags).where(table["used"], "not used")


def score_tables(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Write the scores of `cohort_table` as a page shows them, in tables that fit its width.

    All tasks share a table if it has at most `MOST_COLUMNS`; otherwise each task has its own.

    Examples
    --------
    >>> names = [f"{task}, {how}" for task in ("valence", "arousal") for how in "abcd"]
    >>> scores = pd.DataFrame(0.625, index=["sub-01"], columns=["used", *FACTS, *names])
    >>> [each.columns.tolist() for each in score_tables(scores)][1]
    ['arousal, a', 'arousal, b', 'arousal, c', 'arousal, d']
    """
    scores = table.drop(columns=["used", *FACTS]).map(number).where(table["used"] > 0, "not used")
    scores = scores[sorted(scores, key=lambda name: BOTH_SIDES in name)]  # those come last
    if scores.shape[1] <= MOST_COLUMNS:
        return [scores] if scores.shape[1] else []
    tasks = scores.columns.str.rpartition(", ").get_level_values(0)
    return [scores.loc[:, tasks == task] for task in tasks.unique()]


def subject_tests(found: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """List the tests of each subject's summary, corrected over subjects and tasks.

    One row per subject and task: the score of ridge regression, its range of chance, p, and p after
    Benjamini and Hochberg over all rows; likewise of the cluster test, whose p is corrected over a
    subject's tasks before. A dash where no test was made.
    """
    names = ["score", "p", "chance_low", "chance_high", "holm_p"]
    tables = [own[names].to_dataframe()[names].assign(subject=name) for name, own in found.items()]
    rows = pd.concat(tables).reset_index() if tables else pd.DataFrame(columns=[*names, "subject"])
    rows = rows[rows[["p", "holm_p"]].notna().any(axis=1)].copy()
    for name in ("p", "holm_p"):
        known = rows[name].dropna().astype(float)
        rows[f"{name}_corrected"] = pd.Series(false_discovery_control(known), known.index)
    return as_table(
        (
            {
                "subject": row.subject,
                "task": row.task,
                "ridge regression": number(row.score),
                "chance (95 %)": f"{number(row.chance_low)} to {number(row.chance_high)}",
                "p": number(row.p, ".3f"),
                "p, corrected": number(row.p_corrected, ".3f"),
                "cluster test p": number(row.holm_p, ".3f"),
                "cluster test p, corrected": number(row.holm_p_corrected, ".3f"),
            }
            for row in rows.itertuples()
        ),
        "subject",
    )


def fine_tuning_changes(predictions: pd.DataFrame, subject: str) -> pd.DataFrame:
    """Compare each fine-tuned network of a subject with the pooled one that it began from.

    Exploratory: one subject has few trials. Whether fine-tuning helps people in general is asked
    over subjects and several trainings, see `emolib.evaluation.comparison.compare`.

    Returns
    -------
    DataFrame, one row per task, honest protocol and fine-tuned stage
        ``task``, ``protocol``, ``stage``; ``pooled`` and ``tuned``, balanced accuracy of trials;
        ``difference``, with ``low`` and ``high`` from resampling trials within each class, the
        same for both networks; ``to_right`` and ``to_wrong``, how many of the ``n`` trials
        changed. A trial counts once for each training.

    Examples
    --------
    >>> one = pd.DataFrame({"protocol": "trial_grouped", "fold": 0, "stage": "pooled",
    ...     "subject": "sub-01", "trial": [1, 2, 3, 4], "window": 0, "task": "valence",
    ...     "label": [0, 0, 1, 1], "probability": [0.1, 0.6, 0.3, 0.9]})
    >>> tuned = one.assign(stage="subject", probability=[0.1, 0.2, 0.3, 0.4])
    >>> found = fine_tuning_changes(pd.concat([one, tuned]), "sub-01")
    >>> found[["pooled", "tuned", "to_right", "to_wrong", "n"]].iloc[0].tolist()
    [0.5, 0.5, 1.0, 1.0, 4.0]
    """
    rows = []
    if len(predictions):
        own = predictions[~predictions["protocol"].isin(LEAKING)]
        own = own[own["subject"] == subject]
        for (task, protocol), both in own.groupby(["task", "protocol"], observed=True):
            for stage in set(both["stage"]) - {"pooled"}:
                pair = both[both["stage"].isin(["pooled", stage])]
                by_window = pair.groupby(["fold", "trial", "window"])["stage"]
                pair = pair[by_window.transform("nunique") == 2]  # what both have predicted
                if (pair["label"] >= 0).any():
                    rows.append((task, protocol, stage, *_change(pair, subject, stage)))
    columns = ["task", "protocol", "stage", "pooled", "tuned", "difference", "low", "high"]
    return by_task(pd.DataFrame(rows, columns=[*columns, "to_right", "to_wrong", "n"]))


def changes_table(found: pd.DataFrame) -> pd.DataFrame:
    """List what `fine_tuning_changes` found, as a page shows it."""
    return as_table(
        named(row)
        | {
            "pooled": number(row.pooled),
            "fine-tuned": number(row.tuned),
            "difference": difference(row.difference, row.low, row.high),
            "wrong to right": f"{row.to_right} of {row.n}",
            "right to wrong": f"{row.to_wrong} of {row.n}",
        }
        for row in found.itertuples()
    )


def _change(pair: pd.DataFrame, subject: str, stage: str) -> tuple[float | int, ...]:
    """Return two networks' scores, their difference with its interval, and what turned."""
    counts = {name: of for (_, name, _), of in count_correct(pair).items()}
    seed = stable_seed(subject, "fine-tuning")
    found = compare([counts["pooled"]], [counts[stage]], seed=seed)
    before, after = counts["pooled"].n_correct["trial"], counts[stage].n_correct["trial"]
    turned = int((after > before).sum()), int((after < before).sum())
    scores = found.by_subject.loc[subject, ["first", "second", "difference"]].tolist()
    return *scores, found.low, found.high, *turned, len(before)


def settings_table(asked: RecordingSettings) -> pd.DataFrame:
    """List the settings of a recording that are not the defaults, a row each.

    Examples
    --------
    >>> asked = RecordingSettings(l_freq=1.0, bads=("T7", "O1"), reject={"eeg": 150e-6})
    >>> settings_table(asked)["value"].to_dict()
    {'bads': 'T7, O1', 'l_freq': '1 Hz', 'reject': 'eeg: 0.00015 V'}
    """
    rows = {
        field.name: f"{_written(getattr(asked, field.name))} {UNITS.get(field.name, '')}".strip()
        for field in dataclasses.fields(RecordingSettings)
        if getattr(asked, field.name) != getattr(DEFAULT, field.name)
    }
    return pd.Series(rows, name="value", dtype=object).rename_axis("setting").to_frame()


def _written(value: object) -> str:
    """Write a setting's value as words: lists by commas, mappings as pairs."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_written(one)}" for key, one in value.items()) or "as by default"
    if isinstance(value, tuple | list):
        return ", ".join(map(_written, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def amplitudes_table(sd: xr.DataArray) -> pd.DataFrame:
    """Write each channel's standard deviation before and after preprocessing, microvolts.

    `sd (when, any_channel)` comes from `emolib.features.power.before_and_after`.

    Examples
    --------
    >>> both = xr.DataArray([[10.0, 90.0, 8.0], [5.0, float("nan"), 8.0]],
    ...     {"when": ["before", "after"], "any_channel": ["Fz", "T7", "Oz"]},
    ...     ("when", "any_channel"))
    >>> amplitudes_table(both).values.tolist()
    [['10.0', '5.0', '0.50'], ['90.0', 'left out', '-'], ['8.0', '8.0', '1.00']]
    """
    before, after = (sd.sel(when=when).to_series() for when in ("before", "after"))
    lines = {
        "SD before (µV)": before.map("{:.1f}".format).where(before.notna(), "new"),
        "SD after (µV)": after.map("{:.1f}".format).where(after.notna(), "left out"),
        "after / before": (after / before).map(number),
    }
    return pd.DataFrame(lines).rename_axis("electrode")
