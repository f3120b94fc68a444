"""What a study made, in the formats of other programs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from emolib.errors import DataError, SettingsError
from emolib.features.released import write_released
from emolib.grid import to_brain_maps
from emolib.recordings.epochs import to_epochs
from emolib.recordings.labels import window_table
from emolib.storage import atomic, file_stem
from emolib.study import stages
from emolib.study.artefacts import check, write_dataset
from emolib.study.study import Study


def export(study: Study, to: str, folder: Path) -> Path | bool:
    """Write a study's features, trials or networks into ``STUDY-TO`` in a folder.

    Parameters
    ----------
    study : Study
    to : str
        A key of `WRITERS`, or "keras".
    folder : path
        Where to put the new folder.

    Returns
    -------
    Path or bool
        The folder that was written; False if some subject could not be, which was told.

    Raises
    ------
    DataError
        If no subject can be used or, for "keras", nothing is trained; or if a file of the results
        is damaged.
    """
    folder = folder / file_stem(f"{study.name.replace('/', '-')}-{to}")
    whole = _export_networks(study, folder) if to == "keras" else _export_people(study, to, folder)
    if not whole:
        print(folder)
    return folder if whole else False


def _export_people(study: Study, to: str, folder: Path) -> bool:
    """Write each subject; return whether all could be."""
    subjects, failed = study.subjects(), []
    check(study.folder, {"features"})
    for subject in subjects:
        try:
            features = stages.features(study, subject)
            WRITERS[to](study, subject, features, folder)
        except (DataError, SettingsError) as error:
            failed.append(error)
            print(f"{subject} is not exported: {error}", file=sys.stderr)
    if len(failed) == len(subjects):
        raise failed[0]
    return not failed


def _labels(study: Study, features: xr.Dataset) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what says whose the windows are, and their class numbers by task, -1 where missing."""
    table = window_table(features, study.tasks)
    return table.drop(columns=[*study.tasks]), table[[*study.tasks]]


def _write_npz(study: Study, subject: str, features: xr.Dataset, folder: Path) -> None:
    """Write maps, features and labels as arrays, beside the names of their axes."""
    about, labels = _labels(study, features)
    maps = to_brain_maps(features, study.layout)
    arrays = {
        "maps": maps.to_numpy(),  # (window, row, column, plane)
        "features": features["feature"].to_numpy(),  # (window, kind, band, channel)
        "labels": labels.to_numpy(),  # (window, task)
        "tasks": np.array([*labels], str),
        "plane": maps["plane"].to_numpy(),
        **{name: features[name].to_numpy() for name in ("kind", "band", "channel")},
        **{name: np.array(about[name].tolist()) for name in about},
    }
    with atomic(folder / f"{file_stem(subject)}.npz") as path:
        np.savez(path, **arrays)


def _write_netcdf(study: Study, subject: str, features: xr.Dataset, folder: Path) -> None:
    """Write features, maps and labels with named axes."""
    _, labels = _labels(study, features)
    whole = features.assign(
        brain_map=to_brain_maps(features, study.layout).reset_coords(drop=True),
        label=(("window", "labelled_task"), labels.to_numpy()),
    )
    whole = whole.assign_coords(labelled_task=[*labels])
    write_dataset(whole, folder / f"{file_stem(subject)}.nc")


def _write_epochs(study: Study, subject: str, _: xr.Dataset, folder: Path) -> None:
    """Write the trials, with ratings and classes as metadata."""
    epochs = to_epochs(stages.recording(study, subject))
    with atomic(folder / f"{file_stem(subject)}-epo.fif") as path:
        epochs.save(path, verbose="error")


def _write_mat(study: Study, subject: str, features: xr.Dataset, folder: Path) -> None:
    """Write the files of the published scripts."""
    _, labels = _labels(study, features)
    recording = stages.recording(study, subject)
    write_released(folder, recording, features, study.features, labels)


WRITERS: dict[str, Callable[[Study, str, xr.Dataset, Path], None]] = {
    "npz": _write_npz,
    "netcdf": _write_netcdf,
    "epochs": _write_epochs,
    "mat": _write_mat,
}


def _export_networks(study: Study, folder: Path) -> bool:
    """Write each trained network as a model of Keras, ready to predict."""
    from emolib.model import networks  # here, not above: others need not wait for Keras
    from emolib.study.fold import network_settings

    check(study.folder, {"models"})
    for protocol in study.protocols:
        model = networks.build(network_settings(study, protocol), seed=None)
        for name, weights in _weights(study, protocol):
            with atomic(folder / f"{name}.keras") as path:
                networks.load_weights(weights, model).save(path)
    if not folder.is_dir():
        hint = f"Run `python -m emolib run {study.name}` first."
        raise DataError(study.folder, "holds no trained network.", hint)
    return True


def _weights(study: Study, protocol: str) -> Iterator[tuple[str, Path]]:
    """Yield the weights of each network trained for a protocol, named by fold and stage, too."""
    for fold in study.folds(protocol):
        place = study.fold_files(protocol, fold)["weights"].parent
        for path in sorted(place.glob("*.weights.h5")):
            yield f"{protocol}-fold-{fold}-{path.name.removesuffix('.weights.h5')}", path
