"""The simulated cohort's settings, the videos that it watches, and what people feel and report.

A rating has three parts: what a video does to people in general (its quadrant of valence and
arousal), what the person felt this time, and what they then put down. The EEG follows what is
felt; a label is made from what is reported. So some labels are wrong even in a perfect study.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import xarray as xr

from emolib.errors import SettingsError, check_option, check_range
from emolib.recordings import deap
from emolib.recordings.simulated.dipoles import rhythms
from emolib.recordings.simulated.signals import SFREQ

FELT_SCALES = ("valence", "arousal")
CENTRE = 5.2  # of ratings: people use the upper half of the scale a little more

# What a stream of random numbers is for: with subject and trial, its place in the seed.
BLOCKS, VIDEOS, RATINGS, TRAITS, SIGNALS, PERIPHERALS = range(6)


@dataclasses.dataclass(frozen=True)
class SimulationSettings:
    """What to simulate.

    Attributes
    ----------
    n_subjects, n_trials : int
    trial_seconds : float
        Without the 3 s of baseline before it.
    effect : dict of str to float
        By scale, "valence" and "arousal": how strongly log-power follows what is felt. 0 is none,
        and is what a scale has that is not named. One number stands for both scales.
    effect_spread : float
        Standard deviation, over people and rhythms, of the weights that an effect has: their mean
        is 1. With 0 all people are alike; with 1.6 an effect is reversed in 27 % of them.
    stimulus_response : float
        A video's own response, unrelated to emotion; 1 is as strong as effect 1.
    seed : int

    Raises
    ------
    SettingsError
        For a value outside its range, or a trial that is not a whole number of samples.
    """

    n_subjects: int = 4
    n_trials: int = 40  # DEAP's; the first 20 are the same as of a cohort of 20
    trial_seconds: float = 60.0  # DEAP's
    # A number or several, checked below in one sentence; without a hash, which a dict has not.
    effect: Any = dataclasses.field(default=2.0, hash=False)
    effect_spread: float = 1.6
    stimulus_response: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        ranges = {
            "n_subjects": (1, 99),
            "n_trials": (1, 999),
            "trial_seconds": (1, 600),
            "effect_spread": (0, 10),
            "stimulus_response": (0, 20),
            "seed": (0, 2**32 - 1),
        }
        # 30 and 30.0 are the same setting: write them alike, so that files are the same too.
        object.__setattr__(self, "effect", _effect_by_scale(self.effect))
        for name, (low, high) in ranges.items():
            value = check_range(name, getattr(self, name), low, high)
            kind = type(getattr(SimulationSettings, name))  # of its default
            if kind(value) != value:
                raise SettingsError(name, f"got {value!r}.", "Give a whole number.")
            object.__setattr__(self, name, kind(value))
        if self.trial_seconds * SFREQ % 1:
            problem = f"{self.trial_seconds!r} s are not a whole number of samples at {SFREQ:g} Hz."
            raise SettingsError("trial_seconds", problem, "Give whole or half seconds.")

    @property
    def trial_samples(self) -> int:
        """Count the samples of a trial without its baseline."""
        return int(self.trial_seconds * SFREQ)


def _effect_by_scale(effect: Any) -> dict[str, float]:
    """Return the effect on each felt scale, of one number for all or of several by name."""
    given = effect if isinstance(effect, dict) else dict.fromkeys(FELT_SCALES, effect)
    for scale, size in given.items():
        check_option("effect", scale, FELT_SCALES)
        if isinstance(size, bool) or not isinstance(size, int | float) or not 0 <= size <= 20:
            example = "{valence: 0, arousal: 2}"
            hint = f"Give numbers from 0 to 20: one, or one for each scale, such as {example}."
            where = f"effect.{scale}" if isinstance(effect, dict) else "effect"
            raise SettingsError(where, f"got {size!r}.", hint)
    return {scale: float(given.get(scale, 0)) for scale in FELT_SCALES}


def stream(
    settings: SimulationSettings, purpose: int, subject: int = 0, trial: int = 0
) -> np.random.Generator:
    """Return the generator of one stream: these numbers decide it, whatever was drawn before."""
    return np.random.default_rng([settings.seed, purpose, subject, trial])


def simulate_videos(settings: SimulationSettings) -> xr.Dataset:
    """Return what all subjects share: how each video is rated on average, and its own response.

    Every block of four videos holds the four quadrants in random order, so that any number of
    trials is balanced to within one block.

    Returns
    -------
    Dataset
        `video_mean (trial, felt_scale)`, ratings; `r (trial, source)`, log-power per unit of
        `stimulus_response`.
    """
    sources = rhythms()["source"].to_list()
    mean, r = [], []
    for trial in range(1, settings.n_trials + 1):
        block, place = divmod(trial - 1, 4)
        quadrant = stream(settings, BLOCKS, 0, block).permutation(4)[place]
        signs = 2 * np.array(divmod(quadrant, 2)) - 1
        rng = stream(settings, VIDEOS, 0, trial)
        mean.append(CENTRE + signs * (1.45, 1.05) + rng.normal(0, 0.2, 2))
        r.append(rng.normal(0, 0.5, len(sources)))
    about = {"about": "mean felt rating of all"}
    about_r = {"about": "the video's own log-power, per unit of stimulus_response"}
    trials = np.arange(1, settings.n_trials + 1)
    return xr.Dataset(
        {
            "video_mean": (("trial", "felt_scale"), mean, about),
            "r": (("trial", "source"), r, about_r),
        },
        {"trial": trials, "felt_scale": list(FELT_SCALES), "source": sources},
    )


def simulate_ratings(settings: SimulationSettings, subject: int) -> xr.Dataset:
    """Return what a subject feels at each video, and what they report.

    felt = 5.2 + gain (video mean - 5.2) + bias + N(0, 1.1); reported = felt + N(0, 0.7), clipped
    to 1-9. Dominance and liking are reports without a truth: they follow felt valence a little.

    Returns
    -------
    Dataset
        `felt (trial, felt_scale)` and `rating (trial, scale)`, 1-9.
    """
    videos = simulate_videos(settings)
    rng = stream(settings, RATINGS, subject)
    gain, bias = np.exp(rng.normal(0, 0.15, 2)), rng.normal(0, 0.25, 2)
    trials = videos["trial"].to_numpy()
    noise = np.stack([stream(settings, RATINGS, subject, k).standard_normal(6) for k in trials])
    felt = CENTRE + gain * (videos["video_mean"].to_numpy() - CENTRE) + bias + 1.1 * noise[:, :2]
    other = CENTRE + 0.5 * (felt[:, :1] - CENTRE) + 1.4 * noise[:, 4:]
    reported = np.hstack([felt + 0.7 * noise[:, 2:4], other]).clip(1, 9)
    about = {"about": "what the subject reports", "low": 1.0, "high": 9.0}
    return videos.assign(
        felt=(("trial", "felt_scale"), felt, {"about": "what the subject feels"}),
        rating=(("trial", "scale"), reported, about),
    ).assign_coords(scale=list(deap.SCALES))
