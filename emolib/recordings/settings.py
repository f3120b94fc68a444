"""How recordings are read: the section `recordings` of a study file.

Where MNE-BIDS-Pipeline has the setting, it has its name here
(https://mne.tools/mne-bids-pipeline/stable/settings/general.html).
"""

from __future__ import annotations

from dataclasses import dataclass

from emolib.errors import SettingsError, check_option, did_you_mean
from emolib.grid import SEED_GRID, canonical_name
from emolib.recordings.recording import RATING_HIGH, RATING_LOW

PLACES = frozenset(name for row in SEED_GRID for name in row if name)


@dataclass(frozen=True)
class RecordingSettings:
    """Describe how the recordings of a data set are read, all of them alike.

    Parameters
    ----------
    eeg_reference : {"average", "recorded"}
        The common average of all channels on the grid, as DEAP's, or what the amplifier had.
    drop_channels : tuple of str
        Channels to leave out: a bad one would spread over all through the average.
    rating_range : (float, float)
        The lowest and highest rating that the scales allow.

    Raises
    ------
    SettingsError
        For an option or a channel that is unknown, or a range that is none.
    """

    eeg_reference: str = "average"
    drop_channels: tuple[str, ...] = ()
    rating_range: tuple[float, float] = (RATING_LOW, RATING_HIGH)

    def __post_init__(self) -> None:
        check_option("eeg_reference", self.eeg_reference, ("average", "recorded"))
        object.__setattr__(self, "drop_channels", tuple(self.drop_channels))
        for name in self.drop_channels:
            if canonical_name(name) not in PLACES:
                raise SettingsError("drop_channels", f"got {name!r}.", did_you_mean(name, PLACES))
        low, high = self.rating_range
        if not low < high:
            problem = f"got {low:g} to {high:g}."
            raise SettingsError("rating_range", problem, "Give the lowest and the highest rating.")


DEFAULT = RecordingSettings()
