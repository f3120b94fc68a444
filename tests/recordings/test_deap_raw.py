"""DEAP's BDF files, made up after what is known of them: short, and of three videos."""

from __future__ import annotations

from dataclasses import replace

import edfio
import numpy as np
import pytest
from synthetic import cut_short, noise, write_table

from emolib.errors import DataError
from emolib.features import FeatureSettings, extract_features
from emolib.grid import DEAP_CHANNELS
from emolib.recordings import deap_raw
from emolib.recordings.deap import SCALES

# fmt: off
TWENTE = [
    "Fp1", "AF3", "F7", "F3", "FC1", "FC5", "T7", "C3", "CP1", "CP5", "P7", "P3", "Pz", "PO3", "O1",
    "Oz", "O2", "PO4", "P4", "P8", "CP6", "CP2", "C4", "T8", "FC6", "FC2", "F4", "F8", "AF4", "Fp2",
    "Fz", "Cz",
]
# fmt: on
OTHERS = [*(f"EXG{k}" for k in range(1, 9)), "GSR1", "GSR2", "Erg1", "Erg2", "Resp", "Plet", "Temp"]
VIDEOS = (2, 3, 1)  # in the order in which they were shown
SFREQ, SECONDS = 512, 36
BEGINS = (6, 16, 26)  # seconds
LAST = 8388608


def write(folder, number, order, status=("Status",), *, codes=None, eye=0.0):
    """One recording: in video k, O1 has 10 Hz of 20 k microvolts; the eyes move at 6 Hz."""
    signals = noise(32 + len(OTHERS), SECONDS, SFREQ, number) / 3
    time = np.arange(SECONDS * SFREQ) / SFREQ
    signals[32:36] += (moves := 100 * np.sin(2 * np.pi * 6 * time))
    signals[:32] += eye * moves * np.linspace(0, 1, 32)[:, None] + 4000.0
    for video, begin in zip(VIDEOS, BEGINS, strict=True):
        during = (time >= begin) & (time < begin + 4)
        signals[order.index("O1"), during] += 20 * video * np.sin(2 * np.pi * 10 * time[during])
    marks = np.zeros(len(time), np.int64)
    for second, code in codes or [(b + d, c) for b in BEGINS for d, c in ((-5, 3), (0, 4), (4, 5))]:
        marks[int(second * SFREQ) : int(second * SFREQ) + 8] = code
    marks += 1 << 16  # a bit of the amplifier's own
    limits = {"digital_range": (-LAST, LAST - 1)}
    rows = [
        edfio.BdfSignal(x, SFREQ, label=name, physical_dimension="uV",
                        physical_range=(-262144, 262143), **limits)
        for x, name in zip(signals, [*order, *OTHERS], strict=True)
    ]  # fmt: skip
    rows += [
        edfio.BdfSignal(x.astype(float), SFREQ, label=name, physical_dimension="Boolean",
                        physical_range=(-LAST, LAST - 1), **limits)
        for x, name in zip([marks, 0 * marks][: len(status)], status, strict=True)
    ]  # fmt: skip
    folder.mkdir(exist_ok=True)
    edfio.Bdf(rows).write(folder / f"s{number:02d}.bdf")


def rate(folder, *numbers):
    rows = [
        {"Participant_id": n, "Trial": trial, "Experiment_id": video, "Start_time": 0}
        | {scale.title(): 1 + video + i for i, scale in enumerate(SCALES)}
        for n in numbers
        for trial, video in enumerate(VIDEOS, start=1)
    ]
    write_table(folder / "participant_ratings.csv", rows)


@pytest.fixture(autouse=True)
def three_short_videos(monkeypatch):
    monkeypatch.setattr(deap_raw, "N_TRIALS", 3)
    monkeypatch.setattr(deap_raw, "TRIAL_SECONDS", 4.0)


EARLY = [(0.5, 3), (0.8, 5)] + [(b + d, c) for b in BEGINS for d, c in ((-5, 3), (0, 4), (4, 5))]


@pytest.mark.parametrize(
    ("number", "order", "status", "codes"),
    [
        (1, TWENTE, ("Status",), None),
        (24, [*DEAP_CHANNELS], ("",), EARLY),
        (30, [*DEAP_CHANNELS], ("", ""), EARLY),
    ],
)
def test_trials_are_the_videos_in_the_order_of_their_numbers(
    tmp_path, number, order, status, codes
):
    write(tmp_path / "data_original", number, order, status, codes=codes)
    rate(tmp_path, number)
    assert deap_raw.subjects(tmp_path) == [f"sub-{number:02d}"]
    found = deap_raw.read(tmp_path, f"sub-{number:02d}")
    assert found["eeg"].sizes == {"trial": 3, "channel": 32, "time": 512}
    assert found["baseline"].sizes["baseline_time"] == 384 and found.attrs["sfreq"] == 128
    assert sorted(found["channel"].to_numpy()) == sorted(DEAP_CHANNELS)
    assert found["trial"].to_numpy().tolist() == [1, 2, 3]
    assert found["stimulus"].to_numpy().tolist() == ["01", "02", "03"]
    assert found["rating"].sel(scale="arousal").to_numpy().tolist() == [3, 4, 5]
    deviation = found["eeg"].sel(channel="O1").std("time").to_numpy()
    expected = 31 / 32 * 20 * np.array([1, 2, 3]) / np.sqrt(2)  # against the common average
    np.testing.assert_allclose(deviation, expected, rtol=0.1)
    assert list(found.attrs["held_hz"]) == [4, 45]


def test_eye_movements_are_taken_out(tmp_path, monkeypatch):
    for number, eye in ((1, 0.0), (2, 0.5)):
        write(tmp_path, number, TWENTE, eye=eye)
    rate(tmp_path, 1, 2)

    def theta(number):
        settings = FeatureSettings(("de",), normalise="none", baseline="none")
        computed = extract_features(deap_raw.read(tmp_path, f"sub-{number:02d}"), settings)
        return float(computed["feature"].sel(band="theta").mean())

    clean = theta(1)
    assert theta(2) - clean < 0.1
    monkeypatch.setattr(deap_raw, "SETTINGS", replace(deap_raw.SETTINGS, regress_artifact=None))
    assert theta(2) - clean > 1


def test_each_fault_is_named(tmp_path):
    for number in range(1, 6):
        write(tmp_path, number, TWENTE, codes=EARLY[:-1] if number == 2 else None)
    with pytest.raises(DataError, match=r"in which they were shown; no participant_ratings"):
        deap_raw.read(tmp_path, "sub-01")
    rate(tmp_path, 1, 2, 3, 5)
    cut_short(tmp_path / "s03.bdf")
    table = tmp_path / "participant_ratings.csv"
    table.write_text(table.read_text().replace("5,3,1", "5,3,2"))
    for subject, words in {
        "sub-02": r"s02\.bdf: marks 2 videos \(code 4, then 5\); 3 are expected",
        "sub-03": r"s03\.bdf: .* bytes",
        "sub-04": r"has not each of 3 trials and videos of participant 4 once",
        "sub-05": r"has not each of 3 trials and videos of participant 5 once",
    }.items():
        with pytest.raises(DataError, match=words):
            deap_raw.read(tmp_path, subject)
    assert deap_raw.read(tmp_path, "sub-01").sizes["trial"] == 3
