"""Write the recordings of eegmat in every format, read them again, and compare the features.

Run it by `python -m benchmarks.formats` (all people that are there, some minutes). By every route
that keeps the samples, the features must be the same to single precision; EDF and BDF that are
written anew round the samples, and must keep within one step of their converter, which their
headers say. Exit status 1 if one does not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import edfio
import mne
import mne_bids
import numpy as np
import pandas as pd
import pybv
import xarray as xr

from emolib.features import FeatureSettings, extract_features
from emolib.recordings import READERS, eegmat
from emolib.recordings.settings import RecordingSettings

TASK, SUBJECT = "condition", "sub-01"
SETTINGS = FeatureSettings(baseline="none")
MOST = 1e-5  # of a feature's z-score: some steps of single precision
RAW = RecordingSettings(eeg_reference="recorded")
Pieces = dict[str, Path]  # a person's EDF files by condition


def write_fif(raw: mne.io.BaseRaw, path: Path) -> Path:
    raw.save(path.with_name(f"{path.name}_raw.fif"), fmt="single", verbose="error")
    return path.with_name(f"{path.name}_raw.fif")


def write_brainvision(raw: mne.io.BaseRaw, path: Path) -> Path:
    pybv.write_brainvision(
        data=raw.get_data(),
        sfreq=raw.info["sfreq"],
        ch_names=raw.ch_names,
        fname_base=path.name,
        folder_out=path.parent,
        fmt="binary_float32",
        resolution=1e-3,
    )
    return path.with_suffix(".vhdr")


def export(ending: str, raw: mne.io.BaseRaw, path: Path) -> Path:
    mne.export.export_raw(path.with_suffix(ending), raw, verbose="error")
    return path.with_suffix(ending)


WRITERS: dict[str, Callable[[mne.io.BaseRaw, Path], Path]] = {
    "FIF": write_fif,
    "BrainVision": write_brainvision,
    "EEGLAB": partial(export, ".set"),
    "EDF": partial(export, ".edf"),
    "BDF": partial(export, ".bdf"),
}
ROUNDED = ("EDF", "BDF")


def open_edf(path: Path) -> mne.io.BaseRaw:
    return mne.io.read_raw_edf(path, verbose="error")


def onsets(raw: mne.io.BaseRaw, seconds: float) -> np.ndarray:
    """The beginnings of a recording's pseudo-trials, seconds."""
    return np.arange(int(raw.n_times / raw.info["sfreq"] // seconds)) * seconds


def by_table(pieces: Pieces, folder: Path, seconds: float, name: str = "") -> xr.Dataset:
    """The recording by a table of trials; in another format if one of `WRITERS` is named."""
    rows = []
    for condition, path in pieces.items():
        raw = open_edf(path)
        file = WRITERS[name](raw.load_data(), folder / condition) if name else path
        shared = {"subject": SUBJECT, "file": str(file), "duration_seconds": seconds}
        rows += [shared | {"onset_seconds": t, TASK: condition} for t in onsets(raw, seconds)]
    table = pd.DataFrame(rows).assign(trial=range(1, len(rows) + 1))
    table.to_csv(folder / "trials.csv", index=False)
    settings = RAW if name in ROUNDED else RecordingSettings()
    return READERS["files"].read(folder, SUBJECT, settings=settings)


def by_bids(pieces: Pieces, folder: Path, seconds: float) -> xr.Dataset:
    """The recording from a BIDS tree, into which MNE-BIDS copies the files."""
    for run, (condition, path) in enumerate(pieces.items(), start=1):
        raw = open_edf(path)
        raw.set_annotations(
            mne.Annotations(at := onsets(raw, seconds), seconds, [condition] * len(at))
        )
        place = mne_bids.BIDSPath(subject=SUBJECT[4:], task="sums", run=str(run), root=folder)
        written = mne_bids.write_raw_bids(raw, place, overwrite=True, verbose="error")
        assert written.fpath.read_bytes()[256:] == path.read_bytes()[256:], "not a copy"
    found = READERS["bids"].read(folder, SUBJECT)
    return found.sel(task=["trial_type"]).assign_coords(task=[TASK])


def by_epochs(pieces: Pieces, folder: Path, seconds: float, ending: str) -> xr.Dataset:
    """The recording from a file of epochs, cut by MNE."""
    parts = []
    for code, (condition, path) in enumerate(pieces.items(), start=1):
        raw = open_edf(path)
        samples = np.rint(onsets(raw, seconds) * raw.info["sfreq"]).astype(int)
        events = np.column_stack([samples, np.zeros_like(samples), np.full_like(samples, code)])
        until = seconds - 1 / raw.info["sfreq"]
        known = {"baseline": None, "preload": True, "verbose": "error"}
        parts.append(mne.Epochs(raw, events, {condition: code}, 0, until, **known))
    epochs = mne.concatenate_epochs(parts, verbose="error")
    if ending == ".set":
        mne.export.export_epochs(folder / f"{SUBJECT}.set", epochs, verbose="error")
    else:
        epochs.save(folder / f"{SUBJECT}-epo.fif", verbose="error")
    found = READERS["epochs"].read(folder, SUBJECT)
    return found.assign_coords(task=[TASK])


ROUTES: dict[str, Callable[[Pieces, Path, float], xr.Dataset]] = {
    "BIDS": by_bids,
    "epochs, FIF": partial(by_epochs, ending=".fif"),
    "epochs, EEGLAB": partial(by_epochs, ending=".set"),
    **{name: partial(by_table, name=name) for name in WRITERS},
}


def steps(folder: Path, ending: str, channels: Sequence[str]) -> np.ndarray:
    """The largest step of the converter of each channel (channel,), microvolts, by the headers."""
    read = edfio.read_bdf if ending == "bdf" else edfio.read_edf
    found = []
    for path in sorted(folder.glob(f"*.{ending}")):
        ranges = {signal.label: signal for signal in read(path).signals}
        found.append(
            [np.ptp(ranges[n].physical_range) / np.ptp(ranges[n].digital_range) for n in channels]
        )
    return np.max(found, axis=0)


def compare(pieces: Pieces, seconds: float, folder: Path) -> dict[str, float]:
    """How far each route is from the EDF files themselves, in units of what it may be."""
    (folder / "table").mkdir(parents=True)
    plain = by_table(pieces, folder / "table", seconds)
    recorded = READERS["files"].read(folder / "table", SUBJECT, settings=RAW)
    features = extract_features(plain, SETTINGS)
    found = {}
    for name, route in ROUTES.items():
        (own := folder / name).mkdir()
        given = route(pieces, own, seconds)
        for known in ("channel", "trial", "class"):
            assert given[known].to_numpy().tolist() == plain[known].to_numpy().tolist(), (
                name,
                known,
            )
        if name in ROUNDED:
            # A sample moves by half a step, and so may the mean that is taken away; then it is
            # kept in single precision.
            labels = {
                c.removeprefix("EEG "): c for c in open_edf(next(iter(pieces.values()))).ch_names
            }
            step = np.spacing(abs(recorded["eeg"]).max(("trial", "time")).to_numpy()) + steps(
                own, name.lower(), [labels[_in_file(c)] for c in given["channel"].to_numpy()]
            )
            difference = abs(given["eeg"] - recorded["eeg"]).max(("trial", "time")).to_numpy()
            found[name] = float((difference / step).max())
        else:
            difference = abs(extract_features(given, SETTINGS)["feature"] - features["feature"])
            found[name] = float(difference.max()) / MOST
    return found


def _in_file(place: str) -> str:
    return {"T7": "T3", "T8": "T4", "P7": "T5", "P8": "T6"}.get(place, place)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=eegmat.TRIAL_SECONDS, help="of a trial")
    seconds = parser.parse_args(arguments).seconds
    warnings.simplefilter("ignore")
    mne.set_log_level("error")
    root = eegmat.default_root(fetch=True)
    worst: dict[str, float] = dict.fromkeys(ROUTES, 0.0)
    people = eegmat.subjects(root)
    for subject in people:
        pieces = dict(zip(eegmat.CONDITIONS.values(), eegmat.sources(root, subject), strict=True))
        with tempfile.TemporaryDirectory() as folder:
            for name, value in compare(pieces, seconds, Path(folder) / "x").items():
                worst[name] = max(worst[name], value)
    for name, value in worst.items():
        limit = "of a step of the converter" if name in ROUNDED else f"of {MOST:g} in z-scores"
        print(f"{name}: {value:.3g} {limit}")
    print(f"{len(people)} people; 1 is the most that may be")
    return int(max(worst.values()) > 1)


if __name__ == "__main__":
    sys.exit(main())
