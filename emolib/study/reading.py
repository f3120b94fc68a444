"""How a study's recordings are read: its section `recordings`."""

from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from emolib.errors import DataError, SettingsError
from emolib.recordings import READERS, Reader
from emolib.recordings.settings import RecordingSettings
from emolib.study.keys import settings_error

if TYPE_CHECKING:
    import xarray as xr


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
        names = [field.name for field in dataclasses.fields(RecordingSettings)]
        everybody = {name: getattr(self, name) for name in names}
        own = self.subjects.get(subject, {})
        try:
            return _OfOne(recordings=everybody | own).recordings
        except ValidationError as error:
            raise settings_error(f"{file}: subject {subject}", error, _OfOne, {}) from None

    def check_dataset(self, dataset: str) -> None:
        """Refuse settings for a data set that is read as it was released."""
        if self != StudyRecordings() and not takes_settings(READERS[dataset]):
            able = [repr(name) for name, reader in READERS.items() if takes_settings(reader)]
            problem = f"is given for {dataset!r}, whose release is read as it is."
            raise SettingsError("recordings", problem, f"Only {' and '.join(able)} take it.")


class _OfOne(BaseModel):
    """Validate the settings of one subject."""

    model_config = ConfigDict(extra="forbid")
    recordings: RecordingSettings


def takes_settings(reader: Reader) -> bool:
    """Return whether a reader's `read` takes `settings`."""
    return "settings" in inspect.signature(reader.read).parameters


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
        return reader.read(root, subject, settings=plain), ""
    except DataError as error:
        return None, error.message
