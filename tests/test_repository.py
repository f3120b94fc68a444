"""The files around the code: do they agree with each other, and with what the README promises?"""

from __future__ import annotations

import importlib
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.py"))
MADE = {"results", "wheels", "build", "dist", "_build", "__pycache__"}


def texts(*suffixes: str) -> list[Path]:
    """The project's own files with these endings: none that a run or an installation made."""
    return [path for path in own_files() if path.suffix in suffixes]


def own_files() -> list[Path]:
    """All files but those that a run, a cache or an installation made."""
    found = [path for path in PROJECT.glob("[!.]*") if path.is_file() and path.suffix != ".sif"]
    for folder in [".ci", *(path.name for path in PROJECT.glob("[!.]*/"))]:
        if folder not in MADE and not folder.endswith(".egg-info"):
            found += [path for path in (PROJECT / folder).rglob("*") if path.is_file()]
    visible = [path for path in found if not MADE & set(path.parts[len(PROJECT.parts) :])]
    visible += [PROJECT / name for name in (".gitignore", ".pre-commit-config.yaml")]
    return sorted(path for path in visible if ".ipynb_checkpoints" not in path.parts)


def package_name(requirement: str) -> str:
    """The normal form of the name in a requirement: `Scikit_Learn>=1.8` is `scikit-learn`."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name, requirement
    return re.sub(r"[-_.]+", "-", name.group()).lower()


def required() -> set[str]:
    """The names of all packages that pyproject.toml asks for, the tests' among them."""
    wanted = [*PYPROJECT["project"]["dependencies"]]
    wanted += PYPROJECT["project"]["optional-dependencies"]["test"]
    return {package_name(requirement) for requirement in wanted}


def constrained() -> dict[str, str]:
    """Exact version by package name, from constraints.txt."""
    lines = (PROJECT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[^=\s]+", pin) for pin in pins), (
        "exact versions only"
    )
    return {package_name(pin): pin.split("==")[1] for pin in pins}


# -- versions --------------------------------------------------------------------------------------


def test_constraints_cover_all_that_pyproject_asks_for():
    assert required() - set(constrained()) == set()


def test_constraints_keep_within_what_pyproject_allows():
    wanted = [*PYPROJECT["project"]["dependencies"]]
    wanted += PYPROJECT["project"]["optional-dependencies"]["test"]
    pins = constrained()
    for requirement in wanted:
        for sign, version in re.findall(r"(==|>=)([0-9][^,\s;]*)", requirement):
            pinned = pins[package_name(requirement)]
            if sign == "==":
                assert pinned == version, requirement
            else:
                assert [int(part) for part in re.findall(r"\d+", pinned)] >= [
                    int(part) for part in re.findall(r"\d+", version)
                ], requirement


def test_environment_for_conda_serves_every_dependency():
    environment = yaml.safe_load((PROJECT / "environment.yml").read_text(encoding="utf-8"))
    plain = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    (by_pip,) = (entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    lowest = PYPROJECT["project"]["requires-python"].removeprefix(">=")
    assert any(entry.startswith(f"python >={lowest}") for entry in plain)
    assert "pip" in plain
    # What pip installs: the project itself with the tests' extra, so all that pyproject names,
    # each in the version of constraints.txt.
    assert by_pip == ["--constraint constraints.txt", "--editable .[test]"]
    assert "test" in PYPROJECT["project"]["optional-dependencies"]
    assert (PROJECT / "constraints.txt").is_file()


# -- words -----------------------------------------------------------------------------------------


def test_spelling():
    files = texts(".md", ".py", ".yml", ".yaml", ".cff", ".toml", ".css", ".html")
    assert len(files) > 30
    run = subprocess.run(
        [sys.executable, "-m", "codespell_lib", *map(str, files)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_no_path_of_one_machine_and_no_package_registry():
    found = re.compile(
        r"(?<![\w.$}])/(?:home|Users|root|tmp|work|opt|mnt)/[\w.-]+"  # paths
        r"|[a-z]:\\\\?Users|://[\w.-]*(?:pypi|conda)[\w.-]*\.\w+",  # Windows, registries
        re.IGNORECASE,
    )
    faults = []
    for path in own_files():
        if path == Path(__file__) or path.suffix in {".png", ".npz", ".zip"}:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if match := found.search(line):
                faults.append(f"{path.relative_to(PROJECT)}:{number}: {match.group()}")
    assert faults == []


def test_nothing_large_lies_in_the_project():
    assert [path for path in own_files() if path.stat().st_size > 1_000_000] == []


# -- the README's promises -------------------------------------------------------------------------


def makefile_targets() -> set[str]:
    text = (PROJECT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][\w-]*):", text, re.MULTILINE))


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "book/data.md"])
def test_commands_in_the_text_exist(name):
    text = (PROJECT / name).read_text(encoding="utf-8")
    found = re.findall(r"```(?:bash)?\n(.*?)```|`([^`\n]+)`", text, re.DOTALL)
    code = "\n".join(block or inline for block, inline in found)
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)", code))
    assert named, "the text names no make target"
    assert named - makefile_targets() == set()
    for study in re.findall(r"STUDY=(\S+)", code):
        if "mine" not in study:
            assert (PROJECT / study).is_file(), study


def test_readme_names_the_two_commands_first():
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    first = re.search(r"```bash\n(.*?)```", text, re.DOTALL)
    assert first and first.group(1).split("\n")[:2] == ["make book", "make test"]


# Links within book/ are Jupyter Book's: it checks them when it builds.
PLAIN_TEXTS = [path for path in texts(".md") if path.parent.name != "book"]


@pytest.mark.parametrize("path", PLAIN_TEXTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_links_between_files_lead_somewhere(path):
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    for target in targets:
        if not target.startswith(("http://", "https://", "#")):
            assert (path.parent / target.split("#")[0]).exists(), f"{path.name}: {target}"


def test_readme_claims_no_reader_that_is_not_there():
    """What later issues bring stays out of the README until it works."""
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    for name in ("SEED", "DREAMER", "BIDS", "Slurm", "Kubernetes"):
        reader = PROJECT / "emolib" / "recordings" / f"{name.lower()}.py"
        profile = PROJECT / "profiles" / name.lower() / "config.yaml"
        assert reader.is_file() or profile.is_file() or name not in text, name


# -- where the project is published ------------------------------------------------------------


def test_the_address_is_said_in_one_place_or_nowhere():
    """No address of the project is known: none may stand anywhere but in `_config.yml`."""
    config = yaml.safe_load((PROJECT / "_config.yml").read_text(encoding="utf-8"))
    assert {"url", "branch"} <= set(config["repository"])
    url = config["repository"]["url"]
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation.get("repository-code", url) == url
    assert "urls" not in PYPROJECT["project"]


def test_binder_installs_the_project_itself():
    """What repo2docker does with environment.yml: conda first, then pip in the project's folder."""
    environment = yaml.safe_load((PROJECT / "environment.yml").read_text(encoding="utf-8"))
    (by_pip,) = (entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    # It copies the project before it installs if it finds a requirement that lies in it. It looks
    # for a word that begins with one of these (repo2docker/utils.py, is_local_pip_requirement).
    assert by_pip[0].startswith(("-r", "-c", "--requirement", "--constraint"))
    assert any(re.fullmatch(r"(-e|--editable) \.(\[\w+\])?", line) for line in by_pip)
    # Other files would have it look elsewhere.
    for name in ("binder", ".binder", "Dockerfile", "requirements.txt", "setup.py", "runtime.txt"):
        assert not (PROJECT / name).exists(), name


def test_cover_and_sign_are_what_their_code_draws():
    found = runpy.run_path(str(PROJECT / "book" / "draw_cover.py"))
    for name, text in found["draw"]().items():
        kept = (PROJECT / "book" / "_static" / name).read_text(encoding="utf-8").split("<")
        drawn = text.split("<")
        assert len(kept) == len(drawn)
        # Another processor's last bits may round a circle in a thousand to the next size.
        differing = [shape for shape in zip(kept, drawn, strict=True) if len(set(shape)) > 1]
        assert len(differing) <= len(drawn) / 100, "run: python book/draw_cover.py"


# -- citation --------------------------------------------------------------------------------------


def test_the_same_title_names_and_licences_everywhere():
    config = yaml.safe_load((PROJECT / "_config.yml").read_text(encoding="utf-8"))
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text(encoding="utf-8"))
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    intro = (PROJECT / "book" / "intro.md").read_text(encoding="utf-8")
    assert readme.startswith(f"# {config['title']}\n")
    assert intro.startswith(f"# {config['title']}\n")
    assert citation["title"].startswith(config["title"])
    assert [author["name"] for author in citation["authors"]] == [config["author"]]
    for text in (readme, (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")):
        assert "BSD 3-Clause" in text and "CC BY 4.0" in text
    footer = config["sphinx"]["config"]["html_theme_options"]["extra_footer"]
    assert "CC BY 4.0" in footer and "BSD 3-Clause" in footer


def test_the_readme_counts_the_chapters_rightly():
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
             "eleven", "twelve", "thirteen", "fourteen", "fifteen")  # fmt: skip
    n_chapters = sum(re.match(r"\d\d_", path.name) is not None for path in NOTEBOOKS)
    for name in ("README.md", "book/jose.md"):
        text = (PROJECT / name).read_text(encoding="utf-8").lower()
        counted = re.findall(rf"\b({'|'.join(words[1:])})\b chapters", text)
        assert counted == [words[n_chapters]], name


def test_citation_names_project_and_both_source_papers():
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(
        citation
    )  # the format asks for these
    assert citation["license"] == PYPROJECT["project"]["license"]
    version = re.search(r'__version__ = "(.+)"', (PROJECT / "emolib/__init__.py").read_text())
    assert version and citation["version"] == version.group(1)
    bibliography = (PROJECT / "book/references.bib").read_text(encoding="utf-8")
    for key, paper in zip(("rudakov2021", "shen2020"), citation["references"], strict=True):
        entry = bib_entries(bibliography)[key]
        assert paper["doi"] == entry["doi"]
        assert paper["title"] == re.sub(r"[{}]", "", entry["title"])
        assert str(paper["year"]) == entry["year"]
        families = [author["family-names"] for author in paper["authors"]]
        assert families == [name.split(",")[0] for name in entry["author"].split(" and ")]


def bib_entries(text: str) -> dict[str, dict[str, str]]:
    """Fields by key of a BibTeX file in which every field is `name = {value}` on one line."""
    entries = {}
    for key, body in re.findall(r"^@\w+\{(\w+),\n(.*?)^\}", text, re.DOTALL | re.MULTILINE):
        entries[key] = dict(re.findall(r"^\s+(\w+)\s*=\s*\{(.*)\},?$", body, re.MULTILINE))
    return entries


def test_every_reference_can_be_found_by_its_reader():
    entries = bib_entries((PROJECT / "book/references.bib").read_text(encoding="utf-8"))
    assert len(entries) > 15
    for key, entry in entries.items():
        assert {"author", "title", "year"} <= set(entry), key
        assert {"doi", "eprint", "journal", "booktitle", "howpublished"} & set(entry), key
        assert key.endswith(entry["year"]), key


def test_every_reference_that_a_page_cites_is_there():
    entries = bib_entries((PROJECT / "book/references.bib").read_text(encoding="utf-8"))
    for path in [*texts(".md"), *NOTEBOOKS]:
        for keys in re.findall(r"\{cite:\w+\}`([^`]+)`", path.read_text(encoding="utf-8")):
            assert {key.strip() for key in keys.split(",")} <= set(entries), path.name


# -- the page on the package -------------------------------------------------------------------

# What others call: the page has to show it, and the package to have it.
PROMISED = {
    *("emolib.recordings.read_deap", "emolib.recordings.simulated.simulate_subject"),
    *("emolib.features.FeatureSettings", "emolib.features.extract_features"),
    *("emolib.grid.to_brain_maps", "emolib.splits.Fold", "emolib.evaluation.score"),
    *("emolib.model.ModelSettings", "emolib.model.build_mt_cnn", "emolib.model.build_crnn"),
    *("emolib.splits.window_wise", "emolib.splits.trial_grouped"),
    *("emolib.splits.stimulus_grouped", "emolib.splits.leave_subjects_out"),
    "emolib.splits.leave_subjects_and_stimuli_out",
}


def test_the_page_on_the_package_shows_what_is_promised():
    page = (PROJECT / "book" / "api.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\.\. auto(?:function|class|exception):: (\S+)$", page, re.MULTILINE)
    assert len(shown) == len(set(shown))
    assert set(shown) >= PROMISED
    for name in shown:
        module, _, attribute = name.rpartition(".")
        assert getattr(importlib.import_module(module), attribute).__doc__, name


# -- notebooks -------------------------------------------------------------------------------------


def test_there_are_notebooks():
    names = {path.stem for path in NOTEBOOKS}
    assert {"subject_report", "cohort_report"} <= names
    assert any(re.match(r"\d\d_", name) for name in names)


def test_no_notebook_twin_without_a_source():
    twins = {path.stem for path in (PROJECT / "notebooks").glob("*.ipynb")}
    assert twins - {path.stem for path in NOTEBOOKS} == set()


# -- hooks -----------------------------------------------------------------------------------------


def test_hooks_need_no_network_and_call_tools_that_are_installed():
    hooks = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repository["repo"] for repository in hooks["repos"]] == ["local"]
    entries = [hook["entry"].split() for hook in hooks["repos"][0]["hooks"]]
    assert {hook["language"] for hook in hooks["repos"][0]["hooks"]} == {"system"}
    beside = Path(sys.executable).parent
    for command, *_ in entries:
        folder, name = command.rsplit("/", 1)
        assert folder == ".venv/bin"
        assert shutil.which(name, path=str(beside)), f"{name} is not installed"


def test_what_runs_make_is_ignored_by_git():
    ignored = (PROJECT / ".gitignore").read_text(encoding="utf-8").splitlines()
    for made in ("results/", ".venv/", "__pycache__/", "*.egg-info/", ".ipynb_checkpoints/"):
        assert made in ignored
