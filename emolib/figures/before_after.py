"""The spectrum of a recording before and after preprocessing."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

from emolib.figures.display import BLUE, OCHRE, WIDTH, Picture

SHOWN_HZ = (0.5, 100.0)  # below is the mean, which readers take away; above is hardly any EEG
DECADES = 6  # of power: what filters leave of the rest is rounding


def spectra(density: xr.DataArray) -> Picture:
    """Plot the mean spectrum before and after preprocessing.

    `density (when, hertz)` is in µV²/Hz, from `emolib.features.power.before_and_after`.

    Examples
    --------
    >>> hz = np.arange(0, 65.0)
    >>> pair = [1.0 + 99 * (hz == 50), 0 * hz + 1.0]
    >>> spectra(xr.DataArray(pair, {"when": ["before", "after"], "hertz": hz}, ("when", "hertz")))
    Picture: Mean spectrum before and after preprocessing. The largest change is at 50 Hz, from \
100 to 1 µV²/Hz; at 10 Hz it goes from 1 to 1 µV²/Hz.
    """
    density = density.sel(hertz=slice(*SHOWN_HZ))
    hertz, (before, after) = density["hertz"].to_numpy(), density.to_numpy()
    floor = max(before.max(), after.max()) / 10**DECADES
    figure, ax = plt.subplots(figsize=(WIDTH, 3.0))
    before, after = np.maximum([before, after], floor)
    ax.semilogy(hertz, before, color=OCHRE, linestyle="-", linewidth=3, label="before")
    ax.semilogy(hertz, after, color=BLUE, linestyle="--", label="after")
    ax.set(xlabel="frequency (Hz)", ylabel="power density (µV²/Hz)", xlim=(hertz[0], hertz[-1]))
    ax.set_ylim(bottom=min(before.min(), after.min()) / 2)
    ax.legend()
    most = int(np.argmax(np.abs(np.log(after / before))))
    ten = int(np.argmin(np.abs(hertz - 10)))
    return Picture(
        figure,
        alt="Mean spectrum before and after preprocessing. The largest change is at "
        f"{hertz[most]:g} Hz, from {before[most]:.3g} to {after[most]:.3g} µV²/Hz; at "
        f"{hertz[ten]:g} Hz it goes from {before[ten]:.3g} to {after[ten]:.3g} µV²/Hz.",
        caption="Power density before (wide line) and after (dashed) preprocessing, mean over all "
        "trials and the electrodes that both have. The vertical axis is logarithmic. Where the "
        "curves lie on each other, nothing changed: check that this holds for the bands that you "
        "study.",
    )
