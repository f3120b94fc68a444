"""Baseline removal: a trial's features beside those of the rest before it, or of the trial itself.

Whatever is estimated for each trial and applied to all its windows is shared by them, its error
too: where windows of a trial are on both sides of a split, this error alone can identify the trial.
"""

from __future__ import annotations

import numpy as np

from emolib.errors import DataError

BASELINES = ("subtract", "divide", "zscore", "own_trial", "none", "released")
WITHOUT_REST = ("own_trial", "none")  # these need no rest before a trial


def baseline_mean(values: np.ndarray, baseline: str = "subtract") -> np.ndarray:
    """Average features ``(window, kind, band, channel)`` over a trial's baseline windows.

    With "released" the 4th to 6th window of every band but the first (alpha, beta and gamma) are
    the first band's (theta's), a copy-paste slip of the released scripts.

    Examples
    --------
    >>> values = np.arange(12.0).reshape(6, 1, 2, 1)  # six windows of two bands
    >>> baseline_mean(values).ravel(), baseline_mean(values, "released").ravel()
    (array([5., 6.]), array([5. , 5.5]))
    """
    if baseline == "released":
        values = values.copy()
        values[3:6, :, 1:] = values[3:6, :, :1]
    return values.mean(axis=0)


def remove_baseline(
    values: np.ndarray,
    rest: np.ndarray | None,
    baseline: str = "subtract",
    *,
    where: str = "baseline",
) -> np.ndarray:
    """Remove a resting level from the features of one trial.

    With ``b`` the mean over the baseline windows of the same kind, band and channel, x becomes

    - ``x - b`` ("subtract", "released": with the slip of `baseline_mean`),
    - ``x / b`` ("divide"; of a logarithm such as DE it depends on the signal's unit),
    - ``(x - b) / sd`` ("zscore"), sd the baseline windows' population standard deviation,
    - ``x - m`` ("own_trial"), m the mean over the trial's own windows: the rest is not used, and
      what lasts for the whole trial is removed with it,
    - ``x`` ("none").

    Parameters
    ----------
    values : array, shape (window, kind, band, channel)
    rest : array, shape (baseline window, kind, band, channel), or None
        May be None for "own_trial" and "none".
    baseline : one of `BASELINES`
    where : str
        What an error names: the trial.

    Returns
    -------
    array, shape of `values`
        Not finite where a baseline's mean or standard deviation is 0.

    Raises
    ------
    DataError
        "zscore" with a single baseline window, "own_trial" with a single window in the trial.

    Examples
    --------
    >>> values = np.array([6.0, 9.0]).reshape(2, 1, 1, 1)
    >>> rest = np.array([2.0, 4.0]).reshape(2, 1, 1, 1)
    >>> for baseline in ("subtract", "divide", "zscore", "own_trial"):
    ...     print(baseline, remove_baseline(values, rest, baseline).ravel())
    subtract [3. 6.]
    divide [2. 3.]
    zscore [3. 6.]
    own_trial [-1.5  1.5]
    """
    if baseline == "none":
        return values
    if baseline == "own_trial":
        return values - _several(values, baseline, where).mean(axis=0)
    level = baseline_mean(rest, baseline)
    with np.errstate(divide="ignore", invalid="ignore"):
        if baseline == "divide":
            return values / level
        if baseline == "zscore":
            deviation = _several(rest, baseline, where).std(axis=0)
            # Equal values leave a deviation of rounding errors, not always 0.
            deviation[deviation <= 1e-12 * np.abs(level)] = 0
            return (values - level) / deviation
    return values - level


def _several(values: np.ndarray, baseline: str, where: str) -> np.ndarray:
    """Return features of two windows or more; refuse those of one."""
    if len(values) < 2:
        of = "trial" if baseline == "own_trial" else "baseline"
        problem = f"the {of} has one window; baseline={baseline!r} needs two or more."
        raise DataError(where, problem, "Use shorter windows, or baseline='none'.")
    return values
