"""Texts for readers name no folder of the machine that wrote them."""

import json
from pathlib import Path

import pytest
import yaml

from emolib.study.privacy import tidy_logs, without_folders, without_known_folders
from emolib.study.study import PROJECT, load


@pytest.fixture
def study(tmp_path, monkeypatch):
    folder = tmp_path / "Jane Doe"
    content = yaml.safe_load((PROJECT / "studies" / "eegmat.yaml").read_text(encoding="utf-8"))
    (folder / "mine").mkdir(parents=True)
    file = folder / "mine" / "study.yaml"
    file.write_text(yaml.safe_dump(content | {"root": "../eeg"}))
    monkeypatch.setenv("EMOLIB_RESULTS", str(folder / "results"))
    return load(file)


def test_files_are_named_from_the_folders_of_the_study(study):
    root, home = study.recordings_root, Path.home()
    said = {
        f"{root}/rest/a.edf: is empty.": "rest/a.edf: is empty.",
        f"{root}: holds nothing; {root}.": "the folder of recordings: holds nothing; the folder of "
        "recordings.",
        f"{study.file}: key": "study.yaml: key",
        f"File {PROJECT}/emolib/grid.py, line 3": "File emolib/grid.py, line 3",
        f"{home}/some/where/b.edf": "b.edf",
        "beside 'D:\\EEG\\Jane\\a.eeg', 3 uV/Hz/s": "beside 'a.eeg', 3 uV/Hz/s",
        f"file://{PROJECT}/results/index.html": "results/index.html",
        "see https://physionet.org/files/eegmat/": "see https://physionet.org/files/eegmat/",
    }
    assert {text: without_folders(text, study) for text in said} == said


def test_a_picture_in_a_notebook_stays_as_it_is(study):
    picture = "data:image/png;base64,iVBOR/+/9j/4AAQ" + f"{Path.home()}/SkZJRg=="
    text = f"{study.file.parent}/x {picture}"
    assert without_known_folders(text, study) == f"x {picture}"


def test_a_line_that_begins_with_a_folder_is_cut_in_a_notebook_too(study):
    text = json.dumps(f"failed:\n{study.file.parent}/a.py")
    assert json.loads(without_known_folders(text, study)) == "failed:\na.py"


def test_logs_are_tidied(study):
    log = study.folder / "logs" / "features" / "sub-01.log"
    log.parent.mkdir(parents=True)
    log.write_text(f"error: {study.recordings_root}/a.edf: is empty.\n")
    tidy_logs(study)
    assert log.read_text() == "error: a.edf: is empty.\n"
