"""The open data set of mental arithmetic: reading, and downloading from a server on loopback."""

import hashlib
import os
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from synthetic import centred, check_each, cut_short, write_eegmat

from emolib.errors import DataError, SettingsError
from emolib.recordings import eegmat

CHANNELS = "Fp1 Fp2 F3 F4 F7 F8 T7 T8 C3 C4 P7 P8 P3 P4 O1 O2 Fz Cz Pz"
BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"


# Reading


def test_rest_and_arithmetic_become_pseudo_trials(tmp_path):
    write_eegmat(tmp_path)
    recording = eegmat.read(tmp_path, "sub-01")
    conditions = ["rest", "rest", "arithmetic"]  # 26 s and 13 s in pieces of 12
    assert recording["trial"].values.tolist() == [1, 2, 3]
    assert recording["class"].sel(task="condition").values.tolist() == conditions
    assert recording["stimulus"].values.tolist() == conditions
    assert recording["eeg"].shape == (3, 19, 12 * 128)
    assert " ".join(recording["channel"].values) == CHANNELS
    assert "baseline" not in recording and "rating" not in recording
    assert (recording.attrs["dataset"], recording.attrs["subject"]) == ("eegmat", "sub-01")
    notes = recording.attrs["notes"]
    assert "rest: 2 pseudo-trials of 12 s, 2 s at the end left out" in notes
    assert any("EEG A2-A1, ECG ECG" in note for note in notes)


def test_the_length_of_pseudo_trials_is_a_setting(tmp_path):
    write_eegmat(tmp_path)
    recording = eegmat.read(tmp_path, "sub-00", trial_seconds=5.0)
    assert recording["class"].values.ravel().tolist() == ["rest"] * 5 + ["arithmetic"] * 2
    whole = eegmat.read(tmp_path, "sub-00", trial_seconds=10.0)
    second = centred(whole["eeg"].to_numpy()[0, :, 5 * 128 :])  # each trial has lost its own mean
    np.testing.assert_allclose(recording["eeg"][1], second, atol=1e-4)


@pytest.mark.parametrize("trial_seconds", [0.0, 61.0, float("nan")])
def test_absurd_pseudo_trials_are_refused(tmp_path, trial_seconds):
    write_eegmat(tmp_path)
    with pytest.raises(SettingsError, match="trial_seconds"):
        eegmat.read(tmp_path, "sub-00", trial_seconds=trial_seconds)


def test_subjects_count_from_zero_and_strangers_do_not_matter(tmp_path):
    for name in ("Subject10_1.edf", "Subject00_1.edf", "Subject02_2.edf", "subject-info.csv"):
        (tmp_path / name).touch()
    (tmp_path / ".DS_Store").touch()
    assert eegmat.subjects(tmp_path) == ["sub-00", "sub-02", "sub-10"]


def test_sources_are_rest_and_arithmetic(tmp_path):
    write_eegmat(tmp_path, 1)
    names = [path.name for path in eegmat.sources(tmp_path, "sub-00")]
    assert names == ["Subject00_1.edf", "Subject00_2.edf"]


def test_an_empty_folder_shows_what_is_expected(tmp_path):
    with pytest.raises(DataError, match=r"but nothing; expected: files such as Subject00_1\.edf"):
        eegmat.subjects(tmp_path)


def test_a_subject_that_does_not_exist_is_named(tmp_path):
    write_eegmat(tmp_path, 1)
    with pytest.raises(DataError, match="no subject 'sub-35'"):
        eegmat.read(tmp_path, "sub-35")


def test_check_names_the_subjects_that_are_cut_short_or_half(tmp_path):
    write_eegmat(tmp_path, 3)
    cut_short(tmp_path / "Subject01_2.edf")
    (tmp_path / "Subject02_1.edf").unlink()
    found = check_each(eegmat.subjects(tmp_path), partial(eegmat.read, tmp_path))
    assert found["sub-00"] is None
    assert "header says" in found["sub-01"].message
    assert "has only Subject02_2.edf" in found["sub-02"].message


# Where the data lie


def test_the_environment_says_where_the_data_lie(tmp_path, monkeypatch):
    write_eegmat(tmp_path / "eegmat", 1)
    monkeypatch.setenv("EMOLIB_DATA", str(tmp_path))
    assert eegmat.default_root() == tmp_path / "eegmat"


@pytest.mark.parametrize("made", [False, True])
def test_an_environment_that_points_to_nothing_is_an_error(tmp_path, monkeypatch, made):
    if made:
        (tmp_path / "eegmat").mkdir()
    monkeypatch.setenv("EMOLIB_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"EMOLIB_DATA is .*put `eegmat` into that folder"):
        eegmat.default_root()


def test_without_the_environment_it_is_a_cache(monkeypatch):
    monkeypatch.delenv("EMOLIB_DATA", raising=False)
    root = eegmat.default_root()
    assert root.name == "eegmat" and "emolib" in root.parts


# The download


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A folder as PhysioNet has it, on loopback."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(eegmat, "RETRIES", 0)
    folder = write_eegmat(tmp_path / "served", 2, rest_seconds=2, arithmetic_seconds=1)
    write_checksums(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setattr(eegmat, "URL", f"http://127.0.0.1:{server.server_port}/")
    yield folder
    server.shutdown()
    thread.join()
    server.server_close()


def write_checksums(folder, leave_out=""):
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()} {path.name}"
        for path in sorted(folder.glob("*.edf"))
        if path.name != leave_out
    ]
    (folder / "SHA256SUMS.txt").write_text("\n".join(lines) + "\n")


def test_files_are_fetched_and_hold_what_was_served(served, tmp_path):
    folder, cache = served, eegmat.download(tmp_path / "cache", ["sub-00", "sub-01"])
    assert sorted(path.name for path in cache.iterdir()) == [
        "Subject00_1.edf", "Subject00_2.edf", "Subject01_1.edf", "Subject01_2.edf"
    ]  # fmt: skip
    for path in cache.iterdir():
        assert path.read_bytes() == (folder / path.name).read_bytes()


def test_only_what_is_missing_or_damaged_is_fetched_again(served, tmp_path):
    folder, cache = served, eegmat.download(tmp_path / "cache", ["sub-00"])
    untouched = (cache / "Subject00_1.edf").stat().st_mtime_ns
    cut_short(cache / "Subject00_2.edf")
    eegmat.download(cache, ["sub-00"])
    assert (cache / "Subject00_1.edf").stat().st_mtime_ns == untouched
    assert (cache / "Subject00_2.edf").read_bytes() == (folder / "Subject00_2.edf").read_bytes()


def test_a_file_that_does_not_match_its_checksum_is_not_kept(served, tmp_path):
    folder = served
    with (folder / "Subject00_2.edf").open("r+b") as file:
        file.seek(5000)
        file.write(b"\x01")
    with pytest.raises(DataError, match=r"Subject00_2\.edf: does not match its SHA-256"):
        eegmat.download(tmp_path / "cache", ["sub-00"])
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["Subject00_1.edf"]


def test_a_file_without_a_checksum_is_not_fetched(served, tmp_path):
    folder = served
    write_checksums(folder, leave_out="Subject01_1.edf")
    with pytest.raises(DataError, match=r"Subject01_1\.edf: .* or has none.*not in the registry"):
        eegmat.download(tmp_path / "cache", ["sub-01"])
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("name", ["SHA256SUMS.txt", "Subject00_1.edf"])
def test_a_file_that_is_not_there_is_named(served, tmp_path, name):
    folder = served
    (folder / name).unlink()
    with pytest.raises(DataError, match=f"{name}: could not be fetched .*404"):
        eegmat.download(tmp_path / "cache", ["sub-00"])


def test_a_server_that_does_not_answer_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        port = server.server_port  # free again when the server is closed
    monkeypatch.setattr(eegmat, "URL", f"http://127.0.0.1:{port}/")
    with pytest.raises(DataError, match=r"could not be fetched .*set EMOLIB_DATA"):
        eegmat.download(tmp_path, ["sub-00"])


def test_a_subject_that_was_never_recorded_is_refused(tmp_path):
    with pytest.raises(DataError, match="no subject 'sub-36'"):
        eegmat.download(tmp_path, ["sub-36"])


def test_an_empty_cache_is_filled_and_no_other_folder(tmp_path, monkeypatch):
    asked = []
    cache = tmp_path / "emolib" / "eegmat"
    monkeypatch.setattr(eegmat.pooch, "os_cache", lambda name: tmp_path / name)
    monkeypatch.setattr(eegmat, "download", lambda folder, names: asked.append((folder, [*names])))
    monkeypatch.setenv("EMOLIB_DATA", str(write_eegmat(tmp_path / "elsewhere" / "eegmat").parent))
    eegmat.default_root(fetch=True, wanted=["sub-30"])
    monkeypatch.delenv("EMOLIB_DATA")
    assert eegmat.default_root() == cache
    assert asked == []
    eegmat.default_root(fetch=True)
    assert asked.pop() == (cache, [*eegmat.SAMPLE])
    write_eegmat(cache, 1, rest_seconds=2, arithmetic_seconds=1)
    eegmat.default_root(fetch=True)
    assert asked == []
    eegmat.default_root(fetch=True, wanted=["sub-00", "sub-20"])
    assert asked.pop() == (cache, ["sub-20"])
    (cache / "Subject00_2.edf").unlink()  # a download that was cut short
    eegmat.default_root(fetch=True, wanted=["sub-00"])
    assert asked.pop() == (cache, ["sub-00"])


# The real recordings


@pytest.fixture
def real():
    folder = Path(os.environ.get("EMOLIB_DATA", BESIDE)) / "eegmat"
    if not any(folder.glob("Subject*.edf")):
        pytest.skip(f"the real recordings are not there: {folder}")
    return folder


@pytest.mark.slow
def test_the_real_subjects_pass_all_checks(real):
    found = check_each(eegmat.subjects(real), partial(eegmat.read, real))
    assert len(found) >= 8
    assert set(found.values()) == {None}


def test_a_real_subject_has_15_trials_of_rest_and_5_of_arithmetic(real):
    recording = eegmat.read(real, "sub-00")
    classes = recording["class"].sel(task="condition").values.tolist()
    assert classes == ["rest"] * 15 + ["arithmetic"] * 5
    assert recording["eeg"].shape == (20, 19, 6000) and recording.attrs["sfreq"] == 500.0
    assert " ".join(recording["channel"].values) == CHANNELS
    assert 1 < float(recording["eeg"].std("time").median()) < 100
    np.testing.assert_allclose(recording["eeg"].mean("channel"), 0, atol=1e-4)
