"""XDF files: what LabRecorder writes, chunk by chunk."""

from __future__ import annotations

import struct
from functools import partial

import numpy as np
import pytest
from synthetic import check_each, cut_short, noise, write_table

from emolib.__main__ import main
from emolib.errors import DataError
from emolib.recordings import files
from emolib.recordings.eeg_file import open_eeg
from emolib.recordings.settings import RecordingSettings

NAMES = ["Fz", "Cz", "Pz", "Oz", "VEOG"]
RECORDED = RecordingSettings(eeg_reference="recorded")


def chunk(tag: int, content: bytes, stream: int | None = None) -> bytes:
    body = struct.pack("<H", tag) + (b"" if stream is None else struct.pack("<I", stream)) + content
    return b"\x04" + struct.pack("<I", len(body)) + body


def head(name, kind, form, rate, n, desc=""):
    return (
        f"<?xml version='1.0'?><info><name>{name}</name><type>{kind}</type><channel_count>{n}"
        f"</channel_count><nominal_srate>{rate}</nominal_srate><channel_format>{form}"
        f"</channel_format><desc>{desc}</desc></info>"
    ).encode()


def write_xdf(path, signals, *, rate=128.0, true_rate=None, unit="microvolts", names=NAMES,
              marks=((0.5, "calm"), (3.5, "tense")), gap=0.0, end=True, kind="EEG"):  # fmt: skip
    """Signals (channel, sample) in microvolts as EEG, and words, on a clock that starts at 100."""
    about = "".join(
        f"<channel><label>{name}</label><unit>{unit}</unit>"
        f"<type>{'EOG' if name == 'VEOG' else 'EEG'}</type></channel>"
        for name in names
    )
    desc = f"<channels>{about}</channels>" if names else ""
    at = 100 + np.arange(signals.shape[1]) / (true_rate or rate)
    at[len(at) // 2 :] += gap
    samples = [
        b"\x08" + struct.pack("<d", t) + column.astype("<f4").tobytes()
        for t, column in zip(at, signals.T, strict=True)
    ]
    words = [
        b"\x08" + struct.pack("<d", 100 + t) + b"\x01" + bytes([len(word)]) + word.encode()
        for t, word in marks
    ]
    content = b"XDF:" + chunk(1, b"<?xml version='1.0'?><info><version>1.0</version></info>")
    content += chunk(2, head("Amp", kind, "float32", rate, len(signals), desc), 1)
    content += chunk(2, head("Marks", "Markers", "string", 0, 1), 2)
    for stream, pieces in ((1, samples), (2, words)):
        content += chunk(3, b"\x04" + struct.pack("<I", len(pieces)) + b"".join(pieces), stream)
    for stream, pieces in ((1, samples), (2, words)) if end else ():
        counted = f"<info><sample_count>{len(pieces)}</sample_count></info>"
        content += chunk(6, f"<?xml version='1.0'?>{counted}".encode(), stream)
    path.write_bytes(content)
    return path


def test_samples_channels_and_marks_are_those_that_were_sent(tmp_path):
    signals = noise(5, 6, 128)
    marks = ((-1.0, "early"), (0.5, "calm"), (3.5, "tense"), (7.0, "late"))
    path = write_xdf(tmp_path / "a.xdf", signals, marks=marks)
    raw, channels, notes = open_eeg(path)
    assert channels == {name: name for name in NAMES[:4]}
    assert raw.info["sfreq"] == 128.0
    np.testing.assert_allclose(1e6 * raw.get_data(NAMES), signals, rtol=1e-6)
    found = [(mark["onset"], mark["description"]) for mark in raw.annotations]
    assert found == [(pytest.approx(0.5), "calm"), (pytest.approx(3.5), "tense")]
    told = ["2 of 4 marks lie before or after the EEG", "left out: VEOG (eog)"]
    assert notes == [f"a.xdf: {note}" for note in told]


@pytest.mark.parametrize(("unit", "factor"), [("mV", 1e3), ("Volts", 1e6), ("µV", 1.0), ("", 1.0)])
def test_units_are_those_of_the_header_or_microvolts(tmp_path, unit, factor):
    signals = noise(5, 2, 128)
    raw, _, notes = open_eeg(write_xdf(tmp_path / "a.xdf", signals / factor, unit=unit))
    np.testing.assert_allclose(1e6 * raw.get_data(NAMES), signals, rtol=1e-6)
    assert any("no unit is named of Fz" in note for note in notes) is (unit == "")


def test_a_rate_that_is_not_what_it_is_called_is_the_clocks(tmp_path):
    raw, _, notes = open_eeg(write_xdf(tmp_path / "a.xdf", noise(5, 60, 128), true_rate=127.9))
    assert raw.info["sfreq"] == pytest.approx(127.9, abs=1e-3)
    assert any("128 Hz by name, 127.9 Hz by its clock" in note for note in notes)


def test_a_study_reads_it_and_each_fault_is_one_subjects(tmp_path, capsys):
    faults = {
        1: {},
        2: {"gap": 2.0},
        3: {"end": False},
        4: {"kind": "Audio"},
        5: {},
        6: {"names": ()},
    }
    for k, changes in faults.items():
        write_xdf(tmp_path / f"{k}.xdf", noise(5, 6, 128, k), **changes)
    cut_short(tmp_path / "5.xdf")
    rows = [
        {"subject": k, "file": f"{k}.xdf", "trial": t, "onset_seconds": t, "duration_seconds": 1}
        | {"mood": "ab"[t % 2]}
        for k in faults
        for t in (1, 2, 3)
    ]
    write_table(tmp_path / "trials.csv", rows)
    read = partial(files.read, tmp_path, settings=RECORDED)
    found = check_each(files.subjects(tmp_path), read)
    told = {name: error and str(error) for name, error in found.items()}
    assert told.pop("sub-01") is None
    for name, words in {
        "sub-02": "2.xdf: has a gap of 2.01 s after 2.99219 s",
        "sub-03": "3.xdf: has no end, and holds 768 samples of EEG",
        "sub-04": "4.xdf: holds no streams of EEG; all: Amp (Audio), Marks (Markers)",
        "sub-05": "5.xdf: ",
        "sub-06": "no EEG channel has a place on the grid",
    }.items():
        assert words in told[name], told[name]
    assert main(["check", str(tmp_path / "1.xdf")]) == 0
    assert "annotations: calm (1), tense (1)" in capsys.readouterr().out


def test_what_is_no_xdf(tmp_path):
    (tmp_path / "a.xdf").write_bytes(b"XDF:" + bytes(100))
    with pytest.raises(DataError, match=r"a\.xdf: "):
        open_eeg(tmp_path / "a.xdf")
