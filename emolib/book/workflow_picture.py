"""A picture of a study's workflow: which stage feeds which, how many jobs, how long they took."""

from __future__ import annotations

import html
from collections.abc import Mapping, Set

import pandas as pd

WIDE, HIGH, GAP, BETWEEN = 158, 44, 16, 46  # pixels: a box, the gap below it, between columns


def columns_of(feeds: Mapping[str, Set[str]]) -> dict[str, int]:
    """Number each stage's column: one more than the last of those that it is fed by.

    Parameters
    ----------
    feeds : mapping of str to set of str
        By stage, the stages that it gets its input from. No stage feeds itself, by any way.

    Examples
    --------
    >>> columns_of({"book": {"page", "score"}, "page": {"score"}, "score": set()})
    {'book': 2, 'page': 1, 'score': 0}
    """

    def column(stage: str) -> int:
        return 1 + max((column(before) for before in feeds[stage]), default=-1)

    return {stage: column(stage) for stage in feeds}


def svg(jobs: pd.DataFrame, feeds: Mapping[str, Set[str]]) -> str:
    """Draw stages as boxes from left to right, with an arrow for each that feeds another.

    Parameters
    ----------
    jobs : DataFrame
        Columns ``rule`` and ``seconds``, as `emolib.book.timings.job_table` gives them.
    feeds : mapping of str to set of str
        As for `columns_of`, for every rule of `jobs`.

    Returns
    -------
    str
        An SVG file.
    """
    told = jobs.groupby("rule")["seconds"].agg(["size", "sum"])
    columns = columns_of(feeds)
    by_column = pd.Series(columns).groupby(columns).groups
    tallest = max(len(stages) for stages in by_column.values())
    height, width = tallest * (HIGH + GAP), len(by_column) * (WIDE + BETWEEN) - BETWEEN
    at = {}
    for column, stages in by_column.items():
        top = (height - len(stages) * (HIGH + GAP) + GAP) / 2
        for i, stage in enumerate(stages):
            at[stage] = (column * (WIDE + BETWEEN), top + i * (HIGH + GAP))
    parts = []
    for stage, before in feeds.items():
        for each in sorted(before):
            (x1, y1), (x2, y2) = at[each], at[stage]
            start, end, y1, y2 = x1 + WIDE, x2 - 7, y1 + HIGH / 2, y2 + HIGH / 2
            bend = BETWEEN / 2
            parts.append(
                f'<path d="M{start:g} {y1:g} C{start + bend:g} {y1:g} {end - bend:g} {y2:g} '
                f'{end:g} {y2:g}" fill="none" stroke="#767676" marker-end="url(#arrow)"/>'
            )
    for stage, (x, y) in at.items():
        n, seconds = told.loc[stage]
        lines = (stage.replace("_", " "), f"{n:.0f} job{'s' * (n > 1)}, {seconds:.0f} s")
        parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{WIDE}" height="{HIGH}" rx="6" fill="#ffffff" '
            'stroke="#004488"/>'
        )
        for line, (text, weight) in enumerate(zip(lines, ("600", "400"), strict=True)):
            parts.append(
                f'<text x="{x + WIDE / 2:g}" y="{y + 18 + 17 * line:g}" text-anchor="middle" '
                f'font-weight="{weight}" fill="#222222">{html.escape(text)}</text>'
            )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -4 {width + 8:g} {height + 8:g}" '
        f'width="{width + 8:g}" font-family="sans-serif" font-size="13">'
        '<defs><marker id="arrow" markerWidth="8" markerHeight="8" refX="1" refY="4" '
        'orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#767676"/></marker></defs>'
        f"{''.join(parts)}</svg>\n"
    )
