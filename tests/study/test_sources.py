"""What subjects are read from: noticed when it changes, and by content only."""

from __future__ import annotations

import os
import shutil
import time

import numpy as np
import pytest
import yaml
from command import emolib_here
from synthetic import noise, write_brainvision, write_edf, write_table

from emolib.errors import DataError
from emolib.study import sources as of_study
from emolib.study import stages
from emolib.study import study as studies
from emolib.study.sources import Sources

YEAR = 365 * 24 * 3600


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Three subjects, a file each; that of the third is missing."""
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path / "results"))
    rows = []
    for k in (1, 2, 3):
        write_edf(tmp_path / f"{k}.edf", noise(4, 6, 128, k), ["Fz", "Cz", "Pz", "Oz"], 128)
        shared = {"subject": k, "file": f"{k}.edf", "duration_seconds": 2}
        rows += [shared | {"trial": t + 1, "onset_seconds": 2 * t, "valence": 2 + 5 * t % 9}
                 for t in range(3)]  # fmt: skip
    (tmp_path / "3.edf").unlink()
    write_table(tmp_path / "trials.csv", rows)
    content = {"title": "Own", "dataset": "files", "root": ".", "protocols": ["trial_grouped"]}
    content |= {"tasks": {"valence": {"rating": "valence"}}, "features": {"baseline": "none"}}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(content))
    return studies.load(tmp_path / "own.yaml")


def digests(study):
    """The digests of all subjects, as a run takes and keeps them."""
    sources = Sources(study)
    found = {subject: sources.digest(subject) for subject in study.subjects()}
    sources.save()
    return found


def change_a_sample(file):
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


def changed(before, study):
    after = digests(study)
    return [subject for subject in before if before[subject] != after[subject]]


@pytest.mark.parametrize("shift", [0, -YEAR, YEAR])
def test_other_content_is_noticed_whatever_its_date(study, tmp_path, shift):
    before, file = digests(study), tmp_path / "1.edf"
    state = file.stat()
    change_a_sample(file)
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns + shift * 10**9))
    assert changed(before, study) == ["sub-01"]


@pytest.mark.parametrize("shift", [-YEAR, YEAR])
def test_a_new_date_changes_nothing_once_and_for_all(study, tmp_path, shift):
    before = digests(study)
    os.utime(tmp_path / "1.edf", (time.time() + shift,) * 2)
    assert changed(before, study) == [] == changed(before, study)


def test_content_is_read_only_if_a_file_has_moved(study, tmp_path, monkeypatch):
    before, read = digests(study), []
    really = of_study._digests_of
    monkeypatch.setattr(of_study, "_digests_of", lambda p: read.append(p.name) or really(p))
    assert changed(before, study) == [] == read
    os.utime(tmp_path / "2.edf", (0, 0))
    assert changed(before, study) == [] == changed(before, study)
    assert read == ["2.edf"]


def test_a_file_that_comes_back_is_noticed(study, tmp_path):
    before = digests(study)
    shutil.copy(tmp_path / "1.edf", tmp_path / "3.edf")
    change_a_sample(tmp_path / "3.edf")
    assert changed(before, study) == ["sub-03"]


def test_a_record_that_is_damaged_or_of_another_place_is_made_again(study, tmp_path):
    before = digests(study)
    (study.folder / of_study.RECORD).write_text("{")
    assert changed(before, study) == []
    assert str(tmp_path) not in (study.folder / of_study.RECORD).read_text()


def test_a_missing_file_is_the_failure_of_its_subject(study):
    for subject in study.subjects():
        stages.make_features(study, subject)
    assert list(stages.failures(study)) == ["sub-03"]
    assert "3.edf" in stages.failures(study)["sub-03"]["source"]


def test_a_header_is_opened_and_not_its_parts(study, tmp_path):
    write_brainvision(tmp_path)
    table = tmp_path / "trials.csv"
    table.write_text(table.read_text().replace("1.edf", "a.vhdr"))
    assert [path.name for path in Sources(study).openable("sub-01")] == ["a.vhdr"]


@pytest.mark.parametrize("header", [False, True])
def test_two_subjects_with_the_same_signals_are_both_refused(study, tmp_path, header):
    before, copy = digests(study), tmp_path / "3.edf"
    shutil.copy(tmp_path / "1.edf", copy)
    if header:  # the name of the patient is no signal
        copy.write_bytes(copy.read_bytes().replace(b"X X X X", b"Y Y Y Y", 1))
        assert copy.read_bytes() != (tmp_path / "1.edf").read_bytes()
    assert changed(before, study) == ["sub-01", "sub-03"]
    for subject in study.subjects():
        stages.make_features(study, subject)
    found = stages.failures(study)
    assert list(found) == ["sub-01", "sub-03"]
    assert found["sub-01"]["source"] == "1.edf"
    assert "the signals of sub-01 are those of sub-03 in 3.edf" in found["sub-01"]["message"]


def test_sidecars_and_what_all_share_are_no_signals(study, tmp_path):
    sources = Sources(study)
    for name in ("1.vhdr", "2.vhdr", "1.set", "2.set", "all.mat"):
        (tmp_path / name).write_bytes(bytes(1000))
    for k in (1, 2):
        np.arange(999.0 + k).tofile(tmp_path / f"{k}.fdt")
        names = ["trials.csv", f"{k}.vhdr", f"{k}.set", f"{k}.fdt", "all.mat"]
        sources.files[f"sub-0{k}"] = [tmp_path / name for name in names]
    sources.check_signals("sub-01")


def test_labels_that_do_not_fit_the_tasks_are_the_failure_of_their_subject(study, tmp_path):
    table = tmp_path / "trials.csv"
    lines = table.read_text().splitlines()
    lines[-1] = lines[-1].rpartition(",")[0] + ",77"
    shutil.copy(tmp_path / "1.edf", tmp_path / "3.edf")
    change_a_sample(tmp_path / "3.edf")
    table.write_text("\n".join(lines))
    for subject in study.subjects():
        stages.make_features(study, subject)
    failed = stages.failures(study)
    assert list(failed) == ["sub-03"]
    assert "trial 3: valence is rated 77, outside 1-9" in failed["sub-03"]["message"]
    assert "rating_range: [0, 100]" in failed["sub-03"]["hint"]
    with pytest.raises(DataError, match="rated 77"):
        stages.features(study, "sub-03")
    assert stages.load_windows(study)[1]["subject"].unique().tolist() == ["sub-01", "sub-02"]


@pytest.mark.parametrize("dataset", ["deap", "seed"])
def test_copies_in_a_release_are_noticed(tmp_path, monkeypatch, dataset):
    names = {"deap": "s0{}.mat", "seed": "{}_20131027.mat"}[dataset]
    for k in (1, 2, 3):  # the file's own date, and one content of the first two
        content = np.full(2000, max(k, 2), np.uint8).tobytes()
        (tmp_path / names.format(k)).write_bytes(
            f"Created on day {k}".ljust(128).encode() + content
        )
    (tmp_path / "label.mat").write_bytes(bytes(2000))
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path / "results"))
    content = {"title": "R", "dataset": dataset, "root": ".", "protocols": ["trial_grouped"]}
    content |= {"tasks": {"emotion": {"classes": ["a", "b"]}}}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(content))
    sources = Sources(studies.load(tmp_path / "own.yaml"))
    sources.check_signals("sub-03")
    for own, other in (("sub-01", "sub-02"), ("sub-02", "sub-01")):
        with pytest.raises(DataError, match=f"signals of {own} are those of {other}"):
            sources.check_signals(own)


@pytest.mark.slow
@pytest.mark.workflow
def test_a_run_goes_on_without_a_missing_file_and_makes_again_what_has_other_content(
    study, tmp_path
):
    targets = [f"features/{subject}.nc" for subject in study.subjects()]

    def run():
        ran = emolib_here("run", study.file, "--targets", *targets, results=tmp_path / "results")
        made = [line.split()[4] for line in ran.stdout.splitlines() if line.startswith("done")]
        return ran, sorted(made)

    ran, made = run()
    assert made == study.subjects() and ran.returncode == 1
    assert "not used: sub-03:" in ran.stdout and "2 of 3 subjects" in ran.stdout
    os.utime(tmp_path / "1.edf", (time.time() + YEAR,) * 2)
    ran, made = run()
    assert made == [] and "nothing to do" in ran.stdout
    change_a_sample(tmp_path / "2.edf")
    os.utime(tmp_path / "2.edf", (0, 0))
    ran, made = run()
    assert made == ["sub-02"] and "recording, settings or code changed" in ran.stdout
