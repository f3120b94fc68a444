"""What guessing reaches on one subject's trials, and a score beside it.

One subject has few trials: the range is wide, and most scores of one person lie in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from emolib.evaluation.bootstrap import TrialCounts, percentiles
from emolib.evaluation.permutation import minimum_detectable_score
from emolib.evaluation.scores import ESTIMAND


def chance_scores(
    counts: TrialCounts, subject: str, *, draws: int = 4000, seed: int = 0
) -> np.ndarray:
    """Guess each of a subject's trials, many times, and score that.

    Each trial is guessed with the probability one over the number of classes; balanced accuracy
    is computed within each fold and averaged, as `emolib.evaluation.score` does.

    Parameters
    ----------
    counts : TrialCounts
        Of one protocol, stage and task.
    subject : str
        Whose trials.
    draws : int
        How often all trials are guessed.
    seed : int
        Of the chance_scores.

    Returns
    -------
    array, shape (draws,)
        Balanced accuracies; NaN where every fold lacks a class.

    Examples
    --------
    >>> counts = TrialCounts(subject=np.full(40, "sub-01"), stimulus=np.arange(40),
    ...     trial=np.arange(40), fold=np.zeros(40), label=np.repeat([0, 1], 20),
    ...     n_correct={"trial": np.ones(40)}, n={"trial": np.ones(40)}, n_classes=2)
    >>> low, high = percentiles(chance_scores(counts, "sub-01"))
    >>> round(low, 2), round(high, 2)
    (0.35, 0.65)
    """
    own = counts.subject == subject
    label, fold = counts.label[own], counts.fold[own]
    right = np.random.default_rng(seed).random((draws, len(label))) < 1 / counts.n_classes
    by_fold = []
    for each in np.unique(fold):
        classes = [(fold == each) & (label == c) for c in range(counts.n_classes)]
        if all(members.any() for members in classes):
            by_fold.append(np.mean([right[:, m].mean(axis=1) for m in classes], axis=0))
    return np.mean(by_fold, axis=0) if by_fold else np.full(draws, np.nan)


@dataclass(frozen=True)
class ChanceComparison:
    """A subject's balanced accuracy beside the range that guessing covers.

    Attributes
    ----------
    value, low, high : float
        The score, and the middle 95 of 100 chance_scores; NaN where every fold lacks a class.
    minimum_detectable_score : float
        See `emolib.evaluation.permutation.minimum_detectable_score`.

    Examples
    --------
    >>> print(ChanceComparison(0.60, 0.35, 0.65, 0.7).words)
    Balanced accuracy is 0.60; guessing gives 0.35 to 0.65. A difference from guessing was not \
detected; with these trials one below 0.70 would often be missed.
    """

    value: float
    low: float
    high: float
    minimum_detectable_score: float

    @property
    def above(self) -> bool:
        """Whether the score lies above the range."""
        return self.value > self.high

    @property
    def words(self) -> str:
        """What may be said of it."""
        value, low, high = self.value, self.low, self.high
        if not np.isfinite([value, low, high]).all():
            return "No fold held all classes, so there is no balanced accuracy."
        text = f"Balanced accuracy is {value:.2f}; guessing gives {low:.2f} to {high:.2f}. "
        if low <= value <= high:
            missed = (
                f"one below {self.minimum_detectable_score:.2f}"
                if self.minimum_detectable_score < 1
                else "any"
            )
            return text + (
                f"A difference from guessing was not detected; with these trials {missed} would "
                "often be missed."
            )
        side = "above" if self.above else "below"
        return text + (
            f"The score lies {side} that range; among many scores some do by chance, and no test "
            "was made here."
        )


def compare_to_chance(
    counts: TrialCounts, scores: pd.DataFrame, subject: str, *, protocol: str, task: str
) -> ChanceComparison:
    """Hold a subject's score of the pooled network against guessing.

    Parameters
    ----------
    counts : TrialCounts
        Of the pooled network, this protocol and task, with the subject's trials.
    scores : DataFrame
        As `emolib.evaluation.score` gives them.
    subject, protocol, task : str
    """
    value = own_scores(scores, subject, protocol, task).loc[ESTIMAND, "value"]
    null = chance_scores(counts, subject)
    return ChanceComparison(float(value), *percentiles(null), minimum_detectable_score(null))


def own_scores(scores: pd.DataFrame, subject: str, protocol: str, task: str) -> pd.DataFrame:
    """A subject's scores of the pooled network under a protocol, by metric."""
    of = (scores["protocol"] == protocol) & (scores["stage"] == "pooled")
    own = (scores["task"] == task) & (scores["subject"] == subject)
    return scores[of & own].set_index("metric")
