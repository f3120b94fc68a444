"""Plain summaries of a recording, for people who look: amplitudes, log power, contrasts, changes.

None of this enters the network. Power is summarised as its logarithm, before any baseline is
subtracted and any window z-scored: after a z-score within the window more muscle activity in
gamma looks like less alpha, and nobody could tell from the picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

from emolib.features.extraction import FeatureSettings, extract_features
from emolib.features.spectra import trial_spectra
from emolib.recordings.labels import Task, trial_classes

# Where alpha is strongest: the electrodes at the back of the head that most montages have.
POSTERIOR = ("O1", "Oz", "O2", "PO3", "POz", "PO4", "P3", "Pz", "P4")
WHEN = ("before", "after")  # preprocessing


def posterior_channels(channels: Sequence[str]) -> list[str]:
    """List those of the `POSTERIOR` electrodes that a recording has; all it has if it has none.

    Examples
    --------
    >>> posterior_channels(["Fz", "Pz", "O1"])
    ['O1', 'Pz']
    """
    return [name for name in POSTERIOR if name in set(channels)] or list(channels)


def log_power(recording: xr.Dataset, settings: FeatureSettings) -> xr.DataArray:
    """Average the log power of a trial's windows: ``(trial, band, channel)`` in decibels.

    ``10 log10(var)`` of each band-passed window, which is its differential entropy on another
    scale: ``var = exp(2 DE) / (2 pi e)``, in dB above one microvolt squared. Nothing is subtracted
    and nothing z-scored; of the settings, bands, filtering and the windows' length are used.

    Examples
    --------
    Ten times the amplitude is 20 dB more:

    >>> noise = np.random.default_rng(0).normal(size=(1, 1, 512))
    >>> recording = xr.Dataset(
    ...     {"eeg": (("trial", "channel", "time"), np.concatenate([noise, 10 * noise]))},
    ...     {"trial": [1, 2], "channel": ["Oz"]},
    ...     {"sfreq": 128.0, "dataset": "noise", "subject": "sub-01"},
    ... )
    >>> power = log_power(recording, FeatureSettings())
    >>> (power[1] - power[0]).values.round(4).ravel()
    array([20., 20., 20., 20.])
    """
    raw = replace(settings, kinds=("de",), baseline="none", normalise="none")
    entropy = extract_features(recording, raw)["feature"].sel(kind="de", drop=True)
    variance_db = 10 / np.log(10) * (2 * entropy.astype(float) - np.log(2 * np.pi * np.e))
    power = variance_db.groupby("trial").mean("window")
    return power.transpose("trial", "band", "channel").assign_attrs(units="dB re 1 uV^2")


def class_means(values: xr.DataArray, classes: pd.Series, names: Sequence[str]) -> xr.DataArray:
    """Average ``values (trial, ...)`` over the trials of each class: ``(class, ...)``.

    `classes` has the class number by trial, as a column of `labels.trial_classes`; `names` are
    the classes'. NaN for a class without trials; the coordinate `n_trials (class)` counts them.

    Examples
    --------
    >>> values = xr.DataArray([1.0, 3.0, 7.0], {"trial": [1, 2, 3]}, ("trial",))
    >>> means = class_means(values, pd.Series([0, 0, 1], index=[1, 2, 3]), ["low", "high"])
    >>> means.values, means["n_trials"].values
    (array([2., 7.]), array([2, 1]))
    """
    numbers = classes.reindex(values["trial"].values).to_numpy(dtype=float, na_value=np.nan)
    chosen = [values[numbers == number] for number in range(len(names))]
    nothing = xr.full_like(values.isel(trial=0, drop=True), np.nan)
    means = [part.mean("trial") if len(part) else nothing for part in chosen]
    stacked = xr.concat(means, dim=pd.Index(names, name="class"), coords="minimal")
    counts = ("class", [len(part) for part in chosen])
    return stacked.assign_coords(n_trials=counts).assign_attrs(values.attrs)


def contrast(means: xr.DataArray, task: Task) -> tuple[str, xr.DataArray]:
    """Subtract one class of ``means (class, ...)`` from the other, and name the difference.

    A rating has a direction, so its second class, the higher one, comes first: high minus low.
    Conditions are named in the order in which they are to be read: rest minus arithmetic.

    Examples
    --------
    >>> means = xr.DataArray([2.0, 7.0], {"class": ["low", "high"]}, ("class",))
    >>> name, difference = contrast(means, Task("valence"))
    >>> float(difference)
    5.0
    """
    first, second = task.classes[:2] if task.rating is None else task.classes[1::-1]
    difference = means.sel({"class": first}, drop=True) - means.sel({"class": second}, drop=True)
    return f"{first} \N{MINUS SIGN} {second}", difference


def posterior_mean(means: xr.DataArray, names: Sequence[str]) -> list[float]:
    """Average ``means (class, channel)`` of the named classes over the `posterior_channels`.

    Examples
    --------
    >>> coords = {"class": ["rest", "arithmetic"], "channel": ["O1", "O2", "Fz"]}
    >>> means = xr.DataArray([[3.0, 5.0, 0.0], [1.0, 2.0, 9.0]], coords, ("class", "channel"))
    >>> posterior_mean(means, ["rest", "arithmetic"])
    [4.0, 1.5]
    """
    channels = posterior_channels(means["channel"].to_numpy().tolist())
    chosen = means.sel(channel=channels).mean("channel")
    return [float(chosen.sel({"class": name})) for name in names]


def label_counts(data: xr.Dataset, tasks: Mapping[str, Task]) -> pd.DataFrame:
    """Count the trials of each class by task, and those that are left out, having none.

    Examples
    --------
    >>> data = xr.Dataset(
    ...     {"rating": (("trial", "scale"), [[2.0], [7.0], [np.nan], [8.0]])},
    ...     {"trial": [1, 2, 3, 4], "scale": ["valence"]},
    ... )
    >>> label_counts(data, {"valence": Task("valence")})
             low  high  left out
    valence    1     2         1
    """
    classes = trial_classes(data, tasks)
    columns = list(dict.fromkeys(name for task in tasks.values() for name in task.classes))
    counts = pd.DataFrame(0, index=list(tasks), columns=[*columns, "left out"])
    for task, column in classes.items():
        for number, name in enumerate(tasks[task].classes):
            counts.loc[task, name] = int((column == number).sum())
        counts.loc[task, "left out"] = int(column.isna().sum())
    return counts


def window_words(features: xr.Dataset, *, seconds: float, together: int) -> str:
    """Describe how many windows a network is shown, `together` at once, and how many it never is.

    Examples
    --------
    >>> features = xr.Dataset(coords={"trial": ("window", [1, 1, 1, 2, 2])})
    >>> window_words(features, seconds=0.5, together=2)
    '5 of 0.5 s, 2 at a time; left over at the end of trials, and not used: 1'
    """
    counts = features["trial"].to_series().value_counts()
    words = f"{counts.sum()} of {seconds:g} s"
    if together == 1:
        return words
    left = int((counts % together).sum())
    return f"{words}, {together} at a time; left over at the end of trials, and not used: {left}"


def amplitudes(recording: xr.Dataset) -> pd.DataFrame:
    """Measure how large each channel's signal is, in microvolts.

    Columns ``std_uv`` (the root of the mean variance of the trials) and ``max_abs_uv``.

    Examples
    --------
    >>> wave = np.array([[[3.0, -3.0, 3.0, -3.0]]])
    >>> recording = xr.Dataset(
    ...     {"eeg": (("trial", "channel", "time"), wave)}, {"channel": ["Oz"]}
    ... )
    >>> amplitudes(recording).loc["Oz"].tolist()
    [3.0, 3.0]
    """
    eeg = recording["eeg"].transpose("channel", "trial", "time").to_numpy()
    rows = [
        (float(np.sqrt(np.nanmean(np.nanvar(x, axis=-1)))), float(np.nanmax(np.abs(x))))
        for x in eeg.astype(float)
    ]
    index = pd.Index(recording["channel"].values, name="channel")
    return pd.DataFrame(rows, index=index, columns=["std_uv", "max_abs_uv"])


def before_and_after(before: xr.Dataset, after: xr.Dataset) -> xr.Dataset:
    """Compare a recording before and after preprocessing.

    Parameters
    ----------
    before, after : Dataset
        Recordings of one subject; channels and sampling frequencies may differ. The trials of
        `after` are compared.

    Returns
    -------
    Dataset
        ``sd (when, any_channel)``, standard deviations in microvolts, NaN where a recording lacks
        the channel; ``density (when, hertz)``, microvolts squared per Hz, the mean over trials and
        the channels that both have.
    """
    before = before.sel(trial=after["trial"])
    pair = (before, after)
    sizes = [amplitudes(one)["std_uv"] for one in pair]
    names = [*sizes[0].index, *(name for name in sizes[1].index if name not in sizes[0].index)]
    both = [name for name in sizes[1].index if name in sizes[0].index]
    means = [trial_spectra(one).sel(channel=both).mean(("trial", "channel")) for one in pair]
    last = min(float(mean["frequency"][-1]) for mean in means)
    hertz = means[1]["frequency"].sel(frequency=slice(None, last)).to_numpy()
    density = [np.interp(hertz, mean["frequency"], mean) for mean in means]
    return xr.Dataset(
        {
            "sd": (("when", "any_channel"), [size.reindex(names) for size in sizes]),
            "density": (("when", "hertz"), density),
        },
        {"when": list(WHEN), "any_channel": names, "hertz": hertz},
    )
