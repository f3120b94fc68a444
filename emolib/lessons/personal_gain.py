"""What other trials of the same person could teach, in a model small enough for formulas.

A trial is p numbers, one for each of p sources, with independent noise of variance 1. Person i's
two classes differ by the vector ``delta_i = w_i d / sqrt(p)``, where w_i has p values drawn from
N(1, spread): on average everybody has the same pattern, but each person has a size and a sign of
its own for each source. Simulated cohorts are made in this way (see `effect_spread`). Whoever
projects a trial on a direction v and cuts in the middle is right with probability
``Phi(v . delta_i / (2 |v|))``. Three ways to find v:

- *pooled*: the mean pattern of all people, (1, ..., 1);
- *alone*: the difference of the class means of n trials of the person, which is delta_i plus
  noise of variance 4 / n a source;
- *combined*: start from the mean pattern and move towards the person's own as far as n trials
  warrant, ``((4 / n) mean + tau**2 own) / (4 / n + tau**2)`` with ``tau = spread d / sqrt(p)``.
  No other estimate has a smaller squared error on average. Fine-tuning aims at this.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from emolib.errors import check_range

SPREAD = 1.6  # of w about a mean of 1: the simulation's, unless a study has another
SOURCES = 32  # the simulated cohort's


@dataclass(frozen=True)
class Accuracies:
    """Mean accuracies over people (0 to 1); both classes are as common.

    Attributes
    ----------
    pooled, alone, combined : float
        See the module's text.
    known : float
        With the person's own pattern known exactly.
    """

    pooled: float
    alone: float
    combined: float
    known: float


def accuracies(
    n_trials: float,
    *,
    separation: float,
    spread: float = SPREAD,
    sources: int = SOURCES,
    n_people: int = 4000,
    seed: int = 0,
) -> Accuracies:
    """Average the accuracies over many drawn people.

    Parameters
    ----------
    n_trials : float
        Labelled trials of the person, half of each class; above 0.
    separation : float
        d, the distance of the classes along the mean pattern in the mean person, in standard
        deviations of a trial's noise.
    spread : float
        Standard deviation of w over people and sources.
    sources : int
        p.
    n_people, seed : int
        Of the draws. The same seed draws the same people for every number of trials.

    Returns
    -------
    Accuracies

    Examples
    --------
    >>> few, many = (accuracies(n, separation=0.5) for n in (8, 800))
    >>> few.alone < few.pooled < few.combined < many.combined < many.known
    True
    """
    check_range("n_trials", n_trials, 1e-9, 1e12)
    check_range("separation", separation, 1e-9, 1e6)
    check_range("sources", sources, 1, 10_000)
    rng = np.random.default_rng(seed)
    mean = np.full(sources, separation / np.sqrt(sources))
    own = mean * rng.normal(1, spread, size=(n_people, sources))
    noise = 4 / n_trials
    seen = own + np.sqrt(noise) * rng.normal(size=own.shape)
    tau2 = (spread * mean[0]) ** 2
    combined = (noise * mean + tau2 * seen) / (noise + tau2)
    directions = {"pooled": mean, "alone": seen, "combined": combined, "known": own}
    return Accuracies(**{name: _right(v, own) for name, v in directions.items()})


def _right(directions: np.ndarray, own: np.ndarray) -> float:
    """How often a projection on each person's direction tells the classes apart, on average."""
    length = np.linalg.norm(np.broadcast_to(directions, own.shape), axis=1)
    return float(ndtr((directions * own).sum(axis=1) / (2 * length)).mean())
