"""The words of the brain-map explorer: names, units, times, trials with their ratings, groups.

Everything is plain text. What stands in a file, such as a subject's name, is not to be trusted: the
explorer's module makes text nodes of it, and its pages escape it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.colors import to_hex

from emolib import grid
from emolib.figures import maps
from emolib.figures.explorer.data import UNNAMED, trial_lengths
from emolib.recordings.labels import Task, trial_classes

Features = xr.Dataset | xr.DataArray

# The unit of a feature, "{}", after baseline removal; after a subtraction it is "above rest".
BESIDE_REST = {
    "none": "{}",
    "divide": "times the rest",
    "zscore": "standard deviations above rest",
    "own_trial": "{} above the trial's mean",
}


def describe(
    features: Features,
    shown: xr.DataArray,
    *,
    tasks: Mapping[str, Task],
    units: Mapping[str, str],
    joined: int = 1,
) -> dict[str, object]:
    """Return all that the explorer needs to know beside the values, ready for JSON.

    Ratings, classes and settings are those of `features`; the values that are sent are `shown`
    (kind, band, window, channel), each the mean of `joined` windows. Units are by kind, where
    the settings do not tell.
    """
    settings = json.loads(features.attrs.get("settings", "{}"))
    channels = shown["channel"].to_numpy().tolist()
    rows, columns = grid.cells(channels)
    onsets, seconds = times(shown)
    trials = list(trial_lengths(shown))
    classes = trial_classes(features, tasks) if tasks else pd.DataFrame(index=trials)
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
        "groups": groups(trials, tasks, classes),
        "colours": palettes(),
        "contours": maps.N_CONTOURS,
        "notes": _notes(shown, joined),
    }


def times(shown: xr.DataArray) -> tuple[list[float] | None, float | None]:
    """Return the seconds at which windows begin, and how long one is; None if trials differ.

    Examples
    --------
    >>> onsets = ("window", [0.0, 0.5, 1.0, 0.0, 0.5])
    >>> trials = ("window", [1, 1, 1, 2, 2])
    >>> times(xr.DataArray(np.zeros(5), {"trial": trials, "onset_seconds": onsets}, ("window",)))
    ([0.0, 0.5, 1.0], 0.5)
    """
    if "onset_seconds" not in shown.coords:
        return None, None
    ends = np.cumsum(list(trial_lengths(shown).values()))
    of_trial = np.split(shown["onset_seconds"].to_numpy(), ends[:-1])
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

    A trial without a class is in no group of the task; a group without a trial is left out.

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
    every = list(range(len(trials)))
    members = {}
    for name, task in tasks.items():
        numbers = classes[name].reindex(trials)
        for number, each in enumerate(task.classes):
            members[f"{name} {each}"] = np.flatnonzero((numbers == number).fillna(False)).tolist()
    half = (len(trials) + 1) // 2
    if len(trials) > 1:
        members |= {"first half": every[:half], "second half": every[half:]}
    members["all trials"] = every
    return [
        {"name": name, "trials": numbers, "about": [f"{len(numbers)} of {len(trials)} trials"]}
        for name, numbers in members.items()
        if numbers
    ]


def _trials(
    features: Features, shown: xr.DataArray, tasks: Mapping[str, Task], classes: pd.DataFrame
) -> list[dict[str, object]]:
    """List the trials: name, stimulus, ratings and classes, and where the windows are."""
    rated, own = _of_trials(features, "rating"), _of_trials(features, "class")
    trials, first = [], 0
    for trial, n in trial_lengths(shown).items():
        known = classes.loc[trial].dropna()
        named = {name: tasks[name].classes[number] for name, number in known.items()}
        about = []
        if "stimulus" in shown.coords:
            about.append(f"stimulus {shown['stimulus'].to_numpy()[first]}")
        for scale, of_trial in rated.items():
            as_class = [f" ({named[it]})" for it in named if tasks[it].rating == scale]
            value = of_trial[trial]
            rating = f"{value:.1f}{''.join(as_class)}" if np.isfinite(value) else "not rated"
            about.append(f"{scale} {rating}")
        about += [f"{task} {of_trial[trial]}" for task, of_trial in own.items()]
        words = [f"{name} {each}" for name, each in named.items()]
        trials.append(
            {"name": f"trial {trial}", "about": about, "classes": words, "first": first, "n": n}
        )
        first += n
    return trials


def _of_trials(features: Features, name: str) -> pd.DataFrame:
    """Return the ratings or classes of trials, a column a scale or task; none, no column."""
    if not isinstance(features, xr.Dataset) or name not in features:
        return pd.DataFrame()
    known = "trial_number" if "trial_number" in features.coords else "trial"
    table = features[name].transpose("trial", ...).to_pandas()
    return table.set_axis(features[known].to_numpy())


def kind_words(kind: str, settings: Mapping[str, str], units: Mapping[str, str]) -> dict[str, str]:
    """Return a kind's name in words, and its unit as the settings have it.

    Examples
    --------
    >>> kind_words("de", {"normalise": "window"}, {})["unit"]
    'z-score within the window'
    """
    energy = settings.get("psd", "energy") == "energy"
    words = {"psd": "band energy" if energy else "power density", "de": "differential entropy"}
    own = {"psd": "µV²" if energy else "µV²/Hz", "de": "nats"}
    z_scores = {"window": "z-score within the window", "subject": "z-score over the recording"}
    unit = "no unit given"
    if settings and kind in own:
        unit = BESIDE_REST.get(settings.get("baseline"), "{} above rest").format(own[kind])
    unit = units.get(kind, z_scores.get(settings.get("normalise"), unit))
    z_score = unit.startswith("z-score")
    difference = "difference of z-scores" if z_score else unit.partition(" above ")[0]
    in_words = (words | {UNNAMED: ""}).get(kind, kind)
    return {"name": kind, "words": in_words, "unit": unit, "difference": difference}


def _bands(shown: xr.DataArray) -> list[dict[str, str]]:
    """List the names of the bands, and the same with their limits."""
    bands = []
    for band in shown["band"]:
        words = "" if band.item() == UNNAMED else band.item()
        if {"low_hz", "high_hz"} <= set(band.coords):
            words += f" ({band['low_hz'].item():g} to {band['high_hz'].item():g} Hz)"
        bands.append({"name": band.item(), "words": words})
    return bands


def _notes(shown: xr.DataArray, joined: int) -> list[str]:
    """List what a reader must know to read the maps rightly."""
    lengths = trial_lengths(shown).values()
    notes = [f"Each step of time is the mean of {joined} windows."] if joined > 1 else []
    if len(set(lengths)) > 1:
        notes.append("At late times a group's mean is over those of its trials that last so long.")
    if len(lengths) > 1:
        notes.append(
            "Halves go by the order of the trials in the file, "
            "which need not be that of the session."
        )
    return [*notes, "No difference that is shown here has been tested."]


def palettes() -> dict[str, list[str]]:
    """Return the colours of maps, from low to high, as a page's script needs them."""
    found = {"sequential": maps.SEQUENTIAL, "diverging": maps.DIVERGING}
    return {name: [to_hex(one) for one in of(np.arange(of.N))] for name, of in found.items()}
