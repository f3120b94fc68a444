"""How the losses of several heads pull on the weights that they share.

`emolib.explain.fold` differentiates by brain maps, to explain answers; this module
differentiates by weights, to look at training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np

from emolib.errors import SettingsError
from emolib.model import networks as _backend  # noqa: F401 - before keras: it chooses the backend

import jax  # isort: skip
import keras  # isort: skip

Gradients = dict[str, dict[str, np.ndarray]]


def head_gradients(
    model: keras.Model, maps: np.ndarray, labels: Mapping[str, np.ndarray]
) -> Gradients:
    """Differentiate each task's cross-entropy with respect to the weights of each layer.

    Dropout is off and batch normalisation uses its running statistics: what is compared is the
    loss, not the draw of a batch. No class weights.

    Parameters
    ----------
    model : keras.Model
        Its outputs are probabilities by task.
    maps : array (n_batches, batch, ...)
        Inputs, in batches of one size.
    labels : dict of str to array of int (n_batches, batch)
        By task, none missing.

    Returns
    -------
    dict of str to dict of str to array (n_batches, n_weights)
        By task and layer: the gradient of the batch's mean cross-entropy, in nats per unit of the
        weight; the layer's kernel and bias stand one behind the other.

    Raises
    ------
    SettingsError
        Keras runs on another backend than JAX.

    Examples
    --------
    The gradient of one head's loss with respect to another head's weights is zero:

    >>> from emolib.model import build_mt_cnn
    >>> from emolib.model.settings import ModelSettings
    >>> model = build_mt_cnn(ModelSettings(width=1 / 64, planes=1))
    >>> maps, label = np.ones((1, 4, 8, 9, 1), "float32"), np.array([[0, 1, 1, 1]])
    >>> found = head_gradients(model, maps, {"valence": label, "arousal": label})
    >>> {layer: bool(found["valence"][layer].any()) for layer in ("valence", "arousal")}
    {'valence': True, 'arousal': False}
    """
    if keras.backend.backend() != "jax":
        raise SettingsError(
            "KERAS_BACKEND",
            f"is {keras.backend.backend()!r}; gradients by weights need JAX.",
            "Unset it, or set it to 'jax'.",
        )
    weights = [variable.value for variable in model.trainable_variables]
    fixed = [variable.value for variable in model.non_trainable_variables]
    differentiate = _differentiate(model)
    found = [
        differentiate(weights, fixed, batch, {task: of[i] for task, of in labels.items()})
        for i, batch in enumerate(maps)
    ]
    layers = [variable.path.split("/")[0] for variable in model.trainable_variables]
    return {
        task: {
            name: np.array([_joined(own[task], layers, name) for own in found])
            for name in dict.fromkeys(layers)
        }
        for task in labels
    }


def of_trunk(gradients: Mapping[str, np.ndarray], heads: Sequence[str]) -> np.ndarray:
    """Join the gradients of all layers but the heads, (n_batches, n_weights).

    Examples
    --------
    >>> of_trunk({"dense": np.ones((1, 2)), "valence": np.zeros((1, 5))}, ["valence"])
    array([[1., 1.]])
    """
    return np.concatenate(
        [values for layer, values in gradients.items() if layer not in heads], axis=-1
    )


def cosine(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Compare directions: 1 the same, 0 at right angles, -1 opposite; NaN for a zero vector.

    Parameters
    ----------
    first, second : array (..., n_weights)

    Returns
    -------
    array (...)

    Examples
    --------
    >>> cosine(np.array([1.0, 0.0]), np.array([[2.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]))
    array([ 1.,  0., -1.])
    """
    first, second = np.asarray(first, float), np.asarray(second, float)
    product = (first * second).sum(axis=-1)
    lengths = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    return np.divide(product, lengths, out=np.full_like(product, np.nan), where=lengths > 0)


@lru_cache(maxsize=1)  # compiled once, however often a chapter asks the same model
def _differentiate(model: keras.Model) -> Callable[..., dict[str, list[jax.Array]]]:
    """The gradients of each task's loss, by weights, of one batch."""

    def loss(weights: list, fixed: list, batch: jax.Array, label: jax.Array, task: str):
        given, _ = model.stateless_call(weights, fixed, batch, training=False)
        return keras.ops.mean(keras.losses.sparse_categorical_crossentropy(label, given[task]))

    def by_task(weights: list, fixed: list, batch: jax.Array, labels: dict[str, jax.Array]):
        return {
            task: jax.grad(loss)(weights, fixed, batch, label, task)
            for task, label in labels.items()
        }

    return jax.jit(by_task)


def _joined(parts: Sequence[jax.Array], layers: Sequence[str], name: str) -> np.ndarray:
    """One layer's share of a gradient, its kernel and bias in a row."""
    own = zip(parts, layers, strict=True)
    return np.concatenate([np.ravel(part) for part, layer in own if layer == name])
