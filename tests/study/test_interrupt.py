"""A run that is stopped by Ctrl-C, or killed, ends its jobs and leaves nothing half-written."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest
from command import PROJECT
from snakemake_interface_logger_plugins.common import LogEvent

from emolib.__main__ import main
from emolib.study import progress
from emolib.study import study as studies
from emolib.study.workflow import remove_unfinished, take_back_times


@pytest.mark.slow
@pytest.mark.workflow
@pytest.mark.parametrize(
    ("number", "to_all"),
    [
        (signal.SIGINT, True),
        pytest.param(signal.SIGINT, False, marks=pytest.mark.faults),
        pytest.param(signal.SIGTERM, False, marks=pytest.mark.faults),
    ],
)
def test_a_run_that_is_stopped_ends_its_jobs_and_says_what_is_kept(tmp_path, number, to_all):
    left = tmp_path / "smoke" / "features" / ".unfinished-killed" / "sub-01.nc"
    left.parent.mkdir(parents=True)
    left.write_text("half")
    (tmp_path / "emolib-run-killed").mkdir()
    (tmp_path / "smoke" / ".temporary").write_text(str(tmp_path / "emolib-run-killed"))
    targets = [f"features/sub-0{i}.nc" for i in range(1, 5)]
    with subprocess.Popen(
        [sys.executable, "-m", "emolib", "run", "smoke", "--cores", "2", "--targets", *targets],
        cwd=PROJECT,
        env=os.environ | {"EMOLIB_RESULTS": str(tmp_path), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as run:
        while "done" not in run.stdout.readline():
            assert run.poll() is None, run.stderr.read()
        jobs = psutil.Process(run.pid).children(recursive=True)
        (os.killpg if to_all else os.kill)(run.pid, number)
        output, told = run.communicate(timeout=60)
    assert run.returncode == 128 + number
    (sentence,) = told.splitlines()
    assert sentence.startswith("stopped: what is finished is kept (")
    assert "failed" not in output
    _, left = psutil.wait_procs(jobs, timeout=10)
    assert all(job.status() == psutil.STATUS_ZOMBIE for job in left)  # ended, and none asked how
    assert not [*tmp_path.rglob(".unfinished-*"), *tmp_path.glob("emolib-run-*")]
    assert list(tmp_path.rglob("recordings/s0?.mat"))  # is kept


@pytest.mark.parametrize(
    ("log", "after", "failed"),  # of the run's signal, in seconds
    [
        ("", 0.1, False),
        ("stopped: nothing is half-written.\n", 0.1, False),
        ("Traceback (most recent call last):\n  ...\nKeyboardInterrupt\n", 0.1, False),
        ("", None, True),  # as by a lack of memory
        ("error: s03.mat: is damaged.\n", 0.1, True),
    ],
)
def test_a_job_that_ctrl_c_reaches_before_its_run_did_not_fail(
    tmp_path, capsys, monkeypatch, log, after, failed
):
    monkeypatch.setattr(progress, "STOP_SECONDS", 0.2 if after is None else 10)
    (tmp_path / "simulate.log").write_text(log)
    handler = progress.ProgressHandler(tmp_path, "", lambda jobs: None)
    handler.running[3] = ("simulate 03", "", 0.0, tmp_path / "simulate.log")
    record = logging.LogRecord("snakemake", logging.ERROR, "", 0, "", None, None)
    record.event, record.job_id = LogEvent.JOB_ERROR, 3
    stop = threading.Timer(after or 0, setattr, (handler, "interrupted", signal.SIGINT))
    if after is not None:
        stop.start()
    handler.emit(record)
    stop.cancel()
    assert [name for name, *_ in handler.failed] == ["simulate 03"] * failed
    assert ("failed" in capsys.readouterr().out) is failed


def test_a_command_that_is_stopped_ends_without_a_traceback(monkeypatch, capsys):
    def stop(name):
        raise KeyboardInterrupt

    monkeypatch.setattr(studies, "load", stop)
    assert main(["features", "smoke", "--subject", "sub-01"]) == 130
    assert capsys.readouterr().err == "stopped: nothing is half-written.\n"


def test_a_command_that_is_terminated_ends_as_if_by_ctrl_c(monkeypatch, capsys):
    monkeypatch.setattr(studies, "load", lambda _: os.kill(os.getpid(), signal.SIGTERM))
    before = signal.getsignal(signal.SIGTERM)  # a test before may have left Snakemake's
    assert main(["features", "smoke", "--subject", "sub-01"]) == 128 + signal.SIGTERM
    assert capsys.readouterr().err == "stopped: nothing is half-written.\n"
    assert signal.getsignal(signal.SIGTERM) == before


def test_files_from_the_future_are_older_than_now_in_their_order(tmp_path):
    now, hour = time.time_ns(), 3_600_000_000_000
    of = {
        "old": now - hour,
        "recording": now + hour,
        "features": now + 2 * hour,
        "twin": now + hour,
    }
    for name, when in of.items():
        (tmp_path / name).touch()
        os.utime(tmp_path / name, ns=(when, when))
    take_back_times(tmp_path)
    given = {name: (tmp_path / name).stat().st_mtime_ns for name in of}
    assert given["old"] == of["old"] < given["recording"] < given["features"] < time.time_ns()
    assert given["twin"] == given["recording"]


def test_what_a_killed_job_had_begun_is_removed_and_nothing_else(tmp_path):
    begun = tmp_path / "notebooks" / "subjects" / ".unfinished-x" / "sub-01.ipynb"
    page, checkpoint = begun.parents[1] / "sub-01.ipynb", tmp_path / "models" / "unfinished-0"
    for file in (begun, page, checkpoint):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    remove_unfinished(tmp_path)
    assert not begun.parent.exists()
    assert page.exists() and checkpoint.exists()
