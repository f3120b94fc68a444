"""One book of people, classes, stimuli, scales and channels whose names are anything but names."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml
from command import emolib
from hostile import HOSTILE
from synthetic import noise, trial_rows, write_edf, write_table

from emolib.escaping import plain
from emolib.storage import file_stem
from emolib.study import study as studies

pytestmark = [pytest.mark.slow, pytest.mark.workflow, pytest.mark.faults]

# Of people those that do most harm: each costs a page.
PEOPLE = [
    "<img src=x onerror=alert(1)>",
    "{{7*7777}} `id` $x_1$",
    "../../x",
    '"onload=alert(1) ' * 15,
]
CLASSES = ["<script>alert(2)</script>", "$\\frac$ {{7*7777}} [x](javascript:alert(1))"]
SCALE = "<b onclick=alert(3)> | {ref}`x`"
TITLE = "Title <script>alert(4)</script> {{7*7777}} $(id) </title> *x*"
CHANNELS = ["Fp1", "Fp2", "F3", "F4", "Fz", "Cz", "Pz", "O1", "O2", "<script>x</scr"]
SECONDS = 4
N_TRIALS = len(HOSTILE) // 4 * 4  # a stimulus each
STUDY = {
    "title": TITLE,
    "about": " ".join(HOSTILE),
    "dataset": "files",
    "root": "my data",
    "tasks": {"state": {"classes": CLASSES}, "liked": {"rating": SCALE}},
    "features": {"baseline": "none"},
    "model": {"width": 0.05},
    "training": {"epochs": 1, "fine_tuning_epochs": 1},
    "protocols": ["window_wise", "trial_grouped", "leave_subjects_out"],
    "n_folds": 2,
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The study's run, and its folder: beside the results nothing may be new."""
    folder = tmp_path_factory.mktemp("hostile")
    rows = []
    for i, name in enumerate([*PEOPLE, "broken <i>"]):
        signal = noise(len(CHANNELS), 1 + N_TRIALS * SECONDS, 128, i)
        file = write_edf(folder / "my data" / f"{i}.edf", signal, CHANNELS, 128)
        own = {
            "stimulus": [one.strip() for one in HOSTILE[:N_TRIALS]],
            "state": [CLASSES[i % 2], CLASSES[(i + 1) % 2]],
            SCALE: (2, 2, 8, 8),
        }
        rows += trial_rows(name, file.name, N_TRIALS, SECONDS, **own)
    file.write_bytes(file.read_bytes()[:2000])
    write_table(folder / "my data" / "trials.csv", rows)
    (folder / "hostile.yaml").write_text(yaml.safe_dump(STUDY))
    before = set(folder.rglob("*"))
    told = emolib("run", folder / "hostile.yaml", results=folder / "results")
    new = {path for path in set(folder.rglob("*")) - before if "results" not in path.parts}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOLIB_RESULTS", str(folder / "results"))
        yield studies.load(folder / "hostile.yaml"), told, new


def test_the_run_makes_all_but_what_is_broken(run):
    study, told, _ = run
    assert "4 of 5 subjects are in the book" in told.stdout, told.stdout + told.stderr
    assert "failed page" not in told.stdout
    assert (study.book / "index.html").is_file()


def test_nothing_lies_outside_the_results(run):
    study, _, new = run
    assert not new
    assert {path.name for path in study.folder.parent.iterdir()} == {"hostile"}


def test_the_names_stand_on_the_pages(run):
    study, *_ = run
    cohort = html.unescape((study.book / "cohort.html").read_text(encoding="utf-8"))
    for name in [TITLE, *CLASSES, *(f"sub-{name}" for name in PEOPLE)]:
        assert plain(name) in cohort
    for name in PEOPLE:
        page = study.book / "subjects" / f"{file_stem(f'sub-{name}'.strip())}.html"
        text = html.unescape(page.read_text(encoding="utf-8"))
        for one in (plain(f"sub-{name}"), TITLE, *CLASSES):
            assert one in text


def test_nothing_on_a_page_is_run(run, browser):
    """Each page is opened, with all its scripts; and what names say is no element of it."""
    study, *_ = run
    page = browser.new_page()
    asked, alerts = [], []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    harm = "[onerror], [onload]:not(body), [onclick], a[href^='javascript'], img[src='x']"
    for file in sorted(study.book.rglob("*.html")):
        page.goto(file.as_uri())
        assert not page.locator(harm).count(), file
        assert "54439" not in page.content(), file  # 7*7777
    page.goto(f"{(study.book / 'search.html').as_uri()}?q={quote(PEOPLE[0])}")  # the whole title
    page.wait_for_timeout(2000)
    assert not page.locator(harm).count()
    assert not alerts
    assert all(url.startswith(("file:", "data:", "blob:")) for url in asked)


def test_no_name_is_code_in_what_the_book_is_made_from(run):
    study, *_ = run
    for file in study.folder.rglob("*.ipynb"):
        for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                text = "".join(output.get("data", {}).get("text/markdown", ""))
                assert not re.search(r"<script|<img|<b |\{\{|\]\(javascript", text), (file, text)


def test_the_report_in_one_file_holds_the_names_as_text(run, tmp_path):
    study, *_ = run
    results, name = study.folder.parent, f"sub-{PEOPLE[0]}"
    told = emolib("report", study.file, "--subject", name, "--out", tmp_path, results=results)
    assert told.returncode == 0, told.stderr
    page = Path(told.stdout.splitlines()[-1]).read_text(encoding="utf-8")
    assert name not in page and name in html.unescape(page)
