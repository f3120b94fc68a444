"""Benches about networks: an LSTM step by step, and the loss of two heads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from emolib.errors import DataError
from emolib.figures.benches.bench import Bench, Choice, alike
from emolib.figures.display import BLUE, GREY, RED, WIDTH, Picture, Table

MOST_STEPS = 6  # 720 orders
UNITS = 3
FOUR = 4  # gates and proposal: input, forget, proposal, output, as Keras orders them


class TimeBench(Bench):
    """An LSTM that reads a few windows, step by step and in any order.

    Parameters
    ----------
    inputs : array, shape (n_windows, n_features)
        Two to six windows, without unit.
    names : sequence of str
        What the features are called.
    weights : tuple of arrays, optional
        Kernel (n_features, 4 u), recurrent kernel (u, 4 u) and bias (4 u) of u units, as Keras
        keeps them; by default drawn at random, the forget gate's bias 1.
    **choices
        Where choices start.

    Raises
    ------
    DataError
        If the inputs are too many, too few or not finite, or weights do not fit them.
    """

    module = "memory"
    title = "An LSTM, step by step"
    question = (
        "One unit reads the windows in their order, and the chart shows its state. In reverse "
        "order the windows have the same mean. What will the last state of the unit be?"
    )
    guess_of: ClassVar = {"low": -1, "high": 1, "step": 0.05, "unit": "", "start": 0}
    tries = (
        (
            "Shut the forget gate.",
            "The cell holds only the last window, but the state before it still opens the gates.",
            {"forget": -6.0, "order": "reversed"},
        ),
        (
            "Open the forget gate wide.",
            "The cell becomes a sum over windows, so all orders end in similar states.",
            {"forget": 6.0, "order": "reversed"},
        ),
        (
            "Step through the windows, and check the arithmetic below the charts.",
            "Each cell is the sum of what is kept and what is written.",
            {"forget": 0.0, "step": 2.0, "order": "recorded"},
        ),
    )
    step = Choice(1.0, "Step", "Step through the windows", low=1, high=6, step=1)
    unit = Choice(1.0, "Unit", "Step through the windows", low=1, high=3, step=1)
    order = Choice(
        "recorded",
        "Order of the windows",
        "Change the order",
        options={"recorded": "recorded", "reversed": "backwards", "shuffled": "shuffled"},
    )
    forget = Choice(
        0.0, "Added to the forget gate's bias", "Open and shut", low=-6, high=6, step=0.5
    )

    def __init__(
        self,
        inputs: np.ndarray,
        names: Sequence[str] = (),
        weights: Sequence[np.ndarray] | None = None,
        **choices: object,
    ):
        x = np.asarray(inputs, float)
        if x.ndim != 2 or not 2 <= len(x) <= MOST_STEPS or not np.isfinite(x).all():
            problem = f"have the shape {x.shape}; 2 to {MOST_STEPS} windows of numbers are read."
            raise DataError("inputs", problem, "Give rows of features without gaps.")
        if weights is None:
            rng = np.random.default_rng(4)
            kernel = rng.normal(0, 1, (x.shape[1], FOUR * UNITS))
            bias = np.repeat([0.0, 1.0, 0.0, 0.0], UNITS)
            weights = (kernel, rng.normal(0, 0.6, (UNITS, FOUR * UNITS)), bias)
        kernel, recurrent, bias = (np.asarray(each, float).round(6) for each in weights)
        units = len(recurrent)
        shapes = (kernel.shape, recurrent.shape, bias.shape)
        if shapes != ((x.shape[1], FOUR * units), (units, FOUR * units), (FOUR * units,)):
            problem = f"have the shapes {shapes}, and inputs {x.shape}."
            raise DataError("weights", problem, "Give those of a Keras LSTM for these features.")
        named = list(names) or [f"feature {i + 1}" for i in range(x.shape[1])]
        parts = {"kernel": kernel, "recurrent": recurrent, "bias": bias}
        numbers = {"inputs": x.round(4).tolist(), "names": named, "seed": 5}
        numbers["weights"] = {name: part.tolist() for name, part in parts.items()}
        super().__init__(numbers, {"step": {"high": len(x)}, "unit": {"high": units}}, **choices)

    def still(self) -> tuple[Picture, Table, str]:
        """Return the first unit's state in both directions, and what each step computes."""
        inputs = np.array(self.spec["inputs"])
        weights = {name: np.array(part) for name, part in self.spec["weights"].items()}
        there, back = lstm_course(inputs, **weights), lstm_course(inputs[::-1], **weights)
        steps = np.arange(1, len(inputs) + 1)
        figure, ax = plt.subplots(figsize=(WIDTH, 2.6))
        ax.plot(steps, there[:, -1, 0], "o-", color=BLUE, label="as recorded")
        ax.plot(steps, back[:, -1, 0], "s--", color=RED, label="backwards")
        ax.set(xlabel="window read", ylabel="state of unit 1", ylim=(-1.05, 1.05))
        ax.legend()
        ends = f"{there[-1, -1, 0]:.2f} as recorded and at {back[-1, -1, 0]:.2f} backwards"
        picture = Picture(
            figure,
            alt=f"The state of the first unit ends at {ends}.",
            caption="The same windows, read in two orders.",
        )
        columns = ["input gate", "forget gate", "proposal", "output gate", "cell", "state"]
        frame = pd.DataFrame(there[:, :, 0], index=pd.Index(steps, name="step"), columns=columns)
        table = Table(frame.map("{:.3f}".format), caption="The first unit, as recorded")
        return picture, table, f"Unit 1 ends at {ends}."


def lstm_course(
    inputs: np.ndarray, *, kernel: np.ndarray, recurrent: np.ndarray, bias: np.ndarray
) -> np.ndarray:
    """Read rows from an empty memory: (step, 6, unit), gates and proposal, then cell and state.

    Examples
    --------
    Without weights each gate is half open and nothing is proposed:

    >>> nothing = {"kernel": np.zeros((1, 4)), "recurrent": np.zeros((1, 4)), "bias": np.zeros(4)}
    >>> lstm_course(np.ones((1, 1)), **nothing)[0, :, 0].tolist()
    [0.5, 0.5, 0.0, 0.5, 0.0, 0.0]
    """
    cell = state = np.zeros(len(recurrent))
    rows = []
    for x in inputs:
        sums = np.split(x @ kernel + state @ recurrent + bias, FOUR)
        i, f, o = (1 / (1 + np.exp(-sums[gate])) for gate in (0, 1, 3))
        g = np.tanh(sums[2])
        cell = f * cell + i * g
        state = o * np.tanh(cell)
        rows.append([i, f, g, o, cell, state])
    return np.array(rows)


class LossBench(Bench):
    """The loss of two heads, and which way it pulls on what they share.

    Parameters
    ----------
    **choices
        Where choices start, such as ``share=60``, the per cent of trials that are high.
    """

    module = "loss"
    title = "The loss of two heads"
    question = (
        "The features carry no information, so every trial gets the same probability of high. "
        "Look at the proportion of high trials that is set below. Which probability makes the "
        "expected cross-entropy smallest?"
    )
    guess_of: ClassVar = {"low": 0, "high": 100, "step": 1, "unit": "%", "start": 100}
    tries = (
        (
            "Balance the classes.",
            "The best single prediction moves to 50 %, whatever the proportion of high trials.",
            {"classes": "balanced"},
        ),
        (
            "Let the heads pull in opposite directions.",
            "The two steps cancel, because what helps one head harms the other.",
            {"angle": 180.0, "valence_margin": 0.0, "arousal_margin": 0.0, "task": 0.5},
        ),
        (
            "Make valence confidently wrong.",
            "Its loss grows in proportion to the margin, and its step approaches full length.",
            {"valence_margin": -4.0, "valence_class": "high"},
        ),
    )
    valence_margin = Choice(1.0, "Valence", "Move the predictions", low=-4, high=4, step=0.1)
    arousal_margin = Choice(-0.5, "Arousal", "Move the predictions", low=-4, high=4, step=0.1)
    valence_class = Choice(
        "high", "Valence was", "Move the predictions", options=alike("low", "high")
    )
    arousal_class = Choice(
        "high", "Arousal was", "Move the predictions", options=alike("low", "high")
    )
    share = Choice(70.0, "High trials", "Weigh the classes", low=5, high=95, step=5, unit="%")
    classes = Choice(
        "none", "Class weights", "Weigh the classes", options=alike("none", "balanced")
    )
    task = Choice(0.5, "Weight of valence", "Weigh the heads", low=0, high=1, step=0.05)
    angle = Choice(
        60.0, "Angle between the heads' weights", "Weigh the heads", low=0, high=180, step=5,
        unit="°",
    )  # fmt: skip

    def still(self) -> tuple[Picture, Table, str]:
        """Return the expected loss of one answer for all trials, with and without weights."""
        p, share = np.linspace(0.01, 0.99, 99), self.share / 100
        plain = -(share * np.log(p) + (1 - share) * np.log(1 - p))
        even = -0.5 * (np.log(p) + np.log(1 - p))
        figure, ax = plt.subplots(figsize=(WIDTH, 2.6))
        ax.plot(100 * p, plain, "-", color=BLUE, label="no class weights")
        ax.plot(100 * p, even, "--", color=GREY, label="balanced")
        ax.set(xlabel="probability of high (%)", ylabel="expected loss (nats)", ylim=(0, 3))
        ax.legend()
        picture = Picture(
            figure,
            alt=f"Without class weights the loss is least at {self.share:g} %, balanced at 50 %.",
            caption=f"{self.share:g} % of the trials are high; all get the same answer.",
        )
        rows = [10, 30, 50, 70, 90]
        columns = {"no class weights": plain, "balanced": even}
        index = pd.Index(rows, name="probability of high (%)")
        frame = pd.DataFrame({k: v[np.array(rows) - 1] for k, v in columns.items()}, index)
        table = Table(frame.map("{:.3f}".format), caption="Expected loss (nats)")
        return picture, table, f"{self.share:g} %; with balanced class weights 50 %."
