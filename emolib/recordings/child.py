"""A process of its own for files that others made: whatever they do to it, the reader goes on.

A damaged file can crash the library that reads it, keep it busy for ever or have it ask for all
memory. So a child process reads it, with a limit of time and one of memory, and hands back numbers
and texts alone, nothing that could run.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np
import xarray as xr

from emolib.errors import DataError, InputError, SettingsError
from emolib.recordings.recording import STANDARD_MEMORY_MB, some
from emolib.storage import of_disk

FACTOR = "EMOLIB_READ_FACTOR"  # by which both limits are multiplied
SECONDS = 40.0  # of any file: what a slow disk, or a busy computer, may need
SECONDS_PER_MB = 5.0  # filters and independent components of long recordings take that
MEMORY_PER_BYTE = 16  # of a file: samples of 2 bytes become 8, and a filter needs a copy

NO_MEMORY = 77  # status of a child that was refused some
LIBRARIES = ("mne", "scipy", "xarray")  # what readers load as they need it
_loaded: set[str] = set()  # modules of these that a child has loaded: the next one gets them

_ERRORS: dict[str, type[InputError]] = {kind.__name__: kind for kind in (DataError, SettingsError)}


def read_apart(
    read: Callable[[], Any], paths: Iterable[Path], memory_mb: float = STANDARD_MEMORY_MB
) -> Any:
    """Call a function that reads files in a child process, within limits.

    On Linux; elsewhere the function is called as it is, without limits.

    Parameters
    ----------
    read : callable
        Without parameters. Returns an xarray Dataset of numbers and texts, or what JSON has.
    paths : iterable of Path
        What it reads: an error names these files, and the limits grow with their sizes.
    memory_mb : float
        What reading small files may need, MB.

    Returns
    -------
    Dataset or object
        What `read` returned; tuples are lists.

    Raises
    ------
    InputError
        The one that `read` raised; or a DataError if it raised anything else, crashed, took more
        than `SECONDS` and `SECONDS_PER_MB`, or needed more memory than `memory_mb` and
        `MEMORY_PER_BYTE`. The variable EMOLIB_READ_FACTOR of the environment multiplies these.

    Examples
    --------
    >>> read_apart(lambda: {"sfreq": 128.0}, [Path("a.edf")])
    {'sfreq': 128.0}
    >>> read_apart(lambda: os.abort(), [Path("a.edf")])
    Traceback (most recent call last):
    ...
    emolib.errors.DataError: a.edf: crashes the program that reads it (SIGABRT). It is probably \
damaged: copy it again from its source, or export it in another format.
    """
    if sys.platform != "linux":
        return read()
    paths = list(paths)
    size = sum(path.stat().st_size for path in paths if path.is_file())
    seconds = _factor() * (SECONDS + SECONDS_PER_MB * size / 1e6)
    memory = _factor() * (1e6 * memory_mb + MEMORY_PER_BYTE * size)
    while _loaded:
        importlib.import_module(_loaded.pop())
    with _unnamed_file() as answer:
        child = multiprocessing.get_context("fork").Process(
            target=_answer, args=(read, answer, seconds, memory)
        )
        with warnings.catch_warnings(action="ignore"):  # of threads, which the child does not use
            child.start()
        try:
            child.join(seconds)
            ended = child.exitcode
        finally:
            child.kill()
            child.join()
        if ended == 0:
            answer.seek(0)
            return _received(answer, paths)
    if ended is None:
        problem = f"took more than {seconds:.0f} s to read."
    elif ended in (-signal.SIGKILL, NO_MEMORY):
        problem = f"took more than the {memory / 1e6:.0f} MB of memory that it may."
    else:
        how = signal.Signals(-ended).name if ended < 0 else f"status {ended}"
        problem = f"crashes the program that reads it ({how})."
        hint = "copy it again from its source, or export it in another format."
        raise DataError(_names(paths), problem, f"It is probably damaged: {hint}")
    hint = f"If it is whole, set {FACTOR}=4 in the environment: four times the time and memory."
    raise DataError(_names(paths), problem, f"It may be damaged: copy it again. {hint}")


def _factor() -> float:
    """Return by what the limits are multiplied."""
    given = os.environ.get(FACTOR, "1")
    with contextlib.suppress(ValueError):
        if 0 < float(given) < np.inf:
            return float(given)
    raise SettingsError(FACTOR, f"is {given!r} in the environment.", "Give a number, such as 4.")


def _unnamed_file() -> IO[bytes]:
    """Open a file that has no name and goes when it is closed: in memory, as disks may be full."""
    try:
        return os.fdopen(os.memfd_create("emolib"), "w+b")
    except OSError:
        return tempfile.TemporaryFile()


def _answer(read: Callable[[], Any], answer: IO[bytes], seconds: float, memory: float) -> None:
    """Read, and write down what came of it: a line of JSON, and behind it the arrays."""
    _limit(seconds, memory)
    arrays: list[np.ndarray] = []
    before = {*sys.modules}
    try:
        found = read()
        told = {"value": found}
        if isinstance(found, xr.Dataset):
            arrays = [variable.values for variable in found.variables.values()]
            about = {name: [v.dims, v.attrs] for name, v in found.variables.items()}
            told = {"dataset": about, "coords": [*found.coords], "attrs": found.attrs}
    except MemoryError:
        os._exit(NO_MEMORY)
    except Exception as error:
        told = {"raised": f"{type(error).__name__}: {' '.join(str(error).split())}"}
        if disk := of_disk(error):
            told = {"disk": [disk.errno, disk.strerror, disk.filename]}
        elif isinstance(error, InputError):
            told = {"error": type(error).__name__, "parts": list(error.args)}
    new = {*sys.modules} - before
    told["modules"] = sorted(name for name in new if name.partition(".")[0] in LIBRARIES)
    answer.write(json.dumps(told, default=np.generic.item).encode() + b"\n")
    for array in arrays:
        np.lib.format.write_array(answer, array, allow_pickle=False)
    answer.flush()


def _limit(seconds: float, memory: float) -> None:
    """Limit this process, silence it, and let it end before any other."""
    import resource  # here, not above: other systems have none

    faulthandler.disable()
    mute = os.open(os.devnull, os.O_WRONLY)
    os.dup2(mute, 1)
    os.dup2(mute, 2)
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123 - until it ends
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent sees to it
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    space = pages * resource.getpagesize() + int(memory)
    for kind, most in (
        (resource.RLIMIT_AS, space),
        (resource.RLIMIT_CPU, int(seconds * (os.cpu_count() or 1)) + 5),  # without a parent
        (resource.RLIMIT_CORE, 0),
    ):
        least = min([most, *(limit for limit in resource.getrlimit(kind) if limit >= 0)])
        resource.setrlimit(kind, (least, least))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _received(answer: IO[bytes], paths: list[Path]) -> Any:
    """Return what a child has written down, or raise its error."""
    told = json.loads(answer.readline())
    _loaded.update(name for name in told["modules"] if name.partition(".")[0] in LIBRARIES)
    if "disk" in told:
        raise OSError(*told["disk"])
    if "error" in told:
        raise _ERRORS.get(told["error"], DataError)(*told["parts"])
    if "raised" in told:
        hint = "It may be damaged: copy it again from its source."
        raise DataError(_names(paths), f"could not be read ({told['raised']}).", hint)
    if "value" in told:
        return told["value"]
    variables = {
        name: (dims, np.lib.format.read_array(answer, allow_pickle=False), attrs)
        for name, (dims, attrs) in told["dataset"].items()
    }
    coords = {name: variables.pop(name) for name in told["coords"]}
    return xr.Dataset(variables, coords, told["attrs"])


def _names(paths: list[Path]) -> str:
    """Name files."""
    return some([str(path) for path in paths]) or "the recording"
