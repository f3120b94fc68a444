"""The table of published figures: whole, in range, and with a source a row."""

from __future__ import annotations

import pytest

from emolib.evaluation.literature import field, measured_references, published, trainings
from emolib.splits.protocols import LEAKING, PROTOCOLS
from emolib.study.keys import REFERENCES

ABLATIONS = {
    *("proposed", "DE only", "PSD only", "single-task"),
    *("no rate decay", "no batch normalisation", "no dropout"),
}


@pytest.fixture(scope="module")
def figures():
    return published()


def test_rows_are_whole_and_none_is_there_twice(figures):
    columns = ["system", "variant", "protocol", "valence", "arousal", "unit", "source"]
    assert list(figures.columns) == columns
    assert not figures.duplicated(["system", "variant", "protocol"]).any()
    assert (figures[["system", "unit", "source"]] != "").all(axis=None)
    assert figures[["valence", "arousal"]].dtypes.astype(str).tolist() == ["float64"] * 2
    assert figures[["valence", "arousal"]].stack().between(50, 100).all()


def test_protocols_are_ours(figures):
    assert set(figures["protocol"]) <= set(PROTOCOLS)
    assert set(figures["unit"]) == {"accuracy %", "balanced accuracy %"}


def test_all_above_two_thirds_are_of_a_protocol_that_leaks(figures):
    high = figures[["valence", "arousal"]].max(axis=1) > 67
    assert figures.loc[high, "protocol"].isin(LEAKING).all()


def test_every_ablation_is_below_the_whole(figures):
    rows = figures[figures["system"] == "MT-CNN ablations"].set_index("variant")
    assert set(rows.index) == ABLATIONS
    loss = rows.loc["proposed", ["valence", "arousal"]] - rows[["valence", "arousal"]]
    assert (loss.drop("proposed") > 0).all(axis=None)
    # The bars were read off a chart: they may differ from the printed figures by 0.03.
    paper = figures[figures["variant"] == "paper"][["valence", "arousal"]].iloc[0]
    assert rows.loc["proposed", ["valence", "arousal"]].tolist() == pytest.approx(
        paper.tolist(), abs=0.03 + 1e-9
    )


def test_what_trainings_scored_is_there_for_both_kinds_of_data():
    found = trainings().query("what == 'trial' and people == 'all'")
    data = found.groupby("training")["data"].agg(set)
    names = ("ridge regression", "as published", "fixed schedule, no batch normalisation")
    assert {len(data[name]) for name in names} == {8}  # two kinds of z-scores, six cohorts
    assert (found["low"] <= found["value"]).all() and (found["value"] <= found["high"]).all()


def test_what_the_field_reports_is_whole_and_says_what_was_read():
    found = field()
    assert set(found["dataset"]) == {"DEAP", "SEED", "DREAMER"}
    assert not found.duplicated(["dataset", "system", "task", "split"]).any()
    assert set(found["read"]) == {"abstract", "README"}
    assert set(found["measure"]) == {"accuracy %", "F1 %"}
    assert (found[["system", "task", "split", "source"]] != "").all(axis=None)
    assert found["score"].between(30, 100).all()


def test_a_split_that_is_not_stated_is_no_protocol():
    found = field()
    assert set(found["protocol"]) <= {*PROTOCOLS, ""}
    assert (found.loc[found["split"] == "not stated", "protocol"] == "").all()
    # The words "subject dependent" do not say whether windows of one trial are on both sides.
    assert (found.loc[found["split"] == "subject dependent", "protocol"] == "").all()
    people = found["split"].str.contains("one subject out|independent|cross-subject")
    assert (found.loc[people, "protocol"] == "leave_subjects_out").all()


def test_all_reference_models_were_measured_with_people_held_out():
    found = measured_references()
    across = found[(found["protocol"] == "leave_subjects_out") & (found["what"] == "trial")]
    models = {"network", *REFERENCES, "tangent_space_recentred"}
    by_data = across.groupby(["data", "task"])["model"].agg(list)
    assert len(by_data) == 6  # real recordings, two tasks of the demo, three cohorts
    assert all(sorted(own) == sorted(models) for own in by_data)
    assert (found["low"] <= found["value"]).all() and (found["value"] <= found["high"]).all()
    assert set(found.loc[found["unit"] == "trial", "what"]) == {"trial"}
    assert (found.loc[found["model"] == "majority", "value"] == 0.5).all()
