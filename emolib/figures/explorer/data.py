"""What the brain-map explorer is given: features, from a table too, in as few bytes as will do.

The explorer draws in the reader's browser, without a server. So all that it may have to show
travels with the page, and a page should be light. Three ideas keep it so:

- a value is sent as a whole number of small steps above the smallest one, in 8 or 16 bits;
- the interpolated scalp is linear in the electrodes' values: in place of pictures, one matrix is
  sent (electrodes by pixels), and the browser multiplies;
- all is deflated, as in a zip file, which every browser can undo.

    values (kind, band, window, channel) -> steps --------.
                                                           +-> deflated -> bytes
    weights (channel, pixel) -> steps -> differences -----'
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from functools import lru_cache

import mne
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from emolib import grid
from emolib.errors import DataError, did_you_mean
from emolib.figures import maps

# Characters that the bytes may take on a page, in base64. A full-size subject (4800 windows, 2
# kinds, 4 bands, 32 channels) fits in 8 bits and leaves more than half of a page's 3 MB.
LARGEST = 1_400_000
KEYS = ("trial", "onset_seconds", "kind", "band")  # of a table; its other columns are electrodes
UNNAMED = "value"  # the kind or band of features that have none
RESOLUTION = 64  # pixels along an edge of the scalp's picture; MNE's own default
LARGEST_WEIGHT_STEPS = 4095  # 12 bits and a sign: the picture is exact to 0.1 % of its range


def features_of_table(table: pd.DataFrame) -> xr.DataArray:
    """Return features to explore from a table with one column per electrode.

    Parameters
    ----------
    table : DataFrame
        One row per window, and a row for each kind and band of it where there are several. Columns
        ``trial``, ``onset_seconds``, ``kind`` and ``band``, each of which may be missing; every
        other column is an electrode and holds numbers, in any unit.

    Returns
    -------
    DataArray (window, channel), with (..., kind, band) where the table has them
        For `emolib.figures.explorer.widget.Explorer`. Without ``trial`` all rows are one trial;
        without ``onset_seconds`` windows are numbered from 0 within their trial.

    Raises
    ------
    DataError
        If a column is no electrode, a value no number, or a window lacks a kind or band or has it
        twice.

    Examples
    --------
    >>> table = pd.DataFrame({"trial": [1, 1, 2], "Fz": [1.0, 2.0, 3.0], "O1": [4.0, 5.0, 6.0]})
    >>> features = features_of_table(table)
    >>> features.sel(channel="O1").to_numpy().tolist()
    [4.0, 5.0, 6.0]
    >>> features["onset_seconds"].to_numpy().tolist()
    [0, 1, 0]
    """
    electrodes = _electrodes(table)
    planes = [name for name in ("kind", "band") if name in table]
    table = table.assign(trial=table.get("trial", 1))
    if "onset_seconds" not in table:
        table["onset_seconds"] = table.groupby(["trial", *planes], sort=False).cumcount()
    keys = ["trial", "onset_seconds", *planes]
    if (twice := table.duplicated(keys)).any():
        found = ", ".join(f"{key} {value}" for key, value in table.loc[twice, keys].iloc[0].items())
        raise DataError("table", f"has two rows of {found}.", "Keep one row of each.")
    window = table.groupby(["trial", "onset_seconds"], sort=False).ngroup()
    orders = {name: table[name].unique().tolist() for name in planes}
    n_rows = window.nunique() * math.prod(map(len, orders.values()))
    if len(table) != n_rows:
        raise DataError(
            "table",
            f"has {len(table)} rows; with every {' and '.join(planes)} of each window {n_rows}.",
            "Add the rows that are missing.",
        )
    first = table[~window.duplicated()]
    values = table.assign(window=window).set_index(["window", *planes])[electrodes]
    values = values.to_xarray().to_array("channel").sel(orders).drop_vars("window")
    return values.transpose("window", "channel", *planes).assign_coords(
        {name: ("window", first[name].to_numpy()) for name in ("trial", "onset_seconds")}
    )


def by_plane(features: xr.Dataset | xr.DataArray) -> xr.DataArray:
    """Return features as float64 (kind, band, window, channel), trial after trial.

    Kinds or bands may be missing. The windows of a trial stand together, in the order in which
    they came; without `trial` all windows are one trial, 1. A DataError tells what cannot be shown.

    Examples
    --------
    >>> values = xr.DataArray(
    ...     [[1.0], [2.0], [3.0]],
    ...     {"trial": ("window", [2, 1, 2]), "channel": ["Cz"]},
    ...     ("window", "channel"),
    ... )
    >>> by_plane(values)["trial"].to_numpy(), by_plane(values).to_numpy().ravel()
    (array([2, 2, 1]), array([1., 3., 2.]))
    """
    values = features["feature"] if isinstance(features, xr.Dataset) else features
    for name in {"kind", "band"} - set(values.dims):
        values = values.drop_vars(name, errors="ignore").expand_dims({name: [UNNAMED]})
    if set(values.dims) != {"kind", "band", "window", "channel"} or not values.size:
        found = ", ".join(f"{name} ({n})" for name, n in values.sizes.items())
        raise DataError(
            "features",
            f"have the dimensions {found}; window, kind, band and channel are allowed.",
            "Rename the dimensions, and give at least one window of one channel.",
        )
    if "subject" in values.coords and len(np.unique(values["subject"])) > 1:
        raise DataError(
            "features", "are those of several subjects.", "Select the windows of one subject."
        )
    values = values.transpose("kind", "band", "window", "channel").astype(float)
    words = {name: values[name].astype(str) for name in ("kind", "band", "channel")}
    values = values.assign_coords(words)
    if not np.isfinite(values.to_numpy()).all():
        raise DataError(
            "features", "hold NaN or infinity.", "Leave out the windows or channels that do."
        )
    if "trial" not in values.coords:
        values = values.assign_coords(trial=("window", np.ones(values.sizes["window"], int)))
    _, first, number = np.unique(values["trial"], return_index=True, return_inverse=True)
    return values.isel(window=np.argsort(first[number], kind="stable"))


def trial_lengths(values: xr.DataArray) -> dict[object, int]:
    """Count the windows of each trial, in the order of `by_plane`.

    Examples
    --------
    >>> trial_lengths(xr.DataArray(np.zeros(3), {"trial": ("window", [2, 2, 1])}, ("window",)))
    {2: 2, 1: 1}
    """
    return dict(Counter(values["trial"].to_numpy().tolist()))


def join_windows(values: xr.DataArray, n: int) -> xr.DataArray:
    """Average each `n` neighbouring windows of a trial; its last piece may have fewer.

    Coordinates on `window` become those of the first of each piece.

    Examples
    --------
    >>> values = by_plane(xr.DataArray([[1.0], [3.0], [8.0]], {"channel": ["Cz"]},
    ...                                ("window", "channel")))
    >>> join_windows(values, 2).to_numpy().ravel()
    array([2., 8.])
    """
    if n == 1:
        return values
    begins, begin = [], 0
    for length in trial_lengths(values).values():
        begins.extend(range(begin, begin + length, n))
        begin += length
    sums = np.add.reduceat(values.to_numpy(), begins, axis=2)
    counts = np.diff([*begins, begin])[:, None]
    return values.isel(window=begins).copy(data=sums / counts)


def quantise(values: np.ndarray, bits: int) -> tuple[np.ndarray, list[dict[str, float]]]:
    """Return values (kind, band, window, channel) in whole numbers of 8 or 16 bits, and planes.

    The `offset` and `step` of each kind and band give ``value = offset + step * number``, within
    half a step.

    Examples
    --------
    >>> numbers, planes = quantise(np.array([[[[-1.0], [0.2], [1.0]]]]), 8)
    >>> numbers.ravel(), planes
    (array([  0, 153, 255], dtype=uint8), [{'offset': -1.0, 'step': 0.00784313725490196}])
    """
    low, high = values.min(axis=(2, 3)), values.max(axis=(2, 3))
    steps = (high - low) / (2**bits - 1)
    safe = np.where(steps > 0, steps, 1.0)[..., None, None]  # a constant plane has no step
    numbers = np.rint((values - low[..., None, None]) / safe).astype(f"<u{bits // 8}")
    planes = [
        {"offset": float(offset), "step": float(step)}
        for offset, step in zip(low.ravel(), steps.ravel(), strict=True)
    ]
    return numbers, planes


@lru_cache(maxsize=8)
def scalp_weights(channels: tuple[str, ...]) -> tuple[np.ndarray, float]:
    """Return how much each electrode adds to each pixel of the scalp's picture.

    MNE draws one map an electrode: 1 there and 0 at all others. Since its interpolation is linear,
    any map is the sum of these, times the electrodes' values.

    Returns
    -------
    weights : array, shape (channel, RESOLUTION, RESOLUTION)
        Rows from the back of the head to the front, columns from left to right; NaN where MNE
        draws nothing.
    reach : float
        The coordinate of the last row and column, in radii of the head.
    """
    places = maps.positions(channels)
    if len(channels) < 2:
        raise DataError("features", "have one channel.", "Interpolation needs two at least.")
    ax = Figure().add_subplot()
    scale = 1e3  # the solver stops at absolute differences: of volts it would lose digits
    weights = []
    for one in np.eye(len(channels)) * scale:
        image, _ = mne.viz.plot_topomap(
            one, places, axes=ax, show=False, contours=0, sensors=False, vlim=(0, 1),
            res=RESOLUTION, sphere=maps.HEAD_RADIUS,
        )  # fmt: skip
        weights.append(np.ma.filled(image.get_array(), np.nan) / scale)
        extent = image.get_extent()
        for artist in [*ax.images, *ax.lines, *ax.patches]:
            artist.remove()  # what stays would be drawn over, and slow the next one down
    return np.array(weights), round(float(extent[1]) / maps.HEAD_RADIUS, 9)


def pack_weights(channels: tuple[str, ...]) -> tuple[np.ndarray, dict[str, float]]:
    """Return the weights of the pixels in and next to the head, and what tells where they lie.

    Each pixel's (channel, pixel) is a difference, in steps, from the one before: neighbours are
    alike, so most are small. Of the `n` pixels along an edge that in row i and column j is sent if
    (2i + 1 - n)² + (2j + 1 - n)² is at most `within`; `reach` is that of `scalp_weights`.
    """
    weights, reach = scalp_weights(channels)
    n = RESOLUTION
    along = 2 * np.arange(n) + 1 - n
    within = (n + 2) ** 2  # beyond the circle by one pixel and a half, to interpolate up to it
    weights = np.nan_to_num(weights[:, along[:, None] ** 2 + along**2 <= within])
    step = float(np.abs(weights).max()) / LARGEST_WEIGHT_STEPS
    differences = np.diff(np.rint(weights / step), axis=1, prepend=0).astype("<i2")
    return differences, {"n": n, "reach": reach, "step": step, "within": within}


def pack(values: xr.DataArray, largest: int = LARGEST) -> tuple[bytes, dict, xr.DataArray]:
    """Return features and the scalp's weights in as few bytes as a page may have, deflated.

    Values (kind, band, window, channel) take 16 bits if that fits into `largest` characters of
    base64, or else 8; if these are too many still, neighbouring windows are averaged, no more
    than has to be. The layout tells ``bits``, ``joined`` (windows that became one), ``planes``
    and ``head``, see `quantise` and `pack_weights`; last come the values that were written.
    """
    differences, head = pack_weights(tuple(values["channel"].to_numpy().tolist()))
    for joined in range(1, max(trial_lengths(values).values()) + 1):
        shown = join_windows(values, joined)
        for bits in (16, 8):
            numbers, planes = quantise(shown.to_numpy(), bits)
            data = zlib.compress(numbers.tobytes() + differences.tobytes(), level=9)
            if 4 * len(data) <= 3 * largest:
                layout = {"bits": bits, "joined": joined, "planes": planes, "head": head}
                return data, layout, shown
    raise DataError(
        "features",
        f"do not fit into {largest} characters, whatever the number of windows.",
        "Select fewer trials, kinds, bands or channels.",
    )


def _electrodes(table: pd.DataFrame) -> list[str]:
    """Return the columns that are electrodes; refuse one that is nothing."""
    electrodes = [name for name in table.columns if name not in KEYS]
    if not electrodes or not len(table):
        raise DataError(
            "table",
            "has no electrode or no row.",
            "Give one column per electrode and one row per window.",
        )
    for name in electrodes:
        if grid.canonical_name(str(name)) not in grid.electrodes():
            raise DataError(
                f"table: column {name!r}",
                f"is no electrode of the grid, and none of {', '.join(KEYS)}.",
                did_you_mean(str(name), [*KEYS, *grid.electrodes()]),
            )
        if not pd.api.types.is_numeric_dtype(table[name]):
            raise DataError(
                f"table: column {name!r}",
                "holds something that is no number.",
                "Correct its values.",
            )
    return electrodes
