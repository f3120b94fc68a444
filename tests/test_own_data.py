"""What chapter 12 promises: files with and without faults, plans, and Snakemake called directly."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import mne
import numpy as np
import pandas as pd
import pytest
from synthetic import centred

from emolib.errors import DataError, SettingsError
from emolib.lessons import planning
from emolib.recordings import example, files
from emolib.recordings.simulated import SimulationSettings, simulate_subject

PROJECT = Path(__file__).resolve().parents[1]


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


class TestChanceByDesign:
    def test_the_range_holds_a_half_and_falls_with_the_root_of_the_trials(self):
        given = planning.chance_by_design([(1, 40), (1, 160)])
        assert (given["low"] < 0.5).all() and (given["high"] > 0.5).all()
        width = given["high"] - given["low"]
        assert width[0] / width[1] == pytest.approx(2, abs=0.4)
        assert (given["detectable"] > given["high"]).all()

    def test_forty_trials_are_as_the_plan_says(self):
        """A prototype's standard deviation is about .10, its 95th percentile about .675."""
        (row,) = planning.chance_by_design([(1, 40)], n_draws=8).itertuples()
        assert (row.high - row.low) / (2 * 1.96) == pytest.approx(0.10, abs=0.015)

    def test_what_cannot_be_found_is_not_a_number(self):
        (row,) = planning.chance_by_design([(1, 10)], n_draws=2).itertuples()
        assert np.isnan(row.detectable)

    def test_people_make_up_for_trials_unless_films_leave_a_mark(self):
        gain = {}
        for locked in (False, True):
            given = planning.chance_by_design([(5, 20), (20, 20)], locked=locked, n_draws=8)
            few, many = given["detectable"]
            gain[locked] = few - many
        assert gain[False] > 0.06
        assert gain[True] < gain[False] / 1.5

    def test_of_films_that_leave_a_mark_chance_is_not_one_half(self):
        """And it comes down to one half with the number of films."""
        given = planning.chance_by_design([(20, 10), (20, 80)], locked=True)
        middle = (given["low"] + given["high"]) / 2
        assert middle[0] > middle[1] > 0.52

    def test_it_is_repeatable_and_follows_the_seed(self):
        same = [planning.chance_by_design([(1, 20)], seed=seed) for seed in (1, 1, 2)]
        pd.testing.assert_frame_equal(same[0], same[1])
        assert not same[0].equals(same[2])

    @pytest.mark.parametrize("n_subjects", [0, 2, 4])
    def test_too_few_people_for_the_folds(self, n_subjects):
        with pytest.raises(SettingsError, match="Give 1, or 5 and up"):
            planning.chance_by_design([(n_subjects, 20)])


class TestOrders:
    @pytest.mark.parametrize("order", planning.ORDERS)
    def test_half_of_the_trials_are_of_each_condition(self, order):
        labels = planning.labels_in_order(order, 40, np.random.default_rng(0))
        assert np.bincount(labels).tolist() == [20, 20]

    def test_they_change_as_often_as_their_names_say(self):
        changes = {
            order: np.count_nonzero(np.diff(planning.labels_in_order(order, 40, None)))
            for order in planning.ORDERS[1:]
        }
        assert changes == {"one by one": 39, "blocks of five": 7, "two halves": 1}

    def test_unknown_orders_and_odd_numbers_are_errors(self):
        rng = np.random.default_rng(0)
        with pytest.raises(SettingsError, match="Choose one of drawn at random"):
            planning.labels_in_order("at noon", 40, rng)
        with pytest.raises(SettingsError, match="multiple of ten"):
            planning.labels_in_order("one by one", 34, rng)

    def test_without_drift_no_order_is_told(self):
        given = planning.drift_scores(drift=0.0, n_sessions=60)
        means = given.groupby("order")["value"].mean()
        assert (abs(means - 0.5) < 0.05).all()

    def test_with_drift_two_halves_are_and_a_random_order_is_not(self):
        means = planning.drift_scores(drift=2.0, n_sessions=40).groupby("order")["value"].mean()
        assert means["two halves"] > 0.8
        assert abs(means["drawn at random"] - 0.5) < 0.05


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
    again = subprocess.run(
        [sys.executable, "-m", "emolib", "run", "smoke", "--targets", "features/sub-01.nc"],
        cwd=PROJECT,
        env=os.environ | {"EMOLIB_RESULTS": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "nothing to do" in again.stdout


def test_the_chapter_explains_each_section_of_a_subjects_report():
    report = (PROJECT / "notebooks" / "subject_report.py").read_text(encoding="utf-8")
    chapter = (PROJECT / "notebooks" / "12_your_own_data.py").read_text(encoding="utf-8")
    sections = re.findall(r"^# ## (.+)$", report, flags=re.MULTILINE)
    assert len(sections) >= 8
    told = " ".join(re.findall(r"\*\*([^*]+)\*\*", chapter))
    assert [name for name in sections if name not in told] == []
