"""Looking at a network's parts: its shapes and parameters, what each unit sees, its two modes.

Chapters use it on models that `emolib.model` builds. It trains nothing, and a model's weights are
after each call what they were before.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from emolib.errors import SettingsError
from emolib.model.networks import dropout_generators  # before keras: it chooses the backend

import keras  # isort: skip


def same_padding(size: int) -> tuple[int, int]:
    """Return how many cells 'same' adds before and after a row, for a kernel of `size` cells.

    An odd kernel has a middle, and both are equal. An even one has none, and Keras puts the odd
    cell behind: to the right, and below.

    Returns
    -------
    before, after : int

    Examples
    --------
    >>> same_padding(5), same_padding(4), same_padding(1)
    ((2, 2), (1, 2), (0, 0))
    """
    if size < 1:
        raise SettingsError("size", f"got {size}.", "A kernel has at least one cell.")
    return (size - 1) // 2, size // 2


def convolve(maps: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Convolve maps with kernels in plain NumPy, with 'same' padding and no bias.

    The kernel lies on each cell in turn; what lies below it is multiplied with it and summed,
    over cells and planes. Outside the map are zeros. (Mathematicians call this a
    cross-correlation: the kernel is not turned round.)

    Parameters
    ----------
    maps : array (..., row, column, plane)
        Any unit.
    kernel : array (size, size, plane, filter)
        As Keras' ``Conv2D`` keeps it.

    Returns
    -------
    array (..., row, column, filter)
        In the unit of `maps`.

    Examples
    --------
    How many cells of a 5 x 5 kernel lie on the grid: 9 in a corner, 25 far from all edges.

    >>> inside = convolve(np.ones((8, 9, 1)), np.ones((5, 5, 1, 1)))[..., 0]
    >>> inside[0, 0], inside[3, 4]
    (np.float64(9.0), np.float64(25.0))
    """
    size = len(kernel)
    edge = same_padding(size)
    maps = np.asarray(maps)
    padded = np.pad(maps, [(0, 0)] * (maps.ndim - 3) + [edge, edge, (0, 0)])
    # (..., row, column, plane, row of the kernel, column of the kernel)
    patches = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(-3, -2))
    return np.einsum("...pij,ijpf->...f", patches, kernel)


def layer_table(model: keras.Model) -> pd.DataFrame:
    """List a model's layers: shapes, and parameters counted by hand and by Keras.

    Returns
    -------
    DataFrame
        Index ``layer``; ``output`` (its shape, batch left out), ``by hand`` (the count as a sum
        of products, empty where there is nothing to count), ``counted`` (its value),
        ``parameters`` (Keras' own count) and ``trained`` (those that training changes).

    Examples
    --------
    >>> from emolib.model import build_mt_cnn
    >>> from emolib.model.settings import ModelSettings
    >>> layer_table(build_mt_cnn(ModelSettings())).loc["conv_1", ["output", "by hand"]].tolist()
    ['8 x 9 x 64', '5·5·8·64 + 64']
    """
    rows = {}
    for layer in model.layers:
        factors, added = _factors(layer)
        product = "·".join(map(str, factors))
        rows[layer.name] = {
            "output": " x ".join(str(n) for n in layer.output.shape[1:]),
            "by hand": product + (f" + {added}" if added else ""),
            "counted": (int(np.prod(factors)) if factors else 0) + added,
            "parameters": layer.count_params(),
            "trained": sum(int(np.prod(weight.shape)) for weight in layer.trainable_weights),
        }
    return pd.DataFrame(rows).T.rename_axis("layer").infer_objects()


def outputs(model: keras.Model, layers: Sequence[str], maps: np.ndarray) -> dict[str, np.ndarray]:
    """Return the outputs of layers, at inference.

    Parameters
    ----------
    model : keras.Model
    layers : sequence of str
        Names of layers, of one output each.
    maps : array (n_maps, 8, 9, plane)

    Returns
    -------
    dict of str to array (n_maps, ...)
        By layer.
    """
    part = keras.Model(model.input, {name: model.get_layer(name).output for name in layers})
    return part.predict_on_batch(np.asarray(maps, dtype=np.float32))


def perturbation_response(
    model: keras.Model, layers: Sequence[str], maps: np.ndarray, *, step: float = 1.0
) -> dict[str, np.ndarray]:
    """Compute by how much each output moves when one cell of the grid after another is raised.

    A unit whose output never moves does not see that cell. The reverse needs several maps: a
    ReLU that is shut on one map hides what would be seen on another.

    Parameters
    ----------
    model : keras.Model
        For single windows.
    layers : sequence of str
        Names of layers.
    maps : array (n_maps, 8, 9, plane)
        Where to start from.
    step : float
        What is added to all planes of the cell, in the unit of `maps`.

    Returns
    -------
    dict of str to array (n_maps, 8, 9, ...)
        By layer: its output with the raised cell (row, column), less its output without.

    Examples
    --------
    >>> from emolib.model import build_mt_cnn
    >>> from emolib.model.settings import ModelSettings
    >>> model = build_mt_cnn(ModelSettings(width=1 / 32, planes=1))
    >>> moved = perturbation_response(model, ["conv_1"], np.zeros((1, 8, 9, 1)))["conv_1"]
    >>> np.argwhere(moved[0, 0, 0].any(axis=-1)).max(axis=0)  # how far the corner is seen
    array([2, 2])
    """
    maps = np.asarray(maps, dtype=np.float32)
    n_maps, n_rows, n_columns, _ = maps.shape
    cell = np.eye(n_rows * n_columns, dtype=np.float32) * step
    raised = maps[:, None] + cell.reshape(1, -1, n_rows, n_columns, 1)  # (map, cell, 8, 9, plane)
    # In one batch: compiled once, and rounded alike, so that what does not move is exactly 0.
    together = np.concatenate([maps[:, None], raised], axis=1)
    moved = {}
    for name, values in outputs(model, layers, together.reshape(-1, *maps.shape[1:])).items():
        values = values.reshape(n_maps, -1, *values.shape[1:])
        difference = values[:, 1:] - values[:, :1]
        moved[name] = difference.reshape(n_maps, n_rows, n_columns, *values.shape[2:])
    return moved


def receptive_fields(
    model: keras.Model, layers: Sequence[str], *, n_maps: int = 8, seed: int = 0
) -> dict[str, np.ndarray]:
    """Find the receptive field of each unit: the cells of the grid that can move it.

    Measured on maps of noise by `perturbation_response`, not derived from the layers' settings.

    Parameters
    ----------
    model : keras.Model
        For single windows.
    layers : sequence of str
        Names of layers whose output keeps rows and columns.
    n_maps, seed : int
        How many maps of noise, and their seed.

    Returns
    -------
    dict of str to array of bool (unit row, unit column, row, column)
        By layer.

    Examples
    --------
    >>> from emolib.model import build_mt_cnn
    >>> from emolib.model.settings import ModelSettings
    >>> model = build_mt_cnn(ModelSettings(width=1 / 16, planes=1))
    >>> int(receptive_fields(model, ["conv_1"])["conv_1"][3, 4].sum())
    25
    """
    shape = (n_maps, *model.input.shape[1:])
    noise = np.random.default_rng(seed).normal(size=shape)
    moved = perturbation_response(
        model, layers, noise, step=3.0
    )  # (map, row, column, unit row, ..., filter)
    return {name: values.any(axis=(0, -1)).transpose(2, 3, 0, 1) for name, values in moved.items()}


def training_mode_outputs(
    model: keras.Model, batches: Sequence[np.ndarray], *, seeds: Sequence[int]
) -> dict[str, np.ndarray]:
    """Compute a network's outputs as while it is trained.

    Batch normalisation then uses the mean and variance of the batch at hand, and dropout drops.

    Parameters
    ----------
    model : keras.Model
    batches : sequence of array (batch, 8, 9, plane)
        Of one size, so that the network is compiled once for all.
    seeds : sequence of int
        For each batch: decides what dropout drops.

    Returns
    -------
    dict of str to array (n_batches, batch, n_classes)
        Probabilities by task.
    """
    kept = model.get_weights()  # in this mode batch normalisation updates its running statistics
    training, given = _InTraining(model), []
    for maps, seed in zip(batches, seeds, strict=True):
        for i, generator in enumerate(dropout_generators(model)):
            generator.state.assign(np.array([seed, i], np.uint32))
        given.append(training.predict_on_batch(np.asarray(maps, dtype=np.float32)))
    model.set_weights(kept)
    return {task: np.stack([of[task] for of in given]) for task in given[0]}


class _InTraining(keras.Model):
    """A model that answers in training mode even when it is asked to predict."""

    def __init__(self, model: keras.Model):
        super().__init__()
        self.inner = model
        self.built = True  # as the inner one is; else Keras would answer once, uncompiled

    def call(self, maps: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
        return self.inner(maps, training=True)


def _factors(layer: keras.layers.Layer) -> tuple[list[int], int]:
    """The product, and what is added to it, that make the number of a layer's parameters."""
    if isinstance(layer, keras.layers.Conv2D):
        return [*layer.kernel_size, int(layer.input.shape[-1]), layer.filters], layer.filters
    if isinstance(layer, keras.layers.Dense):
        return [int(layer.input.shape[-1]), layer.units], layer.units
    if isinstance(layer, keras.layers.BatchNormalization):
        return [4, int(layer.output.shape[-1])], 0  # scale, shift, running mean and variance
    if layer.count_params():
        raise SettingsError(
            layer.name,
            f"is a {type(layer).__name__}, whose parameters are not counted here.",
            "Give a model that `emolib.model.build_mt_cnn` built.",
        )
    return [], 0
