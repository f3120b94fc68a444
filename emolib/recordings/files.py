"""Your own recordings: any file that MNE reads, and a table of trials.

EDF, BDF, FIF, BrainVision, EEGLAB and what else MNE knows; `trial_table` says what the table holds.
Nothing is filtered and nothing resampled unless the settings ask for it, see `preprocessing`, but
each trial loses its mean, an electrode's offset. Channels without a place on the grid are dropped;
the others, if they are four or more, are re-referenced to their common average, as DEAP's are.
"""

from __future__ import annotations

import filecmp
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from emolib.errors import DataError
from emolib.recordings.eeg_file import header_units, open_eeg, read_microvolts
from emolib.recordings.formats import belonging
from emolib.recordings.preprocessing import preprocess_trials
from emolib.recordings.recording import (
    OFFSETS,
    STANDARD_MEMORY_MB,
    TRIAL_FOR_STIMULUS,
    build,
    some,
    stack,
    with_notes,
    without_offset,
)
from emolib.recordings.settings import DEFAULT, RecordingSettings
from emolib.recordings.trial_table import (
    label_columns,
    read_subjects,
    read_table,
    refuse_shared,
    table_path,
)
from emolib.recordings.validation import ALIKE, validate, validate_signals

if TYPE_CHECKING:
    import mne

RANDOMISED_ORDER = False
MEMORY_MB = STANDARD_MEMORY_MB
default_root = None

NEARLY = 0.1  # samples: what rounding makes of a time
BEGIN_SECONDS = 4.0  # in which two files are alike if one is the other in another format
TABLED = ("files", "bids")  # whose trials stand in a table that people can mend
LEAVE_OUT = "Use `recordings: {{drop_channels: [{channel}]}}` in the study file"

_JOIN = re.compile(r"((edge|bad) )?boundary\b|new segment\b")  # a moment: two pieces meet there


def subjects(root: str | Path) -> list[str]:
    """List the subjects of the table, in numeric order: "sub-01" for a row that says 1 or 01.

    `root` is the table, or the folder that holds it as `trials.csv` or `trials.tsv`.
    """
    return read_subjects(root)


def sources(root: str | Path, subject: str) -> list[Path]:
    """Return the files that hold a subject: the table, the signals, and all that belongs to them.

    One that a header names is among them also if it is not there.
    """
    signals = [Path(file) for file in read_table(root, subject)["file"].unique()]
    beside = [path for file in signals for path in belonging(file)]
    return list(dict.fromkeys([table_path(root), *signals, *beside]))


def read(root: str | Path, subject: str, *, settings: RecordingSettings = DEFAULT) -> xr.Dataset:
    """Read one subject of the table `root`: see `cut_trials`."""
    rows = read_table(root, subject)
    refuse_shared(root, subject)
    table = table_path(root)
    recording = cut_trials(rows, where=table, dataset="files", settings=settings)
    folder = _plain_path(table.parent)
    files = map(_plain_path, rows["file"].unique())
    away = [file.name for file in files if not file.is_relative_to(folder)]
    notes = [f"{name}: lies outside the folder of the table" for name in away]
    return with_notes(recording, *notes)


def _plain_path(path: str | Path) -> Path:
    """Return a path from the root, without "..": links are where they are said to be."""
    return Path(os.path.normpath(Path(path).absolute()))


def cut_trials(
    table: pd.DataFrame,
    *,
    where: str | Path,
    dataset: str,
    settings: RecordingSettings = DEFAULT,
) -> xr.Dataset:
    """Cut one subject's trials out of the files: a recording.

    `table` has the subject's rows, as `read_table` returns them; `where` is what an error about
    the table names. NaN follows the end of shorter trials, with `trial_samples`. The mean of each
    trial and each baseline is taken away. A trial that ends after its file, trials that share
    samples, or files that do not fit each other, are DataErrors.
    """
    table = table.sort_values("trial")
    opened = {file: open_eeg(file, settings) for file in table["file"].unique()}
    raws = {file: raw for file, (raw, _, _) in opened.items()}
    first = next(iter(opened))
    channels = list(opened[first][1])
    sfreq = float(opened[first][0].info["sfreq"])
    alike = f"{Path(first).name} of the same subject"
    for file, (raw, names, _) in opened.items():
        if raw.info["sfreq"] != sfreq:
            problem = f"has {raw.info['sfreq']:g} Hz, but {alike} {sfreq:g} Hz."
            hint = "All files of a subject need one rate: set `recordings: raw_resample_sfreq`."
            raise DataError(file, problem, hint)
        if differ := ", ".join(sorted(set(names) ^ set(channels))):
            problem = f"and {alike} do not share the channels {differ}."
            hint = (
                "Use the same channels in all files of a subject; `drop_channels` leaves some out."
            )
            raise DataError(file, problem, hint)
    _check_no_copies(opened)

    notes = [note for _, _, of_file in opened.values() for note in of_file]
    spans = _spans(table, raws, where)
    if settings.annotations == "omit":
        spans, left_out = _leave_out_marked(spans, raws, where)
        table, notes = table.loc[spans.index], [*notes, *left_out]
    _check_apart(spans, sfreq, where)
    remedies = {
        "leave_out": LEAVE_OUT,
        "leave_trial_out": "take the trial out of the table" if dataset in TABLED else "",
    }
    if plain := settings.as_recorded():
        for file, rows in table.groupby("file"):
            # Before anything is done to them: a filter hides what is flat.
            raw, names, _ = as_recorded = open_eeg(file, plain)
            trials = _cut(_spans(rows, {file: raw}, where), {file: as_recorded}, dataset=dataset)
            validate_signals(trials, file, units=header_units(raw, names), **remedies)
    notes.append(OFFSETS)
    if "stimulus" not in table:
        notes.append(TRIAL_FOR_STIMULUS)
    for name in ("stimulus", "session"):
        if name in table and table[name].isna().any():
            trial = table["trial"][table[name].isna()].iloc[0]
            problem = f"{table['subject'].iloc[0]}, trial {trial}: {name!r} is blank."
            raise DataError(where, problem, "Fill it in for all trials, or take the column out.")
    labels = table[label_columns(table)]
    recording = _cut(
        spans,
        opened,
        dataset=dataset,
        stimuli=table.get("stimulus"),
        sessions=table.get("session"),
        ratings=dict(labels.select_dtypes(float)),
        rating_range=settings.rating_range,
        classes=dict(labels.select_dtypes(exclude=float)),
        notes=notes,
    )
    # Validated before the average is taken: after it a flat channel is flat no more.
    recording = validate(
        recording,
        ", ".join(opened),
        ratings_in=where,
        other_numbers=True,
        sources=table["file"].tolist(),
        units=header_units(*opened[first][:2]),
        **remedies,
    )
    return preprocess_trials(recording, settings, where)


def _spans(
    table: pd.DataFrame, raws: Mapping[str, mne.io.BaseRaw], where: str | Path
) -> pd.DataFrame:
    """Return the samples `start`, `onset` and `stop` of each trial; refuse one that its file cuts.

    The baseline, from `start` to `onset`, must have one length in all trials. A trial may miss its
    last sample: so far does rounding go.
    """
    sfreq = raws[table["file"].iloc[0]].info["sfreq"]
    names = ["baseline_seconds", "onset_seconds", "duration_seconds"]
    seconds = table.reindex(columns=names).fillna(0.0).to_numpy(float)
    rest, onset, length = np.rint(seconds.T * sfreq).astype(int)
    if len(lengths := np.unique(rest)) > 1:
        found = ", ".join(f"{one / sfreq:g}" for one in lengths)
        problem = f"{table['subject'].iloc[0]} has baselines of different lengths: {found} s."
        hint = "Give all trials of a subject the same 'baseline_seconds'."
        raise DataError(where, problem, hint)
    stop = onset + length
    ends = table["file"].map(lambda file: raws[file].n_times).to_numpy()
    if (late := stop > ends + 1).any():
        row, end = table[late].iloc[0], ends[late][0] / sfreq
        file, until = Path(row["file"]).name, row["onset_seconds"] + row["duration_seconds"]
        problem = f"trial {row['trial']} ends at {until:g} s, but {file} at {end:g} s."
        hint = "Copy the file again if it was cut short; else take the trial out of the table"
        if (left := end - row["onset_seconds"]) > 0:
            hint += f", or give it a duration of {left:.6g} s"
        else:
            hint += (
                f". Or, if onsets count samples, divide them by {sfreq:g}; milliseconds, by 1000"
            )
        raise DataError(where, problem, f"{hint}.")
    spans = {"start": onset - rest, "onset": onset, "stop": np.minimum(stop, ends)}
    return table[["subject", "trial", "file"]].assign(**spans)


def _cut(spans: pd.DataFrame, opened: Mapping[str, tuple], **about: Any) -> xr.Dataset:
    """Cut trials and baselines out of the files, each less its mean: a recording, see `build`."""
    channels = list(next(iter(opened.values()))[1])
    raws = [raw for raw, _, _ in opened.values()]
    pieces, rests = [], []
    for row in spans.itertuples():
        raw, names, _ = opened[row.file]
        piece = read_microvolts(raw, [names[name] for name in channels], row.start, row.stop)
        rest, piece = np.split(piece, [row.onset - row.start], axis=1)
        pieces.append(without_offset(piece))
        rests.append(without_offset(rest))
    return build(
        stack(pieces),
        channels=channels,
        sfreq=raws[0].info["sfreq"],
        subject=spans["subject"].iloc[0],
        trials=spans["trial"],
        baseline=np.stack(rests) if rests[0].size else None,
        trial_samples=(spans["stop"] - spans["onset"]).tolist(),
        held_hz=(
            max(raw.info["highpass"] for raw in raws),
            min(raw.info["lowpass"] for raw in raws),
        ),
        **about,
    )


# Which seconds of a file a trial takes: none twice, none that is marked as bad


def _leave_out_marked(
    spans: pd.DataFrame, opened: Mapping[str, mne.io.BaseRaw], where: object
) -> tuple[pd.DataFrame, list[str]]:
    """Leave out the trials in which, or in whose baseline, an annotation forbids to compute.

    That is one whose name starts with "bad", as MNE has it, or a place at which pieces of signal
    were joined: a boundary, or the start of a new segment. Returns the `_spans` that are left, and
    a note on each other trial: the annotation, and its second in the file.
    """
    notes = {}
    for index, row in spans.iterrows():
        if found := _mark(opened[row["file"]], row["start"], row["stop"]):
            name, second = found
            place = f"{name!r} at {second:g} s of {Path(row['file']).name}"
            notes[index] = f"trial {row['trial']} is left out: {place}"
    if len(notes) == len(spans):
        problem = f"no trial of {spans['subject'].iloc[0]} is left: {some(list(notes.values()))}."
        hint = "`recordings: {annotations: keep}` in the study file uses them all the same."
        raise DataError(where, problem, hint)
    return spans.drop(index=list(notes)), list(notes.values())


def _mark(raw: mne.io.BaseRaw, start: int, stop: int) -> tuple[str, float] | None:
    """Return the first annotation that forbids samples `start` to `stop`, and its second."""
    sfreq = raw.info["sfreq"]
    for note in raw.annotations:
        # Some writers of BrainVision files make a comment of every annotation.
        name = note["description"].lower().removeprefix("comment/")
        second = note["onset"] - raw.first_time
        at, length = second * sfreq, note["duration"] * sfreq
        if _JOIN.match(name) or (name.startswith("bad") and not length > 0):
            hit = start < np.ceil(at - NEARLY) < stop
        else:
            hit = name.startswith("bad") and at < stop - NEARLY and at + length > start + NEARLY
        if hit:
            return note["description"].rstrip("/"), float(second)
    return None


def _check_apart(spans: pd.DataFrame, sfreq: float, where: object) -> None:
    """Refuse trials that share samples of a file, each with its baseline; rounding is allowed.

    `spans` are what `_spans` returns.
    """
    files = spans["file"].map(lambda file: Path(file).resolve())
    for _, rows in spans.groupby(files):
        rows = rows.sort_values(["start", "stop"])
        for before, row in zip(rows[:-1].itertuples(), rows[1:].itertuples(), strict=True):
            shared = min(before.stop, row.stop) - row.start
            if shared <= 1:
                continue
            names = f"trials {before.trial} and {row.trial} of {row.subject}"
            seconds = f"{row.start / sfreq:g} to {(row.start + shared) / sfreq:g} s"
            problem = f"{names} share {shared / sfreq:g} s of {Path(row.file).name}: {seconds}."
            hint = "Correct the onsets or durations: the same seconds never count twice."
            if row.onset >= before.stop - 1:
                problem = f"{problem[:-1]}, in the baseline of trial {row.trial}."
                room = (rows["onset"].to_numpy()[1:] - rows["stop"].to_numpy()[:-1]).min() / sfreq
                hint = "Correct the onsets, or take 'baseline_seconds' (`epochs_tmin`) out."
                if room > 0:
                    hint = f"Give all trials at most {room:.4g} 'baseline_seconds', or of BIDS"
                    hint = f"{hint} `epochs_tmin: -{room:.4g}`."
            raise DataError(where, problem, hint)


def _check_no_copies(opened: Mapping[str, tuple]) -> None:
    """Refuse a file of a subject that holds what another of the files does, or names the same."""
    seen: list[tuple[str, Path]] = []
    begins: dict[str, np.ndarray] = {}
    for name, (raw, names, _) in opened.items():
        parts = [Path(part) for part in raw.filenames if part and Path(part).is_file()]
        if len(opened) > 1:
            stop = min(raw.n_times, round(BEGIN_SECONDS * raw.info["sfreq"]))
            begins[name] = without_offset(read_microvolts(raw, [names[min(names)]], 0, stop))
        for known_as, other in seen:
            if Path(known_as).resolve() == Path(name).resolve():
                continue  # spelled in two ways: `_check_apart` looks at its trials
            same = any(part.samefile(other) or filecmp.cmp(part, other, False) for part in parts)
            if same or _nearly_same(begins[name], begins[known_as]):
                problem = f"holds the same samples as {Path(known_as).name}."
                hint = "The same seconds never count twice: correct 'file' in the table of trials, "
                hint += "or take one of the two out."
                raise DataError(name, problem, hint)
        seen += [(name, part) for part in parts]


def _nearly_same(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether two signals are alike but for rounding, as when one was converted."""
    nearly = ALIKE * one.std()
    return one.shape == other.shape and nearly > 0 and bool(abs(one - other).max() <= nearly)
