"""The keys of a study file: faults in a sentence with a suggestion, and renamed keys."""

from __future__ import annotations

import dataclasses
import re
import typing
import unicodedata
import warnings
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from emolib.errors import SettingsError, check_option, did_you_mean
from emolib.splits.protocols import PROTOCOLS

# Keys of earlier versions and what they are called now, in the same section of the file. An old
# one goes on working, with a warning.
RENAMED = {
    "training.fine_tuning_rate": "training.fine_tuning_learning_rate",
    "training.single_task_rate": "training.single_task_learning_rate",
    "training.halve_after": "training.lr_patience",
    "training.stop_after": "training.early_stopping_patience",
    "training.rate_decay": "training.reduce_lr_on_plateau",
}

Derived = Mapping[Any, Collection[str]]

# Columns of the tables of trials, windows, predictions, histories, scores and group tests, and
# layers of the networks: a task, which is a column and a layer, has another name.
TABLE_COLUMNS = (
    *("subject", "session", "trial", "stimulus", "window", "file"),
    *("onset_seconds", "duration_seconds", "baseline_seconds"),
    *("protocol", "fold", "stage", "task", "label", "probability", "repeat", "permutation"),
    *("metric", "value", "low", "high", "chance", "n", "skipped", "leaks"),
    "model",
    *("primary", "n_subjects", "n_stimuli", "score", "chance_low", "chance_high", "detectable"),
    *("p", "corrected", "network", "untested"),
    *("epoch", "learning_rate", "loss", "val_loss", "val_error", "selection", "index"),
)
OF_RECORDINGS = ("tangent_space", "eegnet")  # reference models that read recordings
REFERENCES = (  # the first five read what the network reads, and are light
    *("majority", "ridge", "lda", "linear_svm", "nearest_neighbours"),
    *OF_RECORDINGS,
)
LAYERS = r"maps|embedding|flat|dense|pool|(conv|norm|dropout|probability)_\d+"
LONGEST = 60  # signs of a task's name


def check_words(study: Any) -> None:
    """Raise a SettingsError at a study's first task, band, protocol or model that cannot be one."""
    for band in study.features.bands:
        check_name("features.bands", band.name)
    for task in study.tasks:
        check_task_name(task)
    allowed = {"protocols": PROTOCOLS, "references": REFERENCES, "permutations": study.protocols}
    for key, known in allowed.items():
        for name in getattr(study, key):
            check_option(key, name, known)


def check_name(key: str, name: str) -> None:
    """Raise a SettingsError unless a name is a key: of letters, digits, `_`, `-` and blanks.

    Examples
    --------
    >>> check_name("bands", "8-12 Hz"), check_name("bands", "α")
    (None, None)
    """
    sign = next((s for s in name if unicodedata.category(s)[0] not in "LMN" and s not in "_- "), "")
    if len(name) > LONGEST:
        problem, hint = f"has {len(name)} signs.", f"Use {LONGEST} at most."
    elif sign or not any(map(str.isalnum, name)) or name != name.strip():
        problem = f"has {sign!r} in it." if sign else "is no name."
        hint = "A name has letters and digits, and '_', '-' or blanks between them."
    else:
        return
    raise SettingsError(f"{key}.{name[:LONGEST]}", problem, hint)


def check_task_name(name: str) -> None:
    """Raise a SettingsError unless a task's name is a key that is no column and no layer.

    Examples
    --------
    >>> check_task_name("valence"), check_task_name("リラックス 2"), check_task_name("état_a-b")
    (None, None, None)
    """
    check_name("tasks", name)
    if name in TABLE_COLUMNS or re.fullmatch(LAYERS, name):
        problem = "is a column of the tables, or a layer of the networks."
        raise SettingsError(f"tasks.{name}", problem, f"Use another name: '{name}_rating'.")


def settings_error(
    where: object, error: ValidationError, root: type[BaseModel], derived: Derived
) -> SettingsError:
    """Return the first fault as a sentence that counts the others.

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
            told = fault["msg"].replace("tuple", "list").replace("dictionary", "mapping")
            problem, remedy = f"got {fault['input']!r}.", told + "."
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
    """Return the settings class that holds the key at `loc` of a validation error."""
    model: Any = root
    for part in loc[:-1]:
        known = typing.get_type_hints(model).get(part)  # None: an index, or the name of a task
        inner = [one for one in (known, *typing.get_args(known)) if dataclasses.is_dataclass(one)]
        model = inner[0] if inner else model
    return model


def with_new_keys(where: object, content: Any) -> Any:
    """Return a file's or a variant's keys, those of `RENAMED` under their new names."""
    if not isinstance(content, Mapping):
        return content  # the validation says what is wrong with it
    content = dict(content)
    for old, new in RENAMED.items():
        (name, _, was), now = old.partition("."), new.partition(".")[2]
        section = content.get(name)
        if not isinstance(section, Mapping) or was not in section:
            continue
        if now in section:
            raise SettingsError(
                f"{where}: key {old!r}", f"is now {new!r}, which is given too.", "Take it out."
            )
        warnings.warn(
            f"renamed key: {where}: {old!r} is now {new!r}. It still works; please rename it.",
            FutureWarning,
            stacklevel=3,
        )
        content[name] = {now if key == was else key: value for key, value in section.items()}
    return content


def patched(content: Any, changes: Any) -> Any:
    """Change keys, those of inner dictionaries too; null takes one out (RFC 7396).

    Examples
    --------
    >>> patched({"a": 1, "b": {"c": 2, "d": 3}}, {"a": None, "b": {"c": 4}})
    {'b': {'c': 4, 'd': 3}}
    """
    if not isinstance(changes, dict):
        return changes
    changed = dict(content) if isinstance(content, dict) else {}
    for key, value in changes.items():
        changed[key] = patched(changed.get(key), value)
    return {key: value for key, value in changed.items() if value is not None}
