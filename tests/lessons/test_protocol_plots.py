"""Figures of protocols and of chance: what is drawn is what was given, and leaks are hollow."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb

from emolib.evaluation.permutation import PermutationTest
from emolib.lessons import protocol_pictures, protocol_plots
from emolib.splits.folds import Fold
from emolib.splits.protocols import (
    BOTH_SIDES,
    PROTOCOLS,
    leave_subjects_and_stimuli_out,
    window_wise,
)


def windows(n_subjects=3, n_stimuli=4, n_windows=5) -> pd.DataFrame:
    sizes = {"subject": n_subjects, "stimulus": n_stimuli, "window": n_windows}
    index = pd.MultiIndex.from_product([range(n) for n in sizes.values()], names=list(sizes))
    table = index.to_frame(index=False)
    return table.assign(trial=table["stimulus"], session=table["stimulus"] // 2)


# Which part each window has


def test_parts_do_not_depend_on_the_order_of_the_table():
    table = windows()
    fold = next(window_wise(table, n_folds=3, seed=0, tasks=()))
    parts = protocol_plots.fold_parts(table, fold)
    order = np.random.default_rng(0).permutation(len(table))
    shuffled = table.iloc[order].reset_index(drop=True)
    again = Fold(*(np.flatnonzero(np.isin(order, getattr(fold, name)))
                   for name in ("train", "validation", "test")))  # fmt: skip
    assert (protocol_plots.fold_parts(shuffled, again) == parts).all()
    assert parts.shape == (3, 4, 5)


def test_windows_of_one_trial_are_mixed_window_wise_alone():
    table = windows(6, 6, 4)
    for name, protocol in PROTOCOLS.items():
        fold = next(protocol(table, n_folds=3, seed=0, tasks=()))
        parts = protocol_plots.fold_parts(table, fold)
        mixed = any(len(set(own)) > 1 for own in parts.reshape(-1, 4))
        assert mixed is (name == "window_wise"), name
        assert ("both" in parts) is (name == "window_wise"), name


def test_what_is_not_used_is_white():
    table = windows(6, 6, 4)
    fold = next(leave_subjects_and_stimuli_out(table, n_folds=3, seed=0, tasks=()))
    parts = protocol_plots.fold_parts(table, fold)
    tested = np.argwhere(parts == "test")
    for i in np.unique(tested[:, 0]):  # a tested subject is nowhere trained on
        assert set(parts[i].ravel()) == {"test", ""}


def test_every_window_is_one_box_of_its_part(ax):
    parts = np.array([[["train", "both"], ["", "test"]]], dtype=object)
    protocol_plots.protocol_schematic(ax, parts, title="x")
    groups = {group.get_label(): group for group in ax.collections}
    assert {name: len(group.get_paths()) for name, group in groups.items()} == {
        "training": 1, "test": 1, "test and validation": 1, "not used": 1,
    }  # fmt: skip
    both = groups["test and validation"]
    assert both.get_hatch() and tuple(both.get_edgecolor()[0][:3]) == (1, 1, 1)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("trials, by film", "subjects")


def test_parts_differ_in_grey(ax):
    def lightness(part):
        return round(float(np.dot(to_rgb(protocol_plots.PARTS[part][0]), (0.3, 0.59, 0.11))), 2)

    looks = [(lightness(part), protocol_plots.PARTS[part][1]) for part in protocol_plots.PARTS]
    assert len(set(looks)) == len(looks)
    assert lightness("") > lightness("train") > lightness("test") + 0.3
    protocol_plots.parts_legend(ax)
    assert len(ax.get_legend().get_texts()) == len(protocol_plots.PARTS)


# Scores beside one another


def scores() -> pd.DataFrame:
    columns = ["model", "task", "protocol", "labels", "value"]
    rows = [
        ("ridge", "arousal", "window_wise", "own", 0.9),
        ("ridge", "valence", "window_wise", "own", 0.8),
        ("ridge", "valence", "window_wise", "random", 0.7),
        ("ridge", "valence", "trial_grouped", "own", 0.6),
        ("nearest_neighbours", "valence", "trial_grouped", "own", 0.55),
        ("ridge", "valence", "leave_subjects_out", "own", 0.1),
    ]
    return pd.DataFrame(rows, columns=columns)


def test_three_scores_stand_side_by_side_in_the_order_of_the_tasks():
    wide = protocol_plots.side_by_side(scores(), "trial_grouped", ["valence", "arousal"])
    assert wide.index.tolist() == [
        "valence: ridge", "valence: nearest neighbours", "arousal: ridge",
    ]  # fmt: skip
    assert wide.columns.tolist() == [
        f"real labels, {BOTH_SIDES}", f"random labels, {BOTH_SIDES}", "real labels, trial-grouped",
    ]  # fmt: skip
    assert wide.loc["valence: ridge"].tolist() == [0.8, 0.7, 0.6]
    assert wide.loc["arousal: ridge"].isna().tolist() == [False, True, True]


def controls() -> pd.DataFrame:
    columns = ["removal", "model", "protocol", "metric", "mean"]
    rows = [
        ("none", "ridge", "window_wise", "balanced_accuracy", 0.5),
        ("none", "ridge", "trial_grouped", "balanced_accuracy", 0.49),
        ("none", "nearest_trial_label", "window_wise", "balanced_accuracy", 0.51),
        ("none", "nearest_trial_label", "window_wise", "trials_named", 0.02),
        ("own", "ridge", "window_wise", "balanced_accuracy", 0.75),
    ]
    return protocol_plots.controls(pd.DataFrame(rows, columns=columns))


def test_controls_name_what_was_subtracted_and_what_leaks():
    wide = controls()
    assert wide.index.tolist() == ["nothing", "its baseline subtracted"]
    assert wide.columns.tolist() == [
        f"ridge, {BOTH_SIDES}", "ridge, trial-grouped",
        f"trial named and label looked up, {BOTH_SIDES}",
    ]  # fmt: skip
    assert wide.loc["its baseline subtracted"].iloc[0] == 0.75


def test_points_know_their_kind_and_whether_they_leak():
    points = protocol_plots.kinds_of_points(controls())
    assert points["row"].tolist() == ["nothing", "its baseline subtracted"] * 3
    assert points["kind"].tolist() == ["ridge"] * 4 + ["trial named and label looked up"] * 2
    assert points["hollow"].tolist() == [True] * 2 + [False] * 2 + [True] * 2
    assert points["series"].unique().tolist() == list(controls())


# Fingerprints, formula and chance


def test_an_image_has_trials_side_by_side(ax):
    x = np.arange(12.0).reshape(2, 3, 2)  # trial, time, feature
    image = protocol_plots.fingerprint_image(ax, x, limit=5, title="x")
    assert image.get_array().tolist() == x.reshape(6, 2).T.tolist()
    assert image.get_clim() == (-5, 5)
    assert [text.get_text() for text in ax.get_xticklabels()] == ["trial 1", "trial 2"]


def test_formula_points_lie_where_they_should(ax):
    expected, measured = np.array([0.6, 0.7]), np.array([0.65, 0.7])
    groups = np.array(["trials", "baseline"])
    protocol_plots.formula_points(
        ax, expected, measured, groups, simple=np.array([0.8, 0.9]), label="accuracy"
    )
    (line,), (hollow, filled, *_) = ax.lines, ax.collections
    assert line.get_xdata().tolist() == line.get_ydata().tolist()
    assert hollow.get_offsets().tolist() == [[0.8, 0.65]]
    assert filled.get_offsets().tolist() == [[0.6, 0.65]]
    assert tuple(hollow.get_facecolor()[0][:3]) == (1, 1, 1)


# Whole pictures


def null(kind: str, value: float = 0.6) -> PermutationTest:
    return PermutationTest(kind, value, np.linspace(0.4, 0.6, 99))


def locked() -> pd.DataFrame:
    columns = ["cohort", "test", "value", "low", "high", "p"]
    rows = [(1, "within_subject", 0.6, 0.45, 0.55, 0.01), (1, "joint_stimulus", 0.6, 0.52, 0.63, 1)]
    return pd.DataFrame(rows, columns=columns)


def pictures():
    wide = protocol_plots.side_by_side(scores(), "trial_grouped", ["valence", "arousal"])
    noise = np.random.default_rng(0).normal(size=(7, 21, 2, 4))
    formula = {"formula": [0.8], "formula_finite": [0.7], "measured": [0.72]}
    return {
        "all": protocol_pictures.all_protocols(),
        "scores": protocol_pictures.several_scores(wide, rows="task", caption="Scores."),
        "fingerprints": protocol_pictures.fingerprints(noise, noise + noise[:, :1]),
        "formula": protocol_pictures.formula(pd.DataFrame(formula), ["trials"]),
        "cohorts": protocol_pictures.null_cohorts(locked()),
        "chance": protocol_pictures.chance_ranges(
            {"noise": null("within_fold"), "valence": null("within_fold", 0.7)},
            scored={"noise": False, "valence": True},
        ),
    }


def test_pictures_say_what_they_show():
    alt = {name: picture.alt for name, picture in pictures().items()}
    assert f"window-wise ({BOTH_SIDES}): 96 windows train, 48 test" in alt["all"]
    assert "leave-subjects-and-stimuli-out: 36 windows train, 16 test" in alt["all"]
    assert f"arousal: ridge: real labels, {BOTH_SIDES} 0.90." in alt["scores"]
    assert "nan" not in alt["scores"]
    assert "from 0.72 to 0.72" in alt["formula"] and "within 0.02 of the line" in alt["formula"]
    assert "within each person: ranges about 0.50, 1 scores above theirs" in alt["cohorts"]
    assert "one exchange for all: ranges about 0.57, 0 scores" in alt["cohorts"]
    assert "noise 0.40 to 0.59" in alt["chance"] or "noise 0.41 to 0.59" in alt["chance"]
    assert "score of valence 0.70" in alt["chance"] and "score of noise" not in alt["chance"]
    assert plt.get_fignums() == []


def test_both_panels_show_all_of_their_ranges(monkeypatch):
    kept = {}
    monkeypatch.setattr(
        protocol_pictures, "Picture", lambda figure, **words: kept.update(figure=figure, **words)
    )
    protocol_pictures.null_cohorts(locked())
    for panel in kept["figure"].axes:
        low, high = panel.get_xlim()
        assert low < 0.45 and high > 0.63
    plt.close("all")
