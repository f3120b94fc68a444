"""Arrays from MATLAB files, and from pickles that are not trusted.

A pickle is a small program: it may name any function of any module and have it called. DEAP's
`.dat` files are pickles, passed on from disk to disk. So the unpickler here knows the few names
that an array is made of, and refuses every other by name before anything is called.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from emolib.errors import DataError
from emolib.recordings.recording import damaged

COPY_AGAIN = "The file may be cut short or damaged: copy it again from its source."
_DO_NOT_TRUST = "Do not open it with another program; get the file from its source again."


def load_matlab(
    path: str | Path, names: Sequence[str] | None = None, *, simplify: bool = False
) -> dict[str, Any]:
    """Load the variables of a MATLAB file of version 5 to 7.2: those of `names`, or all.

    With `simplify` structs become dictionaries, cells lists or arrays, and axes of length 1 go. A
    file that is missing, cut short or of version 7.3, which is another format, is a DataError.
    """
    if not Path(path).is_file():
        raise DataError(path, "is not a file.", "Check the path, or copy the file there.")
    from scipy.io import loadmat  # here, not above: only this needs it

    with damaged(path, "is not a complete MATLAB file", COPY_AGAIN):
        try:
            arrays = loadmat(path, variable_names=names, simplify_cells=simplify)
        except NotImplementedError:
            problem = "is a MATLAB v7.3 file, which those of the release are not."
            hint = "Save it again in MATLAB, with the option '-v7'."
            raise DataError(path, problem, hint) from None
    return {name: array for name, array in arrays.items() if not name.startswith("__")}


def _only_number_dtype(name: str | bytes, *arguments: object) -> np.dtype:
    """Stand in for `numpy.dtype`: plain numbers only, for an object array holds anything."""
    name = name.decode("latin1") if isinstance(name, bytes) else name
    if name not in ("f4", "f8", "i2", "i4", "i8"):
        raise TypeError(f"the dtype {name!r} is not allowed, only plain numbers are")
    return np.dtype(name, *arguments)


def _only_latin1(text: str, encoding: str) -> bytes:
    """Stand in for `_codecs.encode`, with which Python 3 writes bytes at protocols 0 to 2."""
    if encoding not in ("latin1", "latin-1"):
        raise TypeError(f"the encoding {encoding!r} is not allowed")
    return text.encode("latin1")


# NumPy itself says which functions rebuild its arrays, whatever its version calls their module.
_RECONSTRUCT = np.empty(0).__reduce__()[0]
_FROM_BUFFER = np.empty(1).__reduce_ex__(5)[0]

ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,  # NumPy 1, Python 2 too
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,  # NumPy 2
    ("numpy.core.numeric", "_frombuffer"): _FROM_BUFFER,
    ("numpy._core.numeric", "_frombuffer"): _FROM_BUFFER,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): _only_number_dtype,
    ("_codecs", "encode"): _only_latin1,
}


class _ArrayUnpickler(pickle.Unpickler):
    """Refuses every name that is not in `ALLOWED`."""

    def __init__(self, file, path: Path):
        # "bytes" leaves the strings of Python 2 as they are: 100 MB of samples need no decoding.
        super().__init__(file, encoding="bytes")
        self.path = path

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in ALLOWED:
            problem = f"asks to run {module}.{name}; a file of arrays needs only NumPy's own names."
            raise DataError(self.path, problem, _DO_NOT_TRUST)
        return ALLOWED[module, name]

    def persistent_load(self, pid: object) -> NoReturn:
        raise DataError(self.path, "refers to objects outside the file.", _DO_NOT_TRUST)


def load_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """Load a pickled dictionary of arrays of numbers, written by Python 2 or 3, NumPy 1 or 2.

    A pickle that names anything but what an array is made of, is cut short, or holds anything but
    a dictionary of arrays is a DataError. Nothing in it has been run then.
    """
    path = Path(path)
    with damaged(path, "is not a complete pickle of arrays", COPY_AGAIN), path.open("rb") as file:
        content = _ArrayUnpickler(file, path).load()
    if not isinstance(content, dict):
        problem = f"holds a {type(content).__name__}; a dictionary is expected."
        raise DataError(path, problem, _DO_NOT_TRUST)
    arrays = {}
    for key, value in content.items():
        key = key.decode("latin1") if isinstance(key, bytes) else str(key)
        if type(value) is not np.ndarray or value.dtype.kind not in "fi":
            kind = getattr(value, "dtype", type(value).__name__)
            problem = f"{key!r} is of type {kind}; an array of numbers is expected."
            raise DataError(path, problem, _DO_NOT_TRUST)
        arrays[key] = value
    return arrays
