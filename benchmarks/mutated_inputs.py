"""Spoil small valid inputs of every format at random, read them, and count what comes of them.

Run it by `python -m benchmarks.mutated_inputs` (1,500 inputs, some minutes); with `--first 41
--count 1` one of them again. Bits flip, spans are cut, deleted, repeated, swapped or overwritten,
numbers of headers change, cells of tables become odd, and a few inputs hold a program. What comes
back is compared with what the input gives unspoilt. Exit status 1 if one is wrong without a word,
hangs, ends the run, takes too much memory, is refused without the name of a file, or runs.

A bit of a sample that flips is another sample, and no reader can know: such numbers count as other
but plausible. Where a format says how long it is, or has a checksum, a reader can: then other
numbers are wrong.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import sys
import tempfile
import time
import types
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy.io import savemat

from benchmarks.own_recordings import WRITERS
from emolib.errors import InputError
from emolib.recordings import READERS, deap
from emolib.recordings.settings import DEFAULT
from emolib.study.check import findings
from emolib.study.reading import read
from emolib.study.study import load

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
import synthetic

CHANNELS = ["Fp1", "Fp2", "F3", "F4", "C3", "Cz"]
SFREQ, SECONDS = 128.0, 10.0
TRIALS = ((1, 0.5, 3.0), (2, 4.0, 3.0), (3, 7.0, 2.5))  # number, onset and duration (s)
STUDY = """\
title: Spoilt
dataset: files
root: .
tasks: {state: {classes: [rest, music]}, valence: {rating: valence, above: 5}}
features: {baseline: none, window_seconds: 0.5, kinds: [de]}
protocols: [trial_grouped]
recordings: {subjects: {sub-01: {l_freq: 1.0}}}
n_folds: 2
seed: 3
"""
ODD = (  # cells, keys and values
    *("", "nan", "inf", "-inf", "1e400", "-1", "0", "1_0", "0x1A", "1 000", "1.2.3", "1,5", "TRUE"),
    *(
        "=1+1",
        "12:30",
        "\u00bd",
        "\u0663",
        "\uff11",
        "null",
        "'",
        '"',
        "\t",
        "#",
        "..",
        "../../etc",
    ),
    *("/dev/zero", "/dev/stdin", "x" * 5000, "9" * 400, "1e-320", "\u202e", "\ufeff", "{}", "[]"),
)
PROGRAM = "touch {}"  # a shell command that would leave a file behind
LIMIT_SECONDS, LIMIT_MB = 60.0, 3000.0  # of one input: more is a hang, or a flood
WRONG = "SILENTLY WRONG"


@dataclass(frozen=True)
class Format:
    """How an input is written and read, which of its files are spoilt, and what it can know."""

    write: Callable[[Path], object]
    targets: tuple[str, ...]
    dataset: str = "files"
    text: bool = False
    checksum: bool = False  # nothing can change unnoticed
    length: bool = True  # it says how long it is


def outcome(seed: int, folder: Path) -> tuple[str, str, str]:
    """Spoil and read one input; return its format, what came of it, and the details."""
    rng = np.random.default_rng(seed)
    name = list(FORMATS)[seed % len(FORMATS)]
    form = FORMATS[name]
    expected = _expected(name)
    form.write(folder)
    path = folder / form.targets[int(rng.integers(len(form.targets)))]
    size, ran = path.stat().st_size, folder / "ran"
    kind, content = _spoil(rng, path.read_bytes(), form, ran)
    path.write_bytes(content)
    what = f"{path.name}, {kind}"
    begin, used = time.monotonic(), _memory_mb()
    try:
        with warnings.catch_warnings(action="error"):
            found = _read(form, folder)
    except InputError as error:
        told, detail = "refused", str(error)
        if not any(file.name in detail for file in folder.iterdir()) and f"{folder}/" not in detail:
            told = "REFUSED WITHOUT A NAME"
        for sign in ("crashes the program", "took more than"):
            told = f"refused: {sign.partition(' the')[0]}" if sign in detail else told
    except Exception as error:
        told, detail = "TRACEBACK", f"{type(error).__name__}: {error}"
    else:
        told, detail = _compared(found, expected, form, len(content) - size)
    if time.monotonic() - begin > LIMIT_SECONDS:
        told = "HUNG"
    if _memory_mb() - used > LIMIT_MB:
        told = "OVER MEMORY"
    if ran.exists():
        told = "CODE RUN"
    return name, told, f"{what}: {detail}"


@cache
def _expected(name: str) -> object:
    """Return what an input of a format gives that nobody has spoilt."""
    with tempfile.TemporaryDirectory() as folder:
        FORMATS[name].write(Path(folder))
        return _read(FORMATS[name], Path(folder))


def _compared(found: object, expected: object, form: Format, longer: int) -> tuple[str, str]:
    """Say whether what was read is what was written, and if not, whether that must be noticed."""
    if not isinstance(found, xr.Dataset):
        return ("same" if found == expected else "other, plausible"), ""
    names = ("eeg", "baseline", "rating", "class", "trial", "stimulus", "channel")
    differ = [n for n in names if n in expected and not _equal(found.get(n), expected[n])]
    if found.attrs["sfreq"] != expected.attrs["sfreq"]:
        differ.append("sfreq")
    if not differ:
        return "same", ""
    detail = f"{', '.join(differ)} differ; {dict(found.sizes)}"
    noticed = form.checksum or (longer and form.length and not form.text)
    said = {*found.attrs["notes"]} - {*expected.attrs["notes"]}
    if said:
        return "other, and a note says so", f"{detail}; {'; '.join(sorted(said))}"
    return (WRONG if noticed else "other, plausible"), detail


def _equal(one: xr.DataArray | None, other: xr.DataArray) -> bool:
    return one is not None and one.equals(other)


def _memory_mb() -> float:
    """Return the most memory that this process, or a child of it, has had, MB."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024


# -- what is written and read ----------------------------------------------------------------


def _read(form: Format, folder: Path) -> object:
    """Read an input as a study does."""
    if form.dataset == "study":
        study = load(folder / "study.yaml")
        return [study.model_dump_json(), *map(str, findings(study))]
    reader = READERS[form.dataset]
    if form.dataset == "deap":  # of few, short trials
        small = partial(deap.read, layout=synthetic.SMALL)
        reader = types.SimpleNamespace(**vars(deap) | {"read": small})
    return read(reader, folder, reader.subjects(folder)[0], DEFAULT)


def _write_deap(folder: Path, ending: str, packed: bool = False) -> None:
    if packed:
        savemat(folder / "s01.mat", synthetic.deap_arrays(), do_compression=True)
    else:
        synthetic.write_deap(folder / f"s01{ending}")
    rows = [dict(zip(RATINGS, (1, k, k, 0, *(5.0,) * 4, 1), strict=True)) for k in range(1, 5)]
    synthetic.write_table(folder / "participant_ratings.csv", rows)


RATINGS = (
    *("Participant_id", "Trial", "Experiment_id", "Start_time"),
    *("Valence", "Arousal", "Dominance", "Liking", "Familiarity"),
)


def _write_file(folder: Path, ending: str, table: str = "trials.csv") -> None:
    signals = synthetic.noise(len(CHANNELS), SECONDS, SFREQ)
    file = "a_raw.fif" if ending == "fif" else f"a.{ending}"
    WRITERS[ending](folder / file, signals, CHANNELS, SFREQ, "uV")
    rows = [
        {
            "subject": "1",
            "file": file,
            "trial": number,
            "onset_seconds": onset,
            "duration_seconds": duration,
            "stimulus": f"film {number}",
            "valence": 2.5 * number,
            "state": ("rest", "music")[number % 2],
        }
        for number, onset, duration in TRIALS
    ]
    synthetic.write_table(folder / table, rows)
    if ending == "edf":
        (folder / "study.yaml").write_text(STUDY)
        lines = [f"{name}\tEEG\tuV\tgood" for name in CHANNELS]
        columns = "name\ttype\tunits\tstatus"
        (folder / "a_channels.tsv").write_text("\n".join([columns, *lines, ""]))


def _write_people(folder: Path) -> None:
    people = [synthetic.dreamer_person(k, 0.6) for k in range(23)]
    synthetic.write_dreamer(folder / "DREAMER.mat", people)


def _write_sessions(folder: Path) -> None:
    synthetic.write_seed(folder, {"1_20131027.mat": synthetic.seed_session(0.6)})


FORMATS = {
    "DEAP .mat": Format(partial(_write_deap, ending=".mat"), ("s01.mat",), "deap"),
    "DEAP .mat packed": Format(
        partial(_write_deap, ending=".mat", packed=True), ("s01.mat",), "deap", checksum=True
    ),
    "DEAP .dat": Format(partial(_write_deap, ending=".dat"), ("s01.dat",), "deap"),
    "DEAP ratings": Format(
        partial(_write_deap, ending=".dat"), ("participant_ratings.csv",), "deap", text=True
    ),
    "SEED": Format(_write_sessions, ("1_20131027.mat", "label.mat"), "seed"),
    "DREAMER": Format(_write_people, ("DREAMER.mat",), "dreamer"),
    "EDF": Format(partial(_write_file, ending="edf"), ("a.edf",)),
    "BDF": Format(partial(_write_file, ending="bdf"), ("a.bdf",)),
    "FIF": Format(partial(_write_file, ending="fif"), ("a_raw.fif",)),
    "BrainVision": Format(partial(_write_file, ending="vhdr"), ("a.eeg",), length=False),
    "BrainVision text": Format(
        partial(_write_file, ending="vhdr"), ("a.vhdr", "a.vmrk"), text=True
    ),
    "EEGLAB": Format(partial(_write_file, ending="set"), ("a.set",)),
    "trials.csv": Format(partial(_write_file, ending="edf"), ("trials.csv",), text=True),
    "trials.tsv": Format(
        partial(_write_file, ending="edf", table="trials.tsv"), ("trials.tsv",), text=True
    ),
    "_channels.tsv": Format(partial(_write_file, ending="edf"), ("a_channels.tsv",), text=True),
    "study YAML": Format(partial(_write_file, ending="edf"), ("study.yaml",), "study", text=True),
}


# -- what is done to it ----------------------------------------------------------------------


def _spoil(rng, content: bytes, form: Format, ran: Path) -> tuple[str, bytes]:
    """Spoil an input in one way; return which, and what is left."""
    kinds = ["flip", "flip", "cut", "delete", "repeat", "swap", "overwrite", "header", "header"]
    kinds += ["tag", "tag"]
    kinds += ["cell"] * 8 if form.text else []
    kinds += ["program"] * (form.text or b"numpy" in content)
    kind = str(rng.choice(kinds))
    data, at = bytearray(content), int(rng.integers(len(content)))
    n = int(min(rng.choice([1, 2, 3, 8, 17, 64, 256, 1000]), max(len(data) - at, 1)))
    near = min(len(data), 800)  # headers are at the front
    if kind == "flip":
        for place in rng.integers(near if rng.random() < 0.6 else len(data), size=n % 9 + 1):
            data[place] ^= 1 << int(rng.integers(8))
    elif kind == "tag":  # of MATLAB's first variable, or what stands there
        data[min(int(rng.integers(124, 256)), len(data) - 1)] ^= 1 << int(rng.integers(8))
    elif kind == "cut":
        del data[at:]
    elif kind == "delete":
        del data[at : at + n]
    elif kind == "repeat":
        data[at:at] = data[at : at + n]
    elif kind == "swap":
        other = int(rng.integers(len(data) - n + 1))
        one, two = bytes(data[at : at + n]), bytes(data[other : other + n])
        data[at : at + n], data[other : other + n] = two[: len(one)], one
    elif kind == "overwrite":
        data[at : at + n] = (
            rng.bytes(n) if rng.random() < 0.5 else bytes([rng.choice([0, 255])] * n)
        )
    elif kind == "header":
        data = _other_number(rng, data, near)
    elif kind == "cell":
        data = _odd_cell(rng, content)
    elif kind == "program":
        data = _program(content, ran)
    return f"{kind} {n} at {at}", bytes(data)


def _other_number(rng, data: bytearray, near: int) -> bytearray:
    """Change a number of a header: one that is written out, or one of four bytes."""
    written = [*re.finditer(rb"\d+", data[:near])]
    if written and rng.random() < 0.6:
        found = written[int(rng.integers(len(written)))]
        width = found.end() - found.start()
        other = rng.choice([b"0", b"1", b"9" * width, b"-1", str(int(found[0]) * 2).encode()])
        data[found.start() : found.end()] = bytes(other)[:width].ljust(width)
    else:
        at = int(rng.integers(max(near - 4, 1) // 4)) * 4
        data[at : at + 4] = int(rng.choice([0, 1, 255, 2**16, 2**31 - 1, 2**32 - 1])).to_bytes(
            4, str(rng.choice(["little", "big"]))
        )
    return data


def _odd_cell(rng, content: bytes) -> bytes:
    """Put an odd text where a cell, a key or a value stands."""
    text = content.decode()
    cells = [*re.finditer(r"[^,;\t\n:\[\]{}=]+", text)]
    found = cells[int(rng.integers(len(cells)))]
    return (text[: found.start()] + ODD[int(rng.integers(len(ODD)))] + text[found.end() :]).encode()


def _program(content: bytes, ran: Path) -> bytes:
    """Add a program to a pickle or a text, which would leave the file `ran` behind."""
    command = PROGRAM.format(ran)
    if content.startswith(b"\x80\x02"):
        return (
            b"\x80\x02cposix\nsystem\n(X"
            + len(command).to_bytes(4, "little")
            + (command.encode() + b"tR0" + content[2:])
        )
    return content + f'\nx: !!python/object/apply:os.system ["{command}"]\n$({command})'.encode()


def main(arguments: list[str] | None = None) -> int:
    """Print a table of outcomes by format, and all that went wrong; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutated_inputs")
    parser.add_argument("--count", type=int, default=1500)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--all", action="store_true", help="print every outcome")
    asked = parser.parse_args(arguments)
    rows = []
    with tempfile.TemporaryDirectory() as results:
        os.environ["EMOLIB_RESULTS"] = results
        for seed in range(asked.first, asked.first + asked.count):
            with tempfile.TemporaryDirectory() as folder:
                name, told, detail = outcome(seed, Path(folder))
            rows.append((name, told))
            if asked.all or is_wrong(told):
                print(f"{told}: seed {seed} ({name}, {detail})", flush=True)
    table = pd.DataFrame(rows, columns=["format", "outcome"])
    print(pd.crosstab(table["format"], table["outcome"], margins=True).to_string())
    return int(table["outcome"].map(is_wrong).any())


def is_wrong(told: str) -> bool:
    """Return whether an outcome is none that a study can live with."""
    return told.isupper()


if __name__ == "__main__":
    sys.exit(main())
