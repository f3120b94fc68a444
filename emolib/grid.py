"""The 8 x 9 electrode grid: channels in, planes of a brain map out.

A convolution looks at neighbours, so the grid keeps the electrodes' neighbourhood: rows run from
the forehead to the back of the head, columns from left to right. Every electrode of DEAP has in
SEED's grid the cell that it has in its own, so one grid serves any subset of either.

The grid has one distortion: AF3 and AF4 stand in the row of Fp1 and Fp2, lateral to them, though on
the head they lie behind them.

A study may lay the cells out otherwise (its key `grid`). Loading it puts that layout in use: where
no layout is given, functions take the one in use, which is SEED's until a study says otherwise.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from emolib.errors import DataError, SettingsError

if TYPE_CHECKING:
    import mne
    import xarray as xr

SHAPE = (8, 9)

# Measured on the head of one man who was scanned 27 times
# (https://doi.org/10.1097/00004728-199803000-00032); MNE ships it.
MONTAGE = "colin27_1005"
Layout = tuple[tuple[str, ...], ...]

# fmt: off
DEAP_CHANNELS = (
    "Fp1", "AF3", "F3", "F7", "FC5", "FC1", "C3", "T7", "CP5", "CP1", "P3", "P7", "PO3", "O1",
    "Oz", "Pz", "Fp2", "AF4", "Fz", "F4", "F8", "FC6", "FC2", "Cz", "C4", "T8", "CP6", "CP2",
    "P4", "P8", "PO4", "O2",
)
# fmt: on


def _layout(drawing: str) -> Layout:
    """Read a drawing, a dot for an empty cell."""
    rows = (line.split() for line in drawing.strip().splitlines())
    return tuple(tuple("" if name == "." else name for name in row) for row in rows)


SEED_GRID = _layout("""
    .   .   AF3 Fp1 Fpz Fp2 AF4 .   .
    F7  F5  F3  F1  Fz  F2  F4  F6  F8
    FT7 FC5 FC3 FC1 FCz FC2 FC4 FC6 FT8
    T7  C5  C3  C1  Cz  C2  C4  C6  T8
    TP7 CP5 CP3 CP1 CPz CP2 CP4 CP6 TP8
    P7  P5  P3  P1  Pz  P2  P4  P6  P8
    .   PO7 PO5 PO3 POz PO4 PO6 PO8 .
    .   .   CB1 O1  Oz  O2  CB2 .   .
""")

DEAP_GRID = tuple(  # the same cells, less those of other electrodes
    tuple(name if name in DEAP_CHANNELS else "" for name in row) for row in SEED_GRID
)

_in_use = [SEED_GRID]
OLD_NAMES = {"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"}
_PREFIX = re.compile(r"^EEG[\s_:.-]+", re.IGNORECASE)
# What stands behind the hyphen must be a known reference: "Fp1-F3" is a bipolar channel, no Fp1.
_REFERENCE = re.compile(r"REF|LE|RE|A1|A2|A1A2|M1|M2|AVG|AV|AVE|AR|CAR", re.IGNORECASE)
_SUFFIX = re.compile(rf"\s*-\s*(.+)|[\s_]+({_REFERENCE.pattern})$", re.IGNORECASE)
ELECTRODE = re.compile(
    r"(FP|AFF|AFP|AF|FFT|FFC|FTT|FCC|FT|FC|F|TTP|TPP|TP|T|CCP|CPP|CP|CB|C|PPO|POO|PO|P|OI|O|I|N)"
    r"(Z|\d{1,2})(H?)",
    re.IGNORECASE,
)


def canonical_name(name: str) -> str:
    """Return an electrode's name as the grids write it.

    Prefixes ("EEG "), references ("-REF", "-A1"), dots and case are put right, and the old names
    T3 T4 T5 T6 become T7 T8 P7 P8. A name that is no electrode's is only stripped of spaces.

    Examples
    --------
    >>> [canonical_name(name) for name in ("FP1", "POZ", "EEG T3-LE", "Fc5.", "ECG ECG", "Fp1-F3")]
    ['Fp1', 'POz', 'T7', 'FC5', 'ECG ECG', 'Fp1-F3']
    """
    name = str(name).strip()
    electrode, reference = split_reference(name)
    match = ELECTRODE.fullmatch(electrode)
    if match is None or (reference and not _REFERENCE.fullmatch(reference)):
        return name
    region, position, half = match.groups()
    region = region.upper().replace("FP", "Fp")
    found = region + position.lower() + half.lower()
    return OLD_NAMES.get(found, found)


def split_reference(name: str) -> tuple[str, str]:
    """Return what stands before the hyphen of a channel's name, without prefix, and behind it.

    Examples
    --------
    >>> [split_reference(name) for name in ("EEG Fp1-CPz", "Fc5.", "Cz Ref", "ECG ECG")]
    [('Fp1', 'CPz'), ('Fc5', ''), ('Cz', 'Ref'), ('ECG ECG', '')]
    """
    bare = _PREFIX.sub("", str(name).strip())
    match = _SUFFIX.search(bare)
    reference = (match[1] or match[2]) if match else ""
    return bare[: match.start() if match else None].strip(". "), reference.strip(". ")


def use_layout(layout: Layout) -> None:
    """Put a layout in use, in this process, until another one is."""
    _in_use[0] = layout


def layout_in_use() -> Layout:
    """Return the layout that a channel's cell is looked up in where no other is given."""
    return _in_use[0]


def electrodes(layout: Layout | None = None) -> frozenset[str]:
    """Return the names that a layout holds, by default the one in use.

    Examples
    --------
    >>> len(electrodes(SEED_GRID)), "AF7" in electrodes(SEED_GRID)
    (62, False)
    """
    return frozenset(name for row in layout or _in_use[0] for name in row if name)


def read_layout(rows: Sequence[str]) -> Layout:
    """Read the rows of a study's `grid`: names between blanks, a dot for an empty cell.

    Raises
    ------
    SettingsError
        If there are not 8 rows of 9 cells, or a name is given twice, is no electrode's, or there
        is none.

    Examples
    --------
    >>> rows = [". . . AF7 . AF8 . . .", *6 * [7 * ". " + ". ."], "TP9 . . . . . . . TP10"]
    >>> read_layout(rows)[0]
    ('', '', '', 'AF7', '', 'AF8', '', '', '')
    """
    layout = tuple(
        tuple("" if name == "." else canonical_name(name) for name in row.split()) for row in rows
    )
    if (widths := [len(row) for row in layout]) != [SHAPE[1]] * SHAPE[0]:
        problem = f"has {len(rows)} rows, of {', '.join(map(str, widths)) or 'no'} cells."
        raise SettingsError("grid", problem, "Give 8 rows of 9 cells, a dot for an empty one.")
    names = [name for row in layout for name in row if name]
    if not names:
        raise SettingsError("grid", "holds no electrode.", "Put names such as Fp1 into its cells.")
    known = standard_electrodes()
    for name in names:
        if name not in known:
            raise SettingsError("grid", f"got {name!r}.", nearest_electrodes(name))
        if names.count(name) > 1:
            raise SettingsError("grid", f"has {name} more than once.", "Give it one cell.")
    return layout


def nearest_electrodes(name: str) -> str:
    """Suggest names of electrodes like this one; to list all 300 would help nobody."""
    near = difflib.get_close_matches(name, standard_electrodes(), n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(map(repr, near))}?" if near else "Name it as the 10-20 does."


@cache
def standard_electrodes() -> dict[str, tuple[float, float, float]]:
    """Return the electrodes that have a place on the standard head, and SEED's CB1 and CB2.

    Metres to the right, to the front and upwards.
    """
    import mne  # takes a second that other users of the grid need not wait for

    places = mne.channels.make_standard_montage(MONTAGE).get_positions()["ch_pos"]
    named = {name: place for name, place in places.items() if canonical_name(name) == name}
    named |= {"CB1": places["POO7"], "CB2": places["POO8"]}
    return {name: tuple(place.tolist()) for name, place in named.items()}


def cells(channels: Sequence[str], layout: Layout | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Find the grid cell of each channel: rows and columns, arrays of int, shape (channel,).

    Channels may be spelled in any way that `canonical_name` knows. The layout is by default the one
    in use: SEED's, which has DEAP's cells and 30 more, unless a study has a grid of its own. A
    channel without a cell, or two that share one, is a DataError.

    Examples
    --------
    >>> rows, columns = cells(["Fp1", "EEG T3", "OZ"])
    >>> list(zip(rows.tolist(), columns.tolist()))
    [(0, 3), (3, 0), (7, 4)]
    """
    layout = np.array(layout or layout_in_use())
    place = {name: cell for cell, name in np.ndenumerate(layout) if name}
    names = [canonical_name(name) for name in channels]
    lost = [str(given) for given, name in zip(channels, names, strict=True) if name not in place]
    if lost:
        have = f"{', '.join(lost)} {'has' if len(lost) == 1 else 'have'} no cell on the grid"
        hint = "Leave these channels out, or give a layout that holds them (`grid` in a study)."
        raise DataError("channels", f"{have}, which holds {', '.join(place)}.", hint)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        problem = f"more than one channel stands for {', '.join(twice)}."
        raise DataError("channels", problem, "Keep one channel an electrode.")
    rows, columns = np.array([place[name] for name in names], dtype=int).reshape(-1, 2).T
    return rows, columns


def to_grid(
    values: np.ndarray,
    channels: Sequence[str],
    layout: Layout | None = None,
    *,
    empty: float = 0,
) -> np.ndarray:
    """Lay channel values ``(..., channel)`` out on the grid: ``(..., row, column)``.

    Cells without a channel hold `empty`: NaN for a picture of floating-point values.

    Examples
    --------
    >>> to_grid(np.array([1.0, 2.0]), ["O1", "O2"])[7]
    array([0., 0., 0., 1., 0., 2., 0., 0., 0.])
    """
    values = np.asarray(values)
    if values.shape[-1] != len(channels):
        problem = f"{len(channels)} names are given for {values.shape[-1]} values."
        raise DataError("channels", problem, "Give one name a channel.")
    rows, columns = cells(channels, layout)
    grid = np.full((*values.shape[:-1], *SHAPE), empty, values.dtype)
    grid[..., rows, columns] = values
    return grid


def to_brain_maps(features: xr.Dataset, layout: Layout | None = None) -> xr.DataArray:
    """Turn features into brain maps, the model's input.

    Parameters
    ----------
    features : Dataset
        `feature (window, kind, band, channel)`, as `emolib.features.extract_features` makes it.
    layout : tuple of rows of str, optional
        Which electrode is in which cell; by default the one in use.

    Returns
    -------
    DataArray of float32, dimensions (window, row, column, plane)
        Planes are kind by kind and, within a kind, band by band: "de theta", "de alpha", ... The
        coordinates on `window` are kept. Empty cells are 0, which is the window's mean only where
        the features are z-scores of the window.

    Raises
    ------
    DataError
        If a channel has no cell.

    Notes
    -----
    Two kinds in four bands make a map of 8 x 9 x 8, as in Shen et al. (2020) and Rudakov et al.
    (2021).
    """
    import xarray as xr  # here, not above: half a second that the layout need not wait for

    feature = features["feature"].transpose("window", "kind", "band", "channel")
    n_windows, n_kinds, n_bands, n_channels = feature.shape
    by_plane = feature.values.reshape(n_windows, n_kinds * n_bands, n_channels).astype(np.float32)
    channels = feature["channel"].values.tolist()
    maps = np.moveaxis(to_grid(by_plane, channels, layout), 1, -1)
    kinds, bands = feature["kind"].values, feature["band"].values
    coords = {name: coord for name, coord in feature.coords.items() if coord.dims == ("window",)}
    return xr.DataArray(
        np.ascontiguousarray(maps),
        dims=("window", "row", "column", "plane"),
        coords={**coords, "plane": [f"{kind} {band}" for kind in kinds for band in bands]},
        attrs={k: v for k, v in features.attrs.items() if k in ("dataset", "subject")},
        name="brain_map",
    )


def standard_head(channels: Sequence[str]) -> mne.Info:
    """Return what MNE calls the info of electrodes, each with its place on the standard head.

    ``info["chs"][i]["loc"][:3]`` are metres to the right, to the front and upwards, from a point
    between the ears. A name that is not in the montage `colin27_1005` is a DataError; case does not
    matter. SEED's CB1 and CB2 have no standard place: MNE has them at POO7 and POO8.

    Examples
    --------
    >>> info = standard_head(["T7", "T8"])
    >>> bool(info["chs"][0]["loc"][0] < 0 < info["chs"][1]["loc"][0])
    True
    """
    import mne  # takes a second that other users of the grid need not wait for

    info = mne.create_info([*channels], sfreq=1.0, ch_types="eeg", verbose="error")
    try:
        info.set_montage(MONTAGE, match_case=False, match_alias=True, verbose="error")
    except ValueError as error:
        problem = f"not all are in the montage {MONTAGE} ({error})".split("\n\nConsider")[0]
        remedy = "Leave out the channels named, or rename them."
        raise DataError("channels", " ".join(problem.split()), remedy) from None
    return info
