"""Fits replayed in the page, held against the rules that the package writes out."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from emolib.errors import DataError
from emolib.figures.benches import ReplayBench
from emolib.figures.benches.replay import chosen_scores, scores_by_epoch
from emolib.model import networks as _backend  # noqa: F401 - before keras: it chooses the backend
from emolib.splits.folds import Fold

import keras  # isort: skip

RNG = np.random.default_rng(3)
SCORES = [{name: RNG.random(6) for name in ("validation", "test")} for _ in range(5)]
SHOWN = """(choices) => {
    const { bench } = document.querySelector(".b-root");
    bench.choose(choices);
    return bench.values();
}"""
settings = pytest.mark.parametrize("n", [5, pytest.param(20, marks=pytest.mark.benches)])


def histories(n_epochs: int = 25) -> pd.DataFrame:
    """Make up three fits whose losses fall and stay noisy."""
    of = ["protocol", "fold", "stage", "subject", "task"]
    fits = [
        ("window_wise", 0, "pooled", None, None),
        ("trial_grouped", 0, "pooled", None, None),
        ("trial_grouped", 1, "subject_and_task", "sub-01", "valence"),
    ]
    epochs = np.arange(1, n_epochs + 1)
    parts = []
    for fit in fits:
        loss, val_loss = 1 / epochs + RNG.normal(0, 0.1, (2, n_epochs)) + 1
        own = {"epoch": epochs, "loss": loss, "val_loss": val_loss, "learning_rate": 1e-3}
        parts.append(pd.DataFrame(own | dict(zip(of, fit, strict=True))))
    return pd.concat(parts)


def follow(losses: list[float], halve: int, stop: int) -> tuple[list[float], int, int | None]:
    """Return what Keras makes of losses: each epoch's rate, the kept epoch, and where it stops."""
    model = SimpleNamespace(stop_training=False, optimizer=SimpleNamespace(learning_rate=1e-3))
    stopping = keras.callbacks.EarlyStopping(patience=stop)
    halving = keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=halve, min_delta=0)
    for callback in (halving, stopping):
        callback.set_model(model)
        callback.on_train_begin()
    rates = []
    for epoch, loss in enumerate(losses):
        rates.append(float(model.optimizer.learning_rate))
        for callback in (halving, stopping):
            callback.on_epoch_end(epoch, {"val_loss": loss})
        if model.stop_training:
            return rates, stopping.best_epoch + 1, epoch + 1
    return rates, stopping.best_epoch + 1, None


@pytest.mark.browser
@settings
def test_patience_does_what_the_schedule_does(n, touch):
    rng = np.random.default_rng(n)
    bench = ReplayBench(histories(), SCORES)
    page = touch(bench)
    for _ in range(n):
        halve, stop = (int(each) for each in rng.integers(1, 13, 2))
        name = str(rng.choice(list(bench.spec["fits"])))
        asked = {"fit": name, "halve_after": halve, "stop_after": stop}
        shown = page.evaluate(SHOWN, asked)
        rates, kept, stops = follow(bench.spec["fits"][name]["val_loss"], halve, stop)
        assert shown["rates"] == pytest.approx(
            rates, rel=1e-6
        )  # Keras has them in single precision
        assert (shown["kept"], shown["stops"]) == (kept, stops)
    by_validation, by_test = chosen_scores(bench.spec["scores"])
    assert shown["scores"]["validation"] == by_validation.tolist()
    assert shown["scores"]["test"] == by_test.tolist()
    assert shown["gain"] == pytest.approx((by_test - by_validation).mean())


@pytest.mark.browser
def test_a_log_of_keras_is_replayed(touch, tmp_path):
    page = touch(ReplayBench(histories(8), SCORES))
    own, drop = tmp_path / "log.csv", page.locator("input[type=file]")
    logger = keras.callbacks.CSVLogger(own)
    logger.set_model(SimpleNamespace(stop_training=False))
    logger.on_train_begin()
    losses = [3.0, 2.0, 2.5, 2.6, 2.7, 1.0, *[1.5] * 20]
    for epoch, loss in enumerate(losses):
        logger.on_epoch_end(epoch, {"loss": loss / 2, "val_loss": loss})
    logger.on_train_end()
    drop.set_input_files(own)
    page.get_by_text("log.csv: 26 epochs").wait_for()
    shown = page.evaluate(SHOWN, {"halve_after": 2, "stop_after": 4})
    assert (shown["kept"], shown["stops"]) == (6, 10)
    assert page.evaluate('document.querySelector(".b-root").bench.view.epoch') == len(losses)
    own.write_text("epoch,loss\n0,1\n", encoding="utf-8")
    drop.set_input_files(own)
    page.get_by_text("log.csv cannot be used. It has the columns").wait_for()


def test_scores_of_what_can_be_told_apart_and_of_what_cannot():
    rng = np.random.default_rng(0)
    labels = np.arange(240) % 2
    told = rng.normal(size=(240, 8)) + 2 * labels[:, None]
    rows = np.arange(240)
    fold = Fold(rows[:120], rows[120:180], rows[180:], leaks=False)
    for curves in scores_by_epoch(told, labels, [fold]):
        assert curves["validation"][-1] > 0.9 and curves["test"][-1] > 0.9
    (first, *_) = scores_by_epoch(rng.normal(size=(240, 8)), labels, [fold])
    assert 0.3 < first["test"].mean() < 0.7
    one_class = Fold(rows[::2], rows[120:180], rows[180:], leaks=False)
    assert scores_by_epoch(told, labels, [one_class]) == []


def test_without_fits_it_says_so():
    with pytest.raises(DataError, match=r"hold no fit.*Train the study first"):
        ReplayBench(histories().iloc[:0], SCORES)
