"""Errors that tell their source, what is wrong, and what to do.

Every error that a user can cause has three parts: its source (a file, a parameter), a message (what
was found, what is allowed) and a hint (what to do). Kept apart, the command line, the failure pages
and the logs show each in the form that suits them.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable


class InputError(ValueError):
    """Report that something that the user gave cannot be used.

    Parameters
    ----------
    source : str
        The file, folder or parameter at fault.
    message : str
        What was found, and what is allowed.
    hint : str
        What the user can do about it.

    Examples
    --------
    >>> raise InputError("s01.mat", "has 39 trials, 40 are expected.", "Copy the file again.")
    Traceback (most recent call last):
    ...
    emolib.errors.InputError: s01.mat: has 39 trials, 40 are expected. Copy the file again.
    """

    def __init__(self, source: object, message: str, hint: str):
        super().__init__(str(source), message, hint)
        self.source, self.message, self.hint = str(source), message, hint

    def __str__(self) -> str:
        return f"{self.source}: {self.message} {self.hint}"


class DataError(InputError):
    """Report that a recording, or the folder it lies in, cannot be used."""


class SettingsError(InputError):
    """Report that a setting, or a key of a study file, cannot be used."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Suggest the nearest of `known`, or list them all.

    Examples
    --------
    >>> did_you_mean("valance", ["valence", "arousal"])
    "Did you mean 'valence'? Allowed: 'arousal', 'valence'."
    """
    known = sorted(known)
    allowed = "Allowed: " + ", ".join(repr(name) for name in known) + "."
    near = difflib.get_close_matches(word, known, n=1)
    return f"Did you mean {near[0]!r}? {allowed}" if near else allowed


def check_option(parameter: str, value: str, allowed: Collection[str]) -> str:
    """Return `value` if it is one of `allowed`.

    Raises
    ------
    SettingsError
        Otherwise; the message names the parameter and the nearest option.
    """
    if value not in allowed:
        raise SettingsError(parameter, f"got {value!r}.", did_you_mean(str(value), allowed))
    return value


def check_range(parameter: str, value: float, low: float, high: float) -> float:
    """Return `value` if it lies in [`low`, `high`].

    Raises
    ------
    SettingsError
        Otherwise, or if it is not a number.
    """
    if not low <= value <= high:  # false for NaN too
        raise SettingsError(
            parameter, f"got {value!r}.", f"Give a number from {low:g} to {high:g}."
        )
    return value
