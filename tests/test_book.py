"""The built book in a real browser: what a reader meets, from a folder, without a network.

Each page is opened once on a wide screen in the light theme and once on a phone's in the dark one;
the tests then look at what was seen. axe-core is the accessibility checker.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
# Nothing of Chromium's own may go out either: a request would then not be the book's.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
SCREENS = {
    "desk": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}
HEAVIEST = 3_000_000  # bytes of a page, its figures within it (DESIGN: the explorer)

# What is to be seen on a page once it has settled.
LOOK = """
async () => {
    if (window.MathJax?.startup?.promise) await MathJax.startup.promise;
    const seen = (element) => element.checkVisibility();
    const all = (selector) => [...document.querySelectorAll(selector)];
    return {
        headings: all("h1, h2, h3, h4, h5, h6").filter(seen).map((h) => Number(h.tagName[1])),
        images: all("img").map((image) => image.getAttribute("alt")),
        figures: all("figure.emolib-figure").map((figure) => [
            Boolean(figure.querySelector("figcaption")?.textContent.trim()),
            figure.querySelector("img").naturalWidth > 0,
        ]),
        links: all("a[href]").map((link) => link.href),
        ids: all("[id]").map((element) => element.id),
        formulas: all(".math").length,
        typeset: all(".math mjx-container").length,
        misspelt: all("mjx-merror, [data-mjx-error]").length,
        overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        theme: document.documentElement.dataset.theme,
    };
}
"""
# No rule is off. `preload` only fetches style sheets anew, which a browser refuses for files.
AUDIT = "async () => (await axe.run({preload: false})).violations"


@dataclass
class Visit:
    """What was seen on one page on one screen."""

    headings: list[int]
    images: list[str | None]
    figures: list[tuple[bool, bool]]
    links: list[str]
    ids: list[str]
    formulas: int
    typeset: int
    misspelt: int
    overflow: int
    theme: str
    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium is found: install it (on Debian: apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pages(smoke_book: Path) -> list[Path]:
    """All pages but `index.html`, which only sends the reader on to the first."""
    found = sorted(
        path
        for path in smoke_book.rglob("*.html")
        if path != smoke_book / "index.html"
        and not {"_static", "_sources"} & set(path.relative_to(smoke_book).parts)
    )
    assert found
    return found


@pytest.fixture(scope="session", params=SCREENS)
def visits(request, browser: Browser, smoke_book: Path, pages: list[Path]) -> dict[str, Visit]:
    """What was seen, by the page's name, on one kind of screen."""
    context = browser.new_context(offline=True, **SCREENS[request.param])
    seen = {str(path.relative_to(smoke_book)): visit(context, path) for path in pages}
    context.close()
    return seen


def visit(context: BrowserContext, path: Path) -> Visit:
    page = context.new_page()
    requests: list[str] = []
    console: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: console.append(str(error)))
    page.on(
        "console",
        lambda message: console.append(message.text) if message.type == "error" else None,
    )
    page.goto(path.as_uri(), wait_until="load")
    look = page.evaluate(LOOK)
    page.add_script_tag(path=AXE)
    faults = [
        f"{fault['impact']}: {fault['id']}: {fault['nodes'][0]['html'][:200]}"
        for fault in page.evaluate(AUDIT)
    ]
    page.close()
    return Visit(**look, faults=faults, requests=requests, console=console)


def by_page(visits: dict[str, Visit], look) -> dict[str, object]:
    """The pages on which `look` finds something, and what."""
    return {name: found for name, visit in visits.items() if (found := look(visit))}


def test_the_book_has_its_parts(pages, smoke_book):
    names = {str(path.relative_to(smoke_book)) for path in pages}
    prose = {"intro.html", "how_to_read.html", "data.html", "responsible_use.html"}
    assert prose | {"glossary.html", "bibliography.html", "cohort.html"} <= names
    assert any(re.fullmatch(r"chapters/\d\d_\w+\.html", name) for name in names)
    assert any(re.fullmatch(r"subjects/sub-\d\d\.html", name) for name in names)


def test_index_sends_the_reader_on(browser, smoke_book):
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto((smoke_book / "index.html").as_uri())
    page.wait_for_url("**/intro.html")
    assert page.title().strip()
    context.close()


def test_nothing_is_asked_of_a_network(visits):
    local = ("file:", "data:", "blob:")
    assert all(visit.requests for visit in visits.values())  # the page itself, at the least
    assert (
        by_page(visits, lambda visit: [url for url in visit.requests if not url.startswith(local)])
        == {}
    )


def test_the_console_is_quiet(visits):
    assert by_page(visits, lambda visit: visit.console) == {}


def test_mathematics_is_typeset(visits):
    assert sum(visit.formulas for visit in visits.values()) > 0
    assert by_page(visits, lambda visit: visit.formulas - visit.typeset) == {}
    assert by_page(visits, lambda visit: visit.misspelt) == {}


def test_every_image_is_described_in_words(visits):
    def undescribed(visit: Visit) -> list[str | None]:
        # Sphinx writes the file's name where there is no description: that is none either.
        return [alt for alt in visit.images if not (alt or "").strip() or "_images/" in str(alt)]

    assert sum(len(visit.images) for visit in visits.values()) > 0
    assert by_page(visits, undescribed) == {}


def test_every_figure_is_drawn_and_has_a_caption(visits):
    assert sum(len(visit.figures) for visit in visits.values()) > 0
    assert by_page(visits, lambda visit: [it for it in visit.figures if not all(it)]) == {}


def test_headings_are_in_order(visits):
    def disorder(visit: Visit) -> list[int]:
        steps = zip([0, *visit.headings], visit.headings, strict=False)
        skips = any(later > earlier + 1 for earlier, later in steps)
        return visit.headings if skips or visit.headings.count(1) != 1 else []

    assert by_page(visits, disorder) == {}


def test_axe_finds_no_fault(visits):
    assert by_page(visits, lambda visit: visit.faults) == {}


def test_no_page_is_wider_than_its_screen(visits):
    assert by_page(visits, lambda visit: max(0, visit.overflow)) == {}


def test_the_theme_follows_the_readers_machine(request, visits):
    screen = request.node.callspec.params["visits"]
    wanted = SCREENS[screen]["color_scheme"]
    assert by_page(visits, lambda visit: visit.theme != wanted and visit.theme) == {}


def test_every_link_within_the_book_leads_somewhere(visits, smoke_book):
    ids = {smoke_book / name: set(visit.ids) for name, visit in visits.items()}

    def dead(visit: Visit) -> list[str]:
        found = []
        for link in visit.links:
            parts = urlsplit(link)
            target = Path(unquote(parts.path))
            if parts.scheme != "file":
                continue
            no_place = parts.fragment and unquote(parts.fragment) not in ids.get(target, set())
            if not target.is_file() or (target in ids and no_place):
                found.append(link)
        return found

    assert by_page(visits, dead) == {}


def test_pages_are_light(pages):
    assert {path.name: size for path in pages if (size := path.stat().st_size) > HEAVIEST} == {}
