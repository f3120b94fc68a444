"""Files of epochs: trials that somebody has cut already, in MNE or in EEGLAB.

A folder of `-epo.fif`, `_epo.fif` or epoched `.set` files. What stands behind `sub-` in a file's
name is the subject, behind `ses-` the session; without `sub-`, each file is a subject of its own.
Every column of the metadata, and of the settings' table of ratings, may be what a trial is
classified by, and the names of the events are the class "event". What lies before 0 s is the
baseline. Nothing can be filtered or resampled any more: that is done before trials are cut.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from emolib.errors import DataError
from emolib.recordings import files
from emolib.recordings.arrays import COPY_AGAIN, unpacked
from emolib.recordings.eeg_file import assign_roles, read_epochs
from emolib.recordings.epochs import NO_CLASS, recording_of
from emolib.recordings.formats import belonging
from emolib.recordings.preprocessing import preprocess_trials
from emolib.recordings.ratings_table import with_ratings
from emolib.recordings.recording import (
    STANDARD_MEMORY_MB,
    check_subject,
    damaged,
    matching,
    refuse_dangling,
    refuse_special,
    wrong_folder,
)
from emolib.recordings.settings import DEFAULT, REFERENCES, RecordingSettings
from emolib.recordings.trial_table import by_number, sort_subjects, subject_of, with_types

if TYPE_CHECKING:
    import mne

RANDOMISED_ORDER = False
MEMORY_MB = STANDARD_MEMORY_MB
default_root = None

EVENT = "event"  # the task whose classes are the names of the events
KNOWN = ("trial", "stimulus", "session", "trial_samples")  # columns that are no labels

_FILE = re.compile(r"(?i)(?:(.+?)[-_]epo\.fif(?:\.gz)?|(.+)\.set)")
_EXPECTED = "sub-01-epo.fif or sub-01.set"
_GIVE_FOLDER = "Give the folder that holds them."


def subjects(root: str | Path) -> list[str]:
    """List the subjects of the folder `root`, in numeric order."""
    return sort_subjects(_files(root))


def sources(root: str | Path, subject: str, *, settings: RecordingSettings = DEFAULT) -> list[Path]:
    """Return the files that hold a subject: epochs, what belongs to them, and ratings."""
    own = _files(root)
    found = own[check_subject(root, subject, own)]
    parts = [path for file in found for path in belonging(file)]
    split = [path for file in found for path in file.parent.glob(f"{file.stem}-*.fif")]
    rated = [Path(root) / settings.ratings_table] if settings.ratings_table else []
    return list(dict.fromkeys([*rated, *found, *parts, *sorted(split)]))


def read(root: str | Path, subject: str, *, settings: RecordingSettings = DEFAULT) -> xr.Dataset:
    """Read one subject: a recording, see `epochs.from_epochs`, with all labels that there are."""
    import mne  # here, not above: a second that other readers need not wait for

    found = _files(root)
    paths = found[check_subject(root, subject, found)]
    where = ", ".join(map(str, paths))
    parts = [_open(path, settings) for path in paths]
    with damaged(where, "its files do not fit each other", "Use the same channels, rate and times"):
        epochs = parts[0] if len(parts) == 1 else mne.concatenate_epochs(parts, verbose="error")
    table = epochs.metadata
    if len(parts) > 1 or "trial" not in table:
        table = table.assign(trial=range(1, len(table) + 1))
    labels = [name for name in table if name not in KNOWN]
    table[labels] = table[labels].astype(object)
    if settings.ratings_table:
        path = Path(root) / settings.ratings_table
        table, added = with_ratings(table, path, subject, labels)
        labels += added
    table = with_types(table, labels)
    with mne.utils.use_log_level("error"):
        epochs.metadata = table
    scales = [name for name in labels if table[name].dtype.kind == "f"]
    recording = recording_of(
        epochs,
        where,
        subject,
        classes=[name for name in labels if name not in scales],
        ratings=scales,
        rating_range=settings.rating_range,
        other_numbers=True,
        leave_out=files.LEAVE_OUT,
        leave_trial_out="drop the epoch",
    )
    return preprocess_trials(recording, settings, where)


def _files(root: str | Path) -> dict[str, list[Path]]:
    """Map subjects to their files, in the order of the names."""
    found: dict[str, list[Path]] = {}
    for match, path in matching(Path(root), _FILE):
        name = re.search(r"sub-[^\W_]+", unicodedata.normalize("NFC", path.name))
        subject = name[0] if name else subject_of(match[1] or match[2])
        found.setdefault(subject, []).append(path)
    if not found:
        raise wrong_folder(root, "file of epochs", _EXPECTED, _GIVE_FOLDER)
    return {
        subject: sorted(paths, key=lambda path: by_number(path.name))
        for subject, paths in found.items()
    }


def _open(path: Path, settings: RecordingSettings) -> mne.BaseEpochs:
    """Open a file's epochs; their metadata have all that is known of each."""
    import mne  # as above

    refuse_dangling(path)
    refuse_special(path, path.with_suffix(".fdt"))
    if settings.eeg_reference not in REFERENCES:
        hint = "Set it in MNE before, or use 'average' or 'recorded'."
        raise DataError(path, "epochs are not re-referenced here.", hint)
    if path.suffix.lower() == ".set":
        unpacked(path)
    hint = "If it is one whole recording, not cut into trials, use `dataset: files`. Else: "
    with (
        damaged(path, "MNE cannot read its epochs", f"{hint}{COPY_AGAIN}"),
        warnings.catch_warnings(action="ignore"),
    ):
        epochs = read_epochs(path)
    names = {code: name for name, code in epochs.event_id.items()}
    events = ["" if (name := names[code]) == NO_CLASS else name for code in epochs.events[:, 2]]
    used = assign_roles(epochs, settings, path)
    epochs.drop_channels(used.drop)
    table = pd.DataFrame(index=range(len(epochs))) if epochs.metadata is None else epochs.metadata
    if EVENT not in table:
        table = table.assign(**{EVENT: events})
    if session := re.search(r"ses-([^\W_]+)", unicodedata.normalize("NFC", path.name)):
        table = table.assign(session=session[1])
    with mne.utils.use_log_level("error"):
        epochs.metadata = table.reset_index(drop=True)
    return epochs
