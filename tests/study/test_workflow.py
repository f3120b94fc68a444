"""The whole way on a cohort of four: once, again, with one subject changed."""

import dataclasses
import shutil
from collections import Counter

import nbformat
import numpy as np
import pandas as pd
import pytest
from command import emolib_here as emolib

from emolib.book import render as rendering
from emolib.grid import to_brain_maps
from emolib.study import space, stages
from emolib.study import study as studies

pytestmark = [pytest.mark.slow, pytest.mark.workflow]


@pytest.fixture
def study(smoke_run, monkeypatch):
    """The study of the finished run, which no test may change."""
    monkeypatch.setenv("EMOLIB_RESULTS", str(smoke_run[0]))
    return studies.load("smoke")


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


def test_run_makes_every_artefact_and_ends_with_the_books_path(smoke_run, study):
    results, run = smoke_run
    assert run.stdout.splitlines()[-1] == str(study.book / "index.html")
    assert (study.book / "index.html").is_file()
    for subject in study.subjects():
        assert (study.book / "subjects" / f"{subject}.html").is_file()
        assert f"subjects/{subject}.html" in (study.book / "cohort.html").read_text()
    assert not list(results.rglob(".unfinished-*"))


def test_predictions_are_tidy_and_whole(study):
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


def test_scores_say_which_protocol_leaks(study):
    scores = stages.scores(study)
    assert set(scores.loc[scores["leaks"], "protocol"]) == {"window_wise"}
    assert not scores.loc[scores["protocol"] == "trial_grouped", "leaks"].any()


def test_refits_on_permuted_labels_are_scored_apart(study):
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
    assert "with true and with permuted labels" in page


def test_a_variant_has_its_own_scores_and_stands_on_the_cohorts_page(study):
    variant = study.variant("valence_only")
    assert set(stages.scores(variant)["task"]) == {"valence"}
    assert set(stages.predictions(variant)["protocol"]) == {"trial_grouped"}
    assert not (variant.folder / "features").exists()  # the whole study's serve it
    assert "valence only" in (study.book / "cohort.html").read_text()


def test_one_honest_protocol_is_explained(study):
    protocol = study.attribution_protocol
    files = [study.attribution_file(protocol, k) for k in range(study.splits(protocol))]
    made = sorted((study.folder / "attributions").rglob("*.nc"))
    assert protocol == "trial_grouped" and made == files
    for subject in study.subjects():
        page = (study.book / "subjects" / f"{subject}.html").read_text()
        assert "has the largest share" in page
        assert "What fine-tuning changed" in page


def test_second_run_does_nothing(smoke_run):
    again = emolib("run", "studies/smoke.yaml", results=smoke_run[0])
    assert again.returncode == 0
    assert "nothing to do" in again.stdout
    assert "done" not in again.stdout.split()


def test_what_a_run_made_is_verified(smoke_run):
    told = emolib("verify", smoke_run[0] / "smoke", results=smoke_run[0])
    assert told.returncode == 0, told.stdout + told.stderr
    compared = {line.split(maxsplit=2)[2] for line in told.stdout.splitlines()}
    for page in ("cohort", "subjects/sub-04", "chapters/A2_published_figures"):
        assert {f"notebooks/{page}.ipynb", f"book/_build/html/{page}.html"} <= compared
    assert "inputs of notebooks/subjects/sub-04.ipynb" in compared


def test_a_run_needs_little_more_room_than_it_takes(smoke_run):
    folder = smoke_run[0] / "smoke"
    jobs = Counter(path.parent.name for path in folder.glob("**/benchmarks/*/*.tsv"))
    taken = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert taken < space.room_needed(studies.load("smoke"), jobs) < 2 * taken


def test_one_changed_subject_re_runs_its_branch_and_says_why(copied_run):
    """A simulated recording that is not what was written is simulated again, others are not."""
    recording = copied_run / "smoke" / "recordings" / "s02.mat"
    shutil.copy(recording.with_name("s03.mat"), recording)
    made = [f"summaries/sub-0{i}.nc" for i in (1, 2)] + ["notebooks/chapters/01_first_look.ipynb"]
    run = emolib("run", "studies/smoke.yaml", "--targets", *made, results=copied_run)
    assert run.returncode == 0, run.stdout + run.stderr
    (simulated,) = jobs(run, "simulate")
    assert simulated.split()[4] == "02"
    (features,) = jobs(run, "features")
    assert "sub-02" in features
    assert "s02.mat" in features  # why
    assert "1 missing or damaged artefact was made again: recordings/s02.mat" in run.stdout
    (summary,) = jobs(run, "summary")
    assert "sub-02" in summary
    assert not jobs(run, "chapter")  # this one shows the first subject, and no score


def test_refits_and_variants_that_failed_are_named(copied_run):
    study = studies.load("smoke")
    fault = {"source": "stimulus", "message": "sub-01 lacks 3.", "hint": "Leave it out."}
    nothing = pd.DataFrame()
    nothing.attrs["failure"] = fault
    stages.write_table(nothing, study.fold_files("window_wise", 0, 1)["predictions"])
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


def test_a_parameter_is_set_and_the_title_of_a_page_is_harmless(tmp_path):
    source = tmp_path / "one.py"
    source.write_text(
        '# %% [markdown]\n# # Report\n# Text.\n\n# %% tags=["parameters"]\nx = 1\n\n# %%\nx + 1\n'
    )
    output = tmp_path / "one.ipynb"
    assert rendering.execute(source, output, {"x": 3}, title="<script>alert(1)</script>")
    cells = nbformat.read(output, as_version=4).cells
    assert cells[0].source.splitlines()[0] == "# &lt;script&gt;alert(1)&lt;/script&gt;"
    assert cells[-1].outputs[0].data["text/plain"] == "4"


def test_unknown_parameter_of_a_notebook_is_an_error(tmp_path):
    source = tmp_path / "one.py"
    source.write_text('# %% tags=["parameters"]\nsubject = None\n')
    with pytest.raises(ValueError, match=r"'subjct'.*Did you mean 'subject'"):
        rendering.execute(source, tmp_path / "one.ipynb", {"subjct": "sub-01"})


def test_cohort_stacks_maps_and_metadata_in_one_order(study):
    maps, table = stages.load_windows(study)
    assert maps.shape == (len(table), 8, 9, 8)
    assert maps.dtype == np.float32
    rows = (table["subject"] == "sub-03").to_numpy()
    expected = to_brain_maps(stages.features(study, "sub-03")).to_numpy()
    np.testing.assert_array_equal(maps[rows], expected)


def test_a_subjects_own_predictions_are_those_of_all(study):
    everybody, own = stages.predictions(study), stages.predictions(study, "sub-02")
    expected = everybody[everybody["subject"] == "sub-02"].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, expected)
    assert not len(stages.predictions(study, "sub-99"))
