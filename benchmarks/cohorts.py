"""Cohorts in which there is nothing to find."""

from __future__ import annotations

import numpy as np
import pandas as pd

from emolib.errors import check_option

NULLS = ("independent", "shared", "stimulus_locked")


def null_cohort(
    kind: str,
    rng: np.random.Generator,
    *,
    n_subjects: int = 16,
    n_stimuli: int = 40,
    n_features: int = 20,
    stimulus_effect: float = 0.5,
) -> tuple[np.ndarray, pd.DataFrame]:
    """Draw features (n_trials, n_features) that are unrelated to their labels, and their table.

    Of the kinds, "independent" draws a label for each trial; in "shared" labels mostly follow the
    stimulus, as ratings do; "stimulus_locked" adds a response that all subjects share for a
    stimulus, unrelated to its label, of `stimulus_effect` standard deviations of the noise.
    """
    check_option("kind", kind, NULLS)
    subject, stimulus = np.divmod(np.arange(n_subjects * n_stimuli), n_stimuli)
    labels = rng.integers(0, 2, len(subject))
    x = rng.normal(size=(len(subject), n_features))
    if kind != "independent":
        of_stimulus = rng.permutation(np.arange(n_stimuli) % 2)
        follows = rng.random(len(subject)) < 0.8
        labels = np.where(follows, of_stimulus[stimulus], labels)
    if kind == "stimulus_locked":
        x += stimulus_effect * rng.normal(size=(n_stimuli, n_features))[stimulus]
    names = [f"sub-{s + 1:02d}" for s in subject]
    columns = {"subject": names, "trial": stimulus + 1, "stimulus": stimulus, "window": 0}
    return x, pd.DataFrame(columns | {"valence": labels})
