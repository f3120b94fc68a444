"""Small networks on cohorts in which there is nothing: what they score must be chance."""

from __future__ import annotations

import argparse
import time
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.claims import Claim, show
from benchmarks.cohorts import null_cohort
from emolib.evaluation.scores import ESTIMAND, score
from emolib.model.networks import build
from emolib.model.predictions import predictions_of
from emolib.model.settings import ModelSettings, TrainingSettings
from emolib.model.trainer import Trainer
from emolib.model.training import train_fold
from emolib.splits.folds import stable_seed
from emolib.splits.protocols import leave_subjects_out

TRAINING = {"batch_size": 16, "epochs": 4, "learning_rate": 0.01}
ENDS = {  # by name: settings of a training
    "fixed schedule": {},
    "balanced loss": {"selection": "balanced_loss"},
    "balanced accuracy": {"selection": "balanced_accuracy"},
}


def network_nulls(options: argparse.Namespace) -> list[Claim]:
    """Train small networks on cohorts in which there is nothing, by each way to end a training.

    Their mean score must lie within two standard errors of 0.5: what chooses an epoch must
    not let test people through.
    """
    rows, claims = [], []
    for name, changes in ENDS.items():
        start = time.process_time()
        scores = null_scores(TrainingSettings(**TRAINING, **changes), options.network_cohorts)
        mean, error = scores.mean(), scores.std(ddof=1) / len(scores) ** 0.5
        row = {"training": name, "cohorts": len(scores), "mean": mean, "standard error": error}
        rows.append(row | {"seconds": time.process_time() - start})
        text = f"{name}: mean score {mean:.4f}, standard error {error:.4f}, of 0.5 at most 2"
        claims.append(Claim(text, bool(abs(mean - 0.5) <= 2 * error)))
    show("small networks on null cohorts, people held out: trial scores", pd.DataFrame(rows))
    return claims


def null_scores(training: TrainingSettings, n_cohorts: int, seed: int = 0) -> np.ndarray:
    """Score a small network on null cohorts, labels shared by stimulus; (n_cohorts,).

    People differ in all features, and a trial has one map.
    """
    model = ModelSettings(width=1 / 64, planes=1, tasks={"valence": 2})
    trainer = Trainer(partial(build, model.for_protocol(leaks=False)), training)
    found = []
    for d in range(n_cohorts):
        rng = np.random.default_rng(stable_seed(seed, "network", d))
        x, table = null_cohort("shared", rng, n_subjects=10, n_stimuli=8, n_features=72)
        x += rng.normal(size=(10, 72))[np.repeat(np.arange(10), 8)]
        maps, subjects = x.reshape(-1, 8, 9, 1).astype(np.float32), table["subject"].to_numpy()
        labels = {"valence": table["valence"].to_numpy()}
        parts = []
        for k, fold in enumerate(leave_subjects_out(table, n_folds=2, seed=d)):
            given = (trainer, maps, labels, fold, subjects)
            result = next(train_fold(*given, seed_key=(d, k), fine_tune=False))
            own, p = table.iloc[result.rows], result.probabilities["valence"]
            who = {"protocol": "leave_subjects_out", "fold": k, "stage": "pooled"}
            parts.append(predictions_of(own, "valence", own["valence"].to_numpy(), p, **who))
        scores = score(pd.concat(parts), resamples=0)
        whole = scores["subject"].isna() & scores["fold"].isna() & (scores["metric"] == ESTIMAND)
        found.append(scores.loc[whole, "value"].item())
    return np.array(found)
