"""The measurement of our own claims: a claim that does not hold must be seen and heard."""

from __future__ import annotations

import pytest
from scipy import stats

from benchmarks import claims, effects, evidence, expectations, lda, nulls
from emolib.splits.shuffling import permuted_by_trial

pytestmark = pytest.mark.slow


def test_a_claim_that_does_not_hold_fails_the_run(monkeypatch, capsys):
    given = {"good": claims.Claim("one is one", True), "bad": claims.Claim("one is two", False)}
    sections = {name: lambda _, claim=claim: [claim] for name, claim in given.items()}
    monkeypatch.setattr(evidence, "SECTIONS", sections)
    assert evidence.main(["good"]) == 0
    assert "holds  one is one" in capsys.readouterr().out
    assert evidence.main([]) == 1
    assert "FAILS  one is two" in capsys.readouterr().out


def test_an_unknown_section_is_named_with_those_there_are(capsys):
    with pytest.raises(SystemExit):
        evidence.main(["cluster"])
    assert "no section 'cluster'; there are effects, nulls, clusters" in capsys.readouterr().err


def test_rejections_are_counted_and_judged(capsys):
    assert evidence.main(["nulls", "--cohorts", "8"]) == 0
    out = capsys.readouterr().out
    assert out.count("holds") == 6
    assert "stimulus_locked within_subject" in out


def test_audits_are_counted_for_each_kind_of_leak(capsys):
    assert evidence.main(["audits", "--audits", "1"]) == 0
    out = capsys.readouterr().out
    assert out.count("holds  ") == 10
    assert "stimulus confound: 1 of 1 called leaking" in out


def test_a_cohort_without_effect_leaks_with_any_labels():
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


def test_the_long_way_agrees():
    difference, n = lda.farthest_from_scikit_learn(2)
    assert difference < lda.LARGEST
    assert n == 2 * 6 * 20


def test_an_expectation_without_a_tolerance_gives_no_verdict():
    assert expectations.Expectation(0.5, None, "somewhere").fits(9) is None
    assert expectations.Expectation(0.5, 0.02, "somewhere").fits(0.519)
    assert not expectations.Expectation(0.5, 0.02, "somewhere").fits(0.521)
    assert len(expectations.FORMULA) == 16


@pytest.mark.parametrize(("n", "rate"), [(1000, 0.05), (200, 0.05), (6, 0.05), (50, 0.5)])
def test_the_band_is_the_narrowest_of_equal_tails(n, rate):
    low, high = claims.rejection_band(n, rate=rate, coverage=0.95)
    of = stats.binom(n, rate)
    assert of.cdf(high) - of.cdf(low - 1) >= 0.95
    assert of.cdf(low - 1) <= 0.025 < of.cdf(low)
    assert of.sf(high) <= 0.025 < of.sf(high - 1)


def test_false_positives_are_counted_for_each_test_and_model():
    counted = nulls.false_positives(
        "stimulus_locked", lda.lda_smoother, n_cohorts=8, n_permutations=19
    )
    assert counted.index.tolist() == ["joint_stimulus", "within_subject"]
    assert counted["within_subject"] > counted["joint_stimulus"]
    assert counted["within_subject"] > nulls.rejection_band(8)[1]
