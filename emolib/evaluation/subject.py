"""Summaries of one subject: all that its page and the cohort's page show, computed once.

Two tests are in it, and both are exploratory. The cluster test asks whether the log power of high
and low trials differs somewhere; the permutation test whether ridge regression, trained on this
subject's other trials alone, tells them apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import mne
import numpy as np
import pandas as pd
import xarray as xr
from scipy import sparse

from emolib.errors import DataError
from emolib.evaluation.comparison import CLUSTER_PERMUTATIONS, cluster_test, holm
from emolib.evaluation.linear import ridge_smoother
from emolib.evaluation.permutation import IN_BLOCKS, NOT_TWO, is_block_design, within_subject_test
from emolib.features.extraction import FeatureSettings
from emolib.features.power import amplitudes, before_and_after, log_power, posterior_channels
from emolib.features.spectra import alpha_peak, line_noise, trial_spectra
from emolib.grid import standard_head, to_brain_maps
from emolib.recordings.labels import Task, trial_classes, window_table
from emolib.splits.protocols import trial_grouped

N_FOLDS = 5
# With 20 trials against 20, a difference at 8 neighbouring electrodes of simulated subjects is
# found in 33 % of cases at .8 standard deviations and in 68 % at 1.1 (`python -m
# benchmarks.evidence clusters`): in 4 of 5 at about 1.2. It shrinks as the standard error does.
DETECTABLE_D, AT_TRIALS = 1.2, (20, 20)
LIGHT_MODEL = ("score", "p", "chance_low", "chance_high", "detectable")


def summarise(
    recording: xr.Dataset,
    features: xr.Dataset,
    tasks: Mapping[str, Task],
    settings: FeatureSettings,
    *,
    within: bool = True,
    chronological: bool = True,
    seed: int = 0,
    n_permutations: int = CLUSTER_PERMUTATIONS,
    before: xr.Dataset | None = None,
) -> xr.Dataset:
    """Summarise one subject, and test what may be tested.

    Parameters
    ----------
    recording, features : Dataset
        The subject's.
    tasks : mapping of str to Task
        The study's.
    settings : FeatureSettings
        Bands, filtering and windows of the log power.
    within : bool
        Whether trials of one person may be compared. Not where each class was a recording of its
        own: then a test would find the recording.
    chronological : bool
        Whether trials are numbered in the order in which they were: then classes that come in
        blocks are not compared.
    seed : int
        Of the permutations.
    n_permutations : int
        Of the cluster test.
    before : Dataset, optional
        The recording before it was preprocessed.

    Returns
    -------
    Dataset
        - ``class (trial, task)``, NaN where there is none; ``power (trial, band, channel)``, dB,
          see `power.log_power`; ``spectrum (trial, frequency)``, microvolts squared per Hz,
          mean of the electrodes at the back; ``std_uv`` and ``max_abs_uv (channel)``, microvolts;
          ``line_noise_db (channel)``, dB, where the rate allows;
        - ``t`` and ``cluster (task, band, channel)``, ``cluster_p (task)`` and ``holm_p (task)``,
          NaN where no test was made; ``missed (task)``, the difference in standard deviations
          below which one would often be missed;
        - ``score``, ``p``, ``chance_low``, ``chance_high`` and ``detectable (task)`` of ridge
          regression, likewise.
        - Attributes ``sfreq``, ``alpha_peak_hz`` and ``line_hz``, and ``untested (task)``: why not.
    """
    power = log_power(recording, settings)
    spectra = trial_spectra(recording)
    density = spectra.mean("trial")
    channels = posterior_channels(recording["channel"].to_numpy().tolist())
    back = spectra.sel(channel=channels).mean("channel")
    size = amplitudes(recording)
    found = xr.Dataset(
        {"power": power, "spectrum": back.assign_attrs(units="uV^2/Hz")},
        {"task": list(tasks)},
        {"alpha_peak_hz": alpha_peak(back["frequency"].values, back.mean("trial").values)},
    )
    found.attrs["sfreq"] = recording.attrs["sfreq"]
    for name in ("std_uv", "max_abs_uv"):
        found[name] = ("channel", size[name].to_numpy(), {"units": "uV"})
    if (hum := line_noise(density)) is not None:
        found.attrs["line_hz"], found["line_noise_db"] = hum
    classes = trial_classes(recording, tasks).loc[found["trial"].to_numpy()]  # sorted, as it is
    found["class"] = (("trial", "task"), classes.astype(float).to_numpy(dtype=float))
    why = {
        name: _why_not(classes[name], task, within, chronological) for name, task in tasks.items()
    }
    found["untested"] = ("task", list(why.values()))
    able = [name for name, reason in why.items() if not reason]
    shape = (len(tasks), power.sizes["band"], power.sizes["channel"])
    for name in ("t", "cluster"):
        found[name] = (("task", "band", "channel"), np.full(shape, np.nan))
    for name in ("cluster_p", "holm_p", "missed", *LIGHT_MODEL):
        found[name] = ("task", np.full(len(tasks), np.nan))
    _add_cluster_tests(found, able, seed, n_permutations)
    _add_light_models(found, features, tasks, able, seed)
    return found if before is None else found.merge(before_and_after(before, recording))


def channel_adjacency(channels: Sequence[str]) -> sparse.spmatrix:
    """Return which electrodes are neighbours, (channel, channel), by Delaunay triangulation."""
    if len(channels) < 4:
        return sparse.csr_matrix(np.ones((len(channels), len(channels))))
    with mne.utils.use_log_level("error"):
        return mne.channels.find_ch_adjacency(standard_head(channels), "eeg")[0]


def _why_not(labels: pd.Series, task: Task, within: bool, chronological: bool) -> str:
    """Return why a subject's trials of two classes are not compared; empty if they may be."""
    known = labels.dropna().to_numpy(int)
    if len(task.classes) != 2:
        return NOT_TWO
    if not within:
        return "the study does not compare trials of one person"
    if len(np.unique(known)) < 2:
        return "one class only"
    if chronological and is_block_design(known):
        return IN_BLOCKS
    return ""


def _add_cluster_tests(found: xr.Dataset, able: list[str], seed: int, n_permutations: int) -> None:
    """Test every able task; one without ten trials of each class stays without a result."""
    power = found["power"]
    adjacency = channel_adjacency(power["channel"].to_numpy().tolist())
    for name in able:
        labels = found["class"].sel(task=name).fillna(-1).to_numpy().astype(int)
        test = cluster_test(
            power.values, labels, adjacency, seed=seed, n_permutations=n_permutations
        )
        if test is None:
            continue
        within = np.any(test.clusters, axis=0) if test.clusters else np.zeros(test.t.shape, bool)
        error = np.sqrt((1 / test.n_low + 1 / test.n_high) / sum(1 / n for n in AT_TRIALS))
        results = {"t": test.t, "cluster": within, "cluster_p": test.p}
        for variable, value in (results | {"missed": DETECTABLE_D * error}).items():
            found[variable].loc[{"task": name}] = value
    tested = np.isfinite(found["cluster_p"])
    found["holm_p"][tested] = holm(found["cluster_p"][tested])


def _add_light_models(
    found: xr.Dataset, features: xr.Dataset, tasks: Mapping[str, Task], able: list[str], seed: int
) -> None:
    """Train ridge on a subject's other trials, and permute trials within each fold."""
    table, maps = window_table(features, tasks), to_brain_maps(features).to_numpy()
    for name in able:
        rows = np.flatnonzero(table[name] >= 0)
        own = table.iloc[rows].reset_index(drop=True)
        try:
            # Folds that do not depend on the labels, so that refits are one matrix product.
            folds = list(trial_grouped(own, n_folds=N_FOLDS, seed=seed, tasks=()))
        except DataError:
            continue  # fewer trials than folds
        smoother = ridge_smoother(maps[rows], own, folds)
        test = within_subject_test(smoother, name, within_fold=True, seed=seed)
        values = (test.value, test.p, *test.null_interval, test.minimum_detectable_score)
        for variable, value in zip(LIGHT_MODEL, values, strict=True):
            found[variable].loc[{"task": name}] = value
