"""The checks that every recording must pass: faults of signals that an average would hide."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emolib.errors import DataError
from emolib.recordings.recording import build
from emolib.recordings.validation import validate

NAMES = ["Fz", "Cz", "Pz", "Oz"]


def recording(n_channels=4):
    """A valid recording of three trials of 2 s."""
    eeg = np.random.default_rng(0).normal(0, 10, (3, n_channels, 256)).astype(np.float32)
    names = NAMES[:n_channels]
    about = {"sfreq": 128, "dataset": "test", "subject": "sub-01", "trials": [1, 2, 3]}
    return build(eeg, channels=names, ratings={"valence": [1.0, 9.0, 5.0]}, **about)


@pytest.mark.parametrize("rounding", [0, 0.1])
def test_two_channels_of_which_one_is_the_others_mirror_image_are_named(rounding):
    given_one = recording()
    given_one["eeg"].values[2, 3] = rounding - given_one["eeg"].values[2, 0]
    with pytest.raises(DataError, match=r"trial 3: channels Fz and Oz .* with the other sign"):
        validate(given_one, "here")


def test_two_trials_with_the_same_samples_are_named():
    given_one = recording()
    given_one["eeg"].values[2] = given_one["eeg"].values[0]
    with pytest.raises(DataError, match=r"b: trial 3 holds the same samples as trial 1 \(a\)"):
        validate(given_one, "a, b", sources=["a", "a", "b"])


def test_a_trial_of_one_sample_is_told_as_such_and_no_channels_as_alike():
    given_one = recording().isel(time=slice(1))
    with pytest.raises(DataError, match=r"trial 1 holds one sample\. Correct its duration"):
        validate(given_one, "here")


def test_a_single_channel_is_refused():
    with pytest.raises(DataError, match="has one channel on the grid, Fz; a map needs more"):
        validate(recording(1), "here")


@given(
    first=st.integers(0, 192), n=st.integers(64, 256), channel=st.integers(0, 3),
    value=st.sampled_from([0, -3.25, 500]),
)  # fmt: skip
def test_half_a_second_of_one_value_is_found_wherever_it_is(first, n, channel, value):
    given_one, end = recording(), min(first + n, 256)
    given_one["eeg"].values[1, channel, first:end] = value
    seconds = f"from {first / 128:.4g} to {end / 128:.4g} s"
    place = f"trial 2, channel {NAMES[channel]} is flat: it holds one value"
    with pytest.raises(DataError, match=f"{place} {seconds}"):
        validate(given_one, "here")


@given(first=st.integers(0, 193), step=st.sampled_from([0, 0.5, 8]))
def test_less_than_half_a_second_of_one_value_and_coarse_steps_may_be(first, step):
    given_one = recording()
    values = given_one["eeg"].values
    values[1, 2, first : first + 63] = 0
    values[:] = np.round(values / step) * step if step else values
    values[1, 2, [first - 1, (first + 63) % 256]] = 16
    assert validate(given_one, "here")


def test_all_that_is_flat_is_told_at_once():
    given_one = recording()
    given_one["eeg"].values[0, 2, :100] = 0
    given_one["eeg"].values[2, 1:3, 100:200] = 7
    message = r"trial 1, channel Pz is flat: .* from 0 .*\. Flat are also: trial 3 \(Cz, Pz\)\. "
    with pytest.raises(DataError, match=f"{message}Drop Cz, Pz"):
        validate(given_one, "here", leave_out="Drop {channel}")


def test_where_all_is_flat_the_trial_is_to_go_and_not_the_channels():
    given_one = recording()
    given_one["eeg"].values[0, :, :100] = 0
    with pytest.raises(DataError, match=r"also: trial 1 \(Cz, Pz, Oz\)\. Cut out the trial\.$"):
        validate(given_one, "here", leave_out="Drop {channel}", leave_trial_out="cut out the trial")


def test_the_remedy_names_the_channel_and_the_trial():
    given_one = recording()
    given_one["eeg"].values[1, 2] = 0
    with pytest.raises(DataError, match=r"Drop Pz, or cut out the trial\."):
        validate(given_one, "here", leave_out="Drop {channel}", leave_trial_out="cut out the trial")
    with pytest.raises(DataError, match=r"leave the subject out: `subjects`"):
        validate(given_one, "here")


@pytest.mark.parametrize(
    ("factors", "message"),
    [
        ([1000, 1, 1, 1], r"Fz \(in mV by the header\): \d{3,4} times stronger than the other"),
        ([1, 1, 1, 1e-3], r"Oz \(in uV by the header\): \d{3,4} times weaker than the other"),
        ([1, 1000, 1, 1000], r"Cz, Oz \(in uV by the header\): \d{3,4} times stronger"),
    ],
)
def test_channels_in_another_unit_are_named(factors, message):
    given_one = recording()
    given_one["eeg"] *= np.float32(factors)[:, None]
    units = {"Fz": "mV", "Cz": "uV", "Pz": "uV", "Oz": "uV"}
    with pytest.raises(DataError, match=message):
        validate(given_one, "here", units=units)


def test_a_file_in_another_unit_is_named():
    given_one = recording()
    given_one["eeg"].values[1] *= 1000
    with pytest.raises(DataError, match=r"^b: has \d{3,4} times the amplitudes of a, as if"):
        validate(given_one, "a, b", sources=["a", "b", "a"])


def test_a_channel_in_another_unit_in_one_of_the_files_is_named():
    given_one = recording()
    given_one["eeg"].values[2, 1] *= 1000
    with pytest.raises(DataError, match=r"^b: Cz: \d{3,4} times stronger than the other"):
        validate(given_one, "a, b", sources=["a", "a", "b"])


def test_amplitudes_that_are_hardly_those_of_eeg_are_noted():
    given_one = recording()
    given_one["eeg"] *= np.float32(300)
    (note,) = validate(given_one, "here", units={"Fz": "mV"}).attrs["notes"]
    assert "uV (the header says mV): EEG has 2 to 50" in note


def test_a_sample_that_no_electrode_has_is_named():
    given_one = recording()
    given_one["eeg"].values[1, 2, 77] = -3e9  # a flipped bit of an exponent
    message = r"trial 2, channel Pz: -3e\+09 µV at sample 77, which no electrode has"
    with pytest.raises(DataError, match=message):
        validate(given_one, "here")
