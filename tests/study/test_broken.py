"""A study with much amiss: odd names, a broken recording, a fold and a page that cannot be made.

Its people have three classes and no baseline. One run of it serves all tests here.
"""

from __future__ import annotations

import datetime
import html
import re
from pathlib import Path

import mne
import nbformat
import pandas as pd
import pytest
import yaml
from command import emolib, emolib_here
from synthetic import noise, trial_rows, write_edf, write_table

from emolib.book import notebooks
from emolib.book.render import failure_page
from emolib.storage import file_stem
from emolib.study import stages
from emolib.study import study as studies

pytestmark = [pytest.mark.slow, pytest.mark.workflow]

# One that is markup, one that a shell would run, one that leads out of the folder.
NAMES = ["<script>alert(1)</script>", "x; touch $(id) {y} 'z'", "../../é"]
CLASSES = ["rest", "music", "arithmetic"]
N_TRIALS, SECONDS = 12, 2
PRIVATE = "eeg of Jane Planted"  # no page, log or export may hold what identifies somebody
STUDY = {
    "title": "Much amiss",
    "dataset": "files",
    "root": PRIVATE,
    "recordings": {"l_freq": 1},
    "tasks": {"state": {"classes": CLASSES}},
    "features": {"baseline": "none"},
    "model": {"width": 0.05},
    "training": {"epochs": 1, "fine_tuning_epochs": 1},
    "protocols": ["trial_grouped", "leave_subjects_out"],
    "n_folds": 2,
}
FIRST = file_stem(f"sub-{NAMES[0]}")


def with_person(file: Path, *, as_fif: bool) -> Path:
    """Write somebody's name, birth date and address into the header of an EDF file."""
    content = bytearray(file.read_bytes())
    content[8:88] = b"P-1951 F 02-MAY-1951 Jane_Planted 1_Planted_Street".ljust(80)
    content[88:168] = b"Startdate 03-JUN-2021 X Dr_Planted Planted_Amplifier".ljust(80)
    file.write_bytes(content)
    if not as_fif:
        return file
    raw = mne.io.read_raw_edf(file, verbose="error")
    person = {"last_name": "Planted", "his_id": "Planted-1", "birthday": datetime.date(1951, 5, 2)}
    raw.info.update(subject_info=person, experimenter="Dr Planted", description="Planted Street")
    raw.save(file.with_name(f"{file.stem}_raw.fif"), verbose="error")
    return file.with_name(f"{file.stem}_raw.fif")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    rows = []
    for i, name in enumerate([*NAMES, "broken"]):
        signal = noise(4, 1 + N_TRIALS * SECONDS, 128, i)
        file = write_edf(folder / PRIVATE / f"{i}.edf", signal, ["Fz", "Cz", "Pz", "Oz"], 128)
        file = with_person(file, as_fif=i == 1)
        own = {"stimulus": range(N_TRIALS), "state": CLASSES}
        rows += trial_rows(name, file.name, N_TRIALS, SECONDS, **own)
    file.write_bytes(file.read_bytes()[:2000])
    write_table(folder / PRIVATE / "trials.csv", rows)
    (folder / "much amiss.yaml").write_text(yaml.safe_dump(STUDY))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOLIB_RESULTS", str(folder / "results"))
        yield studies.load(folder / "much amiss.yaml")


@pytest.fixture(scope="module")
def run(study):
    """The reports of this study, beside chapters that all failed, and then its book."""
    for name in notebooks.CHAPTERS:
        page = failure_page(f"{name}: no page", "A cell failed:", "1 / 0", "Mend it.")
        page.metadata["emolib"] = {"failed": "ZeroDivisionError: division by zero"}
        file = notebooks.page_file(study, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(page, file)
    pages = [notebooks.page_file(study, "cohort_report")]
    whose = (f"sub-{NAMES[0]}", "sub-broken")
    pages += [notebooks.page_file(study, "subject_report", subject) for subject in whose]
    targets = [page.relative_to(study.folder) for page in pages]
    return emolib("run", study.file, "--targets", *targets, results=study.folder.parent)


@pytest.fixture(scope="module")
def book(study, run) -> Path:
    built = emolib("book", study.file, results=study.folder.parent)
    assert built.returncode == 0, built.stdout + built.stderr
    return study.book


def test_the_run_names_all_that_could_not_be_made(run, study):
    assert run.returncode == 1, run.stderr
    assert "not used: sub-broken:" in run.stdout
    assert "3 of 4 subjects" in run.stdout
    # Of three people in two folds there are too few to train on; other protocols go on.
    assert "not trained: leave-subjects-out, fold 0" in run.stdout
    assert "not trained: trial-grouped" not in run.stdout
    assert "failed page: cohort" not in run.stdout
    assert "failed page: 01_first_look: ZeroDivisionError" in run.stdout


def test_a_subject_may_have_any_name(run, study, tmp_path):
    stems = [file_stem(f"sub-{name}") for name in NAMES]
    for stem in stems:
        assert (study.folder / "summaries" / f"{stem}.nc").is_file(), run.stdout + run.stderr
    name, results = NAMES[0], study.folder.parent
    told = emolib_here("report", study.file, "--subject", name, "--out", tmp_path, results=results)
    report = Path(told.stdout.splitlines()[-1]).read_text(encoding="utf-8")
    assert html.escape(name, quote=False) in report and name not in report


def test_check_names_the_broken_subject_and_passes_the_others(study):
    told = emolib_here("check", study.file, results=study.folder.parent)
    assert told.returncode == 1
    assert "3 of 4 subjects can be used" in told.stdout
    assert re.search(r"sub-broken cannot be used: .*3\.edf", told.stdout)


def test_three_classes_are_predicted_and_scored(run, study):
    given = stages.predictions(study)
    of_classes = given[["probability", "probability_2"]]
    assert of_classes.notna().all(axis=None)
    assert (of_classes.sum(axis=1) < 1).all()  # the first class has the rest
    assert set(given["label"]) == {0, 1, 2}
    scores = pd.read_parquet(study.folder / "scores" / "scores.parquet")
    assert set(scores["subject"].dropna()) == {f"sub-{name}" for name in NAMES}
    balanced = scores[scores["metric"] == "trial_balanced_accuracy"]
    assert balanced["chance"].to_numpy() == pytest.approx(1 / 3)


@pytest.mark.parametrize("page", [f"subjects/{FIRST}.html", "cohort.html"])
def test_three_classes_have_their_pages(book, page):
    text = (book / page).read_text(encoding="utf-8")
    assert "0.33" in text
    assert "nan" not in text.lower().split()


def test_a_page_shows_what_preprocessing_changed(book):
    text = (book / "subjects" / f"{FIRST}.html").read_text(encoding="utf-8")
    section = text[text.index("Recording and preprocessing") :]
    assert re.search(r"l_freq</th><td[^>]*>1 Hz", section)
    assert 'alt="Mean spectrum before and after preprocessing.' in section
    assert "SD before (µV)" in section


def test_the_book_names_the_broken_subject_and_has_the_others(book):
    page = (book / "subjects" / "sub-broken.html").read_text(encoding="utf-8")
    assert "3.edf" in page
    assert "What to do." in page
    cohort = (book / "cohort.html").read_text(encoding="utf-8")
    assert "3 of 4" in cohort
    assert "leave-subjects-out, fold 0" in cohort
    assert NAMES[0] not in cohort
    assert html.escape(NAMES[0], quote=False) in cohort


def test_the_book_has_a_page_for_one_that_failed(book):
    page = (book / "chapters" / "01_first_look.html").read_text(encoding="utf-8")
    assert "1 / 0" in page and "Mend it." in page


def test_nothing_that_is_passed_on_names_a_person_or_a_folder(book, study, tmp_path):
    results = study.folder.parent
    emolib_here("report", study.file, "--subject", NAMES[0], "--out", tmp_path, results=results)
    internal = (".snakemake", ".doctrees")  # of Snakemake and of Sphinx; no page leads there
    files = [
        file
        for place in (study.folder, tmp_path)
        for file in place.rglob("*")
        if file.is_file() and not {*internal} & {*file.parts}
    ]
    kinds = {file.suffix for file in files}
    assert {".html", ".ipynb", ".csv", ".nc", ".parquet", ".log", ".json"} <= kinds
    private = (b"Planted", b"MAY-1951", b"1951-05-02", b"JUN-2021")
    folders = [str(place).encode() for place in (results, studies.PROJECT, Path.home())]
    for file in files:
        content = file.read_bytes()
        found = [word for word in (*private, *folders) if word in content]
        assert not found, (file, found)
