"""What the brain-map explorer says: names, units, times, trials with their ratings, groups.

Everything is plain text. What stands in a file, such as a subject's name, is not to be trusted: the
explorer's module makes text nodes of it, and its pages escape it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.colors import Colormap, to_hex

from emolib import grid
from emolib.figures import maps
from emolib.figures.explorer.data import UNNAMED, trial_lengths
from emolib.recordings.labels import Task, trial_classes

Features = xr.Dataset | xr.DataArray


def describe(
    features: Features,
    shown: xr.DataArray,
    *,
    tasks: Mapping[str, Task],
    units: Mapping[str, str],
    joined: int = 1,
) -> dict[str, object]:
    """Say all that the explorer needs to know beside the values, ready for JSON.

    Parameters
    ----------
    features : Dataset or DataArray
        With ratings or classes, if there are any, and their settings in `attrs`.
    shown : DataArray (kind, band, window, channel)
        The values that are sent, as `emolib.figures.explorer.data.pack` gives them.
    tasks : mapping of str to Task
        The tasks by name.
    units : mapping of str to str
        Units by kind, where the settings do not tell.
    joined : int
        How many windows each of `shown` is the mean of.

    Returns
    -------
    dict
        ``kinds``, ``bands``, ``channels`` and where they lie, ``onsets`` (seconds, or None where
        the trials differ), ``seconds`` (a window's length), ``trials``, ``groups``, ``colours``,
        ``contours`` and ``notes``.

    Raises
    ------
    SettingsError, DataError
        As `emolib.recordings.labels.trial_classes` and `emolib.grid.cells`.
    """
    settings = json.loads(features.attrs.get("settings", "{}"))
    channels = shown["channel"].to_numpy().tolist()
    rows, columns = grid.cells(channels)
    onsets, seconds = times(shown)
    classes = trial_classes(features, tasks) if tasks else pd.DataFrame()
    return {
        "kinds": [kind_words(kind, settings, units) for kind in shown["kind"].to_numpy().tolist()],
        "bands": _bands(shown),
        "channels": channels,
        "places": (maps.positions(tuple(channels)) / maps.HEAD_RADIUS).round(4).tolist(),
        "shape": list(grid.SHAPE),
        "rows": rows.tolist(),
        "columns": columns.tolist(),
        "onsets": onsets,
        "seconds": seconds,
        "trials": _trials(features, shown, tasks, classes),
        "groups": groups(list(trial_lengths(shown)), tasks, classes),
        "colours": {"sequential": _hex(maps.SEQUENTIAL), "diverging": _hex(maps.DIVERGING)},
        "contours": maps.N_CONTOURS,
        "notes": _notes(shown, joined),
    }


def times(shown: xr.DataArray) -> tuple[list[float] | None, float | None]:
    """Find when windows begin, if all trials have the same times, and how long a window is.

    Parameters
    ----------
    shown : DataArray (kind, band, window, channel)
        Trial after trial; seconds are taken from `onset_seconds`.

    Returns
    -------
    onsets : list of float, or None
        Seconds from the trial's start, of the longest trial.
    seconds : float, or None
        From one window to the next.

    Examples
    --------
    >>> onsets = ("window", [0.0, 0.5, 1.0, 0.0, 0.5])
    >>> trials = ("window", [1, 1, 1, 2, 2])
    >>> times(xr.DataArray(np.zeros(5), {"trial": trials, "onset_seconds": onsets}, ("window",)))
    ([0.0, 0.5, 1.0], 0.5)
    """
    if "onset_seconds" not in shown.coords:
        return None, None
    begin, of_trial = 0, []
    for length in trial_lengths(shown).values():
        of_trial.append(shown["onset_seconds"].to_numpy()[begin : begin + length])
        begin += length
    longest = max(of_trial, key=len)
    steps = np.diff(longest)
    alike = all(np.allclose(onsets, longest[: len(onsets)]) for onsets in of_trial)
    if not alike or not len(steps) or steps[0] <= 0 or not np.allclose(steps, steps[0]):
        return None, None
    return longest.tolist(), float(steps[0])


def groups(
    trials: list[object], tasks: Mapping[str, Task], classes: pd.DataFrame
) -> list[dict[str, object]]:
    """List the groups of trials: each class of each task, the two halves, and all.

    Parameters
    ----------
    trials : list
        The trials in their order.
    tasks : mapping of str to Task
        The tasks by name.
    classes : DataFrame
        As `emolib.recordings.labels.trial_classes` gives it; a trial without a class is in no
        group of the task. A group without a trial is left out.

    Examples
    --------
    >>> classes = pd.DataFrame({"valence": [0, 0, 1]}, index=[1, 2, 3])
    >>> for group in groups([1, 2, 3], {"valence": Task("valence")}, classes):
    ...     print(group["name"], group["trials"])
    valence low [0, 1]
    valence high [2]
    first half [0, 1]
    second half [2]
    all trials [0, 1, 2]
    """
    n = len(trials)
    members = {}
    for name, task in tasks.items():
        numbers = classes[name].reindex(trials)
        for number, each in enumerate(task.classes):
            members[f"{name} {each}"] = np.flatnonzero((numbers == number).fillna(False)).tolist()
    if n > 1:
        half = (n + 1) // 2
        members |= {"first half": list(range(half)), "second half": list(range(half, n))}
    members["all trials"] = list(range(n))
    return [
        {"name": name, "trials": numbers, "about": [f"{len(numbers)} of {n} trials"]}
        for name, numbers in members.items()
        if numbers
    ]


def _trials(
    features: Features, shown: xr.DataArray, tasks: Mapping[str, Task], classes: pd.DataFrame
) -> list[dict[str, object]]:
    """Name each trial; say its stimulus, its ratings and its classes, and where its windows are."""
    told, first = [], 0
    held = set(features) if isinstance(features, xr.Dataset) else set()
    known = "trial_number" if "trial_number" in features.coords else "trial"
    numbers = features[known].to_numpy().tolist() if held & {"rating", "class"} else []
    for trial, n in trial_lengths(shown).items():
        about = []
        if "stimulus" in shown.coords:
            about.append(f"stimulus {shown['stimulus'].to_numpy()[first]}")
        named = {
            name: task.classes[classes.loc[trial, name]]
            for name, task in tasks.items()
            if pd.notna(classes.loc[trial, name])
        }
        if "rating" in held:
            rated = features["rating"].isel(trial=numbers.index(trial))
            for scale in rated["scale"].to_numpy().tolist():
                value = float(rated.sel(scale=scale))
                as_class = [
                    named[it] for it, task in tasks.items() if task.rating == scale and it in named
                ]
                about.append(
                    f"{scale} {value:.1f}" + "".join(f" ({each})" for each in as_class)
                    if np.isfinite(value)
                    else f"{scale} not rated"
                )
        if "class" in held:
            own = features["class"].isel(trial=numbers.index(trial))
            about += [f"{it} {own.sel(task=it).item()}" for it in own["task"].to_numpy().tolist()]
        words = [f"{name} {each}" for name, each in named.items()]
        told.append(
            {"name": f"trial {trial}", "about": about, "classes": words, "first": first, "n": n}
        )
        first += n
    return told


def kind_words(kind: str, settings: Mapping[str, str], units: Mapping[str, str]) -> dict[str, str]:
    """Give a kind's name in words, and its unit as the settings have it.

    Examples
    --------
    >>> kind_words("de", {"normalise": "window"}, {})["unit"]
    'z-score within the window'
    """
    density = settings.get("psd", "energy") != "energy"
    words = {"de": "differential entropy", "psd": "power density" if density else "band energy"}
    own = {"de": "nats", "psd": "µV²/Hz" if density else "µV²"}
    if settings.get("normalise") == "window":
        unit = "z-score within the window"
    elif settings.get("normalise") == "subject":
        unit = "z-score over the recording"
    elif settings and kind in own:
        unit = own[kind] + (" above rest" if settings.get("baseline") != "none" else "")
    else:
        unit = "no unit given"
    unit = units.get(kind, unit)
    difference = unit.replace(" above rest", "")
    if unit.startswith("z-score"):
        difference = "difference of z-scores"
    told = "" if kind == UNNAMED else words.get(kind, kind)
    return {"name": kind, "words": told, "unit": unit, "difference": difference}


def _bands(shown: xr.DataArray) -> list[dict[str, str]]:
    """Names of the bands, and with their limits."""
    names = shown["band"].to_numpy().tolist()
    told = ["" if name == UNNAMED else name for name in names]
    if {"low_hz", "high_hz"} <= set(shown.coords):
        limits = zip(shown["low_hz"].to_numpy(), shown["high_hz"].to_numpy(), strict=True)
        words = [f" ({low:g} to {high:g} Hz)" for low, high in limits]
    else:
        words = [""] * len(names)
    return [
        {"name": name, "words": word + more}
        for name, word, more in zip(names, told, words, strict=True)
    ]


def _notes(shown: xr.DataArray, joined: int) -> list[str]:
    """What a reader must know to read the maps rightly."""
    notes = [f"Each step of time is the mean of {joined} windows."] if joined > 1 else []
    lengths = set(trial_lengths(shown).values())
    if len(lengths) > 1:
        notes.append("At late times a group's mean is over those of its trials that last so long.")
    if len(trial_lengths(shown)) > 1:
        notes.append(
            "Halves go by the order of the trials in the file, "
            "which need not be that of the session."
        )
    return [*notes, "No difference that is shown here has been tested."]


def _hex(colours: Colormap) -> list[str]:
    return [to_hex(colour) for colour in colours(np.arange(colours.N))]
