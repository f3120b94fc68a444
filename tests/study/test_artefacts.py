"""What jobs wrote is known by its content; what is damaged is removed, to be made again."""

import json
import os
import shutil

import pandas as pd
import pytest
import xarray as xr

from emolib.storage import atomic
from emolib.study import artefacts, explain, fold, load, stages
from emolib.study.artefacts import DamagedError, job, remove_damaged

SCORES = ["scores/scores.csv", "scores/scores.parquet"]


def write(file, content="whole"):
    with atomic(file) as path:
        path.write_text(content)


@pytest.fixture
def folder(tmp_path):
    """Two jobs' files: a person's features, and two of scores."""
    with job(tmp_path, "features", {"subject": "sub-01"}):
        write(tmp_path / "features" / "sub-01.nc")
    with job(tmp_path, "score", {}):
        for name in SCORES:
            write(tmp_path / name, name)
    return tmp_path


def damage(file, how):
    if how == "bit":
        content = bytearray(file.read_bytes())
        content[2] ^= 1
        file.write_bytes(content)
    elif how == "older":
        file.write_text("WHOLE")
        os.utime(file, (0, 0))
    else:
        file.unlink()
        {"folder": file.mkdir, "pipe": lambda: os.mkfifo(file), "lacks": lambda: None}[how]()


@pytest.mark.parametrize("how", ["bit", "older", "lacks", "folder", "pipe"])
def test_all_that_a_job_wrote_is_removed_where_one_file_is_not_what_it_was(folder, how):
    damage(folder / SCORES[0], how)
    assert remove_damaged(folder)[0] == SCORES[:1]
    assert [path.name for path in folder.rglob("*.*") if path.is_file()].count("sub-01.nc") == 1
    assert not any((folder / name).exists() for name in SCORES)
    assert remove_damaged(folder)[0] == []  # its job has no record now


def test_what_is_whole_stays_whatever_its_date(folder, tmp_path_factory):
    os.utime(folder / SCORES[0], (0, 0))
    assert remove_damaged(folder)[0] == []
    copy = tmp_path_factory.mktemp("copy") / "smoke"
    shutil.copytree(folder, copy, copy_function=shutil.copy)
    assert remove_damaged(copy)[0] == []
    (copy / SCORES[0]).write_text("x" * len(SCORES[0]))
    assert remove_damaged(copy)[0] == SCORES[:1]


def test_files_are_read_only_where_size_or_times_moved(folder, monkeypatch):
    def read(paths):
        raise AssertionError(f"{paths} was read")

    monkeypatch.setattr(artefacts, "digest_of_files", read)
    assert remove_damaged(folder)[0] == []
    with pytest.raises(AssertionError, match="was read"):
        remove_damaged(folder, thorough=True)


def silently_damage(folder, record):
    """Have a file another content than was recorded, with the same size and times."""
    file = folder / artefacts.RECORDS / record
    known = json.loads(file.read_text())
    known["files"] = {name: [*state[:-1], "0" * 12] for name, state in known["files"].items()}
    file.write_text(json.dumps(known))


def test_what_a_job_reads_is_compared_by_content_before(folder):
    silently_damage(folder, "features-subject-sub-01.json")
    assert remove_damaged(folder)[0] == []
    with pytest.raises(DamagedError, match=r"features/sub-01\.nc: is damaged.*Run the study again"):
        job(folder, "train", {"protocol": "trial_grouped"}).__enter__()
    with job(folder, "score", {}), job(folder, "summary", {"subject": "sub-02"}):
        pass  # neither reads it
    assert remove_damaged(folder, thorough=True)[0] == ["features/sub-01.nc"]


def test_what_a_damaged_record_may_have_named_is_made_again(folder):
    (folder / artefacts.RECORDS / "score.json").write_text("{")
    checkpoint = folder / "models" / "unfinished-0" / "pooled"
    write(checkpoint)
    found, removed = remove_damaged(folder)
    assert found == SCORES and removed == {*SCORES}
    assert checkpoint.exists() and (folder / "features" / "sub-01.nc").exists()
    assert remove_damaged(folder) == ([], set())


def test_what_a_job_no_longer_writes_goes(folder):
    with job(folder, "score", {}):
        write(folder / SCORES[0])
    assert (folder / SCORES[0]).exists() and not (folder / SCORES[1]).exists()


def test_a_job_that_fails_leaves_no_record(folder):
    with pytest.raises(ZeroDivisionError), job(folder, "score", {}):
        write(folder / SCORES[0], "half")
        raise ZeroDivisionError
    assert remove_damaged(folder)[0] == []


@pytest.mark.parametrize(
    "record",
    [
        "",
        "[]",
        '{"files": {"a": 1}}',
        '{"subject": null, "files": {"../kept": [1, 1, 1, ""]}}',
        '{"subject": null, "files": {"/kept": [1, 1, 1, ""]}}',
    ],
)
def test_a_record_that_is_damaged_removes_nothing(tmp_path, record):
    folder, kept = tmp_path / "study", tmp_path / "kept"
    write(kept)
    write(folder / artefacts.RECORDS / "score.json", record)
    assert remove_damaged(folder)[0] == []
    assert kept.exists()


@pytest.mark.parametrize("read", [artefacts.read_dataset, artefacts.open_dataset])
def test_a_damaged_netcdf_is_named_with_a_remedy(tmp_path, read):
    file = tmp_path / "sub-01.nc"
    artefacts.write_dataset(xr.Dataset({"power": ("band", [1.0] * 999)}), file)
    file.write_bytes(file.read_bytes()[:900])
    with pytest.raises(DamagedError, match=r"sub-01\.nc: is damaged .*Remove this file"):
        read(file)


@pytest.mark.parametrize("read", [artefacts.read_table, artefacts.read_columns])
def test_a_damaged_table_is_named_with_a_remedy(tmp_path, read):
    file = tmp_path / "scores.parquet"
    artefacts.write_table(pd.DataFrame({"value": [0.5]}), file)
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(DamagedError, match=r"scores\.parquet: is damaged .*Remove this file"):
        read(file)


@pytest.mark.parametrize(
    "step",
    [
        lambda study: stages.make_summary(study, "sub-01"),
        lambda study: stages.failures(study),
        lambda study: stages.first_valid(study),
        lambda study: stages.make_group_tests(study),
        lambda study: fold.make_fold(study, "trial_grouped", 0),
        lambda study: explain.attributions(study, "trial_grouped", "sub-01"),
    ],
)
def test_a_damaged_artefact_is_no_subjects_failure_and_nothing_is_made_of_it(
    tmp_path, monkeypatch, step
):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path))
    study = load("smoke")
    for file in (study.features_file("sub-01"), study.attribution_file("trial_grouped", 0)):
        write(file, "damaged")
    with pytest.raises(DamagedError, match="Remove this file"):
        step(study)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 2
