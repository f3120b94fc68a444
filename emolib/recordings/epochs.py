"""Epochs of MNE made a recording, and a recording made epochs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from emolib.errors import DataError, did_you_mean
from emolib.recordings.electrodes import choose_channels, place_electrodes
from emolib.recordings.recording import (
    OFFSETS,
    RATING_HIGH,
    RATING_LOW,
    TRIAL_FOR_STIMULUS,
    build,
    without_offset,
)
from emolib.recordings.validation import validate

if TYPE_CHECKING:
    import mne
    import xarray as xr

LEAVE_OUT = "Mark {channel} as bad in `epochs.info['bads']`"
NO_CLASS = "no class"  # the event of a trial whose class is missing


def from_epochs(
    epochs: mne.BaseEpochs,
    subject: str,
    *,
    classes: str | Sequence[str] | Mapping[str, str] | None = None,
    ratings: Sequence[str] | Mapping[str, str] | None = None,
    rating_range: tuple[float, float] = (RATING_LOW, RATING_HIGH),
) -> xr.Dataset:
    """Return the recording that epochs of MNE hold.

    The EEG channels that have a place on the grid are kept, under the grid's names; all others, and
    those marked bad, are left out and noted. The mean of each trial and each baseline is taken
    away. Nothing is filtered, resampled or referenced: do that in MNE, before.

    Parameters
    ----------
    epochs : mne.Epochs, mne.EpochsArray, or what `mne.read_epochs` reads
        One epoch is one trial. Samples before 0 s are the baseline, those from 0 s on the trial.
        Where `epochs.metadata` has the columns `trial` (whole numbers) and `stimulus`, they number
        the trials and name what was presented; else a trial's place stands for both. A column
        `session` says in which session a trial was.
    subject : str
        Such as "sub-01".
    classes : str, or sequence or mapping, optional
        A task's name: the names of the events are its classes. Or columns of the metadata: a
        sequence of names, or a mapping of task to column.
    ratings : sequence or mapping, optional
        Columns of the metadata that hold ratings: a sequence of names, or a mapping of scale to
        column. NaN is a missing rating.
    rating_range : (float, float)
        The lowest and highest rating that the scales allow.

    Returns
    -------
    Dataset
        `eeg (trial, channel, time)` and, where there are samples before 0 s, `baseline (trial,
        channel, baseline_time)`, float32, microvolts; `class (trial, task)`, `rating (trial,
        scale)`: see `emolib.recordings`.

    Raises
    ------
    DataError
        If these are no epochs, none is left, none has a sample from 0 s on, two share samples, no
        EEG channel has a place on the grid, a column is not in the metadata, or `validate` objects.

    Examples
    --------
    >>> import mne
    >>> info = mne.create_info(["Fz", "Cz"], 128.0, "eeg")
    >>> volts = np.random.default_rng(0).normal(0, 1e-5, (4, 2, 384))
    >>> events = np.column_stack([np.arange(4), np.zeros(4, int), [1, 2, 1, 2]])
    >>> epochs = mne.EpochsArray(
    ...     volts, info, events, tmin=-1, event_id={"calm": 1, "tense": 2}, verbose="error"
    ... )
    >>> recording = from_epochs(epochs, "sub-01", classes="state")
    >>> recording["eeg"].shape, recording["baseline"].shape
    ((4, 2, 256), (4, 2, 128))
    >>> recording["class"].sel(task="state").values.tolist()
    ['calm', 'tense', 'calm', 'tense']
    """
    return recording_of(
        epochs,
        f"epochs of {subject}",
        subject,
        classes=classes,
        ratings=ratings,
        rating_range=rating_range,
        leave_out=LEAVE_OUT,
        leave_trial_out="drop the epoch",
    )


def recording_of(
    epochs: mne.BaseEpochs,
    where: str,
    subject: str,
    *,
    classes: str | Sequence[str] | Mapping[str, str] | None,
    ratings: Sequence[str] | Mapping[str, str] | None,
    rating_range: tuple[float, float],
    **checks: Any,
) -> xr.Dataset:
    """Return the recording that epochs hold, see `from_epochs`; `where` is what an error names.

    `checks` are parameters of `validate`.
    """
    import mne  # here, not above: a second that other readers need not wait for

    if not isinstance(epochs, mne.BaseEpochs):
        hint = "Cut it into epochs first: `mne.Epochs(raw, events, event_id, tmin, tmax)`."
        raise DataError(where, f"a {type(epochs).__name__} is given.", hint)
    if not epochs.preload:
        with mne.utils.use_log_level("warning"):
            epochs = epochs.copy().load_data()
    if not len(epochs):
        reasons = sorted({reason for log in epochs.drop_log for reason in log})
        problem = f"no trial is left; dropped for: {', '.join(reasons) or 'nothing'}."
        raise DataError(where, problem, "Check events, tmin, tmax and the limits of `reject`.")
    if classes is None and ratings is None:
        hint = f"Give classes='state' to use the events ({', '.join(epochs.event_id)}), or columns"
        hint = f"{hint} of `epochs.metadata`."
        raise DataError(where, "neither classes nor ratings are given.", hint)
    sfreq = float(epochs.info["sfreq"])
    n_baseline = int(np.count_nonzero(epochs.times < -0.5 / sfreq))
    if n_baseline == len(epochs.times):
        raise DataError(where, f"end at {epochs.tmax:g} s.", "Choose a `tmax` above 0 s.")
    channels, _, notes = choose_channels(where, epochs)
    microvolts = 1e6 * epochs.get_data(list(channels.values()), verbose="warning")
    _check_apart(where, epochs.events[:, 0], microvolts)

    notes = [*notes, OFFSETS]
    known = epochs.metadata if epochs.metadata is not None else {}
    trials, stimuli = range(1, len(epochs) + 1), None
    if "trial" in known:
        (trials,) = _columns(where, epochs, ["trial"], _numbers).values()
        if not all(number >= 1 and number % 1 == 0 for number in trials):
            raise DataError(where, "'trial' must be whole numbers from 1.", "Or rename the column.")
    if "stimulus" in known:
        stimuli = _words(known["stimulus"])
        if "" in stimuli:
            problem = f"'stimulus' is blank in trial {trials[stimuli.index('')]:g}."
            raise DataError(where, problem, "Fill it in for all trials, or take the column out.")
    else:
        notes.append(TRIAL_FOR_STIMULUS)
    if isinstance(classes, str):
        names = {code: name for name, code in epochs.event_id.items()}
        found = [names[code] for code in epochs.events[:, 2]]
        labels = {classes: ["" if name == NO_CLASS else name for name in found]}
    else:
        labels = _columns(where, epochs, classes, _words)
    recording = build(
        without_offset(microvolts[..., n_baseline:]),
        channels=list(channels),
        sfreq=sfreq,
        dataset="epochs",
        subject=subject,
        trials=trials,
        stimuli=stimuli,
        sessions=_words(known["session"]) if "session" in known else None,
        baseline=without_offset(microvolts[..., :n_baseline]) if n_baseline else None,
        ratings=_columns(where, epochs, ratings, _numbers),
        rating_range=rating_range,
        classes=labels,
        trial_samples=known["trial_samples"].tolist() if "trial_samples" in known else None,
        held_hz=(epochs.info["highpass"], epochs.info["lowpass"]),
        notes=notes,
    )
    return validate(recording, where, **checks)


def to_epochs(recording: xr.Dataset) -> mne.EpochsArray:
    """Return a recording as epochs of MNE, in volts, with the electrodes' standard places.

    The events are named by the classes of the first task or, without classes, by the stimuli.

    Parameters
    ----------
    recording : Dataset
        As every reader of `emolib.recordings` returns it.

    Returns
    -------
    mne.EpochsArray
        The baseline lies before 0 s. The metadata have `trial`, `stimulus`, `session` where there
        are several, `trial_samples` where lengths differ, and a column per scale and task: with
        these as `ratings` and `classes`, `from_epochs` returns the recording again.

    Examples
    --------
    >>> from emolib.recordings.simulated import SimulationSettings, simulate_subject
    >>> settings = SimulationSettings(n_trials=4, trial_seconds=2)
    >>> epochs = to_epochs(simulate_subject(settings, subject=1)[0])
    >>> len(epochs), len(epochs.ch_names), float(epochs.tmin)
    (4, 32, -3.0)
    """
    import mne  # as above
    import pandas as pd

    sfreq, names = float(recording.attrs["sfreq"]), recording["channel"].to_numpy().tolist()
    pieces = [recording[name].to_numpy() for name in ("baseline", "eeg") if name in recording]
    volts = 1e-6 * np.concatenate(pieces, axis=-1, dtype=float)
    n_trials, n_baseline = len(volts), volts.shape[-1] - recording.sizes["time"]
    names_of = ("trial", "stimulus", "session", "trial_samples")
    known = [name for name in names_of if name in recording.coords]
    metadata = {name: recording[name].to_numpy() for name in known}
    for variable, along in (("rating", "scale"), ("class", "task")):
        if variable in recording:
            columns = recording[variable].to_numpy().T
            metadata |= zip(recording[along].to_numpy(), columns, strict=True)
    of_trial = recording["class"].to_numpy()[:, 0] if "class" in recording else metadata["stimulus"]
    kinds, codes = np.unique([str(kind) or NO_CLASS for kind in of_trial], return_inverse=True)
    onsets = np.arange(n_trials) * volts.shape[-1] + n_baseline
    info = mne.create_info(names, sfreq, "eeg", verbose="error")
    place_electrodes(info)
    return mne.EpochsArray(
        volts,
        info,
        np.column_stack([onsets, np.zeros(n_trials, int), codes + 1]),
        tmin=-n_baseline / sfreq,
        event_id={str(kind): code for code, kind in enumerate(kinds, start=1)},
        metadata=pd.DataFrame(metadata),
        baseline=None,
        proj=False,
        verbose="error",
    )


def _check_apart(where: str, at: np.ndarray, signals: np.ndarray) -> None:
    """Refuse epochs (trial, channel, time) that share samples; `at` is where each was cut.

    The times of made-up events say nothing, so the samples are compared, each less its mean: MNE
    may have taken another baseline off each.
    """
    order = np.argsort(at, kind="stable")
    for one, other in pairwise(order):
        n_shared = signals.shape[-1] - int(at[other] - at[one])
        if n_shared <= 1:
            continue
        left, right = signals[one][:, -n_shared:], signals[other][:, :n_shared]
        differ = (left - left.mean(-1, keepdims=True)) - (right - right.mean(-1, keepdims=True))
        if abs(differ).max() < 1e-4 * left.std():
            problem = f"epochs {one + 1} and {other + 1} share {n_shared} samples."
            hint = "The same samples never count twice: choose a shorter window, or other events."
            raise DataError(where, problem, hint)


def _columns(
    where: str,
    epochs: mne.BaseEpochs,
    wanted: Sequence[str] | Mapping[str, str] | None,
    convert: Callable[[object], Sequence[object]],
) -> dict[str, Sequence[object]]:
    """Return columns of the metadata by the names that the recording has for them."""
    wanted = [wanted] if isinstance(wanted, str) else wanted or {}
    columns = wanted if isinstance(wanted, Mapping) else {name: name for name in wanted}
    found = {}
    for name, column in columns.items():
        if epochs.metadata is None:
            hint = "Set `epochs.metadata` to a table with one row per event."
            raise DataError(where, f"have no metadata, so no column {column!r}.", hint)
        if column not in epochs.metadata:
            hint = did_you_mean(column, map(str, epochs.metadata.columns))
            raise DataError(where, f"the metadata have no column {column!r}.", hint)
        try:
            found[name] = convert(epochs.metadata[column])
        except (TypeError, ValueError):
            problem = f"column {column!r} holds {epochs.metadata[column].tolist()[:3]}, no numbers."
            hint = "Give it as `classes`, or write ratings as numbers."
            raise DataError(where, problem, hint) from None
    return found


def _words(column) -> list[str]:
    """Return a column's cells as text, "" where one is missing."""
    return column.astype(object).where(column.notna(), "").astype(str).tolist()


def _numbers(column) -> list[float]:
    """Return a column's cells as numbers, NaN where one is missing."""
    return column.to_numpy(dtype=float, na_value=np.nan).tolist()
