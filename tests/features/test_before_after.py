"""A recording before and after preprocessing: closed forms."""

import numpy as np
import pytest
import xarray as xr

from emolib.features.before_after import before_and_after

SECONDS = 4


def recording(channels, sfreq, trials=(1, 2)):
    """Of each channel a sine at a frequency that is given, with an amplitude that is given."""
    time = np.arange(SECONDS * sfreq) / sfreq
    eeg = [a * np.sin(2 * np.pi * hz * time) for a, hz in channels.values()]
    return xr.Dataset(
        {"eeg": (("trial", "channel", "time"), np.stack([eeg] * len(trials)))},
        {"trial": list(trials), "channel": list(channels)},
        {"sfreq": float(sfreq)},
    )


def test_amplitudes_and_spectra_are_compared_where_both_have_them():
    before = recording({"Fz": (4, 10), "T7": (100, 50), "Oz": (2, 20)}, 256, trials=(1, 2, 3))
    after = recording({"Fz": (2, 10), "Oz": (2, 20), "Pz": (1, 10)}, 128, trials=(1, 3))
    found = before_and_after(before, after)
    sd = found["sd"].to_pandas().T * np.sqrt(2)
    assert sd.index.tolist() == ["Fz", "T7", "Oz", "Pz"]
    np.testing.assert_allclose(sd["before"], [4, 100, 2, np.nan])
    np.testing.assert_allclose(sd["after"], [2, np.nan, 2, 1])
    density = found["density"]
    assert density["hertz"][-1] == 64  # half of the lower rate
    power = {hz: density.sel(hertz=slice(hz - 2, hz + 2)).sum("hertz") * 0.5 for hz in (10, 20, 50)}
    # Of Fz and Oz alone, which both have: a sine's power is half of its amplitude's square.
    assert power[10].values.tolist() == pytest.approx([16 / 4, 4 / 4])
    assert power[20].values.tolist() == pytest.approx([1.0, 1.0])
    assert power[50].values == pytest.approx([0, 0], abs=1e-9)
