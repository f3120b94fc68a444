"""What is estimated for each trial does to white noise and to people at rest, labels at random."""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from benchmarks.claims import Claim, show
from benchmarks.demo import tests_of
from benchmarks.demonstrations import (
    N_FOLDS,
    formula_scores,
    resting_scores,
    summary,
    white_noise_scores,
)
from benchmarks.expectations import (
    FORMULA,
    FORMULA_TOLERANCE,
    PLAIN_NEIGHBOURS,
    RATIO_TOLERANCE,
    REST,
    RIDGE_TOLERANCE,
    SIMPLIFIED,
    WHITE_NOISE,
    Expectation,
)
from benchmarks.pseudo_trials import (
    REPAIRS,
    NoiseSettings,
    mixing_of,
    remove_baseline,
    white_noise,
)
from benchmarks.shared_samples import log_power, neighbour_scores, smoothed
from benchmarks.trial_marks import beside_predictions, predictions
from emolib.errors import DataError
from emolib.features.baseline import BASELINES
from emolib.features.baseline import remove_baseline as remove_from_features
from emolib.recordings import eegmat
from emolib.study.study import load


def fingerprint(options: argparse.Namespace) -> list[Claim]:
    """Measure white noise, the formula and rest; hold them beside the prototype's figures."""
    start = time.process_time()
    noise = summary(white_noise_scores(options.draws))
    claims = _beside(noise, WHITE_NOISE, "white noise", start)
    claims += _derivation(noise, options.draws)
    claims += _simplified(options.draws)
    claims += _shared_samples(options.draws)
    claims += _plain_neighbours(options.draws)
    claims += _formula(options.draws)
    _costs(options.seeds)
    try:
        root = eegmat.default_root()
        subjects = eegmat.subjects(root)
    except DataError as error:
        print(f"\nRest was not measured, for want of the recordings: {error}")
        return claims
    start = time.process_time()
    removals = list(dict.fromkeys(key[0] for key in REST))
    rest = summary(resting_scores(root, subjects, removals=removals, look_up=False))
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


def _derivation(noise: pd.DataFrame, n_draws: int) -> list[Claim]:
    """Print what each step does to white noise beside what its closed form predicts."""
    table = beside_predictions(noise, predictions(NoiseSettings(), N_FOLDS))
    show(
        f"steps estimated for each trial, n = {n_draws} draws",
        table.rename_axis("step").reset_index(),
    )
    claims = []
    for what, most in (("ratio", RATIO_TOLERANCE), ("ridge", RIDGE_TOLERANCE)):
        off = (table[f"{what}, measured"] - table[f"{what}, predicted"]).abs()
        text = f"{what} of {len(off)} steps as derived within {most}: farthest {off.max():.3f}"
        claims.append(Claim(f"{text} ({off.idxmax()})", bool(off.max() <= most)))
    return claims


def _simplified(n_draws: int) -> list[Claim]:
    """Five neighbours on the log power of one band, 3 baseline windows, no z-score per window."""
    start, rows, claims = time.process_time(), [], []
    for step, expected in SIMPLIFIED.items():
        found = np.mean([_simplified_scores(step, k) for k in range(n_draws)], axis=0)
        row = {"step": step, "n": n_draws, "window_wise": found[0], "trial_grouped": found[1]}
        rows.append(row | {"expected, window_wise": expected.value})
        text = f"simplified check, {step}, window-wise: {found[0]:.3f}, expected {expected.value}"
        claims.append(
            Claim(f"{text} +- {expected.tolerance:g}", bool(expected.fits(float(found[0]))))
        )
    title = "simplified check: white noise, 5 neighbours, window_wise leaks"
    show(f"{title}; {time.process_time() - start:.0f} s", pd.DataFrame(rows))
    return claims


def _simplified_scores(step: str, seed: int) -> tuple[float, float]:
    """Score one draw, 40 trials of 3 + 60 windows of 128 samples: window-wise, trial-grouped."""
    rng = np.random.default_rng(seed)
    x = []
    for _ in range(40):
        noise = rng.normal(size=(32, 63 * 128))
        if step in REPAIRS:
            noise = mixing_of(step, 32, rng) @ noise
        power = (noise.reshape(32, 63, 128) ** 2).mean(axis=-1).T
        # A ratio of powers; all other steps work on logarithms.
        x.append(power if step == "divide" else np.log(power))
    rest, trial = np.split(np.array(x), [3], axis=1)
    if step == "mean":
        trial = trial - rest.mean(axis=(0, 1))
    elif step in BASELINES:
        pairs = zip(trial[:, :, None, None], rest[:, :, None, None], strict=True)
        trial = np.stack([remove_from_features(*pair, step)[:, 0, 0] for pair in pairs])
    label = rng.permutation(np.arange(40) % 2).repeat(60)
    flat, number = trial.reshape(len(label), -1), np.arange(40).repeat(60)
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed)
    grouped = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=seed)
    choice = {"scoring": "balanced_accuracy"}
    window_wise = cross_val_score(KNeighborsClassifier(5), flat, label, cv=folds, **choice)
    held_out = cross_val_score(
        KNeighborsClassifier(5), flat, label, cv=grouped, groups=number, **choice
    )
    return window_wise.mean(), held_out.mean()


def _shared_samples(n_draws: int) -> list[Claim]:
    """Print what overlapping windows and smoothing within a trial give away."""
    cases = {
        f"windows of 2 s every {h:g} s": (lambda x, h=h: log_power(x, 256, int(128 * h)), 1 - h / 2)
        for h in (2, 1, 0.5, 0.25, 0.125)
    }
    cases |= {
        f"0.5 s, moving average of {m}": (
            lambda x, m=m: smoothed(log_power(x, 64, 64), m),
            1 - 1 / m,
        )
        for m in (1, 3, 5, 10, 20)
    }
    table = sum(neighbour_scores(cases, seed=k) for k in range(n_draws)) / n_draws
    title = f"shared samples, nearest neighbour, n = {n_draws} draws; window-wise leaks"
    show(title, table.rename_axis("features").reset_index())
    value = table.loc["windows of 2 s every 0.25 s", "window-wise"]
    text = f"windows of 2 s every 0.25 s, window-wise: {value:.3f}, expected 0.74 +- 0.03"
    return [Claim(text, bool(abs(value - 0.74) <= 0.03))]


def _costs(seeds: Sequence[int]) -> None:
    """Print what ridge finds honestly in the demo's cohorts after each removal."""
    study, rows = load("demo"), []
    for baseline, seed in itertools.product(BASELINES, seeds):
        features = replace(study.features, baseline=baseline)
        tests = tests_of(study.model_copy(update={"features": features}), seed, 19)
        rows.append(tests.assign(baseline=baseline)[["baseline", "task", "protocol", "score"]])
    table = pd.concat(rows)
    table["row"] = table["task"] + ", " + table["protocol"]
    wide = table.pivot_table(index="baseline", columns="row", values="score", sort=False)
    title = f"the demo's cohorts, ridge, trial balanced accuracy, mean of {len(seeds)} seeds"
    show(f"{title}: what each removal costs", wide.reset_index())


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
