"""The planner in the page, held against SciPy, and the study file that it writes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from emolib.figures.benches import PlanningBench
from emolib.figures.benches.planning import chance_of
from emolib.study.study import load

SHOWN = """(choices) => {
    const { bench } = document.querySelector(".b-root");
    bench.choose(choices);
    return { ...bench.values(), view: { ...bench.view } };
}"""
settings = pytest.mark.parametrize("n", [5, pytest.param(20, marks=pytest.mark.benches)])


@pytest.mark.browser
@settings
def test_chance_and_power_are_scipys_and_the_study_loads(n, touch, tmp_path):
    rng = np.random.default_rng(n)
    bench = PlanningBench()
    page = touch(bench)
    for _ in range(n):
        choices = {"people": int(rng.integers(1, 60)), "trials": 2 * int(rng.integers(5, 65))}
        choices |= {"shared": 0.01 * int(rng.integers(0, 50)), "effect": int(rng.integers(50, 90))}
        choices |= {"protocol": str(rng.choice(list(bench.rules["protocol"]["options"])))}
        shown = page.evaluate(SHOWN, choices)
        people, shared = choices["people"], shown["view"]["shared"]
        n_answers = int(people * choices["trials"] / (1 + (people - 1) * shared))
        assert shown["n"] == n_answers
        wanted = chance_of(n_answers)
        assert shown["low"] == pytest.approx(wanted.low, abs=1e-12)
        assert shown["high"] == pytest.approx(wanted.high, abs=1e-12)
        assert shown["detectable"] == pytest.approx(wanted.detectable, abs=1e-9)
        power = stats.binom.sf(shown["critical"] - 1, n_answers, choices["effect"] / 100)
        assert shown["power"] == pytest.approx(power, abs=1e-9)
        file = tmp_path / "planned.yaml"
        file.write_text(shown["yaml"], encoding="utf-8")
        planned = load(file)
        assert planned.simulation.n_subjects == people
        assert planned.simulation.n_trials == choices["trials"]


def test_the_least_accuracy_found_is_found_in_four_of_five():
    found = chance_of(60)
    critical = stats.binom.ppf(0.95, 60, 0.5) + 1
    assert stats.binom.sf(critical - 1, 60, 0.5) <= 0.05 < stats.binom.sf(critical - 2, 60, 0.5)
    assert stats.binom.sf(critical - 1, 60, found.detectable) == pytest.approx(0.8, abs=1e-9)


def test_too_few_answers_find_nothing():
    assert np.isnan(chance_of(4).detectable)
