"""Chromium for tests that run beside those of the book: one browser, in a thread of its own.

Playwright allows one session a thread, and `test_book` holds that of the main thread until the end
of the run. So a browser test here runs as a whole in another thread: fixtures that talk to the
browser do so by `there`.
"""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import test_book
from playwright.sync_api import Browser, Playwright, sync_playwright

_THREAD = ThreadPoolExecutor(1)
_running: dict[str, Playwright | Browser] = {}


def there(function: Callable, *args, **kwargs):
    """Call a function in the browser's thread, and wait for what it gives."""
    return _THREAD.submit(function, *args, **kwargs).result()


def in_browser(test: Callable) -> Callable:
    """Mark a test as one that drives Chromium, and run it in the browser's thread."""

    @functools.wraps(test)
    def run(*args, **kwargs) -> None:
        there(test, *args, **kwargs)

    return pytest.mark.browser(pytest.mark.slow(run))


@pytest.fixture(scope="module")
def browser():
    """A browser; a module's tests share it."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium is found: install it (on Debian: apt install chromium)")
    yield there(_open, chromium)
    there(_close)


def _open(chromium: str) -> Browser:
    _running["playwright"] = sync_playwright().start()
    launch = _running["playwright"].chromium.launch
    _running["browser"] = launch(executable_path=chromium, args=test_book.QUIET)
    return _running["browser"]


def _close() -> None:
    _running["browser"].close()
    _running["playwright"].stop()
