"""The whole way on a cohort of four: once, again, with one subject changed, with one broken."""

import dataclasses
import html
import shutil
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
import yaml
from command import emolib
from synthetic import noise, write_edf, write_table

from emolib.book import render as rendering
from emolib.grid import to_brain_maps
from emolib.storage import file_stem
from emolib.study import stages
from emolib.study import study as studies

pytestmark = pytest.mark.slow


@pytest.fixture
def copied_run(smoke_run, tmp_path, monkeypatch):
    """A copy of the finished run that a test may spoil, as this process's results folder."""
    results = tmp_path / "results"
    shutil.copytree(smoke_run[0], results, copy_function=shutil.copy2)
    monkeypatch.setenv("EMOLIB_RESULTS", str(results))
    return results


def jobs(run, rule):
    """The lines of finished jobs of a rule."""
    done = [line for line in run.stdout.splitlines() if line.startswith("done")]
    return [line for line in done if line.split()[3] == rule]  # done 1.2 s RULE ...


def test_run_makes_every_artefact_and_ends_with_the_books_path(smoke_run, monkeypatch):
    results, run = smoke_run
    monkeypatch.setenv("EMOLIB_RESULTS", str(results))
    study = studies.load("smoke")
    assert run.stdout.splitlines()[-1] == str(study.book / "index.html")
    assert (study.book / "index.html").is_file()
    for subject in study.subjects():
        assert (study.book / "subjects" / f"{subject}.html").is_file()
        assert f"subjects/{subject}.html" in (study.book / "cohort.html").read_text()
    assert not list(results.rglob(".unfinished-*"))


def test_predictions_are_tidy_and_whole(smoke_run, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(smoke_run[0]))
    study = studies.load("smoke")
    predictions = stages.predictions(study)
    columns = {"protocol", "fold", "stage", "subject", "trial", "window", "task", "label"}
    assert columns | {"probability"} <= set(predictions)
    assert predictions["probability"].between(0, 1).all()
    pooled = predictions.query("stage == 'pooled'")
    key = ["protocol", "subject", "trial", "window", "task"]
    assert not pooled.duplicated(key).any()  # every row once in test
    n_windows = 4 * 8 * 8 * len(study.tasks)  # subjects, trials, windows of 0.5 s in 4 s, tasks
    assert (pooled.groupby("protocol").size() == n_windows).all()
    fine_tuned = predictions.query("stage != 'pooled'")["protocol"].unique()
    assert set(fine_tuned) == {"window_wise", "trial_grouped"}


def test_scores_say_which_protocol_leaks(smoke_run, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(smoke_run[0]))
    scores = stages.scores(studies.load("smoke"))
    assert set(scores.loc[scores["leaks"], "protocol"]) == {"window_wise"}
    assert not scores.loc[scores["protocol"] == "trial_grouped", "leaks"].any()


def test_refits_on_permuted_labels_are_scored_apart(smoke_run, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(smoke_run[0]))
    study = studies.load("smoke")
    permuted, true = stages.permuted_predictions(study), stages.predictions(study)
    assert study.permutations == permuted.groupby("protocol")["permutation"].nunique().to_dict()
    assert set(permuted["stage"]) == {"pooled"}
    key = ["protocol", "stage", "subject", "trial", "window", "task"]
    of = permuted.merge(true, on=key, suffixes=("_permuted", ""))
    assert len(of) == len(permuted)
    # Each subject keeps its counts, and labels are no longer those that were given.
    pd.testing.assert_series_equal(
        of.groupby(["protocol", "subject", "task"])["label_permuted"].sum(),
        of.groupby(["protocol", "subject", "task"])["label"].sum(),
        check_names=False,
    )
    assert (of["label_permuted"] != of["label"]).any()
    scores = stages.permuted_scores(study)
    assert set(scores["protocol"]) == set(study.permutations)
    page = (study.book / "cohort.html").read_text()
    assert "The same with permuted labels" in page and "labels permuted" in page


def test_a_variant_has_its_own_scores_and_stands_on_the_cohorts_page(smoke_run, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(smoke_run[0]))
    study = studies.load("smoke")
    variant = study.variant("valence_only")
    assert set(stages.scores(variant)["task"]) == {"valence"}
    assert set(stages.predictions(variant)["protocol"]) == {"trial_grouped"}
    assert not (variant.folder / "features").exists()  # the whole study's serve it
    assert "valence only" in (study.book / "cohort.html").read_text()


def test_a_study_without_variants_runs_too(tmp_path):
    content = yaml.safe_load((studies.PROJECT / "studies" / "smoke.yaml").read_text())
    del content["variants"], content["permutations"]
    study = tmp_path / "plain.yaml"
    study.write_text(yaml.safe_dump(content))
    run = emolib("run", study, "--targets", "features/sub-01.nc", results=tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    assert (tmp_path / "plain" / "features" / "sub-01.nc").is_file()


NAMES = ["<script>alert(1)</script>", "x; touch $(id) {y} 'z'", "../../é"]


def test_a_subject_may_have_any_name(tmp_path):
    """One that is markup, one that a shell would run, one that leads out of the folder."""
    rows, channels = [], ["Fz", "Cz", "Pz", "Oz"]
    for i, name in enumerate(NAMES):
        file = write_edf(tmp_path / "my data" / f"{i}.edf", noise(4, 33, 128, i), channels, 128)
        whose = {"subject": name, "file": file.name, "duration_seconds": 4}
        rows += [
            whose | {"trial": k, "onset_seconds": 4 * (k - 1), "stimulus": k, "valence": 2 + k % 2}
            for k in range(1, 9)
        ]
    write_table(tmp_path / "my data" / "trials.csv", rows)
    content = yaml.safe_load((studies.PROJECT / "studies" / "smoke.yaml").read_text())
    for key in ("simulation", "variants", "permutations"):
        del content[key]
    content |= {"dataset": "files", "root": "my data", "protocols": ["trial_grouped"]}
    content["features"] = {"baseline": "none"}
    content["tasks"] = {"valence": {"rating": "valence", "above": 2.5}}
    study = tmp_path / "my study.yaml"
    study.write_text(yaml.safe_dump(content))
    first, *others = [file_stem(f"sub-{name}") for name in NAMES]
    targets = [f"notebooks/subjects/{first}.ipynb", *(f"summaries/{name}.nc" for name in others)]
    results, name = tmp_path / "results", NAMES[0]
    run = emolib("run", study, "--targets", *targets, results=results)
    assert run.returncode == 0, run.stdout + run.stderr
    assert all((results / "my study" / target).is_file() for target in targets)
    run = emolib("report", study, "--subject", name, "--html", "--out", tmp_path, results=results)
    report = Path(run.stdout.splitlines()[-1]).read_text(encoding="utf-8")
    assert html.escape(name, quote=False) in report and name not in report


def test_one_honest_protocol_is_explained(smoke_run, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(smoke_run[0]))
    study = studies.load("smoke")
    protocol = study.attribution_protocol
    files = [study.attribution_file(protocol, k) for k in range(study.splits(protocol))]
    made = sorted((study.folder / "attributions").rglob("*.nc"))
    assert protocol == "trial_grouped" and made == files
    for subject in study.subjects():
        page = (study.book / "subjects" / f"{subject}.html").read_text()
        assert "The largest share" in page
        assert "What fine-tuning changed" in page


def test_second_run_does_nothing(smoke_run):
    again = emolib("run", "studies/smoke.yaml", results=smoke_run[0])
    assert again.returncode == 0
    assert "nothing to do" in again.stdout
    assert "done" not in again.stdout.split()


def test_one_changed_subject_re_runs_its_branch_and_says_why(copied_run):
    recording = copied_run / "smoke" / "recordings" / "s02.mat"
    shutil.copy(recording.with_name("s03.mat"), recording)
    pages = ["notebooks/subjects/sub-02.ipynb", "notebooks/chapters/01_first_look.ipynb"]
    run = emolib("run", "studies/smoke.yaml", "--targets", *pages, results=copied_run)
    assert run.returncode == 0, run.stdout + run.stderr
    assert not jobs(run, "simulate")
    (features,) = jobs(run, "features")
    assert "sub-02" in features
    assert "s02.mat" in features  # why
    assert not jobs(run, "chapter")  # this one shows the first subject, and no score


def test_one_broken_subject_leaves_a_page_that_names_it_and_the_others(copied_run):
    recording = copied_run / "smoke" / "recordings" / "s02.mat"
    recording.write_bytes(recording.read_bytes()[:2000])
    run = emolib("run", "studies/smoke.yaml", results=copied_run)
    assert run.returncode == 1
    assert "not used: sub-02:" in run.stdout
    assert "3 of 4 subjects" in run.stdout
    book = copied_run / "smoke" / "book" / "_build" / "html"
    page = (book / "subjects" / "sub-02.html").read_text()
    assert "s02.mat" in page
    assert "What to do." in page
    cohort = (book / "cohort.html").read_text()
    assert "3 of 4" in cohort
    assert "leave-subjects-out, fold 0" in cohort
    # Of three people in two folds one fold has a single one to train on: it says so, alone.
    assert "not trained: leave-subjects-out" in run.stdout
    subjects = pd.read_parquet(copied_run / "smoke" / "scores" / "scores.parquet")["subject"]
    assert set(subjects.dropna()) == {"sub-01", "sub-03", "sub-04"}


def test_refits_and_variants_that_failed_are_named(copied_run):
    study = studies.load("smoke")
    fault = {"source": "stimulus", "message": "sub-01 lacks 3.", "hint": "Leave it out."}
    nothing = pd.DataFrame()
    nothing.attrs["failure"] = fault
    stages.write_table(nothing, study.permuted_file("window_wise", 1, 0))
    stages.write_table(
        nothing, study.variant("valence_only").fold_files("trial_grouped", 1)["predictions"]
    )
    assert stages.failed_folds(study) == {
        "window-wise, permuted labels 1, fold 0": fault,
        "valence only: trial-grouped, fold 1": fault,
    }
    assert len(stages.permuted_predictions(study))  # the other folds


def test_same_study_twice_gives_the_same_bytes(smoke_run, tmp_path):
    """Recording and features here; the training's own test holds the weights to it."""
    for command in ("simulate", "features"):
        run = emolib(command, "--subject", "sub-01", "studies/smoke.yaml", results=tmp_path)
        assert run.returncode == 0, run.stderr
    for file in ("recordings/s01.mat", "features/sub-01.nc"):
        assert (tmp_path / "smoke" / file).read_bytes() == (
            smoke_run[0] / "smoke" / file
        ).read_bytes()


def test_wrong_command_line_exits_non_zero_and_says_why(tmp_path):
    run = emolib("run", "studies/dmo.yaml", results=tmp_path)
    assert run.returncode == 1
    assert "Did you mean 'demo'" in run.stderr
    assert "Traceback" not in run.stderr


def test_simulated_recording_follows_the_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path))
    study = studies.load("smoke")
    first = stages.recording(study, "sub-01")
    file = study.recordings_root / "s01.mat"
    before = file.stat().st_mtime_ns
    assert stages.recording(study, "sub-01").identical(first)
    assert file.stat().st_mtime_ns == before
    louder = dataclasses.replace(study.simulation, effect=4.0)
    other = stages.recording(study.model_copy(update={"simulation": louder}), "sub-01")
    assert not np.array_equal(other["eeg"], first["eeg"])


def test_check_names_the_broken_subject_and_passes_the_others(copied_run):
    recording = copied_run / "smoke" / "recordings" / "s02.mat"
    recording.write_bytes(recording.read_bytes()[:2000])
    run = emolib("check", "studies/smoke.yaml", results=copied_run)
    assert run.returncode == 1
    assert "sub-01: can be used" in run.stdout
    assert "s02.mat" in run.stdout


def test_failing_notebook_gives_a_page_with_the_end_of_its_traceback(tmp_path):
    source = tmp_path / "broken.py"
    source.write_text(
        '# %% tags=["parameters"]\nx = 1\n\n# %%\nprint("fine")\n\n# %%\n1 / (x - 1)  # <script>\n'
    )
    output = tmp_path / "out" / "broken.ipynb"
    assert not rendering.execute(source, output, {})
    page = nbformat.read(output, as_version=4)
    assert "ZeroDivisionError" in page.cells[0].source
    assert page.metadata["emolib"]["failed"].startswith("ZeroDivisionError")
    assert [path.name for path in output.parent.iterdir()] == ["broken.ipynb"]
    assert rendering.execute(source, output, {"x": 3})


def test_title_of_a_page_is_harmless(tmp_path):
    source = tmp_path / "one.py"
    source.write_text('# %% [markdown]\n# # Report\n# Text.\n\n# %% tags=["parameters"]\nx = 1\n')
    output = tmp_path / "one.ipynb"
    rendering.execute(source, output, {}, title="<script>alert(1)</script>")
    title = nbformat.read(output, as_version=4).cells[0].source.splitlines()[0]
    assert title == "# &lt;script&gt;alert(1)&lt;/script&gt;"


def test_unknown_parameter_of_a_notebook_is_an_error(tmp_path):
    source = tmp_path / "one.py"
    source.write_text('# %% tags=["parameters"]\nsubject = None\n')
    with pytest.raises(ValueError, match=r"'subjct'.*Did you mean 'subject'"):
        rendering.execute(source, tmp_path / "one.ipynb", {"subjct": "sub-01"})


def test_cohort_stacks_maps_and_metadata_in_one_order(smoke_run, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(smoke_run[0]))
    study = studies.load("smoke")
    maps, table = stages.load_windows(study)
    assert maps.shape == (len(table), 8, 9, 8)
    assert maps.dtype == np.float32
    rows = (table["subject"] == "sub-03").to_numpy()
    expected = to_brain_maps(stages.features(study, "sub-03")).to_numpy()
    np.testing.assert_array_equal(maps[rows], expected)


def test_a_subjects_own_predictions_are_those_of_all(smoke_run, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(smoke_run[0]))
    study = studies.load("smoke")
    everybody, own = stages.predictions(study), stages.predictions(study, "sub-02")
    expected = everybody[everybody["subject"] == "sub-02"].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, expected)
    assert not len(stages.predictions(study, "sub-99"))
