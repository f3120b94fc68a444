"""Without a network: packages from a folder, the files of the image, and no file in a home."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml
from command import PROJECT
from test_repository import own_files

ALONE = ("unshare", "--user", "--map-root-user", "--net")  # with no network at all
needs_namespaces = pytest.mark.skipif(
    not shutil.which("unshare") or subprocess.run([*ALONE, "true"], check=False).returncode,
    reason="needs Linux and user namespaces, to take the network away",
)
IMAGE = (PROJECT / "Apptainer.def").read_text(encoding="utf-8")


def files_of_image() -> list[str]:
    """The files and folders that the image takes from the project."""
    (section,) = re.findall(r"^%files\n(.*?)^%", IMAGE, re.DOTALL | re.MULTILINE)
    pairs = [line.split() for line in section.splitlines() if line.strip()]
    assert all(to == "/emolib/" for _, to in pairs)
    return [name for name, _ in pairs]


def test_the_image_takes_all_that_a_run_needs_and_a_python_that_the_project_supports():
    taken, own = files_of_image(), {path.relative_to(PROJECT).parts[0] for path in own_files()}
    outside = {"Apptainer.def", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile", "environment.yml"}
    outside |= {".ci", ".codespellrc", ".gitignore", ".pre-commit-config.yaml"}
    outside |= {"benchmarks", "tests"}
    assert set(taken) == own - outside
    (image,) = re.findall(r"^From: (\S+)", IMAGE, re.MULTILINE)
    pods = yaml.safe_load((PROJECT / "profiles" / "kubernetes" / "config.yaml").read_text())
    assert image == pods["container-image"]
    assert "--constraint constraints.txt --editable '.[cluster]'" in IMAGE


@pytest.mark.faults
@needs_namespaces
def test_from_a_folder_of_wheels_the_project_runs_without_a_network_and_with_the_images_files(
    tmp_path,
):
    wheels, project, image = (tmp_path / name for name in ("wheels", "project", "image"))
    for file in own_files():
        copy = project / file.relative_to(PROJECT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
    # The environment of these tests is taken as it is, also where pyproject.toml is newer.
    make = ["make", "--old-file=.venv/installed", "wheels", f"WHEELS={wheels}"]
    subprocess.run(make, cwd=PROJECT, check=True)
    assert not list(wheels.glob("emolib*")) and len(list(wheels.glob("*.whl"))) > 100
    python = f"PYTHON={sys.executable}"
    install = [*ALONE, "make", ".venv/installed", python, f"WHEELS={wheels}"]
    own = os.environ | {"PIP_CONFIG_FILE": os.devnull}  # a folder of packages of this machine's
    subprocess.run(install, cwd=project, env=own, check=True)
    for name in files_of_image():
        copy = shutil.copytree if (project / name).is_dir() else shutil.copy
        copy(project / name, (image.mkdir(exist_ok=True), image / name)[1])
    before = sorted(image.rglob("*"))
    places = {name: tmp_path / name for name in ("home", "temporary", "cache", "results")}
    for place in places.values():
        place.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(image),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(places["home"]),
        "TMPDIR": str(places["temporary"]),
        "XDG_CACHE_HOME": str(places["cache"]),
        "EMOLIB_RESULTS": str(places["results"]),
    }
    targets = ["predictions/trial_grouped/fold-0.parquet", "notebooks/chapters/01_first_look.ipynb"]
    command = [project / ".venv" / "bin" / "python", "-m", "emolib", "run", "smoke"]
    command = [*ALONE, *command, "--profile", "local", "--targets", *targets]
    ran = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert all((places["results"] / "smoke" / target).is_file() for target in targets)
    assert sorted(image.rglob("*")) == before, "an image cannot be written to"
    assert not list(places["home"].iterdir()) and not list(places["temporary"].iterdir())
    assert any(places["cache"].iterdir())
