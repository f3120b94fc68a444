"""What is looked at before anything is computed: a fault that shows here costs nobody an hour."""

from __future__ import annotations

from emolib import stages
from emolib.checks import DataError
from emolib.labels import trial_classes
from emolib.recordings.simulated_ratings import simulate_ratings
from emolib.study import Study


def check_tasks(study: Study) -> None:
    """Hold the tasks of a study and of its variants against a recording.

    One of them is enough, the first that has what the tasks ask for: what is wrong with single
    subjects is for their own pages to say.

    Raises
    ------
    SettingsError
        If a task names a rating that the recordings do not have, or a threshold outside it.
    DataError
        If the recordings of all subjects hold classes that a task does not name.
    """
    asked = [study.tasks, *(study.variant(name).tasks for name in study.variants)]
    if study.simulation is not None:  # what they will rate is known before they are simulated
        for tasks in asked:
            trial_classes(simulate_ratings(study.simulation, 1), tasks)
        return
    strange = None
    for subject in study.subjects():
        try:
            recording = stages.recording(study, subject)
        except DataError:
            continue
        try:
            for tasks in asked:
                trial_classes(recording, tasks)
            return
        except DataError as error:
            strange = strange or error
    if strange:
        raise strange
