"""A study file as data: YAML that names nothing twice, runs nothing and is no larger than it looks.

Of YAML's kinds of value it has those of the core schema of YAML 1.2: `true` and `false` are truth
values, `yes`, `no`, `12:30` and dates are text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from emolib.errors import SettingsError
from emolib.escaping import NO_TEXT

LARGEST = 250_000  # bytes; a study has some thousand
MOST_VALUES = 20_000  # with those that aliases repeat
DIGITS = 18  # of a whole number

_HINT = "Correct the line that is named; studies/demo.yaml shows how."


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a study file.

    Returns
    -------
    dict
        Its keys, all of them text, at every depth.

    Raises
    ------
    SettingsError
        If it is no ordinary file, too large, not UTF-8, no YAML, or holds what a study cannot: a
        key that is given twice or is no text, a number that is not finite, a sign that is no text,
        aliases that repeat more than a file could hold.
    """
    if not path.is_file():
        raise SettingsError(path, "is no ordinary file.", "Name a YAML file, or a study by name.")
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            problem = f"has more than {LARGEST // 1000} kB, too many for a study."
            raise SettingsError(path, problem, "Name the YAML file of the study.")
        loaded = yaml.load(content.decode("utf-8-sig"), _Loader)
    except OSError as error:
        problem = f"cannot be read: {error.strerror}."
        raise SettingsError(path, problem, "See who may read it.") from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsError(path, f"line {line} is not UTF-8.", "Save it as UTF-8.") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        problem = f"is not valid YAML: {where}{error.problem or error.context}."
        raise SettingsError(path, problem, _HINT) from None
    except yaml.YAMLError as error:  # a sign that YAML does not allow
        problem = f"is not valid YAML: {' '.join(str(error).split())}."
        raise SettingsError(path, problem, "Take the sign out.") from None
    except RecursionError:
        raise SettingsError(path, "is nested too deep.", "A study needs four levels.") from None
    if not isinstance(loaded, dict):
        raise SettingsError(path, "holds no keys.", "Start from studies/demo.yaml.")
    return loaded


class _Loader(yaml.SafeLoader):
    """Load the values of YAML's core schema and nothing else."""

    yaml_implicit_resolvers: dict[str, list] = {}  # noqa: RUF012
    yaml_constructors: dict[str | None, Any] = {}  # noqa: RUF012

    def get_single_node(self) -> yaml.Node | None:
        """Return the document, unless its aliases make it larger than a file may be."""
        node = super().get_single_node()
        if node is not None:
            _size(node, {})
        return node

    def text(self, node: yaml.ScalarNode) -> str:
        """Return a text that can be written and shown."""
        if strange := NO_TEXT.search(node.value):
            raise _fault(node, f"U+{ord(strange[0]):04X} is no sign of a text")
        return str(node.value)

    def whole(self, node: yaml.ScalarNode) -> int:
        """Return a whole number that a computer counts to."""
        try:
            if len(node.value) > DIGITS:
                raise ValueError
            return int(node.value)
        except ValueError:
            raise _fault(node, f"{_short(node)} is no whole number of {DIGITS} digits") from None

    def number(self, node: yaml.ScalarNode) -> float:
        """Return a finite number."""
        try:
            value = float(node.value)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise _fault(node, f"{_short(node)} is no finite number")
        return value

    def truth(self, node: yaml.ScalarNode) -> bool:
        """Return whether it says true."""
        if node.value.lower() not in ("true", "false"):
            raise _fault(node, f"{_short(node)} is neither true nor false")
        return node.value.lower() == "true"

    def mapping(self, node: yaml.Node) -> dict[Hashable, Any]:
        """Return a section, of which each key is a text and given once."""
        own = [key for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        seen = set()
        for key in own:
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                raise _fault(key, f"the key {_short(key)} is no text; put it in quotes")
            if key.value in seen:
                raise _fault(key, f"the key {_short(key)} is given twice")
            seen.add(key.value)
        return self.construct_mapping(node, deep=True)

    def unknown(self, node: yaml.Node) -> Any:
        """Refuse what no study needs, such as objects of a programming language."""
        raise _fault(node, f"a value of the kind {node.tag} is not for studies")


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Count the values below a node, those that aliases repeat each time."""
    if id(node) in known:
        if not known[id(node)]:  # on the way down
            raise _fault(node, "an alias holds itself")
        return known[id(node)]
    known[id(node)], size = 0, 1
    if isinstance(node, yaml.CollectionNode):
        for entry in node.value:
            size += sum(_size(e, known) for e in (entry if isinstance(entry, tuple) else [entry]))
    if size > MOST_VALUES:
        raise _fault(
            node, f"this makes more than {MOST_VALUES} values, with those that aliases repeat"
        )
    known[id(node)] = size
    return size


def _fault(node: yaml.Node, problem: str) -> yaml.MarkedYAMLError:
    """Return an error that says where a node begins."""
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)


def _short(node: yaml.Node) -> str:
    """Return what a file says at a node, in a few signs."""
    text = repr(node.value) if isinstance(node, yaml.ScalarNode) else "that holds others"
    return text if len(text) <= 30 else f"{text[:27]}..."


def _checked(kind: type, construct: Any, loader: _Loader, node: yaml.Node) -> Any:
    """Construct a value of a node, which a tag may call what it is not."""
    if not isinstance(node, kind):
        raise _fault(node, f"this is no {node.tag.rpartition(':')[-1]}")
    return construct(loader, node)


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    ("int", r"[-+]?[0-9]+", [*"-+0123456789"]),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        [*"-+.0123456789"],
    ),
    ("merge", "<<", ["<"]),
):
    _whole = re.compile(rf"^(?:{_pattern})$")
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _whole, _first)
for _tag, _kind, _construct in (
    ("null", yaml.ScalarNode, _Loader.construct_yaml_null),
    ("bool", yaml.ScalarNode, _Loader.truth),
    ("int", yaml.ScalarNode, _Loader.whole),
    ("float", yaml.ScalarNode, _Loader.number),
    ("str", yaml.ScalarNode, _Loader.text),
    ("map", yaml.MappingNode, _Loader.mapping),
    ("seq", yaml.SequenceNode, partial(_Loader.construct_sequence, deep=True)),
):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", partial(_checked, _kind, _construct))
_Loader.add_constructor(None, _Loader.unknown)
