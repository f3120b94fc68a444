"""Where the simulated EEG comes from: the sources' table, and how each reaches the electrodes.

A source is a small patch of cortex whose neurons fire in step. From a distance it is a current
dipole; the pattern of potentials that it leaves on the scalp is its *topography*. A skull of low
conductivity makes topographies broad, so that an electrode sees all sources and a source is
seen by all electrodes. The head is MNE's sphere model (three shells: brain, skull, scalp).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from emolib.grid import DEAP_CHANNELS


class Rhythm(NamedTuple):
    """One oscillating source: a dipole below `electrode`.

    `amplitude` is its RMS in microvolts at the electrode that sees it best; `kV` and `kA` are
    the change of its log-power per unit of felt valence and arousal (`effect` multiplies both).
    """

    band: str
    electrode: str
    amplitude: float
    kV: float = 0.0
    kA: float = 0.0


# Frontal alpha asymmetry carries valence, posterior alpha falls with arousal, temporal beta and
# gamma rise with it. The sizes are chosen, not estimated: no figure here is one of DEAP's.
RHYTHMS = (
    Rhythm("theta", "Fz", 2.2, kV=+0.17),
    Rhythm("theta", "Cz", 1.6),
    Rhythm("theta", "Pz", 1.2),
    Rhythm("theta", "T7", 1.0),
    Rhythm("theta", "T8", 1.0),
    Rhythm("alpha", "O1", 3.4, kA=-0.31),
    Rhythm("alpha", "O2", 3.4, kA=-0.31),
    Rhythm("alpha", "Oz", 3.0, kA=-0.31),
    Rhythm("alpha", "PO3", 3.0, kA=-0.31),
    Rhythm("alpha", "PO4", 3.0, kA=-0.31),
    Rhythm("alpha", "P3", 2.2, kA=-0.255),
    Rhythm("alpha", "P4", 2.2, kA=-0.255),
    Rhythm("alpha", "C3", 1.6),  # the mu rhythm of the hands
    Rhythm("alpha", "C4", 1.6),
    Rhythm("alpha", "F3", 1.8, kV=-0.34),
    Rhythm("alpha", "F4", 1.8, kV=+0.34),
    Rhythm("alpha", "AF3", 1.3, kV=-0.34),
    Rhythm("alpha", "AF4", 1.3, kV=+0.34),
    Rhythm("beta", "F3", 1.2, kV=+0.17, kA=+0.14),
    Rhythm("beta", "F4", 1.2, kA=+0.14),
    Rhythm("beta", "C3", 1.4),
    Rhythm("beta", "C4", 1.4),
    Rhythm("beta", "Cz", 1.2),
    Rhythm("beta", "T7", 1.0, kA=+0.20),
    Rhythm("beta", "T8", 1.0, kA=+0.20),
    Rhythm("gamma", "T7", 0.9, kV=+0.20, kA=+0.255),
    Rhythm("gamma", "T8", 0.9, kV=+0.20, kA=+0.255),
    Rhythm("gamma", "F7", 0.8, kA=+0.255),
    Rhythm("gamma", "F8", 0.8, kA=+0.255),
    Rhythm("gamma", "C3", 0.6),
    Rhythm("gamma", "C4", 0.6),
    Rhythm("gamma", "Oz", 0.6),
)

DEPTH = 0.72  # of the electrode's distance from the centre: just under the inner skull
N_PLACES = 400  # places from which each subject draws its background dipoles
MUSCLE_ELECTRODES = ("T7", "T8", "F7", "F8", "Fp1", "Fp2", "O1", "O2")  # jaw, brow, neck
MUSCLE_REACH_METRES = 0.04


def rhythms() -> pd.DataFrame:
    """Return the rhythms as a table with one row per source, which the column `source` names.

    Examples
    --------
    >>> rhythms().groupby("band", sort=False).size().to_dict()
    {'theta': 5, 'alpha': 13, 'beta': 7, 'gamma': 7}
    """
    table = pd.DataFrame(RHYTHMS)
    table.insert(0, "source", table["band"] + " " + table["electrode"])
    return table


class Head(NamedTuple):
    """What all simulated heads share: electrodes, and the lead field of every place.

    Shapes: `electrodes` (channel, 3), metres from the sphere's centre; `outward` (place, 3), unit
    vectors; `lead_field` (channel, place, 3), the potentials of a unit dipole along x, y and z.
    The first places are those of `RHYTHMS`, the other `N_PLACES` lie anywhere in the cortex.
    """

    electrodes: np.ndarray
    outward: np.ndarray
    lead_field: np.ndarray


@lru_cache(maxsize=1)  # the geometry never changes: solve it once a process
def head() -> Head:
    """Solve the forward problem on a sphere for all places that a source can have."""
    import mne  # here, not above: reading a simulated cohort does not need it

    info = mne.create_info(list(DEAP_CHANNELS), sfreq=128.0, ch_types="eeg")
    info.set_montage("colin27_1020")
    sphere = mne.make_sphere_model("auto", "auto", info, verbose="error")
    electrodes = np.array([channel["loc"][:3] for channel in info["chs"]]) - sphere["r0"]
    rows = [DEAP_CHANNELS.index(rhythm.electrode) for rhythm in RHYTHMS]
    places = np.concatenate([DEPTH * electrodes[rows], _anywhere_in_the_cortex()])
    outward = places / np.linalg.norm(places, axis=1, keepdims=True)
    space = mne.setup_volume_source_space(
        pos={"rr": places + sphere["r0"], "nn": outward}, sphere=sphere, mindist=0, verbose="error"
    )
    solution = mne.make_forward_solution(
        info, trans=None, src=space, bem=sphere, meg=False, mindist=0, verbose="error"
    )
    lead_field = solution["sol"]["data"].reshape(len(electrodes), len(places), 3)
    return Head(electrodes, outward, lead_field)


def _anywhere_in_the_cortex() -> np.ndarray:
    """Return `N_PLACES` points (place, 3), metres from the centre, in a shell below the skull."""
    rng = np.random.default_rng(32)
    points = rng.uniform(-1, 1, (40 * N_PLACES, 3))
    radius = np.linalg.norm(points, axis=1)
    cortex = (radius > 0.8) & (radius < 0.95) & (points[:, 2] > -0.4)
    return 0.076 * points[cortex][:N_PLACES]


def topographies(places: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Compute scalp patterns (channel, source) of dipoles, each scaled to a largest value of 1.

    The dipoles lie at `places (source,)` of the head and point in `directions (source, 3)`, of any
    length. Dimensionless, against a reference at infinity.

    Examples
    --------
    >>> radial = topographies(np.arange(3), head().outward[:3])
    >>> [DEAP_CHANNELS[channel] for channel in radial.argmax(axis=0)]
    ['Fz', 'Cz', 'Pz']
    """
    pattern = np.einsum("cpk,pk->cp", head().lead_field[:, places], directions)
    return pattern / np.abs(pattern).max(axis=0)


def muscle_weights() -> np.ndarray:
    """Return how strongly electrodes pick up muscle: exp(-distance / 4 cm) to the nearest one."""
    electrodes = head().electrodes
    over_muscle = electrodes[[DEAP_CHANNELS.index(name) for name in MUSCLE_ELECTRODES]]
    distance = np.linalg.norm(electrodes[:, None] - over_muscle[None], axis=-1).min(axis=1)
    return np.exp(-distance / MUSCLE_REACH_METRES)
