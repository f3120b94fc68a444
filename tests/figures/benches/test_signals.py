"""Filters, entropy and windows in the page, held against SciPy and the package."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal, special

from emolib.errors import DataError, SettingsError
from emolib.features.bands import Band, band_pass
from emolib.features.windows import band_energy, differential_entropy
from emolib.figures.benches import EntropyBench, FilterBench
from emolib.figures.benches.signals import energy_before

CHOOSE = """(choices) => {
    const { bench } = document.querySelector(".b-root");
    bench.choose(choices);
    const plain = (value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
    return Object.fromEntries(Object.entries(bench.values()).map(([k, v]) => [k, plain(v)]));
}"""
EEG = np.random.default_rng(0).normal(0, 12, 1600).cumsum() % 60 - 30
settings = pytest.mark.parametrize("n", [5, pytest.param(20, marks=pytest.mark.benches)])


def near(found: object, wanted: np.ndarray) -> bool:
    """Whether numbers agree within 1e-9 of the largest absolute value."""
    return bool(np.abs(np.asarray(found) - wanted).max() < 1e-9 * np.abs(wanted).max())


@pytest.mark.browser
@settings
def test_filters_are_scipys(n, touch):
    rng = np.random.default_rng(n)
    bench = FilterBench(EEG, 128)
    page = touch(bench)
    for i in range(n):
        low = 0.5 * int(rng.integers(1, 60))
        high = min(45.0, low + 0.5 * int(rng.integers(2, 40)))
        order = int(rng.integers(1, 7))
        filtering = str(rng.choice(["causal", "zero_phase"]))
        source = list(bench.rules["source"]["options"])[i % 5]
        band, how = Band("", low, high), {"filtering": filtering, "order": order}
        window = 0.25 * int(rng.integers(1, 8))
        choices = {"low_hz": low, "high_hz": high, "order": order, "window": window}
        # The upper limit first: a lower one above it would move it.
        page.evaluate(CHOOSE, {"low_hz": 0.5, "high_hz": 45.0})
        shown = page.evaluate(CHOOSE, choices | {"filtering": filtering, "source": source})
        assert near(shown["y"], band_pass(np.array(shown["x"]), 128, band, **how))
        impulse = signal.unit_impulse(len(shown["h"]), shown["middle"])
        assert near(shown["h"], band_pass(impulse, 128, band, **how))
        sections = signal.butter(order, (low, high), "bandpass", fs=128, output="sos")
        _, response = signal.freqz_sos(sections, np.array(shown["hz"]), fs=128)
        if filtering == "zero_phase":
            response = np.abs(response) ** 2
        assert near(shown["gain"] * np.exp(1j * np.array(shown["phase"])), response)
        outside = energy_before(128, band, filtering, order, window)
        assert shown["before"] == pytest.approx(outside, abs=1e-6)  # what rings past four seconds


@pytest.mark.browser
def test_the_band_is_dragged_and_its_limits_stay_apart(touch):
    page = touch(FilterBench(EEG, 128))
    chart = page.get_by_role("img", name="Gain: drag the band")
    box = chart.bounding_box()
    assert box
    place = lambda hz: box["x"] + 46 + (box["width"] - 56) * hz / 63.5  # noqa: E731
    page.mouse.move(place(14), box["y"] + 60)
    page.mouse.down()
    page.mouse.move(place(30), box["y"] + 60, steps=4)
    page.mouse.up()
    view = "() => document.querySelector('.b-root').bench.view"
    assert page.evaluate(view)["high_hz"] == pytest.approx(30, abs=1)
    shown = page.evaluate("() => document.querySelector('.b-root').bench.choose({low_hz: 40})")
    assert shown is None and page.evaluate(view)["high_hz"] == 41
    page.mouse.move(place(41), box["y"] + 60)
    page.mouse.down()
    page.mouse.move(place(80), box["y"] + 60)  # a quick hand, beyond the chart
    page.mouse.up()
    assert page.evaluate(view)["high_hz"] == 45


@pytest.mark.browser
@settings
def test_entropy_energy_and_density_are_scipys(n, touch):
    rng = np.random.default_rng(n)
    bench = EntropyBench(EEG, 128)
    page = touch(bench)
    for i in range(n):
        choices = {name: float(rng.integers(2, 29)) for name in ("amplitude", "noise", "frequency")}
        choices |= {"window": 0.25 * int(rng.integers(1, 16)), "source": ["sine", "own"][i % 2]}
        shown = page.evaluate(CHOOSE, choices)
        x = np.array(shown["x"])
        assert len(x) == round(128 * choices["window"])
        assert near(shown["de"], differential_entropy(x))
        assert near(shown["energy"], band_energy(x))
        hz, density = signal.welch(x, 128, nperseg=min(len(x), 128))
        assert near(shown["hz"], hz) and near(shown["power"], density)


@pytest.mark.browser
def test_the_scatter_of_entropy_is_as_trigamma_says(touch):
    page = touch(EntropyBench(EEG, 128))
    before = page.evaluate(CHOOSE, {})["spread"]
    page.get_by_role("button", name="Draw again").click()
    after = page.evaluate(CHOOSE, {})
    exact = 0.5 * np.sqrt(special.polygamma(1, (2.0 ** np.arange(3, 10) - 1) / 2))
    assert before != after["spread"]
    assert np.allclose(after["spread"], exact, rtol=0.2)  # 200 draws: 5 % either way
    assert after["needed"] == 52


@pytest.mark.browser
def test_a_readers_own_column_is_filtered(touch, tmp_path):
    page = touch(FilterBench(EEG, 128))
    own, drop = tmp_path / "own.csv", page.locator("input[type=file]")
    sine = 5 * np.sin(2 * np.pi * 10 * np.arange(1000) / 250)
    rows = "\n".join(f"{i / 250:.6f},{value:.6f}" for i, value in enumerate(sine))
    own.write_text(f"time,Oz\n{rows}\n", encoding="utf-8")
    drop.set_input_files(own)
    page.get_by_text("own.csv: column Oz, 250 Hz").wait_for()
    shown = page.evaluate(CHOOSE, {"source": "own"})
    assert near(shown["y"], band_pass(np.array(shown["x"]), 250, Band("", 8, 14)))
    assert np.allclose(shown["x"], sine, atol=1e-5)
    own.write_text("time,Oz\n0,1\n0.004,a lot\n", encoding="utf-8")
    drop.set_input_files(own)
    page.get_by_text('own.csv cannot be used. Row 2, column Oz: "a lot" is no number.').wait_for()


@pytest.mark.parametrize(
    ("signal", "sfreq", "choices", "error", "words"),
    [
        (EEG[:100], 128, {}, DataError, "one row of 2 s"),
        (EEG.reshape(2, -1), 128, {}, DataError, "Give one channel"),
        (np.full(512, np.nan), 128, {}, DataError, "NaN"),
        (EEG, 10, {}, SettingsError, "sfreq"),
        (EEG, 128, {"low_hz": 20.0, "high_hz": 20.5}, SettingsError, "lower limit first"),
        (EEG, 128, {"low": 20.0}, SettingsError, "low_hz"),
        (EEG, 128, {"order": 9}, SettingsError, "from 1 to 6"),
        (EEG, 128, {"filtering": "casual"}, SettingsError, "Did you mean 'causal'"),
    ],
)
def test_what_cannot_be_filtered_is_told(signal, sfreq, choices, error, words):
    with pytest.raises(error, match=words):
        FilterBench(signal, sfreq, **choices)
