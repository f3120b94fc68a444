"""The brain-map explorer: its bytes, its words, and what it shows in a real browser.

The browser has no network. What it shows is held against the features file and against MNE.
"""

from __future__ import annotations

import base64
import io
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import mne
import numpy as np
import pytest
import test_book
import xarray as xr
from matplotlib.figure import Figure
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from emolib.errors import DataError
from emolib.features.extraction import FeatureSettings, extract_features
from emolib.figures import maps
from emolib.figures.explorer.data import by_plane, join_windows, pack, quantise, scalp_weights
from emolib.figures.explorer.widget import Explorer
from emolib.figures.explorer.words import describe, times
from emolib.recordings.labels import Task, trial_classes
from emolib.recordings.simulated import SimulationSettings, simulate_subject

TASKS = {"valence": Task("valence"), "arousal": Task("arousal")}
MINUS = "\N{MINUS SIGN}"
NASTY = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def features(tmp_path_factory) -> xr.Dataset:
    """Features of a simulated subject with ten trials of six seconds, as read from their file."""
    settings = SimulationSettings(n_trials=10, trial_seconds=6)
    file = tmp_path_factory.mktemp("features") / "sub-01.nc"
    recording, _ = simulate_subject(settings, 1)
    extract_features(recording, FeatureSettings()).to_netcdf(file, engine="h5netcdf")
    return xr.load_dataset(file, engine="h5netcdf")


@pytest.fixture(scope="module")
def explorer(features) -> Explorer:
    return Explorer(features, tasks=TASKS)


@cache  # a page takes longer to write than to open
def page_of(explorer: Explorer) -> str:
    return explorer.page()


def small(values: np.ndarray | None = None, **coords) -> xr.DataArray:
    """Six windows of two trials at four electrodes."""
    if values is None:
        values = np.random.default_rng(0).normal(size=(6, 4))
    coords = {"trial": ("window", [1, 1, 1, 2, 2, 2])} | coords
    names = ["Fz", "C3", "C4", "Oz"]
    return xr.DataArray(values, {"channel": names, **coords}, ("window", "channel"))


def mne_image(values: np.ndarray, channels: list[str], n: int) -> np.ndarray:
    """The interpolation that MNE itself draws; NaN outside the head."""
    image, _ = mne.viz.plot_topomap(
        values, maps.positions(tuple(channels)), axes=Figure().add_subplot(), show=False, res=n,
        sphere=maps.HEAD_RADIUS,
    )  # fmt: skip
    along = np.linspace(-1, 1, n)
    outside = np.hypot(along[:, None], along) > 1
    return np.where(outside, np.nan, image.get_array())


# -- bytes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [8, 16])
def test_quantised_values_are_within_half_a_step(bits):
    values = np.random.default_rng(bits).normal(size=(2, 3, 40, 5)) * 1e3
    numbers, planes = quantise(values, bits)
    step = np.reshape([plane["step"] for plane in planes], (2, 3, 1, 1))
    offset = np.reshape([plane["offset"] for plane in planes], (2, 3, 1, 1))
    assert np.abs(offset + step * numbers - values).max() <= 0.5001 * step.max()
    assert np.allclose(step, np.ptp(values, axis=(2, 3), keepdims=True) / (2**bits - 1))


def test_a_constant_plane_is_exact():
    numbers, (plane,) = quantise(np.full((1, 1, 3, 2), 7.25), 8)
    assert plane == {"offset": 7.25, "step": 0.0} and not numbers.any()


def test_the_bytes_hold_the_values_and_the_matrix(features):
    data, layout, shown = pack(by_plane(features))
    raw = zlib.decompress(data)
    count = shown.size
    assert layout["bits"] == 16 and layout["joined"] == 1
    numbers = np.frombuffer(raw, "<u2", count).reshape(shown.shape)
    step = np.reshape([plane["step"] for plane in layout["planes"]], (2, 4, 1, 1))
    offset = np.reshape([plane["offset"] for plane in layout["planes"]], (2, 4, 1, 1))
    wanted = features["feature"].transpose("kind", "band", "window", "channel").to_numpy()
    assert np.abs(offset + step * numbers - wanted).max() <= 0.51 * step.max()
    weights = np.cumsum(np.frombuffer(raw, "<i2", offset=2 * count).reshape(32, -1), axis=1)
    exact, _ = scalp_weights(tuple(shown["channel"].to_numpy().tolist()))
    head = layout["head"]
    along = 2 * np.arange(head["n"]) + 1 - head["n"]
    inside = along[:, None] ** 2 + along**2 <= head["within"]
    assert np.allclose(weights * head["step"], exact[:, inside], atol=0.51 * head["step"])


def test_fewer_bits_and_then_fewer_windows_keep_to_the_limit(features):
    values = by_plane(features)
    sizes = {}
    for largest in (1_000_000, 160_000, 125_000):
        data, layout, shown = pack(values, largest)
        assert len(data) * 4 / 3 <= largest
        sizes[largest] = (layout["bits"], layout["joined"], shown.sizes["window"])
    assert sizes[1_000_000] == (16, 1, 120)
    assert sizes[160_000] == (8, 1, 120)
    assert sizes[125_000][1] > 1 and sizes[125_000][2] < 120
    with pytest.raises(DataError, match="do not fit"):
        pack(values.isel(window=slice(0, 2)), 1000)


def test_joining_windows_keeps_means_and_never_spans_trials():
    values = by_plane(small(np.arange(24.0).reshape(6, 4)))
    joined = join_windows(values, 2)
    assert joined["trial"].to_numpy().tolist() == [1, 1, 2, 2]
    assert joined.to_numpy()[0, 0, :, 0].tolist() == [2.0, 8.0, 14.0, 20.0]


@pytest.mark.parametrize("n_channels", [2, 4, 19, 32])
def test_the_matrix_is_mnes_interpolation(n_channels, features):
    names = features["channel"].to_numpy().tolist()[:: 32 // n_channels][:n_channels]
    weights, reach = scalp_weights(tuple(names))
    rng = np.random.default_rng(n_channels)
    for values in (rng.normal(size=n_channels), 1000 + rng.normal(size=n_channels)):
        wanted = mne_image(values, names, 64)
        ours = np.where(np.isnan(wanted), np.nan, np.tensordot(values, weights, 1))
        assert np.nanmax(np.abs(ours - wanted)) < 0.01 * np.nanmax(np.ptp(values))
    assert reach == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (small().rename(channel="sensor"), "dimensions"),
        (small()[:0], "dimensions"),
        (small(np.full((6, 4), np.nan)), "NaN"),
        (small(subject=("window", list("aaabbb"))), "several subjects"),
        (small().isel(channel=[0]), "one channel"),
        (small().assign_coords(channel=["A", "B", "C", "D"]), "montage"),
    ],
)
def test_features_that_cannot_be_shown_are_refused(wrong, words):
    with pytest.raises(DataError, match=words):
        Explorer(wrong)


# -- words ---------------------------------------------------------------------------------------


def test_units_follow_the_settings(features):
    def units(**settings: str) -> list[str]:
        changed = features.assign_attrs(settings=json.dumps(settings))
        told = describe(changed, by_plane(changed), tasks={}, units={})
        return [kind["unit"] for kind in told["kinds"]]

    assert units(normalise="window") == ["z-score within the window"] * 2
    assert units(normalise="subject") == ["z-score over the recording"] * 2
    plain = {"normalise": "none", "baseline": "none"}
    assert units(**plain, psd="energy") == ["nats", "µV²"]
    assert units(**plain, psd="welch") == ["nats", "µV²/Hz"]
    rest = {"normalise": "none", "baseline": "subtract"}
    assert units(**rest, psd="energy") == ["nats above rest", "µV² above rest"]
    assert units(normalise="none", baseline="zscore") == ["standard deviations above rest"] * 2
    assert units(normalise="none", baseline="own_trial")[0] == "nats above the trial's mean"
    assert units() == ["no unit given"] * 2


def test_a_trial_is_told_with_its_ratings_and_classes(features):
    rated = features.copy(deep=True)
    rated["rating"][0] = [7.04, 5.0, np.nan, 1.0]
    told = describe(rated, by_plane(rated), tasks=TASKS, units={})
    first = told["trials"][0]
    stimulus = features["stimulus"].to_numpy()[0]
    assert first["about"] == [
        f"stimulus {stimulus}", "valence 7.0 (high)", "arousal 5.0 (low)", "dominance not rated",
        "liking 1.0",
    ]  # fmt: skip
    assert first["classes"] == ["valence high", "arousal low"]
    assert (first["first"], first["n"]) == (0, 12)


def test_a_group_without_a_trial_is_not_offered(features):
    rated = features.copy(deep=True)
    rated["rating"][:, 0] = 8.0
    told = describe(rated, by_plane(rated), tasks={"valence": TASKS["valence"]}, units={})
    names = [group["name"] for group in told["groups"]]
    assert names == ["valence high", "first half", "second half", "all trials"]


def test_times_that_differ_between_trials_are_not_told():
    onsets = ("window", [0.0, 1.0, 2.0, 0.0, 1.5, 3.0])
    assert times(by_plane(small(onset_seconds=onsets))) == (None, None)
    assert times(by_plane(small())) == (None, None)


def test_html_holds_no_markup_of_the_data():
    attrs = {"subject": NASTY, "dataset": "</script><b>'\""}
    page = Explorer(small().assign_attrs(attrs), units={"value": "</style><i>"}).page()
    assert "<script>alert" not in page and "</script><b>" not in page and "<i>" not in page
    assert page.count("<script") == page.count("</script>") == 2


def test_a_dollar_in_a_name_is_no_formula():
    odd = small().expand_dims(band=[r"$\frac{$"])
    assert r"$\frac{$" in Explorer(odd).fragment()


def test_a_notebook_gets_html_and_text_also_without_a_kernel():
    bundle = Explorer(small(), title="Alpha")._repr_mimebundle_()
    assert bundle["text/plain"] == "Explorer: Alpha (2 trials, 4 electrodes)"
    assert bundle["text/html"].startswith("<div")
    assert set(bundle) == {"text/html", "text/plain"}


def test_two_of_the_same_are_the_same_bytes(features, explorer):
    assert Explorer(features, tasks=TASKS).page() == page_of(explorer)


# -- in a browser --------------------------------------------------------------------------------

BEGINNING = {"show": "trial 1", "minus": "", "kind": "de", "band": "alpha", "time": None}
BEGINNING |= {"limits": "fixed", "electrode": "Fp1"}
CHOOSE = "(view) => document.querySelector('.x-root').explorer.choose(view)"
DRAWN = """() => {
    const { drawn, field, view } = document.querySelector(".x-root").explorer;
    const { values, limits } = drawn();
    const known = [...field].map((value) => (isNaN(value) ? null : value));
    return { values: [...values], limits, field: known, view };
}"""


# Go by arrow keys alone from the first electrode to all that can be reached.
WANDER = """() => {
    const current = () => document.querySelector(".x-grid button[aria-current]");
    const { choose, view } = document.querySelector(".x-root").explorer;
    const met = [view.electrode];
    for (const from of met) {
        for (const key of ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"]) {
            choose({ electrode: from });
            current().dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
            if (!met.includes(view.electrode)) met.push(view.electrode);
        }
    }
    return met;
}"""


@contextmanager
def quiet(browser: Browser, folder: Path) -> Iterator[Callable[..., Page]]:
    """Open explorers' pages from a folder; nothing may be asked of a network.

    With `stopped`, the page's time goes on only where a test says so, however slow the machine is.
    """
    contexts, requests, console = [], [], []

    def visit(explorer: Explorer, **screen) -> Page:
        path = folder / "explorer.html"
        path.write_text(page_of(explorer), encoding="utf-8")
        scripts, stopped = screen.pop("init", None), screen.pop("stopped", False)
        context = browser.new_context(offline=True, **test_book.SCREENS["desk"] | screen)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: console.append(str(error)))
        page.on("console", lambda it: console.append(it.text) if it.type == "error" else None)
        page.on("dialog", lambda dialog: console.append(f"dialog: {dialog.message}"))
        if scripts:
            page.add_init_script(scripts)
        if stopped:
            page.clock.install(time=0)
        page.goto(path.as_uri())
        if screen.get("java_script_enabled", True) and not scripts:
            page.wait_for_function("() => document.querySelector('.x-root')?.explorer")
        if stopped:
            page.clock.pause_at(3600)  # seconds: later than any machine needs to come this far
        return page

    yield visit
    for context in contexts:
        context.close()
    assert (
        requests
        and [url for url in requests if not url.startswith(("file:", "data:", "blob:"))] == []
    )
    assert console == []


@pytest.fixture
def visit(browser, tmp_path) -> Iterator[Callable[..., Page]]:
    with quiet(browser, tmp_path) as visit:
        yield visit


@pytest.fixture(scope="module")
def opened(browser, explorer, tmp_path_factory) -> Iterator[Page]:
    with quiet(browser, tmp_path_factory.mktemp("page")) as visit:
        yield visit(explorer)


@pytest.fixture
def page(opened) -> Page:
    """The page of the explorer, opened once for all tests that take it, as it begins."""
    opened.mouse.move(0, 0)
    opened.evaluate(CHOOSE, BEGINNING)
    return opened


class Expected:
    """What is to be seen, computed from the features file alone."""

    def __init__(self, features: xr.Dataset):
        self.feature = features["feature"].astype(float)
        self.classes = trial_classes(features, TASKS)

    def trials(self, name: str) -> list[int]:
        numbers = self.classes.index.to_list()
        if name.startswith("trial "):
            return [int(name.removeprefix("trial "))]
        if name in ("first half", "second half"):
            half = (len(numbers) + 1) // 2
            return numbers[:half] if name == "first half" else numbers[half:]
        if name == "all trials":
            return numbers
        task, each = name.split()
        wanted = TASKS[task].classes.index(each)
        return [int(it) for it in self.classes.index[(self.classes[task] == wanted).fillna(False)]]

    def course(self, name: str, kind: str, band: str) -> np.ndarray:
        """The group's mean (time, channel)."""
        chosen = self.feature.sel(kind=kind, band=band)
        stack = [
            chosen[chosen["trial"].to_numpy() == trial].to_numpy() for trial in self.trials(name)
        ]
        return np.mean(stack, axis=0)

    def difference(self, show: str, minus: str, kind: str, band: str) -> np.ndarray:
        shown = self.course(show, kind, band)
        return shown - self.course(minus, kind, band) if minus else shown


VIEWS = [
    {"show": "trial 1", "minus": "", "kind": "de", "band": "alpha", "time": 0},
    {"show": "trial 7", "minus": "", "kind": "psd", "band": "gamma", "time": 11},
    {"show": "trial 3", "minus": "", "kind": "psd", "band": "theta", "time": None},
    {"show": "all trials", "minus": "", "kind": "de", "band": "beta", "time": 5},
    {"show": "valence high", "minus": "valence low", "kind": "de", "band": "alpha", "time": None},
    {"show": "arousal low", "minus": "arousal high", "kind": "psd", "band": "beta", "time": 4},
    {"show": "second half", "minus": "first half", "kind": "de", "band": "theta", "time": 8},
    {"show": "trial 2", "minus": "trial 9", "kind": "psd", "band": "alpha", "time": 3},
]


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("largest", [1_000_000, 160_000], ids=["16 bits", "8 bits"])
def test_values_are_those_of_the_features_file(features, visit, largest):
    explorer = Explorer(features, tasks=TASKS, largest=largest)
    page = visit(explorer)
    expected = Expected(features)
    kinds, bands = ["de", "psd"], ["theta", "alpha", "beta", "gamma"]
    for view in VIEWS:
        page.evaluate(CHOOSE, view)
        drawn = page.evaluate(DRAWN)
        course = expected.difference(*(view[name] for name in ("show", "minus", "kind", "band")))
        wanted = course.mean(axis=0) if view["time"] is None else course[view["time"]]
        plane = kinds.index(view["kind"]) * 4 + bands.index(view["band"])
        step = explorer.spec["planes"][plane]["step"]
        assert drawn["values"] == pytest.approx(
            wanted, abs=0.51 * step * (2 if view["minus"] else 1)
        )


@pytest.mark.browser
@pytest.mark.slow
def test_values_are_written_into_the_cells(features, page):
    page.evaluate(CHOOSE, {"show": "trial 4", "time": 6, "electrode": "O2"})
    expected = Expected(features).course("trial 4", "de", "alpha")[6]
    for name, value in zip(features["channel"].to_numpy(), expected, strict=True):
        cell = page.locator(".x-grid button").filter(has=page.get_by_text(name, exact=True))
        told = cell.locator(".x-value").inner_text().replace(MINUS, "-")
        assert float(told) == pytest.approx(value, abs=0.0052)
    assert page.locator(".x-reading").inner_text().startswith("O2 ")
    told = page.locator(".x-reading").inner_text().split()[1].replace(MINUS, "-")
    of_o2 = expected[features["channel"].to_numpy().tolist().index("O2")]
    assert float(told) == pytest.approx(of_o2, abs=0.0006)


@pytest.mark.browser
@pytest.mark.slow
def test_colour_limits_are_fixed_or_the_views_own(features, page):
    expected = Expected(features)
    bands = ["theta", "alpha", "beta", "gamma"]
    plane = expected.feature.sel(kind="de", band="alpha")
    means = [
        expected.course(f"trial {trial}", "de", "alpha").mean(0) for trial in expected.classes.index
    ]
    two = ("valence high", "valence low")
    contrast = expected.difference(*two, "de", "alpha")
    of_bands = [np.abs(expected.difference(*two, "de", band).mean(0)).max() for band in bands]
    about_zero = lambda values: (-np.abs(values).max(), np.abs(values).max())  # noqa: E731
    single = {"show": "trial 1", "minus": "", "band": "alpha", "kind": "de"}
    pair = {"show": two[0], "minus": two[1], "band": "alpha", "kind": "de"}
    cases = [
        (single, 3, "fixed", (float(plane.min()), float(plane.max()))),
        (single, None, "fixed", (np.min(means), np.max(means))),
        (
            single,
            3,
            "view",
            (
                expected.course("trial 1", "de", "alpha")[3].min(),
                expected.course("trial 1", "de", "alpha")[3].max(),
            ),
        ),
        (pair, 3, "fixed", about_zero(contrast)),
        (pair, None, "fixed", about_zero(of_bands)),
        (pair, 3, "view", about_zero(contrast[3])),
        (pair, None, "view", about_zero(contrast.mean(0))),
    ]
    for view, at, limits, wanted in cases:
        page.evaluate(CHOOSE, view | {"time": at, "limits": limits})
        assert page.evaluate(DRAWN)["limits"] == pytest.approx(wanted, abs=0.001), (
            view,
            at,
            limits,
        )


@pytest.mark.browser
@pytest.mark.slow
def test_the_scalp_is_mnes_interpolation(features, page):
    channels = features["channel"].to_numpy().tolist()
    for view in VIEWS:
        page.evaluate(CHOOSE, view | {"limits": "view"})
        drawn = page.evaluate(DRAWN)
        course = Expected(features).difference(
            *(view[name] for name in ("show", "minus", "kind", "band"))
        )
        values = course.mean(axis=0) if view["time"] is None else course[view["time"]]
        wanted = mne_image(values, channels, 64)
        field = np.array(drawn["field"], float).reshape(64, 64)
        inside = np.isfinite(wanted)
        assert np.isfinite(field[inside]).all()
        assert np.abs(field - wanted)[inside].max() < 0.01 * np.ptp(values)


@pytest.mark.browser
@pytest.mark.slow
def test_the_pixels_have_the_colours_of_the_interpolation(features, page):
    page.evaluate(CHOOSE, VIEWS[4] | {"limits": "view"})
    png = page.evaluate("() => document.querySelector('.x-scalp canvas').toDataURL()")
    with Image.open(io.BytesIO(base64.b64decode(png.partition(",")[2]))) as picture:
        pixels = np.asarray(picture.convert("RGBA"))
    values = Expected(features).difference("valence high", "valence low", "de", "alpha").mean(0)
    wanted = mne_image(values, features["channel"].to_numpy().tolist(), 384)[::-1]  # front on top
    reach = np.abs(values).max()
    steps = (wanted + reach) / (2 * reach) * 18
    palette = (maps.DIVERGING(np.arange(18))[:, :3] * 255).round().astype(int)
    inside = np.isfinite(wanted) & (np.abs(steps % 1 - 0.5) < 0.3)  # away from a change of colour
    number = np.clip(np.nan_to_num(steps), 0, 17).astype(int)
    far = np.abs(pixels[..., :3].astype(int) - palette[number]).max(axis=-1)
    assert np.mean(far[inside] <= 1) > 0.97  # the rest are contour lines
    assert (pixels[0, 0] == 0).all()  # nothing beside the head


@pytest.mark.browser
@pytest.mark.slow
def test_the_keyboard_alone_reaches_and_changes_everything(features, explorer, visit):
    page = visit(explorer)
    view = lambda: page.evaluate(DRAWN)["view"]  # noqa: E731
    where = """() => {
        const e = document.activeElement;
        const legend = e.closest("fieldset")?.querySelector("legend") ?? e.closest("label") ?? e;
        return [e.tagName, e.getAttribute("aria-label") ?? legend.textContent];
    }"""
    met = []
    for _ in range(40):
        page.keyboard.press("Tab")
        met.append(tuple(page.evaluate(where)))
        if met[-1][0] == "BODY":
            break
    stops = [name for tag, name in met if tag != "BODY"]
    heads = [
        "Show",
        "Minus",
        "Kind",
        "Band",
        "Fp1",
        "Colour limits",
        "Play",
        "Time",
        "Mean",
        "Speed",
        "Save",
    ]
    assert len(stops) == len(heads)
    assert all(stop.startswith(head) for stop, head in zip(stops, heads, strict=True)), stops

    def go(head: str) -> None:
        page.reload()
        page.wait_for_function("() => document.querySelector('.x-root')?.explorer")
        for _ in range(heads.index(head) + 1):
            page.keyboard.press("Tab")
        assert page.evaluate(where)[1].startswith(head)

    for head, key, name, wanted in (
        ("Show", "ArrowDown", "show", "trial 2"),
        ("Minus", "ArrowDown", "minus", "valence low"),
        ("Kind", "ArrowRight", "kind", "psd"),
        ("Band", "ArrowRight", "band", "beta"),
        ("Fp1", "ArrowDown", "electrode", "FC1"),
        ("Colour limits", "ArrowRight", "limits", "view"),
        ("Time", "ArrowRight", "time", 1),
        ("Mean", "Enter", "time", None),
    ):
        go(head)
        if head == "Mean":
            page.evaluate(CHOOSE, {"time": 3})
        before = page.locator(".x-root").inner_text()
        page.keyboard.press(key)
        assert view()[name] == wanted
        assert page.locator(".x-root").inner_text() != before
    reached = page.evaluate(WANDER)
    assert sorted(reached) == sorted(features["channel"].to_numpy())
    go("Speed")
    page.keyboard.press("ArrowDown")
    for _ in range(heads.index("Speed") - heads.index("Play")):
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('.x-root').explorer.view.time > 1")
    page.wait_for_function("() => document.querySelector('.x-time button').textContent === 'Play'")
    assert view()["time"] == 11  # it stops at the end
    go("Save")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".png")


@pytest.mark.browser
@pytest.mark.slow
def test_pointers_choose_electrodes_and_times(features, page):
    page.locator(".x-grid button", has_text="Cz").hover()
    assert page.locator(".x-reading b").inner_text() == "Cz"
    box = page.locator(".x-scalp").bounding_box()
    places = dict(
        zip(
            features["channel"].to_numpy(),
            maps.positions(tuple(features["channel"].to_numpy())) / maps.HEAD_RADIUS,
            strict=True,
        )
    )
    right, front = places["P8"]
    page.mouse.move(
        box["x"] + box["width"] * (0.5 + right / 2.44),
        box["y"] + box["height"] * (0.5 - front / 2.44),
    )
    assert page.locator(".x-reading b").inner_text() == "P8"
    chart = page.locator(".x-course svg")
    chart.click(position={"x": chart.bounding_box()["width"] - 10, "y": 40})
    assert page.evaluate(DRAWN)["view"]["time"] == 11
    assert "5.5 to 6 s" in page.locator(".x-clock").inner_text()


@pytest.mark.browser
@pytest.mark.slow
def test_the_time_course_is_that_of_the_electrode(features, page):
    page.evaluate(CHOOSE, {"show": "valence high", "minus": "valence low", "electrode": "Pz"})
    paths = [path.get_attribute("d") for path in page.locator(".x-line").all()]
    lines = [np.array([p.split() for p in d[1:].split("L")], float)[:, 1] for d in paths]
    c = features["channel"].to_numpy().tolist().index("Pz")
    wanted = [
        Expected(features).course(f"valence {each}", "de", "alpha")[:, c]
        for each in ("high", "low")
    ]
    low, high = np.min(wanted), np.max(wanted)
    for line, values in zip(lines, wanted, strict=True):
        assert np.allclose(line, 8 + (high - values) / (high - low) * 104, atol=0.06)


@pytest.mark.browser
@pytest.mark.slow
def test_listeners_hear_of_a_choice_once_and_nothing_while_scrubbing(explorer, visit):
    page = visit(explorer, stopped=True)
    page.evaluate("""() => {
        window.heard = [];
        const status = document.querySelector("[role=status]");
        const observer = new MutationObserver(() => heard.push(status.textContent));
        observer.observe(status, { childList: true });
    }""")
    page.clock.run_for(800)
    page.get_by_label("Time", exact=True).focus()
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    page.clock.run_for(900)
    assert page.evaluate("heard") == []
    assert page.get_by_label("Time", exact=True).get_attribute("aria-valuetext") == "4 to 4.5 s"
    page.get_by_role("radio", name="gamma").check(force=True)
    page.get_by_role("radio", name="beta").check(force=True)
    page.clock.run_for(900)
    (heard,) = page.evaluate("heard")
    assert heard.startswith("trial 1; beta (14 to 31 Hz) differential entropy; 4 to 4.5 s. From ")


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize(("motion", "step"), [("no-preference", 500 / 16), ("reduce", 1000)])
def test_play_is_calm_for_those_who_ask_for_little_motion(explorer, visit, motion, step):
    """At 16 times the speed of windows of 500 ms, but never more than one a second for them."""
    page = visit(explorer, reduced_motion=motion, stopped=True)
    page.get_by_label("Speed").select_option("16")
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(3.5 * step)
    assert page.evaluate(DRAWN)["view"]["time"] == 3


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("screen", test_book.SCREENS)
def test_axe_finds_no_fault_and_nothing_sticks_out(explorer, visit, screen):
    page = visit(explorer, **test_book.SCREENS[screen])
    page.add_script_tag(path=test_book.AXE)
    for view in ({}, VIEWS[4], {"time": 3, "limits": "view"}):
        page.evaluate(CHOOSE, view)
        page.wait_for_timeout(700)
        assert page.evaluate(test_book.AUDIT) == []
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("init", [None, "delete window.DecompressionStream"])
def test_without_scripts_a_picture_and_a_table_remain(features, explorer, visit, init):
    screen = {"init": init} if init else {"java_script_enabled": False}
    page = visit(explorer, **screen)
    picture = page.locator("img")
    expect(picture).to_be_visible()
    assert "trial 1" in picture.get_attribute("alt")
    expect(page.locator("table")).to_be_visible()
    rows = {
        row.locator("th").inner_text(): row.locator("td") for row in page.locator("tbody tr").all()
    }
    assert list(rows) == features["channel"].to_numpy().tolist()
    wanted = Expected(features).course("trial 1", "psd", "theta").mean(axis=0)
    for cells, value in zip(rows.values(), wanted, strict=True):
        told = float(cells.nth(4).inner_text().replace(MINUS, "-"))
        assert told == pytest.approx(value, abs=0.0051)
    expect(page.locator(".emolib-explorer")).to_have_count(0)


@pytest.mark.browser
@pytest.mark.slow
def test_with_scripts_the_picture_and_the_table_give_way(page):
    expect(page.locator(".emolib-explorer-still")).to_be_hidden()


@pytest.mark.browser
@pytest.mark.slow
def test_a_full_size_subject_keeps_to_the_weight_of_a_page(visit, tmp_path):
    recording, _ = simulate_subject(SimulationSettings(), 1)
    full = extract_features(recording, FeatureSettings())
    assert full["feature"].shape == (4800, 2, 4, 32)
    explorer = Explorer(full, tasks=TASKS)
    assert (explorer.spec["bits"], explorer.spec["joined"]) == (8, 1)
    assert (
        len(explorer.page().encode()) < test_book.HEAVIEST * 0.6
    )  # a report has other figures as well
    page = visit(explorer)
    page.evaluate(CHOOSE, {"show": "trial 40", "kind": "psd", "band": "gamma", "time": 119})
    step = explorer.spec["planes"][7]["step"]
    wanted = full["feature"].sel(kind="psd", band="gamma")[-1].to_numpy()
    assert page.evaluate(DRAWN)["values"] == pytest.approx(wanted, abs=0.51 * step)
    assert f"steps of {step:.2g} (8 bits)" in page.locator(".x-foot").inner_text()


@pytest.mark.browser
@pytest.mark.slow
def test_the_saved_picture_is_a_png_with_the_maps(features, explorer, visit, tmp_path):
    page = visit(explorer, **test_book.SCREENS["phone"])
    page.evaluate(CHOOSE, VIEWS[4] | {"limits": "view"})
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as PNG").click()
    assert download.value.suggested_filename.startswith("sub-01-simulated-valence-high-minus-")
    path = tmp_path / "saved.png"
    download.value.save_as(path)
    assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    assert pixels.shape == (830, 1280, 3)
    assert (pixels[:20] == 255).all()  # on white, also in the dark
    values = Expected(features).difference("valence high", "valence low", "de", "alpha").mean(0)
    most = int(np.abs(values).argmax())
    end = 17 if values[most] > 0 else 0
    spec = explorer.spec
    corner = pixels[165 + 66 * spec["rows"][most], 45 + 66 * spec["columns"][most]]
    assert corner.tolist() == (maps.DIVERGING(end)[:3] * np.array(255)).round().tolist()


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("scripts", [True, False])
def test_markup_in_names_is_shown_as_it_stands(features, visit, scripts):
    nasty = features.copy(deep=True).assign_attrs(subject=NASTY, dataset="</script><b>'\"")
    nasty = nasty.assign_coords(
        scale=["valence", "a\"b'<i>c", "dominance", "</script>"],
        stimulus=("window", [NASTY] * nasty.sizes["window"]),
        band=["theta", "<u>alpha</u>", "beta", "gamma"],
    )
    page = visit(Explorer(nasty, tasks={"valence": TASKS["valence"]}), java_script_enabled=scripts)
    assert page.locator("h1").inner_text() == f"{NASTY}, </script><b>'\""
    assert page.locator("main :is(b, i, u):not(.emolib-explorer *)").count() == 0
    assert page.locator("script").count() == 2
    if scripts:
        about = page.locator(".x-about").inner_text()
        assert NASTY in about and "a\"b'<i>c" in about and "</script>" in about
        page.get_by_role("radio", name="<u>alpha</u>").check(force=True)
        assert "<u>alpha</u>" in page.locator(".x-caption").inner_text()


@pytest.mark.browser
@pytest.mark.slow
def test_features_of_ones_own_with_nothing_but_values(visit):
    values = np.random.default_rng(1).normal(10, 2, size=(7, 5)) * 1e6
    own = xr.DataArray(values, {"channel": ["Fp1", "F8", "Cz", "O1", "O2"]}, ("window", "channel"))
    page = visit(Explorer(own, title="Mine", units={"value": "counts"}))
    page.evaluate(CHOOSE, {"time": 6})
    assert page.evaluate(DRAWN)["values"] == pytest.approx(values[6], rel=1e-4)
    assert page.locator(".x-clock").inner_text() == "window 7"
    assert "counts" in page.locator(".x-unit").inner_text()
    expect(page.get_by_role("group", name="Band")).to_have_count(0)


def test_on_paper_colours_stay_and_no_label_is_without_its_control(visit, explorer):
    page = visit(explorer)
    assert page.locator(".x-field").first.is_visible()
    page.emulate_media(media="print")
    for place in (".x-grid button", ".x-strip i"):  # pale letters stand on dark cells
        how = page.locator(place).first.evaluate("(it) => getComputedStyle(it).printColorAdjust")
        assert how == "exact", place
    assert not any(field.is_visible() for field in page.locator(".x-field").all())
