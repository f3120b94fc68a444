"""Linear discriminant analysis for all labellings: is it right, is it sound, how long it takes."""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.claims import Claim, show
from benchmarks.effects import ALL, cohort, free_folds
from benchmarks.nulls import count_rejections
from emolib.evaluation.linear import OPERATORS, lda_operator
from emolib.evaluation.nulls import null_cohort
from emolib.evaluation.permutation import joint_stimulus_test
from emolib.splits.folds import train_rows
from emolib.splits.protocols import leave_subjects_out

PRIMARY = "leave_subjects_and_stimuli_out"
EFFECTS = (0.0, 4.0)
LARGEST = 1e-9  # difference of a probability from scikit-learn's


def lda(options: argparse.Namespace) -> list[Claim]:
    """Compare, count and time."""
    start = time.process_time()
    n_labellings = 20
    difference, n = farthest_from_scikit_learn(n_labellings)
    text = f"lda: {n} probabilities of trials, {n_labellings} labellings, differ from "
    text += f"scikit-learn's refits by {difference:.1e} at most; allowed {LARGEST:g}"
    print(f"\n{n} probabilities refitted by scikit-learn: {time.process_time() - start:.0f} s")
    claims = [Claim(text, difference <= LARGEST), *count_rejections("lda", options.cohorts)]
    rows, m = [], options.permutations
    for effect in EFFECTS:
        x, table = cohort(effect, options.seeds[0], options.subjects)
        for name, prepare in OPERATORS.items():
            start = time.process_time()
            operator = prepare(x, table, free_folds(PRIMARY, ALL, table, options.seeds[0]))
            prepared = time.process_time()
            test = joint_stimulus_test(operator, "valence", n_permutations=m)
            seconds = {"prepare, s": prepared - start, "m fits, s": time.process_time() - prepared}
            low, high = test.null_interval
            row = {"model": name, "effect": f"{effect:g}", "n": len(operator.trial)}
            row |= {"score": test.value, "low": low, "high": high, "p": test.p}
            rows.append(row | seconds)
    title = f"{PRIMARY}, valence, m = {m}, one cohort of {options.subjects} subjects"
    show(f"{title}; low-high: the permutations' 2.5-97.5 percentiles", pd.DataFrame(rows))
    return claims


def farthest_from_scikit_learn(n_labellings: int) -> tuple[float, int]:
    """Refit the long way: the largest difference of a trial's mean probability; how many."""
    x, trials = null_cohort("shared", np.random.default_rng(0), n_subjects=6, n_stimuli=20)
    windows = pd.DataFrame({"window": np.arange(3)})
    table = trials.drop(columns="window").merge(windows, how="cross")
    rng = np.random.default_rng(1)
    x = np.repeat(x, len(windows), axis=0) + rng.normal(size=(len(table), x.shape[1]))
    folds = list(leave_subjects_out(table, n_folds=3, seed=0, tasks=()))
    operator = lda_operator(x, table, folds)
    labels = rng.integers(0, 2, (len(operator.trials), n_labellings))
    of_row = labels[table.groupby(["subject", "trial"]).ngroup()]
    expected = []
    for fold, part in zip(folds, operator.parts, strict=True):
        rows = train_rows(fold)
        of_windows = []
        for y in of_row.T:
            plain = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=part.shrinkage)
            fitted = make_pipeline(StandardScaler(), plain).fit(x[rows], y[rows])
            of_windows.append(fitted.predict_proba(x[fold.test])[:, 1])
        expected.append(part.average @ np.column_stack(of_windows))
    differences = np.abs(operator.decision_function(labels) + 0.5 - np.concatenate(expected))
    return float(differences.max()), differences.size
