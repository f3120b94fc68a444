"""Explorer and benches inside JupyterLab: a server, a kernel, and a browser that uses them."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest
from playwright.sync_api import Browser, Page

PATIENCE = 120_000  # milliseconds; a busy machine starts a server and a kernel slowly

MAKE = """\
import numpy as np
import xarray as xr
from emolib.figures.explorer import Explorer

values = np.arange(48.0).reshape(12, 4) % 7
own = xr.DataArray(
    values,
    {"trial": ("window", [1] * 6 + [2] * 6), "channel": ["Fz", "C3", "C4", "Oz"]},
    ("window", "channel"),
)
explorer = Explorer(own, title="Mine", units={"value": "dB"})
explorer"""
STEER = "explorer.widget.view = explorer.widget.view | {'electrode': 'Oz', 'time': 4}"
ASK = "print('seen:', explorer.widget.view['show'], explorer.widget.view['time'])"
BENCHES = """\
import numpy as np
from IPython.display import display
from emolib.figures import benches

filters = benches.FilterBench(np.random.default_rng(0).normal(size=512), 128)
loss = benches.LossBench()
display(filters, loss)"""
CHOSEN = "print('chosen:', filters.low_hz, filters.guess, loss.share, loss.classes)"
SET = "filters.order = 5"


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[str]:
    """A running JupyterLab with one notebook; its address, token included."""
    folder = tmp_path_factory.mktemp("lab")
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(source) for source in (MAKE, STEER, ASK, BENCHES, CHOSEN, SET)
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(notebook, folder / "mine.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    # Nothing of the user's own settings, and nothing left behind.
    own = {
        name: str(folder / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "HOME")
    }
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": folder,
        "IdentityProvider.token": token,
    }
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"]
    command += [f"--{name}={value}" for name, value in options.items()]
    log = folder / "server.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            command, env=os.environ | own, cwd=folder, stdout=output, stderr=subprocess.STDOUT
        )
    address = f"http://127.0.0.1:{port}/lab/tree/mine.ipynb?token={token}"
    try:
        wait_for(f"http://127.0.0.1:{port}/api/status?token={token}", server, log)
        yield address
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_for(address: str, server: subprocess.Popen, log: Path) -> None:
    """Wait until the server answers."""
    end = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.3)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()}")


@pytest.fixture(scope="module")
def page(lab, browser: Browser) -> Iterator[Page]:
    """The notebook in a browser, which asks nothing of anybody but that server."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(lab)
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    page.get_by_text("| Idle").wait_for()  # the kernel is there
    yield page
    own = urlsplit(lab).netloc
    there = [url for url in requests if url.startswith(("http:", "https:"))]
    assert [url for url in there if urlsplit(url).netloc != own] == []
    context.close()


@pytest.mark.browser
@pytest.mark.slow
def test_the_widget_draws_and_reacts_in_jupyterlab(page):
    run_cell(page, 0)
    root = page.locator(".jp-OutputArea .x-root")
    root.wait_for()

    # It draws the mean of trial 1: windows 0 to 5.
    drawn = "() => [...document.querySelector('.x-root').explorer.drawn().values]"
    values = [[(4 * window + c) % 7 for c in range(4)] for window in range(12)]
    mean = [sum(column) / 6 for column in zip(*values[:6], strict=True)]
    assert page.evaluate(drawn) == pytest.approx(mean, abs=1e-3)
    filled = """() => {
        const canvas = document.querySelector(".x-scalp canvas");
        return canvas.getContext("2d").getImageData(192, 192, 1, 1).data[3];
    }"""
    assert page.evaluate(filled) == 255

    # It reacts to its reader, ...
    root.get_by_label("Show").select_option("trial 2")
    slider = root.get_by_label("Time", exact=True)
    slider.focus()
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    assert page.evaluate(drawn) == pytest.approx(values[8], abs=1e-3)
    # The kernel is told after a while of quiet, and so are those who listen.
    page.wait_for_function("""() => {
        const words = document.querySelector(".x-scalp canvas").getAttribute("aria-label");
        return words.includes("trial 2") && words.includes("window 3");
    }""")

    # ... the kernel knows what is shown, and can change it.
    run_cell(page, 2)
    page.locator(".jp-OutputArea", has_text="seen: trial 2 2").wait_for()
    run_cell(page, 1)
    page.wait_for_function("() => document.querySelector('.x-root').explorer.view.time === 4")
    assert page.evaluate(drawn) == pytest.approx(values[10], abs=1e-3)
    assert root.locator(".x-reading b").inner_text() == "Oz"


@pytest.mark.browser
@pytest.mark.slow
def test_what_is_chosen_on_a_bench_comes_back_to_python(page):
    run_cell(page, 3)
    filters, loss = (
        page.locator(f".jp-OutputArea .b-root[aria-label^='{title}']")
        for title in ("Filters", "The loss")
    )
    slider = filters.get_by_role("slider", name="From")
    slider.focus()
    for _ in range(3):
        slider.press("ArrowRight")  # half a hertz each, from 8
    filters.get_by_role("button", name="Check my guess").click()
    loss.get_by_role("slider", name="High trials").press("ArrowLeft")
    loss.get_by_role("radio", name="balanced").check()
    page.wait_for_timeout(1500)  # the kernel is told after half a second without a change
    run_cell(page, 4)
    page.locator(".jp-OutputArea", has_text="chosen: 9.5 10 65.0 balanced").wait_for()
    run_cell(page, 5)
    page.wait_for_function("() => document.querySelector('.b-root').bench.view.order === 5")
    assert "/lab/tree/mine.ipynb" in page.url and "#filters" not in page.url


def run_cell(page: Page, number: int) -> None:
    page.locator(".jp-Notebook .jp-Cell").nth(number).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
