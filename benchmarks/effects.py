"""Simulated cohorts without, with a subtle and with a strong effect: what linear models score.

Under the window-wise protocol, which has windows of one trial on both sides, a score without
any effect is high, and as high with labels permuted by trial. Honest protocols must then find
nothing, and must find more the more there is.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from benchmarks.claims import Claim, rejection_band, show
from benchmarks.expectations import COHORTS
from emolib.evaluation.linear import reference_predictions, ridge_smoother
from emolib.evaluation.permutation import ALPHA, joint_stimulus_test
from emolib.evaluation.scores import score
from emolib.features.extraction import FeatureSettings, extract_features
from emolib.recordings.labels import Task, window_table
from emolib.recordings.simulated import SimulationSettings, simulate_subject
from emolib.splits.folds import Fold
from emolib.splits.protocols import PROTOCOLS
from emolib.splits.shuffling import permuted_by_trial

TASKS = ("valence", "arousal")
N_FOLDS = 5  # the source's
LEAKED = 0.85  # window-wise, where there is no effect at all: above this
ORDER = (0.0, 2.0, 4.0)  # effects with which honest scores must rise
HONEST = tuple(name for name in PROTOCOLS if name != "window_wise")
MODELS = ("ridge", "nearest_neighbours")
# Whom one model is for. The other protocols need several subjects.
EACH, ALL = "each subject", "all subjects"
WITHIN = ("window_wise", "trial_grouped")
# Nearest neighbours of all subjects' windows: with each fourth they take seconds, not minutes.
# No window of a held-out trial is near to a window of the same trial, so little is lost.
THINNED = 4


def effects(options: argparse.Namespace) -> list[Claim]:
    """Score and test each cohort, print, and judge."""
    scores, tests = [], []
    for seed, effect in itertools.product(options.seeds, options.effects):
        start = time.process_time()
        x, table = cohort(effect, seed, options.subjects)
        scores += scores_of(x, table, effect, seed, options.models)
        tests += tests_of(x, table, effect, seed, options.permutations)
        taken = time.process_time() - start
        print(f"effects: seed {seed}, effect {effect:g}: {taken:.0f} s", file=sys.stderr)
    scores, tests = pd.DataFrame(scores), pd.DataFrame(tests)
    _show_scores(scores, len(options.seeds))
    claims = [*_leaks(scores), *_chance(tests, options.permutations)]
    return [*claims, *_order(scores)]


def cohort(effect: float, seed: int, n_subjects: int) -> tuple[np.ndarray, pd.DataFrame]:
    """Simulate a cohort; the source's features (window, 256) and the table of windows."""
    settings = SimulationSettings(n_subjects=n_subjects, effect=effect, seed=seed)
    parts, tables = [], []
    for number in range(1, n_subjects + 1):
        features = extract_features(simulate_subject(settings, number)[0], FeatureSettings())
        parts.append(features["feature"].to_numpy().reshape(features.sizes["window"], -1))
        tables.append(window_table(features, {task: Task(task) for task in TASKS}))
    return np.concatenate(parts), pd.concat(tables, ignore_index=True)


def free_folds(protocol: str, fit: str, table: pd.DataFrame, seed: int) -> Iterator[Fold]:
    """Yield each model's folds, such as do not depend on the labels."""
    for rows in _rows(table, fit):
        own = table.iloc[rows].reset_index(drop=True)
        for fold in PROTOCOLS[protocol](own, n_folds=N_FOLDS, seed=seed, tasks=()):
            yield Fold(rows[fold.train], rows[fold.validation], rows[fold.test])


def scores_of(
    x: np.ndarray, table: pd.DataFrame, effect: float, seed: int, models: Sequence[str]
) -> list[dict]:
    """Score windows and trials, means of the tasks, with own and other labels."""
    permuted = permuted_by_trial(table, TASKS, seed)
    found = []
    for model, fit, protocol in _cases(models):
        for labels in ("own", "permuted") if protocol == "window_wise" else ("own",):
            start = time.process_time()
            rows = permuted if labels == "permuted" else table
            means = balanced_accuracy(model, fit, protocol, x, rows)
            taken = time.process_time() - start
            names = {"model": model, "fit": fit, "protocol": protocol, "labels": labels}
            of = {"seed": seed, "effect": effect} | names
            n = len(TASKS) * table.groupby(["subject", "trial"]).ngroups
            found.append(of | means | {"n": n, "seconds": taken})
    return found


def balanced_accuracy(
    model: str, fit: str, protocol: str, x: np.ndarray, table: pd.DataFrame
) -> dict[str, float]:
    """Return it within subject and fold, then means of folds, subjects and tasks, by unit."""
    if fit == ALL and model == "nearest_neighbours":
        chosen = (table["window"] % THINNED == 0).to_numpy()
        x, table = x[chosen], table[chosen].reset_index(drop=True)
    given = []
    for rows in _rows(table, fit):
        own = table.iloc[rows].reset_index(drop=True)
        given.append(
            reference_predictions(
                model, x[rows], own, protocol, n_folds=N_FOLDS, seed=0, tasks=TASKS
            )
        )
    scores = score(pd.concat(given, ignore_index=True), resamples=0)
    whole = scores["subject"].isna() & scores["fold"].isna()
    means = scores[whole].groupby("metric")["value"].mean()
    return {unit: float(means[f"{unit}_balanced_accuracy"]) for unit in ("window", "trial")}


def tests_of(
    x: np.ndarray, table: pd.DataFrame, effect: float, seed: int, n_permutations: int
) -> list[dict]:
    """Compute the joint-stimulus test with ridge, of each honest protocol and task."""
    found = []
    for protocol in HONEST:
        start = time.process_time()
        fit = EACH if protocol in WITHIN else ALL
        operator = ridge_smoother(x, table, free_folds(protocol, fit, table, seed))
        for task in TASKS:
            test = joint_stimulus_test(operator, task, n_permutations=n_permutations, seed=seed)
            low, high = test.null_interval
            of = {"protocol": protocol, "effect": effect, "seed": seed, "task": task}
            given = {"n": len(operator.trial), "score": test.value, "low": low, "high": high}
            found.append(of | given | {"p": test.p})
        found[-1]["seconds, both"] = time.process_time() - start
    return found


def _cases(models: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """List what is fitted: model, for whom, protocol."""
    for model, protocol in itertools.product(models, PROTOCOLS):
        if protocol in WITHIN:
            yield model, EACH, protocol
        if protocol not in WITHIN or model == "ridge":
            yield model, ALL, protocol


def _rows(table: pd.DataFrame, fit: str) -> list[np.ndarray]:
    """Return the rows of each model: a subject's, or all."""
    if fit == ALL:
        return [np.arange(len(table))]
    return list(table.groupby("subject").indices.values())


def _show_scores(scores: pd.DataFrame, n_seeds: int) -> None:
    keys = ["model", "fit", "protocol", "labels"]
    named = scores.assign(effect=scores["effect"].map("effect {:g}".format))
    for unit in ("window", "trial"):
        wide = named.pivot_table(
            index=keys,
            columns="effect",
            values=unit,
            aggfunc=lambda own: f"{own.mean():.3f} ({own.min():.3f}-{own.max():.3f})",
            sort=False,
        )
        sums = scores.groupby(keys, sort=False)
        wide = wide.assign(n=sums["n"].sum(), seconds=sums["seconds"].sum().round().astype(int))
        title = f"{unit} balanced accuracy, mean of tasks and of {n_seeds} seeds (their range)"
        show(f"{title}; n: labelled trials of all cohorts", wide.reset_index())
    print("window_wise has windows of one trial on both sides.")
    print(f"Neighbours of all subjects' windows: each {THINNED}th window of a trial only.")
    rows = [
        {"protocol": protocol, "effect": f"effect {effect:g}", "value": expected.value}
        for (protocol, effect), expected in COHORTS.items()
    ]
    wide = pd.DataFrame(rows).pivot_table(
        index="protocol", columns="effect", values="value", sort=False
    )
    show("the prototype's: ridge, windows, one cohort (the plan)", wide.reset_index())


def _leaks(scores: pd.DataFrame) -> Iterator[Claim]:
    chosen = (scores["protocol"] == "window_wise") & (scores["fit"] == EACH)
    chosen &= (scores["effect"] == 0) & (scores["labels"] == "own")
    for model, own in scores[chosen].groupby("model", sort=False):
        values = ", ".join(f"{value:.3f}" for value in own["window"])
        text = f"no effect, {model}, window-wise (windows of one trial on both sides): above "
        yield Claim(
            f"{text}{LEAKED} with each seed: {values}", bool((own["window"] > LEAKED).all())
        )


def _chance(tests: pd.DataFrame, n_permutations: int) -> Iterator[Claim]:
    """Write the tests; claim that those without effect reject no more than chance allows."""
    none = tests[tests["effect"] == 0].drop(columns=["effect", "seconds, both"])
    title = f"joint-stimulus permutation, ridge, m = {n_permutations}, trial balanced accuracy"
    show(f"{title}, no effect; low-high: the permutations' 2.5-97.5 percentiles", none)
    rows = []
    for (protocol, effect), own in tests.groupby(["protocol", "effect"], sort=False):
        count, n = int((own["p"] <= ALPHA).sum()), len(own)
        low, high = rejection_band(n, rate=ALPHA, coverage=0.95)
        row = {"protocol": protocol, "effect": f"{effect:g}", "rejections": count, "n": n}
        row["seconds"] = round(own["seconds, both"].sum())
        means = {"mean score": own["score"].mean(), "median p": own["p"].median()}
        rows.append(row | {"band without effect": f"{low}-{high}"} | means)
        if effect == 0:
            text = f"no effect, {protocol}: p <= {ALPHA} in {count} of {n} tests, at most {high}"
            yield Claim(f"{text} (95 % band)", count <= high)
    show(f"rejections at {ALPHA}, seeds x tasks", pd.DataFrame(rows))


def _order(scores: pd.DataFrame) -> Iterator[Claim]:
    if not set(ORDER) <= set(scores["effect"]):
        return
    chosen = scores["protocol"].isin(HONEST)
    chosen &= (scores["fit"] == EACH) == scores["protocol"].isin(WITHIN)
    means = scores[chosen].groupby(["model", "protocol", "effect"], sort=False)["trial"].mean()
    for (model, protocol), own in means.groupby(level=[0, 1], sort=False):
        values = own.droplevel([0, 1])[list(ORDER)].to_numpy()
        yield Claim(
            f"{model}, {protocol}: trial scores rise with effects 0, 2, 4: "
            + " < ".join(f"{value:.3f}" for value in values),
            bool((np.diff(values) > 0).all()),
        )
