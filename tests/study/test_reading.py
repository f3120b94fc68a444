"""Recordings as a study has them read, and as they are without its settings."""

from synthetic import noise, write_edf, write_table

from emolib.recordings import READERS
from emolib.recordings.settings import RecordingSettings
from emolib.study.reading import read_plainly


def test_a_recording_is_read_plainly_to_compare_unless_it_cannot_be(tmp_path):
    signals = noise(5, 20, 128)
    signals[4] = 0
    write_edf(tmp_path / "a.edf", signals, ["F3", "F4", "C3", "C4", "Pz"], 128)
    rows = [{"subject": 1, "file": "a.edf", "trial": k, "state": "x"} for k in (1, 2)]
    rows = [row | {"onset_seconds": 4 * row["trial"], "duration_seconds": 3} for row in rows]
    write_table(tmp_path / "trials.csv", rows)

    def plainly(**asked):
        asked = RecordingSettings(**asked)
        return read_plainly(READERS["files"], tmp_path, "sub-01", asked)

    assert plainly() == plainly(rating_range=(0, 100)) == (None, "")
    before, why = plainly(drop_channels=("Pz",))
    assert before is None and "Pz is flat" in why
    write_edf(tmp_path / "a.edf", signals[:4], ["F3", "F4", "C3", "C4"], 128)
    before, why = plainly(l_freq=1.0, drop_channels=("F3",))
    assert before.sizes["channel"] == 4 and why == ""
