"""Features of one's own: what is read from a plain table, and what is wrong with it."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from emolib.errors import DataError
from emolib.features.extraction import FeatureSettings, extract_features
from emolib.figures.explorer.data import features_of_table
from emolib.figures.explorer.widget import Explorer
from emolib.recordings.simulated import SimulationSettings, simulate_subject


def table(*lines: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO("\n".join(lines)))


def test_bands_and_windows_find_their_places_in_any_order():
    columns = "trial,onset_seconds,band,O1,Fz"
    rows = ("2,0,theta,1,2", "2,0,alpha,3,4", "1,5,alpha,7,8", "1,5,theta,5,6")
    features = features_of_table(table(columns, *rows))
    assert features.dims == ("window", "channel", "band")
    assert features["trial"].to_numpy().tolist() == [2, 1]
    assert features["band"].to_numpy().tolist() == ["theta", "alpha"]
    assert features.sel(band="theta", channel="Fz").to_numpy().tolist() == [2, 6]
    assert features.sel(band="alpha", channel="O1").to_numpy().tolist() == [3, 7]


def test_features_survive_a_csv_file(tmp_path):
    recording, _ = simulate_subject(SimulationSettings(n_trials=4, trial_seconds=2), subject=1)
    features = extract_features(recording, FeatureSettings())["feature"]
    table = features.to_dataset("channel").to_dataframe().reset_index()
    table = table[["trial", "onset_seconds", "kind", "band", *features["channel"].to_numpy()]]
    table.to_csv(tmp_path / "own.csv", index=False)
    back = features_of_table(pd.read_csv(tmp_path / "own.csv"))
    expected = features.sel({name: back[name] for name in ("kind", "band", "channel")})
    np.testing.assert_allclose(back, expected.transpose(*back.dims), rtol=1e-6)
    assert len(Explorer(back).spec["trials"]) == 4


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("trail,Fz", "1,2"), r"column 'trail': is no electrode.*Did you mean 'trial'"),
        (("Fz,O1", "1,high"), r"column 'O1': holds something that is no number"),
        (("trial,band", "1,alpha"), r"table: has no electrode or no row"),
        (("Fz",), r"table: has no electrode or no row"),
        (("trial,onset_seconds,Fz", "1,0,2", "1,0,3"), r"two rows of trial 1, onset_seconds 0"),
        (
            ("trial,onset_seconds,band,Fz", "1,0,alpha,2", "1,1,beta,3"),
            r"has 2 rows; with every band of each window 4",
        ),
    ],
)
def test_what_is_wrong_is_told(lines, message):
    with pytest.raises(DataError, match=message):
        features_of_table(table(*lines))
