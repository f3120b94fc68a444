"""A cohort per student: recordings without their truth, a key, and answers graded against it."""

from __future__ import annotations

import json

import edfio
import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.signal import welch

from emolib.__main__ import main
from emolib.study import classroom


@pytest.fixture(scope="module")
def cohorts(tmp_path_factory):
    """Two students' folders and their keys, of smaller cohorts than students get."""
    here = tmp_path_factory.mktemp("class")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(classroom.COHORT, "n_subjects", 2)
        patch.chdir(here)
        for name, seed in (("ada", 4711), ("ben", 815)):
            assert main(["new", name, "--simulated", str(seed), "--key", f"keys/{name}.yaml"]) == 0
    return here


def key_of(here, name) -> dict:
    return yaml.safe_load((here / "keys" / f"{name}.yaml").read_text())


def sheet(here, name, **answers) -> str:
    path = here / f"{name}-filled.yaml"
    path.write_text(yaml.safe_dump({"cohort": name, **answers}))
    return str(path)


def answers_of(here, name) -> dict:
    return {asked: key_of(here, name)[asked] for asked in classroom.QUESTIONS}


def grade(here, sheet, name) -> int:
    return main(["grade", sheet, "--key", str(here / "keys" / f"{name}.yaml")])


@pytest.mark.slow
def test_the_truth_is_in_the_key_and_nowhere_in_what_a_student_gets(cohorts):
    files = [*(cohorts / "ada").rglob("*"), cohorts / "ada.yaml"]
    assert {file.name for file in files} == {
        *("sub-01.edf", "sub-02.edf", "trials.csv", "answers.yaml", "ada.yaml")
    }
    texts = " ".join(path.read_text() for path in files if path.suffix != ".edf")
    assert "4711" not in texts and "effect" not in texts and "seed" not in texts
    assert not any(b"4711" in path.read_bytes()[:10_000] for path in files)
    blank = yaml.safe_load((cohorts / "ada" / "answers.yaml").read_text())
    assert blank == {
        "cohort": "ada",
        "follows": None,
        "alpha_hz": {"sub-01": None, "sub-02": None},
        "trials_above_5": {"valence": None, "arousal": None},
    }


@pytest.mark.slow
def test_a_run_can_use_what_a_student_gets(cohorts, monkeypatch, capsys):
    monkeypatch.chdir(cohorts)
    assert main(["check", "--json", "ada.yaml"]) == 0
    found = json.loads(capsys.readouterr().out)
    above = key_of(cohorts, "ada")["trials_above_5"]
    for task in ("valence", "arousal"):
        assert sum(one["classes"][task]["high"] for one in found) == above[task]


def test_answers_can_be_found_in_the_files(cohorts):
    answers = answers_of(cohorts, "ada")
    table = pd.read_csv(cohorts / "ada" / "trials.csv")
    assert answers["trials_above_5"] == {
        task: int((table[task] > 5).sum()) for task in ("valence", "arousal")
    }
    for who, peak in answers["alpha_hz"].items():
        edf = edfio.read_edf(cohorts / "ada" / f"{who}.edf")
        back = [signal.data for signal in edf.signals if signal.label in ("O1", "O2")]
        hz, power = welch(np.array(back), fs=128, nperseg=512)
        alpha = (hz >= 7) & (hz <= 13.5)
        assert abs(hz[alpha][power.mean(axis=0)[alpha].argmax()] - peak) <= classroom.WITHIN_HZ


def test_own_answers_pass_and_the_other_students_do_not(cohorts, capsys):
    for own, other in (("ada", "ben"), ("ben", "ada")):
        assert grade(cohorts, sheet(cohorts, own, **answers_of(cohorts, own)), own) == 0
        assert "5 of 5 right" in capsys.readouterr().out
        assert grade(cohorts, sheet(cohorts, own, **answers_of(cohorts, other)), own) == 1
        assert "is too" in capsys.readouterr().out


def test_what_is_off_is_said(cohorts, capsys):
    answers = answers_of(cohorts, "ada")
    answers["alpha_hz"]["sub-01"] += 0.4  # near enough
    answers["alpha_hz"]["sub-02"] = "ten"
    answers["trials_above_5"]["valence"] += 1
    del answers["trials_above_5"]["arousal"]
    assert grade(cohorts, sheet(cohorts, "ada", **answers), "ada") == 1
    told = capsys.readouterr().out.splitlines()
    assert told[:3] == [
        *("follows: right", "alpha_hz sub-01: right", "alpha_hz sub-02: ten is no number")
    ]
    assert "is too high" in told[3] and told[4:] == [
        *("trials_above_5 arousal: no answer", "2 of 5 right")
    ]


def test_an_empty_sheet_has_no_right_answer(cohorts, capsys):
    assert grade(cohorts, str(cohorts / "ada" / "answers.yaml"), "ada") == 1
    assert "0 of 5 right" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "answers", "says"),
    [
        ("ben", {}, "answers for the cohort 'ben'"),
        ("ada", {"followed": "valence"}, "Did you mean 'follows'?"),
    ],
)
def test_a_sheet_that_does_not_belong_to_the_key_is_refused(cohorts, capsys, name, answers, says):
    assert grade(cohorts, sheet(cohorts, name, **answers), "ada") == 1
    assert says in capsys.readouterr().err


def test_a_key_that_is_none_is_refused(cohorts, capsys):
    assert main(["grade", sheet(cohorts, "ada"), "--key", str(cohorts / "ada.yaml")]) == 1
    assert "is no key" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "got no recordings"),
        (["eeg", "--simulated", "1"], "both recordings and --simulated"),
        (["eeg", "--key", "key.yaml"], "goes with --simulated"),
        (["--simulated", "-1"], "--simulated"),
        (["--simulated", "1", "--key", "cara/key.yaml"], "student's folder"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_is_written(
    tmp_path, monkeypatch, capsys, arguments, says
):
    monkeypatch.chdir(tmp_path)
    assert main(["new", "cara", *arguments]) == 1
    assert says in capsys.readouterr().err and not list(tmp_path.iterdir())
