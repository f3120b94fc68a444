"""What trials of the same person could teach: limits and formulas that are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from emolib.errors import SettingsError
from emolib.lessons.personal_gain import SPREAD, accuracies


@pytest.mark.parametrize(("separation", "sources"), [(0.5, 32), (1.0, 4), (2.0, 1)])
def test_the_pooled_accuracy_is_the_formula(separation, sources):
    """With w the mean of p draws from N(1, spread), E Phi(w d / 2) has a closed form.

    It is Phi((d / 2) / sqrt(1 + (spread d / 2)**2 / p)), since E Phi(a + b z) = Phi(a / sqrt(1 +
    b**2)) for a standard normal z.
    """
    drawn = accuracies(10, separation=separation, sources=sources, n_people=40_000).pooled
    half = separation / 2
    expected = ndtr(half / np.sqrt(1 + (SPREAD * half) ** 2 / sources))
    assert drawn == pytest.approx(expected, abs=0.005)


def test_without_differences_between_people_the_pooled_pattern_is_everybody_s():
    found = accuracies(10, separation=1.0, spread=1e-9)
    assert found.pooled == pytest.approx(ndtr(0.5), abs=1e-6)
    assert found.combined == pytest.approx(found.known, abs=1e-6)
    assert found.alone < found.pooled


def test_with_few_trials_combined_is_pooled_and_with_many_it_is_known():
    few, many = (accuracies(n, separation=1.0) for n in (1e-6, 1e9))
    assert few.combined == pytest.approx(few.pooled, abs=1e-3)
    assert few.alone == pytest.approx(0.5, abs=0.01)
    assert many.alone == pytest.approx(many.known, abs=1e-6)
    assert many.combined == pytest.approx(many.known, abs=1e-6)


def test_alone_follows_the_formula_for_many_sources():
    """Phi((D**2 / 2) / sqrt(D**2 + 4 p / n)), D the length of a person's difference."""
    found = accuracies(40, separation=1.0, sources=400)
    length2 = 1 + 1.6**2  # the mean of w**2, times d**2
    expected = ndtr(length2 / 2 / np.sqrt(length2 + 4 * 400 / 40))
    assert found.alone == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("n_trials", [4, 16, 64, 256])
def test_combined_is_at_least_as_good_as_either(n_trials):
    found = accuracies(n_trials, separation=0.8)
    assert found.known > found.combined > max(found.pooled, found.alone) - 1e-3


def test_more_trials_teach_more():
    course = [accuracies(n, separation=0.8) for n in (4, 16, 64, 256)]
    for name in ("alone", "combined"):
        values = [getattr(found, name) for found in course]
        assert values == sorted(values)


def test_no_trial_at_all_is_refused():
    with pytest.raises(SettingsError, match="n_trials"):
        accuracies(0, separation=1.0)
