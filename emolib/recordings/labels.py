"""From ratings to classes.

DEAP's ratings run from 1 to 9, and the source calls a rating *above* 5 high: exactly 5 is low. A
missing rating gives a missing class (never a guess), and the trial is left out of that task alone.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emolib.errors import DataError, SettingsError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

MISSING = -1
_ALONG = {"rating": "scale", "class": "task"}  # the dimension beside the trials
RANGES = ((1, 9), (0, 10), (-10, 10), (0, 100), (-100, 100))  # of scales in use


@dataclass(frozen=True)
class Task:
    """A question with a few classes, asked of each trial.

    Parameters
    ----------
    rating : str, optional
        The rating scale that decides. Without one, the recording's own `class` of the task's name.
    above : float
        The threshold: the second class has ratings > `above`, the first the rest.
    classes : tuple of str
        The classes' names, in the order of their numbers from 0. Numbers in a study file are taken
        as names: data sets that write classes as numbers have such.

    Raises
    ------
    SettingsError
        If the classes are not distinct, or are not two where a rating decides.

    Examples
    --------
    >>> Task("valence").above
    5.0
    >>> Task(classes=("rest", "arithmetic")).classes
    ('rest', 'arithmetic')
    """

    rating: str | None = None
    above: float = 5.0  # the source's: a rating of exactly 5 is low
    classes: tuple[str | int | float, ...] = ("low", "high")

    def __post_init__(self):
        names = tuple(one if isinstance(one, str) else f"{one:g}" for one in self.classes)
        object.__setattr__(self, "classes", names)
        found = len(set(map(_code, names)))
        if found < 2 or found < len(self.classes) or (self.rating is not None and found != 2):
            hint = "Name two different classes; more than two only where no rating decides."
            raise SettingsError("classes", f"got {self.classes!r}.", hint)


def trial_classes(data: xr.Dataset, tasks: Mapping[str, Task]) -> pd.DataFrame:
    """Return the class of each trial, by task.

    Parameters
    ----------
    data : Dataset
        A recording, or the features of one.
    tasks : mapping of str to Task
        The tasks by name.

    Returns
    -------
    DataFrame
        Index `trial`; per task a column of nullable integers, `<NA>` where the rating or class is
        missing.

    Raises
    ------
    SettingsError
        If the recording has no such scale or task, or the threshold lies outside the scale.
    DataError
        If the recording holds a class that the task does not name, a word for a rating, or a rating
        outside the scale.

    Examples
    --------
    >>> import xarray as xr
    >>> ratings = xr.Dataset(
    ...     {"rating": (("trial", "scale"), [[4.9], [5.0], [5.1], [np.nan]])},
    ...     {"trial": [1, 2, 3, 4], "scale": ["valence"]},
    ... )
    >>> trial_classes(ratings, {"valence": Task("valence")})["valence"].tolist()
    [0, 0, 1, <NA>]
    """
    import pandas as pd  # here, not above: half a second that a task need not wait for

    columns = {
        name: pd.array(
            _from_class(data, name, task) if task.rating is None else _from_rating(data, task),
            dtype="Int64",
        )
        for name, task in tasks.items()
    }
    return pd.DataFrame(columns, index=pd.Index(_trials(data), name="trial"))


def check_labels(data: xr.Dataset, tasks: Mapping[str, Task]) -> None:
    """Raise as `trial_classes` does, and a DataError if no trial has a class of any task."""
    if trial_classes(data, tasks).isna().all(axis=None):
        problem = f"no trial has a class of any task: {', '.join(tasks)}."
        raise DataError(_whose(data), problem, "Fill in ratings or classes.")


def window_table(features: xr.Dataset, tasks: Mapping[str, Task]) -> pd.DataFrame:
    """Return the table that splits and predictions stand on: one row per window.

    Parameters
    ----------
    features : Dataset
        As `emolib.features.extract_features` makes it.
    tasks : mapping of str to Task
        The tasks by name.

    Returns
    -------
    DataFrame
        Columns `subject`, `trial`, `stimulus`, `window` (within its trial, from 0), `session` if
        the recording says in which a trial was, and an integer column per task, -1 where the class
        is missing.

    Raises
    ------
    SettingsError, DataError
        As `trial_classes`.

    Examples
    --------
    >>> import xarray as xr
    >>> from emolib.features import FeatureSettings, extract_features
    >>> noise = np.random.default_rng(0).normal(size=(2, 2, 128))
    >>> recording = xr.Dataset(
    ...     {
    ...         "eeg": (("trial", "channel", "time"), noise),
    ...         "rating": (("trial", "scale"), [[3.0], [np.nan]]),
    ...     },
    ...     {"trial": [1, 2], "channel": ["Fz", "Cz"], "scale": ["valence"],
    ...      "stimulus": ("trial", ["a", "b"])},
    ...     {"dataset": "noise", "subject": "sub-01", "sfreq": 128.0},
    ... )
    >>> features = extract_features(recording, FeatureSettings(baseline="none"))
    >>> window_table(features, {"valence": Task("valence")})
      subject  trial stimulus  window  valence
    0  sub-01      1        a       0        0
    1  sub-01      1        a       1        0
    2  sub-01      2        b       0       -1
    3  sub-01      2        b       1       -1
    """
    import pandas as pd  # as above

    names = ["subject", "trial", "stimulus", "i_window_in_trial"]
    names += [name for name in ("session",) if name in features.coords]
    table = pd.DataFrame({name: features[name].to_numpy() for name in names})
    table = table.rename(columns={"i_window_in_trial": "window"})
    classes = trial_classes(features, tasks).fillna(MISSING).astype(int)
    return table.join(classes, on="trial")


def _from_rating(data: xr.Dataset, task: Task) -> np.ndarray:
    """Compare a rating with the threshold: 0, 1 or NaN."""
    scales, words = _names(data, "rating"), _names(data, "class")
    if task.rating in words and task.rating not in scales:
        pairs = list(zip(_trials(data), map(str, _column(data, "class", task.rating)), strict=True))
        trial, word = next((pair for pair in pairs if not _number(pair[1])), pairs[0])
        problem = f"trial {trial}: {task.rating} is {word!r}, no number."
        hint = "Write numbers with a decimal point, and leave the unknown blank. A task about words"
        raise DataError(_whose(data), problem, f"{hint} takes `classes`, and no `rating`.")
    if task.rating not in scales:
        hint = did_you_mean(task.rating, scales) if scales else "It has no ratings at all."
        raise SettingsError("rating", f"this recording has no scale {task.rating!r}.", hint)
    limits = data["rating"].attrs
    low, high = limits.get("low", -np.inf), limits.get("high", np.inf)
    values = _column(data, "rating", task.rating).astype(float)
    outside = (values < low) | (values > high)
    if outside.any():
        found = f"trial {_trials(data)[outside][0]}: {task.rating} is rated {values[outside][0]:g}"
        hint = "Correct the rating, or leave it blank; or, if the scale is another,"
        problem = f"{found}, outside {low:g}-{high:g}."
        raise DataError(_whose(data), problem, f"{hint} {range_remedy(values)}")
    if not low <= task.above < high:
        problem = f"got {task.above!r} for {task.rating}, which runs from {low:g} to {high:g}."
        hint = "Give a threshold within the scale, below its upper end."
        raise SettingsError("above", problem, hint)
    return np.where(np.isnan(values), np.nan, values > task.above)


def range_remedy(values: np.ndarray) -> str:
    """Return how a study names the range of a scale that holds these ratings.

    Examples
    --------
    >>> range_remedy(np.array([0.0, 55.0]))
    'name its range in the study: `recordings: {rating_range: [0, 100]}`.'
    """
    low, high = np.nanmin(values), np.nanmax(values)
    ranges = [*RANGES, (np.floor(low), np.ceil(high) + (low == high))]
    low, high = next(one for one in ranges if one[0] <= low and high <= one[1])
    return f"name its range in the study: `recordings: {{rating_range: [{low:g}, {high:g}]}}`."


def _from_class(data: xr.Dataset, name: str, task: Task) -> np.ndarray:
    """Number the recording's own classes from 0; NaN where one is missing."""
    known, codes = _names(data, "class"), _names(data, "rating")
    if name in known:
        found = [str(value) for value in _column(data, "class", name)]
    elif name in codes:  # classes that are written as numbers
        values = _column(data, "rating", name)
        found = ["" if np.isnan(value) else f"{value:g}" for value in values]
    else:
        problem = f"this recording has no classes for {name!r}, and the task names no rating."
        hint = did_you_mean(name, known) if known else "Name the rating that decides the task."
        raise SettingsError("tasks", problem, hint)
    numbers = {_code(one): float(number) for number, one in enumerate(task.classes)}
    strange = sorted({value for value in found if value and _code(value) not in numbers})
    if strange:
        problem = f"the recording holds {', '.join(map(repr, strange))}."
        hint = f"Name all classes of the task. {did_you_mean(strange[0], task.classes)}"
        raise DataError(f"class {name!r}", problem, hint)
    return np.array([numbers.get(_code(value), np.nan) for value in found])


def _names(data: xr.Dataset, variable: str) -> list[str]:
    """List the scales of `rating`, or the tasks of `class`; none where that is missing."""
    return data[_ALONG[variable]].to_numpy().astype(str).tolist() if variable in data else []


def _column(data: xr.Dataset, variable: str, name: str) -> np.ndarray:
    """Return the ratings on a scale, or the classes of a task: (trial,)."""
    return data[variable][{_ALONG[variable]: _names(data, variable).index(name)}].to_numpy()


def _trials(data: xr.Dataset) -> np.ndarray:
    """Return the trials' numbers; features have a `trial` per window, and them apart."""
    return data["trial_number" if "trial_number" in data.coords else "trial"].to_numpy()


def _whose(data: xr.Dataset) -> str:
    """Return what an error about a recording's labels names."""
    return f"ratings of {data.attrs['subject']}" if "subject" in data.attrs else "ratings"


def _code(name: str) -> str:
    """Return a class's name in one form: 1, 1.0 and 01 are one, and "ö" is "o" with a mark."""
    return f"{float(name):g}" if name and _number(name) else unicodedata.normalize("NFC", name)


def _number(text: str) -> bool:
    """Return whether a cell is a finite number, or blank."""
    try:
        return not text or bool(np.isfinite(float(text)))
    except ValueError:
        return False
