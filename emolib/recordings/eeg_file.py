"""One file of EEG, opened with MNE: its channels on the grid, its samples in microvolts."""

from __future__ import annotations

import contextlib
import glob
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from emolib.errors import DataError, did_you_mean
from emolib.grid import canonical_name, electrodes
from emolib.recordings.arrays import COPY_AGAIN, MOST_PACKED, unpacked
from emolib.recordings.electrodes import choose_channels, find_channels
from emolib.recordings.formats import (
    NAMED,
    check_edf,
    described_by,
    header_text,
    named_parts,
    read_xdf,
)
from emolib.recordings.preprocessing import Roles, preprocess
from emolib.recordings.recording import damaged, is_there, refuse_dangling, refuse_special
from emolib.recordings.settings import DEFAULT, REFERENCES, RecordingSettings

if TYPE_CHECKING:
    import mne

# Types of channels in MNE by those of BIDS; all others are "misc" there.
TYPES = {"EEG": "eeg", "EOG": "eog", "HEOG": "eog", "VEOG": "eog", "ECG": "ecg", "EMG": "emg"}
BYTES = {"single": 4, "short": 2, "int": 4}  # of a sample of BrainVision, by MNE's word for it
_HEADER_OF = {".eeg": ".vhdr", ".vmrk": ".vhdr", ".fdt": ".set"}  # by a part's ending


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
    if not is_there(path):
        refuse_dangling(path)
        raise DataError(path, "does not exist.", "Check 'file' in the table of trials.")
    refuse_special(path, *path.parent.glob(f"{glob.escape(path.stem)}.*"))
    if path.is_file() and not path.stat().st_size:
        raise DataError(path, "is empty.", COPY_AGAIN)
    is_edf = path.suffix.lower() in (".edf", ".bdf") and path.is_file()
    if is_edf:
        check_edf(path)
    if path.suffix.lower() == ".set":
        unpacked(path)
    _check_parts(path)
    raw, told = open_raw(path)
    if not is_edf:
        _check_promise(path, raw)
    used = assign_roles(raw, settings, path)
    channels, left_out, chosen = choose_channels(path, raw, used.drop)
    if is_edf and (unused := {*left_out} - {*used.kept}):
        # MNE brings all channels to the highest rate among them: to that of the EEG, not of others.
        in_file = {new: old for old, new in used.renamed.items()}
        unused = [in_file.get(name, name) for name in unused]
        raw, _ = open_raw(path, exclude=unused, exclude_after_unique=True)
        left = {old: new for old, new in used.renamed.items() if old in raw.ch_names}
        raw.rename_channels(left, verbose="error")
    renamed = ", ".join(f"{old} to {new}" for old, new in used.renamed.items())
    notes = [*told]
    notes += [f"renamed: {renamed}"] if renamed else []
    notes += [f"not in the file: {', '.join(used.absent)}"] if used.absent else []
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


def header_units(raw, channels: Mapping[str, str]) -> dict[str, str]:
    """Return the units that a file's header names, such as "mV", by the grid's name of a channel.

    `raw` and `channels` are as `open_eeg` returns them; a file that names none gives {}.
    """
    named = getattr(raw, "_orig_units", None) or {}  # MNE keeps them for writers of BIDS
    return {place: named[name] for place, name in channels.items() if named.get(name)}


def open_raw(path: Path, **options: object) -> tuple[object, list[str]]:
    """Open a file with MNE, or one that MNE does not know; return it, and notes on it."""
    import mne  # here, not above: reading DEAP's files does not need it

    if path.suffix.lower() == ".xdf":
        return read_xdf(path)
    try:
        with (
            warnings.catch_warnings(record=True, action="always") as caught,
            _known_ending(path) as known,
        ):
            raw = mne.io.read_raw(known, preload=False, verbose="warning", **options)
    except Exception as error:
        raise _unreadable(path, error) from error
    return raw, [f"MNE says: {' '.join(str(one.message).split())}" for one in caught]


def read_epochs(path: Path) -> mne.BaseEpochs:
    """Read the epochs that a file of MNE or EEGLAB holds."""
    import mne  # as above

    read = mne.read_epochs_eeglab if path.suffix.lower() == ".set" else mne.read_epochs
    return read(path, verbose="error")


@contextlib.contextmanager
def _known_ending(path: Path) -> Iterator[Path]:
    """Spell a BrainVision header as MNE takes it: no ending in capitals, no "$b" for its name."""
    header = path.suffix.lower() == ".vhdr"
    lines = named_parts(path) if header else []
    names = [path.name, *(line for line, _ in lines)]
    if not header or all(Path(name).suffix.islower() and "$b" not in name for name in names):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "header.vhdr"
        parts = [part.absolute() for _, part in lines]

        def whole(line: re.Match[str]) -> str:
            part = parts.pop(0)
            if line[1].lstrip().lower().startswith("marker"):
                part = shutil.copy(part, copy.with_suffix(".vmrk"))
            return f"{line[1]}{part}"

        copy.write_text(NAMED.sub(whole, header_text(path)), "utf-8")
        yield copy


def _unreadable(path: Path, error: Exception) -> DataError:
    """Return the error of a file that MNE does not open, with the remedy that fits."""
    n_epochs = 0
    with contextlib.suppress(Exception), warnings.catch_warnings(action="ignore"):
        n_epochs = len(read_epochs(path))
    problem = f"MNE cannot read it ({type(error).__name__}: {' '.join(str(error).split())})."
    hint = "Check that the file is whole. If it is, export it as EDF, BrainVision or FIF."
    if n_epochs:
        reader = "read_epochs_eeglab" if path.suffix.lower() == ".set" else "read_epochs"
        hint = (
            "A study with `dataset: epochs` reads a folder of such files, with ratings from their "
            "metadata or from a `ratings_table`; in Python, "
            f"`emolib.from_epochs(mne.{reader}({path.name!r}), 'sub-01', ...)` does."
        )
        problem = f"holds epochs, {n_epochs} trials that are cut already, no whole recording."
    elif isinstance(error, ImportError | RuntimeError) and "module" in str(error):
        hint = "Install what it names, or export the file as EDF, BrainVision or FIF."
    elif isinstance(error, FileNotFoundError):
        hint = "It names another file: put that one beside it, under the name that it says."
    elif path.is_dir():
        hint = "It is a folder: write the file in it as 'file' in the table of trials."
    elif "Unsupported file type" in str(error):
        hint = "Export it as EDF, BrainVision or FIF."
    return DataError(path, problem, hint)


def _check_parts(path: Path) -> None:
    """Refuse a part of a recording instead of its header, and a header without its parts."""
    ending = _HEADER_OF.get(path.suffix.lower(), "")
    headers = [path.with_suffix(one) for one in (ending, ending.upper()) if one]
    if header := next((one for one in headers if one.exists()), None):
        problem = f"is one part of a recording, which {header.name} describes."
        raise DataError(path, problem, f"Write {header.name} as 'file' in the table of trials.")
    if path.suffix.lower() != ".vhdr":
        return
    if wrong := [line for line, part in named_parts(path) if not part.is_file()]:
        parts = [path.with_suffix(one) for one in (".eeg", ".vmrk", ".EEG", ".VMRK")]
        there = " and ".join(part.name for part in parts if part.exists()) or "no such file"
        problem = f"says {' and '.join(wrong)}, but beside it lies {there}."
        hint = "Correct these lines in a text editor, or give the files their old names back."
        raise DataError(path, problem, hint)


def _check_promise(path: Path, raw) -> None:
    """Refuse a header that promises more samples than its files can hold, or a part of one."""
    files = [Path(name) for name in raw.filenames if name]
    if path.is_dir() or any(file.is_dir() for file in files):
        return
    size = sum(file.stat().st_size for file in {path.resolve(), *(f.resolve() for f in files)})
    packed = MOST_PACKED if path.suffix.lower() in (".set", ".gz") else 1
    if raw.n_times * len(raw.ch_names) > size * packed:
        promised = f"{raw.n_times} samples of {len(raw.ch_names)} channels"
        raise DataError(path, f"promises {promised}, but holds {size} bytes.", COPY_AGAIN)
    if files and files[0].suffix.lower() == ".fdt":
        promised, size = 4 * raw.n_times * len(raw.ch_names), files[0].stat().st_size
        if size != promised:
            problem = f"holds {size} bytes, but {path.name} promises {promised}"
            problem += f": {raw.n_times} samples of {len(raw.ch_names)} channels."
            raise DataError(files[0], problem, COPY_AGAIN)
    if path.suffix.lower() == ".vhdr":
        width = len(raw.ch_names) * BYTES.get(raw.orig_format, 0)
        if width and (left := files[0].stat().st_size % width):
            problem = f"has {left} bytes more than whole samples of {len(raw.ch_names)} channels."
            raise DataError(files[0], problem, COPY_AGAIN)


# The channels that settings name: renamed, dropped, bad, EOG, reference


def assign_roles(raw: mne.io.BaseRaw, settings: RecordingSettings, where: Path) -> Roles:
    """Rename and mark the channels of an opened file, in place; find those that settings name.

    A name that is neither in the file nor an electrode of the grid is a DataError. An electrode
    that is not there is none where it was to be renamed, dropped or bad.
    """
    told = _read_table(raw, where)
    marked = {*raw.info["bads"], *told}
    renamed = {
        old: new
        for name, new in settings.rename_channels.items()
        for old in _find(raw, "rename_channels", [name], where)
    }
    in_file = raw.ch_names
    lacking = [name for name in told if name not in in_file]
    after = [renamed.get(name, name) for name in in_file]
    if twice := sorted({name for name in after if after.count(name) > 1}):
        problem = f"`rename_channels` gives more than one channel the name {', '.join(twice)}."
        raise DataError(where, problem, "Give each channel a name of its own.")
    raw.rename_channels(renamed, verbose="error")
    marked = [new for old, new in zip(in_file, after, strict=True) if old in marked]

    kinds = zip(raw.ch_names, raw.get_channel_types(), strict=True)
    typed = [name for name, kind in kinds if kind == "eog"]
    eog = _find(raw, "eog_channels", settings.eog_channels, where) or typed
    regression = settings.regress_artifact or {}
    artifact, regressed = (
        [value] if isinstance(value := regression.get(key, kind), str) else list(value)
        for key, kind in (("picks_artifact", "eog"), ("picks", "eeg"))
    )
    regressors = eog if artifact == ["eog"] else _find(raw, "regress_artifact", artifact, where)
    needs = {
        "regress_artifact": settings.regress_artifact is not None and not regressors,
        "ica": "find_bads_eog" in settings.ica and not eog,
    }
    if asks := next((setting for setting, lacks in needs.items() if lacks), ""):
        problem = f"has no EOG channel, which `{asks}` needs."
        hint = "Name some in `eog_channels`; electrodes near the eyes, such as Fp1, may stand in."
        raise DataError(where, problem, hint)
    optional = (*settings.drop_channels, *settings.bads)
    bads = list(dict.fromkeys([*marked, *_find(raw, "bads", settings.bads, where)]))
    raw.info["bads"] = bads if settings.bad_channels == "drop" else []
    reference = () if settings.eeg_reference in REFERENCES else settings.eeg_reference
    return Roles(
        renamed=renamed,
        drop=_find(raw, "drop_channels", settings.drop_channels, where),
        bads=bads,
        reference=_find(raw, "eeg_reference", reference, where),
        eog=eog,
        regressors=regressors if settings.regress_artifact is not None else [],
        absent=[*(name for name in optional if not find_channels(raw, name)), *lacking],
        regressed=[] if regressed == ["eeg"] else _find(raw, "regress_artifact", regressed, where),
    )


def _read_table(raw: mne.io.BaseRaw, file: Path) -> list[str]:
    """Give channels the types of the table of channels, if there is one; list those marked bad.

    Its names may be the grid's, or in other capitals; one that is not in the file stays as it is.
    """
    path = described_by(file, "channels")
    if not path.is_file():
        return []
    with damaged(path, "is no table", "Save it as TSV, UTF-8, or take it away."):
        table = pd.read_csv(path, sep="\t", dtype=str, encoding="utf-8-sig")
        if "name" not in table:
            return []
        table = table.dropna(subset="name")
        table = table.set_index(table["name"].str.strip())
        own = {
            name: [name] if name in raw.ch_names else find_channels(raw, name)
            for name in table.index
        }
        types = table.get("type", pd.Series(dtype=str)).dropna().str.strip().str.upper()
        known = {one: TYPES.get(kind, "misc") for name, kind in types.items() for one in own[name]}
        raw.set_channel_types(known, on_unit_change="ignore", verbose="error")
        status = table.get("status", pd.Series(dtype=str)).str.strip().str.lower()
        return [one for name in status.index[status == "bad"] for one in own[name] or [name]]


def _find(raw: mne.io.BaseRaw, setting: str, names: Iterable[str], where: Path) -> list[str]:
    """Return the channels that a setting names, in the file's spelling or the grid's."""
    found = []
    for name in names:
        own = find_channels(raw, name)
        optional = setting in ("rename_channels", "drop_channels", "bads")
        if not own and not (optional and canonical_name(name) in electrodes()):
            problem = f"has no channel {name!r}, which `{setting}` names."
            known = {*map(canonical_name, raw.ch_names)}
            raise DataError(where, problem, did_you_mean(name, known))
        found += own
    return list(dict.fromkeys(found))
