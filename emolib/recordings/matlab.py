"""MATLAB files, and what to say of those that cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from emolib.errors import DataError

COPY_AGAIN = "The file may be cut short or damaged: copy it again from its source."


def load_matlab(
    path: str | Path, names: Sequence[str] | None = None, *, simplify: bool = False
) -> dict[str, Any]:
    """Load the variables of a MATLAB file of version 5 to 7.2.

    Parameters
    ----------
    path : path
    names : sequence of str, optional
        Of these variables only; all of them if left out.
    simplify : bool
        Structs become dictionaries, cells lists or arrays, and axes of length 1 go.

    Raises
    ------
    DataError
        If there is no such file, it is cut short, or of version 7.3, which is another format.
    """
    if not Path(path).is_file():
        raise DataError(path, "is not a file.", "Check the path, or copy the file there.")
    from scipy.io import loadmat  # here, not above: only this needs it

    try:
        arrays = loadmat(path, variable_names=names, simplify_cells=simplify)
    except NotImplementedError:
        raise DataError(
            path,
            "is a MATLAB v7.3 file, which those of the release are not.",
            "Save it again in MATLAB, with the option '-v7'.",
        ) from None
    except Exception as error:  # SciPy raises almost anything at a damaged file
        raise DataError(
            path, f"is not a complete MATLAB file ({type(error).__name__}: {error}).", COPY_AGAIN
        ) from error
    return {name: array for name, array in arrays.items() if not name.startswith("__")}
