"""A cohort per student: recordings whose truth differs by seed, and answers graded by a key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
import yaml

from emolib.errors import SettingsError, check_range, did_you_mean
from emolib.escaping import plain
from emolib.recordings.example import write_edf
from emolib.recordings.simulated import SimulationSettings, simulate_subject
from emolib.storage import atomic, write_text
from emolib.study.yaml_file import read_yaml

COHORT = {"n_subjects": 4, "n_trials": 24, "trial_seconds": 20, "effect_spread": 0.3}
# What the signals may follow: effects with which ridge regression finds it, trials held out.
FOLLOWED = {"valence": {"valence": 10}, "arousal": {"arousal": 10}, "neither": {}}
WITHIN_HZ = 0.5  # of a person's alpha peak: an answer is right
QUESTIONS = {
    "follows": "which rating do the signals follow: valence, arousal or neither?",
    "alpha_hz": f"each person's alpha peak at O1 and O2, Hz; within {WITHIN_HZ:g} Hz is right",
    "trials_above_5": "how many trials, of all people, are rated above 5?",
}


def write_cohort(name: str, seed: int, key: Path | None = None) -> Path:
    """Write a student's folder of recordings with an answer sheet, and the lecturer's key.

    Parameters
    ----------
    name : str
        Of the folder, which gets an EDF file a person, `trials.csv` and `answers.yaml`.
    seed : int
        What is true of the cohort depends on it; neither it nor the truth is in what students get.
    key : path, optional
        The answers, for the lecturer; outside the student's folder.

    Returns
    -------
    path
        The table of trials.

    Raises
    ------
    SettingsError
        If the folder or the key is there already, or the key would lie in the folder.
    """
    folder = Path(name)
    for path in (folder, key):
        if path is not None and path.exists():
            raise SettingsError(path, "is there already.", "Choose another name, or remove it.")
    if key is not None and key.resolve().is_relative_to(folder.resolve()):
        hint = "Write it where students cannot read it."
        raise SettingsError(key, f"would lie in the student's folder {name!r}.", hint)
    check_range("--simulated", seed, 0, 2**32 - 1)
    follows = str(np.random.default_rng(seed).choice(list(FOLLOWED)))
    settings = SimulationSettings(**COHORT, effect=FOLLOWED[follows], seed=seed)
    rows, peaks = [], {}
    for number in range(1, settings.n_subjects + 1):
        recording, truth = simulate_subject(settings, number)
        who = recording.attrs["subject"]
        _write_recording(folder / f"{who}.edf", recording)
        rows.append(_trials(recording, f"{who}.edf"))
        peaks[who] = round(float(truth["iaf"]), 2)
    table = pd.concat(rows, ignore_index=True)
    above = {task: int((table[task] > 5).sum()) for task in ("valence", "arousal")}
    answers = {"follows": follows, "alpha_hz": peaks, "trials_above_5": above}
    texts = {
        folder / "trials.csv": table.to_csv(index=False),
        folder / "answers.yaml": _sheet(name, answers),
    }
    if key is not None:
        texts[key] = yaml.safe_dump({"cohort": name, "seed": seed, **answers}, sort_keys=False)
    for path, text in texts.items():
        write_text(path, text)
    return folder / "trials.csv"


def grade(sheet: Path, key: Path) -> bool:
    """Compare a student's answers with the key, and print a line an answer.

    Returns
    -------
    bool
        Whether all are right.

    Raises
    ------
    SettingsError
        If a file cannot be read, the key is none, or the sheet is another cohort's or asks what
        the key does not know.
    """
    given, wanted = read_yaml(sheet), read_yaml(key)
    if missing := [name for name in ("cohort", *QUESTIONS) if name not in wanted]:
        hint = "Give the file that `new --simulated SEED --key FILE` wrote."
        raise SettingsError(key, f"is no key: it lacks {', '.join(missing)}.", hint)
    for name in given:
        if name not in ("cohort", *QUESTIONS):
            problem = f"holds the unknown answer {name!r}."
            raise SettingsError(sheet, problem, did_you_mean(name, QUESTIONS))
    if given.get("cohort") != wanted["cohort"]:
        problem = (
            f"answers for the cohort {given.get('cohort')!r}; the key is of {wanted['cohort']!r}."
        )
        raise SettingsError(sheet, problem, "Give the key that was written with it.")
    results = [_judged(where, _at(given, where), answer) for where, answer in _answers(wanted)]
    n_right = sum(right for right, _ in results)
    print(*(plain(told) for _, told in results), f"{n_right} of {len(results)} right", sep="\n")
    return n_right == len(results)


def _write_recording(path: Path, recording: xr.Dataset) -> None:
    """Write a person's trials one after another, each with its baseline before it."""
    pieces = np.concatenate([recording["baseline"], recording["eeg"]], axis=-1)
    sfreq = recording.attrs["sfreq"]
    microvolts = np.concatenate(list(pieces), axis=-1, dtype=float)
    with atomic(path) as unfinished:
        write_edf(
            unfinished,
            microvolts,
            recording["channel"].to_numpy(),
            sfreq,
            record_seconds=pieces.shape[-1] / sfreq,
        )


def _trials(recording: xr.Dataset, file: str) -> pd.DataFrame:
    """Return the rows of a person in the table of trials."""
    sfreq, rating = recording.attrs["sfreq"], recording["rating"]
    rest, seconds = (recording.sizes[name] / sfreq for name in ("baseline_time", "time"))
    n = recording.sizes["trial"]
    return pd.DataFrame(
        {
            "subject": recording.attrs["subject"].removeprefix("sub-"),
            "file": file,
            "trial": recording["trial"].to_numpy(),
            "onset_seconds": np.arange(n) * (rest + seconds) + rest,
            "duration_seconds": seconds,
            "baseline_seconds": rest,
            "stimulus": [f"video-{trial}" for trial in recording["trial"].to_numpy()],
            **{task: rating.sel(scale=task).round(2).to_numpy() for task in ("valence", "arousal")},
        }
    )


def _sheet(name: str, answers: Mapping[str, Any]) -> str:
    """Return the student's sheet: the questions, and a blank for each answer."""
    lines = ["# Fill in what follows each colon.", yaml.safe_dump({"cohort": name}).strip()]
    for asked, what in QUESTIONS.items():
        lines.append(f"# {what[0].upper()}{what[1:]}")
        own = answers[asked]
        lines.append(f"{asked}:")
        lines += [f"  {part}:" for part in own] if isinstance(own, Mapping) else []
    return "\n".join(lines) + "\n"


def _answers(of: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield each answer of a key with the names that lead to it."""
    for name in QUESTIONS:
        parts = of[name]
        if isinstance(parts, Mapping):
            yield from (((name, part), answer) for part, answer in parts.items())
        else:
            yield (name,), parts


def _at(given: Any, where: tuple[str, ...]) -> Any:
    """Return what a sheet has under these names, None if nothing."""
    for name in where:
        given = given.get(name) if isinstance(given, Mapping) else None
    return given


def _judged(where: tuple[str, ...], given: Any, answer: Any) -> tuple[bool, str]:
    """Return whether an answer is right, and a line that says so or what is off."""
    name = " ".join(where)
    if given is None:
        return False, f"{name}: no answer"
    if isinstance(answer, str):
        right = str(given).strip().lower() == answer
        return right, f"{name}: right" if right else f"{name}: {given} is wrong; it is {answer}"
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        return False, f"{name}: {given} is no number"
    within = WITHIN_HZ if where[0] == "alpha_hz" else 0
    if abs(given - answer) <= within:
        return True, f"{name}: right"
    return False, f"{name}: {given} is too {'high' if given > answer else 'low'}; it is {answer}"
