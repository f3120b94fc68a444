"""Words about what a network uses: never more than its score allows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from emolib.book.subject_sentences import share_sentence, share_sentences
from emolib.evaluation.permutation import ChanceComparison
from emolib.evaluation.scores import score
from emolib.figures.display import escape_markdown

BANDS, CHANNELS = ["theta", "alpha"], ["Fz", "Cz", "Pz", "Oz"]
CAVEAT = "shows what the network uses, not what distinguishes the classes"


def shares(alpha=(0.1, 0.0, 0.2, 0.4), theta=(0.3, 0.0, 0.0, -0.2)):
    return xr.DataArray(np.array([theta, alpha]), {"band": BANDS, "channel": CHANNELS})


def losses(*values):
    return xr.DataArray(list(values), {"band": BANDS})


def test_the_band_by_its_sum_and_its_electrodes_are_named():
    told = share_sentence(
        "valence", shares(), losses(0.0, 0.5), ChanceComparison(0.8, 0.3, 0.7, 0.8)
    )
    assert "alpha has the largest share, +0.700 of +0.800 nats" in told
    assert "most of it at Oz, Pz and Fz" in told
    assert "Hiding all of alpha costs 0.500 nats" in told


@pytest.mark.parametrize("value", [0.5, 0.1, np.nan])
def test_a_map_without_a_score_above_guessing_says_what_it_shows(value):
    low, high = (0.3, 0.7) if value == value else (np.nan, np.nan)
    told = share_sentence("x", shares(), losses(0, 0), ChanceComparison(value, low, high, 0.8))
    assert CAVEAT in told


def test_a_score_above_guessing_needs_no_such_words():
    told = share_sentence("x", shares(), losses(0, 0), ChanceComparison(0.8, 0.3, 0.7, 0.8))
    assert CAVEAT not in told and "This is not a test" in told


def test_shares_that_all_speak_against_the_labels():
    against = shares(alpha=(-0.1,) * 4, theta=(-0.3,) * 4)
    told = share_sentence("x", against, losses(0.0, -0.1), ChanceComparison(0.5, 0.3, 0.7, 0.8))
    assert "No band supports the labels overall." in told
    assert "Hiding all of alpha gains 0.100 nats" in told


def predicted(label, subject="sub-01"):
    n = len(label)
    return pd.DataFrame(
        {"protocol": "trial_grouped", "fold": np.arange(n) % 2, "stage": "pooled"}
        | {"subject": subject, "trial": np.arange(n), "window": 0, "task": "valence"}
        | {"label": label, "probability": 0.6, "repeat": 0}
    )


def explained():
    by_fold = xr.concat([shares(), 3 * shares()], dim=xr.Variable("fold", [0, 1]))
    share = by_fold.expand_dims(task=["valence"]).transpose("fold", ...)
    return xr.Dataset({"attribution": share, "band_importance": share.sum("channel")})


def sentences(label, subject="sub-01", **changes):
    table = predicted(label, subject)
    given = explained().assign(**changes) if changes else explained()
    return share_sentences(
        given, table, score(table, resamples=0), subject, protocol="trial_grouped",
        tasks=["valence"],
    )  # fmt: skip


def test_folds_are_averaged():
    (told,) = sentences([0, 0, 1, 1] * 2)
    assert "+1.400 of +1.600 nats" in told  # twice the first fold's
    assert "Balanced accuracy was 0.50" in told and CAVEAT in told


def test_a_subject_of_one_class_has_a_map_and_no_score():
    (told,) = sentences([1] * 8)
    assert "no balanced accuracy" in told and CAVEAT in told


def test_no_labelled_trial_no_sentence_about_shares():
    (told,) = sentences([0, 1] * 4, attribution=explained()["attribution"] * np.nan)
    assert told == "valence: none of the explained trials has a label."


def test_markup_in_a_subjects_name_does_no_harm():
    (told,) = sentences([0, 0, 1, 1] * 2, subject="<b>*me*</b>")
    assert "<b>" not in escape_markdown(told)
