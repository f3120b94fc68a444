"""Files as somebody would bring them: an EDF file with annotations and a table of trials.

For showing, and for testing, what reading your own recordings is like: whole, or with a fault.
"""

from __future__ import annotations

from collections.abc import Sequence
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
FAULTS = (  # what was done wrong, in words that a page shows
    "a column's name is misspelt",
    "the last trial ends after its file",
    "a duration is written in words",
    "an electrode was not plugged in",
    "microvolts were taken for volts",
)


def write_example(
    folder: str | Path,
    recording: xr.Dataset,
    *,
    valence: Sequence[float] = VALENCE,
    trial_seconds: float = 3.0,
    fault: str | None = None,
) -> pd.DataFrame:
    """Write the first trials of a recording as files, and return the table of trials.

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
    fault : str, optional
        One of `FAULTS`, to put into the files.

    Returns
    -------
    DataFrame
        `trials.csv`, as `emolib.recordings.trial_table` describes it.
    """
    if fault is not None:
        check_option("fault", fault, FAULTS)
    sfreq, folder = float(recording.attrs["sfreq"]), Path(folder)
    eeg = recording["eeg"].transpose("trial", "channel", "time")
    eeg = eeg.isel(trial=slice(len(valence))).dropna("time").to_numpy()
    piece = min(round((BASELINE_SECONDS + trial_seconds) * sfreq), eeg.shape[-1])
    n = len(eeg)
    table = pd.DataFrame(
        {
            "subject": "01",
            "file": EEG_FILE,
            "trial": range(1, n + 1),
            "onset_seconds": [i * piece / sfreq + BASELINE_SECONDS for i in range(n)],
            "duration_seconds": piece / sfreq - BASELINE_SECONDS,
            "baseline_seconds": BASELINE_SECONDS,
            "stimulus": [f"film-{i + 1}" for i in range(n)],
            "valence": np.asarray(valence, float)[:n],
        }
    )
    microvolts = np.concatenate(list(eeg[..., :piece]), axis=-1, dtype=float)
    if fault == FAULTS[3]:
        microvolts[1] = 0.0
    annotations = [
        (row.onset_seconds, row.duration_seconds, EVENTS[row.valence > 5])
        for row in table.itertuples()
    ]
    write_edf(
        folder / EEG_FILE,
        microvolts,
        recording["channel"].to_numpy(),
        sfreq,
        record_seconds=piece / sfreq,  # a record per trial: they must all have the same length
        unit="V" if fault == FAULTS[4] else "uV",
        annotations=annotations,
    )

    if fault == FAULTS[0]:
        table = table.rename(columns={"onset_seconds": "onset_second"})
    elif fault == FAULTS[1]:
        table.loc[n - 1, "duration_seconds"] += 5
    elif fault == FAULTS[2]:
        table["duration_seconds"] = table["duration_seconds"].astype(object)
        table.loc[0, "duration_seconds"] = "three"
    table.to_csv(folder / TABLE, index=False)
    return table


def write_edf(
    path: Path,
    values: np.ndarray,
    channels: Sequence[str],
    sfreq: float,
    *,
    record_seconds: float,
    unit: str = "uV",
    annotations: Sequence[tuple[float, float, str]] = (),
) -> None:
    """Write signals (channel, time) as EDF, in the unit that its header is to name.

    The folder is made; `annotations` are onsets and durations in seconds, and texts.
    """
    import edfio  # here, not above: only those who write files need wait for it

    limit = float(np.ceil(np.abs(values).max()))
    scale = {"physical_dimension": unit, "physical_range": (-limit, limit)}
    signals = [
        edfio.EdfSignal(x, sfreq, label=name, **scale)
        for x, name in zip(values, channels, strict=True)
    ]
    marks = [edfio.EdfAnnotation(*each) for each in annotations]
    path.parent.mkdir(parents=True, exist_ok=True)
    edfio.Edf(signals, annotations=marks, data_record_duration=record_seconds).write(path)
