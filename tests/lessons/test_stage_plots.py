"""Figures of the stages: what is drawn is what was given, and the words say it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from emolib.evaluation.comparison import Comparison
from emolib.lessons import stage_pictures, stage_plots
from emolib.lessons.schedule import follow
from emolib.model.settings import TrainingSettings

SETTINGS = TrainingSettings(learning_rate=1e-3, lr_patience=2, early_stopping_patience=5)
COURSE = follow([5, 4, 4, 4, 3, 3, 3, 3, 3, 3], SETTINGS)


def texts(ax) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_text()]


def test_the_diagram_has_a_box_for_each_network(ax):
    stage_plots.stage_diagram(ax, ["sub-01", "sub-02"], ["valence", "arousal"])
    shown = texts(ax)
    assert [name for name in shown if name in ("sub-01", "sub-02")] == ["sub-01", "sub-02"]
    assert sum(name.endswith(("valence", "arousal")) for name in shown) == 4
    assert sum(hasattr(text, "arrow_patch") for text in ax.texts) == 6


def test_many_subjects_are_not_all_drawn(ax):
    stage_plots.stage_diagram(ax, [f"sub-{i:02d}" for i in range(1, 33)], ["valence"])
    assert "sub-03" in texts(ax)
    assert "sub-04" not in texts(ax)
    assert texts(ax).count("and so on") == 2


def test_the_course_marks_better_epochs_the_kept_one_and_halvings(ax):
    lower = ax.figure.add_subplot(212)
    stage_plots.schedule_course([ax, lower], COURSE)
    lines = {line.get_label(): line for line in ax.lines}
    assert lines["best so far"].get_xdata().tolist() == [1, 2, 5]
    assert lines["kept"].get_xdata() == [5]
    # The last halving comes with the stop, and nothing follows it.
    assert [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == ":"] == [
        4.5,
        7.5,
        9.5,
    ]
    ticks = [label.get_text() for label in lower.get_yticklabels()]
    assert ticks == ["125", "250", "500", "1000"]
    assert "millionths" in lower.get_ylabel() and "nats" in ax.get_ylabel()


def test_curves_over_trials_have_their_names(ax):
    stage_plots.trials_curves(ax, [4, 8], {"alone": [55.0, 60.0]}, label="accuracy (%)")
    assert ax.lines[0].get_label() == "alone"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["4", "8"]


def given(*values: float) -> Comparison:
    rows = pd.DataFrame({"first": 0.5, "second": 0.5 + np.array(values), "difference": values})
    return Comparison(rows, np.nan, np.nan, 1)


def test_pictures_say_what_they_show():
    stages = stage_pictures.stages(["sub-01", "sub-02"], ["valence", "arousal"])
    assert "to 2 networks" in stages.alt and "to 4, one a subject and task" in stages.alt
    course = stage_pictures.schedule(COURSE, of="Made up.")
    assert "smallest in epoch 5" in course.alt and "after epochs 4, 7, 9" in course.alt
    assert course.caption.startswith("Made up.")
    flat = stage_pictures.schedule(COURSE.head(2), of="Made up.")
    assert "never halved" in flat.alt
    taught = stage_pictures.teaching([4, 8], {"alone": [0.55, 0.6]})
    assert "alone 55 to 60 %" in taught.alt


def test_leaking_protocols_say_so_in_pictures():
    found = {
        ("window_wise", "valence", "subject"): given(0.01, 0.03),
        ("trial_grouped", "valence", "subject"): given(-0.05, 0.01),
        ("trial_grouped", "arousal", "subject"): given(np.nan),
    }
    gains = stage_pictures.gains(found)
    assert "window-wise (windows of one trial on both sides), valence" in gains.alt
    assert "trial-grouped, valence, fine-tuned on the subject: -2.0" in gains.alt
    assert "arousal" not in gains.alt


def test_one_protocol_alone_has_one_panel():
    assert "+2.0" in stage_pictures.gains({("trial_grouped", "v", "subject"): given(0.02)}).alt
