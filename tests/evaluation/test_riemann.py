"""Riemannian tangent space: against pyRiemann's own pipeline, a known difference, and no leak."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from pyriemann.estimation import Covariances
from pyriemann.geometry.mean import mean_riemann
from pyriemann.tangentspace import TangentSpace
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from emolib.evaluation.riemann import (
    recentred,
    tangent_space,
    tangent_space_predictions,
    trial_covariances,
)
from emolib.features.bands import BANDS, Band, band_pass
from emolib.splits.folds import train_rows
from emolib.splits.protocols import leave_subjects_out, trial_grouped, window_wise

ALPHA = Band("alpha", 8, 14)
N_SUBJECTS, N_TRIALS, N_WINDOWS = 4, 10, 3


def recording(seed: int = 0, n_trials: int = N_TRIALS, gain: np.ndarray | None = None):
    """Noise against its common average; `gain` multiplies the first channel of each trial."""
    eeg = np.random.default_rng(seed).normal(size=(n_trials, 5, 640))
    if gain is not None:
        eeg[:, 0] *= gain[:, None]
    eeg -= eeg.mean(axis=1, keepdims=True)
    return xr.Dataset({"eeg": (("trial", "channel", "time"), eeg)}, attrs={"sfreq": 128.0})


@pytest.fixture(scope="module")
def cohort():
    """A table of windows, and covariances of trials whose first channel is louder in class 1."""
    n = N_SUBJECTS * N_TRIALS * N_WINDOWS
    number = np.arange(n) // N_WINDOWS
    table = pd.DataFrame({"subject": number // N_TRIALS, "trial": number % N_TRIALS})
    table["subject"] = table["subject"].map("s{}".format)
    table["stimulus"], table["window"] = table["trial"], np.arange(n) % N_WINDOWS
    table["valence"] = table["trial"] % 2
    gain = 1 + np.arange(N_TRIALS) % 2
    found = [trial_covariances(recording(s, gain=gain), [ALPHA]) for s in range(N_SUBJECTS)]
    return table, np.concatenate(found)


def test_covariances_are_pyriemanns_of_filtered_trials():
    one = recording()
    found = trial_covariances(one, BANDS)
    assert found.shape == (N_TRIALS, len(BANDS), 4, 4)
    for band, own in zip(BANDS, found.swapaxes(0, 1), strict=True):
        filtered = band_pass(one["eeg"].to_numpy()[:, :-1], 128, band)
        np.testing.assert_allclose(own, Covariances("oas").transform(filtered))


def test_what_pads_a_shorter_trial_does_not_count():
    one = recording().assign(trial_samples=("trial", np.full(N_TRIALS, 400)))
    padded = one.copy(deep=True)
    padded["eeg"][..., 400:] = np.nan
    np.testing.assert_array_equal(
        trial_covariances(one, [ALPHA]), trial_covariances(padded, [ALPHA])
    )


def test_without_one_channel_nothing_is_singular():
    eeg = recording()["eeg"].to_numpy()
    assert np.linalg.cond(np.cov(eeg[0])) > 1e12
    assert np.linalg.cond(trial_covariances(recording(), [ALPHA])[0, 0]) < 100


def test_a_louder_channel_is_found_on_trials_and_people_held_out(cohort):
    table, found = cohort
    for protocol in (trial_grouped, leave_subjects_out):
        folds = protocol(table, n_folds=2, seed=0, tasks=["valence"])
        given = tangent_space_predictions(found, table, folds, ["valence"], stage="pooled")
        assert len(given) == N_SUBJECTS * N_TRIALS  # each trial once
        assert ((given["probability"] > 0.5) == given["label"]).mean() > 0.95


def test_predictions_are_those_of_pyriemanns_pipeline(cohort):
    table, found = cohort
    (fold, *_) = trial_grouped(table, n_folds=2, seed=0, tasks=["valence"])
    given = tangent_space_predictions(found, table, [fold], ["valence"])
    label = np.arange(len(found)) % 2
    train, test = (np.unique(rows // N_WINDOWS) for rows in (train_rows(fold), fold.test))
    line = LogisticRegression(class_weight="balanced", max_iter=1000)
    by_hand = make_pipeline(TangentSpace(), line).fit(found[train, 0], label[train])
    expected = by_hand.predict_proba(found[test, 0])[:, 1]
    np.testing.assert_allclose(given["probability"], expected, rtol=1e-6)
    assert given["label"].tolist() == label[test].tolist()


def test_each_band_has_the_mean_of_the_training_trials(cohort):
    _, found = cohort
    both = np.concatenate([found, 3 * found], axis=1)
    space = tangent_space().fit(both[:20], np.arange(20) % 2)[0]
    for band, own in enumerate(space.of_band_):
        np.testing.assert_allclose(own.reference_, mean_riemann(both[:20, band]), rtol=1e-5)


def test_a_tested_trial_changes_no_other_prediction(cohort):
    table, found = cohort
    (fold, *_) = trial_grouped(table, n_folds=2, seed=0, tasks=["valence"])
    changed = found.copy()
    number = fold.test[0] // N_WINDOWS
    changed[number] *= 50
    before, after = (
        tangent_space_predictions(x, table, [fold], ["valence"])["probability"].to_numpy()
        for x in (found, changed)
    )
    assert before[0] != after[0]
    np.testing.assert_array_equal(before[1:], after[1:])


def test_windows_of_one_trial_on_both_sides_have_no_covariance(cohort):
    table, found = cohort
    folds = window_wise(table, n_folds=2, seed=0, tasks=["valence"])
    assert not len(tangent_space_predictions(found, table, folds, ["valence"]))


def test_recentred_subjects_have_the_same_mean_and_other_people_do_not_matter(cohort):
    _, found = cohort
    subject = np.repeat([f"s{i}" for i in range(N_SUBJECTS)], N_TRIALS)
    scaled = found * np.repeat([1, 4, 9, 16], N_TRIALS)[:, None, None, None]
    moved = recentred(scaled, subject)
    np.testing.assert_allclose(moved, recentred(found, subject), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(mean_riemann(moved[subject == "s1", 0]), np.eye(4), atol=1e-5)
