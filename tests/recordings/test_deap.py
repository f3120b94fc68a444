"""DEAP's reader, and the checks that every recording must pass."""

import os
import pickle
import re
from functools import partial

import numpy as np
import pytest
import scipy.io
import synthetic
from hypothesis import given
from hypothesis import strategies as st
from synthetic import SMALL, check_each, deap_arrays, write_deap

from emolib import recordings
from emolib.errors import DataError
from emolib.grid import DEAP_CHANNELS
from emolib.recordings import deap, validate
from emolib.recordings.deap import DeapLayout, read_deap
from emolib.recordings.validation import HIGHEST_SD_UV, LOWEST_SD_UV

BOTH = pytest.mark.parametrize("ending", ["mat", "dat"])


def small_recording(seed=0):
    """A valid recording in memory."""
    rng = np.random.default_rng(seed)
    return recordings.build(
        rng.normal(0, 10, (3, 4, 40)).astype(np.float32),
        channels=["Fz", "Cz", "Pz", "Oz"],
        sfreq=128,
        dataset="test",
        subject="sub-01",
        trials=[1, 2, 3],
        stimuli=["01", "02", "03"],
        baseline=rng.normal(0, 10, (3, 4, 20)).astype(np.float32),
        ratings={"valence": [1.0, 5.0, 9.0], "arousal": [2.0, 3.0, 4.9]},
    )


# What a file holds is what the recording holds


@BOTH
def test_every_sample_and_rating_is_where_it_belongs(tmp_path, ending):
    arrays = deap_arrays()
    recording = read_deap(write_deap(tmp_path / f"s07.{ending}", arrays), SMALL)
    expected = arrays["data"].astype(np.float32)
    np.testing.assert_array_equal(recording["eeg"], expected[:, :32, 64:])
    np.testing.assert_array_equal(recording["baseline"], expected[:, :32, :64])
    np.testing.assert_array_equal(recording["rating"], arrays["labels"])
    assert recording["eeg"].dims == ("trial", "channel", "time")
    assert recording["eeg"].dtype == recording["baseline"].dtype == np.float32
    assert recording["eeg"].attrs["units"] == "uV"
    assert recording["rating"].attrs == {"low": 1.0, "high": 9.0}
    assert tuple(recording["channel"].values) == DEAP_CHANNELS
    assert recording["scale"].values.tolist() == ["valence", "arousal", "dominance", "liking"]
    assert recording["trial"].values.tolist() == [1, 2, 3, 4]
    assert recording["stimulus"].values.tolist() == ["01", "02", "03", "04"]
    assert recording["time"].values[[0, 128]].tolist() == [0.0, 1.0]
    assert recording["baseline_time"].values[[0, -1]].tolist() == [-0.5, -1 / 128]
    assert (recording.attrs["dataset"], recording.attrs["subject"]) == ("deap", "sub-07")
    assert recording.attrs["sfreq"] == 128.0
    assert "hEOG" in recording.attrs["notes"][0]


def test_a_full_size_file_of_python_2_is_read_with_the_release_layout(tmp_path):
    arrays = deap_arrays(DeapLayout())
    recording = read_deap(write_deap(tmp_path / "s01.dat", arrays))
    assert recording["eeg"].shape == (40, 32, 7680)
    assert recording["baseline"].shape == (40, 32, 384)
    assert recording["eeg"].values[39, 31, -1] == np.float32(arrays["data"][39, 31, -1])
    assert recording["eeg"].values[0, 0, 0] == np.float32(arrays["data"][0, 0, 384])
    assert recording["stimulus"].values[[0, 39]].tolist() == ["01", "40"]


@pytest.mark.parametrize("protocol", range(6))
def test_pickles_of_python_3_are_read_at_every_protocol(tmp_path, protocol):
    arrays = deap_arrays()
    path = tmp_path / "s01.dat"
    path.write_bytes(pickle.dumps(arrays, protocol=protocol))
    expected = arrays["data"].astype(np.float32)[:, :32, 64:]
    np.testing.assert_array_equal(read_deap(path, SMALL)["eeg"], expected)


@pytest.mark.parametrize("module", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_pickles_of_numpy_1_and_2_are_read(tmp_path, module):
    arrays = deap_arrays()
    content = re.sub(rb"numpy\._?core\.multiarray", module, pickle.dumps(arrays, protocol=2))
    assert content.count(module) >= 1
    path = tmp_path / "s01.dat"
    path.write_bytes(content)
    np.testing.assert_array_equal(read_deap(path, SMALL)["rating"], arrays["labels"])


def test_whole_ratings_are_read(tmp_path):
    arrays = deap_arrays() | {"labels": np.full((4, 4), 5, dtype=np.int64)}
    assert (read_deap(write_deap(tmp_path / "s01.mat", arrays), SMALL)["rating"] == 5.0).all()


# Folders


@pytest.mark.parametrize("folder", ["", "data_preprocessed_matlab", "data_preprocessed_python"])
def test_subjects_are_found_in_numeric_order_among_strangers(tmp_path, folder):
    ending = "dat" if folder.endswith("python") else "mat"
    for number in (10, 2, 1, 100):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / f"s{number:02d}.{ending}").touch()
    for stranger in (".DS_Store", "._s03.mat", "s04 (1).mat", "readme.txt", "s5.mat", "xs06.mat"):
        (tmp_path / folder / stranger).touch()
    (tmp_path / folder / "s07.mat").mkdir()
    assert deap.subjects(tmp_path) == ["sub-01", "sub-02", "sub-10", "sub-100"]
    assert deap.sources(tmp_path, "sub-02") == [tmp_path / folder / f"s02.{ending}"]


def test_mat_comes_before_dat(tmp_path):
    for name in ("s01.dat", "s01.mat"):
        (tmp_path / name).touch()
    assert deap.sources(tmp_path, "sub-01") == [tmp_path / "s01.mat"]


def test_an_empty_folder_says_what_is_expected(tmp_path):
    with pytest.raises(DataError, match=r"no DEAP subject but nothing.*_matlab/s01.mat"):
        deap.subjects(tmp_path)


def test_a_wrong_folder_shows_what_was_found(tmp_path):
    for number in range(12):
        (tmp_path / f"holiday{number:02d}.jpg").touch()
    (tmp_path / ".DS_Store").touch()
    with pytest.raises(DataError, match=r"but holiday00.jpg, .*and 4 more; expected"):
        deap.subjects(tmp_path)


def test_a_missing_folder_shows_its_neighbours(tmp_path):
    (tmp_path / "deap").mkdir()
    (tmp_path / "notes.txt").touch()
    with pytest.raises(DataError, match=r"below: does not exist; .* holds: deap/?, notes\.txt"):
        deap.subjects(tmp_path / "notes.txt" / "below")
    with pytest.raises(DataError, match=r"does not exist; .* holds: deap"):
        deap.subjects(tmp_path / "DEAP2" / "data")


def test_a_file_is_no_folder(tmp_path):
    path = write_deap(tmp_path / "s01.mat")
    with pytest.raises(DataError, match=r"is a file; a folder .* is expected"):
        deap.subjects(path)


def test_a_subject_that_does_not_exist_is_named_with_those_that_do(tmp_path):
    for number in (1, 2):
        (tmp_path / f"s{number:02d}.mat").touch()
    with pytest.raises(DataError, match=r"has no subject 'sub-03'.*Allowed: 'sub-01', 'sub-02'"):
        deap.read(tmp_path, "sub-03")


def test_check_reads_all_and_names_the_broken_one(tmp_path):
    for number in (1, 2, 3):
        write_deap(tmp_path / f"s{number:02d}.mat")
    synthetic.cut_short(tmp_path / "s02.mat")
    found = check_each(deap.subjects(tmp_path), partial(deap.read, tmp_path, layout=SMALL))
    assert found["sub-01"] is None and found["sub-03"] is None
    assert found["sub-02"].source == str(tmp_path / "s02.mat")


# Files that cannot be used


@BOTH
@pytest.mark.parametrize("keep", [0.0, 0.0005, 0.3, 0.999])
def test_a_truncated_file_is_named(tmp_path, ending, keep):
    path = synthetic.cut_short(write_deap(tmp_path / f"s01.{ending}"), keep)
    with pytest.raises(DataError, match=rf"s01\.{ending}: .*copy it again"):
        read_deap(path, SMALL)


@BOTH
def test_a_text_file_is_no_recording(tmp_path, ending):
    path = tmp_path / f"s01.{ending}"
    path.write_text("This is not the file that you are looking for.\n" * 20)
    with pytest.raises(DataError, match="is not a complete"):
        read_deap(path, SMALL)


def test_a_matlab_73_file_is_refused_with_the_way_out(tmp_path):
    path = tmp_path / "s01.mat"
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + b"\x89HDF\r\n\x1a\n")
    with pytest.raises(DataError, match=r"v7\.3 .*'-v7'"):
        read_deap(path, SMALL)


@pytest.mark.parametrize("name", ["s01.mat", "s01.dat"])
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises(DataError, match=f"{name}: is not a file"):
        read_deap(tmp_path / name)


def test_another_ending_is_refused(tmp_path):
    (tmp_path / "s01.bdf").touch()
    with pytest.raises(DataError, match=r"ends in '\.bdf'"):
        read_deap(tmp_path / "s01.bdf")


@BOTH
@pytest.mark.parametrize("key", ["data", "labels"])
def test_a_missing_array_is_named(tmp_path, ending, key):
    arrays = deap_arrays()
    del arrays[key]
    path = write_deap(tmp_path / f"s01.{ending}", arrays)
    with pytest.raises(DataError, match=f"holds no '{key}', only: {next(iter(arrays))}"):
        read_deap(path, SMALL)


@BOTH
@pytest.mark.parametrize(
    ("key", "cut", "message"),
    [
        ("data", np.s_[:3], r"3 x 40 x 320 .*4 x 40 x 320 is expected"),
        ("data", np.s_[:, :32], r"4 x 32 x 320"),
        ("data", np.s_[:, :, :160], r"160 samples would be 2.5 s at 64 Hz or 1.25 s at 128 Hz"),
        ("data", np.s_[0], r"40 x 320"),
        ("labels", np.s_[:, :3], r"'labels' is 4 x 3 .*4 x 4 is expected"),
        ("labels", np.s_[:2], r"'labels' is 2 x 4"),
    ],
)
def test_a_wrong_shape_or_rate_says_both_shapes(tmp_path, ending, key, cut, message):
    arrays = deap_arrays()
    arrays[key] = arrays[key][cut]
    path = write_deap(tmp_path / f"s01.{ending}", arrays)
    with pytest.raises(DataError, match=message):
        read_deap(path, SMALL)


def test_a_wrong_dtype_is_refused(tmp_path):
    arrays = deap_arrays() | {"data": np.zeros((4, 40, 320), np.complex128)}
    with pytest.raises(DataError, match="complex128; float64 is expected"):
        read_deap(write_deap(tmp_path / "s01.mat", arrays), SMALL)


# A pickle that runs code


class Runs:
    """Calls a function when it is unpickled."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("function", [os.mkdir, eval])
def test_code_in_a_dat_file_is_refused_by_name_and_does_not_run(tmp_path, protocol, function):
    marker = tmp_path / "marker"
    argument = str(marker) if function is os.mkdir else f"__import__('os').mkdir({str(marker)!r})"
    path = tmp_path / "s01.dat"
    content = pickle.dumps(deap_arrays() | {"more": Runs(function, argument)}, protocol=protocol)
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"asks to run \w+\.{function.__name__};"):
        read_deap(path, SMALL)
    assert not marker.exists()
    pickle.loads(content)  # the usual unpickler does run it: the test can fail
    assert marker.exists()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"cnumpy\nfromfile\n(S'/etc/hostname'\ntR.", "numpy.fromfile"),
        (b"cnumpy.core.multiarray\nscalar\n.", "numpy.core.multiarray.scalar"),
        (b"cos\nsystem\n.", "os.system"),
        (b"(S'true'\nios\nsystem\n.", "os.system"),
        (b"\x80\x04\x8c\x08builtins\x8c\x07getattr\x93.", "builtins.getattr"),
    ],
)
def test_every_other_name_is_refused(tmp_path, content, name):
    path = tmp_path / "s01.dat"
    path.write_bytes(content)
    with pytest.raises(DataError, match=re.escape(f"asks to run {name};")):
        read_deap(path, SMALL)


def test_references_to_outside_objects_are_refused(tmp_path):
    path = tmp_path / "s01.dat"
    path.write_bytes(b"Pwhatever\n.")
    with pytest.raises(DataError, match="refers to objects outside the file"):
        read_deap(path, SMALL)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"data": np.array([{}, {}], dtype=object), "labels": 0}, "dtype 'O8' is not allowed"),
        ({"data": [[1.0]], "labels": np.zeros(4)}, "'data' is of type list"),
        ([1, 2], "holds a list; a dictionary is expected"),
    ],
)
def test_anything_but_arrays_of_numbers_is_refused(tmp_path, content, message):
    path = tmp_path / "s01.dat"
    path.write_bytes(pickle.dumps(content, protocol=2))
    with pytest.raises(DataError, match=message):
        read_deap(path, SMALL)


def test_only_latin1_is_decoded(tmp_path):
    path = tmp_path / "s01.dat"
    path.write_bytes(b"c_codecs\nencode\n(Vx\nVzlib\ntR.")
    with pytest.raises(DataError, match="encoding 'zlib' is not allowed"):
        read_deap(path, SMALL)


# The checks of `validate`


def test_a_sound_recording_passes_and_shares_its_samples():
    recording = small_recording()
    checked = validate(recording, "here")
    assert checked.attrs == recording.attrs
    assert np.shares_memory(checked["eeg"].values, recording["eeg"].values)


@given(
    name=st.sampled_from(["eeg", "baseline"]),
    trial=st.integers(0, 2),
    channel=st.integers(0, 3),
    sample=st.integers(0, 19),
    value=st.sampled_from([np.nan, np.inf, -np.inf]),
)
def test_a_sample_that_is_no_number_is_found_wherever_it_is(name, trial, channel, sample, value):
    recording = small_recording()
    recording[name].values[trial, channel, sample] = value
    place = f"trial {trial + 1}, channel {['Fz', 'Cz', 'Pz', 'Oz'][channel]}: 1 of"
    with pytest.raises(DataError, match=rf"{place} .* at sample {sample}\."):
        validate(recording, "here")


@pytest.mark.parametrize("name", ["eeg", "baseline"])
def test_a_flat_channel_in_one_trial_is_named(name):
    recording = small_recording()
    recording[name].values[1, 2] = 7.25
    with pytest.raises(
        DataError, match=r"trial 2, channel Pz is flat: it holds one value from 0 to"
    ):
        validate(recording, "here")


def test_two_channels_with_the_same_samples_are_named():
    recording = small_recording()
    recording["eeg"].values[2, 3] = recording["eeg"].values[2, 0]
    with pytest.raises(DataError, match=r"trial 3: channels Fz and Oz hold the same samples"):
        validate(recording, "here")


def test_channels_that_share_only_their_extremes_are_not_twins():
    recording = small_recording()
    recording["eeg"].values[0, 1] = recording["eeg"].values[0, 0, ::-1]
    assert validate(recording, "here")


@pytest.mark.parametrize(
    ("factor", "message"),
    [
        (1e-6, r"volts that were taken for microvolts.*multiply the signals by 1e6\."),
        (1e-3, r"millivolts that were taken for microvolts.*multiply the signals by 1e3\."),
        (
            1e3,
            r"the header says mV.*for millivolts, or millivolts for volts.*the signals by 1e-3\.",
        ),
        (1e6, r"microvolts that were taken for volts\..*multiply the signals by 1e-6\."),
        (2e5, r"microvolts that were taken for volts; or microvolts .* by 1e-6 or 1e-3\."),
        (1e30, r"is inf uV.*Correct the unit in the file's header\."),
    ],
)
def test_signals_in_another_unit_are_refused(factor, message):
    recording = small_recording()
    recording["eeg"] *= np.float32(factor)
    recording["baseline"] *= np.float32(factor)
    with pytest.raises(DataError, match=message):
        validate(recording, "here", units=dict.fromkeys(["Fz", "Oz"], "mV"))


@pytest.mark.parametrize("sd", [LOWEST_SD_UV, HIGHEST_SD_UV])
def test_both_limits_of_amplitude_are_inside(sd):
    recording = small_recording()
    values = recording["eeg"].values
    values[:] = np.where(np.arange(values.shape[-1]) % 2, sd, -sd)
    for own, place in zip(values.reshape(12, 40), range(12), strict=True):
        own[place] *= -1  # no two channels and no two trials alike
    values /= np.median(values.std(axis=-1)) / sd
    inside = 1 + (1e-6 if sd == LOWEST_SD_UV else -1e-6)  # float32's last digit
    recording["eeg"] *= np.float32(inside)
    assert validate(recording, "here")


def test_one_wild_channel_does_not_change_the_unit():
    recording = small_recording()
    recording["eeg"].values[:, 0] *= 90
    assert validate(recording, "here")


@BOTH
def test_volts_in_a_file_are_refused(tmp_path, ending):
    arrays = deap_arrays()
    path = write_deap(tmp_path / f"s01.{ending}", arrays | {"data": arrays["data"] * 1e-6})
    with pytest.raises(
        DataError, match=rf"s01\.{ending}: .*looks like volts that were taken for microvolts"
    ):
        read_deap(path, SMALL)


@BOTH
@pytest.mark.parametrize(
    ("value", "message"), [(np.nan, "NaN"), (np.inf, "infinite"), (1e300, "infinite")]
)
def test_bad_samples_in_a_file_are_refused(tmp_path, ending, value, message):
    arrays = deap_arrays()
    arrays["data"][1, 3, 70] = value  # 6 samples after the baseline
    path = write_deap(tmp_path / f"s01.{ending}", arrays)
    with pytest.raises(DataError, match=rf"trial 2, channel F7: 1 of 256 .*{message}.* sample 6"):
        read_deap(path, SMALL)


def test_a_bad_peripheral_channel_does_not_matter(tmp_path):
    arrays = deap_arrays()
    arrays["data"][:, 33] = np.nan
    assert read_deap(write_deap(tmp_path / "s01.mat", arrays), SMALL).sizes["trial"] == 4


@pytest.mark.parametrize("value", [0.9, 9.1, 0.0, -1.0, np.inf])
def test_a_rating_outside_its_range_is_named(value):
    recording = small_recording()
    recording["rating"].values[1, 0] = value
    with pytest.raises(DataError, match=rf"trial 2: valence is rated {value:g}, outside 1-9"):
        validate(recording, "here")


def test_missing_ratings_stay_and_are_noted():
    recording = small_recording()
    recording["rating"].values[[0, 2], [1, 0]] = np.nan
    checked = validate(recording, "here")
    assert checked.sizes["trial"] == 3
    assert checked.attrs["notes"] == [
        "2 of 6 ratings are missing: trial 1 arousal, trial 3 valence"
    ]


@BOTH
def test_a_file_without_any_rating_is_refused(tmp_path, ending):
    path = write_deap(
        tmp_path / f"s01.{ending}", deap_arrays() | {"labels": np.full((4, 4), np.nan)}
    )
    with pytest.raises(DataError, match="every rating is missing"):
        read_deap(path, SMALL)


@pytest.mark.parametrize(
    ("dimension", "what"), [("trial", "trial"), ("channel", "EEG channel"), ("time", "sample")]
)
def test_an_empty_recording_is_refused(dimension, what):
    with pytest.raises(DataError, match=f"holds no {what}"):
        validate(small_recording().isel({dimension: slice(0)}), "here")


@pytest.mark.parametrize(("name", "values"), [("channel", ["Fz", "Cz", "Fz", "Oz"])])
def test_a_name_that_is_there_twice_is_refused(name, values):
    with pytest.raises(DataError, match="channel Fz is there more than once"):
        validate(small_recording().assign_coords({name: values}), "here")


def test_a_trial_that_is_there_twice_is_refused():
    with pytest.raises(DataError, match="trial 2 is there more than once"):
        validate(small_recording().assign_coords(trial=[1, 2, 2]), "here")


@pytest.mark.parametrize("sfreq", [0.0, -128.0, np.nan, np.inf])
def test_a_rate_that_is_none_is_refused(sfreq):
    with pytest.raises(DataError, match="sampling frequency"):
        validate(small_recording().assign_attrs(sfreq=sfreq), "here")


def test_without_ratings_and_classes_there_is_nothing_to_learn():
    with pytest.raises(DataError, match="neither ratings nor classes"):
        validate(small_recording().drop_vars("rating"), "here")


def test_nan_is_allowed_after_the_end_of_a_trial_only():
    recording = small_recording().assign_coords(trial_samples=("trial", [40, 30, 40]))
    recording["eeg"].values[1, :, 30:] = np.nan
    assert validate(recording, "here")
    recording["eeg"].values[1, 1, 29] = np.nan
    with pytest.raises(DataError, match="trial 2, channel Cz: 1 of 30 samples"):
        validate(recording, "here")


def test_a_trial_without_samples_is_refused():
    recording = small_recording().assign_coords(trial_samples=("trial", [40, 0, 40]))
    with pytest.raises(DataError, match="trial 2 holds no samples"):
        validate(recording, "here")


def test_scipy_and_the_reader_agree_on_a_compressed_file(tmp_path):
    arrays = deap_arrays()
    scipy.io.savemat(tmp_path / "s01.mat", arrays, do_compression=True)
    np.testing.assert_array_equal(
        read_deap(tmp_path / "s01.mat", SMALL)["rating"], arrays["labels"]
    )
