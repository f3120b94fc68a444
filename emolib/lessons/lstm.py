"""One step of an LSTM in NumPy, to see what Keras' layer does.

An LSTM reads vectors x_1, x_2, ... in their order. Between them it keeps two vectors of as many
numbers as it has units: the *cell* c, its memory, and the *state* h, what it tells others. A step
computes three gates between 0 and 1 and a proposal between -1 and 1 from the input and the state,
each with weights of its own::

    i = sigmoid(W_i x + U_i h + b_i)     how much of the proposal to write
    f = sigmoid(W_f x + U_f h + b_f)     how much of the memory to keep
    g = tanh   (W_g x + U_g h + b_g)     what to write
    o = sigmoid(W_o x + U_o h + b_o)     how much of the memory to tell

    c <- f c + i g
    h <- o tanh(c)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import expit

from emolib.errors import DataError

GATES = ("input", "forget", "proposal", "output")  # in the order in which Keras stores them


class LstmWeights(NamedTuple):
    """The weights of a layer of u units on inputs of n numbers, as Keras keeps them.

    Attributes
    ----------
    kernel : numpy.ndarray, (n, 4 u)
        W, the four of `GATES` side by side.
    recurrent : numpy.ndarray, (u, 4 u)
        U.
    bias : numpy.ndarray, (4 u,)
        b; Keras starts the forget gate's with 1, so that a fresh cell rather remembers.
    """

    kernel: np.ndarray
    recurrent: np.ndarray
    bias: np.ndarray


class Step(NamedTuple):
    """What one step computes, (u,) each: the three gates and the proposal, memory and state."""

    input: np.ndarray
    forget: np.ndarray
    proposal: np.ndarray
    output: np.ndarray
    cell: np.ndarray
    state: np.ndarray


def lstm_step(x: np.ndarray, state: np.ndarray, cell: np.ndarray, weights: LstmWeights) -> Step:
    """Take one step.

    Parameters
    ----------
    x : numpy.ndarray, (n,)
        The input.
    state, cell : numpy.ndarray, (u,)
        From the step before; zeros before the first.
    weights : LstmWeights

    Returns
    -------
    Step

    Examples
    --------
    Without weights each gate is half open and nothing is proposed, so half of the memory stays:

    >>> nothing = LstmWeights(np.zeros((3, 4)), np.zeros((1, 4)), np.zeros(4))
    >>> step = lstm_step(np.ones(3), np.zeros(1), np.array([0.8]), nothing)
    >>> step.forget.tolist(), step.cell.tolist()
    ([0.5], [0.4])
    """
    sums = x @ weights.kernel + state @ weights.recurrent + weights.bias  # (4 u,)
    i, f, g, o = np.split(sums, 4)
    i, f, g, o = expit(i), expit(f), np.tanh(g), expit(o)
    cell = f * cell + i * g
    return Step(i, f, g, o, cell, o * np.tanh(cell))


def lstm_steps(inputs: np.ndarray, weights: LstmWeights) -> list[Step]:
    """Read a series from an empty memory; the last step's state is what Keras' layer gives.

    Parameters
    ----------
    inputs : numpy.ndarray, (n_steps, n)
    weights : LstmWeights

    Raises
    ------
    DataError
        The inputs do not have as many numbers as the weights are for.
    """
    units = len(weights.recurrent)
    if inputs.shape[-1] != len(weights.kernel):
        raise DataError(
            "inputs",
            f"have {inputs.shape[-1]} numbers, the weights are for {len(weights.kernel)}.",
            "Give the vectors that this layer reads.",
        )
    steps: list[Step] = []
    for x in inputs:
        before = (steps[-1].state, steps[-1].cell) if steps else (np.zeros(units),) * 2
        steps.append(lstm_step(x, *before, weights))
    return steps
