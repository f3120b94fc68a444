"""Files as somebody would bring them: an EDF file with annotations and a table of trials.

For showing, and for testing, what reading one's own recordings is like: whole, or with a fault.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from emolib.errors import check_option

EEG_FILE = "eeg/anna.edf"
TABLE = "trials.csv"
BASELINE_SECONDS = 1.0
VALENCE = (7.5, 2.0, 6.0, 3.5)  # made up
EVENTS = ("unpleasant", "pleasant")  # the annotations' texts, for valence up to 5 and above


def write_example(
    folder: str | Path,
    recording: xr.Dataset,
    *,
    valence: Sequence[float] = VALENCE,
    trial_seconds: float = 3.0,
) -> pd.DataFrame:
    """Write the first trials of a recording as one's own files, and return the table of trials.

    ::

        folder/
          trials.csv       one row per trial, with its rating of valence
          eeg/anna.edf     the signals; at each trial's onset an annotation, one of `EVENTS`

    Parameters
    ----------
    folder : path
        Where to; it is made.
    recording : Dataset
        `eeg (trial, channel, time)`, microvolts, such as that of a simulated subject.
    valence : sequence of float
        The ratings, from 1 to 9; so many trials are written, as far as they are there.
    trial_seconds : float
        Of each trial the first second becomes a baseline and the next so many seconds, as far as
        they are there, the trial.

    Returns
    -------
    DataFrame
        `trials.csv`, as `emolib.recordings.trial_table` describes it.
    """
    sfreq, folder = float(recording.attrs["sfreq"]), Path(folder)
    eeg = recording["eeg"].transpose("trial", "channel", "time")
    eeg = eeg.isel(trial=slice(len(valence))).dropna("time").to_numpy()
    piece = min(round((BASELINE_SECONDS + trial_seconds) * sfreq), eeg.shape[-1])
    n = len(eeg)
    table = pd.DataFrame(
        {
            "subject": ["01"] * n,
            "file": [EEG_FILE] * n,
            "trial": range(1, n + 1),
            "onset_seconds": [i * piece / sfreq + BASELINE_SECONDS for i in range(n)],
            "duration_seconds": [piece / sfreq - BASELINE_SECONDS] * n,
            "baseline_seconds": [BASELINE_SECONDS] * n,
            "stimulus": [f"film-{i + 1}" for i in range(n)],
            "valence": np.asarray(valence, float)[:n],
        }
    )
    (folder / EEG_FILE).parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / TABLE, index=False)
    microvolts = np.concatenate(list(eeg[..., :piece]), axis=-1, dtype=float)
    _write_edf(folder, microvolts, recording["channel"].to_numpy().tolist(), sfreq)
    return table


def corrupt(folder: str | Path, fault: str) -> None:
    """Put one fault, a key of `FAULTS`, into the files that `write_example` wrote."""
    FAULTS[check_option("fault", fault, FAULTS)](Path(folder))


def _write_edf(
    folder: Path, microvolts: np.ndarray, channels: Sequence[str], sfreq: float, unit: str = "uV"
) -> None:
    """Write signals with the annotations that the table of trials implies."""
    import edfio  # here, not above: only those who write files need wait for it

    table = pd.read_csv(folder / TABLE)
    columns = (table["onset_seconds"], table["duration_seconds"], table["valence"])
    annotations = [
        edfio.EdfAnnotation(onset, duration, EVENTS[rating > 5])
        for onset, duration, rating in zip(*columns, strict=True)
    ]
    limit = float(np.ceil(np.abs(microvolts).max()))
    signals = [
        edfio.EdfSignal(
            x, sfreq, label=name, physical_dimension=unit, physical_range=(-limit, limit)
        )
        for x, name in zip(microvolts, channels, strict=True)
    ]
    record_seconds = table["duration_seconds"].iloc[0] + BASELINE_SECONDS  # a record per trial
    file = edfio.Edf(signals, annotations=annotations, data_record_duration=record_seconds)
    file.write(folder / EEG_FILE)


def _edit_table(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Path], None]:
    """Return what changes the table of a folder."""

    def edit(folder: Path) -> None:
        table = pd.read_csv(folder / TABLE, dtype={"subject": str})
        change(table).to_csv(folder / TABLE, index=False)

    return edit


def _edit_eeg(*, flat: Sequence[int] = (), unit: str = "uV") -> Callable[[Path], None]:
    """Return what makes channels of a folder's file flat, or its unit another."""

    def edit(folder: Path) -> None:
        import edfio  # as above

        signals = edfio.read_edf(folder / EEG_FILE).signals
        data = np.array([signal.data for signal in signals])
        data[list(flat)] = 0.0
        names = [signal.label for signal in signals]
        _write_edf(folder, data, names, signals[0].sampling_frequency, unit)

    return edit


def _too_long(table: pd.DataFrame) -> pd.DataFrame:
    """Let the last trial end after its file."""
    last = table.index == table.index[-1]
    return table.assign(duration_seconds=table["duration_seconds"] + 5 * last)


# What was done wrong, in words that a page shows, and how to do it.
FAULTS: dict[str, Callable[[Path], None]] = {
    "a column's name is misspelt": _edit_table(
        lambda table: table.rename(columns={"onset_seconds": "onset_second"})
    ),
    "the last trial ends after its file": _edit_table(_too_long),
    "classes are written as numbers": _edit_table(
        lambda table: table.assign(valence=table["valence"].gt(5).astype(int))
    ),
    "an electrode was not plugged in": _edit_eeg(flat=[1]),
    "microvolts were taken for volts": _edit_eeg(unit="V"),
}
