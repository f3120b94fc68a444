"""The measurement of our own claims: a claim that does not hold must be seen and heard."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from emolib.splits.shuffling import permuted_by_trial


@pytest.fixture
def evidence(monkeypatch):
    monkeypatch.syspath_prepend(
        Path(__file__).resolve().parents[1]
    )  # `benchmarks` is not installed
    return importlib.import_module("benchmarks.evidence")


def test_a_claim_that_does_not_hold_fails_the_run(evidence, monkeypatch, capsys):
    claims = importlib.import_module("benchmarks.claims")
    given = {"good": claims.Claim("one is one", True), "bad": claims.Claim("one is two", False)}
    sections = {name: lambda _, claim=claim: [claim] for name, claim in given.items()}
    monkeypatch.setattr(evidence, "SECTIONS", sections)
    assert evidence.main(["good"]) == 0
    assert "holds  one is one" in capsys.readouterr().out
    assert evidence.main([]) == 1
    assert "FAILS  one is two" in capsys.readouterr().out


def test_an_unknown_section_is_named_with_those_there_are(evidence, capsys):
    with pytest.raises(SystemExit):
        evidence.main(["cluster"])
    assert "no section 'cluster'; there are effects, nulls, clusters" in capsys.readouterr().err


def test_rejections_are_counted_and_judged(evidence, capsys):
    assert evidence.main(["nulls", "--cohorts", "8"]) == 0
    out = capsys.readouterr().out
    assert out.count("holds") == 6
    assert "stimulus_locked within_subject" in out


def test_a_cohort_without_effect_leaks_with_any_labels(evidence):
    effects = importlib.import_module("benchmarks.effects")
    x, table = effects.cohort(0.0, 0, 2)
    assert x.shape == (2 * 40 * 120, 256)
    scores = [
        effects.balanced_accuracy("ridge", effects.EACH, protocol, x, rows)
        for protocol, rows in (
            ("window_wise", table),
            ("window_wise", permuted_by_trial(table, effects.TASKS, 0)),
            ("trial_grouped", table),
        )
    ]
    leaking, permuted, honest = (found["window"] for found in scores)
    assert min(leaking, permuted) > effects.LEAKED
    assert honest < 0.6
    folds = list(effects.free_folds("trial_grouped", effects.EACH, table, 0))
    assert len(folds) == 2 * effects.N_FOLDS
    assert all(table.iloc[fold.test]["subject"].nunique() == 1 for fold in folds)


def test_the_long_way_agrees(evidence):
    lda = importlib.import_module("benchmarks.lda")
    difference, n = lda.farthest_from_scikit_learn(2)
    assert difference < lda.LARGEST
    assert n == 2 * 6 * 20


def test_an_expectation_without_a_tolerance_gives_no_verdict(evidence):
    expectations = importlib.import_module("benchmarks.expectations")
    assert expectations.Expectation(0.5, None, "somewhere").fits(9) is None
    assert expectations.Expectation(0.5, 0.02, "somewhere").fits(0.519)
    assert not expectations.Expectation(0.5, 0.02, "somewhere").fits(0.521)
    assert len(expectations.FORMULA) == 16
