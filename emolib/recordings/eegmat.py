"""EEG during mental arithmetic: rest against serial subtraction, real and open.

36 subjects, 19 electrodes, 500 Hz: `SubjectNN_1.edf` is about three minutes of rest,
`SubjectNN_2.edf` the first minute of subtracting a two-digit from a four-digit number. Both are cut
into pseudo-trials. A class is a recording here, and the order of the two never changes: whatever
else drifted between them would serve to tell them apart. So only a test on other subjects says
anything, none within a subject.

Zyma I, Tukaev S, Seleznov I, et al. Electroencephalograms during mental arithmetic task
performance. Data 4(1):14, 2019. PhysioNet, doi:10.13026/C2JQ1P, ODC-By 1.0.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pooch
import xarray as xr

from emolib.errors import DataError, check_range
from emolib.recordings import files
from emolib.recordings.recording import (
    STANDARD_MEMORY_MB,
    check_subject,
    numbered_files,
    published_root,
    subject_name,
    with_notes,
    wrong_folder,
)
from emolib.recordings.settings import DEFAULT, RecordingSettings

RANDOMISED_ORDER = False
MEMORY_MB = STANDARD_MEMORY_MB
URL = "https://physionet.org/files/eegmat/1.0.0/"
CHECKSUMS = "SHA256SUMS.txt"  # beside the files; each is compared with its own
RETRIES = 2  # of each file
CONDITIONS = {1: "rest", 2: "arithmetic"}  # the number in the file's name
ALL = tuple(subject_name(number) for number in range(36))
SAMPLE = ALL[:8]  # enough for the book: 41 MB instead of 180
TRIAL_SECONDS = 12.0  # 15 pseudo-trials of rest and 5 of arithmetic a subject
RESTING = Path(__file__).with_name("eegmat_rest.npz")
RESTING_STEP = 0.02  # nats: what the numbers in that file are rounded to

_FILE = re.compile(r"Subject(\d\d)_([12])\.edf")
_EXPECTED = "Subject00_1.edf and Subject00_2.edf"
_DOWNLOAD = (
    "Give the folder that holds the EDF files; `emolib.recordings.eegmat.download(folder)` "
    "fetches them from PhysioNet."
)


def default_root(*, fetch: bool = False, wanted: Iterable[str] | None = None) -> Path:
    """Return where the data lie: `eegmat` below `EMOLIB_DATA` if that is set, else a cache.

    With `fetch`, what the cache lacks is downloaded: the subjects `wanted` out of `ALL`, by default
    `SAMPLE`, unless somebody is there already. If `EMOLIB_DATA` is set, but the folder holds no
    such data, that is a DataError.
    """
    root, is_cache = published_root("eegmat", _files, "eegmat recording", _EXPECTED)
    if fetch and is_cache:
        whole = [name for name, paths in _files(root).items() if len(paths) == len(CONDITIONS)]
        missing = [name for name in wanted or (() if whole else SAMPLE) if name not in whole]
        if missing:
            download(root, missing)
    return root


def subjects(root: str | Path) -> list[str]:
    """List the subjects of the folder: "sub-00" for `Subject00_1.edf`."""
    if found := _files(root):
        return list(found)
    raise wrong_folder(root, "eegmat recording", _EXPECTED, _DOWNLOAD)


def sources(root: str | Path, subject: str) -> list[Path]:
    """Return a subject's two files, rest first."""
    return _files(root)[check_subject(root, subject, subjects(root))]


def read(
    root: str | Path,
    subject: str,
    *,
    trial_seconds: float = TRIAL_SECONDS,
    settings: RecordingSettings = DEFAULT,
) -> xr.Dataset:
    """Read one subject: `class` (trial, task) of the task "condition", "rest" or "arithmetic".

    The condition is also the stimulus. Pseudo-trials have from 1 to 60 seconds.
    """
    check_range("trial_seconds", trial_seconds, 1.0, 60.0)
    paths = sources(root, subject)
    if len(paths) != len(CONDITIONS):
        found = ", ".join(path.name for path in paths)
        hint = "Both rest (_1) and arithmetic (_2) are needed."
        raise DataError(root, f"{subject} has only {found}.", hint)
    rows, notes = [], []
    for path, condition in zip(paths, CONDITIONS.values(), strict=True):
        raw, _, _ = files.open_eeg(path)
        seconds = raw.n_times / raw.info["sfreq"]
        n_trials = int(seconds // trial_seconds)
        notes.append(
            f"{condition}: {n_trials} pseudo-trials of {trial_seconds:g} s, "
            f"{seconds - n_trials * trial_seconds:g} s at the end left out"
        )
        rows += [(str(path), i * trial_seconds, condition, condition) for i in range(n_trials)]
    table = pd.DataFrame(rows, columns=["file", "onset_seconds", "stimulus", "condition"])
    trials = range(1, len(rows) + 1)
    table = table.assign(subject=subject, trial=trials, duration_seconds=trial_seconds)
    recording = files.cut_trials(table, where=root, dataset="eegmat", settings=settings)
    return with_notes(recording, *notes)


def resting_features() -> xr.Dataset:
    """Load an extract of the data set, which the package brings: DE of people at rest.

    Three minutes of the first eight people are cut into pieces of 3 + 12 seconds, and these into
    windows of half a second. `benchmarks/resting.py` makes the file. The data are those of Zyma
    and others, see above; used under ODC-By 1.0, and changed: features instead of signals.

    Returns
    -------
    Dataset
        ``de (subject, piece, window, band, channel)`` and ``rest (subject, piece,
        baseline_window, band, channel)``, in nats.

    Examples
    --------
    >>> dict(resting_features().sizes)  # doctest: +NORMALIZE_WHITESPACE
    {'subject': 8, 'piece': 11, 'window': 24, 'band': 4, 'channel': 19, 'baseline_window': 6}
    """
    with np.load(RESTING) as file:
        dims = ("subject", "piece", "window", "band", "channel")
        return xr.Dataset(
            {
                "de": (dims, RESTING_STEP * file["de"]),
                "rest": ((*dims[:2], "baseline_window", *dims[3:]), RESTING_STEP * file["rest"]),
            },
            coords={name: file[name] for name in ("subject", "band", "channel")},
        )


def _files(root: str | Path) -> dict[str, list[Path]]:
    """Map the subjects' names, in numeric order, to their files; {} if there is none."""
    return numbered_files(root, _FILE)


# The download


def download(folder: str | Path, subjects: Iterable[str] = SAMPLE) -> Path:
    """Fetch subjects out of `ALL` into a folder; what is there already and whole is kept.

    A DataError if the server does not answer, or a file does not match its checksum, or has none:
    such a file is not kept.
    """
    names = [
        f"Subject{check_subject(URL, subject, ALL)[-2:]}_{condition}.edf"
        for subject in subjects
        for condition in CONDITIONS
    ]
    pooch.get_logger().setLevel("WARNING")
    url = URL + CHECKSUMS
    try:
        with tempfile.TemporaryDirectory() as place:  # lines of a digest, blanks, a file's name
            text = Path(pooch.retrieve(url, None, path=place)).read_text("utf-8")
        pairs = re.findall(r"(?m)^[ \t]*(\S+)[ \t]+\*?(\S.*?)[ \t]*$", text)
        registry = {name: digest.lower() for digest, name in pairs}
        keeper = pooch.create(path=folder, base_url=URL, registry=registry, retry_if_failed=RETRIES)
        for name in names:
            url = URL + name
            keeper.fetch(name)
    except ValueError as error:  # a checksum that does not match, or is missing
        problem = f"does not match its SHA-256 checksum or has none, so it was not kept ({error})."
        hint = "It was damaged on the way, or changed: try again later."
        raise DataError(url, problem, hint) from error
    except OSError as error:
        problem = f"could not be fetched ({type(error).__name__}: {error})."
        hint = (
            "Check the network and try again, or set EMOLIB_DATA to a folder that holds `eegmat`."
        )
        raise DataError(url, problem, hint) from error
    return Path(folder)
