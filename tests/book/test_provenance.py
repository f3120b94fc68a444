"""What made a page, marked as such; and the page on environment and timings, added up."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

import pytest

from emolib.book.provenance import (
    WORKFLOW,
    environment,
    environment_page,
    file_of_input,
    inputs_of,
    job_table,
    provenance,
)
from emolib.storage import digest_of_files
from emolib.study.study import PROJECT, load


def test_it_is_marked_and_names_study_subject_and_inputs(tmp_path):
    there = tmp_path / "a"
    there.write_text("x")
    made_by = provenance(load("smoke"), [there, tmp_path / "b"], subject="sub-01")
    page = made_by._repr_mimebundle_()["text/html"]
    assert 'class="emolib-table emolib-provenance"' in page
    assert list(inputs_of(page)) == ["a"]
    assert '<th scope="row">study</th><td>smoke</td>' in page
    values = made_by.frame["value"]
    assert values.index[0] == "subject" and values["subject"] == "sub-01"
    assert values["inputs"].endswith("(1 file)")
    assert provenance(load("smoke")).frame["value"]["inputs"] == "none"


def test_inputs_have_their_digests_beside_the_table_and_no_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path))
    study = load("smoke")
    files = [study.features_file("sub-01"), study.recordings_root / "s01.mat", study.file]
    for file in files[:2]:
        file.parent.mkdir(parents=True)
        file.write_text(file.name)
    digests = inputs_of(provenance(study, files)._repr_mimebundle_()["text/html"])
    names = ["results/features/sub-01.nc", "results/recordings/s01.mat"]
    assert [*digests] == [*names, "project/studies/smoke.yaml"]
    assert [file_of_input(study, name) for name in digests] == files
    assert [*digests.values()] == [digest_of_files([file]) for file in files]


@pytest.fixture
def study(tmp_path) -> Path:
    """What Snakemake writes of four jobs, one of them of a variant."""
    for name, (seconds, megabytes) in {
        "benchmarks/score/score": (1, "-"),  # Snakemake's sign for: it ended before it was seen
        "benchmarks/features/sub-02": (2.5, "-"),
        "benchmarks/features/sub-01": (1, "227.86"),
        "variants/de_only/benchmarks/score/score": (0.5, "-"),
    }.items():
        file = (tmp_path / name).with_suffix(".tsv")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"s\th:m:s\tmax_rss\n{seconds:.4f}\t0:00:01\t{megabytes}\n")
    return tmp_path


def test_jobs_are_listed_in_the_order_of_the_workflow(study):
    jobs = job_table(study)
    assert jobs["job"].tolist() == [
        *("features/sub-01", "features/sub-02", "score/score", "variants/de_only/score/score"),
    ]
    assert jobs["rule"].tolist() == ["features", "features", "score", "score"]
    assert jobs["seconds"].tolist() == [1, 2.5, 1, 0.5]
    assert jobs["megabytes"].notna().tolist() == [True, False, False, False]


def test_every_rule_that_makes_something_stands_in_the_table_and_is_timed():
    text = (PROJECT / "Snakefile").read_text(encoding="utf-8")
    rules = re.findall(r"^ *rule (\w+):(.*?)(?=^ *rule |\Z)", text, re.MULTILINE | re.DOTALL)
    assert [name for name, _ in rules if name != "all"] == list(WORKFLOW)
    for name, body in rules:
        assert name == "all" or f"benchmarks/{name}/" in body


def test_a_job_that_left_no_time_is_left_out(study):
    for name, content in {"cut": "s\th:m:s\n", "empty": "", "flipped": "s\n1.\x00\n"}.items():
        (study / f"benchmarks/score/{name}.tsv").write_text(content)
    (study / "benchmarks/of_another_version").mkdir()
    (study / "benchmarks/of_another_version/x.tsv").write_text("s\n1\n")
    assert len(job_table(study)) == 4


def test_without_records_there_are_no_jobs_and_the_page_says_so(tmp_path):
    assert job_table(tmp_path).empty
    assert "Nothing is recorded" in environment_page(tmp_path)


def test_the_page_adds_up(study):
    page = environment_page(study)
    assert "4 jobs are recorded" in page
    row = "| features | features of a subject | its recording | 2 | 3.5 | 1.8 | 2.5 | 228 |"
    assert row in page.splitlines()
    assert re.search(r"^\| score \|.*\| not seen \|$", page, re.MULTILINE)
    longest = page.partition("The longest jobs:")[2]
    assert longest.index("features/sub-02") < longest.index("features/sub-01")
    assert [line for line in page.splitlines() if line.startswith("# ")] == [
        "# Environment and timings"
    ]


def test_the_environment_is_this_ones(monkeypatch):
    monkeypatch.setenv("NPROC", "3")
    found = environment()
    assert found["Python"] == platform.python_version()
    assert found["threads of a training process"] == "3"
    assert 1 <= int(found["processors that this process may use"]) <= os.cpu_count()
