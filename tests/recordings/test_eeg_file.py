"""Files of every kind, as MNE opens them, and remedies that work where it does not."""

import h5py
import mne
import numpy as np
import pytest
from scipy.io import savemat
from synthetic import VHDR, noise, write_brainvision, write_edf

from emolib.errors import DataError
from emolib.recordings.eeg_file import header_units, open_eeg

NAMES = ["Fz", "Cz", "Pz", "Oz"]


@pytest.mark.parametrize(
    "names",
    [
        {},
        {"name": "A.VHDR", "data": "A.EEG", "marker": "A.VMRK"},
        {"name": "A.VHDR"},
        {"marker": "A.VMRK"},
    ],
)
def test_brainvision_is_read_whatever_the_endings(tmp_path, names):
    raw, channels, _ = open_eeg(write_brainvision(tmp_path, **names))
    assert [*channels] == NAMES
    np.testing.assert_allclose(1e6 * raw.get_data(NAMES[:3]), noise(4, 6, 128)[:3], rtol=1e-5)
    assert "Bad Interval/Movement" in raw.annotations.description
    assert header_units(raw, channels)["Oz"] == "mV"


def test_a_header_of_an_older_program_may_name_files_with_umlauts(tmp_path):
    path = write_brainvision(tmp_path, name="ä.vhdr", data="ä.eeg", marker="ä.vmrk")
    path.write_bytes(path.read_text("utf-8").replace("UTF-8", "ANSI").encode("latin-1"))
    assert open_eeg(path)[0].n_times == 6 * 128


def test_lines_that_name_a_file_that_is_not_there_are_told(tmp_path):
    path = write_brainvision(tmp_path, lie="old-")
    message = r"says DataFile=old-a\.eeg and MarkerFile=old-a\.vmrk, but beside it lies a\.eeg and"
    with pytest.raises(DataError, match=message) as error:
        open_eeg(path)
    assert error.value.hint.startswith("Correct these lines in a text editor")


def test_the_name_of_the_header_may_stand_for_itself(tmp_path):
    path = write_brainvision(tmp_path)
    path.write_text(VHDR.format(data="$b.eeg", marker="$b.vmrk"), "utf-8")
    assert open_eeg(path)[0].n_times == 6 * 128


@pytest.mark.parametrize("name", ["a.eeg", "a.vmrk"])
def test_a_part_instead_of_its_header_is_refused(tmp_path, name):
    write_brainvision(tmp_path)
    with pytest.raises(DataError, match=r"which a\.vhdr describes\. Write a\.vhdr as 'file'"):
        open_eeg(tmp_path / name)


def epochs():
    info = mne.create_info(NAMES, 128.0, "eeg")
    return mne.EpochsArray(noise(12, 2, 128).reshape(3, 4, 256) * 1e-6, info, verbose="error")


def test_epochs_in_a_file_are_told_with_their_route(tmp_path):
    epochs().save(tmp_path / "a-epo.fif", verbose="error")
    message = (
        r"holds epochs, 3 trials .*`emolib.from_epochs\(mne.read_epochs\('a-epo.fif'\), 'sub-01'"
    )
    with pytest.raises(DataError, match=message):
        open_eeg(tmp_path / "a-epo.fif")


def eeglab(signals):
    """What EEGLAB saves of signals (channel, sample) or (channel, sample, trial)."""
    n_trials = signals.shape[2] if signals.ndim == 3 else 1
    about = {"nbchan": 4.0, "pnts": float(signals.shape[1]), "srate": 128.0, "trials": n_trials}
    return about | {"xmin": 0.0, "xmax": (signals.shape[1] - 1) / 128, "data": signals}


def test_epochs_in_an_eeglab_file_are_told_with_their_route(tmp_path):
    places = np.array([(name,) for name in NAMES], [("labels", "O")])
    given = eeglab(noise(4, 4, 128).reshape(4, 256, 2)) | {"chanlocs": places}
    savemat(tmp_path / "a.set", {"EEG": given})
    with pytest.raises(
        DataError, match=r"holds epochs, 2 trials .*mne.read_epochs_eeglab\('a.set'"
    ):
        open_eeg(tmp_path / "a.set")


def test_a_missing_data_file_of_eeglab_is_named(tmp_path):
    places = np.array([(name,) for name in NAMES], [("labels", "O")])
    given = eeglab(noise(4, 4, 128)) | {"chanlocs": places, "data": "other.fdt"}
    savemat(tmp_path / "a.set", {"EEG": given})
    with pytest.raises(DataError, match=r"other.fdt.*It names another file: put that one"):
        open_eeg(tmp_path / "a.set")


def test_eeglab_files_of_matlab_7_3_are_read(tmp_path):
    """They are HDF5, with MATLAB's own words in front: characters are numbers, cells references."""
    with h5py.File(tmp_path / "a.set", "w", userblock_size=512) as file:
        whole = file.create_group("EEG")
        whole.attrs["MATLAB_class"] = np.bytes_("struct")
        for name, value in eeglab(noise(4, 6, 128)).items():
            whole[name] = np.atleast_2d(value).T
            whole[name].attrs["MATLAB_class"] = np.bytes_("double")
        for name in ("event", "epoch"):
            whole[name] = np.zeros(2, np.uint64)
            whole[name].attrs["MATLAB_empty"] = np.uint8(1)
        labels = []
        for name in NAMES:
            file[f"#refs#/{name}"] = np.array([[ord(letter)] for letter in name], np.uint16)
            file[f"#refs#/{name}"].attrs["MATLAB_class"] = np.bytes_("char")
            file[f"#refs#/{name}"].attrs["MATLAB_int_decode"] = 2
            labels.append([file[f"#refs#/{name}"].ref])
        whole["chanlocs/labels"] = np.array(labels, h5py.ref_dtype)
        whole["chanlocs"].attrs["MATLAB_class"] = np.bytes_("struct")
    with (tmp_path / "a.set").open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM")
    raw, channels, _ = open_eeg(tmp_path / "a.set")
    assert [*channels] == NAMES
    np.testing.assert_allclose(1e6 * raw.get_data(), noise(4, 6, 128), rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.csv", r"Unsupported file type.*\. Export it as EDF, BrainVision or FIF\."),
        ("a.vhdr", "Check that the file is whole. If it is, export it"),
        ("a_raw.fif", "Check that the file is whole. If it is, export it"),
        ("a.set", "Check that the file is whole. If it is, export it"),
    ],
)
def test_a_text_with_another_ending_is_refused(tmp_path, name, message):
    (tmp_path / name).write_text("subject,file\n" * 99)
    with pytest.raises(DataError, match=message):
        open_eeg(tmp_path / name)


@pytest.mark.parametrize("name", ["a.edf", "a.set", "a_raw.fif", "a.vhdr"])
def test_an_empty_file_is_refused(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(DataError, match="is empty"):
        open_eeg(tmp_path / name)


@pytest.mark.parametrize("name", ["a", "a.edf", "a.vhdr"])
def test_a_folder_is_refused(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(DataError, match="It is a folder: write the file in it as 'file'"):
        open_eeg(tmp_path / name)


def test_a_missing_module_is_told_with_how_to_install_it(tmp_path, monkeypatch):
    def read_raw(*_, **__):
        raise RuntimeError("For reading this, the module mffpy is needed: pip install mffpy")

    (tmp_path / "a.mff").mkdir()
    monkeypatch.setattr(mne.io, "read_raw", read_raw)
    with pytest.raises(DataError, match=r"pip install mffpy.*Install what it names, or export"):
        open_eeg(tmp_path / "a.mff")


def test_the_header_names_the_units(tmp_path):
    raw, channels, _ = open_eeg(write_edf(tmp_path / "a.edf", noise(4, 2, 128), NAMES, 128))
    assert header_units(raw, channels) == dict.fromkeys(NAMES, "µV")
