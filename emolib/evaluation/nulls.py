"""Cohorts in which nothing is to be found, to count how often a test says that there is.

A test that holds its level rejects on one cohort in twenty, and no count of rejections is the
same twice: `rejection_band` says which counts still fit.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from emolib.errors import check_option

ALPHA = 0.05
NULLS = ("independent", "shared", "stimulus_locked")


def null_cohort(
    kind: str,
    rng: np.random.Generator,
    *,
    n_subjects: int = 16,
    n_stimuli: int = 40,
    n_features: int = 20,
    stimulus_effect: float = 0.5,
) -> tuple[np.ndarray, pd.DataFrame]:
    """Make trials whose features say nothing of their labels.

    Parameters
    ----------
    kind : {"independent", "shared", "stimulus_locked"}
        Labels drawn for each trial; labels that mostly follow the stimulus, as ratings do;
        and the same with a response that all subjects share for a stimulus, unrelated to its
        label.
    rng : numpy.random.Generator
    n_subjects, n_stimuli, n_features : int
    stimulus_effect : float
        Size of the shared response, in standard deviations of the noise.

    Returns
    -------
    x : numpy.ndarray, (n_trials, n_features)
    table : pandas.DataFrame, a row a trial
    """
    check_option("kind", kind, NULLS)
    subject, stimulus = np.divmod(np.arange(n_subjects * n_stimuli), n_stimuli)
    labels = rng.integers(0, 2, len(subject))
    x = rng.normal(size=(len(subject), n_features))
    if kind != "independent":
        of_stimulus = rng.permutation(np.arange(n_stimuli) % 2)
        follows = rng.random(len(subject)) < 0.8
        labels = np.where(follows, of_stimulus[stimulus], labels)
    if kind == "stimulus_locked":
        x += stimulus_effect * rng.normal(size=(n_stimuli, n_features))[stimulus]
    names = [f"sub-{s + 1:02d}" for s in subject]
    columns = {"subject": names, "trial": stimulus + 1, "stimulus": stimulus, "window": 0}
    return x, pd.DataFrame(columns | {"valence": labels})


def rejection_band(n: int, *, rate: float = ALPHA, coverage: float = 0.999) -> tuple[int, int]:
    """Say how many of n independent tests reject, if each does so at a rate.

    The central binomial interval: the lowest and the highest count that still fit.

    Parameters
    ----------
    n : int
    rate : float
    coverage : float
        At least this share of counts lies in it. With .999 a sound test is accused once in
        a thousand measurements.

    Examples
    --------
    Of METHOD section 8.6:

    >>> rejection_band(1000)
    (29, 74)
    """
    low, high = stats.binom.interval(coverage, n, rate)
    return int(low), int(high)
