"""Benches about scores: the split game, and planning an experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr
from scipy import optimize, stats

from emolib.errors import DataError
from emolib.features.bands import BANDS
from emolib.features.extraction import FeatureSettings, extract_features
from emolib.figures.benches.bench import Bench, Choice, alike
from emolib.figures.display import BLUE, GREY, RED, WIDTH, Picture, Table
from emolib.recordings.labels import Task, trial_classes
from emolib.splits.protocols import protocol_name

REST_WINDOWS = 6  # that stand for a baseline where a recording has none: three seconds
FEWEST, MOST = 10, 40  # trials of a recording that are played with
KEPT = 12  # windows of each of them
POWER, SIGNIFICANT = 0.8, 0.05
CLAIMS = {
    "trial_grouped": "It would speak for these people and new trials.",
    "stimulus_grouped": "It would speak for these people and new films.",
    "leave_subjects_out": "It would speak for new people who watch these films.",
}


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
        options=alike("random"), later={"own": "those of the file"},
    )  # fmt: skip
    trials = Choice("40", "Trials", "Make the trials", options=alike("10", "20", "40", "80"))
    channels = Choice("32", "Electrodes", "Make the trials", options=alike("4", "8", "16", "32"))
    windows = Choice("12", "Windows of a trial", "Make the trials", options=alike("12", "24", "48"))
    baseline = Choice(3.0, "Baseline", "Drag the baseline", low=0.5, high=12, step=0.5, unit="s")
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
                rules["labels"] = {"options": alike("random", *study["labels"])}
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


class PlanningBench(Bench):
    """What guessing reaches, and what would be found, by people, trials and effect.

    Answers are independent but for what people share in their answers to a film. A classifier that
    is trained on the other trials of the same people scatters a little more.

    Parameters
    ----------
    tasks : sequence of str
        Names of ratings, for the study file.
    **choices
        Where choices start, such as ``people=20``.
    """

    module = "planning"
    title = "Planning an experiment"
    question = (
        "One person rates 40 films, and a classifier predicts at random. Which accuracy does it "
        "exceed in only 2.5 of 100 such experiments?"
    )
    guess_of: ClassVar = {"low": 50, "high": 100, "step": 1, "unit": "%", "start": 55}
    tries = (
        (
            "Ask 20 people instead of one.",
            "The range of chance narrows, and an accuracy of 55 % can be found.",
            {"people": 20.0, "shared": 0.0, "effect": 55.0},
        ),
        (
            "Let people respond alike to each film.",
            "20 people then tell you little more than a few, because there are too few films.",
            {"people": 20.0, "shared": 0.2, "effect": 55.0},
        ),
        (
            "Take one person, and look for 60 %.",
            "It would be missed more often than found, even with 60 trials.",
            {"people": 1.0, "trials": 60.0, "effect": 60.0},
        ),
    )
    people = Choice(1.0, "People", "Plan people and trials", low=1, high=60, step=1)
    trials = Choice(40.0, "Trials of a person", "Plan people and trials", low=10, high=130, step=2)
    effect = Choice(60.0, "True accuracy", "Suppose an effect", low=50, high=90, step=1, unit="%")
    shared = Choice(
        0.0,
        "Correlation of people's answers to a film",
        "Suppose an effect",
        low=0,
        high=0.5,
        step=0.01,
    )
    protocol = Choice(
        "trial_grouped",
        "Held out",
        "Choose what is held out",
        options={name: protocol_name(name) for name in CLAIMS},
    )

    def __init__(self, tasks: Sequence[str] = ("valence", "arousal"), **choices: object):
        super().__init__({"tasks": list(tasks), "claims": CLAIMS}, **choices)

    def still(self) -> tuple[Picture, Table, str]:
        """Return chance and the least accuracy found, by trials of one person."""
        trials = np.arange(10, 131, 10)
        found = pd.DataFrame([100 * np.array(chance_of(n)) for n in trials], columns=Chance._fields)
        figure, ax = plt.subplots(figsize=(WIDTH, 2.6))
        ax.fill_between(trials, found["low"], found["high"], color=BLUE, alpha=0.2)
        ax.plot(trials, found["detectable"], "-", color=RED, label="found in 4 of 5 experiments")
        ax.set(xlabel="trials of one person", ylabel="accuracy (%)")
        ax.legend()
        of_40 = chance_of(40)
        picture = Picture(
            figure,
            alt=f"With 40 trials guessing reaches {of_40.low:.0%} to {of_40.high:.0%}, and "
            f"{of_40.detectable:.0%} would be found.",
            caption="Shaded: the middle 95 % of guessing. Line: the least accuracy that is found.",
        )
        frame = found.map("{:.1f}".format).set_index(pd.Index(trials, name="trials"))
        frame.columns = ["guessing, from (%)", "to (%)", "found in 4 of 5 (%)"]
        table = Table(frame, caption="One person, by the number of trials")
        return picture, table, f"From {100 * of_40.low:.0f} to {100 * of_40.high:.0f} %."


class Chance(NamedTuple):
    """What guessing reaches, and the least accuracy that would be found: shares."""

    low: float
    high: float
    detectable: float


def chance_of(n: int) -> Chance:
    """Compute what guessing reaches with n independent answers, half of either class.

    Each answer is right with the probability 1/2, so that the number of right ones is binomial,
    and so is balanced accuracy times n. An accuracy is found if guessing reaches as much in 5 of
    100 experiments at most.

    Returns
    -------
    Chance
        `detectable` is found in 4 of 5 experiments; NaN where even a perfect score is not told
        from guessing.

    Examples
    --------
    >>> found = chance_of(40)
    >>> found.low, found.high, round(found.detectable, 3)
    (0.35, 0.65, 0.698)
    """
    low, high = stats.binom.ppf([0.025, 0.975], n, 0.5) / n
    critical = stats.binom.ppf(1 - SIGNIFICANT, n, 0.5) + 1
    if critical > n:
        return Chance(float(low), float(high), float("nan"))
    missing = lambda p: stats.binom.sf(critical - 1, n, p) - POWER  # noqa: E731
    return Chance(float(low), float(high), float(optimize.brentq(missing, 0.5, 1, xtol=1e-12)))
