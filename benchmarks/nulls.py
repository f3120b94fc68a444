"""Cohorts in which there is nothing: how often permutation tests find something."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from benchmarks.claims import Claim, rejection_band, rejections, show
from benchmarks.cohorts import NULLS, null_cohort
from emolib.evaluation.linear import ridge_smoother
from emolib.evaluation.permutation import (
    ALPHA,
    joint_stimulus_test,
    within_subject_test,
)
from emolib.splits.folds import stable_seed
from emolib.splits.protocols import leave_subjects_out

N_PERMUTATIONS = 199


def nulls(options: argparse.Namespace) -> list[Claim]:
    """Count the rejections of tests that refit ridge."""
    return count_rejections("ridge", ridge_smoother, options.cohorts)


def count_rejections(model: str, prepare: Callable, n_cohorts: int) -> list[Claim]:
    """Count them on each null; on the last one the within-subject test must fail."""
    rows, claims = [], []
    low, high = rejection_band(n_cohorts, rate=ALPHA)
    for kind in NULLS:
        start = time.process_time()
        counts = false_positives(kind, prepare, n_cohorts=n_cohorts)
        taken = time.process_time() - start
        for test, count in counts.items():
            must_fail = (kind, test) == ("stimulus_locked", "within_subject")
            wanted = f"more than {high}" if must_fail else f"{low}-{high}"
            row = {"null": kind, "test": test} | rejections(count, n_cohorts)
            rows.append(row | {"band": wanted, "seconds, both": taken})
            text = f"{model}, {kind}, {test}: {count} of {n_cohorts} rejections, {wanted}"
            claims.append(Claim(text, bool(count > high if must_fail else low <= count <= high)))
    title = f"{model}, leave-subjects-out: null cohorts rejected at {ALPHA}, m = {N_PERMUTATIONS}"
    show(title, pd.DataFrame(rows))
    return claims


def false_positives(
    kind: str,
    prepare: Callable,
    *,
    n_cohorts: int = 1000,
    n_permutations: int = N_PERMUTATIONS,
    seed: int = 0,
) -> pd.Series:
    """Count how often each test rejects null cohorts under leave-subjects-out.

    `prepare` makes the smoother of the model that is fitted again. On "stimulus_locked" the
    within-subject test must reject too often, since it finds the stimuli's identity; the
    joint-stimulus one must not.
    """
    tests = {"joint_stimulus": joint_stimulus_test, "within_subject": within_subject_test}
    counts = dict.fromkeys(tests, 0)
    _, table = null_cohort(kind, np.random.default_rng(seed))
    # Folds that do not depend on the labels are those of all cohorts.
    folds = list(leave_subjects_out(table, n_folds=5, seed=seed, tasks=()))
    for d in range(n_cohorts):
        own = stable_seed(seed, kind, d)
        x, table = null_cohort(kind, np.random.default_rng(own))
        smoother = prepare(x, table, folds)
        for kind_of_test, test in tests.items():
            given = test(smoother, "valence", n_permutations=n_permutations, seed=own)
            counts[kind_of_test] += given.p <= ALPHA
    return pd.Series(counts, dtype=int)
