"""The files that belong to a file of signals: what a header names, and what is split off."""

from __future__ import annotations

import contextlib
import re
import warnings
from pathlib import Path

from emolib.errors import DataError
from emolib.recordings.child import read_apart

LONGEST_HEADER = 10**6  # bytes of a BrainVision header
WHOLE = (".edf", ".bdf", ".gdf", ".cnt", ".xdf")  # formats of a single file
NAMED = re.compile(  # the lines of a BrainVision header that name a file
    r"(?mi)^([ \t]*(?:DataFile|MarkerFile)[ \t]*=[ \t]*)(\S(?:[^\r\n]*\S)?)"
)
_PARTS = {".set": ".fdt", ".fif": ".fif"}  # formats whose parts MNE finds, and how these end


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
