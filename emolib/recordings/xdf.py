"""XDF files, in which programs such as LabRecorder keep what came over the lab's network.

A file holds streams, each with its own clock, which pyxdf brings together. That of the type EEG is
the recording, and time counts from its first sample; streams without a rate, of words or codes, are
its annotations.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from emolib.errors import DataError
from emolib.recordings.arrays import COPY_AGAIN
from emolib.recordings.recording import damaged, some

if TYPE_CHECKING:
    import mne

GAP_SECONDS = 0.5  # between two samples: more than a network delays them
VOLTS = {"v": 1.0, "volt": 1.0, "mv": 1e-3, "millivolt": 1e-3, "uv": 1e-6, "microvolt": 1e-6}
TYPES = {"eeg": "eeg", "eog": "eog", "ecg": "ecg", "emg": "emg"}  # of channels; others are "misc"
_OTHERWISE = "If the recording broke off, export what there is as EDF or BrainVision."


def read_xdf(path: Path) -> tuple[mne.io.RawArray, list[str]]:
    """Read the EEG of an XDF file, and notes on what it does not say.

    A DataError if it holds no stream of EEG or several, has a gap, or no end.
    """
    import mne  # here, not above: others need not wait for these
    import pyxdf

    with damaged(path, "cannot be read as XDF", COPY_AGAIN):
        streams, _ = pyxdf.load_xdf(
            path,
            jitter_break_threshold_seconds=GAP_SECONDS,
            jitter_break_threshold_samples=1,
        )
        stream = _stream_of_eeg(path, streams)
        at, samples = stream["time_stamps"], np.asarray(stream["time_series"], float)
        _check_whole(path, stream)
        names, kinds, units = _channels(stream)
        nominal = float(stream["info"]["nominal_srate"][0])
        effective = (len(at) - 1) / (at[-1] - at[0])
        # The nominal rate, unless a sample's worth of time would be lost by the end.
        drift = (len(at) - 1) * (nominal / effective - 1)
        sfreq = nominal if abs(drift) < 1 else effective
        factors = np.array([VOLTS.get(_bare(unit), 1e-6) for unit in units])
        info = mne.create_info(names, sfreq, kinds, verbose="error")
        raw = mne.io.RawArray(samples.T * factors[:, None], info, verbose="error")
        raw.filenames = (path,)
        raw._orig_units = dict(zip(raw.ch_names, units, strict=True))
        marks = _marks(streams, at[0])
        inside = [mark for mark in marks if 0 <= mark[0] < raw.n_times / sfreq]
        onsets, words = zip(*inside, strict=True) if inside else ((), ())
        raw.set_annotations(mne.Annotations(onsets, 0.0, words))
    unsaid = [name for name, unit in zip(names, units, strict=True) if _bare(unit) not in VOLTS]
    notes = [f"no unit is named of {some(unsaid)}: taken for microvolts"] if unsaid else []
    if sfreq != nominal:
        notes.append(f"{nominal:g} Hz by name, {effective:.6g} Hz by its clock, which counts")
    if outside := len(marks) - len(inside):
        notes.append(f"{outside} of {len(marks)} marks lie before or after the EEG")
    return raw, notes


def _stream_of_eeg(path: Path, streams: list[dict]) -> dict:
    """Return the stream of EEG, or raise a DataError that lists what there is."""
    told = [f"{s['info']['name'][0]} ({s['info']['type'][0]})" for s in streams]
    found = [s for s in streams if str(s["info"]["type"][0]).strip().lower() == "eeg"]
    found = [s for s in found if s["info"]["channel_format"][0] != "string"]
    if len(found) != 1:
        problem = f"holds {len(found) or 'no'} streams of EEG; all: {some(told) or 'none'}."
        raise DataError(path, problem, "Export the stream that you mean as EDF or BrainVision.")
    if len(found[0]["time_stamps"]) < 2:
        raise DataError(path, "its stream of EEG holds no samples.", COPY_AGAIN)
    return found[0]


def _check_whole(path: Path, stream: dict) -> None:
    """Refuse a stream without an end, or with a gap, after which all would come too early."""
    at, segments = stream["time_stamps"], stream["info"]["segments"]
    footer = stream.get("footer", {}).get("info", {})
    counted = footer.get("sample_count", [None])[0]
    if counted is None or int(counted) != len(at):
        promised = "has no end" if counted is None else f"promises {counted} samples"
        problem = f"{promised}, and holds {len(at)} samples of EEG."
        raise DataError(path, problem, f"{COPY_AGAIN} {_OTHERWISE}")
    if len(segments) > 1:
        last, first = segments[0][1], segments[1][0]
        gap = f"a gap of {at[first] - at[last]:.3g} s after {at[last] - at[0]:.6g} s"
        raise DataError(path, f"has {gap}.", "Export the pieces as files of their own.")


def _channels(stream: dict) -> tuple[list[str], list[str], list[str]]:
    """Return the names, the types in MNE and the units of a stream's channels, "" if unnamed."""
    n_channels = int(stream["info"]["channel_count"][0])
    described = _inner(_inner(stream["info"], "desc"), "channels").get("channel") or []
    described = [one or {} for one in described] if len(described) == n_channels else []
    described = described or [{}] * n_channels
    names = [_word(one, "label") or f"unnamed {i}" for i, one in enumerate(described, start=1)]
    kinds = [TYPES.get(_word(one, "type").lower() or "eeg", "misc") for one in described]
    return names, kinds, [_word(one, "unit") for one in described]


def _marks(streams: list[dict], start: float) -> list[tuple[float, str]]:
    """List what streams without a rate hold, with the seconds from a moment."""
    return sorted(
        (float(at) - start, str(values[0]))
        for stream in streams
        if float(stream["info"]["nominal_srate"][0]) == 0
        for at, values in zip(stream["time_stamps"], stream["time_series"], strict=True)
    )


def _inner(described: dict, name: str) -> dict[str, Any]:
    """Return what stands below a name in a stream's description; nothing if that is empty."""
    return (described.get(name) or [None])[0] or {}


def _word(described: dict, name: str) -> str:
    """Return a word of a channel's description."""
    return str((described.get(name) or [""])[0] or "").strip()


def _bare(unit: str) -> str:
    """Return a unit in small letters, without an s: "microvolt" for "Microvolts", "uv" for "µV"."""
    return unit.lower().replace("µ", "u").replace("μ", "u").rstrip("s")
