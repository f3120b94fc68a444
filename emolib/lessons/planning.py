"""Before anything is recorded: what guessing reaches with so many trials, and what an order does.

Everything here is computed on trials that hold nothing to be found, one row of features a trial:
more windows of a trial are no more trials.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from emolib.errors import SettingsError, check_range
from emolib.evaluation.linear import ridge_smoother
from emolib.evaluation.permutation import (
    PermutationTest,
    joint_stimulus_test,
    permutation_scores,
    within_subject_test,
)
from emolib.lessons.chance import null_cohort
from emolib.splits.folds import stable_seed
from emolib.splits.protocols import leave_subjects_out, trial_grouped

N_FOLDS = 5  # the source's
ORDERS = ("drawn at random", "one by one", "blocks of five", "two halves")


def chance_by_design(
    designs: Iterable[tuple[int, int]],
    *,
    locked: bool = False,
    n_features: int = 20,
    n_draws: int = 4,
    n_permutations: int = 250,
    seed: int = 0,
) -> pd.DataFrame:
    """Say what ridge reaches by chance, and what it would find, for numbers of people and stimuli.

    One person: trials are held out, and labels are permuted within the person. Several: people are
    held out, and one permutation of the stimuli goes for all of them. Ridge is fitted again for
    each permutation (chapter 9).

    Parameters
    ----------
    designs : iterable of (n_subjects, n_stimuli)
        Everybody gets every stimulus once, so there are as many trials a person. One person, or
        five and more.
    locked : bool
        Whether brains respond to each stimulus in a way that all people share and that has nothing
        to do with its label. It matters to several people only.
    n_features : int
        Of a trial.
    n_draws, n_permutations : int
        Cohorts of noise, and permutations of each.
    seed : int

    Returns
    -------
    DataFrame
        ``n_subjects``, ``n_stimuli``; ``low`` and ``high``, the middle 95 % of the balanced
        accuracies of trials that chance gives; ``detectable``, the score that would be told from
        chance in 4 of 5 such experiments, or NaN where even a perfect one would not.

    Raises
    ------
    SettingsError
        If there are fewer stimuli, or fewer subjects but more than one, than folds.

    Examples
    --------
    >>> few, many = chance_by_design([(1, 10), (1, 100)]).itertuples()
    >>> bool(few.high - few.low > 2 * (many.high - many.low)), bool(many.detectable < 0.7)
    (True, True)

    Of films that leave a mark of their own, people do not make up for films:

    >>> designs = [(5, 20), (20, 20), (5, 80)]
    >>> few, people, films = chance_by_design(designs, locked=True)["detectable"]
    >>> bool(few - films > 2 * abs(few - people))
    True
    """
    rows = []
    for n_subjects, n_stimuli in designs:
        check_range("n_stimuli", n_stimuli, N_FOLDS, 100_000)
        if 1 < n_subjects < N_FOLDS or n_subjects < 1:
            raise SettingsError("n_subjects", f"got {n_subjects}.", f"Give 1, or {N_FOLDS} and up.")
        nulls = []
        split, test, kind = trial_grouped, within_subject_test, "independent"
        if n_subjects > 1:
            split, test = leave_subjects_out, joint_stimulus_test
            kind = "stimulus_locked" if locked else "shared"
        for draw in range(n_draws):
            own = stable_seed("design", seed, n_subjects, n_stimuli, draw)
            size = {"n_subjects": n_subjects, "n_stimuli": n_stimuli, "n_features": n_features}
            x, table = null_cohort(kind, np.random.default_rng(own), **size)
            # Folds that do not depend on the labels serve all permutations of them.
            operator = ridge_smoother(x, table, split(table, n_folds=N_FOLDS, seed=own, tasks=()))
            nulls.append(test(operator, "valence", n_permutations=n_permutations, seed=own).null)
        known = np.concatenate(nulls)
        chance = PermutationTest(kind, float("nan"), known[np.isfinite(known)])
        low, high = chance.null_interval
        detectable = (
            chance.minimum_detectable_score
            if chance.minimum_detectable_score <= 1
            else float("nan")
        )
        row = {"n_subjects": n_subjects, "n_stimuli": n_stimuli, "low": low, "high": high}
        rows.append(row | {"detectable": detectable})
    return pd.DataFrame(rows)


def labels_in_order(order: str, n_trials: int, rng: np.random.Generator) -> np.ndarray:
    """Lay two conditions out over a session, half of the trials each.

    Parameters
    ----------
    order : str
        One of `ORDERS`.
    n_trials : int
        A multiple of ten.
    rng : numpy.random.Generator
        For a random order.

    Returns
    -------
    array of 0 and 1, shape (n_trials,)
        In the order of presentation.

    Raises
    ------
    SettingsError
        If the order is unknown, or the trials cannot be halved into blocks of five.

    Examples
    --------
    >>> labels_in_order("blocks of five", 20, np.random.default_rng(0)).tolist()
    [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1]
    """
    if n_trials < 10 or n_trials % 10:
        raise SettingsError("n_trials", f"got {n_trials}.", "Give a multiple of ten.")
    lengths = {"one by one": 1, "blocks of five": 5, "two halves": n_trials // 2}
    if order == ORDERS[0]:
        return rng.permutation(np.arange(n_trials) % 2)
    if order not in lengths:
        raise SettingsError("order", f"got {order!r}.", f"Choose one of {', '.join(ORDERS)}.")
    return np.arange(n_trials) // lengths[order] % 2


def drift_scores(
    *,
    n_sessions: int = 100,
    n_trials: int = 40,
    n_features: int = 20,
    drift: float = 1.0,
    seed: int = 0,
) -> pd.DataFrame:
    """Score orders of conditions where nothing but time makes trials differ.

    Features drift as a random walk while the electrodes' gel dries and the person tires. The
    conditions do nothing. Ridge is trained on some trials of the session and tested on others,
    trial-grouped, all orders on the same sessions.

    Parameters
    ----------
    n_sessions, n_trials, n_features : int
        Sessions of one person each.
    drift : float
        How far the walk gets by the end (standard deviation), in standard deviations of a trial's
        noise.
    seed : int

    Returns
    -------
    DataFrame
        ``order``, ``session`` and ``value``, the balanced accuracy of trials. Chance is 1/2.

    Examples
    --------
    >>> means = drift_scores(n_sessions=20).groupby("order", sort=False)["value"].mean()
    >>> bool(means["two halves"] > 0.7), bool(abs(means["drawn at random"] - 0.5) < 0.1)
    (True, True)
    """
    rows = []
    number = np.arange(n_trials)
    table = pd.DataFrame({"subject": "sub-01", "trial": number, "stimulus": number, "window": 0})
    # Ten ways to hold trials out, in turn: to draw folds for each session takes half of the time.
    ways = [
        list(trial_grouped(table, n_folds=N_FOLDS, seed=stable_seed("way", seed, way), tasks=()))
        for way in range(10)
    ]
    for session in range(n_sessions):
        rng = np.random.default_rng(stable_seed("session", seed, session))
        walk = np.cumsum(rng.normal(size=(n_trials, n_features)), axis=0) / np.sqrt(n_trials)
        x = rng.normal(size=walk.shape) + drift * walk
        operator = ridge_smoother(x, table, ways[session % len(ways)])
        labels = np.stack([labels_in_order(order, n_trials, rng) for order in ORDERS], axis=1)
        values = permutation_scores(operator, labels)
        rows += [
            {"order": order, "session": session, "value": float(value)}
            for order, value in zip(ORDERS, values, strict=True)
        ]
    return pd.DataFrame(rows)
