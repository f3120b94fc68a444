"""Measure how a study's time, memory and disk grow with its subjects, and append it to the book.

Run it by `python -m benchmarks.scale` on a machine that does nothing else (about two hours on two
processors); `--subjects 4 8 --times 1 --parts workflow` makes it shorter. The study is simulated:
10 trials of 10 s a subject, a narrow network, 2 folds. It measures

- stages: features and training against bare ones, and the explorer, as the other benchmarks do;
- workflow: whole runs of 4, 8, 16 and 32 subjects, three times each, from recordings to pages; and
  with the largest a run with nothing to do, and one after a recording has changed;
- workers: the stages of single subjects, by two workers and by one;
- planning: what Snakemake needs to plan runs of hundreds of subjects.

It appends to `emolib/book/scale.csv`, prints each ratio beside its limit, and exits with 1 where a
limit is not kept.
"""

from __future__ import annotations

import argparse
import datetime
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import yaml

from benchmarks import explorer, features, training
from benchmarks.claims import Claim, show
from emolib.book import scale
from emolib.book.provenance import commit, environment
from emolib.study.study import PROJECT

SIZES, TIMES = (4, 8, 16, 32), 3
PLANNED = (100, 300, 1_000)  # subjects of runs that are only planned
AT_WORK = 16  # subjects of the comparison of workers
PAIRS = 9  # of the feature stage with two threads
STUDY = {
    "title": "A cohort to measure",
    "dataset": "simulated",
    "tasks": {name: {"rating": name, "above": 5} for name in ("valence", "arousal")},
    "model": {"width": 0.05},
    "training": {"epochs": 2, "fine_tuning_epochs": 1},
    "protocols": ["trial_grouped"],
    "n_folds": 2,
}
Row = tuple[str, str, int, int, float]  # what, of, subjects, repeat, value


def stages() -> Iterator[Row]:
    """Measure single stages against what cannot be done without."""
    ratio, _ = features.measure()
    yield "ratio", "features", 1, 0, ratio
    yield "ratio", "features, two threads", 2, 0, two_threads()
    yield "ratio", "pooled fit", 4, 0, training.pooled_speed()
    yield "ratio", "fine-tuning", 8, 0, training.fine_tuning_overhead()
    yield "ratio", "training memory", 32, 0, training.peak_memory()
    if (shown := explorer.measure()) is not None:
        frames, weight = shown
        yield "ratio", "explorer", 1, 0, max(median for median, _ in frames.values())
        yield "ratio", "explorer weight", 1, 0, weight / 1e6


def two_threads() -> float:
    """Return the time a subject of two threads, as a multiple of bare filtering with one."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        paths = [Path(folder) / name for name in ("s01.mat", "s02.mat")]
        eeg, _ = map(features.write_noise, paths)
        pairs = []
        for _ in range(PAIRS):
            start = time.perf_counter()
            list(pool.map(features.make_maps, paths))
            both = time.perf_counter() - start
            pairs.append(both / 2 / features.seconds(features.bare_filters, eeg))
    return statistics.median(pairs)


def workflow(sizes: Sequence[int], times: int) -> Iterator[Row]:
    """Measure whole runs, with the largest also what little changes cost."""
    for repeat in range(times):
        for n in sizes:
            with tempfile.TemporaryDirectory() as folder:
                place = Path(folder)
                yield "run_seconds", "", n, repeat, run(place, n)
                yield from jobs(place / "results" / "scale", n, repeat)
                if n == max(sizes):
                    yield "no_op_seconds", "", n, repeat, run(place, n)
                    recordings = place / "results" / "scale" / "recordings"
                    shutil.copy(recordings / "s01.mat", recordings / "s02.mat")
                    yield "one_changed_seconds", "", n, repeat, run(place, n)


def jobs(folder: Path, n: int, repeat: int) -> Iterator[Row]:
    """Yield what the jobs of each rule took, and the room of all files."""
    for rule in sorted((folder / "benchmarks").iterdir()):
        table = pd.concat([pd.read_csv(file, sep="\t") for file in rule.glob("*.tsv")])
        took = table["s"].median() if rule.name in scale.PER_SUBJECT else table["s"].sum()
        yield "seconds", rule.name, n, repeat, float(took)
        yield "memory_mb", rule.name, n, repeat, float(pd.to_numeric(table["max_rss"]).max())
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    yield "disk_mb", "", n, repeat, size / 1e6


def workers(times: int) -> Iterator[Row]:
    """Measure the stages of single subjects, by two workers and by one, alternately.

    What the same command takes with nothing to do is no stage's, and is subtracted.
    """
    people = [f"sub-{i + 1:02d}" for i in range(AT_WORK)]
    names = [f"{room}/{name}.nc" for room in ("features", "summaries") for name in people]
    for repeat in range(times):
        took = {}
        for cores in (1, 2) if repeat % 2 else (2, 1):
            with tempfile.TemporaryDirectory() as folder:
                asked = Path(folder), AT_WORK, "--cores", str(cores), "--targets", *names
                whole, nothing = run(*asked), run(*asked)
                yield "targets_seconds", f"{cores} workers", AT_WORK, repeat, whole
                yield "targets_seconds", "nothing to do", AT_WORK, repeat, nothing
                took[cores] = whole - nothing
        yield "ratio", "two workers", AT_WORK, repeat, took[1] / took[2]


def planning(sizes: Sequence[int], times: int) -> Iterator[Row]:
    """Measure the planning of a run, in a process of its own; nothing is run."""
    for repeat in range(times):
        for n in sizes:
            with tempfile.TemporaryDirectory() as folder:
                study = write_listed(Path(folder), n)
                command = [sys.executable, "-m", "benchmarks.scale", "--plan", str(study)]
                done = subprocess.run(
                    command,
                    env=_environment(Path(folder)),
                    check=True,
                    capture_output=True,
                    text=True,
                )
            listing, seconds, memory = map(float, done.stdout.split()[-3:])
            yield "listing_seconds", "", n, repeat, listing
            yield "planning_seconds", "", n, repeat, seconds
            yield "planning_memory_mb", "", n, repeat, memory


def plan(study: Path) -> None:
    """List a study's recordings, plan a run, print the seconds of both and the megabytes."""
    from emolib.study import workflow as runs
    from emolib.study.profiles import execution
    from emolib.study.sources import Sources
    from emolib.study.study import load

    loaded = load(study)
    start = time.perf_counter()
    Sources(loaded)
    listing = time.perf_counter() - start
    runs.plan(loaded, execution())
    print(listing, time.perf_counter() - start - listing, training.peak_bytes() / 1e6)


def run(place: Path, n: int, *options: str) -> float:
    """Run a study of `n` subjects with its results in a folder; return the seconds it took."""
    command = [sys.executable, "-m", "emolib", "run", str(write_study(place, n)), *options]
    start = time.perf_counter()
    done = subprocess.run(command, env=_environment(place), capture_output=True, text=True)
    took = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    print(f"{n} subjects {' '.join(options[:2])}: {took:.1f} s", file=sys.stderr, flush=True)
    return took


def write_study(place: Path, n: int) -> Path:
    """Write the study file of a cohort of so many."""
    cohort = {"n_subjects": n, "n_trials": 10, "trial_seconds": 10, "seed": 0}
    file = place / "scale.yaml"
    file.write_text(yaml.safe_dump(STUDY | {"simulation": cohort}))
    return file


def write_listed(place: Path, n: int) -> Path:
    """Write a study of so many files that are listed, but hold nothing."""
    (place / "recordings").mkdir()
    for i in range(n):
        (place / "recordings" / f"s{i + 1:02d}.mat").write_text(str(i))
    file = place / "scale.yaml"
    file.write_text(yaml.safe_dump(STUDY | {"dataset": "deap", "root": "recordings"}))
    return file


def _environment(place: Path) -> dict[str, str]:
    own = {"EMOLIB_RESULTS": str(place / "results"), "PYTHONPATH": str(PROJECT)}
    return os.environ | own


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, append to the file, and print each ratio beside its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--subjects", type=int, nargs="+", default=SIZES)
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("--planned", type=int, nargs="+", default=PLANNED, help="subjects")
    parts = {
        "stages": lambda: stages(),
        "workflow": lambda: workflow(asked.subjects, asked.times),
        "workers": lambda: workers(asked.times),
        "planning": lambda: planning(asked.planned, asked.times),
    }
    parser.add_argument("--parts", nargs="+", choices=parts, default=[*parts])
    parser.add_argument("--file", type=Path, default=scale.FILE, help="to append to")
    parser.add_argument("--plan", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.plan:
        plan(asked.plan)
        return 0
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="minutes")
    session = [now, commit(), environment().get("processor", "")]
    for part in asked.parts:
        rows = [[*session, *row] for row in parts[part]()]
        table = pd.DataFrame(rows, columns=scale.COLUMNS).round(4)
        new = not asked.file.exists()
        table.to_csv(asked.file, mode="a", header=new, index=False, lineterminator="\n")
    table = scale.measured(asked.file)
    show("carried forward", scale.growth(table))
    show("what breaks first", scale.breaks(table))
    found = scale.ratios(table)
    for row in found.itertuples():
        bound = f"at least {row.least:g}" if row.least else f"at most {row.most:g}"
        print(Claim(f"{row.told}: {row.value:.2f} ({bound})", row.holds))
    return int(not found["holds"].all())


if __name__ == "__main__":
    sys.exit(main())
