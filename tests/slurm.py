"""A Slurm cluster of one node, this machine, on loopback and in a private folder.

It needs Debian's packages `slurmctld`, `slurmd` and `munge`; nothing of it stays.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "srun")
PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin:/sbin"
START_SECONDS = 30

CONFIG = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
MpiDefault=none
SwitchType=switch/none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
KillWait=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={mebibytes} State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


@dataclass(frozen=True)
class Cluster:
    """A cluster that runs: its node, and the environment in which its commands find it."""

    node: str
    environment: dict[str, str]

    def call(self, *command: str) -> str:
        """Run one of Slurm's commands and return what it prints."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=True, timeout=30
        )
        return done.stdout.strip()

    def jobs(self, state: str) -> list[str]:
        """List the numbers of the jobs in a state, such as RUNNING."""
        return self.call("squeue", "--noheader", "--format=%i", f"--states={state}").split()


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a cluster, and end it with all that it has started, whatever happens."""
    if missing := [name for name in PROGRAMS if not shutil.which(name, path=PATH)]:
        pytest.skip(
            f"no {', '.join(missing)} is found: install Slurm (on Debian: apt install "
            "slurmctld slurmd munge)"
        )
    with contextlib.ExitStack() as end:
        # Not pytest's folder: names of sockets may not be long, nor their folders closed to others.
        folder = Path(end.enter_context(tempfile.TemporaryDirectory(prefix="slurm-")))
        folder.chmod(0o755)
        node = socket.gethostname().split(".")[0]
        environment = os.environ | {"SLURM_CONF": f"{folder}/slurm.conf"}
        environment["PATH"] = f"{folder / 'bin'}:{PATH}"
        _write(folder, node)
        started: list[subprocess.Popen] = []
        end.callback(_stop, started, folder)

        def start(*command: str) -> None:
            log = end.enter_context((folder / f"{command[0]}.log").open("wb"))
            options = {"stdout": log, "stderr": subprocess.STDOUT, "start_new_session": True}
            started.append(subprocess.Popen(command, env=environment, **options))

        names = ("key", "socket", "pid", "log", "seed")
        files = [f"--{name}-file={folder}/munge.{name}" for name in names if name != "socket"]
        start("munged", "--foreground", "--force", f"--socket={folder}/munge.socket", *files)
        _wait(folder, "munged", (folder / "munge.socket").exists)
        start("slurmctld", "-D")
        start("slurmd", "-D")
        made = Cluster(node, environment)

        def idle() -> bool:
            with contextlib.suppress(subprocess.SubprocessError):
                return made.call("sinfo", "--noheader", "--format=%T") == "idle"
            return False

        _wait(folder, "slurmd", idle)
        yield made


def _write(folder: Path, node: str) -> None:
    """Write the configuration, and a key that only this cluster has."""
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir()
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(2)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        ports = [one.getsockname()[1] for one in sockets]
    settings = CONFIG.format(
        folder=folder,
        host=node,
        ports=ports,
        user=pwd.getpwuid(os.getuid()).pw_name,
        cpus=os.cpu_count(),
        mebibytes=psutil.virtual_memory().total // 2**20,
    )
    (folder / "slurm.conf").write_text(settings)
    (folder / "munge.key").write_bytes(secrets.token_bytes(128))
    (folder / "munge.key").chmod(0o600)
    # Snakemake's plugin takes variables that begin with SLURM from srun, this one too.
    srun = folder / "bin" / "srun"
    called = shutil.which("srun", path=PATH)
    srun.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {called} "$@"\n')
    srun.chmod(0o755)


def _wait(folder: Path, program: str, ready) -> None:
    """Wait until a program is ready, or skip with the end of its log."""
    end = time.monotonic() + START_SECONDS
    while not ready():
        if time.monotonic() > end:
            logs = [log.read_text(errors="replace")[-500:] for log in folder.glob("*.log")]
            pytest.skip(f"{program} does not start here: {' '.join(logs)}")
        time.sleep(0.1)


def _stop(started: list[subprocess.Popen], folder: Path) -> None:
    """End the cluster's processes and its jobs, which all know its configuration."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            of = process.environ().get("SLURM_CONF")
            if of == f"{folder}/slurm.conf" and process.pid != os.getpid():
                process.send_signal(signal.SIGKILL)
    for process in started:
        process.wait(timeout=10)
