"""A study's scores beside the published ones of the same protocol: a table, and what it can say."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from emolib.book.variants import ABLATIONS
from emolib.evaluation.literature import published
from emolib.evaluation.scores import STAGES, reportable
from emolib.splits.protocols import BOTH_SIDES, HELD_OUT, LEAKING, protocol_name

# Papers count windows, so ours are counted too: the metric of ours by the unit of theirs.
METRICS = {"accuracy %": "window_accuracy", "balanced accuracy %": "window_balanced_accuracy"}
OURS = "this study"


def comparable(tasks: Sequence[str]) -> list[str]:
    """List the tasks that the published figures have by the same name.

    Examples
    --------
    >>> comparable(["calm", "valence"])
    ['valence']
    """
    return [task for task in tasks if task in ("valence", "arousal")]


def published_table(scores: pd.DataFrame, tasks: Sequence[str]) -> pd.DataFrame:
    """Lay a study's scores of windows out, those of others under the same protocol below them.

    Ablations are not in it: they stand beside the variants that they are of, see
    `emolib.book.variants.variants_table`.

    Parameters
    ----------
    scores : DataFrame
        As `emolib.evaluation.score` gives them.
    tasks : sequence of str
        The study's tasks.

    Returns
    -------
    DataFrame of str
        A row a protocol and whose score; a column a task of `comparable`, the measure and the
        source. Leaking scores are there only beside honest ones. No rows without such a task.
    """
    names, theirs = comparable(tasks), published()
    theirs = theirs[theirs["system"] != ABLATIONS]
    rows = reportable(scores[scores["task"].isin(names)])
    rows = rows[rows["fold"].isna() & rows["subject"].isna()]
    lines = []
    for protocol in (name for name in HELD_OUT if name in set(rows["protocol"])):
        figures = theirs[theirs["protocol"] == protocol]
        for unit, metric in METRICS.items():
            own = rows[(rows["protocol"] == protocol) & (rows["metric"] == metric)]
            others = figures[figures["unit"] == unit]
            if len(others) or (unit == "accuracy %" and not len(figures)):
                lines += [
                    {
                        "protocol": protocol_name(protocol),
                        "measure": unit.removesuffix(" %"),
                        **line,
                    }
                    for line in [*_ours(own, protocol, unit), *_theirs(others)]
                ]
    if not lines:
        return pd.DataFrame()
    table = pd.DataFrame(lines).set_index("protocol")
    return table[["who", *names, "measure", "source"]].fillna("-")


def published_sentence(dataset: str, tasks: Sequence[str]) -> str:
    """Say what the comparison with the published figures can and cannot tell.

    Parameters
    ----------
    dataset : str
        The study's.
    tasks : sequence of str
        The study's tasks.

    Examples
    --------
    >>> print(published_sentence("eegmat", ["condition"])[58:])
    This study has condition: no figure is held beside its scores.
    """
    if not comparable(tasks):
        return (
            "The published figures are of valence and arousal on DEAP. This study has "
            f"{', '.join(tasks)}: no figure is held beside its scores."
        )
    other = {
        "deap": "They come from the same recordings, but from other folds and trainings",
        "simulated": "They come from other data, the recordings of DEAP's 32 people, and this "
        "study's are of simulated people",
    }
    of = other.get(dataset, "They come from other people, those of DEAP, in another experiment")
    return (
        f"{of}; and of each there is one number, not a score for each person. So they cannot be "
        f"tested against ours. Figures with {BOTH_SIDES} leak on both sides of the comparison: "
        "equal scores there say that the leak is the same, not that the method works."
    )


def _ours(rows: pd.DataFrame, protocol: str, unit: str) -> list[dict[str, object]]:
    """The study's own lines: a stage each, and what a constant answer would make."""
    by_stage = {stage: rows[rows["stage"] == stage].set_index("task") for stage in STAGES}
    lines = [
        {"who": f"{OURS}, {STAGES[stage]}", "source": "this page", **_percent(own["value"])}
        for stage, own in by_stage.items()
        if len(own)
    ]
    if unit == "accuracy %" and protocol not in LEAKING:  # leaking scores are no matter of chance
        constant = rows[rows["stage"] == "pooled"].set_index("task")["chance"]
        name = f"{OURS}, always the commoner class"
        lines.append({"who": name, "source": "this page", **_percent(constant)})
    return lines


def _theirs(figures: pd.DataFrame) -> list[dict[str, object]]:
    """The published lines; what is reported as about so much stays a whole number."""
    return [
        {
            "who": row["system"] + (f" ({row['variant']})" if row["variant"] else ""),
            "source": row["source"],
            **{
                task: f"{row[task]:.{0 if row[task] % 1 == 0 else 1}f} %"
                for task in ("valence", "arousal")
            },
        }
        for row in figures.to_dict("records")
    ]


def _percent(shares: pd.Series) -> dict[str, str]:
    """Shares in per cent, by task; those that there are."""
    return {task: f"{100 * share:.1f} %" for task, share in shares.dropna().items()}
