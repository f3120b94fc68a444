"""The events of ds002721: from tables of codes to trials with ratings and clips.

Three things in these tables are not what they seem; each was verified over all 1240 trials:

1. `events.json` gives the questions in another order than the codes that responses answer. Under
   its names, afraid and happy would correlate by +.61. `QUESTIONS` has the right order.
2. The codes 901-909, which repeat the answers, and 301-660, the clips, were merged in later, with a
   clock that drifts: they count by their order in the file, never by their time.
3. A clip's code lies one run late: the k-th of run 3 is the clip of trial k of run 2. For the
   people of `TWO_RUNS_LATE` it is two. What follows the last run is lost, so that 870 of 1240
   trials have a known clip.

The book's page "An open data set and its traps" shows how they were noticed.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from emolib.errors import DataError
from emolib.recordings.recording import damaged, is_there, refuse_special

RUNS = (2, 3, 4, 5)  # those with music; 1 and 6 are rest
FILED_IN = (*RUNS, 6, 7)  # where their clips would be looked for

# What the codes from 800 on ask: as the responses show, and as `events.json` has it.
QUESTIONS = ("happy", "sad", "angry", "afraid", "tender", "pleasant", "energetic", "tense")
LISTED = ("pleasant", "energetic", "tense", "angry", "afraid", "happy", "sad", "tender")
MUSIC, BREAK = 788, 1092  # the first break after the music's onset is its end
ASKED, ANSWERED, REPEATED, CLIP = (800, 807), (833, 841), (901, 909), (301, 660)  # first, last
WRAP_SECONDS = 4294967.296  # 2^32 ms: two onsets of sub-02 lie so much too late
TWO_RUNS_LATE = ("sub-01", "sub-29", "sub-30", "sub-31")
NO_CLIPS = {("sub-28", 3), ("sub-28", 4)}  # what the next files hold does not fit the ratings

COPY_AGAIN = "Copy it again from OpenNeuro ds002721."


def eeg_file(root: str | Path, subject: str, run: int) -> Path:
    """Return where a run's signals lie in the data set.

    Examples
    --------
    >>> str(eeg_file("ds002721", "sub-01", 2))
    'ds002721/sub-01/eeg/sub-01_task-run2_eeg.edf'
    """
    return Path(root, subject, "eeg", f"{subject}_task-run{run}_eeg.edf")


def events_file(root: str | Path, subject: str, run: int) -> Path:
    """Return where a run's table of events lies in the data set, see `eeg_file`."""
    return Path(root, subject, "eeg", f"{subject}_task-run{run}_events.tsv")


def trials_of(root: str | Path, subject: str) -> pd.DataFrame:
    """Read the trials of one person: see `ds002721.trials`."""
    runs = {run: _read_events(root, subject, run) for run in FILED_IN}
    parts = [_trials_of_run(*runs[run]).assign(run=run) for run in RUNS]
    late = 2 if subject in TWO_RUNS_LATE else 1
    for part, run in zip(parts, RUNS, strict=True):
        part["stimulus"] = (
            np.nan if (subject, run) in NO_CLIPS else _clips(runs[run + late][1], part)
        )
        part["stimulus_in_same_file"] = _clips(runs[run][1], part)
    table = pd.concat(parts, ignore_index=True).assign(participant=subject)
    about = ["participant", "run", "trial", "onset_s", "duration_s", "stimulus"]
    table = table[[*about, "stimulus_in_same_file", "complete", "check", *LISTED]]
    return table.astype({"stimulus": float})


def _read_events(root: str | Path, subject: str, run: int) -> tuple[np.ndarray, np.ndarray]:
    """Read a run's onsets and codes, in the order of time; none if there is no such file.

    Of the music's runs a missing file is an error; the others are read for their clips alone.
    """
    path = events_file(root, subject, run)
    if not is_there(path):
        if run in RUNS:
            raise DataError(path, "is not there.", COPY_AGAIN)
        return np.empty(0), np.empty(0, int)
    refuse_special(path)
    with damaged(path, "is no table of events", COPY_AGAIN):
        table = pd.read_csv(path, sep="\t")[["onset", "trial_type"]]
        table = table.apply(pd.to_numeric).astype(float)
        if (blank := ~np.isfinite(table).all(axis=1)).any():
            raise ValueError(f"line {blank.argmax() + 2} has no number")
    onset, code = table.to_numpy().T
    onset = np.where(onset < WRAP_SECONDS / 2, onset, onset - WRAP_SECONDS)
    order = np.argsort(onset, kind="stable")
    return onset[order], code[order].astype(int)


def _of_kind(code: np.ndarray, kind: tuple[int, int]) -> np.ndarray:
    """Return which codes are of a kind, a mask."""
    return (code >= kind[0]) & (code <= kind[1])


def _clips(code: np.ndarray, own: pd.DataFrame) -> np.ndarray | float:
    """Return the numbers of the clips that a file names; NaN unless there is one a trial."""
    clips = code[_of_kind(code, CLIP)] - CLIP[0] + 1
    return clips if len(clips) == len(own) else np.nan


def _trials_of_run(onset: np.ndarray, code: np.ndarray) -> pd.DataFrame:
    """Return the trials of a run, without their clips."""
    starts = np.flatnonzero(code == MUSIC)
    repeated = code[_of_kind(code, REPEATED)] - REPEATED[0] + 1
    repeated = repeated if len(repeated) == len(QUESTIONS) * len(starts) else None
    rows = []
    for k, (start, stop) in enumerate(pairwise([*starts, len(code)])):
        time, what = onset[start:stop], code[start:stop]
        end = time[what == BREAK].min(initial=np.inf)
        is_question, is_answer = _of_kind(what, ASKED), _of_kind(what, ANSWERED)
        # The next question is written at the response's very onset: it was asked before that.
        at = np.searchsorted(time[is_question], time[is_answer], side="left") - 1
        asked = what[is_question][at[at >= 0]] - ASKED[0]
        given = what[is_answer][at >= 0] - ANSWERED[0] + 1
        ratings = {
            QUESTIONS[one]: given[asked == one][0] if (asked == one).sum() == 1 else np.nan
            for one in range(len(QUESTIONS))
        }
        complete = sorted(asked) == [*range(len(QUESTIONS))]
        check = False
        if complete and repeated is not None:
            # They follow the order of the questions, and have the names of events.json.
            again = repeated[len(QUESTIONS) * k :][: len(QUESTIONS)]
            check = [ratings[LISTED[one]] for one in asked] == [*again]
        seconds = {"onset_s": time[0], "duration_s": end - time[0] if np.isfinite(end) else np.nan}
        seconds = {name: round(float(value), 3) for name, value in seconds.items()}
        rows.append({"trial": k + 1, **seconds, "complete": complete, "check": check, **ratings})
    columns = ["trial", "onset_s", "duration_s", "complete", "check", *LISTED]
    return pd.DataFrame(rows, columns=columns).astype({"complete": int, "check": int})
