"""How a study's recordings are read: its section `recordings`."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from emolib.errors import DataError, SettingsError
from emolib.grid import canonical_name, electrodes
from emolib.recordings import READERS, Reader
from emolib.recordings.child import read_apart
from emolib.recordings.recording import some, with_notes
from emolib.recordings.settings import DEFAULT, OF_EPOCHS, OF_ONE, RecordingSettings
from emolib.study.keys import settings_error

if TYPE_CHECKING:
    import xarray as xr

SETTINGS = [field.name for field in dataclasses.fields(RecordingSettings)]


@dataclasses.dataclass(frozen=True)
class StudyRecordings(RecordingSettings):
    """Describe how the recordings of a study are read: of everybody, and what differs by subject.

    Attributes
    ----------
    subjects : dict of str to dict
        By subject: keys of `RecordingSettings` that differ.
    """

    subjects: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)

    def of(self, subject: str, file: Path) -> RecordingSettings:
        """Return the settings of one subject; a SettingsError names `file` and what is wrong."""
        everybody = {name: getattr(self, name) for name in SETTINGS}
        own = self.subjects.get(subject, {})
        try:
            return _OfOne(recordings=everybody | own).recordings
        except ValidationError as error:
            raise settings_error(f"{file}: subject {subject}", error, _OfOne, {}) from None

    def check_dataset(self, dataset: str) -> None:
        """Refuse settings that the data set's reader does not take."""
        own = {key for of_one in self.subjects.values() for key in of_one}
        for key in SETTINGS:
            if getattr(self, key) == getattr(DEFAULT, key) and key not in own:
                continue
            able = [name for name in READERS if key in taken_by(name)]
            if dataset not in able:
                problem = f"is given for {dataset!r}, whose reader does not take it."
                hint = f"Only {' and '.join(map(repr, able))} take it."
                raise SettingsError(f"recordings.{key}", problem, hint)


class _OfOne(BaseModel):
    """Validate the settings of one subject."""

    model_config = ConfigDict(extra="forbid")
    recordings: RecordingSettings


def takes_settings(reader: Reader) -> bool:
    """Return whether a reader's `read` takes `settings`: it reads what an amplifier wrote."""
    return _takes(reader.read, "settings")


def _takes(function: Callable[..., Any], name: str) -> bool:
    """Return whether a function has a parameter of this name."""
    return name in inspect.signature(function).parameters


def taken_by(name: str) -> set[str]:
    """Return the settings that the reader of a data set of this name takes."""
    if name == "epochs":
        return {*OF_EPOCHS}
    of_all = {*SETTINGS}.difference(*OF_ONE.values()) if takes_settings(READERS[name]) else set()
    return of_all.union(OF_ONE.get(name, ()))


def read(reader: Reader, root: Path, subject: str, asked: RecordingSettings) -> xr.Dataset:
    """Read a recording with those of the settings that its reader takes, in a child process.

    A simulated one is our own, and is read here.
    """
    taken = {key: getattr(asked, key) for key in SETTINGS if _takes(reader.read, key)}
    if takes_settings(reader):
        taken = {"settings": asked}
    whole = functools.partial(reader.read, root, subject, **taken)
    if reader is READERS["simulated"]:
        return on_grid(whole(), subject)
    files = sources_of(reader, root, subject, asked)
    return on_grid(read_apart(whole, files, reader.MEMORY_MB), subject)


def on_grid(recording: xr.Dataset, where: str) -> xr.Dataset:
    """Leave out channels that the grid in use has no cell for, with a note; all is a DataError."""
    channels = recording["channel"].to_numpy().tolist()
    lost = [name for name in channels if canonical_name(name) not in electrodes()]
    if not lost:
        return recording
    if len(lost) == len(channels):
        problem = f"none of its electrodes, {some(lost)}, is on the study's grid."
        raise DataError(where, problem, "Give some of them a cell in `grid` of the study.")
    recording = recording.sel(channel=[name for name in channels if name not in lost])
    return with_notes(recording, f"left out, since not on the study's grid: {', '.join(lost)}")


def sources_of(reader: Reader, root: Path, subject: str, asked: RecordingSettings) -> list[Path]:
    """Return the files that hold a subject, as far as settings decide it, too."""
    taken = {"settings": asked} if _takes(reader.sources, "settings") else {}
    return reader.sources(root, subject, **taken)


def read_plainly(
    reader: Reader, root: Path, subject: str, asked: RecordingSettings
) -> tuple[xr.Dataset | None, str]:
    """Read a recording without what the settings asked for do to it, to compare the two.

    None if they do nothing, or if it can only be used thanks to them: then also why.
    """
    plain = asked.without_preprocessing()
    if asked == plain:
        return None, ""
    try:
        return read(reader, root, subject, plain), ""
    except DataError as error:
        return None, error.message
