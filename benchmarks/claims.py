"""How a measurement is printed: tables as they come, and claims that hold or fail."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from scipy import stats

from emolib.evaluation.permutation import ALPHA


@dataclass(frozen=True)
class Claim:
    """A sentence about what was measured, and whether it holds."""

    text: str
    holds: bool

    def __str__(self) -> str:
        return f"{'holds' if self.holds else 'FAILS'}  {self.text}"


def show(title: str, table: pd.DataFrame) -> None:
    """Write a table to the terminal, with no more digits than mean anything."""
    print(f"\n{title}\n{table.to_string(index=False, float_format='{:.3f}'.format)}", flush=True)


def rejections(count: int, n: int) -> dict[str, float]:
    """Return a count of rejections, and the exact 95 % interval of the rate behind it."""
    low, high = stats.binomtest(int(count), n).proportion_ci(0.95, method="exact")
    return {"rejections": int(count), "n": n, "share": count / n, "low": low, "high": high}


def rejection_band(n: int, *, rate: float = ALPHA, coverage: float = 0.999) -> tuple[int, int]:
    """Return the lowest and the highest count of rejections that fit n tests of this rate.

    It is the central binomial interval. With a coverage of .999 a sound test is accused once in
    a thousand measurements.

    Examples
    --------
    >>> rejection_band(1000)
    (29, 74)
    """
    low, high = stats.binom.interval(coverage, n, rate)
    return int(low), int(high)
