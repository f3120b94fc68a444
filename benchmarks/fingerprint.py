"""What baseline removal alone does to white noise and to people at rest, labels at random."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from benchmarks.claims import Claim, show
from benchmarks.expectations import (
    FORMULA,
    FORMULA_TOLERANCE,
    PLAIN_NEIGHBOURS,
    REST,
    WHITE_NOISE,
    Expectation,
)
from emolib.errors import DataError
from emolib.lessons.demonstrations import (
    N_FOLDS,
    formula_scores,
    resting_scores,
    summary,
    white_noise_scores,
)
from emolib.lessons.pseudo_trials import remove_baseline, white_noise
from emolib.recordings import eegmat


def fingerprint(options: argparse.Namespace) -> list[Claim]:
    """Measure white noise, the formula and rest; hold them beside the prototype's figures."""
    start = time.process_time()
    noise = summary(white_noise_scores(options.draws))
    claims = _beside(noise, WHITE_NOISE, "white noise", start)
    claims += _plain_neighbours(options.draws)
    claims += _formula(options.draws)
    try:
        root = eegmat.default_root()
        subjects = eegmat.subjects(root)
    except DataError as error:
        print(f"\nRest was not measured, for want of the recordings: {error}")
        return claims
    start = time.process_time()
    rest = summary(resting_scores(root, subjects, look_up=False))
    return claims + _beside(rest, REST, f"rest of {len(subjects)} people", start)


def _beside(
    measured: pd.DataFrame, expectations: Mapping[tuple, Expectation], name: str, start: float
) -> list[Claim]:
    """Print means of draws beside what is expected of them."""
    keys = ["removal", "model", "protocol", "metric"]
    table = measured.set_index(keys)
    rows, claims = [], []
    for key, expected in expectations.items():
        found = table.loc[key]
        within = f"{expected.value:.3f}"
        if expected.tolerance is not None:
            within += f" +- {expected.tolerance:g}"
        given = {"n": int(found["n"]), "mean": found["mean"], "sd": found["sd"]}
        rows.append(dict(zip(keys, key, strict=True)) | given | {"expected": within})
        fits = expected.fits(found["mean"])
        if fits is not None:
            text = f"{name}, {', '.join(key)}: {found['mean']:.3f}, expected {within}"
            claims.append(Claim(f"{text} ({expected.source})", fits))
    title = f"{name}, labels at random; window_wise has windows of one trial on both sides"
    show(f"{title}; {time.process_time() - start:.0f} s", pd.DataFrame(rows))
    return claims


def _plain_neighbours(n_draws: int) -> list[Claim]:
    """Five nearest neighbours among features that are not standardised, window-wise."""
    start = time.process_time()
    rows, claims = [], []
    for removal, expected in PLAIN_NEIGHBOURS.items():
        values = []
        for k in range(n_draws):
            x = remove_baseline(white_noise(seed=k), removal, seed=k)
            n_trials, n_windows = x.shape[:2]
            label = np.random.default_rng(k).permutation(np.arange(n_trials) % 2).repeat(n_windows)
            folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=k)
            model, flat = KNeighborsClassifier(5), x.reshape(len(label), -1)
            scores = cross_val_score(model, flat, label, cv=folds, scoring="balanced_accuracy")
            values.append(scores.mean())
        mean, within = float(np.mean(values)), f"{expected.value:.3f} +- {expected.tolerance:g}"
        given = {"n": n_draws, "mean": mean, "sd": float(np.std(values, ddof=1))}
        rows.append({"removal": removal} | given | {"expected": within})
        text = f"white noise, {removal}, neighbours, not standardised: {mean:.3f}, expected"
        claims.append(Claim(f"{text} {within}", bool(expected.fits(mean))))
    title = "white noise, 5 neighbours, not standardised, windows of one trial on both sides"
    show(f"{title}; {time.process_time() - start:.0f} s", pd.DataFrame(rows))
    return claims


def _formula(n_draws: int) -> list[Claim]:
    """Print measured beside predicted accuracy, ridge, window-wise, each trial's own level."""
    start = time.process_time()
    table = formula_scores(FORMULA, n_draws)
    off = table["formula_finite"] - table["measured"]
    expected = [of.value if of else np.nan for of in FORMULA.values()]
    title = f"the formula, n = {n_draws} draws each; expected: what the plan names"
    table = table.assign(**{"finite less measured": off, "expected": expected})
    show(f"{title}; {time.process_time() - start:.0f} s", table)
    text = f"the formula is within {FORMULA_TOLERANCE} of {len(table)} measured settings: the "
    worst = float(off.abs().max())
    claims = [Claim(f"{text}farthest {worst:.3f}", worst <= FORMULA_TOLERANCE)]
    for of, row in zip(FORMULA.values(), table.itertuples(), strict=True):
        if of:
            text = f"white noise, {row.n_trials} trials, {row.n_channels} channels, baseline "
            text += f"{row.baseline_seconds:g} s: {row.measured:.3f}, expected {of.value:.3f}"
            claims.append(Claim(f"{text} +- {of.tolerance:g}", bool(of.fits(row.measured))))
    return claims
