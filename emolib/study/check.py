"""Checks before anything is computed: a fault that shows here costs nobody an hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import xarray as xr

from emolib.errors import InputError
from emolib.features.extraction import extract_features
from emolib.recordings.labels import trial_classes
from emolib.recordings.recording import check_each
from emolib.recordings.simulated import simulate_subject
from emolib.study import stages
from emolib.study.study import Study


def check_study(study: Study) -> None:
    """Check the tasks and features of a study and of its variants against a recording.

    One of them is enough, the first that has what is asked for: what is wrong with single subjects
    is for their own pages to say.

    Raises
    ------
    SettingsError
        If a task names a rating that the recordings do not have, or a threshold outside it; or if
        features cannot be had from such recordings: no rest to subtract, a band beyond theirs.
    DataError
        If the recordings of all subjects hold classes that a task does not name.
    """
    members = [study, *(study.variant(name) for name in study.variants)]
    if study.simulation is not None:  # one trial tells what all will be like
        one, _ = simulate_subject(replace(study.simulation, n_trials=1), 1)
        return _compute_a_trial(one, members)
    strange = []
    for subject in study.subjects():
        try:
            recording = stages.recording(study, subject)
        except InputError:
            continue
        try:
            return _compute_a_trial(recording, members)
        except InputError as error:
            strange.append(error)
    if strange:
        raise strange[0]


def report(study: Study) -> bool:
    """Print of each subject whether it can be used, or why not; return whether all can."""
    fetch(study)
    check_study(study)
    found = subject_errors(study)
    for subject, error in found.items():
        print(f"{subject}: {error or 'can be used'}")
    return not any(found.values())


def fetch(study: Study) -> None:
    """Let a reader that knows where its data are published fetch what is not there."""
    if study.root is None and study.reader.default_root is not None:
        study.reader.default_root(fetch=True, wanted=study.only_subjects)


def subject_errors(study: Study) -> dict[str, InputError | None]:
    """Read every subject and compute a trial of each; return why it would be left out, or None."""

    def use(subject: str) -> None:
        _compute_a_trial(stages.recording(study, subject), [study])

    return check_each(study.subjects(), use)


def _compute_a_trial(recording: xr.Dataset, members: Sequence[Study]) -> None:
    """Compute a recording's classes and its first trial, as each of these studies asks."""
    for member in members:
        trial_classes(recording, member.tasks)
        extract_features(recording.isel(trial=[0]), member.features)
