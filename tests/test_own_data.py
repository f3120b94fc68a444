"""What chapter 12 promises: files with and without faults, and Snakemake called directly."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import mne
import numpy as np
import pytest
from command import PROJECT, emolib_here
from synthetic import centred

from emolib.errors import DataError, SettingsError
from emolib.recordings import example, files
from emolib.recordings.simulated import SimulationSettings, simulate_subject


@pytest.fixture(scope="module")
def recording():
    settings = SimulationSettings(n_trials=4, trial_seconds=4)
    return simulate_subject(settings, subject=1)[0]


class TestExampleFiles:
    def test_what_is_written_is_read(self, recording, tmp_path):
        table = example.write_example(tmp_path, recording)
        read = files.read(tmp_path, "sub-01")
        assert dict(read.sizes) == {
            "trial": 4, "channel": 32, "time": 384, "baseline_time": 128, "scale": 1,
        }  # fmt: skip
        assert read["rating"].to_numpy().ravel().tolist() == table["valence"].tolist()
        eeg = recording["eeg"] - recording["eeg"].mean("channel")
        eeg = eeg.sel(channel=read["channel"])
        np.testing.assert_allclose(read["baseline"], centred(eeg[..., :128].to_numpy()), atol=0.01)
        np.testing.assert_allclose(read["eeg"], centred(eeg[..., 128:].to_numpy()), atol=0.01)

    def test_annotations_say_when_trials_begin_and_of_which_class_they_are(
        self, recording, tmp_path
    ):
        ratings = [2.0, 8.0, 5.0]
        example.write_example(tmp_path, recording, valence=ratings, trial_seconds=2.5)
        raw = mne.io.read_raw_edf(tmp_path / example.EEG_FILE, verbose="error")
        found = raw.annotations
        assert found.description.tolist() == ["unpleasant", "pleasant", "unpleasant"]
        np.testing.assert_allclose(found.onset, [1.0, 4.5, 8.0])
        np.testing.assert_allclose(found.duration, 2.5)
        assert raw.n_times == 3 * 3.5 * 128

    def test_the_same_recording_gives_the_same_bytes(self, recording, tmp_path):
        written = set()
        for folder in ("one", "two"):
            example.write_example(tmp_path / folder, recording)
            written.add((tmp_path / folder / example.EEG_FILE).read_bytes())
        assert len(written) == 1

    def test_short_trials_give_short_pieces(self, recording, tmp_path):
        example.write_example(tmp_path, recording.isel(time=slice(320)))
        assert files.read(tmp_path, "sub-01").sizes["time"] == 320 - 128

    @pytest.mark.parametrize(
        ("fault", "message"),
        [
            ("a column's name is misspelt", "Did you mean 'onset_second'"),
            ("the last trial ends after its file", "trial 4 ends at 21 s, but anna.edf at 16"),
            ("a duration is written in words", "line 2: 'duration_seconds' is 'three'"),
            ("an electrode was not plugged in", "channel AF3 is flat"),
            ("microvolts were taken for volts", "microvolts that were taken for volts"),
        ],
    )
    def test_each_fault_is_told(self, recording, tmp_path, fault, message):
        example.write_example(tmp_path, recording, fault=fault)
        with pytest.raises(DataError, match=message):
            files.read(tmp_path, "sub-01")

    def test_every_fault_is_tested(self):
        (mark,) = self.test_each_fault_is_told.pytestmark
        assert [fault for fault, _ in mark.args[1]] == list(example.FAULTS)

    def test_a_fault_that_nobody_knows(self, recording, tmp_path):
        with pytest.raises(SettingsError, match="fault: got 'a flood'"):
            example.write_example(tmp_path, recording, fault="a flood")


def snakemake(*arguments: str, results: Path) -> str:
    """Call Snakemake as the chapter says; return all that it prints."""
    ran = subprocess.run(
        [sys.executable, "-m", "snakemake", "--snakefile", "Snakefile", *arguments],
        cwd=PROJECT,
        env=os.environ | {"EMOLIB_RESULTS": str(results)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout + ran.stderr


@pytest.mark.slow
@pytest.mark.workflow
def test_snakemake_can_be_called_with_a_profile_and_the_command_line_goes_on_from_it(tmp_path):
    """The chapter's profile, with the local executor in the place of a cluster's."""
    text = (PROJECT / "notebooks" / "12_your_own_data.py").read_text(encoding="utf-8")
    profile = re.search(r"```yaml\n(# executor: slurm\n.*?)# ```", text, re.DOTALL).group(1)
    profile = re.sub(r"^# ", "", profile, flags=re.MULTILINE).replace("slurm\n", "local\n", 1)
    (tmp_path / "profile").mkdir()
    (tmp_path / "profile" / "config.yaml").write_text(profile, encoding="utf-8")
    where = ["--directory", str(tmp_path / "smoke"), "--config", "study=smoke"]
    where += ["--profile", str(tmp_path / "profile")]
    assert "dry-run" in snakemake(*where, "--dry-run", results=tmp_path)
    snakemake(*where, "features/sub-01.nc", results=tmp_path)
    assert (tmp_path / "smoke" / "features" / "sub-01.nc").is_file()
    again = emolib_here("run", "smoke", "--targets", "features/sub-01.nc", results=tmp_path)
    assert again.returncode == 0 and "nothing to do" in again.stdout


def test_the_chapter_explains_each_section_of_a_subjects_report():
    report = (PROJECT / "notebooks" / "subject_report.py").read_text(encoding="utf-8")
    chapter = (PROJECT / "notebooks" / "12_your_own_data.py").read_text(encoding="utf-8")
    sections = re.findall(r"^# ## (.+)$", report, flags=re.MULTILINE)
    assert len(sections) >= 8
    told = " ".join(re.findall(r"\*\*([^*]+)\*\*", chapter))
    assert [name for name in sections if name not in told] == []
