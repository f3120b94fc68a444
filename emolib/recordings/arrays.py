"""Arrays from MATLAB files, and from pickles that are not trusted.

A pickle is a small program: it may name any function of any module and have it called. DEAP's
`.dat` files are pickles, passed on from disk to disk. So the unpickler here knows the few names
that an array is made of, and refuses every other by name before anything is called.
"""

from __future__ import annotations

import io
import pickle
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from emolib.errors import DataError
from emolib.recordings.recording import damaged

COPY_AGAIN = "The file may be cut short or damaged: copy it again from its source."
COMPRESSED = 15  # the kind of such a variable in a MATLAB file
MOST_PACKED, SLACK = 64, 10**6  # how far one is unpacked, by its bytes, and how far in any case
NOT_WHOLE = "is not a complete MATLAB file"
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

    with damaged(path, NOT_WHOLE, COPY_AGAIN):
        try:
            arrays = loadmat(unpacked(path), variable_names=names, simplify_cells=simplify)
        except NotImplementedError:
            problem = "is a MATLAB v7.3 file, which those of the release are not."
            hint = "Save it again in MATLAB, with the option '-v7'."
            raise DataError(path, problem, hint) from None
    return {name: array for name, array in arrays.items() if not name.startswith("__")}


def unpacked(path: str | Path) -> io.BytesIO | Path:
    """Return the content of a MATLAB file, its compressed variables unpacked and compared.

    Or the file's path, where there are none, or its version is another than 5 to 7.2.

    SciPy believes what the file says of its lengths, and does not compare the checksum that ends a
    compressed variable. A DataError says which does not agree, before any memory is taken for it.
    """
    path, variables = Path(path), []
    with damaged(path, NOT_WHOLE, COPY_AGAIN), path.open("rb") as file:
        head = file.read(128)
        if not head.startswith(b"MATLAB 5"):
            return path
        while len(tag := file.read(8)) == 8:
            kind, n_bytes = struct.unpack(">II" if head[126:] == b"MI" else "<II", tag)
            if n_bytes > (left := path.stat().st_size - file.tell()):
                problem = f"{NOT_WHOLE}: of a variable of {n_bytes} bytes, it holds {left}."
                raise DataError(path, problem, COPY_AGAIN)
            variables.append((tag, kind, n_bytes))
            file.seek(n_bytes, io.SEEK_CUR)
        if tag:
            raise DataError(path, f"{NOT_WHOLE}: it ends within a variable.", COPY_AGAIN)
        if all(kind != COMPRESSED for _, kind, _ in variables):
            return path
        file.seek(len(head))
        content = io.BytesIO()
        content.write(head)
        for tag, kind, n_bytes in variables:
            file.seek(len(tag), io.SEEK_CUR)
            variable = file.read(n_bytes)
            if kind == COMPRESSED:
                most = SLACK + MOST_PACKED * n_bytes
                unpacker = zlib.decompressobj()
                tag, variable = b"", unpacker.decompress(variable, most)
                if len(variable) == most:
                    problem = f"unpacks {n_bytes} bytes to more than {most}, as no EEG does."
                    raise DataError(path, problem, COPY_AGAIN)
                if not unpacker.eof:
                    raise DataError(path, f"{NOT_WHOLE}: a variable has no end.", COPY_AGAIN)
            content.write(tag)
            content.write(variable)
    content.seek(0)
    return content


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


def _only_empty(kind: object, shape: object, letter: object) -> np.ndarray:
    """Stand in for NumPy's `_reconstruct`, which would take memory for any shape: NumPy asks for 0.

    The state that follows has the shape, and NumPy compares it with the samples.
    """
    if kind is not _ARRAY or shape != (0,):
        raise TypeError(f"an array is made of {kind!r} and {shape!r}, not of samples")
    return np.empty(0)


_ARRAY = "numpy.ndarray"  # stands for it: a pickle could call the class with any shape
# NumPy itself says which function rebuilds its arrays, whatever its version calls the module.
_FROM_BUFFER = np.empty(1).__reduce_ex__(5)[0]

ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"): _only_empty,  # NumPy 1, Python 2 too
    ("numpy._core.multiarray", "_reconstruct"): _only_empty,  # NumPy 2
    ("numpy.core.numeric", "_frombuffer"): _FROM_BUFFER,
    ("numpy._core.numeric", "_frombuffer"): _FROM_BUFFER,
    ("numpy", "ndarray"): _ARRAY,
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
