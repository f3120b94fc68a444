"""One file of EEG, opened with MNE: its channels on the grid, its samples in microvolts."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from emolib.errors import DataError
from emolib.recordings.arrays import COPY_AGAIN
from emolib.recordings.electrodes import choose_channels
from emolib.recordings.preprocessing import preprocess
from emolib.recordings.recording import damaged
from emolib.recordings.roles import assign_roles
from emolib.recordings.settings import DEFAULT, RecordingSettings


def open_eeg(
    path: str | Path, settings: RecordingSettings = DEFAULT
) -> tuple[object, dict[str, str], list[str]]:
    """Open any file that MNE reads and choose its EEG channels.

    No sample is read yet, unless the settings ask for what needs all of them.

    Returns the opened file, the grid's name of each channel that has a place there mapped to its
    name in the opened file, and notes: what the names were taken for, the channels that were left
    out, what was done, and MNE's warnings. A file that is missing, cut short or not readable, whose
    channels are refused, see `choose_channels`, or that does not allow what the settings ask, is a
    DataError.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(path, "does not exist.", "Check 'file' in the table of trials.")
    is_edf = path.suffix.lower() in (".edf", ".bdf")
    if is_edf:
        _check_complete(path)
    raw, warned = _open(path)
    used = assign_roles(raw, settings, path)
    channels, left_out, chosen = choose_channels(path, raw, used.drop)
    if is_edf and (unused := {*left_out} - {*used.kept}):
        # MNE brings all channels to the highest rate among them: to that of the EEG, not of others.
        in_file = {new: old for old, new in used.renamed.items()}
        unused = [in_file.get(name, name) for name in unused]
        raw, _ = _open(path, exclude=unused, exclude_after_unique=True)
        left = {old: new for old, new in used.renamed.items() if old in raw.ch_names}
        raw.rename_channels(left, verbose="error")
    renamed = ", ".join(f"{old} to {new}" for old, new in used.renamed.items())
    notes = [f"MNE says: {message}" for message in warned]
    notes += [f"renamed: {renamed}"] if renamed else []
    raw, channels, done = preprocess(raw, channels, used, settings, path)
    return raw, channels, [f"{path.name}: {note}" for note in (*notes, *chosen, *done)]


def read_microvolts(raw, channels: Sequence[str], start: int, stop: int) -> np.ndarray:
    """Read samples `start` to `stop` (not included) of channels of an opened file.

    Returns ``(channel, time)``, float64, in microvolts; MNE has volts. Samples that cannot be read,
    or that MNE warns about, are a DataError.
    """
    with (  # a file can also be damaged behind its header
        damaged(raw.filenames[0], f"samples {start} to {stop} cannot be read", COPY_AGAIN),
        warnings.catch_warnings(action="error"),
    ):
        return 1e6 * raw.get_data(list(channels), start, stop, verbose="warning")


def _open(path: Path, **options: object) -> tuple[object, list[str]]:
    """Open a file with MNE; return it and the warnings that were given."""
    import mne  # here, not above: reading DEAP's files does not need it

    hint = "Check that the file is whole, and of a kind that MNE reads, by its ending."
    with (
        damaged(path, "MNE cannot read it", hint),
        warnings.catch_warnings(record=True, action="always") as caught,
    ):
        raw = mne.io.read_raw(path, preload=False, verbose="warning", **options)
    return raw, [" ".join(str(one.message).split()) for one in caught]


def _check_complete(path: Path) -> None:
    """Refuse an EDF or BDF file that is shorter than its header says (MNE only warns).

    The header is text: bytes 184-191 its own size, 236-243 the number of data records, 252-255 the
    number of signals; 216 bytes a signal further on, each signal's samples a record.
    """
    content = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(256)
        try:
            header, records, signals = (
                int(head[at : at + size]) for at, size in ((184, 8), (236, 8), (252, 4))
            )
            file.seek(256 + 216 * signals)
            samples = sum(int(file.read(8)) for _ in range(signals))
        except ValueError:
            problem = f"has no complete header; the file holds {content} bytes."
            raise DataError(path, problem, COPY_AGAIN) from None
    expected = header + records * samples * (3 if path.suffix.lower() == ".bdf" else 2)
    if content < expected:
        problem = f"holds {content} bytes, but its header says {expected} ({records} records)."
        raise DataError(path, problem, COPY_AGAIN)
