"""The summary of a subject: what is found where it is, what is left untested and why."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from emolib.evaluation.permutation import is_block_design
from emolib.evaluation.subject import channel_adjacency, summarise
from emolib.features.extraction import FeatureSettings, extract_features
from emolib.features.spectra import FACTOR, bad_channels, line_noise, power_spectrum
from emolib.recordings.labels import Task

CHANNELS = ["Fp1", "Fp2", "Fz", "Cz", "Pz", "P3", "P4", "O1", "Oz", "O2"]
BACK = ["O1", "Oz", "O2"]
SFREQ = 128.0
TASKS = {"arousal": Task("arousal")}
SETTINGS = FeatureSettings(baseline="none")


def recording(ratings, *, louder=1.0, seed=0):
    """White noise of 4 s a trial; electrodes at the back are louder in trials of the high class."""
    rng = np.random.default_rng(seed)
    ratings = np.asarray(ratings, float)
    eeg = 10 * rng.normal(size=(len(ratings), len(CHANNELS), round(4 * SFREQ)))
    eeg[np.ix_(ratings > 5, [CHANNELS.index(name) for name in BACK])] *= louder
    trials = np.arange(1, len(ratings) + 1)
    return xr.Dataset(
        {
            "eeg": (("trial", "channel", "time"), eeg.astype("float32")),
            "rating": (("trial", "scale"), ratings[:, None]),
        },
        {
            "trial": trials,
            "channel": CHANNELS,
            "scale": ["arousal"],
            "stimulus": ("trial", trials.astype(str)),
        },
        {"dataset": "noise", "subject": "sub-01", "sfreq": SFREQ},
    )


def summary(data, *, tasks=TASKS, **settings):
    features = extract_features(data, SETTINGS)
    return summarise(data, features, tasks, SETTINGS, n_permutations=199, **settings)


@pytest.fixture(scope="module")
def mixed():
    """Twenty ratings of each class, in a mixed order."""
    return np.random.default_rng(1).permutation(np.repeat([2.0, 8.0], 20))


def test_a_difference_is_found_where_it_is(mixed):
    found = summary(recording(mixed, louder=2.0))
    assert found["cluster_p"].item() == pytest.approx(2 / 199)  # MNE counts the data among them
    assert found["holm_p"].item() == found["cluster_p"].item()
    back = found["cluster"].sel(channel=BACK, task="arousal")
    assert (back == 1).all()
    assert (found["t"].sel(channel=BACK) > 0).all()
    assert found["score"].item() == 1.0
    assert found["p"].item() == 1 / 1000
    assert found["untested"].item() == ""
    assert (found["class"].sel(task="arousal") == (mixed > 5)).all()


@pytest.mark.slow
def test_in_noise_there_is_a_wide_range_of_chance(mixed):
    found = [summary(recording(mixed, seed=seed)) for seed in range(5)]
    assert sum(one["cluster_p"].item() > 0.05 for one in found) >= 4
    assert sum(one["p"].item() > 0.05 for one in found) >= 4
    low = np.mean([one["chance_low"].item() for one in found])
    high = np.mean([one["chance_high"].item() for one in found])
    # The null of 40 trials has a standard deviation of about .10.
    assert low == pytest.approx(0.5 - 1.96 * 0.10, abs=0.06)
    assert high == pytest.approx(0.5 + 1.96 * 0.10, abs=0.06)
    # What is found in 4 of 5 cases lies .84 standard deviations above the 95th percentile.
    detectable = np.mean([one["detectable"].item() for one in found])
    assert detectable == pytest.approx(0.5 + (1.64 + 0.84) * 0.10, abs=0.06)


def test_louder_is_so_many_decibels(mixed):
    found = summary(recording(mixed, louder=2.0))
    power = found["power"].sel(channel=BACK)
    high = mixed > 5
    difference = power[high].mean() - power[~high].mean()
    assert difference.item() == pytest.approx(20 * np.log10(2), abs=0.2)


def test_what_would_be_missed_shrinks_as_the_standard_error(mixed):
    few = np.random.default_rng(1).permutation(np.repeat([2.0, 8.0], 10))
    missed = [summary(recording(ratings))["missed"].item() for ratings in (mixed, few)]
    assert missed[1] / missed[0] == pytest.approx(np.sqrt(2))


@pytest.mark.parametrize(
    ("ratings", "settings", "why"),
    [
        ([2.0] * 12, {}, "one class only"),
        ([2.0] * 20 + [8.0] * 20, {}, "the classes come in blocks"),
        ([2.0, 8.0, 8.0, 2.0] * 6, {"within": False}, "does not compare trials of one person"),
    ],
)
def test_what_is_not_tested_says_why(ratings, settings, why):
    found = summary(recording(ratings, louder=3.0), **settings)
    assert why in found["untested"].item()
    for name in ("cluster_p", "holm_p", "missed", "score", "p"):
        assert np.isnan(found[name].item()), name


def test_trials_in_the_order_of_the_stimuli_have_no_blocks():
    ratings = [2.0] * 20 + [8.0] * 20
    found = summary(recording(ratings, louder=3.0), chronological=False)
    assert found["untested"].item() == ""
    assert found["p"].item() == 1 / 1000


def test_fewer_than_ten_trials_of_a_class_have_no_cluster_test():
    ratings = np.random.default_rng(2).permutation([2.0] * 9 + [8.0] * 12)
    found = summary(recording(ratings, louder=3.0))
    assert np.isnan(found["cluster_p"].item())
    assert found["score"].item() == 1.0  # the light model needs no ten


def test_a_score_that_no_fold_can_have_has_no_p():
    """Five trials are five folds of one, none of which holds both classes."""
    found = summary(recording([2.0, 8.0, 2.0, 8.0, 8.0]))
    for name in ("score", "p", "detectable"):
        assert np.isnan(found[name].item()), name


def test_trials_may_come_in_any_order(mixed):
    data = recording(mixed, louder=2.0)
    other = summary(data.isel(trial=np.random.default_rng(3).permutation(len(mixed))))
    xr.testing.assert_allclose(other, summary(data), rtol=1e-3)  # sums in another order


def test_the_order_of_tasks_is_the_studys(mixed):
    tasks = {"arousal": Task("arousal"), "aaa": Task("arousal", above=7)}
    assert summary(recording(mixed), tasks=tasks)["task"].to_numpy().tolist() == ["arousal", "aaa"]


def test_mixed_orders_are_rarely_taken_for_blocks():
    rng = np.random.default_rng(0)
    found = [is_block_design(rng.permutation(np.repeat([0, 1], 20))) for _ in range(200)]
    assert np.mean(found) < 0.03


def test_neighbours_are_neighbours():
    adjacency = channel_adjacency(CHANNELS).toarray() > 0
    at = CHANNELS.index
    assert adjacency[at("O1"), at("Oz")] and adjacency[at("Fz"), at("Cz")]
    assert not adjacency[at("Fp1"), at("O1")]
    assert (adjacency == adjacency.T).all()
    assert channel_adjacency(["Fz", "Cz"]).shape == (2, 2)


@pytest.mark.parametrize("line", [50.0, 60.0])
def test_hum_is_measured_at_its_frequency(line):
    time = np.arange(0, 30, 1 / 256)
    noise = np.random.default_rng(0).normal(size=len(time))
    hz, density = power_spectrum(noise + np.sin(2 * np.pi * line * time), 256.0)
    found, excess = line_noise(xr.DataArray(density[None], {"channel": ["Oz"], "frequency": hz}))
    assert found == line
    # A sine's power is one half; noise has 2/256 per Hz. Both lie within 2 Hz and a bin.
    assert excess.item() == pytest.approx(10 * np.log10(0.5 / 2.5 / (2 / 256) + 1), abs=1)


def test_a_slow_recording_has_no_hum():
    hz = np.arange(0, 40.0)
    assert line_noise(xr.DataArray(np.ones((1, 40)), {"channel": ["Oz"], "frequency": hz})) is None


def test_odd_channels_are_a_factor_away():
    deviation = pd.Series([10.0] * 5 + [10 * FACTOR * 1.01, 10 / FACTOR / 1.01], list("abcdefg"))
    assert bad_channels(deviation).to_dict() == {"f": "noisy", "g": "flat"}
    assert not len(bad_channels(deviation.iloc[:5]))


def test_a_recording_before_preprocessing_is_compared(mixed):
    louder = recording(mixed)
    louder["eeg"] = 3 * louder["eeg"]
    assert "sd" not in summary(recording(mixed))
    before, after = summary(recording(mixed), before=louder)["sd"].to_numpy()
    np.testing.assert_allclose(before, 3 * after, rtol=1e-5)
