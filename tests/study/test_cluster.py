"""A study on a cluster: a real Slurm of one node, with a job killed and the node drained."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import yaml
from command import PROJECT
from slurm import Cluster, cluster

pytestmark = [pytest.mark.slow, pytest.mark.workflow]

QUICK = {  # what a cluster of one small node without accounting needs, which is asked every second
    "latency-wait": 10,
    "max-status-checks-per-second": 10,
    "seconds-between-status-checks": 1,
    "slurm-init-seconds-before-status-checks": 1,
    "slurm-status-command": "squeue",
}
NUMBERS = ("recordings", "features", "models", "predictions", "attributions", "scores")


@pytest.fixture(scope="module")
def slurm():
    with cluster() as running:
        yield running


def run(slurm: Cluster, results: Path, *arguments: str) -> subprocess.Popen:
    """Begin a run of the smoke study on the cluster, with the project's profile and a new home."""
    profile = yaml.safe_load((PROJECT / "profiles" / "slurm" / "config.yaml").read_text())
    (results / "profile").mkdir(parents=True)
    (results / "profile" / "config.yaml").write_text(yaml.safe_dump(profile | QUICK))
    compiled = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "emolib" / "jax"
    environment = slurm.environment | {
        "EMOLIB_RESULTS": str(results),
        "COLUMNS": "200",
        "HOME": str(results / "home"),
        "XDG_CACHE_HOME": str(results / "cache"),
        "JAX_COMPILATION_CACHE_DIR": os.environ.get("JAX_COMPILATION_CACHE_DIR", str(compiled)),
    }
    (results / "home").mkdir()
    command = ["run", "smoke", "--profile", str(results / "profile"), *arguments]
    return subprocess.Popen(
        [sys.executable, "-m", "emolib", *command],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for(what, run: subprocess.Popen, seconds: float = 240):
    """Wait until something is true of a run that goes on."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert run.poll() is None and time.monotonic() < end, run.communicate()[0]
        time.sleep(0.1)
    return found


def working(stage: str, study: Path) -> list[psutil.Process]:
    """The processes of a stage of one study and no other: `python -P -m emolib STAGE ...`."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        words = process.info["cmdline"] or []
        if words[1:5] == ["-P", "-m", "emolib", stage] and process.info["cwd"] == str(study):
            found.append(process)
    return found


def kill_one_and_drain(slurm: Cluster, going: subprocess.Popen, study: Path) -> None:
    """Kill the first job that simulates; drain the node, and resume it once nothing runs."""
    (job, *_) = wait_for(lambda: working("simulate", study), going)
    job.send_signal(signal.SIGKILL)
    slurm.call("scontrol", "update", f"nodename={slurm.node}", "state=drain", "reason=test")
    wait_for(lambda: slurm.jobs("PENDING") and not slurm.jobs("RUNNING,COMPLETING"), going)
    assert "drain" in slurm.call("sinfo", "--noheader", "--format=%T")
    slurm.call("scontrol", "update", f"nodename={slurm.node}", "state=resume")


def contents(study: Path) -> dict[str, bytes]:
    """The bytes of the files that hold numbers, by name, those of variants too."""
    members = [study, *(study / "variants").iterdir()]
    files = [path for one in members for name in NUMBERS for path in (one / name).rglob("*")]
    return {str(path.relative_to(study)): path.read_bytes() for path in files if path.is_file()}


def test_on_slurm_a_killed_job_is_done_again_and_the_bytes_are_those_of_a_local_run(
    slurm, smoke_run, tmp_path
):
    """One subject's recording is lost, and all the rest is there."""
    local, there = smoke_run[0] / "smoke", tmp_path / "results" / "smoke"
    shutil.copytree(local, there, copy_function=shutil.copy2)
    (there / "recordings" / "s02.mat").unlink()
    with run(slurm, there.parent, "--targets", "recordings/s02.mat") as going:
        kill_one_and_drain(slurm, going, there)
        told, _ = going.communicate(timeout=400)
    assert going.returncode == 0, told
    assert "failed          simulate 02" in told  # once, and was done again
    assert "1 job in" in told
    assert contents(there) == contents(local)
    assert not list((there.parent / "home").iterdir())


@pytest.mark.faults
def test_the_whole_book_is_made_on_slurm_with_a_job_killed_and_the_node_drained(
    slurm, smoke_run, tmp_path
):
    with run(slurm, tmp_path) as going:
        kill_one_and_drain(slurm, going, tmp_path / "smoke")
        told, _ = going.communicate(timeout=3000)
    assert going.returncode == 0, told
    assert contents(tmp_path / "smoke") == contents(smoke_run[0] / "smoke")
    assert (tmp_path / "smoke" / "book" / "_build" / "html" / "cohort.html").is_file()
    assert not list((tmp_path / "home").iterdir())


@pytest.mark.faults
def test_a_run_that_is_stopped_takes_its_jobs_from_the_queue(slurm, tmp_path):
    with run(slurm, tmp_path, "--targets", "recordings/s01.mat") as going:
        wait_for(lambda: slurm.jobs("RUNNING"), going)
        going.send_signal(signal.SIGINT)
        told, _ = going.communicate(timeout=60)
    assert going.returncode == 128 + signal.SIGINT, told
    assert "stopped: what is finished is kept" in told
    end = time.monotonic() + 20
    while slurm.jobs("RUNNING,PENDING,COMPLETING") and time.monotonic() < end:
        time.sleep(0.2)
    assert not slurm.jobs("RUNNING,PENDING,COMPLETING")
    assert not list(tmp_path.rglob("recordings/s01.mat"))
