"""A report in one file: it holds what the page shows, and asks for nothing outside."""

import re
import shutil

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from command import emolib_here as emolib
from playwright.sync_api import expect

from emolib.book import single_file
from emolib.errors import DataError, InputError
from emolib.figures.display import Link, Picture, Table, say
from emolib.figures.explorer.widget import Explorer
from emolib.study import study as studies


def notebook(*cells):
    return nbformat.v4.new_notebook(cells=list(cells))


def shown(*outputs):
    """A code cell that has shown these."""
    cell = nbformat.v4.new_code_cell("secret = 1")
    for output in outputs:
        if hasattr(output, "_repr_mimebundle_"):
            data = output._repr_mimebundle_()
            data = data[0] if isinstance(data, tuple) else data
        else:
            data = {"text/markdown": output.data}
        cell.outputs.append(nbformat.v4.new_output("display_data", data))
    return cell


def test_prose_and_outputs_stay_and_code_goes():
    code = nbformat.v4.new_code_cell("secret = 1")
    html = {"text/html": '<figure><img src="data:image/png;base64,AA==" alt="x"></figure>'}
    code.outputs = [nbformat.v4.new_output("display_data", html)]
    page = single_file.as_html(notebook(nbformat.v4.new_markdown_cell("# Sub 1"), code))
    assert "<title>Sub 1</title>" in page
    assert "data:image/png" in page
    assert "secret" not in page


def test_hidden_cells_stay_hidden():
    cell = nbformat.v4.new_markdown_cell("not for readers", metadata={"tags": ["remove-cell"]})
    assert "not for readers" not in single_file.as_html(notebook(cell))


def test_links_into_the_book_become_words_and_others_stay():
    text = "[cohort](/cohort.ipynb), {term}`bands <band>`, [law](https://example.org/x)."
    page = single_file.as_html(notebook(nbformat.v4.new_markdown_cell(text)))
    assert "cohort, bands," in page
    assert '<a href="https://example.org/x">law</a>' in page


def test_places_to_click_on_a_picture_lead_nowhere_and_go():
    figure, ax = plt.subplots()
    link = Link(ax, 0.5, 0.5, "subjects/sub-01.html", "sub-01: 0.50")
    code = nbformat.v4.new_code_cell()
    shown = Picture(figure, alt="a", caption="b", links=[link])._repr_mimebundle_()
    code.outputs = [nbformat.v4.new_output("display_data", shown)]
    page = single_file.as_html(notebook(code))
    assert 'alt="a"' in page and "<a" not in page and "sub-01.html" not in page


def test_markup_in_a_name_is_harmless():
    text = "# <script>alert(1)</script>"
    page = single_file.as_html(notebook(nbformat.v4.new_markdown_cell(text)))
    assert "<script>" not in page


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.workflow
def test_in_a_browser_it_asks_for_nothing_and_all_of_it_is_there(browser, tmp_path):
    power = xr.DataArray(
        np.random.default_rng(0).normal(size=(6, 4)),
        {"trial": ("window", [1, 1, 1, 2, 2, 2]), "channel": ["Fz", "C3", "C4", "Oz"]},
        ("window", "channel"),
    )
    picture = Picture(plt.figure(), alt="Power falls.", caption="Higher is stronger.")
    table = Table(pd.DataFrame({"SD": [9.5]}, index=["O1"]), caption="Amplitudes")
    title = nbformat.v4.new_markdown_cell("# sub-01")
    made = notebook(title, shown(say("Two of four."), picture, table, Explorer(power)))
    file = tmp_path / "report.html"
    file.write_text(single_file.as_html(made), encoding="utf-8")
    requests, console = [], []
    page = browser.new_page()
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: console.append(message.text))
    page.on("pageerror", lambda error: console.append(str(error)))
    page.goto(file.as_uri(), wait_until="networkidle")
    page.wait_for_function("() => document.querySelector('.x-root')?.explorer")
    expect(page.get_by_alt_text("Power falls.")).to_be_visible()
    expect(page.get_by_role("rowheader", name="O1")).to_be_visible()
    expect(page.get_by_text("Two of four.")).to_be_visible()
    assert page.title() == "sub-01" and page.locator("code").count() == 0
    outside = [url for url in requests if not url.startswith(("data:", "blob:"))]
    assert (outside, console) == ([file.as_uri()], [])
    page.close()


def test_a_report_that_is_not_made_yet_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path))
    with pytest.raises(DataError, match=r"sub-01.ipynb: is not there yet.*emolib run smoke"):
        single_file.export(studies.load("smoke"), "sub-01", "html", tmp_path)


def test_without_a_browser_there_is_no_pdf(tmp_path, monkeypatch):
    monkeypatch.setattr(single_file, "BROWSERS", ())
    with pytest.raises(InputError, match="needs Chromium"):
        single_file.print_page(tmp_path / "x.html", tmp_path / "x.pdf")


@pytest.mark.slow
@pytest.mark.workflow
@pytest.mark.parametrize("ending", ["html", "pdf"])
def test_the_command_writes_one_file(smoke_run, tmp_path, ending):
    if ending == "pdf" and not any(map(shutil.which, single_file.BROWSERS)):
        pytest.skip("no Chromium is found")
    command = ("report", "smoke", "--subject", "02", f"--{ending}", "--out", tmp_path)
    run = emolib(*command, results=smoke_run[0])
    assert run.returncode == 0, run.stderr
    (file,) = tmp_path.iterdir()
    assert run.stdout.strip() == str(file)
    assert file.name == f"smoke-sub-02.{ending}"
    if ending == "pdf":
        assert file.read_bytes().startswith(b"%PDF")
        return
    page = file.read_text()
    assert "<h1>sub-02</h1>" in page
    outside = re.findall(r'(?:src|href)="(?!data:|#|https?:)([^"]*)"', page)
    assert outside == []
    assert not re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="https?:', page)


@pytest.mark.workflow
def test_a_subject_that_is_not_there_is_named(tmp_path):
    run = emolib("report", "smoke", "--subject", "sub-77", results=tmp_path)
    assert run.returncode == 1
    assert "sub-01" in run.stderr and "Traceback" not in run.stderr
