"""What a study's settings do to a recording, by MNE: `RecordingSettings` carried out.

A file is worked on whole, before trials are cut out of it, in this order: channels are renamed and
dropped, bad ones found; notch filter; band-pass filter; resampling; reference; regression of the
eyes' movements; independent component analysis; bad channels are interpolated. Then trials are cut,
their common average is taken, and those of large amplitude are left out. That is the order of
MNE-BIDS-Pipeline, but for the reference, which MNE needs before a regression. What is fitted sees
one whole file: fitted to a trial, it would mark the trial.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from emolib.errors import DataError
from emolib.grid import MONTAGE
from emolib.recordings.arrays import COPY_AGAIN
from emolib.recordings.electrodes import place_electrodes
from emolib.recordings.recording import damaged, some, with_notes
from emolib.recordings.settings import RecordingSettings

if TYPE_CHECKING:
    import mne

SEED = 0
ICA_L_FREQ = 1.0  # Hz: below it drifts would take the components
SEARCH_HZ = (1.0, 40.0)  # in which bad channels are looked for
FLAT_UV = 0.1  # less than an amplifier's own noise
FACTOR = 4.0  # as on a subject's page: no contact, or no brain
UNCORRELATED = 0.4  # Bigdely-Shamlo et al. (2015): channels of one head have more in common
ENOUGH_FOR_AVERAGE = 4  # channels: of two, each would be the other's mirror image
MOST = 1 / 3  # of the channels may be found bad: the rest must tell what these hold


@dataclass(frozen=True)
class Roles:
    """Name the channels of one file, as the file does once renamed, that its settings speak of."""

    renamed: dict[str, str]  # new names by those in the file
    drop: list[str]
    bads: list[str]
    reference: list[str]
    eog: list[str]
    regressors: list[str]
    regressed: list[str]
    absent: list[str]  # electrodes that the settings name and the file lacks

    @property
    def kept(self) -> list[str]:
        """List the channels that are used, whether they have a place on the grid or not."""
        return [*self.reference, *self.eog, *self.regressors]


def preprocess(
    raw: mne.io.BaseRaw,
    channels: Mapping[str, str],
    used: Roles,
    settings: RecordingSettings,
    where: Path,
) -> tuple[mne.io.BaseRaw, dict[str, str], list[str]]:
    """Do to the continuous signals of a file what the settings ask.

    Parameters
    ----------
    raw : Raw
        The opened file; it is not changed.
    channels : mapping of str to str
        The file's names of the channels that have a place on the grid, by the grid's.
    used : Roles
        What the settings name.

    Returns
    -------
    raw : Raw
        In memory, its channels named as the grid does. The same object if nothing is asked for.
    channels : dict of str to str
        As the parameter, after what was left out.
    notes : list of str
        What was done.

    Raises
    ------
    DataError
        If the recording does not allow what is asked for: a filter beyond half its sampling
        frequency, too few good channels to interpolate the bad.
    """
    repair = settings.bad_channels in ("interpolate", "auto")
    bads = [place for place, name in channels.items() if repair and name in used.bads]
    filters = (settings.notch_freq, settings.l_freq, settings.h_freq, settings.raw_resample_sfreq)
    fits = bool(used.regressors or settings.ica)
    if not (any(filters) or fits or used.reference or bads or settings.bad_channels == "auto"):
        return raw, dict(channels), []
    import mne  # here, not above: reading DEAP's files does not need it

    to_grid = {name: place for place, name in channels.items()}
    kept = list(dict.fromkeys([*to_grid, *used.kept]))
    with damaged(where, "its samples cannot be read", COPY_AGAIN):
        raw = raw.copy().pick(kept).load_data(verbose="error")
    raw.rename_channels(to_grid, verbose="error")
    place_electrodes(raw, settings.eeg_template_montage or MONTAGE)
    reference, eog, regressors, regressed = (
        [to_grid.get(name, name) for name in names]
        for names in (used.reference, used.eog, used.regressors, used.regressed)
    )
    left = {place: place for place in channels if place not in (*reference, *regressors)}
    apart = [name for name in (*eog, *regressors) if name not in left and name in raw.ch_names]
    raw.set_channel_types(dict.fromkeys(apart, "eog"), on_unit_change="ignore", verbose="error")
    notes = []
    hint = "Change the setting, or take it out."
    with (
        damaged(where, "MNE cannot do what the settings ask", hint),
        warnings.catch_warnings(record=True, action="always") as caught,
        mne.utils.use_log_level("warning"),
    ):
        if settings.bad_channels == "auto":
            found = find_bad_channels(raw)
            if len(found) > MOST * len(channels):
                what = some([f"{name} ({why})" for name, why in found.items()])
                problem = f"{len(found)} of {len(channels)} channels look bad: {what}."
                hint = "Leave the subject out, or name its bad channels in `bads`, without `auto`."
                raise DataError(where, problem, hint)
            new = [name for name in found if name not in bads]
            notes += [f"found bad: {name}, {found[name]}" for name in new]
            bads += new
        raw.info["bads"] = bads
        notes += _filter(raw, settings, where)
        if reference:
            raw.set_eeg_reference(reference)
            raw.set_channel_types(dict.fromkeys(reference, "misc"), on_unit_change="ignore")
            notes.append(f"re-referenced to the mean of {' and '.join(reference)}")
        elif fits:  # MNE needs it now
            raw.set_eeg_reference("average" if settings.eeg_reference == "average" else [])
        if regressors:
            about = {"picks": regressed or "eeg", "picks_artifact": regressors, "proj": False}
            mne.preprocessing.EOGRegression(**about).fit(raw).apply(raw, copy=False)
            notes.append(f"regressed out: {', '.join(regressors)}")
        if settings.ica:
            notes += _clean(raw, settings, eog)
        if bads:
            notes += _interpolate(raw, where)
    notes += [f"MNE says: {' '.join(str(one.message).split())}" for one in caught]
    if gone := [place for place in channels if place not in left]:
        notes.append(f"left out after that: {', '.join(gone)}")
    return raw, left, notes


def find_bad_channels(raw: mne.io.BaseRaw) -> dict[str, str]:
    """Find the EEG channels of a continuous recording in memory that hold no EEG, and say why.

    From 1 to 40 Hz, and in the median of all seconds, a channel is bad

    - if its standard deviation is below 0.1 microvolts;
    - if, the median of all channels subtracted, its standard deviation is below a fourth or above
      four times the median channel's;
    - if, as recorded, no other channel correlates with it by 0.4 or more (the 98th percentile over
      the others, as Bigdely-Shamlo et al., 2015, https://doi.org/10.3389/fninf.2015.00016).
    """
    sfreq = raw.info["sfreq"]
    low, high = SEARCH_HZ
    band = raw.copy().pick("eeg", exclude=())
    band.filter(low, high if high < 0.45 * sfreq else None, verbose="error")
    signals = 1e6 * band.get_data(reject_by_annotation="omit", verbose="error")
    size = round(sfreq)
    pieces = signals[:, : signals.shape[1] // size * size].reshape(len(signals), -1, size)
    own = np.median(pieces.std(axis=-1), axis=1)
    times = np.median((pieces - np.median(pieces, axis=0)).std(axis=-1), axis=1)
    times = times / np.median(times)
    # Not after the median, a part of all channels, was subtracted: then even noise is like them.
    with np.errstate(invalid="ignore"):  # a constant channel is like no other
        alike = [np.corrcoef(piece) for piece in pieces.transpose(1, 0, 2)]
    alike = np.abs(np.nan_to_num(alike))
    alike[:, range(len(own)), range(len(own))] = 0.0
    alike = np.median(np.percentile(alike, 98, axis=-1), axis=0)
    found = {}
    for name, uv, ratio, r in zip(band.ch_names, own, times, alike, strict=True):
        if uv < FLAT_UV:
            found[name] = f"flat ({uv:.2g} uV)"
        elif not 1 / FACTOR <= ratio <= FACTOR:
            found[name] = f"{ratio:.2g} times as large as the median channel"
        elif r < UNCORRELATED:
            found[name] = f"like no other channel (correlation {r:.2f})"
    return found


def preprocess_trials(
    recording: xr.Dataset, settings: RecordingSettings, where: object
) -> xr.Dataset:
    """Do to trials what the settings ask: the common average, then `reject`, with notes on both.

    Trials that, or whose baseline, exceed `reject` at any channel are left out.
    """
    if settings.eeg_reference == "average":
        recording = _average_reference(recording)
    if not settings.reject:
        return recording
    limit = 1e6 * settings.reject["eeg"]
    peak = np.max(
        [
            np.nanmax(recording[name], axis=-1) - np.nanmin(recording[name], axis=-1)
            for name in ("eeg", "baseline")
            if name in recording
        ],
        axis=0,
    )  # (trial, channel)
    highest, channel = peak.max(axis=1), recording["channel"].to_numpy()[peak.argmax(axis=1)]
    kept = highest <= limit
    if not kept.any():
        problem = f"no trial stays below {limit:g} uV from peak to peak, as `reject` asks; the "
        problem += f"quietest has {highest.min():.0f} uV, at {channel[highest.argmin()]}."
        hint = "Raise `reject`, leave that channel out, or filter drifts away with `l_freq`."
        raise DataError(where, problem, hint)
    loud = [
        f"trial {recording['trial'].to_numpy()[i]} ({channel[i]}, {highest[i]:.0f} uV)"
        for i in np.flatnonzero(~kept)
    ]
    note = f"left out, more than {limit:g} uV from peak to peak: {some(loud) or 'no trial'}"
    return with_notes(recording.isel(trial=kept), note)


def _average_reference(recording: xr.Dataset) -> xr.Dataset:
    """Subtract the mean over channels from every sample, where they are enough."""
    if (n_channels := recording.sizes["channel"]) < ENOUGH_FOR_AVERAGE:
        note = (
            f"the reference stays as it was recorded: an average of {n_channels} channels is no "
            f"common average, and would make them alike"
        )
        return with_notes(recording, note)
    for name in {"eeg", "baseline"} & set(recording):
        recording[name] -= recording[name].mean("channel", skipna=False)
    note = f"re-referenced to the common average of the {n_channels} channels"
    return with_notes(recording, note)


def _filter(raw: mne.io.BaseRaw, settings: RecordingSettings, where: Path) -> list[str]:
    """Filter and resample in place, artifact channels too; return what was done."""
    sfreq, low, high = raw.info["sfreq"], settings.l_freq, settings.h_freq
    notches = np.atleast_1d(settings.notch_freq or []).tolist()
    if (beyond := max([*notches, low or 0, high or 0])) >= sfreq / 2:
        problem = f"has {sfreq:g} Hz, which hold nothing from {sfreq / 2:g} Hz on; a filter is to "
        hint = "Choose a lower frequency, or take the key out."
        raise DataError(where, f"{problem}work at {beyond:g} Hz.", hint)
    notes = []
    if notches:
        raw.notch_filter(notches, picks="all")
        notes.append(f"notch filter at {', '.join(f'{hz:g}' for hz in notches)} Hz")
    if low or high:
        raw.filter(low, high, picks="all")
        ends = [f"{name}-pass {hz:g} Hz" for name, hz in (("high", low), ("low", high)) if hz]
        notes.append(f"filtered without phase shift: {', '.join(ends)}")
    if settings.raw_resample_sfreq:
        raw.resample(settings.raw_resample_sfreq)
        notes.append(f"resampled from {sfreq:g} to {raw.info['sfreq']:g} Hz")
    return notes


def _clean(raw: mne.io.BaseRaw, settings: RecordingSettings, eog: list[str]) -> list[str]:
    """Take independent components out, in place; return which."""
    import mne  # as above

    slow_less = raw.copy().filter(ICA_L_FREQ, None, picks="all")
    ica = mne.preprocessing.ICA(random_state=SEED, max_iter="auto").fit(slow_less)
    found = {}
    if "find_bads_eog" in settings.ica:
        found["eyes"], _ = ica.find_bads_eog(slow_less, ch_name=eog)
    if "find_bads_muscle" in settings.ica:
        found["muscle"], _ = ica.find_bads_muscle(slow_less)
    ica.apply(raw, exclude=sorted({int(i) for each in found.values() for i in each}))
    counts = ", ".join(f"{what} {len(each)}" for what, each in found.items())
    return [f"independent components taken out of {ica.n_components_}: {counts}"]


def _interpolate(raw: mne.io.BaseRaw, where: Path) -> list[str]:
    """Compute bad channels from the others, in place; return which."""
    bads = list(raw.info["bads"])
    places = {one["ch_name"]: one["loc"][:3] for one in raw.info["chs"]}
    eeg = raw.copy().pick("eeg", exclude=()).ch_names
    lost = [name for name in eeg if not np.isfinite(places[name]).all() or not places[name].any()]
    if lost:
        problem = f"{', '.join(lost)} have no place in the montage, so nothing can be interpolated."
        hint = "Set another `eeg_template_montage`, or leave the channel out: `drop_channels`."
        raise DataError(where, problem, hint)
    if len(eeg) - len(bads) < 4:
        problem = f"{len(bads)} of {len(eeg)} channels are bad: too few are left to interpolate."
        raise DataError(where, problem, "Use `bad_channels: drop`, or leave the subject out.")
    raw.interpolate_bads(reset_bads=True, verbose="error")  # few electrodes still fit a sphere
    return [f"interpolated from the others, by spherical splines: {', '.join(bads)}"]
