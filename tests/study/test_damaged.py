"""One artefact of every kind is damaged, another deleted: the next run names and heals them all.

Run by `make faults`: all that depends on them, which is nearly everything, is made again.
"""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from command import emolib

pytestmark = [pytest.mark.slow, pytest.mark.workflow, pytest.mark.faults]

# By kind: a file of the smoke study, and what is done to it.
DAMAGED = {
    "recordings/s02.mat": "flip",
    "recordings/truth/sub-03.nc": "cut",
    "features/sub-01.nc": "flip",
    "summaries/sub-02.nc": "cut",
    "predictions/trial_grouped/fold-0.parquet": "flip",
    "predictions/window_wise/permuted-1/fold-0.parquet": "empty",
    "models/window_wise/fold-1/history.parquet": "cut",
    "models/trial_grouped/fold-1/pooled.weights.h5": "flip",
    "models/leave_subjects_out/fold-0/model.json": "empty",
    "attributions/trial_grouped/fold-1.nc": "cut",
    "variants/valence_only/predictions/trial_grouped/fold-1.parquet": "flip",
    "scores/scores.parquet": "empty",
    "scores/scores.csv": "delete",
    "scores/permuted.parquet": "cut",
    "scores/group_tests.parquet": "flip",
    "variants/valence_only/scores/scores.csv": "flip",
    "notebooks/cohort.ipynb": "cut",
    "notebooks/chapters/01_first_look.ipynb": "empty",
    "notebooks/subjects/sub-04.ipynb": "delete",
    "book/_build/html/cohort.html": "flip",
    "book/_build/html/searchindex.js": "delete",
}
SAME_BYTES = ("recordings", "features", "summaries", "predictions", "models", "scores")


def digests(folder: Path) -> Iterator[tuple[str, str]]:
    for room in (*SAME_BYTES, *(f"variants/valence_only/{room}" for room in SAME_BYTES)):
        for file in sorted((folder / room).rglob("*.*")):
            if file.is_file():
                name = file.relative_to(folder).as_posix()
                yield name, hashlib.sha256(file.read_bytes()).hexdigest()


def damage(file: Path, how: str) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 4
    if how == "delete":
        file.unlink()
    else:
        file.write_bytes({"flip": content, "cut": content[:-100], "empty": b""}[how])


def test_one_damaged_artefact_of_every_kind_is_named_and_healed(smoke_run, tmp_path):
    results = tmp_path / "results"
    shutil.copytree(smoke_run[0], results, copy_function=shutil.copy2)
    folder = results / "smoke"
    before = dict(digests(folder))
    for name, how in DAMAGED.items():
        damage(folder / name, how)
    run = emolib("run", "studies/smoke.yaml", results=results)
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{len(DAMAGED)} missing or damaged artefacts were made again: " in run.stdout
    assert dict(digests(folder)) == before
    assert (folder / "book/_build/html/searchindex.js").is_file()
    nbformat.read(folder / "notebooks/cohort.ipynb", as_version=4)
    assert "nothing to do" in emolib("run", "studies/smoke.yaml", results=results).stdout
