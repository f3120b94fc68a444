"""Files as somebody would bring them: an EEG file and a table of trials, whole or with a fault.

For showing, and for testing, what reading one's own recordings is like.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from emolib.errors import check_option

EEG_FILE = "eeg/anna_raw.fif"  # MNE wants such an ending
TABLE = "trials.csv"
N_TRIALS = 4
BASELINE_SECONDS, TRIAL_SECONDS = 1.0, 3.0
VALENCE = (7.5, 2.0, 6.0, 3.5)


def write_example(folder: str | Path, recording: xr.Dataset) -> pd.DataFrame:
    """Write the beginning of a recording as one's own files: `EEG_FILE` and `TABLE`.

    Of each of the first trials the first second becomes a baseline and the next three seconds, as
    far as they are there, the trial. The ratings of valence are made up.

    Parameters
    ----------
    folder : path
        Where to; it is made.
    recording : Dataset
        `eeg (trial, channel, time)`, microvolts.

    Returns
    -------
    DataFrame
        The table of trials, as it was written.
    """
    folder = Path(folder)
    (folder / EEG_FILE).parent.mkdir(parents=True, exist_ok=True)
    sfreq = float(recording.attrs["sfreq"])
    eeg = recording["eeg"].transpose("trial", "channel", "time")
    eeg = eeg.isel(trial=slice(N_TRIALS)).dropna("time").to_numpy()
    piece = min(round((BASELINE_SECONDS + TRIAL_SECONDS) * sfreq), eeg.shape[-1])
    pieces = eeg[..., :piece]
    _write_eeg(folder, np.concatenate(list(pieces), axis=-1), _channels(recording), sfreq)
    n = len(pieces)
    table = pd.DataFrame(
        {
            "subject": ["01"] * n,
            "file": [EEG_FILE] * n,
            "trial": range(1, n + 1),
            "onset_seconds": [i * piece / sfreq + BASELINE_SECONDS for i in range(n)],
            "duration_seconds": [piece / sfreq - BASELINE_SECONDS] * n,
            "baseline_seconds": [BASELINE_SECONDS] * n,
            "stimulus": [f"film-{i + 1}" for i in range(n)],
            "valence": VALENCE[:n],
        }
    )
    table.to_csv(folder / TABLE, index=False)
    return table


def spoil(folder: str | Path, fault: str) -> None:
    """Put one fault into the files that `write_example` wrote.

    Parameters
    ----------
    folder : path
        Where they are.
    fault : str
        A key of `FAULTS`.

    Raises
    ------
    SettingsError
        If there is no such fault.
    """
    FAULTS[check_option("fault", fault, FAULTS)](Path(folder))


def _write_eeg(folder: Path, microvolts: np.ndarray, channels: list[str], sfreq: float) -> None:
    import mne  # here, not above: only those who write files need wait for it

    info = mne.create_info(channels, sfreq, "eeg", verbose="error")
    raw = mne.io.RawArray(1e-6 * np.asarray(microvolts, float), info, verbose="error")
    raw.save(folder / EEG_FILE, overwrite=True, verbose="error")


def _channels(recording: xr.Dataset) -> list[str]:
    return recording["channel"].to_numpy().tolist()


def _edit_table(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        change(pd.read_csv(folder / TABLE, dtype={"subject": str})).to_csv(
            folder / TABLE, index=False
        )

    return edit


def _edit_eeg(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        import mne  # as in `_write_eeg`

        raw = mne.io.read_raw_fif(folder / EEG_FILE, preload=True, verbose="error")
        microvolts = change(1e6 * raw.get_data())
        _write_eeg(folder, microvolts, raw.ch_names, raw.info["sfreq"])

    return edit


def _flat(microvolts: np.ndarray) -> np.ndarray:
    return np.where(np.arange(len(microvolts))[:, None] == 1, 0.0, microvolts)


def _too_long(table: pd.DataFrame) -> pd.DataFrame:
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
    "an electrode was not plugged in": _edit_eeg(_flat),
    "microvolts were taken for volts": _edit_eeg(lambda microvolts: 1e6 * microvolts),
}
