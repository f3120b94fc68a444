"""Tables of variants and of refits, on scores that are known beforehand."""

import numpy as np
import pandas as pd
import pytest

from emolib.book.tables import permuted_table, variant_differences, variants_table
from emolib.evaluation.literature import published
from emolib.evaluation.scores import permuted_scores, score
from emolib.splits.protocols import BOTH_SIDES


def predictions(share_right, *, n_repeats=1, protocol="trial_grouped", seed=0):
    """Four subjects, 20 trials of each class; in each class this share is right."""
    rng = np.random.default_rng(seed)
    rows = []
    for repeat in range(n_repeats):
        for subject in "abcd":
            for label in (0, 1):
                wrong = np.arange(20) >= round(share_right * 20)
                for trial, miss in enumerate(rng.permutation(wrong)):
                    probability = 0.9 if bool(label) != bool(miss) else 0.1
                    key = (protocol, repeat, "pooled", subject, 20 * label + trial)
                    rows.append((*key, 0, "valence", label, probability, repeat))
    columns = [
        "protocol",
        "fold",
        "stage",
        "subject",
        "trial",
        "window",
        "task",
        "label",
        "probability",
        "repeat",
    ]
    return pd.DataFrame(rows, columns=columns)


def both(share, **settings):
    """With window-wise predictions that are all right."""
    honest = predictions(share, **settings)
    return pd.concat([honest, predictions(1.0, **settings | {"protocol": "window_wise"})])


def test_differences_are_those_of_the_shares():
    found = variant_differences(
        predictions(0.75, n_repeats=3), {"no_dropout": predictions(0.6, n_repeats=3)}
    )
    (row,) = found.to_dict("records")
    assert row["difference"] == pytest.approx(-0.15)
    assert row["low"] < -0.15 < row["high"]


def test_a_variant_that_changes_no_answer_is_said_to():
    whole, other = predictions(0.75, n_repeats=3), predictions(0.75, n_repeats=3, seed=1)
    variants = {"no_rate_decay": whole.sample(frac=1, random_state=0), "other": other}
    found = variant_differences(whole, variants)
    assert found.set_index("variant")["same"].to_dict() == {"no_rate_decay": True, "other": False}
    scores = {name: score(p, resamples=0) for name, p in {"": whole, **variants}.items()}
    table = variants_table(scores, found, ["valence"]).set_index("variant")
    assert table.loc["no rate decay", "less the whole"] == "none: the same answers"
    assert table.loc["other", "less the whole"].startswith("+0.00 (")


def test_without_three_seeds_nothing_is_tested():
    assert not len(
        variant_differences(predictions(0.7, n_repeats=2), {"x": predictions(0.7, n_repeats=3)})
    )


def test_variants_stand_beside_the_whole_and_the_published_figures():
    whole, variant = both(0.75), both(0.6)
    scores = {name: score(p, resamples=0) for name, p in {"": whole, "no_dropout": variant}.items()}
    table = variants_table(scores, variant_differences(whole, {"no_dropout": variant}), ["valence"])
    assert table["variant"].tolist() == ["the whole", "no dropout"] * 2
    assert table["protocol"].str.contains(BOTH_SIDES).tolist() == [False, False, True, True]
    assert table["less the whole"].tolist() == ["-", "-0.15", "-", "+0.00"]
    assert table["balanced accuracy"].tolist() == ["0.75", "0.60", "1.00", "1.00"]
    of_windows = scores["no_dropout"].query("metric == 'window_balanced_accuracy'")
    honest = of_windows.query("protocol == 'trial_grouped' and subject.isna() and fold.isna()")
    assert table["balanced, windows"].tolist()[1] == f"{honest['value'].item():.2f}"
    figures = published().set_index("variant")["valence"]
    expected = [f"{figures[name]:.1f}\N{NO-BREAK SPACE}%" for name in ("proposed", "no dropout")]
    assert table["published"].tolist() == ["-", "-", *expected]


def test_a_variant_that_nobody_published_gets_no_column_of_dashes():
    scores = {name: score(both(0.7), resamples=0) for name in ("", "mine")}
    assert "published" not in variants_table(
        scores, variant_differences(both(0.7), {}), ["valence"]
    )


def test_refits_give_a_p_where_it_means_something():
    shares = [0.4, 0.5, 0.6, 0.8] * 5
    refits = pd.concat(
        [both(share, seed=i).assign(permutation=i) for i, share in enumerate(shares, start=1)]
    )
    scores, permuted = score(both(0.75), resamples=0), permuted_scores(refits)
    table = permuted_table(scores, permuted).set_index("protocol")
    assert table.loc["trial-grouped", "p"] == f"{(1 + 5) / (1 + 20):.2f}"
    assert table.loc["trial-grouped", "permuted labels"] == f"{np.mean(shares):.2f}"
    assert table.loc["trial-grouped", "lowest to highest"] == "0.40 to 0.80"
    assert table.loc[f"window-wise ({BOTH_SIDES})", "p"] == "not tested"
    few = permuted_table(scores, permuted[permuted["permutation"] <= 3]).set_index("protocol")
    assert few.loc["trial-grouped", "p"] == "needs 19 refits"


def test_no_refits_no_table():
    assert not len(permuted_scores(pd.DataFrame()))
    assert not len(permuted_table(score(both(0.7), resamples=0), permuted_scores(pd.DataFrame())))
