"""Kill runs of the smoke study at random moments, and compare what the next run makes of it.

Run it by `python -m benchmarks.kills` (25 kills, about half an hour on two free processors). A run
up to the scores and one subject's page is killed by SIGKILL, with all that it has started, at a
moment drawn uniformly over the time that an undisturbed run takes. The next run must complete, give
the same bytes, of the page all but its times, and leave nothing of the killed one behind, neither
in the results nor among the temporary files. Exit status 1 if one does not.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

from benchmarks.full_disk import digests

TARGETS = ("scores/scores.csv", "notebooks/subjects/sub-01.ipynb")


def run(folder: Path, seconds: float | None = None) -> int | None:
    """Run the study with its results in `folder`; return its status, or None if it was killed."""
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "emolib",
        "run",
        "smoke",
        "--cores",
        "2",
        "--targets",
        *TARGETS,
    ]
    own = {"EMOLIB_RESULTS": str(folder), "TMPDIR": str(folder / "tmp")}
    with (folder / "told.txt").open("w") as told:
        process = subprocess.Popen(command, env=os.environ | own, stdout=told, stderr=told)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        for one in (psutil.Process(process.pid), *psutil.Process(process.pid).children(True)):
            with suppress(psutil.Error):
                one.kill()
        process.wait()
        return None


def outcome(folder: Path, moment: float, whole: dict[str, str]) -> tuple[int, str]:
    """Kill a run after `moment` seconds; return how many artefacts there were, and what came."""
    status = run(folder, moment)
    there = len(whole.keys() & digests(folder / "smoke").keys())
    if status is not None:  # the computer is less busy than it was
        return there, "FAILS UNDISTURBED" if status else "was over"
    if run(folder):
        return there, f"DOES NOT COMPLETE: {(folder / 'told.txt').read_text()[-2000:]}"
    found = digests(folder / "smoke")
    if found != whole:
        return there, f"NOT THE SAME: {[n for n in whole | found if whole.get(n) != found.get(n)]}"
    if left := [*folder.rglob(".unfinished-*"), *(folder / "tmp").glob("*")]:
        return there, f"LEFT: {left}"
    return there, "completes with the same bytes"


def main(arguments: list[str] | None = None) -> int:
    """Print each kill with its outcome, and how many there are of each; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kills")
    parser.add_argument("--count", type=int, default=25)
    parser.add_argument("--seed", type=int, default=14)
    asked = parser.parse_args(arguments)
    rows = []
    with tempfile.TemporaryDirectory() as place:
        start = time.monotonic()
        if run(Path(place) / "whole"):
            print((Path(place) / "whole" / "told.txt").read_text())
            return 1
        took, whole = time.monotonic() - start, digests(Path(place) / "whole" / "smoke")
        print(f"undisturbed: {took:.0f} s, {len(whole)} artefacts", flush=True)
        for moment in np.random.default_rng(asked.seed).uniform(0, took, asked.count):
            with tempfile.TemporaryDirectory() as folder:
                there, told = outcome(Path(folder), moment, whole)
            rows.append(told.partition(":")[0])
            print(f"killed after {moment:.1f} s, {there} artefacts there: {told}", flush=True)
    print(pd.Series(rows).value_counts().to_string())
    return int(any(told[:3].isupper() for told in rows))


if __name__ == "__main__":
    sys.exit(main())
