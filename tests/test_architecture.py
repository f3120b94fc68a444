"""The rooms: imports go down and never in a circle, and heavy libraries stay in theirs."""

from __future__ import annotations

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
PACKAGE = PROJECT / "emolib"
ROOMS = (
    *(
        "errors",
        "escaping",
        "storage",
        "grid",
        "recordings",
        "features",
        "splits",
        "model",
        "evaluation",
    ),
    *("explain", "figures", "study", "book", "__main__"),
)
HOME = {  # the lowest room that may import it
    "keras": "model", "jax": "model", "matplotlib": "figures",
    "snakemake": "study", "papermill": "book",
}  # fmt: skip
LONGEST = 350  # lines of a module, docstrings included: a longer one holds two concepts

MODULES = {
    ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


def room_of(module: str) -> str:
    return module.partition(".")[2].partition(".")[0]


def imports(module: str) -> set[str]:
    """The modules that one imports, our own by the module that a name comes from."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}: write imports in full, as the rest does"
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else str(node.module) for name in whole}
    return found


def test_imports_go_down_and_never_in_a_circle():
    within = {name: {m for m in imports(name) if m in MODULES} for name in MODULES}
    for name, imported in within.items():
        for other in imported if name != "emolib" else ():
            assert ROOMS.index(room_of(other)) <= ROOMS.index(room_of(name)), f"{name}: {other}"
    list(TopologicalSorter(within).static_order())  # CycleError names the circle


@pytest.mark.parametrize("module", MODULES)
def test_a_module_keeps_the_rules_of_the_house(module):
    text = MODULES[module].read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST
    assert ast.get_docstring(ast.parse(text)), "a module begins with a sentence about it"
    assert "list[Artist]" not in text, "what is drawn is on the axes: tests look there"
    assert not re.search(
        r"np\.random\.(?!default_rng|Generator|SeedSequence)|^import random", text, re.M
    )
    for library in {name.split(".")[0] for name in imports(module)} & set(HOME):
        assert ROOMS.index(room_of(module)) >= ROOMS.index(HOME[library]), library
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assert):
            assert node.msg, f"line {node.lineno}: an assert is for our own bugs; say which"


def test_tests_stand_in_the_rooms_of_what_they_test():
    folders = {
        path.relative_to(PROJECT / "tests").parts[0]
        for path in (PROJECT / "tests").rglob("*/test_*.py")
    }
    assert folders <= {path.name for path in PACKAGE.iterdir() if path.is_dir()}
