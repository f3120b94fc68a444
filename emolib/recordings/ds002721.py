"""Film music: 31 people, 40 clips each, rated on eight scales; real and open.

OpenNeuro ds002721: 19 electrodes, 1000 Hz, four runs of ten trials. The signals are EDF files, the
tables of events beside them. `ds002721_events` reads them, and says which traps lie there.

Nobody has yet run this on the signals themselves: a recording's notes say what of them differs
from their description.

Daly I, Nicolaou N, Williams D, et al. Neural and physiological data from participants listening to
affective music. Scientific Data 7:177, 2020. doi:10.18112/openneuro.ds002721.v1.0.2, CC BY 4.0.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pooch
import requests
import xarray as xr

from emolib.errors import DataError
from emolib.recordings import files
from emolib.recordings.ds002721_events import (
    COPY_AGAIN,
    FILED_IN,
    LISTED,
    RUNS,
    eeg_file,
    events_file,
    trials_of,
)
from emolib.recordings.recording import (
    STANDARD_MEMORY_MB,
    UNKNOWN_STIMULUS,
    check_subject,
    is_there,
    published_root,
    some,
    subject_name,
    with_notes,
    wrong_folder,
)
from emolib.recordings.settings import DEFAULT, RecordingSettings
from emolib.storage import atomic

RANDOMISED_ORDER = False
MEMORY_MB = STANDARD_MEMORY_MB
ALL = tuple(subject_name(number) for number in range(1, 32))
SAMPLE = ALL[:10]  # enough for a start: 0.9 GB instead of 2.9
# As the grid names them; in the files they are FP1, FP2 and, the old names, T3, T4, T5 and T6.
# fmt: off
CHANNELS = frozenset((
    "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz", "C4", "T8", "P7", "P3", "Pz",
    "P4", "P8", "O1", "O2",
))
# fmt: on
SFREQ = 1000.0
REST_SECONDS = 3.0  # a cross on the screen, before the music

URL = "https://s3.amazonaws.com/openneuro.org/ds002721/"
FILES = Path(__file__).with_name("ds002721_files.csv")  # path, bytes, MD5 and version of each EDF
SIDECARS = Path(__file__).with_name("ds002721_sidecars.zip")
RETRIES = 2  # of each file
CHUNK = 2**18  # bytes
ENOUGH_UNANSWERED = 2  # files for which no server answers: the others are not asked for

_EXPECTED = "sub-01/eeg/sub-01_task-run2_events.tsv"


def trials(root: str | Path) -> pd.DataFrame:
    """Read the trials of all people from the tables of events.

    Parameters
    ----------
    root : path
        The folder of the data set, a BIDS tree. No signal is read.

    Returns
    -------
    DataFrame
        One row a trial: `participant`; `run` (2-5); `trial` (1-10); `onset_s` of the music,
        seconds from the beginning of its file; `duration_s`; `stimulus`, the clip's number, NaN
        where unknown; `stimulus_in_same_file`, the one that the trial's own file names, which is
        not the trial's; `complete`, 1 where each of the eight questions has one answer; `check`, 1
        where both copies of the answers agree; and the eight ratings, 1-9.

    Raises
    ------
    DataError
        If the folder holds no such tables, or one is not readable.
    """
    parts = [trials_of(root, subject) for subject in subjects(root)]
    return pd.concat(parts, ignore_index=True)


def subjects(root: str | Path) -> list[str]:
    """List the people of whom the folder holds tables of events: "sub-01"."""
    found = _found(root)
    if not found:
        hint = "Give the folder of the data set, a BIDS tree; `download` makes one."
        raise wrong_folder(root, "table of events", _EXPECTED, hint)
    return found


def sources(root: str | Path, subject: str) -> list[Path]:
    """Return a subject's EDF files, also those that are not there, and tables of events."""
    check_subject(root, subject, subjects(root))
    signals = [eeg_file(root, subject, run) for run in RUNS]
    tables = [events_file(root, subject, run) for run in FILED_IN]
    return [*signals, *(path for path in tables if path.exists())]


def read(root: str | Path, subject: str, *, settings: RecordingSettings = DEFAULT) -> xr.Dataset:
    """Read one subject: the music of each trial, the 3 s before it, and eight ratings.

    A trial's stimulus is its clip, "252"; one whose clip is unknown has a name of its own.
    """
    signals = sources(root, subject)[: len(RUNS)]
    for path in signals:
        if not is_there(path):
            hint = (
                "A run downloads it if the study names no `root` and EMOLIB_DATA is not set; else "
                "put it there (in a DataLad clone, `datalad get` does)."
            )
            raise DataError(path, "is not there.", hint)
    own = trials_of(root, subject)
    own.index = pd.RangeIndex(1, len(own) + 1)
    notes = [note for path in signals for note in _unlike_described(path)]
    unknown = own["stimulus"].isna()
    for what, which in {
        "have no known clip": unknown,
        "lack answers": own["complete"] == 0,
        "have answers whose two copies differ": (own["complete"] == 1) & (own["check"] == 0),
        "have no end of the music, and are left out": own["duration_s"].isna(),
    }.items():
        if which.any():
            numbers = some([*map(str, own.index[which])])
            notes.append(f"{which.sum()} of {len(own)} trials {what}: {numbers}")
    number = own["stimulus"].fillna(0).astype(int).map("{:03d}".format)
    table = pd.DataFrame(
        {
            "subject": subject,
            "file": [str(eeg_file(root, subject, run)) for run in own["run"]],
            "trial": own.index,
            "onset_seconds": own["onset_s"],
            "duration_seconds": own["duration_s"],
            "baseline_seconds": REST_SECONDS,
            "stimulus": number.mask(
                unknown, [f"{UNKNOWN_STIMULUS}{subject}-{k}" for k in own.index]
            ),
            **own[[*LISTED]].astype(float),
        }
    )
    table = table.dropna(subset="duration_seconds")
    if table.empty or (early := table["onset_seconds"].min()) < REST_SECONDS:
        problem = f"{subject} has no trial" if table.empty else f"music begins at {early:g} s"
        raise DataError(root, f"{problem}; there are {REST_SECONDS:g} s before it.", COPY_AGAIN)
    recording = files.cut_trials(table, where=root, dataset="ds002721", settings=settings)
    return with_notes(recording, *notes)


def _found(root: str | Path) -> list[str]:
    """List the people of whom a folder holds the table of a run with music."""
    found = Path(root).glob("sub-*/eeg/sub-*_task-run[2-5]_events.tsv")
    return sorted({path.parents[1].name for path in found})


def _unlike_described(path: Path) -> list[str]:
    """List in what a file of signals differs from its description."""
    raw, channels, _ = files.open_eeg(path)
    found = []
    if raw.info["sfreq"] != SFREQ:
        found.append(f"{raw.info['sfreq']:g} Hz")
    if differ := channels.keys() ^ CHANNELS:
        found.append(f"other channels ({some(sorted(differ))})")
    described = f"the data set's description has {SFREQ:g} Hz and {len(CHANNELS)} channels"
    return [f"{path.name}: {' and '.join(found)}; {described}"] if found else []


# The download


def default_root(*, fetch: bool = False, wanted: Iterable[str] | None = None) -> Path:
    """Return where the data lie: below `EMOLIB_DATA` if that is set, else a cache.

    The first is the folder `openneuro/ds002721` or `ds002721`. With `fetch`, what the cache lacks
    is downloaded: the people `wanted`, by default those of whom something is there, or `SAMPLE`.
    """
    root, is_cache = published_root("ds002721", _found, "table of events", _EXPECTED)
    if fetch and is_cache:
        download(root, wanted or _found(root) or SAMPLE)
    return root


def write_sidecars(folder: str | Path, subjects: Iterable[str]) -> None:
    """Write people's tables of events, unchanged, where they are missing; they come with emolib."""
    with zipfile.ZipFile(SIDECARS) as archive:
        for name in archive.namelist():
            path = Path(folder, name)
            if name.partition("/")[0] in {*subjects, name} and not path.exists():
                with atomic(path) as temporary:
                    temporary.write_bytes(archive.read(name))


def download(folder: str | Path, subjects: Iterable[str] = SAMPLE) -> Path:
    """Fetch people's signals from OpenNeuro into a folder, with the tables of events.

    A file is kept if it has the published size and MD5; one that is cut or damaged on the way is
    fetched again, `RETRIES` times. What cannot be had of one person does not keep back the others.

    Raises
    ------
    DataError
        If a person was never recorded, or nobody's signals could be fetched whole.
    """
    names = [check_subject(URL, name, ALL) for name in subjects]
    table = pd.read_csv(FILES)
    table = table.assign(subject=table["path"].str.partition("/")[0])
    table = table[table["subject"].isin(names)]
    missing = [
        row for row in table.itertuples() if not _is_whole(Path(folder, row.path), row.bytes)
    ]
    pooch.get_logger().setLevel("WARNING")
    keeper = pooch.create(
        path=folder,
        base_url=URL,
        registry={row.path: f"md5:{row.md5}" for row in missing},
        urls={row.path: f"{URL}{row.path}?versionId={row.version}" for row in missing},
        retry_if_failed=RETRIES,
    )
    bar = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), chunk_size=CHUNK)
    faults: dict[str, DataError] = {}
    unanswered = 0  # one after the other
    try:
        write_sidecars(folder, names)
    except OSError as error:
        hint = "Make room there, or set EMOLIB_DATA to a folder with `ds002721`."
        raise DataError(folder, f"cannot be written to ({error}).", hint) from error
    for number, row in enumerate(missing, 1):
        size = f"{row.bytes / 1e6:.1f} MB, {number} of {len(missing)}"
        print(f"fetching {Path(row.path).name} ({size})", file=sys.stderr, flush=True)
        try:
            keeper.fetch(row.path, downloader=bar)
            unanswered = 0
        except (OSError, ValueError) as error:  # ValueError: another MD5
            faults.setdefault(row.subject, _not_fetched(row.path, error))
            unanswered = unanswered + 1 if isinstance(error, requests.ConnectionError) else 0
        if unanswered == ENOUGH_UNANSWERED:
            break
    lacking = {row.subject for row in missing if not _is_whole(Path(folder, row.path), row.bytes)}
    if lacking == {*names} and faults:
        raise next(iter(faults.values()))
    for fault in faults.values():
        print(fault, file=sys.stderr)
    return Path(folder)


def _is_whole(path: Path, n_bytes: int) -> bool:
    """Return whether a file has its size: it gets its name only after its MD5 was compared."""
    return path.is_file() and path.stat().st_size == n_bytes


def _not_fetched(name: str, error: Exception) -> DataError:
    """Return the error of a file that could not be had."""
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        problem = f"was damaged on the way {RETRIES + 1} times, so it was not kept ({error})."
        return DataError(URL + name, problem, "Run the study again later.")
    problem = f"could not be fetched ({type(error).__name__}: {error})."
    hint = "Check the network and run again, or set EMOLIB_DATA to a folder with `ds002721`."
    return DataError(URL + name, problem, hint)
