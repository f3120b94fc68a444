"""Your own recordings: any file that MNE reads, and a table of trials.

EDF, BDF, FIF, BrainVision, EEGLAB and what else MNE knows; `trial_table` says what the table holds.
Nothing is filtered and nothing resampled unless the settings ask for it, see `preprocessing`, but
each trial loses its mean, an electrode's offset. Channels without a place on the grid are dropped;
the others, if they are four or more, are re-referenced to their common average, as DEAP's are.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    with_notes,
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
TABLED = ("files", "bids")  # whose trials stand in a table that people can mend
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
    check_no_copies(raws)

    notes = [note for _, _, of_file in opened.values() for note in of_file]
    spans = _spans(table, raws, where)
    if settings.annotations == "omit":
        spans, left_out = leave_out_marked(spans, raws, where)
        table, notes = table.loc[spans.index], [*notes, *left_out]
    check_apart(spans, sfreq, where)
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
    if settings.eeg_reference == "average":
        recording = average_reference(recording)
    return reject_trials(recording, settings, where)


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


def average_reference(recording: xr.Dataset) -> xr.Dataset:
    """Subtract the mean over channels from every sample, where they are enough."""
    if (n_channels := recording.sizes["channel"]) < ENOUGH_FOR_AVERAGE:
        note = (
            f"the reference stays as it was recorded: an average of {n_channels} channels is no "
            f"common average, and would make them alike"
        )
        return with_notes(recording, note)
    for name in {"eeg", "baseline"} & set(recording):
        recording[name] -= recording[name].mean("channel", skipna=False)
    note = f"re-referenced to the common average of the {n_channels} channels"
    return with_notes(recording, note)
