"""The files of the published scripts: features by window, and the same on the grid.

For each subject and kind, DE and "PSD", 4D-CRNN and the multi-task network after it keep

- ``1D/DE_s01.mat``: ``data`` (window, band and channel: theta of 32 channels, then alpha, beta and
  gamma) as they were computed, and ``base_data`` (trial, band and channel), each trial's resting
  level, which is still to be taken away;
- ``3D/DE_s01.mat``: ``data`` (window, band, row, column), z-scores of a window on the 8 x 9 grid;

and in both ``valence_labels`` and ``arousal_labels`` (1, window), 1 for high and 0 for low.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from emolib.errors import DataError, SettingsError
from emolib.features.baseline import baseline_mean
from emolib.features.extraction import FeatureSettings, as_features, window_features
from emolib.features.spectra import trial_signals
from emolib.features.windows import samples_per_window, z_score
from emolib.grid import DEAP_CHANNELS, SEED_GRID, SHAPE, cells, to_grid
from emolib.recordings.arrays import COPY_AGAIN, load_matlab
from emolib.recordings.recording import build
from emolib.storage import file_stem, write_mat

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

FOLDERS = ("1D", "3D")
TITLE = "features in the layout of the published scripts"
CLASSES = ("low", "high")
DEAP_SFREQ = 128.0  # Hz
DEAP_TRIALS = 40
LABELS = "_labels"  # ends the name of a task's labels
REMOVALS = ("subtract", "released", "none")  # what can be done with a mean alone


def write_released(
    folder: str | Path,
    recording: xr.Dataset,
    features: xr.Dataset,
    settings: FeatureSettings,
    labels: pd.DataFrame,
) -> list[Path]:
    """Write a subject's features as the published scripts do, into ``1D`` and ``3D`` in a folder.

    Parameters
    ----------
    folder : path
        Where to; it is made.
    recording : Dataset
        What the features are of; its `baseline`, if it has one, gives ``base_data``.
    features : Dataset
        What `extract_features` returned: the maps are made of them, as they are.
    settings : FeatureSettings
        Of these features.
    labels : DataFrame, one row per window
        A column of class numbers per task, -1 where one is missing.

    Returns
    -------
    list of Path
        The files.
    """
    sfreq = float(recording.attrs["sfreq"])
    signals = trial_signals(recording)
    windows = np.concatenate([window_features(signal, sfreq, settings) for signal in signals])
    rests = recording["baseline"].to_numpy() if "baseline" in recording else []
    levels = [baseline_mean(window_features(x, sfreq, settings), settings.baseline) for x in rests]
    channels = features["channel"].to_numpy().tolist()
    feature = features["feature"].transpose("window", "kind", "band", "channel")
    maps = to_grid(feature, channels, SEED_GRID)
    of_tasks = {f"{task}{LABELS}": labels[task].to_numpy()[None] for task in labels}
    name, files = _name(str(features.attrs["subject"])), []
    for i, kind in enumerate(settings.kinds):
        flat = {"data": windows[:, i].reshape(len(windows), -1)}
        if levels:
            flat["base_data"] = np.stack(levels)[:, i].reshape(len(levels), -1)
        for place, arrays in zip(FOLDERS, (flat, {"data": maps[:, i].astype(float)}), strict=True):
            files.append(Path(folder) / place / f"{kind.upper()}_{name}.mat")
            write_mat(files[-1], {**arrays, **of_tasks}, TITLE)
    return files


def read_released(
    folder: str | Path,
    subject: str,
    settings: FeatureSettings | None = None,
    *,
    channels: tuple[str, ...] = DEAP_CHANNELS,
    sfreq: float = DEAP_SFREQ,
    n_trials: int = DEAP_TRIALS,
) -> xr.Dataset:
    """Read a subject's features out of a folder of such files, ``1D`` or ``3D``.

    Parameters
    ----------
    folder : path
        It holds ``DE_s01.mat``, ``PSD_s01.mat``, and so on.
    subject : str
        Such as "sub-01".
    settings : FeatureSettings, optional
        Which kinds to read, how features by window are to be freed of the resting level (subtract,
        released or none; both of the former subtract what the file holds) and normalised, and which
        bands and windows they are of. Of maps on the grid, only kinds, bands and windows count.
    channels : tuple of str
        In the order of the columns.
    sfreq : float
        Sampling frequency of the signals, Hz.
    n_trials : int
        How many trials a file of maps has, all of one length; in others, ``base_data`` says it.

    Returns
    -------
    Dataset
        As `extract_features` returns them. `class (trial, task)`: "low", "high", or a number.

    Raises
    ------
    DataError
        If a file is missing or damaged, or its arrays do not fit the settings or each other.
    SettingsError
        If the resting level is to be removed in a way that needs more than its mean.
    """
    settings = settings or FeatureSettings()
    if settings.baseline not in REMOVALS:
        hint = f"Use {', '.join(map(repr, REMOVALS))}."
        raise SettingsError("baseline", f"{settings.baseline!r} needs more than a mean.", hint)
    name, kinds, labels = _name(subject), [], {}
    for kind in settings.kinds:
        path = Path(folder) / f"{kind.upper()}_{name}.mat"
        arrays = load_matlab(path)
        values, count = _values(path, arrays, settings, channels, n_trials)
        found = _labels(path, arrays, len(values), count)
        if kinds and (found != labels or len(values) != len(kinds[0])):
            problem = f"has other labels or windows than the file of {settings.kinds[0].upper()}."
            raise DataError(path, problem, COPY_AGAIN)
        labels, n_trials = found, count
        kinds.append(values)
    values = np.stack(kinds, axis=1)
    per_trial = len(values) // n_trials
    n_samples = per_trial * samples_per_window(sfreq, settings.window_seconds)
    recording = build(
        np.broadcast_to(np.float32(0), (n_trials, len(channels), n_samples)),
        channels=channels,
        sfreq=sfreq,
        dataset="released",
        subject=subject,
        trials=range(1, n_trials + 1),
        classes=labels,
        notes=[f"features as the published scripts wrote them, {Path(folder).name}"],
    )
    return as_features(values, [per_trial] * n_trials, recording, settings)


def _name(subject: str) -> str:
    """Return what files of a subject are called, "s01" of "sub-01"."""
    return file_stem(subject.replace("sub-", "s", 1))


def _values(
    path: Path,
    arrays: dict[str, np.ndarray],
    settings: FeatureSettings,
    channels: tuple[str, ...],
    n_trials: int,
) -> tuple[np.ndarray, int]:
    """Return a kind's features (window, band, channel), ready to use, and the number of trials."""
    data, shape = arrays.get("data"), (len(settings.bands), len(channels))
    if data is None or data.dtype.kind not in "fiu" or data.ndim not in (2, 4) or not len(data):
        raise DataError(path, "holds no 'data' (window, ...) of numbers.", COPY_AGAIN)
    by_window = data.ndim == 2
    wanted = (np.prod(shape),) if by_window else (shape[0], *SHAPE)
    if data.shape[1:] != wanted:
        sizes = [" x ".join(map(str, size)) for size in (data.shape, ("windows", *wanted))]
        hint = "Say in `settings` and `channels` which bands and channels it has."
        raise DataError(path, f"'data' is {sizes[0]}; {sizes[1]} is expected.", hint)
    if not by_window:
        rows, columns = cells(channels, SEED_GRID)
        values = data[..., rows, columns].astype(float)
    else:
        values, rest = data.reshape(-1, *shape).astype(float), arrays.get("base_data")
        if rest is not None and len(rest):
            n_trials = len(rest)
        if settings.baseline != "none":
            if rest is None or not len(rest) or rest.shape[1:] != wanted:
                problem = f"holds no 'base_data' of {wanted[0]} columns."
                raise DataError(path, problem, "Use baseline='none'.")
            levels = rest.reshape(-1, *shape)
            _check_whole(path, len(values), n_trials)
            values = values - np.repeat(levels, len(values) // n_trials, axis=0)
        if settings.normalise != "none":
            values = z_score(values, axis=(1, 2) if settings.normalise == "window" else 0)
    _check_whole(path, len(values), n_trials)
    if not np.isfinite(values).all():
        raise DataError(path, "holds features that are NaN or infinite.", COPY_AGAIN)
    return values, n_trials


def _check_whole(path: Path, n_windows: int, n_trials: int) -> None:
    """Refuse windows that cannot be those of so many trials of one length."""
    if n_trials < 1 or n_windows % n_trials:
        problem = f"{n_windows} windows are not those of {n_trials} trials of one length."
        raise DataError(path, problem, "Say how many trials there are: `n_trials`.")


def _labels(
    path: Path, arrays: dict[str, np.ndarray], n_windows: int, n_trials: int
) -> dict[str, list[str]]:
    """Return the class of each trial by task; it must be that of all its windows."""
    found = {}
    for name, column in arrays.items():
        if not name.endswith(LABELS):
            continue
        if column.size != n_windows or column.dtype.kind not in "biuf":
            raise DataError(path, f"{name!r} has {column.size} of {n_windows} labels.", COPY_AGAIN)
        of_trial = column.reshape(n_trials, -1)
        if (of_trial != of_trial[:, :1]).any():
            trial = int(np.flatnonzero((of_trial != of_trial[:, :1]).any(axis=1))[0]) + 1
            problem = f"{name!r} changes within trial {trial} of {n_trials}."
            raise DataError(path, problem, "Say how many trials there are: `n_trials`.")
        numbers = of_trial[:, 0].astype(int)
        names = CLASSES if numbers.max() < 2 else [str(k) for k in range(numbers.max() + 1)]
        found[name.removesuffix(LABELS)] = ["" if k < 0 else names[k] for k in numbers]
    if not found:
        raise DataError(path, f"holds no labels, such as 'valence{LABELS}'.", COPY_AGAIN)
    return found
