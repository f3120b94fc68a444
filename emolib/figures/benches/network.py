"""The bench in which a trained network reads a map, and shows what its layers make of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from emolib.errors import DataError
from emolib.figures.benches.bench import Bench, Choice, alike
from emolib.figures.display import BLUE, RED, WIDTH, Picture, Table
from emolib.figures.explorer.words import palettes
from emolib.grid import SHAPE, cells
from emolib.splits.folds import subsample
from emolib.splits.protocols import protocol_name

if TYPE_CHECKING:
    import keras

    from emolib.explain.fold import FoldNetwork
    from emolib.model.settings import ModelSettings

MOST_WEIGHTS = 600_000  # some 1.6 MB of a page, which may have 3
WINDOWS = 40
POINT, SILENCE, PAINT, LOOK = (
    "Choose a window", "Silence a part of the head", "Point, and paint a map", "Look inside",
)  # fmt: skip
NOBODY = {"none": "nothing"}


class NetworkBench(Bench):
    """A trained network that reads windows it was not trained on, in the page itself.

    Kernels are rounded to half precision (float16), in which `weights` has them.

    Parameters
    ----------
    network : FoldNetwork
        MT-CNN for single windows, with the test rows of its fold; see
        `emolib.study.networks.trained_networks`.
    classes : mapping of str to sequence of str, optional
        The names of each task's classes, lowest first.
    **choices
        Where choices start, such as ``window=3``.

    Raises
    ------
    DataError
        If the network reads several windows at once, has too many weights for a page, or its fold
        has no test rows.
    """

    module = "network"
    title = "The network live"
    question = (
        "Set the whole map to zero. The network still makes a prediction. Which probability does "
        "it give to {}?"
    )
    guess_of: ClassVar = {"low": 0, "high": 100, "step": 1, "unit": "%", "start": 50}
    tries = (
        (
            "Silence the back of the head, then the front.",
            "The predictions change by different amounts: electrodes have different weights.",
            {"silent_region": "back", "silent_electrode": "none", "silent_band": "none"},
        ),
        (
            "Compare the gradient with what hiding costs.",
            "The gradient shows where the prediction would change fastest. Hiding shows what it "
            "rests on. The two maps differ.",
            {"explain": "gradient", "silent_region": "none"},
        ),
        (
            "Point at the edge of the head, and read the sum.",
            "Part of the kernel lies on zeros: cells without an electrode, or beyond the edge.",
            {"layer": "conv_1", "row": 1.0, "column": 4.0},
        ),
    )
    window = Choice(1.0, "Window", POINT, low=1, high=WINDOWS, step=1)
    plane = Choice("all", "Plane", POINT, options={"all": "all planes"})
    silent_electrode = Choice("none", "Electrode", SILENCE, options=NOBODY)
    silent_region = Choice(
        "none", "Region", SILENCE, options=NOBODY | alike("front", "back", "left", "right")
    )
    silent_band = Choice("none", "Band", SILENCE, options=NOBODY)
    row = Choice(4.0, "Row", PAINT, low=1, high=SHAPE[0], step=1)
    column = Choice(5.0, "Column", PAINT, low=1, high=SHAPE[1], step=1)
    brush = Choice(2.0, "Value to paint", PAINT, low=-4, high=4, step=0.5)
    layer = Choice("conv_1", "Layer", LOOK, options={})
    unit = Choice(1.0, "Unit", LOOK, low=1, high=64, step=1)
    head = Choice("", "Head to explain", LOOK, options={})
    explain = Choice("occlusion", "Explain by", LOOK, options=alike("occlusion", "gradient"))

    def __init__(
        self,
        network: FoldNetwork,
        classes: Mapping[str, Sequence[str]] | None = None,
        **choices: object,
    ):
        settings = network.settings
        self.check(settings)
        if not len(network.table):
            problem = "has no test rows."
            raise DataError("network", problem, "Give a fold whose subjects have labels.")
        n_weights = sum(np.size(each) for each in network.weights)
        if n_weights > MOST_WEIGHTS:
            problem = f"has {n_weights:,} weights; a page holds {MOST_WEIGHTS:,}."
            raise DataError("network", problem, "Give a narrower one (`model: {width: 0.5}`).")
        self.network = network
        # Kernels have several axes; biases and moments, of one, keep their range.
        self.weights = [
            each.astype(np.float16).astype(np.float32) if each.ndim > 1 else each
            for each in map(np.asarray, network.weights)
        ]
        chosen = subsample(np.arange(len(network.table)), WINDOWS)
        self.maps = np.asarray(network.maps(chosen), np.float32)
        named = {
            task: list((classes or {}).get(task, map(str, range(1, n + 1))))
            for task, n in settings.tasks.items()
        }
        trunk, heads, packed = page_layers(network.network.model, self.weights, settings.tasks)
        rows, columns = cells(network.channels)
        at_electrodes = self.maps[:, rows, columns].transpose(0, 2, 1)  # window, plane, electrode
        layers = [each["name"] for each in trunk if each["kind"] != "norm"] + list(named)
        numbers = {
            "trunk": trunk, "heads": heads, "nMaps": at_electrodes.size, "classes": named,
            "windows": [
                _words(row, named) for row in network.table.iloc[chosen].to_dict("records")
            ],
            "planes": list(network.planes), "colours": palettes(),
            "grid": {"channels": list(network.channels), "rows": rows.tolist(),
                     "columns": columns.tolist(), "shape": self.maps.shape[1:3]},
        }  # fmt: skip
        bands = [plane.split(" ", 1)[1] for plane in network.planes]
        rules = {
            "window": {"high": len(chosen)},
            "plane": {"options": {"all": "all planes"} | alike(*network.planes)},
            "silent_electrode": {"options": NOBODY | alike(*network.channels)},
            "silent_band": {"options": NOBODY | alike(*bands)},
            "row": {"high": self.maps.shape[1]}, "column": {"high": self.maps.shape[2]},
            "layer": {"options": alike(*layers)},
            "unit": {"high": max(each["outputs"] for each in trunk)},
            "head": {"options": alike(*named)},
        }  # fmt: skip
        task, names = next(iter(named.items()))
        which = f"of fold {network.fold + 1}" if network.kind == "trained" else "narrow, of seconds"
        which = f" (The network is {which}, {protocol_name(network.protocol)}.)"
        self.question = self.question.format(f"{task} {names[-1]}") + which
        data = packed + at_electrodes.astype("<f4").tobytes()
        super().__init__(numbers, rules, data, **{"head": task} | choices)

    @staticmethod
    def check(settings: ModelSettings) -> None:
        """Raise a DataError for any network but an MT-CNN of single windows."""
        if (settings.network, settings.windows) != ("mt_cnn", 1):
            problem = f"is {settings.network}, of {settings.windows} windows at once."
            hint = "Give an MT-CNN of single windows (`model: {network: mt_cnn, windows: 1}`)."
            raise DataError("network", problem, hint)

    def probabilities(self, maps: np.ndarray) -> dict[str, np.ndarray]:
        """Return what Keras answers to maps with the page's weights: (row, class) by task."""
        return self.network.network.probabilities(self.weights, maps)

    def still(self) -> tuple[Picture, Table, str]:
        """Return what the heads answer to the first window, and to an empty map."""
        first = self.maps[:1]
        shown = {"first window": first, "empty map": 0 * first}
        given = self.probabilities(np.concatenate(list(shown.values())))
        names = {task: self.spec["classes"][task][-1] for task in given}
        percent = pd.DataFrame(
            {f"{task}, {names[task]}": 100 * given[task][:, -1] for task in given}, list(shown)
        )
        figure, ax = plt.subplots(figsize=(WIDTH, 2.0))
        percent.T.plot.barh(ax=ax, color=[BLUE, RED], width=0.7)
        ax.set(xlim=(0, 100), xlabel="probability (%)")
        told = ", ".join(
            f"{name} {value:.1f} %" for name, value in percent.loc["empty map"].items()
        )
        picture = Picture(
            figure,
            alt=f"Two bars per head. For an empty map the network predicts: {told}.",
            caption=f"The network's predictions for {self.spec['windows'][0]} and a map of zeros",
        )
        percent.index.name = "map"
        table = Table(percent.map("{:.1f}".format), caption="Probability (%)")
        return picture, table, f"To an empty map: {told}."


def page_layers(
    model: keras.Model, weights: Sequence[np.ndarray], tasks: Mapping[str, int]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], bytes]:
    """Return trunk and heads as the page's script reads them, and their numbers in that order.

    Kernels are halves, biases floats of four bytes; batch normalisation is a factor and a shift.
    """
    model.set_weights(list(weights))
    trunk, heads, trunk_bytes, head_bytes = [], [], [], []
    for layer in model.layers:
        kind, own, shape = type(layer).__name__, layer.get_weights(), layer.output.shape
        one = {"name": layer.name, "outputs": shape[-1]}
        if kind == "Conv2D":
            one |= {"kind": "conv", "rows": shape[1], "columns": shape[2], "relu": True}
            one |= {"size": own[0].shape[0], "inputs": own[0].shape[2]}
        elif kind == "Dense":
            one |= {"kind": "conv", "rows": 1, "columns": 1, "size": 1, "inputs": len(own[0])}
            one["relu"] = layer.name not in tasks
        elif kind == "MaxPooling2D":
            high, wide = layer.input.shape[1:3]
            one |= {"kind": "pool", "rows": shape[1], "columns": shape[2]}
            one |= {"high": high, "wide": wide}
        elif kind == "BatchNormalization":
            one["kind"] = "norm"
            gamma, beta, mean, variance = own
            scale = gamma / np.sqrt(variance + layer.epsilon)
            own = [scale, beta - mean * scale]
        elif kind == "Flatten":
            flat = layer.input.shape[2:4]
            continue
        else:
            continue
        if layer.name == "dense":
            one["flat"] = flat  # columns and units of what it reads
        parts = heads if layer.name in tasks else trunk
        parts.append(one)
        held = head_bytes if layer.name in tasks else trunk_bytes
        held += [each.astype("<f2" if each.ndim > 1 else "<f4").tobytes() for each in own]
    return trunk, heads, b"".join(trunk_bytes + head_bytes)


def _words(row: Mapping[str, Any], classes: Mapping[str, Sequence[str]]) -> str:
    """Return whose window it is, and what it was labelled."""
    labels = [f"{task} {names[row[task]]}" for task, names in classes.items() if row[task] >= 0]
    return f"{row['subject']}, trial {row['trial']}, labelled {', '.join(labels) or 'nothing'}"
