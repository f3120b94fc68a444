"""EEGNet, a small published network on raw signals: a reference model beside the brain maps."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from emolib.errors import SettingsError
from emolib.model import networks  # before keras: it chooses the backend

import keras  # isort: skip
from keras import layers

SFREQ = 128.0  # Hz, of the signals that the published sizes are meant for
F1, D = 8, 2  # filters in time, and in space for each of them: EEGNet-8,2
F2 = F1 * D  # filters of the separable convolution
LONG, SHORT = 64, 16  # samples of the kernels: half a second, and the same after pooling by 4
POOLS = (4, 8)
ACROSS_SUBJECTS, WITHIN_SUBJECTS = 0.25, 0.5  # dropout


def build_eegnet(
    n_channels: int,
    n_samples: int,
    tasks: Mapping[str, int],
    *,
    seed: int | None = 0,
    dropout: float = WITHIN_SUBJECTS,
) -> keras.Model:
    """Build EEGNet-8,2: filters in time, spatial filters for each, then a separable convolution.

    Parameters
    ----------
    n_channels, n_samples : int
        Of a window, at 128 Hz; 32 samples at least.
    tasks : dict of str to int
        Number of classes of each head, by its name. The published network has one head.
    seed : int, optional
        Of the initial weights. None leaves them 0, as `emolib.model.build`.
    dropout : float
        As published 0.5 within subjects, 0.25 across them.

    Returns
    -------
    keras.Model
        From signals (batch, channel, sample), of standard deviation about 1, to a dictionary of
        probabilities (batch, n_classes) by task.

    Raises
    ------
    SettingsError
        If a window is too short to be pooled.

    Notes
    -----
    Source: Lawhern et al., EEGNet: a compact convolutional neural network for EEG-based
    brain-computer interfaces, Journal of Neural Engineering 15:056013, 2018, Table 2.

    Examples
    --------
    >>> model = build_eegnet(64, 128, {"target": 2})
    >>> sum(int(keras.ops.size(weight)) for weight in model.trainable_weights)
    2258
    """
    shortest = POOLS[0] * POOLS[1]
    if n_samples < shortest:
        problem = f"has {n_samples} samples at {SFREQ:g} Hz; EEGNet needs {shortest}."
        raise SettingsError("window", problem, "Use longer windows, or leave EEGNet out.")
    draw = itertools.count()

    def drawn() -> keras.Initializer:
        return networks.drawn(seed, next(draw))

    def pooled(x: keras.KerasTensor, block: int) -> keras.KerasTensor:
        """Normalise, cut off, average over time, drop out: what ends both blocks."""
        x = layers.BatchNormalization(name=f"norm_{block + 1}")(x)
        x = layers.Activation("elu", name=f"elu_{block}")(x)
        x = layers.AveragePooling2D((1, POOLS[block - 1]), name=f"pool_{block}")(x)
        return layers.Dropout(dropout, name=f"dropout_{block}")(x)

    signals = keras.Input((n_channels, n_samples), name="signals")
    x = layers.Reshape((n_channels, n_samples, 1), name="plane")(signals)  # (B, C, T, 1)
    x = layers.Conv2D(
        F1, (1, LONG), padding="same", use_bias=False, kernel_initializer=drawn(), name="in_time"
    )(x)  # (B, C, T, 8)
    x = layers.BatchNormalization(name="norm_1")(x)
    # What is published as a depthwise convolution over all channels: a sum over them, which this
    # layer computes some fifteen times as fast on a processor.
    x = layers.EinsumDense(
        "bctf,cfd->btfd",
        (n_samples, F1, D),
        kernel_initializer=drawn(),
        kernel_constraint=keras.constraints.MaxNorm(1.0, axis=0),
        name="in_space",
    )(x)  # (B, T, 8, 2)
    x = layers.Reshape((1, n_samples, F1 * D), name="row")(x)  # (B, 1, T, 16)
    x = pooled(x, 1)  # (B, 1, T / 4, 16)
    x = layers.SeparableConv2D(
        F2,
        (1, SHORT),
        padding="same",
        use_bias=False,
        depthwise_initializer=drawn(),
        pointwise_initializer=drawn(),
        name="separable",
    )(x)
    x = pooled(x, 2)  # (B, 1, T / 32, 16)
    x = layers.Flatten(name="embedding")(x)
    heads = {
        task: layers.Dense(
            n_classes,
            activation="softmax",
            kernel_initializer=drawn(),
            kernel_constraint=keras.constraints.MaxNorm(0.25, axis=0),
            name=task,
        )(x)
        for task, n_classes in tasks.items()
    }
    return keras.Model(signals, heads, name="eegnet")
