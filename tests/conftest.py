"""What test files share: one run of the smoke study and its book, one browser, axes to draw on."""

from __future__ import annotations

import json
import os
import re
import shutil
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
from playwright.sync_api import Browser, sync_playwright
from xdist.scheduler import LoadScopeScheduling

from emolib import book  # noqa: F401  before a test imports nbformat, which it keeps light
from emolib.figures import display

# The same examples on every machine, and as much time for each as a busy one takes.
hypothesis.settings.load_profile("ci")

# Test processes take a file each, and of these tests a group. One makes the run of the smoke study,
# which keeps two processors busy; others take meanwhile what waits for a browser, and then what
# needs no such run. What needs it comes next: beside the cluster, which mostly waits, a run that
# does not. Files that take a second or two come last: processes end together.
GROUPS = (
    *(r"\[(?:real recordings|one person|strangers)", "of_a_finished_study"),
    *(r"test_book.*\[desk", r"test_book.*\[phone"),
)
FIRST = ("test_workflow", "test_widget", GROUPS[0], "test_lab")
RUNS = ("test_cluster", "test_broken")
AFTER_THE_RUN = (*RUNS, *GROUPS[1:], "test_book", "test_single_file", "test_editions")
LAST = ("emolib/", "test_repository", "tests/recordings", "tests/splits")

# The modules whose examples build networks.
NETWORKS = re.compile(r"emolib\.(model|explain)")

# Nothing of Chromium's own may go out: a request would then not be the page's.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

# The shared real recordings, where this checkout has them beside it.
if "EMOLIB_DATA" not in os.environ and (PROJECT.parent / "shared" / "data").is_dir():
    os.environ["EMOLIB_DATA"] = str(PROJECT.parent / "shared" / "data")


def _group(nodeid: str) -> str:
    return next((each for each in GROUPS if re.search(each, nodeid)), nodeid.split("::")[0])


def _place(item: pytest.Item) -> int:
    order = [*FIRST, "", *AFTER_THE_RUN, *LAST]
    group = _group(item.nodeid)
    return next((i for i, name in enumerate(order) if name and name in group), len(FIRST))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests by what they need; order the tests of a test process."""
    for item in items:
        if isinstance(item, pytest.DoctestItem) and NETWORKS.search(item.name):
            item.add_marker("network")
        for needed, mark in (("smoke_run", "workflow"), ("browser", "browser")):
            if needed in getattr(item, "fixturenames", ()):
                item.add_marker(mark)
    if hasattr(config, "workerinput"):  # a process of pytest-xdist
        items.sort(key=_place)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log) -> LoadScopeScheduling:
    """Deal the tests of a group to one process: their fixtures are made once."""
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = _group
    return scheduler


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


@pytest.fixture
def own_run(smoke_run, tmp_path, monkeypatch) -> None:
    """A copy of that run, the results of this test alone: to be changed."""
    shutil.copytree(smoke_run[0], tmp_path / "results")
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path / "results"))


@pytest.fixture(scope="session")
def smoke_book(smoke_run) -> Path:
    """The folder of the HTML pages that the run of the smoke study built."""
    return smoke_run[0] / "smoke" / "book" / "_build" / "html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, one at a time in a process.

    While it is open its event loop runs in the main thread, where Snakemake cannot have its own: so
    it is closed after each file.
    """
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium is found: install it (on Debian: apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield browser
        browser.close()
