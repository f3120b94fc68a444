"""Fixtures that several test files share: one run of the smoke study, and its book."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

# One thread of linear algebra a process, as Snakemake gives a job. Read when numpy is imported.
# Threads of processes side by side wait for each other: a product can take ten times as long.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import hypothesis
import matplotlib.pyplot as plt
import pytest
from command import PROJECT, emolib
from filelock import FileLock
from matplotlib.axes import Axes

from emolib.figures import display

# The same examples on every machine, and as much time for each as a busy one takes.
hypothesis.settings.load_profile("ci")

# The files of tests that take minutes; the first makes the run of a study that others wait for.
LONGEST = ("test_workflow", "test_exercises", "test_notebooks", "test_book", "test_widget")

# The shared real recordings, where this checkout has them beside it.
if "EMOLIB_DATA" not in os.environ and (PROJECT.parent / "shared" / "data").is_dir():
    os.environ["EMOLIB_DATA"] = str(PROJECT.parent / "shared" / "data")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where test processes take a file each, let the files that take longest begin."""
    if hasattr(config, "workerinput"):  # a process of pytest-xdist
        place = {name: i for i, name in enumerate(LONGEST)}
        items.sort(key=lambda item: place.get(item.path.stem, len(place)))


@pytest.fixture(scope="session", autouse=True)
def _own_results(tmp_path_factory) -> Iterator[None]:
    """Keep tests out of results/: none may lean on what this checkout happens to have made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOLIB_RESULTS", str(tmp_path_factory.mktemp("results")))
        yield


@pytest.fixture
def ax(monkeypatch) -> Iterator[Axes]:
    """Axes in the book's style; a function that draws on them may not show them."""
    monkeypatch.setattr(plt, "show", lambda *_, **__: pytest.fail("a plot function called show"))
    with plt.rc_context():
        display.use_style()
        yield plt.subplots()[1]
    plt.close("all")


@pytest.fixture(scope="session")
def smoke_run(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The results folder and the output of one whole run of studies/smoke.yaml.

    Test processes side by side share it: the first makes it, the others wait. Nobody may change it.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # of all processes
    results, output = folder / "smoke", folder / "smoke.json"
    with FileLock(folder / "smoke.lock"):
        if not output.exists():
            run = emolib("run", "studies/smoke.yaml", results=results)
            output.write_text(json.dumps([run.args, run.returncode, run.stdout, run.stderr]))
    run = subprocess.CompletedProcess(*json.loads(output.read_text()))
    assert run.returncode == 0, run.stdout + run.stderr
    return results, run


@pytest.fixture(scope="session")
def smoke_book(smoke_run) -> Path:
    """The folder of the HTML pages that the run of the smoke study built."""
    return smoke_run[0] / "smoke" / "book" / "_build" / "html"
