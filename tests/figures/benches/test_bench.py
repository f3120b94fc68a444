"""What every bench keeps to: keyboard, screen readers, phones, no scripts, its own address."""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest
import test_book
from figures.benches.test_network import CLASSES, small_network
from figures.benches.test_replay import SCORES, histories
from playwright.sync_api import expect

from emolib.errors import SettingsError
from emolib.figures import benches
from emolib.figures.benches.bench import Bench
from emolib.recordings.simulated import SimulationSettings, simulate_subject

EEG = np.random.default_rng(0).normal(0, 12, 1600)
PERSON, _ = simulate_subject(SimulationSettings(n_trials=3, trial_seconds=4), 1)
BENCHES: dict[str, Callable[[], Bench]] = {
    "split_game": lambda: benches.SplitGame(trials="10", channels="4"),
    "filters": lambda: benches.FilterBench(EEG, 128, channel="Oz"),
    "entropy": lambda: benches.EntropyBench(EEG, 128),
    "planning": lambda: benches.PlanningBench(people=2.0),
    "memory": lambda: benches.TimeBench(EEG[:8].reshape(4, 2) / 10),
    "loss": benches.LossBench,
    "windows": lambda: benches.WindowBench(PERSON),
    "grid_editor": benches.GridBench,
    "replay": lambda: benches.ReplayBench(histories(), SCORES),
    "network": lambda: benches.NetworkBench(small_network(), CLASSES),
}
WORDS = re.compile('type="(file|text)"')  # controls that arrow keys do not move
each = pytest.mark.parametrize("name", BENCHES)

# Go by the tabulator alone: what has the focus, in order.
FOCUSED = "() => document.activeElement.closest('.b-root') && document.activeElement.outerHTML"
VISIBLE_CONTROLS = """() => {
    const seen = [...document.querySelectorAll(".b-root :is(input, select, button, pre)")]
        .filter((it) => it.checkVisibility());
    const groups = new Set(seen.filter((it) => it.type === "radio").map((it) => it.name));
    return seen.filter((it) => it.type !== "radio").length + groups.size;
}"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
VIEW = "() => ({...document.querySelector('.b-root').bench.view})"


@pytest.mark.browser
@each
def test_a_bench_works_by_keyboard_on_a_phone_and_for_axe(name, touch):
    phone = test_book.SCREENS["phone"]
    bench = BENCHES[name]()
    page = touch(bench, **phone)
    assert page.evaluate(OVERFLOW) <= 0
    # A guess, by keys alone: the answer is told, and only then.
    answer = page.locator(".b-answer")
    assert answer.inner_text() == ""
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(answer).to_contain_text("Your guess: ")
    # Each slider has its label for a name.
    labels = [rule["label"] for rule in bench.rules.values() if "low" in rule]
    named = sum(page.get_by_role("slider", name=label, exact=True).count() for label in labels)
    assert named == page.locator(".b-controls input[type=range]:visible").count()
    # Every control is reached, and each moves.
    reached, moved = 2, set()
    before = page.evaluate(VIEW)
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is None:
            break
        reached += 1
        if focused.startswith(("<input", "<select")) and not WORDS.search(focused):
            page.keyboard.press("ArrowRight")
            after = page.evaluate(VIEW)
            if after == before:  # it stood at its end
                page.keyboard.press("ArrowLeft")
                after = page.evaluate(VIEW)
            assert after != before, focused
            moved |= {each for each in after if after[each] != before[each]}
            before = after
    assert reached == page.evaluate(VISIBLE_CONTROLS)
    assert moved
    # What was moved is told to those who listen.
    expect(page.locator("[role=status].x-hidden")).not_to_have_text("")
    page.add_script_tag(path=test_book.AXE)
    assert page.evaluate(test_book.AUDIT) == []
    page.set_viewport_size({"width": 1280, "height": 900})
    assert page.evaluate(OVERFLOW) <= 0


@each
def test_a_picture_its_values_and_the_answer_stand_still(name):
    picture, table, answer = BENCHES[name]().still()
    assert len(picture.alt) > 20 and picture.caption
    assert table.frame.size >= 4 and "nan" not in str(table).lower()
    assert any(sign.isdigit() for sign in answer)


@pytest.mark.browser
def test_without_scripts_what_stands_still_is_seen(touch):
    bench = BENCHES["filters"]()
    page = touch(bench, scripts=False)
    _, table, answer = bench.still()
    assert page.locator("figure img").is_visible()
    assert page.locator("table tbody tr").count() == len(table.frame)
    for words in (f"Question. {bench.question}", f"Answer. {answer}"):
        assert page.get_by_text(words).is_visible()


@pytest.mark.browser
def test_the_address_keeps_what_is_chosen_and_brings_it_back(touch):
    bench = BENCHES["filters"]()
    page = touch(bench)
    page.evaluate("() => document.querySelector('.b-root').bench.choose({order: 5})")
    page.get_by_role("radio", name="a burst").check(force=True)
    page.wait_for_function("() => location.hash.includes('source=burst')")
    address = "#" + page.url.partition("#")[2]
    assert page.evaluate("() => location.hash") == "#filters?source=burst&order=5"
    again = touch(bench, address=address + "&low_hz=nonsense&filtering=casual&%E0%A4=1")
    view = again.evaluate(VIEW)
    assert (view["source"], view["order"], view["low_hz"]) == ("burst", 5, 8)
    assert view["filtering"] == "causal"


@pytest.mark.browser
def test_a_bench_makes_the_first_move_unless_motion_is_unwanted(touch):
    moving = "() => document.querySelector('.b-root').bench.moving()"
    page = touch(BENCHES["filters"](), reduced_motion="no-preference")
    page.wait_for_function(moving)
    page.wait_for_function("() => document.querySelector('.b-root').bench.view.low_hz < 6")
    page.wait_for_function(f"() => !({moving})()")
    assert page.evaluate(VIEW)["low_hz"] == 8
    calm = touch(BENCHES["filters"]())
    calm.wait_for_timeout(300)
    assert not calm.evaluate(moving) and calm.evaluate(VIEW)["low_hz"] == 8


def test_a_choice_is_an_attribute_that_refuses_what_may_not_be():
    bench = BENCHES["filters"]()
    bench.filtering = "zero_phase"
    assert bench.filtering == "zero_phase"
    with pytest.raises(SettingsError, match="Did you mean 'zero_phase'"):
        bench.filtering = "zerophase"
    with pytest.raises(SettingsError, match="Give a number from 1 to 6"):
        bench.order = 7
    with pytest.raises(SettingsError, match="Give a number"):
        bench.order = "three"
    assert bench.order == 3


def test_markup_in_a_name_is_text():
    page = benches.FilterBench(EEG, 128, channel="</script><b>x").page()
    assert "</script><b>" not in page
    assert page.count("<script") == page.count("</script>") == 2


def test_two_of_the_same_are_the_same_bytes():
    assert BENCHES["split_game"]().page() == BENCHES["split_game"]().page()


@pytest.mark.parametrize(
    "script", [*Path(benches.__file__).parents[1].rglob("*.js")], ids=attrgetter("name")
)
def test_a_picture_has_a_name_before_anything_is_drawn_in_it(script):
    made = [line.strip() for line in script.read_text().splitlines() if 'role: "img"' in line]
    assert [line for line in made if '"aria-label": ' not in line] == []


@pytest.mark.browser
def test_on_paper_points_have_a_length_and_no_panel_is_cut(touch):
    """A square end of a line without length is not printed; a cut panel lies over the next one."""
    page = touch(benches.PlanningBench(people=2.0))
    drawn = page.locator(".b-points").evaluate_all("(all) => all.map((it) => it.outerHTML)")
    assert drawn and not any("h0" in each for each in drawn)
    page.emulate_media(media="print")
    how = page.locator(".b-panel").first.evaluate("(it) => getComputedStyle(it).breakInside")
    assert how == "avoid"
