"""The bench about windows, baseline removal and normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr

from emolib.errors import DataError
from emolib.features.bands import BANDS, Band, band_pass
from emolib.features.power import posterior_channels
from emolib.features.spectra import trial_lengths
from emolib.features.windows import cut_windows
from emolib.figures.benches.bench import Bench, Choice, alike
from emolib.figures.display import BLUE, GREY, WIDTH, Picture, Table
from emolib.figures.explorer.words import palettes
from emolib.grid import SHAPE, cells

MOST_TRIALS = 6
TRIAL_SECONDS, REST_SECONDS = 9.0, 3.0  # of each trial, at most: the page holds all of it
BLOCK_SECONDS = 0.5  # windows and baselines are so many of these
# A script puts whole numbers first among the keys of an object: so none is one.
LENGTHS = {f"{length:.1f}": f"{length:g} s" for length in (0.5, 1, 1.5, 3)}
RESTS = {f"{length:.1f}": f"{length:g} s" for length in (0.5, 1, 2, 3)}


class WindowBench(Bench):
    """Windows, baseline and normalisation of one person's first trials.

    Parameters
    ----------
    recording : Dataset
        See `emolib.recordings`. Where it has no baseline, the first three seconds of each trial
        stand for one.
    bands : sequence of Band
    **choices
        Where choices start.

    Raises
    ------
    DataError
        If fewer than two trials are as long as four windows and their baseline.
    """

    module = "windows"
    title = "Windows, baseline and normalisation"
    question = (
        "Each window is assigned to the trial whose mean window is nearest. Before any subtraction "
        "this is often right. In what proportion of the windows will it be right once each trial's "
        "own baseline mean is subtracted?"
    )
    guess_of: ClassVar = {"low": 0, "high": 100, "step": 1, "unit": "%", "start": 30}
    tries = (
        (
            "Subtract the baseline of another trial.",
            "It has nothing to do with the trial, and still marks all of its windows.",
            {"removal": "another", "normalise": "none"},
        ),
        (
            "Normalise each window.",
            "The level common to all electrodes and bands is gone, but the pattern remains.",
            {"normalise": "window"},
        ),
        (
            "Take windows of three seconds.",
            "The curve is smoother, because each of its fewer values comes from more samples.",
            {"window": "3.0", "normalise": "none"},
        ),
    )
    window = Choice("0.5", "Window", "Set windows and baseline", options=LENGTHS)
    rest = Choice("3.0", "Baseline", "Set windows and baseline", options=RESTS)
    removal = Choice(
        "own", "Subtract", "Subtract, then normalise",
        options={"none": "nothing", "own": "the trial's own baseline",
                 "another": "the next trial's baseline", "mean": "the mean of all baselines"},
    )  # fmt: skip
    normalise = Choice(
        "none", "Make z-scores", "Subtract, then normalise",
        options={"none": "of nothing", "window": "within each window, over electrodes and bands",
                 "feature": "of each feature, over all windows"},
    )  # fmt: skip
    time = Choice(0.0, "Time", "Choose what to see", low=0, high=8.5, step=0.5, unit="s")
    trial = Choice(1.0, "Trial", "Choose what to see", low=1, high=6, step=1)
    band = Choice("alpha", "Band", "Choose what to see", options={})
    channel = Choice("Oz", "Electrode", "Choose what to see", options={})

    def __init__(self, recording: xr.Dataset, bands: Sequence[Band] = BANDS, **choices: object):
        sfreq = float(recording.attrs["sfreq"])
        blocks, n_rest = block_sums(recording, bands)
        channels = recording["channel"].to_numpy().astype(str).tolist()
        rows, columns = cells(channels)
        n_trials, n_blocks = len(blocks), blocks.shape[1] - n_rest
        names = [band.name for band in bands]
        numbers = {
            "bands": names,
            "grid": {"channels": channels, "rows": rows.tolist(), "columns": columns.tolist(),
                     "shape": SHAPE},
            "colours": palettes(),
            "nRest": n_rest, "nBlocks": n_blocks, "nTrials": n_trials,
            "nBlock": round(BLOCK_SECONDS * sfreq), "seconds": BLOCK_SECONDS,
            "note": "" if "baseline" in recording else "The first seconds of each trial stand for "
            "a baseline, since this recording has none.",
        }  # fmt: skip
        rules = {
            "band": {"options": alike(*names)},
            "channel": {"options": alike(*channels)},
            "trial": {"high": n_trials},
            "time": {"high": (n_blocks - 1) * BLOCK_SECONDS},
            "window": {"options": {
                length: words for length, words in LENGTHS.items()
                if 2 * float(length) <= n_blocks * BLOCK_SECONDS
            }},
        }  # fmt: skip
        start = {"band": "alpha" if "alpha" in names else names[0]}
        start["channel"] = posterior_channels(channels)[0]
        super().__init__(numbers, rules, blocks.astype("<f4").tobytes(), **start | choices)

    def still(self) -> tuple[Picture, Table, str]:
        """Return a feature's course before and after, and how many windows are named."""
        spec = self.spec
        blocks = np.frombuffer(self.data, "<f4").reshape(
            spec["nTrials"], -1, len(spec["bands"]), len(spec["grid"]["channels"]), 2
        )
        entropy = entropies(blocks.astype(float), spec["nBlock"])
        level = entropy[:, : spec["nRest"]].mean(axis=1)
        trials = entropy[:, spec["nRest"] :]
        band, channel = spec["bands"].index(self.band), spec["grid"]["channels"].index(self.channel)
        seconds = BLOCK_SECONDS * (np.arange(spec["nBlocks"]) + 0.5)
        figure, ax = plt.subplots(figsize=(WIDTH, 2.6))
        own = trials[0, :, band, channel]
        ax.plot(seconds, own, "-", color=GREY, label="before")
        ax.plot(seconds, own - level[0, band, channel], "-", color=BLUE, label="after")
        ax.set(xlabel="time in the trial (s)", ylabel="DE (nats)")
        ax.legend()
        picture = Picture(
            figure,
            alt=f"DE of {self.channel}, {self.band}, in trial 1: on average {own.mean():.2f} nats, "
            f"and {own.mean() - level[0, band, channel]:.2f} above the baseline.",
            caption=f"{self.channel}, {self.band}, trial 1, before and after baseline removal.",
        )
        levels = {"nothing": 0 * level, "the trial's own baseline": level,
                  "the next trial's baseline": np.roll(level, -1, axis=0),
                  "the mean of all baselines": level.mean(axis=0) + 0 * level}  # fmt: skip
        shares = {name: named_share(trials - each[:, None]) for name, each in levels.items()}
        frame = pd.DataFrame({"trial named": {k: f"{100 * v:.0f} %" for k, v in shares.items()}})
        chance = f"{100 / len(trials):.0f} %"
        frame.index.name = "subtracted"
        table = Table(frame, caption=f"Windows whose trial is named correctly (chance {chance})")
        answer = f"{100 * shares[frame.index[1]]:.0f} %; chance is {chance}."
        return picture, table, answer


def block_sums(recording: xr.Dataset, bands: Sequence[Band]) -> tuple[np.ndarray, int]:
    """Sum up the band-passed signals of a few trials, half a second at a time.

    Returns
    -------
    array of float64, shape (trial, block, band, channel, 2)
        The sum of the samples, and of their squares, in microvolts; blocks of the baseline first.
    int
        The blocks of the baseline.

    Raises
    ------
    DataError
        If fewer than two trials are long enough.
    """
    sfreq = float(recording.attrs["sfreq"])
    n_block = round(BLOCK_SECONDS * sfreq)
    rest = recording["baseline"].to_numpy() if "baseline" in recording else None
    n_rest = round(REST_SECONDS / BLOCK_SECONDS)
    lead = 0 if rest is not None else n_rest  # blocks of the trial that stand for a baseline
    if rest is not None:
        n_rest = min(n_rest, rest.shape[-1] // n_block)
    lengths = np.asarray(trial_lengths(recording)) // n_block - lead
    kept = np.flatnonzero(lengths >= 4)[:MOST_TRIALS]
    if len(kept) < 2 or n_rest < 1:
        needed = (4 + lead) * BLOCK_SECONDS
        problem = f"{len(kept)} trials last {needed:g} s or more; two are needed."
        raise DataError(str(recording.attrs["subject"]), problem, "Give longer trials.")
    n_blocks = min(int(lengths[kept].min()), round(TRIAL_SECONDS / BLOCK_SECONDS))

    def sums(signal: np.ndarray) -> np.ndarray:
        filtered = np.stack([band_pass(signal, sfreq, band) for band in bands])
        blocks = cut_windows(filtered, n_block)
        return np.stack([blocks.sum(-1), (blocks**2).sum(-1)], axis=-1).transpose(2, 0, 1, 3)

    trials = []
    for i in kept:
        signal = recording["eeg"].to_numpy()[i, :, : (n_blocks + lead) * n_block]
        before = [sums(rest[i])[-n_rest:]] if rest is not None else []
        trials.append(np.concatenate([*before, sums(signal)]))
    blocks = np.stack(trials)
    if not np.isfinite(blocks).all() or not blocks[..., 1].all():
        raise DataError(
            str(recording.attrs["subject"]),
            "a channel is flat or not finite.",
            "Leave the channel out.",
        )
    return blocks, n_rest


def entropies(blocks: np.ndarray, n_block: int) -> np.ndarray:
    """Compute differential entropy (nats) of blocks (..., 2) of so many samples each.

    Examples
    --------
    >>> x = np.array([-1.0, 0.0, 1.0])  # variance 1
    >>> float(entropies(np.array([x.sum(), (x**2).sum()]), 3).round(4))
    1.4189
    """
    variance = (blocks[..., 1] - blocks[..., 0] ** 2 / n_block) / (n_block - 1)
    return 0.5 * np.log(2 * np.pi * np.e * variance)


def named_share(trials: np.ndarray) -> float:
    """Compute how many of every second windows lie nearest to the mean of their trial's others.

    Takes features (trial, window, ...).

    Examples
    --------
    >>> named_share(np.repeat([[0.0], [1.0]], 4, axis=1)[..., None])
    1.0
    """
    flat = trials.reshape(*trials.shape[:2], -1)
    centres, tested = flat[:, ::2].mean(axis=1), flat[:, 1::2]
    far = ((tested[:, :, None] - centres) ** 2).sum(axis=-1)
    return float((far.argmin(axis=-1) == np.arange(len(flat))[:, None]).mean())
