"""Synthetic recordings, in files of exactly the formats that readers expect, and predictions.

Used by the tests of every room; nothing in it is from a real data set.
"""

from __future__ import annotations

import csv
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import edfio
import numpy as np
import pandas as pd
from scipy.io import savemat

from emolib.errors import InputError
from emolib.recordings.deap import DeapLayout
from emolib.splits.folds import Fold

# DEAP's format with few, short trials: 4 of 0.5 s + 2 s.
SMALL = DeapLayout(n_trials=4, baseline_samples=64, trial_samples=256)

# The channels of the eegmat files: old names, a prefix, and two that are no scalp EEG.
# fmt: off
EEGMAT_NAMES = (
    "EEG Fp1", "EEG Fp2", "EEG F3", "EEG F4", "EEG F7", "EEG F8", "EEG T3", "EEG T4", "EEG C3",
    "EEG C4", "EEG T5", "EEG T6", "EEG P3", "EEG P4", "EEG O1", "EEG O2", "EEG Fz", "EEG Cz",
    "EEG Pz", "EEG A2-A1", "ECG ECG",
)
# fmt: on


def deap_arrays(layout: DeapLayout = SMALL, seed: int = 0) -> dict[str, np.ndarray]:
    """`data` (trial, channel, sample), microvolts, and `labels` (trial, 4), 1-9, both float64."""
    rng = np.random.default_rng(seed)
    return {
        "data": rng.normal(0, 10, (layout.n_trials, layout.n_channels, layout.n_samples)),
        "labels": rng.uniform(1, 9, (layout.n_trials, 4)),
    }


def write_deap(path: Path, arrays: Mapping[str, np.ndarray] | None = None) -> Path:
    """Write a `.mat` or `.dat` file as DEAP's release has it; the folder is made if missing."""
    arrays = deap_arrays() if arrays is None else arrays
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".mat":
        savemat(path, dict(arrays))
    else:
        path.write_bytes(python2_pickle(arrays))
    return path


def python2_pickle(arrays: Mapping[str, np.ndarray]) -> bytes:
    """What Python 2 and NumPy 1 write at protocol 2 for a dictionary of float64 arrays."""
    out = [b"\x80\x02}("]
    for key, array in arrays.items():
        raw = np.ascontiguousarray(array, "<f8").tobytes()
        sizes = [b"K%c" % n if n < 256 else b"M" + struct.pack("<H", n) for n in array.shape]
        out += [
            b"U%c" % len(key) + key.encode(),
            b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\x01b\x87R",
            b"(K\x01(" + b"".join(sizes) + b"t",
            b"cnumpy\ndtype\n(U\x02f8K\0K\x01tR(K\x03U\x01<NNN",
            b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89T" + struct.pack("<i", len(raw)),
            raw,
            b"tb",
        ]
    return b"".join([*out, b"u."])


def cut_short(path: Path, keep: float = 0.6) -> Path:
    """Truncate a file to a part of its bytes."""
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content))])
    return path


def noise(n_channels: int, seconds: float, sfreq: float, seed: int = 0) -> np.ndarray:
    """White noise (channel, sample) of 10 microvolts."""
    return np.random.default_rng(seed).normal(0, 10, (n_channels, round(seconds * sfreq)))


def centred(signals: np.ndarray) -> np.ndarray:
    """Signals (..., sample), each less its mean."""
    return signals - signals.mean(axis=-1, keepdims=True)


def write_edf(
    path: Path,
    signals: np.ndarray | Sequence[np.ndarray],
    names: Sequence[str],
    sfreq,
    marks: Iterable[tuple[float, float | None, str]] = (),
) -> Path:
    """Write signals (channel, sample) in microvolts as EDF, or as BDF by the path's ending.

    `sfreq` is one rate, or one a channel. The header says +-500 uV. `marks` are annotations: onset
    and duration in seconds, and a text.
    """
    rates = np.broadcast_to(sfreq, len(names))
    bdf = path.suffix == ".bdf"
    make_signal, make_file = (edfio.BdfSignal, edfio.Bdf) if bdf else (edfio.EdfSignal, edfio.Edf)
    path.parent.mkdir(parents=True, exist_ok=True)
    make_file(
        [
            make_signal(
                np.asarray(signal, float),
                float(rate),
                label=name,
                physical_dimension="uV",
                physical_range=(-500, 500),
            )
            for signal, name, rate in zip(signals, names, rates, strict=True)
        ],
        annotations=[edfio.EdfAnnotation(*mark) for mark in marks] or None,
    ).write(path)
    return path


# Of BrainVision: the last of four channels is in another unit, and a piece is marked as bad.
VHDR = """Brain Vision Data Exchange Header File Version 1.0
[Common Infos]
Codepage=UTF-8
DataFile={data}
MarkerFile={marker}
DataFormat=BINARY
DataOrientation=MULTIPLEXED
NumberOfChannels=4
SamplingInterval=7812.5
[Binary Infos]
BinaryFormat=IEEE_FLOAT_32
[Channel Infos]
Ch1=Fz,,1,µV
Ch2=Cz,,1,µV
Ch3=Pz,,1,µV
Ch4=Oz,,1,mV
"""
VMRK = """Brain Vision Data Exchange Marker File, Version 1.0
[Common Infos]
Codepage=UTF-8
DataFile=a.eeg
[Marker Infos]
Mk1=New Segment,,1,1,0,20200101120000000000
Mk2=Bad Interval,Movement,129,64,0
"""


def write_brainvision(
    folder: Path,
    *,
    name: str = "a.vhdr",
    data: str = "a.eeg",
    marker: str = "a.vmrk",
    lie: str = "",
) -> Path:
    """Write three files of 6 s, Fz to Oz, of which `name` is the header: `lie` falsifies it."""
    header = VHDR.format(data=lie + data, marker=lie + marker)
    (folder / name).write_text(header, "utf-8")
    (folder / data).write_bytes(noise(4, 6, 128).T.astype("<f4").tobytes())
    (folder / marker).write_text(VMRK, "utf-8")
    return folder / name


def trial_rows(
    subject: str, file: str, n_trials: int, seconds: float, **columns: Sequence[object]
) -> list[dict[str, object]]:
    """Rows of a table of trials that follow each other; of each column the values in turn."""
    return [
        {
            "subject": subject,
            "file": file,
            "trial": trial + 1,
            "onset_seconds": seconds * trial,
            "duration_seconds": seconds,
            **{name: values[trial % len(values)] for name, values in columns.items()},
        }
        for trial in range(n_trials)
    ]


def write_table(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    """Write a table of trials; columns as the first row has them, tabs for `.tsv`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        delimiter = "\t" if path.suffix == ".tsv" else ","
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_eegmat(
    folder: Path, n_subjects: int = 2, *, rest_seconds: int = 26, arithmetic_seconds: int = 13
) -> Path:
    """Write a folder as PhysioNet has it, with shorter recordings at 128 Hz."""
    for number in range(n_subjects):
        for condition, seconds in ((1, rest_seconds), (2, arithmetic_seconds)):
            signals = noise(len(EEGMAT_NAMES), seconds, 128, seed=2 * number + condition)
            path = folder / f"Subject{number:02d}_{condition}.edf"
            write_edf(path, signals, EEGMAT_NAMES, 128)
    return folder


# SEED's names of channels, as its own list spells them, and the classes of its 15 films.
# fmt: off
SEED_NAMES = (
    "FP1", "FPZ", "FP2", "AF3", "AF4", "F7", "F5", "F3", "F1", "FZ", "F2", "F4", "F6", "F8", "FT7",
    "FC5", "FC3", "FC1", "FCZ", "FC2", "FC4", "FC6", "FT8", "T7", "C5", "C3", "C1", "CZ", "C2",
    "C4", "C6", "T8", "TP7", "CP5", "CP3", "CP1", "CPZ", "CP2", "CP4", "CP6", "TP8", "P7", "P5",
    "P3", "P1", "PZ", "P2", "P4", "P6", "P8", "PO7", "PO5", "PO3", "POZ", "PO4", "PO6", "PO8",
    "CB1", "O1", "OZ", "O2", "CB2",
)
# fmt: on
SEED_LABELS = (1, 0, -1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 0, 1, -1)


def seed_session(seconds: float = 2.0, *, initials: str = "abc", seed: int = 0) -> dict:
    """`abc_eeg1` .. `abc_eeg15` (62, sample) at 200 Hz, microvolts; film k has k samples more."""
    rng = np.random.default_rng(seed)
    return {
        f"{initials}_eeg{film}": rng.normal(0, 10, (62, round(200 * seconds) + film))
        for film in range(1, 16)
    }


def write_seed(folder: Path, sessions: Mapping[str, Mapping[str, np.ndarray]]) -> Path:
    """Write `label.mat` and a file a session, named such as "10_20131130.mat"."""
    folder.mkdir(parents=True, exist_ok=True)
    savemat(folder / "label.mat", {"label": np.array([SEED_LABELS])})
    for name, arrays in sessions.items():
        savemat(folder / name, dict(arrays))
    return folder


DREAMER_NAMES = (
    *("AF3", "F7", "F3", "FC5", "T7", "P7", "O1", "O2", "P8", "T8", "FC6", "F4", "F8", "AF4"),
)


def dreamer_person(seed: int = 0, seconds: float = 1.0) -> dict:
    """One cell of `Data`: rests of 1 s; film k has k samples more than `seconds`; ratings 1-5."""
    rng = np.random.default_rng(seed)

    def cells(lengths: Sequence[int]) -> np.ndarray:
        pieces = np.empty((18, 1), object)
        for i, length in enumerate(lengths):
            pieces[i, 0] = rng.normal(4200, 10, (length, 14))  # the amplifier's offset
        return pieces

    films = [round(128 * seconds) + k for k in range(1, 19)]
    return {
        "Age": "22",
        "Gender": "male",
        "EEG": {"baseline": cells([128] * 18), "stimuli": cells(films)},
        "ScoreValence": rng.integers(1, 6, (18, 1)),
        "ScoreArousal": rng.integers(1, 6, (18, 1)),
        "ScoreDominance": rng.integers(1, 6, (18, 1)),
    }


def write_dreamer(path: Path, people: Sequence[dict], **changes: object) -> Path:
    """Write `DREAMER.mat`; `changes` replace fields of its struct."""
    data = np.empty((1, len(people)), object)
    data[0, :] = people
    names = np.array([DREAMER_NAMES], object)
    content = {"Data": data, "EEG_SamplingRate": 128, "EEG_Electrodes": names}
    path.parent.mkdir(parents=True, exist_ok=True)
    savemat(path, {"DREAMER": content | changes})
    return path


def predictions(protocol: str, right: int, n: int = 12, subject: str = "sub-01") -> pd.DataFrame:
    """Predictions of `n` trials of two windows, the first `right` of them as labelled."""
    trial = np.repeat(np.arange(n), 2)
    label = trial % 2
    hit = trial < right
    return pd.DataFrame(
        {
            "protocol": protocol,
            "fold": trial // (n // 2),
            "stage": "pooled",
            "subject": subject,
            "trial": trial,
            "stimulus": trial.astype(str),
            "window": np.tile([0, 1], n),
            "task": "valence",
            "label": label,
            "probability": np.where(hit, label, 1 - label) * 0.8 + 0.1,
        }
    )


def check_each(names: Iterable[str], read: Callable[[str], object]) -> dict[str, InputError | None]:
    """Read every subject and keep what is wrong with it: None if nothing is."""
    found: dict[str, InputError | None] = dict.fromkeys(names)
    for name in found:
        try:
            read(name)
        except InputError as error:
            found[name] = error
    return found


def noise_cohort(*sizes: int) -> tuple[np.ndarray, dict[str, np.ndarray], Fold, np.ndarray]:
    """Maps of noise, labels of two tasks with one missing, a fold, and whose each row is."""
    rng = np.random.default_rng(0)
    subjects = np.repeat([f"sub-{i + 1:02d}" for i in range(len(sizes))], sizes)
    x = rng.normal(size=(len(subjects), 8, 9, 1)).astype("float32")
    labels = {task: rng.integers(0, 2, len(subjects)) for task in ("valence", "arousal")}
    labels["arousal"][5] = -1
    part = rng.integers(0, 5, len(subjects))
    fold = Fold(*(np.flatnonzero(np.isin(part, of)) for of in ([0, 1, 2], [3], [4])))
    return x, labels, fold, subjects
