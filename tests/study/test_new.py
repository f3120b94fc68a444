"""From a folder of recordings to a study, in whatever state the folder is."""

from __future__ import annotations

import json
import re
import unicodedata

import mne
import numpy as np
import pandas as pd
import pytest
from synthetic import cut_short, noise, trial_rows, write_edf, write_table

from emolib.__main__ import main

pytestmark = pytest.mark.slow

NAMES = ["Fz", "Cz", "Pz", "Oz"]
WORDS = ("calm", "tense")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path / "results"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def person(path, marks=(), seconds=24, seed=0, sfreq=128):
    return write_edf(path, noise(4, seconds, sfreq, seed), NAMES, sfreq, marks)


def in_turn(n, words=WORDS, duration=2):
    return [(2.0 * k, duration, words[k % len(words)]) for k in range(n)]


def checked(capsys, name="mine") -> tuple[int, dict]:
    capsys.readouterr()
    status = main(["check", "--json", f"{name}.yaml"])
    return status, {one["subject"]: one for one in json.loads(capsys.readouterr().out)}


class TestFoldersThatCheckAccepts:
    @pytest.mark.parametrize("duration", [2, None])  # of a mark: to the next one if there is none
    def test_edf_files_with_annotations(self, folder, capsys, duration):
        for i, name in enumerate(("anna", "Jo Ann")):
            person(folder / "eeg" / f"{name}.edf", in_turn(12, duration=duration), seed=i)
        assert main(["new", "mine", "eeg"]) == 0
        told = capsys.readouterr().out
        assert "wrote trials.csv" in told and "wrote mine.yaml" in told
        assert "condition: the classes calm, tense" in told and "still to do" not in told
        table = pd.read_csv("trials.csv")
        assert table["onset_seconds"].tolist() == 2 * [2.0 * k for k in range(12)]
        assert table["duration_seconds"].tolist() == 24 * [2]
        assert set(table["file"]) == {"eeg/anna.edf", "eeg/Jo Ann.edf"}
        if duration is None:
            return
        status, found = checked(capsys)
        assert status == 0
        assert found["sub-Jo Ann"]["classes"] == {"condition": {"calm": 6, "tense": 6}}

    def test_edf_files_and_a_table(self, folder, capsys):
        rows = []
        for i, name in enumerate(("1", "2", "3")):
            person(folder / "eeg" / f"{name}.edf", seed=i)
            shared = {"subject": name, "file": f"{name}.edf", "duration_seconds": 1, "age": 30 + i}
            scores = {
                "trial": 0,
                "onset_seconds": 0,
                "baseline_seconds": 1,
                "valence": 0,
                "site": "A",
            }
            rows += [
                {**shared, **scores, "trial": k + 1, "onset_seconds": 2 * k + 1,
                 "valence": (10, 80)[k % 2], "film": ("sad", "gay", "odd")[k % 3]}
                for k in range(12)
            ]  # fmt: skip
        write_table(folder / "eeg" / "my trials.csv", rows)
        assert main(["new", "mine", "eeg"]) == 0
        told = capsys.readouterr().out
        assert "valence: ratings from 0 to 100, high if above 50" in told
        assert "no task: age, since it differs only between subjects" in told
        assert "no task: site, since it is 'A' in all trials" in told
        assert not (folder / "trials.csv").exists()
        status, found = checked(capsys)
        assert status == 0
        assert list(found["sub-01"]["classes"]) == ["valence", "film"]
        assert "baseline: subtract" in (folder / "mine.yaml").read_text()

    def test_marks_and_a_table_of_ratings(self, folder, capsys):
        ratings = ["participant_id,trial,valence"]
        for i in (1, 2, 3):
            person(folder / "eeg" / f"{i}.edf", in_turn(12, ["film"]), seed=i)
            ratings += [f"sub-0{i},{k},{(2, 8)[k % 2]}" for k in range(1, 13)]
        (folder / "eeg" / "ratings.csv").write_text("\n".join(ratings))
        assert main(["new", "mine", "eeg"]) == 0
        assert "ratings.csv: joined by subject and trial" in capsys.readouterr().out
        status, found = checked(capsys)
        assert status == 0 and found["sub-03"]["classes"] == {"valence": {"low": 6, "high": 6}}

    def test_a_bids_tree(self, folder, capsys):
        (folder / "tree" / "derivatives").mkdir(parents=True)
        (folder / "tree" / "dataset_description.json").write_text("{}")
        (folder / "tree" / "participants.tsv").write_text("participant_id\tage\nsub-01\t20\n")
        for who in ("01", "02"):
            file = folder / "tree" / f"sub-{who}" / "eeg" / f"sub-{who}_task-film_eeg.edf"
            person(file, seed=int(who))
            (folder / "tree" / "derivatives" / file.name).write_bytes(file.read_bytes())
            events = [f"{2 * k}\t2\tfilm\t{(2, 8, 3, 7)[k % 4]}\t{k}.mp4" for k in range(12)]
            header = "onset\tduration\ttrial_type\tvalence\tstim_file"
            text = "\n".join([header, *events])
            file.with_name(f"sub-{who}_task-film_events.tsv").write_text(text)
        assert main(["new", "mine", "tree"]) == 0
        assert "dataset: bids" in (folder / "mine.yaml").read_text()
        assert not (folder / "trials.csv").exists()
        status, found = checked(capsys)
        assert status == 0 and list(found) == ["sub-01", "sub-02"]
        assert found["sub-01"]["classes"] == {"valence": {"low": 6, "high": 6}}

        for table in (folder / "tree").rglob("*_events.tsv"):  # moments, as triggers are
            table.write_text(table.read_text().replace("\t2\tfilm", "\t0\tfilm"))
        assert main(["new", "other", "tree"]) == 0
        assert "the event has no duration" in capsys.readouterr().out
        assert pd.read_csv("trials.csv")["stimulus"].tolist()[:2] == ["0.mp4", "1.mp4"]
        status, found = checked(capsys, "other")
        assert found["sub-02"]["classes"] == {"valence": {"low": 6, "high": 6}}

    def test_conditions_in_the_names_and_a_filled_up_end(self, folder, capsys):
        for i in range(6):
            file = folder / "eeg" / ("rest", "film")[i % 2] / f"P{i // 2}.edf"
            signals = noise(4, 10, 128, i)
            signals[:, 1000:] = signals[:, 999:1000]
            signals[:, 1200:] = 0
            write_edf(file, signals, NAMES, 128)
        assert main(["new", "mine", "eeg"]) == 0
        assert "P0 (P0.edf, P0.edf)" in capsys.readouterr().out
        table = pd.read_csv("trials.csv")
        assert table["condition"].tolist() == 3 * ["film", "rest"]
        assert (table["duration_seconds"] == 7.812).all()  # 1000 of 1280 samples
        status, found = checked(capsys)
        assert status == 0 and list(found) == ["sub-P0", "sub-P1", "sub-P2"]

    def test_a_published_data_set(self, folder, capsys):
        for who in range(4):
            for run in (1, 2):
                person(folder / "data" / f"Subject0{who}_{run}.edf", seconds=26, seed=2 * who + run)
        assert main(["new", "mine", "data"]) == 0
        status, found = checked(capsys)
        assert status == 0 and len(found) == 4
        file = {"subject": 1, "file": "Subject00_1.edf", "duration_seconds": 2}
        rows = [
            file | {"trial": k + 1, "onset_seconds": 2 * k, "mood": WORDS[k % 2]} for k in range(6)
        ]
        write_table(folder / "data" / "trials.csv", rows)
        assert main(["new", "other", "data"]) == 0  # a table of one's own comes first
        assert "dataset: files" in (folder / "other.yaml").read_text()


class TestAMess:
    def test_what_is_missing_is_listed_and_will_do(self, folder, capsys):
        for i, name in enumerate(("P1/rest 1", "P1/b", "P2/at rest", "P2/c d", "Q/rest", "Q/film")):
            person(folder / "mess" / f"{name}.edf", seed=i, sfreq=(256, 128)[i % 2])
        cut_short(person(folder / "mess" / "deep" / "er" / "broken.EDF"))
        (folder / "mess" / "._hidden.edf").write_bytes(b"\0")
        (folder / "mess" / "notes.txt").write_text("loose at Fz")
        (folder / "mess" / "ages.csv").write_text("name,age\nP1,20\n")
        assert main(["new", "mine", "mess"]) == 0
        told = capsys.readouterr().out
        assert "broken.EDF" in told and "what the trials are classified by" in told
        assert "files of 128, 256 Hz are resampled" in told
        assert "ages.csv: no table of trials, since it has no column 'subject'" in told
        status, found = checked(capsys)
        assert status == 1
        assert "trials.csv: every rating is missing" in found["sub-P1"]["problem"]

        table = pd.read_csv("trials.csv")
        table["condition"] = table["file"].str.contains("rest").map({True: "rest", False: "film"})
        table.to_csv("trials.csv", index=False)
        study = folder / "mine.yaml"
        study.write_text(study.read_text().replace("first, second", "rest, film"))
        assert checked(capsys)[0] == 0

    def test_stimuli_are_no_classes(self, folder, capsys):
        films = [f"film {k}" for k in range(6)]
        for i in range(3):
            person(folder / "eeg" / f"P{i}.edf", in_turn(6, films), seed=i)
        assert main(["new", "mine", "eeg"]) == 0
        assert "the annotations name stimuli" in capsys.readouterr().out
        table = pd.read_csv("trials.csv")
        assert table["stimulus"].tolist() == 3 * films and table["condition"].isna().all()

    def test_moments_with_answers_make_trials_of_one_kind(self, folder, capsys):
        films = [(2.5 * k + 1, None, "film") for k in range(6)]
        answers = [(onset + 0.4, None, "button") for onset, *_ in films]
        ends = [(0.4, None, "start"), (17.0, None, "end")]
        for name in ("1", "01"):  # one person
            marks = [*films, *answers, *ends]
            person(folder / "eeg" / f"{name}.edf", marks, seed=len(name))
        assert main(["new", "mine", "eeg"]) == 0
        told = capsys.readouterr().out
        assert "a file has but one of each: end, start" in told
        assert "all marks are 'film'" in told and "what the trials are classified by" in told
        table = pd.read_csv("trials.csv")
        assert table["onset_seconds"].tolist() == 2 * [onset for onset, *_ in films]
        assert set(table["duration_seconds"]) == {2.5} and set(table["subject"]) == {1}

    def test_nobody_can_be_used(self, folder, capsys):
        cut_short(person(folder / "eeg" / "a.edf"))
        assert main(["new", "mine", "eeg"]) == 1
        assert "a.edf: " in capsys.readouterr().out
        assert not (folder / "mine.yaml").exists() and not (folder / "trials.csv").exists()

    def test_a_row_that_cannot_be_read_is_told(self, folder, capsys):
        person(folder / "eeg" / "1.edf")
        lines = ["subject,file,trial,onset_seconds,duration_seconds,emotion"]
        lines += [f"1,1.edf,{k + 1},{2 * k},1,{WORDS[k % 2]}" for k in range(10)] + [
            "2,1.edf,1,,1,calm"
        ]
        (folder / "eeg" / "trials.csv").write_text("\n".join(lines))
        assert main(["new", "mine", "eeg"]) == 0
        assert "line 12: 'onset_seconds' is blank. Fill it in." in capsys.readouterr().out


class TestWhatIsEasilyReadWrongly:
    def events(self, folder, lines):
        person(folder / "eeg" / "a.edf")
        text = "onset\tduration\ttrial_type\n" + "\n".join(lines)
        (folder / "eeg" / "a_events.tsv").write_text(text)

    def test_decimal_commas_of_events_are_read(self, folder):
        self.events(folder, [f"{2 * k},5\t1\t{WORDS[k % 2]}" for k in range(10)])
        assert main(["new", "mine", "eeg"]) == 0
        assert pd.read_csv("trials.csv")["onset_seconds"].tolist() == [
            2 * k + 0.5 for k in range(10)
        ]

    def test_an_event_without_an_onset_is_none_at_the_beginning(self, folder, capsys):
        self.events(folder, ["2\t1\tcalm", "n/a\t1\ttense"])
        assert main(["new", "mine", "eeg"]) == 1
        assert "a_events.tsv: line 3: the event has no onset." in capsys.readouterr().out

    def test_onsets_in_samples_are_told(self, folder, capsys):
        self.events(folder, [f"{256 * k}\t256\t{WORDS[k % 2]}" for k in range(10)])
        main(["new", "mine", "eeg"])
        assert "after the end of their file were left out, 9 in a.edf" in capsys.readouterr().out

    def test_one_person_is_not_two_because_of_an_umlaut(self, folder):
        names = [
            unicodedata.normalize("NFD", name) for name in ("Jörg_rüst", "Jörg_film", "b_film")
        ]
        for i, name in enumerate([*names, "b_rüst"]):
            person(folder / "eeg" / f"{name}.edf", seed=i)
        assert main(["new", "mine", "eeg"]) == 0
        table = pd.read_csv("trials.csv")
        assert sorted(set(table["subject"])) == ["Jörg", "b"]
        assert sorted(set(table["condition"])) == ["film", "rüst"]

    @pytest.mark.parametrize("mark", ["NA", "#NV", "99", "-999"])
    def test_what_stands_for_a_missing_rating_is_no_rating(self, folder, capsys, mark):
        person(folder / "1.edf")
        ratings = ["1", "2.5", "8", mark]
        write_table(
            folder / "trials.csv", trial_rows("1", "1.edf", 12, 2, valence=ratings, film=["a", "b"])
        )
        assert main(["new", "mine", "trials.csv"]) == 0
        told = capsys.readouterr().out
        assert f"still to do:\n- valence: blank the cells with {mark}, if they mean" in told
        assert "rating: valence, above: 5" in (folder / "mine.yaml").read_text()
        status, found = checked(capsys)
        assert status == 1 and mark in found["sub-01"]["problem"]

    def test_decimal_commas_between_commas_are_no_classes(self, folder, capsys):
        person(folder / "1.edf")
        table = trial_rows("1", "1.edf", 12, 2, valence=["2", "7,5"], film=["a", "b"])
        write_table(folder / "trials.csv", table)
        assert main(["new", "mine", "trials.csv"]) == 0
        assert "no task: valence, since decimal commas are read" in capsys.readouterr().out
        assert "valence" not in (folder / "mine.yaml").read_text()

    def test_marks_of_one_sample_are_moments(self, folder):
        person(folder / "eeg" / "a.edf", in_turn(10, duration=1 / 128))
        assert main(["new", "mine", "eeg"]) == 0
        assert set(pd.read_csv("trials.csv")["duration_seconds"]) == {2}

    def test_triggers_that_are_not_read_are_told_with_a_remedy_that_works(self, folder, capsys):
        signals = np.vstack([1e-6 * noise(4, 24, 128), np.zeros((1, 24 * 128))])
        signals[4, 128::256] = 1 + np.arange(12) % 2
        info = mne.create_info([*NAMES, "STI 014"], 128.0, [*4 * ["eeg"], "stim"])
        raw = mne.io.RawArray(signals, info, first_samp=640, verbose="error")
        raw.save(folder / "a_raw.fif", verbose="error")
        assert main(["new", "mine", "a_raw.fif"]) == 0
        told = capsys.readouterr().out
        exec(re.search(r"STI 014 of a_raw\.fif: .* `(.+?)`", told)[1], {"raw": raw, "mne": mne})
        raw.save(folder / "b_raw.fif", verbose="error")
        assert main(["new", "yours", "b_raw.fif"]) == 0
        table = pd.read_csv("yours_trials.csv")
        assert table["onset_seconds"].tolist() == [2 * k + 1 for k in range(12)]
        assert table["condition"].tolist() == 6 * [1, 2]

    def test_commands_can_be_pasted(self, folder, capsys):
        person(folder / "a b.edf", in_turn(12))
        assert main(["check", "a b.edf"]) == 0
        assert "new mine 'a b.edf'`" in capsys.readouterr().out
        assert main(["new", "my study", "a b.edf"]) == 0
        assert "next: python -m emolib check 'my study.yaml'" in capsys.readouterr().out
        assert main(["check", "my study"]) == 0  # as what hints name it

    def test_a_spreadsheet_is_not_passed_over_in_silence(self, folder, capsys):
        person(folder / "eeg" / "1.edf", in_turn(12))
        (folder / "eeg" / "ratings.xlsx").write_bytes(b"PK")
        assert main(["new", "mine", "eeg"]) == 0
        assert "ratings.xlsx is not read: save it as CSV" in capsys.readouterr().out


class TestNothingIsWrittenOver:
    def test_a_study_that_is_there_stays(self, folder, capsys):
        person(folder / "eeg" / "1.edf", in_turn(12))
        (folder / "mine.yaml").write_text("title: Years of work")
        assert main(["new", "mine", "eeg"]) == 1
        assert "mine.yaml: is there already." in capsys.readouterr().err
        assert (folder / "mine.yaml").read_text() == "title: Years of work"
        assert not (folder / "trials.csv").exists()

    def test_a_second_study_has_a_table_of_its_own(self, folder, capsys):
        for name in ("mine", "other"):
            person(folder / name / "1.edf", in_turn(12))
            assert main(["new", name, name]) == 0
        assert (folder / "other_trials.csv").exists()
        assert checked(capsys, "other")[0] == 0

    @pytest.mark.parametrize("name", ["demo", "../x", "", "a/b"])
    def test_names_that_cannot_be(self, folder, capsys, name):
        person(folder / "eeg" / "1.edf", in_turn(12))
        assert main(["new", name, "eeg"]) == 1
        assert "error: NAME: " in capsys.readouterr().err


@pytest.mark.parametrize("place", ["nowhere", "empty"])
def test_where_there_are_no_recordings(folder, capsys, place):
    (folder / "empty").mkdir()
    assert main(["new", "mine", place]) == 1
    assert place in capsys.readouterr().err and not (folder / "mine.yaml").exists()
