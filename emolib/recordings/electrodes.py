"""Which channel is which electrode.

A name says little alone. "C3" is an electrode over the motor cortex, or the third of a BioSemi
cap's third group; "Fp1-F3" is Fp1 where F3 is the reference of all channels, else the difference of
two neighbours. So all names of a recording are read together.
"""

from __future__ import annotations

import re
import string
import warnings
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from emolib.errors import DataError
from emolib.grid import ELECTRODE, MONTAGE, canonical_name, electrodes, split_reference
from emolib.recordings.recording import some

RADIUS_MM = 95.0  # of MNE's spherical head
WITHIN_MM = 15.0  # half of the way from one electrode of the 10-10 system to the next, or less

_NUMBER = re.compile(r"([A-H])0*([1-9]\d{0,2})", re.IGNORECASE)
# Numbers that are names too: ears, rows F and C of the 10-20 system, and electrodes at the eyes.
_EITHER = re.compile(r"[AE][12]|C[1-6]|F[1-9]|F10")
_EGI = "GSN-HydroCel-129"
_VERTEX = ("CZ", "VREF", "VERTEX REFERENCE")  # names of E129, the reference of EGI's net
# What the maker of the net says of the 10-20 system and the midline (Luu and Ferree, 2005, 10-10
# equivalents of the HydroCel Geodesic Sensor Nets): on a sphere some are not the nearest.
_EGI_NUMBERS = {
    "Fp1": 22, "Fpz": 15, "Fp2": 9, "F7": 33, "F3": 24, "Fz": 11, "F4": 124, "F8": 122, "FCz": 6,
    "T7": 45, "C3": 36, "Cz": 129, "C4": 104, "T8": 108, "CPz": 55, "P7": 58, "P3": 52, "Pz": 62,
    "P4": 92, "P8": 96, "POz": 72, "O1": 70, "Oz": 75, "O2": 83,
}  # fmt: skip
HERE = "in MNE, or in the study's section `recordings`"


class Chosen(NamedTuple):
    """Hold the channels of a recording that are used, and why the others are not."""

    channels: dict[str, str]  # names in the file by those on the grid
    left_out: dict[str, str]  # reasons by names in the file
    notes: list[str]


def choose_channels(where: object, raw, drop: Collection[str] = ()) -> Chosen:
    """Find the EEG channels of a Raw or Epochs that have a place on the grid.

    `drop` are channels to leave out, by their names in the file, see `find_channels`. Numbers that
    are no whole cap, several references, two channels of one electrode, or no channel at all are
    DataErrors, with `where` as their source.
    """
    kinds, parts, numbers, title, cap, places = _read_names(raw)
    left_out, on_grid = {}, electrodes()
    for name, kind in kinds.items():
        if kind != "eeg":
            left_out[name] = kind
        elif name in drop:
            left_out[name] = "as the settings ask"
        elif name in raw.info["bads"]:
            left_out[name] = "marked bad"
        elif places[name] not in on_grid:
            left_out[name] = "not on the grid"
    used = {name: place for name, place in places.items() if name not in left_out}
    notes = []
    if cap:
        notes.append(_tell_cap(title, cap, [numbers[name] for name in used]))
    else:
        _check_numbers(where, [n for name, n in numbers.items() if n and name not in drop], used)
        against = {name: canonical_name(parts[name][1].upper()) for name in used}
        reference, others = _find_reference(where, against, used)
        left_out = {name: (left_out | others)[name] for name in kinds if name in left_out | others}
        if reference not in ("", "REF"):
            notes.append(f"recorded against {reference}")
    channels: dict[str, str] = {}
    for name, place in used.items():
        if name in left_out:
            continue
        if place in channels:
            problem = f"channels {channels[place]!r} and {name!r} are both {place}."
            raise DataError(where, problem, f"Leave one out: `drop_channels: [{name}]` {HERE}.")
        channels[place] = name
    if left_out:
        by_reason = _grouped(left_out).items()
        told = [f"{', '.join(names)} ({reason})" for reason, names in by_reason]
        notes.append(f"left out: {', '.join(told)}")
    if not channels:
        typed = [name for name in kinds if name not in numbers and places[name] in on_grid]
        problem = f"no EEG channel has a place on the grid; {notes[-1]}."
        raise DataError(where, problem, _remedy(typed, bipolar="bipolar" in left_out.values()))
    return Chosen(channels, left_out, notes)


def find_channels(raw, wanted: str) -> list[str]:
    """Return the channels of a Raw that `wanted` means: a name in the file, or one on the grid."""
    names = _read_names(raw)
    own = [wanted] if wanted in names.places else []
    placed = [name for name, place in names.places.items() if place == canonical_name(wanted)]
    return (placed or own) if names.cap else (own or placed)  # C3 may be a number


def place_electrodes(of, montage: str = MONTAGE) -> None:
    """Give the channels of a Raw, or of its `info`, the electrodes' places on the head."""
    about = {"match_case": False, "match_alias": True, "on_missing": "ignore"}
    with warnings.catch_warnings(action="ignore"):  # old names of montages still work
        of.set_montage(montage, **about, verbose="error")


class _Names(NamedTuple):
    """Hold what the names of a recording say, all read together."""

    kinds: dict[str, str]  # types in MNE, and so on, by the name in the file
    parts: dict[str, tuple[str, str]]
    numbers: dict[str, str]
    title: str
    cap: dict[str, tuple[str, float]]
    places: dict[str, str]


def _read_names(raw) -> _Names:
    """Read the names of a Raw or Epochs as electrodes, or as numbers on a cap."""
    kinds = dict(zip(raw.ch_names, raw.get_channel_types(), strict=True))
    # MNE numbers channels of the same name: two "Fz" become "Fz-0" and "Fz-1".
    parts = {name: split_reference(re.sub(r"-\d+$", "", name)) for name in kinds}
    numbers = {name: _number(parts[name][0]) for name, kind in kinds.items() if kind == "eeg"}
    title, cap = _find_cap({*numbers.values()})
    places = {name: canonical_name(electrode) for name, (electrode, _) in parts.items()}
    if cap:
        places |= {name: cap.get(number, ("",))[0] for name, number in numbers.items()}
    return _Names(kinds, parts, numbers, title, cap, places)


def _grouped(values: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the names that have a value, by the value."""
    names: dict[str, list[str]] = {}
    for name, value in values.items():
        names.setdefault(value, []).append(name)
    return names


def _remedy(typed: Sequence[str], *, bipolar: bool) -> str:
    """Return what helps a recording without a channel on the grid, some being `typed` otherwise."""
    if typed:
        return f"If they are EEG, say so in MNE, `raw.set_channel_types({{{typed[0]!r}: 'eeg'}})`."
    if bipolar:
        return (
            "Export all channels against one reference; or, if all but a few have the same, leave "
            f"out those few: `drop_channels` {HERE}."
        )
    return f"Name them as the 10-20 system does (Fp1, F3, Cz, ...): `rename_channels` {HERE}."


def _find_reference(
    where: object, against: Mapping[str, str], places: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    """Return what the channels were recorded against, "" if unnamed, and those to leave out.

    `against` is what stands behind the hyphen of each name, "" without one.
    """
    told = [reference for reference in against.values() if reference]
    plain = [name for name, reference in against.items() if not reference]
    if len(told) > 1 and len({*told}) == 1 and {places[name] for name in plain} <= {*told}:
        return told[0], dict.fromkeys(plain, "the reference")
    bipolar = [name for name, reference in against.items() if ELECTRODE.fullmatch(reference)]
    by_reference = _grouped({name: against[name] for name in against if name not in bipolar})
    if by_reference.keys() == {"", "REF"}:  # both are the amplifier's own
        by_reference = {"": []}
    if len(by_reference) > 1:
        groups = sorted(by_reference.items(), key=lambda group: -len(group[1]))
        told = [f"{reference or 'none named'} ({some(names)})" for reference, names in groups]
        problem = f"the channels are recorded against different references: {', '.join(told)}; "
        others = [name for _, names in groups[1:] for name in names]
        hint = (
            "Set all against one in MNE, or keep those of one reference: "
            f"`drop_channels: [{', '.join(others)}]` {HERE}."
        )
        raise DataError(where, f"{problem}a common average does not undo that.", hint)
    return next(iter(by_reference), ""), dict.fromkeys(bipolar, "bipolar")


# Caps whose electrodes have numbers


def _number(label: str) -> str:
    """Return the number of an electrode on a cap, as its maker writes it, or "" for other names."""
    if label.upper() in _VERTEX:
        return "E129"
    match = _NUMBER.fullmatch(label)
    return f"{match[1].upper()}{match[2]}" if match else ""


def _biosemi_numbers(n: int) -> list[str]:
    """List the numbers of a cap: A1 to A32, B1 to B32, ..."""
    return [f"{letter}{i}" for letter in string.ascii_uppercase[: n // 32] for i in range(1, 33)]


def _find_cap(numbers: Collection[str]) -> tuple[str, dict[str, tuple[str, float]]]:
    """Return a cap's title, and `cap_electrodes` of it, if all its numbers are there; "" and {}."""
    numbers = {*numbers} - {"", "E129"}
    if numbers == {f"E{i}" for i in range(1, 129)}:
        return "EGI's net of 128", cap_electrodes(_EGI)
    for n in (32, 64, 128, 160, 256):
        if numbers == {*_biosemi_numbers(n)}:
            return f"BioSemi's cap of {n}", cap_electrodes(f"biosemi{n}")
    return "", {}


def cap_electrodes(montage: str) -> dict[str, tuple[str, float]]:
    """Return the electrodes of the grid that a cap of MNE's has: by number, name and distance.

    The distance is that to the place of the name in the montage `biosemi64`, in millimetres along
    a sphere of `RADIUS_MM`. In `biosemi32` and `biosemi64` numbers are names and there is none; in
    larger ones a name stands for the nearest electrode, if that has no nearer name and is at most
    `WITHIN_MM` away. EGI's net has the 10-20 electrodes and the midline where its maker says.
    """
    return _cap_electrodes(montage, electrodes())


@lru_cache
def _cap_electrodes(montage: str, on_grid: frozenset[str]) -> dict[str, tuple[float, float]]:
    """Compute what `cap_electrodes` returns, of these names."""
    names, at = _directions(montage)
    if len(names) <= 64:
        pairs = zip(_biosemi_numbers(len(names)), names, strict=True)
        return {number: (name, 0.0) for number, name in pairs if name in on_grid}
    numbers = [f"E{i}" for i in range(1, 130)] if montage == _EGI else _biosemi_numbers(len(names))
    known = {f"E{i}": name for name, i in _EGI_NUMBERS.items()} if montage == _EGI else {}
    places, there = _directions("biosemi64")
    mm = RADIUS_MM * np.arccos(np.clip(there @ at.T, -1, 1))  # (place, number)
    near = mm.round(1) - 1e-3 * at[:, 1]  # of two as near the one in front, left and right alike
    near[[name in known.values() or name not in on_grid for name in places]] = np.inf
    near[:, [number in known for number in numbers]] = np.inf
    for i, j in enumerate(near.argmin(axis=1)):
        if near[:, j].argmin() == i and near[i, j] <= WITHIN_MM:
            known[numbers[j]] = places[i]
    return {n: (known[n], float(mm[places.index(known[n]), numbers.index(n)])) for n in known}


def _directions(montage: str) -> tuple[list[str], np.ndarray]:
    """Return the names of a montage's electrodes, and unit vectors (electrode, 3) to them."""
    import mne  # here, not above: reading DEAP's files does not need it

    places = mne.channels.make_standard_montage(montage).get_positions()["ch_pos"]
    at = np.array([*places.values()])
    return [*map(canonical_name, places)], at / np.linalg.norm(at, axis=1, keepdims=True)


def _tell_cap(title: str, cap: Mapping[str, tuple[str, float]], numbers: Collection[str]) -> str:
    """Return what the numbers of a cap are taken for as a sentence."""
    if not any(mm for _, mm in cap.values()):
        return f"numbered as {title}: {', '.join(f'{n} {cap[n][0]}' for n in numbers)}"
    told = [f"{n} {cap[n][0]} {cap[n][1]:.0f}" for n in numbers]
    return f"numbered as {title}; names of the electrodes, and mm to their place: {', '.join(told)}"


def _check_numbers(where: object, numbers: Collection[str], used: Mapping[str, str]) -> None:
    """Refuse numbers that are no whole cap, if names of the 10-20 system may be numbers too."""
    numbered = [n for n in numbers if not _EITHER.fullmatch(n) and n != "E129"]
    if all(number.startswith("E") for number in numbered):  # C3 is none of a net's, but Cz is one
        sure, either = [name for name in used if used[name] != "Cz"], []
    else:
        either = [name for name in used if _EITHER.fullmatch(used[name])]
        sure = [name for name in used if name not in either]
    if numbered and (not sure or (either and len(numbered) >= len(sure))):
        also = f", and so may be {some(either)}" if either else ""
        problem = (
            f"the channels {some(numbered)} are numbered as on a cap{also}, but these are not all "
            "numbers of one that is known: A1-A32, A1-B32, A1-D32, A1-E32, A1-H32, or E1-E128."
        )
        hint = (
            "Give all of them their 10-20 names, or any other word to those that have none, "
            f"{HERE}: `rename_channels: {{{numbered[0]}: Fp1, ...}}`."
        )
        raise DataError(where, problem, hint)
