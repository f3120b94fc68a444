"""Which channel is which electrode: 10-20 names, numbers of a cap, references."""

import mne
import numpy as np
import pytest

from emolib.errors import DataError
from emolib.grid import SEED_GRID
from emolib.recordings.electrodes import (
    WITHIN_MM,
    cap_electrodes,
    choose_channels,
    find_channels,
)

PLACES = [name for row in SEED_GRID for name in row if name]
# What a BioSemi amplifier stores beside the cap.
BESIDE = [*(f"EXG{i}" for i in range(1, 9)), "GSR1", "Erg1", "Resp", "Plet", "Temp", "Status"]


def raw(names, kinds="eeg", bads=()):
    info = mne.create_info([*names], 128.0, kinds, verbose="error")
    info["bads"] = [*bads]
    return mne.io.RawArray(np.zeros((len(names), 4)), info, verbose="error")


def choose(names, kinds="eeg", bads=(), drop=()):
    recording = raw(names, kinds, bads)
    drop = [name for wanted in drop for name in find_channels(recording, wanted)]
    return choose_channels("a.edf", recording, drop)


def biosemi(letters):
    return [f"{letter}{i}" for letter in letters for i in range(1, 33)]


def montage(name):
    """Names and directions (electrode, 3) of a montage of MNE."""
    places = mne.channels.make_standard_montage(name).get_positions()["ch_pos"]
    at = np.array([*places.values()])
    return [name.strip() for name in places], at / np.linalg.norm(at, axis=1, keepdims=True)


# What is left out, and why


def test_each_channel_that_is_left_out_has_its_reason():
    names = ["EEG Fp1", "M1", "f3", "Heart", "Fp1-F3", "T3", "Eye", "Cz", "Nose", "Pz"]
    kinds = ["eeg", "eeg", "eeg", "ecg", "eeg", "eeg", "eog", "eeg", "eeg", "eeg"]
    channels, left_out, notes = choose(names, kinds, bads=["Cz"], drop=["pz"])
    assert channels == {"Fp1": "EEG Fp1", "F3": "f3", "T7": "T3"}
    assert [*left_out] == [name for name in names if name not in channels.values()]
    assert notes == [
        "left out: M1, Nose (not on the grid), Heart (ecg), Fp1-F3 (bipolar), Eye (eog), "
        "Cz (marked bad), Pz (as the settings ask)"
    ]


def test_without_a_channel_the_reasons_are_told():
    message = r"no EEG channel has a place on the grid; left out: ECG, A2-A1 \(not on the grid\)"
    with pytest.raises(DataError, match=rf"{message}.*`rename_channels"):
        choose(["ECG", "A2-A1"])
    with pytest.raises(DataError, match=r"Fp1, F3 \(misc\).*set_channel_types.*'Fp1': 'eeg'"):
        choose(["Fp1", "F3"], "misc")
    with pytest.raises(DataError, match=r"Fp1-F3, F3-C3 \(bipolar\).*against one reference"):
        choose(["Fp1-F3", "F3-C3"])


def test_mnes_numbers_of_equal_names_are_understood():
    with pytest.raises(
        DataError, match=r"'Fz-0' and 'Fz-1' are both Fz\..*`drop_channels: \[Fz-1\]`"
    ):
        choose(["Fz-0", "Fz-1", "Cz"])
    assert choose(["Fz", "ECG-0", "ECG-1"]).channels == {"Fz": "Fz"}
    assert choose(["Fz-0", "Fz-1", "Cz"], drop=["Fz-1"]).channels == {"Fz": "Fz-0", "Cz": "Cz"}


def test_a_name_and_its_old_name_are_one_electrode():
    with pytest.raises(DataError, match="'T3' and 'T7' are both T7"):
        choose(["T3", "T7"])
    assert choose(["T3", "T7"], drop=["T7"]).channels == {"T7": "T3"}


def test_the_62_names_of_seed_in_capitals_have_places():
    names = [name.upper() for name in PLACES]
    assert choose(names) == (dict(zip(PLACES, names, strict=True)), {}, [])


# References


def against(*names):
    """Names, each with what stands behind its hyphen, in an order of their own."""
    return np.random.default_rng(len(names)).permutation(names).tolist()


@pytest.mark.parametrize("reference", ["CPz", "CPZ", "FCz", "AFz", "TP9", "M1", "LE", "A1+A2", "X"])
def test_what_all_channels_share_behind_the_hyphen_is_their_reference(reference):
    names = against(*(f"EEG {name}-{reference}" for name in ("Fp1", "C3", "T3", "OZ")), "ECG-CPz")
    channels, left_out, notes = choose(names)
    assert set(channels) == {"Fp1", "C3", "T7", "Oz"}
    assert left_out == {"ECG-CPz": "not on the grid"}
    assert f"recorded against {'CPz' if reference == 'CPZ' else reference}" in notes


def test_the_references_own_channel_is_left_out():
    channels, left_out, _ = choose(["CPz", "Fp1-CPz", "C3-CPz"])
    assert [*channels] == ["Fp1", "C3"] and left_out == {"CPz": "the reference"}


@pytest.mark.parametrize(
    "spelling", ["{}-REF", "{} Ref", "EEG {}-ref", "{}_REF", "{} - Ref", "{}."]
)
def test_a_reference_without_a_name_is_the_amplifiers_as_without_a_hyphen(spelling):
    channels, _, notes = choose([spelling.format("Fp1"), "F3"])
    assert [*channels] == ["Fp1", "F3"] and not notes


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["F3-M2", "P3-A1"], r"M2 \(F3-M2\), A1 \(P3-A1\).*drop_channels: \[P3-A1\]"),
        (["F3-M2", "C3-M2", "C4-M1"], r"M2 \(F3-M2, C3-M2\), M1 \(C4-M1\).*\[C4-M1\]"),
        (["F3-A1", "P3-REF"], r"A1 \(F3-A1\), REF \(P3-REF\)"),
        (["F3-A1", "P3"], r"A1 \(F3-A1\), none named \(P3\)"),
        (["F3-CPz", "C3-M1", "C4-LE"], r"M1 \(C3-M1\), LE \(C4-LE\)"),
    ],
)
def test_several_references_are_refused(names, told):
    with pytest.raises(DataError, match=rf"against different references: {told}"):
        choose(names)
    dropped = names[-1]
    rest = [name for name in names if name != dropped]
    assert choose(rest) == choose(names, drop=[dropped])._replace(
        left_out=choose(rest).left_out, notes=choose(rest).notes
    )


@pytest.mark.parametrize(
    "names",
    [
        ["Fp1-F3", "F3-C3", "C3-P3"],
        ["EEG Fpz-Cz", "EEG Pz-Oz"],
        ["C3-Cz"],  # of one channel nobody can tell
        ["T3-FT9", "F3-C3"],
    ],
)
def test_a_chain_of_differences_is_no_recording_of_electrodes(names):
    with pytest.raises(DataError, match=r"no EEG channel has a place on the grid.*bipolar"):
        choose(names)


# Numbers of a cap


@pytest.mark.parametrize("letters", ["A", "AB"])
def test_numbers_of_biosemis_small_caps_are_electrodes_in_the_order_of_the_montage(letters):
    numbers, beside = biosemi(letters), [name for name in BESIDE if name != "Status"]
    names = np.random.default_rng(0).permutation([*numbers, *beside]).tolist()
    kinds = ["eeg"] * len(names) + ["stim"]
    channels, left_out, notes = choose([*names, "Status"], kinds)
    expected = dict(zip(numbers, montage(f"biosemi{len(numbers)}")[0], strict=True))
    assert {name: place for place, name in channels.items()} == {
        name: place for name, place in expected.items() if place in PLACES
    }
    assert {*left_out} == {*BESIDE, *(n for n, place in expected.items() if place not in PLACES)}
    assert f"BioSemi's cap of {len(numbers)}: " in notes[0] and "A1 Fp1, " in notes[0]


def test_the_published_places_of_biosemis_caps():
    of_32, of_64 = (choose(biosemi(letters)).channels for letters in ("A", "AB"))
    assert (of_32["Fp1"], of_32["Pz"], of_32["Fz"], of_32["Cz"]) == ("A1", "A13", "A31", "A32")
    assert (of_64["Fp1"], of_64["C3"], of_64["CPz"], of_64["Cz"], of_64["O2"]) == (
        *("A1", "A13", "A32", "B16", "B32"),
    )


@pytest.mark.parametrize("spelling", ["{}", "EEG {}", "{}-REF"])
def test_a_cap_is_known_whatever_stands_around_its_numbers(spelling):
    names = [spelling.format(name.lower()) for name in biosemi("A")]
    channels = choose(names, bads=names[:1], drop=["F3", names[7]]).channels
    assert channels["Cz"] == names[31] and len(channels) == 29
    assert not {"Fp1", "F3", "C3"} & set(channels)


LARGE = {"ABCD": 128, "ABCDE": 160, "ABCDEFGH": 256}


@pytest.mark.parametrize("letters", LARGE)
def test_of_a_large_cap_the_nearest_electrodes_are_taken_with_their_distance(letters):
    n, numbers = LARGE[letters], biosemi(letters)
    channels, _, notes = choose(np.random.default_rng(n).permutation(numbers).tolist())
    assert f"cap of {n}" in notes[0] and "A1 Cz 0" in notes[0]
    standard, at = montage("biosemi64")
    mm = 95 * np.arccos(np.clip(at @ montage(f"biosemi{n}")[1].T, -1, 1))
    assert set(channels) == set(PLACES) & set(standard)  # all but PO5, PO6, CB1 and CB2
    for place, name in channels.items():
        its = mm[standard.index(place)]
        assert its[numbers.index(name)] <= min(its.min() + 0.1, WITHIN_MM)
    assert len({*channels.values()}) == len(channels)
    assert channels["T7"] == {128: "D23", 160: "E9", 256: "G11"}[n]


@pytest.mark.parametrize("name", ["biosemi128", "biosemi160", "biosemi256", "GSN-HydroCel-129"])
def test_the_electrodes_of_a_large_cap_mirror_each_other(name):
    labels, at = montage(name)
    at = dict(zip([label.replace("Cz", "E129") for label in labels], at, strict=True))
    number = {place: label for label, (place, _) in cap_electrodes(name).items()}
    for place, label in number.items():
        digit = int(place[-1]) if place[-1] != "z" else 0
        twin = place if not digit else f"{place[:-1]}{digit + (1 if digit % 2 else -1)}"
        np.testing.assert_allclose(at[label] * [-1, 1, 1], at[number[twin]], atol=2e-3)
        assert np.sign(at[label][0].round(2)) == (0 if not digit else -1 if digit % 2 else 1)


HYDROCEL = {  # the 10-20 electrodes, as laboratories write them down
    "Fp1": 22, "Fp2": 9, "F7": 33, "F3": 24, "Fz": 11, "F4": 124, "F8": 122, "T7": 45, "C3": 36,
    "C4": 104, "T8": 108, "P7": 58, "P3": 52, "Pz": 62, "P4": 92, "P8": 96, "O1": 70, "Oz": 75,
    "O2": 83,
}  # fmt: skip


@pytest.mark.parametrize("vertex", [[], ["E129"], ["Cz"], ["VREF"], ["Vertex Reference"]])
def test_egis_net_of_128_has_the_10_20_electrodes_of_its_maker(vertex):
    names = [*(f"E{i}" for i in range(1, 129)), *vertex]
    channels, left_out, notes = choose(np.random.default_rng(1).permutation(names).tolist())
    assert {place: channels[place] for place in HYDROCEL} == {
        place: f"E{number}" for place, number in HYDROCEL.items()
    }
    assert [channels[place] for place in channels if place == "Cz"] == vertex
    assert "EGI's net of 128" in notes[0] and "E62 Pz 0, " in notes[0]
    assert left_out["E17"] == "not on the grid"


def test_what_is_to_be_dropped_from_a_cap_is_the_electrode_not_the_number():
    numbers = biosemi("ABCD")
    channels = choose(numbers, drop=["C4", "A23"]).channels
    assert not {"C4", "Oz"} & set(channels) and channels["F4"] == "C4"
    channels = choose(numbers, drop=["F4"]).channels
    assert "F4" not in channels and channels["C4"] == "B22"


def test_egis_other_electrodes_are_the_nearest_that_are_left():
    standard, at = montage("biosemi64")
    names, there = montage("GSN-HydroCel-129")
    mm = 95 * np.arccos(np.clip(at @ there.T, -1, 1))
    net = cap_electrodes("GSN-HydroCel-129")
    for number, (place, distance) in net.items():
        column = names.index(number.replace("E129", "Cz"))
        assert distance == pytest.approx(mm[standard.index(place), column])
        assert distance < 25 if place in HYDROCEL or place.endswith("z") else WITHIN_MM
    assert [net[number][0] for number in ("E23", "E66", "E116")] == ["AF3", "PO3", "FC6"]


ABC = [f"{letter}{i}" for letter in "ABCD" for i in range(1, 9)]


@pytest.mark.parametrize(
    "names",
    [
        ABC,
        biosemi("A")[:-1],
        [*biosemi("A"), "B1", "B2"],
        biosemi("AC"),
        biosemi("BCD"),
        [f"E{i}" for i in range(1, 128)],
        [*(f"E{i}" for i in range(1, 105)), "Cz"],
        ["A1", "A2", "B7", "C3", "C4"],
        ["Fz", "Cz", *ABC],  # of which C3 and F4 are none
    ],
)
def test_numbers_that_are_no_whole_cap_are_refused(names):
    shuffled = np.random.default_rng(2).permutation(names).tolist()
    with pytest.raises(DataError, match=r"numbered as on a cap.*A1-B32.*`rename_channels"):
        choose(shuffled)


def test_the_remedy_works():
    wanted = dict(zip(["A1", "A8", "B3", "B8", "D1"], ["Fp1", "Fz", "C3", "Cz", "O1"], strict=True))
    recording = raw(ABC)
    recording.rename_channels({name: wanted.get(name, f"not {name}") for name in ABC})
    assert {*choose_channels("a.edf", recording).channels} == {*wanted.values()}
    numbers = [f"E{i}" for i in range(3, 129)]  # of the net's numbers none is a name
    assert {*choose(["Fp1", "C3", "Cz", *numbers]).channels} == {"Fp1", "C3", "Cz"}


@pytest.mark.parametrize(
    "names",
    [
        ["A1", "A2", "Fz", "Cz", "Pz", "Fp1", "O1", "C3", "C4", "F3", "F4"],
        ["C1", "C2", "C3", "C4", "C5", "C6", "A1", "A2"],
        ["F7", "F8", "F3", "F4", "C3", "C4", "E1", "E2", "M1", "M2"],  # E1, E2: beside the eyes
        ["Fp1", "Fp2", "T3", "T4", "C3", "D1", "B5"],  # two inputs that were left as numbered
    ],
)
def test_ears_and_rows_of_the_10_20_system_are_no_cap(names):
    expected = {"T3": "T7", "T4": "T8"}
    channels = choose(names).channels
    assert {*channels} == {expected.get(name, name) for name in names if name[0] not in "ABDEM"}
