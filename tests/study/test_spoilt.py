"""Eight good and ten spoilt recordings in one study: the good are computed, a page each explains.

Run by `make faults`: it takes some minutes.
"""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import yaml
from command import emolib
from synthetic import cut_short, noise, trial_rows, write_table

from benchmarks.own_recordings import WRITERS
from emolib.storage import file_stem
from emolib.study import study as studies

pytestmark = pytest.mark.faults

CHANNELS = ["Fp1", "Fp2", "F3", "F4", "C3", "C4", "P3", "P4", "O1", "O2"]
N_TRIALS, SECONDS, SFREQ = 8, 3, 128.0
STUDY = {
    "title": "Eight good, ten spoilt",
    "dataset": "files",
    "root": "data",
    "tasks": {"valence": {"rating": "valence"}},
    "features": {"baseline": "none"},
    "model": {"width": 0.05},
    "training": {"epochs": 1, "fine_tuning_epochs": 1},
    "protocols": ["trial_grouped", "leave_subjects_out"],
    "n_folds": 2,
}
GOOD = {  # name: format, spelling of the channels, unit, rate
    "edf": ("edf", "{}", "uV", SFREQ),
    "bdf": ("bdf", "EEG {}", "uV", 256.0),
    "fif": ("fif", "{}", "uV", SFREQ),
    "brainvision": ("vhdr", "{}", "uV", 250.0),
    "eeglab": ("set", "{}", "uV", SFREQ),
    "millivolts": ("edf", "{}", "mV", 200.0),
    "reference": ("edf", "EEG {}-CPz", "uV", SFREQ),
    "odd-rate": ("fif", "{}", "uV", 255.9),
}
# What is done to a whole EDF file, or to its signal, and a word of what the page must say.
SPOILT = {
    "missing": (lambda path: path.unlink(), "does not exist"),
    "empty": (lambda path: path.write_bytes(b""), "is empty"),
    "picture": (lambda path: path.write_bytes(b"\x89PNG\r\n" + bytes(5000)), "neither an EDF"),
    "cut-short": (cut_short, "header says"),
    "one-channel": (lambda signal: signal[:1], "channel"),
    "not-a-number": ("fif", "NaN"),
    "wrong-rate": (125.0, "125 Hz"),
    "flat": (lambda signal: np.where(np.arange(10)[:, None] == 2, 5.0, signal), "F3 is flat"),
    "other-unit": (lambda signal: signal * np.where(np.arange(10) == 4, 1000, 1)[:, None], "C3"),
    "twice": (lambda signal: signal, "share 2 s"),
}


def rows_of(name: str, file: str) -> list[dict]:
    own = {"stimulus": range(N_TRIALS), "valence": (2, 8)}
    rows = trial_rows(name, file, N_TRIALS, SECONDS, **own)
    if name == "twice":  # each trial shares two of its three seconds with the next
        rows = [row | {"onset_seconds": k} for k, row in enumerate(rows)]
    return rows


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spoilt")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOLIB_RESULTS", str(folder / "results"))
        (data := folder / "data").mkdir()
        rows = []
        for seed, (name, (kind, spelling, unit, sfreq)) in enumerate(GOOD.items()):
            signal = noise(len(CHANNELS), 2 + N_TRIALS * SECONDS, sfreq, seed)
            path, spelt = data / f"{name}.{kind}", [spelling.format(one) for one in CHANNELS]
            WRITERS[kind](path, signal, spelt, sfreq, unit)
            rows += rows_of(name, path.name)
        for seed, (name, (change, _)) in enumerate(SPOILT.items(), start=len(GOOD)):
            sfreq = change if isinstance(change, float) else SFREQ
            kind = change if isinstance(change, str) else "edf"
            signal = noise(len(CHANNELS), 2 + N_TRIALS * SECONDS, sfreq, seed)
            if kind == "fif":
                signal[3, 500] = np.nan
            elif callable(change) and name not in ("missing", "empty", "picture", "cut-short"):
                signal = change(signal)
            path = data / f"{name}.{kind}"
            WRITERS[kind](path, signal, CHANNELS[: len(signal)], sfreq, "uV")
            if name in ("missing", "empty", "picture", "cut-short"):
                change(path)
            rows += rows_of(name, path.name)
        write_table(data / "trials.csv", rows)
        (folder / "spoilt.yaml").write_text(yaml.safe_dump(STUDY))
        yield studies.load(folder / "spoilt.yaml")


@pytest.fixture(scope="module")
def run(study):
    pages = [f"notebooks/subjects/{file_stem(name)}.ipynb" for name in study.subjects()]
    targets = [*pages, "notebooks/cohort.ipynb"]
    return emolib("run", study.file, "--targets", *targets, results=study.folder.parent)


def test_eight_are_computed_and_the_exit_code_says_that_not_all_are(run, study):
    assert run.returncode == 1, run.stderr
    assert "8 of 18 subjects are in the book" in run.stdout
    refused = re.findall(r"^not used: sub-([\w-]+):", run.stdout, flags=re.MULTILINE)
    assert set(refused) == set(SPOILT)
    assert "Traceback" not in run.stdout + run.stderr


@pytest.mark.parametrize("name", SPOILT)
def test_the_page_of_a_spoilt_recording_explains(run, study, name):
    page = study.folder / "notebooks" / "subjects" / f"sub-{name}.ipynb"
    text = page.read_text(encoding="utf-8")
    assert SPOILT[name][1] in text
    assert "Traceback" not in text


@pytest.mark.parametrize("name", GOOD)
def test_a_good_recording_has_its_page_and_scores(run, study, name):
    page = study.folder / "notebooks" / "subjects" / f"sub-{name}.ipynb"
    about = json.loads(page.read_text(encoding="utf-8"))["metadata"].get("emolib", {})
    assert "failed" not in about
    scores = (study.folder / "scores" / "scores.csv").read_text()
    assert f"sub-{name}," in scores


def test_check_says_the_same_before_anything_is_computed(study):
    told = emolib("check", "--json", study.file, results=study.folder.parent)
    assert told.returncode == 1
    found = {one["subject"]: one for one in json.loads(told.stdout)}
    assert {name for name, one in found.items() if not one["usable"]} == {
        f"sub-{n}" for n in SPOILT
    }
    for name, (_, word) in SPOILT.items():
        assert word in found[f"sub-{name}"]["problem"]
        assert found[f"sub-{name}"]["remedy"]
