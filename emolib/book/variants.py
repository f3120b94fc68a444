"""A study beside its variants, and beside refits on permuted labels: tables for the pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from emolib.evaluation.bootstrap import TrialCounts
from emolib.evaluation.comparison import MIN_SEEDS, compare
from emolib.evaluation.literature import published
from emolib.evaluation.permutation import PermutationTest
from emolib.evaluation.scores import ESTIMAND, count_correct, order, reportable
from emolib.splits.protocols import LEAKING, protocol_name

WHOLE = "the whole"
FEWEST_REFITS = 19  # else no p is small enough to mean anything
ABLATIONS = "MT-CNN ablations"  # the published system that variants are held beside


def counts_by_seed(predictions: pd.DataFrame) -> dict[tuple[str, str, str], list[TrialCounts]]:
    """Count right trials for each training seed, by (protocol, stage, task).

    Parameters
    ----------
    predictions : DataFrame
        With the column ``repeat``, as `emolib.study.stages.predictions` gives them.
    """
    found: dict[tuple[str, str, str], list[TrialCounts]] = {}
    for _, own in predictions.groupby("repeat"):
        for key, counts in count_correct(own).items():
            found.setdefault(key, []).append(counts)
    return found


def differences(whole: pd.DataFrame, variants: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Compare each variant's pooled network with the whole study's, subject by subject.

    Parameters
    ----------
    whole : DataFrame
        The study's predictions.
    variants : mapping of str to DataFrame
        The variants' predictions by name.

    Returns
    -------
    DataFrame
        Columns ``task``, ``protocol``, ``variant``, ``difference`` of trial balanced accuracy
        (variant less whole), ``low`` and ``high`` (two-way bootstrap), and ``same``: whether it
        gives the same answers throughout, so that what it leaves out never came to bear. Without
        three training seeds of both there is no row: a network's score moves with its seed.
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
    """The probabilities by (protocol, stage, task), in the order of training, trial and window."""
    ordered = predictions.set_index(["repeat", "subject", "trial", "window"]).sort_index()
    return dict(list(ordered.groupby(["protocol", "stage", "task"])["probability"]))


def variants_table(
    scores: Mapping[str, pd.DataFrame], found: pd.DataFrame, tasks: Sequence[str]
) -> pd.DataFrame:
    """Lay a study and its variants out for people: a row a task, protocol and variant.

    Parameters
    ----------
    scores : mapping of str to DataFrame
        By variant, as `emolib.evaluation.score` gives them; first the whole study's, named "".
    found : DataFrame
        From `differences`.
    tasks : sequence of str
        The study's tasks.

    Returns
    -------
    DataFrame of str
        Shares of right windows with the published ones beside them where there are some, balanced
        accuracy of windows and of trials, and the latter's difference from the whole.
    """
    lines, whole = [], {}
    for name, table in scores.items():  # the whole comes first
        rows = reportable(table)
        rows = rows[rows["fold"].isna() & rows["subject"].isna() & (rows["stage"] == "pooled")]
        for (task, protocol), part in rows.groupby(["task", "protocol"], sort=False):
            by = part.set_index("metric")["value"]
            of = whole.setdefault((task, protocol), by[ESTIMAND])
            lines.append(
                {
                    "at": (tasks.index(task), order(part).iloc[0], bool(name)),
                    "task": task,
                    "protocol": protocol_name(protocol),
                    "variant": name.replace("_", " ") or WHOLE,
                    "right windows": f"{by['window_accuracy']:.1%}".replace("%", " %"),
                    "published": _published(name, task, protocol),
                    "balanced, windows": f"{by['window_balanced_accuracy']:.2f}",
                    "balanced accuracy": f"{by[ESTIMAND]:.2f}",
                    "less the whole": _difference(found, task, protocol, name, by[ESTIMAND] - of),
                }
            )
    if not lines:
        return pd.DataFrame()
    lines.sort(key=lambda line: line.pop("at"))
    table = pd.DataFrame(lines).set_index("task")
    known = (table["published"] != "-") & (table["variant"] != WHOLE)
    return table if known.any() else table.drop(columns="published")


def permuted_table(scores: pd.DataFrame, permuted: pd.DataFrame) -> pd.DataFrame:
    """Lay scores out beside those of the same pipeline on permuted labels.

    Parameters
    ----------
    scores : DataFrame
        As `emolib.evaluation.score` gives them.
    permuted : DataFrame
        As `emolib.evaluation.permuted_scores` gives them.

    Returns
    -------
    DataFrame of str
        A row a task and protocol. Protocols that leak get no p: their score says that trials
        are recognised, which is no question of chance.
    """
    rows = reportable(scores)
    rows = rows[rows["fold"].isna() & rows["subject"].isna() & (rows["stage"] == "pooled")]
    rows = rows[rows["metric"] == ESTIMAND].set_index(["task", "protocol"])["value"]
    of = permuted[permuted["metric"] == ESTIMAND]
    lines = []
    nulls = dict(list(of.groupby(["task", "protocol"])["value"]))
    for task, protocol in rows.index:
        if (task, protocol) not in nulls:
            continue
        null = nulls[task, protocol]
        test = PermutationTest("joint_stimulus", float(rows[task, protocol]), null.to_numpy())
        lines.append(
            {
                "task": task,
                "protocol": protocol_name(protocol),
                "as labelled": f"{test.value:.2f}",
                "labels permuted": f"{null.mean():.2f}",
                "lowest to highest": f"{null.min():.2f} to {null.max():.2f}",
                "refits": len(null),
                "p": _p(test, protocol),
            }
        )
    return pd.DataFrame(lines).set_index("task") if lines else pd.DataFrame()


def _p(test: PermutationTest, protocol: str) -> str:
    if protocol in LEAKING:
        return "not tested"
    few = len(test.null) < FEWEST_REFITS
    return f"needs {FEWEST_REFITS} refits" if few else f"{test.p:.2f}"


def _published(name: str, task: str, protocol: str) -> str:
    """The published share of right windows, where the variant has one's name."""
    figures = published()
    figures = figures[(figures["system"] == ABLATIONS) & (figures["protocol"] == protocol)]
    for figure in figures.to_dict("records"):
        variant = figure["variant"].replace(" ", "_").replace("-", "_").lower()
        same = name.startswith(variant) if name else variant == "proposed"
        if same and task in figure:
            return f"{figure[task]:.1f} %"
    return "-"


def _difference(found: pd.DataFrame, task: str, protocol: str, name: str, difference: float) -> str:
    """The tested difference with its interval, else the difference as it is."""
    if not name:
        return "-"
    keys = (found["task"] == task) & (found["protocol"] == protocol) & (found["variant"] == name)
    if not keys.any():
        return f"{difference:+.2f}"
    row = found[keys].iloc[0]
    if row["same"]:
        return "none: the same answers"
    return f"{row['difference']:+.2f} ({row['low']:+.2f} to {row['high']:+.2f})"
