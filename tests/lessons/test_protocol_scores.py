"""Light models under several protocols, on windows whose only mark is their trial's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from smoothers import noise

from emolib.errors import DataError
from emolib.lessons.label_quality import labels_by_rule
from emolib.lessons.protocol_scores import (
    by_rule,
    compare_protocols,
    identity_probes,
    of_network,
    own_and_random_labels,
    subject_identification,
    thinned,
    trial_identification,
    window_scores,
)

N_SUBJECTS, N_TRIALS, N_WINDOWS = 4, 12, 10


def cohort(effect: float = 0.0, seed: int = 0) -> tuple[np.ndarray, pd.DataFrame]:
    """Windows with a mark of their trial, and in one feature an effect of the label."""
    rng = np.random.default_rng(seed)
    sizes = {"subject": N_SUBJECTS, "trial": N_TRIALS, "window": N_WINDOWS}
    index = pd.MultiIndex.from_product([range(n) for n in sizes.values()], names=list(sizes))
    table = index.to_frame(index=False)
    label = rng.permuted(np.tile(np.arange(N_TRIALS) % 2, (N_SUBJECTS, 1)), axis=1)
    table["valence"] = label[table["subject"], table["trial"]]
    marks = rng.normal(size=(N_SUBJECTS, N_TRIALS, 1, 20)) + np.zeros((1, 1, N_WINDOWS, 1))
    x = marks.reshape(-1, 20) + 0.5 * rng.normal(size=(len(table), 20))
    x[:, 0] += effect * table["valence"]
    table["stimulus"] = table["trial"]
    table["subject"] = "sub-" + table["subject"].astype(str)
    return x, table


def values(scores: pd.DataFrame) -> pd.Series:
    return scores.set_index(["model", "protocol", "labels"])["value"]


def test_a_mark_of_the_trial_serves_random_labels_as_well_as_real_ones():
    x, table = cohort()
    scores = own_and_random_labels(
        x, table, honest="trial_grouped", tasks=["valence"], n_folds=3, seed=0
    )
    assert scores.columns.tolist() == ["model", "task", "protocol", "labels", "value"]
    found = values(scores)
    assert len(found) == 6
    for labels in ("own", "random"):
        assert found["nearest_neighbours", "window_wise", labels] > 0.95
    assert 0.2 < found["nearest_neighbours", "trial_grouped", "own"] < 0.8


def test_random_labels_lose_a_real_effect():
    x, table = cohort(effect=6)
    found = values(
        own_and_random_labels(
            x, table, honest="trial_grouped", tasks=["valence"], n_folds=3, models=["ridge"]
        )
    )
    assert found["ridge", "trial_grouped", "own"] > 0.95
    assert found["ridge", "window_wise", "own"] > found["ridge", "window_wise", "random"] + 0.1


def test_window_scores_are_those_of_all_scores():
    x, table = cohort(effect=1)
    scores, _ = compare_protocols(x, table, ["trial_grouped"], tasks=["valence"], n_folds=3)
    whole = scores[scores["subject"].isna() & scores["fold"].isna()].set_index("metric")
    found = values(
        own_and_random_labels(
            x, table, honest="trial_grouped", tasks=["valence"], n_folds=3, models=["ridge"]
        )
    )
    expected = whole.loc["window_balanced_accuracy", "value"]
    assert found["ridge", "trial_grouped", "own"] == pytest.approx(expected)


def test_protocols_that_the_data_cannot_serve_are_named_and_do_not_stop_others():
    x, table = cohort()
    table = table[table["subject"] < "sub-2"]  # two subjects only
    protocols = ["trial_grouped", "leave_subjects_out"]
    scores, refused = compare_protocols(
        x[: len(table)], table, protocols, tasks=["valence"], n_folds=3, resamples=0
    )
    assert scores["protocol"].unique().tolist() == ["trial_grouped"]
    assert list(refused) == ["leave_subjects_out"]
    assert "there are 2, 3 folds need 3" in refused["leave_subjects_out"]
    scores, refused = compare_protocols(
        x[: len(table)], table, protocols[1:], tasks=["valence"], n_folds=3
    )
    assert scores.empty and len(refused) == 1


def predictions(labels: list[int], probability: list[float], stage: str = "pooled") -> pd.DataFrame:
    columns = {"protocol": "window_wise", "fold": 0, "stage": stage, "subject": "sub-01"}
    columns |= {"trial": [1, 1, 2, 2], "window": [0, 1, 0, 1], "task": "valence"}
    return pd.DataFrame(columns | {"label": labels, "probability": probability})


def test_the_networks_scores_have_the_same_shape():
    pooled = predictions([0, 0, 1, 1], [0.1, 0.9, 0.9, 0.9])
    tuned = predictions([0, 0, 1, 1], [0.1, 0.1, 0.9, 0.9], stage="subject")
    refits = [predictions([1, 1, 0, 0], [0.9, 0.9, p, 0.1]).assign(permutation=k)
              for k, p in ((1, 0.1), (2, 0.9))]  # fmt: skip
    given = of_network(pd.concat([pooled, tuned]), pd.concat(refits))
    assert given["model"].unique().tolist() == ["network"]
    found = given.set_index(["protocol", "labels"])["value"]
    assert found["window_wise", "own"] == pytest.approx(0.75)
    assert found["window_wise", "random"] == pytest.approx((1 + 0.75) / 2)
    assert window_scores(pooled).loc["window_wise", "pooled", "valence"] == pytest.approx(0.75)


def test_an_untrained_network_has_no_scores():
    given = of_network(pd.DataFrame(), pd.DataFrame())
    assert given.empty and "labels" in given


def dataset(subject: str, x: np.ndarray) -> xr.Dataset:
    """(trial, window, channel) as features."""
    trial = np.repeat(np.arange(len(x)), x.shape[1])
    return xr.Dataset(
        {"feature": (("window", "kind", "band", "channel"), x.reshape(len(trial), 1, 1, -1))},
        {"subject": ("window", [subject] * len(trial)), "trial": ("window", trial)},
    )


def test_probes_find_marks_of_trials_and_of_people():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(3, 10, 8, 6))
    of_trial = 5 * rng.normal(size=(3, 10, 1, 6))
    of_person = 5 * rng.normal(size=(3, 1, 1, 6))
    names = ["a", "b", "c"]
    marked = [dataset(*pair) for pair in zip(names, noise + of_trial, strict=True)]
    found = identity_probes(marked, "b", step=1)
    assert found["trial"][0] > 0.95 and found["trial"][1] == 0.1
    personal = [dataset(*pair) for pair in zip(names, noise + of_person, strict=True)]
    found = identity_probes(personal, "b")
    assert found["person"][0] > 0.95 and found["person"][1] == pytest.approx(1 / 3)
    assert found["trial"][0] < 0.3
    assert list(identity_probes(personal[:1], "a")) == ["trial"]


def test_thinning_keeps_all_trials_and_the_first_subject():
    _, table = cohort()
    rows, step = thinned(table, first="sub-3", n_subjects=2, n_windows=4)
    kept = table.iloc[rows]
    assert step == 3
    assert sorted(kept["subject"].unique()) == ["sub-0", "sub-3"]
    assert (kept.groupby(["subject", "trial"]).size() == 4).all()
    everything, step = thinned(table, first="sub-0")
    assert step == 1 and len(everything) == len(table)


def test_rules_are_scored_with_their_own_labels():
    x, table = cohort(effect=8)
    ratings = table.groupby(["subject", "trial"])["valence"].first() * 4 + 3.0  # 3 or 7
    rules = labels_by_rule(ratings)
    nonsense = rules["above 5"].sample(frac=1, random_state=0).set_axis(rules["above 5"].index)
    few = nonsense.where(np.arange(len(nonsense)) < 1, -1)
    chosen = {"above 5": rules["above 5"], "nonsense": nonsense, "too few": few}
    found = by_rule(x, table, "valence", chosen, protocol="trial_grouped", n_folds=3)
    assert found.loc["above 5", ["high", "low"]].tolist() == [24, 24]
    assert found.loc["above 5", "score"] > 0.95 > 0.8 > found.loc["nonsense", "score"]
    assert np.isnan(found.loc["too few", "score"])
    scores, _ = compare_protocols(x, table, ["trial_grouped"], tasks=["valence"], n_folds=3)
    whole = scores[scores["subject"].isna() & scores["fold"].isna()].set_index("metric")
    expected = whole.loc["trial_balanced_accuracy", "value"]
    assert found.loc["above 5", "score"] == pytest.approx(expected)


def test_windows_of_noise_do_not_name_their_trial_and_a_fingerprint_does():
    assert trial_identification(*noise(n_windows=10), n_folds=2) < 0.15
    assert trial_identification(*noise(n_windows=10, fingerprint=2.0), n_folds=2) > 0.9


def test_trials_of_few_windows_are_named_too_but_not_of_one():
    assert trial_identification(*noise(n_windows=4, fingerprint=2.0)) > 0.9  # of five folds
    with pytest.raises(DataError, match="one window only"):
        trial_identification(*noise(n_windows=1))


def test_subjects_are_named_by_what_their_trials_share():
    x, table = noise()
    assert subject_identification(x, table) == pytest.approx(1 / 3, abs=0.1)
    level = {"sub-01": 0.0, "sub-02": 2.0, "sub-03": 4.0}
    x[:, 0] += table["subject"].map(level)
    assert subject_identification(x, table) > 0.7


def test_one_subject_cannot_be_told_from_himself():
    with pytest.raises(DataError, match="This probe needs two or more"):
        subject_identification(*noise(n_subjects=1))
