"""Scores in files and on pages, and the inputs of pages, are those that they are said to be."""

import nbformat
import numpy as np
import pandas as pd
import pytest

from emolib.__main__ import main
from emolib.book import tables
from emolib.book.notebooks import page_file
from emolib.book.provenance import provenance
from emolib.book.verify import verify
from emolib.errors import DataError
from emolib.figures.display import Table
from emolib.study import load, stages


@pytest.fixture
def study(tmp_path, monkeypatch):
    """The smoke study with predictions of one fold, their scores, and one page that shows them."""
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path))
    study = load("smoke")
    rng = np.random.default_rng(1)
    rows = pd.MultiIndex.from_product(
        [["sub-01", "sub-02"], range(8), range(3), ["valence", "arousal"]],
        names=["subject", "trial", "window", "task"],
    ).to_frame(index=False)
    rows = rows.assign(
        protocol="trial_grouped",
        fold=0,
        stage="pooled",
        stimulus=rows["trial"],
        label=rows["trial"] % 2,
        probability=rng.uniform(size=len(rows)),
    )
    for member in (study, study.variant("valence_only")):
        stages.write_table(rows, member.fold_files("trial_grouped", 0)["predictions"])
        stages.make_scores(member)
    show(study, Table(tables.score_table(stages.scores(study)), caption="Scores"))
    return study


def show(study, table):
    """Write a page, the notebook and the HTML, with a table and what made it."""
    shown = [table, provenance(study, [study.scores_file()])]
    outputs = [nbformat.v4.new_output("display_data", each._repr_mimebundle_()) for each in shown]
    cells = [nbformat.v4.new_code_cell("show()", outputs=outputs)]
    file = page_file(study, "A2_published_figures")
    html = study.book / "chapters" / f"{file.stem}.html"
    for each in (file, html):
        each.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), file)
    html.write_text(table._repr_mimebundle_()["text/html"])


def verified(study, capsys) -> tuple[int, dict[str, list[str]], list[str]]:
    """The exit status, the table's lines by what they are about, and what differs."""
    status = main(["verify", str(study.folder)])
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["values", "differ", "compared"]
    cells = [line.split(maxsplit=2) for line in lines if line.startswith(" ")]
    table = {what: numbers for *numbers, what in cells}
    return status, table, [line for line in lines if line.startswith("differs: ")]


def test_all_are_equal_after_a_run(study, capsys):
    status, table, differing = verified(study, capsys)
    assert (status, differing) == (0, [])
    n_values = str(stages.scores(study).size)
    assert table["scores/scores.parquet"] == table["scores/scores.csv"] == [n_values, "0"]
    assert "variants/valence_only/scores/scores.csv" in table
    page = "chapters/A2_published_figures"
    for file in (f"notebooks/{page}.ipynb", f"book/_build/html/{page}.html"):
        assert table[file] == ["2", "0"]  # a row a task
    assert table[f"inputs of notebooks/{page}.ipynb"] == ["1", "0"]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_score_that_was_changed_is_named(study, capsys, ending):
    file = study.scores_file(f"scores.{ending}")
    scores = pd.read_csv(file) if ending == "csv" else pd.read_parquet(file)
    scores.loc[4, "value"] += 1e-6
    if ending == "csv":
        scores.to_csv(file, index=False)
    else:
        scores.to_parquet(file, index=False)
    status, _, differing = verified(study, capsys)
    assert status == 1
    assert differing[0] == f"differs: scores/scores.{ending}: row 5, value"
    # The page was made from the table that was there before.
    assert ("results/scores/scores.parquet" in differing[-1]) == (ending == "parquet")


def test_a_page_with_another_score_is_named(study, capsys):
    better = stages.scores(study).assign(value=0.99)
    show(study, Table(tables.score_table(better), caption="Scores"))
    status, table, differing = verified(study, capsys)
    assert status == 1
    assert table["book/_build/html/chapters/A2_published_figures.html"] == ["2", "2"]
    assert len(differing) == 4  # two tasks, in the notebook and in the HTML
    assert "A2_published_figures.ipynb: no row arousal trial-grouped" in differing[0]


def test_a_study_that_did_not_run_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path))
    with pytest.raises(DataError, match=r"has no predictions.*emolib run smoke"):
        verify(load("smoke"))


def test_a_variant_that_could_not_be_trained_has_no_scores(study, capsys):
    member = study.variant("valence_only")
    member.fold_files("trial_grouped", 0)["predictions"].unlink()
    stages.make_scores(member)
    status, table, _ = verified(study, capsys)
    assert (status, table["variants/valence_only/scores/scores.csv"]) == (0, ["0", "0"])


def test_a_study_that_could_not_be_trained_says_why(study, monkeypatch):
    study.fold_files("trial_grouped", 0)["predictions"].unlink()
    failure = {"message": "One class only.", "hint": "Choose another threshold."}
    monkeypatch.setattr(stages, "failed_folds", lambda study: {"trial_grouped, fold 0": failure})
    with pytest.raises(DataError, match=r"no network could be trained\. One class .* threshold\."):
        verify(study)
