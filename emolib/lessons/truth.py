"""What the truth of a simulated subject says that maps of power should look like.

A rhythm of a simulated recording has a pattern over the electrodes, and emotion changes its
log-power (`emolib.recordings.simulated` has the equation). Rhythms are independent, so their powers
add up::

    power of trial k at channel c in band b = sum over b's rhythms s of pattern_sc^2 exp(l_sk)

with the emotion's part of l only. Background, muscle, sensor noise and the trials' other changes,
which a recording has as well, are left out: it is what the map would be if there were rhythms and
emotion and nothing else.
"""

from __future__ import annotations

import json

import numpy as np
import xarray as xr


def rhythm_power(truth: xr.Dataset) -> xr.DataArray:
    """Compute the log power of a simulated subject's rhythms, trial by trial.

    Parameters
    ----------
    truth : Dataset
        As `emolib.recordings.simulated.read_truth` gives it.

    Returns
    -------
    DataArray (trial, band, channel)
        Decibels above one microvolt squared, once the emotion has set in (4 s into the video).

    Examples
    --------
    >>> from emolib.recordings.simulated import SimulationSettings, simulate_subject
    >>> settings = SimulationSettings(n_trials=4, trial_seconds=2, effect=0)
    >>> _, truth = simulate_subject(settings, subject=1)
    >>> power = rhythm_power(truth)
    >>> power.shape, bool((power == power[0]).all())  # without an effect all trials are alike
    ((4, 4, 32), True)
    """
    effect = json.loads(truth.attrs["settings"])["effect"]
    felt = truth["kV"] * truth["wV"] * truth["zV"] + truth["kA"] * truth["wA"] * truth["zA"]
    change = np.exp(effect * felt.transpose("trial", "source").to_numpy())
    pattern = truth["pattern"].transpose("source", "channel").to_numpy() ** 2
    bands = truth["band"].to_numpy().tolist()
    member = np.array(bands)[:, None] == truth["band_of_source"].to_numpy()  # (band, source)
    power = np.einsum("bs,ks,sc->kbc", member.astype(float), change, pattern)
    coords = {"trial": truth["trial"].to_numpy(), "band": bands, "channel": truth["channel"].values}
    return xr.DataArray(
        10 * np.log10(power), coords, ("trial", "band", "channel"), attrs={"units": "dB re 1 uV^2"}
    )
