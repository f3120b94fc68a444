"""What a header promises is compared with the file before memory is taken for it."""

from __future__ import annotations

import struct
import tracemalloc
import zlib

import mne
import numpy as np
import pytest
from scipy.io import savemat
from synthetic import SMALL, deap_arrays, noise, write_brainvision, write_edf

from emolib.errors import DataError
from emolib.recordings.arrays import load_arrays, load_matlab
from emolib.recordings.eeg_file import open_eeg


@pytest.fixture(autouse=True)
def little_memory():
    """Measure that no test takes 30 MB, which every file here promises."""
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30e6


def matlab(path, variable: bytes, kind: int = 15):
    path.write_bytes(b"MATLAB 5.0".ljust(124) + b"\0\1IM" + struct.pack("<II", kind, len(variable)))
    with path.open("ab") as file:
        file.write(variable)
    return path


def test_a_variable_longer_than_its_file(tmp_path):
    savemat(tmp_path / "a.mat", deap_arrays(SMALL))
    content = bytearray((tmp_path / "a.mat").read_bytes())
    content[132:136] = struct.pack("<I", 3 * 10**9)
    (tmp_path / "a.mat").write_bytes(content)
    with pytest.raises(DataError, match="of a variable of 3000000000 bytes, it holds"):
        load_matlab(tmp_path / "a.mat")


def test_a_variable_that_unpacks_without_end(tmp_path):
    bomb = zlib.compressobj()
    packed = b"".join(bomb.compress(bytes(10**6)) for _ in range(60)) + bomb.flush()
    with pytest.raises(DataError, match="as no EEG does"):
        load_matlab(matlab(tmp_path / "a.mat", packed))


@pytest.mark.parametrize("at", [0.5, -1])  # within the samples, and within the checksum
def test_a_flipped_bit_in_a_compressed_variable(tmp_path, at):
    savemat(tmp_path / "a.mat", {"data": np.arange(1000.0)}, do_compression=True)
    content = bytearray((tmp_path / "a.mat").read_bytes())
    content[at if at < 0 else int(at * len(content))] ^= 1
    (tmp_path / "a.mat").write_bytes(content)
    with pytest.raises(DataError, match="not a complete MATLAB file"):
        load_matlab(tmp_path / "a.mat")


def test_an_empty_array_of_any_shape_in_a_pickle(tmp_path):
    made = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nJ\x00\x00\x00\x7f\x85"
    (tmp_path / "a.dat").write_bytes(made + b"U\x01b\x87R.")
    with pytest.raises(DataError, match="not of samples"):
        load_arrays(tmp_path / "a.dat")
    (tmp_path / "b.dat").write_bytes(b"\x80\x02cnumpy\nndarray\nJ\x00\x00\x00\x7f\x85R.")
    with pytest.raises(DataError, match="not a complete pickle"):
        load_arrays(tmp_path / "b.dat")


@pytest.mark.parametrize(
    ("at", "text"),
    [(184, b"512"), (236, b"9000000"), (236, b"3"), (252, b"4")],
    ids=["header", "more records", "fewer records", "signals"],
)
def test_an_edf_file_of_another_size(tmp_path, at, text):
    path = write_edf(tmp_path / "a.edf", noise(5, 9, 128), ["F3", "F4", "C3", "C4", "Pz"], 128)
    content = bytearray(path.read_bytes())
    content[at : at + len(text)] = text
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a.edf: .*(header|records)"):
        open_eeg(path)


def test_a_brainvision_file_that_ends_within_a_sample(tmp_path):
    path = write_brainvision(tmp_path)
    (tmp_path / "a.eeg").write_bytes((tmp_path / "a.eeg").read_bytes()[:-6])
    with pytest.raises(DataError, match=r"a.eeg: has 10 bytes more than whole samples of 4"):
        open_eeg(path)


def test_a_fif_file_of_more_samples_than_bytes(tmp_path):
    info = mne.create_info(["F3", "F4", "C3", "C4"], 128.0, "eeg")
    raw = mne.io.RawArray(1e-6 * noise(4, 9, 128), info, verbose="error")
    raw.save(tmp_path / "a_raw.fif", verbose="error")
    content = (tmp_path / "a_raw.fif").read_bytes()
    tag = struct.pack(">II", 300, 4)  # the samples, in single precision
    at = content.index(tag, content.index(tag) + 1)  # between two of them
    skip = struct.pack(">IIIii", 301, 3, 4, 0, 10**8)  # so many buffers left out
    (tmp_path / "a_raw.fif").write_bytes(content[:at] + skip + content[at:])
    with pytest.raises(DataError, match=r"a_raw.fif: promises \d{10,} samples of 4 channels"):
        open_eeg(tmp_path / "a_raw.fif")
