"""How far `emolib.audit` can be trusted: on cohorts whose leak is known, how often does it see it?

`leakfence` is asked beside it where it is installed (`pip install leakfence==0.5.0`): it judges the
indices and the samples that windows share, and is given trials as its recordings.
"""

from __future__ import annotations

import argparse
from importlib.util import find_spec

import numpy as np
import pandas as pd

import emolib
from benchmarks.claims import Claim, rejections, show
from emolib.splits.folds import stable_seed

N_SUBJECTS, N_TRIALS, N_WINDOWS, N_FEATURES = 5, 20, 16, 16
EFFECT, LIKING, LOCKED = 1.0, 0.2, 0.7  # of class 1, of subjects for a class, of stimuli
N_BASELINE = 6  # windows
LARGEST_FALSE_ALARM = 0.05
LEAKS = ("shared trials", "overlapping windows", "global normalisation", "per-trial baseline")
CLEAN = ("none", "effect, trials held out", "effect, people held out", "subjects' habits")
HONEST = "baseline, trials held out"  # subtracted, but no trial is on both sides


def audits(options: argparse.Namespace) -> list[Claim]:
    """Count the verdicts on each kind of cohort."""
    rows, claims = [], []
    for name in (*CLEAN, HONEST, *LEAKS, "stimulus confound"):
        found = [_judged(name, draw) for draw in range(options.audits)]
        table = pd.DataFrame(found)
        n_leaks = int((table["verdict"] == "leaks").sum())
        counted = rejections(n_leaks, len(table))
        others = table.drop(columns="verdict").mean()
        rows.append({"cohort": name, "leaks": n_leaks} | counted | others.to_dict())
        del rows[-1]["rejections"]
        clean = name in (*CLEAN, HONEST)
        most = max(1, int(LARGEST_FALSE_ALARM * len(table)))
        text = f"{name}: {n_leaks} of {len(table)} called leaking"
        wanted = f", at most {most}" if clean else ", all but one in twenty"
        holds = n_leaks <= most if clean else n_leaks >= 0.95 * len(table)
        claims.append(Claim(text + wanted, holds))
    title = "emolib.audit on simulated cohorts: share called leaking (95 % interval), mean scores"
    show(title, pd.DataFrame(rows))
    return claims


def _judged(name: str, draw: int) -> dict[str, object]:
    """Audit one cohort, and let leakfence judge its first fold."""
    given = cohort(name, np.random.default_rng(stable_seed("audit", name, draw)))
    found = emolib.audit(**given, seed=draw)
    checks = {each.check for each in found.findings if each.leak}
    names = ("score", "score_permuted_labels", "score_trial_grouped")
    return {
        "verdict": found.verdict,
        "control alone": float(bool(checks & {"permuted labels", "stimulus confound"})),
        "leakfence": _leakfence(given),
        "trial named": found.numbers["trial_identification"],
    } | {each.removeprefix("score_"): found.numbers[each] for each in names}


def _leakfence(given: dict) -> float:
    """Return 1 if leakfence tells of an error in the first fold, NaN where it is not installed."""
    if find_spec("leakfence") is None:
        return np.nan
    from leakfence import audit_split

    start = np.round(given["onset"] * 100).astype(int)
    ranges = np.column_stack([start, start + round(given["window_seconds"] * 100)])
    people = np.array_equal(given["fold"], given["subject"])
    report = audit_split(
        np.flatnonzero(given["fold"] != 0),
        np.flatnonzero(given["fold"] == 0),
        subject=given["subject"],
        sample_range=ranges,
        recording=given["subject"] * N_TRIALS + given["trial"],
        paradigm="cross-subject" if people else "within-session",
    )
    return float(not report.ok)


def cohort(name: str, rng: np.random.Generator) -> dict:
    """Draw what `emolib.audit` takes: white noise, and one thing that is known to be there."""
    shape = (N_SUBJECTS, N_TRIALS, N_WINDOWS)
    subject, trial, window = (each.ravel() for each in np.indices(shape))
    unit = subject * N_TRIALS + trial
    n_units = N_SUBJECTS * N_TRIALS
    x, length, step = rng.normal(size=(len(unit), N_FEATURES)), 2.0, 2.0
    y = rng.integers(2, size=n_units)[unit]
    if name == "subjects' habits":
        likes = 0.5 + LIKING * rng.choice([-1, 1], N_SUBJECTS)[subject[::N_WINDOWS]]
        y = (rng.random(n_units) < likes).astype(int)[unit]
        x += rng.normal(size=(N_SUBJECTS, N_FEATURES))[subject]
    if name == "overlapping windows":  # log power of noise: three quarters of a window is the next
        noise = rng.normal(size=(n_units, N_FEATURES, 100 * (N_WINDOWS + 3))) ** 2
        quarters = noise.reshape(n_units, N_FEATURES, N_WINDOWS + 3, 100).mean(-1)
        means = np.lib.stride_tricks.sliding_window_view(quarters, 4, axis=-1).mean(-1)
        x, step = np.log(means).swapaxes(1, 2).reshape(len(unit), N_FEATURES), 0.5
    if "baseline" in name:
        x -= rng.normal(size=(n_units, N_BASELINE, N_FEATURES)).mean(1)[unit]
    if name == "shared trials":
        x += 0.5 * rng.normal(size=(n_units, N_FEATURES))[unit]
    if name == "stimulus confound":
        y = rng.permutation(np.arange(N_TRIALS) % 2)[trial]
        x += LOCKED * rng.normal(size=(N_TRIALS, N_FEATURES))[trial]
    if "effect" in name:
        x[:, 0] += EFFECT * y
    if name == "global normalisation":
        x = (x - x.mean(axis=0)) / x.std(axis=0)
    fold = (rng.permutation(n_units) % 5)[unit]
    if name in ("shared trials", "overlapping windows", "per-trial baseline"):
        fold = rng.integers(5, size=len(unit))
    elif name in ("stimulus confound", "effect, people held out"):
        fold = subject
    keys = {"subject": subject, "trial": trial, "stimulus": trial, "fold": fold}
    return {"x": x, "y": y, "onset": window * step, "window_seconds": length} | keys
