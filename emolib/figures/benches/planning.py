"""The bench about planning: people, trials, effect, and what guessing reaches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import optimize, stats

from emolib.figures.benches.bench import Bench, Choice
from emolib.figures.display import BLUE, RED, WIDTH, Picture, Table
from emolib.splits.protocols import protocol_name

POWER, SIGNIFICANT = 0.8, 0.05
CLAIMS = {
    "trial_grouped": "It would speak for these people and new trials.",
    "stimulus_grouped": "It would speak for these people and new films.",
    "leave_subjects_out": "It would speak for new people who watch these films.",
}


class PlanningBench(Bench):
    """What guessing reaches, and what would be found, by people, trials and effect.

    Answers are independent but for what people share in their answers to a film. A classifier that
    is trained on the other trials of the same people scatters a little more.

    Parameters
    ----------
    tasks : sequence of str
        Names of ratings, for the study file.
    **choices
        Where choices start, such as ``people=20``.
    """

    module = "planning"
    title = "Planning an experiment"
    question = (
        "One person rates 40 films, and a classifier predicts at random. Which accuracy does it "
        "exceed in only 2.5 of 100 such experiments?"
    )
    guess_of: ClassVar = {"low": 50, "high": 100, "step": 1, "unit": "%", "start": 55}
    tries = (
        (
            "Ask 20 people instead of one.",
            "The range of chance narrows, and an accuracy of 55 % can be found.",
            {"people": 20.0, "shared": 0.0, "effect": 55.0},
        ),
        (
            "Let people respond alike to each film.",
            "20 people then tell you little more than a few, because there are too few films.",
            {"people": 20.0, "shared": 0.2, "effect": 55.0},
        ),
        (
            "Take one person, and look for 60 %.",
            "It would be missed more often than found, even with 60 trials.",
            {"people": 1.0, "trials": 60.0, "effect": 60.0},
        ),
    )
    people = Choice(1.0, "People", "Plan people and trials", low=1, high=60, step=1, unit="")
    trials = Choice(
        40.0, "Trials of a person", "Plan people and trials", low=10, high=130, step=2, unit=""
    )
    effect = Choice(
        60.0, "True accuracy", "Suppose an effect", low=50, high=90, step=1, unit="%"
    )  # fmt: skip
    shared = Choice(
        0.0,
        "Correlation of people's answers to a film",
        "Suppose an effect",
        low=0,
        high=0.5,
        step=0.01,
        unit="",
    )
    protocol = Choice(
        "trial_grouped",
        "Held out",
        "Choose what is held out",
        options={name: protocol_name(name) for name in CLAIMS},
    )

    def __init__(self, tasks: Sequence[str] = ("valence", "arousal"), **choices: object):
        super().__init__({"tasks": list(tasks), "claims": CLAIMS}, **choices)

    def still(self) -> tuple[Picture, Table, str]:
        """Return chance and the least accuracy found, by trials of one person."""
        trials = np.arange(10, 131, 10)
        found = pd.DataFrame([100 * np.array(chance_of(n)) for n in trials], columns=Chance._fields)
        figure, ax = plt.subplots(figsize=(WIDTH, 2.6))
        ax.fill_between(trials, found["low"], found["high"], color=BLUE, alpha=0.2)
        ax.plot(trials, found["detectable"], "-", color=RED, label="found in 4 of 5 experiments")
        ax.set(xlabel="trials of one person", ylabel="accuracy (%)")
        ax.legend()
        of_40 = chance_of(40)
        picture = Picture(
            figure,
            alt=f"With 40 trials guessing reaches {of_40.low:.0%} to {of_40.high:.0%}, and "
            f"{of_40.detectable:.0%} would be found.",
            caption="Shaded: the middle 95 % of guessing. Line: the least accuracy that is found.",
        )
        frame = found.map("{:.1f}".format).set_index(pd.Index(trials, name="trials"))
        frame.columns = ["guessing, from (%)", "to (%)", "found in 4 of 5 (%)"]
        table = Table(frame, caption="One person, by the number of trials")
        return picture, table, f"From {100 * of_40.low:.0f} to {100 * of_40.high:.0f} %."


class Chance(NamedTuple):
    """What guessing reaches, and the least accuracy that would be found: shares."""

    low: float
    high: float
    detectable: float


def chance_of(n: int) -> Chance:
    """Compute what guessing reaches with n independent answers, half of either class.

    Each answer is right with the probability 1/2, so that the number of right ones is binomial,
    and so is balanced accuracy times n. An accuracy is found if guessing reaches as much in 5 of
    100 experiments at most.

    Returns
    -------
    Chance
        `detectable` is found in 4 of 5 experiments; NaN where even a perfect score is not told
        from guessing.

    Examples
    --------
    >>> found = chance_of(40)
    >>> found.low, found.high, round(found.detectable, 3)
    (0.35, 0.65, 0.698)
    """
    low, high = stats.binom.ppf([0.025, 0.975], n, 0.5) / n
    critical = stats.binom.ppf(1 - SIGNIFICANT, n, 0.5) + 1
    if critical > n:
        return Chance(float(low), float(high), float("nan"))
    missing = lambda p: stats.binom.sf(critical - 1, n, p) - POWER  # noqa: E731
    return Chance(float(low), float(high), float(optimize.brentq(missing, 0.5, 1, xtol=1e-12)))
