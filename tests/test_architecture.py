"""The order of the rooms: imports go one way, and heavy libraries stay where they belong.

A new module gets its place in `ORDER`. Whatever stands left of it, it may import.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "emolib"

# Lowest first. A folder stands for all in it, in the order that FOLDERS gives.
ORDER = (
    # words and files
    *("checks", "artefacts"),
    # numbers
    *("bands", "grid", "head", "recordings", "spectra", "kernels", "features", "quality"),
    *("settings", "labels", "summaries", "folds", "splits", "relabelling"),
    *("model", "batches", "callbacks", "fitting", "training", "gradients"),
    *("predictions", "bootstrap", "evaluation", "effective_n", "operators", "reference_models"),
    *("nulls", "permutation", "statistics", "group_tests", "subject_summary"),
    *("published", "attribution", "map_agreement"),
    # what people read and see
    *("reports", "cohort", "variant_reports", "published_reports", "guessing", "sentences"),
    *("exploratory", "attribution_words", "fine_tuning", "display"),
    *("plots", "score_plots", "maps", "pictures", "cohort_pictures"),
    *("attribution_plots", "attribution_pictures"),
    *("explorer_table", "explorer_data", "explorer_words", "feature_pictures", "explorer"),
    # what runs when
    *("study_errors", "digests", "study", "provenance", "stages", "fold_stage", "group_stage"),
    *("preflight", "fold_network", "fold_attribution", "explain_stage"),
    *("launch", "timings", "workflow_picture", "exercises"),
    *("assembly", "rendering", "single_file", "workflow", "__main__"),
    # what only chapters, tests and benchmarks use; it may import all, and nothing imports it
    "lessons",
)
FOLDERS = {
    "recordings": (
        *("contract", "validation", "pickles", "matlab", "trial_table", "eeg_file"),
        *("deap", "seed", "dreamer", "files", "eegmat"),
        *("simulated_sources", "simulated_signals", "simulated_ratings", "simulated"),
        "__init__",
    ),
    "lessons": (
        "__init__",
        # electrodes and maps
        *("neighbours", "interpolation", "truth", "levels", "map_plots", "feature_plots"),
        # networks
        *("network", "network_plots", "lstm", "head_gradients", "light_comparison"),
        # training
        *("schedule", "selection", "personal_gain", "paired_stages"),
        *("stage_plots", "stage_pictures"),
        # what a score means
        *("chance", "label_quality", "pseudo_trials", "protocol_scores", "demonstrations"),
        *("protocol_plots", "protocol_pictures"),
        # attribution, time, one's own data, paper and code
        *("feature_subsets", "time_structure", "time_plots", "time_pictures"),
        *("planning", "planning_plots", "example_files", "paper_and_code"),
    ),
}

# Keras and JAX take seconds to import: who only reads settings or scores must not wait for them.
NETWORK_ROOMS = {
    *("model", "batches", "callbacks", "fitting", "training", "gradients"),
    *("lessons.network", "lessons.head_gradients"),
}
NETWORK_LIBRARIES = {"jax", "jaxlib", "keras"}
DRAWING_LIBRARIES = {"IPython", "matplotlib"}

# The lines of a module, docstrings included. A longer one holds two concepts.
LONGEST = 350

MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def room_of(name: str) -> str:
    return name.split(".")[0]


def imports(path: Path) -> Iterator[tuple[str, ast.stmt, bool]]:
    """Yield (module, statement, whether it stands in a function) for each import of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node, id(node) in inside
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: write imports in full, as the rest does"
            for alias in node.names:
                # `from emolib import grid` imports a module, `from emolib.grid import cells` not.
                whole = f"{node.module}.{alias.name}"
                known = (PACKAGE.parent / whole.replace(".", "/")).with_suffix(".py").is_file()
                folder = (PACKAGE.parent / whole.replace(".", "/")).is_dir()
                yield whole if known or folder else str(node.module), node, id(node) in inside


def own(module: str) -> str | None:
    """`recordings.deap` for `emolib.recordings.deap`; None for other people's modules."""
    return module.removeprefix("emolib.") if module.startswith("emolib.") else None


def test_every_module_has_a_place():
    rooms = {room_of(name_of(path)) for path in MODULES}
    assert rooms == set(ORDER)
    assert len(ORDER) == len(set(ORDER))
    for folder, order in FOLDERS.items():
        assert sorted(path.stem for path in (PACKAGE / folder).glob("*.py")) == sorted(order)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_down(path):
    name = name_of(path)
    for module, statement, _ in imports(path):
        imported = own(module)
        if imported is None:
            continue
        here, there = room_of(name), room_of(imported)
        where = f"line {statement.lineno}: {name} imports {imported}"
        if here == there:
            inner, order = imported.partition(".")[2] or "__init__", FOLDERS[here]
            assert order.index(inner) < order.index(path.stem), where
        else:
            assert ORDER.index(there) < ORDER.index(here), where


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_heavy_libraries_stay_in_their_rooms(path):
    libraries = {module.split(".")[0] for module, _, _ in imports(path)}
    room = room_of(name_of(path))
    if not {room, name_of(path)} & NETWORK_ROOMS:
        assert not libraries & NETWORK_LIBRARIES
    if ORDER.index(room) < ORDER.index("display"):
        assert not libraries & DRAWING_LIBRARIES
    if room not in {"workflow"}:
        assert "snakemake" not in {library.split("_")[0] for library in libraries}
    if room not in {"rendering"}:
        assert "papermill" not in libraries


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_an_import_in_a_function_says_why(path):
    if path.stem == "__main__":
        return  # nothing imports it, and it says it once: each command loads what it needs
    lines = path.read_text(encoding="utf-8").splitlines()
    for module, statement, inside in imports(path):
        if not inside:
            continue
        above = statement.lineno - 2  # of the line above, counted from 0
        while lines[above].strip().startswith(("import ", "from ")):
            above -= 1
        told = "#" in lines[statement.lineno - 1] or lines[above].strip().startswith("#")
        assert told, f"line {statement.lineno}: why is {module} imported here?"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_are_short_and_say_what_they_are(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST
    assert ast.get_docstring(ast.parse(text)), "a module begins with a sentence about it"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_input_is_not_checked_with_assert(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            where = f"line {node.lineno}"
            assert node.msg is not None, f"{where}: an assert is for our own bugs; say which"


def test_no_randomness_from_a_global_state():
    legacy = re.compile(
        r"np\.random\.(?!default_rng|Generator|SeedSequence)|^import random\b", re.M
    )
    for path in MODULES:
        assert not legacy.search(path.read_text(encoding="utf-8")), path.name


@pytest.mark.parametrize(("given", "used"), [(None, "1"), ("2", "2")])
def test_a_stage_has_one_thread_of_linear_algebra_unless_told_otherwise(given, used):
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    if given:
        environment["OMP_NUM_THREADS"] = given
    code = """
import os, emolib.study
from threadpoolctl import threadpool_info
pools = [pool["num_threads"] for pool in threadpool_info()]
assert pools, "no library of linear algebra was loaded"
print(os.environ["OMP_NUM_THREADS"], max(pools) <= int(os.environ["OMP_NUM_THREADS"]))
"""
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == [used, "True"]
