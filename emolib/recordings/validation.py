"""The checks that every recording must pass.

A fault that is found here costs a sentence; one that is found in a score costs a week. So every
reader hands its recording to `validate` before anybody computes with it.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from emolib.errors import DataError
from emolib.recordings.recording import RATING_HIGH, RATING_LOW, some

# Limits for the median over trials and channels of a channel's standard deviation, microvolts.
# Scalp EEG has 2 to 50 after filtering and, with the drifts of a DC-coupled amplifier, up to some
# 1000. The same signals in volts are below 0.001 and in millivolts below 0.05; volts multiplied
# by a million twice, or microvolts taken for volts, are above 100 000.
LOWEST_SD_UV, HIGHEST_SD_UV = 0.05, 5000.0


def validate(
    recording: xr.Dataset, where: object, *, ratings_in: object = None, other_numbers: bool = False
) -> xr.Dataset:
    """Check a recording's signals and ratings.

    Parameters
    ----------
    recording : Dataset
        As `build` makes it: `eeg` (trial, channel, time) and, where there is one, `baseline`
        (trial, channel, baseline_time), microvolts.
    where : path or str
        What to name in an error: the file that the recording is from.
    ratings_in : path or str, optional
        What to name in an error about ratings, where they are in another file.
    other_numbers : bool
        Whether scales may be numbers of any kind, such as ages: then one that is out of range is
        noted, and it is for a task that uses it to object.

    Returns
    -------
    Dataset
        The same signals; `attrs["notes"]` has a line more if ratings or classes are missing.

    Raises
    ------
    DataError
        For no trials, channels or samples; a channel or trial that is named twice; NaN or infinite
        samples; a channel that is flat, or the same as another, in any trial; amplitudes that are
        no microvolts; a rating outside its range; no ratings at all. It names trial and channel.

    Examples
    --------
    >>> from emolib.recordings.recording import build
    >>> eeg = np.random.default_rng(0).normal(0, 10, (1, 2, 64)).astype("float32")
    >>> about = dict(sfreq=128, dataset="x", subject="sub-01", trials=[1], stimuli=["01"])
    >>> recording = build(eeg, channels=["Fz", "Cz"], ratings={"valence": [9.5]}, **about)
    >>> validate(recording, "s01.mat")
    Traceback (most recent call last):
    ...
    emolib.errors.DataError: s01.mat: trial 1: valence is rated 9.5, outside 1-9. Correct the \
rating, or leave it blank; write class codes as words.
    """
    _check_structure(recording, where)
    spreads = [_check_signals(recording, name, where) for name in ("eeg", "baseline")]
    _check_amplitude(spreads[0], where)
    notes = _check_ratings(recording, ratings_in or where, other_numbers)
    if "class" in recording:
        places = _places(recording["class"], recording["class"].values == "")
        notes += [f"{len(places)} classes are missing: {some(places)}"] if places else []
    return recording.assign_attrs(notes=[*recording.attrs.get("notes", []), *notes])


def _check_structure(recording: xr.Dataset, where: object) -> None:
    """Refuse a recording without trials, channels, samples, or without unique names."""
    for dimension, what in (("trial", "trial"), ("channel", "EEG channel"), ("time", "sample")):
        if recording.sizes[dimension] == 0:
            raise DataError(where, f"holds no {what}.", "Check that the file is the right one.")
    for name in ("channel", "trial"):
        values = recording[name].values.tolist()
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            problem = f"{name} {', '.join(map(str, twice))} is there more than once."
            raise DataError(where, problem, f"Each {name} needs a name of its own.")
    sfreq = recording.attrs["sfreq"]
    if not (np.isfinite(sfreq) and sfreq > 0):
        raise DataError(where, f"has a sampling frequency of {sfreq} Hz.", "It must be positive.")
    if "rating" not in recording and "class" not in recording:
        raise DataError(where, "has neither ratings nor classes.", "Give at least one of them.")


def _check_signals(recording: xr.Dataset, name: str, where: object) -> np.ndarray:
    """Check every sample once; return each channel's standard deviation (trial * channel,)."""
    if name not in recording:
        return np.empty(0)
    channels, trials = recording["channel"].values, recording["trial"].values
    signals = recording[name].values
    lengths = np.full(len(trials), signals.shape[-1])
    if name == "eeg" and "trial_samples" in recording.coords:
        lengths = recording["trial_samples"].values
    spread = []
    # One trial at a time: it fits into the processor's cache, the recording does not.
    for trial, signal, length in zip(trials, signals, lengths, strict=True):
        place = f"{'baseline of ' if name == 'baseline' else ''}trial {trial}"
        if length < 1:
            raise DataError(where, f"{place} holds no samples.", "Leave the trial out.")
        signal = signal[:, :length]
        low, high = signal.min(axis=-1), signal.max(axis=-1)
        finite = np.isfinite(low) & np.isfinite(high)
        if not finite.all():
            bad = int(np.argmin(finite))
            wrong = np.flatnonzero(~np.isfinite(signal[bad]))
            raise DataError(
                where,
                f"{place}, channel {channels[bad]}: {len(wrong)} of {length} samples are NaN or "
                f"infinite, the first at sample {wrong[0]}.",
                "Every sample must be a number: copy the file again, or leave the trial out.",
            )
        flat = low == high
        if flat.any():
            dead = int(np.argmax(flat))
            problem = f"channel {channels[dead]} is flat: every sample is {low[dead]:g} uV."
            hint = "A dead electrode carries no EEG: leave the channel or the trial out."
            raise DataError(where, f"{place}, {problem}", hint)
        seen: dict[tuple[float, float], int] = {}
        for channel, extremes in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
            other = seen.setdefault(extremes, channel)  # equal extremes: a pair to compare
            if other != channel and np.array_equal(signal[other], signal[channel]):
                pair = f"channels {channels[other]} and {channels[channel]}"
                hint = (
                    "Two electrodes never record the same: find out which is right, leave one out."
                )
                raise DataError(where, f"{place}: {pair} hold the same samples.", hint)
        with np.errstate(over="ignore"):  # absurd amplitudes get their own error
            spread.append(signal.std(axis=-1))
    return np.concatenate(spread)


def _check_amplitude(spread: np.ndarray, where: object) -> None:
    """Refuse signals in volts, and microvolts that were taken for volts."""
    median = float(np.median(spread))
    if LOWEST_SD_UV <= median <= HIGHEST_SD_UV:
        return
    if median > HIGHEST_SD_UV:
        guess = "microvolts that were taken for volts"
        remedy = "Multiply the signals by 1e-6, or correct the unit in the file's header."
    elif median < LOWEST_SD_UV / 100:
        guess, remedy = "volts", "Multiply the signals by 1e6."
    else:
        guess, remedy = "millivolts", "Multiply the signals by 1e3."
    found = f"the median standard deviation of a channel is {median:.3g} uV"
    allowed = f"allowed are {LOWEST_SD_UV:g} to {HIGHEST_SD_UV:g}"
    raise DataError(where, f"{found}, {allowed}. That looks like {guess}.", remedy)


def _check_ratings(recording: xr.Dataset, where: object, other_numbers: bool) -> list[str]:
    """Refuse or note ratings outside their range; return a note on the missing ones, too."""
    if "rating" not in recording:
        return []
    rating = recording["rating"]
    low, high = rating.attrs.get("low", RATING_LOW), rating.attrs.get("high", RATING_HIGH)
    trials, scales, values = recording["trial"].values, recording["scale"].values, rating.values
    missing = np.isnan(values)
    if missing.all() and "class" not in recording:
        raise DataError(where, "every rating is missing (NaN).", "Check the table of ratings.")
    outside = (values < low) | (values > high)
    names = ", ".join(scales[outside.any(axis=0)])
    notes = [f"carried along, but outside {low:g}-{high:g}: {names}"] if names else []
    wrong = np.argwhere(outside)
    if len(wrong) and not other_numbers:
        trial, scale = wrong[0]
        found = f"trial {trials[trial]}: {scales[scale]} is rated {values[trial, scale]:g}"
        hint = "Correct the rating, or leave it blank; write class codes as words."
        raise DataError(where, f"{found}, outside {low:g}-{high:g}.", hint)
    places = _places(rating, missing)
    if places:
        notes.append(f"{len(places)} of {missing.size} ratings are missing: {some(places)}")
    return notes


def _places(labels: xr.DataArray, missing: np.ndarray) -> list[str]:
    """List the trials, and their scales or tasks, for which `labels` are missing."""
    trials, names = (labels[dimension].values for dimension in labels.dims)
    return [f"trial {trials[i]} {names[k]}" for i, k in np.argwhere(missing)]
