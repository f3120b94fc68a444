"""The cluster test on maps: how often it rejects where there is no difference, and where is one.

The log power is that of simulated subjects without any effect, so that channels and bands go
together as they do there: 40 trials of 20 s, each subject with a head and a session of its own.
Their trials get labels at random, 20 of each class. A difference of d adds d standard deviations
to one class, in alpha, at each of some electrodes.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.spatial.distance import pdist, squareform

from benchmarks.claims import Claim, rejection_band, rejections, show
from benchmarks.expectations import POWER
from emolib.evaluation.comparison import cluster_test
from emolib.evaluation.permutation import ALPHA
from emolib.features.extraction import FeatureSettings
from emolib.features.power import log_power
from emolib.grid import DEAP_CHANNELS, standard_head
from emolib.recordings.simulated import SimulationSettings, simulate_subject

SEED = 100  # of the first cohort
COHORT = 99  # subjects; the next ones are of a cohort with another seed
TRIAL_SECONDS = 20.0
ALPHA_BAND = 1  # the second band
NOTHING = ("none", 0.0)
# Where a difference is put in: (what the log power is, electrodes). The prototype has the power for
# three d, and does not say where; independent noise at four electrodes comes near to it.
BACK = ("P3", "Pz", "P4", "PO3", "PO4", "O1", "Oz", "O2")
PATTERNS = {
    "4 electrodes, independent noise": ("noise", ("PO3", "O1", "Oz", "O2")),
    "8 electrodes, simulated subjects": ("simulated", BACK),
    "all 32, simulated subjects": ("simulated", DEAP_CHANNELS),
}


def clusters(options: argparse.Namespace) -> list[Claim]:
    """Count rejections over subjects, print and judge."""
    adjacency = _neighbours()
    counts = dict.fromkeys([NOTHING, *itertools.product(PATTERNS, POWER)], 0)
    seconds = dict.fromkeys(counts, 0.0)
    m = options.cluster_permutations
    for number in range(options.people):
        for key, power, labels in _cases(number):
            start = time.process_time()
            test = cluster_test(power, labels, adjacency, n_permutations=m, seed=number)
            assert test is not None, "20 trials a class are enough for a test"
            counts[key] += int(test.p <= ALPHA)
            seconds[key] += time.process_time() - start
        if (number + 1) % 20 == 0:
            print(f"clusters: {number + 1} of {options.people} subjects", file=sys.stderr)
    rows = [
        {"difference": name, "d": f"{d:g}"}
        | rejections(count, options.people)
        | {"prototype": POWER[d].value if d else ALPHA, "seconds": seconds[name, d]}
        for (name, d), count in counts.items()
    ]
    title = f"cluster test, 20 trials against 20, m = {m}: rejections at {ALPHA}"
    show(title, pd.DataFrame(rows))
    return [*_claims(counts, options.people)]


def null_power(number: int) -> np.ndarray:
    """Return log power of a simulated subject without effect, dB, (trial, band, channel)."""
    more, subject = divmod(number, COHORT)
    settings = SimulationSettings(
        n_subjects=COHORT, trial_seconds=TRIAL_SECONDS, effect=0, seed=SEED + more
    )
    return log_power(simulate_subject(settings, subject + 1)[0], FeatureSettings()).to_numpy()


def _neighbours() -> sparse.csr_matrix:
    """Join the electrodes between which no third one lies (Toussaint 1980), see chapter 5."""
    distance = squareform(pdist([ch["loc"][:3] for ch in standard_head(DEAP_CHANNELS)["chs"]]))
    farther = np.maximum(distance[:, None, :], distance[None, :, :])  # of the two, from a third
    between = (farther < distance[:, :, None] * (1 - 1e-9)).any(axis=-1)
    return sparse.csr_matrix(~between & ~np.eye(len(distance), dtype=bool))


def _cases(number: int) -> Iterator[tuple[tuple[str, float], np.ndarray, np.ndarray]]:
    """Yield a subject's log power and labels, without and with each difference."""
    rng = np.random.default_rng([SEED, number])
    power = {"simulated": null_power(number)}
    power["noise"] = rng.normal(size=power["simulated"].shape)
    labels = rng.permutation(np.arange(len(power["noise"])) % 2)
    yield NOTHING, power["simulated"], labels
    for (name, (kind, electrodes)), d in itertools.product(PATTERNS.items(), POWER):
        at = [DEAP_CHANNELS.index(electrode) for electrode in electrodes]
        shifted = power[kind].copy()
        spread = power[kind][:, ALPHA_BAND, at].std(axis=0, ddof=1)
        shifted[np.ix_(labels == 1, [ALPHA_BAND], at)] += d * spread
        yield (name, d), shifted, labels


def _claims(counts: Mapping[tuple[str, float], int], n: int) -> Iterator[Claim]:
    low, high = rejection_band(n, rate=ALPHA, coverage=0.95)
    count = counts[NOTHING]
    where = "within" if low <= count <= high else "below" if count < low else "above"
    text = f"cluster test, no difference: {count} of {n} rejections, {where} the 95 % band "
    yield Claim(f"{text}{low}-{high} of the rate {ALPHA}; below is allowed", count <= high)
    for name in PATTERNS:
        of_pattern = [counts[name, d] for d in POWER]
        text = f"cluster test, {name}: rejections rise with d: {of_pattern} of {n}"
        yield Claim(text, bool((np.diff(of_pattern) > 0).all()))
