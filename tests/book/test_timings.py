"""The page on environment and timings: what Snakemake recorded, added up."""

from __future__ import annotations

import base64
import json
import os
import platform
from pathlib import Path
from xml.etree import ElementTree

import pytest

from emolib.book.timings import environment, environment_page, feeding_rules, job_table
from emolib.book.workflow_picture import svg

SVG = "{http://www.w3.org/2000/svg}"


def record(
    folder: Path, output: str, rule: str, log: list[str], start: float, end: float, *read: str
) -> None:
    """Write what Snakemake writes of one file, under the name that it gives it."""
    place = folder / ".snakemake" / "metadata"
    place.mkdir(parents=True, exist_ok=True)
    (folder / output).parent.mkdir(parents=True, exist_ok=True)
    (folder / output).touch()
    content = {"rule": rule, "log": log, "starttime": start, "endtime": end, "input": [*read]}
    name = base64.urlsafe_b64encode(output.encode()).decode()
    (place / name).write_text(json.dumps(content))


@pytest.fixture
def study(tmp_path) -> Path:
    record(tmp_path, "features/sub-02.nc", "features", ["logs/features/sub-02.log"], 7, 9.5)
    record(tmp_path, "features/sub-01.nc", "features", ["logs/features/sub-01.log"], 5, 6)
    # One job, two files, of which Snakemake began to keep records one after the other.
    read = ("features/sub-01.nc", "features/sub-02.nc", "elsewhere.txt")
    record(tmp_path, "scores/scores.csv", "score", ["logs/score.log"], 10, 11, *read)
    record(tmp_path, "scores/scores.parquet", "score", ["logs/score.log"], 10.0001, 11)
    return tmp_path


def test_a_job_counts_once_however_many_files_it_made(study):
    jobs = job_table(study)
    assert jobs["job"].tolist() == ["features/sub-01", "features/sub-02", "score"]
    assert jobs["rule"].tolist() == ["features", "features", "score"]
    assert jobs["seconds"].tolist() == [1, 2.5, 1]


def test_the_picture_has_a_box_a_rule_and_an_arrow_from_what_feeds_it(study):
    feeds = feeding_rules(study)
    assert feeds == {"features": set(), "score": {"features"}}
    root = ElementTree.fromstring(svg(job_table(study), feeds))
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert texts == ["features", "2 jobs, 4 s", "score", "1 job, 1 s"]
    left, right = [float(box.get("x")) for box in root.iter(f"{SVG}rect")]
    assert left < right
    arrows = [path.get("d") for path in root.findall(f"{SVG}path")]
    assert len(arrows) == 1
    assert "made/workflow.svg\n:alt: Stages" in environment_page(study)


def test_what_cannot_be_read_is_left_out(study):
    place = study / ".snakemake" / "metadata"
    unreadable = place / base64.urlsafe_b64encode(b"scores").decode()
    (study / "scores").mkdir(exist_ok=True)
    (place / "no name").write_text("{}")
    for text in (
        '{"rule": "train", "sta',
        '{"rule": "train", "log": []}',
        '{"rule": "train", "log": [], "starttime": 1, "endtime": null}',
    ):
        unreadable.write_text(text)
        assert len(job_table(study)) == 3


def test_a_record_whose_file_is_gone_is_left_out(study):
    (study / "features/sub-02.nc").unlink()
    assert job_table(study)["job"].tolist() == ["features/sub-01", "score"]


def test_a_long_name_is_a_folder_of_its_parts(tmp_path):
    output = "models/" + "x" * 200 + "/a.parquet"
    name = base64.urlsafe_b64encode(output.encode()).decode()
    record(tmp_path, "models/b.parquet", "train", ["logs/train/b.log"], 1, 2)
    place = tmp_path / ".snakemake" / "metadata"
    (tmp_path / output).parent.mkdir()
    (tmp_path / output).touch()
    long = place / f"@{name[:200]}" / name[200:]
    long.parent.mkdir()
    long.write_text('{"rule": "train", "log": ["logs/train/a.log"], "starttime": 0, "endtime": 1}')
    assert job_table(tmp_path)["job"].tolist() == ["train/a", "train/b"]


def test_without_records_there_are_no_jobs_and_the_page_says_so(tmp_path):
    assert job_table(tmp_path).empty
    assert "Nothing is recorded" in environment_page(tmp_path)


def test_the_page_adds_up(study):
    page = environment_page(study)
    assert "3 jobs are recorded" in page
    assert "| features | 2 | 3.5 | 1.8 | 2.5 |" in page
    assert page.index("`features/sub-02`") < page.index("`features/sub-01`")  # the longest first
    assert [line for line in page.splitlines() if line.startswith("# ")] == [
        "# Environment and timings"
    ]


def test_the_environment_is_this_ones(monkeypatch):
    monkeypatch.setenv("NPROC", "3")
    found = environment()
    assert found["Python"] == platform.python_version()
    assert found["threads of a training process"] == "3"
    assert 1 <= int(found["processors that this process may use"]) <= os.cpu_count()
