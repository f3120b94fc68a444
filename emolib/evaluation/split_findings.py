"""What an audit of a split found, in numbers and words, and what a score is worth."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from scipy import stats

from emolib.evaluation.bootstrap import bootstrap_weights, percentiles
from emolib.evaluation.split_data import SplitData
from emolib.evaluation.variance import anova_icc, design_effect

LEAKS, NONE_FOUND, CANNOT_TELL = "leaks", "no leak found", "cannot tell"
RESAMPLES = 1000  # of the trials, for an interval


@dataclass(frozen=True)
class SplitFinding:
    """One thing that an audit found: which check, whether it is a leak, and the words."""

    check: str
    leak: bool
    text: str


@dataclass
class Audit:
    """What an audit found; numbers are None where they could not be computed.

    Attributes
    ----------
    verdict : {"leaks", "no leak found", "cannot tell"}
    findings : list of SplitFinding
    not_checked : list of str
        What was not checked, and why.
    notes : list of str
        How it was done.
    numbers : dict of str to float, int or None
        `shared_trials` and the like are counts; every ``score`` is a balanced accuracy of windows,
        a mean over folds. `majority` is the proportion of the majority class.
    """

    verdict: str = CANNOT_TELL
    findings: list[SplitFinding] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    numbers: dict[str, Any] = field(default_factory=dict)

    def tell(self, check: str, leak: bool, text: str) -> None:
        """Add a finding."""
        self.findings.append(SplitFinding(check, leak, text))

    @property
    def words(self) -> str:
        """The verdict as a sentence, which claims no more than was measured."""
        if self.verdict == LEAKS:
            return "The split leaks. " + " ".join(f.text for f in self.findings if f.leak)
        if self.verdict == NONE_FOUND:
            return (
                "The checks that could be made found no leak. This does not show that there is "
                "none: a leak may leave no trace in these data."
            )
        return "What was given is not enough to tell. " + " ".join(self.not_checked)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as one object for JSON: the verdict, the numbers, then the words."""
        plain = {name: _rounded(value) for name, value in self.numbers.items()}
        return (
            {"verdict": self.verdict, "words": self.words}
            | plain
            | {
                "findings": [asdict(each) for each in self.findings],
                "not_checked": self.not_checked,
                "notes": self.notes,
            }
        )

    def __repr__(self) -> str:
        shown = [f"{name}: {_rounded(value)}" for name, value in self.numbers.items()]
        return "\n".join([f"Audit: {self.verdict}", self.words, *shown])


def say_worth(data: SplitData, right: np.ndarray, found: Audit) -> None:
    """Tell what tested windows are worth, the interval, and what could have been found."""
    tested = np.unique(np.concatenate([test for _, test in data.folds]))
    label, chance = data.label[tested], 1 / len(data.classes)
    numbers = found.numbers
    numbers["accuracy"] = float(right[tested].mean())
    if data.trial is None:
        found.not_checked.append(
            "The interval: it needs `trial`, since windows are not independent."
        )
        return
    shape = (int(data.trial.max()) + 1, len(data.classes))
    n, n_right = np.zeros(shape), np.zeros(shape)
    np.add.at(n, (data.trial[tested], label), 1)
    np.add.at(n_right, (data.trial[tested], label), right[tested])
    n, n_right = n[n.sum(axis=1) > 0], n_right[n.sum(axis=1) > 0]
    size = n.sum(axis=1)
    n_effective = size.sum() / design_effect(anova_icc(n_right.sum(axis=1), size), size)
    weights = bootstrap_weights(np.random.default_rng(0), len(n), RESAMPLES)
    total = weights @ n
    shares = np.divide(weights @ n_right, total, out=np.full(total.shape, np.nan), where=total > 0)
    numbers["score_low"], numbers["score_high"] = percentiles(shares.mean(axis=1))
    if not np.isfinite(n_effective):
        n_effective = float(len(n))
    numbers["n_effective"] = float(n_effective)
    numbers["smallest_effect"] = smallest_effect(chance, n_effective)


def smallest_effect(chance: float, n_effective: float) -> float:
    """Return the score that so many independent windows tell from chance in 4 of 5 experiments.

    At a level of .05, one-sided: ``chance + (1.645 + .842) sqrt(chance (1 - chance) / n)``, at
    most 1.

    Examples
    --------
    >>> round(smallest_effect(0.5, 100), 3)
    0.624
    """
    needed = stats.norm.ppf(0.95) + stats.norm.ppf(0.8)
    return float(min(1, chance + needed * np.sqrt(chance * (1 - chance) / n_effective)))


def _rounded(value: Any) -> Any:
    """Return a number for JSON, which has no NaN."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float):
        return round(value, 6) if np.isfinite(value) else None
    return value
