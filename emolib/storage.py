"""Files that are written whole or not at all, what keeps them from it, and digests of them."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from emolib.errors import InputError

if TYPE_CHECKING:
    import numpy as np

UNFINISHED = ".unfinished-"  # begins the name of a folder in which a file is being written
LONGEST_STEM = 120  # bytes of a name in a file name, which endings and others' names follow
_NOTED: ContextVar[list[Path] | None] = ContextVar("_NOTED", default=None)

# What the system says of a place that cannot be written to, and what to do about it.
_FORBIDDEN = ("may not be used by you", "Give yourself the permission to read and write")
_FAULTS = {
    errno.ENOSPC: ("is on a disk that is full", "Make room there"),
    errno.EDQUOT: ("is on a disk of which your share is used up", "Remove files of yours there"),
    errno.EROFS: ("is on a disk that is read-only", "Have it mounted for writing"),
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
}
_OF_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # the fault of no file that somebody gave


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; move it there when the block ends without error.

    A run that is killed at any moment so leaves either the old file or the new one.

    Parameters
    ----------
    path : path
        Where the file is to lie in the end. Its folder is made if it is missing.

    Yields
    ------
    Path
        Where to write meanwhile: same folder, same ending.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with atomic(folder / "new" / "scores.csv") as temporary:
    ...     _ = temporary.write_text("accuracy")
    >>> (folder / "new" / "scores.csv").read_text()
    'accuracy'
    """
    path = Path(path)
    try:
        with unfinished(path.parent) as folder:
            yield (temporary := folder / path.name)
            temporary.replace(path)
            note(path)
    except OSError as error:
        if error.errno:
            error.filename = error.filename or str(path)  # which libraries leave out
        raise


def write_text(path: str | Path, text: str) -> None:
    """Write a text in UTF-8, whole or not at all, with the same ends of lines everywhere."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: str | Path, value: object) -> None:
    """Write a record as JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=1))


@contextmanager
def unfinished(folder: Path) -> Iterator[Path]:
    """Yield a new folder in `folder` for what is being made; it is removed when the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=folder))
    try:
        yield place
    finally:
        shutil.rmtree(place)


@contextmanager
def noting() -> Iterator[list[Path]]:
    """Yield a list to which the path of each file is added that `atomic` writes meanwhile."""
    token = _NOTED.set(noted := [])
    try:
        yield noted
    finally:
        _NOTED.reset(token)


def note(*paths: Path) -> None:
    """Add files that others wrote to the list of `noting`, where somebody notes."""
    if (noted := _NOTED.get()) is not None:
        noted.extend(paths)


def write_mat(path: str | Path, arrays: Mapping[str, np.ndarray], title: str) -> None:
    """Write arrays as a MATLAB file, whole or not at all; the same arrays give the same bytes."""
    from scipy.io import savemat  # here, not above: only this needs it

    with atomic(path) as temporary:
        savemat(temporary, dict(arrays))
        with temporary.open("r+b") as file:  # SciPy writes the date there
            file.write(f"MATLAB 5.0 MAT-file, {title} (emolib)".encode().ljust(116))


def of_disk(error: BaseException | None) -> OSError | None:
    """Return the error of a full or a read-only disk that an error is, or came of; else None."""
    while error and not (isinstance(error, OSError) and error.errno in _OF_DISK):
        error = error.__cause__ or error.__context__
    return error


def fault_of_disk(text: str) -> OSError | None:
    """Return the error of a full or a read-only disk of which another process told, if it did.

    Examples
    --------
    >>> fault_of_disk("OSError: [Errno 28] No space left on device: 'a.nc'").filename
    'a.nc'
    >>> fault_of_disk("OSError: [Errno 5] Input/output error")
    """
    for told in re.finditer(r"\[Errno (\d+)\] [^:\n]*(?:: (?:'[^'\n]+' -> )?'([^'\n]+)')?", text):
        if (number := int(told[1])) in _OF_DISK:
            return OSError(number, os.strerror(number), told[2])
    return None


def told_by_system(error: OSError, folder: Path) -> InputError:
    """Return an error of the system in words for people; `folder` is where results are written.

    Examples
    --------
    >>> told = told_by_system(OSError(errno.EROFS, "", "/r/demo/a.nc"), Path("/r/demo"))
    >>> told.source, told.message
    ('/r/demo', 'is on a disk that is read-only.')
    >>> told.hint.partition(";")[0]
    'Have it mounted for writing, or name another folder in EMOLIB_RESULTS'
    """
    # What a library made another error of, or the first of several as a folder was copied.
    error = of_disk(error) or fault_of_disk(str(error)) or error
    place = Path(error.filename2 or error.filename or folder)
    if begun := [path for path in (place, *place.parents) if path.name.startswith(UNFINISHED)]:
        place = begun[0].parent
    elif of_disk(error) and not place.is_dir():
        place = place.parent
    what = (error.strerror or str(error)).lower()
    problem, remedy = _FAULTS.get(error.errno, (f"cannot be used ({what})", "Fix this"))
    if error.errno == errno.ENOSPC and place.is_dir():
        problem += _room(place)
    source, variable = str(place), "EMOLIB_RESULTS"
    if "usable temporary directory" in what:
        source, variable = "TMPDIR", "TMPDIR"
        problem, remedy = "no folder for temporary files can be written to", "Make room in one"
    elif not (place.is_relative_to(folder) or folder.is_relative_to(place)):
        variable = "TMPDIR" if place.is_relative_to(tempfile.gettempdir()) else ""
    other = f", or name another folder in {variable}" if variable else ""
    return InputError(
        source, f"{problem}.", f"{remedy}{other}; then run again: what is finished is kept."
    )


def _room(folder: Path) -> str:
    """Return in words how much may still be written to a disk, unless it has room again."""
    state = os.statvfs(folder)
    megabytes = state.f_bavail * state.f_frsize / 1e6
    if state.f_files and not state.f_favail:
        return " (it takes no more files)"
    return f" ({megabytes:.1f} MB are left)" if megabytes < 10 else ""


def file_stem(name: str) -> str:
    """Return a file name for a subject: the same, unless it holds more than letters and digits.

    A person's name may hold what would lead out of the folder, or mean something to a shell, or be
    longer than a file's may be.

    Examples
    --------
    >>> file_stem("sub-01"), file_stem("sub-Jo Ann")
    ('sub-01', 'sub-Jo_Ann-38c8a6ea7677')
    >>> file_stem("sub-../../x"), file_stem("sub-a/b") == file_stem("sub-a b")
    ('sub-.._.._x-3ecce4cfa1a0', False)
    """
    bare = re.sub(r"[^\w.-]+|^[.-]", "_", name).encode()[:LONGEST_STEM].decode(errors="ignore")
    return name if bare == name else f"{bare}-{digest_of_settings(name)}"


def digest_of_settings(settings: object) -> str:
    """Return the first 12 hex digits of the SHA-256 of the settings' JSON.

    Examples
    --------
    >>> digest_of_settings({"a": 1, "b": 2}) == digest_of_settings({"b": 2, "a": 1})
    True
    """
    text = json.dumps(settings, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def state_of(path: Path) -> list[int]:
    """Return a file's size and times: where these have not moved, neither has its content."""
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]


def digest_of_files(paths: list[Path]) -> str:
    """Return the first 12 hex digits of the SHA-256 over the bytes of `paths` in their order."""
    digest = hashlib.sha256()
    for path in paths:
        with Path(path).open("rb") as file:
            hashlib.file_digest(file, lambda: digest)
    return digest.hexdigest()[:12]
