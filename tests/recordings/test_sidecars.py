"""The files that belong to a file of signals."""

from __future__ import annotations

import mne
import numpy as np
import pytest
from scipy.io import savemat
from synthetic import noise, write_table

from emolib.recordings import files
from emolib.recordings.formats import belonging

HEADER = """Brain Vision Data Exchange Header File Version 1.0
[Common Infos]
Codepage=UTF-8
{data}
MarkerFile=$b.vmrk
"""


def names(path):
    return [file.name for file in belonging(path)]


def raw(n_seconds=6):
    info = mne.create_info(["Fz", "Cz"], 128.0, "eeg")
    return mne.io.RawArray(noise(2, n_seconds, 128) * 1e-6, info, verbose="error")


@pytest.mark.parametrize("ending", ["vhdr", "VHDR"])
@pytest.mark.parametrize("line", ["DataFile=späte.dat", "datafile = späte.dat\r"])
def test_a_brainvision_header_says_what_belongs_to_it(tmp_path, ending, line):
    header = tmp_path / f"a.{ending}"
    header.write_text(HEADER.format(data=line), "utf-8")
    (tmp_path / "a.eeg").touch()  # another one
    assert names(header) == ["späte.dat", "a.vmrk"]


def test_the_fdt_that_a_set_names_belongs_to_it(tmp_path):
    noise(2, 6, 128).astype("<f4").T.tofile(tmp_path / "signals.fdt")
    (tmp_path / "a.fdt").touch()
    eeg = {"trials": 1, "nbchan": 2, "pnts": 768, "srate": 128.0, "xmin": 0.0, "xmax": 5.99}
    eeg |= {"chanlocs": np.empty(0), "event": np.empty(0), "data": "signals.fdt", "setname": "a"}
    savemat(tmp_path / "a.set", {"EEG": eeg}, appendmat=False)
    assert names(tmp_path / "a.set") == ["signals.fdt"]


def test_a_split_fif_has_parts(tmp_path):
    raw(1200).save(tmp_path / "a_raw.fif", split_size="2MB", buffer_size_sec=10, verbose="error")
    raw().save(tmp_path / "b_raw.fif", verbose="error")
    assert names(tmp_path / "a_raw.fif") == ["a_raw-1.fif"]
    assert names(tmp_path / "b_raw.fif") == []


def test_a_damaged_header_has_the_file_of_its_name(tmp_path):
    for name in ("a.set", "a.fdt", "b.fdt"):
        (tmp_path / name).write_bytes(b"?")
    assert names(tmp_path / "a.set") == ["a.fdt"]


def test_other_formats_have_the_files_of_their_name_and_single_files_none(tmp_path):
    for name in ("a.lay", "a.dat", "b.dat", "a.edf"):
        (tmp_path / name).touch()
    assert names(tmp_path / "a.lay") == ["a.dat", "a.edf"]
    assert names(tmp_path / "a.edf") == [] == names(tmp_path / "gone.lay")


def test_all_of_them_are_sources(tmp_path):
    (tmp_path / "a.vhdr").write_text(HEADER.format(data="DataFile=a.dat"))
    row = {"subject": 1, "trial": 1, "onset_seconds": 0, "duration_seconds": 1, "valence": 2}
    table = write_table(tmp_path / "trials.csv", [row | {"file": "a.vhdr"}])
    expected = [table, *(tmp_path / name for name in ("a.vhdr", "a.dat", "a.vmrk"))]
    assert files.sources(tmp_path, "sub-01") == expected


def test_the_table_of_its_channels_belongs_to_a_recording(tmp_path):
    for name in ("sub-01_task-film_channels.tsv", "a_channels.tsv", "b_channels.tsv"):
        (tmp_path / name).touch()
    assert names(tmp_path / "sub-01_task-film_eeg.edf") == ["sub-01_task-film_channels.tsv"]
    assert names(tmp_path / "a.edf") == ["a_channels.tsv"]
