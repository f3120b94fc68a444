"""Where jobs run, and with how much: on this machine, or as a profile of Snakemake's says.

A profile is a folder with a `config.yaml`, whose keys are options of Snakemake. They change how a
study is computed, never what comes out, so they are in no digest.
"""

from __future__ import annotations

import argparse
import contextlib
import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from snakemake import cli
from snakemake.settings import types as settings
from snakemake.utils import available_cpu_count
from snakemake_interface_executor_plugins.registry import ExecutorPluginRegistry

from emolib.errors import SettingsError, did_you_mean
from emolib.study.study import PROJECT

PROFILES = PROJECT / "profiles"
FILE = "config.yaml"
# What a profile may say, as options of Snakemake, by the settings that they become. It may say
# nothing that a run decides itself, such as targets, and nothing that would be ignored.
OF_WORKFLOW: dict[str, tuple[Any, list[str]]] = {
    "resource_settings": (
        settings.ResourceSettings,
        [
            *("cores", "jobs", "local-cores", "max-threads", "resources", "default-resources"),
            *("set-threads", "set-resources", "set-resource-scopes"),
        ],
    ),
}
OF_JOBS: dict[str, tuple[Any, list[str]]] = {
    "execution_settings": (settings.ExecutionSettings, ["latency-wait", "retries"]),
    "remote_execution_settings": (
        settings.RemoteExecutionSettings,
        [
            *("container-image", "envvars", "precommand"),
            *("max-status-checks-per-second", "seconds-between-status-checks"),
        ],
    ),
    "scheduling_settings": (settings.SchedulingSettings, ["max-jobs-per-timespan", "scheduler"]),
    "group_settings": (settings.GroupSettings, ["groups", "group-components"]),
}
FIELDS = {  # of settings, where they have another name than the option
    "jobs": "nodes",
    "groups": "overwrite_groups",
    "set-threads": "overwrite_threads",
    "set-resources": "overwrite_resources",
    "set-resource-scopes": "overwrite_resource_scopes",
}


@dataclass(frozen=True)
class Execution:
    """What Snakemake is told of how to run a workflow.

    Attributes
    ----------
    of_workflow, of_jobs : dict
        Keywords of ``SnakemakeApi.workflow`` and of ``DAGApi.execute_workflow``.
    elsewhere : bool
        Whether jobs run on other machines, which have temporary folders of their own.
    """

    of_workflow: dict[str, Any]
    of_jobs: dict[str, Any]
    elsewhere: bool = False

    def dry(self) -> Execution:
        """Return how to only plan it."""
        return replace(self, of_jobs=self.of_jobs | {"pseudo_executor": "dryrun"})


def execution(profile: str | None = None, cores: int | None = None) -> Execution:
    """Return how to run a workflow.

    Parameters
    ----------
    profile : str or None
        A name in the project's `profiles/`, such as "slurm", or a folder; None: on this machine.
    cores : int or None
        Processors to use at a time; None: as many as the profile says, or as this process may.

    Returns
    -------
    Execution

    Raises
    ------
    SettingsError
        If there is no such profile, or one of its keys or values is not allowed, or what it runs
        jobs with is not installed.
    """
    of_jobs: dict[str, Any] = {"execution_settings": settings.ExecutionSettings()}
    of_workflow: dict[str, Any] = {"resource_settings": settings.ResourceSettings()}
    elsewhere = False
    if profile is not None:
        given = _parsed(_file(profile))
        executor = given.executor or "local"
        plugin = ExecutorPluginRegistry().get_plugin(executor)
        elsewhere = plugin.common_settings.non_local_exec
        # All machines see one folder of results, whatever a plugin takes for granted: Kubernetes'
        # would ask for an object store, where files that no rule names, such as weights, get lost.
        plugin.common_settings.implies_no_shared_fs = False
        plugin.common_settings.job_deploy_sources = False
        plugin.common_settings.auto_deploy_default_storage_provider = False
        of_workflow = _settings(given, OF_WORKFLOW) | {"storage_settings": _OneFolder()}
        of_jobs = _settings(given, OF_JOBS)
        of_jobs |= {"executor": executor, "executor_settings": plugin.get_settings(given)}
    resources = of_workflow["resource_settings"]
    resources.cores = cores or resources.cores or (None if elsewhere else available_cpu_count())
    how = of_jobs["execution_settings"]
    how.lock, how.keep_going = False, True
    return Execution(of_workflow, of_jobs, elsewhere)


class _OneFolder(settings.StorageSettings):
    """All that jobs read and write is shared, and they need not start in the study's folder."""

    assume_common_workdir = False  # a pod starts in one of its own, so each job is told


def _file(profile: str) -> Path:
    """Return the file of a profile, by the name or the folder of it."""
    known = {file.parent.name: file for file in sorted(PROFILES.glob(f"*/{FILE}"))}
    file = known.get(profile, Path(profile) / FILE)
    if not file.is_file():
        hint = f"{did_you_mean(profile, known)} Or name a folder that has a {FILE}."
        raise SettingsError(f"profile {profile!r}", "is not known.", hint)
    return file.resolve()


def _parsed(file: Path) -> argparse.Namespace:
    """Read a profile as Snakemake does, and refuse what it or a run has no use for."""
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise SettingsError(file, f"cannot be read: {error}", "Correct it.") from None
    if not isinstance(content, dict):
        raise SettingsError(file, "has no keys.", f"{PROFILES / 'slurm' / FILE} shows how.")
    executors = ExecutorPluginRegistry().plugins
    executor = content.get("executor", "local")
    if executor not in executors:
        hint = f"{did_you_mean(str(executor), executors)} Others are installed by `pip install \
snakemake-executor-plugin-{executor}`."
        raise SettingsError(f"{file}: executor {executor!r}", "is not installed.", hint)
    known = {
        "executor",
        *(key for _, options in (OF_WORKFLOW | OF_JOBS).values() for key in options),
    }
    known |= {info["cliarg"].lstrip("-") for info in executors[executor].get_settings_info()}
    for key in content:
        if key not in known:
            hint = did_you_mean(str(key), known)
            raise SettingsError(f"{file}: key {key!r}", "is not a run's.", hint)
    told = io.StringIO()
    try:
        with contextlib.redirect_stderr(told):
            return cli.get_argument_parser(profiles=[str(file)]).parse_args([])
    except SystemExit:
        problem = (told.getvalue().strip().splitlines() or ["?"])[-1].rpartition("error: ")[2]
        hint = "Snakemake's documentation says what its options allow."
        raise SettingsError(file, f"is not understood: {problem}", hint) from None


def _settings(given: argparse.Namespace, of: dict[str, tuple[Any, list[str]]]) -> dict[str, Any]:
    """Return the settings of Snakemake's programming interface from those of its command line."""
    found = {}
    for name, (kind, options) in of.items():
        fields = {option.replace("-", "_"): FIELDS.get(option) for option in options}
        found[name] = kind(**{own or at: getattr(given, at) for at, own in fields.items()})
    return found
