"""After an upgrade the first run tells what is made again, and why; jobs run the run's own code."""

from __future__ import annotations

import json
import re

import pytest

from emolib.study import digests, load
from emolib.study.artefacts import RECORDS
from emolib.study.profiles import execution
from emolib.study.workflow import MADE_WITH, run_jobs

pytestmark = pytest.mark.slow


@pytest.mark.faults
def test_after_an_upgrade_the_first_run_says_what_is_made_again_and_why(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path))
    study, wanted = load("smoke"), ["recordings/s01.mat", "recordings/s02.mat"]
    assert run_jobs(study, execution(cores=2), targets=wanted) == 2
    first = capsys.readouterr().out
    assert "not there yet" in first and "changed since" not in first

    code = digests._digest_of_code
    monkeypatch.setattr(
        digests, "_digest_of_code", lambda stage: code(stage) + "x" * (stage == "recordings")
    )
    assert run_jobs(study, execution(cores=2), targets=wanted[:1]) == 1
    told, job, *_ = capsys.readouterr().out.split("\n")
    assert told == (
        "emolib (recordings) changed since these results were made: 1 of 2 jobs run again"
    )
    assert job.startswith("done") and job.endswith("recording, settings or code changed")

    # Another file of the same code is still the old one: until a whole run, it is told again.
    assert run_jobs(study, execution(cores=2), targets=wanted) == 1
    assert "1 of 2 jobs run again" in capsys.readouterr().out
    assert run_jobs(study, execution(cores=2), targets=wanted) == 0
    assert "changed since" not in capsys.readouterr().out

    # Results of a version that kept no record, or whose record is damaged.
    monkeypatch.undo()
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path))
    (study.folder / MADE_WITH).write_text("{")
    run_jobs(study, execution(cores=2), targets=wanted)
    told = capsys.readouterr().out.split("\n")[0]
    assert told.startswith("emolib (recordings, features, summaries, training,")
    assert told.endswith("changed since these results were made: 2 of 2 jobs run again")
    assert "settings" not in told
    assert json.loads((study.folder / MADE_WITH).read_text()).keys() == digests.CODE_OF.keys()


def test_jobs_run_the_code_of_the_checkout_that_started_them(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path / "results"))
    study = load("smoke")
    for place in (tmp_path / "elsewhere", study.folder):
        (place / "emolib").mkdir(parents=True)
        (place / "emolib" / "__init__.py").write_text("raise SystemExit('another emolib')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "elsewhere"))
    assert run_jobs(study, execution(cores=1), targets=["recordings/s01.mat"]) == 1


@pytest.mark.faults
def test_what_is_damaged_is_made_again_also_where_its_job_reads_it_or_is_not_asked_for(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path))
    study, wanted = load("smoke"), ["features/sub-01.nc"]
    run_jobs(study, execution(cores=2), targets=[*wanted, "recordings/s02.mat"])
    (study.folder / "features/sub-01.nc").unlink()
    (study.folder / "recordings/truth/sub-02.nc").write_bytes(b"damaged")
    record = study.folder / RECORDS / "simulate-subject-sub-01.json"  # same size and times
    record.write_text(re.sub('"[0-9a-f]{12}"', '"000000000000"', record.read_text()))
    capsys.readouterr()
    assert run_jobs(study, execution(cores=1), targets=wanted) == 3
    assert capsys.readouterr().out.splitlines()[-1] == (
        "4 missing or damaged artefacts were made again: features/sub-01.nc, "
        "recordings/s01.mat, recordings/truth/sub-01.nc, recordings/truth/sub-02.nc"
    )
