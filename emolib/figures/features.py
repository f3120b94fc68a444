"""A picture of a subject's features: every kind in every band, over the scalp and on the grid."""

from __future__ import annotations

import json

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

from emolib.figures import maps
from emolib.figures.display import Picture
from emolib.figures.explorer.words import kind_words
from emolib.figures.pages import WIDTH


def feature_maps(features: xr.Dataset) -> Picture:
    """Show the mean of each plane that the network gets, interpolated and as it gets it.

    Parameters
    ----------
    features : Dataset
        A subject's, `feature (window, kind, band, channel)`.
    """
    means = features["feature"].mean("window")
    channels, bands = means["channel"].to_numpy().tolist(), means["band"].to_numpy().tolist()
    kinds, settings = means["kind"].to_numpy().tolist(), json.loads(features.attrs["settings"])
    figure = plt.figure(figsize=(WIDTH, 3.3 * len(kinds)))
    parts = np.ravel(figure.subfigures(len(kinds), 1))
    told = []
    for part, kind in zip(parts, kinds, strict=True):
        words = kind_words(kind, settings, {})
        values = means.sel(kind=kind).to_numpy()
        signed = bool((values < 0).any())
        limits = maps.symmetric(values) if signed else (float(values.min()), float(values.max()))
        how = {"limits": limits, "diverging": signed}
        axes = part.subplots(2, len(bands), squeeze=False)
        part.suptitle(words["words"])
        for upper, lower, band, own in zip(*axes, bands, values, strict=True):
            image = maps.scalp(upper, own, channels, title=band, **how)
            maps.grid_map(lower, own, channels, small=True, **how)
        maps.colour_bar(image, axes, words["unit"])
        row, column = np.unravel_index(values.argmax(), values.shape)
        most, least = float(values.max()), float(values.min())
        told.append(
            f"{words['words']} ({words['unit']}): from {least:.2f} to {most:.2f}, most in "
            f"{bands[row]} at {channels[column]}"
        )
    return Picture(
        figure,
        alt=f"Mean features on scalp and grid, band by band. {'; '.join(told)}.",
        caption="Mean over all windows of the features that the network gets. Upper rows: over the "
        "scalp, interpolated between the electrodes (dots). Lower rows: on the grid, cell by cell, "
        "empty cells hatched. A kind has one scale for all bands. Contours below 0 are dashed.",
    )
