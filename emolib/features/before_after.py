"""What preprocessing changed: one recording as it was, beside itself as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emolib.features.power import amplitudes
from emolib.features.spectra import trial_spectra

if TYPE_CHECKING:
    import xarray as xr

WHEN = ("before", "after")


def before_and_after(before: xr.Dataset, after: xr.Dataset) -> xr.Dataset:
    """Compare a recording before and after preprocessing.

    Parameters
    ----------
    before, after : Dataset
        Recordings of one subject; channels and sampling frequencies may differ. The trials of
        `after` are compared.

    Returns
    -------
    Dataset
        ``sd (when, any_channel)``, standard deviations in microvolts, NaN where a recording lacks
        the channel; ``density (when, hertz)``, microvolts squared per Hz, the mean over trials and
        the channels that both have.
    """
    import xarray as xr  # takes a third of a second

    before = before.sel(trial=after["trial"])
    pair = (before, after)
    sizes = [amplitudes(one)["std_uv"] for one in pair]
    names = [*sizes[0].index, *(name for name in sizes[1].index if name not in sizes[0].index)]
    both = [name for name in sizes[1].index if name in sizes[0].index]
    means = [trial_spectra(one).sel(channel=both).mean(("trial", "channel")) for one in pair]
    last = min(float(mean["frequency"][-1]) for mean in means)
    hertz = means[1]["frequency"].sel(frequency=slice(None, last)).to_numpy()
    density = [np.interp(hertz, mean["frequency"], mean) for mean in means]
    return xr.Dataset(
        {
            "sd": (("when", "any_channel"), [size.reindex(names) for size in sizes]),
            "density": (("when", "hertz"), density),
        },
        {"when": list(WHEN), "any_channel": names, "hertz": hertz},
    )
