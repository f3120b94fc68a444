"""How recordings are read: the section `recordings` of a study file.

Where MNE-BIDS-Pipeline has the setting, it has its name and its meaning here
(https://mne.tools/mne-bids-pipeline/stable/settings/general.html). `preprocessing` carries it out.
"""

from __future__ import annotations

import difflib
import math
import warnings
from dataclasses import dataclass, field, replace
from typing import Any

from emolib.errors import SettingsError, check_option, did_you_mean
from emolib.recordings.recording import RATING_HIGH, RATING_LOW

REFERENCES = ("average", "recorded")
RATINGS = ("recording", "table")
OF_BIDS = (
    *("task", "conditions", "epochs_tmin", "epochs_tmax", "onset_sfreq"),
    *("ratings_table", "ratings_by"),
)
OF_ONE = {"deap": ("ratings",), "bids": OF_BIDS}  # others are of all that take `RecordingSettings`
OF_EPOCHS = (  # what can still be done where trials are cut already
    *("eeg_reference", "drop_channels", "rating_range", "rename_channels", "bads"),
    *("reject", "ratings_table"),
)
READING = ("rename_channels", "rating_range", "annotations", *OF_BIDS)  # others change the signals
HIDING = ("notch_freq", "l_freq", "h_freq", "raw_resample_sfreq", "regress_artifact", "ica")
LARGEST_REJECT = 0.01  # volts; who writes 150 means microvolts


@dataclass(frozen=True)
class RecordingSettings:
    """Describe how a recording is read and preprocessed.

    A channel may be named as its file does or as the grid does: "EEG T3-LE" and "T7" are one. A
    name that is neither in the file nor an electrode of the grid is a DataError of that subject.

    Parameters
    ----------
    eeg_reference : {"average", "recorded"} or names of channels
        The common average of all channels on the grid, as DEAP's, what the amplifier had, or the
        mean of the channels named, such as two mastoids.
    drop_channels : tuple of str
        Channels to leave out before anything else.
    rating_range : (float, float)
        The lowest and highest rating that the scales allow.
    rename_channels : mapping of str to str
        New names by old ones.
    bads : tuple of str
        Bad channels, beside those that the file marks as bad.
    bad_channels : {"drop", "interpolate", "keep", "auto"}
        What becomes of bad channels: they are left out, or are computed from the others by
        spherical splines, or stay. "auto" looks for more of them, see
        `preprocessing.find_bad_channels`, and interpolates all.
    eeg_template_montage : str, optional
        The places of the electrodes, a montage of MNE; by default the grid's own.
    notch_freq : float or tuple of float, optional
        Hz, such as 50 for the mains.
    l_freq, h_freq : float, optional
        Hz: limits of a band-pass filter without phase shift.
    raw_resample_sfreq : float, optional
        The sampling frequency to resample to, Hz.
    eog_channels : tuple of str
        Channels that show the eyes' movements. Electrodes of the grid, such as Fp1, may stand in.
    regress_artifact : mapping, optional
        `picks_artifact`, by default "eog", are regressed out of `picks`, by default "eeg". They are
        EOG from then on and leave the grid.
    ica : tuple of {"find_bads_eog", "find_bads_muscle"}
        Which components of an independent component analysis are taken out.
    reject : mapping, optional
        `eeg`: volts from peak to peak; trials with more at any electrode are left out.
    annotations : {"omit", "keep"}
        Whether trials are left out in which the file has an annotation that starts with BAD, a
        boundary or a new segment.

    task : str, optional
        Of BIDS: which recordings hold trials, by their entity `task`; by default all.
    conditions : tuple of str
        Of BIDS: the `trial_type` of the events that are trials; by default all events are.
    epochs_tmin, epochs_tmax : float
        Of BIDS: seconds from an event's onset. A trial ends at `epochs_tmax`, by default after the
        event's duration; what lies from `epochs_tmin` to the onset is its baseline.
    onset_sfreq : float, optional
        Of BIDS: where onsets and durations count samples, against the standard, so many in a
        second, Hz.
    ratings_table : str, optional
        Of BIDS and epochs: a table of ratings, from the folder of the data. Columns `subject` (or
        `participant_id`) and `trial` say whose they are; with a column `session`, `task` or `run`,
        trials are counted from 1 in each. Of BIDS, `{subject}` in it stands for such as "sub-01".
    ratings_by : str, optional
        Of BIDS: the column of the table of ratings that names what was presented. Ratings then
        belong to the event that names the same, whatever their order.
    ratings : {"recording", "table"}
        Of DEAP: whether the ratings are those in the files of the recordings, or those of
        `participant_ratings.csv` beside them. There are copies in which the two disagree.

    Raises
    ------
    SettingsError
        For an option that is unknown, a value out of range, or settings that contradict each other.
    """

    eeg_reference: Any = "average"  # a word or several: checked below, in one sentence
    drop_channels: tuple[str, ...] = ()
    rating_range: tuple[float, float] = (RATING_LOW, RATING_HIGH)
    rename_channels: dict[str, str] = field(default_factory=dict)
    bads: tuple[str, ...] = ()
    bad_channels: str = "drop"
    eeg_template_montage: str | None = None
    notch_freq: Any = None  # a number or several, as above
    l_freq: float | None = None
    h_freq: float | None = None
    raw_resample_sfreq: float | None = None
    eog_channels: tuple[str, ...] = ()
    regress_artifact: dict[str, Any] | None = None
    ica: tuple[str, ...] = ()
    reject: dict[str, float] | None = None
    annotations: str = "omit"
    ratings: str = "recording"
    task: str | None = None
    conditions: tuple[str, ...] = ()
    epochs_tmin: float = 0.0
    epochs_tmax: float | None = None
    onset_sfreq: float | None = None
    ratings_table: str | None = None
    ratings_by: str | None = None

    def __post_init__(self) -> None:
        self._check_reference()
        for name in ("drop_channels", "bads", "eog_channels", "ica", "conditions"):
            if isinstance(names := getattr(self, name), str):
                raise SettingsError(name, f"got {names!r}.", f"Write a list: [{names}].")
            object.__setattr__(self, name, tuple(names))
        check_option("annotations", self.annotations, ("omit", "keep"))
        check_option("ratings", self.ratings, RATINGS)
        options = ("drop", "interpolate", "keep", "auto")
        check_option("bad_channels", self.bad_channels, options)
        if self.bads and self.bad_channels == "keep":
            hint = "Use `drop`, `interpolate` or `auto`, or take `bads` out."
            raise SettingsError("bad_channels", "is 'keep', but `bads` names channels.", hint)
        low, high = self.rating_range
        if not low < high:
            problem = f"got {low:g} to {high:g}."
            raise SettingsError("rating_range", problem, "Give the lowest and the highest rating.")
        self._check_frequencies()
        for method in self.ica:
            check_option("ica", method, ("find_bads_eog", "find_bads_muscle"))
        for key, value in (self.regress_artifact or {}).items():
            check_option("regress_artifact", key, ("picks", "picks_artifact"))
            if not _are_words([value] if isinstance(value, str) else value):
                hint = "Name a type, 'eeg' or 'eog', or channels in a list."
                raise SettingsError(f"regress_artifact.{key}", f"got {value!r}.", hint)
        for key, volts in (self.reject or {}).items():
            check_option("reject", key, ("eeg",))
            if not 0 < volts <= LARGEST_REJECT:
                hint = "Give volts from peak to peak: 150e-6 for 150 microvolts."
                raise SettingsError(f"reject.{key}", f"got {volts:g}.", hint)
        if not -math.inf < self.epochs_tmin <= 0:
            problem, hint = f"got {self.epochs_tmin:g}.", "Give -3 for a baseline of 3 seconds."
            raise SettingsError("epochs_tmin", problem, hint)
        if self.epochs_tmax is not None and not 0 < self.epochs_tmax < math.inf:
            problem, hint = f"got {self.epochs_tmax:g}.", "Give the seconds of a trial."
            raise SettingsError("epochs_tmax", problem, hint)
        if self.ratings_by and not self.ratings_table:
            problem = f"is {self.ratings_by!r}, but no `ratings_table` is named."
            raise SettingsError("ratings_by", problem, "Name the table, or take `ratings_by` out.")
        if self.eeg_template_montage is not None:
            _check_montage(self.eeg_template_montage)

    def as_recorded(self) -> RecordingSettings | None:
        """Return settings of the same channels, before anything that would hide a flat one.

        None if nothing is asked for that would, or if bad channels are looked for anyway.
        """
        kept = self.eeg_reference if self.eeg_reference in REFERENCES else "recorded"
        untouched = {name: getattr(DEFAULT, name) for name in HIDING}
        plain = replace(self, eeg_reference=kept, **untouched)
        if plain == self or self.bad_channels == "auto":
            return None
        return replace(plain, bad_channels="drop" if self.bads else self.bad_channels)

    def without_preprocessing(self) -> RecordingSettings:
        """Return settings that read a recording likewise and leave its signals as they are."""
        return replace(DEFAULT, **{name: getattr(self, name) for name in READING})

    def _check_reference(self) -> None:
        """Refuse what is neither an option nor names of channels; a single name becomes a list."""
        held = self.eeg_reference
        if isinstance(held, str):
            if held in REFERENCES:
                return
            if difflib.get_close_matches(held, REFERENCES):
                check_option("eeg_reference", held, REFERENCES)
            held = [held]
        if not _are_words(held):
            hint = "Write 'average', 'recorded' or names of channels, such as [M1, M2]."
            raise SettingsError("eeg_reference", f"got {self.eeg_reference!r}.", hint)
        object.__setattr__(self, "eeg_reference", tuple(held))

    def _check_frequencies(self) -> None:
        """Refuse frequencies that are not positive and finite, or a band that is none."""
        if isinstance(self.notch_freq, list):
            object.__setattr__(self, "notch_freq", tuple(self.notch_freq))
        for name in ("l_freq", "h_freq", "raw_resample_sfreq", "onset_sfreq", "notch_freq"):
            given = getattr(self, name)
            for hz in given if name == "notch_freq" and isinstance(given, tuple) else (given,):
                number = isinstance(hz, int | float) and math.isfinite(hz) and hz > 0
                if hz is not None and not number:
                    hint = "Give a frequency above 0 Hz, or leave the key out."
                    raise SettingsError(name, f"got {hz!r}.", hint)
        if self.l_freq and self.h_freq and self.l_freq >= self.h_freq:
            problem = f"{self.l_freq:g} Hz is not below `h_freq`, {self.h_freq:g} Hz."
            raise SettingsError("l_freq", problem, "What lies between the two is kept.")


def _are_words(names: object) -> bool:
    """Return whether this is a list of words, one at least."""
    listed = isinstance(names, list | tuple) and len(names) > 0
    return listed and all(isinstance(name, str) for name in names)


def _check_montage(name: str) -> None:
    """Refuse a name that MNE has no montage for."""
    import mne  # here, not above: a second that other settings need not wait for

    try:
        with warnings.catch_warnings(action="ignore"):  # old names still work
            mne.channels.make_standard_montage(name)
    except ValueError:
        known = mne.channels.get_builtin_montages()
        raise SettingsError(
            "eeg_template_montage", f"got {name!r}.", did_you_mean(name, known)
        ) from None


DEFAULT = RecordingSettings()
