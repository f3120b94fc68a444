"""From a recording to one number per window, kind, band and channel.

    trial   |------- 60 s, filtered as a whole into each band -------|
    windows |0.5|0.5|0.5| ...                                    |0.5|   120, none overlapping
               each: differential entropy ("de") and band energy or density ("psd")

Then the trial's resting level is removed (`emolib.features.baseline`) and the values are made
z-scores (normalisation). `emolib.features.windows` does the arithmetic; `extract_features` names
the dimensions.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from emolib.errors import DataError, SettingsError, check_option
from emolib.features.bands import BANDS, FILTERINGS, Band, band_pass
from emolib.features.baseline import BASELINES, WITHOUT_REST, remove_baseline
from emolib.features.spectra import trial_lengths, trial_signals
from emolib.features.windows import (
    band_energy,
    band_power_density,
    cut_windows,
    differential_entropy,
    samples_per_window,
    z_score,
)

if TYPE_CHECKING:
    import xarray as xr

KINDS = ("de", "psd")
PSDS = ("energy", "welch", "multitaper")
NORMALISATIONS = ("window", "subject", "none")

# A minute of so many channels, filtered, stays in the processor's cache: a third faster than all.
CHANNELS_AT_ONCE = 16


@dataclass(frozen=True)
class FeatureSettings:
    """What to compute.

    Parameters
    ----------
    kinds : tuple of {"de", "psd"}
        Which kinds of feature, in the order of the planes.
    psd : {"energy", "welch", "multitaper"}
        What "psd" is: the band's energy, or its mean spectral density.
    window_seconds : float
        A window's length: a whole number of samples, give or take a quarter of one.
    bands : tuple of Band
        Which bands, in the order of the planes.
    filtering : {"causal", "zero_phase"}
        See `emolib.features.bands.band_pass`. Densities are taken from the unfiltered signal.
    baseline : {"subtract", "divide", "zscore", "own_trial", "none", "released"}
        Subtract the mean over the trial's baseline windows, divide by it, z-score by their mean
        and standard deviation; subtract the mean over the trial's own windows; nothing; or
        "subtract" with the slip of the released code. See `emolib.features.baseline`.
    normalise : {"window", "subject", "none"}
        z-score each window over its bands and channels; each feature over the subject's windows;
        or nothing. Kinds are kept apart. "subject" uses no label, but it does use all of the
        subject's own recordings, those under test too: say so wherever it is used.

    Raises
    ------
    SettingsError
        If a value is not one of these.

    Examples
    --------
    >>> FeatureSettings(kinds=("de",), baseline="none").kinds
    ('de',)
    """

    kinds: tuple[str, ...] = KINDS  # the source's map is 8 x 9 x 8: both
    psd: str = "energy"  # what the released code computes under the name "PSD"
    window_seconds: float = 0.5  # 64 samples of DEAP
    bands: tuple[Band, ...] = BANDS
    filtering: str = "causal"  # the released code's lfilter
    baseline: str = "subtract"  # the paper's; "released" has the copy-paste slip
    normalise: str = "window"  # the source's; needs nothing but the window itself

    def __post_init__(self):
        # A study file holds lists; tuples keep the settings hashable.
        object.__setattr__(self, "kinds", tuple(self.kinds))
        object.__setattr__(self, "bands", tuple(self.bands))
        for kind in self.kinds:
            check_option("kinds", kind, KINDS)
        bands = [band.name for band in self.bands]
        for parameter, names in (("kinds", self.kinds), ("bands", bands)):
            if not names or len(set(names)) < len(names):
                problem = f"got {', '.join(names) or 'none'}."
                raise SettingsError(parameter, problem, "Name at least one, and none twice.")
        check_option("psd", self.psd, PSDS)
        check_option("filtering", self.filtering, FILTERINGS)
        check_option("baseline", self.baseline, BASELINES)
        check_option("normalise", self.normalise, NORMALISATIONS)
        if not 0 < self.window_seconds < float("inf"):
            problem = f"got {self.window_seconds!r}."
            raise SettingsError("window_seconds", problem, "Give a length above 0 seconds.")

    @property
    def needs_rest(self) -> bool:
        """Tell whether a trial's features are compared with those of the rest before it."""
        return self.baseline not in WITHOUT_REST


def window_features(signal: np.ndarray, sfreq: float, settings: FeatureSettings) -> np.ndarray:
    """Compute the features of one piece of signal, before baseline removal and normalisation.

    Takes ``signal (channel, time)`` in microvolts, at least one window long; returns ``(window,
    kind, band, channel)``, float64: nats; microvolts squared or, for a density, per Hz.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=(32, 7680))
    >>> window_features(noise, 128, FeatureSettings()).shape
    (120, 2, 4, 32)
    """
    n_samples = samples_per_window(sfreq, settings.window_seconds)
    shape = (signal.shape[-1] // n_samples, len(settings.kinds), len(settings.bands), len(signal))
    values = np.empty(shape)
    filtered_kinds = [kind for kind in settings.kinds if kind == "de" or settings.psd == "energy"]
    for i_band, band in enumerate(settings.bands if filtered_kinds else ()):
        for first in range(0, len(signal), CHANNELS_AT_ONCE):
            block = slice(first, first + CHANNELS_AT_ONCE)
            filtered = band_pass(signal[block], sfreq, band, filtering=settings.filtering)
            windows = cut_windows(filtered, n_samples)
            for kind in filtered_kinds:
                kernel = differential_entropy if kind == "de" else band_energy
                values[:, settings.kinds.index(kind), i_band, block] = kernel(windows).T
    if "psd" in settings.kinds and settings.psd != "energy":
        windows = cut_windows(signal, n_samples)
        density = band_power_density(windows, sfreq, settings.bands, method=settings.psd)
        values[:, settings.kinds.index("psd")] = density.transpose(1, 2, 0)
    return values


def without_short_trials(recording: xr.Dataset, settings: FeatureSettings) -> xr.Dataset:
    """Leave out the trials that are shorter than one window, with a note on each.

    The last one was broken off, perhaps. If all of them are, that is a DataError.
    """
    lengths, sfreq = trial_lengths(recording), float(recording.attrs["sfreq"])
    short = lengths < samples_per_window(sfreq, settings.window_seconds)
    if not short.any():
        return recording
    window = f"one window of {settings.window_seconds:g} s at {sfreq:g} Hz"
    if short.all():
        where, problem = str(recording.attrs["subject"]), f"no trial is as long as {window}."
        raise DataError(where, problem, "Use shorter windows, or correct the trials' lengths.")
    notes = [
        f"trial {trial} is left out: it has {length} samples, less than {window}"
        for trial, length in zip(recording["trial"].values[short], lengths[short], strict=True)
    ]
    kept = recording.isel(trial=~short)
    return kept.assign_attrs(notes=[*_told(recording), *notes])


def extract_features(recording: xr.Dataset, settings: FeatureSettings) -> xr.Dataset:
    """Compute the features of one subject.

    Parameters
    ----------
    recording : Dataset
        `eeg (trial, channel, time)` in microvolts, and `baseline (trial, channel, baseline_time)`
        where `settings` need it; see `emolib.recordings`.
    settings : FeatureSettings
        What to compute.

    Returns
    -------
    Dataset
        `feature (window, kind, band, channel)` float32, computed in double precision. On `window`
        lie `subject`, `trial`, `stimulus`, `i_window_in_trial` and `onset_seconds` and, where
        the recording has it, `session`; `rating` and `class` are carried over, with `trial_number
        (trial)` to say whose they are. What was left out is in `attrs["notes"]`.

    Raises
    ------
    SettingsError
        If the settings do not fit the recording's rate, or it has no baseline to subtract.
    DataError
        If a baseline or all trials are shorter than a window, a channel is flat or not finite, or
        there is none.

    Examples
    --------
    >>> import xarray as xr
    >>> noise = np.random.default_rng(0).normal(size=(3, 2, 384)).astype("float32")
    >>> recording = xr.Dataset(
    ...     {"eeg": (("trial", "channel", "time"), noise)},
    ...     {"trial": [1, 2, 3], "channel": ["Fz", "Cz"]},
    ...     {"dataset": "noise", "subject": "sub-01", "sfreq": 128.0},
    ... )
    >>> dict(extract_features(recording, FeatureSettings(baseline="none")).sizes)
    {'window': 18, 'kind': 2, 'band': 4, 'channel': 2, 'trial': 3}
    """
    subject = str(recording.attrs["subject"])
    if settings.needs_rest and "baseline" not in recording:
        problem = f"{settings.baseline!r} needs a rest before each trial, and {subject} has none."
        raise SettingsError("baseline", problem, "Use baseline='none'.")
    if not recording.sizes["channel"]:
        raise DataError(subject, "has no channel.", "Choose channels that the recording has.")
    recording = without_short_trials(recording, settings)
    trials = recording["trial"].values
    by_trial, below_zero = [], np.zeros(recording.sizes["channel"], bool)
    for i_trial, (trial, signal) in enumerate(zip(trials, trial_signals(recording), strict=True)):
        where = f"{subject}, trial {trial}"
        values, rest = _checked_features(signal, recording, settings, where), None
        if settings.needs_rest:
            signal, of_rest = recording["baseline"].values[i_trial], f"{where}, baseline"
            rest = _checked_features(signal, recording, settings, of_rest)
            below_zero |= (rest.mean(axis=0) <= 0).any(axis=(0, 1))
        values = remove_baseline(values, rest, settings.baseline, where=where)
        constant = "its baseline is 0 or does not vary, and nothing can be divided by that"
        _check_finite(values, recording, where, constant)
        by_trial.append(values)
    values = np.concatenate(by_trial)
    if settings.normalise != "none":
        values = z_score(values, axis=(2, 3) if settings.normalise == "window" else 0)

    ratios = []
    if settings.baseline == "divide" and below_zero.any():
        names = ", ".join(str(name) for name in recording["channel"].values[below_zero])
        ratios = [f"DE of a baseline is 0 nats or less at {names}: a ratio to it means nothing."]
    n_windows = [len(values_of_trial) for values_of_trial in by_trial]
    return as_features(values, n_windows, recording, settings, ratios)


def as_features(
    values: np.ndarray,
    n_windows: Sequence[int],
    recording: xr.Dataset,
    settings: FeatureSettings,
    notes: Sequence[str] = (),
) -> xr.Dataset:
    """Name the axes of features ``(window, kind, band, channel)``: what `extract_features` returns.

    `n_windows` are those of each trial of the recording; `notes` go behind its own.
    """
    import xarray as xr  # here, not above: half a second that the settings need not wait for

    sfreq, subject = float(recording.attrs["sfreq"]), str(recording.attrs["subject"])
    n_samples = samples_per_window(sfreq, settings.window_seconds)
    trials = recording["trial"].values
    i_window = np.concatenate([np.arange(n) for n in n_windows])
    on_window = {
        "subject": np.full(len(values), subject),
        "trial": np.repeat(trials, n_windows),
        "i_window_in_trial": i_window,
        "onset_seconds": i_window * (n_samples / sfreq),
    }
    for name in (name for name in ("stimulus", "session") if name in recording.coords):
        on_window[name] = np.repeat(recording[name].values.astype(str), n_windows)
    features = xr.Dataset(
        {"feature": (("window", "kind", "band", "channel"), values.astype(np.float32))},
        coords={
            **{name: ("window", column) for name, column in on_window.items()},
            "kind": list(settings.kinds),
            "band": [band.name for band in settings.bands],
            "channel": recording["channel"].values.astype(str),
            "low_hz": ("band", [float(band.low_hz) for band in settings.bands]),
            "high_hz": ("band", [float(band.high_hz) for band in settings.bands]),
            "trial_number": ("trial", trials),
        },
        attrs={
            "dataset": str(recording.attrs["dataset"]),
            "subject": subject,
            "sfreq": sfreq,
            "settings": json.dumps(asdict(settings)),
            "notes": [*_told(recording), *notes_on(recording, settings), *notes],
        },
    )
    for name, along in (("rating", "scale"), ("class", "task")):
        if name in recording:
            column = recording[name]
            features[name] = (column.dims, column.values, column.attrs)
            features = features.assign_coords({along: column[along].values.astype(str)})
    return features


def _told(recording: xr.Dataset) -> list[str]:
    """Return a recording's own notes; one alone comes out of a file as a word."""
    return [str(note) for note in np.atleast_1d(recording.attrs.get("notes", []))]


def _checked_features(
    signal: np.ndarray, recording: xr.Dataset, settings: FeatureSettings, where: str
) -> np.ndarray:
    """Compute the features of a trial or a rest, and say where it cannot be done."""
    sfreq = float(recording.attrs["sfreq"])
    if signal.shape[-1] < samples_per_window(sfreq, settings.window_seconds):
        window = f"one window of {settings.window_seconds:g} s at {sfreq:g} Hz"
        problem = f"has {signal.shape[-1]} samples, less than {window}."
        raise DataError(where, problem, "Use shorter windows, or baseline='none'.")
    values = window_features(signal, sfreq, settings)
    _check_finite(values, recording, where, "it is flat, or holds NaN or infinity")
    return values


def _check_finite(values: np.ndarray, recording: xr.Dataset, where: str, why: str) -> None:
    """Raise a DataError that names the channels whose features are not finite."""
    bad = ~np.isfinite(values).all(axis=(0, 1, 2))
    if bad.any():
        names = ", ".join(str(name) for name in recording["channel"].values[bad])
        problem = f"the features of {names} are not finite: {why}."
        raise DataError(where, problem, "Leave the trial or the channel out.")


def notes_on(recording: xr.Dataset, settings: FeatureSettings) -> list[str]:
    """Return what should be known of features: what no window holds, and what no band can."""
    sfreq, notes = float(recording.attrs["sfreq"]), []
    n_samples = samples_per_window(sfreq, settings.window_seconds)
    remainders = trial_lengths(recording) % n_samples
    exact = settings.window_seconds * sfreq
    if abs(exact - n_samples) > 1e-6:
        asked = f"{settings.window_seconds:g} s at {sfreq:.7g} Hz"
        notes.append(f"Windows have {n_samples} samples: {asked} would be {exact:.7g}.")
    held_low, held_high = recording.attrs.get("held_hz", (0.0, np.inf))
    for band in settings.bands:
        if band.low_hz < held_low or band.high_hz > held_high:
            limits = f"{band.name}, {band.low_hz:g}-{band.high_hz:g} Hz, reaches beyond what the"
            held = f"recording holds, {held_low:g}-{held_high:g} Hz"
            notes.append(f"{limits} {held}: there, an earlier filter's slope is measured.")
    if remainders.any():
        notes.append(
            f"{np.count_nonzero(remainders)} of {len(remainders)} trials end in less than a "
            f"window: {remainders.sum()} samples are left out, at most {remainders.max()} a trial."
        )
    rest = recording.sizes.get("baseline_time", 0) % n_samples if settings.needs_rest else 0
    if rest:
        notes.append(f"Each baseline ends in less than a window: {rest} samples are left out.")
    return notes
