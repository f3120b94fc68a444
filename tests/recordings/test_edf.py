"""EDF and BDF files that MNE takes on trust: with gaps, or of another kind."""

import re

import edfio
import numpy as np
import pytest
from synthetic import noise, write_edf

from emolib.errors import DataError
from emolib.recordings.eeg_file import open_eeg
from emolib.recordings.formats import check_edf

NAMES = ["Fz", "Cz", "Pz", "Oz"]
CONTINUOUS = [float(record) for record in range(12)]


def write_with_times(path, times, kind="D"):
    """A file of 12 records of a second, whose header and records are given the kind and times."""
    bdf = path.suffix == ".bdf"
    make_signal, make_file = (edfio.BdfSignal, edfio.Bdf) if bdf else (edfio.EdfSignal, edfio.Edf)
    about = {"physical_dimension": "uV", "physical_range": (-500, 500)}
    signals = [
        make_signal(signal, 128.0, label=name, **about)
        for name, signal in zip(NAMES, noise(4, 12, 128), strict=True)
    ]
    note = edfio.EdfAnnotation(2, 1, "a name that is long enough for the longest time")
    make_file(signals, annotations=[note], data_record_duration=1).write(path)
    content = bytearray(path.read_bytes())
    content[192:197] = path.suffix[1:].upper().encode() + b"+" + kind.encode()
    for record, time in reversed([*enumerate(times)]):
        found = re.search(rb"\+%d\x14\x14[^\x14]*?\x00" % record, bytes(content))
        new = b"%+.10g" % time + b"\x14\x14"
        content[found.start() : found.start() + len(new)] = new
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("ending", ["edf", "bdf", "EDF"])
def test_a_gap_is_named_by_its_second_and_length(tmp_path, ending):
    times = [time + 3 * (time >= 7) for time in CONTINUOUS]
    path = write_with_times(tmp_path / f"a.{ending.lower()}", times)
    path = path.rename(tmp_path / f"a.{ending}")
    kind = ending.upper()
    with pytest.raises(DataError, match=rf"gaps \({kind}\+D\): after 7 s, 3 s are missing\. .*EDF"):
        open_eeg(path)


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([time + 0.01 * (time >= 2) for time in CONTINUOUS], r"after 2 s, 0\.01 s are missing"),
        ([time - 0.5 * (time >= 2) for time in CONTINUOUS], r"after 2 s, 0\.5 s come twice"),
        ([1.003 * time for time in CONTINUOUS], r"after 3 s, 0\.009 s are missing"),
    ],
)
def test_whatever_moves_a_sample_to_another_time_is_told(tmp_path, times, message):
    with pytest.raises(DataError, match=message):
        check_edf(write_with_times(tmp_path / "a.edf", times))


@pytest.mark.parametrize("ending", ["edf", "bdf"])
@pytest.mark.parametrize(
    "times",
    [
        CONTINUOUS,
        [time + 0.25 for time in CONTINUOUS],  # the first record begins in a second's middle
        [time + 0.001 * (time % 2) for time in CONTINUOUS],  # rounded
    ],
)
def test_a_file_that_might_have_gaps_and_has_none_is_read(tmp_path, ending, times):
    raw, channels, _ = open_eeg(write_with_times(tmp_path / f"a.{ending}", times))
    assert [*channels] == NAMES and raw.n_times == 12 * 128
    np.testing.assert_allclose(1e6 * raw.get_data(), noise(4, 12, 128), atol=0.02)


def test_records_without_times_are_refused(tmp_path):
    path = write_edf(tmp_path / "a.edf", noise(4, 12, 128), NAMES, 128)
    content = bytearray(path.read_bytes())
    content[192:197] = b"EDF+D"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"is marked EDF\+D, but its records have no times"):
        check_edf(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.edf", b"subject,file,trial\n" * 99, "neither an EDF nor a BDF file by its first bytes"),
        ("a.edf", b"\xffBIOSEMI" + b" " * 999, r"is a BDF file by .* name end in \.bdf"),
        ("a.bdf", b"0       " + b" " * 999, r"is an EDF file by .* name end in \.edf"),
        ("a.EDF", b"0       " + b" " * 999, r"has no complete header; the file holds 1007 bytes"),
    ],
)
def test_a_file_of_another_kind_is_told(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        check_edf(tmp_path / name)
