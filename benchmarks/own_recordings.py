"""Write random recordings of a known signal, read them, and count what comes of them.

Run it by `python -m benchmarks.own_recordings` (300 recordings, half a minute); with `--first 41
--count 1` one of them again. Each is one subject's: channels spelt in some way and in any order, a
unit, offsets, a rate, a file format, and a table of trials as people write them. Half of them have
one fault. The differential entropy that the reader and `extract_features` give is compared with
SciPy's on the signal that was written, window by window, in the cell of the electrode. Exit status
1 where one comes back wrong, a fault passes, or a recording without a fault is refused.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import edfio
import numpy as np
import pandas as pd
from scipy import io, signal

from emolib.errors import InputError
from emolib.features import FeatureSettings, extract_features
from emolib.grid import SEED_GRID
from emolib.recordings import Task, files, trial_classes

BANDS = {"theta": (4, 8), "alpha": (8, 14), "beta": (14, 31), "gamma": (31, 45)}  # Hz
WINDOW = 0.5  # seconds
SPELLINGS = ("{}", "EEG {}", "EEG {}-REF", "{}-CPz", "{}-A1", "{}.", "upper", "lower")
OLD = {"T7": "T3", "T8": "T4", "P7": "T5", "P8": "T6"}
UNITS = {"uV": 1.0, "mV": 1e-3, "V": 1e-6}  # how many of them a microvolt is
FORMATS = ("edf", "bdf", "fif", "vhdr", "set")
RATES = (128.0, 200.0, 250.0, 256.0, 500.0, 512.0, 255.9, 499.9)  # the last two: FIF only
FAULTS = (
    *("overlap", "same onset", "too long", "two of a name", "bipolar", "two references"),
    *(
        "half a cap",
        "other unit",
        "flat",
        "equal",
        "mirrored",
        "rate",
        "one channel",
        "not a number",
    ),
    *("cut short", "missing", "other channels", "rating"),
)
TOLERANCE = 0.01  # nats
RING = 2  # windows at a trial's begin in which a filter that starts from rest still rings


@dataclass
class Written:
    """What one random recording holds: the microvolts by electrode and file, and its trials."""

    seed: int
    format: str
    spelling: str
    unit: str
    sfreq: float
    fault: str | None
    places: list[str]
    names: list[str]  # of the same channels, in the file
    signals: list[np.ndarray] = field(default_factory=list)  # a file each; without the offsets
    trials: list[dict] = field(default_factory=list)


def write(seed: int, folder: Path) -> Written:
    """Write one random recording into a folder: its files, and the table of trials."""
    rng = np.random.default_rng(seed)
    fault = str(rng.choice(FAULTS)) if rng.random() < 0.5 else None
    cap = fault == "half a cap" or (fault is None and rng.random() < 0.15)
    spelling = "biosemi32" if cap else str(rng.choice(SPELLINGS))
    kind = str(rng.choice(FORMATS[2:] if fault == "not a number" else FORMATS))
    usable = RATES if kind == "fif" else RATES[:-2]
    sfreq = 125.0 if fault == "rate" else float(rng.choice(usable))
    places, names = _channels(rng, spelling, fault)
    made = Written(seed, kind, spelling, _unit(rng, kind), sfreq, fault, places, names)
    n_files = 1 + int(rng.random() < 0.3 or fault == "other channels")
    lengths = _trials(rng, made, n_files)
    for number, seconds in enumerate(lengths):
        _write_file(rng, made, folder / f"{number}.{kind}", seconds)
    _write_table(rng, made, folder)
    return made


def _channels(rng, spelling: str, fault: str | None) -> tuple[list[str], list[str]]:
    """Choose electrodes, in any order, and spell them."""
    if spelling == "biosemi32":
        import mne

        places = mne.channels.make_standard_montage("biosemi32").ch_names
        names = [f"A{number}" for number in range(1, 33)]
        if fault == "half a cap":
            places, names = places[:20], names[:20]
    else:
        known = [name for row in SEED_GRID for name in row if name not in ("", "CPz")]
        count = 1 if fault == "one channel" else int(rng.integers(6, 33))
        places = [str(name) for name in rng.choice(known, count, replace=False)]
        old = {place: OLD.get(place, place) if rng.random() < 0.5 else place for place in places}
        names = [_spelt(old[place], spelling) for place in places]
        if fault == "bipolar":
            others = [*places[1:], places[0]]
            names = [f"{one}-{other}" for one, other in zip(places, others, strict=True)]
        elif fault == "two references":
            names = [f"{place}-{('M1', 'M2')[i % 2]}" for i, place in enumerate(places)]
    order = rng.permutation(len(places))
    return [places[i] for i in order], [names[i] for i in order]


def _spelt(name: str, spelling: str) -> str:
    if spelling in ("upper", "lower"):
        return getattr(name, spelling)()
    return spelling.format(name)


def _unit(rng, kind: str) -> str:
    """Choose a unit that the format can name."""
    return str(rng.choice(list(UNITS))) if kind in ("edf", "bdf", "vhdr") else "uV"


def _trials(rng, made: Written, n_files: int) -> list[float]:
    """Choose trials that neither overlap nor run out of their file, and then the fault."""
    baseline = float(rng.choice([0, 0, 1, 1.5, 3]))
    lengths = []
    for number in range(n_files):
        at = float(rng.uniform(0, 2))
        for _ in range(int(rng.integers(2, 4))):
            duration = float(rng.choice([2, 3, 3.3, 4]))
            onset = round(at + baseline, 3)
            made.trials.append(
                {"number": number, "onset": onset, "duration": duration, "baseline": baseline}
            )
            at = onset + duration + float(rng.choice([0, 0.1, 1.7]))
        lengths.append(float(np.ceil(at + 1)))
    last = made.trials[-1]
    if made.fault == "overlap":
        before = made.trials[-2]
        last["onset"] = round(before["onset"] + before["duration"] / 2 + baseline / 4, 3)
    elif made.fault == "same onset":
        last["onset"] = made.trials[-2]["onset"]
    elif made.fault == "too long":
        last["duration"] = lengths[-1] + 5
    return lengths


def _write_file(rng, made: Written, path: Path, seconds: float) -> None:
    """Write one file, and remember what it holds."""
    n, sfreq = round(seconds * made.sfreq), made.sfreq
    spread = rng.uniform(4, 25, (len(made.places), 1))  # uV
    noise = spread * rng.normal(size=(len(made.places), n))
    drift = signal.lfilter([1], [1, -0.95], noise, axis=-1) / 4
    microvolts = noise + (drift if rng.random() < 0.5 else 0)
    names, trial = list(made.names), made.trials[-1]
    begin = round(trial["onset"] * sfreq)
    if made.fault == "flat":
        microvolts[0, begin : begin + round(1.2 * sfreq)] = microvolts[0, begin]
    elif made.fault == "equal" and len(names) > 1:
        microvolts[0] = microvolts[1]
    elif made.fault == "mirrored" and len(names) > 1:
        microvolts[0] = -microvolts[1]
    elif made.fault == "other unit":
        microvolts[0] *= 1000
    elif made.fault == "not a number":
        microvolts[0, begin + 7] = np.nan
    elif made.fault == "two of a name":
        names[0] = names[1]
    elif made.fault == "other channels" and path.stem == "1":
        names, microvolts = names[1:], microvolts[1:]
    high = {"edf": 200, "set": 2000}.get(made.format, 20_000)
    offsets = rng.uniform(-high, high, (len(microvolts), 1)) * (rng.random() < 0.6)
    stored = WRITERS[made.format](path, microvolts + offsets, names, sfreq, made.unit)
    made.signals.append(stored - offsets)
    if made.fault == "cut short":
        path = path.with_suffix(".eeg") if made.format == "vhdr" else path
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif made.fault == "missing":
        path.unlink()


def _write_edf(path: Path, microvolts, names, sfreq, unit) -> np.ndarray:
    """Write EDF or BDF; return what its whole numbers stand for."""
    bdf = path.suffix == ".bdf"
    make_signal, make_file = (edfio.BdfSignal, edfio.Bdf) if bdf else (edfio.EdfSignal, edfio.Edf)
    signals = [
        make_signal(one * UNITS[unit], sfreq, label=name, physical_dimension=unit)
        for one, name in zip(np.nan_to_num(microvolts), names, strict=True)
    ]
    make_file(signals).write(path)
    return np.stack([one.data for one in signals]) / UNITS[unit]


def _write_fif(path: Path, microvolts, names, sfreq, unit) -> np.ndarray:
    import mne

    info = mne.create_info(_numbered(names), sfreq, "eeg", verbose="error")
    raw = mne.io.RawArray(1e-6 * microvolts, info, verbose="error")
    raw.save(path, fmt="double", overwrite=True, verbose="error")
    return microvolts


def _write_brainvision(path: Path, microvolts, names, sfreq, unit) -> np.ndarray:
    header = f"""Brain Vision Data Exchange Header File Version 1.0

[Common Infos]
Codepage=UTF-8
DataFile={path.stem}.eeg
MarkerFile={path.stem}.vmrk
DataFormat=BINARY
DataOrientation=MULTIPLEXED
NumberOfChannels={len(names)}
SamplingInterval={1e6 / sfreq:.10g}

[Binary Infos]
BinaryFormat=IEEE_FLOAT_32

[Channel Infos]
"""
    unit_name = unit.replace("uV", "µV")
    header += "".join(f"Ch{i}={name},,1,{unit_name}\n" for i, name in enumerate(names, start=1))
    path.write_text(header, encoding="utf-8")
    path.with_suffix(".vmrk").write_text(
        "Brain Vision Data Exchange Marker File, Version 1.0\n\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile={path.stem}.eeg\n\n[Marker Infos]\nMk1=New Segment,,1,1,0\n",
        encoding="utf-8",
    )
    stored = (microvolts * UNITS[unit]).astype("<f4")
    path.with_suffix(".eeg").write_bytes(stored.T.tobytes())
    return stored.astype(float) / UNITS[unit]


def _write_eeglab(path: Path, microvolts, names, sfreq, unit) -> np.ndarray:
    places = np.array([(name, np.nan, np.nan, np.nan) for name in names], dtype=object)
    fields = [(name, object) for name in ("labels", "X", "Y", "Z")]
    held = {
        **{"setname": path.stem, "nbchan": len(names), "trials": 1, "srate": sfreq},
        **{"pnts": microvolts.shape[1], "xmin": 0.0, "xmax": microvolts.shape[1] / sfreq},
        **{"data": microvolts.astype("f4"), "event": [], "epoch": [], "ref": "common"},
        **{"icaweights": [], "icawinv": [], "icasphere": []},
        "chanlocs": np.array([tuple(row) for row in places], dtype=fields),
    }
    io.savemat(path, {"EEG": held}, appendmat=False)
    return microvolts.astype("f4").astype(float)


WRITERS = {
    "edf": _write_edf,
    "bdf": _write_edf,
    "fif": _write_fif,
    "vhdr": _write_brainvision,
    "set": _write_eeglab,
}


def _numbered(names: list[str]) -> list[str]:
    """Number names that are there twice, as MNE does where it reads them."""
    return [
        f"{name}-{names[:i].count(name)}" if names.count(name) > 1 else name
        for i, name in enumerate(names)
    ]


def _write_table(rng, made: Written, folder: Path) -> None:
    """Write the table of trials in one of the forms that people save."""
    subject = str(rng.choice(["1", "01", "anna"]))
    rows = [
        {
            "subject": subject,
            "file": f"{trial['number']}.{made.format}",
            "trial": number,
            "onset_seconds": trial["onset"],
            "duration_seconds": trial["duration"],
            "baseline_seconds": trial["baseline"],
            "stimulus": f"film {number}",
            "valence": float(rng.integers(2, 17)) / 2,
        }
        for number, trial in enumerate(made.trials, start=1)
    ]
    if made.fault == "rating":
        rows[0]["valence"] = 55.0
    table = pd.DataFrame(rows)
    if not made.trials[0]["baseline"]:
        table = table.drop(columns="baseline_seconds")
    if rng.random() < 0.3:
        table["age"] = 23
    table = table.sample(frac=1, random_state=made.seed) if rng.random() < 0.5 else table
    form = str(rng.choice(["csv", "tsv", "semicolons"]))
    how = {"csv": {}, "tsv": {"sep": "\t"}, "semicolons": {"sep": ";", "decimal": ","}}[form]
    path = folder / ("trials.tsv" if form == "tsv" else "trials.csv")
    table.to_csv(path, index=False, encoding="utf-8-sig" if rng.random() < 0.3 else "utf-8", **how)


def expected(made: Written, trial: dict) -> np.ndarray:
    """Return the differential entropy (window, band, channel) by SciPy, nats."""
    begin = round(trial["onset"] * made.sfreq)
    stop = begin + round(trial["duration"] * made.sfreq)
    piece = made.signals[trial["number"]][:, begin:stop]
    piece = piece - piece.mean(axis=0)  # the common average
    n = round(WINDOW * made.sfreq)
    n_windows = piece.shape[1] // n
    of_bands = []
    for limits in BANDS.values():
        sections = signal.butter(3, limits, "bandpass", fs=made.sfreq, output="sos")
        filtered = signal.sosfilt(sections, piece)[:, : n_windows * n]
        variance = filtered.reshape(len(piece), n_windows, n).var(axis=-1, ddof=1)
        of_bands.append(0.5 * np.log(2 * np.pi * np.e * variance).T)
    return np.stack(of_bands, axis=1)


def outcome(seed: int, folder: Path) -> tuple[str, Written, str]:
    """Write, read and compare one recording; return what came of it, and the details."""
    made = write(seed, folder)
    asked = FeatureSettings(kinds=("de",), baseline="none", normalise="none")
    try:
        with warnings.catch_warnings(action="error"):
            subject = files.subjects(folder)[0]
            recording = files.read(folder, subject)
            trial_classes(recording, {"valence": Task("valence")})
            found = extract_features(recording, asked)
    except InputError as error:
        return ("refused as it should" if made.fault else "REFUSED IN VAIN"), made, str(error)
    except Exception as error:
        return "RAISED SOMETHING ELSE", made, f"{type(error).__name__}: {error}"
    if made.fault:
        return "A FAULT PASSED", made, "; ".join(found.attrs["notes"])
    values = (
        found["feature"].sel(kind="de", band=list(BANDS)).transpose("window", "band", "channel")
    )
    for number, trial in enumerate(made.trials, start=1):
        own, wanted = values.isel(window=found["trial"].to_numpy() == number), expected(made, trial)
        if own.shape != wanted.shape or set(own["channel"].to_numpy()) != set(made.places):
            return "WRONG", made, f"trial {number}: {own.shape} for {wanted.shape}"
        own = own.sel(channel=made.places).transpose("window", "band", "channel").to_numpy()
        off = np.abs(own - wanted)[RING:].max(initial=0)
        if not off <= TOLERANCE:
            return "WRONG", made, f"trial {number}: off by {off:.3g} nats"
    return "right", made, ""


def main(arguments: list[str] | None = None) -> int:
    """Print a table of outcomes by format, and all that went wrong; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.own_recordings")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    asked = parser.parse_args(arguments)
    start, table, faults = time.process_time(), Counter(), Counter()
    for seed in range(asked.first, asked.first + asked.count):
        with tempfile.TemporaryDirectory() as folder:
            what, made, detail = outcome(seed, Path(folder))
        table[what, made.format] += 1
        faults[made.fault or "none"] += 1
        if what.isupper():
            about = f"{made.format}, {made.spelling}, {made.unit}, {made.sfreq:g} Hz"
            print(f"{what}: seed {seed} ({about}; fault: {made.fault or 'none'}): {detail}")
    rows = pd.DataFrame(table.elements(), columns=["outcome", "format"])
    print(pd.crosstab(rows["outcome"], rows["format"], margins=True).to_string())
    print(", ".join(f"{name} {count}" for name, count in faults.most_common()))
    print(f"{asked.count} recordings in {time.process_time() - start:.0f} s of the processor")
    return int(any(what.isupper() for what, _ in table))


if __name__ == "__main__":
    sys.exit(main())
