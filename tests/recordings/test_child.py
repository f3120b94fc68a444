"""Whatever a file does to the process that reads it, it is that file's failure alone."""

from __future__ import annotations

import os
import signal
import sys
import time

import numpy as np
import pytest
from synthetic import noise, write_deap, write_edf, write_table

from emolib.errors import DataError, SettingsError
from emolib.recordings import READERS, child, files
from emolib.recordings.child import read_apart
from emolib.recordings.settings import DEFAULT
from emolib.study.reading import read

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no limits")


def test_what_is_read_apart_is_what_is_read_here(tmp_path):
    write_edf(tmp_path / "a.edf", noise(5, 9, 128), ["F3", "F4", "C3", "C4", "Pz"], 128)
    row = {"subject": 1, "file": "a.edf", "baseline_seconds": 1, "state": "x", "valence": ""}
    spans = [{"trial": k, "onset_seconds": 4 * k - 3, "duration_seconds": 4 - k} for k in (1, 2)]
    write_table(tmp_path / "trials.csv", [row | span for span in spans])
    here = files.read(tmp_path, "sub-01")
    apart = read(READERS["files"], tmp_path, "sub-01", DEFAULT)
    assert apart.identical(here) and [*apart, *apart.coords] == [*here, *here.coords]
    assert all(apart[name].dtype == here[name].dtype for name in here.variables)
    assert apart["eeg"].values.flags.writeable


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        (
            lambda: os.kill(os.getpid(), signal.SIGSEGV),
            "crashes the program that reads it .SIGSEGV",
        ),
        (lambda: time.sleep(60), "took more than 0 s"),
        (lambda: np.zeros(10**11).sum(), "took more than the 2500 MB of memory"),
        (lambda: sys.exit(3), "3"),
        (lambda: {}["ref"], "could not be read .KeyError"),
    ],
)
def test_harm_is_an_error_that_names_the_files(tmp_path, monkeypatch, harm, problem):
    if " s" in problem[-2:]:  # the others need their time on a busy machine
        monkeypatch.setattr(child, "SECONDS", 0.3)
    with pytest.raises(DataError, match=rf"a\.set, .*a\.fdt: .*{problem}"):
        read_apart(harm, [tmp_path / "a.set", tmp_path / "a.fdt"])


def test_errors_of_readers_come_through_whole():
    def refuse():
        raise SettingsError("recordings.l_freq", "is 90.", "Give less.")

    with pytest.raises(SettingsError, match=r"^recordings.l_freq: is 90. Give less.$"):
        read_apart(refuse, [])


def test_limits_grow_with_the_files_and_as_asked(tmp_path, monkeypatch):
    (tmp_path / "a.set").write_bytes(bytes(10**6))
    monkeypatch.setattr(child, "SECONDS", 0.0)
    monkeypatch.setattr(child, "SECONDS_PER_MB", 0.01)
    monkeypatch.setenv(child.FACTOR, "300")
    assert read_apart(lambda: time.sleep(0.3), [tmp_path / "a.set"]) is None
    monkeypatch.setenv(child.FACTOR, "much")
    with pytest.raises(SettingsError, match="EMOLIB_READ_FACTOR: is 'much'"):
        read_apart(list, [])


def test_nothing_that_a_child_prints_or_holds_stays(capfd):
    def talk():
        print("spoken")
        os.write(2, b"shouted")
        return {"answer": 42}

    assert read_apart(talk, []) == {"answer": 42}
    assert capfd.readouterr() == ("", "")


def test_a_flipped_bit_that_crashes_scipy_concerns_its_subject_alone(tmp_path):
    for name in ("s01.mat", "s02.mat"):
        path = write_deap(tmp_path / name)
    content = bytearray(path.read_bytes())
    content[184] ^= 1  # says that the samples are of a kind that there is not
    path.write_bytes(content)
    reader = READERS["deap"]
    with pytest.raises(DataError, match=r"s01.mat: 'data' is 4 x 40"):  # it was read
        read(reader, tmp_path, "sub-01", DEFAULT)
    with pytest.raises(DataError, match=r"s02.mat: crashes .* copy it again"):
        read(reader, tmp_path, "sub-02", DEFAULT)
