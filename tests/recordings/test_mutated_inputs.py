"""Spoilt inputs of every format are refused by name, or read as what they hold."""

import importlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

N = 16  # one of each format


@pytest.fixture(scope="module")
def bench():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).resolve().parents[2])  # it is not installed
        yield importlib.import_module("benchmarks.mutated_inputs")


@pytest.mark.slow
def test_spoilt_inputs_of_all_formats(bench, tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_RESULTS", str(tmp_path / "results"))
    outcomes, formats = Counter(), Counter()
    for seed in range(N):
        (folder := tmp_path / str(seed)).mkdir()
        name, told, detail = bench.outcome(seed, folder)
        assert not bench.is_wrong(told), (seed, name, told, detail)
        outcomes[told] += 1
        formats[name] += 1
    assert {*formats} == {*bench.FORMATS}
    assert min(outcomes["refused"], outcomes["same"], outcomes["other, plausible"]) >= N // 10


def test_numbers_that_a_checksum_forbids_are_seen(bench, monkeypatch, capsys):
    whole = bench.read
    bench._expected("DEAP .mat packed")  # before it is falsified
    monkeypatch.setattr(bench, "read", lambda *where: whole(*where).map(np.negative))
    monkeypatch.setattr(bench, "_spoil", lambda rng, content, form, ran: ("nothing", content))
    monkeypatch.setenv("EMOLIB_RESULTS", "")  # which the command sets
    assert bench.main(["--first", "1", "--count", "1"]) == 1
    assert "SILENTLY WRONG: seed 1 (DEAP .mat packed" in capsys.readouterr().out
