"""Takes the README's pictures of a built book: `python book/take_screenshots.py [FOLDER]`.

FOLDER holds the book's pages; without it, those of the demo study. It needs Chromium, as the tests
do. Pictures are shrunk to 256 colours: a third of the bytes.
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from emolib.study.study import load

FOLDER = Path(__file__).with_name("screenshots")
SCREEN = {"width": 1280, "height": 860}
# What lies over a page while it is scrolled.
BARE = ".bd-header-article, #pst-skip-link { display: none !important; }"
FIRST_FIGURE = "article figure"
# By picture: the page, and what stands in its middle: the first figure; or is all of the picture.
PICTURES = {
    "subject": ("subjects/sub-01.html", FIRST_FIGURE),
    "cohort": ("cohort.html", FIRST_FIGURE),
    "explorer": ("subjects/sub-01.html", ".emolib-explorer-box"),
}


def take(page: Page, address: str, place: str) -> bytes:
    """Take one picture, PNG."""
    page.goto(address, wait_until="load")
    page.wait_for_timeout(1000)  # for the explorer and for mathematics
    at = page.locator(place).first
    if place == FIRST_FIGURE:
        at.evaluate("element => element.scrollIntoView({ block: 'center' })")
        page.wait_for_timeout(500)
        return page.screenshot()
    page.add_style_tag(content=BARE)
    return at.screenshot()


def small(png: bytes) -> bytes:
    """The same picture in 256 colours."""
    palette = Image.open(io.BytesIO(png)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    written = io.BytesIO()
    palette.save(written, format="png", optimize=True)
    return written.getvalue()


def main(book: Path) -> None:
    """Take all pictures."""
    FOLDER.mkdir(exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_context(viewport=SCREEN, color_scheme="light", offline=True).new_page()
        for name, (path, place) in PICTURES.items():
            picture = small(take(page, (book / path).resolve().as_uri(), place))
            (FOLDER / f"{name}.png").write_bytes(picture)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else load("demo").book)
