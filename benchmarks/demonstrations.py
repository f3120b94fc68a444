"""What baseline removal does to trials: shown on white noise and on real EEG, with random labels.

All windows of a trial have the same vector subtracted from them, the mean of a few noisy
baseline windows. That vector is a fingerprint: where windows of one trial are on both sides of
a split and a trial has one label, a classifier may recognise the trial and look its label up.

The claim is this and no more. Subtracting one noisy vector from all windows of a trial is
sufficient (not necessary) to make trials identifiable. It says nothing against baseline removal
where whole trials are held out, nor how much of any published score it explains.

The same holds for whatever else is estimated for each trial and applied to all its windows: see
`benchmarks.trial_marks` for what each step is predicted to do.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.pseudo_trials import (
    MIN_TRIALS,
    REMOVALS,
    REPAIRS,
    NoiseSettings,
    PseudoTrials,
    expected_accuracy,
    remove_baseline,
    resting_trials,
    shared_ratio,
    white_noise,
)
from emolib.errors import DataError
from emolib.evaluation.linear import reference_predictions
from emolib.recordings import eegmat
from emolib.splits.folds import stable_seed

MODELS = ("ridge", "nearest_neighbours")
SPLITS = ("window_wise", "trial_grouped")
LOOK_UP = "nearest_trial_label"
GAUSSIAN = "gaussian_trial"  # names a trial by the mean and the scale of each feature
N_FOLDS = 5  # the source's


def fingerprint_scores(
    trials: PseudoTrials,
    *,
    removals: Sequence[str] = REMOVALS,
    models: Sequence[str] = MODELS,
    protocols: Sequence[str] = SPLITS,
    look_up: bool = True,
    seed: int = 0,
) -> pd.DataFrame:
    """Score models on random labels of trials, for each way to remove the baseline.

    Half of the trials, drawn at random, are of class 1.

    Parameters
    ----------
    trials : PseudoTrials
    removals : sequence of str
        See `remove_baseline`.
    models : sequence of str
        Names in `emolib.evaluation.linear.REFERENCE_MODELS`.
    protocols : sequence of str
        Names in `emolib.splits.PROTOCOLS` that need one subject only.
    look_up : bool
        Whether to name each window's trial, by the nearest mean of a trial's windows, and look
        its label up, window-wise; and to name it by each feature's mean and scale.
    seed : int
        Of labels, splits and rings.

    Returns
    -------
    pandas.DataFrame
        Columns ``subject``, ``removal``, ``model``, ``protocol``, ``metric`` and ``value``. The
        metric is "balanced_accuracy" of windows (chance 1/2) or, of the look-up, also
        "trials_named", the proportion of windows whose trial is found (chance 1 / trials).

    Raises
    ------
    DataError
        If there are fewer trials than two for each fold.
    """
    n_trials, n_windows = trials.trial.shape[:2]
    if n_trials < MIN_TRIALS:
        raise DataError(
            trials.name,
            f"has {n_trials} trials; {N_FOLDS} folds with both classes need {MIN_TRIALS}.",
            "Cut shorter trials.",
        )
    rng = np.random.default_rng(stable_seed("labels", trials.name, seed))
    label = rng.permutation(np.arange(n_trials) % 2)
    number = np.repeat(np.arange(n_trials), n_windows)
    table = pd.DataFrame(
        {"subject": trials.name, "trial": number, "stimulus": number}
        | {"window": np.tile(np.arange(n_windows), n_trials), "label": label[number]}
    )
    rows = []
    for removal in removals:
        x = remove_baseline(trials, removal, seed=seed).reshape(len(table), -1)
        for model in models:
            for protocol in protocols:
                given = reference_predictions(
                    model, x, table, protocol, n_folds=N_FOLDS, seed=seed, tasks=["label"]
                )
                rows.append((removal, model, protocol, "balanced_accuracy", _balanced(given)))
        if look_up:
            found = _nearest_trial_label(x, number, label, seed)
            rows += [(removal, LOOK_UP, "window_wise", *pair) for pair in found.items()]
            named = _named_trials(GaussianNB(), x, number, seed) == number
            rows.append((removal, GAUSSIAN, "window_wise", "trials_named", float(named.mean())))
    columns = ["removal", "model", "protocol", "metric", "value"]
    scores = pd.DataFrame(rows, columns=columns)
    scores.insert(0, "subject", trials.name)
    return scores


def white_noise_scores(
    n_cohorts: int = 8, settings: NoiseSettings | None = None, *, seed: int = 0, **choice: object
) -> pd.DataFrame:
    """Score several draws of white noise after each step that may mark its trials.

    `choice` goes to `fingerprint_scores`. The repairs of signals, see `white_noise`, are further
    values of ``removal``; rows of the metric "rho", of no model, hold the ratio of `shared_ratio`.
    """
    parts = []
    for k, repair in itertools.product(range(seed, seed + n_cohorts), ("", *REPAIRS)):
        noise = white_noise(settings, seed=k, repair=repair)
        steps = ["none"] if repair else REMOVALS
        found = fingerprint_scores(noise, removals=steps, seed=k, **choice)
        ratios = {
            "removal": steps,
            "value": [shared_ratio(remove_baseline(noise, step, seed=k)) for step in steps],
        }
        fixed = {"subject": noise.name, "model": "", "protocol": "", "metric": "rho"}
        found = pd.concat([found, pd.DataFrame(ratios).assign(**fixed)])
        parts.append(found.assign(removal=repair) if repair else found)
    return pd.concat(parts, ignore_index=True)


def resting_scores(
    root: str | Path, subjects: Iterable[str] | None = None, *, seed: int = 0, **choice: object
) -> pd.DataFrame:
    """Score people at rest, all of the folder by default; `choice` goes to `fingerprint_scores`."""
    names = eegmat.subjects(root) if subjects is None else subjects
    return pd.concat(
        [fingerprint_scores(resting_trials(root, name), seed=seed, **choice) for name in names],
        ignore_index=True,
    )


def summary(scores: pd.DataFrame) -> pd.DataFrame:
    """Average over subjects or draws, with their standard deviation and number.

    Returns
    -------
    pandas.DataFrame
        Columns ``removal``, ``model``, ``protocol``, ``metric``, ``mean``, ``sd`` and ``n``, in
        the order in which the rows first appear.
    """
    keys = ["removal", "model", "protocol", "metric"]
    values = scores.groupby(keys, sort=False)["value"].agg(mean="mean", sd="std", n="size")
    return values.reset_index()


def formula_scores(
    variations: Iterable[NoiseSettings], n_cohorts: int = 2, *, seed: int = 0
) -> pd.DataFrame:
    """Hold the formula against ridge on white noise with each trial's own level removed.

    Returns
    -------
    pandas.DataFrame
        A row a variation: ``n_trials``, ``n_channels``, ``trial_seconds``,
        ``baseline_seconds``, ``rho``, ``formula`` (windows without number), ``formula_finite``
        (as many as there are on the training side) and ``measured``, balanced accuracy of
        windows; means over draws.
    """
    rows = []
    for settings in variations:
        draws = []
        for k in range(seed, seed + n_cohorts):
            noise = white_noise(settings, seed=k)
            rho = shared_ratio(remove_baseline(noise, "own"))
            n_trials, n_windows, *shape = noise.trial.shape
            p, w = int(np.prod(shape)), n_windows * (1 - 1 / N_FOLDS)
            ridge = {"models": ["ridge"], "protocols": ["window_wise"], "look_up": False}
            scores = fingerprint_scores(noise, removals=["own"], seed=k, **ridge)
            formula = expected_accuracy(rho, p, n_trials)
            finite = expected_accuracy(rho, p, n_trials, n_windows=w)
            draws.append((rho, formula, finite, scores["value"].iloc[0]))
        columns = ["n_trials", "n_channels", "trial_seconds", "baseline_seconds"]
        row = {name: getattr(settings, name) for name in columns}
        names = ["rho", "formula", "formula_finite", "measured"]
        rows.append(row | dict(zip(names, np.mean(draws, axis=0), strict=True)))
    return pd.DataFrame(rows)


def _balanced(predictions: pd.DataFrame) -> float:
    """Balanced accuracy of windows, within folds and then averaged."""
    # What `emolib.evaluation.score` gives for one subject, without all that it gives besides.
    right = (predictions["probability"] > 0.5) == predictions["label"]
    of_classes = right.groupby([predictions["fold"], predictions["label"]]).mean()
    return float(of_classes.groupby(level="fold").mean().mean())


def _nearest_trial_label(
    x: np.ndarray, trial: np.ndarray, label: np.ndarray, seed: int
) -> dict[str, float]:
    """Find the trial whose mean lies nearest to each window, and say that trial's label."""
    nearest = make_pipeline(StandardScaler(), NearestCentroid())
    named = _named_trials(nearest, x, trial, seed)
    balanced = balanced_accuracy_score(label[trial], label[named])
    return {"balanced_accuracy": float(balanced), "trials_named": float((named == trial).mean())}


def _named_trials(model: BaseEstimator, x: np.ndarray, trial: np.ndarray, seed: int) -> np.ndarray:
    """Return the trial that a model names for each window, with windows of each on both sides."""
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed)
    return cross_val_predict(model, x, trial, cv=folds)
