"""The split game and the planner, held against scikit-learn and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmarks.pseudo_trials import expected_accuracy
from emolib.evaluation.linear import REFERENCE_MODELS
from emolib.features.extraction import FeatureSettings, window_features
from emolib.features.windows import z_score
from emolib.figures.benches import PlanningBench, SplitGame
from emolib.figures.benches.games import chance_of
from emolib.recordings.labels import Task
from emolib.recordings.simulated import SimulationSettings, simulate_subject
from emolib.study.study import load

PLAY = """async (choices) => {
    const { bench } = document.querySelector(".b-root");
    const before = bench.values()?.points ?? 0;
    bench.choose(choices);
    while ((bench.values()?.points ?? 0) === before) await new Promise((go) => setTimeout(go, 10));
    const { noise, ...shown } = bench.values();
    const plain = (values) => Array.from(values);
    return {
        ...shown, x: plain(shown.x), right: plain(shown.right), trial: plain(noise.trial),
        rest: plain(noise.rest), nTrials: noise.nTrials, nWindows: noise.nWindows,
        signal: plain(noise.example?.signal ?? []),
    };
}"""
PLAN = """(choices) => {
    const { bench } = document.querySelector(".b-root");
    bench.choose(choices);
    return { ...bench.values(), view: { ...bench.view } };
}"""
settings = pytest.mark.parametrize("n", [5, pytest.param(20, marks=pytest.mark.benches)])


def balanced(right: np.ndarray, labels: np.ndarray, folds: np.ndarray) -> float:
    """The mean over folds of the mean over classes of the share that is right."""
    of_fold = [
        np.mean([right[(folds == fold) & (labels == label)].mean() for label in (0, 1)])
        for fold in range(5)
    ]
    return float(np.mean(of_fold))


def scored(shown: dict) -> float:
    """What scikit-learn makes of the page's features, labels and folds."""
    labels, folds = np.array(shown["labels"]), np.array(shown["folds"])
    x = np.reshape(shown["x"], (len(labels), -1))
    name = {"ridge": "ridge", "neighbours": "nearest_neighbours"}[shown["model"]]
    right = np.empty(len(labels))
    for fold in range(5):
        test = folds == fold
        model = REFERENCE_MODELS[name]().fit(x[~test], labels[~test])
        right[test] = model.predict(x[test]) == labels[test]
    return balanced(right, labels, folds)


def normalised(shown: dict) -> np.ndarray:
    """What NumPy makes of the page's entropies: a level subtracted, each window z-scored."""
    trial = np.reshape(shown["trial"], (shown["nTrials"], shown["nWindows"], -1))
    rest = np.reshape(shown["rest"], (shown["nTrials"], -1))
    if shown["removal"] == "another":
        ring = np.array(shown["ring"])
        level = np.empty_like(rest)
        level[ring] = rest[np.roll(ring, 1)]
    else:
        level = {"own": rest, "mean": rest.mean(0) + 0 * rest, "none": 0 * rest}[shown["removal"]]
    return z_score(trial - level[:, None], axis=2)


@pytest.mark.browser
@settings
def test_the_split_game_scores_as_scikit_learn_does(n, touch):
    rng = np.random.default_rng(n)
    game = SplitGame(trials="10", channels="4")
    page = touch(game)
    asked = FeatureSettings(kinds=("de",))
    for i in range(n):
        choices = {name: str(rng.choice(list(game.rules[name]["options"]))) for name in (
            "removal", "split", "model",
        )}  # fmt: skip
        size = {"trials": str(rng.choice(["10", "20"])), "channels": str(rng.choice(["4", "8"]))}
        shown = page.evaluate(PLAY, choices | size | {"baseline": 0.5 * (i + 2)})
        assert shown["value"] == pytest.approx(scored(shown), abs=1e-12)
        wanted = normalised(shown)
        assert np.abs(np.ravel(shown["x"]) - wanted.ravel()).max() < 1e-9 * np.abs(wanted).max()
        first = np.reshape(shown["trial"], (*wanted.shape[:2], 4, -1))[0, :, :, 0]
        entropy = window_features(np.array([shown["signal"]]), 128, asked)[:, 0, :, 0]
        assert np.abs(first - entropy).max() < 1e-9 * np.abs(entropy).max()
        folds = np.reshape(shown["folds"], wanted.shape[:2])
        assert np.ptp(np.bincount(folds.ravel())) <= (1 if shown["split"] == "windows" else 24)
        together = (folds == folds[:, :1]).all()
        assert together == (shown["split"] == "trials")


@pytest.mark.browser
def test_the_split_game_draws_the_formula_of_chapter_9(touch):
    page = touch(SplitGame(trials="40", channels="8", baseline=1.0))
    shown = page.evaluate(PLAY, {"channels": "16"})
    wanted = expected_accuracy(2**-0.5, 4 * 16, 40, n_windows=12 * 0.8)
    assert shown["formula"] == pytest.approx(wanted, abs=1e-9)


@pytest.mark.browser
def test_the_split_game_is_played_with_recordings_too(touch):
    recording, _ = simulate_subject(SimulationSettings(n_trials=12, trial_seconds=8), 1)
    recording = recording.isel(channel=slice(0, 6))
    middle = float(recording["rating"].sel(scale="valence").median())
    game = SplitGame(recording, {"valence": Task("valence", above=middle)})
    page = touch(game)
    shown = page.evaluate(PLAY, {"source": "study", "labels": "valence", "split": "trials"})
    study = game.spec["study"]
    assert shown["value"] == pytest.approx(scored(shown), abs=1e-12)
    assert shown["labels"] == np.repeat(study["labels"]["valence"], study["nWindows"]).tolist()
    for name in ("Trials", "Electrodes", "Baseline"):
        assert not page.get_by_text(name, exact=True).first.is_visible()


@pytest.mark.browser
def test_the_split_game_is_played_with_a_readers_own_windows(touch, tmp_path):
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(12) % 2, 4)
    x = rng.normal(size=(48, 3)) + labels[:, None]
    file = tmp_path / "own.csv"
    rows = (
        f"{i // 4},{label},{','.join(map(str, row))}"
        for i, (label, row) in enumerate(zip(labels, x, strict=True))
    )
    file.write_text("trial,label,a,b,c\n" + "\n".join(rows) + "\n", encoding="utf-8")
    page = touch(SplitGame(trials="10", channels="4"))
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_text("own.csv: 12 trials of 4 windows, 3 features.").wait_for()
    shown = page.evaluate(PLAY, {"split": "trials"})
    assert shown["labels"] == labels.tolist()
    assert np.array_equal(np.ravel(shown["x"]), x.ravel())
    assert shown["value"] == pytest.approx(scored(shown), abs=1e-12)
    file.write_text("trial,label,a\n1,0,1\n1,1,2\n", encoding="utf-8")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_text("own.csv cannot be used. Trial 1 has several labels.").wait_for()


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
        shown = page.evaluate(PLAN, choices)
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


@pytest.mark.browser
def test_new_people_can_be_asked_for_and_left_again(touch):
    """One person is the start: the list of protocols must not jump back without a word."""
    page = touch(PlanningBench())
    shown = page.evaluate(PLAN, {"protocol": "leave_subjects_out"})["view"]
    assert (shown["protocol"], shown["people"]) == ("leave_subjects_out", 5)
    assert page.get_by_label("Held out").input_value() == "leave_subjects_out"
    shown = page.evaluate(PLAN, {"people": 2})["view"]
    assert (shown["protocol"], shown["people"]) == ("trial_grouped", 2)


def test_the_least_accuracy_found_is_found_in_four_of_five():
    found = chance_of(60)
    critical = stats.binom.ppf(0.95, 60, 0.5) + 1
    assert stats.binom.sf(critical - 1, 60, 0.5) <= 0.05 < stats.binom.sf(critical - 2, 60, 0.5)
    assert stats.binom.sf(critical - 1, 60, found.detectable) == pytest.approx(0.8, abs=1e-9)


def test_too_few_answers_find_nothing():
    assert np.isnan(chance_of(4).detectable)
