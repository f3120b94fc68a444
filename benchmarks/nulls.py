"""Cohorts in which there is nothing: how often permutation tests say that there is."""

from __future__ import annotations

import argparse
import time

import pandas as pd

from benchmarks.claims import Claim, rejections, show
from emolib.evaluation.nulls import ALPHA, NULLS, rejection_band
from emolib.evaluation.permutation import false_positives

N_PERMUTATIONS = 199


def nulls(options: argparse.Namespace) -> list[Claim]:
    """Count the rejections of tests that refit ridge."""
    return count_rejections("ridge", options.cohorts)


def count_rejections(model: str, n_cohorts: int) -> list[Claim]:
    """Count them on each null; on the last one the within-subject test must fail."""
    rows, claims = [], []
    low, high = rejection_band(n_cohorts, rate=ALPHA)
    for kind in NULLS:
        start = time.process_time()
        counts = false_positives(
            kind, n_cohorts=n_cohorts, n_permutations=N_PERMUTATIONS, model=model
        )
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
