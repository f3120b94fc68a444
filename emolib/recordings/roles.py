"""The channels of a file that its settings name: renamed, dropped, bad, EOG, reference."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from emolib.errors import DataError, did_you_mean
from emolib.grid import canonical_name, electrodes
from emolib.recordings.electrodes import find_channels
from emolib.recordings.formats import described_by
from emolib.recordings.recording import damaged
from emolib.recordings.settings import REFERENCES, RecordingSettings

if TYPE_CHECKING:
    import mne

# Types of channels in MNE by those of BIDS; all others are "misc" there.
TYPES = {"EEG": "eeg", "EOG": "eog", "HEOG": "eog", "VEOG": "eog", "ECG": "ecg", "EMG": "emg"}


@dataclass(frozen=True)
class Roles:
    """Name the channels of one file, as the file does once renamed, that its settings speak of."""

    renamed: dict[str, str]  # new names by those in the file
    drop: list[str]
    bads: list[str]
    reference: list[str]
    eog: list[str]
    regressors: list[str]
    regressed: list[str]
    absent: list[str]  # electrodes that the settings name and the file lacks

    @property
    def kept(self) -> list[str]:
        """List the channels that are used, whether they have a place on the grid or not."""
        return [*self.reference, *self.eog, *self.regressors]


def assign_roles(raw: mne.io.BaseRaw, settings: RecordingSettings, where: Path) -> Roles:
    """Rename and mark the channels of an opened file, in place; find those that settings name.

    A name that is neither in the file nor an electrode of the grid is a DataError. An electrode
    that is not there is none where it was to be renamed, dropped or bad.
    """
    marked = {*raw.info["bads"], *_read_table(raw, where)}
    renamed = {
        old: new
        for name, new in settings.rename_channels.items()
        for old in _find(raw, "rename_channels", [name], where)
    }
    in_file = raw.ch_names
    after = [renamed.get(name, name) for name in in_file]
    if twice := sorted({name for name in after if after.count(name) > 1}):
        problem = f"`rename_channels` gives more than one channel the name {', '.join(twice)}."
        raise DataError(where, problem, "Give each channel a name of its own.")
    raw.rename_channels(renamed, verbose="error")
    marked = [new for old, new in zip(in_file, after, strict=True) if old in marked]

    kinds = zip(raw.ch_names, raw.get_channel_types(), strict=True)
    typed = [name for name, kind in kinds if kind == "eog"]
    eog = _find(raw, "eog_channels", settings.eog_channels, where) or typed
    regression = settings.regress_artifact or {}
    artifact, regressed = (
        [value] if isinstance(value := regression.get(key, kind), str) else list(value)
        for key, kind in (("picks_artifact", "eog"), ("picks", "eeg"))
    )
    regressors = eog if artifact == ["eog"] else _find(raw, "regress_artifact", artifact, where)
    needs = {
        "regress_artifact": settings.regress_artifact is not None and not regressors,
        "ica": "find_bads_eog" in settings.ica and not eog,
    }
    if asks := next((setting for setting, lacks in needs.items() if lacks), ""):
        problem = f"has no EOG channel, which `{asks}` needs."
        hint = "Name some in `eog_channels`; electrodes near the eyes, such as Fp1, may stand in."
        raise DataError(where, problem, hint)
    optional = (*settings.drop_channels, *settings.bads)
    bads = list(dict.fromkeys([*marked, *_find(raw, "bads", settings.bads, where)]))
    raw.info["bads"] = bads if settings.bad_channels == "drop" else []
    reference = () if settings.eeg_reference in REFERENCES else settings.eeg_reference
    return Roles(
        renamed=renamed,
        drop=_find(raw, "drop_channels", settings.drop_channels, where),
        bads=bads,
        reference=_find(raw, "eeg_reference", reference, where),
        eog=eog,
        regressors=regressors if settings.regress_artifact is not None else [],
        absent=[name for name in optional if not find_channels(raw, name)],
        regressed=[] if regressed == ["eeg"] else _find(raw, "regress_artifact", regressed, where),
    )


def _read_table(raw: mne.io.BaseRaw, file: Path) -> list[str]:
    """Give channels the types of the table of channels, if there is one; list those marked bad."""
    path = described_by(file, "channels")
    if not path.is_file():
        return []
    with damaged(path, "is no table", "Save it as TSV, UTF-8, or take it away."):
        table = pd.read_csv(path, sep="\t", dtype=str, encoding="utf-8-sig")
        if "name" not in table:
            return []
        table = table.set_index(table["name"].str.strip())
        types = table.get("type", pd.Series(dtype=str)).dropna().str.strip().str.upper()
        known = {name: TYPES.get(kind, "misc") for name, kind in types.items()}
        known = {name: kind for name, kind in known.items() if name in raw.ch_names}
        raw.set_channel_types(known, on_unit_change="ignore", verbose="error")
        status = table.get("status", pd.Series(dtype=str)).str.strip().str.lower()
        return status.index[status == "bad"].tolist()


def _find(raw: mne.io.BaseRaw, setting: str, names: Iterable[str], where: Path) -> list[str]:
    """Return the channels that a setting names, in the file's spelling or the grid's."""
    found = []
    for name in names:
        own = find_channels(raw, name)
        optional = setting in ("rename_channels", "drop_channels", "bads")
        if not own and not (optional and canonical_name(name) in electrodes()):
            problem = f"has no channel {name!r}, which `{setting}` names."
            known = {*map(canonical_name, raw.ch_names)}
            raise DataError(where, problem, did_you_mean(name, known))
        found += own
    return list(dict.fromkeys(found))
