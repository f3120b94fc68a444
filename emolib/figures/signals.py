"""Figures of signals, spectra and labels: one visual language, units everywhere.

Each function plots what it is given on the `ax` it is given; none computes a result and none shows
anything: `display.Picture` does that, and refuses a figure without alternative text. Colours are
told apart by colour-blind readers; where two would look alike in grey, line style, marker or
hatching tells them apart as well. Maps are in `maps`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from emolib.figures.display import BLUE, DARK, GREY, OCHRE

MARKERS = ("o", "s", "^", "D", "v", "P")


def spectra(
    ax: Axes,
    frequencies: np.ndarray,
    densities: Mapping[str, np.ndarray],
    *,
    peaks: Mapping[str, float],
    search_hz: tuple[float, float],
) -> None:
    """Plot power spectral densities (frequency,), µV²/Hz, with the alpha peak of each marked.

    Frequencies and `peaks` are in Hz, NaN where there is no peak; the interval in which it was
    sought is shaded.
    """
    ax.axvspan(*search_hz, color=GREY, alpha=0.18, linewidth=0)
    for (name, density), marker in zip(densities.items(), MARKERS * 4, strict=False):
        (line,) = ax.semilogy(frequencies, density, label=name)
        if np.isfinite(peaks[name]):
            line.set_label(f"{name}, peak at {peaks[name]:.1f} Hz")
            height = np.interp(peaks[name], frequencies, density)
            ax.plot(peaks[name], height, marker, color=line.get_color(), markersize=8)
    ax.set(xlabel="frequency (Hz)", ylabel="power density (µV²/Hz)")
    ax.set_xlim(frequencies[0], frequencies[-1])
    # Below 4 Hz, where recordings are often high-passed, the curve may fall out of sight.
    floor = min(np.min(np.asarray(d)[frequencies >= 4]) for d in densities.values())
    ax.set_ylim(bottom=floor / 2)
    ax.legend()


def stacked_bars(ax: Axes, parts: pd.DataFrame, *, label: str, form: str = "{:.0f}") -> None:
    """Plot parts of a whole as bars end to end: a bar per row, a part per column.

    Each part carries its number, written by `form`, unless it is too narrow for it.
    """
    styles = [(BLUE, "", "white"), ("white", "///", DARK), ("#C8C8C8", "...", DARK)]
    styles.append((OCHRE, "", "white"))
    places, start = np.arange(len(parts)), np.zeros(len(parts))
    whole = float(parts.sum(axis=1).max())
    filled = parts.loc[:, parts.any()]
    for name, (colour, hatch, ink) in zip(filled, styles, strict=False):
        width = filled[name].to_numpy(float)
        look = {"color": colour, "hatch": hatch, "edgecolor": DARK, "label": name}
        ax.barh(places, width, left=start, **look)
        for place in places:
            text = form.format(width[place])
            if width[place] > 0.022 * len(text) * whole:
                box = {"facecolor": colour, "edgecolor": "none", "pad": 1.5}
                middle = {"ha": "center", "va": "center", "color": ink, "bbox": box}
                ax.text(start[place] + width[place] / 2, place, text, **middle)
        start = start + width
    ax.set(xlabel=label, xlim=(0, whole), yticks=places, yticklabels=list(parts.index))
    ax.set_ylim(len(parts) - 0.4, -0.6)
    ax.locator_params(axis="x", integer=whole > 1)  # counts have no decimals, shares do
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(styles))
