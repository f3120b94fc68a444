"""The bench that lays electrodes out on the grid, and counts the neighbours it keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import traitlets
from scipy.spatial.distance import pdist, squareform

from emolib.figures import maps
from emolib.figures.benches.bench import Bench, Choice
from emolib.figures.display import Picture, Table
from emolib.grid import (
    DEAP_CHANNELS,
    OLD_NAMES,
    SEED_GRID,
    canonical_name,
    cells,
    layout_in_use,
    standard_electrodes,
)
from emolib.recordings.electrodes import cap_electrodes

HEADSETS = {  # as their makers lay them out
    "epoc": "AF3 F7 F3 FC5 T7 P7 O1 O2 P8 T8 FC6 F4 F8 AF4",
    "openbci": "Fp1 Fp2 C3 C4 P7 P8 O1 O2 F7 F8 F3 F4 T7 T8 P3 P4",
    "muse": "TP9 AF7 AF8 TP10",
}
CHOOSE, MOVE = "Choose electrodes", "Point, and move"


class GridBench(Bench):
    """Electrodes to drag between the cells of the 8 x 9 grid, and their neighbours on the head.

    The attribute `rows` has the layout as `grid` in a study file takes it, a line a row.

    Parameters
    ----------
    channels : sequence of str
        The study's own electrodes, which have a cell on the grid in use.
    **choices
        Where choices start, such as ``montage="muse"``.

    Raises
    ------
    DataError
        If a channel has no cell.
    """

    module = "grid_editor"
    title = "The grid editor"
    question = (
        "Two electrodes are neighbours if no third one is closer to both of them than they are to "
        "each other. Of all pairs of neighbours on the head, how many are neighbours on the grid?"
    )
    guess_of: ClassVar = {"low": 0, "high": 100, "step": 1, "unit": "%", "start": 90}
    tries = (
        (
            "Choose a headset of four electrodes.",
            "68 of 72 cells are empty, so a kernel sees hardly anything but zeros.",
            {"montage": "muse"},
        ),
        (
            "Take SEED's 62 electrodes, and look at the front.",
            "AF3 and AF4 are beside Fp1 and Fp2, so Fp1 and F1 become neighbours on the grid.",
            {"montage": "seed", "row": 1.0, "column": 3.0},
        ),
        (
            "Move Cz away from its cell, and back.",
            "It loses its neighbours on the head. Back in its cell, it has them again.",
            {"montage": "deap", "row": 4.0, "column": 5.0},
        ),
    )
    montage = Choice(
        "study", "Montage", CHOOSE,
        options={
            "study": "of this study", "deap": "DEAP, 32", "seed": "SEED, 62", "epoc": "EPOC, 14",
            "openbci": "OpenBCI, 16", "muse": "Muse, 4", "hydrocel": "HydroCel 128, those named",
        },
    )  # fmt: skip
    row = Choice(4.0, "Row", MOVE, low=1, high=8, step=1)
    column = Choice(5.0, "Column", MOVE, low=1, high=9, step=1)
    rows = traitlets.Unicode().tag(sync=True)

    def __init__(self, channels: Sequence[str] = DEAP_CHANNELS, **choices: object):
        own = [canonical_name(name) for name in channels]
        cells(own)  # which a channel without one fails
        places = standard_electrodes()
        flat = maps.positions(tuple(places)) / maps.HEAD_RADIUS
        head = np.column_stack([flat, 1000 * np.array(list(places.values()))]).round(3)
        seed = [name for row in SEED_GRID for name in row]
        montages = {name: names.split() for name, names in HEADSETS.items()} | {
            "study": own,
            "deap": list(DEAP_CHANNELS),
            "seed": [name for name in seed if name],
            "hydrocel": [name for name, _ in cap_electrodes("GSN-HydroCel-129").values()],
        }
        numbers = {
            "head": dict(zip(places, head.tolist(), strict=True)), "montages": montages,
            "homes": {"seed": seed, "study": [name for row in layout_in_use() for name in row]},
            "old": OLD_NAMES,
        }  # fmt: skip
        self.channels = own
        super().__init__(numbers, **choices)

    def still(self) -> tuple[Picture, Table, str]:
        """Return the study's electrodes on the grid, with lines between neighbours."""
        head = [self.spec["head"][name][2:] for name in self.channels]
        on_head = np.triu(neighbours(head))
        on_grid = np.triu(neighbours(np.stack(cells(self.channels), axis=1)))
        kinds = {"kept": on_head & on_grid, "lost": on_head & ~on_grid}
        kinds["invented"] = on_grid & ~on_head
        pairs = {
            kind: [(self.channels[i], self.channels[j]) for i, j in np.argwhere(found)]
            for kind, found in kinds.items()
        }
        counts = {kind: len(found) for kind, found in pairs.items()}
        figure, ax = plt.subplots(figsize=(5.2, 4.9))
        maps.cells(ax, self.channels)
        maps.links(ax, maps.grid_places(self.channels), pairs)
        told = ", ".join(f"{n} {kind}" for kind, n in counts.items())
        picture = Picture(
            figure,
            alt=f"Lines between neighbours on the grid: {told}.",
            caption="Kept: neighbours on head and grid. Lost: on the head only. Invented: on the "
            "grid only.",
        )
        frame = pd.DataFrame(
            {"pairs": counts.values(), "such as": [" ".join(map("-".join, found[:4])) or "none"
                                                   for found in pairs.values()]},
            pd.Index(list(counts), name="neighbours"),
        )  # fmt: skip
        share = 100 * counts["kept"] / max(1, on_head.sum())
        return picture, Table(frame, caption="Neighbours"), f"{share:.0f} %: {told}."


def neighbours(points: np.ndarray) -> np.ndarray:
    """Tell which points have no third that is closer to both: (point, point) of bool.

    Examples
    --------
    >>> neighbours([[0.0], [1.0], [3.0]]).astype(int).tolist()
    [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    """
    far = squareform(pdist(np.asarray(points, float)))
    third = np.maximum(far[:, None, :], far[None, :, :])
    between = (third < far[:, :, None] * (1 - 1e-9)).any(axis=-1)
    return ~between & ~np.eye(len(far), dtype=bool)
