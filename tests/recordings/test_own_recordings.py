"""Random recordings of a known signal come back right, or are refused: none is wrong."""

import importlib
from collections import Counter
from pathlib import Path

import pytest

N = 30


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).resolve().parents[2])  # it is not installed
    return importlib.import_module("benchmarks.own_recordings")


@pytest.mark.slow
def test_random_recordings_come_back_right_or_are_refused(bench, tmp_path):
    outcomes = Counter()
    for seed in range(N):
        (folder := tmp_path / str(seed)).mkdir()
        what, made, detail = bench.outcome(seed, folder)
        assert what in ("right", "refused as it should"), (seed, made.fault, what, detail)
        outcomes[what] += 1
    assert min(outcomes.values()) >= N // 3  # it looks at both kinds


def test_what_comes_back_wrong_is_seen(bench, monkeypatch, capsys):
    monkeypatch.setattr(bench, "expected", lambda made, trial: bench.np.zeros((4, 4, 6)))
    assert bench.main(["--count", "6"]) == 1
    assert "WRONG: seed" in capsys.readouterr().out
