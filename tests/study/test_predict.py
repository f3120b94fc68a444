"""What a study's networks say of recordings that they have not seen."""

from __future__ import annotations

import json
import shutil

import mne
import numpy as np
import pandas as pd
import pytest
import yaml
from synthetic import noise, write_edf, write_table

from emolib.__main__ import main
from emolib.features.extraction import extract_features
from emolib.grid import to_brain_maps
from emolib.model.networks import build, save_weights
from emolib.recordings import files
from emolib.study import stages
from emolib.study.digests import MADE_WITH
from emolib.study.fold import network_settings
from emolib.study.predict import PAGE
from emolib.study.study import load

pytestmark = pytest.mark.network

NAMES = ["Fz", "Cz", "Pz", "Oz"]
WORDS = ("calm", "tense")


def person(path, seed, *, sfreq=128, names=NAMES, marks=()):
    return write_edf(path, noise(len(names), 12, sfreq, seed), names, sfreq, marks)


def rows(name, n=6, labels=WORDS):
    shared = {"subject": name, "file": f"{name}.edf", "duration_seconds": 2}
    return [
        shared | {"trial": k + 1, "onset_seconds": 2 * k}
        | ({"state": labels[k % 2]} if labels else {})
        for k in range(n)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A study of three people with drawn weights for its folds, which nobody has trained."""
    folder = tmp_path_factory.mktemp("study")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOLIB_RESULTS", str(folder / "results"))
        for i in range(3):
            person(folder / "eeg" / f"{i}.edf", i)
        write_table(folder / "eeg" / "trials.csv", [row for i in range(3) for row in rows(str(i))])
        protocols = ["window_wise", "trial_grouped", "leave_subjects_out"]
        content = {"title": "Own", "dataset": "files", "root": "eeg", "protocols": protocols}
        content |= {"tasks": {"state": {"classes": [*WORDS]}}, "n_folds": 3}
        content |= {"features": {"baseline": "none"}, "model": {"width": 0.05}}
        (folder / "own.yaml").write_text(yaml.safe_dump(content))
        study = load(folder / "own.yaml")
        for subject in study.subjects():
            stages.make_features(study, subject)
        for p, protocol in enumerate(protocols):
            for k in range(3):
                model = build(network_settings(study, protocol), seed=10 * p + k)
                save_weights(study.fold_files(protocol, k)["weights"], model)
        yield study


@pytest.fixture
def here(tmp_path, monkeypatch, trained):
    monkeypatch.setenv("EMOLIB_RESULTS", str(trained.folder.parent))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def changed(here, study, **keys):
    """The same study with other keys, in a file of its own and with the same results."""
    content = yaml.safe_load(study.file.read_text()) | {"root": str(study.recordings_root)} | keys
    (here / "own.yaml").write_text(yaml.safe_dump(content))
    return here / "own.yaml"


def predicted(*arguments, status=0):
    assert main(["predict", *map(str, arguments)]) == status
    return pd.read_csv("own_predictions.csv")


def by_hand(study, folder, subject, protocol_seeds):
    """The mean probability of the second class over networks, window by window."""
    features = extract_features(files.read(folder, subject), study.features)
    maps = to_brain_maps(features).to_numpy()
    settings = network_settings(study, "leave_subjects_out")  # as for trial_grouped
    each = [build(settings, seed=seed)(maps)["state"] for seed in protocol_seeds]
    return np.mean([np.asarray(one)[:, 1] for one in each], axis=0)


def test_the_mean_of_the_networks_of_people_left_out(here, trained, capsys):
    person(here / "new" / "eve.edf", 7)
    write_table(here / "new" / "trials.csv", rows("eve"))
    table = predicted(trained.file, here / "new")
    assert table["probability"].to_numpy() == pytest.approx(
        by_hand(trained, here / "new", "sub-eve", (20, 21, 22)), abs=1e-6
    )
    assert set(table["protocol"]) == {"leave_subjects_out"} and set(table["folds"]) == {"0 1 2"}
    assert table["trial"].tolist() == np.repeat(range(1, 7), 4).tolist()
    assert table["label"].tolist() == np.repeat([0, 1] * 3, 4).tolist()
    told = capsys.readouterr().out
    assert "3 networks, leave-subjects-out: tested on new subjects, seen stimuli" in told
    section = PAGE.read_text().partition("## If you predict for new recordings\n\n")[2]
    assert section.partition("\n\n## ")[0] in told


def test_else_of_trials_held_out_and_never_of_windows(here, trained, capsys):
    person(here / "new" / "eve.edf", 7)
    write_table(here / "new" / "trials.csv", rows("eve"))
    study = changed(here, trained, protocols=["window_wise", "trial_grouped"])
    expected = by_hand(trained, here / "new", "sub-eve", (10, 11, 12))
    assert predicted(study, "new")["probability"].to_numpy() == pytest.approx(expected, abs=1e-6)
    study = changed(here, trained, protocols=["window_wise"])
    assert main(["predict", str(study), "new"]) == 1
    assert "Add leave_subjects_out" in capsys.readouterr().err


def test_labels_are_not_needed(here, trained):
    person(here / "eve.edf", 7)
    write_table(here / "labelled" / "trials.csv", rows("../eve"))
    write_table(here / "bare.csv", rows("eve", labels=None))
    write_table(here / "blank.csv", [row | {"state": ""} for row in rows("eve")])
    table = predicted(trained.file, "labelled", "bare.csv", "blank.csv")
    each = [own.reset_index(drop=True) for _, own in table.groupby("recording", sort=False)]
    labelled, bare, blank = (own.drop(columns="recording") for own in each)
    assert (bare["label"] == -1).all() and blank.equals(bare)
    assert labelled["probability"].equals(bare["probability"])


def test_a_file_alone_is_cut_into_windows_where_nothing_is_bad(here, trained):
    person(here / "eve.edf", 7, marks=[(4.0, 1.5, "BAD_cough"), (8.0, 0, "boundary")])
    table = predicted(trained.file, "eve.edf", "--out", ".")
    assert table.groupby("trial").size().tolist() == [8, 5, 8]  # 4 s, 2.5 s, 4 s of 0.5 s each
    assert (table["label"] == -1).all() and set(table["recording"]) == {"eve.edf"}


def test_what_does_not_fit_is_refused_alone(here, trained, capsys):
    person(here / "fast.edf", 8, sfreq=256)
    person(here / "less.edf", 8, names=NAMES[:3])
    person(here / "more.edf", 8, names=[*NAMES, "T7"])
    person(here / "eve.edf", 7)
    shutil.copy(trained.recordings_root / "1.edf", here / "renamed.edf")
    names = ["fast.edf", "less.edf", "more.edf", "renamed.edf", "nobody.edf", "eve.edf"]
    table = predicted(trained.file, *names, status=1)
    assert set(table["recording"]) == {"eve.edf"}
    told = capsys.readouterr().err
    for fault in (
        "fast.edf: has 256 Hz; the networks were trained with 128 Hz",
        "less.edf: lacks channels that the networks were trained with: Oz",
        "more.edf: has channels that no network was trained with: T7",
        "renamed.edf: is a recording of sub-01 in the study 'own'",
        "nobody.edf: does not exist",
    ):
        assert f"error: {fault}" in told


def test_a_conversion_of_a_known_recording_is_refused(here, trained, capsys):
    raw = mne.io.read_raw_edf(trained.recordings_root / "1.edf", preload=True, verbose="error")
    raw.reorder_channels(NAMES[::-1]).save(here / "eve_raw.fif", verbose="error")
    write_table(here / "trials.csv", [one | {"file": "eve_raw.fif"} for one in rows("eve")])
    assert main(["predict", str(trained.file), "trials.csv"]) == 1
    assert (
        "trials.csv: holds trials of sub-01 in the study 'own', though" in capsys.readouterr().err
    )


def test_a_rest_that_is_subtracted_must_be_there(here, trained, capsys):
    person(here / "eve.edf", 7)
    study = changed(here, trained, features={"baseline": "subtract"})
    assert main(["predict", str(study), "eve.edf"]) == 1
    assert "the study subtracts the rest before each trial" in capsys.readouterr().err


def test_a_file_alone_needs_no_rest_where_each_trial_is_its_own(here, trained):
    person(here / "eve.edf", 7)
    assert len(predicted(changed(here, trained, features={"baseline": "own_trial"}), "eve.edf"))


def test_networks_of_other_settings_are_refused(here, trained, capsys):
    person(here / "eve.edf", 7)
    record = trained.folder / MADE_WITH
    record.write_text(json.dumps({one: trained.digest(one) for one in ("features", "training")}))
    try:
        predicted(trained.file, "eve.edf")
        study = changed(here, trained, features={"baseline": "none", "psd": "welch"})
        assert main(["predict", str(study), "eve.edf"]) == 1
        record.write_text("{")  # it tells nothing then, as one that is not there
        predicted(trained.file, "eve.edf")
    finally:
        record.unlink()
    assert "settings of features have changed since" in capsys.readouterr().err


def test_folds_that_are_not_trained_are_told(here, trained, capsys):
    person(here / "eve.edf", 7)
    study = changed(here, trained, n_folds=5)
    assert main(["predict", str(study), "eve.edf"]) == 1
    assert "folds 3, 4 of leave_subjects_out have no network" in capsys.readouterr().err
