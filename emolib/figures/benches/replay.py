"""The bench that replays a study's trainings, and lets the test fold choose the epoch."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.preprocessing import StandardScaler

from emolib.errors import DataError
from emolib.figures.benches.bench import Bench, Choice, alike
from emolib.figures.display import BLUE, RED, WIDTH, Picture, Table
from emolib.splits.folds import Fold, subsample
from emolib.splits.protocols import protocol_name

MOST_FITS = 40  # of a study, to choose from
EPOCHS, DRAWS = 15, 4  # of the linear classifier: epochs, and orders of the rows in each fold
MOST_ROWS = 1200  # in training, validation and test each
FIXED = "Its schedule was fixed: it looked at validation data, and they chose nothing."
WATCHED = "Past a halving, the recorded losses are those of the rate as it was."
PLAY, PATIENCE, WHO = "Scrub through a fit", "Set the patience", "Let the test fold choose"


class ReplayBench(Bench):
    """The stored fits of a study, epoch by epoch, and what patience makes of their losses.

    Histories hold no test scores, as they should not. What choosing the epoch on the test fold
    gives is shown with `scores` of a linear classifier on the same folds.

    Parameters
    ----------
    histories : DataFrame
        As `emolib.study.stages.histories` reads them: a row an epoch.
    scores : sequence of mapping
        Balanced accuracies (0 to 1) of fits by epoch, "validation" and "test", see
        `scores_by_epoch`.
    fixed : collection of str
        The protocols whose pooled fits had a fixed schedule.
    **choices
        Where choices start, such as ``stop_after=3``.

    Raises
    ------
    DataError
        If there is no history, or there are no scores.
    """

    module = "replay"
    title = "A training replayed"
    question = (
        "A linear classifier learns epoch by epoch. If the test fold itself chooses the epoch, by "
        "how many points is its mean score higher than if validation data choose?"
    )
    guess_of: ClassVar = {"low": 0, "high": 20, "step": 0.5, "unit": "points", "start": 0}
    tries = (
        (
            "Be very impatient.",
            "The fit stops after the first epoch that is not better, if there is one.",
            {"stop_after": 1.0, "halve_after": 1.0},
        ),
        (
            "Be patient.",
            "The fit goes on through epochs that are not better, and the best one is kept.",
            {"stop_after": 16.0, "halve_after": 5.0},
        ),
        (
            "Look at one linear classifier after another.",
            "The test fold always chooses the epoch that is best on the test fold itself.",
            {"run": 2.0},
        ),
    )
    epoch = Choice(200.0, "Epoch", PLAY, low=1, high=200, step=1)
    fit = Choice("", "Fit", PLAY, options={}, later={"own": "your own file"})
    stop_after = Choice(
        3.0, "Epochs without a better one, then stop", PATIENCE, low=1, high=20, step=1
    )
    halve_after = Choice(
        2.0, "Epochs without a better one, then halve the rate", PATIENCE, low=1, high=20, step=1
    )
    run = Choice(1.0, "Linear classifier", WHO, low=1, high=60, step=1)

    def __init__(
        self,
        histories: pd.DataFrame,
        scores: Iterable[Mapping[str, np.ndarray]],
        *,
        fixed: Iterable[str] = (),
        **choices: object,
    ):
        scores = [
            {name: np.round(each[name], 6).tolist() for name in ("validation", "test")}
            for each in scores
        ]
        if not len(histories) or not scores:
            raise DataError("histories", "hold no fit.", "Train the study first.")
        keys = ["protocol", "fold", "stage", "subject", "task"]
        groups = histories.groupby(keys, dropna=False, sort=False)
        by_size = sorted(groups, key=lambda group: (group[0][2] != "pooled", -len(group[1])))
        fits = {}
        for of, own in by_size[:MOST_FITS]:
            pooled = of[2] == "pooled"
            note = FIXED if pooled and of[0] in {*fixed} else WATCHED
            fits[_name(*of)] = {
                "loss": own["loss"].round(6).tolist(),
                "val_loss": own["val_loss"].round(6).tolist(),
                "rate": own["learning_rate"].tolist(),
                "note": note,
            }
        longest = max(len(fit["loss"]) for fit in fits.values())
        rules = {
            "fit": {"options": alike(*fits)},
            "epoch": {"high": longest},
            "run": {"high": len(scores)},
        }
        start = {"fit": next(iter(fits)), "epoch": float(longest)}
        numbers = {"fits": fits, "scores": scores, "watched": WATCHED}
        super().__init__(numbers, rules, **start | choices)

    def still(self) -> tuple[Picture, Table, str]:
        """Return the first fit's losses, and what each way to choose the epoch scores."""
        fit = self.spec["fits"][self.fit]
        figure, ax = plt.subplots(figsize=(WIDTH, 2.6))
        epochs = np.arange(1, len(fit["loss"]) + 1)
        ax.plot(epochs, fit["loss"], "-", color=BLUE, label="training")
        ax.plot(epochs, fit["val_loss"], "--", color=RED, label="validation")
        ax.set(xlabel="epoch", ylabel="loss (nats)")
        ax.legend()
        best = int(np.argmin(fit["val_loss"])) + 1
        picture = Picture(
            figure,
            alt=f"Losses over {len(epochs)} epochs; in validation epoch {best} is the best.",
            caption=f"{self.fit}: losses by epoch.",
        )
        by_validation, by_test = chosen_scores(self.spec["scores"])
        frame = pd.DataFrame(
            {"mean test score (%)": [100 * by_validation.mean(), 100 * by_test.mean()]},
            pd.Index(["validation", "the test fold"], name="chosen by"),
        )
        frame["best fit (%)"] = [100 * by_validation.max(), 100 * by_test.max()]
        gain = 100 * (by_test.mean() - by_validation.mean())
        table = Table(frame.map("{:.1f}".format), caption="A linear classifier's balanced accuracy")
        return picture, table, f"By {gain:.1f} points, over {len(by_test)} fits."


def chosen_scores(scores: Iterable[Mapping[str, Any]]) -> tuple[np.ndarray, np.ndarray]:
    """Return test scores of each fit's epoch, chosen by validation and by the test fold.

    Examples
    --------
    >>> found = chosen_scores([{"validation": [0.5, 0.6, 0.5], "test": [0.7, 0.5, 0.6]}])
    >>> [each.tolist() for each in found]
    [[0.5], [0.7]]
    """
    validation, test = (
        np.array([each[name] for each in scores]) for name in ("validation", "test")
    )
    return test[np.arange(len(test)), validation.argmax(axis=1)], test.max(axis=1)


def scores_by_epoch(
    x: np.ndarray, labels: np.ndarray, folds: Iterable[Fold], *, seed: int = 0
) -> list[dict[str, np.ndarray]]:
    """Train a logistic regression by single steps, and score it after each pass over the rows.

    Parameters
    ----------
    x : array, shape (row, ...)
    labels : array of int, (row,)
        -1 where missing.
    folds : iterable of Fold
        Each is fitted `DRAWS` times, with the rows in another order.
    seed : int

    Returns
    -------
    list of dict
        Of each fit "validation" and "test": balanced accuracy (0 to 1) after each of `EPOCHS`
        epochs. Folds that lack a class in one of their parts are left out.
    """
    found = []
    flat = x.reshape(len(x), -1)
    for fold in folds:
        parts = [subsample(rows[labels[rows] >= 0], MOST_ROWS) for rows in
                 (fold.train, fold.validation, fold.test)]  # fmt: skip
        classes = [np.unique(labels[rows]) for rows in parts]
        if any(len(each) < 2 or len(each) != len(classes[0]) for each in classes):
            continue
        scaler = StandardScaler().fit(flat[parts[0]])
        train, validation, test = (scaler.transform(flat[rows]) for rows in parts)
        for draw in range(DRAWS):
            rng = np.random.default_rng([seed, draw])
            model = SGDClassifier("log_loss", learning_rate="constant", eta0=1e-3, random_state=0)
            curves: dict[str, list[float]] = {"validation": [], "test": []}
            for _ in range(EPOCHS):
                order = rng.permutation(len(train))
                model.partial_fit(train[order], labels[parts[0]][order], classes=classes[0])
                for name, own, rows in zip(curves, (validation, test), parts[1:], strict=True):
                    with warnings.catch_warnings(action="ignore"):  # a class that nobody predicts
                        score = balanced_accuracy_score(labels[rows], model.predict(own))
                    curves[name].append(score)
            found.append({name: np.array(values) for name, values in curves.items()})
    return found


def _name(protocol: str, fold: int, stage: str, subject: object, task: object) -> str:
    """Return what a fit is called in a list."""
    of = [str(each) for each in (subject, task) if isinstance(each, str)]
    kind = "pooled" if stage == "pooled" else f"fine-tuned, {', '.join(of)}"
    return f"fold {fold + 1}, {kind}: {protocol_name(protocol)}"
