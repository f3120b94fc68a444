"""The checks that every recording must pass.

A fault that is found here costs a sentence; one that is found in a score costs a week. So every
reader hands its recording to `validate` before anybody computes with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from emolib.errors import DataError
from emolib.recordings.recording import RATING_HIGH, RATING_LOW, some, with_notes

# Limits for the median over trials and channels of a channel's standard deviation, microvolts.
# Scalp EEG has 2 to 50 after filtering and, with the drifts of a DC-coupled amplifier, up to some
# 1000. The same signals in volts are below 0.001 and in millivolts below 0.05; volts multiplied
# by a million twice, or microvolts taken for volts, are above 100 000.
LOWEST_SD_UV, HIGHEST_SD_UV = 0.05, 5000.0
USUAL_SD_UV = 10.0
WIDE_SD_UV = 1000.0  # above it something is said

MOST_UV = 1e6  # between two samples of a channel: amplifiers end at a quarter of it
SPARSE = 0.01  # of the samples: so few are no unit, but damaged

FLAT_SECONDS = 0.5  # no live electrode holds one value for so long
APART = 100.0  # a factor between channels that no head has: they are in two units
ALIKE = 0.02  # deviations by which channels that are one may differ: rounding

LEAVE_SUBJECT_OUT = "Copy the file again, or leave the subject out: `subjects` says whom to use"


def validate(
    recording: xr.Dataset,
    where: object,
    *,
    ratings_in: object = None,
    other_numbers: bool = False,
    **signals: Any,
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
    **signals
        `sources`, `leave_out`, `leave_trial_out` and `units`: see `validate_signals`.

    Returns
    -------
    Dataset
        The same signals; `attrs["notes"]` has a line more if ratings or classes are missing, or
        amplitudes are hardly those of EEG.

    Raises
    ------
    DataError
        For no trials or samples, or fewer than two channels; a channel or trial that is named
        twice; NaN or infinite samples; a channel that is flat for half a second, or another's copy
        or mirror image, in any trial; two trials of the same samples; amplitudes that are no
        microvolts, or not in one unit; a rating outside its range; no ratings at all. It names
        trial and channel.

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
    if "rating" not in recording and "class" not in recording:
        raise DataError(where, "has neither ratings nor classes.", "Give at least one of them.")
    notes = validate_signals(recording, where, **signals)
    notes += _check_ratings(recording, ratings_in or where, other_numbers)
    if "class" in recording:
        places = _places(recording["class"], recording["class"].values == "")
        notes += [f"{len(places)} classes are missing: {some(places)}"] if places else []
    return with_notes(recording, *notes)


def validate_signals(
    recording: xr.Dataset,
    where: object,
    *,
    sources: Sequence[object] | None = None,
    leave_out: str = LEAVE_SUBJECT_OUT,
    leave_trial_out: str = "",
    units: Mapping[str, str] | None = None,
) -> list[str]:
    """Check the signals only: raise as `validate` does, or return notes on their amplitudes.

    Parameters
    ----------
    sources : sequence of path or str, (trial,), optional
        What to name in an error about one trial, where trials are from several files.
    leave_out : str
        The remedy against a bad channel, for whose name it has the place ``{channel}``.
    leave_trial_out : str
        The remedy against one that is bad in a single trial, where there is another.
    units : mapping of channel to unit, optional
        What the file's header names, such as "mV".
    """
    _check_structure(recording, where)
    sources = sources or [where] * recording.sizes["trial"]
    remedy = f"{leave_out}, or {leave_trial_out}." if leave_trial_out else f"{leave_out}."
    _check_signals(recording, "baseline", sources, remedy, leave_trial_out)
    spread = _check_signals(recording, "eeg", sources, remedy, leave_trial_out)
    named = [(units or {}).get(channel, "") for channel in recording["channel"].values.tolist()]
    notes = _check_amplitude(float(np.median(spread)), set(named), where)
    origin, levels = np.array([str(source) for source in sources]), {}
    for source in dict.fromkeys(origin.tolist()):
        of_channel = np.median(spread[origin == source], axis=0)
        _check_one_unit(recording["channel"].values, of_channel, named, source, leave_out)
        levels[source] = float(np.median(of_channel))
    low, high = min(levels, key=levels.__getitem__), max(levels, key=levels.__getitem__)
    if levels[high] > APART * levels[low]:
        problem = f"has {levels[high] / levels[low]:.0f} times the amplitudes of {low}"
        hint = "Correct the unit in the header of one of the two files."
        raise DataError(high, f"{problem}, as if in another unit.", hint)
    return notes


def _check_structure(recording: xr.Dataset, where: object) -> None:
    """Refuse a recording without trials, channels, samples, or without unique names."""
    for dimension, what in (("trial", "trial"), ("channel", "EEG channel"), ("time", "sample")):
        if recording.sizes[dimension] == 0:
            raise DataError(where, f"holds no {what}.", "Check that the file is the right one.")
    if recording.sizes["channel"] == 1:
        problem = f"has one channel on the grid, {recording['channel'].item()}; a map needs more."
        hint = (
            "Give the others their names of the 10-20 system (`rename_channels`), or leave it out."
        )
        raise DataError(where, problem, hint)
    for name in ("channel", "trial"):
        values = recording[name].values.tolist()
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            problem = f"{name} {', '.join(map(str, twice))} is there more than once."
            raise DataError(where, problem, f"Each {name} needs a name of its own.")
    sfreq = recording.attrs["sfreq"]
    if not (np.isfinite(sfreq) and sfreq > 0):
        raise DataError(where, f"has a sampling frequency of {sfreq} Hz.", "It must be positive.")


def _check_signals(
    recording: xr.Dataset, name: str, sources: Sequence[object], remedy: str, leave_trial_out: str
) -> np.ndarray:
    """Check every sample once; return the channels' standard deviations (trial, channel)."""
    if name not in recording:
        return np.empty(0)
    channels, trials = recording["channel"].values, recording["trial"].values
    signals, sfreq = recording[name].values, float(recording.attrs["sfreq"])
    lengths = np.full(len(trials), signals.shape[-1])
    if name == "eeg" and "trial_samples" in recording.coords:
        lengths = recording["trial_samples"].values
    spread, flat = [], []
    ends = np.full((len(trials), len(channels), 2), np.nan, np.float32)
    # One trial at a time: it fits into the processor's cache, the recording does not.
    for i, (trial, signal, length) in enumerate(zip(trials, signals, lengths, strict=True)):
        where, place = sources[i], f"{'baseline of ' if name == 'baseline' else ''}trial {trial}"
        if length < 2:
            hint = "Correct its duration, or leave the trial out."
            raise DataError(
                where, f"{place} holds {'one sample' if length else 'no samples'}.", hint
            )
        signal = signal[:, :length]
        low, high = signal.min(axis=-1), signal.max(axis=-1)
        finite = np.isfinite(low) & np.isfinite(high)
        if not finite.all():
            bad = int(np.argmin(finite))
            wrong = np.flatnonzero(~np.isfinite(signal[bad]))
            problem = f"{len(wrong)} of {length} samples are NaN or infinite, the first at sample"
            problem = f"{place}, channel {channels[bad]}: {problem} {wrong[0]}."
            raise DataError(where, problem, remedy.format(channel=channels[bad]))
        if runs := _flat_runs(signal, max(round(FLAT_SECONDS * sfreq), 4)):
            flat.append((where, place, runs))
            continue
        with np.errstate(over="ignore"):  # absurd amplitudes get their own error
            deviation = signal.std(axis=-1)
        row = int(np.argmax(high - low))
        if high[row] - low[row] > MOST_UV and (at := _spike(signal[row].astype(float))) is not None:
            problem = f"{place}, channel {channels[row]}: {signal[row, at]:.3g} µV at sample {at},"
            problem = f"{problem} which no electrode has."
            raise DataError(where, problem, remedy.format(channel=channels[row]))
        if pair := _alike(signal, low, high, deviation):
            one, other, how = channels[pair[0]], channels[pair[1]], pair[2]
            problem = f"{place}: channels {one} and {other} hold {how}."
            hint = "Two electrodes never record the same: find out which is right."
            raise DataError(where, problem, f"{hint} {remedy.format(channel=other)}")
        ends[i], nearly = signal[:, [0, -1]], ALIKE * np.nan_to_num(deviation, posinf=0)[:, None]
        likely = np.flatnonzero((abs(ends[:i] - ends[i]) <= nearly).all(axis=(1, 2)))
        twice = [k for k in likely if (abs(signals[k, :, :length] - signal) <= nearly).all()]
        if twice and name == "eeg":
            problem = f"{place} holds the same samples as trial {trials[twice[0]]}"
            origin = f" ({sources[twice[0]]})" if sources[twice[0]] != where else ""
            hint = "The same seconds never count twice: correct file and onset, or leave one out."
            raise DataError(where, f"{problem}{origin}.", hint)
        spread.append(deviation)
    if flat:
        many = leave_trial_out and 2 * max(len(runs) for *_, runs in flat) > len(channels)
        hint = f"{leave_trial_out[0].upper()}{leave_trial_out[1:]}." if many else remedy
        raise _flat_error(flat, channels, sfreq, hint)
    return np.stack(spread)


def _spike(values: np.ndarray) -> int | None:
    """Return where the largest value stands, if hardly another is half as large; else None."""
    apart = np.abs(values - np.median(values))
    return int(apart.argmax()) if np.mean(apart > apart.max() / 2) < SPARSE else None


def _flat_error(
    flat: list[tuple[object, str, dict]], channels: np.ndarray, sfreq: float, remedy: str
) -> DataError:
    """Return the error of flat channels by trial: the first in full, of the others which."""
    where, place, runs = flat[0]
    row, (first, end) = next(iter(runs.items()))
    problem = f"{place}, channel {channels[row]} is flat: it holds one value from"
    problem = f"{problem} {first / sfreq:.4g} to {end / sfreq:.4g} s."
    names = {trial: [str(channels[row]) for row in found] for _, trial, found in flat}
    names[place] = names[place][1:]
    more = [f"{trial} ({some(of)})" for trial, of in names.items() if of]
    problem += f" Flat are also: {some(more)}." if more else ""
    every = sorted({row for *_, found in flat for row in found})
    return DataError(where, problem, remedy.format(channel=", ".join(channels[every])))


def _flat_runs(signal: np.ndarray, n_samples: int) -> dict[int, tuple[int, int]]:
    """Find the channels that hold one value over so many samples: first sample and end by row."""
    n_samples = min(n_samples, signal.shape[-1])
    step = max(n_samples // 2, 1)  # a run holds two samples that are so far apart
    left, right = signal[:, :-step:step], signal[:, step::step]
    middle = signal[:, step // 2 :: step][:, : right.shape[1]]
    runs: dict[int, tuple[int, int]] = {}
    for row, k in np.argwhere((left == right) & (left == middle)):
        changes = np.flatnonzero(signal[row] != signal[row, k * step])
        after = int(np.searchsorted(changes, k * step))
        first = int(changes[after - 1]) + 1 if after else 0
        end = int(changes[after]) if after < len(changes) else signal.shape[-1]
        if end - first >= n_samples:
            runs.setdefault(int(row), (first, end))
    return runs


def _alike(
    signal: np.ndarray, low: np.ndarray, high: np.ndarray, deviation: np.ndarray
) -> tuple[int, int, str] | None:
    """Find two rows that hold the same samples, or their mirror image, but for rounding."""
    nearly = ALIKE * np.nan_to_num(deviation, posinf=0)
    for sign, how in ((1, "the same samples"), (-1, "the same samples with the other sign")):
        lowest, highest = (low, high) if sign == 1 else (-high, -low)
        pairs = (abs(low - lowest[:, None]) <= nearly) & (abs(high - highest[:, None]) <= nearly)
        for one, other in np.argwhere(np.triu(pairs, 1)):
            if abs(signal[one] - sign * signal[other]).max() <= nearly[other]:
                return one, other, how
    return None


def _check_amplitude(median: float, named: set[str], where: object) -> list[str]:
    """Refuse signals in volts, and microvolts that were taken for volts; note a doubtful unit."""
    found = f"the median standard deviation of a channel is {median:.3g} uV"
    header = ", ".join(sorted(named - {""}))
    found += f" (the header says {header})" if header else ""
    if LOWEST_SD_UV <= median <= HIGHEST_SD_UV:
        usual = "2 to 50 after filtering; drifts, or a wrong unit in the header, make more"
        return [f"{found}: EEG has {usual}"] if median > WIDE_SD_UV else []
    factors = {
        "1e-6": "microvolts that were taken for volts",
        "1e-3": "microvolts that were taken for millivolts, or millivolts for volts",
        "1e3": "millivolts that were taken for microvolts",
        "1e6": "volts that were taken for microvolts",
    }
    likely = [f for f in factors if LOWEST_SD_UV <= median * float(f) <= HIGHEST_SD_UV]
    likely.sort(key=lambda factor: abs(np.log(median * float(factor) / USUAL_SD_UV)))
    guess = f" That looks like {'; or '.join(factors[f] for f in likely)}." if likely else ""
    remedy = "Correct the unit in the file's header"
    if likely:
        remedy += f", or multiply the signals by {' or '.join(likely)}"
    allowed = f"allowed are {LOWEST_SD_UV:g} to {HIGHEST_SD_UV:g}"
    raise DataError(where, f"{found}, {allowed}.{guess}", f"{remedy}.")


def _check_one_unit(
    channels: np.ndarray, spread: np.ndarray, units: list[str], where: object, leave_out: str
) -> None:
    """Refuse channels whose amplitudes fall into two groups that no head explains."""
    order = np.argsort(spread)
    ratios = spread[order[1:]] / np.maximum(spread[order[:-1]], np.finfo(float).tiny)
    cut = int(np.argmax(ratios)) + 1
    if ratios[cut - 1] <= APART:
        return
    weaker, stronger = order[:cut], order[cut:]
    few, how = (stronger, "stronger") if len(stronger) <= len(weaker) else (weaker, "weaker")
    factor = np.median(spread[stronger]) / np.median(spread[weaker])
    few = np.sort(few)
    names, told = ", ".join(channels[few]), ", ".join(sorted({units[i] for i in few} - {""}))
    header = f" (in {told} by the header)" if told else ""
    problem = f"{names}{header}: {factor:.0f} times {how} than the other channels, as if in"
    hint = "Correct the unit in the file's header or, where the electrode is at fault:"
    remedy = leave_out.format(channel=names)
    raise DataError(where, f"{problem} another unit.", f"{hint} {remedy[0].lower()}{remedy[1:]}.")


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
