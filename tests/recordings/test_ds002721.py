"""The open data set of film music: its trials, its signals, and the download from loopback."""

import re
import shutil
from functools import partial
from pathlib import Path

import music
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import cross_val_score
from synthetic import check_each, cut_short, noise, write_edf

from emolib.errors import DataError
from emolib.features import FeatureSettings, extract_features
from emolib.recordings import Task, ds002721, window_table
from emolib.recordings.ds002721_events import eeg_file, events_file
from emolib.recordings.settings import RecordingSettings
from emolib.splits import cv_of

REFERENCE = Path(__file__).parents[1] / "data" / "ds002721_trials.csv"
PEOPLE = ["sub-01", "sub-02", "sub-28"]  # clips two runs late, onsets that wrap, clips unknown
SETTINGS = RecordingSettings(raw_resample_sfreq=250)
TASKS = {"valence": Task("pleasant")}


def reference(people=ds002721.ALL):
    table = pd.read_csv(REFERENCE)
    return table[table["participant"].isin(people)].reset_index(drop=True)


# The trials


@pytest.mark.slow
def test_trials_of_the_published_sidecars_equal_the_reference(tmp_path):
    ds002721.write_sidecars(tmp_path, ds002721.ALL)
    pd.testing.assert_frame_equal(ds002721.trials(tmp_path), reference())


@pytest.fixture
def one(tmp_path):
    """The sidecars of one person."""
    ds002721.write_sidecars(tmp_path, ["sub-05"])
    return tmp_path


def edit(root, run, change):
    path = events_file(root, "sub-05", run)
    table = change(pd.read_csv(path, sep="\t"))
    table.to_csv(path, sep="\t", index=False)


def test_an_answer_that_is_missing_concerns_its_rating_alone(one):
    first = reference(["sub-05"])
    edit(one, 2, lambda table: table.drop(table.index[table["trial_type"].between(833, 841)][0]))
    found = ds002721.trials(one)
    differing = [
        name for name in found if not found[name].equals(first[name].astype(found[name].dtype))
    ]
    (lost,) = found.columns[found.iloc[0].isna()]
    assert differing == ["complete", "check", lost]
    assert found["complete"].tolist() == [0] + [1] * 39


def test_copies_of_an_answer_that_differ_are_told(one):
    def change(table):
        table.loc[table.index[table["trial_type"].between(901, 909)][8], "trial_type"] = 905
        return table

    before = reference(["sub-05"])
    edit(one, 3, change)
    found = ds002721.trials(one)
    assert found["check"].tolist() == [1] * 11 + [0] + [1] * 28
    assert found.drop(columns="check").equals(before.drop(columns="check"))


def test_clips_that_are_not_one_a_trial_are_unknown(one):
    edit(one, 4, lambda table: table.drop(table.index[table["trial_type"].between(301, 660)][0]))
    found = ds002721.trials(one)
    assert found.groupby("run")["stimulus"].count().tolist() == [10, 0, 10, 0]


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (None, "line 9 has no number"),
        ("soon", "Unable to parse string .soon."),
    ],
)
def test_a_damaged_table_is_named(one, cell, says):
    def change(table):
        table = table.astype({"onset": object})
        table.loc[7, "onset"] = cell
        return table

    edit(one, 2, change)
    with pytest.raises(DataError, match=rf"run2_events\.tsv: is no table of events.*{says}"):
        ds002721.trials(one)


def test_a_table_that_is_missing_is_named(one):
    events_file(one, "sub-05", 3).unlink()
    with pytest.raises(DataError, match=r"run3_events\.tsv: is not there"):
        ds002721.trials(one)


def test_a_folder_without_tables_shows_what_is_expected(tmp_path):
    with pytest.raises(
        DataError, match=r"holds no table of events but nothing; expected: .*sub-01"
    ):
        ds002721.subjects(tmp_path)


# The signals: published sidecars in an eighth of the time


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("ds002721")
    music.write_eeg(root, music.write_sidecars(root, PEOPLE, squeeze=8))
    return root


@pytest.mark.slow
def test_the_difference_that_was_put_in_is_found_in_new_trials_and_people(tree):
    tables, features = [], []
    for subject in ds002721.subjects(tree):
        recording = ds002721.read(tree, subject, settings=SETTINGS)
        wanted = reference([subject])
        ratings = recording["rating"].to_pandas()
        assert ratings.to_numpy().tolist() == wanted[[*ratings]].to_numpy().tolist()
        known = wanted["stimulus"].notna().to_numpy()
        stimuli = recording["stimulus"].to_numpy()
        assert stimuli[known].astype(int).tolist() == wanted["stimulus"][known].tolist()
        assert len(set(stimuli[~known])) == (~known).sum()
        assert recording.sizes["baseline_time"] == 750
        assert {*recording["channel"].to_numpy()} == ds002721.CHANNELS
        assert not [note for note in recording.attrs["notes"] if "description" in note]
        features.append(extract_features(recording, FeatureSettings()))
        tables.append(window_table(features[-1], TASKS))
    table = pd.concat(tables, ignore_index=True)
    x = np.concatenate([one["feature"].to_numpy() for one in features])
    for protocol in ("trial_grouped", "leave_subjects_out"):
        folds = cv_of(protocol, table, n_folds=3)
        y = table["valence"]
        scores = cross_val_score(RidgeClassifier(), x.reshape(len(x), -1), y, cv=folds)
        assert scores.mean() > 0.9, protocol


def test_a_subject_whose_signals_are_missing_or_cut_short_is_named(tree, tmp_path):
    shutil.copytree(tree, tmp_path / "tree")
    eeg_file(tmp_path / "tree", "sub-01", 3).unlink()
    cut_short(eeg_file(tmp_path / "tree", "sub-02", 4))
    found = check_each(PEOPLE, partial(ds002721.read, tmp_path / "tree", settings=SETTINGS))
    assert re.search(
        r"sub-01_task-run3_eeg\.edf: is not there\..*EMOLIB_DATA", str(found["sub-01"])
    )
    assert "but its header says" in found["sub-02"].message
    assert found["sub-28"] is None


def test_what_differs_from_the_description_is_told(tmp_path):
    path = write_edf(tmp_path / "a.edf", noise(18, 2, 500), music.NAMES[:18], 500)
    (note,) = ds002721._unlike_described(path)
    assert note.startswith("a.edf: 500 Hz and other channels (O2)")


# The download


@pytest.fixture
def served(tree, tmp_path, monkeypatch):
    """The tree on loopback, and an empty cache."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("EMOLIB_DATA", raising=False)
    monkeypatch.setattr(ds002721, "RETRIES", 1)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setattr(ds002721, "FILES", music.write_registry(tmp_path / "files.csv", tree))
    monkeypatch.setattr(ds002721.pooch, "os_cache", lambda name: tmp_path / name)
    with music.serve(tree) as (url, server):
        monkeypatch.setattr(ds002721, "URL", url)
        yield server


def same_files(tree, cache, people):
    wanted = [eeg_file(tree, subject, run) for subject in people for run in (2, 3, 4, 5)]
    there = [path.relative_to(cache) for path in sorted(cache.rglob("*.edf"))]
    assert there == [path.relative_to(tree) for path in wanted]
    assert all((cache / path).read_bytes() == (tree / path).read_bytes() for path in there)


def test_a_transfer_that_was_cut_and_a_spoilt_file_are_fetched_again(served, tree, capsys):
    served.cut.add("sub-01_task-run3_eeg.edf")
    served.spoilt["sub-02_task-run4_eeg.edf"] = 1
    cache = ds002721.default_root(fetch=True, wanted=PEOPLE[:2])
    same_files(tree, cache, PEOPLE[:2])
    assert len(served.asked) == 8 + 2
    assert ds002721.subjects(cache) == PEOPLE[:2]
    assert "fetching sub-02_task-run5_eeg.edf (2.4 MB, 8 of 8)" in capsys.readouterr().err
    ds002721.default_root(fetch=True)  # those who are there, and all of them is
    assert len(served.asked) == 8 + 2
    cut_short(eeg_file(cache, "sub-02", 2))
    ds002721.default_root(fetch=True)
    assert served.asked[10:] == ["sub-02_task-run2_eeg.edf"]
    same_files(tree, cache, PEOPLE[:2])


def test_what_stays_spoilt_is_not_kept_and_concerns_its_subject_alone(served, capsys):
    served.spoilt["sub-02_task-run2_eeg.edf"] = 9
    cache = ds002721.default_root(fetch=True, wanted=PEOPLE)
    assert "run2_eeg.edf: was damaged on the way 2 times" in capsys.readouterr().err
    assert not eeg_file(cache, "sub-02", 2).exists() and not list(cache.rglob("tmp*"))
    assert len(list(cache.rglob("*.edf"))) == 3 * 4 - 1
    with pytest.raises(DataError, match=r"sub-02_task-run2_eeg\.edf: is not there"):
        ds002721.read(cache, "sub-02", settings=SETTINGS)


def test_a_server_that_does_not_answer_is_not_asked_for_every_file(
    served, tmp_path, monkeypatch, capsys
):
    with music.serve(tmp_path) as (url, _):
        monkeypatch.setattr(ds002721, "URL", url)  # free again when it is closed
    with pytest.raises(DataError, match=r"run2_eeg\.edf: could not be fetched .*EMOLIB_DATA"):
        ds002721.default_root(fetch=True, wanted=PEOPLE)
    assert capsys.readouterr().err.count("fetching") == 2


def test_ten_people_are_fetched_unless_others_are_asked_for(served, monkeypatch):
    asked = []
    monkeypatch.setattr(ds002721, "download", lambda folder, names: asked.append([*names]))
    ds002721.default_root(fetch=True)
    assert asked == [[f"sub-{number:02d}" for number in range(1, 11)]]


def test_the_table_of_published_files_has_four_whole_runs_a_person():
    table = pd.read_csv(ds002721.FILES)
    assert len(table) == 4 * 31 and table["path"].is_unique
    assert table["md5"].str.fullmatch("[0-9a-f]{32}").all() and table["version"].notna().all()
    assert ((table["bytes"] - 5120) % 38000 == 0).all()  # a header, and seconds of 19 x 1000
    assert table["path"][0] == eeg_file("", "sub-01", 2).as_posix()


# Where the data lie


@pytest.mark.parametrize("place", ["openneuro/ds002721", "ds002721"])
def test_the_environment_says_where_the_data_lie(tmp_path, monkeypatch, place):
    monkeypatch.setenv("EMOLIB_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"EMOLIB_DATA is .*put `ds002721` into that folder"):
        ds002721.default_root()
    ds002721.write_sidecars(tmp_path / place, ["sub-05"])
    assert ds002721.default_root(fetch=True) == tmp_path / place
