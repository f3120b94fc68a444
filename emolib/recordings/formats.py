"""What MNE leaves to do of the formats of files of signals.

Which files belong to one: what a header names, and what is split off. Whether an EDF or BDF file is
whole, and without a gap. And XDF files, which MNE does not read.
"""

from __future__ import annotations

import contextlib
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from emolib.errors import DataError
from emolib.recordings.arrays import COPY_AGAIN
from emolib.recordings.child import read_apart
from emolib.recordings.recording import damaged, some

if TYPE_CHECKING:
    import mne

LONGEST_HEADER = 10**6  # bytes of a BrainVision header
WHOLE = (".edf", ".bdf", ".gdf", ".cnt", ".xdf")  # formats of a single file
NAMED = re.compile(  # the lines of a BrainVision header that name a file
    r"(?mi)^([ \t]*(?:DataFile|MarkerFile)[ \t]*=[ \t]*)(\S(?:[^\r\n]*\S)?)"
)
_PARTS = {".set": ".fdt", ".fif": ".fif"}  # formats whose parts MNE finds, and how these end

KINDS = {b"0": ".edf", b"\xffBIOSEMI": ".bdf"}  # by a file's first bytes
LEAST_GAP = 0.002  # seconds: record times may be rounded
_TIME = re.compile(rb"^([+-]\d+(?:\.\d*)?)\x14")  # the first thing in a record's annotations

GAP_SECONDS = 0.5  # between two samples of XDF: more than a network delays them
VOLTS = {"v": 1.0, "volt": 1.0, "mv": 1e-3, "millivolt": 1e-3, "uv": 1e-6, "microvolt": 1e-6}
TYPES = {"eeg": "eeg", "eog": "eog", "ecg": "ecg", "emg": "emg"}  # of channels; others are "misc"
_OTHERWISE = "If the recording broke off, export what there is as EDF or BrainVision."


# The files that belong together


def belonging(path: str | Path) -> list[Path]:
    """List the files that a file of signals needs beside itself, whether they are there or not.

    Of BrainVision, what `DataFile=` and `MarkerFile=` name; of EEGLAB the `.fdt` that a `.set`
    names; of a split FIF its parts; of a format of a single file none; of any other format the
    files of the same name with other endings. Of each also the table of its channels, if there is
    one.
    """
    path = Path(path)
    table = described_by(path, "channels")
    return [*_parts(path), *([table] if table.is_file() else [])]


def described_by(path: Path, what: str) -> Path:
    """Return where BIDS puts a recording's table of "channels" or "events".

    Beside it, as `_channels.tsv`; or, for a file that is named as BIDS does, in a folder above, for
    all recordings that share what its name says.
    """
    beside = path.with_name(f"{path.stem.removesuffix('_eeg')}_{what}.tsv")
    if beside.is_file() or not (path.name.startswith("sub-") and path.parent.name == "eeg"):
        return beside
    from mne_bids import get_bids_path_from_fname  # here, not above: other files need not wait

    with contextlib.suppress(ValueError, RuntimeError, KeyError):  # a name that BIDS has not
        named = get_bids_path_from_fname(path, check=False, verbose="error")
        found = named.find_matching_sidecar(what, ".tsv", on_error="ignore")
        return Path(found) if found else beside
    return beside


def named_parts(header: Path) -> list[tuple[str, Path]]:
    """List the lines of a BrainVision header that name a file, and where the file lies.

    In a name "$b" stands for the header's own.
    """
    lines = NAMED.findall(header_text(header))
    return [(key + name, header.parent / name.replace("$b", header.stem)) for key, name in lines]


def _parts(path: Path) -> list[Path]:
    """List the files that hold parts of a recording beside its first one."""
    kind = path.suffix.lower()
    if kind in WHOLE or not path.is_file():
        return []
    if kind == ".vhdr":
        return [part for _, part in named_parts(path)]
    beside = [file for file in sorted(path.parent.iterdir()) if file.is_file() and file != path]
    if kind not in _PARTS:
        return [file for file in beside if file.stem == path.stem]
    parts = [file for file in beside if file.suffix.lower() == _PARTS[kind]]
    return _opened(path, parts) if parts else []


def _opened(path: Path, candidates: list[Path]) -> list[Path]:
    """Return which of the candidates MNE reads with a file; by their names if it cannot."""
    import mne  # here, not above: formats of a single file need not wait for it

    def opened() -> list[str]:
        with warnings.catch_warnings(action="ignore"):
            raw = mne.io.read_raw(path, preload=False, verbose="error")
        return [str(Path(name).resolve()) for name in raw.filenames if name]

    try:
        read = read_apart(opened, [path])
        return [file for file in candidates if str(file.resolve()) in read]
    except DataError:  # whatever it is, the reader says so
        return [file for file in candidates if file.stem == path.stem]


def header_text(path: Path) -> str:
    """Return a header's text, encoded as most programs do, or as some older ones."""
    if path.is_dir():
        return ""
    with path.open("rb") as file:
        text = file.read(LONGEST_HEADER)
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")


# EDF and BDF


def check_edf(path: Path) -> None:
    """Refuse an EDF or BDF file that is none, that is cut short, or that has gaps.

    MNE only warns of a file that is shorter than its header says, and closes gaps, so that all that
    follows comes too early. The header is text: bytes 0-7 the kind, 184-191 its own size, 192-196
    "EDF+D" or "BDF+D" where there may be gaps, 236-243 the number of data records, 244-251 a
    record's seconds, 252-255 the number of signals; then 16 bytes a signal its name and, 216 bytes
    a signal further on, in 8 bytes each the samples a record.
    """
    content, ending = path.stat().st_size, path.suffix.lower()
    with path.open("rb") as file:
        head = file.read(256)
        if (kind := KINDS.get(head[:8].strip())) != ending and head:
            names = {".edf": "an EDF file", ".bdf": "a BDF file"}
            what = names.get(kind, "neither an EDF nor a BDF file")
            hint = "Copy it again, or give its name the ending of what it is."
            hint = f"Let its name end in {kind}, in the table of trials too." if kind else hint
            raise DataError(path, f"is {what} by its first bytes.", hint)
        try:
            header, records, signals = (
                int(head[at : at + size]) for at, size in ((184, 8), (236, 8), (252, 4))
            )
            seconds = float(head[244:252])
            names = [file.read(16).strip() for _ in range(signals)]
            file.seek(256 + 216 * signals)
            samples = [int(file.read(8)) for _ in range(signals)]
        except ValueError:
            problem = f"has no complete header; the file holds {content} bytes."
            raise DataError(path, problem, COPY_AGAIN) from None
        width = 3 if ending == ".bdf" else 2
        if header != 256 * (signals + 1) or min(samples, default=0) < 1:
            problem = f"says that its header has {header} bytes, for {signals} signals."
            raise DataError(path, f"{problem} Or a signal has no samples.", COPY_AGAIN)
        expected = header + records * sum(samples) * width
        if records >= 0 and content != expected:  # -1: the recorder did not count them
            problem = f"holds {content} bytes, but its header says {expected} ({records} records)."
            raise DataError(path, problem, COPY_AGAIN)
        if head[192:197] not in (b"EDF+D", b"BDF+D"):
            return
        at = next((k for k, name in enumerate(names) if name.endswith(b" Annotations")), None)
        times = []
        for record in range(records if at is not None else 0):
            file.seek(header + (record * sum(samples) + sum(samples[:at])) * width)
            times += map(float, _TIME.findall(file.read(samples[at] * width))[:1])
    kind, hint = head[192:197].decode(), "Export it without gaps, as EDF+C or BDF+C, or split it at"
    hint = f"{hint} the gaps (EDFbrowser does both): a 'file' of its own for each piece."
    if len(times) < records:
        raise DataError(path, f"is marked {kind}, but its records have no times.", hint)
    fastest = max(n for n, name in zip(samples, names, strict=True) if name != names[at])
    for record, time in enumerate(times):
        after = record * seconds
        if abs(gap := time - times[0] - after) > max(seconds / fastest, LEAST_GAP):
            what = f"{gap:.4g} s are missing" if gap > 0 else f"{-gap:.4g} s come twice"
            raise DataError(path, f"has gaps ({kind}): after {after:g} s, {what}.", hint)


# XDF


def read_xdf(path: Path) -> tuple[mne.io.RawArray, list[str]]:
    """Read the EEG of an XDF file, and notes on what it does not say.

    Programs such as LabRecorder keep in such a file what came over the lab's network: streams, each
    with its own clock, which pyxdf brings together. That of the type EEG is the recording, and time
    counts from its first sample; streams without a rate, of words or codes, are its annotations.

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
