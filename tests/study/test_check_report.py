"""What `check` prints of a study and of a file, for people and for programs."""

from __future__ import annotations

import json
import os
import re
import time

import mne
import pytest
import yaml
from synthetic import noise, write_edf, write_table

from emolib.__main__ import main

pytestmark = pytest.mark.slow

NAMES = ["Fz", "Cz", "Pz", "Oz", "ECG"]
KEYS = [
    *("subject", "usable", "problem", "remedy", "notes", "files", "duration_seconds", "sfreq"),
    *("channels", "channels_off_grid", "trials", "trials_left_out", "classes"),
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path / "results"))
    return tmp_path


def study(folder, people: dict[str, int], *, ratings=(2, 8), tasks=None, column="valence", **keys):
    """A study of people with so many trials of a second each, and the ratings in turn."""
    rows = []
    for i, (name, n) in enumerate(people.items()):
        if not (folder / f"{name}.edf").exists():
            write_edf(folder / f"{name}.edf", noise(5, n + 1, 128, i), NAMES, 128)
        shared = {"subject": name, "file": f"{name}.edf", "duration_seconds": 1}
        rows += [
            shared | {"trial": k + 1, "onset_seconds": k, column: ratings[k % len(ratings)]}
            for k in range(n)
        ]
    write_table(folder / "trials.csv", rows)
    content = {"title": "Mine", "dataset": "files", "root": ".", "protocols": ["trial_grouped"]}
    content |= {"tasks": tasks or {"valence": {"rating": "valence"}}, "n_folds": 4}
    content |= {"features": {"baseline": "none"}} | keys
    (folder / "own.yaml").write_text(yaml.safe_dump(content))
    return folder / "own.yaml"


def as_json(capsys, *arguments) -> tuple[int, dict]:
    """Call `check --json`; return the exit status, and the entries by subject."""
    capsys.readouterr()
    status = main(["check", "--json", *map(str, arguments)])
    entries = json.loads(capsys.readouterr().out)
    assert all(list(entry) == KEYS for entry in entries)
    return status, {entry["subject"]: entry for entry in entries}


def test_a_study_that_can_be_used(folder, capsys):
    status, found = as_json(capsys, study(folder, {"1": 12}))
    assert status == 0 and list(found) == ["sub-01"]
    one = found["sub-01"]
    assert one["usable"] and one["problem"] is None is one["remedy"]
    assert one["files"] == ["trials.csv", "1.edf"]
    assert (one["duration_seconds"], one["sfreq"], one["trials"]) == (13, 128, 12)
    assert one["channels"] == NAMES[:4] and one["channels_off_grid"] == ["ECG"]
    assert one["classes"] == {"valence": {"low": 6, "high": 6}} and one["trials_left_out"] == {}


def test_everybodys_fault_is_their_own(folder, capsys):
    (folder / "2.edf").touch()
    file = study(folder, {"1": 12, "2": 12, "3": 12, "4": 12})
    (folder / "3.edf").unlink()
    status, found = as_json(capsys, file)
    assert status == 1
    assert [name for name, one in found.items() if one["usable"]] == ["sub-01", "sub-04"]
    assert "2.edf" in found["sub-02"]["problem"]
    assert "3.edf: does not exist" in found["sub-03"]["problem"] and found["sub-03"]["remedy"]


def test_a_short_last_trial_is_left_out_with_the_reason(folder, capsys):
    file = study(folder, {"1": 13})
    table = folder / "trials.csv"
    table.write_text(table.read_text().replace(",1,13,12,", ",0.3,13,12,"))
    status, found = as_json(capsys, file)
    assert status == 0 and found["sub-01"]["trials"] == 12
    assert "less than one window" in found["sub-01"]["trials_left_out"]["13"]


@pytest.mark.parametrize(
    ("people", "keys", "problem", "remedy"),
    [
        ({"1": 12}, {"ratings": [8]}, "task 'valence': has the classes", "Look at its threshold"),
        ({"1": 3}, {}, "trials of sub-01: there are 3, but 4 folds need 4",
         "More data are needed, for any number"),
        ({"1": 12, "2": 12, "3": 12}, {"protocols": ["leave_subjects_out"]},
         "leave-subjects-out: subjects: there are 3, but 4 folds need 4",
         "`n_folds: 3` .* would do"),
        ({"1": 12}, {"variants": {"v": {"tasks": {"valence": {"above": 9}}}}}, "above: got 9",
         "below its upper end"),
        ({"1": 12}, {"recordings": {"subjects": {"sub-1": {"eeg_reference": "recorded"}}}},
         "recordings.subjects: there is no 'sub-1'", "Did you mean 'sub-01'"),
        ({"1": 12}, {"subjects": ["sub-2"]}, "'sub-2' is not in", "Allowed: 'sub-01'"),
        ({"1": 12}, {"n_fold": 3}, "key 'n_fold'", "Did you mean 'n_folds'"),
    ],
)  # fmt: skip
def test_faults_of_the_study_are_nobodys(folder, capsys, people, keys, problem, remedy):
    status, found = as_json(capsys, study(folder, people, **keys))
    assert status == 1
    assert problem in found[None]["problem"]
    assert re.search(remedy, found[None]["remedy"])
    assert all(one["usable"] for name, one in found.items() if name)


def test_the_number_of_folds_that_is_named_does(folder, capsys):
    people = {str(k): 12 for k in (1, 2, 3)}
    file = study(folder, people, protocols=["leave_subjects_out"], n_folds=3)
    assert as_json(capsys, file)[0] == 0


def test_what_the_features_lack_is_a_note(folder, capsys):
    bands = [{"name": "fast", "low_hz": 40, "high_hz": 63}]
    features = {"baseline": "none", "window_seconds": 0.3, "bands": bands}
    _, found = as_json(capsys, study(folder, {"1": 12}, features=features | {"normalise": "none"}))
    assert not found["sub-01"]["usable"]  # 38.4 samples: too far from a whole number
    features["window_seconds"] = 0.2986  # 38.2 samples
    _, found = as_json(capsys, study(folder, {"1": 12}, features=features | {"normalise": "none"}))
    assert any("Windows have 38 samples" in note for note in found["sub-01"]["notes"])
    assert any("trials end in less than a window" in note for note in found["sub-01"]["notes"])


def test_too_few_trials_for_the_folds_are_a_note_where_others_have_enough(folder, capsys):
    status, found = as_json(capsys, study(folder, {"1": 12, "2": 3}))
    assert status == 0 and None not in found
    note = "in no network: too few trials for 4 folds of trials (trial-grouped)"
    assert note in found["sub-02"]["notes"] and note not in found["sub-01"]["notes"]


def test_subjects_of_one_session_are_refused_where_sessions_are_held_out(folder, capsys):
    file = study(folder, {"1": 12, "2": 12}, protocols=["leave_sessions_out"], n_folds=3)
    table = (folder / "trials.csv").read_text()
    status, found = as_json(capsys, file)
    assert status == 1 and "the recordings have none" in found[None]["problem"]
    lines = table.splitlines()
    for days, problem in ((1, "there are 1, but 3 folds need 3"), (3, None)):
        rows = [f"{line},{i % days}" for i, line in enumerate(lines[1:])]
        (folder / "trials.csv").write_text("\n".join([f"{lines[0]},session", *rows]))
        status, found = as_json(capsys, file)
        assert status == bool(problem)
        assert not problem or problem in found[None]["problem"]


def test_one_class_of_one_person_is_a_note(folder, capsys):
    file = study(folder, {"1": 12, "2": 12})
    table = folder / "trials.csv"
    lines = table.read_text().splitlines()
    lines[1:13] = [f"{line.rpartition(',')[0]},8" for line in lines[1:13]]
    table.write_text("\n".join(lines))
    status, found = as_json(capsys, file)
    assert found["sub-01"]["usable"] and found["sub-01"]["classes"] == {
        "valence": {"low": 0, "high": 12}
    }
    assert "valence: one class only, 'high', in all 12 trials" in found["sub-01"]["notes"]
    assert status == 0


@pytest.mark.parametrize("classes", [["1", "2"], [1, 2], ["01", "2.0"]])
def test_classes_may_be_numbers(folder, capsys, classes):
    tasks = {"emotion": {"classes": classes}}
    status, found = as_json(
        capsys, study(folder, {"1": 12}, ratings=(1, 2), tasks=tasks, column="emotion")
    )
    assert status == 0
    assert list(found["sub-01"]["classes"]["emotion"].values()) == [6, 6]


def test_a_class_may_be_called_none(folder, capsys):
    tasks = {"emotion": {"classes": ["None", "NA"]}}
    file = study(folder, {"1": 12}, ratings=("None", "NA"), tasks=tasks, column="emotion")
    status, found = as_json(capsys, file)
    assert status == 0 and found["sub-01"]["classes"] == {"emotion": {"None": 6, "NA": 6}}


def test_the_remedy_for_a_wider_scale_is_taken(folder, capsys):
    tasks = {"valence": {"rating": "valence", "above": 50}}
    status, found = as_json(capsys, study(folder, {"1": 12}, ratings=(10, 80), tasks=tasks))
    assert status == 1 and "rated 10, outside 1-9" in found["sub-01"]["problem"]
    remedy = found["sub-01"]["remedy"].rpartition("`recordings: ")[2].rstrip("`.")
    keys = {"recordings": yaml.safe_load(remedy)}
    status, found = as_json(capsys, study(folder, {"1": 12}, ratings=(10, 80), tasks=tasks, **keys))
    assert status == 0


def test_it_prints_a_table_that_fits_a_narrow_terminal(folder, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    people = {f"a-rather-long-name-{k}": 12 for k in (1, 2)}
    status = main(["check", str(study(folder, people))])
    text = capsys.readouterr().out
    assert status == 0
    table = text[: text.index("valence: trials of")]
    assert max(map(len, table.splitlines())) <= 80
    for word in ("sub-a-rather", "13", "128", "4 (1 off)", "6/6", "yes"):
        assert word in table
    assert "valence: trials of the classes low/high" in text
    assert "note: all: left out: ECG (not on the grid)" in text
    assert "trial-grouped (new trials of seen subjects, 4 folds): yes" in text
    assert "2 of 2 subjects can be used" in text


def test_nothing_but_findings_is_on_the_standard_output(folder, capsys):
    file = study(folder, {"1": 12})
    main(["check", "--json", str(file)])
    assert capsys.readouterr().out.startswith("[")
    assert as_json(capsys, folder / "no.yaml")[0] == 1


def test_check_leaves_the_files_as_they_are(folder, capsys):
    file = study(folder, {"1": 12})
    os.utime(folder / "1.edf", (time.time() + 10**6,) * 2)
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    main(["check", str(file)])
    assert all(path.stat().st_mtime_ns == at for path, at in before.items())
    assert not (folder / "results" / "own" / "features").exists()


class TestAFile:
    def test_what_it_holds_is_told(self, tmp_path, capsys):
        info = mne.create_info(["Fz", "Cz", "M1", "STI"], 128.0, ["eeg"] * 3 + ["stim"])
        raw = mne.io.RawArray(noise(4, 6, 128) * 1e-6, info, verbose="error")
        raw.set_annotations(mne.Annotations([1, 3, 5], [1, 1, 0], ["calm", "tense", "BAD_cough"]))
        raw.save(tmp_path / "a_raw.fif", verbose="error")
        assert main(["check", str(tmp_path / "a_raw.fif")]) == 0
        text = capsys.readouterr().out
        for line in (
            "duration: 6 s",
            "rate: 128 Hz",
            "2 channels on the grid: Fz, Cz",
            "2 channels off it: M1, STI",
            "annotations: calm (1), tense (1), BAD_cough (1)",
            "a,a_raw.fif,2,3,1,tense",
            "classes: [calm, tense]",
        ):
            assert line in text
        assert "5,0,BAD" not in text
        status, found = as_json(capsys, tmp_path / "a_raw.fif")
        assert status == 0 and found[None]["channels_off_grid"] == ["M1", "STI"]

    def test_its_sketch_of_a_study_is_one(self, folder, capsys):
        write_edf(folder / "a.edf", noise(5, 120, 128), NAMES, 128)
        main(["check", str(folder / "a.edf")])
        text = [line[4:] for line in capsys.readouterr().out.splitlines() if line[:4] == "    "]
        end = text.index('title: "My study"')
        rows, keys = text[:end], text[end:]
        (folder / "trials.csv").write_text("\n".join(rows))
        (folder / "mine.yaml").write_text("\n".join(keys))
        _, found = as_json(capsys, folder / "mine.yaml")
        assert found["sub-a"]["usable"] and found["sub-a"]["trials"] == 2

    @pytest.mark.parametrize(
        ("name", "told"), [("a.edf", "does not exist"), ("trials.csv", "as `root` in a study")]
    )
    def test_what_is_no_such_file_is_told(self, tmp_path, capsys, name, told):
        assert main(["check", str(tmp_path / name)]) == 1
        assert told in capsys.readouterr().err


def test_names_are_no_orders_to_the_terminal(folder, capsys):
    path = study(folder, {"[red]\u202ex": 12}, title="[/red] \u202e")
    assert main(["check", str(path)]) == 0
    told = capsys.readouterr()
    assert "sub-[red]<U+202E>x" in told.out and "[/red] <U+202E>" in told.out
    assert "\u202e" not in told.out + told.err
