"""Tables of a study's scores, tests and comparisons, laid out for people.

Scores of the published protocol never stand without the words `BOTH_SIDES`, nor without a score of
an honest protocol beside them: `protocol_name` and `reportable` see to that for tables, figures and
sentences alike. Scores come as from `emolib.evaluation.score`; where there is nothing to show, a
table has no rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import itemgetter

import numpy as np
import pandas as pd

from emolib.evaluation.comparison import MIN_SEEDS, compare, counts_by_seed
from emolib.evaluation.literature import published
from emolib.evaluation.permutation import PermutationTest
from emolib.evaluation.scores import ESTIMAND, STAGES, order, reportable, with_interval
from emolib.splits.protocols import HELD_OUT, LEAKING, protocol_name

WHOLE = "the whole"
FEWEST_REFITS = 19  # else no p is small enough to mean anything
ABLATIONS = "MT-CNN ablations"  # the published system that variants are compared with
FIGURES = ("valence", "arousal")  # the tasks of the published figures
# Papers count windows, so ours are counted too: the metric of ours by the unit of theirs.
METRICS = {"accuracy %": "window_accuracy", "balanced accuracy %": "window_balanced_accuracy"}


def score_table(scores: pd.DataFrame, *, subject: str | None = None) -> pd.DataFrame:
    """List scores, one row per task, protocol and stage: of all subjects together, or of one.

    Examples
    --------
    >>> metrics = [ESTIMAND, "trial_accuracy", "window_accuracy"]
    >>> scores = pd.DataFrame({"protocol": "trial_grouped", "stage": "pooled", "fold": pd.NA,
    ...     "subject": pd.NA, "task": "valence", "metric": metrics, "value": [0.55, 0.6, 0.58],
    ...     "low": 0.5, "high": 0.7, "chance": [0.5, 0.65, 0.65], "leaks": False})
    >>> score_table(scores).iloc[0].tolist()[1:]
    ['0.55 (0.50 to 0.70)', '60\\xa0%', '58\\xa0%', '65\\xa0%', 'new trials of seen subjects']
    """
    rows = reportable(scores)
    rows = rows[rows["fold"].isna()]
    rows = rows[rows["subject"].isna() if subject is None else (rows["subject"] == subject)]
    parts = by_task(rows).set_index("metric").groupby(["task", "order"], sort=False)
    return as_table(
        named(by.iloc[0])
        | {
            "balanced accuracy": with_interval(by.loc[ESTIMAND]),
            "correct trials": percent(100 * by.loc["trial_accuracy", "value"]),
            "correct windows": percent(100 * by.loc["window_accuracy", "value"]),
            "majority class": percent(100 * by.loc["trial_accuracy", "chance"]),
            "held out": HELD_OUT[by.iloc[0].protocol],
        }
        for _, by in parts
    )


def effective_table(found: pd.DataFrame) -> pd.DataFrame:
    """List what windows are worth, as `emolib.evaluation.variance.effective_windows` gives it.

    The last column is the root of the design effect.

    Examples
    --------
    >>> found = pd.DataFrame({"protocol": ["trial_grouped"], "stage": "pooled", "task": "valence",
    ...     "subjects": 4, "trials": 80, "windows": 4800, "icc": 0.5, "design_effect": 30.25,
    ...     "effective": 158.7})
    >>> effective_table(found).iloc[0].tolist()[1:]
    ['4 / 80 / 4,800', '0.50', '30.2', '159', '5.5 times']
    """
    return as_table(
        named(row)
        | {
            "subjects, trials, windows": f"{row.subjects} / {row.trials:,} / {row.windows:,}",
            "ICC": number(row.icc),
            "design effect": number(row.design_effect, ".1f"),
            "effective windows": number(row.effective, ",.0f"),
            "interval too narrow": number(row.design_effect**0.5, ".1f", " times"),
        }
        for row in by_task(found).itertuples()
    )


def group_table(tests: pd.DataFrame) -> pd.DataFrame:
    """List the tests of all subjects together that `emolib.evaluation.group.group_tests` made.

    Examples
    --------
    >>> row = {"task": "valence", "protocol": "trial_grouped", "primary": False, "n_subjects": 4.0,
    ...     "n_stimuli": 20.0, "score": 0.52, "chance_low": 0.45, "chance_high": 0.55, "p": 0.2,
    ...     "corrected": 0.4, "network": np.nan, "untested": ""}
    >>> group_table(pd.DataFrame([row])).iloc[0].tolist()
    ['trial-grouped', '4 x 20', '0.52', '0.45 to 0.55', '0.200', '0.400', '-']
    """
    return as_table(
        {
            "task": row.task,
            "protocol": f"{protocol_name(row.protocol)}{', primary' if row.primary else ''}",
            "subjects x stimuli": f"{row.n_subjects:.0f} x {row.n_stimuli:.0f}",
            "ridge": number(row.score),
            "permuted labels (95 %)": "-"
            if np.isnan(row.p)
            else f"{row.chance_low:.2f} to {row.chance_high:.2f}",
            "p": number(row.p, ".3f"),
            "p, corrected": number(row.corrected, ".3f"),
            "network": number(row.network),
        }
        for row in tests[tests["score"].notna()].itertuples()
    )


def permuted_table(scores: pd.DataFrame, permuted: pd.DataFrame) -> pd.DataFrame:
    """List scores beside those of refits on permuted labels, one row per task and protocol.

    `permuted` is from `emolib.evaluation.permuted_scores`. Protocols that leak get no p: their
    score says that trials are recognised, which is no question of chance.
    """
    keys, lines = ["task", "protocol"], []
    rows = of_all(scores).query("metric == @ESTIMAND").set_index(keys)["value"]
    refits = dict(list(permuted.query("metric == @ESTIMAND").groupby(keys)["value"]))
    for task, protocol in filter(refits.__contains__, rows.index):
        value, null = rows[task, protocol], refits[task, protocol]
        p = PermutationTest(float(value), null.to_numpy()).p
        tested = number(p) if len(null) >= FEWEST_REFITS else f"needs {FEWEST_REFITS} refits"
        lines.append(
            {
                "task": task,
                "protocol": protocol_name(protocol),
                "as labelled": number(value),
                "permuted labels": number(null.mean()),
                "lowest to highest": f"{null.min():.2f} to {null.max():.2f}",
                "refits": len(null),
                "p": "not tested" if protocol in LEAKING else tested,
            }
        )
    return as_table(lines)


def summary_points(tests: pd.DataFrame, scores: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the honest scores of all subjects together for `emolib.figures.scores.summary`.

    Points are ridge regression's, of `group_tests`, bands their range with permuted labels, and
    estimates the pooled network's.
    """
    tested = tests.rename(columns={"score": "value", "chance_low": "low", "chance_high": "high"})
    network = of_all(scores) if len(scores) else pd.DataFrame(columns=[*tested, "metric", "leaks"])
    network = network[(network["metric"] == ESTIMAND) & ~network["leaks"].astype(bool)]
    found = {
        "points": tested[["task", "protocol", "value"]]
        .dropna(subset="value")
        .assign(series="ridge regression"),
        "bands": tested.drop(columns="value")
        .dropna(subset="low")
        .assign(series="95 % of permuted labels", detectable=np.nan),
        "estimates": network.dropna(subset="value").assign(series="network"),
    }
    return {
        kind: table.assign(
            row=[f"{row.task}\n{protocol_name(row.protocol)}" for row in table.itertuples()]
        )
        for kind, table in found.items()
    }


def comparable(tasks: Sequence[str]) -> list[str]:
    """List the tasks that the published figures have by the same name."""
    return [task for task in tasks if task in FIGURES]


def published_table(scores: pd.DataFrame, tasks: Sequence[str]) -> pd.DataFrame:
    """List a study's scores of windows, those of others under the same protocol below them.

    One row per protocol and source; columns are the tasks of `comparable`, measure and source.
    Ablations stand beside the variants that they are of instead, see `variants_table`.
    """
    names, theirs = comparable(tasks), published()
    theirs = theirs[theirs["system"] != ABLATIONS]
    rows = of_all(scores[scores["task"].isin(names)], stages=STAGES)
    lines = []
    for protocol in (name for name in HELD_OUT if name in set(rows["protocol"])):
        figures = theirs[theirs["protocol"] == protocol]
        for unit, metric in METRICS.items():
            own = rows[(rows["protocol"] == protocol) & (rows["metric"] == metric)]
            others = figures[figures["unit"] == unit]
            if len(others) or (unit == "accuracy %" and not len(figures)):
                shared = {"protocol": protocol_name(protocol), "measure": unit.removesuffix(" %")}
                lines += [shared | line for line in _ours(own, protocol, unit) + _theirs(others)]
    table = as_table(lines, "protocol")
    return table[["who", *names, "measure", "source"]].fillna("-") if lines else table


def _ours(rows: pd.DataFrame, protocol: str, unit: str) -> list[dict[str, str]]:
    """Return the study's own lines: a stage each, and what a constant answer would make."""
    own = {stage: of.set_index("task") for stage, of in rows.groupby("stage", observed=True)}
    shares = {STAGES[stage]: own[stage]["value"] for stage in STAGES if stage in own}
    if unit == "accuracy %" and protocol not in LEAKING:  # leaking scores are no matter of chance
        shares["always the majority class"] = own["pooled"]["chance"]
    return [
        {"who": f"this study, {who}", "source": "this page"}
        | {task: percent(100 * share, 1) for task, share in of.dropna().items()}
        for who, of in shares.items()
    ]


def _theirs(figures: pd.DataFrame) -> list[dict[str, str]]:
    """Return the published lines; what is reported as about so much stays a whole number."""
    return [
        {
            "who": row["system"] + (f" ({row['variant']})" if row["variant"] else ""),
            "source": row["source"],
            **{task: percent(row[task], int(row[task] % 1 != 0)) for task in FIGURES},
        }
        for row in figures.to_dict("records")
    ]


def variants_table(
    scores: Mapping[str, pd.DataFrame], found: pd.DataFrame, tasks: Sequence[str]
) -> pd.DataFrame:
    """List a study and its variants, one row per task, protocol and variant; pooled networks.

    `scores` are by variant, first the whole study's, named ""; `found` is from
    `variant_differences`. A column holds the published proportion of correct windows, where there
    is one.
    """
    lines, whole = [], {}
    for name, table in scores.items():
        for (task, protocol), part in of_all(table).groupby(["task", "protocol"], sort=False):
            by = part.set_index("metric")["value"]
            less = by[ESTIMAND] - whole.setdefault((task, protocol), by[ESTIMAND])
            line = {
                "task": task,
                "protocol": protocol_name(protocol),
                "variant": name.replace("_", " ") or WHOLE,
                "correct windows": percent(100 * by["window_accuracy"], 1),
                "published": _published(name, task, protocol),
                "balanced, windows": number(by["window_balanced_accuracy"]),
                "balanced accuracy": number(by[ESTIMAND]),
                "less the whole": _less(found, task, protocol, name, less) if name else "-",
            }
            lines.append(((tasks.index(task), order(part).iloc[0], bool(name)), line))
    table = as_table(line for _, line in sorted(lines, key=itemgetter(0)))
    if lines and (table.loc[table["variant"] != WHOLE, "published"] == "-").all():
        return table.drop(columns="published")
    return table


def variant_differences(whole: pd.DataFrame, variants: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Compare the pooled network of each variant with the whole study's, from their predictions.

    Columns ``task``, ``protocol``, ``variant``, ``difference`` of trial balanced accuracy (variant
    less whole), ``low`` and ``high`` (see `compare`), and ``same``: whether the variant gives
    the same answers throughout, so that what it leaves out never came to bear. Without three
    training seeds of both there is no row: a network's score moves with its seed.
    """
    base, answers, rows = counts_by_seed(whole), _answers(whole), []
    for name, predictions in variants.items():
        given = _answers(predictions)
        for key, counts in counts_by_seed(predictions).items():
            protocol, stage, task = key
            if stage != "pooled" or min(len(counts), len(base.get(key, []))) < MIN_SEEDS:
                continue
            found = compare(base[key], counts)
            same = answers[key].equals(given[key])
            rows.append((task, protocol, name, found.value, found.low, found.high, same))
    columns = ["task", "protocol", "variant", "difference", "low", "high", "same"]
    return pd.DataFrame(rows, columns=columns)


def _answers(predictions: pd.DataFrame) -> dict[tuple[str, str, str], pd.Series]:
    """Return probabilities by (protocol, stage, task), in the order of repeat, trial and window."""
    ordered = predictions.set_index(["repeat", "subject", "trial", "window"]).sort_index()
    return dict(list(ordered.groupby(["protocol", "stage", "task"])["probability"]))


def _published(name: str, task: str, protocol: str) -> str:
    """Return the published proportion of correct windows, where the variant has one's name."""
    figures = published()
    figures = figures[(figures["system"] == ABLATIONS) & (figures["protocol"] == protocol)]
    for figure in figures.to_dict("records"):
        variant = figure["variant"].replace(" ", "_").replace("-", "_").lower()
        if task in figure and (name.startswith(variant) if name else variant == "proposed"):
            return percent(figure[task], 1)
    return "-"


def _less(found: pd.DataFrame, task: str, protocol: str, name: str, less: float) -> str:
    """Return the tested difference with its interval, else the difference as it is."""
    rows = found[(found[["task", "protocol", "variant"]] == [task, protocol, name]).all(axis=1)]
    for row in rows.itertuples():
        same = "none: the same answers"
        return same if row.same else difference(row.difference, row.low, row.high)
    return difference(less)


def of_all(scores: pd.DataFrame, stages: Collection[str] = ("pooled",)) -> pd.DataFrame:
    """Keep the scores of all subjects and folds together that may be shown."""
    rows = reportable(scores)
    return rows[rows["fold"].isna() & rows["subject"].isna() & rows["stage"].isin(list(stages))]


def by_task(rows: pd.DataFrame) -> pd.DataFrame:
    """Sort rows by task, and within a task in the order of the method."""
    return rows.assign(order=order(rows)).sort_values(["task", "order"], kind="stable")


def as_table(lines: Iterable[dict[str, object]], index: str = "task") -> pd.DataFrame:
    """Return lines as a table with row headers; no lines give an empty one."""
    table = pd.DataFrame(list(lines))
    return table.set_index(index) if len(table) else table


def named(row: object) -> dict[str, str]:
    """Return task, and protocol with stage, as a page calls them."""
    network = f"{protocol_name(row.protocol)}: {STAGES[row.stage]}"
    return {"task": row.task, "protocol and network": network}


def number(value: float, spec: str = ".2f", unit: str = "") -> str:
    """Write a number; a dash where there is none.

    Examples
    --------
    >>> number(0.456), number(np.nan)
    ('0.46', '-')
    """
    return f"{value:{spec}}{unit}" if np.isfinite(value) else "-"


def percent(value: float, digits: int = 0) -> str:
    """Write per cent."""
    return f"{value:.{digits}f}\N{NO-BREAK SPACE}%"


def difference(value: float, low: float = np.nan, high: float = np.nan) -> str:
    """Write a difference, with its interval if there is one.

    Examples
    --------
    >>> difference(0.1, -0.02, 0.22), difference(-0.001)
    ('+0.10 (-0.02 to +0.22)', '+0.00')
    """
    if not np.isfinite(value):
        return "none: a class is missing"
    interval = f" ({low:+z.2f} to {high:+z.2f})" if np.isfinite([low, high]).all() else ""
    return f"{value:+z.2f}{interval}"
