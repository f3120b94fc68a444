"""The demo's cohort drawn ten times over: what ridge finds in each, and what it must not find.

The simulation's effects were chosen so that these cohorts, on average, hold something that ridge
can find, and one task in which there is nothing. The demo is the cohort of seed 0, whatever it
gives.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks.claims import Claim, rejection_band, show
from emolib.evaluation.group import group_tests
from emolib.evaluation.permutation import ALPHA
from emolib.features.extraction import extract_features
from emolib.grid import to_brain_maps
from emolib.recordings.labels import window_table
from emolib.recordings.simulated import SimulationSettings, simulate_subject
from emolib.study.study import Study, load

N_COHORTS = 10
AIM = (0.65, 0.80)  # of ridge, mean of the cohorts, where there is an effect
ENOUGH = 0.8  # of the cohorts: the joint-stimulus test rejects in so many


def demo(options: argparse.Namespace) -> list[Claim]:
    """Score and test the demo's tasks in ten cohorts that differ in their seed alone."""
    study = load("demo")
    seeds = range(N_COHORTS)
    found = pd.concat(
        [tests_of(study, seed, options.permutations).assign(seed=seed) for seed in seeds]
    )
    found["row"] = found["task"] + ", " + found["protocol"]
    for name, title in (("score", "ridge, trial balanced accuracy"), ("p", "p, joint stimulus")):
        wide = found.pivot_table(index="seed", columns="row", values=name)
        show(f"the demo's cohort with ten seeds: {title}", wide.reset_index())
    sums = found.groupby(["task", "protocol"], sort=False)
    rejected = (found["p"] <= ALPHA).groupby([found["task"], found["protocol"]], sort=False).sum()
    table = pd.DataFrame(
        {"effect": found["effect"].groupby([found["task"], found["protocol"]], sort=False).first()}
        | {"mean": sums["score"].mean(), "sd": sums["score"].std(), "rejections": rejected}
    )
    show(f"means of ten cohorts; rejections at {ALPHA}", table.reset_index())
    return [_claim(*key, *row) for key, row in zip(table.index, table.to_numpy(), strict=True)]


def tests_of(study: Study, seed: int, n_permutations: int) -> pd.DataFrame:
    """Test ridge on a simulated study's cohort of another seed, as the cohort's page does."""
    x, table = cohort(replace(study.simulation, seed=seed), study)
    choice = {"n_folds": study.n_folds, "seed": study.seed, "n_permutations": n_permutations}
    tests = group_tests(x, table, study.tasks, study.protocols, chronological=False, **choice)
    ratings = {name: task.rating for name, task in study.tasks.items()}
    return tests.assign(effect=tests["task"].map(ratings).map(study.simulation.effect))


def cohort(settings: SimulationSettings, study: Study) -> tuple[np.ndarray, pd.DataFrame]:
    """Simulate a cohort; its brain maps and table of windows."""
    maps, tables = [], []
    for number in range(1, settings.n_subjects + 1):
        features = extract_features(simulate_subject(settings, number)[0], study.features)
        maps.append(to_brain_maps(features).to_numpy())
        tables.append(window_table(features, study.tasks))
    return np.concatenate(maps), pd.concat(tables, ignore_index=True)


def _claim(
    task: str, protocol: str, effect: float, mean: float, sd: float, rejected: float
) -> Claim:
    """Judge ten cohorts of a task under a protocol by whether there is an effect."""
    text = f"{task}, {protocol}, effect {effect:g}: mean {mean:.3f}, {rejected:g} rejections of"
    if effect:
        low, high = AIM
        holds = low <= mean <= high and rejected >= ENOUGH * N_COHORTS
        aim = f"{low:.2f} to {high:.2f}, {ENOUGH * N_COHORTS:g} or more"
        return Claim(f"{text} {N_COHORTS}, expected {aim}", holds)
    _, most = rejection_band(N_COHORTS)
    error = sd / np.sqrt(N_COHORTS)
    holds = abs(mean - 0.5) <= 3 * error and rejected <= most
    return Claim(f"{text} {N_COHORTS}, expected 0.50 +- {3 * error:.2f}, at most {most}", holds)
