"""BIDS: trials from tables of events, in sessions and runs, whatever way the tables lie."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.io import savemat
from synthetic import check_each, cut_short, noise, write_edf, write_table

from emolib.errors import DataError, SettingsError
from emolib.recordings import bids, files
from emolib.recordings.settings import RecordingSettings
from emolib.study.check import findings
from emolib.study.sources import Sources
from emolib.study.study import load

PROJECT = Path(__file__).resolve().parents[2]
NAMES = ["Fz", "Cz", "Pz", "Oz", "VEOG"]
FILM = ("film", "film", "rest")
LINES = [
    {
        "onset": 1 + 3 * k,
        "duration": 2,
        "trial_type": kind,
        "valence": 2 + 3 * k,
        "stim_file": f"{k}",
    }
    for k, kind in enumerate(FILM)
]
CHANNELS = [{"name": name, "type": "EEG", "status": "good"} for name in NAMES]
FILMS = RecordingSettings(conditions=("film",), epochs_tmin=-1)


def record(root, stem, seed=0, *, lines=LINES, session=None, names=NAMES, seconds=10):
    """One recording of ten seconds with its events; return the signals."""
    subject = stem.partition("_")[0]
    folder = root / subject / (f"ses-{session}" if session else "") / "eeg"
    folder.mkdir(parents=True, exist_ok=True)
    signals = noise(len(names), seconds, 128, seed)
    write_edf(folder / f"{stem}_eeg.edf", signals, names, 128)
    if lines:
        write_table(folder / f"{stem}_events.tsv", lines)
    return signals


def read(root, subject="sub-01", **settings):
    return bids.read(root, subject, settings=RecordingSettings(**settings))


def test_events_are_cut_as_a_table_of_trials_would_be(tmp_path):
    """The same file by either reader gives the same bits."""
    record(tmp_path, "sub-01_task-x")
    rows = [
        {"subject": "01", "file": "sub-01/eeg/sub-01_task-x_eeg.edf", "trial": k + 1}
        | {"onset_seconds": line["onset"], "duration_seconds": 2, "baseline_seconds": 1}
        | {"valence": line["valence"], "trial_type": "film", "stimulus": line["stim_file"]}
        for k, line in enumerate(LINES[:2])
    ]
    write_table(tmp_path / "trials.csv", rows)
    expected = files.read(tmp_path, "sub-01")
    found = bids.read(tmp_path, "sub-01", settings=FILMS)
    for name in ("eeg", "baseline", "rating", "class", "stimulus", "trial"):
        kinds = (found[name], expected[name])
        assert kinds[0].dims == kinds[1].dims and np.array_equal(*(a.to_numpy() for a in kinds))
    assert found.attrs["dataset"] == "bids" and "session" not in found.coords


def test_sessions_and_runs_follow_each_other_by_number(tmp_path):
    for session in (10, 2):
        for run in (10, 9):
            lines = [line | {"valence": run} for line in LINES[:2]]
            record(tmp_path, f"sub-01_ses-{session}_task-x_run-{run}", session * run, lines=lines,
                   session=session)  # fmt: skip
    found = read(tmp_path, rating_range=(0, 10))
    assert found["session"].to_numpy().tolist() == ["2"] * 4 + ["10"] * 4
    assert found["rating"].sel(scale="valence").to_numpy().tolist() == [9, 9, 10, 10] * 2
    assert found["trial"].to_numpy().tolist() == list(range(1, 9))


def test_a_run_without_trials_gives_none(tmp_path):
    record(tmp_path, "sub-01_task-x_run-1", 1, lines=[LINES[2]])
    record(tmp_path, "sub-01_task-x_run-2", 2)
    found = bids.read(tmp_path, "sub-01", settings=FILMS)
    assert found["trial"].to_numpy().tolist() == [1, 2]


def test_people_are_those_with_eeg_and_a_note_names_the_others(tmp_path):
    for name in ("sub-10", "sub-2"):
        record(tmp_path, f"{name}_task-x")
    (tmp_path / "sub-3/anat").mkdir(parents=True)
    (tmp_path / "derivatives/sub-4/eeg").mkdir(parents=True)
    write_table(
        tmp_path / "participants.tsv",
        [{"participant_id": f"sub-{k}", "age": 20} for k in (2, 3, 10)],
    )
    assert bids.subjects(tmp_path) == ["sub-2", "sub-10"]
    notes = bids.read(tmp_path, "sub-2", settings=FILMS).attrs["notes"]
    assert "participants.tsv names others of whom there is no EEG: sub-3" in notes


@pytest.mark.parametrize("place", ["sub-01/eeg/sub-01_task-x", "sub-01/sub-01", "task-x"])
def test_a_table_of_channels_counts_for_all_below_it(tmp_path, place):
    record(tmp_path, "sub-01_task-x")
    kinds = [line | {"status": "bad"} if line["name"] == "Cz" else line for line in CHANNELS]
    kinds[0] = kinds[0] | {"type": "EOG"}
    write_table(tmp_path / f"{place}_channels.tsv", kinds)
    found = bids.read(tmp_path, "sub-01", settings=FILMS)
    assert found["channel"].to_numpy().tolist() == ["Pz", "Oz"]
    assert any("Cz (marked bad)" in n and "Fz (eog)" in n for n in found.attrs["notes"])
    tables = [path.name for path in bids.sources(tmp_path, "sub-01") if path.suffix == ".tsv"]
    assert (tmp_path / f"{place}_channels.tsv").name in tables


def test_events_of_the_whole_data_set_are_those_of_each_recording(tmp_path):
    record(tmp_path, "sub-01_task-x", lines=None)
    write_table(tmp_path / "task-x_events.tsv", LINES)
    assert bids.read(tmp_path, "sub-01", settings=FILMS).sizes["trial"] == 2
    assert tmp_path / "task-x_events.tsv" in bids.sources(tmp_path, "sub-01")


def test_a_task_without_trials_is_left_out_where_another_is_named(tmp_path):
    record(tmp_path, "sub-01_task-rest", lines=None)
    record(tmp_path, "sub-01_task-x", 1)
    with pytest.raises(DataError, match=r"sub-01_task-rest_eeg\.edf: has no table of events"):
        bids.read(tmp_path, "sub-01", settings=FILMS)
    assert read(tmp_path, task="x", conditions=["film"]).sizes["trial"] == 2
    with pytest.raises(DataError, match="no recording of the task 'y'"):
        read(tmp_path, task="y")


def test_a_trial_has_the_length_that_the_settings_give(tmp_path):
    lines = [line | {"duration": "n/a"} for line in LINES]
    record(tmp_path, "sub-01_task-x", lines=lines)
    with pytest.raises(DataError, match=r"line 2: the event has no duration \(film, rest\)"):
        read(tmp_path)
    assert read(tmp_path, epochs_tmax=1.5).sizes["time"] == 192


# Ratings in a table of their own


def rated(root, rows, **settings):
    write_table(root / "ratings.csv", rows)
    lines = [{"onset": line["onset"], "duration": 2} for line in LINES]
    for run in (1, 2):
        record(root, f"sub-01_task-x_run-{run}", run, lines=lines)
    return read(root, ratings_table="ratings.csv", **settings)


def test_ratings_are_joined_by_trial(tmp_path):
    rows = [
        {"participant_id": "sub-01", "trial": k, "joy": k, "mood": "ab"[k % 2]}
        for k in range(6, 0, -1)
    ]
    rows.append({"participant_id": "sub-02", "trial": 7, "joy": 9, "mood": "c"})
    found = rated(tmp_path, rows)
    assert found["rating"].sel(scale="joy").to_numpy().tolist() == [1, 2, 3, 4, 5, 6]
    assert found["class"].sel(task="mood").to_numpy().tolist() == [*"bababa"]
    assert tmp_path / "ratings.csv" in bids.sources(
        tmp_path, "sub-01", settings=RecordingSettings(ratings_table="ratings.csv")
    )


def test_a_table_of_trials_serves_as_one_of_ratings_and_names_stimuli(tmp_path):
    rows = [
        {"subject": "01", "file": "a.edf", "trial": k, "onset_seconds": k, "duration_seconds": 1}
        | {"stimulus": f"film-{k}", "joy": k}
        for k in range(1, 7)
    ]
    found = rated(tmp_path, rows)
    assert found["scale"].to_numpy().tolist() == ["joy"] and "class" not in found
    assert found["stimulus"].to_numpy().tolist() == [f"film-{k}" for k in range(1, 7)]


def test_ratings_are_joined_by_run_and_trial_and_may_be_missing(tmp_path):
    rows = [
        {"subject": 1, "run": f"0{r}", "trial": k, "joy": r + k} for r in (2, 1) for k in (1, 2, 3)
    ]
    rows[0]["joy"] = ""
    found = rated(tmp_path, rows[:-1])["rating"].sel(scale="joy").to_numpy()
    np.testing.assert_array_equal(found, [2, 3, np.nan, np.nan, 4, 5])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"subject": "02", "trial": 1, "joy": 1}], "has no ratings of sub-01"),
        ([{"subject": "01", "trial": 7, "joy": 1}], "line 2: sub-01 has no trial 7, of 6 trials"),
        ([{"subject": "01", "trial": 1, "joy": 1}] * 2, "line 3: the trial is there already"),
        ([{"subject": "01", "trail": 1, "joy": 1}], "has no column 'trial'. Add it. Did you mean"),
        ([{"trial": 1, "joy": 1}], "has no column 'subject'"),
    ],
)
def test_ratings_that_do_not_fit_are_refused(tmp_path, rows, message):
    with pytest.raises(DataError, match=message):
        rated(tmp_path, rows)


# What is wrong with one does not stop the others


def test_each_fault_is_one_subjects_and_named(tmp_path):
    for k in range(1, 10):
        record(tmp_path, f"sub-{k}_task-x", k)
    stem = {k: tmp_path / f"sub-{k}/eeg/sub-{k}_task-x" for k in range(1, 10)}
    cut_short(stem[2].with_name(f"{stem[2].name}_eeg.edf"))
    write_table(stem[3].with_name(f"{stem[3].name}_events.tsv"), [LINES[0] | {"onset": 9}])
    write_table(stem[4].with_name(f"{stem[4].name}_events.tsv"), [{"onset": 1, "valence": 2}])
    stem[5].with_name("sub-5_task-a-b_eeg.edf").touch()
    write_table(stem[6].with_name(f"{stem[6].name}_events.tsv"), [LINES[2]])
    stem[7].with_name("sub-7_task-x_eeg.bdf").touch()
    (edf := stem[8].with_name("sub-8_task-x_eeg.edf")).unlink()
    edf.symlink_to(".git/annex/objects/x")
    write_table(stem[9].with_name(f"{stem[9].name}_events.tsv"), [LINES[0] | {"onset": "n/a"}])
    found = check_each(bids.subjects(tmp_path), partial(bids.read, tmp_path, settings=FILMS))
    told = {name: error and str(error) for name, error in found.items()}
    assert told.pop("sub-1") is None
    for name, words in {
        "sub-2": "bytes",
        "sub-3": "trial 1 ends at 11 s, but sub-3_task-x_eeg.edf at 10 s",
        "sub-4": "has no column 'duration', only 'onset', 'valence'",
        "sub-5": "MNE-BIDS cannot list its files",
        "sub-6": "has no event of the conditions film",
        "sub-7": "sub-7_task-x_eeg is there in several formats",
        "sub-8": "is a link to a file that is not there",
        "sub-9": "line 2: the event has no onset",
    }.items():
        assert words in told[name], told[name]


# In a study

STUDY = """\
title: Films
dataset: {dataset}
root: tree
tasks: {{joy: {{rating: joy}}, trial_type: {{classes: [film, rest]}}}}
features: {{baseline: none}}
protocols: [leave_sessions_out]
n_folds: 2
recordings: {{{keys}}}
"""


def test_a_misspelt_condition_is_noted_or_told(tmp_path):
    record(tmp_path, "sub-01_task-x")
    note = "no event of the conditions flim"
    assert note in read(tmp_path, conditions=["film", "flim"]).attrs["notes"]
    with pytest.raises(DataError, match=r"no event of the conditions flim\. Did you mean 'film'"):
        read(tmp_path, conditions=["flim"])


def test_a_link_to_somebody_elses_signals_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path / "results"))
    for name in ("sub-01", "sub-02"):
        record(tmp_path / "tree", f"{name}_task-x")
    other = tmp_path / "tree/sub-02/eeg/sub-02_task-x_eeg.edf"
    other.unlink()
    other.symlink_to(tmp_path / "tree/sub-01/eeg/sub-01_task-x_eeg.edf")
    (tmp_path / "films.yaml").write_text(STUDY.format(dataset="bids", keys="conditions: [film]"))
    with pytest.raises(DataError, match=r"the signals of sub-01 are those of sub-02"):
        Sources(load(tmp_path / "films.yaml")).check_signals("sub-01")


def test_a_study_reads_what_its_settings_name(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path / "results"))
    for k in range(1, 5):
        lines = [line | {"trial_type": kind} for line, kind in zip(LINES, (*FILM,), strict=True)]
        record(tmp_path / "tree", f"sub-01_ses-{k}_task-x", k, lines=lines, session=k)
        record(tmp_path / "tree", f"sub-01_ses-{k}_task-rest", k + 9, lines=None, session=k)
    rows = [{"subject": 1, "trial": k, "joy": 2 + 5 * (k % 2)} for k in range(1, 13)]
    write_table(tmp_path / "tree/joy.csv", rows)
    file = tmp_path / "films.yaml"
    file.write_text(STUDY.format(dataset="bids", keys="task: x, ratings_table: joy.csv"))
    study = load(file)
    (found,) = findings(study)
    assert found.usable and found.trials == 12 and "joy.csv" in found.files
    assert found.classes == {"joy": {"low": 6, "high": 6}, "trial_type": {"film": 8, "rest": 4}}
    before = Sources(study).digest("sub-01")
    (tmp_path / "tree/joy.csv").write_text("subject,trial,joy\n1,1,9\n")
    assert Sources(study).digest("sub-01") != before


@pytest.mark.parametrize(
    ("dataset", "keys", "able"),
    [("files", "task: x", "'bids'"), ("epochs", "l_freq: 1", "'files' and 'bids'")],
)
def test_settings_of_one_reader_are_refused_for_another(tmp_path, dataset, keys, able):
    file = tmp_path / "films.yaml"
    file.write_text(STUDY.format(dataset=dataset, keys=keys))
    with pytest.raises(SettingsError, match=f"whose reader does not take it.* {able}"):
        load(file)


def test_a_folder_that_is_no_bids(tmp_path):
    (tmp_path / "eeg").mkdir()
    with pytest.raises(DataError, match="holds no BIDS subject with EEG but eeg/; expected"):
        bids.subjects(tmp_path)


# DENS: onsets in samples, ratings by film in a table of each person, a net of 128, EEGLAB's files


def write_dens(root, subject, seed):
    """Two films of two seconds, with signals of their own in each; return the signals."""
    folder, names = root / subject / "eeg", [f"E{i}" for i in range(1, 129)]
    folder.mkdir(parents=True)
    stem = f"{subject}_task-Emotion"
    signals = noise(128, 6, 250, seed)
    signals.astype("<f4").T.tofile(folder / f"{stem}_eeg.fdt")
    eeg = {"nbchan": 128.0, "pnts": 1500.0, "srate": 250.0, "trials": 1, "xmin": 0.0, "xmax": 5.996}
    eeg |= {"chanlocs": np.array([(name,) for name in names], [("labels", "O")])}
    savemat(folder / f"{stem}_eeg.set", {"EEG": eeg | {"data": f"{stem}_eeg.fdt", "event": []}})
    events = [
        {"onset": 100, "duration": 0, "trial_type": "fix", "stim": "n/a"},
        {"onset": 250, "duration": 0, "trial_type": "stm", "stim": "block/12.m4v"},
        {"onset": 900, "duration": 0, "trial_type": "stm", "stim": "neutral_1.mp4"},
    ]
    write_table(folder / f"{stem}_events.tsv", events)
    ratings = "\tstimuliName\tvalence\tarousal\tFelt\n0\tneutral_1.mp4\t4.5\t7\t{}\n"
    ratings += "1\t12.m4v\t9.0\t2.25\t{'0': [u'Joyous: full of joy', u'']}\n2\t8.m4v\t1\t1\tn/a\n"
    (root / subject / "beh").mkdir()
    (root / subject / "beh" / f"{stem}_beh.tsv").write_text(ratings)
    return signals


@pytest.fixture
def dens(tmp_path, monkeypatch):
    """The study of DENS on two people's files, with films of two seconds."""
    monkeypatch.setenv("EMOLIB_DATA", str(tmp_path))
    people = ["sub-mit003", "sub-mit004"]
    root = tmp_path / "openneuro" / "ds003751"
    signals = [write_dens(root, subject, seed) for seed, subject in enumerate(people)]
    content = yaml.safe_load((PROJECT / "studies" / "dens.yaml").read_text(encoding="utf-8"))
    content |= {"subjects": people, "n_folds": 2}
    content["recordings"]["epochs_tmax"] = 2
    (tmp_path / "dens.yaml").write_text(yaml.safe_dump(content))
    return load(tmp_path / "dens.yaml"), root, signals


def test_onsets_in_samples_and_ratings_by_film(dens):
    study, _, (signals, _) = dens
    recording = study.read("sub-mit003")
    ratings = recording["rating"].sel(scale=["valence", "arousal"])
    assert ratings.to_numpy().tolist() == [[9.0, 2.25], [4.5, 7.0]]
    assert recording["stimulus"].to_numpy().tolist() == ["12", "neutral_1"]
    fp1 = list(recording["channel"].to_numpy()).index("Fp1")
    left = recording["eeg"].to_numpy()[:, fp1] + recording["eeg"].to_numpy().mean(axis=1)
    own = signals[21, [range(250, 750), range(900, 1400)]]  # E22, less the average of all
    assert all(np.corrcoef(a, b)[0, 1] > 0.95 for a, b in zip(left, own, strict=True))
    table = study.reader.sources(study.recordings_root, "sub-mit003", settings=study.recordings)
    assert "sub-mit003_task-Emotion_beh.tsv" in [path.name for path in table]


@pytest.mark.slow
def test_a_truncated_fdt_is_told_by_its_size_and_concerns_its_person_alone(dens):
    study, root, _ = dens
    cut_short(root / "sub-mit004/eeg/sub-mit004_task-Emotion_eeg.fdt")
    whole, cut = findings(study)[:2]
    assert whole.usable and not cut.usable
    assert "mit004_task-Emotion_eeg.fdt" in cut.problem
    assert "holds 460800 bytes, but sub-mit004_task-Emotion_eeg.set promises 768000" in cut.problem


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("stimuliName", "film", "has no column 'stimuliName'"),
        ("neutral_1.mp4", "12.m4v", "line 3: 'stimuliName' is '12.m4v' for the second time"),
        ("\t", "\tx", "names .*no column of the events does"),
    ],
)
def test_ratings_that_fit_no_film_are_refused(dens, old, new, says):
    study, root, _ = dens
    file = root / "sub-mit003/beh/sub-mit003_task-Emotion_beh.tsv"
    head, *rows = file.read_text().splitlines()
    rows = [row.replace(old, new, 1) for row in rows]
    head = head.replace(old, new) if old == "stimuliName" else head
    file.write_text("\n".join([head, *rows]))
    with pytest.raises(DataError, match=says):
        study.read("sub-mit003")
