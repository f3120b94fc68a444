"""What is found of a subject, a study or a file of signals before anything is computed."""

from __future__ import annotations

import dataclasses
import json
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from emolib.errors import InputError
from emolib.recordings.child import read_apart
from emolib.recordings.eeg_file import open_raw
from emolib.recordings.electrodes import choose_channels
from emolib.recordings.roles import assign_roles
from emolib.recordings.settings import RecordingSettings


@dataclass
class Finding:
    """What `check` finds of one subject, or of the study as a whole.

    Parameters
    ----------
    subject : str or None
        None: it is about the study.
    usable : bool
        Whether a run would use it.
    problem, remedy : str or None
        Why not, and what to do.
    notes : list of str
        What was left out or done, and what a reader should know.
    files : list of str
        What the subject is read from, as seen from the recordings' folder.
    duration_seconds : float or None
        Of the files with signals or, where a data set is cut already, of its trials.
    sfreq : float or None
        Sampling frequency, Hz.
    channels, channels_off_grid : list of str
        Those that are used, and the others of the files.
    trials : int
        How many are used.
    trials_left_out : dict of str to str
        Why others are not, by their number.
    classes : dict of str to dict
        By task and class: how many of the trials.
    """

    subject: str | None
    usable: bool = True
    problem: str | None = None
    remedy: str | None = None
    notes: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    duration_seconds: float | None = None
    sfreq: float | None = None
    channels: list[str] = field(default_factory=list)
    channels_off_grid: list[str] = field(default_factory=list)
    trials: int = 0
    trials_left_out: dict[str, str] = field(default_factory=dict)
    classes: dict[str, dict[str, int]] = field(default_factory=dict)

    def fail(self, error: InputError) -> None:
        """Note why it cannot be used."""
        self.usable, self.problem, self.remedy = (
            False,
            f"{error.source}: {error.message}",
            error.hint,
        )


def print_json(found: Sequence[Finding]) -> None:
    """Print findings as one JSON list."""
    print(json.dumps([dataclasses.asdict(one) for one in found], indent=1))


def print_fault(error: InputError) -> None:
    """Print as a JSON list why a study cannot be read at all."""
    one = Finding(None)
    one.fail(error)
    print_json([one])


def headers(
    paths: Sequence[Path], settings: RecordingSettings
) -> list[tuple[float, float, dict[str, str]]]:
    """Return of each file its seconds, its rate (Hz) and why channels are left out, if MNE can."""

    def opened() -> Iterator[tuple[float, float, dict[str, str]]]:
        for path in paths:
            with warnings.catch_warnings(action="ignore"), suppress(Exception):
                raw, _ = open_raw(path)
                drop, sfreq = assign_roles(raw, settings, path).drop, float(raw.info["sfreq"])
                left_out = dict(choose_channels(path, raw, drop).left_out)
                yield raw.n_times / sfreq, sfreq, left_out

    with suppress(InputError):  # whatever is wrong, the reader says so
        return read_apart(lambda: list(opened()), paths)
    return []
