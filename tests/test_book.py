"""The built book in a real browser: what a reader meets, from a folder, without a network.

Each page is opened once on a wide screen in the light theme, from which it is printed, and once on
a phone's in the dark one; the tests then look at what was seen. Of the subjects' pages, which one
notebook makes, the first stands for all. axe-core is the accessibility checker.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import axe_playwright_python
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from PIL import Image
from playwright.sync_api import Browser, Locator, Page

from emolib.book.exercises import read_config, server_links
from emolib.evaluation.scores import ESTIMAND
from emolib.figures.display import BLUE

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.workflow]

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
SCREENS = {
    "desk": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}
# What is left of A4 within the margins of the style sheet, 180 x 263 mm, at 96 pixels an inch.
PAPER = {"viewport": {"width": 680, "height": 994}, "color_scheme": "light"}
TEACHING = re.compile(r"chapters/(01|02|03|04|05|06|07|08|09|10|11|12)_")  # they keep to the screen
HIGHEST_REPORT = 8_000  # pixels of a report before anything is unfolded
TALL = {"how-far-does-an-estimate-scatter", "move-the-band"}  # five and six charts
TALL |= {"the-whole-network-live", "both-methods-live"}  # each layer of a network, in one bench
HEAVIEST = 3_000_000  # bytes of a page, its figures within it (DESIGN: the explorer)

# Words of tables that go over to another line within.
BROKEN = r"""
() => {
    const found = [];
    for (const cell of document.querySelectorAll("article :is(th, td)")) {
        const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
        while (cell.checkVisibility() && texts.nextNode()) {
            for (const word of texts.currentNode.data.matchAll(/\p{L}{4,}/gu)) {
                const range = document.createRange();
                range.setStart(texts.currentNode, word.index);
                range.setEnd(texts.currentNode, word.index + word[0].length);
                if (new Set([...range.getClientRects()].map((box) => box.top)).size > 1)
                    found.push(word[0]);
            }
        }
    }
    return found;
}
"""
# What is to be seen on a page once it has settled.
LOOK = """
async () => {
    const folded = document.documentElement.scrollHeight;
    document.querySelectorAll("details.emolib-fold").forEach((fold) => { fold.open = true; });
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
        clipped: all(".math").filter(seen).filter((math) => {
            const [ink, style] = [math.querySelector("mjx-math"), getComputedStyle(math)];
            return ink?.getBoundingClientRect().width > math.clientWidth + 1
                && style.overflowX === "hidden";
        }).length,
        sideways: all("article pre, article table, article div.math").filter(seen)
            .filter((it) => it.tagName === "TABLE"
                ? it.offsetWidth > it.parentElement.clientWidth + 1
                : it.scrollWidth > it.clientWidth + 1)
            .map((it) => it.textContent.trim().slice(0, 60)),
        folded,
        explorer: all(".emolib-explorer-box")[0]?.getBoundingClientRect().top ?? 0,
        tall: all("article section section").filter((it) => it.offsetHeight > 1700)
            .map((it) => it.id),
        small: all("article svg text").filter(seen).filter((it) => it.textContent.trim())
            .filter((it) => {
                const {a, b} = it.getScreenCTM();
                return parseFloat(getComputedStyle(it).fontSize) * Math.hypot(a, b) < 7;
            }).map((it) => it.textContent),
        narrow: all("figure.emolib-figure img").filter(seen)
            .filter((it) => it.clientWidth < Math.min(366, it.naturalWidth)).map((it) => it.alt),
        first: all("article figure img")[0]?.getBoundingClientRect().bottom ?? 0,
        overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        theme: document.documentElement.dataset.theme,
    };
}
"""
UNFOLD = "document.querySelectorAll('details.emolib-fold').forEach((fold) => { fold.open = true; })"
# What a printer would cut off: all that reaches over the paper's edge, and all that would scroll.
CUT_OFF = """
() => {
    const edge = document.documentElement.clientWidth + 1;
    const found = [];
    for (const element of document.querySelectorAll(".bd-article *")) {
        // What is laid over the page for screen readers, and a formula's own boxes, are no ink.
        if (!element.checkVisibility() || element.closest("mjx-assistive-mml, .visually-hidden"))
            continue;
        const style = getComputedStyle(element), box = element.getBoundingClientRect();
        const scrolls = element.scrollWidth > element.clientWidth + 1
            && element.clientWidth > 0 && style.overflowX !== "visible"
            && !element.closest(".math");  // counts the words for screen readers as well
        if (box.right > edge || box.left < -1 || scrolls)
            found.push(`${element.tagName} ${element.className}: ${Math.round(box.right)} px`);
    }
    return found;
}
"""
# No rule is off. `preload` only fetches style sheets anew, which a browser refuses for files. The
# contrast of text, three quarters of axe's time, is measured on two elements of each look: colour,
# size and weight of the letters, and all that is painted under them.
AUDIT = """
async (only) => {
    const grounds = new Map([[null, ""]]);
    const ground = (element) => {
        if (!grounds.has(element)) {
            const style = getComputedStyle(element), below = ground(element.parentElement);
            const own = [style.backgroundColor, style.backgroundImage, style.opacity].join();
            grounds.set(element, below + (own === "rgba(0, 0, 0, 0),none,1" ? "" : own));
        }
        return grounds.get(element);
    };
    const written = new Set(document.querySelectorAll("input, select, textarea"));
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode())
        if (texts.currentNode.data.trim()) written.add(texts.currentNode.parentElement);
    const seen = {};
    for (const element of written) {
        const {left, width} = element.getBoundingClientRect();
        if (!element.checkVisibility() || width < 2 || left < 0) continue;
        const style = getComputedStyle(element);
        const letters = [style.color, style.fontSize, style.fontWeight, style.textShadow].join();
        const look = letters + ground(element);
        seen[look] = (seen[look] ?? 0) + 1;
        element.toggleAttribute("data-look", seen[look] <= 2);
    }
    axe.configure({rules: [{id: "color-contrast", selector: "[data-look]"}]});
    const asked = {preload: false, resultTypes: ["violations"], ...(only && {runOnly: only})};
    return (await axe.run(asked)).violations;
}
"""


# What depends on screen and theme: on a phone the other rules are held to one page, whose frame is
# that of all.
OF_A_SCREEN = ["color-contrast", "link-in-text-block", "scrollable-region-focusable"]
OF_A_SCREEN += ["css-orientation-lock", "meta-viewport"]


@dataclass
class Visit:
    """What was seen on one page on one screen, and what came out of printing it from there."""

    headings: list[int]
    images: list[str | None]
    figures: list[tuple[bool, bool]]
    links: list[str]
    ids: list[str]
    formulas: int
    typeset: int
    misspelt: int
    clipped: int
    sideways: list[str]
    tall: list[str]
    small: list[str]
    narrow: list[str]
    first: float
    folded: int
    explorer: float
    overflow: int
    theme: str
    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    cut_off: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    pdf: bytes = b""


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
def looked_at(pages: list[Path]) -> list[Path]:
    """All pages, but of the subjects' the first."""
    subjects = [path for path in pages if path.parent.name == "subjects"]
    return [path for path in pages if path not in subjects[1:]]


@pytest.fixture(scope="module", params=SCREENS)
def visits(request, browser: Browser, smoke_book: Path, looked_at: list[Path]) -> dict[str, Visit]:
    """What was seen, by the page's name, on one kind of screen, as a reader goes on in one tab."""
    context = browser.new_context(offline=True, **SCREENS[request.param])
    tab, seen = context.new_page(), {}
    for path in looked_at:
        rules = OF_A_SCREEN if request.param == "phone" and seen else None
        found = seen[str(path.relative_to(smoke_book))] = visit(tab, path, rules)
        if request.param == "desk":
            tab.set_viewport_size(PAPER["viewport"])
            tab.emulate_media(media="print")
            found.cut_off = tab.evaluate(CUT_OFF)
            found.broken += tab.evaluate(BROKEN)
            found.pdf = tab.pdf(format="A4", print_background=False)
            tab.emulate_media(media="screen")
            tab.set_viewport_size(SCREENS["desk"]["viewport"])
    context.close()
    return seen


def visit(page: Page, path: Path, rules: list[str] | None = None) -> Visit:
    """Look at a page, with axe's rules or some of them."""
    requests: list[str] = []
    console: list[str] = []
    listeners = {
        "request": lambda request: requests.append(request.url),
        "pageerror": lambda error: console.append(str(error)),
        "console": lambda message: (
            console.append(message.text) if message.type == "error" else None
        ),
    }
    for event, listener in listeners.items():
        page.on(event, listener)
    page.goto(path.as_uri(), wait_until="load")
    look, broken = page.evaluate(LOOK), page.evaluate(BROKEN)
    page.add_script_tag(path=AXE)
    faults = [
        f"{fault['impact']}: {fault['id']}: {fault['nodes'][0]['html'][:200]}"
        for fault in page.evaluate(AUDIT, rules)
    ]
    for event, listener in listeners.items():
        page.remove_listener(event, listener)
    seen = {"faults": faults, "requests": requests, "console": console}
    return Visit(**look, **seen, broken=broken)


def by_page(visits: dict[str, Visit], look) -> dict[str, object]:
    """The pages on which `look` finds something, and what."""
    return {name: found for name, visit in visits.items() if (found := look(visit))}


def test_the_book_has_its_parts(pages, smoke_book):
    names = {str(path.relative_to(smoke_book)) for path in pages}
    prose = {"intro.html", "how_to_read.html", "data.html", "responsible_use.html", "teach.html"}
    prose |= {"clusters.html"}
    appendix = {"environment.html", "api.html", "jose.html", "glossary.html", "bibliography.html"}
    assert prose | appendix | {"cohort.html"} <= names
    assert any(re.fullmatch(r"chapters/A\d_\w+\.html", name) for name in names)
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


def test_a_search_in_a_folder_finds_pages_and_leaves_the_console_quiet(browser, smoke_book):
    page, console = browser.new_page(), []
    page.on("pageerror", lambda error: console.append(str(error)))
    page.on("console", lambda it: console.append(it.text) if it.type == "error" else None)
    page.goto(f"{(smoke_book / 'search.html').as_uri()}?q=entropy")
    page.get_by_text("Search finished").wait_for()
    results = page.locator("#search-results")
    assert "Glossary" in results.get_by_role("link").all_inner_texts()
    assert console == []
    page.close()


def test_mathematics_is_typeset(visits):
    assert sum(visit.formulas for visit in visits.values()) > 0
    assert by_page(visits, lambda visit: visit.formulas - visit.typeset) == {}
    assert by_page(visits, lambda visit: visit.misspelt) == {}
    assert by_page(visits, lambda visit: visit.clipped) == {}


def test_the_look_at_mathematics_sees_when_it_is_not_typeset(browser, smoke_book):
    """The test above can fail: without the script that sets formulas, none is set."""
    context = browser.new_context(offline=True, **SCREENS["desk"])
    context.route("**/*mathjax*/**", lambda route: route.abort())
    context.route("**/*mathjax*.js", lambda route: route.abort())
    path = next((smoke_book / "chapters").glob("03_*.html"))
    without = visit(context.new_page(), path)
    context.close()
    assert without.formulas > 0
    assert without.typeset == 0


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


def test_the_look_at_contrast_sees_text_that_is_too_pale(browser, smoke_book):
    """The test above can fail: also on one pale word among dark ones."""
    context = browser.new_context(offline=True, **SCREENS["desk"])
    page = context.new_page()
    page.goto((smoke_book / "intro.html").as_uri(), wait_until="load")
    page.add_script_tag(path=AXE)
    words = "<p>" + "<b>dark</b> " * 5 + "<b style='color: #ccc'>pale</b></p>"
    page.evaluate("html => document.querySelector('.bd-article').innerHTML += html", words)
    (fault,) = page.evaluate(AUDIT)
    (node,) = fault["nodes"]
    assert fault["id"] == "color-contrast" and "pale" in node["html"]
    context.close()


def test_no_word_of_a_table_is_broken(visits):
    assert by_page(visits, lambda visit: visit.broken) == {}


def test_the_look_at_words_sees_one_that_is_broken(browser, smoke_book):
    """The test above can fail."""
    page = browser.new_page()
    page.goto((smoke_book / "intro.html").as_uri())
    cell = "<table><td><div style='width: 2rem; overflow-wrap: anywhere'>difference</div></table>"
    page.evaluate("html => document.querySelector('article').innerHTML += html", cell)
    assert page.evaluate(BROKEN) == ["difference"]
    page.close()


def test_letters_of_figures_can_be_read_on_a_phone(visits):
    """Those of images by their width: see `emolib.figures.display.LEAST`."""
    assert by_page(visits, lambda visit: visit.small + visit.narrow) == {}


def test_no_page_is_wider_than_its_screen(visits):
    assert by_page(visits, lambda visit: max(0, visit.overflow)) == {}


def teaching(visits: dict[str, Visit]) -> dict[str, Visit]:
    found = {name: visit for name, visit in visits.items() if TEACHING.match(name)}
    assert len(found) >= 4
    return found


def test_code_tables_and_equations_of_a_chapter_fit_its_screen(visits):
    assert by_page(teaching(visits), lambda visit: visit.sideways) == {}


@pytest.mark.parametrize("visits", ["desk"], indirect=True)
def test_a_chapter_begins_with_a_figure_and_its_sections_are_short(visits):
    height = SCREENS["desk"]["viewport"]["height"]
    assert by_page(teaching(visits), lambda visit: set(visit.tall) - TALL) == {}
    assert by_page(teaching(visits), lambda visit: max(0, visit.first - height)) == {}


@pytest.mark.parametrize("visits", ["desk"], indirect=True)
def test_a_report_begins_with_the_answer_and_folds_the_rest(visits):
    height = SCREENS["desk"]["viewport"]["height"]
    reports = {name: visit for name, visit in visits.items() if re.match("cohort|subjects/", name)}
    assert len(reports) == 2
    for name, visit in reports.items():
        assert visit.folded <= HIGHEST_REPORT, name
        assert 0 < visit.first <= 2 * height, name
        assert visit.explorer <= 2 * height, name
    assert min(visit.explorer for name, visit in reports.items() if "sub" in name) > 0


def test_a_fold_opens_by_its_heading_by_a_link_and_on_paper(browser, smoke_book):
    page = browser.new_page()
    page.goto((smoke_book / "cohort.html").as_uri())
    words = page.get_by_text("An interval is not a test.")
    assert not words.is_visible()
    page.emulate_media(media="print")
    assert words.evaluate("(it) => it.getBoundingClientRect().height") > 0
    page.emulate_media(media="screen")
    page.get_by_role("heading", name="Is it more than chance?").click()
    assert words.is_visible()
    page.goto((smoke_book / "subjects" / "sub-01.html").as_uri() + "#is-it-more-than-chance")
    assert page.get_by_role("heading", name="Is it more than chance?").is_visible()
    page.close()


@pytest.mark.parametrize("visits", ["desk"], indirect=True)
def test_every_page_can_be_printed_on_paper(visits):
    for name, visit in visits.items():
        assert visit.pdf.startswith(b"%PDF"), name
        assert re.search(rb"/Type\s*/Page\b", visit.pdf), name


@pytest.mark.parametrize("visits", ["desk"], indirect=True)
def test_nothing_is_cut_off_on_paper(visits):
    assert by_page(visits, lambda visit: visit.cut_off[:5]) == {}


def test_the_look_at_paper_sees_what_is_cut_off(browser, smoke_book):
    """The test above can fail: on something too wide, and on something that scrolls."""
    context = browser.new_context(offline=True, **PAPER)
    page = context.new_page()
    page.emulate_media(media="print")
    page.goto((smoke_book / "intro.html").as_uri(), wait_until="load")
    assert page.evaluate(CUT_OFF) == []
    wide = "<div id='wide' style='width: 900px'>wide</div>"
    page.evaluate("html => document.querySelector('.bd-article').innerHTML += html", wide)
    assert any("DIV" in found for found in page.evaluate(CUT_OFF))
    page.evaluate(
        "document.querySelector('#wide').outerHTML = "
        "`<section style='overflow-x: auto'>${document.querySelector('#wide').outerHTML}"
        "</section>`"
    )
    assert any("SECTION" in found for found in page.evaluate(CUT_OFF))
    context.close()


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


def test_links_in_computed_sentences_lead_to_pages(smoke_book):
    page = (smoke_book / "cohort.html").read_text(encoding="utf-8")
    link = r'it has no\s+p\. <a [^>]*href="chapters/09_what_a_score_means.html"'
    assert re.search(link, page)


def test_every_chapter_offers_its_notebooks_and_servers_only_if_published(smoke_book):
    """While `_config.yml` does not say where, what needs the address is not offered."""
    published = bool(server_links("", read_config()))
    chapters = sorted(smoke_book.glob("chapters/*.html"))
    assert chapters
    for path in chapters:
        page = path.read_text(encoding="utf-8")
        offered = re.findall(r'<a class="[^"]*download[^"]*"[^>]*href="([^"]+)"', page)
        files = [(path.parent / unquote(href)).resolve() for href in offered]
        is_chapter = re.match(r"\d\d_", path.name)  # only these have exercises
        endings = [".ipynb", ".ipynb", ".py"] if is_chapter else [".ipynb", ".py"]
        assert [file.suffix for file in files] == endings, path.name
        for file in files:
            folder = NOTEBOOKS / "exercises" if "_exercises" in file.name else NOTEBOOKS
            committed = folder / file.name.replace("_exercises", "")
            assert file.read_bytes() == committed.read_bytes(), file.name
        assert ('href="https://mybinder' in page) == published, path.name


def test_cover_and_sign_are_there(smoke_book):
    page = (smoke_book / "intro.html").read_text(encoding="utf-8")
    icon = re.search(r'<link rel="(?:shortcut )?icon" href="([^"]+)"', page)
    cover = re.search(r'<img[^>]*src="([^"]*cover[^"]*)"', page)
    assert icon and (smoke_book / icon.group(1)).is_file()
    assert cover and (smoke_book / cover.group(1)).is_file()
    assert "emolib-explorer-box" in page[: cover.start()]  # the page opens with something to touch


def test_pages_name_no_folder_of_this_machine(pages, smoke_run):
    places = (str(smoke_run[0]), str(NOTEBOOKS.parent), str(Path.home()))
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert [place for place in places if place in text] == [], path.name


def test_pages_are_light(pages):
    assert {path.name: size for path in pages if (size := path.stat().st_size) > HEAVIEST} == {}


def test_the_cohorts_table_sorts_and_filters(browser, smoke_book):
    page = browser.new_page()
    page.goto((smoke_book / "cohort.html").as_uri())
    table = page.locator("table.emolib-subjects").first
    names = table.locator("tbody th")
    assert names.all_inner_texts() == [f"sub-{i:02d}" for i in range(1, 5)]
    head = table.locator("thead th").first
    head.get_by_role("button").press("Enter")  # by keyboard
    assert head.get_attribute("aria-sort") == "ascending"
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert names.all_inner_texts() == [f"sub-{i:02d}" for i in range(4, 0, -1)]
    box = page.locator(".emolib-filter").first
    box.get_by_role("searchbox").fill("SUB-03")
    assert [name.inner_text() for name in names.all() if name.is_visible()] == ["sub-03"]
    assert box.locator("output").inner_text() == "1 of 4"
    page.close()


def test_the_cohorts_page_offers_all_scores(smoke_book):
    page = (smoke_book / "cohort.html").read_text(encoding="utf-8")
    files = re.findall(r'href="([^"]*(?:scores|subjects)\.(?:csv|parquet))"', page)
    assert len(files) == 4
    assert all((smoke_book / file).is_file() for file in files)


def points(figure: Locator) -> list[dict]:
    """The places to click on a figure: address, and where the middle lies within the figure."""
    return figure.evaluate(
        """(figure) => [...figure.querySelectorAll(".emolib-places a")].map((place) => {
            const [all, own] = [figure, place].map((it) => it.getBoundingClientRect());
            const x = own.x + own.width / 2 - all.x, y = own.y + own.height / 2 - all.y;
            return {href: place.href, stop: place.tabIndex, x, y};
        })"""
    )


@pytest.mark.parametrize("screen", SCREENS)
def test_a_subjects_point_leads_to_the_subjects_page(browser, smoke_run, smoke_book, screen):
    """In the middle of each place is the ink of its point, and a click there opens the page."""
    scores = pd.read_parquet(smoke_run[0] / "smoke" / "scores" / "scores.parquet")
    scores = scores[(scores["metric"] == ESTIMAND) & scores["fold"].isna()]
    scores = scores[scores["subject"].notna() & scores["value"].notna()]
    sharp = 3  # pixels a CSS pixel, as a phone has: on fewer a point is a blur there
    context = browser.new_context(offline=True, device_scale_factor=sharp, **SCREENS[screen])
    page = context.new_page()
    page.goto((smoke_book / "cohort.html").as_uri())
    page.evaluate(UNFOLD)
    in_tables = page.evaluate("[...document.querySelectorAll('th a')].map((link) => link.href)")
    figures = page.locator("figure:has(.emolib-places)")
    tasks = sorted(scores["task"].unique())
    assert figures.count() == len(tasks)
    for figure, task in zip(figures.all(), tasks, strict=True):
        figure.evaluate("(figure) => figure.scrollIntoView({block: 'center'})")
        found, own = points(figure), scores[scores["task"] == task]
        assert len(found) == len(own)
        assert {place["href"] for place in found} <= set(in_tables)  # for the keyboard
        assert {place["stop"] for place in found} == {-1}
        shot = np.asarray(Image.open(io.BytesIO(figure.screenshot())).convert("RGB"))
        middles = [(int(sharp * place["y"]), int(sharp * place["x"])) for place in found]
        inks = [to_hex(shot[middle] / 255) for middle in middles]
        assert inks.count(BLUE) == (~own["leaks"]).sum()  # those of leaking scores are hollow
    last, box = found[-1], figures.last.bounding_box()
    page.mouse.click(box["x"] + last["x"], box["y"] + last["y"])
    page.wait_for_url(last["href"])
    context.close()


def test_places_to_click_are_not_printed(browser, smoke_book):
    page = browser.new_page()
    page.goto((smoke_book / "cohort.html").as_uri())
    page.evaluate(UNFOLD)
    places = page.locator(".emolib-places").first
    assert places.is_visible()
    page.emulate_media(media="print")
    assert not places.is_visible()
    page.close()
