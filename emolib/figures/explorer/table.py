"""Your own features, from a plain table to what the brain-map explorer takes."""

from __future__ import annotations

import math

import pandas as pd
import xarray as xr

from emolib import grid
from emolib.errors import DataError, did_you_mean

KEYS = ("trial", "onset_seconds", "kind", "band")


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
