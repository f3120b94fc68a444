"""Profiles: what each asks for, what it may say, and a run on a stand-in for Kubernetes."""

from __future__ import annotations

import base64
import os
import subprocess
from types import SimpleNamespace

import kubernetes
import pytest
import yaml

from emolib.errors import SettingsError
from emolib.study import load
from emolib.study.profiles import FILE, PROFILES, execution
from emolib.study.workflow import plan, run_jobs

NAMES = sorted(file.parent.name for file in PROFILES.glob(f"*/{FILE}"))


def test_without_a_profile_jobs_run_here_on_the_processors_that_are_given():
    how = execution(cores=3)
    assert how.of_workflow["resource_settings"].cores == 3
    assert set(how.of_jobs) == {"execution_settings"} and not how.elsewhere
    assert execution().of_workflow["resource_settings"].cores >= 1


def test_there_are_profiles_for_one_machine_and_two_kinds_of_cluster():
    assert NAMES == ["kubernetes", "local", "slurm"]
    executors = {name: execution(name).of_jobs["executor"] for name in NAMES}
    assert executors == {"kubernetes": "kubernetes", "local": "local", "slurm": "slurm"}
    assert [name for name in NAMES if execution(name).elsewhere] == ["kubernetes", "slurm"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_dry_run_says_what_each_rule_asks_for(name, tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path))
    asked = plan(load("smoke"), execution(name))
    n_jobs = asked.set_index("rule")["jobs"].to_dict()
    assert n_jobs["simulate"] == n_jobs["features"] == n_jobs["summary"] == 4
    assert n_jobs["train"] == 3 * 2 + 2 and n_jobs["book"] == 1
    assert asked["mem_mb"].dropna().between(500, 16_000).all() and asked["runtime"].ge(1).all()
    assert {"simulate", "features", "book"}.isdisjoint(asked.query("mem_mb.isna()")["rule"])
    assert (asked["threads"] == 1).all()
    assert not list(tmp_path.rglob("*.mat")), "nothing is made"
    assert (tmp_path / "smoke" / "made_with.json").is_file()  # no older results: a run says nothing


@pytest.mark.slow
def test_training_asks_for_memory_by_the_size_of_all_features(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path))
    study, asked = load("smoke"), []
    study.features_file("sub-01").parent.mkdir(parents=True)
    for megabytes in (10, 30):
        for subject in study.subjects():
            with study.features_file(subject).open("wb") as file:
                file.truncate(megabytes * 1_000_000)
        of = plan(study, execution("slurm")).set_index("rule")["mem_mb"]
        asked.append((of["train"], of["book"]))
    assert asked[1][0] - asked[0][0] == pytest.approx(8 * 4 * 20, rel=0.1)
    assert asked[0][1] == asked[1][1]  # of a job that reads none


def profile(folder, text):
    (folder / FILE).write_text(text)
    return str(folder)


def test_a_key_that_is_wrong_or_a_runs_own_is_refused_with_what_is_allowed(tmp_path):
    with pytest.raises(SettingsError, match=r"'retris'.*Did you mean 'retries'"):
        execution(profile(tmp_path, "executor: slurm\nretris: 2\n"))
    with pytest.raises(SettingsError, match="'default-storage-provider'"):
        execution(profile(tmp_path, "default-storage-provider: s3\n"))
    with pytest.raises(SettingsError, match="'slurm-requeue'"):  # of another executor
        execution(profile(tmp_path, "executor: local\nslurm-requeue: true\n"))


def test_a_value_that_snakemake_does_not_understand_is_told(tmp_path):
    with pytest.raises(SettingsError, match=r"config\.yaml.*retries"):
        execution(profile(tmp_path, "retries: many\n"))
    with pytest.raises(SettingsError, match="has no keys"):
        execution(profile(tmp_path, "- executor\n"))
    with pytest.raises(SettingsError, match="cannot be read"):
        execution(profile(tmp_path, "executor: [\n"))


def test_what_is_not_there_is_told_with_what_is(tmp_path):
    with pytest.raises(SettingsError, match=r"'slrum'.*Did you mean 'slurm'"):
        execution("slrum")
    with pytest.raises(SettingsError, match=r"'lsf'.*pip install snakemake-executor-plugin-lsf"):
        execution(profile(tmp_path, "executor: lsf\n"))


def test_processors_that_are_given_go_before_the_profiles(tmp_path):
    name = profile(tmp_path, "cores: 4\n")
    assert execution(name).of_workflow["resource_settings"].cores == 4
    assert execution(name, cores=2).of_workflow["resource_settings"].cores == 2
    assert execution("slurm").of_workflow["resource_settings"].cores is None


class Pods:
    """A stand-in for Kubernetes: a pod is a process that knows nothing but its secrets."""

    def __init__(self):
        self.secret, self.bodies, self.running = {}, [], {}

    def create_namespaced_secret(self, namespace, secret):
        self.secret = {k: base64.b64decode(value).decode() for k, value in secret.data.items()}

    def create_namespaced_job(self, namespace, body):
        self.bodies.append(body)
        (container,) = body.spec.template.spec.containers
        keys = {one.name: one.value_from.secret_key_ref.key for one in container.env}
        own = {name: self.secret[key] for name, key in keys.items()}
        command = [*container.command, *container.args]
        environment = {"PATH": os.defpath, "HOME": os.environ["HOME"]} | own
        self.running[body.metadata.name] = subprocess.Popen(command, cwd="/", env=environment)
        return body

    def read_namespaced_job_status(self, name, namespace):
        ended = self.running[name].poll()
        status = SimpleNamespace(succeeded=int(ended == 0), failed=int(ended not in (None, 0)))
        return SimpleNamespace(status=status)

    def list_namespaced_pod(self, **_):
        return SimpleNamespace(items=[])

    def delete_namespaced_job(self, name, *_, **__):
        self.running[name].kill()

    def delete_namespaced_secret(self, *_, **__):
        self.secret = {}


@pytest.fixture
def pods():
    """A stand-in for Kubernetes, which ends its pods with the test."""
    made = Pods()
    yield made
    for pod in made.running.values():
        pod.kill()
        pod.wait()


@pytest.mark.slow
@pytest.mark.workflow
def test_kubernetes_is_asked_for_pods_that_make_what_a_run_here_makes(pods, tmp_path, monkeypatch):
    monkeypatch.setattr(kubernetes.config, "load_kube_config", lambda: None)
    monkeypatch.setattr(kubernetes.client, "CoreV1Api", lambda: pods)
    monkeypatch.setattr(kubernetes.client, "BatchV1Api", lambda: pods)
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    asked = yaml.safe_load((PROFILES / "kubernetes" / FILE).read_text())
    asked["seconds-between-status-checks"] = 1
    asked["envvars"] = [*asked["envvars"], "EMOLIB_RESULTS"]
    how = execution(profile(tmp_path, yaml.safe_dump(asked)))
    study = load("smoke")
    assert run_jobs(study, how, targets=["recordings/s01.mat"]) == 1
    assert (study.folder / "recordings" / "s01.mat").is_file()
    (body,) = pods.bodies
    (container,) = body.spec.template.spec.containers
    assert container.image == asked["container-image"]
    assert container.resources.requests["memory"] == "1000M"
    (volume,) = asked["kubernetes-persistent-volumes"]
    mounts = [f"{mount.name}:{mount.mount_path}" for mount in container.volume_mounts]
    assert volume in mounts and "secret" not in " ".join(container.args)
    assert not pods.secret  # taken back
