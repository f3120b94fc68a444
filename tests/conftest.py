"""Fixtures that several test files share: one run of the smoke study, and its book."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from matplotlib.axes import Axes

from emolib import display

PROJECT = Path(__file__).resolve().parents[1]

# The shared real recordings, where this checkout has them beside it.
if "EMOLIB_DATA" not in os.environ and (PROJECT.parent / "shared" / "data").is_dir():
    os.environ["EMOLIB_DATA"] = str(PROJECT.parent / "shared" / "data")


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests run side by side, keep those together that need the one run of a study."""
    for item in items:
        if "smoke_run" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("smoke"))


def emolib(*arguments: object, results: Path) -> subprocess.CompletedProcess[str]:
    """Run `python -m emolib ...` as a user does, with its results in `results`."""
    return subprocess.run(
        [sys.executable, "-m", "emolib", *map(str, arguments)],
        cwd=PROJECT,
        env=os.environ | {"EMOLIB_RESULTS": str(results), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


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
    """The results folder and the output of one whole run of studies/smoke.yaml."""
    results = tmp_path_factory.mktemp("results")
    run = emolib("run", "studies/smoke.yaml", results=results)
    assert run.returncode == 0, run.stdout + run.stderr
    return results, run


@pytest.fixture(scope="session")
def smoke_book(smoke_run) -> Path:
    """The folder of the HTML pages that the run of the smoke study built."""
    return smoke_run[0] / "smoke" / "book" / "_build" / "html"
