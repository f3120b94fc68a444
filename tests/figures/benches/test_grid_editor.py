"""The grid editor: neighbours as SciPy has them, and rows that a study file takes."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from emolib.figures.benches import GridBench
from emolib.figures.benches.grid_editor import neighbours
from emolib.grid import SEED_GRID, cells, electrodes, read_layout

SHOWN = """({ choices, moves }) => {
    const { bench } = document.querySelector(".b-root");
    const buttons = [...document.querySelectorAll("button")];
    bench.choose(choices);
    for (const move of moves) buttons.find((it) => it.textContent === `Move ${move}`).click();
    return { ...bench.values(), yaml: document.querySelector("pre").textContent, view: bench.view };
}"""
settings = pytest.mark.parametrize("n", [5, pytest.param(20, marks=pytest.mark.benches)])


@pytest.mark.browser
@settings
def test_neighbours_are_scipys_wherever_electrodes_are_moved(n, touch):
    rng = np.random.default_rng(n)
    bench = GridBench()
    page = touch(bench)
    montages = [name for name in bench.rules["montage"]["options"] if name != "study"]
    for i in range(n):
        choices = {"montage": montages[i % len(montages)], "row": int(rng.integers(2, 8))}
        choices["column"] = int(rng.integers(2, 9))
        moves = rng.choice(["up", "down", "left", "right"], 6).tolist()
        shown = page.evaluate(SHOWN, {"choices": choices, "moves": moves})
        layout = read_layout(yaml.safe_load(shown["yaml"])["grid"])
        assert [" ".join(name or "." for name in row) for row in layout] == [
            " ".join(row.split()) for row in shown["rows"].splitlines()
        ]
        names = [name for row in layout for name in row if name]
        assert set(names) == set(bench.spec["montages"][choices["montage"]])
        on_head = np.triu(neighbours([bench.spec["head"][name][2:] for name in names]))
        on_grid = np.triu(neighbours(np.stack(cells(names, layout), axis=1)))
        for kind, found in (
            ("kept", on_head & on_grid), ("lost", on_head & ~on_grid),
            ("invented", on_grid & ~on_head),
        ):  # fmt: skip
            assert set(shown[kind]) == {f"{names[i]} {names[j]}" for i, j in np.argwhere(found)}


@pytest.mark.browser
def test_electrodes_are_dragged_and_typed(touch):
    page = touch(GridBench(montage="muse"))
    values = "() => document.querySelector('.b-root').bench.values().rows"
    layout = read_layout(page.evaluate(values).splitlines())
    assert electrodes(layout) == {"TP9", "AF7", "AF8", "TP10"}
    page.locator("svg.b-cells").first.scroll_into_view_if_needed()
    box = page.locator("svg.b-cells").first.bounding_box()
    (row,), (column,) = cells(["TP9"], layout)

    def at(r: int, c: int) -> tuple[float, float]:
        return box["x"] + box["width"] * (c + 0.5) / 9, box["y"] + box["height"] * (r + 0.5) / 8

    page.mouse.move(*at(row, column))
    page.mouse.down()
    page.mouse.move(*at(7, 1), steps=3)
    page.mouse.up()
    moved = read_layout(page.evaluate(values).splitlines())
    assert moved[7][1] == "TP9" and moved[row][column] == ""
    field = page.get_by_role("textbox", name="Or type names")
    field.fill("fp1, T3 Ox")
    page.get_by_role("button", name="Use these names").press("Enter")
    assert page.get_by_text("No place on the head is known for Ox.").is_visible()
    field.fill("fp1, T3 OZ oz AF7")
    field.press("Enter")
    typed = read_layout(page.evaluate(values).splitlines())
    assert electrodes(typed) == {"Fp1", "T7", "Oz", "AF7"}
    for name in ("Fp1", "T7", "Oz"):
        assert cells([name], typed) == cells([name], SEED_GRID)
