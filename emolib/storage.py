"""Files that are written whole or not at all, and digests of what made them."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

UNFINISHED = ".unfinished-"  # begins the name of a folder in which a file is being written
LONGEST_STEM = 120  # bytes of a name in a file name, which endings and others' names follow
_NOTED: ContextVar[list[Path] | None] = ContextVar("_NOTED", default=None)


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
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=path.parent)) / path.name
    try:
        yield temporary
        temporary.replace(path)
        note(path)
    finally:
        temporary.unlink(missing_ok=True)
        temporary.parent.rmdir()


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
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:12]
