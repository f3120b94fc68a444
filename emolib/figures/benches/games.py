"""Benches about scores: the split game, and planning an experiment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from emolib.errors import DataError
from emolib.features.bands import BANDS
from emolib.features.extraction import FeatureSettings, extract_features
from emolib.figures.benches.bench import Bench, Choice
from emolib.figures.display import BLUE, GREY, WIDTH, Picture, Table
from emolib.recordings.labels import Task, trial_classes

REST_WINDOWS = 6  # that stand for a baseline where a recording has none: three seconds
FEWEST, MOST = 10, 40  # trials of a recording that are played with
KEPT = 12  # windows of each of them


class SplitGame(Bench):
    """Random labels, recognised or not, by what is held out.

    Parameters
    ----------
    recording : Dataset, optional
        Of one subject, to play the same game with; see `emolib.recordings`.
    tasks : mapping of str to Task, optional
        Whose labels may take the place of the random ones.
    **choices
        Where choices start, such as ``split="trials"``.

    Examples
    --------
    >>> game = SplitGame(split="trials")
    >>> game.split, game.trials
    ('trials', '40')
    """

    module = "split_game"
    title = "The split game"
    question = (
        "Forty trials of white noise get random labels. Each trial's own baseline is subtracted, "
        "and single windows are held out at random. What proportion of the windows will ridge "
        "regression classify correctly?"
    )
    guess_of: ClassVar = {"low": 20, "high": 100, "step": 1, "unit": "%", "start": 75}
    tries = (
        (
            "Hold out whole trials.",
            "The accuracy falls to about 50 %: no training window had the mark of a new trial.",
            {"source": "noise", "split": "trials", "removal": "own"},
        ),
        (
            "Hold out windows, and subtract nothing.",
            "About 50 % again, because nothing marks a trial without a shared vector.",
            {"source": "noise", "split": "windows", "removal": "none"},
        ),
        (
            "Shorten the baseline to half a second.",
            "The accuracy rises: a mean of fewer windows is noisier, so it marks a trial better.",
            {"source": "noise", "split": "windows", "removal": "own", "baseline": 0.5},
        ),
    )
    source = Choice(
        "noise", "Trials of", "Make the trials",
        options={"noise": "white noise"}, later={"own": "your own file"},
    )  # fmt: skip
    labels = Choice(
        "random", "Labels", "Make the trials",
        options={"random": "random"}, later={"own": "those of the file"},
    )  # fmt: skip
    trials = Choice(
        "40", "Trials", "Make the trials", options={n: n for n in ("10", "20", "40", "80")}
    )
    channels = Choice(
        "32", "Electrodes", "Make the trials", options={n: n for n in ("4", "8", "16", "32")}
    )
    windows = Choice(
        "12", "Windows of a trial", "Make the trials", options={n: n for n in ("12", "24", "48")}
    )
    baseline = Choice(
        3.0, "Baseline", "Drag the baseline", low=0.5, high=12, step=0.5, unit="s"
    )  # fmt: skip
    removal = Choice(
        "own",
        "Subtract",
        "Drag the baseline",
        options={
            "own": "the trial's own baseline",
            "another": "another trial's baseline",
            "mean": "the mean of all baselines",
            "none": "nothing",
        },
    )
    split = Choice(
        "windows",
        "Hold out",
        "Split and play",
        options={"windows": "single windows", "trials": "whole trials"},
    )
    model = Choice(
        "ridge",
        "Classifier",
        "Split and play",
        options={"ridge": "ridge regression", "neighbours": "5 nearest neighbours"},
    )
    wager = Choice(
        60, "The highest honest score you can get", "Make a wager", low=40, high=100, step=1,
        unit="%",
    )  # fmt: skip

    def __init__(
        self,
        recording: xr.Dataset | None = None,
        tasks: Mapping[str, Task] | None = None,
        **choices: object,
    ):
        numbers = {"bands": [[band.low_hz, band.high_hz] for band in BANDS]}
        numbers |= {"sfreq": 128, "seconds": 0.5, "seed": 9, "study": None}
        rules = {}
        if recording is not None and recording.sizes["trial"] >= FEWEST:
            study = _windows_of(recording, tasks or {})
            if study["nTrials"] >= FEWEST:
                numbers["study"] = study
                rules["source"] = {"options": {"noise": "white noise", "study": study["words"]}}
                named = {name: name for name in study["labels"]}
                rules["labels"] = {"options": {"random": "random"} | named}
        super().__init__(numbers, rules, **choices)

    def still(self) -> tuple[Picture, Table, str]:
        """Return the formula of chapter 9 for windows without number, and its values."""
        seconds = np.array([0.5, 1, 2, 3, 6, 12])
        rho = np.sqrt(0.5 / seconds)
        n_features = len(BANDS) * int(self.channels)
        known = stats.norm.cdf(rho * np.sqrt(n_features / int(self.trials)))
        figure, ax = plt.subplots(figsize=(WIDTH, 2.6))
        ax.plot(seconds, 100 * known, "o-", color=BLUE, label="windows of one trial on both sides")
        ax.axhline(50, color=GREY, linestyle=":", label="whole trials held out")
        ax.set(xlabel="baseline (s)", ylabel="windows classified correctly (%)", ylim=(40, 102))
        ax.legend()
        shown = [f"{100 * each:.0f} %" for each in known]
        what = f"{self.trials} trials of white noise with random labels, {self.channels} electrodes"
        picture = Picture(
            figure,
            alt=f"Accuracy falls with the baseline's length, from {shown[0]} to {shown[-1]}; with "
            "whole trials held out it is 50 %.",
            caption=f"{what}: what ridge regression reaches with very many windows of each trial.",
        )
        index = pd.Index([f"{each:g}" for each in seconds], name="baseline (s)")
        columns = {"windows of one trial on both sides": shown, "whole trials held out": "50 %"}
        table = Table(pd.DataFrame(columns, index=index), caption=f"Expected accuracy: {what}")
        return (
            picture,
            table,
            (
                f"{shown[3]} with very many windows of each trial (windows of one trial on both "
                "sides), less with a few; 50 % when whole trials are held out."
            ),
        )


def _windows_of(recording: xr.Dataset, tasks: Mapping[str, Task]) -> dict[str, object]:
    """Return a few windows of each trial, with baselines and labels, to play the split game."""
    classes = trial_classes(recording, tasks)
    two = [name for name in classes if classes[name].nunique() == 2]
    kept = (classes[two].notna().all(axis=1).to_numpy()).nonzero()[0][:MOST]
    recording, classes = recording.isel(trial=kept), classes.iloc[kept]
    bare = FeatureSettings(kinds=("de",), baseline="none", normalise="none")
    try:
        features = extract_features(recording, bare)
    except DataError:  # a trial that cannot be used is the subject's own page's to tell of
        return {"nTrials": 0}
    values = features["feature"].to_numpy().reshape(features.sizes["window"], -1).astype(float)
    number = features["trial"].to_numpy()
    present = [trial for trial in recording["trial"].to_numpy() if (number == trial).sum() >= KEPT]
    if "baseline" in recording:
        less = extract_features(recording, FeatureSettings(("de",), normalise="none"))["feature"]
        levels = values - less.to_numpy().reshape(values.shape)
    x, rest = [], []
    for trial in present:
        rows = np.flatnonzero(number == trial)
        level = levels[rows[0]] if "baseline" in recording else values[rows[:REST_WINDOWS]].mean(0)
        own = rows if "baseline" in recording else rows[REST_WINDOWS:]
        x.append(values[own[np.linspace(0, len(own) - 1, KEPT).round().astype(int)]])
        rest.append(level)
    return {
        "words": f"recordings of {recording.attrs['subject']}",
        "trial": np.round(x, 2).ravel().tolist(),
        "rest": np.round(rest, 2).ravel().tolist(),
        "labels": {name: classes.loc[present, name].astype(int).tolist() for name in two},
        "nTrials": len(present),
        "nWindows": KEPT,
        "p": values.shape[1],
    }
