"""Benches in a real browser: opened from a folder, with nothing to be asked of a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from emolib.figures.benches.bench import Bench

SCREEN = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}
READY = "() => document.querySelector('.b-root')?.bench"


@pytest.fixture
def touch(browser: Browser, tmp_path) -> Iterator[Callable[..., Page]]:
    """Open a bench's page; at its end nothing may have been asked for, nor any error told."""
    contexts, requests, console = [], [], []

    def touch(bench: Bench, *, address: str = "", scripts: bool = True, **screen: object) -> Page:
        path = tmp_path / "bench.html"
        path.write_text(bench.page(), encoding="utf-8")
        looks = SCREEN | screen | {"java_script_enabled": scripts}
        contexts.append(browser.new_context(offline=True, **looks))
        page = contexts[-1].new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: console.append(str(error)))
        page.on("console", lambda it: console.append(it.text))
        page.goto(path.as_uri() + address)
        if scripts:
            page.wait_for_function(READY)
        return page

    yield touch
    for context in contexts:
        context.close()
    outside = [url for url in requests if not url.startswith(("file:", "data:", "blob:"))]
    assert requests and outside == [] and console == []
