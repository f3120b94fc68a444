"""The brain-map explorer: a recording's features to look at, in JupyterLab and on any page.

Grid and scalp stand side by side, for a trial or a group of trials, at one time or on average; and
any two of them can be compared with each other. Everything is drawn in the reader's browser by one
JavaScript module, `widget.js`, which gets `spec`, `data` and `view` (see `emolib.figures.inline`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import anywidget
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import traitlets
import xarray as xr
from IPython import get_ipython

from emolib.figures import inline
from emolib.figures import pages as pictures
from emolib.figures.display import Table, use_style
from emolib.figures.explorer.data import LARGEST, by_plane, pack
from emolib.figures.explorer.words import describe
from emolib.recordings.labels import Task

MODULE = inline.bundle(Path(__file__).with_suffix(".js"))
STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")


class ExplorerWidget(anywidget.AnyWidget):
    """The explorer as JupyterLab shows it; its `view` says what is shown, and can be set."""

    _esm = MODULE
    _css = STYLE
    spec = traitlets.Dict().tag(sync=True)
    data = traitlets.Bytes().tag(sync=True)
    view = traitlets.Dict().tag(sync=True)


class Explorer:
    """Features to explore, shown by the last line of a cell.

    Parameters
    ----------
    features : Dataset or DataArray
        `feature (window, kind, band, channel)` of one recording, as
        `emolib.features.extract_features` makes it, or an array of these dimensions. `kind` and
        `band` may be missing; `trial` and `onset_seconds` may lie on `window`; ratings and classes
        are shown where there are any.
    tasks : mapping of str to Task, optional
        Tasks whose classes are offered as groups of trials.
    title : str, optional
        By default subject and data set.
    units : mapping of str to str, optional
        Units by kind; by default what the features' settings tell.
    largest : int
        Characters that the numbers may take on a page: see `emolib.figures.explorer.data.pack`.

    Raises
    ------
    DataError
        If the features are not those of one recording, are not finite, or have channels without a
        place on the grid.
    SettingsError
        If a task does not fit the features.

    Notes
    -----
    A mean over trials counts each trial once, at each time and on average. What is shown is the
    recording; no difference is tested.

    Examples
    --------
    Your own features, such as alpha power at four electrodes in two trials of three seconds:

    >>> power = xr.DataArray(
    ...     np.random.default_rng(0).normal(10, 2, size=(6, 4)),
    ...     {"trial": ("window", [1, 1, 1, 2, 2, 2]), "onset_seconds": ("window", [0, 1, 2] * 2),
    ...      "channel": ["F3", "F4", "O1", "O2"]},
    ...     ("window", "channel"),
    ... )
    >>> explorer = Explorer(power, title="Alpha power", units={"value": "dB"})
    >>> explorer
    Explorer: Alpha power (2 trials, 4 electrodes)

    In a notebook it opens by itself. To keep it, or to send it to somebody, write the page, which
    needs neither Python nor a network:

    >>> page = explorer.page()
    >>> page.startswith("<!doctype html>")
    True
    """

    def __init__(
        self,
        features: xr.Dataset | xr.DataArray,
        *,
        tasks: Mapping[str, Task] | None = None,
        title: str | None = None,
        units: Mapping[str, str] | None = None,
        largest: int = LARGEST,
    ):
        attrs = features.attrs
        said = ", ".join(str(attrs[name]) for name in ("subject", "dataset") if name in attrs)
        self.title = str(title or said or "Features")
        self.data, layout, self._shown = pack(by_plane(features), largest)
        told = {"tasks": tasks or {}, "units": units or {}, "joined": layout["joined"]}
        words = describe(features, self._shown, **told)
        self.spec = {"title": self.title, **layout, **words}

    def __repr__(self) -> str:
        n_trials, n_channels = len(self.spec["trials"]), len(self.spec["channels"])
        return f"Explorer: {self.title} ({n_trials} trials, {n_channels} electrodes)"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, object]:
        bundle = {"text/html": self.fragment(), "text/plain": repr(self)}
        if get_ipython() is not None:  # without a kernel nobody would answer the widget
            shown, _ = self.widget._repr_mimebundle_()
            bundle = {**shown, **bundle}
        return bundle

    @cached_property
    def widget(self) -> ExplorerWidget:
        """Return the explorer as a widget of JupyterLab."""
        return ExplorerWidget(spec=self.spec, data=self.data, view={})

    def fragment(self) -> str:
        """Return the explorer as HTML to stand within a page; it asks nothing of anybody."""
        return inline.fragment(
            "explorer",
            module=MODULE,
            style=STYLE,
            traits={"spec": self.spec, "data": self.data},
            still=self._still(),
            label="Maps and values",
        )

    def page(self) -> str:
        """Return a whole page of HTML with the explorer, to be opened from a folder or sent."""
        return inline.page(self.title, self.fragment())

    def _still(self) -> str:
        """Return a picture and a table of the first view, for those without scripts."""
        trial, kinds, bands = self.spec["trials"][0], self.spec["kinds"], self.spec["bands"]
        means = self._shown[:, :, trial["first"] : trial["first"] + trial["n"]].mean("window")
        band = next((each for each in bands if each["name"] == "alpha"), bands[0])
        values = means.sel(kind=kinds[0]["name"], band=band["name"]).to_numpy()
        shown = []
        if np.ptp(values) > 0:  # a map of equal values has no colours
            plane = f"{band['words']} {kinds[0]['words']}".strip()
            words = ", ".join(filter(None, [trial["name"], plane, "mean over time"]))
            what = {"name": words, "unit": kinds[0]["unit"]}
            with plt.rc_context():
                use_style()
                shown.append(pictures.grid_and_scalp(values, self.spec["channels"], **what))
        columns = {
            " ".join(dict.fromkeys([each["name"], kind["name"]])): of_band.to_numpy()
            for kind, of_kind in zip(kinds, means, strict=True)
            for each, of_band in zip(bands, of_kind, strict=True)
        }
        names = pd.Index(self.spec["channels"], name="electrode")
        table = pd.DataFrame(columns, index=names).apply(_written)
        units = "; ".join(
            f"{each['name']}: {each['words']} ({each['unit']})".replace(":  (", " (")
            for each in kinds
        )
        caption = f"{trial['name']}, mean over its {trial['n']} windows. {units}."
        shown.append(Table(table, caption=caption, css="emolib-numbers"))
        return "".join(each._repr_mimebundle_()["text/html"] for each in shown)


def _written(values: pd.Series) -> pd.Series:
    """Write a column's numbers with as many decimals as its largest one asks for."""
    size = np.floor(np.log10(values.abs().max() or 1))
    decimals = int(np.clip(2 - size, 0, 9))
    tidy = values.round(decimals) + 0.0  # no minus before a zero
    return tidy.map(lambda value: f"{value:.{decimals}f}".replace("-", "\N{MINUS SIGN}"))
