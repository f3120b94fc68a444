"""What a check says of a reader's answer to an exercise: right, or what is off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from IPython.display import Markdown

from emolib.figures.display import say


def check(
    yours: Any,
    expected: Any,
    *,
    rtol: float = 0.01,
    atol: float = 0.0,
    slips: Mapping[str, Any] | None = None,
) -> Markdown:
    """Compare a reader's numbers with the expected ones, without giving those away.

    Parameters
    ----------
    yours, expected : number, array, Series, or mapping of names to numbers
        Numbers with names are compared by name, others by place. ``...`` and None are gaps.
    rtol, atol : float
        How far they may be apart, as in `numpy.isclose`.
    slips : mapping of str to such numbers, optional
        A sentence for each mistake that is easily made, and what it gives.

    Examples
    --------
    >>> check({"theta": 0.5}, {"theta": 0.25}).data
    '**Not yet.** theta: your value is 2 times the expected one.'
    """
    own, right = _numbers(yours), _numbers(expected)
    problem = _gap(own, right)
    if not problem:
        own = own[right.index]
        close = np.isclose(own, right, rtol=rtol, atol=atol)
        if close.all():
            return say("**Right.**")
        problem = _how_far(own[~close], right[~close], len(right))
        for sentence, wrong in (slips or {}).items():
            if np.allclose(own, _numbers(wrong)[right.index], rtol=rtol, atol=atol):
                problem = sentence
    return say("**Not yet.**", problem)


def _numbers(values: Any) -> pd.Series:
    """Return numbers with their names or places; what is no number is NaN."""
    if not isinstance(values, (Mapping, pd.Series)):
        values = np.ravel(np.asarray(values, dtype=object))
    return pd.to_numeric(pd.Series(values, dtype=object), errors="coerce").astype(float)


def _gap(own: pd.Series, right: pd.Series) -> str:
    """Say which values are missing, if any are."""
    gaps = own.index[own.isna()]
    if len(gaps):
        names = "" if isinstance(gaps[0], int) else f" for {', '.join(gaps)}"
        return f"Nothing is filled in{names}."
    missing = [name for name in right.index if name not in own.index]
    if missing and all(isinstance(name, str) for name in missing):
        return f"There is no value for {', '.join(missing)}."
    return f"There are {len(own)} values, not {len(right)}." if len(own) != len(right) else ""


def _how_far(own: pd.Series, right: pd.Series, n_values: int) -> str:
    """Say by how much the values that are off are off: each of a few, or how many of many."""
    if len(own) > 4 or (n_values > 1 and not isinstance(own.index[0], str)):
        return f"{len(own)} of {n_values} values are off."
    parts = []
    for name, value in own.items():
        who = f"{name}: your value" if isinstance(name, str) else "Your value"
        if value * right[name] > 0:
            parts.append(f"{who} is {value / right[name]:.3g} times the expected one.")
        else:
            side = "high" if value > right[name] else "low"
            parts.append(f"{who} is too {side} by {abs(value - right[name]):.3g}.")
    return " ".join(parts)
