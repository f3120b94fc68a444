"""Tables of reports: scores, tests and comparisons laid out for people.

Scores of the published protocol never stand without the words `BOTH_SIDES`, nor without a score of
an honest protocol beside them: `protocol_name` and `reportable` see to that for tables, figures and
sentences alike. Tables are in the order of the subjects' names: pages do not rank people.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from emolib.evaluation.scores import ESTIMAND, STAGES, order, reportable, with_interval
from emolib.splits.protocols import HELD_OUT, protocol_name


def score_table(scores: pd.DataFrame, *, subject: str | None = None) -> pd.DataFrame:
    """Lay scores out for people: a row a task, protocol and stage.

    Parameters
    ----------
    scores : DataFrame
        As `emolib.evaluation.score` gives them.
    subject : str, optional
        This subject's; by default those of all together.

    Returns
    -------
    DataFrame of str
        Balanced accuracy of trials with its interval, accuracy of trials and of windows, the
        majority rate, and what was held out. No rows if nothing may be shown, see `reportable`.

    Examples
    --------
    >>> metrics = [ESTIMAND, "trial_accuracy", "window_accuracy"]
    >>> scores = pd.DataFrame({"protocol": "trial_grouped", "stage": "pooled", "fold": pd.NA,
    ...     "subject": pd.NA, "task": "valence", "metric": metrics, "value": [0.55, 0.6, 0.58],
    ...     "low": 0.5, "high": 0.7, "chance": [0.5, 0.65, 0.65], "leaks": False})
    >>> score_table(scores).iloc[0].tolist()[2:]
    ['0.55 (0.50 to 0.70)', '60\\xa0%', '58\\xa0%', '65\\xa0%', 'new trials of known subjects']
    """
    rows = reportable(scores)
    rows = rows[rows["fold"].isna()]
    rows = rows[rows["subject"].isna() if subject is None else (rows["subject"] == subject)]
    lines = []
    keys = ["task", "protocol", "stage"]
    for (task, protocol, stage), part in rows.groupby(keys, sort=False, observed=True):
        by = part.set_index("metric")
        lines.append(
            {
                "order": order(part).iloc[0],
                "task": task,
                "protocol": protocol_name(protocol),
                "stage": STAGES.get(stage, stage),
                "balanced accuracy": with_interval(by.loc[ESTIMAND]),
                "right trials": _percent(by.loc["trial_accuracy", "value"]),
                "right windows": _percent(by.loc["window_accuracy", "value"]),
                "commoner class": _percent(by.loc["trial_accuracy", "chance"]),
                "held out": HELD_OUT.get(protocol, protocol),
            }
        )
    if not lines:
        return pd.DataFrame()
    table = pd.DataFrame(lines).sort_values(["task", "order"], kind="stable")
    return table.drop(columns="order").set_index("task")


def subjects_table(scores: pd.DataFrame, subjects: Sequence[str]) -> pd.DataFrame:
    """Lay the pooled network's scores out by subject: a column a task and protocol.

    Parameters
    ----------
    scores : DataFrame
        As `emolib.evaluation.score` gives them.
    subjects : sequence of str
        The rows, those without scores included. Their order is that of their names, not of their
        scores: pages do not rank people.

    Returns
    -------
    DataFrame of float
        Balanced accuracies of trials; NaN where there is none: a subject of one class has none.

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
    rows = rows[rows["fold"].isna() & rows["subject"].notna()]
    rows = rows.assign(order=order(rows)).sort_values(["task", "order"], kind="stable")
    table = pd.DataFrame(index=pd.Index(subjects, name="subject"))
    for (task, protocol), part in rows.groupby(["task", "protocol"], sort=False, observed=True):
        values = part.set_index("subject")["value"]
        table[f"{task}, {protocol_name(protocol)}"] = values.reindex(table.index).astype(float)
    return table


def effective_table(found: pd.DataFrame) -> pd.DataFrame:
    """Lay out what windows are worth: a row a task, protocol and stage.

    Parameters
    ----------
    found : DataFrame
        As `emolib.evaluation.effective_n.effective_windows` gives it.

    Returns
    -------
    DataFrame of str
        The last column is the root of the design effect. Dashes where nothing can be estimated.

    Examples
    --------
    >>> found = pd.DataFrame({"protocol": ["trial_grouped"], "stage": "pooled", "task": "valence",
    ...     "subjects": 4, "trials": 80, "windows": 4800, "icc": 0.5, "design_effect": 30.25,
    ...     "effective": 158.7})
    >>> effective_table(found).iloc[0].tolist()[2:]
    ['4 / 80 / 4,800', '0.50', '30.2', '159', '5.5 times']
    """
    rows = found.assign(order=order(found)).sort_values(["task", "order"], kind="stable")
    number = lambda value, form: form.format(value) if np.isfinite(value) else "-"  # noqa: E731
    lines = [
        {
            "task": row.task,
            "protocol": protocol_name(row.protocol),
            "stage": STAGES.get(row.stage, row.stage),
            "subjects, trials, windows": f"{row.subjects} / {row.trials:,} / {row.windows:,}",
            "ICC": number(row.icc, "{:.2f}"),
            "design effect": number(row.design_effect, "{:.1f}"),
            "effective windows": number(row.effective, "{:,.0f}"),
            "interval too narrow": number(row.design_effect**0.5, "{:.1f} times"),
        }
        for row in rows.itertuples()
    ]
    return pd.DataFrame(lines).set_index("task")


def group_table(tests: pd.DataFrame) -> pd.DataFrame:
    """Lay out the tests of all subjects together: a row a task and protocol.

    Parameters
    ----------
    tests : DataFrame
        As `emolib.evaluation.group.group_tests` gives them.

    Returns
    -------
    DataFrame of str
        Scores, and p of those that were tested; a dash where there is none.

    Examples
    --------
    >>> row = {"task": "valence", "protocol": "trial_grouped", "primary": False, "n_subjects": 4.0,
    ...     "n_stimuli": 20.0, "score": 0.52, "chance_low": 0.45, "chance_high": 0.55, "p": 0.2,
    ...     "corrected": 0.4, "network": np.nan, "untested": ""}
    >>> group_table(pd.DataFrame([row])).iloc[0].tolist()
    ['trial-grouped', '4 x 20', '0.52', '0.45 to 0.55', '0.200', '0.400', '-']
    """
    made = tests[tests["score"].notna()]
    either = lambda value, digits: "-" if np.isnan(value) else f"{value:.{digits}f}"  # noqa: E731
    lines = [
        {
            "task": row["task"],
            "protocol": protocol_name(row["protocol"]) + ", primary" * bool(row["primary"]),
            "subjects x stimuli": f"{row['n_subjects']:.0f} x {row['n_stimuli']:.0f}",
            "ridge": f"{row['score']:.2f}",
            "labels exchanged (95 %)": f"{row['chance_low']:.2f} to {row['chance_high']:.2f}"
            if np.isfinite(row["p"])
            else "-",
            "p": either(row["p"], 3),
            "p, corrected": either(row["corrected"], 3),
            "network": either(row["network"], 2),
        }
        for row in made.to_dict("records")
    ]
    return pd.DataFrame(lines).set_index("task") if lines else pd.DataFrame()


def _percent(value: float) -> str:
    return f"{value:.0%}".replace("%", "\N{NO-BREAK SPACE}%")
