"""What a command loads, and how many threads of linear algebra it takes, before it works."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys

import pytest

from emolib import __main__ as line

pytestmark = pytest.mark.slow

HEAVY = {
    *("IPython", "jax", "keras", "matplotlib", "mne", "papermill"),
    *("scipy.signal", "scipy.stats", "sklearn", "snakemake"),
}


def python(code: str, **environment: str) -> str:
    """What a fresh interpreter prints."""
    kept = {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name}
    command = [sys.executable, "-c", code]
    ran = subprocess.run(
        command, env=kept | environment, capture_output=True, text=True, check=True
    )
    return ran.stdout


@pytest.mark.parametrize("module", ["emolib.study", "emolib.study.study"])
def test_reading_a_study_does_not_wait_for_heavy_libraries(module):
    """Every command starts with it, and a run starts hundreds of commands."""
    code = f"import sys, {module}; {module}.load('smoke'); print(*sys.modules)"
    assert HEAVY & set(python(code).split()) == set()


def test_a_page_waits_for_no_library_that_its_own_notebook_may_not_need():
    """A run executes tens of notebooks, each in its own process."""
    loaded = set(python("import sys, emolib.book.render; print(*sys.modules)").split())
    assert (HEAVY - {"IPython", "papermill"}) & loaded == set()


def test_a_run_loads_no_library_that_only_its_jobs_need():
    """It waits for it before the first job, on every node that a cluster starts it on."""
    planning = "import sys, emolib.study.workflow, emolib.book.notebooks; print(*sys.modules)"
    loaded = set(python(planning).split())
    assert "snakemake" in loaded and "jupytext" not in loaded
    assert (HEAVY - {"IPython", "snakemake"}) & loaded == set()


def test_the_list_of_commands_waits_for_no_library():
    code = """
import sys
from emolib.__main__ import main
try:
    main(["--help"])
except SystemExit:
    print("loaded", *sys.modules)
"""
    told, _, loaded = python(code).rpartition("loaded")
    assert "bring a study up to date" in " ".join(told.split())
    assert {"numpy", "xarray", "pydantic", "yaml", *HEAVY} & set(loaded.split()) == set()


@pytest.mark.workflow
def test_a_reader_that_has_seen_enough_gets_no_traceback(tmp_path):
    rows = "\n".join(f"{i % 2},{i}" for i in range(40))
    (tmp_path / "mine.csv").write_text(f"y,trial\n{rows}\n")
    command = f"{sys.executable} -m emolib audit {tmp_path}/mine.csv --json | true"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert "BrokenPipe" not in done.stderr, done.stderr


@pytest.mark.workflow
def test_every_command_knows_its_function():
    assert len(line.COMMANDS) >= 12
    for name, (_, address, options) in line.COMMANDS.items():
        first, *known = inspect.signature(line._function(address)).parameters
        given = {option.strip("[]") for option in options.split()} - {"variant"}
        assert {line.OPTIONS[option].get("dest", option) for option in given} == {*known}, name
        without = {"new": "name", "audit": "path", "grade": "sheet"}  # of no study that is there
        assert first == without.get(name, "study")


@pytest.mark.workflow
@pytest.mark.parametrize(("given", "used"), [(None, 1), ("2", 2)])
def test_commands_and_kernels_have_one_thread_of_linear_algebra_unless_told_otherwise(
    given, used, tmp_path
):
    count = "from threadpoolctl import threadpool_info\n"
    count += "threads = [pool['num_threads'] for pool in threadpool_info()]\n"
    notebook = tmp_path / "threads.py"
    notebook.write_text(
        f'# %% tags=["parameters"]\nfile = ""\n\n# %%\nimport json, numpy\n{count}'
        'open(file, "w").write(json.dumps(threads))\n'
    )
    written = tmp_path / "threads.json"
    code = f"""
import runpy, sys
sys.argv = ["emolib", "features", "--subject", "sub-01", "--variant", "none", "smoke"]
try:
    runpy.run_module("emolib", run_name="__main__")  # as `python -m emolib`; no such variant
except SystemExit:
    pass
{count}
print(threads)
from pathlib import Path
from emolib.book.render import execute
here = Path({str(tmp_path)!r})
execute(here / "threads.py", here / "out.ipynb", {{"file": {str(written)!r}}})
"""
    own = json.loads(python(code, **({"OMP_NUM_THREADS": given} if given else {})))
    kernel = json.loads(written.read_text())
    most = min(used, os.cpu_count() or 1)
    assert own and kernel, "no library of linear algebra was loaded"
    assert max(own) == max(kernel) == most
