"""From pydantic's faults in a study file to one sentence with a suggestion."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from emolib.errors import SettingsError, did_you_mean

Derived = Mapping[Any, Collection[str]]


def settings_error(
    where: object, error: ValidationError, root: type[BaseModel], derived: Derived
) -> SettingsError:
    """Say the first fault in a sentence, and count the others.

    Parameters
    ----------
    where : object
        What holds the keys, such as a file's path.
    error : ValidationError
        What pydantic found.
    root : class
        The model that was validated.
    derived : mapping of class to names
        Fields that no file may give: they are not offered.
    """
    faults = error.errors()
    fault = faults[0]
    if isinstance(inner := fault.get("ctx", {}).get("error"), SettingsError):
        key, problem, remedy = inner.source, inner.message, inner.hint
    else:
        key = ".".join(str(part) for part in fault["loc"])
        if fault["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
            problem = "is unknown."
            remedy = known_keys(_model_at(fault["loc"], root), str(fault["loc"][-1]), derived)
        elif fault["type"] == "missing":
            problem, remedy = "is missing.", "Add it; studies/demo.yaml shows how."
        else:
            problem, remedy = f"got {fault['input']!r}.", fault["msg"] + "."
    more = f" ({len(faults) - 1} more faults in this file.)" if len(faults) > 1 else ""
    return SettingsError(f"{where}: key {key!r}", problem, remedy + more)


def known_keys(model: Any, key: str, derived: Derived) -> str:
    """Suggest what a file may say where it says `key`."""
    if issubclass(model, BaseModel):
        names = {field.alias or name for name, field in model.model_fields.items()}
    else:
        names = {field.name for field in dataclasses.fields(model)}
    return did_you_mean(key, names - set(derived.get(model, ())))


def _model_at(loc: tuple, root: type[BaseModel]) -> Any:
    """The settings class that holds the key at `loc` of a validation error."""
    model: Any = root
    for part in loc[:-1]:
        known = typing.get_type_hints(model)
        if isinstance(part, int) or part not in known:
            continue  # an index, or the free name of a task
        inner = [known[part]]
        while inner:
            candidate = inner.pop()
            inner += typing.get_args(candidate)
            if dataclasses.is_dataclass(candidate):
                model = candidate
    return model
