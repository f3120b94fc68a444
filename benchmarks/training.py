"""Measure training against what Keras itself needs, as limits.

Run it by `make bench`, or `python -m benchmarks.training`. It prints

- maps per second of our pooled stage, as a multiple of a bare `Model.fit` on the same arrays;
- the time to fine-tune 8 subjects in 3 stages, as a multiple of the same number of steps in one
  bare fit and one bare evaluation. Both pairs are measured alternately, so that a busy machine
  slows both sides;
- the peak memory of the pooled stage for 32 x 4800 maps, above what imports take, as a multiple
  of the maps' array (in a process of its own);
- the machine's matrix products and the network's own arithmetic, in GFLOP/s.

It exits with 1 where a limit is not kept.

`python -m benchmarks.training --side-by-side 8` measures something else: how long fine-tuning 8
subjects takes one after another and at the same time, on the GPU if JAX has one, and by how much
probabilities then differ. On a GPU add `--width 1`, the published network.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from emolib.model.fine_tuning import fine_tune_subject
from emolib.model.networks import build_mt_cnn
from emolib.model.settings import ModelSettings, TrainingSettings
from emolib.model.trainer import Trainer
from emolib.model.training import train_fold
from emolib.splits.folds import Fold

import jax  # isort: skip
import keras  # isort: skip

SMALLEST_SPEED = 0.95
LARGEST_OVERHEAD = 1.2
LARGEST_MEMORY = 2.5
REPEATS = 31
EPOCHS = 2  # of a pooled fit that is timed
WIDTH = 0.25  # the demo's
SETTINGS = TrainingSettings(epochs=1, fine_tuning_epochs=2, class_weights="none")
TASKS = ("valence", "arousal")


def cohort(n_subjects: int, n_windows: int) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
    """Noise in the shape of a cohort: maps, labels by task, subjects."""
    rng = np.random.default_rng(0)
    n = n_subjects * n_windows
    maps = np.empty((n, 8, 9, 8), np.float32)
    for part in np.array_split(maps, 64):
        part[:] = rng.standard_normal(part.shape, np.float32)
    labels = {task: rng.integers(0, 2, n) for task in TASKS}
    return maps, labels, np.repeat([f"sub-{s + 1:02d}" for s in range(n_subjects)], n_windows)


def seconds(function: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def in_turns(
    one: Callable[[], object], other: Callable[[], object], repeats: int = REPEATS
) -> tuple[float, float, float]:
    """Median times of both, measured alternately after one call each that compiles; their ratio.

    The ratio is the median over the pairs: what slows a machine for a while slows both of a
    pair. Which of the two comes first alternates.
    """
    one(), other()
    pairs = []
    for repeat in range(repeats):
        first, second = (one, other) if repeat % 2 else (other, one)
        times = {first: seconds(first), second: seconds(second)}
        pairs.append((times[one], times[other]))
    own, plain = np.array(pairs).T
    return float(np.median(own)), float(np.median(plain)), float(np.median(own / plain))


def pooled_speed() -> float:
    """Maps per second of our pooled fit, as a multiple of a bare one's."""
    maps, labels, _ = cohort(4, 1200)
    train, validation = np.arange(64 * 60), np.arange(64 * 60, 4800)
    trainer = Trainer(partial(build_mt_cnn, ModelSettings(width=WIDTH)), SETTINGS)
    bare = bare_model()
    some, held = maps[train], maps[validation]
    of_some, of_held = (
        {task: values[rows] for task, values in labels.items()} for rows in (train, validation)
    )

    # Drawn beforehand, as the bare model's: over a whole stage of many epochs they are nothing.
    weights = trainer.initial_weights(("bench",))

    def ours() -> None:
        trainer.fit(
            maps,
            labels,
            Fold(train, validation, validation),
            learning_rate=1e-3,
            epochs=EPOCHS,
            seed_key=("bench",),
            weights=weights,
        )

    def keras_fit() -> None:
        bare.fit(
            some,
            of_some,
            validation_data=(held, of_held),
            batch_size=SETTINGS.batch_size,
            validation_batch_size=256,
            epochs=EPOCHS,
            verbose=0,
        )

    own, plain, ratio = in_turns(ours, keras_fit)
    speeds = [EPOCHS * len(train) / own, EPOCHS * len(train) / plain]
    print(f"pooled fit: {speeds[0]:.0f} maps/s, bare Model.fit {speeds[1]:.0f} maps/s, ", end="")
    print(f"ratio {1 / ratio:.3f} (at least {SMALLEST_SPEED})")
    return 1 / ratio


def fine_tuning_overhead() -> float:
    """Time to fine-tune 8 subjects in 3 stages, as a multiple of its steps alone."""
    n_windows, n_subjects = 2400, 8
    maps, labels, subjects = cohort(n_subjects, n_windows)
    within = np.arange(len(maps)) % n_windows
    parts = (within < 1536, (within >= 1536) & (within < 1920), within >= 1920)
    fold = Fold(*(np.flatnonzero(part) for part in parts))
    trainer = Trainer(partial(build_mt_cnn, ModelSettings(width=WIDTH)), SETTINGS)
    pooled, bare = trainer.initial_weights(("bench",)), bare_model()
    fits = n_subjects * 3 * SETTINGS.fine_tuning_epochs
    train = np.resize(fold.train, fits * 1536)
    # Each fine-tuning validates after every epoch (2 batches) and predicts once (2 batches).
    others = np.resize(fold.test, (fits + n_subjects * 3) * 512)

    def batches(rows: np.ndarray, size: int) -> keras.utils.PyDataset:
        return _Plain(maps, labels, rows, size)

    def ours() -> None:
        for subject in np.unique(subjects):
            for _ in fine_tune_subject(
                trainer, maps, labels, fold, subjects, subject, pooled, seed_key=("bench",)
            ):
                pass

    def steps() -> None:
        bare.fit(batches(train, SETTINGS.batch_size), epochs=1, verbose=0, shuffle=False)
        bare.evaluate(batches(others, 256), verbose=0)

    own, plain, ratio = in_turns(ours, steps, repeats=3)
    print(
        f"fine-tuning 8 subjects x 3 stages: {own:.1f} s, its steps alone {plain:.1f} s, ", end=""
    )
    print(f"ratio {ratio:.3f} (at most {LARGEST_OVERHEAD})")
    return ratio


class _Plain(keras.utils.PyDataset):
    def __init__(self, maps: np.ndarray, labels: dict, rows: np.ndarray, size: int):
        super().__init__()
        self.maps, self.labels, self.rows, self.size = maps, labels, rows, size

    def __len__(self) -> int:
        return len(self.rows) // self.size

    def __getitem__(self, i: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        rows = self.rows[i * self.size : (i + 1) * self.size]
        return self.maps[rows], {task: values[rows] for task, values in self.labels.items()}


def bare_model() -> keras.Model:
    """The same network, compiled as anybody would."""
    model = build_mt_cnn(ModelSettings(width=WIDTH))
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=dict.fromkeys(TASKS, "sparse_categorical_crossentropy"),
        metrics={task: ["accuracy"] for task in TASKS},
    )
    return model


def peak_memory() -> float:
    """Peak memory above imports of a full-size pooled stage, as a multiple of its array."""
    code = "from benchmarks.training import memory_of_pooled_stage as run; print(*run())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    above, array = map(float, done.stdout.split())
    print(f"peak memory of the pooled stage, 32 x 4800 maps: {above / 1e6:.0f} MB above imports, ")
    print(f"  array {array / 1e6:.0f} MB, ratio {above / array:.2f} (at most {LARGEST_MEMORY})")
    return above / array


def memory_of_pooled_stage() -> tuple[float, float]:
    """Bytes above imports, and bytes of the maps; run alone in a process."""
    imports = peak_bytes()
    maps, labels, _ = cohort(32, 4800)
    trainer = Trainer(partial(build_mt_cnn, ModelSettings(width=1 / 16)), SETTINGS)
    rows = np.random.default_rng(0).permutation(len(maps))
    train, validation = np.sort(rows[:122_880]), np.sort(rows[122_880:])
    fold = Fold(train, validation, validation)
    fit = trainer.fit(maps, labels, fold, learning_rate=1e-3, epochs=1, seed_key=("bench",))
    trainer.predict(fit.weights, maps, validation)
    return peak_bytes() - imports, maps.nbytes


def peak_bytes() -> float:
    """The most memory that this process has held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # On Linux getrusage starts from what the parent held; this does not.
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return float(line.split()[1]) * 1024
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


def gflops() -> None:
    """Print what the machine reaches in a matrix product, and the full network in training."""
    a = np.random.default_rng(0).standard_normal((2048, 2048), np.float32)
    product = 2 * 2048**3 / min(seconds(lambda: a @ a) for _ in range(5)) / 1e9
    # Multiply-adds of one map forwards: 72 places for the convolutions, then the dense layer.
    forwards = 72 * (25 * 8 * 64 + 16 * 64 * 128 + 16 * 128 * 256 + 256 * 64) + 1280 * 512
    trainer = Trainer(partial(build_mt_cnn, ModelSettings()), SETTINGS)
    maps, labels, _ = cohort(1, 640)
    rows = np.arange(640)

    def epoch() -> None:
        fold = Fold(rows, rows[:1], rows[:1])
        trainer.fit(maps, labels, fold, learning_rate=1e-3, epochs=1, seed_key=("bench",))

    epoch()
    speed = 640 / min(seconds(epoch) for _ in range(3))
    print(f"matrix product {product:.0f} GFLOP/s; full network {speed:.0f} maps/s, ", end="")
    # Backwards costs about twice as much as forwards; a multiply-add is two operations.
    print(f"{speed * 3 * 2 * forwards / 1e9:.0f} GFLOP/s")


def side_by_side(n_subjects: int, width: float) -> tuple[float, float]:
    """Time one after another as a multiple of that side by side; how much probabilities differ.

    Both are timed after a fit of each that compiles.
    """
    n_windows = 1200
    maps, labels, subjects = cohort(n_subjects, n_windows)
    within = np.arange(len(maps)) % n_windows
    parts = (within < 768, (within >= 768) & (within < 960), within >= 960)
    fold = Fold(*(np.flatnonzero(part) for part in parts))
    found, took = {}, {}
    for size in (1, n_subjects):
        settings = replace(SETTINGS, side_by_side=size, epochs=0)
        trainer = Trainer(partial(build_mt_cnn, ModelSettings(width=width)), settings)

        def fits(trainer: Trainer = trainer) -> list:
            given = (trainer, maps, labels, fold, subjects)
            return list(train_fold(*given, seed_key=("bench",)))

        fits()
        start = time.perf_counter()
        found[size] = fits()
        took[size] = time.perf_counter() - start
    (device, *_) = jax.devices()
    apart = max(
        float(np.abs(probability - other.probabilities[task]).max())
        for one, other in zip(found[1], found[n_subjects], strict=True)
        for task, probability in one.probabilities.items()
    )
    ratio = took[1] / took[n_subjects]
    print(f"fine-tuning {n_subjects} subjects x 3 stages, width {width:g}, on {device}: ")
    print(f"  one after another {took[1]:.1f} s, side by side {took[n_subjects]:.1f} s, ", end="")
    print(f"{ratio:.2f} times as fast; probabilities differ by {apart:.1e} at most")
    return ratio, apart


def main() -> int:
    """Measure, print, and say by the exit status whether the limits are kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--side-by-side", type=int, metavar="SUBJECTS")
    parser.add_argument("--width", type=float, default=WIDTH, help="of the network, side by side")
    asked = parser.parse_args()
    if asked.side_by_side:
        side_by_side(asked.side_by_side, asked.width)
        return 0
    gflops()
    kept = [
        pooled_speed() >= SMALLEST_SPEED,
        fine_tuning_overhead() <= LARGEST_OVERHEAD,
        peak_memory() <= LARGEST_MEMORY,
    ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    raise SystemExit(main())
