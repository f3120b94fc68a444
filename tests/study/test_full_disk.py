"""A disk that is full, read-only or forbidden is told in a sentence, and fails no subject."""

import errno
import json
import os
import shutil
import subprocess
import sys

import pytest
from command import PROJECT

from benchmarks.full_disk import essence
from emolib.__main__ import main
from emolib.book.render import execute
from emolib.errors import DataError
from emolib.recordings.child import read_apart
from emolib.recordings.recording import damaged
from emolib.storage import atomic, told_by_system
from emolib.study import load, sources, space, stages

NAMESPACES = ["unshare", "--user", "--map-root-user", "--mount"]
needs_namespaces = pytest.mark.skipif(
    not shutil.which("unshare") or subprocess.run([*NAMESPACES, "true"], check=False).returncode,
    reason="needs Linux and user namespaces",
)


def full(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path / "results"))
    return tmp_path / "results"


@pytest.mark.parametrize(("line", "same"), [("duration  15.2 s", True), ("rows      5.2", False)])
def test_pages_are_compared_but_for_their_times(line, same):
    pages = [
        {"cells": [{"source": "", "outputs": [{"text/plain": text}]}]}
        for text in ("duration   5.2 s", line)
    ]
    first, second = (essence(json.dumps(page).encode()) for page in pages)
    assert (first == second) is same


@pytest.mark.slow
@needs_namespaces
def test_stages_on_a_full_disk_say_so_and_go_on_with_the_same_bytes():
    command = [sys.executable, "-m", "benchmarks.full_disk", "--most", "2"]
    command += ["--stages", "simulate", "features"]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "8" in run.stdout.splitlines()[-1].split()  # two stages, two of pages, two of files


@pytest.mark.slow
@needs_namespaces
def test_a_run_says_in_a_sentence_that_the_folder_of_results_is_forbidden(tmp_path):
    (tmp_path / "results").mkdir(mode=0o555)
    command = [sys.executable, "-m", "emolib", "run", "smoke", "--targets", "recordings/s01.mat"]
    run = subprocess.run(
        ["unshare", "--user", *command],  # there nobody is root, not even root
        cwd=PROJECT,
        env=os.environ | {"EMOLIB_RESULTS": str(tmp_path / "results")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    (sentence,) = run.stderr.splitlines()
    assert (
        sentence.startswith(f"error: {tmp_path}/results") and "may not be used by you" in sentence
    )


@pytest.mark.parametrize("make", [stages.make_features, stages.make_summary])
def test_a_full_disk_is_no_subjects_failure(results, monkeypatch, make):
    monkeypatch.setattr(sources.simulated, "write_subject", full)
    study = load("smoke")
    with pytest.raises(OSError, match="No space left"):
        make(study, "sub-01")
    assert not list(study.folder.rglob("*.nc"))


def test_a_full_disk_is_no_fault_of_what_a_child_reads(tmp_path):
    def read():
        try:
            full()
        except OSError as error:
            raise DataError("a.vhdr", "could not be read.", "Copy it again.") from error

    with pytest.raises(OSError, match="No space left"):
        read_apart(read, [tmp_path / "a.vhdr"])


def test_a_full_disk_is_no_damaged_file():
    with pytest.raises(OSError, match="No space left"), damaged("a.edf", "is damaged", "Copy it."):
        full()


def test_an_error_while_a_file_is_written_names_it(tmp_path):
    with pytest.raises(OSError, match="No space left") as caught, atomic(tmp_path / "a.nc"):
        full()
    assert str(told_by_system(caught.value, tmp_path)).startswith(f"{tmp_path}: is on a disk that")
    assert not list(tmp_path.iterdir())


def test_no_folder_for_temporary_files_is_told(monkeypatch, capsys):
    def none():
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr("tempfile.gettempdir", none)
    assert main(["features", "smoke", "--subject", "sub-01"]) == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence.startswith("error: TMPDIR: no folder for temporary files can be written to.")


@pytest.fixture
def moved(monkeypatch, tmp_path):
    """The variables that move folders of a home, unset, and as they were in the end."""
    for variable in ("MPLCONFIGDIR", "IPYTHONDIR", "KERAS_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, "so that it is as before in the end")
        monkeypatch.delenv(variable)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return ("MPLCONFIGDIR", "IPYTHONDIR", "KERAS_HOME")


def test_pages_do_not_warn_of_a_home_that_is_forbidden(moved):
    main(["features", "no such study", "--subject", "sub-01"])
    assert all(os.access(os.environ[variable], os.W_OK) for variable in moved)


def test_libraries_make_no_folder_in_a_home_where_caches_have_another_place(
    moved, monkeypatch, tmp_path
):
    own = tmp_path / "home" / ".ipython"
    own.mkdir(parents=True)
    main(["features", "no such study", "--subject", "sub-01"])
    assert not set(moved) & set(os.environ)  # nothing says that there is another place
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    main(["features", "no such study", "--subject", "sub-01"])
    assert "IPYTHONDIR" not in os.environ  # what a person has there is used
    assert os.environ["KERAS_HOME"] == str(tmp_path / "cache" / "emolib" / "keras")
    assert os.environ["MPLCONFIGDIR"] == str(tmp_path / "cache" / "emolib" / "matplotlib")


@pytest.mark.workflow
def test_a_notebook_on_a_full_disk_leaves_no_page(tmp_path):
    source, output = tmp_path / "page.py", tmp_path / "page.ipynb"
    source.write_text('# %% tags=["parameters"]\nx = 1\n# %%\nraise OSError(28, "Full", "a.nc")\n')
    with pytest.raises(OSError, match=r"No space left on device: 'a\.nc'"):
        execute(source, output, {})
    assert not output.exists()


# -- before a run --------------------------------------------------------------------------


def test_a_run_without_room_is_refused_with_both_figures(results, monkeypatch, capsys):
    free = shutil.disk_usage(results.parent)._replace(free=5_000_000)
    monkeypatch.setattr(space.shutil, "disk_usage", lambda _: free)
    assert main(["run", "smoke", "--targets", "recordings/s01.mat", "recordings/s02.mat"]) == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "may write 5 MB, and 5 MB are free. Make room there" in sentence
    assert not list(results.rglob("*.mat"))


def test_what_grows_with_the_network_is_in_the_room_that_training_needs():
    narrow = load("smoke")
    wide = narrow.model_copy(update={"model": load("deap").model})
    more = space.room_needed(wide, {"train": 1}) - space.room_needed(narrow, {"train": 1})
    assert more > 4 * 1_347_076 * 13  # bytes: pooled, four people's, and one a task of each
