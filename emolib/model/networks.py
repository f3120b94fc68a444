"""The two networks: MT-CNN, and its predecessor 4D-CRNN.

Whatever imports Keras imports this module first: it sets `KERAS_BACKEND` to "jax" unless set, and
the number of threads, see `emolib.model.settings.threads`.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable
from pathlib import Path

from emolib.errors import DataError, SettingsError
from emolib.model.settings import ModelSettings, threads
from emolib.storage import atomic

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("NPROC", threads())
# XLA reports on the error stream each time that it reads a compiled program from its cache.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from keras import layers

ROWS, COLUMNS = 8, 9  # the grid's, see `emolib.grid`


def _keep_compiled_programs() -> None:
    """Let JAX keep what it compiles on disk: 1 s instead of 6 s in every later process.

    The folder is `JAX_COMPILATION_CACHE_DIR` if set, else one in the user's cache.
    """
    import jax  # here, since with another backend it need not be there

    if not os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        jax.config.update("jax_compilation_cache_dir", str(cache / "emolib" / "jax"))
    warnings.filterwarnings("ignore", "Error (reading|writing) persistent compilation cache")
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)


if keras.backend.backend() == "jax":
    _keep_compiled_programs()


def build_mt_cnn(settings: ModelSettings, *, seed: int | None = 0) -> keras.Model:
    """Build the multi-task convolutional network.

    Four convolutions look at the electrodes' neighbourhood, one dense layer embeds the map,
    and a softmax a task reads the embedding. Batch normalisation, then dropout, follows each
    of the five. Several windows go through the same trunk, and their embeddings are averaged.

    Parameters
    ----------
    settings : ModelSettings
        At their defaults the network has 1,347,076 parameters.
    seed : int, optional
        Seed of the initial weights. None leaves them 0, for a model whose shapes are looked at or
        whose weights are loaded: drawing them costs seconds in a process that compiles it first.

    Returns
    -------
    keras.Model
        From brain maps, (batch, 8, 9, planes) or, with several windows, (batch, windows, 8,
        9, planes), to a dictionary of probabilities (batch, n_classes) by task. The layer
        ``embedding`` gives what the heads read.

    Notes
    -----
    Source: Rudakov et al., Multi-Task CNN model for emotion recognition from EEG brain maps,
    BioSMART 2021, Figure 2 and its released code.

    Examples
    --------
    >>> build_mt_cnn(ModelSettings()).count_params()
    1347076
    """
    maps = _input(settings)  # (B, W, 8, 9, planes); without W for single windows
    x = _trunk(maps, settings, seed)  # (B, W, 512)
    x = layers.GlobalAveragePooling1D(name="embedding")(x)  # (B, 512)
    return keras.Model(maps, _heads(x, settings, seed, 5), name="mt_cnn")


def build_crnn(settings: ModelSettings, *, seed: int | None = 0) -> keras.Model:
    """Build 4D-CRNN: the same trunk, then an LSTM over the windows in their order.

    The published network has 4 planes, 6 windows, no batch normalisation, no dropout and one
    task: ``ModelSettings(planes=4, windows=6, batch_norm=False, dropout=0.0,
    tasks={"valence": 2})``. What is switched on here is put in the same places as in MT-CNN.

    Parameters
    ----------
    settings : ModelSettings
    seed : int, optional
        Both as for `build_mt_cnn`.

    Returns
    -------
    keras.Model
        From brain maps to probabilities, as `build_mt_cnn`. The layer ``embedding`` gives
        the LSTM's last state, (batch, 128).

    Notes
    -----
    Source: Shen et al., EEG-based emotion recognition using 4D convolutional recurrent
    neural network, Cognitive Neurodynamics 14:815-828, 2020, Figure 3 and Table 1.

    Examples
    --------
    >>> settings = ModelSettings(planes=4, windows=6, batch_norm=False, dropout=0.0)
    >>> build_crnn(settings).input_shape
    (None, 6, 8, 9, 4)
    """
    maps = _input(settings)  # (B, W, 8, 9, planes)
    x = _trunk(maps, settings, seed)  # (B, W, 512)
    x = layers.LSTM(
        _scaled(128, settings),
        kernel_initializer=drawn(seed, 5),
        recurrent_initializer=drawn(seed, 6, keras.initializers.Orthogonal),
        name="embedding",
    )(x)  # (B, 128)
    return keras.Model(maps, _heads(x, settings, seed, 7), name="crnn")


BUILDERS: dict[str, Callable[..., keras.Model]] = {"mt_cnn": build_mt_cnn, "crnn": build_crnn}


def build(settings: ModelSettings, *, seed: int | None = 0) -> keras.Model:
    """Build the network that the settings name.

    Examples
    --------
    >>> build(ModelSettings(network="crnn", windows=6)).name
    'crnn'
    """
    return BUILDERS[settings.network](settings, seed=seed)


def save_weights(path: str | Path, model: keras.Model) -> None:
    """Save a model's weights, whole or not at all; the same weights give the same bytes.

    Parameters
    ----------
    path : path
        Ends in ``.weights.h5``, as Keras demands.
    model : keras.Model
        As it was built: the optimizer of a compiled one would go into the file too.

    Raises
    ------
    SettingsError
        If the path has another ending.
    """
    path = Path(path)
    if not path.name.endswith(".weights.h5"):
        raise SettingsError(str(path), "is no name for weights.", "End it in '.weights.h5'.")
    model.save_weights(content := _InMemory())
    with atomic(path) as file:
        file.write_bytes(content.getbuffer())


class _InMemory(io.BytesIO):
    """Take weights, under a name that Keras allows: on a full disk its HDF5 ends the process."""

    def __str__(self) -> str:
        return "memory.weights.h5"


def load_weights(path: str | Path, model: keras.Model) -> keras.Model:
    """Load weights that `save_weights` wrote into a model of the same settings; return the model.

    Raises
    ------
    DataError
        The file is missing, damaged, or of a model with other settings.
    """
    if not Path(path).is_file():
        raise DataError(str(path), "there is no such file.", "Train the model first.")
    try:
        with warnings.catch_warnings():
            # Keras only warns of weights that it passes over.
            warnings.simplefilter("error", UserWarning)
            model.load_weights(path)
    except (OSError, ValueError, KeyError, RuntimeError, UserWarning) as error:
        raise DataError(
            str(path),
            f"does not hold this model's weights ({str(error).splitlines()[0]}).",
            "Delete it and train again, or build the model with the settings it was saved with.",
        ) from error
    return model


def dropout_generators(model: keras.Model) -> list[keras.random.SeedGenerator]:
    """Return the seed generators of the dropout layers, which `get_weights` leaves out."""
    return [
        layer.seed_generator
        for layer in model.layers
        if isinstance(layer, keras.layers.Dropout) and layer.rate > 0
    ]


def _input(settings: ModelSettings) -> keras.KerasTensor:
    one = (ROWS, COLUMNS, settings.planes)
    return keras.Input(one if settings.windows == 1 else (settings.windows, *one), name="maps")


def _trunk(maps: keras.KerasTensor, settings: ModelSettings, seed: int | None) -> keras.KerasTensor:
    """Embed every window on its own, with shared weights; B samples of W windows."""
    x = keras.ops.reshape(maps, (-1, ROWS, COLUMNS, settings.planes))  # (B W, 8, 9, planes)
    for block, (filters, size) in enumerate([(64, 5), (128, 4), (256, 4), (64, 1)], start=1):
        x = layers.Conv2D(
            _scaled(filters, settings),
            size,
            padding="same",
            activation="relu",
            kernel_initializer=drawn(seed, block - 1),
            name=f"conv_{block}",
        )(x)  # (B W, 8, 9, 64 | 128 | 256 | 64)
        if block == 4:
            x = layers.MaxPooling2D(2, padding=settings.pooling, name="pool")(x)  # (B W, 4, 5, 64)
        x = _regularise(x, settings, block)
    x = layers.Flatten(name="flat")(x)  # (B W, 1280); 4 columns and 1024 with "valid"
    x = layers.Dense(
        _scaled(512, settings),
        activation="relu",
        kernel_initializer=drawn(seed, 4),
        name="dense",
    )(x)  # (B W, 512)
    x = _regularise(x, settings, 5)
    return keras.ops.reshape(x, (-1, settings.windows, x.shape[-1]))  # (B, W, 512)


def _regularise(x: keras.KerasTensor, settings: ModelSettings, block: int) -> keras.KerasTensor:
    """Add batch normalisation, then dropout: the source's order."""
    if settings.batch_norm:
        x = layers.BatchNormalization(name=f"norm_{block}")(x)
    return layers.Dropout(settings.dropout, name=f"dropout_{block}")(x) if settings.dropout else x


def drawn(
    seed: int | None,
    layer: int,
    initializer: type[keras.Initializer] = keras.initializers.GlorotUniform,
) -> keras.Initializer:
    """Return how a layer's weights begin: drawn with a seed of its own, or 0 without one."""
    return keras.initializers.Zeros() if seed is None else initializer(seed=seed + layer)


def _scaled(units: int, settings: ModelSettings) -> int:
    return max(1, round(units * settings.width))


def _heads(
    embedding: keras.KerasTensor, settings: ModelSettings, seed: int | None, first: int
) -> dict[str, keras.KerasTensor]:
    """Add one softmax per task, by the task's name."""
    return {
        task: layers.Dense(
            n_classes,
            activation="softmax",
            kernel_initializer=drawn(seed, first + i),
            name=task,
        )(embedding)
        for i, (task, n_classes) in enumerate(settings.tasks.items())
    }
