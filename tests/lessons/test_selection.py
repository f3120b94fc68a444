"""The best of several is too good: known expectations, and losses worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from emolib.errors import DataError, SettingsError
from emolib.lessons.selection import chosen_losses, expected_maximum, noise_selection


@pytest.mark.parametrize(
    ("n", "known"),
    [
        (1, 0.0),
        (2, 1 / np.sqrt(np.pi)),
        (3, 1.5 / np.sqrt(np.pi)),
        (4, 3 / np.sqrt(np.pi) * (2 / np.pi) * np.arctan(np.sqrt(2))),
    ],
)
def test_known_expected_maxima(n, known):
    assert expected_maximum(n) == pytest.approx(known, abs=1e-8)


def test_the_expected_maximum_of_many_draws():
    draws = np.random.default_rng(0).normal(size=(20_000, 50)).max(axis=1)
    assert expected_maximum(50) == pytest.approx(draws.mean(), abs=4 * draws.std() / 20_000**0.5)


def test_the_maximum_of_none_is_refused():
    with pytest.raises(SettingsError, match="n"):
        expected_maximum(0)


def test_choosing_on_test_flatters_by_the_formula_and_choosing_elsewhere_does_not():
    found = noise_selection(10, 400)
    assert found.best_on_test == pytest.approx(found.formula, abs=0.003)
    assert found.best_on_validation == pytest.approx(0.5, abs=0.002)
    assert noise_selection(1, 400).formula == pytest.approx(0.5)


def tables(test_is_validation: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One pooled fit of two tasks; two test windows, of which one lacks arousal's rating."""
    who = {"protocol": "window_wise" if test_is_validation else "trial_grouped", "fold": 0}
    probabilities = {"valence": [(0, 1, 0.8), (1, 0, 0.4)], "arousal": [(0, 1, 0.5)]}
    rows = [
        {**who, "stage": "pooled", "subject": "sub-01", "trial": 1, "window": window}
        | {"task": task, "label": label, "probability": p}
        for task, given in probabilities.items()
        for window, label, p in given
    ]
    rows += [row | {"stage": "subject", "probability": 0.01} for row in rows]
    loss = -(np.log(0.8) + np.log(0.6) + np.log(0.5)) / 2
    val_losses = [2.0, loss if test_is_validation else 0.1, 1.9]
    history = pd.DataFrame({**who, "stage": "pooled", "epoch": [1, 2, 3], "val_loss": val_losses})
    history = history.assign(selection="loss", val_error=[0.1, 0.5, 0.1])
    return history, pd.DataFrame(rows)


def test_losses_by_hand():
    found = chosen_losses(*tables(test_is_validation=False)).loc[("trial_grouped", 0)]
    assert found["epochs"] == 3
    assert found["kept"] == 2
    assert found["validation"] == 0.1
    assert found["test"] == pytest.approx(-(np.log(0.8) + np.log(0.6) + np.log(0.5)) / 2)


def test_where_classes_count_the_same_they_do_so_on_test():
    """Labels 1, 1, 0 of one task: half the mean loss of the two, and half that of the one."""
    history, rows = tables(test_is_validation=False)
    rows = rows[(rows["stage"] == "pooled") & (rows["task"] == "valence")]
    more = rows.iloc[[0]].assign(window=2, probability=0.3)
    found = chosen_losses(
        history.assign(selection="balanced_accuracy"), pd.concat([rows, more], ignore_index=True)
    ).loc[("trial_grouped", 0)]
    assert found["kept"] == 1
    last = chosen_losses(history.assign(selection="last"), rows).loc[("trial_grouped", 0)]
    assert (last["kept"], last["validation"]) == (3, 1.9)
    assert found["test"] == pytest.approx(-(np.log(0.8 * 0.3) / 2 + np.log(0.6)) / 2)


def test_where_test_is_validation_both_losses_are_one():
    found = chosen_losses(*tables(test_is_validation=True)).loc[("window_wise", 0)]
    assert found["test"] == pytest.approx(found["validation"])


def test_without_a_pooled_fit_there_is_nothing_to_hold_against_another():
    with pytest.raises(DataError, match="no pooled fit"):
        chosen_losses(pd.DataFrame(), pd.DataFrame())
