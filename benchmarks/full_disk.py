"""Let every stage of the smoke study run out of room at each of its writes, and then go on.

Run it by `python -m benchmarks.full_disk` (many minutes; `--stages score` for one stage). It makes
a small file system in memory, which needs Linux and user namespaces, and leaves on it room for k
pages of 4 kB, then for k new files, for every k until the stage has enough; of large files, where
one write fills many pages, for every so many k. Each time the stage must end with one sentence that
names the folder, leave nothing half-written, and give the same bytes once there is room. Exit
status 1 if one does not.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from emolib.__main__ import main as emolib
from emolib.study.artefacts import RECORDS

PAGE = 4096  # bytes
MOST = 700  # MB of the file system; what is left of it is filled up
FOLD = "--protocol trial_grouped --fold 0"
# By stage: options, the name of its record, and how many pages or files are added each time.
STAGES = {
    "simulate": ("--subject sub-02", "simulate-subject-sub-02", 16, 1),
    "features": ("--subject sub-02", "features-subject-sub-02", 1, 1),
    "summary": ("--subject sub-02", "summary-subject-sub-02", 1, 1),
    "train": (FOLD, "train-protocol-trial_grouped", 16, 6),
    "explain": (FOLD, "explain-protocol-trial_grouped", 1, 1),
    "score": ("", "score", 1, 1),
    "group-tests": ("", "group-tests", 1, 1),
    "references": ("", "references", 1, 1),
    "page": ("--notebook 01_first_look", "page-name-01_first_look", 16, 2),
    "book": ("", "book", 2500, 200),
}
ALONE = {"simulate", "features"}  # need nothing that others make
TARGETS = {
    "summary": "summaries/sub-02.nc",
    "train": "predictions/trial_grouped/fold-0.parquet",
    "explain": "attributions/trial_grouped/fold-0.nc",
    "score": "scores/scores.csv",
    "group-tests": "scores/group_tests.parquet",
    "references": "scores/references.csv",
    "page": "notebooks/chapters/01_first_look.ipynb",
    "book": "book/_build/html/index.html",
}
ASIDE = {".snakemake", ".doctrees", RECORDS, "logs", "benchmarks"}
TIMES = re.compile(r" *\d+(?:\.\d+)? s\b|\d{4}-\d\d-\d\d[ T]\d\d:\d\d[^<\"]*|[0-9a-f]{32}")
SENTENCE = re.compile(r"error: /\S+: is on a disk that is full.*\. Make room there, or .*\.\n")


def digests(folder: Path) -> dict[str, str]:
    """Return a digest of each artefact's content by its name, of notebooks without times."""
    found = {}
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder)
        if file.is_file() and not ASIDE & {*name.parts} and len(name.parts) > 1:
            content = file.read_bytes()
            content = essence(content) if file.suffix == ".ipynb" else content
            found[name.as_posix()] = hashlib.sha256(content).hexdigest()
    return found


def essence(notebook: bytes) -> bytes:
    """Return what a notebook says and shows: its cells and outputs without times."""
    cells = json.loads(notebook)["cells"]
    told = [[cell["source"], cell.get("outputs")] for cell in cells]
    return TIMES.sub("", json.dumps(told, sort_keys=True)).encode()


class Disk:
    """A file system in memory on which there is as much room as is asked for."""

    def __init__(self, place: Path):
        self.place, self.filler = place, place / "filler"
        place.mkdir(exist_ok=True)
        self._mount(f"size={MOST}m")

    def _mount(self, options: str) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.place], check=True)

    @contextlib.contextmanager
    def room(self, what: str, k: int) -> Iterator[None]:
        """Leave room for `k` more "pages" or "files" meanwhile."""
        state = os.statvfs(self.place)
        if what == "files":
            self._mount(f"remount,nr_inodes={state.f_files - state.f_ffree + k}")
        else:
            with self.filler.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, state.f_bavail * state.f_frsize - k * PAGE)
        try:
            yield
        finally:
            self.filler.unlink(missing_ok=True)
            self._mount("remount,nr_inodes=1000000")


def call(stage: str) -> tuple[int, str]:
    """Run a stage as a job does; return its status and what it says on the error stream."""
    told = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(told):
        try:
            status = emolib([stage, *STAGES[stage][0].split(), "smoke"])
        except Exception as error:
            return -1, repr(error)
    return status, told.getvalue()


def sweep(stage: str, disk: Disk, what: str, most: int | None = None) -> Iterator[tuple[int, str]]:
    """Yield each k with what came of it, in capitals if it may not."""
    _, name, *steps = STAGES[stage]
    folder = disk.place / "smoke"
    record = folder / RECORDS / f"{name}.json"
    status, told = call(stage)  # what an earlier stage made again changes what this one makes
    if status:
        yield 0, f"DOES NOT GO: {told[-1000:]}"
        return
    whole = digests(folder)
    for k in itertools.islice(itertools.count(0, steps[what == "files"]), most):
        for made in json.loads(record.read_text())["files"]:
            (folder / made).unlink()
        with disk.room(what, k):
            status, told = call(stage)
        enough, left = status == 0, [*disk.place.rglob(".unfinished-*")]
        if not enough:
            status, later = call(stage)
            if status:
                yield k, f"DOES NOT GO ON: {told[-1000:]} {later[-1000:]}"
                return
        if not (enough or SENTENCE.fullmatch(told)):
            yield k, f"TOLD OTHERWISE: {told[-2000:]}"
        elif left:
            yield k, f"LEFT: {left}"
        elif (now := digests(folder)) != whole:
            differ = [file for file in whole | now if whole.get(file) != now.get(file)]
            yield k, f"NOT THE SAME: {differ}"
        elif not enough:
            yield k, "told, and the same bytes after"
        if enough:
            return


def main(arguments: list[str] | None = None) -> int:
    """Print a table of outcomes by stage, and all that went wrong; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.full_disk")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=[*STAGES])
    parser.add_argument("--most", type=int, help="of k, of each stage")
    base = "results of the smoke study, of this version, to save time"
    parser.add_argument("--base", type=Path, help=base)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if not asked.inside:
        words = sys.argv[1:] if arguments is None else arguments
        own = ["unshare", "--user", "--map-root-user", "--mount", sys.executable]
        return subprocess.run([*own, "-m", "benchmarks.full_disk", "--inside", *words]).returncode
    rows = []
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as end:
        disk = Disk(Path(folder) / "disk")
        end.callback(subprocess.run, ["umount", "--lazy", disk.place], check=False)
        os.environ["EMOLIB_RESULTS"] = str(disk.place)
        if asked.base:
            shutil.copytree(asked.base, disk.place / "smoke", copy_function=shutil.copy2)
        elif others := [TARGETS[stage] for stage in asked.stages if stage not in ALONE]:
            emolib(["run", "smoke", "--cores", "2", "--targets", *others])
        for variable in ("TMPDIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
            os.environ[variable] = str(disk.place / variable)
            (disk.place / variable).mkdir()
        tempfile.tempdir = None
        for stage, what in itertools.product(asked.stages, ("pages", "files")):
            start = time.monotonic()
            for k, told in sweep(stage, disk, what, asked.most):
                rows.append((f"{stage}, {what}", told.partition(":")[0]))
                if told[:3].isupper():
                    print(f"{stage}, room for {k} {what}: {told}", flush=True)
            print(f"{stage}, {what}: {time.monotonic() - start:.0f} s", flush=True)
    table = pd.DataFrame(rows, columns=["stage", "outcome"])
    print(pd.crosstab(table["stage"], table["outcome"], margins=True).to_string())
    return int(table["outcome"].str[:3].str.isupper().any())


if __name__ == "__main__":
    sys.exit(main())
