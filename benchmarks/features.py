"""Measure the feature stage for one full-size DEAP subject: its time and its memory, as limits.

Run it by `make bench`, or `python -m benchmarks.features`. It prints

- the time from an uncompressed `.mat` on disk to maps in memory, as a multiple of four bare
  `scipy.signal.sosfilt` calls on the same array (40, 32, 8064), which no implementation of the
  method can do without. The two are measured alternately, so that a busy machine slows both;
- the peak memory of a process that does just this once.

It exits with 1 where a limit is not kept.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import signal as sps
from scipy.io import savemat

from emolib.features.bands import BANDS
from emolib.features.extraction import FeatureSettings, extract_features
from emolib.grid import to_brain_maps
from emolib.recordings import read_deap

LARGEST_RATIO = 2.0
LARGEST_PEAK_GB = 1.5
REPEATS = 15


def write_noise(path: Path) -> np.ndarray:
    """Write noise in DEAP's format; return its EEG, (trial, channel, sample) microvolts."""
    rng = np.random.default_rng(0)
    data = rng.normal(scale=10.0, size=(40, 40, 8064))
    ratings = rng.uniform(1, 9, size=(40, 4))
    savemat(path, {"data": data, "labels": ratings}, do_compression=False)
    return np.ascontiguousarray(data[:, :32])


def make_maps(path: Path) -> None:
    """Do what the feature stage does, without writing."""
    to_brain_maps(extract_features(read_deap(path), FeatureSettings()))


def bare_filters(eeg: np.ndarray) -> None:
    """Filter into four bands, and nothing else."""
    for band in BANDS:
        limits = (band.low_hz, band.high_hz)
        sps.sosfilt(sps.butter(3, limits, btype="bandpass", fs=128, output="sos"), eeg)


def seconds(function: Callable, argument: object) -> float:
    """Time one call."""
    start = time.perf_counter()
    function(argument)
    return time.perf_counter() - start


def peak_gb() -> float:
    """Give this process's peak memory so far, imports included."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e9  # Linux counts in KiB


def measure() -> tuple[float, float]:
    """Print both figures beside their limits; return the ratio, and the peak in GB."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s01.mat"
        eeg = write_noise(path)
        # A process of its own: this one holds the noise and the bare filters' output as well.
        command = [sys.executable, "-m", "benchmarks.features", str(path)]
        alone = subprocess.run(command, check=True, capture_output=True, text=True)
        pairs = [(seconds(make_maps, path), seconds(bare_filters, eeg)) for _ in range(REPEATS)]
    ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio, peak = statistics.median(mine / theirs for mine, theirs in pairs), float(alone.stdout)
    print("features, one full-size DEAP subject (40 trials, 32 channels, 8064 samples)")
    print(f"  .mat on disk to maps: {ours:.2f} s; four bare sosfilt calls: {bare:.2f} s (medians)")
    print(f"  ratio, median of {REPEATS} pairs: {ratio:.2f} (at most {LARGEST_RATIO})")
    print(f"  peak memory, imports included: {peak:.2f} GB (below {LARGEST_PEAK_GB})")
    return ratio, peak


def main() -> int:
    """Measure, and say by the exit status whether the limits are kept."""
    ratio, peak = measure()
    return 0 if ratio <= LARGEST_RATIO and peak < LARGEST_PEAK_GB else 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        make_maps(Path(sys.argv[1]))
        print(peak_gb())
    else:
        sys.exit(main())
