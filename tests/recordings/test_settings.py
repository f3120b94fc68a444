"""What the settings of recordings allow."""

import pytest

from emolib.errors import SettingsError
from emolib.recordings.settings import RecordingSettings


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"eeg_reference": "avrage"}, r"Did you mean 'average'"),
        ({"eeg_reference": ()}, r"eeg_reference: got \(\)"),
        ({"drop_channels": "C3"}, r"drop_channels: got 'C3'. Write a list: \[C3\]"),
        ({"bad_channels": "interpolated"}, r"Did you mean 'interpolate'"),
        ({"bads": ("C3",), "bad_channels": "keep"}, r"is 'keep', but `bads` names channels"),
        ({"eeg_template_montage": "biosemi46"}, r"Did you mean 'biosemi64'"),
        ({"l_freq": 0}, r"l_freq: got 0\. Give a frequency above 0 Hz"),
        ({"h_freq": float("nan")}, r"h_freq: got nan"),
        ({"notch_freq": (50, -1)}, r"notch_freq: got -1"),
        ({"raw_resample_sfreq": float("inf")}, r"raw_resample_sfreq: got inf"),
        ({"l_freq": 40, "h_freq": 4}, r"l_freq: 40 Hz is not below `h_freq`, 4 Hz"),
        ({"ica": ("find_bads_ecg",)}, r"ica: got 'find_bads_ecg'"),
        ({"regress_artifact": {"pick": "eeg"}}, r"Did you mean 'picks'"),
        ({"regress_artifact": {"picks_artifact": 3}}, r"picks_artifact: got 3\. Name a type"),
        ({"reject": {"eeg": 150}}, r"reject.eeg: got 150\..*150e-6 for 150 microvolts"),
        ({"reject": {"meg": 1e-12}}, r"Allowed: 'eeg'"),
        ({"rating_range": (9, 1)}, r"rating_range: got 9 to 1"),
    ],
)
def test_settings_are_checked(changes, message):
    with pytest.raises(SettingsError, match=message):
        RecordingSettings(**changes)


def test_one_channel_may_be_the_reference():
    assert RecordingSettings("Cz").eeg_reference == ("Cz",)
