"""Fits of several subjects at the same time, each with weights of its own: for a GPU.

One step of training goes through all of them: ``jax.vmap`` over the stateless step of the trainer's
model. What decides a fit is as if it were alone: the order of its rows, dropout, the moments of a
batch, the schedule, the best epoch. Only sums are taken in another order. Weights so differ by
rounding, which many steps of Adam enlarge; `benchmarks/training.py` measures it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from emolib.errors import SettingsError
from emolib.model import networks as _backend  # noqa: F401 - before keras: it chooses the backend
from emolib.model.epochs import Batches
from emolib.model.trainer import Fit, Plan, Trainer, Weights

import jax  # isort: skip
import keras  # isort: skip

State = list[list[Any]]  # arrays of each kind of variable; their first axis counts the fits
Step = Callable[[State, Any, np.ndarray], tuple[dict[str, jax.Array], State]]


class SideBySide:
    """Fit up to `size` copies of a trainer's model at the same time.

    Parameters
    ----------
    trainer : Trainer
    size : int
        The step is compiled once, for so many. Where there are fewer fits, the first stands in for
        those that lack.

    Raises
    ------
    SettingsError
        Keras runs on another library than JAX.
    """

    def __init__(self, trainer: Trainer, size: int):
        if (backend := keras.backend.backend()) != "jax":
            problem = f"needs Keras on JAX, which is on {backend!r}."
            raise SettingsError("training.side_by_side", problem, "Set it to 1.")
        self.trainer, self.model, self.size = trainer, trainer.model, size
        self._train = _side_by_side(self.model.train_step)
        self._test = _side_by_side(self.model.test_step)
        variables = [*self.model.trainable_variables, *self.model.non_trainable_variables]
        places = {id(variable): i for i, variable in enumerate(variables)}
        self._weights = [places[id(variable)] for variable in self.model.weights]  # no seeds

    def fit(self, plans: Sequence[Plan]) -> list[Fit]:
        """Fit as `Trainer.fit` would fit each of these plans, all of as many epochs.

        Raises
        ------
        SettingsError
            A loss is no longer a number.
        """
        state = self._begin(plans)
        copies = [_Copy(plan) for plan in plans]
        for epoch in range(plans[0].epochs):
            going = {i: copy for i, copy in enumerate(copies) if not copy.stop_training}
            if not going:
                break
            for copy in going.values():
                copy.tell("on_epoch_begin", epoch, None)
            state = self._with_learning_rates(state, copies)
            state, logs = self._epoch(self._train, state, {i: plans[i].training for i in going})
            trained, others, optimizer, metrics = state
            held_out = {i: plans[i].validation for i in going}
            _, validated = self._epoch(self._test, [trained, others, _zeros(metrics)], held_out)
            state = [trained, others, optimizer, _zeros(metrics)]
            weights = self._read(state)
            for i, copy in going.items():
                copy.weights = [own[i].copy() for own in weights]
                also = {f"val_{name}": value for name, value in validated[i].items()}
                copy.tell("on_epoch_end", epoch, logs[i] | also)
            state = self._with_restored(state, weights, going)
        for copy in copies:
            copy.tell("on_train_end")
        return [Fit(copy.weights, pd.DataFrame(copy.plan.history.rows)) for copy in copies]

    def _begin(self, plans: Sequence[Plan]) -> State:
        """Stack the variables of the model as each fit begins."""
        self.model.test_on_batch(*plans[0].validation[0])  # Keras makes its metrics here
        states = []
        for plan in plans:
            self.trainer.restart(plan)
            self.model.reset_metrics()
            kinds = (
                self.model.trainable_variables,
                self.model.non_trainable_variables,
                self.model.optimizer.variables,
                self.model.metrics_variables,
            )
            states.append([[keras.ops.convert_to_numpy(v) for v in kind] for kind in kinds])
        states += states[:1] * (self.size - len(states))
        return jax.tree.map(lambda *own: np.stack(own), *states)

    def _epoch(
        self, step: Step, state: State, batches: Mapping[int, Batches]
    ) -> tuple[State, dict[int, dict[str, float]]]:
        """Go once through the batches of each fit; those with fewer wait for the others."""
        told = []
        for k in range(max(map(len, batches.values()))):
            data = {i: own[k] for i, own in batches.items() if k < len(own)}
            some = next(iter(data.values()))
            every = [data.get(i, some) for i in range(self.size)]
            active = np.isin(np.arange(self.size), [*data])
            logs, state = step(state, jax.tree.map(lambda *own: np.stack(own), *every), active)
            told.append(logs)
        last = {i: told[len(own) - 1] for i, own in batches.items()}  # sums over the epoch
        return state, {i: {name: float(v[i]) for name, v in last[i].items()} for i in batches}

    def _read(self, state: State) -> Weights:
        """Return what `keras.Model.get_weights` would, of all fits."""
        variables = [*state[0], *state[1]]
        return [np.array(variables[i]) for i in self._weights]

    def _with_restored(self, state: State, weights: Weights, copies: Mapping[int, _Copy]) -> State:
        """Put the weights back of those fits whose callbacks have set them."""
        restored = {i: copy for i, copy in copies.items() if copy.restored}
        if not restored:
            return state
        for i, copy in restored.items():
            copy.restored = False
            for own, value in zip(weights, copy.weights, strict=True):
                own[i] = value
        variables = [*state[0], *state[1]]
        for i, own in zip(self._weights, weights, strict=True):
            variables[i] = own
        n = len(state[0])
        return [variables[:n], variables[n:], *state[2:]]

    def _with_learning_rates(self, state: State, copies: Sequence[_Copy]) -> State:
        """Set each fit's learning rate, as its callbacks have left it."""
        rates = [copy.optimizer.learning_rate for copy in copies]
        rates += rates[:1] * (self.size - len(rates))
        (at,) = (
            i
            for i, variable in enumerate(self.model.optimizer.variables)
            if variable is self.model.optimizer.learning_rate
        )
        optimizer = [*state[2]]
        optimizer[at] = np.array(rates, np.float32)
        return [*state[:2], optimizer, *state[3:]]


class _Copy:
    """Stand in for the model where callbacks ask for one: the weights and the rate of one fit."""

    def __init__(self, plan: Plan):
        self.plan, self.weights = plan, plan.weights
        self.optimizer = SimpleNamespace(learning_rate=np.float32(plan.learning_rate))
        self.stop_training = self.restored = False
        for callback in plan.callbacks:
            callback.set_model(self)
        self.tell("on_train_begin")

    def tell(self, what: str, *of: Any) -> None:
        for callback in self.plan.callbacks:
            getattr(callback, what)(*of)

    def get_weights(self) -> Weights:
        return self.weights

    def set_weights(self, weights: Weights) -> None:
        self.weights, self.restored = weights, True


def _side_by_side(step: Callable) -> Step:
    """Return a step of all fits at once, that leaves those alone which are not active."""

    def of_all(state: State, data: Any, active: jax.Array) -> tuple[dict, State]:
        logs, new = jax.vmap(step)(tuple(state), data)

        def chosen(own: jax.Array, old: jax.Array) -> jax.Array:
            return jax.numpy.where(active.reshape(-1, *[1] * (own.ndim - 1)), own, old)

        return logs, jax.tree.map(chosen, list(map(list, new)), state)

    return jax.jit(of_all)


def _zeros(arrays: Sequence[Any]) -> list[np.ndarray]:
    return [np.zeros(array.shape, array.dtype) for array in arrays]
