"""Notebooks: pairs in sync, sections in place, short cells, and each runs from top to bottom."""

from __future__ import annotations

import ast
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from itertools import pairwise, takewhile
from pathlib import Path

import jupytext
import nbformat
import pytest
import yaml
from jupyter_client import KernelManager
from nbclient import NotebookClient
from synthetic import noise, trial_rows, write_edf, write_table

from emolib.book.exercises import EXERCISES
from emolib.book.notebooks import WITHOUT_SUBJECT, page_file
from emolib.book.render import kernel_config
from emolib.study.study import load

PROJECT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.py"))
CHAPTERS = [path for path in NOTEBOOKS if re.match(r"\d\d_", path.name)]
OTHERS = [path for path in NOTEBOOKS if re.match(r"A\d_|quick_start|laboratory|audit", path.name)]
REPORTS = [path for path in NOTEBOOKS if path not in CHAPTERS + OTHERS]
GLOSSARY = PROJECT / "book" / "glossary.md"
LONGEST_CELL = 25  # lines
WIDEST_CODE = 79  # columns: more are cut off at 1280 pixels
HOOK_WORDS = 60  # at most so many come before the first figure

# Chapters that compute what they teach on the page; the others will follow.
TEACHING = [path for path in CHAPTERS if re.match("01|02|03|04|05|06|07|08|09|10|11|12", path.stem)]
# What follows "baseline": the word alone could be an interval, a mean or a model.
BASELINE_NOUNS = "interval|window|mean|removal|correction|subtraction|feature|level|vector|noise"
SECTIONS = (
    "What you will learn", "Check yourself", "Exercises", "Conclusion", "Where to read on",
    "Provenance",
)  # fmt: skip

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
each_teaching = pytest.mark.parametrize("path", TEACHING, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in jupytext.read(path).cells if cell.cell_type == kind]


def tags(cell: nbformat.NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def prose(path: Path) -> str:
    return "\n\n".join(cell.source for cell in cells(path, "markdown"))


def code(path: Path) -> str:
    return "\n\n".join(cell.source for cell in cells(path, "code"))


def headings(path: Path) -> list[tuple[int, str]]:
    found = re.findall(r"^(#+) (.+)$", prose(path), flags=re.MULTILINE)
    return [(len(hashes), text) for hashes, text in found]


def test_there_are_three_chapters_and_two_reports():
    assert [path.stem[:2] for path in CHAPTERS] == [f"{i:02d}" for i in range(1, len(CHAPTERS) + 1)]
    assert len(CHAPTERS) >= 3
    assert [path.stem for path in REPORTS] == ["cohort_report", "subject_report"]


@each
def test_the_pair_is_in_sync_and_carries_no_outputs(path):
    source = jupytext.read(path)
    pair = nbformat.read(path.with_suffix(".ipynb"), as_version=4)
    nbformat.validate(pair)
    what = [(cell.cell_type, cell.source, tags(cell)) for cell in source.cells]
    assert [(cell.cell_type, cell.source, tags(cell)) for cell in pair.cells] == what, (
        f"run: jupytext --sync {path.relative_to(PROJECT)}"
    )
    for cell in pair.cells:
        assert not cell.get("outputs") and cell.get("execution_count") is None


@each
def test_one_cell_of_parameters(path):
    (cell,) = (cell for cell in cells(path, "code") if "parameters" in tags(cell))
    names = re.findall(r"^(\w+) =", cell.source, flags=re.MULTILINE)
    assert names == (["study"] if path.stem in WITHOUT_SUBJECT else ["study", "subject"])


@each
def test_cells_are_short(path):
    for cell in cells(path, "code"):
        assert len(cell.source.splitlines()) <= LONGEST_CELL, cell.source


@each
def test_one_title_and_no_skipped_level(path):
    levels = [level for level, _ in headings(path)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@each
def test_cells_that_draw_say_it_in_words(path):
    for cell in cells(path, "code"):
        if "plt.subplots(" in cell.source or "plt.figure(" in cell.source:
            assert "alt=" in cell.source and "caption=" in cell.source, cell.source
            assert set(tags(cell)) & {"hide-input", "remove-input", "solution"}, cell.source


@each
def test_terms_are_in_the_glossary(path):
    known = set(re.findall(r"^(\S.*)$", GLOSSARY.read_text(encoding="utf-8"), flags=re.MULTILINE))
    used = re.findall(r"\{term\}`([^`]+)`", prose(path) + code(path))
    for term in used:
        name = re.sub(r".*<(.+)>$", r"\1", term.replace("\n", " "))
        assert name in known, term


@each
def test_links_between_notebooks_and_pages_lead_somewhere(path):
    made = {
        "/cohort.ipynb": "notebooks/cohort_report.py",
        "/environment.md": "emolib/book/provenance.py",
    }
    made |= {f"/chapters/{each.stem}.ipynb": f"notebooks/{each.name}" for each in NOTEBOOKS}
    targets = re.findall(r"\]\(([^)#]+)\)", prose(path))
    for target in targets + re.findall(r"\]\((/[^)#]+)\)", code(path)):  # a computed sentence's
        if target.startswith("http"):
            continue
        if target.startswith("/"):  # from the root of the assembled book
            file = PROJECT / made.get(target, f"book{target}")
        else:
            file = path.parent / f"{target}.py"
        assert file.is_file(), target


@each_chapter
def test_sections_of_a_chapter(path):
    found = [text for level, text in headings(path) if level == 2]
    places = [found.index(section) for section in SECTIONS]
    assert places == sorted(places)
    for label in ("**Time.**", "**What you need.**"):
        assert prose(path).count(label) == 1
    assert prose(path).count("**The question.**") == int(path not in TEACHING)
    assert prose(path).count("```{dropdown} Answer") == 2


@each_chapter
def test_each_exercise_has_a_solution_that_is_hidden_and_runs(path):
    notebook = jupytext.read(path)
    n_exercises = 0
    shown = [cell for cell in notebook.cells if "scaffold" not in tags(cell)]
    for cell, following in pairwise(shown):
        exercises = re.findall(r"\*\*Exercise (\d)\.\*\*", cell.source)
        n_exercises += len(exercises)
        if exercises:
            assert exercises == [str(n_exercises)], "one exercise a cell, in order"
            assert {"solution", "hide-cell"} <= set(tags(following))
    assert 2 <= n_exercises <= 4
    assert sum("solution" in tags(cell) for cell in notebook.cells) == n_exercises


@each_teaching
def test_a_figure_comes_before_many_words(path):
    title, *more = jupytext.read(path).cells
    before = list(takewhile(lambda cell: cell.cell_type == "code", more))
    drawn = [cell for cell in before if re.search(r"Picture\(|Table\(|\bpages\.", cell.source)]
    assert len(re.sub(r"^# .*|\{\w+\}", "", title.source).split()) <= HOOK_WORDS
    assert drawn and "hide-input" in tags(drawn[0])


@each_teaching
def test_code_that_only_prepares_or_draws_is_folded(path):
    for cell in cells(path, "code"):
        if re.search(r"^(import|from) |Picture\(|Table\(|say\(|\bload\(study\)", cell.source, re.M):
            folded = {"hide-input", "remove-input", "hide-cell"} & set(tags(cell))
            assert folded, cell.source


@each_teaching
def test_code_fits_a_page(path):
    for cell in cells(path, "code"):
        assert max(map(len, cell.source.splitlines())) <= WIDEST_CODE, cell.source


@each_teaching
def test_an_exercise_has_a_hint_a_scaffold_a_solution_in_words_and_a_check(path):
    found = jupytext.read(path).cells
    places = [i for i, cell in enumerate(found) if "solution" in tags(cell)]
    for i in places:
        asked, scaffold, solution, check = found[i - 2 : i + 2]
        assert "**Exercise" in asked.source and "{dropdown} Hint" in asked.source
        assert "scaffold" in tags(scaffold) and "..." in scaffold.source
        assert solution.source.startswith("# "), "say in words why it is so"
        assert "check" in tags(check) and "\ncheck(" in f"\n{check.source}"


@each_teaching
def test_words_have_one_meaning(path):
    text = re.sub(r"\{term\}`([^`<]+)[^`]*`", r"\1 ", prose(path))  # as a reader sees it
    strings = (getattr(node, "value", 0) for node in ast.walk(ast.parse(code(path))))
    sentences = [each for each in strings if isinstance(each, str) and " " in each]
    text = re.sub(r"`[^`]*`|\]\([^)]*\)", " ", " ".join([text, *sentences]))
    text = " ".join(text.split())
    assert not re.search(rf"(?i)\bbaseline(?! +({BASELINE_NOUNS}))", text)
    if not path.stem.startswith("08"):  # all its epochs are of training
        assert not re.search(r"(?i)\bepochs?\b(?! of training)", text)
    assert not re.search(r"(?i)\bsamples?\b (of|from) (people|subjects|trials|windows)", text)


EVERYDAY = {"head", "study"}  # words of the glossary that also have a plain meaning


@each_teaching
def test_a_term_is_linked_where_it_is_first_used(path):
    """Not in headings, in links to elsewhere, or in the list of what one will learn."""
    paragraphs = re.split(r"\n\n+", re.sub(r"\$+[^$]+\$+|`{3}.*", " ", prose(path)))
    text = " ".join(part for part in paragraphs if not part.startswith(("#", "- ")))
    text = re.sub(r"\{term\}`([^`<]+?)(\s*<[^>]+>)?`", r"«\1»", text)
    text = " ".join(re.sub(r"\[[^\]]*\]\([^)]*\)|`[^`]*`", " ", text).split())
    terms = re.findall(r"^([\w-]+(?: [\w-]+)*)\n    ", GLOSSARY.read_text(encoding="utf-8"), re.M)
    assert "z-score" in terms
    for term in set(terms) - EVERYDAY:
        used = re.search(rf"(?i)(.?)\b(?<!-){term}(?:s|es)?\b(?!-)", text)
        assert not used or used[1] == "«", text[used.start() - 40 : used.end() + 40]


def with_checks_of_scaffolds(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Put each exercise's check before its solution too, where only the scaffold is there."""
    places = [i for i, cell in enumerate(notebook.cells) if "check" in tags(cell)]
    for i in reversed(places):
        unsolved = nbformat.v4.new_code_cell(notebook.cells[i].source, metadata={"tags": ["gap"]})
        notebook.cells.insert(i - 1, unsolved)
    return notebook


def assert_checks(notebook: nbformat.NotebookNode) -> None:
    for cell in notebook.cells:
        for tag, says in (("check", "**Right.**"), ("gap", "**Not yet.**")):
            if tag in tags(cell):
                (output,) = cell.outputs
                assert says in output.data["text/markdown"], cell.source


LEAN = """
title: Little to go on
dataset: simulated
simulation: {n_subjects: 1, n_trials: 20, trial_seconds: 4, effect: 0}
tasks: {liking: {rating: liking, above: 5}, valence: {rating: valence, above: 5}}
model: {width: 0.05}
protocols: [window_wise]
n_folds: 2
"""

STRANGERS = """
title: Caps that share no electrode
dataset: files
root: .
tasks: {valence: {rating: valence, above: 5}}
features: {baseline: none}
model: {width: 0.05}
protocols: [trial_grouped, leave_subjects_out]
n_folds: 2
"""
CAPS = (
    ("Fp1", "Fp2", "F3", "F4", "C3", "C4", "O1", "O2"),
    ("AF3", "AF4", "F7", "F8", "T7", "T8", "P7", "P8"),
    ("Fz", "Cz", "Pz", "Oz", "P3", "P4"),
    ("FC1", "FC2", "FC5", "FC6", "CP1", "CP2", "CP5", "CP6", "PO3", "PO4"),
)


def write_strangers(folder: Path) -> Path:
    """Write a study of people whose caps share no electrode; return its file."""
    rows = []
    for seed, cap in enumerate(CAPS):
        write_edf(folder / f"p{seed}.edf", noise(len(cap), 32, 128, seed), cap, 128)
        rows += trial_rows(f"p{seed}", f"p{seed}.edf", 8, 4, stimulus=range(8), valence=(2, 8))
    write_table(folder / "trials.csv", rows)
    (folder / "strangers.yaml").write_text(STRANGERS)
    return folder / "strangers.yaml"


@pytest.fixture(scope="module")
def execute() -> Iterator[Callable[..., nbformat.NotebookNode]]:
    """Execute notebooks in one kernel, which is emptied before each."""
    with tempfile.TemporaryDirectory() as sockets:  # whose names may not be long
        kernel = KernelManager(config=kernel_config(Path(sockets)))
        kernel.start_kernel(cwd=EXERCISES)

        def execute(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
            notebook.cells.insert(0, nbformat.v4.new_code_cell("%reset -f"))
            client = NotebookClient(notebook, km=kernel, store_widget_state=False)
            try:
                return client.execute()
            finally:
                client.kc.stop_channels()

        yield execute
        kernel.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def run(request, execute, tmp_path_factory) -> Callable[[Path], nbformat.NotebookNode]:
    """Execute a notebook of a study of which nothing is trained, as an exercise notebook starts.

    Real recordings of four without ratings, baseline or truth; one person under the published
    protocol alone; and people whose caps share no electrode.
    """
    results = tmp_path_factory.mktemp("results")
    study = "smoke"
    if request.param == "real recordings" and has_eegmat():
        real = yaml.safe_load((PROJECT / "studies" / "eegmat.yaml").read_text(encoding="utf-8"))
        study = str(results / "real.yaml")
        small = {"subjects": real["subjects"][:4], "n_folds": 2, "repeats": 1}
        small |= {"model": {"width": 0.05}}
        Path(study).write_text(yaml.safe_dump(real | small))
    elif request.param == "one person":
        study = str(results / "lean.yaml")
        Path(study).write_text(LEAN)
    elif request.param == "strangers":
        study = str(write_strangers(results))
    here = f"import os\nos.environ['EMOLIB_RESULTS'] = {str(results)!r}\nstudy = {study!r}"

    def executed(path: Path) -> nbformat.NotebookNode:
        notebook = jupytext.read(path)
        place = ["parameters" in tags(cell) for cell in notebook.cells].index(True)
        notebook.cells.insert(place + 1, nbformat.v4.new_code_cell(here))
        executed = execute(with_checks_of_scaffolds(notebook))
        assert_checks(executed)
        return executed

    return executed


# With `make faults`: on people with little to go on, what computes longest, and what reads little
# of a study.
WITH_FAULTS = ("02_", "03_", "06_", "07_", "08_", "09_", "10_", "11_")
WITH_FAULTS += ("A", "audit", "laboratory", "quick_start")
UNTRAINED = [
    pytest.param(
        name,
        path,
        id=f"{name}-{path.stem}",
        marks=(pytest.mark.faults,)
        * (name != "real recordings" or path.name.startswith(WITH_FAULTS)),
    )
    for name in ("real recordings", "one person", "strangers")
    for path in NOTEBOOKS
]


@pytest.mark.slow
@pytest.mark.workflow
@pytest.mark.parametrize(("run", "path"), UNTRAINED, indirect=["run"])
def test_a_notebook_runs_before_anything_is_trained(path, run):
    page = check_outputs(run(path), n_pictures=2 if path in REPORTS else int(path in CHAPTERS))
    if path in REPORTS:
        assert "There are no predictions" in page


@pytest.mark.slow
@pytest.mark.workflow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_of_a_finished_study(path, smoke_run, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(smoke_run[0]))
    executed = nbformat.read(page_file(load("smoke"), path.stem, "sub-01"), as_version=4)
    code = [cell for cell in executed.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert_checks(executed)
    page = check_outputs(executed, n_pictures=5 if path in REPORTS else int(path in CHAPTERS))
    if path in REPORTS:
        assert "windows of one trial on both sides" in page
        assert "trial-grouped" in page


def has_eegmat() -> bool:
    return (
        bool(os.environ.get("EMOLIB_DATA"))
        and (Path(os.environ["EMOLIB_DATA"]) / "eegmat" / "Subject00_1.edf").is_file()
    )


def check_outputs(notebook: nbformat.NotebookNode, n_pictures: int) -> str:
    """Hold what every page must keep; return its text and HTML."""
    outputs = [
        output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs
    ]
    assert not [output.text for output in outputs if output.get("name") == "stderr"]
    shown = [output.data for output in outputs if "data" in output]
    assert not [data for data in shown if "image/png" in data], "a figure without alt text"
    page = "\n".join(
        str(data.get("text/html") or data.get("text/markdown") or data.get("text/plain"))
        for data in shown
    )
    assert page.count("<figure class=") >= n_pictures
    assert page.count("<figcaption>") == page.count("<figure class=")
    assert page.count("emolib-provenance") == 1
    assert "nan" not in re.findall(r"[a-z]+", re.sub(r'base64,[^"]*', "", page))
    return page
