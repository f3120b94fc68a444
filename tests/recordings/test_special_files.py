"""What a table of trials may name: files, and no pipe or device, nor what no file is called."""

import os
import socket

import pytest
import yaml
from synthetic import noise, write_edf, write_table

from emolib.errors import DataError
from emolib.recordings import files
from emolib.recordings.trial_table import read_subjects
from emolib.study import study as studies
from emolib.study.sources import Sources

ROW = {"trial": 1, "onset_seconds": 0, "duration_seconds": 2, "state": "a"}


def write(folder, *names):
    """A table of a subject for each of these files."""
    folder.mkdir(exist_ok=True)
    rows = [{"subject": f"s{i}", "file": name} | ROW for i, name in enumerate(names)]
    write_table(folder / "trials.csv", rows)
    return folder


def write_signals(file):
    write_edf(file, noise(4, 3, 128), ["Fz", "Cz", "Pz", "Oz"], 128)


@pytest.mark.parametrize("ending", ["edf", "bdf", "vhdr", "set", "fif"])
def test_a_pipe_is_refused_and_not_waited_for(tmp_path, ending):
    root = write(tmp_path, f"a.{ending}")
    os.mkfifo(root / f"a.{ending}")
    with pytest.raises(DataError, match=rf"a\.{ending}: is a pipe, a device or a socket"):
        files.read(root, "sub-s0")


def test_nor_is_one_beside_a_file_that_may_be_its_part(tmp_path):
    write_signals(write(tmp_path, "a.edf") / "a.edf")
    os.mkfifo(tmp_path / "a.fdt")
    with pytest.raises(DataError, match=r"a\.fdt: is a pipe"):
        files.read(tmp_path, "sub-s0")


def test_a_device_and_a_socket_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    (tmp_path / "a.edf").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("b.edf")
    write(tmp_path, "a.edf", "b.edf", "/dev/full")
    for i in range(3):
        with pytest.raises(DataError, match="is a pipe, a device or a socket"):
            files.read(tmp_path, f"sub-s{i}")


def test_what_has_no_end_is_never_digested(tmp_path):
    root = write(tmp_path / "mine", "a.edf", "b.vhdr")
    os.mkfifo(root / "a.edf")
    (root / "b.vhdr").write_text("DataFile=/dev/zero\nMarkerFile=/dev/random\n")
    (tmp_path / "mine.yaml").write_text(
        yaml.safe_dump(
            {
                "title": "x",
                "dataset": "files",
                "root": "mine",
                "tasks": {"state": {"classes": ["a", "b"]}},
                "protocols": ["trial_grouped"],
            }
        )
    )
    sources = Sources(studies.load(tmp_path / "mine.yaml"))
    assert sources.digest("sub-s0") != sources.digest("sub-s1")


def test_a_name_that_no_file_can_have_is_that_subjects_failure(tmp_path):
    write_signals(write(tmp_path, "a" * 300 + ".edf", "a.edf") / "a.edf")
    with pytest.raises(DataError, match="does not exist"):
        files.read(tmp_path, "sub-s0")
    assert files.read(tmp_path, "sub-s1").sizes["trial"] == 1
    with pytest.raises(DataError, match="does not exist"):
        files.read(tmp_path / ("a" * 300), "sub-s1")


@pytest.mark.parametrize(("sign", "name"), [("\0", "0000"), ("\x1b[2J", "001B"), ("\x85", "0085")])
def test_a_sign_that_is_no_text_is_named_with_its_line(tmp_path, sign, name):
    table = write(tmp_path, "a.edf", "b.edf") / "trials.csv"
    table.write_text(table.read_text().replace("s1", f"s1{sign}"), encoding="utf-8")
    with pytest.raises(DataError, match=rf"trials\.csv: is no table \(line 3 holds U\+{name}"):
        read_subjects(tmp_path)


def test_a_file_outside_the_tables_folder_is_told(tmp_path):
    write_signals(tmp_path / "b.edf")
    root = write(tmp_path / "mine", "../b.edf", str(tmp_path / "mine" / "a.edf"), "../mine/a.edf")
    write_signals(root / "a.edf")
    told = "b.edf: lies outside the folder of the table"
    assert told in files.read(root, "sub-s0").attrs["notes"]
    inside = write(root, "a.edf", "../mine/a.edf".replace("a.edf", "c.edf"))
    write_signals(root / "c.edf")
    for i in range(2):
        notes = files.read(inside, f"sub-s{i}").attrs["notes"]
        assert not any("outside" in note for note in notes)
