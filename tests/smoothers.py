"""Windows and labellings on which light models are tested."""

from __future__ import annotations

import numpy as np
import pandas as pd

from emolib.splits.folds import train_rows


def windows(n_subjects=6, n_trials=12, n_features=7, seed=0, unequal=True):
    """Windows of trials, correlated features of unequal spread, and two tasks."""
    rng = np.random.default_rng(seed)
    n_windows = rng.integers(2, 5, n_subjects * n_trials) if unequal else 3
    trial = np.repeat(np.arange(n_subjects * n_trials), n_windows)
    table = pd.DataFrame(
        {
            "subject": [f"sub-{s + 1:02d}" for s in trial // n_trials],
            "trial": trial % n_trials,
            "stimulus": [f"v{t:02d}" for t in trial % n_trials],
            "session": trial % n_trials % 3,
            "window": pd.Series(trial).groupby(trial).cumcount(),
        }
    )
    table["valence"] = rng.permutation(np.arange(n_subjects * n_trials) % 2)[trial]
    mixed = rng.normal(size=(len(table), n_features)) @ rng.normal(size=(n_features, n_features))
    shift = np.outer(table["valence"], rng.normal(size=n_features))
    order = rng.permutation(len(table))  # the rows' order must mean nothing
    return (5 + mixed + shift)[order], table.iloc[order].reset_index(drop=True)


def labellings(n_trials: int, n=4, seed=1) -> np.ndarray:
    """Unequal shares of 1, (n_trials, n)."""
    shares = np.linspace(0.2, 0.8, n)
    return (np.random.default_rng(seed).random((n_trials, n)) < shares).astype(float)


def refitted(make, decide, x, table, folds, trials, labels):
    """Fit with scikit-learn for each fold; the mean decision of each tested trial, long way."""
    key = pd.MultiIndex.from_frame(table[["subject", "trial"]])
    found = []
    for fold in folds:
        of_row = pd.Series(labels, pd.MultiIndex.from_frame(trials[["subject", "trial"]])).loc[key]
        train = train_rows(fold)
        model = make(len(found)).fit(x[train], of_row.to_numpy()[train].astype(int))
        given = pd.Series(decide(model, x[fold.test]), key[fold.test])
        found.append(given.groupby(level=[0, 1]).mean())
    return found


def noise(n_subjects=3, n_trials=20, n_windows=12, n_features=40, fingerprint=0.0, seed=0):
    """White noise with random labels; a fingerprint is shared by all windows of a trial."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"sub-{s + 1:02d}", t, f"v{t}", w)
        for s in range(n_subjects)
        for t in range(n_trials)
        for w in range(n_windows)
    ]
    table = pd.DataFrame(rows, columns=["subject", "trial", "stimulus", "window"])
    trial = np.repeat(np.arange(n_subjects * n_trials), n_windows)
    for task in ("valence", "arousal"):
        of_trial = np.tile([0, 1], n_trials * n_subjects // 2)
        table[task] = rng.permutation(of_trial)[trial]
    shared = rng.normal(size=(n_subjects * n_trials, n_features))
    return rng.normal(size=(len(rows), n_features)) + fingerprint * shared[trial], table
