"""One's own recordings: any file that MNE reads, and a table of trials.

EDF, BDF, FIF, BrainVision, EEGLAB and what else MNE knows; `trial_table` says what the table holds.
Nothing is filtered and nothing resampled unless the settings ask for it, see `preprocessing`, but
each trial loses its mean, an electrode's offset. Channels without a place on the grid are dropped;
the others, if they are four or more, are set against their common average, as DEAP's are.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from emolib.errors import DataError
from emolib.recordings.eeg_file import header_units, open_eeg, read_microvolts
from emolib.recordings.preprocessing import reject_trials
from emolib.recordings.recording import (
    OFFSETS,
    STANDARD_MEMORY_MB,
    TRIAL_FOR_STIMULUS,
    build,
    stack,
    without_offset,
)
from emolib.recordings.settings import DEFAULT, RecordingSettings
from emolib.recordings.sidecars import belonging
from emolib.recordings.spans import check_apart, check_no_copies, leave_out_marked
from emolib.recordings.trial_table import (
    label_columns,
    read_subjects,
    read_table,
    refuse_shared,
    table_path,
)
from emolib.recordings.validation import validate, validate_signals

if TYPE_CHECKING:
    import mne

RANDOMISED_ORDER = False
MEMORY_MB = STANDARD_MEMORY_MB
default_root = None

ENOUGH_FOR_AVERAGE = 4  # channels: of two, each would be the other's mirror image
LEAVE_OUT = "Use `recordings: {{drop_channels: [{channel}]}}` in the study file"


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
    return recording.assign_attrs(notes=[*recording.attrs["notes"], *notes])


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
    check_no_copies(raws)

    notes = [note for _, _, of_file in opened.values() for note in of_file]
    n_baseline = _baseline_samples(table, sfreq, where)
    spans = _spans(table, sfreq, n_baseline, raws, where)
    if settings.annotations == "omit":
        spans, left_out = leave_out_marked(spans, raws, where)
        table, notes = table.loc[spans.index], [*notes, *left_out]
    check_apart(spans, sfreq, where)
    remedies = {
        "leave_out": LEAVE_OUT,
        "leave_trial_out": "take the trial out of the table" if dataset == "files" else "",
    }
    if plain := settings.as_recorded():
        for file, rows in table.groupby("file"):
            _check_as_recorded(file, rows, plain, where, remedies)
    pieces, rests = _cut(spans, n_baseline, opened, channels)
    notes.append(OFFSETS)
    if "stimulus" not in table:
        notes.append(TRIAL_FOR_STIMULUS)
    elif table["stimulus"].isna().any():
        trial = table["trial"][table["stimulus"].isna()].iloc[0]
        problem = f"{table['subject'].iloc[0]}, trial {trial}: 'stimulus' is blank."
        raise DataError(where, problem, "Fill it in for all trials, or take the column out.")
    labels = label_columns(table)
    numeric = [name for name in labels if table[name].dtype == float]
    recording = build(
        pieces,
        channels=channels,
        sfreq=sfreq,
        dataset=dataset,
        subject=table["subject"].iloc[0],
        trials=table["trial"],
        stimuli=table.get("stimulus"),
        baseline=rests,
        ratings={name: table[name] for name in numeric},
        rating_range=settings.rating_range,
        classes={name: table[name] for name in labels if name not in numeric},
        trial_samples=(spans["stop"] - spans["onset"]).tolist(),
        held_hz=(
            max(raw.info["highpass"] for raw in raws.values()),
            min(raw.info["lowpass"] for raw in raws.values()),
        ),
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
    if settings.eeg_reference == "average":
        recording = _average_reference(recording)
    return reject_trials(recording, settings, where)


def _check_as_recorded(
    file: str, rows: pd.DataFrame, settings: RecordingSettings, where: str | Path, remedies: dict
) -> None:
    """Check the trials of a file before anything is done to them: a filter hides what is flat."""
    raw, names, _ = opened = open_eeg(file, settings)
    sfreq = float(raw.info["sfreq"])
    n_baseline = _baseline_samples(rows, sfreq, where)
    spans = _spans(rows, sfreq, n_baseline, {file: raw}, where)
    pieces, rests = _cut(spans, n_baseline, {file: opened}, list(names))
    about = {"dataset": "files", "subject": rows["subject"].iloc[0], "trials": rows["trial"]}
    lengths = (spans["stop"] - spans["onset"]).tolist()
    recording = build(
        pieces, channels=list(names), sfreq=sfreq, baseline=rests, trial_samples=lengths, **about
    )
    validate_signals(recording, file, units=header_units(raw, names), **remedies)


def _cut(
    spans: pd.DataFrame, n_baseline: int, opened: Mapping[str, tuple], channels: Sequence[str]
) -> tuple[np.ndarray, np.ndarray | None]:
    """Read the samples of each trial, and of its baseline if there is one, each less its mean."""
    pieces, rests = [], []
    for row in spans.itertuples():
        raw, names, _ = opened[row.file]
        piece = read_microvolts(raw, [names[name] for name in channels], row.start, row.stop)
        pieces.append(without_offset(piece[:, n_baseline:]))
        rests.append(without_offset(piece[:, :n_baseline]))
    return stack(pieces), np.stack(rests) if n_baseline else None


def _spans(
    table: pd.DataFrame,
    sfreq: float,
    n_baseline: int,
    raws: Mapping[str, mne.io.BaseRaw],
    where: str | Path,
) -> pd.DataFrame:
    """Return the samples `start`, `onset` and `stop` of each trial; refuse one that its file cuts.

    A trial may miss its last sample: so far does rounding go.
    """
    onset = _samples(table["onset_seconds"], sfreq)
    stop = onset + _samples(table["duration_seconds"], sfreq)
    ends = table["file"].map(lambda file: raws[file].n_times).to_numpy()
    if (late := stop > ends + 1).any():
        row, end = table[late].iloc[0], ends[late][0] / sfreq
        file, seconds = Path(row["file"]).name, row["onset_seconds"] + row["duration_seconds"]
        problem = f"trial {row['trial']} ends at {seconds:g} s, but {file} at {end:g} s."
        hint = "Copy the file again if it was cut short; else take the trial out of the table"
        if (left := end - row["onset_seconds"]) > 0:
            hint += f", or give it a 'duration_seconds' of {left:.6g}"
        raise DataError(where, problem, f"{hint}.")
    spans = {"start": onset - n_baseline, "onset": onset, "stop": np.minimum(stop, ends)}
    return table[["subject", "trial", "file"]].assign(**spans)


def _samples(seconds: pd.Series, sfreq: float) -> np.ndarray:
    """Convert seconds to samples, rounded to the nearest."""
    return np.rint(seconds.to_numpy(float) * sfreq).astype(int)


def _baseline_samples(table: pd.DataFrame, sfreq: float, where: str | Path) -> int:
    """Return the baseline's length, which must be the same in all trials; 0 if there is none."""
    if "baseline_seconds" not in table:
        return 0
    lengths = set(_samples(table["baseline_seconds"].fillna(0.0), sfreq))
    if len(lengths) > 1:
        seconds = ", ".join(f"{length / sfreq:g}" for length in sorted(lengths))
        problem = f"{table['subject'].iloc[0]} has baselines of different lengths: {seconds} s."
        hint = "Give all trials of a subject the same 'baseline_seconds'."
        raise DataError(where, problem, hint)
    return lengths.pop()


def _average_reference(recording: xr.Dataset) -> xr.Dataset:
    """Subtract the mean over channels from every sample, where they are enough."""
    if (n_channels := recording.sizes["channel"]) < ENOUGH_FOR_AVERAGE:
        note = (
            f"the reference stays as it was recorded: an average of {n_channels} channels is no "
            f"common average, and would make them alike"
        )
        return recording.assign_attrs(notes=[*recording.attrs["notes"], note])
    for name in {"eeg", "baseline"} & set(recording):
        recording[name] -= recording[name].mean("channel", skipna=False)
    note = f"set against the common average of the {n_channels} channels"
    return recording.assign_attrs(notes=[*recording.attrs["notes"], note])
